/* What an organisation hears of its reps' cells, and how soon. A few prospects are probes, each alone in a cell of its
 * own: the amount of that cell's row says which of its changes the organisation knows. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "feed.h"

enum {
	CELL_REPS = 50,
	CELL_ORGS = 4,
	REGIONS = 4,
	INDUSTRIES = 5,
	CELLS = CELL_REPS * REGIONS * INDUSTRIES,
	PROBES = 1000,
	PROBE_EACH = 50, /* one change in so many is a probe's */
	FIRST_AMOUNT = 1000000,
	READ_BYTES = 1 << 20,
	LOAD_FLUSH_MS = 120000,
	LAST_WAIT_MS = 30000 /* for what the last changes lead to */
};
static const int64_t DAY_MS = 86400000;

/* Where a change of a probe is seen, in this order: as the rep's line, told to the organisation, in its row. */
enum place { PLACE_LINE, PLACE_TOLD, PLACE_ROW, PLACE_COUNT };

struct watch {
	const struct fnl_options *options;
	struct fnl_codec *codec;
	struct fnl_arena arena;
	size_t probe_changes;
	int64_t *due_ms;            /* of each change of a probe */
	int64_t *seen[PLACE_COUNT]; /* when it was; 0: not yet */
	volatile uint32_t rows;     /* changes of probes that are in rows */
	uint64_t images;            /* of all cells */
	int64_t amount[CELLS];      /* of the other cells, as their rows have it */
	int64_t count[CELLS];
	volatile bool stop;
	volatile bool ready;
};

/* ---- the load ---- */

static void cell_text(struct fnl_value *v, char *text, size_t size, char kind, uint32_t i)
{
	*v = feed_text(fnl_span_of(text, (size_t)snprintf(text, size, "%c%05u", kind, i)));
}

static void publish_cell_rep(struct feed *f, uint32_t i, int64_t at_ms)
{
	char rep[16], org[16];
	struct fnl_value v[FNL_REP_CHANGED_FIELD_COUNT] = {
		[FNL_REP_CHANGED_SOURCE] = feed_text(FNL_SPAN_LIT("bench")),
		[FNL_REP_CHANGED_OCCURRED_AT] = feed_number(at_ms),
		[FNL_REP_CHANGED_VERSION] = feed_number(1),
		[FNL_REP_CHANGED_ACTIVE] = feed_number(1),
		[FNL_REP_CHANGED_REGIONS] = {.set = true},
		[FNL_REP_CHANGED_INDUSTRIES] = {.set = true},
	};
	cell_text(&v[FNL_REP_CHANGED_REP_ID], rep, sizeof(rep), 'R', i);
	cell_text(&v[FNL_REP_CHANGED_ORG_ID], org, sizeof(org), 'O', i % CELL_ORGS);
	feed_send(f, fnl_app_topic(f->app, FNL_TOPIC_REP_CHANGES), &fnl_desc_rep_changed, v, fnl_span_str(rep), -1);
}

struct cell_change {
	uint32_t prospect;
	bool probe;
	int64_t version;
	int64_t at_ms;
	int64_t amount_minor;
};

static uint32_t cell_of(uint32_t prospect)
{
	return prospect % CELLS;
}

static void publish_cell_change(struct feed *f, const struct cell_change *c)
{
	char id[16], rep[16], region[16], industry[16];
	struct fnl_value *v = f->values;
	uint32_t cell = cell_of(c->prospect);
	cell_text(&v[FNL_PROSPECT_CHANGED_PROSPECT_ID], id, sizeof(id), c->probe ? 'Q' : 'P', c->prospect);
	cell_text(&v[FNL_PROSPECT_CHANGED_OWNER_REP_ID], rep, sizeof(rep), 'R', cell % CELL_REPS);
	cell_text(&v[FNL_PROSPECT_CHANGED_REGION], region, sizeof(region), c->probe ? 'Q' : 'N',
	          c->probe ? 0 : cell / CELL_REPS % REGIONS);
	cell_text(&v[FNL_PROSPECT_CHANGED_INDUSTRY], industry, sizeof(industry), c->probe ? 'Q' : 'I',
	          c->probe ? c->prospect : cell / CELL_REPS / REGIONS);
	v[FNL_PROSPECT_CHANGED_VERSION] = feed_number(c->version);
	v[FNL_PROSPECT_CHANGED_OCCURRED_AT] = feed_number(c->at_ms);
	v[FNL_PROSPECT_CHANGED_STAGE] = feed_text(fnl_span_str(feed_stage((uint32_t)(c->amount_minor % 4))));
	v[FNL_PROSPECT_CHANGED_EXPECTED_CLOSE_DATE] = feed_number(c->at_ms / DAY_MS + 365);
	v[FNL_PROSPECT_CHANGED_AMOUNT] = (struct fnl_value){.set = true, .money = {c->amount_minor, "USD"}};
	feed_send(f, f->topic, &fnl_desc_prospect_changed, v, fnl_span_str(id), -1);
}

