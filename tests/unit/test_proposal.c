/* Territory proposals as stories: asked for, worked out page by page, told, accepted, over. Readable in
 * golden/proposal.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "funneld/core/proposal.h"
#include "golden.h"

enum { ROWS_MAX = 512, KEY_BYTES = 64, ARENA_BYTES = 64 << 20, STEPS_MAX = 200 };
#define DAY_MS INT64_C(86400000)
#define NOW_MS (INT64_C(19880) * DAY_MS) /* Thursday, 2024-06-06 */

struct row {
	char key[KEY_BYTES];
	const struct fnl_value *values;
};

/* An organisation's rows, in the order of their keys, and its proposal. */
struct world {
	struct fnl_arena arena;
	struct fnl_rules rules;
	struct row reps[ROWS_MAX];
	size_t rep_count;
	struct row cells[ROWS_MAX];
	size_t cell_count;
	struct fnl_value *proposal;
	int64_t now_ms;
	size_t page_rows;
	struct fnl_golden golden;
	size_t told_moves;
};

static struct fnl_value i64(int64_t v)
{
	return (struct fnl_value){.set = true, .i64 = v};
}

static struct fnl_value *values(struct world *w, size_t count)
{
	struct fnl_value *v = fnl_arena_calloc(&w->arena, count, sizeof(*v));
	assert_non_null(v);
	return v;
}

static struct fnl_value text(struct world *w, const char *s)
{
	struct fnl_span copy = fnl_arena_dup(&w->arena, fnl_span_str(s));
	assert_false(fnl_span_is_none(copy));
	return (struct fnl_value){.set = true, .str = copy};
}

static struct fnl_value texts(struct world *w, const char *s)
{
	struct fnl_value *items = values(w, s && *s ? 1 : 0);
	if (s && *s) {
		items[0] = text(w, s);
	}
	return (struct fnl_value){.set = true, .list = {items, s && *s ? 1 : 0}};
}

static void open_world(struct world *w)
{
	memset(w, 0, sizeof(*w));
	fnl_arena_init(&w->arena, ARENA_BYTES);
	w->rules = *fnl_rules_default();
	w->now_ms = NOW_MS;
	w->page_rows = 3;
}

static void rule(struct world *w, const char *key, int64_t value)
{
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(keys[i].section, "territory") == 0 && strcmp(keys[i].key, key) == 0) {
			w->rules.values[i] = value;
			return;
		}
	}
	fail_msg("no rule: %s", key);
}

/* In the order of their ids. */
static struct fnl_value *rep(struct world *w, const char *id, const char *region)
{
	struct fnl_value *v = values(w, FNL_ORG_REP_FIELD_COUNT);
	struct row *r = &w->reps[w->rep_count++];
	v[FNL_ORG_REP_ENTRY_SEQUENCE] = i64(1);
	v[FNL_ORG_REP_ORG_ID] = text(w, "emea");
	v[FNL_ORG_REP_REP_ID] = text(w, id);
	v[FNL_ORG_REP_ACTIVE] = i64(1);
	v[FNL_ORG_REP_RESIGNED] = v[FNL_ORG_REP_OPEN_PROSPECTS] = i64(0);
	v[FNL_ORG_REP_REGIONS] = texts(w, region);
	v[FNL_ORG_REP_INDUSTRIES] = texts(w, NULL);
	v[FNL_ORG_REP_ASKED_BY] = texts(w, NULL);
	snprintf(r->key, sizeof(r->key), "emea|%s", id);
	r->values = v;
	return v;
}

