#include "worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

struct fnl_worker {
	char name[64];
	struct fnl_stream *stream;
	const struct fnl_logger *logger;
	pthread_t thread;
	atomic_bool stop;
	atomic_bool ended;
	atomic_bool idle;
	pthread_mutex_t lock; /* of stats */
	struct fnl_stream_stats stats;
	int status; /* written by the thread, read after join */
	struct fnl_error why;
};

static void publish(struct fnl_worker *w)
{
	struct fnl_stream_stats stats = fnl_stream_stats(w->stream);
	pthread_mutex_lock(&w->lock);
	w->stats = stats;
	pthread_mutex_unlock(&w->lock);
	atomic_store(&w->idle, fnl_stream_is_idle(w->stream));
}

static void *run(void *context)
{
	struct fnl_worker *w = context;
	while (!atomic_load(&w->stop) && w->status == 0) {
		w->status = fnl_stream_cycle(w->stream, &w->why);
		publish(w);
	}
	if (w->status) {
		fnl_log_line(w->logger, FNL_ERROR, "%s stops: %s", w->name,
		             w->why.text[0] ? w->why.text : fnl_status_text(w->status));
	} else {
		fnl_log_line(w->logger, FNL_DEBUG, "%s has ended", w->name);
	}
	atomic_store(&w->ended, true);
	return NULL;
}

/* Signals are for the main thread: a stream thread starts with all of them blocked. */
static int start_thread(struct fnl_worker *w)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0) {
		char name[16];
		snprintf(name, sizeof(name), "%.15s", w->name);
		pthread_setname_np(w->thread, name);
	}
	return rc;
}

int fnl_worker_start(const struct fnl_worker_spec *spec, struct fnl_worker **ret, struct fnl_error *why)
{
	struct fnl_worker *w = fnl_calloc(1, sizeof(*w));
	if (!w) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for the thread %s", spec->name);
	}
	snprintf(w->name, sizeof(w->name), "%s", spec->name);
	w->logger = spec->ports.logger;
	pthread_mutex_init(&w->lock, NULL);
	int rc = fnl_stream_create(spec->stage, spec->settings, &spec->ports, &w->stream, why);
	if (!rc && start_thread(w)) {
		rc = fnl_fail(why, FNL_E_NOMEM, "the thread %s cannot be started", spec->name);
	}
	if (rc) {
		fnl_stream_destroy(w->stream);
		pthread_mutex_destroy(&w->lock);
		fnl_free(w);
		return rc;
	}
	*ret = w;
	return 0;
}

void fnl_worker_stop(struct fnl_worker *w)
{
	atomic_store(&w->stop, true);
}

bool fnl_worker_has_ended(struct fnl_worker *w)
{
	return atomic_load(&w->ended);
}

bool fnl_worker_is_idle(struct fnl_worker *w)
{
	return atomic_load(&w->idle);
}

struct fnl_stream_stats fnl_worker_stats(struct fnl_worker *w)
{
	pthread_mutex_lock(&w->lock);
	struct fnl_stream_stats stats = w->stats;
	pthread_mutex_unlock(&w->lock);
	return stats;
}

int fnl_worker_join(struct fnl_worker *w, struct fnl_error *why)
{
	pthread_join(w->thread, NULL);
	int status = w->status;
	if (status && why) {
		*why = w->why;
	}
	fnl_stream_destroy(w->stream);
	pthread_mutex_destroy(&w->lock);
	fnl_free(w);
	return status;
}
