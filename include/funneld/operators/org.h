/* The org stage: an organisation's directory of reps, who could take a funnel over, how many handed-over prospects are
 * lost as a rule, and what its reps have in their cells. Input: what the rep stage sends under "org:<organisation>":
 * RepEntry, CellImage, SuccessorAsked, BaseRateAsked, HandoverOutcome; RulesActivated; with clock = event StageTime, as
 * the rep stage has it of the prospect stage.
 *
 * Answers (SuccessorCandidates, OrgBaseRate) go back to the rep stage's input under the book that asked, as causes of
 * nothing more to ask: they name the cause behind their question. */
#ifndef FUNNELD_OPERATORS_ORG_H
#define FUNNELD_OPERATORS_ORG_H

#include "funneld/operators/prospect.h"

/* Tables, output topics and names of the stage; the same everywhere. Row keys: rep: "<org>|<rep id>"; handover:
 * "<org>|<book>|<notice id>"; question: "<org>|<book>|<request id>"; cell: "<org>|<book>|<region>|<industry>|<size
 * focus>" (fnl_cell_name); partition: "clock", "rules". */
enum {
	FNL_ORG_TABLE_PARTITION,
	FNL_ORG_TABLE_REP,
	FNL_ORG_TABLE_HANDOVER,
	FNL_ORG_TABLE_QUESTION,
	FNL_ORG_TABLE_CELL,
	FNL_ORG_TABLE_COUNT
};
#define FNL_ORG_PAGED \
	((fnl_paged_tables)((1U << FNL_ORG_TABLE_REP) | (1U << FNL_ORG_TABLE_HANDOVER) | (1U << FNL_ORG_TABLE_CELL)))
enum { FNL_ORG_OUT_REP_INPUTS, FNL_ORG_OUT_DEAD_LETTERS, FNL_ORG_OUT_COUNT };
extern const char *const fnl_org_tables[FNL_ORG_TABLE_COUNT];

/* codec, ids and rules_reader are borrowed until close. One a thread. */
int fnl_org_operator_open(struct fnl_codec *codec, const struct fnl_ids *ids,
                          const struct fnl_rules_reader *rules_reader, struct fnl_operator **ret,
                          struct fnl_error *why) FNL_MUST_USE;
/* How many rows one page has, 1 to FNL_ORG_PAGE_ROWS, which it is unless told: for tests, which have few. */
void fnl_org_operator_set_page(struct fnl_operator *base, size_t rows_max);
struct fnl_operator *fnl_org_operator_close(struct fnl_operator *base);

#endif
