#include "world.h"

#include <stdio.h>

enum {
	SESSION_TIMEOUT_MS = 10000,
	TXN_TIMEOUT_MS = 10000,
	POLL_WAIT_MS = 5,
	LOOK_EVERY_MS = 2,
	CYCLES_AT_REST = 2 /* the one that was under way at the first look, and a whole one */
};

/* Each topic of the stages and the router; one that exists is fine. */
static int make_topic(struct world *w, enum fnl_topic topic)
{
	struct fnl_topic_spec spec = fnl_app_topic_spec(w->app, topic);
	spec.partition_count = WORLD_PARTITIONS;
	int status = w->bus->ops->create_topic(w->bus, &spec);
	return status < 0 ? status : 0;
}

static int make_topics(struct world *w)
{
	int status = 0;
	for (int i = 0; i < FNL_APP_STAGE_COUNT; i++) {
		const struct fnl_app_stage *s = fnl_app_stage(w->app, (enum fnl_app_stage_id)i);
		status = status ? status : make_topic(w, s->input);
		status = status ? status : make_topic(w, s->changelog);
		for (size_t o = 0; o < s->output_topic_count; o++) {
			status = status ? status : make_topic(w, s->outputs[o]);
		}
	}
	for (int i = 0; i < FNL_APP_RELAY_COUNT; i++) {
		status = status ? status : make_topic(w, fnl_app_relay(w->app, (enum fnl_app_relay_id)i)->input);
	}
	return status;
}

static int open_bus(struct world *w, struct fnl_error *why)
{
	struct fnl_embedded_settings settings = {
		.clock = w->app->clock, .session_timeout_ms = SESSION_TIMEOUT_MS, .txn_timeout_ms = TXN_TIMEOUT_MS};
	int status = fnl_embedded_open(&settings, &w->log);
	status = status ? status : fnl_embedded_bus_open(w->log, &w->bus);
	status = status ? status : make_topics(w);
	return status ? fnl_fail(why, status, "the embedded log: %s",
	                         w->bus ? w->bus->ops->explain(w->bus) : fnl_status_text(status))
	              : 0;
}

static int open_log(struct world *w, struct world_lane *l, const struct fnl_embedded_log_settings *settings,
                    struct fnl_error *why)
{
	int status = fnl_embedded_log_open(w->log, settings, &l->log);
	return status ? fnl_fail(why, status, "the embedded log: %s", fnl_status_text(status)) : 0;
}

static int check_store(struct world *w, struct fnl_store *store, struct fnl_error *why)
{
	const char *cluster = "";
	int status = w->bus->ops->cluster_id(w->bus, &cluster);
	status = status ? status : store->ops->check_layout(store, fnl_span_str(cluster), WORLD_PARTITIONS);
	return status ? fnl_fail(why, status, "Redis: %s", store->ops->explain(store)) : 0;
}

static int open_stage(struct world *w, struct world_lane *l, struct fnl_error *why)
{
	enum fnl_app_stage_id id = (enum fnl_app_stage_id)l->id;
	const struct fnl_app_stage *s = fnl_app_stage(w->app, id);
	struct fnl_embedded_log_settings log = {
		s->input_topic, s->changelog_topic, s->output_topics, s->output_topic_count, s->group, l->name, l->name};
	struct fnl_stream_settings settings = fnl_app_stream_settings(w->app, id, WORLD_PARTITIONS);
	settings.clock = FNL_CLOCK_EVENT;
	settings.txn_timeout_ms = TXN_TIMEOUT_MS;
	settings.poll_wait_ms = POLL_WAIT_MS;
	int status = fnl_app_codec_new(w->app, &l->codec, why);
	status = status ? status : fnl_app_operator_new(w->app, id, l->codec, WORLD_PARTITIONS, &l->op, why);
	status = status ? status : fnl_app_store_new(w->app, id, &l->store, why);
	status = status ? status : check_store(w, l->store, why);
	status = status ? status : open_log(w, l, &log, why);
	if (status) {
		return status;
	}
	struct fnl_worker_spec spec = {
		l->name, &s->stage, &settings, {l->log, l->store, l->op, w->app->clock, &w->app->logger}};
	return fnl_worker_start(&spec, &l->worker, why);
}

static int open_relay(struct world *w, struct world_lane *l, struct fnl_error *why)
{
	const struct fnl_app_relay *r = fnl_app_relay(w->app, (enum fnl_app_relay_id)l->id);
	struct fnl_embedded_log_settings log = {r->input_topic, NULL,    r->output_topics, FNL_ROUTER_OUT_COUNT,
	                                        r->group,       l->name, l->name};
	struct fnl_relay_settings settings = fnl_app_relay_settings(w->app, (enum fnl_app_relay_id)l->id);
	settings.txn_timeout_ms = TXN_TIMEOUT_MS;
	settings.poll_wait_ms = POLL_WAIT_MS;
	int status = fnl_app_codec_new(w->app, &l->codec, why);
	status = status ? status : fnl_router_open(l->codec, w->app->ids, &l->router, why);
	status = status ? status : open_log(w, l, &log, why);
	if (status) {
		return status;
	}
	struct fnl_worker_relay_spec spec = {l->name, &settings, {l->log, l->router, w->app->clock, &w->app->logger}};
	return fnl_worker_start_relay(&spec, &l->worker, why);
}

