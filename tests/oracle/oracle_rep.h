/* What the rep stage must have made of its input: a slow and simple fold, written from the contract (the README,
 * schemas/, the public headers) and sharing no code with src/. Sums are made anew from the lines whenever one is asked
 * for; rows are JSON values; a few rules texts are known by heart (oracle_rep_rules_known). It tells the first
 * difference, and that of the sums with the lines first (I6: by book and currency they are the same money).
 *
 * clock = event: everything follows from the input alone. The time is the least that the partitions of the stage before
 * have told (StageTime). Timers fire before the input whose time passes them, by (deadline, table, key), each at its
 * deadline, and once more after the last input; a pass over many rows is done before anything else happens.
 *
 * clock = wall: when timers fired is taken from the outputs (funneld_at: before which input; funneld_now: when), and it
 * is checked that they were allowed: QuotaRecalculated only with a change to tell and the conflation time after the
 * last one; a run's DRAFT not before as_of, its FROZEN not before it has settled; each book once. A run freezes at the
 * first FROZEN output of the partition. What is not known then is not compared: ids that have a timer's deadline in
 * them (they must differ), deadlines of books, how far a pass has counted, images that no run awaits; the sums of a
 * book of more than a page, since rules and lines may change between its pages; running sums once the fiscal year
 * begins on another day, until the end. Seldom the outputs do not tell enough: a late change comes just before the
 * first FROZEN output, when the pass may have begun; rules change between the pages of a book; a rep goes to another
 * organisation and comes back; there are so many runs that those which are done make room. A run with such a moment
 * that is not as expected is counted as unjudged, and only its money is checked.
 *
 * Alerts of lines and answers follow from the input by either clock. By the wall clock a rep's return shows in what it
 * tells, and a sheet is made at the place of its first output, as of what the sheet says: at one moment, if the book
 * has less than a page; a longer one is doubtful. The run must end before anything of the rhythm or an answer is due.
 * The calendar that is known: Monday to Friday, no holidays, UTC.
 *
 * Handovers are repeated with clock = event, a whole job at once, since all of it is done before the next input. With
 * clock = wall inputs come between its pages, and they are but looked at: what must hold of them in any order (I9: no
 * task of TOP before its gate; each task is opened once and ends once; counts are those of the tasks) is checked by
 * either clock, apart from the fold (oracle_rep_gate.c).
 *
 * What reps have won is a sum of lines by either clock. When it was told by the wall clock is taken from the outputs,
 * and AttainmentChanged must be about a year that has changed, the conflation time after the last one; what
 * organisations hear of years is repeated with clock = event, and at rest checked from what was found alone.
 *
 * Cells are repeated with clock = event. With clock = wall it is not known when they were told; of both it is checked,
 * from what was found alone, that a cell is the sum of its lines (I6), and that the organisation has what was told last
 * (oracle_rep_cells_rest.c).
 *
 * What accepted proposals ask of books is repeated with clock = event, too; with clock = wall it is not known by which
 * moment a line was looked at. What can be said then is checked by either clock: only lines of the proposal's cells,
 * each once, to whom it says, and no more than it counted (oracle_rep_moves_rest.c).
 *
 * The outputs of a key must come from one input partition (keys are partitioned), but for dead letters, and alerts,
 * which have an order for each book. */
#ifndef FUNNELD_TESTS_ORACLE_REP_H
#define FUNNELD_TESTS_ORACLE_REP_H

#include "oracle.h"

enum {
	ORACLE_REP_QUOTAS,
	ORACLE_REP_REJECTIONS,
	ORACLE_REP_DEAD_LETTERS,
	ORACLE_REP_ALERTS,
	ORACLE_REP_INSPECTIONS,
	ORACLE_REP_ORG_INPUTS,
	ORACLE_REP_DIRECTORY,
	ORACLE_REP_HANDOVERS,
	ORACLE_REP_REVIEWS,
	ORACLE_REP_REASSIGNMENTS,
	ORACLE_REP_TOPIC_COUNT
};
enum {
	ORACLE_REP_PARTITION,
	ORACLE_REP_REP,
	ORACLE_REP_LINE,
	ORACLE_REP_QUOTA,
	ORACLE_REP_QUOTA_LINE,
	ORACLE_REP_INSPECTION,
	ORACLE_REP_HANDOVER,
	ORACLE_REP_TASK,
	ORACLE_REP_CELL,
	ORACLE_REP_RATE,
	ORACLE_REP_TERRITORY,
	ORACLE_REP_MOVES,
	ORACLE_REP_QUOTA_MOVES,
	ORACLE_REP_TABLE_COUNT
};

/* Everything is borrowed. */
struct oracle_rep_input {
	bool event_clock;
	int64_t time_max_ms; /* an event beyond it is a dead letter */
	int64_t end_ms;      /* clock = wall: when nothing was left to do */
	bool no_directory;   /* the topics of entries are not given */
	const char *input_topic;
	const struct fnl_record *inputs; /* in order of partition, offset */
	size_t input_count;
	const struct fnl_record *outputs[ORACLE_REP_TOPIC_COUNT]; /* committed ones, in order of partition, offset */
	size_t output_counts[ORACLE_REP_TOPIC_COUNT];
	const struct oracle_row *rows;
	size_t row_count;
};

