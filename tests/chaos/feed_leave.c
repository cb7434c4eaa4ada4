/* Departures: a rep gives notice, somebody is named, reports come in, right and wrong, and the source moves prospects
 * or not. What the stage has made of it is not known here: ids of tasks are guessed, and a report says enough for any
 * task, or lacks one thing. */
#include <inttypes.h>
#include <stdio.h>

#include "feed.h"

enum { PERSONS = 5, REPORTS_MAX = 30, ALL_REPORTS_MAX = 300, NOTICE_BYTES_MAX = 32, TASK_BYTES_MAX = 64 };

static int field(const struct fnl_input *in, const char *name)
{
	return fnl_record_field_index(in->desc, fnl_span_str(name));
}

static void set_text(struct fnl_input *in, const char *name, const char *value)
{
	fnl_input_str(in, field(in, name), value);
}

/* What is only said here lives as long as the record. */
static void set_copy(struct feed *f, struct fnl_input *in, const char *name, const char *value)
{
	in->v[field(in, name)] = (struct fnl_value){.set = true, .str = fnl_arena_dup(&f->arena, fnl_span_str(value))};
}

static void set_number(struct fnl_input *in, const char *name, int64_t value)
{
	fnl_input_i64(in, field(in, name), value);
}

static int64_t today(const struct feed *f)
{
	return feed_day(f->time_ms);
}

/* Mostly the latest one. */
static void set_notice(struct feed *f, struct fnl_input *in, size_t rep)
{
	char id[NOTICE_BYTES_MAX];
	size_t count = f->reps[rep].notices;
	snprintf(id, sizeof(id), "n-%zu-%zu", rep, feed_one_in(f, 12) ? feed_below(f, count + 2) : count);
	set_copy(f, in, "notice_id", id);
}

/* Mostly of his organisation, where those of even numbers are together, and those of odd ones; and none who leaves. */
static size_t successor_of(struct feed *f, size_t rep)
{
	enum { FIRST = LEAVERS, EACH = (REPS - FIRST) / 2 };
	return feed_one_in(f, 8) ? feed_below(f, REPS) : FIRST + rep % 2 + 2 * feed_below(f, EACH);
}

/* ---- what HR says ---- */

static void send_hr(struct feed *f, const struct fnl_input *in, size_t rep)
{
	feed_send_input(f, HR, in, fnl_span_str(feed_rep_id(rep)));
}

/* Another one, or the same once more: corrected, or as it was. */
static void give_notice(struct feed *f, size_t rep)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_rep_resigned, feed_at(f));
	struct leaver *of = &f->reps[rep];
	char id[NOTICE_BYTES_MAX];
	bool again = of->notices > 0 && f->time_ms < of->given_ms + 10 * DAY_MS && !feed_one_in(f, 4);
	if (!again) {
		of->notices++;
		of->leaves = true;
		of->given_ms = f->time_ms;
		of->last_day = today(f) + (feed_one_in(f, 8) ? -3 : 4 + (int64_t)feed_below(f, 40));
		of->successor = feed_one_in(f, 3) ? (size_t)REPS : successor_of(f, rep);
	}
	set_text(&in, "source", "hr");
	feed_hr_version(f, &in, rep);
	snprintf(id, sizeof(id), "n-%zu-%zu", rep, of->notices);
	set_copy(f, &in, "notice_id", id);
	set_number(&in, "notice_at", FNL_T0 + of->given_ms - (feed_one_in(f, 3) ? (int64_t)feed_below(f, 3) * DAY_MS : 0));
	set_number(&in, "last_day", of->last_day + (again && feed_one_in(f, 2) ? (int64_t)feed_below(f, 10) : 0));
	if (feed_one_in(f, 4)) {
		set_number(&in, "available_until", of->last_day - (int64_t)feed_below(f, 6));
	}
	if (of->successor < REPS) {
		set_text(&in, "successor_id", feed_rep_id(of->successor));
	}
	if (!feed_one_in(f, 4)) {
		set_text(&in, "new_employer_id", feed_one_in(f, 2) ? "acme" : "umbrella");
	}
	send_hr(f, &in, rep);
}

static void take_back(struct feed *f, size_t rep)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_resignation_withdrawn, feed_at(f));
	set_text(&in, "source", "hr");
	feed_hr_version(f, &in, rep);
	set_notice(f, &in, rep);
	f->reps[rep].leaves = false;
	send_hr(f, &in, rep);
}

static void leave(struct feed *f, size_t rep)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_rep_left, feed_at(f));
	set_text(&in, "source", "hr");
	feed_hr_version(f, &in, rep);
	set_number(&in, "left_on", today(f) - (int64_t)feed_below(f, 4));
	if (!feed_one_in(f, 6)) { /* else he begins another one */
		set_notice(f, &in, rep);
	}
	send_hr(f, &in, rep);
}

