#include "view_quota_since.h"

#include "funneld_records.h"

enum { E4 = 10000, KEY_BYTES = 512 };
#define DAY_MS INT64_C(86400000)

static void find_quota(const struct fnl_value *quota, struct fnl_quota_since *s)
{
	s->has_quota = quota[FNL_QUOTA_SET_QUOTA].set;
	s->quota = quota[FNL_QUOTA_SET_QUOTA].money;
	s->revisions = &quota[FNL_QUOTA_SET_REVISIONS].list;
	if (s->revisions->count) {
		const struct fnl_value *last = s->revisions->items[s->revisions->count - 1].list.items;
		s->quota = last[FNL_QUOTA_REVISION_QUOTA].money;
	}
}

int fnl_quota_since_find(const struct fnl_rows *rows, struct fnl_span book, const struct fnl_value *quota,
                         struct fnl_arena *arena, struct fnl_quota_since *ret, struct fnl_error *why)
{
	struct fnl_quota_since s = {.has_quota = false};
	struct fnl_span org = quota[FNL_QUOTA_SET_ORG_ID].set ? quota[FNL_QUOTA_SET_ORG_ID].str : FNL_SPAN_LIT("");
	struct fnl_span rep = quota[FNL_QUOTA_SET_REP_ID].str;
	char key[KEY_BYTES];
	int n = snprintf(key, sizeof(key), "%.*s|%d|%.*s", (int)org.len, (const char *)org.data,
	                 (int)quota[FNL_QUOTA_SET_FISCAL_YEAR].i64, (int)rep.len, (const char *)rep.data);
	find_quota(quota, &s);
	int rc = fnl_view_row_decode(fnl_rows_find(rows, "rep", book, 0), &fnl_desc_rep, arena, &s.rep, why);
	if (rc == 0 && n > 0 && n < KEY_BYTES) {
		rc = fnl_view_row_decode(fnl_rows_find(rows, "year", fnl_span_of(key, (size_t)n), 0), &fnl_desc_org_year, arena,
		                         &s.year, why);
	}
	if (rc == 0) {
		*ret = s;
	}
	return rc;
}

/* null: there is no quota, or it is 0. */
static bool attainment_of(const struct fnl_quota_since *s, int64_t *ret_bp)
{
	const struct fnl_value *v = s->year.decoded.values;
	const struct fnl_value *quota = s->year.row ? &v[FNL_ORG_YEAR_QUOTA] : NULL;
	if (!quota || !quota->set || quota->money.amount_minor <= 0) {
		return false;
	}
	__int128 bp = fnl_div_half_even((__int128)v[FNL_ORG_YEAR_WON_MINOR].i64 * FNL_BP_ONE, quota->money.amount_minor);
	*ret_bp = bp > INT64_MAX ? INT64_MAX : bp < INT64_MIN ? INT64_MIN : (int64_t)bp;
	return true;
}

/* ---- for people ---- */

static void money_line(const struct fnl_canvas *c, const char *name, const struct fnl_money *m, const char *more)
{
	char text[FNL_TEXT_BYTES], line[4 * FNL_TEXT_BYTES];
	fnl_text_money_full(m->amount_minor, m->currency, text);
	snprintf(line, sizeof(line), "%.3s %s%s", m->currency, text, more);
	fnl_view_line(c, name, line);
}

static void currency_of(const struct fnl_value *v, char ret[4])
{
	memset(ret, 0, 4);
	memcpy(ret, v->str.data, v->str.len < 3 ? v->str.len : 3);
}

static void draw_running(const struct fnl_canvas *c, const struct fnl_list *running, int32_t fiscal_year)
{
	for (size_t i = 0; i < running->count; i++) {
		const struct fnl_value *v = running->items[i].list.items;
		char currency[4], text[FNL_TEXT_BYTES], line[4 * FNL_TEXT_BYTES];
		if (v[FNL_RUNNING_TOTAL_FISCAL_YEAR].i64 != fiscal_year) {
			continue;
		}
		if (v[FNL_RUNNING_TOTAL_CURRENCY].set) {
			currency_of(&v[FNL_RUNNING_TOTAL_CURRENCY], currency);
			fnl_text_exact((__int128)v[FNL_RUNNING_TOTAL_WEIGHTED_MINOR].i64 * E4 +
			                   v[FNL_RUNNING_TOTAL_WEIGHTED_E4].i64,
			               currency, text);
			snprintf(line, sizeof(line), "%s %s weighted, of %lld prospects", currency, text,
			         (long long)v[FNL_RUNNING_TOTAL_COUNT].i64);
		} else {
			snprintf(line, sizeof(line), "%lld prospects without an amount", (long long)v[FNL_RUNNING_TOTAL_COUNT].i64);
		}
		fnl_view_line(c, "running potential", line);
	}
}

