#include "tamper.h"

#include <stdio.h>
#include <stdlib.h>

#define C(field) FNL_ADVERSE_CHANGE_##field
#define L(field) FNL_LINE_##field

const char *const fnl_tamper_reps[3] = {"leaver", "other", "successor"};

static void *take(struct fnl_arena *a, size_t count, size_t size)
{
	void *p = fnl_arena_calloc(a, count, size);
	if (!p) {
		abort();
	}
	return p;
}

static struct fnl_value number(int64_t n)
{
	return (struct fnl_value){.set = true, .i64 = n};
}

static struct fnl_value text(const char *s)
{
	return (struct fnl_value){.set = s != NULL, .str = fnl_span_str(s)};
}

static struct fnl_value usd(int64_t minor)
{
	struct fnl_value v = {.set = minor >= 0};
	v.money.amount_minor = minor;
	memcpy(v.money.currency, "USD", 4);
	return v;
}

static struct fnl_value list(const struct fnl_value *items, size_t count)
{
	return (struct fnl_value){.set = true, .list = {items, count}};
}

static struct fnl_value contact(struct fnl_arena *a, int64_t n)
{
	char *id = take(a, 32, 1);
	snprintf(id, 32, "person-%lld", (long long)n);
	return text(id);
}

static bool same_text(const struct fnl_value *a, const struct fnl_value *b)
{
	return a->set == b->set && (!a->set || fnl_span_eq(a->str, b->str));
}

static bool same_number(const struct fnl_value *a, const struct fnl_value *b)
{
	return a->set == b->set && (!a->set || a->i64 == b->i64);
}

static bool same_money(const struct fnl_value *a, const struct fnl_value *b)
{
	return a->set == b->set && (!a->set || (a->money.amount_minor == b->money.amount_minor &&
	                                        strcmp(a->money.currency, b->money.currency) == 0));
}

bool fnl_tamper_same(const struct fnl_value *a, const struct fnl_value *b)
{
	bool head =
		same_number(&a[C(KIND)], &b[C(KIND)]) && same_number(&a[C(AT)], &b[C(AT)]) && same_text(&a[C(BY)], &b[C(BY)]);
	return head && (a[C(KIND)].i64 == FNL_ADVERSE_KIND_EDITED || fnl_tamper_same_values(a, b));
}

bool fnl_tamper_same_values(const struct fnl_value *a, const struct fnl_value *b)
{
	return same_money(&a[C(OLD_AMOUNT)], &b[C(OLD_AMOUNT)]) && same_money(&a[C(NEW_AMOUNT)], &b[C(NEW_AMOUNT)]) &&
	       same_number(&a[C(OLD_BP)], &b[C(OLD_BP)]) && same_number(&a[C(NEW_BP)], &b[C(NEW_BP)]) &&
	       same_text(&a[C(OLD_CODE)], &b[C(OLD_CODE)]) && same_text(&a[C(NEW_CODE)], &b[C(NEW_CODE)]);
}

/* ids without one, or with it. */
static struct fnl_value contacts(struct fnl_arena *a, struct fnl_list ids, const struct fnl_value *id, bool with)
{
	struct fnl_value *items = take(a, ids.count + 1, sizeof(*items));
	size_t count = 0;
	for (size_t i = 0; i < ids.count; i++) {
		if (!same_text(&ids.items[i], id)) {
			items[count++] = ids.items[i];
		}
	}
	if (with) {
		items[count++] = *id;
	}
	return list(items, count);
}

