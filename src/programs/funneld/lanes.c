#include "lanes.h"

#include <stdio.h>

const char *lanes_part_name(const struct fnl_app *app, size_t part)
{
	return part < FNL_APP_STAGE_COUNT ? fnl_app_stage(app, (enum fnl_app_stage_id)part)->stage.name
	                                  : fnl_app_relay(app, (enum fnl_app_relay_id)(part - FNL_APP_STAGE_COUNT))->name;
}

void lane_close(struct lane *l)
{
	if (l->log) {
		l->log->ops->close(l->log);
	}
	if (l->store) {
		l->store->ops->close(l->store);
	}
	if (l->op) {
		fnl_app_operator_close((enum fnl_app_stage_id)l->part, l->op);
	}
	if (l->router) {
		fnl_router_close(l->router);
	}
	if (l->codec) {
		l->codec->ops->close(l->codec);
	}
}

static void named_line(void *context, enum fnl_level level, const char *text)
{
	const struct lane *l = context;
	fnl_log_line(l->to, level, "%s: %s", l->name, text);
}

static int open_stage(struct fnl_app *app, struct lane *l, size_t thread, int32_t partitions, struct fnl_error *why)
{
	enum fnl_app_stage_id stage = (enum fnl_app_stage_id)l->part;
	struct fnl_stream_settings settings = fnl_app_stream_settings(app, stage, partitions);
	snprintf(l->name, sizeof(l->name), "%s-%zu", lanes_part_name(app, l->part), thread);
	int rc = fnl_app_codec_new(app, &l->codec, why);
	rc = rc ? rc : fnl_app_operator_new(app, stage, l->codec, partitions, &l->op, why);
	rc = rc ? rc : fnl_app_store_new(app, stage, &l->store, why);
	rc = rc ? rc : fnl_app_log_new(app, stage, thread, &l->log, why);
	if (rc) {
		return rc;
	}
	struct fnl_worker_spec spec = {
		l->name, &fnl_app_stage(app, stage)->stage, &settings, {l->log, l->store, l->op, app->clock, &l->logger}};
	return fnl_worker_start(&spec, &l->worker, why);
}

static int open_relay(struct fnl_app *app, struct lane *l, struct fnl_error *why)
{
	enum fnl_app_relay_id relay = (enum fnl_app_relay_id)(l->part - FNL_APP_STAGE_COUNT);
	struct fnl_relay_settings settings = fnl_app_relay_settings(app, relay);
	snprintf(l->name, sizeof(l->name), "%s", lanes_part_name(app, l->part));
	int rc = fnl_app_codec_new(app, &l->codec, why);
	rc = rc ? rc : fnl_router_open(l->codec, app->ids, &l->router, why);
	rc = rc ? rc : fnl_app_relay_log_new(app, relay, &l->log, why);
	if (rc) {
		return rc;
	}
	struct fnl_worker_relay_spec spec = {l->name, &settings, {l->log, l->router, app->clock, &l->logger}};
	return fnl_worker_start_relay(&spec, &l->worker, why);
}

int lanes_open(struct lanes *ls, const int32_t partitions[FNL_APP_STAGE_COUNT], struct fnl_error *why)
{
	int rc = 0;
	for (size_t part = 0; part < LANES_PARTS && !rc; part++) {
		bool stage = part < FNL_APP_STAGE_COUNT;
		const char *setting = stage ? fnl_app_stage(ls->app, (enum fnl_app_stage_id)part)->threads : NULL;
		size_t threads = stage ? (size_t)fnl_settings_int(ls->app->settings, setting) : 1;
		for (size_t thread = 0; thread < threads && !rc; thread++) {
			struct lane *l = &ls->at[ls->count++];
			l->part = part;
			l->to = &ls->app->logger;
			l->logger = (struct fnl_logger){l, l->to->level_min, named_line};
			rc = stage ? open_stage(ls->app, l, thread, partitions[part], why) : open_relay(ls->app, l, why);
		}
	}
	atomic_store(&ls->opened, rc == 0);
	return rc;
}

struct fnl_stream_stats lanes_stats(const struct lanes *ls, size_t part)
{
	struct fnl_stream_stats sum = {0};
	for (size_t i = 0; i < ls->count; i++) {
		if (!ls->at[i].worker || (part != LANES_PARTS && ls->at[i].part != part)) {
			continue;
		}
		struct fnl_stream_stats s = fnl_worker_stats(ls->at[i].worker);
		sum.records += s.records;
		sum.dead_letters += s.dead_letters;
		sum.stale += s.stale;
		sum.timers += s.timers;
		sum.outputs += s.outputs;
		sum.transactions += s.transactions;
		sum.aborts += s.aborts;
		sum.producer_resets += s.producer_resets;
		sum.repairs += s.repairs;
		sum.restored_records += s.restored_records;
		sum.partitions += s.partitions;
		sum.partitions_running += s.partitions_running;
	}
	return sum;
}

bool lanes_any_ended(const struct lanes *ls)
{
	for (size_t i = 0; i < ls->count; i++) {
		if (ls->at[i].worker && fnl_worker_has_ended(ls->at[i].worker)) {
			return true;
		}
	}
	return false;
}

bool lanes_all_ended(const struct lanes *ls)
{
	for (size_t i = 0; i < ls->count; i++) {
		if (ls->at[i].worker && !fnl_worker_has_ended(ls->at[i].worker)) {
			return false;
		}
	}
	return true;
}
