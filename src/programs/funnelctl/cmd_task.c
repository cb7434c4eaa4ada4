/* funnelctl task: a handover task was done, or the manager lets it go. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "desk.h"
#include "funneld_records.h"

static const char usage[] =
	"funnelctl task done TASK --rep LEAVER --channel CHANNEL --spoke REP,… --informed PERSON,… [--next-meeting DATE]\n"
	"                          [--at TIME] [--notice ID] [--by WHO] [--command-id ID] [--issued-at TIME]\n"
	"       funnelctl task waive TASK --rep LEAVER --by MANAGER [--reason CODE] [--notice ID] [--command-id ID]\n"
	"                          [--issued-at TIME]\n"
	"  TASK              as `funnelctl handover LEAVER` shows it: 'P-0598#1' (the shell wants the quotes)\n"
	"  --channel CHANNEL visit, phone, video, mail or other\n"
	"  --spoke REP,…     ids of the reps who spoke with the buyer\n"
	"  --informed …      ids of the persons at the buyer who were told\n"
	"  --next-meeting D  day of the next agreed meeting, such as 2026-12-31\n"
	"  --at TIME         when it was done; when it was issued unless given\n"
	"  --reason CODE     why it is let go: a code, no text\n" FNL_DESK_USAGE
	"Sends HandoverTaskDone or HandoverTaskWaived on sales.commands. A report that comes too early, or lacks what the\n"
	"task asks for, is answered by HandoverTaskRefused on funnel.handovers, and may be sent again.\n";

enum { LIST_MAX = 64 };

struct ids {
	struct fnl_value items[LIST_MAX];
	size_t count;
};

struct report {
	struct fnl_desk desk;
	bool done; /* else it is let go */
	const char *task;
	const char *reason;
	int64_t channel; /* -1: not given */
	struct ids spoke;
	struct ids informed;
	int64_t next_meeting_on;
	bool has_next_meeting;
	int64_t at_ms;
	bool has_at;
};

/* "a,b": more of them with each option. */
static int read_ids(struct report *r, const char *name, const char *value, struct ids *ids)
{
	while (*value) {
		size_t len = strcspn(value, ",");
		char id[FNL_ID_BYTES_MAX + 2] = "";
		if (len > 0 && len < sizeof(id)) {
			memcpy(id, value, len);
		}
		int code = fnl_desk_check_id(&r->desk, name, id);
		if (code) {
			return code;
		}
		if (ids->count == LIST_MAX) {
			return fnl_usage_error(&fnl_cmd_task, "%s: at most %d ids", name, LIST_MAX);
		}
		ids->items[ids->count++] = (struct fnl_value){.set = true, .str = fnl_span_of(value, len)};
		value += len + (value[len] == ',');
	}
	return 0;
}

static int read_channel(struct report *r, const char *value)
{
	for (int64_t i = 0; i < FNL_CHANNEL_COUNT; i++) {
		if (strcasecmp(fnl_symbols_channel[i], value) == 0) {
			r->channel = i;
			return 0;
		}
	}
	return fnl_usage_error(&fnl_cmd_task, "--channel %.40s: expected visit, phone, video, mail or other", value);
}

static int read_done_option(struct report *r, const char *name, const char *value)
{
	if (strcmp(name, "--channel") == 0) {
		return read_channel(r, value);
	}
	if (strcmp(name, "--spoke") == 0) {
		return read_ids(r, name, value, &r->spoke);
	}
	if (strcmp(name, "--informed") == 0) {
		return read_ids(r, name, value, &r->informed);
	}
	if (strcmp(name, "--next-meeting") == 0) {
		r->has_next_meeting = fnl_day_parse(value, &r->next_meeting_on);
		return r->has_next_meeting ? 0
		                           : fnl_usage_error(&fnl_cmd_task, "--next-meeting wants a day such as 2026-12-31");
	}
	if (strcmp(name, "--at") == 0) {
		r->has_at = fnl_time_parse(value, &r->at_ms);
		return r->has_at
		           ? 0
		           : fnl_usage_error(&fnl_cmd_task, "--at wants a time such as 2026-12-31 or 2026-12-31T08:00:00Z");
	}
	return fnl_usage_error(&fnl_cmd_task, "\"%s\" is not understood here", name);
}

