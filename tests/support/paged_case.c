#include "paged_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "paged_operator.h"

enum { INPUTS_MAX = 400, ITEMS_MAX = 1024, JOBS_MAX = 8, NAME_BYTES = 64, LINE_BYTES = 256, LINES_MAX = 4096 };

struct input {
	int partition;
	char key[NAME_BYTES];
	char what[8];
	char argument[NAME_BYTES];
	long long time_ms;
};

static struct {
	bool forwarding;
	struct input inputs[INPUTS_MAX];
	int count;
} at_hand;

/* ---- inputs ---- */

static unsigned below(unsigned *state, unsigned n)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 16) % n;
}

static struct input *add_input(int partition, long long time_ms, const char *what)
{
	assert_true(at_hand.count < INPUTS_MAX);
	struct input *in = &at_hand.inputs[at_hand.count++];
	*in = (struct input){.partition = partition, .time_ms = time_ms};
	snprintf(in->what, sizeof(in->what), "%s", what);
	return in;
}

static void add_tick(int partition, long long time_ms, int source)
{
	struct input *in = add_input(partition, time_ms, "tick");
	snprintf(in->key, sizeof(in->key), "tick");
	snprintf(in->argument, sizeof(in->argument), "%d", source);
}

static void add_job(int partition, long long time_ms, unsigned job, const char *prefix)
{
	struct input *in = add_input(partition, time_ms, "job");
	snprintf(in->key, sizeof(in->key), "j%u", job);
	snprintf(in->argument, sizeof(in->argument), "%s", prefix);
}

static void make_inputs(unsigned seed, int count)
{
	static const char *const prefixes[] = {"", "a", "b", "c", "nobody"};
	unsigned state = seed;
	at_hand.count = 0;
	for (int i = 0; i < count; i++) {
		int partition = (int)below(&state, STREAM_WORLD_PARTITIONS);
		long long time_ms = 1000000 + i * 100 - (long long)below(&state, 3) * 100;
		unsigned kind = below(&state, 100);
		if (kind < 12) {
			/* when others move the clock: always later than it */
			add_job(partition, time_ms + (at_hand.forwarding ? 600 : 0), below(&state, 3), prefixes[below(&state, 5)]);
		} else if (kind < 30 && at_hand.forwarding) {
			add_tick(partition, time_ms, (int)below(&state, 2));
		} else {
			struct input *in = add_input(partition, time_ms, kind < 40 ? "del" : kind > 96 ? "poison" : "add");
			snprintf(in->key, sizeof(in->key), "%c%u", 'a' + (char)below(&state, 3), below(&state, 6));
			snprintf(in->argument, sizeof(in->argument), "%u", 1 + below(&state, 9));
		}
	}
	for (int p = 0; p < STREAM_WORLD_PARTITIONS; p++) { /* one that shows all that is there in the end */
		add_job(p, 2000000, 9, "");
		add_tick(p, 2000000, 0);
		add_tick(p, 2000000, 1);
	}
}

static void publish(struct stream_world *w)
{
	for (int i = 0; i < at_hand.count; i++) {
		const struct input *in = &at_hand.inputs[i];
		char text[LINE_BYTES];
		int length = snprintf(text, sizeof(text), "%lld %s%s%s", in->time_ms, in->what,
		                      strcmp(in->what, "del") == 0 ? "" : " ", strcmp(in->what, "del") == 0 ? "" : in->argument);
		assert_int_equal(w->bus->ops->publish(w->bus, "in", in->partition, fnl_span_str(in->key),
		                                      fnl_span_of(text, (size_t)length), NULL, 0),
		                 0);
	}
}

static bool is_time(const struct fnl_record *output)
{
	return output->value.len > 2 && memcmp(output->value.data, "T ", 2) == 0;
}

