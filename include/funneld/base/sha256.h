/* SHA-256 (FIPS 180-4) of a short text: names the rules that are in force. */
#ifndef FUNNELD_BASE_SHA256_H
#define FUNNELD_BASE_SHA256_H

#include "funneld/base/span.h"

enum { FNL_SHA256_HEX_BYTES = 64 };

/* Lower-case hexadecimal, NUL-terminated. */
void fnl_sha256_hex(struct fnl_span s, char ret[FNL_SHA256_HEX_BYTES + 1]);

#endif
