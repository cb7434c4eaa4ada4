/* Port: boundary records to bytes and back, by Confluent's wire format and the schemas of a registry.
 * Inputs of any registered writer's schema are read into our own shape; derived events are written in it. */
#ifndef FUNNELD_PORTS_CODEC_H
#define FUNNELD_PORTS_CODEC_H

#include "funneld/base/record.h"
#include "funneld/ports/record.h"

struct fnl_codec;

/* A decoded record: which one, and its values in the order of its descriptor, in the arena. */
struct fnl_decoded {
	const struct fnl_record_desc *desc;
	struct fnl_value *values;
};

struct fnl_codec_ops {
	/* Value bytes (and the header __value_schema_id, which may carry the schema id instead of the frame) to a record.
	 * Fields missing in the writer's schema get our defaults, unknown symbols the enum's default, unknown fields are
	 * skipped. Every length is checked before it is believed; strings must be UTF-8.
	 * Errors: class POISON with *why in words fit for a dead letter; FNL_E_NOMEM; RETRIABLE when the registry is away.
	 */
	int (*decode)(struct fnl_codec *c, const struct fnl_record *r, struct fnl_arena *arena, struct fnl_decoded *ret,
	              struct fnl_error *why);
	/* Frame and body in the arena. FNL_E_INVALID for a null that the schema forbids. */
	int (*encode)(struct fnl_codec *c, const struct fnl_record_desc *desc, const struct fnl_value *values,
	              struct fnl_arena *arena, struct fnl_span *ret);
	/* The registry's id of our own schema: rows carry it in their frame (base/record.h writes their body). */
	int (*schema_id)(struct fnl_codec *c, const struct fnl_record_desc *desc, uint32_t *ret_id);
	void (*close)(struct fnl_codec *c);
};

struct fnl_codec {
	const struct fnl_codec_ops *ops;
};

#endif
