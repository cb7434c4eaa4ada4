#include "story.h"

#include <ctype.h>
#include <stdio.h>

#include "funneld/base/arena.h"
#include "funneld_records.h"
#include "send.h"

enum { ARENA_BYTES = 16 << 20, DAYS_OF_QUIET = 5, TIME_BYTES = 32 };

#define DAY_MS INT64_C(86400000)

struct looking {
	const struct story_stage *stage;
	struct story *s;
	struct fnl_arena arena;
	struct demo_truth_funnel *funnels; /* what must be on the sheets, by rep */
	int64_t best;
};

static void copy(char ret[STORY_ID_BYTES], const struct fnl_value *v)
{
	struct fnl_span s = v->set ? v->str : FNL_SPAN_LIT("");
	snprintf(ret, STORY_ID_BYTES, "%.*s", (int)(s.len < STORY_ID_BYTES ? s.len : STORY_ID_BYTES - 1),
	         (const char *)s.data);
}

/* "P-0012", "R-07" */
static int64_t number_of(const char *id)
{
	int64_t n = 0;
	return strlen(id) > 2 && fnl_parse_decimal(fnl_span_str(id + 2), &n) ? n : 0;
}

/* ---- the sheet against the truth ---- */

static int currency_of(const struct fnl_value *code)
{
	for (int i = 0; i < FNL_SIM_CURRENCY_COUNT; i++) {
		if (code->set && fnl_span_eq(code->str, fnl_span_str(fnl_sim_currencies[i]))) {
			return i;
		}
	}
	return -1;
}

static bool is_right(const struct looking *l, const struct fnl_value *v, const char *rep)
{
	struct demo_truth_funnel is = {{0}, {{0}}};
	struct fnl_list totals = v[FNL_INSPECTION_SHEET_TOTALS].list;
	size_t number = (size_t)number_of(rep);
	for (size_t i = 0; i < totals.count; i++) {
		const struct fnl_value *t = totals.items[i].list.items;
		int64_t layer = t[FNL_BOOK_TOTAL_LAYER].i64 - FNL_LAYER_TOP;
		int currency = currency_of(&t[FNL_BOOK_TOTAL_CURRENCY]);
		if (layer >= 0 && layer < DEMO_TRUTH_LAYERS) {
			is.count[layer] += (uint64_t)t[FNL_BOOK_TOTAL_COUNT].i64;
			is.amount[layer][currency < 0 ? 0 : currency] += currency < 0 ? 0 : t[FNL_BOOK_TOTAL_AMOUNT_MINOR].i64;
		}
	}
	return number >= 1 && number <= l->stage->simulation->settings.reps &&
	       memcmp(&is, &l->funnels[number], sizeof(is)) == 0;
}

/* ---- which one ---- */

/* No news of it from the feeds before the week's end: what happens is what the demo has the rep do. */
static bool is_quiet(const struct story_stage *stage, int64_t number, int64_t until_ms)
{
	const struct fnl_simulation *sim = stage->simulation;
	for (size_t i = stage->next; i < sim->change_count && sim->changes[i].arrives_ms < until_ms; i++) {
		const struct fnl_sim_change *c = &sim->changes[i];
		int64_t of = 0;
		int64_t reached = 1;
		fnl_sim_value(sim, c, FNL_SIM_PROSPECT, &of);
		fnl_sim_value(sim, c, FNL_SIM_REACHED, &reached);
		if (of == number && reached) { /* whoever was called and did not answer is no news */
			return false;
		}
	}
	return true;
}

/* Silent, near the order, for so long that all know who can; NULL: it is not of this sort. */
static const struct fnl_value *silence_of(const struct fnl_value *question)
{
	struct fnl_list stalls = question[FNL_QUESTION_STALLS].list;
	if (question[FNL_QUESTION_LAYER].i64 != FNL_LAYER_BOTTOM || !question[FNL_QUESTION_AMOUNT].set ||
	    question[FNL_QUESTION_STATE].i64 != FNL_QUESTION_STATE_OPEN) {
		return NULL;
	}
	for (size_t i = 0; i < stalls.count; i++) {
		const struct fnl_value *v = stalls.items[i].list.items;
		if (v[FNL_STALL_KIND].i64 == FNL_STALL_KIND_SILENT && v[FNL_STALL_LEVEL].i64 == FNL_ALERT_LEVEL_NEXT_LEVEL) {
			return v;
		}
	}
	return NULL;
}

