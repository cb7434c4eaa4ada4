/* One side of a replay: the worker's own stages, driven in one thread over a log and a view in this process. One
 * partition each, a clock that stands still but for what the records say: the same input gives the same output, byte
 * for byte. */
#ifndef FNL_PROGRAMS_REPLAY_WORLD_H
#define FNL_PROGRAMS_REPLAY_WORLD_H

#include "app.h"
#include "funneld/adapters/embedded.h"
#include "funneld/adapters/memory.h"
#include "import_run.h"

struct fnl_replay_stage {
	struct fnl_memory *rows;
	struct fnl_store *store;
	struct fnl_log *log;
	struct fnl_operator *op;
	struct fnl_stream *stream;
};

struct fnl_replay_relay {
	struct fnl_log *log;
	struct fnl_router *router;
	struct fnl_relay *relay;
};

struct fnl_replay_world {
	struct fnl_app *app;
	struct fnl_codec *codec; /* the app's */
	struct fnl_clock clock;
	int64_t ticks; /* of the clock: one at each look */
	struct fnl_embedded *broker;
	struct fnl_bus *bus;
	const char *topics[FNL_TOPIC_COUNT];
	struct fnl_import_ports ports;
	struct fnl_replay_relay relays[FNL_APP_RELAY_COUNT];
	struct fnl_replay_stage stages[FNL_APP_STAGE_COUNT];
};

/* *w must not move afterwards, and is to be closed in any case. */
int fnl_replay_world_open(struct fnl_app *app, struct fnl_replay_world *w, struct fnl_error *why) FNL_MUST_USE;
int fnl_replay_publish(struct fnl_replay_world *w, enum fnl_topic topic, const struct fnl_record *r,
                       struct fnl_error *why) FNL_MUST_USE;
/* The clocks of all stages are at least at this time, once it is quiet. */
int fnl_replay_tick(struct fnl_replay_world *w, int64_t at_ms, struct fnl_error *why) FNL_MUST_USE;
/* Until nothing is left to do. */
int fnl_replay_quiet(struct fnl_replay_world *w, struct fnl_error *why) FNL_MUST_USE;
/* What was told since the last time, a topic after the other; then the log forgets what it holds. */
typedef int (*fnl_replay_visit)(void *context, enum fnl_topic topic, const struct fnl_record *r);
int fnl_replay_harvest(struct fnl_replay_world *w, fnl_replay_visit visit, void *context,
                       struct fnl_error *why) FNL_MUST_USE;
void fnl_replay_world_close(struct fnl_replay_world *w);

#endif
