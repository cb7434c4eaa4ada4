/* Shapes shared by the engine's files. */
#ifndef FUNNELD_ENGINE_INTERNAL_H
#define FUNNELD_ENGINE_INTERNAL_H

#include "funneld/base/map.h"
#include "funneld/base/wire.h"
#include "funneld/engine/stream.h"

/* ---- rows.c: the overlay of a batch and the cache behind it ---- */

/* One row as this batch sees it. Lives in the batch's arena. */
struct fnl_entry {
	struct fnl_map_node node; /* key = row key */
	struct fnl_entry *next;   /* in order of first touch: the order of the changelog */
	struct fnl_span value;    /* now */
	struct fnl_span loaded;   /* as committed */
	int64_t deadline_ms;
	int64_t loaded_deadline_ms;
	uint8_t table;
	bool known;     /* value was found in the cache or read from the view */
	bool from_view; /* not in the young half of the cache yet */
	bool rearm;     /* the index names it too early: its deadline must be written */
};

struct fnl_overlay {
	struct fnl_map maps[FNL_STORE_TABLES_MAX];
	struct fnl_entry *first;
	struct fnl_entry **tail;
};

/* Two generations, each with an arena: when the young one is full the old one goes at once and they change places. */
struct fnl_cache_half {
	struct fnl_arena arena;
	struct fnl_map maps[FNL_STORE_TABLES_MAX];
};
struct fnl_cache {
	struct fnl_cache_half halves[2];
	int young;
};

void fnl_overlay_reset(struct fnl_overlay *o);
void fnl_overlay_deinit(struct fnl_overlay *o);
struct fnl_entry *fnl_overlay_find(const struct fnl_overlay *o, struct fnl_row_key row);
struct fnl_entry *fnl_overlay_find_hashed(const struct fnl_overlay *o, struct fnl_row_key row, uint64_t hash);
static inline bool fnl_entry_dirty(const struct fnl_entry *e)
{
	return !fnl_span_eq(e->value, e->loaded);
}

void fnl_cache_init(struct fnl_cache *c, size_t bytes_max);
void fnl_cache_clear(struct fnl_cache *c);
void fnl_cache_deinit(struct fnl_cache *c);
/* true: known, *ret is the value (data == NULL: known to be absent), borrowed until the next put or clear. Here and
 * below: hash is that of row.key. */
bool fnl_cache_get(const struct fnl_cache *c, struct fnl_row_key row, uint64_t hash, struct fnl_span *ret,
                   bool *ret_young);
/* A get or put of the row follows soon. */
void fnl_cache_prefetch(const struct fnl_cache *c, uint8_t table, uint64_t hash);
/* Keeps a copy when there is room; a row that doesn't fit is not cached, which is no error. */
void fnl_cache_put(struct fnl_cache *c, struct fnl_row_key row, uint64_t hash, struct fnl_span value);

/* ---- a partition ---- */

/*  assigned -> PAIR -> CHECK -> RUN          PAIR: fetch the committed pair (rule 5)
 *              ^ |       | \-> WIPE -> CHECK CHECK: compare with the view
 *              | \-> PROBE \-> RESTORE -> RUN PROBE: no pair: is the changelog really empty?
 *              +-- any surprise while running, restoring, checking
 */
enum fnl_phase { FNL_PHASE_PAIR, FNL_PHASE_PROBE, FNL_PHASE_CHECK, FNL_PHASE_WIPE, FNL_PHASE_RESTORE, FNL_PHASE_RUN };

struct fnl_timer {
	int64_t deadline_ms;
	struct fnl_row_key row;
	bool indexed; /* as the view's index has it, which may be earlier than the row's deadline */
};

struct fnl_timer_heap {
	struct fnl_timer *at; /* in the batch's arena */
	size_t count;
	size_t capacity;
};

