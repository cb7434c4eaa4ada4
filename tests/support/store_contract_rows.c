#include "store_contract_env.h"

/* --- rows --- */

static void rows_are_bytes(void **state)
{
	struct env *e = *state;
	const struct {
		struct fnl_span key, value;
	} cases[] = {
		{LIT("plain"), LIT("value")},
		{LIT("empty value"), LIT("")},
		{LIT(""), LIT("empty key")},
		{LIT("with\0nul"), LIT("a\0b\0")},
		{LIT("with\0"), LIT("\0")},
		{LIT("bar|bar|"), LIT("|")},
		{LIT("|"), LIT("\r\n$3\r\n")},
		{LIT("\r\n*1\r\n"), LIT("\xff\xfe")},
		{LIT("\xc3\xa4{}:\xf0"), LIT("{x}")},
		{LIT("-"), LIT("-ERR")},
		{LIT("0"), LIT("9223372036854775808")},
	};
	enum { CASES = sizeof cases / sizeof *cases };
	struct fnl_row_write rows[CASES];
	struct fnl_row_key keys[CASES + 1];
	for (size_t i = 0; i < CASES; i++) {
		rows[i] = put(cases[i].key, cases[i].value, (int64_t)i);
		keys[i] = rows[i].row;
	}
	keys[CASES] = key_of(PROSPECT, LIT("with"));
	must_apply(e, nothing, at(1, 1), rows, CASES);
	struct fnl_store_read read = look_at(e, PARTITION, keys, CASES + 1, 1000, 100);
	assert_int_equal(read.ret_due_count, CASES);
	for (size_t i = 0; i < CASES; i++) {
		assert_span(read.ret_rows[i], cases[i].value);
		assert_span(read.ret_due[i].row.key, cases[i].key);
		assert_int_equal(read.ret_due[i].row.table, PROSPECT);
	}
	assert_span(read.ret_rows[CASES], FNL_SPAN_NONE);
}

static void rows_are_written_and_deleted(void **state)
{
	struct env *e = *state;
	struct fnl_row_write rows[] = {put_plain(LIT("a"), LIT("1")), put_plain(LIT("b"), LIT("1")),
	                               put_plain(LIT("a"), LIT("x"))};
	rows[2].row.table = ACCOUNT;
	must_apply(e, nothing, at(1, 1), rows, 3);
	struct fnl_row_write more[] = {drop(LIT("a")), put_plain(LIT("b"), LIT("2")), drop(LIT("never there"))};
	must_apply(e, at(1, 1), at(2, 2), more, 3);
	/* Asked in any order, and twice. */
	struct fnl_row_key keys[] = {key_of(PROSPECT, LIT("b")), key_of(ACCOUNT, LIT("a")), key_of(PROSPECT, LIT("a")),
	                             key_of(PROSPECT, LIT("b"))};
	struct fnl_store_read read = look_at(e, PARTITION, keys, 4, 0, 0);
	assert_span(read.ret_rows[0], LIT("2"));
	assert_span(read.ret_rows[1], LIT("x"));
	assert_span(read.ret_rows[2], FNL_SPAN_NONE);
	assert_span(read.ret_rows[3], LIT("2"));
}

static void the_later_write_of_a_row_wins(void **state)
{
	struct env *e = *state;
	struct fnl_row_write rows[] = {
		put(LIT("a"), LIT("1"), 10),
		drop(LIT("b")),
		put(LIT("b"), LIT("1"), 10),
		put(LIT("c"), LIT("1"), 10),
		drop(LIT("a")),
		put(LIT("c"), LIT("2"), 5),
		put_plain(LIT("d"), LIT("1")),
		put(LIT("d"), LIT("2"), 7),
		put(LIT("e"), LIT("1"), 9),
		put_plain(LIT("e"), LIT("2")),
	};
	must_apply(e, nothing, at(1, 1), rows, sizeof rows / sizeof *rows);
	assert_span(row(e, LIT("a")), FNL_SPAN_NONE);
	assert_span(row(e, LIT("b")), LIT("1"));
	assert_span(row(e, LIT("c")), LIT("2"));
	assert_span(row(e, LIT("e")), LIT("2"));
	assert_string_equal(due(e, 1000, 10), "prospect/c@5 prospect/d@7 prospect/b@10");
}

