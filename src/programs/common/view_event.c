#include "view_event.h"

#include "funneld_records.h"
#include "view_stall.h"

enum { KEY_COLUMNS = 14, FIELDS_SHOWN_MAX = 8 };

static void append(char *text, size_t *used, const char *more)
{
	size_t len = strlen(more);
	if (*used + len >= FNL_VALUE_TEXT_BYTES) {
		len = FNL_VALUE_TEXT_BYTES - 1 - *used;
	}
	memcpy(text + *used, more, len);
	*used += len;
	text[*used] = '\0';
}

static void money_text(const struct fnl_money *m, char ret[FNL_VALUE_TEXT_BYTES])
{
	char amount[FNL_TEXT_BYTES];
	fnl_text_money_full(m->amount_minor, m->currency, amount);
	snprintf(ret, FNL_VALUE_TEXT_BYTES, "%s %s", m->currency, amount);
}

static void value_of_kind(const struct fnl_field_desc *f, enum fnl_kind kind, const struct fnl_value *v,
                          char ret[FNL_VALUE_TEXT_BYTES]);

static void list_text(const struct fnl_field_desc *f, const struct fnl_value *v, char ret[FNL_VALUE_TEXT_BYTES])
{
	size_t used = 0;
	char item[FNL_VALUE_TEXT_BYTES];
	append(ret, &used, "[");
	for (size_t i = 0; i < v->list.count && used < FNL_VALUE_TEXT_BYTES - 8; i++) {
		append(ret, &used, i ? ", " : "");
		value_of_kind(f, f->item_kind, &v->list.items[i], item);
		append(ret, &used, item);
	}
	append(ret, &used, "]");
}

static void record_text(const struct fnl_record_desc *d, const struct fnl_value *v, char ret[FNL_VALUE_TEXT_BYTES])
{
	size_t used = 0;
	char item[FNL_VALUE_TEXT_BYTES];
	for (size_t i = 0; i < d->field_count && used < FNL_VALUE_TEXT_BYTES - 8; i++) {
		append(ret, &used, i ? " " : "");
		fnl_value_text(&d->fields[i], &v->list.items[i], item);
		append(ret, &used, item);
	}
}

static void string_text(struct fnl_span s, char ret[FNL_VALUE_TEXT_BYTES])
{
	size_t n = s.len < FNL_VALUE_TEXT_BYTES - 1 ? s.len : FNL_VALUE_TEXT_BYTES - 1;
	for (size_t i = 0; i < n; i++) {
		ret[i] = s.data[i] < 0x20 || s.data[i] == 0x7F ? '?' : (char)s.data[i];
	}
	ret[n] = '\0';
}

static void value_of_kind(const struct fnl_field_desc *f, enum fnl_kind kind, const struct fnl_value *v,
                          char ret[FNL_VALUE_TEXT_BYTES])
{
	switch (kind) {
	case FNL_KIND_BOOL:
		snprintf(ret, FNL_VALUE_TEXT_BYTES, "%s", v->i64 ? "true" : "false");
		return;
	case FNL_KIND_INT:
	case FNL_KIND_LONG:
		snprintf(ret, FNL_VALUE_TEXT_BYTES, "%lld", (long long)v->i64);
		return;
	case FNL_KIND_DATE:
		fnl_text_date(v->i64, ret);
		return;
	case FNL_KIND_TIMESTAMP:
		fnl_text_time(v->i64, ret);
		return;
	case FNL_KIND_STRING:
		string_text(v->str, ret);
		return;
	case FNL_KIND_ENUM:
		snprintf(ret, FNL_VALUE_TEXT_BYTES, "%s",
		         v->i64 >= 0 && (size_t)v->i64 < f->symbol_count ? f->symbols[v->i64] : "?");
		return;
	case FNL_KIND_MONEY:
		money_text(&v->money, ret);
		return;
	case FNL_KIND_RECORD:
		record_text(f->record, v, ret);
		return;
	case FNL_KIND_LIST:
		list_text(f, v, ret);
		return;
	}
}

void fnl_value_text(const struct fnl_field_desc *f, const struct fnl_value *v, char ret[FNL_VALUE_TEXT_BYTES])
{
	if (v->set) {
		value_of_kind(f, f->kind, v, ret);
	} else {
		snprintf(ret, FNL_VALUE_TEXT_BYTES, "-");
	}
}

bool fnl_event_field(const struct fnl_decoded *d, const char *name, char ret[FNL_VALUE_TEXT_BYTES])
{
	int f = fnl_record_field_index(d->desc, fnl_span_str(name));
	if (f < 0 || !d->values[f].set) {
		return false;
	}
	fnl_value_text(&d->desc->fields[f], &d->values[f], ret);
	return true;
}

