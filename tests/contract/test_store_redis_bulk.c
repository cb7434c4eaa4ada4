/* A restore in Redis keeps its indexes back and writes them at its end: what comes of it is what a view has to which
 * all was applied as it came, and the memory's; and nobody takes it for a view before. Against a real redis-server. */
#include "funneld/adapters/memory.h"
#include "funneld/adapters/redis.h"
#include "gen.h"
#include "redis_fixture.h"
#include "store_contract_env.h"

enum {
	BULK = PARTITION, /* the partition that is restored */
	PLAIN,            /* the same, applied as it comes */
	OTHER,
	COMMAND_MS = 5000,
	KEYS = 1200,
	KEY_BYTES_MAX = 10,
	RECORDS = 5000,
	CHUNK_MAX = 900,
	SEEDS = 12,
	ROUNDS = 6, /* of a worker's batches on top of the restore */
	BATCH = 300,
	PAGE = 700
};

static struct fnl_store *open_redis(struct redis_fixture *f, size_t bulk_keys_max)
{
	struct fnl_redis_settings settings = {
		.url = f->url,
		.prefix = "test",
		.stage = "prospect",
		.table_names = store_contract_tables,
		.table_count = STORE_CONTRACT_TABLES,
		.paged = 3,
		.bulk_keys_max = bulk_keys_max,
		.connect_timeout_ms = COMMAND_MS,
		.command_timeout_ms = COMMAND_MS,
	};
	struct fnl_store *store = NULL;
	struct fnl_error why = {0};
	if (fnl_redis_store_open(&settings, &store, &why) != 0) {
		fail_msg("open: %s", why.text);
	}
	return store;
}

static struct env another(struct redis_fixture *f, size_t bulk_keys_max)
{
	struct env e = {.store = open_redis(f, bulk_keys_max)};
	fnl_arena_init(&e.arena, (size_t)64 << 20);
	return e;
}

static void start(struct env *e, struct redis_fixture *f, size_t bulk_keys_max)
{
	const char *const args[] = {"FLUSHALL", NULL};
	char reply[16];
	assert_true(redis_fixture_command(f, args, reply, sizeof reply));
	*e = another(f, bulk_keys_max);
}

static void end(struct env *e)
{
	e->store->ops->close(e->store);
	fnl_arena_deinit(&e->arena);
}

/* Every key in the leaf with the greatest first key that is not beyond it, at most 60 in one; no leaf that is empty,
 * and none that the index does not know. */
static void assert_leaves(struct redis_fixture *f, int32_t partition)
{
	static const char check[] =
		"local call = redis.call\n"
		"for _, table in ipairs({'account', 'prospect'}) do\n"
		"	local index = KEYS[1] .. table .. ':keys'\n"
		"	local firsts, count = call('ZRANGE', index, 0, -1), 0\n"
		"	for n, first in ipairs(firsts) do\n"
		"		local keys = call('ZRANGE', index .. ':' .. first, 0, -1)\n"
		"		if #keys == 0 or #keys > 60 then return 'a leaf of ' .. #keys end\n"
		"		local high = firsts[n + 1] and '(' .. firsts[n + 1] or '+'\n"
		"		if call('ZLEXCOUNT', index .. ':' .. first, '[' .. first, high) ~= #keys then return 'beyond' end\n"
		"		count = count + #keys\n"
		"	end\n"
		"	if #call('KEYS', index .. ':*') ~= #firsts then return 'left behind' end\n"
		"	if count ~= call('HLEN', KEYS[1] .. table) then return 'not all' end\n"
		"end\n"
		"return 'right'\n";
	char head[64];
	char reply[64];
	snprintf(head, sizeof head, "{test:prospect:%d}:", partition);
	const char *const args[] = {"EVAL", check, "1", head, NULL};
	assert_true(redis_fixture_command(f, args, reply, sizeof reply));
	assert_string_equal(reply, "right");
}

/* --- a changelog --- */

struct changelog {
	struct fnl_gen gen;
	uint8_t bytes[KEYS][KEY_BYTES_MAX];
	size_t lens[KEYS];
	struct fnl_row_write rows[RECORDS];
	char values[RECORDS][12];
};