/* Of all stages. */
static int64_t loaded_amount(uint32_t prospect)
{
	return 1 + prospect % 4;
}

int feed_cells_load(struct feed *f, uint32_t prospects)
{
	int64_t now_ms = feed_now(f);
	for (uint32_t i = 0; i < CELL_REPS; i++) {
		publish_cell_rep(f, i, now_ms);
	}
	for (uint32_t i = 0; i < PROBES; i++) {
		publish_cell_change(f, &(struct cell_change){i, true, 1, now_ms, FIRST_AMOUNT - 1});
	}
	for (uint32_t i = 0; i < prospects; i++) {
		publish_cell_change(f, &(struct cell_change){i, false, 1, now_ms, loaded_amount(i)});
	}
	return f->bus->ops->publish_flush(f->bus, LOAD_FLUSH_MS) ? 1 : 0;
}

/* ---- what becomes of it ---- */

/* Number of an id of this kind; UINT32_MAX: it is none. */
static uint32_t number_of(const struct fnl_value *v, char kind, uint32_t below)
{
	int64_t n = 0;
	bool ok = v->set && v->str.len == 6 && v->str.data[0] == (uint8_t)kind &&
	          fnl_parse_decimal(fnl_span_of(v->str.data + 1, 5), &n) && n >= 0 && n < below;
	return ok ? (uint32_t)n : UINT32_MAX;
}

/* With a change of a probe all of its earlier ones are there, too: what is told is the latest state. */
static void on_probe(struct watch *w, enum place place, int64_t amount_minor, int64_t now_ms)
{
	int64_t change = amount_minor - FIRST_AMOUNT;
	if (change >= (int64_t)w->probe_changes) {
		return;
	}
	for (; change >= 0 && w->seen[place][change] == 0; change -= PROBES) {
		w->seen[place][change] = now_ms;
		w->rows += place == PLACE_ROW;
	}
}

static struct fnl_value sum_of(const struct fnl_value *totals, int64_t *ret_count)
{
	int64_t amount_minor = 0;
	*ret_count = 0;
	for (size_t i = 0; i < totals->list.count; i++) {
		const struct fnl_value *t = totals->list.items[i].list.items;
		amount_minor += t[FNL_CELL_VOLUME_AMOUNT_MINOR].i64;
		*ret_count += t[FNL_CELL_VOLUME_COUNT].i64;
	}
	return feed_number(amount_minor);
}

/* values: from the org's id on, as image and row begin alike. */
static void on_cell(struct watch *w, enum place place, const struct fnl_value *values, const struct fnl_value *totals,
                    int64_t now_ms)
{
	const struct fnl_value *region = &values[FNL_ORG_CELL_REGION], *industry = &values[FNL_ORG_CELL_INDUSTRY];
	uint32_t rep = number_of(&values[FNL_ORG_CELL_REP_ID], 'R', CELL_REPS);
	int64_t count;
	int64_t amount_minor = sum_of(totals, &count).i64;
	if (number_of(region, 'Q', 1) == 0) {
		on_probe(w, place, amount_minor, now_ms);
		return;
	}
	uint32_t r = number_of(region, 'N', REGIONS), i = number_of(industry, 'I', INDUSTRIES);
	if (place == PLACE_ROW && rep != UINT32_MAX && r != UINT32_MAX && i != UINT32_MAX) {
		uint32_t cell = (i * REGIONS + r) * CELL_REPS + rep;
		w->amount[cell] = amount_minor;
		w->count[cell] = count;
	}
}

