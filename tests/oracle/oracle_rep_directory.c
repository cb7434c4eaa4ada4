/* Who a rep is, as his organisation and everybody in the directory hear of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_internal.h"
#include "oracle_same.h"

enum { CONFLATION_MS = 1000 }; /* [org] conflation_seconds: none of the known rules says otherwise */

void rep_arm(json_t *rep)
{
	static const char *const dues[] = {"recalculation_due_at", "directory_due_at", "cells_due_at", "won_due_at"};
	int64_t least = INT64_MAX;
	for (size_t i = 0; i < 4; i++) {
		int64_t at = oracle_has(rep, dues[i]) ? oracle_number(rep, dues[i]) : INT64_MAX;
		least = at < least ? at : least;
	}
	oracle_set(rep, "next_deadline_at", least == INT64_MAX ? json_null() : json_integer(least));
}

static int64_t open_prospects(const struct rep_partition *p, const char *book)
{
	static const char *const open[] = {"TOP", "MIDDLE", "BOTTOM", "UNKNOWN", "UNCLASSIFIED"};
	const char *id;
	json_t *line;
	int64_t count = 0;
	json_object_foreach(rep_lines_of(p, book), id, line)
	{
		for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
			count += oracle_is(line, "state", "OWNED") && oracle_is(line, "layer", open[i]);
		}
	}
	return count;
}

static json_t *entry_of(struct rep_step *s, const char *book, json_t *rep, const char *org, bool present)
{
	static const char *const same[] = {"rep_id",  "active",     "resigned",   "manager_id",
	                                   "regions", "industries", "size_focus", "capacity_prospects"};
	json_t *body = oracle_new_record(s->fold->o, "RepEntry");
	int64_t sequence = oracle_number(rep, "directory_sequence") + 1;
	oracle_set(rep, "directory_sequence", json_integer(sequence));
	oracle_set(body, "source", json_string("funneld"));
	oracle_set(body, "occurred_at", json_integer(s->now_ms));
	oracle_set(body, "org_id", json_string(org));
	oracle_set(body, "sequence", json_integer(sequence));
	oracle_set(body, "present", json_boolean(present));
	oracle_set(body, "open_prospects", json_integer(open_prospects(s->p, book)));
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(body, same[i], rep, same[i]);
	}
	return body;
}

/* public: the directory hears of it, too, not only the organisation. */
static void tell(struct rep_step *s, const char *book, json_t *body, bool public)
{
	char subject[REP_KEY_BYTES];
	bool unknown = s->record && !s->fold->in->event_clock;
	snprintf(subject, sizeof(subject), "%s|%" PRId64, book, oracle_number(body, "sequence"));
	rep_tell_internal(s, "RepEntry", json_deep_copy(body))->occurred_unknown = unknown;
	if (public) {
		rep_tell(s, "RepEntry", body, s->cause, s->correlation, subject)->occurred_unknown = unknown;
	} else {
		json_decref(body);
	}
	s->fold->stats.entries++;
}

static void tell_present(struct rep_step *s, const char *book, json_t *rep)
{
	json_t *told = json_object();
	json_t *body = entry_of(s, book, rep, oracle_text(rep, "org_id"), true);
	oracle_take(told, "org_id", rep, "org_id");
	oracle_take(told, "open_prospects", body, "open_prospects");
	oracle_set(rep, "directory_told", told);
	oracle_set(rep, "directory_due_at", json_null());
	tell(s, book, body, true);
}

static bool is_resigned(const json_t *rep)
{
	const json_t *notice = json_object_get(rep, "notice");
	bool leaves = oracle_has(notice, "last_day");
	bool again = leaves && oracle_has(rep, "employed_from") &&
	             oracle_number(rep, "employed_from") > oracle_number(notice, "last_day");
	return leaves && !again;
}

static bool is_another(const json_t *before, const json_t *rep)
{
	static const char *const facts[] = {"active",     "resigned",   "manager_id",        "regions",
	                                    "industries", "size_focus", "capacity_prospects"};
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (!before || !json_equal(json_object_get(before, facts[i]), json_object_get(rep, facts[i]))) {
			return true;
		}
	}
	return false;
}

void rep_directory(struct rep_step *s, const char *book, json_t *rep, const json_t *before)
{
	bool gone = json_is_true(json_object_get(rep, "erased"));
	bool at_home = oracle_has(rep, "org_id") && !gone;
	if (!oracle_has(rep, "rep_id")) {
		return;
	}
	oracle_set(rep, "resigned", json_boolean(is_resigned(rep)));
	json_t *told = json_incref(json_object_get(rep, "directory_told"));
	bool known = oracle_has(rep, "directory_told");
	if (known && (!at_home || !json_equal(json_object_get(told, "org_id"), json_object_get(rep, "org_id")))) {
		oracle_set(rep, "directory_told", json_null());
		oracle_set(rep, "directory_due_at", json_null());
		tell(s, book, entry_of(s, book, rep, oracle_text(told, "org_id"), false), !at_home && !gone);
		known = false;
		s->fold->stats.absences++;
	}
	if (at_home && (!known || is_another(before, rep))) {
		tell_present(s, book, rep);
	} else if (at_home && oracle_number(told, "open_prospects") == open_prospects(s->p, book)) {
		oracle_set(rep, "directory_due_at", json_null());
	} else if (at_home && !oracle_has(rep, "directory_due_at")) {
		oracle_set(rep, "directory_due_at", json_integer(s->now_ms + CONFLATION_MS));
	}
	json_decref(told);
	rep_arm(rep);
}

