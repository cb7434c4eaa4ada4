/* The comparison behind `funnelctl verify`: what the changelog says against what the view holds. */
#ifndef FUNNELCTL_VERIFY_H
#define FUNNELCTL_VERIFY_H

#include "funneld/base/map.h"
#include "pairs.h"
#include "verify_sums.h"

enum { FNL_VERIFY_LISTED_MAX = 1000 };

struct fnl_difference {
	int32_t partition;
	const char *kind; /* "missing-in-redis", "only-in-redis", "other-bytes", "other-deadline", "unreadable", "sum",
	                     "elsewhere" … */
	char row[200];    /* table|key */
	char detail[160];
};

/* The latest state of a row by the changelog. */
struct fnl_verify_row {
	struct fnl_map_node node; /* key: table|row key */
	uint64_t digest[2];
	int64_t deadline_ms;
	struct fnl_share share;
	bool deleted;
	bool seen; /* in the view */
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

struct fnl_verify {
	struct fnl_app *app;
	struct fnl_operator *op;
	struct fnl_store *store;
	struct fnl_arena arena;   /* rows of the changelog */
	struct fnl_arena scratch; /* of one row */
	struct fnl_sums sums;     /* counts only when no partition moved */
	struct fnl_verify_partition *partitions;
	size_t partition_count;
	struct fnl_difference *differences;
	size_t difference_count; /* all of them; at most FNL_VERIFY_LISTED_MAX are listed */
	size_t moved_count;
};

/* One full comparison. An error is told with the exit code it should have. Call clear before the next one and at the
 * end. */
int fnl_verify_once(struct fnl_verify *v, int *ret_exit, struct fnl_error *why) FNL_MUST_USE;
/* Partitions that moved to the end become differences of their own. */
void fnl_verify_give_up(struct fnl_verify *v);
void fnl_verify_clear(struct fnl_verify *v);

#endif
