#include "play.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "signals.h"
#include "view_draw.h"
#include "view_event.h"

enum {
	SLICES_A_MONTH = 4,
	LATEST_MAX = 8,   /* layer changes under the funnel */
	LATEST_PLAIN = 2, /* for each month in a pipe */
	PAUSE_MS = 450,
	CATCH_UP_MS = 30000,
	EVENT_ARENA_BYTES = 4 << 20,
	POISON_MONTH = 5 /* June */
};

/* A layer change that was not shown yet. */
struct latest {
	int64_t at_ms;
	char *line;
};

struct player {
	struct play *play;
	struct fnl_import_map map;
	struct fnl_arena plan_arena;
	struct fnl_arena arena;
	struct fnl_import_plan *plan;
	size_t next;                      /* change */
	int64_t seen[WORLD_PARTITIONS];   /* offsets of layer changes */
	struct latest latest[LATEST_MAX]; /* in order of time */
	size_t latest_count;
	uint64_t changes_seen;
	struct fnl_canvas canvas;
	struct fnl_error *why;
};

static int make_plan(struct player *p)
{
	struct fnl_span cells[DEMO_COLUMN_COUNT];
	for (size_t i = 0; i < DEMO_COLUMN_COUNT; i++) {
		cells[i] = fnl_span_str(demo_columns[i]);
	}
	struct fnl_csv_row header = {cells, DEMO_COLUMN_COUNT, 1, NULL};
	return fnl_import_plan_make(&p->map, "demo", &header, &p->plan_arena, &p->plan, p->why);
}

static int publish(struct player *p, const struct demo_change *c)
{
	struct fnl_span cells[DEMO_COLUMN_COUNT];
	struct fnl_import_event event = {0};
	struct fnl_import_problem problem = {0};
	for (size_t i = 0; i < DEMO_COLUMN_COUNT; i++) {
		cells[i] = fnl_span_str(c->cells[i] ? c->cells[i] : "");
	}
	struct fnl_csv_row row = {cells, DEMO_COLUMN_COUNT, c->order, NULL};
	fnl_arena_reset(&p->arena);
	int status = fnl_import_row_build(p->plan, &row, 0, &p->arena, &event, &problem);
	if (status) {
		return fnl_fail(p->why, FNL_E_INTERNAL, "change %zu, column %.*s: %s", c->order, (int)problem.column.len,
		                (const char *)problem.column.data, problem.why.text);
	}
	status = fnl_import_publish(&p->play->world->ports, &event, &p->arena, p->why);
	if (status == 0) {
		p->play->published += event.to_all_partitions ? WORLD_PARTITIONS : 1;
		p->play->again += c->again;
		p->play->by_kind[c->kind]++;
		demo_truth_take(&p->play->truth, c);
	}
	return status;
}

/* A record that no schema knows: it must not stop anybody. */
static int publish_poison(struct player *p)
{
	static const uint8_t garbage[] = {0, 0, 0, 0x27, 0x0F, 'n', 'o', ' ', 'a', 'v', 'r', 'o'};
	struct fnl_bus *bus = p->play->world->bus;
	int status = bus->ops->publish(bus, p->play->world->topics[FNL_TOPIC_PROSPECT_CHANGES], -1,
	                               FNL_SPAN_LIT("P-broken"), fnl_span_of(garbage, sizeof(garbage)), NULL, 0);
	p->play->published += status == 0;
	return status < 0 ? fnl_fail(p->why, status, "%s", bus->ops->explain(bus)) : 0;
}

static int publish_until(struct player *p, int64_t until_ms)
{
	const struct demo_year *year = p->play->year;
	int status = 0;
	while (status == 0 && p->next < year->change_count && year->changes[p->next].arrives_ms < until_ms) {
		status = publish(p, &year->changes[p->next++]);
	}
	status = status ? status : fnl_import_tick(&p->play->world->ports, until_ms - 1, p->why);
	p->play->published += WORLD_PARTITIONS;
	p->play->ticks += WORLD_PARTITIONS;
	return status ? status : world_wait(p->play->world, CATCH_UP_MS, p->why);
}

