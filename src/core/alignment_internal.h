/* Shared by the files that make up the alignment. Reps and blocks stand in an order of their own, by ids and keys, so
 * that the caller's does not matter. */
#ifndef FNL_CORE_ALIGNMENT_INTERNAL_H
#define FNL_CORE_ALIGNMENT_INTERNAL_H

#include "funneld/core/alignment.h"

#define FNL_ALIGN_NONE UINT32_MAX

/* The movable part of a cell. */
struct fnl_align_block {
	const struct fnl_alignment_cell *cell;
	uint32_t rep;
	uint32_t group; /* what it is rich or poor with, or NONE */
	uint32_t next;  /* of its unit, or NONE */
};

/* Something rich, of one rep, or something poor, of all. */
struct fnl_align_group {
	enum fnl_alignment_reason reason;
	bool by_code; /* a rich region: whether its blocks are of several industries; a rich industry: regions */
	bool by_size; /* of several size bands */
	uint32_t first_block;
};

struct fnl_align_org {
	const struct fnl_alignment_in *in;
	struct fnl_arena *arena;
	uint32_t rep_count;
	uint32_t *reps;  /* the caller's index of each */
	int64_t *volume; /* of each rep, today */
	int64_t *count;
	int64_t total_volume;
	int64_t total_count;
	int64_t moved_max;
	struct fnl_align_block *blocks;
	uint32_t block_count;
	struct fnl_align_group *groups;
	uint32_t group_count;
};

/* What moves as one: a block, or what a rep has of something poor while that is kept together. */
struct fnl_align_unit {
	int64_t volume;
	int64_t count;
	uint32_t origin;
	uint32_t block; /* its first one */
	uint32_t group; /* NONE where the rules of focus do not matter */
	uint32_t next_of_group;
	bool may_move; /* within the limits by itself, and somebody may have it */
};

/* A layout. */
struct fnl_align_layout {
	uint32_t *at; /* of each unit: its rep */
	__int128 squares;
	int64_t moved;
};

struct fnl_align_search {
	const struct fnl_align_org *org;
	struct fnl_align_unit *units;
	uint32_t unit_count;
	uint32_t *group_units; /* first one of each group */
	struct fnl_align_layout now;
	/* of each rep, by `now` */
	int64_t *volume;
	int64_t *count;
	int64_t *given;
	int64_t *received;
	uint32_t *order;  /* by volume, the lightest first */
	uint32_t *bucket; /* units of each rep: the first, */
	uint32_t *bucket_next;
	bool by_rate;             /* rank moves by what they gain a prospect */
	__int128 enough;          /* stops when the squares are within the factor of these; */
	int64_t enough_factor_bp; /* 0: never */
	int64_t steps;
	int64_t steps_max;
};

/* alignment_org.c: the organisation in its order, and what is rich or poor in it. FNL_E_INVALID, FNL_E_LIMIT, NOMEM. */
int fnl_align_org_make(const struct fnl_alignment_in *in, struct fnl_align_org *ret) FNL_MUST_USE;
/* By which of its two dimensions two blocks of a rich group go together. */
bool fnl_align_same_code(const struct fnl_align_group *g, const struct fnl_align_block *a,
                         const struct fnl_align_block *b);

/* alignment_units.c. The units: with the rules of focus or without. FNL_E_NOMEM. */
int fnl_align_search_make(struct fnl_align_org *org, bool has_focus, struct fnl_align_search *ret) FNL_MUST_USE;
/* Today's layout, or the given one of all blocks. */
void fnl_align_search_start(struct fnl_align_search *s, const uint32_t *at_of_blocks);
/* Puts a unit elsewhere, whatever the limits say; the order of reps is kept by the other. */
void fnl_align_shift(struct fnl_align_search *s, uint32_t unit, uint32_t to);
void fnl_align_keep_order(struct fnl_align_search *s);
/* To where no step betters it, or steps_max are spent. */
void fnl_align_search_run(struct fnl_align_search *s);
/* Where each block is by `now`. */
void fnl_align_search_blocks(const struct fnl_align_search *s, uint32_t *ret_at_of_blocks);
/* Whether a unit that is not at home may be where it is, for its group, and whether a rep may have it. */
bool fnl_align_keeps_focus(const struct fnl_align_search *s, const uint32_t *at, uint32_t unit);
bool fnl_align_welcomes(const struct fnl_align_search *s, uint32_t unit, uint32_t rep);
bool fnl_align_has_room(const struct fnl_align_org *org, uint32_t rep, int64_t count);

/* alignment_tree.c: betters `best`, which has an entry of each unit, to the optimum. True when it went through; small
 * searches only. */
bool fnl_align_tree(const struct fnl_align_search *s, struct fnl_align_layout *best, int64_t *nodes);
bool fnl_align_is_small(const struct fnl_align_search *s);

/* alignment.c: variation(a) <= variation(b) * factor_bp, of sums of squares. */
bool fnl_align_is_within(const struct fnl_align_org *org, __int128 a, __int128 b, int64_t factor_bp);

/* alignment_moves.c: the moves with their reasons. FNL_E_NOMEM. */
int fnl_align_moves(const struct fnl_align_org *org, const uint32_t *at_of_blocks,
                    struct fnl_alignment *ret) FNL_MUST_USE;

#endif
