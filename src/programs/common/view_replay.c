#include "view_replay.h"

#include <string.h>

#include "funneld_records.h"
#include "view_record.h"

enum { NAME_COLUMNS = 34, NUMBER_COLUMNS = 20, DIFFERENCE_COLUMNS = 18 };

static const char *layer_text(__int128 n)
{
	return n >= 1 && n <= FNL_LAYER_COUNT ? fnl_symbols_layer[n - 1] : "?";
}

/* A number as people read it. */
static void number_text(enum fnl_replay_unit unit, const char currency[4], __int128 n, char ret[FNL_TEXT_BYTES])
{
	switch (unit) {
	case FNL_REPLAY_COUNT:
		fnl_text_count((uint64_t)n, ret);
		return;
	case FNL_REPLAY_LAYER:
		snprintf(ret, FNL_TEXT_BYTES, "%s", layer_text(n));
		return;
	case FNL_REPLAY_BP:
		fnl_text_bp((int64_t)n, ret);
		return;
	case FNL_REPLAY_MONEY:
		fnl_text_money_full(n, currency, ret);
		return;
	case FNL_REPLAY_E4:
		fnl_text_exact(n, currency, ret);
		return;
	}
}

static bool has_sum(enum fnl_replay_unit unit)
{
	return unit != FNL_REPLAY_LAYER && unit != FNL_REPLAY_BP;
}

/* ---- the table ---- */

static void draw_rules(const char *what, const struct fnl_replay_rules *r, const struct fnl_canvas *c)
{
	char at[FNL_TEXT_BYTES];
	fnl_text_time(r->at_ms, at);
	fprintf(c->out, " %-9s version %d of the rules (%.12s), from %s on\n", what, (int)r->version, r->hash, at);
}

static void draw_head(const struct fnl_replay_told *t, const struct fnl_canvas *c)
{
	char first[FNL_TEXT_BYTES], end[FNL_TEXT_BYTES], n[FNL_TEXT_BYTES];
	fnl_text_time(t->first_ms, first);
	fnl_text_time(t->end_ms, end);
	fprintf(c->out, " %sWHAT IF%s   %s to %s\n", fnl_style_on(c, FNL_BOLD), fnl_style_off(c), first, end);
	for (int i = 0; i < FNL_REPLAY_INPUTS; i++) {
		if (i > 0 && t->inputs[i].records == 0) {
			continue;
		}
		fnl_text_count(t->inputs[i].records, n);
		fprintf(c->out, "%s%s %s", i ? ", " : " records   ", n, t->inputs[i].topic);
	}
	fputc('\n', c->out);
	if (t->from_ms != INT64_MIN) {
		fnl_text_time(t->from_ms, first);
		fprintf(c->out, " counted   what was told from %s on\n", first);
	}
	for (size_t i = 0; i < t->today_count && i < FNL_REPLAY_RULES_MAX; i++) {
		draw_rules(i ? "" : "today", &t->today[i], c);
	}
	if (t->today_count > FNL_REPLAY_RULES_MAX) {
		fprintf(c->out, " %-9s and %zu more versions\n", "", t->today_count - FNL_REPLAY_RULES_MAX);
	}
	if (t->today_count == 0) {
		fputs(" today     the built-in rules: none were activated in what is retained (--against gives others)\n",
		      c->out);
	}
	draw_rules("what if", &t->what_if, c);
}

static void draw_numbers(const struct fnl_replay_group *g, const struct fnl_canvas *c)
{
	enum fnl_replay_unit unit = fnl_replay_section_unit(g->section);
	char text[FNL_TEXT_BYTES], sign[FNL_TEXT_BYTES + 1] = "";
	for (int s = 0; s < FNL_REPLAY_SIDES; s++) {
		number_text(unit, g->currency, g->sum[s], text);
		fprintf(c->out, " %*s", NUMBER_COLUMNS, text);
	}
	__int128 by = g->sum[FNL_REPLAY_WHAT_IF] - g->sum[FNL_REPLAY_TODAY];
	if (by) {
		number_text(unit, g->currency, by < 0 ? -by : by, text);
		snprintf(sign, sizeof(sign), "%c%s", by < 0 ? '-' : '+', text);
	}
	fprintf(c->out, " %s%*s%s", fnl_style_on(c, by ? FNL_YELLOW : FNL_PLAIN), DIFFERENCE_COLUMNS, sign,
	        fnl_style_off(c));
}

