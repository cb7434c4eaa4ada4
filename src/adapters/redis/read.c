#include <assert.h>

#include "internal.h"

/* One partition is one MULTI … EXEC: applied, the rows table by table, the timers, the page. All of them go in one
 * round trip. */

static void count_tables(const struct fnl_store_read *read, size_t counts[FNL_STORE_TABLES_MAX])
{
	memset(counts, 0, FNL_STORE_TABLES_MAX * sizeof *counts);
	for (size_t i = 0; i < read->key_count; i++) {
		counts[read->keys[i].table]++;
	}
}

/* Appends the HMGETs of a table, or only counts them. */
static size_t append_table(struct fnl_redis *s, const struct fnl_store_read *read, uint8_t table, size_t keys)
{
	size_t commands = 0;
	size_t left_in_chunk = 0;
	for (size_t i = 0; keys && i < read->key_count; i++) {
		if (read->keys[i].table != table) {
			continue;
		}
		if (left_in_chunk == 0) {
			left_in_chunk = keys < REDIS_CHUNK_MAX ? keys : REDIS_CHUNK_MAX;
			fnl_redis_request_begin(&s->request, "HMGET", 1 + left_in_chunk);
			fnl_redis_request_key(s, read->partition, s->tables[table].name);
			commands++;
		}
		fnl_redis_request_arg(&s->request, read->keys[i].key);
		left_in_chunk--;
		keys--;
	}
	return commands;
}

static void append_due(struct fnl_redis *s, const struct fnl_store_read *read)
{
	fnl_redis_request_begin(&s->request, "ZRANGEBYSCORE", 7);
	fnl_redis_request_key(s, read->partition, "due");
	fnl_redis_request_text(&s->request, "-inf");
	fnl_redis_request_number(&s->request, read->due_until_ms);
	fnl_redis_request_text(&s->request, "WITHSCORES");
	fnl_redis_request_text(&s->request, "LIMIT");
	fnl_redis_request_number(&s->request, 0);
	fnl_redis_request_number(&s->request, (int64_t)read->due_max);
}

/* Returns how many commands stand between MULTI and EXEC. */
static size_t append_read(struct fnl_redis *s, const struct fnl_store_read *read)
{
	size_t counts[FNL_STORE_TABLES_MAX];
	count_tables(read, counts);
	fnl_redis_request_begin(&s->request, "MULTI", 0);
	fnl_redis_append_applied(s, read->partition);
	size_t commands = 1;
	for (uint8_t table = 0; table < s->table_count; table++) {
		commands += append_table(s, read, table, counts[table]);
	}
	if (read->due_max) {
		append_due(s, read);
		commands++;
	}
	if (read->page_max) {
		fnl_redis_append_page(s, read);
		commands++;
	}
	fnl_redis_request_begin(&s->request, "EXEC", 0);
	return commands;
}

/* Takes the replies of one MULTI … EXEC; the last one holds the answers, which stay in the caller's arena. */
static int receive_read(struct fnl_redis *s, size_t commands, struct fnl_arena *arena, struct fnl_redis_reply **ret)
{
	struct fnl_redis_reply *reply = NULL;
	for (size_t i = 0; i < 1 + commands; i++) {
		int err = fnl_redis_receive(s, &s->scratch, &reply);
		if (err != 0) {
			return err;
		}
		if (reply->kind == REDIS_ERROR) {
			return fnl_redis_drop_reply(s, reply, "read");
		}
	}
	int err = fnl_redis_receive(s, arena, &reply);
	if (err != 0) {
		return err;
	}
	if (!fnl_redis_reply_is_array(reply, commands)) {
		return fnl_redis_drop_reply(s, reply, "read");
	}
	for (size_t i = 0; i < commands; i++) {
		if (reply->items[i].kind != REDIS_ARRAY) {
			return fnl_redis_drop_reply(s, &reply->items[i], "read");
		}
	}
	*ret = reply;
	return 0;
}

/* --- answers --- */

/* answers: the HMGETs of all tables, in the order of append_read. */
static bool take_rows(struct fnl_redis *s, const struct fnl_store_read *read, const struct fnl_redis_reply *answers,
                      struct fnl_span *rows)
{
	size_t counts[FNL_STORE_TABLES_MAX];
	count_tables(read, counts);
	for (uint8_t table = 0; table < s->table_count; table++) {
		size_t at = 0;
		for (size_t i = 0; counts[table] && i < read->key_count; i++) {
			if (read->keys[i].table != table) {
				continue;
			}
			const struct fnl_redis_reply *chunk = &answers[at / REDIS_CHUNK_MAX];
			if (at % REDIS_CHUNK_MAX >= chunk->count) {
				return false;
			}
			const struct fnl_redis_reply *row = &chunk->items[at % REDIS_CHUNK_MAX];
			if (row->kind == REDIS_STRING) {
				rows[i] = row->text;
			} else if (row->kind != REDIS_NIL) {
				return false;
			}
			at++;
		}
		answers += (counts[table] + REDIS_CHUNK_MAX - 1) / REDIS_CHUNK_MAX;
	}
	return true;
}

