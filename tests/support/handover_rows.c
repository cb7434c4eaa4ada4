/* Rows of the handovers' world, and values from text. */
#include "handover_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "supervised.h"

const struct fnl_record_desc *const fnl_hands_descs[FNL_HANDS_TABLES] = {
	&fnl_desc_rep, &fnl_desc_handover, &fnl_desc_inspection, &fnl_desc_line, &fnl_desc_task};

static int row_cmp(const struct fnl_hands_row *row, enum fnl_hands_table table, const char *rep, const char *id)
{
	int c = (int)row->table - (int)table;
	c = c ? c : strcmp(row->rep, rep);
	return c ? c : strcmp(row->id, id);
}

static size_t place(const struct fnl_hands *w, enum fnl_hands_table table, const char *rep, const char *id)
{
	size_t from = 0;
	size_t to = w->row_count;
	while (from < to) {
		size_t at = (from + to) / 2;
		if (row_cmp(&w->rows[at], table, rep, id) < 0) {
			from = at + 1;
		} else {
			to = at;
		}
	}
	return from;
}

static bool is_there(const struct fnl_hands *w, size_t at, enum fnl_hands_table table, const char *rep, const char *id)
{
	return at < w->row_count && row_cmp(&w->rows[at], table, rep, id) == 0;
}

const struct fnl_value *fnl_hands_row(struct fnl_hands *w, enum fnl_hands_table table, const char *rep, const char *id)
{
	size_t at = place(w, table, rep, id);
	const struct fnl_record_desc *desc = fnl_hands_descs[table];
	if (!is_there(w, at, table, rep, id)) {
		return NULL;
	}
	struct fnl_value *values = fnl_arena_calloc(&w->arena, desc->field_count, sizeof(*values));
	/* what follows of a row may outlive its bytes */
	struct fnl_span bytes = fnl_arena_dup(&w->arena, fnl_span_of(w->rows[at].bytes, w->rows[at].len));
	if (!values || fnl_record_decode(desc, bytes, &w->arena, values, &w->why) != 0) {
		fprintf(stderr, "%s: %s\n", desc->name, w->why.text);
		abort();
	}
	return values;
}

size_t fnl_hands_rows(const struct fnl_hands *w, enum fnl_hands_table table, const char *rep, size_t *ret_first)
{
	size_t first = place(w, table, rep, "");
	size_t count = 0;
	while (first + count < w->row_count && w->rows[first + count].table == table &&
	       strcmp(w->rows[first + count].rep, rep) == 0) {
		count++;
	}
	*ret_first = first;
	return count;
}

static struct fnl_hands_row *row_new(struct fnl_hands *w, size_t at)
{
	if (w->row_count == w->row_room) {
		w->row_room = w->row_room ? 2 * w->row_room : 64;
		w->rows = realloc(w->rows, w->row_room * sizeof(*w->rows));
		if (!w->rows) {
			abort();
		}
	}
	memmove(w->rows + at + 1, w->rows + at, (w->row_count - at) * sizeof(*w->rows));
	w->row_count++;
	w->rows[at] = (struct fnl_hands_row){0};
	return &w->rows[at];
}

void fnl_hands_put(struct fnl_hands *w, enum fnl_hands_table table, const char *rep, const char *id,
                   const struct fnl_value *values)
{
	const struct fnl_record_desc *desc = fnl_hands_descs[table];
	struct fnl_writer to = fnl_writer_of(&w->arena);
	size_t at = place(w, table, rep, id);
	struct fnl_hands_row *row = is_there(w, at, table, rep, id) ? &w->rows[at] : row_new(w, at);
	if (fnl_record_encode(desc, values, &to) != 0) {
		fprintf(stderr, "%s: a %s cannot be written\n", w->line, desc->name);
		abort();
	}
	struct fnl_span bytes = fnl_writer_span(&to);
	free(row->bytes);
	*row = (struct fnl_hands_row){.table = table, .len = bytes.len, .bytes = malloc(bytes.len + 1)};
	(void)snprintf(row->rep, sizeof(row->rep), "%s", rep);
	(void)snprintf(row->id, sizeof(row->id), "%s", id);
	if (!row->bytes) {
		abort();
	}
	memcpy(row->bytes, bytes.data, bytes.len);
	row->due = (table == FNL_HANDS_HANDOVER || table == FNL_HANDS_TASK) && values[0].set;
	row->deadline_ms = row->due ? values[0].i64 : 0;
}

