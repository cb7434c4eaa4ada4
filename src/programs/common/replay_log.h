/* The input of a replay: what is retained of the topics that feeds, HR and people write to, and of rates and
 * territories, in one order. The bytes lie in a file without name that is mapped; in memory is one entry a record.
 *
 * The order is by time, topic, partition, offset; records of a partition stay in theirs: one that comes late counts at
 * the latest time that its partition had reached before it. So it does not depend on how partitions were read. */
#ifndef FNL_PROGRAMS_REPLAY_LOG_H
#define FNL_PROGRAMS_REPLAY_LOG_H

#include <stdio.h>

#include "app.h"

/* Their numbers are in exported files. */
enum fnl_replay_topic {
	FNL_REPLAY_PROSPECT_CHANGES,
	FNL_REPLAY_REP_CHANGES,
	FNL_REPLAY_COMMANDS,
	FNL_REPLAY_FX_RATES,
	FNL_REPLAY_TERRITORIES,
	FNL_REPLAY_TOPICS
};
/* Which topics these are. */
extern const enum fnl_topic fnl_replay_topics[FNL_REPLAY_TOPICS];

enum fnl_replay_kind {
	FNL_REPLAY_ONE,   /* goes to the partition of its key */
	FNL_REPLAY_ALL,   /* was sent to every partition: once is enough */
	FNL_REPLAY_RULES, /* likewise: RulesActivated */
	FNL_REPLAY_AHEAD  /* of a time that is none yet: the worker dead-letters it, and so it moves no clock */
};

struct fnl_replay_item {
	int64_t at_ms; /* for the order */
	int64_t offset;
	uint64_t place; /* in the file */
	int32_t partition;
	uint8_t topic;
	uint8_t kind;
};

struct fnl_replay_log {
	FILE *file;
	const uint8_t *bytes;
	size_t byte_count;
	struct fnl_replay_item *items; /* in order, once it is read */
	size_t count, capacity;
	int64_t first_ms, last_ms; /* in that order; INT64_MIN: nothing */
};

struct fnl_replay_bounds {
	int64_t until_ms;     /* what happened then or later is left out; INT64_MAX: nothing is */
	int64_t ahead_ms;     /* clock = wall: a record of a time so far beyond its own arrival is AHEAD; -1: none is */
	int64_t time_max_ms;  /* one of a later time is AHEAD */
	const char *progress; /* what to call it on a terminal; NULL: quiet */
};

/* From the bus, under the app's names: all that is committed as of the start. *ret is to be closed in any case. */
int fnl_replay_log_read(struct fnl_app *app, struct fnl_bus *bus, const struct fnl_replay_bounds *b,
                        struct fnl_replay_log *ret, struct fnl_error *why) FNL_MUST_USE;
/* From a file that fnl_replay_log_write has made, or all files of a folder, which may have records in common.
 * FNL_E_ARGUMENT, FNL_E_INVALID with file and place. */
int fnl_replay_log_open(struct fnl_app *app, const char *path, const struct fnl_replay_bounds *b,
                        struct fnl_replay_log *ret, struct fnl_error *why) FNL_MUST_USE;
/* In its order, to a file that does not exist yet. */
int fnl_replay_log_write(const struct fnl_replay_log *log, const char *path, struct fnl_error *why) FNL_MUST_USE;
/* The record of an item; its headers lie in the arena, its bytes in the log. */
int fnl_replay_log_record(const struct fnl_replay_log *log, const struct fnl_replay_item *item, struct fnl_arena *arena,
                          struct fnl_record *ret) FNL_MUST_USE;
void fnl_replay_log_close(struct fnl_replay_log *log);

#endif
