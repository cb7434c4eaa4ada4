/* funnelctl quota open: computes the quotas of a fiscal year. quota status: how far the runs are. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "options.h"
#include "publish.h"
#include "quota_status.h"
#include "show_quota.h"

#define DAY_MS INT64_C(86400000)

enum { REPS_MAX = 256 };

struct opening {
	const char *org;
	int32_t year;
	int64_t as_of_ms;
	int64_t issued_at_ms;
	bool has_as_of;
	bool has_issued_at;
	const char *base_currency;
	const char *rate_name; /* NULL: nothing is converted */
	int64_t rate_date_ms;
	bool has_rate_date;
	const char *issued_by;
	const char *command_id;
	const char *reps[REPS_MAX];
	size_t rep_count;
	char made_id[FNL_MADE_ID_BYTES];
};

static int wants_time(const char *option)
{
	return fnl_usage_error(&fnl_cmd_quota, "%s wants a time such as 2026-12-31 or 2026-12-31T08:00:00Z", option);
}

/* An option that has a value; *i moves on. 0, or the usage error. */
static int read_option(struct opening *o, const char *name, const char *value)
{
	if (strcmp(name, "--year") == 0) {
		return fnl_year_parse(value, &o->year)
		           ? 0
		           : fnl_usage_error(&fnl_cmd_quota, "--year wants a fiscal year such as 2027");
	}
	if (strcmp(name, "--as-of") == 0) {
		o->has_as_of = fnl_time_parse(value, &o->as_of_ms);
		return o->has_as_of ? 0 : wants_time(name);
	}
	if (strcmp(name, "--issued-at") == 0) {
		o->has_issued_at = fnl_time_parse(value, &o->issued_at_ms);
		return o->has_issued_at ? 0 : wants_time(name);
	}
	if (strcmp(name, "--rate-date") == 0) {
		o->has_rate_date = fnl_time_parse(value, &o->rate_date_ms);
		return o->has_rate_date ? 0 : fnl_usage_error(&fnl_cmd_quota, "--rate-date wants a day such as 2026-12-31");
	}
	if (strcmp(name, "--rep") == 0) {
		if (o->rep_count == REPS_MAX) {
			return fnl_usage_error(&fnl_cmd_quota, "more than %d times --rep; without any it is all of them", REPS_MAX);
		}
		o->reps[o->rep_count++] = value;
		return 0;
	}
	const char **text = strcmp(name, "--base-currency") == 0 ? &o->base_currency
	                    : strcmp(name, "--rates") == 0       ? &o->rate_name
	                    : strcmp(name, "--command-id") == 0  ? &o->command_id
	                    : strcmp(name, "--issued-by") == 0   ? &o->issued_by
	                                                         : NULL;
	if (!text) {
		return fnl_usage_error(&fnl_cmd_quota, "\"%s\" is not understood here", name);
	}
	*text = value;
	return 0;
}

static int check_opening(const struct fnl_app *app, struct opening *o)
{
	struct fnl_money money = {0, ""};
	bool event_clock = fnl_settings_int(app->settings, "clock") == FNL_CLOCK_EVENT;
	if (!o->org || !fnl_is_id(o->org)) {
		return fnl_usage_error(&fnl_cmd_quota, "the organisation's id is needed: quota open ORG");
	}
	if (!o->year) {
		return fnl_usage_error(&fnl_cmd_quota, "--year is needed");
	}
	memcpy(money.currency, o->base_currency, strlen(o->base_currency) == 3 ? 3 : 0);
	if (fnl_money_check(money, NULL)) {
		return fnl_usage_error(&fnl_cmd_quota, "--base-currency %.10s: expected are three capital letters",
		                       o->base_currency);
	}
	if (o->command_id && !fnl_is_id(o->command_id)) {
		return fnl_usage_error(&fnl_cmd_quota, "--command-id: an id has 1 to %d bytes, none of them '|'",
		                       FNL_ID_BYTES_MAX);
	}
	if (o->rate_name && !fnl_is_id(o->rate_name)) {
		return fnl_usage_error(&fnl_cmd_quota, "--rates: the name of rates has 1 to %d bytes, none of them '|'",
		                       FNL_ID_BYTES_MAX);
	}
	if (o->has_rate_date && !o->rate_name) {
		return fnl_usage_error(&fnl_cmd_quota, "--rate-date is of no use without --rates");
	}
	if (event_clock && !o->has_as_of) {
		return fnl_usage_error(&fnl_cmd_quota, "with clock = event, --as-of says which moment counts");
	}
	int64_t now_ms = app->clock->wall_ms(app->clock->context);
	o->as_of_ms = o->has_as_of ? o->as_of_ms : now_ms;
	if (!o->has_issued_at) {
		o->issued_at_ms = event_clock ? o->as_of_ms : now_ms;
	}
	if (o->as_of_ms < o->issued_at_ms) {
		return fnl_usage_error(&fnl_cmd_quota,
		                       "--as-of lies before the command's own time: what the lines were then is "
		                       "not kept");
	}
	return 0;
}

