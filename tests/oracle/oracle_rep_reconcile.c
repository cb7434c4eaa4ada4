/* What changed against the company, as the reconciliation finds it. */
#include <inttypes.h>
#include <stdio.h>

#include "oracle_rep_handover.h"

#define MS_PER_DAY INT64_C(86400000)

enum { ADVERSE_MAX = 8 };

/* One line that is looked at. */
struct look {
	struct rep_handover *h;
	const json_t *line;
	const json_t *before; /* of a change: the line before it, or NULL */
	const json_t *sheet;  /* the sheet's copy; NULL: none */
	json_t *leaver;
	const json_t *successor; /* or NULL */
	size_t count;
};

static bool is_sheet_made(const struct look *l)
{
	return oracle_number(l->h->row, "sheet_number") > 0;
}

static const json_t *copy_of(struct look *l)
{
	char id[40];
	size_t i;
	json_t *image;
	snprintf(id, sizeof(id), "sheet|%" PRId64, oracle_number(l->h->row, "sheet_number"));
	json_array_foreach(json_object_get(l->line, "images"), i, image)
	{
		if (oracle_is(image, "run_id", id)) {
			return oracle_is(image, "state", "OWNED") ? image : NULL;
		}
	}
	return NULL;
}

static bool is_in_list(const json_t *list, const json_t *one)
{
	size_t i;
	json_t *v;
	bool found = false;
	json_array_foreach(list, i, v)
	{
		found = found || json_equal(v, one);
	}
	return found;
}

static bool concerns(const struct look *l, const json_t *c)
{
	const json_t *by = json_object_get(c, "by"), *to = json_object_get(c, "new_code");
	bool known = json_is_string(by), his = known && json_equal(by, l->leaver);
	if (oracle_is(c, "kind", "OWNER_MOVED")) {
		bool from_him = json_equal(json_object_get(c, "old_code"), l->leaver);
		bool right = json_equal(to, l->leaver) || (l->successor && json_equal(to, l->successor));
		return !right && (his || (from_him && (!known || json_equal(by, to))));
	}
	if (oracle_is(c, "kind", "CONTACT_UNLINKED") && !oracle_has(c, "old_code")) {
		return false; /* somebody who was erased since */
	}
	bool left = oracle_is(l->line, "state", "WATCHED") && oracle_has(l->line, "left_at") &&
	            oracle_number(c, "at") > oracle_number(l->line, "left_at");
	return known ? his : !left || oracle_is(c, "kind", "DELETED");
}

/* The sheet's copy still has the old value. */
static bool has_old(const struct look *l, const json_t *c)
{
	static const char *const fields[][3] = {{"AMOUNT_LOWERED", "amount", "old_amount"},
	                                        {"PROBABILITY_LOWERED", "probability_bp", "old_bp"},
	                                        {"MOVED_UP", "layer", "old_code"},
	                                        {"OWNER_MOVED", "owner_rep_id", "old_code"},
	                                        {"LOST_WITHOUT_REASON", "layer", "old_code"},
	                                        {"DELETED", "layer", "old_code"}};
	if (!l->sheet) {
		return false;
	}
	if (oracle_is(c, "kind", "CONTACT_UNLINKED")) {
		return is_in_list(json_object_get(l->sheet, "contact_ids"), json_object_get(c, "old_code"));
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (oracle_is(c, "kind", fields[i][0])) {
			return json_equal(json_object_get(l->sheet, fields[i][1]), json_object_get(c, fields[i][2]));
		}
	}
	return false;
}

static void tell(struct look *l, const json_t *change, bool after_notice, bool since_sheet)
{
	char what[2 * REP_KEY_BYTES];
	const char *prospect = oracle_text(l->line, "prospect_id");
	json_t *body = rep_handover_body(l->h, "ReconciliationFinding");
	oracle_set(body, "prospect_id", json_string(prospect));
	oracle_set(body, "after_notice", json_boolean(after_notice));
	oracle_set(body, "since_sheet", json_boolean(since_sheet));
	oracle_take(body, "sheet_id", l->h->row, "sheet_id");
	oracle_set(body, "change", json_deep_copy(change));
	snprintf(what, sizeof(what), "finding|%s|%s|%" PRId64 "|%zu", prospect, oracle_text(change, "kind"),
	         oracle_number(change, "at"), l->count);
	rep_handover_tell(l->h, "ReconciliationFinding", body, what);
	l->count++;
	l->h->s->fold->stats.findings++;
}

static void note_kind(struct rep_handover *h, const json_t *c)
{
	static const char *const kinds[] = {"AMOUNT_LOWERED",      "PROBABILITY_LOWERED", "MOVED_UP", "OWNER_MOVED",
	                                    "LOST_WITHOUT_REASON", "CONTACT_UNLINKED",    "DELETED",  "EDITED"};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		h->s->fold->stats.found[i] += oracle_is(c, "kind", kinds[i]);
	}
}

