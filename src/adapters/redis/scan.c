#include "internal.h"

/* The deadlines of the rows that a step of the scan brought: one ZSCORE a row, in one round trip. */
static int visit_rows(struct fnl_redis *s, int32_t partition, uint8_t table, const struct fnl_redis_reply *rows,
                      fnl_store_visit visit, void *context)
{
	for (size_t i = 0; i + 1 < rows->count; i += 2) {
		if (rows->items[i].kind != REDIS_STRING || rows->items[i + 1].kind != REDIS_STRING) {
			return fnl_redis_drop_reply(s, &rows->items[i], "scan");
		}
		fnl_redis_request_begin(&s->request, "ZSCORE", 2);
		fnl_redis_request_key(s, partition, "due");
		fnl_redis_request_joined(&s->request, s->tables[table].due_head_span, rows->items[i].text, FNL_SPAN_NONE);
	}
	size_t count = rows->count / 2;
	int64_t *deadlines_ms = fnl_arena_calloc(&s->scratch, count, sizeof *deadlines_ms);
	if (!deadlines_ms) {
		return fnl_redis_drop(s, FNL_E_NOMEM, "out of memory");
	}
	int err = fnl_redis_send(s);
	for (size_t i = 0; err == 0 && i < count; i++) {
		struct fnl_redis_reply *score = NULL;
		err = fnl_redis_receive(s, &s->scratch, &score);
		deadlines_ms[i] = FNL_NO_DEADLINE;
		if (err == 0 && score->kind != REDIS_NIL && !fnl_redis_reply_number(score, &deadlines_ms[i])) {
			err = fnl_redis_drop_reply(s, score, "scan");
		}
	}
	for (size_t i = 0; err == 0 && i < count; i++) {
		struct fnl_row_key row = {table, rows->items[2 * i].text};
		err = visit(context, row, rows->items[2 * i + 1].text, deadlines_ms[i]);
	}
	return err;
}

static int scan_table(struct fnl_redis *s, int32_t partition, uint8_t table, fnl_store_visit visit, void *context)
{
	char cursor[32] = "0";
	do {
		int err = fnl_redis_begin(s);
		if (err != 0) {
			return err;
		}
		fnl_redis_request_begin(&s->request, "HSCAN", 4);
		fnl_redis_request_key(s, partition, s->tables[table].name);
		fnl_redis_request_text(&s->request, cursor);
		fnl_redis_request_text(&s->request, "COUNT");
		fnl_redis_request_number(&s->request, REDIS_SCAN_ROWS);
		struct fnl_redis_reply *reply = NULL;
		err = fnl_redis_round_trip(s, &reply);
		if (err != 0) {
			return err;
		}
		if (!fnl_redis_reply_is_array(reply, 2) || reply->items[0].kind != REDIS_STRING ||
		    reply->items[0].text.len >= sizeof cursor || reply->items[1].kind != REDIS_ARRAY) {
			return fnl_redis_drop_reply(s, reply, "scan");
		}
		memcpy(cursor, reply->items[0].text.data, reply->items[0].text.len);
		cursor[reply->items[0].text.len] = '\0';
		err = visit_rows(s, partition, table, &reply->items[1], visit, context);
		if (err != 0) {
			return err;
		}
	} while (strcmp(cursor, "0") != 0);
	return 0;
}

/* While the server rebuilds a hash, HSCAN may bring a row twice. The visitor must not call the store. */
int fnl_redis_store_scan(struct fnl_store *store, int32_t partition, fnl_store_visit visit, void *context)
{
	struct fnl_redis *s = (struct fnl_redis *)store;
	for (size_t table = 0; table < s->table_count; table++) {
		int err = scan_table(s, partition, (uint8_t)table, visit, context);
		if (err != 0) {
			return err;
		}
	}
	return 0;
}
