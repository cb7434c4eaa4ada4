/* What a replay shows: sums side by side, who differs, what is only counted, what a draft becomes; and the same as
 * JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "funneld_records.h"
#include "golden.h"
#include "view_replay.h"

#define GOLDEN(name) FNL_SOURCE_DIR "/tests/unit/golden/" name

static const int64_t first_ms = INT64_C(1735689600000); /* 2025-01-01 */
static const int64_t end_ms = INT64_C(1751328000000);   /* 2025-07-01 */

static struct fnl_replay_about about(enum fnl_replay_section section, uint8_t rank, const char *name,
                                     const char *subject, const char *currency)
{
	struct fnl_replay_about a = {section, rank, fnl_span_str(name), fnl_span_str(subject), ""};
	memcpy(a.currency, currency, strlen(currency));
	return a;
}

/* Both sides; INT64_MIN: that one says nothing. */
static void say(struct fnl_replay_facts *f, struct fnl_replay_about a, int64_t today, int64_t what_if)
{
	if (today != INT64_MIN) {
		assert_int_equal(fnl_replay_set(f, FNL_REPLAY_TODAY, &a, today), 0);
	}
	if (what_if != INT64_MIN) {
		assert_int_equal(fnl_replay_set(f, FNL_REPLAY_WHAT_IF, &a, what_if), 0);
	}
}

static void fill(struct fnl_replay_facts *f)
{
	const int64_t no = INT64_MIN;
	say(f, about(FNL_REPLAY_FUNNEL, FNL_LAYER_TOP, "TOP", NULL, ""), 1200, 1100);
	say(f, about(FNL_REPLAY_FUNNEL, FNL_LAYER_BOTTOM, "BOTTOM", NULL, ""), no, 100);
	say(f, about(FNL_REPLAY_FUNNEL, FNL_LAYER_MIDDLE, "MIDDLE", NULL, ""), 7, 7);
	say(f, about(FNL_REPLAY_AMOUNTS, FNL_LAYER_TOP, "TOP USD", NULL, "USD"), 123456789, 103456789);
	say(f, about(FNL_REPLAY_WEIGHTED, FNL_LAYER_TOP, "TOP JPY", NULL, "JPY"), 2500, 3000);
	say(f, about(FNL_REPLAY_LAYERS, 0, "prospects", "P-1", ""), FNL_LAYER_TOP + 1, FNL_LAYER_BOTTOM + 1);
	say(f, about(FNL_REPLAY_LAYERS, 0, "prospects", "P-2", ""), FNL_LAYER_TOP + 1, FNL_LAYER_TOP + 1);
	say(f, about(FNL_REPLAY_WEIGHTS, 0, "prospects", "P-1", ""), 2500, 7500);
	say(f, about(FNL_REPLAY_WEIGHTS, 0, "prospects", "P-3", ""), 5000, no);
	for (int i = 1; i <= 5; i++) {
		char id[16];
		snprintf(id, sizeof(id), "P-%d", i);
		say(f, about(FNL_REPLAY_ALERTS, 0, "STUCK TOP REP", id, ""), i % 2, 1);
		say(f, about(FNL_REPLAY_ALERTS, 0, "SILENT TOP REP", id, ""), 2, 2);
	}
	say(f, about(FNL_REPLAY_ALERTS, 1, "STUCK cleared, PROGRESS", "P-4", ""), 1, no);
	say(f, about(FNL_REPLAY_QUOTAS, 0, "2026 USD", "R-1", "USD"), 25000000, 30000000);
	say(f, about(FNL_REPLAY_QUOTAS, 0, "2026 USD", "R-2", "USD"), 1000, 1000);
	say(f, about(FNL_REPLAY_QUOTAS, 0, "2026 USD draft", "R-3", "USD"), 1000, 1000);
	say(f, about(FNL_REPLAY_QUOTAS, 0, "2026 USD", "R-3", "USD"), no, 0); /* zero is not nothing */
	say(f, about(FNL_REPLAY_LINES, 0, "2026 USD", "R-1 P-1", "USD"), INT64_C(2500000000), INT64_C(3000000025));
	say(f, about(FNL_REPLAY_OTHERS, 0, "HandoverOpened", "R-9", ""), 1, 1);
	say(f, about(FNL_REPLAY_OTHERS, 0, "DefectionReview", NULL, ""), 1, 2);
	struct fnl_replay_about draft = about(FNL_REPLAY_QUOTAS, 0, "2026 USD draft", "R-3", "USD");
	fnl_replay_unsay(f, FNL_REPLAY_TODAY, &draft);
	fnl_replay_unsay(f, FNL_REPLAY_WHAT_IF, &draft);
	fnl_replay_unsay(f, FNL_REPLAY_WHAT_IF, &draft);
	assert_int_equal(fnl_replay_sort(f), 0);
}

