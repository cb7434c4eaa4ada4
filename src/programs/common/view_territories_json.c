/* An organisation's territories for machines. Exact where fnl_view_territories rounds; nothing is left out. */
#include "funneld_records.h"
#include "view_shares.h"

static json_t *text_json(struct fnl_span s)
{
	return json_stringn((const char *)s.data, s.len);
}

/* "" is no code. */
static json_t *code_json(struct fnl_span s)
{
	return s.len ? text_json(s) : json_null();
}

static json_t *spread_json(const struct fnl_alignment_spread *s)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "min", (json_int_t)s->min, "max", (json_int_t)s->max, "total",
	                 (json_int_t)s->total, "max_min_bp", (json_int_t)s->max_min_bp, "variation_bp",
	                 (json_int_t)s->variation_bp);
}

static json_t *limits_json(const struct fnl_alignment_limits *l)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "spread_max_bp", (json_int_t)l->spread_max_bp,
	                 "variation_max_bp", (json_int_t)l->variation_max_bp, "split_above_bp",
	                 (json_int_t)l->split_above_bp, "merge_below_bp", (json_int_t)l->merge_below_bp, "moved_max_bp",
	                 (json_int_t)l->moved_max_bp, "moved_per_rep_max", (json_int_t)l->moved_per_rep_max,
	                 "improvement_min_bp", (json_int_t)l->improvement_min_bp);
}

static json_t *reps_json(const struct fnl_shares *s)
{
	json_t *list = json_array();
	for (size_t i = 0; i < s->rep_count; i++) {
		const struct fnl_shares_rep *r = &s->reps[i];
		json_array_append_new(list,
		                      json_pack("{s:o, s:b, s:I, s:I}", "rep_id", text_json(r->id), "compared", r->compared,
		                                "volume_minor", (json_int_t)r->volume, "count", (json_int_t)r->count));
	}
	return list;
}

static json_t *cell_json(const struct fnl_shares *s, const struct fnl_shares_part *parts, size_t count)
{
	json_t *reps = json_array();
	int64_t volume = 0, prospects = 0;
	for (size_t i = 0; i < count; i++) {
		volume += parts[i].volume;
		prospects += parts[i].count;
		json_array_append_new(reps, json_pack("{s:o, s:I, s:I}", "rep_id", text_json(parts[i].rep), "volume_minor",
		                                      (json_int_t)parts[i].volume, "count", (json_int_t)parts[i].count));
	}
	json_t *o = json_pack("{s:o, s:o, s:I, s:I, s:o}", "region", code_json(parts->region), "industry",
	                      code_json(parts->industry), "volume_minor", (json_int_t)volume, "count",
	                      (json_int_t)prospects, "reps", reps);
	if (s->q->by_size) {
		json_object_set_new(o, "size_focus", code_json(parts->size));
	}
	if (s->q->by_layer && parts->layer >= 0 && parts->layer < FNL_LAYER_COUNT) {
		json_object_set_new(o, "layer", json_string(fnl_symbols_layer[parts->layer]));
	}
	return o;
}

static json_t *cells_json(const struct fnl_shares *s)
{
	json_t *list = json_array();
	for (size_t i = 0, n; i < s->part_count; i += n) {
		for (n = 1; i + n < s->part_count && fnl_shares_same_cell(&s->parts[i], &s->parts[i + n]); n++) {
		}
		json_array_append_new(list, cell_json(s, &s->parts[i], n));
	}
	return list;
}

static json_t *findings_json(const struct fnl_shares *s, bool is_rich)
{
	json_t *list = json_array();
	for (size_t i = 0; i < s->finding_count; i++) {
		const struct fnl_shares_finding *f = &s->findings[i];
		if (f->is_rich == is_rich) {
			json_array_append_new(
				list, json_pack("{s:o, s:o, s:I, s:I}", f->is_industry ? "industry" : "region", code_json(f->code),
			                    "rep_id", fnl_span_is_none(f->rep) ? json_null() : text_json(f->rep), "volume_minor",
			                    (json_int_t)f->volume, "of_mean_bp", (json_int_t)f->of_mean_bp));
		}
	}
	return list;
}

static const char *symbol(const char *const *symbols, int64_t count, int64_t i)
{
	return i >= 0 && i < count ? symbols[i] : symbols[0];
}

