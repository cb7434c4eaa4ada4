/* Shared by the files of territory proposals. */
#ifndef FNL_CORE_PROPOSAL_INTERNAL_H
#define FNL_CORE_PROPOSAL_INTERNAL_H

#include "funneld/core/alignment.h"
#include "funneld/core/proposal.h"
#include "org_internal.h"
#include "rules_internal.h"

/* A step on its way. */
struct fnl_proposing {
	const struct fnl_org_in *in;
	const struct fnl_proposal_page *page; /* NULL: a command */
	struct fnl_value *row;                /* a copy */
	struct fnl_proposal_out out;
	struct fnl_error *why;
};

/* --- proposal.c --- */
/* Values of a new event; NULL: no memory. It is told, or sent, once it is filled. */
struct fnl_value *fnl_proposing_event(struct fnl_proposing *p, const struct fnl_record_desc *desc);
/* A command is refused. */
int fnl_proposing_reject(struct fnl_proposing *p, const struct fnl_record_desc *desc, struct fnl_value command_id,
                         struct fnl_value issued_by, int reason);

/* --- proposal_collect.c --- */
int fnl_proposing_reps(struct fnl_proposing *p);
int fnl_proposing_currencies(struct fnl_proposing *p);
int fnl_proposing_cells(struct fnl_proposing *p);

/* --- proposal_plan.c --- */
/* All cells are there: which of them move where. */
int fnl_proposing_plan(struct fnl_proposing *p);
/* A page of the moves, and at the end the proposal. */
int fnl_proposing_tell(struct fnl_proposing *p);

static inline const struct fnl_value *fnl_proposal_rep(const struct fnl_value *row, size_t at)
{
	return row[FNL_PROPOSAL_REPS].list.items[at].list.items;
}

#endif
