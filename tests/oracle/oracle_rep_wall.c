/* clock = wall: what timers did, as the outputs tell it, and whether they were allowed to. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_internal.h"

enum { PAGE_LINES = 100, BEFORE_FREEZE = 64 /* two batches */ };

#define LATE_MS INT64_C(10000) /* how long before the end something may have become due and still wait */

/* An output of this partition at this place. */
struct said {
	const char *book;
	json_t *rep;
	json_t *body;
	int64_t now_ms;
};

/* flag: &f->failed, or &f->differs for what may be otherwise in a doubtful moment. */
static void tell_of(struct rep_fold *f, bool *flag, const struct said *o, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void tell_of(struct rep_fold *f, bool *flag, const struct said *o, const char *fmt, ...)
{
	char text[400];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!f->failed && (!f->differs || flag == &f->failed)) {
		snprintf(f->why, f->why_bytes, "quotas of %s, at %" PRId64 ": %s", o->book, o->now_ms, text);
	}
	*flag = true;
}
#define deny(f, ...) tell_of((f), &(f)->failed, __VA_ARGS__)
#define differ(f, ...) tell_of((f), &(f)->differs, __VA_ARGS__)

static bool number_header(const struct fnl_record *r, const char *name, int64_t *ret)
{
	char text[32];
	for (size_t i = 0; i < r->header_count; i++) {
		const struct fnl_header *h = &r->headers[i];
		if (h->name.len == strlen(name) && memcmp(h->name.data, name, h->name.len) == 0 &&
		    h->value.len < sizeof(text)) {
			snprintf(text, sizeof(text), "%.*s", (int)h->value.len, (const char *)h->value.data);
			*ret = strtoll(text, NULL, 10);
			return true;
		}
	}
	return false;
}

static void recalculated(struct rep_fold *f, struct rep_step *s, const struct said *o)
{
	int64_t told = oracle_number(o->rep, "told_at");
	int64_t each_ms = 1000 * json_integer_value(json_object_get(s->p->conflation, o->book));
	if (!oracle_has(o->rep, "change_cause_id") && !s->p->refiled) {
		deny(f, o, "QuotaRecalculated though no sum has changed");
		return;
	}
	if (!oracle_has(o->rep, "change_cause_id")) { /* a change of rules moved lines at a moment that nobody knows */
		oracle_take(o->rep, "change_cause_id", s->p->rules_row, "cause_id");
		oracle_take(o->rep, "change_correlation_id", s->p->rules_row, "correlation_id");
	}
	if (oracle_has(o->rep, "told_at") && o->now_ms < told + each_ms) {
		deny(f, o, "QuotaRecalculated %" PRId64 " ms after the last one", o->now_ms - told);
	}
	rep_tell_recalculated(s, o->book, o->rep, NULL);
}

/* Key of what this run has done with the book. */
static const char *of_book(char key[3 * REP_KEY_BYTES], const char *what, const json_t *run, const char *book)
{
	snprintf(key, 3 * REP_KEY_BYTES, "%s%s|%s", what, oracle_text(run, "run_id"), book);
	return key;
}

/* From or to another organisation while there was this run: perhaps just when it came by. */
static bool has_moved(const struct rep_partition *p, const json_t *run, const char *book)
{
	char key[3 * REP_KEY_BYTES];
	return json_object_get(p->done, of_book(key, "moved ", run, book));
}

static json_t *run_of(const struct rep_partition *p, const json_t *body)
{
	size_t i;
	json_t *run;
	json_array_foreach(json_object_get(p->jobs, "runs"), i, run)
	{
		if (json_equal(json_object_get(run, "run_id"), json_object_get(body, "run_id"))) {
			return run;
		}
	}
	return NULL;
}

/* A book of more than a page is gone over at several places: rules, manager and lines may change in between. */
static bool is_long(const struct rep_partition *p, const char *book)
{
	return json_object_size(rep_lines_of(p, book)) >= PAGE_LINES;
}

