/* What the rep stage has left against what was expected. */
#include "oracle_rep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_handover.h"
#include "oracle_same.h"

static const char *const topic_names[] = {"quotas",     "rejections", "dead-letters", "alerts",  "inspections",
                                          "org-inputs", "directory",  "handovers",    "reviews", "reassignments"};
static const char *const table_names[] = {"partition",  "rep",      "line",       "quota", "quota_line",
                                          "inspection", "handover", "task",       "cell",  "rate",
                                          "territory",  "moves",    "quota_moves"};

/* A run: the fold, and what was found. */
struct check {
	struct rep_fold fold;
	struct oracle_report to;
	json_t *heads; /* topic and group to the index of its next expected output, + 1 */
	json_t *ids;   /* ce_ids that were found */
	json_t *rows;  /* partition, table and key to the index in in->rows */
};

/* ---- outputs ---- */

static void index_expected(struct check *c)
{
	struct rep_fold *f = &c->fold;
	c->heads = json_object();
	for (size_t i = f->expected_count; i > 0; i--) {
		char key[600];
		struct rep_expected *x = &f->expected[i - 1];
		snprintf(key, sizeof(key), "%zu %s", x->topic, x->group);
		x->next = (size_t)json_integer_value(json_object_get(c->heads, key));
		json_object_set_new(c->heads, key, json_integer((json_int_t)i));
	}
}

static struct rep_expected *next_of(struct check *c, size_t topic, const char *group)
{
	char key[600];
	snprintf(key, sizeof(key), "%zu %s", topic, group);
	size_t at = (size_t)json_integer_value(json_object_get(c->heads, key));
	if (at == 0) {
		return NULL;
	}
	struct rep_expected *x = &c->fold.expected[at - 1];
	json_object_set_new(c->heads, key, json_integer((json_int_t)x->next));
	return x;
}

static int same_key(struct check *c, const char *where, const struct rep_expected *x, const struct fnl_record *found)
{
	bool key = found->key.len == strlen(x->key) && memcmp(found->key.data, x->key, found->key.len) == 0;
	return key ? 0 : oracle_differ(&c->to, "%s: another key", where);
}

/* What another stage gets, or a tombstone. */
static int same_light(struct check *c, const char *where, const struct rep_expected *x, const struct fnl_record *found)
{
	struct oracle_report *to = &c->to;
	const char *but = x->occurred_unknown ? "occurred_at" : NULL;
	int rc = 0;
	if (x->forgotten != fnl_span_is_none(found->value)) {
		return oracle_differ(to, "%s: a tombstone is no entry", where);
	}
	rc = x->forgotten ? 0 : oracle_same_value(c->fold.o, to, where, x->record, x->body, found->value, but);
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_causationid", x->cause);
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_correlationid", x->correlation);
	rc = rc ? rc : oracle_same_header(to, where, found, "traceparent", x->trace);
	return rc ? rc : same_key(c, where, x, found);
}

static int same_derived(struct check *c, const char *where, const struct rep_expected *x,
                        const struct fnl_record *found)
{
	struct oracle_report *to = &c->to;
	char time[64];
	bool timed = !x->time_unknown && !x->place_unknown;
	const char *but = x->running_unknown ? "running" : x->occurred_unknown ? "occurred_at" : NULL;
	int rc = oracle_same_header(to, where, found, "ce_type", x->type);
	rc = rc || x->body_unknown ? rc : oracle_same_value(c->fold.o, to, where, x->record, x->body, found->value, but);
	rc = rc || !x->id[0] ? rc : oracle_same_header(to, where, found, "ce_id", x->id);
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_specversion", "1.0");
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_source", "funneld/rep");
	rc = rc ? rc : oracle_same_header(to, where, found, "content-type", "application/avro");
	rc = rc || x->running_unknown ? rc : oracle_same_header(to, where, found, "ce_causationid", x->cause);
	rc = rc || x->running_unknown ? rc : oracle_same_header(to, where, found, "ce_correlationid", x->correlation);
	rc = rc ? rc : oracle_same_header(to, where, found, "traceparent", x->trace);
	rc = rc ? rc : oracle_same_number_header(to, where, found, "ce_rulesversion", x->rules_version);
	rc = rc || x->place_unknown ? rc : oracle_same_number_header(to, where, found, "funneld_at", x->at);
	oracle_rfc3339(oracle_number(x->body, "occurred_at"), time);
	rc = rc || x->occurred_unknown ? rc : oracle_same_header(to, where, found, "ce_time", time);
	rc = rc || !timed ? rc : oracle_same_number_header(to, where, found, "funneld_now", x->now_ms);
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_subject", x->key);
	return rc ? rc : same_key(c, where, x, found);
}

