/* funnelctl revise: a frozen quota changes, for a cause. */
#include <stdio.h>
#include <string.h>

#include "funneld_records.h"
#include "options.h"
#include "order.h"
#include "show_quota.h"
#include "show_territories.h"

static const char usage[] =
	"funnelctl revise REP YEAR AMOUNT CURRENCY --cause CODE [--run RUN] [--issued-by WHO] [--command-id ID]\n"
	"                                          [--issued-at TIME] [--timeout SECONDS | --no-wait]\n"
	"  YEAR               the quota's fiscal year\n"
	"  AMOUNT             what is added to it, in major units, such as 50000 or 1250.50; taken off: -50000\n"
	"  CURRENCY           the quota's\n"
	"  --cause CODE       why: a code such as territory-error, no text\n"
	"  --run RUN          only if this run made it; the latest unless given\n"
	"Sends ReviseQuota on sales.commands, waits for its QuotaRevised, and shows the quota as `funnelctl\n"
	"quota REP YEAR` does: what it was, what changed it, what it is now. Exit 6 when it is refused.\n" FNL_ORDER_USAGE;

enum { WORDS = 4, CODE_BYTES_MAX = 64 };

struct revision {
	struct fnl_order order;
	const char *cause;
	const char *run;
	int32_t year;
	struct fnl_money adjustment;
};

/* 1 to 64 of a-z, A-Z, 0-9, '-', '_' and '.': what a person wrote would come into every row and event. */
static bool is_code(const char *s)
{
	size_t len = strlen(s);
	return len >= 1 && len <= CODE_BYTES_MAX &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len;
}

static int take(void *context, const char *name, const char *value)
{
	struct revision *r = context;
	if (strcmp(name, "--cause") == 0 && value) {
		r->cause = value;
		return is_code(value)
		           ? FNL_ORDER_TAKEN
		           : -fnl_usage_error(&fnl_cmd_revise, "--cause: a code has 1 to %d letters, digits, '-', '_' or '.'",
		                              CODE_BYTES_MAX);
	}
	if (strcmp(name, "--run") == 0 && value) {
		r->run = value;
		return fnl_is_id(value) ? FNL_ORDER_TAKEN
		                        : -fnl_usage_error(&fnl_cmd_revise, "--run: an id has 1 to %d bytes, none of them '|'",
		                                           FNL_ID_BYTES_MAX);
	}
	return 0;
}

static int read_words(struct revision *r, const char *words[WORDS])
{
	struct fnl_error why = {0};
	if (!words[WORDS - 1]) {
		return fnl_usage_error(&fnl_cmd_revise, "expected is: revise REP YEAR AMOUNT CURRENCY --cause CODE");
	}
	if (!fnl_is_id(words[0])) {
		return fnl_usage_error(&fnl_cmd_revise, "REP: an id has 1 to %d bytes, none of them '|'", FNL_ID_BYTES_MAX);
	}
	if (!fnl_year_parse(words[1], &r->year)) {
		return fnl_usage_error(&fnl_cmd_revise, "YEAR %.20s: expected is a fiscal year such as 2027", words[1]);
	}
	if (!fnl_is_currency(words[3])) {
		return fnl_usage_error(&fnl_cmd_revise, "CURRENCY %.10s: expected are three capital letters", words[3]);
	}
	if (fnl_money_parse(fnl_span_str(words[2]), words[3], &r->adjustment, &why)) {
		return fnl_usage_error(&fnl_cmd_revise, "AMOUNT %.40s: %s", words[2], why.text);
	}
	r->order.key = words[0];
	return r->cause ? 0 : fnl_usage_error(&fnl_cmd_revise, "--cause says why: a code");
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct revision r = {.order = {.command = &fnl_cmd_revise}};
	struct fnl_import_event event = {.binding = NULL};
	const char *words[WORDS] = {NULL};
	int code = fnl_order_arguments(&r.order, argc, argv, words, WORDS, take, &r);
	code = code ? code : read_words(&r, words);
	code = code ? code : fnl_order_ready(app, &r.order);
	if (code) {
		return code;
	}
	event.values[FNL_REVISE_QUOTA_REP_ID] = fnl_publish_text(r.order.key);
	event.values[FNL_REVISE_QUOTA_FISCAL_YEAR] = fnl_publish_number(r.year);
	event.values[FNL_REVISE_QUOTA_RUN_ID] = fnl_publish_text(r.run);
	event.values[FNL_REVISE_QUOTA_CAUSE] = fnl_publish_text(r.cause);
	event.values[FNL_REVISE_QUOTA_ADJUSTMENT] = (struct fnl_value){.set = true, .money = r.adjustment};
	code = fnl_order_send(app, &r.order, "revise_quota", &fnl_desc_revise_quota, &event);
	if (code || r.order.no_wait) {
		return code ? code : fnl_order_tell_sent(app, &r.order, "the quota is to be revised");
	}
	const struct fnl_order_answer answer = {
		.topic = FNL_TOPIC_QUOTAS, .key = r.order.key, .desc = &fnl_desc_quota_revised};
	code = fnl_order_wait(app, &r.order, &answer);
	return code ? code : fnl_show_quota(app, r.order.key, r.year);
}

const struct fnl_command fnl_cmd_revise = {"revise", "revise a frozen quota, for a cause", usage, run};
