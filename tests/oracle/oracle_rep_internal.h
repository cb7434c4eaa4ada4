/* Shared by the files of the rep stage's oracle. */
#ifndef FUNNELD_TESTS_ORACLE_REP_INTERNAL_H
#define FUNNELD_TESTS_ORACLE_REP_INTERNAL_H

#include "oracle_internal.h"
#include "oracle_rep.h"

enum { REP_SUMS_MAX = 512, REP_KEY_BYTES = 600, REP_VALUES = 28 };

/* ---- rules ---- */

struct rep_rules {
	struct oracle_rules_text text;
	int32_t start_month;
	int32_t start_day;
	int64_t rounding_major_units;
	int64_t settle_hours;
	int64_t conflation_seconds;
	/* the calendar: Monday to Friday, no holidays, and a zone of one offset */
	int64_t offset_s;
	int weekday; /* of the sheet, 0: Monday */
	int hour;
	size_t questions_max;
	size_t page_lines_max;
	int64_t answers_due_bd;
	int64_t sheets_unanswered;
	/* handovers */
	int64_t due_bd[3]; /* of TOP, MIDDLE, BOTTOM */
	int64_t meeting_bd[3];
	int64_t lookback_days;
	int64_t review_due_bd;
	int64_t successor_named_bd;
	int64_t successor_next_level_bd;
	int64_t overdue_manager_bd;
	int64_t overdue_next_level_bd;
	int64_t at_risk_bd[2];
	int64_t task_latest_bd;
	int64_t window_days;
	int64_t prospects_min;
	int64_t lost_min;
	int64_t base_factor;
	int64_t excess_min;
	int64_t base_floor_bp;
	int64_t chance_max_bp;
	int64_t employer_min;
	int64_t employer_share_bp;
};

const struct rep_rules *rep_rules_default(void);
/* By text; NULL: unknown, which counts as unreadable. */
const struct rep_rules *rep_rules_of(const json_t *text);
/* Of a day; null stays null. New. */
json_t *rep_fiscal_year(const struct rep_rules *rules, const json_t *date);
/* The same, when the year begins on another day: month * 100 + day. */
json_t *rep_year_from(int64_t start, const json_t *date);
int64_t rep_year_start(const struct rep_rules *rules);
/* Digits behind the point. */
int rep_currency_digits(const char *currency);

/* ---- the calendar, oracle_rep_calendar.c ---- */

int64_t rep_local_day(const struct rep_rules *rules, int64_t at_ms);
/* The first moment of a local day. */
int64_t rep_local_midnight(const struct rep_rules *rules, int64_t day);
/* When the next sheet of the rhythm is due after a moment. */
int64_t rep_next_sheet(const struct rep_rules *rules, int64_t after_ms);
int64_t rep_business_after(const struct rep_rules *rules, int64_t from_ms, int64_t days);
/* The beginning of the last day that has so many business days to the end of another day; its end, of none. */
int64_t rep_business_before_end(const struct rep_rules *rules, int64_t day, int64_t days);
bool rep_is_business_day(int64_t day);
/* On that day. */
bool rep_is_absent(const struct rep_rules *rules, const json_t *rep, int64_t at_ms);

/* ---- sums ---- */

struct rep_sum {
	int64_t by;       /* the layer's place, the fiscal year, the reason's place */
	char currency[4]; /* "": null */
	int64_t count;
	__int128 amount;
	__int128 weighted; /* in 1/10000 of a minor unit */
};
struct rep_sums {
	struct rep_sum at[REP_SUMS_MAX]; /* sorted */
	size_t count;
};
void rep_sums_add(struct rep_sums *s, int64_t by, const json_t *amount, int64_t weight_bp);
/* The sum of one line, or of several, to those of `by` in its currency. */
void rep_sums_merge(struct rep_sums *s, int64_t by, const struct rep_sum *more);
/* name: of the first field; symbols: NULL, or what `by` counts. */
json_t *rep_sums_list(const struct rep_sums *s, const char *name, const char *const *symbols);
/* Sets <name>_minor and <name>_e4. */
void rep_set_split(json_t *record, const char *name, __int128 e4);

/* ---- what a line is worth, oracle_rep_worth.c ---- */