static json_t *moves_json(const struct fnl_shares_proposal *p)
{
	json_t *list = json_array();
	for (size_t i = 0; i < p->move_count; i++) {
		const struct fnl_value *c = p->moves[i].cell;
		json_array_append_new(
			list,
			json_pack(
				"{s:I, s:o, s:o, s:o, s:o, s:o, s:s, s:I, s:I, s:s, s:s}", "number", (json_int_t)i + 1, "from_rep_id",
				text_json(p->moves[i].from), "to_rep_id", text_json(c[FNL_PROPOSAL_CELL_TO_REP_ID].str), "region",
				code_json(c[FNL_PROPOSAL_CELL_REGION].str), "industry", code_json(c[FNL_PROPOSAL_CELL_INDUSTRY].str),
				"size_focus", code_json(c[FNL_PROPOSAL_CELL_SIZE_FOCUS].str), "layer",
				symbol(fnl_symbols_layer, FNL_LAYER_COUNT, c[FNL_PROPOSAL_CELL_LAYER].i64), "prospect_count",
				(json_int_t)c[FNL_PROPOSAL_CELL_COUNT].i64, "volume_minor",
				(json_int_t)c[FNL_PROPOSAL_CELL_VOLUME_MINOR].i64, "reason",
				symbol(fnl_symbols_move_reason, FNL_MOVE_REASON_COUNT, c[FNL_PROPOSAL_CELL_REASON].i64), "focus",
				symbol(fnl_symbols_move_focus, FNL_MOVE_FOCUS_COUNT, c[FNL_PROPOSAL_CELL_FOCUS].i64)));
	}
	return list;
}

static json_t *shares_json(const struct fnl_shares_proposal *p)
{
	json_t *list = json_array();
	for (size_t i = 0; i < p->rep_count; i++) {
		json_array_append_new(list,
		                      json_pack("{s:o, s:I, s:I, s:I, s:I}", "rep_id",
		                                text_json(fnl_shares_proposal_rep(p, i)[FNL_PROPOSAL_REP_REP_ID].str),
		                                "volume_before_minor", (json_int_t)p->volume_before[i], "volume_after_minor",
		                                (json_int_t)p->volume_after[i], "count_before", (json_int_t)p->count_before[i],
		                                "count_after", (json_int_t)p->count_after[i]));
	}
	return list;
}

static json_t *proposal_json(struct fnl_shares *s)
{
	const struct fnl_shares_proposal *p = &s->proposal;
	if (!p->row.row) {
		return json_null();
	}
	json_t *o = fnl_view_row_json(&p->row, &s->arena);
	if (fnl_view_row_place_json(&p->row, o)) {
		json_decref(o);
		return NULL;
	}
	json_object_del(o, "reps"); /* what each has of each cell, for the stage's own use */
	if (p->is_planned) {
		json_object_set_new(o, "volume_before", spread_json(&p->volume_spread[0]));
		json_object_set_new(o, "volume_after", spread_json(&p->volume_spread[1]));
		json_object_set_new(o, "count_before", spread_json(&p->count_spread[0]));
		json_object_set_new(o, "count_after", spread_json(&p->count_spread[1]));
		json_object_set_new(o, "moved_count", json_integer((json_int_t)p->moved_count));
		json_object_set_new(o, "prospect_count", json_integer((json_int_t)p->count_spread[0].total));
		json_object_set_new(o, "reps", shares_json(p));
		json_object_set_new(o, "moves", moves_json(p));
	}
	return o;
}

static json_t *whole(struct fnl_shares *s)
{
	char as_of[FNL_TEXT_BYTES];
	fnl_text_rfc3339(s->moment.now_ms, as_of);
	return json_pack("{s:o, s:s, s:i, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "org_id",
	                 text_json(s->q->org), "as_of", as_of, "rules_version", (int)s->moment.rules->version, "currency",
	                 s->currency, "not_converted_count", (json_int_t)s->not_converted_count, "limits",
	                 limits_json(&s->limits), "volume", spread_json(&s->volume), "count", spread_json(&s->count),
	                 "reps", reps_json(s), "cells", cells_json(s), "rich", findings_json(s, true), "poor",
	                 findings_json(s, false), "proposal", proposal_json(s));
}

int fnl_view_territories_json(const struct fnl_rows *rows, const struct fnl_territories_question *q, FILE *out,
                              struct fnl_error *why)
{
	struct fnl_shares s;
	int rc = fnl_shares_make(rows, q, &s, why);
	if (rc == 0) {
		rc = fnl_view_json_write(whole(&s), out, why);
	}
	fnl_shares_unmake(&s);
	return rc;
}
