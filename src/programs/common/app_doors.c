/* The doors to Kafka, Redis and the schemas. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app_private.h"
#include "funneld/adapters/avro.h"
#include "funneld/adapters/redis.h"
#include "funneld/adapters/registry.h"

enum { KAFKA_START_MS = 10000, REDIS_CONNECT_MS = 3000, REDIS_COMMAND_MS = 5000 };

/* ../share/funneld/schemas beside the program's file. */
static int schemas_beside(char *path, size_t size, struct fnl_error *why)
{
	static const char rest[] = "/../share/funneld/schemas";
	ssize_t n = readlink("/proc/self/exe", path, size - sizeof(rest));
	if (n <= 0 || (size_t)n >= size - sizeof(rest)) {
		return fnl_fail(why, FNL_E_ARGUMENT,
		                "schema.registry: this program's place is not known; set schema.registry=file:DIR");
	}
	path[n] = '\0';
	char *slash = strrchr(path, '/');
	memcpy(slash ? slash : path, rest, sizeof(rest));
	return 0;
}

int fnl_app_registry(struct fnl_app *app, struct fnl_registry **ret, struct fnl_error *why)
{
	char path[PATH_MAX];
	const char *setting = fnl_settings_string(app->settings, "schema.registry");
	struct fnl_error what = {0, ""};
	if (app->private->registry) {
		*ret = app->private->registry;
		return 0;
	}
	if (setting && strncmp(setting, "file:", 5) != 0) {
		return fnl_fail(why, FNL_E_ARGUMENT, "%s: schema.registry: \"%.200s\" is not allowed; expected is file:DIR",
		                fnl_settings_origin(app->settings, "schema.registry"),
		                fnl_settings_shown(app->settings, "schema.registry"));
	}
	int rc = setting ? 0 : schemas_beside(path, sizeof(path), why);
	if (rc) {
		return rc;
	}
	rc = fnl_registry_file_open(setting ? setting + 5 : path, &app->private->registry, &what);
	if (rc) {
		return fnl_fail(why, rc, "schema.registry: %s", what.text);
	}
	*ret = app->private->registry;
	return 0;
}

int fnl_app_codec_new(struct fnl_app *app, struct fnl_codec **ret, struct fnl_error *why)
{
	struct fnl_registry *registry = NULL;
	int rc = fnl_app_registry(app, &registry, why);
	return rc ? rc : fnl_codec_avro_open(registry, ret, why);
}

int fnl_app_codec(struct fnl_app *app, struct fnl_codec **ret, struct fnl_error *why)
{
	int rc = app->private->codec ? 0 : fnl_app_codec_new(app, &app->private->codec, why);
	if (!rc) {
		*ret = app->private->codec;
	}
	return rc;
}

static struct fnl_kafka_common kafka_common(const struct fnl_app *app)
{
	return (struct fnl_kafka_common){app->private->properties, app->private->property_count, &app->logger};
}

int fnl_app_bus(struct fnl_app *app, struct fnl_bus **ret, struct fnl_error *why)
{
	struct fnl_kafka_common common = kafka_common(app);
	int rc = app->private->bus ? 0 : fnl_kafka_bus_open(&common, KAFKA_START_MS, &app->private->bus, why);
	if (!rc) {
		*ret = app->private->bus;
	}
	return rc;
}

/* What a stage and a relay have in common of a connection. */
struct lane_topics {
	const char *input;
	const char *changelog; /* NULL: a relay has no rows */
	const char *const *outputs;
	size_t output_count;
};

static int open_log(struct fnl_app *app, const struct lane_topics *topics, const char *group, const char *id,
                    struct fnl_log **ret, struct fnl_error *why)
{
	struct fnl_kafka_log_settings settings = {
		.common = kafka_common(app),
		.input_topic = topics->input,
		.changelog_topic = topics->changelog,
		.output_topics = topics->outputs,
		.output_topic_count = topics->output_count,
		.group = group,
		.group_instance_id = id,
		.transactional_id = id,
		.session_timeout_ms = (int)fnl_settings_int(app->settings, "session.timeout"),
		.txn_timeout_ms = (int)fnl_settings_int(app->settings, "txn.timeout"),
	};
	return fnl_kafka_log_open(&settings, ret, why);
}

static struct lane_topics topics_of_stage(const struct fnl_app_stage *s)
{
	return (struct lane_topics){s->input_topic, s->changelog_topic, s->output_topics, s->output_topic_count};
}