static enum fnl_style layer_style(const char *layer)
{
	static const struct {
		const char *layer;
		enum fnl_style style;
	} styles[] = {{"TOP", FNL_BLUE}, {"MIDDLE", FNL_CYAN},          {"BOTTOM", FNL_YELLOW},  {"WON", FNL_GREEN},
	              {"LOST", FNL_RED}, {"UNCLASSIFIED", FNL_MAGENTA}, {"UNKNOWN", FNL_MAGENTA}};
	for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
		if (strcmp(styles[i].layer, layer) == 0) {
			return styles[i].style;
		}
	}
	return FNL_DIM;
}

static void layer_changed(const struct fnl_canvas *c, const struct fnl_decoded *d)
{
	char from[FNL_VALUE_TEXT_BYTES] = "";
	char to[FNL_VALUE_TEXT_BYTES] = "";
	char text[FNL_VALUE_TEXT_BYTES];
	fnl_event_field(d, "from_layer", from);
	fnl_event_field(d, "to_layer", to);
	fprintf(c->out, "%s%12s%s %s %s%-12s%s", fnl_style_on(c, layer_style(from)),
	        strcmp(from, "NONE") == 0 ? "new" : from, fnl_style_off(c), c->utf8 ? "→" : "->",
	        fnl_style_on(c, layer_style(to)), to, fnl_style_off(c));
	if (fnl_event_field(d, "amount", text)) {
		fprintf(c->out, " %18s", text);
	} else {
		fprintf(c->out, " %18s", "");
	}
	if (fnl_event_field(d, "owner_rep_id", text)) {
		fprintf(c->out, "  %s", text);
	}
	if (fnl_event_field(d, "stage", text)) {
		fprintf(c->out, "  %s%s%s", fnl_style_on(c, FNL_DIM), text, fnl_style_off(c));
	}
}

/* A field's text, or "" when there is none. */
static const char *field_or_nothing(const struct fnl_decoded *d, const char *name, char ret[FNL_VALUE_TEXT_BYTES])
{
	if (!fnl_event_field(d, name, ret)) {
		ret[0] = '\0';
	}
	return ret;
}

static void quota_set(const struct fnl_canvas *c, const struct fnl_decoded *d)
{
	char year[FNL_VALUE_TEXT_BYTES], state[FNL_VALUE_TEXT_BYTES], quota[FNL_VALUE_TEXT_BYTES];
	char counted[FNL_VALUE_TEXT_BYTES], left_out[FNL_VALUE_TEXT_BYTES];
	field_or_nothing(d, "state", state);
	fprintf(c->out, "%sQuota %s%s %s%-8s%s %22s  %s lines, %s left out", fnl_style_on(c, FNL_BOLD),
	        field_or_nothing(d, "fiscal_year", year), fnl_style_off(c),
	        fnl_style_on(c, strcmp(state, "FROZEN") == 0 ? FNL_GREEN : FNL_YELLOW), state, fnl_style_off(c),
	        field_or_nothing(d, "quota", quota), field_or_nothing(d, "counted_count", counted),
	        field_or_nothing(d, "left_out_count", left_out));
}

static void quota_line(const struct fnl_canvas *c, const struct fnl_decoded *d)
{
	char year[FNL_VALUE_TEXT_BYTES], id[FNL_VALUE_TEXT_BYTES], layer[FNL_VALUE_TEXT_BYTES];
	char amount[FNL_VALUE_TEXT_BYTES], reason[FNL_VALUE_TEXT_BYTES], weight[FNL_TEXT_BYTES];
	int bp = fnl_record_field_index(d->desc, FNL_SPAN_LIT("weight_bp"));
	fnl_text_bp(bp >= 0 ? d->values[bp].i64 : 0, weight);
	if (!fnl_event_field(d, "amount", amount)) {
		snprintf(amount, sizeof(amount), "no amount");
	}
	field_or_nothing(d, "layer", layer);
	fprintf(c->out, "Quota %s line %s  %s%s%s  %s %s %s  %s", field_or_nothing(d, "fiscal_year", year),
	        field_or_nothing(d, "prospect_id", id), fnl_style_on(c, layer_style(layer)), layer, fnl_style_off(c),
	        amount, c->utf8 ? "×" : "x", weight, field_or_nothing(d, "reason", reason));
}

_Static_assert((int)FNL_STALL_ESCALATED_CANDIDATES == (int)FNL_PROSPECT_STALLED_CANDIDATES &&
                   (int)FNL_STALL_ESCALATED_RECIPIENT_ID == (int)FNL_PROSPECT_STALLED_RECIPIENT_ID,
               "both are shown as one");

