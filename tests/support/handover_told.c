/* What the handovers' world hears: written down, and held against what must be true of every history. */
#include "handover_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "supervised.h"

#define DAY_MS INT64_C(86400000)

/* ---- written down ---- */

static void print_value(struct fnl_hands *w, enum fnl_kind kind, const struct fnl_field_desc *field,
                        const struct fnl_value *v);

static void print_list(struct fnl_hands *w, const struct fnl_field_desc *field, struct fnl_list list)
{
	for (size_t i = 0; i < list.count; i++) {
		fnl_golden_add(w->golden, "%s", i ? "," : "");
		print_value(w, field->item_kind, field, &list.items[i]);
	}
}

static bool is_worth_it(const struct fnl_field_desc *field, const struct fnl_value *v)
{
	if (!v->set || (field->kind == FNL_KIND_LIST && v->list.count == 0)) {
		return false;
	}
	return field->kind != FNL_KIND_BOOL || v->i64 != 0;
}

static void print_record(struct fnl_hands *w, const struct fnl_record_desc *desc, struct fnl_list values)
{
	const char *between = "";
	fnl_golden_add(w->golden, "(");
	for (size_t i = 0; i < desc->field_count; i++) {
		if (is_worth_it(&desc->fields[i], &values.items[i])) {
			fnl_golden_add(w->golden, "%s%s=", between, desc->fields[i].name);
			print_value(w, desc->fields[i].kind, &desc->fields[i], &values.items[i]);
			between = " ";
		}
	}
	fnl_golden_add(w->golden, ")");
}

static void print_value(struct fnl_hands *w, enum fnl_kind kind, const struct fnl_field_desc *field,
                        const struct fnl_value *v)
{
	char text[32];
	switch (kind) {
	case FNL_KIND_BOOL:
		fnl_golden_add(w->golden, v->i64 ? "yes" : "no");
		break;
	case FNL_KIND_STRING:
		fnl_golden_add(w->golden, "%s", fnl_hands_text(w, v->str));
		break;
	case FNL_KIND_ENUM:
		fnl_golden_add(w->golden, "%s", field->symbols[v->i64]);
		break;
	case FNL_KIND_DATE:
		fnl_golden_add(w->golden, "%.9s", fnl_moment_text(v->i64 * DAY_MS, text));
		break;
	case FNL_KIND_TIMESTAMP:
		fnl_golden_add(w->golden, "%s", fnl_moment_text(v->i64, text));
		break;
	case FNL_KIND_MONEY:
		fnl_golden_add(w->golden, "%lld%s", (long long)v->money.amount_minor, v->money.currency);
		break;
	case FNL_KIND_RECORD:
		print_record(w, field->record, v->list);
		break;
	case FNL_KIND_LIST:
		print_list(w, field, v->list);
		break;
	default:
		fnl_golden_add(w->golden, "%lld", (long long)v->i64);
		break;
	}
}

static bool is_among(const char *name, const char *const *names)
{
	for (; *names; names++) {
		if (strcmp(name, *names) == 0) {
			return true;
		}
	}
	return false;
}

/* Who leaves and who manages is clear from the story. */
static bool is_left_out(const struct fnl_hands *w, const struct fnl_record_desc *desc, const char *name)
{
	static const char *const always[] = {"source",  "occurred_at", "org_id",         "manager_id", "notice_id",
	                                     "command", "book",        "leaving_rep_id", NULL};
	static const char *const kept[] = {"task_id", "layer", "successor_id", "released", "due_at", NULL};
	bool has_task = fnl_record_field_index(desc, FNL_SPAN_LIT("task_id")) >= 0;
	if (w->terse && desc == &fnl_desc_handover_task_opened) {
		return !is_among(name, kept);
	}
	return is_among(name, always) || (has_task && strcmp(name, "prospect_id") == 0);
}
static void write_down(struct fnl_hands *w, const char *rep, const struct fnl_event_out *event)
{
	const struct fnl_record_desc *desc = event->desc;
	fnl_golden_add(w->golden, "    %-4s %s", rep, desc->name);
	for (size_t i = 0; i < desc->field_count; i++) {
		const struct fnl_field_desc *field = &desc->fields[i];
		if (!is_left_out(w, desc, field->name) && is_worth_it(field, &event->values[i])) {
			fnl_golden_add(w->golden, " %s=", field->name);
			print_value(w, field->kind, field, &event->values[i]);
		}
	}
	fnl_golden_add(w->golden, "\n");
}

