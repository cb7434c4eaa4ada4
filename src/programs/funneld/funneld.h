/* The worker's parts: the checks at its start, and its threads. */
#ifndef FUNNELD_H
#define FUNNELD_H

#include "app.h"

/* Kafka, topics, partition counts, schemas, Redis, layout: 0 with the partition count of each stage's input, or the
 * exit code, with *why saying what, where and how to mend it. Ends within 15 s. */
int funneld_check(struct fnl_app *app, int32_t ret_partitions[FNL_APP_STAGE_COUNT], struct fnl_error *why) FNL_MUST_USE;

/* Runs the threads of all stages and of the router until a signal or an error; returns the exit code. */
int funneld_run(struct fnl_app *app, const int32_t partitions[FNL_APP_STAGE_COUNT]) FNL_MUST_USE;

#endif
