#include "field_meaning.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct bound {
	const char *kind;
	const char *name; /* "*…": how it ends */
	const char *bound;
};

/* The first that fits. */
static const struct bound bounds[] = {
	{"STRING", "task_id", "TASK_ID"},
	{"STRING", "by_task_id", "TASK_ID"},
	{"STRING", "request_id", "REQUEST_ID"},
	{"STRING", "*_id", "ID"},
	{"STRING", "*_ids", "ID"},
	{"STRING", "source", "ID"},
	{"STRING", "rate_name", "ID"},
	{"STRING", "book", "BOOK"},
	{"STRING", "base_currency", "CURRENCY"},
	{"INT", "probability_bp", "BASIS_POINTS"},
	{"INT", "weight_bp", "BASIS_POINTS"},
	{"INT", "fiscal_year", "YEAR"},
	{"INT", "capacity_prospects", "COUNT"},
	{"INT", "rules_version", "COUNT"},
	{"LONG", "version", "ORDINAL"},
	{"LONG", "sequence", "ORDINAL"},
	{"LONG", "*_count", "COUNT"},
	{"LONG", "open_prospects", "COUNT"},
};

static bool fits(const char *pattern, const char *name)
{
	size_t len = strlen(name);
	size_t end = strlen(pattern) - 1;
	return pattern[0] == '*' ? len >= end && strcmp(name + len - end, pattern + 1) == 0 : strcmp(pattern, name) == 0;
}

const char *field_bound(const char *name, const char *kind)
{
	for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
		if (strcmp(bounds[i].kind, kind) == 0 && fits(bounds[i].name, name)) {
			return bounds[i].bound;
		}
	}
	return "NONE";
}

int field_is_own_id(const char *name)
{
	static const char *const names[] = {"contact_id", "answer_id",  "gap_id",     "person_id",
	                                    "rules_hash", "command_id", "request_id", "version"};
	bool found = false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		found = found || strcmp(names[i], name) == 0;
	}
	return found;
}
