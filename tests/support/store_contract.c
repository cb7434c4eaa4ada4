#include "store_contract.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "funneld/base/wire.h"

const char *const store_contract_tables[STORE_CONTRACT_TABLES] = {"account", "prospect"};

enum { ACCOUNT, PROSPECT, PARTITION = 3, MANY = 10000, TORN_TRIES = 300 };

#define LIT(s) FNL_SPAN_LIT(s)

struct env {
	struct store_contract *contract;
	struct fnl_store *store;
	struct fnl_arena arena;
};

static const struct fnl_applied nothing = {0};

static struct fnl_applied at(int64_t cl, int64_t as_of_ms)
{
	return (struct fnl_applied){true, cl, as_of_ms};
}

static struct fnl_row_key key_of(uint8_t table, struct fnl_span key)
{
	return (struct fnl_row_key){table, key};
}

static struct fnl_row_write put(struct fnl_span key, struct fnl_span value, int64_t deadline_ms)
{
	return (struct fnl_row_write){key_of(PROSPECT, key), value, deadline_ms, false};
}

static struct fnl_row_write put_plain(struct fnl_span key, struct fnl_span value)
{
	return put(key, value, FNL_NO_DEADLINE);
}

static struct fnl_row_write drop(struct fnl_span key)
{
	return put(key, FNL_SPAN_NONE, FNL_NO_DEADLINE);
}

static void assert_span(struct fnl_span found, struct fnl_span expected)
{
	if (!fnl_span_eq(found, expected)) {
		fail_msg("found %zu bytes '%.*s', expected %zu bytes '%.*s'", found.len, (int)found.len,
		         found.data ? (const char *)found.data : "", expected.len, (int)expected.len,
		         expected.data ? (const char *)expected.data : "");
	}
}

static void assert_applied(struct fnl_applied found, struct fnl_applied expected)
{
	assert_int_equal(found.present, expected.present);
	if (expected.present) {
		assert_true(found.cl == expected.cl);
		assert_true(found.complete_as_of_ms == expected.complete_as_of_ms);
	}
}

static struct fnl_store_apply step(int32_t partition, struct fnl_applied expected, struct fnl_applied next,
                                   const struct fnl_row_write *rows, size_t count)
{
	return (struct fnl_store_apply){
		.partition = partition, .expected = expected, .next = next, .rows = rows, .row_count = count};
}

static void apply_all(struct env *e, struct fnl_store_apply *applies, size_t count)
{
	int err = e->store->ops->apply(e->store, applies, count);
	if (err != 0) {
		fail_msg("apply: %s: %s", fnl_status_label(err), e->store->ops->explain(e->store));
	}
}

static void must_apply(struct env *e, struct fnl_applied expected, struct fnl_applied next,
                       const struct fnl_row_write *rows, size_t count)
{
	struct fnl_store_apply apply = step(PARTITION, expected, next, rows, count);
	apply_all(e, &apply, 1);
	assert_int_equal(apply.ret_outcome, FNL_APPLIED);
}

static struct fnl_store_read look_at(struct env *e, int32_t partition, const struct fnl_row_key *keys, size_t count,
                                     int64_t until_ms, size_t due_max)
{
	struct fnl_store_read read = {
		.partition = partition, .keys = keys, .key_count = count, .due_until_ms = until_ms, .due_max = due_max};
	int err = FNL_E_DISCONNECTED;
	/* A server that just came back may show it once. */
	for (int i = 0; i < 3 && fnl_status_class(err) == FNL_CLASS_RETRIABLE; i++) {
		err = e->store->ops->read(e->store, &read, 1, &e->arena);
	}
	if (err != 0) {
		fail_msg("read: %s: %s", fnl_status_label(err), e->store->ops->explain(e->store));
	}
	return read;
}

static struct fnl_store_read look(struct env *e)
{
	return look_at(e, PARTITION, NULL, 0, 0, 0);
}

static struct fnl_span row(struct env *e, struct fnl_span key)
{
	struct fnl_row_key keys[] = {key_of(PROSPECT, key)};
	return look_at(e, PARTITION, keys, 1, 0, 0).ret_rows[0];
}

