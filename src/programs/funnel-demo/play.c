#include "play.h"

#include <stdlib.h>

#include "picture.h"
#include "send.h"
#include "signals.h"

enum {
	SLICES_A_MONTH = 4,
	PAUSE_MS = 450,
	LOOK_MS = 5000, /* at a picture that stands */
	CATCH_UP_MS = 60000,
	EVENT_ARENA_BYTES = 4 << 20,
	POISON_MONTH = 5, /* June */
	STORY_MONTH = 13, /* from February of the second year on */
	MONDAY = 4,       /* days after a Thursday, as 1970 began with */
	SHEET_HOUR = 8,   /* the rules' inspection.hour */
	YEAR_MONTHS = 12
};

#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)
#define WEEK_MS (7 * DAY_MS)

struct player {
	struct play *play;
	struct picture picture;
	struct fnl_import_map map;
	struct fnl_arena plan_arena;
	struct fnl_arena arena;
	struct fnl_import_plan *plan;
	size_t next;       /* change */
	int64_t monday_ms; /* the next sheets that are looked at */
	struct fnl_error *why;
};

static int make_plan(struct player *p)
{
	struct fnl_span cells[FNL_SIM_COLUMN_COUNT];
	for (size_t i = 0; i < FNL_SIM_COLUMN_COUNT; i++) {
		cells[i] = fnl_span_str(fnl_sim_columns[i]);
	}
	struct fnl_csv_row header = {cells, FNL_SIM_COLUMN_COUNT, 1, NULL};
	return fnl_import_plan_make(&p->map, "demo", &header, &p->plan_arena, &p->plan, p->why);
}

