/* Was everything told that sat still, once, and taken back; and do the sheets say what was so? */
#include "check.h"

static bool check_alerts(struct play *p, const struct fnl_canvas *c, struct fnl_error *why)
{
	const struct stalls *s = &p->stalls;
	uint64_t lines = 0;
	uint64_t open = 0;
	uint64_t further = s->escalated + s->cleared;
	if (stalls_against_lines(s, p->world, &lines, &open, why)) {
		return false;
	}
	bool few = p->simulation->settings.prospects < CHECK_PROSPECTS_MIN;
	bool good = check_say(c, few || (s->told > 0 && s->cleared > 0), "told: a prospect sits still", s->told, 1);
	good &= check_same(c, "told further, or cleared: each had been told before, and was open", further - s->strays,
	                   further);
	good &= check_same(c, "open on the log, as many as the lines of the books say", s->open, lines);
	return good & check_same(c, "of them the same prospect, rep and kind", open, lines);
}

static bool check_sheets(const struct play *p, const struct fnl_canvas *c)
{
	const struct stalls *s = &p->stalls;
	bool good = check_same(c, "weekly sheets, each rep's numbered without a hole", s->sheets - s->holes, s->sheets);
	good &= check_say(c, p->story.sheets > 0 && p->story.sheets_right == p->story.sheets,
	                  "of one Monday: the rep's whole funnel, as the changes themselves say", p->story.sheets_right,
	                  p->story.sheets);
	check_line(c, "questions on all sheets", s->questions);
	check_line(c, "sheets without all answers in time: but for one, nobody plays the reps", s->overdue);
	return good;
}

static bool check_story(const struct play *p, const struct fnl_canvas *c)
{
	uint64_t steps = 0;
	if (!p->story.found) {
		return check_say(c, p->simulation->settings.prospects < CHECK_PROSPECTS_MIN,
		                 "none that fits to have its story told", 0, 1);
	}
	for (int what = 0; what < STORY_WHATS; what++) {
		steps += story_has(&p->story, (enum story_what)what);
	}
	bool good = check_same(c, "the question that was answered is ANSWERED", p->stalls.answered, 1);
	return good & check_same(c, "its stall: told, told further, asked about, answered, cleared", steps, STORY_WHATS);
}

bool check_stalls(struct play *p, const struct fnl_canvas *c, struct fnl_error *why)
{
	if (stalls_read(&p->stalls, p->world, why)) {
		return false;
	}
	bool good = check_alerts(p, c, why);
	good &= check_sheets(p, c);
	return good & check_story(p, c);
}
