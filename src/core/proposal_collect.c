/* What a proposal goes by: who is there, in which currency, and what each has. */
#include "proposal_internal.h"

enum { LAYERS = 3, DAYS_A_WEEK = 7 };

static bool is_last(const struct fnl_proposing *p)
{
	return p->page->last || p->page->count == 0;
}

static void next_state(struct fnl_proposing *p, int state)
{
	p->row[FNL_PROPOSAL_STATE].i64 = state;
	p->row[FNL_PROPOSAL_AFTER] = fnl_value_null();
}

static int refuse(struct fnl_proposing *p, int reason)
{
	next_state(p, FNL_PROPOSAL_STATE_REFUSED);
	p->row[FNL_PROPOSAL_NEXT_DEADLINE_AT] = fnl_value_null();
	p->row[FNL_PROPOSAL_REPS] = fnl_value_list(NULL, 0);
	return fnl_proposing_reject(p, &fnl_desc_propose_territories, p->row[FNL_PROPOSAL_PROPOSAL_ID],
	                            p->row[FNL_PROPOSAL_ASKED_BY], reason);
}

/* About as the row is written: what its texts have, and what the rest of an item takes at most. */
static size_t codes_bytes(struct fnl_list codes)
{
	size_t bytes = 0;
	for (size_t i = 0; i < codes.count; i++) {
		bytes += codes.items[i].str.len + 4;
	}
	return bytes;
}

static size_t rep_bytes(const struct fnl_value *rep)
{
	enum { REP_REST = 32, CELL_REST = 64 };
	struct fnl_list cells = rep[FNL_PROPOSAL_REP_CELLS].list;
	size_t bytes = REP_REST + rep[FNL_PROPOSAL_REP_REP_ID].str.len + codes_bytes(rep[FNL_PROPOSAL_REP_REGIONS].list) +
	               codes_bytes(rep[FNL_PROPOSAL_REP_INDUSTRIES].list);
	for (size_t i = 0; i < cells.count; i++) {
		const struct fnl_value *c = cells.items[i].list.items;
		bytes += CELL_REST + c[FNL_PROPOSAL_CELL_REGION].str.len + c[FNL_PROPOSAL_CELL_INDUSTRY].str.len +
		         c[FNL_PROPOSAL_CELL_SIZE_FOCUS].str.len;
	}
	return bytes;
}

/* A row that Kafka does not take would end the stage: the organisation is refused before. */
static bool is_too_long(const struct fnl_value *row)
{
	size_t bytes = 0;
	for (size_t i = 0; i < row[FNL_PROPOSAL_REPS].list.count; i++) {
		bytes += rep_bytes(fnl_proposal_rep(row, i));
	}
	return bytes > FNL_PROPOSAL_ROW_BYTES_MAX;
}

/* ---- reps ---- */

static int rep_of(const struct fnl_proposing *p, const struct fnl_value *rep, struct fnl_value *ret)
{
	struct fnl_value *v = fnl_arena_calloc(p->in->arena, FNL_PROPOSAL_REP_FIELD_COUNT, sizeof(*v));
	const struct fnl_value *given = &rep[FNL_ORG_REP_CAPACITY_PROSPECTS];
	int64_t capacity = given->set ? given->i64 : p->in->rules->values[FNL_RULES_AT_CAPACITY_DEFAULT];
	__int128 max = (__int128)capacity * p->in->rules->values[FNL_RULES_AT_LOAD_MAX_PERCENT] / 100;
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_PROPOSAL_REP_REP_ID] = rep[FNL_ORG_REP_REP_ID];
	v[FNL_PROPOSAL_REP_RECEIVES] = fnl_value_i64(1);
	v[FNL_PROPOSAL_REP_COUNT_MAX] = fnl_value_i64((int64_t)max);
	v[FNL_PROPOSAL_REP_REGIONS] = rep[FNL_ORG_REP_REGIONS];
	v[FNL_PROPOSAL_REP_INDUSTRIES] = rep[FNL_ORG_REP_INDUSTRIES];
	v[FNL_PROPOSAL_REP_CELLS] = fnl_value_list(NULL, 0);
	*ret = fnl_value_list(v, FNL_PROPOSAL_REP_FIELD_COUNT);
	return FNL_OK;
}

