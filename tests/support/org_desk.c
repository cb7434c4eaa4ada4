#include "org_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "funneld/adapters/sys.h"
#include "funneld/core/org.h"
#include "rules_reader.h"

enum { ARENA_BYTES = 64 << 20 };

void fnl_org_desk_open(struct fnl_org_desk *desk, const char *schema_directory)
{
	memset(desk, 0, sizeof(*desk));
	fnl_arena_init(&desk->arena, ARENA_BYTES);
	desk->d = calloc(1, sizeof(*desk->d));
	desk->now_ms = FNL_T0;
	assert_non_null(desk->d);
	assert_int_equal(fnl_registry_file_open(schema_directory, &desk->registry, &desk->why), 0);
	assert_int_equal(fnl_codec_avro_open(desk->registry, &desk->codec, &desk->why), 0);
	assert_int_equal(fnl_org_operator_open(desk->codec, fnl_sys_ids(), fnl_test_rules_reader(), &desk->op, &desk->why),
	                 0);
}

void fnl_org_desk_close(struct fnl_org_desk *desk)
{
	fnl_org_operator_close(desk->op);
	desk->codec->ops->close(desk->codec);
	desk->registry->ops->close(desk->registry);
	free(desk->d);
	fnl_arena_deinit(&desk->arena);
}

void fnl_org_desk_clear(struct fnl_org_desk *desk)
{
	desk->row_count = 0;
	desk->now_ms = FNL_T0;
	fnl_org_operator_set_page(desk->op, FNL_ORG_PAGE_ROWS);
}

static struct fnl_org_desk_row *row_of(struct fnl_org_desk *desk, uint8_t table, struct fnl_span key)
{
	for (size_t i = 0; i < desk->row_count; i++) {
		if (desk->rows[i].table == table && fnl_span_eq(desk->rows[i].key, key)) {
			return &desk->rows[i];
		}
	}
	assert_true(desk->row_count < FNL_ORG_DESK_ROWS_MAX);
	struct fnl_org_desk_row *r = &desk->rows[desk->row_count++];
	*r = (struct fnl_org_desk_row){table, fnl_arena_dup(&desk->arena, key), FNL_SPAN_NONE};
	return r;
}

static int take(struct fnl_org_desk *desk, struct fnl_step *step, const struct fnl_prepared *p)
{
	struct fnl_span rows[FNL_STEP_ROWS_MAX];
	assert_true(p->row_count <= FNL_STEP_ROWS_MAX);
	for (size_t i = 0; i < p->row_count; i++) {
		rows[i] = row_of(desk, p->rows[i].table, p->rows[i].key)->value;
	}
	step->now_ms = desk->now_ms;
	step->event = p->event;
	step->rows = rows;
	step->row_count = p->row_count;
	step->arena = &desk->arena;
	desk->d->row_count = desk->d->output_count = 0;
	desk->d->stale = false;
	int rc = desk->op->ops->step(desk->op, step, desk->d, &desk->why);
	for (size_t i = 0; i < desk->d->row_count && rc == 0; i++) {
		const struct fnl_row_out *out = &desk->d->rows[i];
		struct fnl_row_key key = out->row == FNL_ROW_BY_KEY ? out->key : p->rows[out->row];
		row_of(desk, key.table, key.key)->value = out->value;
	}
	return rc;
}

static struct fnl_record record_of(struct fnl_org_desk *desk, const struct fnl_input *in, const char *key,
                                   struct fnl_header headers[2])
{
	struct fnl_record r = {.headers = headers, .header_count = 2};
	int org = fnl_record_field_index(in->desc, FNL_SPAN_LIT("org_id"));
	char *text = fnl_arena_alloc(&desk->arena, 200);
	headers[0] = (struct fnl_header){FNL_SPAN_LIT("ce_causationid"), FNL_SPAN_LIT("cause")};
	headers[1] = (struct fnl_header){FNL_SPAN_LIT("traceparent"), FNL_SPAN_LIT("trace")};
	if (key || org >= 0) {
		snprintf(text, 200, "org:%.*s", org < 0 ? 0 : (int)in->v[org].str.len,
		         org < 0 ? "" : (const char *)in->v[org].str.data);
		r.key = fnl_span_str(key ? key : text);
	}
	assert_int_equal(desk->codec->ops->encode(desk->codec, in->desc, in->v, &desk->arena, &r.value), 0);
	return r;
}

int fnl_org_desk_send(struct fnl_org_desk *desk, const struct fnl_input *in, const char *key)
{
	struct fnl_header headers[2];
	struct fnl_record r = record_of(desk, in, key, headers);
	struct fnl_prepared p = {0};
	struct fnl_step step = {.cause = FNL_CAUSE_RECORD, .record = &r};
	int rc = desk->op->ops->prepare(desk->op, &r, &desk->arena, &p, &desk->why);
	return rc ? rc : take(desk, &step, &p);
}

