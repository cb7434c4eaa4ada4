#include "import_plan.h"

#include <stdio.h>

#define PROSPECT(event, record) \
	{ \
		event, record, FNL_TOPIC_PROSPECT_CHANGES, "prospect_id", FNL_IMPORT_BY_VERSION, NULL, false \
	}
#define REP(event, record) \
	{ \
		event, record, FNL_TOPIC_REP_CHANGES, "rep_id", FNL_IMPORT_BY_VERSION, NULL, false \
	}
#define COMMAND(event, record, key) \
	{ \
		event, record, FNL_TOPIC_COMMANDS, key, FNL_IMPORT_BY_FIELD, "command_id", false \
	}

static const struct fnl_import_kind kinds[] = {
	PROSPECT("changed", "ProspectChanged"),
	{"contact", "ContactLogged", FNL_TOPIC_PROSPECT_CHANGES, "prospect_id", FNL_IMPORT_BY_CONTACT, "contact_id", false},
	{"inspection_answered", "InspectionAnswered", FNL_TOPIC_PROSPECT_CHANGES, "prospect_id", FNL_IMPORT_BY_FIELD,
     "answer_id", false},
	PROSPECT("deleted", "ProspectDeleted"),
	PROSPECT("restored", "ProspectRestored"),
	PROSPECT("merged", "ProspectMerged"),
	PROSPECT("erased", "ProspectErased"),
	{"contact_erased", "ContactErased", FNL_TOPIC_PROSPECT_CHANGES, "prospect_id", FNL_IMPORT_BY_FIELD, "person_id",
     false},
	{"gap", "FeedGap", FNL_TOPIC_PROSPECT_CHANGES, "prospect_id", FNL_IMPORT_BY_FIELD, "gap_id", true},
	{"heartbeat", "FeedHeartbeat", FNL_TOPIC_PROSPECT_CHANGES, NULL, FNL_IMPORT_BY_TIME, NULL, false},
	{"clock_tick", "ClockTick", FNL_TOPIC_PROSPECT_CHANGES, NULL, FNL_IMPORT_BY_TIME, NULL, false},
	{"rules_activated", "RulesActivated", FNL_TOPIC_PROSPECT_CHANGES, NULL, FNL_IMPORT_BY_RULES, NULL, false},
	REP("rep_changed", "RepChanged"),
	REP("rep_resigned", "RepResigned"),
	REP("resignation_withdrawn", "ResignationWithdrawn"),
	REP("rep_left", "RepLeft"),
	REP("rep_erased", "RepErased"),
	COMMAND("open_quota_year", "OpenQuotaYear", "org_id"),
	COMMAND("revise_quota", "ReviseQuota", "rep_id"),
	COMMAND("handover_task_done", "HandoverTaskDone", "leaving_rep_id"),
	COMMAND("handover_task_waived", "HandoverTaskWaived", "leaving_rep_id"),
	COMMAND("successor_named", "SuccessorNamed", "leaving_rep_id"),
	COMMAND("reconciliation_reviewed", "ReconciliationReviewed", "leaving_rep_id"),
	COMMAND("inspect_now", "InspectNow", "rep_id"),
	COMMAND("propose_territories", "ProposeTerritories", "org_id"),
	COMMAND("accept_proposal", "AcceptProposal", "org_id"),
	COMMAND("score_performance", "ScorePerformance", "org_id"),
	{"fx_rate", "FxRate", FNL_TOPIC_FX_RATES, "name", FNL_IMPORT_BY_TIME, NULL, false},
	{"territory_defined", "TerritoryDefined", FNL_TOPIC_TERRITORIES, "territory_id", FNL_IMPORT_BY_VERSION, NULL,
     false},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

const struct fnl_import_kind *fnl_import_kinds(size_t *ret_count)
{
	*ret_count = KIND_COUNT;
	return kinds;
}

const struct fnl_record_desc *fnl_import_record(const char *name)
{
	for (size_t i = 0; i < fnl_record_count; i++) {
		if (strcmp(fnl_records[i]->name, name) == 0) {
			return fnl_records[i];
		}
	}
	return NULL;
}

static bool ends_with(struct fnl_span s, const char *end)
{
	size_t n = strlen(end);
	return s.len >= n && memcmp(s.data + s.len - n, end, n) == 0;
}

/* True when some record has a field that this column could fill. */
static bool is_known(struct fnl_span name)
{
	static const char *const plain[] = {"event", "occurred_at", "currency", "probability"};
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (fnl_span_eq(name, fnl_span_str(plain[i]))) {
			return true;
		}
	}
	struct fnl_span field = name;
	bool currency = ends_with(name, "_currency");
	field.len -= currency ? strlen("_currency") : 0;
	for (size_t i = 0; i < KIND_COUNT; i++) {
		const struct fnl_record_desc *d = fnl_import_record(kinds[i].record);
		if (d && fnl_record_field_index(d, name) >= 0) {
			return true;
		}
		int at = d && currency ? fnl_record_field_index(d, field) : -1;
		if (at >= 0 && d->fields[at].kind == FNL_KIND_MONEY) {
			return true;
		}
	}
	return false;
}

