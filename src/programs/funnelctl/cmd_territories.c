/* funnelctl territories: who has how much in an organisation, and the latest proposal. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "publish.h"
#include "show_territories.h"

static const char usage[] =
	"funnelctl territories ORG [--currency CODE] [--size] [--layer]\n"
	"  --currency CODE  of the volumes; that of the latest proposal unless given, else the one that most is in\n"
	"  --size, --layer  cells are told apart by the buyer's size, by layer, too\n"
	"Weighted volume (amount × weight of the layer) and prospects of each rep and of each cell (region and\n"
	"industry), how unlike the reps are, and what is rich or poor by the rules ([territory]); then the latest\n"
	"proposal: until when it can be accepted, each rep before and after, what it costs, its moves and their\n"
	"reasons. As of the last commit, from the changelog of the org stage. `funnelctl propose ORG` asks for a\n"
	"proposal. Exit 1 when nobody of ORG is known.\n";

bool fnl_is_currency(const char *text)
{
	struct fnl_money money = {0, ""};
	memcpy(money.currency, text, strlen(text) == 3 ? 3 : 0);
	return fnl_money_check(money, NULL) == 0;
}

int fnl_show_territories(struct fnl_app *app, struct fnl_territories_question *q)
{
	struct fnl_rows rows = {.wanted = fnl_territories_wanted, .wanted_context = q};
	struct fnl_bus *bus;
	struct fnl_error why = {0};
	q->picture = isatty(STDOUT_FILENO) != 0;
	q->event_clock = fnl_settings_int(app->settings, "clock") == FNL_CLOCK_EVENT;
	q->now_ms = app->clock->wall_ms(app->clock->context);
	q->rules_reader = fnl_app_rules_reader();
	int rc = fnl_app_codec(app, &rows.codec, &why);
	if (rc) {
		return fnl_app_fail(app, FNL_EXIT_SETTINGS, &why);
	}
	rc = fnl_app_bus(app, &bus, &why);
	rc = rc ? rc : fnl_rows_read(&rows, bus, fnl_app_topic(app, FNL_TOPIC_ORGS), &why);
	int code = rc == FNL_E_NOT_FOUND ? FNL_EXIT_KAFKA : fnl_exit_code(rc);
	if (rc == 0) {
		struct fnl_canvas canvas = fnl_canvas_of(stdout, app->color);
		rc = app->json ? fnl_view_territories_json(&rows, q, stdout, &why)
		               : fnl_view_territories(&rows, q, &canvas, &why);
		code = fnl_exit_code(rc);
	}
	fnl_rows_deinit(&rows);
	if (rc == FNL_VIEW_NO_ORG) {
		code = FNL_EXIT_INTERNAL;
		fnl_fail(&why, FNL_E_NOT_FOUND, "there is no organisation %.*s: HR has named no rep of it", (int)q->org.len,
		         (const char *)q->org.data);
	}
	return rc ? fnl_app_fail(app, code, &why) : FNL_EXIT_OK;
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct fnl_territories_question q = {.by_size = false};
	const char *org = NULL;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--size") == 0) {
			q.by_size = true;
		} else if (strcmp(argv[i], "--layer") == 0) {
			q.by_layer = true;
		} else if (strcmp(argv[i], "--currency") == 0 && i + 1 < argc) {
			q.currency = fnl_span_str(argv[++i]);
			if (!fnl_is_currency(argv[i])) {
				return fnl_usage_error(&fnl_cmd_territories, "--currency %.10s: expected are three capital letters",
				                       argv[i]);
			}
		} else if (org || strncmp(argv[i], "--", 2) == 0) {
			return fnl_usage_error(&fnl_cmd_territories, "\"%s\" is not understood here, or lacks its value", argv[i]);
		} else {
			org = argv[i];
		}
	}
	if (!org || !fnl_is_id(org)) {
		return fnl_usage_error(&fnl_cmd_territories, "the organisation's id is needed: territories ORG");
	}
	q.org = fnl_span_str(org);
	return fnl_show_territories(app, &q);
}

const struct fnl_command fnl_cmd_territories = {
	"territories", "who has how much in which cells, and the latest proposal to share it out", usage, run};
