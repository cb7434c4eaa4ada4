/* clock = wall: at which moments a proposal's pages were read nobody knows, so what was told is held against itself:
 * its moves are complete and add up, nothing of it comes after its end, it is accepted at most once and only when it
 * could be, and books hear of exactly its moves. */
#include <stdio.h>
#include <stdlib.h>

#include "oracle_org_internal.h"
#include "oracle_same.h"

enum { FORMER_MAX = 16 };

struct tellings {
	struct org_fold *f;
	json_t *of; /* "<org>|<proposal id>" to {moves, proposal, over, accepted} */
};

static json_t *life_of(struct tellings *t, const json_t *body, bool begins)
{
	char key[ORG_KEY_BYTES];
	org_key(oracle_text(body, "org_id"), oracle_text(body, "proposal_id"), NULL, key);
	json_t *life = json_object_get(t->of, key);
	/* the id of one that is long gone may be used again */
	bool again = life && begins && oracle_flag(life, "over") && json_object_size(t->of) > FORMER_MAX;
	if (!life || again) {
		life = json_object();
		oracle_set(life, "moves", json_array());
		json_object_set_new(t->of, key, life);
	}
	return life;
}

static void differ(struct tellings *t, const json_t *body, const char *why)
{
	org_fail(t->f, "proposal %s of %s: %s", oracle_text(body, "proposal_id"), oracle_text(body, "org_id"), why);
}

static int64_t sum_of(const json_t *list, const char *field)
{
	int64_t sum = 0;
	size_t i;
	const json_t *one;
	json_array_foreach(list, i, one)
	{
		sum += oracle_number(one, field);
	}
	return sum;
}

/* What a rep has with the moves, less what he has today, in volume and prospects. */
static bool adds_up(const json_t *share, const json_t *moves)
{
	int64_t volume = oracle_number(share, "volume_before_minor"), count = oracle_number(share, "count_before");
	size_t i;
	const json_t *move, *id = json_object_get(share, "rep_id");
	json_array_foreach(moves, i, move)
	{
		int sign =
			json_equal(json_object_get(move, "to_rep_id"), id) - json_equal(json_object_get(move, "from_rep_id"), id);
		volume += sign * oracle_number(move, "volume_minor");
		count += sign * oracle_number(move, "prospect_count");
	}
	return volume == oracle_number(share, "volume_after_minor") && count == oracle_number(share, "count_after");
}

static void told(struct tellings *t, json_t *body)
{
	json_t *life = life_of(t, body, true), *moves = json_object_get(life, "moves");
	const json_t *shares = json_object_get(body, "reps"), *share;
	const json_t *before = json_object_get(body, "volume_before"), *after = json_object_get(body, "volume_after");
	bool whole = oracle_number(body, "move_count") == (int64_t)json_array_size(moves) &&
	             oracle_number(body, "moved_count") == sum_of(moves, "prospect_count");
	size_t i;
	json_array_foreach(shares, i, share)
	{
		whole = whole && adds_up(share, moves);
	}
	whole = whole && oracle_number(before, "total") == sum_of(shares, "volume_before_minor") &&
	        oracle_number(after, "total") == sum_of(shares, "volume_after_minor");
	if (oracle_has(life, "proposal") || oracle_flag(life, "over")) {
		differ(t, body, "it is told again");
	} else if (!whole) {
		differ(t, body, "it is not what its moves add up to");
	} else if (oracle_number(after, "variation_bp") > oracle_number(before, "variation_bp")) {
		differ(t, body, "it makes volumes less alike");
	}
	oracle_set(life, "proposal", json_incref(body));
	oracle_set(life, "over", json_boolean(!oracle_flag(body, "is_worth_it")));
	t->f->stats.wall_proposed++;
}

static void moved(struct tellings *t, json_t *body)
{
	json_t *life = life_of(t, body, oracle_number(body, "number") == 1), *moves = json_object_get(life, "moves");
	json_array_append(moves, body);
	if (oracle_has(life, "proposal") || oracle_flag(life, "over") ||
	    oracle_number(body, "number") != (int64_t)json_array_size(moves)) {
		differ(t, body, "a move comes twice, or out of its order");
	}
}

