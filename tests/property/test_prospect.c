#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gen.h"
#include "prospect_world.h"

#include <stdio.h>

/* Versioned inputs in any order, any number of times, end in the same state; the same inputs again change nothing. */

enum { INPUTS_MAX = 24, ROUNDS = 400, ORDERS = 12, DUPLICATES_MAX = 8, TEXTS = 6, TIMERS_MAX = 24 };

#define C(name) FNL_PROSPECT_CHANGED_##name

static struct fnl_world w;

struct story {
	struct fnl_input inputs[INPUTS_MAX];
	struct fnl_value cleared[INPUTS_MAX][4];
	size_t count;
};

/* What convergence is promised for. */
struct outcome {
	bool row;
	bool erased;
	int64_t erased_version;
	size_t len;
	uint8_t bytes[8192];
};

static const char *const stages[TEXTS] = {"Prospecting", "Value Proposition", "Contract Sent",
                                          "Somewhere",   "Proposal Made",     "x"};
static const char *const ids[TEXTS] = {"a", "b", "c", "d", "e", "f"};

static void random_value(struct fnl_gen *g, struct fnl_input *in, int field)
{
	const struct fnl_field_desc *f = &in->desc->fields[field];
	switch (f->kind) {
	case FNL_KIND_STRING:
		fnl_input_str(in, field, field == C(STAGE) ? stages[fnl_gen_below(g, TEXTS)] : ids[fnl_gen_below(g, TEXTS)]);
		break;
	case FNL_KIND_MONEY:
		fnl_input_money(in, field, (int64_t)fnl_gen_below(g, 1000000), fnl_gen_one_in(g, 2) ? "EUR" : "USD");
		break;
	case FNL_KIND_ENUM:
		fnl_input_i64(in, field, (int64_t)fnl_gen_below(g, f->symbol_count));
		break;
	case FNL_KIND_TIMESTAMP:
		fnl_input_i64(in, field, FNL_T0 + (int64_t)fnl_gen_below(g, 100000));
		break;
	case FNL_KIND_LIST:
		in->v[field] = (struct fnl_value){.set = true, .list = {NULL, 0}};
		break;
	default:
		fnl_input_i64(in, field, (int64_t)fnl_gen_below(g, 10001));
		break;
	}
}

static struct fnl_input random_change(struct fnl_gen *g, struct fnl_value cleared[4], int64_t version, int64_t at_ms)
{
	struct fnl_input in = fnl_input_changed(version, at_ms);
	size_t fields = 1 + fnl_gen_below(g, 6);
	for (size_t i = 0; i < fields; i++) {
		/* mostly those that decide the layer */
		int field =
			fnl_gen_one_in(g, 2) ? C(PIPELINE_ID) + (int)fnl_gen_below(g, 7) : C(BUYER_ID) + (int)fnl_gen_below(g, 24);
		random_value(g, &in, field);
	}
	if (fnl_gen_one_in(g, 3)) {
		size_t count = 1 + fnl_gen_below(g, 3);
		for (size_t i = 0; i < count; i++) {
			const char *name = in.desc->fields[C(BUYER_ID) + (int)fnl_gen_below(g, 24)].name;
			cleared[i] = (struct fnl_value){.set = true, .str = fnl_span_str(name)};
		}
		in.v[C(CLEARED)].list = (struct fnl_list){cleared, count};
	}
	fnl_input_i64(&in, C(FULL), fnl_gen_one_in(g, 6));
	return in;
}

/* Versions are given once each and in no order; contacts have ids of their own. */
static void random_story(struct fnl_gen *g, bool with_erasure, struct story *s)
{
	size_t versions[INPUTS_MAX];
	size_t contacts = 0;
	memset(s, 0, sizeof(*s));
	s->count = 2 + fnl_gen_below(g, INPUTS_MAX - 2);
	for (size_t i = 0; i < s->count; i++) {
		versions[i] = i + 1;
	}
	fnl_gen_shuffle(g, versions, s->count);
	for (size_t i = 0; i < s->count; i++) {
		int64_t version = (int64_t)versions[i];
		int64_t at_ms = (int64_t)i * 1000;
		size_t kind = fnl_gen_below(g, 12);
		if (kind == 0) {
			s->inputs[i] = fnl_input_life(&fnl_desc_prospect_deleted, version, at_ms);
		} else if (kind == 1) {
			s->inputs[i] = fnl_input_life(&fnl_desc_prospect_restored, version, at_ms);
		} else if (kind == 2) {
			s->inputs[i] = fnl_input_life(&fnl_desc_prospect_merged, version, at_ms);
			fnl_input_str(&s->inputs[i], FNL_PROSPECT_MERGED_SURVIVOR_ID, ids[fnl_gen_below(g, TEXTS)]);
		} else if (kind == 3 && contacts < TEXTS) {
			s->inputs[i] =
				fnl_input_contact(ids[contacts++], (int64_t)fnl_gen_below(g, 100000), !fnl_gen_one_in(g, 3), at_ms);
		} else {
			s->inputs[i] = random_change(g, s->cleared[i], version, at_ms);
		}
	}
	if (with_erasure) {
		s->inputs[s->count - 1] = fnl_input_life(&fnl_desc_prospect_erased, (int64_t)versions[s->count - 1], 5);
	}
}

