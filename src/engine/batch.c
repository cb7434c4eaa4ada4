/* One batch: inputs and due timers of all running partitions -> overlay and outputs. Nothing leaves the process here.
 */
#include "internal.h"

enum { INPUTS_AHEAD = 4 };

static struct fnl_partition *partition_of(struct fnl_stream *s, int32_t id)
{
	for (size_t i = 0; i < s->partition_count; i++) {
		if (s->partitions[i].id == id) {
			return &s->partitions[i];
		}
	}
	return NULL;
}

static void partition_begin(struct fnl_partition *p)
{
	fnl_overlay_reset(&p->overlay);
	memset(&p->timers, 0, sizeof(p->timers));
	memset(&p->read, 0, sizeof(p->read));
	p->inputs = NULL;
	p->inputs_tail = &p->inputs;
	p->input_count = 0;
	p->produced = NULL;
	p->produced_tail = &p->produced;
	p->next_offset = p->offset;
	p->next_cl = p->cl;
	p->time_ms = p->event_time_ms;
	p->fired = p->pages = p->stale = p->dead = p->outputs = p->dirty = p->rearmed = 0;
	p->taken = 0;
	p->cut = p->due_full = p->left = false;
	p->left_ms = FNL_NO_DEADLINE;
	p->owed_next = p->owed;
}

/* NULL: no memory. */
static const char *arena_text(struct fnl_arena *a, const char *text)
{
	size_t n = strlen(text) + 1;
	char *copy = fnl_arena_alloc(a, n);
	return copy ? memcpy(copy, text, n) : NULL;
}

/* An event far in the future would fire every timer at once, or park the event clock: it is not believed. */
static int check_time(const struct fnl_stream *s, int64_t event_time_ms, struct fnl_error *why)
{
	if (event_time_ms == FNL_NO_TIME) {
		return 0;
	}
	int64_t limit_ms = fnl_by_event(s) ? s->settings.event_time_max_ms : s->now_ms + s->settings.future_max_ms;
	if (event_time_ms <= limit_ms) {
		return 0;
	}
	return fnl_fail(why, FNL_E_LIMIT, "its time %lld (ms since 1970) is beyond the limit %lld",
	                (long long)event_time_ms, (long long)limit_ms);
}

static void input_poison(struct fnl_stream *s, struct fnl_input *in, int code, const struct fnl_error *story)
{
	in->poison = code;
	in->why = arena_text(&s->arena, story->text[0] ? story->text : fnl_status_text(code));
	in->prepared.row_count = 0;
	in->prepared.naming = 0;
	in->prepared.event_time_ms = FNL_NO_TIME;
}

/* What the operator makes of the record; one that processes have died of is not looked at. */
static int input_prepare(struct fnl_stream *s, struct fnl_partition *p, struct fnl_input *in, struct fnl_error *story)
{
	const struct fnl_record *r = in->record;
	if (fnl_isolate_is_deadly(p, r->offset)) {
		return fnl_fail(story, FNL_E_CRASHED, "it was in hand when %lld processes ended",
		                (long long)p->isolation.deaths);
	}
	int rc = fnl_isolate_hand(s, p, r->offset);
	if (rc) {
		return fnl_fail(story, rc, "%s", s->ports.store->ops->explain(s->ports.store));
	}
	rc = s->ports.op->ops->prepare(s->ports.op, r, &s->arena, &in->prepared, story);
	int rested = fnl_isolate_hand(s, p, -1); /* others are looked at before this one is stepped */
	if (rested) {
		return fnl_fail(story, rested, "%s", s->ports.store->ops->explain(s->ports.store));
	}
	return rc ? rc : check_time(s, in->prepared.event_time_ms, story);
}

