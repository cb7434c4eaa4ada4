/* Opening and closing a log connection; its table of calls. */
#include "kafka_internal.h"

static bool producer_is_doubtful(struct fnl_log *l)
{
	return ((struct fnl_kafka_log *)l)->doubtful;
}

static const char *explain(struct fnl_log *l)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	return k->story.text[0] ? k->story.text : "no error";
}

static void log_close(struct fnl_log *l)
{
	struct fnl_kafka_log *k = (struct fnl_kafka_log *)l;
	if (!k) {
		return;
	}
	fnl_kafka_producer_free(k);
	fnl_kafka_restorer_free(k);
	fnl_kafka_consumer_close(k);
	if (k->conf) {
		rd_kafka_conf_destroy(k->conf);
	}
	fnl_kafka_watch_deinit(&k->watch_consumer);
	fnl_kafka_watch_deinit(&k->watch_producer);
	fnl_kafka_watch_deinit(&k->watch_restorer);
	fnl_free(k->changelog_next);
	fnl_arena_deinit(&k->strings);
	fnl_free(k);
}

static const struct fnl_log_ops log_ops = {
	.poll = fnl_kafka_poll,
	.start = fnl_kafka_start,
	.stop = fnl_kafka_stop,
	.input_end = fnl_kafka_input_end,
	.committed = fnl_kafka_committed,
	.changelog_bounds = fnl_kafka_changelog_bounds,
	.restore_open = fnl_kafka_restore_open,
	.restore_poll = fnl_kafka_restore_poll,
	.restore_close = fnl_kafka_restore_close,
	.txn_begin = fnl_kafka_txn_begin,
	.produce = fnl_kafka_produce,
	.produce_changelog = fnl_kafka_produce_changelog,
	.flush = fnl_kafka_flush,
	.changelog_next = fnl_kafka_changelog_next,
	.send_offsets = fnl_kafka_send_offsets,
	.txn_commit = fnl_kafka_txn_commit,
	.txn_abort = fnl_kafka_txn_abort,
	.producer_reset = fnl_kafka_producer_reset,
	.producer_is_doubtful = producer_is_doubtful,
	.explain = explain,
	.close = log_close,
};

static int log_check(const struct fnl_kafka_log_settings *s, struct fnl_error *why)
{
	if (!s->input_topic || !s->group || !s->transactional_id) {
		return fnl_fail(why, FNL_E_ARGUMENT, "a log connection needs input topic, group and transactional id");
	}
	if (s->output_topic_count > FNL_KAFKA_TOPICS_MAX) {
		return fnl_fail(why, FNL_E_ARGUMENT, "%zu output topics, at most %d", s->output_topic_count,
		                FNL_KAFKA_TOPICS_MAX);
	}
	if (s->session_timeout_ms < 1000 || s->session_timeout_ms > 3600000 || s->txn_timeout_ms < 1000 ||
	    s->txn_timeout_ms > 900000) {
		return fnl_fail(why, FNL_E_ARGUMENT,
		                "session_timeout_ms %d (1000 to 3600000), txn_timeout_ms %d (1000 to 900000)",
		                s->session_timeout_ms, s->txn_timeout_ms);
	}
	return 0;
}

static int log_strings(struct fnl_kafka_log *k, const struct fnl_kafka_log_settings *s)
{
	k->input_topic = fnl_kafka_copy_string(&k->strings, s->input_topic);
	k->changelog_topic = fnl_kafka_copy_string(&k->strings, s->changelog_topic);
	k->group = fnl_kafka_copy_string(&k->strings, s->group);
	k->group_instance_id = fnl_kafka_copy_string(&k->strings, s->group_instance_id);
	k->transactional_id = fnl_kafka_copy_string(&k->strings, s->transactional_id);
	k->output_topics = fnl_arena_calloc(&k->strings, s->output_topic_count + 1, sizeof(*k->output_topics));
	if (!k->input_topic || (s->changelog_topic && !k->changelog_topic) || !k->group || !k->transactional_id ||
	    !k->output_topics || (s->group_instance_id && !k->group_instance_id)) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < s->output_topic_count; i++) {
		k->output_topics[i] = fnl_kafka_copy_string(&k->strings, s->output_topics[i]);
		if (!k->output_topics[i]) {
			return FNL_E_NOMEM;
		}
	}
	k->output_topic_count = s->output_topic_count;
	k->session_timeout_ms = s->session_timeout_ms;
	k->txn_timeout_ms = s->txn_timeout_ms;
	return 0;
}

int fnl_kafka_log_open(const struct fnl_kafka_log_settings *settings, struct fnl_log **ret, struct fnl_error *why)
{
	int rc = log_check(settings, why);
	if (rc) {
		return rc;
	}
	struct fnl_kafka_log *k = fnl_calloc(1, sizeof(*k));
	if (!k) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for a log connection");
	}
	k->base.ops = &log_ops;
	fnl_arena_init(&k->strings, 1 << 20);
	fnl_kafka_batch_init(&k->batch);
	fnl_kafka_batch_init(&k->restore_batch);
	fnl_kafka_watch_init(&k->watch_consumer, settings->common.logger, k);
	fnl_kafka_watch_init(&k->watch_producer, settings->common.logger, k);
	fnl_kafka_watch_init(&k->watch_restorer, settings->common.logger, k);
	rc = log_strings(k, settings);
	if (rc) {
		fnl_fail(why, rc, "no memory for a log connection");
	} else {
		rc = fnl_kafka_conf_base(&settings->common, &k->conf, why);
	}
	if (rc == 0) {
		fnl_kafka_conf_servers(k->conf, k->servers);
		rc = fnl_kafka_consumer_open(k, why);
	}
	if (rc) {
		log_close(&k->base);
		return rc;
	}
	*ret = &k->base;
	return 0;
}