void fnl_tamper_start(struct fnl_tamper *t, struct fnl_arena *arena, int64_t notice_at_ms)
{
	*t = (struct fnl_tamper){.arena = arena, .notice_at_ms = notice_at_ms};
	struct fnl_value *ids = take(arena, 6, sizeof(*ids));
	for (int64_t i = 0; i < 6; i++) {
		ids[i] = contact(arena, i);
	}
	t->line[L(BOOK)] = text("rep:leaver");
	t->line[L(PROSPECT_ID)] = text("p1");
	t->line[L(SEQUENCE)] = number(1);
	t->line[L(STATE)] = number(FNL_LINE_STATE_OWNED);
	t->line[L(LAYER)] = number(FNL_LAYER_BOTTOM);
	t->line[L(RULES_VERSION)] = number(1);
	t->line[L(AMOUNT)] = usd(100000);
	t->line[L(PROBABILITY_BP)] = number(7500);
	t->line[L(OWNER_REP_ID)] = text("leaver");
	t->line[L(CONTACT_IDS)] = list(ids, 6);
	t->line[L(ADVERSE)] = list(NULL, 0);
	t->line[L(IMAGES)] = list(NULL, 0);
}

void fnl_tamper_sheet(struct fnl_tamper *t, int64_t at_ms)
{
	t->sheet_at_ms = at_ms;
	t->has_changed = false;
	memset(t->copy, 0, sizeof(t->copy));
	memcpy(t->copy + FNL_LINE_IMAGE_STATE, t->line + L(STATE), (L(ADVERSE) - L(STATE) + 1) * sizeof(struct fnl_value));
	t->copy[FNL_LINE_IMAGE_RUN_ID] = text("sheet|7");
	t->copy[FNL_LINE_IMAGE_EXISTED] = number(1);
	t->copy[FNL_LINE_IMAGE_ADVERSE] = list(NULL, 0); /* an image says nothing of them */
}

const struct fnl_value *fnl_tamper_line(struct fnl_tamper *t)
{
	struct fnl_value *line = take(t->arena, FNL_LINE_FIELD_COUNT, sizeof(*line));
	memcpy(line, t->line, sizeof(t->line));
	if (t->has_changed && t->sheet_at_ms) {
		struct fnl_value *image = take(t->arena, FNL_LINE_IMAGE_FIELD_COUNT, sizeof(*image));
		struct fnl_value *item = take(t->arena, 1, sizeof(*item));
		memcpy(image, t->copy, sizeof(t->copy));
		*item = list(image, FNL_LINE_IMAGE_FIELD_COUNT);
		line[L(IMAGES)] = list(item, 1);
	}
	return line;
}

/* ---- what is true ---- */

static struct fnl_value actor_id(enum fnl_tamper_actor by)
{
	static const char *const ids[] = {"leaver", "other", NULL, "manager", "importer"};
	return text(ids[by]);
}

/* One step. */
struct step {
	struct fnl_tamper *t;
	enum fnl_tamper_actor by;
	int64_t at_ms;
	struct fnl_value was[FNL_LINE_FIELD_COUNT];
	bool is_adverse;
};

static bool is_leaver(const struct fnl_value *id)
{
	return id->set && fnl_span_eq(id->str, FNL_SPAN_LIT("leaver"));
}

/* Whether a manager is to ask the leaver about it. */
static bool is_true(const struct step *s, const struct fnl_value *change)
{
	const struct fnl_value *to = &change[C(NEW_CODE)];
	bool his = is_leaver(&s->was[L(OWNER_REP_ID)]);
	if (change[C(KIND)].i64 != FNL_ADVERSE_KIND_OWNER_MOVED) {
		return s->by == FNL_BY_LEAVER ||
		       (s->by == FNL_BY_UNKNOWN && (his || change[C(KIND)].i64 == FNL_ADVERSE_KIND_DELETED));
	}
	if (is_leaver(to) || (to->set && fnl_span_eq(to->str, FNL_SPAN_LIT("successor")))) {
		return false;
	}
	bool took_it = s->by == FNL_BY_OTHER && to->set && fnl_span_eq(to->str, FNL_SPAN_LIT("other"));
	return s->by == FNL_BY_LEAVER || (his && (s->by == FNL_BY_UNKNOWN || took_it));
}