/* All but the rows and their entries, which is most of it and of which few inputs have many, is zeroed. */
static struct fnl_input *input_new(struct fnl_stream *s, const struct fnl_record *r)
{
	struct fnl_input *in = fnl_arena_alloc(&s->arena, sizeof(*in));
	if (!in) {
		return NULL;
	}
	struct fnl_prepared *prepared = &in->prepared;
	prepared->event = NULL;
	prepared->event_time_ms = FNL_NO_TIME;
	prepared->row_count = 0;
	prepared->naming = 0;
	memset(&prepared->page, 0, sizeof(prepared->page));
	in->next = NULL;
	in->record = r;
	in->named = 0;
	in->asked = false;
	in->poison = 0;
	in->why = NULL;
	return in;
}

/* 0 = taken, 1 = the batch ends before it for this partition, < 0 STOP. */
static int input_take(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_record *r, struct fnl_error *why)
{
	struct fnl_input *in = input_new(s, r);
	if (!in) {
		return p->input_count ? 1 : fnl_fail(why, FNL_E_NOMEM, "no memory for one record: raise the arena's limit");
	}
	struct fnl_error story;
	fnl_error_clear(&story);
	int rc = input_prepare(s, p, in, &story);
	if (rc == 0 && in->prepared.page.wanted) {
		return fnl_fail(why, FNL_E_INTERNAL, "stage %s wants a page for a record: only timers have one", s->stage.name);
	}
	if (rc != 0 && fnl_status_class(rc) == FNL_CLASS_POISON) {
		input_poison(s, in, rc, &story);
		rc = in->why ? 0 : FNL_E_NOMEM; /* a dead letter says why, or waits until it can */
	}
	if (rc == FNL_E_NOMEM) {
		return p->input_count ? 1 : fnl_fail(why, rc, "no memory to decode one record");
	}
	if (rc != 0 && fnl_status_class(rc) == FNL_CLASS_RETRIABLE) {
		fnl_log_line(s->ports.logger, FNL_WARN, "partition %d waits at offset %lld: %s", p->id, (long long)r->offset,
		             story.text);
		return 1;
	}
	if (rc != 0) {
		return fnl_fail(why, rc, "%s", story.text);
	}
	in->named = in->prepared.row_count;
	*p->inputs_tail = in;
	p->inputs_tail = &in->next;
	p->input_count++;
	return 0;
}

static int collect(struct fnl_stream *s, const struct fnl_poll *poll, struct fnl_error *why)
{
	struct fnl_partition *p = NULL;
	for (size_t i = 0; i < poll->record_count; i++) {
		const struct fnl_record *r = &poll->records[i];
		if (!p || p->id != r->partition) {
			p = partition_of(s, r->partition);
		}
		if (!p || p->phase != FNL_PHASE_RUN || p->fresh || p->cut || r->offset < p->offset) {
			continue;
		}
		int rc = input_take(s, p, r, why);
		if (rc < 0) {
			return rc;
		}
		p->cut = rc > 0;
	}
	return 0;
}

static struct fnl_entry *entry_hashed(struct fnl_stream *s, struct fnl_partition *p, struct fnl_row_key row,
                                      uint64_t hash)
{
	struct fnl_entry *e = fnl_overlay_find_hashed(&p->overlay, row, hash);
	if (e) {
		return e;
	}
	e = fnl_arena_calloc(&s->arena, 1, sizeof(*e));
	if (!e || fnl_map_insert_hashed(&p->overlay.maps[row.table], &e->node, row.key, hash) != 0) {
		return NULL;
	}
	e->table = row.table;
	struct fnl_span value;
	bool young = false;
	if (fnl_cache_get(&p->cache, row, hash, &value, &young)) {
		/* copied, so that the cache may move while the batch goes on */
		e->value = fnl_arena_dup(&s->arena, value);
		if (fnl_span_is_none(e->value) && !fnl_span_is_none(value)) {
			return NULL;
		}
		e->known = true;
	}
	e->from_view = !young;
	e->loaded = e->value;
	e->deadline_ms = e->known ? s->ports.op->ops->row_deadline(s->ports.op, row.table, e->value) : FNL_NO_DEADLINE;
	e->loaded_deadline_ms = e->deadline_ms;
	*p->overlay.tail = e;
	p->overlay.tail = &e->next;
	return e;
}