static void group_of(struct check *c, size_t topic, const struct fnl_record *found, char ret[512])
{
	if (topic != ORACLE_REP_DEAD_LETTERS) {
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		char key[300];
		bool by_body =
			topic == ORACLE_REP_ALERTS || topic == ORACLE_REP_REASSIGNMENTS || topic == ORACLE_REP_ORG_INPUTS;
		json_t *body = by_body ? oracle_decode_value(c->fold.o, found->value, &schema, &why) : NULL;
		snprintf(key, sizeof(key), "%.*s", (int)found->key.len, (const char *)found->key.data);
		rep_group(topic, key, body, ret);
		json_decref(body);
		return;
	}
	struct fnl_span p = oracle_header(found, "__connect.errors.partition");
	struct fnl_span at = oracle_header(found, "__connect.errors.offset");
	snprintf(ret, 512, "%s %s%s", oracle_printable(p), oracle_printable(found->key),
	         found->key.len == 0 ? oracle_printable(at) : "");
}

static int check_output(struct check *c, size_t topic, const struct fnl_record *found)
{
	char group[512], where[700];
	struct fnl_span id = oracle_header(found, "ce_id");
	group_of(c, topic, found, group);
	snprintf(where, sizeof(where), "%s of %s, offset %" PRId64, topic_names[topic], group, found->offset);
	struct rep_expected *x = next_of(c, topic, group);
	if (!x) {
		return oracle_differ(&c->to, "%s: expected nothing more, found one of type %s, at %s", where,
		                     oracle_printable(oracle_header(found, "ce_type")),
		                     oracle_printable(oracle_header(found, "funneld_at")));
	}
	snprintf(where, sizeof(where), "%s of %s, %s at input %" PRId32 "/%" PRId64, topic_names[topic], group,
	         x->dead ? "dead letter" : x->record, x->partition, x->at);
	x->matched = true;
	if (x->dead) {
		return oracle_same_dead_letter(&c->to, where, "rep", c->fold.in->input_topic, x->dead, found);
	}
	if (x->internal || x->forgotten) {
		return same_light(c, where, x, found);
	}
	/* a command that is refused twice is refused by the same id; so it is with a line that comes again after its
	 * prospect was deleted for good, and with an answer to no question */
	bool alone = topic == ORACLE_REP_QUOTAS || topic == ORACLE_REP_DIRECTORY ||
	             (topic == ORACLE_REP_INSPECTIONS && strcmp(x->record, "InspectionAnswerRecorded") != 0);
	if (alone && json_object_get(c->ids, oracle_printable(id))) {
		return oracle_differ(&c->to, "%s: ce_id %s is there twice", where, oracle_printable(id));
	}
	json_object_set_new(c->ids, oracle_printable(id), json_true());
	return same_derived(c, where, x, found);
}

/* clock = wall: handovers are not repeated, only looked at. */
static bool is_unrepeated(const struct check *c, size_t topic, const struct fnl_record *found)
{
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	if (c->fold.in->event_clock || (topic != ORACLE_REP_REJECTIONS && topic != ORACLE_REP_ORG_INPUTS)) {
		return false;
	}
	json_t *body = oracle_decode_value(c->fold.o, found->value, &schema, &why);
	bool command = oracle_is(body, "command", "SuccessorNamed") || oracle_is(body, "command", "ReconciliationReviewed");
	/* and of cells it is not known when they were told: oracle_rep_cells_rest.c */
	bool asked = topic == ORACLE_REP_ORG_INPUTS && body && strcmp(schema->name, "RepEntry") != 0;
	json_decref(body);
	return command || asked;
}

