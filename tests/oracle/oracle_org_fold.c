/* A partition's input in its order: time, questions that fire, the directory. */
#include <stdio.h>
#include <stdlib.h>

#include "oracle_cells.h"
#include "oracle_org_internal.h"

/* ---- clock = event: rows fire by (deadline, table, key) ---- */

static const char *first_due(const json_t *rows, int64_t *ret_ms, bool or_at_once)
{
	const char *first = NULL, *key;
	json_t *row;
	json_object_foreach((json_t *)rows, key, row)
	{
		int64_t at = oracle_has(row, "next_deadline_at") ? oracle_number(row, "next_deadline_at") : INT64_MAX;
		if (at < *ret_ms || (at == *ret_ms && (first ? strcmp(key, first) < 0 : or_at_once))) {
			*ret_ms = at;
			first = key;
		}
	}
	return first;
}

/* The row is changed in its place, or gone. */
static void fire(struct org_fold *f, struct org_partition *p, json_t *rows, const char *key, int64_t at)
{
	struct org_step s = {.fold = f, .p = p, .now_ms = at};
	json_t *row = json_incref(json_object_get(rows, key));
	if (rows == p->proposals) {
		org_proposal_fire(&s, row);
	} else if (rows == p->scorings) {
		org_scoring_fire(&s, row);
	} else {
		json_object_del(rows, key);
		org_fire(&s, row);
	}
	json_decref(row);
}

static void fire_all(struct org_fold *f, struct org_partition *p)
{
	json_t *const tables[] = {p->questions, p->proposals, p->scorings};
	while (p->has_time) {
		int64_t at = p->time_ms;
		const char *key = NULL;
		json_t *rows = NULL;
		for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
			const char *first = first_due(tables[i], &at, key == NULL);
			rows = first ? tables[i] : rows;
			key = first ? first : key;
		}
		if (!key) {
			return;
		}
		fire(f, p, rows, key, at);
	}
}

/* ---- time and rules ---- */

static bool is_time(const json_t *in)
{
	int64_t count = oracle_number(in, "partition_count"), at = oracle_number(in, "partition");
	return count >= 1 && count <= 256 && at >= 0 && at < count && oracle_number(in, "occurred_at") > 0;
}

/* The times of the stage before with this one; new. */
static json_t *times_with(const struct org_partition *p, const json_t *in, bool *ret_older)
{
	json_t *times = p->times ? json_deep_copy(json_object_get(p->times, "times")) : json_array();
	while ((int64_t)json_array_size(times) < oracle_number(in, "partition_count")) {
		json_array_append_new(times, json_integer(0));
	}
	size_t at = (size_t)oracle_number(in, "partition");
	*ret_older = oracle_number(in, "occurred_at") <= json_integer_value(json_array_get(times, at));
	if (!*ret_older) {
		json_array_set_new(times, at, json_integer(oracle_number(in, "occurred_at")));
	}
	return times;
}

/* The time goes on before the input is looked at, so that what is due fires first. */
static void reach_time(struct org_partition *p, const json_t *in)
{
	int64_t least = INT64_MAX;
	size_t i;
	bool older;
	json_t *at, *times = times_with(p, in, &older);
	json_array_foreach(times, i, at)
	{
		least = json_integer_value(at) < least ? json_integer_value(at) : least;
	}
	json_decref(times);
	if (least > 0 && (!p->has_time || least > p->time_ms)) {
		p->has_time = true;
		p->time_ms = least;
	}
}

static const char *stage_time(struct org_step *s)
{
	bool older;
	if (!is_time(s->in)) {
		return "a time of no partition";
	}
	json_t *times = times_with(s->p, s->in, &older);
	if (older) {
		json_decref(times);
		return NULL;
	}
	json_decref(s->p->times);
	s->p->times = json_object();
	oracle_set(s->p->times, "times", times);
	return NULL;
}

static const char *activate_rules(struct org_step *s)
{
	static const char *const same[] = {"rules_version", "rules_hash", "rules_text"};
	struct org_partition *p = s->p;
	int64_t version = oracle_number(s->in, "rules_version");
	const json_t *hash = json_object_get(s->in, "rules_hash");
	if (version < 1 || json_string_length(hash) != 64) {
		return "rules without version or hash";
	}
	if (version == p->rules->text.version && !json_equal(hash, json_object_get(p->rules_row, "rules_hash"))) {
		return "another text of the rules that are active";
	}
	if (version <= p->rules->text.version) {
		return NULL;
	}
	const struct org_rules *rules = org_rules_of(json_object_get(s->in, "rules_text"));
	if (!rules || rules->text.version != version || !oracle_is(s->in, "rules_hash", rules->text.hash)) {
		return "unreadable rules, or of another version, or hash";
	}
	json_decref(p->rules_row);
	p->rules_row = oracle_new_record(s->fold->o, "PartitionRules");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(p->rules_row, same[i], s->in, same[i]);
	}
	oracle_take(p->rules_row, "activated_at", s->in, "occurred_at");
	oracle_set(p->rules_row, "cause_id", json_string(s->cause));
	oracle_set(p->rules_row, "correlation_id", json_string(s->correlation));
	oracle_set(p->rules_row, "pass_done", json_integer(0));
	oracle_set(p->rules_row, "pass_changed", json_integer(0));
	oracle_set(p->rules_row, "earlier", json_array());
	p->rules = rules;
	p->rules_changes++;
	s->fold->stats.rules_activated++;
	return NULL;
}

