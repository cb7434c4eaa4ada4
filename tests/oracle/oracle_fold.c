/* A partition's input in its order: time, timers, rules, and what is to be told. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <uuid/uuid.h>

#include "oracle_internal.h"

void oracle_uuid(const char *name, size_t len, char ret[ORACLE_UUID_BYTES])
{
	uuid_t space, id;
	uuid_parse("6f2c1f0e-5f0a-5c52-9a4b-0d8f4a1c7e11", space);
	uuid_generate_sha1(id, space, name, len);
	uuid_unparse_lower(id, ret);
}

char *oracle_printable(struct fnl_span s)
{
	static _Thread_local char texts[4][400];
	static _Thread_local unsigned next;
	char *text = texts[next++ % 4];
	size_t used = 0;
	if (!s.data) {
		return strcpy(text, "(null)");
	}
	for (size_t i = 0; i < s.len && used < sizeof(texts[0]) - 8; i++) {
		bool plain = s.data[i] > 0x20 && s.data[i] < 0x7f && s.data[i] != '\\';
		used += (size_t)sprintf(text + used, plain ? "%c" : "\\%02x", s.data[i]);
	}
	text[used] = '\0';
	return text;
}

/* ---- what is to be told ---- */

static struct oracle_expected *expect(struct oracle_run *run, size_t topic, const struct oracle_partition *p,
                                      int64_t offset, struct fnl_span key, const char *prospect)
{
	if (run->expected_count == run->expected_room) {
		run->expected_room = run->expected_room ? run->expected_room * 2 : 256;
		run->expected = realloc(run->expected, run->expected_room * sizeof(*run->expected));
		if (!run->expected) {
			abort();
		}
	}
	struct oracle_expected *x = &run->expected[run->expected_count++];
	char group[512];
	if (topic == ORACLE_DEAD_LETTERS) {
		/* those without a key go anywhere, and have no order among them */
		int n = snprintf(group, sizeof(group), "%" PRId32 " %s", p->id, oracle_printable(key));
		if (key.len == 0) {
			snprintf(group + n, sizeof(group) - (size_t)n, "%" PRId64, offset);
		}
	} else if (prospect) { /* a book's lines have an order by prospect */
		snprintf(group, sizeof(group), "%s %s", oracle_printable(key), oracle_printable(fnl_span_str(prospect)));
	} else {
		snprintf(group, sizeof(group), "%s", oracle_printable(key));
	}
	*x = (struct oracle_expected){
		.topic = topic, .partition = p->id, .offset = offset, .group = strdup(group), .now_ms = p->time_ms};
	x->clock_ms = p->has_time ? p->time_ms : INT64_MIN;
	return x;
}

/* A header to pass on: printable, at most 128 bytes; "" when there is none such. */
static void header_text(const struct fnl_record *r, const char *name, char ret[160])
{
	ret[0] = '\0';
	for (size_t i = r ? r->header_count : 0; i-- > 0;) { /* the last one of the name counts */
		const struct fnl_header *h = &r->headers[i];
		if (h->name.len != strlen(name) || memcmp(h->name.data, name, h->name.len) != 0) {
			continue;
		}
		bool fit = h->value.len >= 1 && h->value.len <= 128;
		for (size_t k = 0; fit && k < h->value.len; k++) {
			fit = h->value.data[k] > 0x20 && h->value.data[k] < 0x7f;
		}
		if (fit) {
			snprintf(ret, 160, "%.*s", (int)h->value.len, (const char *)h->value.data);
		}
		return;
	}
}

