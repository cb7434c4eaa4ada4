/* A compare-and-set in two round trips for all partitions of a call: what they stand at, watched; then, in one MULTI …
 * EXEC, the rows of those that stand where they should. EXEC does nothing when one that is watched has been written
 * meanwhile. A script would do it in one, but takes a quarter more of the server's CPU: each value goes through Lua. */
#include "internal.h"

enum { ATTEMPTS_MAX = 4 /* somebody else wrote between the two round trips */ };

enum {
	LANE_DUE, /* the index by deadline; then one lane a table; then, to ask for its type only, one for the index of each
	           */
	LANES_BEFORE_TABLES
};

enum run_op { RUN_NONE, RUN_SET, RUN_DELETE };

/* --- rows as runs: neighbours of one lane that want the same command. Their order is kept, so that of a row written
 * twice the later one wins, as in a changelog that was not compacted. --- */

static enum run_op op_of(const struct fnl_store_apply *apply, const struct fnl_row_write *w, size_t lane)
{
	bool deletes = fnl_span_is_none(w->value);
	if (lane != LANE_DUE) {
		return w->row.table != lane - LANES_BEFORE_TABLES ? RUN_NONE : deletes ? RUN_DELETE : RUN_SET;
	}
	if (deletes) {
		return w->deadline_unchanged && w->deadline_ms == FNL_NO_DEADLINE ? RUN_NONE : RUN_DELETE;
	}
	if (w->deadline_unchanged && !apply->delete_first) {
		return RUN_NONE;
	}
	return w->deadline_ms == FNL_NO_DEADLINE ? RUN_DELETE : RUN_SET;
}

static void append_row(struct fnl_redis *s, const struct fnl_row_write *w, size_t lane, enum run_op op)
{
	if (lane == LANE_DUE) {
		if (op == RUN_SET) {
			fnl_redis_request_number(&s->request, w->deadline_ms);
		}
		fnl_redis_request_joined(&s->request, s->tables[w->row.table].due_head_span, w->row.key, FNL_SPAN_NONE);
		return;
	}
	fnl_redis_request_arg(&s->request, w->row.key);
	if (op == RUN_SET) {
		fnl_redis_request_arg(&s->request, w->value);
	}
}

static void begin_run(struct fnl_redis *s, int32_t partition, size_t lane, enum run_op op, size_t rows)
{
	struct fnl_redis_request *r = &s->request;
	if (lane == LANE_DUE) {
		fnl_redis_request_begin(r, op == RUN_SET ? "ZADD" : "ZREM", 1 + (op == RUN_SET ? 2 * rows : rows));
		fnl_redis_request_key(s, partition, "due");
	} else {
		fnl_redis_request_begin(r, op == RUN_SET ? "HSET" : "HDEL", 1 + (op == RUN_SET ? 2 * rows : rows));
		fnl_redis_request_key(s, partition, s->tables[lane - LANES_BEFORE_TABLES].name);
	}
}

/* Appends the runs of a lane, each a command; returns how many. */
static size_t append_lane(struct fnl_redis *s, const struct fnl_store_apply *apply, size_t lane)
{
	size_t commands = 0;
	size_t end = 0;
	for (size_t first = 0; first < apply->row_count; first = end) {
		enum run_op op = op_of(apply, &apply->rows[first], lane);
		end = first + 1;
		if (op == RUN_NONE) {
			continue;
		}
		size_t count = 1;
		for (; end < apply->row_count && count < REDIS_RUN_MAX; end++) {
			enum run_op other = op_of(apply, &apply->rows[end], lane);
			if (other != op && other != RUN_NONE) {
				break;
			}
			count += other == op;
		}
		begin_run(s, apply->partition, lane, op, count);
		for (size_t i = first; i < end; i++) {
			fnl_span_prefetch(i + 1 < end ? apply->rows[i + 1].value : FNL_SPAN_NONE);
			if (op_of(apply, &apply->rows[i], lane) == op) {
				append_row(s, &apply->rows[i], lane, op);
			}
		}
		commands++;
	}
	return commands;
}

/* A batch changes rows of few tables: the lanes of others are not looked through. */
static size_t append_rows(struct fnl_redis *s, const struct fnl_store_apply *apply)
{
	bool changed[FNL_STORE_TABLES_MAX] = {false};
	enum fnl_redis_part part = fnl_redis_bulk_part(s, apply);
	size_t commands = part == REDIS_NO_PART ? append_lane(s, apply, LANE_DUE) : 0;
	for (size_t i = 0; i < apply->row_count; i++) {
		changed[apply->rows[i].row.table] = true;
	}
	for (size_t i = 0; i < s->table_count; i++) {
		commands += changed[i] ? append_lane(s, apply, LANES_BEFORE_TABLES + i) : 0;
		commands += changed[i] && part == REDIS_NO_PART ? fnl_redis_append_index(s, apply, i) : 0;
	}
	return part == REDIS_SLICE || part == REDIS_LAST_SLICE ? commands + fnl_redis_append_slice(s) : commands;
}