/* What the fold came across: for tests that want to know what a workload reaches. */
struct oracle_rep_stats {
	size_t drafts;
	size_t frozen;
	size_t quota_lines;
	size_t left_out; /* of these */
	size_t revised;
	size_t revisions_refused;
	size_t lines_came;   /* QuotaMoved that were taken in; */
	size_t quotas_begun; /* where there was none; */
	size_t not_added;    /* in another currency */
	size_t recalculated;
	size_t rejected;
	size_t dead_letters;
	size_t stale;
	size_t images;       /* kept for a run */
	size_t late_changes; /* that changed an image */
	size_t erased;
	size_t refiled;      /* lines that a change of rules moved to another fiscal year */
	size_t converted;    /* lines of a quota by a rate */
	size_t planned;      /* by planned purchases */
	size_t in_territory; /* in a territory */
	size_t references;   /* rates and territories that said something new */
	size_t rules_activated;
	size_t org_moves;
	size_t stalled;
	size_t escalated;
	size_t cleared;
	size_t held;     /* at a line: the rep is absent */
	size_t returned; /* of those told when he is back */
	size_t sheets;
	size_t sheet_pages;
	size_t changed_lines; /* on a sheet: changed or left */
	size_t questions;
	size_t answers;  /* told; */
	size_t answered; /* of these to an open question */
	size_t closed;   /* questions that moved or closed */
	size_t overdue;
	size_t entries;        /* of reps, told to an organisation */
	size_t absences;       /* of these: that he is there no more */
	size_t reps_forgotten; /* whom HR wants forgotten */
	size_t cells_moved;    /* lines that went from one to another */
	size_t cells_anew;     /* reps whose cells were told anew */
	size_t cell_images;
	size_t cell_absences;
	size_t cells_held;   /* sums in images that a proposal may not move yet */
	size_t cells;        /* at the end */
	size_t credits;      /* wins that a rep was credited with, */
	size_t credits_back; /* that he was not any more, or otherwise, */
	size_t attained;     /* AttainmentChanged */
	size_t attained_of_quota;
	size_t attained_others; /* of these: some are not converted */
	size_t year_images;
	size_t year_absences;
	size_t forgotten; /* persons in images of sheets */
	size_t notices;
	size_t corrected;
	size_t withdrawn;
	size_t left;
	size_t employers_forgotten;
	size_t replaced;
	size_t cancelled;
	size_t completed;
	size_t listed;
	size_t listed_prospects;
	size_t flipped;
	size_t asked;
	size_t named;
	size_t accepted;
	size_t refused;
	size_t dropped_out;
	size_t proposed;
	size_t commands_refused;
	size_t reviewed;
	size_t tasks_opened;
	size_t tasks_blocking;
	size_t gates;
	size_t tasks_released;
	size_t tasks_done;
	size_t tasks_waived;
	size_t tasks_superseded;
	size_t tasks_cancelled;
	size_t tasks_overdue;
	size_t unnamed;
	size_t needed_later;
	size_t reports_refused;
	size_t at_risk;
	size_t findings;
	size_t reassigned;
	size_t reassign_overdue;
	size_t moved;
	size_t partings;
	size_t to_employer;
	size_t outcomes;
	size_t base_rates;
	size_t defections;
	size_t watches_over;
	size_t moves_asked;  /* for proposals */
	size_t moves_kept;   /* of their cells */
	size_t moves_bottom; /* of these */
	size_t moves_beyond; /* more than the proposal counted */
	size_t moves_of_leavers;
	size_t moves_returned;
	size_t moves_overdue;
	size_t moves_again;         /* BookMoves that came twice */
	size_t moves_forgotten;     /* rows */
	size_t lines_went;          /* frozen ones, with a handover */
	size_t credits_left;        /* wins of lines that were erased: of few lines either */
	size_t attained_in_pages;   /* firings that left years for the next one: seldom is so much to be told at once */
	size_t refused_because[10]; /* oracle_rep_report.c has their order */
	size_t found[8];            /* findings by kind */
	size_t long_books;          /* passes over a book of more than a page */
	size_t books;               /* at the end */
	size_t lines;
	size_t pushed_out;             /* findings that the list of changes has no more: seldom */
	size_t moves_recognised;       /* prospects that have gone to whom a proposal wanted: seldom */
	size_t lines_went_by_proposal; /* frozen ones with these: seldom */
	size_t cells_same;             /* lines that changed nothing of their cell: seldom */
	size_t doubtful;               /* clock = wall: moments at which more than one thing may have happened */
	size_t unjudged;               /* runs with such a moment that are not as expected */
};

int oracle_rep_check(struct oracle *o, const struct oracle_rep_input *in, struct oracle_rep_stats *stats, char *why,
                     size_t why_bytes);

/* To stdout. */
void oracle_rep_stats_print(const struct oracle_rep_stats *s);

/* As oracle_rules_known. */
const struct oracle_rules_text *oracle_rep_rules_known(size_t at);

#endif