/* ---- each task is opened once and closed once; no task of TOP before its gate ---- */

static bool is_text(struct fnl_value v, const char *text)
{
	return v.set && fnl_span_eq(v.str, fnl_span_str(text));
}

static struct fnl_hands_told *told_of(struct fnl_hands *w, const char *rep, struct fnl_value notice,
                                      struct fnl_value task)
{
	for (size_t i = w->told_count; i-- > 0;) {
		struct fnl_hands_told *t = &w->told[i];
		if (strcmp(t->rep, rep) == 0 && is_text(notice, t->notice) && is_text(task, t->task)) {
			return t;
		}
	}
	return NULL;
}

static struct fnl_hands_told *told_new(struct fnl_hands *w, const char *rep, struct fnl_value notice,
                                       struct fnl_value task)
{
	if (w->told_count == w->told_room) {
		w->told_room = w->told_room ? 2 * w->told_room : 64;
		w->told = realloc(w->told, w->told_room * sizeof(*w->told));
		if (!w->told) {
			abort();
		}
	}
	struct fnl_hands_told *t = &w->told[w->told_count++];
	*t = (struct fnl_hands_told){.open = true};
	(void)snprintf(t->rep, sizeof(t->rep), "%s", rep);
	(void)snprintf(t->notice, sizeof(t->notice), "%s", fnl_hands_text(w, notice.str));
	(void)snprintf(t->task, sizeof(t->task), "%s", fnl_hands_text(w, task.str));
	return t;
}

static bool gate_is_open(const struct fnl_hands *w, const char *rep, const char *heir)
{
	for (size_t i = 0; i < w->gate_count; i++) {
		if (strcmp(w->gates[i].rep, rep) == 0 && strcmp(w->gates[i].heir, heir) == 0) {
			return true;
		}
	}
	return false;
}

/* It opens now: nothing of his that blocks it may be open. */
static void open_gate(struct fnl_hands *w, const char *rep, const char *heir)
{
	if (gate_is_open(w, rep, heir)) {
		return;
	}
	for (size_t i = 0; i < w->told_count; i++) {
		const struct fnl_hands_told *t = &w->told[i];
		if (t->open && t->layer != FNL_TASK_LAYER_TOP && strcmp(t->rep, rep) == 0 && strcmp(t->heir, heir) == 0) {
			fail_msg("%s\n  the gate of %s opens before %s is closed", w->line, heir, t->task);
		}
	}
	assert_true(w->gate_count < FNL_HANDS_GATES_MAX);
	struct fnl_hands_gate *gate = &w->gates[w->gate_count++];
	(void)snprintf(gate->rep, sizeof(gate->rep), "%s", rep);
	(void)snprintf(gate->heir, sizeof(gate->heir), "%s", heir);
}

static void hear_opened(struct fnl_hands *w, const char *rep, const struct fnl_value *v)
{
	struct fnl_value notice = v[FNL_HANDOVER_TASK_OPENED_NOTICE_ID];
	struct fnl_value task = v[FNL_HANDOVER_TASK_OPENED_TASK_ID];
	if (told_of(w, rep, notice, task)) {
		fail_msg("%s\n  %s is opened twice", w->line, fnl_hands_text(w, task.str));
	}
	struct fnl_hands_told *t = told_new(w, rep, notice, task);
	t->layer = (int)v[FNL_HANDOVER_TASK_OPENED_LAYER].i64;
	t->released = v[FNL_HANDOVER_TASK_OPENED_RELEASED].i64 != 0;
	(void)snprintf(t->heir, sizeof(t->heir), "%s", fnl_hands_text(w, v[FNL_HANDOVER_TASK_OPENED_SUCCESSOR_ID].str));
	if (t->layer == FNL_TASK_LAYER_TOP && t->released) {
		open_gate(w, rep, t->heir);
	}
	w->counts[FNL_HANDS_TASKS]++;
}