/* ---- the directory ---- */

/* About one, to who asks or has asked: `of` has the book, the request, the notice and the prospect. */
static void tell_about(struct org_step *s, const json_t *of, const char *rep_id, json_t *candidate)
{
	static const char *const same[] = {"request_id", "book", "notice_id", "prospect_id"};
	json_t *v = oracle_new_record(s->fold->o, "SuccessorCandidates"), *list = json_array();
	oracle_set(v, "source", json_string("funneld"));
	oracle_set(v, "occurred_at", json_integer(s->now_ms));
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(v, same[i], of, same[i]);
	}
	oracle_set(v, "successor_id", json_string(rep_id));
	json_array_append_new(list, candidate);
	oracle_set(v, "candidates", list);
	org_tell(s, "SuccessorCandidates", v);
}

static json_t *entry_row(const struct org_step *s)
{
	static const char *const same[] = {"org_id",        "rep_id",  "active",     "resigned",
	                                   "manager_id",    "regions", "industries", "capacity_prospects",
	                                   "open_prospects"};
	json_t *row = oracle_new_record(s->fold->o, "OrgRep");
	oracle_take(row, "entry_sequence", s->in, "sequence");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(row, same[i], s->in, same[i]);
	}
	oracle_set(row, "asked_by", json_array());
	return row;
}

static void he_cannot(struct org_step *s, const json_t *uses, const json_t *row, const char *refusal)
{
	const struct org_question q = {.rules = s->p->rules, .leaver_id = ""};
	size_t i;
	const json_t *use;
	json_array_foreach(uses, i, use)
	{
		const char *rep_id = oracle_text(row, "rep_id");
		tell_about(s, use, rep_id, org_candidate(&q, rep_id, row, refusal, false));
		s->fold->stats.told++;
		s->fold->stats.refused[org_refusal_at(refusal)]++;
	}
}

static const char *entry(struct org_step *s)
{
	char key[ORG_KEY_BYTES];
	org_key(oracle_text(s->in, "org_id"), oracle_text(s->in, "rep_id"), NULL, key);
	json_t *rep = json_object_get(s->p->reps, key);
	bool present = oracle_flag(s->in, "present");
	bool older = rep && oracle_number(s->in, "sequence") <= oracle_number(rep, "entry_sequence");
	s->fold->stats.older_entries += older;
	if (older || (!rep && !present)) {
		return NULL;
	}
	json_t *row = entry_row(s);
	const char *refusal = !present                         ? "OTHER_ORG"
	                      : !oracle_flag(s->in, "active")  ? "INACTIVE"
	                      : oracle_flag(s->in, "resigned") ? "RESIGNED"
	                                                       : NULL;
	if (rep && !refusal) {
		oracle_take(row, "asked_by", rep, "asked_by");
	} else if (rep) {
		he_cannot(s, json_object_get(rep, "asked_by"), row, refusal);
	}
	s->fold->stats.entries++;
	org_wall_changed(s, "rep");
	if (present) {
		json_object_set_new(s->p->reps, key, row);
	} else {
		s->fold->stats.absences++;
		json_object_del(s->p->reps, key);
		json_decref(row);
	}
	return NULL;
}

/* ---- cells ---- */

static const char *cell(struct org_step *s)
{
	static const char *const same[] = {"org_id",   "rep_id",     "book",     "region",
	                                   "industry", "size_focus", "sequence", "totals"};
	char key[ORG_KEY_BYTES], name[ORACLE_CELL_BYTES];
	const json_t *in = s->in;
	if (strcmp(oracle_text(in, "book") + 4, oracle_text(in, "rep_id")) != 0) {
		return "the book of another rep";
	}
	org_key(oracle_text(in, "org_id"), oracle_text(in, "book"), oracle_cell_name(in, name), key);
	const json_t *known = json_object_get(s->p->cells, key);
	bool present = oracle_flag(in, "present");
	bool older = known && oracle_number(in, "sequence") <= oracle_number(known, "sequence");
	s->fold->stats.older_cells += older;
	if (older || (!known && !present)) {
		return NULL;
	}
	s->fold->stats.cells++;
	if (!present) {
		s->fold->stats.cell_absences++;
		json_object_del(s->p->cells, key);
		return NULL;
	}
	json_t *row = oracle_new_record(s->fold->o, "OrgCell");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(row, same[i], in, same[i]);
	}
	json_object_set_new(s->p->cells, key, row);
	return NULL;
}

