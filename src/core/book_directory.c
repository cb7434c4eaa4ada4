/* What the organisation's directory hears of a rep: who he is at once, what he carries now and then. */
#include "book_internal.h"
#include "funneld/core/cell.h"

enum { MS_PER_SECOND = 1000 };

/* ---- has he given notice? ---- */

/* What HR said last of his leaving, against what it says of his employment. */
static bool has_resigned(const struct fnl_value *rep)
{
	if (!rep[FNL_REP_NOTICE].set) {
		return false;
	}
	const struct fnl_value *last_day = &rep[FNL_REP_NOTICE].list.items[FNL_REP_NOTICE_LAST_DAY];
	const struct fnl_value *from = &rep[FNL_REP_EMPLOYED_FROM];
	return last_day->set && !(from->set && from->i64 > last_day->i64);
}

/* The notice as it stands after the event; a withdrawal of another notice leaves this one as it is. */
static void take_notice(const struct fnl_value *known, const struct fnl_record_desc *desc,
                        const struct fnl_value *event, struct fnl_value notice[FNL_REP_NOTICE_FIELD_COUNT])
{
	if (known) {
		memcpy(notice, known, FNL_REP_NOTICE_FIELD_COUNT * sizeof(*notice));
	} else {
		memset(notice, 0, FNL_REP_NOTICE_FIELD_COUNT * sizeof(*notice));
	}
	if (desc == &fnl_desc_rep_resigned) {
		notice[FNL_REP_NOTICE_VERSION] = event[FNL_REP_RESIGNED_VERSION];
		notice[FNL_REP_NOTICE_NOTICE_ID] = event[FNL_REP_RESIGNED_NOTICE_ID];
		notice[FNL_REP_NOTICE_LAST_DAY] = event[FNL_REP_RESIGNED_LAST_DAY];
	} else if (desc == &fnl_desc_resignation_withdrawn) {
		const struct fnl_value *of = &event[FNL_RESIGNATION_WITHDRAWN_NOTICE_ID];
		notice[FNL_REP_NOTICE_VERSION] = event[FNL_RESIGNATION_WITHDRAWN_VERSION];
		if (!notice[FNL_REP_NOTICE_NOTICE_ID].set || fnl_span_eq(notice[FNL_REP_NOTICE_NOTICE_ID].str, of->str)) {
			notice[FNL_REP_NOTICE_NOTICE_ID] = *of;
			notice[FNL_REP_NOTICE_LAST_DAY] = fnl_value_null();
		}
	} else {
		notice[FNL_REP_NOTICE_VERSION] = event[FNL_REP_LEFT_VERSION];
		notice[FNL_REP_NOTICE_LAST_DAY] = event[FNL_REP_LEFT_LEFT_ON];
	}
}

/* ---- what is told ---- */

/* Owned ones that may still become orders, or of which it is not known. */
static int64_t open_prospects(const struct fnl_value *rep)
{
	struct fnl_list totals = rep[FNL_REP_TOTALS].list;
	int64_t count = 0;
	for (size_t i = 0; i < totals.count; i++) {
		const struct fnl_value *total = totals.items[i].list.items;
		int layer = (int)total[FNL_BOOK_TOTAL_LAYER].i64;
		if (fnl_layer_in_funnel(layer) || layer == FNL_LAYER_UNKNOWN || layer == FNL_LAYER_UNCLASSIFIED) {
			count += total[FNL_BOOK_TOTAL_COUNT].i64;
		}
	}
	return count;
}

static int tell(const struct fnl_book_in *in, struct fnl_value *rep, struct fnl_span org_id, bool present,
                struct fnl_book_out *out)
{
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_REP_ENTRY_FIELD_COUNT, sizeof(*v));
	if (!v || out->entry_count == FNL_BOOK_ENTRIES_MAX) {
		return v ? FNL_E_INTERNAL : FNL_E_NOMEM;
	}
	rep[FNL_REP_DIRECTORY_SEQUENCE].i64++;
	v[FNL_REP_ENTRY_SOURCE] = fnl_value_str(FNL_SPAN_LIT("funneld"));
	v[FNL_REP_ENTRY_OCCURRED_AT] = fnl_value_i64(in->now_ms);
	v[FNL_REP_ENTRY_REP_ID] = rep[FNL_REP_REP_ID];
	v[FNL_REP_ENTRY_ORG_ID] = fnl_value_str(org_id);
	v[FNL_REP_ENTRY_SEQUENCE] = rep[FNL_REP_DIRECTORY_SEQUENCE];
	v[FNL_REP_ENTRY_PRESENT] = fnl_value_i64(present);
	v[FNL_REP_ENTRY_ACTIVE] = rep[FNL_REP_ACTIVE];
	v[FNL_REP_ENTRY_RESIGNED] = rep[FNL_REP_RESIGNED];
	v[FNL_REP_ENTRY_MANAGER_ID] = rep[FNL_REP_MANAGER_ID];
	v[FNL_REP_ENTRY_REGIONS] = rep[FNL_REP_REGIONS];
	v[FNL_REP_ENTRY_INDUSTRIES] = rep[FNL_REP_INDUSTRIES];
	v[FNL_REP_ENTRY_SIZE_FOCUS] = rep[FNL_REP_SIZE_FOCUS];
	v[FNL_REP_ENTRY_CAPACITY_PROSPECTS] = rep[FNL_REP_CAPACITY_PROSPECTS];
	v[FNL_REP_ENTRY_OPEN_PROSPECTS] = fnl_value_i64(open_prospects(rep));
	out->entries[out->entry_count++] = (struct fnl_event_out){&fnl_desc_rep_entry, v};
	return FNL_OK;
}

