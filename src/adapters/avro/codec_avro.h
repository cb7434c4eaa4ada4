/* Inside of the Avro codec: what its files share.
 *
 * A writer's schema is turned once into a plan: a tree over the writer's types that says for each how its bytes are
 * checked and what of it goes into which of our fields. avro-c believes every length and index that it reads, so the
 * bytes are walked along the plan before avro-c sees them; whatever can be wrong with a record is found there. */
#ifndef FUNNELD_ADAPTERS_AVRO_CODEC_AVRO_H
#define FUNNELD_ADAPTERS_AVRO_CODEC_AVRO_H

#include <avro.h>
#include <jansson.h>

#include "funneld/adapters/avro.h"
#include "funneld/base/map.h"

enum {
	FNL_AVRO_BODY_BYTES_MAX = 4 << 20, /* of one record's body */
	FNL_AVRO_ITEMS_MAX = 16384,        /* of all lists and maps of one record together */
	FNL_AVRO_DEPTH_MAX = 16,           /* of a writer's schema */
	FNL_AVRO_NODES_MAX = 2048,         /* of a writer's schema, with named types written out */
	FNL_AVRO_FIXED_BYTES_MAX = 65536,  /* of one fixed type */
	FNL_AVRO_WRITERS_MAX = 4096,       /* schemas that are kept */
	FNL_AVRO_PLAN_BYTES_MAX = 64 << 20 /* of all plans together */
};

struct fnl_avro_plan {
	avro_type_t type;               /* the writer's; references are followed */
	const char *name;               /* of the field, in messages; the parent's for items and branches */
	size_t count;                   /* fields, branches or symbols */
	struct fnl_avro_plan *children; /* fields or branches; one for the items of arrays and maps */
	size_t fixed_bytes;
	size_t bytes_min; /* no value has fewer */

	/* Toward our own record. */
	const struct fnl_field_desc *field; /* the field that takes the value; NULL: skipped */
	enum fnl_kind kind;                 /* of the field, or of its items */
	bool is_item;                       /* a list's item */
	bool is_currency;                   /* the currency of Money */
	size_t target;                      /* index of the field in its record */
	const char *mismatch;               /* not NULL: the value cannot be taken, and why */
	const size_t *symbols;              /* the writer's index to ours */
	const struct fnl_record_desc *desc; /* of a record */
	const size_t *missing;              /* fields of desc that the writer does not have: they get their defaults */
	size_t missing_count;
};

/* Builds the plan of a writer's schema. json is the same schema as parsed text (avro-c drops logical types). Returns
 * FNL_E_INVALID / FNL_E_LIMIT / FNL_E_UNSUPPORTED with *why when records of this schema can never be read. */
int fnl_avro_plan_build(avro_schema_t schema, json_t *json, struct fnl_arena *arena, struct fnl_avro_plan *ret,
                        struct fnl_error *why) FNL_MUST_USE;

/* Checks a whole body. FNL_E_INVALID or FNL_E_LIMIT with *why: which field, at which byte, what was expected. */
int fnl_avro_walk(const struct fnl_avro_plan *plan, struct fnl_span body, struct fnl_error *why) FNL_MUST_USE;

/* Copies a value that was walked and read into values (desc->field_count of them). FNL_E_NOMEM or FNL_E_INTERNAL. */
int fnl_avro_copy(const struct fnl_avro_plan *plan, avro_value_t *from, struct fnl_arena *arena,
                  struct fnl_value *values) FNL_MUST_USE;

/* Money as a record of two fields, for plans. */
extern const struct fnl_record_desc fnl_avro_money;

#endif
