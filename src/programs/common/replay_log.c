#include "replay_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "funneld_records.h"
#include "signals.h"

/* A file of records: the mark, then for each one its length (4 bytes, big-endian) and that many bytes: topic;
 * partition, offset, timestamp; key, value; the count of headers, of each its name and value. Numbers are zig-zag
 * varints; of bytes their length comes first, -1 for null. */
static const char mark[] = "funneld-export-1\n";

enum {
	ARENA_BYTES = 32 << 20,
	RECORD_BYTES_MAX = 16 << 20,
	HEADERS_MAX = 1024,
	PROGRESS_RECORDS = 20000,
	MARK_BYTES = sizeof(mark) - 1
};

const enum fnl_topic fnl_replay_topics[FNL_REPLAY_TOPICS] = {
	[FNL_REPLAY_PROSPECT_CHANGES] = FNL_TOPIC_PROSPECT_CHANGES,
	[FNL_REPLAY_REP_CHANGES] = FNL_TOPIC_REP_CHANGES,
	[FNL_REPLAY_COMMANDS] = FNL_TOPIC_COMMANDS,
	[FNL_REPLAY_FX_RATES] = FNL_TOPIC_FX_RATES,
	[FNL_REPLAY_TERRITORIES] = FNL_TOPIC_TERRITORIES,
};

/* What happens while it is read. */
struct gather {
	struct fnl_replay_log *log;
	struct fnl_codec *codec;
	const struct fnl_replay_bounds *bounds;
	struct fnl_arena arena;   /* a record's bytes */
	struct fnl_arena values;  /* what it says */
	struct fnl_arena headers; /* of a record of a file */
	uint64_t place;
	struct fnl_error *why;
	int status;
};

/* ---- a record's bytes ---- */

static void write_maybe(struct fnl_writer *w, struct fnl_span s)
{
	fnl_write_long(w, fnl_span_is_none(s) ? -1 : (int64_t)s.len);
	if (s.len) {
		fnl_write_raw(w, s);
	}
}

static struct fnl_span read_maybe(struct fnl_reader *r)
{
	int64_t len = fnl_read_long(r);
	if (len == -1) {
		return FNL_SPAN_NONE;
	}
	if (len < 0 || (uint64_t)len > fnl_reader_left(r)) {
		r->bad = true;
		return FNL_SPAN_NONE;
	}
	return fnl_read_bytes(r, (size_t)len);
}

static struct fnl_span record_bytes(size_t topic, const struct fnl_record *r, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_u8(&w, (uint8_t)topic);
	fnl_write_long(&w, r->partition);
	fnl_write_long(&w, r->offset);
	fnl_write_long(&w, r->timestamp_ms);
	write_maybe(&w, r->key);
	write_maybe(&w, r->value);
	fnl_write_long(&w, (int64_t)r->header_count);
	for (size_t i = 0; i < r->header_count; i++) {
		write_maybe(&w, r->headers[i].name);
		write_maybe(&w, r->headers[i].value);
	}
	return fnl_writer_span(&w);
}

static int parse(struct fnl_span bytes, struct fnl_arena *arena, size_t *ret_topic, struct fnl_record *ret)
{
	struct fnl_reader r = fnl_reader_of(bytes);
	*ret_topic = fnl_read_u8(&r);
	*ret = (struct fnl_record){.partition = (int32_t)fnl_read_long(&r)};
	ret->offset = fnl_read_long(&r);
	ret->timestamp_ms = fnl_read_long(&r);
	ret->key = read_maybe(&r);
	ret->value = read_maybe(&r);
	int64_t count = fnl_read_long(&r);
	if (r.bad || *ret_topic >= FNL_REPLAY_TOPICS || count < 0 || count > HEADERS_MAX) {
		return FNL_E_INVALID;
	}
	struct fnl_header *headers = fnl_arena_calloc(arena, (size_t)count + 1, sizeof(*headers));
	if (!headers) {
		return FNL_E_NOMEM;
	}
	for (int64_t i = 0; i < count; i++) {
		headers[i].name = read_maybe(&r);
		headers[i].value = read_maybe(&r);
	}
	ret->headers = headers;
	ret->header_count = (size_t)count;
	return r.bad || fnl_reader_left(&r) ? FNL_E_INVALID : 0;
}

