/* What must be true of accepted proposals at rest, by either clock and whatever happened: of what came and of what was
 * found alone. Each prospect is asked for at most once a proposal, of a cell of its book that the proposal moves, to
 * the rep to whom it moves it, and at most as many as it says; what is overdue was asked for, and is told once; the row
 * counts what was told. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_cells.h"
#include "oracle_rep_internal.h"
#include "oracle_same.h"

/* how long before the end something may have become due and still wait */
#define LATE_MS INT64_C(10000)

struct rest {
	struct oracle *o;
	const struct oracle_rep_input *in;
	struct oracle_report *to;
	json_t *moves; /* "<book>|<proposal>": the BookMoves that came */
	json_t *was;   /* "<book>|<prospect>": an object with "<layer>|<cell>" of each that it was OWNED in */
	json_t *asked; /* "<book>|<proposal>|<prospect>": to whom */
	json_t *late;  /* the same, overdue */
	json_t *counts;
};

static json_t *entry(json_t *of, const char *key)
{
	json_t *v = json_object_get(of, key);
	if (!v) {
		v = json_object();
		json_object_set_new(of, key, v);
	}
	return v;
}

static void count(struct rest *r, const char *fmt, const char *of)
{
	char key[3 * REP_KEY_BYTES];
	snprintf(key, sizeof(key), "%s %s", fmt, of);
	json_object_set_new(r->counts, key, json_integer(json_integer_value(json_object_get(r->counts, key)) + 1));
}

static int64_t counted(const struct rest *r, const char *what, const char *of)
{
	char key[3 * REP_KEY_BYTES];
	snprintf(key, sizeof(key), "%s %s", what, of);
	return json_integer_value(json_object_get(r->counts, key));
}

static void take_inputs(struct rest *r)
{
	char key[REP_KEY_BYTES], cell[ORACLE_CELL_BYTES], at[ORACLE_CELL_BYTES + 20];
	for (size_t i = 0; i < r->in->input_count; i++) {
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		json_t *in = oracle_decode(r->o, &r->in->inputs[i], &schema, &why);
		const char *book = in ? oracle_word(in, "book") : NULL;
		if (book && strcmp(schema->name, "BookMoves") == 0 && oracle_word(in, "proposal_id")) {
			snprintf(key, sizeof(key), "%s|%s", book, oracle_text(in, "proposal_id"));
			if (!json_object_get(r->moves, key)) {
				json_object_set_new(r->moves, key, json_array());
			}
			json_array_append(json_object_get(r->moves, key), in); /* one that was refused may be among them */
		} else if (book && strcmp(schema->name, "BookLine") == 0 && oracle_word(in, "prospect_id") &&
		           oracle_is(in, "state", "OWNED")) {
			snprintf(key, sizeof(key), "%s|%s", book, oracle_text(in, "prospect_id"));
			snprintf(at, sizeof(at), "%s|%s", oracle_text(in, "layer"), oracle_cell_name(in, cell));
			json_object_set_new(entry(r->was, key), at, json_true());
		}
		json_decref(in);
	}
}

/* How many of them some BookMoves of the proposal lets go to this rep; -1: it was never in a cell of one. */
static int64_t allowed(const struct rest *r, const char *of, const json_t *was, const char *to)
{
	char cell[ORACLE_CELL_BYTES], at[ORACLE_CELL_BYTES + 20];
	int64_t most = -1;
	size_t i, k;
	json_t *in, *move;
	json_array_foreach(json_object_get(r->moves, of), i, in)
	{
		int64_t sum = 0;
		bool fits = false;
		json_array_foreach(json_object_get(in, "moves"), k, move)
		{
			snprintf(at, sizeof(at), "%s|%s", oracle_text(move, "layer"), oracle_cell_name(move, cell));
			sum += oracle_is(move, "to_rep_id", to) ? oracle_number(move, "prospect_count") : 0;
			fits = fits || (oracle_is(move, "to_rep_id", to) && json_object_get(was, at) &&
			                !oracle_is(move, "layer", "BOTTOM"));
		}
		most = fits && sum > most ? sum : most;
	}
	return most;
}