/* Keeps the latest few, in order of time. */
static void keep(struct player *p, int64_t at_ms, char *line)
{
	if (p->latest_count == LATEST_MAX) {
		if (at_ms < p->latest[0].at_ms) {
			free(line);
			return;
		}
		free(p->latest[0].line);
		memmove(p->latest, p->latest + 1, (LATEST_MAX - 1) * sizeof(p->latest[0]));
		p->latest_count--;
	}
	size_t at = p->latest_count++;
	for (; at > 0 && p->latest[at - 1].at_ms > at_ms; at--) {
		p->latest[at] = p->latest[at - 1];
	}
	p->latest[at] = (struct latest){at_ms, line};
}

static int on_layer_change(void *context, size_t topic, const struct fnl_record *r)
{
	struct player *p = context;
	struct fnl_decoded d;
	char *line = NULL;
	size_t len = 0;
	(void)topic;
	if (r->partition >= WORLD_PARTITIONS || r->offset < p->seen[r->partition]) {
		return 0;
	}
	p->seen[r->partition] = r->offset + 1;
	p->changes_seen++;
	fnl_arena_reset(&p->arena);
	if (p->play->world->codec->ops->decode(p->play->world->codec, r, &p->arena, &d, NULL)) {
		return 0; /* the check at the end counts it */
	}
	int at = fnl_record_field_index(d.desc, FNL_SPAN_LIT("occurred_at"));
	struct fnl_canvas canvas = p->canvas;
	canvas.out = open_memstream(&line, &len);
	if (!canvas.out) {
		return FNL_E_NOMEM;
	}
	fnl_event_line(&canvas, r->key, &d);
	fclose(canvas.out);
	keep(p, at >= 0 ? d.values[at].i64 : 0, line);
	return 0;
}

static int read_back(struct player *p, struct fnl_rows *rows, struct fnl_view *view)
{
	struct world *w = p->play->world;
	const char *topic = w->topics[FNL_TOPIC_LAYER_CHANGES];
	int status = w->bus->ops->read(w->bus, &topic, 1, true, true, NULL, on_layer_change, p);
	if (status < 0) {
		return fnl_fail(p->why, status, "%s: %s", topic, w->bus->ops->explain(w->bus));
	}
	status = fnl_rows_read(rows, w->bus, w->topics[FNL_TOPIC_PROSPECTS], p->why);
	return status ? status : fnl_view_make(rows, FNL_VIEW_BY_LAYER, view, p->why);
}

static void drop_latest(struct player *p)
{
	for (size_t i = 0; i < p->latest_count; i++) {
		free(p->latest[i].line);
	}
	p->latest_count = 0;
}

/* A picture on top of the last one: each line clears its own rest, so that nothing flickers. */
static void put_picture(const char *picture)
{
	struct winsize size = {0};
	int lines = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row - 1 : INT_MAX;
	fputs("\033[H", stdout);
	for (const char *at = picture; *at && lines > 0; lines--) {
		size_t len = strcspn(at, "\n");
		fwrite(at, 1, len, stdout);
		fputs("\033[K\n", stdout);
		at += len + (at[len] == '\n');
	}
	fputs("\033[J", stdout);
	fflush(stdout);
}

static void draw_live(struct player *p, const struct fnl_view *view)
{
	char *picture = NULL;
	size_t len = 0;
	char text[FNL_TEXT_BYTES];
	struct fnl_canvas canvas = fnl_canvas_of(stdout, p->canvas.color);
	canvas.out = open_memstream(&picture, &len);
	if (!canvas.out) {
		return;
	}
	fputc('\n', canvas.out);
	fnl_view_draw(view, &canvas, "A YEAR OF A SALES FUNNEL");
	fnl_text_count(p->play->published, text);
	fprintf(canvas.out, "\n %s%s events in", fnl_style_on(&canvas, FNL_DIM), text);
	fnl_text_count(p->changes_seen, text);
	fprintf(canvas.out, ", %s layer changes out; the latest:%s\n", text, fnl_style_off(&canvas));
	for (size_t i = 0; i < p->latest_count; i++) {
		fprintf(canvas.out, "  %s\n", p->latest[i].line);
	}
	fclose(canvas.out);
	put_picture(picture);
	free(picture);
}

