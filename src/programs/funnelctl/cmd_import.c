/* funnelctl import csv: a change log onto the input topics. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "import_run.h"

static const char usage[] =
	"funnelctl import csv FILE [--map MAP.ini] [--from DATE] [--until DATE] [--strict] [--tick DATE]\n"
	"  FILE          CSV with a header line, one change a row; - is standard input\n"
	"  --map FILE    renames columns, gives constants, words and date formats\n"
	"  --from DATE   publish what happened on that day or later\n"
	"  --until DATE  publish what happened up to the end of that day\n"
	"  --strict      stop at the first row that is wrong\n"
	"  --tick DATE   then tell every partition that it is this time (clock = event)\n"
	"Importing the same file twice changes nothing. Exit 0: all in; 3: some rows were left out.\n";

struct import_arguments {
	const char *file;
	const char *map;
	int64_t from_ms;
	int64_t until_ms;
	bool strict;
	bool tick;
	int64_t tick_ms;
};

static int parse_bound(const char *option, const char *text, bool end_of_day, int64_t *ret)
{
	return fnl_import_bound(text, end_of_day, ret)
	           ? 0
	           : fnl_usage_error(&fnl_cmd_import,
	                             "--%s %s: expected YYYY-MM-DD, an RFC 3339 time or epoch milliseconds", option, text);
}

static int parse_option(struct import_arguments *a, int option)
{
	switch (option) {
	case 'm':
		a->map = optarg;
		return 0;
	case 'f':
		return parse_bound("from", optarg, false, &a->from_ms);
	case 'u':
		return parse_bound("until", optarg, true, &a->until_ms);
	case 's':
		a->strict = true;
		return 0;
	case 't':
		a->tick = true;
		return parse_bound("tick", optarg, false, &a->tick_ms);
	default:
		return fnl_usage_error(&fnl_cmd_import, "that option is not known, or lacks its value");
	}
}

static int parse(int argc, char **argv, struct import_arguments *a)
{
	static const struct option options[] = {
		{"map", required_argument, NULL, 'm'},   {"from", required_argument, NULL, 'f'},
		{"until", required_argument, NULL, 'u'}, {"strict", no_argument, NULL, 's'},
		{"tick", required_argument, NULL, 't'},  {NULL, 0, NULL, 0},
	};
	int option;
	opterr = 0;
	optind = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		int status = parse_option(a, option);
		if (status) {
			return status;
		}
	}
	if (argc - optind != 2 || strcmp(argv[optind], "csv") != 0) {
		return fnl_usage_error(&fnl_cmd_import, "expected: import csv FILE");
	}
	a->file = argv[optind + 1];
	return 0;
}

static void on_bad_row(void *context, const char *message)
{
	bool *progress = context;
	fprintf(stderr, "%s%s\n", *progress ? "\r\033[K" : "", message);
}

static void on_progress(void *context, const struct fnl_import_counts *c, int pass)
{
	bool *progress = context;
	if (*progress) {
		fprintf(stderr, "\r\033[K%s %llu rows, %llu published, %llu left out", pass == 1 ? "looking at" : "importing",
		        (unsigned long long)c->rows, (unsigned long long)c->published, (unsigned long long)c->bad);
		fflush(stderr);
	}
}

static int open_map(const struct fnl_app *app, const char *path, struct fnl_arena *arena, struct fnl_import_map *map)
{
	struct fnl_error why = {0};
	FILE *in = path ? fopen(path, "r") : NULL;
	if (!path) {
		return 0;
	}
	if (!in) {
		fnl_fail(&why, FNL_E_IO, "%s: %s", path, strerror(errno));
		return fnl_app_fail(app, FNL_EXIT_USAGE, &why);
	}
	int status = fnl_import_map_read(in, path, arena, map, &why);
	fclose(in);
	return status ? fnl_app_fail(app, FNL_EXIT_USAGE, &why) : 0;
}

static FILE *open_input(const char *path)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	return in ? fnl_import_spool(in) : NULL;
}

static void tell(const struct fnl_app *app, const struct fnl_import_counts *c, bool progress)
{
	if (app->json) {
		printf("{\"rows\": %llu, \"published\": %llu, \"left_out\": %llu, \"outside\": %llu}\n",
		       (unsigned long long)c->rows, (unsigned long long)c->published, (unsigned long long)c->bad,
		       (unsigned long long)c->outside);
		return;
	}
	fprintf(stderr, "%s%llu rows: %llu published", progress ? "\r\033[K" : "", (unsigned long long)c->rows,
	        (unsigned long long)c->published);
	if (c->outside) {
		fprintf(stderr, ", %llu outside of the dates", (unsigned long long)c->outside);
	}
	fprintf(stderr, ", %llu left out\n", (unsigned long long)c->bad);
}

static int import_with(struct fnl_app *app, const struct import_arguments *a, const struct fnl_import_ports *ports,
                       FILE *in, const struct fnl_import_map *map)
{
	bool progress = isatty(STDERR_FILENO) != 0;
	struct fnl_import_options options = {a->file,   in,        map,        a->from_ms, a->until_ms,
	                                     a->strict, &progress, on_bad_row, on_progress};
	struct fnl_import_counts counts = {0};
	struct fnl_error why = {0};
	int status = fnl_import_run(ports, &options, &counts, &why);
	if (status >= 0 || counts.rows) {
		tell(app, &counts, progress);
	}
	if (status == 0 || (status == FNL_IMPORT_LEFT_OUT && !a->strict)) {
		int ticked = a->tick ? fnl_import_tick(ports, a->tick_ms, &why) : 0;
		status = ticked ? ticked : status;
	}
	if (status == FNL_E_INVALID || status == FNL_E_IO) {
		return fnl_app_fail(app, FNL_EXIT_USAGE, &why);
	}
	if (status < 0) {
		return fnl_app_fail(app, status == FNL_E_NOT_FOUND ? FNL_EXIT_KAFKA : fnl_exit_code(status), &why);
	}
	return status == FNL_IMPORT_LEFT_OUT ? FNL_EXIT_LEFT_OUT : FNL_EXIT_OK;
}

static int with_app(struct fnl_app *app, const struct import_arguments *a, FILE *in, const struct fnl_import_map *map)
{
	const char *topics[FNL_TOPIC_COUNT];
	struct fnl_import_ports ports = {.ids = app->ids, .topics = topics};
	struct fnl_error why = {0};
	for (int i = 0; i < FNL_TOPIC_COUNT; i++) {
		topics[i] = fnl_app_topic(app, (enum fnl_topic)i);
	}
	int status = fnl_app_codec(app, &ports.codec, &why);
	if (status) {
		return fnl_app_fail(app, FNL_EXIT_SETTINGS, &why);
	}
	status = fnl_app_bus(app, &ports.bus, &why);
	if (status) {
		return fnl_app_fail(app, fnl_exit_code(status), &why);
	}
	return import_with(app, a, &ports, in, map);
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct import_arguments a = {.from_ms = INT64_MIN, .until_ms = INT64_MAX};
	struct fnl_import_map map = {0};
	struct fnl_arena arena;
	int status = parse(argc, argv, &a);
	if (status) {
		return status;
	}
	fnl_arena_init(&arena, 1 << 20);
	status = open_map(app, a.map, &arena, &map);
	FILE *in = status ? NULL : open_input(a.file);
	if (in) {
		status = with_app(app, &a, in, &map);
		if (in != stdin) {
			fclose(in);
		}
	} else if (status == 0) {
		struct fnl_error why;
		fnl_fail(&why, FNL_E_IO, "%s: %s", a.file, strerror(errno));
		status = fnl_app_fail(app, FNL_EXIT_USAGE, &why);
	}
	fnl_arena_deinit(&arena);
	return status;
}

const struct fnl_command fnl_cmd_import = {"import", "publish a change log in CSV to the input topics", usage, run};
