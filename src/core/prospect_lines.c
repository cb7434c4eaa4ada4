/* What books have of a prospect: the owner's line, which counts, and the copies of those who owned it before. A CRM
 * often moves a prospect at once when somebody leaves; what he knew of it must not be gone with that. Whoever won it
 * hears of his win as long as it is one, also when he has no copy any more: that alone, and nothing of the buyer. */
#include "funneld/core/book.h"
#include "prospect_internal.h"

#define FORMER_KEEP_MS (INT64_C(86400000) * FNL_PROSPECT_FORMER_DAYS_MAX)

/* The fields of a line that are the row's: its image. */
struct pair {
	int line;
	int row;
};
static const struct pair image[] = {
	{FNL_BOOK_LINE_LAYER, FNL_PROSPECT_LAYER},
	{FNL_BOOK_LINE_WEIGHT_BP, FNL_PROSPECT_WEIGHT_BP},
	{FNL_BOOK_LINE_RULES_VERSION, FNL_PROSPECT_RULES_VERSION},
	{FNL_BOOK_LINE_AMOUNT, FNL_PROSPECT_AMOUNT},
	{FNL_BOOK_LINE_WON_AMOUNT, FNL_PROSPECT_WON_AMOUNT},
	{FNL_BOOK_LINE_CLOSED_ON, FNL_PROSPECT_CLOSED_ON},
	{FNL_BOOK_LINE_EXPECTED_CLOSE_DATE, FNL_PROSPECT_EXPECTED_CLOSE_DATE},
	{FNL_BOOK_LINE_REGION, FNL_PROSPECT_REGION},
	{FNL_BOOK_LINE_INDUSTRY, FNL_PROSPECT_INDUSTRY},
	{FNL_BOOK_LINE_PIPELINE_ID, FNL_PROSPECT_PIPELINE_ID},
	{FNL_BOOK_LINE_STAGE, FNL_PROSPECT_STAGE},
	{FNL_BOOK_LINE_BUYER_ID, FNL_PROSPECT_BUYER_ID},
	{FNL_BOOK_LINE_PROBABILITY_BP, FNL_PROSPECT_PROBABILITY_BP},
	{FNL_BOOK_LINE_LOST_REASON, FNL_PROSPECT_LOST_REASON},
	{FNL_BOOK_LINE_LOST_TO_ID, FNL_PROSPECT_LOST_TO_ID},
	{FNL_BOOK_LINE_CONTACT_IDS, FNL_PROSPECT_CONTACT_IDS},
	{FNL_BOOK_LINE_OWNER_REP_ID, FNL_PROSPECT_OWNER_REP_ID},
	{FNL_BOOK_LINE_PLANNED_PURCHASES, FNL_PROSPECT_PLANNED_PURCHASES},
	{FNL_BOOK_LINE_SIZE_FOCUS, FNL_PROSPECT_SIZE_FOCUS},
	{FNL_BOOK_LINE_OWNER_SINCE, FNL_PROSPECT_OWNER_SINCE},
	{FNL_BOOK_LINE_WON_BY, FNL_PROSPECT_WON_BY},
};
enum { IMAGE_COUNT = sizeof(image) / sizeof(image[0]) };
_Static_assert((int)IMAGE_COUNT == (FNL_BOOK_LINE_BUYER_ID - FNL_BOOK_LINE_LAYER + 1) +
                                       (FNL_BOOK_LINE_OWNER_REP_ID - FNL_BOOK_LINE_PROBABILITY_BP + 1) +
                                       (FNL_BOOK_LINE_WON_BY - FNL_BOOK_LINE_PLANNED_PURCHASES),
               "every field of the line is there; the day of the last contact is shown by itself");

/* A MIDDLE is not moved soon after a contact: books must know of one then, and of the day alone. */
static struct fnl_value last_contact_on(const struct fnl_value *row)
{
	const struct fnl_value *at = &row[FNL_PROSPECT_LAST_CONTACT_AT];
	bool shown = row[FNL_PROSPECT_LAYER].i64 == FNL_LAYER_MIDDLE && at->set;
	return shown ? fnl_value_i64(at->i64 / FNL_BUSINESS_DAY_MS) : fnl_value_null();
}

