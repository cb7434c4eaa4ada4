#include "internal.h"

#include <stdlib.h>

/* Objects of the reader: the items of an array lie in one piece, strings are copied once, into their last place. */

static struct fnl_redis_reply *place(const redisReadTask *task, struct fnl_redis_sink *sink)
{
	if (task->parent) {
		struct fnl_redis_reply *array = task->parent->obj;
		return &array->items[task->idx];
	}
	struct fnl_redis_reply *reply = fnl_arena_calloc(sink->arena, 1, sizeof *reply);
	sink->full = sink->full || !reply;
	return reply;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
	struct fnl_redis_sink *sink = task->privdata;
	struct fnl_redis_reply *reply = place(task, sink);
	if (!reply) {
		return NULL;
	}
	struct fnl_span copy = fnl_arena_dup(sink->arena, fnl_span_of(text, len));
	if (fnl_span_is_none(copy)) {
		sink->full = true;
		return NULL;
	}
	reply->kind = task->type == REDIS_REPLY_ERROR    ? REDIS_ERROR
	              : task->type == REDIS_REPLY_STATUS ? REDIS_STATUS
	                                                 : REDIS_STRING;
	reply->text = copy;
	return reply;
}

static void *create_items(const redisReadTask *task, size_t count)
{
	struct fnl_redis_sink *sink = task->privdata;
	struct fnl_redis_reply *reply = place(task, sink);
	if (!reply) {
		return NULL;
	}
	struct fnl_redis_reply *items = fnl_arena_calloc(sink->arena, count, sizeof *items);
	if (!items) {
		sink->full = true;
		return NULL;
	}
	reply->kind = REDIS_ARRAY;
	reply->items = items;
	reply->count = count;
	return reply;
}

#if HIREDIS_MAJOR >= 1
static void *create_array(const redisReadTask *task, size_t count)
{
	return create_items(task, count);
}
#else
static void *create_array(const redisReadTask *task, int count)
{
	return create_items(task, count > 0 ? (size_t)count : 0);
}
#endif

static void *create_integer(const redisReadTask *task, long long value)
{
	struct fnl_redis_reply *reply = place(task, task->privdata);
	if (reply) {
		reply->kind = REDIS_INTEGER;
		reply->integer = value;
	}
	return reply;
}

static void *create_nil(const redisReadTask *task)
{
	struct fnl_redis_reply *reply = place(task, task->privdata);
	if (reply) {
		reply->kind = REDIS_NIL;
	}
	return reply;
}

/* The arena frees. */
static void free_object(void *object)
{
	(void)object;
}

void fnl_redis_reply_install(redisContext *c, redisReplyObjectFunctions *functions, struct fnl_redis_sink *sink)
{
	/* RESP3's kinds stay NULL: this client never asks for it. */
	*functions = (redisReplyObjectFunctions){
		.createString = create_string,
		.createArray = create_array,
		.createInteger = create_integer,
		.createNil = create_nil,
		.freeObject = free_object,
	};
	c->reader->fn = functions;
	c->reader->privdata = sink;
	c->reader->maxbuf = 0; /* keep the buffer: large replies come again and again */
}

bool fnl_redis_reply_is_array(const struct fnl_redis_reply *reply, size_t count)
{
	return reply->kind == REDIS_ARRAY && reply->count == count;
}

bool fnl_redis_reply_number(const struct fnl_redis_reply *reply, int64_t *ret)
{
	if (reply->kind != REDIS_STRING) {
		return false;
	}
	if (fnl_parse_decimal(reply->text, ret)) {
		return true;
	}
	char text[40];
	if (reply->text.len == 0 || reply->text.len >= sizeof text) {
		return false;
	}
	memcpy(text, reply->text.data, reply->text.len);
	text[reply->text.len] = '\0';
	char *end = NULL;
	double value = strtod(text, &end);
	if (*end || !(value > -9007199254740992.0 && value < 9007199254740992.0) || (double)(int64_t)value != value) {
		return false;
	}
	*ret = (int64_t)value;
	return true;
}

/* Errors come as "CODE text"; from within a script older servers wrap them: "ERR … -CODE text". */
static bool has_code(struct fnl_span text, const char *code)
{
	size_t len = strlen(code);
	for (size_t i = 0; i + len <= text.len; i++) {
		bool at_start = i == 0 || text.data[i - 1] == '-';
		bool at_end = i + len == text.len || text.data[i + len] == ' ';
		if (at_start && at_end && memcmp(text.data + i, code, len) == 0) {
			return true;
		}
	}
	return false;
}

int fnl_redis_reply_status(struct fnl_span text)
{
	static const struct {
		const char *code;
		int status;
	} codes[] = {
		{"LOADING", FNL_E_DISCONNECTED},  {"OOM", FNL_E_DISCONNECTED},         {"READONLY", FNL_E_DISCONNECTED},
		{"MISCONF", FNL_E_DISCONNECTED},  {"MASTERDOWN", FNL_E_DISCONNECTED},  {"BUSY", FNL_E_DISCONNECTED},
		{"TRYAGAIN", FNL_E_DISCONNECTED}, {"CLUSTERDOWN", FNL_E_DISCONNECTED}, {"NOREPLICAS", FNL_E_DISCONNECTED},
		{"NOSCRIPT", FNL_E_DISCONNECTED}, {"NOAUTH", FNL_E_ARGUMENT},          {"WRONGPASS", FNL_E_ARGUMENT},
		{"NOPERM", FNL_E_ARGUMENT},       {"MOVED", FNL_E_ARGUMENT},           {"ASK", FNL_E_ARGUMENT},
	};
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		if (has_code(text, codes[i].code)) {
			return codes[i].status;
		}
	}
	struct fnl_span crowded = FNL_SPAN_LIT("ERR max number of clients");
	if (text.len >= crowded.len && memcmp(text.data, crowded.data, crowded.len) == 0) {
		return FNL_E_DISCONNECTED;
	}
	return FNL_E_STATE;
}
