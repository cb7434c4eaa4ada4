#include "picture.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "view_draw.h"
#include "view_event.h"

enum { LATEST_PLAIN = 2, EVENT_ARENA_BYTES = 4 << 20, LINES_MIN = 4, LINES_MAX = 20, BESIDE_LINES = 16, BLOCKS = 8 };

void picture_open(struct picture *p, struct play *play)
{
	*p = (struct picture){.play = play, .canvas = fnl_canvas_of(stdout, play->world->app->color)};
	fnl_arena_init(&p->arena, EVENT_ARENA_BYTES);
	if (play->live) {
		/* no cursor, and no line that wraps */
		fputs("\033[?25l\033[?7l\033[2J", stdout);
	}
}

static void drop_latest(struct picture *p)
{
	for (size_t i = 0; i < p->latest_count; i++) {
		free(p->latest[i].line);
	}
	p->latest_count = 0;
}

void picture_close(struct picture *p)
{
	if (p->play->live) {
		fputs("\033[?7h\033[?25h", stdout);
		fflush(stdout);
	}
	drop_latest(p);
	for (size_t i = 0; i < PLAY_QUARTERS + 1; i++) {
		fnl_free(p->quarters[i].weighted);
	}
	fnl_arena_deinit(&p->arena);
}

/* Keeps the latest few, in order of time. */
static void keep(struct picture *p, int64_t at_ms, char *line)
{
	if (p->latest_count == PICTURE_LATEST_MAX) {
		if (at_ms < p->latest[0].at_ms) {
			free(line);
			return;
		}
		free(p->latest[0].line);
		memmove(p->latest, p->latest + 1, (PICTURE_LATEST_MAX - 1) * sizeof(p->latest[0]));
		p->latest_count--;
	}
	size_t at = p->latest_count++;
	for (; at > 0 && p->latest[at - 1].at_ms > at_ms; at--) {
		p->latest[at] = p->latest[at - 1];
	}
	p->latest[at] = (struct latest){at_ms, line};
}

static int on_layer_change(struct picture *p, const struct fnl_record *r, const struct fnl_decoded *d)
{
	char *line = NULL;
	size_t len = 0;
	int at = fnl_record_field_index(d->desc, FNL_SPAN_LIT("occurred_at"));
	struct fnl_canvas canvas = p->canvas;
	canvas.out = open_memstream(&line, &len);
	if (!canvas.out) {
		return FNL_E_NOMEM;
	}
	fnl_event_line(&canvas, r->key, d);
	fclose(canvas.out);
	keep(p, at >= 0 ? d->values[at].i64 : 0, line);
	return 0;
}

static int on_event(void *context, size_t index, const struct fnl_record *r)
{
	struct picture *p = context;
	struct fnl_decoded d;
	enum fnl_topic topic = index ? FNL_TOPIC_QUOTAS : FNL_TOPIC_LAYER_CHANGES;
	if (r->partition >= WORLD_PARTITIONS || r->offset < p->seen[topic][r->partition]) {
		return 0;
	}
	p->seen[topic][r->partition] = r->offset + 1;
	p->layer_changes += topic == FNL_TOPIC_LAYER_CHANGES;
	fnl_arena_reset(&p->arena);
	if (p->play->world->codec->ops->decode(p->play->world->codec, r, &p->arena, &d, NULL)) {
		return 0; /* the check at the end counts it */
	}
	p->recalculations += d.desc == &fnl_desc_quota_recalculated;
	return topic == FNL_TOPIC_LAYER_CHANGES ? on_layer_change(p, r, &d) : 0;
}

static int read_funnel(struct picture *p, struct fnl_rows *rows, struct fnl_view *view, struct fnl_error *why)
{
	struct world *w = p->play->world;
	const char *topics[] = {w->topics[FNL_TOPIC_LAYER_CHANGES], w->topics[FNL_TOPIC_QUOTAS]};
	int status = w->bus->ops->read(w->bus, topics, 2, true, true, NULL, on_event, p);
	if (status < 0) {
		return fnl_fail(why, status, "%s", w->bus->ops->explain(w->bus));
	}
	status = fnl_rows_read(rows, w->bus, w->topics[FNL_TOPIC_PROSPECTS], why);
	return status ? status : fnl_view_make(rows, FNL_VIEW_BY_LAYER, view, why);
}

