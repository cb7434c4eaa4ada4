/* The lines as books fold them, against the prospects themselves: what all books own together is what there is. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_internal.h"

static void add(json_t *sums, const json_t *amount)
{
	const char *currency = json_is_null(amount) ? "none" : oracle_text(amount, "currency");
	char key[40];
	snprintf(key, sizeof(key), "%s count", currency);
	json_object_set_new(sums, key, json_integer(oracle_number(sums, key) + 1));
	if (!json_is_null(amount)) {
		/* in two parts, each of which fits: an amount has up to 10^15 minor units, and there may be many */
		int64_t minor = oracle_number(amount, "amount_minor");
		snprintf(key, sizeof(key), "%s high", currency);
		json_object_set_new(sums, key, json_integer(oracle_number(sums, key) + minor / 1000000));
		snprintf(key, sizeof(key), "%s low", currency);
		json_object_set_new(sums, key, json_integer(oracle_number(sums, key) + minor % 1000000));
	}
}

/* Of two images of one prospect in one book the greater sequence wins. */
static json_t *fold(struct oracle_run *run)
{
	json_t *lines = json_object();
	for (size_t i = 0; i < run->in->output_counts[ORACLE_REP_INPUTS]; i++) {
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		json_t *v = oracle_decode_value(run->o, run->in->outputs[ORACLE_REP_INPUTS][i].value, &schema, &why);
		if (v && strcmp(schema->name, "BookLine") == 0) {
			char key[600];
			snprintf(key, sizeof(key), "%s|%s", oracle_text(v, "book"), oracle_text(v, "prospect_id"));
			const json_t *known = json_object_get(lines, key);
			bool gone = oracle_is(v, "state", "GONE") || oracle_is(v, "state", "ERASED");
			if (!known || oracle_number(v, "sequence") > oracle_number(known, "sequence")) {
				json_object_set(lines, key, v);
			}
			if (gone && json_object_get(lines, key) == v) {
				json_object_del(lines, key); /* a prospect that comes anew begins to count anew */
			}
		}
		json_decref(v);
	}
	return lines;
}

int oracle_books_check(struct oracle_run *run, char *why, size_t why_bytes)
{
	json_t *lines = fold(run), *owned = json_object(), *there = json_object();
	const char *key;
	json_t *v;
	json_object_foreach(lines, key, v)
	{
		if (oracle_is(v, "state", "OWNED")) {
			add(owned, json_object_get(v, "amount"));
		}
	}
	for (size_t i = 0; i < run->in->row_count; i++) {
		const struct oracle_row *r = &run->in->rows[i];
		const struct oracle_schema *schema = NULL;
		const char *bad = NULL;
		json_t *row = r->table == ORACLE_TABLE_PROSPECT ? oracle_decode_value(run->o, r->value, &schema, &bad) : NULL;
		if (row && oracle_has(row, "book")) {
			add(there, json_object_get(row, "amount"));
		}
		json_decref(row);
	}
	int rc = json_equal(owned, there) ? 0 : -1;
	if (rc) {
		char *a = json_dumps(owned, JSON_COMPACT | JSON_SORT_KEYS),
			 *b = json_dumps(there, JSON_COMPACT | JSON_SORT_KEYS);
		snprintf(why, why_bytes, "the books own %s, but the prospects are %s", a, b);
		free(a);
		free(b);
	}
	json_decref(lines);
	json_decref(owned);
	json_decref(there);
	return rc;
}
