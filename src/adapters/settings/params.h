/* Texts to the values of parameters. */
#ifndef FNL_SETTINGS_PARAMS_H
#define FNL_SETTINGS_PARAMS_H

#include "funneld/adapters/settings.h"

/* The number of a text for a parameter that is none of a string: FNL_E_ARGUMENT with *why saying what is allowed; key
 * and origin are put before it by the caller. A secret's text is not repeated. */
int fnl_param_number(const struct fnl_param *p, const char *text, int64_t *ret, struct fnl_error *why) FNL_MUST_USE;

/* Index in the table, or -1. */
int fnl_param_find(const char *key);
/* The known key that is most like it; NULL when none is near. */
const char *fnl_param_nearest(const char *key);

#endif
