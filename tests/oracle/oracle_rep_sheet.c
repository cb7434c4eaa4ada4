/* Inspections: the row of a book, images of its lines, what a sheet shows and asks. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_handover.h"

enum { PAGE_LINES = 100 };

static const char *const layers[] = {"NONE", "TOP",  "MIDDLE",  "BOTTOM", "UNCLASSIFIED", "UNKNOWN",
                                     "WON",  "LOST", "DELETED", "MERGED", "ERASED"};
enum { LAYERS = sizeof(layers) / sizeof(layers[0]) };

static const char prefix[] = "sheet|";

/* ---- images ---- */

bool rep_is_of_sheet(const json_t *image)
{
	return strncmp(oracle_text(image, "run_id"), prefix, sizeof(prefix) - 1) == 0;
}

/* 0: it is of a quota run. */
static int64_t sheet_of(const json_t *image)
{
	return rep_is_of_sheet(image) ? strtoll(oracle_text(image, "run_id") + sizeof(prefix) - 1, NULL, 10) : 0;
}

/* Borrowed; NULL: the line has none for this sheet. */
static const json_t *image_for(const json_t *images, int64_t number)
{
	size_t i;
	json_t *image;
	json_array_foreach(images, i, image)
	{
		if (number > 0 && sheet_of(image) == number) {
			return image;
		}
	}
	return NULL;
}

static bool is_owned(const json_t *value)
{
	return oracle_is(value, "state", "OWNED");
}

static int64_t sooner(const json_t *row, const char *const *fields, size_t count)
{
	int64_t first = INT64_MAX;
	for (size_t i = 0; i < count; i++) {
		int64_t at = oracle_has(row, fields[i]) ? oracle_number(row, fields[i]) : INT64_MAX;
		first = at < first ? at : first;
	}
	return first;
}

static void add_image(json_t *images, const json_t *old, const json_t *line, int64_t number)
{
	char run_id[40];
	const json_t *known = image_for(old, number);
	snprintf(run_id, sizeof(run_id), "%s%" PRId64, prefix, number);
	json_array_append_new(images, known ? json_deep_copy(known) : rep_new_image(run_id, line));
}

void rep_sheet_images(struct rep_step *s, const char *book, const json_t *line, json_t *images)
{
	static const char *const next[] = {"next_sheet_at", "asked_at"};
	const json_t *row = json_object_get(s->p->inspections, book), *old = json_object_get(line, "images");
	int64_t number = oracle_number(row, "sheet_number");
	bool concerns = row && (is_owned(line) || is_owned(s->in));
	bool after_next = concerns && oracle_number(s->in, "occurred_at") > sooner(row, next, 2);
	if (number > 0 && (concerns || image_for(old, number))) {
		add_image(images, old, line, number);
	}
	if (after_next || image_for(old, number + 1)) {
		add_image(images, old, line, number + 1);
	}
	rep_forget_persons(s, images);
}

/* ---- the row ---- */

void rep_inspect_arm(json_t *row)
{
	static const char *const times[] = {"next_sheet_at", "asked_at", "return_at"};
	int64_t at = sooner(row, times, 3), due = oracle_number(row, "answers_due_at");
	if (oracle_has(row, "answers_due_at") && !oracle_flag(row, "overdue_told") && due < at) {
		at = due;
	}
	int64_t as_of = oracle_number(row, "as_of");
	oracle_set(row, "next_deadline_at", json_integer(at > as_of ? at : as_of));
}

/* clock = event: the time of the partition, and before there is one that of the input. clock = wall: about now; the
 * rhythm's next moment is the same all the time. */
static int64_t now_of(const struct rep_step *s)
{
	if (!s->fold->in->event_clock) {
		return s->fold->in->end_ms;
	}
	return s->p->has_time ? s->now_ms : oracle_number(s->in, "occurred_at");
}

