/* Reps who leave: a company of them, and what follows from their notices by the wall clock. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "feed.h"

enum { ID_BYTES = 24, CONTACTS = 3, ORGS = 10, READ_ARENA_BYTES = 1 << 20, LAST_DAY = 30 };
/* For the last ones, and then for what would be told twice. */
enum { WAIT_MS = 60000, AFTER_MS = 3000, FLUSH_MS = 120000 };
static const int64_t DAY_MS = 86400000;

struct id {
	char text[ID_BYTES];
};

static struct id id_of(char kind, uint32_t i)
{
	struct id id;
	snprintf(id.text, sizeof(id.text), "%c%05u", kind, i);
	return id;
}

static struct id prospect_of(uint32_t leaver, uint32_t i)
{
	struct id id;
	snprintf(id.text, sizeof(id.text), "D%05u-%05u", leaver, i);
	return id;
}

static struct fnl_value text_of(const struct id *id)
{
	return feed_text(fnl_span_str(id->text));
}

static void publish_rep(struct feed *f, const struct id *rep, uint32_t i, uint32_t capacity, int64_t at_ms)
{
	struct id org = id_of('O', i % ORGS);
	struct id manager = id_of('M', i % ORGS);
	struct fnl_value v[FNL_REP_CHANGED_FIELD_COUNT] = {
		[FNL_REP_CHANGED_SOURCE] = feed_text(FNL_SPAN_LIT("bench")),
		[FNL_REP_CHANGED_OCCURRED_AT] = feed_number(at_ms),
		[FNL_REP_CHANGED_REP_ID] = text_of(rep),
		[FNL_REP_CHANGED_VERSION] = feed_number(1),
		[FNL_REP_CHANGED_ACTIVE] = feed_number(1),
		[FNL_REP_CHANGED_ORG_ID] = text_of(&org),
		[FNL_REP_CHANGED_MANAGER_ID] = text_of(&manager),
		[FNL_REP_CHANGED_REGIONS] = {.set = true},
		[FNL_REP_CHANGED_INDUSTRIES] = {.set = true},
		[FNL_REP_CHANGED_CAPACITY_PROSPECTS] = feed_number(capacity),
	};
	feed_send(f, fnl_app_topic(f->app, FNL_TOPIC_REP_CHANGES), &fnl_desc_rep_changed, v, fnl_span_str(rep->text), -1);
}

static void publish_prospect(struct feed *f, uint32_t leaver, uint32_t i, char owner, int64_t version, int64_t at_ms)
{
	struct id rep = id_of(owner, leaver);
	struct id id = prospect_of(leaver, i);
	struct id contacts[CONTACTS];
	struct fnl_value items[CONTACTS];
	struct fnl_value *v = f->values;
	for (uint32_t c = 0; c < CONTACTS; c++) {
		contacts[c] = id_of('C', i * CONTACTS + c);
		items[c] = text_of(&contacts[c]);
	}
	v[FNL_PROSPECT_CHANGED_PROSPECT_ID] = text_of(&id);
	v[FNL_PROSPECT_CHANGED_VERSION] = feed_number(version);
	v[FNL_PROSPECT_CHANGED_OCCURRED_AT] = feed_number(at_ms);
	v[FNL_PROSPECT_CHANGED_STAGE] = feed_text(fnl_span_str(feed_stage(i)));
	v[FNL_PROSPECT_CHANGED_OWNER_REP_ID] = text_of(&rep);
	v[FNL_PROSPECT_CHANGED_EXPECTED_CLOSE_DATE] = feed_number(at_ms / DAY_MS + 365);
	v[FNL_PROSPECT_CHANGED_AMOUNT] = (struct fnl_value){.set = true, .money = {100000 + i, "USD"}};
	v[FNL_PROSPECT_CHANGED_CONTACT_IDS] = (struct fnl_value){.set = true, .list = {items, CONTACTS}};
	feed_send(f, f->topic, &fnl_desc_prospect_changed, v, fnl_span_str(id.text), -1);
}

int feed_company(struct feed *f, uint32_t leavers, uint32_t prospects)
{
	int64_t now_ms = feed_now(f);
	for (uint32_t i = 0; i < leavers; i++) {
		struct id leaver = id_of('L', i);
		struct id successor = id_of('N', i);
		publish_rep(f, &leaver, i, prospects, now_ms);
		publish_rep(f, &successor, i, prospects, now_ms);
	}
	/* The leavers' prospects come mixed, as those of a company do. */
	for (uint32_t n = 0; n < prospects; n++) {
		for (uint32_t i = 0; i < leavers; i++) {
			publish_prospect(f, i, n, 'L', 1, now_ms);
		}
	}
	return f->bus->ops->publish_flush(f->bus, FLUSH_MS) ? 1 : 0;
}