/* The id of an input that has none of its own: from source, record, entity, and version or own id. */
static void root_id(const struct oracle_step *s, char ret[160])
{
	char name[2048], own[512], id[ORACLE_UUID_BYTES];
	const char *prospect = oracle_text(s->in, "prospect_id");
	const char *source = oracle_text(s->in, "source");
	if (strcmp(s->name, "ContactLogged") == 0) {
		snprintf(own, sizeof(own), "%s@%" PRId64, oracle_text(s->in, "contact_id"),
		         oracle_number(s->in, "occurred_at"));
	} else if (strcmp(s->name, "FeedGap") == 0) {
		snprintf(own, sizeof(own), "%s", oracle_text(s->in, "gap_id"));
	} else if (strcmp(s->name, "RulesActivated") == 0) {
		snprintf(own, sizeof(own), "%s", oracle_text(s->in, "rules_hash"));
	} else if (strcmp(s->name, "FeedHeartbeat") == 0) {
		snprintf(own, sizeof(own), "%" PRId64, oracle_number(s->in, "occurred_at"));
	} else if (strcmp(s->name, "InspectionAnswered") == 0) {
		snprintf(own, sizeof(own), "%s", oracle_text(s->in, "answer_id"));
	} else if (strcmp(s->name, "ContactErased") == 0) {
		snprintf(own, sizeof(own), "%s", oracle_text(s->in, "person_id"));
	} else {
		snprintf(own, sizeof(own), "%" PRId64, oracle_number(s->in, "version"));
	}
	int n = snprintf(name, sizeof(name), "%s\n%s\n%s\n%s", source, s->name, prospect ? prospect : source, own);
	oracle_uuid(name, (size_t)n, id);
	snprintf(ret, 160, "%s", id);
}

static const char *type_of(const char *record)
{
	static const char *const types[][2] = {
		{"LayerChanged", "funnel.prospect.layer-changed.v1"},   {"ProspectParked", "funnel.prospect.parked.v1"},
		{"ProspectUnparked", "funnel.prospect.unparked.v1"},    {"ResyncRequested", "funnel.feed.resync-requested.v1"},
		{"ResyncCompleted", "funnel.feed.resync-completed.v1"}, {"FeedSilent", "funnel.feed.silent.v1"},
		{"FeedRecovered", "funnel.feed.recovered.v1"}};
	size_t i = 0;
	while (strcmp(types[i][0], record) != 0) {
		i++;
	}
	return types[i][1];
}

/* What happened, and what it belongs to. */
void oracle_blame(const struct oracle_step *s, struct oracle_expected *x)
{
	if (s->pass) {
		snprintf(x->cause, sizeof(x->cause), "%s", oracle_text(s->pass, "cause_id"));
		snprintf(x->correlation, sizeof(x->correlation), "%s", oracle_text(s->pass, "correlation_id"));
		x->now_ms = s->now_ms;
		return;
	}
	header_text(s->record, "ce_id", x->cause);
	if (!s->record) {
		char name[512];
		int n = snprintf(name, sizeof(name), "timer\nprospect\n%s\n%s\n%" PRId64, s->timer_table, s->timer_key,
		                 s->timer_ms);
		oracle_uuid(name, (size_t)n, x->cause);
	} else if (!x->cause[0]) {
		root_id(s, x->cause);
	}
	header_text(s->record, "ce_correlationid", x->correlation);
	if (!x->correlation[0]) {
		memcpy(x->correlation, x->cause, sizeof(x->correlation));
	}
	if (!s->of_rules) { /* it is the record's own way that is traced */
		header_text(s->record, "traceparent", x->trace);
	}
	x->now_ms = s->now_ms;
	x->of_rules = s->of_rules;
}

int64_t oracle_step_now(const struct oracle_step *s)
{
	return oracle_knows_time(s->run) ? s->now_ms : 0;
}

void oracle_tell_book(struct oracle_step *s, const char *record, json_t *body)
{
	struct oracle_expected *x = expect(s->run, ORACLE_REP_INPUTS, s->p, s->offset,
	                                   fnl_span_str(oracle_text(body, "book")), oracle_text(body, "prospect_id"));
	x->record = record;
	x->body = body;
	oracle_blame(s, x);
	s->run->stats.lines += strcmp(record, "BookLine") == 0;
}

