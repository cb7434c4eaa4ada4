/* A real broker for a test program: one that FUNNELD_TEST_KAFKA=host:port names, so that many programs share it, or
 * one of its own, started by scripts/kafka.sh in the program's temporary folder and ended at exit. */
#ifndef FUNNELD_TESTS_KAFKA_FIXTURE_H
#define FUNNELD_TESTS_KAFKA_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

enum { KAFKA_FIXTURE_NAME_MAX = 96 };

struct kafka_fixture {
	char servers[64]; /* "127.0.0.1:PORT" */
	bool own;         /* this program started it, so it may be stopped and killed */
	char dir[512];
	char script[512];
	unsigned names; /* given so far */
};

/* source_dir: FNL_SOURCE_DIR of the test. One a program; a second call gives the same. NULL with a line on stderr when
 * no broker could be had (no java, no mvn, no repository): the test then has to fail, or to skip by its own choice. */
struct kafka_fixture *kafka_fixture_open(const char *source_dir);
/* "<base>-<run>-<n>" into ret (KAFKA_FIXTURE_NAME_MAX): no other test, program or earlier run has it. Returns ret. */
const char *kafka_fixture_name(struct kafka_fixture *f, const char *base, char *ret);

/* Only for an own broker; false on failure. */
bool kafka_fixture_stop(struct kafka_fixture *f);
bool kafka_fixture_kill(struct kafka_fixture *f);
bool kafka_fixture_restart(struct kafka_fixture *f);

#endif
