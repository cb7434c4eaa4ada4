#include "order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "funneld_records.h"
#include "signals.h"
#include "view_record.h"

enum { LOOK_EVERY_MS = 400, ARENA_BYTES = 64 << 20, TIMEOUT_S_MAX = 86400 };

/* ---- arguments ---- */

static int wrong_id(const struct fnl_order *o, const char *name)
{
	return -fnl_usage_error(o->command, "%s: an id has 1 to %d bytes, no control character and no '|'", name,
	                        FNL_ID_BYTES_MAX);
}

static int read_timeout(struct fnl_order *o, const char *value)
{
	char *end = NULL;
	double s = strtod(value, &end);
	if (*value == '\0' || *end != '\0' || !(s >= 0 && s <= TIMEOUT_S_MAX)) {
		return -fnl_usage_error(o->command, "--timeout %.20s: expected are seconds from 0 to %d", value, TIMEOUT_S_MAX);
	}
	o->timeout_ms = (int64_t)(s * 1000);
	o->has_timeout = true;
	return FNL_ORDER_TAKEN;
}

int fnl_order_option(struct fnl_order *o, const char *name, const char *value)
{
	bool by = strcmp(name, "--issued-by") == 0, command = strcmp(name, "--command-id") == 0;
	bool at = strcmp(name, "--issued-at") == 0, timeout = strcmp(name, "--timeout") == 0;
	if (strcmp(name, "--no-wait") == 0) {
		o->no_wait = true;
		return FNL_ORDER_TAKEN_ALONE;
	}
	if (!by && !command && !at && !timeout) {
		return 0;
	}
	if (!value) {
		return -fnl_usage_error(o->command, "%s lacks its value", name);
	}
	if (timeout) {
		return read_timeout(o, value);
	}
	if (at) {
		o->has_issued_at = fnl_time_parse(value, &o->issued_at_ms);
		return o->has_issued_at ? FNL_ORDER_TAKEN
		                        : -fnl_usage_error(o->command,
		                                           "--issued-at %.40s: expected is a time such as 2026-12-31 or "
		                                           "2026-12-31T08:00:00Z",
		                                           value);
	}
	if (by) {
		o->issued_by = value;
	} else {
		o->command_id = value;
	}
	return fnl_is_id(value) ? FNL_ORDER_TAKEN : wrong_id(o, name);
}

int fnl_order_arguments(struct fnl_order *o, int argc, char **argv, const char **ret_words, size_t words,
                        fnl_order_take take, void *context)
{
	size_t known = 0;
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		if (strncmp(argv[i], "--", 2) != 0) {
			if (known == words) {
				return fnl_usage_error(o->command, "\"%s\" is one too many", argv[i]);
			}
			ret_words[known++] = argv[i];
			continue;
		}
		int taken = fnl_order_option(o, argv[i], value);
		taken = taken == 0 && take ? take(context, argv[i], value) : taken;
		if (taken < 0) {
			return -taken;
		}
		if (taken == 0) {
			return fnl_usage_error(o->command, "\"%s\" is not understood here, or lacks its value", argv[i]);
		}
		i += taken == FNL_ORDER_TAKEN;
	}
	return o->no_wait && o->has_timeout ? fnl_usage_error(o->command, "--timeout is of no use with --no-wait") : 0;
}

/* ---- sent ---- */

int fnl_order_ready(struct fnl_app *app, struct fnl_order *o)
{
	struct fnl_error why = {0};
	int rc = 0;
	if (!o->has_issued_at && fnl_settings_int(app->settings, "clock") == FNL_CLOCK_EVENT) {
		return fnl_usage_error(o->command, "with clock = event, --issued-at says when the command was issued");
	}
	o->issued_at_ms = o->has_issued_at ? o->issued_at_ms : app->clock->wall_ms(app->clock->context);
	o->issued_by = o->issued_by ? o->issued_by : fnl_publish_source;
	o->timeout_ms = o->has_timeout ? o->timeout_ms : FNL_ORDER_TIMEOUT_DEFAULT_MS;
	if (!o->command_id) {
		rc = fnl_made_id(o->made_id, &why);
		o->command_id = o->made_id;
	}
	return rc ? fnl_app_fail(app, FNL_EXIT_INTERNAL, &why) : 0;
}

