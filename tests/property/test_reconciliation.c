/* Random books of reps who leave, listed at some moment and followed from then on: whatever was done against the
 * company is found, each once, with old and new value, when and by whom; of what managers, programs, other owners and
 * rules did, of progress and of contacts erased by right nothing is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gen.h"
#include "tamper.h"

#include <stdio.h>

#define C(field) FNL_ADVERSE_CHANGE_##field
#define K(kind) FNL_ADVERSE_KIND_##kind
#define DAY INT64_C(86400000)
#define NOTICE (INT64_C(20000) * DAY) /* when it is given */

enum { BOOKS = 300, BOOK_LINES = 40, LOOKBACK_DAYS = 60 };

static struct fnl_arena arena;
static struct fnl_tamper t;
static struct fnl_finding found[FNL_RECONCILE_MAX];

/* Over many lines. */
struct score {
	size_t wanted;
	size_t told;
	size_t right;
	size_t lines;
	size_t changes;
	size_t hidden; /* edits after the notice before the listing that another edit followed: a line knows its last one */
};

static void print_score(const char *of, const struct score *s)
{
	print_message("%s: %zu tamperings, %zu findings, %zu of them right: precision %.4f, recall %.4f\n", of, s->wanted,
	              s->told, s->right, s->told ? (double)s->right / (double)s->told : 1.0,
	              s->wanted ? (double)s->right / (double)s->wanted : 1.0);
	assert_int_equal(s->right, s->told);
	assert_int_equal(s->right, s->wanted);
}

static struct fnl_reconcile_in asked(const struct fnl_value *line)
{
	return (struct fnl_reconcile_in){
		.leaver_id = FNL_SPAN_LIT("leaver"),
		.successor_id = FNL_SPAN_LIT("successor"),
		.notice_at_ms = NOTICE,
		.from_ms = NOTICE - LOOKBACK_DAYS * DAY,
		.sheet_number = t.sheet_at_ms ? 7 : 0,
		.sheet_at_ms = t.sheet_at_ms,
		.line = line,
		.arena = &arena,
	};
}

static size_t look(void)
{
	size_t count = 99;
	struct fnl_reconcile_in in = asked(fnl_tamper_line(&t));
	assert_int_equal(fnl_reconcile_line(&in, found, &count), FNL_OK);
	return count;
}

static size_t look_at_change(const struct fnl_value *before)
{
	size_t count = 99;
	struct fnl_reconcile_in in = asked(fnl_tamper_line(&t));
	assert_int_equal(fnl_reconcile_change(&in, before, found, &count), FNL_OK);
	return count;
}

struct play {
	struct fnl_gen *g;
	int64_t now_ms;
	bool listed;
	struct score *score;
	bool moved_away;
	bool is_out;
};

static void take_findings(struct play *p, size_t count)
{
	p->score->told += count;
	for (size_t i = 0; i < count; i++) {
		const struct fnl_value *change = found[i].change;
		int64_t at_ms = change[C(AT)].i64;
		size_t at = 0;
		while (at < t.truth_count && (t.truths[at].found || !fnl_tamper_same(t.truths[at].change, change))) {
			at++;
		}
		if (at == t.truth_count) {
			print_message("not true: kind %lld at day %lld\n", (long long)change[C(KIND)].i64,
			              (long long)((at_ms - NOTICE) / DAY));
			continue;
		}
		t.truths[at].found = true;
		bool labels = found[i].after_notice == (at_ms >= NOTICE) &&
		              (at_ms <= t.sheet_at_ms || found[i].since_sheet == (t.sheet_at_ms != 0));
		p->score->right += labels;
	}
}

static void act(struct play *p, enum fnl_tamper_actor by, int64_t at_ms, enum fnl_tamper_act what, int64_t value)
{
	const struct fnl_value *before = fnl_tamper_line(&t);
	fnl_tamper_do(&t, by, at_ms, what, value);
	p->score->changes++;
	p->is_out = p->is_out || what == FNL_DO_DELETE || what == FNL_DO_LOSE;
	p->moved_away = p->moved_away || (what == FNL_DO_OWNER && value != 0);
	if (p->listed) {
		take_findings(p, look_at_change(before));
	}
}

static int64_t value_of(struct play *p, enum fnl_tamper_act what)
{
	switch (what) {
	case FNL_DO_AMOUNT:
		return fnl_gen_one_in(p->g, 8) ? -1 : (int64_t)fnl_gen_below(p->g, 200000);
	case FNL_DO_BP:
		return fnl_gen_one_in(p->g, 8) ? -1 : (int64_t)fnl_gen_below(p->g, 10000);
	case FNL_DO_LAYER:
	case FNL_DO_RULES:
		return FNL_LAYER_TOP + (int64_t)fnl_gen_below(p->g, 3);
	case FNL_DO_OWNER:
		return (int64_t)fnl_gen_below(p->g, 3) + (fnl_gen_one_in(p->g, 4) ? -1 : 0);
	case FNL_DO_LOSE:
		return (int64_t)fnl_gen_below(p->g, 2);
	default:
		return (int64_t)fnl_gen_below(p->g, 10);
	}
}

/* What happens to any prospect: the rep's progress before his notice, and whatever managers, programs and a later owner
 * do. */
