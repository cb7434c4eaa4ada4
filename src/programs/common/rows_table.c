#include "rows_table.h"

enum { NAME_BYTES_MAX = 512 };

/* Partition (-1 for tables whose keys are in one partition only), then the changelog's key. */
static struct fnl_span name_of(uint8_t buffer[NAME_BYTES_MAX], struct fnl_span table, struct fnl_span key,
                               int32_t partition)
{
	bool in_each = fnl_span_eq(table, FNL_SPAN_LIT("feed")) || fnl_span_eq(table, FNL_SPAN_LIT("partition"));
	int32_t p = in_each ? partition : -1;
	size_t len = sizeof(p) + table.len + 1 + key.len;
	if (len > NAME_BYTES_MAX) {
		return FNL_SPAN_NONE;
	}
	memcpy(buffer, &p, sizeof(p));
	memcpy(buffer + sizeof(p), table.data, table.len);
	buffer[sizeof(p) + table.len] = '|';
	if (key.len) {
		memcpy(buffer + sizeof(p) + table.len + 1, key.data, key.len);
	}
	return fnl_span_of(buffer, len);
}

static bool split(struct fnl_span changelog_key, struct fnl_span *ret_table, struct fnl_span *ret_key)
{
	const uint8_t *bar = fnl_span_is_none(changelog_key) ? NULL : memchr(changelog_key.data, '|', changelog_key.len);
	if (!bar) {
		return false;
	}
	*ret_table = fnl_span_of(changelog_key.data, (size_t)(bar - changelog_key.data));
	*ret_key = fnl_span_of(bar + 1, changelog_key.len - ret_table->len - 1);
	return true;
}

/* One block: the entry, its name, its value. */
static struct fnl_row_entry *entry_new(struct fnl_span name, size_t table_len, const struct fnl_record *r)
{
	struct fnl_row_entry *e = fnl_calloc(1, sizeof(*e) + name.len + r->value.len);
	if (!e) {
		return NULL;
	}
	uint8_t *bytes = (uint8_t *)(e + 1);
	size_t before_table = sizeof(int32_t);
	memcpy(bytes, name.data, name.len);
	memcpy(bytes + name.len, r->value.data, r->value.len);
	e->partition = r->partition;
	e->offset = r->offset;
	e->timestamp_ms = r->timestamp_ms;
	e->table = fnl_span_of(bytes + before_table, table_len);
	e->key = fnl_span_of(bytes + before_table + table_len + 1, name.len - before_table - table_len - 1);
	e->value = fnl_span_of(bytes + name.len, r->value.len);
	e->node.key = fnl_span_of(bytes, name.len);
	return e;
}

int fnl_rows_put(struct fnl_rows *rows, const struct fnl_record *r)
{
	uint8_t buffer[NAME_BYTES_MAX];
	struct fnl_span table;
	struct fnl_span key;
	if (rows->records++ == 0 || r->timestamp_ms > rows->newest_ms) {
		rows->newest_ms = r->timestamp_ms;
	}
	if (!split(r->key, &table, &key) || (rows->wanted && !rows->wanted(rows->wanted_context, r->key))) {
		return 0;
	}
	struct fnl_span name = name_of(buffer, table, key, r->partition);
	if (fnl_span_is_none(name)) {
		return 0; /* longer than any key that a stage writes */
	}
	struct fnl_map_node *old = fnl_map_remove(&rows->map, name);
	if (old) {
		fnl_free(FNL_CONTAINER_OF(old, struct fnl_row_entry, node));
	}
	if (fnl_span_is_none(r->value)) {
		return 0;
	}
	struct fnl_row_entry *e = entry_new(name, table.len, r);
	if (!e) {
		return FNL_E_NOMEM;
	}
	e->codec = rows->codec;
	int status = fnl_map_insert(&rows->map, &e->node, e->node.key);
	if (status) {
		fnl_free(e);
	}
	return status;
}

static int on_record(void *context, size_t topic, const struct fnl_record *r)
{
	(void)topic;
	return fnl_rows_put(context, r);
}

