/* What a departure brings to light: the line's adverse changes, what the sheet's copy has and they have not, and an
 * edit after the notice. */
#include "funneld/core/reconciliation.h"

#include "book_internal.h"
#include "funneld/core/inspection.h"

#define AT(field) (FNL_LINE_##field - FNL_LINE_STATE) /* within the values that a line and an image have in common */
#define CHANGE(field) FNL_ADVERSE_CHANGE_##field

_Static_assert(FNL_LINE_IMAGE_ADVERSE - FNL_LINE_IMAGE_STATE == AT(ADVERSE), "an image has the line's values");

/* A line that is being looked at. */
struct look {
	const struct fnl_reconcile_in *in;
	const struct fnl_value *now;  /* the line's values, from its state on */
	const struct fnl_value *copy; /* the sheet's; NULL: it has none, or has not changed since */
	struct fnl_list adverse;
	struct fnl_finding *ret;
	size_t count;
};

/* A sheet shows what the rep owned. */
static const struct fnl_value *copy_of(const struct fnl_reconcile_in *in)
{
	const struct fnl_value *copy = in->sheet_number > 0 ? fnl_sheet_image(in->line, in->sheet_number) : NULL;
	return copy && copy[AT(STATE)].i64 == FNL_LINE_STATE_OWNED ? copy : NULL;
}

static struct look look_at(const struct fnl_reconcile_in *in, struct fnl_finding *ret)
{
	return (struct look){
		.in = in,
		.now = in->line + FNL_LINE_STATE,
		.copy = copy_of(in),
		.adverse = in->line[FNL_LINE_ADVERSE].list,
		.ret = ret,
	};
}

static const struct fnl_value *change_at(const struct look *l, size_t i)
{
	return l->adverse.items[i].list.items;
}

static bool is(const struct fnl_value *id, struct fnl_span who)
{
	return id->set && !fnl_span_is_none(who) && fnl_span_eq(id->str, who);
}

static struct fnl_value layer_code(const struct fnl_value *layer)
{
	return fnl_value_str(fnl_span_str(fnl_symbols_layer[layer->i64]));
}

/* How near to the order; 0: not in the funnel. TOP, MIDDLE, BOTTOM are neighbours in this order. */
static int64_t depth_of(int64_t layer)
{
	return layer >= FNL_LAYER_TOP && layer <= FNL_LAYER_BOTTOM ? layer - FNL_LAYER_TOP + 1 : 0;
}

/* ---- adverse changes ---- */

static bool tells_owner_moved(const struct fnl_reconcile_in *in, const struct fnl_value *change)
{
	const struct fnl_value *to = &change[CHANGE(NEW_CODE)];
	const struct fnl_value *by = &change[CHANGE(BY)];
	if (is(to, in->leaver_id) || is(to, in->successor_id)) {
		return false;
	}
	if (is(by, in->leaver_id)) {
		return true;
	}
	bool took_it = by->set && is(to, by->str);
	return is(&change[CHANGE(OLD_CODE)], in->leaver_id) && (!by->set || took_it);
}

static bool tells(const struct look *l, const struct fnl_value *change)
{
	int64_t kind = change[CHANGE(KIND)].i64;
	const struct fnl_value *by = &change[CHANGE(BY)];
	const struct fnl_value *left_at = &l->now[AT(LEFT_AT)];
	if (kind == FNL_ADVERSE_KIND_OWNER_MOVED) {
		return tells_owner_moved(l->in, change);
	}
	if (kind == FNL_ADVERSE_KIND_CONTACT_UNLINKED && !change[CHANGE(OLD_CODE)].set) {
		return false; /* erased by right meanwhile */
	}
	if (by->set) {
		return is(by, l->in->leaver_id);
	}
	bool others =
		l->now[AT(STATE)].i64 == FNL_LINE_STATE_WATCHED && left_at->set && change[CHANGE(AT)].i64 > left_at->i64;
	return !others || kind == FNL_ADVERSE_KIND_DELETED;
}

static bool has_contact(struct fnl_list ids, const struct fnl_value *id)
{
	for (size_t i = 0; i < ids.count && id->set; i++) {
		if (fnl_span_eq(ids.items[i].str, id->str)) {
			return true;
		}
	}
	return false;
}