/* One input of a batch. What few inputs need comes last, so that most touch less memory. */
struct fnl_input {
	struct fnl_input *next;
	const struct fnl_record *record;
	const char *why;
	int poison;                                   /* 0, or the error that dead-letters it */
	bool asked;                                   /* its rows are known as of those that were committed */
	size_t named;                                 /* so many rows there were before others named more */
	struct fnl_entry *entries[FNL_STEP_ROWS_MAX]; /* of prepared.rows */
	struct fnl_prepared prepared;
};

struct fnl_produced {
	struct fnl_produced *next;
	size_t topic;
	int32_t partition;
	struct fnl_span key;
	struct fnl_span value;
	const struct fnl_header *headers;
	size_t header_count;
};

/* What is known of inputs that end the process; isolate.c. */
struct fnl_isolation {
	bool known;     /* the note of the owner before was read */
	bool careful;   /* each input is written down before it is looked at */
	int64_t offset; /* the rest as in the note */
	int64_t begun;
	int64_t hand;
	int64_t suspect;
	int64_t deaths;
};

struct fnl_partition {
	int32_t id;
	enum fnl_phase phase;
	int64_t offset;             /* the pair: next input, */
	int64_t cl;                 /* and next changelog record */
	int64_t pair_wall_ms;       /* when the pair was fetched */
	int64_t retry_at_ms;        /* monotonic: do nothing before */
	bool alone;                 /* the pair was not to be had together with others: asked for by itself, */
	int64_t asked_at_ms;        /* monotonic: the last time then */
	int64_t doubt_since_ms;     /* monotonic; 0: nothing contradicts */
	bool fresh;                 /* runs since the last poll: what that one brought is not what start asked for */
	struct fnl_applied applied; /* while checking and restoring: what the view stood at */
	int64_t probe_end;
	bool restore_open;
	bool rebuild;          /* the restore began from an absent view */
	int64_t event_time_ms; /* committed; clock = event */
	bool event_time_known;
	bool owed; /* the next stage has perhaps not heard of this time */
	struct fnl_isolation isolation;
	struct fnl_cache cache;

	/* of the batch */
	struct fnl_overlay overlay;
	struct fnl_timer_heap timers;
	struct fnl_input *inputs;
	struct fnl_input **inputs_tail;
	size_t input_count;
	struct fnl_produced *produced;
	struct fnl_produced **produced_tail;
	struct fnl_store_read read;
	int64_t next_offset;
	int64_t next_cl;
	int64_t time_ms;           /* event time within the batch */
	int64_t horizon_ms;        /* timers are known up to here */
	bool due_full;             /* more timers may be due at the horizon, */
	struct fnl_timer last_due; /* after this one */
	size_t taken;              /* inputs done */
	size_t fired;
	size_t pages; /* of these */
	size_t stale;
	size_t dead;
	size_t outputs;
	size_t dirty;
	size_t rearmed;  /* rows beside these of which the index must have the deadline */
	bool cut;        /* inputs beyond next_offset must be delivered again */
	bool left;       /* timers are due that the batch has not fired */
	int64_t left_ms; /* the oldest deadline of them */
	bool owed_next;  /* owed, once it is committed */
};

/* What a decision has changed, to take it back. */
struct fnl_undo {
	struct fnl_entry *entry;
	struct fnl_span value;
	int64_t deadline_ms;
};

struct fnl_stream {
	struct fnl_stage stage;
	struct fnl_stream_settings settings;
	struct fnl_stream_ports ports;
	struct fnl_arena arena;   /* of a batch */
	struct fnl_arena scratch; /* of a step: what stays of it is copied, so that the rest never leaves the CPU's cache */
	struct fnl_partition *partitions;
	size_t partition_count;
	struct fnl_partition *restoring; /* who has the restore reader */
	struct fnl_stream_stats stats;
	int64_t now_ms;         /* wall time when the cycle's batch began */
	int64_t batch_began_ms; /* monotonic */
	bool producer_ready;
	int64_t producer_retry_at_ms;
	bool idle;
	struct fnl_decision decision; /* scratch, as the next */
	struct fnl_undo undo[FNL_STEP_WRITES_MAX];
};

static inline bool fnl_by_event(const struct fnl_stream *s)
{
	return s->settings.clock == FNL_CLOCK_EVENT;
}

