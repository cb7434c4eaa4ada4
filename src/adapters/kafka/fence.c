/* Fenced as a group instance: rightly or not?
 *
 * Kafka fences a static member when another member joins under its group.instance.id. That is a newer worker with the
 * same name, or nobody at all: a request of our own that was repeated when a broker came back, with the member id it
 * had before, passes for the older one of two. Who was taken for the newer one tells them apart. A worker lives: it
 * keeps its membership. A ghost sends no heartbeat, so that the group drops it when a session has passed.
 *
 * So we end our client, which is of no use any more, look at the group, and join again with a new client when nobody
 * holds our name; whoever still holds it after a session is a worker, and then this one ends. The newer of two always
 * stays, because it is never asked for anything, and whoever is fenced only ever looks. */
#include "kafka_internal.h"

enum {
	FENCE_LOOK_EVERY_MS = 250,
	FENCE_LOOK_MS = 1000,
	FENCE_MARGIN_MS = 500 /* the coordinator's timers */
};

enum fence_holder {
	HOLDER_NONE,
	HOLDER_THERE,
	HOLDER_JOINING, /* in a rebalance that collects its members: no session runs out meanwhile */
	HOLDER_UNKNOWN, /* no answer */
	HOLDER_DENIED   /* there will be no answer */
};

static enum fence_holder holder_of_error(rd_kafka_resp_err_t err)
{
	return fnl_status_class(fnl_kafka_status(err)) == FNL_CLASS_STOP ? HOLDER_DENIED : HOLDER_UNKNOWN;
}

static enum fence_holder holder_in(const struct fnl_kafka_log *k, const rd_kafka_ConsumerGroupDescription_t *group)
{
	const rd_kafka_error_t *e = rd_kafka_ConsumerGroupDescription_error(group);
	if (e && rd_kafka_error_code(e)) {
		return holder_of_error(rd_kafka_error_code(e));
	}
	for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(group); i++) {
		const char *id =
			rd_kafka_MemberDescription_group_instance_id(rd_kafka_ConsumerGroupDescription_member(group, i));
		if (id && strcmp(id, k->group_instance_id) == 0) {
			return rd_kafka_ConsumerGroupDescription_state(group) == RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE
			           ? HOLDER_JOINING
			           : HOLDER_THERE;
		}
	}
	return HOLDER_NONE;
}

static enum fence_holder holder_look(const struct fnl_kafka_log *k)
{
	const char *groups[] = {k->group};
	rd_kafka_queue_t *queue = rd_kafka_queue_new(k->consumer);
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(k->consumer, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
	rd_kafka_AdminOptions_set_request_timeout(options, FENCE_LOOK_MS, NULL, 0);
	rd_kafka_DescribeConsumerGroups(k->consumer, groups, 1, options, queue);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, FENCE_LOOK_MS + FENCE_LOOK_EVERY_MS);
	enum fence_holder holder = HOLDER_UNKNOWN;
	if (event && rd_kafka_event_error(event)) {
		holder = holder_of_error(rd_kafka_event_error(event));
	} else if (event) {
		size_t n = 0;
		const rd_kafka_ConsumerGroupDescription_t **found =
			rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(event), &n);
		holder = n == 1 ? holder_in(k, found[0]) : HOLDER_UNKNOWN;
	}
	if (event) {
		rd_kafka_event_destroy(event);
	}
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
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
		f->on = false;
		fnl_log_line(k->watch_consumer.logger, FNL_WARN,
		             "group %s: nobody lives as group.instance.id %s; joining again", k->group, k->group_instance_id);
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
