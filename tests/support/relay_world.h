/* A world for a relay: the embedded log, virtual time, a few inputs, and a picture of what was sent in the end. For
 * cmocka tests: what cannot be is a failed assertion. */
#ifndef FNL_TESTS_RELAY_WORLD_H
#define FNL_TESTS_RELAY_WORLD_H

#include "funneld/adapters/embedded.h"
#include "funneld/engine/relay.h"

enum { RELAY_OUT, RELAY_DEAD, RELAY_OUTPUTS };
enum { RELAY_IN_PARTITIONS = 2, RELAY_PICTURE_BYTES = 1 << 15 };

struct relay_world {
	int64_t time_ms;
	struct fnl_clock clock;
	struct fnl_embedded *broker;
	struct fnl_bus *bus;
};

/* Lines "out/1 key=value header=value…", sorted: which partition's batch comes first is not promised. */
struct relay_picture {
	char text[RELAY_PICTURE_BYTES];
	size_t len;
};

/* Topics "in", "out" and "dead". */
void relay_world_open(struct relay_world *w, int32_t out_partitions, int32_t dead_partitions);
void relay_world_close(struct relay_world *w);
/* The n-th input, to partition n % 2, under one of five keys. */
void relay_world_publish(struct relay_world *w, int n, const char *value);
/* Of group "group". */
struct fnl_log *relay_world_log(struct relay_world *w, const char *instance);
/* Small batches. */
struct fnl_relay_settings relay_world_settings(void);
/* A cycle takes time. */
void relay_world_tick(struct relay_world *w, int64_t ms);
void relay_world_picture(struct relay_world *w, struct relay_picture *ret);

#endif
