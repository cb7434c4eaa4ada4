/* An inspection sheet as it was told: found among the records of its partition, and shown on a terminal, as Markdown
 * for a mail, as JSON for machines. */
#ifndef FNL_PROGRAMS_VIEW_SHEET_H
#define FNL_PROGRAMS_VIEW_SHEET_H

#include "funneld/ports/codec.h"
#include "view_text.h"

enum { FNL_SHEET_PAGES_MAX = 4096 };

/* A sheet, its pages, and the answers to it; lists of the records' values. */
struct fnl_sheet {
	struct fnl_arena arena;
	struct fnl_span id;             /* absent: nothing of it was seen */
	const struct fnl_value *values; /* InspectionSheet; NULL: it has not come yet */
	const struct fnl_value **pages; /* SheetPage, as they came */
	size_t page_count;
	size_t page_capacity;
	const struct fnl_value *
		*answers; /* InspectionAnswerRecorded, as they came; one of a question may replace another */
	size_t answer_count;
	size_t answer_capacity;
};

/* Reads records one by one. Zeroed but for the first three fields it is valid. */
struct fnl_sheet_finder {
	struct fnl_codec *codec;
	struct fnl_span rep_id;
	struct fnl_span sheet_id; /* absent: the latest one that is complete */
	struct fnl_error why;     /* of a put that failed */
	struct fnl_arena scratch;
	struct fnl_sheet found;
	struct fnl_sheet coming; /* the next one, whose pages come before it */
};

/* One record of funnel.inspections, in the order of its partition. FNL_E_INVALID …, FNL_E_LIMIT, FNL_E_NOMEM with
 * f->why. */
int fnl_sheet_put(struct fnl_sheet_finder *f, const struct fnl_record *r) FNL_MUST_USE;
/* NULL: there is none. Lives until deinit. */
const struct fnl_sheet *fnl_sheet_found(struct fnl_sheet_finder *f);
void fnl_sheet_finder_deinit(struct fnl_sheet_finder *f);

/* The latest answer that the question has, NULL: none. */
const struct fnl_value *fnl_sheet_answer(const struct fnl_sheet *s, const struct fnl_value *question);
/* Its state as of now: what an answer to it says, else what the sheet says. */
int64_t fnl_sheet_question_state(const struct fnl_sheet *s, const struct fnl_value *question);

/* v: of an InspectionAnswerRecorded: "no consensus (confirmed), by R-17 on 2025-06-30 17:00 UTC, late; next: call-cfo
 * on 2025-07-04" */
enum { FNL_SHEET_ANSWER_TEXT_BYTES = 512 };
void fnl_sheet_answer_text(const struct fnl_value *v, char ret[FNL_SHEET_ANSWER_TEXT_BYTES]);

/* What differs between the sides of a SheetLine, or what the one says that there is: layer and weight, amount, expected
 * close date. arrow: " -> ". */
enum { FNL_SHEET_SIDE_TEXT_BYTES = 320 };
void fnl_sheet_change_text(const struct fnl_value *line, const char *arrow, char ret[FNL_SHEET_SIDE_TEXT_BYTES]);

void fnl_view_sheet(const struct fnl_sheet *s, const struct fnl_canvas *c);
void fnl_view_sheet_markdown(const struct fnl_sheet *s, FILE *out);
/* The fields of InspectionSheet, "lines": [those of SheetLine], "answers": [those of InspectionAnswerRecorded]. */
int fnl_view_sheet_json(const struct fnl_sheet *s, FILE *out, struct fnl_error *why) FNL_MUST_USE;

#endif
