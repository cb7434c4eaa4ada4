/* Shared by the files of the oracle. */
#ifndef FUNNELD_TESTS_ORACLE_INTERNAL_H
#define FUNNELD_TESTS_ORACLE_INTERNAL_H

#include <avro.h>
#include <jansson.h>
#include <string.h>

#include "oracle.h"

enum { ORACLE_SCHEMAS_MAX = 128, ORACLE_UUID_BYTES = 37, ORACLE_STAGES_MAX = 8 };

/* ---- schemas and values ---- */

struct oracle_schema {
	uint32_t id;
	char name[64]; /* without the name space */
	avro_schema_t schema;
	avro_value_iface_t *iface;
	avro_value_t value; /* used again and again */
	json_t *avsc;
};

struct oracle {
	struct oracle_schema schemas[ORACLE_SCHEMAS_MAX];
	size_t schema_count;
	avro_reader_t reader;
};

/* A record's value as a JSON object: enums by symbol, everything else as it is; *ret_schema says which record. NULL:
 * it is malformed, why says how. */
json_t *oracle_decode(struct oracle *o, const struct fnl_record *r, const struct oracle_schema **ret_schema,
                      const char **why);
/* The same for a row. */
json_t *oracle_decode_value(struct oracle *o, struct fnl_span value, const struct oracle_schema **ret_schema,
                            const char **why);
/* An object with all fields of the record, null each. */
json_t *oracle_new_record(const struct oracle *o, const char *name);
/* NULL, or what makes an input unfit. */
const char *oracle_limits(const struct oracle_schema *schema, const json_t *value);
/* NULL, or that a currency within is none: such bytes are not a record at all. */
const char *oracle_currency_check(json_t *v);
const char *oracle_id_check(const char *id, size_t len);

static inline const char *oracle_text(const json_t *record, const char *field)
{
	return json_string_value(json_object_get(record, field));
}
static inline int64_t oracle_number(const json_t *record, const char *field)
{
	return json_integer_value(json_object_get(record, field));
}
static inline bool oracle_flag(const json_t *record, const char *field)
{
	return json_is_true(json_object_get(record, field));
}
/* Not null. */
static inline bool oracle_has(const json_t *record, const char *field)
{
	const json_t *v = json_object_get(record, field);
	return v && !json_is_null(v);
}
static inline void oracle_set(json_t *record, const char *field, json_t *value)
{
	json_object_set_new(record, field, value);
}
/* A copy of another record's field, null when there is none. */
static inline void oracle_take(json_t *record, const char *field, const json_t *from, const char *from_field)
{
	json_t *v = json_object_get(from, from_field);
	json_object_set_new(record, field, v ? json_deep_copy(v) : json_null());
}
static inline bool oracle_is(const json_t *record, const char *field, const char *text)
{
	const json_t *v = json_object_get(record, field);
	return json_is_string(v) && json_string_length(v) == strlen(text) && strcmp(json_string_value(v), text) == 0;
}
/* As C text; NULL when it is null, or has a NUL within and so is no name of anything. */
static inline const char *oracle_word(const json_t *record, const char *field)
{
	const json_t *v = json_object_get(record, field);
	return json_is_string(v) && json_string_length(v) == strlen(json_string_value(v)) ? json_string_value(v) : NULL;
}

/* ---- rules ---- */

struct oracle_stage {
	const char *pipeline; /* NULL: any */
	const char *stage;
	const char *layer;
	int32_t probability_bp; /* -1: not known */
};

struct oracle_rules {
	struct oracle_rules_text text;
	int32_t nominal_bp[3]; /* TOP, MIDDLE, BOTTOM */
	int32_t manual_from_bp[3];
	bool weighting_prospect;
	int64_t deleted_keep_days;
	struct oracle_stage stages[ORACLE_STAGES_MAX]; /* beside the default ones, and before them */
};

struct oracle_layer {
	const char *layer;
	const char *reason;
	int32_t weight_bp;
};

const struct oracle_rules *oracle_rules_default(void);
/* By text; NULL: unknown, which counts as unreadable. */
const struct oracle_rules *oracle_rules_of(const json_t *text);
struct oracle_layer oracle_layer_of(const struct oracle_rules *rules, const json_t *row, bool unknown);

/* ---- the fold ---- */

