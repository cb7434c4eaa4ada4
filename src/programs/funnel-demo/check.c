/* After the years: what came, what followed, and whether it is true. */
#include "check.h"

#include "view_event.h"
#include "view_funnel.h"

enum { ARENA_BYTES = 4 << 20, IDS_ARENA_BYTES = 256 << 20, RECORDS_SHOWN_MAX = 64 };

struct output_id {
	struct fnl_map_node node;
};

struct outputs {
	struct play *play;
	struct fnl_arena arena; /* of one record */
	struct fnl_arena ids_arena;
	struct fnl_map ids;
	uint64_t records;
	uint64_t undecodable;
	struct {
		const char *name;
		uint64_t count;
	} kinds[RECORDS_SHOWN_MAX];
	size_t kind_count;
};

static void count_kind(struct outputs *o, const char *name)
{
	size_t i = 0;
	while (i < o->kind_count && strcmp(o->kinds[i].name, name) != 0) {
		i++;
	}
	if (i == RECORDS_SHOWN_MAX) {
		return;
	}
	if (i == o->kind_count) {
		o->kinds[o->kind_count++].name = name;
	}
	o->kinds[i].count++;
}

static int on_output(void *context, size_t topic, const struct fnl_record *r)
{
	struct outputs *o = context;
	struct fnl_decoded d = {0};
	struct fnl_span id = fnl_record_header(r, "ce_id");
	(void)topic;
	o->records++;
	fnl_arena_reset(&o->arena);
	if (o->play->world->codec->ops->decode(o->play->world->codec, r, &o->arena, &d, NULL)) {
		o->undecodable++;
		return 0;
	}
	count_kind(o, d.desc->name);
	if (fnl_span_is_none(id) || fnl_map_find(&o->ids, id)) {
		return 0;
	}
	struct output_id *node = fnl_arena_calloc(&o->ids_arena, 1, sizeof(*node));
	id = fnl_arena_dup(&o->ids_arena, id);
	return node && !fnl_span_is_none(id) ? fnl_map_insert(&o->ids, &node->node, id) : FNL_E_NOMEM;
}

bool check_say(const struct fnl_canvas *c, bool good, const char *what, uint64_t got, uint64_t expected)
{
	char a[FNL_TEXT_BYTES];
	char b[FNL_TEXT_BYTES];
	fnl_text_count(got, a);
	fnl_text_count(expected, b);
	fprintf(c->out, "  %s%s%s %-66s %10s", fnl_style_on(c, good ? FNL_GREEN : FNL_RED), good ? "ok  " : "FAIL",
	        fnl_style_off(c), what, a);
	if (!good) {
		fprintf(c->out, "  expected %s", b);
	}
	fputc('\n', c->out);
	return good;
}

bool check_same(const struct fnl_canvas *c, const char *what, uint64_t got, uint64_t expected)
{
	return check_say(c, got == expected, what, got, expected);
}

void check_line(const struct fnl_canvas *c, const char *what, uint64_t n)
{
	char text[FNL_TEXT_BYTES];
	fnl_text_count(n, text);
	fprintf(c->out, "       %-66s %10s\n", what, text);
}

static int read_outputs(struct play *p, struct outputs *o, struct fnl_error *why)
{
	struct world *w = p->world;
	const char *topics[] = {w->topics[FNL_TOPIC_LAYER_CHANGES], w->topics[FNL_TOPIC_ALERTS],
	                        w->topics[FNL_TOPIC_QUOTAS],        w->topics[FNL_TOPIC_INSPECTIONS],
	                        w->topics[FNL_TOPIC_REJECTIONS],    w->topics[FNL_TOPIC_HANDOVERS],
	                        w->topics[FNL_TOPIC_REVIEWS],       w->topics[FNL_TOPIC_REASSIGNMENTS]};
	int status = w->bus->ops->read(w->bus, topics, sizeof(topics) / sizeof(topics[0]), true, true, NULL, on_output, o);
	return status < 0 ? fnl_fail(why, status, "%s", w->bus->ops->explain(w->bus)) : 0;
}

