/* The demo's machinery: the embedded log in place of Kafka, and the worker's own threads over it: the router and
 * the three stages. */
#ifndef FUNNEL_DEMO_WORLD_H
#define FUNNEL_DEMO_WORLD_H

#include "app.h"
#include "funneld/adapters/embedded.h"
#include "import_run.h"
#include "worker.h"

enum {
	WORLD_THREADS = 2, /* of each stage */
	WORLD_PARTITIONS = 4,
	WORLD_LANES = FNL_APP_STAGE_COUNT * WORLD_THREADS + FNL_APP_RELAY_COUNT
};

/* All that one thread owns. */
struct world_lane {
	bool relay;
	int id;        /* fnl_app_stage_id or fnl_app_relay_id */
	char name[32]; /* "prospect-0", "router-hr" */
	struct fnl_log *log;
	struct fnl_store *store; /* of a stage */
	struct fnl_codec *codec;
	struct fnl_operator *op;   /* of a stage */
	struct fnl_router *router; /* of a relay */
	struct fnl_worker *worker;
};

struct world {
	struct fnl_app *app;
	struct fnl_embedded *log;
	struct fnl_bus *bus;
	struct fnl_codec *codec;
	const char *topics[FNL_TOPIC_COUNT];
	struct fnl_import_ports ports;
	struct world_lane lanes[WORLD_LANES];
	size_t lane_count;
};

/* Topics are made, threads run. On failure *why, and *ret may be half open: close it in any case. */
int world_open(struct fnl_app *app, struct world *ret, struct fnl_error *why) FNL_MUST_USE;
void world_close(struct world *w);

/* Until all that was published is committed, with all that follows from it. FNL_E_TIMEOUT, or what ended a thread, with
 * *why. */
int world_wait(struct world *w, int timeout_ms, struct fnl_error *why) FNL_MUST_USE;

/* Over all threads of a stage. */
struct fnl_stream_stats world_stats(struct world *w, enum fnl_app_stage_id stage);

#endif