static void remember(struct step *s, const struct fnl_value *change, bool kept)
{
	struct fnl_tamper *t = s->t;
	if (t->truth_count == FNL_TAMPER_TRUTHS_MAX) {
		abort();
	}
	struct fnl_tamper_truth *truth = &t->truths[t->truth_count++];
	*truth = (struct fnl_tamper_truth){.kept = kept, .late = t->sheet_at_ms && s->at_ms <= t->sheet_at_ms};
	memcpy(truth->change, change, sizeof(truth->change));
}

/* The list keeps the latest ones. */
static void push(struct step *s, const struct fnl_value *change)
{
	struct fnl_tamper *t = s->t;
	struct fnl_list old = t->line[L(ADVERSE)].list;
	struct fnl_value *items = take(t->arena, FNL_ADVERSE_MAX, sizeof(*items));
	size_t skip = old.count == FNL_ADVERSE_MAX;
	for (size_t i = skip; i < old.count; i++) {
		items[i - skip] = old.items[i];
	}
	for (size_t i = 0; i < t->truth_count && skip; i++) {
		struct fnl_tamper_truth *truth = &t->truths[i];
		if (fnl_tamper_same(truth->change, old.items[0].list.items)) {
			truth->kept = false;
		}
	}
	struct fnl_value *copy = take(t->arena, C(FIELD_COUNT), sizeof(*copy));
	memcpy(copy, change, C(FIELD_COUNT) * sizeof(*copy));
	items[old.count - skip] = list(copy, C(FIELD_COUNT));
	t->line[L(ADVERSE)] = list(items, old.count - skip + 1);
}

static void adverse(struct step *s, int kind, int old_field, struct fnl_value old, int new_field, struct fnl_value now)
{
	struct fnl_value change[C(FIELD_COUNT)] = {{0}};
	change[C(KIND)] = number(kind);
	change[C(AT)] = number(s->at_ms);
	change[C(BY)] = kind == FNL_ADVERSE_KIND_DELETED ? text(NULL) : actor_id(s->by);
	change[old_field] = old;
	change[new_field] = now;
	if (s->by == FNL_BY_MANAGER || s->by == FNL_BY_PROGRAM) {
		return;
	}
	s->is_adverse = true;
	push(s, change);
	if (is_true(s, change)) {
		remember(s, change, true);
	}
}

static struct fnl_value layer_of(const struct fnl_value *line)
{
	return text(fnl_symbols_layer[line[L(LAYER)].i64]);
}

static bool in_funnel(int64_t layer)
{
	return layer == FNL_LAYER_TOP || layer == FNL_LAYER_MIDDLE || layer == FNL_LAYER_BOTTOM;
}

static void compare(struct step *s, enum fnl_tamper_act act, const struct fnl_value *id)
{
	const struct fnl_value *was = s->was;
	const struct fnl_value *is = s->t->line;
	int64_t from = was[L(LAYER)].i64;
	int64_t to = is[L(LAYER)].i64;
	if (act == FNL_DO_AMOUNT && was[L(AMOUNT)].set &&
	    (!is[L(AMOUNT)].set || is[L(AMOUNT)].money.amount_minor < was[L(AMOUNT)].money.amount_minor)) {
		adverse(s, FNL_ADVERSE_KIND_AMOUNT_LOWERED, C(OLD_AMOUNT), was[L(AMOUNT)], C(NEW_AMOUNT), is[L(AMOUNT)]);
	}
	if (act == FNL_DO_BP && was[L(PROBABILITY_BP)].set &&
	    (!is[L(PROBABILITY_BP)].set || is[L(PROBABILITY_BP)].i64 < was[L(PROBABILITY_BP)].i64)) {
		adverse(s, FNL_ADVERSE_KIND_PROBABILITY_LOWERED, C(OLD_BP), was[L(PROBABILITY_BP)], C(NEW_BP),
		        is[L(PROBABILITY_BP)]);
	}
	if (act == FNL_DO_LAYER && in_funnel(from) && in_funnel(to) && to < from) {
		adverse(s, FNL_ADVERSE_KIND_MOVED_UP, C(OLD_CODE), layer_of(was), C(NEW_CODE), layer_of(is));
	}
	if (act == FNL_DO_OWNER && was[L(OWNER_REP_ID)].set && !same_text(&was[L(OWNER_REP_ID)], &is[L(OWNER_REP_ID)])) {
		adverse(s, FNL_ADVERSE_KIND_OWNER_MOVED, C(OLD_CODE), was[L(OWNER_REP_ID)], C(NEW_CODE), is[L(OWNER_REP_ID)]);
	}
	if (act == FNL_DO_LOSE && from != FNL_LAYER_LOST && !is[L(LOST_REASON)].set) {
		adverse(s, FNL_ADVERSE_KIND_LOST_WITHOUT_REASON, C(OLD_CODE), layer_of(was), C(NEW_CODE), layer_of(is));
	}
	if (act == FNL_DO_UNLINK && is[L(CONTACT_IDS)].list.count < was[L(CONTACT_IDS)].list.count) {
		adverse(s, FNL_ADVERSE_KIND_CONTACT_UNLINKED, C(OLD_CODE), *id, C(NEW_CODE), text(NULL));
	}
	if (act == FNL_DO_DELETE && from != FNL_LAYER_DELETED) {
		adverse(s, FNL_ADVERSE_KIND_DELETED, C(OLD_CODE), layer_of(was), C(NEW_CODE), layer_of(is));
	}
}