/* Keys of any bytes; of half of them just few, so that one is often the head of another. */
static void make_keys(struct changelog *c)
{
	for (size_t i = 0; i < KEYS; i++) {
		c->lens[i] = fnl_gen_below(&c->gen, KEY_BYTES_MAX + 1);
		for (size_t k = 0; k < c->lens[i]; k++) {
			c->bytes[i][k] = (uint8_t)(i % 2 ? fnl_gen_below(&c->gen, 256) : 254 + fnl_gen_below(&c->gen, 3));
		}
	}
}

static struct fnl_row_write random_row(struct changelog *c, char *value)
{
	size_t k = fnl_gen_below(&c->gen, KEYS);
	struct fnl_span key = fnl_span_of(c->bytes[k], c->lens[k]);
	if (fnl_gen_one_in(&c->gen, 3)) {
		return drop(key);
	}
	int len = snprintf(value, sizeof c->values[0], "%zu", fnl_gen_below(&c->gen, 100000));
	struct fnl_row_write w = put_plain(key, fnl_span_of(value, (size_t)len));
	w.deadline_ms = fnl_gen_one_in(&c->gen, 2) ? FNL_NO_DEADLINE : (int64_t)fnl_gen_below(&c->gen, 1000);
	return w;
}

static void make_changelog(struct changelog *c)
{
	make_keys(c);
	for (size_t i = 0; i < RECORDS; i++) {
		c->rows[i] = random_row(c, c->values[i]);
		c->rows[i].row.table = fnl_gen_one_in(&c->gen, 4) ? ACCOUNT : PROSPECT;
	}
}

/* --- views side by side --- */

struct sides {
	struct env redis;
	struct env memory;
	struct fnl_memory *rows;
};

static void both(struct sides *s, struct fnl_store_apply apply)
{
	for (int i = 0; i < 3; i++) {
		struct fnl_store_apply one = apply;
		one.partition = i == 0 ? BULK : PLAIN;
		one.more = i == 0 && apply.more;
		apply_all(i == 2 ? &s->memory : &s->redis, &one, 1);
		assert_int_equal(one.ret_outcome, FNL_APPLIED);
	}
}

static struct fnl_store_read page_of(struct env *e, int32_t partition, uint8_t table, struct fnl_span after)
{
	struct fnl_store_read read = {.partition = partition,
	                              .page_table = table,
	                              .page_after = after,
	                              .page_max = PAGE,
	                              .due_until_ms = INT64_MAX,
	                              .due_max = 2 * KEYS};
	int err = e->store->ops->read(e->store, &read, 1, &e->arena);
	if (err != 0) {
		fail_msg("read: %s: %s", fnl_status_label(err), e->store->ops->explain(e->store));
	}
	return read;
}

static void assert_same_page(const struct fnl_store_read *a, const struct fnl_store_read *b)
{
	assert_applied(a->ret_applied, b->ret_applied);
	assert_int_equal(a->ret_page_count, b->ret_page_count);
	for (size_t i = 0; i < a->ret_page_count; i++) {
		assert_span(a->ret_page[i].key, b->ret_page[i].key);
		assert_span(a->ret_page[i].value, b->ret_page[i].value);
	}
	assert_int_equal(a->ret_due_count, b->ret_due_count);
	for (size_t i = 0; i < a->ret_due_count; i++) {
		assert_int_equal(a->ret_due[i].row.table, b->ret_due[i].row.table);
		assert_span(a->ret_due[i].row.key, b->ret_due[i].row.key);
		assert_true(a->ret_due[i].deadline_ms == b->ret_due[i].deadline_ms);
	}
}

