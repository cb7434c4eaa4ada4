/* Shared by the files of the oracle. */
#ifndef FUNNELD_TESTS_ORACLE_INTERNAL_H
#define FUNNELD_TESTS_ORACLE_INTERNAL_H

#include <avro.h>
#include <jansson.h>
#include <string.h>

#include "oracle.h"

enum { ORACLE_SCHEMAS_MAX = 256, ORACLE_UUID_BYTES = 37, ORACLE_STAGES_MAX = 8 };

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

/* One line of the rules for TOP, MIDDLE, BOTTOM. */
enum {
	ORACLE_STUCK,
	ORACLE_STUCK_CUMULATIVE,
	ORACLE_SILENT,
	ORACLE_STALE_EDIT,
	ORACLE_STALE_CLOSE_DATE,
	ORACLE_STALE_AMOUNT,
	ORACLE_SLIPPED,
	ORACLE_MANAGER,
	ORACLE_NEXT_LEVEL,
	ORACLE_GRACE,
	ORACLE_LIMIT_COUNT
};

enum { ORACLE_OFFSETS_MAX = 16, ORACLE_DAYS_MAX = 8, ORACLE_OF_STAGE_MAX = 8 };

struct oracle_calendar {
	const char *week; /* "1111100": from Monday on, 1 is worked */
	struct {
		bool used;
		int64_t from_ms;
		int32_t offset_s;
	} offsets[ORACLE_OFFSETS_MAX];         /* none: UTC */
	int32_t holidays[ORACLE_DAYS_MAX + 1]; /* 0 ends them */
	int32_t extra_days[ORACLE_DAYS_MAX + 1];
};

/* When something is too long, and whom it is told. */
struct oracle_thresholds {
	int32_t by_layer[ORACLE_LIMIT_COUNT][3];
	struct {
		const char *stage;
		int limit;
		int32_t value;
	} of_stage[ORACLE_OF_STAGE_MAX + 1];
	int32_t return_within_bd;
	int32_t quiet_after_hours;
	int32_t silent_with_heartbeats_minutes;
	int32_t silent_hours;
	struct oracle_calendar calendar;
};

struct oracle_rules {
	struct oracle_rules_text text;
	const struct oracle_thresholds *thresholds;
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
/* By what comes after the usual one: NULL, there is no more. */
const struct oracle_rules *oracle_rules_at(size_t at);
struct oracle_layer oracle_layer_of(const struct oracle_rules *rules, const json_t *row, bool unknown);
/* For a row in TOP, MIDDLE or BOTTOM. */
int64_t oracle_threshold_of(const struct oracle_rules *rules, const json_t *row, int limit);

/* ---- how a prospect sits still ---- */

struct oracle_feed_state {
	bool carries_contacts;
	bool silent;
};

/* INT64_MAX: never. */
int64_t oracle_stalls_deadline(const struct oracle_rules *rules, const json_t *row, struct oracle_feed_state feed);
/* null when it does not. */
json_t *oracle_evidence(const json_t *row);
/* Clocks of a row, as it changes: from and to are layers; before: the close date that it had. */
void oracle_clock_of_layer(const struct oracle_rules *rules, json_t *row, const char *from, const char *to, int64_t at);
void oracle_clock_of_close_date(const struct oracle_rules *rules, json_t *row, const json_t *before, int64_t at,
                                bool counts);

/* ---- the calendar ---- */

int64_t oracle_local_day(const struct oracle_calendar *c, int64_t at_ms);
/* When the day is over. */
int64_t oracle_day_end(const struct oracle_calendar *c, int64_t day);
int64_t oracle_business_between(const struct oracle_calendar *c, int64_t from_ms, int64_t to_ms);
int64_t oracle_business_after(const struct oracle_calendar *c, int64_t from_ms, int64_t business_ms);

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
	int64_t next_offset;
	size_t wall_at; /* how many of the wall_times have come */
	int64_t due_ms; /* no deadline of a prospect is before it */
	json_t *prospects;
	json_t *erased;
	json_t *feeds;
	json_t *rules_row; /* NULL: none was activated */
	json_t *feeds_row; /* PartitionFeeds; NULL: there was nothing to say yet */
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

/* Whether timers and times follow from what is known. */
static inline bool oracle_knows_time(const struct oracle_run *run)
{
	return run->in->event_clock || run->in->wall_time_count > 0;
}

/* One input at its place. */
struct oracle_step {
	struct oracle_run *run;
	struct oracle_partition *p;
	const struct fnl_record *record; /* NULL: a timer, of the row: */
	const char *timer_table;
	const char *timer_key;
	int64_t timer_ms;
	const json_t *pass; /* the feeds' pass: who is to blame stands in its row */
	bool of_rules;      /* what follows from the record for another prospect: a re-evaluation */
	int64_t offset;     /* of the input, or of the one that comes next */
	const char *name;   /* of the record */
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
/* A line to its book, or an answer; body is taken over. */
void oracle_tell_book(struct oracle_step *s, const char *record, json_t *body);
/* Who or what is the cause of x. */
void oracle_blame(const struct oracle_step *s, struct oracle_expected *x);
/* cause: "CHANGE", "QUIET", "NEW_OWNER". */
void oracle_stalls_update(struct oracle_step *s, json_t *row, int64_t now_ms, const char *cause);
/* Neither closed nor gone. */
bool oracle_is_open(const json_t *row);
/* The time that a step goes by, for what may be too long. */
int64_t oracle_step_now(const struct oracle_step *s);
/* Looks at a row without an input: its stalls, its lines, its next date. Whether anything was to be told. */
bool oracle_supervise_alone(struct oracle_step *s, json_t *row, int64_t now_ms, int64_t at, const char *cause);
/* What the partition's prospects know of a feed. */
struct oracle_feed_state oracle_feed_state(const struct oracle_partition *p, const char *source);
/* INT64_MAX: never. */
int64_t oracle_feed_deadline(const struct oracle_thresholds *t, bool has_heartbeats, int64_t heard_at);
/* Timers: of a feed, and of the pass over the prospects. */
void oracle_feed_due(struct oracle_step *s, const char *source);
void oracle_feeds_pass(struct oracle_step *s);
/* The book that has the line now, and who had it before him. Whether one rep has taken over from another. */
bool oracle_take_book(json_t *row, int64_t at);
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
