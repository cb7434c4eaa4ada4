/* What must hold: I4 at every step; I1, I2, I3, I5, I8 by the oracle, I7 and I10 at rest (proof.md's numbers). */
#include <stdio.h>
#include <stdlib.h>

#include "world.h"

/* I4: the view never knows more than the log has committed. */
void sim_check_view(struct sim *s)
{
	for (int32_t p = 0; p < s->partition_count; p++) {
		int64_t offset;
		char metadata[64];
		size_t rows;
		struct fnl_applied applied = fnl_fake_redis_applied(s->redis, p, &rows);
		if (!applied.present || applied.cl == 0) {
			continue;
		}
		fnl_embedded_decided(s->broker, "group", "in", p, &offset, metadata);
		long long cl = -1;
		if (sscanf(metadata, "cl=%lld", &cl) != 1 || applied.cl > cl) {
			sim_fail(s, "I4: the view of partition %d stands at %lld, committed is '%s'", p, (long long)applied.cl,
			         metadata);
		}
	}
}

static bool workers_rest(const struct sim *s)
{
	int live = 0;
	for (int i = 0; i < s->worker_count; i++) {
		const struct sim_worker *w = &s->workers[i];
		bool has_partitions = w->state == SIM_UP && fnl_stream_stats(w->stream).partitions > 0;
		if (w->state == SIM_DOWN || (w->state == SIM_UP && w->cycles < 3) || (has_partitions && w->idle_cycles < 3)) {
			return false;
		}
		live += has_partitions;
	}
	return live > 0;
}

bool sim_is_quiet(struct sim *s)
{
	struct fnl_partition_lag lag[SIM_PARTITIONS_MAX];
	if (!workers_rest(s) || fnl_embedded_pending_markers(s->broker) || fnl_embedded_deliver_held(s->broker, 99)) {
		return false;
	}
	if (s->bus->ops->lag(s->bus, "group", "in", lag, (size_t)s->partition_count) != 0) {
		return false;
	}
	for (int32_t p = 0; p < s->partition_count; p++) {
		size_t rows;
		char cl[32];
		snprintf(cl, sizeof(cl), "cl=%lld", (long long)fnl_fake_redis_applied(s->redis, p, &rows).cl);
		bool nothing = lag[p].end == 0 && lag[p].committed <= 0;
		if (!nothing && (lag[p].committed != lag[p].end || strcmp(cl, lag[p].metadata) != 0)) {
			return false;
		}
	}
	return true;
}

/* ---- what lies in the topics and in the view ---- */

struct list {
	void *items;
	size_t count;
	size_t capacity;
};

static void *list_add(struct list *l, size_t size)
{
	if (l->count == l->capacity) {
		l->capacity = l->capacity ? l->capacity * 2 : 256;
		l->items = realloc(l->items, l->capacity * size);
		if (!l->items) {
			abort();
		}
	}
	return (char *)l->items + l->count++ * size;
}

