/* Which cell a line is counted in, what it adds, and what the organisation hears of it. */
#include "funneld/core/cell.h"

#include "book_internal.h"
#include "funneld/base/sha256.h"

#define AT(line_field) (FNL_LINE_##line_field - FNL_LINE_STATE)

enum { MS_PER_SECOND = 1000, DAYS_PER_WEEK = 7 };

_Static_assert((int)FNL_LAYER_COUNT <= (int)FNL_CELL_SLOT_LAYERS, "a slot has room for every layer");
_Static_assert((int)FNL_CELL_TOTAL_FIELD_COUNT == (int)FNL_BOOK_TOTAL_FIELD_COUNT &&
                   (int)FNL_CELL_TOTAL_SLOT == (int)FNL_BOOK_TOTAL_LAYER &&
                   (int)FNL_CELL_TOTAL_CURRENCY == (int)FNL_BOOK_TOTAL_CURRENCY &&
                   (int)FNL_CELL_TOTAL_WEIGHTED_E4 == (int)FNL_BOOK_TOTAL_WEIGHTED_E4,
               "a cell's sums are made like a book's");
_Static_assert(FNL_CELL_VOLUME_WEIGHTED_E4 - FNL_CELL_VOLUME_CURRENCY ==
                   FNL_CELL_TOTAL_WEIGHTED_E4 - FNL_CELL_TOTAL_CURRENCY,
               "and told as they are");

/* ---- names ---- */

static bool goes_as_it_is(struct fnl_span code)
{
	bool plain = code.len <= FNL_CELL_CODE_BYTES_MAX && !(code.len && code.data[0] == '%');
	for (size_t i = 0; i < code.len && plain; i++) {
		plain = code.data[i] != '|' && code.data[i] >= 0x20 && code.data[i] != 0x7f;
	}
	return plain;
}

static void write_code(struct fnl_writer *w, struct fnl_span code)
{
	char hex[FNL_SHA256_HEX_BYTES + 1];
	if (goes_as_it_is(code)) {
		fnl_write_raw(w, code);
		return;
	}
	fnl_sha256_hex(code, hex);
	fnl_write_u8(w, '%');
	fnl_write_raw(w, fnl_span_of(hex, FNL_SHA256_HEX_BYTES));
}

struct fnl_span fnl_cell_name(struct fnl_span region, struct fnl_span industry, struct fnl_span size_focus,
                              struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	write_code(&w, region);
	fnl_write_u8(&w, '|');
	write_code(&w, industry);
	fnl_write_u8(&w, '|');
	write_code(&w, size_focus);
	return fnl_writer_span(&w);
}

struct fnl_span fnl_cell_key(struct fnl_span book, struct fnl_span name, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_raw(&w, book);
	fnl_write_u8(&w, '|');
	fnl_write_raw(&w, name);
	return fnl_writer_span(&w);
}

static struct fnl_span code_of(const struct fnl_value *v)
{
	return v->set ? v->str : FNL_SPAN_LIT("");
}

int fnl_cell_of_line(const struct fnl_value *values, struct fnl_arena *arena, struct fnl_span *ret)
{
	if (values[AT(STATE)].i64 != FNL_LINE_STATE_OWNED || !fnl_layer_in_funnel((int)values[AT(LAYER)].i64)) {
		*ret = FNL_SPAN_NONE;
		return FNL_OK;
	}
	struct fnl_span name = fnl_cell_name(code_of(&values[AT(REGION)]), code_of(&values[AT(INDUSTRY)]),
	                                     code_of(&values[AT(SIZE_FOCUS)]), arena);
	if (fnl_span_is_none(name)) {
		return FNL_E_NOMEM;
	}
	*ret = name;
	return FNL_OK;
}

/* ---- until when it is held ---- */

