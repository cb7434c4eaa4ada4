/* Inside of the embedded log. The broker's parts know nothing of connections; every function here wants the broker's
 * lock held, except where it says otherwise. */
#ifndef FUNNELD_EMBEDDED_BROKER_H
#define FUNNELD_EMBEDDED_BROKER_H

#include <pthread.h>

#include "funneld/adapters/embedded.h"
#include "funneld/base/arena.h"

enum {
	EMB_TOPICS_MAX = 256,
	EMB_PARTITIONS_MAX = 1024, /* of one topic */
	EMB_GROUPS_MAX = 256,
	EMB_MEMBERS_MAX = 1024, /* of one group */
	EMB_PRODUCERS_MAX = 4096,
	EMB_NAME_BYTES_MAX = 249,
	EMB_RECORD_BYTES_MAX = 1048576, /* key, value and headers together */
	EMB_HEADERS_MAX = 64,
	EMB_METADATA_BYTES_MAX = 4096,
	EMB_QUEUE_RECORDS_MAX = 1000000, /* of one transaction, not yet flushed */
	EMB_BATCH_RECORDS_MAX = 1000000, /* of one poll */
	EMB_HELD_MAX = 16
};

enum emb_kind { EMB_DATA, EMB_COMMIT_MARKER, EMB_ABORT_MARKER };

/* The bytes of one record in one block: this head, its header table, key, value, the headers' bytes. Readers hold
 * spans into it without a lock, so a block dropped by compaction is kept until the broker closes. */
struct emb_blob {
	struct emb_blob *next;
};

struct emb_producer;
struct emb_topic;

struct emb_record {
	int64_t offset;
	int64_t timestamp_ms;
	int64_t horizon_ms;    /* of a tombstone or marker that a compaction has met: it goes after then. 0: not met */
	struct emb_blob *blob; /* NULL: a marker */
	struct fnl_span key;
	struct fnl_span value;
	const struct fnl_header *headers;
	uint32_t header_count;
	uint8_t kind;
	bool aborted;                        /* known once its transaction's marker is there */
	const struct emb_producer *producer; /* NULL: not transactional */
};

/* A transaction without its marker yet in a partition. */
struct emb_open {
	const struct emb_producer *producer;
	int64_t first_offset;
};

/* records has room for the markers of all open transactions, so that writing a marker cannot fail. */
struct emb_part {
	struct emb_topic *topic;
	int32_t index;
	struct emb_record *records; /* by offset; with holes after a compaction */
	size_t count, capacity;
	int64_t next_offset;
	struct emb_open *opens; /* by first_offset: the first one is the last stable offset */
	size_t open_count, open_capacity;
};

struct emb_topic {
	char name[EMB_NAME_BYTES_MAX + 1];
	int32_t partition_count;
	enum fnl_cleanup cleanup;
	uint32_t keyless; /* records without key go round the partitions */
	struct emb_part *parts;
};

struct emb_offset {
	int64_t offset; /* -1: none */
	char *metadata;
	size_t metadata_bytes;
	uint32_t pending; /* transactions whose outcome for this offset is not known here yet */
};

struct emb_group_topic {
	const struct emb_topic *topic;
	struct emb_offset *offsets; /* one a partition */
};

struct emb_member {
	uint64_t id;
	const struct emb_topic *topic;
	char instance[EMB_NAME_BYTES_MAX + 1]; /* "": dynamic */
	int64_t polled_ms;
};

struct emb_group {
	char name[EMB_NAME_BYTES_MAX + 1];
	int32_t generation;
	struct emb_member *members; /* in order of joining */
	size_t member_count, member_capacity;
	struct emb_group_topic *topics[EMB_TOPICS_MAX];
	size_t topic_count;
};

enum emb_txn_state { EMB_TXN_NONE, EMB_TXN_ONGOING, EMB_TXN_PREPARE_COMMIT, EMB_TXN_PREPARE_ABORT };

struct emb_txn_offset {
	struct emb_group *group;
	struct emb_offset *at;
	int64_t offset;
	char *metadata;
	size_t metadata_bytes;
};

struct emb_producer {
	char id[EMB_NAME_BYTES_MAX + 1];
	int32_t epoch;
	enum emb_txn_state state;
	int64_t began_ms;
	struct emb_part **parts; /* written to in this transaction */
	size_t part_count, part_capacity;
	struct emb_txn_offset *offsets;
	size_t offset_count, offset_capacity;
	size_t markers_left; /* of a decided transaction */
};

/* A marker on its way to a partition (part != NULL) or to the offsets of a group. */
struct emb_marker {
	struct emb_producer *producer;
	struct emb_part *part;
	struct emb_group *group;
};

/* A request to end a transaction that has not arrived yet. */
struct emb_held {
	struct emb_producer *producer;
	int32_t epoch;
	bool commit;
};

struct fnl_embedded {
	struct fnl_embedded_settings settings;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char cluster_id[48];
	struct emb_topic *topics[EMB_TOPICS_MAX];
	size_t topic_count;
	struct emb_group *groups[EMB_GROUPS_MAX];
	size_t group_count;
	struct emb_producer *producers[EMB_PRODUCERS_MAX];
	size_t producer_count;
	uint64_t members_made; /* the next member's id; never used twice */
	struct emb_marker *markers;
	size_t marker_count, marker_capacity;
	size_t marker_promised; /* markers that exist or will be needed by open transactions: always have room */
	struct emb_blob *dropped;
	struct emb_held held[EMB_HELD_MAX];
	size_t held_count;
};