void oracle_tell(struct oracle_step *s, const char *record, json_t *body)
{
	struct oracle_stats *stats = &s->run->stats;
	bool alert = strncmp(record, "Resync", 6) == 0 || strncmp(record, "Feed", 4) == 0;
	const char *key = oracle_text(body, "prospect_id");
	key = key ? key : oracle_text(body, "source");
	struct oracle_expected *x =
		expect(s->run, alert ? ORACLE_ALERTS : ORACLE_LAYER_CHANGES, s->p, s->offset, fnl_span_str(key), NULL);
	x->record = record;
	x->type = type_of(record);
	x->body = body;
	x->rules_version = s->p->rules->text.version;
	oracle_blame(s, x);
	char name[512];
	const char *counted = strcmp(record, "FeedRecovered") == 0 ? "silent_since" : "sequence";
	long long sequence = (long long)json_integer_value(json_object_get(body, counted));
	int n = s->of_rules ? snprintf(name, sizeof(name), "%s\n%s\n%s\n%lld", x->cause, x->type, key, sequence)
	                    : snprintf(name, sizeof(name), "%s\n%s\n%zu\n%lld", x->cause, x->type, s->ordinal++, sequence);
	oracle_uuid(name, (size_t)n, x->id);
	stats->layer_changed += strcmp(record, "LayerChanged") == 0;
	stats->parked += strcmp(record, "ProspectParked") == 0;
	stats->unparked += strcmp(record, "ProspectUnparked") == 0;
	stats->resync_requested += strcmp(record, "ResyncRequested") == 0;
	stats->resync_completed += strcmp(record, "ResyncCompleted") == 0;
}

static void dead_letter(struct oracle_run *run, struct oracle_partition *p, const struct fnl_record *r, const char *why)
{
	struct oracle_expected *x = expect(run, ORACLE_DEAD_LETTERS, p, r->offset, r->key, NULL);
	x->dead = r;
	x->why = why;
	run->stats.dead_letters++;
}

/* ---- timers: of the partition's rows, of prospects, of feeds, in this order at one time ---- */

struct due {
	int64_t at;
	const char *table;
	const char *key;
};

static void look(struct due *due, const char *table, const char *key, const json_t *row)
{
	int64_t at = oracle_has(row, "next_deadline_at") ? oracle_number(row, "next_deadline_at") : INT64_MAX;
	bool same_table = due->key && strcmp(due->table, table) == 0;
	if (at < due->at || (same_table && at == due->at && strcmp(key, due->key) < 0)) {
		*due = (struct due){at, table, key};
	}
}

static struct due next_due(const struct oracle_partition *p)
{
	struct due due = {INT64_MAX, NULL, NULL};
	const char *key;
	json_t *row;
	look(&due, "partition", "feeds", p->feeds_row);
	json_object_foreach(p->prospects, key, row)
	{
		look(&due, "prospect", key, row);
	}
	json_object_foreach(p->feeds, key, row)
	{
		look(&due, "feed", key, row);
	}
	return due;
}

static void fire(struct oracle_step *s)
{
	if (strcmp(s->timer_table, "partition") == 0) {
		s->pass = s->p->feeds_row;
		oracle_feeds_pass(s);
		s->run->stats.feed_passes++;
	} else if (strcmp(s->timer_table, "feed") == 0) {
		oracle_feed_due(s, s->timer_key);
	} else {
		oracle_row_due(s, s->timer_key, s->timer_ms);
		s->run->stats.timers++;
	}
}

/* Those up to a time; next_offset: of the input that comes next. */
static void fire_timers(struct oracle_run *run, struct oracle_partition *p, int64_t until_ms, int64_t next_offset)
{
	while (oracle_knows_time(run) && p->due_ms <= until_ms) {
		struct due due = next_due(p);
		p->due_ms = due.at;
		if (due.key && due.at <= until_ms) {
			char key[200];
			snprintf(key, sizeof(key), "%s", due.key);
			struct oracle_step s = {.run = run, .p = p, .timer_table = due.table, .timer_key = key, .timer_ms = due.at};
			s.now_ms = run->in->event_clock ? due.at : until_ms;
			s.offset = next_offset;
			p->due_ms = INT64_MIN; /* look again */
			fire(&s);
		}
	}
}

/* ---- inputs ---- */

