/* A handover's board on a terminal: the head, the layers from BOTTOM up with the gate before TOP, what is missing. */
#include "funneld_records.h"
#include "view_board.h"

enum { ID_COLUMNS_MIN = 8, ID_COLUMNS_MAX = 36, REP_COLUMNS_MAX = 16, AMOUNT_COLUMNS = 14, METER_COLUMNS = 10 };

struct drawing {
	struct fnl_board *b;
	const struct fnl_canvas *c;
	int id_columns;
	int successor_columns; /* 0: there is but one, and he is in the head */
};

static struct fnl_span text_of(const struct fnl_value *v, const char *unless)
{
	return v->set ? v->str : fnl_span_str(unless);
}

static void day_text(const struct drawing *d, int64_t at_ms, char ret[FNL_TEXT_BYTES])
{
	fnl_text_date(fnl_local_day(&d->b->moment.rules->calendar, at_ms), ret);
}

static const char *of(int64_t n, const char *one, const char *more)
{
	return n == 1 ? one : more;
}

static void name_line(const struct drawing *d, const char *name)
{
	fprintf(d->c->out, "  %s%-11s%s ", fnl_style_on(d->c, FNL_DIM), name, fnl_style_off(d->c));
}

/* How much of it is closed. */
static void meter(const struct fnl_canvas *c, size_t part, size_t whole)
{
	int full = whole ? (int)(part * METER_COLUMNS / whole) : 0;
	fnl_text_fill(c, c->utf8 ? "█" : "#", full);
	fnl_text_fill(c, c->utf8 ? "░" : ".", METER_COLUMNS - full);
}

/* ---- head ---- */

static const char *state_text(int64_t state)
{
	static const char *const texts[FNL_HANDOVER_STATE_COUNT] = {
		[FNL_HANDOVER_STATE_RECONCILING] = "the funnel is being compared",
		[FNL_HANDOVER_STATE_NAMING] = "a successor is looked for",
		[FNL_HANDOVER_STATE_OPENING] = "the tasks are being told",
		[FNL_HANDOVER_STATE_RUNNING] = "the tasks are under way",
		[FNL_HANDOVER_STATE_COMPLETED] = "completed",
		[FNL_HANDOVER_STATE_CANCELLED] = "cancelled: the notice was taken back",
		[FNL_HANDOVER_STATE_REPLACED] = "replaced: another notice has come",
	};
	return state >= 0 && state < FNL_HANDOVER_STATE_COUNT ? texts[state] : "?";
}

static void draw_last_day(const struct drawing *d, const struct fnl_value *v)
{
	const struct fnl_value *until = &v[FNL_HANDOVER_AVAILABLE_UNTIL], *left = &v[FNL_HANDOVER_LEFT_ON];
	int64_t days = fnl_board_days_left(d->b), business = fnl_board_business_days_left(d->b);
	char day[FNL_TEXT_BYTES];
	fnl_text_date(v[FNL_HANDOVER_LAST_DAY].i64, day);
	name_line(d, "last day");
	fprintf(d->c->out, "%s", day);
	if (!fnl_board_is_under_way(d->b)) {
		fputc('\n', d->c->out);
		return;
	}
	if (days == 0) {
		fprintf(d->c->out, ", %stoday%s", fnl_style_on(d->c, FNL_BOLD), fnl_style_off(d->c));
	} else if (days > 0) {
		fprintf(d->c->out, ", %s%lld day%s left%s (%lld business day%s)", fnl_style_on(d->c, FNL_BOLD), (long long)days,
		        of(days, "", "s"), fnl_style_off(d->c), (long long)business, of(business, "", "s"));
	} else {
		fprintf(d->c->out, ", %lld day%s ago", (long long)-days, of(-days, "", "s"));
	}
	if (until->set && until->i64 < v[FNL_HANDOVER_LAST_DAY].i64) {
		fnl_text_date(until->i64, day);
		fprintf(d->c->out, "; visits and phones until %s", day);
	}
	fputc('\n', d->c->out);
	if (left->set) {
		fnl_text_date(left->i64, day);
		name_line(d, "left");
		fprintf(d->c->out, "%s: the manager speaks in his place\n", day);
	}
}