static int tell_present(const struct fnl_book_in *in, struct fnl_value *rep, struct fnl_book_out *out)
{
	struct fnl_value *told = fnl_arena_calloc(in->arena, FNL_DIRECTORY_TOLD_FIELD_COUNT, sizeof(*told));
	if (!told) {
		return FNL_E_NOMEM;
	}
	told[FNL_DIRECTORY_TOLD_ORG_ID] = rep[FNL_REP_ORG_ID];
	told[FNL_DIRECTORY_TOLD_OPEN_PROSPECTS] = fnl_value_i64(open_prospects(rep));
	rep[FNL_REP_DIRECTORY_TOLD] = fnl_value_list(told, FNL_DIRECTORY_TOLD_FIELD_COUNT);
	rep[FNL_REP_DIRECTORY_DUE_AT] = fnl_value_null();
	return tell(in, rep, rep[FNL_REP_ORG_ID].str, true, out);
}

/* Whether an entry of the row would say something else of who the rep is. */
static bool is_another(const struct fnl_value *before, const struct fnl_value *rep)
{
	static const int fields[] = {FNL_REP_ACTIVE,     FNL_REP_MANAGER_ID, FNL_REP_REGIONS,           FNL_REP_INDUSTRIES,
	                             FNL_REP_SIZE_FOCUS, FNL_REP_RESIGNED,   FNL_REP_CAPACITY_PROSPECTS};
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		int f = fields[i];
		if (!before || !fnl_value_eq(&fnl_desc_rep.fields[f], &before[f], &rep[f])) {
			return true;
		}
	}
	return false;
}

/* He is in an organisation's directory, or is to be. told: what was told last, NULL: nothing. */
static int be_present(const struct fnl_book_in *in, struct fnl_value *rep, const struct fnl_value *told,
                      struct fnl_book_out *out)
{
	struct fnl_value *due = &rep[FNL_REP_DIRECTORY_DUE_AT];
	if (!told || is_another(in->rep, rep)) {
		return tell_present(in, rep, out);
	}
	if (open_prospects(rep) == told[FNL_DIRECTORY_TOLD_OPEN_PROSPECTS].i64) {
		*due = fnl_value_null();
	} else if (!due->set) {
		*due = fnl_value_i64(in->now_ms + in->rules->values[FNL_RULES_AT_ORG_CONFLATION_S] * MS_PER_SECOND);
	}
	return FNL_OK;
}

int fnl_book_directory(const struct fnl_book_in *in, struct fnl_value *rep, struct fnl_book_out *out)
{
	if (!rep[FNL_REP_REP_ID].set) {
		return FNL_OK; /* the pool */
	}
	const struct fnl_value *told = rep[FNL_REP_DIRECTORY_TOLD].set ? rep[FNL_REP_DIRECTORY_TOLD].list.items : NULL;
	struct fnl_span org_id =
		rep[FNL_REP_ORG_ID].set && !rep[FNL_REP_ERASED].i64 ? rep[FNL_REP_ORG_ID].str : FNL_SPAN_NONE;
	int r = FNL_OK;
	rep[FNL_REP_RESIGNED].i64 = has_resigned(rep);
	if (told && (fnl_span_is_none(org_id) || !fnl_span_eq(told[FNL_DIRECTORY_TOLD_ORG_ID].str, org_id))) {
		rep[FNL_REP_DIRECTORY_TOLD] = fnl_value_null();
		rep[FNL_REP_DIRECTORY_DUE_AT] = fnl_value_null();
		r = tell(in, rep, told[FNL_DIRECTORY_TOLD_ORG_ID].str, false, out);
		told = NULL;
	}
	if (r == 0 && !fnl_span_is_none(org_id)) {
		r = be_present(in, rep, told, out);
	}
	fnl_book_arm(rep, in->rules, in->now_ms);
	return r;
}

