/* Territory proposals of an organisation: asked for, worked out, told, accepted. Pure: no clock, no I/O, memory from
 * the arena only. Values of rows are arrays in the order of the records' fields (Proposal, OrgRep, OrgCell); NULL:
 * there is no such row; borrowed, never changed.
 *
 *   ProposeTerritories                                   AcceptProposal
 *          |                                                   |
 *          v          no currency given                        v     all who receive can still
 *        REPS ------> CURRENCIES ------> CELLS             ACCEPTING ------------------------> ACCEPTED
 *          |    \________________________^ |                 ^   \  somebody cannot
 *          | nobody, or too many           v                 |    \_________________> EXPIRED
 *          v                            TELLING ---------> OPEN ------ its time is over ---^
 *       REFUSED                             \
 *                                            \--> NOT_WORTH_IT
 *
 * An organisation has one proposal, the latest: whoever asks for another one puts an end to it, but not while it is
 * being accepted. What goes through rows (REPS, CURRENCIES, CELLS, TELLING, ACCEPTING) is a page at each firing of the
 * row's timer, which stays due at once until it is done.
 *
 * Compared are the weighted volumes of those who are active and have not resigned. What may move: TOP and MIDDLE
 * (BOTTOM where [territory] move_bottom says so) whose week has come; everything else counts for the volume and stays.
 * Volumes in other currencies than the proposal's are left out, and counted.
 *
 * Accepting is one step: all books that give hear of it together with ProposalAccepted, or nobody does. What happens to
 * the prospects is the books' and the source's business. */
#ifndef FUNNELD_CORE_PROPOSAL_H
#define FUNNELD_CORE_PROPOSAL_H

#include "funneld/core/org.h"

enum {
	FNL_PROPOSAL_REPS_MAX = 256,
	FNL_PROPOSAL_CELLS_MAX = 256, /* of a rep, by layer */
	FNL_PROPOSAL_PAGE_ROWS = 100,
	FNL_PROPOSAL_PAGE_MOVES = 100,
	FNL_PROPOSAL_FORMER_MAX = 16,
	FNL_PROPOSAL_ROW_BYTES_MAX = 800000, /* of reps and cells in the row: below Kafka's message.max.bytes; a cell has 64
	                                        and its codes */
	/* one for each book, and what is told */
	FNL_PROPOSAL_EVENTS_MAX = FNL_PROPOSAL_REPS_MAX + 2
};

/* Events: ProposalMove, TerritoryProposal, ProposalExpired, ProposalAccepted are told; BookMoves is sent to its book;
 * CommandRejected answers a command. In the order in which they are to go out. */
struct fnl_proposal_out {
	struct fnl_value *row; /* NULL: unchanged */
	struct fnl_event_out *events;
	size_t event_count;
	struct fnl_span cause_id; /* of the events */
	struct fnl_span correlation_id;
	bool stale;
};

/* ProposeTerritories and AcceptProposal (desc). FNL_OK, FNL_E_NOMEM, or FNL_E_INVALID, FNL_E_LIMIT with *why: the input
 * is poison. The same command again is stale. */
int fnl_proposal_command(const struct fnl_org_in *in, const struct fnl_value *row, const struct fnl_record_desc *desc,
                         const struct fnl_value *event, struct fnl_proposal_out *ret,
                         struct fnl_error *why) FNL_MUST_USE;

/* What the row's timer needs: pages of the organisation's rows, or none. */
enum fnl_proposal_page_of { FNL_PROPOSAL_PAGE_NONE, FNL_PROPOSAL_PAGE_REPS, FNL_PROPOSAL_PAGE_CELLS };
struct fnl_proposal_need {
	enum fnl_proposal_page_of of;
	struct fnl_span after; /* a whole key; absent: from the first one on */
};
struct fnl_proposal_need fnl_proposal_needs(const struct fnl_value *row);

struct fnl_proposal_page {
	const struct fnl_value *const *rows; /* OrgRep or OrgCell, decoded */
	size_t count;
	bool last;                /* there are no more */
	struct fnl_span last_key; /* of the page's last row; if there is one */
};
/* A firing. FNL_E_NOMEM; FNL_E_STATE, FNL_E_LIMIT with *why: the rows contradict each other, and the engine stops. */
int fnl_proposal_step(const struct fnl_org_in *in, const struct fnl_value *row, const struct fnl_proposal_page *page,
                      struct fnl_proposal_out *ret, struct fnl_error *why) FNL_MUST_USE;

#endif
