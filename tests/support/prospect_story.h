/* What happens to prospect "p1" of source "crm" in a world, told with times of the calendar, and what its books hear.
 * For cmocka tests: what cannot be is a failed assertion. */
#ifndef FNL_TESTS_PROSPECT_STORY_H
#define FNL_TESTS_PROSPECT_STORY_H

#include "prospect_world.h"

/* It is that time from now on: "2024-06-10 09:00". */
void story_at(struct fnl_world *w, const char *when);
void story_apply(struct fnl_world *w, struct fnl_input in);

/* Something happened now; each with the next version. */
struct fnl_input story_change(struct fnl_world *w);
struct fnl_input story_life(struct fnl_world *w, const struct fnl_record_desc *desc);
void story_change_text(struct fnl_world *w, int field, const char *text);
void story_change_day(struct fnl_world *w, int field, const char *day);
void story_change_status(struct fnl_world *w, int status);
void story_contact(struct fnl_world *w, const char *id);
/* carries_contacts: -1, it does not say. */
void story_heartbeat(struct fnl_world *w, int carries_contacts);
/* Of rep "a", to question "2" of his sheet "a#3", confirmed. */
struct fnl_input story_answer(const struct fnl_world *w, const char *id, int cause);
/* An owned prospect of the bottom with an amount. */
struct fnl_input story_bottom(struct fnl_world *w);
/* It is born on Monday 2024-06-10 09:00. */
void story_born(struct fnl_world *w);
/* As the clock of events goes: each timer of the row at its very moment. How many fired. */
size_t story_until(struct fnl_world *w, const char *when);

/* "Mon 06-10 09:00", or "never". */
const char *story_moment(struct fnl_value v);
/* As fnl_stalls_text, without detail. */
const char *story_stalls(struct fnl_list list);
/* The line of a book in the last outcome, which says what the row does. */
const struct fnl_value *story_told(const struct fnl_world *w, const char *book, int state);
void story_nobody_heard(const struct fnl_world *w);

#endif