struct fnl_entry *fnl_batch_entry(struct fnl_stream *s, struct fnl_partition *p, struct fnl_row_key row)
{
	return entry_hashed(s, p, row, fnl_span_hash(row.key));
}

void fnl_batch_fill(struct fnl_stream *s, struct fnl_entry *e, struct fnl_span value)
{
	e->value = e->loaded = value;
	e->known = true;
	e->deadline_ms = e->loaded_deadline_ms =
		fnl_span_is_none(value) ? FNL_NO_DEADLINE : s->ports.op->ops->row_deadline(s->ports.op, e->table, value);
}

/* Rule 3: an answer about another changelog offset is thrown away. */
static bool guarded(const struct fnl_partition *p, const struct fnl_store_read *r)
{
	return r->ret_applied.present && r->ret_applied.cl == p->cl;
}

/* Collects the keys of entries that are not known yet; 0 or FNL_E_NOMEM. */
static int missing_keys(struct fnl_stream *s, struct fnl_partition *p, struct fnl_store_read *read)
{
	size_t n = 0;
	for (struct fnl_entry *e = p->overlay.first; e; e = e->next) {
		n += !e->known;
	}
	struct fnl_row_key *keys = fnl_arena_calloc(&s->arena, n ? n : 1, sizeof(*keys));
	if (!keys) {
		return FNL_E_NOMEM;
	}
	n = 0;
	for (struct fnl_entry *e = p->overlay.first; e; e = e->next) {
		if (!e->known) {
			keys[n++] = (struct fnl_row_key){e->table, e->node.key};
		}
	}
	read->partition = p->id;
	read->keys = keys;
	read->key_count = n;
	return 0;
}

static void fill_missing(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_store_read *read)
{
	size_t n = 0;
	for (struct fnl_entry *e = p->overlay.first; e && n < read->key_count; e = e->next) {
		if (!e->known) {
			fnl_batch_fill(s, e, read->ret_rows[n++]);
		}
	}
}

/* The view is away or unfit: nothing was decided yet, so the batch is simply forgotten. */
static int view_error(struct fnl_stream *s, int rc, struct fnl_error *why)
{
	const char *story = s->ports.store->ops->explain(s->ports.store);
	if (fnl_status_class(rc) != FNL_CLASS_RETRIABLE) {
		return fnl_fail(why, rc, "%s", rc == FNL_E_NOMEM ? "no memory to begin a partition, or a batch" : story);
	}
	fnl_log_line(s->ports.logger, FNL_WARN, "the view does not answer (%s); paused, trying again", story);
	fnl_lifecycle_repair_all(s, s->settings.store_retry_ms);
	return 1;
}

int fnl_batch_read(struct fnl_stream *s, struct fnl_partition *p, struct fnl_store_read *read)
{
	int rc = s->ports.store->ops->read(s->ports.store, read, 1, &s->arena);
	if (rc < 0) {
		return fnl_status_class(rc) == FNL_CLASS_RETRIABLE ? view_error(s, rc, NULL) : rc;
	}
	if (!guarded(p, read)) {
		fnl_lifecycle_repair(s, p, 0);
		return 1;
	}
	return 0;
}

int fnl_batch_load(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_row_key *rows, size_t count,
                   struct fnl_entry **ret)
{
	bool all_known = true;
	for (size_t i = 0; i < count; i++) {
		struct fnl_entry *e = fnl_batch_entry(s, p, rows[i]);
		if (!e) {
			return FNL_E_NOMEM;
		}
		all_known = all_known && e->known;
		if (ret) {
			ret[i] = e;
		}
	}
	if (all_known) {
		return 0;
	}
	struct fnl_store_read read = {0};
	int rc = missing_keys(s, p, &read);
	rc = rc ? rc : fnl_batch_read(s, p, &read);
	if (rc == 0) {
		fill_missing(s, p, &read);
	}
	return rc;
}

