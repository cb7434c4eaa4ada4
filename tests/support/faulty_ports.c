#include "faulty_ports.h"

/* What the call in hand is to do: go through to the inner port, and what to answer (0: the inner answer). */
struct verdict {
	bool through;
	int answer;
};

static struct verdict judge(struct fault_plan *p, bool in_txn)
{
	if (p->dead) {
		return (struct verdict){false, FNL_E_INTERNAL};
	}
	if (++p->calls != p->at) {
		return (struct verdict){true, 0};
	}
	switch (p->mode) {
	case FAULT_CRASH_BEFORE:
		p->dead = true;
		return (struct verdict){false, FNL_E_INTERNAL};
	case FAULT_CRASH_AFTER:
		p->dead = true;
		return (struct verdict){true, FNL_E_INTERNAL};
	case FAULT_TIMEOUT_BEFORE:
		return (struct verdict){false, FNL_E_TIMEOUT};
	case FAULT_TIMEOUT_AFTER:
		return (struct verdict){true, FNL_E_TIMEOUT};
	case FAULT_ABORT:
		return (struct verdict){!in_txn, in_txn ? FNL_E_TXN_ABORTABLE : 0};
	case FAULT_HOOK:
		p->hook(p->context);
		return (struct verdict){true, 0};
	case FAULT_NONE:
	case FAULT_MODE_COUNT:
		break;
	}
	return (struct verdict){true, 0};
}

#define THROUGH(plan, call) THROUGH_AS(plan, false, call)
#define THROUGH_TXN(plan, call) THROUGH_AS(plan, true, call)
#define THROUGH_AS(plan, in_txn, call) \
	struct verdict v = judge(plan, in_txn); \
	int rc = v.through ? (call) : 0; \
	return v.answer ? v.answer : rc

static struct faulty_log *outer(struct fnl_log *l)
{
	return (struct faulty_log *)l;
}
#define IN(l) outer(l)->inner
#define OPS(l) outer(l)->inner->ops

static int l_poll(struct fnl_log *l, size_t records_max, size_t bytes_max, int timeout_ms, struct fnl_poll *ret)
{
	/* What a poll has delivered cannot be lost on the way: it is a call within the process. */
	struct fault_plan *p = outer(l)->plan;
	if (p->mode == FAULT_TIMEOUT_AFTER && p->calls + 1 == p->at) {
		p->calls++;
		return FNL_E_TIMEOUT;
	}
	THROUGH(p, OPS(l)->poll(IN(l), records_max, bytes_max, timeout_ms, ret));
}
static int l_start(struct fnl_log *l, int32_t partition, int64_t offset)
{
	THROUGH(outer(l)->plan, OPS(l)->start(IN(l), partition, offset));
}
static int l_stop(struct fnl_log *l, int32_t partition)
{
	THROUGH(outer(l)->plan, OPS(l)->stop(IN(l), partition));
}
static int l_committed(struct fnl_log *l, struct fnl_committed *pairs, size_t count, int timeout_ms)
{
	THROUGH(outer(l)->plan, OPS(l)->committed(IN(l), pairs, count, timeout_ms));
}
static int l_bounds(struct fnl_log *l, int32_t partition, int64_t *ret_start, int64_t *ret_end, int timeout_ms)
{
	THROUGH(outer(l)->plan, OPS(l)->changelog_bounds(IN(l), partition, ret_start, ret_end, timeout_ms));
}
static int l_restore_open(struct fnl_log *l, int32_t partition, int64_t from)
{
	THROUGH(outer(l)->plan, OPS(l)->restore_open(IN(l), partition, from));
}
static int l_restore_poll(struct fnl_log *l, size_t records_max, int timeout_ms, struct fnl_restore_chunk *ret)
{
	THROUGH(outer(l)->plan, OPS(l)->restore_poll(IN(l), records_max, timeout_ms, ret));
}
static void l_restore_close(struct fnl_log *l)
{
	if (!outer(l)->plan->dead) {
		OPS(l)->restore_close(IN(l));
	}
}
static int l_begin(struct fnl_log *l)
{
	THROUGH(outer(l)->plan, OPS(l)->txn_begin(IN(l)));
}
static int l_produce(struct fnl_log *l, size_t topic, struct fnl_span key, struct fnl_span value,
                     const struct fnl_header *headers, size_t header_count)
{
	THROUGH_TXN(outer(l)->plan, OPS(l)->produce(IN(l), topic, key, value, headers, header_count));
}
static int l_produce_changelog(struct fnl_log *l, int32_t partition, struct fnl_span key, struct fnl_span value)
{
	THROUGH_TXN(outer(l)->plan, OPS(l)->produce_changelog(IN(l), partition, key, value));
}
static int l_flush(struct fnl_log *l, int timeout_ms)
{
	THROUGH_TXN(outer(l)->plan, OPS(l)->flush(IN(l), timeout_ms));
}
static int64_t l_changelog_next(struct fnl_log *l, int32_t partition)
{
	return outer(l)->plan->dead ? -1 : OPS(l)->changelog_next(IN(l), partition);
}
static int l_send_offsets(struct fnl_log *l, const struct fnl_commit *commits, size_t count, int timeout_ms)
{
	THROUGH_TXN(outer(l)->plan, OPS(l)->send_offsets(IN(l), commits, count, timeout_ms));
}
static int l_commit(struct fnl_log *l, int timeout_ms)
{
	THROUGH_TXN(outer(l)->plan, OPS(l)->txn_commit(IN(l), timeout_ms));
}
static int l_abort(struct fnl_log *l, int timeout_ms)
{
	THROUGH(outer(l)->plan, OPS(l)->txn_abort(IN(l), timeout_ms));
}
static int l_reset(struct fnl_log *l, int timeout_ms)
{
	THROUGH(outer(l)->plan, OPS(l)->producer_reset(IN(l), timeout_ms));
}
static bool l_doubtful(struct fnl_log *l)
{
	return !outer(l)->plan->dead && OPS(l)->producer_is_doubtful(IN(l));
}
static const char *l_explain(struct fnl_log *l)
{
	return outer(l)->plan->dead ? "crashed" : OPS(l)->explain(IN(l));
}
static void l_close(struct fnl_log *l)
{
	(void)l;
}

