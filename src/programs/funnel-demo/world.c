#include "world.h"

#include <stdio.h>

enum { SESSION_TIMEOUT_MS = 10000, TXN_TIMEOUT_MS = 10000, LOOK_EVERY_MS = 2 };

static const enum fnl_topic needed[] = {FNL_TOPIC_PROSPECT_CHANGES, FNL_TOPIC_PROSPECTS, FNL_TOPIC_LAYER_CHANGES,
                                        FNL_TOPIC_ALERTS, FNL_TOPIC_DEAD_LETTERS};

static int open_bus(struct world *w, struct fnl_error *why)
{
	struct fnl_embedded_settings settings = {
		.clock = w->app->clock, .session_timeout_ms = SESSION_TIMEOUT_MS, .txn_timeout_ms = TXN_TIMEOUT_MS};
	int status = fnl_embedded_open(&settings, &w->log);
	status = status ? status : fnl_embedded_bus_open(w->log, &w->bus);
	for (size_t i = 0; status >= 0 && i < sizeof(needed) / sizeof(needed[0]); i++) {
		struct fnl_topic_spec spec = fnl_app_topic_spec(w->app, needed[i]);
		spec.partition_count = WORLD_PARTITIONS;
		status = w->bus->ops->create_topic(w->bus, &spec);
	}
	return status < 0 ? fnl_fail(why, status, "the embedded log: %s",
	                             w->bus ? w->bus->ops->explain(w->bus) : fnl_status_text(status))
	                  : 0;
}

static int open_log(struct world *w, size_t thread, struct fnl_log **ret, struct fnl_error *why)
{
	char id[32];
	const struct fnl_app_stage *s = fnl_app_stage(w->app, FNL_APP_STAGE_PROSPECT);
	snprintf(id, sizeof(id), "demo-%zu", thread);
	struct fnl_embedded_log_settings settings = {
		s->input_topic, s->changelog_topic, s->output_topics, s->output_topic_count, s->group, id, id};
	int status = fnl_embedded_log_open(w->log, &settings, ret);
	return status ? fnl_fail(why, status, "the embedded log: %s", fnl_status_text(status)) : 0;
}

static int check_store(struct world *w, struct fnl_store *store, struct fnl_error *why)
{
	const char *cluster = "";
	int status = w->bus->ops->cluster_id(w->bus, &cluster);
	status = status ? status : store->ops->check_layout(store, fnl_span_str(cluster), WORLD_PARTITIONS);
	return status ? fnl_fail(why, status, "Redis: %s", store->ops->explain(store)) : 0;
}

static int open_lane(struct world *w, size_t thread, struct fnl_error *why)
{
	struct world_lane *l = &w->lanes[thread];
	char name[32];
	snprintf(name, sizeof(name), "prospect-%zu", thread);
	int status = fnl_app_codec_new(w->app, &l->codec, why);
	status = status ? status
	                : fnl_prospect_operator_open(l->codec, w->app->ids, fnl_app_rules_reader(), WORLD_PARTITIONS,
	                                             &l->op, why);
	status = status ? status : fnl_app_store_new(w->app, FNL_APP_STAGE_PROSPECT, &l->store, why);
	status = status ? status : check_store(w, l->store, why);
	status = status ? status : open_log(w, thread, &l->log, why);
	if (status) {
		return status;
	}
	struct fnl_worker_spec spec = {name,
	                               &fnl_app_stage(w->app, FNL_APP_STAGE_PROSPECT)->stage,
	                               &w->settings,
	                               {l->log, l->store, l->op, w->app->clock, &w->app->logger}};
	return fnl_worker_start(&spec, &l->worker, why);
}

int world_open(struct fnl_app *app, struct world *ret, struct fnl_error *why)
{
	*ret = (struct world){.app = app};
	for (int i = 0; i < FNL_TOPIC_COUNT; i++) {
		ret->topics[i] = fnl_app_topic(app, (enum fnl_topic)i);
	}
	int status = open_bus(ret, why);
	status = status ? status : fnl_app_codec_new(app, &ret->codec, why);
	if (status) {
		return status;
	}
	ret->ports = (struct fnl_import_ports){ret->bus, ret->codec, app->ids, ret->topics};
	ret->settings = fnl_app_stream_settings(app, FNL_APP_STAGE_PROSPECT, WORLD_PARTITIONS);
	ret->settings.clock = FNL_CLOCK_EVENT;
	ret->settings.txn_timeout_ms = TXN_TIMEOUT_MS;
	ret->settings.poll_wait_ms = 5;
	for (size_t i = 0; status == 0 && i < WORLD_THREADS; i++) {
		status = open_lane(ret, i, why);
	}
	return status;
}

