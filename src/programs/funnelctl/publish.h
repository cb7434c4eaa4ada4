/* What the tool sends in somebody's name: a command, an answer. */
#ifndef FUNNELCTL_PUBLISH_H
#define FUNNELCTL_PUBLISH_H

#include "app.h"
#include "import_row.h"

enum { FNL_MADE_ID_BYTES = 40 };

/* The source of what this program sends. */
extern const char fnl_publish_source[];

/* A random UUID (version 4), so that two people who ask for the same do not send one command. FNL_E_IO with *why. */
int fnl_made_id(char ret[FNL_MADE_ID_BYTES], struct fnl_error *why) FNL_MUST_USE;
/* 1 to 128 bytes, none of them a control character or '|'. */
bool fnl_is_id(const char *s);

/* One event of the import's table of kinds ("inspect_now"), written and acknowledged. The caller fills values (of the
 * kind's record), key, identity, occurred_at_ms; source is set here. The topic must be there. */
int fnl_publish_one(struct fnl_app *app, const char *kind, struct fnl_import_event *event,
                    struct fnl_error *why) FNL_MUST_USE;
/* The same; ret_event_id: its ce_id, without NUL. May be NULL. */
int fnl_publish_known(struct fnl_app *app, const char *kind, struct fnl_import_event *event,
                      char ret_event_id[FNL_UUID_TEXT_BYTES], struct fnl_error *why) FNL_MUST_USE;

static inline struct fnl_value fnl_publish_text(const char *s)
{
	return (struct fnl_value){.set = s != NULL, .str = fnl_span_str(s)};
}

static inline struct fnl_value fnl_publish_number(int64_t n)
{
	return (struct fnl_value){.set = true, .i64 = n};
}

#endif