/* The funnels of the reps at this moment are those of the quarter that runs. */
static int note_quarter(struct picture *p, int month, const struct quotas *q, struct fnl_error *why)
{
	struct quarter *quarter = &p->quarters[month / 3];
	if (!quarter->weighted) {
		quarter->weighted = fnl_calloc(q->reps + 1, sizeof(*quarter->weighted));
		if (!quarter->weighted) {
			return fnl_fail(why, FNL_E_NOMEM, "out of memory");
		}
		p->quarter_count = (size_t)month / 3 + 1;
	}
	quarter->sum = 0;
	for (size_t i = 1; i <= q->reps; i++) {
		quarter->weighted[i] = (int64_t)fnl_div_half_even(q->at[i].funnel, FNL_BP_ONE);
		quarter->sum += quarter->weighted[i];
	}
	return 0;
}

/* Lines of the terminal, one left for the cursor. */
static int lines_of_terminal(void)
{
	struct winsize size = {0};
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row - 1 : INT_MAX;
}

/* A picture on top of the last one: each line clears its own rest, so that nothing flickers. */
static void put_picture(const char *picture)
{
	int lines = lines_of_terminal();
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

/* A line a quarter, a column a rep: how the weighted funnels of the reps grow. */
static void draw_quarters(const struct picture *p, const struct fnl_canvas *c)
{
	static const char *const blocks[BLOCKS + 1] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char ascii[BLOCKS + 1] = " .:-=+*#@";
	size_t reps = p->play->simulation->settings.reps;
	int64_t most = 1;
	char sum[FNL_TEXT_BYTES];
	for (size_t q = 0; q < p->quarter_count; q++) {
		for (size_t i = 1; i <= reps; i++) {
			most = p->quarters[q].weighted[i] > most ? p->quarters[q].weighted[i] : most;
		}
	}
	fprintf(c->out, "\n %sREPS%s %sR-01 to R-%02zu, each a column: weighted funnel, " QUOTA_CURRENCY "%s\n",
	        fnl_style_on(c, FNL_BOLD), fnl_style_off(c), fnl_style_on(c, FNL_DIM), reps, fnl_style_off(c));
	for (size_t q = 0; q < p->quarter_count; q++) {
		fprintf(c->out, "  %zu Q%zu  %s", 2025 + q / 4, q % 4 + 1,
		        fnl_style_on(c, q + 1 == p->quarter_count ? FNL_CYAN : FNL_BLUE));
		for (size_t i = 1; i <= reps; i++) {
			int64_t height = (p->quarters[q].weighted[i] * BLOCKS + most - 1) / most;
			height = height < 0 ? 0 : height;
			if (c->utf8) {
				fputs(blocks[height], c->out);
			} else {
				fputc(ascii[height], c->out);
			}
			fputc(' ', c->out);
		}
		fnl_text_money(p->quarters[q].sum, QUOTA_CURRENCY, sum);
		fprintf(c->out, "%s %8s\n", fnl_style_off(c), sum);
	}
}

/* Frozen, and what moves beside it. */
static void draw_running(const struct picture *p, const struct fnl_canvas *c, const struct quotas *now)
{
	char frozen[FNL_TEXT_BYTES];
	char running[FNL_TEXT_BYTES];
	char told[FNL_TEXT_BYTES];
	if (!p->play->frozen.are.at) {
		return;
	}
	fnl_text_money(quota_sum(now), QUOTA_CURRENCY, frozen);
	fnl_text_money(quota_running(now), QUOTA_CURRENCY, running);
	fnl_text_count(p->recalculations, told);
	fprintf(c->out,
	        " %sQUOTAS %d%s  frozen %s%s%s " QUOTA_CURRENCY ", running weighted potential %s%s%s " QUOTA_CURRENCY
	        "  %stold %s times%s\n",
	        fnl_style_on(c, FNL_BOLD), now->year, fnl_style_off(c), fnl_style_on(c, FNL_GREEN), frozen,
	        fnl_style_off(c), fnl_style_on(c, FNL_CYAN), running, fnl_style_off(c), fnl_style_on(c, FNL_DIM), told,
	        fnl_style_off(c));
}

/* How many of the funnel sit still, and how far up that is known. */
static void draw_stalls(const struct picture *p, const struct fnl_canvas *c, const struct stalls_now *still)
{
	static const struct {
		int layer;
		enum fnl_style style;
	} layers[] = {{FNL_LAYER_TOP, FNL_BLUE}, {FNL_LAYER_MIDDLE, FNL_CYAN}, {FNL_LAYER_BOTTOM, FNL_YELLOW}};
	const struct stalls *s = &p->play->stalls;
	char told[FNL_TEXT_BYTES];
	char cleared[FNL_TEXT_BYTES];
	fprintf(c->out, " %sSIT STILL%s  ", fnl_style_on(c, FNL_BOLD), fnl_style_off(c));
	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		fprintf(c->out, "%s%s %llu%s  ", fnl_style_on(c, layers[i].style), fnl_symbols_layer[layers[i].layer],
		        (unsigned long long)still->by_layer[layers[i].layer], fnl_style_off(c));
	}
	fnl_text_count(s->told, told);
	fnl_text_count(s->cleared, cleared);
	fprintf(c->out, "known to reps %llu, managers %llu, above %llu  %stold %s, cleared %s%s\n",
	        (unsigned long long)s->by_level[FNL_ALERT_LEVEL_REP],
	        (unsigned long long)s->by_level[FNL_ALERT_LEVEL_MANAGER],
	        (unsigned long long)s->by_level[FNL_ALERT_LEVEL_NEXT_LEVEL], fnl_style_on(c, FNL_DIM), told, cleared,
	        fnl_style_off(c));
}

