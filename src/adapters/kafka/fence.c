/* Fenced as a group instance: rightly or not?
 *
 * Kafka fences a static member when another member joins under its group.instance.id. That is a newer worker with the
 * same name, or nobody at all: a request of our own that was repeated when a broker came back, with the member id it
 * had before, passes for the older one of two. Who was taken for the newer one tells them apart. A worker lives: it
 * keeps its membership. A ghost sends no heartbeat, so that the group drops it when a session has passed.
 *
 * So we end our client, which is of no use any more, look at the group, and join again with a new client when nobody
 * holds our name; whoever still holds it after a session is a worker, and then this one ends.
 *
 * That other worker may be the older of the two: its client joins as a new member would when it was frozen beyond its
 * session, or was joining when the newer one came. So each one's client.id says when it was born. Who finds that an
 * older one took the name (or itself, by a request that was repeated) takes it back at once; then that one is fenced,
 * looks, and finds a newer one. The newest always stays. */
#include <stdio.h>

#include "funneld/base/wire.h"
#include "kafka_internal.h"

enum {
	FENCE_LOOK_EVERY_MS = 250,
	FENCE_LOOK_MS = 1000,
	FENCE_UUID_CHARS = 36,
	FENCE_MARGIN_MS = 500 /* the coordinator's timers */
};

enum fence_holder {
	HOLDER_NONE,
	HOLDER_OLDER, /* or ourselves */
	HOLDER_THERE,
	HOLDER_JOINING, /* in a rebalance that collects its members: no session runs out meanwhile */
	HOLDER_UNKNOWN, /* no answer */
	HOLDER_DENIED   /* there will be no answer */
};

static enum fence_holder holder_of_error(rd_kafka_resp_err_t err)
{
	return fnl_status_class(fnl_kafka_status(err)) == FNL_CLASS_STOP ? HOLDER_DENIED : HOLDER_UNKNOWN;
}

static const char client_id_head[] = "funneld-";

void fnl_kafka_fence_client_id(const struct fnl_kafka_log *k, char ret[FNL_KAFKA_CLIENT_ID_BYTES])
{
	snprintf(ret, FNL_KAFKA_CLIENT_ID_BYTES, "%s%lld", client_id_head, (long long)k->born_ns);
}

/* The broker makes a static member's id of its group.instance.id, a '-' and a UUID. */
static bool has_our_name(const struct fnl_kafka_log *k, const char *member_id)
{
	size_t len = strlen(k->group_instance_id);
	return strncmp(member_id, k->group_instance_id, len) == 0 && member_id[len] == '-' &&
	       strlen(member_id + len + 1) == FENCE_UUID_CHARS;
}

/* Also when it is ourselves. Who does not say it counts as newer. */
static bool is_older(const struct fnl_kafka_log *k, const char *client_id)
{
	int64_t born_ns = 0;
	size_t head = sizeof(client_id_head) - 1;
	return strncmp(client_id, client_id_head, head) == 0 &&
	       fnl_parse_decimal(fnl_span_str(client_id + head), &born_ns) && born_ns <= k->born_ns;
}

static enum fence_holder holder_in(const struct fnl_kafka_log *k, const struct rd_kafka_group_info *group)
{
	if (group->err) {
		return holder_of_error(group->err);
	}
	for (int i = 0; i < group->member_cnt; i++) {
		const char *id = group->members[i].member_id;
		if (has_our_name(k, id)) {
			bool joining = strcmp(group->state, "PreparingRebalance") == 0;
			return is_older(k, group->members[i].client_id) ? HOLDER_OLDER : joining ? HOLDER_JOINING : HOLDER_THERE;
		}
	}
	return HOLDER_NONE;
}

/* By the old call: the new one, DescribeConsumerGroups, ends the process in librdkafka 2.0.2 by an assertion
 * (rd_kafka_enq_once_del_source_return) when it timed out and the answer comes after all, and we ask when a broker is
 * away or frozen. */
static enum fence_holder holder_look(const struct fnl_kafka_log *k)
{
	const struct rd_kafka_group_list *groups = NULL;
	rd_kafka_resp_err_t err = rd_kafka_list_groups(k->consumer, k->group, &groups, FENCE_LOOK_MS);
	if (err && err != RD_KAFKA_RESP_ERR__PARTIAL) {
		return holder_of_error(err);
	}
	enum fence_holder holder = err ? HOLDER_UNKNOWN : HOLDER_NONE;
	if (groups->group_cnt > 0) {
		holder = holder_in(k, &groups->groups[0]);
	}
	rd_kafka_group_list_destroy(groups);
	return holder;
}

int fnl_kafka_fence_begin(struct fnl_kafka_log *k)
{
	if (!k->group_instance_id) {
		return FNL_E_FENCED_INSTANCE; /* nobody can be asked after */
	}
	fnl_log_line(k->watch_consumer.logger, FNL_WARN, "%s; looking whether that one lives", k->story.text);
	k->fence = (struct fnl_kafka_fence){.on = true, .began_ms = fnl_kafka_now_ms(), .story = k->story};
	k->fence.quiet_since_ms = k->fence.began_ms;
	return fnl_kafka_consumer_renew(k);
}

static int fence_is_right(struct fnl_kafka_log *k)
{
	k->fence.is_right = true;
	k->story = k->fence.story;
	return FNL_E_FENCED_INSTANCE;
}

int fnl_kafka_fence_step(struct fnl_kafka_log *k, int timeout_ms)
{
	struct fnl_kafka_fence *f = &k->fence;
	int left_ms = fnl_kafka_left_ms(f->look_at_ms);
	if (f->is_right) {
		return fence_is_right(k);
	}
	if (left_ms > 0) {
		fnl_kafka_sleep_ms(left_ms < timeout_ms ? left_ms : timeout_ms);
		if (left_ms > timeout_ms) {
			return 1;
		}
	}
	enum fence_holder holder = holder_look(k);
	int64_t now_ms = fnl_kafka_now_ms();
	f->look_at_ms = now_ms + FENCE_LOOK_EVERY_MS;
	switch (holder) {
	case HOLDER_NONE:
	case HOLDER_OLDER:
		f->on = false;
		fnl_log_line(k->watch_consumer.logger, FNL_WARN, "group %s: %s as group.instance.id %s; joining again",
		             k->group, holder == HOLDER_NONE ? "nobody lives" : "no newer worker runs", k->group_instance_id);
		return 0;
	case HOLDER_THERE:
		return now_ms - f->quiet_since_ms >= k->session_timeout_ms + FENCE_MARGIN_MS ? fence_is_right(k) : 1;
	case HOLDER_JOINING:
		/* A rebalance ends by itself, when the last member has come or is given up. */
		if (now_ms - f->began_ms >= (int64_t)fnl_kafka_poll_interval_ms(k) + k->session_timeout_ms) {
			return fence_is_right(k);
		}
		f->quiet_since_ms = now_ms;
		return 1;
	case HOLDER_UNKNOWN:
		/* A coordinator that comes back gives everyone a session anew. */
		f->quiet_since_ms = now_ms;
		return 1;
	case HOLDER_DENIED:
		break;
	}
	return fence_is_right(k);
}