static void hear_released(struct fnl_hands *w, const char *rep, const struct fnl_value *v)
{
	struct fnl_hands_told *t =
		told_of(w, rep, v[FNL_HANDOVER_TASK_RELEASED_NOTICE_ID], v[FNL_HANDOVER_TASK_RELEASED_TASK_ID]);
	if (!t || !t->open || t->released) {
		fail_msg("%s\n  a task is released that does not wait", w->line);
	}
	t->released = true;
	open_gate(w, rep, t->heir);
	w->counts[FNL_HANDS_RELEASED]++;
}

/* may_be_new: one that was never opened may be closed: it was let go. */
static void hear_closed(struct fnl_hands *w, const char *rep, struct fnl_value notice, struct fnl_value task,
                        bool may_be_new)
{
	struct fnl_hands_told *t = told_of(w, rep, notice, task);
	if ((!t && !may_be_new) || (t && !t->open)) {
		fail_msg("%s\n  %s is closed, and is not open", w->line, fnl_hands_text(w, task.str));
	}
	t = t ? t : told_new(w, rep, notice, task);
	t->open = false;
	w->counts[FNL_HANDS_CLOSED]++;
}

void fnl_hands_tell(struct fnl_hands *w, const char *rep, const struct fnl_event_out *event)
{
	const struct fnl_record_desc *d = event->desc;
	const struct fnl_value *v = event->values;
	struct fnl_writer to = fnl_writer_of(&w->arena);
	if (fnl_record_encode(d, v, &to) != 0) {
		fail_msg("%s\n  a %s cannot be written", w->line, d->name);
	}
	if (d == &fnl_desc_handover_task_opened) {
		hear_opened(w, rep, v);
	} else if (d == &fnl_desc_handover_task_released) {
		hear_released(w, rep, v);
	} else if (d == &fnl_desc_handover_task_closed) {
		bool waived = v[FNL_HANDOVER_TASK_CLOSED_OUTCOME].i64 == FNL_TASK_OUTCOME_WAIVED;
		hear_closed(w, rep, v[FNL_HANDOVER_TASK_CLOSED_NOTICE_ID], v[FNL_HANDOVER_TASK_CLOSED_TASK_ID], waived);
	} else if (d == &fnl_desc_handover_task_superseded) {
		hear_closed(w, rep, v[FNL_HANDOVER_TASK_SUPERSEDED_NOTICE_ID], v[FNL_HANDOVER_TASK_SUPERSEDED_TASK_ID], false);
	}
	w->counts[FNL_HANDS_OPENED] += d == &fnl_desc_handover_opened;
	w->counts[FNL_HANDS_COMPLETED] += d == &fnl_desc_handover_completed;
	w->counts[FNL_HANDS_CANCELLED] += d == &fnl_desc_handover_cancelled;
	w->counts[FNL_HANDS_REFUSED] += d == &fnl_desc_handover_task_refused;
	w->counts[FNL_HANDS_REVIEWS] += d == &fnl_desc_defection_review;
	if (w->golden && !w->quiet) {
		write_down(w, rep, event);
	}
}

/* ---- rows ---- */

struct sums {
	int64_t by_state[FNL_TASK_STATE_COUNT];
	int64_t earlier; /* tasks that another number has replaced */
};

static void count_tasks(struct fnl_hands *w, const char *rep, struct sums *sums, struct fnl_value heir,
                        int64_t *blocking, int64_t *waiting, int64_t *top)
{
	size_t first;
	size_t count = fnl_hands_rows(w, FNL_HANDS_TASK, rep, &first);
	for (size_t i = 0; i < count; i++) {
		const struct fnl_value *t = fnl_hands_row(w, FNL_HANDS_TASK, rep, w->rows[first + i].id);
		int64_t state = t[FNL_TASK_STATE].i64;
		bool his = heir.set && t[FNL_TASK_SUCCESSOR_ID].set && fnl_span_eq(heir.str, t[FNL_TASK_SUCCESSOR_ID].str);
		bool is_top = t[FNL_TASK_LAYER].i64 == FNL_TASK_LAYER_TOP;
		sums->by_state[state]++;
		sums->earlier += t[FNL_TASK_NUMBER].i64 - 1;
		*waiting += his && state == FNL_TASK_STATE_WAITING;
		*blocking += his && state == FNL_TASK_STATE_OPEN && !is_top;
		*top += his && state == FNL_TASK_STATE_OPEN && is_top;
	}
}