static void apply(const struct fnl_input *in)
{
	int r = fnl_world_apply(&w, in);
	if (r != 0) {
		fail_msg("%s: %d: %s", in->desc->name, r, w.why.text);
	}
}

static void write_row(struct fnl_writer *writer, bool whole)
{
	struct fnl_value row[FNL_PROSPECT_FIELD_COUNT];
	memcpy(row, w.row, sizeof(row));
	if (!whole) {
		/* these fold in order of arrival */
		row[FNL_PROSPECT_SEQUENCE].i64 = 0;
		row[FNL_PROSPECT_LAYER_SINCE].i64 = 0;
		row[FNL_PROSPECT_CHANGED_AT].i64 = 0;
		row[FNL_PROSPECT_PARKED_SINCE].i64 = 0;
		row[FNL_PROSPECT_FORMER_OWNERS].list.count = 0;
		for (int i = FNL_PROSPECT_EDITED_AT; i < FNL_PROSPECT_FIELD_COUNT; i++) {
			row[i] = (struct fnl_value){.set = !fnl_desc_prospect.fields[i].nullable};
		}
		row[FNL_PROSPECT_NEXT_DEADLINE_AT] = row[FNL_PROSPECT_KEEP_UNTIL]; /* the former owners' dates are left out */
	}
	assert_int_equal(fnl_record_encode(&fnl_desc_prospect, row, writer), 0);
}

static struct outcome outcome_now(bool whole)
{
	struct outcome o = {.row = w.row != NULL, .erased = w.erased != NULL};
	struct fnl_writer writer = fnl_writer_of(&w.arena);
	if (o.row) {
		write_row(&writer, whole);
	}
	if (o.erased) {
		o.erased_version = w.erased[FNL_ERASED_VERSION].i64;
	}
	struct fnl_span s = fnl_writer_span(&writer);
	assert_true(s.len <= sizeof(o.bytes));
	o.len = s.len;
	memcpy(o.bytes, s.data, s.len);
	return o;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->row == b->row && a->erased == b->erased && a->erased_version == b->erased_version && a->len == b->len &&
	       memcmp(a->bytes, b->bytes, a->len) == 0;
}

static struct outcome tell(const struct story *s, const size_t *order, size_t count)
{
	fnl_world_clear(&w);
	for (size_t i = 0; i < count; i++) {
		apply(&s->inputs[order[i]]);
	}
	return outcome_now(false);
}

static void check_story(struct fnl_gen *g, const struct story *s, int round)
{
	size_t order[INPUTS_MAX + DUPLICATES_MAX];
	for (size_t i = 0; i < s->count; i++) {
		order[i] = i;
	}
	struct outcome first = tell(s, order, s->count);
	for (int i = 0; i < ORDERS; i++) {
		size_t count = s->count;
		for (size_t j = 0; j < s->count; j++) {
			order[j] = j;
		}
		for (size_t extra = fnl_gen_below(g, DUPLICATES_MAX + 1); extra > 0; extra--) {
			order[count++] = fnl_gen_below(g, s->count);
		}
		fnl_gen_shuffle(g, order, count);
		struct outcome other = tell(s, order, count);
		if (!same(&first, &other)) {
			fail_msg("round %d, order %d of %zu inputs ends otherwise", round, i, s->count);
		}
	}
}

static void any_order_with_duplicates_ends_the_same(void **state)
{
	(void)state;
	struct fnl_gen g = fnl_gen_start(20240501);
	for (int round = 0; round < ROUNDS; round++) {
		struct story s;
		random_story(&g, false, &s);
		check_story(&g, &s, round);
	}
}

