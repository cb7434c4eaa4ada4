/* The rep stage's real operator on the real engine, for tests of what comes out of it: inputs are encoded by the real
 * codec, and any seed of batches must tell the same. For cmocka tests: what cannot be is a failed assertion. */
#ifndef FNL_TESTS_REP_STAGE_H
#define FNL_TESTS_REP_STAGE_H

#include "funneld/operators/rep.h"
#include "sheet_world.h"
#include "stage_run.h"

struct rep_stage {
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_operator *op;
	struct fnl_books books; /* memory of inputs, and of what is decoded, until the next run */
	uint64_t seed;          /* of the inputs: the test's */
};

void rep_stage_open(struct rep_stage *s, const char *schema_directory);
void rep_stage_close(struct rep_stage *s);
/* r says the clock, the seed of the batches, when it starts, how time passes, and what is published, with s as its
 * context; the rest is the stage's. */
struct stage_result *rep_stage_run(struct rep_stage *s, const struct stage_run *r);
/* Of the cause "cause-N". partition: -1, that of the key. */
void rep_stage_publish(struct rep_stage *s, struct fnl_bus *bus, int32_t partition, const char *key,
                       const struct fnl_input *in, size_t cause);
const struct fnl_value *rep_stage_decode(struct rep_stage *s, struct fnl_span value,
                                         const struct fnl_record_desc **ret);

#endif