/* ---- questions ---- */

/* Of those who go by him this question is the latest, or none any more; the oldest makes room. */
static void go_by(struct org_step *s, json_t *rep, bool can)
{
	static const char *const same[] = {"book", "notice_id", "prospect_id"};
	json_t *uses = json_array(), *use;
	size_t i;
	json_array_foreach(json_object_get(rep, "asked_by"), i, use)
	{
		bool of_it = true;
		for (size_t k = 0; k < 3; k++) {
			of_it = of_it && json_equal(json_object_get(use, same[k]), json_object_get(s->in, same[k]));
		}
		if (!of_it) {
			json_array_append_new(uses, json_deep_copy(use));
		}
	}
	if (can) {
		json_t *its = json_object();
		oracle_take(its, "request_id", s->in, "request_id");
		for (size_t k = 0; k < 3; k++) {
			oracle_take(its, same[k], s->in, same[k]);
		}
		json_array_append_new(uses, its);
	}
	if (json_array_size(uses) > ORG_USES) {
		json_array_remove(uses, 0);
		s->fold->stats.uses_full++;
	}
	oracle_set(rep, "asked_by", uses);
}

static void whether_he_could(struct org_step *s)
{
	char key[ORG_KEY_BYTES];
	const char *rep_id = oracle_text(s->in, "successor_id");
	struct org_question q = org_question_of(s->p, s->in);
	json_t *rep = json_object_get(s->p->reps, org_key(oracle_text(s->in, "org_id"), rep_id, NULL, key));
	const char *refusal = org_refusal(&q, rep);
	bool can = strcmp(refusal, "NONE") == 0;
	tell_about(s, s->in, rep_id, org_candidate(&q, rep_id, rep, refusal, true));
	if (rep) {
		go_by(s, rep, can);
	}
	if (can) {
		s->fold->stats.could++;
	} else {
		s->fold->stats.refused[org_refusal_at(refusal)]++;
	}
}

static const char *asked(struct org_step *s)
{
	char key[ORG_KEY_BYTES], book_and_request[ORG_KEY_BYTES];
	if (oracle_has(s->in, "successor_id")) {
		whether_he_could(s);
		return NULL;
	}
	org_key(oracle_text(s->in, "book"), oracle_text(s->in, "request_id"), NULL, book_and_request);
	org_key(oracle_text(s->in, "org_id"), book_and_request, NULL, key);
	s->fold->stats.who_could += strcmp(s->name, "SuccessorAsked") == 0;
	s->fold->stats.usual += strcmp(s->name, "BaseRateAsked") == 0;
	if (!s->fold->in->event_clock) {
		org_wall_ask(s, key);
	} else if (json_object_get(s->p->questions, key)) {
		s->fold->stats.open_already++;
	} else {
		json_object_set_new(s->p->questions, key, org_question_row(s));
		s->fold->stats.waited += !s->p->has_time;
	}
	return NULL;
}

static const char *outcome(struct org_step *s)
{
	static const char *const same[] = {"org_id",       "book",           "notice_id", "sequence",
	                                   "completed_at", "prospect_count", "lost_count"};
	char key[ORG_KEY_BYTES], of_book[ORG_KEY_BYTES];
	org_key(oracle_text(s->in, "org_id"), oracle_text(s->in, "book"), NULL, of_book);
	org_key(of_book, oracle_text(s->in, "notice_id"), NULL, key);
	const json_t *before = json_object_get(s->p->handovers, key);
	if (before && oracle_number(s->in, "sequence") <= oracle_number(before, "sequence")) {
		s->fold->stats.older_outcomes++;
		return NULL;
	}
	json_t *row = oracle_new_record(s->fold->o, "OrgHandover");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(row, same[i], s->in, same[i]);
	}
	json_object_set_new(s->p->handovers, key, row);
	org_wall_changed(s, "handover");
	s->fold->stats.outcomes++;
	return NULL;
}

/* ---- inputs ---- */

static const char *check_org(const json_t *in, const struct fnl_record *r)
{
	const json_t *org = json_object_get(in, "org_id"), *book = json_object_get(in, "book");
	const char *why = oracle_id_check(json_string_value(org), json_string_length(org));
	size_t len = json_string_length(org);
	bool keyed = !why && r->key.data && r->key.len == len + 4 && memcmp(r->key.data, "org:", 4) == 0 &&
	             memcmp(r->key.data + 4, json_string_value(org), len) == 0;
	if (why || !keyed) {
		return why ? why : "the key is not the organisation";
	}
	if (!book) {
		return NULL;
	}
	bool of_rep = json_string_length(book) > 4 && strncmp(json_string_value(book), "rep:", 4) == 0;
	return of_rep ? oracle_id_check(json_string_value(book) + 4, json_string_length(book) - 4)
	              : "not the book of a rep";
}