static json_t *new_row(struct rep_step *s, const char *book, int64_t after_ms)
{
	static const char *const zero[] = {"unanswered_sheets", "sheet_number",  "owned_count",
	                                   "changed_count",     "stalled_count", "page_count"};
	static const char *const no[] = {"making", "returning", "overdue_told"};
	json_t *row = oracle_new_record(s->fold->o, "Inspection");
	oracle_set(row, "book", json_string(book));
	oracle_set(row, "next_sheet_at", json_integer(rep_next_sheet(s->p->rules, after_ms)));
	oracle_set(row, "trigger", json_string("RHYTHM"));
	oracle_set(row, "totals", json_array());
	oracle_set(row, "questions", json_array());
	for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++) {
		oracle_set(row, zero[i], json_integer(0));
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		oracle_set(row, no[i], json_false());
	}
	rep_inspect_arm(row);
	json_object_set_new(s->p->inspections, book, row);
	return row;
}

/* NULL: the pool has none. */
static json_t *row_of(struct rep_step *s, const char *book)
{
	json_t *row = json_object_get(s->p->inspections, book);
	if (row || strncmp(book, "rep:", 4) != 0) {
		return row;
	}
	int64_t now = now_of(s), at = oracle_number(s->in, "occurred_at");
	return new_row(s, book, at > now ? at : now);
}

/* How a question of a line stands when nobody has answered. */
static const char *state_of(const json_t *value)
{
	static const char *const open[] = {"TOP", "MIDDLE", "BOTTOM", "UNCLASSIFIED", "UNKNOWN"};
	if (!is_owned(value)) {
		return "MOVED";
	}
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		if (oracle_is(value, "layer", open[i])) {
			return "OPEN";
		}
	}
	return "CLOSED";
}

void rep_inspect_line(struct rep_step *s, const char *book)
{
	json_t *row = row_of(s, book), *questions = json_object_get(row, "questions");
	for (size_t i = json_array_size(questions); i-- > 0;) {
		json_t *q = json_array_get(questions, i);
		if (!json_equal(json_object_get(q, "prospect_id"), json_object_get(s->in, "prospect_id"))) {
			continue;
		}
		if (oracle_is(s->in, "state", "ERASED")) {
			json_array_remove(questions, i);
		} else if (oracle_is(q, "state", "OPEN") && strcmp(state_of(s->in), "OPEN") != 0) {
			oracle_set(q, "state", json_string(state_of(s->in)));
			s->fold->stats.closed++;
		}
	}
}

static bool holds_any(const struct rep_partition *p, const char *book)
{
	const char *id;
	json_t *line;
	bool any = false;
	json_object_foreach(rep_lines_of(p, book), id, line)
	{
		any = any || rep_is_held(line);
	}
	return any;
}

void rep_inspect_rep(struct rep_step *s, const char *book, const json_t *before, const json_t *rep)
{
	json_t *row = row_of(s, book);
	bool by_event = s->fold->in->event_clock;
	int64_t now = now_of(s);
	bool absent = rep_is_absent(s->p->rules, rep, now);
	if (oracle_has(row, "return_at") && oracle_number(row, "return_at") <= now) {
		s->fold->stats.doubtful += !by_event && absent; /* away again before he was told, or after it */
		return;                                         /* he is being told */
	}
	/* clock = wall: a pass that finds nothing leaves no trace */
	bool ends = rep_is_absent(s->p->rules, before, now) && !absent && (by_event || holds_any(s->p, book));
	oracle_set(row, "return_at", ends ? json_integer(now) : rep_return_of(s->p->rules, rep, now));
	rep_inspect_arm(row);
}

const char *rep_inspect_now(struct rep_step *s)
{
	char book[REP_KEY_BYTES];
	snprintf(book, sizeof(book), "rep:%s", oracle_text(s->in, "rep_id"));
	json_t *row = json_object_get(s->p->inspections, book);
	int64_t at = oracle_number(s->in, "occurred_at"), now = now_of(s);
	row = row || !json_object_get(s->p->reps, book) ? row : new_row(s, book, at > now ? at : now); /* it has a quota */
	if (!row || oracle_has(row, "asked_at") || oracle_is(row, "cause_id", s->cause)) {
		s->fold->stats.stale++;
		return NULL;
	}
	if (!s->fold->in->event_clock) {
		int64_t found = rep_wall_asked(s, book, oracle_number(row, "sheet_number") + 1);
		now = found != INT64_MAX ? found : at > now ? at : now;
	}
	oracle_set(row, "asked_at", json_integer(at > now ? at : now));
	oracle_set(row, "cause_id", json_string(s->cause));
	oracle_set(row, "correlation_id", json_string(s->correlation));
	rep_inspect_arm(row);
	return NULL;
}

