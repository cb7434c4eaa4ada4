/* The counter: sums by key, a timer a second after a round's first event, deletion, poison. And its oracle, which
 * shares nothing with the operator but the format of its texts. */
#include <stdio.h>
#include <stdlib.h>

#include "counter_operator.h"
#include "sim.h"

enum { KEYS = 6, TEXT_BYTES = 64, KEY_RECORDS_MAX = 256, FAR_FUTURE_DAYS = 40000 };

static const char *const key_names[KEYS] = {"ann", "bob", "cy", "dee", "eve", "fay"};
static const char *const outputs[] = {"out", "dead"};

static struct fnl_operator *open_operator(int32_t partition_count)
{
	(void)partition_count;
	return counter_operator();
}
static void close_operator(struct fnl_operator *op)
{
	(void)op;
}

static void publish(struct fnl_bus *bus, const char *topic, int32_t partition_count, uint64_t seed,
                    int64_t wall_start_ms)
{
	struct sim_rng rng = {seed ^ 0x1234567};
	int count = 20 + (int)sim_below(&rng, 60);
	for (int i = 0; i < count; i++) {
		char text[TEXT_BYTES];
		int key = (int)sim_below(&rng, KEYS);
		int64_t time_ms = wall_start_ms + i * 300 - sim_below(&rng, 2000);
		int64_t n = sim_chance(&rng, 120) ? 0 : 1 + sim_below(&rng, 100);
		if (sim_chance(&rng, 20)) {
			time_ms += (int64_t)FAR_FUTURE_DAYS * 86400000;
		}
		int length = sim_chance(&rng, 50) ? snprintf(text, sizeof(text), "poison %d", i)
		                                  : snprintf(text, sizeof(text), "%lld %lld", (long long)time_ms, (long long)n);
		if (bus->ops->publish(bus, topic, key % partition_count, fnl_span_str(key_names[key]),
		                      fnl_span_of(text, (size_t)length), NULL, 0) != 0) {
			abort();
		}
	}
	if (bus->ops->publish_flush(bus, 1000) != 0) {
		abort();
	}
}

/* ---- the oracle ---- */

struct counter {
	bool present, armed;
	long long deadline_ms, sum, events;
	const struct fnl_record *said[KEY_RECORDS_MAX]; /* what was published about this key, in order */
	const struct fnl_record *dead[KEY_RECORDS_MAX];
	size_t said_count, said_at, dead_count, dead_at;
};

struct fold {
	const struct sim_result *r;
	struct counter keys[KEYS];
	long long time_ms; /* of the partition at hand */
	char *why;
	size_t why_bytes;
};

static int differ(struct fold *f, int key, const char *what, const char *expected, const struct fnl_record *found)
{
	snprintf(f->why, f->why_bytes, "%s of %s: expected '%s', found '%.*s'", what, key_names[key], expected,
	         found ? (int)found->value.len : 7, found ? (const char *)found->value.data : "nothing");
	return -1;
}

static bool is_text(const struct fnl_record *r, const char *text)
{
	return r && r->value.len == strlen(text) && memcmp(r->value.data, text, r->value.len) == 0;
}

static int key_of(struct fnl_span key)
{
	for (int i = 0; i < KEYS; i++) {
		if (key.len == strlen(key_names[i]) && memcmp(key.data, key_names[i], key.len) == 0) {
			return i;
		}
	}
	return -1;
}

static const struct fnl_record *next_said(const struct counter *c)
{
	return c->said_at < c->said_count ? c->said[c->said_at] : NULL;
}

