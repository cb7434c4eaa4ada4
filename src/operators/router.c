/* HR events, commands, rates and territories to the rep stage's input, what is about an organisation to the org
 * stage's. */
#include "funneld/operators/router.h"

#include "common.h"
#include "funneld/core/handover.h"

struct router {
	struct fnl_router base;
	struct fnl_codec *codec;
	struct fnl_id_maker ids;
};

enum where { TO_REP, TO_ALL, TO_ORG };

/* Which records there are; entity: the field that is the record's key. */
struct shape {
	const struct fnl_record_desc *desc;
	enum where where;
	int entity;
	const char *name;
};

static const struct shape *shape_of(const struct fnl_record_desc *desc)
{
	static const struct shape shapes[] = {
		{&fnl_desc_rep_changed, TO_REP, FNL_REP_CHANGED_REP_ID, "rep_id"},
		{&fnl_desc_rep_resigned, TO_REP, FNL_REP_RESIGNED_REP_ID, "rep_id"},
		{&fnl_desc_resignation_withdrawn, TO_REP, FNL_RESIGNATION_WITHDRAWN_REP_ID, "rep_id"},
		{&fnl_desc_rep_left, TO_REP, FNL_REP_LEFT_REP_ID, "rep_id"},
		{&fnl_desc_rep_erased, TO_REP, FNL_REP_ERASED_REP_ID, "rep_id"},
		{&fnl_desc_inspect_now, TO_REP, FNL_INSPECT_NOW_REP_ID, "rep_id"},
		{&fnl_desc_revise_quota, TO_REP, FNL_REVISE_QUOTA_REP_ID, "rep_id"},
		{&fnl_desc_handover_task_done, TO_REP, FNL_HANDOVER_TASK_DONE_LEAVING_REP_ID, "leaving_rep_id"},
		{&fnl_desc_handover_task_waived, TO_REP, FNL_HANDOVER_TASK_WAIVED_LEAVING_REP_ID, "leaving_rep_id"},
		{&fnl_desc_successor_named, TO_REP, FNL_SUCCESSOR_NAMED_LEAVING_REP_ID, "leaving_rep_id"},
		{&fnl_desc_reconciliation_reviewed, TO_REP, FNL_RECONCILIATION_REVIEWED_LEAVING_REP_ID, "leaving_rep_id"},
		{&fnl_desc_open_quota_year, TO_ALL, FNL_OPEN_QUOTA_YEAR_ORG_ID, "org_id"},
		{&fnl_desc_fx_rate, TO_ALL, FNL_FX_RATE_NAME, NULL},
		{&fnl_desc_territory_defined, TO_ALL, FNL_TERRITORY_DEFINED_TERRITORY_ID, "territory_id"},
		{&fnl_desc_propose_territories, TO_ORG, FNL_PROPOSE_TERRITORIES_ORG_ID, "org_id"},
		{&fnl_desc_accept_proposal, TO_ORG, FNL_ACCEPT_PROPOSAL_ORG_ID, "org_id"},
		{&fnl_desc_score_performance, TO_ORG, FNL_SCORE_PERFORMANCE_ORG_ID, "org_id"},
	};
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (shapes[i].desc == desc) {
			return &shapes[i];
		}
	}
	return NULL;
}

/* As it came, and with an id: what follows from it names it. */
static int copy_record(struct router *o, const struct fnl_record *r, const struct fnl_root *root,
                       struct fnl_arena *arena, struct fnl_output *out, struct fnl_error *why)
{
	enum { HEADERS_MAX = FNL_OUTPUT_HEADERS_MAX - 1 };
	if (r->header_count > HEADERS_MAX) {
		return fnl_fail(why, FNL_E_LIMIT, "the record has %zu headers, at most %d are sent on", r->header_count,
		                HEADERS_MAX);
	}
	out->value = r->value;
	out->header_count = 0;
	for (size_t i = 0; i < r->header_count; i++) {
		out->headers[out->header_count++] = r->headers[i];
	}
	if (fnl_span_is_none(fnl_header_text(r, "ce_id"))) {
		fnl_output_header(out, "ce_id", fnl_root_id(&o->ids, root, arena));
	}
	return fnl_output_check(out);
}

/* The id of the new employer stays on HR's topic: what goes on has its digest, which tells whether another id is the
 * same, and no more. The bytes are new, so a schema id that came in a header is not theirs. */
static int hide_employer(struct router *o, const struct fnl_root *root, struct fnl_arena *arena, struct fnl_output *out,
                         struct fnl_error *why)
{
	struct fnl_value *values = root->decoded.values;
	struct fnl_value *employer = &values[FNL_REP_RESIGNED_NEW_EMPLOYER_ID];
	char digest[FNL_EMPLOYER_DIGEST_BYTES + 1];
	if (root->decoded.desc != &fnl_desc_rep_resigned || !employer->set) {
		return 0;
	}
	int rc = fnl_check_id("notice_id", values[FNL_REP_RESIGNED_NOTICE_ID].str, why);
	rc = rc ? rc : fnl_check_id("new_employer_id", employer->str, why);
	if (rc) {
		return rc;
	}
	fnl_employer_digest(values[FNL_REP_RESIGNED_NOTICE_ID].str, employer->str, digest);
	employer->str = fnl_arena_dup(arena, fnl_span_str(digest));
	if (fnl_span_is_none(employer->str)) {
		return FNL_E_NOMEM;
	}
	size_t kept = 0;
	for (size_t i = 0; i < out->header_count; i++) {
		if (!fnl_span_eq(out->headers[i].name, FNL_SPAN_LIT("__value_schema_id"))) {
			out->headers[kept++] = out->headers[i];
		}
	}
	out->header_count = kept;
	rc = o->codec->ops->encode(o->codec, root->decoded.desc, values, arena, &out->value);
	return rc == 0 || rc == FNL_E_NOMEM ? rc : fnl_fail(why, FNL_E_INVALID, "the record cannot be written again");
}

