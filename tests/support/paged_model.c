#include "paged_model.h"

#include <stdio.h>
#include <stdlib.h>

#include "paged_operator.h"

enum { ITEMS_MAX = 1024, JOBS_MAX = 8, LINE_BYTES = 256, LINES_MAX = 4096 };

/* ---- inputs ---- */

static unsigned below(unsigned *state, unsigned n)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 16) % n;
}

static struct paged_input *add_input(struct paged_inputs *all, int partition, long long time_ms, const char *what)
{
	if (all->count == PAGED_INPUTS_MAX) {
		abort();
	}
	struct paged_input *in = &all->at[all->count++];
	*in = (struct paged_input){.partition = partition, .time_ms = time_ms};
	snprintf(in->what, sizeof(in->what), "%s", what);
	return in;
}

static void add_tick(struct paged_inputs *all, int partition, long long time_ms, int source)
{
	struct paged_input *in = add_input(all, partition, time_ms, "tick");
	snprintf(in->key, sizeof(in->key), "tick");
	snprintf(in->argument, sizeof(in->argument), "%d", source);
}

static void add_job(struct paged_inputs *all, int partition, long long time_ms, unsigned job, const char *prefix)
{
	struct paged_input *in = add_input(all, partition, time_ms, "job");
	snprintf(in->key, sizeof(in->key), "j%u", job);
	snprintf(in->argument, sizeof(in->argument), "%s", prefix);
}

void paged_inputs_make(struct paged_inputs *all, bool forwarding, unsigned seed, int count, int partition_count,
                       long long from_ms)
{
	static const char *const prefixes[] = {"", "a", "b", "c", "nobody"};
	unsigned state = seed;
	all->count = 0;
	all->forwarding = forwarding;
	all->partition_count = partition_count;
	all->end_ms = from_ms + count * 100 + 2000;
	for (int i = 0; i < count; i++) {
		int partition = (int)below(&state, (unsigned)partition_count);
		long long time_ms = from_ms + i * 100 - (long long)below(&state, 3) * 100;
		unsigned kind = below(&state, 100);
		if (kind < 12) {
			/* when others move the clock: always later than it */
			add_job(all, partition, time_ms + (forwarding ? 600 : 0), below(&state, 3), prefixes[below(&state, 5)]);
		} else if (kind < 30 && forwarding) {
			add_tick(all, partition, time_ms, (int)below(&state, 2));
		} else {
			const char *what = kind < 40 ? "del" : kind > 96 ? "poison" : "add";
			struct paged_input *in = add_input(all, partition, time_ms, what);
			snprintf(in->key, sizeof(in->key), "%c%u", 'a' + (char)below(&state, 3), below(&state, 6));
			snprintf(in->argument, sizeof(in->argument), "%u", 1 + below(&state, 9));
		}
	}
	for (int p = 0; p < partition_count; p++) { /* one that shows all that is there in the end */
		add_job(all, p, all->end_ms, 9, "");
		add_tick(all, p, all->end_ms, 0);
		add_tick(all, p, all->end_ms, 1);
	}
}

int paged_inputs_publish(const struct paged_inputs *all, struct fnl_bus *bus, const char *topic)
{
	int rc = 0;
	for (int i = 0; i < all->count && rc == 0; i++) {
		const struct paged_input *in = &all->at[i];
		char text[LINE_BYTES];
		bool alone = strcmp(in->what, "del") == 0;
		int length = snprintf(text, sizeof(text), "%lld %s%s%s", in->time_ms, in->what, alone ? "" : " ",
		                      alone ? "" : in->argument);
		rc = bus->ops->publish(bus, topic, in->partition, fnl_span_str(in->key), fnl_span_of(text, (size_t)length),
		                       NULL, 0);
	}
	return rc;
}

/* ---- the model ---- */

struct item {
	char key[PAGED_NAME_BYTES];
	long long n;
};

struct model {
	struct item items[ITEMS_MAX]; /* by key */
	size_t count;
	struct {
		char key[PAGED_NAME_BYTES], prefix[PAGED_NAME_BYTES];
		long long deadline_ms;
		bool armed;
	} jobs[JOBS_MAX];
	size_t job_count;
	long long times[2];
	long long time_ms;
	int partition;
	bool forwarding;
	struct stream_picture *out;
};

