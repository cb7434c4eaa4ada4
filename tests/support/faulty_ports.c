#include "faulty_ports.h"

static struct fault_verdict plan_judge(void *context, const char *call, bool in_txn)
{
	struct fault_plan *p = context;
	if (++p->calls != p->at) {
		return (struct fault_verdict){true, 0};
	}
	switch (p->mode) {
	case FAULT_CRASH_BEFORE:
		p->judge.dead = true;
		return (struct fault_verdict){false, FNL_E_INTERNAL};
	case FAULT_CRASH_AFTER:
		p->judge.dead = true;
		return (struct fault_verdict){true, FNL_E_INTERNAL};
	case FAULT_TIMEOUT_BEFORE:
		return (struct fault_verdict){false, FNL_E_TIMEOUT};
	case FAULT_TIMEOUT_AFTER:
		/* What a poll has delivered cannot be lost on the way: it is a call within the process. */
		return (struct fault_verdict){strcmp(call, "poll") != 0, FNL_E_TIMEOUT};
	case FAULT_ABORT:
		return (struct fault_verdict){!in_txn, in_txn ? FNL_E_TXN_ABORTABLE : 0};
	case FAULT_HOOK:
		p->hook(p->context);
		return (struct fault_verdict){true, 0};
	case FAULT_NONE:
	case FAULT_MODE_COUNT:
		break;
	}
	return (struct fault_verdict){true, 0};
}

void fault_plan_init(struct fault_plan *p)
{
	p->judge = (struct fault_judge){.context = p, .judge = plan_judge, .engine_runs = p->engine_runs};
}

static struct fault_verdict ask(struct fault_judge *j, const char *call, bool in_txn)
{
	return j->dead ? (struct fault_verdict){false, FNL_E_INTERNAL} : j->judge(j->context, call, in_txn);
}

static bool again(struct fault_judge *j, int rc, int64_t since_ms, int timeout_ms)
{
	return j->wait && j->wait(j->context, rc, since_ms, timeout_ms);
}

static void engine_runs(const struct fault_judge *j, bool runs)
{
	if (j->engine_runs) {
		j->engine_runs(runs);
	}
}

#define THROUGH(j, name, call) THROUGH_AS(j, name, false, -1, call)
#define THROUGH_TXN(j, name, call) THROUGH_AS(j, name, true, -1, call)
#define THROUGH_AS(j, name, in_txn, timeout_ms, call) \
	struct fault_judge *judge = j; \
	struct fault_verdict v = ask(judge, name, in_txn); \
	engine_runs(judge, false); \
	int64_t since_ms = judge->wait ? judge->now_ms(judge->context) : 0; \
	int rc; \
	do { \
		rc = v.through ? (call) : 0; \
	} while (v.through && !v.answer && (timeout_ms) >= 0 && again(judge, rc, since_ms, timeout_ms)); \
	engine_runs(judge, true); \
	return v.answer ? v.answer : rc

static struct faulty_log *outer(struct fnl_log *l)
{
	return (struct faulty_log *)l;
}
#define IN(l) outer(l)->inner
#define OPS(l) outer(l)->inner->ops

