/* What an app has open. */
#ifndef FNL_PROGRAMS_APP_PRIVATE_H
#define FNL_PROGRAMS_APP_PRIVATE_H

#include "app.h"

enum { FNL_TOPIC_NAME_BYTES_MAX = 249, FNL_KAFKA_PROPERTIES_MAX = 8 };

struct fnl_app_private {
	char *topics[FNL_TOPIC_COUNT];
	char group[FNL_APP_STAGE_COUNT][FNL_TOPIC_NAME_BYTES_MAX + 1];
	struct fnl_app_stage stages[FNL_APP_STAGE_COUNT];
	char relay_group[FNL_APP_RELAY_COUNT][FNL_TOPIC_NAME_BYTES_MAX + 1];
	struct fnl_app_relay relays[FNL_APP_RELAY_COUNT];
	struct fnl_kafka_property properties[FNL_KAFKA_PROPERTIES_MAX];
	size_t property_count;
	/* opened when asked for */
	struct fnl_registry *registry;
	struct fnl_codec *codec;
	struct fnl_bus *bus;
	struct fnl_store *stores[FNL_APP_STAGE_COUNT];
	struct fnl_operator *operators[FNL_APP_STAGE_COUNT];
};

/* Names of topics, groups and stages from the settings. */
int fnl_app_name_all(struct fnl_app *app, struct fnl_error *why) FNL_MUST_USE;
void fnl_app_unname(struct fnl_app *app);
void fnl_app_close_doors(struct fnl_app *app);

#endif
