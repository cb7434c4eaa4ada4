/* Murmur2 with the seed of the Java clients, so that a key lies in the same partition here and on Kafka. */
#include "broker.h"

static uint32_t mix(uint32_t k)
{
	k *= 0x5bd1e995u;
	k ^= k >> 24;
	return k * 0x5bd1e995u;
}

static uint32_t murmur2(struct fnl_span s)
{
	uint32_t h = 0x9747b28cu ^ (uint32_t)s.len;
	size_t i = 0;
	for (; i + 4 <= s.len; i += 4) {
		uint32_t k = (uint32_t)s.data[i] | (uint32_t)s.data[i + 1] << 8 | (uint32_t)s.data[i + 2] << 16 |
		             (uint32_t)s.data[i + 3] << 24;
		h = h * 0x5bd1e995u ^ mix(k);
	}
	if (i < s.len) {
		for (size_t k = s.len - i; k > 0; k--) {
			h ^= (uint32_t)s.data[i + k - 1] << (8 * (k - 1));
		}
		h *= 0x5bd1e995u;
	}
	h ^= h >> 13;
	h *= 0x5bd1e995u;
	return h ^ h >> 15;
}

int32_t fnl_emb_murmur2_partition(struct fnl_span key, int32_t partition_count)
{
	return (int32_t)(murmur2(key) & 0x7fffffffu) % partition_count;
}

struct emb_part *fnl_emb_part_of_key(struct emb_topic *t, struct fnl_span key)
{
	if (fnl_span_is_none(key)) {
		return &t->parts[t->keyless++ % (uint32_t)t->partition_count];
	}
	return &t->parts[fnl_emb_murmur2_partition(key, t->partition_count)];
}