static void choose(struct looking *l, const struct fnl_value *sheet, const struct fnl_value *question,
                   const struct fnl_value *silence)
{
	struct story *s = l->s;
	struct fnl_list candidates = question[FNL_QUESTION_CANDIDATES].list;
	s->found = true;
	copy(s->prospect_id, &question[FNL_QUESTION_PROSPECT_ID]);
	copy(s->question_id, &question[FNL_QUESTION_QUESTION_ID]);
	copy(s->rep_id, &sheet[FNL_INSPECTION_SHEET_REP_ID]);
	copy(s->sheet_id, &sheet[FNL_INSPECTION_SHEET_SHEET_ID]);
	s->number = number_of(s->prospect_id);
	s->amount = question[FNL_QUESTION_AMOUNT];
	s->since_ms = silence[FNL_STALL_SINCE].i64;
	s->owned = sheet[FNL_INSPECTION_SHEET_OWNED_COUNT].i64;
	s->stalled = sheet[FNL_INSPECTION_SHEET_STALLED_COUNT].i64;
	s->questions = sheet[FNL_INSPECTION_SHEET_QUESTIONS].list.count;
	s->cause_count = candidates.count < STORY_CAUSES_MAX ? candidates.count : STORY_CAUSES_MAX;
	for (size_t i = 0; i < s->cause_count; i++) {
		const struct fnl_value *v = candidates.items[i].list.items;
		s->causes[i] = (int)v[FNL_CANDIDATE_CAUSE].i64;
		copy(s->remedies[i], &v[FNL_CANDIDATE_REMEDY]);
	}
	s->confirmed = s->cause_count ? s->cause_count - 1 : 0;
}

/* The greatest; one that is silent and nothing else counts twice. */
static void consider(struct looking *l, const struct fnl_value *sheet, const struct fnl_value *question)
{
	const struct fnl_value *silence = silence_of(question);
	char id[STORY_ID_BYTES];
	if (!silence) {
		return;
	}
	copy(id, &question[FNL_QUESTION_PROSPECT_ID]);
	int64_t worth = question[FNL_QUESTION_WEIGHTED_MINOR].i64 / 2 + 1;
	worth *= question[FNL_QUESTION_STALLS].list.count == 1 ? 2 : 1;
	if (!stalls_climbed(l->stage->stalls, question[FNL_QUESTION_PROSPECT_ID].str,
	                    sheet[FNL_INSPECTION_SHEET_REP_ID].str, FNL_STALL_KIND_SILENT)) {
		return;
	}
	if (worth > l->best && is_quiet(l->stage, number_of(id), l->s->monday_ms + DAYS_OF_QUIET * DAY_MS)) {
		l->best = worth;
		choose(l, sheet, question, silence);
	}
}

static int on_sheet(void *context, size_t index, const struct fnl_record *r)
{
	struct looking *l = context;
	struct fnl_codec *codec = l->stage->world->codec;
	struct fnl_decoded d;
	char rep[STORY_ID_BYTES];
	(void)index;
	fnl_arena_reset(&l->arena);
	if (codec->ops->decode(codec, r, &l->arena, &d, NULL) || d.desc != &fnl_desc_inspection_sheet ||
	    d.values[FNL_INSPECTION_SHEET_AS_OF].i64 != l->s->monday_ms) {
		return 0;
	}
	struct fnl_list questions = d.values[FNL_INSPECTION_SHEET_QUESTIONS].list;
	copy(rep, &d.values[FNL_INSPECTION_SHEET_REP_ID]);
	l->s->sheets++;
	l->s->sheets_right += is_right(l, d.values, rep);
	for (size_t i = 0; i < questions.count; i++) {
		consider(l, d.values, questions.items[i].list.items);
	}
	return 0;
}

