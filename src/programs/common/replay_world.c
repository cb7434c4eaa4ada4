#include "replay_world.h"

#include "signals.h"

enum {
	SESSION_TIMEOUT_MS = 10000,
	TXN_TIMEOUT_MS = 10000,
	BATCH_RECORDS = 2000, /* not a setting: it must not matter, and a number more is a number more to explain */
	QUIET_PASSES = 2      /* the one that found nothing, and one for what it may have left to the next */
};

/* What is told. What is told of reviews is restricted, which whoever counts it has to keep in mind. */
static const enum fnl_topic told[] = {
	FNL_TOPIC_LAYER_CHANGES, FNL_TOPIC_ALERTS,     FNL_TOPIC_INSPECTIONS,   FNL_TOPIC_QUOTAS,
	FNL_TOPIC_HANDOVERS,     FNL_TOPIC_REVIEWS,    FNL_TOPIC_REASSIGNMENTS, FNL_TOPIC_DERIVED_TERRITORIES,
	FNL_TOPIC_PERFORMANCE,   FNL_TOPIC_REJECTIONS, FNL_TOPIC_DEAD_LETTERS,
};
enum { TOLD_COUNT = sizeof(told) / sizeof(told[0]) };

/* ---- the clock: no time passes but by looking, so that no wait ends early and none lasts ---- */

static int64_t wall_ms(void *context)
{
	(void)context;
	return INT64_C(1000000000000);
}

static int64_t monotonic_ms(void *context)
{
	return ++*(int64_t *)context;
}

static void sleep_ms(void *context, int64_t ms)
{
	*(int64_t *)context += ms;
}

/* ---- opening ---- */

static int make_topic(struct fnl_replay_world *w, enum fnl_topic topic)
{
	struct fnl_topic_spec spec = fnl_app_topic_spec(w->app, topic);
	spec.partition_count = 1;
	int status = w->bus->ops->create_topic(w->bus, &spec);
	return status < 0 ? status : 0;
}

static int open_broker(struct fnl_replay_world *w, struct fnl_error *why)
{
	struct fnl_embedded_settings settings = {.clock = &w->clock,
	                                         .session_timeout_ms = SESSION_TIMEOUT_MS,
	                                         .txn_timeout_ms = TXN_TIMEOUT_MS,
	                                         .manual_time = true};
	int status = fnl_embedded_open(&settings, &w->broker);
	status = status ? status : fnl_embedded_bus_open(w->broker, &w->bus);
	for (int t = 0; t < FNL_TOPIC_COUNT && status == 0; t++) {
		status = make_topic(w, (enum fnl_topic)t);
	}
	return status ? fnl_fail(why, status, "the log in memory: %s",
	                         w->bus ? w->bus->ops->explain(w->bus) : fnl_status_text(status))
	              : 0;
}

static int open_stage(struct fnl_replay_world *w, enum fnl_app_stage_id id, struct fnl_error *why)
{
	const struct fnl_app_stage *s = fnl_app_stage(w->app, id);
	struct fnl_replay_stage *to = &w->stages[id];
	struct fnl_embedded_log_settings log = {
		s->input_topic, s->changelog_topic, s->output_topics, s->output_topic_count, s->group, NULL, s->group};
	struct fnl_stream_settings settings = fnl_app_stream_settings(w->app, id, 1);
	settings.clock = FNL_CLOCK_EVENT;
	settings.batch_records_max = BATCH_RECORDS;
	settings.poll_wait_ms = 0;
	settings.txn_timeout_ms = TXN_TIMEOUT_MS;
	int status = fnl_app_operator_new(w->app, id, w->codec, 1, &to->op, why);
	if (status) {
		return status;
	}
	status = fnl_memory_open(&to->rows);
	status = status ? status : fnl_memory_store_open(to->rows, s->stage.table_count, &to->store);
	status = status ? status : fnl_embedded_log_open(w->broker, &log, &to->log);
	if (status) {
		return fnl_fail(why, status, "stage %s: %s", s->stage.name, fnl_status_text(status));
	}
	struct fnl_stream_ports ports = {to->log, to->store, to->op, &w->clock, &w->app->logger};
	return fnl_stream_create(&s->stage, &settings, &ports, &to->stream, why);
}

static int open_relay(struct fnl_replay_world *w, enum fnl_app_relay_id id, struct fnl_error *why)
{
	const struct fnl_app_relay *r = fnl_app_relay(w->app, id);
	struct fnl_replay_relay *to = &w->relays[id];
	struct fnl_embedded_log_settings log = {r->input_topic, NULL, r->output_topics, FNL_ROUTER_OUT_COUNT,
	                                        r->group,       NULL, r->group};
	struct fnl_relay_settings settings = fnl_app_relay_settings(w->app, id);
	settings.batch_records_max = BATCH_RECORDS;
	settings.poll_wait_ms = 0;
	settings.txn_timeout_ms = TXN_TIMEOUT_MS;
	int status = fnl_router_open(w->codec, w->app->ids, &to->router, why);
	if (status) {
		return status;
	}
	status = fnl_embedded_log_open(w->broker, &log, &to->log);
	if (status) {
		return fnl_fail(why, status, "%s: %s", r->name, fnl_status_text(status));
	}
	struct fnl_relay_ports ports = {to->log, to->router, &w->clock, &w->app->logger};
	return fnl_relay_create(&settings, &ports, &to->relay, why);
}