static void draw_successor(const struct drawing *d, const struct fnl_value *v)
{
	const struct fnl_value *id = &v[FNL_HANDOVER_SUCCESSOR_ID], *due = &v[FNL_HANDOVER_NAMING_DUE_AT];
	const struct fnl_list *checks = &v[FNL_HANDOVER_CHECKS].list;
	char day[FNL_TEXT_BYTES];
	name_line(d, "successor");
	fputs(fnl_style_on(d->c, id->set ? FNL_GREEN : FNL_YELLOW), d->c->out);
	fnl_text_cell(d->c, text_of(id, "nobody yet"), fnl_text_width(text_of(id, "nobody yet")));
	fputs(fnl_style_off(d->c), d->c->out);
	for (size_t i = 0; i < checks->count; i++) {
		const struct fnl_value *check = checks->items[i].list.items;
		if (check[FNL_SUCCESSOR_CHECK_SUCCESSOR_ID].set) {
			struct fnl_span who = check[FNL_SUCCESSOR_CHECK_SUCCESSOR_ID].str;
			fprintf(d->c->out, "; %.*s is being checked", (int)who.len, (const char *)who.data);
		}
	}
	if (due->set && v[FNL_HANDOVER_UNNAMED_COUNT].i64 > 0) {
		day_text(d, due->i64, day);
		fprintf(d->c->out, "; to be named by %s", day);
	}
	fputc('\n', d->c->out);
}

static void draw_sign_off(const struct drawing *d, const struct fnl_value *v)
{
	const struct fnl_value *due = &v[FNL_HANDOVER_REVIEW_DUE_AT];
	int64_t review = v[FNL_HANDOVER_REVIEW].i64;
	bool accepted = review == FNL_REVIEW_STATE_ACCEPTED, late = due->set && due->i64 <= d->b->moment.now_ms;
	char day[FNL_TEXT_BYTES] = "";
	if (due->set) {
		day_text(d, due->i64, day);
	}
	name_line(d, "sign-off");
	if (accepted || review == FNL_REVIEW_STATE_REFUSED) {
		fprintf(d->c->out, "%sthe reconciliation is %s%s\n", fnl_style_on(d->c, accepted ? FNL_GREEN : FNL_RED),
		        accepted ? "accepted" : "refused", fnl_style_off(d->c));
		return;
	}
	/* once it was told to be late it has no date any more */
	bool under_way = fnl_board_is_under_way(d->b);
	late = late || (under_way && !due->set && v[FNL_HANDOVER_STATE].i64 != FNL_HANDOVER_STATE_RECONCILING);
	fprintf(d->c->out, "%sthe reconciliation is not signed off%s%s%s%s\n",
	        fnl_style_on(d->c, late ? FNL_RED : FNL_YELLOW), late && under_way ? ", and late" : "",
	        due->set ? ": due " : "", day, fnl_style_off(d->c));
}

static void draw_head(const struct drawing *d)
{
	const struct fnl_value *v = d->b->handover.decoded.values;
	const struct fnl_value *rep = d->b->rep.decoded.values;
	struct fnl_span book = d->b->q->book, notice = v[FNL_HANDOVER_NOTICE_ID].str;
	char as_of[FNL_TEXT_BYTES], day[FNL_TEXT_BYTES];
	fnl_text_time(d->b->moment.now_ms, as_of);
	day_text(d, v[FNL_HANDOVER_NOTICE_AT].i64, day);
	fprintf(d->c->out, " %sHANDOVER of %.*s%s   notice %.*s of %s   %sas of %s, rules %d%s\n\n",
	        fnl_style_on(d->c, FNL_BOLD), (int)book.len - 4, (const char *)book.data + 4, fnl_style_off(d->c),
	        (int)notice.len, (const char *)notice.data, day, fnl_style_on(d->c, FNL_DIM), as_of,
	        (int)d->b->moment.rules->version, fnl_style_off(d->c));
	name_line(d, "state");
	fprintf(d->c->out, "%s\n", state_text(v[FNL_HANDOVER_STATE].i64));
	draw_last_day(d, v);
	if (fnl_board_is_under_way(d->b) || v[FNL_HANDOVER_SUCCESSOR_ID].set) {
		draw_successor(d, v);
	}
	if (rep && rep[FNL_REP_MANAGER_ID].set) {
		struct fnl_span who = rep[FNL_REP_MANAGER_ID].str;
		name_line(d, "manager");
		fprintf(d->c->out, "%.*s\n", (int)who.len, (const char *)who.data);
	}
	if (fnl_board_is_under_way(d->b) || v[FNL_HANDOVER_REVIEW].i64 == FNL_REVIEW_STATE_ACCEPTED) {
		draw_sign_off(d, v);
	}
}

