/* Read before each file by clang-tidy (scripts/lint.sh), never by the compiler: the analyzer sees one file at a time, so
 * it does not know that what fails returns its code, which is never 0. */
#include "funneld/base/status.h"

#define fnl_fail(e, code, ...) ((void)(fnl_fail)((e), (code), __VA_ARGS__), (code))
