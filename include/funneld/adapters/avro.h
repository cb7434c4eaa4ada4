/* The codec over avro-c and a registry. Not thread safe: one a thread (the registry may be shared once opened). */
#ifndef FUNNELD_ADAPTERS_AVRO_H
#define FUNNELD_ADAPTERS_AVRO_H

#include "funneld/ports/codec.h"
#include "funneld/ports/registry.h"

int fnl_codec_avro_open(struct fnl_registry *registry, struct fnl_codec **ret, struct fnl_error *why) FNL_MUST_USE;

/* Any registered record (rows and inputs alike) as JSON text in our own shape, for tools: money as
 * {"amount_minor": n, "currency": "USD"}, dates "YYYY-MM-DD", timestamps RFC 3339, enums by symbol, null where null. */
int fnl_record_to_json(const struct fnl_decoded *d, struct fnl_arena *arena, struct fnl_span *ret) FNL_MUST_USE;

#endif