static int by_key(const void *a, const void *b)
{
	return fnl_span_cmp(((const struct fnl_page_row *)a)->key, ((const struct fnl_page_row *)b)->key);
}

static size_t page_of(const struct fnl_org_desk *desk, const struct fnl_page_request *q, struct fnl_page_row *ret)
{
	size_t n = 0;
	for (size_t i = 0; i < desk->row_count; i++) {
		const struct fnl_org_desk_row *r = &desk->rows[i];
		bool fits = r->key.len >= q->prefix.len && memcmp(r->key.data, q->prefix.data, q->prefix.len) == 0;
		if (r->table == q->table && r->value.data && fits && (!q->after.data || fnl_span_cmp(r->key, q->after) > 0)) {
			ret[n++] = (struct fnl_page_row){r->key, r->value};
		}
	}
	qsort(ret, n, sizeof(*ret), by_key);
	return n < q->limit ? n : q->limit;
}

bool fnl_org_desk_fire(struct fnl_org_desk *desk)
{
	struct fnl_page_row page[FNL_ORG_DESK_ROWS_MAX];
	struct fnl_org_desk_row *row = NULL;
	for (size_t i = 0; i < desk->row_count; i++) {
		struct fnl_org_desk_row *r = &desk->rows[i];
		int64_t at_ms = r->value.data ? desk->op->ops->row_deadline(desk->op, r->table, r->value) : FNL_NO_DEADLINE;
		bool due = at_ms != FNL_NO_DEADLINE && at_ms <= desk->now_ms;
		row = due && (!row || fnl_span_cmp(r->key, row->key) < 0) ? r : row;
	}
	if (!row) {
		return false;
	}
	struct fnl_row_key key = {row->table, row->key};
	struct fnl_prepared p = {0};
	struct fnl_step step = {.cause = FNL_CAUSE_TIMER,
	                        .timer_row = key,
	                        .timer_deadline_ms = desk->op->ops->row_deadline(desk->op, row->table, row->value),
	                        .page = page};
	struct fnl_span before = row->value;
	assert_int_equal(desk->op->ops->prepare_timer(desk->op, key, row->value, &desk->arena, &p), 0);
	assert_true(p.row_count > 0 && p.rows[0].table == key.table && fnl_span_eq(p.rows[0].key, key.key));
	assert_true(!p.page.wanted || p.page.limit <= FNL_PAGE_ROWS_MAX);
	step.page_count = p.page.wanted ? page_of(desk, &p.page, page) : 0;
	assert_int_equal(take(desk, &step, &p), 0);
	assert_false(fnl_span_eq(before, row->value));
	if (row->value.data) { /* as the engine wants it */
		assert_true(desk->op->ops->row_deadline(desk->op, row->table, row->value) >= step.timer_deadline_ms);
	}
	return true;
}

static const struct fnl_value *decode(struct fnl_org_desk *desk, struct fnl_span value,
                                      const struct fnl_record_desc **ret)
{
	struct fnl_record record = {.value = value};
	struct fnl_decoded d;
	assert_int_equal(desk->codec->ops->decode(desk->codec, &record, &desk->arena, &d, &desk->why), 0);
	*ret = d.desc;
	return d.values;
}

const struct fnl_value *fnl_org_desk_row(struct fnl_org_desk *desk, uint8_t table, const char *key)
{
	const struct fnl_record_desc *desc;
	struct fnl_span value = row_of(desk, table, fnl_span_str(key))->value;
	return fnl_span_is_none(value) ? NULL : decode(desk, value, &desc);
}

size_t fnl_org_desk_count(const struct fnl_org_desk *desk, uint8_t table)
{
	size_t count = 0;
	for (size_t i = 0; i < desk->row_count; i++) {
		count += desk->rows[i].table == table && desk->rows[i].value.data;
	}
	return count;
}

static struct fnl_span header_of(const struct fnl_output *out, const char *name)
{
	for (size_t i = 0; i < out->header_count; i++) {
		if (fnl_span_eq(out->headers[i].name, fnl_span_str(name))) {
			return out->headers[i].value;
		}
	}
	return FNL_SPAN_NONE;
}

const struct fnl_value *fnl_org_desk_told(struct fnl_org_desk *desk, size_t at, const struct fnl_record_desc *desc,
                                          size_t topic, const char *key)
{
	const struct fnl_record_desc *found;
	assert_true(at < desk->d->output_count);
	const struct fnl_output *out = &desk->d->outputs[at];
	const struct fnl_value *v = decode(desk, out->value, &found);
	assert_ptr_equal(found, desc);
	assert_int_equal(out->topic, topic);
	assert_true(fnl_span_eq(out->key, fnl_span_str(key)));
	desk->told_id = header_of(out, "ce_id");
	desk->told_cause = header_of(out, "ce_causationid");
	desk->told_type = header_of(out, "ce_type");
	return v;
}

