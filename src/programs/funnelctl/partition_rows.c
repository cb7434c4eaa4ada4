#include "partition_rows.h"

#include <string.h>

#include "rows_table.h"

static uint8_t table_of(const struct fnl_stage *s, const char *name)
{
	size_t t = 0;
	while (t + 1 < s->table_count && strcmp(s->table_names[t], name) != 0) {
		t++;
	}
	return (uint8_t)t;
}

static int decode_all(struct fnl_app *app, const struct fnl_store_read *reads, size_t count,
                      const struct fnl_record_desc *d, struct fnl_arena *arena, struct fnl_value **rows,
                      struct fnl_error *why)
{
	struct fnl_codec *codec;
	int rc = fnl_app_codec(app, &codec, why);
	for (size_t i = 0; i < count && !rc; i++) {
		struct fnl_span value = reads[i].ret_rows[0];
		if (fnl_span_is_none(value)) {
			continue;
		}
		rows[i] = fnl_arena_calloc(arena, d->field_count, sizeof(**rows));
		rc = rows[i] ? fnl_rows_decode_value(codec, value, d, arena, rows[i], why)
		             : fnl_fail(why, FNL_E_NOMEM, "no memory");
	}
	return rc;
}

int fnl_partition_rows_read(struct fnl_app *app, enum fnl_app_stage_id stage, const char *table, const char *key,
                            const struct fnl_record_desc *d, struct fnl_arena *arena, struct fnl_value ***ret,
                            size_t *ret_count, int *ret_exit, struct fnl_error *why)
{
	const struct fnl_app_stage *s = fnl_app_stage(app, stage);
	struct fnl_row_key row = {table_of(&s->stage, table), fnl_span_str(key)};
	struct fnl_store *store;
	int32_t partitions = 0;
	int rc = fnl_app_partitions(app, s->input, &partitions, why);
	*ret_exit = fnl_exit_code(rc);
	if (rc) {
		return rc;
	}
	*ret_exit = FNL_EXIT_REDIS;
	rc = fnl_app_store(app, stage, &store, why);
	if (rc) {
		return rc;
	}
	size_t count = (size_t)partitions;
	struct fnl_store_read *reads = fnl_arena_calloc(arena, count, sizeof(*reads));
	struct fnl_value **rows = fnl_arena_calloc(arena, count, sizeof(struct fnl_value *));
	if (!reads || !rows) {
		*ret_exit = FNL_EXIT_INTERNAL;
		return fnl_fail(why, FNL_E_NOMEM, "no memory");
	}
	for (size_t i = 0; i < count; i++) {
		reads[i] = (struct fnl_store_read){.partition = (int32_t)i, .keys = &row, .key_count = 1};
	}
	rc = store->ops->read(store, reads, count, arena);
	if (rc) {
		return fnl_fail(why, rc, "redis.url %s: %s", fnl_settings_shown(app->settings, "redis.url"),
		                store->ops->explain(store));
	}
	*ret_exit = FNL_EXIT_INTERNAL;
	rc = decode_all(app, reads, count, d, arena, rows, why);
	if (!rc) {
		*ret = rows;
		*ret_count = count;
	}
	return rc;
}
