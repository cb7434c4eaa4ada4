#include "worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* What a thread drives. */
struct driver {
	int (*cycle)(void *driven, struct fnl_error *why);
	bool (*is_idle)(const void *driven);
	struct fnl_stream_stats (*stats)(const void *driven);
	void (*destroy)(void *driven);
};

/* The thread's numbers for whoever asks: one writes, many read, nobody waits for another. The version is odd while the
 * words change; a reader that saw a word of a newer round sees a newer version, too, and reads again. */
enum { BOARD_WORDS = (sizeof(struct fnl_stream_stats) + 7) / 8 };
struct board {
	atomic_uint_fast64_t version;
	atomic_uint_fast64_t words[BOARD_WORDS];
};

static void board_write(struct board *b, const struct fnl_stream_stats *stats)
{
	uint64_t words[BOARD_WORDS] = {0};
	memcpy(words, stats, sizeof(*stats));
	uint_fast64_t version = atomic_load_explicit(&b->version, memory_order_relaxed);
	atomic_store_explicit(&b->version, version + 1, memory_order_relaxed);
	for (size_t i = 0; i < BOARD_WORDS; i++) {
		atomic_store_explicit(&b->words[i], words[i], memory_order_release); /* not before the version is odd */
	}
	atomic_store_explicit(&b->version, version + 2, memory_order_release);
}

static void board_read(struct board *b, struct fnl_stream_stats *ret)
{
	uint64_t words[BOARD_WORDS] = {0};
	uint_fast64_t before, after;
	do {
		before = atomic_load_explicit(&b->version, memory_order_acquire);
		for (size_t i = 0; i < BOARD_WORDS; i++) {
			words[i] = atomic_load_explicit(&b->words[i], memory_order_acquire);
		}
		after = atomic_load_explicit(&b->version, memory_order_relaxed);
	} while (before != after || before % 2 != 0);
	memcpy(ret, words, sizeof(*ret));
}

struct fnl_worker {
	char name[64];
	const struct driver *driver;
	void *driven; /* struct fnl_stream or struct fnl_relay */
	const struct fnl_logger *logger;
	pthread_t thread;
	atomic_bool stop;
	atomic_bool ended;
	atomic_bool idle;
	atomic_uint_fast64_t cycles;
	const struct fnl_clock *clock;
	int64_t started_ms;              /* monotonic, as the next */
	atomic_int_fast64_t progress_ms; /* 0: none yet */
	struct board board;
	struct fnl_stream_stats told; /* the thread's own copy of what it last published */
	int status;                   /* written by the thread, read after join */
	struct fnl_error why;
};

static int stream_cycle(void *driven, struct fnl_error *why)
{
	return fnl_stream_cycle(driven, why);
}

static bool stream_is_idle(const void *driven)
{
	return fnl_stream_is_idle(driven);
}

static struct fnl_stream_stats stream_stats(const void *driven)
{
	return fnl_stream_stats(driven);
}

static void stream_destroy(void *driven)
{
	fnl_stream_destroy(driven);
}

static const struct driver stream_driver = {stream_cycle, stream_is_idle, stream_stats, stream_destroy};

static int relay_cycle(void *driven, struct fnl_error *why)
{
	return fnl_relay_cycle(driven, why);
}

static bool relay_is_idle(const void *driven)
{
	return fnl_relay_is_idle(driven);
}

static struct fnl_stream_stats relay_stats(const void *driven)
{
	struct fnl_relay_stats s = fnl_relay_stats(driven);
	return (struct fnl_stream_stats){.records = s.records,
	                                 .outputs = s.outputs,
	                                 .dead_letters = s.dead_letters,
	                                 .transactions = s.transactions,
	                                 .aborts = s.aborts,
	                                 .producer_resets = s.producer_resets,
	                                 .batches = s.batches,
	                                 .joined = s.joined,
	                                 .lag_records = s.lag_records,
	                                 .partitions = s.partitions,
	                                 .partitions_running = s.partitions_running};
}

static void relay_destroy(void *driven)
{
	fnl_relay_destroy(driven);
}

static const struct driver relay_driver = {relay_cycle, relay_is_idle, relay_stats, relay_destroy};

