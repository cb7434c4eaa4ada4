/* What was told of what sits still, and asked on sheets: folded from the events on the log alone. */
#ifndef FUNNEL_DEMO_STALLS_H
#define FUNNEL_DEMO_STALLS_H

#include "funneld_records.h"
#include "rows_table.h"
#include "world.h"

/* Told of and not cleared: one prospect, in one way, in one rep's book. */
struct stall_told {
	struct fnl_map_node node; /* "P-0012|R-07|SILENT" */
	bool open;
	int level;
	unsigned levels; /* all that it was told at since it opened, a bit each */
};

/* One rep's sheets, which are numbered without a hole. */
struct stall_sheets {
	struct fnl_map_node node; /* the rep's id */
	int64_t number;
};

/* A zeroed one is valid and empty. */
struct stalls {
	int64_t seen[FNL_TOPIC_COUNT][WORLD_PARTITIONS]; /* offsets */
	struct fnl_arena arena;                          /* of one record */
	struct fnl_arena keys_arena;
	struct fnl_map by_key;
	struct fnl_map by_rep;
	uint64_t told;
	uint64_t escalated;
	uint64_t cleared;
	uint64_t strays; /* told while it was open; escalated or cleared while it was not */
	uint64_t open;
	uint64_t by_level[FNL_ALERT_LEVEL_COUNT]; /* of those */
	uint64_t sheets;
	uint64_t holes; /* sheets that do not follow the one before them */
	uint64_t questions;
	uint64_t answers;
	uint64_t answered; /* of them: to a question that was open */
	uint64_t overdue;
};

/* Takes what has come since the last time. FNL_E_NOMEM, or what the bus says, with *why. */
int stalls_read(struct stalls *s, struct world *w, struct fnl_error *why) FNL_MUST_USE;
void stalls_deinit(struct stalls *s);
/* Open, and told step by step: to the rep, his manager, the level above. */
bool stalls_climbed(const struct stalls *s, struct fnl_span prospect_id, struct fnl_span rep_id, int kind);

/* Prospects that sit still, told or only shown, by layer. rows: of the prospect stage. */
struct stalls_now {
	uint64_t by_layer[FNL_LAYER_COUNT];
};
int stalls_of_rows(const struct fnl_rows *rows, struct stalls_now *ret, struct fnl_error *why) FNL_MUST_USE;

/* The rep stage's lines: what they say was told (*ret_lines), and how much of that is open on the log. */
int stalls_against_lines(const struct stalls *s, struct world *w, uint64_t *ret_lines, uint64_t *ret_same,
                         struct fnl_error *why) FNL_MUST_USE;

#endif
