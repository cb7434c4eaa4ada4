/* What must hold of handovers whatever came in, and in whatever order: looked at in what was told, and in the rows,
 * apart from the fold. I9: no task of TOP is released before all of BOTTOM, MIDDLE and UNDECIDED of its handover and
 * successor that were opened are closed or superseded, and a release is for good; each task is opened once and ends
 * once. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_handover.h"
#include "oracle_same.h"

struct watching {
	struct oracle *o;
	const struct oracle_rep_input *in;
	struct oracle_report to;
	json_t *handovers; /* "<rep>|<notice>": opened, ended, and counts */
	json_t *tasks;     /* "<rep>|<notice>|<task id>" */
	json_t *gates;     /* "<rep>|<notice>|<successor>": open: tasks that block; released */
	json_t *ids;
	json_t *times;  /* "<rep>|<notice>": which of its handovers */
	json_t *erased; /* "<book>|<prospect>" */
	char step[400]; /* at which w->body was told */
	json_t *body;
	const char *record;
	char handover[REP_KEY_BYTES + 24];
	bool failed;
};

static void fail(struct watching *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct watching *w, const char *fmt, ...)
{
	char text[600];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!w->failed) {
		oracle_differ(&w->to, "handovers of %s, a %s: %s", w->handover, w->record, text);
	}
	w->failed = true;
}

static bool is(const struct watching *w, const char *record)
{
	return strcmp(w->record, record) == 0;
}

static json_t *entry(json_t *of, const char *key)
{
	json_t *v = json_object_get(of, key);
	if (!v) {
		v = json_object();
		json_object_set_new(of, key, v);
	}
	return v;
}

static json_t *gate_of(struct watching *w, const json_t *task)
{
	char key[2 * REP_KEY_BYTES];
	snprintf(key, sizeof(key), "%s|%s", w->handover, oracle_text(task, "successor_id"));
	return entry(w->gates, key);
}

/* Nothing blocks since an earlier step: it has opened, though nobody may have waited. */
static bool has_opened(const struct watching *w, const json_t *gate)
{
	return oracle_flag(gate, "released") || (oracle_has(gate, "free_at") && !oracle_is(gate, "free_at", w->step));
}

static void block(struct watching *w, json_t *gate, int64_t by)
{
	oracle_set(gate, "released", json_boolean(has_opened(w, gate)));
	rep_handover_count(gate, "open", by);
	oracle_set(gate, "free_at", oracle_number(gate, "open") == 0 ? json_string(w->step) : json_null());
}

/* Whatever a gate lets through: from the first time on it is open for good. */
static void release(struct watching *w, json_t *task)
{
	json_t *gate = gate_of(w, task);
	oracle_set(gate, "released", json_boolean(has_opened(w, gate)));
	if (!oracle_flag(gate, "released") && oracle_number(gate, "open") > 0) {
		fail(w, "I9: %s is released, and %" PRId64 " tasks of the layers below are not closed",
		     oracle_text(task, "task_id"), oracle_number(gate, "open"));
	}
	oracle_set(gate, "released", json_true());
	oracle_set(task, "released", json_true());
}

/* The prospect was erased by right, some time. */
static bool is_forgotten(const struct watching *w)
{
	char key[2 * REP_KEY_BYTES];
	snprintf(key, sizeof(key), "rep:%s|%s", oracle_text(w->body, "leaving_rep_id"),
	         oracle_text(w->body, "prospect_id"));
	return json_object_get(w->erased, key);
}

static void find_erased(struct watching *w)
{
	for (size_t i = 0; i < w->in->input_count; i++) {
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		char key[2 * REP_KEY_BYTES];
		json_t *in = oracle_decode(w->o, &w->in->inputs[i], &schema, &why);
		if (in && strcmp(schema->name, "BookLine") == 0 &&
		    (oracle_is(in, "state", "ERASED") || oracle_is(in, "layer", "ERASED"))) {
			snprintf(key, sizeof(key), "%.500s|%.500s", oracle_text(in, "book"), oracle_text(in, "prospect_id"));
			json_object_set_new(w->erased, key, json_true());
		}
		json_decref(in);
	}
}

