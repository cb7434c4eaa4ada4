/* An operator is a pure function of a keyed stream: step(now, event, rows in) -> rows out, outputs. It reads no clock,
 * no randomness and no I/O, and allocates only from the batch's arena. The engine knows nothing of what its bytes mean.
 *
 * Timers are rows: a row's next deadline is a function of its bytes (row_deadline), so that it lies in the changelog,
 * in the view and in the cache without a second copy that could differ.
 *
 * Work over many rows is a row with a timer, too: at each firing the step gets one page of a table in the order of its
 * keys, and keeps its place in its own row. Such a row may stay due at once (its deadline unchanged) as long as its
 * bytes change: with clock = event the work is then done before the next event; with clock = wall the batch does some
 * of it, then the inputs. */
#ifndef FUNNELD_ENGINE_OPERATOR_H
#define FUNNELD_ENGINE_OPERATOR_H

#include "funneld/base/arena.h"
#include "funneld/base/status.h"
#include "funneld/ports/log.h"
#include "funneld/ports/record.h"
#include "funneld/ports/store.h"

enum {
	FNL_STEP_ROWS_MAX = FNL_STORE_INPUT_KEYS_MAX, /* needed by a step, beside its page */
	FNL_STEP_WRITES_MAX = 256,
	FNL_STEP_OUTPUTS_MAX = 272,
	FNL_OUTPUT_HEADERS_MAX = 16,
	FNL_PAGE_ROWS_MAX = 100
};

#define FNL_NO_TIME INT64_MIN
#define FNL_ROW_BY_KEY SIZE_MAX

/* Rows of a paged table whose keys begin with prefix, in bytewise order, from the first one after `after`. */
struct fnl_page_request {
	bool wanted;
	uint8_t table;
	struct fnl_span prefix;
	struct fnl_span after; /* a whole key; data == NULL: from the beginning */
	size_t limit;          /* 1 to FNL_PAGE_ROWS_MAX */
};

/* What an operator makes of an input before any row is known. All but the rows is zeroed by the engine. */
struct fnl_prepared {
	void *event;           /* the operator's own, in the arena; for a timer it may stay NULL */
	int64_t event_time_ms; /* when it happened, or the latest time that the partition's clock may
	                          reach by it; FNL_NO_TIME: it says nothing of time */
	size_t row_count;
	uint32_t naming;                            /* bit i: prepare_more looks at rows[i]; 0: it is not asked */
	struct fnl_row_key rows[FNL_STEP_ROWS_MAX]; /* the rows step needs; keys live in the arena or the record */
	struct fnl_page_request page;               /* of a timer only */
};

enum fnl_cause { FNL_CAUSE_RECORD, FNL_CAUSE_TIMER };

struct fnl_page_row {
	struct fnl_span key;
	struct fnl_span value;
};

struct fnl_step {
	enum fnl_cause cause;
	int64_t now_ms; /* the only time there is */
	int32_t partition;
	int64_t input_offset;            /* a record's own offset; for a timer that of the next input record */
	const struct fnl_record *record; /* NULL for a timer */
	void *event;                     /* as prepared */
	struct fnl_row_key timer_row;    /* for a timer: rows[0] is its row */
	int64_t timer_deadline_ms;
	const struct fnl_span *rows; /* in the order of prepared.rows; data == NULL: no such row */
	size_t row_count;
	const struct fnl_page_row *page; /* as this batch sees them, in the order of their keys */
	size_t page_count;               /* fewer than asked for: there are no more */
	struct fnl_arena *arena; /* of this step: what is decided may live here, and nothing may be kept here for another */
};

struct fnl_row_out {
	size_t row;             /* index into step.rows, or FNL_ROW_BY_KEY: */
	struct fnl_row_key key; /* any row of the partition, such as one of the page; it need not have been asked for */
	struct fnl_span value;  /* data == NULL: delete */
};