/* Where rows are looked for lies anywhere in memory: it is asked for a few inputs before. Returns the next input. */
static struct fnl_input *look_ahead(const struct fnl_partition *p, struct fnl_input *in,
                                    uint64_t ret_hashes[FNL_STEP_ROWS_MAX])
{
	for (size_t i = 0; in && i < in->prepared.row_count; i++) {
		const struct fnl_row_key *row = &in->prepared.rows[i];
		ret_hashes[i] = fnl_span_hash(row->key);
		fnl_map_prefetch(&p->overlay.maps[row->table], ret_hashes[i]);
		fnl_cache_prefetch(&p->cache, row->table, ret_hashes[i]);
	}
	return in ? in->next : NULL;
}

/* The rows of all inputs become entries; 0 or FNL_E_NOMEM. */
static int input_entries(struct fnl_stream *s, struct fnl_partition *p)
{
	uint64_t hashes[INPUTS_AHEAD][FNL_STEP_ROWS_MAX];
	struct fnl_input *ahead = p->inputs;
	for (size_t n = 0; n < INPUTS_AHEAD; n++) {
		ahead = look_ahead(p, ahead, hashes[n]);
	}
	size_t n = 0;
	for (struct fnl_input *in = p->inputs; in; in = in->next) {
		for (size_t i = 0; i < in->prepared.row_count; i++) {
			in->entries[i] = entry_hashed(s, p, in->prepared.rows[i], hashes[n][i]);
			if (!in->entries[i]) {
				return FNL_E_NOMEM;
			}
		}
		ahead = look_ahead(p, ahead, hashes[n]);
		n = (n + 1) % INPUTS_AHEAD;
		if (fnl_by_event(s) && in->prepared.event_time_ms > p->horizon_ms) {
			p->horizon_ms = in->prepared.event_time_ms;
		}
	}
	return 0;
}

/* All rows that the inputs need, and up to when timers must be known. */
static int partition_needs(struct fnl_stream *s, struct fnl_partition *p)
{
	p->horizon_ms = fnl_by_event(s) ? (p->event_time_known ? p->event_time_ms : FNL_NO_TIME) : s->now_ms;
	if (fnl_by_event(s) && !fnl_batch_entry(s, p, s->ports.op->ops->time_row(s->ports.op))) {
		return FNL_E_NOMEM;
	}
	int rc = input_entries(s, p);
	rc = rc ? rc : missing_keys(s, p, &p->read);
	p->read.due_until_ms = p->horizon_ms;
	/* one more than may fire: it tells whether there are more */
	p->read.due_max = p->horizon_ms == FNL_NO_TIME ? 0 : s->settings.timers_max + 1;
	return rc;
}

/* One round trip for these partitions. 0, 1 = no batch, < 0 STOP. */
static int read_all(struct fnl_stream *s, struct fnl_partition **who, struct fnl_store_read *reads, size_t count,
                    struct fnl_error *why)
{
	int rc = s->ports.store->ops->read(s->ports.store, reads, count, &s->arena);
	if (rc < 0) {
		return view_error(s, rc, why);
	}
	for (size_t i = 0; i < count; i++) {
		if (!guarded(who[i], &reads[i])) {
			fnl_log_line(s->ports.logger, FNL_WARN,
			             "partition %d: the view stands elsewhere than the committed changelog; repairing", who[i]->id);
			fnl_lifecycle_repair(s, who[i], 0);
			continue;
		}
		fill_missing(s, who[i], &reads[i]);
	}
	return 0;
}

static int needs_failed(int rc, struct fnl_error *why)
{
	return fnl_fail(why, rc, "no memory for the rows of a batch: raise the arena's limit or lower batch.records");
}

/* What the rows of the inputs name: a second round trip, when the cache lacks any of it. */
static int load_more(struct fnl_stream *s, struct fnl_partition **who, struct fnl_store_read *reads, size_t count,
                     struct fnl_error *why)
{
	size_t n = 0;
	for (size_t i = 0; i < count && s->ports.op->ops->prepare_more; i++) {
		struct fnl_store_read more = {0};
		if (who[i]->phase != FNL_PHASE_RUN) {
			continue; /* repaired meanwhile */
		}
		int rc = fnl_more_entries(s, who[i]);
		rc = rc ? rc : missing_keys(s, who[i], &more);
		if (rc) {
			return needs_failed(rc, why);
		}
		if (more.key_count > 0) {
			reads[n] = more;
			who[n++] = who[i];
		}
	}
	return n > 0 ? read_all(s, who, reads, n, why) : 0;
}

