#include "replay_tell.h"

#include <stdarg.h>
#include <stdio.h>

#include "funneld_records.h"
#include "view_funnel.h"

enum { NAME_BYTES = 256, SUBJECT_BYTES = 1024 };

/* A line's name and subject while they are put together. */
struct line {
	struct fnl_replay_about about;
	char name[NAME_BYTES];
	char subject[SUBJECT_BYTES];
};

static void name_it(struct line *l, enum fnl_replay_section section, uint8_t rank, const char *fmt, ...)
	FNL_PRINTF(4, 5);

static void name_it(struct line *l, enum fnl_replay_section section, uint8_t rank, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(l->name, sizeof(l->name), fmt, args);
	va_end(args);
	l->about = (struct fnl_replay_about){.section = section, .rank = rank, .name = fnl_span_str(l->name)};
}

static int add(struct fnl_replay_teller *t, const struct line *l, __int128 n)
{
	int rc = fnl_replay_add(t->facts, t->side, &l->about, n);
	return rc ? fnl_fail(t->why, rc, "%.100s: %s", l->name, fnl_status_text(rc)) : 0;
}

static int set(struct fnl_replay_teller *t, const struct line *l, __int128 n)
{
	int rc = fnl_replay_set(t->facts, t->side, &l->about, n);
	return rc ? fnl_fail(t->why, rc, "%.100s: %s", l->name, fnl_status_text(rc)) : 0;
}

/* ---- what was told ---- */

static int tell_layer(struct fnl_replay_teller *t, const struct fnl_value *v)
{
	struct line l = {.name = ""};
	name_it(&l, FNL_REPLAY_CHANGES, 0, "%s -> %s", fnl_symbols_layer[v[FNL_LAYER_CHANGED_FROM_LAYER].i64],
	        fnl_symbols_layer[v[FNL_LAYER_CHANGED_TO_LAYER].i64]);
	l.about.subject = v[FNL_LAYER_CHANGED_PROSPECT_ID].str;
	return add(t, &l, 1);
}

static int tell_parked(struct fnl_replay_teller *t, const char *name, struct fnl_span prospect)
{
	struct line l = {.name = ""};
	name_it(&l, FNL_REPLAY_PARKED, 0, "%s", name);
	l.about.subject = prospect;
	return add(t, &l, 1);
}

/* Stalled and escalated: both have the fields of ProspectStalled. */
static int tell_stall(struct fnl_replay_teller *t, const struct fnl_value *v)
{
	_Static_assert((int)FNL_PROSPECT_STALLED_KIND == (int)FNL_STALL_ESCALATED_KIND &&
	                   (int)FNL_PROSPECT_STALLED_LAYER == (int)FNL_STALL_ESCALATED_LAYER &&
	                   (int)FNL_PROSPECT_STALLED_LEVEL == (int)FNL_STALL_ESCALATED_LEVEL,
	               "both have the same fields");
	struct line l = {.name = ""};
	int layer = (int)v[FNL_PROSPECT_STALLED_LAYER].i64;
	name_it(&l, FNL_REPLAY_ALERTS, 0, "%s %s %s", fnl_symbols_stall_kind[v[FNL_PROSPECT_STALLED_KIND].i64],
	        fnl_symbols_layer[layer], fnl_symbols_alert_level[v[FNL_PROSPECT_STALLED_LEVEL].i64]);
	l.about.subject = v[FNL_PROSPECT_STALLED_PROSPECT_ID].str;
	return add(t, &l, 1);
}

static int tell_cleared(struct fnl_replay_teller *t, const struct fnl_value *v)
{
	struct line l = {.name = ""};
	name_it(&l, FNL_REPLAY_ALERTS, 1, "%s cleared, %s", fnl_symbols_stall_kind[v[FNL_STALL_CLEARED_KIND].i64],
	        fnl_symbols_cleared_reason[v[FNL_STALL_CLEARED_REASON].i64]);
	l.about.subject = v[FNL_STALL_CLEARED_PROSPECT_ID].str;
	return add(t, &l, 1);
}

