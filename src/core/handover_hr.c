/* What HR says of somebody who leaves. Events may come late, doubled and in any order. */
#include "handover_internal.h"

/* One event of HR. h.row is a copy of the row, NULL: there is none. */
struct hearing {
	struct fnl_handing h;
	const struct fnl_value *v;
	int64_t version;
	bool heard; /* false: it is stale */
};

static void hear(struct hearing *e, enum fnl_handover_event event)
{
	e->h.event = event;
	e->heard = true;
}

static void clear_dates(struct fnl_value *row)
{
	row[FNL_HANDOVER_REVIEW_DUE_AT] = fnl_value_null();
	row[FNL_HANDOVER_NAMING_DUE_AT] = fnl_value_null();
	row[FNL_HANDOVER_NAMING_LEVEL] = fnl_value_i64(FNL_ALERT_LEVEL_NONE);
	row[FNL_HANDOVER_BASE_REQUEST_ID] = fnl_value_null();
	row[FNL_HANDOVER_WATCH_UNTIL] = fnl_value_null();
}

static void set_version(struct fnl_value *row, int64_t version)
{
	if (version > row[FNL_HANDOVER_VERSION].i64) {
		row[FNL_HANDOVER_VERSION] = fnl_value_i64(version);
	}
}

/* A notice that the row is not about: a handover begins, at once or when the one before is closed and its rows are
 * gone. One that was withdrawn before it came is remembered. */
static int another(struct hearing *e, const struct fnl_notice *n, struct fnl_span book)
{
	struct fnl_handing *h = &e->h;
	hear(e, n->withdrawn && !h->row ? FNL_HANDOVER_ON_WITHDRAWN : FNL_HANDOVER_ON_NOTICE);
	if (!h->row) {
		struct fnl_value *row = fnl_notice_row(n, book, h->at_ms, h->in->arena);
		h->row = row;
		if (!row) {
			return FNL_E_NOMEM;
		}
		bool ask = n->successor_id.set && !n->withdrawn;
		return ask ? fnl_naming_ask(h, n->successor_id, fnl_value_null(), FNL_NAMED_BY_NOTICE, fnl_value_null())
		           : FNL_OK;
	}
	if (fnl_handover_is_live(h->row)) {
		h->row[FNL_HANDOVER_STATE] = fnl_value_i64(FNL_HANDOVER_STATE_REPLACED);
	}
	clear_dates(h->row);
	set_version(h->row, n->version);
	fnl_handing_restart(h, FNL_HANDOVER_JOB_CANCEL);
	return fnl_notice_as_next(h, n, &h->row[FNL_HANDOVER_NEXT]);
}

static struct fnl_value *pending(const struct fnl_handing *h)
{
	return h->row && h->row[FNL_HANDOVER_NEXT].set ? &h->row[FNL_HANDOVER_NEXT] : NULL;
}

static bool is_rows(const struct hearing *e, struct fnl_span notice_id)
{
	return e->h.row && fnl_span_eq(e->h.row[FNL_HANDOVER_NOTICE_ID].str, notice_id);
}

/* One that was there before, and was taken back or replaced, or is over: it does not begin anew. */
static bool is_former(const struct hearing *e, struct fnl_span notice_id)
{
	struct fnl_list ids = e->h.row ? e->h.row[FNL_HANDOVER_FORMER_IDS].list : (struct fnl_list){NULL, 0};
	for (size_t i = 0; i < ids.count; i++) {
		if (fnl_span_eq(ids.items[i].str, notice_id)) {
			return true;
		}
	}
	return false;
}

static bool is_newest(const struct hearing *e)
{
	return !e->h.row || e->version > fnl_handing_i64(&e->h, FNL_HANDOVER_VERSION);
}

static struct fnl_notice notice_new(const struct hearing *e, struct fnl_span id, int64_t notice_at_ms)
{
	struct fnl_span cause = e->h.in->cause_id;
	return (struct fnl_notice){.id = id,
	                           .version = e->version,
	                           .notice_at_ms = notice_at_ms,
	                           .last_day = fnl_local_day(&e->h.in->rules->calendar, notice_at_ms),
	                           .cause_id = fnl_value_str(fnl_span_is_none(cause) ? FNL_SPAN_LIT("") : cause),
	                           .correlation_id = fnl_value_str_or_null(e->h.in->correlation_id)};
}

/* ---- RepResigned ---- */

static void drop_check(struct fnl_handing *h, size_t at)
{
	h->check_count--;
	memmove(h->checks + at, h->checks + at + 1, (h->check_count - at) * sizeof(h->checks[0]));
}