struct fnl_output {
	size_t topic;      /* index into the stage's output topics */
	int32_t partition; /* FNL_PARTITION_BY_KEY, FNL_PARTITION_EVERY or a number */
	struct fnl_span key;
	struct fnl_span value;
	struct fnl_header headers[FNL_OUTPUT_HEADERS_MAX];
	size_t header_count;
};

/* What follows from a step. The engine zeroes the counts and `stale` only; each entry is filled whole. All bytes live
 * in the arena (or are borrowed from the step). */
struct fnl_decision {
	struct fnl_row_out rows[FNL_STEP_WRITES_MAX];
	size_t row_count;
	struct fnl_output outputs[FNL_STEP_OUTPUTS_MAX];
	size_t output_count;
	bool stale; /* the input changed nothing because newer was known: for the counts */
};

struct fnl_operator;

struct fnl_operator_ops {
	/* Decode and say which rows are needed. POISON errors dead-letter the record with *why; RETRIABLE ones (a schema
	 * registry that is away) make the batch end before it. */
	int (*prepare)(struct fnl_operator *o, const struct fnl_record *r, struct fnl_arena *arena,
	               struct fnl_prepared *ret, struct fnl_error *why);
	/* More rows that a record's step needs, which only the rows that were named tell (a line says which sum it is in):
	 * appended to ret->rows. It sees the rows that ret->naming has, and is asked with these as they were committed, so
	 * that a batch reads what they name, too, in one round trip; and when the batch has changed one of them, again just
	 * before the step. The arena is that of a step: keys may live in it, and nothing else stays. Pure; errors as of
	 * prepare. NULL: none. */
	int (*prepare_more)(struct fnl_operator *o, const struct fnl_record *r, const struct fnl_span *rows,
	                    struct fnl_arena *arena, struct fnl_prepared *ret, struct fnl_error *why);
	/* The same for a timer of a row, with the row as it is; rows[0] must be that row. */
	int (*prepare_timer)(struct fnl_operator *o, struct fnl_row_key row, struct fnl_span value, struct fnl_arena *arena,
	                     struct fnl_prepared *ret);
	/* POISON errors dead-letter the record, and nothing of ret is used. A timer's step must move its row's deadline
	 * later than the one that fired, or remove it, or leave it and change the row's bytes. */
	int (*step)(struct fnl_operator *o, const struct fnl_step *in, struct fnl_decision *ret, struct fnl_error *why);
	/* Next deadline of a row's bytes, FNL_NO_DEADLINE for none. Pure and cheap; unreadable bytes give none. */
	int64_t (*row_deadline)(struct fnl_operator *o, uint8_t table, struct fnl_span value);

	/* --- clock = event --- */
	/* The row that keeps a partition's time: which, and its time (FNL_NO_TIME: none yet). */
	struct fnl_row_key (*time_row)(struct fnl_operator *o);
	int64_t (*time_of)(struct fnl_operator *o, struct fnl_span value);
	/* The time that the partition reaches with an input of this event, the time row being `value`; at most
	 * prepared.event_time_ms. FNL_NO_TIME: it does not move it. NULL: it is prepared.event_time_ms. */
	int64_t (*time_reached)(struct fnl_operator *o, struct fnl_span value, const struct fnl_prepared *prepared);
	/* The time row's bytes for a time. NULL: steps write the row themselves. */
	int (*time_write)(struct fnl_operator *o, int64_t time_ms, struct fnl_arena *arena, struct fnl_span *ret);
	/* What tells the next stage that this partition has reached a time and that all before it has been sent; it goes
	 * out after the other outputs of a batch that moved the time. NULL: there is no next stage. */
	int (*time_forward)(struct fnl_operator *o, int32_t partition, int64_t time_ms, struct fnl_arena *arena,
	                    struct fnl_output *ret);
};

struct fnl_operator {
	const struct fnl_operator_ops *ops;
};

#endif
