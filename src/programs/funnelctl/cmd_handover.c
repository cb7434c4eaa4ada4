/* funnelctl handover: the board of a rep's handover. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "show_handover.h"
#include "view_handover.h"
#include "view_rep.h"

static const char usage[] =
	"funnelctl handover REP [--all]\n"
	"  REP    the rep who leaves\n"
	"  --all  all tasks; the 20 largest of each layer unless given\n"
	"His funnel on its way to his successor, as of the last commit (the changelog of the rep stage): the time left,\n"
	"the tasks of each layer with the largest first, the gate before TOP, and what is missing. `funnelctl\n"
	"task`, `successor` and `review` are what moves it on. With --json all of the row, \"tasks\", \"missing\". Exit 1\n"
	"when he has not given notice.\n";

enum { TASKS_MAX = 20 };

int fnl_show_handover(struct fnl_app *app, const char *rep, bool all)
{
	char book[FNL_VIEW_BOOK_BYTES];
	struct fnl_handover_question q = {.event_clock = fnl_settings_int(app->settings, "clock") == FNL_CLOCK_EVENT,
	                                  .now_ms = app->clock->wall_ms(app->clock->context),
	                                  .rules_reader = fnl_app_rules_reader(),
	                                  .tasks_max = all ? 0 : TASKS_MAX};
	struct fnl_rows rows = {.wanted = fnl_handover_wanted, .wanted_context = &q};
	struct fnl_bus *bus;
	struct fnl_error why = {0};
	snprintf(book, sizeof(book), "rep:%s", rep);
	q.book = fnl_span_str(book);
	int status = fnl_app_codec(app, &rows.codec, &why);
	if (status) {
		return fnl_app_fail(app, FNL_EXIT_SETTINGS, &why);
	}
	status = fnl_app_bus(app, &bus, &why);
	status = status ? status : fnl_rows_read(&rows, bus, fnl_app_topic(app, FNL_TOPIC_REPS), &why);
	int code = status == FNL_E_NOT_FOUND ? FNL_EXIT_KAFKA : fnl_exit_code(status);
	if (status == 0) {
		struct fnl_canvas canvas = fnl_canvas_of(stdout, app->color);
		status =
			app->json ? fnl_view_handover_json(&rows, &q, stdout, &why) : fnl_view_handover(&rows, &q, &canvas, &why);
		code = fnl_exit_code(status);
	}
	fnl_rows_deinit(&rows);
	if (status == FNL_VIEW_NO_HANDOVER) {
		code = FNL_EXIT_INTERNAL;
		fnl_fail(&why, FNL_E_NOT_FOUND, "there is no handover of %s: no notice of his is known", rep);
	}
	return status ? fnl_app_fail(app, code, &why) : FNL_EXIT_OK;
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	const char *rep = NULL;
	bool all = false;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--all") == 0) {
			all = true;
		} else if (rep || strncmp(argv[i], "--", 2) == 0) {
			return fnl_usage_error(&fnl_cmd_handover, "\"%s\" is not understood here", argv[i]);
		} else {
			rep = argv[i];
		}
	}
	if (!rep || !fnl_is_id(rep)) {
		return fnl_usage_error(&fnl_cmd_handover, "the id of the rep who leaves is needed: handover REP");
	}
	return fnl_show_handover(app, rep, all);
}

const struct fnl_command fnl_cmd_handover = {"handover", "a rep leaves: his funnel on its way to his successor", usage,
                                             run};
