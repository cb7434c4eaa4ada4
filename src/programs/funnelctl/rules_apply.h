/* Rules onto the bus: one RulesActivated for each partition of the input of each stage. */
#ifndef FUNNELCTL_RULES_APPLY_H
#define FUNNELCTL_RULES_APPLY_H

#include "app.h"

/* text is right (fnl_rules_parse) and has this version. Errors of Kafka (fnl_exit_code). ret_partitions: how many. */
int fnl_rules_publish(struct fnl_app *app, struct fnl_span text, int32_t version, int64_t occurred_at_ms,
                      int32_t ret_partitions[FNL_APP_STAGE_COUNT], struct fnl_error *why) FNL_MUST_USE;

#endif
