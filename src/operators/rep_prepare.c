/* From bytes to an event and the rows it needs. */
#include "rep_internal.h"

enum kind {
	LINE,
	REP,
	ASK,
	HANDOVER,
	ORG_ANSWER,
	MOVES,
	ANSWER,
	REVISION,
	MOVED,
	COMMAND,
	RATE,
	TERRITORY,
	RULES,
	TIME
};

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
		SHAPE(revise_quota, REVISE_QUOTA, REVISION, FNL_REVISE_QUOTA_REP_ID),
		SHAPE(quota_moved, QUOTA_MOVED, MOVED, FNL_QUOTA_MOVED_BOOK),
		SHAPE(open_quota_year, OPEN_QUOTA_YEAR, COMMAND, FNL_OPEN_QUOTA_YEAR_ORG_ID),
		SHAPE(fx_rate, FX_RATE, RATE, FNL_FX_RATE_NAME),
		SHAPE(territory_defined, TERRITORY_DEFINED, TERRITORY, FNL_TERRITORY_DEFINED_TERRITORY_ID),
		SHAPE(rules_activated, RULES_ACTIVATED, RULES, -1),
		SHAPE(rep_resigned, REP_RESIGNED, HANDOVER, FNL_REP_RESIGNED_REP_ID),
		SHAPE(resignation_withdrawn, RESIGNATION_WITHDRAWN, HANDOVER, FNL_RESIGNATION_WITHDRAWN_REP_ID),
		SHAPE(rep_left, REP_LEFT, HANDOVER, FNL_REP_LEFT_REP_ID),
		SHAPE(rep_erased, REP_ERASED, HANDOVER, FNL_REP_ERASED_REP_ID),
		SHAPE(handover_task_done, HANDOVER_TASK_DONE, HANDOVER, FNL_HANDOVER_TASK_DONE_LEAVING_REP_ID),
		SHAPE(handover_task_waived, HANDOVER_TASK_WAIVED, HANDOVER, FNL_HANDOVER_TASK_WAIVED_LEAVING_REP_ID),
		SHAPE(successor_named, SUCCESSOR_NAMED, HANDOVER, FNL_SUCCESSOR_NAMED_LEAVING_REP_ID),
		SHAPE(reconciliation_reviewed, RECONCILIATION_REVIEWED, HANDOVER, FNL_RECONCILIATION_REVIEWED_LEAVING_REP_ID),
		SHAPE(successor_candidates, SUCCESSOR_CANDIDATES, ORG_ANSWER, FNL_SUCCESSOR_CANDIDATES_BOOK),
		SHAPE(org_base_rate, ORG_BASE_RATE, ORG_ANSWER, FNL_ORG_BASE_RATE_BOOK),
		SHAPE(book_moves, BOOK_MOVES, MOVES, FNL_BOOK_MOVES_BOOK),
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
struct fnl_span fnl_rep_line_key(struct fnl_span book, struct fnl_span prospect_id, struct fnl_arena *arena)
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
	struct fnl_span key = fnl_rep_line_key(e->book, e->prospect_id, arena);
	e->row_rep = fnl_prepared_add(ret, FNL_REP_TABLE_REP, e->book);
	e->row_line = fnl_prepared_add(ret, FNL_REP_TABLE_LINE, key);
	e->row_jobs = fnl_prepared_add(ret, FNL_REP_TABLE_PARTITION, FNL_SPAN_LIT("jobs"));
	if (!fnl_span_is_none(fnl_book_rep_id(e->book))) {
		e->row_inspection = fnl_prepared_add(ret, FNL_REP_TABLE_INSPECTION, e->book);
		e->row_handover = fnl_prepared_add(ret, FNL_REP_TABLE_HANDOVER, e->book);
		ret->naming |= 1u << e->row_handover;
	}
	ret->naming |= 1u << e->row_line;
	return fnl_span_is_none(key) ? FNL_E_NOMEM : 0;
}

