/* What an accepted proposal asks of a book; clock = event: a pass over the lines is done at once. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_cells.h"
#include "oracle_rep_handover.h"

#define MS_PER_DAY INT64_C(86400000)
enum { REASSIGN_BD = 3, KEPT_DAYS = 90 };

const char *rep_moves_come(struct rep_step *s)
{
	static const char *const same[] = {"book", "org_id", "proposal_id", "moves"};
	char key[REP_KEY_BYTES];
	snprintf(key, sizeof(key), "%s|%s", oracle_text(s->in, "book"), oracle_text(s->in, "proposal_id"));
	if (json_object_get(s->p->moves, key)) {
		s->fold->stats.stale++;
		s->fold->stats.moves_again++;
		return NULL;
	}
	json_t *row = oracle_new_record(s->fold->o, "Moves");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(row, same[i], s->in, same[i]);
	}
	oracle_take(row, "accepted_at", s->in, "occurred_at");
	oracle_set(row, "state", json_string("ASKING"));
	oracle_set(row, "asked_count", json_integer(0));
	oracle_set(row, "kept_count", json_integer(0));
	oracle_set(row, "overdue_count", json_integer(0));
	oracle_set(row, "next_deadline_at", json_integer(s->p->has_time ? s->now_ms : oracle_number(s->in, "occurred_at")));
	oracle_set(row, "cause_id", json_string(s->cause));
	oracle_set(row, "correlation_id", json_string(s->correlation));
	json_object_set_new(s->p->moves, key, row);
	return NULL;
}

/* He is of that organisation, and does not leave. */
static bool gives(const struct rep_step *s, const json_t *row)
{
	const json_t *rep = json_object_get(s->p->reps, oracle_text(row, "book"));
	return json_equal(json_object_get(rep, "org_id"), json_object_get(row, "org_id")) &&
	       !oracle_flag(rep, "resigned") && !oracle_flag(rep, "erased") &&
	       !rep_handover_is_on(json_object_get(s->p->handovers, oracle_text(row, "book")));
}

static bool may_move(const struct rep_step *s, const json_t *line)
{
	json_t *held = rep_held_until(s, line);
	bool free = json_is_null(held) && !oracle_is(line, "layer", "BOTTOM");
	json_decref(held);
	return free;
}

/* What moves the line; NULL: nothing. */
static json_t *move_of(const json_t *row, const json_t *line)
{
	char mine[ORACLE_CELL_BYTES], its[ORACLE_CELL_BYTES];
	size_t i;
	json_t *move;
	oracle_cell_name(line, mine);
	json_array_foreach(json_object_get(row, "moves"), i, move)
	{
		if (oracle_is(move, "layer", oracle_text(line, "layer")) && strcmp(oracle_cell_name(move, its), mine) == 0) {
			return move;
		}
	}
	return NULL;
}

static bool is_counted(const json_t *line)
{
	return oracle_is(line, "state", "OWNED") &&
	       (oracle_is(line, "layer", "TOP") || oracle_is(line, "layer", "MIDDLE") ||
	        oracle_is(line, "layer", "BOTTOM"));
}

static void count(json_t *row, const char *field, int64_t by)
{
	oracle_set(row, field, json_integer(oracle_number(row, field) + by));
}

static void tell(struct rep_step *s, const json_t *row, const json_t *line, const char *record, const char *word)
{
	const json_t *rep = json_object_get(s->p->reps, oracle_text(row, "book"));
	json_t *body = oracle_new_record(s->fold->o, record);
	bool asked = strcmp(record, "ReassignmentRequested") == 0;
	char subject[3 * REP_KEY_BYTES];
	oracle_set(body, "occurred_at", json_integer(s->now_ms));
	oracle_take(body, "prospect_id", line, "prospect_id");
	oracle_set(body, asked ? "from_rep_id" : "owner_rep_id", json_string(oracle_text(row, "book") + 4));
	oracle_take(body, "to_rep_id", json_object_get(line, "asked"), "to_rep_id");
	oracle_take(body, "org_id", row, "org_id");
	oracle_take(body, "manager_id", rep, "manager_id");
	oracle_take(body, "due_at", row, "due_at");
	oracle_take(body, "proposal_id", row, "proposal_id");
	snprintf(subject, sizeof(subject), "%s|%s|%s|%s|%s", oracle_text(row, "book"), oracle_text(row, "proposal_id"),
	         word, oracle_text(line, "prospect_id"), oracle_text(body, "to_rep_id"));
	rep_tell(s, record, body, oracle_text(row, "cause_id"), oracle_text(row, "correlation_id"), subject);
}

