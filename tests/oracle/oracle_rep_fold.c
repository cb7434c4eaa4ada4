/* A partition's input in its order: time, timers, rules. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_handover.h"

/* ---- timers, clock = event: by (deadline, table, key); the jobs' table comes before the books' ---- */

/* Rows of one table by book; the deadline must be before *ret_ms. */
static const char *first_due(json_t *rows, int64_t *ret_ms)
{
	const char *first = NULL, *book;
	json_t *rep;
	json_object_foreach(rows, book, rep)
	{
		int64_t at = oracle_has(rep, "next_deadline_at") ? oracle_number(rep, "next_deadline_at") : INT64_MAX;
		if (at < *ret_ms || (first && at == *ret_ms && strcmp(book, first) < 0)) {
			*ret_ms = at;
			first = book;
		}
	}
	return first;
}

/* Of the tasks: the row's key, in `key`; NULL: none is before *ret_ms. */
static const char *first_task(json_t *tasks, int64_t *ret_ms, char key[REP_KEY_BYTES])
{
	const char *book, *id, *first = NULL;
	json_t *of, *task;
	json_object_foreach(tasks, book, of)
	{
		json_object_foreach(of, id, task)
		{
			char name[REP_KEY_BYTES];
			int64_t at = oracle_has(task, "next_deadline_at") ? oracle_number(task, "next_deadline_at") : INT64_MAX;
			snprintf(name, sizeof(name), "%s|%s", book, id);
			if (at < *ret_ms || (first && at == *ret_ms && strcmp(name, first) < 0)) {
				*ret_ms = at;
				memcpy(key, name, sizeof(name));
				first = key;
			}
		}
	}
	return first;
}

/* Of what the row waits for, what is due. */
static void fire_book(struct rep_step *s, const char *book, json_t *rep)
{
	char deadline[24];
	snprintf(deadline, sizeof(deadline), "%" PRId64, s->now_ms);
	s->deadline_ms = s->now_ms;
	bool counted = oracle_has(rep, "directory_due_at") && oracle_number(rep, "directory_due_at") <= s->now_ms;
	bool changed = oracle_has(rep, "recalculation_due_at") && oracle_number(rep, "recalculation_due_at") <= s->now_ms;
	if (counted) {
		rep_timer_cause(s, "rep", book);
		rep_directory_due(s, book, rep);
	}
	if (changed) {
		rep_tell_recalculated(s, book, rep, deadline);
	}
	if (oracle_has(rep, "cells_due_at") && oracle_number(rep, "cells_due_at") <= s->now_ms) {
		rep_cells_go_over(s, book, rep);
	}
}

static void fire_timers(struct rep_fold *f, struct rep_partition *p)
{
	char key[REP_KEY_BYTES];
	while (f->in->event_clock && p->has_time) {
		bool armed = oracle_has(p->jobs, "next_deadline_at");
		int64_t at = armed ? oracle_number(p->jobs, "next_deadline_at") : INT64_MAX;
		const char *book = first_due(p->reps, &at), *inspected = first_due(p->inspections, &at);
		const char *leaving = first_due(p->handovers, &at), *task = first_task(p->tasks, &at, key);
		const char *cell = first_due(p->cells, &at), *moves = first_due(p->moves, &at);
		struct rep_step s = {.fold = f, .p = p, .now_ms = at};
		if (at > p->time_ms || (!book && !inspected && !leaving && !task && !cell && !moves && !armed)) {
			return;
		}
		if (moves) { /* before all others */
			rep_moves_fire(&s, moves);
		} else if (cell) {
			rep_cell_fire(&s, cell);
		} else if (task) {
			rep_task_fire(&s, task);
		} else if (leaving) {
			rep_handover_fire(&s, leaving);
		} else if (inspected) {
			rep_inspect_fire(&s, inspected);
		} else if (book) {
			fire_book(&s, book, json_object_get(p->reps, book));
		} else {
			/* what the change of rules did to the running sums has the rules for its cause */
			const char *cause = oracle_text(p->jobs, "recount_cause_id");
			const char *correlation = oracle_text(p->jobs, "recount_correlation_id");
			snprintf(s.cause, sizeof(s.cause), "%s", cause ? cause : "");
			snprintf(s.correlation, sizeof(s.correlation), "%s", correlation ? correlation : "");
			rep_jobs_fire(&s);
		}
	}
}

/* ---- inputs ---- */

