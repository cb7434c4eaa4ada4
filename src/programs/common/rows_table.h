/* Rows of a stage, read back from its changelog: the latest value of each key, a tombstone takes it away. */
#ifndef FNL_PROGRAMS_ROWS_TABLE_H
#define FNL_PROGRAMS_ROWS_TABLE_H

#include "funneld/base/map.h"
#include "funneld/base/record.h"
#include "funneld/ports/bus.h"
#include "funneld/ports/codec.h"

struct fnl_row_entry {
	struct fnl_map_node node;
	int32_t partition;
	int64_t offset;
	int64_t timestamp_ms;
	struct fnl_span table; /* "prospect" */
	struct fnl_span key;
	struct fnl_span value;   /* Confluent frame and body */
	struct fnl_codec *codec; /* the table's */
};

/* A zeroed table is valid and empty. Rows are known by their key alone, but those of "feed" and "partition", which live
 * once in each partition. */
struct fnl_rows {
	struct fnl_map map;
	int64_t newest_ms; /* of the records read; INT64_MIN: none */
	uint64_t records;
	bool (*wanted)(void *context, struct fnl_span changelog_key); /* NULL: all */
	void *wanted_context;
	struct fnl_codec *codec; /* for rows that an older or newer version has written; NULL: all are of this one */
};

/* One changelog record. Keys without a table are skipped. FNL_E_NOMEM. */
int fnl_rows_put(struct fnl_rows *rows, const struct fnl_record *r) FNL_MUST_USE;
/* All of the topic, read_committed, to its end. */
int fnl_rows_read(struct fnl_rows *rows, struct fnl_bus *bus, const char *changelog_topic,
                  struct fnl_error *why) FNL_MUST_USE;
/* partition is looked at for tables of each partition only. NULL: no such row. */
const struct fnl_row_entry *fnl_rows_find(const struct fnl_rows *rows, const char *table, struct fnl_span key,
                                          int32_t partition);
/* Every row in no order; != 0 stops and is returned. */
typedef int (*fnl_rows_visit)(void *context, const struct fnl_row_entry *row);
int fnl_rows_each(const struct fnl_rows *rows, fnl_rows_visit visit, void *context);
/* A row's bytes as values in the order of d. codec: as above. FNL_E_INVALID, FNL_E_LIMIT, FNL_E_NOMEM. */
int fnl_rows_decode_value(struct fnl_codec *codec, struct fnl_span value, const struct fnl_record_desc *d,
                          struct fnl_arena *arena, struct fnl_value *ret_values, struct fnl_error *why) FNL_MUST_USE;
/* The same of a row of a table. */
int fnl_rows_decode(const struct fnl_row_entry *row, const struct fnl_record_desc *d, struct fnl_arena *arena,
                    struct fnl_value *ret_values, struct fnl_error *why) FNL_MUST_USE;
void fnl_rows_deinit(struct fnl_rows *rows);

#endif