/* --- what else is written --- */

static size_t append_drop(struct fnl_redis *s, int32_t partition)
{
	size_t commands = 1;
	fnl_redis_request_begin(&s->request, "UNLINK", 2 + s->table_count);
	fnl_redis_request_key(s, partition, "applied");
	fnl_redis_request_key(s, partition, "due");
	for (size_t i = 0; i < s->table_count; i++) {
		fnl_redis_request_key(s, partition, s->tables[i].name);
	}
	for (size_t i = 0; i < s->table_count; i++) {
		if (s->tables[i].index_name[0]) {
			fnl_redis_request_begin(&s->request, "EVAL", 3);
			fnl_redis_request_text(&s->request, fnl_redis_index_drop_script);
			fnl_redis_request_number(&s->request, 1);
			fnl_redis_request_key(s, partition, s->tables[i].index_name);
			commands++;
		}
	}
	return commands;
}

static size_t append_applied(struct fnl_redis *s, const struct fnl_store_apply *apply)
{
	struct fnl_redis_request *r = &s->request;
	char digits[24];
	enum fnl_redis_part part = fnl_redis_bulk_part(s, apply);
	bool paged = s->paged[0] && part != REDIS_ROWS && part != REDIS_SLICE;
	fnl_redis_request_begin(r, "HSET", paged ? 7 : 5);
	fnl_redis_request_key(s, apply->partition, "applied");
	fnl_redis_request_text(r, "cl");
	fnl_redis_request_number(r, apply->next.cl);
	fnl_redis_request_text(r, "complete_as_of");
	fnl_redis_request_number(r, apply->next.complete_as_of_ms);
	if (paged) {
		fnl_redis_request_text(r, "paged");
		fnl_redis_request_joined(r, fnl_span_str(s->paged), FNL_SPAN_LIT("@"),
		                         fnl_redis_decimal(digits, apply->next.cl));
	}
	return 1;
}

/* A wipe is an apply of which nothing is recorded. */
static size_t append_write(struct fnl_redis *s, const struct fnl_store_apply *apply)
{
	size_t commands = !apply->next.present || apply->delete_first ? append_drop(s, apply->partition) : 0;
	return apply->next.present ? commands + append_rows(s, apply) + append_applied(s, apply) : commands;
}

/* --- the first round trip: what the partitions stand at --- */

static size_t lane_count(const struct fnl_redis *s)
{
	return LANES_BEFORE_TABLES + 2 * s->table_count;
}

/* NULL: there is no such lane. */
static const char *lane_key(const struct fnl_redis *s, size_t lane)
{
	if (lane == LANE_DUE) {
		return "due";
	}
	size_t table = lane - LANES_BEFORE_TABLES;
	if (table < s->table_count) {
		return s->tables[table].name;
	}
	const char *index = s->tables[table - s->table_count].index_name;
	return index[0] ? index : NULL;
}

static void append_look(struct fnl_redis *s, int32_t partition)
{
	fnl_redis_request_begin(&s->request, "WATCH", 1);
	fnl_redis_request_key(s, partition, "applied");
	fnl_redis_append_applied(s, partition);
	for (size_t lane = 0; lane < lane_count(s); lane++) {
		if (lane_key(s, lane)) {
			fnl_redis_request_begin(&s->request, "TYPE", 1);
			fnl_redis_request_key(s, partition, lane_key(s, lane));
		}
	}
}

static int receive_one(struct fnl_redis *s, const char *doing, struct fnl_redis_reply **ret)
{
	int err = fnl_redis_receive(s, &s->scratch, ret);
	return err == 0 && (*ret)->kind == REDIS_ERROR ? fnl_redis_drop_reply(s, *ret, doing) : err;
}

/* Within EXEC a command of the wrong type would fail alone, and Redis does not roll back. */
static int receive_type(struct fnl_redis *s, size_t lane, const char *doing)
{
	bool hash = lane >= LANES_BEFORE_TABLES && lane < LANES_BEFORE_TABLES + s->table_count;
	struct fnl_span right = hash ? FNL_SPAN_LIT("hash") : FNL_SPAN_LIT("zset");
	struct fnl_redis_reply *reply = NULL;
	int err = receive_one(s, doing, &reply);
	if (err != 0) {
		return err;
	}
	if (reply->kind != REDIS_STATUS) {
		return fnl_redis_drop_reply(s, reply, doing);
	}
	if (fnl_span_eq(reply->text, right) || fnl_span_eq(reply->text, FNL_SPAN_LIT("none"))) {
		return 0;
	}
	return fnl_redis_drop(s, FNL_E_STATE, "%s: WRONGTYPE %s is a %.*s", doing, lane_key(s, lane),
	                      (int)(reply->text.len < 20 ? reply->text.len : 20), (const char *)reply->text.data);
}

