/* Departures: notices, who is named and what a pretended organisation answers, reports right and wrong in each way, how
 * prospects fare meanwhile and afterwards. What the operator has made of it is not known here: ids of tasks and of
 * questions are guessed, and a report says enough for any task, or lacks one thing. */
#include "funneld/core/handover.h"
#include "workload_rep_internal.h"

#define MS_PER_HOUR INT64_C(3600000)
#define MS_PER_DAY (24 * MS_PER_HOUR)

enum { PERSONS = 5, BOSSES = 3, NUMBERS = 3, QUESTIONS = 10 };

static int field(const struct fnl_input *in, const char *name)
{
	return fnl_record_field_index(in->desc, fnl_span_str(name));
}

static void set_text(struct fnl_input *in, const char *name, const char *value)
{
	fnl_input_str(in, field(in, name), value);
}

static void set_number(struct fnl_input *in, const char *name, int64_t value)
{
	fnl_input_i64(in, field(in, name), value);
}

static int64_t today(const struct workload_rep *w)
{
	return w->time_ms / MS_PER_DAY;
}

static struct fnl_input input(struct workload_rep *w, const struct fnl_record_desc *desc)
{
	struct fnl_input in = {.desc = desc};
	set_text(&in, "source", "crm");
	int64_t off = rep_one_in(w, 8) ? (int64_t)rep_below(w, 4) * MS_PER_HOUR - 2 * MS_PER_HOUR : 0;
	set_number(&in, "occurred_at", w->time_ms + off);
	return in;
}

static const char *notice_of(struct workload_rep *w, size_t rep)
{
	return rep_text(w, "n-%zu-%zu", rep, w->notices[rep].count);
}

/* Mostly the latest one of the rep. */
static const char *some_notice(struct workload_rep *w, size_t rep)
{
	size_t count = w->notices[rep].count;
	return rep_one_in(w, 12) ? rep_text(w, "n-%zu-%zu", rep, rep_below(w, count + 2)) : notice_of(w, rep);
}

static struct fnl_input command(struct workload_rep *w, const struct fnl_record_desc *desc, size_t rep)
{
	struct fnl_input in = input(w, desc);
	/* one in some is a command that was sent before, about something else */
	size_t id = rep_one_in(w, 20) && w->commands ? 1 + rep_below(w, w->commands) : ++w->commands;
	set_text(&in, "command_id", rep_text(w, "handover-%zu", id));
	set_text(&in, "issued_by", "chief");
	set_number(&in, "issued_at", w->time_ms);
	set_text(&in, "leaving_rep_id", rep_load_rep(w, rep));
	set_text(&in, "notice_id", some_notice(w, rep));
	return in;
}

/* ---- what HR says ---- */

static void set_version(struct workload_rep *w, struct fnl_input *in, size_t rep)
{
	w->versions[rep] += 1 + (int64_t)rep_below(w, 2);
	int64_t older = 1 + (int64_t)rep_below(w, (size_t)w->versions[rep]);
	set_text(in, "rep_id", rep_load_rep(w, rep));
	set_number(in, "version", rep_one_in(w, 8) ? older : w->versions[rep]);
}

static void give_notice(struct workload_rep *w, size_t rep, size_t at)
{
	struct fnl_input in = input(w, &fnl_desc_rep_resigned);
	struct rep_load_notice *n = &w->notices[rep];
	char digest[FNL_EMPLOYER_DIGEST_BYTES + 1];
	if (n->count == 0 || rep_one_in(w, 2)) {
		n->count++;
		n->given_ms = w->time_ms - (rep_one_in(w, 3) ? (int64_t)rep_below(w, 3) * MS_PER_DAY : 0);
	}
	set_version(w, &in, rep);
	set_text(&in, "notice_id", notice_of(w, rep));
	set_number(&in, "notice_at", n->given_ms);
	n->last_day = today(w) + (rep_one_in(w, 8) ? -3 : 4 + (int64_t)rep_below(w, 40));
	set_number(&in, "last_day", n->last_day);
	if (rep_one_in(w, 4)) {
		set_number(&in, "available_until", n->last_day - (int64_t)rep_below(w, 6));
	}
	if (!rep_one_in(w, 3)) {
		size_t others = w->rep_count > 1 ? w->rep_count - 1 : 1;
		n->successor = rep_one_in(w, 8) ? rep : (rep + 1 + rep_below(w, others)) % w->rep_count;
		set_text(&in, "successor_id", rep_load_rep(w, n->successor));
	}
	if (!rep_one_in(w, 4)) {
		fnl_employer_digest(fnl_span_str(notice_of(w, rep)), FNL_SPAN_LIT("acme"), digest);
		set_text(&in, "new_employer_id", rep_text(w, "%s", digest));
	}
	rep_send_input(w, &in, at);
}