int story_look(const struct story_stage *stage, int64_t monday_ms, struct story *ret, struct fnl_error *why)
{
	struct world *w = stage->world;
	size_t reps = stage->simulation->settings.reps;
	struct looking l = {.stage = stage, .s = ret, .funnels = fnl_calloc(reps + 1, sizeof(*l.funnels))};
	const char *topic = w->topics[FNL_TOPIC_INSPECTIONS];
	*ret = (struct story){.monday_ms = monday_ms};
	if (!l.funnels) {
		return fnl_fail(why, FNL_E_NOMEM, "out of memory");
	}
	demo_truth_funnels(stage->truth, l.funnels, reps);
	fnl_arena_init(&l.arena, ARENA_BYTES);
	int status = w->bus->ops->read(w->bus, &topic, 1, true, true, NULL, on_sheet, &l);
	fnl_arena_deinit(&l.arena);
	fnl_free(l.funnels);
	return status < 0 ? fnl_fail(why, status, "%s", w->bus->ops->explain(w->bus)) : 0;
}

/* ---- what the rep does ---- */

static void time_text(int64_t ms, char ret[TIME_BYTES])
{
	snprintf(ret, TIME_BYTES, "%lld", (long long)ms);
}

int story_answer(const struct story_stage *stage, struct story *s, int64_t at_ms, struct fnl_error *why)
{
	static const char *const names[] = {"event",          "occurred_at", "prospect_id",  "answer_id", "sheet_id",
	                                    "question_id",    "by",          "sheet_rep_id", "cause",     "confirmed",
	                                    "next_step_code", "next_step_on"};
	char at[TIME_BYTES], id[2 * STORY_ID_BYTES], next[FNL_TEXT_BYTES];
	s->answer_ms = at_ms;
	time_text(at_ms, at);
	snprintf(id, sizeof(id), "answer-%s", s->prospect_id);
	fnl_text_date(s->talk_ms / DAY_MS, next);
	const char *texts[] = {"inspection_answered",
	                       at,
	                       s->prospect_id,
	                       id,
	                       s->sheet_id,
	                       s->question_id,
	                       s->rep_id,
	                       s->rep_id,
	                       fnl_symbols_cause[s->causes[s->confirmed]],
	                       "true",
	                       s->remedies[s->confirmed],
	                       next};
	return send_row(stage->world, names, texts, sizeof(texts) / sizeof(texts[0]), why);
}

int story_talk(const struct story_stage *stage, struct story *s, int64_t at_ms, struct fnl_error *why)
{
	static const char *const names[] = {"event",  "occurred_at", "source",  "prospect_id",
	                                    "rep_id", "contact_id",  "channel", "reached"};
	char at[TIME_BYTES];
	time_text(at_ms, at);
	const char *texts[] = {"contact",      at,        demo_truth_source(stage->truth, s->number),
	                       s->prospect_id, s->rep_id, "C-visit",
	                       "visit",        "true"};
	return send_row(stage->world, names, texts, sizeof(texts) / sizeof(texts[0]), why);
}

/* ---- what has become of it ---- */

static struct story_step *step(struct story *s, enum story_what what, int64_t at_ms)
{
	size_t at = s->step_count;
	if (at == STORY_STEPS_MAX) {
		return NULL;
	}
	for (s->step_count++; at > 0 && s->steps[at - 1].at_ms > at_ms; at--) {
		s->steps[at] = s->steps[at - 1];
	}
	s->steps[at] = (struct story_step){.what = what, .at_ms = at_ms};
	return &s->steps[at];
}

static void take_told(struct story *s, const struct fnl_value *v, enum story_what what)
{
	bool is =
		v[FNL_PROSPECT_STALLED_KIND].i64 == FNL_STALL_KIND_SILENT && v[FNL_PROSPECT_STALLED_SINCE].i64 == s->since_ms;
	struct story_step *one = is ? step(s, what, v[FNL_PROSPECT_STALLED_OCCURRED_AT].i64) : NULL;
	if (one) {
		one->level = (int)v[FNL_PROSPECT_STALLED_LEVEL].i64;
		copy(one->who, &v[FNL_PROSPECT_STALLED_RECIPIENT_ID]);
	}
}

