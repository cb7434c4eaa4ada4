/* funnelctl answer: an answer to a question of an inspection sheet. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "funneld_records.h"
#include "publish.h"
#include "view_record.h"

#define DAY_MS INT64_C(86400000)

static const char usage[] =
	"funnelctl answer PROSPECT --sheet SHEET --question QUESTION --cause CAUSE [--confirmed]\n"
	"                            [--by WHO] [--rep REP] [--next-step CODE] [--next-step-on DATE]\n"
	"                            [--competitor ID] [--at TIME] [--answer-id ID]\n"
	"  PROSPECT             the prospect that sits still\n"
	"  --sheet SHEET        the sheet that asked, such as 'R-17#3' (the shell wants the quotes)\n"
	"  --question QUESTION  the question's number on it\n"
	"  --cause CAUSE        buyer-undecided, rep-out-of-contact, buyer-dilemma, taken-by-competitor, no-consensus,\n"
	"                       funds-not-in-place, approval-withheld, other\n"
	"  --confirmed          the cause is certain; else it stays suspected\n"
	"  --by WHO             id of who answers; funnelctl unless given\n"
	"  --rep REP            whose sheet it is; what stands before the '#' unless given\n"
	"  --next-step CODE     what is agreed on, a code; --next-step-on DATE: and on which day\n"
	"  --competitor ID      who has taken the buyer\n"
	"  --at TIME            when it was said; now unless given, needed with clock = event\n"
	"  --answer-id ID       the same id twice is one answer; a random one unless given\n"
	"Sends InspectionAnswered on sales.prospect-changes, as a CRM would. What became of it is on funnel.inspections:\n"
	"`funnelctl inspect REP`.\n";

struct answer {
	const char *prospect;
	const char *sheet;
	const char *question;
	const char *by;
	const char *rep;
	const char *next_step;
	const char *competitor;
	const char *answer_id;
	int64_t cause; /* -1: not given */
	int64_t at_ms;
	int64_t next_step_on_ms;
	bool confirmed;
	bool has_at;
	bool has_next_step_on;
	char made_id[FNL_MADE_ID_BYTES];
	char rep_of_sheet[FNL_ID_BYTES_MAX + 1];
};

/* "no-consensus" or "NO_CONSENSUS"; -1: none of them. */
static int64_t cause_of(const char *text)
{
	for (int64_t i = 0; i < FNL_CAUSE_COUNT; i++) {
		const char *symbol = fnl_symbols_cause[i];
		size_t at = 0;
		while (symbol[at] && (text[at] == '-' ? '_' : toupper((unsigned char)text[at])) == symbol[at]) {
			at++;
		}
		if (symbol[at] == '\0' && text[at] == '\0') {
			return i;
		}
	}
	return -1;
}

static const char **text_option(struct answer *a, const char *name)
{
	struct {
		const char *name;
		const char **to;
	} options[] = {
		{"--sheet", &a->sheet},
		{"--question", &a->question},
		{"--by", &a->by},
		{"--rep", &a->rep},
		{"--next-step", &a->next_step},
		{"--competitor", &a->competitor},
		{"--answer-id", &a->answer_id},
	};
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(options[i].name, name) == 0) {
			return options[i].to;
		}
	}
	return NULL;
}

/* An option that has a value. 0, or the usage error. */
static int read_option(struct answer *a, const char *name, const char *value)
{
	const char **text = text_option(a, name);
	if (text) {
		*text = value;
		return 0;
	}
	if (strcmp(name, "--cause") == 0) {
		a->cause = cause_of(value);
		return a->cause >= 0 ? 0 : fnl_usage_error(&fnl_cmd_answer, "--cause %.40s: that is none of the causes", value);
	}
	if (strcmp(name, "--at") == 0) {
		a->has_at = fnl_time_parse(value, &a->at_ms);
		return a->has_at
		           ? 0
		           : fnl_usage_error(&fnl_cmd_answer, "--at wants a time such as 2026-12-31 or 2026-12-31T08:00:00Z");
	}
	if (strcmp(name, "--next-step-on") == 0) {
		a->has_next_step_on = strlen(value) == 10 && fnl_time_parse(value, &a->next_step_on_ms);
		return a->has_next_step_on ? 0
		                           : fnl_usage_error(&fnl_cmd_answer, "--next-step-on wants a day such as 2026-12-31");
	}
	return fnl_usage_error(&fnl_cmd_answer, "\"%s\" is not understood here", name);
}

static int read_arguments(int argc, char **argv, struct answer *a)
{
	for (int i = 1; i < argc; i++) {
		int code = 0;
		if (strcmp(argv[i], "--confirmed") == 0) {
			a->confirmed = true;
		} else if (strncmp(argv[i], "--", 2) != 0 && !a->prospect) {
			a->prospect = argv[i];
		} else if (strncmp(argv[i], "--", 2) != 0 || i + 1 == argc) {
			code = fnl_usage_error(&fnl_cmd_answer, "\"%s\" is not understood here, or lacks its value", argv[i]);
		} else {
			code = read_option(a, argv[i], argv[i + 1]);
			i++;
		}
		if (code) {
			return code;
		}
	}
	return 0;
}

