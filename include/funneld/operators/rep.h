/* The rep stage: books of reps, their sums, quotas, what is told of stalls, inspections, handovers. Input: lines from
 * the prospect stage, HR events, commands, rates and territories that the router re-keyed, answers of the org
 * stage; with clock = event the
 * stage's time is the least of the times that the partitions of the prospect stage have sent (StageTime).
 *
 * ce_id of what it tells = UUIDv5(cause's id, type, subject). Subject: of QuotaSet "<book>|<fiscal year>|<state>", of
 * QuotaLine "<book>|<fiscal year>|<prospect id>", of QuotaRecalculated "<book>|<deadline of its timer>", of
 * QuotaRevised "<book>|<fiscal year>|revision|<number>", of CommandRejected the command's id; of what is told of a
 * stall "<book>|<prospect id>|<kind>|<level, or 'cleared'>|<since>", of InspectionSheet "<sheet id>", of SheetPage
 * "<sheet id>|<page>", of InspectionAnswerRecorded
 * "<sheet id>|<question id>|<answer id>", of InspectionOverdue "<sheet id>|overdue", of RepEntry
 * "<book>|<its sequence>". Cause: the OpenQuotaYear; of
 * QuotaRecalculated the first change that was not told; of a stall that of its line, or the timer at the rep's return;
 * of a sheet the InspectNow, or the timer.
 *
 * Of what is told of a handover: "<book>|<notice id>|<word>", and behind it, each after a '|':
 *   opened, completed, reconciled (ReconciliationClosed), defection (DefectionReview): nothing
 *   proposed: the level, when                refused (SuccessorRefused): who, the one prospect or nothing
 *   task-opened: task id, successor          task-released: task id
 *   task-refused: task id, the report's id   task-superseded: task id, reason
 *   task-overdue: task id, level, due_at     task-closed: task id, outcome
 *   at-risk: reason, level, last day, when   cancelled: reason
 *   finding: prospect, kind, when, its place among the findings of the prospect that are told with it
 *   reassign (ReassignmentRequested), reassign-overdue: prospect, to whom
 * Of what an accepted proposal asks for: "<book>|<proposal id>|<word>|<prospect>|<to whom>", the words are those of
 * handovers: reassign, reassign-overdue. Cause: the command that accepted it.
 * What is asked of the organisation, and its answers, have no id of their own: they name their cause.
 * Numbers are as the record has them: milliseconds, days. Cause: of a firing of the Handover row's timer the notice; of
 * a Task row's timer the timer; else the input, of a line what happened in the source. */
#ifndef FUNNELD_OPERATORS_REP_H
#define FUNNELD_OPERATORS_REP_H

#include "funneld/operators/prospect.h"

/* Tables, output topics and names of the stage; the same everywhere. Row keys: rep: the book ("rep:…",
 * "pool:UNASSIGNED"); line: "<book>|<prospect id>"; quota: "<book>|<fiscal year>"; quota_line:
 * "<book>|<fiscal year>|<prospect id>"; inspection, handover: the book; task: "<book>|<prospect id>"; cell:
 * "<book>|<region>|<industry>|<size focus>" (fnl_cell_name); rate: "<name>|<quote>"; territory: the organisation's id,
 * and "<organisation>|<run>" while a pass of a quota run goes by it; moves: "<book>|<proposal id>"; quota_moves:
 * "<book>|<notice id, or proposal id>", and "|<prospect id>" of one that moved later; partition: "clock", "rules",
 * "jobs". */
enum {
	FNL_REP_TABLE_PARTITION,
	FNL_REP_TABLE_REP,
	FNL_REP_TABLE_LINE,
	FNL_REP_TABLE_QUOTA,
	FNL_REP_TABLE_QUOTA_LINE,
	FNL_REP_TABLE_INSPECTION,
	FNL_REP_TABLE_HANDOVER,
	FNL_REP_TABLE_TASK,
	FNL_REP_TABLE_CELL,
	FNL_REP_TABLE_RATE,
	FNL_REP_TABLE_TERRITORY,
	FNL_REP_TABLE_MOVES,
	FNL_REP_TABLE_QUOTA_MOVES,
	FNL_REP_TABLE_COUNT
};
#define FNL_REP_PAGED \
	((fnl_paged_tables)((1U << FNL_REP_TABLE_REP) | (1U << FNL_REP_TABLE_LINE) | (1U << FNL_REP_TABLE_TASK) | \
	                    (1U << FNL_REP_TABLE_CELL)))
enum {
	FNL_REP_OUT_QUOTAS,
	FNL_REP_OUT_REJECTIONS,
	FNL_REP_OUT_DEAD_LETTERS,
	FNL_REP_OUT_ALERTS,
	FNL_REP_OUT_INSPECTIONS,
	/* by "org:" and the organisation's id: RepEntry, CellImage, what handovers ask and end in, QuotaMoved; with clock =
	   event StageTime to every partition */
	FNL_REP_OUT_ORG_INPUTS,
	FNL_REP_OUT_REP_DIRECTORY,
	FNL_REP_OUT_HANDOVERS,
	FNL_REP_OUT_REVIEWS, /* restricted: findings and reviews are told there, and nowhere else */
	FNL_REP_OUT_REASSIGNMENTS,
	FNL_REP_OUT_COUNT
};
extern const char *const fnl_rep_tables[FNL_REP_TABLE_COUNT];

/* As fnl_prospect_operator_open. */
int fnl_rep_operator_open(struct fnl_codec *codec, const struct fnl_ids *ids,
                          const struct fnl_rules_reader *rules_reader, int32_t partition_count,
                          struct fnl_operator **ret, struct fnl_error *why) FNL_MUST_USE;
struct fnl_operator *fnl_rep_operator_close(struct fnl_operator *base);

#endif
