#include "import_row.h"

#include <ctype.h>

#include "import_cell.h"

/* What a required field is when no column gives it. */
enum fallback { FALLBACK_TEXT, FALLBACK_TIME, FALLBACK_DAY, FALLBACK_NUMBER, FALLBACK_RANK, FALLBACK_MADE };

static const struct {
	const char *field;
	enum fallback kind;
	const char *text;
	int64_t number;
} fallbacks[] = {
	{"source", FALLBACK_TEXT, "import", 0},  {"issued_by", FALLBACK_TEXT, "import", 0},
	{"issued_at", FALLBACK_TIME, NULL, 0},   {"version", FALLBACK_RANK, NULL, 0},
	{"full", FALLBACK_NUMBER, NULL, 0},      {"at", FALLBACK_TIME, NULL, 0}, /* of a contact */
	{"channel", FALLBACK_NUMBER, NULL, 0},                                   /* OTHER */
	{"reached", FALLBACK_NUMBER, NULL, 1}, /* who logs only the talks has no such column */
	{"confirmed", FALLBACK_NUMBER, NULL, 0}, {"active", FALLBACK_NUMBER, NULL, 1},
	{"notice_at", FALLBACK_TIME, NULL, 0},   {"left_on", FALLBACK_DAY, NULL, 0},
	{"as_of", FALLBACK_TIME, NULL, 0},       {"done_at", FALLBACK_TIME, NULL, 0},
	{"valid_from", FALLBACK_DAY, NULL, 0},   {"contact_id", FALLBACK_MADE, NULL, 0},
	{"answer_id", FALLBACK_MADE, NULL, 0},   {"gap_id", FALLBACK_MADE, NULL, 0},
	{"command_id", FALLBACK_MADE, NULL, 0},  {"run_id", FALLBACK_MADE, NULL, 0},
};

enum { MS_PER_DAY = 86400000 };

static const struct fnl_span cleared_mark = {(const uint8_t *)"\\N", 2};

struct row_builder {
	const struct fnl_import_plan *plan;
	const struct fnl_csv_row *row;
	struct fnl_arena *arena;
	struct fnl_import_event *event;
	struct fnl_import_problem *problem;
	uint32_t rank;
	struct fnl_value cleared[FNL_RECORD_FIELDS_MAX];
	size_t cleared_count;
};

static int bad(struct row_builder *b, int column, struct fnl_span value)
{
	b->problem->column = column >= 0 ? b->plan->columns[column].theirs : FNL_SPAN_LIT("");
	b->problem->value = value;
	return FNL_IMPORT_ROW_BAD;
}

static int field_of(const struct fnl_import_binding *b, const char *name)
{
	return fnl_record_field_index(b->desc, fnl_span_str(name));
}

static struct fnl_span key_text(const struct fnl_import_plan *p, const struct fnl_csv_row *row,
                                const struct fnl_import_binding *b)
{
	int f = b->kind->key_field ? field_of(b, b->kind->key_field) : -1;
	return f < 0 ? FNL_SPAN_LIT("") : fnl_import_plan_text(p, row, b->column_of[f]);
}

bool fnl_import_row_peek(const struct fnl_import_plan *p, const struct fnl_csv_row *row,
                         const struct fnl_import_binding **ret_binding, struct fnl_span *ret_key, int64_t *ret_time_ms)
{
	if (row->malformed || row->cell_count != p->cell_count) {
		return false;
	}
	const struct fnl_import_binding *b = fnl_import_plan_binding(p, fnl_import_plan_text(p, row, p->event_column));
	struct fnl_span time = fnl_import_plan_text(p, row, p->time_column);
	if (!b || !fnl_cell_time(time, p->columns[p->time_column].format, ret_time_ms)) {
		return false;
	}
	*ret_binding = b;
	*ret_key = key_text(p, row, b);
	return true;
}

/* "import-<event>-<key>-<rank or time>": the same at each import of the same file. */
static struct fnl_span made_id(struct row_builder *b)
{
	struct fnl_writer w = fnl_writer_of(b->arena);
	fnl_write_raw(&w, FNL_SPAN_LIT("import-"));
	fnl_write_raw(&w, fnl_span_str(b->event->binding->kind->event));
	fnl_write_u8(&w, '-');
	fnl_write_raw(&w, key_text(b->plan, b->row, b->event->binding));
	fnl_write_u8(&w, '-');
	fnl_write_decimal(&w, b->rank ? (int64_t)b->rank : b->event->occurred_at_ms);
	return fnl_writer_span(&w);
}

