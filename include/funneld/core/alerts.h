/* What a book tells of the stalls of its lines: to the rep, his deputy, his manager. Pure, as book.h.
 *
 * A line brings its stalls whole; what was told before is the line before it and its `told` bits. Only OWNED lines are
 * told of. A stall of level NONE is shown, not told.
 *   - level REP or more, not told yet: ProspectStalled, once, with that level; but SILENT of a rep who is absent on the
 *     day of the line is held: it stays untold until he is back (fnl_alerts_returned) or a later line comes
 *   - told, and its level has grown: StallEscalated, once, with the level that it has now
 *   - told, and it is gone, or its level is NONE again, or the line is not OWNED any more: StallCleared
 * Recipient: REP: the rep, or while he is absent his deputy, if he has one; MANAGER, NEXT_LEVEL: the manager (who is
 * above him HR has not said); null when not known. Absent: from absent_from to absent_until, both included, either may
 * be missing but not both, by the calendar's local day. */
#ifndef FUNNELD_CORE_ALERTS_H
#define FUNNELD_CORE_ALERTS_H

#include "funneld/core/book.h"
#include "funneld/core/supervision.h"

enum { FNL_ALERTS_MAX = FNL_STALLS_MAX };

bool fnl_rep_is_absent(const struct fnl_value *rep, const struct fnl_calendar *calendar, int64_t at_ms);

/* before: the Line as it was, NULL: none. line: the Line as it is now (NULL: the row goes); its `told` is set here.
 * event: the BookLine that brought it: its occurred_at is when what is told happened, its state, layer and
 * rules_version say why a stall is over. At most FNL_ALERTS_MAX events. FNL_E_NOMEM. */
int fnl_alerts_of_line(const struct fnl_value *rep, const struct fnl_value *before, struct fnl_value *line,
                       const struct fnl_value *event, const struct fnl_rules *rules, struct fnl_arena *arena,
                       struct fnl_event_out ret[FNL_ALERTS_MAX], size_t *ret_count) FNL_MUST_USE;
/* The rep is back at at_ms: what was held of this line is told, with level REP. *ret_line: a copy with its told bits
 * set, NULL: nothing was held. */
int fnl_alerts_returned(const struct fnl_value *rep, const struct fnl_value *line, int64_t at_ms,
                        const struct fnl_rules *rules, struct fnl_arena *arena, struct fnl_value **ret_line,
                        struct fnl_event_out ret[FNL_ALERTS_MAX], size_t *ret_count) FNL_MUST_USE;

#endif
