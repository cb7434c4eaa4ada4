/* A handover on its way through one input: its row opened, its successors and jobs, and what state follows. */
#include "handover_internal.h"

bool fnl_handover_is_live(const struct fnl_value *row)
{
	int64_t state = row[FNL_HANDOVER_STATE].i64;
	return state == FNL_HANDOVER_STATE_RECONCILING || state == FNL_HANDOVER_STATE_NAMING ||
	       state == FNL_HANDOVER_STATE_OPENING || state == FNL_HANDOVER_STATE_RUNNING;
}

bool fnl_handover_has_ended(const struct fnl_value *row)
{
	int64_t state = row[FNL_HANDOVER_STATE].i64;
	return state == FNL_HANDOVER_STATE_CANCELLED || state == FNL_HANDOVER_STATE_REPLACED || row[FNL_HANDOVER_NEXT].set;
}

/* ---- the row's lists ---- */

static int load_heirs(struct fnl_handing *h)
{
	struct fnl_list heirs = h->row[FNL_HANDOVER_SUCCESSORS].list;
	struct fnl_list jobs = h->row[FNL_HANDOVER_JOBS].list;
	struct fnl_list checks = h->row[FNL_HANDOVER_CHECKS].list;
	if (heirs.count > FNL_HANDOVER_SUCCESSORS_MAX || jobs.count > FNL_HANDOVER_JOBS_MAX ||
	    checks.count > FNL_HANDOVER_CHECKS_MAX) {
		return fnl_fail(h->why, FNL_E_STATE, "a handover has more successors, jobs or checks than there may be");
	}
	for (size_t i = 0; i < heirs.count; i++) {
		const struct fnl_value *v = heirs.items[i].list.items;
		h->heirs[i] = (struct fnl_heir){.id = v[FNL_HANDOVER_SUCCESSOR_SUCCESSOR_ID].str,
		                                .blocking = v[FNL_HANDOVER_SUCCESSOR_BLOCKING].i64,
		                                .waiting = v[FNL_HANDOVER_SUCCESSOR_WAITING].i64,
		                                .listed = v[FNL_HANDOVER_SUCCESSOR_LISTED].i64 != 0,
		                                .leaving = v[FNL_HANDOVER_SUCCESSOR_LEAVING].i64 != 0,
		                                .released_at = v[FNL_HANDOVER_SUCCESSOR_RELEASED_AT]};
	}
	for (size_t i = 0; i < jobs.count; i++) {
		const struct fnl_value *v = jobs.items[i].list.items;
		h->jobs[i] = (struct fnl_heir_job){(int)v[FNL_HANDOVER_SUCCESSOR_JOB_JOB].i64,
		                                   v[FNL_HANDOVER_SUCCESSOR_JOB_SUCCESSOR_ID].str};
	}
	for (size_t i = 0; i < checks.count; i++) {
		h->checks[i] = checks.items[i].list.items;
	}
	h->heir_count = heirs.count;
	h->job_count = jobs.count;
	h->check_count = checks.count;
	return FNL_OK;
}

static void store_heir(const struct fnl_heir *heir, struct fnl_value *v)
{
	v[FNL_HANDOVER_SUCCESSOR_SUCCESSOR_ID] = fnl_value_str(heir->id);
	v[FNL_HANDOVER_SUCCESSOR_BLOCKING] = fnl_value_i64(heir->blocking);
	v[FNL_HANDOVER_SUCCESSOR_WAITING] = fnl_value_i64(heir->waiting);
	v[FNL_HANDOVER_SUCCESSOR_LISTED] = fnl_value_i64(heir->listed);
	v[FNL_HANDOVER_SUCCESSOR_LEAVING] = fnl_value_i64(heir->leaving);
	v[FNL_HANDOVER_SUCCESSOR_RELEASED_AT] = heir->released_at;
}

