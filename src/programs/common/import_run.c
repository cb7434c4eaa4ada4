#include "import_run.h"

#include <stdlib.h>

#include "import_cell.h"
#include "import_rank.h"

enum {
	ROW_ARENA_BYTES = 16 << 20,
	PLAN_ARENA_BYTES = 1 << 20,
	PROGRESS_ROWS = 2000,
	FLUSH_TIMEOUT_MS = 60000,
	VALUE_SHOWN_BYTES = 80,
	MS_PER_DAY = 86400000
};

/* funneld's own name space of UUIDs: 6f2c1f0e-5f0a-5c52-9a4b-0d8f4a1c7e11. */
static const uint8_t name_space[16] = {0x6f, 0x2c, 0x1f, 0x0e, 0x5f, 0x0a, 0x5c, 0x52,
                                       0x9a, 0x4b, 0x0d, 0x8f, 0x4a, 0x1c, 0x7e, 0x11};

struct import {
	const struct fnl_import_ports *ports;
	const struct fnl_import_options *options;
	struct fnl_import_counts counts;
	struct fnl_import_plan *plan;
	struct fnl_import_rank rank;
	struct fnl_arena plan_arena;
	struct fnl_arena arena;
	struct fnl_error *why;
	bool topic_seen[FNL_TOPIC_COUNT];
	int pass;
};

FILE *fnl_import_spool(FILE *in)
{
	if (fseek(in, 0, SEEK_SET) == 0) {
		return in;
	}
	FILE *out = tmpfile();
	char buffer[1 << 16];
	size_t n;
	bool ok = out != NULL;
	while (ok && (n = fread(buffer, 1, sizeof(buffer), in)) > 0) {
		ok = fwrite(buffer, 1, n, out) == n;
	}
	ok = ok && !ferror(in) && fflush(out) == 0;
	if (!ok) {
		if (out) {
			fclose(out);
		}
		return NULL;
	}
	fclose(in);
	rewind(out);
	return out;
}

bool fnl_import_bound(const char *text, bool end_of_day, int64_t *ret_ms)
{
	int64_t ms;
	if (!fnl_cell_time(fnl_span_str(text), NULL, &ms)) {
		return false;
	}
	bool day = strlen(text) == 10 && text[4] == '-';
	*ret_ms = end_of_day ? ms + (day ? MS_PER_DAY : 1) : ms; /* the bound itself is in */
	return true;
}

/* UUIDv5 of source, record, key and what makes the event itself among its key's. */
struct fnl_span fnl_import_event_id(const struct fnl_ids *ids, const struct fnl_import_event *e,
                                    struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_raw(&w, e->source);
	fnl_write_u8(&w, '\n');
	fnl_write_raw(&w, fnl_span_str(e->binding->desc->name));
	fnl_write_u8(&w, '\n');
	fnl_write_raw(&w, e->key);
	fnl_write_u8(&w, '\n');
	fnl_write_raw(&w, e->identity);
	struct fnl_span name = fnl_writer_span(&w);
	char *text = fnl_arena_alloc(arena, FNL_UUID_TEXT_BYTES);
	if (!text || fnl_span_is_none(name)) {
		return FNL_SPAN_NONE;
	}
	ids->uuid5(ids->context, name_space, name, NULL, text);
	return fnl_span_of(text, FNL_UUID_TEXT_BYTES);
}

static struct fnl_span time_text(int64_t ms, struct fnl_arena *arena)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_rfc3339(&w, ms);
	return fnl_writer_span(&w);
}

static int partitions_of(const struct fnl_import_ports *ports, enum fnl_topic topic, int32_t *ret,
                         struct fnl_error *why)
{
	struct fnl_topic_info info = {0};
	int status = ports->bus->ops->describe_topic(ports->bus, ports->topics[topic], &info);
	if (status < 0) {
		return fnl_fail(why, status, "%s: %s", ports->topics[topic], ports->bus->ops->explain(ports->bus));
	}
	if (info.partition_count == 0) {
		return fnl_fail(why, FNL_E_NOT_FOUND, "there is no topic %s: run funnelctl topics create",
		                ports->topics[topic]);
	}
	*ret = info.partition_count;
	return 0;
}

/* To one partition of a topic by its key, or to all of them. */
static int queue_on(const struct fnl_import_ports *ports, enum fnl_topic to, const struct fnl_import_event *e,
                    struct fnl_span value, const struct fnl_header *headers, size_t header_count, struct fnl_error *why)
{
	struct fnl_bus *bus = ports->bus;
	const char *topic = ports->topics[to];
	int32_t first = -1;
	int32_t end = 0;
	int status = 0;
	if (e->to_all_partitions) {
		first = 0;
		status = partitions_of(ports, to, &end, why);
		if (status) {
			return status;
		}
	}
	for (int32_t partition = first; partition < end && status >= 0; partition++) {
		status = bus->ops->publish(bus, topic, partition, e->key, value, headers, header_count);
	}
	return status < 0 ? fnl_fail(why, status, "%s: %s", topic, bus->ops->explain(bus)) : 0;
}