/* By year and currency what falls in each year, of the planned purchases when there are some; each counted once. start:
 * the first day of years, month * 100 + day, 0: purchases do not count; close_year: of the expected close, or null. */
void rep_line_parts(const json_t *line, int64_t start, const json_t *close_year, struct rep_sums *ret);
bool rep_is_planned(const json_t *line);

struct rep_partition;

struct rep_worth {
	size_t reason;           /* in rep_reasons */
	struct rep_sums parts;   /* of the year */
	const json_t *territory; /* NULL: none */
	int64_t factor_bp;
	__int128 converted; /* of one that counts: in 1/10000 of a minor unit of the base currency, rounded down */
	__int128 value;
};
extern const char *const rep_reasons[];
/* Of the year of the run; false: the line is none of it. rates: as rep_run_rates. */
bool rep_worth_of(const struct rep_partition *p, const json_t *run, const json_t *rates, const json_t *line,
                  struct rep_worth *ret);
/* The rates that the run goes by, a list of QuotaRate. New. */
json_t *rep_run_rates(const struct rep_partition *p, const json_t *run);
/* The fields of a QuotaLine that say it. */
void rep_tell_worth(const struct rep_worth *worth, const json_t *run, const json_t *rates, const json_t *rep,
                    json_t *body);

/* Counted lines by territory. */
struct rep_areas {
	struct {
		const json_t *territory;
		int64_t factor_bp;
		struct rep_sums sums;
	} at[40];
	size_t count;
	__int128 lines;
};
void rep_areas_add(struct rep_areas *a, const struct rep_worth *worth);
/* Quota, rounding, areas, rates, lines of the QuotaSet. */
void rep_areas_tell(const struct rep_areas *a, const struct rep_partition *p, const json_t *run, const json_t *rates,
                    json_t *body);

/* ---- the fold ---- */

struct rep_expected {
	size_t topic;
	int32_t partition; /* of the input */
	int64_t at;        /* funneld_at; of a dead letter the record's offset */
	char *group;       /* outputs of one group have an order: the key, for dead letters with the partition */
	char *key;
	const struct fnl_record *dead; /* a dead letter: the record itself; then nothing below counts */
	const char *why;
	json_t *body;
	const char *record; /* "QuotaSet" */
	const char *type;
	char id[ORACLE_UUID_BYTES]; /* "": not known */
	char cause[160];
	char correlation[160];
	char trace[160];
	int64_t now_ms;
	int32_t rules_version;
	bool running_unknown;  /* its running sums are not compared */
	bool body_unknown;     /* nor anything of it */
	bool place_unknown;    /* nor where and when it was told */
	bool time_unknown;     /* nor when */
	bool occurred_unknown; /* nor what it says of that */
	bool internal;         /* for another stage: of headers only who is behind it */
	bool forgotten;        /* a tombstone: of headers the same */
	bool matched;
	size_t next; /* of the same topic and group, + 1; 0: it is the last */
};

struct rep_partition {
	int32_t id;
	bool has_time;
	int64_t time_ms;
	int64_t place; /* the offset of the next input, as timers know it */
	json_t *times; /* PartitionTimes, or NULL */
	json_t *rules_row;
	const struct rep_rules *rules;
	json_t *jobs;            /* PartitionJobs, or NULL */
	json_t *reps;            /* by book */
	json_t *lines;           /* by book, then by prospect */
	json_t *quotas;          /* by row key */
	json_t *quota_lines;     /* by row key */
	json_t *inspections;     /* by book */
	json_t *handovers;       /* by book */
	json_t *tasks;           /* by book, then by prospect */
	json_t *cells;           /* by row key; clock = event */
	json_t *quota_moves;     /* by row key; clock = event: frozen lines that are to go */
	json_t *rates;           /* by row key */
	json_t *territories;     /* by organisation */
	json_t *moves;           /* by row key; clock = event */
	int64_t reference_place; /* of the latest rate or territory that changed something */
	json_t *left;            /* by book: what erased lines have left of what was won */
	json_t *kept;            /* of the latest step of a handover */
	bool refiled;            /* some lines were put into other years */
	/* clock = wall */
	/* "<run>|<book>": this run has frozen this book; "<run>|<book>|<prospect>": it has told this line; "draft
	 * <run>|<book>": it has the draft; "moved <run>|<book>": its rep has come to another organisation since it was
	 * opened; "<run>": it was in a book of more than a page */
	json_t *done;
	json_t *late;       /* "<run>|<book>": the place of the latest late change; "<run>": from where on it freezes */
	json_t *conflation; /* book: seconds that its timer was armed with */
};

