/* What must be true of cells at rest, by either clock and whatever happened: of what was found alone, not of the fold,
 * which could be wrong together with it. A cell is the sum of its lines (I6), and the organisation has of it what was
 * told last. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_cells.h"
#include "oracle_rep_internal.h"
#include "oracle_same.h"

enum { SLOT_LAYERS = 16 };

struct rest {
	struct oracle *o;
	const struct oracle_rep_input *in;
	struct oracle_report *to;
	json_t *reps;   /* by book */
	json_t *cells;  /* by key */
	json_t *lines;  /* by the key of their cell: a list */
	json_t *images; /* "<org>|<key>": the last one */
};

static int take_rows(struct rest *r)
{
	int rc = 0;
	for (size_t i = 0; i < r->in->row_count && rc == 0; i++) {
		const struct oracle_row *found = &r->in->rows[i];
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		char key[REP_KEY_BYTES];
		json_t *row = oracle_decode_value(r->o, found->value, &schema, &why);
		snprintf(key, sizeof(key), "%.*s", (int)found->key.len, (const char *)found->key.data);
		if (found->table == ORACLE_REP_REP) {
			json_object_set(r->reps, key, row);
		} else if (found->table == ORACLE_REP_CELL) {
			json_object_set(r->cells, key, row);
		} else if (found->table == ORACLE_REP_LINE && oracle_has(row, "cell")) {
			snprintf(key, sizeof(key), "%s|%s", oracle_text(row, "book"), oracle_text(row, "cell"));
			json_t *list = json_object_get(r->lines, key);
			if (!list) {
				list = json_array();
				json_object_set_new(r->lines, key, list);
			}
			json_array_append(list, row);
		}
		json_decref(row);
	}
	return rc;
}

static int64_t slot_of(const json_t *line, int64_t merged_before)
{
	int64_t day = oracle_has(line, "held_until") ? oracle_number(line, "held_until") : 0;
	int64_t week = (day + 6) / 7, layer = oracle_is(line, "layer", "TOP")      ? 1
	                                      : oracle_is(line, "layer", "MIDDLE") ? 2
	                                                                           : 3;
	return layer + SLOT_LAYERS * (week >= merged_before ? week : 0);
}

/* The cell is the sum of its lines. */
static int check_sums(struct rest *r)
{
	static _Thread_local struct rep_sums sums;
	const char *key;
	json_t *cell, *line, *list;
	size_t i;
	int rc = 0;
	json_object_foreach(r->lines, key, list)
	{
		if (!json_object_get(r->cells, key)) {
			rc = oracle_differ(r->to, "I6: there are lines in the cell %s, and no row of it", key);
		}
	}
	json_object_foreach(r->cells, key, cell)
	{
		sums.count = 0;
		json_array_foreach(json_object_get(r->lines, key), i, line)
		{
			rep_sums_add(&sums, slot_of(line, oracle_number(cell, "merged_before")), json_object_get(line, "amount"),
			             oracle_number(line, "weight_bp"));
		}
		json_t *totals = rep_sums_list(&sums, "slot", NULL);
		if (!json_equal(totals, json_object_get(cell, "totals"))) {
			rc = oracle_differ(r->to, "I6: the cell %s is not the sum of its lines", key);
		} else if (json_array_size(totals) == 0 && !oracle_has(cell, "told_org_id")) {
			rc = oracle_differ(r->to, "the cell %s has nothing in it, and nobody to be told", key);
		}
		json_decref(totals);
	}
	return rc;
}

