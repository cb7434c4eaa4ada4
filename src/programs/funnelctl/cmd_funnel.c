/* funnelctl funnel: the funnel as of the last commit, from the public state topic. */
#include <getopt.h>

#include "command.h"
#include "view_draw.h"

static const char usage[] =
	"funnelctl funnel [--by layer|stage|rep|region|industry]\n"
	"The state as of the last commit, read from the changelog of the prospect stage. Deleted, merged and erased\n"
	"prospects are not counted. With --json: {\"as_of\", \"rows\": [{\"key\", \"status\", \"count\", \"amounts\": "
	"[…]}]}\n";

static int parse(int argc, char **argv, enum fnl_view_by *by)
{
	static const struct option options[] = {{"by", required_argument, NULL, 'b'}, {NULL, 0, NULL, 0}};
	int option;
	opterr = 0;
	optind = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'b') {
			return fnl_usage_error(&fnl_cmd_funnel, "that option is not known, or lacks its value");
		}
		if (!fnl_view_by_parse(optarg, by)) {
			return fnl_usage_error(&fnl_cmd_funnel, "--by %s: expected layer, stage, rep, region or industry", optarg);
		}
	}
	return optind == argc ? 0 : fnl_usage_error(&fnl_cmd_funnel, "%s: no such argument", argv[optind]);
}

static bool wanted(void *context, struct fnl_span key)
{
	(void)context;
	return (key.len > 9 && memcmp(key.data, "prospect|", 9) == 0) || (key.len > 5 && memcmp(key.data, "feed|", 5) == 0);
}

static int show(struct fnl_app *app, const struct fnl_view *v, struct fnl_error *why)
{
	if (app->json) {
		int status = fnl_view_json(v, app->clock->wall_ms(app->clock->context), stdout);
		return status ? fnl_fail(why, status, "the answer could not be written: %s", fnl_status_text(status)) : 0;
	}
	struct fnl_canvas canvas = fnl_canvas_of(stdout, app->color);
	if (v->by == FNL_VIEW_BY_LAYER) {
		fnl_view_draw(v, &canvas, NULL);
	} else {
		fnl_view_table(v, &canvas);
	}
	return 0;
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	enum fnl_view_by by = FNL_VIEW_BY_LAYER;
	struct fnl_rows rows = {.wanted = wanted};
	struct fnl_view view = {0};
	struct fnl_bus *bus;
	struct fnl_error why = {0};
	int status = parse(argc, argv, &by);
	if (status) {
		return status;
	}
	status = fnl_app_codec(app, &rows.codec, &why);
	if (status) {
		return fnl_app_fail(app, FNL_EXIT_SETTINGS, &why);
	}
	status = fnl_app_bus(app, &bus, &why);
	status = status ? status : fnl_rows_read(&rows, bus, fnl_app_topic(app, FNL_TOPIC_PROSPECTS), &why);
	int code = status == FNL_E_NOT_FOUND ? FNL_EXIT_KAFKA : fnl_exit_code(status);
	if (status == 0) {
		status = fnl_view_make(&rows, by, &view, &why);
		status = status ? status : show(app, &view, &why);
		code = fnl_exit_code(status);
	}
	fnl_view_deinit(&view);
	fnl_rows_deinit(&rows);
	return status ? fnl_app_fail(app, code, &why) : FNL_EXIT_OK;
}

const struct fnl_command fnl_cmd_funnel = {"funnel", "the funnel by layer, stage, rep, region or industry", usage, run};