int fnl_rep_prepare_more(struct fnl_operator *base, const struct fnl_record *r, const struct fnl_span *rows,
                         struct fnl_arena *arena, struct fnl_prepared *ret, struct fnl_error *why)
{
	struct fnl_rep_operator *o = FNL_CONTAINER_OF(base, struct fnl_rep_operator, base);
	struct fnl_rep_event *e = ret->event;
	(void)r;
	/* most books have no handover, and then none of their prospects has a task */
	bool handed = e->row_handover >= 0 && !fnl_span_is_none(rows[e->row_handover]);
	e->row_task = handed ? fnl_prepared_add(ret, FNL_REP_TABLE_TASK, ret->rows[e->row_line].key) : -1;
	return fnl_rep_prepare_cells(o, e, rows[e->row_line], arena, ret, why);
}

/* The book of the rep whom the record names. */
static int prepare_named(const struct fnl_record *r, struct fnl_rep_event *e, struct fnl_arena *arena,
                         struct fnl_error *why)
{
	int rc = fnl_check_id("rep_id", e->root.entity, why);
	if (rc) {
		return rc;
	}
	e->book = fnl_book_name(e->root.entity, arena);
	if (fnl_span_is_none(e->book)) {
		return FNL_E_NOMEM;
	}
	return check_book(r, e->book, why);
}

static int prepare_rep(const struct fnl_record *r, struct fnl_rep_event *e, struct fnl_arena *arena,
                       struct fnl_prepared *ret, struct fnl_error *why)
{
	int rc = prepare_named(r, e, arena, why);
	if (rc == 0) {
		e->row_rep = fnl_prepared_add(ret, FNL_REP_TABLE_REP, e->book);
		e->row_inspection = fnl_prepared_add(ret, FNL_REP_TABLE_INSPECTION, e->book);
	}
	return rc;
}

/* The handover of the book, and the task of the prospect that it is about: one that has no proper id has none. */
static int prepare_handover(struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret)
{
	const struct fnl_record_desc *desc = e->root.decoded.desc;
	const struct fnl_value *values = e->root.decoded.values;
	struct fnl_span prospect_id = FNL_SPAN_NONE;
	struct fnl_error why;
	if (desc == &fnl_desc_successor_candidates) {
		const struct fnl_value *of = &values[FNL_SUCCESSOR_CANDIDATES_PROSPECT_ID];
		prospect_id = of->set ? of->str : FNL_SPAN_NONE;
	} else if (fnl_rep_handover_input(desc) == FNL_REP_HANDOVER_COMMAND) {
		prospect_id = fnl_handover_prospect_of(desc, values);
	}
	e->row_handover = fnl_prepared_add(ret, FNL_REP_TABLE_HANDOVER, e->book);
	if (fnl_span_is_none(prospect_id) || fnl_check_id("prospect_id", prospect_id, &why)) {
		return 0;
	}
	struct fnl_span key = fnl_rep_line_key(e->book, prospect_id, arena);
	e->prospect_id = prospect_id;
	e->row_line = fnl_prepared_add(ret, FNL_REP_TABLE_LINE, key);
	e->row_task = fnl_prepared_add(ret, FNL_REP_TABLE_TASK, key);
	return fnl_span_is_none(key) ? FNL_E_NOMEM : 0;
}

/* What names its book, and may not be the pool. */
static int check_rep_book(const struct fnl_record *r, struct fnl_rep_event *e, struct fnl_error *why)
{
	e->book = e->root.entity;
	int rc = check_book(r, e->book, why);
	if (rc == 0 && fnl_span_is_none(fnl_book_rep_id(e->book))) {
		rc = fnl_fail(why, FNL_E_INVALID, "it is about a rep's sheet, handover or quota, and the pool has none");
	}
	return rc;
}