/* The spans point into the broker, which keeps them. */
static int add_record(void *context, size_t topic, const struct fnl_record *r)
{
	(void)topic;
	*(struct fnl_record *)list_add(context, sizeof(*r)) = *r;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct fnl_record *x = a, *y = b;
	if (x->partition != y->partition) {
		return x->partition < y->partition ? -1 : 1;
	}
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

struct fnl_record *sim_read_topic(struct sim *s, const char *topic, size_t *ret_count)
{
	struct list l = {0};
	if (s->bus->ops->read(s->bus, &topic, 1, true, true, NULL, add_record, &l) != 0) {
		sim_fail(s, "cannot read %s: %s", topic, s->bus->ops->explain(s->bus));
	}
	if (l.count) {
		qsort(l.items, l.count, sizeof(struct fnl_record), by_place);
	}
	*ret_count = l.count;
	return l.items;
}

struct scan {
	struct list rows;
	int32_t partition;
};

static int add_row(void *context, struct fnl_row_key row, struct fnl_span value, int64_t deadline_ms)
{
	struct scan *scan = context;
	*(struct sim_row *)list_add(&scan->rows, sizeof(struct sim_row)) =
		(struct sim_row){scan->partition, row.table, row.key, value, deadline_ms};
	return 0;
}

static struct list read_view(struct sim *s)
{
	struct scan scan = {0};
	struct fnl_store *store = NULL;
	if (fnl_fake_store_open(s->redis, s->workload->table_count, &store) != 0) {
		sim_fail(s, "no memory for the view");
		return scan.rows;
	}
	for (scan.partition = 0; scan.partition < s->partition_count; scan.partition++) {
		if (store->ops->scan(store, scan.partition, add_row, &scan) != 0) {
			sim_fail(s, "cannot read the view");
		}
	}
	store->ops->close(store);
	return scan.rows;
}

/* I10: every row of the view is the last of its key in the changelog, and there are no others. */
static void check_changelog(struct sim *s, const struct sim_row *rows, size_t row_count)
{
	size_t count, live = 0;
	struct fnl_record *records = sim_read_topic(s, "rows", &count);
	for (size_t i = 0; i < count; i++) {
		const struct fnl_record *r = &records[i];
		bool last = true;
		for (size_t k = i + 1; k < count && last; k++) {
			last = records[k].partition != r->partition || !fnl_span_eq(records[k].key, r->key);
		}
		if (!last || fnl_span_is_none(r->value)) {
			continue;
		}
		live++;
		bool found = false;
		for (size_t k = 0; k < row_count && !found; k++) {
			struct fnl_span table = fnl_span_str(s->workload->tables[rows[k].table]);
			found = rows[k].partition == r->partition && r->key.len == table.len + 1 + rows[k].key.len &&
			        memcmp(r->key.data, table.data, table.len) == 0 &&
			        memcmp(r->key.data + table.len + 1, rows[k].key.data, rows[k].key.len) == 0 &&
			        fnl_span_eq(rows[k].value, r->value);
		}
		if (!found) {
			sim_fail(s, "I10: partition %d: the view has not what the changelog has for %.*s", r->partition,
			         (int)r->key.len, (const char *)r->key.data);
		}
	}
	if (live != row_count) {
		sim_fail(s, "I10: the view has %zu rows, the changelog %zu", row_count, live);
	}
	free(records);
}

/* Rule 10: of two that believe to be the same instance one has gone. */
static void check_twins(struct sim *s)
{
	for (int i = 1; i < s->worker_count; i++) {
		const struct sim_worker *w = &s->workers[i];
		if (w->state == SIM_UP && s->workers[0].state == SIM_UP && strcmp(w->instance, s->workers[0].instance) == 0) {
			sim_fail(s, "two workers are instance %s", w->instance);
		}
	}
}

void sim_check_end(struct sim *s)
{
	const struct sim_workload *load = s->workload;
	struct list view = read_view(s);
	struct fnl_record *records[SIM_OUTPUTS_MAX + 1];
	struct sim_result r = {.clock = s->settings.clock, .partition_count = s->partition_count, .end_ms = s->now_ms};
	r.rows = view.items;
	r.row_count = view.count;
	r.inputs = records[load->output_count] = sim_read_topic(s, "in", &r.input_count);
	check_changelog(s, r.rows, r.row_count);
	check_twins(s);
	for (size_t i = 0; i < load->output_count; i++) {
		r.outputs[i] = records[i] = sim_read_topic(s, load->outputs[i], &r.output_counts[i]);
	}
	char why[SIM_WHY_BYTES] = "";
	if (!s->out->failed && load->check(&r, why, sizeof(why)) != 0) {
		sim_fail(s, "oracle: %s", why);
	}
	for (size_t i = 0; i <= load->output_count; i++) {
		free(records[i]);
	}
	free(view.items);
}
