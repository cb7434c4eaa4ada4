/* Inputs for the paged operator, and what must come out of them: told by a model that knows no batches, no view and no
 * faults, and goes through a plain list. */
#ifndef FUNNELD_TESTS_PAGED_CASE_H
#define FUNNELD_TESTS_PAGED_CASE_H

#include "stream_world.h"

/* The same seed gives the same inputs. Valid until the next call. */
const struct stream_case *stream_case_paged(bool forwarding, unsigned seed, int inputs);
/* The lines of a picture that are outputs of that case. */
void paged_case_expected(struct stream_picture *ret);
/* Leaves only these lines of a picture. */
void paged_case_outputs_of(struct stream_picture *p);

#endif