static void side_text(const struct fnl_replay_fact *f, int side, char ret[FNL_TEXT_BYTES])
{
	enum fnl_replay_unit unit = fnl_replay_section_unit(f->section);
	if (f->said[side] || unit == FNL_REPLAY_COUNT) {
		number_text(unit, f->currency, f->n[side], ret);
	} else {
		snprintf(ret, FNL_TEXT_BYTES, "-");
	}
}

/* Who differs: the first few of them by name. */
static void draw_who(const struct fnl_replay_group *g, size_t limit, const struct fnl_canvas *c)
{
	size_t told = 0;
	for (size_t i = 0; i < g->count && told < limit; i++) {
		const struct fnl_replay_fact *f = g->facts[i];
		char a[FNL_TEXT_BYTES], b[FNL_TEXT_BYTES];
		if (!fnl_replay_differs(f) || fnl_span_is_none(f->subject)) {
			continue;
		}
		side_text(f, FNL_REPLAY_TODAY, a);
		side_text(f, FNL_REPLAY_WHAT_IF, b);
		fprintf(c->out, "     %s", fnl_style_on(c, FNL_DIM));
		fnl_text_cell(c, f->subject, NAME_COLUMNS - 4);
		fprintf(c->out, " %*s %*s%s\n", NUMBER_COLUMNS, a, NUMBER_COLUMNS, b, fnl_style_off(c));
		told++;
	}
	if (told && g->differing > told) {
		fprintf(c->out, "     %sand %zu more%s\n", fnl_style_on(c, FNL_DIM), g->differing - told, fnl_style_off(c));
	}
}

static void draw_group(const struct fnl_replay_group *g, size_t limit, const struct fnl_canvas *c)
{
	char more[FNL_TEXT_BYTES] = "";
	bool of_subjects = !fnl_span_is_none(g->facts[0]->subject);
	fputs("  ", c->out);
	fnl_text_cell(c, g->name, NAME_COLUMNS - 1);
	if (has_sum(fnl_replay_section_unit(g->section))) {
		draw_numbers(g, c);
	} else {
		fprintf(c->out, " %*s %*s %*s", NUMBER_COLUMNS, "", NUMBER_COLUMNS, "", DIFFERENCE_COLUMNS, "");
	}
	if (of_subjects && g->differing) {
		fnl_text_count(g->differing, more);
		fprintf(c->out, "  %s differ%s", more, g->differing == 1 ? "s" : "");
	}
	fputc('\n', c->out);
	draw_who(g, limit, c);
}

void fnl_view_replay(const struct fnl_replay_told *told, const struct fnl_replay_facts *facts, size_t limit,
                     const struct fnl_canvas *c)
{
	struct fnl_replay_group g;
	size_t at = 0, names = 0, differing = 0;
	int section = -1;
	draw_head(told, c);
	while (fnl_replay_next_group(facts, &at, &g)) {
		names++;
		differing += g.differing > 0;
		if (!has_sum(fnl_replay_section_unit(g.section)) && g.differing == 0) {
			continue;
		}
		if ((int)g.section != section) {
			section = (int)g.section;
			fprintf(c->out, "\n %s%-*s%s %*s %*s %*s\n", fnl_style_on(c, FNL_BOLD), NAME_COLUMNS,
			        fnl_replay_section_heading(g.section), fnl_style_off(c), NUMBER_COLUMNS, "today", NUMBER_COLUMNS,
			        "what if", DIFFERENCE_COLUMNS, "difference");
		}
		draw_group(&g, limit, c);
	}
	if (differing == 0) {
		fprintf(c->out, "\n %sNothing differs.%s\n", fnl_style_on(c, FNL_GREEN), fnl_style_off(c));
	} else {
		fprintf(c->out, "\n %zu of %zu lines differ.\n", differing, names);
	}
}

/* ---- JSON ---- */

static json_t *text_json(struct fnl_span s)
{
	return fnl_span_is_none(s) ? json_null() : json_stringn((const char *)s.data, s.len);
}

/* Sums that no integer of JSON holds are told in digits, as text. */
static json_t *integer_json(__int128 n)
{
	char digits[48];
	char *at = digits + sizeof(digits) - 1;
	bool negative = n < 0;
	if (n >= INT64_MIN && n <= INT64_MAX) {
		return json_integer((json_int_t)n);
	}
	*at = '\0';
	for (; n != 0; n /= 10) {
		int digit = (int)(n % 10);
		*--at = (char)('0' + (digit < 0 ? -digit : digit));
	}
	if (negative) {
		*--at = '-';
	}
	return json_string(at);
}