void fnl_hands_delete(struct fnl_hands *w, enum fnl_hands_table table, const char *rep, const char *id)
{
	size_t at = place(w, table, rep, id);
	if (is_there(w, at, table, rep, id)) {
		free(w->rows[at].bytes);
		w->row_count--;
		memmove(w->rows + at, w->rows + at + 1, (w->row_count - at) * sizeof(*w->rows));
	}
}

const char *fnl_hands_text(struct fnl_hands *w, struct fnl_span s)
{
	char *text = fnl_arena_calloc(&w->arena, s.len + 1, 1);
	if (!text) {
		abort();
	}
	if (s.len > 0) {
		memcpy(text, s.data, s.len);
	}
	return text;
}

/* ---- values ---- */

static struct fnl_value text_value(struct fnl_hands *w, const char *text)
{
	return (struct fnl_value){.set = true, .str = fnl_arena_dup(&w->arena, fnl_span_str(text))};
}

static int64_t moment_of(const char *text)
{
	char copy[32];
	(void)snprintf(copy, sizeof(copy), "%s", text);
	char *t = strchr(copy, 'T');
	if (t) {
		*t = ' ';
	}
	return fnl_moment(copy);
}

static struct fnl_value list_value(struct fnl_hands *w, const char *text)
{
	struct fnl_value *items = fnl_arena_calloc(&w->arena, strlen(text) + 1, sizeof(*items));
	size_t count = 0;
	while (items && *text) {
		size_t len = strcspn(text, ",");
		items[count++] = (struct fnl_value){.set = true, .str = fnl_arena_dup(&w->arena, fnl_span_of(text, len))};
		text += len + (text[len] == ',');
	}
	return (struct fnl_value){.set = true, .list = {items, count}};
}

static int64_t symbol_of(const struct fnl_field_desc *field, const char *text)
{
	for (size_t i = 0; i < field->symbol_count; i++) {
		if (strcmp(field->symbols[i], text) == 0) {
			return (int64_t)i;
		}
	}
	fprintf(stderr, "%s has no %s\n", field->name, text);
	abort();
}

/* "1000EUR" */
static struct fnl_value money_value(const char *text)
{
	struct fnl_value v = {.set = true};
	char *end;
	v.money.amount_minor = strtoll(text, &end, 10);
	(void)snprintf(v.money.currency, sizeof(v.money.currency), "%.3s", end);
	return v;
}

void fnl_hands_set(struct fnl_hands *w, const struct fnl_record_desc *desc, struct fnl_value *values, const char *name,
                   const char *text)
{
	int at = fnl_record_field_index(desc, fnl_span_str(name));
	if (at < 0) {
		fprintf(stderr, "%s\n%s has no %s\n", w->line, desc->name, name);
		abort();
	}
	const struct fnl_field_desc *field = &desc->fields[at];
	struct fnl_value *v = &values[at];
	*v = (struct fnl_value){.set = true};
	if (strcmp(text, "-") == 0) {
		*v = (struct fnl_value){.set = false};
	} else if (field->kind == FNL_KIND_STRING) {
		*v = text_value(w, text);
	} else if (field->kind == FNL_KIND_LIST) {
		*v = list_value(w, text);
	} else if (field->kind == FNL_KIND_MONEY) {
		*v = money_value(text);
	} else if (field->kind == FNL_KIND_ENUM) {
		v->i64 = symbol_of(field, text);
	} else if (field->kind == FNL_KIND_DATE) {
		v->i64 = fnl_moment(text) / 86400000;
	} else if (field->kind == FNL_KIND_TIMESTAMP) {
		v->i64 = moment_of(text);
	} else if (field->kind == FNL_KIND_BOOL) {
		v->i64 = strcmp(text, "true") == 0;
	} else {
		v->i64 = strtoll(text, NULL, 10);
	}
}
