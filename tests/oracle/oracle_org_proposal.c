/* clock = event: a proposal's way, from who asks for it to what becomes of it. By the wall clock: oracle_org_told.c. */
#include <stdio.h>
#include <stdlib.h>

#include "oracle_org_internal.h"

enum { FORMER_MAX = 16 };
#define DAY_MS INT64_C(86400000)

/* ---- what was told ---- */

static char *moves_key(const json_t *of, char ret[ORG_KEY_BYTES])
{
	return org_key(oracle_text(of, "org_id"), oracle_text(of, "proposal_id"), NULL, ret);
}

/* Each telling ends with its TerritoryProposal. */
static void found_one(struct org_fold *f, const char *record, json_t *body)
{
	char key[ORG_KEY_BYTES];
	bool move = strcmp(record, "ProposalMove") == 0;
	if (!move && strcmp(record, "TerritoryProposal") != 0) {
		json_decref(body);
		return;
	}
	json_t *list = json_object_get(f->moves, moves_key(body, key));
	if (!list) {
		list = json_array();
		json_array_append_new(list, json_array());
		json_object_set_new(f->moves, key, list);
	}
	if (move) {
		json_array_append_new(json_array_get(list, json_array_size(list) - 1), body);
	} else {
		json_array_append_new(list, json_array());
		json_decref(body);
	}
}

void org_moves_find(struct org_fold *f)
{
	f->moves = json_object();
	for (size_t i = 0; i < f->in->output_counts[ORACLE_ORG_TERRITORIES]; i++) {
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		json_t *body = oracle_decode_value(f->o, f->in->outputs[ORACLE_ORG_TERRITORIES][i].value, &schema, &why);
		if (body) {
			found_one(f, schema->name, body);
		}
	}
}

/* The next telling of it; empty when there is none. New. */
static json_t *told_moves(struct org_fold *f, const json_t *row)
{
	char key[ORG_KEY_BYTES];
	json_t *list = json_object_get(f->moves, moves_key(row, key));
	json_t *first = list && json_array_size(list) ? json_incref(json_array_get(list, 0)) : json_array();
	if (list) {
		json_array_remove(list, 0);
	}
	return first;
}

/* ---- telling ---- */

static json_t *event_of(const struct org_step *s, const char *record, const json_t *row)
{
	json_t *v = oracle_new_record(s->fold->o, record);
	oracle_set(v, "occurred_at", json_integer(s->now_ms));
	oracle_take(v, "org_id", row, "org_id");
	oracle_take(v, "proposal_id", row, "proposal_id");
	return v;
}

/* number 0: there is none. */
static void tell(struct org_step *s, const char *record, const char *type, const json_t *row, int64_t number, json_t *v)
{
	char name[ORG_KEY_BYTES], count[32];
	snprintf(count, sizeof(count), "%lld", (long long)number);
	org_key(oracle_text(row, "org_id"), oracle_text(row, "proposal_id"), number ? count : NULL, name);
	org_tell_world(s, ORACLE_ORG_TERRITORIES, record, type, oracle_text(row, "org_id"), name, v);
}

static void tell_expired(struct org_step *s, const json_t *row, bool replaced)
{
	json_t *v = event_of(s, "ProposalExpired", row);
	oracle_set(v, "replaced", json_boolean(replaced));
	tell(s, "ProposalExpired", "funnel.territories.expired.v1", row, 0, v);
	s->fold->stats.replaced += replaced;
	s->fold->stats.expired += !replaced;
}

static json_t *or_null(const json_t *cell, const char *field)
{
	const char *code = oracle_text(cell, field);
	return *code ? json_string(code) : json_null();
}

static void tell_move(struct org_step *s, const json_t *row, const json_t *rep, const json_t *cell, int64_t number)
{
	static const char *const codes[] = {"region", "industry", "size_focus"};
	static const char *const same[] = {"to_rep_id", "layer", "volume_minor", "reason", "focus"};
	json_t *v = event_of(s, "ProposalMove", row);
	oracle_set(v, "number", json_integer(number));
	oracle_take(v, "from_rep_id", rep, "rep_id");
	oracle_take(v, "prospect_count", cell, "count");
	for (size_t i = 0; i < 3; i++) {
		oracle_set(v, codes[i], or_null(cell, codes[i]));
	}
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(v, same[i], cell, same[i]);
	}
	tell(s, "ProposalMove", "funnel.territories.move.v1", row, number, v);
	s->fold->stats.moves++;
}

