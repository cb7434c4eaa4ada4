/* The threads: how they start, are watched, and end. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "funneld.h"
#include "funneld/adapters/redis.h"
#include "lanes.h"
#include "signals.h"
#include "status.h"

enum { LOOK_EVERY_MS = 50, STATUS_EVERY_MS = 10000 };

static int64_t now_ms(const struct lanes *ls)
{
	return ls->app->clock->monotonic_ms(ls->app->clock->context);
}

static void status_line(const struct lanes *ls, size_t part, const struct fnl_stream_stats *s, const char *head)
{
	if (part < FNL_APP_STAGE_COUNT) {
		fnl_log_line(&ls->app->logger, FNL_INFO,
		             "%s: %s%zu of %zu partitions running; since the start: %" PRIu64 " records, %" PRIu64
		             " outputs, %" PRIu64 " timers, %" PRIu64 " stale, %" PRIu64 " dead letters, %" PRIu64
		             " transactions, %" PRIu64 " aborts, %" PRIu64 " producer resets, %" PRIu64 " repairs, %" PRIu64
		             " restored",
		             lanes_part_name(ls->app, part), head, s->partitions_running, s->partitions, s->records, s->outputs,
		             s->timers, s->stale, s->dead_letters, s->transactions, s->aborts, s->producer_resets, s->repairs,
		             s->restored_records);
	} else {
		fnl_log_line(&ls->app->logger, FNL_INFO,
		             "%s: %s%zu of %zu partitions running; since the start: %" PRIu64 " records, %" PRIu64
		             " outputs, %" PRIu64 " dead letters, %" PRIu64 " transactions",
		             lanes_part_name(ls->app, part), head, s->partitions_running, s->partitions, s->records, s->outputs,
		             s->dead_letters, s->transactions);
	}
}

/* What was told of a part. */
struct told {
	uint64_t records;
	bool running;
};

/* Each part says once that all its partitions run. */
static void tell_running(const struct lanes *ls, struct told told[LANES_PARTS])
{
	for (size_t part = 0; part < LANES_PARTS; part++) {
		struct fnl_stream_stats s = lanes_stats(ls, part);
		if (!told[part].running && s.partitions > 0 && s.partitions_running == s.partitions) {
			fnl_log_line(&ls->app->logger, FNL_INFO, "%s: running: %zu partitions", lanes_part_name(ls->app, part),
			             s.partitions);
			told[part].running = true;
		}
	}
}

/* A line for each stage, and for a relay that has had something to do. */
static void tell_status(const struct lanes *ls, struct told told[LANES_PARTS], int64_t elapsed_ms)
{
	for (size_t part = 0; part < LANES_PARTS; part++) {
		struct fnl_stream_stats s = lanes_stats(ls, part);
		if (part < FNL_APP_STAGE_COUNT || s.records != told[part].records) {
			char head[64];
			snprintf(head, sizeof(head), "%" PRIu64 " records/s, ",
			         (s.records - told[part].records) * 1000 / (uint64_t)elapsed_ms);
			status_line(ls, part, &s, head);
		}
		told[part].records = s.records;
	}
}

/* Until a signal, or until a thread could not go on. */
static void watch(const struct lanes *ls)
{
	int64_t since_ms = now_ms(ls);
	struct told told[LANES_PARTS] = {0};
	while (!*fnl_stop_flag() && !lanes_any_ended(ls)) {
		ls->app->clock->sleep_ms(ls->app->clock->context, LOOK_EVERY_MS);
		tell_running(ls, told);
		int64_t elapsed_ms = now_ms(ls) - since_ms;
		if (elapsed_ms >= STATUS_EVERY_MS) {
			tell_status(ls, told, elapsed_ms);
			since_ms = now_ms(ls);
		}
	}
}

