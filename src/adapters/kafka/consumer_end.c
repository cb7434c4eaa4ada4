/* The end of a consumer, in two steps: rd_kafka_destroy() alone can abort the process.
 *
 * librdkafka asserts that a broker's last reference is dropped by that broker's own thread (v2.0.2, rdkafka_broker.c,
 * rd_kafka_broker_destroy_final). The thread ends when it sees no reference but its own, and until it has taken itself
 * off the list of brokers anybody can still take one there. Somebody does, whenever a consumer ends: its group handler
 * takes the address from the connection to the coordinator; that one's thread disconnects (rd_kafka_broker_fail with
 * _TRANSPORT), picks another broker and asks it for metadata (rd_kafka_metadata_refresh_topics), just while the main
 * thread ends that other one. Then the coordinator's thread holds the last reference: confluentinc/librdkafka#3608.
 *
 * So the group handler is closed first, and the handle destroyed when the coordinator's connection has come to rest.
 * What is left are connections that break by themselves at that very moment. */
#include "kafka_internal.h"

enum { COORDINATOR_REST_MS = 1000, COORDINATOR_LOOK_MS = 1, GROUP_END_MS = 300 };

/* Runs in the connection's own thread, or in the one that makes it. Down is not at rest: the search for another broker
 * comes between it and the next state. Without an address a connection cannot come up again. */
static rd_kafka_resp_err_t on_state(rd_kafka_t *rk, int32_t broker, const char *protocol, const char *name, int port,
                                    const char *state, void *opaque)
{
	(void)rk, (void)broker, (void)protocol, (void)port;
	struct fnl_kafka_watch *w = opaque;
	if (strcmp(name, "GroupCoordinator") == 0) {
		atomic_store(&w->coordinator_moves, strcmp(state, "INIT") != 0 && strcmp(state, "TRY_CONNECT") != 0);
	}
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque, char *why, size_t why_size)
{
	(void)conf, (void)why, (void)why_size;
	return rd_kafka_interceptor_add_on_broker_state_change(rk, "funneld", on_state, opaque);
}

void fnl_kafka_consumer_watch(rd_kafka_conf_t *conf, struct fnl_kafka_watch *w)
{
	rd_kafka_conf_interceptor_add_on_new(conf, "funneld", on_new, w);
}

/* The group handler waits for the answer to the first revocation. An assignment may come when it is about to end
 * nevertheless, and what it is asked then is thrown away unanswered (v2.0.2, rdkafka_cgrp.c, rd_kafka_cgrp_terminated):
 * rd_kafka_assign() would wait for ever. It ends at once, then; so it is given a while for that. */
bool fnl_kafka_end_is_asked(rd_kafka_t *rk, rd_kafka_resp_err_t rebalance)
{
	struct fnl_kafka_watch *w = rd_kafka_opaque(rk);
	bool first = w->end_rebalances++ == 0;
	if (first && rebalance == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
		return true;
	}
	int64_t deadline_ms = fnl_kafka_now_ms() + GROUP_END_MS;
	while (!rd_kafka_consumer_closed(rk) && fnl_kafka_left_ms(deadline_ms) > 0) {
		fnl_kafka_sleep_ms(COORDINATOR_LOOK_MS);
	}
	return !rd_kafka_consumer_closed(rk);
}

void fnl_kafka_consumer_end(rd_kafka_t *consumer)
{
	struct fnl_kafka_watch *w = rd_kafka_opaque(consumer);
	w->ending = true;
	w->end_rebalances = 0;
	/* Refused after a fatal error (a fence): such a consumer can only be destroyed at once. */
	rd_kafka_consumer_close(consumer);
	w->ending = false;
	int64_t deadline_ms = fnl_kafka_now_ms() + COORDINATOR_REST_MS;
	while (rd_kafka_consumer_closed(consumer) && atomic_load(&w->coordinator_moves) &&
	       fnl_kafka_left_ms(deadline_ms) > 0) {
		fnl_kafka_sleep_ms(COORDINATOR_LOOK_MS);
	}
	rd_kafka_destroy_flags(consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}