/* The keys of what is due, joined by spaces. */
static const char *due(struct env *e, int64_t until_ms, size_t max)
{
	struct fnl_store_read read = look_at(e, PARTITION, NULL, 0, until_ms, max);
	char *text = fnl_arena_calloc(&e->arena, read.ret_due_count + 1, 64);
	for (size_t i = 0; i < read.ret_due_count; i++) {
		const struct fnl_due *d = &read.ret_due[i];
		size_t len = strlen(text);
		snprintf(text + len, 64, "%s%s/%.*s@%lld", i ? " " : "", store_contract_tables[d->row.table],
		         (int)d->row.key.len, (const char *)d->row.key.data, (long long)d->deadline_ms);
	}
	return text;
}

/* --- applied --- */

static void empty_is_absent(void **state)
{
	struct env *e = *state;
	struct fnl_row_key keys[] = {key_of(PROSPECT, LIT("a")), key_of(ACCOUNT, LIT("a"))};
	struct fnl_store_read read = look_at(e, PARTITION, keys, 2, INT64_MAX - 1, 10);
	assert_false(read.ret_applied.present);
	assert_span(read.ret_rows[0], FNL_SPAN_NONE);
	assert_span(read.ret_rows[1], FNL_SPAN_NONE);
	assert_int_equal(read.ret_due_count, 0);
	assert_int_equal(e->store->ops->read(e->store, NULL, 0, &e->arena), 0);
	assert_int_equal(e->store->ops->apply(e->store, NULL, 0), 0);
}

static void only_the_expected_cl_is_written_on(void **state)
{
	struct env *e = *state;
	struct fnl_row_write first[] = {put(LIT("a"), LIT("one"), 100)};
	struct fnl_row_write second[] = {put(LIT("a"), LIT("two"), 200), put_plain(LIT("b"), LIT("two"))};
	struct fnl_store_apply apply = step(PARTITION, at(5, 0), at(6, 0), second, 2);
	apply_all(e, &apply, 1);
	assert_int_equal(apply.ret_outcome, FNL_MISMATCH);
	assert_applied(apply.ret_found, nothing);
	assert_span(row(e, LIT("b")), FNL_SPAN_NONE);

	must_apply(e, nothing, at(10, 1000), first, 1);
	const struct fnl_applied wrong[] = {at(9, 1000), at(11, 1000), at(1, 1000), at(100, 1000), nothing};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		apply = step(PARTITION, wrong[i], at(12, 2000), second, 2);
		apply_all(e, &apply, 1);
		assert_int_equal(apply.ret_outcome, FNL_MISMATCH);
		assert_applied(apply.ret_found, at(10, 1000));
	}
	assert_span(row(e, LIT("a")), LIT("one"));
	assert_span(row(e, LIT("b")), FNL_SPAN_NONE);
	assert_string_equal(due(e, 1000, 10), "prospect/a@100");
	assert_applied(look(e).ret_applied, at(10, 1000));

	must_apply(e, at(10, 0), at(12, 2000), second, 2);
	assert_span(row(e, LIT("a")), LIT("two"));
	assert_applied(look(e).ret_applied, at(12, 2000));
}

static void as_of_is_compared_when_asked(void **state)
{
	struct env *e = *state;
	must_apply(e, nothing, at(10, 1000), NULL, 0);
	struct fnl_row_write rows[] = {put_plain(LIT("a"), LIT("1"))};
	struct fnl_store_apply apply = step(PARTITION, at(10, 1001), at(11, 1001), rows, 1);
	apply.compare_as_of = true;
	apply_all(e, &apply, 1);
	assert_int_equal(apply.ret_outcome, FNL_MISMATCH);
	assert_applied(apply.ret_found, at(10, 1000));
	assert_span(row(e, LIT("a")), FNL_SPAN_NONE);
	apply.expected.complete_as_of_ms = 1000;
	apply_all(e, &apply, 1);
	assert_int_equal(apply.ret_outcome, FNL_APPLIED);
	apply = step(PARTITION, at(11, 77), at(12, 1002), rows, 1);
	apply_all(e, &apply, 1);
	assert_int_equal(apply.ret_outcome, FNL_APPLIED);
	apply = step(PARTITION, nothing, at(13, 1002), rows, 1);
	apply.compare_as_of = true;
	apply_all(e, &apply, 1);
	assert_int_equal(apply.ret_outcome, FNL_MISMATCH);
	apply.partition = PARTITION + 1;
	apply_all(e, &apply, 1);
	assert_int_equal(apply.ret_outcome, FNL_APPLIED);
}

