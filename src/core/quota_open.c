/* How a quota run, or a recount, begins; and why it may not. */
#include "quota_internal.h"

#define HOUR_MS INT64_C(3600000)

/* Why the command is refused, FNL_REJECT_REASON_COUNT when it is not; and by which run. */
struct refusal {
	int reason;
	struct fnl_span run_id;
};

static bool is_whole(struct fnl_value rep_ids)
{
	return rep_ids.list.count == 0;
}

/* What this run has against the command, by what both commands say alone. */
static int objection_of(const struct fnl_value *run, const struct fnl_value *command)
{
	if (fnl_span_eq(run[FNL_QUOTA_RUN_RUN_ID].str, command[FNL_OPEN_QUOTA_YEAR_RUN_ID].str)) {
		return FNL_REJECT_REASON_RUN_ID_IS_USED;
	}
	if (!fnl_span_eq(run[FNL_QUOTA_RUN_ORG_ID].str, command[FNL_OPEN_QUOTA_YEAR_ORG_ID].str)) {
		return FNL_REJECT_REASON_COUNT;
	}
	if (run[FNL_QUOTA_RUN_FISCAL_YEAR].i64 == command[FNL_OPEN_QUOTA_YEAR_FISCAL_YEAR].i64 &&
	    is_whole(run[FNL_QUOTA_RUN_REP_IDS]) && is_whole(command[FNL_OPEN_QUOTA_YEAR_REP_IDS])) {
		return FNL_REJECT_REASON_YEAR_IS_OPEN;
	}
	if (run[FNL_QUOTA_RUN_SETTLED_AT].i64 > command[FNL_OPEN_QUOTA_YEAR_AS_OF].i64) {
		return FNL_REJECT_REASON_RUN_UNFINISHED;
	}
	return FNL_REJECT_REASON_COUNT;
}

static struct refusal refusal_of(struct fnl_list runs, const struct fnl_value *command)
{
	static const int order[] = {FNL_REJECT_REASON_RUN_ID_IS_USED, FNL_REJECT_REASON_YEAR_IS_OPEN,
	                            FNL_REJECT_REASON_RUN_UNFINISHED};
	size_t unfinished = 0;
	if (command[FNL_OPEN_QUOTA_YEAR_AS_OF].i64 < command[FNL_OPEN_QUOTA_YEAR_ISSUED_AT].i64) {
		return (struct refusal){FNL_REJECT_REASON_AS_OF_BEFORE_ISSUED, FNL_SPAN_NONE};
	}
	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
		for (size_t i = 0; i < runs.count; i++) {
			const struct fnl_value *run = runs.items[i].list.items;
			if (objection_of(run, command) == order[k]) {
				return (struct refusal){order[k], run[FNL_QUOTA_RUN_RUN_ID].str};
			}
		}
	}
	for (size_t i = 0; i < runs.count; i++) {
		int64_t settled_ms = runs.items[i].list.items[FNL_QUOTA_RUN_SETTLED_AT].i64;
		unfinished += settled_ms > command[FNL_OPEN_QUOTA_YEAR_ISSUED_AT].i64 ? 1 : 0;
	}
	bool full = unfinished >= FNL_QUOTA_RUNS_MAX;
	return (struct refusal){full ? FNL_REJECT_REASON_TOO_MANY_RUNS : FNL_REJECT_REASON_COUNT, FNL_SPAN_NONE};
}

static int reject(const struct fnl_value *command, struct refusal refusal, struct fnl_arena *arena,
                  struct fnl_event_out *ret)
{
	struct fnl_value *v = fnl_arena_calloc(arena, FNL_COMMAND_REJECTED_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_COMMAND_REJECTED_OCCURRED_AT] = command[FNL_OPEN_QUOTA_YEAR_OCCURRED_AT];
	v[FNL_COMMAND_REJECTED_COMMAND] = fnl_value_str(fnl_span_str(fnl_desc_open_quota_year.name));
	v[FNL_COMMAND_REJECTED_COMMAND_ID] = command[FNL_OPEN_QUOTA_YEAR_COMMAND_ID];
	v[FNL_COMMAND_REJECTED_ORG_ID] = command[FNL_OPEN_QUOTA_YEAR_ORG_ID];
	v[FNL_COMMAND_REJECTED_ISSUED_BY] = command[FNL_OPEN_QUOTA_YEAR_ISSUED_BY];
	v[FNL_COMMAND_REJECTED_REASON] = fnl_value_i64(refusal.reason);
	v[FNL_COMMAND_REJECTED_RUN_ID] = fnl_value_str_or_null(refusal.run_id);
	*ret = (struct fnl_event_out){&fnl_desc_command_rejected, v};
	return FNL_OK;
}