static int read_opening(const struct fnl_app *app, int argc, char **argv, struct opening *o)
{
	for (int i = 2; i < argc; i++) {
		int code = 0;
		if (strncmp(argv[i], "--", 2) != 0 && !o->org) {
			o->org = argv[i];
		} else if (strncmp(argv[i], "--", 2) != 0 || i + 1 == argc) {
			code = fnl_usage_error(&fnl_cmd_quota, "\"%s\" is not understood here, or lacks its value", argv[i]);
		} else {
			code = read_option(o, argv[i], argv[i + 1]);
			i++;
		}
		if (code) {
			return code;
		}
	}
	return check_opening(app, o);
}

static void fill(const struct opening *o, struct fnl_value reps[REPS_MAX], struct fnl_import_event *e)
{
	struct fnl_value *v = e->values;
	for (size_t i = 0; i < o->rep_count; i++) {
		reps[i] = fnl_publish_text(o->reps[i]);
	}
	v[FNL_OPEN_QUOTA_YEAR_SOURCE] = fnl_publish_text(fnl_publish_source);
	v[FNL_OPEN_QUOTA_YEAR_OCCURRED_AT] = fnl_publish_number(o->issued_at_ms);
	v[FNL_OPEN_QUOTA_YEAR_COMMAND_ID] = fnl_publish_text(o->command_id);
	v[FNL_OPEN_QUOTA_YEAR_ISSUED_BY] = fnl_publish_text(o->issued_by);
	v[FNL_OPEN_QUOTA_YEAR_ISSUED_AT] = fnl_publish_number(o->issued_at_ms);
	v[FNL_OPEN_QUOTA_YEAR_ORG_ID] = fnl_publish_text(o->org);
	v[FNL_OPEN_QUOTA_YEAR_FISCAL_YEAR] = fnl_publish_number(o->year);
	v[FNL_OPEN_QUOTA_YEAR_AS_OF] = fnl_publish_number(o->as_of_ms);
	v[FNL_OPEN_QUOTA_YEAR_RUN_ID] = fnl_publish_text(o->command_id);
	v[FNL_OPEN_QUOTA_YEAR_BASE_CURRENCY] = fnl_publish_text(o->base_currency);
	if (o->rate_name) {
		v[FNL_OPEN_QUOTA_YEAR_RATE_NAME] = fnl_publish_text(o->rate_name);
	}
	if (o->has_rate_date) {
		v[FNL_OPEN_QUOTA_YEAR_RATE_DATE] = fnl_publish_number(o->rate_date_ms / DAY_MS);
	}
	v[FNL_OPEN_QUOTA_YEAR_REP_IDS].set = true;
	v[FNL_OPEN_QUOTA_YEAR_REP_IDS].list = (struct fnl_list){reps, o->rep_count};
	e->key = fnl_span_str(o->org);
	e->identity = fnl_span_str(o->command_id);
	e->occurred_at_ms = o->issued_at_ms;
}

static int publish(struct fnl_app *app, const struct opening *o, struct fnl_error *why)
{
	struct fnl_value reps[REPS_MAX];
	struct fnl_import_event event = {.binding = NULL};
	fill(o, reps, &event);
	return fnl_publish_one(app, "open_quota_year", &event, why);
}