/* A list of the line is never null. */
static struct fnl_value shown_of(const struct fnl_value *row, const struct pair *field)
{
	const struct fnl_field_desc *desc = &fnl_desc_book_line.fields[field->line];
	bool none = desc->kind == FNL_KIND_LIST && !desc->nullable && !row[field->row].set;
	return none ? fnl_value_list(NULL, 0) : row[field->row];
}

static bool same_image(const struct fnl_value *a, const struct fnl_value *b)
{
	for (size_t i = 0; i < IMAGE_COUNT; i++) {
		struct fnl_value was = shown_of(a, &image[i]);
		struct fnl_value is = shown_of(b, &image[i]);
		if (!fnl_value_eq(&fnl_desc_book_line.fields[image[i].line], &was, &is)) {
			return false;
		}
	}
	struct fnl_value contact_was = last_contact_on(a);
	struct fnl_value contact_is = last_contact_on(b);
	if (contact_was.set != contact_is.set || contact_was.i64 != contact_is.i64) {
		return false;
	}
	/* an edit goes along with what is told, but what is against the company is told at once, and so is its end */
	return fnl_value_eq(&fnl_desc_prospect.fields[FNL_PROSPECT_ADVERSE], &a[FNL_PROSPECT_ADVERSE],
	                    &b[FNL_PROSPECT_ADVERSE]);
}

static int show_edits(const struct fnl_prospect_edit *e, const struct fnl_value *row, struct fnl_value *line)
{
	line[FNL_BOOK_LINE_ADVERSE] = row[FNL_PROSPECT_ADVERSE];
	if (!row[FNL_PROSPECT_EDITED_BY_AT].set) {
		return FNL_OK;
	}
	struct fnl_value *v = fnl_arena_calloc(e->in->arena, FNL_LAST_EDIT_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_LAST_EDIT_AT] = row[FNL_PROSPECT_EDITED_BY_AT];
	v[FNL_LAST_EDIT_BY] = row[FNL_PROSPECT_EDITED_BY];
	line[FNL_BOOK_LINE_EDIT] = fnl_value_list(v, FNL_LAST_EDIT_FIELD_COUNT);
	return FNL_OK;
}

/* What a win is to who has won it. */
static const struct pair win[] = {
	{FNL_BOOK_LINE_LAYER, FNL_PROSPECT_LAYER},
	{FNL_BOOK_LINE_WON_AMOUNT, FNL_PROSPECT_WON_AMOUNT},
	{FNL_BOOK_LINE_CLOSED_ON, FNL_PROSPECT_CLOSED_ON},
	{FNL_BOOK_LINE_WON_BY, FNL_PROSPECT_WON_BY},
};
enum { WIN_COUNT = sizeof(win) / sizeof(win[0]) };

/* Whose win the prospect is; absent: it is none, or nobody's. */
static struct fnl_span winner_of(const struct fnl_value *row)
{
	bool won = row && row[FNL_PROSPECT_LAYER].i64 == FNL_LAYER_WON && row[FNL_PROSPECT_WON_BY].set;
	return won ? row[FNL_PROSPECT_WON_BY].str : FNL_SPAN_NONE;
}

static bool is_winner(const struct fnl_value *row, struct fnl_span book)
{
	struct fnl_span winner = winner_of(row);
	return !fnl_span_is_none(winner) && fnl_span_eq(winner, fnl_book_rep_id(book));
}

static bool same_win(const struct fnl_value *a, const struct fnl_value *b)
{
	for (size_t i = 0; i < WIN_COUNT; i++) {
		if (!fnl_value_eq(&fnl_desc_book_line.fields[win[i].line], &a[win[i].row], &b[win[i].row])) {
			return false;
		}
	}
	return true;
}