static void publish_notice(struct feed *f, uint32_t i, int64_t at_ms)
{
	struct id leaver = id_of('L', i);
	struct id notice = id_of('n', i);
	struct id successor = id_of('N', i);
	struct fnl_value v[FNL_REP_RESIGNED_FIELD_COUNT] = {
		[FNL_REP_RESIGNED_SOURCE] = feed_text(FNL_SPAN_LIT("bench")),
		[FNL_REP_RESIGNED_OCCURRED_AT] = feed_number(at_ms),
		[FNL_REP_RESIGNED_REP_ID] = text_of(&leaver),
		[FNL_REP_RESIGNED_VERSION] = feed_number(2),
		[FNL_REP_RESIGNED_NOTICE_ID] = text_of(&notice),
		[FNL_REP_RESIGNED_NOTICE_AT] = feed_number(at_ms),
		[FNL_REP_RESIGNED_LAST_DAY] = feed_number(at_ms / DAY_MS + LAST_DAY),
		[FNL_REP_RESIGNED_SUCCESSOR_ID] = text_of(&successor),
	};
	feed_send(f, fnl_app_topic(f->app, FNL_TOPIC_REP_CHANGES), &fnl_desc_rep_resigned, v, fnl_span_str(leaver.text),
	          -1);
}

/* Of one leaver, as the reader saw it. */
struct departure {
	int64_t opened_ms;
	int64_t last_ms;
	uint32_t opened;
	uint32_t tasks; /* different ones */
};

struct departures {
	const struct fnl_options *options;
	uint32_t count;
	uint32_t prospects;
	struct departure *of;
	uint8_t *told; /* of each leaver's prospects */
	struct fnl_codec *codec;
	struct fnl_arena arena;
	uint32_t twice; /* handovers and tasks */
	uint32_t wrong; /* what is not as it was asked for */
	uint32_t others;
	volatile uint32_t complete;
	volatile bool stop;
	volatile bool ready;
};

static bool is_id(struct fnl_span s, const struct id *id)
{
	return fnl_span_eq(s, fnl_span_str(id->text));
}

/* The number after the letter; UINT32_MAX: none of ours. */
static uint32_t number_in(struct fnl_span s, size_t from, size_t len, uint32_t below)
{
	int64_t n = 0;
	bool ok = s.len >= from + len && fnl_parse_decimal(fnl_span_of(s.data + from, len), &n) && n >= 0 && n < below;
	return ok ? (uint32_t)n : UINT32_MAX;
}

static void look_whether_complete(struct departures *d, const struct departure *of)
{
	if (of->opened && of->tasks == d->prospects) {
		d->complete++;
	}
}

static void on_opened(struct departures *d, const struct fnl_value *v, int64_t now_ms)
{
	uint32_t i = number_in(v[FNL_HANDOVER_OPENED_LEAVING_REP_ID].str, 1, 5, d->count);
	struct id notice = id_of('n', i);
	if (i == UINT32_MAX || !is_id(v[FNL_HANDOVER_OPENED_NOTICE_ID].str, &notice) ||
	    v[FNL_HANDOVER_OPENED_PROSPECT_COUNT].i64 != d->prospects) {
		d->wrong++;
		return;
	}
	struct departure *of = &d->of[i];
	if (of->opened) {
		d->twice++;
		return;
	}
	of->opened = 1;
	of->opened_ms = now_ms;
	look_whether_complete(d, of);
}

static void on_task(struct departures *d, const struct fnl_value *v, int64_t now_ms)
{
	struct fnl_span prospect = v[FNL_HANDOVER_TASK_OPENED_PROSPECT_ID].str;
	uint32_t i = number_in(v[FNL_HANDOVER_TASK_OPENED_LEAVING_REP_ID].str, 1, 5, d->count);
	uint32_t n = number_in(prospect, 7, 5, d->prospects);
	struct id id = prospect_of(i, n);
	struct id successor = id_of('N', i);
	if (i == UINT32_MAX || n == UINT32_MAX || !is_id(prospect, &id) ||
	    !is_id(v[FNL_HANDOVER_TASK_OPENED_SUCCESSOR_ID].str, &successor)) {
		d->wrong++;
		return;
	}
	uint8_t *told = &d->told[(size_t)i * d->prospects + n];
	if (*told) {
		d->twice++;
		return;
	}
	*told = 1;
	d->of[i].tasks++;
	d->of[i].last_ms = now_ms;
	look_whether_complete(d, &d->of[i]);
}

