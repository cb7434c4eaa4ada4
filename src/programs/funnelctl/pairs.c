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

static int read_lags(const struct fnl_app_stage *s, struct fnl_bus *bus, struct fnl_partition_lag *input,
                     struct fnl_partition_lag *changelog, size_t count, struct fnl_error *why)
{
	int rc = bus->ops->lag(bus, s->group, s->input_topic, input, count);
	if (!rc) {
		rc = bus->ops->lag(bus, s->group, s->changelog_topic, changelog, count);
	}
	return rc ? fnl_fail(why, rc, "group %s: %s", s->group, bus->ops->explain(bus)) : 0;
}

int fnl_pairs_read(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_pair **ret, size_t *ret_count,
                   struct fnl_error *why)
{
	struct fnl_bus *bus = NULL;
	int32_t partitions = 0;
	int rc = fnl_app_partitions(app, FNL_TOPIC_PROSPECT_CHANGES, &partitions, why);
	if (!rc) {
		rc = fnl_app_bus(app, &bus, why);
	}
	if (rc) {
		return rc;
	}
	size_t count = (size_t)partitions;
	struct fnl_pair *pairs = fnl_calloc(count, sizeof(*pairs));
	struct fnl_partition_lag *lags = fnl_calloc(2 * count, sizeof(*lags)); /* of the input, then of the changelog */
	if (!pairs || !lags) {
		fnl_free(pairs);
		fnl_free(lags);
		return fnl_fail(why, FNL_E_NOMEM, "no memory");
	}
	rc = read_lags(fnl_app_stage(app, stage), bus, lags, lags + count, count, why);
	for (size_t i = 0; i < count; i++) {
		pairs[i] = (struct fnl_pair){.partition = (int32_t)i,
		                             .behind = lags[i].behind,
		                             .committed = lags[i].committed,
		                             .end = lags[i].end,
		                             .changelog_end = lags[count + i].end};
		take_metadata(&pairs[i], lags[i].metadata);
	}
	fnl_free(lags);
	if (rc) {
		fnl_free(pairs);
		return rc;
	}
	*ret = pairs;
	*ret_count = count;
	return 0;
}

bool fnl_pair_fits(const struct fnl_pair *p, const struct fnl_applied *applied)
{
	return applied->present ? applied->cl == p->cl : p->cl == 0;
}
