#include "internal.h"

/* Keys and values of a page in one answer. It goes with its text, not by its hash: it is short, pages are rare, and
 * within MULTI a server that has forgotten it could not be told again. */
static const char page_script[] =
	"local index, low, high, wanted = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])\n"
	"local keys = {}\n"
	"local leaf = redis.call('ZREVRANGEBYLEX', index, '[' .. string.sub(low, 2), '-', 'LIMIT', 0, 1)[1]\n"
	"if not leaf then leaf = redis.call('ZRANGEBYLEX', index, low, high, 'LIMIT', 0, 1)[1] end\n"
	"while leaf and #keys < wanted do\n"
	"	local some = redis.call('ZRANGEBYLEX', index .. ':' .. leaf, low, high, 'LIMIT', 0, wanted - #keys)\n"
	"	for _, key in ipairs(some) do keys[#keys + 1] = key end\n"
	"	leaf = redis.call('ZRANGEBYLEX', index, '(' .. leaf, high, 'LIMIT', 0, 1)[1]\n"
	"end\n"
	"if #keys == 0 then return {keys, keys} end\n"
	"return {keys, redis.call('HMGET', KEYS[2], unpack(keys))}\n";

bool fnl_redis_page_fits(const struct fnl_redis *s, const struct fnl_store_read *read)
{
	return read->page_max == 0 || (read->page_max <= FNL_STORE_PAGE_MAX && read->page_table < s->table_count &&
	                               s->tables[read->page_table].index_name[0]);
}

/* The first text beyond all that begin with prefix: its last byte that can grow has grown. */
static void append_end(struct fnl_redis *s, struct fnl_span prefix)
{
	size_t len = prefix.len;
	while (len && prefix.data[len - 1] == 0xff) {
		len--;
	}
	if (len == 0) {
		fnl_redis_request_text(&s->request, "+");
		return;
	}
	uint8_t last = (uint8_t)(prefix.data[len - 1] + 1);
	fnl_redis_request_joined(&s->request, FNL_SPAN_LIT("("), fnl_span_of(prefix.data, len - 1), fnl_span_of(&last, 1));
}

void fnl_redis_append_page(struct fnl_redis *s, const struct fnl_store_read *read)
{
	struct fnl_redis_request *r = &s->request;
	const struct fnl_redis_table *t = &s->tables[read->page_table];
	fnl_redis_request_begin(r, "EVAL", 7);
	fnl_redis_request_text(r, page_script);
	fnl_redis_request_number(r, 2);
	fnl_redis_request_key(s, read->partition, t->index_name);
	fnl_redis_request_key(s, read->partition, t->name);
	/* a key before the prefix, or none: begin with the prefix itself */
	bool after = read->page_after.data && fnl_span_cmp(read->page_after, read->page_prefix) >= 0;
	fnl_redis_request_joined(r, after ? FNL_SPAN_LIT("(") : FNL_SPAN_LIT("["),
	                         after ? read->page_after : read->page_prefix, FNL_SPAN_NONE);
	append_end(s, read->page_prefix);
	fnl_redis_request_number(r, (int64_t)read->page_max);
}

bool fnl_redis_take_page(const struct fnl_redis_reply *answer, struct fnl_arena *arena, struct fnl_store_read *read,
                         bool *ret_full)
{
	if (!fnl_redis_reply_is_array(answer, 2) || answer->items[0].kind != REDIS_ARRAY ||
	    !fnl_redis_reply_is_array(&answer->items[1], answer->items[0].count) ||
	    answer->items[0].count > read->page_max) {
		return false;
	}
	size_t count = answer->items[0].count;
	struct fnl_store_row *rows = fnl_arena_calloc(arena, count, sizeof *rows);
	*ret_full = !rows;
	for (size_t i = 0; rows && i < count; i++) {
		const struct fnl_redis_reply *key = &answer->items[0].items[i];
		const struct fnl_redis_reply *value = &answer->items[1].items[i];
		if (key->kind != REDIS_STRING || value->kind != REDIS_STRING) {
			return false;
		}
		rows[i] = (struct fnl_store_row){key->text, value->text};
	}
	read->ret_page = rows;
	read->ret_page_count = count;
	return rows != NULL;
}
