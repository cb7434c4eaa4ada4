/* Checks a body along its plan before avro-c reads it. */
#include <inttypes.h>
#include <stdio.h>

#include "codec_avro.h"

/* The way down to the value at hand is kept for the message alone. */
struct walk {
	struct fnl_reader r;
	const uint8_t *start;
	size_t items;
	const char *path[FNL_AVRO_DEPTH_MAX + 2];
	size_t depth;
	struct fnl_error *why;
};

static int refuse(struct walk *w, const uint8_t *at, int code, const char *fmt, ...) FNL_PRINTF(4, 5);

static int refuse(struct walk *w, const uint8_t *at, int code, const char *fmt, ...)
{
	char path[256] = "", what[256];
	size_t used = 0;
	for (size_t i = 0; i < w->depth && used < sizeof(path); i++) {
		int n = snprintf(path + used, sizeof(path) - used, "%s%s", i ? "." : "", w->path[i]);
		used += n > 0 ? (size_t)n : 0;
	}
	va_list args;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return fnl_fail(w->why, code, "%s at byte %zu of the body: %s", path, (size_t)(at - w->start), what);
}

static int walk(struct walk *w, const struct fnl_avro_plan *p);

static int read_number(struct walk *w, const char *what, int64_t *ret)
{
	const uint8_t *at = w->r.at;
	int64_t v = fnl_read_long(&w->r);
	if (w->r.bad) {
		return refuse(w, at, FNL_E_INVALID, "%s is cut or longer than 64 bits", what);
	}
	*ret = v;
	return 0;
}

static int walk_raw(struct walk *w, size_t bytes, const char *what)
{
	const uint8_t *at = w->r.at;
	(void)fnl_read_bytes(&w->r, bytes);
	return w->r.bad ? refuse(w, at, FNL_E_INVALID, "%s is cut", what) : 0;
}

static int walk_boolean(struct walk *w)
{
	const uint8_t *at = w->r.at;
	uint8_t v = fnl_read_u8(&w->r);
	if (w->r.bad || v > 1) {
		return refuse(w, at, FNL_E_INVALID, "a boolean, 0 or 1, is expected");
	}
	return 0;
}

static int walk_int(struct walk *w)
{
	const uint8_t *at = w->r.at;
	int64_t v = 0;
	int rc = read_number(w, "an int", &v);
	if (rc == 0 && (v < INT32_MIN || v > INT32_MAX)) {
		rc = refuse(w, at, FNL_E_INVALID, "%" PRId64 " does not fit into the 32 bits of an int", v);
	}
	return rc;
}

/* Enum and union: an index below count. */
static int walk_index(struct walk *w, const char *what, size_t count, size_t *ret)
{
	const uint8_t *at = w->r.at;
	int64_t v = 0;
	int rc = read_number(w, what, &v);
	if (rc == 0 && (v < 0 || (uint64_t)v >= count)) {
		rc = refuse(w, at, FNL_E_INVALID, "%s %" PRId64 ", but the writer's schema has %zu", what, v, count);
	}
	if (rc == 0) {
		*ret = (size_t)v;
	}
	return rc;
}

static bool currency_valid(struct fnl_span s)
{
	bool ok = s.len == 3;
	for (size_t i = 0; ok && i < 3; i++) {
		ok = s.data[i] >= 'A' && s.data[i] <= 'Z';
	}
	return ok;
}

static int walk_string(struct walk *w, const struct fnl_avro_plan *p)
{
	const uint8_t *at = w->r.at;
	int64_t length = 0;
	int rc = read_number(w, "a length", &length);
	if (rc < 0) {
		return rc;
	}
	if (length < 0 || (uint64_t)length > fnl_reader_left(&w->r)) {
		return refuse(w, at, FNL_E_INVALID, "length %" PRId64 ", but %zu bytes are left", length,
		              fnl_reader_left(&w->r));
	}
	if (p && p->field && length > FNL_RECORD_STRING_BYTES_MAX) {
		return refuse(w, at, FNL_E_LIMIT, "a string of %" PRId64 " bytes; at most %d", length,
		              FNL_RECORD_STRING_BYTES_MAX);
	}
	struct fnl_span s = fnl_read_bytes(&w->r, (size_t)length);
	bool is_text = !p || p->type == AVRO_STRING || p->field;
	if (is_text && !fnl_span_utf8_valid(s)) {
		return refuse(w, at, FNL_E_INVALID, "a string that is not UTF-8");
	}
	if (p && p->is_currency && !currency_valid(s)) {
		return refuse(w, at, FNL_E_INVALID, "a currency of three capital letters is expected");
	}
	return 0;
}

static int walk_item(struct walk *w, const struct fnl_avro_plan *p)
{
	if (p->type == AVRO_MAP) {
		int rc = walk_string(w, NULL);
		if (rc < 0) {
			return rc;
		}
	}
	return walk(w, p->children);
}