/* ---- commands ---- */

static struct fnl_input command(struct feed *f, const struct fnl_record_desc *desc, size_t rep)
{
	struct fnl_input in = fnl_input_of(desc, f->time_ms);
	char id[NOTICE_BYTES_MAX];
	/* one in some is a command that was sent before, about something else */
	uint64_t number = feed_one_in(f, 30) && f->commands ? 1 + feed_below(f, f->commands) : ++f->commands;
	snprintf(id, sizeof(id), "handover-%" PRIu64, number);
	set_text(&in, "source", "crm");
	set_copy(f, &in, "command_id", id);
	set_text(&in, "issued_by", "chief");
	set_number(&in, "issued_at", FNL_T0 + f->time_ms);
	set_text(&in, "leaving_rep_id", feed_rep_id(rep));
	set_notice(f, &in, rep);
	return in;
}

static void send_command(struct feed *f, const struct fnl_input *in, size_t rep)
{
	feed_send_input(f, COMMANDS, in, fnl_span_str(feed_rep_id(rep)));
}

/* His manager, as it was said last; or somebody. */
static const char *manager_of(struct feed *f, size_t rep)
{
	size_t manager = f->reps[rep].manager;
	return feed_rep_id(manager < REPS && !feed_one_in(f, 8) ? manager : feed_below(f, REPS));
}

static struct fnl_value texts(struct feed *f, const char *const *at, size_t n)
{
	struct fnl_value *items = fnl_arena_calloc(&f->arena, n + 1, sizeof(*items));
	for (size_t i = 0; i < n; i++) {
		items[i] = (struct fnl_value){.set = true, .str = fnl_span_str(at[i])};
	}
	return (struct fnl_value){.set = true, .list = {items, n}};
}

static const char *const persons[PERSONS] = {"person-0", "person-1", "person-2", "person-3", "person-4"};

/* Everybody who may have to. */
static struct fnl_value speakers(struct feed *f)
{
	const char *at[REPS];
	for (size_t i = 0; i < REPS; i++) {
		at[i] = feed_rep_id(i);
	}
	return texts(f, at, REPS);
}

/* One thing is not as it has to be. */
static void spoil(struct feed *f, struct fnl_input *in)
{
	struct fnl_value *v = in->v;
	switch (feed_below(f, 8)) {
	case 0:
		v[FNL_HANDOVER_TASK_DONE_CHANNEL].i64 = (int64_t)feed_below(f, FNL_CHANNEL_COUNT);
		break;
	case 1:
		v[FNL_HANDOVER_TASK_DONE_SPOKE_REP_IDS].list.count = feed_below(f, 2);
		break;
	case 2:
		v[FNL_HANDOVER_TASK_DONE_NEXT_MEETING_ON] = (struct fnl_value){0};
		break;
	case 3:
		v[FNL_HANDOVER_TASK_DONE_NEXT_MEETING_ON].i64 = today(f) + 18 + (int64_t)feed_below(f, 14);
		break;
	case 4:
		v[FNL_HANDOVER_TASK_DONE_NEXT_MEETING_ON].i64 = today(f) - 1;
		break;
	case 5:
		v[FNL_HANDOVER_TASK_DONE_INFORMED_PERSON_IDS].list.count = feed_below(f, 3);
		break;
	case 6:
		v[FNL_HANDOVER_TASK_DONE_DONE_AT].i64 -= 100 * DAY_MS;
		break;
	default:
		fnl_input_str(in, FNL_HANDOVER_TASK_DONE_TASK_ID, feed_one_in(f, 2) ? "P0001-0#01" : "P0001-0");
		break;
	}
}

static void set_task(struct feed *f, struct fnl_input *in, const struct prospect *p)
{
	char id[TASK_BYTES_MAX];
	bool lively = p < &f->prospects[LIVELY];
	snprintf(id, sizeof(id), "%s#%zu", p->id, lively || feed_one_in(f, 6) ? 1 + feed_below(f, 4) : 1);
	set_copy(f, in, "task_id", id);
}

static void report(struct feed *f, size_t rep, const struct prospect *p)
{
	struct fnl_input in = command(f, &fnl_desc_handover_task_done, rep);
	set_task(f, &in, p);
	set_number(&in, "done_at", FNL_T0 + f->time_ms);
	set_text(&in, "by", feed_rep_id(rep));
	set_number(&in, "channel", FNL_CHANNEL_VISIT);
	in.v[FNL_HANDOVER_TASK_DONE_SPOKE_REP_IDS] = speakers(f);
	in.v[FNL_HANDOVER_TASK_DONE_INFORMED_PERSON_IDS] = texts(f, persons, PERSONS);
	set_number(&in, "next_meeting_on", today(f) + 1 + (int64_t)feed_below(f, 8));
	if (feed_one_in(f, 6)) {
		spoil(f, &in);
	}
	send_command(f, &in, rep);
}