static void say_of_leaver(struct workload_rep *w, size_t rep, size_t at)
{
	static const struct fnl_record_desc *const descs[] = {&fnl_desc_resignation_withdrawn, &fnl_desc_rep_left,
	                                                      &fnl_desc_rep_left, &fnl_desc_rep_erased};
	struct fnl_input in = input(w, descs[rep_below(w, rep_one_in(w, 3) ? 4 : 3)]);
	set_version(w, &in, rep);
	if (in.desc == &fnl_desc_resignation_withdrawn || (in.desc == &fnl_desc_rep_left && rep_one_in(w, 2))) {
		set_text(&in, "notice_id", some_notice(w, rep));
	}
	if (in.desc == &fnl_desc_rep_left) {
		set_number(&in, "left_on", today(w) - (int64_t)rep_below(w, 3) + (int64_t)rep_below(w, 5));
	}
	rep_send_input(w, &in, at);
}

/* ---- who takes over ---- */

static void name_somebody(struct workload_rep *w, size_t rep, size_t at)
{
	struct fnl_input in = command(w, &fnl_desc_successor_named, rep);
	set_text(&in, "successor_id", rep_load_rep(w, rep_below(w, w->rep_count)));
	if (rep_one_in(w, 3)) {
		w->notices[rep].named = rep_below(w, w->prospect_count + 1);
		set_text(&in, "prospect_id", rep_load_prospect(w, w->notices[rep].named));
	}
	rep_send_input(w, &in, at);
}

static struct fnl_value candidate(struct workload_rep *w, size_t rep, int64_t refusal)
{
	struct fnl_value *v = fnl_arena_calloc(&w->arena, FNL_SUCCESSOR_CANDIDATE_FIELD_COUNT, sizeof(*v));
	v[FNL_SUCCESSOR_CANDIDATE_REP_ID] = (struct fnl_value){.set = true, .str = fnl_span_str(rep_load_rep(w, rep))};
	v[FNL_SUCCESSOR_CANDIDATE_REFUSAL] = (struct fnl_value){.set = true, .i64 = refusal};
	v[FNL_SUCCESSOR_CANDIDATE_OPEN_PROSPECTS] = (struct fnl_value){.set = true, .i64 = (int64_t)rep_below(w, 90)};
	v[FNL_SUCCESSOR_CANDIDATE_CAPACITY_PROSPECTS] = (struct fnl_value){.set = true, .i64 = 80};
	v[FNL_SUCCESSOR_CANDIDATE_LOAD_AFTER_PERCENT] = (struct fnl_value){.set = true, .i64 = (int64_t)rep_below(w, 200)};
	return (struct fnl_value){.set = true, .list = {v, FNL_SUCCESSOR_CANDIDATE_FIELD_COUNT}};
}

static struct fnl_input answer(struct workload_rep *w, const struct fnl_record_desc *desc, size_t rep, size_t question)
{
	struct fnl_input in = input(w, desc);
	const char *notice = some_notice(w, rep);
	set_text(&in, "source", "org");
	set_text(&in, "request_id", rep_text(w, "%s|%zu", notice, question));
	set_text(&in, "book", rep_load_book(w, rep));
	set_text(&in, "notice_id", notice);
	return in;
}