static int open_year(struct fnl_app *app, int argc, char **argv)
{
	struct opening o = {.base_currency = "USD", .issued_by = fnl_publish_source};
	struct fnl_error why = {0, ""};
	char as_of[FNL_TEXT_BYTES];
	int rc = read_opening(app, argc, argv, &o);
	if (rc) {
		return rc;
	}
	if (!o.command_id) {
		rc = fnl_made_id(o.made_id, &why);
		o.command_id = o.made_id;
	}
	rc = rc ? rc : publish(app, &o, &why);
	if (rc) {
		return fnl_app_fail(app, fnl_exit_code(rc), &why);
	}
	fnl_text_rfc3339(o.as_of_ms, as_of);
	if (app->json) {
		json_t *all =
			json_pack("{s:s, s:s, s:s, s:i, s:s, s:s}", "command_id", o.command_id, "run_id", o.command_id, "org_id",
		              o.org, "fiscal_year", (int)o.year, "as_of", as_of, "base_currency", o.base_currency);
		return fnl_view_json_write(all, stdout, &why) ? fnl_app_fail(app, FNL_EXIT_INTERNAL, &why) : FNL_EXIT_OK;
	}
	printf("run %s: the quotas of %s for %d as of %s, in %s\n", o.command_id, o.org, (int)o.year, as_of,
	       o.base_currency);
	fprintf(stderr, "`funnelctl quota status` tells how far it is; when it is refused, %s says why\n",
	        fnl_app_topic(app, FNL_TOPIC_REJECTIONS));
	return FNL_EXIT_OK;
}

static int show(struct fnl_app *app, int argc, char **argv)
{
	int32_t year = 0;
	if (argc < 2 || argc > 3 || !fnl_is_id(argv[1]) || strncmp(argv[1], "--", 2) == 0) {
		return fnl_usage_error(&fnl_cmd_quota, "expected is \"open\", \"status\", or a rep's id");
	}
	if (argc == 3 && !fnl_year_parse(argv[2], &year)) {
		return fnl_usage_error(&fnl_cmd_quota, "YEAR %.20s: expected is a fiscal year such as 2027", argv[2]);
	}
	return fnl_show_quota(app, argv[1], year);
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "open") == 0) {
		return open_year(app, argc, argv);
	}
	if (argc == 2 && strcmp(argv[1], "status") == 0) {
		return fnl_quota_status(app);
	}
	return show(app, argc, argv);
}

const struct fnl_command fnl_cmd_quota = {
	"quota",
	"a rep's quota, explained; compute the quotas of a fiscal year, see how far that is",
	"funnelctl quota REP [YEAR]\n"
	"       funnelctl quota open ORG --year YEAR [--as-of TIME] [--base-currency CODE] [--rep REP]…\n"
	"                            [--rates NAME] [--rate-date DATE]\n"
	"                            [--command-id ID] [--issued-by WHO] [--issued-at TIME]\n"
	"       funnelctl quota status\n"
	"  REP: his quota of a fiscal year (the latest unless given), line by line: what falls in the year, weight, rate,\n"
	"  territory and factor, the sum, how it was rounded, what is left out and why; then its revisions, the running\n"
	"  potential, and what was won of it. As of the last commit. Exit 1 when there is none.\n"
	"  open: a quota for each rep of the organisation: what he is expected to close in that fiscal year, amount by "
	"weight, as\n"
	"  it stands at --as-of (default: now; not before the command's own time). A draft first, which still takes in "
	"what\n"
	"  comes late; then frozen (rules: quota.settle_hours). --base-currency: USD unless given. --rep: only these.\n"
	"  --rates: other currencies are converted by the rates of that name (sales.fx-rates), of --rate-date (the day of "
	"--as-of)\n"
	"  or the latest before it; without it such lines are left out, and listed.\n"
	"  With clock = event --as-of is needed, and --issued-at is the same unless given.\n"
	"  status: the runs, their state and how far they are.",
	run,
};
