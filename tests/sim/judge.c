/* Faults at port calls. */
#include "world.h"

enum { PAUSE_SLICE_MS = 5000 };

#define SIM_X(name, text) text,
const char *const sim_fault_names[SIM_FAULT_COUNT] = {SIM_FAULTS(SIM_X)};
#undef SIM_X

void sim_sleep(struct sim_worker *w, int64_t ms)
{
	w->wake_ms = w->sim->now_ms + ms;
	sim_fiber_wait(w->fiber);
}

int64_t sim_judge_now(void *context)
{
	return ((struct sim_worker *)context)->sim->now_ms;
}

/* The embedded log never waits by itself here: what is not ready yet is asked for again until the caller's deadline. */
bool sim_judge_wait(void *context, int rc, int64_t since_ms, int timeout_ms)
{
	struct sim_worker *w = context;
	bool not_ready = rc == FNL_E_TIMEOUT || rc == FNL_E_TXN_UNKNOWN;
	if (!not_ready || w->judge.dead || w->sim->quitting || w->sim->now_ms - since_ms >= timeout_ms) {
		return false;
	}
	sim_sleep(w, 1 + sim_below(&w->sim->rng, 40));
	return true;
}

static bool fits(enum sim_fault kind, const char *call, bool in_txn)
{
	switch (kind) {
	case SIM_HALF_DONE:
		return strcmp(call, "apply") == 0;
	case SIM_LATE_END:
		return strcmp(call, "txn_commit") == 0 || strcmp(call, "txn_abort") == 0;
	case SIM_ABORT:
		return in_txn;
	default:
		return true;
	}
}

/* Which fault, if any. */
static int draw(struct sim *s, const char *call, bool in_txn)
{
	if (s->healing || s->quitting || s->style.faults_left <= 0) {
		return -1;
	}
	int64_t at = sim_below(&s->rng, 1000);
	for (int kind = 0; kind < SIM_FAULT_COUNT; kind++) {
		at -= s->style.fault_per_mille[kind];
		if (at < 0) {
			return fits((enum sim_fault)kind, call, in_txn) ? kind : -1;
		}
	}
	return -1;
}

static void fault_of_view(struct sim *s, enum sim_fault kind)
{
	switch (kind) {
	case SIM_FLUSH:
		fnl_fake_redis_flush(s->redis);
		break;
	case SIM_FORGET:
		fnl_fake_redis_forget(s->redis);
		break;
	case SIM_ROLLBACK:
		if (fnl_fake_redis_rollback(s->redis) != 0) {
			sim_fail(s, "no memory for a rollback");
		}
		break;
	default:
		s->store_up_ms = s->now_ms + 1 + sim_below(&s->rng, s->style.pause_ms);
		fnl_fake_redis_set_down(s->redis, true);
	}
}

static int unanswered(struct sim *s, bool in_txn)
{
	return in_txn && sim_chance(&s->rng, 700) ? FNL_E_TXN_UNKNOWN : FNL_E_TIMEOUT;
}

static struct fault_verdict happen(struct sim_worker *w, enum sim_fault kind, const char *call, bool in_txn)
{
	struct sim *s = w->sim;
	switch (kind) {
	case SIM_CRASH_BEFORE:
	case SIM_CRASH_AFTER:
		w->judge.dead = true;
		return (struct fault_verdict){kind == SIM_CRASH_AFTER, FNL_E_INTERNAL};
	case SIM_LOST_CALL:
		return (struct fault_verdict){false, unanswered(s, in_txn)};
	case SIM_LOST_ANSWER: /* what a poll has delivered cannot be lost on the way: it is a call within the process */
		return (struct fault_verdict){strcmp(call, "poll") != 0, unanswered(s, in_txn)};
	case SIM_LATE_END:
		fnl_embedded_log_hold_end(w->log);
		return (struct fault_verdict){true, FNL_E_TXN_UNKNOWN};
	case SIM_HALF_DONE:
		fnl_fake_redis_interrupt_next(s->redis);
		break;
	case SIM_ABORT:
		return (struct fault_verdict){false, FNL_E_TXN_ABORTABLE};
	case SIM_PAUSE:
		/* in slices, so that what else goes on in the world goes on */
		for (int64_t left_ms = 100 + sim_below(&s->rng, s->style.pause_ms); left_ms > 0; left_ms -= PAUSE_SLICE_MS) {
			sim_sleep(w, left_ms < PAUSE_SLICE_MS ? left_ms : PAUSE_SLICE_MS);
		}
		break;
	case SIM_RESTART:
		w->end_asked = true;
		break;
	case SIM_REBALANCE:
		fnl_embedded_rebalance(s->broker, "group");
		break;
	case SIM_FLUSH:
	case SIM_FORGET:
	case SIM_ROLLBACK:
	case SIM_STORE_DOWN:
		fault_of_view(s, kind);
		break;
	case SIM_COMPACT:
		fnl_embedded_compact(s->broker, "rows", s->style.compact_age_ms);
		break;
	case SIM_FAULT_COUNT:
		break;
	}
	return (struct fault_verdict){true, 0};
}

struct fault_verdict sim_judge(void *context, const char *call, bool in_txn)
{
	struct sim_worker *w = context;
	struct sim *s = w->sim;
	s->out->calls++;
	/* produce only queues: nothing happens meanwhile */
	if (strncmp(call, "produce", 7) != 0 || call[7] == 'r') {
		sim_sleep(w, sim_below(&s->rng, s->style.latency_ms + 1));
	}
	if (strncmp(call, "produce", 7) != 0) {
		sim_trace(s, w, "  %s", call);
	}
	int kind = draw(s, call, in_txn);
	if (kind < 0) {
		return (struct fault_verdict){true, 0};
	}
	s->out->faults[kind]++;
	s->style.faults_left--;
	sim_trace(s, w, "FAULT %s at %s", sim_fault_names[kind], call);
	return happen(w, (enum sim_fault)kind, call, in_txn);
}