/* refusal: FNL_SUCCESSOR_REFUSAL_NONE: as it comes. */
static void answer_question(struct workload_rep *w, size_t rep, size_t question, bool of_one, int64_t refusal,
                            size_t at)
{
	struct fnl_input in = answer(w, &fnl_desc_successor_candidates, rep, question);
	size_t count = rep_one_in(w, 12) ? 0 : rep_one_in(w, 4) ? 3 : 1;
	struct fnl_value *items = fnl_arena_calloc(&w->arena, 4, sizeof(*items));
	bool refuses = rep_one_in(w, 5);
	for (size_t i = 0; i < count; i++) {
		int64_t why = refuses ? 1 + (int64_t)rep_below(w, FNL_SUCCESSOR_REFUSAL_COUNT - 1) : refusal;
		items[i] = candidate(w, rep_below(w, w->rep_count), why);
	}
	if (count == 1) {
		fnl_input_str(&in, FNL_SUCCESSOR_CANDIDATES_SUCCESSOR_ID, rep_load_rep(w, rep_below(w, w->rep_count)));
	}
	if (of_one) {
		fnl_input_str(&in, FNL_SUCCESSOR_CANDIDATES_PROSPECT_ID, rep_load_prospect(w, w->notices[rep].named));
	}
	in.v[FNL_SUCCESSOR_CANDIDATES_CANDIDATES] = (struct fnl_value){.set = true, .list = {items, count}};
	rep_send_input(w, &in, at);
}

static void answer_all(struct workload_rep *w, size_t rep, size_t at)
{
	for (size_t i = 1; i <= 1 + rep_below(w, QUESTIONS); i++) {
		/* which one it was about is not known */
		answer_question(w, rep, i, false, FNL_SUCCESSOR_REFUSAL_NONE, at);
		answer_question(w, rep, i, true, FNL_SUCCESSOR_REFUSAL_NONE, at);
	}
}

/* ---- reports ---- */

static struct fnl_value ids(struct workload_rep *w, const char *fmt, size_t n)
{
	struct fnl_value *items = fnl_arena_calloc(&w->arena, n + 1, sizeof(*items));
	for (size_t i = 0; i < n; i++) {
		items[i] = (struct fnl_value){.set = true, .str = fnl_span_str(rep_text(w, "%s-%zu", fmt, i))};
	}
	return (struct fnl_value){.set = true, .list = {items, n}};
}

/* Everybody who may have to. */
static struct fnl_value speakers(struct workload_rep *w)
{
	size_t n = w->rep_count + BOSSES;
	struct fnl_value *items = fnl_arena_calloc(&w->arena, n, sizeof(*items));
	for (size_t i = 0; i < n; i++) {
		const char *id = i < w->rep_count ? rep_load_rep(w, i) : rep_text(w, "boss-%zu", i - w->rep_count);
		items[i] = (struct fnl_value){.set = true, .str = fnl_span_str(id)};
	}
	return (struct fnl_value){.set = true, .list = {items, n}};
}

/* One thing is not as it has to be. */
static void spoil(struct workload_rep *w, struct fnl_input *in)
{
	struct fnl_value *v = in->v;
	switch (rep_below(w, 9)) {
	case 0:
		v[FNL_HANDOVER_TASK_DONE_CHANNEL].i64 = FNL_CHANNEL_MAIL;
		break;
	case 1:
		v[FNL_HANDOVER_TASK_DONE_SPOKE_REP_IDS].list.count = rep_below(w, 2);
		break;
	case 2:
		v[FNL_HANDOVER_TASK_DONE_NEXT_MEETING_ON] = (struct fnl_value){0};
		break;
	case 3:
		v[FNL_HANDOVER_TASK_DONE_NEXT_MEETING_ON].i64 = today(w) + 18 + (int64_t)rep_below(w, 14);
		break;
	case 4:
		v[FNL_HANDOVER_TASK_DONE_NEXT_MEETING_ON].i64 = today(w) - 1;
		break;
	case 5:
		v[FNL_HANDOVER_TASK_DONE_INFORMED_PERSON_IDS].list.count = rep_below(w, 3);
		break;
	case 6:
		v[FNL_HANDOVER_TASK_DONE_DONE_AT].i64 -= 100 * MS_PER_DAY;
		break;
	case 7:
		fnl_input_str(in, FNL_HANDOVER_TASK_DONE_TASK_ID, rep_one_in(w, 2) ? "p1#01" : rep_one_in(w, 2) ? "#1" : "p1");
		break;
	default:
		v[FNL_HANDOVER_TASK_DONE_CHANNEL].i64 = (int64_t)rep_below(w, FNL_CHANNEL_COUNT);
		break;
	}
}