int fnl_handing_store(struct fnl_handing *h)
{
	enum { HEIR = FNL_HANDOVER_SUCCESSOR_FIELD_COUNT, JOB = FNL_HANDOVER_SUCCESSOR_JOB_FIELD_COUNT };
	size_t lists = h->heir_count + h->job_count + h->check_count;
	size_t values = h->heir_count * HEIR + h->job_count * JOB;
	struct fnl_value *items = fnl_arena_calloc(h->in->arena, lists + values + 1, sizeof(*items));
	if (!items) {
		return FNL_E_NOMEM;
	}
	struct fnl_value *at = items + lists;
	h->row[FNL_HANDOVER_SUCCESSORS] = fnl_value_list(items, h->heir_count);
	for (size_t i = 0; i < h->heir_count; i++, at += HEIR) {
		store_heir(&h->heirs[i], at);
		*items++ = fnl_value_list(at, HEIR);
	}
	h->row[FNL_HANDOVER_JOBS] = fnl_value_list(items, h->job_count);
	for (size_t i = 0; i < h->job_count; i++, at += JOB) {
		at[FNL_HANDOVER_SUCCESSOR_JOB_JOB] = fnl_value_i64(h->jobs[i].job);
		at[FNL_HANDOVER_SUCCESSOR_JOB_SUCCESSOR_ID] = fnl_value_str(h->jobs[i].heir_id);
		*items++ = fnl_value_list(at, JOB);
	}
	h->row[FNL_HANDOVER_CHECKS] = fnl_value_list(items, h->check_count);
	for (size_t i = 0; i < h->check_count; i++) {
		*items++ = fnl_value_list(h->checks[i], FNL_SUCCESSOR_CHECK_FIELD_COUNT);
	}
	return FNL_OK;
}

int fnl_handing_open(struct fnl_handing *h, const struct fnl_handover_in *in, enum fnl_handover_event event,
                     int64_t occurred_ms, size_t events_max, struct fnl_error *why)
{
	memset(h, 0, sizeof(*h));
	h->in = in;
	h->why = why;
	h->event = event;
	h->at_ms = occurred_ms > in->now_ms ? occurred_ms : in->now_ms;
	h->events_max = events_max;
	h->events = fnl_arena_calloc(in->arena, events_max, sizeof(*h->events));
	if (!h->events || !in->row) {
		return h->events ? FNL_OK : FNL_E_NOMEM;
	}
	h->row = fnl_values_copy(in->arena, in->row, FNL_HANDOVER_FIELD_COUNT);
	return h->row ? load_heirs(h) : FNL_E_NOMEM;
}

/* ---- successors ---- */

struct fnl_heir *fnl_heir_of(struct fnl_handing *h, struct fnl_span id)
{
	for (size_t i = 0; i < h->heir_count; i++) {
		if (fnl_span_eq(h->heirs[i].id, id)) {
			return &h->heirs[i];
		}
	}
	return NULL;
}

struct fnl_value fnl_heir_meant(const struct fnl_handing *h, const struct fnl_value *task)
{
	return task[FNL_TASK_NAMED_ID].set ? task[FNL_TASK_NAMED_ID] : h->row[FNL_HANDOVER_SUCCESSOR_ID];
}

struct fnl_heir *fnl_heir_ready(struct fnl_handing *h, const struct fnl_value *task)
{
	struct fnl_value id = fnl_heir_meant(h, task);
	bool listing = fnl_handing_i64(h, FNL_HANDOVER_STATE) == FNL_HANDOVER_STATE_RECONCILING;
	struct fnl_heir *heir = id.set && !listing ? fnl_heir_of(h, id.str) : NULL;
	return heir && !heir->leaving ? heir : NULL;
}

/* Whether one of his tasks blocked before this input. */
static bool did_block(const struct fnl_handing *h, struct fnl_span heir_id)
{
	struct fnl_list before = h->in->row ? h->in->row[FNL_HANDOVER_SUCCESSORS].list : (struct fnl_list){0};
	for (size_t i = 0; i < before.count; i++) {
		const struct fnl_value *v = before.items[i].list.items;
		if (fnl_span_eq(v[FNL_HANDOVER_SUCCESSOR_SUCCESSOR_ID].str, heir_id)) {
			return v[FNL_HANDOVER_SUCCESSOR_BLOCKING].i64 > 0;
		}
	}
	return false;
}

/* Opens the gates whose time has come: when all that the input does is done, since a task that blocks may be replaced
 * by another one that does. A release is latched: whatever comes later, the gate stays open. So it does not open for
 * one who has no tasks yet: what he gets later is to come in its order, too. */
static int look_at_gates(struct fnl_handing *h)
{
	int r = FNL_OK;
	for (size_t i = 0; i < h->heir_count && r == FNL_OK; i++) {
		struct fnl_heir *heir = &h->heirs[i];
		if (heir->leaving || !heir->listed || heir->released_at.set || heir->blocking > 0) {
			continue;
		}
		if (heir->waiting == 0 && !did_block(h, heir->id)) {
			continue;
		}
		heir->released_at = fnl_value_i64(h->at_ms);
		r = heir->waiting > 0 ? fnl_heir_job(h, FNL_HANDOVER_JOB_RELEASE, heir->id) : FNL_OK;
	}
	return r;
}