static int by_key(const void *left, const void *right)
{
	return fnl_span_cmp(((const struct fnl_due *)left)->row.key, ((const struct fnl_due *)right)->row.key);
}

static void ten_thousand_rows(void **state)
{
	struct env *e = *state;
	struct fnl_row_write *rows = fnl_arena_calloc(&e->arena, MANY, sizeof *rows);
	struct fnl_row_key *keys = fnl_arena_calloc(&e->arena, MANY, sizeof *keys);
	for (size_t i = 0; i < MANY; i++) {
		char text[300];
		int len = snprintf(text, sizeof text, "key-%05zu", i);
		struct fnl_span key = fnl_arena_dup(&e->arena, fnl_span_of(text, (size_t)len));
		len = snprintf(text, sizeof text, "%0250zu", i * 7);
		rows[i] = put(key, fnl_arena_dup(&e->arena, fnl_span_of(text, (size_t)len)), 42);
		rows[i].row.table = i % 3 ? PROSPECT : ACCOUNT;
		keys[i] = rows[i].row;
	}
	must_apply(e, nothing, at(1, 1), rows, MANY);
	struct fnl_store_read read = look_at(e, PARTITION, keys, MANY, 42, MANY);
	for (size_t i = 0; i < MANY; i++) {
		assert_span(read.ret_rows[i], rows[i].value);
	}
	assert_int_equal(read.ret_due_count, MANY);
	for (size_t i = 1; i < MANY; i++) {
		const struct fnl_due *a = &read.ret_due[i - 1];
		assert_true(a->row.table < a[1].row.table || (a->row.table == a[1].row.table && by_key(a, a + 1) < 0));
	}
	for (size_t i = 0; i < MANY; i++) {
		rows[i].value = FNL_SPAN_NONE;
		rows[i].deadline_ms = FNL_NO_DEADLINE;
	}
	must_apply(e, at(1, 1), at(2, 2), rows, MANY);
	read = look_at(e, PARTITION, keys, MANY, 42, MANY);
	for (size_t i = 0; i < MANY; i++) {
		assert_span(read.ret_rows[i], FNL_SPAN_NONE);
	}
	assert_int_equal(read.ret_due_count, 0);
}

/* Redis takes values by the 3000: a row is one to read or to delete, two to write. */
static void any_number_of_rows(void **state)
{
	struct env *e = *state;
	static const size_t counts[] = {1, 1499, 1500, 1501, 2999, 3000, 3001, 6000, 6001};
	struct fnl_applied now = nothing;
	for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
		size_t count = counts[c];
		struct fnl_row_write *rows = fnl_arena_calloc(&e->arena, count, sizeof *rows);
		struct fnl_row_key *keys = fnl_arena_calloc(&e->arena, count, sizeof *keys);
		for (size_t i = 0; i < count; i++) {
			char text[24];
			int len = snprintf(text, sizeof text, "%zu", i);
			struct fnl_span key = fnl_arena_dup(&e->arena, fnl_span_of(text, (size_t)len));
			rows[i] = put(key, key, 42);
			keys[i] = rows[i].row;
		}
		for (int gone = 0; gone < 2; gone++) {
			struct fnl_applied next = at((int64_t)(2 * c) + 1 + gone, 1);
			must_apply(e, now, next, rows, count);
			now = next;
			struct fnl_store_read read = look_at(e, PARTITION, keys, count, 42, count + 1);
			assert_int_equal(read.ret_due_count, gone ? 0 : count);
			for (size_t i = 0; i < count; i++) {
				assert_span(read.ret_rows[i], rows[i].value);
				rows[i] = drop(rows[i].row.key);
			}
		}
	}
}

/* --- timers --- */

