/* A record that cannot be processed goes on as it came, with Kafka Connect's error headers beside its own, in the same
 * transaction as the offsets: nothing is lost and nothing is there twice. */
#include "internal.h"

static struct fnl_span decimal(struct fnl_arena *a, int64_t v)
{
	struct fnl_writer w = fnl_writer_of(a);
	fnl_write_decimal(&w, v);
	return fnl_writer_span(&w);
}

struct fnl_produced *fnl_dead_letter(struct fnl_arena *arena, const struct fnl_dead_from *from,
                                     const struct fnl_record *r, int code, const char *why)
{
	enum { ADDED = 7 };
	struct fnl_header *h = fnl_arena_calloc(arena, r->header_count + ADDED, sizeof(*h));
	struct fnl_produced *out = fnl_arena_calloc(arena, 1, sizeof(*out));
	struct fnl_span text = fnl_arena_dup(arena, fnl_span_str(why));
	struct fnl_span partition = decimal(arena, r->partition);
	struct fnl_span offset = decimal(arena, r->offset);
	struct fnl_span timestamp = decimal(arena, r->timestamp_ms);
	if (!h || !out || fnl_span_is_none(text) || fnl_span_is_none(partition) || fnl_span_is_none(offset) ||
	    fnl_span_is_none(timestamp)) {
		return NULL;
	}
	if (r->header_count) {
		memcpy(h, r->headers, r->header_count * sizeof(*h));
	}
	const struct fnl_header added[ADDED] = {
		{FNL_SPAN_LIT("__connect.errors.topic"), fnl_span_str(from->input_topic)},
		{FNL_SPAN_LIT("__connect.errors.partition"), partition},
		{FNL_SPAN_LIT("__connect.errors.offset"), offset},
		/* as a header: a log may refuse, or delete, what has an old time of its own */
		{FNL_SPAN_LIT("__connect.errors.timestamp"), timestamp},
		{FNL_SPAN_LIT("__connect.errors.stage"), fnl_span_str(from->stage)},
		{FNL_SPAN_LIT("__connect.errors.class.name"), fnl_span_str(fnl_status_label(code))},
		{FNL_SPAN_LIT("__connect.errors.exception.message"), text},
	};
	memcpy(h + r->header_count, added, sizeof(added));
	*out = (struct fnl_produced){NULL, from->topic, FNL_PARTITION_BY_KEY, r->key, r->value, h, r->header_count + ADDED};
	return out;
}
