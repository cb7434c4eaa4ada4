/* An organisation's territories, from rows of the org stage: who has what, what is rich or poor, and a proposal before
 * and after, as the core that makes it tells it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "funneld/core/proposal.h"
#include "golden.h"
#include "rules_reader.h"
#include "view_territories.h"
#include "view_world.h"

#define GOLDEN(name) FNL_SOURCE_DIR "/tests/unit/golden/" name

static const int64_t day_ms = 86400000;
static const int64_t now_ms = INT64_C(1751364000000); /* 2025-07-01 10:00 */
enum { ROWS_MAX = 64 };

struct world {
	struct view_world v;
	const struct fnl_value *reps[ROWS_MAX]; /* for the core, in the order of their keys */
	size_t rep_count;
	const struct fnl_value *cells[ROWS_MAX];
	size_t cell_count;
	struct fnl_value *proposal;
	const struct fnl_value *told; /* TerritoryProposal */
};

static int setup(void **state)
{
	*state = view_world_new(sizeof(struct world));
	return 0;
}

static void put(struct world *w, const char *key, const struct fnl_record_desc *d, const struct fnl_value *values)
{
	view_world_put(&w->v, 1, now_ms, key, d, values);
}

static void put_rep(struct world *w, const char *id, bool active, bool resigned)
{
	char key[64];
	struct fnl_value *v = fnl_v_blank(&w->v.arena, &fnl_desc_org_rep);
	v[FNL_ORG_REP_ORG_ID] = fnl_v_text("emea");
	v[FNL_ORG_REP_REP_ID] = fnl_v_text(id);
	v[FNL_ORG_REP_ACTIVE] = fnl_v_number(active);
	v[FNL_ORG_REP_RESIGNED] = fnl_v_number(resigned);
	snprintf(key, sizeof(key), "rep|emea|%s", id);
	put(w, key, &fnl_desc_org_rep, v);
	w->reps[w->rep_count++] = v;
}

struct volume {
	int layer;
	const char *currency; /* NULL: without amounts */
	int64_t count;
	int64_t weighted;
};

static void put_cell(struct world *w, const char *rep, const char *region, const char *industry, const char *size,
                     const struct volume *volumes, size_t count)
{
	char key[128];
	struct fnl_value *v = fnl_v_blank(&w->v.arena, &fnl_desc_org_cell);
	struct fnl_value *totals = fnl_arena_calloc(&w->v.arena, count, sizeof(*totals));
	for (size_t i = 0; i < count; i++) {
		struct fnl_value *t = fnl_v_blank(&w->v.arena, &fnl_desc_cell_volume);
		t[FNL_CELL_VOLUME_LAYER] = fnl_v_number(volumes[i].layer);
		t[FNL_CELL_VOLUME_CURRENCY] = fnl_v_text(volumes[i].currency);
		t[FNL_CELL_VOLUME_COUNT] = fnl_v_number(volumes[i].count);
		t[FNL_CELL_VOLUME_AMOUNT_MINOR] = fnl_v_number(4 * volumes[i].weighted);
		t[FNL_CELL_VOLUME_WEIGHTED_MINOR] = fnl_v_number(volumes[i].weighted);
		totals[i] = fnl_v_list(t, fnl_desc_cell_volume.field_count);
	}
	v[FNL_ORG_CELL_ORG_ID] = fnl_v_text("emea");
	v[FNL_ORG_CELL_REP_ID] = fnl_v_text(rep);
	v[FNL_ORG_CELL_BOOK] = fnl_v_text("rep:x");
	v[FNL_ORG_CELL_REGION] = fnl_v_text(region);
	v[FNL_ORG_CELL_INDUSTRY] = fnl_v_text(industry);
	v[FNL_ORG_CELL_SIZE_FOCUS] = fnl_v_text(size);
	v[FNL_ORG_CELL_TOTALS] = fnl_v_list(totals, count);
	snprintf(key, sizeof(key), "cell|emea|rep:%s|%s|%s|%s", rep, region, industry, size);
	put(w, key, &fnl_desc_org_cell, v);
	w->cells[w->cell_count++] = v;
}

