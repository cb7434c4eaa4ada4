/* The handovers' world: one line of a story after the other, timers and answers between them. */
#include "handover_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "supervised.h"

enum { ARENA_BYTES = 64 << 20, WORDS_MAX = 24, FIRINGS_MAX = 20000 };
/* ---- one step ---- */

struct fnl_handover_in fnl_hands_in(struct fnl_hands *w, const char *rep, const char *prospect)
{
	struct fnl_handover_in in = {.row = fnl_hands_row(w, FNL_HANDS_HANDOVER, rep, ""),
	                             .rep = fnl_hands_row(w, FNL_HANDS_REP, rep, ""),
	                             .inspection = fnl_hands_row(w, FNL_HANDS_INSPECTION, rep, ""),
	                             .now_ms = w->now_ms,
	                             .rules = &w->rules,
	                             .cause_id = FNL_SPAN_LIT("cause"),
	                             .correlation_id = FNL_SPAN_LIT("correlation"),
	                             .arena = &w->arena};
	if (prospect) {
		in.task = fnl_hands_row(w, FNL_HANDS_TASK, rep, prospect);
		in.line = fnl_hands_row(w, FNL_HANDS_LINE, rep, prospect);
	}
	return in;
}

static int refusal_of(const struct fnl_hands *w, const char *rep)
{
	for (size_t i = 0; i < w->refusal_count; i++) {
		if (strcmp(w->refusals[i].rep, rep) == 0) {
			return w->refusals[i].refusal;
		}
	}
	return FNL_SUCCESSOR_REFUSAL_UNKNOWN_REP;
}

static struct fnl_value candidate(struct fnl_hands *w, const char *rep, int refusal)
{
	struct fnl_value *v = fnl_arena_calloc(&w->arena, FNL_SUCCESSOR_CANDIDATE_FIELD_COUNT, sizeof(*v));
	assert_non_null(v);
	v[FNL_SUCCESSOR_CANDIDATE_REP_ID] =
		(struct fnl_value){.set = true, .str = fnl_arena_dup(&w->arena, fnl_span_str(rep))};
	v[FNL_SUCCESSOR_CANDIDATE_REFUSAL] = (struct fnl_value){.set = true, .i64 = refusal};
	v[FNL_SUCCESSOR_CANDIDATE_OPEN_PROSPECTS] = (struct fnl_value){.set = true, .i64 = 10};
	v[FNL_SUCCESSOR_CANDIDATE_CAPACITY_PROSPECTS] = (struct fnl_value){.set = true, .i64 = 80};
	v[FNL_SUCCESSOR_CANDIDATE_LOAD_AFTER_PERCENT] = (struct fnl_value){.set = true, .i64 = 25};
	return (struct fnl_value){.set = true, .list = {v, FNL_SUCCESSOR_CANDIDATE_FIELD_COUNT}};
}

static void queue(struct fnl_hands *w, const char *rep, const struct fnl_record_desc *desc,
                  const struct fnl_value *values)
{
	struct fnl_writer to = fnl_writer_of(&w->arena);
	assert_true(w->answer_count < FNL_HANDS_ANSWERS_MAX);
	assert_int_equal(fnl_record_encode(desc, values, &to), 0);
	struct fnl_span bytes = fnl_writer_span(&to);
	struct fnl_hands_answer *a = &w->answers[w->answer_count++];
	*a = (struct fnl_hands_answer){.desc = desc, .len = bytes.len, .bytes = malloc(bytes.len + 1)};
	assert_non_null(a->bytes);
	memcpy(a->bytes, bytes.data, bytes.len);
	(void)snprintf(a->rep, sizeof(a->rep), "%s", rep);
}