int fnl_proposing_reps(struct fnl_proposing *p)
{
	struct fnl_list known = p->row[FNL_PROPOSAL_REPS].list;
	struct fnl_value *reps = fnl_arena_calloc(p->in->arena, known.count + p->page->count + 1, sizeof(*reps));
	size_t count = known.count;
	int r = reps ? FNL_OK : FNL_E_NOMEM;
	if (r == 0 && count > 0) {
		memcpy(reps, known.items, count * sizeof(*reps));
	}
	for (size_t i = 0; i < p->page->count && r == 0; i++) {
		const struct fnl_value *rep = p->page->rows[i];
		if (rep[FNL_ORG_REP_ACTIVE].i64 && !rep[FNL_ORG_REP_RESIGNED].i64) {
			r = rep_of(p, rep, &reps[count++]);
		}
	}
	if (r < 0) {
		return r;
	}
	if (count > FNL_PROPOSAL_REPS_MAX) {
		return refuse(p, FNL_REJECT_REASON_TOO_MANY);
	}
	p->row[FNL_PROPOSAL_REPS] = fnl_value_list(reps, count);
	if (is_too_long(p->row)) {
		return refuse(p, FNL_REJECT_REASON_TOO_MANY);
	}
	if (!is_last(p)) {
		p->row[FNL_PROPOSAL_AFTER] = fnl_value_str(p->page->last_key);
		return FNL_OK;
	}
	if (count == 0) {
		return refuse(p, FNL_REJECT_REASON_UNKNOWN_ORG);
	}
	bool given = p->row[FNL_PROPOSAL_BASE_CURRENCY].set;
	next_state(p, given ? FNL_PROPOSAL_STATE_CELLS : FNL_PROPOSAL_STATE_CURRENCIES);
	return FNL_OK;
}

/* ---- currencies ---- */

