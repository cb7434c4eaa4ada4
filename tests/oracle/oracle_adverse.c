/* What is done to a prospect against the company, and who edited it last. */
#include "oracle_edit.h"

enum { ADVERSE_MAX = 8 };
enum { AMOUNT, PROBABILITY, UP, OWNER, LOST, CONTACT, DELETED }; /* in oracle_stats.adverse */

static json_t *member(const json_t *row, const char *field)
{
	json_t *v = json_object_get(row, field);
	return v && !json_is_null(v) ? v : NULL;
}

static bool holds(const json_t *list, const json_t *id)
{
	size_t i;
	json_t *item;
	bool found = false;
	json_array_foreach(list, i, item)
	{
		found = found || json_equal(item, id);
	}
	return found;
}

/* from, to: what is kept of before and after, NULL for null; borrowed. */
static void note(struct oracle_edit *e, size_t at, const char *kind, const char *old_name, const json_t *from,
                 const char *new_name, const json_t *to)
{
	json_t *v = json_object(), *list = json_object_get(e->row, "adverse");
	static const char *const names[] = {"old_amount", "new_amount", "old_bp", "new_bp", "old_code", "new_code"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const json_t *value = strcmp(names[i], old_name) == 0 ? from : strcmp(names[i], new_name) == 0 ? to : NULL;
		oracle_set(v, names[i], value ? json_deep_copy(value) : json_null());
	}
	oracle_set(v, "kind", json_string(kind));
	oracle_set(v, "at", json_integer(e->occurred_at));
	oracle_take(v, "by", e->s->in, "actor_id");
	json_array_append_new(list, v);
	if (json_array_size(list) > ADVERSE_MAX) {
		json_array_remove(list, 0);
	}
	e->s->run->stats.adverse[at]++;
}

static int place(const json_t *row)
{
	return oracle_is(row, "layer", "TOP")      ? 1
	       : oracle_is(row, "layer", "MIDDLE") ? 2
	       : oracle_is(row, "layer", "BOTTOM") ? 3
	                                           : 0;
}

static void note_contacts(struct oracle_edit *e)
{
	json_t *seen = json_array(), *id;
	size_t i;
	json_array_foreach(member(e->old, "contact_ids"), i, id)
	{
		if (!holds(member(e->row, "contact_ids"), id) && !holds(seen, id)) {
			note(e, CONTACT, "CONTACT_UNLINKED", "old_code", id, "", NULL);
		}
		json_array_append(seen, id);
	}
	json_decref(seen);
}

static void note_values(struct oracle_edit *e)
{
	const json_t *had = member(e->old, "amount"), *has = member(e->row, "amount");
	bool same = had && has && json_equal(json_object_get(had, "currency"), json_object_get(has, "currency"));
	if (had && (!has || (same && oracle_number(has, "amount_minor") < oracle_number(had, "amount_minor")))) {
		note(e, AMOUNT, "AMOUNT_LOWERED", "old_amount", had, "new_amount", has);
	}
	had = member(e->old, "probability_bp");
	has = member(e->row, "probability_bp");
	if (had && (!has || json_integer_value(has) < json_integer_value(had))) {
		note(e, PROBABILITY, "PROBABILITY_LOWERED", "old_bp", had, "new_bp", has);
	}
}

/* In the order in which they are kept. */
static void note_all(struct oracle_edit *e)
{
	const json_t *was = json_object_get(e->old, "layer"), *owner = member(e->old, "owner_rep_id");
	json_t *lost = json_string("LOST"), *deleted = json_string("DELETED");
	note_contacts(e);
	note_values(e);
	if (place(e->row) && place(e->row) < place(e->old)) {
		note(e, UP, "MOVED_UP", "old_code", was, "new_code", json_object_get(e->row, "layer"));
	}
	if (owner && !json_equal(owner, json_object_get(e->row, "owner_rep_id"))) {
		note(e, OWNER, "OWNER_MOVED", "old_code", owner, "new_code", member(e->row, "owner_rep_id"));
	}
	if (!oracle_is(e->old, "status", "LOST") && oracle_is(e->row, "status", "LOST") &&
	    !oracle_has(e->row, "lost_reason")) {
		note(e, LOST, "LOST_WITHOUT_REASON", "old_code", was, "new_code", lost);
	}
	if (oracle_is(e->old, "lifecycle", "ALIVE") && oracle_is(e->row, "lifecycle", "DELETED")) {
		note(e, DELETED, "DELETED", "old_code", was, "new_code", deleted);
	}
	json_decref(lost);
	json_decref(deleted);
}

void oracle_adverse(struct oracle_edit *e)
{
	const json_t *in = e->s->in;
	if (e->s->of_rules || !e->old || oracle_is(e->old, "layer", "NONE")) {
		return;
	}
	bool by_hand = !oracle_flag(in, "bulk") && !oracle_flag(in, "snapshot");
	bool others = oracle_is(in, "actor_kind", "MANAGER") || oracle_is(in, "actor_kind", "SYSTEM");
	if (strcmp(e->s->name, "ProspectDeleted") == 0 ||
	    (strcmp(e->s->name, "ProspectChanged") == 0 && by_hand && !others)) {
		note_all(e);
	}
}

void oracle_edited(struct oracle_edit *e)
{
	const json_t *in = e->s->in;
	bool named = oracle_is(in, "actor_kind", "REP") || oracle_is(in, "actor_kind", "MANAGER");
	bool person = named || (oracle_has(in, "actor_id") && !oracle_is(in, "actor_kind", "SYSTEM"));
	bool later = !oracle_has(e->row, "edited_by_at") || oracle_number(e->row, "edited_by_at") < e->occurred_at;
	if (person && later && !oracle_flag(in, "bulk") && !oracle_flag(in, "snapshot")) {
		oracle_set(e->row, "edited_by_at", json_integer(e->occurred_at));
		oracle_take(e->row, "edited_by", in, "actor_id");
		e->s->run->stats.edits++;
	}
}

json_t *oracle_adverse_without(const json_t *row, const char *person)
{
	json_t *left = json_array(), *v;
	size_t i;
	json_array_foreach(json_object_get(row, "adverse"), i, v)
	{
		if (!oracle_is(v, "kind", "CONTACT_UNLINKED") || !oracle_is(v, "old_code", person)) {
			json_array_append(left, v);
		}
	}
	return left;
}
