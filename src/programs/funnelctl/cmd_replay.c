/* funnelctl replay: what other rules would have said; export: the same input for later. */
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "import_run.h"
#include "replay_run.h"

enum { LIMIT_DEFAULT = 3, LIMIT_MAX = 1000000 };

struct arguments {
	const char *rules;
	const char *against;
	const char *input;
	int64_t from_ms;
	int64_t until_ms;
	size_t limit;
};

static int parse_bound(const char *option, bool end_of_day, int64_t *ret)
{
	return fnl_import_bound(optarg, end_of_day, ret)
	           ? 0
	           : fnl_usage_error(&fnl_cmd_replay,
	                             "--%s %s: expected YYYY-MM-DD, an RFC 3339 time or epoch milliseconds", option,
	                             optarg);
}

static int parse_limit(size_t *ret)
{
	int64_t n;
	if (!fnl_parse_decimal(fnl_span_str(optarg), &n) || n < 0 || n > LIMIT_MAX) {
		return fnl_usage_error(&fnl_cmd_replay, "--limit wants a number from 0 to %d", LIMIT_MAX);
	}
	*ret = (size_t)n;
	return 0;
}

static int parse_option(struct arguments *a, int option)
{
	switch (option) {
	case 'r':
		a->rules = optarg;
		return 0;
	case 'a':
		a->against = optarg;
		return 0;
	case 'i':
		a->input = optarg;
		return 0;
	case 'f':
		return parse_bound("from", false, &a->from_ms);
	case 'u':
		return parse_bound("until", true, &a->until_ms);
	case 'l':
		return parse_limit(&a->limit);
	default:
		return fnl_usage_error(&fnl_cmd_replay, "that option is not known, or lacks its value");
	}
}

static int parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"rules", required_argument, NULL, 'r'},
		{"against", required_argument, NULL, 'a'},
		{"input", required_argument, NULL, 'i'},
		{"from", required_argument, NULL, 'f'},
		{"until", required_argument, NULL, 'u'},
		{"limit", required_argument, NULL, 'l'},
		{NULL, 0, NULL, 0},
	};
	int option, code = 0;
	*a = (struct arguments){.from_ms = INT64_MIN, .until_ms = INT64_MAX, .limit = LIMIT_DEFAULT};
	opterr = 0;
	optind = 0;
	while (code == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		code = parse_option(a, option);
	}
	if (code == 0 && optind != argc) {
		code = fnl_usage_error(&fnl_cmd_replay, "\"%s\" is not understood here", argv[optind]);
	}
	if (code == 0 && !a->rules) {
		code = fnl_usage_error(&fnl_cmd_replay, "--rules is needed: the rules that might have been");
	}
	return code;
}

static int open_rules(const struct fnl_app *app, const char *path, struct fnl_rules_file *ret)
{
	int code = fnl_rules_file_open(app, path, ret);
	return code ? code : fnl_rules_file_refuse(path, ret->published, ret->rules);
}

static struct fnl_replay_bounds bounds_of(const struct fnl_app *app, int64_t until_ms, const char *name)
{
	bool wall = fnl_settings_int(app->settings, "clock") == FNL_CLOCK_WALL;
	return (struct fnl_replay_bounds){
		.until_ms = until_ms,
		.ahead_ms = wall ? fnl_settings_int(app->settings, "event_time.ahead") : -1,
		.time_max_ms = fnl_settings_int(app->settings, "event_time.max"),
		.progress = isatty(STDERR_FILENO) == 1 ? name : NULL,
	};
}

/* A file that is not there or not ours is a wrong argument; the rest is told by its status. */
static int failed(const struct fnl_app *app, int rc, bool of_file, const struct fnl_error *why)
{
	bool wrong = of_file && (rc == FNL_E_ARGUMENT || rc == FNL_E_INVALID);
	return fnl_app_fail(app, wrong ? FNL_EXIT_USAGE : rc == FNL_E_INVALID ? FNL_EXIT_INTERNAL : fnl_exit_code(rc), why);
}

static int read_kafka(struct fnl_app *app, const struct fnl_replay_bounds *bounds, struct fnl_replay_log *ret,
                      struct fnl_error *why)
{
	struct fnl_bus *bus;
	int rc = fnl_app_bus(app, &bus, why);
	return rc ? rc : fnl_replay_log_read(app, bus, bounds, ret, why);
}

static int show(struct fnl_app *app, const struct fnl_replay_told *told, const struct fnl_replay_facts *facts,
                size_t limit)
{
	struct fnl_error why = {0};
	if (!app->json) {
		struct fnl_canvas canvas = fnl_canvas_of(stdout, app->color);
		fnl_view_replay(told, facts, limit, &canvas);
		return FNL_EXIT_OK;
	}
	int rc = fnl_view_replay_json(told, facts, stdout);
	return rc ? fnl_app_fail(app, FNL_EXIT_INTERNAL, (fnl_fail(&why, rc, "%s", fnl_status_text(rc)), &why))
	          : FNL_EXIT_OK;
}

