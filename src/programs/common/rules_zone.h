/* The [zone] section of a rules file: what the clock of its zone has done and will do, by this machine's time zone
 * data. It becomes part of the text that is published, so that no other machine's data changes a result. */
#ifndef FNL_PROGRAMS_RULES_ZONE_H
#define FNL_PROGRAMS_RULES_ZONE_H

#include "funneld/core/rules.h"

enum { FNL_RULES_ZONE_FIRST_YEAR = 2000, FNL_RULES_ZONE_LAST_YEAR = 2049 };

/* text is right (fnl_rules_parse) and gives rules. *ret: the text itself when it needs nothing (UTC, or it has its own
 * section), else with the section at its end, in the arena. dir: FNL_ZONEINFO_DIR, or NULL for TZDIR's or that.
 * FNL_E_ARGUMENT: no such zone, or no such data. */
int fnl_rules_zone_append(struct fnl_span text, const struct fnl_rules *rules, const char *dir, struct fnl_arena *arena,
                          struct fnl_span *ret, struct fnl_error *why) FNL_MUST_USE;

#endif
