/* Random values of any record, and their comparison: for tests that hold for all records. */
#ifndef FUNNELD_TESTS_RANDOM_RECORDS_H
#define FUNNELD_TESTS_RANDOM_RECORDS_H

#include "funneld/base/record.h"

struct random_source {
	uint64_t state;
	struct fnl_arena *arena;
	int depth; /* how deep in lists */
};

static inline uint64_t random_next(struct random_source *r)
{
	uint64_t x = r->state += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/* Small numbers and the ends of the range are as likely as all others. */
static inline int64_t random_number(struct random_source *r, int64_t min, int64_t max)
{
	switch (random_next(r) % 8) {
	case 0:
		return min;
	case 1:
		return max;
	case 2:
		return 0;
	case 3:
	case 4:
		return (int64_t)(random_next(r) % 200) - 100;
	default: {
		int64_t v = (int64_t)random_next(r) >> (random_next(r) % 64);
		return v < min || v > max ? v % 1000 : v;
	}
	}
}

static inline struct fnl_span random_string(struct random_source *r)
{
	static const char *const parts[] = {"a", "Z",  "\xc3\xa9", "\xe6\xbc\x8f\xe6\x96\x97", "\xf0\x9f\x98\x80",
	                                    " ", "\"", "\\"};
	size_t n = random_next(r) % 16 ? random_next(r) % 12 : random_next(r) % 400;
	uint8_t *out = fnl_arena_alloc(r->arena, n * 8 + 1);
	size_t len = 0;
	for (size_t i = 0; out && i < n; i++) {
		const char *part = parts[random_next(r) % 8];
		memcpy(out + len, part, strlen(part));
		len += strlen(part);
	}
	return fnl_span_of(out, len);
}

static inline void random_values(struct random_source *r, const struct fnl_record_desc *d, struct fnl_value *values);

static inline void random_value(struct random_source *r, const struct fnl_field_desc *f, enum fnl_kind kind,
                                struct fnl_value *v)
{
	*v = (struct fnl_value){.set = true};
	switch (kind) {
	case FNL_KIND_BOOL:
		v->i64 = (int64_t)(random_next(r) % 2);
		return;
	case FNL_KIND_INT:
	case FNL_KIND_DATE:
		v->i64 = random_number(r, INT32_MIN, INT32_MAX);
		return;
	case FNL_KIND_LONG:
	case FNL_KIND_TIMESTAMP:
		v->i64 = random_number(r, INT64_MIN, INT64_MAX);
		return;
	case FNL_KIND_ENUM:
		v->i64 = (int64_t)(random_next(r) % f->symbol_count);
		return;
	case FNL_KIND_STRING:
		v->str = random_string(r);
		return;
	case FNL_KIND_MONEY:
		v->money.amount_minor = random_number(r, INT64_MIN, INT64_MAX);
		memcpy(v->money.currency, random_next(r) % 2 ? "USD" : "JPY", 4);
		return;
	case FNL_KIND_RECORD:
	case FNL_KIND_LIST:
		break;
	}
	/* a full list in each item of a full list is more than a record may have */
	size_t few = random_next(r) % 4;
	size_t full = r->depth > 0 ? few : FNL_RECORD_LIST_ITEMS_MAX;
	size_t count = kind == FNL_KIND_RECORD ? f->record->field_count : random_next(r) % 16 ? few : full;
	struct fnl_value *items = fnl_arena_calloc(r->arena, count, sizeof(*items));
	if (!items) {
		return;
	}
	if (kind == FNL_KIND_RECORD) {
		random_values(r, f->record, items);
	} else {
		r->depth++;
		for (size_t i = 0; i < count; i++) {
			random_value(r, f, f->item_kind, &items[i]);
		}
		r->depth--;
	}
	v->list = (struct fnl_list){items, count};
}

static inline void random_values(struct random_source *r, const struct fnl_record_desc *d, struct fnl_value *values)
{
	for (size_t i = 0; i < d->field_count; i++) {
		if (d->fields[i].nullable && random_next(r) % 3 == 0) {
			values[i] = (struct fnl_value){.set = false};
		} else {
			random_value(r, &d->fields[i], d->fields[i].kind, &values[i]);
		}
	}
}

static inline bool values_equal(const struct fnl_record_desc *d, const struct fnl_value *a, const struct fnl_value *b);

static inline bool value_equal(const struct fnl_field_desc *f, enum fnl_kind kind, const struct fnl_value *a,
                               const struct fnl_value *b)
{
	if (a->set != b->set || !a->set) {
		return a->set == b->set;
	}
	switch (kind) {
	case FNL_KIND_STRING:
		return a->str.len == b->str.len && (a->str.len == 0 || memcmp(a->str.data, b->str.data, a->str.len) == 0);
	case FNL_KIND_MONEY:
		return a->money.amount_minor == b->money.amount_minor && strcmp(a->money.currency, b->money.currency) == 0;
	case FNL_KIND_RECORD:
		return values_equal(f->record, a->list.items, b->list.items);
	case FNL_KIND_LIST:
		if (a->list.count != b->list.count) {
			return false;
		}
		for (size_t i = 0; i < a->list.count; i++) {
			if (!value_equal(f, f->item_kind, &a->list.items[i], &b->list.items[i])) {
				return false;
			}
		}
		return true;
	default:
		return a->i64 == b->i64;
	}
}

static inline bool values_equal(const struct fnl_record_desc *d, const struct fnl_value *a, const struct fnl_value *b)
{
	for (size_t i = 0; i < d->field_count; i++) {
		if (!value_equal(&d->fields[i], d->fields[i].kind, &a[i], &b[i])) {
			return false;
		}
	}
	return true;
}

#endif