static void numbers_are_exact(void **state)
{
	struct env *e = *state;
	const struct fnl_applied steps[] = {nothing, at(0, 0), at(9007199254740993, -1), at(INT64_MAX - 1, INT64_MAX),
	                                    at(INT64_MAX, INT64_MIN)};
	for (size_t i = 1; i < sizeof steps / sizeof *steps; i++) {
		struct fnl_store_apply apply = step(PARTITION, steps[i - 1], steps[i], NULL, 0);
		apply.compare_as_of = true;
		apply_all(e, &apply, 1);
		assert_int_equal(apply.ret_outcome, FNL_APPLIED);
		assert_applied(look(e).ret_applied, steps[i]);
	}
	struct fnl_store_apply near = step(PARTITION, at(INT64_MAX - 1, 0), at(1, 1), NULL, 0);
	apply_all(e, &near, 1);
	assert_int_equal(near.ret_outcome, FNL_MISMATCH);
}

static void delete_first_drops_all(void **state)
{
	struct env *e = *state;
	struct fnl_row_write old[] = {put(LIT("a"), LIT("1"), 10), put(LIT("b"), LIT("1"), 20),
	                              put_plain(LIT("c"), LIT("1"))};
	old[2].row.table = ACCOUNT;
	must_apply(e, nothing, at(1, 1), old, 3);
	struct fnl_row_write rows[] = {put(LIT("b"), LIT("2"), 30)};
	rows[0].deadline_unchanged = true; /* there is nothing left that it could be equal to */
	struct fnl_store_apply apply = step(PARTITION, at(1, 1), at(2, 2), rows, 1);
	apply.delete_first = true;
	apply_all(e, &apply, 1);
	assert_int_equal(apply.ret_outcome, FNL_APPLIED);
	assert_span(row(e, LIT("a")), FNL_SPAN_NONE);
	assert_span(row(e, LIT("b")), LIT("2"));
	struct fnl_row_key keys[] = {key_of(ACCOUNT, LIT("c"))};
	assert_span(look_at(e, PARTITION, keys, 1, 0, 0).ret_rows[0], FNL_SPAN_NONE);
	assert_string_equal(due(e, 1000, 10), "prospect/b@30");
}

static void wipe_leaves_nothing(void **state)
{
	struct env *e = *state;
	struct fnl_row_write rows[] = {put(LIT("a"), LIT("1"), 10)};
	must_apply(e, nothing, at(1, 1), rows, 1);
	enum fnl_apply_outcome outcome = FNL_APPLIED;
	const struct fnl_applied wrong[] = {at(2, 1), at(1, 2), nothing};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(e->store->ops->wipe(e->store, PARTITION, wrong[i], &outcome), 0);
		assert_int_equal(outcome, FNL_MISMATCH);
		assert_span(row(e, LIT("a")), LIT("1"));
	}
	assert_int_equal(e->store->ops->wipe(e->store, PARTITION, at(1, 1), &outcome), 0);
	assert_int_equal(outcome, FNL_APPLIED);
	assert_applied(look(e).ret_applied, nothing);
	assert_span(row(e, LIT("a")), FNL_SPAN_NONE);
	assert_string_equal(due(e, 1000, 10), "");
	assert_int_equal(e->store->ops->wipe(e->store, PARTITION, nothing, &outcome), 0);
	assert_int_equal(outcome, FNL_APPLIED);
	must_apply(e, nothing, at(1, 1), rows, 1);
}

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

/* --- partitions, handles --- */

