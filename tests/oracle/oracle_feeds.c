/* Feeds: whether they live, what they carry, what they have lost; and the pass after that has changed. */
#include <stdio.h>

#include "oracle_edit.h"

enum { FEEDS_MAX = 64, SIXTEENTH = 16 };
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
/* A worker that comes so late was away itself. */
#define AWAY_MS (5 * MINUTE_MS)

/* ---- PartitionFeeds ---- */

static json_t *open_feeds(struct oracle_partition *p, const struct oracle_run *run)
{
	if (!p->feeds_row) {
		p->feeds_row = oracle_new_record(run->o, "PartitionFeeds");
		oracle_set(p->feeds_row, "pass_quiet", json_false());
		oracle_set(p->feeds_row, "feeds", json_array());
	}
	return p->feeds_row;
}

struct oracle_feed_state oracle_feed_state(const struct oracle_partition *p, const char *source)
{
	size_t i;
	const json_t *f;
	json_array_foreach(json_object_get(p->feeds_row, "feeds"), i, f)
	{
		if (oracle_is(f, "source", source)) {
			return (struct oracle_feed_state){oracle_flag(f, "carries_contacts"), oracle_flag(f, "silent")};
		}
	}
	return (struct oracle_feed_state){false, false};
}

/* Only feeds of which there is something to say are in the list, in order. */
static void set_state(const struct oracle_run *run, struct oracle_partition *p, const char *source,
                      struct oracle_feed_state state)
{
	json_t *row = open_feeds(p, run), *list = json_array();
	size_t i, at = 0;
	json_t *f;
	json_array_foreach(json_object_get(row, "feeds"), i, f)
	{
		if (!oracle_is(f, "source", source)) {
			json_array_append(list, f);
			at += strcmp(oracle_text(f, "source"), source) < 0;
		}
	}
	if ((state.carries_contacts || state.silent) && json_array_size(list) < FEEDS_MAX) {
		f = json_object();
		oracle_set(f, "source", json_string(source));
		oracle_set(f, "carries_contacts", json_boolean(state.carries_contacts));
		oracle_set(f, "silent", json_boolean(state.silent));
		json_array_insert_new(list, at, f);
	}
	oracle_set(row, "feeds", list);
}

/* shown: a feed says only now that contacts come; so it stays until all were looked at. */
static void begin_pass(struct oracle_step *s, bool shown)
{
	struct oracle_expected x = {0};
	json_t *row = open_feeds(s->p, s->run);
	oracle_blame(s, &x);
	shown = shown || (oracle_has(row, "next_deadline_at") && oracle_flag(row, "pass_quiet"));
	oracle_set(row, "pass_quiet", json_boolean(shown));
	oracle_set(row, "next_deadline_at", json_integer(oracle_step_now(s)));
	oracle_set(row, "pass_at", json_integer(oracle_step_now(s)));
	oracle_set(row, "cause_id", json_string(x.cause));
	oracle_set(row, "correlation_id", json_string(x.correlation));
	s->p->due_ms = INT64_MIN;
}

void oracle_feeds_pass(struct oracle_step *s)
{
	json_t *row = s->p->feeds_row, *prospect;
	const char *id;
	json_object_foreach(s->p->prospects, id, prospect)
	{
		if (oracle_is_open(prospect)) {
			int64_t at = oracle_number(row, "pass_at");
			oracle_supervise_alone(s, prospect, at, at, oracle_flag(row, "pass_quiet") ? "QUIET" : "CHANGE");
			s->run->stats.feed_looked++;
		}
	}
	oracle_set(row, "next_deadline_at", json_null());
	oracle_set(row, "pass_at", json_null());
	oracle_set(row, "pass_quiet", json_false());
	oracle_set(row, "cause_id", json_null());
	oracle_set(row, "correlation_id", json_null());
}

/* ---- is it alive? ---- */

static int64_t limit_of(const struct oracle_thresholds *t, bool has_heartbeats)
{
	return has_heartbeats ? t->silent_with_heartbeats_minutes * MINUTE_MS : t->silent_hours * HOUR_MS;
}

/* INT64_MAX: never. */
int64_t oracle_feed_deadline(const struct oracle_thresholds *t, bool has_heartbeats, int64_t heard_at)
{
	int64_t limit = limit_of(t, has_heartbeats);
	int64_t all = limit + limit / SIXTEENTH;
	if (limit == 0) {
		return INT64_MAX;
	}
	return has_heartbeats ? heard_at + all : oracle_business_after(&t->calendar, heard_at, all);
}

