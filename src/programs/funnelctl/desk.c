#include "desk.h"

#include <stdio.h>
#include <string.h>

#include "funneld_records.h"
#include "partition_rows.h"
#include "view_record.h"
#include "view_rep.h"

enum { ARENA_BYTES = 16 << 20 };
#define DAY_MS INT64_C(86400000)

bool fnl_day_parse(const char *text, int64_t *ret_days)
{
	int64_t ms;
	bool ok = strlen(text) == 10 && fnl_time_parse(text, &ms);
	if (ok) {
		*ret_days = ms / DAY_MS;
	}
	return ok;
}

int fnl_desk_check_id(const struct fnl_desk *d, const char *name, const char *id)
{
	return fnl_is_id(id) ? 0
	                     : fnl_usage_error(d->command, "%s: an id has 1 to %d bytes, no control character and no '|'",
	                                       name, FNL_ID_BYTES_MAX);
}

int fnl_desk_option(struct fnl_desk *d, const char *name, const char *value)
{
	const struct {
		const char *name;
		const char **to;
	} options[] = {{"--rep", &d->rep}, {"--notice", &d->notice}, {"--by", &d->by}, {"--command-id", &d->command_id}};
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(options[i].name, name) == 0) {
			int code = fnl_desk_check_id(d, name, value);
			*options[i].to = value;
			return code ? code : FNL_DESK_TAKEN;
		}
	}
	if (strcmp(name, "--issued-at") != 0) {
		return 0;
	}
	d->has_issued_at = fnl_time_parse(value, &d->issued_at_ms);
	return d->has_issued_at
	           ? FNL_DESK_TAKEN
	           : fnl_usage_error(d->command, "%s wants a time such as 2026-12-31 or 2026-12-31T08:00:00Z", name);
}

/* The notice of the rep's latest handover, in whichever partition his book is. *ret_exit: of an error. */
static int find_notice(struct fnl_app *app, struct fnl_desk *d, int *ret_exit, struct fnl_error *why)
{
	struct fnl_arena arena;
	struct fnl_value **rows = NULL;
	size_t count = 0;
	char book[FNL_VIEW_BOOK_BYTES];
	(void)fnl_view_book(d->rep, book); /* an id fits */
	fnl_arena_init(&arena, ARENA_BYTES);
	int rc = fnl_partition_rows_read(app, FNL_APP_STAGE_REP, "handover", book, &fnl_desc_handover, &arena, &rows,
	                                 &count, ret_exit, why);
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct fnl_span id = rows[i] ? rows[i][FNL_HANDOVER_NOTICE_ID].str : FNL_SPAN_NONE;
		if (id.len > 0 && id.len <= FNL_ID_BYTES_MAX) {
			memcpy(d->found_notice, id.data, id.len);
			d->notice = d->found_notice;
		}
	}
	fnl_arena_deinit(&arena);
	if (rc == 0 && !d->notice) {
		*ret_exit = FNL_EXIT_INTERNAL;
		rc = fnl_fail(why, FNL_E_NOT_FOUND, "no notice of %s is known; --notice names one that is not known yet",
		              d->rep);
	}
	return rc;
}

int fnl_desk_ready(struct fnl_app *app, struct fnl_desk *d)
{
	struct fnl_error why = {0};
	int code = FNL_EXIT_INTERNAL, rc = 0;
	if (!d->rep) {
		return fnl_usage_error(d->command, "--rep says who leaves");
	}
	if (!d->has_issued_at && fnl_settings_int(app->settings, "clock") == FNL_CLOCK_EVENT) {
		return fnl_usage_error(d->command, "with clock = event, --issued-at says when it was issued");
	}
	d->issued_at_ms = d->has_issued_at ? d->issued_at_ms : app->clock->wall_ms(app->clock->context);
	d->by = d->by ? d->by : fnl_publish_source;
	if (!d->command_id) {
		rc = fnl_made_id(d->made_id, &why);
		d->command_id = d->made_id;
	}
	if (rc == 0 && !d->notice) {
		rc = find_notice(app, d, &code, &why);
	}
	return rc ? fnl_app_fail(app, code, &why) : 0;
}

void fnl_desk_fill(const struct fnl_desk *d, const struct fnl_record_desc *desc, struct fnl_import_event *e)
{
	const struct {
		const char *field;
		struct fnl_value value;
	} all[] = {
		{"source", fnl_publish_text(fnl_publish_source)},   {"occurred_at", fnl_publish_number(d->issued_at_ms)},
		{"command_id", fnl_publish_text(d->command_id)},    {"issued_by", fnl_publish_text(d->by)},
		{"issued_at", fnl_publish_number(d->issued_at_ms)}, {"leaving_rep_id", fnl_publish_text(d->rep)},
		{"notice_id", fnl_publish_text(d->notice)},         {"by", fnl_publish_text(d->by)},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		int at = fnl_record_field_index(desc, fnl_span_str(all[i].field));
		if (at >= 0) {
			e->values[at] = all[i].value;
		}
	}
	e->key = fnl_span_str(d->rep);
	e->identity = fnl_span_str(d->command_id);
	e->occurred_at_ms = d->issued_at_ms;
}

int fnl_desk_send(struct fnl_app *app, const struct fnl_desk *d, const char *kind, struct fnl_import_event *e,
                  const char *text, json_t *more)
{
	struct fnl_error why = {0};
	char at[FNL_TEXT_BYTES];
	int rc = fnl_publish_one(app, kind, e, &why);
	if (rc) {
		json_decref(more);
		return fnl_app_fail(app, fnl_exit_code(rc), &why);
	}
	if (!app->json) {
		json_decref(more);
		printf("command %s: %s\n", d->command_id, text);
		fprintf(stderr, "`funnelctl handover %s` tells what became of it; one that is refused is on %s or %s\n", d->rep,
		        fnl_app_topic(app, FNL_TOPIC_HANDOVERS), fnl_app_topic(app, FNL_TOPIC_REJECTIONS));
		return FNL_EXIT_OK;
	}
	fnl_text_rfc3339(d->issued_at_ms, at);
	json_t *all = json_pack("{s:s, s:s, s:s, s:s, s:s}", "command_id", d->command_id, "leaving_rep_id", d->rep,
	                        "notice_id", d->notice, "issued_by", d->by, "issued_at", at);
	rc = more ? json_object_update(all, more) : 0;
	json_decref(more);
	if (rc) {
		json_decref(all);
		all = NULL;
	}
	return fnl_view_json_write(all, stdout, &why) ? fnl_app_fail(app, FNL_EXIT_INTERNAL, &why) : FNL_EXIT_OK;
}
