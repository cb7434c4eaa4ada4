/* The year, slice by slice: publish, wait, show. */
#ifndef FUNNEL_DEMO_PLAY_H
#define FUNNEL_DEMO_PLAY_H

#include "generate.h"
#include "rows_table.h"
#include "view_text.h"
#include "world.h"

struct play {
	struct world *world;
	const struct demo_year *year;
	struct demo_truth truth;
	bool live;          /* redraw in place */
	bool fast;          /* no pauses */
	uint64_t published; /* records from the generator, duplicates among them */
	uint64_t again;     /* the duplicates */
	uint64_t by_kind[DEMO_KIND_COUNT];
	uint64_t ticks;
};

/* 0; FNL_E_… with *why. Ends early, with 0, when somebody asked to stop. */
int play_year(struct play *p, struct fnl_error *why) FNL_MUST_USE;

/* Everything that can be asked afterwards; false when one answer is wrong. */
bool check_year(struct play *p, struct fnl_canvas *canvas, struct fnl_error *why);

#endif
