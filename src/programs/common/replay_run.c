/* Slices of the input go to both sides, and each comes to rest before the next one: records of one topic that follow
 * each other; of HR and commands only those of one moment, which the clocks of all stages have reached before. */
#include "replay_run.h"

#include <stdio.h>

#include "funneld_records.h"
#include "replay_tell.h"
#include "rules_publish.h"

enum { SLICE_RECORDS = 1000, HARVEST_RECORDS = 2000, PROGRESS_RECORDS = 2000, ARENA_BYTES = 32 << 20 };

struct seen {
	struct fnl_map_node node;
};

struct side {
	struct fnl_replay_world world;
	struct fnl_replay_teller teller;
	const struct fnl_rules_file *rules; /* NULL: those of the input */
};

struct run {
	struct fnl_app *app;
	const struct fnl_replay_log *log;
	const struct fnl_replay_order *order;
	struct fnl_replay_told *told;
	struct fnl_error *why;
	struct side sides[FNL_REPLAY_SIDES];
	struct fnl_arena arena; /* of a record */
	struct fnl_arena lasting;
	struct fnl_map seen;  /* records for all partitions, by their bytes */
	size_t pending;       /* published, not yet at rest */
	size_t since_harvest; /* records */
	int topic;            /* of the slice; -1: none */
	int64_t slice_at_ms;
	int64_t time_ms; /* what the clocks have reached at least */
};

/* ---- rest ---- */

static int harvest(struct run *r)
{
	int rc = 0;
	for (int s = 0; s < FNL_REPLAY_SIDES && rc == 0; s++) {
		rc = fnl_replay_harvest(&r->sides[s].world, fnl_replay_tell, &r->sides[s].teller, r->why);
	}
	r->since_harvest = 0;
	return rc;
}

static int rest(struct run *r)
{
	int rc = 0;
	for (int s = 0; s < FNL_REPLAY_SIDES && rc == 0 && r->pending; s++) {
		rc = fnl_replay_quiet(&r->sides[s].world, r->why);
	}
	r->since_harvest += r->pending;
	r->pending = 0;
	r->topic = -1;
	return rc == 0 && r->since_harvest >= HARVEST_RECORDS ? harvest(r) : rc;
}

/* All clocks up to a time. */
static int tick(struct run *r, int64_t at_ms)
{
	int rc = rest(r);
	if (at_ms <= r->time_ms) {
		return rc;
	}
	for (int s = 0; s < FNL_REPLAY_SIDES && rc == 0; s++) {
		rc = fnl_replay_tick(&r->sides[s].world, at_ms, r->why);
	}
	r->time_ms = at_ms;
	r->pending++;
	return rc ? rc : rest(r);
}

/* ---- rules ---- */

static int put_in_force(struct run *r, struct side *side, int64_t at_ms)
{
	struct fnl_rules_ports ports = {r->app, side->world.bus, side->world.codec, {1, 1, 1}};
	int rc = fnl_rules_publish(&ports, side->rules->published, side->rules->rules->version, at_ms, r->why);
	return rc ? rc : fnl_replay_quiet(&side->world, r->why);
}

static struct fnl_replay_rules rules_told(const struct fnl_rules_file *f, int64_t at_ms)
{
	struct fnl_replay_rules t = {.version = f->rules->version, .at_ms = at_ms};
	fnl_sha256_hex(f->published, t.hash);
	return t;
}