/* Which of the three topics' records are worth a decoding. */
static bool is_wanted(size_t topic, struct fnl_span key)
{
	static const struct fnl_span line = FNL_SPAN_LIT("line|"), cell = FNL_SPAN_LIT("cell|");
	switch ((enum place)topic) {
	case PLACE_LINE:
		return key.len > 7 && memcmp(key.data, line.data, line.len) == 0 && key.data[key.len - 6] == 'Q';
	case PLACE_ROW:
		return key.len > cell.len && memcmp(key.data, cell.data, cell.len) == 0;
	default:
		return true;
	}
}

static int on_watched(void *context, size_t topic, const struct fnl_record *r)
{
	struct watch *w = context;
	struct fnl_decoded e = {0};
	struct fnl_error why = {0};
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	int64_t now_ms = t.tv_sec * 1000 + t.tv_nsec / 1000000;
	if (r->value.len == 0 || !is_wanted(topic, r->key)) {
		return 0;
	}
	fnl_arena_reset(&w->arena);
	if (w->codec->ops->decode(w->codec, r, &w->arena, &e, &why)) {
		feed_die("a record cannot be decoded", &why);
	}
	if (e.desc == &fnl_desc_line) {
		on_probe(w, PLACE_LINE, e.values[FNL_LINE_AMOUNT].money.amount_minor, now_ms);
	} else if (e.desc == &fnl_desc_cell_image) {
		w->images++;
		on_cell(w, PLACE_TOLD, e.values + FNL_CELL_IMAGE_ORG_ID, &e.values[FNL_CELL_IMAGE_TOTALS], now_ms);
	} else if (e.desc == &fnl_desc_org_cell) {
		on_cell(w, PLACE_ROW, e.values, &e.values[FNL_ORG_CELL_TOTALS], now_ms);
	}
	return 0;
}

_Static_assert((int)FNL_ORG_CELL_ORG_ID == 0 &&
                   FNL_CELL_IMAGE_INDUSTRY - FNL_CELL_IMAGE_ORG_ID == FNL_ORG_CELL_INDUSTRY - FNL_ORG_CELL_ORG_ID,
               "the image and the row begin alike");

static void *watch_thread(void *context)
{
	struct watch *w = context;
	struct feed f;
	feed_open(&f, w->options);
	w->codec = f.codec;
	fnl_arena_init(&w->arena, READ_BYTES);
	const char *topics[PLACE_COUNT] = {[PLACE_LINE] = fnl_app_topic(f.app, FNL_TOPIC_REPS),
	                                   [PLACE_TOLD] = fnl_app_topic(f.app, FNL_TOPIC_ORG_INPUTS),
	                                   [PLACE_ROW] = fnl_app_topic(f.app, FNL_TOPIC_ORGS)};
	w->ready = true;
	if (f.bus->ops->read(f.bus, topics, PLACE_COUNT, false, false, &w->stop, on_watched, w)) {
		struct fnl_error why = {0};
		fnl_fail(&why, FNL_E_IO, "%s", f.bus->ops->explain(f.bus));
		feed_die("cannot read", &why);
	}
	fnl_arena_deinit(&w->arena);
	feed_close(&f);
	return NULL;
}

/* ---- the run ---- */

/* Prospects come in an order that mixes them. */
static uint32_t mixed_prospect(int64_t i, uint32_t prospects)
{
	return (uint32_t)(((uint64_t)i % prospects * 2654435761u) % prospects);
}

/* latest: the amount of each prospect but the probes. */
static void change_cells(struct feed *f, struct watch *w, const struct feed_cells *p, int64_t *latest)
{
	const struct fnl_clock *c = f->app->clock;
	while (!w->ready) {
		c->sleep_ms(c->context, 10);
	}
	c->sleep_ms(c->context, 2000);
	for (uint32_t i = 0; i < p->prospects; i++) {
		latest[i] = loaded_amount(i);
	}
	int64_t begin_ms = feed_now(f);
	for (int64_t i = 0; i < p->rate * p->seconds; i++) {
		int64_t due_ms = begin_ms + i * 1000 / p->rate;
		while (feed_now(f) < due_ms) {
			c->sleep_ms(c->context, 1);
		}
		int64_t probe = i / PROBE_EACH;
		struct cell_change change = {(uint32_t)(probe % PROBES), true, due_ms, due_ms, FIRST_AMOUNT + probe};
		if (i % PROBE_EACH == 0) {
			w->due_ms[probe] = due_ms;
		} else {
			change.prospect = mixed_prospect(i - probe - 1, p->prospects);
			change.probe = false;
			change.amount_minor = 100000 + i;
			latest[change.prospect] = change.amount_minor;
		}
		publish_cell_change(f, &change);
	}
	(void)f->bus->ops->publish_flush(f->bus, LOAD_FLUSH_MS);
	for (int64_t ms = 0; w->rows < w->probe_changes && ms < LAST_WAIT_MS; ms += 10) {
		c->sleep_ms(c->context, 10);
	}
	c->sleep_ms(c->context, 2 * p->conflation_ms + 1000);
	w->stop = true;
}

