/* What a field is, by its name: one word means the same in all schemas. */
#ifndef FNL_TOOLS_FIELD_MEANING_H
#define FNL_TOOLS_FIELD_MEANING_H

/* What a value from outside may be: the end of an enum fnl_bound. kind: that of the field, or of a list's items:
 * "STRING", "INT" and so on. */
const char *field_bound(const char *name, const char *kind);

/* Whether it tells an event from others about the same. */
int field_is_own_id(const char *name);

#endif