/* The next output of the key must be this one; now_ms < 0: any time not before from_ms. */
static int expect(struct fold *f, int key, char kind, long long now_ms, long long from_ms)
{
	struct counter *c = &f->keys[key];
	const struct fnl_record *found = next_said(c);
	char text[TEXT_BYTES * 2], prefix[TEXT_BYTES];
	snprintf(text, sizeof(text), "%c %lld %lld %lld", kind, c->sum, c->events, now_ms);
	snprintf(prefix, sizeof(prefix), "%c %lld %lld ", kind, c->sum, c->events);
	size_t n = strlen(prefix);
	bool fits = now_ms >= 0 ? is_text(found, text)
	                        : found && found->value.len > n && memcmp(found->value.data, prefix, n) == 0 &&
	                              strtoll((const char *)found->value.data + n, NULL, 10) >= from_ms;
	if (!fits) {
		return differ(f, key, "output", now_ms >= 0 ? text : prefix, found);
	}
	c->said_at++;
	return 0;
}

static int fire(struct fold *f, int key, bool at_deadline)
{
	struct counter *c = &f->keys[key];
	if (expect(f, key, 'T', at_deadline ? c->deadline_ms : -1, c->deadline_ms) != 0) {
		return -1;
	}
	c->armed = false;
	return 0;
}

/* Event time: all timers of the partition up to then. A key's own order is all that shows. */
static int fire_until(struct fold *f, int32_t partition, long long time_ms)
{
	for (int key = 0; key < KEYS; key++) {
		struct counter *c = &f->keys[key];
		if (key % f->r->partition_count == partition && c->armed && c->deadline_ms <= time_ms &&
		    fire(f, key, true) != 0) {
			return -1;
		}
	}
	return 0;
}

/* Wall time: whether a timer fired before this event only the output can say. */
static int fire_if_said(struct fold *f, int key)
{
	struct counter *c = &f->keys[key];
	const struct fnl_record *next = next_said(c);
	return c->armed && next && next->value.len && next->value.data[0] == 'T' ? fire(f, key, false) : 0;
}

static int fold_event(struct fold *f, int key, long long time_ms, long long n)
{
	struct counter *c = &f->keys[key];
	bool by_event = f->r->clock == FNL_CLOCK_EVENT;
	if (!by_event && fire_if_said(f, key) != 0) {
		return -1;
	}
	c->sum = (c->present ? c->sum : 0) + n;
	c->events = (c->present ? c->events : 0) + 1;
	if (expect(f, key, n ? 'E' : 'D', by_event ? f->time_ms : -1, 0) != 0) {
		return -1;
	}
	if (n == 0) {
		c->present = c->armed = false;
		return 0;
	}
	if (!c->armed) {
		c->deadline_ms = time_ms + 1000;
	}
	c->present = c->armed = true;
	return 0;
}

static int fold_input(struct fold *f, const struct fnl_record *in)
{
	bool by_event = f->r->clock == FNL_CLOCK_EVENT;
	int key = key_of(in->key);
	long long time_ms, n;
	char text[TEXT_BYTES];
	snprintf(text, sizeof(text), "%.*s", (int)in->value.len, (const char *)in->value.data);
	struct counter *c = &f->keys[key];
	if (sscanf(text, "%lld %lld", &time_ms, &n) != 2 || time_ms > 4000000000000) {
		const struct fnl_record *dead = c->dead_at < c->dead_count ? c->dead[c->dead_at++] : NULL;
		return is_text(dead, text) ? 0 : differ(f, key, "dead letter", text, dead);
	}
	if (by_event) {
		f->time_ms = time_ms > f->time_ms ? time_ms : f->time_ms;
		if (fire_until(f, in->partition, f->time_ms) != 0) {
			return -1;
		}
	}
	return fold_event(f, key, time_ms, n);
}

static int sort_said(struct fold *f, const struct fnl_record *records, size_t count, bool dead)
{
	for (size_t i = 0; i < count; i++) {
		int key = key_of(records[i].key);
		if (key < 0 || f->keys[key].said_count == KEY_RECORDS_MAX || f->keys[key].dead_count == KEY_RECORDS_MAX) {
			snprintf(f->why, f->why_bytes, "%s", key < 0 ? "an output of nobody's" : "far too many outputs");
			return -1;
		}
		struct counter *c = &f->keys[key];
		if (dead) {
			c->dead[c->dead_count++] = &records[i];
		} else {
			c->said[c->said_count++] = &records[i];
		}
	}
	return 0;
}

