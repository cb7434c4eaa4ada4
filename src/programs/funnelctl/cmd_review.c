/* funnelctl review: the manager's sign-off of a reconciliation. */
#include <stdio.h>
#include <string.h>

#include "desk.h"
#include "funneld_records.h"

static const char usage[] =
	"funnelctl review accept|refuse --rep LEAVER [--notice ID] [--by WHO] [--command-id ID] [--issued-at TIME]\n"
	"  accept            the funnel is as it should be, or what is not has been talked about\n"
	"  refuse            it is contested: the handover stays open until somebody accepts\n" FNL_DESK_USAGE
	"Sends ReconciliationReviewed on sales.commands. What was found is on funnel.reviews, for those who may read it.\n";

static int read_arguments(int argc, char **argv, struct fnl_desk *d, bool *ret_accepted)
{
	int code = 0;
	*ret_accepted = argc >= 2 && strcmp(argv[1], "accept") == 0;
	if (argc < 2 || (!*ret_accepted && strcmp(argv[1], "refuse") != 0)) {
		return fnl_usage_error(&fnl_cmd_review, "expected is accept or refuse");
	}
	for (int i = 2; i < argc && code == 0; i += 2) {
		code = i + 1 < argc ? fnl_desk_option(d, argv[i], argv[i + 1]) : 0;
		code = code == FNL_DESK_TAKEN ? 0
		       : code                 ? code
		              : fnl_usage_error(&fnl_cmd_review, "\"%s\" is not understood here, or lacks its value", argv[i]);
	}
	return code;
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct fnl_desk d = {.command = &fnl_cmd_review};
	struct fnl_import_event event = {.binding = NULL};
	bool accepted;
	char text[512];
	int code = read_arguments(argc, argv, &d, &accepted);
	code = code ? code : fnl_desk_ready(app, &d);
	if (code) {
		return code;
	}
	fnl_desk_fill(&d, &fnl_desc_reconciliation_reviewed, &event);
	event.values[FNL_RECONCILIATION_REVIEWED_ACCEPTED] = fnl_publish_number(accepted);
	snprintf(text, sizeof(text), "the reconciliation of %s, notice %s, is %s", d.rep, d.notice,
	         accepted ? "accepted" : "refused");
	return fnl_desk_send(app, &d, "reconciliation_reviewed", &event, text, json_pack("{s:b}", "accepted", accepted));
}

const struct fnl_command fnl_cmd_review = {"review", "the manager's sign-off of a reconciliation", usage, run};