static const char *activate_rules(struct rep_step *s)
{
	static const char *const same[] = {"rules_version", "rules_hash", "rules_text"};
	const json_t *in = s->in;
	int64_t version = oracle_number(in, "rules_version");
	int64_t current = s->p->rules->text.version;
	const json_t *hash = json_object_get(in, "rules_hash");
	const struct rep_rules *before = s->p->rules;
	if (version < 1 || json_string_length(hash) != 64) {
		return "rules without version or hash";
	}
	if (version == current && !json_equal(hash, json_object_get(s->p->rules_row, "rules_hash"))) {
		return "another text of the rules that are active";
	}
	if (version <= current) {
		s->fold->stats.stale++;
		return NULL;
	}
	const struct rep_rules *rules = rep_rules_of(json_object_get(in, "rules_text"));
	if (!rules || rules->text.version != version) {
		return "unreadable rules, or of another version";
	}
	json_decref(s->p->rules_row);
	json_t *row = s->p->rules_row = oracle_new_record(s->fold->o, "PartitionRules");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(row, same[i], in, same[i]);
	}
	oracle_take(row, "activated_at", in, "occurred_at");
	oracle_set(row, "cause_id", json_string(s->cause));
	oracle_set(row, "correlation_id", json_string(s->correlation));
	oracle_set(row, "pass_done", json_integer(0));
	oracle_set(row, "pass_changed", json_integer(0));
	oracle_set(row, "earlier", json_array());
	s->p->rules = rules;
	s->fold->stats.rules_activated++;
	rep_rules_changed(s, before);
	return NULL;
}

static bool is_time(const json_t *in)
{
	int64_t count = oracle_number(in, "partition_count"), at = oracle_number(in, "partition");
	return count >= 1 && count <= 256 && at >= 0 && at < count && oracle_number(in, "occurred_at") > 0;
}

/* The times of the stage before with this one; new. */
static json_t *times_with(const struct rep_partition *p, const json_t *in, bool *ret_stale)
{
	json_t *times = p->times ? json_deep_copy(json_object_get(p->times, "times")) : json_array();
	while ((int64_t)json_array_size(times) < oracle_number(in, "partition_count")) {
		json_array_append_new(times, json_integer(0));
	}
	size_t at = (size_t)oracle_number(in, "partition");
	*ret_stale = oracle_number(in, "occurred_at") <= json_integer_value(json_array_get(times, at));
	if (!*ret_stale) {
		json_array_set_new(times, at, json_integer(oracle_number(in, "occurred_at")));
	}
	return times;
}

/* The time goes on before the input is looked at, so that what is due fires first. */
static void reach_time(struct rep_partition *p, const json_t *times)
{
	int64_t least = INT64_MAX;
	size_t i;
	json_t *at;
	json_array_foreach(times, i, at)
	{
		least = json_integer_value(at) < least ? json_integer_value(at) : least;
	}
	if (least > 0 && (!p->has_time || least > p->time_ms)) {
		p->has_time = true;
		p->time_ms = least;
	}
}

static const char *stage_time(struct rep_step *s)
{
	bool stale;
	if (!is_time(s->in)) {
		return "a time of no partition";
	}
	json_t *times = times_with(s->p, s->in, &stale);
	if (stale) {
		s->fold->stats.stale++;
		json_decref(times);
		return NULL;
	}
	json_decref(s->p->times);
	s->p->times = json_object();
	oracle_set(s->p->times, "times", times);
	return NULL;
}

static const char *check_key(const char *name, const json_t *in, const struct fnl_record *r)
{
	char book[REP_KEY_BYTES];
	bool line = json_object_get(in, "book");
	bool leaving = json_object_get(in, "leaving_rep_id");
	const json_t *of = json_object_get(in, line ? "book" : leaving ? "leaving_rep_id" : "rep_id");
	const char *id = json_string_value(of);
	size_t len = json_string_length(of);
	bool pool = strcmp(name, "BookLine") == 0 && strcmp(id, "pool:UNASSIGNED") == 0 && len == strlen(id);
	if (line && !pool && strncmp(id, "rep:", 4) != 0) {
		return "neither a rep's book nor the pool";
	}
	size_t skip = line ? 4 : 0;
	const char *why = line && pool ? NULL : oracle_id_check(id + skip, len - skip);
	snprintf(book, sizeof(book), "%s%s", line ? "" : "rep:", id);
	bool same = r->key.data && r->key.len == strlen(book) && memcmp(r->key.data, book, r->key.len) == 0;
	return why || same ? why : "the key is not the book";
}

