/* Found against expected: headers, bytes, records. Each returns 0, or -1 with the difference told. */
#ifndef FUNNELD_TESTS_ORACLE_SAME_H
#define FUNNELD_TESTS_ORACLE_SAME_H

#include "oracle_internal.h"

struct oracle_report {
	char *why;
	size_t why_bytes;
};

int oracle_differ(struct oracle_report *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct fnl_span oracle_header(const struct fnl_record *r, const char *name);
/* where: "layer-changes of p1". expected: "" means none. */
int oracle_same_header(struct oracle_report *to, const char *where, const struct fnl_record *found, const char *name,
                       const char *expected);
int oracle_same_number_header(struct oracle_report *to, const char *where, const struct fnl_record *found,
                              const char *name, int64_t expected);
/* but: a field that is not compared; NULL: all are. */
int oracle_same_record(struct oracle_report *to, const char *where, const char *what, const json_t *expected,
                       const json_t *found, const char *but);
int oracle_same_value(struct oracle *o, struct oracle_report *to, const char *where, const char *record,
                      const json_t *expected, struct fnl_span found, const char *but);
/* A dead letter of the record, from the stage. */
int oracle_same_dead_letter(struct oracle_report *to, const char *where, const char *stage, const char *input_topic,
                            const struct fnl_record *r, const struct fnl_record *found);
/* "2026-01-31T08:00:00.000Z" */
void oracle_rfc3339(int64_t ms, char ret[64]);

#endif