static bool check_outputs(struct play *p, const struct fnl_canvas *c, struct fnl_error *why)
{
	struct outputs o = {.play = p};
	fnl_arena_init(&o.arena, ARENA_BYTES);
	fnl_arena_init(&o.ids_arena, IDS_ARENA_BYTES);
	bool good = read_outputs(p, &o, why) == 0;
	if (good) {
		for (size_t i = 0; i < o.kind_count; i++) {
			check_line(c, o.kinds[i].name, o.kinds[i].count);
		}
		good = check_say(c, o.records > 0 && o.undecodable == 0, "events out, all of them readable",
		                 o.records - o.undecodable, o.records);
		good &= check_same(c, "exactly once: different ce_id among them", o.ids.count, o.records);
	}
	fnl_map_deinit(&o.ids);
	fnl_arena_deinit(&o.arena);
	fnl_arena_deinit(&o.ids_arena);
	return good;
}

struct letters {
	uint64_t count;
	char reason[FNL_VALUE_TEXT_BYTES];
};

static int on_letter(void *context, size_t topic, const struct fnl_record *r)
{
	struct letters *l = context;
	struct fnl_span why = fnl_record_header(r, "__connect.errors.exception.message");
	(void)topic;
	l->count++;
	snprintf(l->reason, sizeof(l->reason), "%.*s", (int)(why.len < 160 ? why.len : 160),
	         why.data ? (const char *)why.data : "");
	return 0;
}

static bool check_letters(struct play *p, const struct fnl_canvas *c, struct fnl_error *why)
{
	struct letters l = {0};
	struct world *w = p->world;
	const char *topic = w->topics[FNL_TOPIC_DEAD_LETTERS];
	int status = w->bus->ops->read(w->bus, &topic, 1, true, true, NULL, on_letter, &l);
	if (status < 0) {
		fnl_fail(why, status, "%s: %s", topic, w->bus->ops->explain(w->bus));
		return false;
	}
	bool good = check_same(c, "dead letters: the one that was broken on purpose", l.count, 1);
	if (l.count) {
		fprintf(c->out, "       %s%s%s\n", fnl_style_on(c, FNL_DIM), l.reason, fnl_style_off(c));
	}
	return good;
}

static uint64_t count_status(const struct fnl_view *v, enum fnl_view_status status)
{
	uint64_t n = 0;
	for (size_t i = 0; i < v->group_count; i++) {
		n += v->groups[i]->status == status ? v->groups[i]->count : 0;
	}
	return n;
}

static bool check_funnel(struct play *p, const struct fnl_view *view, const struct fnl_canvas *c)
{
	uint64_t truth[FNL_SIM_STATUS_COUNT];
	demo_truth_counts(&p->truth, truth);
	bool good = check_same(c, "open, as the generator's own book has it", count_status(view, FNL_VIEW_OPEN),
	                       truth[FNL_SIM_OPEN]);
	good &= check_same(c, "won", count_status(view, FNL_VIEW_WON), truth[FNL_SIM_WON]);
	return good & check_same(c, "lost", count_status(view, FNL_VIEW_LOST), truth[FNL_SIM_LOST]);
}

/* The books' sum of a layer and currency is the prospects'. */
static bool is_conserved(const struct quotas *q, const char *layer, const struct fnl_money_sum *s)
{
	for (size_t i = 0; i < q->total_count; i++) {
		const struct quota_total *t = &q->totals[i];
		if (strcmp(fnl_symbols_layer[t->layer], layer) == 0 && strcmp(t->currency, s->currency) == 0) {
			return t->amount_minor == s->amount_minor && t->weighted == s->weighted;
		}
	}
	return false;
}

static uint64_t lines_in(const struct quotas *q, const char *layer)
{
	uint64_t count = 0;
	for (size_t i = 0; i < q->total_count; i++) {
		count += strcmp(fnl_symbols_layer[q->totals[i].layer], layer) == 0 ? q->totals[i].count : 0;
	}
	return count;
}

