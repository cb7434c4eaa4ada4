/* What the demo shows while it plays: a picture on a terminal that is drawn over itself, plain lines in a pipe. */
#ifndef FUNNEL_DEMO_PICTURE_H
#define FUNNEL_DEMO_PICTURE_H

#include "play.h"
#include "view_funnel.h"

enum { PICTURE_LATEST_MAX = 8 };

/* A layer change that was not shown yet. */
struct latest {
	int64_t at_ms;
	char *line;
};

/* A quarter's end: each rep's weighted funnel. */
struct quarter {
	int64_t *weighted; /* by rep, minor units; NULL: not there yet */
	int64_t sum;
};

struct picture {
	struct play *play;
	struct fnl_canvas canvas;
	struct fnl_arena arena;
	int64_t seen[FNL_TOPIC_COUNT][WORLD_PARTITIONS]; /* offsets */
	struct latest latest[PICTURE_LATEST_MAX];        /* in order of time */
	size_t latest_count;
	uint64_t layer_changes;
	uint64_t recalculations;
	struct quarter quarters[PLAY_QUARTERS + 1]; /* and the one that runs */
	size_t quarter_count;
};

/* One at a time: it takes the terminal. */
void picture_open(struct picture *p, struct play *play);
void picture_close(struct picture *p);

/* Reads back and shows a moment; month from 0. */
int picture_show(struct picture *p, int month, int64_t now_ms, struct fnl_error *why) FNL_MUST_USE;
/* The drafted quotas; one of the frozen ones explained; all of them. */
void picture_draft(struct picture *p);
void picture_explained(struct picture *p);
void picture_frozen(struct picture *p);
/* The prospect that sat still. */
void picture_story(struct picture *p);
/* The board of the one who leaves, when his tasks are told; how it went. */
void picture_board(struct picture *p);
void picture_leave(struct picture *p);
/* What shall stay on a terminal when it is over. */
void picture_end(struct picture *p);

#endif
