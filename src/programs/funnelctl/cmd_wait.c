/* funnelctl wait --caught-up: until the router and every stage have committed all their input and their due timers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "command.h"
#include "pairs.h"
#include "signals.h"

enum { LOOK_EVERY_MS = 200, TIMEOUT_DEFAULT_S = 60, TIMER_GRACE_MS = 1000, ARENA_BYTES_MAX = 1 << 20 };

/* What one look at one partition found. */
struct finding {
	const char *part; /* "prospect", "router-hr" */
	const char *topic;
	bool is_stage; /* it has a view and timers */
	struct fnl_pair pair;
	bool view_behind;
	int64_t applied; /* -1: absent */
	bool timer_due;
	int64_t timer_deadline_ms;
};

struct look {
	struct finding *at;
	size_t count;
	size_t behind; /* how many of them */
};

static bool is_behind(const struct finding *f)
{
	return f->pair.behind || f->view_behind || f->timer_due;
}

/* Room for n more; they are zeroed. NULL: no memory. */
static struct finding *grow(struct look *l, size_t n)
{
	struct finding *grown = fnl_reallocarray(l->at, l->count + n, sizeof(*grown));
	if (!grown) {
		return NULL;
	}
	l->at = grown;
	struct finding *first = &grown[l->count];
	memset(first, 0, n * sizeof(*first));
	l->count += n;
	return first;
}

/* The partition's own time: the wall clock less a grace, or the event time that its clock row keeps. */
static int time_of_partition(struct fnl_app *app, struct fnl_store *store, struct fnl_operator *op, int32_t partition,
                             struct fnl_arena *arena, int64_t *ret)
{
	if (fnl_settings_int(app->settings, "clock") == FNL_CLOCK_WALL) {
		*ret = app->clock->wall_ms(app->clock->context) - TIMER_GRACE_MS;
		return 0;
	}
	struct fnl_row_key key = op->ops->time_row(op);
	struct fnl_store_read read = {.partition = partition, .keys = &key, .key_count = 1};
	int rc = store->ops->read(store, &read, 1, arena);
	if (!rc) {
		*ret = fnl_span_is_none(read.ret_rows[0]) ? INT64_MIN : op->ops->time_of(op, read.ret_rows[0]);
	}
	return rc;
}

static int look_at_view(struct fnl_app *app, struct fnl_store *store, struct fnl_operator *op, struct finding *f,
                        struct fnl_arena *arena)
{
	int64_t until;
	int rc = time_of_partition(app, store, op, f->pair.partition, arena, &until);
	if (rc) {
		return rc;
	}
	struct fnl_store_read read = {.partition = f->pair.partition, .due_until_ms = until, .due_max = 1};
	rc = store->ops->read(store, &read, 1, arena);
	if (rc) {
		return rc;
	}
	f->view_behind = !fnl_pair_fits(&f->pair, &read.ret_applied);
	f->applied = read.ret_applied.present ? read.ret_applied.cl : -1;
	f->timer_due = read.ret_due_count > 0;
	f->timer_deadline_ms = f->timer_due ? read.ret_due[0].deadline_ms : 0;
	return 0;
}

static int look_at_relay(struct fnl_app *app, enum fnl_app_relay_id relay, struct look *l, int *ret_exit,
                         struct fnl_error *why)
{
	const struct fnl_app_relay *r = fnl_app_relay(app, relay);
	struct fnl_pair *pairs = NULL;
	size_t count = 0;
	int rc = fnl_pairs_read_relay(app, relay, &pairs, &count, why);
	*ret_exit = fnl_exit_code(rc);
	struct finding *f = rc ? NULL : grow(l, count);
	for (size_t i = 0; i < count && f; i++) {
		f[i].part = r->name;
		f[i].topic = r->input_topic;
		f[i].pair = pairs[i];
		f[i].applied = -1;
	}
	fnl_free(pairs);
	return rc || f ? rc : fnl_fail(why, FNL_E_NOMEM, "no memory");
}

static int open_stage(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_store **store,
                      struct fnl_operator **op, int *ret_exit, struct fnl_error *why)
{
	*ret_exit = FNL_EXIT_SETTINGS;
	int rc = fnl_app_operator(app, stage, op, why);
	if (!rc) {
		*ret_exit = FNL_EXIT_REDIS;
		rc = fnl_app_store(app, stage, store, why);
	}
	return rc;
}

