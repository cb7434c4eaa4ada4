/* funnelctl rules check: is a rules file right, and what does it change? apply: put it in force. status: how far is
 * that? */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "command.h"
#include "funneld/base/sha256.h"
#include "rules_apply.h"
#include "rules_status.h"

enum { RULES_ARENA_BYTES_MAX = 32 << 20, WAIT_DEFAULT_MS = 600000 };

struct errors {
	json_t *list; /* NULL: print at once */
	size_t count;
};

static void on_error(void *context, const char *message)
{
	struct errors *e = context;
	e->count++;
	if (e->list) {
		json_array_append_new(e->list, json_string(message));
	} else {
		fprintf(stderr, "%s\n", message);
	}
}

struct change {
	char name[160];
	char was[64];
	char is[64];
};

struct changes {
	struct change *at;
	size_t count;
	size_t capacity;
};

static void add(struct changes *c, const char *name, const char *was, const char *is)
{
	if (strcmp(was, is) == 0 || c->count == c->capacity) {
		return;
	}
	struct change *x = &c->at[c->count++];
	snprintf(x->name, sizeof(x->name), "%s", name);
	snprintf(x->was, sizeof(x->was), "%s", was);
	snprintf(x->is, sizeof(x->is), "%s", is);
}

static const char *layer_name(int layer)
{
	return layer >= 0 && layer < FNL_LAYER_COUNT ? fnl_symbols_layer[layer] : "?";
}

static const char *stage_text(const struct fnl_stage_rule *r, char *buffer, size_t size)
{
	if (!r) {
		return "not known";
	}
	if (r->probability_bp < 0) {
		snprintf(buffer, size, "%s", layer_name(r->layer));
	} else {
		snprintf(buffer, size, "%s, %d bp", layer_name(r->layer), (int)r->probability_bp);
	}
	return buffer;
}

/* Stages of `in` against those of `base`; only those that base lacks when missing_only. */
static void compare_stages(struct changes *c, const struct fnl_rules *in, const struct fnl_rules *base,
                           bool missing_only)
{
	for (size_t i = 0; i < in->stage_count; i++) {
		const struct fnl_stage_rule *r = &in->stages[i];
		const struct fnl_stage_rule *other = fnl_rules_stage(base, r->pipeline, r->stage);
		char name[160], mine[64], theirs[64];
		if (missing_only && other) {
			continue;
		}
		snprintf(name, sizeof(name), "stage %.*s%s%.*s", (int)(r->pipeline.data ? r->pipeline.len : 0),
		         r->pipeline.data ? (const char *)r->pipeline.data : "", r->pipeline.data ? " / " : "",
		         (int)r->stage.len, (const char *)r->stage.data);
		const char *in_text = stage_text(r, mine, sizeof(mine));
		const char *base_text = stage_text(other, theirs, sizeof(theirs));
		if (missing_only) {
			add(c, name, in_text, base_text);
		} else {
			add(c, name, base_text, in_text);
		}
	}
}

static const char *value_text(const struct fnl_rule_key *key, int64_t value, char *buffer, size_t size)
{
	if (key->choices) {
		return key->choices[value];
	}
	const char *unit = fnl_rule_unit_text(key->unit);
	snprintf(buffer, size, "%" PRId64 "%s%s", value, *unit ? " " : "", unit);
	return buffer;
}

static void compare(const struct fnl_rules *rules, struct changes *c)
{
	const struct fnl_rules *base = fnl_rules_default();
	size_t count;
	const struct fnl_rule_key *keys = fnl_rules_keys(&count);
	for (size_t i = 0; i < count; i++) {
		char name[128], was[64], is[64];
		snprintf(name, sizeof(name), "[%s] %s", keys[i].section, keys[i].key);
		add(c, name, value_text(&keys[i], base->values[i], was, sizeof(was)),
		    value_text(&keys[i], rules->values[i], is, sizeof(is)));
	}
	compare_stages(c, rules, base, false);
	compare_stages(c, base, rules, true);
}

static void print_changes(const struct fnl_app *app, const char *path, const struct fnl_rules *rules,
                          const struct changes *c)
{
	if (app->json) {
		json_t *list = json_array();
		for (size_t i = 0; i < c->count; i++) {
			json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "rule", c->at[i].name, "default", c->at[i].was,
			                                      "file", c->at[i].is));
		}
		json_t *all = json_pack("{s:b, s:s, s:i, s:[], s:o}", "ok", 1, "file", path, "stages", (int)rules->stage_count,
		                        "errors", "differences", list);
		json_dumpf(all, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(all);
		return;
	}
	printf("%s is right: %zu stages, %zu differences from the defaults\n", path, rules->stage_count, c->count);
	for (size_t i = 0; i < c->count; i++) {
		printf("  %-50s %s -> %s\n", c->at[i].name, c->at[i].was, c->at[i].is);
	}
}