/* Whether the last cycle came to a good end: a batch was committed, or rows were restored, or there was nothing to do,
 * and no partition waits meanwhile. A thread that was given no partition stands by. */
static bool progressed(const struct fnl_stream_stats *was, const struct fnl_stream_stats *is, bool idle)
{
	if (!is->joined) {
		return false;
	}
	bool all_run = is->partitions_running == is->partitions;
	return is->partitions == 0 || (all_run && (idle || is->transactions != was->transactions)) ||
	       is->restored_records != was->restored_records;
}

static void publish(struct fnl_worker *w)
{
	struct fnl_stream_stats stats = w->driver->stats(w->driven);
	bool idle = w->driver->is_idle(w->driven);
	if (w->status == 0 && progressed(&w->told, &stats, idle)) {
		atomic_store(&w->progress_ms, w->clock->monotonic_ms(w->clock->context));
	}
	w->told = stats;
	board_write(&w->board, &stats);
	atomic_store(&w->idle, idle);
	atomic_fetch_add(&w->cycles, 1);
}

static void *run(void *context)
{
	struct fnl_worker *w = context;
	while (!atomic_load(&w->stop) && w->status == 0) {
		w->status = w->driver->cycle(w->driven, &w->why);
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

/* Frees all but the ports; the thread does not run. */
static void worker_free(struct fnl_worker *w)
{
	if (w->driven) {
		w->driver->destroy(w->driven);
	}
	fnl_free(w);
}

static struct fnl_worker *worker_new(const char *name, const struct driver *driver, const struct fnl_clock *clock,
                                     const struct fnl_logger *logger)
{
	struct fnl_worker *w = fnl_calloc(1, sizeof(*w));
	if (w) {
		snprintf(w->name, sizeof(w->name), "%s", name);
		w->driver = driver;
		w->logger = logger;
		w->clock = clock;
		w->started_ms = clock->monotonic_ms(clock->context);
	}
	return w;
}

/* The driven was made with status rc. */
static int worker_begin(struct fnl_worker *w, int rc, struct fnl_worker **ret, struct fnl_error *why)
{
	if (!rc && start_thread(w)) {
		rc = fnl_fail(why, FNL_E_NOMEM, "the thread %s cannot be started", w->name);
	}
	if (rc) {
		worker_free(w);
		return rc;
	}
	*ret = w;
	return 0;
}

int fnl_worker_start(const struct fnl_worker_spec *spec, struct fnl_worker **ret, struct fnl_error *why)
{
	struct fnl_worker *w = worker_new(spec->name, &stream_driver, spec->ports.clock, spec->ports.logger);
	struct fnl_stream *stream = NULL;
	if (!w) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for the thread %s", spec->name);
	}
	int rc = fnl_stream_create(spec->stage, spec->settings, &spec->ports, &stream, why);
	w->driven = stream;
	return worker_begin(w, rc, ret, why);
}

int fnl_worker_start_relay(const struct fnl_worker_relay_spec *spec, struct fnl_worker **ret, struct fnl_error *why)
{
	struct fnl_worker *w = worker_new(spec->name, &relay_driver, spec->ports.clock, spec->ports.logger);
	struct fnl_relay *relay = NULL;
	if (!w) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for the thread %s", spec->name);
	}
	int rc = fnl_relay_create(spec->settings, &spec->ports, &relay, why);
	w->driven = relay;
	return worker_begin(w, rc, ret, why);
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

uint64_t fnl_worker_cycles(struct fnl_worker *w)
{
	return atomic_load(&w->cycles);
}

struct fnl_stream_stats fnl_worker_stats(struct fnl_worker *w)
{
	struct fnl_stream_stats stats;
	board_read(&w->board, &stats);
	return stats;
}

bool fnl_worker_progress(struct fnl_worker *w, int64_t *ret_age_ms)
{
	int64_t progress_ms = atomic_load(&w->progress_ms);
	*ret_age_ms = w->clock->monotonic_ms(w->clock->context) - (progress_ms ? progress_ms : w->started_ms);
	return progress_ms != 0;
}

int fnl_worker_join(struct fnl_worker *w, struct fnl_error *why)
{
	pthread_join(w->thread, NULL);
	int status = w->status;
	if (status && why) {
		*why = w->why;
	}
	worker_free(w);
	return status;
}