/* The day of the event; absent when it is out of a date's range. */
static struct fnl_value day_of(int64_t ms)
{
	int64_t days = ms / MS_PER_DAY - (ms % MS_PER_DAY < 0);
	return (struct fnl_value){.set = days >= INT32_MIN && days <= INT32_MAX, .i64 = days};
}

static bool fall_back(struct row_builder *b, const char *name, struct fnl_value *v)
{
	for (size_t i = 0; i < sizeof(fallbacks) / sizeof(fallbacks[0]); i++) {
		if (strcmp(fallbacks[i].field, name) != 0) {
			continue;
		}
		v->set = true;
		switch (fallbacks[i].kind) {
		case FALLBACK_TEXT:
			v->str = fnl_span_str(fallbacks[i].text);
			return true;
		case FALLBACK_TIME:
			v->i64 = b->event->occurred_at_ms;
			return true;
		case FALLBACK_DAY:
			*v = day_of(b->event->occurred_at_ms);
			return v->set;
		case FALLBACK_NUMBER:
			v->i64 = fallbacks[i].number;
			return true;
		case FALLBACK_RANK:
			v->i64 = b->rank;
			return true;
		case FALLBACK_MADE:
			v->str = made_id(b);
			return !fnl_span_is_none(v->str);
		}
	}
	return false;
}

/* No cell: null, the schema's default, ours, or a row that lacks what its event needs. */
static int fill_missing(struct row_builder *b, size_t f)
{
	const struct fnl_import_binding *binding = b->event->binding;
	const struct fnl_field_desc *d = &binding->desc->fields[f];
	struct fnl_value *v = &b->event->values[f];
	*v = (struct fnl_value){.set = false};
	if (d->nullable || fall_back(b, d->name, v)) {
		return 0;
	}
	if (d->has_default) {
		v->set = true;
		if (d->kind == FNL_KIND_LIST) {
			v->list = (struct fnl_list){NULL, 0};
		} else if (d->kind == FNL_KIND_STRING) {
			v->str = FNL_SPAN_LIT("");
		} else {
			v->i64 = d->default_i64;
		}
		return 0;
	}
	fnl_fail(&b->problem->why, FNL_E_INVALID, "%s needs %s", binding->kind->event, d->name);
	bad(b, binding->column_of[f], FNL_SPAN_LIT(""));
	if (binding->column_of[f] < 0) {
		b->problem->column = fnl_span_str(d->name);
	}
	return FNL_IMPORT_ROW_BAD;
}

/* \N: the name goes into `cleared` where the event has one and the prospect keeps such a field. */
static int fill_cleared(struct row_builder *b, size_t f, struct fnl_span text)
{
	const struct fnl_import_binding *binding = b->event->binding;
	const struct fnl_field_desc *d = &binding->desc->fields[f];
	if (!d->nullable) {
		fnl_fail(&b->problem->why, FNL_E_INVALID, "%s cannot be cleared", d->name);
		return bad(b, binding->column_of[f], text);
	}
	b->event->values[f] = (struct fnl_value){.set = false};
	if (field_of(binding, "cleared") >= 0 && fnl_record_field_index(&fnl_desc_prospect, fnl_span_str(d->name)) >= 0) {
		b->cleared[b->cleared_count++] = (struct fnl_value){.set = true, .str = fnl_span_str(d->name)};
	}
	return 0;
}

static enum fnl_cell_unit unit_of(const struct fnl_import_column *c, const struct fnl_field_desc *d)
{
	if (strcmp(d->name, "probability_bp") != 0) {
		return FNL_CELL_AS_IS;
	}
	if (c->format) {
		return strcmp(c->format, "fraction") == 0 ? FNL_CELL_FRACTION
		       : strcmp(c->format, "bp") == 0     ? FNL_CELL_AS_IS
		                                          : FNL_CELL_PERCENT;
	}
	return fnl_span_eq(c->name, FNL_SPAN_LIT("probability")) ? FNL_CELL_PERCENT : FNL_CELL_AS_IS;
}

