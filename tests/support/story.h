/* Supervision told as a story: what happens to one prospect, line by line, and after each line what stalls, who has
 * heard of it, and when it is looked at next. Default rules until the test changes them; Monday to Friday, UTC.
 *
 * A line is "MOMENT VERB [ARGUMENT] [=> STALLS | NEXT]". After each verb the prospect is looked at, at that moment.
 *   look · quiet              nothing happens · the same by a snapshot
 *   enter LAYER               its layer changes
 *   contact · created         reached the customer · was made in the source
 *   edit · crm-edit           somebody edited it, as we saw · as the source says
 *   owner · reopened          it goes to another rep · comes back from the dead
 *   meeting DAY|-             the next meeting
 *   close DAY|- · bulk DAY    the expected close date, by hand · in bulk
 *   amount yes|no · stage S   what else there is to say
 *   feed speaks|silent|mute   mute: it carries no contacts
 * DETAIL instead of => : with since, over_at and alert_at; only the stalls. */
#ifndef FNL_TESTS_STORY_H
#define FNL_TESTS_STORY_H

#include "supervised.h"

struct fnl_story {
	struct fnl_supervised s;
	int64_t at_ms;
	enum fnl_supervision_cause cause;
	const char *line;
};

struct fnl_story fnl_story_begin(void);
/* Fails the test when the line's expectation is not met. */
void fnl_story_line(struct fnl_story *t, const char *line);
/* The last lines, until NULL. */
void fnl_story_end(struct fnl_story *t, const char *const *lines);

#define TELL(...) \
	do { \
		struct fnl_story t = fnl_story_begin(); \
		fnl_story_end(&t, (const char *const[]){__VA_ARGS__, NULL}); \
	} while (0)
#define TELL_ON(t, ...) fnl_story_end(&(t), (const char *const[]){__VA_ARGS__, NULL})

#endif
