/* Prometheus' text format: for each metric HELP, TYPE, and a line for each thread. */
#include "metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "funneld/base/wire.h"

static const struct {
	const char *name;
	const char *type;
	const char *help;
} metrics[FNL_METRIC_COUNT] = {
#define FNL_X(id, name, type, help) {name, type, help},
	FNL_METRICS_TABLE(FNL_X)
#undef FNL_X
};

static FNL_PRINTF(2, 3) void put(struct fnl_writer *w, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	w->bad = w->bad || n < 0 || (size_t)n >= sizeof(text);
	if (!w->bad) {
		fnl_write_raw(w, fnl_span_of(text, (size_t)n));
	}
}

/* name="value", escaped as the format wants it. */
static void put_label(struct fnl_writer *w, const char *name, const char *value)
{
	put(w, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n') {
			put(w, "\\n");
			continue;
		}
		if (*value == '\\' || *value == '"') {
			fnl_write_u8(w, '\\');
		}
		fnl_write_u8(w, (uint8_t)*value);
	}
	put(w, "\"");
}

/* A sample's name and the labels of its thread; more: one more label, or NULL. */
static void put_name(struct fnl_writer *w, enum fnl_metric m, const char *suffix, const struct fnl_report_lane *l,
                     const char *more, const char *value)
{
	put(w, "%s%s{", metrics[m].name, suffix);
	put_label(w, "stage", l->stage);
	put(w, ",");
	put_label(w, "lane", l->name);
	if (more) {
		put(w, ",");
		put_label(w, more, value);
	}
	put(w, "} ");
}

static void put_count(struct fnl_writer *w, uint64_t n)
{
	put(w, "%" PRIu64 "\n", n);
}

static void put_seconds(struct fnl_writer *w, uint64_t ms)
{
	put(w, "%" PRIu64 ".%03" PRIu64 "\n", ms / 1000, ms % 1000);
}

static void put_outputs(struct fnl_writer *w, const struct fnl_report_lane *l)
{
	for (size_t i = 0; i < l->topic_count && i < FNL_STATS_TOPICS_MAX; i++) {
		put_name(w, FNL_METRIC_OUTPUTS, "", l, "topic", l->topics[i]);
		put_count(w, l->stats.batches.outputs_to[i]);
	}
}

static void put_batches(struct fnl_writer *w, const struct fnl_report_lane *l)
{
	const struct fnl_batch_stats *b = &l->stats.batches;
	uint64_t count = 0;
	for (size_t i = 0; i < FNL_BATCH_BUCKET_COUNT; i++) {
		char bound[32] = "+Inf";
		if (i < FNL_BATCH_BUCKET_LONGER) {
			snprintf(bound, sizeof(bound), "%g", (double)fnl_batch_bucket_ms(i) / 1000.0);
		}
		count += b->durations[i];
		put_name(w, FNL_METRIC_BATCHES, "_bucket", l, "le", bound);
		put_count(w, count);
	}
	put_name(w, FNL_METRIC_BATCHES, "_sum", l, NULL, "");
	put_seconds(w, b->duration_ms);
	put_name(w, FNL_METRIC_BATCHES, "_count", l, NULL, "");
	put_count(w, count);
}

static void put_partitions(struct fnl_writer *w, const struct fnl_report_lane *l)
{
	const struct fnl_stream_stats *s = &l->stats;
	put_name(w, FNL_METRIC_PARTITIONS, "", l, "state", "running");
	put_count(w, s->partitions_running);
	put_name(w, FNL_METRIC_PARTITIONS, "", l, "state", "restoring");
	put_count(w, s->partitions_restoring);
	put_name(w, FNL_METRIC_PARTITIONS, "", l, "state", "waiting");
	put_count(w, s->partitions - s->partitions_running - s->partitions_restoring);
}

static uint64_t count_of(enum fnl_metric m, const struct fnl_stream_stats *s)
{
	switch (m) {
	case FNL_METRIC_RECORDS:
		return s->records;
	case FNL_METRIC_ROWS:
		return s->row_writes;
	case FNL_METRIC_TRANSACTIONS:
		return s->transactions;
	case FNL_METRIC_ABORTS:
		return s->aborts;
	case FNL_METRIC_DEAD_LETTERS:
		return s->dead_letters;
	case FNL_METRIC_STALE:
		return s->stale;
	case FNL_METRIC_TIMERS:
		return s->timers;
	case FNL_METRIC_LAG:
		return s->lag_records;
	case FNL_METRIC_RESTORED:
		return s->restored_records;
	case FNL_METRIC_REPAIRS:
		return s->repairs;
	case FNL_METRIC_RESETS:
		return s->producer_resets;
	default:
		return 0; /* those that are no plain count */
	}
}

/* The lines of one metric and one thread. */
static void put_lane(struct fnl_writer *w, enum fnl_metric m, const struct fnl_report_lane *l)
{
	switch (m) {
	case FNL_METRIC_OUTPUTS:
		put_outputs(w, l);
		break;
	case FNL_METRIC_BATCHES:
		put_batches(w, l);
		break;
	case FNL_METRIC_PARTITIONS:
		put_partitions(w, l);
		break;
	case FNL_METRIC_PROGRESS:
	case FNL_METRIC_OVERDUE:
		put_name(w, m, "", l, NULL, "");
		put_seconds(w, m == FNL_METRIC_OVERDUE ? l->stats.timers_overdue_ms : l->age_ms > 0 ? (uint64_t)l->age_ms : 0);
		break;
	default:
		put_name(w, m, "", l, NULL, "");
		put_count(w, count_of(m, &l->stats));
	}
}

/* The metrics of the process have one line; false: m is one of its threads'. */
static bool put_process(struct fnl_writer *w, enum fnl_metric m, const struct fnl_report *r)
{
	bool healthy = !r->starting;
	switch (m) {
	case FNL_METRIC_BUILD:
		put(w, "%s{", metrics[m].name);
		put_label(w, "version", r->version);
		put(w, ",");
		put_label(w, "instance_id", r->instance);
		put(w, "} 1\n");
		return true;
	case FNL_METRIC_STARTED:
		put(w, "%s ", metrics[m].name);
		put_seconds(w, (uint64_t)r->started_ms);
		return true;
	case FNL_METRIC_HEALTHY:
		for (size_t i = 0; i < r->lane_count; i++) {
			healthy = healthy && !fnl_report_trouble(r, &r->lanes[i]);
		}
		put(w, "%s %d\n", metrics[m].name, healthy);
		return true;
	default:
		return false;
	}
}

int fnl_report_metrics(const struct fnl_report *r, struct fnl_arena *arena, struct fnl_span *ret)
{
	struct fnl_writer w = fnl_writer_of(arena);
	for (int i = 0; i < FNL_METRIC_COUNT; i++) {
		enum fnl_metric m = (enum fnl_metric)i;
		put(&w, "# HELP %s %s\n# TYPE %s %s\n", metrics[m].name, metrics[m].help, metrics[m].name, metrics[m].type);
		for (size_t k = put_process(&w, m, r) ? r->lane_count : 0; k < r->lane_count; k++) {
			put_lane(&w, m, &r->lanes[k]);
		}
	}
	struct fnl_span out = fnl_writer_span(&w);
	if (fnl_span_is_none(out)) {
		return FNL_E_NOMEM;
	}
	*ret = out;
	return 0;
}
