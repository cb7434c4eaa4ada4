/* funnelctl inspect: a rep's inspection sheet, the latest or a given one; or one is asked for. */
#include <string.h>

#include "command.h"
#include "funneld_records.h"
#include "publish.h"
#include "view_record.h"
#include "view_sheet.h"

static const char usage[] =
	"funnelctl inspect REP [--sheet SHEET] [--markdown]\n"
	"       funnelctl inspect REP --now [--command-id ID] [--by WHO] [--issued-at TIME]\n"
	"  --sheet SHEET     this one, such as 'R-17#3' (the shell wants the quotes); the rep's latest unless given\n"
	"  --markdown        for a mail or a wiki\n"
	"  --now             asks for a sheet out of turn: InspectNow on sales.commands\n"
	"  --command-id ID   the same id twice is one command; a random one unless given\n"
	"  --by WHO          id of who asks; funnelctl unless given\n"
	"  --issued-at TIME  when it was asked; now unless given, needed with clock = event\n"
	"A sheet is a rep's funnel as of one moment: counts and sums by layer, what changed since the sheet before, what\n"
	"sits still, and questions about the largest of these, which `funnelctl answer` answers. It is read from\n"
	"funnel.inspections, with the answers that came since. With --json: the fields of InspectionSheet, \"lines\" (of\n"
	"SheetLine), \"answers\" (of InspectionAnswerRecorded). Exit 1 when there is none.\n";

struct inspection {
	const char *rep;
	const char *sheet;
	const char *command_id;
	const char *by;
	int64_t issued_at_ms;
	bool has_issued_at;
	bool now;
	bool markdown;
	char made_id[FNL_MADE_ID_BYTES];
};

/* An option that has a value. 0, or the usage error. */
static int read_option(struct inspection *o, const char *name, const char *value)
{
	if (strcmp(name, "--issued-at") == 0) {
		o->has_issued_at = fnl_time_parse(value, &o->issued_at_ms);
		return o->has_issued_at ? 0
		                        : fnl_usage_error(&fnl_cmd_inspect,
		                                          "%s wants a time such as 2026-12-31 or 2026-12-31T08:00:00Z", name);
	}
	const char **text = strcmp(name, "--sheet") == 0        ? &o->sheet
	                    : strcmp(name, "--command-id") == 0 ? &o->command_id
	                    : strcmp(name, "--by") == 0         ? &o->by
	                                                        : NULL;
	if (!text) {
		return fnl_usage_error(&fnl_cmd_inspect, "\"%s\" is not understood here", name);
	}
	if (!fnl_is_id(value)) {
		return fnl_usage_error(&fnl_cmd_inspect, "%s: an id has 1 to %d bytes, no control character and no '|'", name,
		                       FNL_ID_BYTES_MAX);
	}
	*text = value;
	return 0;
}

static int read_arguments(int argc, char **argv, struct inspection *o)
{
	for (int i = 1; i < argc; i++) {
		int code = 0;
		if (strcmp(argv[i], "--now") == 0) {
			o->now = true;
		} else if (strcmp(argv[i], "--markdown") == 0) {
			o->markdown = true;
		} else if (strncmp(argv[i], "--", 2) != 0 && !o->rep) {
			o->rep = argv[i];
		} else if (strncmp(argv[i], "--", 2) != 0 || i + 1 == argc) {
			code = fnl_usage_error(&fnl_cmd_inspect, "\"%s\" is not understood here, or lacks its value", argv[i]);
		} else {
			code = read_option(o, argv[i], argv[i + 1]);
			i++;
		}
		if (code) {
			return code;
		}
	}
	if (!o->rep || !fnl_is_id(o->rep)) {
		return fnl_usage_error(&fnl_cmd_inspect, "the rep's id is needed: inspect REP");
	}
	if (o->now ? o->sheet || o->markdown : o->command_id || o->by || o->has_issued_at) {
		return fnl_usage_error(
			&fnl_cmd_inspect,
			"--sheet and --markdown show a sheet; --command-id, --by and --issued-at belong to --now");
	}
	return 0;
}

/* ---- a sheet ---- */

static int on_record(void *context, size_t topic, const struct fnl_record *r)
{
	(void)topic;
	return fnl_sheet_put(context, r);
}

static int show(struct fnl_app *app, const struct inspection *o, const struct fnl_sheet *s, struct fnl_error *why)
{
	if (app->json) {
		return fnl_view_sheet_json(s, stdout, why);
	}
	if (o->markdown) {
		fnl_view_sheet_markdown(s, stdout);
		return 0;
	}
	struct fnl_canvas canvas = fnl_canvas_of(stdout, app->color);
	fnl_view_sheet(s, &canvas);
	if (s->values[FNL_INSPECTION_SHEET_QUESTIONS].list.count) {
		fprintf(stderr, "\n`funnelctl answer PROSPECT --sheet '%.*s' --question N --cause CAUSE` answers one\n",
		        (int)s->id.len, (const char *)s->id.data);
	}
	return 0;
}