void fnl_hands_candidates(struct fnl_hands *w, const char *rep, const struct fnl_value *asked, int refusal)
{
	struct fnl_value v[FNL_SUCCESSOR_CANDIDATES_FIELD_COUNT] = {0};
	struct fnl_value items[FNL_HANDS_REFUSALS_MAX + 1];
	size_t count = 0;
	for (size_t i = 0; i < w->refusal_count && !asked[FNL_SUCCESSOR_ASKED_SUCCESSOR_ID].set; i++) {
		if (w->refusals[i].refusal == FNL_SUCCESSOR_REFUSAL_NONE && strcmp(w->refusals[i].rep, rep) != 0 && count < 5) {
			items[count++] = candidate(w, w->refusals[i].rep, FNL_SUCCESSOR_REFUSAL_NONE);
		}
	}
	if (asked[FNL_SUCCESSOR_ASKED_SUCCESSOR_ID].set) {
		items[count++] = candidate(w, fnl_hands_text(w, asked[FNL_SUCCESSOR_ASKED_SUCCESSOR_ID].str), refusal);
	}
	v[FNL_SUCCESSOR_CANDIDATES_SOURCE] = asked[FNL_SUCCESSOR_ASKED_SOURCE];
	v[FNL_SUCCESSOR_CANDIDATES_OCCURRED_AT] = (struct fnl_value){.set = true, .i64 = w->now_ms};
	v[FNL_SUCCESSOR_CANDIDATES_REQUEST_ID] = asked[FNL_SUCCESSOR_ASKED_REQUEST_ID];
	v[FNL_SUCCESSOR_CANDIDATES_BOOK] = asked[FNL_SUCCESSOR_ASKED_BOOK];
	v[FNL_SUCCESSOR_CANDIDATES_NOTICE_ID] = asked[FNL_SUCCESSOR_ASKED_NOTICE_ID];
	v[FNL_SUCCESSOR_CANDIDATES_SUCCESSOR_ID] = asked[FNL_SUCCESSOR_ASKED_SUCCESSOR_ID];
	v[FNL_SUCCESSOR_CANDIDATES_PROSPECT_ID] = asked[FNL_SUCCESSOR_ASKED_PROSPECT_ID];
	v[FNL_SUCCESSOR_CANDIDATES_CANDIDATES] = (struct fnl_value){.set = true, .list = {items, count}};
	queue(w, rep, &fnl_desc_successor_candidates, v);
}

/* The organisation hears at once; when it answers is another matter. */
static void ask_organisation(struct fnl_hands *w, const char *rep, const struct fnl_event_out *event)
{
	const struct fnl_value *asked = event->values;
	if (event->desc == &fnl_desc_successor_asked) {
		struct fnl_value id = asked[FNL_SUCCESSOR_ASKED_SUCCESSOR_ID];
		fnl_hands_candidates(w, rep, asked, id.set ? refusal_of(w, fnl_hands_text(w, id.str)) : 0);
	} else if (event->desc == &fnl_desc_base_rate_asked) {
		struct fnl_value v[FNL_ORG_BASE_RATE_FIELD_COUNT] = {0};
		v[FNL_ORG_BASE_RATE_SOURCE] = asked[FNL_BASE_RATE_ASKED_SOURCE];
		v[FNL_ORG_BASE_RATE_OCCURRED_AT] = (struct fnl_value){.set = true, .i64 = w->now_ms};
		v[FNL_ORG_BASE_RATE_REQUEST_ID] = asked[FNL_BASE_RATE_ASKED_REQUEST_ID];
		v[FNL_ORG_BASE_RATE_BOOK] = asked[FNL_BASE_RATE_ASKED_BOOK];
		v[FNL_ORG_BASE_RATE_NOTICE_ID] = asked[FNL_BASE_RATE_ASKED_NOTICE_ID];
		v[FNL_ORG_BASE_RATE_PROSPECT_COUNT] = (struct fnl_value){.set = true, .i64 = w->base_prospects};
		v[FNL_ORG_BASE_RATE_LOST_COUNT] = (struct fnl_value){.set = true, .i64 = w->base_lost};
		queue(w, rep, &fnl_desc_org_base_rate, v);
	}
}

static void tell_all(struct fnl_hands *w, const char *rep, const struct fnl_event_out *events, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fnl_hands_tell(w, rep, &events[i]);
		ask_organisation(w, rep, &events[i]);
	}
}

void fnl_hands_take(struct fnl_hands *w, const char *rep, const char *prospect, int rc,
                    const struct fnl_handover_out *out)
{
	if (rc != 0) {
		fail_msg("%s\n  %s: %s", w->line, fnl_status_text(rc), w->why.text);
	}
	assert_true(!out->stale || (!out->row && out->task_change == FNL_ROW_KEEP && out->event_count == 0));
	if (out->row) {
		fnl_hands_put(w, FNL_HANDS_HANDOVER, rep, "", out->row);
	}
	if (out->inspection) {
		fnl_hands_put(w, FNL_HANDS_INSPECTION, rep, "", out->inspection);
	}
	if (out->task_change == FNL_ROW_PUT) {
		fnl_hands_put(w, FNL_HANDS_TASK, rep, prospect, out->task);
	} else if (out->task_change == FNL_ROW_DELETE) {
		fnl_hands_delete(w, FNL_HANDS_TASK, rep, prospect);
	}
	tell_all(w, rep, out->events, out->event_count);
	fnl_hands_check(w, rep);
}

