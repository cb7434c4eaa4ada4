/* Values of what sits still, for tests of the views. All in the arena. */
#ifndef FNL_TESTS_STALL_VALUES_H
#define FNL_TESTS_STALL_VALUES_H

#include "funneld/base/arena.h"
#include "funneld_records.h"

struct fnl_value fnl_v_text(const char *s); /* NULL: null */
struct fnl_value fnl_v_number(int64_t n);
struct fnl_value fnl_v_money(int64_t minor, const char *currency);
struct fnl_value fnl_v_list(const struct fnl_value *items, size_t count);
static inline struct fnl_value fnl_v_null(void)
{
	return (struct fnl_value){.set = false};
}

/* All fields of a record: nothing where nothing is allowed; else 0, "" and no items. */
struct fnl_value *fnl_v_blank(struct fnl_arena *a, const struct fnl_record_desc *d);

/* level NONE: alert_ms is when it is to be told; INT64_MIN: only shown. Else it is over_at and alert_at. */
struct fnl_value fnl_v_stall(struct fnl_arena *a, int kind, int condition, int64_t since_ms, int level,
                             int64_t alert_ms);
struct fnl_value fnl_v_candidate(struct fnl_arena *a, int cause, bool confirmed, const char *remedy);
struct fnl_value fnl_v_answer(struct fnl_arena *a, const char *id, const char *sheet_id, int64_t at_ms, int cause,
                              bool confirmed);
/* Without answer; blocker may be NULL. */
struct fnl_value fnl_v_evidence(struct fnl_arena *a, int64_t layer_since_ms, int push_count, const char *blocker);
/* A BookTotal of layer and currency (NULL: without amounts). */
struct fnl_value fnl_v_total(struct fnl_arena *a, int layer, const char *currency, int64_t count, int64_t minor,
                             int64_t weighted_minor);

/* Frame and body, with the schema id 7. */
struct fnl_span fnl_v_row(struct fnl_arena *a, const struct fnl_record_desc *d, const struct fnl_value *values);

#endif
