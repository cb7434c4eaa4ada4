/* A replay: one input, twice, side by side. */
#ifndef FNL_PROGRAMS_REPLAY_RUN_H
#define FNL_PROGRAMS_REPLAY_RUN_H

#include "replay_log.h"
#include "rules_file.h"
#include "view_replay.h"

struct fnl_replay_order {
	const struct fnl_rules_file *what_if;
	const struct fnl_rules_file *against; /* NULL: the rules as the input activates them */
	int64_t from_ms;                      /* INT64_MIN: all is counted */
	int64_t until_ms;                     /* the clocks go up to just before it; INT64_MAX: to the last record */
	const char *progress;                 /* NULL: quiet */
};

/* Both are to be let go in any case: told has nothing of its own, fnl_replay_facts_deinit. Facts come sorted. */
int fnl_replay_run(struct fnl_app *app, const struct fnl_replay_log *log, const struct fnl_replay_order *o,
                   struct fnl_replay_told *ret_told, struct fnl_replay_facts *ret_facts,
                   struct fnl_error *why) FNL_MUST_USE;

#endif
