/* funnelctl accept: a territory proposal becomes requests to the CRM. */
#include <stdio.h>

#include "funneld_records.h"
#include "order.h"
#include "view_record.h"

static const char usage[] =
	"funnelctl accept ORG PROPOSAL [--issued-by WHO] [--command-id ID] [--issued-at TIME]\n"
	"                              [--timeout SECONDS | --no-wait]\n"
	"  PROPOSAL           its id, as `funnelctl territories ORG` shows it\n"
	"Sends AcceptProposal on sales.commands and waits for ProposalAccepted. Then the CRM is asked to give\n"
	"each prospect that may still move to its new rep (funnel.reassignments); funneld itself moves none.\n"
	"Exit 6 when it is refused: it is unknown, outdated, accepted already, or not worth it.\n" FNL_ORDER_USAGE;

static bool is_accepted(const struct fnl_order *o, const struct fnl_decoded *d)
{
	return d->desc == &fnl_desc_proposal_accepted &&
	       fnl_span_eq(d->values[FNL_PROPOSAL_ACCEPTED_COMMAND_ID].str, fnl_span_str(o->command_id));
}

static int tell(const struct fnl_app *app, const struct fnl_order *o, const char *proposal)
{
	struct fnl_error why = {0};
	if (app->json) {
		json_t *all = json_pack("{s:s, s:s, s:s, s:s}", "command_id", o->command_id, "org_id", o->key, "proposal_id",
		                        proposal, "state", fnl_symbols_proposal_state[FNL_PROPOSAL_STATE_ACCEPTED]);
		return fnl_view_json_write(all, stdout, &why) ? fnl_app_fail(app, FNL_EXIT_INTERNAL, &why) : FNL_EXIT_OK;
	}
	printf("proposal %s of %s was accepted\n", proposal, o->key);
	fprintf(stderr, "%s has what the CRM is asked to move\n", fnl_app_topic(app, FNL_TOPIC_REASSIGNMENTS));
	return FNL_EXIT_OK;
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct fnl_order o = {.command = &fnl_cmd_accept};
	struct fnl_import_event event = {.binding = NULL};
	const char *words[2] = {NULL, NULL};
	int code = fnl_order_arguments(&o, argc, argv, words, 2, NULL, NULL);
	if (code == 0 && (!words[1] || !fnl_is_id(words[0]) || !fnl_is_id(words[1]))) {
		code = fnl_usage_error(&fnl_cmd_accept, "the ids of the organisation and the proposal are needed: accept ORG "
		                                        "PROPOSAL");
	}
	code = code ? code : fnl_order_ready(app, &o);
	if (code) {
		return code;
	}
	o.key = words[0];
	event.values[FNL_ACCEPT_PROPOSAL_ORG_ID] = fnl_publish_text(words[0]);
	event.values[FNL_ACCEPT_PROPOSAL_PROPOSAL_ID] = fnl_publish_text(words[1]);
	code = fnl_order_send(app, &o, "accept_proposal", &fnl_desc_accept_proposal, &event);
	if (code || o.no_wait) {
		return code ? code : fnl_order_tell_sent(app, &o, "the proposal is to be accepted");
	}
	const struct fnl_order_answer answer = {.topic = FNL_TOPIC_DERIVED_TERRITORIES, .key = o.key, .is_it = is_accepted};
	code = fnl_order_wait(app, &o, &answer);
	return code ? code : tell(app, &o, words[1]);
}

const struct fnl_command fnl_cmd_accept = {"accept", "accept a territory proposal", usage, run};
