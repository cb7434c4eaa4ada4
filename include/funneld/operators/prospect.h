/* The prospect stage: decode -> core -> rows and outputs. */
#ifndef FUNNELD_OPERATORS_PROSPECT_H
#define FUNNELD_OPERATORS_PROSPECT_H

#include "funneld/core/prospect.h"
#include "funneld/engine/operator.h"
#include "funneld/engine/stream.h"
#include "funneld/ports/codec.h"
#include "funneld/ports/ids.h"

/* Tables, output topics and names of the stage; the same everywhere. */
enum {
	FNL_PROSPECT_TABLE_PARTITION,
	FNL_PROSPECT_TABLE_PROSPECT,
	FNL_PROSPECT_TABLE_ERASED,
	FNL_PROSPECT_TABLE_FEED,
	FNL_PROSPECT_TABLE_COUNT
};
#define FNL_PROSPECT_PAGED ((fnl_paged_tables)(1U << FNL_PROSPECT_TABLE_PROSPECT))
enum {
	FNL_PROSPECT_OUT_LAYER_CHANGES,
	FNL_PROSPECT_OUT_ALERTS,
	FNL_PROSPECT_OUT_DEAD_LETTERS,
	FNL_PROSPECT_OUT_REP_INPUTS, /* BookLine by book; with clock = event StageTime to every partition */
	FNL_PROSPECT_OUT_COUNT
};
extern const char *const fnl_prospect_tables[FNL_PROSPECT_TABLE_COUNT]; /* "partition", "prospect", "erased", "feed" */

/* Rules text of a RulesActivated to rules, in the arena (an adapter parses). */
struct fnl_rules_reader {
	void *context;
	int (*read)(void *context, struct fnl_span text, struct fnl_arena *arena, const struct fnl_rules **ret,
	            struct fnl_error *why);
};

/* codec, ids and rules_reader are borrowed until close. partition_count: of the stage's input, for the stage after it
 * when clock = event; 0: there is none that wants to know the time. One a thread. */
int fnl_prospect_operator_open(struct fnl_codec *codec, const struct fnl_ids *ids,
                               const struct fnl_rules_reader *rules_reader, int32_t partition_count,
                               struct fnl_operator **ret, struct fnl_error *why) FNL_MUST_USE;
/* How many prospects one page of the pass after new rules has, 1 to FNL_PAGE_ROWS_MAX, which it is unless told: for
 * tests, which have few. */
void fnl_prospect_operator_set_page(struct fnl_operator *base, size_t rows_max);
struct fnl_operator *fnl_prospect_operator_close(struct fnl_operator *base);

#endif