static void tell_set(struct rep_step *s, const struct said *o, json_t *run, const char *state)
{
	struct rep_expected *x = rep_quota_set(s, run, o->rep, o->book, state);
	if (is_long(s->p, o->book)) {
		x->body_unknown = true;
		json_object_set_new(s->p->done, oracle_text(run, "run_id"), json_true());
	}
}

/* Every book of the organisation has its draft, but one that came to it later. */
static void need_draft(struct rep_fold *f, const struct rep_partition *p, const struct said *o, const json_t *run)
{
	char key[3 * REP_KEY_BYTES];
	if (!json_object_get(p->done, of_book(key, "draft ", run, o->book)) && !has_moved(p, run, o->book)) {
		deny(f, o, "run %s has no draft of this book", oracle_text(run, "run_id"));
	}
}

static void draft(struct rep_fold *f, struct rep_step *s, const struct said *o, json_t *run)
{
	char key[3 * REP_KEY_BYTES];
	if (json_object_get(s->p->done, of_book(key, "draft ", run, o->book))) {
		deny(f, o, "a second draft");
	}
	json_object_set_new(s->p->done, key, json_true());
	if (o->now_ms < oracle_number(run, "as_of")) {
		deny(f, o, "a draft before as_of");
	}
	if (oracle_is(run, "state", "OPENED")) {
		oracle_set(run, "state", json_string("DRAFT"));
	}
	tell_set(s, o, run, "DRAFT");
}

/* The run freezes from its first output on. A late change of this book just before it may have come after the pass had
 * begun; and while the rep was of another organisation no image was kept. */
static void begin_freeze(struct rep_fold *f, struct rep_step *s, const struct said *o, json_t *run)
{
	char key[3 * REP_KEY_BYTES];
	const json_t *late = json_object_get(s->p->late, of_book(key, "", run, o->book));
	if (!oracle_is(run, "state", "FREEZING")) {
		oracle_set(run, "state", json_string("FREEZING"));
		json_object_set_new(s->p->late, oracle_text(run, "run_id"), json_integer(s->p->place));
	}
	int64_t from = json_integer_value(json_object_get(s->p->late, oracle_text(run, "run_id")));
	int64_t at = json_integer_value(late);
	f->stats.doubtful += (late && at <= from && at > from - BEFORE_FREEZE) || has_moved(s->p, run, o->book);
}

/* The line or the sum of a book that the run freezes. */
static void frozen(struct rep_fold *f, struct rep_step *s, const struct said *o, json_t *run)
{
	const char *run_id = oracle_text(run, "run_id"), *prospect = oracle_text(o->body, "prospect_id");
	char done[3 * REP_KEY_BYTES];
	if (o->now_ms < oracle_number(run, "settled_at")) {
		deny(f, o, "it freezes before it has settled");
	}
	begin_freeze(f, s, o, run);
	of_book(done, "", run, o->book);
	if (json_object_get(s->p->done, done)) {
		deny(f, o, "it was frozen already");
		return;
	}
	if (prospect) {
		const json_t *line = json_object_get(rep_lines_of(s->p, o->book), prospect);
		line = line ? rep_line_for(line, run_id) : NULL;
		snprintf(done, sizeof(done), "%s|%s|%s", run_id, o->book, prospect);
		json_t *told = line ? rep_quota_line(s, run, o->rep, prospect, line) : NULL;
		if (told && is_long(s->p, o->book)) { /* the manager is that of the book's first page */
			oracle_take(told, "manager_id", o->body, "manager_id");
		}
		if (!told) {
			differ(f, o, "a QuotaLine of %s, which is not of this quota", prospect);
		} else if (json_object_get(s->p->done, done)) {
			deny(f, o, "the QuotaLine of %s is there twice", prospect);
		}
		json_object_set_new(s->p->done, done, json_true());
		return;
	}
	need_draft(f, s->p, o, run);
	f->stats.doubtful += is_long(s->p, o->book) && s->p->rules_row; /* by which rules each page went is not known */
	/* every line that counts has been told before the sum is */
	size_t count;
	const char **ids = rep_sorted(rep_lines_of(s->p, o->book), &count);
	for (size_t i = 0; i < count; i++) {
		char told[5 * REP_KEY_BYTES];
		const json_t *line = rep_line_for(json_object_get(rep_lines_of(s->p, o->book), ids[i]), run_id);
		snprintf(told, sizeof(told), "%s|%s", done, ids[i]);
		if (line && rep_is_listed(s->p->rules, run, line) && !json_object_get(s->p->done, told)) {
			differ(f, o, "the sum is frozen before the QuotaLine of %s", ids[i]);
		}
	}
	free(ids);
	tell_set(s, o, run, "FROZEN");
	rep_drop_images(s->p, run_id, o->book);
	json_object_set_new(s->p->done, done, json_true());
}

