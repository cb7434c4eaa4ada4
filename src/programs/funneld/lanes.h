/* The threads of a worker: what each owns, how they are opened and closed. */
#ifndef FUNNELD_LANES_H
#define FUNNELD_LANES_H

#include <stdatomic.h>

#include "app.h"
#include "worker.h"

/* A part of the worker: a stage with its threads, or a relay of the router with its one. */
enum { LANES_PARTS = FNL_APP_STAGE_COUNT + FNL_APP_RELAY_COUNT, LANES_THREADS_MAX = 64 };
enum { LANES_MAX = FNL_APP_STAGE_COUNT * LANES_THREADS_MAX + FNL_APP_RELAY_COUNT };

/* All that one thread owns. */
struct lane {
	size_t part;
	struct fnl_log *log;
	struct fnl_store *store; /* of a stage */
	struct fnl_codec *codec;
	struct fnl_operator *op;   /* of a stage */
	struct fnl_router *router; /* of a relay */
	struct fnl_worker *worker; /* NULL: it was not started */
	char name[32];
	struct fnl_logger logger; /* the app's, with the name before each line */
	const struct fnl_logger *to;
};

struct lanes {
	struct fnl_app *app;
	struct lane at[LANES_MAX];
	size_t count;
	atomic_bool opened; /* all were started: from here on others may look at them */
};

/* "prospect", "router-hr" */
const char *lanes_part_name(const struct fnl_app *app, size_t part);
/* Starts all threads. On failure those that run go on: stop, join and close them in any case. */
int lanes_open(struct lanes *ls, const int32_t partitions[FNL_APP_STAGE_COUNT], struct fnl_error *why) FNL_MUST_USE;
/* After its worker was joined. */
void lane_close(struct lane *l);

/* Over the threads of one part, or with part = LANES_PARTS over all. */
struct fnl_stream_stats lanes_stats(const struct lanes *ls, size_t part);
bool lanes_any_ended(const struct lanes *ls);
bool lanes_all_ended(const struct lanes *ls);

#endif