/* The bus does not tell a visitor's failure from any other: f knows. */
static int read_sheets(struct fnl_app *app, struct fnl_sheet_finder *f, struct fnl_error *why)
{
	struct fnl_bus *bus;
	int32_t partitions;
	const char *topic = fnl_app_topic(app, FNL_TOPIC_INSPECTIONS);
	int rc = fnl_app_bus(app, &bus, why);
	rc = rc ? rc : fnl_app_partitions(app, FNL_TOPIC_INSPECTIONS, &partitions, why);
	if (rc) {
		return rc;
	}
	rc = bus->ops->read_key(bus, topic, f->rep_id, on_record, f);
	return rc == 0 ? 0 : fnl_fail(why, rc, "%s: %s", topic, f->why.text[0] ? f->why.text : bus->ops->explain(bus));
}

static int show_sheet(struct fnl_app *app, const struct inspection *o)
{
	struct fnl_sheet_finder f = {.rep_id = fnl_span_str(o->rep), .sheet_id = fnl_span_str(o->sheet)};
	struct fnl_error why = {0};
	int rc = fnl_app_codec(app, &f.codec, &why);
	if (rc) {
		return fnl_app_fail(app, FNL_EXIT_SETTINGS, &why);
	}
	rc = read_sheets(app, &f, &why);
	int code = rc == FNL_E_NOT_FOUND ? FNL_EXIT_KAFKA : fnl_exit_code(rc);
	const struct fnl_sheet *s = rc ? NULL : fnl_sheet_found(&f);
	if (s) {
		rc = show(app, o, s, &why);
		code = fnl_exit_code(rc);
	} else if (rc == 0) {
		code = FNL_EXIT_INTERNAL;
		rc = fnl_fail(&why, FNL_E_NOT_FOUND, "there is no %s%s of %s; `funnelctl inspect %s --now` asks for one",
		              o->sheet ? "sheet " : "sheet", o->sheet ? o->sheet : "", o->rep, o->rep);
	}
	fnl_sheet_finder_deinit(&f);
	return rc ? fnl_app_fail(app, code, &why) : FNL_EXIT_OK;
}

/* ---- one is asked for ---- */

static void fill(const struct inspection *o, struct fnl_import_event *e)
{
	struct fnl_value *v = e->values;
	v[FNL_INSPECT_NOW_SOURCE] = fnl_publish_text(fnl_publish_source);
	v[FNL_INSPECT_NOW_OCCURRED_AT] = fnl_publish_number(o->issued_at_ms);
	v[FNL_INSPECT_NOW_COMMAND_ID] = fnl_publish_text(o->command_id);
	v[FNL_INSPECT_NOW_ISSUED_BY] = fnl_publish_text(o->by);
	v[FNL_INSPECT_NOW_ISSUED_AT] = fnl_publish_number(o->issued_at_ms);
	v[FNL_INSPECT_NOW_REP_ID] = fnl_publish_text(o->rep);
	e->key = fnl_span_str(o->rep);
	e->identity = fnl_span_str(o->command_id);
	e->occurred_at_ms = o->issued_at_ms;
}

static int tell_asked(const struct fnl_app *app, const struct inspection *o)
{
	struct fnl_error why = {0};
	char at[FNL_TEXT_BYTES];
	fnl_text_rfc3339(o->issued_at_ms, at);
	if (app->json) {
		json_t *all = json_pack("{s:s, s:s, s:s, s:s}", "command_id", o->command_id, "rep_id", o->rep, "issued_by",
		                        o->by, "issued_at", at);
		return fnl_view_json_write(all, stdout, &why) ? fnl_app_fail(app, FNL_EXIT_INTERNAL, &why) : FNL_EXIT_OK;
	}
	printf("command %s: a sheet of %s\n", o->command_id, o->rep);
	fprintf(stderr, "`funnelctl inspect %s` shows it when it is made\n", o->rep);
	return FNL_EXIT_OK;
}

static int ask(struct fnl_app *app, struct inspection *o)
{
	struct fnl_import_event event = {.binding = NULL};
	struct fnl_error why = {0};
	int rc = 0;
	if (!o->has_issued_at && fnl_settings_int(app->settings, "clock") == FNL_CLOCK_EVENT) {
		return fnl_usage_error(&fnl_cmd_inspect, "with clock = event, --issued-at says when it was asked");
	}
	o->issued_at_ms = o->has_issued_at ? o->issued_at_ms : app->clock->wall_ms(app->clock->context);
	o->by = o->by ? o->by : fnl_publish_source;
	if (!o->command_id) {
		rc = fnl_made_id(o->made_id, &why);
		o->command_id = o->made_id;
	}
	if (rc == 0) {
		fill(o, &event);
		rc = fnl_publish_one(app, "inspect_now", &event, &why);
	}
	return rc ? fnl_app_fail(app, fnl_exit_code(rc), &why) : tell_asked(app, o);
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct inspection o = {.rep = NULL};
	int code = read_arguments(argc, argv, &o);
	return code ? code : o.now ? ask(app, &o) : show_sheet(app, &o);
}

const struct fnl_command fnl_cmd_inspect = {"inspect", "a rep's inspection sheet, or one is asked for", usage, run};