/* Page by page through all tables; returns how many rows. */
static size_t assert_same(struct sides *s)
{
	size_t seen = 0;
	for (uint8_t table = 0; table < STORE_CONTRACT_TABLES; table++) {
		struct fnl_span after = FNL_SPAN_NONE;
		size_t count = PAGE;
		while (count == PAGE) {
			struct fnl_store_read expected = page_of(&s->memory, PLAIN, table, after);
			struct fnl_store_read bulk = page_of(&s->redis, BULK, table, after);
			struct fnl_store_read plain = page_of(&s->redis, PLAIN, table, after);
			assert_same_page(&bulk, &expected);
			assert_same_page(&plain, &expected);
			count = expected.ret_page_count;
			seen += count;
			after = count ? expected.ret_page[count - 1].key : after;
		}
	}
	fnl_arena_reset(&s->redis.arena);
	fnl_arena_reset(&s->memory.arena);
	return seen;
}

static struct fnl_applied restore(struct sides *s, struct changelog *c)
{
	struct fnl_applied before = nothing;
	size_t chunk_max = 1 + fnl_gen_below(&c->gen, CHUNK_MAX);
	for (size_t i = 0, count = 0; i < RECORDS; i += count) {
		count = 1 + fnl_gen_below(&c->gen, chunk_max);
		count = count < RECORDS - i ? count : RECORDS - i;
		struct fnl_store_apply chunk = step(0, before, at((int64_t)(i + count), 7), &c->rows[i], count);
		chunk.compare_as_of = true;
		chunk.delete_first = i == 0;
		chunk.more = i + count < RECORDS;
		both(s, chunk);
		before = chunk.next;
	}
	return before;
}

/* What is there is known to the one who writes, or he does not say so. */
static void run_batch(struct sides *s, struct changelog *c, struct fnl_applied *before)
{
	static struct fnl_row_write rows[BATCH];
	static struct fnl_row_key keys[BATCH];
	static char values[BATCH][12];
	for (size_t i = 0; i < BATCH; i++) {
		rows[i] = random_row(c, values[i]);
		keys[i] = rows[i].row;
	}
	struct fnl_store_read read = look_at(&s->memory, PLAIN, keys, BATCH, 0, 0);
	for (size_t i = 0; i < BATCH; i++) {
		bool first = true;
		for (size_t k = 0; k < i; k++) {
			first = first && !fnl_span_eq(keys[k].key, keys[i].key);
		}
		rows[i].existed = first && !fnl_span_is_none(read.ret_rows[i]);
	}
	struct fnl_store_apply batch = step(0, *before, at(before->cl + 1, 8), rows, BATCH);
	both(s, batch);
	*before = batch.next;
}

static void a_bulk_makes_what_single_keys_make(void **state)
{
	static const size_t limits[] = {0, 1, 60, 500, KEYS / 2};
	static struct changelog c;
	struct redis_fixture *f = *state;
	struct fnl_gen seeds = fnl_gen_start(31);
	for (size_t seed = 0; seed < SEEDS; seed++) {
		struct sides s = {0};
		c.gen = (struct fnl_gen){fnl_gen_u64(&seeds)};
		make_changelog(&c);
		start(&s.redis, f, limits[seed % (sizeof limits / sizeof *limits)]);
		fnl_arena_init(&s.memory.arena, (size_t)64 << 20);
		assert_int_equal(fnl_memory_open(&s.rows), 0);
		assert_int_equal(fnl_memory_store_open(s.rows, STORE_CONTRACT_TABLES, &s.memory.store), 0);
		struct fnl_applied before = restore(&s, &c);
		assert_true(assert_same(&s) > KEYS / 2);
		assert_leaves(f, BULK);
		assert_leaves(f, PLAIN);
		for (int round = 0; round < ROUNDS; round++) {
			run_batch(&s, &c, &before);
			assert_same(&s);
		}
		assert_leaves(f, BULK);
		end(&s.redis);
		end(&s.memory);
		fnl_memory_close(s.rows);
	}
}

/* --- who sees what meanwhile --- */

enum { FEW = 226 }; /* keys of a chunk: some leaves, and one more key */