static int64_t tell_moves(struct org_step *s, const json_t *row)
{
	size_t i, k;
	const json_t *rep, *cell;
	int64_t number = 0;
	json_array_foreach(json_object_get(row, "reps"), i, rep)
	{
		json_array_foreach(json_object_get(rep, "cells"), k, cell)
		{
			if (oracle_has(cell, "to_rep_id")) {
				tell_move(s, row, rep, cell, ++number);
			}
		}
	}
	return number;
}

/* What the row goes by is behind what follows from it. */
static void blame(struct org_step *s, const json_t *row)
{
	snprintf(s->cause, sizeof(s->cause), "%s", oracle_text(row, "cause_id"));
	snprintf(s->correlation, sizeof(s->correlation), "%s", oracle_text(row, "correlation_id"));
}

static void set_state(json_t *row, const char *state, json_t *deadline)
{
	oracle_set(row, "state", json_string(state));
	oracle_set(row, "next_deadline_at", deadline);
}

/* ---- commands ---- */

static bool knows(const json_t *row, const json_t *id, bool former_only)
{
	size_t i;
	const json_t *former;
	bool known = !former_only && json_equal(json_object_get(row, "proposal_id"), id);
	json_array_foreach(json_object_get(row, "former_ids"), i, former)
	{
		known = known || json_equal(former, id);
	}
	return known;
}

static json_t *new_row(const struct org_step *s, const json_t *before)
{
	json_t *row = oracle_new_record(s->fold->o, "Proposal"), *former = json_array(), *id;
	size_t i;
	oracle_take(row, "org_id", s->in, "org_id");
	oracle_take(row, "proposal_id", s->in, "command_id");
	oracle_take(row, "asked_by", s->in, "issued_by");
	oracle_take(row, "asked_at", s->in, "occurred_at");
	oracle_take(row, "base_currency", s->in, "base_currency");
	oracle_take(row, "rate_name", s->in, "rate_name");
	oracle_set(row, "told_count", json_integer(0));
	oracle_set(row, "not_converted_count", json_integer(0));
	oracle_set(row, "currencies", json_array());
	oracle_set(row, "reps", json_array());
	oracle_set(row, "is_worth_it", json_false());
	oracle_set(row, "is_on_target", json_false());
	oracle_set(row, "cause_id", json_string(s->cause));
	oracle_set(row, "correlation_id", json_string(s->correlation));
	if (before) {
		json_array_append(former, json_object_get(before, "proposal_id"));
	}
	json_array_foreach(json_object_get(before, "former_ids"), i, id)
	{
		if (json_array_size(former) < FORMER_MAX) {
			json_array_append(former, id);
		}
	}
	oracle_set(row, "former_ids", former);
	set_state(row, "REPS", json_integer(s->now_ms));
	return row;
}

static void reject(struct org_step *s, const char *reason)
{
	org_reject(s, s->name, oracle_text(s->in, "org_id"), oracle_text(s->in, "command_id"),
	           oracle_text(s->in, "issued_by"), reason);
}

const char *org_propose(struct org_step *s)
{
	const char *org_id = oracle_text(s->in, "org_id");
	json_t *row = json_object_get(s->p->proposals, org_id);
	s->fold->stats.proposals_asked++;
	if (!s->fold->in->event_clock) {
		return NULL;
	}
	s->now_ms = org_dated_ms(s);
	if (row && knows(row, json_object_get(s->in, "command_id"), false)) {
		s->fold->stats.asked_again++;
		return NULL;
	}
	if (row && oracle_is(row, "state", "ACCEPTING")) {
		reject(s, "PROPOSAL_IS_NOT_OPEN");
		return NULL;
	}
	if (row && oracle_is(row, "state", "OPEN")) {
		tell_expired(s, row, true);
	}
	json_object_set_new(s->p->proposals, org_id, new_row(s, row));
	return NULL;
}