/* Cells that the organisation has otherwise than they are. */
static uint32_t wrong_cells(const struct watch *w, const int64_t *latest, uint32_t prospects)
{
	uint32_t wrong = 0;
	for (uint32_t cell = 0; cell < CELLS; cell++) {
		int64_t amount_minor = 0, count = 0;
		for (uint32_t i = cell; i < prospects; i += CELLS) {
			amount_minor += latest[i];
			count++;
		}
		wrong += amount_minor != w->amount[cell] || count != w->count[cell];
	}
	return wrong;
}

static int later(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* From `since` until the place was reached, less what is waited on purpose. */
static void print_place(const struct watch *w, const char *name, enum place place, const int64_t *since, size_t from,
                        int64_t less_ms)
{
	size_t n = 0;
	int64_t *took_ms = fnl_calloc(w->probe_changes, sizeof(*took_ms));
	for (size_t i = from; i < w->probe_changes && took_ms; i++) {
		if (w->seen[place][i] && since[i]) {
			took_ms[n++] = w->seen[place][i] - since[i] - less_ms;
		}
	}
	if (n) {
		qsort(took_ms, n, sizeof(*took_ms), later);
		printf(",\"%s\":{\"samples\":%zu,\"p50_ms\":%lld,\"p99_ms\":%lld,\"max_ms\":%lld}", name, n,
		       (long long)took_ms[n / 2], (long long)took_ms[n * 99 / 100], (long long)took_ms[n - 1]);
	}
	fnl_free(took_ms);
}

static int print_watch(const struct watch *w, const struct feed_cells *p, const int64_t *latest)
{
	size_t from = (size_t)(p->rate * p->warmup / PROBE_EACH);
	printf("{\"rate\":%lld,\"changes\":%lld,\"probe_changes\":%zu,\"in_rows\":%u,\"images\":%llu,\"wrong_cells\":%u",
	       (long long)p->rate, (long long)(p->rate * p->seconds), w->probe_changes, w->rows,
	       (unsigned long long)w->images, wrong_cells(w, latest, p->prospects));
	print_place(w, "line", PLACE_LINE, w->due_ms, from, 0);
	print_place(w, "told_after_line", PLACE_TOLD, w->seen[PLACE_LINE], from, p->conflation_ms);
	print_place(w, "row_after_told", PLACE_ROW, w->seen[PLACE_TOLD], from, 0);
	print_place(w, "row", PLACE_ROW, w->due_ms, from, p->conflation_ms);
	printf("}\n");
	return w->rows == w->probe_changes ? 0 : 1;
}

int feed_cells(struct feed *f, const struct fnl_options *options, const struct feed_cells *p)
{
	struct watch *w = fnl_calloc(1, sizeof(*w));
	int64_t *latest = fnl_calloc(p->prospects, sizeof(*latest));
	pthread_t thread;
	int rc = w && latest ? 0 : 1;
	if (rc == 0) {
		w->options = options;
		w->probe_changes = (size_t)((p->rate * p->seconds + PROBE_EACH - 1) / PROBE_EACH);
		w->due_ms = fnl_calloc(w->probe_changes, sizeof(*w->due_ms));
	}
	for (size_t i = 0; i < PLACE_COUNT && rc == 0; i++) {
		w->seen[i] = fnl_calloc(w->probe_changes, sizeof(*w->seen[i]));
		rc = w->seen[i] ? 0 : 1;
	}
	if (rc == 0 && w->due_ms && pthread_create(&thread, NULL, watch_thread, w) == 0) {
		change_cells(f, w, p, latest);
		pthread_join(thread, NULL);
		rc = print_watch(w, p, latest);
	}
	for (size_t i = 0; i < PLACE_COUNT && w; i++) {
		fnl_free(w->seen[i]);
	}
	if (w) {
		fnl_free(w->due_ms);
	}
	fnl_free(w);
	fnl_free(latest);
	return rc;
}
