/* From bytes to an event and the rows it needs. */
#include "prospect_internal.h"

/* Which records may come on the topic, and where each has its ids; -1: not. All have source and occurred_at. */
struct shape {
	const struct fnl_record_desc *desc;
	int source;
	int occurred_at;
	int prospect_id;
	bool broadcast; /* may be for the whole partition */
};

#define SHAPE(record, RECORD, prospect, all) \
	{ \
		&fnl_desc_##record, FNL_##RECORD##_SOURCE, FNL_##RECORD##_OCCURRED_AT, prospect, all \
	}

static const struct shape *shape_of(const struct fnl_record_desc *desc)
{
	static const struct shape shapes[] = {
		SHAPE(prospect_changed, PROSPECT_CHANGED, FNL_PROSPECT_CHANGED_PROSPECT_ID, false),
		SHAPE(prospect_deleted, PROSPECT_DELETED, FNL_PROSPECT_DELETED_PROSPECT_ID, false),
		SHAPE(prospect_restored, PROSPECT_RESTORED, FNL_PROSPECT_RESTORED_PROSPECT_ID, false),
		SHAPE(prospect_merged, PROSPECT_MERGED, FNL_PROSPECT_MERGED_PROSPECT_ID, false),
		SHAPE(prospect_erased, PROSPECT_ERASED, FNL_PROSPECT_ERASED_PROSPECT_ID, false),
		SHAPE(contact_erased, CONTACT_ERASED, FNL_CONTACT_ERASED_PROSPECT_ID, false),
		SHAPE(contact_logged, CONTACT_LOGGED, FNL_CONTACT_LOGGED_PROSPECT_ID, false),
		SHAPE(inspection_answered, INSPECTION_ANSWERED, FNL_INSPECTION_ANSWERED_PROSPECT_ID, false),
		SHAPE(feed_gap, FEED_GAP, FNL_FEED_GAP_PROSPECT_ID, true),
		SHAPE(feed_heartbeat, FEED_HEARTBEAT, -1, true),
		SHAPE(clock_tick, CLOCK_TICK, -1, true),
		SHAPE(rules_activated, RULES_ACTIVATED, -1, true),
	};
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (shapes[i].desc == desc) {
			return &shapes[i];
		}
	}
	return NULL;
}

/* What every prospect of the partition needs. */
static void add_common(struct fnl_prepared *ret, struct fnl_prospect_event *e)
{
	e->row_rules = fnl_prepared_add(ret, FNL_PROSPECT_TABLE_PARTITION, FNL_SPAN_LIT("rules"));
	e->row_feeds = fnl_prepared_add(ret, FNL_PROSPECT_TABLE_PARTITION, FNL_SPAN_LIT("feeds"));
}

int fnl_prospect_prepare(struct fnl_operator *base, const struct fnl_record *r, struct fnl_arena *arena,
                         struct fnl_prepared *ret, struct fnl_error *why)
{
	struct fnl_prospect_operator *o = FNL_CONTAINER_OF(base, struct fnl_prospect_operator, base);
	struct fnl_prospect_event *e = fnl_arena_calloc(arena, 1, sizeof(*e));
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
	const struct fnl_value *v = root->decoded.values;
	root->source = v[shape->source].str;
	root->occurred_at_ms = v[shape->occurred_at].i64;
	rc = fnl_check_id("source", root->source, why);
	bool of_prospect = shape->prospect_id >= 0 && v[shape->prospect_id].set;
	root->entity = of_prospect ? v[shape->prospect_id].str : root->source;
	if (rc == 0 && (of_prospect || !shape->broadcast)) {
		rc = fnl_check_key(r, "prospect_id", "the prospect id", root->entity, why);
	}
	if (rc) {
		return rc;
	}
	e->row_prospect = of_prospect ? fnl_prepared_add(ret, FNL_PROSPECT_TABLE_PROSPECT, root->entity) : -1;
	e->row_erased = of_prospect ? fnl_prepared_add(ret, FNL_PROSPECT_TABLE_ERASED, root->entity) : -1;
	e->row_feed = fnl_prepared_add(ret, FNL_PROSPECT_TABLE_FEED, root->source);
	add_common(ret, e);
	ret->event = e;
	ret->event_time_ms = root->occurred_at_ms;
	return 0;
}

