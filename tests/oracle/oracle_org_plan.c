/* What a proposal compares, what it may move, and how alike volumes are: anew, by the organisation's rows. */
#include <stdio.h>
#include <stdlib.h>

#include "oracle_org_internal.h"

#define WEEK_MS INT64_C(604800000)

static const char *const layers[] = {"TOP", "MIDDLE", "BOTTOM"};

/* ---- what is compared ---- */

static void collect_reps(const struct org_step *s, json_t *row)
{
	size_t n;
	const char **keys = org_keys(s->p->reps, oracle_text(row, "org_id"), NULL, &n);
	for (size_t i = 0; i < n; i++) {
		const json_t *of = json_object_get(s->p->reps, keys[i]);
		if (!oracle_flag(of, "active") || oracle_flag(of, "resigned")) {
			continue;
		}
		json_t *rep = json_object();
		int64_t capacity = oracle_has(of, "capacity_prospects") ? oracle_number(of, "capacity_prospects")
		                                                        : s->p->rules->capacity_default;
		oracle_take(rep, "rep_id", of, "rep_id");
		oracle_set(rep, "receives", json_true());
		oracle_set(rep, "count_max", json_integer((json_int_t)(capacity * s->p->rules->load_max_percent / 100)));
		oracle_take(rep, "regions", of, "regions");
		oracle_take(rep, "industries", of, "industries");
		oracle_set(rep, "cells", json_array());
		json_array_append_new(json_object_get(row, "reps"), rep);
	}
	free(keys);
}

static int64_t volume_of(const json_t *total)
{
	int64_t minor = oracle_number(total, "weighted_minor");
	return minor > 0 ? minor : 0;
}

/* The one of most volume, of all who are there; of equals the first one. */
static void find_currency(const struct org_step *s, json_t *row)
{
	size_t n, k;
	const char **keys = org_keys(s->p->cells, oracle_text(row, "org_id"), NULL, &n), *code, *most = "XXX";
	json_t *sums = json_object(), *total;
	int64_t greatest = -1;
	for (size_t i = 0; i < n; i++) {
		json_array_foreach(json_object_get(json_object_get(s->p->cells, keys[i]), "totals"), k, total)
		{
			if (oracle_has(total, "currency")) {
				code = oracle_text(total, "currency");
				oracle_set(sums, code, json_integer(oracle_number(sums, code) + volume_of(total)));
			}
		}
	}
	json_object_foreach(sums, code, total)
	{
		int64_t sum = json_integer_value(total);
		if (sum > greatest || (sum == greatest && strcmp(code, most) < 0)) {
			greatest = sum;
			most = code;
		}
	}
	oracle_set(row, "base_currency", json_string(most));
	json_decref(sums);
	free(keys);
}

static void add(json_t *to, const char *field, int64_t n)
{
	oracle_set(to, field, json_integer(oracle_number(to, field) + n));
}

/* NULL: nothing of the layer is in it. */
static json_t *part_of(const struct org_step *s, json_t *row, const json_t *of, const char *layer)
{
	json_t *v = json_object();
	bool any = false;
	size_t k;
	const json_t *total;
	oracle_take(v, "region", of, "region");
	oracle_take(v, "industry", of, "industry");
	oracle_take(v, "size_focus", of, "size_focus");
	oracle_set(v, "layer", json_string(layer));
	static const char *const numbers[] = {"count", "volume_minor", "kept_count", "kept_volume_minor"};
	for (size_t i = 0; i < 4; i++) {
		oracle_set(v, numbers[i], json_integer(0));
	}
	oracle_set(v, "to_rep_id", json_null());
	oracle_set(v, "reason", json_string("BALANCE"));
	oracle_set(v, "focus", json_string("BY_NOTHING"));
	json_array_foreach(json_object_get(of, "totals"), k, total)
	{
		if (!oracle_is(total, "layer", layer)) {
			continue;
		}
		bool bottom = strcmp(layer, "BOTTOM") == 0;
		bool free_now = oracle_number(total, "held_week") * WEEK_MS <= s->now_ms;
		bool moves = free_now && (!bottom || s->p->rules->move_bottom);
		bool counts = json_equal(json_object_get(total, "currency"), json_object_get(row, "base_currency"));
		add(v, moves ? "count" : "kept_count", oracle_number(total, "count"));
		add(v, moves ? "volume_minor" : "kept_volume_minor", counts ? volume_of(total) : 0);
		add(row, "not_converted_count", oracle_has(total, "currency") && !counts ? oracle_number(total, "count") : 0);
		any = true;
	}
	if (!any) {
		json_decref(v);
		return NULL;
	}
	return v;
}

static void collect_cells(const struct org_step *s, json_t *row)
{
	size_t n, at;
	const char **keys = org_keys(s->p->cells, oracle_text(row, "org_id"), NULL, &n);
	json_t *rep;
	for (size_t i = 0; i < n; i++) {
		const json_t *of = json_object_get(s->p->cells, keys[i]);
		json_array_foreach(json_object_get(row, "reps"), at, rep)
		{
			for (size_t l = 0; l < 3 && json_equal(json_object_get(rep, "rep_id"), json_object_get(of, "rep_id"));
			     l++) {
				json_t *part = part_of(s, row, of, layers[l]);
				if (part) {
					json_array_append_new(json_object_get(rep, "cells"), part);
				}
			}
		}
	}
	free(keys);
}