/* Somebody else is named with the notice now: he is checked in place of the one before. */
static int rename_successor(struct fnl_handing *h, struct fnl_value successor_id)
{
	const struct fnl_value *known = &h->row[FNL_HANDOVER_SUCCESSOR_ID];
	if (!successor_id.set || !fnl_handover_is_live(h->row) ||
	    (known->set && fnl_span_eq(known->str, successor_id.str))) {
		return FNL_OK;
	}
	for (size_t i = 0; i < h->check_count; i++) {
		if (h->checks[i][FNL_SUCCESSOR_CHECK_BY].i64 != FNL_NAMED_BY_NOTICE) {
			continue;
		}
		if (fnl_span_eq(h->checks[i][FNL_SUCCESSOR_CHECK_SUCCESSOR_ID].str, successor_id.str)) {
			return FNL_OK;
		}
		drop_check(h, i);
		break;
	}
	if (h->check_count == FNL_HANDOVER_CHECKS_MAX) {
		drop_check(h, 0);
	}
	return fnl_naming_ask(h, successor_id, fnl_value_null(), FNL_NAMED_BY_NOTICE, fnl_value_null());
}

static int corrected(struct hearing *e, const struct fnl_notice *n)
{
	struct fnl_handing *h = &e->h;
	int64_t state = fnl_handing_i64(h, FNL_HANDOVER_STATE);
	if (fnl_handover_rule((int)state, FNL_HANDOVER_ON_CORRECTED).outcome != FNL_OUTCOME_TAKE || pending(h) ||
	    n->version <= fnl_handing_i64(h, FNL_HANDOVER_NOTICE_VERSION)) {
		return FNL_OK;
	}
	hear(e, FNL_HANDOVER_ON_CORRECTED);
	struct fnl_value *row = h->row;
	if (n->last_day > row[FNL_HANDOVER_LAST_DAY].i64) {
		row[FNL_HANDOVER_RISKS_TOLD] = fnl_value_i64(0);
	}
	if (row[FNL_HANDOVER_WATCH_UNTIL].set) {
		int64_t moved_ms = fnl_day_end(&h->in->rules->calendar, n->last_day) -
		                   fnl_day_end(&h->in->rules->calendar, row[FNL_HANDOVER_LAST_DAY].i64);
		row[FNL_HANDOVER_WATCH_UNTIL].i64 += moved_ms;
	}
	set_version(row, n->version);
	row[FNL_HANDOVER_NOTICE_VERSION] = fnl_value_i64(n->version);
	row[FNL_HANDOVER_NOTICE_AT] = fnl_value_i64(n->notice_at_ms);
	row[FNL_HANDOVER_LAST_DAY] = fnl_value_i64(n->last_day);
	row[FNL_HANDOVER_AVAILABLE_UNTIL] = n->available_until;
	row[FNL_HANDOVER_EMPLOYER] = n->employer;
	return rename_successor(h, n->successor_id);
}

/* The one that waits is corrected, too. Whatever was said of its end holds. */
static int corrected_next(struct hearing *e, struct fnl_notice *n)
{
	struct fnl_handing *h = &e->h;
	struct fnl_notice known = fnl_notice_of_next(pending(h));
	if (n->version <= known.notice_version) {
		return FNL_OK;
	}
	hear(e, FNL_HANDOVER_ON_NOTICE);
	n->left_on = known.left_on;
	n->withdrawn = known.withdrawn;
	n->version = n->version > known.version ? n->version : known.version;
	set_version(h->row, n->version);
	return fnl_notice_as_next(h, n, &h->row[FNL_HANDOVER_NEXT]);
}

static int resigned(struct hearing *e)
{
	const struct fnl_value *v = e->v;
	struct fnl_notice n = notice_new(e, v[FNL_REP_RESIGNED_NOTICE_ID].str, v[FNL_REP_RESIGNED_NOTICE_AT].i64);
	n.notice_version = n.version;
	n.last_day = v[FNL_REP_RESIGNED_LAST_DAY].i64;
	n.available_until = v[FNL_REP_RESIGNED_AVAILABLE_UNTIL];
	n.successor_id = v[FNL_REP_RESIGNED_SUCCESSOR_ID];
	n.employer = v[FNL_REP_RESIGNED_NEW_EMPLOYER_ID];
	if (is_rows(e, n.id)) {
		return corrected(e, &n);
	}
	if (pending(&e->h) && fnl_span_eq(fnl_notice_of_next(pending(&e->h)).id, n.id)) {
		return corrected_next(e, &n);
	}
	struct fnl_span book = fnl_book_name(v[FNL_REP_RESIGNED_REP_ID].str, e->h.in->arena);
	if (fnl_span_is_none(book)) {
		return FNL_E_NOMEM;
	}
	return is_newest(e) && !is_former(e, n.id) ? another(e, &n, book) : FNL_OK;
}

