/* From bytes to an event and the rows it needs. */
#include "org_internal.h"

enum kind { ENTRY, CELL, YEAR, SUCCESSOR, BASE_RATE, OUTCOME, TERRITORIES, PERFORMANCE, MOVED, RULES, TIME };

/* Which records may come on the topic. All have source and occurred_at; org, book: the fields with the organisation and
 * the book, -1: none. */
struct shape {
	const struct fnl_record_desc *desc;
	enum kind kind;
	int source;
	int occurred_at;
	int org;
	int book;
};

#define SHAPE(record, RECORD, kind, org, book) \
	{ \
		&fnl_desc_##record, kind, FNL_##RECORD##_SOURCE, FNL_##RECORD##_OCCURRED_AT, org, book \
	}

static const struct shape *shape_of(const struct fnl_record_desc *desc)
{
	static const struct shape shapes[] = {
		SHAPE(rep_entry, REP_ENTRY, ENTRY, FNL_REP_ENTRY_ORG_ID, -1),
		SHAPE(cell_image, CELL_IMAGE, CELL, FNL_CELL_IMAGE_ORG_ID, FNL_CELL_IMAGE_BOOK),
		SHAPE(rep_year, REP_YEAR, YEAR, FNL_REP_YEAR_ORG_ID, FNL_REP_YEAR_BOOK),
		SHAPE(stage_time, STAGE_TIME, TIME, -1, -1),
		SHAPE(successor_asked, SUCCESSOR_ASKED, SUCCESSOR, FNL_SUCCESSOR_ASKED_ORG_ID, FNL_SUCCESSOR_ASKED_BOOK),
		SHAPE(base_rate_asked, BASE_RATE_ASKED, BASE_RATE, FNL_BASE_RATE_ASKED_ORG_ID, FNL_BASE_RATE_ASKED_BOOK),
		SHAPE(handover_outcome, HANDOVER_OUTCOME, OUTCOME, FNL_HANDOVER_OUTCOME_ORG_ID, FNL_HANDOVER_OUTCOME_BOOK),
		SHAPE(propose_territories, PROPOSE_TERRITORIES, TERRITORIES, FNL_PROPOSE_TERRITORIES_ORG_ID, -1),
		SHAPE(accept_proposal, ACCEPT_PROPOSAL, TERRITORIES, FNL_ACCEPT_PROPOSAL_ORG_ID, -1),
		SHAPE(score_performance, SCORE_PERFORMANCE, PERFORMANCE, FNL_SCORE_PERFORMANCE_ORG_ID, -1),
		SHAPE(quota_moved, QUOTA_MOVED, MOVED, FNL_QUOTA_MOVED_ORG_ID, FNL_QUOTA_MOVED_BOOK),
		SHAPE(rules_activated, RULES_ACTIVATED, RULES, -1, -1),
	};
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (shapes[i].desc == desc) {
			return &shapes[i];
		}
	}
	return NULL;
}

/* "<a>|<b>", and "|<c>" when it is there; FNL_SPAN_NONE: no memory. */
static struct fnl_span key_of(struct fnl_span a, struct fnl_span b, struct fnl_span c, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_raw(&w, a);
	fnl_write_u8(&w, '|');
	fnl_write_raw(&w, b);
	if (!fnl_span_is_none(c)) {
		fnl_write_u8(&w, '|');
		fnl_write_raw(&w, c);
	}
	return fnl_writer_span(&w);
}

/* What keys are made of must be right before there are any. */
static int check_org(const struct fnl_record *r, const struct shape *shape, const struct fnl_value *v,
                     struct fnl_error *why)
{
	struct fnl_span org_id = v[shape->org].str;
	int rc = fnl_check_id("org_id", org_id, why);
	bool keyed = r->key.len == org_id.len + 4 && memcmp(r->key.data, "org:", 4) == 0 &&
	             fnl_span_eq(fnl_span_of(r->key.data + 4, org_id.len), org_id);
	if (rc == 0 && !keyed) {
		rc = fnl_fail(why, FNL_E_INVALID,
		              "the record's key is not its organisation, so it may be in the wrong "
		              "partition");
	}
	if (rc || shape->book < 0) {
		return rc;
	}
	struct fnl_span rep_id = fnl_book_rep_id(v[shape->book].str);
	return fnl_span_is_none(rep_id) ? fnl_fail(why, FNL_E_INVALID, "book is not a rep's")
	                                : fnl_check_id("the rep's id in book", rep_id, why);
}

