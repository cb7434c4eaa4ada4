/* funnelctl verify: Redis against the changelogs, both ways, row by row, with its indexes; and the sums from stage to
 * stage. */
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

static json_t *number_or_null(__int128 n)
{
	return n >= INT64_MIN && n <= INT64_MAX ? json_integer((json_int_t)n) : json_null();
}

static json_t *side_json(const struct fnl_books_sum *s)
{
	__int128 e4 = s->weighted % 10000;
	e4 += e4 < 0 ? 10000 : 0;
	return json_pack("{s:o, s:o, s:o, s:i}", "count", number_or_null(s->count), "amount_minor",
	                 number_or_null(s->amount_minor), "weighted_minor", number_or_null((s->weighted - e4) / 10000),
	                 "weighted_e4", (int)e4);
}

/* The books' sums, added up over the books. */
struct total {
	struct fnl_books_part what;
	struct fnl_books_sum side[FNL_BOOKS_SIDES];
};

enum { TOTALS_MAX = 512 };

static size_t totals_of(const struct fnl_verify *v, struct total totals[TOTALS_MAX])
{
	size_t count = 0, cursor = 0;
	for (struct fnl_map_node *n = fnl_map_next(&v->books.entries, &cursor, NULL); n;
	     n = fnl_map_next(&v->books.entries, &cursor, n)) {
		const struct fnl_books_entry *e = FNL_CONTAINER_OF(n, struct fnl_books_entry, node);
		size_t at = 0;
		while (at < count && (totals[at].what.layer != e->what.layer ||
		                      memcmp(totals[at].what.currency, e->what.currency, sizeof(e->what.currency)) != 0)) {
			at++;
		}
		if (at == TOTALS_MAX) {
			continue;
		}
		if (at == count) {
			totals[count++].what = e->what;
		}
		for (int i = 0; i < FNL_BOOKS_SIDES; i++) {
			totals[at].side[i].count += e->side[i].count;
			totals[at].side[i].amount_minor += e->side[i].amount_minor;
			totals[at].side[i].weighted += e->side[i].weighted;
		}
	}
	return count;
}

static json_t *conservation_json(const struct fnl_verify *v)
{
	struct total *totals = fnl_calloc(TOTALS_MAX, sizeof(*totals));
	size_t count = totals ? totals_of(v, totals) : 0;
	json_t *sums = json_array();
	for (size_t i = 0; i < count; i++) {
		const struct total *t = &totals[i];
		json_array_append_new(
			sums,
			json_pack("{s:s, s:s?, s:o, s:o, s:o, s:o, s:o}", "layer", fnl_books_layer_text(t->what.layer), "currency",
		              t->what.currency[0] ? t->what.currency : NULL, "prospects",
		              t->what.layer == FNL_BOOKS_WATCHED ? json_null() : side_json(&t->side[FNL_BOOKS_PROSPECTS]),
		              "lines", side_json(&t->side[FNL_BOOKS_LINES]), "reps", side_json(&t->side[FNL_BOOKS_REPS]),
		              "cells", side_json(&t->side[FNL_BOOKS_CELLS]), "orgs", side_json(&t->side[FNL_BOOKS_ORGS])));
	}
	fnl_free(totals);
	return json_pack("{s:b, s:b, s:I, s:I, s:o}", "judged", !v->in_flight && v->moved_count == 0, "in_flight",
	                 v->in_flight, "books", (json_int_t)v->books.names.count, "unsent_prospects",
	                 (json_int_t)v->books.unsent, "sums", sums);
}

static json_t *partitions_json(const struct fnl_verify *v)
{
	json_t *list = json_array();
	for (size_t s = 0; s < FNL_APP_STAGE_COUNT; s++) {
		const struct fnl_verify_stage *st = &v->stages[s];
		for (size_t i = 0; i < st->partition_count; i++) {
			const struct fnl_verify_partition *p = &st->partitions[i];
			json_array_append_new(
				list, json_pack("{s:s, s:i, s:I, s:I, s:I, s:I, s:I, s:b}", "stage", st->s->stage.name, "partition",
			                    (int)p->pair.partition, "cl", (json_int_t)p->pair.cl, "applied",
			                    (json_int_t)(p->applied.present ? p->applied.cl : -1), "rows_changelog",
			                    (json_int_t)p->rows_changelog, "rows_redis", (json_int_t)p->rows_redis, "timers",
			                    (json_int_t)p->timers, "moving", p->moved));
		}
	}
	return list;
}