/* ---- jobs ---- */

bool fnl_heir_job_waits(const struct fnl_handing *h, int job, struct fnl_span heir_id)
{
	for (size_t i = 0; i < h->job_count; i++) {
		if (h->jobs[i].job == job && (fnl_span_is_none(heir_id) || fnl_span_eq(h->jobs[i].heir_id, heir_id))) {
			return true;
		}
	}
	return false;
}

int fnl_heir_job(struct fnl_handing *h, int job, struct fnl_span heir_id)
{
	if (fnl_heir_job_waits(h, job, heir_id)) {
		return FNL_OK;
	}
	if (h->job_count == FNL_HANDOVER_JOBS_MAX) {
		return fnl_fail(h->why, FNL_E_LIMIT, "more than %d jobs of a handover wait", FNL_HANDOVER_JOBS_MAX);
	}
	h->jobs[h->job_count++] = (struct fnl_heir_job){job, heir_id};
	if (fnl_handing_i64(h, FNL_HANDOVER_JOB) == FNL_HANDOVER_JOB_NONE) {
		fnl_handing_next_job(h);
	}
	return FNL_OK;
}

void fnl_handing_next_job(struct fnl_handing *h)
{
	h->row[FNL_HANDOVER_AFTER] = fnl_value_null();
	h->row[FNL_HANDOVER_JOB] = fnl_value_i64(FNL_HANDOVER_JOB_NONE);
	h->row[FNL_HANDOVER_JOB_SUCCESSOR_ID] = fnl_value_null();
	if (h->job_count == 0) {
		return;
	}
	h->row[FNL_HANDOVER_JOB] = fnl_value_i64(h->jobs[0].job);
	h->row[FNL_HANDOVER_JOB_SUCCESSOR_ID] = fnl_value_str(h->jobs[0].heir_id);
	h->job_count--;
	memmove(h->jobs, h->jobs + 1, h->job_count * sizeof(h->jobs[0]));
}

void fnl_handing_restart(struct fnl_handing *h, int job)
{
	h->job_count = 0;
	h->check_count = 0;
	fnl_handing_next_job(h);
	h->row[FNL_HANDOVER_JOB] = fnl_value_i64(job);
}

/* ---- the state that follows ---- */

static bool opens(const struct fnl_handing *h)
{
	return fnl_handing_i64(h, FNL_HANDOVER_JOB) == FNL_HANDOVER_JOB_OPEN ||
	       fnl_heir_job_waits(h, FNL_HANDOVER_JOB_OPEN, FNL_SPAN_NONE);
}

static bool unnames(const struct fnl_handing *h)
{
	return fnl_handing_i64(h, FNL_HANDOVER_JOB) == FNL_HANDOVER_JOB_UNNAME ||
	       fnl_heir_job_waits(h, FNL_HANDOVER_JOB_UNNAME, FNL_SPAN_NONE);
}

static int settled(const struct fnl_handing *h)
{
	bool at_work = fnl_handing_i64(h, FNL_HANDOVER_JOB) != FNL_HANDOVER_JOB_NONE;
	if (opens(h)) {
		return FNL_HANDOVER_STATE_OPENING;
	}
	if (fnl_handing_i64(h, FNL_HANDOVER_UNNAMED_COUNT) > 0) {
		return FNL_HANDOVER_STATE_NAMING;
	}
	bool done = !at_work && fnl_handing_i64(h, FNL_HANDOVER_OPEN_COUNT) == 0 &&
	            fnl_handing_i64(h, FNL_HANDOVER_REVIEW) == FNL_REVIEW_STATE_ACCEPTED;
	return done ? FNL_HANDOVER_STATE_COMPLETED : FNL_HANDOVER_STATE_RUNNING;
}

static int complete(struct fnl_handing *h)
{
	int64_t window_ms = fnl_handing_rule(h, FNL_RULES_AT_WINDOW_DAYS) * FNL_BUSINESS_DAY_MS;
	int64_t end_ms = fnl_day_end(&h->in->rules->calendar, fnl_handing_i64(h, FNL_HANDOVER_LAST_DAY));
	h->row[FNL_HANDOVER_COMPLETED_AT] = fnl_value_i64(h->at_ms);
	h->row[FNL_HANDOVER_WATCH_UNTIL] = fnl_value_i64(end_ms + window_ms);
	h->row[FNL_HANDOVER_REVIEW_DUE_AT] = fnl_value_null();
	h->check_count = 0;
	int r = fnl_tell_completed(h);
	return r ? r : fnl_watch_tell(h);
}

