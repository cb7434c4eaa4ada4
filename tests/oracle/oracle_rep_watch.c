/* What becomes of handed-over prospects. */
#include <inttypes.h>
#include <stdio.h>

#include "oracle_rep_handover.h"

enum { LOST_IDS_MAX = 32, PRIOR = 20 };

static int64_t handed_over(const json_t *row)
{
	return oracle_number(row, "done_count") + oracle_number(row, "waived_count");
}

static int64_t gone(const json_t *row)
{
	return oracle_number(row, "lost_count") + oracle_number(row, "silent_count");
}

static void tell_outcome(struct rep_handover *h)
{
	rep_handover_count(h->row, "parting_sequence", 1);
	json_t *body = oracle_new_record(h->s->fold->o, "HandoverOutcome");
	oracle_set(body, "source", json_string("rep"));
	oracle_set(body, "occurred_at", json_integer(h->at));
	oracle_take(body, "org_id", h->rep, "org_id");
	oracle_set(body, "book", json_string(h->book));
	oracle_take(body, "notice_id", h->row, "notice_id");
	oracle_take(body, "sequence", h->row, "parting_sequence");
	oracle_take(body, "completed_at", h->row, "completed_at");
	oracle_set(body, "prospect_count", json_integer(handed_over(h->row)));
	oracle_set(body, "lost_count", json_integer(gone(h->row)));
	rep_handover_tell(h, "HandoverOutcome", body, "");
	h->s->fold->stats.outcomes++;
}

/* How likely it is that just so many of n are lost at a rate. */
static long double likelihood(int64_t n, int64_t k, long double rate)
{
	long double one = 1;
	for (int64_t i = 1; i <= k; i++) {
		one = one * (long double)(n - k + i) / (long double)i * rate;
	}
	for (int64_t i = k; i < n; i++) {
		one *= 1 - rate;
	}
	return one;
}

static long double chance(int64_t n, int64_t k, long double rate)
{
	long double sum = 0;
	for (int64_t i = k; i <= n; i++) {
		sum += likelihood(n, i, rate);
	}
	return sum;
}

static bool is_rare(const struct rep_rules *r, int64_t n, int64_t k, long double rate)
{
	return chance(n, k, rate) <= (long double)r->chance_max_bp / 10000 * (1 + 1e-12L);
}

static bool is_remarkable(const struct rep_rules *r, const json_t *row, int64_t base)
{
	int64_t n = handed_over(row), k = gone(row), e = oracle_number(row, "to_employer_count");
	int64_t share = base * r->employer_share_bp; /* in 1/10^8 */
	bool all = k >= r->lost_min && k * 10000 >= r->base_factor * base * n &&
	           k * 10000 - base * n >= r->excess_min * 10000 && is_rare(r, n, k, (long double)base / 10000);
	bool to_him = e >= r->employer_min && (__int128)e * 100000000 >= (__int128)r->base_factor * share * n &&
	              (share == 0 || is_rare(r, n, e, (long double)share / 100000000));
	return n >= r->prospects_min && (all || to_him);
}

static void review(struct rep_handover *h, int64_t base)
{
	static const char *const same[] = {"lost_count", "silent_count", "to_employer_count"};
	json_t *body = rep_handover_body(h, "DefectionReview");
	for (size_t i = 0; i < 3; i++) {
		oracle_take(body, same[i], h->row, same[i]);
	}
	oracle_set(body, "prospect_count", json_integer(handed_over(h->row)));
	oracle_set(body, "base_bp", json_integer(base));
	oracle_set(body, "expected_e4", json_integer(handed_over(h->row) * base));
	oracle_take(body, "prospect_ids", h->row, "lost_ids");
	rep_handover_tell(h, "DefectionReview", body, "defection");
	oracle_set(h->row, "watch_told", json_true());
	h->s->fold->stats.defections++;
}

static void ask(struct rep_handover *h)
{
	char id[REP_KEY_BYTES];
	rep_handover_count(h->row, "check_count", 1);
	snprintf(id, sizeof(id), "%s|%" PRId64, oracle_text(h->row, "notice_id"), oracle_number(h->row, "check_count"));
	oracle_set(h->row, "base_request_id", json_string(id));
	json_t *body = oracle_new_record(h->s->fold->o, "BaseRateAsked");
	oracle_set(body, "source", json_string("rep"));
	oracle_set(body, "occurred_at", json_integer(h->at));
	oracle_set(body, "request_id", json_string(id));
	oracle_take(body, "org_id", h->rep, "org_id");
	oracle_set(body, "book", json_string(h->book));
	oracle_take(body, "notice_id", h->row, "notice_id");
	rep_handover_tell(h, "BaseRateAsked", body, "");
	h->s->fold->stats.base_rates++;
}

/* What is known by now goes to the organisation; what would be remarkable at the lowest rate is looked into. */
void rep_watch_tell(struct rep_handover *h)
{
	const struct rep_rules *r = h->s->p->rules;
	bool of_org = oracle_has(h->rep, "org_id");
	bool settled = oracle_flag(h->row, "watch_told") || oracle_has(h->row, "base_request_id");
	bool watched = oracle_has(h->row, "watch_until") && h->at < oracle_number(h->row, "watch_until");
	if (of_org) {
		tell_outcome(h);
	}
	if (!watched || settled || !is_remarkable(r, h->row, r->base_floor_bp)) {
		return;
	}
	if (of_org) {
		ask(h);
	} else {
		review(h, r->base_floor_bp);
	}
}

