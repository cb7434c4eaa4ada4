/* clock = wall: the pages of a question may be read between any two inputs. All that may have become of it is followed:
 * a state is the question's row (null: it is not open) and how many of the answers that were found it has given. An
 * answer that was not found is no way to go on. */
#include <stdio.h>
#include <stdlib.h>

#include "oracle_org_internal.h"
#include "oracle_same.h"

enum { STATES_MAX = 1500 };

bool org_is_scan(const char *record, const json_t *body)
{
	return strcmp(record, "OrgBaseRate") == 0 ||
	       (strcmp(record, "SuccessorCandidates") == 0 && !oracle_has(body, "successor_id"));
}

static json_t *text_of(struct fnl_span s)
{
	return s.data ? json_stringn_nocheck((const char *)s.data, s.len) : json_string("");
}

/* A body without what is not known of it, and who is behind it. */
static json_t *told(json_t *body, json_t *cause, json_t *correlation)
{
	json_t *v = json_object();
	json_object_del(body, "occurred_at");
	oracle_set(v, "body", body);
	oracle_set(v, "cause", cause);
	oracle_set(v, "correlation", correlation);
	return v;
}

void org_wall_find(struct org_fold *f)
{
	f->found = json_object();
	for (size_t i = 0; i < f->in->output_counts[ORACLE_ORG_REP_INPUTS]; i++) {
		const struct fnl_record *r = &f->in->outputs[ORACLE_ORG_REP_INPUTS][i];
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		char key[ORG_KEY_BYTES];
		json_t *body = oracle_decode_value(f->o, r->value, &schema, &why), *list;
		if (!body || !org_is_scan(schema->name, body)) {
			json_decref(body);
			continue;
		}
		org_key(oracle_text(body, "book"), oracle_text(body, "request_id"), NULL, key);
		if ((list = json_object_get(f->found, key)) == NULL) {
			list = json_array();
			json_object_set_new(f->found, key, list);
		}
		json_array_append_new(list, told(body, text_of(oracle_header(r, "ce_causationid")),
		                                 text_of(oracle_header(r, "ce_correlationid"))));
	}
}

static json_t *found_of(const struct org_fold *f, const char *key)
{
	return json_object_get(f->found, strchr(key, '|') + 1); /* behind the organisation */
}

/* A state that is reached; row is taken over, NULL: it is not open. */
static void reach(json_t *states, json_t *row, json_int_t given)
{
	json_t *state = json_object();
	oracle_set(state, "row", row ? row : json_null());
	oracle_set(state, "given", json_integer(given));
	char *name = json_dumps(state, JSON_SORT_KEYS | JSON_COMPACT);
	if (!name || json_object_get(states, name)) {
		json_decref(state);
	} else {
		json_object_set_new(states, name, state);
	}
	free(name);
}

/* ---- one page ---- */

/* The best ones so far, as they are now, and those of the page. */
static json_t *considered(const struct org_partition *p, const json_t *row, const char **keys, size_t n)
{
	json_t *reps = json_array(), *id, *rep;
	char key[ORG_KEY_BYTES];
	size_t i;
	json_array_foreach(json_object_get(row, "best_ids"), i, id)
	{
		rep = json_object_get(p->reps, org_key(oracle_text(row, "org_id"), json_string_value(id), NULL, key));
		if (rep) {
			json_array_append(reps, rep);
		}
	}
	for (i = 0; i < n; i++) {
		json_array_append(reps, json_object_get(p->reps, keys[i]));
	}
	return reps;
}

static json_t *look_for_best(const struct org_partition *p, json_t *row, const char **keys, size_t n)
{
	struct org_question q = org_question_of(p, row);
	json_t *reps = considered(p, row, keys, n), *best = org_best(&q, reps), *ids = json_array(), *rep;
	size_t i;
	json_array_foreach(best, i, rep)
	{
		json_array_append_new(ids, json_deep_copy(json_object_get(rep, "rep_id")));
	}
	oracle_set(row, "best_ids", ids);
	json_decref(reps);
	return best;
}

static void add_up(const struct org_partition *p, json_t *row, const char **keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *h = json_object_get(p->handovers, keys[i]);
		if (org_counts(p, row, h)) {
			org_add(row, h);
		}
	}
}

/* What the next page makes of a state with an open question. */
static void read_page(struct org_fold *f, const struct org_partition *p, const json_t *found, const json_t *state,
                      json_t *states)
{
	json_t *row = json_deep_copy(json_object_get(state, "row")), *best = NULL;
	bool successor = oracle_is(row, "kind", "SUCCESSOR");
	json_int_t given = oracle_number(state, "given");
	size_t n;
	const char **keys =
		org_keys(successor ? p->reps : p->handovers, oracle_text(row, "org_id"), oracle_text(row, "after"), &n);
	bool last = n < f->in->page_rows;
	n = last ? n : f->in->page_rows;
	if (successor) {
		best = look_for_best(p, row, keys, n);
	} else {
		add_up(p, row, keys, n);
	}
	if (last) {
		const char *record;
		json_t *answer = told(org_answer(f->o, p, row, best, 0, &record), json_incref(json_object_get(row, "cause_id")),
		                      json_incref(json_object_get(row, "correlation_id")));
		if (json_equal(answer, json_array_get(found, (size_t)given))) {
			reach(states, NULL, given + 1);
		}
		json_decref(answer);
		json_decref(row);
	} else {
		oracle_set(row, "after", json_string(keys[n - 1]));
		reach(states, row, given);
	}
	json_decref(best);
	free(keys);
}