void rep_directory_due(struct rep_step *s, const char *book, json_t *rep)
{
	if (oracle_has(rep, "directory_told")) {
		tell_present(s, book, rep);
	}
	oracle_set(rep, "directory_due_at", json_null());
	rep_arm(rep);
}

/* ---- HR says that he leaves ---- */

static json_t *notice_after(struct rep_step *s, const json_t *known)
{
	json_t *notice = json_object();
	bool withdrawn = strcmp(s->name, "ResignationWithdrawn") == 0;
	bool other = withdrawn && oracle_has(known, "notice_id") &&
	             !json_equal(json_object_get(known, "notice_id"), json_object_get(s->in, "notice_id"));
	oracle_take(notice, "version", s->in, "version");
	oracle_take(notice, "notice_id", known, "notice_id");
	oracle_take(notice, "last_day", known, "last_day");
	if (strcmp(s->name, "RepLeft") == 0) {
		oracle_take(notice, "last_day", s->in, "left_on");
	} else if (!other) {
		oracle_take(notice, "notice_id", s->in, "notice_id");
		oracle_take(notice, "last_day", withdrawn ? NULL : s->in, "last_day");
	}
	return notice;
}

const char *rep_leaves(struct rep_step *s)
{
	char book[REP_KEY_BYTES];
	bool erased = strcmp(s->name, "RepErased") == 0;
	snprintf(book, sizeof(book), "rep:%s", oracle_text(s->in, "rep_id"));
	json_t *rep = json_object_get(s->p->reps, book);
	const json_t *versioned = erased ? rep : rep ? json_object_get(rep, "notice") : NULL;
	int64_t known = oracle_has(versioned, "version") ? oracle_number(versioned, "version") : 0;
	if (oracle_number(s->in, "version") <= known) {
		s->fold->stats.stale++;
		return NULL;
	}
	json_t *before = rep ? json_deep_copy(rep) : NULL;
	rep = rep_of_book(s, book);
	if (erased) {
		oracle_take(rep, "version", s->in, "version");
		oracle_set(rep, "erased", json_true());
		rep_cells_rep(s, book, rep, before);
		rep_attain_rep(s, rep, before);
	} else {
		oracle_set(rep, "notice", notice_after(s, oracle_has(rep, "notice") ? json_object_get(rep, "notice") : NULL));
	}
	rep_directory(s, book, rep, before);
	if (erased) {
		rep_tell_forgotten(s, book + 4);
		s->fold->stats.reps_forgotten++;
	}
	json_decref(before);
	return NULL;
}

/* ---- clock = wall ---- */

/* What a timer told at this place, before the input whose cause this is. */
void rep_wall_directory(struct rep_fold *f, struct rep_partition *p, const char *input_cause)
{
	for (size_t i = 0; !f->in->event_clock && i < f->in->output_counts[ORACLE_REP_DIRECTORY]; i++) {
		const struct fnl_record *r = &f->in->outputs[ORACLE_REP_DIRECTORY][i];
		char book[REP_KEY_BYTES], cause[160], at[32], now[32];
		struct fnl_span by = oracle_header(r, "ce_causationid");
		snprintf(cause, sizeof(cause), "%.*s", (int)by.len, (const char *)by.data);
		snprintf(at, sizeof(at), "%s", oracle_printable(oracle_header(r, "funneld_at")));
		snprintf(now, sizeof(now), "%s", oracle_printable(oracle_header(r, "funneld_now")));
		snprintf(book, sizeof(book), "rep:%.*s", (int)(r->key.len < 200 ? r->key.len : 200), (const char *)r->key.data);
		json_t *rep = json_object_get(p->reps, book);
		if (!rep || strtoll(at, NULL, 10) != p->place || !at[0] || strcmp(cause, input_cause) == 0) {
			continue;
		}
		if (!oracle_has(rep, "directory_due_at")) {
			if (!f->failed) {
				snprintf(f->why, f->why_bytes, "directory: an entry of %s at %s though nothing is due", book, at);
			}
			f->failed = true;
			return;
		}
		struct rep_step s = {.fold = f, .p = p, .now_ms = strtoll(now, NULL, 10)};
		snprintf(s.cause, sizeof(s.cause), "%s", cause);
		snprintf(s.correlation, sizeof(s.correlation), "%s", cause);
		rep_directory_due(&s, book, rep);
	}
}
