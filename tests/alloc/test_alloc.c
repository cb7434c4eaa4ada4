/* An allocation fails, each one in turn, in what base and core do: a clean error that leaves the caller's things alone,
 * or the result of an undisturbed run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "funneld/base/map.h"
#include "prospect_world.h"

enum { ARENA_BYTES = 8 << 20, RESULT_BYTES = 1 << 16, RUNS_MAX = 2000, NODES = 200, STEPS_MAX = 32 };

/* One thing to try, again and again. run gives 0 and *ret_result, which lives in the arena or longer, or an error and
 * nothing. What it does for the test's own sake is not counted. */
struct trial {
	const char *name;
	int (*run)(struct fnl_arena *arena, const void *input, struct fnl_span *ret_result);
	const void *input;
};

static struct {
	uint8_t bytes[RESULT_BYTES];
	size_t len;
} expected;

static void check_same(const char *name, size_t at, struct fnl_span found)
{
	if (!fnl_span_eq(found, fnl_span_of(expected.bytes, expected.len))) {
		fail_msg("%s: the %zuth allocation failed, and the result is another one", name, at);
	}
}

/* true: an allocation has failed. Whatever came of it, the next try, without failures, must succeed. */
static bool try_once(const struct trial *t, const struct failing_kind *kind, size_t at)
{
	struct fnl_arena arena;
	struct fnl_span result = FNL_SPAN_NONE;
	fnl_arena_init(&arena, ARENA_BYTES);
	failing_arm(kind, at);
	int rc = t->run(&arena, t->input, &result);
	bool failed = failing_disarm();
	if (rc == 0) {
		check_same(t->name, at, result);
	} else if (rc != FNL_E_NOMEM || !failed || !fnl_span_is_none(result)) {
		fail_msg("%s: %s, the %zuth: error %d", t->name, kind->name, at, rc);
	}
	result = FNL_SPAN_NONE;
	assert_int_equal(t->run(&arena, t->input, &result), 0);
	check_same(t->name, at, result);
	fnl_arena_deinit(&arena);
	return failed;
}

/* How many allocations were made to fail. */
static size_t try_all(const struct trial *t)
{
	struct fnl_arena arena;
	struct fnl_span result = FNL_SPAN_NONE;
	size_t sum = 0;
	fnl_arena_init(&arena, ARENA_BYTES);
	assert_int_equal(t->run(&arena, t->input, &result), 0);
	assert_true(result.len > 0 && result.len <= RESULT_BYTES);
	memcpy(expected.bytes, result.data, result.len);
	expected.len = result.len;
	fnl_arena_deinit(&arena);
	for (size_t i = 0; i < FAILING_KINDS; i++) {
		size_t at = 1;
		while (try_once(t, &failing_kinds[i], at)) {
			assert_true(++at < RUNS_MAX);
		}
		sum += at - 1;
	}
	return sum;
}

/* ---- base ---- */

struct numbered {
	struct fnl_map_node node;
	char key[4];
};

/* After a failed insert all that was in the map is still there, and nothing else. */
static int map_inserts(struct fnl_arena *arena, const void *input, struct fnl_span *ret_result)
{
	(void)arena;
	(void)input;
	static struct numbered nodes[NODES];
	struct fnl_map map = {0};
	int rc = 0;
	size_t n = 0;
	while (n < NODES && rc == 0) {
		memcpy(nodes[n].key, &(int){(int)n}, sizeof(nodes[n].key));
		rc = fnl_map_insert(&map, &nodes[n].node, fnl_span_of(nodes[n].key, sizeof(nodes[n].key)));
		n += rc == 0;
	}
	assert_int_equal(map.count, n);
	for (size_t i = 0; i < NODES; i++) {
		struct fnl_map_node *found = fnl_map_find(&map, fnl_span_of(&(int){(int)i}, sizeof(int)));
		assert_true(found == (i < n ? &nodes[i].node : NULL));
	}
	fnl_map_deinit(&map);
	if (rc == 0) {
		*ret_result = FNL_SPAN_LIT("all found");
	}
	return rc;
}