/* In the order of reps, regions and industries. week: from which on it may be moved. */
static void cell(struct world *w, const char *id, const char *region, const char *industry, int layer, int64_t count,
                 int64_t volume, const char *currency, int64_t week)
{
	struct fnl_value *v = values(w, FNL_ORG_CELL_FIELD_COUNT);
	struct fnl_value *total = values(w, FNL_CELL_VOLUME_FIELD_COUNT);
	struct fnl_value *totals = values(w, 1);
	struct row *r = &w->cells[w->cell_count++];
	char book[KEY_BYTES];
	total[FNL_CELL_VOLUME_LAYER] = i64(layer);
	total[FNL_CELL_VOLUME_HELD_WEEK] = i64(week);
	total[FNL_CELL_VOLUME_CURRENCY] = text(w, currency);
	total[FNL_CELL_VOLUME_COUNT] = i64(count);
	total[FNL_CELL_VOLUME_AMOUNT_MINOR] = i64(volume * 4);
	total[FNL_CELL_VOLUME_WEIGHTED_MINOR] = i64(volume);
	total[FNL_CELL_VOLUME_WEIGHTED_E4] = i64(0);
	totals[0] = (struct fnl_value){.set = true, .list = {total, FNL_CELL_VOLUME_FIELD_COUNT}};
	snprintf(book, sizeof(book), "rep:%s", id);
	v[FNL_ORG_CELL_ORG_ID] = text(w, "emea");
	v[FNL_ORG_CELL_REP_ID] = text(w, id);
	v[FNL_ORG_CELL_BOOK] = text(w, book);
	v[FNL_ORG_CELL_REGION] = text(w, region);
	v[FNL_ORG_CELL_INDUSTRY] = text(w, industry);
	v[FNL_ORG_CELL_SIZE_FOCUS] = text(w, "");
	v[FNL_ORG_CELL_SEQUENCE] = i64(1);
	v[FNL_ORG_CELL_TOTALS] = (struct fnl_value){.set = true, .list = {totals, 1}};
	snprintf(r->key, sizeof(r->key), "emea|%s|%s|%s|%d", book, region, industry, layer);
	r->values = v;
}

/* ---- what is told ---- */

static void say_value(struct world *w, const struct fnl_field_desc *f, const struct fnl_value *v);

static void say_record(struct world *w, const struct fnl_record_desc *desc, const struct fnl_value *v)
{
	for (size_t i = 0; i < desc->field_count; i++) {
		const char *name = desc->fields[i].name;
		bool known = strcmp(name, "occurred_at") == 0 || strcmp(name, "org_id") == 0 || strcmp(name, "source") == 0;
		if (v[i].set && !known) {
			fnl_golden_add(&w->golden, " %s=", name);
			say_value(w, &desc->fields[i], &v[i]);
		}
	}
}

static void say_value(struct world *w, const struct fnl_field_desc *f, const struct fnl_value *v)
{
	switch (f->kind) {
	case FNL_KIND_STRING:
		fnl_golden_add(&w->golden, "%.*s", (int)v->str.len, (const char *)v->str.data);
		break;
	case FNL_KIND_ENUM:
		fnl_golden_add(&w->golden, "%s", f->symbols[v->i64]);
		break;
	case FNL_KIND_BOOL:
		fnl_golden_add(&w->golden, "%s", v->i64 ? "yes" : "no");
		break;
	case FNL_KIND_TIMESTAMP:
		fnl_golden_add(&w->golden, "day %" PRId64, (v->i64 - NOW_MS) / DAY_MS);
		break;
	case FNL_KIND_RECORD:
		fnl_golden_add(&w->golden, "{");
		say_record(w, f->record, v->list.items);
		fnl_golden_add(&w->golden, " }");
		break;
	case FNL_KIND_LIST:
		for (size_t i = 0; i < v->list.count; i++) {
			fnl_golden_add(&w->golden, "\n       ");
			say_record(w, f->record, v->list.items[i].list.items);
		}
		break;
	default:
		fnl_golden_add(&w->golden, "%" PRId64, v->i64);
		break;
	}
}

static void take(struct world *w, const struct fnl_proposal_out *out)
{
	for (size_t i = 0; i < out->event_count; i++) {
		fnl_golden_add(&w->golden, "    %s", out->events[i].desc->name);
		say_record(w, out->events[i].desc, out->events[i].values);
		fnl_golden_add(&w->golden, "\n");
		w->told_moves += out->events[i].desc == &fnl_desc_proposal_move;
	}
	if (out->stale) {
		fnl_golden_add(&w->golden, "    stale\n");
	}
	w->proposal = out->row ? out->row : w->proposal;
}

/* ---- what is done ---- */

static struct fnl_org_in input(struct world *w)
{
	return (struct fnl_org_in){
		.now_ms = w->now_ms, .rules = &w->rules, .cause_id = FNL_SPAN_LIT("cause"), .arena = &w->arena};
}

static size_t page_of(struct world *w, const struct row *rows, size_t count, struct fnl_span after,
                      const struct fnl_value **ret, struct fnl_proposal_page *page)
{
	size_t n = 0;
	size_t at = 0;
	while (at < count && !fnl_span_is_none(after) && fnl_span_cmp(fnl_span_str(rows[at].key), after) <= 0) {
		at++;
	}
	for (; at < count && n < w->page_rows; at++) {
		page->last_key = fnl_span_str(rows[at].key);
		ret[n++] = rows[at].values;
	}
	return n;
}