int fnl_book_directory_due(const struct fnl_book_in *in, struct fnl_value *rep, struct fnl_book_out *out)
{
	if (!rep[FNL_REP_DIRECTORY_DUE_AT].set || rep[FNL_REP_DIRECTORY_DUE_AT].i64 > in->now_ms) {
		return FNL_OK;
	}
	rep[FNL_REP_DIRECTORY_DUE_AT] = fnl_value_null();
	return rep[FNL_REP_DIRECTORY_TOLD].set ? tell_present(in, rep, out) : FNL_OK;
}

/* ---- HR says that he leaves ---- */

static int64_t version_of(const struct fnl_value *event)
{
	_Static_assert((int)FNL_REP_RESIGNED_VERSION == (int)FNL_RESIGNATION_WITHDRAWN_VERSION &&
	                   (int)FNL_REP_RESIGNED_VERSION == (int)FNL_REP_LEFT_VERSION &&
	                   (int)FNL_REP_RESIGNED_VERSION == (int)FNL_REP_ERASED_VERSION,
	               "HR's events begin alike");
	_Static_assert((int)FNL_REP_RESIGNED_REP_ID == (int)FNL_RESIGNATION_WITHDRAWN_REP_ID &&
	                   (int)FNL_REP_RESIGNED_REP_ID == (int)FNL_REP_LEFT_REP_ID &&
	                   (int)FNL_REP_RESIGNED_REP_ID == (int)FNL_REP_ERASED_REP_ID,
	               "HR's events begin alike");
	return event[FNL_REP_RESIGNED_VERSION].i64;
}

static bool is_known(const struct fnl_value *rep, const struct fnl_record_desc *desc, const struct fnl_value *event)
{
	int64_t known = 0;
	if (rep && desc == &fnl_desc_rep_erased) {
		known = rep[FNL_REP_VERSION].i64;
	} else if (rep && rep[FNL_REP_NOTICE].set) {
		known = rep[FNL_REP_NOTICE].list.items[FNL_REP_NOTICE_VERSION].i64;
	}
	return version_of(event) <= known;
}

static int leave(const struct fnl_book_in *in, const struct fnl_record_desc *desc, const struct fnl_value *event,
                 struct fnl_value *rep, struct fnl_book_out *out)
{
	if (desc == &fnl_desc_rep_erased) {
		rep[FNL_REP_VERSION] = event[FNL_REP_ERASED_VERSION];
		rep[FNL_REP_ERASED].i64 = 1;
		fnl_cell_rep_changed(in->rep, rep, in->now_ms, in->cause_id, in->correlation_id);
		int r = fnl_book_won_rep_changed(in, rep);
		if (r < 0) {
			return r;
		}
		out->forgotten = true;
	} else {
		struct fnl_value *notice = fnl_arena_alloc(in->arena, FNL_REP_NOTICE_FIELD_COUNT * sizeof(*notice));
		if (!notice) {
			return FNL_E_NOMEM;
		}
		take_notice(rep[FNL_REP_NOTICE].set ? rep[FNL_REP_NOTICE].list.items : NULL, desc, event, notice);
		rep[FNL_REP_NOTICE] = fnl_value_list(notice, FNL_REP_NOTICE_FIELD_COUNT);
	}
	return fnl_book_directory(in, rep, out);
}

int fnl_book_rep_leaves(const struct fnl_book_in *in, const struct fnl_record_desc *desc, const struct fnl_value *event,
                        struct fnl_book_out *ret, struct fnl_error *why)
{
	struct fnl_book_out out = {.rep_change = FNL_ROW_KEEP, .line_change = FNL_ROW_KEEP};
	int r = fnl_input_check(desc, event, why);
	if (r < 0) {
		return r;
	}
	if (is_known(in->rep, desc, event)) {
		out.stale = true;
		*ret = out;
		return FNL_OK;
	}
	struct fnl_span book = in->rep ? FNL_SPAN_NONE : fnl_book_name(event[FNL_REP_RESIGNED_REP_ID].str, in->arena);
	struct fnl_value *rep = !in->rep && fnl_span_is_none(book) ? NULL : fnl_book_open_rep(in, book);
	if (!rep) {
		return FNL_E_NOMEM;
	}
	r = leave(in, desc, event, rep, &out);
	if (r < 0) {
		return r;
	}
	out.rep_change = FNL_ROW_PUT;
	out.rep = rep;
	*ret = out;
	return FNL_OK;
}