/* ann is rich in DE; FR is poor; dan has given notice, eve is not active, and somebody has cells but no entry. */
static void fill(struct world *w)
{
	static const struct volume rich[] = {{FNL_LAYER_TOP, "EUR", 9, 60000000}, {FNL_LAYER_BOTTOM, "EUR", 5, 30000000}};
	static const struct volume some[] = {{FNL_LAYER_TOP, "EUR", 4, 20000000}, {FNL_LAYER_TOP, NULL, 1, 0}};
	static const struct volume crowd[] = {{FNL_LAYER_TOP, "EUR", 90, 15000000}};
	static const struct volume few[] = {{FNL_LAYER_MIDDLE, "EUR", 2, 1500000}};
	static const struct volume dollars[] = {{FNL_LAYER_MIDDLE, "USD", 7, 9000000}};
	put_rep(w, "ann", true, false);
	put_rep(w, "bob", true, false);
	put_rep(w, "cid", true, false);
	put_rep(w, "dan", true, true);
	put_rep(w, "eve", false, false);
	put_cell(w, "ann", "DE", "auto", "L", rich, 2);
	put_cell(w, "ann", "DE", "bank", "S", some, 2);
	put_cell(w, "ann", "DE", "food", "S", some, 1);
	put_cell(w, "bob", "DE", "auto", "S", crowd, 1);
	put_cell(w, "bob", "FR", "auto", "S", few, 1);
	put_cell(w, "cid", "", "", "", dollars, 1);
	put_cell(w, "cid", "FR", "food", "M", few, 1);
	put_cell(w, "dan", "DE", "bank", "S", few, 1);
	put_cell(w, "joe", "IT", "food", "S", few, 1);
}

/* ---- the core makes a proposal ---- */

static void take(struct world *w, const struct fnl_proposal_out *out)
{
	w->proposal = out->row ? out->row : w->proposal;
	for (size_t i = 0; i < out->event_count; i++) {
		w->told = out->events[i].desc == &fnl_desc_territory_proposal ? out->events[i].values : w->told;
	}
}

static void step(struct world *w, const struct fnl_org_in *in)
{
	struct fnl_proposal_need need = fnl_proposal_needs(w->proposal);
	struct fnl_proposal_page page = {.last = true};
	struct fnl_proposal_out out;
	struct fnl_error why = {0};
	if (need.of == FNL_PROPOSAL_PAGE_REPS) {
		page.rows = w->reps;
		page.count = w->rep_count;
	} else if (need.of == FNL_PROPOSAL_PAGE_CELLS) {
		page.rows = w->cells;
		page.count = w->cell_count;
	}
	page.last_key = FNL_SPAN_LIT("z");
	assert_int_equal(fnl_proposal_step(in, w->proposal, &page, &out, &why), 0);
	take(w, &out);
}

static void propose(struct world *w, int until_state)
{
	struct fnl_org_in in = {.now_ms = now_ms, .rules = fnl_rules_default(), .arena = &w->v.arena};
	struct fnl_value *v = fnl_v_blank(&w->v.arena, &fnl_desc_propose_territories);
	struct fnl_proposal_out out;
	struct fnl_error why = {0};
	v[FNL_PROPOSE_TERRITORIES_SOURCE] = fnl_v_text("test");
	v[FNL_PROPOSE_TERRITORIES_COMMAND_ID] = fnl_v_text("p-1");
	v[FNL_PROPOSE_TERRITORIES_ISSUED_BY] = fnl_v_text("mia");
	v[FNL_PROPOSE_TERRITORIES_ORG_ID] = fnl_v_text("emea");
	v[FNL_PROPOSE_TERRITORIES_OCCURRED_AT] = v[FNL_PROPOSE_TERRITORIES_ISSUED_AT] = fnl_v_number(now_ms);
	assert_int_equal(fnl_proposal_command(&in, NULL, &fnl_desc_propose_territories, v, &out, &why), 0);
	take(w, &out);
	for (int i = 0; i < 8 && w->proposal[FNL_PROPOSAL_STATE].i64 != until_state; i++) {
		step(w, &in);
	}
	assert_int_equal(w->proposal[FNL_PROPOSAL_STATE].i64, until_state);
	put(w, "proposal|emea", &fnl_desc_proposal, w->proposal);
}

static void proposed(struct world *w)
{
	fill(w);
	propose(w, FNL_PROPOSAL_STATE_OPEN);
}

static void collecting(struct world *w)
{
	fill(w);
	propose(w, FNL_PROPOSAL_STATE_CELLS);
}

static void too_late(struct world *w)
{
	proposed(w);
	w->proposal[FNL_PROPOSAL_EXPIRES_AT] = fnl_v_number(now_ms - day_ms);
	put(w, "proposal|emea", &fnl_desc_proposal, w->proposal);
}

static void accepted(struct world *w)
{
	proposed(w);
	w->proposal[FNL_PROPOSAL_STATE] = fnl_v_number(FNL_PROPOSAL_STATE_ACCEPTED);
	w->proposal[FNL_PROPOSAL_ACCEPT_BY] = fnl_v_text("max");
	put(w, "proposal|emea", &fnl_desc_proposal, w->proposal);
}