/* The first day on which the line may be moved; null: it may be today. */
static struct fnl_value held_until(const struct fnl_rules *rules, const struct fnl_value *line, int64_t today)
{
	const struct fnl_calendar *calendar = &rules->calendar;
	const struct fnl_value *since = &line[FNL_LINE_OWNER_SINCE], *contact = &line[FNL_LINE_LAST_CONTACT_ON];
	int64_t quiet_bd = rules->values[FNL_RULES_AT_MIDDLE_QUIET_BD];
	int64_t day = today;
	if (since->set) {
		int64_t again = fnl_local_day(calendar, since->i64) + rules->values[FNL_RULES_AT_MOVE_AGAIN_DAYS];
		day = again > day ? again : day;
	}
	if (line[FNL_LINE_LAYER].i64 == FNL_LAYER_MIDDLE && contact->set && quiet_bd > 0) {
		int64_t over_ms = fnl_local_moment(calendar, (int32_t)contact->i64 + 1, 0);
		int64_t quiet = fnl_local_day(calendar, fnl_business_after(calendar, over_ms, quiet_bd * FNL_BUSINESS_DAY_MS));
		day = quiet > day ? quiet : day;
	}
	return day > today ? fnl_value_i64(day) : fnl_value_null();
}

bool fnl_cell_may_move(const struct fnl_rules *rules, const struct fnl_value *line, int64_t now_ms)
{
	int64_t layer = line[FNL_LINE_LAYER].i64;
	bool bottom = rules->values[FNL_RULES_AT_MOVE_BOTTOM] != 0;
	bool counted = line[FNL_LINE_STATE].i64 == FNL_LINE_STATE_OWNED && fnl_layer_in_funnel((int)layer);
	return counted && (bottom || layer != FNL_LAYER_BOTTOM) &&
	       !held_until(rules, line, fnl_local_day(&rules->calendar, now_ms)).set;
}

/* By which week a cell counts it. */
static int64_t week_of(const struct fnl_value *held, int64_t merged_before)
{
	int64_t week = held->set ? (held->i64 + DAYS_PER_WEEK - 1) / DAYS_PER_WEEK : 0;
	return week < merged_before ? 0 : week;
}

/* Weeks that have begun become week 0: sums by slot are sums by week first. */
static int merge_weeks(const struct fnl_cell_in *in, struct fnl_value *cell, int64_t today)
{
	struct fnl_value *before = &cell[FNL_CELL_MERGED_BEFORE];
	int64_t horizon = today / DAYS_PER_WEEK + 1;
	struct fnl_list old = cell[FNL_CELL_TOTALS].list;
	size_t first = 0;
	if (horizon <= before->i64) {
		return FNL_OK;
	}
	before->i64 = horizon;
	while (first < old.count && old.items[first].list.items[FNL_CELL_TOTAL_SLOT].i64 < FNL_CELL_SLOT_LAYERS) {
		first++;
	}
	size_t next = first;
	while (next < old.count && old.items[next].list.items[FNL_CELL_TOTAL_SLOT].i64 < horizon * FNL_CELL_SLOT_LAYERS) {
		next++;
	}
	if (next == first) {
		return FNL_OK;
	}
	struct fnl_value merged = fnl_value_list(old.items, first);
	for (size_t i = first; i < next; i++) {
		int64_t layer = old.items[i].list.items[FNL_CELL_TOTAL_SLOT].i64 % FNL_CELL_SLOT_LAYERS;
		int r = fnl_book_totals_merge(&merged, layer, old.items[i].list.items, in->arena);
		if (r < 0) {
			return r;
		}
	}
	size_t rest = old.count - next;
	struct fnl_value *items = fnl_arena_alloc(in->arena, (merged.list.count + rest + 1) * sizeof(*items));
	if (!items) {
		return FNL_E_NOMEM;
	}
	memcpy(items, merged.list.items, merged.list.count * sizeof(*items));
	if (rest) {
		memcpy(items + merged.list.count, old.items + next, rest * sizeof(*items));
	}
	cell[FNL_CELL_TOTALS] = fnl_value_list(items, merged.list.count + rest);
	return FNL_OK;
}

/* ---- rows ---- */

