/* What was found against what was expected. */
#include "oracle.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_internal.h"

struct report {
	char *why;
	size_t why_bytes;
};

static int differ(struct report *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int differ(struct report *to, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(to->why, to->why_bytes, fmt, args);
	va_end(args);
	return -1;
}

static const char *const topic_names[] = {"layer-changes", "alerts", "dead-letters", "rep-inputs"};

static struct fnl_span header_of(const struct fnl_record *r, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = r->header_count; i-- > 0;) {
		if (r->headers[i].name.len == len && memcmp(r->headers[i].name.data, name, len) == 0) {
			return r->headers[i].value;
		}
	}
	return (struct fnl_span){NULL, 0};
}

/* where: "layer-changes of p1". */
static int same_header(struct report *to, const char *where, const struct fnl_record *found, const char *name,
                       const char *expected)
{
	struct fnl_span v = header_of(found, name);
	bool same = v.data ? v.len == strlen(expected) && memcmp(v.data, expected, v.len) == 0 : !*expected;
	return same ? 0
	            : differ(to, "%s: header %s: expected '%s', found '%s'", where, name, expected, oracle_printable(v));
}

static int same_number_header(struct report *to, const char *where, const struct fnl_record *found, const char *name,
                              int64_t expected)
{
	char text[24];
	snprintf(text, sizeof(text), "%" PRId64, expected);
	return same_header(to, where, found, name, text);
}

/* ---- values ---- */

static char *json_text(const json_t *v, char *text, size_t bytes)
{
	size_t n = v ? json_dumpb(v, text, bytes - 1, JSON_COMPACT | JSON_ENCODE_ANY) : 0;
	snprintf(text + (n < bytes ? n : bytes - 1), n < bytes ? bytes - n : 1, "%s", v ? "" : "(no such field)");
	return text;
}

static int same_record(struct report *to, const char *where, const char *what, const json_t *expected,
                       const json_t *found)
{
	char a[600], b[600];
	const char *field;
	json_t *v;
	json_object_foreach((json_t *)expected, field, v)
	{
		const json_t *w = json_object_get(found, field);
		if (!w || !json_equal(v, w)) {
			return differ(to, "%s: %s.%s: expected %s, found %s", where, what, field, json_text(v, a, sizeof(a)),
			              json_text(w, b, sizeof(b)));
		}
	}
	return json_object_size(expected) == json_object_size(found) ? 0
	                                                             : differ(to, "%s: %s has other fields", where, what);
}

static int same_value(struct oracle *o, struct report *to, const char *where, const char *record,
                      const json_t *expected, struct fnl_span found)
{
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	json_t *v = oracle_decode_value(o, found, &schema, &why);
	int rc = 0;
	if (!v) {
		return differ(to, "%s: expected a %s, found bytes that cannot be read: %s", where, record, why);
	}
	if (strcmp(schema->name, record) != 0) {
		rc = differ(to, "%s: expected a %s, found a %s", where, record, schema->name);
	}
	rc = rc ? rc : same_record(to, where, record, expected, v);
	json_decref(v);
	return rc;
}

/* ---- outputs ---- */

/* "2026-01-31T08:00:00.000Z", by the days of Howard Hinnant's civil_from_days */
static void rfc3339(int64_t ms, char ret[64])
{
	int64_t days = ms / 86400000, rest = ms % 86400000;
	int64_t z = days + 719468;
	int64_t era = z / 146097, doe = z % 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;
	int64_t year = yoe + era * 400 + (month <= 2);
	snprintf(ret, 64, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year, (int)month, (int)(doy - (153 * mp + 2) / 5 + 1),
	         (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60), (int)(rest % 1000));
}