static int on_record(void *context, size_t topic, const struct fnl_record *r)
{
	struct departures *d = context;
	struct fnl_decoded e = {0};
	struct fnl_error why = {0};
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	int64_t now_ms = t.tv_sec * 1000 + t.tv_nsec / 1000000;
	(void)topic;
	fnl_arena_reset(&d->arena);
	if (d->codec->ops->decode(d->codec, r, &d->arena, &e, &why)) {
		feed_die("a record cannot be decoded", &why);
	}
	if (e.desc == &fnl_desc_handover_opened) {
		on_opened(d, e.values, now_ms);
	} else if (e.desc == &fnl_desc_handover_task_opened) {
		on_task(d, e.values, now_ms);
	} else {
		d->others++;
	}
	return 0;
}

static void *read_thread(void *context)
{
	struct departures *d = context;
	struct feed f;
	feed_open(&f, d->options);
	d->codec = f.codec;
	fnl_arena_init(&d->arena, READ_ARENA_BYTES);
	const char *topics[] = {fnl_app_topic(f.app, FNL_TOPIC_HANDOVERS)};
	d->ready = true;
	if (f.bus->ops->read(f.bus, topics, 1, false, false, &d->stop, on_record, d)) {
		struct fnl_error why = {0};
		fnl_fail(&why, FNL_E_IO, "%s", f.bus->ops->explain(f.bus));
		feed_die("cannot read", &why);
	}
	fnl_arena_deinit(&d->arena);
	feed_close(&f);
	return NULL;
}

