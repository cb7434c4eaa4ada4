/* What names a cell, for the oracles of the rep and the org stage. */
#ifndef FUNNELD_TESTS_ORACLE_CELLS_H
#define FUNNELD_TESTS_ORACLE_CELLS_H

#include "oracle_internal.h"

enum { ORACLE_CELL_BYTES = 3 * 65 + 3 };

/* "<region>|<industry>|<size>", by the fields of a line, a row or an image. */
char *oracle_cell_name(const json_t *of, char ret[ORACLE_CELL_BYTES]);

/* oracle_digest.c: in hex. */
void oracle_sha256(const uint8_t *bytes, size_t len, char ret[65]);

#endif
