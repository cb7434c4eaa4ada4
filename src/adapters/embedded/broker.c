/* The broker object: topics, names, time. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "broker.h"

enum { WAIT_SLICE_MS = 50 };

int64_t fnl_emb_now_ms(const struct fnl_embedded *e)
{
	return e->settings.clock->monotonic_ms(e->settings.clock->context);
}

void fnl_emb_changed(struct fnl_embedded *e)
{
	if (!e->settings.manual_time) {
		pthread_cond_broadcast(&e->changed);
	}
}

static void expire_at(struct fnl_embedded *e, int64_t now_ms)
{
	fnl_emb_txn_expire(e, now_ms);
	fnl_emb_group_expire(e, now_ms);
}

void fnl_emb_expire(struct fnl_embedded *e)
{
	if (!e->settings.manual_time) {
		expire_at(e, fnl_emb_now_ms(e));
	}
}

bool fnl_emb_wait(struct fnl_embedded *e, int64_t deadline_ms)
{
	if (e->settings.manual_time) {
		return false;
	}
	int64_t now_ms = fnl_emb_now_ms(e);
	if (now_ms >= deadline_ms) {
		return false;
	}
	/* A slice, because another's time-out changes things and nobody signals it. */
	int64_t until_ms = deadline_ms - now_ms > WAIT_SLICE_MS ? now_ms + WAIT_SLICE_MS : deadline_ms;
	struct timespec until = {.tv_sec = (time_t)(until_ms / 1000), .tv_nsec = (long)(until_ms % 1000) * 1000000};
	pthread_cond_timedwait(&e->changed, &e->lock, &until);
	expire_at(e, fnl_emb_now_ms(e));
	return true;
}

bool fnl_emb_name(const char *name, char ret[EMB_NAME_BYTES_MAX + 1])
{
	size_t n = name ? strlen(name) : 0;
	if (n == 0 || n > EMB_NAME_BYTES_MAX) {
		return false;
	}
	memcpy(ret, name, n + 1);
	return true;
}

int fnl_emb_reserve(void *items, size_t *capacity, size_t n, size_t size)
{
	if (n <= *capacity) {
		return 0;
	}
	size_t wanted = *capacity ? *capacity : 8;
	while (wanted < n) {
		wanted *= 2;
	}
	void *old;
	memcpy(&old, items, sizeof(old));
	void *grown = fnl_reallocarray(old, wanted, size);
	if (!grown) {
		return FNL_E_NOMEM;
	}
	memcpy(items, &grown, sizeof(grown));
	*capacity = wanted;
	return 0;
}

struct emb_topic *fnl_emb_topic(const struct fnl_embedded *e, const char *name)
{
	for (size_t i = 0; name && i < e->topic_count; i++) {
		if (strcmp(e->topics[i]->name, name) == 0) {
			return e->topics[i];
		}
	}
	return NULL;
}

static int conditions_init(struct fnl_embedded *e)
{
	pthread_condattr_t attributes;
	if (pthread_condattr_init(&attributes) != 0) {
		return FNL_E_NOMEM;
	}
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	int failed = pthread_cond_init(&e->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (failed) {
		return FNL_E_NOMEM;
	}
	if (pthread_mutex_init(&e->lock, NULL) != 0) {
		pthread_cond_destroy(&e->changed);
		return FNL_E_NOMEM;
	}
	return 0;
}

int fnl_embedded_open(const struct fnl_embedded_settings *settings, struct fnl_embedded **ret)
{
	if (!settings->clock || settings->session_timeout_ms <= 0 || settings->txn_timeout_ms <= 0) {
		return FNL_E_ARGUMENT;
	}
	struct fnl_embedded *e = fnl_calloc(1, sizeof(*e));
	if (!e) {
		return FNL_E_NOMEM;
	}
	e->settings = *settings;
	int rc = conditions_init(e);
	if (rc != 0) {
		fnl_free(e);
		return rc;
	}
	/* Another broker is another cluster: what a view remembers of an earlier one must not pass for this one's. */
	long long born_ms = (long long)settings->clock->wall_ms(settings->clock->context);
	snprintf(e->cluster_id, sizeof(e->cluster_id), "embedded-%lld", born_ms);
	*ret = e;
	return 0;
}

static void topic_free(struct emb_topic *t)
{
	for (int32_t i = 0; i < t->partition_count; i++) {
		struct emb_part *p = &t->parts[i];
		for (size_t k = 0; k < p->count; k++) {
			fnl_free(p->records[k].blob);
		}
		fnl_free(p->records);
		fnl_free(p->opens);
	}
	fnl_free(t->parts);
	fnl_free(t);
}

struct fnl_embedded *fnl_embedded_close(struct fnl_embedded *e)
{
	if (!e) {
		return NULL;
	}
	for (size_t i = 0; i < e->producer_count; i++) {
		fnl_emb_producer_free(e->producers[i]);
	}
	for (size_t i = 0; i < e->group_count; i++) {
		fnl_emb_group_free(e->groups[i]);
	}
	for (size_t i = 0; i < e->topic_count; i++) {
		topic_free(e->topics[i]);
	}
	while (e->dropped) {
		struct emb_blob *next = e->dropped->next;
		fnl_free(e->dropped);
		e->dropped = next;
	}
	fnl_free(e->markers);
	pthread_mutex_destroy(&e->lock);
	pthread_cond_destroy(&e->changed);
	return fnl_free(e);
}

void fnl_embedded_tick(struct fnl_embedded *e)
{
	pthread_mutex_lock(&e->lock);
	expire_at(e, fnl_emb_now_ms(e));
	pthread_mutex_unlock(&e->lock);
}