void rep_inspect_noticed(struct rep_step *s, const char *book, int64_t now, const char *cause, const char *correlation)
{
	json_t *known = json_object_get(s->p->inspections, book), *row = known ? known : new_row(s, book, now);
	if (oracle_is(row, "cause_id", cause)) {
		return;
	}
	oracle_set(row, "asked_for", json_string("NOTICE"));
	if (!oracle_has(row, "asked_at")) {
		oracle_set(row, "asked_at", json_integer(now));
		oracle_set(row, "cause_id", json_string(cause));
		oracle_set(row, "correlation_id", json_string(correlation));
	}
	rep_inspect_arm(row);
}

/* ---- answers ---- */

static json_t *of_rep(struct rep_step *s, const char *record, const char *book, int64_t at_ms)
{
	const json_t *rep = json_object_get(s->p->reps, book);
	json_t *body = oracle_new_record(s->fold->o, record);
	oracle_set(body, "occurred_at", json_integer(at_ms));
	oracle_set(body, "rep_id", json_string(book + 4));
	oracle_take(body, "org_id", rep, "org_id");
	oracle_take(body, "manager_id", rep, "manager_id");
	return body;
}

const char *rep_answer_given(struct rep_step *s)
{
	static const char *const same[] = {"sheet_id", "question_id", "prospect_id",    "answer_id",   "by",
	                                   "cause",    "confirmed",   "next_step_code", "next_step_on"};
	const char *book = oracle_text(s->in, "book");
	json_t *row = json_object_get(s->p->inspections, book), *question = NULL, *q;
	size_t i;
	bool latest = row && json_equal(json_object_get(row, "sheet_id"), json_object_get(s->in, "sheet_id"));
	json_array_foreach(latest ? json_object_get(row, "questions") : NULL, i, q)
	{
		bool asked = json_equal(json_object_get(q, "question_id"), json_object_get(s->in, "question_id")) &&
		             json_equal(json_object_get(q, "prospect_id"), json_object_get(s->in, "prospect_id"));
		question = asked ? q : question;
	}
	if (oracle_is(question, "state", "ANSWERED") &&
	    json_equal(json_object_get(question, "answer_id"), json_object_get(s->in, "answer_id"))) {
		s->fold->stats.stale++;
		return NULL;
	}
	bool open = oracle_is(question, "state", "OPEN");
	if (open || oracle_is(question, "state", "ANSWERED")) {
		oracle_set(question, "state", json_string("ANSWERED"));
		oracle_take(question, "answer_id", s->in, "answer_id");
	}
	json_t *body = of_rep(s, "InspectionAnswerRecorded", book, oracle_number(s->in, "occurred_at"));
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(body, same[i], s->in, same[i]);
	}
	oracle_set(body, "state", json_string(question ? oracle_text(question, "state") : "UNKNOWN"));
	oracle_set(body, "in_time",
	           json_boolean(question && oracle_number(s->in, "occurred_at") <= oracle_number(row, "answers_due_at")));
	char subject[3 * REP_KEY_BYTES];
	snprintf(subject, sizeof(subject), "%s|%s|%s", oracle_text(s->in, "sheet_id"), oracle_text(s->in, "question_id"),
	         oracle_text(s->in, "answer_id"));
	rep_tell(s, "InspectionAnswerRecorded", body, s->cause, s->correlation, subject);
	s->fold->stats.answers++;
	s->fold->stats.answered += open;
	return NULL;
}

static void answers_due(struct rep_step *s, const char *book, json_t *row)
{
	size_t i;
	json_t *q, *questions = json_object_get(row, "questions");
	int64_t open = 0, unanswered = oracle_number(row, "unanswered_sheets") + 1;
	json_array_foreach(questions, i, q)
	{
		open += oracle_is(q, "state", "OPEN");
	}
	oracle_set(row, "overdue_told", json_true());
	oracle_set(row, "unanswered_sheets", json_integer(open ? unanswered : 0));
	if (open == 0) {
		return;
	}
	char subject[REP_KEY_BYTES];
	json_t *body = of_rep(s, "InspectionOverdue", book, oracle_number(row, "answers_due_at"));
	oracle_take(body, "sheet_id", row, "sheet_id");
	oracle_take(body, "answers_due_at", row, "answers_due_at");
	oracle_set(body, "open_count", json_integer(open));
	oracle_set(body, "question_count", json_integer((json_int_t)json_array_size(questions)));
	oracle_set(body, "unanswered_sheets", json_integer(unanswered));
	oracle_set(body, "level", json_string(unanswered >= s->p->rules->sheets_unanswered ? "NEXT_LEVEL" : "MANAGER"));
	oracle_take(body, "recipient_id", body, "manager_id");
	snprintf(subject, sizeof(subject), "%s|overdue", oracle_text(row, "sheet_id"));
	rep_tell(s, "InspectionOverdue", body, s->cause, s->correlation, subject);
	s->fold->stats.overdue++;
}