/* When the first one was due. */
static int64_t give_notices(struct feed *f, struct departures *d, int64_t pace_ms)
{
	const struct fnl_clock *c = f->app->clock;
	while (!d->ready) {
		c->sleep_ms(c->context, 10);
	}
	c->sleep_ms(c->context, 2000);
	int64_t begin_ms = feed_now(f);
	for (uint32_t i = 0; i < d->count; i++) {
		int64_t due_ms = begin_ms + i * pace_ms;
		while (feed_now(f) < due_ms) {
			c->sleep_ms(c->context, 1);
		}
		publish_notice(f, i, due_ms);
	}
	(void)f->bus->ops->publish_flush(f->bus, FLUSH_MS);
	for (int64_t ms = 0; d->complete < d->count && ms < WAIT_MS; ms += 10) {
		c->sleep_ms(c->context, 10);
	}
	c->sleep_ms(c->context, AFTER_MS);
	d->stop = true;
	return begin_ms;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void print_times(const char *name, int64_t *at, size_t count)
{
	qsort(at, count, sizeof(*at), by_value);
	printf(",\"%s\":{\"p50_ms\":%lld,\"p99_ms\":%lld,\"max_ms\":%lld}", name, (long long)at[count / 2],
	       (long long)at[count * 99 / 100], (long long)at[count - 1]);
}

static int print(const struct departures *d, int64_t begin_ms, int64_t pace_ms)
{
	int64_t *opened = fnl_calloc(d->count, sizeof(*opened));
	int64_t *last = fnl_calloc(d->count, sizeof(*last));
	uint64_t tasks = 0;
	size_t n = 0;
	for (uint32_t i = 0; i < d->count && opened && last; i++) {
		const struct departure *of = &d->of[i];
		tasks += of->tasks;
		if (of->opened && of->tasks == d->prospects) {
			opened[n] = of->opened_ms - begin_ms - i * pace_ms;
			last[n++] = of->last_ms - begin_ms - i * pace_ms;
		}
	}
	printf("{\"departures\":%u,\"prospects\":%u,\"pace_ms\":%lld,\"complete\":%zu,\"tasks\":%llu,\"twice\":%u,"
	       "\"wrong\":%u,\"others\":%u",
	       d->count, d->prospects, (long long)pace_ms, n, (unsigned long long)tasks, d->twice, d->wrong, d->others);
	if (n) {
		print_times("opened", opened, n);
		print_times("last_task", last, n);
	}
	printf("}\n");
	fnl_free(opened);
	fnl_free(last);
	return n ? 0 : 1;
}

int feed_departures(struct feed *f, const struct fnl_options *options, uint32_t leavers, uint32_t prospects,
                    int64_t pace_ms)
{
	struct departures d = {.options = options, .count = leavers, .prospects = prospects};
	pthread_t thread;
	d.of = fnl_calloc(leavers, sizeof(*d.of));
	d.told = fnl_calloc((size_t)leavers * prospects, 1);
	int rc = 1;
	if (d.of && d.told && pthread_create(&thread, NULL, read_thread, &d) == 0) {
		int64_t begin_ms = give_notices(f, &d, pace_ms);
		pthread_join(thread, NULL);
		rc = print(&d, begin_ms, pace_ms);
	}
	fnl_free(d.of);
	fnl_free(d.told);
	return rc;
}

/* ---- how it goes on ---- */

/* Enough for a task of any layer: a visit by all who may have to be there, two who were told, a meeting soon. */
static void publish_report(struct feed *f, uint32_t i, const char *round, int64_t at_ms)
{
	struct id leaver = id_of('L', 0), notice = id_of('n', 0), successor = id_of('N', 0), prospect = prospect_of(0, i);
	struct id persons[] = {id_of('C', i * CONTACTS), id_of('C', i * CONTACTS + 1)};
	struct fnl_value spoke[] = {text_of(&leaver), text_of(&successor)};
	struct fnl_value told[] = {text_of(&persons[0]), text_of(&persons[1])};
	char command[64], task[ID_BYTES + 8];
	snprintf(command, sizeof(command), "report-%s-%u", round, i);
	snprintf(task, sizeof(task), "%s#1", prospect.text);
	struct fnl_value v[FNL_HANDOVER_TASK_DONE_FIELD_COUNT] = {
		[FNL_HANDOVER_TASK_DONE_SOURCE] = feed_text(FNL_SPAN_LIT("bench")),
		[FNL_HANDOVER_TASK_DONE_OCCURRED_AT] = feed_number(at_ms),
		[FNL_HANDOVER_TASK_DONE_COMMAND_ID] = feed_text(fnl_span_str(command)),
		[FNL_HANDOVER_TASK_DONE_ISSUED_BY] = text_of(&successor),
		[FNL_HANDOVER_TASK_DONE_ISSUED_AT] = feed_number(at_ms),
		[FNL_HANDOVER_TASK_DONE_LEAVING_REP_ID] = text_of(&leaver),
		[FNL_HANDOVER_TASK_DONE_NOTICE_ID] = text_of(&notice),
		[FNL_HANDOVER_TASK_DONE_TASK_ID] = feed_text(fnl_span_str(task)),
		[FNL_HANDOVER_TASK_DONE_DONE_AT] = feed_number(at_ms),
		[FNL_HANDOVER_TASK_DONE_BY] = text_of(&successor),
		[FNL_HANDOVER_TASK_DONE_CHANNEL] = feed_number(FNL_CHANNEL_VISIT),
		[FNL_HANDOVER_TASK_DONE_SPOKE_REP_IDS] = {.set = true, .list = {spoke, 2}},
		[FNL_HANDOVER_TASK_DONE_INFORMED_PERSON_IDS] = {.set = true, .list = {told, 2}},
		[FNL_HANDOVER_TASK_DONE_NEXT_MEETING_ON] = feed_number(at_ms / DAY_MS + 7),
	};
	feed_send(f, fnl_app_topic(f->app, FNL_TOPIC_COMMANDS), &fnl_desc_handover_task_done, v, fnl_span_str(leaver.text),
	          -1);
}

int feed_reports(struct feed *f, const struct feed_some *some, const char *round)
{
	for (uint32_t i = some->from; i < some->to; i++) {
		bool top = i % 4 < 2; /* as feed_stage has them */
		if ((top && some->top) || (!top && some->near)) {
			publish_report(f, i, round, feed_now(f));
			if (i % 10 == 3) {
				publish_report(f, i, round, feed_now(f));
			}
		}
	}
	return f->bus->ops->publish_flush(f->bus, FLUSH_MS) ? 1 : 0;
}

int feed_moves(struct feed *f, uint32_t prospects)
{
	int64_t now_ms = feed_now(f);
	for (uint32_t i = 0; i < prospects; i++) {
		publish_prospect(f, 0, i, 'N', 2, now_ms);
	}
	return f->bus->ops->publish_flush(f->bus, FLUSH_MS) ? 1 : 0;
}

int feed_notice(struct feed *f)
{
	publish_notice(f, 0, feed_now(f));
	return f->bus->ops->publish_flush(f->bus, FLUSH_MS) ? 1 : 0;
}
