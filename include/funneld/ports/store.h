/* Port: the view of the rows (Redis). It may be lost, rolled back, or be written by a zombie; every answer says which
 * changelog offset it is about, so that the engine can tell (rules 2, 3, 4). Used by one thread only. */
#ifndef FUNNELD_PORTS_STORE_H
#define FUNNELD_PORTS_STORE_H

#include "funneld/base/arena.h"
#include "funneld/base/status.h"

enum {
	FNL_STORE_KEYS_MAX = 200000,   /* keys of one read, rows of one apply */
	FNL_STORE_INPUT_KEYS_MAX = 12, /* of them for one input, beside its page */
	/* inputs of a batch: one read brings what all of them need */
	FNL_STORE_INPUTS_MAX = FNL_STORE_KEYS_MAX / FNL_STORE_INPUT_KEYS_MAX,
	FNL_STORE_PAGE_MAX = 1000, /* rows of one page */
	FNL_STORE_TABLES_MAX = 16,
	FNL_STORE_NOTE_BYTES_MAX = 256
};

#define FNL_NO_DEADLINE INT64_MAX

/* Tables of which ordered indexes are kept, so that they can be paged: bit t stands for table t. */
typedef uint32_t fnl_paged_tables;

/* Address of a row. table is an index into the table names given when the store was opened. */
struct fnl_row_key {
	uint8_t table;
	struct fnl_span key;
};

/* What a partition of the view stands at. */
struct fnl_applied {
	bool present;              /* false: the view of this partition is empty, lost, or being rebuilt */
	int64_t cl;                /* all changelog records below it are in the view */
	int64_t complete_as_of_ms; /* wall time up to which the view is known to miss no tombstone (rules 2, 6, 7) */
};

struct fnl_due {
	struct fnl_row_key row;
	int64_t deadline_ms;
};

/* One atomic look at one partition. In: partition, keys, due_*. Out: the ret_ fields, in memory of the arena given. */
struct fnl_store_read {
	int32_t partition;
	const struct fnl_row_key *keys;
	size_t key_count;
	int64_t due_until_ms; /* rows whose deadline in the index is <= this, earliest first, then by table and key */
	size_t due_max;       /* 0: do not ask */
	/* A page of a table that is paged: keys that begin with page_prefix, after page_after (data == NULL: from the
	 * first), in bytewise order. */
	uint8_t page_table;
	struct fnl_span page_prefix;
	struct fnl_span page_after;
	size_t page_max; /* 0: do not ask */
	struct fnl_applied ret_applied;
	struct fnl_span *ret_rows; /* one for each key; data == NULL: no such row */
	struct fnl_due *ret_due;
	size_t ret_due_count;
	struct fnl_store_row *ret_page;
	size_t ret_page_count;
};

struct fnl_store_row {
	struct fnl_span key;
	struct fnl_span value;
};

struct fnl_row_write {
	struct fnl_row_key row;
	struct fnl_span value;   /* data == NULL: delete */
	int64_t deadline_ms;     /* FNL_NO_DEADLINE: none; always absolute */
	bool deadline_unchanged; /* true: the index has this deadline or an earlier one, and stays as it is */
	bool existed;            /* true: there is such a row already, so the index of a paged table has its key */
};

enum fnl_apply_outcome {
	FNL_APPLIED, /* written */
	FNL_MISMATCH /* the view stands elsewhere: nothing was written, ret_found says where */
};

/* One compare-and-set on one partition; a call has one of each partition at most. */
struct fnl_store_apply {
	int32_t partition;
	struct fnl_applied expected; /* cl is compared; complete_as_of_ms too when compare_as_of; present == false: only an
	                                absent one fits */
	bool compare_as_of;          /* restores and wipes compare both (rule 6) */
	struct fnl_applied next;     /* what to record with the rows; present must be true */
	bool delete_first;           /* drop all rows and indexes first: the first chunk of a rebuild from 0 */
	bool more;                   /* the restore goes on with more applies. Until one without it, indexes may wait, and
	                              * the view may count as absent to all but the apply that goes on from next */
	const struct fnl_row_write *rows;
	size_t row_count;
	enum fnl_apply_outcome ret_outcome;
	struct fnl_applied ret_found;
};

/* Called by scan for each row; a value != 0 stops the scan and is returned by it. */
typedef int (*fnl_store_visit)(void *context, struct fnl_row_key row, struct fnl_span value, int64_t deadline_ms);

struct fnl_store;

struct fnl_store_ops {
	/* Both: one pipelined round trip for all partitions asked. Errors are RETRIABLE (the view is away; the
	 * outcome of an apply is then unknown, which the next guarded read tells) or STOP (unfit server). */
	int (*read)(struct fnl_store *s, struct fnl_store_read *reads, size_t count, struct fnl_arena *arena);
	int (*apply)(struct fnl_store *s, struct fnl_store_apply *applies, size_t count);
	/* If the view stands at expected: applied = none first, then rows and indexes go. Outcome as apply's, > 0 never. */
	int (*wipe)(struct fnl_store *s, int32_t partition, struct fnl_applied expected,
	            enum fnl_apply_outcome *ret_outcome);
	/* Every row of a partition, in no order, not atomic: for verify and for people. */
	int (*scan)(struct fnl_store *s, int32_t partition, fnl_store_visit visit, void *context);
	/* Records (first time) or compares cluster id and partition count of the stage. FNL_E_LAYOUT on a mismatch. */
	int (*check_layout)(struct fnl_store *s, struct fnl_span cluster_id, int32_t partition_count);
	/* A few bytes that a partition's owner leaves for the next one, beside the rows: no apply or wipe touches them, and
	 * nothing but time is lost with them. get: none: data == NULL. */
	int (*note_get)(struct fnl_store *s, int32_t partition, struct fnl_arena *arena, struct fnl_span *ret);
	int (*note_put)(struct fnl_store *s, int32_t partition, struct fnl_span note);
	const char *(*explain)(struct fnl_store *s);
	void (*close)(struct fnl_store *s);
};

struct fnl_store {
	const struct fnl_store_ops *ops;
};

#endif