int fnl_replay_world_open(struct fnl_app *app, struct fnl_replay_world *w, struct fnl_error *why)
{
	*w = (struct fnl_replay_world){.app = app};
	w->clock = (struct fnl_clock){&w->ticks, wall_ms, monotonic_ms, sleep_ms};
	for (int t = 0; t < FNL_TOPIC_COUNT; t++) {
		w->topics[t] = fnl_app_topic(app, (enum fnl_topic)t);
	}
	int status = fnl_app_codec(app, &w->codec, why);
	status = status ? status : open_broker(w, why);
	w->ports = (struct fnl_import_ports){w->bus, w->codec, app->ids, w->topics};
	for (int r = 0; r < FNL_APP_RELAY_COUNT && status == 0; r++) {
		status = open_relay(w, (enum fnl_app_relay_id)r, why);
	}
	for (int s = 0; s < FNL_APP_STAGE_COUNT && status == 0; s++) {
		status = open_stage(w, (enum fnl_app_stage_id)s, why);
	}
	return status ? status : fnl_replay_quiet(w, why);
}

static void close_log(struct fnl_log *log)
{
	if (log) {
		log->ops->close(log);
	}
}

void fnl_replay_world_close(struct fnl_replay_world *w)
{
	for (int s = 0; s < FNL_APP_STAGE_COUNT; s++) {
		struct fnl_replay_stage *stage = &w->stages[s];
		fnl_stream_destroy(stage->stream);
		close_log(stage->log);
		if (stage->store) {
			stage->store->ops->close(stage->store);
		}
		if (stage->op) {
			fnl_app_operator_close((enum fnl_app_stage_id)s, stage->op);
		}
		fnl_memory_close(stage->rows);
	}
	for (int r = 0; r < FNL_APP_RELAY_COUNT; r++) {
		fnl_relay_destroy(w->relays[r].relay);
		close_log(w->relays[r].log);
		if (w->relays[r].router) {
			fnl_router_close(w->relays[r].router);
		}
	}
	if (w->bus) {
		w->bus->ops->close(w->bus);
	}
	fnl_embedded_close(w->broker);
	*w = (struct fnl_replay_world){.app = NULL};
}

/* ---- its life ---- */

int fnl_replay_publish(struct fnl_replay_world *w, enum fnl_topic topic, const struct fnl_record *r,
                       struct fnl_error *why)
{
	int status = w->bus->ops->publish(w->bus, w->topics[topic], 0, r->key, r->value, r->headers, r->header_count);
	return status < 0 ? fnl_fail(why, status, "the log in memory: %s", w->bus->ops->explain(w->bus)) : 0;
}

int fnl_replay_tick(struct fnl_replay_world *w, int64_t at_ms, struct fnl_error *why)
{
	return fnl_import_tick(&w->ports, at_ms, why);
}

/* In the order in which records pass. *ret_any: one of them had something to do. */
static int turn(struct fnl_replay_world *w, bool *ret_any, struct fnl_error *why)
{
	int status = 0;
	*ret_any = false;
	for (int r = 0; r < FNL_APP_RELAY_COUNT && status == 0; r++) {
		status = fnl_relay_cycle(w->relays[r].relay, why);
		*ret_any |= !fnl_relay_is_idle(w->relays[r].relay);
	}
	for (int s = 0; s < FNL_APP_STAGE_COUNT && status == 0; s++) {
		status = fnl_stream_cycle(w->stages[s].stream, why);
		*ret_any |= !fnl_stream_is_idle(w->stages[s].stream);
	}
	return status;
}

int fnl_replay_quiet(struct fnl_replay_world *w, struct fnl_error *why)
{
	int status = 0;
	for (int quiet = 0; quiet < QUIET_PASSES && status == 0;) {
		bool any;
		status = turn(w, &any, why);
		quiet = any ? 0 : quiet + 1;
		if (*fnl_stop_flag()) {
			return fnl_fail(why, FNL_E_INTERNAL, "stopped by a signal");
		}
	}
	return status;
}

struct harvest {
	fnl_replay_visit visit;
	void *context;
	int status;
};

static int on_told(void *context, size_t topic, const struct fnl_record *r)
{
	struct harvest *h = context;
	h->status = h->visit(h->context, told[topic], r);
	return h->status;
}

int fnl_replay_harvest(struct fnl_replay_world *w, fnl_replay_visit visit, void *context, struct fnl_error *why)
{
	const char *topics[TOLD_COUNT];
	struct harvest h = {visit, context, 0};
	for (size_t i = 0; i < TOLD_COUNT; i++) {
		topics[i] = w->topics[told[i]];
	}
	int status = w->bus->ops->read(w->bus, topics, TOLD_COUNT, true, true, NULL, on_told, &h);
	if (h.status || status) {
		return h.status ? h.status : fnl_fail(why, status, "the log in memory: %s", w->bus->ops->explain(w->bus));
	}
	for (int t = 0; t < FNL_TOPIC_COUNT; t++) {
		fnl_embedded_forget(w->broker, w->topics[t]);
	}
	return 0;
}