int fnl_hands_run(struct fnl_hands *w, struct fnl_hands_call *c)
{
	if (c->page) {
		return fnl_handover_step(&c->in, c->page, &c->step, &w->why);
	}
	if (!c->desc) {
		return fnl_handover_task_timer(&c->in, &c->out, &w->why);
	}
	if (c->desc == &fnl_desc_book_line) {
		return fnl_handover_line(&c->in, c->values, &c->out, &w->why);
	}
	if (c->desc == &fnl_desc_successor_candidates || c->desc == &fnl_desc_org_base_rate) {
		return fnl_handover_answer(&c->in, c->desc, c->values, &c->out, &w->why);
	}
	bool of_hr = fnl_record_field_index(c->desc, FNL_SPAN_LIT("rep_id")) >= 0;
	return of_hr ? fnl_handover_hr(&c->in, c->desc, c->values, &c->out, &w->why)
	             : fnl_handover_command(&c->in, c->desc, c->values, &c->out, &w->why);
}

int fnl_hands_call(struct fnl_hands *w, struct fnl_hands_call *call)
{
	return w->around ? w->around(w, call) : fnl_hands_run(w, call);
}

static void deliver_one(struct fnl_hands *w, size_t at)
{
	struct fnl_hands_answer a = w->answers[at];
	struct fnl_value values[FNL_RECORD_FIELDS_MAX];
	fnl_arena_reset(&w->arena);
	w->answer_count--;
	memmove(w->answers + at, w->answers + at + 1, (w->answer_count - at) * sizeof(w->answers[0]));
	assert_int_equal(fnl_record_decode(a.desc, fnl_span_of(a.bytes, a.len), &w->arena, values, &w->why), 0);
	struct fnl_span id = fnl_handover_prospect_of(a.desc, values);
	const char *prospect = fnl_span_is_none(id) ? NULL : fnl_hands_text(w, id);
	struct fnl_hands_call call = {.in = fnl_hands_in(w, a.rep, prospect), .desc = a.desc, .values = values};
	int rc = fnl_hands_call(w, &call);
	fnl_hands_take(w, a.rep, prospect, rc, &call.out);
	free(a.bytes);
}

static void deliver(struct fnl_hands *w)
{
	while (!w->holds && w->answer_count > 0) {
		deliver_one(w, 0);
	}
}

void fnl_hands_overtake(struct fnl_hands *w)
{
	assert_true(w->answer_count > 0);
	deliver_one(w, w->answer_count - 1);
}

/* ---- timers ---- */

void fnl_hands_fire(struct fnl_hands *w, const char *rep)
{
	fnl_arena_reset(&w->arena);
	struct fnl_hands_call call = {.in = fnl_hands_in(w, rep, NULL)};
	struct fnl_handover_need need = fnl_handover_needs(call.in.row);
	const struct fnl_value *rows[FNL_HANDOVER_TASK_ROWS];
	enum fnl_hands_table table = need.of == FNL_HANDOVER_PAGE_LINES ? FNL_HANDS_LINE : FNL_HANDS_TASK;
	struct fnl_handover_page page = {.rows = rows};
	size_t limit = w->page && w->page < need.limit ? w->page : need.limit;
	const char *after = fnl_span_is_none(need.after) ? "" : fnl_hands_text(w, need.after);
	size_t first;
	size_t count = need.of == FNL_HANDOVER_PAGE_NONE ? 0 : fnl_hands_rows(w, table, rep, &first);
	for (size_t i = 0; i < count && page.count < limit; i++) {
		if (strcmp(w->rows[first + i].id, after) > 0) {
			rows[page.count++] = fnl_hands_row(w, table, rep, w->rows[first + i].id);
		}
	}
	page.last = page.count < limit;
	call.page = &page;
	int rc = fnl_hands_call(w, &call);
	if (rc != 0) {
		fail_msg("%s\n  %s: %s", w->line, fnl_status_text(rc), w->why.text);
	}
	const struct fnl_handover_step_out *out = &call.step;
	struct fnl_handover_out all = {.row = out->row, .inspection = out->inspection};
	for (size_t i = 0; i < out->task_count; i++) {
		const char *id = fnl_hands_text(w, out->tasks[i].prospect_id);
		if (out->tasks[i].change == FNL_ROW_PUT) {
			fnl_hands_put(w, FNL_HANDS_TASK, rep, id, out->tasks[i].task);
		} else {
			fnl_hands_delete(w, FNL_HANDS_TASK, rep, id);
		}
	}
	all.events = out->events;
	all.event_count = out->event_count;
	fnl_hands_take(w, rep, NULL, 0, &all);
}

