/* Rules onto the bus: one RulesActivated for each partition of the input of each stage. */
#ifndef FNL_PROGRAMS_RULES_PUBLISH_H
#define FNL_PROGRAMS_RULES_PUBLISH_H

#include "app.h"

struct fnl_rules_ports {
	struct fnl_app *app; /* for names and ids */
	struct fnl_bus *bus;
	struct fnl_codec *codec;
	int32_t partitions[FNL_APP_STAGE_COUNT]; /* of each stage's input */
};

/* text is right (fnl_rules_parse) and has this version. Errors of the bus, FNL_E_NOMEM. */
int fnl_rules_publish(const struct fnl_rules_ports *ports, struct fnl_span text, int32_t version,
                      int64_t occurred_at_ms, struct fnl_error *why) FNL_MUST_USE;

#endif