/* Somebody is missing, or nobody is any more. */
static void settle_naming(struct fnl_handing *h, int state)
{
	bool due = h->row[FNL_HANDOVER_NAMING_DUE_AT].set;
	if (state == FNL_HANDOVER_STATE_NAMING && !due &&
	    fnl_handing_i64(h, FNL_HANDOVER_NAMING_LEVEL) == FNL_ALERT_LEVEL_NONE) {
		fnl_naming_arm(h, h->at_ms);
	}
	if (fnl_handing_i64(h, FNL_HANDOVER_UNNAMED_COUNT) == 0 && !unnames(h)) {
		h->row[FNL_HANDOVER_NAMING_DUE_AT] = fnl_value_null();
		h->row[FNL_HANDOVER_NAMING_LEVEL] = fnl_value_i64(FNL_ALERT_LEVEL_NONE);
	}
}

static int settle(struct fnl_handing *h)
{
	int64_t from = h->in->row ? h->in->row[FNL_HANDOVER_STATE].i64 : (int64_t)FNL_HANDOVER_STATE_NO_ROW;
	int64_t to = fnl_handing_i64(h, FNL_HANDOVER_STATE);
	bool moves =
		fnl_handover_is_live(h->row) && (to != FNL_HANDOVER_STATE_RECONCILING || h->event == FNL_HANDOVER_ON_LISTED);
	int r = FNL_OK;
	if (moves) {
		to = settled(h);
		h->row[FNL_HANDOVER_STATE] = fnl_value_i64(to);
		settle_naming(h, (int)to);
		r = to == FNL_HANDOVER_STATE_COMPLETED ? complete(h) : FNL_OK;
	}
	struct fnl_state_rule rule = fnl_handover_rule((int)from, h->event);
	if (r == FNL_OK && to != from && (rule.to >> to & 1U) == 0) {
		return fnl_fail(h->why, FNL_E_STATE, "a handover goes from %s to %s on %s", fnl_handover_state_text((int)from),
		                fnl_handover_state_text((int)to), fnl_handover_event_text(h->event));
	}
	return r;
}

int fnl_handing_close(struct fnl_handing *h)
{
	int r = fnl_handover_is_live(h->row) ? look_at_gates(h) : FNL_OK;
	r = r ? r : settle(h);
	if (r == FNL_OK) {
		fnl_handover_arm(h);
		r = fnl_handing_store(h);
	}
	return r;
}

static bool is_as_it_was(const struct fnl_handing *h)
{
	for (size_t i = 0; h->in->row && i < FNL_HANDOVER_FIELD_COUNT; i++) {
		if (!fnl_value_eq(&fnl_desc_handover.fields[i], &h->in->row[i], &h->row[i])) {
			return false;
		}
	}
	return h->in->row != NULL;
}

void fnl_handing_outcome(const struct fnl_handing *h, struct fnl_handover_out *ret)
{
	ret->row = is_as_it_was(h) ? NULL : h->row;
	ret->events = h->events;
	ret->event_count = h->event_count;
	ret->stale = !ret->row && h->event_count == 0 && ret->task_change == FNL_ROW_KEEP;
}

/* ---- employers ---- */

_Static_assert((int)FNL_EMPLOYER_DIGEST_BYTES == (int)FNL_SHA256_HEX_BYTES, "a digest is a hash in hex");

/* Ids have at most FNL_ID_BYTES_MAX bytes; of longer ones the beginning counts. */
void fnl_employer_digest(struct fnl_span notice_id, struct fnl_span employer_id,
                         char ret[FNL_EMPLOYER_DIGEST_BYTES + 1])
{
	uint8_t text[2 * FNL_ID_BYTES_MAX + 1];
	size_t notice_len = notice_id.len < FNL_ID_BYTES_MAX ? notice_id.len : FNL_ID_BYTES_MAX;
	size_t employer_len = employer_id.len < FNL_ID_BYTES_MAX ? employer_id.len : FNL_ID_BYTES_MAX;
	if (notice_len > 0) {
		memcpy(text, notice_id.data, notice_len);
	}
	text[notice_len] = '|';
	if (employer_len > 0) {
		memcpy(text + notice_len + 1, employer_id.data, employer_len);
	}
	fnl_sha256_hex(fnl_span_of(text, notice_len + 1 + employer_len), ret);
}
