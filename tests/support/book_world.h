/* Books of one partition as a worker would hold them: rows by table and key, which go through their own bytes after
 * each step; the partition's jobs; what was told. Times are FNL_T0 + ms. A wrong return aborts, where it is not
 * returned. */
#ifndef FNL_TESTS_BOOK_WORLD_H
#define FNL_TESTS_BOOK_WORLD_H

#include "funneld/core/cell.h"
#include "funneld/core/inspection.h"
#include "funneld/core/quota_moves.h"
#include "funneld/core/territory.h"
#include "prospect_world.h"

enum fnl_books_table {
	FNL_BOOKS_REP,
	FNL_BOOKS_LINE,
	FNL_BOOKS_QUOTA,
	FNL_BOOKS_QUOTA_LINE,
	FNL_BOOKS_INSPECTION,
	FNL_BOOKS_CELL,
	FNL_BOOKS_RATE,
	FNL_BOOKS_TERRITORY,
	FNL_BOOKS_TASK,
	FNL_BOOKS_QUOTA_MOVES
};

struct fnl_books_row {
	enum fnl_books_table table;
	char key[600];
	const struct fnl_value *values;
};

enum { FNL_BOOKS_ROWS_MAX = 8192, FNL_BOOKS_EVENTS_MAX = 4096 };

struct fnl_books {
	struct fnl_arena arena;
	struct fnl_rules rules;
	struct fnl_books_row *rows; /* sorted by table, then key */
	size_t row_count;
	const struct fnl_value *jobs; /* NULL: none */
	struct fnl_event_out events[FNL_BOOKS_EVENTS_MAX];
	size_t event_count;
	struct fnl_book_out out; /* of the last line, RepChanged or timer of a rep */
	struct fnl_quota_opened opened;
	struct fnl_span cause_id; /* of the last event of a step or timer */
	struct fnl_error why;
	size_t page_books; /* how many rows a page of the walk has */
	size_t page_lines;
	size_t page_cells;
	bool inspects; /* books of reps have an inspection, and tell of stalls */
	int64_t now_ms;
};

void fnl_books_start(struct fnl_books *w);
void fnl_books_end(struct fnl_books *w);
/* No rows, no jobs, no events, default rules, whole pages, now = FNL_T0. */
void fnl_books_clear(struct fnl_books *w);
void fnl_books_rule(struct fnl_books *w, const char *section, const char *key, int64_t value);

/* 0 or the core's error. cause: of what follows, e.g. "c1". */
int fnl_books_line(struct fnl_books *w, const struct fnl_input *in, const char *cause);
int fnl_books_rep_changed(struct fnl_books *w, const struct fnl_input *in);
/* RepResigned, ResignationWithdrawn, RepLeft, RepErased. */
int fnl_books_rep_leaves(struct fnl_books *w, const struct fnl_input *in);
int fnl_books_open(struct fnl_books *w, const struct fnl_input *in);
/* FxRate, TerritoryDefined; *ret_stale (may be NULL): it says nothing new. */
int fnl_books_rate(struct fnl_books *w, const struct fnl_input *in, bool *ret_stale);
int fnl_books_territory(struct fnl_books *w, const struct fnl_input *in, bool *ret_stale);
void fnl_books_new_rules(struct fnl_books *w, const char *section, const char *key, int64_t value);

/* The timer of a rep's row at now_ms, with a page of his cells when it waits for one. */
void fnl_books_rep_timer(struct fnl_books *w, const char *book);
/* One firing of the timer of a cell ("<book>|<region>|<industry>|<size>"); false: it is not due. */
bool fnl_books_cell_timer(struct fnl_books *w, const char *key);
/* One firing of the jobs' timer; false: it is not due. */
bool fnl_books_step(struct fnl_books *w);
/* All of them up to that moment, and now is it. */
void fnl_books_run_until(struct fnl_books *w, int64_t at_ms);

/* An InspectNow, an AnswerGiven; *ret_stale: it changed nothing. cause: of the command. */
int fnl_books_ask(struct fnl_books *w, const struct fnl_input *in, const char *cause, bool *ret_stale);
int fnl_books_answer(struct fnl_books *w, const struct fnl_input *in, bool *ret_stale);
/* One firing of the inspection's timer of a book; false: it is not due. */
bool fnl_books_inspect(struct fnl_books *w, const char *book);
/* All of them up to that moment, and now is it. by_event: each at its deadline; else all at the end. */
void fnl_books_inspect_until(struct fnl_books *w, const char *book, int64_t at_ms, bool by_event);

/* A ReviseQuota. 0 or the core's error. */
int fnl_books_revise(struct fnl_books *w, const struct fnl_input *in, struct fnl_quota_revise_out *ret);
/* A QuotaMoved, as the organisation passes it on; false: it says nothing new. */
bool fnl_books_quota_comes(struct fnl_books *w, const struct fnl_value *moved);
/* The prospect's task of a handover is done, and the source has moved it to whoever takes over. */
void fnl_books_task_done(struct fnl_books *w, const char *book, const char *prospect_id, const char *notice_id,
                         const char *successor_id);
/* With it go the frozen lines of its tasks: all firings, and what is sent comes to the receivers. */
void fnl_books_handover_completed(struct fnl_books *w, const char *book, const char *notice_id);
/* A proposal wants the line to go to him. */
void fnl_books_ask_for(struct fnl_books *w, const char *book, const char *prospect_id, const char *proposal_id,
                       const char *to_rep_id);
/* in: the line as its book has it; it is the other's by now. True: a proposal asked for that, and what was frozen goes
 * with it. */
bool fnl_books_moves_to(struct fnl_books *w, struct fnl_input *in, const char *rep_id);

/* NULL: no such row. */
const struct fnl_value *fnl_books_inspection(const struct fnl_books *w, const char *book);
const struct fnl_value *fnl_books_rates(const struct fnl_books *w, const char *name, const char *quote);
/* run_id NULL: the organisation's; else those that the run's pass goes by. */
const struct fnl_value *fnl_books_territories(const struct fnl_books *w, const char *org_id, const char *run_id);
const struct fnl_value *fnl_books_rep(const struct fnl_books *w, const char *book);
const struct fnl_value *fnl_books_line_row(const struct fnl_books *w, const char *book, const char *prospect_id);
const struct fnl_value *fnl_books_cell(const struct fnl_books *w, const char *key);
const struct fnl_value *fnl_books_quota(const struct fnl_books *w, const char *book, int fiscal_year);
const struct fnl_value *fnl_books_quota_line(const struct fnl_books *w, const char *book, int fiscal_year,
                                             const char *prospect_id);
/* The run's values in jobs, NULL: none. */
const struct fnl_value *fnl_books_run(const struct fnl_books *w, const char *run_id);
/* The n-th total of a list, or NULL. */
const struct fnl_value *fnl_books_total(struct fnl_value list, int64_t key, const char *currency);
size_t fnl_books_events(const struct fnl_books *w, const struct fnl_record_desc *desc);

/* OWNED, BOTTOM would be 7500: TOP 2500, 1,000 USD expected on day. */
struct fnl_input fnl_input_line(const char *book, const char *prospect_id, int64_t sequence, int64_t at_ms);
struct fnl_input fnl_input_rep(const char *rep_id, int64_t version, const char *org_id);
/* As of at_ms, issued then, for USD and all reps; command_id is the run's id. */
struct fnl_input fnl_input_open(const char *run_id, const char *org_id, int fiscal_year, int64_t at_ms);

#define FNL_DAY_2024 INT64_C(19723) /* 2024-01-01 */
#define FNL_HOUR INT64_C(3600000)

#endif