int fnl_order_send(struct fnl_app *app, struct fnl_order *o, const char *kind, const struct fnl_record_desc *desc,
                   struct fnl_import_event *e)
{
	const struct {
		const char *field;
		struct fnl_value value;
	} all[] = {
		{"source", fnl_publish_text(fnl_publish_source)},   {"occurred_at", fnl_publish_number(o->issued_at_ms)},
		{"command_id", fnl_publish_text(o->command_id)},    {"issued_by", fnl_publish_text(o->issued_by)},
		{"issued_at", fnl_publish_number(o->issued_at_ms)},
	};
	struct fnl_error why = {0};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		int at = fnl_record_field_index(desc, fnl_span_str(all[i].field));
		if (at >= 0) {
			e->values[at] = all[i].value;
		}
	}
	e->key = fnl_span_str(o->key);
	e->identity = fnl_span_str(o->command_id);
	e->occurred_at_ms = o->issued_at_ms;
	int rc = fnl_publish_known(app, kind, e, o->event_id, &why);
	return rc ? fnl_app_fail(app, fnl_exit_code(rc), &why) : 0;
}

int fnl_order_tell_sent(struct fnl_app *app, const struct fnl_order *o, const char *what)
{
	struct fnl_error why = {0};
	char at[FNL_TEXT_BYTES];
	if (!app->json) {
		printf("command %s: %s\n", o->command_id, what);
		fprintf(stderr, "one that is refused is on %s\n", fnl_app_topic(app, FNL_TOPIC_REJECTIONS));
		return FNL_EXIT_OK;
	}
	fnl_text_rfc3339(o->issued_at_ms, at);
	json_t *all = json_pack("{s:s, s:s, s:s}", "command_id", o->command_id, "issued_by", o->issued_by, "issued_at", at);
	return fnl_view_json_write(all, stdout, &why) ? fnl_app_fail(app, FNL_EXIT_INTERNAL, &why) : FNL_EXIT_OK;
}

/* ---- waited for ---- */

/* One look at the answer's topic and at the refusals. */
struct look {
	struct fnl_app *app;
	const struct fnl_order *order;
	const struct fnl_order_answer *answer;
	struct fnl_codec *codec;
	struct fnl_arena arena;
	bool at_refusals;
	bool has_come;
	bool is_refused;
	int64_t reason;
	struct fnl_error why; /* of a record that could not be read */
};

static bool follows(const struct look *l, const struct fnl_record *r)
{
	struct fnl_span id = fnl_span_of(l->order->event_id, FNL_UUID_TEXT_BYTES);
	for (size_t i = 0; i < r->header_count; i++) {
		if (fnl_span_eq(r->headers[i].name, FNL_SPAN_LIT("ce_correlationid"))) {
			return fnl_span_eq(r->headers[i].value, id);
		}
	}
	return false;
}

static void take_refusal(struct look *l, const struct fnl_decoded *d)
{
	if (d->desc == &fnl_desc_command_rejected &&
	    fnl_span_eq(d->values[FNL_COMMAND_REJECTED_COMMAND_ID].str, fnl_span_str(l->order->command_id))) {
		l->is_refused = true;
		l->reason = d->values[FNL_COMMAND_REJECTED_REASON].i64;
	}
}

static int on_record(void *context, size_t topic, const struct fnl_record *r)
{
	struct look *l = context;
	struct fnl_decoded d = {NULL, NULL};
	(void)topic;
	if (fnl_span_is_none(r->value) || (!l->at_refusals && !l->answer->is_it && !follows(l, r))) {
		return 0;
	}
	fnl_arena_reset(&l->arena);
	int rc = l->codec->ops->decode(l->codec, r, &l->arena, &d, &l->why);
	if (rc) {
		return rc;
	}
	if (l->at_refusals) {
		take_refusal(l, &d);
	} else {
		l->has_come |= l->answer->is_it ? l->answer->is_it(l->order, &d) : d.desc == l->answer->desc;
	}
	return 0;
}

static int read_topic(struct look *l, enum fnl_topic topic, const char *key, struct fnl_error *why)
{
	const char *name = fnl_app_topic(l->app, topic);
	struct fnl_bus *bus;
	int32_t partitions;
	int rc = fnl_app_bus(l->app, &bus, why);
	rc = rc ? rc : fnl_app_partitions(l->app, topic, &partitions, why);
	if (rc) {
		return rc;
	}
	rc = key ? bus->ops->read_key(bus, name, fnl_span_str(key), on_record, l)
	         : bus->ops->read(bus, &name, 1, true, true, fnl_stop_flag(), on_record, l);
	return rc < 0 ? fnl_fail(why, rc, "%s: %s", name, l->why.text[0] ? l->why.text : bus->ops->explain(bus)) : 0;
}

static int look_once(struct look *l, struct fnl_error *why)
{
	l->at_refusals = false;
	int rc = read_topic(l, l->answer->topic, l->answer->key, why);
	l->at_refusals = true;
	rc = rc || l->has_come ? rc : read_topic(l, FNL_TOPIC_REJECTIONS, l->order->key, why);
	l->has_come = l->has_come && !(l->answer->has_more && l->answer->has_more(l->app, l->order));
	return rc;
}