static void go_on(struct world *w)
{
	static const struct fnl_value *rows[ROWS_MAX];
	for (int steps = 0; w->proposal && w->proposal[FNL_PROPOSAL_NEXT_DEADLINE_AT].set &&
	                    w->proposal[FNL_PROPOSAL_NEXT_DEADLINE_AT].i64 <= w->now_ms;
	     steps++) {
		struct fnl_org_in in = input(w);
		struct fnl_proposal_need need = fnl_proposal_needs(w->proposal);
		struct fnl_proposal_page page = {.rows = rows};
		struct fnl_proposal_out out;
		struct fnl_error why = {0};
		assert_true(steps < STEPS_MAX);
		if (need.of == FNL_PROPOSAL_PAGE_REPS) {
			page.count = page_of(w, w->reps, w->rep_count, need.after, rows, &page);
		} else if (need.of == FNL_PROPOSAL_PAGE_CELLS) {
			page.count = page_of(w, w->cells, w->cell_count, need.after, rows, &page);
		}
		page.last = page.count < w->page_rows;
		int rc = fnl_proposal_step(&in, w->proposal, &page, &out, &why);
		if (rc != 0) {
			fail_msg("%d: %s", rc, why.text);
		}
		take(w, &out);
	}
	int64_t state = w->proposal ? w->proposal[FNL_PROPOSAL_STATE].i64 : (int64_t)FNL_PROPOSAL_STATE_UNKNOWN;
	fnl_golden_add(&w->golden, "    = %s\n", fnl_symbols_proposal_state[state]);
}

static void command(struct world *w, const struct fnl_record_desc *desc, const char *id, const char *what)
{
	struct fnl_value *v = values(w, desc->field_count);
	struct fnl_org_in in = input(w);
	struct fnl_proposal_out out;
	struct fnl_error why = {0};
	fnl_golden_add(&w->golden, "day %" PRId64 " %s %s %s\n", (w->now_ms - NOW_MS) / DAY_MS, desc->name, id,
	               what ? what : "");
	v[FNL_PROPOSE_TERRITORIES_SOURCE] = text(w, "tool");
	v[FNL_PROPOSE_TERRITORIES_OCCURRED_AT] = i64(w->now_ms);
	v[FNL_PROPOSE_TERRITORIES_COMMAND_ID] = text(w, id);
	v[FNL_PROPOSE_TERRITORIES_ISSUED_BY] = text(w, "head");
	v[FNL_PROPOSE_TERRITORIES_ISSUED_AT] = i64(w->now_ms);
	v[FNL_PROPOSE_TERRITORIES_ORG_ID] = text(w, "emea");
	if (what) { /* the currency, or the proposal */
		v[FNL_PROPOSE_TERRITORIES_BASE_CURRENCY] = text(w, what);
	}
	_Static_assert((int)FNL_PROPOSE_TERRITORIES_ORG_ID == (int)FNL_ACCEPT_PROPOSAL_ORG_ID &&
	                   (int)FNL_PROPOSE_TERRITORIES_BASE_CURRENCY == (int)FNL_ACCEPT_PROPOSAL_PROPOSAL_ID,
	               "the commands begin alike");
	int rc = fnl_proposal_command(&in, w->proposal, desc, v, &out, &why);
	if (rc != 0) {
		fail_msg("%d: %s", rc, why.text);
	}
	take(w, &out);
	go_on(w);
}

static void propose(struct world *w, const char *id, const char *currency)
{
	command(w, &fnl_desc_propose_territories, id, currency);
}

static void accept(struct world *w, const char *id, const char *proposal)
{
	command(w, &fnl_desc_accept_proposal, id, proposal);
}

static void days(struct world *w, int64_t count)
{
	w->now_ms += count * DAY_MS;
	fnl_golden_add(&w->golden, "day %" PRId64 "\n", (w->now_ms - NOW_MS) / DAY_MS);
	go_on(w);
}