/* Rows of keys from .. from + FEW; in each the chunk's name. */
static struct fnl_store_apply chunk_of(struct env *e, int32_t partition, struct fnl_applied before,
                                       struct fnl_applied next, size_t from, struct fnl_span name)
{
	struct fnl_row_write *rows = fnl_arena_calloc(&e->arena, FEW, sizeof *rows);
	for (size_t i = 0; i < FEW; i++) {
		char text[24];
		int len = snprintf(text, sizeof text, "key-%05zu", from + i * 7 % FEW);
		rows[i] = put(fnl_arena_dup(&e->arena, fnl_span_of(text, (size_t)len)), name, (int64_t)i);
	}
	struct fnl_store_apply chunk = step(partition, before, next, rows, FEW);
	chunk.compare_as_of = true;
	chunk.delete_first = !before.present;
	chunk.more = true;
	return chunk;
}

static enum fnl_apply_outcome outcome_of(struct env *e, struct fnl_store_apply chunk)
{
	apply_all(e, &chunk, 1);
	return chunk.ret_outcome;
}

static void must(struct env *e, struct fnl_store_apply chunk)
{
	assert_int_equal(outcome_of(e, chunk), FNL_APPLIED);
}

static struct fnl_store_apply last(struct fnl_store_apply chunk)
{
	chunk.more = false;
	return chunk;
}

/* The view is whole: keys 0 .. count, each with this name. */
static void assert_whole(struct redis_fixture *f, struct env *e, int32_t partition, size_t count, struct fnl_span name)
{
	struct fnl_store_read read = page_of(e, partition, PROSPECT, FNL_SPAN_NONE);
	assert_true(read.ret_applied.present);
	assert_int_equal(read.ret_page_count, count);
	for (size_t i = 0; i < count; i++) {
		assert_span(read.ret_page[i].value, name);
	}
	assert_int_equal(read.ret_due_count, count);
	assert_leaves(f, partition);
	char index[64];
	char reply[64];
	snprintf(index, sizeof index, "{test:prospect:%d}:prospect:keys", partition);
	const char *const first[] = {"ZRANGE", index, "0", "0", NULL};
	assert_true(redis_fixture_command(f, first, reply, sizeof reply));
	assert_string_equal(reply, ""); /* as if it had grown */
}

static struct fnl_applied stand(struct env *e, int32_t partition)
{
	return look_at(e, partition, NULL, 0, 0, 0).ret_applied;
}

static void it_is_no_view_before_its_end(void **state)
{
	struct redis_fixture *f = *state;
	struct env e;
	start(&e, f, 0);
	struct env other = another(f, 0);
	must(&e, chunk_of(&e, BULK, nothing, at(1, 5), 0, LIT("a")));
	must(&e, chunk_of(&e, BULK, at(1, 5), at(2, 5), FEW, LIT("a")));
	assert_applied(stand(&other, BULK), nothing);
	assert_applied(stand(&e, BULK), nothing); /* it is read by nobody: there are no pages */
	assert_int_equal(outcome_of(&other, last(chunk_of(&e, BULK, at(2, 5), at(3, 5), 0, LIT("b")))), FNL_MISMATCH);
	must(&e, last(chunk_of(&e, BULK, at(2, 5), at(3, 6), 0, LIT("a"))));
	assert_applied(stand(&other, BULK), at(3, 6));
	assert_whole(f, &other, BULK, 2 * (size_t)FEW, LIT("a"));

	/* the last of its records may be none of ours */
	must(&e, chunk_of(&e, OTHER, nothing, at(1, 5), 0, LIT("a")));
	struct fnl_store_apply none = last(step(OTHER, at(1, 5), at(2, 6), NULL, 0));
	must(&e, none);
	assert_whole(f, &other, OTHER, FEW, LIT("a"));
	end(&other);
	end(&e);
}