int fnl_prospect_ask_page(const struct fnl_prospect_operator *o, struct fnl_value after, struct fnl_arena *arena,
                          struct fnl_prepared *ret)
{
	ret->page = (struct fnl_page_request){.wanted = true,
	                                      .table = FNL_PROSPECT_TABLE_PROSPECT,
	                                      .prefix = FNL_SPAN_LIT(""),
	                                      .after = after.set ? fnl_arena_dup(arena, after.str) : FNL_SPAN_NONE,
	                                      .limit = o->page_rows_max};
	return after.set && fnl_span_is_none(ret->page.after) ? FNL_E_NOMEM : 0;
}

/* The next page of a pass over the open prospects: where its row says that it has come to. */
static int prepare_pass(struct fnl_prospect_operator *o, const struct fnl_prospect_event *e, struct fnl_span value,
                        struct fnl_arena *arena, struct fnl_prepared *ret)
{
	bool of_rules = e->job == FNL_PROSPECT_JOB_RULES_PASS;
	struct fnl_error why;
	const struct fnl_value *row;
	int rc = fnl_row_decode(o->op.codec, of_rules ? &o->op.rules_row : &o->feeds_row, value, arena, &row, &why);
	if (rc) {
		return rc;
	}
	int at = of_rules ? (int)FNL_PARTITION_RULES_PASS_AFTER : (int)FNL_PARTITION_FEEDS_PASS_AFTER;
	return fnl_prospect_ask_page(o, row ? row[at] : (struct fnl_value){0}, arena, ret);
}

/* rows[0] is the timer's own. */
static void add_timer_rows(struct fnl_row_key row, struct fnl_prepared *ret, struct fnl_prospect_event *e)
{
	int own = fnl_prepared_add(ret, row.table, row.key);
	e->row_prospect = e->row_erased = e->row_feed = -1;
	if (row.table == FNL_PROSPECT_TABLE_PROSPECT) {
		e->row_prospect = own;
		add_common(ret, e);
	} else if (row.table == FNL_PROSPECT_TABLE_FEED) {
		e->job = FNL_PROSPECT_JOB_FEED;
		e->row_feed = own;
		add_common(ret, e);
	} else if (fnl_span_eq(row.key, FNL_SPAN_LIT("feeds"))) {
		e->job = FNL_PROSPECT_JOB_FEEDS_PASS;
		e->row_feeds = own;
		e->row_rules = fnl_prepared_add(ret, FNL_PROSPECT_TABLE_PARTITION, FNL_SPAN_LIT("rules"));
	} else {
		e->job = FNL_PROSPECT_JOB_RULES_PASS;
		e->row_rules = own;
		e->row_feeds = fnl_prepared_add(ret, FNL_PROSPECT_TABLE_PARTITION, FNL_SPAN_LIT("feeds"));
	}
}

int fnl_prospect_prepare_timer(struct fnl_operator *base, struct fnl_row_key row, struct fnl_span value,
                               struct fnl_arena *arena, struct fnl_prepared *ret)
{
	struct fnl_prospect_operator *o = FNL_CONTAINER_OF(base, struct fnl_prospect_operator, base);
	struct fnl_prospect_event *e = fnl_arena_calloc(arena, 1, sizeof(*e));
	if (!e) {
		return FNL_E_NOMEM;
	}
	add_timer_rows(row, ret, e);
	ret->event = e;
	ret->event_time_ms = FNL_NO_TIME;
	return row.table == FNL_PROSPECT_TABLE_PARTITION ? prepare_pass(o, e, value, arena, ret) : 0;
}