/* "<name>|<base>|<quote>|<day>": a rate and its correction are in one partition, in their order. */
static int rate_key(const struct fnl_record *r, const struct fnl_value *v, struct fnl_arena *arena,
                    struct fnl_span *ret, struct fnl_error *why)
{
	static const struct {
		int at;
		const char *name;
	} parts[] = {{FNL_FX_RATE_NAME, "name"}, {FNL_FX_RATE_BASE, "base"}, {FNL_FX_RATE_QUOTE, "quote"}};
	enum { DAY_BYTES = 10, DAYS_END = 84006 /* 2200-01-01 */ };
	struct fnl_writer w = fnl_writer_of(arena);
	int64_t day = v[FNL_FX_RATE_VALID_ON].i64;
	size_t len = DAY_BYTES;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		int rc = fnl_check_id(parts[i].name, v[parts[i].at].str, why);
		if (rc) {
			return rc;
		}
		fnl_write_raw(&w, v[parts[i].at].str);
		fnl_write_u8(&w, '|');
		len += v[parts[i].at].str.len + 1;
	}
	if (day < 0 || day >= DAYS_END) {
		return fnl_fail(why, FNL_E_LIMIT,
		                "valid_on is %lld days since 1970-01-01, expected one of the years 1970 to 2199",
		                (long long)day);
	}
	fnl_write_rfc3339(&w, day * INT64_C(86400000));
	struct fnl_span key = fnl_writer_span(&w);
	if (fnl_span_is_none(key)) {
		return FNL_E_NOMEM;
	}
	key.len = len; /* without the time of day */
	if (!fnl_span_eq(r->key, key)) {
		return fnl_fail(why, FNL_E_INVALID, "the record's key is not %.*s, so it may be in the wrong partition",
		                (int)key.len, (const char *)key.data);
	}
	*ret = key;
	return 0;
}

/* Whom or what the record is about, which is its key. */
static int find_entity(const struct fnl_record *r, const struct shape *shape, struct fnl_arena *arena,
                       struct fnl_root *root, struct fnl_error *why)
{
	const struct fnl_value *values = root->decoded.values;
	if (root->decoded.desc == &fnl_desc_fx_rate) {
		return rate_key(r, values, arena, &root->entity, why);
	}
	root->entity = values[shape->entity].str;
	const char *what = shape->where == TO_REP                              ? "the rep id"
	                   : root->decoded.desc == &fnl_desc_territory_defined ? "the territory id"
	                                                                       : "the org id";
	return fnl_check_key(r, shape->name, what, root->entity, why);
}

static int route(struct fnl_router *base, const struct fnl_record *r, struct fnl_arena *arena,
                 struct fnl_relay_decision *ret, struct fnl_error *why)
{
	struct router *o = FNL_CONTAINER_OF(base, struct router, base);
	struct fnl_root root = {0};
	int rc = o->codec->ops->decode(o->codec, r, arena, &root.decoded, why);
	if (rc) {
		return rc;
	}
	const struct shape *shape = shape_of(root.decoded.desc);
	if (!shape) {
		return fnl_fail(why, FNL_E_UNSUPPORTED, "a %s does not belong on this topic", root.decoded.desc->name);
	}
	_Static_assert(FNL_REP_CHANGED_SOURCE == 0 && FNL_REP_CHANGED_OCCURRED_AT == 1 && FNL_OPEN_QUOTA_YEAR_SOURCE == 0 &&
	                   FNL_OPEN_QUOTA_YEAR_OCCURRED_AT == 1,
	               "all inputs start alike");
	root.source = root.decoded.values[0].str;
	root.occurred_at_ms = root.decoded.values[1].i64;
	rc = find_entity(r, shape, arena, &root, why);
	struct fnl_output *out = &ret->outputs[0];
	rc = rc ? rc : copy_record(o, r, &root, arena, out, why);
	rc = rc ? rc : hide_employer(o, &root, arena, out, why);
	if (rc) {
		return rc;
	}
	out->topic = shape->where == TO_ORG ? FNL_ROUTER_OUT_ORG_INPUTS : FNL_ROUTER_OUT_REP_INPUTS;
	out->key = shape->where == TO_REP   ? fnl_book_name(root.entity, arena)
	           : shape->where == TO_ORG ? fnl_org_key(root.entity, arena)
	                                    : root.entity;
	out->partition = shape->where == TO_ALL ? FNL_PARTITION_EVERY : FNL_PARTITION_BY_KEY;
	ret->output_count = 1;
	return fnl_span_is_none(out->key) ? FNL_E_NOMEM : 0;
}

int fnl_router_open(struct fnl_codec *codec, const struct fnl_ids *ids, struct fnl_router **ret, struct fnl_error *why)
{
	struct router *o = fnl_calloc(1, sizeof(*o));
	if (!o) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for the router");
	}
	o->base.route = route;
	o->codec = codec;
	int rc = fnl_id_maker_init(&o->ids, ids, why);
	if (rc) {
		fnl_free(o);
		return rc;
	}
	*ret = &o->base;
	return 0;
}

struct fnl_router *fnl_router_close(struct fnl_router *base)
{
	return base ? fnl_free(FNL_CONTAINER_OF(base, struct router, base)) : NULL;
}
