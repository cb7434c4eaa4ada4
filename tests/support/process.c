#include "process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The one place of a test program that has to remember: an exit handler gets no argument. */
static struct {
	pid_t owner; /* a forked child must not tidy up for its parent */
	pid_t children[PROCESS_CHILDREN_MAX];
	char temp_dir[PROCESS_PATH_MAX / 2];
} process_state;

static int64_t process_now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void process_sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, (ms % 1000) * 1000000};
	while (nanosleep(&t, &t) != 0 && errno == EINTR) {
	}
}

static void process_at_exit(void)
{
	if (process_state.owner != getpid()) {
		return;
	}
	for (size_t i = 0; i < PROCESS_CHILDREN_MAX; i++) {
		if (process_state.children[i] > 0) {
			process_kill(process_state.children[i]);
		}
	}
	if (process_state.temp_dir[0]) {
		process_remove_tree(process_state.temp_dir);
		process_state.temp_dir[0] = '\0';
	}
}

static void process_own(void)
{
	if (process_state.owner == 0) {
		process_state.owner = getpid();
		atexit(process_at_exit);
	}
}

static pid_t *process_slot(pid_t pid)
{
	for (size_t i = 0; i < PROCESS_CHILDREN_MAX; i++) {
		if (process_state.children[i] == pid) {
			return &process_state.children[i];
		}
	}
	return NULL;
}

static void process_redirect(int fd, const char *path, int flags)
{
	int file = open(path ? path : "/dev/null", flags | O_CLOEXEC, 0600);
	if (file < 0 || dup2(file, fd) < 0) {
		_exit(126);
	}
}

static void process_exec(const char *const *argv, const char *out_path, const char *err_path, const char *const *env,
                         pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) {
		_exit(126);
	}
	process_redirect(0, NULL, O_RDONLY);
	process_redirect(1, out_path, O_WRONLY | O_CREAT | O_APPEND);
	process_redirect(2, err_path, O_WRONLY | O_CREAT | O_APPEND);
	for (size_t i = 0; env && env[i]; i++) {
		const char *equals = strchr(env[i], '=');
		char name[128];
		if (!equals || (size_t)(equals - env[i]) >= sizeof(name)) {
			_exit(126);
		}
		memcpy(name, env[i], (size_t)(equals - env[i]));
		name[equals - env[i]] = '\0';
		setenv(name, equals + 1, 1);
	}
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

pid_t process_start(const char *const *argv, const char *out_path, const char *err_path, const char *const *env)
{
	process_own();
	pid_t *slot = process_slot(0);
	if (!slot) {
		errno = EAGAIN;
		return -1;
	}
	fflush(NULL);
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid == 0) {
		process_exec(argv, out_path, err_path, env, parent);
	}
	if (pid > 0) {
		*slot = pid;
	}
	return pid;
}

int process_wait(pid_t pid, int timeout_ms)
{
	int64_t deadline_ms = process_now_ms() + timeout_ms;
	pid_t *slot = pid > 0 ? process_slot(pid) : NULL;
	if (!slot) {
		return -1;
	}
	for (;;) {
		int status = 0;
		pid_t got = waitpid(pid, &status, WNOHANG);
		if (got == pid) {
			*slot = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
		if ((got < 0 && errno != EINTR) || process_now_ms() >= deadline_ms) {
			return -1;
		}
		process_sleep_ms(5);
	}
}

bool process_is_running(pid_t pid)
{
	siginfo_t info = {0};
	/* WNOWAIT: its exit code is left for process_wait. */
	return pid > 0 && process_slot(pid) && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

int process_stop(pid_t pid, int timeout_ms)
{
	if (pid <= 0 || !process_slot(pid)) {
		return -1;
	}
	kill(pid, SIGTERM);
	int code = process_wait(pid, timeout_ms);
	if (code < 0) {
		process_kill(pid);
	}
	return code;
}

void process_kill(pid_t pid)
{
	pid_t *slot = pid > 0 ? process_slot(pid) : NULL;
	if (!slot) {
		return;
	}
	kill(pid, SIGKILL);
	kill(pid, SIGCONT);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	*slot = 0;
}

static int process_port_socket(int port, struct sockaddr_in *ret)
{
	*ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	ret->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int process_free_port(void)
{
	/* Programs that run side by side begin at other places, so that they do not find the same port free. */
	unsigned start = (unsigned)getpid() * 37u + (unsigned)(process_now_ms() * 11);
	for (unsigned i = 0; i < 200; i++) {
		int port = 16000 + (int)((start + i * 7u) % 4000u);
		struct sockaddr_in at;
		int s = process_port_socket(port, &at);
		bool is_free = s >= 0 && bind(s, (struct sockaddr *)&at, sizeof(at)) == 0;
		if (s >= 0) {
			close(s);
		}
		if (is_free) {
			return port;
		}
	}
	return 0;
}

bool process_wait_port(int port, int timeout_ms)
{
	int64_t deadline_ms = process_now_ms() + timeout_ms;
	do {
		struct sockaddr_in at;
		int s = process_port_socket(port, &at);
		bool is_open = s >= 0 && connect(s, (struct sockaddr *)&at, sizeof(at)) == 0;
		if (s >= 0) {
			close(s);
		}
		if (is_open) {
			return true;
		}
		process_sleep_ms(10);
	} while (process_now_ms() < deadline_ms);
	return false;
}

const char *process_temp_dir(void)
{
	process_own();
	if (!process_state.temp_dir[0]) {
		const char *base = getenv("TMPDIR");
		int n = snprintf(process_state.temp_dir, sizeof(process_state.temp_dir), "%s/funneld-test-XXXXXX",
		                 base && *base ? base : "/tmp");
		if (n < 0 || (size_t)n >= sizeof(process_state.temp_dir) || !mkdtemp(process_state.temp_dir)) {
			perror("process_temp_dir");
			abort();
		}
	}
	return process_state.temp_dir;
}

const char *process_temp_path(char *ret, const char *name)
{
	int n = snprintf(ret, PROCESS_PATH_MAX, "%s/%s", process_temp_dir(), name);
	if (n < 0 || n >= PROCESS_PATH_MAX) {
		abort();
	}
	return ret;
}

static int process_remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)flag;
	(void)at;
	remove(path);
	return 0;
}

void process_remove_tree(const char *path)
{
	nftw(path, process_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

char *process_read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	if (!f) {
		return NULL;
	}
	char *text = NULL;
	size_t len = 0, capacity = 0;
	for (;;) {
		if (capacity - len < 4096) {
			capacity = capacity ? capacity * 2 : 16384;
			char *grown = realloc(text, capacity);
			if (!grown) {
				break;
			}
			text = grown;
		}
		size_t n = fread(text + len, 1, capacity - len - 1, f);
		len += n;
		if (n == 0) {
			break;
		}
	}
	fclose(f);
	if (text) {
		text[len] = '\0';
	}
	return text;
}
