/* The paged operator as a case for a stream's world. */
#ifndef FUNNELD_TESTS_PAGED_CASE_H
#define FUNNELD_TESTS_PAGED_CASE_H

#include "paged_model.h"

/* The same seed gives the same inputs. Valid until the next call. */
const struct stream_case *stream_case_paged(bool forwarding, unsigned seed, int inputs);
/* Those of the last call. */
const struct paged_inputs *stream_case_paged_inputs(void);

#endif
