/* What is told of the stalls of a line, and the causes that come into question. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_internal.h"

static const char *const kinds[] = {"STUCK", "SILENT", "STALE", "SLIPPED"};
static const char *const levels[] = {"NONE", "REP", "MANAGER", "NEXT_LEVEL"};
enum { KINDS = 4, LEVELS = 4, SILENT = 1 };

/* ---- diagnosis ---- */

static const char *const remedies[][2] = {{"OTHER", "ask-again"},
                                          {"BUYER_UNDECIDED", "clarify-need"},
                                          {"REP_OUT_OF_CONTACT", "resume-contact"},
                                          {"BUYER_DILEMMA", "compare-options"},
                                          {"TAKEN_BY_COMPETITOR", "win-back"},
                                          {"NO_CONSENSUS", "align-buyers"},
                                          {"FUNDS_NOT_IN_PLACE", "secure-funds"},
                                          {"APPROVAL_WITHHELD", "win-sponsor"}};

static void add_cause(json_t *list, const char *cause, bool confirmed)
{
	size_t i;
	json_t *known;
	json_array_foreach(list, i, known)
	{
		if (oracle_is(known, "cause", cause)) {
			return;
		}
	}
	for (i = 0; strcmp(remedies[i][0], cause) != 0; i++) {
	}
	json_t *one = json_object();
	oracle_set(one, "cause", json_string(cause));
	oracle_set(one, "confirmed", json_boolean(confirmed));
	oracle_set(one, "remedy", json_string(remedies[i][1]));
	json_array_append_new(list, one);
}

static const json_t *stall_of(const json_t *line, const char *kind)
{
	size_t i;
	json_t *stall;
	json_array_foreach(json_object_get(line, "stalls"), i, stall)
	{
		if (oracle_is(stall, "kind", kind)) {
			return stall;
		}
	}
	return NULL;
}

/* Whatever the case. */
static bool names(const json_t *evidence, const char *word)
{
	char upper[1024] = "";
	const char *code = oracle_text(evidence, "blocker");
	size_t n = 0;
	for (; code && code[n] && n < sizeof(upper) - 1; n++) {
		upper[n] = (char)toupper((unsigned char)code[n]);
	}
	upper[n] = '\0';
	return strstr(upper, word) != NULL;
}

json_t *rep_candidates(const json_t *line)
{
	json_t *list = json_array();
	const json_t *evidence = json_object_get(line, "evidence"), *answer = json_object_get(evidence, "answer");
	bool top = oracle_is(line, "layer", "TOP"), middle = oracle_is(line, "layer", "MIDDLE");
	bool bottom = oracle_is(line, "layer", "BOTTOM");
	bool stuck = stall_of(line, "STUCK"), silent = stall_of(line, "SILENT"), stale = stall_of(line, "STALE");
	bool slipped = stall_of(line, "SLIPPED"), rival = oracle_has(evidence, "competitor_id");
	bool answered = json_is_object(answer) && oracle_has(evidence, "layer_since") &&
	                oracle_number(answer, "at") > oracle_number(evidence, "layer_since");
	if (answered && (top || middle || bottom)) {
		add_cause(list, oracle_text(answer, "cause"), oracle_flag(answer, "confirmed"));
	}
	if (top && (silent || stale)) {
		add_cause(list, "REP_OUT_OF_CONTACT", false);
	}
	if (top && (stuck || slipped || !(silent || stale))) {
		add_cause(list, "BUYER_UNDECIDED", false);
	}
	if (middle && (rival || silent)) {
		add_cause(list, "TAKEN_BY_COMPETITOR", false);
	}
	if (middle && (stuck || stale || slipped || !rival)) {
		add_cause(list, "BUYER_DILEMMA", false);
	}
	bool consensus = names(evidence, "CONSENSUS"), funds = names(evidence, "FUNDS") || names(evidence, "BUDGET");
	bool approval = names(evidence, "APPROVAL"), all = !consensus && !funds && !approval;
	const char *const inside[] = {"NO_CONSENSUS", "FUNDS_NOT_IN_PLACE", "APPROVAL_WITHHELD"};
	const bool named[] = {consensus, funds, approval};
	for (size_t i = 0; bottom && i < 3; i++) {
		if (named[i] || all) {
			add_cause(list, inside[i], false);
		}
	}
	return list;
}

/* ---- alerts ---- */

static size_t level_of(const json_t *stall)
{
	size_t i = 0;
	while (stall && i < LEVELS - 1 && !oracle_is(stall, "level", levels[i])) {
		i++;
	}
	return i;
}

static json_t *body_of(struct rep_step *s, const char *record, const json_t *rep, const json_t *line, int64_t at_ms)
{
	json_t *body = oracle_new_record(s->fold->o, record);
	oracle_take(body, "prospect_id", line, "prospect_id");
	oracle_take(body, "sequence", line, "sequence");
	oracle_set(body, "occurred_at", json_integer(at_ms));
	oracle_take(body, "rep_id", rep, "rep_id");
	oracle_take(body, "org_id", rep, "org_id");
	oracle_take(body, "manager_id", rep, "manager_id");
	return body;
}

static void tell(struct rep_step *s, const char *record, json_t *body, const json_t *rep, const char *what)
{
	char subject[2 * REP_KEY_BYTES];
	snprintf(subject, sizeof(subject), "%s|%s|%s|%s|%" PRId64, oracle_text(rep, "book"),
	         oracle_text(body, "prospect_id"), oracle_text(body, "kind"), what, oracle_number(body, "since"));
	rep_tell(s, record, body, s->cause, s->correlation, subject);
}

