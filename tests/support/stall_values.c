#include "stall_values.h"

#include <stdlib.h>
#include <string.h>

static struct fnl_value *fields(struct fnl_arena *a, size_t count)
{
	struct fnl_value *v = fnl_arena_calloc(a, count, sizeof(*v));
	if (!v) {
		abort();
	}
	return v;
}

struct fnl_value fnl_v_text(const char *s)
{
	return (struct fnl_value){.set = s != NULL, .str = fnl_span_str(s)};
}

struct fnl_value fnl_v_number(int64_t n)
{
	return (struct fnl_value){.set = true, .i64 = n};
}

struct fnl_value fnl_v_money(int64_t minor, const char *currency)
{
	struct fnl_value v = {.set = true};
	v.money.amount_minor = minor;
	memcpy(v.money.currency, currency, sizeof(v.money.currency));
	return v;
}

struct fnl_value fnl_v_list(const struct fnl_value *items, size_t count)
{
	return (struct fnl_value){.set = true, .list = {items, count}};
}

struct fnl_value *fnl_v_blank(struct fnl_arena *a, const struct fnl_record_desc *d)
{
	struct fnl_value *v = fields(a, d->field_count);
	for (size_t i = 0; i < d->field_count; i++) {
		v[i].set = !d->fields[i].nullable;
		if (v[i].set && d->fields[i].kind == FNL_KIND_STRING) {
			v[i].str = FNL_SPAN_LIT("");
		}
	}
	return v;
}

struct fnl_value fnl_v_stall(struct fnl_arena *a, int kind, int condition, int64_t since_ms, int level,
                             int64_t alert_ms)
{
	struct fnl_value *v = fields(a, FNL_STALL_FIELD_COUNT);
	v[FNL_STALL_KIND] = fnl_v_number(kind);
	v[FNL_STALL_CONDITION] = fnl_v_number(condition);
	v[FNL_STALL_SINCE] = fnl_v_number(since_ms);
	v[FNL_STALL_OVER_AT] = fnl_v_number(alert_ms == INT64_MIN ? since_ms : alert_ms);
	v[FNL_STALL_ALERT_AT] = alert_ms == INT64_MIN ? fnl_v_null() : fnl_v_number(alert_ms);
	v[FNL_STALL_LEVEL] = fnl_v_number(level);
	return fnl_v_list(v, FNL_STALL_FIELD_COUNT);
}

struct fnl_value fnl_v_candidate(struct fnl_arena *a, int cause, bool confirmed, const char *remedy)
{
	struct fnl_value *v = fields(a, FNL_CANDIDATE_FIELD_COUNT);
	v[FNL_CANDIDATE_CAUSE] = fnl_v_number(cause);
	v[FNL_CANDIDATE_CONFIRMED] = fnl_v_number(confirmed);
	v[FNL_CANDIDATE_REMEDY] = fnl_v_text(remedy);
	return fnl_v_list(v, FNL_CANDIDATE_FIELD_COUNT);
}

struct fnl_value fnl_v_answer(struct fnl_arena *a, const char *id, const char *sheet_id, int64_t at_ms, int cause,
                              bool confirmed)
{
	struct fnl_value *v = fields(a, FNL_ANSWER_FIELD_COUNT);
	v[FNL_ANSWER_ANSWER_ID] = fnl_v_text(id);
	v[FNL_ANSWER_SHEET_ID] = fnl_v_text(sheet_id);
	v[FNL_ANSWER_AT] = fnl_v_number(at_ms);
	v[FNL_ANSWER_CAUSE] = fnl_v_number(cause);
	v[FNL_ANSWER_CONFIRMED] = fnl_v_number(confirmed);
	return fnl_v_list(v, FNL_ANSWER_FIELD_COUNT);
}

struct fnl_value fnl_v_evidence(struct fnl_arena *a, int64_t layer_since_ms, int push_count, const char *blocker)
{
	struct fnl_value *v = fields(a, FNL_EVIDENCE_FIELD_COUNT);
	v[FNL_EVIDENCE_LAYER_SINCE] = fnl_v_number(layer_since_ms);
	v[FNL_EVIDENCE_PUSH_COUNT] = fnl_v_number(push_count);
	v[FNL_EVIDENCE_BLOCKER] = fnl_v_text(blocker);
	return fnl_v_list(v, FNL_EVIDENCE_FIELD_COUNT);
}

struct fnl_value fnl_v_total(struct fnl_arena *a, int layer, const char *currency, int64_t count, int64_t minor,
                             int64_t weighted_minor)
{
	struct fnl_value *v = fields(a, FNL_BOOK_TOTAL_FIELD_COUNT);
	v[FNL_BOOK_TOTAL_LAYER] = fnl_v_number(layer);
	v[FNL_BOOK_TOTAL_CURRENCY] = fnl_v_text(currency);
	v[FNL_BOOK_TOTAL_COUNT] = fnl_v_number(count);
	v[FNL_BOOK_TOTAL_AMOUNT_MINOR] = fnl_v_number(minor);
	v[FNL_BOOK_TOTAL_WEIGHTED_MINOR] = fnl_v_number(weighted_minor);
	v[FNL_BOOK_TOTAL_WEIGHTED_E4] = fnl_v_number(0);
	return fnl_v_list(v, FNL_BOOK_TOTAL_FIELD_COUNT);
}

struct fnl_span fnl_v_row(struct fnl_arena *a, const struct fnl_record_desc *d, const struct fnl_value *values)
{
	struct fnl_writer writer = fnl_writer_of(a);
	fnl_write_u8(&writer, 0);
	fnl_write_be32(&writer, 7);
	if (fnl_record_encode(d, values, &writer)) {
		abort();
	}
	return fnl_writer_span(&writer);
}
