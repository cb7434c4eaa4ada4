/* What the router must have sent on, from what it was given: an independent reading of
 * include/funneld/operators/router.h that shares no code with src/. HR events and commands about a rep go to his book,
 * in one partition; OpenQuotaYear to every partition; what is about an organisation's territories and scores to it, in
 * one partition of the org stage's input; what nobody acts on yet to nobody; everything else is a dead letter. Each
 * once, as it came, with a ce_id; and of one input partition in its order. But a resignation goes on without the id of
 * the new employer, of which it has a digest. */
#ifndef FUNNELD_TESTS_ORACLE_ROUTER_H
#define FUNNELD_TESTS_ORACLE_ROUTER_H

#include "oracle.h"

/* Who sends records of a kind to the rep stage, or as the router to the org stage. */
enum oracle_sender {
	ORACLE_FROM_PROSPECT,
	ORACLE_FROM_ROUTER_HR,
	ORACLE_FROM_ROUTER_COMMANDS,
	ORACLE_FROM_ORG,     /* answers, moves */
	ORACLE_FROM_OUTSIDE, /* rules */
	ORACLE_SENDER_COUNT
};
/* By what the record is; one that cannot be read is the prospect stage's, which then has to answer for it. */
enum oracle_sender oracle_sender_of(struct oracle *o, const struct fnl_record *r);

/* One relay. Everything is borrowed, and in order of partition, offset. */
struct oracle_router_input {
	enum oracle_sender relay; /* ORACLE_FROM_ROUTER_… */
	const char *stage;        /* as its dead letters name it */
	const char *input_topic;
	int32_t rep_partition_count;
	const struct fnl_record *inputs;
	size_t input_count;
	const struct fnl_record *rep_inputs; /* all of them, also others' */
	size_t rep_input_count;
	int32_t org_partition_count;
	const struct fnl_record *org_inputs; /* likewise */
	size_t org_input_count;
	const struct fnl_record *dead_letters; /* this relay's */
	size_t dead_letter_count;
};

struct oracle_router_stats {
	size_t keyed;
	size_t for_all; /* counted once */
	size_t for_org;
	size_t unheard;
	size_t dead_letters;
};

/* 0, or -1 with the first difference in why. */
int oracle_router_check(struct oracle *o, const struct oracle_router_input *in, struct oracle_router_stats *stats,
                        char *why, size_t why_bytes);

#endif
