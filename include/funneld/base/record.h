/* Typed records: the one in-memory shape of everything that has an Avro schema (inputs, derived events, rows).
 *
 * A record is an array of values in the order of its schema's fields. The descriptors are generated at build time from
 * schemas/ *.avsc (tools/records_gen.c), so that the schema files are the only place where a field is declared. */
#ifndef FUNNELD_BASE_RECORD_H
#define FUNNELD_BASE_RECORD_H

#include "funneld/base/wire.h"

enum fnl_kind {
	FNL_KIND_BOOL,      /* i64: 0 or 1 */
	FNL_KIND_INT,       /* i64 within 32 bits */
	FNL_KIND_LONG,      /* i64 */
	FNL_KIND_DATE,      /* i64: days since 1970-01-01, 32 bits (Avro logical type date) */
	FNL_KIND_TIMESTAMP, /* i64: milliseconds since 1970-01-01T00:00Z (timestamp-millis) */
	FNL_KIND_STRING,    /* str: UTF-8 */
	FNL_KIND_ENUM,      /* i64: index into the reader's symbols */
	FNL_KIND_MONEY,     /* money: the record Money {amount_minor: long, currency: string} */
	FNL_KIND_RECORD,    /* list.items: the values of the nested record, list.count = its field_count */
	FNL_KIND_LIST       /* list: items of the element's kind */
};

/* What a value from outside may be, beside what its kind allows; generated from the field's name
 * (tools/field_meaning.c), checked where inputs come in. */
enum fnl_bound {
	FNL_BOUND_NONE, /* of a string: a text of limited length */
	FNL_BOUND_ID,
	FNL_BOUND_TASK_ID,
	FNL_BOUND_REQUEST_ID,
	FNL_BOUND_BOOK,     /* whose: "rep:" and an id, or the pool */
	FNL_BOUND_CURRENCY, /* ISO 4217 */
	FNL_BOUND_BASIS_POINTS,
	FNL_BOUND_YEAR,
	FNL_BOUND_COUNT,  /* from 0 */
	FNL_BOUND_ORDINAL /* from 1: 0 is "never set" in the rows */
};

/* Money is exact: minor units and an ISO 4217 code, NUL-terminated. */
struct fnl_money {
	int64_t amount_minor;
	char currency[4];
};

struct fnl_value;

struct fnl_list {
	const struct fnl_value *items;
	size_t count;
};

/* set == false is null (only for a nullable field). Spans and lists are borrowed, by default from the batch's arena. */
struct fnl_value {
	bool set;
	union {
		int64_t i64;
		struct fnl_span str;
		struct fnl_money money;
		struct fnl_list list;
	};
};

struct fnl_record_desc;

/* What is asked of each value comes first, and all fits a cache line. */
struct fnl_field_desc {
	const char *name;
	enum fnl_kind kind;
	enum fnl_bound bound;                 /* of a list: that of its items */
	enum fnl_kind item_kind;              /* of a LIST */
	bool nullable;                        /* the schema is ["null", …] */
	bool has_default;                     /* false: the writer must have the field */
	int64_t default_i64;                  /* for BOOL, INT, LONG, DATE, TIMESTAMP, ENUM that have a non-null default */
	const struct fnl_record_desc *record; /* of a RECORD, or of a LIST of them */
	const char *const *symbols;           /* of an ENUM */
	size_t symbol_count;
	size_t symbol_default; /* what an unknown symbol of a newer writer becomes */
};

struct fnl_record_desc {
	const char *name;      /* "ProspectChanged" */
	const char *full_name; /* "com.funneld.v1.ProspectChanged": the subject under TopicRecordNameStrategy ends so */
	const char *avsc;      /* the schema file's text, byte for byte */
	const struct fnl_field_desc *fields;
	size_t field_count;
	size_t own_id; /* the field that tells an event from others about the same: its id or version; 0: none */
};

enum {
	FNL_RECORD_FIELDS_MAX = 64,           /* fields of one record */
	FNL_RECORD_LIST_ITEMS_MAX = 256,      /* items of one list */
	FNL_RECORD_STRING_BYTES_MAX = 262144, /* of one string: the rules' text is the longest */
	FNL_ID_BYTES_MAX = 128                /* of an id that becomes a key */
};

/* Index of a field by name, or -1. */
int fnl_record_field_index(const struct fnl_record_desc *d, struct fnl_span name);

/* Avro binary, same schema on both sides: for rows, and for events of our own schemas. The values of decode borrow
 * strings from the input and take lists from the arena. Decode checks every length, index and count before it is
 * believed and wants the input used up; it fills `values` as it reads, so that they are of no use when it fails. encode
 * returns FNL_E_NOMEM, FNL_E_LIMIT for a string or list that is too long, FNL_E_INVALID for what the schema does not
 * allow, such as a null in a field that is not nullable; decode FNL_E_INVALID, FNL_E_LIMIT or FNL_E_NOMEM, with *why
 * (may be NULL) naming the field. */
int fnl_record_encode(const struct fnl_record_desc *d, const struct fnl_value *values,
                      struct fnl_writer *w) FNL_MUST_USE;
int fnl_record_decode(const struct fnl_record_desc *d, struct fnl_span body, struct fnl_arena *arena,
                      struct fnl_value *values, struct fnl_error *why) FNL_MUST_USE;
/* The first `count` fields only, for those who need no more of a long record; what follows is not looked at. */
int fnl_record_decode_head(const struct fnl_record_desc *d, struct fnl_span body, size_t count, struct fnl_arena *arena,
                           struct fnl_value *values, struct fnl_error *why) FNL_MUST_USE;

#endif
