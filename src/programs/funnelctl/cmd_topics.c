/* funnelctl topics create: every topic of this deployment, with its cleanup policy; asking twice changes nothing. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "command.h"

struct created {
	struct fnl_topic_spec spec;
	const char *result;
};

/* What a relay reads is somebody else's: it may have any number of partitions, once it is there. */
static int fit(struct fnl_app *app, struct fnl_bus *bus, enum fnl_topic topic, struct fnl_topic_spec *spec)
{
	struct fnl_topic_info info = {0};
	int rc = 0;
	for (int r = 0; r < FNL_APP_RELAY_COUNT && rc == 0; r++) {
		if (fnl_app_relay(app, (enum fnl_app_relay_id)r)->input == topic) {
			rc = bus->ops->describe_topic(bus, spec->name, &info);
		}
	}
	spec->partition_count = info.partition_count > 0 ? info.partition_count : spec->partition_count;
	return rc;
}

static int create_all(struct fnl_app *app, struct created *rows, struct fnl_error *why)
{
	struct fnl_bus *bus;
	int rc = fnl_app_bus(app, &bus, why);
	for (int t = 0; t < FNL_TOPIC_COUNT && rc >= 0; t++) {
		rows[t].spec = fnl_app_topic_spec(app, (enum fnl_topic)t);
		rc = fit(app, bus, (enum fnl_topic)t, &rows[t].spec);
		rc = rc < 0 ? rc : bus->ops->create_topic(bus, &rows[t].spec);
		if (rc < 0) {
			return fnl_fail(why, rc, "topic %s: %s", rows[t].spec.name, bus->ops->explain(bus));
		}
		rows[t].result = rc ? "exists" : "created";
	}
	return rc < 0 ? rc : 0;
}

static const char *cleanup_text(enum fnl_cleanup c)
{
	return c == FNL_CLEANUP_COMPACT ? "compact" : "delete";
}

static void print_table(const struct created *rows)
{
	printf("%-40s %10s  %-8s %14s  %s\n", "topic", "partitions", "cleanup", "retention", "result");
	for (size_t t = 0; t < FNL_TOPIC_COUNT; t++) {
		char retention[32] = "for ever";
		if (rows[t].spec.retention_ms >= 0) {
			snprintf(retention, sizeof(retention), "%" PRId64 "h", rows[t].spec.retention_ms / 3600000);
		}
		printf("%-40s %10d  %-8s %14s  %s\n", rows[t].spec.name, (int)rows[t].spec.partition_count,
		       cleanup_text(rows[t].spec.cleanup), retention, rows[t].result);
	}
}

static void print_json(const struct created *rows)
{
	json_t *list = json_array();
	for (size_t t = 0; t < FNL_TOPIC_COUNT; t++) {
		json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:s, s:I, s:s}", "topic", rows[t].spec.name, "name",
		                                      fnl_topic_default((enum fnl_topic)t), "partitions",
		                                      (int)rows[t].spec.partition_count, "cleanup",
		                                      cleanup_text(rows[t].spec.cleanup), "retention_ms",
		                                      (json_int_t)rows[t].spec.retention_ms, "result", rows[t].result));
	}
	json_dumpf(list, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(list);
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct created rows[FNL_TOPIC_COUNT];
	struct fnl_error why = {0, ""};
	if (argc != 2 || strcmp(argv[1], "create") != 0) {
		return fnl_usage_error(&fnl_cmd_topics, "expected is \"create\"");
	}
	memset(rows, 0, sizeof(rows));
	int rc = create_all(app, rows, &why);
	if (rc) {
		return fnl_app_fail(app, fnl_exit_code(rc), &why);
	}
	if (app->json) {
		print_json(rows);
	} else {
		print_table(rows);
	}
	return FNL_EXIT_OK;
}

const struct fnl_command fnl_cmd_topics = {
	"topics",
	"create the topics of this deployment",
	"funnelctl topics create\n"
	"  Creates what is missing with topic.partitions partitions; what is there already must fit (exit 14 if not), but\n"
	"  for HR's topic and that of the commands, which may have any number.",
	run,
};