static int check_ids(const struct answer *a)
{
	const struct {
		const char *name;
		const char *value;
	} ids[] = {
		{"PROSPECT", a->prospect},       {"--sheet", a->sheet},
		{"--question", a->question},     {"--by", a->by},
		{"--competitor", a->competitor}, {"--rep", a->rep},
		{"--answer-id", a->answer_id},   {"--next-step", a->next_step},
	};
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (ids[i].value && !fnl_is_id(ids[i].value)) {
			return fnl_usage_error(&fnl_cmd_answer, "%s: an id has 1 to %d bytes, no control character and no '|'",
			                       ids[i].name, FNL_ID_BYTES_MAX);
		}
	}
	return 0;
}

static int check(const struct fnl_app *app, struct answer *a)
{
	bool event_clock = fnl_settings_int(app->settings, "clock") == FNL_CLOCK_EVENT;
	if (!a->prospect || !a->sheet || !a->question || a->cause < 0) {
		return fnl_usage_error(&fnl_cmd_answer, "a prospect, --sheet, --question and --cause are needed");
	}
	int code = check_ids(a);
	if (code) {
		return code;
	}
	if (!a->rep) {
		const char *hash = strrchr(a->sheet, '#');
		if (!hash || hash == a->sheet) {
			return fnl_usage_error(&fnl_cmd_answer,
			                       "--sheet %s: before its '#' should be a rep's id; else --rep says whose it is",
			                       a->sheet);
		}
		memcpy(a->rep_of_sheet, a->sheet, (size_t)(hash - a->sheet));
		a->rep = a->rep_of_sheet;
	}
	if (event_clock && !a->has_at) {
		return fnl_usage_error(&fnl_cmd_answer, "with clock = event, --at says when it was answered");
	}
	if (!a->has_at) {
		a->at_ms = app->clock->wall_ms(app->clock->context);
	}
	return 0;
}

static void fill(const struct answer *a, struct fnl_import_event *e)
{
	struct fnl_value *v = e->values;
	v[FNL_INSPECTION_ANSWERED_SOURCE] = fnl_publish_text(fnl_publish_source);
	v[FNL_INSPECTION_ANSWERED_OCCURRED_AT] = fnl_publish_number(a->at_ms);
	v[FNL_INSPECTION_ANSWERED_ANSWER_ID] = fnl_publish_text(a->answer_id);
	v[FNL_INSPECTION_ANSWERED_PROSPECT_ID] = fnl_publish_text(a->prospect);
	v[FNL_INSPECTION_ANSWERED_SHEET_ID] = fnl_publish_text(a->sheet);
	v[FNL_INSPECTION_ANSWERED_QUESTION_ID] = fnl_publish_text(a->question);
	v[FNL_INSPECTION_ANSWERED_SHEET_REP_ID] = fnl_publish_text(a->rep);
	v[FNL_INSPECTION_ANSWERED_BY] = fnl_publish_text(a->by);
	v[FNL_INSPECTION_ANSWERED_CAUSE] = fnl_publish_number(a->cause);
	v[FNL_INSPECTION_ANSWERED_CONFIRMED] = fnl_publish_number(a->confirmed);
	v[FNL_INSPECTION_ANSWERED_NEXT_STEP_CODE] = fnl_publish_text(a->next_step);
	if (a->has_next_step_on) {
		v[FNL_INSPECTION_ANSWERED_NEXT_STEP_ON] = fnl_publish_number(a->next_step_on_ms / DAY_MS);
	}
	v[FNL_INSPECTION_ANSWERED_COMPETITOR_ID] = fnl_publish_text(a->competitor);
	e->key = fnl_span_str(a->prospect);
	e->identity = fnl_span_str(a->answer_id);
	e->occurred_at_ms = a->at_ms;
}

static int tell(const struct fnl_app *app, const struct answer *a)
{
	struct fnl_error why = {0};
	char at[FNL_TEXT_BYTES];
	fnl_text_rfc3339(a->at_ms, at);
	if (app->json) {
		json_t *all = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s}", "answer_id", a->answer_id, "prospect_id",
		                        a->prospect, "sheet_id", a->sheet, "question_id", a->question, "sheet_rep_id", a->rep,
		                        "cause", fnl_symbols_cause[a->cause], "confirmed", a->confirmed, "occurred_at", at);
		return fnl_view_json_write(all, stdout, &why) ? fnl_app_fail(app, FNL_EXIT_INTERNAL, &why) : FNL_EXIT_OK;
	}
	printf("answer %s: sheet %s, question %s, %s: %s%s\n", a->answer_id, a->sheet, a->question, a->prospect,
	       fnl_symbols_cause[a->cause], a->confirmed ? ", confirmed" : "");
	fprintf(stderr, "`funnelctl inspect %s --sheet '%s'` tells what became of it\n", a->rep, a->sheet);
	return FNL_EXIT_OK;
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct answer a = {.cause = -1, .by = fnl_publish_source};
	struct fnl_import_event event = {.binding = NULL};
	struct fnl_error why = {0};
	int rc = read_arguments(argc, argv, &a);
	rc = rc ? rc : check(app, &a);
	if (rc) {
		return rc;
	}
	if (!a.answer_id) {
		rc = fnl_made_id(a.made_id, &why);
		a.answer_id = a.made_id;
	}
	if (rc == 0) {
		fill(&a, &event);
		rc = fnl_publish_one(app, "inspection_answered", &event, &why);
	}
	return rc ? fnl_app_fail(app, fnl_exit_code(rc), &why) : tell(app, &a);
}

const struct fnl_command fnl_cmd_answer = {"answer", "answer a question of an inspection sheet", usage, run};
