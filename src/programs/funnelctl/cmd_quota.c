/* funnelctl quota open: computes the quotas of a fiscal year. quota status: how far the runs are. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "command.h"
#include "import_run.h"
#include "options.h"
#include "quota_status.h"

enum { ARENA_BYTES_MAX = 1 << 20, FLUSH_TIMEOUT_MS = 30000, REPS_MAX = 256, ID_BYTES = 40 };

static const char source[] = "funnelctl";

struct opening {
	const char *org;
	int32_t year;
	int64_t as_of_ms;
	int64_t issued_at_ms;
	bool has_as_of;
	bool has_issued_at;
	const char *base_currency;
	const char *issued_by;
	const char *command_id;
	const char *reps[REPS_MAX];
	size_t rep_count;
	char made_id[ID_BYTES];
};

/* A random UUID (version 4), so that two people who open a year do not have one command. */
static int make_id(char ret[ID_BYTES])
{
	uint8_t b[16];
	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b)) {
		return FNL_E_IO;
	}
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(ret, ID_BYTES, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
	         b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	return 0;
}

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
	if (strcmp(name, "--rep") == 0) {
		if (o->rep_count == REPS_MAX) {
			return fnl_usage_error(&fnl_cmd_quota, "more than %d times --rep; without any it is all of them", REPS_MAX);
		}
		o->reps[o->rep_count++] = value;
		return 0;
	}
	const char **text = strcmp(name, "--base-currency") == 0 ? &o->base_currency
	                    : strcmp(name, "--command-id") == 0  ? &o->command_id
	                    : strcmp(name, "--issued-by") == 0   ? &o->issued_by
	                                                         : NULL;
	if (!text) {
		return fnl_usage_error(&fnl_cmd_quota, "\"%s\" is not understood here", name);
	}
	*text = value;
	return 0;
}

static bool is_id(const char *s)
{
	size_t len = strlen(s);
	return len >= 1 && len <= FNL_ID_BYTES_MAX && !strchr(s, '|');
}

