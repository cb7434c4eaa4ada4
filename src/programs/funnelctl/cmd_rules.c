/* funnelctl rules check: is a rules file right, and what does it change? apply: put it in force. status: how far is
 * that? */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "command.h"
#include "funneld/base/sha256.h"
#include "rules_changes.h"
#include "rules_file.h"
#include "rules_publish.h"
#include "rules_status.h"
#include "rules_zone.h"

enum { WAIT_DEFAULT_MS = 600000 };

/* "tzdata" or "file"; the name "" for UTC. */
struct zone {
	char name[80];
	size_t changes;
	const char *by;
};

static struct zone zone_of(const struct fnl_rules *rules, bool resolved)
{
	struct zone z = {"", 0, resolved ? "tzdata" : "file"};
	if (!fnl_span_is_none(rules->zone)) {
		snprintf(z.name, sizeof(z.name), "%.*s", (int)rules->zone.len, (const char *)rules->zone.data);
		z.changes = rules->calendar.offset_count - 1;
	}
	return z;
}

static void print_json(const char *path, const struct fnl_rules *rules, const struct zone *zone,
                       const struct fnl_rules_changes *c)
{
	json_t *list = json_array();
	for (size_t i = 0; i < c->count; i++) {
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s}", "rule", c->at[i].name, "default", c->at[i].was, "file", c->at[i].is));
	}
	json_t *of_zone = zone->name[0] ? json_pack("{s:s, s:I, s:s}", "name", zone->name, "changes",
	                                            (json_int_t)zone->changes, "by", zone->by)
	                                : json_null();
	json_t *all = json_pack("{s:b, s:s, s:i, s:o, s:[], s:o}", "ok", 1, "file", path, "stages", (int)rules->stage_count,
	                        "zone", of_zone, "errors", "differences", list);
	json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
}

static void print_text(const char *path, const struct fnl_rules *rules, const struct zone *zone, bool resolved,
                       const struct fnl_rules_changes *c)
{
	printf("%s is right: %zu stages, %zu differences from the defaults\n", path, rules->stage_count, c->count);
	if (zone->name[0] && resolved) {
		printf("zone %s: %zu changes of its clock from %d to %d, by this machine's time zone data\n", zone->name,
		       zone->changes, FNL_RULES_ZONE_FIRST_YEAR, FNL_RULES_ZONE_LAST_YEAR);
	} else if (zone->name[0]) {
		printf("zone %s: %zu changes of its clock, by the file's own [zone]\n", zone->name, zone->changes);
	}
	for (size_t i = 0; i < c->count; i++) {
		printf("  %-50s %s -> %s\n", c->at[i].name, c->at[i].was, c->at[i].is);
	}
}

static int check(struct fnl_app *app, const char *path, const struct fnl_rules *rules, bool resolved)
{
	struct fnl_rules_changes changes;
	if (fnl_rules_compare(rules, &changes)) {
		fputs("funnelctl: no memory\n", stderr);
		return FNL_EXIT_INTERNAL;
	}
	struct zone zone = zone_of(rules, resolved);
	if (app->json) {
		print_json(path, rules, &zone, &changes);
	} else {
		print_text(path, rules, &zone, resolved, &changes);
	}
	fnl_free(changes.at);
	return FNL_EXIT_OK;
}

struct order {
	enum { CHECK, APPLY, STATUS } what;
	const char *path;
	bool has_at;
	int64_t at_ms;
	bool wait;
	int64_t timeout_ms;
};

static int open_ports(struct fnl_app *app, struct fnl_rules_ports *ret, struct fnl_error *why)
{
	int rc = 0;
	*ret = (struct fnl_rules_ports){.app = app};
	for (int s = 0; s < FNL_APP_STAGE_COUNT && !rc; s++) {
		rc = fnl_app_partitions(app, fnl_app_stage(app, (enum fnl_app_stage_id)s)->input, &ret->partitions[s], why);
	}
	rc = rc ? rc : fnl_app_codec(app, &ret->codec, why);
	return rc ? rc : fnl_app_bus(app, &ret->bus, why);
}

static int apply(struct fnl_app *app, const struct order *o, struct fnl_span text, const struct fnl_rules *rules)
{
	struct fnl_error why = {0, ""};
	struct fnl_rules_ports ports;
	char hash[FNL_SHA256_HEX_BYTES + 1];
	fnl_sha256_hex(text, hash);
	int code = fnl_rules_file_refuse(o->path, text, rules);
	code = code ? code : fnl_rules_refuse_known(app, o->path, rules->version, hash);
	if (code) {
		return code;
	}
	int rc = open_ports(app, &ports, &why);
	rc = rc ? rc : fnl_rules_publish(&ports, text, rules->version, o->at_ms, &why);
	if (rc) {
		return fnl_app_fail(app, fnl_exit_code(rc), &why);
	}
	if (app->json && !o->wait) {
		printf("{\"version\":%d,\"partitions\":%d,\"rep_partitions\":%d,\"org_partitions\":%d}\n", (int)rules->version,
		       (int)ports.partitions[FNL_APP_STAGE_PROSPECT], (int)ports.partitions[FNL_APP_STAGE_REP],
		       (int)ports.partitions[FNL_APP_STAGE_ORG]);
	} else if (!app->json) {
		printf("version %d of the rules went to %d partitions of the prospect stage, %d of the rep stage and %d of the "
		       "org stage\n",
		       (int)rules->version, (int)ports.partitions[FNL_APP_STAGE_PROSPECT],
		       (int)ports.partitions[FNL_APP_STAGE_REP], (int)ports.partitions[FNL_APP_STAGE_ORG]);
	}
	return o->wait ? fnl_rules_wait(app, rules->version, o->timeout_ms) : FNL_EXIT_OK;
}

