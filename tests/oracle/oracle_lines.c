/* What books have of a prospect: who holds a line before and after a change, and what each must hear. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_internal.h"

enum { FORMERS_MAX = 3 };
#define FORMER_KEEP_MS (INT64_C(400) * 86400000)

static const char *const image_names[] = {"layer",
                                          "weight_bp",
                                          "rules_version",
                                          "amount",
                                          "won_amount",
                                          "closed_on",
                                          "expected_close_date",
                                          "region",
                                          "industry",
                                          "pipeline_id",
                                          "stage",
                                          "buyer_id",
                                          "probability_bp",
                                          "lost_reason",
                                          "lost_to_id",
                                          "owner_rep_id",
                                          "planned_purchases",
                                          "size_focus",
                                          "owner_since",
                                          "won_by",
                                          NULL};

json_t *oracle_line_image(const json_t *row)
{
	json_t *image = json_object();
	for (size_t i = 0; image_names[i]; i++) {
		oracle_take(image, image_names[i], row, image_names[i]);
	}
	oracle_take(image, "stalls", row, "stalls");
	oracle_take(image, "adverse", row, "adverse");
	oracle_set(image, "contact_ids", json_array());
	if (oracle_has(row, "contact_ids")) {
		oracle_take(image, "contact_ids", row, "contact_ids");
	}
	oracle_set(image, "evidence", oracle_evidence(row));
	bool talked = oracle_is(row, "layer", "MIDDLE") && oracle_has(row, "last_contact_at");
	oracle_set(image, "last_contact_on",
	           talked ? json_integer(oracle_number(row, "last_contact_at") / 86400000) : json_null());
	return image;
}

/* Book to what it is to it: {"rep:a": "OWNED", "rep:b": "WATCHED"} */
json_t *oracle_line_holders(const json_t *row)
{
	json_t *holders = json_object();
	size_t i;
	json_t *former;
	json_array_foreach(json_object_get(row, "former_owners"), i, former)
	{
		json_object_set_new(holders, oracle_text(former, "book"), json_string("WATCHED"));
	}
	if (oracle_has(row, "book")) {
		json_object_set_new(holders, oracle_text(row, "book"), json_string("OWNED"));
	}
	return holders;
}

void oracle_set_deadline(struct oracle_partition *p, json_t *row)
{
	bool has = oracle_has(row, "keep_until");
	int64_t next = has ? oracle_number(row, "keep_until") : INT64_MAX;
	size_t i;
	json_t *former;
	json_array_foreach(json_object_get(row, "former_owners"), i, former)
	{
		int64_t end = oracle_number(former, "until") + FORMER_KEEP_MS;
		next = !has || end < next ? end : next;
		has = true;
	}
	int64_t look = oracle_stalls_deadline(p->rules, row, oracle_feed_state(p, oracle_text(row, "source")));
	next = look != INT64_MAX && (!has || look < next) ? look : next;
	has = has || look != INT64_MAX;
	oracle_set(row, "next_deadline_at", has ? json_integer(next) : json_null());
	p->due_ms = has && next < p->due_ms ? next : p->due_ms;
}

/* When a former owner had to let it go; null for the one who has it. New. */
static json_t *left_at(const json_t *row, const char *book)
{
	size_t i;
	json_t *former;
	json_array_foreach(json_object_get(row, "former_owners"), i, former)
	{
		if (oracle_is(former, "book", book)) {
			return json_deep_copy(json_object_get(former, "until"));
		}
	}
	return json_null();
}

/* What is not told for its own sake: it goes along. */
static void add_edit(json_t *line, const json_t *row)
{
	if (oracle_has(row, "edited_by_at")) {
		json_t *edit = json_object();
		oracle_take(edit, "at", row, "edited_by_at");
		oracle_take(edit, "by", row, "edited_by");
		oracle_set(line, "edit", edit);
	}
}

static const char *const win_names[] = {"layer", "won_amount", "closed_on", "won_by"};
enum { WIN_NAMES = sizeof(win_names) / sizeof(win_names[0]) };

