#include "internal.h"

#include <stdio.h>

static int store_check_layout(struct fnl_store *store, struct fnl_span cluster_id, int32_t partition_count)
{
	struct fnl_redis *s = (struct fnl_redis *)store;
	int err = fnl_redis_begin(s);
	if (err != 0) {
		return err;
	}
	/* Recorded if absent and read, in one transaction: of two that start at once both see the first one's. */
	const char *const fields[] = {"cluster_id", "partition_count"};
	char digits[24];
	const struct fnl_span values[] = {cluster_id, fnl_redis_decimal(digits, partition_count)};
	fnl_redis_request_begin(&s->request, "MULTI", 0);
	for (size_t i = 0; i < 2; i++) {
		fnl_redis_request_begin(&s->request, "HSETNX", 3);
		fnl_redis_request_text(&s->request, s->layout_key);
		fnl_redis_request_text(&s->request, fields[i]);
		fnl_redis_request_arg(&s->request, values[i]);
	}
	fnl_redis_request_begin(&s->request, "HMGET", 3);
	fnl_redis_request_text(&s->request, s->layout_key);
	fnl_redis_request_text(&s->request, fields[0]);
	fnl_redis_request_text(&s->request, fields[1]);
	fnl_redis_request_begin(&s->request, "EXEC", 0);
	err = fnl_redis_send(s);
	struct fnl_redis_reply *reply = NULL;
	for (size_t i = 0; err == 0 && i < 5; i++) {
		err = fnl_redis_receive(s, &s->scratch, &reply);
		if (err == 0 && reply->kind == REDIS_ERROR) {
			err = fnl_redis_drop_reply(s, reply, "layout");
		}
	}
	if (err != 0) {
		return err;
	}
	if (!fnl_redis_reply_is_array(reply, 3) || !fnl_redis_reply_is_array(&reply->items[2], 2)) {
		return fnl_redis_drop_reply(s, reply->kind == REDIS_ARRAY && reply->count == 3 ? &reply->items[2] : reply,
		                            "layout");
	}
	const struct fnl_redis_reply *recorded = reply->items[2].items;
	int64_t recorded_count = 0;
	if (recorded[0].kind != REDIS_STRING || !fnl_redis_reply_number(&recorded[1], &recorded_count)) {
		return fnl_redis_drop(s, FNL_E_STATE, "%s is not a layout", s->layout_key);
	}
	if (!fnl_span_eq(recorded[0].text, cluster_id) || recorded_count != partition_count) {
		return fnl_fail(
			&s->error, FNL_E_LAYOUT,
			"%s in Redis at %s is of cluster %.*s with %lld partitions, but Kafka says cluster %.*s with %d: "
			"choose another prefix, or delete the keys of this stage there; the view is then rebuilt",
			s->layout_key, s->url.endpoint, (int)(recorded[0].text.len < 60 ? recorded[0].text.len : 60),
			(const char *)recorded[0].text.data, (long long)recorded_count,
			(int)(cluster_id.len < 60 ? cluster_id.len : 60), (const char *)cluster_id.data, partition_count);
	}
	return 0;
}

static int store_note_get(struct fnl_store *store, int32_t partition, struct fnl_arena *arena, struct fnl_span *ret)
{
	struct fnl_redis *s = (struct fnl_redis *)store;
	struct fnl_redis_reply *reply = NULL;
	int err = fnl_redis_begin(s);
	if (err == 0) {
		fnl_redis_request_begin(&s->request, "GET", 1);
		fnl_redis_request_key(s, partition, "note");
		err = fnl_redis_round_trip(s, &reply);
	}
	if (err != 0) {
		return err;
	}
	if (reply->kind == REDIS_NIL || (reply->kind == REDIS_STRING && reply->text.len > FNL_STORE_NOTE_BYTES_MAX)) {
		*ret = FNL_SPAN_NONE; /* what somebody else wrote there is no note */
		return 0;
	}
	if (reply->kind != REDIS_STRING) {
		return fnl_redis_drop_reply(s, reply, "note");
	}
	struct fnl_span note = fnl_arena_dup(arena, reply->text);
	if (fnl_span_is_none(note)) {
		return fnl_redis_drop(s, FNL_E_NOMEM, "no memory for a note");
	}
	*ret = note;
	return 0;
}

static int store_note_put(struct fnl_store *store, int32_t partition, struct fnl_span note)
{
	struct fnl_redis *s = (struct fnl_redis *)store;
	struct fnl_redis_reply *reply = NULL;
	if (note.len == 0 || note.len > FNL_STORE_NOTE_BYTES_MAX) {
		return fnl_fail(&s->error, FNL_E_ARGUMENT, "a note has 1 to %d bytes", FNL_STORE_NOTE_BYTES_MAX);
	}
	int err = fnl_redis_begin(s);
	if (err == 0) {
		fnl_redis_request_begin(&s->request, "SET", 2);
		fnl_redis_request_key(s, partition, "note");
		fnl_redis_request_arg(&s->request, note);
		err = fnl_redis_round_trip(s, &reply);
	}
	return err;
}