/* "area-error, by max"; "3 lines to bob", "1 line from ann" */
static void why_revised(const struct fnl_value *v, char *ret, size_t bytes)
{
	int64_t cause = v[FNL_QUOTA_REVISION_CAUSE].i64, count = v[FNL_QUOTA_REVISION_LINE_COUNT].i64;
	const struct fnl_value *other = &v[FNL_QUOTA_REVISION_OTHER_REP_ID], *by = &v[FNL_QUOTA_REVISION_BY];
	bool comes = cause == FNL_REVISION_CAUSE_HANDOVER_IN || cause == FNL_REVISION_CAUSE_PROPOSAL_IN;
	struct fnl_span code = v[FNL_QUOTA_REVISION_CAUSE_CODE].set ? v[FNL_QUOTA_REVISION_CAUSE_CODE].str : FNL_SPAN_NONE;
	if (other->set) {
		snprintf(ret, bytes, "%lld line%s %s %.*s", (long long)count, count == 1 ? "" : "s", comes ? "from" : "to",
		         (int)other->str.len, (const char *)other->str.data);
	} else {
		snprintf(ret, bytes, "%.*s, by %.*s", (int)code.len, (const char *)code.data, by->set ? (int)by->str.len : 1,
		         by->set ? (const char *)by->str.data : "?");
	}
}

/* "revision 2   2027-03-01  +5,000.00 = 255,000.00   HANDOVER_IN, 3 lines from ann (N-17)", one for each. */
static void draw_revisions(const struct fnl_canvas *c, const struct fnl_list *revisions)
{
	for (size_t i = 0; i < revisions->count; i++) {
		const struct fnl_value *v = revisions->items[i].list.items;
		const struct fnl_money *difference = &v[FNL_QUOTA_REVISION_DIFFERENCE].money;
		const struct fnl_money *now = &v[FNL_QUOTA_REVISION_QUOTA].money;
		int64_t cause = v[FNL_QUOTA_REVISION_CAUSE].i64;
		struct fnl_span reference = v[FNL_QUOTA_REVISION_REFERENCE].str;
		char name[FNL_TEXT_BYTES], date[FNL_TEXT_BYTES], amount[FNL_TEXT_BYTES], after[FNL_TEXT_BYTES],
			why[FNL_VALUE_TEXT_BYTES * 2];
		bool other = strcmp(difference->currency, now->currency) != 0; /* it adds nothing: there is no rate for it */
		snprintf(name, sizeof(name), "revision %lld", (long long)v[FNL_QUOTA_REVISION_REVISION].i64);
		fnl_text_date(v[FNL_QUOTA_REVISION_AT].i64 / DAY_MS, date);
		fnl_text_money_full(difference->amount_minor, difference->currency, amount);
		fnl_text_money_full(now->amount_minor, now->currency, after);
		why_revised(v, why, sizeof(why));
		fprintf(c->out, "  %s%-22s%s %s  %s%s%s%s = %s   %s, %s (%.*s)\n", fnl_style_on(c, FNL_DIM), name,
		        fnl_style_off(c), date, difference->amount_minor >= 0 ? "+" : "", amount, other ? " " : "",
		        other ? difference->currency : "", after,
		        cause >= 0 && cause < FNL_REVISION_CAUSE_COUNT ? fnl_symbols_revision_cause[cause] : "?", why,
		        (int)reference.len, (const char *)reference.data);
	}
}

/* By currency, as it was agreed. */
static void draw_wins(const struct fnl_canvas *c, const struct fnl_list *won, int32_t fiscal_year)
{
	for (size_t i = 0; i < won->count; i++) {
		const struct fnl_value *v = won->items[i].list.items;
		char currency[4], text[FNL_TEXT_BYTES], line[4 * FNL_TEXT_BYTES];
		int64_t count = v[FNL_WON_TOTAL_COUNT].i64;
		if (v[FNL_WON_TOTAL_FISCAL_YEAR].i64 != fiscal_year) {
			continue;
		}
		if (v[FNL_WON_TOTAL_CURRENCY].set) {
			currency_of(&v[FNL_WON_TOTAL_CURRENCY], currency);
			fnl_text_money_full(v[FNL_WON_TOTAL_AMOUNT_MINOR].i64, currency, text);
			snprintf(line, sizeof(line), "%s %s, of %lld", currency, text, (long long)count);
		} else {
			snprintf(line, sizeof(line), "%lld without an amount", (long long)count);
		}
		fnl_view_line(c, "wins", line);
	}
}

static void draw_won(const struct fnl_canvas *c, const struct fnl_quota_since *s)
{
	const struct fnl_value *v = s->year.decoded.values;
	struct fnl_money won = {v[FNL_ORG_YEAR_WON_MINOR].i64, ""};
	char more[2 * FNL_TEXT_BYTES] = "", part[FNL_TEXT_BYTES], left_out[FNL_TEXT_BYTES] = "";
	int64_t bp;
	if (!v[FNL_ORG_YEAR_QUOTA].set) {
		return;
	}
	memcpy(won.currency, v[FNL_ORG_YEAR_QUOTA].money.currency, sizeof(won.currency));
	if (v[FNL_ORG_YEAR_NOT_CONVERTED_COUNT].i64) {
		snprintf(left_out, sizeof(left_out), "; %lld wins without a rate left out",
		         (long long)v[FNL_ORG_YEAR_NOT_CONVERTED_COUNT].i64);
	}
	if (attainment_of(s, &bp)) {
		fnl_text_bp((int64_t)fnl_div_half_even(bp, 10) * 10, part);
		snprintf(more, sizeof(more), ", %s of the quota%s", part, left_out);
	}
	money_line(c, "won", &won, more);
}