static void report(struct workload_rep *w, size_t rep, size_t prospect, size_t number, bool right, size_t at)
{
	struct fnl_input in = command(w, &fnl_desc_handover_task_done, rep);
	set_text(&in, "task_id", rep_text(w, "%s#%zu", rep_load_prospect(w, prospect), number));
	set_number(&in, "done_at", w->time_ms);
	set_text(&in, "by", rep_load_rep(w, rep));
	set_number(&in, "channel", FNL_CHANNEL_VISIT);
	in.v[FNL_HANDOVER_TASK_DONE_SPOKE_REP_IDS] = speakers(w);
	in.v[FNL_HANDOVER_TASK_DONE_INFORMED_PERSON_IDS] = ids(w, "person", PERSONS);
	set_number(&in, "next_meeting_on", today(w) + 1 + (int64_t)rep_below(w, 8));
	if (!right) {
		spoil(w, &in);
	}
	rep_send_input(w, &in, at);
}

static void waive(struct workload_rep *w, size_t rep, size_t prospect, size_t number, size_t boss, size_t at)
{
	struct fnl_input in = command(w, &fnl_desc_handover_task_waived, rep);
	set_text(&in, "task_id", rep_text(w, "%s#%zu", rep_load_prospect(w, prospect), number));
	set_text(&in, "by", rep_text(w, "boss-%zu", boss));
	rep_send_input(w, &in, at);
}

/* Of all prospects; what waits for the gate is reported again later. */
static void report_all(struct workload_rep *w, size_t rep, size_t at)
{
	for (size_t i = 0; i < w->prospect_count; i++) {
		for (size_t number = 1; number <= NUMBERS; number++) {
			report(w, rep, i, number, !rep_one_in(w, 6), at);
		}
	}
}

/* Of all prospects, each with something else that is missing. */
static void report_wrongly(struct workload_rep *w, size_t rep, size_t at)
{
	for (size_t i = 0; i < 2 * w->prospect_count; i++) {
		report(w, rep, i / 2, 1, false, at);
	}
}

static void waive_all(struct workload_rep *w, size_t rep, size_t at)
{
	for (size_t i = 0; i < w->prospect_count; i++) {
		for (size_t boss = 0; boss < BOSSES; boss++) {
			waive(w, rep, i, 1 + rep_below(w, NUMBERS), boss, at);
		}
	}
}

static void sign_off(struct workload_rep *w, size_t rep, size_t at)
{
	struct fnl_input in = command(w, &fnl_desc_reconciliation_reviewed, rep);
	set_text(&in, "by", "boss-0");
	set_number(&in, "accepted", !rep_one_in(w, 4));
	rep_send_input(w, &in, at);
}

/* ---- prospects ---- */

static struct fnl_input line_of(struct workload_rep *w, size_t prospect, size_t book, int state)
{
	static const int layers[] = {FNL_LAYER_TOP, FNL_LAYER_MIDDLE, FNL_LAYER_BOTTOM};
	w->sequences[prospect]++;
	struct fnl_input in = rep_make_line(w, prospect, book, state);
	if (!rep_one_in(w, 6)) { /* mostly where it was */
		fnl_input_i64(&in, FNL_BOOK_LINE_LAYER, layers[prospect % 3]);
		in.v[FNL_BOOK_LINE_WON_AMOUNT] = in.v[FNL_BOOK_LINE_CLOSED_ON] = (struct fnl_value){0};
	}
	fnl_input_i64(&in, FNL_BOOK_LINE_OCCURRED_AT, w->time_ms);
	if (state == FNL_LINE_STATE_WATCHED) {
		fnl_input_i64(&in, FNL_BOOK_LINE_LEFT_AT, w->time_ms - (rep_one_in(w, 5) ? 9 * MS_PER_DAY : 0));
	}
	return in;
}

