/* Whose a win is, when it was, and how much. */
#include "workload_rep_internal.h"

void rep_add_win(struct workload_rep *w, struct fnl_input *in, size_t rep)
{
	bool his = rep < w->rep_count && !rep_one_in(w, 3);
	if (!rep_one_in(w, 6)) {
		rep_set_money(w, in, FNL_BOOK_LINE_WON_AMOUNT);
	}
	if (!rep_one_in(w, 10)) {
		fnl_input_i64(in, FNL_BOOK_LINE_CLOSED_ON, rep_close_date(w));
	}
	if (!rep_one_in(w, 10)) {
		fnl_input_str(in, FNL_BOOK_LINE_WON_BY, rep_load_rep(w, his ? rep : rep_below(w, w->rep_count)));
	}
}