void fnl_quota_since_draw(const struct fnl_canvas *c, const struct fnl_quota_since *s, int32_t fiscal_year)
{
	bool revised = s->revisions->count > 0;
	if (!s->rep.row && !s->year.row && !revised) {
		return;
	}
	fnl_view_heading(c, "Since then");
	if (revised) {
		draw_revisions(c, s->revisions);
		money_line(c, "quota now", &s->quota, "");
	}
	if (s->rep.row) {
		draw_running(c, &s->rep.decoded.values[FNL_REP_RUNNING].list, fiscal_year);
		draw_wins(c, &s->rep.decoded.values[FNL_REP_WON].list, fiscal_year);
	}
	if (s->year.row) {
		draw_won(c, s);
	}
}

/* ---- for machines ---- */

static json_t *money_json(const struct fnl_money *m)
{
	return json_pack("{s:I, s:s}", "amount_minor", (json_int_t)m->amount_minor, "currency", m->currency);
}

static json_t *running_json(const struct fnl_list *running, int32_t fiscal_year)
{
	json_t *list = json_array();
	for (size_t i = 0; i < running->count; i++) {
		const struct fnl_value *v = running->items[i].list.items;
		char currency[4] = "";
		if (v[FNL_RUNNING_TOTAL_FISCAL_YEAR].i64 != fiscal_year) {
			continue;
		}
		bool known = v[FNL_RUNNING_TOTAL_CURRENCY].set;
		if (known) {
			currency_of(&v[FNL_RUNNING_TOTAL_CURRENCY], currency);
		}
		json_array_append_new(list, json_pack("{s:s?, s:I, s:I, s:I, s:I}", "currency", known ? currency : NULL,
		                                      "count", (json_int_t)v[FNL_RUNNING_TOTAL_COUNT].i64, "amount_minor",
		                                      (json_int_t)v[FNL_RUNNING_TOTAL_AMOUNT_MINOR].i64, "weighted_minor",
		                                      (json_int_t)v[FNL_RUNNING_TOTAL_WEIGHTED_MINOR].i64, "weighted_e4",
		                                      (json_int_t)v[FNL_RUNNING_TOTAL_WEIGHTED_E4].i64));
	}
	return list;
}

/* By currency; what is null is not zero. */
static json_t *won_json(const struct fnl_list *won, int32_t fiscal_year)
{
	json_t *list = json_array();
	for (size_t i = 0; i < won->count; i++) {
		const struct fnl_value *v = won->items[i].list.items;
		char currency[4] = "";
		bool known = v[FNL_WON_TOTAL_CURRENCY].set;
		if (v[FNL_WON_TOTAL_FISCAL_YEAR].i64 != fiscal_year) {
			continue;
		}
		if (known) {
			currency_of(&v[FNL_WON_TOTAL_CURRENCY], currency);
		}
		json_array_append_new(list, json_pack("{s:s?, s:I, s:I}", "currency", known ? currency : NULL, "count",
		                                      (json_int_t)v[FNL_WON_TOTAL_COUNT].i64, "amount_minor",
		                                      (json_int_t)v[FNL_WON_TOTAL_AMOUNT_MINOR].i64));
	}
	return list;
}

static json_t *attainment_json(const struct fnl_quota_since *s)
{
	const struct fnl_value *v = s->year.decoded.values;
	int64_t bp;
	if (!s->year.row) {
		return json_null();
	}
	return json_pack("{s:o, s:I, s:I, s:o}", "quota",
	                 v[FNL_ORG_YEAR_QUOTA].set ? money_json(&v[FNL_ORG_YEAR_QUOTA].money) : json_null(), "won_minor",
	                 (json_int_t)v[FNL_ORG_YEAR_WON_MINOR].i64, "not_converted_count",
	                 (json_int_t)v[FNL_ORG_YEAR_NOT_CONVERTED_COUNT].i64, "attainment_bp",
	                 attainment_of(s, &bp) ? json_integer((json_int_t)bp) : json_null());
}

int fnl_quota_since_json(const struct fnl_quota_since *s, int32_t fiscal_year, json_t *object)
{
	json_t *running =
		s->rep.row ? running_json(&s->rep.decoded.values[FNL_REP_RUNNING].list, fiscal_year) : json_null();
	json_t *won = s->rep.row ? won_json(&s->rep.decoded.values[FNL_REP_WON].list, fiscal_year) : json_null();
	bool failed = json_object_set_new(object, "won", won) ||
	              json_object_set_new(object, "quota_now", s->has_quota ? money_json(&s->quota) : json_null()) ||
	              json_object_set_new(object, "running", running) ||
	              json_object_set_new(object, "attainment", attainment_json(s));
	return failed ? FNL_E_NOMEM : 0;
}
