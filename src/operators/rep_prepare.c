/* From bytes to an event and the rows it needs. */
#include "rep_internal.h"

enum kind { LINE, REP, REP_LATER, ASK, ANSWER, COMMAND, RULES, TIME };

/* Which records may come on the topic. All have source and occurred_at; entity: the field that says whom it is about,
 * -1: the partition. */
struct shape {
	const struct fnl_record_desc *desc;
	enum kind kind;
	int source;
	int occurred_at;
	int entity;
};

#define SHAPE(record, RECORD, kind, entity) \
	{ \
		&fnl_desc_##record, kind, FNL_##RECORD##_SOURCE, FNL_##RECORD##_OCCURRED_AT, entity \
	}

static const struct shape *shape_of(const struct fnl_record_desc *desc)
{
	static const struct shape shapes[] = {
		SHAPE(book_line, BOOK_LINE, LINE, FNL_BOOK_LINE_BOOK),
		SHAPE(stage_time, STAGE_TIME, TIME, -1),
		SHAPE(rep_changed, REP_CHANGED, REP, FNL_REP_CHANGED_REP_ID),
		SHAPE(answer_given, ANSWER_GIVEN, ANSWER, FNL_ANSWER_GIVEN_BOOK),
		SHAPE(inspect_now, INSPECT_NOW, ASK, FNL_INSPECT_NOW_REP_ID),
		SHAPE(open_quota_year, OPEN_QUOTA_YEAR, COMMAND, FNL_OPEN_QUOTA_YEAR_ORG_ID),
		SHAPE(rules_activated, RULES_ACTIVATED, RULES, -1),
		SHAPE(rep_resigned, REP_RESIGNED, REP_LATER, FNL_REP_RESIGNED_REP_ID),
		SHAPE(resignation_withdrawn, RESIGNATION_WITHDRAWN, REP_LATER, FNL_RESIGNATION_WITHDRAWN_REP_ID),
		SHAPE(rep_left, REP_LEFT, REP_LATER, FNL_REP_LEFT_REP_ID),
		SHAPE(rep_erased, REP_ERASED, REP_LATER, FNL_REP_ERASED_REP_ID),
	};
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (shapes[i].desc == desc) {
			return &shapes[i];
		}
	}
	return NULL;
}

static int check_book(const struct fnl_record *r, struct fnl_span book, struct fnl_error *why)
{
	struct fnl_span rep_id = fnl_book_rep_id(book);
	bool pool = fnl_span_eq(book, FNL_SPAN_LIT("pool:UNASSIGNED"));
	if (!pool && fnl_span_is_none(rep_id)) {
		return fnl_fail(why, FNL_E_INVALID, "book is neither \"rep:\" and an id nor \"pool:UNASSIGNED\"");
	}
	int rc = pool ? 0 : fnl_check_id("the rep's id in book", rep_id, why);
	if (rc == 0 && !fnl_span_eq(r->key, book)) {
		rc = fnl_fail(why, FNL_E_INVALID, "the record's key is not its book, so it may be in the wrong partition");
	}
	return rc;
}

/* "<book>|<prospect>" */
static struct fnl_span line_key(struct fnl_span book, struct fnl_span prospect_id, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_raw(&w, book);
	fnl_write_u8(&w, '|');
	fnl_write_raw(&w, prospect_id);
	return fnl_writer_span(&w);
}

struct fnl_span fnl_rep_quota_key(struct fnl_span book, int64_t fiscal_year, struct fnl_span prospect_id,
                                  struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_raw(&w, book);
	fnl_write_u8(&w, '|');
	fnl_write_decimal(&w, fiscal_year);
	if (!fnl_span_is_none(prospect_id)) {
		fnl_write_u8(&w, '|');
		fnl_write_raw(&w, prospect_id);
	}
	return fnl_writer_span(&w);
}

static int prepare_line(const struct fnl_record *r, struct fnl_rep_event *e, struct fnl_arena *arena,
                        struct fnl_prepared *ret, struct fnl_error *why)
{
	e->book = e->root.decoded.values[FNL_BOOK_LINE_BOOK].str;
	e->prospect_id = e->root.decoded.values[FNL_BOOK_LINE_PROSPECT_ID].str;
	int rc = check_book(r, e->book, why);
	rc = rc ? rc : fnl_check_id("prospect_id", e->prospect_id, why);
	if (rc) {
		return rc;
	}
	struct fnl_span key = line_key(e->book, e->prospect_id, arena);
	e->row_rep = fnl_prepared_add(ret, FNL_REP_TABLE_REP, e->book);
	e->row_line = fnl_prepared_add(ret, FNL_REP_TABLE_LINE, key);
	e->row_jobs = fnl_prepared_add(ret, FNL_REP_TABLE_PARTITION, FNL_SPAN_LIT("jobs"));
	if (!fnl_span_is_none(fnl_book_rep_id(e->book))) {
		e->row_inspection = fnl_prepared_add(ret, FNL_REP_TABLE_INSPECTION, e->book);
	}
	return fnl_span_is_none(key) ? FNL_E_NOMEM : 0;
}

