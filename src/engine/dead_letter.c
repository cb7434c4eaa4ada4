/* A record that cannot be processed goes on as it came, with Kafka Connect's error headers beside its own, in the same
 * transaction as the offsets: nothing is lost and nothing is there twice. */
#include "internal.h"

static struct fnl_span decimal(struct fnl_arena *a, int64_t v)
{
	struct fnl_writer w = fnl_writer_of(a);
	fnl_write_decimal(&w, v);
	return fnl_writer_span(&w);
}

int fnl_dead_letter(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_record *r, int code,
                    const char *why)
{
	enum { ADDED = 7 };
	struct fnl_header *h = fnl_arena_calloc(&s->arena, r->header_count + ADDED, sizeof(*h));
	struct fnl_produced *out = fnl_arena_calloc(&s->arena, 1, sizeof(*out));
	struct fnl_span text = fnl_arena_dup(&s->arena, fnl_span_str(why));
	struct fnl_span partition = decimal(&s->arena, r->partition);
	struct fnl_span offset = decimal(&s->arena, r->offset);
	struct fnl_span timestamp = decimal(&s->arena, r->timestamp_ms);
	if (!h || !out || fnl_span_is_none(text) || fnl_span_is_none(partition) || fnl_span_is_none(offset) ||
	    fnl_span_is_none(timestamp)) {
		return FNL_E_NOMEM;
	}
	if (r->header_count) {
		memcpy(h, r->headers, r->header_count * sizeof(*h));
	}
	const struct fnl_header added[ADDED] = {
		{FNL_SPAN_LIT("__connect.errors.topic"), fnl_span_str(s->stage.input_topic)},
		{FNL_SPAN_LIT("__connect.errors.partition"), partition},
		{FNL_SPAN_LIT("__connect.errors.offset"), offset},
		/* as a header: a log may refuse, or delete, what has an old time of its own */
		{FNL_SPAN_LIT("__connect.errors.timestamp"), timestamp},
		{FNL_SPAN_LIT("__connect.errors.stage"), fnl_span_str(s->stage.name)},
		{FNL_SPAN_LIT("__connect.errors.class.name"), fnl_span_str(fnl_status_label(code))},
		{FNL_SPAN_LIT("__connect.errors.exception.message"), text},
	};
	memcpy(h + r->header_count, added, sizeof(added));
	out->topic = s->stage.dead_letter_topic;
	out->partition = FNL_PARTITION_BY_KEY;
	out->key = r->key;
	out->value = r->value;
	out->headers = h;
	out->header_count = r->header_count + ADDED;
	*p->produced_tail = out;
	p->produced_tail = &out->next;
	p->dead++;
	return 0;
}