/* The bytes at a place, *place moved behind them; absent at the end and where nothing fits. */
static struct fnl_span bytes_at(const struct fnl_replay_log *log, uint64_t *place)
{
	if (*place + 4 > log->byte_count) {
		return FNL_SPAN_NONE;
	}
	struct fnl_reader r = fnl_reader_of(fnl_span_of(log->bytes + *place, 4));
	uint32_t len = fnl_read_be32(&r);
	if (len > RECORD_BYTES_MAX || len > log->byte_count - *place - 4) {
		return FNL_SPAN_NONE;
	}
	struct fnl_span bytes = fnl_span_of(log->bytes + *place + 4, len);
	*place += 4 + (uint64_t)len;
	return bytes;
}

int fnl_replay_log_record(const struct fnl_replay_log *log, const struct fnl_replay_item *item, struct fnl_arena *arena,
                          struct fnl_record *ret)
{
	uint64_t place = item->place;
	size_t topic;
	struct fnl_span bytes = bytes_at(log, &place);
	return fnl_span_is_none(bytes) ? FNL_E_INVALID : parse(bytes, arena, &topic, ret);
}

/* ---- what it is, and when ---- */

static uint8_t kind_of(const struct fnl_decoded *d)
{
	if (d->desc == &fnl_desc_rules_activated) {
		return FNL_REPLAY_RULES;
	}
	bool gap_of_all = d->desc == &fnl_desc_feed_gap && !d->values[FNL_FEED_GAP_PROSPECT_ID].set;
	bool all = gap_of_all || d->desc == &fnl_desc_clock_tick || d->desc == &fnl_desc_feed_heartbeat;
	return all ? FNL_REPLAY_ALL : FNL_REPLAY_ONE;
}

/* Its time; of what cannot be read none, so that it keeps its place in its partition. */
static void look(struct gather *g, const struct fnl_record *r, struct fnl_replay_item *item)
{
	_Static_assert(FNL_PROSPECT_CHANGED_OCCURRED_AT == 1 && FNL_REP_CHANGED_OCCURRED_AT == 1 &&
	                   FNL_OPEN_QUOTA_YEAR_OCCURRED_AT == 1 && FNL_FX_RATE_OCCURRED_AT == 1 &&
	                   FNL_TERRITORY_DEFINED_OCCURRED_AT == 1,
	               "all inputs start alike");
	struct fnl_decoded d = {0};
	struct fnl_error ignored = {0};
	const struct fnl_replay_bounds *b = g->bounds;
	item->kind = FNL_REPLAY_ONE;
	item->at_ms = INT64_MIN;
	fnl_arena_reset(&g->values);
	if (!fnl_span_is_none(r->value) && g->codec->ops->decode(g->codec, r, &g->values, &d, &ignored) == 0) {
		int64_t at_ms = d.values[1].i64;
		bool ahead = at_ms > b->time_max_ms || (b->ahead_ms >= 0 && at_ms > r->timestamp_ms + b->ahead_ms);
		item->kind = ahead ? FNL_REPLAY_AHEAD : kind_of(&d);
		item->at_ms = ahead ? INT64_MIN : at_ms;
	}
}

static int keep(struct gather *g, const struct fnl_replay_item *item)
{
	struct fnl_replay_log *log = g->log;
	if (log->count == log->capacity) {
		size_t capacity = log->capacity ? 2 * log->capacity : 4096;
		struct fnl_replay_item *grown = fnl_reallocarray(log->items, capacity, sizeof(*grown));
		if (!grown) {
			return fnl_fail(g->why, FNL_E_NOMEM, "no memory for %zu records", capacity);
		}
		log->items = grown;
		log->capacity = capacity;
	}
	log->items[log->count++] = *item;
	if (g->bounds->progress && log->count % PROGRESS_RECORDS == 0) {
		fprintf(stderr, "\r%s: %zu records read ", g->bounds->progress, log->count);
	}
	return 0;
}

