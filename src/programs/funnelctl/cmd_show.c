/* funnelctl show: rows of the public state, explained. */
#include "command.h"
#include "options.h"
#include "show_handover.h"
#include "show_quota.h"
#include "view_prospect.h"
#include "view_rep.h"

static const char usage[] =
	"funnelctl show prospect ID\n"
	"       funnelctl show rep ID\n"
	"       funnelctl show quota REP --year YEAR\n"
	"       funnelctl show handover REP\n"
	"  prospect  all that is known of it: how it sits still and the clocks by which it does, its fields, its contacts\n"
	"  rep       what HR says of the rep, absences too, the sums of his lines by layer and currency, his running\n"
	"            potential by year, his quotas, his latest inspection sheet and its open questions; pool:UNASSIGNED "
	"is\n"
	"            the book of prospects without an owner\n"
	"  quota     a year's quota line by line, as `funnelctl quota REP YEAR` shows it\n"
	"  handover  the handover of a rep who leaves, as `funnelctl handover REP` shows it, with all tasks\n"
	"As of the last commit, from the changelogs of the stages. Exit 1 when there is none.\n";

enum kind { PROSPECT, REP, QUOTA, HANDOVER };

/* What is asked for. */
struct question {
	enum kind kind;
	const char *id;
	char book[FNL_VIEW_BOOK_BYTES];
	int32_t year;
};

/* The changelog key is table, '|', and a row key that begins with `front`; or all of it is front. */
static bool is_row(struct fnl_span key, const char *table, const char *front, bool whole)
{
	size_t a = strlen(table), b = strlen(front);
	return key.len >= a + 1 + b && (!whole || key.len == a + 1 + b) && memcmp(key.data, table, a) == 0 &&
	       key.data[a] == '|' && memcmp(key.data + a + 1, front, b) == 0;
}

/* What concerns the question: of a prospect its row, its stub, and the feeds (for gaps of a whole source). */
static bool wanted(void *context, struct fnl_span key)
{
	const struct question *q = context;
	char front[FNL_VIEW_BOOK_BYTES + 16];
	switch (q->kind) {
	case PROSPECT:
		return is_row(key, "prospect", q->id, true) || is_row(key, "erased", q->id, true) ||
		       is_row(key, "feed", "", false);
	case REP:
		snprintf(front, sizeof(front), "%s|", q->book);
		return is_row(key, "rep", q->book, true) || is_row(key, "inspection", q->book, true) ||
		       is_row(key, "quota", front, false);
	case QUOTA:
	case HANDOVER:
		break; /* they have ways of their own */
	}
	return false;
}

static int show(struct fnl_app *app, const struct fnl_rows *rows, const struct question *q, struct fnl_error *why)
{
	struct fnl_canvas canvas = fnl_canvas_of(stdout, app->color);
	struct fnl_span id = fnl_span_str(q->id), book = fnl_span_str(q->book);
	switch (q->kind) {
	case PROSPECT:
		return app->json ? fnl_view_prospect_json(rows, id, stdout, why) : fnl_view_prospect(rows, id, &canvas, why);
	case REP:
		return app->json ? fnl_view_rep_json(rows, book, stdout, why) : fnl_view_rep(rows, book, &canvas, why);
	case QUOTA:
	case HANDOVER:
		break;
	}
	return FNL_E_INTERNAL;
}

static int tell_none(const struct fnl_app *app, const struct question *q)
{
	struct fnl_error why = {0};
	switch (q->kind) {
	case PROSPECT:
		fnl_fail(&why, FNL_E_NOT_FOUND, "there is no prospect %s", q->id);
		break;
	case REP:
		fnl_fail(&why, FNL_E_NOT_FOUND, "there is no rep %s: neither HR nor a prospect has named one", q->id);
		break;
	case QUOTA:
	case HANDOVER:
		break;
	}
	return fnl_app_fail(app, FNL_EXIT_INTERNAL, &why);
}

static int answer(struct fnl_app *app, struct question *q)
{
	struct fnl_bus *bus;
	struct fnl_error why = {0};
	enum fnl_topic topic = q->kind == PROSPECT ? FNL_TOPIC_PROSPECTS : FNL_TOPIC_REPS;
	struct fnl_rows rows = {.wanted = wanted, .wanted_context = q};
	int status = fnl_app_codec(app, &rows.codec, &why);
	if (status) {
		return fnl_app_fail(app, FNL_EXIT_SETTINGS, &why);
	}
	status = fnl_app_bus(app, &bus, &why);
	status = status ? status : fnl_rows_read(&rows, bus, fnl_app_topic(app, topic), &why);
	if (status) {
		fnl_rows_deinit(&rows);
		return fnl_app_fail(app, status == FNL_E_NOT_FOUND ? FNL_EXIT_KAFKA : fnl_exit_code(status), &why);
	}
	status = show(app, &rows, q, &why);
	fnl_rows_deinit(&rows);
	if (status > 0) {
		return tell_none(app, q);
	}
	return status ? fnl_app_fail(app, fnl_exit_code(status), &why) : FNL_EXIT_OK;
}

static int read_question(int argc, char **argv, struct question *q)
{
	const char *year = NULL;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--year") == 0 && i + 1 < argc) {
			year = argv[++i];
		} else if (!q->id) {
			q->id = argv[i];
		} else {
			return fnl_usage_error(&fnl_cmd_show, "\"%s\" is not understood here", argv[i]);
		}
	}
	static const char *const kinds[] = {
		[PROSPECT] = "prospect", [REP] = "rep", [QUOTA] = "quota", [HANDOVER] = "handover"};
	size_t kind = 0;
	while (argc >= 2 && kind < sizeof(kinds) / sizeof(kinds[0]) && strcmp(argv[1], kinds[kind]) != 0) {
		kind++;
	}
	if (argc < 2 || kind == sizeof(kinds) / sizeof(kinds[0])) {
		return fnl_usage_error(&fnl_cmd_show, "expected is prospect, rep, quota or handover");
	}
	q->kind = (enum kind)kind;
	if (!q->id || !fnl_view_book(q->id, q->book)) {
		return fnl_usage_error(&fnl_cmd_show, "an id is needed: show %s ID", argv[1]);
	}
	if ((q->kind == QUOTA) != (year != NULL) || (year && !fnl_year_parse(year, &q->year))) {
		return fnl_usage_error(&fnl_cmd_show, q->kind == QUOTA ? "--year wants a fiscal year such as 2027"
		                                                       : "--year belongs to show quota");
	}
	return 0;
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct question q = {.kind = PROSPECT};
	int status = read_question(argc, argv, &q);
	return status               ? status
	       : q.kind == HANDOVER ? fnl_show_handover(app, q.id, true)
	       : q.kind == QUOTA    ? fnl_show_quota(app, q.id, q.year)
	                            : answer(app, &q);
}

const struct fnl_command fnl_cmd_show = {"show", "all that is known of a prospect, a rep, a quota, a handover", usage,
                                         run};