/* A block's count, positive, and with a negative one its size in bytes (-1: not given). */
static int walk_block_head(struct walk *w, const struct fnl_avro_plan *p, int64_t *ret_count, int64_t *ret_bytes)
{
	const uint8_t *at = w->r.at;
	int64_t count = 0, bytes = -1;
	int rc = read_number(w, "a count", &count);
	if (rc == 0 && count < 0) {
		rc = read_number(w, "a block's size", &bytes);
		if (rc == 0 && (bytes < 0 || (uint64_t)bytes > fnl_reader_left(&w->r))) {
			rc = refuse(w, at, FNL_E_INVALID, "a block of %" PRId64 " bytes, but %zu are left", bytes,
			            fnl_reader_left(&w->r));
		}
		count = count == INT64_MIN ? INT64_MAX : -count;
	}
	if (rc < 0) {
		return rc;
	}
	size_t bytes_min = p->children->bytes_min + (p->type == AVRO_MAP ? 1 : 0);
	if (bytes_min && (uint64_t)count > fnl_reader_left(&w->r) / bytes_min) {
		return refuse(w, at, FNL_E_INVALID, "%" PRId64 " items, but only %zu bytes are left", count,
		              fnl_reader_left(&w->r));
	}
	if ((uint64_t)count > FNL_AVRO_ITEMS_MAX - w->items) {
		return refuse(w, at, FNL_E_LIMIT, "%" PRId64 " items; a record has at most %d in all its lists", count,
		              FNL_AVRO_ITEMS_MAX);
	}
	w->items += (size_t)count;
	*ret_count = count;
	*ret_bytes = bytes;
	return 0;
}

static int walk_blocks(struct walk *w, const struct fnl_avro_plan *p)
{
	size_t total = 0;
	for (;;) {
		const uint8_t *at = w->r.at;
		int64_t count = 0, bytes = -1;
		int rc = walk_block_head(w, p, &count, &bytes);
		if (rc < 0 || count == 0) {
			return rc;
		}
		const uint8_t *start = w->r.at;
		total += (size_t)count;
		if (p->field && total > FNL_RECORD_LIST_ITEMS_MAX) {
			return refuse(w, at, FNL_E_LIMIT, "a list of %zu items; at most %d", total, FNL_RECORD_LIST_ITEMS_MAX);
		}
		for (int64_t i = 0; i < count && rc == 0; i++) {
			rc = walk_item(w, p);
		}
		if (rc < 0) {
			return rc;
		}
		if (bytes >= 0 && w->r.at - start != bytes) {
			return refuse(w, at, FNL_E_INVALID, "a block of %" PRId64 " bytes whose items have %td", bytes,
			              w->r.at - start);
		}
	}
}

static int walk_record(struct walk *w, const struct fnl_avro_plan *p)
{
	for (size_t i = 0; i < p->count; i++) {
		w->path[w->depth++] = p->children[i].name;
		int rc = walk(w, &p->children[i]);
		w->depth--;
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static int walk(struct walk *w, const struct fnl_avro_plan *p)
{
	size_t index = 0;
	int rc;
	if (p->mismatch) {
		return refuse(w, w->r.at, FNL_E_INVALID, "%s", p->mismatch);
	}
	switch (p->type) {
	case AVRO_NULL:
		return 0;
	case AVRO_BOOLEAN:
		return walk_boolean(w);
	case AVRO_INT32:
		return walk_int(w);
	case AVRO_INT64: {
		int64_t v = 0;
		return read_number(w, "a long", &v);
	}
	case AVRO_FLOAT:
	case AVRO_DOUBLE:
	case AVRO_FIXED:
		return walk_raw(w, p->bytes_min, "a number or fixed value");
	case AVRO_STRING:
	case AVRO_BYTES:
		return walk_string(w, p);
	case AVRO_ENUM:
		return walk_index(w, "symbol", p->count, &index);
	case AVRO_UNION:
		rc = walk_index(w, "branch", p->count, &index);
		return rc < 0 ? rc : walk(w, &p->children[index]);
	case AVRO_ARRAY:
	case AVRO_MAP:
		return walk_blocks(w, p);
	case AVRO_RECORD:
		return walk_record(w, p);
	default:
		return refuse(w, w->r.at, FNL_E_UNSUPPORTED, "an unknown type");
	}
}

int fnl_avro_walk(const struct fnl_avro_plan *plan, struct fnl_span body, struct fnl_error *why)
{
	struct walk w = {.r = fnl_reader_of(body), .start = body.data, .path = {plan->name}, .depth = 1, .why = why};
	if (body.len > FNL_AVRO_BODY_BYTES_MAX) {
		return refuse(&w, w.start, FNL_E_LIMIT, "%zu bytes; at most %d", body.len, FNL_AVRO_BODY_BYTES_MAX);
	}
	int rc = walk_record(&w, plan);
	if (rc == 0 && fnl_reader_left(&w.r) != 0) {
		rc = refuse(&w, w.r.at, FNL_E_INVALID, "%zu bytes are left after the last field", fnl_reader_left(&w.r));
	}
	return rc;
}