static int same_derived(struct oracle_run *run, struct report *to, const char *where, const struct oracle_expected *x,
                        const struct fnl_record *found)
{
	char time[64];
	rfc3339(oracle_number(x->body, "occurred_at"), time);
	int rc = same_header(to, where, found, "ce_type", x->type);
	rc = rc ? rc : same_value(run->o, to, where, x->record, x->body, found->value);
	rc = rc ? rc : same_header(to, where, found, "ce_id", x->id);
	rc = rc ? rc : same_header(to, where, found, "ce_specversion", "1.0");
	rc = rc ? rc : same_header(to, where, found, "ce_source", "funneld/prospect");
	rc = rc ? rc : same_header(to, where, found, "ce_time", time);
	rc = rc ? rc : same_header(to, where, found, "content-type", "application/avro");
	rc = rc ? rc : same_header(to, where, found, "ce_correlationid", x->correlation);
	rc = rc ? rc : same_header(to, where, found, "ce_causationid", x->cause);
	rc = rc ? rc : same_header(to, where, found, "traceparent", x->trace);
	rc = rc ? rc : same_number_header(to, where, found, "ce_rulesversion", x->rules_version);
	if (rc == 0 && (oracle_knows_time(run) || !x->of_rules)) {
		rc = same_number_header(to, where, found, "funneld_at", x->offset);
	}
	if (rc == 0 && oracle_knows_time(run)) {
		rc = same_number_header(to, where, found, "funneld_now", x->now_ms);
	}
	struct fnl_span subject = header_of(found, "ce_subject");
	if (rc == 0 && (subject.len != found->key.len || memcmp(subject.data, found->key.data, subject.len) != 0)) {
		rc = differ(to, "%s: header ce_subject is not the key", where);
	}
	return rc;
}

static int same_line(struct oracle_run *run, struct report *to, const char *where, const struct oracle_expected *x,
                     const struct fnl_record *found)
{
	int rc = same_value(run->o, to, where, x->record, x->body, found->value);
	rc = rc ? rc : same_header(to, where, found, "ce_causationid", x->cause);
	rc = rc ? rc : same_header(to, where, found, "ce_correlationid", x->correlation);
	rc = rc ? rc : same_header(to, where, found, "traceparent", x->trace);
	if (rc == 0 && found->header_count != 2U + (x->trace[0] != 0)) {
		rc = differ(to, "%s: it has %zu headers", where, found->header_count);
	}
	int64_t told_ms = oracle_stage_time(run, found->partition, x->partition);
	if (rc == 0 && run->in->event_clock && x->clock_ms < told_ms) {
		rc = differ(to, "%s: it comes after a StageTime of %" PRId64 ", but is of %" PRId64, where, told_ms,
		            x->clock_ms);
	}
	return rc;
}