static void partitions_are_apart(void **state)
{
	struct env *e = *state;
	struct fnl_row_write one[] = {put(LIT("k"), LIT("one"), 1)};
	struct fnl_row_write two[] = {put(LIT("k"), LIT("two"), 2)};
	struct fnl_row_write three[] = {put(LIT("k"), LIT("three"), 3)};
	struct fnl_store_apply applies[] = {step(1, nothing, at(10, 1), one, 1), step(2, at(4, 4), at(20, 2), two, 1),
	                                    step(11, nothing, at(30, 3), three, 1)};
	apply_all(e, applies, 3);
	assert_int_equal(applies[0].ret_outcome, FNL_APPLIED);
	assert_int_equal(applies[1].ret_outcome, FNL_MISMATCH);
	assert_applied(applies[1].ret_found, nothing);
	assert_int_equal(applies[2].ret_outcome, FNL_APPLIED);
	struct fnl_row_key keys[] = {key_of(PROSPECT, LIT("k"))};
	struct fnl_store_read reads[3] = {0};
	const int32_t numbers[] = {11, 2, 1};
	for (size_t i = 0; i < 3; i++) {
		reads[i] = (struct fnl_store_read){
			.partition = numbers[i], .keys = keys, .key_count = 1, .due_until_ms = 100, .due_max = i == 2 ? 0 : 5};
	}
	assert_int_equal(e->store->ops->read(e->store, reads, 3, &e->arena), 0);
	assert_applied(reads[0].ret_applied, at(30, 3));
	assert_applied(reads[1].ret_applied, nothing);
	assert_applied(reads[2].ret_applied, at(10, 1));
	assert_span(reads[0].ret_rows[0], LIT("three"));
	assert_span(reads[1].ret_rows[0], FNL_SPAN_NONE);
	assert_span(reads[2].ret_rows[0], LIT("one"));
	assert_int_equal(reads[0].ret_due_count, 1);
	assert_int_equal(reads[1].ret_due_count, 0);
	assert_int_equal(reads[2].ret_due_count, 0);
	enum fnl_apply_outcome outcome;
	assert_int_equal(e->store->ops->wipe(e->store, 1, at(10, 1), &outcome), 0);
	assert_applied(look_at(e, 11, NULL, 0, 0, 0).ret_applied, at(30, 3));
}

static void a_zombie_cannot_write(void **state)
{
	struct env *e = *state;
	struct env other = {.contract = e->contract, .arena = e->arena};
	other.store = e->contract->open(e->contract->context);
	struct fnl_row_write rows[] = {put_plain(LIT("a"), LIT("new"))};
	struct fnl_row_write stale[] = {put_plain(LIT("a"), LIT("stale"))};
	must_apply(e, nothing, at(1, 1), rows, 1);
	must_apply(&other, at(1, 1), at(2, 2), rows, 1);
	struct fnl_store_apply late = step(PARTITION, at(1, 1), at(2, 2), stale, 1);
	apply_all(e, &late, 1);
	assert_int_equal(late.ret_outcome, FNL_MISMATCH);
	assert_applied(late.ret_found, at(2, 2));
	assert_span(row(e, LIT("a")), LIT("new"));
	other.store->ops->close(other.store);
}

struct torn {
	struct env *env;
	struct fnl_store *store;
	int failed;
};

static void *write_steadily(void *context)
{
	struct torn *t = context;
	for (int64_t cl = 1; cl <= TORN_TRIES && t->failed == 0; cl++) {
		char text[24];
		struct fnl_span value = fnl_span_of(text, (size_t)snprintf(text, sizeof text, "%lld", (long long)cl));
		struct fnl_row_write rows[] = {put(LIT("a"), value, cl), put(LIT("b"), value, cl), put(LIT("c"), value, cl)};
		rows[1].row.table = ACCOUNT;
		struct fnl_store_apply apply = step(PARTITION, cl == 1 ? nothing : at(cl - 1, 0), at(cl, 0), rows, 3);
		t->failed = t->store->ops->apply(t->store, &apply, 1) != 0 || apply.ret_outcome != FNL_APPLIED;
	}
	return NULL;
}

