/* Questions that go through an organisation's rows. */
#include <stdlib.h>

#include "oracle_org_internal.h"

/* A month is the twelfth part of a year of 365.2425 days. */
#define MONTH_MS INT64_C(2629746000)

const char *org_leaver_id(const char *book)
{
	return book + strlen("rep:");
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **org_keys(const json_t *rows, const char *org_id, const char *after, size_t *ret_count)
{
	const char **list = calloc(json_object_size(rows) + 1, sizeof(*list)), *key;
	size_t len = strlen(org_id);
	json_t *row;
	if (!list) {
		abort();
	}
	*ret_count = 0;
	json_object_foreach((json_t *)rows, key, row)
	{
		bool of_org = strncmp(key, org_id, len) == 0 && key[len] == '|';
		if (of_org && (!after || strcmp(key, after) > 0)) {
			list[(*ret_count)++] = key;
		}
	}
	qsort(list, *ret_count, sizeof(*list), compare);
	return list;
}

json_t *org_question_row(struct org_step *s)
{
	static const char *const same[] = {"request_id", "org_id", "book", "notice_id"};
	bool successor = strcmp(s->name, "SuccessorAsked") == 0;
	json_t *row = oracle_new_record(s->fold->o, "OrgQuestion");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(row, same[i], s->in, same[i]);
	}
	oracle_set(row, "next_deadline_at", json_integer(s->now_ms));
	oracle_set(row, "kind", json_string(successor ? "SUCCESSOR" : "BASE_RATE"));
	oracle_take(row, "asked_at", s->in, "occurred_at");
	oracle_set(row, "cause_id", json_string(s->cause));
	oracle_set(row, "correlation_id", json_string(s->correlation));
	oracle_take(row, "prospect_id", s->in, "prospect_id");
	oracle_set(row, "prospect_count", json_integer(successor ? oracle_number(s->in, "prospect_count") : 0));
	oracle_set(row, "lost_count", json_integer(0));
	oracle_set(row, "best_ids", json_array());
	return row;
}

struct org_question org_question_of(const struct org_partition *p, const json_t *row)
{
	char key[ORG_KEY_BYTES];
	const char *leaver_id = org_leaver_id(oracle_text(row, "book"));
	org_key(oracle_text(row, "org_id"), leaver_id, NULL, key);
	return (struct org_question){p->rules, json_object_get(p->reps, key), leaver_id,
	                             oracle_number(row, "prospect_count")};
}

json_t *org_answer(struct oracle *o, const struct org_partition *p, const json_t *row, const json_t *best,
                   int64_t now_ms, const char **ret_record)
{
	static const char *const same[] = {"request_id", "book", "notice_id"};
	*ret_record = best ? "SuccessorCandidates" : "OrgBaseRate";
	json_t *v = oracle_new_record(o, *ret_record), *list = json_array(), *rep;
	oracle_set(v, "source", json_string("funneld"));
	oracle_set(v, "occurred_at", json_integer(now_ms));
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(v, same[i], row, same[i]);
	}
	if (!best) {
		oracle_take(v, "prospect_count", row, "prospect_count");
		oracle_take(v, "lost_count", row, "lost_count");
		json_decref(list);
		return v;
	}
	struct org_question q = org_question_of(p, row);
	size_t i;
	json_array_foreach(best, i, rep)
	{
		json_array_append_new(list, org_candidate(&q, oracle_text(rep, "rep_id"), rep, "NONE", true));
	}
	oracle_take(v, "prospect_id", row, "prospect_id");
	oracle_set(v, "candidates", list);
	return v;
}

bool org_counts(const struct org_partition *p, const json_t *row, const json_t *handover)
{
	bool own = json_equal(json_object_get(row, "book"), json_object_get(handover, "book")) &&
	           json_equal(json_object_get(row, "notice_id"), json_object_get(handover, "notice_id"));
	int64_t first_ms = oracle_number(row, "asked_at") - p->rules->base_months * MONTH_MS;
	return !own && oracle_number(handover, "completed_at") >= first_ms;
}

void org_add(json_t *row, const json_t *handover)
{
	static const char *const names[] = {"prospect_count", "lost_count"};
	for (size_t i = 0; i < 2; i++) {
		__int128 sum = (__int128)oracle_number(row, names[i]) + oracle_number(handover, names[i]);
		oracle_set(row, names[i], json_integer(sum < INT64_MAX ? (json_int_t)sum : INT64_MAX));
	}
}

/* ---- clock = event ---- */

static void look_at_list(struct org_fold *f, const struct org_question *q, const json_t *reps, const json_t *best)
{
	size_t i, able = 0;
	const json_t *rep;
	json_array_foreach(reps, i, rep)
	{
		able += strcmp(org_refusal(q, rep), "NONE") == 0;
	}
	json_array_foreach(best, i, rep)
	{
		f->stats.ties += i > 0 && org_same_load(q, json_array_get(best, i - 1), rep);
	}
	f->stats.candidates += json_array_size(best);
	f->stats.full_lists += able > ORG_BEST;
	f->stats.nobody += able == 0;
}

static json_t *who_could(struct org_step *s, const json_t *row)
{
	size_t n;
	const char **keys = org_keys(s->p->reps, oracle_text(row, "org_id"), NULL, &n);
	json_t *reps = json_array();
	for (size_t i = 0; i < n; i++) {
		json_array_append(reps, json_object_get(s->p->reps, keys[i]));
	}
	struct org_question q = org_question_of(s->p, row);
	json_t *best = org_best(&q, reps);
	look_at_list(s->fold, &q, reps, best);
	json_decref(reps);
	free(keys);
	return best;
}

static void what_is_usual(struct org_step *s, json_t *row)
{
	size_t n;
	const char **keys = org_keys(s->p->handovers, oracle_text(row, "org_id"), NULL, &n);
	for (size_t i = 0; i < n; i++) {
		const json_t *h = json_object_get(s->p->handovers, keys[i]);
		bool counts = org_counts(s->p, row, h);
		if (counts) {
			org_add(row, h);
		}
		s->fold->stats.counted += counts;
		s->fold->stats.left_out += !counts;
	}
	free(keys);
}

void org_fire(struct org_step *s, json_t *row)
{
	const char *record;
	json_t *best = NULL;
	if (oracle_is(row, "kind", "SUCCESSOR")) {
		best = who_could(s, row);
	} else {
		what_is_usual(s, row);
	}
	memcpy(s->cause, oracle_text(row, "cause_id"), strlen(oracle_text(row, "cause_id")) + 1);
	memcpy(s->correlation, oracle_text(row, "correlation_id"), strlen(oracle_text(row, "correlation_id")) + 1);
	json_t *answer = org_answer(s->fold->o, s->p, row, best, s->now_ms, &record);
	org_tell(s, record, answer);
	json_decref(best);
}
