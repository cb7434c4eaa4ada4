/* Random histories of departures: no task of TOP before its gate, each task opened once and closed once, counts that
 * are those of the tasks (all of it looked at after each step, support/handover_told.c), and every handover ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "gen.h"
#include "handover_world.h"

enum { HISTORIES = 400, STEPS = 90, PROSPECTS = 7, REPS = 2, NOTICES_MAX = 9 };

/* A history on its way. */
struct history {
	struct fnl_gen g;
	struct fnl_hands w;
	int minutes;       /* since 2024-06-03 00:00 */
	int notices[REPS]; /* given so far */
	bool gone[REPS][PROSPECTS];
};

static const char *const reps[REPS] = {"bo", "cat"};
static const char *const heirs[] = {"ann", "eve", "fay", "cat"};
enum { HEIRS = sizeof(heirs) / sizeof(heirs[0]) };

static const char *one_of(struct history *h, const char *const *from, size_t n)
{
	return from[fnl_gen_below(&h->g, n)];
}

static void moment(const struct history *h, char ret[32])
{
	int day = h->minutes / 1440;
	int month = day < 28 ? 6 : 7 + (day - 28) / 30;
	int of_month = day < 28 ? 3 + day : 1 + (day - 28) % 30;
	(void)snprintf(ret, 32, "2024-%02d-%02d %02d:%02d", month, of_month, h->minutes / 60 % 24, h->minutes % 60);
}

static void say(struct history *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct history *h, const char *fmt, ...)
{
	static char line[512];
	char at[32];
	char text[400];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	moment(h, at);
	(void)snprintf(line, sizeof(line), "%s %s", at, text);
	fnl_hands_line(&h->w, line);
}

static void change_line(struct history *h, int rep)
{
	static const char *const layers[] = {"TOP",     "MIDDLE", "BOTTOM", "TOP",     "MIDDLE",       "BOTTOM",
	                                     "UNKNOWN", "WON",    "LOST",   "DELETED", "UNCLASSIFIED", "MERGED"};
	static const char *const contacts[] = {"-", "k1", "k1,k2", "k1,k2,k3"};
	int p = (int)fnl_gen_below(&h->g, PROSPECTS);
	const char *layer = one_of(h, layers, sizeof(layers) / sizeof(layers[0]));
	const char *ids = one_of(h, contacts + 1, 3);
	if (h->gone[rep][p]) {
		return;
	}
	switch (fnl_gen_below(&h->g, 12)) {
	case 0:
		h->gone[rep][p] = true;
		say(h, "line %s p%d %s state=ERASED", reps[rep], p, layer);
		break;
	case 1:
		say(h, "line %s p%d %s state=GONE", reps[rep], p, layer);
		break;
	case 2:
	case 3:
		say(h, "line %s p%d %s state=WATCHED owner_rep_id=%s left_at=2024-07-01", reps[rep], p, layer,
		    one_of(h, heirs, HEIRS));
		break;
	default:
		say(h, "line %s p%d %s state=OWNED owner_rep_id=%s left_at=- contact_ids=%s", reps[rep], p, layer, reps[rep],
		    ids);
		break;
	}
}

/* A notice has its own versions, greater than those of the notices before it; its events come in any order, doubled,
 * and after those of later ones. */
static void hear_hr(struct history *h, int rep)
{
	if (h->notices[rep] == 0 || (h->notices[rep] < NOTICES_MAX && fnl_gen_one_in(&h->g, 3))) {
		h->notices[rep]++;
	}
	int late = (int)fnl_gen_below(&h->g, 4);
	int notice = h->notices[rep] > 1 && late == 0 ? h->notices[rep] - 1 : h->notices[rep];
	int version = 10 * notice;
	switch (fnl_gen_below(&h->g, 9)) {
	case 0:
		say(h, "withdraw %s n%d %d", reps[rep], notice, version + 6);
		break;
	case 1:
		say(h, "left %s %d 2024-06-%02d", reps[rep], version + 7, 3 + (int)fnl_gen_below(&h->g, 27));
		break;
	case 2:
		say(h, "left %s %d 2024-06-10 notice_id=n%d", reps[rep], version + 8, notice);
		break;
	case 3:
		say(h, "forget %s %d", reps[rep], version + 9);
		break;
	case 4:
		say(h, "resign %s n%d %d last_day=2024-07-31", reps[rep], notice, version + 1);
		break;
	default:
		say(h, "resign %s n%d %d last_day=2024-07-15 successor_id=%s new_employer_id=x", reps[rep], notice,
		    version + 1 + (int)fnl_gen_below(&h->g, 4), one_of(h, heirs, HEIRS));
		break;
	}
}

/* The notice that the row is about; "n0": none. */
static const char *notice_of(struct history *h, int rep)
{
	static char id[32];
	const struct fnl_value *row = fnl_hands_row(&h->w, FNL_HANDS_HANDOVER, reps[rep], "");
	(void)snprintf(id, sizeof(id), "%s", row ? fnl_hands_text(&h->w, row[FNL_HANDOVER_NOTICE_ID].str) : "n0");
	return id;
}

