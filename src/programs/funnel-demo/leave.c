#include "leave.h"

#include <stdio.h>
#include <stdlib.h>

#include "funneld/base/arena.h"
#include "rows_table.h"

enum { ARENA_BYTES = 16 << 20, OF_LAYER_MIN = 2, SIDE_LAYERS = 3, SPARE = 10, PROSPECTS_AT_FIRST = 64 };

void leave_copy(char *ret, size_t size, const struct fnl_value *v)
{
	struct fnl_span s = v->set ? v->str : FNL_SPAN_LIT("");
	snprintf(ret, size, "%.*s", (int)(s.len < size ? s.len : size - 1), (const char *)s.data);
}

/* ---- who ---- */

/* What a book says of its rep. */
struct candidate {
	char rep[LEAVE_ID_BYTES];
	char manager[LEAVE_ID_BYTES];
	int64_t version;
	int64_t count; /* of his prospects */
	bool leaves;   /* has enough in each layer to be told of */
};

enum { CANDIDATES_MAX = 1024 };

struct choosing {
	struct fnl_arena arena;
	struct candidate *all;
	size_t count;
	struct fnl_error *why;
};

static int on_rep(void *context, const struct fnl_row_entry *row)
{
	struct choosing *c = context;
	struct fnl_value v[FNL_RECORD_FIELDS_MAX];
	int64_t of_layer[FNL_LAYER_COUNT] = {0};
	if (!fnl_span_eq(row->table, FNL_SPAN_LIT("rep")) || c->count == CANDIDATES_MAX) {
		return 0;
	}
	fnl_arena_reset(&c->arena);
	int status = fnl_rows_decode(row, &fnl_desc_rep, &c->arena, v, c->why);
	if (status || !v[FNL_REP_REP_ID].set || !v[FNL_REP_ACTIVE].i64 || v[FNL_REP_RESIGNED].i64 ||
	    !v[FNL_REP_MANAGER_ID].set) {
		return status;
	}
	struct candidate *one = &c->all[c->count++];
	*one = (struct candidate){.version = v[FNL_REP_VERSION].i64};
	leave_copy(one->rep, sizeof(one->rep), &v[FNL_REP_REP_ID]);
	leave_copy(one->manager, sizeof(one->manager), &v[FNL_REP_MANAGER_ID]);
	for (size_t i = 0; i < v[FNL_REP_TOTALS].list.count; i++) {
		const struct fnl_value *t = v[FNL_REP_TOTALS].list.items[i].list.items;
		of_layer[t[FNL_BOOK_TOTAL_LAYER].i64] += t[FNL_BOOK_TOTAL_COUNT].i64;
		one->count += t[FNL_BOOK_TOTAL_COUNT].i64;
	}
	one->leaves = of_layer[FNL_LAYER_TOP] >= OF_LAYER_MIN && of_layer[FNL_LAYER_MIDDLE] >= OF_LAYER_MIN &&
	              of_layer[FNL_LAYER_BOTTOM] >= OF_LAYER_MIN;
	return 0;
}

/* The smaller funnel; of equals the smaller id. */
static bool is_before(const struct candidate *a, const struct candidate *b)
{
	return !b || (a->count != b->count ? a->count < b->count : strcmp(a->rep, b->rep) < 0);
}

/* The smallest funnel leaves, for a board that can be read; a colleague of the same team follows, or else anybody. */
static void choose(const struct choosing *c, struct leave *l)
{
	const struct candidate *leaver = NULL;
	const struct candidate *team = NULL;
	const struct candidate *any = NULL;
	for (size_t i = 0; i < c->count; i++) {
		leaver = c->all[i].leaves && is_before(&c->all[i], leaver) ? &c->all[i] : leaver;
	}
	for (size_t i = 0; leaver && i < c->count; i++) {
		const struct candidate *one = &c->all[i];
		bool same = strcmp(one->manager, leaver->manager) == 0;
		team = one != leaver && same && is_before(one, team) ? one : team;
		any = one != leaver && is_before(one, any) ? one : any;
	}
	const struct candidate *successor = team ? team : any;
	l->found = leaver && successor;
	if (l->found) {
		snprintf(l->rep, sizeof(l->rep), "%s", leaver->rep);
		snprintf(l->manager, sizeof(l->manager), "%s", leaver->manager);
		snprintf(l->successor, sizeof(l->successor), "%s", successor->rep);
		snprintf(l->successor_manager, sizeof(l->successor_manager), "%s", successor->manager);
		l->rep_version = leaver->version;
		l->successor_version = successor->version;
		l->room = leaver->count + successor->count + SPARE;
	}
}

static bool is_rep(void *context, struct fnl_span key)
{
	(void)context;
	return key.len > 4 && memcmp(key.data, "rep|", 4) == 0;
}

static int choose_reps(struct world *w, struct leave *l, struct fnl_error *why)
{
	struct choosing c = {.all = fnl_calloc(CANDIDATES_MAX, sizeof(*c.all)), .why = why};
	struct fnl_rows rows = {.wanted = is_rep};
	if (!c.all) {
		return fnl_fail(why, FNL_E_NOMEM, "out of memory");
	}
	fnl_arena_init(&c.arena, ARENA_BYTES);
	int status = fnl_rows_read(&rows, w->bus, w->topics[FNL_TOPIC_REPS], why);
	status = status ? status : fnl_rows_each(&rows, on_rep, &c);
	if (status == 0) {
		choose(&c, l);
	}
	fnl_rows_deinit(&rows);
	fnl_arena_deinit(&c.arena);
	fnl_free(c.all);
	return status;
}

/* ---- his prospects ---- */

struct collecting {
	struct fnl_arena arena;
	struct leave *l;
	struct fnl_error *why;
};

