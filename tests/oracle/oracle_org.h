/* What the org stage must have made of its input: a slow and simple fold, written from the contract (schemas/, the
 * public headers) and sharing no code with src/. Rows are JSON values; who could take a funnel over is looked for among
 * all reps of the organisation anew, each time; a few rules texts are known by heart (oracle_org_rules_known). It tells
 * the first difference.
 *
 * clock = event: everything follows from the input alone. The time is the least that the partitions of the stage before
 * have told (StageTime). A question that goes through many rows fires before the next input, all its pages at once,
 * those of one time by key; before there is a time it waits for the first one.
 *
 * clock = wall: its pages are read at any moments between two inputs, one after the other, so the answers are those of
 * some such moments: all that are possible are followed, by the rows of a page that the operator has (page_rows), and
 * the ones that were given must be among them, one for each question that was not open already. Answers about somebody
 * come at the place of their question, as do those to all who go by him when he cannot any more. occurred_at is not
 * compared. A question with far too many possible moments is counted as doubtful, and only its answers' number is
 * checked. What was told of proposals is held against itself (oracle_org_told.c), and not what scores and refusals say,
 * nor the rows behind them.
 *
 * Proposals: what is compared, the limits, the spreads, what becomes of one by which command and when follow from the
 * input; which cells move, and why, is taken as it was told (the search has tests of its own), but it must be cells
 * that are there and free, within the limits, and not for the worse.
 *
 * Of a rep or a cell that is not there any more nothing is remembered: whatever image comes next is believed. The
 * outputs of a book have an order for each partition of the input; a request's id belongs to one organisation. */
#ifndef FUNNELD_TESTS_ORACLE_ORG_H
#define FUNNELD_TESTS_ORACLE_ORG_H

#include "oracle.h"

enum {
	ORACLE_ORG_REP_INPUTS,
	ORACLE_ORG_DEAD_LETTERS,
	ORACLE_ORG_TERRITORIES,
	ORACLE_ORG_PERFORMANCE,
	ORACLE_ORG_REJECTIONS,
	ORACLE_ORG_TOPIC_COUNT
};
enum {
	ORACLE_ORG_PARTITION,
	ORACLE_ORG_REP,
	ORACLE_ORG_HANDOVER,
	ORACLE_ORG_QUESTION,
	ORACLE_ORG_CELL,
	ORACLE_ORG_PROPOSAL,
	ORACLE_ORG_YEAR,
	ORACLE_ORG_SCORING,
	ORACLE_ORG_TABLE_COUNT
};

/* Everything is borrowed. */
struct oracle_org_input {
	bool event_clock;
	int64_t time_max_ms; /* rules or a time beyond it are a dead letter */
	size_t page_rows;    /* clock = wall */
	const char *input_topic;
	const struct fnl_record *inputs; /* in order of partition, offset */
	size_t input_count;
	const struct fnl_record *outputs[ORACLE_ORG_TOPIC_COUNT]; /* committed ones, in order of partition, offset */
	size_t output_counts[ORACLE_ORG_TOPIC_COUNT];
	const struct oracle_row *rows;
	size_t row_count;
};

/* What the fold came across: for tests that want to know what a workload reaches. */
struct oracle_org_stats {
	size_t entries;
	size_t older_entries; /* or the same again */
	size_t absences;      /* of somebody who was there */
	size_t told;          /* who went by somebody who cannot any more */
	size_t could;         /* somebody who was asked about */
	size_t refused[8];    /* the others: oracle_org_rules.c has their order */
	size_t uses_full;     /* of a rep, so that the oldest made room */
	size_t who_could;     /* questions about all */
	size_t usual;         /* questions what is usual */
	size_t open_already;  /* questions that were asked again while they were open */
	size_t waited;        /* questions that other inputs passed */
	size_t outcomes;
	size_t older_outcomes;
	size_t cells; /* images that were believed */
	size_t older_cells;
	size_t cell_absences;
	size_t years; /* images that were believed */
	size_t older_years;
	size_t year_absences;
	size_t proposals_asked;
	size_t accepts_asked;
	size_t scores_asked;
	size_t rules_activated;
	size_t dead_letters;
	size_t reps; /* at the end */
	size_t handovers;
	/* clock = event */
	size_t candidates;
	size_t full_lists; /* of as many as there may be, and others could, too */
	size_t nobody;     /* could */
	size_t ties;       /* next to each other on a list, the same load */
	size_t left_out;   /* handovers: the question's own one, or too long ago */
	size_t counted;
	size_t asked_again; /* a proposal that is known */
	size_t proposed;
	size_t worth_it;
	size_t moves;
	size_t accepted;
	size_t expired;
	size_t replaced;
	size_t nobody_there;
	size_t refused_outdated;
	size_t refused_unknown;
	size_t refused_not_open;
	size_t scored; /* reps */
	size_t months;
	size_t ranked;   /* of them: their quota's level was told */
	size_t attained; /* their attainment */
	/* clock = wall */
	size_t moments;       /* of questions, at which the next page may have been read, in different states */
	size_t receiver_gone; /* clock = event, and seldom: since it was told */
	size_t wall_proposed;
	size_t wall_accepted;
	size_t doubtful; /* questions with too many of them */
};

/* 0, or -1 with the first difference in why. stats may be NULL. */
int oracle_org_check(struct oracle *o, const struct oracle_org_input *in, struct oracle_org_stats *stats, char *why,
                     size_t why_bytes);

/* As oracle_rules_known. */
const struct oracle_rules_text *oracle_org_rules_known(size_t at);

#endif
