#include "view_prospect.h"

#include <jansson.h>

#include "funneld/adapters/avro.h"
#include "funneld/core/calendar.h"
#include "funneld_records.h"
#include "view_event.h"
#include "view_funnel.h"
#include "view_stall.h"

enum {
	ARENA_BYTES = 4 << 20,
	FIRST_VALUE = FNL_PROSPECT_BUYER_ID, /* the fields that have a version each, in the order of field_versions */
	LAST_VALUE = FNL_PROSPECT_SIZE_FOCUS
};

/* The row that there is of an id, decoded. */
struct found {
	const struct fnl_row_entry *row;
	struct fnl_decoded decoded;
	bool erased;
};

static int find(const struct fnl_rows *rows, struct fnl_span id, struct fnl_arena *arena, struct found *ret,
                struct fnl_error *why)
{
	struct found f = {.row = fnl_rows_find(rows, "prospect", id, 0), .decoded.desc = &fnl_desc_prospect};
	if (!f.row) {
		f.row = fnl_rows_find(rows, "erased", id, 0);
		f.decoded.desc = &fnl_desc_erased;
		f.erased = true;
	}
	if (!f.row) {
		return FNL_VIEW_NO_SUCH_PROSPECT;
	}
	f.decoded.values = fnl_arena_calloc(arena, f.decoded.desc->field_count, sizeof(struct fnl_value));
	if (!f.decoded.values) {
		return fnl_fail(why, FNL_E_NOMEM, "out of memory");
	}
	int status = fnl_rows_decode(f.row, f.decoded.desc, arena, f.decoded.values, why);
	if (status == 0) {
		*ret = f;
	}
	return status;
}

static int64_t version_of(const struct found *f, size_t field)
{
	const struct fnl_list *versions = &f->decoded.values[FNL_PROSPECT_FIELD_VERSIONS].list;
	size_t at = field - FIRST_VALUE;
	return at < versions->count ? versions->items[at].i64 : 0;
}

static void line(const struct fnl_canvas *c, const char *name, const char *text, int64_t version)
{
	fprintf(c->out, "  %s%-22s%s %s", fnl_style_on(c, FNL_DIM), name, fnl_style_off(c), text);
	if (version > 0) {
		fprintf(c->out, "  %s(version %lld)%s", fnl_style_on(c, FNL_DIM), (long long)version, fnl_style_off(c));
	}
	fputc('\n', c->out);
}

static void field_line(const struct fnl_canvas *c, const struct found *f, size_t field, bool also_null)
{
	char text[FNL_VALUE_TEXT_BYTES];
	const struct fnl_field_desc *d = &f->decoded.desc->fields[field];
	bool value_field = !f->erased && field >= FIRST_VALUE && field <= LAST_VALUE;
	int64_t version = value_field ? version_of(f, field) : 0;
	if (!f->decoded.values[field].set && !also_null && version == 0) {
		return;
	}
	fnl_value_text(d, &f->decoded.values[field], text);
	line(c, d->name, text, version);
}

static void heading(const struct fnl_canvas *c, const char *text)
{
	fprintf(c->out, "\n%s%s%s\n", fnl_style_on(c, FNL_BOLD), text, fnl_style_off(c));
}

static void contacts(const struct fnl_canvas *c, const struct found *f)
{
	const struct fnl_list *list = &f->decoded.values[FNL_PROSPECT_CONTACTS].list;
	const struct fnl_record_desc *d = f->decoded.desc->fields[FNL_PROSPECT_CONTACTS].record;
	for (size_t i = 0; i < list->count; i++) {
		struct fnl_decoded one = {d, NULL};
		char at[FNL_VALUE_TEXT_BYTES] = "";
		char id[FNL_VALUE_TEXT_BYTES] = "";
		struct fnl_value *values = (struct fnl_value *)list->items[i].list.items; /* only read */
		one.values = values;
		fnl_event_field(&one, "at", at);
		fnl_event_field(&one, "contact_id", id);
		int reached = fnl_record_field_index(d, FNL_SPAN_LIT("reached"));
		int retracted = fnl_record_field_index(d, FNL_SPAN_LIT("retracted"));
		fprintf(c->out, "  %s  %s%s%s\n", at, id, values[reached].i64 ? "" : "  not reached",
		        values[retracted].i64 ? "  retracted" : "");
	}
	if (list->count == 0) {
		fputs("  none\n", c->out);
	}
}

