/* An answer to a question of a sheet: the prospect keeps the latest, the book that asked hears of each. */
#include <stdio.h>

#include "oracle_edit.h"

static void tell_book(struct oracle_edit *e)
{
	static const char *const names[] = {"source",    "occurred_at",    "prospect_id",  "answer_id",
	                                    "sheet_id",  "question_id",    "by",           "cause",
	                                    "confirmed", "next_step_code", "next_step_on", "competitor_id"};
	char book[200];
	json_t *v = oracle_new_record(e->s->run->o, "AnswerGiven");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		oracle_take(v, names[i], e->s->in, names[i]);
	}
	snprintf(book, sizeof(book), "rep:%s", oracle_text(e->s->in, "sheet_rep_id"));
	oracle_set(v, "book", json_string(book));
	oracle_tell_book(e->s, "AnswerGiven", v);
	e->s->run->stats.answers++;
}

void oracle_answered(struct oracle_edit *e)
{
	static const char *const names[] = {"answer_id", "sheet_id", "cause", "confirmed", "competitor_id", "next_step_on"};
	const json_t *known = e->row && oracle_has(e->row, "answer") ? json_object_get(e->row, "answer") : NULL;
	const char *id = oracle_text(e->s->in, "answer_id");
	if (known && oracle_is(known, "answer_id", id)) {
		oracle_edit_stale(e);
		return;
	}
	tell_book(e);
	bool later = !known || e->occurred_at > oracle_number(known, "at") ||
	             (e->occurred_at == oracle_number(known, "at") && strcmp(id, oracle_text(known, "answer_id")) > 0);
	if (e->row && later) {
		json_t *answer = json_object();
		oracle_edit_open_row(e);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			oracle_take(answer, names[i], e->s->in, names[i]);
		}
		oracle_set(answer, "at", json_integer(e->occurred_at));
		oracle_set(e->row, "answer", answer);
		oracle_edit_close_row(e);
	}
}