/* Rules are for every stage. */
static int queue(const struct fnl_import_ports *ports, const struct fnl_import_event *e, struct fnl_span value,
                 const struct fnl_header *headers, size_t header_count, struct fnl_error *why)
{
	const struct fnl_import_kind *kind = e->binding->kind;
	int status = queue_on(ports, kind->topic, e, value, headers, header_count, why);
	if (kind->identity == FNL_IMPORT_BY_RULES) {
		status = status ? status : queue_on(ports, FNL_TOPIC_REP_INPUTS, e, value, headers, header_count, why);
		status = status ? status : queue_on(ports, FNL_TOPIC_ORG_INPUTS, e, value, headers, header_count, why);
	}
	return status;
}

int fnl_import_publish(const struct fnl_import_ports *ports, const struct fnl_import_event *e, struct fnl_arena *arena,
                       struct fnl_error *why)
{
	struct fnl_span value = FNL_SPAN_NONE;
	int status = ports->codec->ops->encode(ports->codec, e->binding->desc, e->values, arena, &value);
	if (status) {
		return fnl_fail(why, status, "%s: %s", e->binding->desc->name, fnl_status_text(status));
	}
	struct fnl_header headers[] = {
		{FNL_SPAN_LIT("ce_specversion"), FNL_SPAN_LIT("1.0")},
		{FNL_SPAN_LIT("ce_type"), fnl_import_type(e->binding->kind, arena)},
		{FNL_SPAN_LIT("ce_source"), e->source},
		{FNL_SPAN_LIT("ce_id"), fnl_import_event_id(ports->ids, e, arena)},
		{FNL_SPAN_LIT("ce_time"), time_text(e->occurred_at_ms, arena)},
		{FNL_SPAN_LIT("ce_subject"), e->key},
		{FNL_SPAN_LIT("content-type"), FNL_SPAN_LIT("application/avro")},
	};
	size_t count = sizeof(headers) / sizeof(headers[0]);
	for (size_t i = 0; i < count; i++) {
		if (fnl_span_is_none(headers[i].value)) {
			return fnl_fail(why, FNL_E_NOMEM, "out of memory");
		}
	}
	return queue(ports, e, value, headers, count, why);
}

/* The value for a message: cut, and without anything that moves a cursor. */
static void shown(struct fnl_span value, char ret[VALUE_SHOWN_BYTES + 4])
{
	size_t n = value.len < VALUE_SHOWN_BYTES ? value.len : VALUE_SHOWN_BYTES;
	for (size_t i = 0; i < n; i++) {
		ret[i] = value.data[i] < 0x20 || value.data[i] == 0x7f ? '?' : (char)value.data[i];
	}
	snprintf(ret + n, 4, "%s", value.len > n ? "..." : "");
}

static int report_bad(struct import *m, const struct fnl_csv_row *row, const struct fnl_import_problem *p)
{
	char value[VALUE_SHOWN_BYTES + 4];
	char text[1024];
	shown(p->value, value);
	if (p->column.len) {
		snprintf(text, sizeof(text), "%s:%llu: column \"%.*s\", value \"%s\": %s", m->options->file,
		         (unsigned long long)row->line, (int)(p->column.len < 80 ? p->column.len : 80),
		         (const char *)p->column.data, value, p->why.text);
	} else {
		snprintf(text, sizeof(text), "%s:%llu: %s", m->options->file, (unsigned long long)row->line, p->why.text);
	}
	m->counts.bad++;
	m->options->bad_row(m->options->context, text);
	return m->options->strict ? FNL_IMPORT_LEFT_OUT : 0;
}

static void tell_progress(struct import *m)
{
	if (m->options->progress && m->counts.rows % PROGRESS_ROWS == 0) {
		m->options->progress(m->options->context, &m->counts, m->pass);
	}
}

/* First pass: which rank has each row? */
static int on_first_pass(void *context, const struct fnl_csv_row *row)
{
	struct import *m = context;
	if (!m->plan) {
		return fnl_import_plan_make(m->options->map, m->options->file, row, &m->plan_arena, &m->plan, m->why);
	}
	const struct fnl_import_binding *b = NULL;
	struct fnl_span key = FNL_SPAN_LIT("");
	int64_t time_ms = 0;
	if (!fnl_import_row_peek(m->plan, row, &b, &key, &time_ms)) {
		key = FNL_SPAN_LIT("");
	}
	m->counts.rows++;
	tell_progress(m);
	int status = fnl_import_rank_add(&m->rank, b ? (char)('a' + (int)b->kind->topic) : '?', key, time_ms);
	return status ? fnl_fail(m->why, status, "%s: %s", m->options->file, fnl_status_text(status)) : 0;
}

/* A topic that is not there would otherwise show only after a minute of waiting, or be made by the broker. */
static int see_topic(struct import *m, enum fnl_topic topic)
{
	int32_t partitions;
	int status = m->topic_seen[topic] ? 0 : partitions_of(m->ports, topic, &partitions, m->why);
	m->topic_seen[topic] |= status == 0;
	return status;
}

