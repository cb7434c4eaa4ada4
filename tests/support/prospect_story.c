#include "prospect_story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "supervised.h"

#define C(name) FNL_PROSPECT_CHANGED_##name
#define R(name) w->row[FNL_PROSPECT_##name]
#define DAY_MS INT64_C(86400000)

/* It is that time from now on. */
void story_at(struct fnl_world *w, const char *when)
{
	w->now_ms = fnl_moment(when);
}

void story_apply(struct fnl_world *w, struct fnl_input in)
{
	int r = fnl_world_apply(w, &in);
	if (r != 0) {
		fail_msg("%d: %s", r, w->why.text);
	}
}

/* Something happened now. */
struct fnl_input story_change(struct fnl_world *w)
{
	return fnl_input_changed(++w->version, w->now_ms - FNL_T0);
}

struct fnl_input story_life(struct fnl_world *w, const struct fnl_record_desc *desc)
{
	return fnl_input_life(desc, ++w->version, w->now_ms - FNL_T0);
}

void story_change_text(struct fnl_world *w, int field, const char *text)
{
	struct fnl_input in = story_change(w);
	fnl_input_str(&in, field, text);
	story_apply(w, in);
}

void story_change_day(struct fnl_world *w, int field, const char *day)
{
	struct fnl_input in = story_change(w);
	fnl_input_i64(&in, field, fnl_moment(day) / DAY_MS);
	story_apply(w, in);
}

void story_change_status(struct fnl_world *w, int status)
{
	struct fnl_input in = story_change(w);
	fnl_input_i64(&in, C(STATUS), status);
	story_apply(w, in);
}

void story_contact(struct fnl_world *w, const char *id)
{
	story_apply(w, fnl_input_contact(id, w->now_ms - FNL_T0, true, w->now_ms - FNL_T0));
}

void story_heartbeat(struct fnl_world *w, int carries_contacts)
{
	struct fnl_input in = fnl_input_heartbeat(w->now_ms - FNL_T0);
	if (carries_contacts >= 0) {
		fnl_input_i64(&in, FNL_FEED_HEARTBEAT_CARRIES_CONTACTS, carries_contacts);
	}
	story_apply(w, in);
}

struct fnl_input story_answer(const struct fnl_world *w, const char *id, int cause)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_inspection_answered, w->now_ms - FNL_T0);
	fnl_input_str(&in, FNL_INSPECTION_ANSWERED_ANSWER_ID, id);
	fnl_input_str(&in, FNL_INSPECTION_ANSWERED_PROSPECT_ID, "p1");
	fnl_input_str(&in, FNL_INSPECTION_ANSWERED_SHEET_ID, "a#3");
	fnl_input_str(&in, FNL_INSPECTION_ANSWERED_QUESTION_ID, "2");
	fnl_input_str(&in, FNL_INSPECTION_ANSWERED_SHEET_REP_ID, "a");
	fnl_input_str(&in, FNL_INSPECTION_ANSWERED_BY, "a");
	fnl_input_i64(&in, FNL_INSPECTION_ANSWERED_CAUSE, cause);
	fnl_input_i64(&in, FNL_INSPECTION_ANSWERED_CONFIRMED, 1);
	return in;
}

/* An owned prospect of the bottom with an amount, since Monday 2024-06-10 09:00. */
struct fnl_input story_bottom(struct fnl_world *w)
{
	struct fnl_input in = story_change(w);
	fnl_input_str(&in, C(OWNER_REP_ID), "a");
	fnl_input_str(&in, C(STAGE), "Contract Sent");
	fnl_input_money(&in, C(AMOUNT), 100, "EUR");
	return in;
}

void story_born(struct fnl_world *w)
{
	story_at(w, "2024-06-10 09:00");
	story_apply(w, story_bottom(w));
	assert_int_equal(R(LAYER).i64, FNL_LAYER_BOTTOM);
}

/* As the clock of events goes: each timer at its very moment. How many fired. */
size_t story_until(struct fnl_world *w, const char *when)
{
	int64_t to_ms = fnl_moment(when);
	size_t fired = 0;
	while (w->row && R(NEXT_DEADLINE_AT).set && R(NEXT_DEADLINE_AT).i64 <= to_ms) {
		int64_t due_ms = R(NEXT_DEADLINE_AT).i64;
		assert_int_equal(fnl_world_timer(w, due_ms), 0);
		assert_true(!w->row || !R(NEXT_DEADLINE_AT).set || R(NEXT_DEADLINE_AT).i64 > due_ms);
		fired++;
	}
	story_at(w, when);
	return fired;
}

const char *story_moment(struct fnl_value v)
{
	static char text[32];
	return v.set ? fnl_moment_text(v.i64, text) : "never";
}

const char *story_stalls(struct fnl_list list)
{
	static char text[FNL_SUPERVISED_TEXT_MAX];
	fnl_stalls_text(list, false, text);
	return text;
}

/* The line of a book in the last outcome says what the row does. */
const struct fnl_value *story_told(const struct fnl_world *w, const char *book, int state)
{
	const struct fnl_value *line = fnl_world_line(w, book);
	if (!line) {
		fail_msg("%s heard nothing", book);
		return NULL;
	}
	char of_line[FNL_SUPERVISED_TEXT_MAX], of_row[FNL_SUPERVISED_TEXT_MAX];
	fnl_stalls_text(line[FNL_BOOK_LINE_STALLS].list, true, of_line);
	fnl_stalls_text(R(STALLS).list, true, of_row);
	assert_string_equal(of_line, of_row);
	assert_int_equal(line[FNL_BOOK_LINE_EVIDENCE].set, R(STALLS).list.count > 0);
	assert_int_equal(line[FNL_BOOK_LINE_STATE].i64, state);
	assert_int_equal(line[FNL_BOOK_LINE_SEQUENCE].i64, R(SEQUENCE).i64);
	return line;
}

void story_nobody_heard(const struct fnl_world *w)
{
	assert_int_equal(w->out.line_count, 0);
}