/* Our column's name for a word of header or map, in lower case and in the arena; absent when out of memory. */
static struct fnl_span lower(struct fnl_span s, struct fnl_arena *arena)
{
	uint8_t *p = fnl_arena_alloc(arena, s.len);
	for (size_t i = 0; p && i < s.len; i++) {
		p[i] = s.data[i] >= 'A' && s.data[i] <= 'Z' ? (uint8_t)(s.data[i] + 32) : s.data[i];
	}
	return p ? fnl_span_of(p, s.len) : FNL_SPAN_NONE;
}

static int find_column(const struct fnl_import_plan *p, struct fnl_span name)
{
	for (size_t i = 0; i < p->column_count; i++) {
		if (!p->columns[i].ignored && fnl_span_eq(p->columns[i].name, name)) {
			return (int)i;
		}
	}
	return -1;
}

/* What the map says of values and formats of a column. */
static void column_dress(const struct fnl_import_map *map, struct fnl_import_column *c)
{
	const struct fnl_import_map_entry *format = fnl_import_map_find(map, FNL_IMPORT_MAP_FORMAT, c->name);
	c->has_values = fnl_import_map_find(map, FNL_IMPORT_MAP_VALUE, c->name) != NULL;
	c->format = format ? (const char *)format->to.data : NULL;
}

static int add_cell(struct fnl_import_plan *p, const char *file, uint64_t line, struct fnl_span theirs,
                    struct fnl_arena *arena, struct fnl_error *why)
{
	const struct fnl_import_map_entry *said = fnl_import_map_column(p->map, theirs);
	struct fnl_import_column *c = &p->columns[p->column_count];
	c->theirs = fnl_arena_dup(arena, theirs);
	c->name = lower(said ? said->column : theirs, arena);
	if (fnl_span_is_none(c->theirs) || fnl_span_is_none(c->name)) {
		return fnl_fail(why, FNL_E_NOMEM, "%s: out of memory", file);
	}
	c->ignored = said && said->column.len == 0;
	if (!c->ignored && !is_known(c->name)) {
		if (!p->map->ignore_unknown || said) {
			return fnl_fail(why, FNL_E_INVALID,
			                "%s:%llu: column \"%.*s\" is not known%s; a map can rename or ignore it", file,
			                (unsigned long long)line, (int)c->theirs.len, (const char *)c->theirs.data,
			                said ? " under the name that the map gives it" : "");
		}
		c->ignored = true;
	}
	if (!c->ignored && find_column(p, c->name) >= 0) {
		return fnl_fail(why, FNL_E_INVALID, "%s:%llu: column \"%.*s\" is there twice", file, (unsigned long long)line,
		                (int)c->name.len, (const char *)c->name.data);
	}
	column_dress(p->map, c);
	p->column_count++;
	return 0;
}

static int add_constants(struct fnl_import_plan *p, const char *file, struct fnl_error *why)
{
	for (size_t i = 0; i < p->map->count; i++) {
		const struct fnl_import_map_entry *e = &p->map->entries[i];
		if (e->kind != FNL_IMPORT_MAP_COLUMN && !is_known(e->column)) {
			return fnl_fail(why, FNL_E_INVALID, "map, line %d: there is no column \"%.*s\"", e->line,
			                (int)e->column.len, (const char *)e->column.data);
		}
		if (e->kind != FNL_IMPORT_MAP_CONSTANT) {
			continue;
		}
		if (find_column(p, e->column) >= 0 || p->column_count == FNL_IMPORT_COLUMNS_MAX) {
			return fnl_fail(why, FNL_E_INVALID, "map, line %d: \"%.*s\" is a constant, but %s has such a column",
			                e->line, (int)e->column.len, (const char *)e->column.data, file);
		}
		struct fnl_import_column *c = &p->columns[p->column_count++];
		*c = (struct fnl_import_column){.name = e->column, .theirs = e->column, .constant = e->to};
		column_dress(p->map, c);
	}
	return 0;
}