/* All that is his, and some of it given to somebody else already. */
static void fill(struct workload_rep *w, size_t rep, size_t at)
{
	for (size_t i = 0; i < w->prospect_count; i++) {
		if (w->owners[i] == rep || rep_one_in(w, 3)) {
			w->owners[i] = rep;
			struct fnl_input in = line_of(w, i, rep, rep_one_in(w, 8) ? FNL_LINE_STATE_WATCHED : FNL_LINE_STATE_OWNED);
			if (!rep_one_in(w, 4)) {
				set_number(&in, "expected_close_date", 19820 + (int64_t)rep_below(w, 170)); /* in the year 2024 */
				fnl_input_money(&in, FNL_BOOK_LINE_AMOUNT, 1 + (int64_t)rep_below(w, 1000000000), "USD");
			}
			rep_send_input(w, &in, at);
		}
	}
}

/* The year of most of his lines, in their currency: it is frozen before he has gone, so that lines of it go too. */
static void open_year(struct workload_rep *w, size_t at)
{
	struct fnl_input in = rep_make_command(w);
	set_text(&in, "org_id", "east");
	set_text(&in, "base_currency", "USD");
	set_number(&in, "fiscal_year", 2024);
	set_number(&in, "issued_at", w->time_ms);
	set_number(&in, "as_of", w->time_ms);
	in.v[field(&in, "rep_ids")].list.count = 0;
	w->as_of_ms = w->time_ms;
	rep_send_input(w, &in, at);
}

static void begin(struct workload_rep *w, size_t rep, size_t at)
{
	fill(w, rep, at);
	open_year(w, at);
}

/* HR says where everybody belongs, who leads him. */
static void introduce(struct workload_rep *w, size_t rep, size_t at)
{
	(void)rep;
	for (size_t i = 0; i < w->rep_count; i++) {
		struct fnl_input in = rep_make_changed(w, i);
		set_number(&in, "version", w->versions[i]);
		set_text(&in, "org_id", "east");
		set_text(&in, "manager_id", rep_text(w, "boss-%zu", rep_below(w, BOSSES)));
		rep_send_input(w, &in, at);
	}
}

/* The source moves them to somebody, whom it may have been asked to. */
static void move(struct workload_rep *w, size_t rep, size_t at)
{
	size_t to = rep_one_in(w, 4) ? rep_below(w, w->rep_count) : w->notices[rep].successor;
	for (size_t i = 0; i < w->prospect_count; i++) {
		if (!rep_one_in(w, 3)) {
			struct fnl_input in = line_of(w, i, rep, FNL_LINE_STATE_WATCHED);
			fnl_input_str(&in, FNL_BOOK_LINE_OWNER_REP_ID, rep_load_rep(w, to));
			rep_send_input(w, &in, at);
		}
	}
}

/* Lost, perhaps to where he is now; or silent; or neither after all. */
static void lose(struct workload_rep *w, size_t rep, size_t at)
{
	bool to_him = rep_one_in(w, 2);
	for (size_t i = 0; i < w->prospect_count; i++) {
		struct fnl_input in = line_of(w, i, rep, rep_one_in(w, 2) ? FNL_LINE_STATE_WATCHED : FNL_LINE_STATE_OWNED);
		if (!rep_one_in(w, 6)) {
			fnl_input_i64(&in, FNL_BOOK_LINE_LAYER, FNL_LAYER_LOST);
			fnl_input_i64(&in, FNL_BOOK_LINE_WEIGHT_BP, 0);
			fnl_input_str(&in, FNL_BOOK_LINE_LOST_TO_ID, to_him ? "acme" : "umbrella");
		}
		rep_send_input(w, &in, at);
	}
	for (size_t i = 1; i <= QUESTIONS && rep_one_in(w, 2); i++) {
		struct fnl_input in = answer(w, &fnl_desc_org_base_rate, rep, i);
		int64_t known = (int64_t)rep_below(w, 200);
		set_number(&in, "prospect_count", known);
		set_number(&in, "lost_count", (int64_t)rep_below(w, (size_t)known / 4 + 1));
		rep_send_input(w, &in, at);
	}
}

