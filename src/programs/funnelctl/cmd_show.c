/* funnelctl show: one row of the public state. */
#include "command.h"
#include "view_prospect.h"

static const char usage[] = "funnelctl show prospect ID\n"
							"All that is known of a prospect as of the last commit, from the changelog of the prospect "
							"stage. Exit 1 when there\n"
							"is none.\n";

/* What concerns the id: its row, its stub, and the feeds (for gaps of a whole source). */
static bool wanted(void *context, struct fnl_span key)
{
	static const char *const tables[] = {"prospect|", "erased|"};
	const struct fnl_span *id = context;
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(tables[i]);
		if (key.len == len + id->len && memcmp(key.data, tables[i], len) == 0 &&
		    memcmp(key.data + len, id->data, id->len) == 0) {
			return true;
		}
	}
	return key.len > 5 && memcmp(key.data, "feed|", 5) == 0;
}

static int show(struct fnl_app *app, const struct fnl_rows *rows, struct fnl_span id, struct fnl_error *why)
{
	if (app->json) {
		return fnl_view_prospect_json(rows, id, stdout, why);
	}
	struct fnl_canvas canvas = fnl_canvas_of(stdout, app->color);
	return fnl_view_prospect(rows, id, &canvas, why);
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct fnl_bus *bus;
	struct fnl_error why = {0};
	if (argc != 3) {
		return fnl_usage_error(&fnl_cmd_show, "expected: show prospect ID");
	}
	if (strcmp(argv[1], "prospect") != 0) {
		return fnl_usage_error(&fnl_cmd_show, "%s: only prospects can be shown", argv[1]);
	}
	struct fnl_span id = fnl_span_str(argv[2]);
	struct fnl_rows rows = {.wanted = wanted, .wanted_context = &id};
	int status = fnl_app_bus(app, &bus, &why);
	status = status ? status : fnl_rows_read(&rows, bus, fnl_app_topic(app, FNL_TOPIC_PROSPECTS), &why);
	if (status) {
		fnl_rows_deinit(&rows);
		return fnl_app_fail(app, status == FNL_E_NOT_FOUND ? FNL_EXIT_KAFKA : fnl_exit_code(status), &why);
	}
	status = show(app, &rows, id, &why);
	fnl_rows_deinit(&rows);
	if (status == FNL_VIEW_NO_SUCH_PROSPECT) {
		fnl_fail(&why, FNL_E_NOT_FOUND, "there is no prospect %s", argv[2]);
		return fnl_app_fail(app, FNL_EXIT_INTERNAL, &why);
	}
	return status ? fnl_app_fail(app, fnl_exit_code(status), &why) : FNL_EXIT_OK;
}

const struct fnl_command fnl_cmd_show = {"show", "all that is known of one prospect", usage, run};
