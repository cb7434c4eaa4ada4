/* The store's fake twin for tests: an in-memory server (struct fnl_fake_redis) with fault controls, and any number of
 * store handles on it, as several workers have on one Redis. It passes the same contract test as the real adapter.
 * One server is the view of one stage. Calls are serialised, so handles may live in different threads. */
#ifndef FUNNELD_TESTS_FAKE_STORE_H
#define FUNNELD_TESTS_FAKE_STORE_H

#include "funneld/ports/store.h"

struct fnl_fake_redis;

enum fnl_fake_fault {
	FNL_FAKE_NO_FAULT,
	FNL_FAKE_REFUSE,     /* nothing is done; FNL_E_DISCONNECTED */
	FNL_FAKE_REPLY_LOST, /* all is done; FNL_E_TIMEOUT */
	FNL_FAKE_FLUSH,      /* everything is lost just before the call, which then goes on */
	FNL_FAKE_ROLLBACK    /* back to the snapshot just before the call, which then goes on */
};

int fnl_fake_redis_open(struct fnl_fake_redis **ret) FNL_MUST_USE;
/* All handles must be closed. NULL is fine; returns NULL. */
struct fnl_fake_redis *fnl_fake_redis_close(struct fnl_fake_redis *r);

/* FLUSHALL: rows, indexes, applied and layout are gone; the snapshot stays. */
void fnl_fake_redis_flush(struct fnl_fake_redis *r);
/* Remembers everything as it is now, in place of an earlier snapshot. */
int fnl_fake_redis_snapshot(struct fnl_fake_redis *r) FNL_MUST_USE;
/* A failover that forgets: back to the snapshot, which stays; without one as flush. */
int fnl_fake_redis_rollback(struct fnl_fake_redis *r) FNL_MUST_USE;
/* While down every call gives FNL_E_DISCONNECTED and does nothing. */
void fnl_fake_redis_set_down(struct fnl_fake_redis *r, bool down);
/* The fault happens once, in the call that comes after `calls` others from now (0: the next one). Every operation of
 * every handle counts as one call. Replaces a fault that still waits; FNL_FAKE_NO_FAULT takes it back. */
void fnl_fake_redis_fault_after(struct fnl_fake_redis *r, size_t calls, enum fnl_fake_fault fault);
/* The next apply or wipe is done, but its caller gets FNL_E_TIMEOUT. */
void fnl_fake_redis_lose_next_reply(struct fnl_fake_redis *r);
/* The next apply does the first half of its parts, then the connection breaks: its caller gets FNL_E_DISCONNECTED. */
void fnl_fake_redis_interrupt_next(struct fnl_fake_redis *r);
/* Somebody deletes the keys that say where each partition stands; all rows stay. */
void fnl_fake_redis_forget(struct fnl_fake_redis *r);
/* A view whose restore goes on counts as absent to all but the handle that is at it (store.h, `more`). */
void fnl_fake_redis_hide_half_built(struct fnl_fake_redis *r);
/* Calls begun since open, those refused included: for tests that put a fault at every position. */
size_t fnl_fake_redis_calls(struct fnl_fake_redis *r);

/* What a partition stands at and how many rows it has, past every fault: for assertions. */
struct fnl_applied fnl_fake_redis_applied(struct fnl_fake_redis *r, int32_t partition, size_t *ret_rows);

/* The same of the snapshot. */
struct fnl_applied fnl_fake_redis_snapshot_applied(struct fnl_fake_redis *r, int32_t partition);

/* A handle. Equal deadlines come in the order of the table's index, then of the key. r must outlive it. */
int fnl_fake_store_open(struct fnl_fake_redis *r, size_t table_count, struct fnl_store **ret) FNL_MUST_USE;

#endif