/* ---- a sheet ---- */

/* What is known of a line on the sheet and on the one before. */
struct sides {
	const json_t *before; /* NULL: it was not owned */
	const json_t *now;
	const char *change;
};

static bool same_kinds(const json_t *a, const json_t *b)
{
	size_t i, n = json_array_size(a);
	json_t *stall;
	bool same = n == json_array_size(b);
	json_array_foreach(a, i, stall)
	{
		same = same && json_equal(json_object_get(stall, "kind"), json_object_get(json_array_get(b, i), "kind"));
	}
	return same;
}

static bool same_values(const json_t *a, const json_t *b)
{
	static const char *const unseen[] = {"stalls",  "evidence", "rules_version",   "contact_ids", "edit",
	                                     "adverse", "left_at",  "last_contact_on", "owner_since", "won_by"};
	bool same = same_kinds(json_object_get(a, "stalls"), json_object_get(b, "stalls"));
	for (size_t i = 0; i < REP_VALUES; i++) {
		const char *name = rep_values[i];
		bool looked_at = true;
		for (size_t k = 0; k < sizeof(unseen) / sizeof(unseen[0]); k++) {
			looked_at = looked_at && strcmp(name, unseen[k]) != 0;
		}
		same = same && (!looked_at || json_equal(json_object_get(a, name), json_object_get(b, name)));
	}
	return same;
}

static struct sides sides_of(const json_t *line, int64_t number)
{
	const json_t *images = json_object_get(line, "images");
	const json_t *as_of = image_for(images, number), *was = image_for(images, number - 1);
	const json_t *now = as_of ? as_of : line, *before = was ? was : number > 1 ? now : NULL;
	struct sides s = {is_owned(before) ? before : NULL, is_owned(now) ? now : NULL, "UNCHANGED"};
	if (s.now && !s.before) {
		s.change = "NEW";
	} else if (s.before && !s.now) {
		s.change = "LEFT";
	} else if (s.now && was && !same_values(s.before, s.now)) {
		s.change = "CHANGED";
	}
	return s;
}

static json_t *side(const json_t *value)
{
	static const char *const same[] = {"layer", "weight_bp", "amount", "expected_close_date"};
	if (!value) {
		return json_null();
	}
	json_t *to = json_object();
	for (size_t i = 0; i < 4; i++) {
		oracle_take(to, same[i], value, same[i]);
	}
	return to;
}

static bool stalls(const json_t *value)
{
	return value && json_array_size(json_object_get(value, "stalls")) > 0;
}

static json_t *sheet_line(const char *prospect, const struct sides *is)
{
	json_t *line = json_object();
	oracle_set(line, "prospect_id", json_string(prospect));
	oracle_set(line, "change", json_string(is->change));
	oracle_set(line, "before", side(is->before));
	oracle_set(line, "now", side(is->now));
	oracle_set(line, "stalls", stalls(is->now) ? json_deep_copy(json_object_get(is->now, "stalls")) : json_array());
	oracle_set(line, "candidates", stalls(is->now) ? rep_candidates(is->now) : json_array());
	return line;
}