const struct stream_case *stream_case_paged(bool forwarding, unsigned seed, int inputs)
{
	static const char *const outputs[PAGED_OUT_COUNT] = {"out", "dead"};
	static struct stream_case c;
	at_hand.forwarding = forwarding;
	make_inputs(seed, inputs);
	c = (struct stream_case){.outputs = outputs,
	                         .output_count = PAGED_OUT_COUNT,
	                         .publish = publish,
	                         .output_partitions = STREAM_WORLD_PARTITIONS,
	                         .hides = is_time};
	c.stage = (struct fnl_stage){"test", "in", paged_tables, PAGED_TABLE_COUNT, PAGED_DEAD};
	c.op = forwarding ? paged_operator_forwarding() : paged_operator();
	return &c;
}

/* ---- the model ---- */

struct item {
	char key[NAME_BYTES];
	long long n;
};

struct model {
	struct item items[ITEMS_MAX]; /* by key */
	size_t count;
	struct {
		char key[NAME_BYTES], prefix[NAME_BYTES];
		long long deadline_ms;
		bool armed;
	} jobs[JOBS_MAX];
	size_t job_count;
	long long times[2];
	long long time_ms;
	int partition;
	struct stream_picture *out;
};

static void line(struct model *m, int partition, const char *key, const char *text)
{
	m->out->len += (size_t)snprintf(m->out->text + m->out->len, STREAM_PICTURE_BYTES - m->out->len, "out@%d %s %s\n",
	                                partition, key, text);
	assert_true(m->out->len < STREAM_PICTURE_BYTES);
}

/* Where the key is, or would be. */
static size_t place(const struct model *m, const char *key)
{
	size_t i = 0;
	while (i < m->count && strcmp(m->items[i].key, key) < 0) {
		i++;
	}
	return i;
}

static bool is_at(const struct model *m, size_t i, const char *key)
{
	return i < m->count && strcmp(m->items[i].key, key) == 0;
}

static void put(struct model *m, const char *key, long long n)
{
	size_t i = place(m, key);
	if (!is_at(m, i, key)) {
		assert_true(m->count < ITEMS_MAX);
		memmove(&m->items[i + 1], &m->items[i], (m->count++ - i) * sizeof(m->items[0]));
		snprintf(m->items[i].key, NAME_BYTES, "%s", key);
	}
	m->items[i].n = n;
}

static void drop(struct model *m, const char *key)
{
	size_t i = place(m, key);
	if (is_at(m, i, key)) {
		memmove(&m->items[i], &m->items[i + 1], (--m->count - i) * sizeof(m->items[0]));
	}
}

/* Up to PAGED_ROWS items as they are now; what happens to them happens after all have been looked at. */
static size_t model_page(struct model *m, size_t j, char after[NAME_BYTES], long long *sum, long long *items)
{
	struct item page[PAGED_ROWS];
	size_t n = 0;
	for (size_t i = 0; i < m->count && n < PAGED_ROWS; i++) {
		bool fits = strncmp(m->items[i].key, m->jobs[j].prefix, strlen(m->jobs[j].prefix)) == 0;
		if (fits && strcmp(m->items[i].key, after) > 0) {
			page[n++] = m->items[i];
		}
	}
	char text[LINE_BYTES] = "P ";
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%s=%lld ", page[i].key, page[i].n);
		*sum += page[i].n;
		*items += 1;
		int64_t next = 0;
		bool makes = false;
		if (paged_step_item(page[i].n, &next, &makes)) {
			put(m, page[i].key, next);
		} else {
			drop(m, page[i].key);
		}
		if (makes) {
			char key[NAME_BYTES];
			assert_true(strlen(page[i].key) < NAME_BYTES - 2);
			snprintf(key, sizeof(key), "%.*s+", NAME_BYTES - 2, page[i].key);
			put(m, key, page[i].n / 2);
		}
	}
	size_t len = strlen(text);
	snprintf(text + len, sizeof(text) - len, "%lld", m->jobs[j].deadline_ms);
	line(m, m->partition, m->jobs[j].key, text);
	if (n) {
		snprintf(after, NAME_BYTES, "%s", page[n - 1].key);
	}
	return n;
}

