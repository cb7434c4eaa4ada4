/* The prospect operator through its real codec, on inputs of every kind. One at a time. */
#ifndef FUNNELD_TESTS_PROSPECT_CASE_H
#define FUNNELD_TESTS_PROSPECT_CASE_H

#include "stream_world.h"

void prospect_case_begin(struct stream_case *c);
void prospect_case_end(void);
/* The operator of one worker. close is legal after a failed open. */
int prospect_case_open(struct stream_case *c, struct fnl_error *why);
void prospect_case_close(struct stream_case *c);

#endif