/* Whether the sheet's copy has what was before the change. */
static bool copy_has_old(const struct fnl_value *copy, const struct fnl_value *change)
{
	const struct fnl_value *old_code = &change[CHANGE(OLD_CODE)];
	struct fnl_value layer = layer_code(&copy[AT(LAYER)]);
	switch (change[CHANGE(KIND)].i64) {
	case FNL_ADVERSE_KIND_AMOUNT_LOWERED:
		return fnl_value_eq(&fnl_desc_line.fields[FNL_LINE_AMOUNT], &copy[AT(AMOUNT)], &change[CHANGE(OLD_AMOUNT)]);
	case FNL_ADVERSE_KIND_PROBABILITY_LOWERED:
		return fnl_value_eq(&fnl_desc_line.fields[FNL_LINE_PROBABILITY_BP], &copy[AT(PROBABILITY_BP)],
		                    &change[CHANGE(OLD_BP)]);
	case FNL_ADVERSE_KIND_OWNER_MOVED:
		return old_code->set && is(&copy[AT(OWNER_REP_ID)], old_code->str);
	case FNL_ADVERSE_KIND_CONTACT_UNLINKED:
		return has_contact(copy[AT(CONTACT_IDS)].list, old_code);
	default:
		return old_code->set && fnl_span_eq(layer.str, old_code->str);
	}
}

static bool is_since_sheet(const struct look *l, const struct fnl_value *change)
{
	if (l->in->sheet_number <= 0) {
		return false;
	}
	return change[CHANGE(AT)].i64 > l->in->sheet_at_ms || (l->copy && copy_has_old(l->copy, change));
}

/* Room for one more; its values are empty. NULL: no memory. */
static struct fnl_value *add(struct look *l, bool after_notice, bool since_sheet)
{
	struct fnl_value *change = fnl_arena_calloc(l->in->arena, CHANGE(FIELD_COUNT), sizeof(*change));
	if (change) {
		l->ret[l->count++] = (struct fnl_finding){change, after_notice, since_sheet};
	}
	return change;
}

static int tell_change(struct look *l, const struct fnl_value *change)
{
	int64_t at_ms = change[CHANGE(AT)].i64;
	if (at_ms < l->in->from_ms || !tells(l, change)) {
		return FNL_OK;
	}
	struct fnl_value *v = add(l, at_ms >= l->in->notice_at_ms, is_since_sheet(l, change));
	if (!v) {
		return FNL_E_NOMEM;
	}
	memcpy(v, change, CHANGE(FIELD_COUNT) * sizeof(*v));
	return FNL_OK;
}

/* The list's last ones from `first` on. */
static int tell_changes(struct look *l, size_t first)
{
	int r = FNL_OK;
	for (size_t i = first; i < l->adverse.count && i < FNL_ADVERSE_MAX && r == FNL_OK; i++) {
		r = tell_change(l, change_at(l, i));
	}
	return r;
}

/* ---- what was pushed out ---- */

/* The first kept change of one of these kinds; NULL: none. */
static const struct fnl_value *first_of(const struct look *l, unsigned kinds)
{
	for (size_t i = 0; i < l->adverse.count; i++) {
		if (kinds & (1U << change_at(l, i)[CHANGE(KIND)].i64)) {
			return change_at(l, i);
		}
	}
	return NULL;
}

#define KIND_BIT(kind) (1U << FNL_ADVERSE_KIND_##kind)

/* Whether some may have been pushed out since the sheet, so that the list alone does not say all. */
static bool may_miss_some(const struct look *l)
{
	const struct fnl_value *edit = &l->now[AT(EDIT)];
	if (!l->copy || l->adverse.count < FNL_ADVERSE_MAX) {
		return false;
	}
	const struct fnl_value *oldest = change_at(l, 0);
	const struct fnl_value *by = &oldest[CHANGE(BY)];
	if (!is_since_sheet(l, oldest) || (by->set && !is(by, l->in->leaver_id))) {
		return false;
	}
	const struct fnl_value *editor = edit->set ? &edit->list.items[FNL_LAST_EDIT_BY] : edit;
	return !editor->set || is(editor, l->in->leaver_id);
}

static struct fnl_value *add_missed(struct look *l, int kind)
{
	const struct fnl_value *oldest = change_at(l, 0);
	struct fnl_value *v = add(l, l->in->sheet_at_ms >= l->in->notice_at_ms, true);
	if (v) {
		v[CHANGE(KIND)] = fnl_value_i64(kind);
		v[CHANGE(AT)] = oldest[CHANGE(AT)];
		v[CHANGE(BY)] = oldest[CHANGE(BY)];
	}
	return v;
}