static struct fnl_replay_told told(void)
{
	struct fnl_replay_told t = {
		.inputs = {{"sales.prospect-changes", 12345},
	               {"hr.rep-changes", 67},
	               {"sales.commands", 1},
	               {"sales.fx-rates", 0},
	               {"sales.territories", 2}},
		.copies = 14,
		.first_ms = first_ms,
		.end_ms = end_ms,
		.from_ms = INT64_MIN,
		.today = {{3, "0123456789abcdef", first_ms}, {4, "fedcba9876543210", end_ms - 1}},
		.today_count = 2,
		.what_if = {9, "aaaabbbbccccdddd", first_ms},
		.dropped = 2,
	};
	return t;
}

static void table(struct fnl_golden *g, const struct fnl_replay_told *t, const struct fnl_replay_facts *f, size_t limit)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct fnl_canvas c = {out, false, true, 120};
	fnl_view_replay(t, f, limit, &c);
	fclose(out);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		size_t end = strlen(line);
		while (end && line[end - 1] == ' ') {
			end--;
		}
		fnl_golden_add(g, "%.*s\n", (int)end, line);
	}
	fnl_golden_add(g, "----\n");
	free(text);
}

static void it_is_shown_side_by_side(void **state)
{
	(void)state;
	struct fnl_replay_facts f = {.sorted = NULL}, none = {.sorted = NULL};
	struct fnl_golden g = {NULL, 0, 0};
	struct fnl_replay_told t = told();
	fill(&f);
	assert_int_equal(fnl_replay_sort(&none), 0);
	table(&g, &t, &f, 2);
	table(&g, &t, &f, 0);
	t.today_count = 0;
	t.from_ms = end_ms - 1000;
	t.first_ms = INT64_MIN;
	table(&g, &t, &none, 3);
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("view_replay.txt")), 0);
	fnl_replay_facts_deinit(&f);
	fnl_replay_facts_deinit(&none);
}

static char *json_of(const struct fnl_replay_facts *f)
{
	struct fnl_replay_told t = told();
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_int_equal(fnl_view_replay_json(&t, f, out), 0);
	fclose(out);
	return text;
}

static void json_has_all_of_it_in_order(void **state)
{
	(void)state;
	struct fnl_replay_facts f = {.sorted = NULL};
	struct fnl_golden g = {NULL, 0, 0};
	fill(&f);
	char *text = json_of(&f);
	json_t *root = json_loads(text, 0, NULL);
	assert_non_null(root);
	char *pretty = json_dumps(root, JSON_INDENT(1));
	fnl_golden_add(&g, "%s\n", pretty);
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("view_replay_json.txt")), 0);
	free(pretty);
	json_decref(root);
	free(text);
	fnl_replay_facts_deinit(&f);
}

/* 64 versions of the rules are shown; of more, how many. */
static void as_many_rules_as_are_shown(void **state)
{
	(void)state;
	struct fnl_replay_facts none = {.sorted = NULL};
	assert_int_equal(fnl_replay_sort(&none), 0);
	assert_int_equal(FNL_REPLAY_RULES_MAX, 64);
	for (size_t more = 0; more < 2; more++) {
		char *text = NULL;
		size_t len = 0;
		struct fnl_replay_told t = told();
		t.today_count = FNL_REPLAY_RULES_MAX + more;
		for (int i = 0; i < FNL_REPLAY_RULES_MAX; i++) {
			t.today[i] = (struct fnl_replay_rules){i + 1, "0123456789abcdef", first_ms};
		}
		FILE *out = open_memstream(&text, &len);
		struct fnl_canvas c = {.out = out};
		fnl_view_replay(&t, &none, 0, &c);
		assert_int_equal(fnl_view_replay_json(&t, &none, out), 0);
		fclose(out);
		assert_non_null(strstr(text, "version 64 of the rules"));
		assert_int_equal(strstr(text, "and 1 more versions") != NULL, more);
		assert_non_null(strstr(text, more ? "\"today_count\":65" : "\"today_count\":64"));
		free(text);
	}
	fnl_replay_facts_deinit(&none);
}

/* Sums beyond 64 bits are told in digits. */
static void nothing_overflows(void **state)
{
	(void)state;
	struct fnl_replay_facts f = {.sorted = NULL};
	struct fnl_replay_about a = about(FNL_REPLAY_AMOUNTS, 1, "TOP USD", NULL, "USD");
	for (int i = 0; i < 4; i++) {
		assert_int_equal(fnl_replay_add(&f, FNL_REPLAY_TODAY, &a, INT64_MAX), 0);
		assert_int_equal(fnl_replay_add(&f, FNL_REPLAY_WHAT_IF, &a, INT64_MIN), 0);
	}
	assert_int_equal(fnl_replay_sort(&f), 0);
	char *text = json_of(&f);
	assert_non_null(strstr(text, "\"today\":\"36893488147419103228\",\"what_if\":\"-36893488147419103232\""));
	free(text);
	fnl_replay_facts_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_shown_side_by_side),
		cmocka_unit_test(json_has_all_of_it_in_order),
		cmocka_unit_test(as_many_rules_as_are_shown),
		cmocka_unit_test(nothing_overflows),
	};
	return cmocka_run_group_tests_name("view of a replay", tests, NULL, NULL);
}
