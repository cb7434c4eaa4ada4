/* The year's quota of each rep: the command that opens it, what the rep stage's rows say of it, and its pictures. */
#ifndef FUNNEL_DEMO_QUOTA_H
#define FUNNEL_DEMO_QUOTA_H

#include "funneld/core/book.h"
#include "rows_table.h"
#include "view_text.h"
#include "world.h"

enum { QUOTA_TOTALS_MAX = 64 };
#define QUOTA_CURRENCY "USD"

/* A line of a frozen quota. */
struct quota_line {
	size_t rep;
	int64_t prospect; /* its number */
	int reason;
	int layer;
	int64_t weight_bp;
	struct fnl_value amount;
	struct fnl_value close_date;
	fnl_weighted weighted;
};

/* What the rows say of one rep. */
struct quota_rep {
	bool known;  /* a row of the book */
	bool opened; /* a row of the quota */
	int state;
	int64_t minor; /* the quota */
	fnl_weighted rounding;
	uint64_t counted;
	uint64_t left_out;
	fnl_weighted lines; /* of the lines that count, summed here once more */
	uint64_t lines_counted;
	uint64_t lines_left_out;
	fnl_weighted running; /* open lines that are expected in the year, as of now */
	fnl_weighted funnel;  /* all of them */
};

/* A sum of all books in one layer and currency. */
struct quota_total {
	int layer;
	char currency[4]; /* "": no amount */
	uint64_t count;
	int64_t amount_minor;
	fnl_weighted weighted;
};

/* A zeroed one is valid and empty. */
struct quotas {
	int year;
	size_t reps;
	struct quota_rep *at; /* at[0]: nobody's */
	struct quota_total totals[QUOTA_TOTALS_MAX];
	size_t total_count;
	struct quota_line *lines; /* by rep, the greatest weighted first */
	size_t line_count;
	size_t line_capacity;
};

/* OpenQuotaYear of the organisation onto the commands' topic. */
int quota_open(struct world *w, int year, int64_t issued_at_ms, int64_t as_of_ms, struct fnl_error *why) FNL_MUST_USE;

/* Reads all rows of the rep stage. FNL_E_INVALID, FNL_E_LIMIT, FNL_E_NOMEM with *why. */
int quota_read(struct world *w, int year, size_t reps, struct quotas *ret, struct fnl_error *why) FNL_MUST_USE;
void quota_deinit(struct quotas *q);
/* Of all reps, in minor units. */
int64_t quota_sum(const struct quotas *q);
int64_t quota_running(const struct quotas *q);
/* The rep with the most to tell: with the most reasons to leave a line out, then with the greatest quota. */
size_t quota_example(const struct quotas *q);

/* One rep's, line by line. lines_max: of those that count, the rest in one sum. */
void quota_draw_lines(const struct fnl_canvas *c, const struct quotas *q, size_t rep, size_t lines_max,
                      int64_t as_of_ms);
/* Everybody's and their sum. */
void quota_draw_table(const struct fnl_canvas *c, const struct quotas *q, const char *title);

#endif