static int take_output(struct rest *r, const json_t *body, bool asks)
{
	char of[REP_KEY_BYTES], key[2 * REP_KEY_BYTES], line[REP_KEY_BYTES], to[2 * REP_KEY_BYTES];
	const char *rep = oracle_text(body, asks ? "from_rep_id" : "owner_rep_id");
	snprintf(of, sizeof(of), "rep:%s|%s", rep, oracle_text(body, "proposal_id"));
	snprintf(line, sizeof(line), "rep:%s|%s", rep, oracle_text(body, "prospect_id"));
	snprintf(key, sizeof(key), "%s|%s", of, oracle_text(body, "prospect_id"));
	snprintf(to, sizeof(to), "%s to %s", of, oracle_text(body, "to_rep_id"));
	json_t *seen = asks ? r->asked : r->late;
	/* in its own time: a row that was forgotten lets the same proposal come anew */
	if (json_object_get(seen, key) && !r->in->event_clock) {
		return oracle_differ(r->to, "moves: %s is told twice (%s)", key, asks ? "asked for" : "overdue");
	}
	json_object_set(seen, key, json_object_get(body, "to_rep_id"));
	count(r, asks ? "asked" : "overdue", of);
	if (!asks) {
		return json_object_get(r->asked, key) ? 0 : oracle_differ(r->to, "moves: %s is overdue, never asked for", key);
	}
	count(r, "to", to);
	int64_t most = allowed(r, of, json_object_get(r->was, line), oracle_text(body, "to_rep_id"));
	if (most < 0) {
		return oracle_differ(r->to, "moves: %s was never in a cell that goes to %s", key,
		                     oracle_text(body, "to_rep_id"));
	}
	bool many = !r->in->event_clock && counted(r, "to", to) > most;
	return many ? oracle_differ(r->to, "moves: %s: more than the %" PRId64 " of the proposal", to, most) : 0;
}

static int check_row(struct rest *r, const json_t *row)
{
	char of[REP_KEY_BYTES];
	snprintf(of, sizeof(of), "%s|%s", oracle_text(row, "book"), oracle_text(row, "proposal_id"));
	bool waits = oracle_is(row, "state", "ASKING");
	if (r->in->event_clock) {
		return 0; /* the fold says it all */
	}
	if (waits && oracle_number(row, "next_deadline_at") <= r->in->end_ms - LATE_MS) {
		return oracle_differ(r->to, "moves: nobody has looked at the lines of %s", of);
	}
	if (oracle_number(row, "asked_count") != counted(r, "asked", of) ||
	    oracle_number(row, "overdue_count") != counted(r, "overdue", of)) {
		return oracle_differ(r->to, "moves: the row of %s has asked for %" PRId64 ", told were %" PRId64, of,
		                     oracle_number(row, "asked_count"), counted(r, "asked", of));
	}
	return 0;
}

int rep_moves_rest_check(struct oracle *o, const struct oracle_rep_input *in, struct oracle_report *to)
{
	struct rest r = {o, in, to, json_object(), json_object(), json_object(), json_object(), json_object()};
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	int rc = 0;
	take_inputs(&r);
	/* a request comes before what is overdue of it, but in another place of the topic when the prospect's key is */
	for (int asks = 1; asks >= 0; asks--) {
		for (size_t i = 0; i < in->output_counts[ORACLE_REP_REASSIGNMENTS] && rc == 0; i++) {
			json_t *body = oracle_decode_value(o, in->outputs[ORACLE_REP_REASSIGNMENTS][i].value, &schema, &why);
			if (oracle_has(body, "proposal_id") && (strcmp(schema->name, "ReassignmentRequested") == 0) == asks) {
				rc = take_output(&r, body, asks);
			}
			json_decref(body);
		}
	}
	for (size_t i = 0; i < in->row_count && rc == 0; i++) {
		json_t *row =
			in->rows[i].table == ORACLE_REP_MOVES ? oracle_decode_value(o, in->rows[i].value, &schema, &why) : NULL;
		rc = row ? check_row(&r, row) : 0;
		json_decref(row);
	}
	json_t *const all[] = {r.moves, r.was, r.asked, r.late, r.counts};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		json_decref(all[i]);
	}
	return rc;
}