/* Rules that are given hold before the first record, if there is one. */
static int begin(struct run *r)
{
	int rc = 0;
	int64_t at_ms = r->log->first_ms;
	bool any = at_ms != INT64_MIN;
	struct fnl_replay_told *t = r->told;
	r->sides[FNL_REPLAY_TODAY].rules = r->order->against;
	r->sides[FNL_REPLAY_WHAT_IF].rules = r->order->what_if;
	for (int s = 0; s < FNL_REPLAY_SIDES && rc == 0; s++) {
		struct side *side = &r->sides[s];
		side->teller = (struct fnl_replay_teller){.facts = r->sides[0].teller.facts,
		                                          .side = (enum fnl_replay_side)s,
		                                          .from_ms = r->order->from_ms,
		                                          .why = r->why};
		fnl_arena_init(&side->teller.arena, ARENA_BYTES);
		rc = fnl_replay_world_open(r->app, &side->world, r->why);
		side->teller.codec = side->world.codec;
		rc = rc == 0 && side->rules && any ? put_in_force(r, side, at_ms) : rc;
	}
	t->what_if = rules_told(r->order->what_if, at_ms);
	if (r->order->against) {
		t->today_is_file = true;
		t->today[t->today_count++] = rules_told(r->order->against, at_ms);
	}
	return rc;
}

/* The record goes to each stage, as whoever activates rules sends it. */
static int activate(struct run *r, const struct fnl_record *record)
{
	int rc = rest(r);
	struct side *side = &r->sides[FNL_REPLAY_TODAY];
	r->told->dropped++;
	if (rc || side->rules) {
		return rc;
	}
	for (int s = 0; s < FNL_APP_STAGE_COUNT && rc == 0; s++) {
		rc = fnl_replay_publish(&side->world, fnl_app_stage(r->app, (enum fnl_app_stage_id)s)->input, record, r->why);
	}
	r->pending++;
	return rc ? rc : rest(r);
}

static int tell_rules(struct run *r, const struct fnl_record *record)
{
	struct fnl_decoded d = {0};
	struct fnl_replay_told *t = r->told;
	if (r->order->against) {
		return 0;
	}
	int rc = r->sides[0].world.codec->ops->decode(r->sides[0].world.codec, record, &r->arena, &d, r->why);
	if (rc == 0 && t->today_count < FNL_REPLAY_RULES_MAX) {
		const struct fnl_value *v = d.values;
		struct fnl_replay_rules *to = &t->today[t->today_count];
		struct fnl_span hash = v[FNL_RULES_ACTIVATED_RULES_HASH].str;
		to->version = (int32_t)v[FNL_RULES_ACTIVATED_RULES_VERSION].i64;
		to->at_ms = v[FNL_RULES_ACTIVATED_OCCURRED_AT].i64;
		snprintf(to->hash, sizeof(to->hash), "%.*s", (int)hash.len, (const char *)hash.data);
	}
	t->today_count += rc == 0;
	return rc;
}

/* ---- records ---- */

/* A record for all partitions came in as many copies: their bytes are the same. */
static int is_copy(struct run *r, const struct fnl_record *record, bool *ret)
{
	*ret = fnl_map_find(&r->seen, record->value) != NULL;
	if (*ret) {
		r->told->copies++;
		return 0;
	}
	struct seen *seen = fnl_arena_calloc(&r->lasting, 1, sizeof(*seen));
	/* the key lies in the log, which outlives this */
	return seen && fnl_map_insert(&r->seen, &seen->node, record->value) == 0
	           ? 0
	           : fnl_fail(r->why, FNL_E_NOMEM, "no memory for what went to all partitions");
}

static int publish(struct run *r, int topic, const struct fnl_record *record, int64_t at_ms)
{
	int rc = 0;
	bool of_feed = topic == FNL_REPLAY_PROSPECT_CHANGES;
	bool ends = topic != r->topic || (of_feed ? r->pending >= SLICE_RECORDS : at_ms != r->slice_at_ms);
	if (ends) {
		rc = rest(r);
		rc = rc == 0 && !of_feed ? tick(r, at_ms) : rc;
		r->topic = topic;
		r->slice_at_ms = at_ms;
	}
	for (int s = 0; s < FNL_REPLAY_SIDES && rc == 0; s++) {
		rc = fnl_replay_publish(&r->sides[s].world, fnl_replay_topics[topic], record, r->why);
	}
	r->pending++;
	r->time_ms = at_ms > r->time_ms ? at_ms : r->time_ms;
	return rc;
}

