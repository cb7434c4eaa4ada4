/* funnelctl performance: how the reps of an organisation stand in a year; or they are scored first. */
#include <stdio.h>
#include <string.h>

#include "funneld_records.h"
#include "options.h"
#include "order.h"
#include "partition_rows.h"
#include "signals.h"
#include "view_performance.h"

enum { ARENA_BYTES = 64 << 20 };

static const char usage[] =
	"funnelctl performance ORG [YEAR]\n"
	"       funnelctl performance ORG [YEAR] --ask [--issued-by WHO] [--command-id ID] [--issued-at TIME]\n"
	"                             [--timeout SECONDS | --no-wait]\n"
	"  YEAR               a fiscal year; the latest that is known unless given\n"
	"  --ask              scores them now: ScorePerformance on sales.commands; else what was told last, each month\n"
	"Two axes side by side: how much each rep carries (his quota, its share of the organisation's, in\n"
	"which part of the reps its level is) and how much of what was due by then he has won. Never one\n"
	"number: the reps stand by their ids, and the levels of fewer than the rules' comparable_min are not\n"
	"compared. It feeds no pay by itself. Exit 1 when no rep's year is known.\n" FNL_ORDER_USAGE;

struct question {
	struct fnl_order order;
	bool ask;
	struct fnl_performance_question of;
};

static int take(void *context, const char *name, const char *value)
{
	struct question *q = context;
	(void)value;
	if (strcmp(name, "--ask") != 0) {
		return 0;
	}
	q->ask = true;
	return FNL_ORDER_TAKEN_ALONE;
}

static int read_rows(struct fnl_app *app, struct fnl_rows *rows, int *ret_exit, struct fnl_error *why)
{
	struct fnl_bus *bus;
	int rc = fnl_app_codec(app, &rows->codec, why);
	*ret_exit = FNL_EXIT_SETTINGS;
	if (rc == 0) {
		rc = fnl_app_bus(app, &bus, why);
		rc = rc ? rc : fnl_rows_read(rows, bus, fnl_app_topic(app, FNL_TOPIC_ORGS), why);
		*ret_exit = rc == FNL_E_NOT_FOUND ? FNL_EXIT_KAFKA : fnl_exit_code(rc);
	}
	return rc;
}

static int no_year(const struct fnl_app *app, const struct question *q)
{
	struct fnl_error why = {0};
	fnl_fail(&why, FNL_E_NOT_FOUND, "no rep of %s has a quota or a win in %s; `funnelctl quota open` opens a year",
	         q->order.key, q->of.year ? "that year" : "any year");
	return fnl_app_fail(app, FNL_EXIT_INTERNAL, &why);
}

/* ---- shown ---- */

static int on_score(void *context, size_t topic, const struct fnl_record *r)
{
	(void)topic;
	return fnl_scores_put(context, r);
}

static int read_scores(struct fnl_app *app, struct fnl_scores *scores, struct fnl_error *why)
{
	const char *topic = fnl_app_topic(app, FNL_TOPIC_PERFORMANCE);
	struct fnl_bus *bus;
	int32_t partitions;
	int rc = fnl_app_codec(app, &scores->codec, why);
	rc = rc ? rc : fnl_app_bus(app, &bus, why);
	rc = rc ? rc : fnl_app_partitions(app, FNL_TOPIC_PERFORMANCE, &partitions, why);
	if (rc) {
		return rc;
	}
	rc = bus->ops->read(bus, &topic, 1, true, true, fnl_stop_flag(), on_score, scores);
	return rc < 0 ? fnl_fail(why, rc, "%s: %s", topic, scores->why.text[0] ? scores->why.text : bus->ops->explain(bus))
	              : 0;
}

static int show(struct fnl_app *app, const struct question *q)
{
	struct fnl_performance_question of = q->of;
	struct fnl_rows rows = {.wanted = fnl_performance_wanted, .wanted_context = &of};
	struct fnl_scores scores = {.org = of.org};
	struct fnl_error why = {0};
	int code = FNL_EXIT_OK;
	int rc = read_rows(app, &rows, &code, &why);
	if (rc == 0) {
		rc = read_scores(app, &scores, &why);
		code = fnl_exit_code(rc);
	}
	if (rc == 0) {
		struct fnl_canvas canvas = fnl_canvas_of(stdout, app->color);
		rc = app->json ? fnl_view_performance_json(&rows, &scores, &of, stdout, &why)
		               : fnl_view_performance(&rows, &scores, &of, &canvas, &why);
		code = fnl_exit_code(rc);
	}
	fnl_scores_deinit(&scores);
	fnl_rows_deinit(&rows);
	return rc == FNL_VIEW_NO_YEAR ? no_year(app, q) : rc ? fnl_app_fail(app, code, &why) : FNL_EXIT_OK;
}