static void print_json(const struct fnl_verify *v)
{
	json_t *differences = json_array();
	for (size_t i = 0; i < v->difference_count && i < FNL_VERIFY_LISTED_MAX; i++) {
		const struct fnl_difference *d = &v->differences[i];
		json_array_append_new(differences,
		                      json_pack("{s:s, s:i, s:s, s:s, s:s}", "stage", d->stage, "partition", (int)d->partition,
		                                "kind", d->kind, "row", d->row, "detail", d->detail));
	}
	json_t *all = json_pack("{s:b, s:I, s:I, s:o, s:o, s:o, s:o}", "clean", v->difference_count == 0,
	                        "difference_count", (json_int_t)v->difference_count, "moving_count",
	                        (json_int_t)v->moved_count, "partitions", partitions_json(v), "sums", sums_json(v),
	                        "conservation", conservation_json(v), "differences", differences);
	json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
}

static void print_text(const struct fnl_verify *v)
{
	size_t partitions = 0, rows = 0, timers = 0;
	for (size_t s = 0; s < FNL_APP_STAGE_COUNT; s++) {
		const struct fnl_verify_stage *st = &v->stages[s];
		for (size_t i = 0; i < st->partition_count; i++) {
			rows += st->partitions[i].rows_changelog;
			timers += st->partitions[i].timers;
		}
		partitions += st->partition_count;
	}
	for (size_t i = 0; i < v->difference_count && i < FNL_VERIFY_LISTED_MAX; i++) {
		const struct fnl_difference *d = &v->differences[i];
		if (d->partition < 0) {
			printf("%s: %s: %s: %s\n", d->stage, d->kind, d->row, d->detail);
		} else {
			printf("%s, partition %d: %s: %s: %s\n", d->stage, (int)d->partition, d->kind, d->row, d->detail);
		}
	}
	if (v->difference_count > FNL_VERIFY_LISTED_MAX) {
		printf("… and %zu more\n", v->difference_count - FNL_VERIFY_LISTED_MAX);
	}
	if (v->books.unsent) {
		printf("%zu prospects have not sent a line yet: they do at their next change\n", v->books.unsent);
	}
	printf("%s: %zu partitions, %zu rows, %zu timers, %zu books, %zu differences\n",
	       v->difference_count ? "NOT CLEAN" : "clean", partitions, rows, timers, v->books.names.count,
	       v->difference_count);
}

/* Says why it tries again: once. */
static void tell_moving(const struct fnl_verify *v)
{
	if (v->moved_count) {
		fprintf(stderr, "%zu partitions are moving; trying again for a few seconds\n", v->moved_count);
	} else {
		fputs("lines or cells are on their way to the next stage; trying again for a few seconds\n", stderr);
	}
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
		if ((v.moved_count == 0 && !v.in_flight) || i == TRIES_MAX || *fnl_stop_flag()) {
			break;
		}
		if (i == 1) {
			tell_moving(&v);
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
	"compare Redis with the changelogs, and the stages with each other",
	"funnelctl verify\n"
	"  For each stage: every row of Redis must have the bytes of the changelog's latest record of its key, and the "
	"other "
	"way\n"
	"  round; Redis must stand at the committed pair; its index of keys must name those of the rows, that of\n"
	"  deadlines no later than the rows do.\n"
	"  From stage to stage: the prospects' counts, amounts and weighted amounts must be those of the lines in the "
	"books, "
	"and\n"
	"  those of the books' own totals, for each book, layer and currency; in TOP, MIDDLE and BOTTOM also those of its "
	"cells,\n"
	"  and what the organisation has of these, once it has been told. Exit 4 with the differences listed.\n"
	"  While workers run, a partition may be ahead or behind for a moment, and lines or cells may be on their way: it "
	"is "
	"compared\n"
	"  again for a few seconds.",
	run,
};