static void command(struct history *h, int rep)
{
	int p = (int)fnl_gen_below(&h->g, PROSPECTS);
	const char *notice = notice_of(h, rep);
	switch (fnl_gen_below(&h->g, 10)) {
	case 0:
		say(h, "name %s %s %s", reps[rep], notice, one_of(h, heirs, HEIRS));
		break;
	case 1:
		say(h, "name %s %s %s prospect_id=p%d", reps[rep], notice, one_of(h, heirs, HEIRS), p);
		break;
	case 2:
		say(h, "review %s %s %s", reps[rep], notice, fnl_gen_one_in(&h->g, 3) ? "false" : "true");
		break;
	case 3:
		say(h, "waive %s %s p%d#%d mia", reps[rep], notice, p, 1 + (int)fnl_gen_below(&h->g, 4));
		break;
	case 4:
		say(h, "done %s %s p%d#%d channel=PHONE spoke_rep_ids=ann,%s informed_person_ids=k1,k2", reps[rep], notice, p,
		    1 + (int)fnl_gen_below(&h->g, 4), reps[rep]);
		break;
	case 5:
		say(h, "unfit %s %s %s %s", reps[rep], notice, one_of(h, heirs, HEIRS),
		    fnl_gen_one_in(&h->g, 2) ? "RESIGNED" : "INACTIVE");
		break;
	default:
		say(h, "right %s p%d", reps[rep], p);
		break;
	}
}

static void other(struct history *h, int rep)
{
	static const char *const verbs[] = {"hold", "answers", "freeze", "thaw", "thaw", "answers", "wait"};
	static const char *const refusals[] = {"NONE", "NONE", "NONE", "INACTIVE", "OVER_CAPACITY", "RESIGNED"};
	switch (fnl_gen_below(&h->g, 4)) {
	case 0:
		say(h, "org %s %s", one_of(h, heirs, HEIRS), one_of(h, refusals, sizeof(refusals) / sizeof(refusals[0])));
		break;
	case 1:
		say(h, "page %d", (int)fnl_gen_below(&h->g, 4));
		break;
	default:
		say(h, "%s", one_of(h, verbs, sizeof(verbs) / sizeof(verbs[0])));
		break;
	}
	if (h->w.frozen && fnl_hands_row(&h->w, FNL_HANDS_HANDOVER, reps[rep], "") != NULL) {
		say(h, "fire %s", reps[rep]);
	}
}

static void step(struct history *h)
{
	int rep = (int)fnl_gen_below(&h->g, REPS);
	h->minutes += fnl_gen_one_in(&h->g, 4) ? (int)fnl_gen_below(&h->g, 1200) : (int)fnl_gen_below(&h->g, 3);
	switch (fnl_gen_below(&h->g, 10)) {
	case 0:
		hear_hr(h, rep);
		break;
	case 1:
	case 2:
		other(h, rep);
		break;
	case 3:
	case 4:
	case 5:
		change_line(h, rep);
		break;
	default:
		command(h, rep);
		break;
	}
}

static int64_t state_of(struct history *h, int rep)
{
	const struct fnl_value *row = fnl_hands_row(&h->w, FNL_HANDS_HANDOVER, reps[rep], "");
	return row ? row[FNL_HANDOVER_STATE].i64 : (int64_t)FNL_HANDOVER_STATE_NO_ROW;
}

static bool has_ended(struct history *h, int rep)
{
	int64_t state = state_of(h, rep);
	return state == FNL_HANDOVER_STATE_COMPLETED || state == FNL_HANDOVER_STATE_CANCELLED ||
	       state == FNL_HANDOVER_STATE_NO_ROW;
}

/* Whoever does all that is asked for comes to the end. */
static void end(struct history *h, int rep)
{
	enum { ROUNDS = 4 };
	say(h, "org good NONE");
	say(h, "thaw");
	say(h, "answers");
	for (int round = 0; round < ROUNDS && !has_ended(h, rep); round++) {
		h->minutes++;
		say(h, "name %s %s good", reps[rep], notice_of(h, rep));
		say(h, "review %s %s true", reps[rep], notice_of(h, rep));
		for (int p = 0; p < PROSPECTS; p++) {
			h->minutes++;
			say(h, "right %s p%d", reps[rep], p);
		}
	}
	if (!has_ended(h, rep)) {
		fail_msg("a handover does not end: %s", fnl_handover_state_text((int)state_of(h, rep)));
	}
	h->minutes++;
	say(h, "wait");
}

/* Nothing that was told as opened is left open. */
static void nothing_is_left(const struct history *h)
{
	for (size_t i = 0; i < h->w.told_count; i++) {
		const struct fnl_hands_told *t = &h->w.told[i];
		if (t->open) {
			fail_msg("%s of %s, %s, was never closed", t->task, t->rep, t->notice);
		}
	}
}

static void random_histories(void **state)
{
	struct fnl_gen seeds = fnl_gen_start(20240603);
	size_t sums[8] = {0};
	(void)state;
	for (int i = 0; i < HISTORIES; i++) {
		static struct history h;
		memset(&h, 0, sizeof(h));
		h.g = (struct fnl_gen){fnl_gen_u64(&seeds)};
		h.minutes = 480;
		fnl_hands_start(&h.w, NULL);
		for (int rep = 0; rep < REPS; rep++) {
			say(&h, "rep %s west manager_id=mia", reps[rep]);
			for (int p = 0; p < PROSPECTS; p++) {
				change_line(&h, rep);
			}
		}
		for (size_t k = 0; k < HEIRS; k++) {
			say(&h, "org %s NONE", heirs[k]);
		}
		hear_hr(&h, 0);
		for (int k = 0; k < STEPS; k++) {
			step(&h);
		}
		for (int rep = 0; rep < REPS; rep++) {
			end(&h, rep);
		}
		nothing_is_left(&h);
		for (size_t k = 0; k < 8; k++) {
			sums[k] += h.w.counts[k];
		}
		fnl_hands_end(&h.w);
	}
	print_message("opened %zu, tasks %zu, released %zu, closed %zu, refused %zu, completed %zu, cancelled %zu\n",
	              sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6]);
	for (size_t k = 0; k <= FNL_HANDS_CANCELLED; k++) {
		assert_true(sums[k] > HISTORIES / 4); /* it is about something */
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(random_histories)};
	return cmocka_run_group_tests_name("random departures", tests, NULL, NULL);
}
