/* Rules from INI text: each entry goes to the core, which knows keys and ranges; here are file names and lines. */
#include <stdio.h>

#include "funneld/adapters/settings.h"
#include "ini_lines.h"

struct context {
	struct fnl_rules_builder *builder;
	const char *name;
	fnl_rules_report report;
	void *report_context;
	struct fnl_error *why;
	int rc; /* of the first error */
};

static void note(struct context *c, int code, int line, const char *text)
{
	struct fnl_error message;
	if (line > 0) {
		fnl_fail(&message, code, "%.200s:%d: %s", c->name, line, text);
	} else {
		fnl_fail(&message, code, "%.200s: %s", c->name, text);
	}
	if (c->report) {
		c->report(c->report_context, message.text);
	}
	if (!c->rc) {
		c->rc = code;
		if (c->why) {
			*c->why = message;
		}
	}
}

static int on_entry(void *context, int line, const char *section, const char *key, const char *value)
{
	struct context *c = context;
	struct fnl_error why = {0, ""};
	int rc = fnl_rules_set(c->builder, fnl_span_str(section), fnl_span_str(key), fnl_span_str(value), line, &why);
	if (rc) {
		note(c, rc, line, why.text[0] ? why.text : fnl_status_text(rc));
	}
	return rc == FNL_E_NOMEM ? rc : 0;
}

static void on_bad(void *context, int line, const char *what)
{
	note(context, FNL_E_INVALID, line, what);
}

int fnl_rules_parse(struct fnl_span text, const char *name, struct fnl_arena *arena, const struct fnl_rules **ret,
                    fnl_rules_report report, void *context, struct fnl_error *why)
{
	struct context c = {NULL, name, report, context, why, 0};
	struct fnl_ini_visitor visitor = {&c, on_entry, on_bad};
	struct fnl_error end = {0, ""};
	const struct fnl_rules *rules = NULL;
	int rc = fnl_rules_begin(arena, &c.builder);
	if (rc) {
		return fnl_fail(why, rc, "%.200s: %s", name, fnl_status_text(rc));
	}
	rc = fnl_ini_read(text, &visitor);
	if (rc) {
		return c.rc ? c.rc : fnl_fail(why, rc, "%.200s: %s", name, fnl_status_text(rc));
	}
	rc = fnl_rules_finish(c.builder, &rules, &end);
	if (rc) {
		note(&c, rc, 0, end.text[0] ? end.text : fnl_status_text(rc));
	}
	if (c.rc) {
		return c.rc;
	}
	*ret = rules;
	return 0;
}
