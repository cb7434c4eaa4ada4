/* Changes of a prospect against the company, kept for whoever asks about them when its rep leaves; and who edited it
 * last. Facts only: what was, what is, when and by whom. What a manager or a program does is none, nor is what comes in
 * bulk or in a snapshot: nobody has decided it for this prospect. */
#include "funneld/core/reconciliation.h"
#include "prospect_internal.h"

/* The latest ones, as they are being collected. */
struct adverse {
	struct fnl_prospect_edit *e;
	struct fnl_value items[FNL_ADVERSE_MAX];
	size_t count;
};

static struct fnl_span name_of_layer(const struct fnl_value *row)
{
	return fnl_span_str(fnl_symbols_layer[row[FNL_PROSPECT_LAYER].i64]);
}

static struct fnl_value contacts_of(const struct fnl_value *row)
{
	struct fnl_value ids = row[FNL_PROSPECT_CONTACT_IDS];
	return ids.set ? ids : fnl_value_list(NULL, 0);
}

/* One more, with nothing but its kind, time and actor yet; the oldest goes when there are too many. NULL: no memory. */
static struct fnl_value *add(struct adverse *a, int kind)
{
	struct fnl_value *v = fnl_arena_calloc(a->e->in->arena, FNL_ADVERSE_CHANGE_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return NULL;
	}
	v[FNL_ADVERSE_CHANGE_KIND] = fnl_value_i64(kind);
	v[FNL_ADVERSE_CHANGE_AT] = fnl_value_i64(a->e->occurred_at_ms);
	v[FNL_ADVERSE_CHANGE_BY] = a->e->actor_id;
	if (a->count == FNL_ADVERSE_MAX) {
		memmove(a->items, a->items + 1, (FNL_ADVERSE_MAX - 1) * sizeof(*a->items));
		a->count--;
	}
	a->items[a->count++] = fnl_value_list(v, FNL_ADVERSE_CHANGE_FIELD_COUNT);
	return v;
}

static int add_codes(struct adverse *a, int kind, struct fnl_span old_code, struct fnl_span new_code)
{
	struct fnl_value *v = add(a, kind);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_ADVERSE_CHANGE_OLD_CODE] = fnl_value_str_or_null(old_code);
	v[FNL_ADVERSE_CHANGE_NEW_CODE] = fnl_value_str_or_null(new_code);
	return FNL_OK;
}

static bool has_id(const struct fnl_value *ids, size_t count, struct fnl_span id)
{
	for (size_t i = 0; i < count; i++) {
		if (fnl_span_eq(ids[i].str, id)) {
			return true;
		}
	}
	return false;
}

/* They come first of one input's, so that many of them do not push out what else it did. */
static int contacts_unlinked(struct adverse *a, const struct fnl_value *was, const struct fnl_value *is)
{
	struct fnl_list before = contacts_of(was).list;
	struct fnl_list after = contacts_of(is).list;
	int r = FNL_OK;
	for (size_t i = 0; i < before.count && r == FNL_OK; i++) {
		struct fnl_span id = before.items[i].str;
		if (!has_id(after.items, after.count, id) && !has_id(before.items, i, id)) {
			r = add_codes(a, FNL_ADVERSE_KIND_CONTACT_UNLINKED, id, FNL_SPAN_NONE);
		}
	}
	return r;
}

static int amount_lowered(struct adverse *a, const struct fnl_value *was, const struct fnl_value *is)
{
	const struct fnl_value *before = &was[FNL_PROSPECT_AMOUNT];
	const struct fnl_value *after = &is[FNL_PROSPECT_AMOUNT];
	if (!before->set || (after->set && (strcmp(after->money.currency, before->money.currency) != 0 ||
	                                    after->money.amount_minor >= before->money.amount_minor))) {
		return FNL_OK;
	}
	struct fnl_value *v = add(a, FNL_ADVERSE_KIND_AMOUNT_LOWERED);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_ADVERSE_CHANGE_OLD_AMOUNT] = *before;
	v[FNL_ADVERSE_CHANGE_NEW_AMOUNT] = *after;
	return FNL_OK;
}