static void take_cleared(struct story *s, const struct fnl_value *v)
{
	bool is = v[FNL_STALL_CLEARED_KIND].i64 == FNL_STALL_KIND_SILENT && v[FNL_STALL_CLEARED_SINCE].i64 == s->since_ms;
	struct story_step *one = is ? step(s, STORY_CLEARED, v[FNL_STALL_CLEARED_OCCURRED_AT].i64) : NULL;
	if (one) {
		one->state = (int)v[FNL_STALL_CLEARED_REASON].i64;
	}
}

static bool is_text(const struct fnl_value *v, const char *text)
{
	return v->set && fnl_span_eq(v->str, fnl_span_str(text));
}

static void take_answer(struct story *s, const struct fnl_value *v)
{
	bool is = is_text(&v[FNL_INSPECTION_ANSWER_RECORDED_SHEET_ID], s->sheet_id) &&
	          is_text(&v[FNL_INSPECTION_ANSWER_RECORDED_QUESTION_ID], s->question_id) &&
	          is_text(&v[FNL_INSPECTION_ANSWER_RECORDED_PROSPECT_ID], s->prospect_id);
	struct story_step *one = is ? step(s, STORY_ANSWERED, v[FNL_INSPECTION_ANSWER_RECORDED_OCCURRED_AT].i64) : NULL;
	if (one) {
		copy(one->who, &v[FNL_INSPECTION_ANSWER_RECORDED_BY]);
		one->in_time = v[FNL_INSPECTION_ANSWER_RECORDED_IN_TIME].i64 != 0;
		one->state = (int)v[FNL_INSPECTION_ANSWER_RECORDED_STATE].i64;
	}
}

static void take_sheet(struct story *s, const struct fnl_value *v)
{
	if (is_text(&v[FNL_INSPECTION_SHEET_SHEET_ID], s->sheet_id)) {
		step(s, STORY_ASKED, v[FNL_INSPECTION_SHEET_AS_OF].i64);
	}
}

static int on_event(void *context, size_t index, const struct fnl_record *r)
{
	struct looking *l = context;
	struct story *s = l->s;
	struct fnl_codec *codec = l->stage->world->codec;
	struct fnl_decoded d;
	if (!fnl_span_eq(r->key, fnl_span_str(index ? s->rep_id : s->prospect_id))) {
		return 0;
	}
	fnl_arena_reset(&l->arena);
	if (codec->ops->decode(codec, r, &l->arena, &d, NULL)) {
		return 0; /* the check at the end counts it */
	}
	if (d.desc == &fnl_desc_prospect_stalled || d.desc == &fnl_desc_stall_escalated) {
		take_told(s, d.values, d.desc == &fnl_desc_prospect_stalled ? STORY_TOLD : STORY_ESCALATED);
	} else if (d.desc == &fnl_desc_stall_cleared) {
		take_cleared(s, d.values);
	} else if (d.desc == &fnl_desc_inspection_sheet) {
		take_sheet(s, d.values);
	} else if (d.desc == &fnl_desc_inspection_answer_recorded) {
		take_answer(s, d.values);
	}
	return 0;
}

int story_collect(const struct story_stage *stage, struct story *s, struct fnl_error *why)
{
	struct world *w = stage->world;
	const char *topics[] = {w->topics[FNL_TOPIC_ALERTS], w->topics[FNL_TOPIC_INSPECTIONS]};
	struct looking l = {.stage = stage, .s = s};
	fnl_arena_init(&l.arena, ARENA_BYTES);
	int status = w->bus->ops->read(w->bus, topics, 2, true, true, NULL, on_event, &l);
	fnl_arena_deinit(&l.arena);
	return status < 0 ? fnl_fail(why, status, "%s", w->bus->ops->explain(w->bus)) : 0;
}

bool story_has(const struct story *s, enum story_what what)
{
	for (size_t i = 0; i < s->step_count; i++) {
		if (s->steps[i].what == what) {
			return true;
		}
	}
	return false;
}