static const struct kind {
	const char *name;
	const char *(*apply)(struct org_step *s);
	bool of_org;
	bool of_outside; /* nobody has looked at its time */
} kinds[] = {
	{"RepEntry", entry, true, false},
	{"SuccessorAsked", asked, true, false},
	{"BaseRateAsked", asked, true, false},
	{"HandoverOutcome", outcome, true, false},
	{"RulesActivated", activate_rules, false, true},
	{"StageTime", stage_time, false, true},
	{"CellImage", cell, true, false},
	{"RepYear", org_year, true, false},
	{"ProposeTerritories", org_propose, true, true},
	{"AcceptProposal", org_accept, true, true},
	{"ScorePerformance", org_score, true, true},
};

/* NULL with *why: it cannot be of this topic. */
static const struct kind *kind_of(const struct oracle_schema *schema, const json_t *in, const struct fnl_record *r,
                                  int64_t time_max_ms, const char **why)
{
	const json_t *source = json_object_get(in, "source");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *k = &kinds[i];
		if (strcmp(schema->name, k->name) != 0) {
			continue;
		}
		*why = oracle_id_check(json_string_value(source), json_string_length(source));
		if (!*why && k->of_org) {
			*why = check_org(in, r);
			*why = *why ? *why : oracle_limits(schema, in);
		}
		if (!*why && k->of_outside && oracle_number(in, "occurred_at") > time_max_ms) {
			*why = "too far in the future";
		}
		return *why ? NULL : k;
	}
	*why = "not of this topic";
	return NULL;
}

static void fold_record(struct org_fold *f, struct org_partition *p, const struct fnl_record *r)
{
	const char *why = NULL;
	const struct oracle_schema *schema = NULL;
	json_t *in = oracle_decode(f->o, r, &schema, &why);
	const struct kind *kind = in ? kind_of(schema, in, r, f->in->time_max_ms, &why) : NULL;
	if (f->in->event_clock) {
		if (kind && kind->apply == stage_time && is_time(in)) {
			reach_time(p, in);
		}
		fire_all(f, p);
	} else {
		org_wall_pass(f, p);
	}
	p->place = r->offset + 1;
	if (kind) {
		struct org_step s = {.fold = f, .p = p, .record = r, .name = kind->name, .in = in};
		s.now_ms = p->has_time ? p->time_ms : 0;
		org_cause(&s);
		why = kind->apply(&s);
	}
	if (why) {
		org_dead_letter(f, p, r, why);
	}
	json_decref(in);
}

static struct org_partition *partition_of(struct org_fold *f, int32_t id)
{
	if (f->partition_count && f->partitions[f->partition_count - 1].id == id) {
		return &f->partitions[f->partition_count - 1];
	}
	f->partitions = realloc(f->partitions, (f->partition_count + 1) * sizeof(*f->partitions));
	if (!f->partitions) {
		abort();
	}
	struct org_partition *p = &f->partitions[f->partition_count++];
	*p = (struct org_partition){.id = id,
	                            .reps = json_object(),
	                            .handovers = json_object(),
	                            .cells = json_object(),
	                            .years = json_object(),
	                            .questions = json_object(),
	                            .proposals = json_object(),
	                            .scorings = json_object(),
	                            .lives = json_object(),
	                            .changes = json_object(),
	                            .rules = org_rules_default()};
	return p;
}

static void end_partition(struct org_fold *f, struct org_partition *p)
{
	if (f->in->event_clock) {
		fire_all(f, p);
	} else {
		org_wall_end(f, p);
	}
	f->stats.reps += json_object_size(p->reps);
	f->stats.handovers += json_object_size(p->handovers);
}

int org_fold(struct org_fold *f)
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

void org_fold_free(struct org_fold *f)
{
	for (size_t i = 0; i < f->partition_count; i++) {
		struct org_partition *p = &f->partitions[i];
		json_t *const all[] = {p->times, p->rules_row, p->reps,  p->handovers, p->cells,   p->questions,
		                       p->lives, p->changes,   p->years, p->proposals, p->scorings};
		for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
			json_decref(all[k]);
		}
	}
	for (size_t i = 0; i < f->expected_count; i++) {
		free(f->expected[i].group);
		json_decref(f->expected[i].body);
	}
	json_decref(f->found);
	json_decref(f->moves);
	free(f->partitions);
	free(f->expected);
}