static int probability_lowered(struct adverse *a, const struct fnl_value *was, const struct fnl_value *is)
{
	const struct fnl_value *before = &was[FNL_PROSPECT_PROBABILITY_BP];
	const struct fnl_value *after = &is[FNL_PROSPECT_PROBABILITY_BP];
	if (!before->set || (after->set && after->i64 >= before->i64)) {
		return FNL_OK;
	}
	struct fnl_value *v = add(a, FNL_ADVERSE_KIND_PROBABILITY_LOWERED);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_ADVERSE_CHANGE_OLD_BP] = *before;
	v[FNL_ADVERSE_CHANGE_NEW_BP] = *after;
	return FNL_OK;
}

/* How far down the funnel; 0: not in it. */
static int depth_of(int layer)
{
	switch (layer) {
	case FNL_LAYER_TOP:
		return 1;
	case FNL_LAYER_MIDDLE:
		return 2;
	case FNL_LAYER_BOTTOM:
		return 3;
	default:
		return 0;
	}
}

/* Not by rules: a row that older ones decided is compared with what it would be by those of now. */
static int moved_up(struct adverse *a, const struct fnl_value *was, const struct fnl_value *is)
{
	const struct fnl_rules *rules = a->e->in->rules;
	int after = (int)is[FNL_PROSPECT_LAYER].i64;
	int before = (int)was[FNL_PROSPECT_LAYER].i64;
	if (depth_of(before) > 0 && was[FNL_PROSPECT_RULES_VERSION].i64 != rules->version) {
		before = fnl_layer_decide(rules, was, false).layer;
	}
	if (depth_of(after) == 0 || depth_of(after) >= depth_of(before)) {
		return FNL_OK;
	}
	return add_codes(a, FNL_ADVERSE_KIND_MOVED_UP, fnl_span_str(fnl_symbols_layer[before]), name_of_layer(is));
}

static int owner_moved(struct adverse *a, const struct fnl_value *was, const struct fnl_value *is)
{
	const struct fnl_value *before = &was[FNL_PROSPECT_OWNER_REP_ID];
	const struct fnl_value *after = &is[FNL_PROSPECT_OWNER_REP_ID];
	if (!before->set || (after->set && fnl_span_eq(before->str, after->str))) {
		return FNL_OK;
	}
	return add_codes(a, FNL_ADVERSE_KIND_OWNER_MOVED, before->str, after->set ? after->str : FNL_SPAN_NONE);
}

static bool is_lost(const struct fnl_value *row)
{
	return row[FNL_PROSPECT_STATUS].set && row[FNL_PROSPECT_STATUS].i64 == FNL_STATUS_LOST;
}

static int lost_without_reason(struct adverse *a, const struct fnl_value *was, const struct fnl_value *is)
{
	if (is_lost(was) || !is_lost(is) || is[FNL_PROSPECT_LOST_REASON].set) {
		return FNL_OK;
	}
	return add_codes(a, FNL_ADVERSE_KIND_LOST_WITHOUT_REASON, name_of_layer(was), FNL_SPAN_LIT("LOST"));
}

static int deleted(struct adverse *a, const struct fnl_value *was, const struct fnl_value *is)
{
	if (was[FNL_PROSPECT_LIFECYCLE].i64 != FNL_LIFECYCLE_ALIVE ||
	    is[FNL_PROSPECT_LIFECYCLE].i64 != FNL_LIFECYCLE_DELETED) {
		return FNL_OK;
	}
	return add_codes(a, FNL_ADVERSE_KIND_DELETED, name_of_layer(was), FNL_SPAN_LIT("DELETED"));
}