static struct fnl_value *new_run(const struct fnl_value *command, const struct fnl_rules *rules,
                                 struct fnl_span cause_id, struct fnl_span correlation_id, struct fnl_arena *arena)
{
	struct fnl_value *run = fnl_arena_calloc(arena, FNL_QUOTA_RUN_FIELD_COUNT, sizeof(*run));
	if (!run) {
		return NULL;
	}
	int64_t settle_ms = rules->values[FNL_RULES_AT_QUOTA_SETTLE_HOURS] * HOUR_MS;
	run[FNL_QUOTA_RUN_ORG_ID] = command[FNL_OPEN_QUOTA_YEAR_ORG_ID];
	run[FNL_QUOTA_RUN_FISCAL_YEAR] = command[FNL_OPEN_QUOTA_YEAR_FISCAL_YEAR];
	run[FNL_QUOTA_RUN_RUN_ID] = command[FNL_OPEN_QUOTA_YEAR_RUN_ID];
	run[FNL_QUOTA_RUN_COMMAND_ID] = command[FNL_OPEN_QUOTA_YEAR_COMMAND_ID];
	run[FNL_QUOTA_RUN_ISSUED_AT] = command[FNL_OPEN_QUOTA_YEAR_ISSUED_AT];
	run[FNL_QUOTA_RUN_AS_OF] = command[FNL_OPEN_QUOTA_YEAR_AS_OF];
	run[FNL_QUOTA_RUN_SETTLED_AT] = fnl_value_i64(command[FNL_OPEN_QUOTA_YEAR_AS_OF].i64 + settle_ms);
	run[FNL_QUOTA_RUN_BASE_CURRENCY] = command[FNL_OPEN_QUOTA_YEAR_BASE_CURRENCY];
	run[FNL_QUOTA_RUN_REP_IDS] = command[FNL_OPEN_QUOTA_YEAR_REP_IDS];
	run[FNL_QUOTA_RUN_RATE_NAME] = command[FNL_OPEN_QUOTA_YEAR_RATE_NAME];
	run[FNL_QUOTA_RUN_RATE_DATE] = command[FNL_OPEN_QUOTA_YEAR_RATE_DATE];
	run[FNL_QUOTA_RUN_RATES] = fnl_value_list(NULL, 0);
	run[FNL_QUOTA_RUN_STATE] = fnl_value_i64(FNL_QUOTA_RUN_STATE_OPENED);
	run[FNL_QUOTA_RUN_IN_BOOK] = fnl_value_i64(0);
	run[FNL_QUOTA_RUN_BOOKS_DONE] = fnl_value_i64(0);
	run[FNL_QUOTA_RUN_LINES_DONE] = fnl_value_i64(0);
	run[FNL_QUOTA_RUN_CAUSE_ID] = fnl_value_str(fnl_span_is_none(cause_id) ? FNL_SPAN_LIT("") : cause_id);
	run[FNL_QUOTA_RUN_CORRELATION_ID] =
		fnl_value_str(fnl_span_is_none(correlation_id) ? FNL_SPAN_LIT("") : correlation_id);
	return run;
}

/* The list with the run at its end; of the finished ones the oldest make room. */
static int add_run(struct fnl_value *runs, const struct fnl_value *run, struct fnl_arena *arena)
{
	struct fnl_list old = runs->list;
	struct fnl_value *items = fnl_arena_alloc(arena, (old.count + 1) * sizeof(*items));
	size_t leave = old.count + 1 > FNL_QUOTA_RUNS_MAX ? old.count + 1 - FNL_QUOTA_RUNS_MAX : 0;
	size_t count = 0;
	if (!items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < old.count; i++) {
		if (leave > 0 && old.items[i].list.items[FNL_QUOTA_RUN_STATE].i64 == FNL_QUOTA_RUN_STATE_FROZEN) {
			leave--;
		} else {
			items[count++] = old.items[i];
		}
	}
	if (count == FNL_RECORD_LIST_ITEMS_MAX) {
		return FNL_E_LIMIT; /* settled long ago by their commands, but no pass has come to them */
	}
	items[count++] = fnl_value_list(run, FNL_QUOTA_RUN_FIELD_COUNT);
	*runs = fnl_value_list(items, count);
	return FNL_OK;
}