static int tell_inspection(struct fnl_replay_teller *t, uint8_t rank, const char *name, struct fnl_span rep, size_t n)
{
	struct line l = {.name = ""};
	name_it(&l, FNL_REPLAY_SHEETS, rank, "%s", name);
	l.about.subject = rep;
	return add(t, &l, (__int128)n);
}

static int tell_sheet(struct fnl_replay_teller *t, const struct fnl_value *v)
{
	struct fnl_span rep = v[FNL_INSPECTION_SHEET_REP_ID].str;
	int rc = tell_inspection(t, 0, "sheets", rep, 1);
	rc = rc ? rc : tell_inspection(t, 1, "pages", rep, (size_t)v[FNL_INSPECTION_SHEET_PAGE_COUNT].i64);
	return rc ? rc : tell_inspection(t, 2, "questions", rep, v[FNL_INSPECTION_SHEET_QUESTIONS].list.count);
}

/* A draft is shown as long as it is one. */
static int tell_quota(struct fnl_replay_teller *t, const struct fnl_value *v)
{
	struct line l = {.name = ""};
	bool frozen = v[FNL_QUOTA_SET_STATE].i64 == FNL_QUOTA_STATE_FROZEN;
	struct fnl_span base = v[FNL_QUOTA_SET_BASE_CURRENCY].str;
	int year = (int)v[FNL_QUOTA_SET_FISCAL_YEAR].i64;
	name_it(&l, FNL_REPLAY_QUOTAS, 0, "%d %.*s draft", year, (int)base.len, (const char *)base.data);
	l.about.subject = v[FNL_QUOTA_SET_REP_ID].str;
	if (frozen) {
		fnl_replay_unsay(t->facts, t->side, &l.about);
		name_it(&l, FNL_REPLAY_QUOTAS, 0, "%d %.*s", year, (int)base.len, (const char *)base.data);
		l.about.subject = v[FNL_QUOTA_SET_REP_ID].str;
	}
	if (!v[FNL_QUOTA_SET_QUOTA].set) {
		fnl_replay_unsay(t->facts, t->side, &l.about);
		return 0;
	}
	memcpy(l.about.currency, v[FNL_QUOTA_SET_QUOTA].money.currency, sizeof(l.about.currency));
	return set(t, &l, v[FNL_QUOTA_SET_QUOTA].money.amount_minor);
}

/* The same line is told of a draft and when it is frozen: the last one holds. */
static int tell_quota_line(struct fnl_replay_teller *t, const struct fnl_value *v)
{
	struct line l = {.name = ""};
	struct fnl_span rep = v[FNL_QUOTA_LINE_REP_ID].str, prospect = v[FNL_QUOTA_LINE_PROSPECT_ID].str;
	int year = (int)v[FNL_QUOTA_LINE_FISCAL_YEAR].i64;
	int reason = (int)v[FNL_QUOTA_LINE_REASON].i64;
	bool counted = reason == FNL_QUOTA_REASON_COUNTED && v[FNL_QUOTA_LINE_AMOUNT].set;
	int len = snprintf(l.subject, sizeof(l.subject), "%.*s %.*s", (int)rep.len, (const char *)rep.data,
	                   (int)prospect.len, (const char *)prospect.data);
	if (!counted) {
		name_it(&l, FNL_REPLAY_LEFT_OUT, 0, "%d %s", year, fnl_symbols_quota_reason[reason]);
		l.about.subject = fnl_span_of(l.subject, (size_t)len);
		return set(t, &l, 1);
	}
	const char *currency = v[FNL_QUOTA_LINE_AMOUNT].money.currency;
	name_it(&l, FNL_REPLAY_LINES, 0, "%d %s", year, currency);
	l.about.subject = fnl_span_of(l.subject, (size_t)len);
	memcpy(l.about.currency, currency, sizeof(l.about.currency));
	return set(t, &l, (__int128)v[FNL_QUOTA_LINE_WEIGHTED_MINOR].i64 * 10000 + v[FNL_QUOTA_LINE_WEIGHTED_E4].i64);
}