static const char *activate_rules(struct oracle_step *s)
{
	const json_t *in = s->in;
	int64_t version = oracle_number(in, "rules_version");
	int64_t current = s->p->rules->text.version;
	const json_t *hash = json_object_get(in, "rules_hash");
	if (version < 1 || json_string_length(hash) != 64) {
		return "rules without version or hash";
	}
	if (version == current && !json_equal(hash, json_object_get(s->p->rules_row, "rules_hash"))) {
		return "another text of the rules that are active";
	}
	if (version <= current) {
		s->run->stats.stale++;
		return NULL;
	}
	const struct oracle_rules *rules = oracle_rules_of(json_object_get(in, "rules_text"));
	if (!rules || rules->text.version != version) {
		return "unreadable rules, or of another version";
	}
	if (strcmp(rules->text.hash, json_string_value(hash)) != 0) {
		return "the hash of another text";
	}
	json_decref(s->p->rules_row);
	s->p->rules_row = oracle_new_record(s->run->o, "PartitionRules");
	oracle_take(s->p->rules_row, "rules_version", in, "rules_version");
	oracle_take(s->p->rules_row, "rules_hash", in, "rules_hash");
	oracle_take(s->p->rules_row, "rules_text", in, "rules_text");
	oracle_take(s->p->rules_row, "activated_at", in, "occurred_at");
	oracle_set(s->p->rules_row, "earlier", json_array());
	s->p->rules = rules;
	s->run->stats.rules_activated++;
	s->of_rules = true;
	struct oracle_expected x = {0};
	oracle_blame(s, &x);
	oracle_set(s->p->rules_row, "cause_id", json_string(x.cause));
	oracle_set(s->p->rules_row, "correlation_id", json_string(x.correlation));
	s->offset++; /* the pass is a timer's work: the next input is ahead of it */
	oracle_reevaluate(s);
	return NULL;
}

/* Whether the record can be one of this topic at all: what it is, whose, and its key. */
static const char *check_shape(const char *name, const json_t *in, const struct fnl_record *r)
{
	static const char *const broadcasts[] = {"FeedGap", "FeedHeartbeat", "ClockTick", "RulesActivated"};
	static const char *const others[] = {"ProspectChanged", "ProspectDeleted",   "ProspectRestored",
	                                     "ProspectMerged",  "ProspectErased",    "ContactErased",
	                                     "ContactLogged",   "InspectionAnswered"};
	bool broadcast = false, known = false;
	for (size_t i = 0; i < sizeof(broadcasts) / sizeof(broadcasts[0]); i++) {
		broadcast = broadcast || strcmp(name, broadcasts[i]) == 0;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		known = known || strcmp(name, others[i]) == 0;
	}
	if (!broadcast && !known) {
		return "not of this topic";
	}
	const json_t *source = json_object_get(in, "source");
	const char *why = oracle_id_check(json_string_value(source), json_string_length(source));
	const json_t *id = json_object_get(in, "prospect_id");
	if (!why && json_is_string(id)) {
		size_t len = json_string_length(id);
		why = oracle_id_check(json_string_value(id), len);
		if (!why && (!r->key.data || r->key.len != len || memcmp(r->key.data, json_string_value(id), len) != 0)) {
			why = "the key is not the prospect's id";
		}
	}
	return why;
}

static const char *step(struct oracle_step *s, const struct oracle_schema *schema)
{
	if (strcmp(s->name, "RulesActivated") == 0) {
		return activate_rules(s);
	}
	const char *why = strcmp(s->name, "ClockTick") == 0 ? NULL : oracle_limits(schema, s->in);
	return why ? why : oracle_apply(s);
}

/* The clock goes on to the times that it stood at, until that of the record; all that is due then fires. */
static void pass_wall_time(struct oracle_run *run, struct oracle_partition *p, int64_t until_ms, int64_t next_offset)
{
	while (p->wall_at < run->in->wall_time_count && run->in->wall_times[p->wall_at] <= until_ms) {
		fire_timers(run, p, run->in->wall_times[p->wall_at++], next_offset);
	}
}

/* A record that is believed moves the clock; what is due before it fires. */
static void pass_event_time(struct oracle_run *run, struct oracle_partition *p, int64_t at, int64_t next_offset)
{
	bool later = at != INT64_MIN && (!p->has_time || at > p->time_ms);
	if (later || p->has_time) {
		fire_timers(run, p, later ? at : p->time_ms, next_offset);
	}
	p->time_ms = later ? at : p->time_ms;
	p->has_time = p->has_time || later;
	if (later) {
		char time[32];
		snprintf(time, sizeof(time), "%" PRId64, at);
		json_object_set_new(p->times, time, json_true());
	}
}