/* 0: in; 1: outside of the bounds. */
static int take(struct gather *g, size_t topic, const struct fnl_record *r, uint64_t place)
{
	struct fnl_replay_item item = {
		.offset = r->offset, .place = place, .partition = r->partition, .topic = (uint8_t)topic};
	look(g, r, &item);
	if (item.at_ms >= g->bounds->until_ms) {
		return 1;
	}
	return keep(g, &item);
}

/* ---- its order ---- */

static int by_place(const void *a, const void *b)
{
	const struct fnl_replay_item *x = a, *y = b;
	int c = (x->topic > y->topic) - (x->topic < y->topic);
	c = c ? c : (x->partition > y->partition) - (x->partition < y->partition);
	return c ? c : (x->offset > y->offset) - (x->offset < y->offset);
}

static int by_time(const void *a, const void *b)
{
	const struct fnl_replay_item *x = a, *y = b;
	int c = (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
	return c ? c : by_place(a, b);
}

/* What two exports have in common is there twice; what differs at one place is not of one log. */
static int drop_doubles(struct gather *g)
{
	struct fnl_replay_log *log = g->log;
	size_t kept = 0;
	for (size_t i = 0; i < log->count; i++) {
		const struct fnl_replay_item *item = &log->items[i];
		if (kept == 0 || by_place(item, &log->items[kept - 1]) != 0) {
			log->items[kept++] = *item;
			continue;
		}
		uint64_t one = item->place, other = log->items[kept - 1].place;
		if (!fnl_span_eq(bytes_at(log, &one), bytes_at(log, &other))) {
			return fnl_fail(
				g->why, FNL_E_INVALID,
				"two different records at offset %lld of partition %d of %s: these files are not of one log",
				(long long)item->offset, (int)item->partition, fnl_topic_default(fnl_replay_topics[item->topic]));
		}
	}
	log->count = kept;
	return 0;
}

static int put_in_order(struct gather *g)
{
	struct fnl_replay_log *log = g->log;
	int64_t reached_ms = INT64_MIN;
	if (log->count) {
		qsort(log->items, log->count, sizeof(*log->items), by_place);
	}
	int rc = drop_doubles(g);
	if (rc) {
		return rc;
	}
	log->first_ms = log->last_ms = INT64_MIN;
	for (size_t i = 0; i < log->count; i++) {
		struct fnl_replay_item *item = &log->items[i];
		bool same = i && item->topic == log->items[i - 1].topic && item->partition == log->items[i - 1].partition;
		reached_ms = same && reached_ms > item->at_ms ? reached_ms : item->at_ms;
		item->at_ms = reached_ms;
		log->last_ms = reached_ms > log->last_ms ? reached_ms : log->last_ms;
	}
	if (log->count) {
		qsort(log->items, log->count, sizeof(*log->items), by_time);
	}
	for (size_t i = log->count; i-- > 0 && log->items[i].at_ms != INT64_MIN;) {
		log->first_ms = log->items[i].at_ms;
	}
	return 0;
}

/* ---- reading ---- */

static int map(FILE *file, const uint8_t **ret_bytes, size_t *ret_count)
{
	struct stat s;
	if (fflush(file) != 0 || fstat(fileno(file), &s) != 0 || s.st_size < 0) {
		return FNL_E_IO;
	}
	if (s.st_size > 0) {
		void *at = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fileno(file), 0);
		if (at == MAP_FAILED) {
			return FNL_E_IO;
		}
		*ret_bytes = at;
		*ret_count = (size_t)s.st_size;
	}
	return 0;
}

static void unmap(const uint8_t *bytes, size_t count)
{
	if (bytes) {
		munmap((void *)(uintptr_t)bytes, count);
	}
}

static int write_framed(FILE *file, struct fnl_span bytes)
{
	uint8_t len[4] = {(uint8_t)(bytes.len >> 24), (uint8_t)(bytes.len >> 16), (uint8_t)(bytes.len >> 8),
	                  (uint8_t)bytes.len};
	return fwrite(len, 1, 4, file) == 4 && fwrite(bytes.data, 1, bytes.len, file) == bytes.len ? 0 : FNL_E_IO;
}

