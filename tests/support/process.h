/* Child processes, ports and files of a test program. Whatever a test starts here ends with the program: at exit the
 * children are killed by their own pids and the temporary folder is removed; when the program itself is killed, the
 * kernel ends the children. Not thread safe. */
#ifndef FUNNELD_TESTS_PROCESS_H
#define FUNNELD_TESTS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PROCESS_CHILDREN_MAX = 64, PROCESS_PATH_MAX = 512 };

/* Starts argv[0] (searched in PATH), stdin from /dev/null, stdout appended to out_path and stderr to err_path (NULL:
 * /dev/null; may be the same file). env: NULL or a NULL-terminated list of "NAME=value" added to the environment.
 * Returns the pid, or -1 with errno. */
pid_t process_start(const char *const *argv, const char *out_path, const char *err_path, const char *const *env);

/* Waits for its end: the exit code, 128 + signal as a shell says it, or -1 when it still runs after timeout_ms. */
int process_wait(pid_t pid, int timeout_ms);
bool process_is_running(pid_t pid);
/* SIGTERM, wait, and SIGKILL when that was not enough. Returns as process_wait. */
int process_stop(pid_t pid, int timeout_ms);
/* SIGKILL, and waits for it: a crash. */
void process_kill(pid_t pid);

/* A TCP port of 127.0.0.1 that was free a moment ago, below the ephemeral ones; 0 when none was found. */
int process_free_port(void);
/* Waits until something accepts connections on 127.0.0.1:port. */
bool process_wait_port(int port, int timeout_ms);

/* This program's own folder under $TMPDIR (/tmp), made at the first call. Aborts the program when that fails. */
const char *process_temp_dir(void);
/* dir/name into ret (PROCESS_PATH_MAX bytes), where dir is the folder above. Returns ret. */
const char *process_temp_path(char *ret, const char *name);
/* Removes a folder with all that is in it, never following a link. */
void process_remove_tree(const char *path);
/* The whole file, NUL-terminated, to be freed by the caller; NULL when it cannot be read. */
char *process_read_file(const char *path);

#endif
