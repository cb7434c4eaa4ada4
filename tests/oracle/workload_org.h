/* Random inputs of the org stage, all decided by a seed: a few organisations with some reps each, everything that may
 * come on the topic, in and out of order, twice, late, and malformed in every way that is known. */
#ifndef FUNNELD_TESTS_WORKLOAD_ORG_H
#define FUNNELD_TESTS_WORKLOAD_ORG_H

#include "workload_prospect.h"

struct workload_org;

/* As workload_prospect_open. */
struct workload_org *workload_org_open(const char *schema_directory);
void workload_org_close(struct workload_org *w);

/* Publishes about so many records (those for all partitions count once). start_ms: about when it is. */
void workload_org_publish(struct workload_org *w, struct fnl_bus *bus, const char *topic, int32_t partition_count,
                          uint64_t seed, size_t records, int64_t start_ms);

#endif
