#include "gen.h"
#include "store_contract_env.h"

/* --- pages: rows of a table in the order of their keys --- */

static struct fnl_store_read page_of(struct env *e, struct fnl_span prefix, struct fnl_span after, size_t max)
{
	struct fnl_store_read read = {
		.partition = PARTITION, .page_table = PROSPECT, .page_prefix = prefix, .page_after = after, .page_max = max};
	int err = e->store->ops->read(e->store, &read, 1, &e->arena);
	if (err != 0) {
		fail_msg("read: %s: %s", fnl_status_label(err), e->store->ops->explain(e->store));
	}
	return read;
}

/* Keys and values of a page, joined. */
static const char *page(struct env *e, struct fnl_span prefix, struct fnl_span after, size_t max)
{
	struct fnl_store_read read = page_of(e, prefix, after, max);
	char *text = fnl_arena_calloc(&e->arena, read.ret_page_count + 1, 64);
	for (size_t i = 0; i < read.ret_page_count; i++) {
		const struct fnl_store_row *r = &read.ret_page[i];
		size_t len = strlen(text);
		snprintf(text + len, 64, "%s%.*s=%.*s", i ? " " : "", (int)r->key.len, (const char *)r->key.data,
		         (int)r->value.len, (const char *)r->value.data);
	}
	return text;
}

static void a_page_is_in_the_order_of_keys(void **state)
{
	struct env *e = *state;
	assert_string_equal(page(e, LIT(""), FNL_SPAN_NONE, 10), "");
	struct fnl_row_write rows[] = {
		put_plain(LIT("b|2"), LIT("4")), put_plain(LIT("b"), LIT("2")),         put(LIT("b|1"), LIT("3"), 50),
		put_plain(LIT("c"), LIT("5")),   put_plain(LIT("a"), LIT("1")),         put_plain(LIT("\xff"), LIT("6")),
		put_plain(LIT("b"), LIT("x")),   put_plain(LIT("\xff\xff!"), LIT("7")),
	};
	rows[6].row.table = ACCOUNT;
	must_apply(e, nothing, at(1, 1), rows, sizeof rows / sizeof *rows);
	assert_string_equal(page(e, LIT(""), FNL_SPAN_NONE, 10), "a=1 b=2 b|1=3 b|2=4 c=5 \xff=6 \xff\xff!=7");
	assert_string_equal(page(e, FNL_SPAN_NONE, FNL_SPAN_NONE, 2), "a=1 b=2");
	assert_string_equal(page(e, LIT(""), LIT("b"), 2), "b|1=3 b|2=4");
	assert_string_equal(page(e, LIT(""), LIT("b|15"), 2), "b|2=4 c=5"); /* there need not be such a key */
	assert_string_equal(page(e, LIT(""), LIT("\xff\xff!"), 2), "");
	assert_string_equal(page(e, LIT("b"), FNL_SPAN_NONE, 10), "b=2 b|1=3 b|2=4");
	assert_string_equal(page(e, LIT("b|"), LIT("a"), 10), "b|1=3 b|2=4");
	assert_string_equal(page(e, LIT("b|"), LIT("b|1"), 10), "b|2=4");
	assert_string_equal(page(e, LIT("b|"), LIT("c"), 10), "");
	assert_string_equal(page(e, LIT("\xff"), FNL_SPAN_NONE, 10), "\xff=6 \xff\xff!=7");
	assert_string_equal(page(e, LIT("\xff\xff"), FNL_SPAN_NONE, 10), "\xff\xff!=7");
	assert_string_equal(page(e, LIT("nobody"), FNL_SPAN_NONE, 10), "");
	struct fnl_store_read read = page_of(e, LIT(""), FNL_SPAN_NONE, 0);
	assert_int_equal(read.ret_page_count, 0);
	assert_applied(page_of(e, LIT(""), FNL_SPAN_NONE, 1).ret_applied, at(1, 1));
}