static bool is_after_notice(const struct look *l, int64_t at)
{
	return at >= oracle_number(l->h->row, "notice_at");
}

/* The first ones of the list that were in the one before, in its order, are no news. */
static size_t old_ones(const json_t *before, const json_t *list)
{
	size_t at = 0, count = 0;
	while (count < json_array_size(list)) {
		while (at < json_array_size(before) && !json_equal(json_array_get(before, at), json_array_get(list, count))) {
			at++;
		}
		if (at == json_array_size(before)) {
			break;
		}
		at++;
		count++;
	}
	return count;
}

static bool is_since_sheet(const struct look *l, const json_t *c)
{
	return is_sheet_made(l) && (oracle_number(c, "at") > oracle_number(l->h->row, "sheet_at") || has_old(l, c));
}

static void adverse(struct look *l, size_t first)
{
	const json_t *list = json_object_get(l->line, "adverse");
	int64_t from = oracle_number(l->h->row, "notice_at") - l->h->s->p->rules->lookback_days * MS_PER_DAY;
	for (size_t i = first; i < json_array_size(list); i++) {
		const json_t *c = json_array_get(list, i);
		int64_t at = oracle_number(c, "at");
		if (at >= from && concerns(l, c)) {
			tell(l, c, is_after_notice(l, at), is_since_sheet(l, c));
			note_kind(l->h, c);
		}
	}
}

/* ---- what was pushed out of the list ---- */

static const json_t *first_of(const struct look *l, const char *const *kinds)
{
	size_t i;
	json_t *c;
	json_array_foreach(json_object_get(l->line, "adverse"), i, c)
	{
		for (size_t k = 0; kinds[k]; k++) {
			if (oracle_is(c, "kind", kinds[k])) {
				return c;
			}
		}
	}
	return NULL;
}

static void missed(struct look *l, const char *kind, const char *old, const json_t *was, const char *new,
                   const json_t *then)
{
	static const char *const fields[] = {"old_amount", "new_amount", "old_bp", "new_bp", "old_code", "new_code"};
	const json_t *oldest = json_array_get(json_object_get(l->line, "adverse"), 0);
	json_t *c = json_object();
	for (size_t i = 0; i < 6; i++) {
		oracle_set(c, fields[i], json_null());
	}
	oracle_set(c, "kind", json_string(kind));
	oracle_take(c, "at", oldest, "at");
	oracle_take(c, "by", oldest, "by");
	oracle_set(c, old, json_deep_copy(was));
	oracle_set(c, new, json_deep_copy(then));
	tell(l, c, is_after_notice(l, oracle_number(l->h->row, "sheet_at")), true);
	l->h->s->fold->stats.pushed_out++;
	json_decref(c);
}

static int depth(const json_t *layer)
{
	static const char *const layers[] = {"TOP", "MIDDLE", "BOTTOM"};
	for (int i = 0; i < 3; i++) {
		if (json_is_string(layer) && strcmp(json_string_value(layer), layers[i]) == 0) {
			return i + 1;
		}
	}
	return 0;
}

/* What the list's first change of the kind found, or the line has. */
static const json_t *then_of(const struct look *l, const char *const *kinds, const char *old, const char *field)
{
	const json_t *first = first_of(l, kinds);
	return first ? json_object_get(first, old) : json_object_get(l->line, field);
}

static void missed_money(struct look *l)
{
	static const char *const amounts[] = {"AMOUNT_LOWERED", NULL}, *const chances[] = {"PROBABILITY_LOWERED", NULL};
	const json_t *was = json_object_get(l->sheet, "amount"), *then = then_of(l, amounts, "old_amount", "amount");
	bool same = json_equal(json_object_get(was, "currency"), json_object_get(then, "currency"));
	if (json_is_object(was) &&
	    (!json_is_object(then) || (same && oracle_number(then, "amount_minor") < oracle_number(was, "amount_minor")))) {
		missed(l, "AMOUNT_LOWERED", "old_amount", was, "new_amount", then);
	}
	was = json_object_get(l->sheet, "probability_bp");
	then = then_of(l, chances, "old_bp", "probability_bp");
	if (json_is_integer(was) && (!json_is_integer(then) || json_integer_value(then) < json_integer_value(was))) {
		missed(l, "PROBABILITY_LOWERED", "old_bp", was, "new_bp", then);
	}
}