static void line(struct model *m, int partition, const char *key, const char *text)
{
	m->out->len += (size_t)snprintf(m->out->text + m->out->len, STREAM_PICTURE_BYTES - m->out->len, "out@%d %s %s\n",
	                                partition, key, text);
	if (m->out->len >= STREAM_PICTURE_BYTES) {
		abort();
	}
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
		if (m->count == ITEMS_MAX) {
			abort();
		}
		memmove(&m->items[i + 1], &m->items[i], (m->count++ - i) * sizeof(m->items[0]));
		snprintf(m->items[i].key, PAGED_NAME_BYTES, "%s", key);
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
static size_t model_page(struct model *m, size_t j, char after[PAGED_NAME_BYTES], long long *sum, long long *items)
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
			char key[PAGED_NAME_BYTES];
			if (strlen(page[i].key) > PAGED_NAME_BYTES - 2) {
				abort();
			}
			snprintf(key, sizeof(key), "%.*s+", PAGED_NAME_BYTES - 2, page[i].key);
			put(m, key, page[i].n / 2);
		}
	}
	size_t len = strlen(text);
	snprintf(text + len, sizeof(text) - len, "%lld", m->jobs[j].deadline_ms);
	line(m, m->partition % PAGED_OUT_PARTITIONS, m->jobs[j].key, text);
	if (n) {
		snprintf(after, PAGED_NAME_BYTES, "%s", page[n - 1].key);
	}
	return n;
}

static void model_fire(struct model *m, long long limit_ms)
{
	for (;;) {
		size_t next = JOBS_MAX;
		for (size_t i = 0; i < m->job_count; i++) {
			bool due = m->jobs[i].armed && m->jobs[i].deadline_ms <= limit_ms;
			bool first =
				next == JOBS_MAX || m->jobs[i].deadline_ms < m->jobs[next].deadline_ms ||
				(m->jobs[i].deadline_ms == m->jobs[next].deadline_ms && strcmp(m->jobs[i].key, m->jobs[next].key) < 0);
			next = due && first ? i : next;
		}
		if (next == JOBS_MAX) {
			return;
		}
		char after[PAGED_NAME_BYTES] = "", text[LINE_BYTES];
		long long sum = 0, items = 0;
		while (model_page(m, next, after, &sum, &items) == PAGED_ROWS) {
		}
		snprintf(text, sizeof(text), "J %lld %lld", sum, items);
		for (int p = 0; p < PAGED_OUT_PARTITIONS; p++) {
			line(m, p, m->jobs[next].key, text);
		}
		m->jobs[next].armed = false;
	}
}

static void model_arm(struct model *m, const struct paged_input *in)
{
	size_t j = 0;
	while (j < m->job_count && strcmp(m->jobs[j].key, in->key) != 0) {
		j++;
	}
	if (j == JOBS_MAX) {
		abort();
	}
	m->job_count = j == m->job_count ? j + 1 : m->job_count;
	snprintf(m->jobs[j].key, PAGED_NAME_BYTES, "%s", in->key);
	snprintf(m->jobs[j].prefix, PAGED_NAME_BYTES, "%s", in->argument);
	m->jobs[j].deadline_ms = in->time_ms;
	m->jobs[j].armed = true;
}

static void model_input(struct model *m, const struct paged_input *in)
{
	bool tick = strcmp(in->what, "tick") == 0;
	bool poison = strcmp(in->what, "poison") == 0 || (tick && !m->forwarding);
	long long reached_ms = poison || m->forwarding ? m->time_ms : in->time_ms;
	if (tick && m->forwarding) {
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

void paged_lines_keep(struct stream_picture *p, const char *begin)
{
	static char *lines[LINES_MAX];
	static char sorted[STREAM_PICTURE_BYTES];
	size_t n = 0, len = 0;
	for (char *at = strtok(p->text, "\n"); at; at = strtok(NULL, "\n")) {
		if (n == LINES_MAX) {
			abort();
		}
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

void paged_model_run(const struct paged_inputs *all, struct stream_picture *ret)
{
	static struct model m;
	ret->len = 0;
	ret->text[0] = '\0';
	for (int p = 0; p < all->partition_count; p++) {
		m = (struct model){.times = {INT64_MIN, INT64_MIN},
		                   .time_ms = INT64_MIN,
		                   .partition = p,
		                   .forwarding = all->forwarding,
		                   .out = ret};
		for (int i = 0; i < all->count; i++) {
			if (all->at[i].partition == p) {
				model_input(&m, &all->at[i]);
			}
		}
	}
	paged_lines_keep(ret, "out@");
}