static int take_images(struct rest *r)
{
	int rc = 0;
	for (size_t i = 0; i < r->in->output_counts[ORACLE_REP_ORG_INPUTS] && rc == 0; i++) {
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		char key[2 * REP_KEY_BYTES], name[ORACLE_CELL_BYTES];
		json_t *image = oracle_decode_value(r->o, r->in->outputs[ORACLE_REP_ORG_INPUTS][i].value, &schema, &why);
		if (image && strcmp(schema->name, "CellImage") == 0) {
			snprintf(key, sizeof(key), "%s|%s|%s", oracle_text(image, "org_id"), oracle_text(image, "book"),
			         oracle_cell_name(image, name));
			const json_t *last = json_object_get(r->images, key);
			if (oracle_flag(last, "present") && oracle_number(image, "sequence") <= oracle_number(last, "sequence")) {
				rc = oracle_differ(r->to, "images of the cell %s do not go on", key);
			}
			json_object_set(r->images, key, image);
		}
		json_decref(image);
	}
	return rc;
}

/* The image says what the row has. */
static bool is_image_of(const json_t *image, const json_t *cell)
{
	size_t i;
	const json_t *total, *totals = json_object_get(cell, "totals"), *volumes = json_object_get(image, "totals");
	static const char *const layers[] = {"", "TOP", "MIDDLE", "BOTTOM"};
	static const char *const fields[] = {"currency", "count", "amount_minor", "weighted_minor", "weighted_e4"};
	bool same = json_array_size(totals) == json_array_size(volumes);
	json_array_foreach(totals, i, total)
	{
		const json_t *volume = json_array_get(volumes, i);
		int64_t slot = oracle_number(total, "slot");
		same = same && oracle_is(volume, "layer", layers[slot % SLOT_LAYERS]) &&
		       oracle_number(volume, "held_week") == slot / SLOT_LAYERS;
		for (size_t k = 0; k < 5; k++) {
			same = same && json_equal(json_object_get(total, fields[k]), json_object_get(volume, fields[k]));
		}
	}
	return same;
}

static int check_told(struct rest *r, const char *key, const json_t *cell)
{
	char name[2 * REP_KEY_BYTES];
	const json_t *rep = json_object_get(r->reps, oracle_text(cell, "book"));
	bool due = oracle_has(cell, "next_deadline_at") || oracle_has(rep, "cells_due_at");
	bool home = oracle_has(rep, "rep_id") && oracle_has(rep, "org_id") && !oracle_flag(rep, "erased");
	const char *told = oracle_text(cell, "told_org_id");
	if (told) {
		snprintf(name, sizeof(name), "%s|%s", told, key);
		const json_t *image = json_object_get(r->images, name);
		if (!oracle_flag(image, "present") || oracle_number(image, "sequence") != oracle_number(cell, "sequence") ||
		    (!oracle_has(cell, "next_deadline_at") && !is_image_of(image, cell))) {
			return oracle_differ(r->to, "%s has not heard of the cell %s what its row says", told, key);
		}
	}
	bool right = home ? told && strcmp(told, oracle_text(rep, "org_id")) == 0 : !told;
	return due || right ? 0 : oracle_differ(r->to, "the organisation of the rep has not heard of the cell %s", key);
}

static int check_images(struct rest *r)
{
	const char *key;
	json_t *cell, *image;
	int rc = take_images(r);
	json_object_foreach(r->cells, key, cell)
	{
		rc = rc ? rc : check_told(r, key, cell);
	}
	json_object_foreach(r->images, key, image)
	{
		size_t org = strlen(oracle_text(image, "org_id"));
		cell = json_object_get(r->cells, key + org + 1);
		if (rc == 0 && oracle_flag(image, "present") && !oracle_is(cell, "told_org_id", oracle_text(image, "org_id"))) {
			rc = oracle_differ(r->to, "%s has not heard that the cell is there no more", key);
		}
	}
	return rc;
}

int rep_cells_rest_check(struct oracle *o, const struct oracle_rep_input *in, struct oracle_report *to)
{
	struct rest r = {o, in, to, json_object(), json_object(), json_object(), json_object()};
	int rc = take_rows(&r);
	rc = rc ? rc : check_sums(&r);
	rc = rc || in->no_directory ? rc : check_images(&r);
	json_decref(r.reps);
	json_decref(r.cells);
	json_decref(r.lines);
	json_decref(r.images);
	return rc;
}