static int keep(struct adverse *a, struct fnl_value *ret)
{
	struct fnl_value *items = fnl_arena_alloc(a->e->in->arena, FNL_ADVERSE_MAX * sizeof(*items));
	if (!items) {
		return FNL_E_NOMEM;
	}
	memcpy(items, a->items, a->count * sizeof(*items));
	*ret = fnl_value_list(items, a->count);
	return FNL_OK;
}

int fnl_prospect_adverse(struct fnl_prospect_edit *e)
{
	static int (*const kinds[])(struct adverse * a, const struct fnl_value *was, const struct fnl_value *is) = {
		contacts_unlinked, amount_lowered, probability_lowered, moved_up, owner_moved, lost_without_reason, deleted,
	};
	const struct fnl_value *was = e->in->row;
	/* the first that is known of a prospect changes nothing */
	if (!e->may_be_adverse || !was || was[FNL_PROSPECT_LAYER].i64 == FNL_LAYER_NONE) {
		return FNL_OK;
	}
	struct adverse a = {.e = e};
	struct fnl_list known = was[FNL_PROSPECT_ADVERSE].list;
	a.count = known.count < FNL_ADVERSE_MAX ? known.count : FNL_ADVERSE_MAX;
	for (size_t i = 0; i < a.count; i++) {
		a.items[i] = known.items[known.count - a.count + i];
	}
	const struct fnl_value *latest = a.count ? a.items[a.count - 1].list.items : NULL;
	int r = FNL_OK;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && r == FNL_OK; i++) {
		r = kinds[i](&a, was, e->row);
	}
	bool any = a.count > 0 && a.items[a.count - 1].list.items != latest;
	return r == FNL_OK && any ? keep(&a, &e->row[FNL_PROSPECT_ADVERSE]) : r;
}

void fnl_prospect_edited(struct fnl_prospect_edit *e)
{
	struct fnl_value kind = e->values[FNL_PROSPECT_CHANGED_ACTOR_KIND];
	struct fnl_value *at = &e->row[FNL_PROSPECT_EDITED_BY_AT];
	int64_t actor = kind.set ? kind.i64 : FNL_ACTOR_KIND_UNKNOWN;
	e->actor_id = e->values[FNL_PROSPECT_CHANGED_ACTOR_ID];
	e->may_be_adverse = actor == FNL_ACTOR_KIND_REP || actor == FNL_ACTOR_KIND_UNKNOWN;
	bool person = actor == FNL_ACTOR_KIND_REP || actor == FNL_ACTOR_KIND_MANAGER ||
	              (actor == FNL_ACTOR_KIND_UNKNOWN && e->actor_id.set);
	if (person && (!at->set || at->i64 < e->occurred_at_ms)) {
		*at = fnl_value_i64(e->occurred_at_ms);
		e->row[FNL_PROSPECT_EDITED_BY] = e->actor_id;
	}
}

static bool is_about(const struct fnl_value *change, struct fnl_span person_id)
{
	const struct fnl_value *v = change->list.items;
	return v[FNL_ADVERSE_CHANGE_KIND].i64 == FNL_ADVERSE_KIND_CONTACT_UNLINKED &&
	       fnl_span_eq(v[FNL_ADVERSE_CHANGE_OLD_CODE].str, person_id);
}

int fnl_prospect_adverse_without(const struct fnl_prospect_edit *e, struct fnl_span person_id, struct fnl_list *ret,
                                 bool *ret_any)
{
	struct fnl_list known = e->in->row ? e->in->row[FNL_PROSPECT_ADVERSE].list : (struct fnl_list){NULL, 0};
	struct fnl_value *left = fnl_arena_alloc(e->in->arena, (known.count + 1) * sizeof(*left));
	size_t count = 0;
	if (!left) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < known.count; i++) {
		if (!is_about(&known.items[i], person_id)) {
			left[count++] = known.items[i];
		}
	}
	*ret = (struct fnl_list){left, count};
	*ret_any = count < known.count;
	return FNL_OK;
}