/* ---- tasks ---- */

static const char *reassign_text(int64_t reassign)
{
	return reassign == FNL_REASSIGN_STATE_REQUESTED ? "; the CRM is to move it"
	       : reassign == FNL_REASSIGN_STATE_OVERDUE ? "; the CRM has not moved it in time"
	       : reassign == FNL_REASSIGN_STATE_DONE    ? "; moved"
	                                                : "";
}

static void open_text(const struct drawing *d, const struct fnl_board_task *t, char ret[FNL_VALUE_TEXT_BYTES])
{
	const struct fnl_value *v = t->row.decoded.values;
	int64_t level = v[FNL_TASK_OVERDUE_LEVEL].i64;
	size_t contacts = v[FNL_TASK_CONTACT_IDS].list.count;
	char due[FNL_TEXT_BYTES] = "?", late[FNL_TEXT_BYTES] = "";
	if (v[FNL_TASK_DUE_AT].set) {
		day_text(d, v[FNL_TASK_DUE_AT].i64, due);
	}
	if (t->late && t->late_business_days > 0) {
		snprintf(late, sizeof(late), ", %lld business day%s late", (long long)t->late_business_days,
		         of(t->late_business_days, "", "s"));
	}
	snprintf(ret, FNL_VALUE_TEXT_BYTES, "%s %s%s%s%s", t->late ? "was due" : "due", due, late,
	         !t->late                              ? ""
	         : level == FNL_ALERT_LEVEL_MANAGER    ? ": the manager was told"
	         : level == FNL_ALERT_LEVEL_NEXT_LEVEL ? ": the level above was told"
	                                               : "",
	         contacts == 0   ? "; no contact is known"
	         : contacts == 1 ? "; only one contact is known"
	                         : "");
}

static void state_of_task(const struct drawing *d, const struct fnl_board_task *t, char ret[FNL_VALUE_TEXT_BYTES])
{
	const struct fnl_value *v = t->row.decoded.values;
	const char *reassign = reassign_text(v[FNL_TASK_REASSIGN].i64);
	char day[FNL_TEXT_BYTES] = "?";
	if (v[FNL_TASK_CLOSED_AT].set) {
		day_text(d, v[FNL_TASK_CLOSED_AT].i64, day);
	}
	switch (v[FNL_TASK_STATE].i64) {
	case FNL_TASK_STATE_UNNAMED:
		snprintf(ret, FNL_VALUE_TEXT_BYTES, "nobody takes it over yet");
		break;
	case FNL_TASK_STATE_WAITING:
		snprintf(ret, FNL_VALUE_TEXT_BYTES, "waits for the gate");
		break;
	case FNL_TASK_STATE_OPEN:
		open_text(d, t, ret);
		break;
	case FNL_TASK_STATE_DONE:
		snprintf(ret, FNL_VALUE_TEXT_BYTES, "done %s%s", day, reassign);
		break;
	case FNL_TASK_STATE_WAIVED:
		snprintf(ret, FNL_VALUE_TEXT_BYTES, "let go by the manager %s%s", day, reassign);
		break;
	case FNL_TASK_STATE_SUPERSEDED:
		snprintf(ret, FNL_VALUE_TEXT_BYTES, "not needed any more, since %s", day);
		break;
	default:
		snprintf(ret, FNL_VALUE_TEXT_BYTES, "cancelled %s", day);
		break;
	}
}

