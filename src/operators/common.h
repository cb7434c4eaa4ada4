/* What the operators of all stages share: rows as bytes, ids of causes, derived events as records, rules. */
#ifndef FUNNELD_OPERATORS_COMMON_H
#define FUNNELD_OPERATORS_COMMON_H

#include "funneld/base/map.h"
#include "funneld/operators/prospect.h"

enum {
	FNL_FRAME_BYTES = 5,
	FNL_RULES_SLOTS = 6 /* at least the sets of rules that one step needs: the one in force, 4 earlier, a new one */
};

/* A kind of row: its record and the id of its schema. */
struct fnl_row_type {
	const struct fnl_record_desc *desc;
	uint32_t schema_id;
};

/* How a derived event is published. Fields are indexes into its values, -1: it has none. */
struct fnl_route {
	const struct fnl_record_desc *desc;
	size_t topic;
	int occurred_at;
	int key;
	int key_else; /* the key when `key` is null */
	int sequence;
	const char *type; /* ce_type */
};

/* A rules text that was parsed. */
struct fnl_rules_slot {
	struct fnl_arena arena;
	const struct fnl_rules *rules;
	struct fnl_span text; /* in the arena */
	uint64_t used;        /* when, counted in look-ups */
};

/* Makes ids of names. */
struct fnl_id_maker {
	const struct fnl_ids *ids;
	uint8_t space[16];
};

/* The part that every operator has. */
struct fnl_op {
	struct fnl_codec *codec;
	const struct fnl_rules_reader *rules_reader;
	struct fnl_id_maker ids;
	const char *name;   /* of the stage: "prospect" */
	const char *source; /* ce_source: "funneld/prospect" */
	const char *const *tables;
	const struct fnl_route *routes;
	size_t route_count;
	struct fnl_row_type rules_row; /* PartitionRules */
	struct fnl_rules_slot slots[FNL_RULES_SLOTS];
	uint64_t slot_uses;
};

/* A record as it came: enough to name it. */
struct fnl_root {
	struct fnl_decoded decoded;
	struct fnl_span source;
	struct fnl_span entity; /* the key that it is about, or source */
	int64_t occurred_at_ms;
};

/* Who is to blame. */
struct fnl_cause_id {
	struct fnl_span id;
	struct fnl_span correlation;
};

/* --- common.c --- */
int fnl_id_maker_init(struct fnl_id_maker *m, const struct fnl_ids *ids, struct fnl_error *why) FNL_MUST_USE;
/* The caller has set name, source, tables and routes; codec, ids and rules_reader stay borrowed until deinit. */
int fnl_op_init(struct fnl_op *o, struct fnl_codec *codec, const struct fnl_ids *ids,
                const struct fnl_rules_reader *rules_reader, struct fnl_error *why) FNL_MUST_USE;
void fnl_op_deinit(struct fnl_op *o);
int fnl_row_type_find(struct fnl_codec *codec, const struct fnl_record_desc *desc, struct fnl_row_type *ret,
                      struct fnl_error *why) FNL_MUST_USE;
/* 1 to FNL_ID_BYTES_MAX bytes without controls and '|'. name is the field's, for *why. */
int fnl_check_id(const char *name, struct fnl_span id, struct fnl_error *why) FNL_MUST_USE;
/* id as above, and the record's key. what: "the prospect id". */
int fnl_check_key(const struct fnl_record *r, const char *name, const char *what, struct fnl_span id,
                  struct fnl_error *why) FNL_MUST_USE;
/* One more row that the step needs; its place. */
int fnl_prepared_add(struct fnl_prepared *p, uint8_t table, struct fnl_span key);

/* --- common_rows.c --- */
int fnl_row_encode(const struct fnl_row_type *type, const struct fnl_value *values, struct fnl_arena *arena,
                   struct fnl_span *ret) FNL_MUST_USE;
/* *ret = NULL when the row is absent. Rows of an older or newer schema are read, too. */
int fnl_row_decode(struct fnl_codec *codec, const struct fnl_row_type *type, struct fnl_span value,
                   struct fnl_arena *arena, const struct fnl_value **ret, struct fnl_error *why) FNL_MUST_USE;
/* The same, but of the values only the first `count` can be relied on. */
int fnl_row_decode_head(struct fnl_codec *codec, const struct fnl_row_type *type, struct fnl_span value, size_t count,
                        struct fnl_arena *arena, const struct fnl_value **ret, struct fnl_error *why) FNL_MUST_USE;
/* Adds a row to what the step writes; values == NULL: it is deleted. at: its place among the step's rows. */
int fnl_decision_put(struct fnl_decision *d, size_t at, const struct fnl_row_type *type, const struct fnl_value *values,
                     struct fnl_arena *arena) FNL_MUST_USE;
/* The same for a row by its key. */
int fnl_decision_put_key(struct fnl_decision *d, struct fnl_row_key key, const struct fnl_row_type *type,
                         const struct fnl_value *values, struct fnl_arena *arena) FNL_MUST_USE;
/* A row's body behind its frame, for those who read its first fields only; at once at its end when there is none. */
struct fnl_reader fnl_row_body(struct fnl_span value);
/* The deadline of a row whose first field is a nullable timestamp. */
int64_t fnl_row_first_deadline(struct fnl_span value);