static const char *outcome_of(const struct rep_handover *h, const json_t *line)
{
	char digest[65];
	size_t i;
	json_t *stall;
	const json_t *to = json_object_get(line, "lost_to_id");
	if (oracle_is(line, "layer", "LOST")) {
		bool known = json_is_string(to) && oracle_has(h->row, "employer");
		if (known) {
			oracle_digest(oracle_text(h->row, "notice_id"), json_string_value(to), digest);
		}
		return known && oracle_is(h->row, "employer", digest) ? "TO_EMPLOYER" : "LOST";
	}
	json_array_foreach(json_object_get(line, "stalls"), i, stall)
	{
		if (oracle_is(stall, "kind", "SILENT")) {
			return "SILENT";
		}
	}
	return "NONE";
}

static void weigh(struct rep_handover *h, const json_t *task, int64_t by)
{
	bool to_employer = oracle_is(task, "outcome", "TO_EMPLOYER");
	rep_handover_count(h->row, "lost_count", oracle_is(task, "outcome", "LOST") || to_employer ? by : 0);
	rep_handover_count(h->row, "to_employer_count", to_employer ? by : 0);
	rep_handover_count(h->row, "silent_count", oracle_is(task, "outcome", "SILENT") ? by : 0);
}

/* By their ids, the first ones. */
static void list(struct rep_handover *h, const json_t *task)
{
	json_t *ids = json_object_get(h->row, "lost_ids");
	const char *id = oracle_text(task, "prospect_id");
	size_t at = 0;
	while (at < json_array_size(ids) && strcmp(json_string_value(json_array_get(ids, at)), id) < 0) {
		at++;
	}
	bool is_in = at < json_array_size(ids) && strcmp(json_string_value(json_array_get(ids, at)), id) == 0;
	if (is_in && oracle_is(task, "outcome", "NONE")) {
		json_array_remove(ids, at);
	} else if (!is_in && !oracle_is(task, "outcome", "NONE")) {
		json_array_insert_new(ids, at, json_string(id));
	}
	if (json_array_size(ids) > LOST_IDS_MAX) {
		json_array_remove(ids, LOST_IDS_MAX);
	}
}

void rep_watch_line(struct rep_handover *h, json_t *task, const json_t *line)
{
	static const char *const silent[] = {"DELETED", "MERGED", "UNKNOWN"}; /* these say nothing */
	const char *outcome = outcome_of(h, line);
	bool until = oracle_has(h->row, "watch_until") && h->at < oracle_number(h->row, "watch_until");
	bool watched = rep_handover_is_on(h->row) || until, is = !oracle_is(task, "outcome", "NONE");
	bool was_employer = oracle_is(task, "outcome", "TO_EMPLOYER");
	for (size_t i = 0; i < 3; i++) {
		watched = watched && !oracle_is(line, "layer", silent[i]);
	}
	if (!watched || oracle_is(task, "outcome", outcome)) {
		return;
	}
	weigh(h, task, -1);
	oracle_set(task, "outcome", json_string(outcome));
	weigh(h, task, 1);
	list(h, task);
	bool now = strcmp(outcome, "NONE") != 0, to_employer = strcmp(outcome, "TO_EMPLOYER") == 0;
	h->s->fold->stats.partings += now;
	h->s->fold->stats.to_employer += to_employer;
	if (oracle_is(h->row, "state", "COMPLETED") && (is != now || was_employer != to_employer)) {
		rep_watch_tell(h);
	}
}

/* Half to even. */
static int64_t rate(const struct rep_rules *r, int64_t prospects, int64_t lost)
{
	__int128 over = (__int128)lost * 10000 + (__int128)PRIOR * r->base_floor_bp;
	__int128 under = (__int128)prospects + PRIOR, whole = over / under, rest = 2 * (over % under);
	whole += rest > under || (rest == under && whole % 2);
	return whole > r->base_floor_bp ? (int64_t)whole : r->base_floor_bp;
}

const char *rep_base_rate_comes(struct rep_step *s)
{
	struct rep_handover h = rep_handover_of(s, oracle_text(s->in, "book"));
	bool completed = h.row && oracle_is(h.row, "state", "COMPLETED") && !oracle_has(h.row, "next");
	if (!completed || !json_equal(json_object_get(h.row, "base_request_id"), json_object_get(s->in, "request_id"))) {
		s->fold->stats.stale++;
		if (completed) {
			rep_handover_settle_known(&h);
		}
		return NULL;
	}
	int64_t base = rate(s->p->rules, oracle_number(s->in, "prospect_count"), oracle_number(s->in, "lost_count"));
	oracle_set(h.row, "base_request_id", json_null());
	if (!oracle_flag(h.row, "watch_told") && is_remarkable(s->p->rules, h.row, base)) {
		review(&h, base);
	}
	rep_handover_settle(&h);
	return NULL;
}
