/* Contacts with the customer: folded by id, the latest few are kept, and nothing of persons but their ids. */
#include "prospect_internal.h"

static const struct fnl_value *seen(const struct fnl_value *item)
{
	return item->list.items;
}

static bool counts(const struct fnl_value *contact)
{
	return contact[FNL_CONTACT_SEEN_REACHED].i64 != 0 && contact[FNL_CONTACT_SEEN_RETRACTED].i64 == 0;
}

bool fnl_prospect_latest_reached(struct fnl_list contacts, int64_t *ret_at_ms)
{
	for (size_t i = 0; i < contacts.count; i++) {
		const struct fnl_value *contact = seen(&contacts.items[i]);
		if (counts(contact)) {
			*ret_at_ms = contact[FNL_CONTACT_SEEN_AT].i64; /* the list is sorted, the latest first */
			return true;
		}
	}
	return false;
}

/* The latest first; of the same time the smaller id. */
static bool comes_before(const struct fnl_value *a, const struct fnl_value *b)
{
	int64_t at_a = a[FNL_CONTACT_SEEN_AT].i64;
	int64_t at_b = b[FNL_CONTACT_SEEN_AT].i64;
	if (at_a != at_b) {
		return at_a > at_b;
	}
	return fnl_span_cmp(a[FNL_CONTACT_SEEN_CONTACT_ID].str, b[FNL_CONTACT_SEEN_CONTACT_ID].str) < 0;
}

static const struct fnl_value *find_contact(struct fnl_list contacts, struct fnl_span id)
{
	for (size_t i = 0; i < contacts.count; i++) {
		if (fnl_span_eq(seen(&contacts.items[i])[FNL_CONTACT_SEEN_CONTACT_ID].str, id)) {
			return seen(&contacts.items[i]);
		}
	}
	return NULL;
}

static struct fnl_value *new_contact(struct fnl_prospect_edit *e)
{
	struct fnl_value *c = fnl_arena_calloc(e->in->arena, FNL_CONTACT_SEEN_FIELD_COUNT, sizeof(*c));
	if (c) {
		c[FNL_CONTACT_SEEN_CONTACT_ID] = e->values[FNL_CONTACT_LOGGED_CONTACT_ID];
		c[FNL_CONTACT_SEEN_AT] = e->values[FNL_CONTACT_LOGGED_AT];
		c[FNL_CONTACT_SEEN_OCCURRED_AT] = fnl_value_i64(e->occurred_at_ms);
		c[FNL_CONTACT_SEEN_REACHED] = e->values[FNL_CONTACT_LOGGED_REACHED];
		c[FNL_CONTACT_SEEN_RETRACTED] = e->values[FNL_CONTACT_LOGGED_RETRACTED];
	}
	return c;
}

/* The list with `contact` at its place instead of `old`, cut to the limit. SIZE_MAX in *ret_at: it was cut off. */
static int insert_contact(struct fnl_prospect_edit *e, struct fnl_list list, const struct fnl_value *old,
                          const struct fnl_value *contact, struct fnl_list *ret, size_t *ret_at)
{
	struct fnl_value *items = fnl_arena_calloc(e->in->arena, FNL_PROSPECT_CONTACTS_MAX, sizeof(*items));
	size_t count = 0;
	size_t at = SIZE_MAX;
	if (!items) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i <= list.count && count < FNL_PROSPECT_CONTACTS_MAX; i++) {
		const struct fnl_value *next = i < list.count ? seen(&list.items[i]) : NULL;
		if (at == SIZE_MAX && (!next || (next != old && comes_before(contact, next)))) {
			at = count;
			items[count++] = fnl_value_list(contact, FNL_CONTACT_SEEN_FIELD_COUNT);
		}
		if (next && next != old && count < FNL_PROSPECT_CONTACTS_MAX) {
			items[count++] = list.items[i];
		}
	}
	*ret = (struct fnl_list){items, count};
	*ret_at = at;
	return FNL_OK;
}