/* The largest ones are kept, in order; of equals the smaller id comes first, and so stands already. */
static void ask(struct rep_step *s, json_t *row, const char *prospect, const json_t *now, const json_t *live)
{
	json_t *q = json_object(), *questions = json_object_get(row, "questions");
	const json_t *amount = json_object_get(now, "amount");
	oracle_set(q, "prospect_id", json_string(prospect));
	oracle_set(q, "state", json_string(state_of(live)));
	oracle_take(q, "layer", now, "layer");
	oracle_take(q, "amount", now, "amount");
	rep_set_split(q, "weighted", (__int128)oracle_number(amount, "amount_minor") * oracle_number(now, "weight_bp"));
	json_object_del(q, "weighted_e4");
	oracle_take(q, "stalls", now, "stalls");
	oracle_set(q, "candidates", rep_candidates(now));
	oracle_set(q, "answer_id", json_null());
	size_t at = 0;
	while (at < json_array_size(questions) &&
	       oracle_number(json_array_get(questions, at), "weighted_minor") >= oracle_number(q, "weighted_minor")) {
		at++;
	}
	json_array_insert_new(questions, at, q);
	if (json_array_size(questions) > s->p->rules->questions_max) {
		json_array_remove(questions, s->p->rules->questions_max);
	}
}

static size_t layer_at(const json_t *line)
{
	size_t i = 0;
	while (i < LAYERS - 1 && !oracle_is(line, "layer", layers[i])) {
		i++;
	}
	return i;
}

static void count(json_t *row, const char *field, bool one)
{
	oracle_set(row, field, json_integer(oracle_number(row, field) + one));
}

static void tell_sheet(struct rep_step *s, const char *record, json_t *body, const json_t *row, const char *subject)
{
	bool asked = !oracle_is(row, "trigger", "RHYTHM");
	const char *cause = asked ? oracle_text(row, "cause_id") : s->cause;
	const char *correlation = asked ? oracle_text(row, "correlation_id") : s->correlation;
	rep_tell(s, record, body, cause, correlation, subject);
}

static void tell_pages(struct rep_step *s, const char *book, json_t *row, json_t *listed)
{
	size_t most = s->p->rules->page_lines_max < PAGE_LINES ? s->p->rules->page_lines_max : PAGE_LINES;
	size_t i;
	json_t *line, *lines = NULL;
	json_array_foreach(listed, i, line)
	{
		lines = lines ? lines : json_array();
		json_array_append(lines, line);
		if (json_array_size(lines) < most && i + 1 < json_array_size(listed)) {
			continue;
		}
		char subject[REP_KEY_BYTES];
		json_t *body = of_rep(s, "SheetPage", book, oracle_number(row, "as_of"));
		count(row, "page_count", true);
		oracle_take(body, "sheet_id", row, "sheet_id");
		oracle_take(body, "page", row, "page_count");
		oracle_set(body, "lines", lines);
		snprintf(subject, sizeof(subject), "%s|%" PRId64, oracle_text(row, "sheet_id"),
		         oracle_number(row, "page_count"));
		tell_sheet(s, "SheetPage", body, row, subject);
		s->fold->stats.sheet_pages++;
		lines = NULL;
	}
	json_array_clear(listed);
}

/* Images of sheets before this one have done; a line that is gone goes with its last image. */
static void drop_images(json_t *lines, const char *prospect, int64_t number)
{
	json_t *line = json_object_get(lines, prospect), *images = json_object_get(line, "images");
	for (size_t i = json_array_size(images); i-- > 0;) {
		int64_t of = sheet_of(json_array_get(images, i));
		if (of > 0 && of < number) {
			json_array_remove(images, i);
		}
	}
	if (oracle_is(line, "state", "GONE") && json_array_size(images) == 0 && !oracle_has(line, "credit")) {
		json_object_del(lines, prospect);
	}
}

static void begin(struct rep_step *s, const char *book, json_t *row)
{
	static const char *const counts[] = {"owned_count", "changed_count", "stalled_count", "page_count"};
	int64_t now = s->now_ms;
	bool asked = oracle_has(row, "asked_at") && oracle_number(row, "asked_at") <= now;
	char sheet_id[REP_KEY_BYTES];
	count(row, "sheet_number", true);
	snprintf(sheet_id, sizeof(sheet_id), "%s#%" PRId64, book + 4, oracle_number(row, "sheet_number"));
	oracle_set(row, "sheet_id", json_string(sheet_id));
	bool notice = oracle_is(row, "asked_for", "NOTICE");
	oracle_set(row, "trigger", json_string(asked ? notice ? "NOTICE" : "COMMAND" : "RHYTHM"));
	oracle_take(row, "previous_as_of", row, "as_of");
	oracle_take(row, "as_of", row, asked ? "asked_at" : "next_sheet_at");
	int64_t as_of = oracle_number(row, "as_of");
	if (asked) {
		oracle_set(row, "asked_at", json_null());
		oracle_set(row, "asked_for", json_null());
	}
	if (oracle_number(row, "next_sheet_at") <= now) {
		oracle_set(row, "next_sheet_at", json_integer(rep_next_sheet(s->p->rules, now > as_of ? now : as_of)));
	}
	for (size_t i = 0; i < 4; i++) {
		oracle_set(row, counts[i], json_integer(0));
	}
	oracle_set(row, "questions", json_array());
	oracle_set(row, "answers_due_at", json_null());
	oracle_set(row, "overdue_told", json_false());
	s->deadline_ms = as_of; /* the pages are due at once */
	rep_timer_cause(s, "inspection", book);
}