static int open_lanes(struct world *w, struct fnl_error *why)
{
	int status = 0;
	for (int i = 0; i < FNL_APP_RELAY_COUNT && status == 0; i++) {
		struct world_lane *l = &w->lanes[w->lane_count++];
		*l = (struct world_lane){.relay = true, .id = i};
		snprintf(l->name, sizeof(l->name), "%s", fnl_app_relay(w->app, (enum fnl_app_relay_id)i)->name);
		status = open_relay(w, l, why);
	}
	for (int i = 0; i < FNL_APP_STAGE_COUNT * WORLD_THREADS && status == 0; i++) {
		struct world_lane *l = &w->lanes[w->lane_count++];
		*l = (struct world_lane){.id = i / WORLD_THREADS};
		snprintf(l->name, sizeof(l->name), "%s-%d", fnl_app_stage(w->app, (enum fnl_app_stage_id)l->id)->stage.name,
		         i % WORLD_THREADS);
		status = open_stage(w, l, why);
	}
	return status;
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
	return open_lanes(ret, why);
}

static void close_lane(struct world *w, struct world_lane *l)
{
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
		fnl_app_operator_close((enum fnl_app_stage_id)l->id, l->op);
	}
	if (l->router) {
		fnl_router_close(l->router);
	}
	if (l->codec) {
		l->codec->ops->close(l->codec);
	}
}

void world_close(struct world *w)
{
	for (size_t i = 0; i < w->lane_count; i++) {
		if (w->lanes[i].worker) {
			fnl_worker_stop(w->lanes[i].worker);
		}
	}
	for (size_t i = 0; i < w->lane_count; i++) {
		close_lane(w, &w->lanes[i]);
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
	for (size_t i = 0; i < w->lane_count; i++) {
		struct world_lane *l = &w->lanes[i];
		if (fnl_worker_has_ended(l->worker)) {
			int status = fnl_worker_join(l->worker, why);
			l->worker = NULL;
			return status ? status : fnl_fail(why, FNL_E_INTERNAL, "a thread ended without being asked");
		}
	}
	return 0;
}

static int has_lag(struct world *w, const char *group, const char *topic, bool *ret, struct fnl_error *why)
{
	struct fnl_partition_lag lags[WORLD_PARTITIONS];
	int status = w->bus->ops->lag(w->bus, group, topic, lags, WORLD_PARTITIONS);
	if (status < 0) {
		return fnl_fail(why, status, "the embedded log: %s", w->bus->ops->explain(w->bus));
	}
	for (size_t i = 0; i < WORLD_PARTITIONS; i++) {
		*ret |= lags[i].behind;
	}
	return 0;
}

/* Something is left to read, looked at in the order in which records pass. */
static int any_lag(struct world *w, bool *ret, struct fnl_error *why)
{
	int status = 0;
	*ret = false;
	for (size_t i = 0; i < w->lane_count && status == 0; i++) {
		const struct world_lane *l = &w->lanes[i];
		if (l->relay) {
			const struct fnl_app_relay *r = fnl_app_relay(w->app, (enum fnl_app_relay_id)l->id);
			status = has_lag(w, r->group, r->input_topic, ret, why);
		} else {
			const struct fnl_app_stage *s = fnl_app_stage(w->app, (enum fnl_app_stage_id)l->id);
			status = has_lag(w, s->group, s->input_topic, ret, why);
		}
	}
	return status;
}

/* A moment's look at all threads. */
struct glance {
	bool idle;
	uint64_t transactions;
	uint64_t cycles[WORLD_LANES];
};

static struct glance glance_at(struct world *w)
{
	struct glance g = {.idle = true};
	for (size_t i = 0; i < w->lane_count; i++) {
		g.cycles[i] = fnl_worker_cycles(w->lanes[i].worker);
		g.idle = g.idle && fnl_worker_is_idle(w->lanes[i].worker);
		g.transactions += fnl_worker_stats(w->lanes[i].worker).transactions;
	}
	return g;
}

/* Since then each thread has gone round, and found nothing to do. */
static bool is_at_rest(const struct world *w, const struct glance *then, const struct glance *now)
{
	bool rest = then->idle && now->idle && then->transactions == now->transactions;
	for (size_t i = 0; i < w->lane_count; i++) {
		rest = rest && now->cycles[i] >= then->cycles[i] + CYCLES_AT_REST;
	}
	return rest;
}

int world_wait(struct world *w, int timeout_ms, struct fnl_error *why)
{
	const struct fnl_clock *clock = w->app->clock;
	int64_t until_ms = clock->monotonic_ms(clock->context) + timeout_ms;
	struct glance then = {.idle = false};
	for (;;) {
		bool lag = true;
		int status = ended(w, why);
		status = status ? status : any_lag(w, &lag, why);
		if (status) {
			return status;
		}
		struct glance now = glance_at(w);
		if (!lag && is_at_rest(w, &then, &now)) {
			return 0;
		}
		if (lag || !then.idle || then.transactions != now.transactions) {
			then = now;
			then.idle = now.idle && !lag;
		}
		if (clock->monotonic_ms(clock->context) > until_ms) {
			return fnl_fail(why, FNL_E_TIMEOUT, "the worker did not catch up within %d s", timeout_ms / 1000);
		}
		clock->sleep_ms(clock->context, LOOK_EVERY_MS);
	}
}

struct fnl_stream_stats world_stats(struct world *w, enum fnl_app_stage_id stage)
{
	struct fnl_stream_stats sum = {0};
	for (size_t i = 0; i < w->lane_count; i++) {
		if (!w->lanes[i].worker || w->lanes[i].relay || w->lanes[i].id != (int)stage) {
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
