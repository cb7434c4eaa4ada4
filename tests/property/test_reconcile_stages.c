/* The random books of test_reconciliation.c, through the prospect and the rep stage: what they keep of a line is enough
 * to find what was done against the company, each once, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "book_world.h"
#include "tamper_play.h"

#include <stdio.h>

#define DAY INT64_C(86400000)
#define NOTICE (FNL_T0 + 100 * DAY) /* when it is given */
#define BOOK "rep:leaver"

static struct fnl_world world;
static struct fnl_books books;

static void ask(struct fnl_tamper_play *p, struct fnl_reconcile_in *in)
{
	const struct fnl_value *sheet = fnl_books_inspection(&books, BOOK);
	(void)p;
	in->line = fnl_books_line_row(&books, BOOK, "p1");
	in->sheet_number = sheet[FNL_INSPECTION_SHEET_NUMBER].i64;
	in->sheet_at_ms = sheet[FNL_INSPECTION_AS_OF].set ? sheet[FNL_INSPECTION_AS_OF].i64 : 0;
}

/* ---- through the stages ---- */

static void through(const struct fnl_input *in)
{
	if (fnl_world_apply(&world, in) != 0) {
		fail_msg("%s", world.why.text);
	}
	for (size_t i = 0; i < world.out.line_count; i++) {
		struct fnl_input line = {.desc = world.out.lines[i].desc};
		memcpy(line.v, world.out.lines[i].values, line.desc->field_count * sizeof(line.v[0]));
		if (line.desc == &fnl_desc_book_line && fnl_span_eq(line.v[FNL_BOOK_LINE_BOOK].str, fnl_span_str(BOOK)) &&
		    fnl_books_line(&books, &line, "c") != 0) {
			fail_msg("%s", books.why.text);
		}
	}
}

static const char *stage_of(int64_t layer)
{
	switch (layer) {
	case FNL_LAYER_TOP:
		return "Prospecting";
	case FNL_LAYER_MIDDLE:
		return "Value Proposition";
	default:
		return "Proposal/Price Quote";
	}
}

static void set_or_clear(struct fnl_input *in, int field, struct fnl_value value, const char *name)
{
	static struct fnl_value cleared[1];
	in->v[field] = value;
	if (!value.set) {
		cleared[0] = (struct fnl_value){.set = true, .str = fnl_span_str(name)};
		in->v[FNL_PROSPECT_CHANGED_CLEARED] = (struct fnl_value){.set = true, .list = {cleared, 1}};
	}
}

/* The model's line after the act says to what. Each change shows in the line, if by nothing else then by its date. */
static struct fnl_input changed(const struct fnl_value *line, enum fnl_tamper_actor by, int64_t at_ms,
                                enum fnl_tamper_act what)
{
	static const struct {
		const char *id;
		int kind;
	} actors[] = {{"leaver", FNL_ACTOR_KIND_REP},
	              {"other", FNL_ACTOR_KIND_REP},
	              {NULL, 0},
	              {"manager", FNL_ACTOR_KIND_MANAGER},
	              {"importer", FNL_ACTOR_KIND_SYSTEM}};
	struct fnl_input in = fnl_input_changed(++world.version, at_ms - FNL_T0);
	if (actors[by].id) {
		fnl_input_str(&in, FNL_PROSPECT_CHANGED_ACTOR_ID, actors[by].id);
		fnl_input_i64(&in, FNL_PROSPECT_CHANGED_ACTOR_KIND, actors[by].kind);
	}
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_EXPECTED_CLOSE_DATE, FNL_DAY_2024 + 1000 + world.version);
	if (what == FNL_DO_AMOUNT) {
		set_or_clear(&in, FNL_PROSPECT_CHANGED_AMOUNT, line[FNL_LINE_AMOUNT], "amount");
	} else if (what == FNL_DO_BP) {
		set_or_clear(&in, FNL_PROSPECT_CHANGED_PROBABILITY_BP, line[FNL_LINE_PROBABILITY_BP], "probability_bp");
	} else if (what == FNL_DO_LAYER) {
		fnl_input_str(&in, FNL_PROSPECT_CHANGED_STAGE, stage_of(line[FNL_LINE_LAYER].i64));
	} else if (what == FNL_DO_OWNER) {
		set_or_clear(&in, FNL_PROSPECT_CHANGED_OWNER_REP_ID, line[FNL_LINE_OWNER_REP_ID], "owner_rep_id");
	} else if (what == FNL_DO_LOSE) {
		fnl_input_i64(&in, FNL_PROSPECT_CHANGED_STATUS, FNL_STATUS_LOST);
		in.v[FNL_PROSPECT_CHANGED_LOST_REASON] = line[FNL_LINE_LOST_REASON];
	} else if (what == FNL_DO_LINK || what == FNL_DO_UNLINK) {
		in.v[FNL_PROSPECT_CHANGED_CONTACT_IDS] = line[FNL_LINE_CONTACT_IDS];
	}
	return in;
}