static bool is_last_edit(const struct fnl_tamper *t, const struct fnl_value *change)
{
	const struct fnl_value *edit = &t->line[L(EDIT)];
	return is_leaver(&change[C(BY)]) && edit->set && same_number(&edit->list.items[FNL_LAST_EDIT_AT], &change[C(AT)]) &&
	       same_text(&edit->list.items[FNL_LAST_EDIT_BY], &change[C(BY)]);
}

/* No trace of him stays: neither in the list nor in the sheet's copy; nobody is asked about him. */
static void forget(struct fnl_tamper *t, const struct fnl_value *id, bool erased)
{
	struct fnl_list old = t->line[L(ADVERSE)].list;
	struct fnl_value *items = take(t->arena, old.count + 1, sizeof(*items));
	size_t count = 0;
	bool asked = false;
	for (size_t i = 0; i < old.count; i++) {
		const struct fnl_value *change = old.items[i].list.items;
		bool about = change[C(KIND)].i64 == FNL_ADVERSE_KIND_CONTACT_UNLINKED && same_text(&change[C(OLD_CODE)], id);
		asked = asked || about;
		if (!about || !erased) {
			items[count++] = old.items[i];
		}
	}
	if (erased || !asked) {
		struct fnl_value *kept = &t->copy[FNL_LINE_IMAGE_CONTACT_IDS];
		*kept = contacts(t->arena, kept->set ? kept->list : (struct fnl_list){NULL, 0}, id, false);
	}
	for (size_t i = 0; i < t->truth_count && erased; i++) {
		struct fnl_value *change = t->truths[i].change;
		if (!t->truths[i].found && change[C(KIND)].i64 == FNL_ADVERSE_KIND_CONTACT_UNLINKED &&
		    same_text(&change[C(OLD_CODE)], id)) {
			/* that there was an edit says nothing of him */
			change[C(KIND)] = number(FNL_ADVERSE_KIND_EDITED);
			change[C(OLD_CODE)] = text(NULL);
			if (!is_last_edit(t, change) || change[C(AT)].i64 < t->notice_at_ms) {
				t->truths[i--] = t->truths[--t->truth_count];
			}
		}
	}
	t->line[L(ADVERSE)] = list(items, count);
}

