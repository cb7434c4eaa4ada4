#include "pairs.h"

#include <string.h>

#include "funneld/base/wire.h"

static void take_metadata(struct fnl_pair *p, const char *metadata)
{
	int64_t cl;
	if (strncmp(metadata, "cl=", 3) == 0 && fnl_parse_decimal(fnl_span_str(metadata + 3), &cl)) {
		p->has_cl = true;
		p->cl = cl;
	}
}

int fnl_pairs_read(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_pair **ret, size_t *ret_count, struct fnl_error *why)
{
	const struct fnl_app_stage *s = fnl_app_stage(app, stage);
	struct fnl_bus *bus;
	int32_t partitions;
	int rc = fnl_app_partitions(app, FNL_TOPIC_PROSPECT_CHANGES, &partitions, why);
	if (!rc) {
		rc = fnl_app_bus(app, &bus, why);
	}
	if (rc) {
		return rc;
	}
	size_t count = (size_t)partitions;
	struct fnl_pair *pairs = fnl_calloc(count, sizeof(*pairs));
	struct fnl_partition_lag *input = fnl_calloc(count, sizeof(*input));
	struct fnl_partition_lag *changelog = fnl_calloc(count, sizeof(*changelog));
	rc = pairs && input && changelog ? bus->ops->lag(bus, s->group, s->input_topic, input, count) : FNL_E_NOMEM;
	if (!rc) {
		rc = bus->ops->lag(bus, s->group, s->changelog_topic, changelog, count);
	}
	if (rc) {
		fnl_fail(why, rc, "group %s: %s", s->group, bus->ops->explain(bus));
		pairs = fnl_free(pairs);
	}
	for (size_t i = 0; i < count && pairs; i++) {
		pairs[i] = (struct fnl_pair){.partition = (int32_t)i, .behind = input[i].behind, .committed = input[i].committed,
		                             .end = input[i].end, .changelog_end = changelog[i].end};
		take_metadata(&pairs[i], input[i].metadata);
	}
	fnl_free(input);
	fnl_free(changelog);
	if (!rc) {
		*ret = pairs;
		*ret_count = count;
	}
	return rc;
}

bool fnl_pair_fits(const struct fnl_pair *p, const struct fnl_applied *applied)
{
	return applied->present ? applied->cl == p->cl : p->cl == 0;
}