/* Whose the rep is; absent: nobody's, as far as HR has said, or it is the pool. */
static struct fnl_span org_of(const struct fnl_value *rep)
{
	bool at_home = rep && rep[FNL_REP_REP_ID].set && rep[FNL_REP_ORG_ID].set && !rep[FNL_REP_ERASED].i64;
	return at_home ? rep[FNL_REP_ORG_ID].str : FNL_SPAN_NONE;
}

static bool is_empty(const struct fnl_value *cell)
{
	return cell[FNL_CELL_TOTALS].list.count == 0;
}

static bool is_told_to(const struct fnl_value *cell, struct fnl_span org_id)
{
	const struct fnl_value *told = &cell[FNL_CELL_TOLD_ORG_ID];
	return told->set && !fnl_span_is_none(org_id) && fnl_span_eq(told->str, org_id);
}

static void arm(struct fnl_value *cell, int64_t due_ms, struct fnl_span cause_id, struct fnl_span correlation_id)
{
	struct fnl_value *due = &cell[FNL_CELL_NEXT_DEADLINE_AT];
	if (!due->set) { /* of several untold changes the first one is named as the cause */
		cell[FNL_CELL_CAUSE_ID] = fnl_value_str(fnl_span_is_none(cause_id) ? FNL_SPAN_LIT("") : cause_id);
		cell[FNL_CELL_CORRELATION_ID] = fnl_value_str_or_null(correlation_id);
	}
	if (!due->set || due->i64 > due_ms) { /* further changes don't put off what the first one is waiting for */
		*due = fnl_value_i64(due_ms);
	}
}

/* The sums of the row have changed. */
static struct fnl_cell_row changed(const struct fnl_cell_in *in, struct fnl_value *cell)
{
	struct fnl_span org_id = org_of(in->rep);
	bool told = cell[FNL_CELL_TOLD_ORG_ID].set;
	if (is_empty(cell) && !told) {
		return (struct fnl_cell_row){FNL_ROW_DELETE, NULL};
	}
	if (told || !fnl_span_is_none(org_id)) {
		int64_t due_ms = in->now_ms + in->rules->values[FNL_RULES_AT_ORG_CONFLATION_S] * MS_PER_SECOND;
		arm(cell, due_ms, in->cause_id, in->correlation_id);
	}
	return (struct fnl_cell_row){FNL_ROW_PUT, cell};
}

/* A copy of the row, or a new one; its codes are borrowed from the line. */
static struct fnl_value *open_cell(const struct fnl_cell_in *in, const struct fnl_value *cell,
                                   const struct fnl_value *line)
{
	if (cell) {
		return fnl_values_copy(in->arena, cell, FNL_CELL_FIELD_COUNT);
	}
	struct fnl_value *row = fnl_arena_calloc(in->arena, FNL_CELL_FIELD_COUNT, sizeof(*row));
	if (row) {
		row[FNL_CELL_BOOK] = line[FNL_LINE_BOOK];
		row[FNL_CELL_REGION] = fnl_value_str(code_of(&line[FNL_LINE_REGION]));
		row[FNL_CELL_INDUSTRY] = fnl_value_str(code_of(&line[FNL_LINE_INDUSTRY]));
		row[FNL_CELL_SIZE_FOCUS] = fnl_value_str(code_of(&line[FNL_LINE_SIZE_FOCUS]));
		row[FNL_CELL_SEQUENCE] = row[FNL_CELL_MERGED_BEFORE] = fnl_value_i64(0);
		row[FNL_CELL_TOTALS] = fnl_value_list(NULL, 0);
	}
	return row;
}

/* What a line is in a cell that counts by these weeks. */
struct share {
	int64_t slot;
	struct fnl_book_amount amount;
};

static struct share share_of(const struct fnl_value *line, const struct fnl_value *cell)
{
	int64_t week = week_of(&line[FNL_LINE_HELD_UNTIL], cell[FNL_CELL_MERGED_BEFORE].i64);
	return (struct share){line[FNL_LINE_LAYER].i64 + FNL_CELL_SLOT_LAYERS * week,
	                      fnl_book_amount_of(line + FNL_LINE_STATE)};
}

