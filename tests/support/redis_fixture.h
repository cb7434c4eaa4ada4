/* A real redis-server for a test: on a socket in the program's temporary folder, or on a free port of 127.0.0.1. It
 * ends with the test program whatever happens (process.h). On failure the functions that return bool say why on
 * stderr. */
#ifndef FUNNELD_TESTS_REDIS_FIXTURE_H
#define FUNNELD_TESTS_REDIS_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { REDIS_FIXTURE_EXTRA_MAX = 8 };

struct redis_fixture {
	char dir[400];
	char socket[450]; /* "" when on a port */
	int port;         /* 0 when on a socket */
	char url[512];
	const char *extra[REDIS_FIXTURE_EXTRA_MAX + 1]; /* more arguments for redis-server, NULL-terminated; borrowed */
	pid_t pid;                                      /* 0: not running */
};

/* Starts a server and waits for its PONG. name: of its folder, unique in this program. extra: as above, or NULL. */
bool redis_fixture_start(struct redis_fixture *f, const char *name, bool tcp, const char *const *extra);
/* kill -9. */
void redis_fixture_kill(struct redis_fixture *f);
/* Again on the same address, after a kill; nothing of its data is left, but what load_dump brought. */
bool redis_fixture_restart(struct redis_fixture *f);
/* SIGSTOP and SIGCONT: a server that does not answer. */
void redis_fixture_freeze(struct redis_fixture *f, bool frozen);
/* Runs one command by redis-cli; args is NULL-terminated. Its first line of output into ret, cut to fit. */
bool redis_fixture_command(struct redis_fixture *f, const char *const *args, char *ret, size_t ret_bytes);
/* Keeps what the server holds now. */
bool redis_fixture_save(struct redis_fixture *f);
/* A failover that forgets: kill -9, and restart with what the last save kept. */
bool redis_fixture_rollback(struct redis_fixture *f);
/* kill -9, and the folder goes. Legal on a zeroed fixture, and twice. */
void redis_fixture_close(struct redis_fixture *f);

#endif