static void check_heir(struct fnl_hands *w, const char *rep, const struct fnl_value *heir)
{
	struct sums sums = {0};
	int64_t blocking = 0;
	int64_t waiting = 0;
	int64_t top = 0;
	const char *id = fnl_hands_text(w, heir[FNL_HANDOVER_SUCCESSOR_SUCCESSOR_ID].str);
	count_tasks(w, rep, &sums, heir[FNL_HANDOVER_SUCCESSOR_SUCCESSOR_ID], &blocking, &waiting, &top);
	if (blocking != heir[FNL_HANDOVER_SUCCESSOR_BLOCKING].i64 || waiting != heir[FNL_HANDOVER_SUCCESSOR_WAITING].i64) {
		fail_msg("%s\n  %s has %lld blocking and %lld waiting tasks, not %lld and %lld", w->line, id,
		         (long long)blocking, (long long)waiting, (long long)heir[FNL_HANDOVER_SUCCESSOR_BLOCKING].i64,
		         (long long)heir[FNL_HANDOVER_SUCCESSOR_WAITING].i64);
	}
	if (!heir[FNL_HANDOVER_SUCCESSOR_RELEASED_AT].set) {
		assert_int_equal(top, 0);
	} else if (!heir[FNL_HANDOVER_SUCCESSOR_LEAVING].i64) {
		open_gate(w, rep, id);
	}
}

/* A gate goes with whoever leaves. */
static void forget_gates(struct fnl_hands *w, const char *rep, struct fnl_list heirs)
{
	size_t kept = 0;
	for (size_t i = 0; i < w->gate_count; i++) {
		bool stays = strcmp(w->gates[i].rep, rep) != 0;
		for (size_t k = 0; k < heirs.count; k++) {
			const struct fnl_value *heir = heirs.items[k].list.items;
			stays = stays || (is_text(heir[FNL_HANDOVER_SUCCESSOR_SUCCESSOR_ID], w->gates[i].heir) &&
			                  heir[FNL_HANDOVER_SUCCESSOR_RELEASED_AT].set);
		}
		if (stays) {
			w->gates[kept++] = w->gates[i];
		}
	}
	w->gate_count = kept;
}

void fnl_hands_check(struct fnl_hands *w, const char *rep)
{
	const struct fnl_value *row = fnl_hands_row(w, FNL_HANDS_HANDOVER, rep, "");
	struct sums sums = {0};
	int64_t none[3] = {0};
	if (!row || (w->row_count > 1000 && w->sequence++ % 100 != 0)) {
		return;
	}
	struct fnl_list heirs = row[FNL_HANDOVER_SUCCESSORS].list;
	forget_gates(w, rep, heirs);
	for (size_t i = 0; i < heirs.count; i++) {
		check_heir(w, rep, heirs.items[i].list.items);
	}
	count_tasks(w, rep, &sums, (struct fnl_value){0}, &none[0], &none[1], &none[2]);
	int64_t open = sums.by_state[FNL_TASK_STATE_WAITING] + sums.by_state[FNL_TASK_STATE_OPEN];
	assert_int_equal(sums.by_state[FNL_TASK_STATE_UNNAMED], row[FNL_HANDOVER_UNNAMED_COUNT].i64);
	assert_int_equal(open, row[FNL_HANDOVER_OPEN_COUNT].i64);
	if (row[FNL_HANDOVER_NEXT].set) {
		return; /* its tasks go, row by row */
	}
	/* whoever was erased is counted, and has no row */
	assert_true(sums.by_state[FNL_TASK_STATE_DONE] <= row[FNL_HANDOVER_DONE_COUNT].i64);
	assert_true(sums.by_state[FNL_TASK_STATE_WAIVED] <= row[FNL_HANDOVER_WAIVED_COUNT].i64);
	assert_true(sums.by_state[FNL_TASK_STATE_CANCELLED] <= row[FNL_HANDOVER_CANCELLED_COUNT].i64);
	int64_t superseded = sums.by_state[FNL_TASK_STATE_SUPERSEDED] + sums.earlier;
	assert_true(superseded <= row[FNL_HANDOVER_SUPERSEDED_COUNT].i64);
	int64_t all = open + row[FNL_HANDOVER_UNNAMED_COUNT].i64 + sums.by_state[FNL_TASK_STATE_DONE] +
	              sums.by_state[FNL_TASK_STATE_WAIVED] + sums.by_state[FNL_TASK_STATE_SUPERSEDED] +
	              sums.by_state[FNL_TASK_STATE_CANCELLED];
	assert_true(all <= row[FNL_HANDOVER_PROSPECT_COUNT].i64);
}