/* ---- a question ---- */

static char *change_key(const json_t *of, const char *table, char ret[ORG_KEY_BYTES])
{
	return org_key(oracle_text(of, "org_id"), table, NULL, ret);
}

void org_wall_changed(struct org_step *s, const char *table)
{
	char key[ORG_KEY_BYTES];
	change_key(s->in, table, key);
	oracle_set(s->p->changes, key, json_integer(oracle_number(s->p->changes, key) + 1));
}

/* Whether a page has anything to read that it had not the last time: else it leads to no new state. */
static bool is_news(const struct org_partition *p, json_t *life)
{
	char key[ORG_KEY_BYTES];
	int64_t changes = p->rules_changes;
	bool successor = oracle_flag(life, "successor"), usual = oracle_flag(life, "usual");
	changes += successor ? oracle_number(p->changes, change_key(life, "rep", key)) : 0;
	changes += usual ? oracle_number(p->changes, change_key(life, "handover", key)) : 0;
	bool news = !oracle_has(life, "looked") || oracle_number(life, "looked") != changes;
	oracle_set(life, "looked", json_integer(changes));
	return news;
}

/* states: null when there were far too many, then only the number of answers counts. */
static void pass(struct org_fold *f, const struct org_partition *p, const char *key, json_t *life)
{
	json_t *states = json_object_get(life, "states"), *todo = json_array(), *state;
	const char *name;
	json_object_foreach(states, name, state)
	{
		json_array_append(todo, state);
	}
	for (size_t i = 0; i < json_array_size(todo); i++) {
		state = json_array_get(todo, i);
		json_t *next = json_object();
		if (oracle_has(state, "row")) {
			read_page(f, p, found_of(f, key), state, next);
		}
		json_object_foreach(next, name, state)
		{
			if (!json_object_get(states, name)) {
				json_object_set(states, name, state);
				json_array_append(todo, state);
				f->stats.moments++;
			}
		}
		json_decref(next);
	}
	json_decref(todo);
	if (json_object_size(states) > STATES_MAX) {
		oracle_set(life, "states", json_null());
		f->stats.doubtful++;
	}
}

void org_wall_pass(struct org_fold *f, struct org_partition *p)
{
	const char *key;
	json_t *life;
	json_object_foreach(p->lives, key, life)
	{
		if (oracle_has(life, "states") && is_news(p, life)) {
			pass(f, p, key, life);
		}
	}
}

void org_wall_ask(struct org_step *s, const char *key)
{
	json_t *life = json_object_get(s->p->lives, key), *states = json_object(), *state;
	const char *name;
	if (!life) {
		json_t *first = json_object();
		life = json_object();
		reach(first, NULL, 0);
		oracle_set(life, "states", first);
		oracle_set(life, "asked", json_integer(0));
		oracle_take(life, "org_id", s->in, "org_id");
		json_object_set_new(s->p->lives, key, life);
	}
	oracle_set(life, "asked", json_integer(oracle_number(life, "asked") + 1));
	oracle_set(life, strcmp(s->name, "SuccessorAsked") == 0 ? "successor" : "usual", json_true());
	oracle_set(life, "looked", json_null());
	s->fold->stats.open_already += oracle_number(life, "asked") > 1;
	json_object_foreach(json_object_get(life, "states"), name, state)
	{
		bool open = oracle_has(state, "row");
		json_t *row = open ? json_deep_copy(json_object_get(state, "row")) : org_question_row(s);
		if (!open) {
			oracle_set(row, "next_deadline_at", json_null()); /* some time */
		}
		reach(states, row, oracle_number(state, "given"));
	}
	if (oracle_has(life, "states")) {
		oracle_set(life, "states", states);
	} else {
		json_decref(states);
	}
}

void org_wall_end(struct org_fold *f, struct org_partition *p)
{
	const char *key, *name;
	json_t *life, *state;
	org_wall_pass(f, p);
	json_object_foreach(p->lives, key, life)
	{
		json_int_t count = (json_int_t)json_array_size(found_of(f, key)), asked = oracle_number(life, "asked");
		bool doubtful = !oracle_has(life, "states"), explained = doubtful && count >= 1 && count <= asked;
		json_object_foreach(doubtful ? NULL : json_object_get(life, "states"), name, state)
		{
			explained = explained || (!oracle_has(state, "row") && oracle_number(state, "given") == count);
		}
		if (!explained && !f->failed) {
			f->failed = true;
			snprintf(f->why, f->why_bytes,
			         "question %s of partition %d, asked %d times, %d answers: no moments at which its pages may have "
			         "been read explain them",
			         key, (int)p->id, (int)asked, (int)count);
		}
		json_object_del(f->found, strchr(key, '|') + 1);
	}
}