/* The name of a thread among all workers: of its group instance, and of its transactions. */
static void id_of_lane(const struct fnl_app *app, const char *name, size_t thread, char *ret, size_t size)
{
	snprintf(ret, size, "%s%s-%s-%zu", fnl_settings_string(app->settings, "topic.prefix"),
	         fnl_settings_string(app->settings, "instance.id"), name, thread);
}

int fnl_app_log_new(struct fnl_app *app, enum fnl_app_stage_id stage, size_t thread, struct fnl_log **ret,
                    struct fnl_error *why)
{
	char id[256];
	const struct fnl_app_stage *s = fnl_app_stage(app, stage);
	struct lane_topics topics = topics_of_stage(s);
	id_of_lane(app, s->stage.name, thread, id, sizeof(id));
	return open_log(app, &topics, s->group, id, ret, why);
}

int fnl_app_relay_log_new(struct fnl_app *app, enum fnl_app_relay_id relay, struct fnl_log **ret, struct fnl_error *why)
{
	char id[256];
	const struct fnl_app_relay *r = fnl_app_relay(app, relay);
	struct lane_topics topics = {r->input_topic, NULL, r->output_topics, FNL_ROUTER_OUT_COUNT};
	id_of_lane(app, r->name, 0, id, sizeof(id));
	return open_log(app, &topics, r->group, id, ret, why);
}

int fnl_app_reader_new(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_log **ret, struct fnl_error *why)
{
	char id[300];
	const struct fnl_app_stage *s = fnl_app_stage(app, stage);
	struct lane_topics topics = topics_of_stage(s);
	snprintf(id, sizeof(id), "%s-tool-%ld", s->group, (long)getpid());
	return open_log(app, &topics, id, id, ret, why);
}

int fnl_app_store_new(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_store **ret, struct fnl_error *why)
{
	const struct fnl_app_stage *of = fnl_app_stage(app, stage);
	const struct fnl_stage *s = &of->stage;
	struct fnl_redis_settings settings = {
		.url = fnl_settings_string(app->settings, "redis.url"),
		.ca_location = fnl_settings_string(app->settings, "redis.ssl.ca.location"),
		.prefix = fnl_settings_string(app->settings, "redis.prefix"),
		.stage = s->name,
		.table_names = s->table_names,
		.table_count = s->table_count,
		.paged = of->paged,
		.connect_timeout_ms = REDIS_CONNECT_MS,
		.command_timeout_ms = REDIS_COMMAND_MS,
		.logger = &app->logger,
	};
	return fnl_redis_store_open(&settings, ret, why);
}

int fnl_app_store(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_store **ret, struct fnl_error *why)
{
	struct fnl_store *s = app->private->stores[stage];
	if (!s) {
		struct fnl_error what = {0, ""};
		int rc = fnl_app_store_new(app, stage, &s, &what);
		if (!rc) {
			rc = fnl_redis_store_check(s, &what);
		}
		if (rc) {
			if (s) {
				s->ops->close(s);
			}
			return fnl_fail(why, rc, "redis.url %s: %s", fnl_settings_shown(app->settings, "redis.url"), what.text);
		}
		app->private->stores[stage] = s;
	}
	*ret = s;
	return 0;
}

static int read_rules(void *context, struct fnl_span text, struct fnl_arena *arena, const struct fnl_rules **ret,
                      struct fnl_error *why)
{
	(void)context;
	return fnl_rules_parse(text, "RulesActivated", arena, ret, NULL, NULL, why);
}

const struct fnl_rules_reader *fnl_app_rules_reader(void)
{
	static const struct fnl_rules_reader reader = {NULL, read_rules};
	return &reader;
}

int fnl_app_operator_new(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_codec *codec, int32_t partitions,
                         struct fnl_operator **ret, struct fnl_error *why)
{
	switch (stage) {
	case FNL_APP_STAGE_PROSPECT:
		return fnl_prospect_operator_open(codec, app->ids, fnl_app_rules_reader(), partitions, ret, why);
	case FNL_APP_STAGE_REP:
		return fnl_rep_operator_open(codec, app->ids, fnl_app_rules_reader(), partitions, ret, why);
	case FNL_APP_STAGE_ORG:
		return fnl_org_operator_open(codec, app->ids, fnl_app_rules_reader(), ret, why);
	case FNL_APP_STAGE_COUNT:
		break;
	}
	return fnl_fail(why, FNL_E_INTERNAL, "no such stage");
}

struct fnl_operator *fnl_app_operator_close(enum fnl_app_stage_id stage, struct fnl_operator *op)
{
	switch (stage) {
	case FNL_APP_STAGE_PROSPECT:
		return fnl_prospect_operator_close(op);
	case FNL_APP_STAGE_REP:
		return fnl_rep_operator_close(op);
	case FNL_APP_STAGE_ORG:
		return fnl_org_operator_close(op);
	case FNL_APP_STAGE_COUNT:
		break;
	}
	return NULL;
}