static void ended(struct tellings *t, json_t *body, bool accepted)
{
	json_t *life = life_of(t, body, false);
	bool cut = !accepted && oracle_flag(body, "replaced"); /* it may not have been told to its end */
	if (oracle_flag(life, "over") || (!cut && !oracle_has(life, "proposal"))) {
		differ(t, body, "it comes to an end without having been open");
	}
	if (accepted && oracle_number(body, "move_count") != (int64_t)json_array_size(json_object_get(life, "moves"))) {
		differ(t, body, "not all of it was accepted");
	}
	oracle_set(life, "over", json_true());
	if (accepted) {
		oracle_set(life, "accepted", json_incref(body));
		t->f->stats.wall_accepted++;
	}
}

static void look_at(struct tellings *t, const char *record, json_t *body)
{
	if (strcmp(record, "ProposalMove") == 0) {
		moved(t, body);
	} else if (strcmp(record, "TerritoryProposal") == 0) {
		told(t, body);
	} else {
		ended(t, body, strcmp(record, "ProposalAccepted") == 0);
	}
}

/* One of the moves that were told, of the book's rep; it is taken away. */
static bool take_move(json_t *moves, const json_t *asked, const char *from_rep_id)
{
	static const char *const codes[] = {"region", "industry", "size_focus"};
	size_t i;
	const json_t *move;
	json_array_foreach(moves, i, move)
	{
		bool same = oracle_is(move, "from_rep_id", from_rep_id) &&
		            json_equal(json_object_get(move, "to_rep_id"), json_object_get(asked, "to_rep_id")) &&
		            json_equal(json_object_get(move, "layer"), json_object_get(asked, "layer")) &&
		            json_equal(json_object_get(move, "prospect_count"), json_object_get(asked, "prospect_count"));
		for (size_t k = 0; k < 3; k++) {
			const char *code = oracle_has(move, codes[k]) ? oracle_text(move, codes[k]) : "";
			same = same && strcmp(code, oracle_text(asked, codes[k])) == 0;
		}
		if (same) {
			json_array_remove(moves, i);
			return true;
		}
	}
	return false;
}

static void book_hears(struct tellings *t, const struct fnl_record *r, const json_t *body)
{
	json_t *life = life_of(t, body, false), *moves = json_object_get(life, "moves"), *asked;
	const char *book = oracle_text(body, "book");
	bool keyed = r->key.len == strlen(book) && memcmp(r->key.data, book, r->key.len) == 0;
	size_t i;
	json_array_foreach(json_object_get(body, "moves"), i, asked)
	{
		keyed = take_move(moves, asked, book + 4) && keyed;
	}
	if (!keyed || !oracle_has(life, "accepted") || r->header_count != 2) {
		differ(t, body, "a book hears of what was not accepted, or under another key");
	}
}

static void go_over(struct tellings *t, size_t topic)
{
	for (size_t i = 0; i < t->f->in->output_counts[topic]; i++) {
		const struct fnl_record *r = &t->f->in->outputs[topic][i];
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		json_t *body = oracle_decode_value(t->f->o, r->value, &schema, &why);
		if (!body) {
			org_fail(t->f, "an output that cannot be read: %s", why ? why : "");
		} else if (topic == ORACLE_ORG_TERRITORIES) {
			look_at(t, schema->name, body);
		} else if (strcmp(schema->name, "BookMoves") == 0) {
			book_hears(t, r, body);
		}
		json_decref(body);
	}
}

void org_told_check(struct org_fold *f)
{
	struct tellings t = {f, json_object()};
	const char *key;
	json_t *life;
	go_over(&t, ORACLE_ORG_TERRITORIES);
	go_over(&t, ORACLE_ORG_REP_INPUTS);
	json_object_foreach(t.of, key, life)
	{
		if (oracle_has(life, "accepted") && json_array_size(json_object_get(life, "moves")) > 0) {
			org_fail(f, "proposal %s: a book has not heard of its moves", key);
		}
	}
	json_decref(t.of);
}