static void a_read_sees_one_moment(void **state)
{
	struct env *e = *state;
	struct torn t = {e, e->contract->open(e->contract->context), 0};
	struct fnl_row_key keys[] = {key_of(PROSPECT, LIT("a")), key_of(ACCOUNT, LIT("b")), key_of(PROSPECT, LIT("c"))};
	pthread_t writer;
	assert_int_equal(pthread_create(&writer, NULL, write_steadily, &t), 0);
	struct fnl_applied seen = nothing;
	bool torn = false;
	for (int i = 0; i < 200000 && !torn && seen.cl < TORN_TRIES && !__atomic_load_n(&t.failed, __ATOMIC_RELAXED); i++) {
		fnl_arena_reset(&e->arena);
		struct fnl_store_read read = {
			.partition = PARTITION, .keys = keys, .key_count = 3, .due_until_ms = INT64_MAX, .due_max = 10};
		torn = e->store->ops->read(e->store, &read, 1, &e->arena) != 0;
		seen = torn ? seen : read.ret_applied;
		for (size_t k = 0; k < 3 && !torn && seen.present; k++) {
			char text[24];
			int len = snprintf(text, sizeof text, "%lld", (long long)seen.cl);
			torn = !fnl_span_eq(read.ret_rows[k], fnl_span_of(text, (size_t)len)) || read.ret_due_count != 3 ||
			       read.ret_due[k].deadline_ms != seen.cl;
		}
	}
	pthread_join(writer, NULL);
	t.store->ops->close(t.store);
	assert_int_equal(t.failed, 0);
	assert_false(torn);
}

/* --- loss --- */

static void a_loss_between_read_and_apply_shows(void **state)
{
	struct env *e = *state;
	struct fnl_row_write rows[] = {put(LIT("a"), LIT("1"), 10)};
	must_apply(e, nothing, at(7, 7), rows, 1);
	assert_applied(look(e).ret_applied, at(7, 7));
	e->contract->flush(e->contract->context);
	struct fnl_store_apply apply = step(PARTITION, at(7, 7), at(8, 8), rows, 1);
	apply_all(e, &apply, 1);
	assert_int_equal(apply.ret_outcome, FNL_MISMATCH);
	assert_applied(apply.ret_found, nothing);
	struct fnl_row_key keys[] = {key_of(PROSPECT, LIT("a"))};
	struct fnl_store_read read = look_at(e, PARTITION, keys, 1, 1000, 10);
	assert_applied(read.ret_applied, nothing);
	assert_span(read.ret_rows[0], FNL_SPAN_NONE);
	assert_int_equal(read.ret_due_count, 0);
}

static void a_rollback_shows(void **state)
{
	struct env *e = *state;
	struct fnl_row_write rows[] = {put(LIT("a"), LIT("1"), 10)};
	struct fnl_row_write newer[] = {put(LIT("a"), LIT("2"), 20)};
	must_apply(e, nothing, at(7, 7), rows, 1);
	e->contract->snapshot(e->contract->context);
	must_apply(e, at(7, 7), at(8, 8), newer, 1);
	e->contract->rollback(e->contract->context);
	assert_applied(look(e).ret_applied, at(7, 7));
	assert_span(row(e, LIT("a")), LIT("1"));
	assert_string_equal(due(e, 1000, 10), "prospect/a@10");
	struct fnl_store_apply apply = step(PARTITION, at(8, 8), at(9, 9), newer, 1);
	apply_all(e, &apply, 1);
	assert_int_equal(apply.ret_outcome, FNL_MISMATCH);
}

