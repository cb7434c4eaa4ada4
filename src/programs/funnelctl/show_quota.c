#include "show_quota.h"

#include <stdio.h>
#include <string.h>

#include "view_quota.h"
#include "view_rep.h"

static int read_rows(struct fnl_app *app, struct fnl_rows *rows, struct fnl_error *why)
{
	struct fnl_bus *bus;
	int rc = fnl_app_bus(app, &bus, why);
	rc = rc ? rc : fnl_rows_read(rows, bus, fnl_app_topic(app, FNL_TOPIC_REPS), why);
	return rc ? rc : fnl_rows_read(rows, bus, fnl_app_topic(app, FNL_TOPIC_ORGS), why);
}

static int tell_none(const struct fnl_app *app, const char *rep, int32_t year)
{
	struct fnl_error why = {0};
	char of[24] = "";
	if (year) {
		snprintf(of, sizeof(of), " for %d", (int)year);
	}
	fnl_fail(&why, FNL_E_NOT_FOUND, "there is no quota of %s%s; `funnelctl quota open` computes it", rep, of);
	return fnl_app_fail(app, FNL_EXIT_INTERNAL, &why);
}

int fnl_show_quota(struct fnl_app *app, const char *rep, int32_t year)
{
	char book[FNL_VIEW_BOOK_BYTES];
	struct fnl_quota_question q = {.year = year};
	struct fnl_rows rows = {.wanted = fnl_quota_wanted, .wanted_context = &q};
	struct fnl_error why = {0};
	(void)fnl_view_book(rep, book); /* an id fits */
	q.book = fnl_span_str(book);
	q.rep = fnl_span_str(rep);
	int rc = fnl_app_codec(app, &rows.codec, &why);
	if (rc) {
		return fnl_app_fail(app, FNL_EXIT_SETTINGS, &why);
	}
	rc = read_rows(app, &rows, &why);
	int code = rc == FNL_E_NOT_FOUND ? FNL_EXIT_KAFKA : fnl_exit_code(rc);
	q.year = q.year ? q.year : fnl_view_quota_latest(&rows, q.book);
	if (rc == 0) {
		struct fnl_canvas canvas = fnl_canvas_of(stdout, app->color);
		rc = app->json ? fnl_view_quota_json(&rows, q.book, q.year, stdout, &why)
		               : fnl_view_quota(&rows, q.book, q.year, &canvas, &why);
		code = fnl_exit_code(rc);
	}
	fnl_rows_deinit(&rows);
	return rc == FNL_VIEW_NO_SUCH_QUOTA ? tell_none(app, rep, year) : rc ? fnl_app_fail(app, code, &why) : FNL_EXIT_OK;
}
