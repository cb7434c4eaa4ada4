#include "view_performance.h"

#include <stdlib.h>

#include "funneld_records.h"
#include "view_moment.h"
#include "view_record.h"

enum { SCRATCH_BYTES = 16 << 20, ID_COLUMNS_MIN = 8, ID_COLUMNS_MAX = 24, MONEY_COLUMNS = 18, BANDS = 5 };
#define ARENA_BYTES ((size_t)1 << 30)

/* ---- what was told ---- */

static bool is_same(const struct fnl_value *a, const struct fnl_value *b)
{
	return a[FNL_PERFORMANCE_SCORED_FISCAL_YEAR].i64 == b[FNL_PERFORMANCE_SCORED_FISCAL_YEAR].i64 &&
	       fnl_span_eq(a[FNL_PERFORMANCE_SCORED_REP_ID].str, b[FNL_PERFORMANCE_SCORED_REP_ID].str);
}

static int keep(struct fnl_scores *s, const struct fnl_value *values)
{
	size_t at = 0;
	while (at < s->count && !is_same(s->latest[at], values)) {
		at++;
	}
	if (at == s->capacity) {
		size_t capacity = s->capacity ? 2 * s->capacity : 64;
		const struct fnl_value **grown = fnl_reallocarray(s->latest, capacity, sizeof(struct fnl_value *));
		if (!grown) {
			return fnl_fail(&s->why, FNL_E_NOMEM, "out of memory");
		}
		s->latest = grown;
		s->capacity = capacity;
	}
	s->latest[at] = values;
	s->count += at == s->count;
	return 0;
}

int fnl_scores_put(struct fnl_scores *s, const struct fnl_record *r)
{
	struct fnl_decoded d = {NULL, NULL};
	struct fnl_record copy = *r;
	if (fnl_span_is_none(r->value)) {
		return 0;
	}
	if (s->arena.limit_bytes == 0) {
		fnl_arena_init(&s->scratch, SCRATCH_BYTES);
		fnl_arena_init(&s->arena, ARENA_BYTES);
	}
	fnl_arena_reset(&s->scratch);
	int rc = s->codec->ops->decode(s->codec, r, &s->scratch, &d, &s->why);
	if (rc || d.desc != &fnl_desc_performance_scored ||
	    !fnl_span_eq(d.values[FNL_PERFORMANCE_SCORED_ORG_ID].str, s->org)) {
		return rc;
	}
	copy.value = fnl_arena_dup(&s->arena, r->value); /* once more, so that it lives here */
	rc = fnl_span_is_none(copy.value) ? fnl_fail(&s->why, FNL_E_NOMEM, "out of memory")
	                                  : s->codec->ops->decode(s->codec, &copy, &s->arena, &d, &s->why);
	return rc ? rc : keep(s, d.values);
}

void fnl_scores_deinit(struct fnl_scores *s)
{
	fnl_free(s->latest);
	fnl_arena_deinit(&s->scratch);
	fnl_arena_deinit(&s->arena);
	s->latest = NULL;
	s->count = s->capacity = 0;
}

/* ---- a rep's year: his row and his score ---- */

struct standing {
	struct fnl_span rep;
	const struct fnl_value *year;  /* OrgYear; NULL: he has none any more */
	const struct fnl_value *score; /* PerformanceScored; NULL: not yet scored */
};

struct standings {
	const struct fnl_performance_question *q;
	struct fnl_arena arena;
	struct fnl_moment moment;
	int32_t year;
	struct standing *at; /* by rep */
	size_t count;
	size_t capacity;
	struct fnl_error *why;
};

bool fnl_performance_wanted(void *context, struct fnl_span key)
{
	const struct fnl_performance_question *q = context;
	static const char front[] = "year|";
	size_t n = sizeof(front) - 1;
	bool is_year = key.len > n + q->org.len && memcmp(key.data, front, n) == 0 &&
	               memcmp(key.data + n, q->org.data, q->org.len) == 0 && key.data[n + q->org.len] == '|';
	return is_year || fnl_moment_wanted(key);
}

struct latest {
	const struct fnl_performance_question *q;
	int32_t year;
};

