/* What a rules file changes against the defaults, for people. */
#ifndef FUNNELCTL_RULES_CHANGES_H
#define FUNNELCTL_RULES_CHANGES_H

#include "funneld/core/rules.h"

struct fnl_rules_change {
	char name[160];
	char was[64];
	char is[64];
};

struct fnl_rules_changes {
	struct fnl_rules_change *at; /* fnl_free */
	size_t count;
	size_t capacity;
};

/* FNL_E_NOMEM */
int fnl_rules_compare(const struct fnl_rules *rules, struct fnl_rules_changes *ret) FNL_MUST_USE;

#endif