/* Of rates and territories: what rows are named by. */
static const char *check_names(const json_t *in)
{
	static const char *const names[] = {"territory_id", "name", "quote"};
	const char *why = NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const json_t *v = json_object_get(in, names[i]);
		why = why || !json_is_string(v) ? why : oracle_id_check(json_string_value(v), json_string_length(v));
	}
	return why;
}

/* Whether the record can be one of this topic at all: what it is, whose, and its key. */
static const char *check_shape(const char *name, const json_t *in, const struct fnl_record *r)
{
	static const char *const keyed[] = {"BookLine",
	                                    "RepChanged",
	                                    "RepResigned",
	                                    "ResignationWithdrawn",
	                                    "RepLeft",
	                                    "RepErased",
	                                    "InspectNow",
	                                    "AnswerGiven",
	                                    "HandoverTaskDone",
	                                    "HandoverTaskWaived",
	                                    "SuccessorNamed",
	                                    "ReconciliationReviewed",
	                                    "SuccessorCandidates",
	                                    "OrgBaseRate",
	                                    "ReviseQuota",
	                                    "QuotaMoved"};
	static const char *const others[] = {"OpenQuotaYear", "TerritoryDefined", "FxRate", "RulesActivated", "StageTime"};
	const json_t *source = json_object_get(in, "source"), *org = json_object_get(in, "org_id");
	for (size_t i = 0; i < sizeof(keyed) / sizeof(keyed[0]); i++) {
		if (strcmp(name, keyed[i]) == 0) {
			const char *why = oracle_id_check(json_string_value(source), json_string_length(source));
			return why ? why : check_key(name, in, r);
		}
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(name, others[i]) == 0) {
			const char *why = oracle_id_check(json_string_value(source), json_string_length(source));
			why = why || i > 1 ? why : oracle_id_check(json_string_value(org), json_string_length(org));
			return why ? why : check_names(in);
		}
	}
	return "not of this topic";
}

enum { FIRST_OF_HANDOVERS = 13 };

static const char *apply(struct rep_step *s, const struct oracle_schema *schema)
{
	if (strcmp(s->name, "RulesActivated") == 0) {
		return activate_rules(s);
	}
	if (strcmp(s->name, "StageTime") == 0) {
		return stage_time(s);
	}
	const char *const names[] = {"BookLine",
	                             "RepChanged",
	                             "OpenQuotaYear",
	                             "InspectNow",
	                             "AnswerGiven",
	                             "FxRate",
	                             "TerritoryDefined",
	                             "ReviseQuota",
	                             "QuotaMoved",
	                             "RepResigned",
	                             "ResignationWithdrawn",
	                             "RepLeft",
	                             "RepErased",
	                             "HandoverTaskDone",
	                             "HandoverTaskWaived",
	                             "SuccessorNamed",
	                             "ReconciliationReviewed",
	                             "SuccessorCandidates",
	                             "OrgBaseRate"};
	const char *(*const steps[])(struct rep_step *) = {rep_book_line,
	                                                   rep_changed,
	                                                   rep_open_year,
	                                                   rep_inspect_now,
	                                                   rep_answer_given,
	                                                   rep_rate_comes,
	                                                   rep_territory_comes,
	                                                   rep_revise,
	                                                   rep_quota_moved,
	                                                   rep_hr,
	                                                   rep_hr,
	                                                   rep_hr,
	                                                   rep_hr,
	                                                   rep_task_done,
	                                                   rep_task_waived,
	                                                   rep_successor_named,
	                                                   rep_reviewed,
	                                                   rep_candidates_come,
	                                                   rep_base_rate_comes};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (strcmp(s->name, names[i]) == 0) {
			const char *why = oracle_limits(schema, s->in);
			bool skipped = !s->fold->in->event_clock && i >= FIRST_OF_HANDOVERS; /* only looked at, oracle_rep_gate.c */
			return why || skipped ? why : steps[i](s);
		}
	}
	return NULL;
}

