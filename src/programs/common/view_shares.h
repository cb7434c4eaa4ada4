/* What the two forms of an organisation's territories have in common. */
#ifndef FNL_PROGRAMS_VIEW_SHARES_H
#define FNL_PROGRAMS_VIEW_SHARES_H

#include "funneld/core/alignment.h"
#include "view_moment.h"
#include "view_record.h"
#include "view_territories.h"

struct fnl_shares_rep {
	struct fnl_span id;
	bool compared; /* active, and has not given notice: as a proposal has it */
	int64_t volume;
	int64_t count;
};

/* What a rep has of a cell, as far as it is told apart. */
struct fnl_shares_part {
	struct fnl_span region; /* empty: none */
	struct fnl_span industry;
	struct fnl_span size;
	int64_t layer;
	struct fnl_span rep;
	int64_t volume;
	int64_t count;
};

/* One region or industry that the rules call rich (what one rep has of it) or poor (all of it). */
struct fnl_shares_finding {
	bool is_rich;
	bool is_industry;
	struct fnl_span code;
	struct fnl_span rep; /* of what is rich */
	int64_t volume;
	int64_t of_mean_bp; /* of the mean volume of a rep */
};

struct fnl_shares_move {
	struct fnl_span from;
	const struct fnl_value *cell; /* ProposalCell */
};

struct fnl_shares_proposal {
	struct fnl_view_row row; /* row == NULL: there is none */
	bool is_planned;         /* what would move is known, and with it all below */
	size_t rep_count;
	int64_t *volume_before; /* of each of its reps, as the row has them */
	int64_t *volume_after;
	int64_t *count_before;
	int64_t *count_after;
	struct fnl_alignment_spread volume_spread[2]; /* before and after */
	struct fnl_alignment_spread count_spread[2];
	struct fnl_shares_move *moves;
	size_t move_count;
	int64_t moved_count;
};

struct fnl_shares {
	const struct fnl_rows *rows;
	const struct fnl_territories_question *q;
	struct fnl_arena arena;
	struct fnl_moment moment;
	struct fnl_alignment_limits limits;
	char currency[4];
	struct fnl_shares_rep *reps; /* the most volume first; those that are not compared behind */
	size_t rep_count;
	size_t rep_capacity;
	size_t compared_count;
	struct fnl_shares_part *parts; /* by region, industry, size, layer; of one cell the most volume first */
	size_t part_count;
	size_t part_capacity;
	struct fnl_shares_finding *findings; /* rich, then poor; the most volume first */
	size_t finding_count;
	int64_t not_converted_count;
	struct fnl_alignment_spread volume; /* of those that are compared; zeroed when nobody is */
	struct fnl_alignment_spread count;
	struct fnl_shares_proposal proposal;
	struct fnl_error *why;
};

/* Unmake it in any case. 0; FNL_VIEW_NO_ORG; FNL_E_… with *why. */
int fnl_shares_make(const struct fnl_rows *rows, const struct fnl_territories_question *q, struct fnl_shares *s,
                    struct fnl_error *why) FNL_MUST_USE;
void fnl_shares_unmake(struct fnl_shares *s);

/* What is rich and poor; the proposal. Steps of the one above. */
int fnl_shares_find(struct fnl_shares *s) FNL_MUST_USE;
int fnl_shares_propose(struct fnl_shares *s) FNL_MUST_USE;
/* Zeroed where there is nobody, and beyond what a proposal could add up. */
int fnl_shares_spread(const int64_t *values, size_t count, struct fnl_alignment_spread *ret) FNL_MUST_USE;

bool fnl_shares_same_cell(const struct fnl_shares_part *a, const struct fnl_shares_part *b);
/* The row's rep i: ProposalRep. */
const struct fnl_value *fnl_shares_proposal_rep(const struct fnl_shares_proposal *p, size_t i);

#endif
