/* C11 threads over POSIX threads, for ThreadSanitizer builds only.
 *
 * librdkafka uses C11 threads (thrd_create, mtx_lock, cnd_wait …), which ThreadSanitizer does not intercept: a thread
 * that it never saw begin crashes it at the first handle. Linked into the program with -rdynamic, these definitions
 * come before libc's, and each is the call of POSIX threads that it does know. glibc's mtx_t and cnd_t are as large as
 * the POSIX types and zero-initialised alike, which the assertions below hold on to. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

#define SHIM __attribute__((visibility("default")))

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t), "a mutex must fit");
_Static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t), "a condition must fit");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "a thread's name must fit");

/* librdkafka is not instrumented: it counts references by atomics that ThreadSanitizer does not see, so what was
 * rightly the last user's to destroy looks as if others were still at it. None of our code has a lock of this kind. */
SHIM const char *__tsan_default_suppressions(void);
SHIM const char *__tsan_default_suppressions(void)
{
	return "race_top:pthread_rwlock_destroy\n";
}

struct start {
	thrd_start_t run;
	void *argument;
};

static int to_thrd(int rc)
{
	switch (rc) {
	case 0:
		return thrd_success;
	case EBUSY:
		return thrd_busy;
	case ETIMEDOUT:
		return thrd_timedout;
	case ENOMEM:
		return thrd_nomem;
	default:
		return thrd_error;
	}
}

static void *run_start(void *p)
{
	struct start start = *(struct start *)p;
	free(p);
	return (void *)(intptr_t)start.run(start.argument);
}

SHIM int thrd_create(thrd_t *ret, thrd_start_t run, void *argument)
{
	struct start *start = malloc(sizeof(*start));
	if (start == NULL) {
		return thrd_nomem;
	}
	*start = (struct start){run, argument};
	int rc = pthread_create((pthread_t *)ret, NULL, run_start, start);
	if (rc != 0) {
		free(start);
	}
	return to_thrd(rc);
}

SHIM int thrd_join(thrd_t thread, int *ret)
{
	void *result = NULL;
	int rc = pthread_join((pthread_t)thread, &result);
	if (rc == 0 && ret != NULL) {
		*ret = (int)(intptr_t)result;
	}
	return to_thrd(rc);
}

SHIM int thrd_detach(thrd_t thread)
{
	return to_thrd(pthread_detach((pthread_t)thread));
}

SHIM _Noreturn void thrd_exit(int result)
{
	pthread_exit((void *)(intptr_t)result);
}

SHIM int mtx_init(mtx_t *m, int type)
{
	pthread_mutexattr_t attributes;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, (type & mtx_recursive) ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
	int rc = pthread_mutex_init((pthread_mutex_t *)m, &attributes);
	pthread_mutexattr_destroy(&attributes);
	return to_thrd(rc);
}

SHIM void mtx_destroy(mtx_t *m)
{
	pthread_mutex_destroy((pthread_mutex_t *)m);
}

SHIM int mtx_lock(mtx_t *m)
{
	return to_thrd(pthread_mutex_lock((pthread_mutex_t *)m));
}

SHIM int mtx_trylock(mtx_t *m)
{
	return to_thrd(pthread_mutex_trylock((pthread_mutex_t *)m));
}

SHIM int mtx_timedlock(mtx_t *restrict m, const struct timespec *restrict until)
{
	return to_thrd(pthread_mutex_timedlock((pthread_mutex_t *)m, until));
}

SHIM int mtx_unlock(mtx_t *m)
{
	return to_thrd(pthread_mutex_unlock((pthread_mutex_t *)m));
}

SHIM int cnd_init(cnd_t *c)
{
	return to_thrd(pthread_cond_init((pthread_cond_t *)c, NULL));
}

SHIM void cnd_destroy(cnd_t *c)
{
	pthread_cond_destroy((pthread_cond_t *)c);
}

SHIM int cnd_signal(cnd_t *c)
{
	return to_thrd(pthread_cond_signal((pthread_cond_t *)c));
}

SHIM int cnd_broadcast(cnd_t *c)
{
	return to_thrd(pthread_cond_broadcast((pthread_cond_t *)c));
}

SHIM int cnd_wait(cnd_t *c, mtx_t *m)
{
	return to_thrd(pthread_cond_wait((pthread_cond_t *)c, (pthread_mutex_t *)m));
}

SHIM int cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m, const struct timespec *restrict until)
{
	return to_thrd(pthread_cond_timedwait((pthread_cond_t *)c, (pthread_mutex_t *)m, until));
}
