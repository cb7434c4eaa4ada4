/* The worker's parts: the checks at its start, and its threads. */
#ifndef FUNNELD_H
#define FUNNELD_H

#include "app.h"

/* Kafka, topics, partition counts, schemas, Redis, layout: 0 with the input's partition count, or the exit code, with
 * *why saying what, where and how to mend it. Ends within 15 s. */
int funneld_check(struct fnl_app *app, int32_t *ret_partitions, struct fnl_error *why) FNL_MUST_USE;

/* Runs the stream threads until a signal or an error; returns the exit code. */
int funneld_run(struct fnl_app *app, int32_t partitions) FNL_MUST_USE;

#endif
