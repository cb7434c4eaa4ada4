/* The story drawn: a line for each thing that happened, with its day. */
#include <time.h>

#include "funneld_records.h"
#include "story.h"
#include "view_stall.h"

enum { DAY_BYTES = 24, CAUSE_COLUMNS = 22 };

#define DAY_MS INT64_C(86400000)

static void day_text(int64_t ms, char ret[DAY_BYTES])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm t;
	gmtime_r(&seconds, &t);
	strftime(ret, DAY_BYTES, "%a %Y-%m-%d", &t);
}

static void begin(const struct fnl_canvas *c, int64_t at_ms, enum fnl_style style, const char *mark, const char *ascii)
{
	char day[DAY_BYTES];
	day_text(at_ms, day);
	fprintf(c->out, "  %s%s%s  %s%s%s  ", fnl_style_on(c, FNL_DIM), day, fnl_style_off(c), fnl_style_on(c, style),
	        c->utf8 ? mark : ascii, fnl_style_off(c));
}

static void cause_text(int cause, char ret[FNL_TEXT_BYTES])
{
	fnl_symbol_text(fnl_symbols_cause, FNL_CAUSE_COUNT, cause, ret);
}

/* Why it may be, and what helps against each. */
static void draw_causes(const struct story *s, const struct fnl_canvas *c)
{
	for (size_t i = 0; i < s->cause_count; i++) {
		char cause[FNL_TEXT_BYTES];
		cause_text(s->causes[i], cause);
		fprintf(c->out, "                     %s%-16s%s ", fnl_style_on(c, FNL_DIM),
		        i ? "" : "why it may be:", fnl_style_off(c));
		fnl_text_cell(c, fnl_span_str(cause), CAUSE_COLUMNS);
		fprintf(c->out, " %s%s %s%s\n", fnl_style_on(c, FNL_DIM), c->utf8 ? "→" : "->", s->remedies[i],
		        fnl_style_off(c));
	}
}

static void draw_told(const struct story *s, const struct story_step *one, const struct fnl_canvas *c)
{
	const char *who = one->who[0] ? one->who : "nobody";
	begin(c, one->at_ms, FNL_YELLOW, "▲", "!");
	if (one->what == STORY_TOLD) {
		fprintf(c->out, "%sSILENT%s: a week without a word; %s%s%s is told\n", fnl_style_on(c, FNL_BOLD),
		        fnl_style_off(c), fnl_style_on(c, FNL_BOLD), who, fnl_style_off(c));
		draw_causes(s, c);
	} else if (one->level == FNL_ALERT_LEVEL_MANAGER) {
		fprintf(c->out, "nothing has happened; his manager %s%s%s is told\n", fnl_style_on(c, FNL_BOLD), who,
		        fnl_style_off(c));
	} else {
		fprintf(c->out, "still nothing; it goes %sabove %s%s\n", fnl_style_on(c, FNL_BOLD), who, fnl_style_off(c));
	}
}

static void draw_asked(const struct story *s, const struct story_step *one, const struct fnl_canvas *c)
{
	begin(c, one->at_ms, FNL_CYAN, "?", "?");
	fprintf(c->out, "the week's %ssheet %s%s: %lld prospects, %lld sit still; question %s of %zu is about it\n",
	        fnl_style_on(c, FNL_BOLD), s->sheet_id, fnl_style_off(c), (long long)s->owned, (long long)s->stalled,
	        s->question_id, s->questions);
}

static void draw_answered(const struct story *s, const struct story_step *one, const struct fnl_canvas *c)
{
	char cause[FNL_TEXT_BYTES] = "";
	char day[DAY_BYTES];
	if (s->cause_count) {
		cause_text(s->causes[s->confirmed], cause);
	}
	day_text(s->talk_ms, day);
	begin(c, one->at_ms, FNL_CYAN, "!", "a");
	fprintf(c->out, "%s answers%s: %s%s%s, confirmed; next step: %s, on %.3s\n", one->who,
	        one->in_time ? " in time" : ", late", fnl_style_on(c, FNL_BOLD), cause, fnl_style_off(c),
	        s->cause_count ? s->remedies[s->confirmed] : "", day);
}

static void draw_cleared(const struct story *s, const struct story_step *one, const struct fnl_canvas *c)
{
	begin(c, one->at_ms, FNL_GREEN, "✓", "+");
	fprintf(c->out, "%s has visited the customer: %scleared%s, after %lld days without a word\n", s->rep_id,
	        fnl_style_on(c, FNL_GREEN), fnl_style_off(c), (long long)((one->at_ms - s->since_ms) / DAY_MS));
}

void story_draw(const struct story *s, const struct fnl_canvas *c)
{
	char amount[FNL_TEXT_BYTES];
	fnl_text_money_full(s->amount.money.amount_minor, s->amount.money.currency, amount);
	fprintf(c->out, " %sNOTHING SITS STILL UNSEEN%s   %s%s%s of %s, %sBOTTOM%s, %s %s\n\n", fnl_style_on(c, FNL_BOLD),
	        fnl_style_off(c), fnl_style_on(c, FNL_BOLD), s->prospect_id, fnl_style_off(c), s->rep_id,
	        fnl_style_on(c, FNL_YELLOW), fnl_style_off(c), amount, s->amount.money.currency);
	begin(c, s->since_ms, FNL_DIM, "·", ".");
	fputs("the last talk with the customer\n", c->out);
	for (size_t i = 0; i < s->step_count; i++) {
		const struct story_step *one = &s->steps[i];
		switch (one->what) {
		case STORY_TOLD:
		case STORY_ESCALATED:
			draw_told(s, one, c);
			break;
		case STORY_ASKED:
			draw_asked(s, one, c);
			break;
		case STORY_ANSWERED:
			draw_answered(s, one, c);
			break;
		case STORY_CLEARED:
			draw_cleared(s, one, c);
			break;
		case STORY_WHATS:
			break;
		}
	}
}