const struct fnl_value *fnl_org_desk_answer(struct fnl_org_desk *desk, size_t at, const struct fnl_record_desc *desc,
                                            const char *book)
{
	const struct fnl_record_desc *found;
	assert_true(at < desk->d->output_count);
	const struct fnl_output *out = &desk->d->outputs[at];
	const struct fnl_value *v = decode(desk, out->value, &found);
	assert_ptr_equal(found, desc);
	assert_int_equal(out->topic, FNL_ORG_OUT_REP_INPUTS);
	assert_true(fnl_span_eq(out->key, fnl_span_str(book)));
	assert_true(fnl_span_eq(v[FNL_SUCCESSOR_CANDIDATES_BOOK].str, out->key));
	assert_true(out->header_count >= 2);
	assert_true(fnl_span_eq(out->headers[0].name, FNL_SPAN_LIT("ce_causationid")));
	assert_true(fnl_span_eq(out->headers[0].value, FNL_SPAN_LIT("cause")));
	return v;
}

/* ---- inputs ---- */

static const char *book_of(const char *leaver_id)
{
	static _Thread_local char books[16][160];
	static _Thread_local size_t at;
	char *book = books[at++ % 16];
	snprintf(book, sizeof(books[0]), "rep:%s", leaver_id);
	return book;
}

static struct fnl_input empty_lists(struct fnl_input in)
{
	for (size_t i = 0; i < in.desc->field_count; i++) {
		in.v[i].set = in.v[i].set || in.desc->fields[i].kind == FNL_KIND_LIST;
	}
	return in;
}

struct fnl_input fnl_input_entry(const char *rep_id, int64_t sequence, int64_t open_prospects)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_rep_entry, 0);
	fnl_input_str(&in, FNL_REP_ENTRY_REP_ID, rep_id);
	fnl_input_str(&in, FNL_REP_ENTRY_ORG_ID, "emea");
	fnl_input_i64(&in, FNL_REP_ENTRY_SEQUENCE, sequence);
	fnl_input_i64(&in, FNL_REP_ENTRY_PRESENT, 1);
	fnl_input_i64(&in, FNL_REP_ENTRY_ACTIVE, 1);
	fnl_input_i64(&in, FNL_REP_ENTRY_RESIGNED, 0);
	fnl_input_i64(&in, FNL_REP_ENTRY_OPEN_PROSPECTS, open_prospects);
	return empty_lists(in);
}

struct fnl_input fnl_input_asked(const char *leaver_id, const char *request_id, const char *successor_id,
                                 int64_t prospects)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_successor_asked, 0);
	fnl_input_str(&in, FNL_SUCCESSOR_ASKED_REQUEST_ID, request_id);
	fnl_input_str(&in, FNL_SUCCESSOR_ASKED_ORG_ID, "emea");
	fnl_input_str(&in, FNL_SUCCESSOR_ASKED_BOOK, book_of(leaver_id));
	fnl_input_str(&in, FNL_SUCCESSOR_ASKED_NOTICE_ID, "n1");
	if (successor_id) {
		fnl_input_str(&in, FNL_SUCCESSOR_ASKED_SUCCESSOR_ID, successor_id);
	}
	fnl_input_i64(&in, FNL_SUCCESSOR_ASKED_PROSPECT_COUNT, prospects);
	return in;
}

struct fnl_input fnl_input_base_rate(const char *leaver_id, const char *request_id)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_base_rate_asked, 0);
	fnl_input_str(&in, FNL_BASE_RATE_ASKED_REQUEST_ID, request_id);
	fnl_input_str(&in, FNL_BASE_RATE_ASKED_ORG_ID, "emea");
	fnl_input_str(&in, FNL_BASE_RATE_ASKED_BOOK, book_of(leaver_id));
	fnl_input_str(&in, FNL_BASE_RATE_ASKED_NOTICE_ID, "n1");
	return in;
}

struct fnl_input fnl_input_outcome(const char *leaver_id, const char *notice_id, int64_t sequence, int64_t at_ms,
                                   int64_t prospects, int64_t lost)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_handover_outcome, 0);
	fnl_input_str(&in, FNL_HANDOVER_OUTCOME_ORG_ID, "emea");
	fnl_input_str(&in, FNL_HANDOVER_OUTCOME_BOOK, book_of(leaver_id));
	fnl_input_str(&in, FNL_HANDOVER_OUTCOME_NOTICE_ID, notice_id);
	fnl_input_i64(&in, FNL_HANDOVER_OUTCOME_SEQUENCE, sequence);
	fnl_input_i64(&in, FNL_HANDOVER_OUTCOME_COMPLETED_AT, FNL_T0 + at_ms);
	fnl_input_i64(&in, FNL_HANDOVER_OUTCOME_PROSPECT_COUNT, prospects);
	fnl_input_i64(&in, FNL_HANDOVER_OUTCOME_LOST_COUNT, lost);
	return in;
}