static bool same_share(const struct share *a, const struct share *b)
{
	return a->slot == b->slot && fnl_span_eq(a->amount.currency, b->amount.currency) &&
	       a->amount.amount_minor == b->amount.amount_minor && a->amount.weighted == b->amount.weighted;
}

/* One row: `from` leaves it and `to` joins it; either may be NULL. */
static int change_cell(const struct fnl_cell_in *in, const struct fnl_value *cell, const struct fnl_value *from,
                       const struct fnl_value *to, struct fnl_cell_row *ret)
{
	struct share old = {0}, new = {0};
	if (from && !cell) {
		return FNL_E_STATE;
	}
	struct fnl_value *row = open_cell(in, cell, to ? to : from);
	if (!row) {
		return FNL_E_NOMEM;
	}
	int r = merge_weeks(in, row, fnl_local_day(&in->rules->calendar, in->now_ms));
	if (r < 0) {
		return r;
	}
	if (from) {
		old = share_of(from, row);
	}
	if (to) {
		new = share_of(to, row);
	}
	if (from && to && same_share(&old, &new)) {
		return FNL_OK;
	}
	r = from ? fnl_book_totals_add(&row[FNL_CELL_TOTALS], old.slot, &old.amount, -1, in->arena) : FNL_OK;
	r = r == 0 && to ? fnl_book_totals_add(&row[FNL_CELL_TOTALS], new.slot, &new.amount, 1, in->arena) : r;
	if (r == 0) {
		*ret = changed(in, row);
	}
	return r;
}

int fnl_cell_move(const struct fnl_cell_in *in, const struct fnl_value *before, struct fnl_value *after,
                  const struct fnl_value *left, const struct fnl_value *joined, struct fnl_cell_row *ret_left,
                  struct fnl_cell_row *ret_joined, struct fnl_error *why)
{
	struct fnl_span name = FNL_SPAN_NONE;
	bool was = before && before[FNL_LINE_CELL].set;
	struct fnl_cell_row rows[2] = {{FNL_ROW_KEEP, NULL}, {FNL_ROW_KEEP, NULL}};
	int r = after ? fnl_cell_of_line(after + FNL_LINE_STATE, in->arena, &name) : FNL_OK;
	bool is = !fnl_span_is_none(name);
	bool same = was && is && fnl_span_eq(before[FNL_LINE_CELL].str, name);
	if (r < 0) {
		return r;
	}
	if (after) {
		int64_t today = fnl_local_day(&in->rules->calendar, in->now_ms);
		after[FNL_LINE_CELL] = fnl_value_str_or_null(name);
		after[FNL_LINE_HELD_UNTIL] = is ? held_until(in->rules, after, today) : fnl_value_null();
	}
	if (was && !same) {
		r = change_cell(in, left, before, NULL, &rows[0]);
	}
	if (r == 0 && is) {
		r = change_cell(in, joined, same ? before : NULL, after, &rows[1]);
	}
	if (r == FNL_E_LIMIT) {
		return fnl_fail(why, r, "the sums of a cell go beyond 64 bits or %d entries", FNL_BOOK_TOTALS_MAX);
	}
	if (r < 0) {
		return r == FNL_E_STATE ? fnl_fail(why, r, "a line is not among the sums of its cell") : r;
	}
	*ret_left = rows[0];
	*ret_joined = rows[1];
	return FNL_OK;
}

/* ---- what is told ---- */

