#include "kafka_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

enum { KAFKA_FIXTURE_START_MS = 180000, KAFKA_FIXTURE_STOP_MS = 70000, KAFKA_FIXTURE_TRIES = 3 };

/* One a program, remembered for the exit handler. */
static struct kafka_fixture *kafka_fixture_one;

static int kafka_fixture_run(struct kafka_fixture *f, const char *verb, const char *port, int timeout_ms)
{
	char parent[64], out[600];
	snprintf(parent, sizeof(parent), "FUNNELD_KAFKA_PARENT=%ld", (long)getpid());
	snprintf(out, sizeof(out), "%s/script.log", f->dir);
	const char *argv[] = {"bash", f->script, verb, f->dir, port, NULL};
	const char *env[] = {parent, NULL};
	pid_t pid = process_start(argv, out, out, env);
	if (pid < 0) {
		return -1;
	}
	int code = process_wait(pid, timeout_ms);
	if (code < 0) {
		process_kill(pid);
	}
	if (code != 0) {
		char *said = process_read_file(out);
		fprintf(stderr, "scripts/kafka.sh %s failed (%d):\n%s\n", verb, code, said ? said : "");
		free(said);
	}
	return code;
}

static void kafka_fixture_at_exit(void)
{
	struct kafka_fixture *f = kafka_fixture_one;
	if (f && f->own) {
		kafka_fixture_run(f, "kill", NULL, KAFKA_FIXTURE_STOP_MS);
	}
	kafka_fixture_one = NULL;
	free(f);
}

static bool kafka_fixture_start_own(struct kafka_fixture *f, const char *source_dir)
{
	snprintf(f->script, sizeof(f->script), "%s/scripts/kafka.sh", source_dir);
	/* Another program may take the port between the look and the start: then another port. */
	for (int i = 0; i < KAFKA_FIXTURE_TRIES; i++) {
		char name[32], port[16];
		snprintf(name, sizeof(name), "kafka-%d", i);
		process_temp_path(f->dir, name);
		if (mkdir(f->dir, 0700) != 0) {
			return false;
		}
		int free_port = process_free_port();
		snprintf(port, sizeof(port), "%d", free_port);
		snprintf(f->servers, sizeof(f->servers), "127.0.0.1:%d", free_port);
		f->own = true;
		if (kafka_fixture_run(f, "start", port, KAFKA_FIXTURE_START_MS) == 0) {
			return true;
		}
	}
	return false;
}

struct kafka_fixture *kafka_fixture_open(const char *source_dir)
{
	if (kafka_fixture_one) {
		return kafka_fixture_one->servers[0] ? kafka_fixture_one : NULL;
	}
	struct kafka_fixture *f = calloc(1, sizeof(*f));
	if (!f) {
		return NULL;
	}
	const char *given = getenv("FUNNELD_TEST_KAFKA");
	process_temp_dir(); /* its exit handler first, so that it runs after ours */
	kafka_fixture_one = f;
	atexit(kafka_fixture_at_exit);
	if (given && *given) {
		snprintf(f->servers, sizeof(f->servers), "%s", given);
		return f;
	}
	if (!kafka_fixture_start_own(f, source_dir)) {
		f->servers[0] = '\0';
		return NULL;
	}
	return f;
}

const char *kafka_fixture_name(struct kafka_fixture *f, const char *base, char *ret)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	snprintf(ret, KAFKA_FIXTURE_NAME_MAX, "%.40s-%lx-%lx-%u", base, (unsigned long)t.tv_sec, (unsigned long)getpid(),
	         ++f->names);
	return ret;
}

bool kafka_fixture_stop(struct kafka_fixture *f)
{
	return f->own && kafka_fixture_run(f, "stop", NULL, KAFKA_FIXTURE_STOP_MS) == 0;
}

bool kafka_fixture_kill(struct kafka_fixture *f)
{
	return f->own && kafka_fixture_run(f, "kill", NULL, KAFKA_FIXTURE_STOP_MS) == 0;
}

bool kafka_fixture_restart(struct kafka_fixture *f)
{
	return f->own && kafka_fixture_run(f, "restart", NULL, KAFKA_FIXTURE_START_MS) == 0;
}