static bool take_member(const struct fnl_redis *s, struct fnl_span member, struct fnl_row_key *ret)
{
	for (size_t table = 0; table < s->table_count; table++) {
		struct fnl_span head = s->tables[table].due_head_span;
		if (member.len >= head.len && memcmp(member.data, head.data, head.len) == 0) {
			*ret = (struct fnl_row_key){(uint8_t)table, fnl_span_of(member.data + head.len, member.len - head.len)};
			return true;
		}
	}
	return false;
}

static bool take_due(const struct fnl_redis *s, const struct fnl_redis_reply *answer, struct fnl_due *due)
{
	for (size_t i = 0; i + 1 < answer->count; i += 2) {
		struct fnl_due *one = &due[i / 2];
		if (answer->items[i].kind != REDIS_STRING || !take_member(s, answer->items[i].text, &one->row) ||
		    !fnl_redis_reply_number(&answer->items[i + 1], &one->deadline_ms)) {
			return false;
		}
	}
	return true;
}

static int take_read(struct fnl_redis *s, struct fnl_store_read *read, const struct fnl_redis_reply *answers,
                     size_t commands, struct fnl_arena *arena)
{
	const struct fnl_redis_reply *page_answer = read->page_max ? &answers[--commands] : NULL;
	const struct fnl_redis_reply *due_answer = read->due_max ? &answers[--commands] : NULL;
	size_t due_count = due_answer ? due_answer->count / 2 : 0;
	struct fnl_span *rows = fnl_arena_calloc(arena, read->key_count, sizeof *rows);
	struct fnl_due *due = fnl_arena_calloc(arena, due_count, sizeof *due);
	if (!rows || !due) {
		return fnl_redis_drop(s, FNL_E_NOMEM, "the answer does not fit into the memory allowed for it");
	}
	struct fnl_applied applied;
	assert(answers); /* the first is always asked for */
	if (!fnl_redis_take_applied(s, &answers[0], NULL, &applied)) {
		return fnl_redis_drop(s, FNL_E_STATE, "the applied state of partition %d is not a pair of numbers",
		                      read->partition);
	}
	if (!take_rows(s, read, answers + 1, rows)) {
		return fnl_redis_drop(s, FNL_E_STATE, "the rows of partition %d have not the agreed shape", read->partition);
	}
	if (due_answer && !take_due(s, due_answer, due)) {
		return fnl_redis_drop(s, FNL_E_STATE, "the timers of partition %d name an unknown table or time",
		                      read->partition);
	}
	bool full = false;
	read->ret_page = NULL;
	read->ret_page_count = 0;
	if (page_answer && !fnl_redis_take_page(page_answer, arena, read, &full)) {
		return full
		           ? fnl_redis_drop(s, FNL_E_NOMEM, "a page does not fit into the memory allowed for it")
		           : fnl_redis_drop(s, FNL_E_STATE, "a page of partition %d has not the agreed shape", read->partition);
	}
	read->ret_applied = applied;
	read->ret_rows = rows;
	read->ret_due = due;
	read->ret_due_count = due_count;
	return 0;
}

/* --- the port --- */

static bool read_fits(const struct fnl_redis *s, const struct fnl_store_read *read)
{
	bool fits =
		read->key_count <= FNL_STORE_KEYS_MAX && read->due_max <= FNL_STORE_KEYS_MAX && fnl_redis_page_fits(s, read);
	for (size_t i = 0; fits && i < read->key_count; i++) {
		fits = read->keys[i].table < s->table_count && read->keys[i].key.data;
	}
	return fits;
}

int fnl_redis_store_read(struct fnl_store *store, struct fnl_store_read *reads, size_t count, struct fnl_arena *arena)
{
	struct fnl_redis *s = (struct fnl_redis *)store;
	for (size_t i = 0; i < count; i++) {
		if (!read_fits(s, &reads[i])) {
			return fnl_fail(&s->error, FNL_E_ARGUMENT,
			                "a read of partition %d has too many keys, one without table, or a page of no paged one",
			                reads[i].partition);
		}
	}
	if (count == 0) {
		return 0;
	}
	int err = fnl_redis_begin(s);
	if (err != 0) {
		return err;
	}
	struct pending {
		size_t commands;
		struct fnl_redis_reply *reply;
		struct fnl_store_read done;
	} *pending = fnl_arena_calloc(&s->scratch, count, sizeof *pending);
	if (!pending) {
		return fnl_fail(&s->error, FNL_E_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < count; i++) {
		pending[i].commands = append_read(s, &reads[i]);
	}
	err = fnl_redis_send(s);
	for (size_t i = 0; err == 0 && i < count; i++) {
		err = receive_read(s, pending[i].commands, arena, &pending[i].reply);
	}
	for (size_t i = 0; err == 0 && i < count; i++) {
		pending[i].done = reads[i];
		err = take_read(s, &pending[i].done, pending[i].reply->items, pending[i].commands, arena);
	}
	for (size_t i = 0; err == 0 && i < count; i++) {
		reads[i] = pending[i].done;
	}
	return err;
}