/* Keys are "<org>|<year>|<rep>". */
static int on_key(void *context, const struct fnl_row_entry *row)
{
	struct latest *l = context;
	int32_t year = 0;
	if (!fnl_span_eq(row->table, FNL_SPAN_LIT("year"))) {
		return 0;
	}
	for (size_t i = l->q->org.len + 1; i < row->key.len && row->key.data[i] != '|' && year < 10000; i++) {
		year = 10 * year + (row->key.data[i] - '0');
	}
	bool wanted = l->q->year == 0 || l->q->year == year;
	l->year = wanted && year > l->year ? year : l->year;
	return 0;
}

int32_t fnl_performance_year(const struct fnl_rows *rows, const struct fnl_performance_question *q)
{
	struct latest l = {q, 0};
	(void)fnl_rows_each(rows, on_key, &l);
	return l.year;
}

static int add(struct standings *s, struct standing one)
{
	if (s->count == s->capacity) {
		size_t capacity = s->capacity ? 2 * s->capacity : 64;
		struct standing *grown = fnl_reallocarray(s->at, capacity, sizeof(*grown));
		if (!grown) {
			return fnl_fail(s->why, FNL_E_NOMEM, "out of memory");
		}
		s->at = grown;
		s->capacity = capacity;
	}
	s->at[s->count++] = one;
	return 0;
}

/* All years at first: which one is the latest is known behind the last row. */
static int on_row(void *context, const struct fnl_row_entry *row)
{
	struct standings *s = context;
	struct fnl_view_row found;
	if (!fnl_span_eq(row->table, FNL_SPAN_LIT("year"))) {
		return 0;
	}
	int rc = fnl_view_row_decode(row, &fnl_desc_org_year, &s->arena, &found, s->why);
	return rc ? rc
	          : add(s, (struct standing){found.decoded.values[FNL_ORG_YEAR_REP_ID].str, found.decoded.values, NULL});
}

static int64_t year_of(const struct standing *one)
{
	return one->year ? one->year[FNL_ORG_YEAR_FISCAL_YEAR].i64 : one->score[FNL_PERFORMANCE_SCORED_FISCAL_YEAR].i64;
}

static int by_rep(const void *a, const void *b)
{
	return fnl_span_cmp(((const struct standing *)a)->rep, ((const struct standing *)b)->rep);
}

static void only_one_year(struct standings *s)
{
	size_t kept = 0;
	s->year = s->q->year;
	for (size_t i = 0; i < s->count && s->q->year == 0; i++) {
		s->year = year_of(&s->at[i]) > s->year ? (int32_t)year_of(&s->at[i]) : s->year;
	}
	for (size_t i = 0; i < s->count; i++) {
		if (year_of(&s->at[i]) == s->year) {
			s->at[kept++] = s->at[i];
		}
	}
	s->count = kept;
	if (kept) {
		qsort(s->at, kept, sizeof(*s->at), by_rep);
	}
}

static int add_scores(struct standings *s, const struct fnl_scores *scores)
{
	size_t known = s->count;
	for (size_t i = 0; i < scores->count; i++) {
		const struct fnl_value *v = scores->latest[i];
		size_t at = 0;
		while (at < known && !(fnl_span_eq(s->at[at].rep, v[FNL_PERFORMANCE_SCORED_REP_ID].str) &&
		                       year_of(&s->at[at]) == v[FNL_PERFORMANCE_SCORED_FISCAL_YEAR].i64)) {
			at++;
		}
		int rc = 0;
		if (at < known) {
			s->at[at].score = v;
		} else {
			rc = add(s, (struct standing){v[FNL_PERFORMANCE_SCORED_REP_ID].str, NULL, v});
		}
		if (rc) {
			return rc;
		}
	}
	return 0;
}

static int standings_make(const struct fnl_rows *rows, const struct fnl_scores *scores,
                          const struct fnl_performance_question *q, struct standings *s, struct fnl_error *why)
{
	*s = (struct standings){.q = q, .why = why};
	fnl_arena_init(&s->arena, ARENA_BYTES);
	int rc = fnl_moment_of(rows, q->event_clock, q->now_ms, q->rules_reader, &s->arena, &s->moment, why);
	rc = rc ? rc : fnl_rows_each(rows, on_row, s);
	rc = rc ? rc : add_scores(s, scores);
	if (rc) {
		return rc;
	}
	only_one_year(s);
	return s->count ? 0 : FNL_VIEW_NO_YEAR;
}

