/* The demo's machinery: the embedded log in place of Kafka, and the worker's own stream threads over it. */
#ifndef FUNNEL_DEMO_WORLD_H
#define FUNNEL_DEMO_WORLD_H

#include "app.h"
#include "funneld/adapters/embedded.h"
#include "import_run.h"
#include "worker.h"

enum { WORLD_THREADS = 2, WORLD_PARTITIONS = 4 };

/* All that one thread owns. */
struct world_lane {
	struct fnl_log *log;
	struct fnl_store *store;
	struct fnl_codec *codec;
	struct fnl_operator *op;
	struct fnl_worker *worker;
};

struct world {
	struct fnl_app *app;
	struct fnl_embedded *log;
	struct fnl_bus *bus;
	struct fnl_codec *codec;
	const char *topics[FNL_TOPIC_COUNT];
	struct fnl_import_ports ports;
	struct fnl_stream_settings settings;
	struct world_lane lanes[WORLD_THREADS];
};

/* Topics are made, threads run. On failure *why, and *ret may be half open: close it in any case. */
int world_open(struct fnl_app *app, struct world *ret, struct fnl_error *why) FNL_MUST_USE;
void world_close(struct world *w);

/* Until all that was published is committed. FNL_E_TIMEOUT, or what ended a thread, with *why. */
int world_wait(struct world *w, int timeout_ms, struct fnl_error *why) FNL_MUST_USE;

/* Over all threads. */
struct fnl_stream_stats world_stats(struct world *w);

#endif
