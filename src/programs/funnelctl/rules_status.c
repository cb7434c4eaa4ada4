#include "rules_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "funneld/base/sha256.h"
#include "funneld_records.h"
#include "partition_rows.h"
#include "signals.h"
#include "view_text.h"

/* A row has its rules' text, and those of rules that are still needed. */
#define ARENA_BYTES ((size_t)512 << 20)
enum { LOOK_EVERY_MS = 300 };

struct partition {
	enum fnl_app_stage_id stage;
	int32_t partition;
	int32_t version; /* 0: the built-in ones */
	char hash[FNL_SHA256_HEX_BYTES + 1];
	int64_t activated_at_ms;
	bool passing; /* something is still to be looked at again */
	int64_t done;
	int64_t changed;
};

struct status {
	struct partition *at;
	size_t count;
};

static void take_rules(struct partition *p, const struct fnl_value *row)
{
	if (row) {
		p->version = (int32_t)row[FNL_PARTITION_RULES_RULES_VERSION].i64;
		struct fnl_span hash = row[FNL_PARTITION_RULES_RULES_HASH].str;
		snprintf(p->hash, sizeof(p->hash), "%.*s", (int)hash.len, (const char *)hash.data);
		p->activated_at_ms = row[FNL_PARTITION_RULES_ACTIVATED_AT].i64;
		p->passing = row[FNL_PARTITION_RULES_NEXT_DEADLINE_AT].set;
		p->done = row[FNL_PARTITION_RULES_PASS_DONE].i64;
		p->changed = row[FNL_PARTITION_RULES_PASS_CHANGED].i64;
	}
}

static int look_at_stage(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_arena *arena, struct status *s,
                         int *ret_exit, struct fnl_error *why)
{
	struct fnl_value **rules = NULL, **jobs = NULL;
	size_t count = 0, job_count = 0;
	int rc = fnl_partition_rows_read(app, stage, "partition", "rules", &fnl_desc_partition_rules, arena, &rules, &count,
	                                 ret_exit, why);
	if (!rc && stage == FNL_APP_STAGE_REP) {
		rc = fnl_partition_rows_read(app, stage, "partition", "jobs", &fnl_desc_partition_jobs, arena, &jobs,
		                             &job_count, ret_exit, why);
	}
	struct partition *grown = rc ? NULL : fnl_reallocarray(s->at, s->count + count, sizeof(*grown));
	if (!grown) {
		return rc ? rc : fnl_fail(why, FNL_E_NOMEM, "no memory");
	}
	s->at = grown;
	for (size_t i = 0; i < count; i++) {
		struct partition *p = &s->at[s->count++];
		*p = (struct partition){.stage = stage, .partition = (int32_t)i};
		take_rules(p, rules[i]);
		/* in the rep stage it is the lines that are put into their fiscal years again */
		p->passing |= i < job_count && jobs[i] && jobs[i][FNL_PARTITION_JOBS_RECOUNT_VERSION].set;
	}
	return 0;
}

static int look(struct fnl_app *app, struct status *s, int *ret_exit, struct fnl_error *why)
{
	struct fnl_arena arena;
	int rc = 0;
	s->count = 0;
	for (int i = 0; i < FNL_APP_STAGE_COUNT && !rc; i++) {
		fnl_arena_init(&arena, ARENA_BYTES);
		rc = look_at_stage(app, (enum fnl_app_stage_id)i, &arena, s, ret_exit, why);
		fnl_arena_deinit(&arena);
	}
	return rc;
}

static const char *stage_of(const struct fnl_app *app, const struct partition *p)
{
	return fnl_app_stage(app, p->stage)->stage.name;
}

static void print_json(const struct fnl_app *app, const struct status *s, bool all_done)
{
	json_t *list = json_array();
	for (size_t i = 0; i < s->count; i++) {
		const struct partition *p = &s->at[i];
		char at[FNL_TEXT_BYTES];
		fnl_text_rfc3339(p->activated_at_ms, at);
		json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:s?, s:b, s:I, s:I}", "stage", stage_of(app, p),
		                                      "partition", (int)p->partition, "version", (int)p->version,
		                                      "activated_at", p->version ? at : NULL, "passing", p->passing, "done",
		                                      (json_int_t)p->done, "changed", (json_int_t)p->changed));
	}
	json_t *all = json_pack("{s:b, s:o}", "done", all_done, "partitions", list);
	json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
}