static void pages_follow_the_rows(void **state)
{
	struct env *e = *state;
	struct fnl_row_write rows[] = {put_plain(LIT("a"), LIT("1")), put_plain(LIT("b"), LIT("1")),
	                               put_plain(LIT("c"), LIT("1"))};
	must_apply(e, nothing, at(1, 1), rows, 3);
	struct fnl_row_write more[] = {put_plain(LIT("b"), LIT("2")), drop(LIT("a")), put_plain(LIT("d"), LIT("2")),
	                               drop(LIT("never there"))};
	more[0].existed = true;
	more[1].existed = true;
	must_apply(e, at(1, 1), at(2, 2), more, 4);
	assert_string_equal(page(e, LIT(""), FNL_SPAN_NONE, 10), "b=2 c=1 d=2");
	/* a refused apply leaves the index alone, too */
	struct fnl_row_write no[] = {drop(LIT("b")), put_plain(LIT("e"), LIT("3"))};
	struct fnl_store_apply refused = step(PARTITION, at(1, 1), at(3, 3), no, 2);
	apply_all(e, &refused, 1);
	assert_int_equal(refused.ret_outcome, FNL_MISMATCH);
	assert_string_equal(page(e, LIT(""), FNL_SPAN_NONE, 10), "b=2 c=1 d=2");
	/* as a restore: what the view had before does not matter, and the later write of a row wins */
	struct fnl_row_write anew[] = {put_plain(LIT("c"), LIT("4")), put_plain(LIT("x"), LIT("4")), drop(LIT("x")),
	                               drop(LIT("y")), put_plain(LIT("y"), LIT("4"))};
	anew[0].existed = true; /* there is nothing left of it */
	struct fnl_store_apply rebuild = step(PARTITION, at(2, 2), at(4, 4), anew, 5);
	rebuild.delete_first = true;
	apply_all(e, &rebuild, 1);
	assert_int_equal(rebuild.ret_outcome, FNL_APPLIED);
	assert_string_equal(page(e, LIT(""), FNL_SPAN_NONE, 10), "c=4 y=4");
	enum fnl_apply_outcome outcome = FNL_MISMATCH;
	assert_int_equal(e->store->ops->wipe(e->store, PARTITION, at(4, 4), &outcome), 0);
	assert_int_equal(outcome, FNL_APPLIED);
	assert_string_equal(page(e, LIT(""), FNL_SPAN_NONE, 10), "");
	must_apply(e, nothing, at(5, 5), rows, 1);
	assert_string_equal(page(e, LIT(""), FNL_SPAN_NONE, 10), "a=1");
}

static void many_rows_are_paged_through(void **state)
{
	struct env *e = *state;
	struct fnl_row_write *rows = fnl_arena_calloc(&e->arena, MANY, sizeof *rows);
	for (size_t i = 0; i < MANY; i++) {
		char text[24];
		int len = snprintf(text, sizeof text, "key-%05zu", (i * 7919) % MANY);
		struct fnl_span key = fnl_arena_dup(&e->arena, fnl_span_of(text, (size_t)len));
		rows[i] = put_plain(key, key);
	}
	must_apply(e, nothing, at(1, 1), rows, MANY);
	size_t seen = 0;
	struct fnl_span after = FNL_SPAN_NONE;
	for (;;) {
		struct fnl_store_read read = page_of(e, LIT("key-"), after, FNL_STORE_PAGE_MAX - 1);
		for (size_t i = 0; i < read.ret_page_count; i++, seen++) {
			char text[24];
			int len = snprintf(text, sizeof text, "key-%05zu", seen);
			assert_span(read.ret_page[i].key, fnl_span_of(text, (size_t)len));
			assert_span(read.ret_page[i].value, read.ret_page[i].key);
		}
		if (read.ret_page_count < FNL_STORE_PAGE_MAX - 1) {
			break;
		}
		after = read.ret_page[read.ret_page_count - 1].key;
	}
	assert_int_equal(seen, MANY);
}

