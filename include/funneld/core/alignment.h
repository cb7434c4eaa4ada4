/* Which cells change their rep so that the reps' volumes are more alike: the arithmetic of a territory proposal. Pure,
 * in integers, the same on every machine and for any order of reps and cells; what may be spent is counted in steps,
 * never in time.
 *
 * A cell is what a rep has of a region, industry, size band and layer. Its movable part moves as a whole or stays; what
 * is kept (BOTTOM, who was contacted of late, who was moved of late) stays in any case and counts for the volume.
 *
 * What is sought: the least coefficient of variation of the reps' volumes (their mean is given, so: the least sum of
 * squares), then the fewest prospects that change their rep; of equals always the same one. Within the limits:
 *   - moved prospects, all together: at most moved_max_bp of the organisation's, rounded down;
 *   - a rep gives at most moved_per_rep_max and receives at most as many. Each for itself, since each is a burden of
 *     its own: customers who lose the one they know, and customers whom somebody has to learn. A rep who is rich gives
 *     and one who is poor receives, so few do both; summed up the limit would halve what a swap may exchange;
 *   - whoever receives anything has at most count_max prospects after it; one who has more already only gives;
 *   - only to reps who may receive, and who may have the region and the industry.
 *
 * What a move is for. M is the reps' mean volume.
 *   - What one rep has of a region is rich above split_above_bp of M: it is split by focus. Of a rich region each
 *     receiver gets one industry or one size band only, of those by which the region is divided at all.
 *   - A region is poor when all of it is below merge_below_bp of M: it is merged. What a rep has of it moves whole or
 *     stays, and all that moves goes to one rep.
 *   - Industries in the same way, split by region or size band.
 *   A cell goes by the first of: rich region, rich industry, poor region, poor industry. Everything else is BALANCE.
 * These rules are kept in all moves as long as the coefficient is at most focus_share_bp of itself above the best one
 * that is found without them. If it is more, exceptions are made one after the other, the best first, until it is not;
 * if that does not lead there, the best one without the rules is proposed. Moves that break a rule are called BALANCE.
 *
 * Method: sales territory alignment by assignment of sales coverage units with a minimum of disruption (S. W. Hess, S.
 * A. Samuels, Experiences with a sales districting model, Management Science 18, 1971, P41-P54; A. A. Zoltners, P.
 * Sinha, Sales territory alignment: a review and model, Management Science 29, 1983, 1237-1256, and Sales territory
 * design: thirty years of modeling and implementation, Marketing Science 24, 2005, 313-331; J. Kalcsics, S. Nickel, M.
 * Schroeder, Towards a unified territorial design approach, TOP 13, 2005, 1-56); without its geometry, since what
 * counts here is volume. As balanced partitioning (R. L. Graham, Bounds on multiprocessing timing anomalies, SIAM J.
 * Appl. Math. 17, 1969, 416-429): from today's layout, the best single move to the lightest rep who may have it; when
 * there is none, the best swap of two cells between a heavy and a light rep; then the best return of a moved cell
 * together with the move of another. Twice: by what a move gains, and by what it gains a prospect, for where the limits
 * are what binds. Up to FNL_ALIGNMENT_TREE_… movable cells and reps branch and bound follows, with the sum of squares
 * that is left when all undecided volume is poured over the lightest reps as its bound; it is the optimum when it ends
 * within its nodes. */
#ifndef FUNNELD_CORE_ALIGNMENT_H
#define FUNNELD_CORE_ALIGNMENT_H

#include "funneld/base/arena.h"
#include "funneld/core/rules.h"

/* All volumes, so that the products of their squares stay within 128 bits: 2.9 * 10^15 in a currency of two digits. */
#define FNL_ALIGNMENT_TOTAL_MAX (INT64_C(1) << 58)

enum {
	FNL_ALIGNMENT_REPS_MAX = 1024,
	FNL_ALIGNMENT_CELLS_MAX = 16384,
	FNL_ALIGNMENT_CODES_MAX = 1024,     /* regions; industries */
	FNL_ALIGNMENT_TREE_UNITS_MAX = 24,  /* movable cells, */
	FNL_ALIGNMENT_TREE_REPS_MAX = 12,   /* and reps, up to which the optimum is looked for */
	FNL_ALIGNMENT_NODES_MAX = 1000000,  /* of each branch and bound; there are two at most */
	FNL_ALIGNMENT_STEPS_MAX = 50000000, /* candidates of all local search */
};

/* How unlike numbers are. Rounded up, so that "at most" holds for the number as for what it stands for. */
struct fnl_alignment_spread {
	int64_t min;
	int64_t max;
	int64_t total;
	int64_t max_min_bp;   /* the largest over the smallest; 0: none, since the smallest is 0. At most INT64_MAX */
	int64_t variation_bp; /* coefficient of variation, of the whole, not of a sample; 0 where the total is 0 */
};