/* How it sits still, who was told, and what was answered last. */
static void stalls(const struct fnl_canvas *c, const struct found *f)
{
	const struct fnl_list *list = &f->decoded.values[FNL_PROSPECT_STALLS].list;
	const struct fnl_value *answer = &f->decoded.values[FNL_PROSPECT_ANSWER];
	heading(c, "Sits still");
	for (size_t i = 0; i < list->count; i++) {
		const struct fnl_value *v = list->items[i].list.items;
		char what[FNL_TEXT_BYTES], since[FNL_TEXT_BYTES], over[FNL_TEXT_BYTES], told[FNL_TEXT_BYTES];
		fnl_stall_text(&list->items[i], what);
		fnl_text_time(v[FNL_STALL_SINCE].i64, since);
		fnl_text_time(v[FNL_STALL_OVER_AT].i64, over);
		fnl_stall_told_text(&list->items[i], told);
		fprintf(c->out, "  %-24s since %s, too long from %s, %s%s\n", what, since, over,
		        v[FNL_STALL_LEVEL].i64 == FNL_ALERT_LEVEL_NONE && v[FNL_STALL_ALERT_AT].set ? "told " : "", told);
	}
	fputs(list->count ? "" : "  no\n", c->out);
	if (answer->set) {
		char text[FNL_VALUE_TEXT_BYTES];
		fnl_answer_text(answer, text);
		line(c, "last answer", text, 0);
	}
}

/* What these go by. */
static void clocks(const struct fnl_canvas *c, const struct found *f)
{
	static const size_t fields[] = {FNL_PROSPECT_EDITED_AT,        FNL_PROSPECT_OWNER_SINCE, FNL_PROSPECT_REOPENED_AT,
	                                FNL_PROSPECT_FIRST_CLOSE_DATE, FNL_PROSPECT_PUSH_COUNT,  FNL_PROSPECT_PUSHED_AT};
	const struct fnl_list *times = &f->decoded.values[FNL_PROSPECT_LAYER_TIMES].list;
	heading(c, "Clocks");
	for (size_t i = 0; i < times->count; i++) {
		const struct fnl_value *v = times->items[i].list.items;
		char since[FNL_TEXT_BYTES], left[FNL_TEXT_BYTES] = "", text[4 * FNL_TEXT_BYTES], name[FNL_TEXT_BYTES];
		fnl_text_time(v[FNL_LAYER_TIME_SINCE].i64, since);
		if (v[FNL_LAYER_TIME_LEFT_AT].set) {
			fnl_text_time(v[FNL_LAYER_TIME_LEFT_AT].i64, left);
		}
		snprintf(text, sizeof(text), "since %s%s%s; %lld business days before that", since, left[0] ? ", left " : "",
		         left, (long long)(v[FNL_LAYER_TIME_SPENT_MS].i64 / FNL_BUSINESS_DAY_MS));
		snprintf(name, sizeof(name), "in %s", fnl_layer_text(v[FNL_LAYER_TIME_LAYER].i64));
		line(c, name, text, 0);
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		field_line(c, f, fields[i], false);
	}
}

static void place(const struct fnl_canvas *c, const struct found *f)
{
	char text[FNL_TEXT_BYTES];
	char where[2 * FNL_TEXT_BYTES];
	fnl_text_time(f->row->timestamp_ms, text);
	snprintf(where, sizeof(where), "%d, offset %lld, committed %s", f->row->partition, (long long)f->row->offset, text);
	line(c, "partition", where, 0);
}