static int check_topic(struct check *c, size_t topic)
{
	const struct oracle_rep_input *in = c->fold.in;
	int rc = 0;
	for (size_t i = 0; i < in->output_counts[topic] && rc == 0; i++) {
		const struct fnl_record *found = &in->outputs[topic][i];
		rc = is_unrepeated(c, topic, found) ? 0 : check_output(c, topic, found);
	}
	for (size_t i = 0; i < c->fold.expected_count && rc == 0; i++) {
		const struct rep_expected *x = &c->fold.expected[i];
		if (x->topic == topic && !x->matched) {
			rc = oracle_differ(&c->to, "%s of %s: the %s at input %" PRId32 "/%" PRId64 " is missing%s%s",
			                   topic_names[x->topic], x->group, x->dead ? "dead letter" : x->record, x->partition,
			                   x->at, x->why ? ", which is there because " : "", x->why ? x->why : "");
		}
	}
	return rc;
}

/* ---- rows ---- */

static char *row_key(int32_t partition, uint8_t table, struct fnl_span key, char ret[REP_KEY_BYTES])
{
	snprintf(ret, REP_KEY_BYTES, "%" PRId32 " %u %s", partition, table, oracle_printable(key));
	return ret;
}

/* Where each row is; one that is there twice, or of no table, is a difference. */
static int index_rows(struct check *c)
{
	char key[REP_KEY_BYTES];
	const struct oracle_rep_input *in = c->fold.in;
	c->rows = json_object();
	for (size_t i = 0; i < in->row_count; i++) {
		const struct oracle_row *r = &in->rows[i];
		row_key(r->partition, r->table, r->key, key);
		if (r->table >= ORACLE_REP_TABLE_COUNT || json_object_get(c->rows, key)) {
			return oracle_differ(&c->to, "row %s (partition, table, key) is there twice, or of an unknown table", key);
		}
		json_object_set_new(c->rows, key, json_integer((json_int_t)i));
	}
	return 0;
}

static const struct rep_partition *partition_of(const struct check *c, int32_t id)
{
	for (size_t i = 0; i < c->fold.partition_count; i++) {
		if (c->fold.partitions[i].id == id) {
			return &c->fold.partitions[i];
		}
	}
	return NULL;
}

/* clock = wall: images that no run awaits go when a run or a change comes by, or not, as when the rep has gone to
 * another organisation meanwhile; and that a line which is gone was not there says as much as no row. */
static void drop_unawaited(const struct rep_partition *p, json_t *line)
{
	json_t *images = json_object_get(line, "images"), *run;
	for (size_t i = json_array_size(images); i-- > 0;) {
		size_t k;
		bool awaited = rep_is_of_sheet(json_array_get(images, i));
		json_array_foreach(p->jobs ? json_object_get(p->jobs, "runs") : NULL, k, run)
		{
			awaited = awaited || (!oracle_is(run, "state", "FROZEN") &&
			                      json_equal(json_object_get(run, "run_id"),
			                                 json_object_get(json_array_get(images, i), "run_id")));
		}
		bool nothing = oracle_is(line, "state", "GONE") && !oracle_flag(json_array_get(images, i), "existed");
		if (!awaited || (nothing && !rep_is_of_sheet(json_array_get(images, i)))) {
			json_array_remove(images, i);
		}
	}
}

static bool is_leftover(const struct rep_partition *p, json_t *line)
{
	drop_unawaited(p, line);
	return oracle_is(line, "state", "GONE") && json_array_size(json_object_get(line, "images")) == 0 &&
	       !oracle_has(line, "credit");
}

static void believe_rep(const struct rep_partition *p, json_t *expected, const json_t *found)
{
	static const char *const unknown[] = {"change_cause_id", "change_correlation_id"};
	for (size_t i = 0; p->refiled && i < 2; i++) {
		oracle_take(expected, unknown[i], found, unknown[i]);
	}
	/* with something to tell, and only then, its timer is set */
	if (oracle_has(found, "recalculation_due_at") == oracle_has(expected, "change_cause_id")) {
		oracle_take(expected, "recalculation_due_at", found, "recalculation_due_at");
	}
	if (oracle_has(found, "directory_due_at") == oracle_has(expected, "directory_due_at")) {
		oracle_take(expected, "directory_due_at", found, "directory_due_at");
	}
	static const char *const cells[] = {"cells_due_at", "cells_after", "cells_cause_id", "cells_correlation_id"};
	for (size_t i = 0; i < 4; i++) {
		oracle_take(expected, cells[i], found, cells[i]);
	}
	rep_wall_attained_end(p, expected, found);
	rep_arm(expected);
}