static void away_is_retriable_and_tells_nothing(void **state)
{
	struct env *e = *state;
	const struct fnl_store_ops *ops = e->store->ops;
	must_apply(e, nothing, at(1, 1), NULL, 0);
	e->contract->down(e->contract->context);
	struct fnl_row_write rows[] = {put_plain(LIT("a"), LIT("1"))};
	struct fnl_store_apply apply = step(PARTITION, at(1, 1), at(2, 2), rows, 1);
	struct fnl_store_read read = {.partition = PARTITION, .due_max = 1};
	enum fnl_apply_outcome outcome = (enum fnl_apply_outcome)77;
	apply.ret_outcome = outcome;
	apply.ret_found.cl = 77;
	read.ret_applied.cl = 77;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ops->apply(e->store, &apply, 1), FNL_E_DISCONNECTED);
		assert_true(ops->explain(e->store)[0] != '\0');
		assert_int_equal(ops->read(e->store, &read, 1, &e->arena), FNL_E_DISCONNECTED);
		assert_int_equal(ops->wipe(e->store, PARTITION, at(1, 1), &outcome), FNL_E_DISCONNECTED);
		assert_int_equal(ops->check_layout(e->store, LIT("c"), 1), FNL_E_DISCONNECTED);
	}
	assert_int_equal(apply.ret_outcome, 77);
	assert_int_equal(apply.ret_found.cl, 77);
	assert_int_equal(read.ret_applied.cl, 77);
	assert_int_equal(outcome, 77);
	e->contract->up(e->contract->context);
	assert_applied(look(e).ret_applied, nothing);
	must_apply(e, nothing, at(1, 1), rows, 1);
}

/* --- the rest --- */

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

static void the_layout_is_held_to(void **state)
{
	struct env *e = *state;
	const struct fnl_store_ops *ops = e->store->ops;
	assert_int_equal(ops->check_layout(e->store, LIT("cluster-1"), 8), 0);
	assert_int_equal(ops->check_layout(e->store, LIT("cluster-1"), 8), 0);
	assert_int_equal(ops->check_layout(e->store, LIT("cluster-1"), 9), FNL_E_LAYOUT);
	assert_true(ops->explain(e->store)[0] != '\0');
	assert_int_equal(ops->check_layout(e->store, LIT("cluster-2"), 8), FNL_E_LAYOUT);
	assert_int_equal(ops->check_layout(e->store, LIT("cluster-1"), 8), 0);
	e->contract->flush(e->contract->context);
	assert_int_equal(ops->check_layout(e->store, LIT("cluster-2"), 9), 0);
	assert_int_equal(ops->check_layout(e->store, LIT("cluster-1"), 8), FNL_E_LAYOUT);
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

/* --- the suite --- */

static int begin_case(void **state)
{
	struct store_contract *contract = *state;
	struct env *e = fnl_calloc(1, sizeof *e);
	if (!e) {
		return -1;
	}
	contract->flush(contract->context);
	e->contract = contract;
	e->store = contract->open(contract->context);
	fnl_arena_init(&e->arena, (size_t)256 << 20);
	*state = e;
	return 0;
}

static int end_case(void **state)
{
	struct env *e = *state;
	e->store->ops->close(e->store);
	fnl_arena_deinit(&e->arena);
	*state = e->contract;
	fnl_free(e);
	return 0;
}

int store_contract_run(const char *name, struct store_contract *contract)
{
#define CASE(f) cmocka_unit_test_prestate_setup_teardown(f, begin_case, end_case, contract)
	const struct CMUnitTest tests[] = {
		CASE(empty_is_absent),
		CASE(only_the_expected_cl_is_written_on),
		CASE(as_of_is_compared_when_asked),
		CASE(numbers_are_exact),
		CASE(delete_first_drops_all),
		CASE(wipe_leaves_nothing),
		CASE(rows_are_bytes),
		CASE(rows_are_written_and_deleted),
		CASE(the_later_write_of_a_row_wins),
		CASE(ten_thousand_rows),
		CASE(due_rows_come_earliest_first),
		CASE(deadlines_move_and_go),
		CASE(partitions_are_apart),
		CASE(a_zombie_cannot_write),
		CASE(a_read_sees_one_moment),
		CASE(a_loss_between_read_and_apply_shows),
		CASE(a_rollback_shows),
		CASE(away_is_retriable_and_tells_nothing),
		CASE(wrong_use_changes_nothing),
		CASE(too_little_memory_is_told),
		CASE(the_layout_is_held_to),
		CASE(a_scan_brings_every_row),
	};
#undef CASE
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
