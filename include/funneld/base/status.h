/* Result codes of funneld: two bands.
 *
 * A fallible function returns an int: 0 = done, < 0 = one of enum fnl_status (fatal to the caller's task: forward it
 * unchanged), > 0 = a documented outcome of that function alone (handled by its caller, never forwarded).
 * Out-parameters are named ret_* and stay untouched on failure. */
#ifndef FUNNELD_BASE_STATUS_H
#define FUNNELD_BASE_STATUS_H

#define FNL_MUST_USE __attribute__((warn_unused_result))
/* Kept out of the functions that call it, so that their loops stay small. */
#define FNL_SELDOM __attribute__((noinline))
#define FNL_PRINTF(fmt_at, args_at) __attribute__((format(printf, fmt_at, args_at)))

/* What the engine does about an error: its whole policy is one switch over these. */
enum fnl_class {
	FNL_CLASS_NONE,
	FNL_CLASS_RETRIABLE, /* wait and try the same again: a peer is away */
	FNL_CLASS_ABORT,     /* the transaction is cleanly abortable: abort, seek back, go on */
	FNL_CLASS_UNKNOWN,   /* outcome unknown or producer dead: recreate it, fetch the committed pair again */
	FNL_CLASS_POISON,    /* this record can never be processed: dead-letter it */
	FNL_CLASS_STOP       /* no retry helps: stop the partition or the process and tell the operator */
};

/* X(name, value, class, label for metrics and logs, text) */
#define FNL_STATUS_TABLE(X) \
	X(OK, 0, NONE, "ok", "no error") \
	X(E_NOMEM, -1, STOP, "no_memory", "out of memory") \
	X(E_LIMIT, -2, POISON, "limit", "a limit was exceeded") \
	X(E_INVALID, -3, POISON, "invalid", "the data is not valid") \
	X(E_UNSUPPORTED, -4, POISON, "unsupported", "not supported") \
	X(E_ARGUMENT, -5, STOP, "argument", "wrong use or wrong setting") \
	X(E_TIMEOUT, -6, RETRIABLE, "timeout", "no answer in time") \
	X(E_DISCONNECTED, -7, RETRIABLE, "disconnected", "the peer is not reachable") \
	X(E_TXN_ABORTABLE, -8, ABORT, "txn_abortable", "the transaction must be aborted") \
	X(E_TXN_UNKNOWN, -9, UNKNOWN, "txn_unknown", "the outcome of the transaction is unknown") \
	X(E_FENCED_PRODUCER, -10, UNKNOWN, "fenced_producer", "a newer producer has this transactional id") \
	X(E_FENCED_INSTANCE, -11, STOP, "fenced_instance", "a newer worker has this group instance id") \
	X(E_NOT_ASSIGNED, -12, ABORT, "not_assigned", "the partition is no longer assigned to this worker") \
	X(E_STATE, -13, STOP, "state", "stored state contradicts itself") \
	X(E_LAYOUT, -14, STOP, "layout", "topics or stores do not fit what was recorded") \
	X(E_IO, -15, STOP, "io", "input or output failed") \
	X(E_NOT_FOUND, -16, STOP, "not_found", "not found") \
	X(E_INTERNAL, -17, STOP, "internal", "an internal rule was broken") \
	X(E_CRASHED, -18, POISON, "crashed", "processes ended while they looked at it")

enum fnl_status {
#define FNL_X(name, value, class, label, text) FNL_##name = (value),
	FNL_STATUS_TABLE(FNL_X)
#undef FNL_X
};

/* Text, metric label and class of a code; an unknown code gives "unknown" and FNL_CLASS_STOP. */
const char *fnl_status_text(int code);
const char *fnl_status_label(int code);
enum fnl_class fnl_status_class(int code);

/* The story of one failure, for people: what, where, what was expected. Filled at the place that knows. */
struct fnl_error {
	int code;
	char text[512];
};

/* No error yet. Its text is long, and most are never filled. */
static inline void fnl_error_clear(struct fnl_error *e)
{
	e->code = 0;
	e->text[0] = '\0';
}

/* Fills e (when not NULL) and returns code. Longer texts are cut. Never put a secret or a payload into fmt. */
int fnl_fail(struct fnl_error *e, int code, const char *fmt, ...) FNL_PRINTF(3, 4);

#endif