struct oracle_report;

struct rep_fold {
	struct oracle *o;
	const struct oracle_rep_input *in;
	struct oracle_rep_stats stats;
	struct rep_partition *partitions;
	size_t partition_count;
	struct rep_expected *expected;
	size_t expected_count;
	size_t expected_room;
	char *why; /* clock = wall: an output that was not allowed */
	size_t why_bytes;
	bool failed;
	bool differs; /* not as expected, where that may be */
};

/* One input, or one timer, at its place. */
struct rep_step {
	struct rep_fold *fold;
	struct rep_partition *p;
	const struct fnl_record *record; /* NULL: a timer */
	const char *name;
	json_t *in;
	int64_t now_ms;
	char cause[160]; /* ce_id behind it */
	char correlation[160];
	int64_t deadline_ms; /* of a timer: what its row was armed with */
	bool place_unknown;  /* clock = wall: it has several places */
};

int rep_fold(struct rep_fold *f);
void rep_fold_free(struct rep_fold *f);

/* oracle_rep_tell.c */
/* body is taken over. subject: the last part of its id's name; NULL: its id is not known. */
struct rep_expected *rep_tell(struct rep_step *s, const char *record, json_t *body, const char *cause,
                              const char *correlation, const char *subject);
/* The same, with a key that is none of its fields. */
struct rep_expected *rep_tell_keyed(struct rep_step *s, const char *record, json_t *body, const char *cause,
                                    const char *correlation, const char *subject, const char *key);
void rep_dead_letter(struct rep_fold *f, const struct rep_partition *p, const struct fnl_record *r, const char *why);
/* ce_id and ce_correlationid of the record, or what stands for them. */
void rep_cause(struct rep_step *s);

/* Outputs of one group have an order: those of a key; alerts those of a prospect in one rep's book, since another's is
 * of another partition. */
void rep_group(size_t topic, const char *key, const json_t *body, char ret[512]);
/* The id of the timer of a row of a table. */
void rep_timer_cause(struct rep_step *s, const char *table, const char *key);

/* For the organisation; body is taken over. */
struct rep_expected *rep_tell_internal(struct rep_step *s, const char *record, json_t *body);
/* The directory's tombstone. */
void rep_tell_forgotten(struct rep_step *s, const char *rep_id);

/* oracle_rep_directory.c */
/* The row's deadline: the least of what it waits for. */
void rep_arm(json_t *rep);
/* The row is `rep` by now and was `before` (NULL: there was none): what the directory must hear. */
void rep_directory(struct rep_step *s, const char *book, json_t *rep, const json_t *before);
void rep_directory_due(struct rep_step *s, const char *book, json_t *rep);
const char *rep_leaves(struct rep_step *s);
void rep_wall_directory(struct rep_fold *f, struct rep_partition *p, const char *input_cause);

/* oracle_rep_cells.c */
/* The line was `before` (NULL: none) and is `line` (NULL: it goes): sets which cell it is counted in, and until when it
 * is held. */
void rep_cells_line(struct rep_step *s, const char *book, const json_t *rep, const json_t *before, json_t *line);
/* The rep was `before` (NULL: nobody). */
void rep_cells_rep(struct rep_step *s, const char *book, json_t *rep, const json_t *before);
/* All his cells are looked at. */
void rep_cells_go_over(struct rep_step *s, const char *book, json_t *rep);
/* Its timer. */
void rep_cell_fire(struct rep_step *s, const char *key);
void rep_cells_sum_up(struct rep_partition *p);
/* The first day on which it may be moved, null: today. New. */
json_t *rep_held_until(const struct rep_step *s, const json_t *line);
/* oracle_rep_cells_rest.c */
int rep_cells_rest_check(struct oracle *o, const struct oracle_rep_input *in, struct oracle_report *to);