int fnl_rows_read(struct fnl_rows *rows, struct fnl_bus *bus, const char *changelog_topic, struct fnl_error *why)
{
	struct fnl_topic_info info = {0};
	int status = bus->ops->describe_topic(bus, changelog_topic, &info);
	if (status == 0 && info.partition_count == 0) {
		return fnl_fail(why, FNL_E_NOT_FOUND, "there is no topic %s: run funnelctl topics create", changelog_topic);
	}
	status = status ? status : bus->ops->read(bus, &changelog_topic, 1, true, true, NULL, on_record, rows);
	return status ? fnl_fail(why, status, "%s: %s", changelog_topic, bus->ops->explain(bus)) : 0;
}

const struct fnl_row_entry *fnl_rows_find(const struct fnl_rows *rows, const char *table, struct fnl_span key,
                                          int32_t partition)
{
	uint8_t buffer[NAME_BYTES_MAX];
	struct fnl_span name = name_of(buffer, fnl_span_str(table), key, partition);
	struct fnl_map_node *node = fnl_span_is_none(name) ? NULL : fnl_map_find(&rows->map, name);
	return node ? FNL_CONTAINER_OF(node, struct fnl_row_entry, node) : NULL;
}

int fnl_rows_each(const struct fnl_rows *rows, fnl_rows_visit visit, void *context)
{
	for (size_t i = 0; i < rows->map.bucket_count; i++) {
		for (struct fnl_map_node *n = rows->map.buckets[i].first; n; n = n->next) {
			int status = visit(context, FNL_CONTAINER_OF(n, struct fnl_row_entry, node));
			if (status) {
				return status;
			}
		}
	}
	return 0;
}

int fnl_rows_decode_value(struct fnl_codec *codec, struct fnl_span value, const struct fnl_record_desc *d,
                          struct fnl_arena *arena, struct fnl_value *ret_values, struct fnl_error *why)
{
	struct fnl_reader r = fnl_reader_of(value);
	uint8_t magic = fnl_read_u8(&r);
	uint32_t id = fnl_read_be32(&r);
	if (r.bad || magic != 0) {
		return fnl_fail(why, FNL_E_INVALID, "the row has no schema id in front");
	}
	uint32_t own = id;
	int rc = codec ? codec->ops->schema_id(codec, d, &own) : 0;
	if (rc) {
		return fnl_fail(why, rc, "the schema of %s has no id", d->name);
	}
	if (id == own) {
		return fnl_record_decode(d, fnl_span_of(r.at, fnl_reader_left(&r)), arena, ret_values, why);
	}
	struct fnl_record record = {.value = value};
	struct fnl_decoded decoded = {NULL, NULL};
	struct fnl_error what = {0, ""};
	rc = codec->ops->decode(codec, &record, arena, &decoded, &what);
	if (rc) {
		return fnl_fail(why, rc, "%s", what.text);
	}
	if (decoded.desc != d) {
		return fnl_fail(why, FNL_E_INVALID, "the row is no %s", d->name);
	}
	memcpy(ret_values, decoded.values, d->field_count * sizeof(*ret_values));
	return 0;
}

int fnl_rows_decode(const struct fnl_row_entry *row, const struct fnl_record_desc *d, struct fnl_arena *arena,
                    struct fnl_value *ret_values, struct fnl_error *why)
{
	return fnl_rows_decode_value(row->codec, row->value, d, arena, ret_values, why);
}

void fnl_rows_deinit(struct fnl_rows *rows)
{
	for (size_t i = 0; i < rows->map.bucket_count; i++) {
		struct fnl_map_node *n = rows->map.buckets[i].first;
		while (n) {
			struct fnl_map_node *next = n->next;
			fnl_free(FNL_CONTAINER_OF(n, struct fnl_row_entry, node));
			n = next;
		}
	}
	fnl_map_deinit(&rows->map);
	*rows = (struct fnl_rows){0};
}
