/* The rep stage: books of reps, their sums, quotas, what is told of stalls, inspections. Input: lines from the prospect
 * stage, HR events and commands that the router re-keyed; with clock = event the stage's time is the least of the times
 * that the partitions of the prospect stage have sent (StageTime).
 *
 * ce_id of what it tells = UUIDv5(cause's id, type, subject). Subject: of QuotaSet "<book>|<fiscal year>|<state>", of
 * QuotaLine "<book>|<fiscal year>|<prospect id>", of QuotaRecalculated "<book>|<deadline of its timer>", of
 * CommandRejected the command's id; of what is told of a stall "<book>|<prospect id>|<kind>|<level, or
 * 'cleared'>|<since>", of InspectionSheet "<sheet id>", of SheetPage "<sheet id>|<page>", of InspectionAnswerRecorded
 * "<sheet id>|<question id>|<answer id>", of InspectionOverdue "<sheet id>|overdue". Cause: the OpenQuotaYear; of
 * QuotaRecalculated the first change that was not told; of a stall that of its line, or the timer at the rep's return;
 * of a sheet the InspectNow, or the timer. */
#ifndef FUNNELD_OPERATORS_REP_H
#define FUNNELD_OPERATORS_REP_H

#include "funneld/operators/prospect.h"

/* Tables, output topics and names of the stage; the same everywhere. Row keys: rep: the book ("rep:…",
 * "pool:UNASSIGNED"); line: "<book>|<prospect id>"; quota: "<book>|<fiscal year>"; quota_line:
 * "<book>|<fiscal year>|<prospect id>"; inspection: the book; partition: "clock", "rules", "jobs". */
enum {
	FNL_REP_TABLE_PARTITION,
	FNL_REP_TABLE_REP,
	FNL_REP_TABLE_LINE,
	FNL_REP_TABLE_QUOTA,
	FNL_REP_TABLE_QUOTA_LINE,
	FNL_REP_TABLE_INSPECTION,
	FNL_REP_TABLE_COUNT
};
#define FNL_REP_PAGED ((fnl_paged_tables)((1U << FNL_REP_TABLE_REP) | (1U << FNL_REP_TABLE_LINE)))
enum {
	FNL_REP_OUT_QUOTAS,
	FNL_REP_OUT_REJECTIONS,
	FNL_REP_OUT_DEAD_LETTERS,
	FNL_REP_OUT_ALERTS,
	FNL_REP_OUT_INSPECTIONS,
	FNL_REP_OUT_COUNT
};
extern const char *const fnl_rep_tables[FNL_REP_TABLE_COUNT];

/* As fnl_prospect_operator_open. */
int fnl_rep_operator_open(struct fnl_codec *codec, const struct fnl_ids *ids,
                          const struct fnl_rules_reader *rules_reader, struct fnl_operator **ret,
                          struct fnl_error *why) FNL_MUST_USE;
struct fnl_operator *fnl_rep_operator_close(struct fnl_operator *base);

#endif