static int on_record(void *context, size_t topic, const struct fnl_record *r)
{
	struct gather *g = context;
	fnl_arena_reset(&g->arena);
	struct fnl_span bytes = record_bytes(topic, r, &g->arena);
	if (fnl_span_is_none(bytes) || bytes.len > RECORD_BYTES_MAX) {
		g->status = fnl_fail(g->why, FNL_E_LIMIT, "the record at offset %lld of partition %d is too long",
		                     (long long)r->offset, (int)r->partition);
		return 1;
	}
	g->status = take(g, topic, r, g->place);
	if (g->status == 0 && write_framed(g->log->file, bytes)) {
		g->status = fnl_fail(g->why, FNL_E_IO, "no room for the records in a temporary file: %s", strerror(errno));
	} else if (g->status == 0) {
		g->place += 4 + bytes.len;
	}
	g->status = g->status > 0 ? 0 : g->status;
	return g->status != 0;
}

/* Nobody else can open it, and it is gone with this process. */
static FILE *nameless(void)
{
	const char *dir = getenv("TMPDIR");
	char path[512];
	snprintf(path, sizeof(path), "%s/funneld-XXXXXX", dir && *dir ? dir : "/tmp");
	int fd = mkstemp(path);
	if (fd < 0) {
		return NULL;
	}
	unlink(path);
	FILE *file = fdopen(fd, "w+");
	if (!file) {
		close(fd);
	}
	return file;
}

static int read_bus(struct fnl_app *app, struct fnl_bus *bus, struct gather *g)
{
	const char *topics[FNL_REPLAY_TOPICS];
	for (int i = 0; i < FNL_REPLAY_TOPICS; i++) {
		struct fnl_topic_info info = {0};
		topics[i] = fnl_app_topic(app, fnl_replay_topics[i]);
		int rc = bus->ops->describe_topic(bus, topics[i], &info);
		if (rc < 0) {
			return fnl_fail(g->why, rc, "topic %s: %s", topics[i], bus->ops->explain(bus));
		}
		if (info.partition_count == 0) {
			return fnl_fail(g->why, FNL_E_NOT_FOUND, "there is no topic %s", topics[i]);
		}
	}
	int rc = bus->ops->read(bus, topics, FNL_REPLAY_TOPICS, true, true, fnl_stop_flag(), on_record, g);
	if (*fnl_stop_flag()) {
		return fnl_fail(g->why, FNL_E_INTERNAL, "stopped by a signal");
	}
	return g->status ? g->status : rc < 0 ? fnl_fail(g->why, rc, "%s", bus->ops->explain(bus)) : 0;
}

/* Reads by `from` into a file without name; then all of it is put in order. */
static int gather(struct fnl_app *app, struct gather *g, int (*from)(struct gather *g, const void *context),
                  const void *context)
{
	*g->log = (struct fnl_replay_log){.file = nameless()};
	if (!g->log->file) {
		return fnl_fail(g->why, FNL_E_IO, "no temporary file for the records: %s", strerror(errno));
	}
	fnl_arena_init(&g->arena, ARENA_BYTES);
	fnl_arena_init(&g->values, ARENA_BYTES);
	fnl_arena_init(&g->headers, ARENA_BYTES);
	int rc = fnl_app_codec(app, &g->codec, g->why);
	rc = rc ? rc : from(g, context);
	fnl_arena_deinit(&g->arena);
	fnl_arena_deinit(&g->values);
	fnl_arena_deinit(&g->headers);
	if (rc) {
		return rc;
	}
	if (map(g->log->file, &g->log->bytes, &g->log->byte_count)) {
		return fnl_fail(g->why, FNL_E_IO, "the temporary file of the records: %s", strerror(errno));
	}
	rc = put_in_order(g);
	if (g->bounds->progress) {
		fprintf(stderr, "\r%s: %zu records read \n", g->bounds->progress, g->log->count);
	}
	return rc;
}

struct bus_source {
	struct fnl_app *app;
	struct fnl_bus *bus;
};

static int from_bus(struct gather *g, const void *context)
{
	const struct bus_source *s = context;
	return read_bus(s->app, s->bus, g);
}