/* ---- ResignationWithdrawn ---- */

static int withdrawn(struct hearing *e)
{
	struct fnl_handing *h = &e->h;
	struct fnl_span id = e->v[FNL_RESIGNATION_WITHDRAWN_NOTICE_ID].str;
	struct fnl_value *next = pending(h);
	if (next && fnl_span_eq(fnl_notice_of_next(next).id, id)) {
		struct fnl_notice n = fnl_notice_of_next(next);
		if (n.withdrawn || e->version <= n.version) {
			return FNL_OK;
		}
		hear(e, FNL_HANDOVER_ON_NOTICE);
		n.withdrawn = true;
		n.version = e->version;
		set_version(h->row, n.version);
		return fnl_notice_as_next(h, &n, next);
	}
	if (!is_newest(e) || is_former(e, id)) {
		return FNL_OK;
	}
	if (!is_rows(e, id)) {
		struct fnl_span book = fnl_book_name(e->v[FNL_RESIGNATION_WITHDRAWN_REP_ID].str, h->in->arena);
		struct fnl_notice n = notice_new(e, id, e->v[FNL_RESIGNATION_WITHDRAWN_OCCURRED_AT].i64);
		n.withdrawn = true;
		return fnl_span_is_none(book) ? FNL_E_NOMEM : another(e, &n, book);
	}
	int64_t state = fnl_handing_i64(h, FNL_HANDOVER_STATE);
	if (fnl_handover_rule((int)state, FNL_HANDOVER_ON_WITHDRAWN).outcome != FNL_OUTCOME_TAKE || next) {
		return FNL_OK;
	}
	hear(e, FNL_HANDOVER_ON_WITHDRAWN);
	if (fnl_handover_is_live(h->row)) {
		h->row[FNL_HANDOVER_STATE] = fnl_value_i64(FNL_HANDOVER_STATE_CANCELLED);
		fnl_handing_restart(h, FNL_HANDOVER_JOB_CANCEL);
	}
	clear_dates(h->row);
	set_version(h->row, e->version);
	return FNL_OK;
}

/* ---- RepLeft ---- */

/* "left-<version>": he went without a notice, or by one that is over. */
static struct fnl_span left_id(const struct hearing *e)
{
	struct fnl_writer w = fnl_writer_of(e->h.in->arena);
	fnl_write_raw(&w, FNL_SPAN_LIT("left-"));
	fnl_write_decimal(&w, e->version);
	return fnl_writer_span(&w);
}

static int left_without(struct hearing *e, struct fnl_span notice_id)
{
	struct fnl_span id = fnl_span_is_none(notice_id) ? left_id(e) : notice_id;
	struct fnl_span book = fnl_book_name(e->v[FNL_REP_LEFT_REP_ID].str, e->h.in->arena);
	if (fnl_span_is_none(id) || fnl_span_is_none(book)) {
		return FNL_E_NOMEM;
	}
	struct fnl_notice n = notice_new(e, id, e->v[FNL_REP_LEFT_OCCURRED_AT].i64);
	n.last_day = e->v[FNL_REP_LEFT_LEFT_ON].i64;
	n.left_on = e->v[FNL_REP_LEFT_LEFT_ON];
	return is_newest(e) ? another(e, &n, book) : FNL_OK;
}

/* The one that waits is of somebody who has left by now. */
static int left_next(struct hearing *e)
{
	struct fnl_handing *h = &e->h;
	struct fnl_notice n = fnl_notice_of_next(pending(h));
	if (n.left_on.set && !is_newest(e)) {
		return FNL_OK;
	}
	hear(e, FNL_HANDOVER_ON_NOTICE);
	n.left_on = e->v[FNL_REP_LEFT_LEFT_ON];
	n.version = e->version > n.version ? e->version : n.version;
	set_version(h->row, n.version);
	return fnl_notice_as_next(h, &n, &h->row[FNL_HANDOVER_NEXT]);
}

/* A handover that is over says nothing of somebody who leaves long after it, employed again. */
static bool is_over(const struct hearing *e)
{
	const struct fnl_handing *h = &e->h;
	int64_t window = fnl_handing_rule(h, FNL_RULES_AT_WINDOW_DAYS);
	int64_t state = fnl_handing_i64(h, FNL_HANDOVER_STATE);
	return state == FNL_HANDOVER_STATE_CANCELLED ||
	       (state == FNL_HANDOVER_STATE_COMPLETED &&
	        e->v[FNL_REP_LEFT_LEFT_ON].i64 > fnl_handing_i64(h, FNL_HANDOVER_LAST_DAY) + window);
}