/* row: whose image it is. GONE and ERASED take the line away, and so have none; a win stays whose it is. */
static int tell_line(struct fnl_prospect_edit *e, struct fnl_span book, int state, const struct fnl_value *row,
                     int64_t sequence)
{
	struct fnl_value *v = fnl_arena_calloc(e->in->arena, FNL_BOOK_LINE_FIELD_COUNT, sizeof(*v));
	if (!v || e->out->line_count == FNL_PROSPECT_LINES_MAX) {
		return FNL_E_NOMEM;
	}
	v[FNL_BOOK_LINE_SOURCE] = row[FNL_PROSPECT_SOURCE];
	v[FNL_BOOK_LINE_OCCURRED_AT] = fnl_value_i64(e->occurred_at_ms);
	v[FNL_BOOK_LINE_BOOK] = fnl_value_str(book);
	v[FNL_BOOK_LINE_PROSPECT_ID] = row[FNL_PROSPECT_PROSPECT_ID];
	v[FNL_BOOK_LINE_SEQUENCE] = fnl_value_i64(sequence);
	v[FNL_BOOK_LINE_STATE] = fnl_value_i64(state);
	v[FNL_BOOK_LINE_STALLS] = fnl_value_list(NULL, 0);
	v[FNL_BOOK_LINE_CONTACT_IDS] = fnl_value_list(NULL, 0);
	v[FNL_BOOK_LINE_ADVERSE] = fnl_value_list(NULL, 0);
	bool shown = state == FNL_LINE_STATE_OWNED || state == FNL_LINE_STATE_WATCHED;
	for (size_t i = 0; i < IMAGE_COUNT && shown; i++) {
		v[image[i].line] = shown_of(row, &image[i]);
	}
	if (shown) {
		v[FNL_BOOK_LINE_LAST_CONTACT_ON] = last_contact_on(row);
	}
	if (shown && show_edits(e, row, v) < 0) {
		return FNL_E_NOMEM;
	}
	if (shown && row[FNL_PROSPECT_STALLS].list.count > 0) {
		const struct fnl_value *evidence = fnl_prospect_evidence(e);
		if (!evidence) {
			return FNL_E_NOMEM;
		}
		v[FNL_BOOK_LINE_STALLS] = row[FNL_PROSPECT_STALLS];
		v[FNL_BOOK_LINE_EVIDENCE] = fnl_value_list(evidence, FNL_EVIDENCE_FIELD_COUNT);
	}
	if (!shown) {
		v[FNL_BOOK_LINE_LAYER] = fnl_value_i64(state == FNL_LINE_STATE_ERASED ? FNL_LAYER_ERASED : FNL_LAYER_NONE);
		v[FNL_BOOK_LINE_WEIGHT_BP] = fnl_value_i64(0);
		v[FNL_BOOK_LINE_RULES_VERSION] = fnl_value_i64(e->in->rules->version);
	}
	for (size_t i = 0; i < WIN_COUNT && state == FNL_LINE_STATE_GONE && is_winner(row, book); i++) {
		v[win[i].line] = row[win[i].row];
	}
	e->out->lines[e->out->line_count++] = (struct fnl_event_out){&fnl_desc_book_line, v};
	return FNL_OK;
}

static const struct fnl_value *former(const struct fnl_value *item)
{
	return item->list.items;
}

void fnl_prospect_set_deadline(const struct fnl_prospect_edit *e)
{
	struct fnl_value *row = e->row;
	struct fnl_list formers = row[FNL_PROSPECT_FORMER_OWNERS].list;
	struct fnl_value next = row[FNL_PROSPECT_KEEP_UNTIL];
	for (size_t i = 0; i < formers.count; i++) {
		int64_t until_ms = former(&formers.items[i])[FNL_FORMER_OWNER_UNTIL].i64 + FORMER_KEEP_MS;
		if (!next.set || until_ms < next.i64) {
			next = fnl_value_i64(until_ms);
		}
	}
	if (e->look_ms != FNL_NO_SUPERVISION && (!next.set || e->look_ms < next.i64)) {
		next = fnl_value_i64(e->look_ms);
	}
	row[FNL_PROSPECT_NEXT_DEADLINE_AT] = next;
}

static int new_former(struct fnl_prospect_edit *e, struct fnl_value book, struct fnl_value *ret)
{
	struct fnl_value *v = fnl_arena_calloc(e->in->arena, FNL_FORMER_OWNER_FIELD_COUNT, sizeof(*v));
	if (!v) {
		return FNL_E_NOMEM;
	}
	v[FNL_FORMER_OWNER_BOOK] = book;
	v[FNL_FORMER_OWNER_UNTIL] = fnl_value_i64(e->occurred_at_ms);
	*ret = fnl_value_list(v, FNL_FORMER_OWNER_FIELD_COUNT);
	return FNL_OK;
}