/* What lies in the funnel lies in the books of the reps, and of nobody: not one more, not one less. */
static bool check_conservation(const struct fnl_view *view, const struct quotas *q, const struct fnl_canvas *c)
{
	static const char *const layers[] = {"TOP", "MIDDLE", "BOTTOM"};
	uint64_t prospects = 0;
	uint64_t lines = 0;
	uint64_t sums = 0;
	uint64_t conserved = 0;
	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		const struct fnl_view_group *g = fnl_view_find(view, layers[i], FNL_VIEW_OPEN);
		prospects += g ? g->count : 0;
		lines += lines_in(q, layers[i]);
		for (size_t s = 0; g && s < g->sums.count; s++) {
			sums++;
			conserved += is_conserved(q, layers[i], &g->sums.by[s]);
		}
	}
	bool good = check_same(c, "lines in the books of all reps, as many as in the funnel", lines, prospects);
	return good & check_same(c, "their sums by layer and currency, exactly the funnel's", conserved, sums);
}

/* Against what the changes themselves say, to the last 1/10000 cent. */
static bool check_quotas(const struct play_quotas *q, const char *what, int state, const struct fnl_canvas *c)
{
	char text[FNL_TEXT_BYTES * 2];
	uint64_t right = 0;
	int64_t sum = 0;
	for (size_t i = 1; i <= q->are.reps; i++) {
		const struct quota_rep *r = &q->are.at[i];
		const struct demo_truth_quota *t = &q->must_be[i];
		fnl_weighted exact = (fnl_weighted)r->minor * FNL_BP_ONE - r->rounding;
		right += r->opened && r->state == state && r->minor == t->minor && exact == t->exact_e4 &&
		         r->counted == t->counted && r->left_out == t->left_out;
		sum += t->minor;
	}
	snprintf(text, sizeof(text), "%s quotas, as the changes themselves say", what);
	bool good = check_same(c, text, right, q->are.reps);
	snprintf(text, sizeof(text), "their sum, in whole " QUOTA_CURRENCY);
	return good & check_same(c, text, (uint64_t)(quota_sum(&q->are) / 100), (uint64_t)(sum / 100));
}

static bool check_lines(const struct quotas *q, const struct fnl_canvas *c)
{
	uint64_t right = 0;
	uint64_t opened = 0;
	for (size_t i = 1; i <= q->reps; i++) {
		const struct quota_rep *r = &q->at[i];
		opened += r->opened;
		right += r->opened && r->lines + r->rounding == (fnl_weighted)r->minor * FNL_BP_ONE &&
		         r->lines_counted == r->counted && r->lines_left_out == r->left_out;
	}
	return check_same(c, "reps whose lines + rounding are the quota", right, opened);
}

/* A year later: they stand as they were frozen, while what runs has moved. */
static bool check_frozen(const struct quotas *frozen, const struct quotas *now, const struct fnl_canvas *c)
{
	uint64_t stand = 0;
	uint64_t moved = 0;
	for (size_t i = 1; i <= now->reps; i++) {
		const struct quota_rep *a = &frozen->at[i];
		const struct quota_rep *b = &now->at[i];
		stand += a->opened == b->opened && a->state == b->state && a->minor == b->minor && a->rounding == b->rounding;
		moved += b->opened && a->running != b->running;
	}
	bool good = check_same(c, "quotas that stand at the end as they were frozen", stand, now->reps);
	bool may_stand = quota_sum(frozen) == 0; /* hardly any prospects at all */
	return good &
	       check_say(c, moved > 0 || may_stand, "reps whose running potential has moved since", moved, now->reps);
}

struct redis_check {
	const struct fnl_rows *rows;
	const struct fnl_stage *stage;
	int32_t partition;
	uint64_t rows_seen;
	uint64_t equal;
};

static int on_redis_row(void *context, struct fnl_row_key row, struct fnl_span value, int64_t deadline_ms)
{
	struct redis_check *r = context;
	(void)deadline_ms;
	const struct fnl_row_entry *e = fnl_rows_find(r->rows, r->stage->table_names[row.table], row.key, r->partition);
	r->rows_seen++;
	r->equal += e && fnl_span_eq(e->value, value);
	return 0;
}

