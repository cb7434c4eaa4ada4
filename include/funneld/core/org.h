/* The organisation: its directory, who could take a funnel over, how many handed-over prospects are lost as a rule, and
 * what its reps have in their cells. Pure: no clock, no I/O, memory from the arena only. Values of rows are arrays in
 * the order of the records' fields (OrgRep, OrgHandover, OrgQuestion, OrgCell); NULL: there is no such row; borrowed,
 * never changed.
 *
 * A question about somebody is answered at once, from his entry and that of the one who leaves. That he could is
 * remembered with his entry: when he cannot any more (he is inactive, has given notice, has gone to another
 * organisation), all who were told so are told. A question who could, or what is usual, goes through the organisation's
 * rows, a page at each firing of its own row's timer: it stays due at once until it is answered, and its row goes then.
 *
 * Answers go to the book that asked, each question has one; one that is asked again while it is open is stale. */
#ifndef FUNNELD_CORE_ORG_H
#define FUNNELD_CORE_ORG_H

#include "funneld/core/successor.h"

enum {
	FNL_ORG_PAGE_ROWS = 100,
	/* of the base rate: a month is the twelfth part of a year of the Gregorian calendar, on the mean */
	FNL_ORG_MONTH_S = 2629746
};

struct fnl_org_in {
	int64_t now_ms;
	const struct fnl_rules *rules;
	struct fnl_span cause_id; /* ce_id behind a question */
	struct fnl_span correlation_id;
	struct fnl_arena *arena;
};

/* All of these: FNL_OK, FNL_E_NOMEM, or FNL_E_INVALID, FNL_E_LIMIT with *why: the input is poison. `ret` untouched on
 * failure. Events are SuccessorCandidates and OrgBaseRate. */

struct fnl_org_entry_out {
	enum fnl_row_change change;
	struct fnl_value *rep;         /* with FNL_ROW_PUT */
	struct fnl_event_out *answers; /* that he cannot any more: to all who were told that he could */
	size_t answer_count;
	bool stale;
};
/* A RepEntry. rep: his OrgRep. */
int fnl_org_entry(const struct fnl_org_in *in, const struct fnl_value *rep, const struct fnl_value *event,
                  struct fnl_org_entry_out *ret, struct fnl_error *why) FNL_MUST_USE;

struct fnl_org_rows {
	const struct fnl_value *leaver;    /* OrgRep of the one who leaves */
	const struct fnl_value *successor; /* of the one who is asked about */
	const struct fnl_value *question;  /* of the same request */
};
struct fnl_org_asked_out {
	struct fnl_value *successor; /* NULL: unchanged */
	struct fnl_value *question;  /* NULL: none is kept */
	struct fnl_event_out answer; /* desc == NULL: it comes later */
	bool stale;
};
/* A SuccessorAsked, a BaseRateAsked (desc). */
int fnl_org_asked(const struct fnl_org_in *in, const struct fnl_org_rows *rows, const struct fnl_record_desc *desc,
                  const struct fnl_value *event, struct fnl_org_asked_out *ret, struct fnl_error *why) FNL_MUST_USE;

/* A HandoverOutcome. *ret_row NULL: stale. */
int fnl_org_outcome(const struct fnl_org_in *in, const struct fnl_value *handover, const struct fnl_value *event,
                    struct fnl_value **ret_row, struct fnl_error *why) FNL_MUST_USE;

struct fnl_org_cell_out {
	enum fnl_row_change change;
	struct fnl_value *cell; /* with FNL_ROW_PUT */
	bool stale;
};
/* A CellImage. cell: the OrgCell of the same organisation, book and codes. Of one that is not there any more nothing is
 * remembered: whatever image comes next is believed. */
int fnl_org_cell(const struct fnl_org_in *in, const struct fnl_value *cell, const struct fnl_value *event,
                 struct fnl_org_cell_out *ret, struct fnl_error *why) FNL_MUST_USE;

/* A firing of a question's timer. */
struct fnl_org_page {
	const struct fnl_value *const *rows; /* OrgRep or OrgHandover, decoded */
	size_t count;
	bool last;                /* there are no more */
	struct fnl_span last_key; /* of the page's last row; if there is one */
	/* SUCCESSOR: the entries of the leaver and of best_ids, in their order, as they are now; NULL: gone */
	const struct fnl_value *leaver;
	const struct fnl_value *best[FNL_SUCCESSOR_CANDIDATES_MAX];
};
struct fnl_org_step_out {
	struct fnl_value *question; /* NULL: it is answered */
	struct fnl_event_out answer;
};
int fnl_org_step(const struct fnl_org_in *in, const struct fnl_value *question, const struct fnl_org_page *page,
                 struct fnl_org_step_out *ret) FNL_MUST_USE;

#endif
