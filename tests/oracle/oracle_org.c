/* What the org stage has left against what was expected. */
#include "oracle_org.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_org_internal.h"
#include "oracle_same.h"

static const char *const topic_names[] = {"rep-inputs", "dead-letters", "territories", "performance", "rejections"};
static const char *const table_names[] = {"partition", "rep",      "handover", "question",
                                          "cell",      "proposal", "year",     "scoring"};

/* A run: the fold, and what was found. */
struct check {
	struct org_fold fold;
	struct oracle_report to;
	json_t *heads; /* topic, partition and group to the index of its next expected output, + 1 */
	json_t *rows;  /* partition, table and key to the index in in->rows */
};

/* ---- outputs ---- */

static char *head_key(size_t topic, int32_t partition, const char *group, char ret[ORG_KEY_BYTES])
{
	snprintf(ret, ORG_KEY_BYTES, "%zu %" PRId32 " %s", topic, partition, group);
	return ret;
}

static void index_expected(struct check *c)
{
	char key[ORG_KEY_BYTES];
	c->heads = json_object();
	for (size_t i = c->fold.expected_count; i > 0; i--) {
		struct org_expected *x = &c->fold.expected[i - 1];
		head_key(x->topic, x->partition, x->group, key);
		x->next = (size_t)json_integer_value(json_object_get(c->heads, key));
		json_object_set_new(c->heads, key, json_integer((json_int_t)i));
	}
}

static int same_answer(struct check *c, struct oracle_report *to, const char *where, const struct org_expected *x,
                       const struct fnl_record *found)
{
	const char *but = c->fold.in->event_clock ? NULL : "occurred_at";
	int rc = oracle_same_value(c->fold.o, to, where, x->record, x->body, found->value, but);
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_causationid", x->cause);
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_correlationid", x->correlation);
	rc = rc ? rc : oracle_same_header(to, where, found, "traceparent", x->trace);
	bool key = found->key.len == strlen(x->group) && memcmp(found->key.data, x->group, found->key.len) == 0;
	bool bare = found->header_count == (size_t)(2 + (x->trace[0] != 0));
	return rc || (key && bare) ? rc : oracle_differ(to, "%s: another key, or other headers", where);
}

static int same_told(struct check *c, struct oracle_report *to, const char *where, const struct org_expected *x,
                     const struct fnl_record *found)
{
	char time[64];
	oracle_rfc3339(oracle_number(x->body, "occurred_at"), time);
	int rc = oracle_same_value(c->fold.o, to, where, x->record, x->body, found->value, NULL);
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_specversion", "1.0");
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_type", x->type);
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_source", "funneld/org");
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_id", x->id);
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_time", time);
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_subject", x->group);
	rc = rc ? rc : oracle_same_header(to, where, found, "content-type", "application/avro");
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_causationid", x->cause);
	rc = rc ? rc : oracle_same_header(to, where, found, "ce_correlationid", x->correlation);
	rc = rc ? rc : oracle_same_number_header(to, where, found, "ce_rulesversion", x->rules_version);
	rc = rc ? rc : oracle_same_number_header(to, where, found, "funneld_at", x->at);
	rc = rc ? rc : oracle_same_number_header(to, where, found, "funneld_now", x->now_ms);
	rc = rc ? rc : oracle_same_header(to, where, found, "traceparent", x->trace);
	bool bare = found->header_count == (size_t)(12 + (x->trace[0] != 0));
	return rc || bare ? rc : oracle_differ(to, "%s: other headers", where);
}

static int same_as(struct check *c, struct oracle_report *to, const struct org_expected *x,
                   const struct fnl_record *found)
{
	char where[700];
	snprintf(where, sizeof(where), "%s of %s, %s at input %" PRId32 "/%" PRId64, topic_names[x->topic], x->group,
	         x->dead ? "dead letter" : x->record, x->partition, x->at);
	return x->dead   ? oracle_same_dead_letter(to, where, "org", c->fold.in->input_topic, x->dead, found)
	       : x->type ? same_told(c, to, where, x, found)
	                 : same_answer(c, to, where, x, found);
}

