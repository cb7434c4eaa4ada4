#include "view_territories.h"

#include <stdlib.h>

#include "funneld_records.h"
#include "view_shares.h"

enum { LAYER_ANY = -1 };
#define ARENA_BYTES ((size_t)1 << 30)

/* "<table>|<org>", and what follows begins with '|' or there is nothing. */
static bool is_of_org(struct fnl_span key, const char *table, struct fnl_span org)
{
	size_t n = strlen(table);
	if (key.len < n + 1 + org.len || memcmp(key.data, table, n) != 0 || key.data[n] != '|' ||
	    memcmp(key.data + n + 1, org.data, org.len) != 0) {
		return false;
	}
	return key.len == n + 1 + org.len || key.data[n + 1 + org.len] == '|';
}

bool fnl_territories_wanted(void *context, struct fnl_span key)
{
	const struct fnl_territories_question *q = context;
	return fnl_moment_wanted(key) || is_of_org(key, "rep", q->org) || is_of_org(key, "cell", q->org) ||
	       is_of_org(key, "proposal", q->org);
}

bool fnl_shares_same_cell(const struct fnl_shares_part *a, const struct fnl_shares_part *b)
{
	return fnl_span_eq(a->region, b->region) && fnl_span_eq(a->industry, b->industry) &&
	       fnl_span_eq(a->size, b->size) && a->layer == b->layer;
}

const struct fnl_value *fnl_shares_proposal_rep(const struct fnl_shares_proposal *p, size_t i)
{
	return p->row.decoded.values[FNL_PROPOSAL_REPS].list.items[i].list.items;
}

static int no_memory(struct fnl_shares *s)
{
	return fnl_fail(s->why, FNL_E_NOMEM, "out of memory");
}

