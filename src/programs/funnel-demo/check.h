/* Between the parts of the check at the end. */
#ifndef FUNNEL_DEMO_CHECK_H
#define FUNNEL_DEMO_CHECK_H

#include "play.h"

enum { CHECK_PROSPECTS_MIN = 300 /* with fewer, none may sit still, or fit to have its story told */ };

/* One line: right or not; a number that must be another one; a number that only tells. */
bool check_say(const struct fnl_canvas *c, bool good, const char *what, uint64_t got, uint64_t expected);
bool check_same(const struct fnl_canvas *c, const char *what, uint64_t got, uint64_t expected);
void check_line(const struct fnl_canvas *c, const char *what, uint64_t n);

/* What sat still: alerts, sheets, the story. */
bool check_stalls(struct play *p, const struct fnl_canvas *c, struct fnl_error *why);
/* A rep who left: his tasks, the gate, what is restricted. */
bool check_handover(struct play *p, const struct fnl_canvas *c, struct fnl_error *why);

#endif