/* The next one of any of the partitions from which outputs of the group come. */
static int check_output(struct check *c, size_t topic, const char *group, const struct fnl_record *found)
{
	int rc = oracle_differ(&c->to, "%s of %s, offset %" PRId64 ": expected nothing more", topic_names[topic], group,
	                       found->offset);
	for (size_t i = 0; i < c->fold.partition_count && rc; i++) {
		char key[ORG_KEY_BYTES];
		head_key(topic, c->fold.partitions[i].id, group, key);
		size_t at = (size_t)json_integer_value(json_object_get(c->heads, key));
		if (at == 0) {
			continue;
		}
		struct org_expected *x = &c->fold.expected[at - 1];
		rc = same_as(c, &c->to, x, found);
		if (rc == 0) {
			x->matched = true;
			json_object_set_new(c->heads, key, json_integer((json_int_t)x->next));
		}
	}
	return rc;
}

static void dead_group(const struct fnl_record *found, char ret[512])
{
	struct fnl_span p = oracle_header(found, "__connect.errors.partition");
	struct fnl_span at = oracle_header(found, "__connect.errors.offset");
	snprintf(ret, 512, "%s %s%s", oracle_printable(p), oracle_printable(found->key),
	         found->key.len == 0 ? oracle_printable(at) : "");
}

/* clock = wall: what oracle_org_wall.c has looked at; it takes those away that some question explains. */
static int is_explained(struct check *c, const struct fnl_record *found, bool *ret_explained)
{
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	char key[ORG_KEY_BYTES];
	json_t *body = c->fold.in->event_clock ? NULL : oracle_decode_value(c->fold.o, found->value, &schema, &why);
	int rc = 0;
	bool moves = body && strcmp(schema->name, "BookMoves") == 0; /* oracle_org_told.c */
	*ret_explained = moves || (body && org_is_scan(schema->name, body));
	if (*ret_explained && !moves) {
		const char *book = oracle_text(body, "book");
		bool keyed = found->key.len == strlen(book) && memcmp(found->key.data, book, found->key.len) == 0;
		org_key(book, oracle_text(body, "request_id"), NULL, key);
		if (json_object_get(c->fold.found, key)) {
			rc = oracle_differ(&c->to, "rep-inputs of %s: nobody has asked with the request %s", book, key);
		} else if (!keyed || found->header_count != 2) {
			rc = oracle_differ(&c->to, "rep-inputs of %s: another key, or other headers", key);
		}
	}
	json_decref(body);
	return rc;
}

static int check_topic(struct check *c, size_t topic)
{
	const struct oracle_org_input *in = c->fold.in;
	int rc = 0;
	for (size_t i = 0; i < in->output_counts[topic] && rc == 0; i++) {
		const struct fnl_record *found = &in->outputs[topic][i];
		char group[512];
		bool explained = false;
		if (topic == ORACLE_ORG_DEAD_LETTERS) {
			dead_group(found, group);
		} else {
			snprintf(group, sizeof(group), "%.*s", (int)found->key.len, (const char *)found->key.data);
			rc = is_explained(c, found, &explained);
		}
		rc = rc || explained ? rc : check_output(c, topic, group, found);
	}
	for (size_t i = 0; i < c->fold.expected_count && rc == 0; i++) {
		const struct org_expected *x = &c->fold.expected[i];
		if (x->topic == topic && !x->matched) {
			rc = oracle_differ(&c->to, "%s of %s: the %s at input %" PRId32 "/%" PRId64 " is missing%s%s",
			                   topic_names[topic], x->group, x->dead ? "dead letter" : x->record, x->partition, x->at,
			                   x->why ? ", which is there because " : "", x->why ? x->why : "");
		}
	}
	return rc;
}

/* ---- rows ---- */

static char *row_key(int32_t partition, uint8_t table, struct fnl_span key, char ret[ORG_KEY_BYTES])
{
	snprintf(ret, ORG_KEY_BYTES, "%" PRId32 " %u %s", partition, table, oracle_printable(key));
	return ret;
}

/* Where each row is; one that is there twice, or of no table, is a difference. */
static int index_rows(struct check *c)
{
	char key[ORG_KEY_BYTES];
	c->rows = json_object();
	for (size_t i = 0; i < c->fold.in->row_count; i++) {
		const struct oracle_row *r = &c->fold.in->rows[i];
		row_key(r->partition, r->table, r->key, key);
		if (!c->fold.in->event_clock && (r->table == ORACLE_ORG_PROPOSAL || r->table == ORACLE_ORG_SCORING)) {
			continue;
		}
		if (r->table >= ORACLE_ORG_TABLE_COUNT || json_object_get(c->rows, key)) {
			return oracle_differ(&c->to, "row %s (partition, table, key) is there twice, or of an unknown table", key);
		}
		json_object_set_new(c->rows, key, json_integer((json_int_t)i));
	}
	return 0;
}