/* The same list of what was done, with one more: as a source sends it. */
static void go_on(struct workload_rep *w, size_t rep, size_t at)
{
	size_t prospect = rep_below(w, w->prospect_count);
	struct fnl_input in = line_of(w, prospect, rep, FNL_LINE_STATE_OWNED), next = in;
	const struct fnl_list was = in.v[FNL_BOOK_LINE_ADVERSE].list;
	rep_send_input(w, &in, at);
	next = line_of(w, prospect, rep, FNL_LINE_STATE_OWNED);
	const struct fnl_list more = next.v[FNL_BOOK_LINE_ADVERSE].list;
	struct fnl_value *items = fnl_arena_calloc(&w->arena, was.count + more.count + 1, sizeof(*items));
	size_t count = was.count + more.count, pushed = count > FNL_ADVERSE_LOAD ? count - FNL_ADVERSE_LOAD : 0;
	for (size_t i = 0; i < was.count; i++) {
		items[i] = was.items[i];
	}
	for (size_t i = 0; i < more.count; i++) {
		items[was.count + i] = more.items[i];
	}
	next.v[FNL_BOOK_LINE_ADVERSE] = (struct fnl_value){.set = true, .list = {items + pushed, count - pushed}};
	rep_send_input(w, &next, at);
}

/* ---- all of it ---- */

static void pass(struct workload_rep *w, size_t at)
{
	static const int64_t hours[] = {1, 5, 24, 30, 72, 200};
	w->time_ms += hours[rep_below(w, 6)] * MS_PER_HOUR + (int64_t)rep_below(w, 60000);
	w->time_ms += rep_one_in(w, 60) ? 240 * MS_PER_DAY : 0; /* the watch is over */
	for (int32_t i = 0; i < w->upstream_count; i++) {
		struct fnl_input in = input(w, &fnl_desc_stage_time);
		set_number(&in, "occurred_at", w->time_ms);
		set_number(&in, "partition", i);
		set_number(&in, "partition_count", w->upstream_count);
		rep_send_input(w, &in, at);
	}
}

/* Some step of somebody's departure; one follows the other in a run that has much of it. */
void rep_make_handover(struct workload_rep *w, size_t at)
{
	size_t rep = rep_below(w, w->rep_count < 2 ? 1 : 2);
	switch (rep_below(w, 18)) {
	case 0:
	case 1:
		give_notice(w, rep, at);
		break;
	case 2:
		say_of_leaver(w, rep, at);
		break;
	case 3:
	case 4:
		name_somebody(w, rep, at);
		break;
	case 5:
	case 6:
		answer_all(w, rep, at);
		break;
	case 7:
		answer_question(w, rep, 90 + rep_below(w, 3), rep_one_in(w, 2),
		                1 + (int64_t)rep_below(w, FNL_SUCCESSOR_REFUSAL_COUNT - 1), at);
		break;
	case 8:
	case 9:
		report_all(w, rep, at);
		break;
	case 10:
		waive_all(w, rep, at);
		break;
	case 11:
	case 12:
		sign_off(w, rep, at);
		break;
	case 13:
		fill(w, rep, at);
		break;
	case 14:
		move(w, rep, at);
		break;
	case 15:
		lose(w, rep, at);
		break;
	case 16:
		go_on(w, rep, at);
		break;
	default:
		pass(w, at);
		break;
	}
}

/* What belongs to one departure, in its order, with something else between. */
void rep_make_departure(struct workload_rep *w, size_t at)
{
	static void (*const steps[])(struct workload_rep * w, size_t rep, size_t at) = {
		introduce, begin, give_notice, answer_all, report_wrongly, report_wrongly, report_all, report_all, report_all,
		sign_off,  move,  lose,        lose};
	enum { STEPS = sizeof(steps) / sizeof(steps[0]) };
	if (w->departure_step >= 2 * STEPS || rep_one_in(w, 4)) {
		rep_make_handover(w, at);
		return;
	}
	size_t step = w->departure_step++;
	if (step % 2 == 0) {
		pass(w, at);
		return;
	}
	steps[step / 2](w, 0, at);
}
