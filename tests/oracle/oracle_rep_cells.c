/* Cells: which one a line is in, and what the organisation hears of them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_cells.h"
#include "oracle_rep_internal.h"

#define MS_PER_DAY INT64_C(86400000)
/* [org] conflation_seconds and two of [territory]: none of the known rules says otherwise */
enum { CONFLATION_MS = 1000, MOVE_AGAIN_DAYS = 180, QUIET_BD = 10, SLOT_LAYERS = 16 };

static const char *const layers[] = {"", "TOP", "MIDDLE", "BOTTOM"};

static int64_t layer_of(const json_t *line)
{
	int64_t layer = 3;
	while (layer > 0 && !oracle_is(line, "layer", layers[layer])) {
		layer--;
	}
	return layer;
}

/* NULL: none. */
static const char *org_of(const json_t *rep)
{
	bool at_home = oracle_has(rep, "rep_id") && oracle_has(rep, "org_id") && !oracle_flag(rep, "erased");
	return at_home ? oracle_text(rep, "org_id") : NULL;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

static const char *cell_of(const json_t *line)
{
	return line && oracle_has(line, "cell") ? oracle_text(line, "cell") : NULL;
}

static char *key_of(const char *book, const char *name, char ret[REP_KEY_BYTES])
{
	snprintf(ret, REP_KEY_BYTES, "%s|%s", book, name);
	return ret;
}

json_t *rep_held_until(const struct rep_step *s, const json_t *line)
{
	const struct rep_rules *rules = s->p->rules;
	int64_t today = s->fold->in->event_clock ? rep_local_day(rules, s->now_ms) : 0, day = today;
	if (oracle_has(line, "owner_since")) {
		int64_t at = rep_local_day(rules, oracle_number(line, "owner_since")) + MOVE_AGAIN_DAYS;
		day = at > day ? at : day;
	}
	if (layer_of(line) == 2 && oracle_has(line, "last_contact_on")) {
		int64_t over = rep_local_midnight(rules, oracle_number(line, "last_contact_on") + 1);
		int64_t at = rep_local_day(rules, rep_business_after(rules, over, QUIET_BD));
		day = at > day ? at : day;
	}
	return day > today ? json_integer(day) : json_null();
}

/* The layer, and the week from which on a cell lets it move. */
static int64_t slot_of(const json_t *line, int64_t merged_before)
{
	int64_t day = oracle_has(line, "held_until") ? oracle_number(line, "held_until") : 0;
	int64_t week = day / 7 + (day % 7 > 0);
	return layer_of(line) + SLOT_LAYERS * (week < merged_before ? 0 : week);
}

static void sum_line(struct rep_sums *sums, const json_t *line, int64_t merged_before)
{
	rep_sums_add(sums, slot_of(line, merged_before), json_object_get(line, "amount"), oracle_number(line, "weight_bp"));
}

/* The sums of the cell's lines; new. */
static json_t *totals_of(const struct rep_partition *p, const char *book, const char *name, int64_t merged_before)
{
	static _Thread_local struct rep_sums sums;
	const char *id;
	json_t *line;
	sums.count = 0;
	json_object_foreach(rep_lines_of(p, book), id, line)
	{
		if (cell_of(line) && strcmp(cell_of(line), name) == 0) {
			sum_line(&sums, line, merged_before);
		}
	}
	return rep_sums_list(&sums, "slot", NULL);
}

static bool is_empty(const struct rep_partition *p, const char *book, const char *name)
{
	const char *id;
	json_t *line;
	json_object_foreach(rep_lines_of(p, book), id, line)
	{
		if (same(cell_of(line), name)) {
			return false;
		}
	}
	return true;
}

static json_t *open_cell(struct rep_step *s, const char *key, const char *book, const json_t *line)
{
	static const char *const codes[] = {"region", "industry", "size_focus"};
	json_t *cell = json_object_get(s->p->cells, key);
	if (cell) {
		return cell;
	}
	cell = oracle_new_record(s->fold->o, "Cell");
	oracle_set(cell, "book", json_string(book));
	for (size_t i = 0; i < 3; i++) {
		const json_t *code = json_object_get(line, codes[i]);
		oracle_set(cell, codes[i], json_is_string(code) ? json_deep_copy(code) : json_string(""));
	}
	oracle_set(cell, "sequence", json_integer(0));
	oracle_set(cell, "merged_before", json_integer(0));
	json_object_set_new(s->p->cells, key, cell);
	return cell;
}

static void arm(json_t *cell, int64_t at, const char *cause, const char *correlation)
{
	if (!oracle_has(cell, "next_deadline_at")) {
		oracle_set(cell, "cause_id", json_string(cause));
		oracle_set(cell, "correlation_id", json_string(correlation));
	} else if (oracle_number(cell, "next_deadline_at") <= at) {
		return;
	}
	oracle_set(cell, "next_deadline_at", json_integer(at));
}

static int64_t horizon_of(const struct rep_step *s, const json_t *cell)
{
	int64_t now = rep_local_day(s->p->rules, s->now_ms) / 7 + 1, known = oracle_number(cell, "merged_before");
	return now > known ? now : known;
}

/* The sums have changed. line: one that is or was in it. */
static void change(struct rep_step *s, const char *book, const json_t *rep, const char *name, const json_t *line)
{
	char key[REP_KEY_BYTES];
	json_t *cell = open_cell(s, key_of(book, name, key), book, line);
	oracle_set(cell, "merged_before", json_integer(horizon_of(s, cell)));
	bool empty = is_empty(s->p, book, name), told = oracle_has(cell, "told_org_id");
	if (empty && !told) {
		json_object_del(s->p->cells, key);
	} else if (told || org_of(rep)) {
		arm(cell, s->now_ms + CONFLATION_MS, s->cause, s->correlation);
	}
}

/* It stays in its cell, and counts as it did. */
static bool counts_the_same(struct rep_step *s, const char *key, const json_t *before, const json_t *line)
{
	int64_t horizon = horizon_of(s, json_object_get(s->p->cells, key));
	bool weight = oracle_number(before, "weight_bp") == oracle_number(line, "weight_bp") ||
	              !oracle_has(line, "amount") || oracle_number(json_object_get(line, "amount"), "amount_minor") == 0;
	return weight && slot_of(before, horizon) == slot_of(line, horizon) &&
	       json_equal(json_object_get(before, "amount"), json_object_get(line, "amount"));
}

void rep_cells_line(struct rep_step *s, const char *book, const json_t *rep, const json_t *before, json_t *line)
{
	char name[ORACLE_CELL_BYTES], key[REP_KEY_BYTES];
	bool counted = line && oracle_is(line, "state", "OWNED") && layer_of(line) > 0;
	if (line) {
		oracle_set(line, "cell", counted ? json_string(oracle_cell_name(line, name)) : json_null());
		oracle_set(line, "held_until", counted ? rep_held_until(s, line) : json_null());
	}
	const char *from = cell_of(before), *to = cell_of(line);
	if (!s->fold->in->event_clock) {
		return;
	}
	s->fold->stats.cells_moved += from && to && strcmp(from, to) != 0;
	if (from && to && strcmp(from, to) == 0 && counts_the_same(s, key_of(book, to, key), before, line)) {
		s->fold->stats.cells_same++;
		return;
	}
	if (from && !same(from, to)) {
		change(s, book, rep, from, before);
	}
	if (to) {
		change(s, book, rep, to, line);
	}
}

/* ---- what is told ---- */

static void tell(struct rep_step *s, json_t *cell, const char *name, bool present)
{
	static const char *const taken[] = {"book", "region", "industry", "size_focus", "sequence"};
	json_t *body = oracle_new_record(s->fold->o, "CellImage"), *volumes = json_array(), *total;
	size_t i;
	const char *book = oracle_text(cell, "book");
	oracle_set(cell, "sequence", json_integer(oracle_number(cell, "sequence") + 1));
	oracle_set(body, "source", json_string("funneld"));
	oracle_set(body, "occurred_at", json_integer(s->now_ms));
	oracle_take(body, "org_id", cell, "told_org_id");
	oracle_set(body, "rep_id", json_string(book + 4));
	oracle_set(body, "present", json_boolean(present));
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		oracle_take(body, taken[i], cell, taken[i]);
	}
	json_t *totals = totals_of(s->p, book, name, oracle_number(cell, "merged_before"));
	json_array_foreach(totals, i, total)
	{
		int64_t slot = oracle_number(total, "slot");
		json_object_del(total, "slot");
		oracle_set(total, "layer", json_string(layers[slot % SLOT_LAYERS]));
		oracle_set(total, "held_week", json_integer(slot / SLOT_LAYERS));
		s->fold->stats.cells_held += present && slot >= SLOT_LAYERS;
		if (present) {
			json_array_append(volumes, total);
		}
	}
	json_decref(totals);
	oracle_set(body, "totals", volumes);
	rep_tell_internal(s, "CellImage", body);
	s->fold->stats.cell_images++;
	s->fold->stats.cell_absences += !present;
}

