#include "internal.h"

enum {
	LANE_DUE, /* the index by deadline; then one lane a table, then one for the index of each */
	LANES_BEFORE_TABLES
};

enum run_op { RUN_NONE, RUN_SET, RUN_DELETE };

/* --- rows as runs: neighbours of one lane that want the same command. Their order is kept, so that of a row written
 * twice the later one wins, as in a changelog that was not compacted. --- */

static enum run_op op_of(const struct fnl_redis *s, const struct fnl_store_apply *apply, const struct fnl_row_write *w,
                         size_t lane)
{
	bool deletes = fnl_span_is_none(w->value);
	if (lane >= LANES_BEFORE_TABLES + s->table_count) {
		bool has_it = w->existed && !deletes && !apply->delete_first;
		return w->row.table != lane - LANES_BEFORE_TABLES - s->table_count || has_it ? RUN_NONE
		       : deletes                                                             ? RUN_DELETE
		                                                                             : RUN_SET;
	}
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
	if (op == RUN_SET && lane < LANES_BEFORE_TABLES + s->table_count) {
		fnl_redis_request_arg(&s->request, w->value);
	}
}

/* Appends the runs of a lane, or only counts their arguments. place: of its key among the script's. */
static size_t lane_runs(struct fnl_redis *s, const struct fnl_store_apply *apply, size_t lane, size_t place,
                        bool count_only)
{
	size_t args = 0;
	for (size_t first = 0; first < apply->row_count;) {
		enum run_op op = op_of(s, apply, &apply->rows[first], lane);
		if (op == RUN_NONE) {
			first++;
			continue;
		}
		size_t count = 0;
		size_t end = first;
		for (; end < apply->row_count; end++) {
			enum run_op other = op_of(s, apply, &apply->rows[end], lane);
			if (other != op && other != RUN_NONE) {
				break;
			}
			count += other == op;
		}
		count *= op == RUN_SET && lane < LANES_BEFORE_TABLES + s->table_count ? 2 : 1;
		args += 3 + count;
		if (!count_only) {
			fnl_redis_request_number(&s->request, (int64_t)place);
			fnl_redis_request_text(&s->request, op == RUN_SET ? "S" : "D");
			fnl_redis_request_number(&s->request, (int64_t)count);
		}
		for (size_t i = first; !count_only && i < end; i++) {
			if (op_of(s, apply, &apply->rows[i], lane) == op) {
				append_row(s, &apply->rows[i], lane, op);
			}
		}
		first = end;
	}
	return args;
}

/* A batch changes rows of few tables: the lanes of others are not looked through. */
static size_t all_runs(struct fnl_redis *s, const struct fnl_store_apply *apply, bool count_only)
{
	bool changed[FNL_STORE_TABLES_MAX] = {false};
	size_t args = lane_runs(s, apply, LANE_DUE, 2, count_only); /* its place is after applied */
	size_t place = 3;
	for (size_t i = 0; i < apply->row_count; i++) {
		changed[apply->rows[i].row.table] = true;
	}
	for (size_t i = 0; i < s->table_count; i++, place++) {
		args += changed[i] ? lane_runs(s, apply, LANES_BEFORE_TABLES + i, place, count_only) : 0;
	}
	for (size_t i = 0; i < s->table_count; i++) {
		if (s->tables[i].index_name[0]) {
			size_t lane = LANES_BEFORE_TABLES + s->table_count + i;
			args += changed[i] ? lane_runs(s, apply, lane, place, count_only) : 0;
			place++;
		}
	}
	return args;
}

/* --- the call of the script --- */

static void append_call(struct fnl_redis *s, const struct fnl_store_apply *apply, const char *mode)
{
	struct fnl_redis_request *r = &s->request;
	size_t keys = 2 + s->table_count;
	for (size_t i = 0; i < s->table_count; i++) {
		keys += s->tables[i].index_name[0] != '\0';
	}
	fnl_redis_request_begin(r, "EVALSHA", 2 + keys + 8 + all_runs(s, apply, true));
	fnl_redis_request_text(r, s->script_sha);
	fnl_redis_request_number(r, (int64_t)keys);
	fnl_redis_request_key(s, apply->partition, "applied");
	fnl_redis_request_key(s, apply->partition, "due");
	for (size_t i = 0; i < s->table_count; i++) {
		fnl_redis_request_key(s, apply->partition, s->tables[i].name);
	}
	for (size_t i = 0; i < s->table_count; i++) {
		if (s->tables[i].index_name[0]) {
			fnl_redis_request_key(s, apply->partition, s->tables[i].index_name);
		}
	}
	char digits[24];
	struct fnl_span empty = FNL_SPAN_LIT("");
	fnl_redis_request_text(r, mode);
	fnl_redis_request_arg(r, apply->expected.present ? fnl_redis_decimal(digits, apply->expected.cl) : empty);
	fnl_redis_request_arg(r,
	                      apply->compare_as_of ? fnl_redis_decimal(digits, apply->expected.complete_as_of_ms) : empty);
	fnl_redis_request_number(r, apply->next.cl);
	fnl_redis_request_number(r, apply->next.complete_as_of_ms);
	fnl_redis_request_text(r, apply->delete_first ? "1" : "0");
	fnl_redis_request_number(r, (int64_t)s->table_count + 2);
	fnl_redis_request_text(r, s->paged);
	(void)all_runs(s, apply, false);
}