/* As a proposal adds up: the greatest number there is stands for all above it. */
static int64_t added(int64_t a, int64_t b)
{
	return b > 0 && a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int64_t volume_of(const struct fnl_value *total)
{
	int64_t minor = total[FNL_CELL_VOLUME_WEIGHTED_MINOR].i64;
	return minor > 0 ? minor : 0;
}

/* ---- reps ---- */

static struct fnl_shares_rep *rep_new(struct fnl_shares *s, struct fnl_span id)
{
	if (s->rep_count == s->rep_capacity) {
		size_t capacity = s->rep_capacity ? 2 * s->rep_capacity : 64;
		struct fnl_shares_rep *grown = fnl_reallocarray(s->reps, capacity, sizeof(*grown));
		if (!grown) {
			return NULL;
		}
		s->reps = grown;
		s->rep_capacity = capacity;
	}
	s->reps[s->rep_count] = (struct fnl_shares_rep){.id = id};
	return &s->reps[s->rep_count++];
}

static int rep_by_id(const void *a, const void *b)
{
	return fnl_span_cmp(((const struct fnl_shares_rep *)a)->id, ((const struct fnl_shares_rep *)b)->id);
}

static int rep_by_volume(const void *a, const void *b)
{
	const struct fnl_shares_rep *x = a, *y = b;
	if (x->compared != y->compared) {
		return x->compared ? -1 : 1;
	}
	return x->volume != y->volume ? (x->volume < y->volume) - (x->volume > y->volume) : rep_by_id(a, b);
}

/* ---- rows ---- */

static int put_part(struct fnl_shares *s, const struct fnl_shares_part *part)
{
	if (s->part_count == s->part_capacity) {
		size_t capacity = s->part_capacity ? 2 * s->part_capacity : 256;
		struct fnl_shares_part *grown = fnl_reallocarray(s->parts, capacity, sizeof(*grown));
		if (!grown) {
			return no_memory(s);
		}
		s->parts = grown;
		s->part_capacity = capacity;
	}
	s->parts[s->part_count++] = *part;
	return 0;
}

static int on_rep(struct fnl_shares *s, const struct fnl_row_entry *row)
{
	struct fnl_view_row found;
	int rc = fnl_view_row_decode(row, &fnl_desc_org_rep, &s->arena, &found, s->why);
	if (rc) {
		return rc;
	}
	const struct fnl_value *v = found.decoded.values;
	struct fnl_shares_rep *rep = rep_new(s, v[FNL_ORG_REP_REP_ID].str);
	if (!rep) {
		return no_memory(s);
	}
	rep->compared = v[FNL_ORG_REP_ACTIVE].i64 && !v[FNL_ORG_REP_RESIGNED].i64;
	return 0;
}

static int on_cell(struct fnl_shares *s, const struct fnl_row_entry *row)
{
	struct fnl_view_row found;
	int rc = fnl_view_row_decode(row, &fnl_desc_org_cell, &s->arena, &found, s->why);
	if (rc) {
		return rc;
	}
	const struct fnl_value *v = found.decoded.values;
	struct fnl_list totals = v[FNL_ORG_CELL_TOTALS].list;
	for (size_t i = 0; i < totals.count && rc == 0; i++) {
		const struct fnl_value *total = totals.items[i].list.items;
		const struct fnl_value *currency = &total[FNL_CELL_VOLUME_CURRENCY];
		bool counts = currency->set && fnl_span_eq(currency->str, fnl_span_str(s->currency));
		struct fnl_shares_part part = {.region = v[FNL_ORG_CELL_REGION].str,
		                               .industry = v[FNL_ORG_CELL_INDUSTRY].str,
		                               .size = s->q->by_size ? v[FNL_ORG_CELL_SIZE_FOCUS].str : FNL_SPAN_LIT(""),
		                               .layer = s->q->by_layer ? total[FNL_CELL_VOLUME_LAYER].i64 : LAYER_ANY,
		                               .rep = v[FNL_ORG_CELL_REP_ID].str,
		                               .volume = counts ? volume_of(total) : 0,
		                               .count = total[FNL_CELL_VOLUME_COUNT].i64};
		s->not_converted_count += currency->set && !counts ? part.count : 0;
		rc = put_part(s, &part);
	}
	return rc;
}

static bool is_table(const struct fnl_row_entry *row, const char *table)
{
	return fnl_span_eq(row->table, fnl_span_str(table));
}

static int on_row(void *context, const struct fnl_row_entry *row)
{
	struct fnl_shares *s = context;
	return is_table(row, "rep") ? on_rep(s, row) : is_table(row, "cell") ? on_cell(s, row) : 0;
}

/* ---- the currency ---- */

struct currencies {
	struct fnl_shares *s;
	struct fnl_money by[FNL_RECORD_LIST_ITEMS_MAX];
	size_t count;
};

static void add_currency(struct currencies *c, struct fnl_span code, int64_t volume)
{
	size_t at = 0;
	while (at < c->count && !fnl_span_eq(fnl_span_str(c->by[at].currency), code)) {
		at++;
	}
	if (at == c->count) {
		if (at == FNL_RECORD_LIST_ITEMS_MAX || code.len != sizeof(c->by[at].currency) - 1) {
			return;
		}
		c->by[c->count++] = (struct fnl_money){0, ""};
		memcpy(c->by[at].currency, code.data, code.len);
	}
	c->by[at].amount_minor = added(c->by[at].amount_minor, volume);
}

static int on_currency(void *context, const struct fnl_row_entry *row)
{
	struct currencies *c = context;
	struct fnl_view_row found;
	int rc = is_table(row, "cell") ? fnl_view_row_decode(row, &fnl_desc_org_cell, &c->s->arena, &found, c->s->why)
	                               : FNL_VIEW_NO_ORG; /* not one of them */
	if (rc) {
		return rc < 0 ? rc : 0;
	}
	struct fnl_list totals = found.decoded.values[FNL_ORG_CELL_TOTALS].list;
	for (size_t i = 0; i < totals.count; i++) {
		const struct fnl_value *total = totals.items[i].list.items;
		if (total[FNL_CELL_VOLUME_CURRENCY].set) {
			add_currency(c, total[FNL_CELL_VOLUME_CURRENCY].str, volume_of(total));
		}
	}
	return 0;
}

/* Of equals the first by its code; none at all: the code that says so. As a proposal chooses. */
static int choose_currency(struct fnl_shares *s)
{
	const struct fnl_value *proposal = s->proposal.row.row ? s->proposal.row.decoded.values : NULL;
	struct fnl_span code = s->q->currency;
	if (fnl_span_is_none(code) && proposal && proposal[FNL_PROPOSAL_BASE_CURRENCY].set) {
		code = proposal[FNL_PROPOSAL_BASE_CURRENCY].str;
	}
	memcpy(s->currency, "XXX", sizeof(s->currency));
	if (!fnl_span_is_none(code)) {
		memcpy(s->currency, code.data, code.len < 3 ? code.len : 3);
		return 0;
	}
	struct currencies *c = fnl_arena_calloc(&s->arena, 1, sizeof(*c));
	if (!c) {
		return no_memory(s);
	}
	c->s = s;
	int rc = fnl_rows_each(s->rows, on_currency, c);
	int64_t most = -1;
	for (size_t i = 0; i < c->count; i++) {
		bool more = c->by[i].amount_minor > most ||
		            (c->by[i].amount_minor == most && strcmp(c->by[i].currency, s->currency) < 0);
		if (more) {
			most = c->by[i].amount_minor;
			memcpy(s->currency, c->by[i].currency, sizeof(s->currency));
		}
	}
	return rc;
}

/* ---- sums ---- */

static int part_order(const void *a, const void *b)
{
	const struct fnl_shares_part *x = a, *y = b;
	int order = fnl_span_cmp(x->region, y->region);
	order = order ? order : fnl_span_cmp(x->industry, y->industry);
	order = order ? order : fnl_span_cmp(x->size, y->size);
	order = order ? order : (x->layer > y->layer) - (x->layer < y->layer);
	return order;
}

static int part_by_rep(const void *a, const void *b)
{
	const struct fnl_shares_part *x = a, *y = b;
	int order = part_order(a, b);
	return order ? order : fnl_span_cmp(x->rep, y->rep);
}

static int part_by_volume(const void *a, const void *b)
{
	const struct fnl_shares_part *x = a, *y = b;
	int order = part_order(a, b);
	order = order ? order : (x->volume < y->volume) - (x->volume > y->volume);
	return order ? order : fnl_span_cmp(x->rep, y->rep);
}

/* What a rep has of a cell becomes one part. */
static void join_parts(struct fnl_shares *s)
{
	size_t kept = 0;
	if (s->part_count == 0) {
		return;
	}
	qsort(s->parts, s->part_count, sizeof(*s->parts), part_by_rep);
	for (size_t i = 1; i < s->part_count; i++) {
		struct fnl_shares_part *last = &s->parts[kept];
		if (part_by_rep(last, &s->parts[i]) == 0) {
			last->volume = added(last->volume, s->parts[i].volume);
			last->count = added(last->count, s->parts[i].count);
		} else {
			s->parts[++kept] = s->parts[i];
		}
	}
	s->part_count = kept + 1;
	qsort(s->parts, s->part_count, sizeof(*s->parts), part_by_volume);
}

/* A rep of whom there are cells and no entry is not compared: he has just left the organisation, or comes into it. */
static int add_to_reps(struct fnl_shares *s)
{
	size_t known = s->rep_count;
	if (known) {
		qsort(s->reps, known, sizeof(*s->reps), rep_by_id);
	}
	for (size_t i = 0; i < s->part_count; i++) {
		const struct fnl_shares_part *part = &s->parts[i];
		struct fnl_shares_rep wanted = {.id = part->rep};
		struct fnl_shares_rep *rep = known ? bsearch(&wanted, s->reps, known, sizeof(wanted), rep_by_id) : NULL;
		for (size_t k = known; !rep && k < s->rep_count; k++) {
			rep = fnl_span_eq(s->reps[k].id, part->rep) ? &s->reps[k] : NULL;
		}
		rep = rep ? rep : rep_new(s, part->rep);
		if (!rep) {
			return no_memory(s);
		}
		rep->volume = added(rep->volume, part->volume);
		rep->count = added(rep->count, part->count);
	}
	if (s->rep_count) {
		qsort(s->reps, s->rep_count, sizeof(*s->reps), rep_by_volume);
	}
	while (s->compared_count < s->rep_count && s->reps[s->compared_count].compared) {
		s->compared_count++;
	}
	return 0;
}

int fnl_shares_spread(const int64_t *values, size_t count, struct fnl_alignment_spread *ret)
{
	*ret = (struct fnl_alignment_spread){0};
	int rc = count ? fnl_alignment_spread_of(values, count, ret) : 0;
	return rc == FNL_E_LIMIT || rc == FNL_E_INVALID ? 0 : rc;
}

static int spread_reps(struct fnl_shares *s)
{
	int64_t *values = fnl_arena_calloc(&s->arena, s->compared_count + 1, sizeof(*values));
	if (!values) {
		return no_memory(s);
	}
	for (size_t i = 0; i < s->compared_count; i++) {
		values[i] = s->reps[i].volume;
	}
	int rc = fnl_shares_spread(values, s->compared_count, &s->volume);
	for (size_t i = 0; i < s->compared_count; i++) {
		values[i] = s->reps[i].count;
	}
	return rc ? rc : fnl_shares_spread(values, s->compared_count, &s->count);
}

int fnl_shares_make(const struct fnl_rows *rows, const struct fnl_territories_question *q, struct fnl_shares *s,
                    struct fnl_error *why)
{
	*s = (struct fnl_shares){.rows = rows, .q = q, .why = why};
	fnl_arena_init(&s->arena, ARENA_BYTES);
	int rc = fnl_moment_of(rows, q->event_clock, q->now_ms, q->rules_reader, &s->arena, &s->moment, why);
	rc = rc ? rc
	        : fnl_view_row_decode(fnl_rows_find(rows, "proposal", q->org, 0), &fnl_desc_proposal, &s->arena,
	                              &s->proposal.row, why);
	rc = rc ? rc : choose_currency(s);
	rc = rc ? rc : fnl_rows_each(rows, on_row, s);
	if (rc) {
		return rc;
	}
	if (s->rep_count == 0 && s->part_count == 0 && !s->proposal.row.row) {
		return FNL_VIEW_NO_ORG;
	}
	s->limits = fnl_alignment_limits_of(s->moment.rules);
	join_parts(s);
	rc = add_to_reps(s);
	rc = rc ? rc : spread_reps(s);
	rc = rc ? rc : fnl_shares_find(s);
	return rc ? rc : fnl_shares_propose(s);
}

void fnl_shares_unmake(struct fnl_shares *s)
{
	fnl_free(s->reps);
	fnl_free(s->parts);
	fnl_arena_deinit(&s->arena);
}
