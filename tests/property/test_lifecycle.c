/* Merges, gaps, deletions, restores and erasures of three prospects, in every order there is and each of them twice, by
 * the operator over its own bytes:
 *   what was erased stays erased, and nothing that is written or told from then on has a word of it;
 *   who was merged names who he went into, whatever becomes of that one;
 *   each prospect is in one book, those of former owners watch it, and when it is gone no book has it;
 *   a gap holds until a full image ends it, and after one all orders have come to the same rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "prospect_desk.h"

enum { EVENTS = 7, ORDERS = 5040, PROSPECTS = 3, BOOKS_MAX = 8, ROW_BYTES_MAX = 4096, NOW_AHEAD_MS = 1000000 };

#define C(name) FNL_PROSPECT_CHANGED_##name

static const char *const ids[PROSPECTS] = {"p1", "p2", "p3"};
static struct fnl_desk desk;

struct event {
	struct fnl_input in;
	struct fnl_value contact;
	const char *key;
};

struct story {
	struct event events[EVENTS];
	size_t count;
};

/* What the books make of the lines of one prospect. */
struct books {
	char names[BOOKS_MAX][32];
	int64_t states[BOOKS_MAX];
	int64_t sequences[BOOKS_MAX];
	size_t count;
};

static struct books books[PROSPECTS];

/* ---- what comes ---- */

static struct event *add(struct story *s, const char *key, struct fnl_input in, int prospect_field)
{
	struct event *e = &s->events[s->count++];
	e->in = in;
	e->key = key;
	if (prospect_field >= 0) {
		fnl_input_str(&e->in, prospect_field, key);
	}
	return e;
}

/* Whatever is said of it begins with its id, so that it can be found again. */
static void change(struct story *s, const char *id, int64_t version, bool whole)
{
	static char texts[64][32];
	static size_t used;
	char *buyer = texts[used++ % 64];
	char *contact = texts[used++ % 64];
	(void)snprintf(buyer, sizeof(texts[0]), "%s-secret-buyer", id);
	(void)snprintf(contact, sizeof(texts[0]), "%s-secret-person%d", id, (int)version);
	struct event *e = add(s, id, fnl_input_changed(version, version * 10), C(PROSPECT_ID));
	fnl_input_i64(&e->in, C(FULL), whole);
	fnl_input_i64(&e->in, C(SNAPSHOT), whole);
	fnl_input_str(&e->in, C(STAGE), "Prospecting");
	fnl_input_str(&e->in, C(BUYER_ID), buyer);
	fnl_input_str(&e->in, C(OWNER_REP_ID), version % 2 ? "ann" : "bob");
	e->contact = (struct fnl_value){.set = true, .str = fnl_span_str(contact)};
	e->in.v[C(CONTACT_IDS)] = (struct fnl_value){.set = true, .list = {&e->contact, 1}};
}

static void life(struct story *s, const char *id, const struct fnl_record_desc *desc, int64_t version)
{
	(void)add(s, id, fnl_input_life(desc, version, version * 10), FNL_PROSPECT_DELETED_PROSPECT_ID);
}

static void merge(struct story *s, const char *id, const char *survivor, int64_t version)
{
	life(s, id, &fnl_desc_prospect_merged, version);
	fnl_input_str(&s->events[s->count - 1].in, FNL_PROSPECT_MERGED_SURVIVOR_ID, survivor);
}

static void gap(struct story *s, const char *id, int64_t at_ms)
{
	(void)add(s, id ? id : "crm", fnl_input_gap("g1", id, at_ms), -1);
}

/* ---- what there is ---- */

static const struct fnl_value *row_of(uint8_t table, const char *id)
{
	struct fnl_span bytes = fnl_desk_row(&desk, table, fnl_span_str(id))->value;
	return bytes.data ? fnl_desk_values(&desk, bytes) : NULL;
}

static bool has(struct fnl_span bytes, const char *id)
{
	char secret[16];
	int len = snprintf(secret, sizeof(secret), "%s-secret", id);
	return bytes.data && memmem(bytes.data, bytes.len, secret, (size_t)len) != NULL;
}

