/* funnelctl successor: who takes over from a rep who leaves. */
#include <stdio.h>
#include <string.h>

#include "desk.h"
#include "funneld_records.h"

static const char usage[] =
	"funnelctl successor name REP --rep LEAVER [--prospect P] [--notice ID] [--by WHO] [--command-id ID]\n"
	"                             [--issued-at TIME]\n"
	"  REP               who takes over all prospects that have nobody of their own\n"
	"  --prospect P      only this one\n" FNL_DESK_USAGE
	"Sends SuccessorNamed on sales.commands. He is checked before he gets a task: active, of the same region and\n"
	"industry, with room for the prospects; else SuccessorRefused says why on funnel.handovers.\n";

struct naming {
	struct fnl_desk desk;
	const char *successor;
	const char *prospect;
};

static int read_arguments(int argc, char **argv, struct naming *n)
{
	if (argc < 3 || strcmp(argv[1], "name") != 0 || strncmp(argv[2], "--", 2) == 0) {
		return fnl_usage_error(&fnl_cmd_successor, "expected is: successor name REP --rep LEAVER");
	}
	n->successor = argv[2];
	int code = fnl_desk_check_id(&n->desk, "REP", n->successor);
	for (int i = 3; i < argc && code == 0; i += 2) {
		code = i + 1 < argc ? fnl_desk_option(&n->desk, argv[i], argv[i + 1]) : 0;
		if (code == 0 && i + 1 < argc && strcmp(argv[i], "--prospect") == 0) {
			n->prospect = argv[i + 1];
			code = fnl_desk_check_id(&n->desk, argv[i], n->prospect);
		} else if (code == 0) {
			code = fnl_usage_error(&fnl_cmd_successor, "\"%s\" is not understood here, or lacks its value", argv[i]);
		}
		code = code == FNL_DESK_TAKEN ? 0 : code;
	}
	return code;
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct naming n = {.desk = {.command = &fnl_cmd_successor}};
	struct fnl_import_event event = {.binding = NULL};
	char text[1024];
	int code = read_arguments(argc, argv, &n);
	code = code ? code : fnl_desk_ready(app, &n.desk);
	if (code) {
		return code;
	}
	fnl_desk_fill(&n.desk, &fnl_desc_successor_named, &event);
	event.values[FNL_SUCCESSOR_NAMED_SUCCESSOR_ID] = fnl_publish_text(n.successor);
	event.values[FNL_SUCCESSOR_NAMED_PROSPECT_ID] = fnl_publish_text(n.prospect);
	snprintf(text, sizeof(text), "%s takes over %s%s of %s, notice %s", n.successor, n.prospect ? "prospect " : "all",
	         n.prospect ? n.prospect : "", n.desk.rep, n.desk.notice);
	return fnl_desk_send(app, &n.desk, "successor_named", &event, text,
	                     json_pack("{s:s, s:s?}", "successor_id", n.successor, "prospect_id", n.prospect));
}

const struct fnl_command fnl_cmd_successor = {"successor", "who takes over from a rep who leaves", usage, run};
