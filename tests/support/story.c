#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void set_or_clear(struct fnl_story *t, int field, const char *arg)
{
	if (strcmp(arg, "-") == 0) {
		t->s.row[field] = (struct fnl_value){0};
	} else {
		fnl_supervised_set(&t->s, field, fnl_moment(arg) / 86400000);
	}
}

static void close_date(struct fnl_story *t, const char *arg, bool counts)
{
	struct fnl_value before = t->s.row[FNL_PROSPECT_EXPECTED_CLOSE_DATE];
	set_or_clear(t, FNL_PROSPECT_EXPECTED_CLOSE_DATE, arg);
	fnl_supervision_close_date(t->s.row, before, t->at_ms, counts, &t->s.rules);
	t->cause = counts ? t->cause : FNL_SUPERVISION_QUIET;
}

static int layer_named(const char *name)
{
	for (int i = 0; i < FNL_LAYER_COUNT; i++) {
		if (strcmp(fnl_symbols_layer[i], name) == 0) {
			return i;
		}
	}
	fail_msg("no layer: %s", name);
	return -1;
}

static bool set_moment(struct fnl_story *t, const char *verb)
{
	static const struct {
		const char *verb;
		int field;
	} moments[] = {
		{"contact", FNL_PROSPECT_LAST_CONTACT_AT}, {"edit", FNL_PROSPECT_EDITED_AT},
		{"created", FNL_PROSPECT_CREATED_AT},      {"crm-edit", FNL_PROSPECT_LAST_EDIT_AT},
		{"owner", FNL_PROSPECT_OWNER_SINCE},       {"reopened", FNL_PROSPECT_REOPENED_AT},
	};
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		if (strcmp(moments[i].verb, verb) == 0) {
			fnl_supervised_set(&t->s, moments[i].field, t->at_ms);
			return true;
		}
	}
	return false;
}

static void feed(struct fnl_story *t, const char *arg)
{
	t->s.feed =
		(struct fnl_feed_state){.carries_contacts = strcmp(arg, "mute") != 0, .silent = strcmp(arg, "silent") == 0};
}

static void happen(struct fnl_story *t, const char *verb, char *arg)
{
	if (strcmp(verb, "quiet") == 0) {
		t->cause = FNL_SUPERVISION_QUIET;
	} else if (set_moment(t, verb)) {
		t->cause = strcmp(verb, "owner") == 0 ? FNL_SUPERVISION_NEW_OWNER : FNL_SUPERVISION_CHANGE;
	} else if (strcmp(verb, "enter") == 0) {
		fnl_supervised_layer(&t->s, layer_named(arg), t->at_ms);
	} else if (strcmp(verb, "meeting") == 0) {
		set_or_clear(t, FNL_PROSPECT_NEXT_MEETING_ON, arg);
	} else if (strcmp(verb, "close") == 0 || strcmp(verb, "bulk") == 0) {
		close_date(t, arg, strcmp(verb, "close") == 0);
	} else if (strcmp(verb, "amount") == 0) {
		t->s.row[FNL_PROSPECT_AMOUNT] = (struct fnl_value){.set = strcmp(arg, "yes") == 0, .money = {100000, "EUR"}};
	} else if (strcmp(verb, "stage") == 0) {
		struct fnl_span name = fnl_arena_dup(&t->s.arena, fnl_span_str(arg));
		t->s.row[FNL_PROSPECT_STAGE] = (struct fnl_value){.set = true, .str = name};
	} else if (strcmp(verb, "feed") == 0) {
		feed(t, arg);
	} else if (strcmp(verb, "look") != 0) {
		fail_msg("%s: what is %s?", t->line, verb);
	}
}

static void compare(const struct fnl_story *t, const char *expected, bool detail)
{
	char stalls[FNL_SUPERVISED_TEXT_MAX];
	char text[FNL_SUPERVISED_TEXT_MAX + 64];
	char next[32] = "never";
	fnl_stalls_text(t->s.row[FNL_PROSPECT_STALLS].list, detail, stalls);
	if (t->s.deadline_ms != FNL_NO_SUPERVISION) {
		(void)fnl_moment_text(t->s.deadline_ms, next);
	}
	(void)snprintf(text, sizeof(text), detail ? "%s" : "%s | %s", stalls, next);
	if (strcmp(text, expected) != 0) {
		fail_msg("\n  %s\n  has  %s", t->line, text);
	}
}

void fnl_story_line(struct fnl_story *t, const char *line)
{
	char verb[16] = "";
	char arg[32] = "";
	const char *short_form = strstr(line, " => ");
	const char *detail = strstr(line, " DETAIL ");
	t->line = line;
	t->at_ms = fnl_moment(line);
	t->cause = FNL_SUPERVISION_CHANGE;
	if (sscanf(line + strlen("2024-06-12 12:00"), " %15s %31s", verb, arg) < 1) {
		fail_msg("not a line: %s", line);
	}
	happen(t, verb, arg);
	fnl_supervised_look(&t->s, t->cause, t->at_ms);
	if (short_form) {
		compare(t, short_form + 4, false);
	} else if (detail) {
		compare(t, detail + 8, true);
	}
}

void fnl_story_end(struct fnl_story *t, const char *const *lines)
{
	for (; *lines; lines++) {
		fnl_story_line(t, *lines);
	}
	fnl_supervised_end(&t->s);
}

struct fnl_story fnl_story_begin(void)
{
	struct fnl_story t = {0};
	fnl_supervised_start(&t.s);
	return t;
}
