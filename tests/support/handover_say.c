/* The lines of the handovers' world: what each verb does. */
#include "handover_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "supervised.h"

#define DAY_MS INT64_C(86400000)

/* ---- lines ---- */

static struct fnl_value number(int64_t n)
{
	return (struct fnl_value){.set = true, .i64 = n};
}

static void set_fields(struct fnl_hands *w, const struct fnl_record_desc *desc, struct fnl_value *v, char *const *words)
{
	for (; *words; words++) {
		char name[64];
		const char *is = strchr(*words, '=');
		assert_non_null(is);
		(void)snprintf(name, sizeof(name), "%.*s", (int)(is - *words), *words);
		fnl_hands_set(w, desc, v, name, is + 1);
	}
}

static void say_rep(struct fnl_hands *w, char *const *words)
{
	static const int none[] = {FNL_REP_VERSION, FNL_REP_ACTIVE, FNL_REP_LINE_COUNT, FNL_REP_WATCHED_COUNT};
	static const int lists[] = {FNL_REP_REGIONS, FNL_REP_INDUSTRIES, FNL_REP_TOTALS, FNL_REP_RUNNING,
	                            FNL_REP_QUOTA_YEARS};
	struct fnl_value v[FNL_REP_FIELD_COUNT] = {0};
	char book[32];
	for (size_t i = 0; i < FNL_REP_FIELD_COUNT; i++) {
		v[i] = fnl_desc_rep.fields[i].nullable ? v[i] : number(0);
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		v[lists[i]] = (struct fnl_value){.set = true};
	}
	v[none[0]] = number(1);
	(void)snprintf(book, sizeof(book), "rep:%s", words[0]);
	fnl_hands_set(w, &fnl_desc_rep, v, "book", book);
	fnl_hands_set(w, &fnl_desc_rep, v, "rep_id", words[0]);
	fnl_hands_set(w, &fnl_desc_rep, v, "active", "true");
	fnl_hands_set(w, &fnl_desc_rep, v, "org_id", words[1]);
	set_fields(w, &fnl_desc_rep, v, words + 2);
	fnl_hands_put(w, FNL_HANDS_REP, words[0], "", v);
}

/* "silent" is a field of the story's own: the stall. */
static void set_silent(struct fnl_hands *w, struct fnl_value *line, bool silent)
{
	struct fnl_value *stall = fnl_arena_calloc(&w->arena, FNL_STALL_FIELD_COUNT + 1, sizeof(*stall));
	assert_non_null(stall);
	stall[FNL_STALL_KIND] = number(FNL_STALL_KIND_SILENT);
	stall[FNL_STALL_CONDITION] = number(FNL_STALL_CONDITION_NO_CONTACT);
	stall[FNL_STALL_SINCE] = number(w->now_ms);
	stall[FNL_STALL_OVER_AT] = number(w->now_ms);
	stall[FNL_STALL_LEVEL] = number(FNL_ALERT_LEVEL_REP);
	stall[FNL_STALL_FIELD_COUNT] = (struct fnl_value){.set = true, .list = {stall, FNL_STALL_FIELD_COUNT}};
	line[FNL_LINE_STALLS] = (struct fnl_value){.set = true, .list = {stall + FNL_STALL_FIELD_COUNT, silent ? 1U : 0U}};
}

static void line_begin(struct fnl_hands *w, struct fnl_value *v, const char *rep, const char *prospect)
{
	char book[32];
	(void)snprintf(book, sizeof(book), "rep:%s", rep);
	for (size_t i = 0; i < FNL_LINE_FIELD_COUNT; i++) {
		const struct fnl_field_desc *f = &fnl_desc_line.fields[i];
		v[i] = f->nullable ? (struct fnl_value){0} : number(0);
		if (f->kind == FNL_KIND_LIST) {
			v[i] = (struct fnl_value){.set = true};
		}
	}
	fnl_hands_set(w, &fnl_desc_line, v, "book", book);
	fnl_hands_set(w, &fnl_desc_line, v, "prospect_id", prospect);
	fnl_hands_set(w, &fnl_desc_line, v, "owner_rep_id", rep);
	fnl_hands_set(w, &fnl_desc_line, v, "contact_ids", "k1,k2");
	fnl_hands_set(w, &fnl_desc_line, v, "amount", "1000EUR");
}

