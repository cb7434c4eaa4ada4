/* Pages: rows of a table in the order of their keys, as this batch sees them. The view knows what was committed, the
 * overlay what has changed since. */
#include "internal.h"

/* Rows that this batch has made, smallest keys first, and no more of them than the page takes. */
struct made {
	const struct fnl_entry **at;
	size_t count;
	size_t limit;
};

static bool in_page(const struct fnl_page_request *page, struct fnl_span key)
{
	return key.len >= page->prefix.len &&
	       (page->prefix.len == 0 || memcmp(key.data, page->prefix.data, page->prefix.len) == 0) &&
	       (fnl_span_is_none(page->after) || fnl_span_cmp(key, page->after) > 0);
}

static void made_add(struct made *m, const struct fnl_entry *e)
{
	size_t low = 0;
	for (size_t high = m->count; low < high;) {
		size_t middle = (low + high) / 2;
		if (fnl_span_cmp(m->at[middle]->node.key, e->node.key) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == m->limit) {
		return;
	}
	m->count -= m->count == m->limit;
	memmove(&m->at[low + 1], &m->at[low], (m->count - low) * sizeof(struct fnl_entry *));
	m->at[low] = e;
	m->count++;
}

static int made_collect(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_page_request *page,
                        struct made *ret)
{
	*ret = (struct made){fnl_arena_calloc(&s->arena, page->limit, sizeof(struct fnl_entry *)), 0, page->limit};
	for (const struct fnl_entry *e = p->overlay.first; ret->at && e; e = e->next) {
		bool is_made = e->known && fnl_span_is_none(e->loaded) && !fnl_span_is_none(e->value);
		if (is_made && e->table == page->table && in_page(page, e->node.key)) {
			made_add(ret, e);
		}
	}
	return ret->at ? 0 : FNL_E_NOMEM;
}

/* A row of the view as the batch has it. It is an entry of the overlay from now on, so that a step which writes it
 * needs no second look; but the cache keeps it only when it is written: a pass over all rows is no use of them. */
static struct fnl_entry *of_view(struct fnl_stream *s, struct fnl_partition *p, uint8_t table,
                                 const struct fnl_store_row *row)
{
	struct fnl_row_key key = {table, row->key};
	struct fnl_entry *e = fnl_overlay_find(&p->overlay, key);
	if (e && e->known) {
		return e;
	}
	e = fnl_batch_entry(s, p, key);
	if (e && !e->known) {
		fnl_batch_fill(s, e, row->value);
		e->from_view = false;
	}
	return e;
}

struct merge {
	struct fnl_page_row *rows;
	size_t count;
	size_t limit;
	struct made made;
	size_t made_used;
};

/* Rows made before `until` (data == NULL: all). */
static void merge_made(struct merge *m, struct fnl_span until)
{
	while (m->count < m->limit && m->made_used < m->made.count) {
		const struct fnl_entry *e = m->made.at[m->made_used];
		if (!fnl_span_is_none(until) && fnl_span_cmp(e->node.key, until) >= 0) {
			return;
		}
		m->rows[m->count++] = (struct fnl_page_row){e->node.key, e->value};
		m->made_used++;
	}
}

static int merge_view(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_store_read *read, struct merge *m)
{
	for (size_t i = 0; i < read->ret_page_count; i++) {
		merge_made(m, read->ret_page[i].key);
		if (m->count == m->limit) {
			return 0;
		}
		const struct fnl_entry *e = of_view(s, p, read->page_table, &read->ret_page[i]);
		if (!e) {
			return FNL_E_NOMEM;
		}
		if (!fnl_span_is_none(e->value)) {
			m->rows[m->count++] = (struct fnl_page_row){e->node.key, e->value};
		}
	}
	return 0;
}

int fnl_page_read(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_page_request *page,
                  const struct fnl_page_row **ret, size_t *ret_count, struct fnl_error *why)
{
	if (page->table >= s->stage.table_count || page->limit < 1 || page->limit > FNL_PAGE_ROWS_MAX) {
		return fnl_fail(why, FNL_E_INTERNAL, "stage %s wants a page of %zu rows of table %d", s->stage.name,
		                page->limit, (int)page->table);
	}
	struct merge m = {.limit = page->limit};
	m.rows = fnl_arena_calloc(&s->arena, page->limit, sizeof(*m.rows));
	int rc = m.rows ? made_collect(s, p, page, &m.made) : FNL_E_NOMEM;
	struct fnl_span after = page->after;
	bool more = true;
	while (rc == 0 && more && m.count < m.limit) { /* again when rows of the view are deleted in this batch */
		struct fnl_store_read read = {.partition = p->id,
		                              .page_table = page->table,
		                              .page_prefix = page->prefix,
		                              .page_after = after,
		                              .page_max = page->limit};
		rc = fnl_batch_read(s, p, &read);
		rc = rc ? rc : merge_view(s, p, &read, &m);
		more = rc == 0 && read.ret_page_count == page->limit;
		if (more) {
			after = read.ret_page[read.ret_page_count - 1].key;
		}
	}
	if (rc) {
		return rc;
	}
	merge_made(&m, FNL_SPAN_NONE);
	*ret = m.rows;
	*ret_count = m.count;
	return 0;
}