static void repeat(struct rep_fold *f, struct rep_partition *p, const struct said *o, const char *name)
{
	struct rep_step s = {.fold = f, .p = p, .now_ms = o->now_ms};
	json_t *run = run_of(p, o->body);
	char opened[REP_KEY_BYTES];
	snprintf(opened, sizeof(opened), "opened %s", run ? oracle_text(run, "run_id") : "");
	/* by which rates and territories its pass goes is not known then */
	f->stats.doubtful += run && p->reference_place > json_integer_value(json_object_get(p->done, opened));
	if (strcmp(name, "QuotaRecalculated") == 0) {
		recalculated(f, &s, o);
	} else if (strcmp(name, "AttainmentChanged") == 0) {
		const char *why = rep_wall_attained(&s, o->book, o->rep, o->body);
		if (why) {
			deny(f, o, "%s", why);
		}
	} else if (!run) {
		deny(f, o, "a %s of no run that is known", name);
	} else if (rep_has_frozen(p, run, o->book)) {
		deny(f, o, "a %s of a quota that was frozen before", name);
	} else if (!rep_run_concerns(run, o->rep) && !has_moved(p, run, o->book)) {
		deny(f, o, "a %s of a run that does not concern the rep", name);
	} else if (strcmp(name, "QuotaLine") == 0 || oracle_is(o->body, "state", "FROZEN")) {
		frozen(f, &s, o, run);
	} else {
		draft(f, &s, o, run);
	}
}

void rep_wall_fire(struct rep_fold *f, struct rep_partition *p, const json_t *in)
{
	rep_wall_inspect(f, p, in);
	for (size_t i = 0; i < f->in->output_counts[ORACLE_REP_QUOTAS]; i++) {
		const struct fnl_record *r = &f->in->outputs[ORACLE_REP_QUOTAS][i];
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		char book[REP_KEY_BYTES];
		int64_t at, now_ms;
		snprintf(book, sizeof(book), "rep:%.*s", (int)(r->key.len < 200 ? r->key.len : 200), (const char *)r->key.data);
		if (!number_header(r, "funneld_at", &at) || at != p->place || !number_header(r, "funneld_now", &now_ms) ||
		    !json_object_get(p->reps, book)) {
			continue;
		}
		json_t *body = oracle_decode_value(f->o, r->value, &schema, &why);
		/* neither handovers nor what proposals ask for is repeated */
		f->stats.doubtful += oracle_is(body, "cause", "HANDOVER_OUT") || oracle_is(body, "cause", "PROPOSAL_OUT");
		if (body && strcmp(schema->name, "QuotaRevised") != 0) { /* that follows from the input */
			struct said o = {book, json_object_get(p->reps, book), body, now_ms};
			repeat(f, p, &o, schema->name);
		}
		json_decref(body);
	}
}