static inline int64_t fnl_wall(const struct fnl_stream *s)
{
	return s->ports.clock->wall_ms(s->ports.clock->context);
}
static inline int64_t fnl_mono(const struct fnl_stream *s)
{
	return s->ports.clock->monotonic_ms(s->ports.clock->context);
}

/* ---- lifecycle.c ---- */
/* Takes a new assignment; everything of the old one goes (rule 9). */
int fnl_lifecycle_assign(struct fnl_stream *s, const int32_t *ids, size_t count) FNL_MUST_USE;
void fnl_lifecycle_clear(struct fnl_stream *s);
/* One step for every partition that is not running. Negative only for class STOP. */
int fnl_lifecycle_step(struct fnl_stream *s, struct fnl_error *why) FNL_MUST_USE;
/* Nothing of what the partition believes is trusted any more: pair and view are fetched and compared again. */
void fnl_lifecycle_repair(struct fnl_stream *s, struct fnl_partition *p, int64_t wait_ms);
void fnl_lifecycle_repair_all(struct fnl_stream *s, int64_t wait_ms);

/* What was found contradicts the log. A worker that slept too long may see such a thing for a while, so it looks again
 * with a new pair, and the polls between tell it when it has lost the partition (rule 5). true: it has looked for long
 * enough, and the contradiction is real. */
bool fnl_lifecycle_doubt(struct fnl_stream *s, struct fnl_partition *p);

/* ---- restore.c ---- */
int fnl_restore_probe(struct fnl_stream *s, struct fnl_partition *p, struct fnl_error *why) FNL_MUST_USE;
int fnl_restore_step(struct fnl_stream *s, struct fnl_partition *p, struct fnl_error *why) FNL_MUST_USE;
void fnl_restore_release(struct fnl_stream *s, struct fnl_partition *p);

/* ---- batch.c ---- */
int fnl_batch_run(struct fnl_stream *s, const struct fnl_poll *poll, struct fnl_error *why) FNL_MUST_USE;
/* The row in the overlay, from the cache if it has it; entry->known tells. NULL: out of memory. */
struct fnl_entry *fnl_batch_entry(struct fnl_stream *s, struct fnl_partition *p, struct fnl_row_key row);
/* Reads every listed row that is not known yet, guarded. ret (may be NULL): their entries. 0, 1: the partition was sent
 * to repair, < 0: STOP. */
int fnl_batch_load(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_row_key *rows, size_t count,
                   struct fnl_entry **ret) FNL_MUST_USE;
/* One guarded read of the partition. As fnl_batch_load. */
int fnl_batch_read(struct fnl_stream *s, struct fnl_partition *p, struct fnl_store_read *read) FNL_MUST_USE;
/* The row's committed bytes, as the view has them. */
void fnl_batch_fill(struct fnl_stream *s, struct fnl_entry *e, struct fnl_span value);

/* ---- more.c ---- */
/* What the inputs' rows name, as they were committed, becomes entries; those that are not known are to be read. 0 or
 * FNL_E_NOMEM. */
int fnl_more_entries(struct fnl_stream *s, struct fnl_partition *p) FNL_MUST_USE;
/* To the input's rows come those that they name by now, all of them loaded. 0; 1: the partition went to repair; < 0. */
int fnl_more_load(struct fnl_stream *s, struct fnl_partition *p, struct fnl_input *in,
                  struct fnl_error *why) FNL_MUST_USE;

/* ---- step.c ---- */
/* Runs one step and takes its decision into the overlay and the produced list, whole or not at all. entries: of
 * prepared->rows. 0; 1: the partition went to repair; FNL_E_NOMEM, POISON, INTERNAL. */
int fnl_batch_step(struct fnl_stream *s, struct fnl_partition *p, struct fnl_step *step,
                   const struct fnl_prepared *prepared, struct fnl_entry **entries, struct fnl_error *why) FNL_MUST_USE;