static void draw_latest(const struct picture *p, const struct fnl_canvas *c)
{
	char text[FNL_TEXT_BYTES];
	fnl_text_count(p->play->published, text);
	fprintf(c->out, "\n %s%s events in", fnl_style_on(c, FNL_DIM), text);
	fnl_text_count(p->layer_changes, text);
	fprintf(c->out, ", %s layer changes out; the latest:%s\n", text, fnl_style_off(c));
	for (size_t i = p->latest_count; i > 0; i--) {
		fprintf(c->out, "  %s\n", p->latest[i - 1].line);
	}
}

/* A canvas in memory, to be put at once. False: no memory, and nothing is shown. */
static bool begin_picture(const struct picture *p, struct fnl_canvas *ret, char **text, size_t *len)
{
	*ret = fnl_canvas_of(stdout, p->canvas.color);
	ret->out = open_memstream(text, len);
	return ret->out != NULL;
}

static void end_picture(struct fnl_canvas *c, char **text)
{
	fclose(c->out);
	put_picture(*text);
	free(*text);
}

static void draw_live(const struct picture *p, const struct fnl_view *view, const struct quotas *now,
                      const struct stalls_now *still)
{
	char *text = NULL;
	size_t len = 0;
	struct fnl_canvas c;
	if (begin_picture(p, &c, &text, &len)) {
		fputc('\n', c.out);
		draw_running(p, &c, now);
		draw_stalls(p, &c, still);
		fputc('\n', c.out);
		fnl_view_draw(view, &c, "TWO YEARS OF A SALES FUNNEL");
		draw_quarters(p, &c);
		draw_latest(p, &c);
		end_picture(&c, &text);
	}
}

static void print_group(const struct fnl_canvas *c, const struct fnl_view *view, const char *key,
                        enum fnl_view_status status)
{
	const struct fnl_view_group *g = fnl_view_find(view, key, status);
	char count[FNL_TEXT_BYTES];
	fnl_text_count(g ? g->count : 0, count);
	fprintf(c->out, "  %s %s", key, count);
}

static void print_plain(struct picture *p, const struct fnl_view *view, const struct quotas *now,
                        const struct stalls_now *still, int month)
{
	static const char *const keys[] = {"TOP", "MIDDLE", "BOTTOM", "UNCLASSIFIED", "UNKNOWN"};
	const struct fnl_canvas *c = &p->canvas;
	fprintf(c->out, "%d-%02d", 2025 + month / 12, month % 12 + 1);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		print_group(c, view, keys[i], FNL_VIEW_OPEN);
	}
	print_group(c, view, "WON", FNL_VIEW_WON);
	print_group(c, view, "LOST", FNL_VIEW_LOST);
	fputc('\n', c->out);
	for (size_t i = p->latest_count > LATEST_PLAIN ? p->latest_count - LATEST_PLAIN : 0; i < p->latest_count; i++) {
		fprintf(c->out, "         %s\n", p->latest[i].line);
	}
	if (p->play->frozen.are.at) {
		fputs("        ", c->out);
		draw_running(p, c, now);
	}
	fputs("        ", c->out);
	draw_stalls(p, c, still);
	fflush(c->out);
	drop_latest(p);
}