static void nothing_comes_back_after_an_erasure_in_any_order(void **state)
{
	(void)state;
	struct fnl_gen g = fnl_gen_start(20240502);
	for (int round = 0; round < ROUNDS / 4; round++) {
		struct story s;
		random_story(&g, true, &s);
		check_story(&g, &s, round);
		assert_null(w.row);
		assert_non_null(w.erased);
	}
}

/* In order of time, with gaps of both kinds, heartbeats and corrected contacts between. */
static void a_replay_is_stale_from_end_to_end(void **state)
{
	(void)state;
	struct fnl_gen g = fnl_gen_start(20240503);
	for (int round = 0; round < ROUNDS; round++) {
		struct story s;
		random_story(&g, false, &s);
		char gaps[INPUTS_MAX][24];
		for (size_t i = 0; i < s.count; i++) {
			int64_t at_ms = (int64_t)i * 1000;
			snprintf(gaps[i], sizeof(gaps[i]), "g%zu", i);
			if (fnl_gen_one_in(&g, 8)) {
				s.inputs[i] = fnl_input_gap(gaps[i], fnl_gen_one_in(&g, 2) ? "p1" : NULL, at_ms);
			} else if (fnl_gen_one_in(&g, 10)) {
				s.inputs[i] = fnl_input_heartbeat(at_ms);
			} else if (fnl_gen_one_in(&g, 8)) {
				s.inputs[i] =
					fnl_input_contact(ids[fnl_gen_below(&g, 3)], (int64_t)fnl_gen_below(&g, 9000), true, at_ms);
				fnl_input_i64(&s.inputs[i], FNL_CONTACT_LOGGED_RETRACTED, fnl_gen_one_in(&g, 3));
			}
		}
		fnl_world_clear(&w);
		for (size_t i = 0; i < s.count; i++) {
			apply(&s.inputs[i]);
		}
		struct outcome once = w.row ? outcome_now(true) : (struct outcome){.row = false};
		for (size_t i = 0; i < s.count; i++) {
			apply(&s.inputs[i]);
			if (!w.out.stale || w.out.event_count || w.out.line_count) {
				fail_msg("round %d: %s, input %zu of %zu, was applied twice", round, s.inputs[i].desc->name, i,
				         s.count);
			}
		}
		struct outcome twice = w.row ? outcome_now(true) : (struct outcome){.row = false};
		assert_true(same(&once, &twice));
	}
}

/* The layer told last is the row's, the sequence grows, and parked and unparked take turns. */
static void what_is_told_adds_up(void **state)
{
	(void)state;
	struct fnl_gen g = fnl_gen_start(20240504);
	for (int round = 0; round < ROUNDS; round++) {
		struct story s;
		random_story(&g, fnl_gen_one_in(&g, 5), &s);
		int64_t layer = FNL_LAYER_NONE;
		int64_t sequence = 0;
		bool parked = false;
		fnl_world_clear(&w);
		for (size_t i = 0; i < s.count; i++) {
			apply(&s.inputs[i]);
			const struct fnl_value *v = fnl_world_event(&w, &fnl_desc_layer_changed);
			if (v) {
				assert_int_equal(v[FNL_LAYER_CHANGED_FROM_LAYER].i64, layer);
				assert_int_not_equal(v[FNL_LAYER_CHANGED_TO_LAYER].i64, layer);
				assert_true(v[FNL_LAYER_CHANGED_SEQUENCE].i64 > sequence);
				layer = v[FNL_LAYER_CHANGED_TO_LAYER].i64;
				sequence = v[FNL_LAYER_CHANGED_SEQUENCE].i64;
			}
			if (fnl_world_event(&w, &fnl_desc_prospect_unparked)) {
				assert_true(parked);
				parked = false;
			}
			if (fnl_world_event(&w, &fnl_desc_prospect_parked)) {
				assert_false(parked);
				parked = true;
			}
			assert_int_equal(w.row ? w.row[FNL_PROSPECT_LAYER].i64 : (w.erased && layer ? FNL_LAYER_ERASED : 0), layer);
			assert_int_equal(parked, layer == FNL_LAYER_UNCLASSIFIED);
			assert_int_equal(w.row ? w.row[FNL_PROSPECT_PARKED_SINCE].set : false, parked);
		}
	}
}

/* What the books make of the lines: of each book the state and the latest sequence. */
struct books {
	char names[16][160];
	int64_t states[16];
	int64_t sequences[16];
	size_t count;
};

