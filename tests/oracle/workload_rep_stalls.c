/* What belongs to supervision: stalls of lines and how they go on, absences, sheets that are asked for, answers. */
#include "workload_rep_internal.h"

#define MS_PER_DAY INT64_C(86400000)

enum { CONDITIONS = 3 };

/* Of each kind, as far as they differ. */
static const int conditions[FNL_STALL_KIND_COUNT][CONDITIONS] = {
	{FNL_STALL_CONDITION_IN_LAYER, FNL_STALL_CONDITION_IN_LAYER_CUMULATIVE, FNL_STALL_CONDITION_IN_LAYER},
	{FNL_STALL_CONDITION_NO_CONTACT, FNL_STALL_CONDITION_NO_CONTACT, FNL_STALL_CONDITION_NO_CONTACT},
	{FNL_STALL_CONDITION_NO_EDIT, FNL_STALL_CONDITION_CLOSE_DATE_PAST, FNL_STALL_CONDITION_AMOUNT_MISSING},
	{FNL_STALL_CONDITION_PUSHED, FNL_STALL_CONDITION_PUSHED, FNL_STALL_CONDITION_PUSHED}};

static int field(const struct fnl_input *in, const char *name)
{
	return fnl_record_field_index(in->desc, fnl_span_str(name));
}

static struct fnl_value number(int64_t v)
{
	return (struct fnl_value){.set = true, .i64 = v};
}

static struct fnl_value text(const char *s)
{
	return (struct fnl_value){.set = true, .str = fnl_span_str(s)};
}

static struct fnl_value record(struct fnl_value *values, size_t count)
{
	return (struct fnl_value){.set = true, .list = {values, count}};
}

/* One kind goes on: not there, not told, told higher and higher, or over. */
static void go_on(struct workload_rep *w, size_t prospect, int kind)
{
	int8_t *level = &w->levels[prospect][kind];
	if (rep_one_in(w, 3)) {
		*level = (int8_t)(*level < FNL_ALERT_LEVEL_NEXT_LEVEL ? *level + 1 : -1);
	} else if (rep_one_in(w, 8)) {
		*level = (int8_t)((int)rep_below(w, FNL_ALERT_LEVEL_COUNT + 1) - 1);
	} else if (rep_one_in(w, 8)) {
		*level = -1;
	}
	if (*level < 0 || w->since_ms[prospect][kind] == 0 || rep_one_in(w, 10)) {
		w->since_ms[prospect][kind] = w->time_ms - (int64_t)rep_below(w, 90) * MS_PER_DAY;
	}
}

static struct fnl_value stalls_of(struct workload_rep *w, size_t prospect)
{
	struct fnl_value *items = fnl_arena_calloc(&w->arena, FNL_STALL_KIND_COUNT, sizeof(*items));
	size_t count = 0;
	for (int kind = 0; kind < FNL_STALL_KIND_COUNT; kind++) {
		go_on(w, prospect, kind);
		int level = w->levels[prospect][kind];
		if (level < 0) {
			continue;
		}
		struct fnl_value *s = fnl_arena_calloc(&w->arena, FNL_STALL_FIELD_COUNT, sizeof(*s));
		int64_t since_ms = w->since_ms[prospect][kind];
		s[FNL_STALL_KIND] = number(kind);
		s[FNL_STALL_CONDITION] = number(conditions[kind][rep_below(w, CONDITIONS)]);
		s[FNL_STALL_SINCE] = number(since_ms);
		s[FNL_STALL_OVER_AT] = number(since_ms + (int64_t)rep_below(w, 30) * MS_PER_DAY);
		if (level > FNL_ALERT_LEVEL_NONE || rep_one_in(w, 2)) {
			s[FNL_STALL_ALERT_AT] = number(since_ms + 30 * MS_PER_DAY);
		}
		s[FNL_STALL_LEVEL] = number(level);
		items[count++] = record(s, FNL_STALL_FIELD_COUNT);
	}
	return (struct fnl_value){.set = true, .list = {items, count}};
}

