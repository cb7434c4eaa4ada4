/* The stream threads: what each owns, how they start, are watched, and end. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "funneld.h"
#include "funneld/adapters/redis.h"
#include "signals.h"
#include "worker.h"

enum { LOOK_EVERY_MS = 50, STATUS_EVERY_MS = 10000, THREADS_MAX = 64 };

/* All that one thread owns. */
struct lane {
	struct fnl_log *log;
	struct fnl_store *store;
	struct fnl_codec *codec;
	struct fnl_operator *op;
	struct fnl_worker *worker;
	char name[32];
};

struct lanes {
	struct fnl_app *app;
	struct lane at[THREADS_MAX];
	size_t count;
};

static void close_lane(struct lane *l)
{
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

static int open_lane(struct lanes *ls, struct lane *l, size_t thread, const struct fnl_stream_settings *settings,
                     struct fnl_error *why)
{
	struct fnl_app *app = ls->app;
	snprintf(l->name, sizeof(l->name), "prospect-%zu", thread);
	int rc = fnl_app_codec_new(app, &l->codec, why);
	if (!rc) {
		rc = fnl_prospect_operator_open(l->codec, app->ids, fnl_app_rules_reader(), &l->op, why);
	}
	if (!rc) {
		rc = fnl_app_store_new(app, FNL_APP_STAGE_PROSPECT, &l->store, why);
	}
	if (!rc) {
		rc = fnl_app_log_new(app, FNL_APP_STAGE_PROSPECT, thread, &l->log, why);
	}
	if (!rc) {
		struct fnl_worker_spec spec = {l->name,
		                               &fnl_app_stage(app, FNL_APP_STAGE_PROSPECT)->stage,
		                               settings,
		                               {l->log, l->store, l->op, app->clock, &app->logger}};
		rc = fnl_worker_start(&spec, &l->worker, why);
	}
	return rc;
}

static bool any_has_ended(const struct lanes *ls)
{
	for (size_t i = 0; i < ls->count; i++) {
		if (ls->at[i].worker && fnl_worker_has_ended(ls->at[i].worker)) {
			return true;
		}
	}
	return false;
}

static bool all_have_ended(const struct lanes *ls)
{
	for (size_t i = 0; i < ls->count; i++) {
		if (ls->at[i].worker && !fnl_worker_has_ended(ls->at[i].worker)) {
			return false;
		}
	}
	return true;
}

static int64_t now_ms(const struct lanes *ls)
{
	return ls->app->clock->monotonic_ms(ls->app->clock->context);
}

static struct fnl_stream_stats sum_of(const struct lanes *ls)
{
	struct fnl_stream_stats sum = {0};
	for (size_t i = 0; i < ls->count; i++) {
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

static void status_line(const struct lanes *ls, const char *head)
{
	struct fnl_stream_stats s = sum_of(ls);
	fnl_log_line(&ls->app->logger, FNL_INFO,
	             "%s%zu of %zu partitions running; since the start: %" PRIu64 " records, %" PRIu64 " outputs, %" PRIu64
	             " timers, %" PRIu64 " stale, %" PRIu64 " dead letters, %" PRIu64 " transactions, %" PRIu64
	             " aborts, %" PRIu64 " producer resets, %" PRIu64 " repairs, %" PRIu64 " restored",
	             head, s.partitions_running, s.partitions, s.records, s.outputs, s.timers, s.stale, s.dead_letters,
	             s.transactions, s.aborts, s.producer_resets, s.repairs, s.restored_records);
}

/* Until a signal, or until a thread could not go on. */
static void watch(const struct lanes *ls)
{
	int64_t since_ms = now_ms(ls);
	uint64_t records = 0;
	bool ran = false;
	while (!*fnl_stop_flag() && !any_has_ended(ls)) {
		ls->app->clock->sleep_ms(ls->app->clock->context, LOOK_EVERY_MS);
		struct fnl_stream_stats s = sum_of(ls);
		if (!ran && s.partitions > 0 && s.partitions_running == s.partitions) {
			fnl_log_line(&ls->app->logger, FNL_INFO, "running: %zu partitions", s.partitions);
			ran = true;
		}
		int64_t elapsed_ms = now_ms(ls) - since_ms;
		if (elapsed_ms >= STATUS_EVERY_MS) {
			char head[64];
			snprintf(head, sizeof(head), "%" PRIu64 " records/s, ",
			         (s.records - records) * 1000 / (uint64_t)elapsed_ms);
			status_line(ls, head);
			records = s.records;
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
	while (!all_have_ended(ls)) {
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

static int join_all(struct lanes *ls)
{
	int code = FNL_EXIT_OK;
	for (size_t i = 0; i < ls->count; i++) {
		struct fnl_error why = {0, ""};
		struct lane *l = &ls->at[i];
		int status = l->worker ? fnl_worker_join(l->worker, &why) : 0;
		if (status && code == FNL_EXIT_OK) {
			code = exit_code_of(l, status);
		}
		close_lane(l);
	}
	return code;
}

static const char *hint_of(int code)
{
	switch (code) {
	case FNL_EXIT_STATE:
		return "; `funnelctl repair --stage prospect --partition P` mends it";
	case FNL_EXIT_FENCED:
		return "; give each worker an instance.id of its own";
	default:
		return "";
	}
}

int funneld_run(struct fnl_app *app, int32_t partitions)
{
	struct fnl_stream_settings settings = fnl_app_stream_settings(app, partitions);
	struct fnl_error why = {0, ""};
	struct lanes *ls = fnl_calloc(1, sizeof(*ls));
	int rc = 0;
	size_t threads = (size_t)fnl_settings_int(app->settings, "threads.prospect");
	if (!ls) {
		fnl_fail(&why, FNL_E_NOMEM, "no memory for threads");
		return fnl_app_fail(app, FNL_EXIT_INTERNAL, &why);
	}
	ls->app = app;
	for (; ls->count < threads && !rc; ls->count++) {
		rc = open_lane(ls, &ls->at[ls->count], ls->count, &settings, &why);
	}
	if (!rc) {
		fnl_log_line(&app->logger, FNL_INFO, "stage prospect: %zu threads, %d partitions of %s, clock %s, instance %s",
		             threads, (int)partitions, fnl_app_topic(app, FNL_TOPIC_PROSPECT_CHANGES),
		             fnl_settings_string(app->settings, "clock"), fnl_settings_string(app->settings, "instance.id"));
		watch(ls);
	}
	if (!drain(ls)) {
		fnl_log_line(&app->logger, FNL_ERROR,
		             "a thread did not end within shutdown.timeout; ending all the same: nothing is lost");
		_exit(FNL_EXIT_INTERNAL);
	}
	if (!rc) {
		status_line(ls, "");
	}
	int code = join_all(ls);
	fnl_free(ls);
	if (rc) {
		return fnl_app_fail(app, fnl_exit_code(rc), &why);
	}
	fnl_log_line(&app->logger, code ? FNL_ERROR : FNL_INFO, "ended with exit code %d: %s%s", code, fnl_exit_text(code),
	             hint_of(code));
	return code;
}