static const char *reason_text(int64_t reason)
{
	switch (reason) {
	case FNL_REJECT_REASON_UNKNOWN_ORG:
		return "nobody of that organisation is known who is active";
	case FNL_REJECT_REASON_TOO_MANY:
		return "there is too much of it";
	case FNL_REJECT_REASON_UNKNOWN_PROPOSAL:
		return "no such proposal is known";
	case FNL_REJECT_REASON_PROPOSAL_IS_NOT_OPEN:
		return "the proposal is not open: accepted already, on its way, or not worth it";
	case FNL_REJECT_REASON_PROPOSAL_IS_OUTDATED:
		return "the proposal is outdated: its time is over, another one took its place, or somebody who would "
			   "receive prospects is there no more";
	case FNL_REJECT_REASON_UNKNOWN_QUOTA:
		return "the rep has no quota of that year";
	case FNL_REJECT_REASON_OTHER_CURRENCY:
		return "the quota is in another currency";
	case FNL_REJECT_REASON_QUOTA_IS_NOT_FROZEN:
		return "the quota is a draft: it is computed anew until it freezes";
	case FNL_REJECT_REASON_QUOTA_OF_ANOTHER_RUN:
		return "the quota is of another run than the one that was meant";
	case FNL_REJECT_REASON_QUOTA_BELOW_ZERO:
		return "the quota would be less than nothing";
	case FNL_REJECT_REASON_QUOTA_TOO_LARGE:
		return "the quota would be more than 64 bits hold";
	default:
		return "see the topic of refusals";
	}
}

static int tell_refused(const struct look *l)
{
	const char *symbol = l->reason >= 0 && l->reason < FNL_REJECT_REASON_COUNT
	                         ? fnl_symbols_reject_reason[l->reason]
	                         : fnl_symbols_reject_reason[FNL_REJECT_REASON_UNKNOWN];
	fprintf(stderr, "funnelctl: command %s was refused: %s, %s\n", l->order->command_id, symbol,
	        reason_text(l->reason));
	return FNL_EXIT_REFUSED;
}

static int tell_late(const struct look *l)
{
	fprintf(stderr,
	        "funnelctl: command %s: no answer within %lld s, on %s or %s; it may still come: do workers run? "
	        "`funnelctl wait --caught-up` says what is behind\n",
	        l->order->command_id, (long long)(l->order->timeout_ms / 1000), fnl_app_topic(l->app, l->answer->topic),
	        fnl_app_topic(l->app, FNL_TOPIC_REJECTIONS));
	return FNL_EXIT_BEHIND;
}

static void show_progress(const struct look *l, int64_t waited_ms)
{
	char text[FNL_TEXT_BYTES] = "";
	if (l->answer->progress) {
		l->answer->progress(l->app, l->order, text);
	}
	fprintf(stderr, "\r\033[Kwaiting for the answer, %lld s%s%s", (long long)(waited_ms / 1000), text[0] ? ": " : "",
	        text);
	fflush(stderr);
}

static int wait_for(struct look *l)
{
	const struct fnl_clock *clock = l->app->clock;
	bool progress = isatty(STDERR_FILENO) != 0;
	int64_t begun_ms = clock->monotonic_ms(clock->context);
	for (;;) {
		struct fnl_error why = {0};
		int rc = look_once(l, &why);
		int64_t waited_ms = clock->monotonic_ms(clock->context) - begun_ms;
		bool over = *fnl_stop_flag() || waited_ms >= l->order->timeout_ms;
		bool lost = rc && (over || fnl_status_class(rc) != FNL_CLASS_RETRIABLE);
		if (lost || l->has_come || l->is_refused || over) {
			fputs(progress ? "\r\033[K" : "", stderr);
			return lost            ? fnl_app_fail(l->app, fnl_exit_code(rc), &why)
			       : l->has_come   ? FNL_EXIT_OK
			       : l->is_refused ? tell_refused(l)
			                       : tell_late(l);
		}
		if (progress) {
			show_progress(l, waited_ms);
		}
		clock->sleep_ms(clock->context, LOOK_EVERY_MS);
	}
}

int fnl_order_wait(struct fnl_app *app, const struct fnl_order *o, const struct fnl_order_answer *answer)
{
	struct look l = {.app = app, .order = o, .answer = answer};
	struct fnl_error why = {0};
	int rc = fnl_app_codec(app, &l.codec, &why);
	if (rc) {
		return fnl_app_fail(app, FNL_EXIT_SETTINGS, &why);
	}
	if (!app->json) {
		fprintf(stderr, "command %s was sent\n", o->command_id);
	}
	fnl_arena_init(&l.arena, ARENA_BYTES);
	int code = wait_for(&l);
	fnl_arena_deinit(&l.arena);
	return code;
}
