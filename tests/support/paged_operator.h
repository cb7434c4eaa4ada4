/* An operator with work over many rows: it keeps items, and jobs go through all items whose keys begin with a prefix, a
 * page at a firing. Each page changes, deletes and makes items by their keys, so that a wrong order or a row seen twice
 * shows in what comes out.
 *
 * An input's value is "<time ms> <what> [<argument>]":
 *   add <n>        n is added to the item of the record's key
 *   del            the item goes
 *   job <prefix>   a job of the record's key, due at <time>; see paged_step_item for what it does to an item.
 *                  Prefixes that begin with '!' are jobs that break the engine's rules.
 *   tick <source>  only with the forwarded clock: source 0 or 1 has reached <time>
 *   poison
 * Outputs: "P <job> <keys of the page> <now>" for each page, to the partition that it is of (modulo two); "J <job>
 * <sum> <items>" to every partition when it is done. With the forwarded clock "T <time>", where the pages go. */
#ifndef FUNNELD_TESTS_PAGED_OPERATOR_H
#define FUNNELD_TESTS_PAGED_OPERATOR_H

#include "funneld/engine/operator.h"

enum { PAGED_OUT, PAGED_DEAD, PAGED_OUT_COUNT };
enum { PAGED_TABLE_CLOCK, PAGED_TABLE_ITEM, PAGED_TABLE_JOB, PAGED_TABLE_SEEN, PAGED_TABLE_COUNT };
enum { PAGED_ROWS = 3, PAGED_OUT_PARTITIONS = 2 };

extern const char *const paged_tables[PAGED_TABLE_COUNT];

/* Every input moves the partition's clock, and the engine writes the clock's row. Stateless; static. */
struct fnl_operator *paged_operator(void);
/* Only ticks do: to the lesser of what the two sources have reached; the steps write the row, and the next stage hears
 * of it. */
struct fnl_operator *paged_operator_forwarding(void);

/* What a job does to an item: its new amount, or it goes; *ret_make: an item is made whose key is this one's with '+'
 * behind it. */
bool paged_step_item(int64_t n, int64_t *ret_n, bool *ret_make);

#endif
