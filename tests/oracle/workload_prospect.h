/* Random inputs of the prospect stage, all decided by a seed: a dozen prospects and three sources, everything that may
 * come on the topic, in and out of order, twice, late, and malformed in every way that is known. */
#ifndef FUNNELD_TESTS_WORKLOAD_PROSPECT_H
#define FUNNELD_TESTS_WORKLOAD_PROSPECT_H

#include "funneld/ports/bus.h"

/* Events beyond this (2100-01-01, the engine's own default) are meant to be dead letters. */
#define WORKLOAD_TIME_MAX_MS INT64_C(4102444800000)

struct workload_prospect;

/* Reads the schemas; once a process is enough. Aborts when it cannot: a test has nothing else to do then. */
struct workload_prospect *workload_prospect_open(const char *schema_directory);
void workload_prospect_close(struct workload_prospect *w);

/* Publishes about so many records (those for all partitions count once). */
void workload_prospect_publish(struct workload_prospect *w, struct fnl_bus *bus, const char *topic,
                               int32_t partition_count, uint64_t seed, size_t records);

#endif
