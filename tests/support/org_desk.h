/* The org operator at a desk: its rows in a list, no engine. A test hands it inputs and lets questions fire, one page
 * at a time. For cmocka tests: what cannot be is a failed assertion. */
#ifndef FNL_TESTS_ORG_DESK_H
#define FNL_TESTS_ORG_DESK_H

#include "funneld/operators/org.h"
#include "prospect_world.h"

enum { FNL_ORG_DESK_ROWS_MAX = 1000 };

struct fnl_org_desk_row {
	uint8_t table;
	struct fnl_span key;
	struct fnl_span value; /* data == NULL: there is none */
};

struct fnl_org_desk {
	struct fnl_arena arena; /* of all bytes until it is closed */
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_operator *op;
	struct fnl_org_desk_row rows[FNL_ORG_DESK_ROWS_MAX];
	size_t row_count;
	struct fnl_decision *d; /* of the last step */
	struct fnl_error why;
	int64_t now_ms;
	struct fnl_span told_id; /* of the last one that was looked at; data == NULL: it has none */
	struct fnl_span told_cause;
	struct fnl_span told_type;
};

void fnl_org_desk_open(struct fnl_org_desk *desk, const char *schema_directory);
void fnl_org_desk_close(struct fnl_org_desk *desk);
/* No rows; the memory stays. */
void fnl_org_desk_clear(struct fnl_org_desk *desk);
/* 0 or the operator's error. key: NULL, the one of the input's organisation. */
int fnl_org_desk_send(struct fnl_org_desk *desk, const struct fnl_input *in, const char *key);
/* The first row that is due, by its key, fires; false: there is none. */
bool fnl_org_desk_fire(struct fnl_org_desk *desk);
/* NULL: there is none. key: as one text. */
const struct fnl_value *fnl_org_desk_row(struct fnl_org_desk *desk, uint8_t table, const char *key);
size_t fnl_org_desk_count(const struct fnl_org_desk *desk, uint8_t table);
/* The n-th output of the last step, a record of that kind, for that book. */
const struct fnl_value *fnl_org_desk_answer(struct fnl_org_desk *desk, size_t at, const struct fnl_record_desc *desc,
                                            const char *book);
/* Likewise of any output: a record of that kind, on that topic, under that key. */
const struct fnl_value *fnl_org_desk_told(struct fnl_org_desk *desk, size_t at, const struct fnl_record_desc *desc,
                                          size_t topic, const char *key);

/* Active, of "emea", in no region and no industry in particular. */
struct fnl_input fnl_input_entry(const char *rep_id, int64_t sequence, int64_t open_prospects);
/* Whether `successor_id` could, or NULL: who could, take `prospects` over; of "emea", notice "n1". */
struct fnl_input fnl_input_asked(const char *leaver_id, const char *request_id, const char *successor_id,
                                 int64_t prospects);
struct fnl_input fnl_input_base_rate(const char *leaver_id, const char *request_id);
struct fnl_input fnl_input_outcome(const char *leaver_id, const char *notice_id, int64_t sequence, int64_t at_ms,
                                   int64_t prospects, int64_t lost);

/* What a cell has in one layer, free to move. */
struct fnl_desk_volume {
	int layer;
	int64_t count;
	int64_t weighted_minor;
	const char *currency;
};
/* A CellImage of "emea", newer than all before it. Good until the 32nd one after it. */
struct fnl_input fnl_input_image(const char *rep_id, const char *region, const char *industry,
                                 const struct fnl_desk_volume *volume);
/* A RepYear of "emea" without a quota. */
struct fnl_input fnl_input_rep_year(const char *rep_id, int64_t fiscal_year, int64_t sequence, int64_t won_minor);
/* Any command about "emea", by "head": what all have. */
struct fnl_input fnl_input_org_command(const struct fnl_record_desc *desc, const char *command_id, int64_t at_ms);

#endif