static json_t *said_json(const struct fnl_replay_fact *f, int side)
{
	enum fnl_replay_unit unit = fnl_replay_section_unit(f->section);
	if (!f->said[side] && unit != FNL_REPLAY_COUNT) {
		return json_null();
	}
	return unit == FNL_REPLAY_LAYER ? json_string(layer_text(f->n[side])) : integer_json(f->n[side]);
}

static json_t *subjects_json(const struct fnl_replay_group *g)
{
	bool all = fnl_replay_section_shows_all(g->section);
	json_t *list = json_array();
	for (size_t i = 0; list && i < g->count; i++) {
		const struct fnl_replay_fact *f = g->facts[i];
		if (fnl_span_is_none(f->subject) || (!all && !fnl_replay_differs(f))) {
			continue;
		}
		json_t *one = json_pack("{s:o, s:o, s:o}", "id", text_json(f->subject), "today", said_json(f, FNL_REPLAY_TODAY),
		                        "what_if", said_json(f, FNL_REPLAY_WHAT_IF));
		if (!one || json_array_append_new(list, one)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *group_json(const struct fnl_replay_group *g)
{
	json_t *subjects = subjects_json(g);
	json_t *o = subjects ? json_pack("{s:o, s:I, s:o}", "name", text_json(g->name), "differ", (json_int_t)g->differing,
	                                 "subjects", subjects)
	                     : NULL;
	if (o && g->currency[0]) {
		json_object_set_new(o, "currency", json_string(g->currency));
	}
	if (o && has_sum(fnl_replay_section_unit(g->section))) {
		json_object_set_new(o, "today", integer_json(g->sum[FNL_REPLAY_TODAY]));
		json_object_set_new(o, "what_if", integer_json(g->sum[FNL_REPLAY_WHAT_IF]));
	}
	return o;
}

static json_t *time_json(int64_t ms)
{
	char at[FNL_TEXT_BYTES];
	if (ms == INT64_MIN) {
		return json_null();
	}
	fnl_text_rfc3339(ms, at);
	return json_string(at);
}

static json_t *rules_json(const struct fnl_replay_rules *r)
{
	return json_pack("{s:i, s:s, s:o}", "version", (int)r->version, "hash", r->hash, "at", time_json(r->at_ms));
}

static json_t *head_json(const struct fnl_replay_told *t)
{
	json_t *records = json_object();
	json_t *today = json_array();
	for (int i = 0; i < FNL_REPLAY_INPUTS; i++) {
		json_object_set_new(records, t->inputs[i].topic, json_integer((json_int_t)t->inputs[i].records));
	}
	for (size_t i = 0; i < t->today_count && i < FNL_REPLAY_RULES_MAX; i++) {
		json_array_append_new(today, rules_json(&t->today[i]));
	}
	return json_pack("{s:o, s:I, s:I, s:o, s:o, s:o, s:{s:o, s:I, s:b, s:o, s:I}}", "records", records,
	                 "copies_left_out", (json_int_t)t->copies, "too_far_ahead", (json_int_t)t->too_late, "first_at",
	                 time_json(t->first_ms), "end_at", time_json(t->end_ms), "counted_from", time_json(t->from_ms),
	                 "rules", "today", today, "today_count", (json_int_t)t->today_count, "today_given",
	                 t->today_is_file, "what_if", rules_json(&t->what_if), "activations_dropped",
	                 (json_int_t)t->dropped);
}

int fnl_view_replay_json(const struct fnl_replay_told *told, const struct fnl_replay_facts *facts, FILE *out)
{
	struct fnl_replay_group g;
	size_t at = 0;
	json_int_t names = 0, differing = 0;
	json_t *root = head_json(told);
	for (int s = 0; s < FNL_REPLAY_SECTION_COUNT && root; s++) {
		json_object_set_new(root, fnl_replay_section_key((enum fnl_replay_section)s), json_array());
	}
	while (root && fnl_replay_next_group(facts, &at, &g)) {
		json_t *one = group_json(&g);
		names++;
		differing += g.differing > 0;
		if (!one || json_array_append_new(json_object_get(root, fnl_replay_section_key(g.section)), one)) {
			json_decref(root);
			root = NULL;
		}
	}
	if (!root) {
		return FNL_E_NOMEM;
	}
	json_object_set_new(root, "lines", json_integer(names));
	json_object_set_new(root, "differing", json_integer(differing));
	int failed = json_dumpf(root, out, JSON_COMPACT) != 0 || fputc('\n', out) == EOF;
	json_decref(root);
	return failed ? FNL_E_IO : 0;
}
