/* clock = wall: when reps were back, and when sheets were made, as the outputs tell it, and whether it was allowed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_handover.h"
#include "oracle_same.h"

enum { PAGE_LINES = 100, RETURN_LINES = 32 };

#define LATE_MS INT64_C(10000)

/* An output that says where it was made. */
struct made {
	json_t *body;
	const char *record;
	int64_t now_ms;
	char book[REP_KEY_BYTES];
};

static bool header_number(const struct fnl_record *r, const char *name, int64_t *ret)
{
	char text[32];
	struct fnl_span v = oracle_header(r, name);
	if (v.len == 0 || v.len >= sizeof(text)) {
		return false;
	}
	snprintf(text, sizeof(text), "%.*s", (int)v.len, (const char *)v.data);
	*ret = strtoll(text, NULL, 10);
	return true;
}

/* false: it cannot be read, which is found out elsewhere. The body is the caller's. */
static bool read_made(struct rep_fold *f, const struct fnl_record *r, struct made *ret)
{
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	*ret = (struct made){0};
	if (!header_number(r, "funneld_now", &ret->now_ms)) {
		return false;
	}
	ret->body = oracle_decode_value(f->o, r->value, &schema, &why);
	const char *rep = oracle_text(ret->body, "rep_id");
	if (!rep || strlen(rep) > 300) {
		json_decref(ret->body);
		return false;
	}
	ret->record = schema->name;
	snprintf(ret->book, sizeof(ret->book), "rep:%s", rep);
	return true;
}

static void deny(struct rep_fold *f, const char *book, const char *what)
{
	if (!f->failed) {
		snprintf(f->why, f->why_bytes, "inspection of %s: %s", book, what);
	}
	f->failed = true;
}

/* In a doubtful moment it may be so. */
static void differ(struct rep_fold *f, const char *book, const char *what)
{
	if (!f->failed && !f->differs) {
		snprintf(f->why, f->why_bytes, "inspection of %s: %s", book, what);
	}
	f->differs = true;
}

/* Whether the record at this place may have told it: one that is known already tells nothing. */
static bool is_of_record(const struct rep_partition *p, const struct made *m, const json_t *in)
{
	static const char *const same[] = {"prospect_id", "sequence", "occurred_at"};
	bool of = in && oracle_is(in, "book", m->book);
	const json_t *line = of ? json_object_get(rep_lines_of(p, m->book), oracle_text(m->body, "prospect_id")) : NULL;
	bool there = line && !oracle_is(line, "state", "GONE");
	bool older = there && of && oracle_number(in, "sequence") <= oracle_number(line, "sequence");
	of = of && (!older || oracle_is(in, "state", "ERASED")); /* who is to be forgotten is, however late that comes */
	for (size_t i = 0; i < 3; i++) {
		of = of && json_equal(json_object_get(in, same[i]), json_object_get(m->body, same[i]));
	}
	return of;
}

/* The first one of a pass: what it tells of the other lines follows. */
static void returned(struct rep_fold *f, struct rep_partition *p, const struct made *m)
{
	json_t *row = json_object_get(p->inspections, m->book);
	const json_t *line = json_object_get(rep_lines_of(p, m->book), oracle_text(m->body, "prospect_id"));
	if (!oracle_has(row, "return_at") || !rep_is_held(line)) {
		return; /* told already by this pass; or it is not expected, and one too many */
	}
	int64_t at = oracle_number(m->body, "occurred_at");
	struct rep_step s = {.fold = f, .p = p, .now_ms = m->now_ms};
	s.place_unknown = json_object_size(rep_lines_of(p, m->book)) >= RETURN_LINES;
	f->stats.doubtful += s.place_unknown;
	if (at > m->now_ms) {
		deny(f, m->book, "the rep is back before it is time");
	}
	oracle_set(row, "return_at", json_integer(at));
	rep_inspect_arm(row); /* perhaps with a sheet that was asked for before, and waits for this */
	s.deadline_ms = oracle_number(row, "next_deadline_at");
	rep_timer_cause(&s, "inspection", m->book);
	rep_return(&s, m->book);
}

/* The end of the sheet, wherever it is; its body is the caller's. */
static bool find_sheet(struct rep_fold *f, const char *sheet_id, struct made *ret)
{
	for (size_t i = 0; i < f->in->output_counts[ORACLE_REP_INSPECTIONS]; i++) {
		if (!read_made(f, &f->in->outputs[ORACLE_REP_INSPECTIONS][i], ret)) {
			continue;
		}
		if (strcmp(ret->record, "InspectionSheet") == 0 && oracle_is(ret->body, "sheet_id", sheet_id)) {
			return true;
		}
		json_decref(ret->body);
	}
	return false;
}

/* A line that comes just when its rep is back, and what was held of it is told: before it, or after. */
static bool may_be_either(const struct rep_partition *p, const json_t *row, const struct made *m, const json_t *in)
{
	const json_t *id = json_object_get(m->body, "prospect_id");
	bool both = in && oracle_is(in, "book", m->book) && json_equal(json_object_get(in, "prospect_id"), id);
	const json_t *line = json_object_get(rep_lines_of(p, m->book), json_string_value(id));
	return both && oracle_has(row, "return_at") && rep_is_held(line);
}