void rep_cell_fire(struct rep_step *s, const char *key)
{
	json_t *cell = json_object_get(s->p->cells, key);
	const char *book = oracle_text(cell, "book"), *name = key + strlen(book) + 1;
	const char *org = org_of(json_object_get(s->p->reps, book)), *told = oracle_text(cell, "told_org_id");
	bool empty = is_empty(s->p, book, name);
	snprintf(s->cause, sizeof(s->cause), "%s", oracle_text(cell, "cause_id"));
	snprintf(s->correlation, sizeof(s->correlation), "%s", oracle_text(cell, "correlation_id"));
	if (told && (empty || !same(told, org))) {
		tell(s, cell, name, false);
		oracle_set(cell, "told_org_id", json_null());
	}
	if (org && !empty) {
		oracle_set(cell, "told_org_id", json_string(org));
		tell(s, cell, name, true);
	}
	oracle_set(cell, "next_deadline_at", json_null());
	oracle_set(cell, "cause_id", json_null());
	oracle_set(cell, "correlation_id", json_null());
	if (empty) {
		json_object_del(s->p->cells, key);
	}
}

/* ---- HR says that he is of another organisation ---- */

void rep_cells_rep(struct rep_step *s, const char *book, json_t *rep, const json_t *before)
{
	const char *id;
	json_t *line;
	bool owns = false;
	json_object_foreach(rep_lines_of(s->p, book), id, line)
	{
		owns = owns || oracle_is(line, "state", "OWNED");
	}
	if (owns && s->fold->in->event_clock && !same(org_of(before), org_of(rep))) {
		oracle_set(rep, "cells_due_at", json_integer(s->now_ms));
		oracle_set(rep, "cells_after", json_null());
		oracle_set(rep, "cells_cause_id", json_string(s->cause));
		oracle_set(rep, "cells_correlation_id", json_string(s->correlation));
		s->fold->stats.cells_anew++;
	}
}

void rep_cells_go_over(struct rep_step *s, const char *book, json_t *rep)
{
	static const char *const all[] = {"cells_due_at", "cells_after", "cells_cause_id", "cells_correlation_id"};
	const char *key;
	json_t *cell;
	json_object_foreach(s->p->cells, key, cell)
	{
		if (oracle_is(cell, "book", book) && !same(oracle_text(cell, "told_org_id"), org_of(rep))) {
			arm(cell, s->now_ms, oracle_text(rep, "cells_cause_id"), oracle_text(rep, "cells_correlation_id"));
		}
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		oracle_set(rep, all[i], json_null());
	}
	rep_arm(rep);
}

void rep_cells_sum_up(struct rep_partition *p)
{
	const char *key;
	json_t *cell;
	json_object_foreach(p->cells, key, cell)
	{
		const char *book = oracle_text(cell, "book");
		oracle_set(cell, "totals", totals_of(p, book, key + strlen(book) + 1, oracle_number(cell, "merged_before")));
	}
}
