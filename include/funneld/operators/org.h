/* The org stage: an organisation's directory of reps, who could take a funnel over, how many handed-over prospects are
 * lost as a rule, what its reps have in their cells, how its territories could be shared out, and how its reps stand in
 * a year. Input: what the rep stage sends under "org:<organisation>": RepEntry, CellImage, RepYear, SuccessorAsked,
 * BaseRateAsked, HandoverOutcome; commands that the router re-keyed: ProposeTerritories, AcceptProposal,
 * ScorePerformance; RulesActivated; with clock = event StageTime, as the rep stage has it of the prospect stage.
 *
 * Answers (SuccessorCandidates, OrgBaseRate) go back to the rep stage's input under the book that asked, as causes of
 * nothing more to ask: they name the cause behind their question. So do an accepted proposal's BookMoves, under the
 * book that gives; they name the AcceptProposal.
 *
 * ce_id of what it tells = UUIDv5(cause's id, type, subject). Subject: of TerritoryProposal, ProposalExpired and
 * ProposalAccepted "<org>|<proposal id>", of ProposalMove "<org>|<proposal id>|<number>", of PerformanceScored
 * "<org>|<fiscal year>|<rep id>|<as_of>", of CommandRejected the command's id. Cause: of what is proposed the
 * ProposeTerritories, of what follows from accepting the AcceptProposal, of a score the ScorePerformance or, at a
 * month's beginning, the timer. Numbers are as the record has them. */
#ifndef FUNNELD_OPERATORS_ORG_H
#define FUNNELD_OPERATORS_ORG_H

#include "funneld/operators/prospect.h"

/* Tables, output topics and names of the stage; the same everywhere. Row keys: rep: "<org>|<rep id>"; handover:
 * "<org>|<book>|<notice id>"; question: "<org>|<book>|<request id>"; cell: "<org>|<book>|<region>|<industry>|<size
 * focus>" (fnl_cell_name); proposal, scoring: the org id; year: "<org>|<fiscal year>|<rep id>"; partition: "clock",
 * "rules". */
enum {
	FNL_ORG_TABLE_PARTITION,
	FNL_ORG_TABLE_REP,
	FNL_ORG_TABLE_HANDOVER,
	FNL_ORG_TABLE_QUESTION,
	FNL_ORG_TABLE_CELL,
	FNL_ORG_TABLE_PROPOSAL,
	FNL_ORG_TABLE_YEAR,
	FNL_ORG_TABLE_SCORING,
	FNL_ORG_TABLE_COUNT
};
#define FNL_ORG_PAGED \
	((fnl_paged_tables)((1U << FNL_ORG_TABLE_REP) | (1U << FNL_ORG_TABLE_HANDOVER) | (1U << FNL_ORG_TABLE_CELL) | \
	                    (1U << FNL_ORG_TABLE_YEAR)))
enum {
	FNL_ORG_OUT_REP_INPUTS,
	FNL_ORG_OUT_DEAD_LETTERS,
	FNL_ORG_OUT_TERRITORIES,
	FNL_ORG_OUT_PERFORMANCE,
	FNL_ORG_OUT_REJECTIONS,
	FNL_ORG_OUT_COUNT
};
extern const char *const fnl_org_tables[FNL_ORG_TABLE_COUNT];

/* codec, ids and rules_reader are borrowed until close. One a thread. */
int fnl_org_operator_open(struct fnl_codec *codec, const struct fnl_ids *ids,
                          const struct fnl_rules_reader *rules_reader, struct fnl_operator **ret,
                          struct fnl_error *why) FNL_MUST_USE;
/* How many rows one page has, 1 to FNL_ORG_PAGE_ROWS, which it is unless told: for tests, which have few. */
void fnl_org_operator_set_page(struct fnl_operator *base, size_t rows_max);
struct fnl_operator *fnl_org_operator_close(struct fnl_operator *base);

#endif