static int look_at_stage(struct fnl_app *app, enum fnl_app_stage_id stage, struct look *l, int *ret_exit,
                         struct fnl_error *why)
{
	const struct fnl_app_stage *s = fnl_app_stage(app, stage);
	struct fnl_pair *pairs = NULL;
	struct fnl_store *store = NULL;
	struct fnl_operator *op = NULL;
	size_t count = 0;
	int rc = fnl_pairs_read(app, stage, &pairs, &count, why);
	*ret_exit = fnl_exit_code(rc);
	rc = rc ? rc : open_stage(app, stage, &store, &op, ret_exit, why);
	struct finding *f = rc ? NULL : grow(l, count);
	if (!f) {
		fnl_free(pairs);
		return rc ? rc : fnl_fail(why, FNL_E_NOMEM, "no memory");
	}
	struct fnl_arena arena;
	fnl_arena_init(&arena, ARENA_BYTES_MAX);
	for (size_t i = 0; i < count && !rc; i++) {
		f[i].part = s->stage.name;
		f[i].topic = s->input_topic;
		f[i].is_stage = true;
		f[i].pair = pairs[i];
		rc = look_at_view(app, store, op, &f[i], &arena);
		fnl_arena_reset(&arena);
	}
	if (rc) {
		fnl_fail(why, rc, "redis.url %s: %s", fnl_settings_shown(app->settings, "redis.url"),
		         store->ops->explain(store));
	}
	fnl_arena_deinit(&arena);
	fnl_free(pairs);
	return rc;
}

/* The org stage answers the rep stage, after that one was looked at: no answer causes another question. */
static int look_back(struct fnl_app *app, struct look *l, int *ret_exit, struct fnl_error *why)
{
	static const enum fnl_app_stage_id again[] = {FNL_APP_STAGE_REP, FNL_APP_STAGE_ORG};
	int rc = 0;
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]) && !rc; i++) {
		const char *part = fnl_app_stage(app, again[i])->stage.name;
		size_t known = l->count, first = 0;
		while (first < known && strcmp(l->at[first].part, part) != 0) {
			first++;
		}
		rc = look_at_stage(app, again[i], l, ret_exit, why);
		if (!rc && first + (l->count - known) <= known) {
			memcpy(&l->at[first], &l->at[known], (l->count - known) * sizeof(*l->at));
			l->count = known;
		}
	}
	return rc;
}

static void count_behind(struct look *l)
{
	l->behind = 0;
	for (size_t i = 0; i < l->count; i++) {
		l->behind += is_behind(&l->at[i]);
	}
}

/* Looks once, in the order in which records pass: who has caught up has sent on all that it had, so that the next one
 * can be believed. *ret_exit: the exit code that an error would have. */
static int look_once(struct fnl_app *app, struct look *l, int *ret_exit, struct fnl_error *why)
{
	int rc = 0;
	l->count = 0;
	for (int i = 0; i < FNL_APP_RELAY_COUNT && !rc; i++) {
		rc = look_at_relay(app, (enum fnl_app_relay_id)i, l, ret_exit, why);
	}
	for (int i = 0; i < FNL_APP_STAGE_COUNT && !rc; i++) {
		rc = look_at_stage(app, (enum fnl_app_stage_id)i, l, ret_exit, why);
	}
	count_behind(l);
	if (!rc && l->behind == 0) {
		rc = look_back(app, l, ret_exit, why);
		count_behind(l);
	}
	return rc;
}

/* "hr.rep-changes (router-hr), 8 partitions" for each part. */
static void print_parts(const struct look *l)
{
	for (size_t i = 0, n; i < l->count; i += n) {
		for (n = 1; i + n < l->count && l->at[i + n].part == l->at[i].part; n++) {
		}
		printf("%s %s (%s), %zu partitions", i ? "," : "", l->at[i].topic, l->at[i].part, n);
	}
	putchar('\n');
}

static void print_text(const struct look *l)
{
	if (l->behind == 0) {
		fputs("caught up:", stdout);
		print_parts(l);
		return;
	}
	printf("behind: %zu of %zu partitions\n", l->behind, l->count);
	for (size_t i = 0; i < l->count; i++) {
		const struct finding *f = &l->at[i];
		if (f->pair.behind) {
			printf("  %s, partition %d of %s: input committed to %" PRId64 " of %" PRId64 "\n", f->part,
			       (int)f->pair.partition, f->topic, f->pair.committed, f->pair.end);
		}
		if (f->view_behind) {
			printf("  %s, partition %d: Redis stands at %" PRId64 ", the changelog at %" PRId64 "\n", f->part,
			       (int)f->pair.partition, f->applied, f->pair.cl);
		}
		if (f->timer_due) {
			printf("  %s, partition %d: a timer of %" PRId64 " ms since the epoch is due\n", f->part,
			       (int)f->pair.partition, f->timer_deadline_ms);
		}
	}
}