/* What an arena has given stays as it was when it can give no more. */
static int arena_gives(struct fnl_arena *arena, const void *input, struct fnl_span *ret_result)
{
	(void)input;
	struct fnl_span first = fnl_arena_dup(arena, FNL_SPAN_LIT("what was given before"));
	size_t used = arena->used_bytes;
	uint8_t *large = fnl_arena_alloc(arena, 100000);
	assert_true(large || arena->used_bytes == used);
	uint64_t *numbers = fnl_arena_calloc(arena, 50000, sizeof(*numbers));
	if (large) {
		memset(large, 1, 100000);
	}
	for (size_t i = 0; numbers && i < 50000; i++) {
		assert_true(numbers[i] == 0);
	}
	assert_true(fnl_span_is_none(first) || fnl_span_eq(first, FNL_SPAN_LIT("what was given before")));
	if (fnl_span_is_none(first) || !large || !numbers) {
		return FNL_E_NOMEM;
	}
	*ret_result = first;
	return 0;
}

/* realloc(3)'s promise: the old block stays. */
static int heap_grows(struct fnl_arena *arena, const void *input, struct fnl_span *ret_result)
{
	(void)arena;
	(void)input;
	int *block = fnl_calloc(2, sizeof(*block));
	if (!block) {
		return FNL_E_NOMEM;
	}
	block[1] = 7;
	int *grown = fnl_reallocarray(block, 100000, sizeof(*block));
	block = grown ? grown : block;
	assert_true(block[0] == 0 && block[1] == 7);
	fnl_free(block);
	if (!grown) {
		return FNL_E_NOMEM;
	}
	*ret_result = FNL_SPAN_LIT("grown");
	return 0;
}

static int writer_grows(struct fnl_arena *arena, const void *input, struct fnl_span *ret_result)
{
	(void)input;
	struct fnl_writer w = fnl_writer_of(arena);
	for (int i = 0; i < 300; i++) {
		fnl_write_u8(&w, (uint8_t)i);
		fnl_write_be32(&w, (uint32_t)i);
		fnl_write_long(&w, -i);
		fnl_write_string(&w, FNL_SPAN_LIT("name"));
		fnl_write_decimal(&w, i);
		fnl_write_rfc3339(&w, INT64_C(1700000000000) + i);
	}
	struct fnl_span s = fnl_writer_span(&w);
	if (fnl_span_is_none(s)) {
		assert_true(w.bad);
		return FNL_E_NOMEM;
	}
	*ret_result = s;
	return 0;
}

static int encodes(struct fnl_arena *arena, const void *input, struct fnl_span *ret_result)
{
	struct fnl_writer w = fnl_writer_of(arena);
	int rc = fnl_record_encode(&fnl_desc_prospect, input, &w);
	struct fnl_span s = fnl_writer_span(&w);
	assert_true(fnl_span_is_none(s) == (rc != 0));
	if (rc == 0) {
		*ret_result = s;
	}
	return rc;
}

/* Through bytes and back to bytes; without memory *why names the field. */
static int decodes(struct fnl_arena *arena, const void *input, struct fnl_span *ret_result)
{
	struct fnl_value values[FNL_PROSPECT_FIELD_COUNT];
	struct fnl_error why = {0, ""};
	int rc = fnl_record_decode(&fnl_desc_prospect, *(const struct fnl_span *)input, arena, values, &why);
	if (rc) {
		assert_true(why.code == rc && strstr(why.text, "Prospect.") && strstr(why.text, "memory"));
		return rc;
	}
	failing_counts(false);
	return encodes(arena, values, ret_result);
}

static const struct fnl_value *long_row(struct fnl_world *w)
{
	struct fnl_input in = fnl_input_changed(1, 10);
	fnl_input_str(&in, FNL_PROSPECT_CHANGED_STAGE, "Prospecting");
	fnl_input_money(&in, FNL_PROSPECT_CHANGED_AMOUNT, 100, "EUR");
	assert_int_equal(fnl_world_apply(w, &in), 0);
	static const char *const ids[] = {"c1", "c2", "c3", "c4"};
	for (int i = 0; i < 4; i++) {
		in = fnl_input_contact(ids[i], 20 + i, true, 30 + i);
		assert_int_equal(fnl_world_apply(w, &in), 0);
	}
	return w->row;
}

