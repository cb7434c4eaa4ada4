#include "internal.h"

/* An index is a sorted set of the first keys of leaves, each a sorted set <index>:<first key> of at most 120 keys: such
 * a small set is one block of memory (zset-max-listpack-entries, 128 by default), 15 to 20 bytes a key, where in a
 * large one a key takes 100 to 120. KEYS: the index. ARGV: S(et) or D(elete), then the keys of rows. */
const char fnl_redis_index_script[] =
	"local index = KEYS[1]\n"
	"local function first_of_leaf(member)\n"
	"	return redis.call('ZREVRANGEBYLEX', index, '[' .. member, '-', 'LIMIT', 0, 1)[1]\n"
	"end\n"
	"local function split(leaf)\n"
	"	local upper, values = redis.call('ZRANGE', leaf, 60, -1), {}\n"
	"	for i = 1, #upper do values[2 * i - 1], values[2 * i] = 0, upper[i] end\n"
	"	redis.call('ZADD', index .. ':' .. upper[1], unpack(values))\n"
	"	redis.call('ZADD', index, 0, upper[1])\n"
	"	redis.call('ZREMRANGEBYRANK', leaf, 60, -1)\n"
	"end\n"
	"local function set(member)\n"
	"	local first = first_of_leaf(member)\n"
	"	if first and redis.call('ZCARD', index .. ':' .. first) >= 120 then\n"
	"		split(index .. ':' .. first)\n"
	"		first = first_of_leaf(member)\n"
	"	elseif not first then\n"
	"		first = ''\n"
	"		redis.call('ZADD', index, 0, first)\n"
	"	end\n"
	"	redis.call('ZADD', index .. ':' .. first, 0, member)\n"
	"end\n"
	"local function delete(member)\n"
	"	local first = first_of_leaf(member)\n"
	"	if not first then return end\n"
	"	redis.call('ZREM', index .. ':' .. first, member)\n"
	"	if redis.call('EXISTS', index .. ':' .. first) == 0 then redis.call('ZREM', index, first) end\n"
	"end\n"
	"for i = 2, #ARGV do (ARGV[1] == 'S' and set or delete)(ARGV[i]) end\n";

/* All leaves of an index, and the index. KEYS: the index. */
const char fnl_redis_index_drop_script[] = "for _, first in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do "
										   "redis.call('UNLINK', KEYS[1] .. ':' .. first) end\n"
										   "redis.call('UNLINK', KEYS[1])\n";