static int read_option(struct report *r, const char *name, const char *value)
{
	int code = fnl_desk_option(&r->desk, name, value);
	if (code) {
		return code == FNL_DESK_TAKEN ? 0 : code;
	}
	if (r->done) {
		return read_done_option(r, name, value);
	}
	if (strcmp(name, "--reason") == 0) {
		r->reason = value;
		return fnl_desk_check_id(&r->desk, name, value);
	}
	return fnl_usage_error(&fnl_cmd_task, "\"%s\" is not understood here", name);
}

static int read_arguments(int argc, char **argv, struct report *r)
{
	int code = 0;
	r->done = argc >= 2 && strcmp(argv[1], "done") == 0;
	if (argc < 3 || (!r->done && strcmp(argv[1], "waive") != 0) || strncmp(argv[2], "--", 2) == 0) {
		return fnl_usage_error(&fnl_cmd_task, "expected is: task done TASK … or task waive TASK …");
	}
	r->task = argv[2];
	for (int i = 3; i < argc && code == 0; i += 2) {
		code = i + 1 < argc ? read_option(r, argv[i], argv[i + 1])
		                    : fnl_usage_error(&fnl_cmd_task, "\"%s\" lacks its value", argv[i]);
	}
	return code;
}

/* What a task's id is the worker knows; here only what would make the whole report unreadable. */
static int check(const struct report *r)
{
	if (strlen(r->task) > 140 || strchr(r->task, '|') || !strchr(r->task, '#')) {
		return fnl_usage_error(&fnl_cmd_task, "TASK: a prospect's id, '#' and a number, such as 'P-0598#1'");
	}
	if (!r->done) {
		return r->desk.by ? 0 : fnl_usage_error(&fnl_cmd_task, "--by says which manager lets it go");
	}
	if (r->channel < 0 || r->spoke.count == 0) {
		return fnl_usage_error(&fnl_cmd_task, "--channel says how it was done, --spoke who spoke with the buyer");
	}
	return 0;
}

static void fill_done(const struct report *r, struct fnl_import_event *e)
{
	struct fnl_value *v = e->values;
	v[FNL_HANDOVER_TASK_DONE_TASK_ID] = fnl_publish_text(r->task);
	v[FNL_HANDOVER_TASK_DONE_DONE_AT] = fnl_publish_number(r->has_at ? r->at_ms : r->desk.issued_at_ms);
	v[FNL_HANDOVER_TASK_DONE_CHANNEL] = fnl_publish_number(r->channel);
	v[FNL_HANDOVER_TASK_DONE_SPOKE_REP_IDS] = (struct fnl_value){.set = true, .list = {r->spoke.items, r->spoke.count}};
	v[FNL_HANDOVER_TASK_DONE_INFORMED_PERSON_IDS] =
		(struct fnl_value){.set = true, .list = {r->informed.items, r->informed.count}};
	if (r->has_next_meeting) {
		v[FNL_HANDOVER_TASK_DONE_NEXT_MEETING_ON] = fnl_publish_number(r->next_meeting_on);
	}
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct report r = {.desk = {.command = &fnl_cmd_task}, .channel = -1};
	struct fnl_import_event event = {.binding = NULL};
	char text[512];
	int code = read_arguments(argc, argv, &r);
	code = code ? code : check(&r);
	code = code ? code : fnl_desk_ready(app, &r.desk);
	if (code) {
		return code;
	}
	if (r.done) {
		fnl_desk_fill(&r.desk, &fnl_desc_handover_task_done, &event);
		fill_done(&r, &event);
	} else {
		fnl_desk_fill(&r.desk, &fnl_desc_handover_task_waived, &event);
		event.values[FNL_HANDOVER_TASK_WAIVED_TASK_ID] = fnl_publish_text(r.task);
		event.values[FNL_HANDOVER_TASK_WAIVED_REASON_CODE] = fnl_publish_text(r.reason);
	}
	snprintf(text, sizeof(text), "task %s of %s, notice %s, is %s", r.task, r.desk.rep, r.desk.notice,
	         r.done ? "reported as done" : "let go");
	return fnl_desk_send(app, &r.desk, r.done ? "handover_task_done" : "handover_task_waived", &event, text,
	                     json_pack("{s:s, s:b}", "task_id", r.task, "done", r.done));
}

const struct fnl_command fnl_cmd_task = {"task", "a handover task was done, or the manager lets it go", usage, run};