static int missed_amount(struct look *l)
{
	const struct fnl_value *first = first_of(l, KIND_BIT(AMOUNT_LOWERED));
	const struct fnl_value *old = &l->copy[AT(AMOUNT)];
	const struct fnl_value *next = first ? &first[CHANGE(OLD_AMOUNT)] : &l->now[AT(AMOUNT)];
	if (!old->set || (next->set && (strcmp(old->money.currency, next->money.currency) != 0 ||
	                                next->money.amount_minor >= old->money.amount_minor))) {
		return FNL_OK;
	}
	struct fnl_value *v = add_missed(l, FNL_ADVERSE_KIND_AMOUNT_LOWERED);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[CHANGE(OLD_AMOUNT)] = *old;
	v[CHANGE(NEW_AMOUNT)] = *next;
	return FNL_OK;
}

static int missed_probability(struct look *l)
{
	const struct fnl_value *first = first_of(l, KIND_BIT(PROBABILITY_LOWERED));
	const struct fnl_value *old = &l->copy[AT(PROBABILITY_BP)];
	const struct fnl_value *next = first ? &first[CHANGE(OLD_BP)] : &l->now[AT(PROBABILITY_BP)];
	if (!old->set || (next->set && next->i64 >= old->i64)) {
		return FNL_OK;
	}
	struct fnl_value *v = add_missed(l, FNL_ADVERSE_KIND_PROBABILITY_LOWERED);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[CHANGE(OLD_BP)] = *old;
	v[CHANGE(NEW_BP)] = *next;
	return FNL_OK;
}

static int add_missed_codes(struct look *l, int kind, struct fnl_value old, struct fnl_value next)
{
	struct fnl_value *v = add_missed(l, kind);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[CHANGE(OLD_CODE)] = old;
	v[CHANGE(NEW_CODE)] = next;
	return FNL_OK;
}

/* What the kept changes say of a layer comes before what the line says. */
static int missed_layer(struct look *l)
{
	unsigned kinds = KIND_BIT(MOVED_UP) | KIND_BIT(LOST_WITHOUT_REASON) | KIND_BIT(DELETED);
	const struct fnl_value *first = first_of(l, kinds);
	struct fnl_value old = layer_code(&l->copy[AT(LAYER)]);
	struct fnl_value next = first ? first[CHANGE(OLD_CODE)] : layer_code(&l->now[AT(LAYER)]);
	int64_t depth = 0;
	for (int64_t layer = FNL_LAYER_TOP; layer <= FNL_LAYER_BOTTOM && next.set; layer++) {
		depth = fnl_span_eq(next.str, fnl_span_str(fnl_symbols_layer[layer])) ? depth_of(layer) : depth;
	}
	bool same_rules = l->copy[AT(RULES_VERSION)].i64 == l->now[AT(RULES_VERSION)].i64;
	bool moved_up = same_rules && depth > 0 && depth < depth_of(l->copy[AT(LAYER)].i64);
	bool lost = !first && l->now[AT(LAYER)].i64 == FNL_LAYER_LOST && !l->now[AT(LOST_REASON)].set &&
	            l->copy[AT(LAYER)].i64 != FNL_LAYER_LOST;
	if (moved_up) {
		return add_missed_codes(l, FNL_ADVERSE_KIND_MOVED_UP, old, next);
	}
	return lost ? add_missed_codes(l, FNL_ADVERSE_KIND_LOST_WITHOUT_REASON, old, next) : FNL_OK;
}

/* It left the leaver before the oldest kept change; what a program moved when the notice came left later. */
static int missed_owner(struct look *l)
{
	const struct fnl_value *first = first_of(l, KIND_BIT(OWNER_MOVED));
	const struct fnl_value *old = &l->copy[AT(OWNER_REP_ID)];
	const struct fnl_value *next = first ? &first[CHANGE(OLD_CODE)] : &l->now[AT(OWNER_REP_ID)];
	const struct fnl_value *left_at = &l->now[AT(LEFT_AT)];
	bool before = left_at->set && left_at->i64 <= change_at(l, 0)[CHANGE(AT)].i64;
	if (!before || !is(old, l->in->leaver_id) || is(next, l->in->leaver_id) || is(next, l->in->successor_id)) {
		return FNL_OK;
	}
	return add_missed_codes(l, FNL_ADVERSE_KIND_OWNER_MOVED, *old, *next);
}

static int tell_missed(struct look *l)
{
	int r = FNL_OK;
	if (may_miss_some(l)) {
		r = missed_amount(l);
		r = r ? r : missed_probability(l);
		r = r ? r : missed_layer(l);
		r = r ? r : missed_owner(l);
	}
	return r;
}

/* ---- edits ---- */

