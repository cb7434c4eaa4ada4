/* funnelctl simulate: a sales organisation to try things with, sent as its feeds would send it. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "import_run.h"
#include "simulate.h"

enum { SEED_DEFAULT = 2025, PROSPECTS_DEFAULT = 1500, REPS_DEFAULT = 40, MONTHS_DEFAULT = 24 };

#define FROM_DEFAULT_MS INT64_C(1735689600000) /* 2025-01-01 */

static const char usage[] =
	"funnelctl simulate [--seed N] [--prospects N] [--reps N] [--from DATE] [--months N] [--csv | --tick DATE]\n"
	"funnelctl simulate --rules\n"
	"  --seed N       another organisation (default 2025); the same settings give the same rows everywhere\n"
	"  --prospects N  1 to 100000 (default 1500)\n"
	"  --reps N       1 to 1000 (default 40), all of the organisation " FNL_SIM_ORG_ID "\n"
	"  --from DATE    the day on which it begins (default 2025-01-01)\n"
	"  --months N     1 to 120 (default 24)\n"
	"  --csv          print the change log in the import format, and send nothing\n"
	"  --tick DATE    then tell every partition that it is this time (clock = event)\n"
	"  --rules        print rules that fit it (its feeds' heartbeats come every third day), and send nothing\n"
	"Without --csv the same is published to the input topics: funnelctl simulate --csv | funnelctl import csv -\n";

struct simulate_arguments {
	struct fnl_sim_settings settings;
	bool csv;
	bool rules;
	bool tick;
	int64_t tick_ms;
};

static int parse_number(const char *option, int64_t max, int64_t *ret)
{
	int64_t v;
	if (!fnl_parse_decimal(fnl_span_str(optarg), &v) || v < 1 || v > max) {
		return fnl_usage_error(&fnl_cmd_simulate, "--%s %s: expected a number from 1 to %lld", option, optarg,
		                       (long long)max);
	}
	*ret = v;
	return 0;
}

static int parse_time(const char *option, bool day, int64_t *ret)
{
	if (!fnl_import_bound(optarg, false, ret) || (day && strlen(optarg) != strlen("2025-01-01"))) {
		return fnl_usage_error(&fnl_cmd_simulate, "--%s %s: expected %s", option, optarg,
		                       day ? "YYYY-MM-DD" : "YYYY-MM-DD, an RFC 3339 time or epoch milliseconds");
	}
	return 0;
}

static int parse_option(struct simulate_arguments *a, int option)
{
	int64_t n = 0;
	int status;
	switch (option) {
	case 's':
		status = parse_number("seed", INT64_MAX, &n);
		a->settings.seed = (uint64_t)n;
		return status;
	case 'p':
		status = parse_number("prospects", FNL_SIM_PROSPECTS_MAX, &n);
		a->settings.prospects = (size_t)n;
		return status;
	case 'r':
		status = parse_number("reps", FNL_SIM_REPS_MAX, &n);
		a->settings.reps = (size_t)n;
		return status;
	case 'm':
		status = parse_number("months", FNL_SIM_MONTHS_MAX, &n);
		a->settings.months = (int)n;
		return status;
	case 'f':
		return parse_time("from", true, &a->settings.from_ms);
	case 't':
		a->tick = true;
		return parse_time("tick", false, &a->tick_ms);
	case 'c':
		a->csv = true;
		return 0;
	case 'R':
		a->rules = true;
		return 0;
	default:
		return fnl_usage_error(&fnl_cmd_simulate, "that option is not known, or lacks its value");
	}
}

static int parse(int argc, char **argv, struct simulate_arguments *a)
{
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'},
		{"prospects", required_argument, NULL, 'p'},
		{"reps", required_argument, NULL, 'r'},
		{"from", required_argument, NULL, 'f'},
		{"months", required_argument, NULL, 'm'},
		{"csv", no_argument, NULL, 'c'},
		{"tick", required_argument, NULL, 't'},
		{"rules", no_argument, NULL, 'R'},
		{NULL, 0, NULL, 0},
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
	if (optind < argc - 1) {
		return fnl_usage_error(&fnl_cmd_simulate, "%s: not expected", argv[argc - 1]);
	}
	if (a->csv && a->tick) {
		return fnl_usage_error(&fnl_cmd_simulate, "--csv sends nothing, so it has no --tick");
	}
	return 0;
}

static void on_bad_row(void *context, const char *message)
{
	(void)context;
	fprintf(stderr, "%s\n", message);
}