static int prepare_rep(const struct fnl_record *r, enum kind kind, struct fnl_rep_event *e, struct fnl_arena *arena,
                       struct fnl_prepared *ret, struct fnl_error *why)
{
	int rc = fnl_check_id("rep_id", e->root.entity, why);
	if (rc) {
		return rc;
	}
	e->book = fnl_book_name(e->root.entity, arena);
	if (fnl_span_is_none(e->book)) {
		return FNL_E_NOMEM;
	}
	rc = check_book(r, e->book, why);
	if (rc == 0 && kind != REP_LATER) {
		e->row_rep = fnl_prepared_add(ret, FNL_REP_TABLE_REP, e->book);
		e->row_inspection = fnl_prepared_add(ret, FNL_REP_TABLE_INSPECTION, e->book);
	}
	return rc;
}

static int prepare_answer(const struct fnl_record *r, struct fnl_rep_event *e, struct fnl_prepared *ret,
                          struct fnl_error *why)
{
	e->book = e->root.entity;
	int rc = check_book(r, e->book, why);
	if (rc == 0 && fnl_span_is_none(fnl_book_rep_id(e->book))) {
		rc = fnl_fail(why, FNL_E_INVALID, "an answer is to a rep's sheet, and the pool has none");
	}
	if (rc == 0) {
		e->row_rep = fnl_prepared_add(ret, FNL_REP_TABLE_REP, e->book);
		e->row_inspection = fnl_prepared_add(ret, FNL_REP_TABLE_INSPECTION, e->book);
	}
	return rc;
}

static int prepare_kind(const struct fnl_record *r, enum kind kind, struct fnl_rep_event *e, struct fnl_arena *arena,
                        struct fnl_prepared *ret, struct fnl_error *why)
{
	int rc = 0;
	switch (kind) {
	case LINE:
		rc = prepare_line(r, e, arena, ret, why);
		break;
	case REP:
	case REP_LATER:
	case ASK:
		rc = prepare_rep(r, kind, e, arena, ret, why);
		break;
	case ANSWER:
		rc = prepare_answer(r, e, ret, why);
		break;
	case COMMAND:
		rc = fnl_check_id("org_id", e->root.entity, why);
		e->row_jobs = fnl_prepared_add(ret, FNL_REP_TABLE_PARTITION, FNL_SPAN_LIT("jobs"));
		break;
	case RULES:
		e->row_jobs = fnl_prepared_add(ret, FNL_REP_TABLE_PARTITION, FNL_SPAN_LIT("jobs"));
		break;
	case TIME:
		e->row_times = fnl_prepared_add(ret, FNL_REP_TABLE_PARTITION, FNL_SPAN_LIT("clock"));
		break;
	}
	return rc;
}

static struct fnl_rep_event *event_new(struct fnl_arena *arena)
{
	struct fnl_rep_event *e = fnl_arena_calloc(arena, 1, sizeof(*e));
	if (e) {
		e->row_rep = e->row_line = e->row_jobs = e->row_rules = e->row_quota = e->row_times = e->row_inspection = -1;
	}
	return e;
}

int fnl_rep_prepare(struct fnl_operator *base, const struct fnl_record *r, struct fnl_arena *arena,
                    struct fnl_prepared *ret, struct fnl_error *why)
{
	struct fnl_rep_operator *o = FNL_CONTAINER_OF(base, struct fnl_rep_operator, base);
	struct fnl_rep_event *e = event_new(arena);
	if (!e) {
		return FNL_E_NOMEM;
	}
	struct fnl_root *root = &e->root;
	int rc = o->op.codec->ops->decode(o->op.codec, r, arena, &root->decoded, why);
	if (rc) {
		return rc;
	}
	const struct shape *shape = shape_of(root->decoded.desc);
	if (!shape) {
		return fnl_fail(why, FNL_E_UNSUPPORTED, "a %s does not belong on this topic", root->decoded.desc->name);
	}
	root->source = root->decoded.values[shape->source].str;
	root->occurred_at_ms = root->decoded.values[shape->occurred_at].i64;
	root->entity = shape->entity >= 0 ? root->decoded.values[shape->entity].str : root->source;
	rc = fnl_check_id("source", root->source, why);
	rc = rc ? rc : prepare_kind(r, shape->kind, e, arena, ret, why);
	if (rc) {
		return rc;
	}
	e->row_rules = fnl_prepared_add(ret, FNL_REP_TABLE_PARTITION, FNL_SPAN_LIT("rules"));
	ret->event = e;
	/* the time of a line or an answer was looked at by the stage that sent it, and it may be of any age */
	bool looked_at = shape->kind == LINE || shape->kind == ANSWER;
	ret->event_time_ms = looked_at ? FNL_NO_TIME : root->occurred_at_ms;
	return 0;
}