static int check_row(struct check *c, int32_t partition, uint8_t table, const char *key, const char *record,
                     const json_t *expected)
{
	char where[ORG_KEY_BYTES + 40], name[ORG_KEY_BYTES];
	row_key(partition, table, fnl_span_str(key), name);
	const json_t *at = json_object_get(c->rows, name);
	snprintf(where, sizeof(where), "row %s|%s of partition %" PRId32, table_names[table], key, partition);
	if (!at) {
		return oracle_differ(&c->to, "%s is missing", where);
	}
	const struct oracle_row *found = &c->fold.in->rows[json_integer_value(at)];
	json_object_del(c->rows, name); /* seen */
	int rc = oracle_same_value(c->fold.o, &c->to, where, record, expected, found->value, NULL);
	int64_t deadline =
		oracle_has(expected, "next_deadline_at") ? oracle_number(expected, "next_deadline_at") : INT64_MAX;
	if (rc == 0 && !oracle_deadline_fits(found->deadline_ms, deadline)) {
		rc = oracle_differ(&c->to, "%s: deadline in the view: expected %" PRId64 ", found %" PRId64, where, deadline,
		                   found->deadline_ms);
	}
	return rc;
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

static int check_rows(struct check *c)
{
	int rc = index_rows(c);
	for (size_t i = 0; i < c->fold.partition_count && rc == 0; i++) {
		const struct org_partition *p = &c->fold.partitions[i];
		rc = check_table(c, p->id, ORACLE_ORG_REP, "OrgRep", p->reps);
		rc = rc ? rc : check_table(c, p->id, ORACLE_ORG_HANDOVER, "OrgHandover", p->handovers);
		rc = rc ? rc : check_table(c, p->id, ORACLE_ORG_CELL, "OrgCell", p->cells);
		rc = rc ? rc : check_table(c, p->id, ORACLE_ORG_YEAR, "OrgYear", p->years);
		rc = rc ? rc : check_table(c, p->id, ORACLE_ORG_QUESTION, "OrgQuestion", p->questions);
		rc = rc ? rc : check_table(c, p->id, ORACLE_ORG_PROPOSAL, "Proposal", p->proposals);
		rc = rc ? rc : check_table(c, p->id, ORACLE_ORG_SCORING, "Scoring", p->scorings);
		if (rc == 0 && p->times) {
			rc = check_row(c, p->id, ORACLE_ORG_PARTITION, "clock", "PartitionTimes", p->times);
		}
		if (rc == 0 && p->rules_row) {
			rc = check_row(c, p->id, ORACLE_ORG_PARTITION, "rules", "PartitionRules", p->rules_row);
		}
	}
	const char *left;
	json_t *at;
	json_object_foreach(c->rows, left, at)
	{
		rc = rc ? rc : oracle_differ(&c->to, "row %s (partition, table, key) should not be there", left);
	}
	return rc;
}

int oracle_org_check(struct oracle *o, const struct oracle_org_input *in, struct oracle_org_stats *stats, char *why,
                     size_t why_bytes)
{
	struct check c = {.fold = {.o = o, .in = in, .why = why, .why_bytes = why_bytes}, .to = {why, why_bytes}};
	if (!in->event_clock) {
		org_wall_find(&c.fold);
		org_told_check(&c.fold);
	} else {
		org_moves_find(&c.fold);
	}
	int rc = org_fold(&c.fold);
	if (rc) {
		oracle_differ(&c.to, "the inputs are not in order of partition and offset");
	}
	rc = rc || c.fold.failed ? -1 : 0;
	index_expected(&c);
	static const size_t order[] = {ORACLE_ORG_DEAD_LETTERS, ORACLE_ORG_REP_INPUTS, ORACLE_ORG_TERRITORIES,
	                               ORACLE_ORG_PERFORMANCE, ORACLE_ORG_REJECTIONS};
	size_t topics = in->event_clock ? sizeof(order) / sizeof(order[0]) : 2;
	for (size_t i = 0; i < topics; i++) {
		rc = rc ? rc : check_topic(&c, order[i]);
	}
	rc = rc ? rc : check_rows(&c);
	if (stats) {
		*stats = c.fold.stats;
	}
	json_decref(c.heads);
	json_decref(c.rows);
	org_fold_free(&c.fold);
	return rc;
}