/* ProspectStalled, StallEscalated: how, since when, who hears of it, why it may be. */
static void stalled(const struct fnl_canvas *c, const struct fnl_decoded *d)
{
	const struct fnl_value *v = d->values;
	struct fnl_list candidates = v[FNL_PROSPECT_STALLED_CANDIDATES].list;
	struct fnl_value fields[FNL_STALL_FIELD_COUNT] = {[FNL_STALL_KIND] = v[FNL_PROSPECT_STALLED_KIND],
	                                                  [FNL_STALL_CONDITION] = v[FNL_PROSPECT_STALLED_CONDITION],
	                                                  [FNL_STALL_LEVEL] = v[FNL_PROSPECT_STALLED_LEVEL]};
	struct fnl_value stall = {.set = true, .list = {fields, FNL_STALL_FIELD_COUNT}};
	const char *layer = fnl_layer_text(v[FNL_PROSPECT_STALLED_LAYER].i64);
	char what[FNL_TEXT_BYTES], since[FNL_TEXT_BYTES], told[FNL_TEXT_BYTES], cause[FNL_VALUE_TEXT_BYTES];
	char who[FNL_VALUE_TEXT_BYTES], amount[FNL_VALUE_TEXT_BYTES];
	fnl_stall_text(&stall, what);
	fnl_stall_told_text(&stall, told);
	fnl_text_time(v[FNL_PROSPECT_STALLED_SINCE].i64, since);
	fnl_value_text(&d->desc->fields[FNL_PROSPECT_STALLED_RECIPIENT_ID], &v[FNL_PROSPECT_STALLED_RECIPIENT_ID], who);
	if (!fnl_event_field(d, "amount", amount)) {
		snprintf(amount, sizeof(amount), "no amount");
	}
	fprintf(c->out, "%s%s%s since %.10s  %s%s%s %s  told %s %s", fnl_style_on(c, FNL_BOLD), what, fnl_style_off(c),
	        since, fnl_style_on(c, layer_style(layer)), layer, fnl_style_off(c), amount, told, who);
	for (size_t i = 0; i < candidates.count; i++) {
		fnl_candidate_text(&candidates.items[i], cause);
		fprintf(c->out, "%s%s%s%s", fnl_style_on(c, FNL_DIM), i ? "; " : "  likely: ", cause, fnl_style_off(c));
	}
}

static void stall_cleared(const struct fnl_canvas *c, const struct fnl_decoded *d)
{
	char kind[FNL_VALUE_TEXT_BYTES], reason[FNL_TEXT_BYTES], since[FNL_TEXT_BYTES];
	fnl_event_field(d, "kind", kind);
	fnl_symbol_text(fnl_symbols_cleared_reason, FNL_CLEARED_REASON_COUNT, d->values[FNL_STALL_CLEARED_REASON].i64,
	                reason);
	fnl_text_time(d->values[FNL_STALL_CLEARED_SINCE].i64, since);
	fprintf(c->out, "%s%s since %.10s cleared%s: %s", fnl_style_on(c, FNL_GREEN), kind, since, fnl_style_off(c),
	        reason);
}

/* Any record: its name, and the first few fields that say something. */
static void any_event(const struct fnl_canvas *c, struct fnl_span key, const struct fnl_decoded *d)
{
	static const char *const known[] = {"source", "occurred_at"};
	size_t shown = 0;
	char text[FNL_VALUE_TEXT_BYTES];
	fprintf(c->out, "%s%s%s", fnl_style_on(c, FNL_BOLD), d->desc->name, fnl_style_off(c));
	for (size_t f = 0; f < d->desc->field_count && shown < FIELDS_SHOWN_MAX; f++) {
		const struct fnl_field_desc *field = &d->desc->fields[f];
		bool skip = !d->values[f].set || (field->kind == FNL_KIND_LIST && d->values[f].list.count == 0);
		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
			skip |= strcmp(known[k], field->name) == 0;
		}
		/* the line begins with the key */
		skip |= d->values[f].set && field->kind == FNL_KIND_STRING && fnl_span_eq(d->values[f].str, key);
		if (skip) {
			continue;
		}
		fnl_value_text(field, &d->values[f], text);
		text[60] = '\0';
		fprintf(c->out, "  %s%s%s %s", fnl_style_on(c, FNL_DIM), field->name, fnl_style_off(c), text);
		shown++;
	}
}

void fnl_event_line(const struct fnl_canvas *c, struct fnl_span key, const struct fnl_decoded *d)
{
	char time[FNL_VALUE_TEXT_BYTES];
	if (!fnl_event_field(d, "occurred_at", time)) {
		snprintf(time, sizeof(time), "%20s", "");
	}
	fprintf(c->out, "%s%s%s  ", fnl_style_on(c, FNL_DIM), time, fnl_style_off(c));
	fnl_text_cell(c, key, KEY_COLUMNS);
	fputs("  ", c->out);
	if (strcmp(d->desc->name, "LayerChanged") == 0) {
		layer_changed(c, d);
	} else if (strcmp(d->desc->name, "QuotaSet") == 0) {
		quota_set(c, d);
	} else if (strcmp(d->desc->name, "QuotaLine") == 0) {
		quota_line(c, d);
	} else if (d->desc == &fnl_desc_prospect_stalled || d->desc == &fnl_desc_stall_escalated) {
		stalled(c, d);
	} else if (d->desc == &fnl_desc_stall_cleared) {
		stall_cleared(c, d);
	} else {
		any_event(c, key, d);
	}
}