static int receive_look(struct fnl_redis *s, const struct fnl_store_apply *apply, const char *doing,
                        struct fnl_applied *ret)
{
	struct fnl_redis_reply *reply = NULL;
	int err = receive_one(s, doing, &reply);
	err = err ? err : receive_one(s, doing, &reply);
	if (err != 0) {
		return err;
	}
	if (!fnl_redis_take_applied(s, reply, fnl_redis_bulk_at(s, apply), ret)) {
		return fnl_redis_drop(s, FNL_E_STATE, "the applied state of partition %d is not a pair of numbers",
		                      apply->partition);
	}
	for (size_t lane = 0; err == 0 && lane < lane_count(s); lane++) {
		err = lane_key(s, lane) ? receive_type(s, lane, doing) : 0;
	}
	return err;
}

static bool stands_there(const struct fnl_store_apply *apply, const struct fnl_applied *found)
{
	const struct fnl_applied *expected = &apply->expected;
	if (!expected->present || !found->present) {
		return expected->present == found->present;
	}
	return found->cl == expected->cl &&
	       (!apply->compare_as_of || found->complete_as_of_ms == expected->complete_as_of_ms);
}

/* Returns in *ret_fit how many stand where they should. */
static int look(struct fnl_redis *s, const struct fnl_store_apply *applies, size_t count, const char *doing,
                struct fnl_applied *found, size_t *ret_fit)
{
	for (size_t i = 0; i < count; i++) {
		append_look(s, applies[i].partition);
	}
	int err = fnl_redis_send(s);
	*ret_fit = 0;
	for (size_t i = 0; err == 0 && i < count; i++) {
		err = receive_look(s, &applies[i], doing, &found[i]);
		*ret_fit += err == 0 && stands_there(&applies[i], &found[i]);
	}
	return err;
}

/* --- the second one --- */

static int unwatch(struct fnl_redis *s)
{
	struct fnl_redis_reply *reply = NULL;
	fnl_redis_request_begin(&s->request, "UNWATCH", 0);
	return fnl_redis_round_trip(s, &reply);
}

/* A command failed within EXEC, the others did not: the views written must stand nowhere, so that they are rebuilt. */
static int undo(struct fnl_redis *s, const struct fnl_store_apply *applies, size_t count,
                const struct fnl_applied *found, const struct fnl_redis_reply *failed, const char *doing)
{
	struct fnl_redis_reply *reply = NULL;
	size_t written = 0;
	for (size_t i = 0; i < count; i++) {
		if (stands_there(&applies[i], &found[i])) {
			fnl_redis_request_begin(&s->request, "DEL", 1);
			fnl_redis_request_key(s, applies[i].partition, "applied");
			written++;
		}
	}
	int err = fnl_redis_send(s);
	for (size_t i = 0; err == 0 && i < written; i++) {
		err = fnl_redis_receive(s, &s->scratch, &reply);
	}
	return err ? err : fnl_redis_drop_reply(s, failed, doing);
}

/* *ret_done false: somebody wrote since the first round trip, and nothing was done. */
static int write_all(struct fnl_redis *s, const struct fnl_store_apply *applies, size_t count,
                     const struct fnl_applied *found, const char *doing, bool *ret_done)
{
	size_t commands = 0;
	fnl_redis_request_begin(&s->request, "MULTI", 0);
	for (size_t i = 0; i < count; i++) {
		commands += stands_there(&applies[i], &found[i]) ? append_write(s, &applies[i]) : 0;
	}
	fnl_redis_request_begin(&s->request, "EXEC", 0);
	int err = fnl_redis_send(s);
	struct fnl_redis_reply *reply = NULL;
	for (size_t i = 0; err == 0 && i < 1 + commands; i++) {
		err = receive_one(s, doing, &reply);
	}
	err = err ? err : receive_one(s, doing, &reply);
	if (err != 0) {
		return err;
	}
	*ret_done = reply->kind != REDIS_NIL;
	if (!*ret_done) {
		return 0;
	}
	if (!fnl_redis_reply_is_array(reply, commands)) {
		return fnl_redis_drop_reply(s, reply, doing);
	}
	for (size_t i = 0; i < commands; i++) {
		if (reply->items[i].kind == REDIS_ERROR) {
			return undo(s, applies, count, found, &reply->items[i], doing);
		}
	}
	return 0;
}