static int fill_field(struct row_builder *b, size_t f)
{
	const struct fnl_import_binding *binding = b->event->binding;
	const struct fnl_field_desc *d = &binding->desc->fields[f];
	int column = binding->column_of[f];
	struct fnl_span text = fnl_import_plan_text(b->plan, b->row, column);
	if (text.len == 0) {
		return fill_missing(b, f);
	}
	if (fnl_span_eq(text, cleared_mark)) {
		return fill_cleared(b, f, text);
	}
	const struct fnl_import_column *c = &b->plan->columns[column];
	struct fnl_cell_context context = {b->arena, fnl_import_plan_text(b->plan, b->row, binding->currency_of[f]),
	                                   d->kind == FNL_KIND_DATE || d->kind == FNL_KIND_TIMESTAMP ? c->format : NULL,
	                                   unit_of(c, d)};
	int status = fnl_cell_parse(d, text, &context, &b->event->values[f], &b->problem->why);
	if (status == FNL_E_INVALID) {
		return bad(b, column, text);
	}
	if (status == 0 && strcmp(d->name, "version") == 0 && b->event->values[f].i64 < 1) {
		fnl_fail(&b->problem->why, FNL_E_INVALID, "a version begins at 1");
		return bad(b, column, text);
	}
	return status;
}

/* The names of \N cells, behind those of a column `cleared`. */
static int join_cleared(struct row_builder *b)
{
	int f = field_of(b->event->binding, "cleared");
	if (f < 0 || b->cleared_count == 0) {
		return 0;
	}
	struct fnl_list said = b->event->values[f].list;
	struct fnl_value *items = fnl_arena_calloc(b->arena, said.count + b->cleared_count, sizeof(*items));
	if (!items) {
		return FNL_E_NOMEM;
	}
	if (said.count) {
		memcpy(items, said.items, said.count * sizeof(*items));
	}
	memcpy(items + said.count, b->cleared, b->cleared_count * sizeof(*items));
	b->event->values[f].set = true;
	b->event->values[f].list = (struct fnl_list){items, said.count + b->cleared_count};
	return 0;
}

static struct fnl_span string_of(const struct fnl_import_event *e, const char *name)
{
	int f = field_of(e->binding, name);
	return f >= 0 && e->values[f].set ? e->values[f].str : FNL_SPAN_LIT("");
}

static int64_t number_of(const struct fnl_import_event *e, const char *name)
{
	int f = field_of(e->binding, name);
	return f >= 0 && e->values[f].set ? e->values[f].i64 : 0;
}

static int make_identity(struct row_builder *b)
{
	struct fnl_import_event *e = b->event;
	struct fnl_writer w = fnl_writer_of(b->arena);
	switch (e->binding->kind->identity) {
	case FNL_IMPORT_BY_VERSION:
		fnl_write_decimal(&w, number_of(e, "version"));
		break;
	case FNL_IMPORT_BY_FIELD:
		fnl_write_raw(&w, string_of(e, e->binding->kind->id_field));
		break;
	case FNL_IMPORT_BY_CONTACT:
		fnl_write_raw(&w, string_of(e, e->binding->kind->id_field));
		fnl_write_u8(&w, '@');
		fnl_write_decimal(&w, e->occurred_at_ms);
		break;
	case FNL_IMPORT_BY_TIME:
		fnl_write_decimal(&w, e->occurred_at_ms);
		break;
	case FNL_IMPORT_BY_RULES:
		fnl_write_decimal(&w, number_of(e, "rules_version"));
		fnl_write_u8(&w, ':');
		fnl_write_raw(&w, string_of(e, "rules_hash"));
		break;
	}
	e->identity = fnl_writer_span(&w);
	return fnl_span_is_none(e->identity) ? FNL_E_NOMEM : 0;
}

/* name|base|quote|date. */
static struct fnl_span fx_key(struct row_builder *b)
{
	struct fnl_writer w = fnl_writer_of(b->arena);
	struct fnl_import_event *e = b->event;
	fnl_write_raw(&w, string_of(e, "name"));
	fnl_write_u8(&w, '|');
	fnl_write_raw(&w, string_of(e, "base"));
	fnl_write_u8(&w, '|');
	fnl_write_raw(&w, string_of(e, "quote"));
	fnl_write_u8(&w, '|');
	struct fnl_writer day = fnl_writer_of(b->arena);
	fnl_write_rfc3339(&day, number_of(e, "valid_on") * MS_PER_DAY);
	struct fnl_span text = fnl_writer_span(&day);
	fnl_write_raw(&w, fnl_span_of(text.data, text.len > 10 ? 10 : text.len));
	return fnl_writer_span(&w);
}