static int64_t added(int64_t a, int64_t b)
{
	return b > 0 && a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int64_t volume_of(const struct fnl_value *total)
{
	int64_t minor = total[FNL_CELL_VOLUME_WEIGHTED_MINOR].i64;
	return minor > 0 ? minor : 0;
}

/* Sorted by code. */
static int currency_add(struct fnl_proposing *p, struct fnl_value *list, const struct fnl_value *total)
{
	struct fnl_list old = list->list;
	struct fnl_span code = total[FNL_CELL_VOLUME_CURRENCY].str;
	size_t at = 0;
	while (at < old.count && fnl_span_cmp(old.items[at].list.items[FNL_CURRENCY_VOLUME_CURRENCY].str, code) < 0) {
		at++;
	}
	bool known = at < old.count && fnl_span_eq(old.items[at].list.items[FNL_CURRENCY_VOLUME_CURRENCY].str, code);
	struct fnl_value *items = fnl_arena_calloc(p->in->arena, old.count + 1, sizeof(*items));
	struct fnl_value *v = fnl_arena_calloc(p->in->arena, FNL_CURRENCY_VOLUME_FIELD_COUNT, sizeof(*v));
	if (!items || !v) {
		return FNL_E_NOMEM;
	}
	if (!known && old.count == FNL_RECORD_LIST_ITEMS_MAX) {
		return FNL_OK; /* one that comes so late is hardly the greatest */
	}
	int64_t before = known ? old.items[at].list.items[FNL_CURRENCY_VOLUME_VOLUME_MINOR].i64 : 0;
	v[FNL_CURRENCY_VOLUME_CURRENCY] = fnl_value_str(code);
	v[FNL_CURRENCY_VOLUME_VOLUME_MINOR] = fnl_value_i64(added(before, volume_of(total)));
	for (size_t i = 0; i < at; i++) {
		items[i] = old.items[i];
	}
	items[at] = fnl_value_list(v, FNL_CURRENCY_VOLUME_FIELD_COUNT);
	for (size_t i = at + known; i < old.count; i++) {
		items[i + 1 - known] = old.items[i];
	}
	*list = fnl_value_list(items, old.count + 1 - known);
	return FNL_OK;
}

/* Of equals the first by its code; where there is none at all, the code that says so. */
static struct fnl_value greatest(struct fnl_list currencies)
{
	struct fnl_value ret = fnl_value_str(FNL_SPAN_LIT("XXX"));
	int64_t most = -1;
	for (size_t i = 0; i < currencies.count; i++) {
		const struct fnl_value *v = currencies.items[i].list.items;
		if (v[FNL_CURRENCY_VOLUME_VOLUME_MINOR].i64 > most) {
			most = v[FNL_CURRENCY_VOLUME_VOLUME_MINOR].i64;
			ret = v[FNL_CURRENCY_VOLUME_CURRENCY];
		}
	}
	return ret;
}

int fnl_proposing_currencies(struct fnl_proposing *p)
{
	int r = FNL_OK;
	for (size_t i = 0; i < p->page->count && r == 0; i++) {
		struct fnl_list totals = p->page->rows[i][FNL_ORG_CELL_TOTALS].list;
		for (size_t k = 0; k < totals.count && r == 0; k++) {
			const struct fnl_value *total = totals.items[k].list.items;
			bool has = total[FNL_CELL_VOLUME_CURRENCY].set;
			r = has ? currency_add(p, &p->row[FNL_PROPOSAL_CURRENCIES], total) : FNL_OK;
		}
	}
	if (r < 0) {
		return r;
	}
	if (!is_last(p)) {
		p->row[FNL_PROPOSAL_AFTER] = fnl_value_str(p->page->last_key);
		return FNL_OK;
	}
	p->row[FNL_PROPOSAL_BASE_CURRENCY] = greatest(p->row[FNL_PROPOSAL_CURRENCIES].list);
	p->row[FNL_PROPOSAL_CURRENCIES] = fnl_value_list(NULL, 0);
	next_state(p, FNL_PROPOSAL_STATE_CELLS);
	return FNL_OK;
}

/* ---- cells ---- */

static bool may_move(const struct fnl_proposing *p, const struct fnl_value *total)
{
	int64_t layer = total[FNL_CELL_VOLUME_LAYER].i64;
	int64_t week = p->in->now_ms / FNL_BUSINESS_DAY_MS / DAYS_A_WEEK;
	bool bottom = p->in->rules->values[FNL_RULES_AT_MOVE_BOTTOM] != 0;
	return total[FNL_CELL_VOLUME_HELD_WEEK].i64 <= week && (layer != FNL_LAYER_BOTTOM || bottom);
}

/* What the row has of a layer. false: nothing. */
static bool sum_layer(struct fnl_proposing *p, const struct fnl_value *cell, int64_t layer, struct fnl_value *v)
{
	struct fnl_list totals = cell[FNL_ORG_CELL_TOTALS].list;
	struct fnl_span base = p->row[FNL_PROPOSAL_BASE_CURRENCY].str;
	bool any = false;
	for (size_t i = 0; i < totals.count; i++) {
		const struct fnl_value *total = totals.items[i].list.items;
		const struct fnl_value *currency = &total[FNL_CELL_VOLUME_CURRENCY];
		if (total[FNL_CELL_VOLUME_LAYER].i64 != layer) {
			continue;
		}
		bool moves = may_move(p, total);
		bool counts = currency->set && fnl_span_eq(currency->str, base);
		int64_t *count = &v[moves ? FNL_PROPOSAL_CELL_COUNT : FNL_PROPOSAL_CELL_KEPT_COUNT].i64;
		int64_t *volume = &v[moves ? FNL_PROPOSAL_CELL_VOLUME_MINOR : FNL_PROPOSAL_CELL_KEPT_VOLUME_MINOR].i64;
		*count = added(*count, total[FNL_CELL_VOLUME_COUNT].i64);
		*volume = counts ? added(*volume, volume_of(total)) : *volume;
		if (currency->set && !counts) {
			p->row[FNL_PROPOSAL_NOT_CONVERTED_COUNT].i64 += total[FNL_CELL_VOLUME_COUNT].i64;
		}
		any = true;
	}
	return any;
}

/* The row's parts by layer, appended to items. */
static int cell_parts(struct fnl_proposing *p, const struct fnl_value *cell, struct fnl_value *items, size_t *count)
{
	static const int64_t layers[LAYERS] = {FNL_LAYER_TOP, FNL_LAYER_MIDDLE, FNL_LAYER_BOTTOM};
	for (size_t i = 0; i < LAYERS; i++) {
		struct fnl_value *v = fnl_arena_calloc(p->in->arena, FNL_PROPOSAL_CELL_FIELD_COUNT, sizeof(*v));
		if (!v) {
			return FNL_E_NOMEM;
		}
		v[FNL_PROPOSAL_CELL_REGION] = cell[FNL_ORG_CELL_REGION];
		v[FNL_PROPOSAL_CELL_INDUSTRY] = cell[FNL_ORG_CELL_INDUSTRY];
		v[FNL_PROPOSAL_CELL_SIZE_FOCUS] = cell[FNL_ORG_CELL_SIZE_FOCUS];
		v[FNL_PROPOSAL_CELL_LAYER] = fnl_value_i64(layers[i]);
		v[FNL_PROPOSAL_CELL_COUNT] = v[FNL_PROPOSAL_CELL_KEPT_COUNT] = fnl_value_i64(0);
		v[FNL_PROPOSAL_CELL_VOLUME_MINOR] = v[FNL_PROPOSAL_CELL_KEPT_VOLUME_MINOR] = fnl_value_i64(0);
		v[FNL_PROPOSAL_CELL_REASON] = fnl_value_i64(FNL_MOVE_REASON_BALANCE);
		v[FNL_PROPOSAL_CELL_FOCUS] = fnl_value_i64(FNL_MOVE_FOCUS_BY_NOTHING);
		if (sum_layer(p, cell, layers[i], v)) {
			items[(*count)++] = fnl_value_list(v, FNL_PROPOSAL_CELL_FIELD_COUNT);
		}
	}
	return FNL_OK;
}

/* SIZE_MAX: he is none of those who are compared. */
static size_t rep_at(const struct fnl_value *row, struct fnl_span id)
{
	struct fnl_list reps = row[FNL_PROPOSAL_REPS].list;
	size_t low = 0;
	for (size_t high = reps.count; low < high;) {
		size_t middle = (low + high) / 2;
		int order = fnl_span_cmp(fnl_proposal_rep(row, middle)[FNL_PROPOSAL_REP_REP_ID].str, id);
		if (order == 0) {
			return middle;
		}
		if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return SIZE_MAX;
}

/* The rows from `from` on that are of one rep; *ret_next: the first one that is not. */
static int rep_cells(struct fnl_proposing *p, struct fnl_value *reps, size_t from, size_t *ret_next)
{
	struct fnl_span id = p->page->rows[from][FNL_ORG_CELL_REP_ID].str;
	size_t at = rep_at(p->row, id);
	size_t next = from;
	while (next < p->page->count && fnl_span_eq(p->page->rows[next][FNL_ORG_CELL_REP_ID].str, id)) {
		next++;
	}
	*ret_next = next;
	if (at == SIZE_MAX) {
		return FNL_OK;
	}
	struct fnl_value *rep = fnl_values_copy(p->in->arena, reps[at].list.items, FNL_PROPOSAL_REP_FIELD_COUNT);
	struct fnl_list known = rep ? rep[FNL_PROPOSAL_REP_CELLS].list : (struct fnl_list){NULL, 0};
	struct fnl_value *cells = fnl_arena_calloc(p->in->arena, known.count + (next - from) * LAYERS, sizeof(*cells));
	size_t count = known.count;
	if (!rep || !cells) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < known.count; i++) {
		cells[i] = known.items[i];
	}
	int r = FNL_OK;
	for (size_t i = from; i < next && r == 0; i++) {
		r = cell_parts(p, p->page->rows[i], cells, &count);
	}
	rep[FNL_PROPOSAL_REP_CELLS] = fnl_value_list(cells, count);
	reps[at] = fnl_value_list(rep, FNL_PROPOSAL_REP_FIELD_COUNT);
	return r || count <= FNL_PROPOSAL_CELLS_MAX ? r : FNL_E_LIMIT;
}

int fnl_proposing_cells(struct fnl_proposing *p)
{
	struct fnl_list known = p->row[FNL_PROPOSAL_REPS].list;
	struct fnl_value *reps = fnl_values_copy(p->in->arena, known.items, known.count);
	int r = reps ? FNL_OK : FNL_E_NOMEM;
	for (size_t i = 0; i < p->page->count && r == 0;) {
		r = rep_cells(p, reps, i, &i);
	}
	if (r == FNL_E_LIMIT) {
		return refuse(p, FNL_REJECT_REASON_TOO_MANY);
	}
	if (r < 0) {
		return r;
	}
	p->row[FNL_PROPOSAL_REPS] = fnl_value_list(reps, known.count);
	if (is_too_long(p->row)) {
		return refuse(p, FNL_REJECT_REASON_TOO_MANY);
	}
	if (!is_last(p)) {
		p->row[FNL_PROPOSAL_AFTER] = fnl_value_str(p->page->last_key);
		return FNL_OK;
	}
	r = fnl_proposing_plan(p);
	if (r == FNL_E_LIMIT || r == FNL_E_INVALID) {
		return refuse(p, FNL_REJECT_REASON_TOO_MANY);
	}
	if (r == 0) {
		next_state(p, FNL_PROPOSAL_STATE_TELLING);
	}
	return r;
}