/* Until when a line is held is not said once that day has come. */
static void believe_held(const struct check *c, const struct rep_partition *p, json_t *expected, const json_t *found)
{
	int64_t today = rep_local_day(p->rules, c->fold.in->end_ms);
	if (!oracle_has(found, "held_until") && oracle_has(expected, "held_until") &&
	    oracle_number(expected, "held_until") <= today) {
		oracle_set(expected, "held_until", json_null());
	}
}

/* How far a pass has counted is not known, nor which of the runs that are done have made room. */
static void believe_jobs(json_t *expected, const json_t *found)
{
	static const char *const counted[] = {"book", "in_book", "line", "books_done", "lines_done"};
	json_t *runs = json_object_get(expected, "runs"), *others = json_object_get(found, "runs");
	for (size_t i = 0; i < json_array_size(runs); i++) {
		json_t *run = json_array_get(runs, i);
		const json_t *other = json_array_get(others, i);
		if (!json_equal(json_object_get(run, "run_id"), json_object_get(other, "run_id"))) {
			if (oracle_is(run, "state", "FROZEN") && json_array_size(runs) > 64) {
				json_array_remove(runs, i--);
			}
			continue;
		}
		for (size_t k = 0; k < sizeof(counted) / sizeof(counted[0]); k++) {
			oracle_take(run, counted[k], other, counted[k]);
		}
	}
}

/* clock = wall: what is not known of a row is taken from it, if it can be true. Returns whether it is to be compared.
 */
static bool believe(const struct check *c, int32_t partition, const char *record, json_t *expected, json_t *found)
{
	const struct rep_partition *p = partition_of(c, partition);
	if (strcmp(record, "Line") == 0) {
		believe_held(c, p, expected, found);
		oracle_take(expected, "asked", found, "asked"); /* oracle_rep_moves_rest.c */
		drop_unawaited(p, found);
		json_t *images = json_deep_copy(json_object_get(found, "images"));
		drop_unawaited(p, expected);
		if (json_equal(images, json_object_get(expected, "images"))) {
			oracle_set(expected, "images", json_deep_copy(images));
		}
		json_decref(images);
	} else if (strcmp(record, "Rep") == 0) {
		believe_rep(p, expected, found);
	} else if (strcmp(record, "PartitionJobs") == 0) {
		believe_jobs(expected, found);
	} else if (strcmp(record, "QuotaSet") == 0) {
		return !json_object_get(p->done, oracle_text(expected, "run_id"));
	}
	return true;
}

static int check_value(struct check *c, const char *where, int32_t partition, const char *record, json_t *expected,
                       struct fnl_span value)
{
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	json_t *found = c->fold.in->event_clock ? NULL : oracle_decode_value(c->fold.o, value, &schema, &why);
	if (!found || strcmp(schema->name, record) != 0) {
		json_decref(found);
		return oracle_same_value(c->fold.o, &c->to, where, record, expected, value, NULL);
	}
	int rc = 0;
	if (believe(c, partition, record, expected, found)) {
		rc = oracle_same_record(&c->to, where, record, expected, found, NULL);
	}
	json_decref(found);
	return rc;
}

static int check_row(struct check *c, int32_t partition, uint8_t table, const char *key, const char *record,
                     json_t *expected)
{
	char where[REP_KEY_BYTES + 40], name[REP_KEY_BYTES];
	row_key(partition, table, fnl_span_str(key), name);
	const json_t *at = json_object_get(c->rows, name);
	snprintf(where, sizeof(where), "row %s|%s of partition %" PRId32, table_names[table], key, partition);
	if (!at) {
		bool gone =
			!c->fold.in->event_clock && table == ORACLE_REP_LINE && is_leftover(partition_of(c, partition), expected);
		return gone ? 0 : oracle_differ(&c->to, "%s is missing", where);
	}
	const struct oracle_row *found = &c->fold.in->rows[json_integer_value(at)];
	json_object_del(c->rows, name); /* seen */
	int rc = check_value(c, where, partition, record, expected, found->value);
	bool timed = table == ORACLE_REP_REP || (table >= ORACLE_REP_INSPECTION && table <= ORACLE_REP_CELL) ||
	             table == ORACLE_REP_MOVES || strcmp(record, "PartitionJobs") == 0;
	int64_t deadline =
		timed && oracle_has(expected, "next_deadline_at") ? oracle_number(expected, "next_deadline_at") : INT64_MAX;
	if (rc == 0 && !oracle_deadline_fits(found->deadline_ms, deadline)) {
		rc = oracle_differ(&c->to, "%s: deadline in the view: expected %" PRId64 ", found %" PRId64, where, deadline,
		                   found->deadline_ms);
	}
	return rc;
}