static struct fnl_value answer(struct workload_rep *w)
{
	struct fnl_value *v = fnl_arena_calloc(&w->arena, FNL_ANSWER_FIELD_COUNT, sizeof(*v));
	v[FNL_ANSWER_ANSWER_ID] = text(rep_text(w, "answer-%zu", rep_below(w, 9)));
	v[FNL_ANSWER_SHEET_ID] = text("r1#1");
	v[FNL_ANSWER_AT] = number(w->time_ms - (int64_t)rep_below(w, 20) * MS_PER_DAY);
	v[FNL_ANSWER_CAUSE] = number((int64_t)rep_below(w, FNL_CAUSE_COUNT));
	v[FNL_ANSWER_CONFIRMED] = number((int64_t)rep_below(w, 2));
	if (rep_one_in(w, 4)) {
		v[FNL_ANSWER_COMPETITOR_ID] = text("acme");
		v[FNL_ANSWER_NEXT_STEP_ON] = number(w->time_ms / MS_PER_DAY + 3);
	}
	return record(v, FNL_ANSWER_FIELD_COUNT);
}

static struct fnl_value evidence_of(struct workload_rep *w)
{
	static const char *const blockers[] = {"no-consensus",
	                                       "Budget cut",
	                                       "FUNDS",
	                                       "approval",
	                                       "vacation of boss",
	                                       "BUDGET,consensus",
	                                       "\xe9\xa2\x84\xe7\xae\x97",
	                                       ""};
	struct fnl_value *v = fnl_arena_calloc(&w->arena, FNL_EVIDENCE_FIELD_COUNT, sizeof(*v));
	for (int i = FNL_EVIDENCE_LAYER_SINCE; i <= FNL_EVIDENCE_EDITED_AT; i++) {
		if (!rep_one_in(w, 4)) {
			v[i] = number(w->time_ms - (int64_t)rep_below(w, 25) * MS_PER_DAY);
		}
	}
	for (int i = FNL_EVIDENCE_NEXT_MEETING_ON; i <= FNL_EVIDENCE_FIRST_CLOSE_DATE; i++) {
		if (rep_one_in(w, 3)) {
			v[i] = number(19000 + (int64_t)rep_below(w, 1000));
		}
	}
	v[FNL_EVIDENCE_PUSH_COUNT] = number((int64_t)rep_below(w, 6));
	if (rep_one_in(w, 3)) {
		v[FNL_EVIDENCE_COMPETITOR_ID] = text("acme");
	}
	if (rep_one_in(w, 2)) {
		v[FNL_EVIDENCE_BLOCKER] = text(blockers[rep_below(w, 8)]);
	}
	if (rep_one_in(w, 2)) {
		v[FNL_EVIDENCE_ANSWER] = answer(w);
	}
	return record(v, FNL_EVIDENCE_FIELD_COUNT);
}

void rep_add_stalls(struct workload_rep *w, struct fnl_input *in, size_t prospect, int state)
{
	in->v[FNL_BOOK_LINE_STALLS] = (struct fnl_value){.set = true};
	bool shown = state == FNL_LINE_STATE_OWNED || state == FNL_LINE_STATE_WATCHED;
	if (!w->stalling || (!shown && !rep_one_in(w, 4))) {
		return;
	}
	in->v[FNL_BOOK_LINE_STALLS] = stalls_of(w, prospect);
	if (in->v[FNL_BOOK_LINE_STALLS].list.count && !rep_one_in(w, 6)) {
		in->v[FNL_BOOK_LINE_EVIDENCE] = evidence_of(w);
	}
}

/* Away now, soon, or some time ago; for some days, for good, or nobody knows since when. */
void rep_add_absence(struct workload_rep *w, struct fnl_input *in)
{
	int64_t day = w->time_ms / MS_PER_DAY, from = day + (int64_t)rep_below(w, 9) - 4;
	if (!rep_one_in(w, 4)) {
		fnl_input_str(in, field(in, "deputy_id"), rep_one_in(w, 2) ? "r2" : "dan");
	}
	if (!rep_one_in(w, 6)) {
		fnl_input_i64(in, field(in, "absent_from"), from);
	}
	if (!rep_one_in(w, 6)) {
		fnl_input_i64(in, field(in, "absent_until"), (from > day ? from : day) + (int64_t)rep_below(w, 8) - 1);
	}
}

static struct fnl_input input(struct workload_rep *w, const struct fnl_record_desc *desc)
{
	struct fnl_input in = {.desc = desc};
	fnl_input_str(&in, field(&in, "source"), "crm");
	fnl_input_i64(&in, field(&in, "occurred_at"),
	              w->time_ms + (rep_one_in(w, 8) ? (int64_t)rep_below(w, 30) * MS_PER_DAY : 0));
	return in;
}

