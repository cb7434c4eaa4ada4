/* funnelctl stalls: what sits still now, who was told, and why it may be. */
#include <getopt.h>
#include <strings.h>

#include "command.h"
#include "funneld_records.h"
#include "view_rep.h"
#include "view_stalls.h"

static const char usage[] =
	"funnelctl stalls [--rep REP] [--layer top|middle|bottom]\n"
	"  --rep REP      only those of this rep; pool:UNASSIGNED: of nobody\n"
	"  --layer LAYER  only those in this layer\n"
	"What sits still as of the last commit, from the changelog of the rep stage: the nearest to the order first, then\n"
	"the largest. `days` are business days of the rules in force. `told` names who heard of it; \"from\" a day: not "
	"yet;\n"
	"\"shown only\": it was there when it came, with a snapshot, a bulk edit or an old change. A cause is likely, or\n"
	"confirmed by an answer; behind it is what the rules say helps. With --json: {\"as_of\", \"rules_version\",\n"
	"\"prospects\": [{\"prospect_id\", \"rep_id\", \"layer\", \"amount\", \"stalls\", \"candidates\", \"evidence\", "
	"…}]}\n";

struct arguments {
	struct fnl_stalls_question question;
	char book[FNL_VIEW_BOOK_BYTES];
};

static int parse_layer(struct fnl_stalls_question *q, const char *text)
{
	for (int layer = FNL_LAYER_TOP; layer <= FNL_LAYER_BOTTOM; layer++) {
		if (strcasecmp(fnl_symbols_layer[layer], text) == 0) {
			q->layer = layer;
			return 0;
		}
	}
	return fnl_usage_error(&fnl_cmd_stalls, "--layer %s: expected top, middle or bottom", text);
}

static int parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"rep", required_argument, NULL, 'r'}, {"layer", required_argument, NULL, 'l'}, {NULL, 0, NULL, 0}};
	int option, rc = 0;
	opterr = 0;
	optind = 0;
	while (rc == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'l') {
			rc = parse_layer(&a->question, optarg);
		} else if (option != 'r') {
			rc = fnl_usage_error(&fnl_cmd_stalls, "that option is not known, or lacks its value");
		} else if (fnl_view_book(optarg, a->book)) {
			a->question.book = fnl_span_str(a->book);
		} else {
			rc = fnl_usage_error(&fnl_cmd_stalls, "--rep: that is longer than any rep's id");
		}
	}
	return rc || optind == argc ? rc : fnl_usage_error(&fnl_cmd_stalls, "%s: no such argument", argv[optind]);
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct arguments a = {.question = {.layer = -1,
	                                   .event_clock = fnl_settings_int(app->settings, "clock") == FNL_CLOCK_EVENT,
	                                   .now_ms = app->clock->wall_ms(app->clock->context),
	                                   .rules_reader = fnl_app_rules_reader()}};
	struct fnl_rows rows = {.wanted = fnl_stalls_wanted, .wanted_context = &a.question};
	struct fnl_bus *bus;
	struct fnl_error why = {0};
	int status = parse(argc, argv, &a);
	if (status) {
		return status;
	}
	status = fnl_app_codec(app, &rows.codec, &why);
	if (status) {
		return fnl_app_fail(app, FNL_EXIT_SETTINGS, &why);
	}
	status = fnl_app_bus(app, &bus, &why);
	status = status ? status : fnl_rows_read(&rows, bus, fnl_app_topic(app, FNL_TOPIC_REPS), &why);
	int code = status == FNL_E_NOT_FOUND ? FNL_EXIT_KAFKA : fnl_exit_code(status);
	if (status == 0) {
		struct fnl_canvas canvas = fnl_canvas_of(stdout, app->color);
		status = app->json ? fnl_view_stalls_json(&rows, &a.question, stdout, &why)
		                   : fnl_view_stalls(&rows, &a.question, &canvas, &why);
		code = fnl_exit_code(status);
	}
	fnl_rows_deinit(&rows);
	return status ? fnl_app_fail(app, code, &why) : FNL_EXIT_OK;
}

const struct fnl_command fnl_cmd_stalls = {"stalls", "what sits still, who was told, and why it may be", usage, run};
