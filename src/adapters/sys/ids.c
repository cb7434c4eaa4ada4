/* Name-based ids by libuuid. */
#include <string.h>

#include <uuid/uuid.h>

#include "funneld/adapters/sys.h"

static void uuid5(void *context, const uint8_t space[16], struct fnl_span name, uint8_t ret_uuid[16],
                  char ret_text[FNL_UUID_TEXT_BYTES])
{
	(void)context;
	uuid_t id;
	char text[UUID_STR_LEN];
	uuid_generate_sha1(id, space, name.data ? (const char *)name.data : "", name.len);
	if (ret_uuid) {
		memcpy(ret_uuid, id, sizeof(id));
	}
	if (ret_text) {
		uuid_unparse_lower(id, text);
		memcpy(ret_text, text, FNL_UUID_TEXT_BYTES);
	}
}

static bool parse(void *context, struct fnl_span text, uint8_t ret_uuid[16])
{
	(void)context;
	char z[UUID_STR_LEN];
	uuid_t id;
	if (text.len != FNL_UUID_TEXT_BYTES || memchr(text.data, '\0', text.len)) {
		return false;
	}
	memcpy(z, text.data, text.len);
	z[FNL_UUID_TEXT_BYTES] = '\0';
	if (uuid_parse(z, id) != 0) {
		return false;
	}
	memcpy(ret_uuid, id, sizeof(id));
	return true;
}

const struct fnl_ids *fnl_sys_ids(void)
{
	static const struct fnl_ids ids = {NULL, uuid5, parse};
	return &ids;
}
