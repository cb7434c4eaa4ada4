/* What each kind of row becomes: event name -> record, topic, key; header line -> which cell fills which field. */
#ifndef FNL_PROGRAMS_IMPORT_PLAN_H
#define FNL_PROGRAMS_IMPORT_PLAN_H

#include "app.h"
#include "import_csv.h"
#include "import_map.h"

enum { FNL_IMPORT_COLUMNS_MAX = FNL_CSV_CELLS_MAX + 64 }; /* cells, then the map's constants */

/* What makes an event of this kind itself: its own id within its key (ce_id). */
enum fnl_import_identity {
	FNL_IMPORT_BY_VERSION,
	FNL_IMPORT_BY_FIELD,   /* the kind's id_field */
	FNL_IMPORT_BY_CONTACT, /* contact_id@occurred_at: a later image of the same contact is another event */
	FNL_IMPORT_BY_TIME,
	FNL_IMPORT_BY_RULES
};

struct fnl_import_kind {
	const char *event;  /* the word in the column `event` */
	const char *record; /* "ProspectChanged" */
	enum fnl_topic topic;
	const char *key_field; /* NULL: for every partition, with the source as key; FxRate: composed */
	enum fnl_import_identity identity;
	const char *id_field;
	bool key_optional; /* an empty key makes it one for the whole source: for every partition */
};

struct fnl_import_column {
	struct fnl_span name;   /* ours */
	struct fnl_span theirs; /* as in the header, for messages */
	bool ignored;
	bool has_values;          /* the map has a value table */
	const char *format;       /* the map's; NULL: none */
	struct fnl_span constant; /* data == NULL: a cell */
};

/* A kind met with a header: -1 where there is no such column. */
struct fnl_import_binding {
	const struct fnl_import_kind *kind;
	const struct fnl_record_desc *desc; /* NULL: the record is not known to this build */
	int16_t column_of[FNL_RECORD_FIELDS_MAX];
	int16_t currency_of[FNL_RECORD_FIELDS_MAX]; /* "<field>_currency", else "currency" */
	bool used[FNL_IMPORT_COLUMNS_MAX];          /* columns that mean something for this kind */
};

struct fnl_import_plan {
	const struct fnl_import_map *map;
	struct fnl_import_column columns[FNL_IMPORT_COLUMNS_MAX];
	size_t cell_count;   /* of the header */
	size_t column_count; /* and the constants */
	int16_t event_column;
	int16_t time_column;
	struct fnl_import_binding *bindings; /* in the order of the kinds */
	size_t binding_count;
};

/* Meets header and map; memory from the arena, which the header's cells need not outlive. FNL_E_INVALID with *why
 * naming file, line and column; FNL_E_NOMEM. */
int fnl_import_plan_make(const struct fnl_import_map *map, const char *file, const struct fnl_csv_row *header,
                         struct fnl_arena *arena, struct fnl_import_plan **ret, struct fnl_error *why) FNL_MUST_USE;

/* NULL when the word is no event. */
const struct fnl_import_binding *fnl_import_plan_binding(const struct fnl_import_plan *p, struct fnl_span event);

/* A column's text in a row, after the map's value table: empty = not there. */
struct fnl_span fnl_import_plan_text(const struct fnl_import_plan *p, const struct fnl_csv_row *row, int column);

/* Descriptor by the record's name; NULL when there is none. */
const struct fnl_record_desc *fnl_import_record(const char *name);

/* The table of kinds, and all event words for messages. */
const struct fnl_import_kind *fnl_import_kinds(size_t *ret_count);

#endif