static void say_line(struct fnl_hands *w, char **words)
{
	const char *rep = words[0];
	const char *prospect = words[1];
	struct fnl_hands_call call = {.in = fnl_hands_in(w, rep, prospect), .desc = &fnl_desc_book_line};
	struct fnl_handover_in *in = &call.in;
	struct fnl_value v[FNL_LINE_FIELD_COUNT];
	struct fnl_value event[FNL_BOOK_LINE_FIELD_COUNT] = {0};
	in->line_before = in->line;
	if (in->line) {
		memcpy(v, in->line, sizeof(v));
	} else {
		line_begin(w, v, rep, prospect);
	}
	fnl_hands_set(w, &fnl_desc_line, v, "layer", words[2]);
	for (words += 3; *words && strncmp(*words, "silent=", 7) == 0; words++) {
		set_silent(w, v, strcmp(*words, "silent=true") == 0);
	}
	set_fields(w, &fnl_desc_line, v, words);
	if (v[FNL_LINE_LAYER].i64 >= FNL_LAYER_TOP && v[FNL_LINE_LAYER].i64 <= FNL_LAYER_BOTTOM) {
		v[FNL_LINE_KNOWN_LAYER] = v[FNL_LINE_LAYER];
	}
	v[FNL_LINE_SEQUENCE] = number(++w->sequence);
	v[FNL_LINE_EFFECTIVE_AT] = number(w->now_ms);
	int64_t state = v[FNL_LINE_STATE].i64;
	bool goes = state == FNL_LINE_STATE_GONE || state == FNL_LINE_STATE_ERASED;
	fnl_hands_set(w, &fnl_desc_book_line, event, "source", "crm");
	event[FNL_BOOK_LINE_OCCURRED_AT] = number(w->now_ms);
	event[FNL_BOOK_LINE_BOOK] = v[FNL_LINE_BOOK];
	event[FNL_BOOK_LINE_PROSPECT_ID] = v[FNL_LINE_PROSPECT_ID];
	event[FNL_BOOK_LINE_SEQUENCE] = v[FNL_LINE_SEQUENCE];
	memcpy(event + FNL_BOOK_LINE_STATE, v + FNL_LINE_STATE, FNL_BOOK_VALUE_COUNT * sizeof(*v));
	in->line = goes ? NULL : v;
	call.values = event;
	int rc = fnl_hands_call(w, &call);
	if (goes) {
		fnl_hands_delete(w, FNL_HANDS_LINE, rep, prospect);
	} else {
		fnl_hands_put(w, FNL_HANDS_LINE, rep, prospect, v);
	}
	fnl_hands_take(w, rep, prospect, rc, &call.out);
}

/* ---- HR, people ---- */

struct verb {
	const char *name;
	const struct fnl_record_desc *desc;
	const char *fields[5]; /* of the words, in order */
};

static const struct verb verbs[] = {
	{"resign", &fnl_desc_rep_resigned, {"rep_id", "notice_id", "version"}},
	{"withdraw", &fnl_desc_resignation_withdrawn, {"rep_id", "notice_id", "version"}},
	{"left", &fnl_desc_rep_left, {"rep_id", "version", "left_on"}},
	{"forget", &fnl_desc_rep_erased, {"rep_id", "version"}},
	{"done", &fnl_desc_handover_task_done, {"leaving_rep_id", "notice_id", "task_id"}},
	{"waive", &fnl_desc_handover_task_waived, {"leaving_rep_id", "notice_id", "task_id", "by"}},
	{"name", &fnl_desc_successor_named, {"leaving_rep_id", "notice_id", "successor_id"}},
	{"review", &fnl_desc_reconciliation_reviewed, {"leaving_rep_id", "notice_id", "accepted"}},
};

/* Fields that nobody wants to say each time. */
static void set_defaults(struct fnl_hands *w, const struct fnl_record_desc *desc, struct fnl_value *v)
{
	char command[32];
	for (size_t i = 0; i < desc->field_count; i++) {
		const struct fnl_field_desc *f = &desc->fields[i];
		if (f->kind == FNL_KIND_TIMESTAMP && !f->nullable) {
			v[i] = number(w->now_ms);
		} else if (f->kind == FNL_KIND_LIST) {
			v[i] = (struct fnl_value){.set = true};
		} else if (f->kind == FNL_KIND_ENUM && !f->nullable) {
			v[i] = number(0);
		} else if (strcmp(f->name, "issued_by") == 0 || strcmp(f->name, "by") == 0) {
			fnl_hands_set(w, desc, v, f->name, "mia");
		} else if (strcmp(f->name, "command_id") == 0) {
			(void)snprintf(command, sizeof(command), "c%lld", (long long)++w->commands);
			fnl_hands_set(w, desc, v, f->name, command);
		}
	}
	fnl_hands_set(w, desc, v, "source", "s");
}