static void due_rows_come_earliest_first(void **state)
{
	struct env *e = *state;
	struct fnl_row_write rows[] = {
		put(LIT("b"), LIT("1"), 1700000000000), put(LIT("a"), LIT("1"), 1700000000000),
		put(LIT("z"), LIT("1"), 1700000000000), put(LIT("late"), LIT("1"), 1700000000001),
		put(LIT("early"), LIT("1"), -5),        put_plain(LIT("never"), LIT("1")),
	};
	rows[2].row.table = ACCOUNT;
	must_apply(e, nothing, at(1, 1), rows, sizeof rows / sizeof *rows);
	assert_string_equal(due(e, 1700000000000, 10),
	                    "prospect/early@-5 account/z@1700000000000 prospect/a@1700000000000 prospect/b@1700000000000");
	assert_string_equal(due(e, 1700000000000, 3), "prospect/early@-5 account/z@1700000000000 prospect/a@1700000000000");
	assert_string_equal(due(e, 1699999999999, 10), "prospect/early@-5");
	assert_string_equal(due(e, -6, 10), "");
	assert_string_equal(due(e, INT64_MIN, 10), "");
	assert_string_equal(due(e, 1700000000001, 0), "");
	assert_int_equal(look_at(e, PARTITION, NULL, 0, INT64_MAX, 10).ret_due_count, 5);
}

static void deadlines_move_and_go(void **state)
{
	struct env *e = *state;
	struct fnl_row_write rows[] = {put(LIT("a"), LIT("1"), 10), put(LIT("b"), LIT("1"), 20),
	                               put(LIT("c"), LIT("1"), 30), put(LIT("d"), LIT("1"), 40),
	                               put_plain(LIT("e"), LIT("1"))};
	must_apply(e, nothing, at(1, 1), rows, 5);
	struct fnl_row_write more[] = {
		put(LIT("a"), LIT("2"), 25),   /* moves */
		put_plain(LIT("b"), LIT("2")), /* goes */
		drop(LIT("c")),                /* goes with its row */
		put(LIT("d"), LIT("2"), 40),   /* stays */
		put(LIT("e"), LIT("2"), 5),    /* comes */
	};
	more[3].deadline_unchanged = true;
	must_apply(e, at(1, 1), at(2, 2), more, 5);
	assert_string_equal(due(e, 1000, 10), "prospect/e@5 prospect/a@25 prospect/d@40");
	struct fnl_row_write last[] = {put(LIT("d"), LIT("3"), 41), put_plain(LIT("e"), LIT("3"))};
	last[0].deadline_unchanged = true; /* believed: the index is not touched */
	last[1].deadline_unchanged = true;
	must_apply(e, at(2, 2), at(3, 3), last, 2);
	assert_span(row(e, LIT("d")), LIT("3"));
	assert_string_equal(due(e, 1000, 10), "prospect/e@5 prospect/a@25 prospect/d@40");
	struct fnl_row_write gone[] = {drop(LIT("d"))};
	gone[0].deadline_ms = 40; /* a deleted row has no deadline, whatever the caller says */
	must_apply(e, at(3, 3), at(4, 4), gone, 1);
	assert_string_equal(due(e, 1000, 10), "prospect/e@5 prospect/a@25");
}

/* --- limits, scans --- */

static void wrong_use_changes_nothing(void **state)
{
	struct env *e = *state;
	const struct fnl_store_ops *ops = e->store->ops;
	struct fnl_row_write rows[] = {put_plain(LIT("a"), LIT("1")), put_plain(LIT("b"), LIT("1"))};
	struct fnl_store_apply apply = step(PARTITION, nothing, at(1, 1), rows, 2);
	rows[1].row.table = STORE_CONTRACT_TABLES;
	assert_int_equal(ops->apply(e->store, &apply, 1), FNL_E_ARGUMENT);
	rows[1].row = key_of(PROSPECT, FNL_SPAN_NONE);
	assert_int_equal(ops->apply(e->store, &apply, 1), FNL_E_ARGUMENT);
	apply.row_count = 1;
	apply.next.present = false;
	assert_int_equal(ops->apply(e->store, &apply, 1), FNL_E_ARGUMENT);
	apply.next.present = true;
	apply.row_count = FNL_STORE_KEYS_MAX + 1;
	assert_int_equal(ops->apply(e->store, &apply, 1), FNL_E_ARGUMENT);
	struct fnl_row_key keys[] = {key_of(STORE_CONTRACT_TABLES, LIT("a"))};
	struct fnl_store_read read = {.partition = PARTITION, .keys = keys, .key_count = 1};
	assert_int_equal(ops->read(e->store, &read, 1, &e->arena), FNL_E_ARGUMENT);
	read = (struct fnl_store_read){.partition = PARTITION, .due_max = FNL_STORE_KEYS_MAX + 1};
	assert_int_equal(ops->read(e->store, &read, 1, &e->arena), FNL_E_ARGUMENT);
	assert_applied(look(e).ret_applied, nothing);
	assert_span(row(e, LIT("a")), FNL_SPAN_NONE);
}