void faulty_log_init(struct faulty_log *l, struct fnl_log *inner, struct fault_plan *plan)
{
	static const struct fnl_log_ops ops = {
		l_poll,          l_start, l_stop,    l_committed,         l_bounds,  l_restore_open,   l_restore_poll,
		l_restore_close, l_begin, l_produce, l_produce_changelog, l_flush,   l_changelog_next, l_send_offsets,
		l_commit,        l_abort, l_reset,   l_doubtful,          l_explain, l_close};
	*l = (struct faulty_log){{&ops}, inner, plan};
}

static struct faulty_store *around(struct fnl_store *s)
{
	return (struct faulty_store *)s;
}
static int s_read(struct fnl_store *s, struct fnl_store_read *reads, size_t count, struct fnl_arena *arena)
{
	THROUGH(around(s)->plan, around(s)->inner->ops->read(around(s)->inner, reads, count, arena));
}
static int s_apply(struct fnl_store *s, struct fnl_store_apply *applies, size_t count)
{
	THROUGH(around(s)->plan, around(s)->inner->ops->apply(around(s)->inner, applies, count));
}
static int s_wipe(struct fnl_store *s, int32_t partition, struct fnl_applied expected, enum fnl_apply_outcome *ret)
{
	THROUGH(around(s)->plan, around(s)->inner->ops->wipe(around(s)->inner, partition, expected, ret));
}
static int s_scan(struct fnl_store *s, int32_t partition, fnl_store_visit visit, void *context)
{
	return around(s)->inner->ops->scan(around(s)->inner, partition, visit, context);
}
static int s_layout(struct fnl_store *s, struct fnl_span cluster_id, int32_t partition_count)
{
	return around(s)->inner->ops->check_layout(around(s)->inner, cluster_id, partition_count);
}
static const char *s_explain(struct fnl_store *s)
{
	return around(s)->plan->dead ? "crashed" : around(s)->inner->ops->explain(around(s)->inner);
}
static void s_close(struct fnl_store *s)
{
	(void)s;
}

void faulty_store_init(struct faulty_store *s, struct fnl_store *inner, struct fault_plan *plan)
{
	static const struct fnl_store_ops ops = {s_read, s_apply, s_wipe, s_scan, s_layout, s_explain, s_close};
	*s = (struct faulty_store){{&ops}, inner, plan};
}
