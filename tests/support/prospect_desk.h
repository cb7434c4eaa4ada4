/* The prospect operator at a desk: its rows in a list, no engine. A test hands it inputs and lets timers fire, one by
 * one, at times that it says. For cmocka tests: what cannot be is a failed assertion. */
#ifndef FNL_TESTS_PROSPECT_DESK_H
#define FNL_TESTS_PROSPECT_DESK_H

#include "funneld/operators/prospect.h"
#include "prospect_world.h"

enum { FNL_DESK_ROWS_MAX = 1000 };

struct fnl_desk_row {
	uint8_t table;
	struct fnl_span key;
	struct fnl_span value; /* data == NULL: there is none */
};

struct fnl_desk {
	struct fnl_arena arena; /* of all bytes until it is closed */
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_operator *op;
	struct fnl_desk_row rows[FNL_DESK_ROWS_MAX];
	size_t row_count;
	struct fnl_decision *d; /* of the last step */
	struct fnl_error why;
	size_t outputs; /* of all steps */
	size_t lines;
	size_t firings;
};

void fnl_desk_open(struct fnl_desk *desk, const char *schema_directory);
void fnl_desk_close(struct fnl_desk *desk);
/* Made empty when it is asked for the first time. */
struct fnl_desk_row *fnl_desk_row(struct fnl_desk *desk, uint8_t table, struct fnl_span key);
const struct fnl_value *fnl_desk_values(struct fnl_desk *desk, struct fnl_span row);
/* 0 or the operator's error. key: NULL, none. */
int fnl_desk_send(struct fnl_desk *desk, const struct fnl_input *in, const char *key, int64_t now_ms);
/* At FNL_T0 + 1000; they were activated at FNL_T0 + version. */
int fnl_desk_activate(struct fnl_desk *desk, struct fnl_span text, int version);
/* The row's timer fires, with its page if it asks for one. False: it has none. */
bool fnl_desk_fire(struct fnl_desk *desk, struct fnl_desk_row *row, int64_t now_ms);

#endif