/* A digest in place of an id, as the router does it. */
static void hide_employer(struct fnl_hands *w, struct fnl_value *v)
{
	char digest[FNL_EMPLOYER_DIGEST_BYTES + 1];
	if (v[FNL_REP_RESIGNED_NEW_EMPLOYER_ID].set) {
		fnl_employer_digest(v[FNL_REP_RESIGNED_NOTICE_ID].str, v[FNL_REP_RESIGNED_NEW_EMPLOYER_ID].str, digest);
		fnl_hands_set(w, &fnl_desc_rep_resigned, v, "new_employer_id", digest);
	}
}

static void send(struct fnl_hands *w, const char *rep, const struct fnl_record_desc *desc, const struct fnl_value *v)
{
	bool of_hr = fnl_record_field_index(desc, FNL_SPAN_LIT("rep_id")) >= 0;
	struct fnl_span id = of_hr ? FNL_SPAN_NONE : fnl_handover_prospect_of(desc, v);
	const char *prospect = fnl_span_is_none(id) ? NULL : fnl_hands_text(w, id);
	struct fnl_hands_call call = {.in = fnl_hands_in(w, rep, prospect), .desc = desc, .values = v};
	int rc = fnl_hands_call(w, &call);
	if (call.out.stale && w->golden && !w->quiet) {
		fnl_golden_add(w->golden, "    %-4s stale\n", rep);
	}
	fnl_hands_take(w, rep, prospect, rc, &call.out);
}

static bool say_verb(struct fnl_hands *w, char **words)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const struct verb *verb = &verbs[i];
		struct fnl_value v[FNL_RECORD_FIELDS_MAX] = {0};
		size_t n = 0;
		if (strcmp(words[0], verb->name) != 0) {
			continue;
		}
		set_defaults(w, verb->desc, v);
		for (; verb->fields[n]; n++) {
			assert_non_null(words[n + 1]);
			fnl_hands_set(w, verb->desc, v, verb->fields[n], words[n + 1]);
		}
		set_fields(w, verb->desc, v, words + n + 1);
		if (verb->desc == &fnl_desc_rep_resigned) {
			hide_employer(w, v);
		}
		send(w, words[1], verb->desc, v);
		return true;
	}
	return false;
}

/* Everybody has spoken, on a visit, with all contacts; the next meeting is tomorrow. */
static void say_right(struct fnl_hands *w, char **words)
{
	struct fnl_value v[FNL_HANDOVER_TASK_DONE_FIELD_COUNT] = {0};
	const struct fnl_value *task = fnl_hands_row(w, FNL_HANDS_TASK, words[0], words[1]);
	const struct fnl_value *rep = fnl_hands_row(w, FNL_HANDS_REP, words[0], "");
	char id[64];
	char spoke[96];
	if (!task) {
		return;
	}
	bool named = task[FNL_TASK_SUCCESSOR_ID].set;
	set_defaults(w, &fnl_desc_handover_task_done, v);
	(void)snprintf(id, sizeof(id), "%s#%lld", words[1], (long long)task[FNL_TASK_NUMBER].i64);
	(void)snprintf(spoke, sizeof(spoke), "%s,%s,%s", words[0],
	               named ? fnl_hands_text(w, task[FNL_TASK_SUCCESSOR_ID].str) : "nobody",
	               rep && rep[FNL_REP_MANAGER_ID].set ? fnl_hands_text(w, rep[FNL_REP_MANAGER_ID].str) : "nobody");
	fnl_hands_set(w, &fnl_desc_handover_task_done, v, "leaving_rep_id", words[0]);
	v[FNL_HANDOVER_TASK_DONE_NOTICE_ID] = task[FNL_TASK_NOTICE_ID];
	fnl_hands_set(w, &fnl_desc_handover_task_done, v, "task_id", id);
	fnl_hands_set(w, &fnl_desc_handover_task_done, v, "channel", "VISIT");
	fnl_hands_set(w, &fnl_desc_handover_task_done, v, "spoke_rep_ids", spoke);
	v[FNL_HANDOVER_TASK_DONE_INFORMED_PERSON_IDS] = task[FNL_TASK_CONTACT_IDS];
	v[FNL_HANDOVER_TASK_DONE_NEXT_MEETING_ON] = number(w->now_ms / DAY_MS + 1);
	set_fields(w, &fnl_desc_handover_task_done, v, words + 2);
	send(w, words[0], &fnl_desc_handover_task_done, v);
}

