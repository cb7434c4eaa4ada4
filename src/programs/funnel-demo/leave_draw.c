/* A rep's leaving drawn: a line for each thing that happened, with its day. */
#include <time.h>

#include "leave.h"

enum { DAY_BYTES = 24 };

static void day_text(int64_t ms, char ret[DAY_BYTES])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm t;
	gmtime_r(&seconds, &t);
	strftime(ret, DAY_BYTES, "%a %Y-%m-%d", &t);
}

struct mark {
	enum fnl_style style;
	const char *utf8;
	const char *ascii;
};

static const struct mark done = {FNL_GREEN, "✓", "+"};
static const struct mark told = {FNL_YELLOW, "▲", "!"};
static const struct mark refused = {FNL_RED, "×", "x"};
static const struct mark asked = {FNL_CYAN, "?", "?"};
static const struct mark moved = {FNL_CYAN, "→", ">"};

static void begin(const struct fnl_canvas *c, int64_t at_ms, const struct mark *m)
{
	char day[DAY_BYTES];
	day_text(at_ms, day);
	fprintf(c->out, "  %s%s%s  %s%s%s  ", fnl_style_on(c, FNL_DIM), day, fnl_style_off(c), fnl_style_on(c, m->style),
	        c->utf8 ? m->utf8 : m->ascii, fnl_style_off(c));
}

static void styled(const struct fnl_canvas *c, enum fnl_style style, const char *text, const char *after)
{
	fprintf(c->out, "%s%s%s%s", fnl_style_on(c, style), text, fnl_style_off(c), after);
}

static unsigned long long n_of(uint64_t n)
{
	return n;
}

static void title(const struct leave *l, const struct fnl_canvas *c)
{
	fputc(' ', c->out);
	styled(c, FNL_BOLD, "A REP LEAVES, HIS CUSTOMERS STAY", "   ");
	styled(c, FNL_BOLD, l->rep, "");
	fprintf(c->out, " with %zu prospects, ", l->count);
	styled(c, FNL_BOLD, l->successor, " follows\n\n");
}

void leave_draw_board(const struct leave *l, const struct fnl_canvas *c)
{
	title(l, c);
	fputs(l->board ? l->board : "", c->out);
}

static void lowered(const struct leave *l, const struct fnl_canvas *c)
{
	const struct fnl_money *is = &l->tampered->amount.money;
	char from[FNL_TEXT_BYTES];
	char to[FNL_TEXT_BYTES];
	fnl_text_money_full(is->amount_minor, is->currency, from);
	fnl_text_money_full(l->lowered_minor, is->currency, to);
	fprintf(c->out, "%s from %s to %s %s\n", l->tampered->id, from, to, is->currency);
}

static void draw_notice(const struct leave *l, const struct fnl_canvas *c)
{
	begin(c, leave_at(LEAVE_TAMPER), &told);
	fprintf(c->out, "%s lowers ", l->rep);
	lowered(l, c);
	begin(c, leave_at(LEAVE_NOTICE), &told);
	fprintf(c->out, "%s gives ", l->rep);
	styled(c, FNL_BOLD, "notice", "; ");
	fprintf(c->out, "named to follow is %s, who is fit, and has room\n", l->successor);
	begin(c, l->told[LEAVE_TOLD_TASK].first_ms, &done);
	fprintf(c->out, "%llu tasks: ", n_of(l->told[LEAVE_TOLD_TASK].count));
	styled(c, FNL_YELLOW, "BOTTOM", "");
	fprintf(c->out, " %llu to visit, ", n_of(leave_of_layer(l, FNL_TASK_LAYER_BOTTOM)));
	styled(c, FNL_CYAN, "MIDDLE", "");
	fprintf(c->out, " %llu to phone, ", n_of(leave_of_layer(l, FNL_TASK_LAYER_MIDDLE)));
	styled(c, FNL_BLUE, "TOP", "");
	fprintf(c->out, " %llu behind the gate\n", n_of(leave_of_layer(l, FNL_TASK_LAYER_TOP)));
	uint64_t undecided = leave_of_layer(l, FNL_TASK_LAYER_UNDECIDED);
	if (undecided) {
		fprintf(c->out, "                     and %llu of which no layer is known: %s decides\n", n_of(undecided),
		        l->manager);
	}
	begin(c, l->told[LEAVE_TOLD_COMPARED].first_ms, &asked);
	fprintf(c->out, "for %s alone, %llu finding%s", l->manager, n_of(l->told[LEAVE_TOLD_FINDING].count),
	        l->told[LEAVE_TOLD_FINDING].count == 1 ? ": " : "s, among them ");
	lowered(l, c);
}

