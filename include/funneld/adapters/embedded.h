/* The embedded log: a broker inside this process with Kafka's semantics, for the demo, the tests and the proof: never
 * for production. Partitions, transactions with markers, generations, stable offsets, last stable offset, fencing,
 * compaction. Nothing is on disk. The broker is thread safe; each connection belongs to one thread. */
#ifndef FUNNELD_ADAPTERS_EMBEDDED_H
#define FUNNELD_ADAPTERS_EMBEDDED_H

#include "funneld/ports/bus.h"
#include "funneld/ports/clock.h"
#include "funneld/ports/log.h"

struct fnl_embedded;

struct fnl_embedded_settings {
	const struct fnl_clock *clock; /* borrowed */
	int session_timeout_ms;        /* a member that did not poll for so long is out: generation + 1 */
	int txn_timeout_ms;            /* an open transaction that is older is aborted and its producer fenced */
	bool manual_markers; /* true: a decided transaction's markers are written only by fnl_embedded_deliver_marker */
	bool manual_time;    /* true: time-outs are looked at only in fnl_embedded_tick (else at each call), no call waits
	                      */
};

int fnl_embedded_open(const struct fnl_embedded_settings *settings, struct fnl_embedded **ret) FNL_MUST_USE;
/* All connections must be closed. NULL is fine. */
struct fnl_embedded *fnl_embedded_close(struct fnl_embedded *e);

struct fnl_embedded_log_settings {
	const char *input_topic;
	const char *changelog_topic;      /* NULL: none, for a relay */
	const char *const *output_topics; /* index = the topic argument of produce */
	size_t output_topic_count;
	const char *group;
	const char *group_instance_id; /* NULL: dynamic membership */
	const char *transactional_id;
};
/* The connection joins the group at its first poll; the newcomer wins over the same group_instance_id (the older one
 * gets FNL_E_FENCED_INSTANCE from poll, FNL_E_NOT_ASSIGNED elsewhere). Range assignment in order of joining. */
int fnl_embedded_log_open(struct fnl_embedded *e, const struct fnl_embedded_log_settings *settings,
                          struct fnl_log **ret) FNL_MUST_USE;
/* As a kill -9: the connection is freed, the broker is told nothing (its transaction stays open, its membership too).
 */
void fnl_embedded_log_crash(struct fnl_log *l);

int fnl_embedded_bus_open(struct fnl_embedded *e, struct fnl_bus **ret) FNL_MUST_USE;

/* As Kafka's DeleteRecords up to the last stable offset: the topic's decided records are gone, and their memory with
 * them. Nobody may still hold a span into them, read them again, or restore from them: for a run in one thread that has
 * come to rest and keeps its view. Offsets go on. */
void fnl_embedded_forget(struct fnl_embedded *e, const char *topic);

/* --- for tests and the simulation --- */
/* Writes one pending marker (which: index among the pending ones, oldest first; beyond them: none). Returns how many
 * are pending afterwards. */
size_t fnl_embedded_deliver_marker(struct fnl_embedded *e, size_t which);
size_t fnl_embedded_pending_markers(const struct fnl_embedded *e);
void fnl_embedded_tick(struct fnl_embedded *e);
/* The connection's next request to end its transaction is held up in the network: the caller gets no answer in time,
 * and the request arrives when it is delivered, whatever the producer has done meanwhile (a broker without KIP-890
 * knows it by its epoch alone). */
void fnl_embedded_log_hold_end(struct fnl_log *l);
/* As fnl_embedded_deliver_marker, for requests that are held up. */
size_t fnl_embedded_deliver_held(struct fnl_embedded *e, size_t which);
/* What the transactions decided so far say of a partition of a group, markers or not. offset -1: none. metadata as in
 * fnl_partition_lag. */
void fnl_embedded_decided(struct fnl_embedded *e, const char *group, const char *topic, int32_t partition,
                          int64_t *ret_offset, char ret_metadata[64]);
/* Kicks every member out of a group: generation + 1, all must join again. */
void fnl_embedded_rebalance(struct fnl_embedded *e, const char *group);
/* Compacts a compacted topic up to its last stable offset. Tombstones and markers go delete_retention_ms after the
 * first compaction that met them (KIP-534). */
void fnl_embedded_compact(struct fnl_embedded *e, const char *topic, int64_t delete_retention_ms);

#endif