static void without_prospects(struct world *w)
{
	put_rep(w, "ann", true, false);
	propose(w, FNL_PROPOSAL_STATE_NOT_WORTH_IT);
}

/* ---- looked at ---- */

static struct fnl_territories_question question(void)
{
	return (struct fnl_territories_question){
		.org = FNL_SPAN_LIT("emea"), .now_ms = now_ms, .rules_reader = fnl_test_rules_reader(), .picture = true};
}

static const char *draw(struct world *w, const struct fnl_territories_question *q, bool utf8)
{
	struct fnl_error why = {0};
	struct fnl_canvas c = {.width = 100, .utf8 = utf8};
	c.out = view_world_out(&w->v);
	assert_int_equal(fnl_view_territories(&w->v.rows, q, &c, &why), 0);
	fclose(c.out);
	return w->v.text;
}

static json_t *json(struct world *w, const struct fnl_territories_question *q)
{
	struct fnl_error why = {0};
	FILE *out = view_world_out(&w->v);
	assert_int_equal(fnl_view_territories_json(&w->v.rows, q, out, &why), 0);
	fclose(out);
	return view_world_json(&w->v);
}

static void territories_are_as_they_were_read(void **state)
{
	(void)state;
	static const struct {
		const char *title;
		void (*fill)(struct world *w);
		bool ascii;
		bool plain;
		bool more;
		bool proposal_only;
	} pictures[] = {
		{"a proposal that can be accepted", proposed, false, false, false, false},
		{"the same for a pipe, with sizes and layers", proposed, true, true, true, false},
		{"nothing was asked for", fill, true, false, false, false},
		{"its cells are being collected", collecting, true, true, false, true},
		{"its time is over, and nobody has fired the timer yet", too_late, true, true, false, true},
		{"accepted", accepted, true, true, false, true},
		{"one rep without prospects", without_prospects, true, false, false, true},
	};
	struct fnl_golden g = {0};
	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
		void *world;
		struct fnl_territories_question q = question();
		q.picture = !pictures[i].plain;
		q.by_size = q.by_layer = pictures[i].more;
		setup(&world);
		pictures[i].fill(world);
		const char *text = draw(world, &q, !pictures[i].ascii);
		const char *proposal = strstr(text, "PROPOSAL ");
		fnl_golden_add(&g, "%s# %s\n\n%s", i ? "\n\n" : "", pictures[i].title,
		               pictures[i].proposal_only && proposal ? proposal : text);
		view_world_teardown(&world);
	}
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("view_territories.txt")), 0);
}

static void same_spread(const json_t *o, const char *name, const struct fnl_value *told)
{
	const json_t *s = json_object_get(o, name);
	const struct fnl_value *v = told->list.items;
	assert_int_equal(view_json_integer(s, "min"), v[FNL_SPREAD_MIN].i64);
	assert_int_equal(view_json_integer(s, "max"), v[FNL_SPREAD_MAX].i64);
	assert_int_equal(view_json_integer(s, "total"), v[FNL_SPREAD_TOTAL].i64);
	assert_int_equal(view_json_integer(s, "max_min_bp"), v[FNL_SPREAD_MAX_MIN_BP].i64);
	assert_int_equal(view_json_integer(s, "variation_bp"), v[FNL_SPREAD_VARIATION_BP].i64);
}

/* What the tool adds up of the row is what the stage has told of it. */
static void a_proposal_is_as_it_was_told(void **state)
{
	struct world *w = *state;
	struct fnl_territories_question q = question();
	proposed(w);
	json_t *o = json(w, &q);
	const json_t *p = json_object_get(o, "proposal");
	const struct fnl_value *told = w->told;
	assert_non_null(told);
	assert_string_equal(json_string_value(json_object_get(p, "state")), "OPEN");
	same_spread(p, "volume_before", &told[FNL_TERRITORY_PROPOSAL_VOLUME_BEFORE]);
	same_spread(p, "volume_after", &told[FNL_TERRITORY_PROPOSAL_VOLUME_AFTER]);
	same_spread(p, "count_before", &told[FNL_TERRITORY_PROPOSAL_COUNT_BEFORE]);
	same_spread(p, "count_after", &told[FNL_TERRITORY_PROPOSAL_COUNT_AFTER]);
	assert_int_equal(view_json_integer(p, "moved_count"), told[FNL_TERRITORY_PROPOSAL_MOVED_COUNT].i64);
	assert_true(view_json_integer(p, "moved_count") > 0);
	assert_int_equal(json_array_size(json_object_get(p, "moves")), told[FNL_TERRITORY_PROPOSAL_MOVE_COUNT].i64);
	struct fnl_list reps = told[FNL_TERRITORY_PROPOSAL_REPS].list;
	assert_int_equal(json_array_size(json_object_get(p, "reps")), reps.count);
	for (size_t i = 0; i < reps.count; i++) {
		const struct fnl_value *v = reps.items[i].list.items;
		const json_t *r = json_array_get(json_object_get(p, "reps"), i);
		assert_int_equal(view_json_integer(r, "volume_before_minor"), v[FNL_REP_SHARE_VOLUME_BEFORE_MINOR].i64);
		assert_int_equal(view_json_integer(r, "volume_after_minor"), v[FNL_REP_SHARE_VOLUME_AFTER_MINOR].i64);
		assert_int_equal(view_json_integer(r, "count_before"), v[FNL_REP_SHARE_COUNT_BEFORE].i64);
		assert_int_equal(view_json_integer(r, "count_after"), v[FNL_REP_SHARE_COUNT_AFTER].i64);
	}
	/* today's spread is that of the proposal, as long as nothing has changed since */
	same_spread(o, "volume", &told[FNL_TERRITORY_PROPOSAL_VOLUME_BEFORE]);
	same_spread(o, "count", &told[FNL_TERRITORY_PROPOSAL_COUNT_BEFORE]);
	json_decref(o);
}

