/* What every store has to do, as one suite for the fake and for the real one. */
#ifndef FUNNELD_TESTS_STORE_CONTRACT_H
#define FUNNELD_TESTS_STORE_CONTRACT_H

#include "funneld/ports/store.h"

enum { STORE_CONTRACT_TABLES = 2 };

/* Names of the tables; their order is that of their index. The second one is paged. */
extern const char *const store_contract_tables[STORE_CONTRACT_TABLES];

/* The server under test. Every function ends the test program's case itself when it cannot do its work. */
struct store_contract {
	void *context;
	/* One more handle. */
	struct fnl_store *(*open)(void *context);
	/* Everything is lost; connections live on. */
	void (*flush)(void *context);
	/* NULL, and the next: it never goes back. */
	void (*snapshot)(void *context);
	/* Back to the snapshot; connections may break. */
	void (*rollback)(void *context);
	/* Gone, and back with nothing kept. NULL: it is never away. */
	void (*down)(void *context);
	void (*up)(void *context);
};

/* Runs all cases; the number of those that failed. */
int store_contract_run(const char *name, struct store_contract *contract);

#endif