static int replay(struct fnl_app *app, const struct arguments *a, const struct fnl_replay_order *o)
{
	struct fnl_error why = {0, ""};
	struct fnl_replay_log log = {.file = NULL};
	struct fnl_replay_told told;
	struct fnl_replay_facts facts = {.sorted = NULL};
	struct fnl_replay_bounds bounds = bounds_of(app, a->until_ms, "replay");
	int code = FNL_EXIT_OK;
	int rc = a->input ? fnl_replay_log_open(app, a->input, &bounds, &log, &why) : read_kafka(app, &bounds, &log, &why);
	if (rc) {
		code = failed(app, rc, a->input != NULL, &why);
	} else {
		rc = fnl_replay_run(app, &log, o, &told, &facts, &why);
		code = rc ? failed(app, rc, false, &why) : show(app, &told, &facts, a->limit);
	}
	fnl_replay_facts_deinit(&facts);
	fnl_replay_log_close(&log);
	return code;
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct arguments a;
	struct fnl_rules_file what_if = {.rules = NULL}, against = {.rules = NULL};
	int code = parse(argc, argv, &a);
	if (code) {
		return code;
	}
	code = open_rules(app, a.rules, &what_if);
	code = code == FNL_EXIT_OK && a.against ? open_rules(app, a.against, &against) : code;
	if (code == FNL_EXIT_OK) {
		struct fnl_replay_order o = {&what_if, a.against ? &against : NULL, a.from_ms, a.until_ms,
		                             isatty(STDERR_FILENO) == 1 ? "replay" : NULL};
		code = replay(app, &a, &o);
	}
	fnl_rules_file_close(&what_if);
	fnl_rules_file_close(&against);
	return code;
}

static int run_export(struct fnl_app *app, int argc, char **argv)
{
	struct fnl_error why = {0, ""};
	struct fnl_replay_log log = {.file = NULL};
	struct fnl_replay_bounds bounds = bounds_of(app, INT64_MAX, "export");
	if (argc != 2 || argv[1][0] == '-') {
		return fnl_usage_error(&fnl_cmd_export, "expected is the name of one file");
	}
	int rc = read_kafka(app, &bounds, &log, &why);
	int code = rc ? failed(app, rc, false, &why) : FNL_EXIT_OK;
	if (rc == 0) {
		rc = fnl_replay_log_write(&log, argv[1], &why);
		code = rc ? failed(app, rc, true, &why) : FNL_EXIT_OK;
	}
	if (rc == 0 && app->json) {
		printf("{\"records\": %zu}\n", log.count);
	} else if (rc == 0) {
		printf("%s: %zu records\n", argv[1], log.count);
	}
	fnl_replay_log_close(&log);
	return code;
}

const struct fnl_command fnl_cmd_replay = {
	"replay",
	"what other rules would have said, beside what today's say",
	"funnelctl replay --rules FILE [--against FILE] [--from DATE] [--until DATE] [--limit N] [--input EXPORT]\n"
	"  Runs all that is retained of the input topics (read_committed, up to the end as of the start) through the\n"
	"  worker's own stages, in this process, by the times of the records: once by the rules as they were activated in\n"
	"  it, once by FILE from the first record on; and shows both side by side. Nothing is published, no worker is\n"
	"  disturbed, and the same input gives the same answer, byte for byte. With --json: all that differs.\n"
	"  --rules FILE     the rules that might have been (exit 11 when they are wrong, with file and line)\n"
	"  --against FILE   compare with these rules, from the first record on, and not with the activated ones\n"
	"  --from DATE      count what is told from that day on; what came before is replayed, too\n"
	"  --until DATE     replay up to the end of that day, and let the clocks go so far; else to the last record\n"
	"  --limit N        how many prospects and reps are named below a line that differs (default 3)\n"
	"  --input EXPORT   a file that `funnelctl export` has written, or a folder of them, which may overlap; no Kafka\n"
	"  Kept in memory: 32 bytes a record, the rows of both sides, one entry for each thing told of each prospect; the\n"
	"  records themselves lie in a nameless file in TMPDIR (else /tmp).",
	run,
};

const struct fnl_command fnl_cmd_export = {
	"export",
	"keep what is retained of the input topics, for a later replay",
	"funnelctl export FILE\n"
	"  Writes the records of the input topics, committed as of the start, byte for byte, to a file that does not "
	"exist\n"
	"  yet, in the order in which `replay --input` takes them. It has what the topics have, persons included: it is\n"
	"  readable for its owner alone, and erasing is his to do.",
	run_export,
};