/* oracle_rep_moves.c */
const char *rep_moves_come(struct rep_step *s);
/* The book's line was `before` (NULL: none, or it was gone) and is as the BookLine of the step says. */
void rep_moves_line(struct rep_step *s, const json_t *before);
/* Its timer: a whole pass over the lines. */
void rep_moves_fire(struct rep_step *s, const char *key);
/* oracle_rep_moves_rest.c */
int rep_moves_rest_check(struct oracle *o, const struct oracle_rep_input *in, struct oracle_report *to);

/* oracle_rep_attainment.c */
/* What a line (or a BookLine) adds to what the book's rep has won, or null. New. */
json_t *rep_credit_of(const char *book, const json_t *line, int64_t year_start);
/* A line added `before` and adds `after` (NULL or null: nothing). */
void rep_attain_credit(struct rep_step *s, json_t *rep, const json_t *before, const json_t *after);
/* What an erased line added stays. */
void rep_attain_left(struct rep_step *s, const char *book, const json_t *credit);
/* The rep was `before` (NULL: nobody). */
void rep_attain_rep(struct rep_step *s, json_t *rep, const json_t *before);
/* The year is to be told. */
void rep_attain_mark(struct rep_step *s, json_t *rep, int64_t fiscal_year, const char *cause, const char *correlation);
/* The years that are due. */
void rep_attain_fire(struct rep_step *s, const char *book, json_t *rep);
struct rep_expected *rep_attain_changed(struct rep_step *s, const char *book, json_t *rep, int64_t fiscal_year);
void rep_attain_sum_up(struct rep_partition *p);
/* clock = wall: an AttainmentChanged that was found; why it is not allowed, or NULL. */
const char *rep_wall_attained(struct rep_step *s, const char *book, json_t *rep, const json_t *body);
/* What is not known of a row is as it was found, if it can be true. */
void rep_wall_attained_end(const struct rep_partition *p, json_t *expected, const json_t *found);
int rep_attain_rest_check(struct oracle *o, const struct oracle_rep_input *in, struct oracle_report *to);

/* oracle_rep_revision.c */
const char *rep_revise(struct rep_step *s);
const char *rep_quota_moved(struct rep_step *s);
/* Of a book's quota; change: QuotaRevision without its number and what comes of it, taken over. Returns what it was. */
int64_t rep_quota_change(struct rep_step *s, const char *book, json_t *quota, json_t *change);

/* The quota as all of its revisions leave it; null: there is none. New. */
json_t *rep_quota_now(const json_t *quota);

/* A handover is completed; prospect: it has moved later, or for a proposal, and goes alone; NULL: all that have. */
struct rep_leaving {
	const char *book;
	const char *notice_id; /* or the proposal's id */
	bool proposal;
	const char *prospect;
	const char *to_rep_id;
	int64_t at_ms;
	const char *cause;
	const char *correlation;
};
void rep_quota_moves_begin(struct rep_step *s, const struct rep_leaving *l);
void rep_quota_moves_fire(struct rep_step *s, const char *key);

/* oracle_rep_alerts.c */
/* The line's causes that come into question, with the default rules' remedies. New. */
json_t *rep_candidates(const json_t *line);
/* The line was `before` (NULL: none) and is `line` (NULL: it goes) by the BookLine of the step: what is told of its
 * stalls; sets `told`. */
void rep_alerts_of_line(struct rep_step *s, const json_t *rep, const json_t *before, json_t *line);
bool rep_is_held(const json_t *line);
/* The rep is back: what was held of the line is told. */
void rep_alerts_returned(struct rep_step *s, const json_t *rep, json_t *line, int64_t at_ms);

/* oracle_rep_sheet.c */
/* An image for a sheet, not for a quota run. */
bool rep_is_of_sheet(const json_t *image);
json_t *rep_new_image(const char *run_id, const json_t *line);
/* The line becomes as the BookLine says: images of sheets that it keeps, appended to `images`, without persons whom the
 * line has no more and does not call unlinked. */
void rep_sheet_images(struct rep_step *s, const char *book, const json_t *line, json_t *images);
/* oracle_rep_persons.c: the line becomes as the BookLine says, so that images of sheets lose those whom it has no more.
 */
