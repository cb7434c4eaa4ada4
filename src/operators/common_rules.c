/* The rules of a partition: a row like any other, set by RulesActivated at its place in the order. */
#include "common.h"
#include "funneld/base/sha256.h"

/* The slot that has the text, or the one whose text was not asked for the longest. */
static struct fnl_rules_slot *slot_of(struct fnl_op *o, struct fnl_span text, bool *ret_has)
{
	struct fnl_rules_slot *oldest = &o->slots[0];
	for (size_t i = 0; i < FNL_RULES_SLOTS; i++) {
		struct fnl_rules_slot *slot = &o->slots[i];
		if (slot->rules && fnl_span_eq(text, slot->text)) {
			*ret_has = true;
			return slot;
		}
		oldest = slot->used < oldest->used ? slot : oldest;
	}
	*ret_has = false;
	return oldest;
}

/* A memo of a pure function: the same text always gives the same rules. Not by the hash, which in rows of the first
 * version is only what an event said: a wrong one would make the outcome depend on what this worker has seen before. */
int fnl_op_rules_parse(struct fnl_op *o, struct fnl_span text, int32_t version, const struct fnl_rules **ret,
                       struct fnl_error *why)
{
	bool has;
	struct fnl_rules_slot *slot = slot_of(o, text, &has);
	if (!has) {
		slot->rules = NULL;
		slot->used = 0;
		fnl_arena_reset(&slot->arena);
		const struct fnl_rules *rules;
		int rc = o->rules_reader->read(o->rules_reader->context, text, &slot->arena, &rules, why);
		if (rc) {
			return rc;
		}
		slot->text = fnl_arena_dup(&slot->arena, text);
		if (fnl_span_is_none(slot->text)) {
			return FNL_E_NOMEM;
		}
		slot->rules = rules;
	}
	slot->used = ++o->slot_uses;
	if (slot->rules->version != version) {
		return fnl_fail(why, FNL_E_INVALID, "the rules' text has version %d, its event says %d", slot->rules->version,
		                version);
	}
	*ret = slot->rules;
	return 0;
}

int fnl_op_rules(struct fnl_op *o, struct fnl_span row, struct fnl_arena *arena, const struct fnl_value **ret_row,
                 const struct fnl_rules **ret, struct fnl_error *why)
{
	const struct fnl_value *v;
	int rc = fnl_row_decode(o->codec, &o->rules_row, row, arena, &v, why);
	if (rc == 0 && v) {
		rc = fnl_op_rules_parse(o, v[FNL_PARTITION_RULES_RULES_TEXT].str,
		                        (int32_t)v[FNL_PARTITION_RULES_RULES_VERSION].i64, ret, why);
	} else if (rc == 0) {
		*ret = fnl_rules_default();
	}
	if (rc == 0) {
		*ret_row = v;
	}
	return rc;
}

static int check_activation(const struct fnl_value *now, struct fnl_span hash, int64_t version, bool *ret_stale,
                            struct fnl_error *why)
{
	int64_t known = now ? now[FNL_PARTITION_RULES_RULES_VERSION].i64 : 0;
	if (version < 1 || hash.len != 64) {
		return fnl_fail(why, FNL_E_INVALID, "rules version %lld with a hash of %zu characters, expected >= 1 and 64",
		                (long long)version, hash.len);
	}
	if (version == known && !fnl_span_eq(hash, now[FNL_PARTITION_RULES_RULES_HASH].str)) {
		return fnl_fail(why, FNL_E_INVALID, "rules version %lld is already active with another text",
		                (long long)version);
	}
	*ret_stale = version <= known;
	return 0;
}

/* The hash stands for the text wherever it is shown and compared. */
static int check_hash(struct fnl_span hash, struct fnl_span text, struct fnl_error *why)
{
	char hex[FNL_SHA256_HEX_BYTES + 1];
	fnl_sha256_hex(text, hex);
	return fnl_span_eq(hash, fnl_span_str(hex))
	           ? 0
	           : fnl_fail(why, FNL_E_INVALID, "rules_hash is not the SHA-256 of rules_text, which is %s", hex);
}

int fnl_op_rules_activated(struct fnl_op *o, const struct fnl_value *in, const struct fnl_value *now,
                           const struct fnl_cause_id *cause, struct fnl_value ret_row[FNL_PARTITION_RULES_FIELD_COUNT],
                           const struct fnl_rules **ret, bool *ret_stale, struct fnl_error *why)
{
	int64_t version = in[FNL_RULES_ACTIVATED_RULES_VERSION].i64;
	int rc = check_activation(now, in[FNL_RULES_ACTIVATED_RULES_HASH].str, version, ret_stale, why);
	if (rc || *ret_stale) {
		return rc;
	}
	rc = check_hash(in[FNL_RULES_ACTIVATED_RULES_HASH].str, in[FNL_RULES_ACTIVATED_RULES_TEXT].str, why);
	rc = rc ? rc : fnl_op_rules_parse(o, in[FNL_RULES_ACTIVATED_RULES_TEXT].str, (int32_t)version, ret, why);
	if (!rc && !fnl_span_is_none((*ret)->zone) && (*ret)->calendar.offset_count == 0) {
		return fnl_fail(why, FNL_E_INVALID,
		                "the rules' text has the zone %.*s, and no [zone] that says what its clock does",
		                (int)(*ret)->zone.len, (const char *)(*ret)->zone.data);
	}
	if (rc) {
		return rc; /* FNL_E_NOMEM is the heap's: the largest text fits into a slot's arena */
	}
	memset(ret_row, 0, FNL_PARTITION_RULES_FIELD_COUNT * sizeof(*ret_row));
	ret_row[FNL_PARTITION_RULES_RULES_VERSION] = in[FNL_RULES_ACTIVATED_RULES_VERSION];
	ret_row[FNL_PARTITION_RULES_RULES_HASH] = in[FNL_RULES_ACTIVATED_RULES_HASH];
	ret_row[FNL_PARTITION_RULES_RULES_TEXT] = in[FNL_RULES_ACTIVATED_RULES_TEXT];
	ret_row[FNL_PARTITION_RULES_ACTIVATED_AT] = in[FNL_RULES_ACTIVATED_OCCURRED_AT];
	ret_row[FNL_PARTITION_RULES_CAUSE_ID] = (struct fnl_value){.set = true, .str = cause->id};
	ret_row[FNL_PARTITION_RULES_CORRELATION_ID] = (struct fnl_value){.set = true, .str = cause->correlation};
	ret_row[FNL_PARTITION_RULES_PASS_DONE].set = true;
	ret_row[FNL_PARTITION_RULES_PASS_CHANGED].set = true;
	ret_row[FNL_PARTITION_RULES_EARLIER].set = true;
	return 0;
}
