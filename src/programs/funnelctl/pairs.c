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

static int read_lag(struct fnl_app *app, const char *group, const char *topic, struct fnl_partition_lag *lags,
                    size_t count, struct fnl_error *why)
{
	struct fnl_bus *bus = NULL;
	int rc = fnl_app_bus(app, &bus, why);
	if (rc) {
		return rc;
	}
	rc = bus->ops->lag(bus, group, topic, lags, count);
	return rc ? fnl_fail(why, rc, "group %s: %s", group, bus->ops->explain(bus)) : 0;
}

/* A group against its input, and with a changelog (else NULL) against that as well. */
static int read_pairs(struct fnl_app *app, const char *group, enum fnl_topic input, const char *changelog,
                      struct fnl_pair **ret, size_t *ret_count, struct fnl_error *why)
{
	int32_t partitions = 0;
	int rc = fnl_app_partitions(app, input, &partitions, why);
	if (rc) {
		return rc;
	}
	size_t count = (size_t)partitions;
	struct fnl_pair *pairs = fnl_calloc(count, sizeof(*pairs));
	struct fnl_partition_lag *lags = fnl_calloc(2 * count, sizeof(*lags)); /* of the input, then of the changelog */
	rc = pairs && lags ? read_lag(app, group, fnl_app_topic(app, input), lags, count, why)
	                   : fnl_fail(why, FNL_E_NOMEM, "no memory");
	if (!rc && changelog) {
		rc = read_lag(app, group, changelog, lags + count, count, why);
	}
	for (size_t i = 0; i < count && !rc; i++) {
		pairs[i] = (struct fnl_pair){.partition = (int32_t)i,
		                             .behind = lags[i].behind,
		                             .committed = lags[i].committed,
		                             .end = lags[i].end,
		                             .changelog_end = lags[count + i].end};
		if (changelog) {
			take_metadata(&pairs[i], lags[i].metadata);
		}
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

int fnl_pairs_read(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_pair **ret, size_t *ret_count,
                   struct fnl_error *why)
{
	const struct fnl_app_stage *s = fnl_app_stage(app, stage);
	return read_pairs(app, s->group, s->input, s->changelog_topic, ret, ret_count, why);
}

int fnl_pairs_read_relay(struct fnl_app *app, enum fnl_app_relay_id relay, struct fnl_pair **ret, size_t *ret_count,
                         struct fnl_error *why)
{
	const struct fnl_app_relay *r = fnl_app_relay(app, relay);
	return read_pairs(app, r->group, r->input, NULL, ret, ret_count, why);
}

bool fnl_pair_fits(const struct fnl_pair *p, const struct fnl_applied *applied)
{
	return applied->present ? applied->cl == p->cl : p->cl == 0;
}