static int add_row(struct fnl_prepared *p, uint8_t table, struct fnl_span key, int *ret_at)
{
	for (size_t i = 0; i < p->row_count; i++) {
		if (p->rows[i].table == table && fnl_span_eq(p->rows[i].key, key)) {
			*ret_at = (int)i;
			return 0;
		}
	}
	*ret_at = fnl_prepared_add(p, table, key);
	return fnl_span_is_none(key) ? FNL_E_NOMEM : 0;
}

static int prepare_asked(const struct fnl_value *v, struct fnl_org_event *e, struct fnl_arena *arena,
                         struct fnl_prepared *ret, struct fnl_error *why)
{
	struct fnl_span org_id = v[FNL_SUCCESSOR_ASKED_ORG_ID].str;
	struct fnl_span book = v[FNL_SUCCESSOR_ASKED_BOOK].str;
	if (!v[FNL_SUCCESSOR_ASKED_SUCCESSOR_ID].set) {
		struct fnl_span key = key_of(org_id, book, v[FNL_SUCCESSOR_ASKED_REQUEST_ID].str, arena);
		return add_row(ret, FNL_ORG_TABLE_QUESTION, key, &e->row_question);
	}
	struct fnl_span successor_id = v[FNL_SUCCESSOR_ASKED_SUCCESSOR_ID].str;
	int rc = fnl_check_id("successor_id", successor_id, why);
	struct fnl_span leaver = key_of(org_id, fnl_book_rep_id(book), FNL_SPAN_NONE, arena);
	struct fnl_span successor = key_of(org_id, successor_id, FNL_SPAN_NONE, arena);
	rc = rc ? rc : add_row(ret, FNL_ORG_TABLE_REP, leaver, &e->row_leaver);
	return rc ? rc : add_row(ret, FNL_ORG_TABLE_REP, successor, &e->row_successor);
}

static struct fnl_span year_text(int64_t fiscal_year, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_decimal(&w, fiscal_year); /* of four digits, or the step says what is wrong with it */
	return fnl_writer_span(&w);
}

static int check_rep_of_book(struct fnl_span rep_id, struct fnl_span book, struct fnl_error *why)
{
	return fnl_span_eq(rep_id, fnl_book_rep_id(book)) ? 0
	                                                  : fnl_fail(why, FNL_E_INVALID, "rep_id is not that of the book");
}

static int prepare_year(const struct fnl_value *v, struct fnl_org_event *e, struct fnl_arena *arena,
                        struct fnl_prepared *ret, struct fnl_error *why)
{
	struct fnl_span org_id = v[FNL_REP_YEAR_ORG_ID].str;
	struct fnl_span rep_id = v[FNL_REP_YEAR_REP_ID].str;
	struct fnl_span year = year_text(v[FNL_REP_YEAR_FISCAL_YEAR].i64, arena);
	int rc = check_rep_of_book(rep_id, v[FNL_REP_YEAR_BOOK].str, why);
	if (rc || fnl_span_is_none(year)) {
		return rc ? rc : FNL_E_NOMEM;
	}
	rc = add_row(ret, FNL_ORG_TABLE_YEAR, key_of(org_id, year, rep_id, arena), &e->row_year);
	return rc ? rc : add_row(ret, FNL_ORG_TABLE_SCORING, org_id, &e->row_scoring);
}

static int prepare_cell(const struct fnl_value *v, struct fnl_org_event *e, struct fnl_arena *arena,
                        struct fnl_prepared *ret, struct fnl_error *why)
{
	int rc = check_rep_of_book(v[FNL_CELL_IMAGE_REP_ID].str, v[FNL_CELL_IMAGE_BOOK].str, why);
	if (rc) {
		return rc;
	}
	struct fnl_span name = fnl_cell_name(v[FNL_CELL_IMAGE_REGION].str, v[FNL_CELL_IMAGE_INDUSTRY].str,
	                                     v[FNL_CELL_IMAGE_SIZE_FOCUS].str, arena);
	return fnl_span_is_none(name)
	           ? FNL_E_NOMEM
	           : add_row(ret, FNL_ORG_TABLE_CELL,
	                     key_of(v[FNL_CELL_IMAGE_ORG_ID].str, v[FNL_CELL_IMAGE_BOOK].str, name, arena), &e->row_cell);
}

