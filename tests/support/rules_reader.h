/* Rules files as operators are to read them: for each operator that a test opens. */
#ifndef FNL_TESTS_RULES_READER_H
#define FNL_TESTS_RULES_READER_H

#include "funneld/operators/prospect.h"

const struct fnl_rules_reader *fnl_test_rules_reader(void);

#endif
