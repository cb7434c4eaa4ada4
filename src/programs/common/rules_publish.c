#include "rules_publish.h"

#include <stdio.h>

#include "funneld/base/sha256.h"

enum { ARENA_BYTES_MAX = 4 << 20, FLUSH_TIMEOUT_MS = 30000 };

/* funneld's own name space of ids */
static const uint8_t id_space[16] = {0x6f, 0x2c, 0x1f, 0x0e, 0x5f, 0x0a, 0x5c, 0x52,
                                     0x9a, 0x4b, 0x0d, 0x8f, 0x4a, 0x1c, 0x7e, 0x11};
static const char source[] = "funnelctl";

static struct fnl_value text_value(struct fnl_span s)
{
	return (struct fnl_value){.set = true, .str = s};
}

static int encode(struct fnl_codec *codec, struct fnl_span text, struct fnl_span hash, int32_t version, int64_t at_ms,
                  struct fnl_arena *arena, struct fnl_span *ret, struct fnl_error *why)
{
	struct fnl_value values[FNL_RULES_ACTIVATED_FIELD_COUNT] = {0};
	values[FNL_RULES_ACTIVATED_SOURCE] = text_value(fnl_span_str(source));
	values[FNL_RULES_ACTIVATED_OCCURRED_AT] = (struct fnl_value){.set = true, .i64 = at_ms};
	values[FNL_RULES_ACTIVATED_RULES_VERSION] = (struct fnl_value){.set = true, .i64 = version};
	values[FNL_RULES_ACTIVATED_RULES_HASH] = text_value(hash);
	values[FNL_RULES_ACTIVATED_RULES_TEXT] = text_value(text);
	int rc = codec->ops->encode(codec, &fnl_desc_rules_activated, values, arena, ret);
	return rc ? fnl_fail(why, rc, "RulesActivated: %s", fnl_status_text(rc)) : 0;
}

static int publish(const struct fnl_rules_ports *ports, struct fnl_span value, const struct fnl_header *headers,
                   size_t header_count, struct fnl_error *why)
{
	struct fnl_bus *bus = ports->bus;
	int rc;
	for (int s = 0; s < FNL_APP_STAGE_COUNT; s++) {
		const char *topic = fnl_app_stage(ports->app, (enum fnl_app_stage_id)s)->input_topic;
		for (int32_t p = 0; p < ports->partitions[s]; p++) {
			rc = bus->ops->publish(bus, topic, p, fnl_span_str(source), value, headers, header_count);
			if (rc < 0) {
				return fnl_fail(why, rc, "topic %s: %s", topic, bus->ops->explain(bus));
			}
		}
	}
	rc = bus->ops->publish_flush(bus, FLUSH_TIMEOUT_MS);
	return rc < 0 ? fnl_fail(why, rc, "RulesActivated: %s", bus->ops->explain(bus)) : 0;
}

static int publish_all(const struct fnl_rules_ports *ports, struct fnl_span text, int32_t version, int64_t at_ms,
                       struct fnl_arena *arena, struct fnl_error *why)
{
	char hash[FNL_SHA256_HEX_BYTES + 1], name[256], id[FNL_UUID_TEXT_BYTES];
	struct fnl_span value;
	fnl_sha256_hex(text, hash);
	int rc = encode(ports->codec, text, fnl_span_str(hash), version, at_ms, arena, &value, why);
	if (rc) {
		return rc;
	}
	int len = snprintf(name, sizeof(name), "%s\nRulesActivated\n%s\n%d:%s", source, source, (int)version, hash);
	const struct fnl_ids *ids = ports->app->ids;
	ids->uuid5(ids->context, id_space, fnl_span_of(name, (size_t)len), NULL, id);
	struct fnl_writer time = fnl_writer_of(arena);
	fnl_write_rfc3339(&time, at_ms);
	struct fnl_header headers[] = {
		{FNL_SPAN_LIT("ce_specversion"), FNL_SPAN_LIT("1.0")},
		{FNL_SPAN_LIT("ce_type"), FNL_SPAN_LIT("funnel.rules.activated.v1")},
		{FNL_SPAN_LIT("ce_source"), fnl_span_str(source)},
		{FNL_SPAN_LIT("ce_id"), fnl_span_of(id, sizeof(id))},
		{FNL_SPAN_LIT("ce_time"), fnl_writer_span(&time)},
		{FNL_SPAN_LIT("content-type"), FNL_SPAN_LIT("application/avro")},
	};
	return publish(ports, value, headers, sizeof(headers) / sizeof(headers[0]), why);
}

int fnl_rules_publish(const struct fnl_rules_ports *ports, struct fnl_span text, int32_t version,
                      int64_t occurred_at_ms, struct fnl_error *why)
{
	struct fnl_arena arena;
	fnl_arena_init(&arena, ARENA_BYTES_MAX);
	int rc = publish_all(ports, text, version, occurred_at_ms, &arena, why);
	fnl_arena_deinit(&arena);
	return rc;
}