static bool same_bytes(struct fnl_span a, struct fnl_span b)
{
	return (a.data == NULL) == (b.data == NULL) && a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static int same_dead_letter(struct oracle_run *run, struct report *to, const char *where,
                            const struct oracle_expected *x, const struct fnl_record *found)
{
	const struct fnl_record *r = x->dead;
	int rc = same_number_header(to, where, found, "__connect.errors.partition", r->partition);
	rc = rc ? rc : same_number_header(to, where, found, "__connect.errors.offset", r->offset);
	rc = rc ? rc : same_number_header(to, where, found, "__connect.errors.timestamp", r->timestamp_ms);
	rc = rc ? rc : same_header(to, where, found, "__connect.errors.topic", run->in->input_topic);
	rc = rc ? rc : same_header(to, where, found, "__connect.errors.stage", "prospect");
	if (rc) {
		return rc;
	}
	if (!same_bytes(r->key, found->key) || !same_bytes(r->value, found->value)) {
		return differ(to, "%s: the bytes are not those that came", where);
	}
	if (header_of(found, "__connect.errors.class.name").len == 0 ||
	    header_of(found, "__connect.errors.exception.message").len == 0) {
		return differ(to, "%s: it does not say why", where);
	}
	for (size_t i = 0; i < r->header_count; i++) {
		if (i >= found->header_count || !same_bytes(r->headers[i].name, found->headers[i].name) ||
		    !same_bytes(r->headers[i].value, found->headers[i].value)) {
			return differ(to, "%s: header %s did not stay", where, oracle_printable(r->headers[i].name));
		}
	}
	return 0;
}

/* A record among the lines: a StageTime is done with, a line says its group. */
static int look_at_line(struct oracle_run *run, struct report *to, const struct fnl_record *found, char *group,
                        size_t group_bytes, bool *ret_is_time)
{
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	json_t *v = oracle_decode_value(run->o, found->value, &schema, &why);
	int rc = 0;
	*ret_is_time = false;
	if (!v) {
		return differ(to, "rep-inputs, offset %" PRId64 ": it cannot be read: %s", found->offset, why);
	}
	if (strcmp(schema->name, "StageTime") == 0) {
		why = oracle_stage_time_take(run, found, v);
		*ret_is_time = true;
		rc = why ? differ(to, "rep-inputs, partition %" PRId32 ", offset %" PRId64 ": a StageTime: %s",
		                  found->partition, found->offset, why)
		         : 0;
	} else {
		const char *id = oracle_text(v, "prospect_id");
		snprintf(group, group_bytes, "%s %s", oracle_printable(found->key),
		         oracle_printable(fnl_span_str(id ? id : "")));
	}
	json_decref(v);
	return rc;
}

/* The next output of the group that was not seen yet, and it is so no longer. *heads: topic and group to its index. */
static struct oracle_expected *next_of(struct oracle_run *run, json_t *heads, size_t topic, const char *group)
{
	char key[600];
	snprintf(key, sizeof(key), "%zu %s", topic, group);
	size_t at = (size_t)json_integer_value(json_object_get(heads, key));
	if (at == 0) {
		return NULL;
	}
	struct oracle_expected *x = &run->expected[at - 1];
	json_object_set_new(heads, key, json_integer((json_int_t)x->next));
	return x;
}

static json_t *index_of_expected(struct oracle_run *run)
{
	json_t *heads = json_object();
	for (size_t i = run->expected_count; i > 0; i--) {
		char key[600];
		struct oracle_expected *x = &run->expected[i - 1];
		snprintf(key, sizeof(key), "%zu %s", x->topic, x->group);
		x->next = (size_t)json_integer_value(json_object_get(heads, key));
		json_object_set_new(heads, key, json_integer((json_int_t)i));
	}
	return heads;
}

static int check_output(struct oracle_run *run, struct report *to, json_t *heads, size_t topic,
                        const struct fnl_record *found)
{
	char group[512], where[700];
	struct fnl_span id = header_of(found, "ce_id");
	if (topic == ORACLE_DEAD_LETTERS) {
		struct fnl_span p = header_of(found, "__connect.errors.partition");
		struct fnl_span at = header_of(found, "__connect.errors.offset");
		bool keyless = found->key.len == 0;
		snprintf(group, sizeof(group), "%s %s%s", oracle_printable(p), oracle_printable(found->key),
		         keyless ? oracle_printable(at) : "");
	} else if (topic == ORACLE_REP_INPUTS) {
		bool is_time;
		int rc = look_at_line(run, to, found, group, sizeof(group), &is_time);
		if (rc || is_time) {
			return rc;
		}
	} else {
		snprintf(group, sizeof(group), "%s", oracle_printable(found->key));
	}
	bool has_id = topic == ORACLE_LAYER_CHANGES || topic == ORACLE_ALERTS;
	snprintf(where, sizeof(where), "%s of %s, offset %" PRId64, topic_names[topic], group, found->offset);
	bool twice = has_id && json_object_get(run->ids, oracle_printable(id));
	run->stats.ids_twice += twice;
	struct oracle_expected *x = next_of(run, heads, topic, group);
	/* the same gap told twice is the same request */
	bool request = x && x->record && strcmp(x->record, "ResyncRequested") == 0;
	if (twice && ((run->in->ids_unique && !request) || !x || strncmp(x->id, (const char *)id.data, id.len) != 0)) {
		return differ(to, "%s: ce_id %s is there twice", where, oracle_printable(id));
	}
	if (!x) {
		return differ(to, "%s: expected nothing more, found one of type %s", where,
		              oracle_printable(header_of(found, "ce_type")));
	}
	snprintf(where, sizeof(where), "%s of %s, of input %" PRId32 "/%" PRId64, topic_names[topic], group, x->partition,
	         x->offset);
	int rc = x->dead  ? same_dead_letter(run, to, where, x, found)
	         : has_id ? same_derived(run, to, where, x, found)
	                  : same_line(run, to, where, x, found);
	x->matched = true;
	if (has_id) {
		json_object_set_new(run->ids, x->id, json_true());
	}
	return rc;
}

static int check_outputs(struct oracle_run *run, struct report *to)
{
	int rc = 0;
	json_t *heads = index_of_expected(run);
	run->ids = json_object();
	run->stage_times = json_object();
	for (size_t topic = 0; topic < ORACLE_TOPIC_COUNT; topic++) {
		for (size_t i = 0; i < run->in->output_counts[topic] && rc == 0; i++) {
			rc = check_output(run, to, heads, topic, &run->in->outputs[topic][i]);
		}
	}
	json_decref(heads);
	if (rc) {
		return rc;
	}
	for (size_t i = 0; i < run->expected_count; i++) {
		const struct oracle_expected *x = &run->expected[i];
		if (!x->matched) {
			return differ(to, "%s of %s: the %s of input %" PRId32 "/%" PRId64 " is missing%s%s", topic_names[x->topic],
			              x->group, x->dead ? "dead letter" : x->record, x->partition, x->offset,
			              x->why ? ", which is there because " : "", x->why ? x->why : "");
		}
	}
	return oracle_stage_times_end(run, run->in->rep_partition_count, to->why, to->why_bytes);
}

/* ---- rows ---- */

static const char *const table_names[] = {"partition", "prospect", "erased", "feed"};

static char *row_key(int32_t partition, uint8_t table, struct fnl_span key, char ret[500])
{
	snprintf(ret, 500, "%" PRId32 " %u %s", partition, table, oracle_printable(key));
	return ret;
}

/* Where each row is; one that is there twice, or of no table, is a difference. */
static int index_rows(struct oracle_run *run, struct report *to)
{
	char key[500];
	run->rows = json_object();
	for (size_t i = 0; i < run->in->row_count; i++) {
		const struct oracle_row *r = &run->in->rows[i];
		row_key(r->partition, r->table, r->key, key);
		if (r->table >= ORACLE_TABLE_COUNT || json_object_get(run->rows, key)) {
			return differ(to, "row %s (partition, table, key) is there twice, or of an unknown table", key);
		}
		json_object_set_new(run->rows, key, json_integer((json_int_t)i));
	}
	return 0;
}

/* With clock = wall nobody knows how many prospects were touched before the pass came to them. */
static int take_pass_counts(struct oracle_run *run, struct report *to, const char *where, json_t *expected,
                            struct fnl_span found)
{
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	json_t *v = oracle_decode_value(run->o, found, &schema, &why);
	if (!v) {
		return differ(to, "%s: bytes that cannot be read: %s", where, why);
	}
	int64_t done = oracle_number(v, "pass_done"), changed = oracle_number(v, "pass_changed");
	bool fine = changed >= 0 && changed <= done && done <= oracle_number(expected, "pass_done");
	json_decref(v);
	oracle_set(expected, "pass_done", json_integer(done));
	oracle_set(expected, "pass_changed", json_integer(changed));
	return fine ? 0 : differ(to, "%s: the pass did %" PRId64 ", of which changed %" PRId64, where, done, changed);
}

/* With clock = wall nobody knows when a source was heard, only that it is said, and what follows from it. */
static int take_heard_times(struct oracle_run *run, struct report *to, const char *where, json_t *expected,
                            struct fnl_span found)
{
	const struct oracle_schema *schema = NULL;
	const struct oracle_rules *rules;
	const char *why = NULL;
	json_t *v = oracle_decode_value(run->o, found, &schema, &why);
	bool heard = v && oracle_has(v, "last_heard_at"), fine = false;
	int64_t at = v ? oracle_number(v, "last_heard_at") : 0;
	int64_t due = v && oracle_has(v, "next_deadline_at") ? oracle_number(v, "next_deadline_at") : INT64_MAX;
	for (size_t i = 0; heard && (rules = oracle_rules_at(i)) != NULL; i++) {
		fine = fine || due == oracle_feed_deadline(rules->thresholds, oracle_flag(v, "has_heartbeats"), at);
	}
	oracle_take(expected, "last_heard_at", v, "last_heard_at");
	oracle_take(expected, "next_deadline_at", v, "next_deadline_at");
	json_decref(v);
	return fine ? 0
	            : differ(to, "%s: heard at %" PRId64 ", it is to be silent at %" PRId64 ": no rules say so", where, at,
	                     due);
}

static int check_row(struct oracle_run *run, struct report *to, int32_t partition, uint8_t table, const char *key,
                     const char *record, json_t *expected)
{
	char where[300], name[500];
	row_key(partition, table, fnl_span_str(key), name);
	const json_t *at = json_object_get(run->rows, name);
	snprintf(where, sizeof(where), "row %s|%s of partition %" PRId32, table_names[table], key, partition);
	if (!at) {
		return differ(to, "%s is missing", where);
	}
	const struct oracle_row *found = &run->in->rows[json_integer_value(at)];
	json_object_del(run->rows, name); /* seen */
	int rc = 0;
	if (!oracle_knows_time(run) && strcmp(record, "Feed") == 0) {
		rc = take_heard_times(run, to, where, expected, found->value);
	}
	if (!oracle_knows_time(run) && strcmp(record, "PartitionRules") == 0) {
		rc = take_pass_counts(run, to, where, expected, found->value);
	}
	rc = rc ? rc : same_value(run->o, to, where, record, expected, found->value);
	int64_t deadline =
		oracle_has(expected, "next_deadline_at") ? oracle_number(expected, "next_deadline_at") : INT64_MAX;
	if (rc == 0 && !oracle_deadline_fits(found->deadline_ms, deadline)) {
		rc = differ(to, "%s: deadline in the view: expected %" PRId64 ", found %" PRId64, where, deadline,
		            found->deadline_ms);
	}
	return rc;
}

static int check_table(struct oracle_run *run, struct report *to, const struct oracle_partition *p, uint8_t table,
                       const char *record, json_t *expected)
{
	const char *key;
	json_t *row;
	int rc = 0;
	json_object_foreach(expected, key, row)
	{
		rc = rc ? rc : check_row(run, to, p->id, table, key, record, row);
	}
	return rc;
}

static int check_partition(struct oracle_run *run, struct report *to, const struct oracle_partition *p)
{
	int rc = check_table(run, to, p, ORACLE_TABLE_PROSPECT, "Prospect", p->prospects);
	rc = rc ? rc : check_table(run, to, p, ORACLE_TABLE_ERASED, "Erased", p->erased);
	rc = rc ? rc : check_table(run, to, p, ORACLE_TABLE_FEED, "Feed", p->feeds);
	if (rc == 0 && run->in->event_clock && p->has_time) {
		json_t *row = oracle_new_record(run->o, "PartitionClock");
		oracle_set(row, "event_time", json_integer(p->time_ms));
		rc = check_row(run, to, p->id, ORACLE_TABLE_PARTITION, "clock", "PartitionClock", row);
		json_decref(row);
	}
	if (rc == 0 && p->rules_row) {
		rc = check_row(run, to, p->id, ORACLE_TABLE_PARTITION, "rules", "PartitionRules", p->rules_row);
	}
	if (rc == 0 && p->feeds_row) {
		rc = check_row(run, to, p->id, ORACLE_TABLE_PARTITION, "feeds", "PartitionFeeds", p->feeds_row);
	}
	return rc;
}

static int check_rows(struct oracle_run *run, struct report *to)
{
	int rc = index_rows(run, to);
	for (size_t i = 0; i < run->partition_count && rc == 0; i++) {
		rc = check_partition(run, to, &run->partitions[i]);
	}
	const char *left;
	json_t *at;
	json_object_foreach(run->rows, left, at)
	{
		const struct oracle_row *r = &run->in->rows[json_integer_value(at)];
		rc = rc ? rc
		        : differ(to, "row %s|%s of partition %" PRId32 " should not be there", table_names[r->table],
		                 oracle_printable(r->key), r->partition);
	}
	return rc;
}

int oracle_check(struct oracle *o, const struct oracle_input *in, struct oracle_stats *stats, char *why,
                 size_t why_bytes)
{
	struct oracle_run run = {.o = o, .in = in};
	struct report to = {why, why_bytes};
	int rc = oracle_fold(&run);
	if (rc) {
		differ(&to, "the inputs are not in order of partition and offset");
	}
	rc = rc ? rc : check_outputs(&run, &to);
	rc = rc ? rc : check_rows(&run, &to);
	rc = rc ? rc : oracle_books_check(&run, why, why_bytes);
	if (stats) {
		*stats = run.stats;
	}
	oracle_run_free(&run);
	return rc;
}