/* So that no more is lost with the worker than what was kept back. */
static void what_is_kept_back_has_a_limit(void **state)
{
	struct redis_fixture *f = *state;
	struct env e;
	start(&e, f, FEW + FEW / 2);
	must(&e, chunk_of(&e, BULK, nothing, at(1, 5), 0, LIT("a")));
	must(&e, chunk_of(&e, BULK, at(1, 5), at(2, 5), 0, LIT("a"))); /* the same keys again */
	assert_applied(stand(&e, BULK), nothing);
	must(&e, chunk_of(&e, BULK, at(2, 5), at(3, 5), FEW, LIT("a")));
	assert_applied(stand(&e, BULK), at(3, 5));
	assert_whole(f, &e, BULK, 2 * (size_t)FEW, LIT("a"));
	must(&e, chunk_of(&e, BULK, at(3, 5), at(4, 5), 2 * (size_t)FEW, LIT("a")));
	assert_whole(f, &e, BULK, 3 * (size_t)FEW, LIT("a"));

	/* by their number, and by their bytes */
	enum { LARGE = 150000 };
	struct fnl_store_apply large = chunk_of(&e, OTHER, nothing, at(1, 5), 0, LIT("a"));
	struct fnl_row_write *rows = fnl_arena_calloc(&e.arena, FEW, sizeof *rows);
	e.store->ops->close(e.store);
	e.store = open_redis(f, 0);
	for (size_t i = 0; i < FEW; i++) {
		uint8_t *key = fnl_arena_calloc(&e.arena, LARGE, 1);
		memcpy(key, large.rows[i].row.key.data, large.rows[i].row.key.len);
		rows[i] = put_plain(fnl_span_of(key, LARGE), LIT("a"));
	}
	large.rows = rows;
	must(&e, large);
	assert_applied(stand(&e, OTHER), at(1, 5));
	assert_leaves(f, OTHER);
	end(&e);
}

static long execs(struct redis_fixture *f)
{
	static const char count[] = "return redis.call('INFO', 'commandstats'):match('cmdstat_exec:calls=(%d+)')";
	const char *const args[] = {"EVAL", count, "0", NULL};
	char reply[32];
	assert_true(redis_fixture_command(f, args, reply, sizeof reply));
	return strtol(reply, NULL, 10);
}

/* The server has others wait for a piece of the indexes, not for all: 22,600 deadlines and as many keys. */
static void large_indexes_come_in_slices(void **state)
{
	enum { CHUNKS = 100 };
	struct redis_fixture *f = *state;
	struct env e;
	start(&e, f, 0);
	for (int64_t i = 0; i < CHUNKS; i++) {
		struct fnl_applied before = i ? at(i, 5) : nothing;
		struct fnl_store_apply chunk = chunk_of(&e, BULK, before, at(i + 1, 5), (size_t)i * FEW, LIT("a"));
		must(&e, chunk);
	}
	long before = execs(f);
	must(&e, last(step(BULK, at(CHUNKS, 5), at(CHUNKS + 1, 6), NULL, 0)));
	assert_true(execs(f) - before >= 1 + 2 * CHUNKS * (long)FEW / 11000);
	assert_applied(stand(&e, BULK), at(CHUNKS + 1, 6));
	assert_leaves(f, BULK);
	struct fnl_store_read read = {.partition = BULK, .due_until_ms = INT64_MAX, .due_max = 2 * CHUNKS * FEW};
	assert_int_equal(e.store->ops->read(e.store, &read, 1, &e.arena), 0);
	assert_int_equal(read.ret_due_count, CHUNKS * FEW);
	end(&e);
}

static void one_that_is_left_is_built_anew(void **state)
{
	struct redis_fixture *f = *state;
	struct env e;
	start(&e, f, 0);
	must(&e, chunk_of(&e, BULK, nothing, at(1, 5), 0, LIT("a")));
	must(&e, chunk_of(&e, BULK, at(1, 5), at(2, 5), FEW, LIT("a")));
	e.store->ops->close(e.store);
	e.store = open_redis(f, 0);
	assert_applied(stand(&e, BULK), nothing);
	assert_int_equal(outcome_of(&e, last(chunk_of(&e, BULK, at(2, 5), at(3, 5), 0, LIT("b")))), FNL_MISMATCH);
	must(&e, chunk_of(&e, BULK, nothing, at(1, 7), FEW / 2, LIT("b")));
	must(&e, last(chunk_of(&e, BULK, at(1, 7), at(2, 7), 0, LIT("b"))));
	assert_whole(f, &e, BULK, FEW + FEW / 2, LIT("b"));
	end(&e);
}