static void ask(struct rep_step *s, json_t *row, json_t *line)
{
	json_t *move = is_counted(line) ? move_of(row, line) : NULL;
	bool free = move && may_move(s, line);
	if (!move) {
		return;
	}
	bool held = oracle_is(line, "layer", "BOTTOM") ? !free : false;
	s->fold->stats.moves_bottom += held;
	s->fold->stats.moves_beyond += free && gives(s, row) && oracle_number(move, "prospect_count") <= 0;
	s->fold->stats.moves_of_leavers += free && !gives(s, row);
	if (!free || !gives(s, row) || oracle_number(move, "prospect_count") <= 0) {
		count(row, "kept_count", 1);
		s->fold->stats.moves_kept++;
		return;
	}
	count(move, "prospect_count", -1);
	count(row, "asked_count", 1);
	json_t *asked = json_object();
	oracle_take(asked, "proposal_id", row, "proposal_id");
	oracle_take(asked, "to_rep_id", move, "to_rep_id");
	oracle_set(line, "asked", asked);
	tell(s, row, line, "ReassignmentRequested", "reassign");
	s->fold->stats.moves_asked++;
}

static void look_again(struct rep_step *s, json_t *row, json_t *line)
{
	bool mine =
		oracle_is(line, "state", "OWNED") && oracle_has(line, "asked") &&
		json_equal(json_object_get(json_object_get(line, "asked"), "proposal_id"), json_object_get(row, "proposal_id"));
	if (mine && gives(s, row)) {
		count(row, "overdue_count", 1);
		tell(s, row, line, "ReassignmentOverdue", "reassign-overdue");
		s->fold->stats.moves_overdue++;
	}
}

void rep_moves_fire(struct rep_step *s, const char *key)
{
	json_t *row = json_object_get(s->p->moves, key), *lines = rep_lines_of(s->p, oracle_text(row, "book"));
	bool asks = oracle_is(row, "state", "ASKING");
	if (oracle_is(row, "state", "DONE")) {
		json_object_del(s->p->moves, key);
		s->fold->stats.moves_forgotten++;
		return;
	}
	if (asks) {
		oracle_set(row, "due_at", json_integer(rep_business_after(s->p->rules, s->now_ms, REASSIGN_BD)));
	}
	size_t n;
	const char **ids = rep_sorted(lines, &n);
	for (size_t i = 0; i < n; i++) {
		(asks ? ask : look_again)(s, row, json_object_get(lines, ids[i]));
	}
	free(ids);
	bool waits = asks && oracle_number(row, "asked_count") > 0;
	s->fold->stats.moves_returned +=
		asks ? 0 : (size_t)(oracle_number(row, "asked_count") - oracle_number(row, "overdue_count"));
	oracle_set(row, "state", json_string(waits ? "WAITING" : "DONE"));
	oracle_set(row, "moves", json_array());
	oracle_set(row, "next_deadline_at",
	           json_integer(waits ? oracle_number(row, "due_at") : s->now_ms + KEPT_DAYS * MS_PER_DAY));
}

void rep_moves_line(struct rep_step *s, const json_t *before)
{
	const json_t *asked = json_object_get(before, "asked");
	bool left = oracle_is(before, "state", "OWNED") && !oracle_is(s->in, "state", "OWNED");
	bool there = left && json_is_object(asked) && oracle_has(s->in, "owner_rep_id") &&
	             oracle_is(asked, "to_rep_id", oracle_text(s->in, "owner_rep_id"));
	struct rep_leaving l = {.book = oracle_text(s->in, "book"),
	                        .proposal = true,
	                        .prospect = oracle_text(s->in, "prospect_id"),
	                        .to_rep_id = oracle_text(s->in, "owner_rep_id"),
	                        .at_ms = s->p->has_time ? s->now_ms : oracle_number(s->in, "occurred_at"),
	                        .cause = s->cause,
	                        .correlation = s->correlation};
	if (there && s->fold->in->event_clock) {
		l.notice_id = oracle_text(asked, "proposal_id");
		rep_quota_moves_begin(s, &l);
		s->fold->stats.moves_recognised++;
	}
}