/* ann has a rich north, bob little, cid nothing. */
static void north(struct world *w)
{
	rule(w, "moves_org_max_bp", 10000);
	rep(w, "ann", NULL);
	rep(w, "bob", NULL);
	rep(w, "cid", NULL);
	cell(w, "ann", "north", "metal", FNL_LAYER_TOP, 5, 30000, "EUR", 0);
	cell(w, "ann", "north", "wood", FNL_LAYER_TOP, 5, 28000, "EUR", 0);
	cell(w, "ann", "north", "wood", FNL_LAYER_BOTTOM, 2, 30000, "EUR", 0);
	cell(w, "bob", "south", "metal", FNL_LAYER_MIDDLE, 4, 5000, "EUR", 0);
}

#define STORY(title) \
	static struct world w; \
	struct fnl_golden *g = *state; \
	open_world(&w); \
	fnl_golden_add(g, "== %s\n", title)
#define END \
	fnl_golden_add(g, "%s\n", w.golden.text ? w.golden.text : ""); \
	free(w.golden.text); \
	fnl_arena_deinit(&w.arena)

static void from_asked_to_accepted(void **state)
{
	STORY("From the question to the acceptance; again, it is refused");
	north(&w);
	propose(&w, "p-1", NULL);
	propose(&w, "p-1", NULL);
	accept(&w, "a-1", "p-1");
	accept(&w, "a-1", "p-1");
	accept(&w, "a-2", "p-1");
	END;
}

static void what_stays(void **state)
{
	STORY("What is at the BOTTOM, and what was moved of late, stays; other currencies are left out");
	rule(&w, "moves_org_max_bp", 10000);
	rep(&w, "ann", NULL);
	rep(&w, "bob", NULL);
	cell(&w, "ann", "north", "metal", FNL_LAYER_TOP, 3, 30000, "EUR", NOW_MS / DAY_MS / 7 + 1);
	cell(&w, "ann", "north", "wood", FNL_LAYER_BOTTOM, 3, 30000, "EUR", 0);
	cell(&w, "ann", "south", "wood", FNL_LAYER_MIDDLE, 3, 90000, "USD", 0);
	cell(&w, "ann", "west", "wood", FNL_LAYER_MIDDLE, 2, 20000, "EUR", NOW_MS / DAY_MS / 7);
	propose(&w, "p-1", "EUR");
	END;
}

static void outdated(void **state)
{
	STORY("A newer one, or time, puts an end to it; one that nobody made is none");
	north(&w);
	accept(&w, "a-0", "p-1");
	propose(&w, "p-1", "EUR");
	propose(&w, "p-2", "EUR");
	accept(&w, "a-1", "p-1");
	accept(&w, "a-2", "p-9");
	days(&w, 30);
	accept(&w, "a-3", "p-2");
	propose(&w, "p-1", "EUR");
	END;
}

static void who_receives_has_gone(void **state)
{
	STORY("Who was to receive has given notice since: it is outdated");
	north(&w);
	propose(&w, "p-1", "EUR");
	for (size_t i = 1; i < 3; i++) {
		((struct fnl_value *)w.reps[i].values)[FNL_ORG_REP_RESIGNED] = i64(1);
	}
	accept(&w, "a-1", "p-1");
	END;
}

static void not_worth_it(void **state)
{
	STORY("It is fair already; nobody is there at all");
	rep(&w, "ann", NULL);
	rep(&w, "bob", NULL);
	cell(&w, "ann", "north", "metal", FNL_LAYER_TOP, 5, 10000, "EUR", 0);
	cell(&w, "bob", "north", "metal", FNL_LAYER_TOP, 5, 10010, "EUR", 0);
	propose(&w, "p-1", "EUR");
	accept(&w, "a-1", "p-1");
	w.rep_count = 0;
	propose(&w, "p-2", "EUR");
	accept(&w, "a-2", "p-2");
	END;
}

/* Pages of any size tell the same. */
static void any_page(void **state)
{
	static struct world w;
	char *expected = NULL;
	(void)state;
	for (size_t rows = 1; rows < 8; rows++) {
		open_world(&w);
		north(&w);
		w.page_rows = rows;
		propose(&w, "p-1", NULL);
		accept(&w, "a-1", "p-1");
		assert_true(w.told_moves > 0);
		fnl_arena_deinit(&w.arena);
		if (expected) {
			assert_string_equal(w.golden.text, expected);
			free(w.golden.text);
		} else {
			expected = w.golden.text;
		}
	}
	free(expected);
}

