/* How this deployment names topics, groups and stages. */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

#define DAY_MS INT64_C(86400000)
enum { DEAD_LETTER_BYTES_MAX = 2 << 20 };

enum kind { INPUT, REFERENCE, INTERNAL, STATE, DERIVED, REVIEW, DEAD };

struct topic_row {
	const char *name;
	const char *setting;
	enum kind kind;
};

static const struct topic_row topics[FNL_TOPIC_COUNT] = {
#define FNL_X(name, text, kind, carries) {text, "topic." text, kind},
	FNL_TOPIC_TABLE(FNL_X)
#undef FNL_X
};

/* What Kafka allows in the name of a topic; groups and transactional ids are held to the same. */
static bool is_name(const char *s, size_t len_max)
{
	size_t len = strlen(s);
	return len > 0 && len <= len_max && strcmp(s, ".") != 0 && strcmp(s, "..") != 0 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

static int name_topic(struct fnl_app *app, size_t i, struct fnl_error *why)
{
	const char *prefix = fnl_settings_string(app->settings, "topic.prefix");
	const char *name = fnl_settings_string(app->settings, topics[i].setting);
	const char *setting = name ? topics[i].setting : "topic.prefix";
	size_t size = strlen(name ? name : topics[i].name) + (name ? 0 : strlen(prefix)) + 1;
	char *text = fnl_calloc(1, size);
	if (!text) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for names");
	}
	snprintf(text, size, "%s%s", name ? "" : prefix, name ? name : topics[i].name);
	app->private->topics[i] = text;
	if (!is_name(text, FNL_TOPIC_NAME_BYTES_MAX)) {
		return fnl_fail(why, FNL_E_ARGUMENT,
		                "%s: %s: \"%.60s\" is no topic's name: at most 249 letters, digits, '.', '_', '-'",
		                fnl_settings_origin(app->settings, setting), setting, text);
	}
	for (size_t j = 0; j < i; j++) {
		if (strcmp(app->private->topics[j], text) == 0) {
			return fnl_fail(why, FNL_E_ARGUMENT, "%s: %s: %s is the name of two topics (also of %s)",
			                fnl_settings_origin(app->settings, setting), setting, text, topics[j].name);
		}
	}
	return 0;
}

struct stage_row {
	const char *name;
	const char *group;
	const char *threads;
	enum fnl_topic input;
	enum fnl_topic changelog;
	const char *const *tables;
	size_t table_count;
	fnl_paged_tables paged;
	size_t dead_letters;
	size_t output_count;
	enum fnl_topic outputs[FNL_APP_OUTPUTS_MAX];
};