struct fnl_input rep_make_inspect(struct workload_rep *w, size_t rep)
{
	struct fnl_input in = input(w, &fnl_desc_inspect_now);
	fnl_input_str(&in, FNL_INSPECT_NOW_COMMAND_ID, rep_text(w, "inspect-%zu", ++w->asked[rep]));
	fnl_input_str(&in, FNL_INSPECT_NOW_ISSUED_BY, "chief");
	fnl_input_i64(&in, FNL_INSPECT_NOW_ISSUED_AT, w->time_ms);
	/* just after the start, for clock = wall; when each page comes with that clock is not known, so seldom of many */
	if (rep_one_in(w, w->mood == REP_MOOD_LONG_BOOK ? 40 : 2)) {
		fnl_input_i64(&in, FNL_INSPECT_NOW_OCCURRED_AT, w->start_ms + (int64_t)rep_below(w, 2000));
	}
	fnl_input_str(&in, FNL_INSPECT_NOW_REP_ID, rep_load_rep(w, rep));
	if (rep_one_in(w, 6)) { /* just when one is due: Monday at eight */
		int64_t weeks = (w->time_ms / MS_PER_DAY + 3) / 7 + 1;
		fnl_input_i64(&in, FNL_INSPECT_NOW_OCCURRED_AT, (weeks * 7 - 3) * MS_PER_DAY + MS_PER_DAY / 3);
	}
	return in;
}

struct fnl_input rep_make_answer(struct workload_rep *w, size_t rep, size_t prospect, size_t sheet, size_t question)
{
	struct fnl_input in = input(w, &fnl_desc_answer_given);
	fnl_input_str(&in, FNL_ANSWER_GIVEN_BOOK, rep_load_book(w, rep));
	fnl_input_str(&in, FNL_ANSWER_GIVEN_PROSPECT_ID, rep_load_prospect(w, prospect));
	fnl_input_str(&in, FNL_ANSWER_GIVEN_ANSWER_ID, rep_text(w, "answer-%zu", rep_below(w, 4)));
	fnl_input_str(&in, FNL_ANSWER_GIVEN_SHEET_ID, rep_text(w, "%s#%zu", rep_load_rep(w, rep), sheet));
	fnl_input_str(&in, FNL_ANSWER_GIVEN_QUESTION_ID, rep_text(w, "%zu", question));
	fnl_input_str(&in, FNL_ANSWER_GIVEN_BY, "chief");
	fnl_input_i64(&in, FNL_ANSWER_GIVEN_CAUSE, (int64_t)rep_below(w, FNL_CAUSE_COUNT));
	fnl_input_i64(&in, FNL_ANSWER_GIVEN_CONFIRMED, (int64_t)rep_below(w, 2));
	if (rep_one_in(w, 3)) {
		fnl_input_str(&in, FNL_ANSWER_GIVEN_NEXT_STEP_CODE, "call");
		fnl_input_i64(&in, FNL_ANSWER_GIVEN_NEXT_STEP_ON, w->time_ms / MS_PER_DAY + 2);
		fnl_input_str(&in, FNL_ANSWER_GIVEN_COMPETITOR_ID, "acme");
	}
	return in;
}

/* Which sheets and questions there are is not known here: one prospect's to the first questions of some sheets. As many
 * as weeks, or as were asked for; the latest one counts. */
void rep_send_answers(struct workload_rep *w, size_t at)
{
	size_t weeks = (size_t)((w->time_ms - w->start_ms + 3 * MS_PER_DAY) / (7 * MS_PER_DAY));
	size_t prospect = rep_below(w, w->prospect_count), owner = w->owners[prospect];
	size_t rep = owner == REP_LOAD_REPS || rep_one_in(w, 10) ? rep_below(w, w->rep_count) : owner;
	size_t sheet = 1 + (rep_one_in(w, 2) ? 0 : rep_below(w, weeks + 2));
	for (size_t i = 0; i < 16; i++) {
		struct fnl_input in = rep_make_answer(w, rep, prospect, sheet + i / 2, 1 + i % 2);
		rep_send_input(w, &in, at);
		if (fnl_gen_one_in(&w->again, 4)) {
			rep_send_again(w);
		}
	}
}