static void fold_record(struct rep_fold *f, struct rep_partition *p, const struct fnl_record *r)
{
	const char *why = NULL;
	const struct oracle_schema *schema = NULL;
	json_t *in = oracle_decode(f->o, r, &schema, &why);
	why = in ? oracle_currency_check(in) : why;
	why = in && !why ? check_shape(schema->name, in, r) : why;
	/* of the lines and answers another stage has looked at the time */
	bool ages = !why && strcmp(schema->name, "BookLine") != 0 && strcmp(schema->name, "AnswerGiven") != 0 &&
	            strcmp(schema->name, "SuccessorCandidates") != 0 && strcmp(schema->name, "OrgBaseRate") != 0 &&
	            strcmp(schema->name, "QuotaMoved") != 0;
	if (ages && oracle_number(in, "occurred_at") > f->in->time_max_ms) {
		why = "too far in the future";
	}
	bool time = !why && strcmp(schema->name, "StageTime") == 0 && is_time(in);
	if (time && f->in->event_clock) {
		bool stale;
		json_t *times = times_with(p, in, &stale);
		reach_time(p, times);
		json_decref(times);
	}
	if (f->in->event_clock) {
		fire_timers(f, p);
	} else {
		rep_wall_fire(f, p, why ? NULL : in);
	}
	struct rep_step s = {.fold = f, .p = p, .record = r, .name = schema ? schema->name : "", .in = in};
	s.now_ms = p->has_time ? p->time_ms : 0; /* what is armed before there is a time fires with the first one */
	if (!why) {
		rep_cause(&s);
	}
	rep_wall_directory(f, p, s.cause);
	p->place = r->offset + 1;
	why = why ? why : apply(&s, schema);
	if (why) {
		rep_dead_letter(f, p, r, why);
	}
	json_decref(in);
}

static struct rep_partition *partition_of(struct rep_fold *f, int32_t id)
{
	if (f->partition_count && f->partitions[f->partition_count - 1].id == id) {
		return &f->partitions[f->partition_count - 1];
	}
	f->partitions = realloc(f->partitions, (f->partition_count + 1) * sizeof(*f->partitions));
	if (!f->partitions) {
		abort();
	}
	struct rep_partition *p = &f->partitions[f->partition_count++];
	*p = (struct rep_partition){.id = id,
	                            .reps = json_object(),
	                            .lines = json_object(),
	                            .quotas = json_object(),
	                            .quota_lines = json_object(),
	                            .inspections = json_object(),
	                            .handovers = json_object(),
	                            .tasks = json_object(),
	                            .cells = json_object(),
	                            .moves = json_object(),
	                            .rates = json_object(),
	                            .territories = json_object(),
	                            .reference_place = -1,
	                            .done = json_object(),
	                            .late = json_object(),
	                            .conflation = json_object(),
	                            .rules = rep_rules_default()};
	return p;
}

static void end_partition(struct rep_fold *f, struct rep_partition *p)
{
	const char *book;
	json_t *lines;
	if (f->in->event_clock) {
		fire_timers(f, p);
	} else {
		rep_wall_fire(f, p, NULL);
		rep_wall_directory(f, p, "");
		rep_wall_end(f, p);
	}
	rep_sum_up(p);
	rep_cells_sum_up(p);
	f->stats.cells += json_object_size(p->cells);
	f->stats.books += json_object_size(p->reps);
	json_object_foreach(p->lines, book, lines)
	{
		f->stats.lines += json_object_size(lines);
	}
}

int rep_fold(struct rep_fold *f)
{
	for (size_t i = 0; i < f->in->input_count; i++) {
		const struct fnl_record *r = &f->in->inputs[i];
		if (i && (r->partition < r[-1].partition || (r->partition == r[-1].partition && r->offset <= r[-1].offset))) {
			return -1;
		}
		if (i && r->partition != r[-1].partition) {
			end_partition(f, &f->partitions[f->partition_count - 1]);
		}
		fold_record(f, partition_of(f, r->partition), r);
	}
	if (f->partition_count) {
		end_partition(f, &f->partitions[f->partition_count - 1]);
	}
	return 0;
}

void rep_fold_free(struct rep_fold *f)
{
	for (size_t i = 0; i < f->partition_count; i++) {
		struct rep_partition *p = &f->partitions[i];
		json_t *const all[] = {p->times,       p->rules_row, p->jobs,  p->reps,       p->lines,       p->quotas,
		                       p->quota_lines, p->done,      p->late,  p->conflation, p->inspections, p->handovers,
		                       p->tasks,       p->kept,      p->cells, p->rates,      p->territories, p->moves};
		for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
			json_decref(all[k]);
		}
	}
	for (size_t i = 0; i < f->expected_count; i++) {
		free(f->expected[i].group);
		free(f->expected[i].key);
		json_decref(f->expected[i].body);
	}
	free(f->partitions);
	free(f->expected);
}
