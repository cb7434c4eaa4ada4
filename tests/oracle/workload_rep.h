/* Random inputs of the rep stage, all decided by a seed: some books, organisations and runs, everything that may come
 * on the topic, in and out of order, twice, late, and malformed in every way that is known. */
#ifndef FUNNELD_TESTS_WORKLOAD_REP_H
#define FUNNELD_TESTS_WORKLOAD_REP_H

#include "workload_prospect.h"

struct workload_rep;

/* As workload_prospect_open. */
struct workload_rep *workload_rep_open(const char *schema_directory);
void workload_rep_close(struct workload_rep *w);

/* Publishes about so many records (those for all partitions count once). start_ms: about when it is; with clock = wall
 * runs are opened so that some freeze within a minute from then. */
void workload_rep_publish(struct workload_rep *w, struct fnl_bus *bus, const char *topic, int32_t partition_count,
                          uint64_t seed, size_t records, int64_t start_ms);

#endif