static void missed_place(struct look *l)
{
	static const char *const layers[] = {"MOVED_UP", "LOST_WITHOUT_REASON", "DELETED", NULL};
	static const char *const owners[] = {"OWNER_MOVED", NULL};
	const json_t *was = json_object_get(l->sheet, "layer"), *then = then_of(l, layers, "old_code", "layer");
	bool same_rules = oracle_number(l->sheet, "rules_version") == oracle_number(l->line, "rules_version");
	bool lost = !first_of(l, layers) && oracle_is(l->line, "layer", "LOST") && !oracle_has(l->line, "lost_reason") &&
	            !oracle_is(l->sheet, "layer", "LOST");
	if (same_rules && depth(then) > 0 && depth(then) < depth(was)) {
		missed(l, "MOVED_UP", "old_code", was, "new_code", then);
	} else if (lost) {
		missed(l, "LOST_WITHOUT_REASON", "old_code", was, "new_code", then);
	}
	was = json_object_get(l->sheet, "owner_rep_id");
	then = then_of(l, owners, "old_code", "owner_rep_id");
	const json_t *oldest = json_array_get(json_object_get(l->line, "adverse"), 0);
	bool before = oracle_has(l->line, "left_at") && oracle_number(l->line, "left_at") <= oracle_number(oldest, "at");
	bool right = json_equal(then, l->leaver) || (l->successor && json_equal(then, l->successor));
	if (before && json_equal(was, l->leaver) && !right) {
		missed(l, "OWNER_MOVED", "old_code", was, "new_code", then);
	}
}

static void pushed_out(struct look *l)
{
	const json_t *list = json_object_get(l->line, "adverse"), *oldest = json_array_get(list, 0);
	const json_t *edit = json_object_get(l->line, "edit");
	bool by_others = oracle_has(oldest, "by") && !json_equal(json_object_get(oldest, "by"), l->leaver);
	bool edited = oracle_has(edit, "by") && !json_equal(json_object_get(edit, "by"), l->leaver);
	if (l->sheet && json_array_size(list) >= ADVERSE_MAX && is_since_sheet(l, oldest) && !by_others && !edited) {
		missed_money(l);
		missed_place(l);
	}
}

/* What an edit changed: against the sheet's copy, or the line before. */
static json_t *edited(struct look *l, const json_t *edit, const json_t *was)
{
	static const char *const fields[][3] = {{"amount", "old_amount", "new_amount"},
	                                        {"probability_bp", "old_bp", "new_bp"},
	                                        {"layer", "old_code", "new_code"}};
	json_t *c = json_object();
	oracle_set(c, "kind", json_string("EDITED"));
	oracle_take(c, "at", edit, "at");
	oracle_take(c, "by", edit, "by");
	for (size_t i = 0; i < 3; i++) {
		bool differs = was && !json_equal(json_object_get(was, fields[i][0]), json_object_get(l->line, fields[i][0]));
		oracle_take(c, fields[i][1], differs ? was : NULL, fields[i][0]);
		oracle_take(c, fields[i][2], differs ? l->line : NULL, fields[i][0]);
	}
	return c;
}

/* An edit of the leaver's that is nothing of the list. */
static void edit(struct look *l, bool since)
{
	const json_t *e = json_object_get(l->line, "edit"), *was = since ? l->before : l->sheet;
	json_t *c;
	size_t i;
	bool known = since && json_equal(e, json_object_get(l->before, "edit"));
	json_array_foreach(json_object_get(l->line, "adverse"), i, c)
	{
		known = known || (json_equal(json_object_get(c, "by"), l->leaver) &&
		                  json_equal(json_object_get(c, "at"), json_object_get(e, "at")));
	}
	if (!oracle_has(l->line, "edit") || !json_equal(json_object_get(e, "by"), l->leaver) || known ||
	    !is_after_notice(l, oracle_number(e, "at"))) {
		return;
	}
	json_t *change = edited(l, e, was);
	tell(l, change, true, is_sheet_made(l) && oracle_number(e, "at") > oracle_number(l->h->row, "sheet_at"));
	note_kind(l->h, change);
	json_decref(change);
}

/* Who takes it over, by what is known. */
static const json_t *successor_of(const struct rep_handover *h, const json_t *task)
{
	static const char *const fields[] = {"successor_id", "named_id"};
	size_t i;
	json_t *check;
	for (i = 0; i < 2; i++) {
		if (oracle_has(task, fields[i])) {
			return json_object_get(task, fields[i]);
		}
	}
	if (oracle_has(h->row, "successor_id")) {
		return json_object_get(h->row, "successor_id");
	}
	json_array_foreach(json_object_get(h->row, "checks"), i, check)
	{
		if (!oracle_has(check, "prospect_id") && oracle_has(check, "successor_id")) {
			return json_object_get(check, "successor_id");
		}
	}
	return NULL;
}

size_t rep_reconcile(struct rep_handover *h, const json_t *line, const json_t *before, bool since)
{
	struct look l = {.h = h, .line = line, .before = before, .leaver = json_string(h->book + 4)};
	bool change = since && before;
	l.sheet = copy_of(&l);
	l.successor = successor_of(h, json_object_get(h->tasks, oracle_text(line, "prospect_id")));
	adverse(&l, change ? old_ones(json_object_get(before, "adverse"), json_object_get(line, "adverse")) : 0);
	if (!change) {
		pushed_out(&l);
	}
	edit(&l, change);
	json_decref(l.leaver);
	return l.count;
}
