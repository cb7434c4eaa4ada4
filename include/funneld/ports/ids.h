/* Port: name-based identifiers (RFC 4122 version 5, SHA-1). Pure: same input, same id. */
#ifndef FUNNELD_PORTS_IDS_H
#define FUNNELD_PORTS_IDS_H

#include "funneld/base/span.h"

enum { FNL_UUID_TEXT_BYTES = 36 };

struct fnl_ids {
	void *context;
	/* UUIDv5 of name in the name space uuid (16 bytes); both results optional. Text is lower case, without NUL. */
	void (*uuid5)(void *context, const uint8_t space[16], struct fnl_span name, uint8_t ret_uuid[16],
	              char ret_text[FNL_UUID_TEXT_BYTES]);
	/* Text to bytes; false when it is not a UUID's. */
	bool (*parse)(void *context, struct fnl_span text, uint8_t ret_uuid[16]);
};

#endif