/* A tool asks an operator only what it knows of rows, which no count of partitions changes. */
int fnl_app_operator(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_operator **ret, struct fnl_error *why)
{
	struct fnl_codec *codec;
	int rc = 0;
	if (!app->private->operators[stage]) {
		rc = fnl_app_codec(app, &codec, why);
		if (!rc) {
			rc = fnl_app_operator_new(app, stage, codec, 1, &app->private->operators[stage], why);
		}
	}
	if (!rc) {
		*ret = app->private->operators[stage];
	}
	return rc;
}

struct fnl_stream_settings fnl_app_stream_settings(const struct fnl_app *app, enum fnl_app_stage_id stage,
                                                   int32_t partitions)
{
	struct fnl_stream_settings s = fnl_stream_settings_default();
	int64_t threads = fnl_settings_int(app->settings, fnl_app_stage(app, stage)->threads);
	int64_t of_thread = (partitions + threads - 1) / threads;
	s.clock = (enum fnl_clock_mode)fnl_settings_int(app->settings, "clock");
	s.batch_records_max = (size_t)fnl_settings_int(app->settings, "batch.records");
	s.batch_bytes_max = (size_t)fnl_settings_int(app->settings, "batch.bytes");
	s.poll_wait_ms = (int)fnl_settings_int(app->settings, "poll.wait");
	s.cache_bytes_max = (size_t)(fnl_settings_int(app->settings, "cache.bytes") / (of_thread > 0 ? of_thread : 1));
	s.txn_timeout_ms = (int)fnl_settings_int(app->settings, "txn.timeout");
	s.tombstone_retention_ms = fnl_settings_int(app->settings, "changelog.delete.retention");
	s.future_max_ms = fnl_settings_int(app->settings, "event_time.ahead");
	s.event_time_max_ms = fnl_settings_int(app->settings, "event_time.max");
	return s;
}

struct fnl_relay_settings fnl_app_relay_settings(const struct fnl_app *app, enum fnl_app_relay_id relay)
{
	const struct fnl_app_relay *r = fnl_app_relay(app, relay);
	struct fnl_stream_settings s = fnl_app_stream_settings(app, FNL_APP_STAGE_REP, 1);
	return (struct fnl_relay_settings){
		.name = r->name,
		.input_topic = r->input_topic,
		.dead_letter_topic = FNL_ROUTER_OUT_DEAD_LETTERS,
		.batch_records_max = s.batch_records_max,
		.batch_bytes_max = s.batch_bytes_max,
		.poll_wait_ms = s.poll_wait_ms,
		.arena_bytes_max = s.arena_bytes_max,
		.txn_timeout_ms = s.txn_timeout_ms,
		.retry_ms = s.store_retry_ms,
	};
}

int fnl_app_partitions(struct fnl_app *app, enum fnl_topic topic, int32_t *ret, struct fnl_error *why)
{
	struct fnl_bus *bus;
	struct fnl_topic_info info = {0};
	const char *name = fnl_app_topic(app, topic);
	int rc = fnl_app_bus(app, &bus, why);
	if (rc) {
		return rc;
	}
	rc = bus->ops->describe_topic(bus, name, &info);
	if (rc < 0) {
		return fnl_fail(why, rc, "topic %s: %s", name, bus->ops->explain(bus));
	}
	if (info.partition_count == 0) {
		return fnl_fail(why, FNL_E_NOT_FOUND,
		                "there is no topic %s; `funnelctl topics create` with these settings makes it", name);
	}
	*ret = info.partition_count;
	return 0;
}

void fnl_app_disconnect(struct fnl_app *app)
{
	struct fnl_app_private *p = app->private;
	for (size_t i = 0; i < FNL_APP_STAGE_COUNT; i++) {
		if (p->stores[i]) {
			p->stores[i]->ops->close(p->stores[i]);
		}
		p->stores[i] = NULL;
	}
	if (p->bus) {
		p->bus->ops->close(p->bus);
	}
	p->bus = NULL;
}

void fnl_app_close_doors(struct fnl_app *app)
{
	struct fnl_app_private *p = app->private;
	fnl_app_disconnect(app);
	for (size_t i = 0; i < FNL_APP_STAGE_COUNT; i++) {
		p->operators[i] = fnl_app_operator_close((enum fnl_app_stage_id)i, p->operators[i]);
	}
	if (p->codec) {
		p->codec->ops->close(p->codec);
	}
	if (p->registry) {
		p->registry->ops->close(p->registry);
	}
}
