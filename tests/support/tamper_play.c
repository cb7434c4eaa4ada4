#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tamper_play.h"

#define C(field) FNL_ADVERSE_CHANGE_##field
#define K(kind) FNL_ADVERSE_KIND_##kind
#define DAY INT64_C(86400000)

enum { LOOKBACK_DAYS = 60 };

/* Over many lines. */
struct fnl_tamper_score {
	size_t wanted;
	size_t told;
	size_t right;
	size_t lines;
	size_t changes;
	size_t hidden; /* edits after the notice before the listing that another edit followed: a line knows its last one */
};

static void print_score(const char *of, const struct fnl_tamper_score *s)
{
	print_message("%s: %zu tamperings, %zu findings, %zu of them right: precision %.4f, recall %.4f\n", of, s->wanted,
	              s->told, s->right, s->told ? (double)s->right / (double)s->told : 1.0,
	              s->wanted ? (double)s->right / (double)s->wanted : 1.0);
	assert_int_equal(s->right, s->told);
	assert_int_equal(s->right, s->wanted);
}

static struct fnl_reconcile_in asked(struct fnl_tamper_play *p)
{
	struct fnl_reconcile_in in = {
		.leaver_id = FNL_SPAN_LIT("leaver"),
		.successor_id = FNL_SPAN_LIT("successor"),
		.notice_at_ms = p->c->notice_at_ms,
		.from_ms = p->c->notice_at_ms - LOOKBACK_DAYS * DAY,
		.arena = p->arena,
	};
	p->c->ask(p, &in);
	return in;
}

static void take_findings(struct fnl_tamper_play *p, const struct fnl_finding *found, size_t count)
{
	p->score->told += count;
	for (size_t i = 0; i < count; i++) {
		const struct fnl_value *change = found[i].change;
		int64_t at_ms = change[C(AT)].i64;
		size_t at = 0;
		while (at < p->model.truth_count &&
		       (p->model.truths[at].found || !fnl_tamper_same(p->model.truths[at].change, change))) {
			at++;
		}
		if (at == p->model.truth_count) {
			print_message("not true: kind %lld at day %lld\n", (long long)change[C(KIND)].i64,
			              (long long)((at_ms - p->c->notice_at_ms) / DAY));
			continue;
		}
		p->model.truths[at].found = true;
		bool labels = found[i].after_notice == (at_ms >= p->c->notice_at_ms) &&
		              (at_ms <= p->model.sheet_at_ms || found[i].since_sheet == (p->model.sheet_at_ms != 0));
		p->score->right += labels;
	}
}

static void look(struct fnl_tamper_play *p)
{
	struct fnl_finding found[FNL_RECONCILE_MAX];
	size_t count = 99;
	struct fnl_reconcile_in in = asked(p);
	assert_int_equal(fnl_reconcile_line(&in, found, &count), FNL_OK);
	take_findings(p, found, count);
	p->listed = true;
}

static void look_at_change(struct fnl_tamper_play *p, const struct fnl_value *before)
{
	struct fnl_finding found[FNL_RECONCILE_MAX];
	size_t count = 99;
	struct fnl_reconcile_in in = asked(p);
	assert_int_equal(fnl_reconcile_change(&in, before, found, &count), FNL_OK);
	take_findings(p, found, count);
}

static void act(struct fnl_tamper_play *p, enum fnl_tamper_actor by, int64_t at_ms, enum fnl_tamper_act what,
                int64_t value)
{
	const struct fnl_value *before = asked(p).line;
	what = p->c->send && what == FNL_DO_RULES ? FNL_DO_TOUCH : what;
	fnl_tamper_do(&p->model, by, at_ms, what, value);
	if (p->c->send) {
		p->c->send(p, by, at_ms, what, value);
	}
	p->score->changes++;
	p->is_out = p->is_out || what == FNL_DO_DELETE || what == FNL_DO_LOSE;
	p->moved_away = p->moved_away || (what == FNL_DO_OWNER && value != 0);
	if (p->listed) {
		look_at_change(p, before);
	}
}

