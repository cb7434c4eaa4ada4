/* A prospect under supervision, and what there is to say of it as text. */
#ifndef FNL_TESTS_SUPERVISED_H
#define FNL_TESTS_SUPERVISED_H

#include "funneld/core/supervision.h"

enum { FNL_SUPERVISED_TEXT_MAX = 1024 };

/* Only what supervision looks at is set: an open prospect in no layer, with no dates at all and an amount. */
struct fnl_supervised {
	struct fnl_value row[FNL_PROSPECT_FIELD_COUNT];
	struct fnl_rules rules; /* the defaults, to be changed */
	struct fnl_feed_state feed;
	struct fnl_arena arena;
	bool changed; /* by the last look */
	int64_t deadline_ms;
};

void fnl_supervised_start(struct fnl_supervised *s);
void fnl_supervised_end(struct fnl_supervised *s);
void fnl_supervised_set(struct fnl_supervised *s, int field, int64_t v);
void fnl_supervised_answer(struct fnl_supervised *s, int64_t at_ms, int cause, bool confirmed);
/* Aborts on an error. */
void fnl_supervised_look(struct fnl_supervised *s, enum fnl_supervision_cause cause, int64_t now_ms);
void fnl_supervised_layer(struct fnl_supervised *s, int layer, int64_t at_ms);

/* "2024-06-12 09:30" or "2024-06-12", UTC; aborts on anything else. No code of ours is asked. */
int64_t fnl_moment(const char *text);
/* "Wed 06-12 09:30" */
const char *fnl_moment_text(int64_t at_ms, char ret[32]);
/* n Mondays to Fridays before at_ms, at the same time of the day; at_ms is on one of them. */
int64_t fnl_weekdays_before(int64_t at_ms, int n);

/* "STUCK IN_LAYER REP; STALE NO_EDIT MANAGER", of level NONE "… NONE until Wed 06-12 09:30" or "… NONE for good";
 * detail: with since and over_at; "nothing". */
void fnl_stalls_text(struct fnl_list stalls, bool detail, char ret[FNL_SUPERVISED_TEXT_MAX]);
/* "confirmed BUYER_DILEMMA, TAKEN_BY_COMPETITOR": suspected where nothing is said; "-": none. */
void fnl_candidates_text(const struct fnl_candidate *c, size_t count, char ret[FNL_SUPERVISED_TEXT_MAX]);

#endif