static void standings_unmake(struct standings *s)
{
	fnl_free(s->at);
	fnl_arena_deinit(&s->arena);
}

/* ---- for people ---- */

static void money_text(const struct fnl_value *currency_of, const struct fnl_value *minor, char ret[FNL_TEXT_BYTES])
{
	char text[FNL_TEXT_BYTES];
	snprintf(ret, FNL_TEXT_BYTES, "-");
	if (currency_of->set && minor->set) {
		fnl_text_money(minor->i64, currency_of->money.currency, text);
		snprintf(ret, FNL_TEXT_BYTES, "%s %.40s", currency_of->money.currency, text);
	}
}

static void quota_text(const struct fnl_value *quota, char ret[FNL_TEXT_BYTES])
{
	struct fnl_value minor = {.set = quota->set, .i64 = quota->money.amount_minor};
	money_text(quota, &minor, ret);
}

static void bp_text(const struct fnl_value *bp, char ret[FNL_TEXT_BYTES])
{
	snprintf(ret, FNL_TEXT_BYTES, "-");
	if (bp->set) {
		fnl_text_bp((int64_t)fnl_div_half_even(bp->i64, 10) * 10, ret);
	}
}

static void part_text(const struct fnl_value *part, int64_t parts, char ret[FNL_TEXT_BYTES])
{
	snprintf(ret, FNL_TEXT_BYTES, "-");
	if (part->set) {
		snprintf(ret, FNL_TEXT_BYTES, "%lld of %lld", (long long)part->i64, (long long)parts);
	}
}

static enum fnl_style band_style(const struct fnl_value *band)
{
	return !band->set ? FNL_DIM : band->i64 <= 1 ? FNL_RED : band->i64 == 2 ? FNL_YELLOW : FNL_GREEN;
}

/* As it was told: both axes, each by itself. */
static void draw_score(const struct fnl_canvas *c, const struct fnl_value *v)
{
	char quota[FNL_TEXT_BYTES], share[FNL_TEXT_BYTES], level[FNL_TEXT_BYTES], due[FNL_TEXT_BYTES], won[FNL_TEXT_BYTES],
		attainment[FNL_TEXT_BYTES], band[FNL_TEXT_BYTES];
	const struct fnl_value *of = &v[FNL_PERFORMANCE_SCORED_QUOTA];
	quota_text(of, quota);
	bp_text(&v[FNL_PERFORMANCE_SCORED_SHARE_BP], share);
	part_text(&v[FNL_PERFORMANCE_SCORED_LEVEL_PART], v[FNL_PERFORMANCE_SCORED_LEVEL_PARTS].i64, level);
	money_text(of, &v[FNL_PERFORMANCE_SCORED_DUE_MINOR], due);
	money_text(of, &v[FNL_PERFORMANCE_SCORED_WON_MINOR], won);
	bp_text(&v[FNL_PERFORMANCE_SCORED_ATTAINMENT_BP], attainment);
	part_text(&v[FNL_PERFORMANCE_SCORED_BAND], BANDS, band);
	fprintf(c->out, "%*s %8s %8s  |%*s %*s %s%9s %7s%s", MONEY_COLUMNS, quota, share, level, MONEY_COLUMNS, due,
	        MONEY_COLUMNS, won, fnl_style_on(c, band_style(&v[FNL_PERFORMANCE_SCORED_BAND])), attainment, band,
	        fnl_style_off(c));
	if (v[FNL_PERFORMANCE_SCORED_NOT_CONVERTED_COUNT].i64) {
		fprintf(c->out, "   %lld wins without a rate", (long long)v[FNL_PERFORMANCE_SCORED_NOT_CONVERTED_COUNT].i64);
	}
}