static void waive(struct feed *f, size_t rep, const struct prospect *p)
{
	struct fnl_input in = command(f, &fnl_desc_handover_task_waived, rep);
	set_task(f, &in, p);
	set_text(&in, "by", manager_of(f, rep));
	send_command(f, &in, rep);
}

static void name_somebody(struct feed *f, size_t rep)
{
	struct fnl_input in = command(f, &fnl_desc_successor_named, rep);
	size_t successor = successor_of(f, rep);
	set_text(&in, "successor_id", feed_rep_id(successor));
	if (feed_one_in(f, 3)) {
		set_text(&in, "prospect_id", f->prospects[feed_below(f, PROSPECTS)].id);
	} else {
		f->reps[rep].successor = successor;
	}
	send_command(f, &in, rep);
}

static void sign_off(struct feed *f, size_t rep)
{
	struct fnl_input in = command(f, &fnl_desc_reconciliation_reviewed, rep);
	set_text(&in, "by", manager_of(f, rep));
	set_number(&in, "accepted", !feed_one_in(f, 4));
	send_command(f, &in, rep);
}

/* ---- all of it ---- */

static void move(struct feed *f, size_t rep, struct prospect *p)
{
	p->owner = f->reps[rep].successor;
	feed_change(f, p);
}

/* Something with each of his prospects, from any of them on; seldom with all. */
static void with_each(struct feed *f, size_t rep, void (*what)(struct feed *f, size_t rep, struct prospect *p))
{
	size_t from = feed_one_in(f, 4) ? feed_below(f, PROSPECTS) : (size_t)LIVELY;
	size_t left = feed_one_in(f, 4) ? ALL_REPORTS_MAX : REPORTS_MAX;
	for (size_t i = 0; i < PROSPECTS && left > 0; i++) {
		struct prospect *p = &f->prospects[(from + i) % PROSPECTS];
		if (p->owner == rep || feed_one_in(f, 60)) {
			what(f, rep, p);
			left--;
		}
	}
}

static void report_or_waive(struct feed *f, size_t rep, struct prospect *p)
{
	if (feed_one_in(f, 4)) {
		waive(f, rep, p);
	} else {
		report(f, rep, p);
	}
}

void feed_departure(struct feed *f)
{
	/* some come and go, with many prospects or few; if many others went, nobody could take over */
	size_t rep = feed_one_in(f, 10) ? feed_below(f, REPS) : feed_below(f, LEAVERS);
	const struct leaver *of = &f->reps[rep];
	bool fresh = f->time_ms < of->given_ms + 60 * DAY_MS;
	size_t step = of->leaves && fresh ? feed_below(f, 40) : 0;
	if (step == 0 && rep >= LEAVERS && !feed_one_in(f, 10)) {
		return;
	}
	if (step == 0) {
		give_notice(f, rep);
	} else if (step == 1) {
		take_back(f, rep);
	} else if (step == 2) {
		leave(f, rep);
	} else if (step < 9) {
		name_somebody(f, rep);
	} else if (step < 28) {
		with_each(f, rep, report_or_waive);
	} else if (step < 34) {
		sign_off(f, rep);
	} else if (of->successor < REPS) {
		with_each(f, rep, move);
	}
}

void feed_persons(struct feed *f, const struct prospect *p, struct fnl_input *in)
{
	if (feed_one_in(f, 3)) {
		in->v[FNL_PROSPECT_CHANGED_CONTACT_IDS] = texts(f, persons + feed_below(f, 2), feed_below(f, 4));
	}
	if (feed_one_in(f, 2) && p->owner < REPS) {
		fnl_input_str(in, FNL_PROSPECT_CHANGED_ACTOR_ID, feed_rep_id(p->owner));
		fnl_input_i64(in, FNL_PROSPECT_CHANGED_ACTOR_KIND, FNL_ACTOR_KIND_REP);
	}
	if (feed_one_in(f, 30)) {
		fnl_input_i64(in, FNL_PROSPECT_CHANGED_STATUS, FNL_STATUS_LOST);
		if (feed_one_in(f, 2)) {
			fnl_input_str(in, FNL_PROSPECT_CHANGED_LOST_TO_ID, "acme");
		}
		if (feed_one_in(f, 2)) {
			fnl_input_str(in, FNL_PROSPECT_CHANGED_LOST_REASON, "price");
		}
	}
}