/* The one edit that a line knows is the last. */
static void edited(struct step *s)
{
	struct fnl_tamper *t = s->t;
	struct fnl_value *edit = take(t->arena, FNL_LAST_EDIT_FIELD_COUNT, sizeof(*edit));
	struct fnl_value id = actor_id(s->by);
	const struct fnl_value *last = &t->line[L(EDIT)];
	bool newer = !last->set || last->list.items[FNL_LAST_EDIT_AT].i64 < s->at_ms;
	if (s->by == FNL_BY_PROGRAM || s->by == FNL_BY_UNKNOWN || !newer) {
		return;
	}
	edit[FNL_LAST_EDIT_AT] = number(s->at_ms);
	edit[FNL_LAST_EDIT_BY] = id;
	t->line[L(EDIT)] = list(edit, FNL_LAST_EDIT_FIELD_COUNT);
	for (size_t i = 0; i < t->truth_count; i++) {
		if (t->truths[i].change[C(KIND)].i64 == FNL_ADVERSE_KIND_EDITED) {
			t->truths[i].kept = false;
		}
	}
	if (s->by == FNL_BY_LEAVER && s->at_ms >= t->notice_at_ms && !s->is_adverse) {
		struct fnl_value change[C(FIELD_COUNT)] = {{0}};
		change[C(KIND)] = number(FNL_ADVERSE_KIND_EDITED);
		change[C(AT)] = number(s->at_ms);
		change[C(BY)] = id;
		remember(s, change, true);
	}
}

static void change_owner(struct fnl_tamper *t, int64_t at_ms, int64_t rep)
{
	bool was_his = is_leaver(&t->line[L(OWNER_REP_ID)]);
	t->line[L(OWNER_REP_ID)] = text(rep < 0 ? NULL : fnl_tamper_reps[rep]);
	t->line[L(STATE)] = number(rep == 0 ? FNL_LINE_STATE_OWNED : FNL_LINE_STATE_WATCHED);
	if (rep == 0) {
		t->line[L(LEFT_AT)] = (struct fnl_value){.set = false};
	} else if (was_his) {
		t->line[L(LEFT_AT)] = number(at_ms);
	}
}

const struct fnl_value *fnl_tamper_do(struct fnl_tamper *t, enum fnl_tamper_actor by, int64_t at_ms,
                                      enum fnl_tamper_act act, int64_t value)
{
	struct step s = {.t = t, .by = by, .at_ms = at_ms};
	struct fnl_value *line = t->line;
	struct fnl_value id = contact(t->arena, value);
	bool with = act == FNL_DO_LINK;
	memcpy(s.was, line, sizeof(t->line));
	switch (act) {
	case FNL_DO_AMOUNT:
		line[L(AMOUNT)] = usd(value);
		break;
	case FNL_DO_BP:
		line[L(PROBABILITY_BP)] = (struct fnl_value){.set = value >= 0, .i64 = value};
		break;
	case FNL_DO_RULES:
		line[L(RULES_VERSION)].i64++;
		line[L(LAYER)] = number(value);
		break;
	case FNL_DO_LAYER:
		line[L(LAYER)] = number(value);
		break;
	case FNL_DO_OWNER:
		change_owner(t, at_ms, value);
		break;
	case FNL_DO_LOSE:
		line[L(LAYER)] = number(FNL_LAYER_LOST);
		line[L(LOST_REASON)] = text(value ? "price" : NULL);
		break;
	case FNL_DO_DELETE:
		line[L(LAYER)] = number(FNL_LAYER_DELETED);
		break;
	case FNL_DO_UNLINK:
	case FNL_DO_LINK:
	case FNL_DO_ERASE_CONTACT:
		line[L(CONTACT_IDS)] = contacts(t->arena, line[L(CONTACT_IDS)].list, &id, with);
		break;
	default:
		break;
	}
	line[L(SEQUENCE)].i64++;
	t->has_changed = true;
	compare(&s, act, &id);
	if (act == FNL_DO_ERASE_CONTACT || act == FNL_DO_UNLINK) {
		forget(t, &id, act == FNL_DO_ERASE_CONTACT);
	} else if (act != FNL_DO_RULES && act != FNL_DO_DELETE) {
		edited(&s);
	}
	if (act == FNL_DO_UNLINK) {
		edited(&s);
	}
	return fnl_tamper_line(t);
}
