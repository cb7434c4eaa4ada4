/* A prospect and its feed as a worker would hold them: each input is applied to the rows and the rows are replaced, and
 * they go through their own bytes, as between two steps of the engine. */
#ifndef FNL_TESTS_PROSPECT_WORLD_H
#define FNL_TESTS_PROSPECT_WORLD_H

#include "funneld/core/prospect.h"

struct fnl_world {
	struct fnl_arena arena;
	const struct fnl_rules *rules;
	struct fnl_value row_values[FNL_PROSPECT_FIELD_COUNT];
	struct fnl_value erased_values[FNL_ERASED_FIELD_COUNT];
	struct fnl_value feed_values[FNL_FEED_FIELD_COUNT];
	struct fnl_value feeds_values[FNL_PARTITION_FEEDS_FIELD_COUNT];
	const struct fnl_value *row; /* NULL: none */
	const struct fnl_value *erased;
	const struct fnl_value *feed;
	const struct fnl_value *feeds;
	int64_t now_ms;              /* of an input: FNL_T0, unless told */
	int64_t version;             /* the latest, for tests that count them here */
	struct fnl_prospect_out out; /* of the last input */
	struct fnl_error why;
	size_t rows_put;
};

/* An input under construction: set what it has by index. */
struct fnl_input {
	const struct fnl_record_desc *desc;
	struct fnl_value v[FNL_RECORD_FIELDS_MAX];
};

#define FNL_T0 INT64_C(1700000000000) /* a moment from which the tests count */

void fnl_world_start(struct fnl_world *w);
void fnl_world_end(struct fnl_world *w);
/* Empty rows again; the rules and the memory stay. */
void fnl_world_clear(struct fnl_world *w);
/* 0 or the error of the core; the rows follow what came out. */
int fnl_world_apply(struct fnl_world *w, const struct fnl_input *in);
int fnl_world_timer(struct fnl_world *w, int64_t now_ms);
/* The feed's timer; the feeds' pass, which began at at_ms, comes by the row. */
int fnl_world_feed_timer(struct fnl_world *w, int64_t now_ms);
int fnl_world_feed_changed(struct fnl_world *w, int64_t at_ms);
/* w->rules were activated then. */
int fnl_world_reevaluate(struct fnl_world *w, int64_t activated_at_ms);
/* The line for that book in the last outcome, or NULL. */
const struct fnl_value *fnl_world_line(const struct fnl_world *w, const char *book);
/* The n-th event of that kind in the last outcome, or NULL. */
const struct fnl_value *fnl_world_event(const struct fnl_world *w, const struct fnl_record_desc *desc);

/* Inputs of source "crm" about prospect "p1"; occurred_at is FNL_T0 + at_ms. Fields with defaults have them. */
struct fnl_input fnl_input_changed(int64_t version, int64_t at_ms);
struct fnl_input fnl_input_life(const struct fnl_record_desc *desc, int64_t version, int64_t at_ms);
struct fnl_input fnl_input_contact(const char *contact_id, int64_t contact_at_ms, bool reached, int64_t at_ms);
struct fnl_input fnl_input_gap(const char *gap_id, const char *prospect_id, int64_t at_ms);
struct fnl_input fnl_input_heartbeat(int64_t at_ms);
struct fnl_input fnl_input_contact_erased(const char *person_id, int64_t at_ms);

/* Any input that starts with source and occurred_at. */
struct fnl_input fnl_input_of(const struct fnl_record_desc *desc, int64_t at_ms);

void fnl_input_str(struct fnl_input *in, int field, const char *text);
void fnl_input_i64(struct fnl_input *in, int field, int64_t v);
void fnl_input_money(struct fnl_input *in, int field, int64_t amount_minor, const char *currency);

#endif