static int l_poll(struct fnl_log *l, size_t records_max, size_t bytes_max, int timeout_ms, struct fnl_poll *ret)
{
	THROUGH(outer(l)->judge, "poll", OPS(l)->poll(IN(l), records_max, bytes_max, timeout_ms, ret));
}
static int l_start(struct fnl_log *l, int32_t partition, int64_t offset)
{
	THROUGH(outer(l)->judge, "start", OPS(l)->start(IN(l), partition, offset));
}
static int l_stop(struct fnl_log *l, int32_t partition)
{
	THROUGH(outer(l)->judge, "stop", OPS(l)->stop(IN(l), partition));
}
static int64_t l_input_end(struct fnl_log *l, int32_t partition)
{
	return outer(l)->judge->dead ? -1 : OPS(l)->input_end(IN(l), partition);
}
static int l_committed(struct fnl_log *l, struct fnl_committed *pairs, size_t count, int timeout_ms)
{
	THROUGH_AS(outer(l)->judge, "committed", false, timeout_ms, OPS(l)->committed(IN(l), pairs, count, timeout_ms));
}
static int l_bounds(struct fnl_log *l, int32_t partition, int64_t *ret_start, int64_t *ret_end, int timeout_ms)
{
	THROUGH(outer(l)->judge, "changelog_bounds",
	        OPS(l)->changelog_bounds(IN(l), partition, ret_start, ret_end, timeout_ms));
}
static int l_restore_open(struct fnl_log *l, int32_t partition, int64_t from)
{
	THROUGH(outer(l)->judge, "restore_open", OPS(l)->restore_open(IN(l), partition, from));
}
static int l_restore_poll(struct fnl_log *l, size_t records_max, int timeout_ms, struct fnl_restore_chunk *ret)
{
	THROUGH(outer(l)->judge, "restore_poll", OPS(l)->restore_poll(IN(l), records_max, timeout_ms, ret));
}
static void l_restore_close(struct fnl_log *l)
{
	if (!outer(l)->judge->dead) {
		OPS(l)->restore_close(IN(l));
	}
}
static int l_begin(struct fnl_log *l)
{
	THROUGH(outer(l)->judge, "txn_begin", OPS(l)->txn_begin(IN(l)));
}
static int l_produce(struct fnl_log *l, size_t topic, int32_t partition, struct fnl_span key, struct fnl_span value,
                     const struct fnl_header *headers, size_t header_count)
{
	THROUGH_TXN(outer(l)->judge, "produce",
	            OPS(l)->produce(IN(l), topic, partition, key, value, headers, header_count));
}
static int l_produce_changelog(struct fnl_log *l, int32_t partition, struct fnl_span key, struct fnl_span value)
{
	THROUGH_TXN(outer(l)->judge, "produce_changelog", OPS(l)->produce_changelog(IN(l), partition, key, value));
}
static int l_flush(struct fnl_log *l, int timeout_ms)
{
	THROUGH_AS(outer(l)->judge, "flush", true, timeout_ms, OPS(l)->flush(IN(l), timeout_ms));
}
static int64_t l_changelog_next(struct fnl_log *l, int32_t partition)
{
	return outer(l)->judge->dead ? -1 : OPS(l)->changelog_next(IN(l), partition);
}
static int l_send_offsets(struct fnl_log *l, const struct fnl_commit *commits, size_t count, int timeout_ms)
{
	THROUGH_AS(outer(l)->judge, "send_offsets", true, timeout_ms,
	           OPS(l)->send_offsets(IN(l), commits, count, timeout_ms));
}
static int l_commit(struct fnl_log *l, int timeout_ms)
{
	THROUGH_AS(outer(l)->judge, "txn_commit", true, timeout_ms, OPS(l)->txn_commit(IN(l), timeout_ms));
}
static int l_abort(struct fnl_log *l, int timeout_ms)
{
	THROUGH(outer(l)->judge, "txn_abort", OPS(l)->txn_abort(IN(l), timeout_ms));
}
static int l_reset(struct fnl_log *l, int timeout_ms)
{
	THROUGH_AS(outer(l)->judge, "producer_reset", false, timeout_ms, OPS(l)->producer_reset(IN(l), timeout_ms));
}
static bool l_doubtful(struct fnl_log *l)
{
	return !outer(l)->judge->dead && OPS(l)->producer_is_doubtful(IN(l));
}
static const char *l_explain(struct fnl_log *l)
{
	return outer(l)->judge->dead ? "crashed" : OPS(l)->explain(IN(l));
}
static void l_close(struct fnl_log *l)
{
	(void)l;
}

void faulty_log_init(struct faulty_log *l, struct fnl_log *inner, struct fault_judge *judge)
{
	static const struct fnl_log_ops ops = {
		l_poll,         l_start,         l_stop,  l_input_end, l_committed,         l_bounds,  l_restore_open,
		l_restore_poll, l_restore_close, l_begin, l_produce,   l_produce_changelog, l_flush,   l_changelog_next,
		l_send_offsets, l_commit,        l_abort, l_reset,     l_doubtful,          l_explain, l_close};
	*l = (struct faulty_log){{&ops}, inner, judge};
}

static struct faulty_store *around(struct fnl_store *s)
{
	return (struct faulty_store *)s;
}
static int s_read(struct fnl_store *s, struct fnl_store_read *reads, size_t count, struct fnl_arena *arena)
{
	THROUGH(around(s)->judge, "read", around(s)->inner->ops->read(around(s)->inner, reads, count, arena));
}
static int s_apply(struct fnl_store *s, struct fnl_store_apply *applies, size_t count)
{
	THROUGH(around(s)->judge, "apply", around(s)->inner->ops->apply(around(s)->inner, applies, count));
}
static int s_wipe(struct fnl_store *s, int32_t partition, struct fnl_applied expected, enum fnl_apply_outcome *ret)
{
	THROUGH(around(s)->judge, "wipe", around(s)->inner->ops->wipe(around(s)->inner, partition, expected, ret));
}
static int s_scan(struct fnl_store *s, int32_t partition, fnl_store_visit visit, void *context)
{
	return around(s)->inner->ops->scan(around(s)->inner, partition, visit, context);
}
static int s_layout(struct fnl_store *s, struct fnl_span cluster_id, int32_t partition_count)
{
	return around(s)->inner->ops->check_layout(around(s)->inner, cluster_id, partition_count);
}
static int s_note_get(struct fnl_store *s, int32_t partition, struct fnl_arena *arena, struct fnl_span *ret)
{
	THROUGH(around(s)->judge, "note_get", around(s)->inner->ops->note_get(around(s)->inner, partition, arena, ret));
}
static int s_note_put(struct fnl_store *s, int32_t partition, struct fnl_span note)
{
	THROUGH(around(s)->judge, "note_put", around(s)->inner->ops->note_put(around(s)->inner, partition, note));
}
static const char *s_explain(struct fnl_store *s)
{
	return around(s)->judge->dead ? "crashed" : around(s)->inner->ops->explain(around(s)->inner);
}
static void s_close(struct fnl_store *s)
{
	(void)s;
}

void faulty_store_init(struct faulty_store *s, struct fnl_store *inner, struct fault_judge *judge)
{
	static const struct fnl_store_ops ops = {s_read,     s_apply,    s_wipe,    s_scan, s_layout,
	                                         s_note_get, s_note_put, s_explain, s_close};
	*s = (struct faulty_store){{&ops}, inner, judge};
}