static void sheet(struct rep_fold *f, struct rep_partition *p, const struct made *m)
{
	json_t *row = json_object_get(p->inspections, m->book);
	bool is_page = strcmp(m->record, "SheetPage") == 0, is_end = strcmp(m->record, "InspectionSheet") == 0;
	bool is_long = json_object_size(rep_lines_of(p, m->book)) >= PAGE_LINES;
	if ((!is_page && !is_end) || json_equal(json_object_get(row, "sheet_id"), json_object_get(m->body, "sheet_id"))) {
		return;
	}
	bool asked = oracle_has(row, "asked_at") && oracle_number(row, "asked_at") <= m->now_ms;
	if (!asked && oracle_number(row, "next_sheet_at") > m->now_ms) {
		/* a notice and a command may have come at one place */
		(f->stats.doubtful ? differ : deny)(f, m->book, "a sheet that nobody asked for, before it is due");
		return;
	}
	/* its lines count as of its beginning, mostly here; only its manager and how its questions stand may be of later */
	f->stats.doubtful += is_long;
	struct rep_step s = {.fold = f, .p = p, .now_ms = m->now_ms, .place_unknown = is_long};
	struct made end;
	if (is_long && find_sheet(f, oracle_text(m->body, "sheet_id"), &end)) {
		s.now_ms = end.now_ms;
		json_decref(end.body);
	}
	rep_sheet(&s, m->book);
}

/* A listing has ended here: it asks for a sheet. */
static void noticed(struct rep_fold *f, struct rep_partition *p)
{
	for (size_t i = 0; i < f->in->output_counts[ORACLE_REP_HANDOVERS]; i++) {
		const struct fnl_record *r = &f->in->outputs[ORACLE_REP_HANDOVERS][i];
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		int64_t at;
		char book[REP_KEY_BYTES];
		if (!header_number(r, "funneld_at", &at) || at != p->place) {
			continue;
		}
		json_t *body = oracle_decode_value(f->o, r->value, &schema, &why);
		snprintf(book, sizeof(book), "rep:%.*s", (int)(r->key.len < 200 ? r->key.len : 200), (const char *)r->key.data);
		if (body && strcmp(schema->name, "HandoverOpened") == 0 && json_object_get(p->reps, book)) {
			struct rep_step s = {.fold = f, .p = p};
			/* a sheet that waits may have been made just before */
			f->stats.doubtful += oracle_has(json_object_get(p->inspections, book), "asked_at");
			rep_inspect_noticed(&s, book, oracle_number(body, "occurred_at"),
			                    oracle_printable(oracle_header(r, "ce_causationid")),
			                    oracle_printable(oracle_header(r, "ce_correlationid")));
		}
		json_decref(body);
	}
}

void rep_wall_inspect(struct rep_fold *f, struct rep_partition *p, const json_t *in)
{
	noticed(f, p);
	static const size_t topics[] = {ORACLE_REP_ALERTS, ORACLE_REP_INSPECTIONS};
	for (size_t t = 0; t < 2; t++) {
		for (size_t i = 0; i < f->in->output_counts[topics[t]]; i++) {
			const struct fnl_record *r = &f->in->outputs[topics[t]][i];
			struct made m;
			int64_t at;
			if (!header_number(r, "funneld_at", &at) || at != p->place || !read_made(f, r, &m)) {
				continue;
			}
			const json_t *row = json_object_get(p->inspections, m.book);
			if (row) {
				f->stats.doubtful += topics[t] == ORACLE_REP_ALERTS && may_be_either(p, row, &m, in);
				if (topics[t] == ORACLE_REP_INSPECTIONS) {
					sheet(f, p, &m);
				} else if (!is_of_record(p, &m, in)) {
					returned(f, p, &m);
				}
			}
			json_decref(m.body);
		}
	}
}

int64_t rep_wall_asked(struct rep_step *s, const char *book, int64_t number)
{
	char sheet_id[REP_KEY_BYTES];
	struct made m;
	snprintf(sheet_id, sizeof(sheet_id), "%s#%" PRId64, book + 4, number);
	if (!find_sheet(s->fold, sheet_id, &m)) {
		return INT64_MAX;
	}
	/* a command that waited when a notice came keeps its moment */
	int64_t as_of = oracle_is(m.body, "trigger", "RHYTHM") ? INT64_MAX : oracle_number(m.body, "as_of");
	json_decref(m.body);
	return as_of;
}

void rep_wall_inspect_end(struct rep_fold *f, struct rep_partition *p)
{
	const char *book, *id;
	json_t *row, *line;
	json_object_foreach(p->inspections, book, row)
	{
		bool asked = oracle_has(row, "asked_at") && oracle_number(row, "asked_at") <= f->in->end_ms;
		if (asked && oracle_number(row, "asked_at") <= f->in->end_ms - LATE_MS) {
			deny(f, book, "the sheet that was asked for is not there");
		}
		if (!oracle_has(row, "return_at") || oracle_number(row, "return_at") > f->in->end_ms) {
			continue;
		}
		json_object_foreach(rep_lines_of(p, book), id, line)
		{
			if (rep_is_held(line)) {
				differ(f, book, "what was held was not told at the return");
			}
		}
		oracle_set(row, "return_at", rep_return_of(p->rules, json_object_get(p->reps, book), f->in->end_ms));
		rep_inspect_arm(row);
	}
}
