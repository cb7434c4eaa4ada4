/* Redis for the bare loop: hiredis as it comes. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

#include "bare.h"

enum { CHUNK_VALUES_MAX = 3000, PORT_DEFAULT = 6379, WAIT_S = 60 };

struct redisContext *bare_redis_open(const char *url)
{
	const struct timeval wait = {.tv_sec = WAIT_S};
	static const char unix_scheme[] = "unix://";
	char host[BARE_TEXT_BYTES_MAX] = "";
	char port[8] = "";
	redisContext *c;
	if (strncmp(url, unix_scheme, sizeof(unix_scheme) - 1) == 0) {
		c = redisConnectUnixWithTimeout(url + sizeof(unix_scheme) - 1, wait);
	} else if (sscanf(url, "redis://%299[^:/@]:%7[0-9]", host, port) >= 1) {          // NOLINT(cert-err34-c): no number
		c = redisConnectWithTimeout(host, port[0] ? atoi(port) : PORT_DEFAULT, wait); // NOLINT(cert-err34-c): digits
	} else {
		bare_die("redis.url", "the bare loop knows unix:///path and redis://host:port only");
	}
	if (!c || c->err || redisSetTimeout(c, wait) != REDIS_OK) {
		bare_die("cannot connect to Redis", c ? c->errstr : "no memory");
	}
	return c;
}

static void append(redisContext *c, const char **args, const size_t *lens, size_t count)
{
	if (redisAppendCommandArgv(c, (int)count, args, lens) != REDIS_OK) {
		bare_die("Redis", c->errstr);
	}
}

/* The rows of a partition in HSETs of so many values. Returns how many commands that took. */
static size_t append_rows(redisContext *c, const struct bare_lane *lane, int32_t partition)
{
	const struct bare *b = lane->bare;
	const char *args[2 + CHUNK_VALUES_MAX] = {"HSET"};
	size_t lens[2 + CHUNK_VALUES_MAX] = {4};
	size_t count = 2;
	size_t commands = 0;
	char key[BARE_TEXT_BYTES_MAX];
	args[1] = key;
	lens[1] =
		(size_t)snprintf(key, sizeof(key), "{%s:bare-%d:%d}:row", b->redis_prefix, (int)lane->stage + 1, partition);
	for (size_t i = 0; i < lane->row_count; i++) {
		const struct bare_row *r = &lane->rows[i];
		if (r->partition != partition) {
			continue;
		}
		args[count] = r->key + r->table_len;
		lens[count++] = r->key_len - (size_t)r->table_len;
		args[count] = lane->value;
		lens[count++] = lane->stage == BARE_PROSPECTS ? b->sizes.row : b->sizes.line;
		if (count == 2 + CHUNK_VALUES_MAX) {
			append(c, args, lens, count);
			commands++;
			count = 2;
		}
	}
	if (count > 2) {
		append(c, args, lens, count);
		commands++;
	}
	return commands;
}

static size_t append_deadlines(redisContext *c, const struct bare_lane *lane)
{
	char key[BARE_TEXT_BYTES_MAX];
	char score[24];
	for (size_t i = 0; i < lane->row_count; i++) {
		const struct bare_row *r = &lane->rows[i];
		int key_len = snprintf(key, sizeof(key), "{%s:bare-%d:%d}:due", lane->bare->redis_prefix, (int)lane->stage + 1,
		                       r->partition);
		int score_len = snprintf(score, sizeof(score), "%lld", (long long)r->offset);
		const char *args[] = {"ZADD", key, score, r->key + r->table_len};
		const size_t lens[] = {4, (size_t)key_len, (size_t)score_len, r->key_len - (size_t)r->table_len};
		append(c, args, lens, sizeof(args) / sizeof(args[0]));
	}
	return lane->row_count;
}

void bare_redis_write(struct redisContext *redis, const struct bare_lane *lane, bool with_deadlines)
{
	size_t commands = with_deadlines ? append_deadlines(redis, lane) : 0;
	for (int32_t p = lane->index; p < lane->bare->partition_count; p += lane->bare->thread_count) {
		commands += append_rows(redis, lane, p);
	}
	for (size_t i = 0; i < commands; i++) {
		redisReply *reply = NULL;
		if (redisGetReply(redis, (void **)&reply) != REDIS_OK) {
			bare_die("Redis", redis->errstr);
		}
		if (reply->type == REDIS_REPLY_ERROR) {
			bare_die("Redis", reply->str);
		}
		freeReplyObject(reply);
	}
}

void bare_redis_close(struct redisContext *redis)
{
	redisFree(redis);
}
