/* One event as a short line for people, one value of a record as text. */
#ifndef FNL_PROGRAMS_VIEW_EVENT_H
#define FNL_PROGRAMS_VIEW_EVENT_H

#include "funneld/ports/codec.h"
#include "view_text.h"

enum { FNL_VALUE_TEXT_BYTES = 256 };

/* "-" for null; lists as [a, b, …]. Cut where it does not fit. */
void fnl_value_text(const struct fnl_field_desc *f, const struct fnl_value *v, char ret[FNL_VALUE_TEXT_BYTES]);
/* The same of a field by name; false when the record has no such field or it is null. */
bool fnl_event_field(const struct fnl_decoded *d, const char *name, char ret[FNL_VALUE_TEXT_BYTES]);

/* time, key, what happened; without a newline. */
void fnl_event_line(const struct fnl_canvas *c, struct fnl_span key, const struct fnl_decoded *d);

#endif
