/* What must be right before a thread starts. Everything here is told in one line: what, where, and what mends it. */
#include "funneld.h"

#include <string.h>

#include "funneld/adapters/http.h"

/* Input, changelog and outputs of a stage are there, and the first two fit each other. */
static int check_stage_topics(struct fnl_app *app, const struct fnl_app_stage *s, int32_t *ret_partitions,
                              struct fnl_error *why)
{
	int32_t input = 0, changelog = 0, other;
	int rc = fnl_app_partitions(app, s->input, &input, why);
	rc = rc ? rc : fnl_app_partitions(app, s->changelog, &changelog, why);
	for (size_t i = 0; i < s->output_topic_count && !rc; i++) {
		rc = fnl_app_partitions(app, s->outputs[i], &other, why);
	}
	if (rc) {
		return fnl_exit_code(rc);
	}
	if (input != changelog) {
		fnl_fail(why, FNL_E_LAYOUT,
		         "topic %s has %d partitions and its changelog %s has %d; they must be equal: rows of a partition are "
		         "restored from the changelog partition of the same number. Create the one that is newer again with "
		         "the other's count",
		         s->input_topic, (int)input, s->changelog_topic, (int)changelog);
		return FNL_EXIT_LAYOUT;
	}
	*ret_partitions = input;
	return FNL_EXIT_OK;
}

static int check_topics(struct fnl_app *app, int32_t partitions[FNL_APP_STAGE_COUNT], struct fnl_error *why)
{
	for (int i = 0; i < FNL_APP_STAGE_COUNT; i++) {
		int code = check_stage_topics(app, fnl_app_stage(app, (enum fnl_app_stage_id)i), &partitions[i], why);
		if (code) {
			return code;
		}
	}
	for (int i = 0; i < FNL_APP_RELAY_COUNT; i++) {
		int32_t any;
		int rc = fnl_app_partitions(app, fnl_app_relay(app, (enum fnl_app_relay_id)i)->input, &any, why);
		if (rc) {
			return fnl_exit_code(rc);
		}
	}
	return FNL_EXIT_OK;
}

static int check_layout(struct fnl_app *app, enum fnl_app_stage_id stage, const char *cluster, int32_t partitions,
                        struct fnl_error *why)
{
	struct fnl_store *store;
	if (fnl_app_store(app, stage, &store, why)) {
		return FNL_EXIT_REDIS;
	}
	int rc = store->ops->check_layout(store, fnl_span_str(cluster), partitions);
	if (rc) {
		fnl_fail(why, rc, "redis.url %s: stage %s: %s", fnl_settings_shown(app->settings, "redis.url"),
		         fnl_app_stage(app, stage)->stage.name, store->ops->explain(store));
		return rc == FNL_E_LAYOUT ? FNL_EXIT_LAYOUT : FNL_EXIT_REDIS;
	}
	return FNL_EXIT_OK;
}

static int check_layouts(struct fnl_app *app, const int32_t partitions[FNL_APP_STAGE_COUNT], struct fnl_error *why)
{
	struct fnl_bus *bus;
	const char *cluster = "";
	int rc = fnl_app_bus(app, &bus, why);
	if (!rc) {
		rc = bus->ops->cluster_id(bus, &cluster);
		if (rc) {
			fnl_fail(why, rc, "kafka.bootstrap.servers: the cluster's id: %s", bus->ops->explain(bus));
		}
	}
	int code = fnl_exit_code(rc);
	for (int i = 0; i < FNL_APP_STAGE_COUNT && !code; i++) {
		code = check_layout(app, (enum fnl_app_stage_id)i, cluster, partitions[i], why);
	}
	return code;
}

int funneld_check(struct fnl_app *app, int32_t ret_partitions[FNL_APP_STAGE_COUNT], struct fnl_error *why)
{
	struct fnl_codec *codec;
	struct fnl_bus *bus;
	struct fnl_error what = {0, ""};
	const char *listen = fnl_settings_string(app->settings, "http.listen");
	if (listen && fnl_http_check(listen, &what)) {
		fnl_fail(why, what.code, "%s: http.listen: %s", fnl_settings_origin(app->settings, "http.listen"), what.text);
		return FNL_EXIT_SETTINGS;
	}
	int rc = fnl_app_codec(app, &codec, why);
	if (rc) {
		return rc == FNL_E_NOMEM ? FNL_EXIT_INTERNAL : FNL_EXIT_SETTINGS;
	}
	rc = fnl_app_bus(app, &bus, why);
	if (rc) {
		return fnl_exit_code(rc);
	}
	rc = check_topics(app, ret_partitions, why);
	return rc ? rc : check_layouts(app, ret_partitions, why);
}