static const struct stage_row stages[FNL_APP_STAGE_COUNT] = {
	[FNL_APP_STAGE_PROSPECT] = {"prospect",
                                "funneld-prospect",
                                "threads.prospect",
                                FNL_TOPIC_PROSPECT_CHANGES,
                                FNL_TOPIC_PROSPECTS,
                                fnl_prospect_tables,
                                FNL_PROSPECT_TABLE_COUNT,
                                FNL_PROSPECT_PAGED,
                                FNL_PROSPECT_OUT_DEAD_LETTERS,
                                FNL_PROSPECT_OUT_COUNT,
                                {[FNL_PROSPECT_OUT_LAYER_CHANGES] = FNL_TOPIC_LAYER_CHANGES,
                                 [FNL_PROSPECT_OUT_ALERTS] = FNL_TOPIC_ALERTS,
                                 [FNL_PROSPECT_OUT_DEAD_LETTERS] = FNL_TOPIC_DEAD_LETTERS,
                                 [FNL_PROSPECT_OUT_REP_INPUTS] = FNL_TOPIC_REP_INPUTS}},
	[FNL_APP_STAGE_REP] = {"rep",
                           "funneld-rep",
                           "threads.rep",
                           FNL_TOPIC_REP_INPUTS,
                           FNL_TOPIC_REPS,
                           fnl_rep_tables,
                           FNL_REP_TABLE_COUNT,
                           FNL_REP_PAGED,
                           FNL_REP_OUT_DEAD_LETTERS,
                           FNL_REP_OUT_COUNT,
                           {[FNL_REP_OUT_QUOTAS] = FNL_TOPIC_QUOTAS,
                            [FNL_REP_OUT_REJECTIONS] = FNL_TOPIC_REJECTIONS,
                            [FNL_REP_OUT_DEAD_LETTERS] = FNL_TOPIC_DEAD_LETTERS,
                            [FNL_REP_OUT_ALERTS] = FNL_TOPIC_ALERTS,
                            [FNL_REP_OUT_INSPECTIONS] = FNL_TOPIC_INSPECTIONS,
                            [FNL_REP_OUT_HANDOVERS] = FNL_TOPIC_HANDOVERS,
                            [FNL_REP_OUT_REVIEWS] = FNL_TOPIC_REVIEWS,
                            [FNL_REP_OUT_REASSIGNMENTS] = FNL_TOPIC_REASSIGNMENTS,
                            [FNL_REP_OUT_ORG_INPUTS] = FNL_TOPIC_ORG_INPUTS,
                            [FNL_REP_OUT_REP_DIRECTORY] = FNL_TOPIC_REP_DIRECTORY}},
	[FNL_APP_STAGE_ORG] = {"org",
                           "funneld-org",
                           "threads.org",
                           FNL_TOPIC_ORG_INPUTS,
                           FNL_TOPIC_ORGS,
                           fnl_org_tables,
                           FNL_ORG_TABLE_COUNT,
                           FNL_ORG_PAGED,
                           FNL_ORG_OUT_DEAD_LETTERS,
                           FNL_ORG_OUT_COUNT,
                           {[FNL_ORG_OUT_REP_INPUTS] = FNL_TOPIC_REP_INPUTS,
                            [FNL_ORG_OUT_DEAD_LETTERS] = FNL_TOPIC_DEAD_LETTERS,
                            [FNL_ORG_OUT_TERRITORIES] = FNL_TOPIC_DERIVED_TERRITORIES,
                            [FNL_ORG_OUT_PERFORMANCE] = FNL_TOPIC_PERFORMANCE,
                            [FNL_ORG_OUT_REJECTIONS] = FNL_TOPIC_REJECTIONS}},
};

static const struct {
	const char *name;
	const char *group;
	enum fnl_topic input;
} relays[FNL_APP_RELAY_COUNT] = {
	[FNL_APP_RELAY_HR] = {"router-hr", "funneld-router-hr", FNL_TOPIC_REP_CHANGES},
	[FNL_APP_RELAY_COMMANDS] = {"router-commands", "funneld-router-commands", FNL_TOPIC_COMMANDS},
	[FNL_APP_RELAY_RATES] = {"router-rates", "funneld-router-rates", FNL_TOPIC_FX_RATES},
	[FNL_APP_RELAY_TERRITORIES] = {"router-territories", "funneld-router-territories", FNL_TOPIC_TERRITORIES},
};

_Static_assert((int)FNL_PROSPECT_OUT_COUNT <= (int)FNL_APP_OUTPUTS_MAX &&
                   (int)FNL_REP_OUT_COUNT <= (int)FNL_APP_OUTPUTS_MAX &&
                   (int)FNL_ORG_OUT_COUNT <= (int)FNL_APP_OUTPUTS_MAX,
               "the outputs of a stage fit");

static void name_stage(struct fnl_app *app, size_t i)
{
	struct fnl_app_private *p = app->private;
	const struct stage_row *row = &stages[i];
	struct fnl_app_stage *s = &p->stages[i];
	snprintf(p->group[i], sizeof(p->group[i]), "%s%s", fnl_settings_string(app->settings, "topic.prefix"), row->group);
	*s = (struct fnl_app_stage){
		.stage = {row->name, p->topics[row->input], row->tables, row->table_count, row->dead_letters},
		.input = row->input,
		.changelog = row->changelog,
		.input_topic = p->topics[row->input],
		.changelog_topic = p->topics[row->changelog],
		.output_topic_count = row->output_count,
		.group = p->group[i],
		.paged = row->paged,
		.threads = row->threads,
	};
	for (size_t o = 0; o < row->output_count; o++) {
		s->outputs[o] = row->outputs[o];
		s->output_topics[o] = p->topics[row->outputs[o]];
	}
}