bool org_collect(const struct org_step *s, json_t *row)
{
	collect_reps(s, row);
	if (json_array_size(json_object_get(row, "reps")) == 0) {
		return false;
	}
	if (!oracle_has(row, "base_currency")) {
		find_currency(s, row);
	}
	collect_cells(s, row);
	return true;
}

/* ---- which cells move ---- */

static bool is_of(const json_t *move, const json_t *rep, const json_t *cell)
{
	static const char *const codes[] = {"region", "industry", "size_focus"};
	bool same = json_equal(json_object_get(move, "from_rep_id"), json_object_get(rep, "rep_id")) &&
	            json_equal(json_object_get(move, "layer"), json_object_get(cell, "layer"));
	for (size_t i = 0; i < 3; i++) {
		const char *code = oracle_has(move, codes[i]) ? oracle_text(move, codes[i]) : "";
		same = same && strcmp(code, oracle_text(cell, codes[i])) == 0;
	}
	return same;
}

static const json_t *rep_of(const json_t *row, const json_t *id)
{
	size_t i;
	const json_t *rep;
	json_array_foreach(json_object_get(row, "reps"), i, rep)
	{
		if (json_equal(json_object_get(rep, "rep_id"), id)) {
			return rep;
		}
	}
	return NULL;
}

static bool works_in(const json_t *rep, const char *list, const json_t *code)
{
	const json_t *his = json_object_get(rep, list), *one;
	bool in = json_array_size(his) == 0;
	size_t i;
	json_array_foreach(his, i, one)
	{
		in = in || json_equal(one, code);
	}
	return in;
}

static const char *why_not(const json_t *row, const json_t *from, const json_t *cell, const json_t *move)
{
	const json_t *to = rep_of(row, json_object_get(move, "to_rep_id"));
	if (!to || to == from) {
		return "to nobody who is compared, or to himself";
	}
	if (oracle_number(cell, "count") <= 0) {
		return "nothing of it may move";
	}
	return works_in(to, "regions", json_object_get(cell, "region")) &&
	               works_in(to, "industries", json_object_get(cell, "industry"))
	           ? NULL
	           : "to somebody who works elsewhere";
}

void org_take_moves(struct org_step *s, json_t *row, const json_t *told)
{
	static const char *const same[] = {"to_rep_id", "reason", "focus"};
	size_t i, k, at = 0;
	json_t *rep, *cell;
	json_array_foreach(json_object_get(row, "reps"), i, rep)
	{
		json_array_foreach(json_object_get(rep, "cells"), k, cell)
		{
			const json_t *move = json_array_get(told, at);
			if (!move || !is_of(move, rep, cell)) {
				continue;
			}
			at++;
			const char *why = why_not(row, rep, cell, move);
			if (why) {
				org_fail(s->fold, "proposal %s, move %zu: %s", oracle_text(row, "proposal_id"), at, why);
			}
			for (size_t n = 0; n < 3; n++) {
				oracle_take(cell, same[n], move, same[n]);
			}
		}
	}
	if (at < json_array_size(told)) {
		org_fail(s->fold, "proposal %s, move %zu: of no cell, or not in the cells' order",
		         oracle_text(row, "proposal_id"), at + 1);
	}
}

/* ---- how alike ---- */

struct share {
	int64_t volume[2]; /* today, with the moves */
	int64_t count[2];
	int64_t given;
	int64_t received;
};

static struct share *shares_of(const json_t *row, size_t n)
{
	struct share *all = calloc(n + 1, sizeof(*all));
	size_t i, k, j;
	const json_t *rep, *cell, *other;
	if (!all) {
		abort();
	}
	json_array_foreach(json_object_get(row, "reps"), i, rep)
	{
		json_array_foreach(json_object_get(rep, "cells"), k, cell)
		{
			int64_t count = oracle_number(cell, "count"), volume = oracle_number(cell, "volume_minor");
			int64_t kept = oracle_number(cell, "kept_count"), kept_volume = oracle_number(cell, "kept_volume_minor");
			size_t to = i;
			json_array_foreach(json_object_get(row, "reps"), j, other)
			{
				to = json_equal(json_object_get(other, "rep_id"), json_object_get(cell, "to_rep_id")) ? j : to;
			}
			all[i].volume[0] += volume + kept_volume;
			all[i].count[0] += count + kept;
			all[i].volume[1] += kept_volume;
			all[i].count[1] += kept;
			all[to].volume[1] += volume;
			all[to].count[1] += count;
			all[i].given += to != i ? count : 0;
			all[to].received += to != i ? count : 0;
		}
	}
	return all;
}

struct spread {
	int64_t min, max, total;
	__int128 squares;
};

static int64_t up_bp(int64_t a, int64_t b)
{
	return b > 0 ? (int64_t)(((__int128)a * 10000 + b - 1) / b) : 0;
}