static void model_fire(struct model *m, long long limit_ms)
{
	for (;;) {
		size_t next = JOBS_MAX;
		for (size_t i = 0; i < m->job_count; i++) {
			bool due = m->jobs[i].armed && m->jobs[i].deadline_ms <= limit_ms;
			bool first = next == JOBS_MAX || m->jobs[i].deadline_ms < m->jobs[next].deadline_ms ||
			             (m->jobs[i].deadline_ms == m->jobs[next].deadline_ms &&
			              strcmp(m->jobs[i].key, m->jobs[next].key) < 0);
			next = due && first ? i : next;
		}
		if (next == JOBS_MAX) {
			return;
		}
		char after[NAME_BYTES] = "", text[LINE_BYTES];
		long long sum = 0, items = 0;
		while (model_page(m, next, after, &sum, &items) == PAGED_ROWS) {
		}
		snprintf(text, sizeof(text), "J %lld %lld", sum, items);
		for (int p = 0; p < STREAM_WORLD_PARTITIONS; p++) {
			line(m, p, m->jobs[next].key, text);
		}
		m->jobs[next].armed = false;
	}
}

static void model_arm(struct model *m, const struct input *in)
{
	size_t j = 0;
	while (j < m->job_count && strcmp(m->jobs[j].key, in->key) != 0) {
		j++;
	}
	assert_true(j < JOBS_MAX);
	m->job_count = j == m->job_count ? j + 1 : m->job_count;
	snprintf(m->jobs[j].key, NAME_BYTES, "%s", in->key);
	snprintf(m->jobs[j].prefix, NAME_BYTES, "%s", in->argument);
	m->jobs[j].deadline_ms = in->time_ms;
	m->jobs[j].armed = true;
}

static void model_input(struct model *m, const struct input *in)
{
	bool tick = strcmp(in->what, "tick") == 0;
	bool poison = strcmp(in->what, "poison") == 0 || (tick && !at_hand.forwarding);
	long long reached_ms = poison || at_hand.forwarding ? m->time_ms : in->time_ms;
	if (tick && at_hand.forwarding) {
		long long *source = &m->times[atoi(in->argument)];
		*source = in->time_ms > *source ? in->time_ms : *source;
		reached_ms = m->times[0] < m->times[1] ? m->times[0] : m->times[1];
	}
	m->time_ms = reached_ms > m->time_ms ? reached_ms : m->time_ms;
	model_fire(m, m->time_ms);
	if (poison) {
		return;
	}
	size_t i = place(m, in->key);
	if (strcmp(in->what, "add") == 0) {
		put(m, in->key, atoll(in->argument) + (is_at(m, i, in->key) ? m->items[i].n : 0));
	} else if (strcmp(in->what, "del") == 0) {
		drop(m, in->key);
	} else if (strcmp(in->what, "job") == 0) {
		model_arm(m, in);
	}
	model_fire(m, m->time_ms);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void keep_sorted(struct stream_picture *p, const char *begin)
{
	static char *lines[LINES_MAX];
	static char sorted[STREAM_PICTURE_BYTES];
	size_t n = 0, len = 0;
	for (char *at = strtok(p->text, "\n"); at; at = strtok(NULL, "\n")) {
		assert_true(n < LINES_MAX);
		lines[n] = at;
		n += strncmp(at, begin, strlen(begin)) == 0;
	}
	if (n) {
		qsort(lines, n, sizeof(lines[0]), by_text);
	}
	for (size_t i = 0; i < n; i++) {
		len += (size_t)snprintf(sorted + len, sizeof(sorted) - len, "%s\n", lines[i]);
	}
	memcpy(p->text, sorted, len + 1);
	p->len = len;
}

void paged_case_outputs_of(struct stream_picture *p)
{
	keep_sorted(p, "out@");
}

void paged_case_expected(struct stream_picture *ret)
{
	static struct model m;
	ret->len = 0;
	ret->text[0] = '\0';
	for (int p = 0; p < STREAM_WORLD_PARTITIONS; p++) {
		m = (struct model){.times = {INT64_MIN, INT64_MIN}, .time_ms = INT64_MIN, .partition = p, .out = ret};
		for (int i = 0; i < at_hand.count; i++) {
			if (at_hand.inputs[i].partition == p) {
				model_input(&m, &at_hand.inputs[i]);
			}
		}
	}
	keep_sorted(ret, "out@");
}