/* A row that was not expected. */
static int check_foreign(struct check *c, const struct oracle_row *r)
{
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	const struct rep_partition *p = partition_of(c, r->partition);
	json_t *line = p && r->table == ORACLE_REP_LINE && !c->fold.in->event_clock
	                   ? oracle_decode_value(c->fold.o, r->value, &schema, &why)
	                   : NULL;
	bool leftover = line && strcmp(schema->name, "Line") == 0 && is_leftover(p, line);
	leftover = leftover ||
	           (!c->fold.in->event_clock &&
	            ((r->table >= ORACLE_REP_HANDOVER && r->table <= ORACLE_REP_CELL) || r->table == ORACLE_REP_MOVES));
	json_decref(line);
	return leftover ? 0
	                : oracle_differ(&c->to, "row %s|%s of partition %" PRId32 " should not be there",
	                                table_names[r->table], oracle_printable(r->key), r->partition);
}

static int check_table(struct check *c, int32_t partition, uint8_t table, const char *record, const json_t *expected)
{
	const char *key;
	json_t *row;
	int rc = 0;
	json_object_foreach((json_t *)expected, key, row)
	{
		rc = rc ? rc : check_row(c, partition, table, key, record, row);
	}
	return rc;
}

/* Rows of a book and a prospect. */
static int check_each(struct check *c, const struct rep_partition *p, uint8_t table, const char *record, json_t *books)
{
	const char *book, *id;
	json_t *rows, *row;
	int rc = 0;
	json_object_foreach(books, book, rows)
	{
		json_object_foreach(rows, id, row)
		{
			char key[REP_KEY_BYTES];
			snprintf(key, sizeof(key), "%s|%s", book, id);
			rc = rc ? rc : check_row(c, p->id, table, key, record, row);
		}
	}
	return rc;
}

static int check_partition(struct check *c, const struct rep_partition *p)
{
	int rc = check_each(c, p, ORACLE_REP_LINE, "Line", p->lines);
	rc = rc ? rc : check_table(c, p->id, ORACLE_REP_REP, "Rep", p->reps);
	rc = rc ? rc : check_table(c, p->id, ORACLE_REP_QUOTA, "QuotaSet", p->quotas);
	rc = rc ? rc : check_table(c, p->id, ORACLE_REP_QUOTA_LINE, "QuotaLine", p->quota_lines);
	rc = rc ? rc : check_table(c, p->id, ORACLE_REP_INSPECTION, "Inspection", p->inspections);
	rc = rc ? rc : check_table(c, p->id, ORACLE_REP_RATE, "RateTable", p->rates);
	rc = rc ? rc : check_table(c, p->id, ORACLE_REP_TERRITORY, "TerritorySet", p->territories);
	if (c->fold.in->event_clock) {
		rc = rc ? rc : check_table(c, p->id, ORACLE_REP_HANDOVER, "Handover", p->handovers);
		rc = rc ? rc : check_each(c, p, ORACLE_REP_TASK, "Task", p->tasks);
		rc = rc ? rc : check_table(c, p->id, ORACLE_REP_CELL, "Cell", p->cells);
		rc = rc ? rc : check_table(c, p->id, ORACLE_REP_MOVES, "Moves", p->moves);
		rc = rc ? rc : check_table(c, p->id, ORACLE_REP_QUOTA_MOVES, "QuotaMoves", p->quota_moves);
	}
	const char *const keys[] = {"clock", "rules", "jobs"};
	const char *const records[] = {"PartitionTimes", "PartitionRules", "PartitionJobs"};
	json_t *const rows[] = {p->times, p->rules_row, p->jobs};
	for (size_t i = 0; i < 3; i++) {
		rc = rc || !rows[i] ? rc : check_row(c, p->id, ORACLE_REP_PARTITION, keys[i], records[i], rows[i]);
	}
	return rc;
}

/* ---- conservation ---- */

