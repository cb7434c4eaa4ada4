/* A command that somebody gives by this program, and what became of it: who issues it, when, under which id; it is
 * sent, and its answer, or its refusal, is waited for. */
#ifndef FUNNELCTL_ORDER_H
#define FUNNELCTL_ORDER_H

#include "command.h"
#include "publish.h"
#include "view_text.h"

enum { FNL_ORDER_TIMEOUT_DEFAULT_MS = 60000 };

/* Zeroed at the start, but for `command`. */
struct fnl_order {
	const struct fnl_command *command; /* for usage errors */
	const char *issued_by;
	const char *command_id;
	int64_t issued_at_ms;
	bool has_issued_at;
	bool no_wait;
	bool has_timeout;
	int64_t timeout_ms;
	const char *key; /* of its record, and of its refusal */
	char made_id[FNL_MADE_ID_BYTES];
	char event_id[FNL_UUID_TEXT_BYTES]; /* of what was sent: all that follows from it names it as its correlation */
};

/* The lines of the options below, for a usage. */
#define FNL_ORDER_USAGE \
	"  --issued-by WHO    id of who gives the command; funnelctl unless given\n" \
	"  --command-id ID    the same id twice is one command; a random one unless given\n" \
	"  --issued-at TIME   when; now unless given, needed with clock = event\n" \
	"  --timeout SECONDS  how long its answer is waited for, 60 unless given (exit 5: none came)\n" \
	"  --no-wait          sends it and no more\n"

enum { FNL_ORDER_TAKEN = 1, FNL_ORDER_TAKEN_ALONE = 2 };
/* FNL_ORDER_TAKEN: option and value; FNL_ORDER_TAKEN_ALONE: the option has none; 0: it is none of them; else a usage
 * error's exit code, negated. value may be NULL. */
int fnl_order_option(struct fnl_order *o, const char *name, const char *value);
/* The arguments from `first` on: up to `words` of them become ret_words, in order; what is no option of an order goes
 * to `take`, which may be NULL and returns as fnl_order_option does. 0, or a usage error's exit code. */
typedef int (*fnl_order_take)(void *context, const char *name, const char *value);
int fnl_order_arguments(struct fnl_order *o, int argc, char **argv, const char **ret_words, size_t words,
                        fnl_order_take take, void *context);

/* The time, the id. 0, or an exit code, with its text told. */
int fnl_order_ready(struct fnl_app *app, struct fnl_order *o);
/* Fills in what commands have in common, the rest being there, and sends it. 0, or an exit code, with its text told. */
int fnl_order_send(struct fnl_app *app, struct fnl_order *o, const char *kind, const struct fnl_record_desc *desc,
                   struct fnl_import_event *e);

/* What is waited for: a record of the topic. */
struct fnl_order_answer {
	enum fnl_topic topic;
	const char *key; /* of its record; NULL: any */
	/* Is it? NULL: one of `desc` that follows from the command. */
	bool (*is_it)(const struct fnl_order *o, const struct fnl_decoded *d);
	const struct fnl_record_desc *desc;
	/* It has come; is more to follow? NULL: no. */
	bool (*has_more)(struct fnl_app *app, const struct fnl_order *o);
	/* What is being done, "" while nothing is known; may be NULL. For people who wait. */
	void (*progress)(struct fnl_app *app, const struct fnl_order *o, char ret[FNL_TEXT_BYTES]);
};
/* 0 when it has come; FNL_EXIT_REFUSED, FNL_EXIT_BEHIND, or the exit code of an error, with its text told. */
int fnl_order_wait(struct fnl_app *app, const struct fnl_order *o, const struct fnl_order_answer *answer);
/* Without waiting: what was sent. An exit code. */
int fnl_order_tell_sent(struct fnl_app *app, const struct fnl_order *o, const char *what);

#endif
