#include "status.h"

#include "funneld/adapters/http.h"
#include "metrics.h"

struct status {
	const struct lanes *lanes;
	int64_t started_ms;
	struct fnl_http *http;
};

static void look(const struct lanes *ls, const struct lane *l, struct fnl_report_lane *ret)
{
	*ret = (struct fnl_report_lane){
		.name = l->name,
		.stage = lanes_part_name(ls->app, l->part),
		.stats = fnl_worker_stats(l->worker),
		.ended = fnl_worker_has_ended(l->worker),
	};
	ret->progressed = fnl_worker_progress(l->worker, &ret->age_ms);
	if (l->part < FNL_APP_STAGE_COUNT) {
		const struct fnl_app_stage *s = fnl_app_stage(ls->app, (enum fnl_app_stage_id)l->part);
		ret->topics = s->output_topics;
		ret->topic_count = s->output_topic_count;
	} else {
		ret->topics = fnl_app_relay(ls->app, (enum fnl_app_relay_id)(l->part - FNL_APP_STAGE_COUNT))->output_topics;
		ret->topic_count = FNL_ROUTER_OUT_COUNT;
	}
}

static int report_of(const struct status *s, struct fnl_arena *arena, struct fnl_report *ret)
{
	const struct lanes *ls = s->lanes;
	bool opened = atomic_load(&ls->opened);
	size_t count = opened ? ls->count : 0;
	struct fnl_report_lane *lanes = fnl_arena_calloc(arena, count ? count : 1, sizeof(*lanes));
	if (!lanes) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		look(ls, &ls->at[i], &lanes[i]);
	}
	*ret = (struct fnl_report){
		.version = FNL_VERSION,
		.instance = fnl_settings_string(ls->app->settings, "instance.id"),
		.started_ms = s->started_ms,
		.health_limit_ms = fnl_settings_int(ls->app->settings, "http.health.limit"),
		.starting = !opened,
		.lanes = lanes,
		.lane_count = count,
	};
	return 0;
}

static int metrics(void *context, struct fnl_arena *arena, struct fnl_http_answer *ret)
{
	struct fnl_report r;
	int rc = report_of(context, arena, &r);
	ret->status = 200;
	ret->content_type = "text/plain; version=0.0.4; charset=utf-8";
	return rc ? rc : fnl_report_metrics(&r, arena, &ret->body);
}

static int health(void *context, struct fnl_arena *arena, struct fnl_http_answer *ret)
{
	struct fnl_report r;
	bool healthy = false;
	int rc = report_of(context, arena, &r);
	rc = rc ? rc : fnl_report_health(&r, arena, &ret->body, &healthy);
	ret->status = healthy ? 200 : 503;
	ret->content_type = "application/json";
	return rc;
}

int status_open(const struct lanes *ls, struct status **ret, struct fnl_error *why)
{
	static const struct fnl_http_route routes[] = {{"/metrics", metrics}, {"/health", health}};
	const char *listen = fnl_settings_string(ls->app->settings, "http.listen");
	*ret = NULL;
	if (!listen) {
		return 0;
	}
	struct status *s = fnl_calloc(1, sizeof(*s));
	if (!s) {
		return fnl_fail(why, FNL_E_NOMEM, "no memory for /metrics and /health");
	}
	s->lanes = ls;
	s->started_ms = ls->app->clock->wall_ms(ls->app->clock->context);
	struct fnl_http_settings settings = {listen, routes, sizeof(routes) / sizeof(routes[0]), s};
	struct fnl_error what = {0, ""};
	int rc = fnl_http_open(&settings, &s->http, &what);
	if (rc) {
		fnl_free(s);
		return fnl_fail(why, rc, "%s: http.listen: %s", fnl_settings_origin(ls->app->settings, "http.listen"),
		                what.text);
	}
	fnl_log_line(&ls->app->logger, FNL_INFO, "http://%s/metrics and /health", fnl_http_address(s->http));
	*ret = s;
	return 0;
}

void status_close(struct status *s)
{
	if (s) {
		fnl_http_close(s->http);
		fnl_free(s);
	}
}