static int tell_volumes(const struct fnl_value *cell, struct fnl_arena *arena, struct fnl_value *ret)
{
	struct fnl_list totals = cell[FNL_CELL_TOTALS].list;
	struct fnl_value *items = fnl_arena_alloc(arena, (totals.count + 1) * sizeof(*items));
	for (size_t i = 0; i < totals.count && items; i++) {
		const struct fnl_value *total = totals.items[i].list.items;
		struct fnl_value *v = fnl_arena_calloc(arena, FNL_CELL_VOLUME_FIELD_COUNT, sizeof(*v));
		if (!v) {
			return FNL_E_NOMEM;
		}
		v[FNL_CELL_VOLUME_LAYER] = fnl_value_i64(total[FNL_CELL_TOTAL_SLOT].i64 % FNL_CELL_SLOT_LAYERS);
		v[FNL_CELL_VOLUME_HELD_WEEK] = fnl_value_i64(total[FNL_CELL_TOTAL_SLOT].i64 / FNL_CELL_SLOT_LAYERS);
		memcpy(v + FNL_CELL_VOLUME_CURRENCY, total + FNL_CELL_TOTAL_CURRENCY,
		       (FNL_CELL_TOTAL_WEIGHTED_E4 - FNL_CELL_TOTAL_CURRENCY + 1) * sizeof(*v));
		items[i] = fnl_value_list(v, FNL_CELL_VOLUME_FIELD_COUNT);
	}
	*ret = fnl_value_list(items, totals.count);
	return items ? FNL_OK : FNL_E_NOMEM;
}

static int tell(const struct fnl_cell_in *in, struct fnl_value *cell, struct fnl_value org_id, bool present,
                struct fnl_cell_told *out)
{
	struct fnl_value *v = fnl_arena_calloc(in->arena, FNL_CELL_IMAGE_FIELD_COUNT, sizeof(*v));
	if (!v || out->image_count == FNL_CELL_IMAGES_MAX) {
		return v ? FNL_E_INTERNAL : FNL_E_NOMEM;
	}
	cell[FNL_CELL_SEQUENCE].i64++;
	v[FNL_CELL_IMAGE_SOURCE] = fnl_value_str(FNL_SPAN_LIT("funneld"));
	v[FNL_CELL_IMAGE_OCCURRED_AT] = fnl_value_i64(in->now_ms);
	v[FNL_CELL_IMAGE_ORG_ID] = org_id;
	v[FNL_CELL_IMAGE_REP_ID] = fnl_value_str(fnl_book_rep_id(cell[FNL_CELL_BOOK].str));
	v[FNL_CELL_IMAGE_BOOK] = cell[FNL_CELL_BOOK];
	v[FNL_CELL_IMAGE_REGION] = cell[FNL_CELL_REGION];
	v[FNL_CELL_IMAGE_INDUSTRY] = cell[FNL_CELL_INDUSTRY];
	v[FNL_CELL_IMAGE_SIZE_FOCUS] = cell[FNL_CELL_SIZE_FOCUS];
	v[FNL_CELL_IMAGE_SEQUENCE] = cell[FNL_CELL_SEQUENCE];
	v[FNL_CELL_IMAGE_PRESENT] = fnl_value_i64(present);
	v[FNL_CELL_IMAGE_TOTALS] = fnl_value_list(NULL, 0);
	cell[FNL_CELL_TOLD_ORG_ID] = present ? org_id : fnl_value_null();
	out->images[out->image_count++] = (struct fnl_event_out){&fnl_desc_cell_image, v};
	return present ? tell_volumes(cell, in->arena, &v[FNL_CELL_IMAGE_TOTALS]) : FNL_OK;
}