struct fnl_input fnl_input_image(const char *rep_id, const char *region, const char *industry,
                                 const struct fnl_desk_volume *volume)
{
	static _Thread_local struct fnl_value totals[32][FNL_CELL_VOLUME_FIELD_COUNT], lists[32];
	static _Thread_local size_t at;
	struct fnl_value *total = totals[at % 32], *list = &lists[at % 32];
	struct fnl_input in = fnl_input_of(&fnl_desc_cell_image, 0);
	at++;
	memset(total, 0, sizeof(totals[0]));
	for (size_t i = 0; i < FNL_CELL_VOLUME_FIELD_COUNT; i++) {
		total[i].set = true;
	}
	total[FNL_CELL_VOLUME_LAYER].i64 = volume->layer;
	total[FNL_CELL_VOLUME_CURRENCY].str = fnl_span_str(volume->currency);
	total[FNL_CELL_VOLUME_COUNT].i64 = volume->count;
	total[FNL_CELL_VOLUME_AMOUNT_MINOR].i64 = volume->weighted_minor * 4;
	total[FNL_CELL_VOLUME_WEIGHTED_MINOR].i64 = volume->weighted_minor;
	*list = (struct fnl_value){.set = true, .list = {total, FNL_CELL_VOLUME_FIELD_COUNT}};
	fnl_input_str(&in, FNL_CELL_IMAGE_ORG_ID, "emea");
	fnl_input_str(&in, FNL_CELL_IMAGE_REP_ID, rep_id);
	fnl_input_str(&in, FNL_CELL_IMAGE_BOOK, book_of(rep_id));
	fnl_input_str(&in, FNL_CELL_IMAGE_REGION, region);
	fnl_input_str(&in, FNL_CELL_IMAGE_INDUSTRY, industry);
	fnl_input_str(&in, FNL_CELL_IMAGE_SIZE_FOCUS, "");
	fnl_input_i64(&in, FNL_CELL_IMAGE_SEQUENCE, (int64_t)at);
	fnl_input_i64(&in, FNL_CELL_IMAGE_PRESENT, 1);
	in.v[FNL_CELL_IMAGE_TOTALS] = (struct fnl_value){.set = true, .list = {list, 1}};
	return in;
}

struct fnl_input fnl_input_rep_year(const char *rep_id, int64_t fiscal_year, int64_t sequence, int64_t won_minor)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_rep_year, 0);
	fnl_input_str(&in, FNL_REP_YEAR_ORG_ID, "emea");
	fnl_input_str(&in, FNL_REP_YEAR_REP_ID, rep_id);
	fnl_input_str(&in, FNL_REP_YEAR_BOOK, book_of(rep_id));
	fnl_input_i64(&in, FNL_REP_YEAR_FISCAL_YEAR, fiscal_year);
	fnl_input_i64(&in, FNL_REP_YEAR_SEQUENCE, sequence);
	fnl_input_i64(&in, FNL_REP_YEAR_PRESENT, 1);
	fnl_input_i64(&in, FNL_REP_YEAR_WON_MINOR, won_minor);
	fnl_input_i64(&in, FNL_REP_YEAR_NOT_CONVERTED_COUNT, 0);
	return in;
}

struct fnl_input fnl_input_org_command(const struct fnl_record_desc *desc, const char *command_id, int64_t at_ms)
{
	struct fnl_input in = fnl_input_of(desc, at_ms);
	_Static_assert((int)FNL_PROPOSE_TERRITORIES_ORG_ID == (int)FNL_ACCEPT_PROPOSAL_ORG_ID &&
	                   (int)FNL_PROPOSE_TERRITORIES_ORG_ID == (int)FNL_SCORE_PERFORMANCE_ORG_ID,
	               "the commands begin alike");
	fnl_input_str(&in, FNL_PROPOSE_TERRITORIES_COMMAND_ID, command_id);
	fnl_input_str(&in, FNL_PROPOSE_TERRITORIES_ISSUED_BY, "head");
	fnl_input_i64(&in, FNL_PROPOSE_TERRITORIES_ISSUED_AT, FNL_T0 + at_ms);
	fnl_input_str(&in, FNL_PROPOSE_TERRITORIES_ORG_ID, "emea");
	return in;
}