static void on_progress(void *context, const struct fnl_import_counts *c, int pass)
{
	(void)context;
	if (pass == 2) {
		fprintf(stderr, "\r\033[K%llu rows, %llu published", (unsigned long long)c->rows,
		        (unsigned long long)c->published);
		fflush(stderr);
	}
}

static int publish(struct fnl_app *app, const struct simulate_arguments *a, FILE *log)
{
	const char *topics[FNL_TOPIC_COUNT];
	struct fnl_import_ports ports = {.ids = app->ids, .topics = topics};
	struct fnl_import_map map = {0};
	struct fnl_import_counts counts = {0};
	struct fnl_error why = {0};
	bool progress = isatty(STDERR_FILENO) != 0;
	struct fnl_import_options options = {.file = "the simulation",
	                                     .in = log,
	                                     .map = &map,
	                                     .from_ms = INT64_MIN,
	                                     .until_ms = INT64_MAX,
	                                     .strict = true,
	                                     .bad_row = on_bad_row,
	                                     .progress = progress ? on_progress : NULL};
	for (int i = 0; i < FNL_TOPIC_COUNT; i++) {
		topics[i] = fnl_app_topic(app, (enum fnl_topic)i);
	}
	int status = fnl_app_codec(app, &ports.codec, &why);
	if (status) {
		return fnl_app_fail(app, FNL_EXIT_SETTINGS, &why);
	}
	status = fnl_app_bus(app, &ports.bus, &why);
	status = status ? status : fnl_import_run(&ports, &options, &counts, &why);
	status = status || !a->tick ? status : fnl_import_tick(&ports, a->tick_ms, &why);
	if (status < 0) {
		return fnl_app_fail(app, status == FNL_E_NOT_FOUND ? FNL_EXIT_KAFKA : fnl_exit_code(status), &why);
	}
	if (app->json) {
		printf("{\"rows\": %llu, \"published\": %llu}\n", (unsigned long long)counts.rows,
		       (unsigned long long)counts.published);
	} else {
		fprintf(stderr, "%s%llu rows: %llu published\n", progress ? "\r\033[K" : "", (unsigned long long)counts.rows,
		        (unsigned long long)counts.published);
	}
	return status == FNL_IMPORT_LEFT_OUT ? FNL_EXIT_INTERNAL : FNL_EXIT_OK;
}

/* A worker by the wall's clock believes no record that is far ahead of it. */
static void warn_of_future(struct fnl_app *app, const struct fnl_simulation *s)
{
	int64_t end_ms = app->clock->wall_ms(app->clock->context) + fnl_settings_int(app->settings, "event_time.ahead");
	if (fnl_settings_int(app->settings, "clock") == FNL_CLOCK_WALL && s->until_ms > end_ms) {
		fprintf(stderr, "it goes on beyond today: what is later than event_time.ahead from now will be dead letters; "
		                "--from an earlier day, or fewer --months, has none\n");
	}
}

/* By way of the file, so that it cannot differ from what an import of it does. */
static int publish_by_file(struct fnl_app *app, const struct simulate_arguments *a, const struct fnl_simulation *s)
{
	struct fnl_error why = {0};
	FILE *log = tmpfile();
	int code;
	if (!log || fnl_sim_write_csv(s, log) || fseek(log, 0, SEEK_SET) != 0) {
		fnl_fail(&why, FNL_E_IO, "a temporary file: %s", strerror(errno));
		code = fnl_app_fail(app, FNL_EXIT_INTERNAL, &why);
	} else {
		code = publish(app, a, log);
	}
	if (log) {
		fclose(log);
	}
	return code;
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct simulate_arguments a = {
		.settings = {SEED_DEFAULT, PROSPECTS_DEFAULT, REPS_DEFAULT, FROM_DEFAULT_MS, MONTHS_DEFAULT}};
	struct fnl_simulation s = {0};
	struct fnl_error why = {0};
	int code = parse(argc, argv, &a);
	if (code) {
		return code;
	}
	if (a.rules) {
		fputs(fnl_sim_rules, stdout);
		return FNL_EXIT_OK;
	}
	int status = fnl_simulation_make(&a.settings, &s);
	if (status) {
		fnl_fail(&why, status, "%s", fnl_status_text(status));
		return fnl_app_fail(app, fnl_exit_code(status), &why);
	}
	if (a.csv) {
		code = fnl_sim_write_csv(&s, stdout) ? FNL_EXIT_INTERNAL : FNL_EXIT_OK;
	} else {
		warn_of_future(app, &s);
		code = publish_by_file(app, &a, &s);
	}
	fnl_simulation_deinit(&s);
	return code;
}

const struct fnl_command fnl_cmd_simulate = {"simulate", "a sales organisation to try things with", usage, run};
