#include "internal.h"

/* An index is a sorted set of the first keys of leaves, each a sorted set <index>:<first key> of at most 60 keys: such
 * a small set is one block of memory (zset-max-listpack-entries, 128 by default), 15 to 20 bytes a key, where in a
 * large one a key takes 100 to 120. KEYS: the index. ARGV: S(et) or D(elete), then the keys of rows; those that are
 * sorted come to their leaf together. Numbers are texts, which Redis would otherwise print. */
const char fnl_redis_index_script[] =
	"local call, index, i = redis.call, KEYS[1], 2\n"
	"local function first_of_leaf(member)\n"
	"	return call('ZREVRANGEBYLEX', index, '[' .. member, '-', 'LIMIT', '0', '1')[1]\n"
	"end\n"
	"local function zadd(leaf, members)\n"
	"	local values = {}\n"
	"	for n, member in ipairs(members) do values[2 * n - 1], values[2 * n] = '0', member end\n"
	"	call('ZADD', leaf, unpack(values))\n"
	"end\n"
	"local function split(leaf)\n"
	"	local upper = call('ZRANGE', leaf, '30', '-1')\n"
	"	zadd(index .. ':' .. upper[1], upper)\n"
	"	zadd(index, {upper[1]})\n"
	"	call('ZREMRANGEBYRANK', leaf, '30', '-1')\n"
	"end\n"
	"local function set_some()\n"
	"	local first = first_of_leaf(ARGV[i])\n"
	"	if not first then\n"
	"		first = ''\n"
	"		zadd(index, {first})\n"
	"	end\n"
	"	local leaf, members = index .. ':' .. first, {}\n"
	"	local room = 60 - call('ZCARD', leaf)\n"
	"	if room <= 0 then return split(leaf) end\n"
	"	repeat\n"
	"		members[#members + 1] = ARGV[i]\n"
	"		i = i + 1\n"
	"	until i > #ARGV or #members == room or first_of_leaf(ARGV[i]) ~= first\n"
	"	zadd(leaf, members)\n"
	"end\n"
	"local function delete()\n"
	"	local first = first_of_leaf(ARGV[i])\n"
	"	i = i + 1\n"
	"	if not first then return end\n"
	"	call('ZREM', index .. ':' .. first, ARGV[i - 1])\n"
	"	if call('EXISTS', index .. ':' .. first) == 0 then call('ZREM', index, first) end\n"
	"end\n"
	"while i <= #ARGV do (ARGV[1] == 'S' and set_some or delete)() end\n";

/* All leaves of an index, and the index. KEYS: the index. */
const char fnl_redis_index_drop_script[] = "for _, first in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do "
										   "redis.call('UNLINK', KEYS[1] .. ':' .. first) end\n"
										   "redis.call('UNLINK', KEYS[1])\n";
