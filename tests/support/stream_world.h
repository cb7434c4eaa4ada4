/* A world for the engine: the embedded log, a view in memory, virtual time, workers that may fail, and a picture of
 * what is there in the end. A run is milliseconds, and the same every time. */
#ifndef FUNNELD_TESTS_STREAM_WORLD_H
#define FUNNELD_TESTS_STREAM_WORLD_H

#include "fake_store.h"
#include "faulty_ports.h"
#include "funneld/adapters/embedded.h"
#include "funneld/engine/stream.h"

enum { STREAM_WORLD_PARTITIONS = 2, STREAM_PICTURE_BYTES = 1 << 16 };

struct stream_world;

/* What runs in it. Topics: "in", "rows", and the outputs. */
struct stream_case {
	struct fnl_stage stage;
	const char *const *outputs;
	size_t output_count;
	struct fnl_operator *op;
	void (*publish)(struct stream_world *w);
	int output_partitions; /* 0: one, and pictures do not tell which */
	/* NULL: none. What depends on how the work was cut into batches is not painted. */
	bool (*hides)(const struct fnl_record *output);
};

struct stream_world {
	const struct stream_case *c;
	int64_t time_ms;
	struct fnl_clock clock;
	struct fnl_embedded *broker;
	struct fnl_fake_redis *redis;
	struct fnl_bus *bus;
	enum fnl_clock_mode mode;
	size_t batch_records_max, timers_max, pages_max; /* 0: as always; open clears them */
	const char *trying; /* which fault, and at which call: for the message of a failure; open clears them */
	size_t at;
};

struct stream_worker {
	struct stream_world *w;
	struct fault_plan plan;
	struct fnl_log *log;
	struct fnl_store *store;
	struct faulty_log faulty_log;
	struct faulty_store faulty_store;
	struct fnl_stream *stream;
	struct fnl_error why;
};

/* What a world holds: outputs and dead letters with their headers, and the rows of the view; lines, sorted. */
struct stream_picture {
	char text[STREAM_PICTURE_BYTES];
	size_t len;
};

/* The counter operator and inputs that use all of it: timers, deletions, poison. */
const struct stream_case *stream_case_counter(void);

void stream_world_open(struct stream_world *w, const struct stream_case *c, enum fnl_clock_mode mode);
void stream_world_close(struct stream_world *w);

/* k->plan is to be set before. What fnl_stream_create gave; close is due in any case. */
int stream_worker_open(struct stream_worker *k, struct stream_world *w, const char *instance);
void stream_worker_close(struct stream_worker *k, bool crash);
/* Runs until nothing is left to do; time goes on as it does. Returns the error that ended it, or 0. */
int stream_worker_run(struct stream_worker *k);

/* Fails the test when a partition is not at its end, or its view is not where the committed changelog is. */
void stream_world_picture(struct stream_world *w, struct stream_picture *p);
/* Fails the test when the world does not look as expected. */
void stream_world_compare(const struct stream_picture *expected, struct stream_world *w);

#endif