/* Another book has the line from now on: the one before is a former owner's, and one too many is dropped
 * (*ret_dropped). The pool is nobody's: it keeps no copy. */
static int change_book(struct fnl_prospect_edit *e, struct fnl_span book, struct fnl_value *ret_dropped)
{
	struct fnl_value *row = e->row;
	struct fnl_value old = row[FNL_PROSPECT_BOOK];
	struct fnl_list known = row[FNL_PROSPECT_FORMER_OWNERS].list;
	struct fnl_value *list = fnl_arena_calloc(e->in->arena, FNL_PROSPECT_FORMER_OWNERS_MAX, sizeof(*list));
	size_t count = 0;
	int r = list ? FNL_OK : FNL_E_NOMEM;
	if (r == FNL_OK && old.set && !fnl_span_is_none(fnl_book_rep_id(old.str))) {
		r = new_former(e, old, &list[count++]);
	} else if (old.set) {
		*ret_dropped = old;
	}
	if (r < 0) {
		return r;
	}
	for (size_t i = 0; i < known.count; i++) {
		struct fnl_value his = former(&known.items[i])[FNL_FORMER_OWNER_BOOK];
		if (fnl_span_eq(his.str, book)) {
			continue; /* he owns it again */
		}
		if (count == FNL_PROSPECT_FORMER_OWNERS_MAX) {
			*ret_dropped = his;
			break;
		}
		list[count++] = known.items[i];
	}
	row[FNL_PROSPECT_BOOK] = fnl_value_str(book);
	row[FNL_PROSPECT_FORMER_OWNERS] = fnl_value_list(list, count);
	return FNL_OK;
}

static int tell_formers(struct fnl_prospect_edit *e)
{
	struct fnl_list formers = e->row[FNL_PROSPECT_FORMER_OWNERS].list;
	int r = FNL_OK;
	for (size_t i = 0; i < formers.count && r == FNL_OK; i++) {
		const struct fnl_value *f = former(&formers.items[i]);
		r = tell_line(e, f[FNL_FORMER_OWNER_BOOK].str, FNL_LINE_STATE_WATCHED, e->row,
		              e->row[FNL_PROSPECT_SEQUENCE].i64);
		if (r == FNL_OK) {
			e->out->lines[e->out->line_count - 1].values[FNL_BOOK_LINE_LEFT_AT] = f[FNL_FORMER_OWNER_UNTIL];
		}
	}
	return r;
}

/* Whether a book has a line of it: the owner's, or a former owner's. */
static bool has_line(const struct fnl_value *row, struct fnl_span book)
{
	struct fnl_list formers = row[FNL_PROSPECT_FORMER_OWNERS].list;
	bool has = row[FNL_PROSPECT_BOOK].set && fnl_span_eq(row[FNL_PROSPECT_BOOK].str, book);
	for (size_t i = 0; i < formers.count && !has; i++) {
		has = fnl_span_eq(former(&formers.items[i])[FNL_FORMER_OWNER_BOOK].str, book);
	}
	return has;
}

/* Who had won it before the change to `row`, and has no line of it, nor loses one with the change (dropped). */
static int tell_winner(struct fnl_prospect_edit *e, const struct fnl_value *before, const struct fnl_value *row,
                       struct fnl_value dropped, int state)
{
	struct fnl_span winner = winner_of(before);
	if (fnl_span_is_none(winner)) {
		return FNL_OK;
	}
	struct fnl_span book = fnl_book_name(winner, e->in->arena);
	if (fnl_span_is_none(book)) {
		return FNL_E_NOMEM;
	}
	int64_t sequence = row[FNL_PROSPECT_SEQUENCE].i64 + (before == row ? 1 : 0); /* the end is a change of its own */
	bool told = has_line(row, book) || (dropped.set && fnl_span_eq(dropped.str, book));
	return told ? FNL_OK : tell_line(e, book, state, row, sequence);
}

