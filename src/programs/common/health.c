/* Whether a worker is healthy: every thread has an assignment, and came to the end of something not long ago. */
#include <jansson.h>
#include <stdlib.h>

#include "funneld/base/wire.h"
#include "metrics.h"

const char *fnl_report_state(const struct fnl_report_lane *l)
{
	const struct fnl_stream_stats *s = &l->stats;
	if (l->ended) {
		return "ended";
	}
	if (!s->joined) {
		return "unassigned";
	}
	if (s->partitions_running == s->partitions) {
		return s->partitions ? "running" : "standby";
	}
	return s->partitions_restoring ? "restoring" : "waiting";
}

const char *fnl_report_trouble(const struct fnl_report *r, const struct fnl_report_lane *l)
{
	const struct fnl_stream_stats *s = &l->stats;
	if (l->ended) {
		return "the thread has ended; the log says why";
	}
	if (l->progressed && l->age_ms <= r->health_limit_ms) {
		return NULL;
	}
	if (!s->joined) {
		return l->progressed ? "it has lost its assignment and has no new one: does Kafka answer?"
		                     : "it has no assignment yet";
	}
	if (s->partitions_running < s->partitions) {
		return "partitions do not run: do Kafka and Redis answer?";
	}
	return l->progressed ? "its batches do not come to an end: do Kafka and Redis answer?"
	                     : "it has not finished a first batch yet";
}

static json_t *lane_json(const struct fnl_report *r, const struct fnl_report_lane *l, const char *trouble)
{
	(void)r;
	return json_pack("{s:s, s:s, s:b, s:s, s:s?, s:I, s:I, s:I, s:f}", "lane", l->name, "stage", l->stage, "healthy",
	                 trouble == NULL, "state", fnl_report_state(l), "why", trouble, "partitions",
	                 (json_int_t)l->stats.partitions, "partitions_running", (json_int_t)l->stats.partitions_running,
	                 "partitions_restoring", (json_int_t)l->stats.partitions_restoring, "progress_age_seconds",
	                 (double)l->age_ms / 1000.0);
}

int fnl_report_health(const struct fnl_report *r, struct fnl_arena *arena, struct fnl_span *ret, bool *ret_healthy)
{
	bool healthy = !r->starting;
	json_t *lanes = json_array();
	for (size_t i = 0; lanes && i < r->lane_count; i++) {
		const char *trouble = fnl_report_trouble(r, &r->lanes[i]);
		healthy = healthy && !trouble;
		/* Takes the item, also when it fails. */
		if (json_array_append_new(lanes, lane_json(r, &r->lanes[i], trouble)) != 0) {
			json_decref(lanes);
			lanes = NULL;
		}
	}
	if (!lanes) {
		return FNL_E_NOMEM;
	}
	json_t *o = json_pack("{s:b, s:b, s:s, s:s, s:f, s:o}", "healthy", healthy, "starting", r->starting, "instance",
	                      r->instance, "version", r->version, "limit_seconds", (double)r->health_limit_ms / 1000.0,
	                      "lanes", lanes);
	char *text = o ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
	json_decref(o);
	if (!text) {
		return FNL_E_NOMEM;
	}
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_raw(&w, fnl_span_str(text));
	fnl_write_u8(&w, '\n');
	free(text);
	struct fnl_span out = fnl_writer_span(&w);
	if (fnl_span_is_none(out)) {
		return FNL_E_NOMEM;
	}
	*ret = out;
	*ret_healthy = healthy;
	return 0;
}
