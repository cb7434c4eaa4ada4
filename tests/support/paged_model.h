/* Inputs for the paged operator, and what must come out of them by the event clock: told by a model that knows no
 * batches, no view and no faults, and goes through a plain list. */
#ifndef FUNNELD_TESTS_PAGED_MODEL_H
#define FUNNELD_TESTS_PAGED_MODEL_H

#include "funneld/ports/bus.h"
#include "stream_world.h"

enum { PAGED_INPUTS_MAX = 400, PAGED_NAME_BYTES = 64 };

struct paged_input {
	int partition;
	char key[PAGED_NAME_BYTES];
	char what[8];
	char argument[PAGED_NAME_BYTES];
	long long time_ms;
};

struct paged_inputs {
	struct paged_input at[PAGED_INPUTS_MAX];
	int count;
	int partition_count;
	bool forwarding;  /* only ticks move the clock */
	long long end_ms; /* where all partitions' clocks are in the end */
};

/* The same seed gives the same inputs. */
void paged_inputs_make(struct paged_inputs *all, bool forwarding, unsigned seed, int count, int partition_count,
                       long long from_ms);
/* What the bus gives. */
int paged_inputs_publish(const struct paged_inputs *all, struct fnl_bus *bus, const char *topic);

/* Lines "out@<output partition> <key> <value>" of all outputs but the times told to the next stage, sorted. */
void paged_model_run(const struct paged_inputs *all, struct stream_picture *ret);
/* Leaves the lines that begin so, sorted. */
void paged_lines_keep(struct stream_picture *p, const char *begin);

#endif