/* The book of who has won it, of a row or an image; "": nobody has. */
static const char *winners_book(const json_t *of, char ret[200])
{
	bool won = oracle_is(of, "layer", "WON") && oracle_has(of, "won_by");
	snprintf(ret, 200, "%s%s", won ? "rep:" : "", won ? oracle_text(of, "won_by") : "");
	return ret;
}

/* image: NULL for a line that is taken away. */
static void tell(struct oracle_step *s, const json_t *row, const char *book, const char *state, const json_t *image,
                 int64_t sequence, int64_t at)
{
	json_t *v = oracle_new_record(s->run->o, "BookLine");
	oracle_take(v, "source", row, "source");
	oracle_take(v, "prospect_id", row, "prospect_id");
	oracle_set(v, "occurred_at", json_integer(at));
	oracle_set(v, "book", json_string(book));
	oracle_set(v, "sequence", json_integer(sequence));
	oracle_set(v, "state", json_string(state));
	if (image) {
		json_object_update(v, (json_t *)image);
		add_edit(v, row);
		oracle_set(v, "left_at", left_at(row, book));
	} else {
		oracle_set(v, "layer", json_string(strcmp(state, "ERASED") == 0 ? "ERASED" : "NONE"));
		oracle_set(v, "weight_bp", json_integer(0));
		oracle_set(v, "rules_version", json_integer(s->p->rules->text.version));
		oracle_set(v, "stalls", json_array());
		oracle_set(v, "contact_ids", json_array());
		oracle_set(v, "adverse", json_array());
	}
	char winner[200];
	for (size_t i = 0; i < WIN_NAMES && strcmp(state, "GONE") == 0; i++) {
		if (strcmp(winners_book(row, winner), book) == 0) { /* his win stays his */
			oracle_take(v, win_names[i], row, win_names[i]);
		}
	}
	oracle_tell_book(s, "BookLine", v);
}

bool oracle_take_book(json_t *row, int64_t at)
{
	char book[200] = "pool:UNASSIGNED";
	const json_t *old = json_object_get(row, "book");
	bool to_rep = oracle_has(row, "owner_rep_id");
	bool from_rep = json_is_string(old) && strncmp(json_string_value(old), "rep:", 4) == 0;
	if (to_rep) {
		snprintf(book, sizeof(book), "rep:%s", oracle_text(row, "owner_rep_id"));
	}
	if (oracle_is(row, "book", book) || (!json_is_string(old) && oracle_is(row, "layer", "NONE"))) {
		return false;
	}
	json_t *formers = json_array();
	if (from_rep) {
		json_t *former = json_object();
		oracle_take(former, "book", row, "book");
		oracle_set(former, "until", json_integer(at));
		json_array_append_new(formers, former);
	}
	size_t i;
	json_t *former;
	json_array_foreach(json_object_get(row, "former_owners"), i, former)
	{
		if (!oracle_is(former, "book", book) && json_array_size(formers) < FORMERS_MAX) {
			json_array_append(formers, former);
		}
	}
	oracle_set(row, "former_owners", formers);
	oracle_set(row, "book", json_string(book));
	oracle_set(row, "owner_since", from_rep && to_rep ? json_integer(at) : json_null());
	return from_rep && to_rep;
}

static bool same_win(const json_t *a, const json_t *b)
{
	bool same = true;
	for (size_t i = 0; i < WIN_NAMES; i++) {
		same = same && json_equal(json_object_get(a, win_names[i]), json_object_get(b, win_names[i]));
	}
	return same;
}