static void task_opened(struct watching *w, json_t *task)
{
	static const char *const same[] = {"task_id", "successor_id", "layer"};
	bool top = oracle_is(w->body, "layer", "TOP");
	if (json_object_size(task) && is_forgotten(w)) {
		json_object_clear(task); /* nothing is known of it, not even its number */
	}
	if (json_object_size(task)) {
		fail(w, "%s was opened before", oracle_text(w->body, "task_id"));
		return;
	}
	for (size_t i = 0; i < 3; i++) {
		oracle_take(task, same[i], w->body, same[i]);
	}
	if (!top) {
		block(w, gate_of(w, task), 1);
	}
	if (!top && !oracle_flag(w->body, "released")) {
		fail(w, "%s waits, though it is not of TOP", oracle_text(task, "task_id"));
	}
	json_t *gate = gate_of(w, task);
	if (top && oracle_flag(w->body, "released")) {
		release(w, task);
	} else if (top && oracle_number(gate, "open") == 0 && !oracle_has(gate, "free_at")) {
		oracle_set(gate, "free_at", json_string(w->step)); /* one who has but TOP: nothing ever blocks */
	}
	rep_handover_count(entry(w->handovers, w->handover), "open", 1);
}

static void task_ended(struct watching *w, json_t *task, const char *counted)
{
	json_t *handover = entry(w->handovers, w->handover);
	if (oracle_flag(task, "ended") && is_forgotten(w)) {
		json_object_clear(task);
	}
	bool told = json_object_size(task);
	rep_handover_count(handover, counted, 1);
	if (oracle_flag(task, "ended")) {
		fail(w, "%s has ended before", oracle_text(w->body, "task_id"));
	}
	oracle_set(task, "ended", json_true());
	if (!told) { /* let go before it was told */
		if (!is(w, "HandoverTaskClosed") || !oracle_is(w->body, "outcome", "WAIVED")) {
			fail(w, "%s was never opened", oracle_text(w->body, "task_id"));
		}
		return;
	}
	rep_handover_count(handover, "open", -1);
	if (!oracle_is(task, "layer", "TOP")) {
		block(w, gate_of(w, task), -1);
	}
}

/* Who drops out and comes again begins with another gate. Of the reasons these say always that he drops out. */
static void refused(struct watching *w)
{
	static const char *const final[] = {"UNKNOWN_REP", "INACTIVE", "RESIGNED"};
	for (size_t i = 0; i < 3; i++) {
		if (oracle_is(w->body, "reason", final[i])) {
			oracle_set(gate_of(w, w->body), "released", json_false());
			oracle_set(gate_of(w, w->body), "free_at", json_null());
		}
	}
}

static void of_task(struct watching *w)
{
	char key[2 * REP_KEY_BYTES];
	snprintf(key, sizeof(key), "%s|%s", w->handover, oracle_text(w->body, "task_id"));
	json_t *task = entry(w->tasks, key);
	if (is(w, "HandoverTaskOpened")) {
		task_opened(w, task);
	} else if (is(w, "HandoverTaskClosed")) {
		char counted[16];
		snprintf(counted, sizeof(counted), "%s", oracle_text(w->body, "outcome"));
		task_ended(w, task, counted);
	} else if (is(w, "HandoverTaskSuperseded")) {
		task_ended(w, task, "superseded");
	} else if (!oracle_has(task, "task_id") || oracle_flag(task, "ended")) {
		fail(w, "%s is not open", oracle_text(w->body, "task_id"));
	} else if (is(w, "HandoverTaskReleased")) {
		if (!oracle_is(task, "layer", "TOP") || oracle_flag(task, "released")) {
			fail(w, "%s did not wait", oracle_text(w->body, "task_id"));
		}
		release(w, task);
	}
}