static json_t *open_feed(struct oracle_edit *e)
{
	if (!e->feed) {
		e->feed = oracle_new_record(e->s->run->o, "Feed");
		oracle_set(e->feed, "source", json_string(e->source));
		oracle_set(e->feed, "gap_count", json_integer(0));
		oracle_set(e->feed, "has_heartbeats", json_false());
		json_object_set_new(e->s->p->feeds, e->source, e->feed);
	}
	return e->feed;
}

/* What its prospects are to go by from now on; silent: it is (still), and they stay as they are unless contacts begin
 * or end with it. */
static void know(struct oracle_step *s, const char *source, json_t *feed, bool silent)
{
	struct oracle_feed_state state = oracle_feed_state(s->p, source);
	bool carries = oracle_flag(feed, "carries_contacts"), other = carries != state.carries_contacts;
	oracle_set(feed, "settles_at", json_null());
	if (other || state.silent != silent) {
		set_state(s->run, s->p, source, (struct oracle_feed_state){carries, silent});
	}
	if (other || (state.silent && !silent)) {
		begin_pass(s, carries && other);
	}
}

/* Nobody is blamed before what has piled up has come. */
static void recover(struct oracle_edit *e, int64_t t, int64_t patience)
{
	if (e->s->p->id == 0) { /* the last that is told of the input */
		e->recovered = oracle_new_record(e->s->run->o, "FeedRecovered");
		oracle_set(e->recovered, "source", json_string(e->source));
		oracle_set(e->recovered, "occurred_at", json_integer(t));
		oracle_take(e->recovered, "silent_since", e->feed, "silent_since");
	}
	oracle_set(e->feed, "silent_since", json_null());
	oracle_set(e->feed, "settles_at", json_integer(t + patience));
	e->s->run->stats.recovered++;
	if (patience == 0) {
		know(e->s, e->source, e->feed, false);
	}
}

/* What a heartbeat says: news of how the feed is, not of prospects. */
static bool take_heartbeat(struct oracle_edit *e)
{
	const json_t *carries = json_object_get(e->s->in, "carries_contacts");
	bool news = !oracle_flag(e->feed, "has_heartbeats");
	oracle_set(e->feed, "has_heartbeats", json_true());
	if (json_is_boolean(carries) && !json_equal(carries, json_object_get(e->feed, "carries_contacts"))) {
		struct oracle_feed_state state = oracle_feed_state(e->s->p, e->source);
		news = true;
		oracle_take(e->feed, "carries_contacts", e->s->in, "carries_contacts");
		bool held = oracle_has(e->feed, "silent_since") || oracle_has(e->feed, "settles_at");
		if (!held && state.carries_contacts != json_is_true(carries)) {
			state.carries_contacts = json_is_true(carries);
			set_state(e->s->run, e->s->p, e->source, state);
			e->s->run->stats.carries_changed++;
			begin_pass(e->s, state.carries_contacts);
		}
	}
	return news;
}

void oracle_feed_heard(struct oracle_edit *e)
{
	const struct oracle_thresholds *rules = e->s->p->rules->thresholds;
	int64_t t = oracle_step_now(e->s);
	bool write = !e->feed || !oracle_has(e->feed, "last_heard_at");
	open_feed(e);
	bool news = strcmp(e->s->name, "FeedHeartbeat") == 0 && take_heartbeat(e);
	bool heartbeats = oracle_flag(e->feed, "has_heartbeats");
	int64_t limit = limit_of(rules, heartbeats);
	limit = limit ? limit : 24 * HOUR_MS;
	int64_t last = write ? INT64_MIN : oracle_number(e->feed, "last_heard_at");
	bool silent = oracle_has(e->feed, "silent_since");
	/* rules before these may have said that it is never silent */
	bool due = oracle_has(e->feed, "next_deadline_at") || limit_of(rules, heartbeats) == 0;
	if (!write && !news && !silent && due && t < last + limit / SIXTEENTH) {
		return;
	}
	if (silent) {
		recover(e, t, limit_of(rules, heartbeats) / SIXTEENTH);
	}
	last = last < t ? t : last;
	int64_t deadline = oracle_feed_deadline(rules, heartbeats, last);
	if (oracle_has(e->feed, "settles_at")) {
		deadline = oracle_number(e->feed, "settles_at");
	}
	oracle_set(e->feed, "last_heard_at", json_integer(last));
	oracle_set(e->feed, "next_deadline_at", deadline == INT64_MAX ? json_null() : json_integer(deadline));
	e->s->p->due_ms = deadline < e->s->p->due_ms ? deadline : e->s->p->due_ms;
}