/* ---- asked for ---- */

/* The stage is still at it as long as its row has the job: all reps of a year are told of page by page. */
static bool has_more(struct fnl_app *app, const struct fnl_order *o)
{
	struct fnl_arena arena;
	struct fnl_value **rows = NULL;
	struct fnl_error why = {0};
	struct fnl_span id = fnl_span_of(o->event_id, FNL_UUID_TEXT_BYTES);
	size_t count = 0;
	int exit_code;
	bool more = false;
	fnl_arena_init(&arena, ARENA_BYTES);
	int rc = fnl_partition_rows_read(app, FNL_APP_STAGE_ORG, "scoring", o->key, &fnl_desc_scoring, &arena, &rows,
	                                 &count, &exit_code, &why);
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct fnl_list jobs = rows[i] ? rows[i][FNL_SCORING_JOBS].list : (struct fnl_list){NULL, 0};
		for (size_t k = 0; k < jobs.count; k++) {
			const struct fnl_value *correlation = &jobs.items[k].list.items[FNL_SCORING_JOB_CORRELATION_ID];
			more |= correlation->set && fnl_span_eq(correlation->str, id);
		}
	}
	fnl_arena_deinit(&arena);
	return more;
}

/* The year that is asked for, or the latest; 0: there is no row of it, and nobody to be scored. */
static int find_year(struct fnl_app *app, struct question *q)
{
	struct fnl_rows rows = {.wanted = fnl_performance_wanted, .wanted_context = &q->of};
	struct fnl_error why = {0};
	int code;
	int rc = read_rows(app, &rows, &code, &why);
	int32_t year = rc ? 0 : fnl_performance_year(&rows, &q->of);
	fnl_rows_deinit(&rows);
	if (rc) {
		return fnl_app_fail(app, code, &why);
	}
	if (!year) {
		return no_year(app, q);
	}
	q->of.year = year;
	return 0;
}

static int ask(struct fnl_app *app, struct question *q)
{
	struct fnl_import_event event = {.binding = NULL};
	const struct fnl_order_answer answer = {
		.topic = FNL_TOPIC_PERFORMANCE, .desc = &fnl_desc_performance_scored, .has_more = has_more};
	int code = fnl_order_ready(app, &q->order);
	code = code ? code : find_year(app, q);
	if (code) {
		return code;
	}
	event.values[FNL_SCORE_PERFORMANCE_ORG_ID] = fnl_publish_text(q->order.key);
	event.values[FNL_SCORE_PERFORMANCE_FISCAL_YEAR] = fnl_publish_number(q->of.year);
	code = fnl_order_send(app, &q->order, "score_performance", &fnl_desc_score_performance, &event);
	if (code || q->order.no_wait) {
		return code ? code : fnl_order_tell_sent(app, &q->order, "the reps are to be scored");
	}
	code = fnl_order_wait(app, &q->order, &answer);
	return code ? code : show(app, q);
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct question q = {.order = {.command = &fnl_cmd_performance},
	                     .of = {.event_clock = fnl_settings_int(app->settings, "clock") == FNL_CLOCK_EVENT,
	                            .now_ms = app->clock->wall_ms(app->clock->context),
	                            .rules_reader = fnl_app_rules_reader()}};
	const char *words[2] = {NULL, NULL};
	int code = fnl_order_arguments(&q.order, argc, argv, words, 2, take, &q);
	if (code) {
		return code;
	}
	if (!words[0] || !fnl_is_id(words[0])) {
		return fnl_usage_error(&fnl_cmd_performance, "the organisation's id is needed: performance ORG");
	}
	if (words[1] && !fnl_year_parse(words[1], &q.of.year)) {
		return fnl_usage_error(&fnl_cmd_performance, "YEAR %.20s: expected is a fiscal year such as 2027", words[1]);
	}
	const struct fnl_order *o = &q.order;
	if (!q.ask && (o->issued_by || o->command_id || o->has_issued_at || o->no_wait || o->has_timeout)) {
		return fnl_usage_error(&fnl_cmd_performance, "the options of a command belong to --ask");
	}
	q.order.key = words[0];
	q.of.org = fnl_span_str(words[0]);
	return q.ask ? ask(app, &q) : show(app, &q);
}

const struct fnl_command fnl_cmd_performance = {
	"performance", "how the reps stand: what they carry, and what of it they have won", usage, run};
