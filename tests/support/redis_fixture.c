#include "redis_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

enum { UP_TRIES = 400, UP_PAUSE_MS = 25, COMMAND_MS = 10000 };

static void pause_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};
	nanosleep(&t, NULL);
}

static void path_in(const struct redis_fixture *f, char *ret, size_t bytes, const char *name)
{
	snprintf(ret, bytes, "%s/%s", f->dir, name);
}

bool redis_fixture_command(struct redis_fixture *f, const char *const *args, char *ret, size_t ret_bytes)
{
	char out[PROCESS_PATH_MAX];
	char port[16];
	const char *argv[24] = {"redis-cli", f->port ? "-p" : "-s", f->socket};
	size_t argc = 3;
	if (f->port) {
		snprintf(port, sizeof port, "%d", f->port);
		argv[2] = port;
	}
	for (; *args && argc < 23; args++) {
		argv[argc++] = *args;
	}
	path_in(f, out, sizeof out, "command.out");
	unlink(out);
	pid_t pid = process_start(argv, out, out, NULL);
	if (pid < 0 || process_wait(pid, COMMAND_MS) != 0) {
		return false;
	}
	char *text = process_read_file(out);
	if (!text) {
		return false;
	}
	text[strcspn(text, "\n")] = '\0';
	if (ret) {
		snprintf(ret, ret_bytes, "%s", text);
	}
	free(text);
	return true;
}

static bool wait_for_pong(struct redis_fixture *f)
{
	const char *const ping[] = {"PING", NULL};
	char reply[64];
	for (int i = 0; i < UP_TRIES && process_is_running(f->pid); i++) {
		if (redis_fixture_command(f, ping, reply, sizeof reply) && strcmp(reply, "PONG") == 0) {
			return true;
		}
		pause_ms(UP_PAUSE_MS);
	}
	return false;
}

static bool run_server(struct redis_fixture *f)
{
	char log[PROCESS_PATH_MAX];
	char port[16];
	path_in(f, log, sizeof log, "redis.log");
	snprintf(port, sizeof port, "%d", f->port);
	const char *argv[32] = {"redis-server", "--port", port,          "--bind", "127.0.0.1", "--save", "",
	                        "--appendonly", "no",     "--daemonize", "no",     "--dir",     f->dir};
	size_t argc = 13;
	if (!f->port) {
		argv[argc++] = "--unixsocket";
		argv[argc++] = f->socket;
		unlink(f->socket);
	}
	for (size_t i = 0; f->extra[i]; i++) {
		argv[argc++] = f->extra[i];
	}
	f->pid = process_start(argv, log, log, NULL);
	if (f->pid > 0 && wait_for_pong(f)) {
		return true;
	}
	char *text = process_read_file(log);
	fprintf(stderr, "redis-server did not come up:\n%s\n", text ? text : "(no log)");
	free(text);
	redis_fixture_kill(f);
	return false;
}

bool redis_fixture_start(struct redis_fixture *f, const char *name, bool tcp, const char *const *extra)
{
	*f = (struct redis_fixture){0};
	for (size_t i = 0; extra && extra[i] && i < REDIS_FIXTURE_EXTRA_MAX; i++) {
		f->extra[i] = extra[i];
	}
	char dir[PROCESS_PATH_MAX];
	snprintf(f->dir, sizeof f->dir, "%s", process_temp_path(dir, name));
	if (mkdir(f->dir, 0700) != 0) {
		perror(f->dir);
		return false;
	}
	if (tcp) {
		f->port = process_free_port();
		snprintf(f->url, sizeof f->url, "redis://127.0.0.1:%d", f->port);
	} else {
		path_in(f, f->socket, sizeof f->socket, "redis.sock");
		snprintf(f->url, sizeof f->url, "unix://%s", f->socket);
	}
	return run_server(f);
}

void redis_fixture_kill(struct redis_fixture *f)
{
	if (f->pid > 0) {
		process_kill(f->pid);
	}
	f->pid = 0;
}

bool redis_fixture_restart(struct redis_fixture *f)
{
	redis_fixture_kill(f);
	return run_server(f);
}

void redis_fixture_freeze(struct redis_fixture *f, bool frozen)
{
	kill(f->pid, frozen ? SIGSTOP : SIGCONT);
}

bool redis_fixture_save(struct redis_fixture *f)
{
	const char *const save[] = {"SAVE", NULL};
	char reply[64];
	char dump[PROCESS_PATH_MAX];
	char kept[PROCESS_PATH_MAX];
	path_in(f, dump, sizeof dump, "dump.rdb");
	path_in(f, kept, sizeof kept, "kept.rdb");
	return redis_fixture_command(f, save, reply, sizeof reply) && strcmp(reply, "OK") == 0 && rename(dump, kept) == 0;
}

bool redis_fixture_rollback(struct redis_fixture *f)
{
	char dump[PROCESS_PATH_MAX];
	char kept[PROCESS_PATH_MAX];
	path_in(f, dump, sizeof dump, "dump.rdb");
	path_in(f, kept, sizeof kept, "kept.rdb");
	redis_fixture_kill(f);
	unlink(dump);
	if (link(kept, dump) != 0) {
		perror(kept);
		return false;
	}
	bool up = run_server(f);
	unlink(dump); /* a later restart starts empty */
	return up;
}

void redis_fixture_close(struct redis_fixture *f)
{
	redis_fixture_kill(f);
	if (f->dir[0]) {
		process_remove_tree(f->dir);
	}
	*f = (struct redis_fixture){0};
}