static void end(struct rep_step *s, const char *book, json_t *row)
{
	static const char *const same[] = {"sheet_id",       "sheet_number",  "trigger",        "as_of",
	                                   "previous_as_of", "totals",        "owned_count",    "changed_count",
	                                   "page_count",     "stalled_count", "answers_due_at", "questions"};
	size_t i;
	json_t *q, *questions = json_object_get(row, "questions");
	int64_t as_of = oracle_number(row, "as_of"), now = s->now_ms;
	json_array_foreach(questions, i, q)
	{
		char id[24];
		snprintf(id, sizeof(id), "%zu", i + 1);
		oracle_set(q, "question_id", json_string(id));
	}
	if (json_array_size(questions)) {
		oracle_set(
			row, "answers_due_at",
			json_integer(rep_business_after(s->p->rules, now > as_of ? now : as_of, s->p->rules->answers_due_bd)));
	}
	json_t *body = of_rep(s, "InspectionSheet", book, as_of);
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(body, same[i], row, same[i]);
	}
	tell_sheet(s, "InspectionSheet", body, row, oracle_text(row, "sheet_id"));
	s->fold->stats.sheets++;
	s->fold->stats.questions += json_array_size(questions);
	rep_inspect_arm(row);
}

void rep_sheet(struct rep_step *s, const char *book)
{
	static _Thread_local struct rep_sums sums;
	json_t *row = json_object_get(s->p->inspections, book), *lines = rep_lines_of(s->p, book), *listed = json_array();
	size_t n;
	begin(s, book, row);
	int64_t number = oracle_number(row, "sheet_number");
	const char **ids = rep_sorted(lines, &n);
	sums.count = 0;
	for (size_t i = 0; i < n; i++) {
		const json_t *line = json_object_get(lines, ids[i]);
		struct sides is = sides_of(line, number);
		bool changed = strcmp(is.change, "UNCHANGED") != 0;
		if (is.now) {
			rep_sums_add(&sums, (int64_t)layer_at(is.now), json_object_get(is.now, "amount"),
			             oracle_number(is.now, "weight_bp"));
		}
		if (stalls(is.now)) {
			ask(s, row, ids[i], is.now, line);
		}
		if (changed || stalls(is.now)) {
			json_array_append_new(listed, sheet_line(ids[i], &is));
		}
		count(row, "owned_count", is.now != NULL);
		count(row, "stalled_count", stalls(is.now));
		count(row, "changed_count", changed);
		s->fold->stats.changed_lines += changed && is.before;
		drop_images(lines, ids[i], number);
		if ((i + 1) % PAGE_LINES == 0 || i + 1 == n) {
			tell_pages(s, book, row, listed);
		}
	}
	oracle_set(row, "totals", rep_sums_list(&sums, "layer", layers));
	end(s, book, row);
	json_decref(listed);
	free(ids);
}

void rep_inspect_fire(struct rep_step *s, const char *book)
{
	json_t *row = json_object_get(s->p->inspections, book);
	s->deadline_ms = s->now_ms;
	rep_timer_cause(s, "inspection", book);
	if (oracle_has(row, "return_at") && oracle_number(row, "return_at") <= s->now_ms) {
		rep_return(s, book);
	} else if (oracle_has(row, "answers_due_at") && !oracle_flag(row, "overdue_told") &&
	           oracle_number(row, "answers_due_at") <= s->now_ms) {
		answers_due(s, book, row);
		rep_inspect_arm(row);
	} else {
		rep_sheet(s, book);
	}
}
