#include "replay_facts.h"

#include <stdlib.h>

#include "funneld/base/arena.h"

enum { TEXT_BYTES_MAX = 1024 };

static const struct {
	const char *key;
	const char *heading;
	enum fnl_replay_unit unit;
	bool all;
} sections[FNL_REPLAY_SECTION_COUNT] = {
#define FNL_X(name, key, heading, unit, all) {key, heading, FNL_REPLAY_##unit, all},
	FNL_REPLAY_SECTIONS(FNL_X)
#undef FNL_X
};

const char *fnl_replay_section_key(enum fnl_replay_section s)
{
	return sections[s].key;
}

const char *fnl_replay_section_heading(enum fnl_replay_section s)
{
	return sections[s].heading;
}

enum fnl_replay_unit fnl_replay_section_unit(enum fnl_replay_section s)
{
	return sections[s].unit;
}

bool fnl_replay_section_shows_all(enum fnl_replay_section s)
{
	return sections[s].all;
}

/* Section, rank, name, a zero, then a one and the subject where there is one: no name or id holds a zero byte. */
static struct fnl_span order_of(const struct fnl_replay_about *a, uint8_t buffer[2 * TEXT_BYTES_MAX + 4])
{
	size_t n = 0;
	if (a->name.len > TEXT_BYTES_MAX || a->subject.len > TEXT_BYTES_MAX) {
		return FNL_SPAN_NONE;
	}
	buffer[n++] = (uint8_t)a->section;
	buffer[n++] = a->rank;
	memcpy(buffer + n, a->name.data, a->name.len);
	n += a->name.len;
	buffer[n++] = 0;
	if (!fnl_span_is_none(a->subject)) {
		buffer[n++] = 1;
		memcpy(buffer + n, a->subject.data, a->subject.len);
		n += a->subject.len;
	}
	return fnl_span_of(buffer, n);
}

static struct fnl_replay_fact *find(const struct fnl_replay_facts *f, struct fnl_span order)
{
	struct fnl_map_node *node = fnl_map_find(&f->map, order);
	return node ? FNL_CONTAINER_OF(node, struct fnl_replay_fact, node) : NULL;
}

static int need(struct fnl_replay_facts *f, const struct fnl_replay_about *a, struct fnl_replay_fact **ret)
{
	uint8_t buffer[2 * TEXT_BYTES_MAX + 4];
	struct fnl_span order = order_of(a, buffer);
	if (fnl_span_is_none(order)) {
		return FNL_E_LIMIT;
	}
	*ret = find(f, order);
	if (*ret) {
		return 0;
	}
	struct fnl_replay_fact *fact = fnl_calloc(1, sizeof(*fact) + order.len);
	if (!fact) {
		return FNL_E_NOMEM;
	}
	uint8_t *bytes = (uint8_t *)(fact + 1);
	memcpy(bytes, order.data, order.len);
	fact->order = fnl_span_of(bytes, order.len);
	fact->name = fnl_span_of(bytes + 2, a->name.len);
	size_t head = a->name.len + 4;
	fact->subject = fnl_span_is_none(a->subject) ? FNL_SPAN_NONE : fnl_span_of(bytes + head, order.len - head);
	fact->section = a->section;
	memcpy(fact->currency, a->currency, sizeof(fact->currency));
	int rc = fnl_map_insert(&f->map, &fact->node, fact->order);
	if (rc) {
		fnl_free(fact);
		return rc;
	}
	*ret = fact;
	return 0;
}

int fnl_replay_add(struct fnl_replay_facts *f, enum fnl_replay_side side, const struct fnl_replay_about *about,
                   __int128 n)
{
	struct fnl_replay_fact *fact;
	int rc = need(f, about, &fact);
	if (rc == 0) {
		fact->said[side] = true;
		fact->n[side] += n;
	}
	return rc;
}

int fnl_replay_set(struct fnl_replay_facts *f, enum fnl_replay_side side, const struct fnl_replay_about *about,
                   __int128 n)
{
	struct fnl_replay_fact *fact;
	int rc = need(f, about, &fact);
	if (rc == 0) {
		fact->said[side] = true;
		fact->n[side] = n;
	}
	return rc;
}

void fnl_replay_unsay(struct fnl_replay_facts *f, enum fnl_replay_side side, const struct fnl_replay_about *about)
{
	uint8_t buffer[2 * TEXT_BYTES_MAX + 4];
	struct fnl_replay_fact *fact = find(f, order_of(about, buffer));
	if (fact) {
		fact->said[side] = false;
		fact->n[side] = 0;
	}
}

bool fnl_replay_differs(const struct fnl_replay_fact *fact)
{
	bool counts = sections[fact->section].unit == FNL_REPLAY_COUNT;
	return fact->n[0] != fact->n[1] || (!counts && fact->said[0] != fact->said[1]);
}

static int by_order(const void *a, const void *b)
{
	return fnl_span_cmp((*(struct fnl_replay_fact *const *)a)->order, (*(struct fnl_replay_fact *const *)b)->order);
}

int fnl_replay_sort(struct fnl_replay_facts *f)
{
	size_t n = 0, cursor = 0;
	fnl_free(f->sorted);
	f->sorted = fnl_calloc(f->map.count + 1, sizeof(struct fnl_replay_fact *));
	if (!f->sorted) {
		return FNL_E_NOMEM;
	}
	for (struct fnl_map_node *node = fnl_map_next(&f->map, &cursor, NULL); node;
	     node = fnl_map_next(&f->map, &cursor, node)) {
		struct fnl_replay_fact *fact = FNL_CONTAINER_OF(node, struct fnl_replay_fact, node);
		f->sorted[n] = fact;
		n += fact->said[FNL_REPLAY_TODAY] || fact->said[FNL_REPLAY_WHAT_IF];
	}
	f->sorted_count = n;
	qsort(f->sorted, n, sizeof(struct fnl_replay_fact *), by_order);
	return 0;
}

bool fnl_replay_next_group(const struct fnl_replay_facts *f, size_t *at, struct fnl_replay_group *ret)
{
	if (*at == f->sorted_count) {
		return false;
	}
	const struct fnl_replay_fact *first = f->sorted[*at];
	*ret = (struct fnl_replay_group){.section = first->section, .name = first->name, .facts = &f->sorted[*at]};
	memcpy(ret->currency, first->currency, sizeof(ret->currency));
	for (; *at < f->sorted_count; ++*at) {
		const struct fnl_replay_fact *fact = f->sorted[*at];
		if (fact->section != ret->section || !fnl_span_eq(fact->name, ret->name)) {
			break;
		}
		ret->count++;
		ret->differing += fnl_replay_differs(fact);
		for (int s = 0; s < FNL_REPLAY_SIDES; s++) {
			ret->sum[s] += fact->n[s];
		}
	}
	return true;
}

void fnl_replay_facts_deinit(struct fnl_replay_facts *f)
{
	for (size_t i = 0; i < f->map.bucket_count; i++) {
		struct fnl_map_node *node = f->map.buckets[i].first;
		while (node) {
			struct fnl_map_node *next = node->next;
			fnl_free(FNL_CONTAINER_OF(node, struct fnl_replay_fact, node));
			node = next;
		}
	}
	fnl_map_deinit(&f->map);
	fnl_free(f->sorted);
	*f = (struct fnl_replay_facts){.sorted = NULL};
}