static int check_opening(const struct fnl_app *app, struct opening *o)
{
	struct fnl_money money = {0, ""};
	bool event_clock = fnl_settings_int(app->settings, "clock") == FNL_CLOCK_EVENT;
	if (!o->org || !is_id(o->org)) {
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
	if (o->command_id && !is_id(o->command_id)) {
		return fnl_usage_error(&fnl_cmd_quota, "--command-id: an id has 1 to %d bytes, none of them '|'",
		                       FNL_ID_BYTES_MAX);
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

static struct fnl_value text_value(const char *s)
{
	return (struct fnl_value){.set = true, .str = fnl_span_str(s)};
}

static struct fnl_value number(int64_t n)
{
	return (struct fnl_value){.set = true, .i64 = n};
}

static const struct fnl_import_kind *kind_of(const char *event)
{
	size_t count;
	const struct fnl_import_kind *kinds = fnl_import_kinds(&count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(kinds[i].event, event) == 0) {
			return &kinds[i];
		}
	}
	return NULL;
}

static void fill(const struct opening *o, struct fnl_value reps[REPS_MAX], struct fnl_import_event *e)
{
	struct fnl_value *v = e->values;
	for (size_t i = 0; i < o->rep_count; i++) {
		reps[i] = text_value(o->reps[i]);
	}
	v[FNL_OPEN_QUOTA_YEAR_SOURCE] = text_value(source);
	v[FNL_OPEN_QUOTA_YEAR_OCCURRED_AT] = number(o->issued_at_ms);
	v[FNL_OPEN_QUOTA_YEAR_COMMAND_ID] = text_value(o->command_id);
	v[FNL_OPEN_QUOTA_YEAR_ISSUED_BY] = text_value(o->issued_by);
	v[FNL_OPEN_QUOTA_YEAR_ISSUED_AT] = number(o->issued_at_ms);
	v[FNL_OPEN_QUOTA_YEAR_ORG_ID] = text_value(o->org);
	v[FNL_OPEN_QUOTA_YEAR_FISCAL_YEAR] = number(o->year);
	v[FNL_OPEN_QUOTA_YEAR_AS_OF] = number(o->as_of_ms);
	v[FNL_OPEN_QUOTA_YEAR_RUN_ID] = text_value(o->command_id);
	v[FNL_OPEN_QUOTA_YEAR_BASE_CURRENCY] = text_value(o->base_currency);
	v[FNL_OPEN_QUOTA_YEAR_REP_IDS].set = true;
	v[FNL_OPEN_QUOTA_YEAR_REP_IDS].list = (struct fnl_list){reps, o->rep_count};
	e->key = fnl_span_str(o->org);
	e->source = fnl_span_str(source);
	e->identity = fnl_span_str(o->command_id);
	e->occurred_at_ms = o->issued_at_ms;
}

static int publish(struct fnl_app *app, const struct opening *o, struct fnl_error *why)
{
	const char *topics[FNL_TOPIC_COUNT];
	struct fnl_value reps[REPS_MAX];
	struct fnl_import_ports ports = {.ids = app->ids, .topics = topics};
	struct fnl_import_binding binding = {.kind = kind_of("open_quota_year"), .desc = &fnl_desc_open_quota_year};
	struct fnl_import_event event = {.binding = &binding};
	struct fnl_arena arena;
	int32_t partitions;
	for (int i = 0; i < FNL_TOPIC_COUNT; i++) {
		topics[i] = fnl_app_topic(app, (enum fnl_topic)i);
	}
	int rc = fnl_app_codec(app, &ports.codec, why);
	rc = rc ? rc : fnl_app_bus(app, &ports.bus, why);
	/* a topic that is not there would be made by the broker, or be waited for */
	rc = rc ? rc : fnl_app_partitions(app, FNL_TOPIC_COMMANDS, &partitions, why);
	if (rc) {
		return rc;
	}
	fill(o, reps, &event);
	fnl_arena_init(&arena, ARENA_BYTES_MAX);
	rc = fnl_import_publish(&ports, &event, &arena, why);
	fnl_arena_deinit(&arena);
	if (!rc && ports.bus->ops->publish_flush(ports.bus, FLUSH_TIMEOUT_MS) < 0) {
		rc = fnl_fail(why, FNL_E_TIMEOUT, "topic %s: %s", topics[FNL_TOPIC_COMMANDS],
		              ports.bus->ops->explain(ports.bus));
	}
	return rc;
}

static int open_year(struct fnl_app *app, int argc, char **argv)
{
	struct opening o = {.base_currency = "USD", .issued_by = source};
	struct fnl_error why = {0, ""};
	char as_of[FNL_TEXT_BYTES];
	int rc = read_opening(app, argc, argv, &o);
	if (rc) {
		return rc;
	}
	if (!o.command_id) {
		rc = make_id(o.made_id);
		o.command_id = o.made_id;
	}
	rc = rc ? fnl_fail(&why, rc, "no random bytes for an id; give one with --command-id") : publish(app, &o, &why);
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

static int run(struct fnl_app *app, int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "open") == 0) {
		return open_year(app, argc, argv);
	}
	if (argc == 2 && strcmp(argv[1], "status") == 0) {
		return fnl_quota_status(app);
	}
	return fnl_usage_error(&fnl_cmd_quota, "expected is \"open\" or \"status\"");
}

const struct fnl_command fnl_cmd_quota = {
	"quota",
	"compute the quotas of a fiscal year, see how far that is",
	"funnelctl quota open ORG --year YEAR [--as-of TIME] [--base-currency CODE] [--rep REP]…\n"
	"                            [--command-id ID] [--issued-by WHO] [--issued-at TIME]\n"
	"       funnelctl quota status\n"
	"  open: a quota for each rep of the organisation: what he is expected to close in that fiscal year, amount by "
	"weight, as\n"
	"  it stands at --as-of (default: now; not before the command's own time). A draft first, which still takes in "
	"what\n"
	"  comes late; then frozen (rules: quota.settle_hours). --base-currency: USD unless given. --rep: only these.\n"
	"  With clock = event --as-of is needed, and --issued-at is the same unless given.\n"
	"  status: the runs, their state and how far they are. `funnelctl show quota REP --year YEAR` explains the result.",
	run,
};