static int prepare_kind(enum kind kind, struct fnl_org_event *e, struct fnl_arena *arena, struct fnl_prepared *ret,
                        struct fnl_error *why)
{
	const struct fnl_value *v = e->root.decoded.values;
	int rc = 0;
	switch (kind) {
	case ENTRY:
		rc = fnl_check_id("rep_id", v[FNL_REP_ENTRY_REP_ID].str, why);
		rc = rc ? rc
		        : add_row(ret, FNL_ORG_TABLE_REP,
		                  key_of(v[FNL_REP_ENTRY_ORG_ID].str, v[FNL_REP_ENTRY_REP_ID].str, FNL_SPAN_NONE, arena),
		                  &e->row_rep);
		break;
	case CELL:
		rc = prepare_cell(v, e, arena, ret, why);
		break;
	case SUCCESSOR:
		rc = prepare_asked(v, e, arena, ret, why);
		break;
	case BASE_RATE:
		rc = add_row(ret, FNL_ORG_TABLE_QUESTION,
		             key_of(v[FNL_BASE_RATE_ASKED_ORG_ID].str, v[FNL_BASE_RATE_ASKED_BOOK].str,
		                    v[FNL_BASE_RATE_ASKED_REQUEST_ID].str, arena),
		             &e->row_question);
		break;
	case OUTCOME:
		rc = fnl_check_id("notice_id", v[FNL_HANDOVER_OUTCOME_NOTICE_ID].str, why);
		rc = rc ? rc
		        : add_row(ret, FNL_ORG_TABLE_HANDOVER,
		                  key_of(v[FNL_HANDOVER_OUTCOME_ORG_ID].str, v[FNL_HANDOVER_OUTCOME_BOOK].str,
		                         v[FNL_HANDOVER_OUTCOME_NOTICE_ID].str, arena),
		                  &e->row_handover);
		break;
	case YEAR:
		rc = prepare_year(v, e, arena, ret, why);
		break;
	case TERRITORIES:
		rc = add_row(ret, FNL_ORG_TABLE_PROPOSAL, e->root.entity, &e->row_proposal);
		break;
	case PERFORMANCE:
		rc = add_row(ret, FNL_ORG_TABLE_SCORING, e->root.entity, &e->row_scoring);
		break;
	case MOVED:
	case RULES:
		break;
	case TIME:
		rc = add_row(ret, FNL_ORG_TABLE_PARTITION, FNL_SPAN_LIT("clock"), &e->row_times);
		break;
	}
	return rc;
}

static struct fnl_org_event *event_new(struct fnl_arena *arena)
{
	struct fnl_org_event *e = fnl_arena_calloc(arena, 1, sizeof(*e));
	if (e) {
		e->row_rules = e->row_times = e->row_rep = e->row_leaver = -1;
		e->row_successor = e->row_handover = e->row_question = e->row_cell = -1;
		e->row_proposal = e->row_year = e->row_scoring = -1;
		for (size_t i = 0; i < FNL_SUCCESSOR_CANDIDATES_MAX; i++) {
			e->row_best[i] = -1;
		}
	}
	return e;
}

static bool is_internal(enum kind kind)
{
	return kind != RULES && kind != TIME && kind != TERRITORIES && kind != PERFORMANCE;
}

int fnl_org_prepare(struct fnl_operator *base, const struct fnl_record *r, struct fnl_arena *arena,
                    struct fnl_prepared *ret, struct fnl_error *why)
{
	struct fnl_org_operator *o = FNL_CONTAINER_OF(base, struct fnl_org_operator, base);
	struct fnl_org_event *e = event_new(arena);
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
	root->entity = shape->org >= 0 ? root->decoded.values[shape->org].str : root->source;
	rc = fnl_check_id("source", root->source, why);
	rc = rc || shape->org < 0 ? rc : check_org(r, shape, root->decoded.values, why);
	rc = rc ? rc : prepare_kind(shape->kind, e, arena, ret, why);
	if (rc) {
		return rc;
	}
	e->row_rules = fnl_prepared_add(ret, FNL_ORG_TABLE_PARTITION, FNL_SPAN_LIT("rules"));
	ret->event = e;
	/* the rep stage has looked at the time of what it sends */
	ret->event_time_ms = is_internal(shape->kind) ? FNL_NO_TIME : root->occurred_at_ms;
	return 0;
}

/* Rows of the organisation, from the first one after `after`. within: what their keys have behind it, or absent. */
static int ask_page(const struct fnl_org_operator *o, uint8_t table, struct fnl_span org_id, struct fnl_span within,
                    struct fnl_span after, struct fnl_arena *arena, struct fnl_prepared *ret)
{
	bool all = fnl_span_is_none(within);
	struct fnl_span prefix =
		all ? key_of(org_id, FNL_SPAN_LIT(""), FNL_SPAN_NONE, arena) : key_of(org_id, within, FNL_SPAN_LIT(""), arena);
	ret->page = (struct fnl_page_request){true, table, prefix, after, o->page_rows_max};
	return fnl_span_is_none(prefix) ? FNL_E_NOMEM : 0;
}