/* A row that would not fit into a record is not written: the organisation hears that it is too much. */
static void too_long_for_a_row(void **state)
{
	enum { CODE_BYTES = FNL_PROPOSAL_ROW_BYTES_MAX / 4 };
	static struct world w;
	static char code[CODE_BYTES + 1];
	(void)state;
	memset(code, 'n', CODE_BYTES);
	for (int of_cells = 0; of_cells < 2; of_cells++) {
		open_world(&w);
		north(&w);
		w.page_rows = ROWS_MAX; /* their keys are cut off, and alike */
		for (size_t i = 0; i < 4; i++) {
			if (of_cells) {
				cell(&w, "cid", code, "metal", FNL_LAYER_TOP, 1, 1, "EUR", 0);
			} else {
				rep(&w, "dan", code);
			}
		}
		propose(&w, "p-1", "EUR");
		assert_int_equal(w.proposal[FNL_PROPOSAL_STATE].i64, FNL_PROPOSAL_STATE_REFUSED);
		assert_int_equal(w.proposal[FNL_PROPOSAL_REPS].list.count, 0);
		assert_non_null(strstr(w.golden.text, "TOO_MANY"));
		fnl_arena_deinit(&w.arena);
		free(w.golden.text);
		memset(&w.golden, 0, sizeof(w.golden));
	}
}

static void propose_alone(struct world *w, const char *id)
{
	propose(w, id, "EUR");
	free(w->golden.text);
	memset(&w->golden, 0, sizeof(w->golden));
}

/* As many reps, and cells of one rep, as there may be; and one more. */
static void as_many_as_there_may_be(void **state)
{
	static struct world w;
	(void)state;
	for (int of_cells = 0; of_cells < 2; of_cells++) {
		size_t max = of_cells ? FNL_PROPOSAL_CELLS_MAX : FNL_PROPOSAL_REPS_MAX;
		for (size_t more = 0; more < 2; more++) {
			open_world(&w);
			w.page_rows = FNL_PROPOSAL_PAGE_ROWS;
			rep(&w, "aa", NULL);
			for (size_t i = 0; i < (of_cells ? 1 : max - 1 + more); i++) {
				char id[8];
				snprintf(id, sizeof(id), "b%03zu", i);
				rep(&w, id, NULL);
			}
			for (size_t i = 0; i < (of_cells ? max + more : 1); i++) {
				char region[8];
				snprintf(region, sizeof(region), "r%03zu", i);
				cell(&w, "aa", region, "metal", FNL_LAYER_TOP, 1, 100, "EUR", 0);
			}
			propose_alone(&w, "p-1");
			bool refused = w.proposal[FNL_PROPOSAL_STATE].i64 == FNL_PROPOSAL_STATE_REFUSED;
			assert_int_equal(refused, more);
			fnl_arena_deinit(&w.arena);
		}
	}
}

/* Of the proposals before the latest one the last 16 are known; one before them is as one that never was. */
static void the_latest_are_known(void **state)
{
	static struct world w;
	char id[8];
	(void)state;
	open_world(&w);
	north(&w);
	for (int i = 0; i < FNL_PROPOSAL_FORMER_MAX + 2; i++) {
		snprintf(id, sizeof(id), "p-%d", i);
		propose_alone(&w, id);
	}
	accept(&w, "a-1", "p-1");
	assert_non_null(strstr(w.golden.text, "PROPOSAL_IS_OUTDATED"));
	size_t before = w.golden.len;
	accept(&w, "a-2", "p-0");
	assert_non_null(strstr(w.golden.text + before, "UNKNOWN_PROPOSAL"));
	fnl_arena_deinit(&w.arena);
	free(w.golden.text);
}

static int start(void **state)
{
	static struct fnl_golden golden;
	*state = &golden;
	return 0;
}

static void compared(void **state)
{
	assert_int_equal(fnl_golden_compare(*state, FNL_SOURCE_DIR "/tests/unit/golden/proposal.txt"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(from_asked_to_accepted),
	                                          cmocka_unit_test(what_stays),
	                                          cmocka_unit_test(outdated),
	                                          cmocka_unit_test(who_receives_has_gone),
	                                          cmocka_unit_test(not_worth_it),
	                                          cmocka_unit_test(any_page),
	                                          cmocka_unit_test(too_long_for_a_row),
	                                          cmocka_unit_test(as_many_as_there_may_be),
	                                          cmocka_unit_test(the_latest_are_known),
	                                          cmocka_unit_test(compared)};
	return cmocka_run_group_tests_name("territory proposals", tests, start, NULL);
}