static void fire_task(struct fnl_hands *w, const char *rep, const char *prospect)
{
	fnl_arena_reset(&w->arena);
	struct fnl_hands_call call = {.in = fnl_hands_in(w, rep, prospect)};
	int rc = fnl_hands_call(w, &call);
	fnl_hands_take(w, rep, prospect, rc, &call.out);
}

/* By deadline, then key. */
static const struct fnl_hands_row *next_timer(const struct fnl_hands *w, int64_t until_ms)
{
	const struct fnl_hands_row *next = NULL;
	for (size_t i = 0; i < w->row_count; i++) {
		const struct fnl_hands_row *row = &w->rows[i];
		if (row->due && row->deadline_ms <= until_ms && (!next || row->deadline_ms < next->deadline_ms)) {
			next = row;
		}
	}
	return next;
}

static void run_until(struct fnl_hands *w, int64_t until_ms)
{
	int firings = 0;
	const struct fnl_hands_row *next;
	deliver(w);
	while (!w->frozen && (next = next_timer(w, until_ms)) != NULL) {
		char rep[24];
		char id[24];
		memcpy(rep, next->rep, sizeof(rep));
		memcpy(id, next->id, sizeof(id));
		w->now_ms = next->deadline_ms > w->now_ms ? next->deadline_ms : w->now_ms;
		if (next->table == FNL_HANDS_HANDOVER) {
			fnl_hands_fire(w, rep);
		} else {
			fire_task(w, rep, id);
		}
		deliver(w);
		if (firings++ > FIRINGS_MAX) {
			fail_msg("%s\n  a timer fires for ever", w->line);
		}
	}
	w->now_ms = until_ms > w->now_ms ? until_ms : w->now_ms;
}

void fnl_hands_line(struct fnl_hands *w, const char *line)
{
	char text[512];
	char *words[WORDS_MAX + 1];
	char *at = text + strlen("2024-06-12 12:00");
	size_t count = 0;
	w->line = line;
	(void)snprintf(text, sizeof(text), "%s", line);
	char *rest = NULL;
	for (char *word = strtok_r(at, " ", &rest); word && count < WORDS_MAX; word = strtok_r(NULL, " ", &rest)) {
		words[count++] = word;
	}
	words[count] = NULL;
	assert_true(count > 0);
	bool speaks = strcmp(words[0], "aloud") != 0 && strcmp(words[0], "terse") != 0 && strcmp(words[0], "quiet") != 0;
	if (w->golden && !w->quiet && speaks) {
		fnl_golden_add(w->golden, "%s\n", line);
	}
	run_until(w, fnl_moment(line));
	fnl_arena_reset(&w->arena);
	if (!fnl_hands_verb(w, words)) {
		fail_msg("%s\n  what is %s?", line, words[0]);
	}
	run_until(w, w->now_ms);
	fnl_arena_reset(&w->arena);
	fnl_hands_show(w);
}

void fnl_hands_lines(struct fnl_hands *w, const char *const *lines)
{
	for (; *lines; lines++) {
		fnl_hands_line(w, *lines);
	}
}

void fnl_hands_say(struct fnl_hands *w, const char *fmt, ...)
{
	char line[512];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	fnl_hands_line(w, line);
}

void fnl_hands_rule(struct fnl_hands *w, const char *section, const char *key, int64_t value)
{
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].key, key) == 0) {
			w->rules.values[i] = value;
			return;
		}
	}
	fail_msg("no rule: [%s] %s", section, key);
}

void fnl_hands_start(struct fnl_hands *w, struct fnl_golden *golden)
{
	memset(w, 0, sizeof(*w));
	w->rules = *fnl_rules_default();
	w->golden = golden;
	fnl_arena_init(&w->arena, ARENA_BYTES);
}

void fnl_hands_end(struct fnl_hands *w)
{
	for (size_t i = 0; i < w->row_count; i++) {
		free(w->rows[i].bytes);
	}
	for (size_t i = 0; i < w->answer_count; i++) {
		free(w->answers[i].bytes);
	}
	free(w->rows);
	free(w->told);
	fnl_arena_deinit(&w->arena);
	memset(w, 0, sizeof(*w));
}
