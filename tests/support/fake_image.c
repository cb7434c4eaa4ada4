#include "fake_image.h"

enum { PARTITIONS_MAX = 4096 };

/* --- rows --- */

uint8_t *fake_copy_bytes(const void *data, size_t len)
{
	uint8_t *copy = fnl_calloc(1, len ? len : 1);
	if (copy && len) {
		memcpy(copy, data, len);
	}
	return copy;
}

struct fake_row *fake_row_free(struct fake_row *row)
{
	if (row) {
		fnl_free(row->value);
	}
	return fnl_free(row);
}

struct fake_row *fake_row_new(uint8_t table, struct fnl_span key)
{
	struct fake_row *row = fnl_calloc(1, sizeof *row + 1 + key.len);
	if (!row) {
		return NULL;
	}
	row->deadline_ms = FNL_NO_DEADLINE;
	row->id_len = 1 + key.len;
	row->id[0] = table;
	if (key.len) {
		memcpy(row->id + 1, key.data, key.len);
	}
	return row;
}

struct fake_row *fake_row_of(struct fnl_map_node *node)
{
	return FNL_CONTAINER_OF(node, struct fake_row, node);
}

struct fnl_span fake_row_id(const struct fake_row *row)
{
	return fnl_span_of(row->id, row->id_len);
}

struct fake_row *fake_row_find(const struct fake_partition *p, struct fnl_row_key row)
{
	uint8_t small[256];
	uint8_t *id = row.key.len < sizeof small ? small : fnl_calloc(1, row.key.len + 1);
	if (!id) {
		return NULL;
	}
	id[0] = row.table;
	if (row.key.len) {
		memcpy(id + 1, row.key.data, row.key.len);
	}
	struct fnl_map_node *node = fnl_map_find(&p->rows, fnl_span_of(id, row.key.len + 1));
	if (id != small) {
		fnl_free(id);
	}
	return node ? fake_row_of(node) : NULL;
}

void fake_rows_clear(struct fake_partition *p)
{
	size_t cursor = 0;
	struct fnl_map_node *node = fnl_map_next(&p->rows, &cursor, NULL);
	while (node) {
		struct fnl_map_node *next = fnl_map_next(&p->rows, &cursor, node);
		fake_row_free(fake_row_of(node));
		node = next;
	}
	fnl_map_deinit(&p->rows);
}

/* --- images --- */

void fake_image_deinit(struct fake_image *image)
{
	for (size_t i = 0; i < image->count; i++) {
		fake_rows_clear(&image->partitions[i]);
	}
	fnl_free(image->partitions);
	fnl_free(image->cluster_id);
	*image = (struct fake_image){0};
}

struct fake_partition *fake_image_find(const struct fake_image *image, int32_t number)
{
	for (size_t i = 0; i < image->count; i++) {
		if (image->partitions[i].number == number) {
			return &image->partitions[i];
		}
	}
	return NULL;
}

struct fake_partition *fake_image_need(struct fake_image *image, int32_t number)
{
	struct fake_partition *p = fake_image_find(image, number);
	if (p || image->count >= PARTITIONS_MAX) {
		return p;
	}
	struct fake_partition *grown = fnl_reallocarray(image->partitions, image->count + 1, sizeof *grown);
	if (!grown) {
		return NULL;
	}
	image->partitions = grown;
	p = &grown[image->count++];
	*p = (struct fake_partition){.number = number};
	return p;
}

static int partition_copy(struct fake_partition *to, const struct fake_partition *from)
{
	size_t cursor = 0;
	to->applied = from->applied;
	to->half_of = from->half_of;
	memcpy(to->note, from->note, from->note_len);
	to->note_len = from->note_len;
	for (struct fnl_map_node *n = fnl_map_next(&from->rows, &cursor, NULL); n;
	     n = fnl_map_next(&from->rows, &cursor, n)) {
		const struct fake_row *row = fake_row_of(n);
		struct fake_row *copy = fake_row_new(row->id[0], fnl_span_of(row->id + 1, row->id_len - 1));
		if (!copy) {
			return FNL_E_NOMEM;
		}
		copy->deadline_ms = row->deadline_ms;
		copy->value = fake_copy_bytes(row->value, row->value_len);
		copy->value_len = row->value_len;
		if (!copy->value || fnl_map_insert(&to->rows, &copy->node, fake_row_id(copy)) != 0) {
			fake_row_free(copy);
			return FNL_E_NOMEM;
		}
	}
	return 0;
}

int fake_image_copy(const struct fake_image *from, struct fake_image *ret)
{
	struct fake_image copy = {.partition_count = from->partition_count, .cluster_id_len = from->cluster_id_len};
	if (from->cluster_id) {
		copy.cluster_id = fake_copy_bytes(from->cluster_id, from->cluster_id_len);
	}
	int err = from->cluster_id && !copy.cluster_id ? FNL_E_NOMEM : 0;
	for (size_t i = 0; err == 0 && i < from->count; i++) {
		struct fake_partition *p = fake_image_need(&copy, from->partitions[i].number);
		err = p ? partition_copy(p, &from->partitions[i]) : FNL_E_NOMEM;
	}
	if (err != 0) {
		fake_image_deinit(&copy);
		return err;
	}
	fake_image_deinit(ret);
	*ret = copy;
	return 0;
}