struct oracle_expected {
	size_t topic;
	int32_t partition; /* of the input */
	int64_t offset;    /* of the input */
	char *group;       /* outputs of one group have an order: the key, for dead letters with the partition */
	const struct fnl_record *dead; /* a dead letter: the record itself; then nothing below counts */
	const char *why;
	json_t *body;
	const char *record; /* "LayerChanged" */
	const char *type;
	char id[ORACLE_UUID_BYTES];
	char cause[160];
	char correlation[160];
	char trace[160];
	int64_t now_ms;
	int64_t clock_ms; /* how far the partition's time had come */
	int32_t rules_version;
	bool of_rules; /* a re-evaluation: when exactly the pass came by is not known with clock = wall */
	bool matched;
	size_t next; /* of the same topic and group, + 1; 0: it is the last */
};

struct oracle_partition {
	int32_t id;
	bool has_time;
	int64_t time_ms;
	int64_t due_ms; /* no deadline of a prospect is before it */
	json_t *prospects;
	json_t *erased;
	json_t *feeds;
	json_t *rules_row; /* NULL: none was activated */
	const struct oracle_rules *rules;
	json_t *times; /* every time that it has reached, as a key */
};

struct oracle_run {
	struct oracle *o;
	const struct oracle_input *in;
	struct oracle_stats stats;
	struct oracle_partition *partitions;
	size_t partition_count;
	struct oracle_expected *expected;
	size_t expected_count;
	size_t expected_room;
	json_t *stage_times; /* partition of the output and of the stage, to the latest time found */
	json_t *ids;         /* ce_ids that were found */
	json_t *rows;        /* partition, table and key to the index in in->rows */
};

/* One input at its place. */
struct oracle_step {
	struct oracle_run *run;
	struct oracle_partition *p;
	const struct fnl_record *record; /* NULL: a timer, of the row: */
	const char *timer_key;
	int64_t timer_ms;
	bool of_rules;    /* what follows from the record for another prospect: a re-evaluation */
	int64_t offset;   /* of the input, or of the one that comes next */
	const char *name; /* of the record */
	json_t *in;
	int64_t now_ms;
	size_t ordinal; /* outputs so far */
};

int oracle_fold(struct oracle_run *run);
void oracle_run_free(struct oracle_run *run);
/* What an input does to the rows; NULL, or why it is a dead letter (then nothing was changed). */
const char *oracle_apply(struct oracle_step *s);
/* Whether it reached the customer, and holds. */
bool oracle_contact_counts(const json_t *contact);
/* `at` of the latest one that counts; INT64_MIN: none. */
int64_t oracle_contact_latest(const json_t *contacts);
/* The list with a contact at its place, instead of the one with the same id. */
json_t *oracle_contacts_with(const json_t *list, const char *id, json_t *contact, bool *ret_kept, bool *ret_latest);
/* Everything as the rules in force say, from their place in the order. s: their RulesActivated. */
void oracle_reevaluate(struct oracle_step *s);
/* A line to its book; body is taken over. */
void oracle_tell_line(struct oracle_step *s, json_t *body);
/* What a line shows of a row. */
json_t *oracle_line_image(const json_t *row);
/* Who has a line of it. */
json_t *oracle_line_holders(const json_t *row);
/* Who must hear of a change; before and holders (the image and the holders before it) are taken over. */
void oracle_lines_changed(struct oracle_step *s, json_t *row, json_t *before, json_t *holders, int64_t at);
/* Nobody has a line any more: GONE or ERASED. */
void oracle_lines_end(struct oracle_step *s, const json_t *row, const char *state, int64_t at);
void oracle_row_due(struct oracle_step *s, const char *id, int64_t due_ms);
void oracle_set_deadline(struct oracle_partition *p, json_t *row);
/* A StageTime that was found; NULL, or what is wrong with it. */
const char *oracle_stage_time_take(struct oracle_run *run, const struct fnl_record *r, const json_t *v);
/* The latest one found of a partition; INT64_MIN: none yet. */
int64_t oracle_stage_time(const struct oracle_run *run, int32_t in, int32_t of);
/* The last ones are the times that were reached. */
int oracle_stage_times_end(struct oracle_run *run, int32_t out_partitions, char *why, size_t why_bytes);
/* What the books own, by the lines that were found, against the rows that were found. */
int oracle_books_check(struct oracle_run *run, char *why, size_t why_bytes);
/* body is taken over. */
void oracle_tell(struct oracle_step *s, const char *record, json_t *body);
/* UUIDv5 in funneld's name space. */
void oracle_uuid(const char *name, size_t len, char ret[ORACLE_UUID_BYTES]);
/* Bytes fit for a message; the last few calls' results live. */
char *oracle_printable(struct fnl_span s);

#endif