static size_t number_of(struct fnl_span id)
{
	size_t n = 0;
	while (!fnl_span_eq(id, fnl_span_str(ids[n]))) {
		assert_true(++n < PROSPECTS);
	}
	return n;
}

static void take_line(const struct fnl_value *line)
{
	struct books *b = &books[number_of(line[FNL_BOOK_LINE_PROSPECT_ID].str)];
	struct fnl_span name = line[FNL_BOOK_LINE_BOOK].str;
	size_t i = 0;
	while (i < b->count && !fnl_span_eq(fnl_span_str(b->names[i]), name)) {
		i++;
	}
	if (i == b->count) {
		assert_true(b->count < BOOKS_MAX && name.len < sizeof(b->names[0]));
		memcpy(b->names[i], name.data, name.len);
		b->names[i][name.len] = '\0';
		b->sequences[i] = 0;
		b->count++;
	}
	assert_true(line[FNL_BOOK_LINE_SEQUENCE].i64 > b->sequences[i]);
	b->sequences[i] = line[FNL_BOOK_LINE_SEQUENCE].i64;
	b->states[i] = line[FNL_BOOK_LINE_STATE].i64;
}

static void check_books(size_t prospect, const struct fnl_value *row)
{
	size_t owned = 0;
	size_t watched = 0;
	for (size_t i = 0; i < books[prospect].count; i++) {
		owned += books[prospect].states[i] == FNL_LINE_STATE_OWNED;
		watched += books[prospect].states[i] == FNL_LINE_STATE_WATCHED;
	}
	bool in_a_book = row && row[FNL_PROSPECT_BOOK].set;
	assert_int_equal(owned, in_a_book);
	assert_int_equal(watched, in_a_book ? row[FNL_PROSPECT_FORMER_OWNERS].list.count : 0);
}

static void check_prospect(size_t prospect)
{
	const char *id = ids[prospect];
	const struct fnl_value *row = row_of(FNL_PROSPECT_TABLE_PROSPECT, id);
	check_books(prospect, row);
	if (row_of(FNL_PROSPECT_TABLE_ERASED, id)) {
		assert_null(row);
		for (size_t i = 0; i < desk.row_count; i++) {
			assert_false(has(desk.rows[i].value, id));
		}
		for (size_t i = 0; i < desk.d->output_count; i++) {
			assert_false(has(desk.d->outputs[i].value, id));
		}
	}
	if (row) {
		bool merged = row[FNL_PROSPECT_LIFECYCLE].i64 == FNL_LIFECYCLE_MERGED;
		assert_int_equal(row[FNL_PROSPECT_SURVIVOR_ID].set, merged);
		assert_int_equal(row[FNL_PROSPECT_LAYER].i64 == FNL_LAYER_MERGED, merged);
		const struct fnl_value *feed = row_of(FNL_PROSPECT_TABLE_FEED, "crm");
		bool missing = row[FNL_PROSPECT_GAP_ID].set ||
		               (feed && row[FNL_PROSPECT_FEED_GAPS_SEEN].i64 < feed[FNL_FEED_GAP_COUNT].i64);
		assert_true(row[FNL_PROSPECT_LAYER].i64 != FNL_LAYER_UNKNOWN || missing);
	}
}

static void send(const struct event *e)
{
	struct fnl_input in = e->in;
	if (in.desc == &fnl_desc_prospect_changed) {
		in.v[C(CONTACT_IDS)].list.items = &e->contact;
	}
	if (fnl_desk_send(&desk, &in, e->key, FNL_T0 + NOW_AHEAD_MS) != 0) {
		fail_msg("%s: %s", in.desc->name, desk.why.text);
	}
	for (size_t i = 0; i < desk.d->output_count; i++) {
		struct fnl_record r = {.value = desk.d->outputs[i].value};
		struct fnl_decoded d;
		assert_int_equal(desk.codec->ops->decode(desk.codec, &r, &desk.arena, &d, &desk.why), 0);
		if (d.desc == &fnl_desc_book_line) {
			take_line(d.values);
		}
	}
	for (size_t i = 0; i < PROSPECTS; i++) {
		check_prospect(i);
	}
}

