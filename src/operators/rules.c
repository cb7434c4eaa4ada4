/* The rules of a partition: a row like any other, set by RulesActivated at its place in the order. */
#include "internal.h"

static struct fnl_rules_slot *slot_of(struct fnl_prospect_operator *o, struct fnl_span text)
{
	for (size_t i = 0; i < 2; i++) {
		if (o->slots[i].rules && fnl_span_eq(text, o->slots[i].text)) {
			return &o->slots[i];
		}
	}
	return NULL;
}

/* A memo of a pure function: the same text always gives the same rules. Not by the hash, which is only what an event
 * says: a wrong one would make the outcome depend on what this worker has seen before. */
static int parse(struct fnl_prospect_operator *o, struct fnl_span text, int32_t version, const struct fnl_rules **ret,
                 struct fnl_error *why)
{
	struct fnl_rules_slot *slot = slot_of(o, text);
	if (!slot) {
		slot = &o->slots[o->slot_next];
		o->slot_next = 1 - o->slot_next;
		slot->rules = NULL;
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
	if (slot->rules->version != version) {
		return fnl_fail(why, FNL_E_INVALID, "the rules' text has version %d, its event says %d", slot->rules->version,
		                version);
	}
	*ret = slot->rules;
	return 0;
}

int fnl_prospect_rules(struct fnl_prospect_operator *o, struct fnl_span row, struct fnl_arena *arena,
                       const struct fnl_rules **ret, struct fnl_error *why)
{
	const struct fnl_value *v;
	int rc = fnl_prospect_row_decode(o, o->rules_row_id, &fnl_desc_partition_rules, row, arena, &v, why);
	if (rc) {
		return rc;
	}
	if (!v) {
		*ret = fnl_rules_default();
		return 0;
	}
	return parse(o, v[FNL_PARTITION_RULES_RULES_TEXT].str, (int32_t)v[FNL_PARTITION_RULES_RULES_VERSION].i64, ret, why);
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

int fnl_prospect_rules_activate(struct fnl_prospect_operator *o, const struct fnl_step *step, struct fnl_decision *d,
                                struct fnl_error *why)
{
	const struct fnl_prospect_event *e = step->event;
	const struct fnl_value *in = e->decoded.values;
	const struct fnl_value *now;
	int rc = fnl_prospect_row_decode(o, o->rules_row_id, &fnl_desc_partition_rules, step->rows[e->row_rules],
	                                 step->arena, &now, why);
	if (rc) {
		return rc;
	}
	struct fnl_span hash = in[FNL_RULES_ACTIVATED_RULES_HASH].str;
	int64_t version = in[FNL_RULES_ACTIVATED_RULES_VERSION].i64;
	rc = check_activation(now, hash, version, &d->stale, why);
	if (rc || d->stale) {
		return rc;
	}
	const struct fnl_rules *rules;
	rc = parse(o, in[FNL_RULES_ACTIVATED_RULES_TEXT].str, (int32_t)version, &rules, why);
	if (rc) {
		return rc; /* FNL_E_NOMEM is the heap's: the largest text fits into a slot's arena */
	}
	struct fnl_value row[FNL_PARTITION_RULES_FIELD_COUNT] = {
		[FNL_PARTITION_RULES_PASS_DONE] = {.set = true},
		[FNL_PARTITION_RULES_PASS_CHANGED] = {.set = true},
		[FNL_PARTITION_RULES_EARLIER] = {.set = true},
	};
	row[FNL_PARTITION_RULES_RULES_VERSION] = in[FNL_RULES_ACTIVATED_RULES_VERSION];
	row[FNL_PARTITION_RULES_RULES_HASH] = in[FNL_RULES_ACTIVATED_RULES_HASH];
	row[FNL_PARTITION_RULES_RULES_TEXT] = in[FNL_RULES_ACTIVATED_RULES_TEXT];
	row[FNL_PARTITION_RULES_ACTIVATED_AT] = in[FNL_RULES_ACTIVATED_OCCURRED_AT];
	d->rows[0].row = (size_t)e->row_rules;
	rc = fnl_prospect_row_encode(o->rules_row_id, &fnl_desc_partition_rules, row, step->arena, &d->rows[0].value);
	d->row_count = rc == 0;
	return rc;
}