int fnl_prospect_lines_changed(struct fnl_prospect_edit *e)
{
	struct fnl_value *row = e->row;
	struct fnl_value old = row[FNL_PROSPECT_BOOK];
	struct fnl_value dropped = {0};
	int64_t sequence = row[FNL_PROSPECT_SEQUENCE].i64;
	if (!old.set && row[FNL_PROSPECT_LAYER].i64 == FNL_LAYER_NONE) {
		fnl_prospect_set_deadline(e);
		return FNL_OK; /* nothing is known of it yet */
	}
	struct fnl_value owner = row[FNL_PROSPECT_OWNER_REP_ID];
	struct fnl_span book = fnl_book_name(owner.set ? owner.str : FNL_SPAN_NONE, e->in->arena);
	if (fnl_span_is_none(book)) {
		return FNL_E_NOMEM;
	}
	bool moved = !old.set || !fnl_span_eq(old.str, book);
	bool differs = false;
	int r = fnl_prospect_stalls_differ(e, &differs);
	if (r < 0) {
		return r;
	}
	differs = differs || !e->in->row || !same_image(e->in->row, row);
	if (!moved && !differs) {
		fnl_prospect_set_deadline(e);
		return FNL_OK;
	}
	r = moved ? change_book(e, book, &dropped) : FNL_OK;
	r = r ? r : tell_line(e, book, FNL_LINE_STATE_OWNED, row, sequence);
	/* another owner is another image, so that whoever watches hears of it, too */
	r = r || !differs ? r : tell_formers(e);
	if (r == FNL_OK && dropped.set) {
		r = tell_line(e, dropped.str, FNL_LINE_STATE_GONE, row, sequence);
	}
	/* who wins it now owns it */
	if (r == FNL_OK && e->in->row && !same_win(e->in->row, row)) {
		r = tell_winner(e, e->in->row, row, dropped, FNL_LINE_STATE_GONE);
	}
	fnl_prospect_set_deadline(e);
	return r;
}

int fnl_prospect_lines_end(struct fnl_prospect_edit *e, const struct fnl_value *row, int state)
{
	struct fnl_list formers = row[FNL_PROSPECT_FORMER_OWNERS].list;
	int64_t sequence = row[FNL_PROSPECT_SEQUENCE].i64 + 1;
	int r = FNL_OK;
	if (row[FNL_PROSPECT_BOOK].set) {
		r = tell_line(e, row[FNL_PROSPECT_BOOK].str, state, row, sequence);
	}
	for (size_t i = 0; i < formers.count && r == FNL_OK; i++) {
		r = tell_line(e, former(&formers.items[i])[FNL_FORMER_OWNER_BOOK].str, state, row, sequence);
	}
	return r ? r : tell_winner(e, row, row, fnl_value_null(), state);
}

int fnl_prospect_formers_end(struct fnl_prospect_edit *e, bool *ret_any)
{
	struct fnl_value *row = e->row;
	struct fnl_list formers = row[FNL_PROSPECT_FORMER_OWNERS].list;
	struct fnl_value *left = fnl_arena_calloc(e->in->arena, formers.count + 1, sizeof(*left));
	int64_t sequence = row[FNL_PROSPECT_SEQUENCE].i64 + 1;
	size_t count = 0;
	int r = left ? FNL_OK : FNL_E_NOMEM;
	for (size_t i = 0; i < formers.count && r == FNL_OK; i++) {
		const struct fnl_value *f = former(&formers.items[i]);
		if (f[FNL_FORMER_OWNER_UNTIL].i64 + FORMER_KEEP_MS > e->occurred_at_ms) {
			left[count++] = formers.items[i];
		} else {
			r = tell_line(e, f[FNL_FORMER_OWNER_BOOK].str, FNL_LINE_STATE_GONE, row, sequence);
		}
	}
	if (r == FNL_OK) {
		*ret_any = count < formers.count;
		row[FNL_PROSPECT_SEQUENCE].i64 += *ret_any;
		row[FNL_PROSPECT_FORMER_OWNERS] = fnl_value_list(left, count);
	}
	return r;
}
