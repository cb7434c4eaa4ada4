/* funnelctl propose: asks for a proposal that makes the reps' volumes more alike, and shows it. */
#include <stdio.h>
#include <string.h>

#include "funneld_records.h"
#include "order.h"
#include "partition_rows.h"
#include "show_territories.h"

enum { ARENA_BYTES = 64 << 20 };

static const char usage[] =
	"funnelctl propose ORG [--currency CODE] [--rates NAME] [--issued-by WHO] [--command-id ID] [--issued-at TIME]\n"
	"                      [--timeout SECONDS | --no-wait]\n"
	"  --currency CODE    in which volumes are compared; the one that most of them is in unless given\n"
	"  --rates NAME       other currencies are converted by the rates of that name; left out unless given\n"
	"Sends ProposeTerritories on sales.commands, waits for its TerritoryProposal, and shows it as\n"
	"`funnelctl territories ORG` does. It is a proposal and moves nobody: `funnelctl accept ORG PROPOSAL`\n"
	"does, within its time. Exit 6 when it is refused.\n" FNL_ORDER_USAGE;

struct asking {
	const char *currency;
	const char *rates;
};

static int take(void *context, const char *name, const char *value)
{
	struct asking *a = context;
	if (strcmp(name, "--currency") == 0 && value) {
		a->currency = value;
		return fnl_is_currency(value)
		           ? FNL_ORDER_TAKEN
		           : -fnl_usage_error(&fnl_cmd_propose, "--currency %.10s: expected are three capital letters", value);
	}
	if (strcmp(name, "--rates") == 0 && value) {
		a->rates = value;
		return fnl_is_id(value) ? FNL_ORDER_TAKEN
		                        : -fnl_usage_error(&fnl_cmd_propose,
		                                           "--rates: the name of rates has 1 to %d bytes, none of them '|'",
		                                           FNL_ID_BYTES_MAX);
	}
	return 0;
}

static bool is_proposal(const struct fnl_order *o, const struct fnl_decoded *d)
{
	return d->desc == &fnl_desc_territory_proposal &&
	       fnl_span_eq(d->values[FNL_TERRITORY_PROPOSAL_PROPOSAL_ID].str, fnl_span_str(o->command_id));
}

/* How far its row is, in whichever partition the organisation is. From the view: what cannot be asked is not told. */
static void progress(struct fnl_app *app, const struct fnl_order *o, char ret[FNL_TEXT_BYTES])
{
	static const char *const texts[FNL_PROPOSAL_STATE_COUNT] = {
		[FNL_PROPOSAL_STATE_REPS] = "reps are collected",
		[FNL_PROPOSAL_STATE_CURRENCIES] = "its currency is looked for",
		[FNL_PROPOSAL_STATE_CELLS] = "cells are collected",
		[FNL_PROPOSAL_STATE_TELLING] = "moves are being told",
	};
	struct fnl_arena arena;
	struct fnl_value **rows = NULL;
	struct fnl_error why = {0};
	size_t count = 0;
	int exit_code;
	fnl_arena_init(&arena, ARENA_BYTES);
	int rc = fnl_partition_rows_read(app, FNL_APP_STAGE_ORG, "proposal", o->key, &fnl_desc_proposal, &arena, &rows,
	                                 &count, &exit_code, &why);
	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct fnl_value *v = rows[i];
		if (v && fnl_span_eq(v[FNL_PROPOSAL_PROPOSAL_ID].str, fnl_span_str(o->command_id))) {
			int64_t state = v[FNL_PROPOSAL_STATE].i64;
			bool known = state >= 0 && state < FNL_PROPOSAL_STATE_COUNT && texts[state];
			snprintf(ret, FNL_TEXT_BYTES, "%s, %zu reps", known ? texts[state] : "done",
			         v[FNL_PROPOSAL_REPS].list.count);
		}
	}
	fnl_arena_deinit(&arena);
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct fnl_order o = {.command = &fnl_cmd_propose};
	struct asking a = {NULL, NULL};
	struct fnl_import_event event = {.binding = NULL};
	int code = fnl_order_arguments(&o, argc, argv, &o.key, 1, take, &a);
	if (code == 0 && (!o.key || !fnl_is_id(o.key))) {
		code = fnl_usage_error(&fnl_cmd_propose, "the organisation's id is needed: propose ORG");
	}
	code = code ? code : fnl_order_ready(app, &o);
	if (code) {
		return code;
	}
	event.values[FNL_PROPOSE_TERRITORIES_ORG_ID] = fnl_publish_text(o.key);
	event.values[FNL_PROPOSE_TERRITORIES_BASE_CURRENCY] = fnl_publish_text(a.currency);
	event.values[FNL_PROPOSE_TERRITORIES_RATE_NAME] = fnl_publish_text(a.rates);
	code = fnl_order_send(app, &o, "propose_territories", &fnl_desc_propose_territories, &event);
	if (code || o.no_wait) {
		return code ? code : fnl_order_tell_sent(app, &o, "a proposal is asked for; `funnelctl territories` shows it");
	}
	const struct fnl_order_answer answer = {
		.topic = FNL_TOPIC_DERIVED_TERRITORIES, .key = o.key, .is_it = is_proposal, .progress = progress};
	code = fnl_order_wait(app, &o, &answer);
	struct fnl_territories_question q = {.org = fnl_span_str(o.key)};
	return code ? code : fnl_show_territories(app, &q);
}

const struct fnl_command fnl_cmd_propose = {"propose", "ask for a proposal that makes the reps' volumes more alike",
                                            usage, run};