int fnl_replay_log_read(struct fnl_app *app, struct fnl_bus *bus, const struct fnl_replay_bounds *b,
                        struct fnl_replay_log *ret, struct fnl_error *why)
{
	struct gather g = {.log = ret, .bounds = b, .why = why};
	struct bus_source source = {app, bus};
	return gather(app, &g, from_bus, &source);
}

/* ---- exported files ---- */

static int scan(struct gather *g, const char *path, const struct fnl_replay_log *from)
{
	uint64_t place = MARK_BYTES;
	if (from->byte_count < MARK_BYTES || memcmp(from->bytes, mark, MARK_BYTES) != 0) {
		return fnl_fail(g->why, FNL_E_INVALID, "%s: not a file that `funnelctl export` has written", path);
	}
	while (place < from->byte_count) {
		uint64_t at = place;
		size_t topic;
		struct fnl_record r;
		struct fnl_span bytes = bytes_at(from, &place);
		fnl_arena_reset(&g->headers);
		int rc = fnl_span_is_none(bytes) ? FNL_E_INVALID : parse(bytes, &g->headers, &topic, &r);
		if (rc) {
			return fnl_fail(g->why, rc, "%s: there is no record at byte %llu: is the file whole?", path,
			                (unsigned long long)at);
		}
		if (on_record(g, topic, &r)) {
			return g->status;
		}
	}
	return 0;
}

static int from_file(struct gather *g, const char *path)
{
	struct fnl_replay_log from = {.file = fopen(path, "rb")};
	if (!from.file || map(from.file, &from.bytes, &from.byte_count)) {
		int rc = fnl_fail(g->why, FNL_E_ARGUMENT, "%s: %s", path, strerror(errno));
		fnl_replay_log_close(&from);
		return rc;
	}
	int rc = scan(g, path, &from);
	fnl_replay_log_close(&from);
	return rc;
}

static int no_dot(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* A file, or all of a folder. */
static int from_path(struct gather *g, const void *context)
{
	const char *path = context;
	struct dirent **names = NULL;
	struct stat s;
	if (stat(path, &s) != 0 || !S_ISDIR(s.st_mode)) {
		return from_file(g, path);
	}
	int count = scandir(path, &names, no_dot, alphasort);
	int rc = count > 0 ? 0 : fnl_fail(g->why, FNL_E_ARGUMENT, "%s: there is no file in this folder", path);
	for (int i = 0; i < count; i++) {
		char name[4096];
		snprintf(name, sizeof(name), "%s/%s", path, names[i]->d_name);
		rc = rc ? rc : from_file(g, name);
		free(names[i]);
	}
	free(names);
	return rc;
}

int fnl_replay_log_open(struct fnl_app *app, const char *path, const struct fnl_replay_bounds *b,
                        struct fnl_replay_log *ret, struct fnl_error *why)
{
	struct gather g = {.log = ret, .bounds = b, .why = why};
	return gather(app, &g, from_path, path);
}

/* ---- writing ---- */

int fnl_replay_log_write(const struct fnl_replay_log *log, const char *path, struct fnl_error *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
	if (!file) {
		if (fd >= 0) {
			close(fd);
		}
		return fnl_fail(why, FNL_E_ARGUMENT, "%s: %s", path, strerror(errno));
	}
	bool ok = fwrite(mark, 1, MARK_BYTES, file) == MARK_BYTES;
	for (size_t i = 0; ok && i < log->count; i++) {
		uint64_t place = log->items[i].place;
		ok = write_framed(file, bytes_at(log, &place)) == 0;
	}
	ok = fclose(file) == 0 && ok;
	if (!ok) {
		int error = errno;
		unlink(path);
		return fnl_fail(why, FNL_E_IO, "%s: %s", path, strerror(error));
	}
	return 0;
}

void fnl_replay_log_close(struct fnl_replay_log *log)
{
	unmap(log->bytes, log->byte_count);
	if (log->file) {
		fclose(log->file);
	}
	fnl_free(log->items);
	*log = (struct fnl_replay_log){.file = NULL};
}