/* The least v with v^2 >= 10^8 (n * squares - total^2) / total^2. */
static int64_t variation(const struct spread *x, size_t n)
{
	__int128 of = (__int128)x->total * x->total, rest = (x->squares * (__int128)n - of) * 100000000;
	int64_t low = 0, high = INT64_C(1) << 30;
	while (of > 0 && low < high) {
		int64_t middle = (low + high) / 2;
		if ((__int128)middle * middle * of >= rest) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return low;
}

/* of_volume, with the moves. */
static struct spread measure(const struct share *all, size_t n, bool of_volume, int after)
{
	struct spread x = {.min = INT64_MAX};
	for (size_t i = 0; i < n; i++) {
		int64_t v = of_volume ? all[i].volume[after] : all[i].count[after];
		x.min = v < x.min ? v : x.min;
		x.max = v > x.max ? v : x.max;
		x.total += v;
		x.squares += (__int128)v * v;
	}
	return x;
}

static json_t *spread_json(const struct spread *x, size_t n)
{
	json_t *v = json_object();
	oracle_set(v, "min", json_integer(x->min));
	oracle_set(v, "max", json_integer(x->max));
	oracle_set(v, "total", json_integer(x->total));
	oracle_set(v, "max_min_bp", json_integer(up_bp(x->max, x->min)));
	oracle_set(v, "variation_bp", json_integer(variation(x, n)));
	return v;
}

static json_t *share_json(const json_t *rep, const struct share *x)
{
	json_t *v = json_object();
	oracle_take(v, "rep_id", rep, "rep_id");
	oracle_set(v, "volume_before_minor", json_integer(x->volume[0]));
	oracle_set(v, "volume_after_minor", json_integer(x->volume[1]));
	oracle_set(v, "count_before", json_integer(x->count[0]));
	oracle_set(v, "count_after", json_integer(x->count[1]));
	return v;
}

static void check_limits(struct org_step *s, const json_t *row, const struct share *all, size_t n, int64_t moved)
{
	const struct org_rules *rules = s->p->rules;
	struct spread before = measure(all, n, true, 0), after = measure(all, n, true, 1),
				  count = measure(all, n, false, 0);
	const char *why = moved > count.total * rules->moves_org_max_bp / 10000 ? "it moves too many prospects"
	                  : after.squares > before.squares                      ? "it makes volumes less alike"
	                                                                        : NULL;
	for (size_t i = 0; i < n; i++) {
		const json_t *rep = json_array_get(json_object_get(row, "reps"), i);
		bool full = all[i].received > 0 && all[i].count[1] > oracle_number(rep, "count_max");
		bool too_many = all[i].given > rules->moves_rep_max || all[i].received > rules->moves_rep_max;
		why = full ? "somebody has more than he can carry" : too_many ? "too many of one rep's" : why;
	}
	if (why) {
		org_fail(s->fold, "proposal %s: %s", oracle_text(row, "proposal_id"), why);
	}
}

json_t *org_spreads(struct org_step *s, const json_t *row)
{
	const struct org_rules *rules = s->p->rules;
	size_t n = json_array_size(json_object_get(row, "reps")), i, k;
	struct share *all = shares_of(row, n);
	struct spread volume[2], count[2];
	json_t *v = oracle_new_record(s->fold->o, "TerritoryProposal"), *shares = json_array();
	const json_t *rep, *cell;
	int64_t moves = 0, moved = 0;
	json_array_foreach(json_object_get(row, "reps"), i, rep)
	{
		json_array_append_new(shares, share_json(rep, &all[i]));
		moved += all[i].given;
		json_array_foreach(json_object_get(rep, "cells"), k, cell)
		{
			moves += oracle_has(cell, "to_rep_id");
		}
	}
	check_limits(s, row, all, n, moved);
	for (int after = 0; after < 2; after++) {
		volume[after] = measure(all, n, true, after);
		count[after] = measure(all, n, false, after);
		oracle_set(v, after ? "volume_after" : "volume_before", spread_json(&volume[after], n));
		oracle_set(v, after ? "count_after" : "count_before", spread_json(&count[after], n));
	}
	free(all);
	__int128 of = (__int128)volume[0].total * volume[0].total, left = 10000 - rules->improvement_min_bp;
	bool better =
		(volume[1].squares * (__int128)n - of) * 100000000 <= (volume[0].squares * (__int128)n - of) * left * left;
	int64_t ratio = up_bp(volume[1].max, volume[1].min);
	bool alike = volume[1].total == 0 || (ratio > 0 && ratio <= rules->spread_max_bp);
	oracle_set(v, "reps", shares);
	oracle_set(v, "move_count", json_integer(moves));
	oracle_set(v, "moved_count", json_integer(moved));
	oracle_set(v, "is_worth_it", json_boolean(moves > 0 && better));
	oracle_set(v, "is_on_target", json_boolean(alike && variation(&volume[1], n) <= rules->variation_max_bp));
	oracle_set(v, "rules_version", json_integer(rules->text.version));
	return v;
}
