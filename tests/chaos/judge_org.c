/* The org stage's answers against the questions that it was asked. */
#include <stdio.h>

#include "judge.h"
#include "oracle_router.h"
#include "oracle_same.h"

enum { NAME_BYTES_MAX = 600 };

struct count {
	size_t asked;
	size_t answered;
	size_t again; /* told once more: he cannot any more */
};

/* "rep:R1 n-1-1|2 SuccessorAsked" */
static void name_of(const json_t *v, const char *kind, char ret[NAME_BYTES_MAX])
{
	snprintf(ret, NAME_BYTES_MAX, "%s %s %s", oracle_text(v, "book"), oracle_text(v, "request_id"), kind);
}

static json_t *cause_of(const struct fnl_record *r)
{
	struct fnl_span cause = oracle_header(r, "ce_causationid");
	return json_stringn((const char *)cause.data, cause.len);
}

/* What was asked: name to the causes. */
static void take_questions(struct judge *j, struct oracle *o, json_t *questions, struct count *n)
{
	const struct pile *all = &j->piles[PILE_ORG_INPUTS];
	for (size_t i = 0; i < all->count; i++) {
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		char name[NAME_BYTES_MAX];
		json_t *v = oracle_decode(o, &all->at[i], &schema, &why);
		if (v && (strcmp(schema->name, "SuccessorAsked") == 0 || strcmp(schema->name, "BaseRateAsked") == 0)) {
			name_of(v, schema->name, name);
			if (json_object_get(questions, name)) {
				judge_die("a question was asked twice", name);
			}
			json_object_set_new(questions, name, cause_of(&all->at[i]));
			n->asked++;
		}
		json_decref(v);
	}
}

/* One that was accepted may have to be taken back, for another reason, which is the cause then. */
static bool is_refusal(const json_t *v)
{
	const json_t *candidate = json_array_get(json_object_get(v, "candidates"), 0);
	return oracle_has(v, "successor_id") && candidate && !oracle_is(candidate, "refusal", "NONE");
}

static void take_answer(const struct fnl_record *r, const json_t *v, const char *kind, const json_t *questions,
                        json_t *answers, struct count *n)
{
	char name[NAME_BYTES_MAX], told[2 * NAME_BYTES_MAX];
	name_of(v, strcmp(kind, "OrgBaseRate") == 0 ? "BaseRateAsked" : "SuccessorAsked", name);
	const json_t *asked = json_object_get(questions, name);
	json_t *cause = cause_of(r);
	if (!asked) {
		judge_die("an answer to nothing", name);
	}
	snprintf(told, sizeof(told), "%s, %s", name, cause ? json_string_value(cause) : "");
	if (json_object_get(answers, told)) {
		judge_die("an answer is there twice", told);
	}
	json_object_set_new(answers, told, json_true());
	if (!json_object_get(answers, name)) {
		json_object_set_new(answers, name, json_true());
		n->answered++;
		if (!json_equal(asked, cause)) {
			judge_die("an answer has another cause than its question", told);
		}
	} else if (is_refusal(v)) {
		n->again++;
	} else {
		judge_die("a question was answered twice", told);
	}
	json_decref(cause);
}

static void take_answers(struct judge *j, struct oracle *o, const json_t *questions, json_t *answers, struct count *n)
{
	const struct pile *all = &j->piles[ORACLE_REP_INPUTS];
	for (size_t i = 0; i < all->count; i++) {
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		if (oracle_sender_of(o, &all->at[i]) == ORACLE_FROM_ORG) {
			json_t *v = oracle_decode(o, &all->at[i], &schema, &why);
			if (strcmp(schema->name, "BookMoves") != 0) { /* no answer */
				take_answer(&all->at[i], v, schema->name, questions, answers, n);
			}
			json_decref(v);
		}
	}
}

void judge_org(struct judge *j, struct oracle *o)
{
	struct count n = {0};
	json_t *questions = json_object(), *answers = json_object(), *cause;
	const char *name;
	take_questions(j, o, questions, &n);
	take_answers(j, o, questions, answers, &n);
	json_object_foreach(questions, name, cause)
	{
		if (!json_object_get(answers, name)) {
			judge_die("a question was not answered", name);
		}
	}
	json_decref(questions);
	json_decref(answers);
	printf("org stage: %zu questions, each answered once; %zu answers taken back\n", n.asked, n.again);
}