static void too_little_memory_is_told(void **state)
{
	struct env *e = *state;
	char big[4096];
	memset(big, 'x', sizeof big);
	struct fnl_row_write rows[] = {put_plain(LIT("a"), fnl_span_of(big, sizeof big))};
	must_apply(e, nothing, at(1, 1), rows, 1);
	struct fnl_arena small;
	fnl_arena_init(&small, 2048);
	struct fnl_store_read read = {.partition = PARTITION, .keys = &rows[0].row, .key_count = 1};
	assert_int_equal(e->store->ops->read(e->store, &read, 1, &small), FNL_E_NOMEM);
	fnl_arena_deinit(&small);
	assert_span(row(e, LIT("a")), fnl_span_of(big, sizeof big));
}

struct seen {
	size_t rows;
	int64_t deadlines;
	size_t stop_after;
	bool wrong;
};

static int visit(void *context, struct fnl_row_key key, struct fnl_span value, int64_t deadline_ms)
{
	struct seen *seen = context;
	int64_t i = 0;
	seen->wrong = seen->wrong || !fnl_parse_decimal(key.key, &i) || key.table != i % 2 ||
	              !fnl_span_eq(key.key, value) || deadline_ms != (i % 5 ? FNL_NO_DEADLINE : i);
	seen->rows++;
	return seen->rows == seen->stop_after ? 123 : 0;
}

static void a_scan_brings_every_row(void **state)
{
	struct env *e = *state;
	enum { ROWS = 5000 };
	struct seen seen = {0};
	assert_int_equal(e->store->ops->scan(e->store, PARTITION, visit, &seen), 0);
	assert_int_equal(seen.rows, 0);
	struct fnl_row_write *rows = fnl_arena_calloc(&e->arena, ROWS, sizeof *rows);
	for (size_t i = 0; i < ROWS; i++) {
		char text[24];
		int len = snprintf(text, sizeof text, "%zu", i);
		struct fnl_span key = fnl_arena_dup(&e->arena, fnl_span_of(text, (size_t)len));
		rows[i] = put(key, key, i % 5 ? FNL_NO_DEADLINE : (int64_t)i);
		rows[i].row.table = i % 2;
	}
	must_apply(e, nothing, at(1, 1), rows, ROWS);
	assert_int_equal(e->store->ops->scan(e->store, PARTITION, visit, &seen), 0);
	assert_int_equal(seen.rows, ROWS);
	assert_false(seen.wrong);
	seen = (struct seen){.stop_after = 1500};
	assert_int_equal(e->store->ops->scan(e->store, PARTITION, visit, &seen), 123);
	assert_int_equal(seen.rows, 1500);
	assert_applied(look(e).ret_applied, at(1, 1));
}

const struct store_contract_case store_contract_row_cases[STORE_CONTRACT_ROW_CASES] = {
	{"rows_are_bytes", rows_are_bytes},
	{"rows_are_written_and_deleted", rows_are_written_and_deleted},
	{"the_later_write_of_a_row_wins", the_later_write_of_a_row_wins},
	{"ten_thousand_rows", ten_thousand_rows},
	{"any_number_of_rows", any_number_of_rows},
	{"due_rows_come_earliest_first", due_rows_come_earliest_first},
	{"deadlines_move_and_go", deadlines_move_and_go},
	{"wrong_use_changes_nothing", wrong_use_changes_nothing},
	{"too_little_memory_is_told", too_little_memory_is_told},
	{"a_scan_brings_every_row", a_scan_brings_every_row},
};
