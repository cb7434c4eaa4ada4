#include "send.h"

#include "rules_publish.h"

enum { ARENA_BYTES = 4 << 20 };

static int build_and_publish(struct world *w, const struct fnl_csv_row *header, const struct fnl_csv_row *row,
                             struct fnl_arena *arena, struct fnl_error *why)
{
	struct fnl_import_map map = {0};
	struct fnl_import_plan *plan = NULL;
	struct fnl_import_event event = {0};
	struct fnl_import_problem problem = {0};
	int status = fnl_import_plan_make(&map, "demo", header, arena, &plan, why);
	if (status) {
		return status;
	}
	status = fnl_import_row_build(plan, row, 0, arena, &event, &problem);
	return status ? fnl_fail(why, FNL_E_INTERNAL, "%.*s: %s", (int)row->cells[0].len, (const char *)row->cells[0].data,
	                         problem.why.text)
	              : fnl_import_publish(&w->ports, &event, arena, why);
}

int send_row(struct world *w, const char *const *names, const char *const *texts, size_t count, struct fnl_error *why)
{
	struct fnl_arena arena;
	struct fnl_span columns[SEND_COLUMNS_MAX];
	struct fnl_span cells[SEND_COLUMNS_MAX];
	if (count > SEND_COLUMNS_MAX) {
		return fnl_fail(why, FNL_E_LIMIT, "too many columns");
	}
	for (size_t i = 0; i < count; i++) {
		columns[i] = fnl_span_str(names[i]);
		cells[i] = fnl_span_str(texts[i]);
	}
	struct fnl_csv_row header = {columns, count, 1, NULL};
	struct fnl_csv_row row = {cells, count, 2, NULL};
	fnl_arena_init(&arena, ARENA_BYTES);
	int status = build_and_publish(w, &header, &row, &arena, why);
	fnl_arena_deinit(&arena);
	return status;
}

int send_rules(struct world *w, const char *text, int32_t version, int64_t at_ms, struct fnl_error *why)
{
	struct fnl_rules_ports ports = {.app = w->app, .bus = w->bus, .codec = w->codec};
	for (int s = 0; s < FNL_APP_STAGE_COUNT; s++) {
		ports.partitions[s] = WORLD_PARTITIONS;
	}
	return fnl_rules_publish(&ports, fnl_span_str(text), version, at_ms, why);
}