static int replay_one(struct run *r, const struct fnl_replay_item *item)
{
	struct fnl_record record;
	bool copy = false;
	fnl_arena_reset(&r->arena);
	int rc = fnl_replay_log_record(r->log, item, &r->arena, &record);
	if (rc) {
		return fnl_fail(r->why, rc, "the record at byte %llu cannot be read again", (unsigned long long)item->place);
	}
	r->told->inputs[item->topic].records++;
	if (item->kind == FNL_REPLAY_AHEAD) {
		r->told->too_late++;
		return 0;
	}
	if (item->kind != FNL_REPLAY_ONE) {
		rc = is_copy(r, &record, &copy);
		if (rc || copy) {
			return rc;
		}
	}
	if (item->kind == FNL_REPLAY_RULES && item->topic == FNL_REPLAY_PROSPECT_CHANGES) {
		rc = tell_rules(r, &record);
		return rc ? rc : activate(r, &record);
	}
	return publish(r, item->topic, &record, item->at_ms);
}

static void tell_progress(const struct run *r, size_t done)
{
	char at[FNL_TEXT_BYTES];
	if (r->order->progress && (done % PROGRESS_RECORDS == 0 || done == r->log->count)) {
		fnl_text_time(r->time_ms, at);
		fprintf(stderr, "\r%s: %zu of %zu records, %s ", r->order->progress, done, r->log->count, at);
	}
}

static int replay_all(struct run *r)
{
	int64_t until_ms = r->order->until_ms;
	int rc = begin(r);
	for (size_t i = 0; i < r->log->count && rc == 0; i++) {
		rc = replay_one(r, &r->log->items[i]);
		tell_progress(r, i + 1);
	}
	rc = rc ? rc : rest(r);
	rc = rc ? rc : tick(r, until_ms != INT64_MAX ? until_ms - 1 : r->log->last_ms);
	rc = rc ? rc : harvest(r);
	for (int s = 0; s < FNL_REPLAY_SIDES && rc == 0; s++) {
		rc = fnl_replay_tell_end(&r->sides[s].teller, &r->sides[s].world);
	}
	r->told->end_ms = r->time_ms;
	if (r->order->progress) {
		fputc('\n', stderr);
	}
	return rc;
}

int fnl_replay_run(struct fnl_app *app, const struct fnl_replay_log *log, const struct fnl_replay_order *o,
                   struct fnl_replay_told *ret_told, struct fnl_replay_facts *ret_facts, struct fnl_error *why)
{
	struct run *r = fnl_calloc(1, sizeof(*r));
	*ret_facts = (struct fnl_replay_facts){.sorted = NULL};
	*ret_told = (struct fnl_replay_told){.first_ms = log->first_ms, .from_ms = o->from_ms};
	if (!r) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for a replay");
	}
	*r = (struct run){.app = app, .log = log, .order = o, .told = ret_told, .why = why, .topic = -1};
	r->time_ms = INT64_MIN;
	r->sides[0].teller.facts = ret_facts;
	for (int i = 0; i < FNL_REPLAY_INPUTS; i++) {
		ret_told->inputs[i].topic = fnl_topic_default(fnl_replay_topics[i]);
	}
	fnl_arena_init(&r->arena, ARENA_BYTES);
	fnl_arena_init(&r->lasting, SIZE_MAX / 2);
	int rc = replay_all(r);
	for (int s = 0; s < FNL_REPLAY_SIDES; s++) {
		fnl_arena_deinit(&r->sides[s].teller.arena);
		fnl_replay_world_close(&r->sides[s].world);
	}
	fnl_map_deinit(&r->seen);
	fnl_arena_deinit(&r->lasting);
	fnl_arena_deinit(&r->arena);
	fnl_free(r);
	rc = rc ? rc : fnl_replay_sort(ret_facts);
	return rc;
}
