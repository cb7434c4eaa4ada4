/* How a prospect sits still, in words: a stall, who was told, a cause and what helps. */
#ifndef FNL_PROGRAMS_VIEW_STALL_H
#define FNL_PROGRAMS_VIEW_STALL_H

#include "view_event.h"

/* A symbol as people write it: "REP_OUT_OF_CONTACT" is "rep out of contact"; "?" beyond the symbols. */
void fnl_symbol_text(const char *const *symbols, size_t count, int64_t at, char ret[FNL_TEXT_BYTES]);
/* "BOTTOM"; "?" beyond the layers. */
const char *fnl_layer_text(int64_t layer);
/* Of a Stall: "STUCK in layer", "SILENT no contact", "STALE close date past" … */
void fnl_stall_text(const struct fnl_value *stall, char ret[FNL_TEXT_BYTES]);
/* Of a Stall, without names: "rep", "manager", "next level"; not told yet: "from 2025-06-30", or "shown only". */
void fnl_stall_told_text(const struct fnl_value *stall, char ret[FNL_TEXT_BYTES]);
/* Of a Candidate: "no consensus: map-the-committee", a confirmed one "no consensus (confirmed): …". */
void fnl_candidate_text(const struct fnl_value *candidate, char ret[FNL_VALUE_TEXT_BYTES]);
/* Of an Answer: "2025-06-30 17:00 UTC  no consensus, confirmed, next step on 2025-07-04  (answer a-1, sheet R#3)" */
void fnl_answer_text(const struct fnl_value *answer, char ret[FNL_VALUE_TEXT_BYTES]);

/* The texts of all candidates behind `front`, on as many lines as the canvas' width asks for, each indented. Nothing
 * when there are none. */
void fnl_candidates_draw(const struct fnl_canvas *c, int indent, const char *front, const struct fnl_list *candidates);

#endif
