#include "prospect_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "funneld/adapters/sys.h"
#include "funneld/base/sha256.h"
#include "rules_reader.h"

enum { ARENA_BYTES = 256 << 20 };

void fnl_desk_open(struct fnl_desk *desk, const char *schema_directory)
{
	memset(desk, 0, sizeof(*desk));
	fnl_arena_init(&desk->arena, ARENA_BYTES);
	desk->d = calloc(1, sizeof(*desk->d));
	assert_non_null(desk->d);
	assert_int_equal(fnl_registry_file_open(schema_directory, &desk->registry, &desk->why), 0);
	assert_int_equal(fnl_codec_avro_open(desk->registry, &desk->codec, &desk->why), 0);
	assert_int_equal(
		fnl_prospect_operator_open(desk->codec, fnl_sys_ids(), fnl_test_rules_reader(), 1, &desk->op, &desk->why), 0);
}

void fnl_desk_close(struct fnl_desk *desk)
{
	fnl_prospect_operator_close(desk->op);
	desk->codec->ops->close(desk->codec);
	desk->registry->ops->close(desk->registry);
	free(desk->d);
	fnl_arena_deinit(&desk->arena);
}

struct fnl_desk_row *fnl_desk_row(struct fnl_desk *desk, uint8_t table, struct fnl_span key)
{
	for (size_t i = 0; i < desk->row_count; i++) {
		if (desk->rows[i].table == table && fnl_span_eq(desk->rows[i].key, key)) {
			return &desk->rows[i];
		}
	}
	assert_true(desk->row_count < FNL_DESK_ROWS_MAX);
	struct fnl_desk_row *r = &desk->rows[desk->row_count++];
	*r = (struct fnl_desk_row){table, fnl_arena_dup(&desk->arena, key), FNL_SPAN_NONE};
	return r;
}

const struct fnl_value *fnl_desk_values(struct fnl_desk *desk, struct fnl_span row)
{
	struct fnl_record record = {.value = row};
	struct fnl_decoded d;
	assert_int_equal(desk->codec->ops->decode(desk->codec, &record, &desk->arena, &d, &desk->why), 0);
	return d.values;
}

static int take(struct fnl_desk *desk, struct fnl_step *step, struct fnl_prepared *p)
{
	struct fnl_span rows[FNL_STEP_ROWS_MAX];
	for (size_t i = 0; i < p->row_count; i++) {
		rows[i] = fnl_desk_row(desk, p->rows[i].table, p->rows[i].key)->value;
	}
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
		fnl_desk_row(desk, key.table, key.key)->value = out->value;
	}
	for (size_t i = 0; i < desk->d->output_count && rc == 0; i++) {
		desk->lines += desk->d->outputs[i].topic == FNL_PROSPECT_OUT_REP_INPUTS;
	}
	desk->outputs += rc == 0 ? desk->d->output_count : 0;
	return rc;
}

int fnl_desk_send(struct fnl_desk *desk, const struct fnl_input *in, const char *key, int64_t now_ms)
{
	struct fnl_record r = {.key = key ? fnl_span_str(key) : FNL_SPAN_NONE};
	struct fnl_prepared p = {0};
	struct fnl_step step = {.cause = FNL_CAUSE_RECORD, .now_ms = now_ms, .record = &r};
	assert_int_equal(desk->codec->ops->encode(desk->codec, in->desc, in->v, &desk->arena, &r.value), 0);
	int rc = desk->op->ops->prepare(desk->op, &r, &desk->arena, &p, &desk->why);
	return rc ? rc : take(desk, &step, &p);
}

int fnl_desk_activate(struct fnl_desk *desk, struct fnl_span text, int version)
{
	struct fnl_input in = {.desc = &fnl_desc_rules_activated};
	char *hash = fnl_arena_alloc(&desk->arena, FNL_SHA256_HEX_BYTES + 1);
	fnl_sha256_hex(text, hash);
	in.v[FNL_RULES_ACTIVATED_SOURCE] = (struct fnl_value){.set = true, .str = FNL_SPAN_LIT("crm")};
	fnl_input_i64(&in, FNL_RULES_ACTIVATED_OCCURRED_AT, FNL_T0 + version);
	fnl_input_i64(&in, FNL_RULES_ACTIVATED_RULES_VERSION, version);
	fnl_input_str(&in, FNL_RULES_ACTIVATED_RULES_HASH, hash);
	in.v[FNL_RULES_ACTIVATED_RULES_TEXT] = (struct fnl_value){.set = true, .str = text};
	return fnl_desk_send(desk, &in, NULL, FNL_T0 + 1000);
}

static int by_key(const void *a, const void *b)
{
	return fnl_span_cmp(((const struct fnl_page_row *)a)->key, ((const struct fnl_page_row *)b)->key);
}

static size_t page_of(const struct fnl_desk *desk, const struct fnl_page_request *q, struct fnl_page_row *ret)
{
	size_t n = 0;
	for (size_t i = 0; i < desk->row_count; i++) {
		const struct fnl_desk_row *r = &desk->rows[i];
		if (r->table == q->table && r->value.data && (!q->after.data || fnl_span_cmp(r->key, q->after) > 0)) {
			ret[n++] = (struct fnl_page_row){r->key, r->value};
		}
	}
	qsort(ret, n, sizeof(*ret), by_key);
	return n < q->limit ? n : q->limit;
}

bool fnl_desk_fire(struct fnl_desk *desk, struct fnl_desk_row *row, int64_t now_ms)
{
	struct fnl_page_row page[FNL_DESK_ROWS_MAX];
	int64_t due_ms = desk->op->ops->row_deadline(desk->op, row->table, row->value);
	if (due_ms == FNL_NO_DEADLINE) {
		return false;
	}
	struct fnl_row_key key = {row->table, row->key};
	struct fnl_prepared p = {0};
	struct fnl_step step = {
		.cause = FNL_CAUSE_TIMER, .now_ms = now_ms, .timer_row = key, .timer_deadline_ms = due_ms, .page = page};
	struct fnl_span before = row->value;
	assert_int_equal(desk->op->ops->prepare_timer(desk->op, key, row->value, &desk->arena, &p), 0);
	assert_true(p.row_count > 0 && p.rows[0].table == key.table && fnl_span_eq(p.rows[0].key, key.key));
	assert_int_equal(p.page.wanted, key.table == FNL_PROSPECT_TABLE_PARTITION);
	assert_true(p.page.limit <= FNL_PAGE_ROWS_MAX);
	step.page_count = p.page.wanted ? page_of(desk, &p.page, page) : 0;
	assert_int_equal(take(desk, &step, &p), 0);
	assert_false(fnl_span_eq(before, row->value));
	desk->firings++;
	return true;
}