/* Keys come and go, in bunches and one by one, until whole stretches are empty and filled again; after each apply the
 * pages have just those that are there. */
static void keys_come_and_go(void **state)
{
	enum { KEYS = 1500, ROUNDS = 40, ROWS = 200 };
	struct env *e = *state;
	struct fnl_gen gen = fnl_gen_start(20);
	bool there[KEYS] = {false};
	struct fnl_applied before = nothing;
	for (int64_t round = 1; round <= ROUNDS; round++) {
		struct fnl_row_write *rows = fnl_arena_calloc(&e->arena, ROWS, sizeof *rows);
		bool fills = fnl_gen_one_in(&gen, 2);
		size_t from = fnl_gen_below(&gen, KEYS), step_by = 1 + fnl_gen_below(&gen, 9);
		for (size_t i = 0; i < ROWS; i++) {
			size_t k = (from + i * step_by) % KEYS;
			char text[24];
			int len = snprintf(text, sizeof text, "%04zu", k);
			struct fnl_span key = fnl_arena_dup(&e->arena, fnl_span_of(text, (size_t)len));
			rows[i] = fills ? put_plain(key, key) : drop(key);
			rows[i].existed = there[k];
			there[k] = fills;
		}
		must_apply(e, before, at(round, round), rows, ROWS);
		before = at(round, round);
		struct fnl_span after = FNL_SPAN_NONE;
		for (size_t k = 0;;) {
			size_t max = 1 + fnl_gen_below(&gen, 400);
			struct fnl_store_read read = page_of(e, LIT(""), after, max);
			for (size_t i = 0; i < read.ret_page_count; i++, k++) {
				char text[24];
				while (k < KEYS && !there[k]) {
					k++;
				}
				int len = snprintf(text, sizeof text, "%04zu", k);
				assert_span(read.ret_page[i].key, fnl_span_of(text, (size_t)len));
			}
			if (read.ret_page_count < max) {
				while (k < KEYS && !there[k]) {
					k++;
				}
				assert_int_equal(k, KEYS);
				break;
			}
			after = read.ret_page[max - 1].key;
		}
	}
}

static void a_page_too_large_is_refused(void **state)
{
	struct env *e = *state;
	struct fnl_store_read read = {.partition = PARTITION, .page_table = PROSPECT, .page_max = FNL_STORE_PAGE_MAX + 1};
	assert_int_equal(e->store->ops->read(e->store, &read, 1, &e->arena), FNL_E_ARGUMENT);
	read.page_max = 1;
	read.page_table = STORE_CONTRACT_TABLES;
	assert_int_equal(e->store->ops->read(e->store, &read, 1, &e->arena), FNL_E_ARGUMENT);
	char big[4096];
	memset(big, 'x', sizeof big);
	struct fnl_row_write rows[] = {put_plain(LIT("a"), fnl_span_of(big, sizeof big))};
	must_apply(e, nothing, at(1, 1), rows, 1);
	struct fnl_arena small;
	fnl_arena_init(&small, 2048);
	read.page_table = PROSPECT;
	assert_int_equal(e->store->ops->read(e->store, &read, 1, &small), FNL_E_NOMEM);
	fnl_arena_deinit(&small);
	assert_int_equal(page_of(e, LIT(""), FNL_SPAN_NONE, 5).ret_page_count, 1);
}

const struct store_contract_case store_contract_page_cases[STORE_CONTRACT_PAGE_CASES] = {
	{"a_page_is_in_the_order_of_keys", a_page_is_in_the_order_of_keys},
	{"pages_follow_the_rows", pages_follow_the_rows},
	{"many_rows_are_paged_through", many_rows_are_paged_through},
	{"keys_come_and_go", keys_come_and_go},
	{"a_page_too_large_is_refused", a_page_too_large_is_refused},
};
