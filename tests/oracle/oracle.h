/* What the prospect stage must have made of its input: a slow and simple fold, written from the contract (the README,
 * schemas/, the public headers) and sharing no code with src/. It reads bytes with avro-c's generic values, keeps its
 * rows as JSON values, knows a few rules texts by heart (oracle_rules_known), and tells the first difference.
 *
 * clock = event: everything follows from the input alone, timers too. They fire before the event that passes them, by
 * (deadline, table, key), and once more after the last one.
 * clock = wall, and the clock stood still at the wall_times, each time until all was done, of records that were
 * published at that time (their timestamp) and of timers, of which a batch may fire any number: so everything follows,
 * too. What a worker that was away finds is the same as after a step from one time to the next.
 *
 * clock = wall without these: timers are not repeated. The clock must be far before all that happens (the tests run in
 * 1970), so that nothing is over: no stall, no late input, no row or former owner that expires, no silent feed.
 * funneld_now is not compared, nor when a source was heard and when it will be silent (Feed.last_heard_at and
 * next_deadline_at), only that some rules say so. Nor is when the passes after new rules and news of a feed came by:
 * what they tell and write does not depend on that, only counts and funneld_at do. An event is too late in the future
 * when it is beyond time_max_ms, which the caller chooses so that no input lies between it and the workers' own limit.
 *
 * The outputs of a key must come from one input partition (keys are partitioned), but for dead letters and lines. */
#ifndef FUNNELD_TESTS_ORACLE_H
#define FUNNELD_TESTS_ORACLE_H

#include "funneld/ports/record.h"

enum { ORACLE_LAYER_CHANGES, ORACLE_ALERTS, ORACLE_DEAD_LETTERS, ORACLE_REP_INPUTS, ORACLE_TOPIC_COUNT };
enum { ORACLE_TABLE_PARTITION, ORACLE_TABLE_PROSPECT, ORACLE_TABLE_ERASED, ORACLE_TABLE_FEED, ORACLE_TABLE_COUNT };

struct oracle_row {
	int32_t partition;
	uint8_t table;
	struct fnl_span key;
	struct fnl_span value;
	int64_t deadline_ms; /* as the view's index has it; INT64_MAX: none */
};

/* The index has a row's deadline, or an earlier one that is moved when its time has come. */
static inline bool oracle_deadline_fits(int64_t indexed_ms, int64_t deadline_ms)
{
	return indexed_ms <= deadline_ms && (indexed_ms == INT64_MAX) == (deadline_ms == INT64_MAX);
}

/* Everything is borrowed. */
struct oracle_input {
	bool event_clock;
	bool ids_unique;             /* two different outputs with one ce_id are a difference, else they are counted */
	int32_t partition_count;     /* of the input, as StageTime says it */
	int32_t rep_partition_count; /* of the topic of the lines */
	int64_t time_max_ms;         /* an event beyond it is a dead letter */
	const int64_t *wall_times;   /* clock = wall: when the clock stood still; none: see above */
	size_t wall_time_count;
	int64_t future_max_ms;           /* then an event further ahead of the clock is a dead letter */
	const char *input_topic;         /* as the dead letters name it */
	const struct fnl_record *inputs; /* in order of partition, offset */
	size_t input_count;
	const struct fnl_record *outputs[ORACLE_TOPIC_COUNT]; /* committed ones, in order of partition, offset */
	size_t output_counts[ORACLE_TOPIC_COUNT];
	const struct oracle_row *rows;
	size_t row_count;
};

/* What the fold came across: for tests that want to know what a workload reaches. */
struct oracle_stats {
	size_t layer_changed;
	size_t parked;
	size_t unparked;
	size_t resync_requested;
	size_t resync_completed;
	size_t dead_letters;
	size_t timers;
	size_t stale;
	size_t rules_activated;
	size_t prospects; /* rows at the end */
	size_t erased;
	size_t feeds;
	size_t lines;
	size_t former_ended; /* former owners whose 400 days were over */
	size_t reevaluated;  /* prospects that got another layer or weight by new rules */
	size_t stage_times;
	size_t answers;
	size_t silent;    /* feeds that fell silent */
	size_t recovered; /* and were heard again */
	size_t carries_changed;
	size_t feed_passes;
	size_t feed_looked;  /* prospects that such a pass has looked at */
	size_t stall_timers; /* that changed stalls */
	size_t stalled[4];   /* stalls that came, by kind */
	size_t cleared[4];
	size_t levels[3]; /* that were reached, from REP on */
	size_t conditions[7];
	size_t quiet;     /* stalls that were only shown */
	size_t new_owner; /* and those that waited for a new owner's grace */
	size_t pushes;
	size_t reopened;
	size_t adverse[7]; /* changes against the company: amount, probability, up, owner, lost, contact, deleted */
	size_t edits;      /* by a person, later than the one before */
	size_t forgotten;  /* adverse changes about a person who was erased */
	size_t away;       /* feeds that the worker did not hear because it was away; with clock = wall */
	size_t coalesced;  /* stalls that reached several levels at once */
	size_t ids_twice;  /* outputs whose ce_id an earlier, different one had */
	/* seldom: whoever had won it has no line of it any more, and heard that it is not won now */
	size_t winners_told;
};

struct oracle;

/* Reads every schema of the directory; once a process is enough. NULL with why. */
struct oracle *oracle_open(const char *schema_directory, char *why, size_t why_bytes);
void oracle_close(struct oracle *o);

/* 0, or -1 with the first difference in why: which key, which field, what was expected, what was found. stats may be
 * NULL. */
int oracle_check(struct oracle *o, const struct oracle_input *in, struct oracle_stats *stats, char *why,
                 size_t why_bytes);

/* The rules texts that the oracle knows, for workloads: version, SHA-256 of the text in hexadecimal, text. NULL: there
 * is no such one. */
struct oracle_rules_text {
	int32_t version;
	const char *hash;
	const char *text;
};
const struct oracle_rules_text *oracle_rules_known(size_t at);

#endif
