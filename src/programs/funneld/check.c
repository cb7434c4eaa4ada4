/* What must be right before a thread starts. Everything here is told in one line: what, where, and what mends it. */
#include "funneld.h"

#include <string.h>

static int check_topics(struct fnl_app *app, int32_t *ret_partitions, struct fnl_error *why)
{
	static const enum fnl_topic needed[] = {FNL_TOPIC_PROSPECT_CHANGES, FNL_TOPIC_PROSPECTS, FNL_TOPIC_LAYER_CHANGES,
	                                        FNL_TOPIC_ALERTS, FNL_TOPIC_DEAD_LETTERS};
	int32_t counts[sizeof(needed) / sizeof(needed[0])] = {0};
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		int rc = fnl_app_partitions(app, needed[i], &counts[i], why);
		if (rc) {
			return fnl_exit_code(rc);
		}
	}
	if (counts[0] != counts[1]) {
		fnl_fail(why, FNL_E_LAYOUT,
		         "topic %s has %d partitions and its changelog %s has %d; they must be equal: rows of a partition are "
		         "restored from the "
		         "changelog partition of the same number. Create the one that is newer again with the other's count",
		         fnl_app_topic(app, needed[0]), (int)counts[0], fnl_app_topic(app, needed[1]), (int)counts[1]);
		return FNL_EXIT_LAYOUT;
	}
	*ret_partitions = counts[0];
	return FNL_EXIT_OK;
}

static int check_layout(struct fnl_app *app, int32_t partitions, struct fnl_error *why)
{
	struct fnl_store *store;
	struct fnl_bus *bus;
	const char *cluster;
	int rc = fnl_app_bus(app, &bus, why);
	if (!rc) {
		rc = bus->ops->cluster_id(bus, &cluster);
		if (rc) {
			fnl_fail(why, rc, "kafka.bootstrap.servers: the cluster's id: %s", bus->ops->explain(bus));
		}
	}
	if (rc) {
		return fnl_exit_code(rc);
	}
	if (fnl_app_store(app, FNL_APP_STAGE_PROSPECT, &store, why)) {
		return FNL_EXIT_REDIS;
	}
	rc = store->ops->check_layout(store, fnl_span_str(cluster), partitions);
	if (rc) {
		fnl_fail(why, rc, "redis.url %s: %s", fnl_settings_shown(app->settings, "redis.url"),
		         store->ops->explain(store));
		return rc == FNL_E_LAYOUT ? FNL_EXIT_LAYOUT : FNL_EXIT_REDIS;
	}
	return FNL_EXIT_OK;
}

int funneld_check(struct fnl_app *app, int32_t *ret_partitions, struct fnl_error *why)
{
	struct fnl_codec *codec;
	struct fnl_bus *bus;
	int rc = fnl_app_codec(app, &codec, why);
	if (rc) {
		return rc == FNL_E_NOMEM ? FNL_EXIT_INTERNAL : FNL_EXIT_SETTINGS;
	}
	rc = fnl_app_bus(app, &bus, why);
	if (rc) {
		return fnl_exit_code(rc);
	}
	rc = check_topics(app, ret_partitions, why);
	return rc ? rc : check_layout(app, *ret_partitions, why);
}