/* What the row says beyond the score. */
static void draw_year(const struct fnl_canvas *c, const struct standing *one)
{
	char quota[FNL_TEXT_BYTES], won[FNL_TEXT_BYTES];
	const struct fnl_value *of = &one->year[FNL_ORG_YEAR_QUOTA];
	quota_text(of, quota);
	money_text(of, &one->year[FNL_ORG_YEAR_WON_MINOR], won);
	if (!one->score) {
		fprintf(c->out, "%*s %8s %8s  |%*s %*s %9s %7s   not scored yet", MONEY_COLUMNS, quota, "-", "-", MONEY_COLUMNS,
		        "-", MONEY_COLUMNS, won, "-", "-");
		return;
	}
	const struct fnl_value *told = &one->score[FNL_PERFORMANCE_SCORED_QUOTA];
	bool same_quota = of->set == told->set && (!of->set || of->money.amount_minor == told->money.amount_minor);
	if (!same_quota || one->year[FNL_ORG_YEAR_WON_MINOR].i64 != one->score[FNL_PERFORMANCE_SCORED_WON_MINOR].i64) {
		fprintf(c->out, "   now: quota %s, won %s", quota, won);
	}
}

static int64_t comparable_min(const struct standings *s)
{
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(keys[i].section, "performance") == 0 && strcmp(keys[i].key, "comparable_min") == 0) {
			return s->moment.rules->values[i];
		}
	}
	return 0; /* there is such a key */
}

static void draw_notes(const struct fnl_canvas *c, const struct standings *s)
{
	bool compared = false, told = false;
	for (size_t i = 0; i < s->count; i++) {
		told |= s->at[i].score != NULL;
		compared |= s->at[i].score && s->at[i].score[FNL_PERFORMANCE_SCORED_LEVEL_PART].set;
	}
	fputc('\n', c->out);
	if (told && !compared) {
		fprintf(c->out, "  Fewer than %lld have a quota in one currency: the levels of so few are not compared.\n",
		        (long long)comparable_min(s));
	}
	fputs("  Two answers to two questions, never one number. By itself this feeds no pay.\n", c->out);
}

static void draw(const struct fnl_canvas *c, const struct standings *s)
{
	int columns = ID_COLUMNS_MIN;
	int64_t as_of_ms = INT64_MIN;
	char as_of[FNL_TEXT_BYTES] = "";
	for (size_t i = 0; i < s->count; i++) {
		int w = fnl_text_width(s->at[i].rep);
		columns = w > columns ? w : columns;
		bool later = s->at[i].score && s->at[i].score[FNL_PERFORMANCE_SCORED_AS_OF].i64 > as_of_ms;
		as_of_ms = later ? s->at[i].score[FNL_PERFORMANCE_SCORED_AS_OF].i64 : as_of_ms;
	}
	columns = columns > ID_COLUMNS_MAX ? ID_COLUMNS_MAX : columns;
	fprintf(c->out, "%sPERFORMANCE of ", fnl_style_on(c, FNL_BOLD));
	fnl_text_cell(c, s->q->org, fnl_text_width(s->q->org));
	fnl_text_time(as_of_ms, as_of);
	fprintf(c->out, " in %d%s   %s%s%s%s\n\n", (int)s->year, fnl_style_off(c), fnl_style_on(c, FNL_DIM),
	        as_of_ms == INT64_MIN ? "nobody was scored yet" : "as told at ", as_of_ms == INT64_MIN ? "" : as_of,
	        fnl_style_off(c));
	fprintf(c->out, "  %*s %s%-*s  |%s%s\n", columns, "", fnl_style_on(c, FNL_BOLD), MONEY_COLUMNS + 18,
	        "  how much he carries", "  how much of it he has won", fnl_style_off(c));
	fprintf(c->out, "  %s%-*s %*s %8s %8s  |%*s %*s %9s %7s%s\n", fnl_style_on(c, FNL_DIM), columns, "rep",
	        MONEY_COLUMNS, "quota", "share", "level", MONEY_COLUMNS, "due by then", MONEY_COLUMNS, "won", "of due",
	        "band", fnl_style_off(c));
	for (size_t i = 0; i < s->count; i++) {
		fputs("  ", c->out);
		fnl_text_cell(c, s->at[i].rep, columns);
		fputc(' ', c->out);
		if (s->at[i].score) {
			draw_score(c, s->at[i].score);
		}
		if (s->at[i].year) {
			draw_year(c, &s->at[i]);
		}
		fputc('\n', c->out);
	}
	draw_notes(c, s);
}

