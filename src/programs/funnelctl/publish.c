#include "publish.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "import_run.h"

enum { ARENA_BYTES_MAX = 1 << 20, FLUSH_TIMEOUT_MS = 30000 };

const char fnl_publish_source[] = "funnelctl";

int fnl_made_id(char ret[FNL_MADE_ID_BYTES], struct fnl_error *why)
{
	uint8_t b[16];
	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b)) {
		return fnl_fail(why, FNL_E_IO, "no random bytes for an id");
	}
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(ret, FNL_MADE_ID_BYTES, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
	         b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	return 0;
}

bool fnl_is_id(const char *s)
{
	size_t len = strlen(s);
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f || s[i] == '|') {
			return false;
		}
	}
	return len >= 1 && len <= FNL_ID_BYTES_MAX;
}

static const struct fnl_import_kind *kind_of(const char *event)
{
	size_t count;
	const struct fnl_import_kind *kinds = fnl_import_kinds(&count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(kinds[i].event, event) == 0) {
			return &kinds[i];
		}
	}
	return NULL;
}

int fnl_publish_one(struct fnl_app *app, const char *kind, struct fnl_import_event *event, struct fnl_error *why)
{
	return fnl_publish_known(app, kind, event, NULL, why);
}

int fnl_publish_known(struct fnl_app *app, const char *kind, struct fnl_import_event *event,
                      char ret_event_id[FNL_UUID_TEXT_BYTES], struct fnl_error *why)
{
	const char *topics[FNL_TOPIC_COUNT];
	struct fnl_import_ports ports = {.ids = app->ids, .topics = topics};
	struct fnl_import_binding binding = {.kind = kind_of(kind)};
	struct fnl_arena arena;
	int32_t partitions;
	if (!binding.kind) {
		return fnl_fail(why, FNL_E_INTERNAL, "there is no event %s", kind);
	}
	binding.desc = fnl_import_record(binding.kind->record);
	for (int i = 0; i < FNL_TOPIC_COUNT; i++) {
		topics[i] = fnl_app_topic(app, (enum fnl_topic)i);
	}
	int rc = fnl_app_codec(app, &ports.codec, why);
	rc = rc ? rc : fnl_app_bus(app, &ports.bus, why);
	/* a topic that is not there would be made by the broker, or be waited for */
	rc = rc ? rc : fnl_app_partitions(app, binding.kind->topic, &partitions, why);
	if (rc) {
		return rc;
	}
	event->binding = &binding;
	event->source = fnl_span_str(fnl_publish_source);
	fnl_arena_init(&arena, ARENA_BYTES_MAX);
	rc = fnl_import_publish(&ports, event, &arena, why);
	if (rc == 0 && ret_event_id) {
		struct fnl_span id = fnl_import_event_id(ports.ids, event, &arena);
		memset(ret_event_id, 0, FNL_UUID_TEXT_BYTES);
		memcpy(ret_event_id, id.data, id.len); /* it was made a moment ago */
	}
	fnl_arena_deinit(&arena);
	event->binding = NULL;
	if (!rc && ports.bus->ops->publish_flush(ports.bus, FLUSH_TIMEOUT_MS) < 0) {
		rc = fnl_fail(why, FNL_E_TIMEOUT, "topic %s: %s", topics[binding.kind->topic],
		              ports.bus->ops->explain(ports.bus));
	}
	return rc;
}