int picture_show(struct picture *p, int month, int64_t now_ms, struct fnl_error *why)
{
	struct fnl_rows rows = {0};
	struct fnl_view view = {0};
	struct quotas now = {0};
	struct stalls_now still;
	int status = read_funnel(p, &rows, &view, why);
	status =
		status ? status : quota_read(p->play->world, PLAY_QUOTA_YEAR, p->play->simulation->settings.reps, &now, why);
	status = status ? status : stalls_read(&p->play->stalls, p->play->world, why);
	status = status ? status : stalls_of_rows(&rows, &still, why);
	status = status ? status : note_quarter(p, month, &now, why);
	if (status == 0) {
		view.as_of_ms = now_ms - 60000; /* the minute before midnight: the year's time, not the clock on the wall */
		if (p->play->live) {
			draw_live(p, &view, &now, &still);
		} else {
			print_plain(p, &view, &now, &still, month);
		}
	}
	quota_deinit(&now);
	fnl_view_deinit(&view);
	fnl_rows_deinit(&rows);
	return status;
}

/* A picture of something that does not move. */
static void put(struct picture *p, void (*draw)(const struct picture *p, const struct fnl_canvas *c))
{
	char *text = NULL;
	size_t len = 0;
	struct fnl_canvas c = p->canvas;
	if (!p->play->live) {
		fputc('\n', c.out);
		draw(p, &c);
		fflush(c.out);
	} else if (begin_picture(p, &c, &text, &len)) {
		fputc('\n', c.out);
		draw(p, &c);
		end_picture(&c, &text);
	}
}

static void draw_draft(const struct picture *p, const struct fnl_canvas *c)
{
	quota_draw_table(c, &p->play->draft.are, "drafted as of the year's end; what comes late is still taken for a day");
}

void picture_draft(struct picture *p)
{
	put(p, draw_draft);
}

static void draw_explained(const struct picture *p, const struct fnl_canvas *c)
{
	const struct quotas *q = &p->play->frozen.are;
	int lines = p->play->live ? lines_of_terminal() - BESIDE_LINES : LINES_MAX;
	lines = lines < LINES_MIN ? LINES_MIN : lines > LINES_MAX ? LINES_MAX : lines;
	quota_draw_lines(c, q, quota_example(q), (size_t)lines, PLAY_AS_OF_MS);
}

void picture_explained(struct picture *p)
{
	put(p, draw_explained);
}

static void draw_frozen(const struct picture *p, const struct fnl_canvas *c)
{
	int64_t moved = quota_sum(&p->play->frozen.are) - quota_sum(&p->play->draft.are);
	char text[FNL_TEXT_BYTES];
	char title[FNL_TEXT_BYTES * 2];
	fnl_text_money_full(moved, QUOTA_CURRENCY, text);
	snprintf(title, sizeof(title), "frozen; what came late has moved the draft by %s%s", moved > 0 ? "+" : "", text);
	quota_draw_table(c, &p->play->frozen.are, title);
	fputc('\n', c->out);
}

void picture_frozen(struct picture *p)
{
	put(p, draw_frozen);
}

static void draw_story(const struct picture *p, const struct fnl_canvas *c)
{
	story_draw(&p->play->story, c);
	fputc('\n', c->out);
}

void picture_story(struct picture *p)
{
	put(p, draw_story);
}

static void draw_board(const struct picture *p, const struct fnl_canvas *c)
{
	leave_draw_board(&p->play->leave, c);
	fputc('\n', c->out);
}

void picture_board(struct picture *p)
{
	put(p, draw_board);
}

static void draw_leave(const struct picture *p, const struct fnl_canvas *c)
{
	leave_draw(&p->play->leave, c);
	fputc('\n', c->out);
}

void picture_leave(struct picture *p)
{
	put(p, draw_leave);
}

void picture_end(struct picture *p)
{
	if (p->play->live) {
		fputc('\n', p->canvas.out);
		draw_explained(p, &p->canvas);
		fputc('\n', p->canvas.out);
		draw_frozen(p, &p->canvas);
		if (p->play->story.found) {
			draw_story(p, &p->canvas);
		}
		if (p->play->leave.found) {
			draw_board(p, &p->canvas);
			draw_leave(p, &p->canvas);
		}
	}
}