/* Its beginning comes first, once; its end once, with nothing open. */
static void of_handover(struct watching *w)
{
	json_t *handover = entry(w->handovers, w->handover);
	bool begins = is(w, "HandoverOpened"), ends = is(w, "HandoverCancelled") || is(w, "HandoverCompleted");
	const char *mark = begins ? "begun" : "ended";
	if ((begins || ends) && oracle_flag(handover, mark)) {
		fail(w, "there was one before");
	}
	if (is(w, "HandoverCompleted") && (!oracle_flag(handover, "begun") || oracle_number(handover, "open") != 0)) {
		fail(w, "it is completed with %" PRId64 " open tasks", oracle_number(handover, "open"));
	}
	if (begins || ends) {
		oracle_set(handover, mark, json_true());
	}
	if (is(w, "HandoverTaskOpened") && (!oracle_flag(handover, "begun") || oracle_flag(handover, "ended"))) {
		fail(w, "its handover is not there any more, or not yet");
	}
}

/* HR may speak of a notice again that another had replaced: that is another handover. */
static void name(struct watching *w, const char *rep, const char *notice, bool begins)
{
	char key[REP_KEY_BYTES];
	snprintf(key, sizeof(key), "%s|%s", rep, notice);
	json_t *times = entry(w->times, key);
	snprintf(w->handover, sizeof(w->handover), "%s|%" PRId64, key, oracle_number(times, "count"));
	if (begins && oracle_flag(entry(w->handovers, w->handover), "ended")) {
		rep_handover_count(times, "count", 1);
		snprintf(w->handover, sizeof(w->handover), "%s|%" PRId64, key, oracle_number(times, "count"));
	}
}

static void look(struct watching *w, const struct fnl_record *r)
{
	static const char *const tasks[] = {"HandoverTaskOpened", "HandoverTaskReleased", "HandoverTaskSuperseded",
	                                    "HandoverTaskOverdue", "HandoverTaskClosed"};
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	const char *id = oracle_printable(oracle_header(r, "ce_id"));
	w->body = oracle_decode_value(w->o, r->value, &schema, &why);
	if (!w->body || !oracle_text(w->body, "leaving_rep_id")) {
		json_decref(w->body); /* found out elsewhere */
		return;
	}
	w->record = schema->name;
	snprintf(w->step, sizeof(w->step), "%s %s %s", oracle_printable(oracle_header(r, "funneld_at")),
	         oracle_printable(oracle_header(r, "funneld_now")), oracle_printable(oracle_header(r, "ce_causationid")));
	name(w, oracle_text(w->body, "leaving_rep_id"), oracle_text(w->body, "notice_id"), is(w, "HandoverOpened"));
	/* a report, or an answer, that comes again may be refused again */
	bool again = is(w, "HandoverTaskRefused") || is(w, "SuccessorRefused");
	/* so may the task of a stranger who has the id of somebody erased, which the stage before never lets come */
	again = again || (oracle_has(w->body, "prospect_id") && is_forgotten(w));
	if (!again && json_object_get(w->ids, id)) {
		fail(w, "ce_id %s is there twice", id);
	}
	json_object_set_new(w->ids, id, json_true());
	of_handover(w);
	if (is(w, "SuccessorRefused")) {
		refused(w);
	}
	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++) {
		if (is(w, tasks[i])) {
			of_task(w);
		}
	}
	json_decref(w->body);
}

/* ---- rows ---- */

static json_t *decode(struct watching *w, const struct oracle_row *r)
{
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	return oracle_decode_value(w->o, r->value, &schema, &why);
}

/* What the handover's tasks that are there add up to. */
static void count_task(json_t *sums, const json_t *task)
{
	char key[2 * REP_KEY_BYTES];
	bool waits = oracle_is(task, "state", "WAITING"), open = oracle_is(task, "state", "OPEN");
	rep_handover_count(sums, oracle_text(task, "state"), 1);
	if (!waits && !open) {
		return;
	}
	rep_handover_count(sums, "told", 1);
	if (waits || !oracle_is(task, "layer", "TOP")) {
		snprintf(key, sizeof(key), "%s of %s", waits ? "waiting" : "blocking", oracle_text(task, "successor_id"));
		rep_handover_count(sums, key, 1);
	}
}

