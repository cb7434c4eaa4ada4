#include "view_moment.h"

#include "view_record.h"

struct finder {
	struct fnl_moment moment;
	bool event_clock;
	const struct fnl_rules_reader *rules_reader;
	struct fnl_arena *arena;
	struct fnl_error *why;
};

bool fnl_moment_wanted(struct fnl_span key)
{
	return fnl_span_eq(key, FNL_SPAN_LIT("partition|rules")) || fnl_span_eq(key, FNL_SPAN_LIT("partition|clock"));
}

/* How far the stage's event time has come in a partition: the least of its times, which the stage goes by. INT64_MIN:
 * one of them has not come yet. */
static int64_t least_time(const struct fnl_list *times)
{
	int64_t least = times->count ? INT64_MAX : 0;
	for (size_t i = 0; i < times->count; i++) {
		least = times->items[i].i64 < least ? times->items[i].i64 : least;
	}
	return least == 0 ? INT64_MIN : least;
}

/* The latest rules of any partition, and with the event clock the latest time. */
static int on_row(void *context, const struct fnl_row_entry *row)
{
	struct finder *f = context;
	struct fnl_moment *m = &f->moment;
	struct fnl_view_row found;
	bool rules = fnl_span_eq(row->key, FNL_SPAN_LIT("rules")), clock = fnl_span_eq(row->key, FNL_SPAN_LIT("clock"));
	if (!fnl_span_eq(row->table, FNL_SPAN_LIT("partition")) || (!rules && !(clock && f->event_clock))) {
		return 0;
	}
	const struct fnl_record_desc *d = rules ? &fnl_desc_partition_rules : &fnl_desc_partition_times;
	int rc = fnl_view_row_decode(row, d, f->arena, &found, f->why);
	if (rc) {
		return rc;
	}
	const struct fnl_value *v = found.decoded.values;
	if (clock) {
		int64_t at = least_time(&v[FNL_PARTITION_TIMES_TIMES].list);
		m->now_ms = at > m->now_ms ? at : m->now_ms;
	} else if (v[FNL_PARTITION_RULES_RULES_VERSION].i64 > m->rules->version) {
		rc = f->rules_reader->read(f->rules_reader->context, v[FNL_PARTITION_RULES_RULES_TEXT].str, f->arena, &m->rules,
		                           f->why);
	}
	return rc;
}

int fnl_moment_of(const struct fnl_rows *rows, bool event_clock, int64_t wall_ms,
                  const struct fnl_rules_reader *rules_reader, struct fnl_arena *arena, struct fnl_moment *ret,
                  struct fnl_error *why)
{
	struct finder f = {{fnl_rules_default(), event_clock ? INT64_MIN : wall_ms}, event_clock, rules_reader, arena, why};
	int rc = fnl_rows_each(rows, on_row, &f);
	f.moment.now_ms = f.moment.now_ms == INT64_MIN ? wall_ms : f.moment.now_ms;
	if (rc == 0) {
		*ret = f.moment;
	}
	return rc;
}