/* By its record's name and key; of what is restricted the number alone. */
static int tell_other(struct fnl_replay_teller *t, enum fnl_topic topic, const char *name, struct fnl_span key)
{
	struct line l = {.name = ""};
	name_it(&l, FNL_REPLAY_OTHERS, topic == FNL_TOPIC_DEAD_LETTERS, "%s", name);
	l.about.subject = topic == FNL_TOPIC_REVIEWS ? FNL_SPAN_NONE : key;
	return add(t, &l, 1);
}

static int tell_record(struct fnl_replay_teller *t, enum fnl_topic topic, const struct fnl_decoded *d,
                       struct fnl_span key)
{
	const struct fnl_value *v = d->values;
	if (d->desc == &fnl_desc_layer_changed) {
		return tell_layer(t, v);
	}
	if (d->desc == &fnl_desc_prospect_parked) {
		return tell_parked(t, "parked", v[FNL_PROSPECT_PARKED_PROSPECT_ID].str);
	}
	if (d->desc == &fnl_desc_prospect_unparked) {
		return tell_parked(t, "unparked", v[FNL_PROSPECT_UNPARKED_PROSPECT_ID].str);
	}
	if (d->desc == &fnl_desc_prospect_stalled || d->desc == &fnl_desc_stall_escalated) {
		return tell_stall(t, v);
	}
	if (d->desc == &fnl_desc_stall_cleared) {
		return tell_cleared(t, v);
	}
	if (d->desc == &fnl_desc_inspection_sheet) {
		return tell_sheet(t, v);
	}
	if (d->desc == &fnl_desc_inspection_overdue) {
		return tell_inspection(t, 3, "overdue", v[FNL_INSPECTION_OVERDUE_REP_ID].str, 1);
	}
	if (d->desc == &fnl_desc_quota_set) {
		return tell_quota(t, v);
	}
	if (d->desc == &fnl_desc_quota_line) {
		return tell_quota_line(t, v);
	}
	return d->desc == &fnl_desc_sheet_page ? 0 : tell_other(t, topic, d->desc->name, key);
}

/* When it happened; what does not say so is counted always. */
static bool is_counted(const struct fnl_replay_teller *t, const struct fnl_decoded *d)
{
	int at = fnl_record_field_index(d->desc, FNL_SPAN_LIT("occurred_at"));
	return t->from_ms == INT64_MIN || at < 0 || d->values[at].i64 >= t->from_ms;
}

int fnl_replay_tell(void *context, enum fnl_topic topic, const struct fnl_record *r)
{
	struct fnl_replay_teller *t = context;
	struct fnl_decoded d = {0};
	struct fnl_error why = {0};
	if (topic == FNL_TOPIC_DEAD_LETTERS) {
		return tell_other(t, topic, "dead letters", r->key);
	}
	fnl_arena_reset(&t->arena);
	int rc = t->codec->ops->decode(t->codec, r, &t->arena, &d, &why);
	if (rc) {
		return fnl_fail(t->why, rc, "a record of %s: %s", fnl_topic_default(topic), why.text);
	}
	return is_counted(t, &d) ? tell_record(t, topic, &d, r->key) : 0;
}

/* ---- the end ---- */

struct gather {
	struct fnl_rows rows;
	struct fnl_arena arena;
};

static int on_store_row(void *context, struct fnl_row_key row, struct fnl_span value, int64_t deadline_ms)
{
	struct gather *g = context;
	(void)deadline_ms;
	fnl_arena_reset(&g->arena);
	struct fnl_writer w = fnl_writer_of(&g->arena);
	fnl_write_raw(&w, fnl_span_str(fnl_prospect_tables[row.table]));
	fnl_write_u8(&w, '|');
	fnl_write_raw(&w, row.key);
	struct fnl_record r = {.key = fnl_writer_span(&w), .value = value};
	return fnl_span_is_none(r.key) ? FNL_E_NOMEM : fnl_rows_put(&g->rows, &r);
}

/* In the funnel's order, whatever else there is. */
static uint8_t rank_of(struct fnl_span layer)
{
	uint8_t rank = 0;
	while (rank < FNL_LAYER_COUNT && !fnl_span_eq(layer, fnl_span_str(fnl_symbols_layer[rank]))) {
		rank++;
	}
	return rank;
}