static const char *mark_of(const struct fnl_canvas *c, const struct fnl_board_task *t, enum fnl_style *ret_style)
{
	static const struct {
		const char *utf8;
		const char *ascii;
		enum fnl_style style;
	} marks[FNL_TASK_STATE_COUNT] = {
		[FNL_TASK_STATE_UNNAMED] = {"?", "?", FNL_YELLOW}, [FNL_TASK_STATE_WAITING] = {"·", ".", FNL_DIM},
		[FNL_TASK_STATE_OPEN] = {"○", "o", FNL_PLAIN},     [FNL_TASK_STATE_DONE] = {"✓", "+", FNL_GREEN},
		[FNL_TASK_STATE_WAIVED] = {"–", "-", FNL_GREEN},   [FNL_TASK_STATE_SUPERSEDED] = {"×", "x", FNL_DIM},
		[FNL_TASK_STATE_CANCELLED] = {"×", "x", FNL_DIM},
	};
	int64_t state = t->row.decoded.values[FNL_TASK_STATE].i64;
	size_t at = state >= 0 && state < FNL_TASK_STATE_COUNT ? (size_t)state : FNL_TASK_STATE_CANCELLED;
	*ret_style = t->late ? FNL_RED : marks[at].style;
	return t->late ? "!" : c->utf8 ? marks[at].utf8 : marks[at].ascii;
}

static void draw_task(const struct drawing *d, const struct fnl_board_task *t)
{
	const struct fnl_value *v = t->row.decoded.values, *amount = &v[FNL_TASK_AMOUNT];
	const struct fnl_value *who = v[FNL_TASK_SUCCESSOR_ID].set ? &v[FNL_TASK_SUCCESSOR_ID] : &v[FNL_TASK_NAMED_ID];
	struct fnl_span id = fnl_board_task_id(d->b, t);
	char money[FNL_TEXT_BYTES] = "no amount", text[2 * FNL_TEXT_BYTES], state[FNL_VALUE_TEXT_BYTES];
	enum fnl_style style;
	const char *mark = mark_of(d->c, t, &style);
	bool dim = fnl_board_has_ended(t);
	if (amount->set) {
		fnl_text_money(amount->money.amount_minor, amount->money.currency, money);
	}
	snprintf(text, sizeof(text), "%s%s%s", amount->set ? amount->money.currency : "", amount->set ? " " : "", money);
	state_of_task(d, t, state);
	fprintf(d->c->out, "   %s%s%s %s", fnl_style_on(d->c, style), mark, fnl_style_off(d->c),
	        fnl_style_on(d->c, dim ? FNL_DIM : FNL_PLAIN));
	fnl_text_cell(d->c, fnl_span_is_none(id) ? v[FNL_TASK_PROSPECT_ID].str : id, d->id_columns);
	fprintf(d->c->out, " %*s  ", AMOUNT_COLUMNS, text);
	if (d->successor_columns) {
		fnl_text_cell(d->c, text_of(who, "-"), d->successor_columns);
		fputs("  ", d->c->out);
	}
	fprintf(d->c->out, "%s%s%s%s\n", fnl_style_on(d->c, t->late ? FNL_RED : FNL_PLAIN), state,
	        t->late ? fnl_style_off(d->c) : "", dim ? fnl_style_off(d->c) : "");
}

/* What is not drawn, in one line. */
static void draw_rest(const struct drawing *d, const struct fnl_board_task *tasks, size_t count)
{
	size_t open = 0, late = 0, closed = 0, waiting = 0, unnamed = 0;
	const char *between = "";
	for (size_t i = 0; i < count; i++) {
		int64_t state = tasks[i].row.decoded.values[FNL_TASK_STATE].i64;
		open += state == FNL_TASK_STATE_OPEN;
		late += tasks[i].late;
		waiting += state == FNL_TASK_STATE_WAITING;
		unnamed += state == FNL_TASK_STATE_UNNAMED;
		closed += state == FNL_TASK_STATE_DONE || state == FNL_TASK_STATE_WAIVED;
	}
	const struct {
		size_t n;
		const char *what;
	} parts[] = {{open, "open"},     {late, "of these late"},
	             {waiting, "wait"},  {unnamed, "without a successor"},
	             {closed, "closed"}, {count - open - waiting - unnamed - closed, "not needed any more"}};
	fprintf(d->c->out, "     %s%s %zu more: ", fnl_style_on(d->c, FNL_DIM), d->c->utf8 ? "…" : "...", count);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].n) {
			fprintf(d->c->out, "%s%zu %s", between, parts[i].n, parts[i].what);
			between = ", ";
		}
	}
	fprintf(d->c->out, " (--all lists them)%s\n", fnl_style_off(d->c));
}