/* The run's state in the row that was found; NULL: there is no such run. */
static const char *state_found(const struct rep_fold *f, const struct rep_partition *p, const json_t *run, json_t **ret)
{
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	for (size_t i = 0; i < f->in->row_count && !*ret; i++) {
		const struct oracle_row *r = &f->in->rows[i];
		if (r->partition == p->id && r->table == ORACLE_REP_PARTITION && r->key.len == 4 &&
		    memcmp(r->key.data, "jobs", 4) == 0) {
			*ret = oracle_decode_value(f->o, r->value, &schema, &why);
		}
	}
	size_t i;
	json_t *found;
	json_array_foreach(json_object_get(*ret, "runs"), i, found)
	{
		if (json_equal(json_object_get(found, "run_id"), json_object_get(run, "run_id"))) {
			return oracle_text(found, "state");
		}
	}
	return NULL;
}

/* How far it must be. What was due just before the end may have been done, or not. */
static bool is_over(const struct rep_fold *f, const struct rep_partition *p, const json_t *run, const char *at,
                    const char *const *states)
{
	json_t *jobs = NULL;
	const char *state = state_found(f, p, run, &jobs);
	bool over = oracle_number(run, at) <= f->in->end_ms - LATE_MS;
	bool known = over || oracle_number(run, at) > f->in->end_ms;
	for (; !known && state && *states; states++) {
		over = over || strcmp(*states, state) == 0;
	}
	json_decref(jobs);
	return over;
}

static void end_run(struct rep_fold *f, struct rep_partition *p, json_t *run)
{
	static const char *const drafted[] = {"DRAFT", "FROZEN", NULL}, *const frozen_only[] = {"FROZEN", NULL};
	const char *book, *run_id = oracle_text(run, "run_id");
	json_t *rep;
	char done[3 * REP_KEY_BYTES];
	bool frozen = is_over(f, p, run, "settled_at", frozen_only), draft = is_over(f, p, run, "as_of", drafted);
	json_object_foreach(p->reps, book, rep)
	{
		struct said o = {book, rep, NULL, f->in->end_ms};
		bool concerns = rep_run_concerns(run, rep) && !has_moved(p, run, book) && !rep_has_frozen(p, run, book);
		if (concerns && draft) {
			need_draft(f, p, &o, run);
		}
		if (concerns && frozen && !json_object_get(p->done, of_book(done, "", run, book))) {
			deny(f, &o, "run %s has not frozen this book", run_id);
		}
	}
	if (!frozen) {
		oracle_set(run, "state", json_string(draft ? "DRAFT" : "OPENED"));
		return;
	}
	rep_drop_images(p, run_id, NULL);
	oracle_set(run, "state", json_string("FROZEN"));
}

void rep_wall_end(struct rep_fold *f, struct rep_partition *p)
{
	size_t i;
	json_t *run;
	const char *book, *id;
	json_t *lines, *line;
	rep_wall_inspect_end(f, p);
	json_array_foreach(json_object_get(p->jobs, "runs"), i, run)
	{
		end_run(f, p, run);
	}
	static const char *const cleared[] = {"recount_version", "recount_at", "recount_cause_id",
	                                      "recount_correlation_id"};
	for (i = 0; p->jobs && i < sizeof(cleared) / sizeof(cleared[0]); i++) {
		oracle_set(p->jobs, cleared[i], json_null());
	}
	if (p->jobs) {
		rep_jobs_arm(p->jobs, INT64_MIN);
	}
	json_object_foreach(p->lines, book, lines)
	{
		json_object_foreach(lines, id, line)
		{
			oracle_set(line, "fiscal_year", rep_fiscal_year(p->rules, json_object_get(line, "expected_close_date")));
			oracle_set(line, "year_start", json_integer(rep_year_start(p->rules)));
			oracle_set(line, "credit", rep_credit_of(book, line, rep_year_start(p->rules)));
		}
	}
}
