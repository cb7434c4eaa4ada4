/* funnel-demo: two years of a small sales organisation, from feed to funnel and quotas, with the worker's own threads
 * over a log inside of this process. It needs a Redis of its own (./run demo starts one) and leaves nothing behind. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "options.h"
#include "play.h"
#include "signals.h"

enum { PROSPECTS_DEFAULT = 1500, PROSPECTS_MAX = 20000, SEED_DEFAULT = 2026, REPS = 16 };

static const char usage[] =
	"usage: funnel-demo [options] [--fast] [--keep] [--seed N] [--prospects N]\n"
	"A small sales organisation's years 2025 and 2026, in a minute: two CRMs and HR send what happens, the worker "
	"keeps\n"
	"the funnel true, says what each rep's quota for 2026 is and why, and what sits still, until somebody answers;\n"
	"then a rep leaves, and his customers hear who is in charge; at the end everything is checked.\n\n"
	"  --fast         without pauses\n"
	"  --keep         stay at the end until Ctrl-C, to look around in Redis\n"
	"  --seed N       another organisation (default 2026)\n"
	"  --prospects N  1 to 20000 (default 1500)\n\n";

struct demo_options {
	bool fast;
	bool keep;
	uint64_t seed;
	size_t prospects;
};

static bool number(const char *name, int count, char **rest, int *at, uint64_t max, uint64_t *ret)
{
	int64_t v;
	if (strcmp(rest[*at], name) != 0 || *at + 1 >= count || !fnl_parse_decimal(fnl_span_str(rest[*at + 1]), &v) ||
	    v < 1 || (uint64_t)v > max) {
		return false;
	}
	++*at;
	*ret = (uint64_t)v;
	return true;
}

static bool parse(const struct fnl_options *o, struct demo_options *ret)
{
	*ret = (struct demo_options){.seed = SEED_DEFAULT, .prospects = PROSPECTS_DEFAULT};
	for (int i = 0; i < o->rest_count; i++) {
		uint64_t n;
		if (strcmp(o->rest[i], "--fast") == 0) {
			ret->fast = true;
		} else if (strcmp(o->rest[i], "--keep") == 0) {
			ret->keep = true;
		} else if (number("--seed", o->rest_count, o->rest, &i, INT64_MAX, &n)) {
			ret->seed = n;
		} else if (number("--prospects", o->rest_count, o->rest, &i, PROSPECTS_MAX, &n)) {
			ret->prospects = (size_t)n;
		} else {
			fprintf(stderr, "funnel-demo: %s: no such option, or a value that is not allowed\n%s", o->rest[i], usage);
			return false;
		}
	}
	return true;
}

static void stay(const struct fnl_app *app)
{
	fputs("\n It stays until Ctrl-C; Redis holds the rows.\n", stderr);
	while (!*fnl_stop_flag()) {
		app->clock->sleep_ms(app->clock->context, 50);
	}
}

static int play_and_check(struct fnl_app *app, const struct demo_options *options, struct world *world,
                          struct play *play)
{
	struct fnl_error why = {0};
	int status = demo_truth_make(options->prospects, &play->truth);
	status = status ? fnl_fail(&why, status, "out of memory") : world_open(app, world, &why);
	status = status ? status : play_years(play, &why);
	if (status) {
		return fnl_app_fail(app, status == FNL_E_INTERNAL ? FNL_EXIT_INTERNAL : fnl_exit_code(status), &why);
	}
	if (*fnl_stop_flag()) {
		return FNL_EXIT_INTERNAL; /* not finished, so nothing is shown to be true */
	}
	struct fnl_canvas canvas = fnl_canvas_of(stdout, app->color);
	bool good = check_years(play, &canvas, &why);
	fflush(stdout);
	if (!good) {
		fnl_fail(&why, FNL_E_INTERNAL, "%s", why.text[0] ? why.text : "what the end says is not what must be true");
		return fnl_app_fail(app, FNL_EXIT_INTERNAL, &why);
	}
	if (options->keep) {
		stay(app);
	}
	return FNL_EXIT_OK;
}

static int simulate_and_play(struct fnl_app *app, const struct demo_options *options)
{
	struct fnl_sim_settings settings = {options->seed, options->prospects, REPS, PLAY_FROM_MS, PLAY_MONTHS};
	struct fnl_simulation simulation = {0};
	struct fnl_error why = {0};
	struct world world = {0};
	int status = fnl_simulation_make(&settings, &simulation);
	if (status) {
		fnl_fail(&why, status, "%s", fnl_status_text(status));
		return fnl_app_fail(app, fnl_exit_code(status), &why);
	}
	struct play play = {
		.world = &world, .simulation = &simulation, .fast = options->fast, .live = isatty(STDOUT_FILENO) == 1};
	int code = play_and_check(app, options, &world, &play);
	play_deinit(&play);
	world_close(&world);
	fnl_simulation_deinit(&simulation);
	return code;
}

/* Quiet, unless somebody says otherwise. */
static int open_app(struct fnl_options *o, struct fnl_app **ret, struct fnl_error *why)
{
	if (o->app.set_count == FNL_OPTION_SETS_MAX) {
		return fnl_fail(why, FNL_E_ARGUMENT, "too many times --set");
	}
	memmove(o->sets + 1, o->sets, o->app.set_count * sizeof(o->sets[0]));
	o->sets[0] = "log.level=warn";
	o->app.set_count++;
	return fnl_app_open(&o->app, ret, why);
}

int main(int argc, char **argv)
{
	struct fnl_options options;
	struct demo_options demo;
	struct fnl_error why = {0};
	struct fnl_app *app = NULL;
	if (fnl_options_parse(argc, argv, &options, &why)) {
		fprintf(stderr, "funnel-demo: %s\n%s", why.text, usage);
		return FNL_EXIT_USAGE;
	}
	if (options.help) {
		fputs(usage, stdout);
		fnl_options_help(stdout);
		return FNL_EXIT_OK;
	}
	if (!parse(&options, &demo)) {
		return FNL_EXIT_USAGE;
	}
	int status = open_app(&options, &app, &why);
	if (status) {
		fprintf(stderr, "funnel-demo: %s\n", why.text);
		return fnl_exit_code(status);
	}
	fnl_signals_install();
	int code = simulate_and_play(app, &demo);
	fnl_app_close(app);
	return code;
}
