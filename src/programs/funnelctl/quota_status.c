#include "quota_status.h"

#include <inttypes.h>
#include <stdio.h>

#include "funneld_records.h"
#include "partition_rows.h"

enum { ARENA_BYTES_MAX = 256 << 20, RUNS_MAX = 1024 };

/* A run, added up over the partitions: it is as far as the one that is the least far. */
struct run {
	const struct fnl_value *v; /* of the first partition */
	int64_t state;
	size_t partitions;
	int64_t books_done;
	int64_t lines_done;
};

static struct run *run_of(struct run *runs, size_t *count, const struct fnl_value *v)
{
	for (size_t i = 0; i < *count; i++) {
		if (fnl_span_eq(runs[i].v[FNL_QUOTA_RUN_RUN_ID].str, v[FNL_QUOTA_RUN_RUN_ID].str) &&
		    fnl_span_eq(runs[i].v[FNL_QUOTA_RUN_COMMAND_ID].str, v[FNL_QUOTA_RUN_COMMAND_ID].str)) {
			return &runs[i];
		}
	}
	if (*count == RUNS_MAX) {
		return NULL;
	}
	struct run *r = &runs[(*count)++];
	*r = (struct run){.v = v, .state = v[FNL_QUOTA_RUN_STATE].i64};
	return r;
}

static size_t add_up(struct fnl_value **jobs, size_t partitions, struct run *runs)
{
	size_t count = 0;
	for (size_t p = 0; p < partitions; p++) {
		const struct fnl_list *list = jobs[p] ? &jobs[p][FNL_PARTITION_JOBS_RUNS].list : NULL;
		for (size_t i = 0; list && i < list->count; i++) {
			const struct fnl_value *v = list->items[i].list.items;
			struct run *r = run_of(runs, &count, v);
			if (r) {
				r->state = v[FNL_QUOTA_RUN_STATE].i64 < r->state ? v[FNL_QUOTA_RUN_STATE].i64 : r->state;
				r->partitions++;
				r->books_done += v[FNL_QUOTA_RUN_BOOKS_DONE].i64;
				r->lines_done += v[FNL_QUOTA_RUN_LINES_DONE].i64;
			}
		}
	}
	return count;
}

static const char *state_text(int64_t state)
{
	return state >= 0 && state < FNL_QUOTA_RUN_STATE_COUNT ? fnl_symbols_quota_run_state[state] : "?";
}

static json_t *text_json(const struct fnl_value *v)
{
	return json_stringn((const char *)v->str.data, v->str.len);
}

static json_t *run_json(const struct run *r)
{
	char as_of[FNL_TEXT_BYTES], settled_at[FNL_TEXT_BYTES];
	json_t *reps = json_array();
	const struct fnl_list *ids = &r->v[FNL_QUOTA_RUN_REP_IDS].list;
	for (size_t i = 0; i < ids->count; i++) {
		json_array_append_new(reps, text_json(&ids->items[i]));
	}
	fnl_text_rfc3339(r->v[FNL_QUOTA_RUN_AS_OF].i64, as_of);
	fnl_text_rfc3339(r->v[FNL_QUOTA_RUN_SETTLED_AT].i64, settled_at);
	return json_pack("{s:o, s:o, s:o, s:i, s:s, s:s, s:s, s:o, s:o, s:i, s:I, s:I}", "run_id",
	                 text_json(&r->v[FNL_QUOTA_RUN_RUN_ID]), "command_id", text_json(&r->v[FNL_QUOTA_RUN_COMMAND_ID]),
	                 "org_id", text_json(&r->v[FNL_QUOTA_RUN_ORG_ID]), "fiscal_year",
	                 (int)r->v[FNL_QUOTA_RUN_FISCAL_YEAR].i64, "state", state_text(r->state), "as_of", as_of,
	                 "settled_at", settled_at, "base_currency", text_json(&r->v[FNL_QUOTA_RUN_BASE_CURRENCY]),
	                 "rep_ids", reps, "partitions", (int)r->partitions, "books_done", (json_int_t)r->books_done,
	                 "lines_done", (json_int_t)r->lines_done);
}

static int print_json(const struct run *runs, size_t count, struct fnl_error *why)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(list, run_json(&runs[i]));
	}
	return fnl_view_json_write(json_pack("{s:o}", "runs", list), stdout, why);
}

static void cell(const struct fnl_canvas *c, const struct fnl_value *v, int width)
{
	fnl_text_cell(c, v->str, width);
	fputc(' ', c->out);
}

static void print_text(const struct fnl_app *app, const struct run *runs, size_t count)
{
	struct fnl_canvas c = fnl_canvas_of(stdout, app->color);
	if (count == 0) {
		puts("no quota was opened");
		return;
	}
	printf("%-36s %-12s %-5s %-9s %-20s  %-20s  %s\n", "run", "org", "year", "state", "as of", "freezes from",
	       "this pass");
	for (size_t i = 0; i < count; i++) {
		const struct run *r = &runs[i];
		char as_of[FNL_TEXT_BYTES], settled_at[FNL_TEXT_BYTES];
		fnl_text_time(r->v[FNL_QUOTA_RUN_AS_OF].i64, as_of);
		fnl_text_time(r->v[FNL_QUOTA_RUN_SETTLED_AT].i64, settled_at);
		cell(&c, &r->v[FNL_QUOTA_RUN_RUN_ID], 36);
		cell(&c, &r->v[FNL_QUOTA_RUN_ORG_ID], 12);
		printf("%-5d %-9s %-20s  %-20s  %" PRId64 " books, %" PRId64 " lines\n",
		       (int)r->v[FNL_QUOTA_RUN_FISCAL_YEAR].i64, state_text(r->state), as_of, settled_at, r->books_done,
		       r->lines_done);
	}
}

int fnl_quota_status(struct fnl_app *app)
{
	struct fnl_arena arena;
	struct fnl_value **jobs = NULL;
	struct fnl_error why = {0, ""};
	size_t partitions = 0;
	int code = FNL_EXIT_OK;
	fnl_arena_init(&arena, ARENA_BYTES_MAX);
	int rc = fnl_partition_rows_read(app, FNL_APP_STAGE_REP, "partition", "jobs", &fnl_desc_partition_jobs, &arena,
	                                 &jobs, &partitions, &code, &why);
	struct run *runs = rc ? NULL : fnl_arena_calloc(&arena, RUNS_MAX, sizeof(*runs));
	if (!rc && !runs) {
		code = FNL_EXIT_INTERNAL;
		rc = fnl_fail(&why, FNL_E_NOMEM, "no memory");
	}
	if (!rc) {
		size_t count = add_up(jobs, partitions, runs);
		if (app->json) {
			rc = print_json(runs, count, &why);
			code = FNL_EXIT_INTERNAL;
		} else {
			print_text(app, runs, count);
		}
	}
	fnl_arena_deinit(&arena);
	return rc ? fnl_app_fail(app, code, &why) : FNL_EXIT_OK;
}