static int on_second_pass(void *context, const struct fnl_csv_row *row)
{
	struct import *m = context;
	struct fnl_import_event event = {0};
	struct fnl_import_problem problem = {0};
	if (m->pass == 1) { /* the header, again */
		m->pass = 2;
		return 0;
	}
	uint32_t rank = fnl_import_rank_of(&m->rank, (size_t)m->counts.rows);
	m->counts.rows++;
	tell_progress(m);
	fnl_arena_reset(&m->arena);
	int status = fnl_import_row_build(m->plan, row, rank, &m->arena, &event, &problem);
	if (status == FNL_IMPORT_ROW_BAD) {
		return report_bad(m, row, &problem);
	}
	if (status) {
		return fnl_fail(m->why, status, "%s:%llu: %s", m->options->file, (unsigned long long)row->line,
		                fnl_status_text(status));
	}
	if (event.occurred_at_ms < m->options->from_ms || event.occurred_at_ms >= m->options->until_ms) {
		m->counts.outside++;
		return 0;
	}
	status = see_topic(m, event.binding->kind->topic);
	status = status ? status : fnl_import_publish(m->ports, &event, &m->arena, m->why);
	m->counts.published += status == 0;
	return status;
}

static int flush(const struct fnl_import_ports *ports, struct fnl_error *why)
{
	int status = ports->bus->ops->publish_flush(ports->bus, FLUSH_TIMEOUT_MS);
	return status < 0 ? fnl_fail(why, status, "%s", ports->bus->ops->explain(ports->bus)) : 0;
}

static int both_passes(struct import *m)
{
	m->pass = 1;
	int status = fnl_csv_read(m->options->in, on_first_pass, m);
	if (status == 0 && !m->plan) {
		status = fnl_fail(m->why, FNL_E_INVALID, "%s: there is no header line", m->options->file);
	}
	status = status ? status : fnl_import_rank_finish(&m->rank);
	if (status == 0 && fseek(m->options->in, 0, SEEK_SET) != 0) {
		status = fnl_fail(m->why, FNL_E_IO, "%s: cannot be read twice", m->options->file);
	}
	m->counts.rows = 0;
	status = status ? status : fnl_csv_read(m->options->in, on_second_pass, m);
	if (status < 0) {
		return status;
	}
	int flushed = flush(m->ports, m->why);
	return flushed ? flushed : m->counts.bad ? FNL_IMPORT_LEFT_OUT : 0;
}

int fnl_import_run(const struct fnl_import_ports *ports, const struct fnl_import_options *options,
                   struct fnl_import_counts *ret_counts, struct fnl_error *why)
{
	struct fnl_error ignored = {0};
	struct import m = {.ports = ports, .options = options, .why = why ? why : &ignored};
	m.why->text[0] = '\0';
	fnl_arena_init(&m.plan_arena, PLAN_ARENA_BYTES);
	fnl_arena_init(&m.arena, ROW_ARENA_BYTES);
	int status = both_passes(&m);
	if (status < 0 && m.why->text[0] == '\0') {
		fnl_fail(m.why, status, "%s: %s", options->file, fnl_status_text(status));
	}
	*ret_counts = m.counts;
	fnl_import_rank_deinit(&m.rank);
	fnl_arena_deinit(&m.arena);
	fnl_arena_deinit(&m.plan_arena);
	return status;
}

int fnl_import_tick(const struct fnl_import_ports *ports, int64_t at_ms, struct fnl_error *why)
{
	size_t count;
	const struct fnl_import_kind *kinds = fnl_import_kinds(&count);
	struct fnl_import_binding binding = {.desc = fnl_import_record("ClockTick")};
	for (size_t i = 0; i < count; i++) {
		binding.kind = strcmp(kinds[i].event, "clock_tick") == 0 ? &kinds[i] : binding.kind;
	}
	struct fnl_import_event e = {.binding = &binding,
	                             .source = FNL_SPAN_LIT("import"),
	                             .key = FNL_SPAN_LIT("import"),
	                             .occurred_at_ms = at_ms,
	                             .to_all_partitions = true};
	int source = fnl_record_field_index(binding.desc, FNL_SPAN_LIT("source"));
	int occurred_at = fnl_record_field_index(binding.desc, FNL_SPAN_LIT("occurred_at"));
	struct fnl_arena arena;
	fnl_arena_init(&arena, ROW_ARENA_BYTES);
	e.values[source] = (struct fnl_value){.set = true, .str = e.source};
	e.values[occurred_at] = (struct fnl_value){.set = true, .i64 = at_ms};
	struct fnl_writer w = fnl_writer_of(&arena);
	fnl_write_decimal(&w, at_ms);
	e.identity = fnl_writer_span(&w);
	int status = fnl_import_publish(ports, &e, &arena, why);
	status = status ? status : flush(ports, why);
	fnl_arena_deinit(&arena);
	return status;
}