/* The next page of the work that is due. */
static int prepare_jobs(struct fnl_rep_operator *o, struct fnl_span value, struct fnl_rep_event *e,
                        struct fnl_arena *arena, struct fnl_prepared *ret)
{
	const struct fnl_value *jobs = NULL;
	struct fnl_error why;
	int rc = fnl_row_decode(o->op.codec, &o->rows[FNL_REP_TABLE_PARTITION], value, arena, &jobs, &why);
	if (rc || !jobs) {
		return rc == FNL_E_NOMEM ? rc : FNL_E_STATE;
	}
	e->need = fnl_quota_needs(jobs);
	struct fnl_page_request *page = &ret->page;
	if (e->need.work == FNL_QUOTA_WORK_BOOKS) {
		*page =
			(struct fnl_page_request){true, FNL_REP_TABLE_REP, FNL_SPAN_LIT(""), e->need.book, FNL_QUOTA_PAGE_BOOKS};
	} else if (e->need.work == FNL_QUOTA_WORK_LINES) {
		struct fnl_span prefix = line_key(e->need.book, FNL_SPAN_LIT(""), arena);
		struct fnl_span after =
			fnl_span_is_none(e->need.after) ? FNL_SPAN_NONE : line_key(e->need.book, e->need.after, arena);
		if (fnl_span_is_none(prefix) || fnl_span_is_none(after) != fnl_span_is_none(e->need.after)) {
			return FNL_E_NOMEM;
		}
		*page = (struct fnl_page_request){true, FNL_REP_TABLE_LINE, prefix, after, FNL_QUOTA_PAGE_LINES};
		e->row_rep = fnl_prepared_add(ret, FNL_REP_TABLE_REP, e->need.book);
		if (e->need.has_quota) {
			struct fnl_span key = fnl_rep_quota_key(e->need.book, e->need.fiscal_year, FNL_SPAN_NONE, arena);
			e->row_quota = fnl_prepared_add(ret, FNL_REP_TABLE_QUOTA, key);
			rc = fnl_span_is_none(key) ? FNL_E_NOMEM : 0;
		}
	}
	return rc;
}

/* The next page of the book's lines. */
static int prepare_inspection(struct fnl_rep_operator *o, struct fnl_row_key row, struct fnl_span value,
                              struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret)
{
	const struct fnl_value *inspection = NULL;
	struct fnl_error why;
	int rc = fnl_row_decode_head(o->op.codec, &o->rows[FNL_REP_TABLE_INSPECTION], value, FNL_INSPECTION_HEAD_COUNT,
	                             arena, &inspection, &why);
	if (rc || !inspection) {
		return rc == FNL_E_NOMEM ? rc : FNL_E_STATE;
	}
	e->book = row.key;
	e->row_rep = fnl_prepared_add(ret, FNL_REP_TABLE_REP, e->book);
	e->inspect = fnl_inspection_needs(inspection);
	bool first = fnl_span_is_none(e->inspect.after);
	struct fnl_span prefix = line_key(e->book, FNL_SPAN_LIT(""), arena);
	struct fnl_span after = first ? FNL_SPAN_NONE : line_key(e->book, e->inspect.after, arena);
	ret->page = (struct fnl_page_request){true, FNL_REP_TABLE_LINE, prefix, after, e->inspect.limit};
	return fnl_span_is_none(prefix) || fnl_span_is_none(after) != first ? FNL_E_NOMEM : 0;
}

int fnl_rep_prepare_timer(struct fnl_operator *base, struct fnl_row_key row, struct fnl_span value,
                          struct fnl_arena *arena, struct fnl_prepared *ret)
{
	struct fnl_rep_operator *o = FNL_CONTAINER_OF(base, struct fnl_rep_operator, base);
	struct fnl_rep_event *e = event_new(arena);
	if (!e) {
		return FNL_E_NOMEM;
	}
	int at = fnl_prepared_add(ret, row.table, row.key);
	int rc = 0;
	if (row.table == FNL_REP_TABLE_REP) {
		e->book = row.key;
		e->row_rep = at;
	} else if (row.table == FNL_REP_TABLE_INSPECTION) {
		e->row_inspection = at;
		rc = prepare_inspection(o, row, value, e, arena, ret);
	} else {
		e->row_jobs = at;
		rc = prepare_jobs(o, value, e, arena, ret);
	}
	e->row_rules = fnl_prepared_add(ret, FNL_REP_TABLE_PARTITION, FNL_SPAN_LIT("rules"));
	ret->event = e;
	ret->event_time_ms = FNL_NO_TIME;
	return rc;
}