int fnl_view_performance(const struct fnl_rows *rows, const struct fnl_scores *scores,
                         const struct fnl_performance_question *q, const struct fnl_canvas *c, struct fnl_error *why)
{
	struct standings s;
	int rc = standings_make(rows, scores, q, &s, why);
	if (rc == 0) {
		draw(c, &s);
	}
	standings_unmake(&s);
	return rc;
}

/* ---- for machines ---- */

static json_t *number_json(const struct fnl_value *v)
{
	return v->set ? json_integer((json_int_t)v->i64) : json_null();
}

static json_t *money_json(const struct fnl_value *v)
{
	return v->set ? json_pack("{s:I, s:s}", "amount_minor", (json_int_t)v->money.amount_minor, "currency",
	                          v->money.currency)
	              : json_null();
}

static json_t *level_json(const struct fnl_value *v)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "quota", money_json(&v[FNL_PERFORMANCE_SCORED_QUOTA]), "share_bp",
	                 number_json(&v[FNL_PERFORMANCE_SCORED_SHARE_BP]), "level_part",
	                 number_json(&v[FNL_PERFORMANCE_SCORED_LEVEL_PART]), "level_parts",
	                 number_json(&v[FNL_PERFORMANCE_SCORED_LEVEL_PARTS]), "comparable_count",
	                 number_json(&v[FNL_PERFORMANCE_SCORED_COMPARABLE_COUNT]));
}

static json_t *attainment_json(const struct fnl_value *v)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "part_bp", number_json(&v[FNL_PERFORMANCE_SCORED_PART_BP]),
	                 "due_minor", number_json(&v[FNL_PERFORMANCE_SCORED_DUE_MINOR]), "won_minor",
	                 number_json(&v[FNL_PERFORMANCE_SCORED_WON_MINOR]), "attainment_bp",
	                 number_json(&v[FNL_PERFORMANCE_SCORED_ATTAINMENT_BP]), "band",
	                 number_json(&v[FNL_PERFORMANCE_SCORED_BAND]), "not_converted_count",
	                 number_json(&v[FNL_PERFORMANCE_SCORED_NOT_CONVERTED_COUNT]));
}

static json_t *now_json(const struct fnl_value *v)
{
	return json_pack("{s:o, s:o, s:o}", "quota", money_json(&v[FNL_ORG_YEAR_QUOTA]), "won_minor",
	                 number_json(&v[FNL_ORG_YEAR_WON_MINOR]), "not_converted_count",
	                 number_json(&v[FNL_ORG_YEAR_NOT_CONVERTED_COUNT]));
}

static json_t *standing_json(const struct standing *one)
{
	char as_of[FNL_TEXT_BYTES] = "";
	if (one->score) {
		fnl_text_rfc3339(one->score[FNL_PERFORMANCE_SCORED_AS_OF].i64, as_of);
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "rep_id", json_stringn((const char *)one->rep.data, one->rep.len),
	                 "level", one->score ? level_json(one->score) : json_null(), "attainment",
	                 one->score ? attainment_json(one->score) : json_null(), "as_of",
	                 one->score ? json_string(as_of) : json_null(), "now",
	                 one->year ? now_json(one->year) : json_null());
}

int fnl_view_performance_json(const struct fnl_rows *rows, const struct fnl_scores *scores,
                              const struct fnl_performance_question *q, FILE *out, struct fnl_error *why)
{
	struct standings s;
	int rc = standings_make(rows, scores, q, &s, why);
	if (rc == 0) {
		json_t *reps = json_array();
		for (size_t i = 0; i < s.count; i++) {
			json_array_append_new(reps, standing_json(&s.at[i]));
		}
		json_t *o =
			json_pack("{s:o, s:i, s:i, s:I, s:o}", "org_id", json_stringn((const char *)q->org.data, q->org.len),
		              "fiscal_year", (int)s.year, "rules_version", (int)s.moment.rules->version, "comparable_min",
		              (json_int_t)comparable_min(&s), "reps", reps);
		rc = fnl_view_json_write(o, out, why);
	}
	standings_unmake(&s);
	return rc;
}