static const char *store_explain(struct fnl_store *store)
{
	return ((struct fnl_redis *)store)->error.text;
}

static void store_close(struct fnl_store *store)
{
	struct fnl_redis *s = (struct fnl_redis *)store;
	if (s) {
		fnl_redis_disconnect(s);
		fnl_redis_tls_close(s);
		fnl_redis_url_deinit(&s->url);
		fnl_arena_deinit(&s->scratch);
		fnl_redis_bulk_end(s);
		fnl_free(s->request.data);
		fnl_free(s);
	}
}

static const struct fnl_store_ops store_ops = {
	.read = fnl_redis_store_read,
	.apply = fnl_redis_store_apply,
	.wipe = fnl_redis_store_wipe,
	.scan = fnl_redis_store_scan,
	.check_layout = store_check_layout,
	.note_get = store_note_get,
	.note_put = store_note_put,
	.explain = store_explain,
	.close = store_close,
};

/* Names become parts of keys: braces would move the hash tag, '|' ends the table's name in the due index. */
static bool name_fits(const char *name)
{
	size_t len = name ? strlen(name) : 0;
	return len > 0 && len <= REDIS_NAME_BYTES_MAX && strcspn(name, "{}|") == len;
}

static const char *wrong_settings(const struct fnl_redis_settings *settings)
{
	if (!name_fits(settings->prefix) || !name_fits(settings->stage)) {
		return "prefix and stage are 1 to 128 bytes without { } |";
	}
	if (settings->table_count == 0 || settings->table_count > FNL_STORE_TABLES_MAX) {
		return "there are 1 to 16 tables";
	}
	if (settings->paged >> settings->table_count) {
		return "a table is paged that is not there";
	}
	if (settings->connect_timeout_ms <= 0 || settings->command_timeout_ms <= 0) {
		return "time-outs are longer than 0 ms";
	}
	for (size_t i = 0; i < settings->table_count; i++) {
		const char *name = settings->table_names[i];
		if (!name_fits(name) || strchr(name, ':') || strcmp(name, "applied") == 0 || strcmp(name, "due") == 0 ||
		    strcmp(name, "note") == 0) {
			return "a table's name is 1 to 128 bytes without { } | :, and none of 'applied', 'due', 'note'";
		}
	}
	return NULL;
}

int fnl_redis_store_open(const struct fnl_redis_settings *settings, struct fnl_store **ret, struct fnl_error *why)
{
	const char *wrong = wrong_settings(settings);
	if (wrong) {
		return fnl_fail(why, FNL_E_ARGUMENT, "the view in Redis cannot be opened: %s", wrong);
	}
	struct fnl_redis *s = fnl_calloc(1, sizeof *s);
	if (!s) {
		return fnl_fail(why, FNL_E_NOMEM, "out of memory");
	}
	s->store.ops = &store_ops;
	s->table_count = settings->table_count;
	s->connect_timeout_ms = settings->connect_timeout_ms;
	s->command_timeout_ms = settings->command_timeout_ms;
	s->bulk_keys_max = settings->bulk_keys_max ? settings->bulk_keys_max : REDIS_BULK_KEYS_MAX;
	s->logger = settings->logger;
	fnl_arena_init(&s->scratch, REDIS_SCRATCH_BYTES_MAX);
	snprintf(s->key_head, sizeof s->key_head, "{%s:%s:", settings->prefix, settings->stage);
	snprintf(s->layout_key, sizeof s->layout_key, "%s:%s:layout", settings->prefix, settings->stage);
	for (size_t i = 0; i < s->table_count; i++) {
		struct fnl_redis_table *t = &s->tables[i];
		snprintf(t->name, sizeof t->name, "%s", settings->table_names[i]);
		snprintf(t->due_head, sizeof t->due_head, "%s|", settings->table_names[i]);
		t->due_head_span = fnl_span_str(t->due_head);
		if (settings->paged >> i & 1) {
			snprintf(t->index_name, sizeof t->index_name, "%s:keys", settings->table_names[i]);
		}
	}
	if (settings->paged) {
		snprintf(s->paged, sizeof s->paged, "%lu/leaves", (unsigned long)settings->paged);
	}
	int err = fnl_redis_url_parse(settings->url, &s->url, why);
	if (err == 0 && s->url.tls) {
		err = fnl_redis_tls_open(s, settings->ca_location, why);
	}
	if (err != 0) {
		store_close(&s->store);
		return err;
	}
	*ret = &s->store;
	return 0;
}

int fnl_redis_store_check(struct fnl_store *store, struct fnl_error *why)
{
	struct fnl_redis *s = (struct fnl_redis *)store;
	struct fnl_redis_reply *reply = NULL;
	int err = fnl_redis_begin(s);
	if (err == 0) {
		fnl_redis_request_begin(&s->request, "PING", 0);
		err = fnl_redis_round_trip(s, &reply);
	}
	return err == 0 ? 0 : fnl_fail(why, err, "%s", s->error.text);
}