static void send(struct fnl_tamper_play *p, enum fnl_tamper_actor by, int64_t at_ms, enum fnl_tamper_act what,
                 int64_t value)
{
	char person[24];
	struct fnl_input in;
	snprintf(person, sizeof(person), "person-%d", (int)value);
	if (what == FNL_DO_DELETE) {
		in = fnl_input_life(&fnl_desc_prospect_deleted, ++world.version, at_ms - FNL_T0);
	} else if (what == FNL_DO_ERASE_CONTACT) {
		in = fnl_input_contact_erased(person, at_ms - FNL_T0);
	} else {
		in = changed(p->model.line, by, at_ms, what);
	}
	through(&in);
}

/* As fnl_tamper_start has it. */
static void begin(struct fnl_tamper_play *p)
{
	const struct fnl_value *line = p->model.line;
	fnl_world_clear(&world);
	fnl_books_clear(&books);
	world.version = 0;
	books.inspects = true;
	struct fnl_input rep = fnl_input_rep("leaver", 1, "org");
	assert_int_equal(fnl_books_rep_changed(&books, &rep), 0);
	struct fnl_input in = changed(line, FNL_BY_PROGRAM, NOTICE - 91 * DAY, FNL_DO_AMOUNT);
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_PROBABILITY_SOURCE, FNL_PROBABILITY_SOURCE_MODEL);
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_STATUS, FNL_STATUS_OPEN);
	in.v[FNL_PROSPECT_CHANGED_PROBABILITY_BP] = line[FNL_LINE_PROBABILITY_BP];
	in.v[FNL_PROSPECT_CHANGED_OWNER_REP_ID] = line[FNL_LINE_OWNER_REP_ID];
	in.v[FNL_PROSPECT_CHANGED_CONTACT_IDS] = line[FNL_LINE_CONTACT_IDS];
	fnl_input_str(&in, FNL_PROSPECT_CHANGED_STAGE, stage_of(FNL_LAYER_BOTTOM));
	through(&in);
}

/* A line that has changed since is another one to the model. */
static void make_sheets(struct fnl_tamper_play *p)
{
	const struct fnl_value *row = fnl_books_inspection(&books, BOOK);
	int64_t number = row[FNL_INSPECTION_SHEET_NUMBER].i64;
	fnl_books_inspect_until(&books, BOOK, p->now_ms - FNL_T0, true);
	row = fnl_books_inspection(&books, BOOK);
	if (row[FNL_INSPECTION_SHEET_NUMBER].i64 != number) {
		fnl_tamper_sheet(&p->model, row[FNL_INSPECTION_AS_OF].i64);
	}
}

static void random_books(void **state)
{
	static const struct fnl_tamper_case c = {.books = 100,
	                                         .book_lines = 20,
	                                         .wanted_min = 300,
	                                         .notice_at_ms = NOTICE,
	                                         .begin = begin,
	                                         .make_sheets = make_sheets,
	                                         .ask = ask,
	                                         .send = send};
	(void)state;
	fnl_world_start(&world);
	fnl_books_start(&books);
	fnl_tamper_play_books(&c);
	fnl_books_end(&books);
	fnl_world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_books),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