/* The view in Redis against the changelog, byte for byte. */
static bool check_redis(struct play *p, enum fnl_app_stage_id id, const struct fnl_canvas *c, struct fnl_error *why)
{
	const struct fnl_app_stage *s = fnl_app_stage(p->world->app, id);
	struct fnl_rows rows = {0};
	struct redis_check r = {.rows = &rows, .stage = &s->stage};
	struct fnl_store *store;
	char text[FNL_TEXT_BYTES * 2];
	int status = fnl_rows_read(&rows, p->world->bus, s->changelog_topic, why);
	status = status ? status : fnl_app_store(p->world->app, id, &store, why);
	for (r.partition = 0; status == 0 && r.partition < WORLD_PARTITIONS; r.partition++) {
		status = store->ops->scan(store, r.partition, on_redis_row, &r);
		if (status) {
			fnl_fail(why, status, "Redis: %s", store->ops->explain(store));
		}
	}
	bool good = status == 0;
	if (good) {
		snprintf(text, sizeof(text), "rows of the %s stage in Redis, as many as in %s", s->stage.name,
		         fnl_topic_default(s->changelog));
		good = check_same(c, text, r.rows_seen, rows.map.count);
		good &= check_same(c, "of them the same, byte for byte", r.equal, rows.map.count);
	}
	fnl_rows_deinit(&rows);
	return good;
}

static bool check_truth(struct play *p, const struct fnl_canvas *c, struct fnl_error *why)
{
	struct fnl_rows rows = {0};
	struct fnl_view view = {0};
	struct quotas now = {0};
	int status = fnl_rows_read(&rows, p->world->bus, p->world->topics[FNL_TOPIC_PROSPECTS], why);
	status = status ? status : fnl_view_make(&rows, FNL_VIEW_BY_LAYER, &view, why);
	status = status ? status : quota_read(p->world, PLAY_QUOTA_YEAR, p->frozen.are.reps, &now, why);
	bool good = status == 0;
	if (good) {
		good &= check_funnel(p, &view, c);
		good &= check_conservation(&view, &now, c);
		good &= check_quotas(&p->draft, "drafted", FNL_QUOTA_STATE_DRAFT, c);
		good &= check_quotas(&p->frozen, "frozen", FNL_QUOTA_STATE_FROZEN, c);
		good &= check_lines(&p->frozen.are, c);
		good &= check_frozen(&p->frozen.are, &now, c);
		good &= check_stalls(p, c, why);
		good &= check_handover(p, c, why);
		for (int i = 0; i < FNL_APP_STAGE_COUNT; i++) {
			good &= check_redis(p, (enum fnl_app_stage_id)i, c, why);
		}
	}
	quota_deinit(&now);
	fnl_view_deinit(&view);
	fnl_rows_deinit(&rows);
	return good;
}

bool check_years(struct play *p, struct fnl_canvas *canvas, struct fnl_error *why)
{
	static const char *const events[FNL_SIM_EVENT_COUNT] = {
		"changes",         "contacts",     "deletions",        "restorations",
		"merges",          "erasures",     "gaps of a feed",   "heartbeats of a feed",
		"changes of reps", "resignations", "last days of reps"};
	struct fnl_stream_stats prospect = world_stats(p->world, FNL_APP_STAGE_PROSPECT);
	struct fnl_stream_stats rep = world_stats(p->world, FNL_APP_STAGE_REP);
	struct fnl_stream_stats org = world_stats(p->world, FNL_APP_STAGE_ORG);
	fprintf(canvas->out, "\n %sWhat came in%s\n", fnl_style_on(canvas, FNL_BOLD), fnl_style_off(canvas));
	for (size_t i = 0; i < FNL_SIM_EVENT_COUNT; i++) {
		check_line(canvas, events[i], p->by_event[i]);
	}
	check_line(canvas, "of them delivered twice", p->again);
	bool good = check_same(canvas, "records published, and as many taken in", prospect.records, p->published);
	check_line(canvas, "changed nothing: newer was known", prospect.stale);
	check_line(canvas, "records from the prospect stage and the router to the rep stage", rep.records);
	check_line(canvas, "records from the rep stage to the org stage", org.records);
	check_line(canvas, "transactions", prospect.transactions + rep.transactions + org.transactions);
	fprintf(canvas->out, "\n %sWhat followed%s\n", fnl_style_on(canvas, FNL_BOLD), fnl_style_off(canvas));
	good &= check_outputs(p, canvas, why);
	good &= check_letters(p, canvas, why);
	fprintf(canvas->out, "\n %sIs it true?%s\n", fnl_style_on(canvas, FNL_BOLD), fnl_style_off(canvas));
	return check_truth(p, canvas, why) && good;
}
