/* What reps of a world of books have won. */
#include <stdlib.h>

#include "book_world_internal.h"
#include "funneld/core/attainment.h"

void fnl_books_tell_attainment(struct fnl_books *w, const struct fnl_book_in *state, struct fnl_span book)
{
	const struct fnl_value *quotas[FNL_ATTAINMENT_YEARS_MAX];
	struct fnl_attainment_out out;
	if (!w->out.rep) {
		return;
	}
	struct fnl_attainment_need need = fnl_attainment_needs(w->out.rep);
	for (size_t i = 0; i < need.count; i++) {
		quotas[i] = fnl_books_get(w, FNL_BOOKS_QUOTA, fnl_books_key_of(book, need.years[i], FNL_SPAN_NONE).text);
	}
	if (fnl_attainment_tell(state, w->out.rep, &need, quotas, &out) != 0) {
		abort();
	}
	for (size_t i = 0; i < out.event_count; i++) {
		fnl_books_tell(w, out.events[i].desc, out.events[i].values);
	}
	for (size_t i = 0; i < out.image_count; i++) {
		fnl_books_tell(w, out.images[i].desc, out.images[i].values);
	}
	w->cause_id = out.event_count + out.image_count ? out.cause_id : w->cause_id;
	fnl_book_arm(w->out.rep, &w->rules, w->now_ms);
}

void fnl_books_note_frozen(const struct fnl_quota_step_in *in, struct fnl_quota_step_out *out)
{
	const struct fnl_value *quota = out->event.values;
	struct fnl_book_in state = {.rep = in->rep,
	                            .now_ms = in->now_ms,
	                            .rules = in->rules,
	                            .cause_id = out->cause_id,
	                            .correlation_id = out->correlation_id,
	                            .arena = in->arena};
	if (out->event.desc && quota[FNL_QUOTA_SET_STATE].i64 == FNL_QUOTA_STATE_FROZEN &&
	    fnl_attainment_quota(&state, in->rep[FNL_REP_BOOK].str, (int32_t)quota[FNL_QUOTA_SET_FISCAL_YEAR].i64,
	                         &out->rep) != 0) {
		abort();
	}
}