/* Its time is over. */
void oracle_feed_due(struct oracle_step *s, const char *source)
{
	json_t *feed = json_object_get(s->p->feeds, source);
	bool heartbeats = oracle_flag(feed, "has_heartbeats");
	if (s->now_ms - s->timer_ms > AWAY_MS) {
		oracle_set(feed, "last_heard_at", json_integer(s->now_ms));
		s->run->stats.away += !s->run->in->event_clock;
	}
	int64_t due_ms = oracle_feed_deadline(s->p->rules->thresholds, heartbeats, oracle_number(feed, "last_heard_at"));
	if (due_ms > s->now_ms && oracle_has(feed, "settles_at")) {
		know(s, source, feed, false);
	}
	if (due_ms > s->now_ms) { /* the rules in force are more patient than those before them */
		oracle_set(feed, "next_deadline_at", due_ms == INT64_MAX ? json_null() : json_integer(due_ms));
		return;
	}
	if (s->p->id == 0) {
		json_t *v = oracle_new_record(s->run->o, "FeedSilent");
		oracle_set(v, "source", json_string(source));
		oracle_set(v, "occurred_at", json_integer(s->timer_ms));
		oracle_take(v, "last_heard_at", feed, "last_heard_at");
		oracle_take(v, "has_heartbeats", feed, "has_heartbeats");
		oracle_set(v, "limit_minutes", json_integer(limit_of(s->p->rules->thresholds, heartbeats) / MINUTE_MS));
		oracle_tell(s, "FeedSilent", v);
	}
	oracle_take(feed, "silent_since", feed, "last_heard_at");
	oracle_set(feed, "next_deadline_at", json_null());
	know(s, source, feed, true);
	s->run->stats.silent++;
}

/* ---- gaps ---- */

static void request_resync(struct oracle_edit *e)
{
	static const char *const names[] = {"source", "gap_id", "prospect_id", "occurred_at", "since", NULL};
	json_t *v = oracle_new_record(e->s->run->o, "ResyncRequested");
	for (size_t i = 0; names[i]; i++) {
		oracle_take(v, names[i], e->s->in, names[i]);
	}
	oracle_tell(e->s, "ResyncRequested", v);
}

static void prospect_gap(struct oracle_edit *e)
{
	const char *gap_id = oracle_text(e->s->in, "gap_id");
	if (e->row) {
		bool open = oracle_has(e->row, "gap_id");
		bool any = oracle_has(e->row, "gap_version");
		int64_t last = oracle_number(e->row, "gap_version");
		bool smaller = open && strcmp(gap_id, oracle_text(e->row, "gap_id")) < 0;
		/* the open one again, one before the latest, or one of the same moment: closed since, or smaller */
		if (oracle_is(e->row, "gap_id", gap_id) ||
		    (any && (e->occurred_at < last || (e->occurred_at == last && (!open || smaller))))) {
			oracle_edit_stale(e);
			return;
		}
	}
	oracle_edit_open_row(e);
	oracle_edit_take_source(e);
	oracle_set(e->row, "gap_id", json_string(gap_id));
	oracle_set(e->row, "gap_version", json_integer(e->occurred_at));
	oracle_edit_close_row(e);
	request_resync(e);
}

/* Of the whole source: the prospects learn of it when they change next. One partition speaks for all. */
static void source_gap(struct oracle_edit *e)
{
	const char *gap_id = oracle_text(e->s->in, "gap_id");
	bool any = e->feed && oracle_has(e->feed, "last_gap_id");
	int order = any ? strcmp(gap_id, oracle_text(e->feed, "last_gap_id")) : 0;
	int64_t last = any ? oracle_number(e->feed, "last_gap_at") : 0;
	if (any && (order == 0 || e->occurred_at < last || (e->occurred_at == last && order < 0))) {
		oracle_edit_stale(e);
		return;
	}
	json_t *feed = open_feed(e);
	oracle_set(feed, "gap_count", json_integer(oracle_number(feed, "gap_count") + 1));
	oracle_set(feed, "last_gap_id", json_string(gap_id));
	oracle_set(feed, "last_gap_at", json_integer(e->occurred_at));
	if (e->s->p->id == 0) {
		request_resync(e);
	}
}

void oracle_feed_gap(struct oracle_edit *e)
{
	(e->id ? prospect_gap : source_gap)(e);
}

/* All that it says was heard with it. */
void oracle_feed_heartbeat(struct oracle_edit *e)
{
	(void)e;
}