static int16_t field_column(const struct fnl_import_plan *p, struct fnl_span field)
{
	int at = find_column(p, field);
	if (at < 0 && fnl_span_eq(field, FNL_SPAN_LIT("probability_bp"))) {
		at = find_column(p, FNL_SPAN_LIT("probability"));
	}
	return (int16_t)at;
}

static int16_t currency_column(const struct fnl_import_plan *p, const char *field)
{
	char name[128];
	snprintf(name, sizeof(name), "%s_currency", field);
	int at = find_column(p, fnl_span_str(name));
	return (int16_t)(at >= 0 ? at : find_column(p, FNL_SPAN_LIT("currency")));
}

static void bind(const struct fnl_import_plan *p, const struct fnl_import_kind *kind, struct fnl_import_binding *b)
{
	b->kind = kind;
	b->desc = fnl_import_record(kind->record);
	for (size_t f = 0; b->desc && f < b->desc->field_count; f++) {
		const char *name = b->desc->fields[f].name;
		b->column_of[f] = field_column(p, fnl_span_str(name));
		b->currency_of[f] = currency_column(p, name);
		if (b->column_of[f] >= 0) {
			b->used[b->column_of[f]] = true;
		}
	}
	for (size_t c = 0; c < p->column_count; c++) {
		/* A currency alone says nothing, and a constant is for those whom it concerns. */
		b->used[c] |= p->columns[c].ignored || !fnl_span_is_none(p->columns[c].constant) || (int)c == p->event_column ||
		              fnl_span_eq(p->columns[c].name, FNL_SPAN_LIT("currency")) ||
		              ends_with(p->columns[c].name, "_currency");
	}
}

int fnl_import_plan_make(const struct fnl_import_map *map, const char *file, const struct fnl_csv_row *header,
                         struct fnl_arena *arena, struct fnl_import_plan **ret, struct fnl_error *why)
{
	struct fnl_import_plan *p = fnl_arena_calloc(arena, 1, sizeof(*p));
	struct fnl_import_binding *bindings = fnl_arena_calloc(arena, KIND_COUNT, sizeof(*bindings));
	if (!p || !bindings) {
		return fnl_fail(why, FNL_E_NOMEM, "%s: out of memory", file);
	}
	p->map = map;
	if (header->malformed) {
		return fnl_fail(why, FNL_E_INVALID, "%s:%llu: the header line is %s", file, (unsigned long long)header->line,
		                header->malformed);
	}
	int status = 0;
	for (size_t i = 0; i < header->cell_count && status == 0; i++) {
		status = add_cell(p, file, header->line, header->cells[i], arena, why);
	}
	p->cell_count = p->column_count;
	status = status ? status : add_constants(p, file, why);
	if (status) {
		return status;
	}
	p->event_column = (int16_t)find_column(p, FNL_SPAN_LIT("event"));
	p->time_column = (int16_t)find_column(p, FNL_SPAN_LIT("occurred_at"));
	if (p->event_column < 0 || p->time_column < 0) {
		return fnl_fail(why, FNL_E_INVALID, "%s:%llu: the column \"%s\" is missing", file,
		                (unsigned long long)header->line, p->event_column < 0 ? "event" : "occurred_at");
	}
	p->bindings = bindings;
	p->binding_count = KIND_COUNT;
	for (size_t i = 0; i < KIND_COUNT; i++) {
		bind(p, &kinds[i], &bindings[i]);
	}
	*ret = p;
	return 0;
}

const struct fnl_import_binding *fnl_import_plan_binding(const struct fnl_import_plan *p, struct fnl_span event)
{
	for (size_t i = 0; i < p->binding_count; i++) {
		if (p->bindings[i].desc && fnl_text_eq(fnl_span_str(p->bindings[i].kind->event), event)) {
			return &p->bindings[i];
		}
	}
	return NULL;
}

struct fnl_span fnl_import_plan_text(const struct fnl_import_plan *p, const struct fnl_csv_row *row, int column)
{
	struct fnl_span text = FNL_SPAN_LIT("");
	if (column < 0 || p->columns[column].ignored) {
		return text;
	}
	const struct fnl_import_column *c = &p->columns[column];
	if (!fnl_span_is_none(c->constant)) {
		text = c->constant;
	} else if ((size_t)column < row->cell_count) {
		text = row->cells[column];
	}
	return c->has_values ? fnl_import_map_value(p->map, c->name, text) : text;
}