static struct leave_prospect *add(struct leave *l)
{
	if (l->count == l->capacity) {
		size_t capacity = l->capacity ? 2 * l->capacity : PROSPECTS_AT_FIRST;
		struct leave_prospect *grown = fnl_reallocarray(l->prospects, capacity, sizeof(*grown));
		if (!grown || l->count == LEAVE_PROSPECTS_MAX) {
			l->prospects = grown ? grown : l->prospects;
			return NULL;
		}
		l->prospects = grown;
		l->capacity = capacity;
	}
	l->prospects[l->count] = (struct leave_prospect){.layer = 0};
	return &l->prospects[l->count++];
}

static bool is_text(const struct fnl_value *v, const char *text)
{
	return v->set && fnl_span_eq(v->str, fnl_span_str(text));
}

static int read_prospect(struct collecting *c, const struct fnl_row_entry *row,
                         struct fnl_value v[FNL_RECORD_FIELDS_MAX], bool *ret_open)
{
	*ret_open = false;
	if (!fnl_span_eq(row->table, FNL_SPAN_LIT("prospect"))) {
		return 0;
	}
	fnl_arena_reset(&c->arena);
	int status = fnl_rows_decode(row, &fnl_desc_prospect, &c->arena, v, c->why);
	int64_t layer = status ? FNL_LAYER_NONE : v[FNL_PROSPECT_LAYER].i64;
	*ret_open = layer >= FNL_LAYER_TOP && layer <= FNL_LAYER_UNKNOWN;
	return status;
}

static int on_prospect(void *context, const struct fnl_row_entry *row)
{
	struct collecting *c = context;
	struct fnl_value v[FNL_RECORD_FIELDS_MAX];
	bool open;
	int status = read_prospect(c, row, v, &open);
	if (status || !open || !is_text(&v[FNL_PROSPECT_OWNER_REP_ID], c->l->rep)) {
		return status;
	}
	struct leave_prospect *p = add(c->l);
	if (!p) {
		return fnl_fail(c->why, FNL_E_NOMEM, "out of memory");
	}
	leave_copy(p->id, sizeof(p->id), &v[FNL_PROSPECT_PROSPECT_ID]);
	leave_copy(p->source, sizeof(p->source), &v[FNL_PROSPECT_SOURCE]);
	p->layer = (int)v[FNL_PROSPECT_LAYER].i64;
	p->amount = v[FNL_PROSPECT_AMOUNT];
	p->version = v[FNL_PROSPECT_LIFECYCLE_VERSION].i64;
	struct fnl_list versions = v[FNL_PROSPECT_FIELD_VERSIONS].list;
	for (size_t i = 0; i < versions.count; i++) {
		p->version = versions.items[i].i64 > p->version ? versions.items[i].i64 : p->version;
	}
	return 0;
}

static int on_prospect_after(void *context, const struct fnl_row_entry *row)
{
	struct collecting *c = context;
	struct fnl_value v[FNL_RECORD_FIELDS_MAX];
	bool open;
	int status = read_prospect(c, row, v, &open);
	for (size_t i = 0; status == 0 && open && i < c->l->count; i++) {
		c->l->owned_after += is_text(&v[FNL_PROSPECT_PROSPECT_ID], c->l->prospects[i].id) &&
		                     is_text(&v[FNL_PROSPECT_OWNER_REP_ID], c->l->successor);
	}
	return status;
}

static int each_prospect(struct world *w, struct leave *l, fnl_rows_visit visit, struct fnl_error *why)
{
	struct collecting c = {.l = l, .why = why};
	struct fnl_rows rows = {0};
	fnl_arena_init(&c.arena, ARENA_BYTES);
	int status = fnl_rows_read(&rows, w->bus, w->topics[FNL_TOPIC_PROSPECTS], why);
	status = status ? status : fnl_rows_each(&rows, visit, &c);
	fnl_rows_deinit(&rows);
	fnl_arena_deinit(&c.arena);
	return status;
}

int leave_count_moved(struct world *w, struct leave *l, struct fnl_error *why)
{
	l->owned_after = 0;
	return each_prospect(w, l, on_prospect_after, why);
}

/* The one of BOTTOM whose amount is the greatest is tampered with; another one of BOTTOM is visited last. */
static void cast(struct leave *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct leave_prospect *p = &l->prospects[i];
		if (p->layer == FNL_LAYER_BOTTOM && p->amount.set &&
		    (!l->tampered || p->amount.money.amount_minor > l->tampered->amount.money.amount_minor)) {
			l->tampered = p;
		}
	}
	for (size_t i = 0; i < l->count; i++) {
		struct leave_prospect *p = &l->prospects[i];
		bool later = p->layer == FNL_LAYER_BOTTOM && p != l->tampered;
		l->last = later && (!l->last || strcmp(p->id, l->last->id) > 0) ? p : l->last;
	}
	l->found = l->tampered && l->last;
}

int leave_choose(struct world *w, struct leave *ret, struct fnl_error *why)
{
	*ret = (struct leave){.found = false};
	int status = choose_reps(w, ret, why);
	if (status == 0 && ret->found) {
		status = each_prospect(w, ret, on_prospect, why);
		cast(ret);
	}
	return status;
}

void leave_deinit(struct leave *l)
{
	fnl_free(l->prospects);
	free(l->board);
	*l = (struct leave){.found = false};
}

uint64_t leave_of_layer(const struct leave *l, int task_layer)
{
	uint64_t n = 0;
	for (size_t i = 0; i < l->count; i++) {
		n += l->prospects[i].tasks > 0 && l->prospects[i].task_layer == task_layer;
	}
	return n;
}