int fnl_cell_timer(const struct fnl_cell_in *in, const struct fnl_value *cell, struct fnl_cell_told *ret)
{
	struct fnl_cell_told out = {.row = {FNL_ROW_KEEP, NULL}};
	struct fnl_span org_id = org_of(in->rep);
	if (!cell || !cell[FNL_CELL_NEXT_DEADLINE_AT].set || cell[FNL_CELL_NEXT_DEADLINE_AT].i64 > in->now_ms) {
		out.stale = true;
		*ret = out;
		return FNL_OK;
	}
	struct fnl_value *row = fnl_values_copy(in->arena, cell, FNL_CELL_FIELD_COUNT);
	int r = row ? FNL_OK : FNL_E_NOMEM;
	if (r == 0 && row[FNL_CELL_TOLD_ORG_ID].set && (is_empty(row) || !is_told_to(row, org_id))) {
		r = tell(in, row, row[FNL_CELL_TOLD_ORG_ID], false, &out);
	}
	if (r == 0 && !is_empty(row) && !fnl_span_is_none(org_id)) {
		r = tell(in, row, fnl_value_str(org_id), true, &out);
	}
	if (r < 0) {
		return r;
	}
	out.cause_id = cell[FNL_CELL_CAUSE_ID].set ? cell[FNL_CELL_CAUSE_ID].str : FNL_SPAN_LIT("");
	out.correlation_id = cell[FNL_CELL_CORRELATION_ID].set ? cell[FNL_CELL_CORRELATION_ID].str : FNL_SPAN_NONE;
	row[FNL_CELL_NEXT_DEADLINE_AT] = row[FNL_CELL_CAUSE_ID] = row[FNL_CELL_CORRELATION_ID] = fnl_value_null();
	bool goes = is_empty(row) && !row[FNL_CELL_TOLD_ORG_ID].set;
	out.row = goes ? (struct fnl_cell_row){FNL_ROW_DELETE, NULL} : (struct fnl_cell_row){FNL_ROW_PUT, row};
	*ret = out;
	return FNL_OK;
}

/* ---- another organisation has the rep ---- */

void fnl_cell_rep_changed(const struct fnl_value *before, struct fnl_value *rep, int64_t now_ms,
                          struct fnl_span cause_id, struct fnl_span correlation_id)
{
	struct fnl_span from = org_of(before), to = org_of(rep);
	bool same = fnl_span_is_none(from) == fnl_span_is_none(to) && fnl_span_eq(from, to);
	if (same || rep[FNL_REP_LINE_COUNT].i64 == 0) {
		return; /* a cell with nothing in it has a timer of its own */
	}
	rep[FNL_REP_CELLS_DUE_AT] = fnl_value_i64(now_ms);
	rep[FNL_REP_CELLS_AFTER] = fnl_value_null();
	rep[FNL_REP_CELLS_CAUSE_ID] = fnl_value_str(fnl_span_is_none(cause_id) ? FNL_SPAN_LIT("") : cause_id);
	rep[FNL_REP_CELLS_CORRELATION_ID] = fnl_value_str_or_null(correlation_id);
}

bool fnl_cell_is_waiting(const struct fnl_value *rep)
{
	return rep && rep[FNL_REP_CELLS_DUE_AT].set;
}

int fnl_cell_go_over(const struct fnl_cell_in *in, struct fnl_value *rep, const struct fnl_value *const *cells,
                     size_t count, struct fnl_span last_key, bool last, struct fnl_cell_row *rows)
{
	const struct fnl_value *correlation = &rep[FNL_REP_CELLS_CORRELATION_ID];
	struct fnl_span org_id = org_of(rep);
	bool due = fnl_cell_is_waiting(rep) && rep[FNL_REP_CELLS_DUE_AT].i64 <= in->now_ms;
	for (size_t i = 0; i < count; i++) {
		rows[i] = (struct fnl_cell_row){FNL_ROW_KEEP, NULL};
		bool told = cells[i][FNL_CELL_TOLD_ORG_ID].set;
		bool known = told ? is_told_to(cells[i], org_id) : fnl_span_is_none(org_id);
		if (!due || known) {
			continue;
		}
		struct fnl_value *row = fnl_values_copy(in->arena, cells[i], FNL_CELL_FIELD_COUNT);
		if (!row) {
			return FNL_E_NOMEM;
		}
		arm(row, in->now_ms, rep[FNL_REP_CELLS_CAUSE_ID].str, correlation->set ? correlation->str : FNL_SPAN_NONE);
		rows[i] = (struct fnl_cell_row){FNL_ROW_PUT, row};
	}
	if (due && last) {
		rep[FNL_REP_CELLS_DUE_AT] = rep[FNL_REP_CELLS_AFTER] = fnl_value_null();
		rep[FNL_REP_CELLS_CAUSE_ID] = rep[FNL_REP_CELLS_CORRELATION_ID] = fnl_value_null();
	} else if (due) {
		rep[FNL_REP_CELLS_AFTER] = fnl_value_str(last_key);
	}
	return FNL_OK;
}
