/* Persons in images of lines: who may have been erased is forgotten. */
#include "oracle_rep_internal.h"

/* Whether a line has or had this person, as far as may be known. */
static bool knows(const json_t *line, const json_t *person)
{
	size_t i;
	json_t *v;
	bool known = false;
	json_array_foreach(json_object_get(line, "contact_ids"), i, v)
	{
		known = known || json_equal(v, person);
	}
	json_array_foreach(json_object_get(line, "adverse"), i, v)
	{
		known =
			known || (oracle_is(v, "kind", "CONTACT_UNLINKED") && json_equal(json_object_get(v, "old_code"), person));
	}
	return known;
}

static void forget(struct rep_step *s, json_t *image)
{
	json_t *ids = json_object_get(image, "contact_ids");
	for (size_t i = json_array_size(ids); i-- > 0;) {
		if (!knows(s->in, json_array_get(ids, i))) {
			json_array_remove(ids, i);
			s->fold->stats.forgotten++;
		}
	}
}

void rep_forget_persons(struct rep_step *s, json_t *images)
{
	size_t i;
	json_t *image;
	json_array_foreach(images, i, image)
	{
		if (rep_is_of_sheet(image)) {
			forget(s, image);
		}
	}
}