static void draw_layer(const struct drawing *d, enum fnl_board_layer layer)
{
	static const struct {
		const char *name;
		const char *how;
		enum fnl_style style;
	} layers[FNL_BOARD_LAYER_COUNT] = {
		[FNL_BOARD_BOTTOM] = {"BOTTOM", "both visit: the buyer hears who is in charge now", FNL_YELLOW},
		[FNL_BOARD_MIDDLE] = {"MIDDLE", "the leaver phones, introduces; the next meeting is set", FNL_CYAN},
		[FNL_BOARD_UNDECIDED] = {"UNDECIDED", "the manager decides, and TOP waits for it", FNL_MAGENTA},
		[FNL_BOARD_TOP] = {"TOP", "behind the gate: the successor phones, sets a talk", FNL_BLUE},
	};
	const struct fnl_board_count *n = &d->b->counts[layer];
	size_t first = 0, count = 0;
	while (first < d->b->task_count && d->b->tasks[first].layer != layer) {
		first++;
	}
	while (first + count < d->b->task_count && d->b->tasks[first + count].layer == layer) {
		count++;
	}
	if (count == 0 && layer == FNL_BOARD_UNDECIDED) {
		return;
	}
	fprintf(d->c->out, "\n %s%-9s%s ", fnl_style_on(d->c, layers[layer].style), layers[layer].name,
	        fnl_style_off(d->c));
	meter(d->c, n->closed, n->tasks);
	if (n->tasks) {
		fprintf(d->c->out, " %zu of %zu closed", n->closed, n->tasks);
	} else {
		fputs(" no prospects ", d->c->out);
	}
	if (n->late) {
		fprintf(d->c->out, ", %s%zu late%s", fnl_style_on(d->c, FNL_RED), n->late, fnl_style_off(d->c));
	}
	fprintf(d->c->out, "   %s%s%s\n", fnl_style_on(d->c, FNL_DIM), layers[layer].how, fnl_style_off(d->c));
	size_t max = d->b->q->tasks_max, shown = max && count > max ? max : count;
	for (size_t i = 0; i < shown; i++) {
		draw_task(d, &d->b->tasks[first + i]);
	}
	if (shown < count) {
		draw_rest(d, &d->b->tasks[first + shown], count - shown);
	}
}

/* ---- the gate ---- */

/* His tasks before the gate, and of TOP. */
struct before {
	size_t tasks;
	size_t closed;
	size_t top;
};

static struct before before_gate(const struct fnl_board *b, struct fnl_span successor_id)
{
	struct before n = {0, 0, 0};
	for (size_t i = 0; i < b->task_count; i++) {
		const struct fnl_board_task *t = &b->tasks[i];
		const struct fnl_value *v = t->row.decoded.values;
		int64_t state = v[FNL_TASK_STATE].i64;
		bool his = v[FNL_TASK_SUCCESSOR_ID].set && fnl_span_eq(v[FNL_TASK_SUCCESSOR_ID].str, successor_id);
		if (!his || fnl_board_has_ended(t)) {
			continue;
		}
		n.top += t->layer == FNL_BOARD_TOP;
		n.tasks += t->layer != FNL_BOARD_TOP;
		n.closed += t->layer != FNL_BOARD_TOP && (state == FNL_TASK_STATE_DONE || state == FNL_TASK_STATE_WAIVED);
	}
	return n;
}