/* One round trip for all running partitions (rules 3 and 4: also when there is no input). 0, 1 = no batch, < 0 STOP. */
static int load_all(struct fnl_stream *s, struct fnl_error *why)
{
	struct fnl_store_read *reads = fnl_arena_calloc(&s->arena, s->partition_count, sizeof(*reads));
	struct fnl_partition **who = fnl_arena_calloc(&s->arena, s->partition_count, sizeof(struct fnl_partition *));
	if (!reads || !who) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for a batch");
	}
	size_t n = 0;
	for (size_t i = 0; i < s->partition_count; i++) {
		struct fnl_partition *p = &s->partitions[i];
		if (p->phase != FNL_PHASE_RUN) {
			continue;
		}
		int rc = partition_needs(s, p);
		if (rc) {
			return needs_failed(rc, why);
		}
		reads[n] = p->read;
		who[n++] = p;
	}
	if (n == 0) {
		return 1;
	}
	int rc = read_all(s, who, reads, n, why);
	for (size_t i = 0; i < n && rc == 0; i++) {
		who[i]->read = reads[i];
	}
	return rc ? rc : load_more(s, who, reads, n, why);
}

static int take_due(struct fnl_stream *s, struct fnl_partition *p)
{
	for (size_t i = 0; i < p->read.ret_due_count; i++) {
		const struct fnl_due *d = &p->read.ret_due[i];
		int rc = fnl_timers_push(s, p, (struct fnl_timer){d->deadline_ms, d->row, true});
		if (rc) {
			return rc;
		}
	}
	if (p->read.due_max && p->read.ret_due_count == p->read.due_max) {
		const struct fnl_due *last = &p->read.ret_due[p->read.ret_due_count - 1];
		p->horizon_ms = last->deadline_ms;
		p->last_due = (struct fnl_timer){last->deadline_ms, last->row, true};
		p->due_full = true;
	}
	return 0;
}

/* Rows of due timers, in one further round trip for each partition that has any. */
static int load_due(struct fnl_stream *s, struct fnl_partition *p)
{
	size_t n = p->read.ret_due_count;
	if (n == 0) {
		return 0;
	}
	struct fnl_row_key *keys = fnl_arena_calloc(&s->arena, n, sizeof(*keys));
	if (!keys) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		keys[i] = p->read.ret_due[i].row;
	}
	return fnl_batch_load(s, p, keys, n, NULL);
}

/* 0; 1 = all partitions went to repair; < 0 STOP. */
static int in_hand(struct fnl_stream *s, struct fnl_partition *p, int64_t offset, struct fnl_error *why)
{
	int rc = fnl_isolate_hand(s, p, offset);
	return rc ? view_error(s, rc, why) : 0;
}

static int dead_letter(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_record *r, int code,
                       const char *why)
{
	const struct fnl_dead_from from = {s->stage.name, s->stage.input_topic, s->stage.dead_letter_topic};
	struct fnl_produced *out = fnl_dead_letter(&s->arena, &from, r, code, why);
	if (!out) {
		return FNL_E_NOMEM;
	}
	*p->produced_tail = out;
	p->produced_tail = &out->next;
	p->dead++;
	return 0;
}

/* As fnl_batch_step. */
static int input_step(struct fnl_stream *s, struct fnl_partition *p, struct fnl_input *in, int64_t now_ms,
                      struct fnl_error *story)
{
	struct fnl_step step = {
		.cause = FNL_CAUSE_RECORD, .now_ms = now_ms, .input_offset = in->record->offset, .record = in->record};
	int rc = in_hand(s, p, in->record->offset, story);
	rc = rc ? rc : fnl_more_load(s, p, in, story);
	rc = rc ? rc : fnl_batch_step(s, p, &step, &in->prepared, in->entries, story);
	int rested = in_hand(s, p, -1, story); /* timers are not its doing */
	return rested ? rested : rc;
}