static int prepare_answer(const struct fnl_record *r, struct fnl_rep_event *e, struct fnl_prepared *ret,
                          struct fnl_error *why)
{
	int rc = check_rep_book(r, e, why);
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
	case ASK:
		rc = prepare_rep(r, e, arena, ret, why);
		break;
	case HANDOVER:
		rc = prepare_rep(r, e, arena, ret, why);
		rc = rc ? rc : prepare_handover(e, arena, ret);
		break;
	case ORG_ANSWER:
		rc = prepare_answer(r, e, ret, why);
		rc = rc ? rc : prepare_handover(e, arena, ret);
		break;
	case MOVES:
		rc = check_rep_book(r, e, why);
		rc = rc ? rc : fnl_rep_prepare_moves(e, arena, ret, why);
		break;
	case ANSWER:
		rc = prepare_answer(r, e, ret, why);
		break;
	case REVISION:
		rc = prepare_named(r, e, arena, why);
		rc = rc ? rc : fnl_rep_prepare_revision(e, arena, ret);
		break;
	case MOVED:
		rc = check_rep_book(r, e, why);
		rc = rc ? rc : fnl_rep_prepare_revision(e, arena, ret);
		break;
	case COMMAND:
		rc = fnl_check_id("org_id", e->root.entity, why);
		e->row_jobs = fnl_prepared_add(ret, FNL_REP_TABLE_PARTITION, FNL_SPAN_LIT("jobs"));
		break;
	case RATE:
		rc = fnl_rep_prepare_rate(e, arena, ret, why);
		break;
	case TERRITORY:
		rc = fnl_rep_prepare_territory(e, ret, why);
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
		e->row_handover = e->row_task = e->row_cell = e->row_left = -1;
		e->row_rate = e->row_territory = e->row_copied = e->row_moves = e->row_quota_moves = e->row_gone = -1;
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
	bool looked_at = shape->kind == LINE || shape->kind == ANSWER || shape->kind == ORG_ANSWER ||
	                 shape->kind == MOVES || shape->kind == MOVED;
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
	rc = fnl_rep_prepare_run(e, arena, ret);
	if (rc) {
		return rc;
	}
	if (e->need.work == FNL_QUOTA_WORK_BOOKS) {
		*page =
			(struct fnl_page_request){true, FNL_REP_TABLE_REP, FNL_SPAN_LIT(""), e->need.book, FNL_QUOTA_PAGE_BOOKS};
	} else if (e->need.work == FNL_QUOTA_WORK_LINES) {
		struct fnl_span prefix = fnl_rep_line_key(e->need.book, FNL_SPAN_LIT(""), arena);
		struct fnl_span after =
			fnl_span_is_none(e->need.after) ? FNL_SPAN_NONE : fnl_rep_line_key(e->need.book, e->need.after, arena);
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
	struct fnl_span prefix = fnl_rep_line_key(e->book, FNL_SPAN_LIT(""), arena);
	struct fnl_span after = first ? FNL_SPAN_NONE : fnl_rep_line_key(e->book, e->inspect.after, arena);
	ret->page = (struct fnl_page_request){true, FNL_REP_TABLE_LINE, prefix, after, e->inspect.limit};
	return fnl_span_is_none(prefix) || fnl_span_is_none(after) != first ? FNL_E_NOMEM : 0;
}

/* The next page of what the handover is at. */
static int prepare_handover_timer(struct fnl_rep_operator *o, struct fnl_row_key row, struct fnl_span value,
                                  struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret)
{
	const struct fnl_value *handover = NULL;
	struct fnl_error why;
	int rc = fnl_row_decode(o->op.codec, &o->rows[FNL_REP_TABLE_HANDOVER], value, arena, &handover, &why);
	if (rc || !handover) {
		return rc == FNL_E_NOMEM ? rc : FNL_E_STATE;
	}
	e->book = row.key;
	e->row_rep = fnl_prepared_add(ret, FNL_REP_TABLE_REP, e->book);
	e->row_inspection = fnl_prepared_add(ret, FNL_REP_TABLE_INSPECTION, e->book);
	e->handover = fnl_handover_needs(handover);
	if (e->handover.of == FNL_HANDOVER_PAGE_NONE) {
		return 0;
	}
	uint8_t table = e->handover.of == FNL_HANDOVER_PAGE_LINES ? FNL_REP_TABLE_LINE : FNL_REP_TABLE_TASK;
	bool first = fnl_span_is_none(e->handover.after);
	struct fnl_span prefix = fnl_rep_line_key(e->book, FNL_SPAN_LIT(""), arena);
	struct fnl_span after = first ? FNL_SPAN_NONE : fnl_rep_line_key(e->book, e->handover.after, arena);
	ret->page = (struct fnl_page_request){true, table, prefix, after, e->handover.limit};
	return fnl_span_is_none(prefix) || fnl_span_is_none(after) != first ? FNL_E_NOMEM : 0;
}

/* Its book is what stands before the '|', which no id has. */
static int prepare_task_timer(struct fnl_row_key row, struct fnl_rep_event *e, struct fnl_prepared *ret)
{
	const uint8_t *bar = memchr(row.key.data, '|', row.key.len);
	if (!bar) {
		return FNL_E_STATE;
	}
	size_t len = (size_t)(bar - row.key.data);
	e->book = fnl_span_of(row.key.data, len);
	e->prospect_id = fnl_span_of(bar + 1, row.key.len - len - 1);
	e->row_handover = fnl_prepared_add(ret, FNL_REP_TABLE_HANDOVER, e->book);
	e->row_rep = fnl_prepared_add(ret, FNL_REP_TABLE_REP, e->book);
	e->row_line = fnl_prepared_add(ret, FNL_REP_TABLE_LINE, row.key);
	e->row_inspection = fnl_prepared_add(ret, FNL_REP_TABLE_INSPECTION, e->book);
	return 0;
}

/* What the row may have to tell, or to go over. */
static int prepare_rep_timer(struct fnl_rep_operator *o, struct fnl_row_key row, struct fnl_span value,
                             struct fnl_rep_event *e, struct fnl_arena *arena, struct fnl_prepared *ret)
{
	const struct fnl_value *rep = NULL;
	struct fnl_error why;
	e->book = row.key;
	int rc = fnl_row_decode(o->op.codec, &o->rows[FNL_REP_TABLE_REP], value, arena, &rep, &why);
	rc = rc ? rc : fnl_rep_prepare_going_over(rep, e, arena, ret);
	return rc ? rc : fnl_rep_prepare_attainment(e, rep, arena, ret);
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
		e->row_rep = at;
		rc = prepare_rep_timer(o, row, value, e, arena, ret);
	} else if (row.table == FNL_REP_TABLE_CELL) {
		e->row_cell = at;
		rc = fnl_rep_prepare_cell_timer(o, row, value, e, arena, ret);
	} else if (row.table == FNL_REP_TABLE_INSPECTION) {
		e->row_inspection = at;
		rc = prepare_inspection(o, row, value, e, arena, ret);
	} else if (row.table == FNL_REP_TABLE_HANDOVER) {
		e->row_handover = at;
		rc = prepare_handover_timer(o, row, value, e, arena, ret);
	} else if (row.table == FNL_REP_TABLE_TASK) {
		e->row_task = at;
		rc = prepare_task_timer(row, e, ret);
	} else if (row.table == FNL_REP_TABLE_MOVES) {
		e->row_moves = at;
		rc = fnl_rep_prepare_moves_timer(o, row, value, e, arena, ret);
	} else if (row.table == FNL_REP_TABLE_QUOTA_MOVES) {
		e->row_quota_moves = at;
		rc = fnl_rep_prepare_quota_moves_timer(o, value, e, arena, ret);
	} else {
		e->row_jobs = at;
		rc = prepare_jobs(o, value, e, arena, ret);
	}
	e->row_rules = fnl_prepared_add(ret, FNL_REP_TABLE_PARTITION, FNL_SPAN_LIT("rules"));
	ret->event = e;
	ret->event_time_ms = FNL_NO_TIME;
	return rc;
}
