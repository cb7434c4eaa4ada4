/* What tests of the views have in common: rows of a partition, the text that comes out of them, and JSON. For cmocka
 * tests: what cannot be is a failed assertion. */
#ifndef FNL_TESTS_VIEW_WORLD_H
#define FNL_TESTS_VIEW_WORLD_H

#include <stdio.h>

#include <jansson.h>

#include "funneld/ports/codec.h"
#include "stall_values.h"
#include "rows_table.h"

struct view_world {
	struct fnl_rows rows;
	struct fnl_arena arena;
	int64_t offset; /* the next row's */
	char *text;     /* what was written last */
	size_t text_len;
};

/* A struct of that size which begins with a view_world; all behind it is 0. */
void *view_world_new(size_t size);
int view_world_setup(void **state); /* one that has nothing else */
int view_world_teardown(void **state);
void view_world_put(struct view_world *w, int32_t partition, int64_t at_ms, const char *key,
                    const struct fnl_record_desc *d, const struct fnl_value *values);
/* Becomes the text when it is closed; what was written before goes. */
FILE *view_world_out(struct view_world *w);
/* The text. */
json_t *view_world_json(const struct view_world *w);
int64_t view_json_integer(const json_t *o, const char *name);

/* A codec to which a schema's id is its record's place in fnl_records, and a value for it. */
struct fnl_codec *view_codec(void);
struct fnl_span view_codec_row(struct fnl_arena *arena, const struct fnl_record_desc *d,
                               const struct fnl_value *values);

#endif
