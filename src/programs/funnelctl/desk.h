/* What the commands about a handover have in common: whose, of which notice, who issues them, when. */
#ifndef FUNNELCTL_DESK_H
#define FUNNELCTL_DESK_H

#include <jansson.h>

#include "command.h"
#include "publish.h"

/* Zeroed at the start, but for `command`. */
struct fnl_desk {
	const struct fnl_command *command; /* for usage errors */
	const char *rep;                   /* the leaving one */
	const char *notice;                /* found out when it is not given */
	const char *by;
	const char *command_id;
	int64_t issued_at_ms;
	bool has_issued_at;
	char made_id[FNL_MADE_ID_BYTES];
	char found_notice[FNL_ID_BYTES_MAX + 1];
};

/* The lines of the options below, for a usage. */
#define FNL_DESK_USAGE \
	"  --rep LEAVER      the rep who leaves\n" \
	"  --notice ID       id of his resignation; that of his latest handover unless given\n" \
	"  --by WHO          id of who reports or decides it\n" \
	"  --command-id ID   the same id twice is one command; a random one unless given\n" \
	"  --issued-at TIME  when it was issued; now unless given, needed with clock = event\n"

enum { FNL_DESK_TAKEN = 1 };
/* --rep, --notice, --by, --command-id, --issued-at. FNL_DESK_TAKEN; 0: it is none of them; else a usage error's exit
 * code. */
int fnl_desk_option(struct fnl_desk *d, const char *name, const char *value);
/* An id that is given to an option or as an argument; 0, or a usage error's exit code. */
int fnl_desk_check_id(const struct fnl_desk *d, const char *name, const char *id);

/* Completes it: the time, the ids, the notice (from the view). 0, or an exit code, with its text told. */
int fnl_desk_ready(struct fnl_app *app, struct fnl_desk *d);
/* Fills in what they have in common; the caller the rest. desc: of the event's record. */
void fnl_desk_fill(const struct fnl_desk *d, const struct fnl_record_desc *desc, struct fnl_import_event *e);
/* Sends it and tells so: with --json what was sent and the keys of `more`, else `text`, a line. more is consumed and
 * may be NULL. An exit code. */
int fnl_desk_send(struct fnl_app *app, const struct fnl_desk *d, const char *kind, struct fnl_import_event *e,
                  const char *text, json_t *more);

/* A day such as 2026-12-31, in days since the epoch. */
bool fnl_day_parse(const char *text, int64_t *ret_days);

#endif