static json_t *finding_json(const struct finding *f)
{
	json_t *o = json_pack("{s:s, s:s, s:i, s:I, s:I, s:b}", f->is_stage ? "stage" : "relay", f->part, "topic", f->topic,
	                      "partition", (int)f->pair.partition, "committed", (json_int_t)f->pair.committed, "end",
	                      (json_int_t)f->pair.end, "input_behind", f->pair.behind);
	if (o && f->is_stage) {
		json_object_set_new(o, "cl", json_integer((json_int_t)f->pair.cl));
		json_object_set_new(o, "applied", json_integer((json_int_t)f->applied));
		json_object_set_new(o, "view_behind", json_boolean(f->view_behind));
		json_object_set_new(o, "timer_due", json_boolean(f->timer_due));
	}
	return o;
}

static void print_json(const struct look *l)
{
	json_t *stages = json_array(), *relays = json_array();
	for (size_t i = 0; i < l->count; i++) {
		json_array_append_new(l->at[i].is_stage ? stages : relays, finding_json(&l->at[i]));
	}
	json_t *all = json_pack("{s:b, s:o, s:o}", "caught_up", l->behind == 0, "partitions", stages, "router", relays);
	json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
}

/* An error that may pass is waited for as well; the last one is told when the time is over. */
static int wait_caught_up(struct fnl_app *app, int64_t timeout_ms, struct look *l)
{
	int64_t end_ms = app->clock->monotonic_ms(app->clock->context) + timeout_ms;
	for (;;) {
		struct fnl_error why = {0, ""};
		int exit_code = FNL_EXIT_OK;
		int rc = look_once(app, l, &exit_code, &why);
		if (rc && fnl_status_class(rc) != FNL_CLASS_RETRIABLE) {
			return fnl_app_fail(app, exit_code, &why);
		}
		bool over = *fnl_stop_flag() || app->clock->monotonic_ms(app->clock->context) >= end_ms;
		if (rc && over) {
			return fnl_app_fail(app, exit_code, &why);
		}
		if (!rc && (l->behind == 0 || over)) {
			if (app->json) {
				print_json(l);
			} else {
				print_text(l);
			}
			return l->behind == 0 ? FNL_EXIT_OK : FNL_EXIT_BEHIND;
		}
		app->clock->sleep_ms(app->clock->context, LOOK_EVERY_MS);
	}
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	double timeout_s = TIMEOUT_DEFAULT_S;
	bool caught_up = false;
	for (int i = 1; i < argc; i++) {
		char *end = NULL;
		if (strcmp(argv[i], "--caught-up") == 0) {
			caught_up = true;
		} else if (strcmp(argv[i], "--timeout") == 0 && i + 1 < argc) {
			timeout_s = strtod(argv[++i], &end);
			if (*argv[i] == '\0' || *end != '\0' || !(timeout_s >= 0 && timeout_s <= 86400)) {
				return fnl_usage_error(&fnl_cmd_wait, "--timeout wants seconds from 0 to 86400");
			}
		} else {
			return fnl_usage_error(&fnl_cmd_wait, "\"%s\" is not understood here", argv[i]);
		}
	}
	if (!caught_up) {
		return fnl_usage_error(&fnl_cmd_wait, "--caught-up is needed: there is nothing else to wait for");
	}
	struct look look = {NULL, 0, 0};
	int code = wait_caught_up(app, (int64_t)(timeout_s * 1000), &look);
	fnl_free(look.at);
	return code;
}

const struct fnl_command fnl_cmd_wait = {
	"wait",
	"wait until all input and all due timers are processed",
	"funnelctl wait --caught-up [--timeout SECONDS]\n"
	"  Exit 0 when the router and every stage have committed all their input and no timer is due (by the setting "
	"clock):\n"
	"  what a change of rules or a quota run still has to do is a timer, too. Exit 5 when that did not come within "
	"the\n"
	"  time (default 60 s): what is behind is listed.",
	run,
};
