/* What the fake store's server holds. */
#ifndef FUNNELD_TESTS_FAKE_IMAGE_H
#define FUNNELD_TESTS_FAKE_IMAGE_H

#include "funneld/base/map.h"
#include "funneld/ports/store.h"

struct fake_row {
	struct fnl_map_node node; /* key: the table's byte, then the row's key */
	int64_t deadline_ms;
	uint8_t *value;
	size_t value_len;
	size_t id_len;
	uint8_t id[];
};

struct fake_partition {
	int32_t number;
	struct fnl_applied applied;
	size_t half_of; /* the handle that is building it; 0: it is whole */
	struct fnl_map rows;
	uint8_t note[FNL_STORE_NOTE_BYTES_MAX];
	size_t note_len; /* 0: none */
};

struct fake_image {
	struct fake_partition *partitions;
	size_t count;
	uint8_t *cluster_id; /* NULL: no layout recorded */
	size_t cluster_id_len;
	int32_t partition_count;
};

uint8_t *fake_copy_bytes(const void *data, size_t len);

struct fake_row *fake_row_new(uint8_t table, struct fnl_span key);
struct fake_row *fake_row_free(struct fake_row *row);
struct fake_row *fake_row_of(struct fnl_map_node *node);
/* The key in the map. */
struct fnl_span fake_row_id(const struct fake_row *row);
struct fake_row *fake_row_find(const struct fake_partition *p, struct fnl_row_key row);
void fake_rows_clear(struct fake_partition *p);

struct fake_partition *fake_image_find(const struct fake_image *image, int32_t number);
/* Made when it is not there; NULL: no memory, or too many. */
struct fake_partition *fake_image_need(struct fake_image *image, int32_t number);
/* ret is replaced, or untouched on failure. */
int fake_image_copy(const struct fake_image *from, struct fake_image *ret) FNL_MUST_USE;
void fake_image_deinit(struct fake_image *image);

#endif