static void tell_stall(struct rep_step *s, const char *record, const json_t *rep, const json_t *line,
                       const json_t *stall, size_t level, int64_t at_ms)
{
	static const char *const same[] = {"kind", "condition", "since", "over_at"};
	json_t *body = body_of(s, record, rep, line, at_ms);
	bool deputy = rep_is_absent(s->p->rules, rep, at_ms) && oracle_has(rep, "deputy_id");
	oracle_set(body, "level", json_string(levels[level]));
	oracle_take(body, "recipient_id", rep, level > 1 ? "manager_id" : deputy ? "deputy_id" : "rep_id");
	for (size_t i = 0; i < 4; i++) {
		oracle_take(body, same[i], stall, same[i]);
	}
	oracle_take(body, "layer", line, "layer");
	oracle_take(body, "amount", line, "amount");
	oracle_take(body, "evidence", line, "evidence");
	oracle_set(body, "candidates", rep_candidates(line));
	tell(s, record, body, rep, levels[level]);
}

static const char *reason_of(const json_t *before, const json_t *event)
{
	static const char *const reasons[][2] = {
		{"WON", "CLOSED"}, {"LOST", "CLOSED"}, {"DELETED", "DELETED"}, {"MERGED", "MERGED"}};
	static const char *const funnel[] = {"TOP", "MIDDLE", "BOTTOM"};
	if (oracle_is(event, "state", "ERASED")) {
		return "ERASED";
	}
	if (!oracle_is(event, "state", "OWNED")) {
		return "OWNER_CHANGED";
	}
	for (size_t i = 0; i < 4; i++) {
		if (oracle_is(event, "layer", reasons[i][0])) {
			return reasons[i][1];
		}
	}
	bool in_funnel = false;
	for (size_t i = 0; i < 3; i++) {
		in_funnel = in_funnel || oracle_is(event, "layer", funnel[i]);
	}
	if (!in_funnel) {
		return "UNKNOWN";
	}
	return oracle_number(event, "rules_version") == oracle_number(before, "rules_version") ? "PROGRESS"
	                                                                                       : "RULES_CHANGED";
}

void rep_alerts_of_line(struct rep_step *s, const json_t *rep, const json_t *before, json_t *line)
{
	int64_t at_ms = oracle_number(s->in, "occurred_at"), was = oracle_number(before, "told"), is = 0;
	bool absent = rep_is_absent(s->p->rules, rep, at_ms), owned = oracle_is(s->in, "state", "OWNED");
	for (size_t i = 0; i < KINDS; i++) {
		bool told = was >> i & 1;
		const json_t *old = stall_of(before, kinds[i]), *now = owned ? stall_of(line, kinds[i]) : NULL;
		size_t level = level_of(now);
		if (level == 0 && told) {
			json_t *body = body_of(s, "StallCleared", rep, s->in, at_ms);
			oracle_set(body, "kind", json_string(kinds[i]));
			oracle_take(body, "since", old, "since");
			oracle_set(body, "reason", json_string(reason_of(before, s->in)));
			tell(s, "StallCleared", body, rep, "cleared");
			s->fold->stats.cleared++;
		} else if (told && level > level_of(old)) {
			tell_stall(s, "StallEscalated", rep, line, now, level, at_ms);
			s->fold->stats.escalated++;
		} else if (level > 0 && !told && i == SILENT && absent) {
			s->fold->stats.held++;
			continue;
		} else if (level > 0 && !told) {
			tell_stall(s, "ProspectStalled", rep, line, now, level, at_ms);
			s->fold->stats.stalled++;
		}
		is |= (int64_t)(level > 0) << i;
	}
	if (line) {
		oracle_set(line, "told", json_integer(is));
	}
}

bool rep_is_held(const json_t *line)
{
	return oracle_is(line, "state", "OWNED") && level_of(stall_of(line, kinds[SILENT])) > 0 &&
	       !(oracle_number(line, "told") >> SILENT & 1);
}

void rep_alerts_returned(struct rep_step *s, const json_t *rep, json_t *line, int64_t at_ms)
{
	if (rep_is_held(line)) {
		tell_stall(s, "ProspectStalled", rep, line, stall_of(line, kinds[SILENT]), 1, at_ms);
		oracle_set(line, "told", json_integer(oracle_number(line, "told") | 1 << SILENT));
		s->fold->stats.returned++;
	}
}

/* ---- the return of a rep ---- */

json_t *rep_return_of(const struct rep_rules *rules, const json_t *rep, int64_t now)
{
	int64_t at = rep_local_midnight(rules, oracle_number(rep, "absent_until") + 1);
	return oracle_has(rep, "absent_until") && at > now ? json_integer(at) : json_null();
}

void rep_return(struct rep_step *s, const char *book)
{
	json_t *row = json_object_get(s->p->inspections, book), *lines = rep_lines_of(s->p, book);
	int64_t at = oracle_number(row, "return_at");
	size_t n;
	const char **ids = rep_sorted(lines, &n);
	for (size_t i = 0; i < n; i++) {
		rep_alerts_returned(s, json_object_get(s->p->reps, book), json_object_get(lines, ids[i]), at);
	}
	free(ids);
	oracle_set(row, "return_at", rep_return_of(s->p->rules, json_object_get(s->p->reps, book), s->now_ms));
	rep_inspect_arm(row);
}