static int tell_group(struct fnl_replay_teller *t, const struct fnl_view_group *g)
{
	struct line l = {.name = ""};
	uint8_t rank = rank_of(g->key);
	int len = (int)g->key.len;
	const char *key = (const char *)g->key.data;
	name_it(&l, FNL_REPLAY_FUNNEL, rank, "%.*s", len, key);
	int rc = set(t, &l, g->count);
	for (size_t i = 0; i < g->sums.count && rc == 0; i++) {
		const struct fnl_money_sum *s = &g->sums.by[i];
		if (g->status == FNL_VIEW_LOST) {
			continue;
		}
		name_it(&l, FNL_REPLAY_AMOUNTS, rank, "%.*s %s", len, key, s->currency);
		memcpy(l.about.currency, s->currency, sizeof(l.about.currency));
		rc = set(t, &l, s->amount_minor);
		if (rc == 0 && g->status == FNL_VIEW_OPEN && s->weighted) {
			name_it(&l, FNL_REPLAY_WEIGHTED, rank, "%.*s %s", len, key, s->currency);
			memcpy(l.about.currency, s->currency, sizeof(l.about.currency));
			rc = set(t, &l, fnl_div_half_even(s->weighted, FNL_BP_ONE));
		}
	}
	return rc;
}

struct prospects {
	struct fnl_replay_teller *teller;
	const struct fnl_rows *rows;
};

static int on_prospect(void *context, const struct fnl_row_entry *row)
{
	const struct prospects *p = context;
	struct fnl_replay_teller *t = p->teller;
	struct fnl_value v[FNL_PROSPECT_FIELD_COUNT];
	struct line l = {.name = ""};
	if (!fnl_span_eq(row->table, FNL_SPAN_LIT("prospect"))) {
		return 0;
	}
	fnl_arena_reset(&t->arena);
	int rc = fnl_rows_decode(row, &fnl_desc_prospect, &t->arena, v, t->why);
	if (rc) {
		return rc;
	}
	int layer = fnl_view_layer(p->rows, v, row->partition, &t->arena);
	name_it(&l, FNL_REPLAY_LAYERS, 0, "prospects");
	l.about.subject = row->key;
	rc = set(t, &l, layer + 1);
	if (rc == 0 && (layer == FNL_LAYER_TOP || layer == FNL_LAYER_MIDDLE || layer == FNL_LAYER_BOTTOM)) {
		name_it(&l, FNL_REPLAY_WEIGHTS, 0, "prospects");
		l.about.subject = row->key;
		rc = set(t, &l, v[FNL_PROSPECT_WEIGHT_BP].i64);
	}
	return rc;
}

static int tell_rows(struct fnl_replay_teller *t, const struct fnl_rows *rows)
{
	struct fnl_view view;
	struct prospects p = {t, rows};
	int rc = fnl_rows_each(rows, on_prospect, &p);
	if (rc) {
		return rc;
	}
	rc = fnl_view_make(rows, FNL_VIEW_BY_LAYER, &view, t->why);
	if (rc) {
		return rc;
	}
	for (size_t i = 0; i < view.group_count && rc == 0; i++) {
		rc = tell_group(t, view.groups[i]);
	}
	fnl_view_deinit(&view);
	return rc;
}

int fnl_replay_tell_end(struct fnl_replay_teller *t, struct fnl_replay_world *w)
{
	enum { KEY_BYTES = 1 << 20 };
	struct gather g = {.arena = {0}};
	struct fnl_store *store = w->stages[FNL_APP_STAGE_PROSPECT].store;
	fnl_arena_init(&g.arena, KEY_BYTES);
	int rc = store->ops->scan(store, 0, on_store_row, &g);
	rc = rc ? fnl_fail(t->why, rc, "the rows: %s", fnl_status_text(rc)) : tell_rows(t, &g.rows);
	fnl_rows_deinit(&g.rows);
	fnl_arena_deinit(&g.arena);
	return rc;
}