/* I6: the found sums of books are the found lines' money. Not the fold's: both could be wrong together. */
static int check_conservation(struct check *c)
{
	const struct oracle_rep_input *in = c->fold.in;
	static _Thread_local struct rep_sums books, lines;
	books.count = lines.count = 0;
	for (size_t i = 0; i < in->row_count; i++) {
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		size_t k;
		json_t *total, *row = oracle_decode_value(c->fold.o, in->rows[i].value, &schema, &why);
		if (in->rows[i].table == ORACLE_REP_LINE && oracle_is(row, "state", "OWNED")) {
			rep_sums_add(&lines, 0, json_object_get(row, "amount"), 0);
		}
		json_array_foreach(in->rows[i].table == ORACLE_REP_REP ? json_object_get(row, "totals") : NULL, k, total)
		{
			json_t *money = oracle_has(total, "currency") ? json_object() : json_null();
			oracle_take(money, "currency", total, "currency");
			oracle_take(money, "amount_minor", total, "amount_minor");
			rep_sums_add(&books, 0, money, 0);
			json_decref(money);
		}
		json_decref(row);
	}
	bool same = books.count == lines.count;
	for (size_t i = 0; same && i < books.count; i++) {
		same = strcmp(books.at[i].currency, lines.at[i].currency) == 0 && books.at[i].amount == lines.at[i].amount;
	}
	return same ? 0 : oracle_differ(&c->to, "I6: rows of books and of lines do not have the same money");
}

static int check_rows(struct check *c)
{
	int rc = index_rows(c);
	for (size_t i = 0; i < c->fold.partition_count && rc == 0; i++) {
		rc = check_partition(c, &c->fold.partitions[i]);
	}
	const char *left;
	json_t *at;
	json_object_foreach(c->rows, left, at)
	{
		rc = rc ? rc : check_foreign(c, &c->fold.in->rows[json_integer_value(at)]);
	}
	return rc;
}

int oracle_rep_check(struct oracle *o, const struct oracle_rep_input *in, struct oracle_rep_stats *stats, char *why,
                     size_t why_bytes)
{
	struct check c = {.fold = {.o = o, .in = in, .why = why, .why_bytes = why_bytes}, .to = {why, why_bytes}};
	int rc = rep_fold(&c.fold);
	if (rc) {
		oracle_differ(&c.to, "the inputs are not in order of partition and offset");
	}
	rc = rc || c.fold.failed ? -1 : 0;
	index_expected(&c);
	c.ids = json_object();
	rc = rc ? rc : check_topic(&c, ORACLE_REP_DEAD_LETTERS);
	bool forgiven = rc == 0 && !in->event_clock && c.fold.stats.doubtful;
	rc = rc || c.fold.differs ? -1 : 0;
	rc = rc ? rc : check_topic(&c, ORACLE_REP_QUOTAS);
	rc = rc ? rc : check_topic(&c, ORACLE_REP_REJECTIONS);
	rc = rc ? rc : check_topic(&c, ORACLE_REP_ALERTS);
	rc = rc ? rc : check_topic(&c, ORACLE_REP_INSPECTIONS);
	if (in->event_clock) {
		rc = rc ? rc : check_topic(&c, ORACLE_REP_HANDOVERS);
		rc = rc ? rc : check_topic(&c, ORACLE_REP_REVIEWS);
		rc = rc ? rc : check_topic(&c, ORACLE_REP_REASSIGNMENTS);
	}
	rc = rc || in->no_directory ? rc : check_topic(&c, ORACLE_REP_ORG_INPUTS);
	rc = rc || in->no_directory ? rc : check_topic(&c, ORACLE_REP_DIRECTORY);
	rc = rc ? rc : check_rows(&c);
	if (rc && forgiven) {
		c.fold.stats.unjudged++;
		rc = 0;
	}
	rc = rc ? rc : check_conservation(&c);
	rc = rc ? rc : rep_cells_rest_check(o, in, &c.to);
	rc = rc ? rc : rep_attain_rest_check(o, in, &c.to);
	rc = rc ? rc : rep_gates_check(o, in, &c.to);
	rc = rc ? rc : rep_moves_rest_check(o, in, &c.to);
	if (stats) {
		*stats = c.fold.stats;
	}
	json_decref(c.heads);
	json_decref(c.ids);
	json_decref(c.rows);
	rep_fold_free(&c.fold);
	return rc;
}