/* ---- the organisation ---- */

static int refusal_named(const char *name)
{
	for (int i = 0; i < FNL_SUCCESSOR_REFUSAL_COUNT; i++) {
		if (strcmp(fnl_symbols_successor_refusal[i], name) == 0) {
			return i;
		}
	}
	fail_msg("no refusal: %s", name);
	return 0;
}

static void say_org(struct fnl_hands *w, char *const *words)
{
	size_t at = 0;
	while (at < w->refusal_count && strcmp(w->refusals[at].rep, words[0]) != 0) {
		at++;
	}
	assert_true(at < FNL_HANDS_REFUSALS_MAX);
	w->refusal_count += at == w->refusal_count;
	(void)snprintf(w->refusals[at].rep, sizeof(w->refusals[at].rep), "%s", words[0]);
	w->refusals[at].refusal = refusal_named(words[1]);
}

static void say_unfit(struct fnl_hands *w, char *const *words)
{
	struct fnl_value asked[FNL_SUCCESSOR_ASKED_FIELD_COUNT] = {0};
	char book[32];
	(void)snprintf(book, sizeof(book), "rep:%s", words[0]);
	fnl_hands_set(w, &fnl_desc_successor_asked, asked, "source", "org");
	fnl_hands_set(w, &fnl_desc_successor_asked, asked, "request_id", "again");
	fnl_hands_set(w, &fnl_desc_successor_asked, asked, "book", book);
	fnl_hands_set(w, &fnl_desc_successor_asked, asked, "notice_id", words[1]);
	fnl_hands_set(w, &fnl_desc_successor_asked, asked, "successor_id", words[2]);
	fnl_hands_candidates(w, words[0], asked, refusal_named(words[3]));
}

bool fnl_hands_verb(struct fnl_hands *w, char **words)
{
	const char *verb = words[0];
	if (say_verb(w, words)) {
		return true;
	}
	if (strcmp(verb, "rep") == 0) {
		say_rep(w, words + 1);
	} else if (strcmp(verb, "line") == 0) {
		say_line(w, words + 1);
	} else if (strcmp(verb, "right") == 0) {
		say_right(w, words + 1);
	} else if (strcmp(verb, "org") == 0) {
		say_org(w, words + 1);
	} else if (strcmp(verb, "unfit") == 0) {
		say_unfit(w, words + 1);
	} else if (strcmp(verb, "usual") == 0) {
		w->base_prospects = strtoll(words[1], NULL, 10);
		w->base_lost = strtoll(words[2], NULL, 10);
	} else if (strcmp(verb, "hold") == 0 || strcmp(verb, "answers") == 0) {
		w->holds = verb[0] == 'h';
	} else if (strcmp(verb, "freeze") == 0 || strcmp(verb, "thaw") == 0) {
		w->frozen = verb[0] == 'f';
	} else if (strcmp(verb, "rule") == 0) {
		fnl_hands_rule(w, words[1], words[2], strtoll(words[3], NULL, 10));
	} else if (strcmp(verb, "overtake") == 0) {
		fnl_hands_overtake(w);
	} else if (strcmp(verb, "fire") == 0) {
		fnl_hands_fire(w, words[1]);
	} else if (strcmp(verb, "quiet") == 0) {
		w->quiet = true;
	} else if (strcmp(verb, "aloud") == 0 || strcmp(verb, "terse") == 0) {
		w->quiet = false;
		w->terse = verb[0] == 't';
	} else if (strcmp(verb, "page") == 0) {
		w->page = (size_t)strtoul(words[1], NULL, 10);
	} else {
		return strcmp(verb, "wait") == 0;
	}
	return true;
}