static void draw_gate(const struct drawing *d, const struct fnl_value *successor, int columns)
{
	const struct fnl_value *v = successor->list.items, *released = &v[FNL_HANDOVER_SUCCESSOR_RELEASED_AT];
	struct before n = before_gate(d->b, v[FNL_HANDOVER_SUCCESSOR_SUCCESSOR_ID].str);
	const char *closed = d->c->utf8 ? " ──▶┃█┃╌╌▷" : " -->[X]..>";
	const char *open = d->c->utf8 ? " ──▶┃ ┃──▶" : " -->[ ]-->";
	char at[FNL_TEXT_BYTES] = "";
	if (released->set) {
		fnl_text_time(released->i64, at);
	}
	fputs("   ", d->c->out);
	fnl_text_cell(d->c, v[FNL_HANDOVER_SUCCESSOR_SUCCESSOR_ID].str, columns);
	fputc(' ', d->c->out);
	meter(d->c, n.tasks ? n.closed : 1, n.tasks ? n.tasks : 1);
	fprintf(d->c->out, "%s%s%s TOP %-3zu ", fnl_style_on(d->c, released->set ? FNL_GREEN : FNL_RED),
	        released->set ? open : closed, fnl_style_off(d->c), n.top);
	if (released->set) {
		fprintf(d->c->out, "%sopen%s since %s\n", fnl_style_on(d->c, FNL_GREEN), fnl_style_off(d->c), at);
	} else if (!v[FNL_HANDOVER_SUCCESSOR_LISTED].i64) {
		fputs("not yet: his tasks are being told\n", d->c->out);
	} else {
		long long blocking = (long long)v[FNL_HANDOVER_SUCCESSOR_BLOCKING].i64;
		fprintf(d->c->out, "%sclosed%s: %lld of %zu %s in its way\n", fnl_style_on(d->c, FNL_RED), fnl_style_off(d->c),
		        blocking, n.tasks, of(blocking, "is", "are"));
	}
}

static void draw_gates(const struct drawing *d)
{
	const struct fnl_list *successors = &d->b->handover.decoded.values[FNL_HANDOVER_SUCCESSORS].list;
	int columns = ID_COLUMNS_MIN;
	for (size_t i = 0; i < successors->count; i++) {
		int w = fnl_text_width(successors->items[i].list.items[FNL_HANDOVER_SUCCESSOR_SUCCESSOR_ID].str);
		columns = w > columns ? w : columns;
	}
	columns = columns > REP_COLUMNS_MAX ? REP_COLUMNS_MAX : columns;
	if (successors->count == 0 && !fnl_board_is_under_way(d->b)) {
		return;
	}
	fprintf(d->c->out, "\n %sGATE%s\n", fnl_style_on(d->c, FNL_BOLD), fnl_style_off(d->c));
	for (size_t i = 0; i < successors->count; i++) {
		draw_gate(d, &successors->items[i], columns);
	}
	if (successors->count == 0) {
		fputs("   nobody has taken over: there is none yet\n", d->c->out);
	}
}

/* ---- what is missing ---- */

static void draw_missing_line(const struct drawing *d, enum fnl_missing what)
{
	const struct fnl_value *v = d->b->handover.decoded.values;
	struct fnl_span book = d->b->q->book;
	long long n = (long long)d->b->missing[what];
	size_t late = 0;
	int len = (int)book.len - 4;
	const char *rep = (const char *)book.data + 4;
	for (int i = 0; i < FNL_BOARD_LAYER_COUNT; i++) {
		late += d->b->counts[i].late;
	}
	fputs("   ", d->c->out);
	switch (what) {
	case FNL_MISSING_LIST:
		fprintf(d->c->out, "the lines are compared: %lld so far\n", (long long)v[FNL_HANDOVER_LINE_COUNT].i64);
		break;
	case FNL_MISSING_NAMED:
		fprintf(d->c->out, "%lld prospect%s without a successor: funnelctl successor name WHO --rep %.*s\n", n,
		        of(n, "", "s"), len, rep);
		break;
	case FNL_MISSING_OPEN:
		fprintf(d->c->out, "%lld task%s to be done", n, of(n, "", "s"));
		fprintf(d->c->out, late ? ", %zu of them late\n" : "\n", late);
		break;
	case FNL_MISSING_GATE:
		fprintf(d->c->out, "%lld task%s of TOP wait%s for the gate\n", n, of(n, "", "s"), of(n, "s", ""));
		break;
	case FNL_MISSING_REVIEW:
		fprintf(d->c->out, "the manager's sign-off of the reconciliation: funnelctl review accept --rep %.*s\n", len,
		        rep);
		break;
	case FNL_MISSING_WORK:
	case FNL_MISSING_COUNT:
		fputs("tasks are being told\n", d->c->out);
		break;
	}
}