/* The entries of the one who leaves and of the best ones so far, as they are now. */
static int prepare_successor(struct fnl_org_event *e, struct fnl_arena *arena, struct fnl_prepared *ret)
{
	_Static_assert(3 + FNL_SUCCESSOR_CANDIDATES_MAX <= FNL_STEP_ROWS_MAX,
	               "a page of reps needs its question, the rules, the leaver and the best ones");
	const struct fnl_value *q = e->timed;
	struct fnl_span org_id = q[FNL_ORG_QUESTION_ORG_ID].str;
	struct fnl_span leaver_id = fnl_book_rep_id(q[FNL_ORG_QUESTION_BOOK].str);
	struct fnl_list best = q[FNL_ORG_QUESTION_BEST_IDS].list;
	int rc = add_row(ret, FNL_ORG_TABLE_REP, key_of(org_id, leaver_id, FNL_SPAN_NONE, arena), &e->row_leaver);
	for (size_t i = 0; i < best.count && i < FNL_SUCCESSOR_CANDIDATES_MAX && rc == 0; i++) {
		rc = add_row(ret, FNL_ORG_TABLE_REP, key_of(org_id, best.items[i].str, FNL_SPAN_NONE, arena), &e->row_best[i]);
	}
	return rc;
}

static int prepare_question(const struct fnl_org_operator *o, struct fnl_org_event *e, struct fnl_arena *arena,
                            struct fnl_prepared *ret)
{
	const struct fnl_value *q = e->timed;
	const struct fnl_value *after = &q[FNL_ORG_QUESTION_AFTER];
	bool successor = q[FNL_ORG_QUESTION_KIND].i64 == FNL_ORG_QUESTION_KIND_SUCCESSOR;
	int rc = ask_page(o, successor ? FNL_ORG_TABLE_REP : FNL_ORG_TABLE_HANDOVER, q[FNL_ORG_QUESTION_ORG_ID].str,
	                  FNL_SPAN_NONE, after->set ? after->str : FNL_SPAN_NONE, arena, ret);
	return rc || !successor ? rc : prepare_successor(e, arena, ret);
}

static int prepare_proposal(const struct fnl_org_operator *o, const struct fnl_org_event *e, struct fnl_arena *arena,
                            struct fnl_prepared *ret)
{
	struct fnl_proposal_need need = fnl_proposal_needs(e->timed);
	uint8_t table = need.of == FNL_PROPOSAL_PAGE_REPS ? FNL_ORG_TABLE_REP : FNL_ORG_TABLE_CELL;
	return need.of == FNL_PROPOSAL_PAGE_NONE
	           ? 0
	           : ask_page(o, table, e->timed[FNL_PROPOSAL_ORG_ID].str, FNL_SPAN_NONE, need.after, arena, ret);
}

static int prepare_scoring(const struct fnl_org_operator *o, const struct fnl_org_event *e, struct fnl_arena *arena,
                           struct fnl_prepared *ret)
{
	struct fnl_scoring_need need = fnl_scoring_needs(e->timed);
	if (!need.wanted) {
		return 0;
	}
	struct fnl_span year = year_text(need.fiscal_year, arena);
	return fnl_span_is_none(year)
	           ? FNL_E_NOMEM
	           : ask_page(o, FNL_ORG_TABLE_YEAR, e->timed[FNL_SCORING_ORG_ID].str, year, need.after, arena, ret);
}

int fnl_org_prepare_timer(struct fnl_operator *base, struct fnl_row_key row, struct fnl_span value,
                          struct fnl_arena *arena, struct fnl_prepared *ret)
{
	struct fnl_org_operator *o = FNL_CONTAINER_OF(base, struct fnl_org_operator, base);
	struct fnl_org_event *e = event_new(arena);
	struct fnl_error why;
	if (!e) {
		return FNL_E_NOMEM;
	}
	int at = fnl_prepared_add(ret, row.table, row.key);
	int rc = fnl_row_decode(o->op.codec, &o->rows[row.table], value, arena, &e->timed, &why);
	if (rc || !e->timed) {
		return rc == FNL_E_NOMEM ? rc : FNL_E_STATE;
	}
	e->row_rules = fnl_prepared_add(ret, FNL_ORG_TABLE_PARTITION, FNL_SPAN_LIT("rules"));
	ret->event = e;
	ret->event_time_ms = FNL_NO_TIME;
	switch (row.table) {
	case FNL_ORG_TABLE_QUESTION:
		e->row_question = at;
		return prepare_question(o, e, arena, ret);
	case FNL_ORG_TABLE_PROPOSAL:
		e->row_proposal = at;
		return prepare_proposal(o, e, arena, ret);
	case FNL_ORG_TABLE_SCORING:
		e->row_scoring = at;
		return prepare_scoring(o, e, arena, ret);
	default:
		return FNL_E_STATE;
	}
}