/* Whether it is one of the adverse changes: told, or excused. */
static bool is_adverse(const struct look *l, const struct fnl_value *edit)
{
	for (size_t i = 0; i < l->adverse.count; i++) {
		const struct fnl_value *change = change_at(l, i);
		if (change[CHANGE(AT)].i64 == edit[FNL_LAST_EDIT_AT].i64 && is(&change[CHANGE(BY)], l->in->leaver_id)) {
			return true;
		}
	}
	return false;
}

static void set_differences(struct fnl_value *v, const struct fnl_value *was, const struct fnl_value *now)
{
	if (!fnl_value_eq(&fnl_desc_line.fields[FNL_LINE_AMOUNT], &was[AT(AMOUNT)], &now[AT(AMOUNT)])) {
		v[CHANGE(OLD_AMOUNT)] = was[AT(AMOUNT)];
		v[CHANGE(NEW_AMOUNT)] = now[AT(AMOUNT)];
	}
	if (!fnl_value_eq(&fnl_desc_line.fields[FNL_LINE_PROBABILITY_BP], &was[AT(PROBABILITY_BP)],
	                  &now[AT(PROBABILITY_BP)])) {
		v[CHANGE(OLD_BP)] = was[AT(PROBABILITY_BP)];
		v[CHANGE(NEW_BP)] = now[AT(PROBABILITY_BP)];
	}
	if (was[AT(LAYER)].i64 != now[AT(LAYER)].i64) {
		v[CHANGE(OLD_CODE)] = layer_code(&was[AT(LAYER)]);
		v[CHANGE(NEW_CODE)] = layer_code(&now[AT(LAYER)]);
	}
}

/* was: what its values are compared with; NULL: nothing. */
static int tell_edit(struct look *l, const struct fnl_value *was)
{
	const struct fnl_value *value = &l->now[AT(EDIT)];
	if (!value->set) {
		return FNL_OK;
	}
	const struct fnl_value *edit = value->list.items;
	int64_t at_ms = edit[FNL_LAST_EDIT_AT].i64;
	if (at_ms < l->in->notice_at_ms || !is(&edit[FNL_LAST_EDIT_BY], l->in->leaver_id) || is_adverse(l, edit)) {
		return FNL_OK;
	}
	struct fnl_value *v = add(l, true, l->in->sheet_number > 0 && at_ms > l->in->sheet_at_ms);
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[CHANGE(KIND)] = fnl_value_i64(FNL_ADVERSE_KIND_EDITED);
	v[CHANGE(AT)] = edit[FNL_LAST_EDIT_AT];
	v[CHANGE(BY)] = edit[FNL_LAST_EDIT_BY];
	if (was) {
		set_differences(v, was, l->now);
	}
	return FNL_OK;
}

int fnl_reconcile_line(const struct fnl_reconcile_in *in, struct fnl_finding ret[FNL_RECONCILE_MAX], size_t *ret_count)
{
	struct look l = look_at(in, ret);
	int r = tell_changes(&l, 0);
	r = r ? r : tell_missed(&l);
	r = r ? r : tell_edit(&l, l.copy);
	if (r == FNL_OK) {
		*ret_count = l.count;
	}
	return r;
}

/* How many of the list were in the one before. Old ones may have been pushed out, or taken out with a contact that was
 * erased; new ones stand behind all that are left. */
static size_t count_known(struct fnl_list before, struct fnl_list now)
{
	const struct fnl_field_desc item = {.kind = FNL_KIND_RECORD, .record = &fnl_desc_adverse_change};
	size_t known = 0;
	for (size_t i = 0; i < before.count && known < now.count; i++) {
		known += fnl_value_eq(&item, &before.items[i], &now.items[known]);
	}
	return known;
}

int fnl_reconcile_change(const struct fnl_reconcile_in *in, const struct fnl_value *before,
                         struct fnl_finding ret[FNL_RECONCILE_MAX], size_t *ret_count)
{
	bool was_there = before && before[FNL_LINE_STATE].i64 != FNL_LINE_STATE_GONE;
	struct look l = look_at(in, ret);
	if (!was_there) {
		return fnl_reconcile_line(in, ret, ret_count);
	}
	int r = tell_changes(&l, count_known(before[FNL_LINE_ADVERSE].list, l.adverse));
	bool edited = !fnl_value_eq(&fnl_desc_line.fields[FNL_LINE_EDIT], &before[FNL_LINE_EDIT], &l.now[AT(EDIT)]);
	if (r == FNL_OK && edited) {
		r = tell_edit(&l, before + FNL_LINE_STATE);
	}
	if (r == FNL_OK) {
		*ret_count = l.count;
	}
	return r;
}
