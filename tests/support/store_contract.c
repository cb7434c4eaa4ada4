#include <pthread.h>

#include "store_contract_env.h"

const char *const store_contract_tables[STORE_CONTRACT_TABLES] = {"account", "prospect"};

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

struct rival {
	struct fnl_store *store;
	char name;
	bool won[TORN_TRIES];
	int failed;
};

static void *write_first(void *context)
{
	struct rival *r = context;
	for (int64_t cl = 0; cl < TORN_TRIES && r->failed == 0;) {
		struct fnl_row_write rows[] = {put_plain(LIT("a"), fnl_span_of(&r->name, 1))};
		struct fnl_store_apply apply = step(PARTITION, cl == 0 ? nothing : at(cl, 0), at(cl + 1, 0), rows, 1);
		int err = r->store->ops->apply(r->store, &apply, 1);
		r->failed = err != 0 && err != FNL_E_DISCONNECTED; /* told that others write too */
		if (err == 0) {
			r->won[cl] = apply.ret_outcome == FNL_APPLIED;
			cl = r->won[cl] ? cl + 1 : apply.ret_found.cl;
		}
	}
	return NULL;
}

/* Each step of the view is one of theirs alone, and the last row is the last winner's. */
static void of_two_that_race_one_wins(void **state)
{
	struct env *e = *state;
	struct rival rivals[2] = {{.name = 'x'}, {.name = 'y'}};
	pthread_t threads[2];
	for (size_t i = 0; i < 2; i++) {
		rivals[i].store = e->contract->open(e->contract->context);
		assert_int_equal(pthread_create(&threads[i], NULL, write_first, &rivals[i]), 0);
	}
	for (size_t i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		rivals[i].store->ops->close(rivals[i].store);
		assert_int_equal(rivals[i].failed, 0);
	}
	for (size_t cl = 0; cl < TORN_TRIES; cl++) {
		assert_int_equal(rivals[0].won[cl] + rivals[1].won[cl], 1);
	}
	assert_span(row(e, LIT("a")), rivals[0].won[TORN_TRIES - 1] ? LIT("x") : LIT("y"));
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
	struct fnl_span note;
	apply.ret_outcome = outcome;
	apply.ret_found.cl = 77;
	read.ret_applied.cl = 77;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ops->apply(e->store, &apply, 1), FNL_E_DISCONNECTED);
		assert_true(ops->explain(e->store)[0] != '\0');
		assert_int_equal(ops->read(e->store, &read, 1, &e->arena), FNL_E_DISCONNECTED);
		assert_int_equal(ops->wipe(e->store, PARTITION, at(1, 1), &outcome), FNL_E_DISCONNECTED);
		assert_int_equal(ops->check_layout(e->store, LIT("c"), 1), FNL_E_DISCONNECTED);
		assert_int_equal(ops->note_get(e->store, PARTITION, &e->arena, &note), FNL_E_DISCONNECTED);
		assert_int_equal(ops->note_put(e->store, PARTITION, LIT("n")), FNL_E_DISCONNECTED);
	}
	assert_int_equal(apply.ret_outcome, 77);
	assert_int_equal(apply.ret_found.cl, 77);
	assert_int_equal(read.ret_applied.cl, 77);
	assert_int_equal(outcome, 77);
	e->contract->up(e->contract->context);
	assert_applied(look(e).ret_applied, nothing);
	must_apply(e, nothing, at(1, 1), rows, 1);
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

static struct fnl_span note_of(struct env *e, int32_t partition)
{
	struct fnl_span note = LIT("untouched");
	assert_int_equal(e->store->ops->note_get(e->store, partition, &e->arena, &note), 0);
	return note;
}

static void notes_are_left_alone(void **state)
{
	struct env *e = *state;
	const struct fnl_store_ops *ops = e->store->ops;
	static uint8_t longest[FNL_STORE_NOTE_BYTES_MAX + 1];
	struct fnl_row_write rows[] = {put_plain(LIT("a"), LIT("1"))};
	enum fnl_apply_outcome outcome;
	memset(longest, 'x', sizeof longest);
	longest[7] = 0;
	assert_span(note_of(e, PARTITION), FNL_SPAN_NONE);
	assert_int_equal(ops->note_put(e->store, PARTITION, LIT("one")), 0);
	assert_span(note_of(e, PARTITION), LIT("one"));
	assert_span(note_of(e, PARTITION + 1), FNL_SPAN_NONE);
	assert_applied(look(e).ret_applied, nothing); /* it is no row, and tells nothing of the view */
	must_apply(e, nothing, at(1, 1), rows, 1);
	assert_int_equal(ops->wipe(e->store, PARTITION, at(1, 1), &outcome), 0);
	assert_int_equal(outcome, FNL_APPLIED);
	assert_span(note_of(e, PARTITION), LIT("one"));
	assert_int_equal(ops->note_put(e->store, PARTITION, fnl_span_of(longest, FNL_STORE_NOTE_BYTES_MAX)), 0);
	assert_span(note_of(e, PARTITION), fnl_span_of(longest, FNL_STORE_NOTE_BYTES_MAX));
	assert_int_equal(ops->note_put(e->store, PARTITION, fnl_span_of(longest, sizeof longest)), FNL_E_ARGUMENT);
	assert_int_equal(ops->note_put(e->store, PARTITION, LIT("")), FNL_E_ARGUMENT);
	e->contract->flush(e->contract->context);
	assert_span(note_of(e, PARTITION), FNL_SPAN_NONE);
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
	static const struct store_contract_case own[] = {
		{"empty_is_absent", empty_is_absent},
		{"only_the_expected_cl_is_written_on", only_the_expected_cl_is_written_on},
		{"as_of_is_compared_when_asked", as_of_is_compared_when_asked},
		{"numbers_are_exact", numbers_are_exact},
		{"delete_first_drops_all", delete_first_drops_all},
		{"wipe_leaves_nothing", wipe_leaves_nothing},
		{"partitions_are_apart", partitions_are_apart},
		{"a_zombie_cannot_write", a_zombie_cannot_write},
		{"a_read_sees_one_moment", a_read_sees_one_moment},
		{"of_two_that_race_one_wins", of_two_that_race_one_wins},
		{"a_loss_between_read_and_apply_shows", a_loss_between_read_and_apply_shows},
		{"a_rollback_shows", a_rollback_shows},
		{"away_is_retriable_and_tells_nothing", away_is_retriable_and_tells_nothing},
		{"the_layout_is_held_to", the_layout_is_held_to},
		{"notes_are_left_alone", notes_are_left_alone},
	};
	enum { OWN = sizeof own / sizeof *own };
	enum { WITH_ROWS = OWN + STORE_CONTRACT_ROW_CASES, ALL = WITH_ROWS + STORE_CONTRACT_PAGE_CASES };
	struct CMUnitTest tests[ALL];
	size_t count = 0;
	for (size_t i = 0; i < ALL; i++) {
		const struct store_contract_case *c = i < OWN         ? &own[i]
		                                      : i < WITH_ROWS ? &store_contract_row_cases[i - OWN]
		                                                      : &store_contract_page_cases[i - WITH_ROWS];
		bool can = (c->run != a_rollback_shows || contract->snapshot) &&
		           (c->run != away_is_retriable_and_tells_nothing || contract->down);
		if (can) {
			tests[count++] = (struct CMUnitTest){c->name, c->run, begin_case, end_case, contract};
		}
	}
	return _cmocka_run_group_tests(name, tests, count, NULL, NULL);
}