static void fold_record(struct oracle_run *run, struct oracle_partition *p, const struct fnl_record *r)
{
	const char *why = NULL;
	const struct oracle_schema *schema = NULL;
	bool by_wall = run->in->wall_time_count > 0;
	int64_t time_max_ms = by_wall ? r->timestamp_ms + run->in->future_max_ms : run->in->time_max_ms;
	if (by_wall) {
		pass_wall_time(run, p, r->timestamp_ms, r->offset);
	}
	json_t *in = oracle_decode(run->o, r, &schema, &why);
	why = in ? oracle_currency_check(in) : why;
	why = in && !why ? check_shape(schema->name, in, r) : why;
	int64_t at = in ? oracle_number(in, "occurred_at") : 0;
	if (!why && at > time_max_ms) {
		why = "too far in the future";
	}
	if (!why) { /* a record that cannot be read, or is not believed, says nothing of time */
		if (!by_wall) {
			pass_event_time(run, p, at, r->offset);
		}
		struct oracle_step s = {.run = run, .p = p, .record = r, .name = schema->name, .in = in, .now_ms = p->time_ms};
		s.now_ms = by_wall ? r->timestamp_ms : p->time_ms;
		s.offset = r->offset;
		why = step(&s, schema);
	}
	if (why) {
		dead_letter(run, p, r, why);
	}
	p->next_offset = r->offset + 1;
	if (by_wall) {
		fire_timers(run, p, r->timestamp_ms, p->next_offset);
	}
	json_decref(in);
}

static struct oracle_partition *partition_of(struct oracle_run *run, int32_t id)
{
	if (run->partition_count && run->partitions[run->partition_count - 1].id == id) {
		return &run->partitions[run->partition_count - 1];
	}
	run->partitions = realloc(run->partitions, (run->partition_count + 1) * sizeof(*run->partitions));
	if (!run->partitions) {
		abort();
	}
	struct oracle_partition *p = &run->partitions[run->partition_count++];
	*p = (struct oracle_partition){.id = id,
	                               .due_ms = INT64_MAX,
	                               .prospects = json_object(),
	                               .erased = json_object(),
	                               .feeds = json_object(),
	                               .times = json_object(),
	                               .rules = oracle_rules_default()};
	return p;
}

/* With clock = wall nothing is over: a pass tells nothing, and when it comes by leaves no trace. */
static void end_pass(struct oracle_run *run, struct oracle_partition *p)
{
	if (!oracle_knows_time(run) && oracle_has(p->feeds_row, "next_deadline_at")) {
		struct oracle_step s = {.run = run, .p = p, .pass = p->feeds_row};
		oracle_feeds_pass(&s);
	}
}

int oracle_fold(struct oracle_run *run)
{
	for (size_t i = 0; i < run->in->input_count; i++) {
		const struct fnl_record *r = &run->in->inputs[i];
		if (i && (r->partition < r[-1].partition || (r->partition == r[-1].partition && r->offset <= r[-1].offset))) {
			return -1;
		}
		fold_record(run, partition_of(run, r->partition), r);
	}
	for (size_t i = 0; i < run->partition_count; i++) {
		struct oracle_partition *p = &run->partitions[i];
		pass_wall_time(run, p, INT64_MAX, p->next_offset);
		if (p->has_time) {
			fire_timers(run, p, p->time_ms, INT64_MAX); /* only lines tell of it, and they name no offset */
		}
		end_pass(run, p);
		run->stats.prospects += json_object_size(p->prospects);
		run->stats.erased += json_object_size(p->erased);
		run->stats.feeds += json_object_size(p->feeds);
	}
	return 0;
}

void oracle_run_free(struct oracle_run *run)
{
	for (size_t i = 0; i < run->partition_count; i++) {
		json_decref(run->partitions[i].prospects);
		json_decref(run->partitions[i].erased);
		json_decref(run->partitions[i].feeds);
		json_decref(run->partitions[i].rules_row);
		json_decref(run->partitions[i].feeds_row);
		json_decref(run->partitions[i].times);
	}
	for (size_t i = 0; i < run->expected_count; i++) {
		free(run->expected[i].group);
		json_decref(run->expected[i].body);
	}
	json_decref(run->stage_times);
	json_decref(run->ids);
	json_decref(run->rows);
	free(run->partitions);
	free(run->expected);
}
