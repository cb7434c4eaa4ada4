/* What has changed against the company before a departure, and since: facts with old and new value, when and by whom,
 * for the manager to ask about; no accusation. Pure.
 *
 * A prospect keeps its latest 8 adverse changes (prospect_adverse.c), each by a rep or by somebody unknown; changes by
 * a manager or a program are none, nor is a contact that was erased by right. */
#ifndef FUNNELD_CORE_RECONCILIATION_H
#define FUNNELD_CORE_RECONCILIATION_H

#include "funneld/core/book.h"

enum {
	FNL_ADVERSE_MAX = 8,
	FNL_RECONCILE_SHEET_MAX = 5, /* differences from the sheet's copy */
	FNL_RECONCILE_MAX = FNL_ADVERSE_MAX + FNL_RECONCILE_SHEET_MAX + 1
};

struct fnl_reconcile_in {
	struct fnl_span leaver_id;
	/* Who takes the prospect over, by what is known: that he has it is no finding, whoever moved it. Absent: nobody. */
	struct fnl_span successor_id;
	int64_t notice_at_ms;
	int64_t from_ms;              /* older changes are not looked at: notice_at less the lookback */
	int64_t sheet_number;         /* of the book's latest sheet; 0: none */
	int64_t sheet_at_ms;          /* as of when that is */
	const struct fnl_value *line; /* Line, now */
	struct fnl_arena *arena;
};

/* One finding: AdverseChange values, and what it is. */
struct fnl_finding {
	struct fnl_value *change;
	bool after_notice; /* at or after it */
	bool since_sheet;  /* made after the sheet; or the sheet's copy still has the old value: it came late */
};

/* Of the listing. In this order: the line's adverse changes from from_ms on, as they came; what differs from the
 * sheet's copy (fnl_sheet_image) and was pushed out of the list; an edit by the leaver at or after the notice that is
 * none of those. FNL_E_NOMEM.
 *
 * By somebody who is known and is not the leaver nothing is told, but for an owner who was moved away from the leaver
 * by the rep who got the prospect; by somebody unknown, what was done while the line was the leaver's, and a deletion,
 * of which no source says who has done it. That a prospect comes to the leaver is none.
 *
 * Pushed out: only when the line has 8 adverse changes, all since the sheet, the oldest of them by the leaver or by
 * somebody unknown, and nobody else was the last to edit it. Then what the sheet's copy has and the first kept change
 * of the kind (or the line) has not: amount, probability, layer (not after a change of rules), owner, lost without a
 * reason. When it was nobody knows: `at` is that of the oldest kept change, which came after it, and it is after the
 * notice only when the sheet is. Nothing is told of contacts: one who is in no change may have been erased by right.
 * What a manager changed of such a prospect, before the leaver did it again, cannot be told apart.
 *
 * An edit (EDITED): only the last one of a prospect is known. Its values are those of amount, probability and layer
 * (codes) that differ from the sheet's copy; none: it was something else, or there is no copy. */
int fnl_reconcile_line(const struct fnl_reconcile_in *in, struct fnl_finding ret[FNL_RECONCILE_MAX],
                       size_t *ret_count) FNL_MUST_USE;

/* Since the listing: what the change from `before` (NULL: the line is new) to in->line has brought, by the same rules,
 * without the sheet's differences; the values of an edit are those that it changed. FNL_E_NOMEM. */
int fnl_reconcile_change(const struct fnl_reconcile_in *in, const struct fnl_value *before,
                         struct fnl_finding ret[FNL_RECONCILE_MAX], size_t *ret_count) FNL_MUST_USE;

#endif
