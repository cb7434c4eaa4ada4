/* Wrappers around a log and a store that count every port call and do one fault at a chosen one: the crash points. */
#ifndef FUNNELD_TESTS_FAULTY_PORTS_H
#define FUNNELD_TESTS_FAULTY_PORTS_H

#include "funneld/ports/log.h"
#include "funneld/ports/store.h"

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

struct fault_plan {
	enum fault_mode mode;
	size_t at;    /* the call it happens in, from 1 */
	size_t calls; /* seen so far */
	bool dead;
	void (*hook)(void *context);
	void *context;
};

struct faulty_log {
	struct fnl_log base;
	struct fnl_log *inner;
	struct fault_plan *plan;
};
struct faulty_store {
	struct fnl_store base;
	struct fnl_store *inner;
	struct fault_plan *plan;
};

/* The inner ones stay the caller's. */
void faulty_log_init(struct faulty_log *l, struct fnl_log *inner, struct fault_plan *plan);
void faulty_store_init(struct faulty_store *s, struct fnl_store *inner, struct fault_plan *plan);

#endif
