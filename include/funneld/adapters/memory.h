/* The view in memory: a store that nobody else sees and that ends with its process, for runs that need no Redis. It
 * keeps the store's contract (tests/contract), but is never away and forgets nothing. Never offered for production: a
 * restart would have to restore every row from the changelog. */
#ifndef FUNNELD_ADAPTERS_MEMORY_H
#define FUNNELD_ADAPTERS_MEMORY_H

#include "funneld/ports/store.h"

/* The rows of one stage. Calls of its handles are serialised, so they may live in different threads. */
struct fnl_memory;

int fnl_memory_open(struct fnl_memory **ret) FNL_MUST_USE;
/* All handles must be closed. NULL is fine; returns NULL. */
struct fnl_memory *fnl_memory_close(struct fnl_memory *m);
/* Everything is gone, the recorded layout too: as a server that has lost its data. */
void fnl_memory_clear(struct fnl_memory *m);
/* Bytes of rows and indexes, about. */
size_t fnl_memory_bytes(struct fnl_memory *m);

/* A handle; every table is paged. m must outlive it. */
int fnl_memory_store_open(struct fnl_memory *m, size_t table_count, struct fnl_store **ret) FNL_MUST_USE;

#endif
