/* A worker's life: up, cycles, down, up again. */
#include "world.h"

static int open_ports(struct sim_worker *w)
{
	struct sim *s = w->sim;
	const struct sim_workload *load = s->workload;
	struct fnl_embedded_log_settings settings = {"in",    "rows",      load->outputs, load->output_count,
	                                             "group", w->instance, w->instance};
	w->judge = (struct fault_judge){
		.context = w, .judge = sim_judge, .wait = sim_judge_wait, .now_ms = sim_judge_now, .dead = false};
	w->op = load->operator_open(s->partition_count);
	int rc = w->op ? fnl_embedded_log_open(s->broker, &settings, &w->log) : FNL_E_NOMEM;
	rc = rc ? rc : fnl_fake_store_open(s->redis, load->table_count, &w->store);
	return rc;
}

static void log_line(void *context, enum fnl_level level, const char *text)
{
	struct sim_worker *w = context;
	(void)level;
	sim_trace(w->sim, w, "%s", text);
}

static void up(struct sim_worker *w)
{
	struct sim *s = w->sim;
	if (open_ports(w) != 0) {
		sim_fail(s, "worker %d cannot start", w->number);
		return;
	}
	faulty_log_init(&w->faulty_log, w->log, &w->judge);
	faulty_store_init(&w->faulty_store, w->store, &w->judge);
	struct fnl_stage stage = {s->workload->name, "in", s->workload->tables, s->workload->table_count,
	                          s->workload->dead_letter_topic};
	struct fnl_stream_ports ports = {&w->faulty_log.base, &w->faulty_store.base, w->op, &s->clock,
	                                 s->trace ? &w->logger : NULL};
	w->logger = (struct fnl_logger){w, FNL_DEBUG, log_line};
	struct fnl_stream_settings settings = s->settings;
	settings.batch_records_max = sim_style_batch(s);
	if (fnl_stream_create(&stage, &settings, &ports, &w->stream, &w->why) != 0) {
		sim_fail(s, "worker %d cannot start: %s", w->number, w->why.text);
		return;
	}
	w->state = SIM_UP;
	w->end_asked = false;
	w->idle_cycles = w->cycles = 0;
	sim_trace(s, w, "up as instance %s", w->instance);
}

static void add_stats(struct sim_worker *w)
{
	struct fnl_stream_stats got = fnl_stream_stats(w->stream);
	struct fnl_stream_stats *sum = &w->sim->out->stats;
	sum->transactions += got.transactions;
	sum->aborts += got.aborts;
	sum->repairs += got.repairs;
	sum->producer_resets += got.producer_resets;
	sum->restored_records += got.restored_records;
	sum->timers += got.timers;
}

static void down(struct sim_worker *w, enum sim_worker_state state)
{
	bool crash = w->judge.dead;
	w->judge.dead = true; /* what is called from here on reaches nobody */
	add_stats(w);
	w->stream = fnl_stream_destroy(w->stream);
	if (crash) {
		fnl_embedded_log_crash(w->log);
	} else {
		w->log->ops->close(w->log);
	}
	w->store->ops->close(w->store);
	w->sim->workload->operator_close(w->op);
	w->state = state;
	sim_trace(w->sim, w, "down%s", crash ? " (crash)" : state == SIM_FENCED ? " (fenced)" : "");
}

/* How long a worker that has nothing to do waits until it looks again. */
static int64_t pause_ms(struct sim_worker *w)
{
	return fnl_stream_is_idle(w->stream) ? 20 + sim_below(&w->sim->rng, 200) : 1 + sim_below(&w->sim->rng, 10);
}

static void live(struct sim_worker *w)
{
	struct sim *s = w->sim;
	while (!s->quitting && !w->end_asked) {
		int rc = fnl_stream_cycle(w->stream, &w->why);
		if (w->judge.dead) {
			down(w, SIM_DOWN);
			return;
		}
		if (rc == FNL_E_FENCED_INSTANCE) {
			down(w, SIM_FENCED);
			return;
		}
		if (rc != 0) {
			sim_fail(s, "worker %d stopped: %s", w->number, w->why.text);
			break;
		}
		w->idle_cycles = fnl_stream_is_idle(w->stream) ? w->idle_cycles + 1 : 0;
		w->cycles++;
		sim_sleep(w, pause_ms(w));
	}
	down(w, SIM_DOWN);
}

void sim_worker_body(void *context)
{
	struct sim_worker *w = context;
	struct sim *s = w->sim;
	while (!s->quitting) {
		if (w->state == SIM_FENCED) {
			sim_sleep(w, 60000);
			continue;
		}
		up(w);
		if (s->out->failed) {
			return;
		}
		live(w);
		if (!s->quitting) {
			sim_sleep(w, s->healing ? 10 : 10 + sim_below(&s->rng, s->style.pause_ms));
		}
	}
}