/* before, holders: as they were; both are taken over. */
void oracle_lines_changed(struct oracle_step *s, json_t *row, json_t *before, json_t *holders, int64_t at)
{
	json_t *image = oracle_line_image(row), *now = oracle_line_holders(row);
	int64_t sequence = oracle_number(row, "sequence");
	bool differs = !json_equal(before, image);
	const char *book;
	json_t *state;
	json_object_foreach(now, book, state)
	{
		if (differs || !json_equal(state, json_object_get(holders, book))) {
			tell(s, row, book, json_string_value(state), image, sequence, at);
		}
	}
	json_object_foreach(holders, book, state)
	{
		if (!json_object_get(now, book)) {
			tell(s, row, book, "GONE", NULL, sequence, at);
		}
	}
	char winner[200];
	bool unheard =
		winners_book(before, winner)[0] && !json_object_get(now, winner) && !json_object_get(holders, winner);
	if (unheard && !same_win(before, image)) {
		tell(s, row, winner, "GONE", NULL, sequence, at);
		s->run->stats.winners_told++;
	}
	oracle_set_deadline(s->p, row);
	json_decref(image);
	json_decref(now);
	json_decref(before);
	json_decref(holders);
}

void oracle_lines_end(struct oracle_step *s, const json_t *row, const char *state, int64_t at)
{
	json_t *holders = oracle_line_holders(row);
	const char *book;
	json_t *held;
	json_object_foreach(holders, book, held)
	{
		tell(s, row, book, state, NULL, oracle_number(row, "sequence") + 1, at);
	}
	char winner[200];
	if (winners_book(row, winner)[0] && !json_object_get(holders, winner)) {
		tell(s, row, winner, state, NULL, oracle_number(row, "sequence") + 1, at);
		s->run->stats.winners_told++;
	}
	json_decref(holders);
}

bool oracle_supervise_alone(struct oracle_step *s, json_t *row, int64_t now_ms, int64_t at, const char *cause)
{
	json_t *before = oracle_line_image(row), *holders = oracle_line_holders(row);
	oracle_stalls_update(s, row, now_ms, cause);
	json_t *after = oracle_line_image(row);
	bool differs = !json_equal(before, after);
	json_decref(after);
	if (differs) {
		oracle_set(row, "sequence", json_integer(oracle_number(row, "sequence") + 1));
	}
	oracle_lines_changed(s, row, before, holders, at);
	return differs;
}

/* Those former owners whose 400 days are over: whether there were any. */
static bool end_formers(struct oracle_step *s, json_t *row, int64_t due_ms)
{
	json_t *left = json_array();
	int64_t sequence = oracle_number(row, "sequence") + 1;
	size_t i, ended = 0;
	json_t *former;
	json_array_foreach(json_object_get(row, "former_owners"), i, former)
	{
		if (oracle_number(former, "until") + FORMER_KEEP_MS > due_ms) {
			json_array_append(left, former);
		} else {
			tell(s, row, oracle_text(former, "book"), "GONE", NULL, sequence, due_ms);
			ended++;
		}
	}
	oracle_set(row, "former_owners", left);
	s->run->stats.former_ended += ended;
	return ended > 0;
}

/* The row's date has come: it goes for good, or those of its former owners whose 400 days are over do, or it sits still
 * too long. */
void oracle_row_due(struct oracle_step *s, const char *id, int64_t due_ms)
{
	json_t *row = json_object_get(s->p->prospects, id);
	if (oracle_has(row, "keep_until") && oracle_number(row, "keep_until") <= due_ms) {
		oracle_lines_end(s, row, "GONE", due_ms);
		json_object_del(s->p->prospects, id);
		return;
	}
	oracle_set(row, "rules_version", json_integer(s->p->rules->text.version));
	bool ended = end_formers(s, row, due_ms);
	int64_t sequence = oracle_number(row, "sequence");
	if (ended) {
		oracle_set(row, "sequence", json_integer(sequence + 1));
	}
	json_t *before = oracle_line_image(row), *holders = oracle_line_holders(row);
	oracle_stalls_update(s, row, oracle_step_now(s), "CHANGE");
	json_t *after = oracle_line_image(row);
	if (!json_equal(before, after)) {
		oracle_set(row, "sequence", json_integer(sequence + 1));
		s->run->stats.stall_timers++;
	}
	json_decref(after);
	oracle_lines_changed(s, row, before, holders, due_ms);
}