static void print_text(const struct fnl_app *app, const struct status *s)
{
	printf("%-10s %9s %8s  %-20s  %s\n", "stage", "partition", "version", "in force since", "open prospects again");
	for (size_t i = 0; i < s->count; i++) {
		const struct partition *p = &s->at[i];
		char at[FNL_TEXT_BYTES] = "-", pass[96] = "";
		if (p->version) {
			fnl_text_time(p->activated_at_ms, at);
		}
		if (p->stage == FNL_APP_STAGE_REP) {
			snprintf(pass, sizeof(pass), "%s", p->passing ? "lines go into their fiscal years" : "");
		} else if (p->stage == FNL_APP_STAGE_PROSPECT && p->version) {
			snprintf(pass, sizeof(pass), "%s, %" PRId64 " looked at, %" PRId64 " changed",
			         p->passing ? "going on" : "done", p->done, p->changed);
		}
		printf("%-10s %9d %8d  %-20s  %s\n", stage_of(app, p), (int)p->partition, (int)p->version, at, pass);
	}
}

static void tell(const struct fnl_app *app, const struct status *s, bool all_done)
{
	if (app->json) {
		print_json(app, s, all_done);
	} else {
		print_text(app, s);
	}
}

int fnl_rules_refuse_known(struct fnl_app *app, const char *path, int32_t version, const char *hash)
{
	struct status s = {NULL, 0};
	struct fnl_error why = {0, ""};
	int failed = FNL_EXIT_OK, code = FNL_EXIT_OK;
	if (look(app, &s, &failed, &why)) {
		fnl_free(s.at);
		return fnl_app_fail(app, failed, &why);
	}
	for (size_t i = 0; i < s.count && code == FNL_EXIT_OK; i++) {
		const struct partition *p = &s.at[i];
		if (p->version > version || (p->version == version && strcmp(p->hash, hash) != 0)) {
			fprintf(stderr, "%s: version %d%s; give it version %d or higher in [rules]\n", path, (int)version,
			        p->version > version ? " is older than the rules in force"
			                             : " is in force already, with another text",
			        (int)p->version + 1);
			code = FNL_EXIT_RULES;
		}
	}
	fnl_free(s.at);
	return code;
}

int fnl_rules_tell(struct fnl_app *app)
{
	struct status s = {NULL, 0};
	struct fnl_error why = {0, ""};
	int code = FNL_EXIT_OK;
	bool done = true;
	if (look(app, &s, &code, &why)) {
		fnl_free(s.at);
		return fnl_app_fail(app, code, &why);
	}
	for (size_t i = 0; i < s.count; i++) {
		done &= !s.at[i].passing && s.at[i].version == s.at[0].version;
	}
	tell(app, &s, done);
	fnl_free(s.at);
	return FNL_EXIT_OK;
}

/* How many partitions have ended, and a line on the terminal. */
static size_t ended(const struct status *s, int32_t version, bool progress)
{
	size_t n = 0;
	int64_t done = 0, changed = 0;
	for (size_t i = 0; i < s->count; i++) {
		const struct partition *p = &s->at[i];
		n += p->version >= version && !p->passing;
		done += p->version >= version ? p->done : 0;
		changed += p->version >= version ? p->changed : 0;
	}
	if (progress) {
		fprintf(stderr, "\r\033[K%zu of %zu partitions; %" PRId64 " open prospects looked at, %" PRId64 " changed", n,
		        s->count, done, changed);
		fflush(stderr);
	}
	return n;
}

int fnl_rules_wait(struct fnl_app *app, int32_t version, int64_t timeout_ms)
{
	struct status s = {NULL, 0};
	bool progress = isatty(STDERR_FILENO) != 0;
	int64_t end_ms = app->clock->monotonic_ms(app->clock->context) + timeout_ms;
	for (;;) {
		struct fnl_error why = {0, ""};
		int code = FNL_EXIT_OK;
		int rc = look(app, &s, &code, &why);
		bool done = !rc && ended(&s, version, progress) == s.count;
		bool over = *fnl_stop_flag() || app->clock->monotonic_ms(app->clock->context) >= end_ms;
		if (rc && (over || fnl_status_class(rc) != FNL_CLASS_RETRIABLE)) {
			fnl_free(s.at);
			return fnl_app_fail(app, code, &why);
		}
		if (done || (!rc && over)) {
			fputs(progress ? "\r\033[K" : "", stderr);
			tell(app, &s, done);
			fnl_free(s.at);
			return done ? FNL_EXIT_OK : FNL_EXIT_BEHIND;
		}
		app->clock->sleep_ms(app->clock->context, LOOK_EVERY_MS);
	}
}