static int publish(struct player *p, const struct fnl_sim_change *c)
{
	struct play *play = p->play;
	struct fnl_sim_texts texts;
	struct fnl_import_event event = {0};
	struct fnl_import_problem problem = {0};
	fnl_sim_texts(play->simulation, c, &texts);
	struct fnl_csv_row row = {texts.cells, FNL_SIM_COLUMN_COUNT, c->order, NULL};
	fnl_arena_reset(&p->arena);
	int status = fnl_import_row_build(p->plan, &row, 0, &p->arena, &event, &problem);
	if (status) {
		return fnl_fail(p->why, FNL_E_INTERNAL, "change %llu, column %.*s: %s", (unsigned long long)c->order,
		                (int)problem.column.len, (const char *)problem.column.data, problem.why.text);
	}
	status = fnl_import_publish(&play->world->ports, &event, &p->arena, p->why);
	if (status == 0) {
		bool prospects = event.binding->kind->topic == FNL_TOPIC_PROSPECT_CHANGES;
		play->published += prospects ? event.to_all_partitions ? WORLD_PARTITIONS : 1 : 0;
		play->again += c->again;
		play->by_event[c->event]++;
		demo_truth_take(&play->truth, play->simulation, c);
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

/* It is that time now, for everybody. */
static int tick(struct player *p, int64_t at_ms)
{
	int status = fnl_import_tick(&p->play->world->ports, at_ms, p->why);
	p->play->published += WORLD_PARTITIONS;
	return status ? status : world_wait(p->play->world, CATCH_UP_MS, p->why);
}

static int publish_until(struct player *p, int64_t until_ms)
{
	const struct fnl_simulation *s = p->play->simulation;
	int status = 0;
	while (status == 0 && p->next < s->change_count && s->changes[p->next].arrives_ms < until_ms) {
		status = publish(p, &s->changes[p->next++]);
	}
	return status ? status : tick(p, until_ms - 1);
}

static void pause_until(const struct player *p, int64_t until_ms)
{
	const struct fnl_clock *clock = p->play->world->app->clock;
	while (p->play->live && !p->play->fast && !*fnl_stop_flag() && clock->monotonic_ms(clock->context) < until_ms) {
		clock->sleep_ms(clock->context, 10);
	}
}

static void look(const struct player *p)
{
	const struct fnl_clock *clock = p->play->world->app->clock;
	pause_until(p, clock->monotonic_ms(clock->context) + LOOK_MS);
}

static struct story_stage stage_of(const struct player *p)
{
	return (struct story_stage){p->play->world, p->play->simulation, p->next, &p->play->truth, &p->play->stalls};
}

/* Its week: asked on Monday, answered on Tuesday, looked after on Thursday. The minutes are not those of anything else.
 */
static int play_story(struct player *p)
{
	struct story *s = &p->play->story;
	int64_t answer_ms = s->monday_ms + DAY_MS + 2 * HOUR_MS + 1;
	s->talk_ms = s->monday_ms + 3 * DAY_MS + 6 * HOUR_MS + 1;
	int status = publish_until(p, answer_ms);
	struct story_stage stage = stage_of(p);
	status = status ? status : story_answer(&stage, s, answer_ms, p->why);
	status = status ? status : publish_until(p, s->talk_ms);
	status = status ? status : story_talk(&stage, s, s->talk_ms, p->why);
	p->play->published += 2;
	p->play->by_event[FNL_SIM_CONTACTED]++;
	status = status ? status : publish_until(p, s->monday_ms + 4 * DAY_MS);
	status = status ? status : story_collect(&stage, s, p->why);
	if (status == 0) {
		picture_story(&p->picture);
		look(p);
	}
	return status;
}

/* Up to a Monday's moment, whose sheets are looked at. */
static int play_monday(struct player *p, int64_t monday_ms)
{
	int status = publish_until(p, monday_ms);
	status = status ? status : tick(p, monday_ms);
	status = status ? status : stalls_read(&p->play->stalls, p->play->world, p->why);
	struct story_stage stage = stage_of(p);
	status = status ? status : story_look(&stage, monday_ms, &p->play->story, p->why);
	return status || !p->play->story.found ? status : play_story(p);
}

static int play_until(struct player *p, int month, int64_t until_ms)
{
	int status = 0;
	for (; status == 0 && month >= STORY_MONTH && !p->play->story.found && p->monday_ms < until_ms;
	     p->monday_ms += WEEK_MS) {
		status = play_monday(p, p->monday_ms);
	}
	return status ? status : publish_until(p, until_ms);
}

static int play_month(struct player *p, int month)
{
	const struct fnl_clock *clock = p->play->world->app->clock;
	int slices = p->play->live ? SLICES_A_MONTH : 1;
	int64_t from_ms = fnl_sim_month(PLAY_FROM_MS, month);
	int64_t until_ms = fnl_sim_month(PLAY_FROM_MS, month + 1);
	int status = month == POISON_MONTH ? publish_poison(p) : 0;
	if (month == YEAR_MONTHS - 1) {
		status = status ? status : quota_open(p->play->world, PLAY_QUOTA_YEAR, from_ms, PLAY_AS_OF_MS, p->why);
	}
	for (int i = 1; status == 0 && i <= slices && !*fnl_stop_flag(); i++) {
		int64_t began_ms = clock->monotonic_ms(clock->context);
		int64_t slice_ms = from_ms + (until_ms - from_ms) * i / slices;
		status = play_until(p, month, slice_ms);
		status = status ? status : picture_show(&p->picture, month, slice_ms, p->why);
		pause_until(p, began_ms + PAUSE_MS);
	}
	return status;
}

static int note_quotas(struct player *p, struct play_quotas *ret)
{
	size_t reps = p->play->simulation->settings.reps;
	int status = quota_read(p->play->world, PLAY_QUOTA_YEAR, reps, &ret->are, p->why);
	ret->must_be = fnl_calloc(reps + 1, sizeof(*ret->must_be));
	if (status || !ret->must_be) {
		return status ? status : fnl_fail(p->why, FNL_E_NOMEM, "out of memory");
	}
	demo_truth_quotas(&p->play->truth, PLAY_QUOTA_YEAR, ret->must_be, reps);
	return 0;
}

/* The year is over: a draft as of its end; a day in which what came late is still taken; then they are frozen. */
static int settle_quotas(struct player *p)
{
	int status = tick(p, PLAY_AS_OF_MS);
	status = status ? status : note_quotas(p, &p->play->draft);
	if (status == 0) {
		picture_draft(&p->picture);
		look(p);
		status = publish_until(p, PLAY_AS_OF_MS + DAY_MS);
	}
	status = status ? status : tick(p, PLAY_AS_OF_MS + DAY_MS);
	p->play->truth.frozen = true;
	status = status ? status : note_quotas(p, &p->play->frozen);
	if (status == 0) {
		picture_explained(&p->picture);
		look(p);
		picture_frozen(&p->picture);
		look(p);
	}
	return status;
}

/* One act, and what follows from it within a minute. */
static int play_act(struct player *p, enum leave_act act)
{
	struct leave *l = &p->play->leave;
	struct world *w = p->play->world;
	int status = tick(p, leave_at(act));
	status = status ? status : leave_do(w, l, act, p->why);
	status = status ? status : tick(p, leave_at(act) + MINUTE_MS);
	status = status ? status : leave_read(w, l, p->why);
	if (status == 0 && act == LEAVE_NOTICE) {
		status = leave_keep_board(w, l, p->why);
		if (status == 0) {
			picture_board(&p->picture);
			look(p);
		}
	}
	return status;
}

/* The years are over; one of those who are there leaves. */
static int play_leave(struct player *p)
{
	struct leave *l = &p->play->leave;
	int status = leave_choose(p->play->world, l, p->why);
	for (int act = 0; status == 0 && l->found && act < LEAVE_ACTS && !*fnl_stop_flag(); act++) {
		status = play_act(p, (enum leave_act)act);
	}
	p->play->published += l->published;
	for (size_t i = 0; i < FNL_SIM_EVENT_COUNT; i++) {
		p->play->by_event[i] += l->by_event[i];
	}
	if (status == 0 && l->found && !*fnl_stop_flag()) {
		status = leave_count_moved(p->play->world, l, p->why);
		if (status == 0) {
			picture_leave(&p->picture);
			look(p);
		}
	}
	return status;
}

int play_years(struct play *play, struct fnl_error *why)
{
	struct player p = {.play = play, .why = why};
	fnl_arena_init(&p.plan_arena, 1 << 20);
	fnl_arena_init(&p.arena, EVENT_ARENA_BYTES);
	play->truth.as_of_ms = PLAY_AS_OF_MS;
	p.monday_ms = fnl_sim_month(PLAY_FROM_MS, STORY_MONTH);
	p.monday_ms += (7 + MONDAY - p.monday_ms / DAY_MS % 7) % 7 * DAY_MS + SHEET_HOUR * HOUR_MS;
	picture_open(&p.picture, play);
	int status = make_plan(&p);
	status = status ? status : send_rules(play->world, fnl_sim_rules, FNL_SIM_RULES_VERSION, PLAY_FROM_MS, why);
	p.play->published += WORLD_PARTITIONS;
	for (int month = 0; status == 0 && month < PLAY_MONTHS && !*fnl_stop_flag(); month++) {
		status = month == YEAR_MONTHS ? settle_quotas(&p) : 0;
		status = status || *fnl_stop_flag() ? status : play_month(&p, month);
	}
	status = status || *fnl_stop_flag() ? status : play_leave(&p);
	if (status == 0 && !*fnl_stop_flag()) {
		picture_end(&p.picture);
	}
	picture_close(&p.picture);
	fnl_arena_deinit(&p.plan_arena);
	fnl_arena_deinit(&p.arena);
	return status;
}

void play_deinit(struct play *p)
{
	quota_deinit(&p->draft.are);
	quota_deinit(&p->frozen.are);
	fnl_free(p->draft.must_be);
	fnl_free(p->frozen.must_be);
	stalls_deinit(&p->stalls);
	leave_deinit(&p->leave);
	demo_truth_deinit(&p->truth);
}