static void name_relay(struct fnl_app *app, size_t i)
{
	struct fnl_app_private *p = app->private;
	struct fnl_app_relay *r = &p->relays[i];
	snprintf(p->relay_group[i], sizeof(p->relay_group[i]), "%s%s", fnl_settings_string(app->settings, "topic.prefix"),
	         relays[i].group);
	*r = (struct fnl_app_relay){.name = relays[i].name,
	                            .input = relays[i].input,
	                            .input_topic = p->topics[relays[i].input],
	                            .group = p->relay_group[i]};
	r->output_topics[FNL_ROUTER_OUT_REP_INPUTS] = p->topics[FNL_TOPIC_REP_INPUTS];
	r->output_topics[FNL_ROUTER_OUT_DEAD_LETTERS] = p->topics[FNL_TOPIC_DEAD_LETTERS];
	r->output_topics[FNL_ROUTER_OUT_ORG_INPUTS] = p->topics[FNL_TOPIC_ORG_INPUTS];
}

int fnl_app_name_all(struct fnl_app *app, struct fnl_error *why)
{
	const char *instance = fnl_settings_string(app->settings, "instance.id");
	const char *prefix = fnl_settings_string(app->settings, "topic.prefix");
	int rc = 0;
	for (size_t i = 0; i < FNL_TOPIC_COUNT && !rc; i++) {
		rc = name_topic(app, i, why);
	}
	if (!rc && (*prefix != '\0' && !is_name(prefix, 100))) {
		rc = fnl_fail(why, FNL_E_ARGUMENT, "%s: topic.prefix: at most 100 letters, digits, '.', '_', '-'",
		              fnl_settings_origin(app->settings, "topic.prefix"));
	}
	if (!rc && !is_name(instance, 100)) {
		rc = fnl_fail(why, FNL_E_ARGUMENT,
		              "%s: instance.id: \"%.60s\" is not allowed: at most 100 letters, digits, '.', '_', '-'",
		              fnl_settings_origin(app->settings, "instance.id"), instance);
	}
	for (size_t i = 0; i < FNL_APP_STAGE_COUNT && !rc; i++) {
		name_stage(app, i);
	}
	for (size_t i = 0; i < FNL_APP_RELAY_COUNT && !rc; i++) {
		name_relay(app, i);
	}
	return rc;
}

void fnl_app_unname(struct fnl_app *app)
{
	for (size_t i = 0; i < FNL_TOPIC_COUNT; i++) {
		app->private->topics[i] = fnl_free(app->private->topics[i]);
	}
}

const char *fnl_app_topic(const struct fnl_app *app, enum fnl_topic topic)
{
	return app->private->topics[topic];
}

const char *fnl_topic_default(enum fnl_topic topic)
{
	return topics[topic].name;
}

struct fnl_topic_spec fnl_app_topic_spec(const struct fnl_app *app, enum fnl_topic topic)
{
	enum kind kind = topics[topic].kind;
	struct fnl_topic_spec spec = {
		.name = fnl_app_topic(app, topic),
		.partition_count = (int32_t)fnl_settings_int(app->settings, "topic.partitions"),
		.cleanup = kind == REFERENCE || kind == STATE ? FNL_CLEANUP_COMPACT : FNL_CLEANUP_DELETE,
		.retention_ms = kind == REVIEW ? 90 * DAY_MS : fnl_settings_int(app->settings, "topic.retention"),
	};
	/* the longest input that Kafka takes, and the headers that say why it is there */
	spec.record_bytes_max = kind == DEAD ? DEAD_LETTER_BYTES_MAX : 0;
	if (spec.cleanup == FNL_CLEANUP_COMPACT) {
		spec.retention_ms = -1;
	}
	return spec;
}

const struct fnl_app_stage *fnl_app_stage(const struct fnl_app *app, enum fnl_app_stage_id stage)
{
	return &app->private->stages[stage];
}

bool fnl_app_stage_find(const struct fnl_app *app, const char *name, enum fnl_app_stage_id *ret)
{
	for (size_t i = 0; i < FNL_APP_STAGE_COUNT; i++) {
		if (strcmp(fnl_app_stage(app, (enum fnl_app_stage_id)i)->stage.name, name) == 0) {
			*ret = (enum fnl_app_stage_id)i;
			return true;
		}
	}
	return false;
}

const struct fnl_app_relay *fnl_app_relay(const struct fnl_app *app, enum fnl_app_relay_id relay)
{
	return &app->private->relays[relay];
}