/* Two that both take the partition for theirs: who began last has it, and nothing of the other's comes into it. */
static void somebody_else_begins_anew(void **state)
{
	struct redis_fixture *f = *state;
	struct env e;
	start(&e, f, 0);
	struct env other = another(f, 0);
	must(&e, chunk_of(&e, BULK, nothing, at(1, 5), 0, LIT("a")));
	must(&other, chunk_of(&e, BULK, nothing, at(1, 6), FEW, LIT("b")));
	struct fnl_store_apply late = last(chunk_of(&e, BULK, at(1, 5), at(2, 5), 0, LIT("a")));
	assert_int_equal(outcome_of(&e, late), FNL_MISMATCH);
	assert_int_equal(outcome_of(&e, late), FNL_MISMATCH); /* it is over */
	must(&other, last(chunk_of(&e, BULK, at(1, 6), at(2, 6), 0, LIT("b"))));
	assert_int_equal(outcome_of(&e, late), FNL_MISMATCH);
	assert_whole(f, &other, BULK, 2 * (size_t)FEW, LIT("b"));

	/* a whole view that stands just where ours stood is not ours */
	must(&other, last(chunk_of(&e, BULK, at(2, 6), at(3, 6), 0, LIT("b"))));
	enum fnl_apply_outcome outcome = FNL_MISMATCH;
	assert_int_equal(e.store->ops->wipe(e.store, BULK, at(3, 6), &outcome), 0);
	must(&e, chunk_of(&e, BULK, nothing, at(1, 5), FEW, LIT("a")));
	must(&other, last(chunk_of(&e, BULK, nothing, at(1, 5), 0, LIT("b"))));
	assert_int_equal(outcome_of(&e, late), FNL_MISMATCH);
	assert_whole(f, &other, BULK, FEW, LIT("b"));
	end(&other);
	end(&e);
}

static void other_partitions_come_in_between(void **state)
{
	struct redis_fixture *f = *state;
	struct env e;
	start(&e, f, 0);
	must(&e, last(chunk_of(&e, PLAIN, nothing, at(1, 5), 0, LIT("p"))));
	struct fnl_store_apply empty = step(OTHER, nothing, at(0, 5), NULL, 0);
	empty.delete_first = true;
	must(&e, chunk_of(&e, BULK, nothing, at(1, 5), 0, LIT("a")));
	must(&e, empty);
	must(&e, last(chunk_of(&e, PLAIN, at(1, 5), at(2, 5), FEW, LIT("p"))));
	struct fnl_store_apply call[] = {last(chunk_of(&e, PLAIN, at(2, 5), at(3, 5), 0, LIT("p"))),
	                                 chunk_of(&e, BULK, at(1, 5), at(2, 5), FEW, LIT("a")),
	                                 last(chunk_of(&e, OTHER, at(0, 5), at(1, 5), 0, LIT("o")))};
	apply_all(&e, call, 3);
	assert_whole(f, &e, PLAIN, 2 * (size_t)FEW, LIT("p"));
	assert_whole(f, &e, OTHER, FEW, LIT("o"));
	assert_applied(stand(&e, BULK), nothing);
	must(&e, last(chunk_of(&e, BULK, at(2, 5), at(3, 5), 0, LIT("a"))));
	assert_whole(f, &e, BULK, 2 * (size_t)FEW, LIT("a"));

	/* one at a time: the next one's beginning is the end of it */
	must(&e, chunk_of(&e, PLAIN + 10, nothing, at(1, 5), 0, LIT("a")));
	must(&e, chunk_of(&e, PLAIN + 11, nothing, at(1, 5), 0, LIT("b")));
	struct fnl_store_apply ended = last(chunk_of(&e, PLAIN + 10, at(1, 5), at(2, 5), 0, LIT("a")));
	assert_int_equal(outcome_of(&e, ended), FNL_MISMATCH);
	must(&e, last(chunk_of(&e, PLAIN + 11, at(1, 5), at(2, 5), FEW, LIT("b"))));
	assert_whole(f, &e, PLAIN + 11, 2 * (size_t)FEW, LIT("b"));
	end(&e);
}