static int64_t value_of(struct fnl_tamper_play *p, enum fnl_tamper_act what)
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
static void honest(struct fnl_tamper_play *p)
{
	enum fnl_tamper_actor by = fnl_gen_one_in(p->g, 2) ? FNL_BY_MANAGER : FNL_BY_PROGRAM;
	enum fnl_tamper_act what = (enum fnl_tamper_act)fnl_gen_below(p->g, FNL_DO_COUNT);
	int64_t amount = p->model.line[FNL_LINE_AMOUNT].money.amount_minor;
	bool has_room = p->model.line[FNL_LINE_ADVERSE].list.count < FNL_ADVERSE_MAX - 1;
	if (what == FNL_DO_DELETE || (p->is_out && (what == FNL_DO_LOSE || what == FNL_DO_LAYER || what == FNL_DO_RULES)) ||
	    (what == FNL_DO_OWNER && p->moved_away)) {
		what = FNL_DO_TOUCH;
	}
	if (fnl_gen_one_in(p->g, 2) && p->now_ms < p->c->notice_at_ms && !p->moved_away) {
		int64_t up = amount + (int64_t)fnl_gen_below(p->g, 1000);
		act(p, FNL_BY_LEAVER, p->now_ms, fnl_gen_one_in(p->g, 2) ? FNL_DO_AMOUNT : FNL_DO_LINK,
		    p->model.line[FNL_LINE_AMOUNT].set ? up : 9);
		return;
	}
	bool others = p->moved_away && has_room && p->model.line[FNL_LINE_OWNER_REP_ID].set;
	act(p, others && what != FNL_DO_OWNER && fnl_gen_one_in(p->g, 2) ? FNL_BY_OTHER : by, p->now_ms, what,
	    value_of(p, what));
}

static void tamper(struct fnl_tamper_play *p)
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

static void count(const struct fnl_tamper_play *p)
{
	for (size_t i = 0; i < p->model.truth_count; i++) {
		const struct fnl_tamper_truth *truth = &p->model.truths[i];
		bool hidden = truth->change[C(KIND)].i64 == K(EDITED) && !truth->kept && !truth->found;
		p->score->wanted += truth->change[C(AT)].i64 >= p->c->notice_at_ms - LOOKBACK_DAYS * DAY && !hidden;
		p->score->hidden += hidden;
	}
	p->score->lines++;
}

static void play_line(struct fnl_tamper_play *p, bool is_tampered)
{
	int64_t notice_ms = p->c->notice_at_ms;
	int64_t list_ms = notice_ms + (int64_t)fnl_gen_below(p->g, 6) * DAY + DAY / 2;
	fnl_tamper_start(&p->model, p->arena, notice_ms);
	p->c->begin(p);
	for (p->now_ms = notice_ms - 90 * DAY; p->now_ms < notice_ms + 10 * DAY;
	     p->now_ms += (int64_t)fnl_gen_below(p->g, 12 * DAY / 2) + 7) {
		p->c->make_sheets(p);
		if (!p->listed && p->now_ms >= list_ms) {
			look(p);
		}
		bool has_room = p->model.line[FNL_LINE_ADVERSE].list.count < FNL_ADVERSE_MAX - 1;
		if (is_tampered && has_room && fnl_gen_one_in(p->g, 3)) {
			tamper(p);
		} else {
			honest(p);
		}
	}
	if (!p->listed) {
		look(p);
	}
	count(p);
}

void fnl_tamper_play_books(const struct fnl_tamper_case *c)
{
	struct fnl_arena arena;
	struct fnl_gen g = fnl_gen_start(20261126);
	struct fnl_tamper_score honest_ones = {0};
	struct fnl_tamper_score tampered_ones = {0};
	fnl_arena_init(&arena, (size_t)1 << 26);
	for (size_t i = 0; i < c->books; i++) {
		bool is_honest = fnl_gen_one_in(&g, 3);
		for (size_t j = 0; j < c->book_lines; j++) {
			bool tampered = !is_honest && fnl_gen_one_in(&g, 3);
			struct fnl_tamper_play p = {
				.c = c, .arena = &arena, .g = &g, .score = tampered ? &tampered_ones : &honest_ones};
			fnl_arena_reset(&arena);
			play_line(&p, tampered);
		}
	}
	print_message(
		"honest: %zu prospects, %zu changes; tampered: %zu prospects, %zu changes, %zu edits that another edit "
		"hid before the listing\n",
		honest_ones.lines, honest_ones.changes, tampered_ones.lines, tampered_ones.changes, tampered_ones.hidden);
	print_score("honest prospects of random books", &honest_ones);
	print_score("tampered prospects of random books", &tampered_ones);
	assert_int_equal(honest_ones.told, 0);
	assert_true(tampered_ones.wanted > c->wanted_min);
	fnl_arena_deinit(&arena);
}
