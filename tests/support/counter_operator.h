/* The smallest operator that uses everything the engine offers: sums by key, an output for each event, a timer 1 s
 * after the first event of a round, poison, deletion.
 *
 * An input's value is "<time ms> <n>": n is added to the key's sum; n = 0 deletes the row; "poison" is poison. */
#ifndef FUNNELD_TESTS_COUNTER_OPERATOR_H
#define FUNNELD_TESTS_COUNTER_OPERATOR_H

#include "funneld/engine/operator.h"

enum { COUNTER_OUT, COUNTER_DEAD, COUNTER_OUT_COUNT };
enum { COUNTER_TABLE_CLOCK, COUNTER_TABLE_SUM, COUNTER_TABLE_COUNT };

extern const char *const counter_tables[COUNTER_TABLE_COUNT];

/* Stateless; static. */
struct fnl_operator *counter_operator(void);

#endif