/* NULL: none. */
static const char *refusal(struct org_step *s, const json_t *row)
{
	const json_t *id = json_object_get(s->in, "proposal_id");
	if (!row || !json_equal(json_object_get(row, "proposal_id"), id)) {
		return row && knows(row, id, true) ? "PROPOSAL_IS_OUTDATED" : "UNKNOWN_PROPOSAL";
	}
	bool open = oracle_is(row, "state", "OPEN");
	bool over = oracle_is(row, "state", "EXPIRED") || (open && oracle_number(row, "expires_at") <= s->now_ms);
	return over ? "PROPOSAL_IS_OUTDATED" : open ? NULL : "PROPOSAL_IS_NOT_OPEN";
}

const char *org_accept(struct org_step *s)
{
	json_t *row = json_object_get(s->p->proposals, oracle_text(s->in, "org_id"));
	s->fold->stats.accepts_asked++;
	if (!s->fold->in->event_clock) {
		return NULL;
	}
	s->now_ms = org_dated_ms(s);
	if (row && json_equal(json_object_get(row, "accept_id"), json_object_get(s->in, "command_id"))) {
		return NULL;
	}
	const char *reason = refusal(s, row);
	if (reason) {
		reject(s, reason);
		s->fold->stats.refused_outdated += strcmp(reason, "PROPOSAL_IS_OUTDATED") == 0;
		s->fold->stats.refused_unknown += strcmp(reason, "UNKNOWN_PROPOSAL") == 0;
		s->fold->stats.refused_not_open += strcmp(reason, "PROPOSAL_IS_NOT_OPEN") == 0;
		return NULL;
	}
	set_state(row, "ACCEPTING", json_integer(s->now_ms));
	oracle_take(row, "accept_id", s->in, "command_id");
	oracle_take(row, "accept_by", s->in, "issued_by");
	oracle_set(row, "cause_id", json_string(s->cause));
	oracle_set(row, "correlation_id", json_string(s->correlation));
	return NULL;
}

/* ---- the timer ---- */

static void work_out(struct org_step *s, json_t *row)
{
	if (!org_collect(s, row)) {
		set_state(row, "REFUSED", json_null());
		org_reject(s, "ProposeTerritories", oracle_text(row, "org_id"), oracle_text(row, "proposal_id"),
		           oracle_text(row, "asked_by"), "UNKNOWN_ORG");
		s->fold->stats.nobody_there++;
		return;
	}
	json_t *told = told_moves(s->fold, row);
	org_take_moves(s, row, told);
	json_decref(told);
	int64_t count = tell_moves(s, row);
	json_t *v = org_spreads(s, row);
	bool worth = oracle_flag(v, "is_worth_it");
	json_t *until = worth ? json_integer(s->now_ms + s->p->rules->expires_days * DAY_MS) : json_null();
	oracle_set(row, "told_count", json_integer(count));
	oracle_take(row, "is_worth_it", v, "is_worth_it");
	oracle_take(row, "is_on_target", v, "is_on_target");
	oracle_set(row, "expires_at", json_incref(until));
	set_state(row, worth ? "OPEN" : "NOT_WORTH_IT", until);
	oracle_set(v, "occurred_at", json_integer(s->now_ms));
	static const char *const same[] = {"org_id",        "proposal_id",         "asked_by",
	                                   "base_currency", "not_converted_count", "expires_at"};
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(v, same[i], row, same[i]);
	}
	tell(s, "TerritoryProposal", "funnel.territories.proposal.v1", row, 0, v);
	s->fold->stats.proposed++;
	s->fold->stats.worth_it += worth;
}

static bool receives(const json_t *row, const json_t *rep_id)
{
	size_t i, k;
	const json_t *rep, *cell;
	json_array_foreach(json_object_get(row, "reps"), i, rep)
	{
		json_array_foreach(json_object_get(rep, "cells"), k, cell)
		{
			if (json_equal(json_object_get(cell, "to_rep_id"), rep_id)) {
				return true;
			}
		}
	}
	return false;
}

