/* Wrappers around a log and a store that ask a judge at every port call: the crash points, and the simulation's faults.
 */
#ifndef FUNNELD_TESTS_FAULTY_PORTS_H
#define FUNNELD_TESTS_FAULTY_PORTS_H

#include "funneld/ports/log.h"
#include "funneld/ports/store.h"

/* What a call is to do: go through to the inner port or not, and what to answer (0: the inner answer). */
struct fault_verdict {
	bool through;
	int answer;
};

/* Asked at every port call. */
struct fault_judge {
	void *context;
	/* in_txn: a call that a broker may refuse with a clean, abortable error. */
	struct fault_verdict (*judge)(void *context, const char *call, bool in_txn);
	/* May be NULL. The inner port, which never waits under manual time, gave rc; true: time has gone by and the call is
	 * to be tried again. */
	bool (*wait)(void *context, int rc, int64_t since_ms, int timeout_ms);
	int64_t (*now_ms)(void *context); /* with wait */
	/* May be NULL. false before a call reaches the inner port, true after it. */
	void (*engine_runs)(bool runs);
	bool dead; /* every call fails and reaches nobody */
};

enum fault_mode {
	FAULT_NONE,
	FAULT_CRASH_BEFORE,   /* the call and all later ones reach nobody */
	FAULT_CRASH_AFTER,    /* the call is done, its answer and all later calls reach nobody */
	FAULT_TIMEOUT_BEFORE, /* the call is lost, the caller is told: no answer in time */
	FAULT_TIMEOUT_AFTER,  /* the answer is lost */
	FAULT_ABORT,          /* a call inside a transaction is refused with a clean, abortable error */
	FAULT_HOOK,           /* the hook runs before the call: others act meanwhile */
	FAULT_MODE_COUNT
};

/* One fault at one call. */
struct fault_plan {
	struct fault_judge judge; /* fault_plan_init sets it */
	enum fault_mode mode;
	size_t at;    /* the call it happens in, from 1 */
	size_t calls; /* seen so far */
	void (*hook)(void *context);
	void *context;
	void (*engine_runs)(bool runs); /* the judge's; may be NULL */
};

void fault_plan_init(struct fault_plan *p);

struct faulty_log {
	struct fnl_log base;
	struct fnl_log *inner;
	struct fault_judge *judge;
};
struct faulty_store {
	struct fnl_store base;
	struct fnl_store *inner;
	struct fault_judge *judge;
};

/* The inner ones stay the caller's. */
void faulty_log_init(struct faulty_log *l, struct fnl_log *inner, struct fault_judge *judge);
void faulty_store_init(struct faulty_store *s, struct fnl_store *inner, struct fault_judge *judge);

#endif
