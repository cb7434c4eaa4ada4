/* The contacts that a row remembers. */
#include "oracle_internal.h"

enum { CONTACTS_MAX = 8 };

bool oracle_contact_counts(const json_t *contact)
{
	return oracle_flag(contact, "reached") && !oracle_flag(contact, "retracted");
}

/* `at` of the latest contact that reached the customer; INT64_MIN: none. */
int64_t oracle_contact_latest(const json_t *contacts)
{
	int64_t latest = INT64_MIN;
	size_t i;
	json_t *c;
	json_array_foreach(contacts, i, c)
	{
		if (oracle_contact_counts(c) && oracle_number(c, "at") > latest) {
			latest = oracle_number(c, "at");
		}
	}
	return latest;
}

static bool comes_before(const json_t *a, const json_t *b)
{
	int64_t at_a = oracle_number(a, "at"), at_b = oracle_number(b, "at");
	if (at_a != at_b) {
		return at_a > at_b;
	}
	return strcmp(oracle_text(a, "contact_id"), oracle_text(b, "contact_id")) < 0;
}

/* The contacts but the old version of this one, with it at its place, at most eight. *ret_kept: it is among them;
 * *ret_latest: and none that holds is before it. */
json_t *oracle_contacts_with(const json_t *list, const char *id, json_t *contact, bool *ret_kept, bool *ret_latest)
{
	json_t *all = json_array();
	size_t i, place = 0;
	json_t *c;
	json_array_foreach(list, i, c)
	{
		if (!oracle_is(c, "contact_id", id)) {
			json_array_append(all, c);
		}
	}
	*ret_latest = true;
	while (place < json_array_size(all) && !comes_before(contact, json_array_get(all, place))) {
		*ret_latest = *ret_latest && oracle_flag(json_array_get(all, place), "retracted");
		place++;
	}
	json_array_insert(all, place, contact);
	*ret_kept = place < CONTACTS_MAX;
	while (json_array_size(all) > CONTACTS_MAX) {
		json_array_remove(all, CONTACTS_MAX);
	}
	return all;
}
