/* Two years, slice by slice: publish, wait, show; between them the second one's quotas, after them one who
 * leaves. */
#ifndef FUNNEL_DEMO_PLAY_H
#define FUNNEL_DEMO_PLAY_H

#include "leave.h"
#include "quota.h"
#include "stalls.h"
#include "story.h"
#include "truth.h"

enum { PLAY_MONTHS = 24, PLAY_QUARTERS = PLAY_MONTHS / 3, PLAY_QUOTA_YEAR = 2026 };
#define PLAY_FROM_MS INT64_C(1735689600000)  /* 2025-01-01 */
#define PLAY_AS_OF_MS INT64_C(1767225600000) /* 2026-01-01: the end of 31 December */

/* The quotas of one moment, and what they must have been. */
struct play_quotas {
	struct quotas are;
	struct demo_truth_quota *must_be; /* by rep, 0: nobody's */
};

struct play {
	struct world *world;
	const struct fnl_simulation *simulation;
	struct demo_truth truth;
	bool live;          /* redraw in place */
	bool fast;          /* no pauses */
	uint64_t published; /* records for the prospect stage, duplicates and ticks among them */
	uint64_t again;     /* the duplicates */
	uint64_t by_event[FNL_SIM_EVENT_COUNT];
	struct play_quotas draft;
	struct play_quotas frozen;
	struct stalls stalls;
	struct story story;
	struct leave leave;
};

/* 0; FNL_E_… with *why. Ends early, with 0, when somebody asked to stop. */
int play_years(struct play *p, struct fnl_error *why) FNL_MUST_USE;
void play_deinit(struct play *p);

/* Everything that can be asked afterwards; false when one answer is wrong. */
bool check_years(struct play *p, struct fnl_canvas *canvas, struct fnl_error *why);

#endif
