#include "relay_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

enum { LINES_MAX = 512 };

static const char *const outputs[RELAY_OUTPUTS] = {"out", "dead"};

static int64_t now_ms(void *context)
{
	return *(int64_t *)context;
}
static void sleep_ms(void *context, int64_t ms)
{
	*(int64_t *)context += ms;
}

void relay_world_open(struct relay_world *w, int32_t out_partitions, int32_t dead_partitions)
{
	*w = (struct relay_world){.time_ms = 1000000};
	w->clock = (struct fnl_clock){&w->time_ms, now_ms, now_ms, sleep_ms};
	struct fnl_embedded_settings settings = {
		.clock = &w->clock, .session_timeout_ms = 10000, .txn_timeout_ms = 15000, .manual_time = true};
	assert_int_equal(fnl_embedded_open(&settings, &w->broker), 0);
	assert_int_equal(fnl_embedded_bus_open(w->broker, &w->bus), 0);
	const struct fnl_topic_spec topics[] = {{"in", RELAY_IN_PARTITIONS, FNL_CLEANUP_DELETE, -1, 0},
	                                        {"out", out_partitions, FNL_CLEANUP_DELETE, -1, 0},
	                                        {"dead", dead_partitions, FNL_CLEANUP_DELETE, -1, 0}};
	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
		assert_int_equal(w->bus->ops->create_topic(w->bus, &topics[i]), 0);
	}
}

void relay_world_close(struct relay_world *w)
{
	w->bus->ops->close(w->bus);
	fnl_embedded_close(w->broker);
}

void relay_world_publish(struct relay_world *w, int n, const char *value)
{
	char key[16];
	snprintf(key, sizeof(key), "k%d", n % 5);
	assert_int_equal(
		w->bus->ops->publish(w->bus, "in", n % RELAY_IN_PARTITIONS, fnl_span_str(key), fnl_span_str(value), NULL, 0),
		0);
	assert_int_equal(w->bus->ops->publish_flush(w->bus, 1000), 0);
}

struct fnl_log *relay_world_log(struct relay_world *w, const char *instance)
{
	struct fnl_embedded_log_settings settings = {"in", NULL, outputs, RELAY_OUTPUTS, "group", instance, instance};
	struct fnl_log *log;
	assert_int_equal(fnl_embedded_log_open(w->broker, &settings, &log), 0);
	return log;
}

struct fnl_relay_settings relay_world_settings(void)
{
	return (struct fnl_relay_settings){.name = "relay",
	                                   .input_topic = "in",
	                                   .dead_letter_topic = RELAY_DEAD,
	                                   .batch_records_max = 4,
	                                   .batch_bytes_max = 1 << 20,
	                                   .poll_wait_ms = 50,
	                                   .arena_bytes_max = 1 << 20,
	                                   .txn_timeout_ms = 15000,
	                                   .retry_ms = 100};
}

void relay_world_tick(struct relay_world *w, int64_t ms)
{
	w->time_ms += ms;
	fnl_embedded_tick(w->broker);
}

static int add(void *context, size_t topic, const struct fnl_record *r)
{
	struct relay_picture *p = context;
	p->len += (size_t)snprintf(p->text + p->len, sizeof(p->text) - p->len, "%s/%d %.*s=%.*s", outputs[topic],
	                           (int)r->partition, (int)r->key.len, (const char *)r->key.data, (int)r->value.len,
	                           (const char *)r->value.data);
	for (size_t i = 0; i < r->header_count; i++) {
		p->len += (size_t)snprintf(p->text + p->len, sizeof(p->text) - p->len, " %.*s=%.*s",
		                           (int)r->headers[i].name.len, (const char *)r->headers[i].name.data,
		                           (int)r->headers[i].value.len, (const char *)r->headers[i].value.data);
	}
	p->len += (size_t)snprintf(p->text + p->len, sizeof(p->text) - p->len, "\n");
	assert_true(p->len < sizeof(p->text) - 256);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void relay_world_picture(struct relay_world *w, struct relay_picture *ret)
{
	static struct relay_picture raw;
	static char *lines[LINES_MAX];
	size_t n = 0;
	raw.len = ret->len = 0;
	assert_int_equal(w->bus->ops->read(w->bus, outputs, RELAY_OUTPUTS, true, true, NULL, add, &raw), 0);
	for (char *at = strtok(raw.text, "\n"); at; at = strtok(NULL, "\n")) {
		assert_true(n < LINES_MAX);
		lines[n++] = at;
	}
	qsort(lines, n, sizeof(lines[0]), by_text);
	for (size_t i = 0; i < n; i++) {
		ret->len += (size_t)snprintf(ret->text + ret->len, sizeof(ret->text) - ret->len, "%s\n", lines[i]);
	}
}