static int left(struct hearing *e)
{
	struct fnl_handing *h = &e->h;
	const struct fnl_value *notice = &e->v[FNL_REP_LEFT_NOTICE_ID];
	struct fnl_span id = notice->set ? notice->str : FNL_SPAN_NONE;
	if (!h->row) {
		return left_without(e, id);
	}
	bool of_row = is_rows(e, id);
	/* whoever is gone already does not go by another notice */
	bool same = !notice->set || is_former(e, id) || (fnl_handover_is_live(h->row) && h->row[FNL_HANDOVER_LEFT_ON].set);
	bool any = same && is_newest(e);
	if (pending(h) && (any || (notice->set && fnl_span_eq(fnl_notice_of_next(pending(h)).id, id)))) {
		return left_next(e);
	}
	if (pending(h) && of_row) {
		return FNL_OK; /* what comes after it is known */
	}
	if ((any || (of_row && is_newest(e))) && is_over(e)) {
		return left_without(e, FNL_SPAN_NONE);
	}
	if (!of_row && !any) {
		return left_without(e, id);
	}
	if (h->row[FNL_HANDOVER_LEFT_ON].set && !is_newest(e)) {
		return FNL_OK;
	}
	int64_t state = fnl_handing_i64(h, FNL_HANDOVER_STATE);
	if (fnl_handover_rule((int)state, FNL_HANDOVER_ON_LEFT).outcome == FNL_OUTCOME_TAKE) {
		hear(e, FNL_HANDOVER_ON_LEFT);
		h->row[FNL_HANDOVER_LEFT_ON] = e->v[FNL_REP_LEFT_LEFT_ON];
		set_version(h->row, e->version);
	}
	return FNL_OK;
}

/* ---- RepErased ---- */

/* Whatever was said before it comes too late from now on: it would bring back whose employee he is. */
static int erased(struct hearing *e)
{
	struct fnl_handing *h = &e->h;
	struct fnl_value *next = pending(h);
	if (!h->row) {
		return FNL_OK;
	}
	hear(e, FNL_HANDOVER_ON_ERASED);
	h->row[FNL_HANDOVER_EMPLOYER] = fnl_value_null();
	if (e->version > fnl_handing_i64(h, FNL_HANDOVER_NOTICE_VERSION)) {
		h->row[FNL_HANDOVER_NOTICE_VERSION] = fnl_value_i64(e->version);
	}
	set_version(h->row, e->version);
	if (!next) {
		return FNL_OK;
	}
	struct fnl_notice n = fnl_notice_of_next(next);
	n.employer = fnl_value_null();
	n.notice_version = e->version > n.notice_version ? e->version : n.notice_version;
	return fnl_notice_as_next(h, &n, next);
}

/* ---- all of them ---- */

static int hear_event(struct hearing *e, const struct fnl_record_desc *desc)
{
	if (desc == &fnl_desc_rep_resigned) {
		e->version = e->v[FNL_REP_RESIGNED_VERSION].i64;
		return resigned(e);
	}
	if (desc == &fnl_desc_resignation_withdrawn) {
		e->version = e->v[FNL_RESIGNATION_WITHDRAWN_VERSION].i64;
		return withdrawn(e);
	}
	if (desc == &fnl_desc_rep_left) {
		e->version = e->v[FNL_REP_LEFT_VERSION].i64;
		return left(e);
	}
	e->version = e->v[FNL_REP_ERASED_VERSION].i64;
	return erased(e);
}

_Static_assert(FNL_REP_RESIGNED_OCCURRED_AT == (int)FNL_RESIGNATION_WITHDRAWN_OCCURRED_AT &&
                   FNL_REP_RESIGNED_OCCURRED_AT == (int)FNL_REP_LEFT_OCCURRED_AT &&
                   FNL_REP_RESIGNED_OCCURRED_AT == (int)FNL_REP_ERASED_OCCURRED_AT,
               "HR's events begin alike");

int fnl_handover_hr(const struct fnl_handover_in *in, const struct fnl_record_desc *desc,
                    const struct fnl_value *values, struct fnl_handover_out *ret, struct fnl_error *why)
{
	struct fnl_handover_out out = {.stale = true};
	struct hearing e = {.v = values};
	int r = fnl_input_check(desc, values, why);
	r = r ? r
	      : fnl_handing_open(&e.h, in, FNL_HANDOVER_ON_NOTICE, values[FNL_REP_RESIGNED_OCCURRED_AT].i64,
	                         FNL_HANDOVER_EVENTS_MAX, why);
	r = r ? r : hear_event(&e, desc);
	if (r == FNL_OK && e.heard) {
		r = fnl_handing_close(&e.h);
		fnl_handing_outcome(&e.h, &out);
	}
	if (r == FNL_OK) {
		*ret = out;
	}
	return r;
}