void rep_forget_persons(struct rep_step *s, json_t *images);
/* The row is begun; questions close. */
void rep_inspect_line(struct rep_step *s, const char *book);
/* before: the Rep row before a RepChanged, or NULL. */
void rep_inspect_rep(struct rep_step *s, const char *book, const json_t *before, const json_t *rep);
const char *rep_inspect_now(struct rep_step *s);
const char *rep_answer_given(struct rep_step *s);
void rep_inspect_arm(json_t *row);
/* The first moment after what HR says is the last day of absence; null when that is over. New. */
json_t *rep_return_of(const struct rep_rules *rules, const json_t *rep, int64_t now);
/* Its timer: the return of the rep, the overdue answers, or a whole sheet. */
void rep_inspect_fire(struct rep_step *s, const char *book);
/* These alone. */
void rep_return(struct rep_step *s, const char *book);
void rep_sheet(struct rep_step *s, const char *book);

/* oracle_rep_wall_sheet.c */
/* As rep_wall_fire, what is told of stalls and sheets. */
void rep_wall_inspect(struct rep_fold *f, struct rep_partition *p, const json_t *in);
void rep_wall_inspect_end(struct rep_fold *f, struct rep_partition *p);
/* clock = wall: as_of of the book's next sheet that was asked for, as its outputs say; INT64_MAX: there is none. */
int64_t rep_wall_asked(struct rep_step *s, const char *book, int64_t number);

/* oracle_rep_book.c */
extern const char *const rep_values[REP_VALUES];           /* what Line, LineImage and BookLine have in common */
json_t *rep_of_book(struct rep_step *s, const char *book); /* begun when there is none */
/* The book's line or lines; NULL: none. */
json_t *rep_lines_of(const struct rep_partition *p, const char *book);
/* NULL, or why it is a dead letter. */
const char *rep_book_line(struct rep_step *s);
const char *rep_changed(struct rep_step *s);
/* By year and currency, of these years (NULL: of all). New. */
json_t *rep_running(const struct rep_partition *p, const char *book, const json_t *years);
/* The running sums of the quota years were `before` (taken over): a change is to be told. */
void rep_note_change(struct rep_step *s, const char *book, json_t *rep, json_t *before);
void rep_tell_recalculated(struct rep_step *s, const char *book, json_t *rep, const char *deadline);
/* Sums of all books, into their rows. */
void rep_sum_up(struct rep_partition *p);
/* Keys of an object in bytewise order; the caller frees the list. */
const char **rep_sorted(const json_t *object, size_t *ret_count);

/* oracle_rep_quota.c */
const char *rep_open_year(struct rep_step *s);
void rep_rules_changed(struct rep_step *s, const struct rep_rules *before);
json_t *rep_jobs(struct rep_step *s); /* the row, begun when there is none */
/* Sets the row's deadline. */
void rep_jobs_arm(json_t *jobs, int64_t now_ms);
/* Its timer: a recount, or one pass of one run. */
void rep_jobs_fire(struct rep_step *s);
bool rep_run_concerns(const json_t *run, const json_t *rep);
/* A line as the run has it: its image or itself; NULL: it is not there. Borrowed. */
const json_t *rep_line_for(const json_t *line, const char *run_id);
json_t *rep_quota_line(struct rep_step *s, const json_t *run, const json_t *rep, const char *prospect,
                       const json_t *line);
struct rep_expected *rep_quota_set(struct rep_step *s, json_t *run, json_t *rep, const char *book, const char *state);
/* The book's quota of the year was frozen by another run. */
bool rep_has_frozen(const struct rep_partition *p, const json_t *run, const char *book);
/* The run needs its images no more: of one book, or of all (NULL). */
void rep_drop_images(struct rep_partition *p, const char *run_id, const char *only_book);
/* The line is one of the year of the run. */
bool rep_is_listed(const struct rep_rules *rules, const json_t *run, const json_t *line);
const char *rep_rate_comes(struct rep_step *s);
const char *rep_territory_comes(struct rep_step *s);

/* oracle_rep_wall.c */
/* What the outputs say that timers did before this place, at which `in` comes (NULL: nothing that is known). */
void rep_wall_fire(struct rep_fold *f, struct rep_partition *p, const json_t *in);
/* What must be done at rest. */
void rep_wall_end(struct rep_fold *f, struct rep_partition *p);

#endif