/* Of those who receive, how many can still. */
static size_t who_still_can(const struct org_step *s, const json_t *row, size_t *ret_receivers)
{
	size_t i, can = 0;
	const json_t *rep;
	*ret_receivers = 0;
	json_array_foreach(json_object_get(row, "reps"), i, rep)
	{
		char key[ORG_KEY_BYTES];
		const json_t *id = json_object_get(rep, "rep_id");
		org_key(oracle_text(row, "org_id"), json_string_value(id), NULL, key);
		const json_t *now = json_object_get(s->p->reps, key);
		bool to = receives(row, id);
		*ret_receivers += to;
		can += to && now && oracle_flag(now, "active") && !oracle_flag(now, "resigned");
	}
	return can;
}

/* One book's part; NULL: it gives nothing. */
static json_t *moves_of(const struct org_step *s, const json_t *row, const json_t *rep)
{
	static const char *const same[] = {"region", "industry", "size_focus", "layer", "to_rep_id"};
	json_t *moves = json_array();
	char book[ORG_KEY_BYTES];
	size_t k;
	const json_t *cell;
	json_array_foreach(json_object_get(rep, "cells"), k, cell)
	{
		json_t *move = json_object();
		for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
			oracle_take(move, same[i], cell, same[i]);
		}
		oracle_take(move, "prospect_count", cell, "count");
		if (oracle_has(cell, "to_rep_id")) {
			json_array_append(moves, move);
		}
		json_decref(move);
	}
	if (json_array_size(moves) == 0) {
		json_decref(moves);
		return NULL;
	}
	json_t *v = oracle_new_record(s->fold->o, "BookMoves");
	snprintf(book, sizeof(book), "rep:%s", oracle_text(rep, "rep_id"));
	oracle_set(v, "source", json_string("org"));
	oracle_set(v, "occurred_at", json_integer(s->now_ms));
	oracle_take(v, "org_id", row, "org_id");
	oracle_set(v, "book", json_string(book));
	oracle_take(v, "proposal_id", row, "proposal_id");
	oracle_take(v, "accepted_by", row, "accept_by");
	oracle_set(v, "moves", moves);
	return v;
}

static void accept_all(struct org_step *s, json_t *row)
{
	size_t i;
	const json_t *rep;
	int64_t count = 0;
	json_array_foreach(json_object_get(row, "reps"), i, rep)
	{
		json_t *v = moves_of(s, row, rep);
		if (v) {
			count += (int64_t)json_array_size(json_object_get(v, "moves"));
			org_tell(s, "BookMoves", v);
		}
	}
	json_t *v = event_of(s, "ProposalAccepted", row);
	oracle_take(v, "accepted_by", row, "accept_by");
	oracle_take(v, "command_id", row, "accept_id");
	oracle_set(v, "move_count", json_integer(count));
	tell(s, "ProposalAccepted", "funnel.territories.accepted.v1", row, 0, v);
	set_state(row, "ACCEPTED", json_null());
	s->fold->stats.accepted++;
}

static void look_again(struct org_step *s, json_t *row)
{
	size_t receivers, can = who_still_can(s, row, &receivers);
	oracle_set(row, "told_count", json_integer((json_int_t)can));
	if (can == receivers) {
		accept_all(s, row);
		return;
	}
	tell_expired(s, row, false);
	org_reject(s, "AcceptProposal", oracle_text(row, "org_id"), oracle_text(row, "accept_id"),
	           oracle_text(row, "accept_by"), "PROPOSAL_IS_OUTDATED");
	set_state(row, "EXPIRED", json_null());
	s->fold->stats.receiver_gone++;
}

void org_proposal_fire(struct org_step *s, json_t *row)
{
	blame(s, row);
	if (oracle_is(row, "state", "REPS")) {
		work_out(s, row);
	} else if (oracle_is(row, "state", "ACCEPTING")) {
		look_again(s, row);
	} else {
		tell_expired(s, row, false);
		set_state(row, "EXPIRED", json_null());
	}
}
