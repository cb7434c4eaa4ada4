/* From what a side of a replay told, and from its rows at the end, to facts. */
#ifndef FNL_PROGRAMS_REPLAY_TELL_H
#define FNL_PROGRAMS_REPLAY_TELL_H

#include "replay_facts.h"
#include "replay_world.h"

struct fnl_replay_teller {
	struct fnl_replay_facts *facts;
	enum fnl_replay_side side;
	struct fnl_codec *codec;
	int64_t from_ms; /* what was told before is not counted */
	struct fnl_arena arena;
	struct fnl_error *why;
};

/* A record of a topic that tells; context: the teller. FNL_E_INVALID with *why, FNL_E_NOMEM. */
int fnl_replay_tell(void *context, enum fnl_topic topic, const struct fnl_record *r);
/* The prospects as they are at the end. */
int fnl_replay_tell_end(struct fnl_replay_teller *t, struct fnl_replay_world *w) FNL_MUST_USE;

#endif
