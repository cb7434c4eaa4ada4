/* A thread of a stage or of the router: fnl_stream_cycle or fnl_relay_cycle until it is asked to stop or cannot go on.
 * The same thread runs over Kafka in the daemon and over the embedded log in the demo. */
#ifndef FNL_PROGRAMS_WORKER_H
#define FNL_PROGRAMS_WORKER_H

#include "funneld/engine/relay.h"
#include "funneld/engine/stream.h"

struct fnl_worker_spec {
	const char *name;              /* "prospect-0": for log lines and of the thread */
	const struct fnl_stage *stage; /* borrowed until fnl_worker_join */
	const struct fnl_stream_settings *settings;
	struct fnl_stream_ports ports; /* borrowed until fnl_worker_join; from start to join only the thread uses them */
};

struct fnl_worker_relay_spec {
	const char *name;
	const struct fnl_relay_settings *settings; /* its names are borrowed until fnl_worker_join */
	struct fnl_relay_ports ports;              /* as above */
};

struct fnl_worker;

/* FNL_E_NOMEM, FNL_E_ARGUMENT (a setting out of range), with *why. */
int fnl_worker_start(const struct fnl_worker_spec *spec, struct fnl_worker **ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_worker_start_relay(const struct fnl_worker_relay_spec *spec, struct fnl_worker **ret,
                           struct fnl_error *why) FNL_MUST_USE;

/* Asks the thread to end after its present cycle. These may be called at any time between start and join. */
void fnl_worker_stop(struct fnl_worker *w);
/* The thread has ended, asked or not: join will not wait. */
bool fnl_worker_has_ended(struct fnl_worker *w);
/* The last cycle found nothing to do, and all its partitions run. */
bool fnl_worker_is_idle(struct fnl_worker *w);
/* How often it has gone round; what it says of itself is as of the end of the last time. */
uint64_t fnl_worker_cycles(struct fnl_worker *w);
/* As of its last cycle; a relay leaves at 0 what it has not. */
struct fnl_stream_stats fnl_worker_stats(struct fnl_worker *w);
/* How long ago a cycle last came to a good end with all its partitions: a batch was committed, rows were restored, or
 * there was nothing to do. false: never; then it is the time since the start. */
bool fnl_worker_progress(struct fnl_worker *w, int64_t *ret_age_ms);

/* Waits for the end, destroys the stream or relay, frees the worker. 0, or the status that ended it with *why. */
int fnl_worker_join(struct fnl_worker *w, struct fnl_error *why);

#endif