/* ---- every order ---- */

/* The n-th order of so many. */
static void order_of(size_t n, size_t count, size_t *ret)
{
	size_t left[EVENTS];
	for (size_t i = 0; i < count; i++) {
		left[i] = i;
	}
	for (size_t i = 0; i < count; i++) {
		size_t at = n % (count - i);
		n /= count - i;
		ret[i] = left[at];
		memmove(left + at, left + at + 1, (count - i - at - 1) * sizeof(left[0]));
	}
}

static void nothing_yet(void)
{
	desk.row_count = 0;
	desk.d->row_count = desk.d->output_count = 0;
	fnl_arena_reset(&desk.arena);
	memset(books, 0, sizeof(books));
}

/* All of it in the n-th order, and again the other way round. */
static void tell(const struct story *s, size_t n)
{
	size_t order[EVENTS];
	order_of(n, s->count, order);
	nothing_yet();
	for (size_t i = 0; i < s->count; i++) {
		send(&s->events[order[i]]);
	}
	for (size_t i = s->count; i-- > 0;) {
		send(&s->events[order[i]]);
	}
}

/* A row but for what folds in the order of arrival; 0: there is none. */
static size_t bytes_of(const char *id, uint8_t ret[ROW_BYTES_MAX])
{
	const struct fnl_value *row = row_of(FNL_PROSPECT_TABLE_PROSPECT, id);
	struct fnl_value v[FNL_PROSPECT_FIELD_COUNT];
	struct fnl_writer writer = fnl_writer_of(&desk.arena);
	if (!row) {
		return 0;
	}
	memcpy(v, row, sizeof(v));
	v[FNL_PROSPECT_SEQUENCE].i64 = v[FNL_PROSPECT_LAYER_SINCE].i64 = v[FNL_PROSPECT_CHANGED_AT].i64 = 0;
	v[FNL_PROSPECT_PARKED_SINCE] = (struct fnl_value){0};
	v[FNL_PROSPECT_FORMER_OWNERS].list.count = 0;
	for (int i = FNL_PROSPECT_EDITED_AT; i < FNL_PROSPECT_FIELD_COUNT; i++) {
		v[i] = (struct fnl_value){.set = !fnl_desc_prospect.fields[i].nullable};
	}
	v[FNL_PROSPECT_NEXT_DEADLINE_AT] = v[FNL_PROSPECT_KEEP_UNTIL];
	assert_int_equal(fnl_record_encode(&fnl_desc_prospect, v, &writer), 0);
	struct fnl_span s = fnl_writer_span(&writer);
	assert_true(s.len <= ROW_BYTES_MAX);
	memcpy(ret, s.data, s.len);
	return s.len;
}

static void same_as_first(const char *id, size_t n)
{
	static uint8_t first[PROSPECTS][ROW_BYTES_MAX];
	static size_t first_len[PROSPECTS];
	uint8_t now[ROW_BYTES_MAX];
	size_t at = number_of(fnl_span_str(id));
	size_t len = bytes_of(id, now);
	if (n == 0) {
		first_len[at] = len;
		memcpy(first[at], now, len);
	}
	if (len != first_len[at] || memcmp(now, first[at], len) != 0) {
		fail_msg("%s ends otherwise in order %zu", id, n);
	}
}

static void erased_among_all_else(void **state)
{
	(void)state;
	struct story s = {.count = 0};
	change(&s, "p1", 1, false);
	merge(&s, "p1", "p2", 2);
	gap(&s, "p1", 30);
	life(&s, "p1", &fnl_desc_prospect_erased, 4);
	life(&s, "p1", &fnl_desc_prospect_restored, 5);
	change(&s, "p1", 6, true);
	change(&s, "p2", 1, false);
	for (size_t n = 0; n < ORDERS; n++) {
		tell(&s, n);
		assert_non_null(row_of(FNL_PROSPECT_TABLE_ERASED, "p1"));
		assert_null(row_of(FNL_PROSPECT_TABLE_PROSPECT, "p1"));
		assert_int_equal(row_of(FNL_PROSPECT_TABLE_PROSPECT, "p2")[FNL_PROSPECT_LAYER].i64, FNL_LAYER_TOP);
		same_as_first("p2", n);
	}
}