void world_close(struct world *w)
{
	for (size_t i = 0; i < WORLD_THREADS; i++) {
		if (w->lanes[i].worker) {
			fnl_worker_stop(w->lanes[i].worker);
		}
	}
	for (size_t i = 0; i < WORLD_THREADS; i++) {
		struct world_lane *l = &w->lanes[i];
		struct fnl_error why;
		if (l->worker && fnl_worker_join(l->worker, &why)) {
			fnl_log_line(&w->app->logger, FNL_ERROR, "a thread ended badly: %s", why.text);
		}
		if (l->log) {
			l->log->ops->close(l->log);
		}
		if (l->store) {
			l->store->ops->close(l->store);
		}
		if (l->op) {
			fnl_prospect_operator_close(l->op);
		}
		if (l->codec) {
			l->codec->ops->close(l->codec);
		}
	}
	if (w->codec) {
		w->codec->ops->close(w->codec);
	}
	if (w->bus) {
		w->bus->ops->close(w->bus);
	}
	fnl_embedded_close(w->log);
	*w = (struct world){0};
}

static int ended(struct world *w, struct fnl_error *why)
{
	for (size_t i = 0; i < WORLD_THREADS; i++) {
		struct world_lane *l = &w->lanes[i];
		if (fnl_worker_has_ended(l->worker)) {
			int status = fnl_worker_join(l->worker, why);
			l->worker = NULL;
			return status ? status : fnl_fail(why, FNL_E_INTERNAL, "a thread ended without being asked");
		}
	}
	return 0;
}

/* Nothing is left to read, and no thread found anything to do. */
static int caught_up(struct world *w, bool *ret, struct fnl_error *why)
{
	struct fnl_partition_lag lags[WORLD_PARTITIONS];
	const struct fnl_app_stage *s = fnl_app_stage(w->app, FNL_APP_STAGE_PROSPECT);
	int status = w->bus->ops->lag(w->bus, s->group, s->input_topic, lags, WORLD_PARTITIONS);
	if (status < 0) {
		return fnl_fail(why, status, "the embedded log: %s", w->bus->ops->explain(w->bus));
	}
	*ret = true;
	for (size_t i = 0; i < WORLD_PARTITIONS; i++) {
		*ret = *ret && !lags[i].behind;
	}
	for (size_t i = 0; i < WORLD_THREADS; i++) {
		*ret = *ret && fnl_worker_is_idle(w->lanes[i].worker);
	}
	return 0;
}

int world_wait(struct world *w, int timeout_ms, struct fnl_error *why)
{
	const struct fnl_clock *clock = w->app->clock;
	int64_t until_ms = clock->monotonic_ms(clock->context) + timeout_ms;
	for (;;) {
		bool done = false;
		int status = ended(w, why);
		status = status ? status : caught_up(w, &done, why);
		if (status || done) {
			return status;
		}
		if (clock->monotonic_ms(clock->context) > until_ms) {
			return fnl_fail(why, FNL_E_TIMEOUT, "the worker did not catch up within %d s", timeout_ms / 1000);
		}
		clock->sleep_ms(clock->context, LOOK_EVERY_MS);
	}
}

struct fnl_stream_stats world_stats(struct world *w)
{
	struct fnl_stream_stats sum = {0};
	for (size_t i = 0; i < WORLD_THREADS; i++) {
		if (!w->lanes[i].worker) {
			continue;
		}
		struct fnl_stream_stats s = fnl_worker_stats(w->lanes[i].worker);
		sum.records += s.records;
		sum.dead_letters += s.dead_letters;
		sum.stale += s.stale;
		sum.timers += s.timers;
		sum.outputs += s.outputs;
		sum.row_writes += s.row_writes;
		sum.transactions += s.transactions;
		sum.aborts += s.aborts;
		sum.partitions += s.partitions;
	}
	return sum;
}