static long long zigzag(const uint8_t **at)
{
	unsigned long long v = 0;
	for (int shift = 0;; shift += 7) {
		uint8_t b = *(*at)++;
		v |= (unsigned long long)(b & 0x7f) << shift;
		if (b < 0x80) {
			return (long long)(v >> 1) ^ -(long long)(v & 1);
		}
	}
}

static int check_row(struct fold *f, int key, const struct sim_row *row)
{
	const struct counter *c = &f->keys[key];
	if (!c->present || !row) {
		return c->present == (row != NULL) ? 0 : differ(f, key, "row", c->present ? "one" : "none", NULL);
	}
	const uint8_t *at = row->value.data;
	long long deadline_ms = zigzag(&at), sum = zigzag(&at), events = zigzag(&at);
	long long expected_ms = c->armed ? c->deadline_ms : INT64_MAX;
	if (deadline_ms != expected_ms || row->deadline_ms > expected_ms || (row->deadline_ms == INT64_MAX) == c->armed ||
	    sum != c->sum || events != c->events) {
		snprintf(f->why, f->why_bytes, "row of %s: expected %lld %lld %lld, found %lld (index %lld) %lld %lld",
		         key_names[key], expected_ms, c->sum, c->events, deadline_ms, (long long)row->deadline_ms, sum, events);
		return -1;
	}
	return 0;
}

static int check_key(struct fold *f, int key)
{
	struct counter *c = &f->keys[key];
	const struct sim_row *row = NULL;
	for (size_t i = 0; i < f->r->row_count; i++) {
		bool is_it = f->r->rows[i].table == COUNTER_TABLE_SUM && key_of(f->r->rows[i].key) == key;
		row = is_it ? &f->r->rows[i] : row;
	}
	if (f->r->clock == FNL_CLOCK_WALL) {
		if (fire_if_said(f, key) != 0) {
			return -1;
		}
		/* I5, second half: it was due long ago. */
		if (c->armed && c->deadline_ms < f->r->end_ms - 5000) {
			return differ(f, key, "timer", "fired", NULL);
		}
	}
	if (c->said_at != c->said_count || c->dead_at != c->dead_count) {
		return differ(f, key, "outputs", "no more", next_said(c));
	}
	return check_row(f, key, row);
}

static int check(const struct sim_result *r, char *why, size_t why_bytes)
{
	static struct fold f;
	f = (struct fold){.r = r, .time_ms = INT64_MIN, .why = why, .why_bytes = why_bytes};
	int rc = sort_said(&f, r->outputs[COUNTER_OUT], r->output_counts[COUNTER_OUT], false);
	rc = rc ? rc : sort_said(&f, r->outputs[COUNTER_DEAD], r->output_counts[COUNTER_DEAD], true);
	for (size_t i = 0; i < r->input_count && rc == 0; i++) {
		if (i > 0 && r->inputs[i].partition != r->inputs[i - 1].partition) {
			rc = r->clock == FNL_CLOCK_EVENT ? fire_until(&f, r->inputs[i - 1].partition, f.time_ms) : 0;
			f.time_ms = INT64_MIN;
		}
		rc = rc ? rc : fold_input(&f, &r->inputs[i]);
	}
	if (rc == 0 && r->input_count && r->clock == FNL_CLOCK_EVENT) {
		rc = fire_until(&f, r->inputs[r->input_count - 1].partition, f.time_ms);
	}
	for (int key = 0; key < KEYS && rc == 0; key++) {
		rc = check_key(&f, key);
	}
	return rc;
}

const struct sim_workload sim_counter = {
	.name = "counter",
	.tables = counter_tables,
	.table_count = COUNTER_TABLE_COUNT,
	.outputs = outputs,
	.output_count = COUNTER_OUT_COUNT,
	.dead_letter_topic = COUNTER_DEAD,
	.wall_start_ms = INT64_C(1700000000000),
	.future_max_ms = INT64_C(86400000),
	.operator_open = open_operator,
	.operator_close = close_operator,
	.publish = publish,
	.check = check,
};