bool fnl_redis_reply_applied(const struct fnl_redis_reply *pair, struct fnl_applied *ret)
{
	struct fnl_applied found = {.present = true};
	if (pair[0].kind == REDIS_NIL) {
		*ret = (struct fnl_applied){0};
		return true;
	}
	if (!fnl_redis_reply_number(&pair[0], &found.cl) || !fnl_redis_reply_number(&pair[1], &found.complete_as_of_ms)) {
		return false;
	}
	*ret = found;
	return true;
}

static bool is_noscript(const struct fnl_redis_reply *reply)
{
	return reply->kind == REDIS_ERROR && reply->text.len >= 8 && memcmp(reply->text.data, "NOSCRIPT", 8) == 0;
}

/* Calls the script for all applies that have no reply yet; those that the server had forgotten it for stay NULL. */
static int call_pending(struct fnl_redis *s, const struct fnl_store_apply *applies, size_t count, const char *mode,
                        struct fnl_redis_reply **replies)
{
	for (size_t i = 0; i < count; i++) {
		if (!replies[i]) {
			append_call(s, &applies[i], mode);
		}
	}
	int err = fnl_redis_send(s);
	for (size_t i = 0; err == 0 && i < count; i++) {
		struct fnl_redis_reply *reply = NULL;
		if (replies[i]) {
			continue;
		}
		err = fnl_redis_receive(s, &s->scratch, &reply);
		if (err == 0 && !is_noscript(reply)) {
			replies[i] = reply;
		}
	}
	return err;
}

static int reload_script(struct fnl_redis *s)
{
	struct fnl_redis_reply *reply = NULL;
	fnl_redis_request_begin(&s->request, "SCRIPT", 2);
	fnl_redis_request_text(&s->request, "LOAD");
	fnl_redis_request_text(&s->request, fnl_redis_script);
	return fnl_redis_round_trip(s, &reply);
}

static int call_all(struct fnl_redis *s, struct fnl_store_apply *applies, size_t count, const char *mode)
{
	int err = fnl_redis_begin(s);
	if (err != 0) {
		return err;
	}
	struct fnl_redis_reply **replies = fnl_arena_calloc(&s->scratch, count, sizeof *replies);
	if (!replies) {
		return fnl_fail(&s->error, FNL_E_NOMEM, "out of memory");
	}
	size_t pending = count;
	for (int attempt = 0; pending && attempt < 2; attempt++) {
		err = attempt == 0 ? 0 : reload_script(s);
		if (err == 0) {
			err = call_pending(s, applies, count, mode, replies);
		}
		if (err != 0) {
			return err;
		}
		pending = 0;
		for (size_t i = 0; i < count; i++) {
			pending += !replies[i];
		}
	}
	if (pending) {
		return fnl_redis_drop(s, FNL_E_DISCONNECTED, "it forgets the script as soon as it is loaded");
	}
	for (int pass = 0; pass < 2; pass++) { /* the second one cannot fail: nothing is told of a call that does */
		for (size_t i = 0; i < count; i++) {
			struct fnl_applied found;
			if (!fnl_redis_reply_is_array(replies[i], 3) || replies[i]->items[0].kind != REDIS_INTEGER ||
			    !fnl_redis_reply_applied(&replies[i]->items[1], &found)) {
				return fnl_redis_drop_reply(s, replies[i], mode);
			}
			if (pass == 1) {
				applies[i].ret_outcome = replies[i]->items[0].integer == 1 ? FNL_APPLIED : FNL_MISMATCH;
				applies[i].ret_found = found;
			}
		}
	}
	return 0;
}

/* --- the port --- */

static const char *wrong_apply(const struct fnl_redis *s, const struct fnl_store_apply *apply)
{
	if (apply->row_count > FNL_STORE_KEYS_MAX) {
		return "too many rows";
	}
	if (!apply->next.present) {
		return "no next state";
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
		const char *wrong = wrong_apply(s, &applies[i]);
		if (wrong) {
			return fnl_fail(&s->error, FNL_E_ARGUMENT, "an apply to partition %d has %s", applies[i].partition, wrong);
		}
	}
	return count ? call_all(s, applies, count, "apply") : 0;
}

int fnl_redis_store_wipe(struct fnl_store *store, int32_t partition, struct fnl_applied expected,
                         enum fnl_apply_outcome *ret_outcome)
{
	struct fnl_store_apply wipe = {
		.partition = partition,
		.expected = expected,
		.compare_as_of = true,
	};
	int err = call_all((struct fnl_redis *)store, &wipe, 1, "wipe");
	if (err == 0) {
		*ret_outcome = wipe.ret_outcome;
	}
	return err;
}