static void take_line(struct books *b, const struct fnl_value *line)
{
	struct fnl_span name = line[FNL_BOOK_LINE_BOOK].str;
	size_t i = 0;
	while (i < b->count && !fnl_span_eq(fnl_span_str(b->names[i]), name)) {
		i++;
	}
	if (i == b->count) {
		assert_true(b->count < 16 && name.len < sizeof(b->names[0]));
		memcpy(b->names[i], name.data, name.len);
		b->names[i][name.len] = '\0';
		b->sequences[i] = 0;
		b->count++;
	}
	assert_true(line[FNL_BOOK_LINE_SEQUENCE].i64 > b->sequences[i]);
	b->sequences[i] = line[FNL_BOOK_LINE_SEQUENCE].i64;
	b->states[i] = line[FNL_BOOK_LINE_STATE].i64;
}

static int64_t state_of(const struct books *b, struct fnl_span name)
{
	for (size_t i = 0; i < b->count; i++) {
		if (fnl_span_eq(fnl_span_str(b->names[i]), name)) {
			return b->states[i];
		}
	}
	return FNL_LINE_STATE_GONE;
}

static void check_books(const struct books *b)
{
	size_t live = 0;
	for (size_t i = 0; i < b->count; i++) {
		live += b->states[i] == FNL_LINE_STATE_OWNED || b->states[i] == FNL_LINE_STATE_WATCHED;
	}
	if (!w.row || !w.row[FNL_PROSPECT_BOOK].set) {
		assert_int_equal(live, 0);
		return;
	}
	struct fnl_list formers = w.row[FNL_PROSPECT_FORMER_OWNERS].list;
	assert_int_equal(live, 1 + formers.count);
	assert_int_equal(state_of(b, w.row[FNL_PROSPECT_BOOK].str), FNL_LINE_STATE_OWNED);
	for (size_t i = 0; i < formers.count; i++) {
		assert_int_equal(state_of(b, formers.items[i].list.items[FNL_FORMER_OWNER_BOOK].str), FNL_LINE_STATE_WATCHED);
	}
}

/* One book owns it, former owners watch it, nobody else has it; and in the end nobody at all. */
static void books_have_what_the_row_says(void **state)
{
	(void)state;
	struct fnl_gen g = fnl_gen_start(20240505);
	size_t watched = 0;
	for (int round = 0; round < ROUNDS; round++) {
		struct story s;
		struct books b = {.count = 0};
		random_story(&g, fnl_gen_one_in(&g, 5), &s);
		fnl_world_clear(&w);
		for (size_t i = 0; i < s.count; i++) {
			if (s.inputs[i].desc == &fnl_desc_prospect_changed && fnl_gen_one_in(&g, 2)) {
				fnl_input_str(&s.inputs[i], C(OWNER_REP_ID), ids[fnl_gen_below(&g, TEXTS)]);
			}
			apply(&s.inputs[i]);
			for (size_t k = 0; k < w.out.line_count; k++) {
				take_line(&b, w.out.lines[k].values);
			}
			check_books(&b);
			watched += w.row && w.row[FNL_PROSPECT_FORMER_OWNERS].list.count;
		}
		for (int i = 0; i < TIMERS_MAX && w.row && w.row[FNL_PROSPECT_NEXT_DEADLINE_AT].set; i++) {
			assert_int_equal(fnl_world_timer(&w, w.row[FNL_PROSPECT_NEXT_DEADLINE_AT].i64), 0);
			for (size_t k = 0; k < w.out.line_count; k++) {
				take_line(&b, w.out.lines[k].values);
			}
			check_books(&b);
		}
		assert_true(!w.row || !w.row[FNL_PROSPECT_NEXT_DEADLINE_AT].set);
		assert_true(!w.row || w.row[FNL_PROSPECT_FORMER_OWNERS].list.count == 0);
	}
	assert_true(watched > ROUNDS);
}

static int start(void **state)
{
	(void)state;
	fnl_world_start(&w);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_world_end(&w);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_with_duplicates_ends_the_same),
		cmocka_unit_test(nothing_comes_back_after_an_erasure_in_any_order),
		cmocka_unit_test(a_replay_is_stale_from_end_to_end),
		cmocka_unit_test(what_is_told_adds_up),
		cmocka_unit_test(books_have_what_the_row_says),
	};
	return cmocka_run_group_tests(tests, start, end);
}