/* last_contact_at after `contact` took the place of `old` (or NULL). */
static struct fnl_value last_contact_after(struct fnl_value last, struct fnl_list contacts, const struct fnl_value *old,
                                           const struct fnl_value *contact)
{
	int64_t at_ms = contact[FNL_CONTACT_SEEN_AT].i64;
	/* it was this very contact that set the date, and it is no longer so: the others say what is left */
	if (old && counts(old) && last.set && last.i64 == old[FNL_CONTACT_SEEN_AT].i64 &&
	    (!counts(contact) || at_ms < last.i64)) {
		return fnl_prospect_latest_reached(contacts, &at_ms) ? fnl_value_i64(at_ms) : (struct fnl_value){0};
	}
	if (counts(contact) && (!last.set || last.i64 < at_ms)) {
		return fnl_value_i64(at_ms);
	}
	return last;
}

/* No other contact that still holds is later. */
static bool is_latest(struct fnl_list contacts, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (seen(&contacts.items[i])[FNL_CONTACT_SEEN_RETRACTED].i64 == 0) {
			return false;
		}
	}
	return true;
}

int fnl_prospect_contact_logged(struct fnl_prospect_edit *e)
{
	const struct fnl_value *before = e->in->row;
	struct fnl_list list = before ? before[FNL_PROSPECT_CONTACTS].list : (struct fnl_list){NULL, 0};
	struct fnl_value last = before ? before[FNL_PROSPECT_LAST_CONTACT_AT] : (struct fnl_value){0};
	const struct fnl_value *old = find_contact(list, e->values[FNL_CONTACT_LOGGED_CONTACT_ID].str);
	size_t at = 0;

	if (old && old[FNL_CONTACT_SEEN_OCCURRED_AT].i64 >= e->occurred_at_ms) {
		return fnl_prospect_stale(e);
	}
	const struct fnl_value *contact = new_contact(e);
	int r = contact ? insert_contact(e, list, old, contact, &list, &at) : FNL_E_NOMEM;
	if (r < 0) {
		return r;
	}
	struct fnl_value last_after = last_contact_after(last, list, old, contact);
	if (at == SIZE_MAX && !old && last.set == last_after.set && (!last.set || last.i64 == last_after.i64)) {
		return fnl_prospect_stale(e); /* older than all that are kept */
	}
	r = fnl_prospect_edit_open(e);
	if (r < 0) {
		return r;
	}
	e->row[FNL_PROSPECT_CONTACTS].list = list;
	e->row[FNL_PROSPECT_LAST_CONTACT_AT] = last_after;
	if (e->values[FNL_CONTACT_LOGGED_NEXT_MEETING_ON].set && at != SIZE_MAX &&
	    contact[FNL_CONTACT_SEEN_RETRACTED].i64 == 0 && is_latest(list, at)) {
		e->row[FNL_PROSPECT_NEXT_MEETING_ON] = e->values[FNL_CONTACT_LOGGED_NEXT_MEETING_ON];
	}
	return fnl_prospect_edit_close(e);
}

int fnl_prospect_contact_erased(struct fnl_prospect_edit *e)
{
	const struct fnl_value *before = e->in->row;
	struct fnl_span person_id = e->values[FNL_CONTACT_ERASED_PERSON_ID].str;
	struct fnl_list ids = {NULL, 0};
	struct fnl_list adverse;
	bool was_unlinked;
	size_t count = 0;

	if (before && before[FNL_PROSPECT_CONTACT_IDS].set) {
		ids = before[FNL_PROSPECT_CONTACT_IDS].list;
	}
	struct fnl_value *left = fnl_arena_calloc(e->in->arena, ids.count, sizeof(*left));
	if (!left) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < ids.count; i++) {
		if (!fnl_span_eq(ids.items[i].str, person_id)) {
			left[count++] = ids.items[i];
		}
	}
	int r = fnl_prospect_adverse_without(e, person_id, &adverse, &was_unlinked);
	if (r == FNL_OK && count == ids.count && !was_unlinked) {
		return fnl_prospect_stale(e);
	}
	r = r ? r : fnl_prospect_edit_open(e);
	if (r < 0) {
		return r;
	}
	if (count < ids.count) {
		e->row[FNL_PROSPECT_CONTACT_IDS] = fnl_value_list(left, count);
	}
	e->row[FNL_PROSPECT_ADVERSE] = fnl_value_list(adverse.items, adverse.count);
	return fnl_prospect_edit_close(e);
}
