/* Name-based ids (RFC 4122, version 5): libuuid's text, nettle's SHA-1, which uses the machine's instructions for it.
 */
#include <string.h>

#include <nettle/sha1.h>
#include <uuid/uuid.h>

#include "funneld/adapters/sys.h"

static void uuid5(void *context, const uint8_t space[16], struct fnl_span name, uint8_t ret_uuid[16],
                  char ret_text[FNL_UUID_TEXT_BYTES])
{
	(void)context;
	struct sha1_ctx sha1;
	uint8_t digest[SHA1_DIGEST_SIZE]; /* of which an id has the first 16 bytes */
	char text[UUID_STR_LEN];
	sha1_init(&sha1);
	sha1_update(&sha1, 16, space);
	sha1_update(&sha1, name.len, name.data ? name.data : (const uint8_t *)"");
	sha1_digest(&sha1, sizeof(digest), digest);
	digest[6] = (uint8_t)((digest[6] & 0x0f) | 0x50); /* version 5 */
	digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80); /* the variant of RFC 4122 */
	if (ret_uuid) {
		memcpy(ret_uuid, digest, sizeof(uuid_t));
	}
	if (ret_text) {
		uuid_unparse_lower(digest, text);
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