static void add(char text[256], const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(char text[256], const char *fmt, ...)
{
	size_t len = strlen(text);
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text + len, 256 - len, fmt, args);
	va_end(args);
}

static void summary(struct fnl_hands *w, const struct fnl_value *row, char ret[256])
{
	static const struct {
		const char *name;
		int field;
	} counts[] = {{"unnamed", FNL_HANDOVER_UNNAMED_COUNT},
	              {"open", FNL_HANDOVER_OPEN_COUNT},
	              {"done", FNL_HANDOVER_DONE_COUNT},
	              {"waived", FNL_HANDOVER_WAIVED_COUNT},
	              {"superseded", FNL_HANDOVER_SUPERSEDED_COUNT},
	              {"cancelled", FNL_HANDOVER_CANCELLED_COUNT},
	              {"lost", FNL_HANDOVER_LOST_COUNT},
	              {"silent", FNL_HANDOVER_SILENT_COUNT}};
	char text[32];
	struct fnl_list heirs = row[FNL_HANDOVER_SUCCESSORS].list;
	ret[0] = 0;
	add(ret, "%s", fnl_handover_state_text((int)row[FNL_HANDOVER_STATE].i64));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (row[counts[i].field].i64 > 0) {
			add(ret, " %s %lld", counts[i].name, (long long)row[counts[i].field].i64);
		}
	}
	for (size_t i = 0; i < heirs.count; i++) {
		const struct fnl_value *heir = heirs.items[i].list.items;
		add(ret, " | %s blocking %lld waiting %lld%s%s",
		    fnl_hands_text(w, heir[FNL_HANDOVER_SUCCESSOR_SUCCESSOR_ID].str),
		    (long long)heir[FNL_HANDOVER_SUCCESSOR_BLOCKING].i64, (long long)heir[FNL_HANDOVER_SUCCESSOR_WAITING].i64,
		    heir[FNL_HANDOVER_SUCCESSOR_RELEASED_AT].set ? " released" : "",
		    heir[FNL_HANDOVER_SUCCESSOR_LEAVING].i64 ? " leaving" : "");
	}
	if (row[FNL_HANDOVER_NEXT_DEADLINE_AT].set) {
		add(ret, " | next %s", fnl_moment_text(row[FNL_HANDOVER_NEXT_DEADLINE_AT].i64, text));
	}
}

void fnl_hands_show(struct fnl_hands *w)
{
	for (size_t i = 0; i < w->row_count && w->golden; i++) {
		char text[256];
		size_t at = 0;
		if (w->rows[i].table != FNL_HANDS_HANDOVER) {
			continue;
		}
		summary(w, fnl_hands_row(w, FNL_HANDS_HANDOVER, w->rows[i].rep, ""), text);
		while (at < w->shown_count && strcmp(w->shown[at].rep, w->rows[i].rep) != 0) {
			at++;
		}
		assert_true(at < FNL_HANDS_SHOWN_MAX);
		w->shown_count += at == w->shown_count;
		if (strcmp(w->shown[at].text, text) == 0) {
			continue;
		}
		(void)snprintf(w->shown[at].rep, sizeof(w->shown[at].rep), "%s", w->rows[i].rep);
		memcpy(w->shown[at].text, text, sizeof(text));
		if (!w->quiet) {
			fnl_golden_add(w->golden, "    %-4s = %s\n", w->rows[i].rep, text);
		}
	}
}