static int apply_all(struct fnl_redis *s, struct fnl_store_apply *applies, size_t count, const char *doing)
{
	int err = fnl_redis_begin(s);
	if (err != 0) {
		return err;
	}
	struct fnl_applied *found = fnl_arena_calloc(&s->scratch, count, sizeof *found);
	if (!found) {
		return fnl_fail(&s->error, FNL_E_NOMEM, "out of memory");
	}
	bool done = false;
	for (int attempt = 0; err == 0 && !done; attempt++) {
		size_t fit = 0;
		if (attempt == ATTEMPTS_MAX) {
			return fnl_redis_drop(s, FNL_E_DISCONNECTED, "%s: others write the same at the same time", doing);
		}
		err = look(s, applies, count, doing, found, &fit);
		done = err == 0 && fit == 0;
		if (err == 0) {
			err = done ? unwatch(s) : write_all(s, applies, count, found, doing, &done);
		}
	}
	for (size_t i = 0; err == 0 && i < count; i++) { /* nothing is told of a call that fails */
		applies[i].ret_outcome = stands_there(&applies[i], &found[i]) ? FNL_APPLIED : FNL_MISMATCH;
		applies[i].ret_found = found[i];
	}
	return err;
}

/* After the rows of a restore its indexes, each write of them compared as all are. */
static int write_indexes(struct fnl_redis *s, struct fnl_store_apply *rows, const char *doing)
{
	struct fnl_store_apply part = {.partition = rows->partition,
	                               .expected = rows->next,
	                               .compare_as_of = true,
	                               .next = rows->next,
	                               .ret_outcome = FNL_APPLIED};
	int err = fnl_redis_bulk_sort(s);
	bool last = false;
	for (bool first = true; err == 0 && !last && part.ret_outcome == FNL_APPLIED; first = false) {
		last = fnl_redis_bulk_slice(s, &part, first);
		err = apply_all(s, &part, 1, doing);
	}
	if (err == 0 && part.ret_outcome != FNL_APPLIED) {
		rows->ret_outcome = part.ret_outcome;
		rows->ret_found = part.ret_found;
	}
	return err;
}

static int apply_with_bulk(struct fnl_redis *s, struct fnl_store_apply *applies, size_t count, const char *doing)
{
	int err = fnl_redis_bulk_prepare(s, applies, count);
	err = err ? err : apply_all(s, applies, count, doing);
	if (!fnl_redis_bulk_ends(s, err)) {
		return err;
	}
	err = write_indexes(s, &applies[s->bulk.apply - applies], doing);
	fnl_redis_bulk_end(s);
	return err;
}

/* --- the port --- */

static const char *wrong_apply(const struct fnl_redis *s, const struct fnl_store_apply *applies, size_t before)
{
	const struct fnl_store_apply *apply = &applies[before];
	if (apply->row_count > FNL_STORE_KEYS_MAX) {
		return "too many rows";
	}
	if (!apply->next.present) {
		return "no next state";
	}
	for (size_t i = 0; i < before; i++) {
		if (applies[i].partition == apply->partition) {
			return "another one in the same call";
		}
	}
	for (size_t i = 0; i < apply->row_count; i++) {
		const struct fnl_row_write *w = &apply->rows[i];
		if (w->row.table >= s->table_count || !w->row.key.data) {
			return "a row without table or key";
		}
		bool exact = w->deadline_ms >= -(INT64_C(1) << 53) && w->deadline_ms <= INT64_C(1) << 53;
		if (!exact && w->deadline_ms != FNL_NO_DEADLINE) {
			return "a deadline beyond 2^53 ms";
		}
	}
	return NULL;
}

int fnl_redis_store_apply(struct fnl_store *store, struct fnl_store_apply *applies, size_t count)
{
	struct fnl_redis *s = (struct fnl_redis *)store;
	for (size_t i = 0; i < count; i++) {
		const char *wrong = wrong_apply(s, applies, i);
		if (wrong) {
			return fnl_fail(&s->error, FNL_E_ARGUMENT, "an apply to partition %d has %s", applies[i].partition, wrong);
		}
	}
	return count ? apply_with_bulk(s, applies, count, "apply") : 0;
}

int fnl_redis_store_wipe(struct fnl_store *store, int32_t partition, struct fnl_applied expected,
                         enum fnl_apply_outcome *ret_outcome)
{
	struct fnl_store_apply wipe = {
		.partition = partition,
		.expected = expected,
		.compare_as_of = true,
	};
	int err = apply_with_bulk((struct fnl_redis *)store, &wipe, 1, "wipe");
	if (err == 0) {
		*ret_outcome = wipe.ret_outcome;
	}
	return err;
}
