/* How far each partition of a stage or of a relay is: its committed pair against the ends of input and changelog, and
 * its view. */
#ifndef FUNNELCTL_PAIRS_H
#define FUNNELCTL_PAIRS_H

#include "app.h"

struct fnl_pair {
	int32_t partition;
	bool behind;       /* input that is not committed */
	int64_t committed; /* -1: none */
	int64_t end;
	bool has_cl; /* the committed offset names a changelog offset */
	int64_t cl;  /* 0 when has_cl is false */
	int64_t changelog_end;
};

/* *ret has *ret_count entries, to be freed with fnl_free. Errors are Kafka's (exit fnl_exit_code). */
int fnl_pairs_read(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_pair **ret, size_t *ret_count,
                   struct fnl_error *why) FNL_MUST_USE;

/* How far a relay's group is in its input: no cl, no changelog. */
int fnl_pairs_read_relay(struct fnl_app *app, enum fnl_app_relay_id relay, struct fnl_pair **ret, size_t *ret_count,
                         struct fnl_error *why) FNL_MUST_USE;

/* Does the view stand at the pair? An absent view fits a pair that names nothing yet. */
bool fnl_pair_fits(const struct fnl_pair *p, const struct fnl_applied *applied);

#endif