static int read_option(int argc, char **argv, int *i, struct order *ret)
{
	char *end = NULL;
	if (ret->what == APPLY && strcmp(argv[*i], "--at") == 0 && *i + 1 < argc) {
		ret->has_at = fnl_time_parse(argv[++*i], &ret->at_ms);
		if (!ret->has_at) {
			return fnl_usage_error(&fnl_cmd_rules, "--at wants a time such as 2026-01-31 or 2026-01-31T08:00:00Z");
		}
	} else if (ret->what == APPLY && strcmp(argv[*i], "--wait") == 0) {
		ret->wait = true;
	} else if (ret->what == APPLY && strcmp(argv[*i], "--timeout") == 0 && *i + 1 < argc) {
		double s = strtod(argv[++*i], &end);
		if (*argv[*i] == '\0' || *end != '\0' || !(s >= 0 && s <= 86400)) {
			return fnl_usage_error(&fnl_cmd_rules, "--timeout wants seconds from 0 to 86400");
		}
		ret->timeout_ms = (int64_t)(s * 1000);
	} else if (argv[*i][0] == '-' || ret->path || ret->what == STATUS) {
		return fnl_usage_error(&fnl_cmd_rules, "\"%s\" is not understood here", argv[*i]);
	} else {
		ret->path = argv[*i];
	}
	return 0;
}

static int read_order(const struct fnl_app *app, int argc, char **argv, struct order *ret)
{
	static const char *const words[] = {"check", "apply", "status"};
	int what = 0;
	while (what < 3 && (argc < 2 || strcmp(argv[1], words[what]) != 0)) {
		what++;
	}
	if (what == 3) {
		return fnl_usage_error(&fnl_cmd_rules, "expected is \"check\", \"apply\" or \"status\"");
	}
	*ret = (struct order){.what = what, .timeout_ms = WAIT_DEFAULT_MS};
	for (int i = 2; i < argc; i++) {
		int code = read_option(argc, argv, &i, ret);
		if (code) {
			return code;
		}
	}
	if (!ret->path) {
		ret->path = fnl_settings_string(app->settings, "rules.file");
	}
	if (!ret->path && ret->what != STATUS) {
		return fnl_usage_error(&fnl_cmd_rules, "no file is given, and rules.file is not set");
	}
	if (ret->what == APPLY && !ret->has_at) {
		if (fnl_settings_int(app->settings, "clock") == FNL_CLOCK_EVENT) {
			return fnl_usage_error(&fnl_cmd_rules, "with clock = event, --at says when the rules come into force");
		}
		ret->at_ms = app->clock->wall_ms(app->clock->context);
	}
	return 0;
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct fnl_rules_file file;
	struct order order = {.what = CHECK};
	int code = read_order(app, argc, argv, &order);
	if (code || order.what == STATUS) {
		return code ? code : fnl_rules_tell(app);
	}
	code = fnl_rules_file_open(app, order.path, &file);
	if (code == FNL_EXIT_OK) {
		code = order.what == APPLY ? apply(app, &order, file.published, file.rules)
		                           : check(app, order.path, file.rules, file.published.len > file.text.len);
	}
	fnl_rules_file_close(&file);
	return code;
}

const struct fnl_command fnl_cmd_rules = {
	"rules",
	"check a rules file, put it in force, see how far that is",
	"funnelctl rules check [FILE]\n"
	"       funnelctl rules apply [FILE] [--at TIME] [--wait [--timeout SECONDS]]\n"
	"       funnelctl rules status\n"
	"  check: every error with file and line (exit 11), or what the file changes against the defaults.\n"
	"  A file with a zone and no [zone] gets one at its end, from this machine's time zone data: it is published with "
	"it.\n"
	"  apply: checks, then sends RulesActivated to every partition of the input of each stage; it holds for what comes "
	"after\n"
	"  it, and all open prospects are looked at again. --wait: until that is done (exit 5 when it is not, by default "
	"after\n"
	"  600 s).\n"
	"  status: the version in force in each partition, and how far its pass over the open prospects is.\n"
	"  FILE: else the setting rules.file. --at: when (needed with clock = event), else now.",
	run,
};