/* Asks all to end and waits: false when the time was too short for one. */
static bool drain(const struct lanes *ls)
{
	int64_t end_ms = now_ms(ls) + fnl_settings_int(ls->app->settings, "shutdown.timeout");
	for (size_t i = 0; i < ls->count; i++) {
		if (ls->at[i].worker) {
			fnl_worker_stop(ls->at[i].worker);
		}
	}
	while (!lanes_all_ended(ls)) {
		if (now_ms(ls) >= end_ms) {
			return false;
		}
		ls->app->clock->sleep_ms(ls->app->clock->context, 5);
	}
	return true;
}

/* An unfit Redis shows as stored state that contradicts itself; which of both it is, it says itself. */
static int exit_code_of(struct lane *l, int status)
{
	struct fnl_error why;
	if (status == FNL_E_STATE && l->store && fnl_redis_store_check(l->store, &why) == FNL_E_STATE) {
		return FNL_EXIT_REDIS;
	}
	return fnl_exit_code(status);
}

/* The exit code of the first that ended badly, and which part it was. */
static int join_all(struct lanes *ls, size_t *ret_part)
{
	int code = FNL_EXIT_OK;
	for (size_t i = 0; i < ls->count; i++) {
		struct fnl_error why = {0, ""};
		struct lane *l = &ls->at[i];
		int status = l->worker ? fnl_worker_join(l->worker, &why) : 0;
		if (status && code == FNL_EXIT_OK) {
			code = exit_code_of(l, status);
			*ret_part = l->part;
		}
		lane_close(l);
	}
	return code;
}

static void tell_end(const struct fnl_app *app, int code, size_t part)
{
	char hint[128] = "";
	if (code == FNL_EXIT_STATE && part < FNL_APP_STAGE_COUNT) {
		snprintf(hint, sizeof(hint), "; `funnelctl repair --stage %s --partition P` mends it",
		         lanes_part_name(app, part));
	} else if (code == FNL_EXIT_FENCED) {
		snprintf(hint, sizeof(hint), "; give each worker an instance.id of its own");
	}
	fnl_log_line(&app->logger, code ? FNL_ERROR : FNL_INFO, "ended with exit code %d: %s%s", code, fnl_exit_text(code),
	             hint);
}

static void tell_start(const struct fnl_app *app, const int32_t partitions[FNL_APP_STAGE_COUNT])
{
	for (size_t i = 0; i < FNL_APP_STAGE_COUNT; i++) {
		const struct fnl_app_stage *s = fnl_app_stage(app, (enum fnl_app_stage_id)i);
		fnl_log_line(&app->logger, FNL_INFO, "stage %s: %d threads, %d partitions of %s, clock %s, instance %s",
		             s->stage.name, (int)fnl_settings_int(app->settings, s->threads), (int)partitions[i],
		             s->input_topic, fnl_settings_string(app->settings, "clock"),
		             fnl_settings_string(app->settings, "instance.id"));
	}
}

int funneld_run(struct fnl_app *app, const int32_t partitions[FNL_APP_STAGE_COUNT])
{
	struct fnl_error why = {0, ""};
	struct lanes *ls = fnl_calloc(1, sizeof(*ls));
	size_t part = 0;
	if (!ls) {
		fnl_fail(&why, FNL_E_NOMEM, "no memory for threads");
		return fnl_app_fail(app, FNL_EXIT_INTERNAL, &why);
	}
	ls->app = app;
	struct status *status;
	int rc = status_open(ls, &status, &why);
	rc = rc ? rc : lanes_open(ls, partitions, &why);
	if (!rc) {
		tell_start(app, partitions);
		watch(ls);
	}
	if (!drain(ls)) {
		fnl_log_line(&app->logger, FNL_ERROR,
		             "a thread did not end within shutdown.timeout; ending all the same: nothing is lost");
		_exit(FNL_EXIT_INTERNAL);
	}
	for (size_t i = 0; i < LANES_PARTS && !rc; i++) {
		struct fnl_stream_stats s = lanes_stats(ls, i);
		status_line(ls, i, &s, "");
	}
	status_close(status);
	int code = join_all(ls, &part);
	fnl_free(ls);
	if (rc) {
		return fnl_app_fail(app, fnl_exit_code(rc), &why);
	}
	tell_end(app, code, part);
	return code;
}