/* --- common_ids.c --- */
/* A UUIDv5 as text; FNL_SPAN_NONE: no memory, or no name. */
struct fnl_span fnl_id_of(const struct fnl_id_maker *m, struct fnl_span name, struct fnl_arena *arena);
/* ce_id of a record that has none: what makes it itself. */
struct fnl_span fnl_root_id(const struct fnl_id_maker *m, const struct fnl_root *root, struct fnl_arena *arena);
/* A header that we pass on: short, printable, or FNL_SPAN_NONE. */
struct fnl_span fnl_header_text(const struct fnl_record *r, const char *name);
/* The record's own ce_id, or root's id, or the timer's. root: NULL for a timer. */
int fnl_op_cause(const struct fnl_op *o, const struct fnl_step *step, const struct fnl_root *root,
                 struct fnl_cause_id *ret) FNL_MUST_USE;
/* Appends s and a line's end: the parts of a name. */
void fnl_write_id_part(struct fnl_writer *w, struct fnl_span s);

/* "org:<org id>": the key under which the org stage hears of an organisation; FNL_SPAN_NONE: no memory. */
struct fnl_span fnl_org_key(struct fnl_span org_id, struct fnl_arena *arena);

/* --- common_outputs.c --- */
struct fnl_derived {
	const struct fnl_event_out *event;
	const struct fnl_cause_id *cause;
	int32_t rules_version;
	bool cause_is_other;     /* not the step's input: that one's traceparent does not go on */
	struct fnl_span key;     /* absent: as its route says */
	struct fnl_span id_name; /* ce_id = UUIDv5(cause, type, this); absent: "<ordinal>\n<sequence>" */
	size_t ordinal;          /* place among the events of the cause */
};
/* Adds one output with its CloudEvents headers. */
int fnl_op_output(const struct fnl_op *o, const struct fnl_step *step, const struct fnl_derived *derived,
                  struct fnl_decision *d) FNL_MUST_USE;
/* An output's header; the caller knows that there is room. */
void fnl_output_header(struct fnl_output *out, const char *name, struct fnl_span value);
/* FNL_E_NOMEM when a header's value is missing. */
int fnl_output_check(const struct fnl_output *out) FNL_MUST_USE;

/* To another stage of ours: of headers only who is behind it, and the trace when the step's input is (with_trace).
 * Whoever takes it names that cause. */
int fnl_op_internal(const struct fnl_op *o, const struct fnl_step *step, size_t topic, struct fnl_span key,
                    const struct fnl_event_out *event, const struct fnl_cause_id *cause, bool with_trace,
                    struct fnl_decision *d) FNL_MUST_USE;
/* The cause that such a record names; false: it names none. */
bool fnl_op_cause_named(const struct fnl_record *r, struct fnl_cause_id *ret);

/* --- common_times.c: clock = event --- */
/* By the bytes of a PartitionTimes row; FNL_NO_TIME: not all partitions of the stage before have told theirs. */
int64_t fnl_times_of(struct fnl_span row);
/* The time that the partition reaches with an input, which may be a StageTime. */
int64_t fnl_times_reached(struct fnl_span row, const struct fnl_decoded *decoded);
/* A StageTime; at: the place of the row among the step's. */
int fnl_times_step(const struct fnl_row_type *type, const struct fnl_step *in, size_t at, const struct fnl_value *event,
                   struct fnl_decision *d, struct fnl_error *why) FNL_MUST_USE;
struct fnl_times_at {
	size_t topic; /* the input of the next stage */
	int32_t partition;
	int32_t partition_count;
};
/* The StageTime of a partition that has reached a time. */
int fnl_times_forward(const struct fnl_row_type *stage_time, const struct fnl_times_at *at, int64_t time_ms,
                      struct fnl_arena *arena, struct fnl_output *ret) FNL_MUST_USE;

/* --- common_rules.c --- */
/* Rules of a text, good for as long as no other FNL_RULES_SLOTS texts are asked for. */
int fnl_op_rules_parse(struct fnl_op *o, struct fnl_span text, int32_t version, const struct fnl_rules **ret,
                       struct fnl_error *why) FNL_MUST_USE;
/* The rules in force by the partition's row (bytes), or the compiled ones; *ret_row: its values, NULL: no row. */
int fnl_op_rules(struct fnl_op *o, struct fnl_span row, struct fnl_arena *arena, const struct fnl_value **ret_row,
                 const struct fnl_rules **ret, struct fnl_error *why) FNL_MUST_USE;
/* A RulesActivated (values in) against the row in force (NULL: none): checked and parsed, and the row to put, without a
 * pass. *ret_stale: known already, nothing else is given. */
int fnl_op_rules_activated(struct fnl_op *o, const struct fnl_value *in, const struct fnl_value *now,
                           const struct fnl_cause_id *cause, struct fnl_value ret_row[FNL_PARTITION_RULES_FIELD_COUNT],
                           const struct fnl_rules **ret, bool *ret_stale, struct fnl_error *why) FNL_MUST_USE;

#endif