static void honest(struct play *p)
{
	enum fnl_tamper_actor by = fnl_gen_one_in(p->g, 2) ? FNL_BY_MANAGER : FNL_BY_PROGRAM;
	enum fnl_tamper_act what = (enum fnl_tamper_act)fnl_gen_below(p->g, FNL_DO_COUNT);
	int64_t amount = t.line[FNL_LINE_AMOUNT].money.amount_minor;
	bool has_room = t.line[FNL_LINE_ADVERSE].list.count < FNL_ADVERSE_MAX - 1;
	if (what == FNL_DO_DELETE || (p->is_out && (what == FNL_DO_LOSE || what == FNL_DO_LAYER || what == FNL_DO_RULES)) ||
	    (what == FNL_DO_OWNER && p->moved_away)) {
		what = FNL_DO_TOUCH;
	}
	if (fnl_gen_one_in(p->g, 2) && p->now_ms < NOTICE && !p->moved_away) {
		int64_t up = amount + (int64_t)fnl_gen_below(p->g, 1000);
		act(p, FNL_BY_LEAVER, p->now_ms, fnl_gen_one_in(p->g, 2) ? FNL_DO_AMOUNT : FNL_DO_LINK,
		    t.line[FNL_LINE_AMOUNT].set ? up : 9);
		return;
	}
	bool others = p->moved_away && has_room && t.line[FNL_LINE_OWNER_REP_ID].set;
	act(p, others && what != FNL_DO_OWNER && fnl_gen_one_in(p->g, 2) ? FNL_BY_OTHER : by, p->now_ms, what,
	    value_of(p, what));
}

static void tamper(struct play *p)
{
	enum fnl_tamper_act what = (enum fnl_tamper_act)fnl_gen_below(p->g, FNL_DO_ERASE_CONTACT);
	enum fnl_tamper_actor by = !p->moved_away && fnl_gen_one_in(p->g, 4) ? FNL_BY_UNKNOWN : FNL_BY_LEAVER;
	bool late = what != FNL_DO_OWNER && by == FNL_BY_LEAVER && fnl_gen_one_in(p->g, 6);
	if ((p->is_out && (what == FNL_DO_LOSE || what == FNL_DO_DELETE || what == FNL_DO_LAYER)) ||
	    (p->moved_away && what == FNL_DO_OWNER)) {
		what = FNL_DO_UNLINK;
	}
	act(p, by, late ? p->now_ms - 5 * DAY + 1 : p->now_ms, what, value_of(p, what));
}

static void play_line(struct fnl_gen *g, bool is_tampered, struct score *score)
{
	struct play p = {.g = g, .score = score};
	int64_t list_ms = NOTICE + (int64_t)fnl_gen_below(g, 6) * DAY + DAY / 2;
	int64_t end_ms = NOTICE + 10 * DAY;
	int64_t sheet_ms = NOTICE - 90 * DAY + (int64_t)fnl_gen_below(g, 7) * DAY;
	fnl_tamper_start(&t, &arena, NOTICE);
	for (p.now_ms = NOTICE - 90 * DAY; p.now_ms < end_ms; p.now_ms += (int64_t)fnl_gen_below(g, 12 * DAY / 2) + 7) {
		if (p.now_ms >= sheet_ms && !fnl_gen_one_in(g, 20)) {
			fnl_tamper_sheet(&t, p.now_ms - 1);
			sheet_ms += 7 * DAY;
		}
		if (!p.listed && p.now_ms >= list_ms) {
			take_findings(&p, look());
			p.listed = true;
		}
		bool has_room = t.line[FNL_LINE_ADVERSE].list.count < FNL_ADVERSE_MAX - 1;
		if (is_tampered && has_room && fnl_gen_one_in(g, 3)) {
			tamper(&p);
		} else {
			honest(&p);
		}
	}
	if (!p.listed) {
		take_findings(&p, look());
	}
	for (size_t i = 0; i < t.truth_count; i++) {
		const struct fnl_tamper_truth *truth = &t.truths[i];
		bool hidden = truth->change[C(KIND)].i64 == K(EDITED) && !truth->kept && !truth->found;
		score->wanted += truth->change[C(AT)].i64 >= NOTICE - LOOKBACK_DAYS * DAY && !hidden;
		score->hidden += hidden;
	}
	score->lines++;
}

static void random_books(void **state)
{
	(void)state;
	fnl_arena_init(&arena, (size_t)1 << 26);
	struct fnl_gen g = fnl_gen_start(20261126);
	struct score honest_ones = {0};
	struct score tampered_ones = {0};
	for (size_t i = 0; i < BOOKS; i++) {
		bool is_honest = fnl_gen_one_in(&g, 3);
		for (size_t j = 0; j < BOOK_LINES; j++) {
			fnl_arena_reset(&arena);
			bool tampered = !is_honest && fnl_gen_one_in(&g, 3);
			play_line(&g, tampered, tampered ? &tampered_ones : &honest_ones);
		}
	}
	print_message(
		"honest: %zu prospects, %zu changes; tampered: %zu prospects, %zu changes, %zu edits that another edit "
		"hid before the listing\n",
		honest_ones.lines, honest_ones.changes, tampered_ones.lines, tampered_ones.changes, tampered_ones.hidden);
	print_score("honest prospects of random books", &honest_ones);
	print_score("tampered prospects of random books", &tampered_ones);
	assert_int_equal(honest_ones.told, 0);
	assert_true(tampered_ones.wanted > 3000);
	fnl_arena_deinit(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_books),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