/* 0 = done; 1 = repair; 2 = the batch ends before it; < 0 STOP. */
static int input_run(struct fnl_stream *s, struct fnl_partition *p, struct fnl_input *in, struct fnl_error *why)
{
	int64_t limit_ms = s->now_ms;
	if (fnl_by_event(s)) {
		int rc = fnl_event_time_limit(s, p, in, &limit_ms, why);
		if (rc) {
			return rc;
		}
		if (limit_ms > p->horizon_ms || (p->due_full && limit_ms == p->horizon_ms)) {
			rc = fnl_timers_fire(s, p, p->horizon_ms, why);
			return rc ? rc : 2; /* not all timers before it are known */
		}
	}
	int rc = fnl_timers_fire(s, p, limit_ms, why);
	if (rc) {
		return rc;
	}
	struct fnl_error story;
	fnl_error_clear(&story);
	rc = in->poison ? in->poison : input_step(s, p, in, limit_ms, &story);
	const char *text = in->poison ? in->why : story.text;
	if (rc > 0) {
		return rc;
	}
	bool dead = rc != 0 && rc != FNL_E_NOMEM && fnl_status_class(rc) == FNL_CLASS_POISON;
	if (dead) {
		rc = dead_letter(s, p, in->record, rc, text);
	} else if (rc == 0 || rc == FNL_E_NOMEM) {
		/* fine, or the arena is full */
	} else {
		return fnl_fail(why, rc, "%s", text);
	}
	if (rc == FNL_E_NOMEM) {
		bool first = p->next_offset == p->offset && p->fired == 0;
		return first ? fnl_fail(why, rc, "no memory to process one record: raise the arena's limit") : 2;
	}
	rc = fnl_event_time_follow(s, p, limit_ms, dead, why);
	if (rc) {
		return rc;
	}
	p->next_offset = in->record->offset + 1;
	p->taken++;
	return 0;
}

/* 0, 1 = the partition went to repair, < 0 STOP. */
static int partition_run(struct fnl_stream *s, struct fnl_partition *p, struct fnl_error *why)
{
	fnl_event_time_begin(s, p);
	int rc = take_due(s, p);
	rc = rc ? rc : load_due(s, p);
	for (struct fnl_input *in = p->inputs; in && rc == 0; in = in->next) {
		/* its rows were read with those of the whole batch, and are in no cache of the machine any more */
		for (size_t i = 0; in->next && i < in->next->prepared.row_count; i++) {
			fnl_span_prefetch(in->next->entries[i]->value);
		}
		rc = input_run(s, p, in, why);
		p->cut = p->cut || rc == 2;
	}
	if (rc == 0) {
		int64_t limit_ms = fnl_by_event(s) ? p->time_ms : s->now_ms;
		rc = fnl_timers_fire(s, p, limit_ms < p->horizon_ms ? limit_ms : p->horizon_ms, why);
	}
	if (rc == 0 || rc == 2) {
		fnl_timers_left(s, p);
		rc = fnl_event_time_end(s, p);
	}
	return rc < 0 && why->code == 0 ? fnl_fail(why, rc, "%s", fnl_status_text(rc)) : rc;
}

int fnl_batch_run(struct fnl_stream *s, const struct fnl_poll *poll, struct fnl_error *why)
{
	fnl_arena_reset(&s->arena);
	s->now_ms = fnl_wall(s);
	s->batch_began_ms = fnl_mono(s);
	for (size_t i = 0; i < s->partition_count; i++) {
		partition_begin(&s->partitions[i]);
	}
	int rc = collect(s, poll, why);
	rc = rc ? rc : load_all(s, why);
	if (rc) {
		return rc < 0 ? rc : 0;
	}
	for (size_t i = 0; i < s->partition_count; i++) {
		struct fnl_partition *p = &s->partitions[i];
		if (p->phase != FNL_PHASE_RUN) {
			continue;
		}
		rc = partition_run(s, p, why);
		if (rc < 0) {
			return rc;
		}
	}
	return fnl_commit_batch(s, why);
}