static void draw_end(const struct drawing *d)
{
	const struct fnl_value *v = d->b->handover.decoded.values;
	char at[FNL_TEXT_BYTES], until[FNL_TEXT_BYTES];
	if (fnl_board_is_under_way(d->b)) {
		fprintf(d->c->out, "\n %sTO COMPLETE%s\n", fnl_style_on(d->c, FNL_BOLD), fnl_style_off(d->c));
		for (int i = 0; i < FNL_MISSING_COUNT; i++) {
			if (d->b->missing[i]) {
				draw_missing_line(d, (enum fnl_missing)i);
			}
		}
		return;
	}
	if (v[FNL_HANDOVER_COMPLETED_AT].set) {
		fnl_text_time(v[FNL_HANDOVER_COMPLETED_AT].i64, at);
		fprintf(d->c->out, "\n %sCOMPLETED%s on %s: %lld done, %lld let go, %lld not needed\n",
		        fnl_style_on(d->c, FNL_GREEN), fnl_style_off(d->c), at, (long long)v[FNL_HANDOVER_DONE_COUNT].i64,
		        (long long)v[FNL_HANDOVER_WAIVED_COUNT].i64, (long long)v[FNL_HANDOVER_SUPERSEDED_COUNT].i64);
	}
	if (v[FNL_HANDOVER_COMPLETED_AT].set && v[FNL_HANDOVER_WATCH_UNTIL].set) {
		day_text(d, v[FNL_HANDOVER_WATCH_UNTIL].i64 - 1, until);
		fprintf(d->c->out, "   its prospects are watched to the end of %s\n", until);
	}
}

static void widths(struct drawing *d)
{
	const struct fnl_value *v = d->b->handover.decoded.values;
	int successor = 0;
	bool others = v[FNL_HANDOVER_SUCCESSORS].list.count > 1;
	d->id_columns = ID_COLUMNS_MIN;
	for (size_t i = 0; i < d->b->task_count; i++) {
		const struct fnl_value *t = d->b->tasks[i].row.decoded.values;
		int id = fnl_text_width(fnl_board_task_id(d->b, &d->b->tasks[i]));
		int who = t[FNL_TASK_SUCCESSOR_ID].set ? fnl_text_width(t[FNL_TASK_SUCCESSOR_ID].str) : 1;
		d->id_columns = id > d->id_columns ? id : d->id_columns;
		successor = who > successor ? who : successor;
	}
	d->id_columns = d->id_columns > ID_COLUMNS_MAX ? ID_COLUMNS_MAX : d->id_columns;
	d->successor_columns = !others ? 0 : successor > REP_COLUMNS_MAX ? REP_COLUMNS_MAX : successor;
}

int fnl_view_handover(const struct fnl_rows *rows, const struct fnl_handover_question *q, const struct fnl_canvas *c,
                      struct fnl_error *why)
{
	struct fnl_board b;
	struct drawing d = {.b = &b, .c = c};
	int rc = fnl_board_make(rows, q, &b, why);
	if (rc == 0) {
		widths(&d);
		draw_head(&d);
		draw_layer(&d, FNL_BOARD_BOTTOM);
		draw_layer(&d, FNL_BOARD_MIDDLE);
		draw_layer(&d, FNL_BOARD_UNDECIDED);
		draw_gates(&d);
		draw_layer(&d, FNL_BOARD_TOP);
		draw_end(&d);
	}
	fnl_board_unmake(&b);
	return rc;
}