/* FNL_E_INVALID: none at all, more than FNL_ALIGNMENT_REPS_MAX, or one below 0; FNL_E_LIMIT: more than
 * FNL_ALIGNMENT_TOTAL_MAX together. */
int fnl_alignment_spread_of(const int64_t *values, size_t count, struct fnl_alignment_spread *ret) FNL_MUST_USE;

/* [territory] of the rules, which says why. */
struct fnl_alignment_limits {
	int64_t spread_max_bp;
	int64_t variation_max_bp;
	int64_t split_above_bp;
	int64_t merge_below_bp;
	int64_t moved_max_bp;
	int64_t moved_per_rep_max;
	int64_t improvement_min_bp;
	int64_t focus_share_bp; /* 0: a focus is kept only where it costs nothing */
};
struct fnl_alignment_limits fnl_alignment_limits_of(const struct fnl_rules *rules);

struct fnl_alignment_rep {
	struct fnl_span id; /* each once; decides between equals, by bytes */
	int64_t count_max;  /* prospects, kept ones too; below 0: no limit */
	bool receives;      /* may be given something at all */
};

/* Counts and volumes >= 0, all counts together at most INT32_MAX. */
struct fnl_alignment_cell {
	uint32_t rep;      /* in reps */
	uint32_t region;   /* below region_count; regions and industries are numbered by their codes, not by their order */
	uint32_t industry; /* below industry_count */
	uint32_t size_band;
	uint32_t layer;
	int64_t count; /* prospects that may move, together or not at all; 0: none */
	int64_t volume;
	int64_t kept_count; /* those that stay */
	int64_t kept_volume;
};

struct fnl_alignment_in {
	const struct fnl_alignment_rep *reps; /* all whose volumes are to be alike */
	size_t rep_count;
	const struct fnl_alignment_cell *cells; /* several of one kind are legal: each moves by itself */
	size_t cell_count;
	size_t region_count;
	size_t industry_count;
	const bool *has_region;   /* [rep * region_count + region]: he may be given cells of it; NULL: everybody all */
	const bool *has_industry; /* [rep * industry_count + industry]; NULL as well */
	struct fnl_alignment_limits limits;
	struct fnl_arena *arena; /* some 100 bytes a cell, 20 a rep and region or industry */
};

enum fnl_alignment_reason {
	FNL_ALIGNMENT_BALANCE,
	FNL_ALIGNMENT_SPLIT_REGION,
	FNL_ALIGNMENT_SPLIT_INDUSTRY,
	FNL_ALIGNMENT_MERGE_REGION,
	FNL_ALIGNMENT_MERGE_INDUSTRY,
	FNL_ALIGNMENT_REASON_COUNT
};

/* By what something rich is split. */
enum fnl_alignment_focus {
	FNL_ALIGNMENT_BY_NOTHING, /* no split, or nothing to split it by: one industry, one size band */
	FNL_ALIGNMENT_BY_INDUSTRY,
	FNL_ALIGNMENT_BY_REGION,
	FNL_ALIGNMENT_BY_SIZE,
	FNL_ALIGNMENT_FOCUS_COUNT
};

struct fnl_alignment_move {
	uint32_t cell; /* in cells: its movable part, from its rep */
	uint32_t to;   /* in reps */
	enum fnl_alignment_reason reason;
	enum fnl_alignment_focus focus;
};

/* How the proposal came to be. */
enum fnl_alignment_kept {
	FNL_ALIGNMENT_RULES_KEPT, /* all moves keep the rules of focus */
	FNL_ALIGNMENT_RULES_BENT, /* with exceptions */
	FNL_ALIGNMENT_RULES_LEFT  /* the best one without them */
};

struct fnl_alignment {
	const struct fnl_alignment_move *moves; /* in the arena; by the giver's id, region, industry, size band, layer */
	size_t move_count;
	int64_t moved_count; /* prospects that change their rep */
	struct fnl_alignment_spread volume_before;
	struct fnl_alignment_spread volume_after; /* its variation is never above that before */
	struct fnl_alignment_spread count_before;
	struct fnl_alignment_spread count_after;
	bool improves_enough; /* something moves, and the variation falls by at least improvement_min_bp of itself */
	bool is_on_target;    /* after it: variation and max/min are within their limits */
	enum fnl_alignment_kept kept;
	bool is_optimal; /* branch and bound went through: nothing within the limits is better, but for the focus' share */
	int64_t steps;   /* what it cost */
	int64_t nodes;
};

/* No moves where nothing betters today's layout. FNL_E_INVALID: not as it is said above (no reps is; no cells is not);
 * FNL_E_LIMIT: more reps, cells, codes, volume or prospects than are allowed; FNL_E_NOMEM. */
int fnl_alignment_propose(const struct fnl_alignment_in *in, struct fnl_alignment *ret) FNL_MUST_USE;

#endif