static void draw_live(const struct fnl_canvas *c, const struct fnl_rows *rows, const struct found *f,
                      struct fnl_arena *arena)
{
	static const size_t state[] = {
		FNL_PROSPECT_LAYER,         FNL_PROSPECT_LAYER_REASON,     FNL_PROSPECT_LAYER_SINCE, FNL_PROSPECT_WEIGHT_BP,
		FNL_PROSPECT_RULES_VERSION, FNL_PROSPECT_PARKED_SINCE,     FNL_PROSPECT_GAP_ID,      FNL_PROSPECT_LIFECYCLE,
		FNL_PROSPECT_LIFECYCLE_AT,  FNL_PROSPECT_SURVIVOR_ID,      FNL_PROSPECT_BOOK,        FNL_PROSPECT_SEQUENCE,
		FNL_PROSPECT_CHANGED_AT,    FNL_PROSPECT_NEXT_DEADLINE_AT, FNL_PROSPECT_SOURCE};
	int layer = fnl_view_layer(rows, f->decoded.values, f->row->partition, arena);
	for (size_t i = 0; i < sizeof(state) / sizeof(state[0]); i++) {
		field_line(c, f, state[i], state[i] == FNL_PROSPECT_NEXT_DEADLINE_AT);
	}
	if (layer != (int)f->decoded.values[FNL_PROSPECT_LAYER].i64) {
		line(c, "at present", "UNKNOWN: its whole source has a gap, and no full image came since", 0);
	}
	place(c, f);
	stalls(c, f);
	clocks(c, f);
	heading(c, "Fields");
	for (size_t field = FIRST_VALUE; field <= LAST_VALUE; field++) {
		field_line(c, f, field, false);
	}
	heading(c, "Contacts");
	contacts(c, f);
}

int fnl_view_prospect(const struct fnl_rows *rows, struct fnl_span id, const struct fnl_canvas *c,
                      struct fnl_error *why)
{
	struct fnl_arena arena;
	struct found f = {0};
	fnl_arena_init(&arena, ARENA_BYTES);
	int status = find(rows, id, &arena, &f, why);
	if (status == 0) {
		fprintf(c->out, "%sProspect %.*s%s%s\n", fnl_style_on(c, FNL_BOLD), (int)id.len, (const char *)id.data,
		        fnl_style_off(c), f.erased ? ": erased; a stub stops late events from bringing it back" : "");
		if (f.erased) {
			for (size_t field = 0; field < f.decoded.desc->field_count; field++) {
				field_line(c, &f, field, false);
			}
			place(c, &f);
		} else {
			draw_live(c, rows, &f, &arena);
		}
	}
	fnl_arena_deinit(&arena);
	return status;
}

static json_t *versions_of(const struct found *f)
{
	json_t *o = json_object();
	for (size_t field = FIRST_VALUE; o && field <= LAST_VALUE; field++) {
		int64_t version = version_of(f, field);
		if (version > 0) {
			json_object_set_new(o, f->decoded.desc->fields[field].name, json_integer((json_int_t)version));
		}
	}
	return o;
}

/* The record as JSON, with what is known beside its bytes. */
static json_t *whole(const struct fnl_rows *rows, const struct found *f, struct fnl_arena *arena)
{
	char committed_at[FNL_TEXT_BYTES];
	struct fnl_span text;
	if (fnl_record_to_json(&f->decoded, arena, &text)) {
		return NULL;
	}
	json_t *o = json_loadb((const char *)text.data, text.len, 0, NULL);
	if (!o) {
		return NULL;
	}
	fnl_text_rfc3339(f->row->timestamp_ms, committed_at);
	json_object_set_new(o, "partition", json_integer(f->row->partition));
	json_object_set_new(o, "offset", json_integer((json_int_t)f->row->offset));
	json_object_set_new(o, "committed_at", json_string(committed_at));
	json_object_set_new(o, "erased", json_boolean(f->erased));
	if (!f->erased) {
		int layer = fnl_view_layer(rows, f->decoded.values, f->row->partition, arena);
		json_object_set_new(o, "effective_layer", json_string(fnl_symbols_layer[layer]));
		json_object_set_new(o, "versions", versions_of(f));
	}
	return o;
}

int fnl_view_prospect_json(const struct fnl_rows *rows, struct fnl_span id, FILE *out, struct fnl_error *why)
{
	struct fnl_arena arena;
	struct found f = {0};
	fnl_arena_init(&arena, ARENA_BYTES);
	int status = find(rows, id, &arena, &f, why);
	if (status == 0) {
		json_t *o = whole(rows, &f, &arena);
		if (!o || json_dumpf(o, out, JSON_COMPACT) || fputc('\n', out) == EOF) {
			status = fnl_fail(why, FNL_E_IO, "the answer could not be written");
		}
		json_decref(o);
	}
	fnl_arena_deinit(&arena);
	return status;
}