static bool is_known(struct fnl_list runs, struct fnl_span command_id)
{
	for (size_t i = 0; i < runs.count; i++) {
		if (fnl_span_eq(runs.items[i].list.items[FNL_QUOTA_RUN_COMMAND_ID].str, command_id)) {
			return true;
		}
	}
	return false;
}

int fnl_quota_open(const struct fnl_value *jobs, const struct fnl_value *command, const struct fnl_rules *rules,
                   struct fnl_span cause_id, struct fnl_span correlation_id, int64_t now_ms, struct fnl_arena *arena,
                   struct fnl_quota_opened *ret, struct fnl_error *why)
{
	struct fnl_quota_opened out = {.jobs = NULL};
	struct fnl_list runs = jobs ? jobs[FNL_PARTITION_JOBS_RUNS].list : (struct fnl_list){NULL, 0};
	int r = fnl_input_check(&fnl_desc_open_quota_year, command, why);
	if (r < 0) {
		return r;
	}
	if (is_known(runs, command[FNL_OPEN_QUOTA_YEAR_COMMAND_ID].str)) {
		out.stale = true;
		*ret = out;
		return FNL_OK;
	}
	struct refusal refusal = refusal_of(runs, command);
	if (refusal.reason != FNL_REJECT_REASON_COUNT) {
		r = reject(command, refusal, arena, &out.rejection);
		if (r == 0) {
			*ret = out;
		}
		return r;
	}
	struct fnl_value *run = new_run(command, rules, cause_id, correlation_id, arena);
	out.jobs = fnl_quota_jobs_open(jobs, arena);
	if (!run || !out.jobs) {
		return FNL_E_NOMEM;
	}
	r = add_run(&out.jobs[FNL_PARTITION_JOBS_RUNS], run, arena);
	if (r < 0) {
		return r == FNL_E_LIMIT ? fnl_fail(why, r, "%zu quota runs wait for their turn", runs.count) : r;
	}
	fnl_quota_arm(out.jobs, now_ms);
	*ret = out;
	return FNL_OK;
}

int fnl_quota_rules_changed(const struct fnl_value *jobs, const struct fnl_rules *before, const struct fnl_rules *rules,
                            struct fnl_span cause_id, struct fnl_span correlation_id, int64_t now_ms,
                            struct fnl_arena *arena, struct fnl_value **ret_jobs)
{
	if (before->values[FNL_RULES_AT_FISCAL_MONTH] == rules->values[FNL_RULES_AT_FISCAL_MONTH] &&
	    before->values[FNL_RULES_AT_FISCAL_DAY] == rules->values[FNL_RULES_AT_FISCAL_DAY]) {
		*ret_jobs = NULL;
		return FNL_OK;
	}
	struct fnl_value *new = fnl_quota_jobs_open(jobs, arena);
	if (!new) {
		return FNL_E_NOMEM;
	}
	/* one that is on its way begins anew: it has filed lines by the rules before */
	new[FNL_PARTITION_JOBS_RECOUNT_VERSION] = fnl_value_i64(rules->version);
	new[FNL_PARTITION_JOBS_RECOUNT_AT] = fnl_value_i64(now_ms);
	new[FNL_PARTITION_JOBS_RECOUNT_BOOK] = fnl_value_null();
	new[FNL_PARTITION_JOBS_RECOUNT_IN_BOOK] = fnl_value_i64(0);
	new[FNL_PARTITION_JOBS_RECOUNT_LINE] = fnl_value_null();
	new[FNL_PARTITION_JOBS_RECOUNT_CAUSE_ID] = fnl_value_str_or_null(cause_id);
	new[FNL_PARTITION_JOBS_RECOUNT_CORRELATION_ID] = fnl_value_str_or_null(correlation_id);
	fnl_quota_arm(new, now_ms);
	*ret_jobs = new;
	return FNL_OK;
}