/* Whatever does not go on from where it stands ends it: another state, a wipe, a server that is away. */
static void a_surprise_ends_it(void **state)
{
	struct redis_fixture *f = *state;
	struct env e;
	start(&e, f, 0);
	const struct fnl_applied wrong[] = {at(2, 5), at(1, 6), nothing};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		must(&e, chunk_of(&e, BULK, nothing, at(1, 5), 0, LIT("a")));
		struct fnl_store_apply chunk = chunk_of(&e, BULK, wrong[i], at(3, 5), 0, LIT("b"));
		chunk.delete_first = false;
		bool anew = !wrong[i].present; /* as over the rests of another worker's */
		assert_int_equal(outcome_of(&e, chunk), anew ? FNL_APPLIED : FNL_MISMATCH);
		chunk = last(chunk_of(&e, BULK, at(1, 5), at(2, 5), 0, LIT("a")));
		assert_int_equal(outcome_of(&e, chunk), FNL_MISMATCH);
		enum fnl_apply_outcome outcome = FNL_MISMATCH;
		assert_int_equal(e.store->ops->wipe(e.store, BULK, anew ? at(3, 5) : nothing, &outcome), 0);
		assert_int_equal(outcome, FNL_APPLIED);
	}
	must(&e, chunk_of(&e, BULK, nothing, at(1, 5), 0, LIT("a")));
	enum fnl_apply_outcome outcome = FNL_APPLIED;
	assert_int_equal(e.store->ops->wipe(e.store, BULK, at(1, 5), &outcome), 0);
	assert_int_equal(outcome, FNL_MISMATCH);
	must(&e, chunk_of(&e, BULK, nothing, at(1, 5), 0, LIT("a")));
	assert_int_equal(e.store->ops->wipe(e.store, BULK, nothing, &outcome), 0);
	assert_int_equal(outcome, FNL_APPLIED);
	assert_int_equal(outcome_of(&e, last(chunk_of(&e, BULK, at(1, 5), at(2, 5), 0, LIT("a")))), FNL_MISMATCH);

	must(&e, chunk_of(&e, BULK, nothing, at(1, 5), 0, LIT("a")));
	redis_fixture_kill(f);
	struct fnl_store_apply away = chunk_of(&e, BULK, at(1, 5), at(2, 5), 0, LIT("a"));
	assert_int_equal(e.store->ops->apply(e.store, &away, 1), FNL_E_DISCONNECTED);
	assert_true(redis_fixture_restart(f));
	must(&e, chunk_of(&e, BULK, nothing, at(1, 5), FEW, LIT("b")));
	must(&e, last(chunk_of(&e, BULK, at(1, 5), at(2, 5), 0, LIT("b"))));
	assert_whole(f, &e, BULK, 2 * (size_t)FEW, LIT("b"));
	end(&e);
}

int main(void)
{
	struct redis_fixture f = {0};
	int failed = 1;
	if (redis_fixture_start(&f, "bulk", false, NULL)) {
		const struct CMUnitTest tests[] = {
			cmocka_unit_test_prestate(a_bulk_makes_what_single_keys_make, &f),
			cmocka_unit_test_prestate(it_is_no_view_before_its_end, &f),
			cmocka_unit_test_prestate(what_is_kept_back_has_a_limit, &f),
			cmocka_unit_test_prestate(large_indexes_come_in_slices, &f),
			cmocka_unit_test_prestate(one_that_is_left_is_built_anew, &f),
			cmocka_unit_test_prestate(somebody_else_begins_anew, &f),
			cmocka_unit_test_prestate(other_partitions_come_in_between, &f),
			cmocka_unit_test_prestate(a_surprise_ends_it, &f),
		};
		failed = cmocka_run_group_tests_name("store: restores in Redis", tests, NULL, NULL);
	}
	redis_fixture_close(&f);
	return failed != 0;
}