static void test_base(void **state)
{
	(void)state;
	struct fnl_world w;
	fnl_world_start(&w);
	const struct fnl_value *row = long_row(&w);
	struct fnl_span bytes = FNL_SPAN_NONE;
	assert_int_equal(encodes(&w.arena, row, &bytes), 0);
	const struct trial trials[] = {
		{"map", map_inserts, NULL},     {"arena", arena_gives, NULL}, {"heap", heap_grows, NULL},
		{"writer", writer_grows, NULL}, {"encode", encodes, row},     {"decode", decodes, &bytes},
	};
	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
		size_t n = try_all(&trials[i]);
		print_message("%s: %zu failed allocations\n", trials[i].name, n);
		assert_true(n > 1);
	}
	fnl_world_end(&w);
}

/* ---- core: rules ---- */

/* A line that found no memory can be given again. */
static int rules_read(struct fnl_arena *arena, const void *input, struct fnl_span *ret_result)
{
	static const char *const lines[][3] = {
		{"rules", "version", "3"},
		{"nominal", "top", "30 %"},
		{"stages", "Discovery", "TOP 10 %"},
		{"stages", "Prospecting", "MIDDLE"},
		{"stages P", "Handshake", "TOP"},
		{"weighting", "by", "prospect"},
		{"calendar", "zone", "Europe/Berlin"},
		{"calendar", "holidays", "2026-12-25"},
		{"zone", "2000-01-01T00:00:00Z", "+01:00"},
		{"remedies", "other", "look"},
		{"thresholds Discovery", "silent", "3"},
	};
	(void)input;
	struct fnl_rules_builder *b = NULL;
	const struct fnl_rules *rules = NULL;
	struct fnl_error why = {0, ""};
	int rc = fnl_rules_begin(arena, &b);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && rc == 0; i++) {
		struct fnl_span section = fnl_span_str(lines[i][0]);
		struct fnl_span key = fnl_span_str(lines[i][1]);
		struct fnl_span value = fnl_span_str(lines[i][2]);
		rc = fnl_rules_set(b, section, key, value, (int)i + 1, &why);
		if (rc == FNL_E_NOMEM) {
			failing_counts(false);
			assert_int_equal(fnl_rules_set(b, section, key, value, (int)i + 1, &why), 0);
			failing_counts(true);
		}
	}
	rc = rc ? rc : fnl_rules_finish(b, &rules, &why);
	if (rc) {
		assert_null(rules);
		return rc;
	}
	const struct fnl_stage_rule *stage = fnl_rules_stage(rules, FNL_SPAN_LIT("P"), FNL_SPAN_LIT("handshake"));
	assert_true(stage && stage->layer == FNL_LAYER_TOP);
	assert_true(fnl_rules_stage(rules, FNL_SPAN_NONE, FNL_SPAN_LIT("Discovery"))->probability_bp == 1000);
	assert_true(rules->calendar.offset_count == 1 && rules->calendar.holiday_count == 1 && rules->threshold_count == 1);
	*ret_result = fnl_span_of(rules->values, sizeof(rules->values));
	return 0;
}

static void test_rules(void **state)
{
	(void)state;
	size_t n = try_all(&(struct trial){"rules", rules_read, NULL});
	print_message("rules: %zu failed allocations\n", n);
	assert_true(n > 10);
}

/* ---- core: prospects ---- */

struct applied {
	const struct fnl_world *w; /* the rows before */
	const struct fnl_input *in;
};

static void write_row(struct fnl_writer *w, enum fnl_row_change change, const struct fnl_record_desc *desc,
                      const struct fnl_value *values)
{
	fnl_write_u8(w, (uint8_t)change);
	if (change == FNL_ROW_PUT) {
		assert_int_equal(fnl_record_encode(desc, values, w), 0);
	}
}

