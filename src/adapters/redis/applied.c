/* What a partition of the view stands at. */
#include "internal.h"

void fnl_redis_append_applied(struct fnl_redis *s, int32_t partition)
{
	fnl_redis_request_begin(&s->request, "HMGET", 4);
	fnl_redis_request_key(s, partition, "applied");
	fnl_redis_request_text(&s->request, "cl");
	fnl_redis_request_text(&s->request, "complete_as_of");
	fnl_redis_request_text(&s->request, "paged");
}

/* "<paged>@<cl>" */
static bool paged_as_needed(const struct fnl_redis *s, const struct fnl_redis_reply *found, int64_t at)
{
	if (!s->paged[0]) {
		return true;
	}
	char digits[24];
	struct fnl_span bits = fnl_span_str(s->paged);
	struct fnl_span cl = fnl_redis_decimal(digits, at);
	struct fnl_span text = found->kind == REDIS_STRING ? found->text : FNL_SPAN_NONE;
	return text.len == bits.len + 1 + cl.len && memcmp(text.data, bits.data, bits.len) == 0 &&
	       text.data[bits.len] == '@' && memcmp(text.data + bits.len + 1, cl.data, cl.len) == 0;
}

bool fnl_redis_take_applied(const struct fnl_redis *s, const struct fnl_redis_reply *answer,
                            const struct fnl_applied *half, struct fnl_applied *ret)
{
	struct fnl_applied found = {.present = true};
	if (!fnl_redis_reply_is_array(answer, 3)) {
		return false;
	}
	if (answer->items[0].kind == REDIS_NIL) {
		*ret = (struct fnl_applied){0};
		return true;
	}
	if (!fnl_redis_reply_number(&answer->items[0], &found.cl) ||
	    !fnl_redis_reply_number(&answer->items[1], &found.complete_as_of_ms)) {
		return false;
	}
	const struct fnl_redis_reply *paged = &answer->items[2];
	bool same = half && found.cl == half->cl && found.complete_as_of_ms == half->complete_as_of_ms;
	bool counts = same ? paged->kind == REDIS_NIL : paged_as_needed(s, paged, found.cl);
	*ret = counts ? found : (struct fnl_applied){0};
	return true;
}
