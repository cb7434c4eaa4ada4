/* funnelctl repair: gives a partition a committed pair when the stored state contradicts itself, and only then. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "pairs.h"

struct order {
	bool has_stage;
	enum fnl_app_stage_id stage;
	int32_t partition; /* -1: not given */
	bool from_beginning;
	bool keep_offset;
	bool yes;
};

static bool read_partition(const char *text, int32_t *ret)
{
	char *end;
	long n = strtol(text, &end, 10);
	if (*text == '\0' || *end != '\0' || n < 0 || n > 100000) {
		return false;
	}
	*ret = (int32_t)n;
	return true;
}

static int read_order(const struct fnl_app *app, int argc, char **argv, struct order *ret)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--stage") == 0 && i + 1 < argc) {
			ret->has_stage = fnl_app_stage_find(app, argv[++i], &ret->stage);
			if (!ret->has_stage) {
				return fnl_usage_error(&fnl_cmd_repair, "--stage %.40s: the stages are prospect, rep and org", argv[i]);
			}
		} else if (strcmp(argv[i], "--partition") == 0 && i + 1 < argc &&
		           read_partition(argv[i + 1], &ret->partition)) {
			i++;
		} else if (strcmp(argv[i], "--from-beginning") == 0) {
			ret->from_beginning = true;
		} else if (strcmp(argv[i], "--keep-offset") == 0) {
			ret->keep_offset = true;
		} else if (strcmp(argv[i], "--yes") == 0) {
			ret->yes = true;
		} else {
			return fnl_usage_error(&fnl_cmd_repair, "\"%s\" is not understood here", argv[i]);
		}
	}
	if (!ret->has_stage) {
		return fnl_usage_error(&fnl_cmd_repair, "--stage prospect, --stage rep or --stage org is needed");
	}
	if (ret->partition < 0) {
		return fnl_usage_error(&fnl_cmd_repair, "--partition P is needed");
	}
	if (ret->from_beginning == ret->keep_offset) {
		return fnl_usage_error(&fnl_cmd_repair, "one of --from-beginning and --keep-offset is needed");
	}
	return 0;
}

/* The committed pair as it is, and the changelog's end as the pair must name it. */
static int look(struct fnl_app *app, const struct order *o, struct fnl_pair *ret_now, int64_t *ret_cl,
                struct fnl_error *why)
{
	const struct fnl_app_stage *s = fnl_app_stage(app, o->stage);
	struct fnl_pair *pairs = NULL;
	struct fnl_log *log = NULL;
	size_t count = 0;
	int64_t start;
	int rc = fnl_pairs_read(app, o->stage, &pairs, &count, why);
	if (rc) {
		return rc;
	}
	if ((size_t)o->partition < count) {
		*ret_now = pairs[o->partition];
	} else {
		rc = fnl_fail(why, FNL_E_LAYOUT, "%s has only the partitions 0 to %zu", s->input_topic, count - 1);
	}
	fnl_free(pairs);
	if (!rc) {
		rc = fnl_app_reader_new(app, o->stage, &log, why);
	}
	if (rc) {
		return rc;
	}
	rc = log->ops->changelog_bounds(log, o->partition, &start, ret_cl, 10000);
	if (rc) {
		fnl_fail(why, rc, "changelog %s: %s", s->changelog_topic, log->ops->explain(log));
	}
	log->ops->close(log);
	return rc;
}

static int mend(struct fnl_app *app, const struct order *o, int64_t offset, int64_t cl, struct fnl_error *why)
{
	const struct fnl_app_stage *s = fnl_app_stage(app, o->stage);
	struct fnl_bus *bus = NULL;
	char metadata[32];
	int rc = fnl_app_bus(app, &bus, why);
	if (rc) {
		return rc;
	}
	snprintf(metadata, sizeof(metadata), "cl=%" PRId64, cl);
	rc = bus->ops->set_committed(bus, s->group, s->input_topic, o->partition, offset, metadata);
	return rc ? fnl_fail(why, rc, "group %s: %s", s->group, bus->ops->explain(bus)) : 0;
}

static void explain(const char *stage, const struct order *o, const struct fnl_pair *now, int64_t offset, int64_t cl)
{
	char was[64] = "nothing";
	if (now->committed >= 0 && now->has_cl) {
		snprintf(was, sizeof(was), "offset %" PRId64 ", cl=%" PRId64, now->committed, now->cl);
	} else if (now->committed >= 0) {
		snprintf(was, sizeof(was), "offset %" PRId64 " without a cl", now->committed);
	}
	fprintf(stderr,
	        "partition %d of the stage %s\n"
	        "  committed now:  %s\n"
	        "  will be:        offset %" PRId64 ", cl=%" PRId64 " (the end of the changelog)\n",
	        (int)o->partition, stage, was, offset, cl);
	fputs(
		o->from_beginning
			? "All input that is still in the topic is applied again to the rows of the changelog. Versions make that\n"
			  "harmless for the rows' fields; a derived event that comes again has the same ce_id.\n"
			: "Nothing is applied again: what lies between the rows' real state and this offset, if anything, is "
			  "lost.\n",
		stderr);
	fputs("The workers of this group must be stopped. At their next start they rebuild the view from the changelog.\n",
	      stderr);
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct order order = {.partition = -1};
	struct fnl_pair now;
	struct fnl_error why = {0, ""};
	int64_t cl = 0;
	int rc = read_order(app, argc, argv, &order);
	if (rc) {
		return rc;
	}
	memset(&now, 0, sizeof(now));
	rc = look(app, &order, &now, &cl, &why);
	if (rc) {
		return fnl_app_fail(app, fnl_exit_code(rc), &why);
	}
	int64_t offset = order.keep_offset ? now.committed : 0;
	if (offset < 0) {
		fputs("funnelctl repair: no offset is committed, so there is none to keep; use --from-beginning\n", stderr);
		return FNL_EXIT_STATE;
	}
	const char *stage = fnl_app_stage(app, order.stage)->stage.name;
	explain(stage, &order, &now, offset, cl);
	if (!order.yes) {
		fputs("Nothing was changed: add --yes to do it.\n", stderr);
		return FNL_EXIT_USAGE;
	}
	rc = mend(app, &order, offset, cl, &why);
	if (rc) {
		return fnl_app_fail(app, fnl_exit_code(rc), &why);
	}
	if (app->json) {
		printf("{\"stage\":\"%s\",\"partition\":%d,\"offset\":%" PRId64 ",\"cl\":%" PRId64 "}\n", stage,
		       (int)order.partition, offset, cl);
	} else {
		printf("partition %d: committed offset %" PRId64 ", cl=%" PRId64 "\n", (int)order.partition, offset, cl);
	}
	return FNL_EXIT_OK;
}

const struct fnl_command fnl_cmd_repair = {
	"repair",
	"set the committed pair of a partition whose stored state contradicts itself",
	"funnelctl repair --stage (prospect | rep | org) --partition P (--from-beginning | --keep-offset) [--yes]\n"
	"  A worker that ended with exit code 15 names this command. Without --yes it only says what it would do.\n"
	"  --from-beginning   apply the input again from its first record\n"
	"  --keep-offset      go on at the committed offset",
	run,
};
