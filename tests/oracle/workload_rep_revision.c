/* What changes a frozen quota: commands, right and wrong, and lines of others. */
#include "workload_rep_internal.h"

static size_t below(struct workload_rep *w, size_t n)
{
	return fnl_gen_below(&w->side, n);
}

/* Small ones, so that it stays above nothing; large ones, so that it does not. */
static int64_t amount(struct workload_rep *w)
{
	switch (below(w, 6)) {
	case 0:
		return -(int64_t)below(w, 1000000000);
	case 1:
		return below(w, 2) ? 1000000000000000 : -1000000000000000;
	case 2:
		return 0;
	default:
		return (int64_t)below(w, 2000000) - 500000;
	}
}

static const char *currency(struct workload_rep *w)
{
	static const char *const codes[] = {"USD", "USD", "USD", "EUR", "JPY", "BHD"};
	return codes[below(w, 6)];
}

static int64_t year(struct workload_rep *w)
{
	return below(w, 4) ? 2023 + (int64_t)below(w, 2) : 2022 + (int64_t)below(w, 4);
}

static struct fnl_input revise(struct workload_rep *w)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_revise_quota, 0);
	fnl_input_i64(&in, FNL_REVISE_QUOTA_OCCURRED_AT, w->time_ms);
	fnl_input_str(&in, FNL_REVISE_QUOTA_SOURCE, "crm");
	fnl_input_str(&in, FNL_REVISE_QUOTA_COMMAND_ID, rep_text(w, "revise-%zu", below(w, 200)));
	fnl_input_str(&in, FNL_REVISE_QUOTA_ISSUED_BY, "chief");
	fnl_input_i64(&in, FNL_REVISE_QUOTA_ISSUED_AT, w->time_ms);
	fnl_input_str(&in, FNL_REVISE_QUOTA_REP_ID, rep_load_rep(w, below(w, w->rep_count)));
	fnl_input_i64(&in, FNL_REVISE_QUOTA_FISCAL_YEAR, year(w));
	fnl_input_str(&in, FNL_REVISE_QUOTA_CAUSE, "market");
	if (below(w, 5) == 0) {
		fnl_input_str(&in, FNL_REVISE_QUOTA_RUN_ID, rep_text(w, "run-%zu", 1 + below(w, w->run_count + 1)));
	}
	if (below(w, 6)) {
		fnl_input_money(&in, FNL_REVISE_QUOTA_ADJUSTMENT, amount(w), currency(w));
	}
	return in;
}

static struct fnl_input moved(struct workload_rep *w)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_quota_moved, 0);
	fnl_input_i64(&in, FNL_QUOTA_MOVED_OCCURRED_AT, w->time_ms);
	fnl_input_str(&in, FNL_QUOTA_MOVED_SOURCE, "rep");
	fnl_input_str(&in, FNL_QUOTA_MOVED_ORG_ID, "east");
	fnl_input_str(&in, FNL_QUOTA_MOVED_BOOK, rep_load_book(w, below(w, w->rep_count + (below(w, 20) == 0))));
	fnl_input_str(&in, FNL_QUOTA_MOVED_FROM_REP_ID, rep_load_rep(w, below(w, w->rep_count)));
	fnl_input_i64(&in, FNL_QUOTA_MOVED_FROM_REVISION, 1 + (int64_t)below(w, 3));
	fnl_input_i64(&in, FNL_QUOTA_MOVED_FISCAL_YEAR, year(w));
	fnl_input_str(&in, FNL_QUOTA_MOVED_RUN_ID, rep_text(w, "run-%zu", 1 + below(w, w->run_count + 1)));
	fnl_input_i64(&in, FNL_QUOTA_MOVED_AS_OF, w->time_ms);
	fnl_input_i64(&in, FNL_QUOTA_MOVED_RULES_VERSION, (int64_t)below(w, 3));
	fnl_input_i64(&in, FNL_QUOTA_MOVED_CAUSE,
	              below(w, 3) ? FNL_REVISION_CAUSE_HANDOVER_IN : FNL_REVISION_CAUSE_PROPOSAL_IN);
	fnl_input_str(&in, FNL_QUOTA_MOVED_REFERENCE, rep_text(w, "notice-%zu", below(w, 3)));
	fnl_input_i64(&in, FNL_QUOTA_MOVED_LINE_COUNT, (int64_t)below(w, 50));
	fnl_input_str(&in, FNL_QUOTA_MOVED_BASE_CURRENCY, below(w, 40) ? currency(w) : "usd");
	fnl_input_i64(&in, FNL_QUOTA_MOVED_VALUE_MINOR, below(w, 30) ? amount(w) : INT64_MAX - (int64_t)below(w, 3));
	return in;
}

void rep_send_revisions(struct workload_rep *w, size_t at)
{
	if (below(w, 8)) {
		return;
	}
	struct fnl_input in = below(w, 3) ? revise(w) : moved(w);
	rep_send_input(w, &in, at);
}