static void draw_before(const struct leave *l, const struct fnl_canvas *c)
{
	uint64_t bottom = leave_of_layer(l, FNL_TASK_LAYER_BOTTOM);
	uint64_t before = l->count - leave_of_layer(l, FNL_TASK_LAYER_TOP);
	begin(c, l->told[LEAVE_TOLD_REFUSED].first_ms, &refused);
	fprintf(c->out, "%s has phoned one of TOP already: ", l->successor);
	styled(c, FNL_RED, "refused", ", it is not its turn\n");
	begin(c, leave_at(LEAVE_BOTTOM), &done);
	fprintf(c->out, "%s and %s have visited %llu of %llu of ", l->rep, l->successor, n_of(bottom ? bottom - 1 : 0),
	        n_of(bottom));
	styled(c, FNL_YELLOW, "BOTTOM", "\n");
	if (l->told[LEAVE_TOLD_AT_RISK].count) {
		begin(c, l->told[LEAVE_TOLD_AT_RISK].first_ms, &told);
		fprintf(c->out, "nobody has signed the comparison off in time; %s is told\n", l->manager);
	}
	begin(c, leave_at(LEAVE_MIDDLE), &done);
	fprintf(c->out, "%s has introduced %s to %llu of ", l->rep, l->successor,
	        n_of(leave_of_layer(l, FNL_TASK_LAYER_MIDDLE)));
	styled(c, FNL_CYAN, "MIDDLE", "");
	fprintf(c->out, "; %llu of %llu closed, the gate is shut\n", n_of(before - 1), n_of(before));
	begin(c, leave_at(LEAVE_LAST), &done);
	fprintf(c->out, "the last of BOTTOM is visited: ");
	styled(c, FNL_GREEN, "the gate opens", "");
	fprintf(c->out, ", %llu of TOP released\n", n_of(l->told[LEAVE_TOLD_RELEASED].count));
}

static void draw_after(const struct leave *l, const struct fnl_canvas *c)
{
	char until[DAY_BYTES];
	uint64_t top = leave_of_layer(l, FNL_TASK_LAYER_TOP);
	begin(c, leave_at(LEAVE_MOVES), &moved);
	fprintf(c->out, "the CRM was asked to give %llu to %s, and has\n", n_of(l->count - top), l->successor);
	begin(c, l->told[LEAVE_TOLD_TOP].first_ms, &done);
	fprintf(c->out, "%s has phoned %llu of ", l->successor, n_of(l->told[LEAVE_TOLD_TOP].count));
	styled(c, FNL_BLUE, "TOP", "; a talk is set with each\n");
	begin(c, l->told[LEAVE_TOLD_COMPLETED].first_ms, &done);
	day_text(l->watch_until_ms - 1, until);
	fprintf(c->out, "%s signs off: ", l->manager);
	styled(c, FNL_GREEN, "completed", "");
	fprintf(c->out, "; its prospects are watched until %s\n", until + 4);
	begin(c, leave_at(LEAVE_REST), &moved);
	fprintf(c->out, "and the CRM has moved the rest: %llu of %zu are %s's\n", n_of(l->owned_after), l->count,
	        l->successor);
}

void leave_draw(const struct leave *l, const struct fnl_canvas *c)
{
	title(l, c);
	draw_notice(l, c);
	draw_before(l, c);
	draw_after(l, c);
}