/* --- broker.c --- */
int64_t fnl_emb_now_ms(const struct fnl_embedded *e);
/* Waits for a change, at most a short while and never beyond the deadline. False: the deadline has passed, or time
 * moves only by the caller's hand. Session and transaction time-outs are looked at after each wait. */
bool fnl_emb_wait(struct fnl_embedded *e, int64_t deadline_ms);
void fnl_emb_changed(struct fnl_embedded *e);
/* Looks at the time-outs, unless time is manual. */
void fnl_emb_expire(struct fnl_embedded *e);
struct emb_topic *fnl_emb_topic(const struct fnl_embedded *e, const char *name);
/* False when the name is absent, empty or too long; a name fits ret. */
bool fnl_emb_name(const char *name, char ret[EMB_NAME_BYTES_MAX + 1]);
/* Makes *items hold at least n of size each. */
int fnl_emb_reserve(void *items, size_t *capacity, size_t n, size_t size) FNL_MUST_USE;

/* --- partition.c --- */
/* Without lock. Copies into one block; offset, time and producer are not set. FNL_E_LIMIT, FNL_E_NOMEM. */
int fnl_emb_record_make(struct fnl_span key, struct fnl_span value, const struct fnl_header *headers,
                        size_t header_count, struct emb_record *ret) FNL_MUST_USE;
int64_t fnl_emb_lso(const struct emb_part *p);
/* Index of the first record at or after offset. */
size_t fnl_emb_seek(const struct emb_part *p, int64_t offset);
/* Takes the record's block over on success and sets its offset. producer NULL: not transactional. */
int fnl_emb_append(struct fnl_embedded *e, struct emb_part *p, struct emb_producer *producer,
                   struct emb_record *r) FNL_MUST_USE;
void fnl_emb_append_marker(struct fnl_embedded *e, struct emb_part *p, const struct emb_producer *producer,
                           bool commit);
/* Copies committed records from *position on, below limit, and moves *position over all that was looked at. */
struct emb_fetch {
	struct fnl_record **records; /* grown as needed */
	size_t *capacity;
	size_t count;
	size_t records_max;
	size_t bytes_left; /* the first record is taken whatever its size */
};
int fnl_emb_fetch(const struct emb_part *p, int64_t limit, int64_t *position, struct emb_fetch *f) FNL_MUST_USE;
/* Without lock. The partition of a key, as the Java clients choose it. */
int32_t fnl_emb_murmur2_partition(struct fnl_span key, int32_t partition_count);
struct emb_part *fnl_emb_part_of_key(struct emb_topic *t, struct fnl_span key);

/* --- txn.c --- */
/* FNL_E_TIMEOUT while markers of an earlier transaction are under way: call again. */
int fnl_emb_producer_init(struct fnl_embedded *e, const char *id, struct emb_producer **ret,
                          int32_t *ret_epoch) FNL_MUST_USE;
/* 0, FNL_E_FENCED_PRODUCER, or FNL_E_TIMEOUT while the markers of the last transaction are under way. */
int fnl_emb_txn_ready(const struct emb_producer *p, int32_t epoch) FNL_MUST_USE;
int fnl_emb_txn_append(struct fnl_embedded *e, struct emb_producer *p, struct emb_part *part,
                       struct emb_record *r) FNL_MUST_USE;
int fnl_emb_txn_offset(struct fnl_embedded *e, struct emb_producer *p, struct emb_group *g, struct emb_offset *at,
                       const struct fnl_commit *commit) FNL_MUST_USE;
/* Decides a transaction; nothing to do when there is none. */
int fnl_emb_txn_end(struct fnl_embedded *e, struct emb_producer *p, int32_t epoch, bool commit) FNL_MUST_USE;
/* The request is held up; false: no room, it goes its way. */
bool fnl_emb_txn_hold(struct fnl_embedded *e, struct emb_producer *p, int32_t epoch, bool commit);
void fnl_emb_txn_expire(struct fnl_embedded *e, int64_t now_ms);
void fnl_emb_producer_free(struct emb_producer *p);

/* --- group.c --- */
int fnl_emb_group(struct fnl_embedded *e, const char *name, struct emb_group **ret) FNL_MUST_USE;
struct emb_group *fnl_emb_group_find(const struct fnl_embedded *e, const char *name);
/* Where the committed offset of a partition lies; NULL when memory is exhausted. */
struct emb_offset *fnl_emb_group_offset(struct emb_group *g, const struct emb_topic *t, int32_t partition);
int fnl_emb_offset_set(struct emb_offset *at, int64_t offset, struct fnl_span metadata) FNL_MUST_USE;
int fnl_emb_join(struct fnl_embedded *e, struct emb_group *g, const struct emb_topic *t, const char *instance,
                 uint64_t *ret_id) FNL_MUST_USE;
void fnl_emb_leave(struct fnl_embedded *e, struct emb_group *g, uint64_t id);
struct emb_member *fnl_emb_member(struct emb_group *g, uint64_t id);
/* True when another member holds this instance id. */
bool fnl_emb_instance_taken(const struct emb_group *g, const char *instance, uint64_t by_other_than);
/* The member's share of its topic: partitions *ret_first .. + count. */
int32_t fnl_emb_share(const struct emb_group *g, const struct emb_member *m, int32_t *ret_first);
void fnl_emb_group_expire(struct fnl_embedded *e, int64_t now_ms);
void fnl_emb_group_free(struct emb_group *g);

#endif
