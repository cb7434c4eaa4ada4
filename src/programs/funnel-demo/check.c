/* After the year: what came, what followed, and whether it is true. */
#include "play.h"
#include "view_event.h"
#include "view_funnel.h"

enum { ARENA_BYTES = 4 << 20, IDS_ARENA_BYTES = 256 << 20, RECORDS_SHOWN_MAX = 16 };

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

static bool say(const struct fnl_canvas *c, bool good, const char *what, uint64_t got, uint64_t expected)
{
	char a[FNL_TEXT_BYTES];
	char b[FNL_TEXT_BYTES];
	fnl_text_count(got, a);
	fnl_text_count(expected, b);
	fprintf(c->out, "  %s%s%s %-56s %10s", fnl_style_on(c, good ? FNL_GREEN : FNL_RED), good ? "ok  " : "FAIL",
	        fnl_style_off(c), what, a);
	if (!good) {
		fprintf(c->out, "  expected %s", b);
	}
	fputc('\n', c->out);
	return good;
}

static bool same(const struct fnl_canvas *c, const char *what, uint64_t got, uint64_t expected)
{
	return say(c, got == expected, what, got, expected);
}

static void line(const struct fnl_canvas *c, const char *what, uint64_t n)
{
	char text[FNL_TEXT_BYTES];
	fnl_text_count(n, text);
	fprintf(c->out, "       %-56s %10s\n", what, text);
}

static int read_outputs(struct play *p, struct outputs *o, struct fnl_error *why)
{
	struct world *w = p->world;
	const char *topics[] = {w->topics[FNL_TOPIC_LAYER_CHANGES], w->topics[FNL_TOPIC_ALERTS]};
	int status = w->bus->ops->read(w->bus, topics, 2, true, true, NULL, on_output, o);
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
			line(c, o.kinds[i].name, o.kinds[i].count);
		}
		good = say(c, o.records > 0 && o.undecodable == 0, "events out, all of them readable",
		           o.records - o.undecodable, o.records);
		good &= same(c, "exactly once: different ce_id among them", o.ids.count, o.records);
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
	bool good = same(c, "dead letters: the one that was broken on purpose", l.count, 1);
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

static bool check_funnel(struct play *p, const struct fnl_rows *rows, const struct fnl_canvas *c, struct fnl_error *why)
{
	struct fnl_view view = {0};
	uint64_t truth[DEMO_LOST + 1];
	if (fnl_view_make(rows, FNL_VIEW_BY_LAYER, &view, why)) {
		return false;
	}
	demo_truth_counts(&p->truth, truth);
	bool good =
		same(c, "open, as the generator's own book has it", count_status(&view, FNL_VIEW_OPEN), truth[DEMO_OPEN]);
	good &= same(c, "won", count_status(&view, FNL_VIEW_WON), truth[DEMO_WON]);
	good &= same(c, "lost", count_status(&view, FNL_VIEW_LOST), truth[DEMO_LOST]);
	fnl_view_deinit(&view);
	return good;
}

struct redis_check {
	const struct fnl_rows *rows;
	int32_t partition;
	uint64_t rows_seen;
	uint64_t equal;
};

static int on_redis_row(void *context, struct fnl_row_key row, struct fnl_span value, int64_t deadline_ms)
{
	struct redis_check *r = context;
	(void)deadline_ms;
	const struct fnl_row_entry *e = fnl_rows_find(r->rows, fnl_prospect_tables[row.table], row.key, r->partition);
	r->rows_seen++;
	r->equal += e && fnl_span_eq(e->value, value);
	return 0;
}

/* The view in Redis against the changelog, byte for byte. */
static bool check_redis(struct play *p, const struct fnl_rows *rows, const struct fnl_canvas *c, struct fnl_error *why)
{
	struct redis_check r = {.rows = rows};
	struct fnl_store *store;
	if (fnl_app_store(p->world->app, FNL_APP_STAGE_PROSPECT, &store, why)) {
		return false;
	}
	for (r.partition = 0; r.partition < WORLD_PARTITIONS; r.partition++) {
		int status = store->ops->scan(store, r.partition, on_redis_row, &r);
		if (status) {
			fnl_fail(why, status, "Redis: %s", store->ops->explain(store));
			return false;
		}
	}
	bool good = same(c, "rows in Redis, as many as in the changelog", r.rows_seen, rows->map.count);
	return good & same(c, "of them the same, byte for byte", r.equal, rows->map.count);
}

bool check_year(struct play *p, struct fnl_canvas *canvas, struct fnl_error *why)
{
	static const char *const kinds[DEMO_KIND_COUNT] = {"changes", "contacts", "deletions",     "restorations",
	                                                   "merges",  "erasures", "gaps of a feed"};
	struct fnl_rows rows = {0};
	struct fnl_stream_stats stats = world_stats(p->world);
	fprintf(canvas->out, "\n %sWhat came in%s\n", fnl_style_on(canvas, FNL_BOLD), fnl_style_off(canvas));
	for (size_t i = 0; i < DEMO_KIND_COUNT; i++) {
		line(canvas, kinds[i], p->by_kind[i]);
	}
	line(canvas, "of them delivered twice", p->again);
	bool good = same(canvas, "records published, and as many taken in", stats.records, p->published);
	line(canvas, "changed nothing: newer was known", stats.stale);
	line(canvas, "transactions", stats.transactions);
	fprintf(canvas->out, "\n %sWhat followed%s\n", fnl_style_on(canvas, FNL_BOLD), fnl_style_off(canvas));
	good &= check_outputs(p, canvas, why);
	good &= check_letters(p, canvas, why);
	fprintf(canvas->out, "\n %sIs it true?%s\n", fnl_style_on(canvas, FNL_BOLD), fnl_style_off(canvas));
	if (fnl_rows_read(&rows, p->world->bus, p->world->topics[FNL_TOPIC_PROSPECTS], why)) {
		return false;
	}
	good &= check_funnel(p, &rows, canvas, why);
	good &= check_redis(p, &rows, canvas, why);
	fnl_rows_deinit(&rows);
	return good;
}
