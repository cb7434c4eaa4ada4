/* An operator is a pure function of a keyed stream: step(now, event, rows in) -> rows out, outputs. It reads no clock,
 * no randomness and no I/O, and allocates only from the batch's arena. The engine knows nothing of what its bytes mean.
 *
 * Timers are rows: a row's next deadline is a function of its bytes (row_deadline), so that it lies in the changelog,
 * in the view and in the cache without a second copy that could differ. */
#ifndef FUNNELD_ENGINE_OPERATOR_H
#define FUNNELD_ENGINE_OPERATOR_H

#include "funneld/base/arena.h"
#include "funneld/base/status.h"
#include "funneld/ports/record.h"
#include "funneld/ports/store.h"

enum { FNL_STEP_ROWS_MAX = 8, FNL_STEP_OUTPUTS_MAX = 16, FNL_OUTPUT_HEADERS_MAX = 16 };

#define FNL_NO_TIME INT64_MIN

/* What an operator makes of an input before any row is known. Zeroed by the engine. */
struct fnl_prepared {
	void *event;                                /* the operator's own, in the arena; for a timer it may stay NULL */
	int64_t event_time_ms;                      /* when it happened; FNL_NO_TIME: it says nothing of time */
	struct fnl_row_key rows[FNL_STEP_ROWS_MAX]; /* the rows step needs; keys live in the arena or the record */
	size_t row_count;
};

enum fnl_cause { FNL_CAUSE_RECORD, FNL_CAUSE_TIMER };

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
	struct fnl_arena *arena;
};

struct fnl_row_out {
	size_t row;            /* index into step.rows */
	struct fnl_span value; /* data == NULL: delete */
};

struct fnl_output {
	size_t topic; /* index into the stage's output topics */
	struct fnl_span key;
	struct fnl_span value;
	struct fnl_header headers[FNL_OUTPUT_HEADERS_MAX];
	size_t header_count;
};

/* What follows from a step. The engine zeroes the counts and `stale` only; each entry is filled whole. All bytes live
 * in the arena (or are borrowed from the step). */
struct fnl_decision {
	struct fnl_row_out rows[FNL_STEP_ROWS_MAX];
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
	/* The same for a timer of a row; rows[0] must be that row. */
	int (*prepare_timer)(struct fnl_operator *o, struct fnl_row_key row, struct fnl_arena *arena,
	                     struct fnl_prepared *ret);
	/* POISON errors dead-letter the record, and nothing of ret is used. A timer's step must move its row's deadline
	 * later than the one that fired (or remove it). */
	int (*step)(struct fnl_operator *o, const struct fnl_step *in, struct fnl_decision *ret, struct fnl_error *why);
	/* Next deadline of a row's bytes, FNL_NO_DEADLINE for none. Pure and cheap; unreadable bytes give none. */
	int64_t (*row_deadline)(struct fnl_operator *o, uint8_t table, struct fnl_span value);
	/* The row that keeps a partition's event time (clock = event): which, its time, and its bytes for a time. */
	struct fnl_row_key (*time_row)(struct fnl_operator *o);
	int64_t (*time_of)(struct fnl_operator *o, struct fnl_span value);
	int (*time_write)(struct fnl_operator *o, int64_t time_ms, struct fnl_arena *arena, struct fnl_span *ret);
};

struct fnl_operator {
	const struct fnl_operator_ops *ops;
};

#endif
