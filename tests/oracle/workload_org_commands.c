/* Commands about an organisation, and its reps' years. */
#include "workload_org_internal.h"

static void set_text(struct fnl_input *in, const char *name, const char *value)
{
	fnl_input_str(in, fnl_record_field_index(in->desc, fnl_span_str(name)), value);
}

static void set_number(struct fnl_input *in, const char *name, int64_t value)
{
	fnl_input_i64(in, fnl_record_field_index(in->desc, fnl_span_str(name)), value);
}

static struct fnl_input command(struct workload_org *w, const struct fnl_record_desc *desc, size_t org)
{
	struct fnl_input in = org_input(w, desc, org);
	set_text(&in, "command_id", org_text(w, "c%zu", ++w->commands));
	set_text(&in, "issued_by", org_one_in(w, 2) ? "head" : "chief");
	set_number(&in, "issued_at", w->time_ms);
	return in;
}

static const char *proposal_id(struct workload_org *w, size_t org, size_t at)
{
	return org_text(w, "p%zu-%zu", org, at);
}

static struct fnl_input make_propose(struct workload_org *w, size_t org)
{
	static const char *const currencies[] = {"USD", "EUR", "CHF"};
	struct fnl_input in = command(w, &fnl_desc_propose_territories, org);
	bool again = w->proposals[org] > 0 && org_one_in(w, 8);
	w->proposals[org] += !again;
	set_text(&in, "command_id", proposal_id(w, org, again ? 1 + org_below(w, w->proposals[org]) : w->proposals[org]));
	if (org_one_in(w, 2)) {
		set_text(&in, "base_currency", currencies[org_below(w, 3)]);
	}
	if (org_one_in(w, 4)) {
		set_text(&in, "rate_name", "BUDGET");
	}
	return in;
}

/* Mostly the latest one. */
static struct fnl_input make_accept(struct workload_org *w, size_t org)
{
	struct fnl_input in = command(w, &fnl_desc_accept_proposal, org);
	size_t latest = w->proposals[org];
	size_t at = latest && org_one_in(w, 5) ? org_below(w, latest + 2) : latest;
	set_text(&in, "proposal_id", proposal_id(w, org, at));
	return in;
}

static int64_t year_of(size_t at)
{
	return 2023 + (int64_t)at;
}

static struct fnl_input make_score(struct workload_org *w, size_t org)
{
	struct fnl_input in = command(w, &fnl_desc_score_performance, org);
	set_number(&in, "fiscal_year", org_one_in(w, 8) ? 1999 : year_of(org_below(w, ORG_LOAD_YEARS)));
	return in;
}

static struct fnl_input make_year(struct workload_org *w, size_t org)
{
	static const char *const currencies[] = {"USD", "USD", "USD", "EUR"};
	size_t rep = org_below(w, w->rep_count), year = org_one_in(w, 4) ? 1 : 0;
	struct fnl_input in = org_input(w, &fnl_desc_rep_year, org);
	const char *id = org_rep_id_of(w, rep);
	set_text(&in, "rep_id", id);
	set_text(&in, "book", org_text(w, "rep:%s", id));
	set_number(&in, "fiscal_year", year_of(year));
	set_number(&in, "sequence", org_next_of(w, &w->years[org][rep][year]));
	set_number(&in, "present", !org_one_in(w, 10));
	set_number(&in, "won_minor", (int64_t)org_below(w, 3000000));
	set_number(&in, "not_converted_count", (int64_t)org_below(w, 3));
	if (org_one_in(w, 2)) {
		set_text(&in, "manager_id", org_rep_id_of(w, org_below(w, w->rep_count)));
	}
	if (org_one_in(w, 3)) { /* some days of 2023, one after it */
		set_number(&in, "employed_from", 19358 + (int64_t)org_below(w, 380));
	}
	if (!org_one_in(w, 6)) {
		int64_t minor = org_one_in(w, 10) ? 0 : 1000 * (int64_t)org_below(w, 20);
		fnl_input_money(&in, FNL_REP_YEAR_QUOTA, minor, currencies[org_below(w, 4)]);
	}
	return in;
}

struct fnl_input org_make_command(struct workload_org *w, size_t org)
{
	size_t kind = org_below(w, 20);
	return kind < 5    ? make_propose(w, org)
	       : kind < 10 ? make_accept(w, org)
	       : kind < 12 ? make_score(w, org)
	                   : make_year(w, org);
}

struct fnl_input org_make_wrong_command(struct workload_org *w, size_t org)
{
	struct fnl_input in;
	switch (org_below(w, 6)) {
	case 0:
		in = make_propose(w, org);
		set_text(&in, "command_id", org_one_in(w, 2) ? "" : "a|b");
		break;
	case 1:
		in = make_accept(w, org);
		set_text(&in, org_one_in(w, 2) ? "proposal_id" : "issued_by", "a|b");
		break;
	case 2:
		in = make_score(w, org);
		set_number(&in, "fiscal_year", org_one_in(w, 2) ? 1969 : 2200);
		break;
	case 3:
		in = make_year(w, org);
		set_text(&in, "rep_id", "somebody else");
		break;
	case 4:
		in = make_year(w, org);
		set_number(&in, "sequence", 0);
		break;
	default:
		in = make_accept(w, org);
		set_number(&in, "occurred_at", WORKLOAD_TIME_MAX_MS + 1);
		break;
	}
	return in;
}
