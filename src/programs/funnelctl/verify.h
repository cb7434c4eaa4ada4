/* The comparison behind `funnelctl verify`: what the changelog says against what the view holds. */
#ifndef FUNNELCTL_VERIFY_H
#define FUNNELCTL_VERIFY_H

#include "funneld/base/map.h"
#include "pairs.h"
#include "verify_books.h"
#include "verify_sums.h"

enum { FNL_VERIFY_LISTED_MAX = 1000 };

struct fnl_difference {
	const char *stage;
	int32_t partition; /* -1: of the stage as a whole */
	const char *kind;  /* "missing-in-redis", "only-in-redis", "other-bytes", "other-deadline", "unreadable", "sum",
	                      "not-in-index", "conservation", "in-flight", "elsewhere" … */
	char row[200];     /* table|key */
	char detail[160];
};

/* The latest state of a row by the changelog. */
struct fnl_verify_row {
	struct fnl_map_node node; /* key: table|row key */
	uint64_t digest[2];
	int64_t deadline_ms;
	struct fnl_share share;
	struct fnl_books_part *parts;
	size_t part_count;
	uint8_t table;
	bool deleted;
	bool unsent;  /* a prospect that has not sent a line yet */
	bool seen;    /* in the view */
	bool indexed; /* in the view's index of a paged table */
};

struct fnl_verify_partition {
	struct fnl_pair pair;
	struct fnl_map rows;
	struct fnl_applied applied;
	bool moved; /* a worker was writing while it was read: nothing can be said */
	size_t rows_changelog;
	size_t rows_redis;
	size_t timers;
};

struct fnl_verify_stage {
	const struct fnl_app_stage *s;
	struct fnl_operator *op;
	struct fnl_store *store;
	struct fnl_verify_partition *partitions;
	size_t partition_count;
};

struct fnl_verify {
	struct fnl_app *app;
	struct fnl_codec *codec;
	struct fnl_arena arena;   /* rows of the changelogs */
	struct fnl_arena scratch; /* of one row */
	struct fnl_sums sums;     /* counts only when no partition moved */
	struct fnl_books books;   /* likewise, and only when nothing was on its way */
	struct fnl_verify_stage stages[FNL_APP_STAGE_COUNT];
	struct fnl_difference *differences;
	size_t difference_count; /* all of them; at most FNL_VERIFY_LISTED_MAX are listed */
	size_t moved_count;
	bool in_flight; /* lines or cells were on their way from one stage to the next: their sums say nothing */
};

/* One full comparison. An error is told with the exit code it should have. Call clear before the next one and at the
 * end. */
int fnl_verify_once(struct fnl_verify *v, int *ret_exit, struct fnl_error *why) FNL_MUST_USE;
/* What moved to the end becomes differences of its own. */
void fnl_verify_give_up(struct fnl_verify *v);
void fnl_verify_clear(struct fnl_verify *v);

#endif