static void merged_deleted_restored_and_a_gap(void **state)
{
	(void)state;
	struct story s = {.count = 0};
	struct story then = {.count = 0};
	change(&s, "p1", 1, false);
	life(&s, "p1", &fnl_desc_prospect_deleted, 2);
	life(&s, "p1", &fnl_desc_prospect_restored, 3);
	merge(&s, "p1", "p2", 4);
	gap(&s, "p1", 50);
	change(&s, "p1", 6, true);
	change(&s, "p2", 1, false);
	change(&then, "p1", 7, true);
	life(&then, "p1", &fnl_desc_prospect_restored, 8);
	for (size_t n = 0; n < ORDERS; n++) {
		tell(&s, n);
		const struct fnl_value *row = row_of(FNL_PROSPECT_TABLE_PROSPECT, "p1");
		assert_int_equal(row[FNL_PROSPECT_LAYER].i64, FNL_LAYER_MERGED);
		assert_true(fnl_span_eq(row[FNL_PROSPECT_SURVIVOR_ID].str, FNL_SPAN_LIT("p2")));
		send(&then.events[0]);
		same_as_first("p1", n);
		send(&then.events[1]);
		row = row_of(FNL_PROSPECT_TABLE_PROSPECT, "p1");
		assert_int_equal(row[FNL_PROSPECT_LAYER].i64, FNL_LAYER_TOP);
		assert_false(row[FNL_PROSPECT_GAP_ID].set);
	}
}

/* p1 went into p2, and p2 into p3; p2 is erased, and so is a person of p3. */
static void a_chain_whose_middle_is_erased(void **state)
{
	(void)state;
	struct story s = {.count = 0};
	change(&s, "p1", 1, false);
	change(&s, "p2", 1, false);
	change(&s, "p3", 1, false);
	merge(&s, "p1", "p2", 2);
	merge(&s, "p2", "p3", 2);
	life(&s, "p2", &fnl_desc_prospect_erased, 3);
	gap(&s, NULL, 40);
	for (size_t n = 0; n < ORDERS; n++) {
		struct story then = {.count = 0};
		tell(&s, n);
		(void)add(&then, "p3", fnl_input_contact_erased("p3-secret-person1", 500), FNL_CONTACT_ERASED_PROSPECT_ID);
		send(&then.events[0]);
		send(&then.events[0]);
		assert_null(row_of(FNL_PROSPECT_TABLE_PROSPECT, "p2"));
		const struct fnl_value *row = row_of(FNL_PROSPECT_TABLE_PROSPECT, "p1");
		assert_true(fnl_span_eq(row[FNL_PROSPECT_SURVIVOR_ID].str, FNL_SPAN_LIT("p2")));
		row = row_of(FNL_PROSPECT_TABLE_PROSPECT, "p3");
		assert_int_equal(row[FNL_PROSPECT_LIFECYCLE].i64, FNL_LIFECYCLE_ALIVE);
		assert_int_equal(row[FNL_PROSPECT_CONTACT_IDS].list.count, 0);
		struct fnl_span bytes = fnl_desk_row(&desk, FNL_PROSPECT_TABLE_PROSPECT, FNL_SPAN_LIT("p3"))->value;
		assert_null(memmem(bytes.data, bytes.len, "p3-secret-person1", 17));
	}
}

static int start(void **state)
{
	(void)state;
	fnl_desk_open(&desk, FNL_SOURCE_DIR "/schemas");
	return 0;
}

static int end(void **state)
{
	(void)state;
	fnl_desk_close(&desk);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(erased_among_all_else),
		cmocka_unit_test(merged_deleted_restored_and_a_gap),
		cmocka_unit_test(a_chain_whose_middle_is_erased),
	};
	return cmocka_run_group_tests(tests, start, end);
}