static void print_group(const struct fnl_canvas *c, const struct fnl_view *view, const char *key,
                        enum fnl_view_status status)
{
	const struct fnl_view_group *g = fnl_view_find(view, key, status);
	char count[FNL_TEXT_BYTES];
	fnl_text_count(g ? g->count : 0, count);
	fprintf(c->out, "  %s %s", key, count);
}

static void print_plain(struct player *p, const struct fnl_view *view, int month)
{
	static const char *const keys[] = {"TOP", "MIDDLE", "BOTTOM", "UNCLASSIFIED", "UNKNOWN"};
	const struct fnl_canvas *c = &p->canvas;
	fprintf(c->out, "2025-%02d", month + 1);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		print_group(c, view, keys[i], FNL_VIEW_OPEN);
	}
	print_group(c, view, "WON", FNL_VIEW_WON);
	print_group(c, view, "LOST", FNL_VIEW_LOST);
	fputc('\n', c->out);
	for (size_t i = p->latest_count > LATEST_PLAIN ? p->latest_count - LATEST_PLAIN : 0; i < p->latest_count; i++) {
		fprintf(c->out, "         %s\n", p->latest[i].line);
	}
	fflush(c->out);
	drop_latest(p);
}

static int show(struct player *p, int month, int64_t now_ms)
{
	struct fnl_rows rows = {0};
	struct fnl_view view = {0};
	int status = read_back(p, &rows, &view);
	if (status == 0) {
		view.as_of_ms = now_ms - 60000; /* the minute before midnight: the year's time, not the clock on the wall */
		if (p->play->live) {
			draw_live(p, &view);
		} else {
			print_plain(p, &view, month);
		}
	}
	fnl_view_deinit(&view);
	fnl_rows_deinit(&rows);
	return status;
}

static int64_t month_begins(int month)
{
	struct tm t = {.tm_year = 125, .tm_mon = month, .tm_mday = 1};
	return (int64_t)timegm(&t) * 1000;
}

static void pause_until(const struct player *p, int64_t until_ms)
{
	const struct fnl_clock *clock = p->play->world->app->clock;
	int64_t left_ms = until_ms - clock->monotonic_ms(clock->context);
	if (p->play->live && !p->play->fast && left_ms > 0) {
		clock->sleep_ms(clock->context, left_ms);
	}
}

static int play_month(struct player *p, int month)
{
	const struct fnl_clock *clock = p->play->world->app->clock;
	int slices = p->play->live ? SLICES_A_MONTH : 1;
	int64_t from_ms = month_begins(month);
	int64_t until_ms = month_begins(month + 1);
	int status = month == POISON_MONTH ? publish_poison(p) : 0;
	for (int i = 1; status == 0 && i <= slices && !*fnl_stop_flag(); i++) {
		int64_t began_ms = clock->monotonic_ms(clock->context);
		int64_t slice_ms = from_ms + (until_ms - from_ms) * i / slices;
		status = publish_until(p, slice_ms);
		status = status ? status : show(p, month, slice_ms);
		pause_until(p, began_ms + PAUSE_MS);
	}
	return status;
}

int play_year(struct play *play, struct fnl_error *why)
{
	struct player p = {.play = play, .why = why};
	fnl_arena_init(&p.plan_arena, 1 << 20);
	fnl_arena_init(&p.arena, EVENT_ARENA_BYTES);
	p.canvas = fnl_canvas_of(stdout, play->world->app->color);
	int status = make_plan(&p);
	if (play->live) {
		/* no cursor, and no line that wraps */
		fputs("\033[?25l\033[?7l\033[2J", stdout);
	}
	for (int month = 0; status == 0 && month < 12 && !*fnl_stop_flag(); month++) {
		status = play_month(&p, month);
	}
	if (play->live) {
		fputs("\033[?7h\033[?25h", stdout);
		fflush(stdout);
	}
	drop_latest(&p);
	fnl_arena_deinit(&p.plan_arena);
	fnl_arena_deinit(&p.arena);
	return status;
}
