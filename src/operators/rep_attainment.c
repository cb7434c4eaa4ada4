/* What a rep has won: the quotas that it is told with, and who hears of it. */
#include "rep_internal.h"

_Static_assert(FNL_ATTAINMENT_YEARS_MAX + 2 <= (int)FNL_STEP_ROWS_MAX,
               "the timer of a Rep row needs that row, the rules, and a quota of each year");
_Static_assert(FNL_ATTAINMENT_YEARS_MAX + FNL_ATTAINMENT_IMAGES_MAX + FNL_BOOK_ENTRIES_MAX + 2 <=
                   (int)FNL_STEP_OUTPUTS_MAX,
               "what it tells of years goes beside what it tells of running sums and of who the rep is");

int fnl_rep_prepare_attainment(struct fnl_rep_event *e, const struct fnl_value *rep, struct fnl_arena *arena,
                               struct fnl_prepared *ret)
{
	if (!rep) {
		return 0;
	}
	e->attain = fnl_attainment_needs(rep);
	for (size_t i = 0; i < e->attain.count; i++) {
		struct fnl_span key = fnl_rep_quota_key(e->book, e->attain.years[i], FNL_SPAN_NONE, arena);
		e->row_year[i] = fnl_prepared_add(ret, FNL_REP_TABLE_QUOTA, key);
		if (fnl_span_is_none(key)) {
			return FNL_E_NOMEM;
		}
	}
	return 0;
}

/* "<book>|<fiscal year>|<sequence>" */
static struct fnl_span changed_name(const struct fnl_step *in, const struct fnl_value *values, int64_t sequence)
{
	const struct fnl_rep_event *e = in->event;
	struct fnl_writer w = fnl_writer_of(in->arena);
	fnl_write_raw(&w, e->book);
	fnl_write_u8(&w, '|');
	fnl_write_decimal(&w, values[FNL_ATTAINMENT_CHANGED_FISCAL_YEAR].i64);
	fnl_write_u8(&w, '|');
	fnl_write_decimal(&w, sequence);
	return fnl_writer_span(&w);
}

static int tell(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_attainment_out *told,
                int32_t rules_version, struct fnl_decision *d)
{
	struct fnl_cause_id cause = {told->cause_id, told->correlation_id};
	int rc = 0;
	for (size_t i = 0; i < told->event_count && rc == 0; i++) {
		struct fnl_derived derived = {.event = &told->events[i],
		                              .cause = &cause,
		                              .rules_version = rules_version,
		                              .id_name = changed_name(in, told->events[i].values, told->sequences[i])};
		rc = fnl_span_is_none(derived.id_name) ? FNL_E_NOMEM : fnl_op_output(&o->op, in, &derived, d);
	}
	for (size_t i = 0; i < told->image_count && rc == 0; i++) {
		struct fnl_span key = fnl_org_key(told->images[i].values[FNL_REP_YEAR_ORG_ID].str, in->arena);
		rc = fnl_span_is_none(key)
		         ? FNL_E_NOMEM
		         : fnl_op_internal(&o->op, in, FNL_REP_OUT_ORG_INPUTS, key, &told->images[i], &cause, false, d);
	}
	return rc;
}

int fnl_rep_tell_attainment(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_in *book,
                            struct fnl_book_out *out, struct fnl_decision *d, struct fnl_error *why)
{
	const struct fnl_rep_event *e = in->event;
	const struct fnl_value *quotas[FNL_ATTAINMENT_YEARS_MAX];
	struct fnl_attainment_out told;
	int rc = 0;
	if (!out->rep) {
		return 0;
	}
	for (size_t i = 0; i < e->attain.count && rc == 0; i++) {
		rc = fnl_rep_take_row(o, in, e->row_year[i], FNL_REP_TABLE_QUOTA, &quotas[i], why);
	}
	rc = rc ? rc : fnl_attainment_tell(book, out->rep, &e->attain, quotas, &told);
	rc = rc ? rc : tell(o, in, &told, book->rules->version, d);
	if (rc == 0) {
		fnl_book_arm(out->rep, book->rules, book->now_ms);
	}
	return rc;
}

int fnl_rep_note_frozen(const struct fnl_quota_step_in *step, struct fnl_quota_step_out *out)
{
	const struct fnl_value *quota = out->event.values;
	if (!out->event.desc || quota[FNL_QUOTA_SET_STATE].i64 != FNL_QUOTA_STATE_FROZEN) {
		return 0;
	}
	struct fnl_book_in book = {.rep = step->rep,
	                           .now_ms = step->now_ms,
	                           .rules = step->rules,
	                           .cause_id = out->cause_id,
	                           .correlation_id = out->correlation_id,
	                           .arena = step->arena};
	return fnl_attainment_quota(&book, step->rep[FNL_REP_BOOK].str, (int32_t)quota[FNL_QUOTA_SET_FISCAL_YEAR].i64,
	                            &out->rep);
}

int fnl_rep_note_revised(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_rules *rules,
                         const struct fnl_value *rep, int32_t fiscal_year, const struct fnl_cause_id *cause,
                         struct fnl_decision *d)
{
	const struct fnl_rep_event *e = in->event;
	struct fnl_book_in book = {.rep = rep,
	                           .now_ms = fnl_rep_now(in),
	                           .rules = rules,
	                           .cause_id = cause->id,
	                           .correlation_id = cause->correlation,
	                           .arena = in->arena};
	struct fnl_value *changed = NULL;
	int rc = fnl_attainment_quota(&book, e->book, fiscal_year, &changed);
	return rc ? rc : fnl_rep_put_row(o, in, e->row_rep, FNL_REP_TABLE_REP, FNL_ROW_PUT, changed, d);
}