static void same_number(struct watching *w, const char *what, int64_t expected, int64_t found)
{
	if (expected != found) {
		fail(w, "%s: %" PRId64 " by its tasks, %" PRId64 " in it", what, expected, found);
	}
}

static void check_handover(struct watching *w, const json_t *row, const json_t *sums)
{
	static const char *const counts[][2] = {
		{"done_count", "DONE"}, {"waived_count", "WAIVED"}, {"cancelled_count", "CANCELLED"}};
	char key[2 * REP_KEY_BYTES];
	size_t i;
	json_t *one;
	name(w, oracle_text(row, "book") + 4, oracle_text(row, "notice_id"), false);
	w->record = "Handover row";
	const json_t *told = entry(w->handovers, w->handover);
	same_number(w, "open_count", oracle_number(sums, "told"), oracle_number(row, "open_count"));
	same_number(w, "unnamed_count", oracle_number(sums, "UNNAMED"), oracle_number(row, "unnamed_count"));
	same_number(w, "open_count, as told", oracle_number(told, "open"), oracle_number(row, "open_count"));
	for (i = 0; i < 2; i++) {
		same_number(w, counts[i][0], oracle_number(told, counts[i][1]), oracle_number(row, counts[i][0]));
	}
	json_array_foreach(json_object_get(row, "successors"), i, one)
	{
		static const char *const fields[] = {"blocking", "waiting"};
		for (size_t k = 0; k < 2; k++) {
			snprintf(key, sizeof(key), "%s of %s", fields[k], oracle_text(one, "successor_id"));
			same_number(w, key, oracle_number(sums, key), oracle_number(one, fields[k]));
		}
		if (oracle_has(one, "released_at") && oracle_number(one, "waiting") > 0) {
			fail(w, "the gate of %s is open, and tasks wait", oracle_text(one, "successor_id"));
		}
	}
}

static void look_at_rows(struct watching *w)
{
	json_t *books = json_object();
	for (size_t i = 0; i < w->in->row_count; i++) {
		json_t *task = w->in->rows[i].table == ORACLE_REP_TASK ? decode(w, &w->in->rows[i]) : NULL;
		if (task && oracle_text(task, "book") && oracle_text(task, "state")) {
			count_task(entry(books, oracle_text(task, "book")), task);
		}
		json_decref(task);
	}
	for (size_t i = 0; i < w->in->row_count; i++) {
		json_t *row = w->in->rows[i].table == ORACLE_REP_HANDOVER ? decode(w, &w->in->rows[i]) : NULL;
		/* one that was withdrawn before it came is but remembered */
		bool begun = row && (!oracle_is(row, "state", "CANCELLED") || oracle_number(row, "line_count") > 0);
		if (begun && oracle_text(row, "book") && oracle_is(row, "job", "NONE")) {
			check_handover(w, row, entry(books, oracle_text(row, "book")));
		}
		json_decref(row);
	}
	json_decref(books);
}

int rep_gates_check(struct oracle *o, const struct oracle_rep_input *in, struct oracle_report *to)
{
	struct watching w = {.o = o, .in = in, .to = *to};
	w.handovers = json_object();
	w.tasks = json_object();
	w.gates = json_object();
	w.ids = json_object();
	w.times = json_object();
	w.erased = json_object();
	find_erased(&w);
	for (size_t i = 0; i < in->output_counts[ORACLE_REP_HANDOVERS] && !w.failed; i++) {
		look(&w, &in->outputs[ORACLE_REP_HANDOVERS][i]);
	}
	if (!w.failed) {
		look_at_rows(&w);
	}
	json_decref(w.handovers);
	json_decref(w.tasks);
	json_decref(w.gates);
	json_decref(w.ids);
	json_decref(w.times);
	json_decref(w.erased);
	return w.failed ? -1 : 0;
}