static void cells_add_up_to_the_reps(void **state)
{
	struct world *w = *state;
	fill(w);
	for (int i = 0; i < 4; i++) {
		struct fnl_territories_question q = question();
		q.by_size = i & 1;
		q.by_layer = i & 2;
		json_t *o = json(w, &q);
		const json_t *cells = json_object_get(o, "cells"), *reps = json_object_get(o, "reps");
		int64_t volume = 0, count = 0;
		for (size_t k = 0; k < json_array_size(cells); k++) {
			volume += view_json_integer(json_array_get(cells, k), "volume_minor");
			count += view_json_integer(json_array_get(cells, k), "count");
		}
		for (size_t k = 0; k < json_array_size(reps); k++) {
			volume -= view_json_integer(json_array_get(reps, k), "volume_minor");
			count -= view_json_integer(json_array_get(reps, k), "count");
		}
		assert_int_equal(volume, 0);
		assert_int_equal(count, 0);
		assert_int_equal(json_object_get(json_array_get(cells, 0), "size_focus") != NULL, (i & 1) != 0);
		json_decref(o);
	}
}

static void volumes_are_in_one_currency(void **state)
{
	struct world *w = *state;
	struct fnl_territories_question q = question();
	fill(w);
	json_t *o = json(w, &q);
	assert_string_equal(json_string_value(json_object_get(o, "currency")), "EUR");
	assert_int_equal(view_json_integer(o, "not_converted_count"), 7);
	json_decref(o);
	q.currency = FNL_SPAN_LIT("USD");
	o = json(w, &q);
	assert_string_equal(json_string_value(json_object_get(o, "currency")), "USD");
	assert_int_equal(view_json_integer(json_object_get(o, "volume"), "total"), 9000000);
	json_decref(o);
}

static void nobody_is_no_organisation(void **state)
{
	struct world *w = *state;
	struct fnl_territories_question q = question();
	struct fnl_error why = {0};
	struct fnl_canvas c = {.out = stderr};
	assert_int_equal(fnl_view_territories(&w->v.rows, &q, &c, &why), FNL_VIEW_NO_ORG);
	assert_int_equal(fnl_view_territories_json(&w->v.rows, &q, stderr, &why), FNL_VIEW_NO_ORG);
}

static void only_what_is_needed_is_read(void **state)
{
	(void)state;
	struct fnl_territories_question q = question();
	static const struct {
		const char *key;
		bool wanted;
	} cases[] = {
		{"rep|emea|ann", true},
		{"cell|emea|rep:ann|DE|auto|L", true},
		{"proposal|emea", true},
		{"partition|rules", true},
		{"rep|emea2|ann", false},
		{"proposal|emea2", false},
		{"year|emea|2025|a", false},
		{"rep|eme", false},
		{"handover|emea|rep:ann|n", false},
		{"question|emea|x|1", false},
		{"cell|em", false},
		{"proposal|", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(fnl_territories_wanted(&q, fnl_span_str(cases[i].key)), cases[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(territories_are_as_they_were_read),
		cmocka_unit_test_setup_teardown(a_proposal_is_as_it_was_told, setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(cells_add_up_to_the_reps, setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(volumes_are_in_one_currency, setup, view_world_teardown),
		cmocka_unit_test_setup_teardown(nobody_is_no_organisation, setup, view_world_teardown),
		cmocka_unit_test(only_what_is_needed_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
