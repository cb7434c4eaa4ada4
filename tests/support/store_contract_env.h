/* What the cases of the store's contract share. */
#ifndef FUNNELD_TESTS_STORE_CONTRACT_ENV_H
#define FUNNELD_TESTS_STORE_CONTRACT_ENV_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "funneld/base/wire.h"
#include "store_contract.h"

enum { ACCOUNT, PROSPECT, PARTITION = 3, MANY = 10000, TORN_TRIES = 300 };

#define LIT(s) FNL_SPAN_LIT(s)

struct env {
	struct store_contract *contract;
	struct fnl_store *store;
	struct fnl_arena arena;
};

static const struct fnl_applied nothing = {0};

static inline struct fnl_applied at(int64_t cl, int64_t as_of_ms)
{
	return (struct fnl_applied){true, cl, as_of_ms};
}

static inline struct fnl_row_key key_of(uint8_t table, struct fnl_span key)
{
	return (struct fnl_row_key){table, key};
}

static inline struct fnl_row_write put(struct fnl_span key, struct fnl_span value, int64_t deadline_ms)
{
	return (struct fnl_row_write){.row = key_of(PROSPECT, key), .value = value, .deadline_ms = deadline_ms};
}

static inline struct fnl_row_write put_plain(struct fnl_span key, struct fnl_span value)
{
	return put(key, value, FNL_NO_DEADLINE);
}

static inline struct fnl_row_write drop(struct fnl_span key)
{
	return put(key, FNL_SPAN_NONE, FNL_NO_DEADLINE);
}

static inline void assert_span(struct fnl_span found, struct fnl_span expected)
{
	if (!fnl_span_eq(found, expected)) {
		fail_msg("found %zu bytes '%.*s', expected %zu bytes '%.*s'", found.len, (int)found.len,
		         found.data ? (const char *)found.data : "", expected.len, (int)expected.len,
		         expected.data ? (const char *)expected.data : "");
	}
}

static inline void assert_applied(struct fnl_applied found, struct fnl_applied expected)
{
	assert_int_equal(found.present, expected.present);
	if (expected.present) {
		assert_true(found.cl == expected.cl);
		assert_true(found.complete_as_of_ms == expected.complete_as_of_ms);
	}
}

static inline struct fnl_store_apply step(int32_t partition, struct fnl_applied expected, struct fnl_applied next,
                                          const struct fnl_row_write *rows, size_t count)
{
	return (struct fnl_store_apply){
		.partition = partition, .expected = expected, .next = next, .rows = rows, .row_count = count};
}

static inline void apply_all(struct env *e, struct fnl_store_apply *applies, size_t count)
{
	int err = e->store->ops->apply(e->store, applies, count);
	if (err != 0) {
		fail_msg("apply: %s: %s", fnl_status_label(err), e->store->ops->explain(e->store));
	}
}

static inline void must_apply(struct env *e, struct fnl_applied expected, struct fnl_applied next,
                              const struct fnl_row_write *rows, size_t count)
{
	struct fnl_store_apply apply = step(PARTITION, expected, next, rows, count);
	apply_all(e, &apply, 1);
	assert_int_equal(apply.ret_outcome, FNL_APPLIED);
}

static inline struct fnl_store_read look_at(struct env *e, int32_t partition, const struct fnl_row_key *keys,
                                            size_t count, int64_t until_ms, size_t due_max)
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

static inline struct fnl_store_read look(struct env *e)
{
	return look_at(e, PARTITION, NULL, 0, 0, 0);
}

static inline struct fnl_span row(struct env *e, struct fnl_span key)
{
	struct fnl_row_key keys[] = {key_of(PROSPECT, key)};
	return look_at(e, PARTITION, keys, 1, 0, 0).ret_rows[0];
}

/* The keys of what is due, joined by spaces. */
static inline const char *due(struct env *e, int64_t until_ms, size_t max)
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

struct store_contract_case {
	const char *name;
	CMUnitTestFunction run;
};

enum { STORE_CONTRACT_ROW_CASES = 10, STORE_CONTRACT_PAGE_CASES = 5 };

/* The cases about rows, timers and scans. */
extern const struct store_contract_case store_contract_row_cases[STORE_CONTRACT_ROW_CASES];
extern const struct store_contract_case store_contract_page_cases[STORE_CONTRACT_PAGE_CASES];

#endif