/* Moves what lives in the step's memory into the batch's; false: no memory. */
bool fnl_batch_keep(struct fnl_stream *s, struct fnl_span *span) FNL_MUST_USE;
int fnl_keep_outputs(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_output *outputs,
                     size_t count) FNL_MUST_USE;

/* ---- isolate.c ---- */
/* Before a partition runs for the first time since it was assigned. Errors are the view's. */
int fnl_isolate_begin(struct fnl_stream *s, struct fnl_partition *p) FNL_MUST_USE;
/* The input is about to be looked at; -1: none is. Errors are the view's. */
int fnl_isolate_hand(struct fnl_stream *s, struct fnl_partition *p, int64_t offset) FNL_MUST_USE;
/* Too many have died of it. */
bool fnl_isolate_is_deadly(const struct fnl_partition *p, int64_t offset);
/* After a commit: whether care is needed any longer. */
void fnl_isolate_rest(const struct fnl_stream *s, struct fnl_partition *p);

/* ---- page.c ---- */
/* 0; 1: the partition went to repair; < 0. */
int fnl_page_read(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_page_request *page,
                  const struct fnl_page_row **ret, size_t *ret_count, struct fnl_error *why) FNL_MUST_USE;

/* ---- event_time.c; all of it does nothing when clock = wall ---- */
void fnl_event_time_begin(struct fnl_stream *s, struct fnl_partition *p);
/* The partition's time when the input is processed. */
int fnl_event_time_limit(struct fnl_stream *s, const struct fnl_partition *p, const struct fnl_input *in,
                         int64_t *ret_ms, struct fnl_error *why) FNL_MUST_USE;
/* The input was processed at limit_ms, or became a dead letter. */
int fnl_event_time_follow(struct fnl_stream *s, struct fnl_partition *p, int64_t limit_ms, bool dead,
                          struct fnl_error *why) FNL_MUST_USE;
/* After all else of the batch: the time's row, and word of it for the next stage. */
int fnl_event_time_end(struct fnl_stream *s, struct fnl_partition *p) FNL_MUST_USE;

/* ---- timers.c: the view's index never names a row later than its deadline, but it may name it earlier. So a deadline
 * that moves later with each change is written only when the time of an earlier one has come. ---- */
/* Whether the index may stay as it is when the row is written. */
bool fnl_timer_indexed(const struct fnl_stream *s, const struct fnl_partition *p, const struct fnl_entry *e);
int fnl_timers_push(struct fnl_stream *s, struct fnl_partition *p, struct fnl_timer t) FNL_MUST_USE;
/* Fires all timers of the partition with a deadline <= limit, in order of (deadline, table, key), up to timers_max and
 * pages_max a batch. 0; 1: the partition went to repair; 2: the batch ends here (the arena is full; when clock = event:
 * no input may pass what is left); < 0: STOP. */
int fnl_timers_fire(struct fnl_stream *s, struct fnl_partition *p, int64_t limit_ms,
                    struct fnl_error *why) FNL_MUST_USE;

/* Sets p->left: whether something is due at the partition's time that the batch has not fired. */
void fnl_timers_left(struct fnl_stream *s, struct fnl_partition *p);

/* ---- stats.c ---- */
void fnl_batch_stats_outputs(struct fnl_batch_stats *b, const struct fnl_produced *first);
/* 0 when the end is not known. */
uint64_t fnl_input_lag(struct fnl_log *l, int32_t partition, int64_t offset);

/* ---- dead_letter.c ---- */
struct fnl_dead_from {
	const char *stage;
	const char *input_topic;
	size_t topic; /* where it goes */
};
/* NULL: no memory. */
struct fnl_produced *fnl_dead_letter(struct fnl_arena *arena, const struct fnl_dead_from *from,
                                     const struct fnl_record *r, int code, const char *why) FNL_MUST_USE;

/* ---- commit.c ---- */
int fnl_commit_batch(struct fnl_stream *s, struct fnl_error *why) FNL_MUST_USE;
/* cl=<n> of a committed offset; false when it is not there. */
bool fnl_commit_parse(struct fnl_span metadata, int64_t *ret_cl);

#endif