static struct fnl_span outcome_bytes(struct fnl_arena *arena, const struct fnl_prospect_out *out)
{
	struct fnl_writer w = fnl_writer_of(arena);
	write_row(&w, out->row_change, &fnl_desc_prospect, out->row);
	write_row(&w, out->erased_change, &fnl_desc_erased, out->erased);
	write_row(&w, out->feed_change, &fnl_desc_feed, out->feed);
	fnl_write_u8(&w, out->stale);
	for (size_t i = 0; i < out->event_count; i++) {
		write_row(&w, FNL_ROW_PUT, out->events[i].desc, out->events[i].values);
	}
	return fnl_writer_span(&w);
}

static int applies(struct fnl_arena *arena, const void *input, struct fnl_span *ret_result)
{
	const struct applied *a = input;
	struct fnl_prospect_in in = {a->w->row, a->w->erased, a->w->feed, a->w->feeds, FNL_T0, a->w->rules, arena};
	struct fnl_prospect_out out;
	struct fnl_prospect_out before;
	struct fnl_error why = {0, ""};
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	int rc = fnl_prospect_apply(&in, a->in->desc, a->in->v, true, &out, &why);
	failing_counts(false);
	if (rc) {
		assert_memory_equal(&out, &before, sizeof(out));
		return rc;
	}
	*ret_result = outcome_bytes(arena, &out);
	return 0;
}

/* Every kind of input, and what follows from it: layers, parking, gaps, contacts, what is deleted and erased. */
static size_t all_inputs(struct fnl_input *in)
{
	size_t n = 0;
	in[n] = fnl_input_changed(1, 10);
	fnl_input_str(&in[n++], FNL_PROSPECT_CHANGED_STAGE, "Prospecting");
	in[n] = fnl_input_changed(2, 20);
	fnl_input_str(&in[n++], FNL_PROSPECT_CHANGED_STAGE, "of no known layer");
	in[n++] = fnl_input_contact("c1", 25, true, 30);
	in[n++] = fnl_input_contact("c2", 24, false, 31);
	in[n++] = fnl_input_contact("c1", 26, true, 32);
	in[n++] = fnl_input_heartbeat(35);
	in[n++] = fnl_input_gap("g1", NULL, 40);
	in[n++] = fnl_input_gap("g2", "p1", 50);
	in[n] = fnl_input_changed(3, 60);
	fnl_input_i64(&in[n], FNL_PROSPECT_CHANGED_FULL, 1);
	fnl_input_str(&in[n++], FNL_PROSPECT_CHANGED_STAGE, "Qualified");
	in[n++] = fnl_input_contact_erased("person", 70);
	in[n++] = fnl_input_life(&fnl_desc_prospect_deleted, 4, 80);
	in[n++] = fnl_input_life(&fnl_desc_prospect_restored, 5, 90);
	in[n] = fnl_input_life(&fnl_desc_prospect_merged, 6, 100);
	fnl_input_str(&in[n++], FNL_PROSPECT_MERGED_SURVIVOR_ID, "p2");
	in[n++] = fnl_input_life(&fnl_desc_prospect_erased, 7, 110);
	return n;
}

static void test_prospect(void **state)
{
	(void)state;
	static struct fnl_input inputs[STEPS_MAX];
	struct fnl_world w;
	fnl_world_start(&w);
	size_t count = all_inputs(inputs);
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		struct applied applied = {&w, &inputs[i]};
		size_t of_input = try_all(&(struct trial){inputs[i].desc->name, applies, &applied});
		assert_true(of_input > 0);
		n += of_input;
		assert_int_equal(fnl_world_apply(&w, &inputs[i]), 0);
	}
	assert_true(w.erased && !w.row);
	print_message("prospect: %zu failed allocations in %zu inputs\n", n, count);
	fnl_world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_prospect),
	};
	return cmocka_run_group_tests_name("failing allocations: base and core", tests, NULL, NULL);
}
