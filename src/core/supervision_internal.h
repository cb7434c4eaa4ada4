/* Shared by the files that make up the supervision. */
#ifndef FNL_CORE_SUPERVISION_INTERNAL_H
#define FNL_CORE_SUPERVISION_INTERNAL_H

#include "funneld/core/supervision.h"
#include "rules_internal.h"
#include "values_internal.h"

/* What every watch of a row goes by: found once. */
struct fnl_watched {
	const struct fnl_value *row;
	const struct fnl_rules *rules;
	struct fnl_span stage; /* absent: its layer's thresholds */
	int layer;
	int64_t clock_ms; /* when the layer's clock started */
	int64_t spent_ms; /* business time of its clocks before */
};

/* TOP, MIDDLE or BOTTOM: only there a prospect has a clock, and is watched. */
static inline bool fnl_layer_is_watched(int64_t layer)
{
	return layer >= FNL_LAYER_TOP && layer <= FNL_LAYER_BOTTOM;
}

struct fnl_watched fnl_watched_of(const struct fnl_value *row, const struct fnl_rules *rules);
struct fnl_watch fnl_watch_of(const struct fnl_watched *w, int kind, struct fnl_feed_state feed);
/* Of the row's layer: the entry of layer_times, or NULL. */
const struct fnl_value *fnl_layer_time(const struct fnl_value *row, int64_t layer);
/* The later one of anyone's last edits; false: never one. */
bool fnl_last_edit(const struct fnl_value *row, int64_t *ret_at_ms);

static inline int64_t fnl_watched_rule(const struct fnl_watched *w, enum fnl_layer_rule rule)
{
	return fnl_rules_by_layer(w->rules, rule, w->layer, w->stage);
}

#endif
