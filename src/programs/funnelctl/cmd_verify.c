/* funnelctl verify: Redis against the changelog, both ways, row by row, and the index of deadlines. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "command.h"
#include "signals.h"
#include "verify.h"

enum { TRIES_MAX = 10, TRY_AGAIN_MS = 500 };

static json_t *sums_json(const struct fnl_verify *v)
{
	json_t *list = json_array();
	for (size_t i = 0; i < v->sums.count; i++) {
		const struct fnl_sum *s = &v->sums.at[i];
		json_array_append_new(
			list, json_pack("{s:s, s:s?, s:I, s:I, s:I, s:I}", "status", fnl_symbols_status[s->status], "currency",
		                    s->currency[0] ? s->currency : NULL, "count", (json_int_t)s->count[FNL_SUM_CHANGELOG],
		                    "amount_minor", (json_int_t)s->amount_minor[FNL_SUM_CHANGELOG], "redis_count",
		                    (json_int_t)s->count[FNL_SUM_VIEW], "redis_amount_minor",
		                    (json_int_t)s->amount_minor[FNL_SUM_VIEW]));
	}
	return list;
}

static void print_json(const struct fnl_verify *v)
{
	json_t *partitions = json_array(), *differences = json_array();
	for (size_t i = 0; i < v->partition_count; i++) {
		const struct fnl_verify_partition *p = &v->partitions[i];
		json_array_append_new(partitions,
		                      json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:b}", "partition", (int)p->pair.partition,
		                                "cl", (json_int_t)p->pair.cl, "applied",
		                                (json_int_t)(p->applied.present ? p->applied.cl : -1), "rows_changelog",
		                                (json_int_t)p->rows_changelog, "rows_redis", (json_int_t)p->rows_redis,
		                                "timers", (json_int_t)p->timers, "moving", p->moved));
	}
	for (size_t i = 0; i < v->difference_count && i < FNL_VERIFY_LISTED_MAX; i++) {
		const struct fnl_difference *d = &v->differences[i];
		json_array_append_new(differences,
		                      json_pack("{s:s, s:i, s:s, s:s, s:s}", "stage", "prospect", "partition",
		                                (int)d->partition, "kind", d->kind, "row", d->row, "detail", d->detail));
	}
	json_t *all = json_pack("{s:b, s:I, s:I, s:o, s:o, s:o}", "clean", v->difference_count == 0, "difference_count",
	                        (json_int_t)v->difference_count, "moving_count", (json_int_t)v->moved_count, "partitions",
	                        partitions, "sums", sums_json(v), "differences", differences);
	json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
}

static void print_text(const struct fnl_verify *v)
{
	size_t rows = 0, timers = 0;
	for (size_t i = 0; i < v->partition_count; i++) {
		const struct fnl_verify_partition *p = &v->partitions[i];
		rows += p->rows_changelog;
		timers += p->timers;
	}
	for (size_t i = 0; i < v->difference_count && i < FNL_VERIFY_LISTED_MAX; i++) {
		const struct fnl_difference *d = &v->differences[i];
		printf("partition %d: %s: %s: %s\n", (int)d->partition, d->kind, d->row, d->detail);
	}
	if (v->difference_count > FNL_VERIFY_LISTED_MAX) {
		printf("… and %zu more\n", v->difference_count - FNL_VERIFY_LISTED_MAX);
	}
	printf("%s: %zu partitions, %zu rows, %zu timers, %zu differences\n", v->difference_count ? "NOT CLEAN" : "clean",
	       v->partition_count, rows, timers, v->difference_count);
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct fnl_verify v = {.app = app};
	struct fnl_error why = {0, ""};
	int code = FNL_EXIT_OK;
	if (argc != 1) {
		return fnl_usage_error(&fnl_cmd_verify, "\"%s\" is not understood here", argv[1]);
	}
	for (int i = 1;; i++) {
		if (fnl_verify_once(&v, &code, &why)) {
			fnl_verify_clear(&v);
			return fnl_app_fail(app, code, &why);
		}
		if (v.moved_count == 0 || i == TRIES_MAX || *fnl_stop_flag()) {
			break;
		}
		if (i == 1) {
			fprintf(stderr, "%zu partitions are moving; trying again for a few seconds\n", v.moved_count);
		}
		fnl_verify_clear(&v);
		app->clock->sleep_ms(app->clock->context, TRY_AGAIN_MS);
	}
	fnl_verify_give_up(&v);
	if (app->json) {
		print_json(&v);
	} else {
		print_text(&v);
	}
	code = v.difference_count ? FNL_EXIT_DIFFERENCES : FNL_EXIT_OK;
	fnl_verify_clear(&v);
	return code;
}

const struct fnl_command fnl_cmd_verify = {
	"verify",
	"compare Redis with the changelog",
	"funnelctl verify\n"
	"  Every row of Redis must have the bytes of the changelog's latest record of its key, and the other way round; "
	"Redis must\n"
	"  stand at the committed pair; the index of deadlines must name those of the rows; the prospects' amounts, summed "
	"by\n"
	"  status and currency, must be the same in both. Exit 4 with the differences listed.\n"
	"  While workers run, a partition may be ahead or behind for a moment: it is compared again for a few seconds.",
	run,
};