static int make_key(struct row_builder *b)
{
	struct fnl_import_event *e = b->event;
	const struct fnl_import_kind *kind = e->binding->kind;
	e->source = string_of(e, "source");
	e->key = kind->key_field ? string_of(e, kind->key_field) : e->source;
	e->to_all_partitions = kind->key_field == NULL || (kind->key_optional && e->key.len == 0);
	if (e->to_all_partitions) {
		e->key = e->source;
	}
	if (kind->topic == FNL_TOPIC_FX_RATES) {
		e->key = fx_key(b);
		if (fnl_span_is_none(e->key)) {
			return FNL_E_NOMEM;
		}
	}
	if (e->key.len == 0 || e->key.len > FNL_ID_BYTES_MAX) {
		int f = kind->key_field ? field_of(e->binding, kind->key_field) : field_of(e->binding, "source");
		fnl_fail(&b->problem->why, FNL_E_INVALID, "an id has 1 to %d bytes", FNL_ID_BYTES_MAX);
		return bad(b, e->binding->column_of[f], e->key);
	}
	return 0;
}

/* Cells that would be lost without a word are worth one. */
static int refuse_meaningless(struct row_builder *b)
{
	for (size_t c = 0; c < b->plan->column_count; c++) {
		struct fnl_span text = fnl_import_plan_text(b->plan, b->row, (int)c);
		if (text.len && !b->event->binding->used[c]) {
			fnl_fail(&b->problem->why, FNL_E_INVALID, "%s has no such field", b->event->binding->kind->event);
			return bad(b, (int)c, text);
		}
	}
	return 0;
}

static int identify(struct row_builder *b)
{
	const struct fnl_import_plan *p = b->plan;
	if (b->row->malformed) {
		fnl_fail(&b->problem->why, FNL_E_INVALID, "%s", b->row->malformed);
		return bad(b, -1, FNL_SPAN_LIT(""));
	}
	if (b->row->cell_count != p->cell_count) {
		fnl_fail(&b->problem->why, FNL_E_INVALID, "the row has %zu cells, the header %zu", b->row->cell_count,
		         p->cell_count);
		return bad(b, -1, FNL_SPAN_LIT(""));
	}
	struct fnl_span event = fnl_import_plan_text(p, b->row, p->event_column);
	b->event->binding = fnl_import_plan_binding(p, event);
	if (!b->event->binding) {
		fnl_fail(&b->problem->why, FNL_E_INVALID, "no event of that name");
		return bad(b, p->event_column, event);
	}
	struct fnl_span time = fnl_import_plan_text(p, b->row, p->time_column);
	if (!fnl_cell_time(time, p->columns[p->time_column].format, &b->event->occurred_at_ms)) {
		fnl_fail(&b->problem->why, FNL_E_INVALID, "expected a date YYYY-MM-DD, an RFC 3339 time or epoch milliseconds");
		return bad(b, p->time_column, time);
	}
	return 0;
}

int fnl_import_row_build(const struct fnl_import_plan *p, const struct fnl_csv_row *row, uint32_t rank,
                         struct fnl_arena *arena, struct fnl_import_event *ret, struct fnl_import_problem *ret_problem)
{
	struct row_builder b = {.plan = p, .row = row, .arena = arena, .event = ret, .problem = ret_problem, .rank = rank};
	int status = identify(&b);
	if (status) {
		return status;
	}
	for (size_t f = 0; f < ret->binding->desc->field_count && status == 0; f++) {
		status = fill_field(&b, f);
	}
	status = status ? status : refuse_meaningless(&b);
	status = status ? status : join_cleared(&b);
	status = status ? status : make_key(&b);
	return status ? status : make_identity(&b);
}

struct fnl_span fnl_import_type(const struct fnl_import_kind *kind, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	bool command = kind->topic == FNL_TOPIC_COMMANDS;
	size_t words = 0;
	fnl_write_raw(&w, command ? FNL_SPAN_LIT("funnel.command.") : FNL_SPAN_LIT("funnel."));
	for (const char *c = kind->record; *c; c++) {
		if (isupper((unsigned char)*c) && c != kind->record) {
			fnl_write_u8(&w, words++ == 0 && !command ? '.' : '-');
		}
		fnl_write_u8(&w, (uint8_t)tolower((unsigned char)*c));
	}
	fnl_write_raw(&w, FNL_SPAN_LIT(".v1"));
	return fnl_writer_span(&w);
}
