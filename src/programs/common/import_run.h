/* A change log in CSV onto the input topics. Two passes: the first finds each row's version, the second publishes. */
#ifndef FNL_PROGRAMS_IMPORT_RUN_H
#define FNL_PROGRAMS_IMPORT_RUN_H

#include "import_row.h"

struct fnl_import_ports {
	struct fnl_bus *bus;
	struct fnl_codec *codec;
	const struct fnl_ids *ids;
	const char *const *topics; /* names by enum fnl_topic */
};

struct fnl_import_counts {
	uint64_t rows;      /* read, without the header */
	uint64_t published; /* rows; one for all partitions counts once */
	uint64_t outside;   /* of --from and --until */
	uint64_t bad;
};

struct fnl_import_options {
	const char *file; /* for messages */
	FILE *in;         /* must be seekable: see fnl_import_spool */
	const struct fnl_import_map *map;
	int64_t from_ms; /* published when from_ms <= occurred_at < until_ms; INT64_MIN, INT64_MAX: no bound */
	int64_t until_ms;
	bool strict; /* stop at the first bad row */
	void *context;
	void (*bad_row)(void *context, const char *message); /* each bad row, in words */
	void (*progress)(void *context, const struct fnl_import_counts *so_far,
	                 int pass); /* every few thousand rows; may be NULL */
};

enum { FNL_IMPORT_LEFT_OUT = 1 };

/* 0: all in; FNL_IMPORT_LEFT_OUT: some rows were not (strict: it stopped at the first). Negative with *why: header or
 * map are wrong (FNL_E_INVALID, nothing was published), or the bus failed. *ret_counts is filled in any case. */
int fnl_import_run(const struct fnl_import_ports *ports, const struct fnl_import_options *options,
                   struct fnl_import_counts *ret_counts, struct fnl_error *why) FNL_MUST_USE;

/* Advances the event clock: a ClockTick to every partition of the prospect stage's input. */
int fnl_import_tick(const struct fnl_import_ports *ports, int64_t at_ms, struct fnl_error *why) FNL_MUST_USE;

/* One event with its headers, encoded and queued. */
int fnl_import_publish(const struct fnl_import_ports *ports, const struct fnl_import_event *e, struct fnl_arena *arena,
                       struct fnl_error *why) FNL_MUST_USE;

/* What the event's ce_id is, and with it the ce_correlationid of all that follows from it; in the arena. Absent: no
 * memory. */
struct fnl_span fnl_import_event_id(const struct fnl_ids *ids, const struct fnl_import_event *e,
                                    struct fnl_arena *arena);

/* in itself when it can be read twice, else a temporary file with its bytes (in is closed then); NULL and errno. */
FILE *fnl_import_spool(FILE *in);

/* --from and --until: a date is its midnight, or with end_of_day the next one. */
bool fnl_import_bound(const char *text, bool end_of_day, int64_t *ret_ms);

#endif