static void tell_errors(const struct fnl_app *app, const char *path, struct errors *errors)
{
	if (app->json) {
		json_t *all = json_pack("{s:b, s:s, s:O, s:[]}", "ok", 0, "file", path, "errors", errors->list, "differences");
		json_dumpf(all, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(all);
	} else {
		fprintf(stderr, "%s: %zu error%s\n", path, errors->count, errors->count == 1 ? "" : "s");
	}
}

/* The rules of the text, or NULL after all its errors were told. */
static const struct fnl_rules *read_rules(const struct fnl_app *app, const char *path, struct fnl_span text,
                                          struct fnl_arena *arena)
{
	const struct fnl_rules *rules = NULL;
	struct fnl_error why = {0, ""};
	struct errors errors = {app->json ? json_array() : NULL, 0};
	if (fnl_rules_parse(text, path, arena, &rules, on_error, &errors, &why)) {
		if (errors.count == 0) {
			on_error(&errors, why.text);
		}
		tell_errors(app, path, &errors);
	}
	json_decref(errors.list);
	return rules;
}

static int check(struct fnl_app *app, const char *path, const struct fnl_rules *rules)
{
	struct changes changes = {NULL, 0, 2 * (size_t)FNL_RULES_STAGES_MAX + 128};
	changes.at = fnl_calloc(changes.capacity, sizeof(*changes.at));
	if (!changes.at) {
		fputs("funnelctl: no memory\n", stderr);
		return FNL_EXIT_INTERNAL;
	}
	compare(rules, &changes);
	print_changes(app, path, rules, &changes);
	fnl_free(changes.at);
	return FNL_EXIT_OK;
}

static int refuse_rules(const char *path, struct fnl_span text, const struct fnl_rules *rules)
{
	if (rules->version < 1) {
		fprintf(stderr,
		        "%s: rules that are to be in force have a version from 1 on, greater than that of the rules before\n",
		        path);
		return FNL_EXIT_RULES;
	}
	if (text.len > FNL_RECORD_STRING_BYTES_MAX) {
		fprintf(stderr, "%s: longer than %d bytes\n", path, FNL_RECORD_STRING_BYTES_MAX);
		return FNL_EXIT_RULES;
	}
	if (!fnl_span_utf8_valid(text)) {
		fprintf(stderr, "%s: not UTF-8\n", path);
		return FNL_EXIT_RULES;
	}
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

static int apply(struct fnl_app *app, const struct order *o, struct fnl_span text, const struct fnl_rules *rules)
{
	struct fnl_error why = {0, ""};
	int32_t partitions[FNL_APP_STAGE_COUNT] = {0};
	char hash[FNL_SHA256_HEX_BYTES + 1];
	fnl_sha256_hex(text, hash);
	int code = refuse_rules(o->path, text, rules);
	code = code ? code : fnl_rules_refuse_known(app, o->path, rules->version, hash);
	if (code) {
		return code;
	}
	int rc = fnl_rules_publish(app, text, rules->version, o->at_ms, partitions, &why);
	if (rc) {
		return fnl_app_fail(app, fnl_exit_code(rc), &why);
	}
	if (app->json && !o->wait) {
		printf("{\"version\":%d,\"partitions\":%d,\"rep_partitions\":%d}\n", (int)rules->version,
		       (int)partitions[FNL_APP_STAGE_PROSPECT], (int)partitions[FNL_APP_STAGE_REP]);
	} else if (!app->json) {
		printf("version %d of the rules went to %d partitions of the prospect stage and %d of the rep stage\n",
		       (int)rules->version, (int)partitions[FNL_APP_STAGE_PROSPECT], (int)partitions[FNL_APP_STAGE_REP]);
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
	struct fnl_arena arena;
	struct fnl_span text;
	struct fnl_error why = {0, ""};
	struct order order = {.what = CHECK};
	int code = read_order(app, argc, argv, &order);
	if (code || order.what == STATUS) {
		return code ? code : fnl_rules_tell(app);
	}
	if (fnl_text_file_read(order.path, &text, &why)) {
		return fnl_app_fail(app, FNL_EXIT_RULES, &why);
	}
	fnl_arena_init(&arena, RULES_ARENA_BYTES_MAX);
	const struct fnl_rules *rules = read_rules(app, order.path, text, &arena);
	if (!rules) {
		code = FNL_EXIT_RULES;
	} else {
		code = order.what == APPLY ? apply(app, &order, text, rules) : check(app, order.path, rules);
	}
	fnl_arena_deinit(&arena);
	fnl_text_file_free(text);
	return code;
}

const struct fnl_command fnl_cmd_rules = {
	"rules",
	"check a rules file, put it in force, see how far that is",
	"funnelctl rules check [FILE]\n"
	"       funnelctl rules apply [FILE] [--at TIME] [--wait [--timeout SECONDS]]\n"
	"       funnelctl rules status\n"
	"  check: every error with file and line (exit 11), or what the file changes against the defaults.\n"
	"  apply: checks, then sends RulesActivated to every partition of the input of each stage; it holds for what comes "
	"after\n"
	"  it, and all open prospects are looked at again. --wait: until that is done (exit 5 when it is not, by default "
	"after\n"
	"  600 s).\n"
	"  status: the version in force in each partition, and how far its pass over the open prospects is.\n"
	"  FILE: else the setting rules.file. --at: when (needed with clock = event), else now.",
	run,
};
