/* The rep stage's oracle itself, held against results that someone has tampered with: each must be refused. */
#include "oracle_rep_run.h"

static void refuse(struct tools *t, struct result *r, const char *what, const char *expected)
{
	char why[2000] = "";
	if (oracle_rep_check(t->oracle, &r->in, NULL, why, sizeof(why)) == 0) {
		fail_msg("%s was not noticed", what);
	}
	if (!strstr(why, expected)) {
		fail_msg("%s: '%s' does not say '%s'", what, why, expected);
	}
}

static bool is_rich(enum rich rich, const struct oracle_rep_stats *s, size_t rejections)
{
	bool quotas = rejections > 0 && s->dead_letters > 2 && s->lines > 3 && s->quota_lines < 60 && s->frozen > 0;
	switch (rich) {
	case RICH_BY_EVENT:
		return quotas && s->frozen > 1 && s->quota_lines > 3 && s->recalculated > 1 && s->stalled > 3 &&
		       s->cleared > 0 && s->escalated > 0 && s->answers > 0 && s->sheets > 1 && s->sheets < 200;
	case RICH_HANDOVERS:
		return s->completed > 0 && s->tasks_released > 0 && s->tasks_superseded > 0 && s->findings > 3 &&
		       s->reassigned > 0 && s->outcomes > 0 && s->reports_refused > 0 && s->asked > 0 && s->sheets < 200;
	case RICH_QUOTAS_BY_WALL:
		return quotas && s->quota_lines > 0 && s->recalculated > 0;
	default:
		return s->sheets > 0 && s->sheet_pages > 0 && s->stalled > 3;
	}
}

/* The first seed whose run has all that is tampered with. */
static struct result *rich_result(struct tools *t, enum rich rich)
{
	for (uint64_t seed = t->rich_seeds[rich] + !t->rich_seeds[rich]; seed <= SEEDS; seed++) {
		struct result *r = run_seed(t, seed, rich <= RICH_HANDOVERS ? FNL_CLOCK_EVENT : FNL_CLOCK_WALL);
		char why[2000];
		struct oracle_rep_stats s;
		if (oracle_rep_check(t->oracle, &r->in, &s, why, sizeof(why)) == 0 && s.doubtful == 0 &&
		    is_rich(rich, &s, r->in.output_counts[ORACLE_REP_REJECTIONS])) {
			t->rich_seeds[rich] = seed;
			return r;
		}
		free_result(r);
	}
	fail_msg("no seed gives a run to tamper with");
	return NULL;
}

static bool is_refused(struct tools *t, struct result *r)
{
	char why[2000];
	return oracle_rep_check(t->oracle, &r->in, NULL, why, sizeof(why)) != 0;
}

/* A rich run has hundreds of outputs, and each try is a whole check: so many of them, evenly. A sanitizer looks at the
 * code, which is the same in each. */
static size_t stride_of(size_t count)
{
#ifdef __SANITIZE_ADDRESS__
	enum { TRIES = 3 };
#else
	enum { TRIES = 8 };
#endif
	return count / TRIES + 1;
}

/* Outputs left out, and there twice. By the wall clock the draft of a rep who has gone to another organisation
 * since leaves no trace: seldom. */
static void dropped_and_doubled(struct tools *t, enum rich rich)
{
	struct result *r = rich_result(t, rich);
	size_t tried = 0, missed = 0;
	for (size_t topic = 0; topic < ORACLE_REP_TOPIC_COUNT; topic++) {
		size_t n = r->in.output_counts[topic];
		const struct fnl_record *all = r->in.outputs[topic];
		/* by the wall clock handovers, and what they refuse and ask, are not repeated */
		if (rich > RICH_HANDOVERS &&
		    (topic >= ORACLE_REP_HANDOVERS || topic == ORACLE_REP_ORG_INPUTS || topic == ORACLE_REP_REJECTIONS)) {
			continue;
		}
		struct fnl_record *changed = calloc(n + 1, sizeof(*changed));
		r->in.outputs[topic] = changed;
		for (size_t i = 0; i < n; i += stride_of(n)) {
			memcpy(changed, all, i * sizeof(*changed));
			memcpy(changed + i, all + i + 1, (n - i - 1) * sizeof(*changed));
			r->in.output_counts[topic] = n - 1;
			tried++;
			missed += !is_refused(t, r);
			memcpy(changed + i, all + i, (n - i) * sizeof(*changed));
			changed[n] = changed[i];
			r->in.output_counts[topic] = n + 1;
			refuse(t, r, "a doubled output", "");
		}
		r->in.outputs[topic] = all;
		r->in.output_counts[topic] = n;
		free(changed);
	}
	assert_true(missed <= (rich <= RICH_HANDOVERS ? 0 : tried / 10));
	free_result(r);
}

static void test_dropped_and_doubled(void **state)
{
	dropped_and_doubled(*state, RICH_BY_EVENT);
	dropped_and_doubled(*state, RICH_HANDOVERS);
}

static void test_dropped_and_doubled_by_wall_clock(void **state)
{
	dropped_and_doubled(*state, RICH_QUOTAS_BY_WALL);
	dropped_and_doubled(*state, RICH_SHEETS_BY_WALL);
}

static void test_swapped(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t, RICH_BY_EVENT);
	struct fnl_record *all = r->of->records[ORACLE_REP_QUOTAS];
	size_t swapped = 0;
	for (size_t i = 0; i < r->in.output_counts[ORACLE_REP_QUOTAS] && swapped < 12; i++) {
		for (size_t k = i + 1; k < r->in.output_counts[ORACLE_REP_QUOTAS]; k++) {
			if (fnl_span_eq(all[i].key, all[k].key)) {
				struct fnl_record kept = all[i];
				all[i] = all[k];
				all[k] = kept;
				refuse(t, r, "two outputs of a key in another order", "quotas");
				all[k] = all[i];
				all[i] = kept;
				swapped++;
				break;
			}
		}
	}
	assert_true(swapped > 3);
	free_result(r);
}

/* Any bit of an output's or a row's body is another value, or no value at all. */
static void changed_bytes(struct tools *t, enum rich rich)
{
	struct result *r = rich_result(t, rich);
	for (size_t topic = 0; topic < ORACLE_REP_TOPIC_COUNT; topic++) {
		size_t n = r->in.output_counts[topic];
		for (size_t i = 0; i < n; i += stride_of(n)) {
			struct fnl_span v = r->in.outputs[topic][i].value;
			if (v.len) {
				uint8_t *byte = (uint8_t *)v.data + v.len - 1 - i % (v.len > 8 ? v.len - 6 : 1);
				*byte ^= 1;
				refuse(t, r, "a changed output", output_topics[topic]);
				*byte ^= 1;
			}
		}
	}
	for (size_t i = 0; i < r->in.row_count; i += stride_of(r->in.row_count)) {
		struct fnl_span v = r->rows[i].value;
		uint8_t *byte = (uint8_t *)v.data + 5 + i * 7 % (v.len - 5);
		*byte ^= 1;
		refuse(t, r, "a changed row", "row ");
		*byte ^= 1;
	}
	free_result(r);
}

static void test_changed_bytes(void **state)
{
	changed_bytes(*state, RICH_BY_EVENT);
	changed_bytes(*state, RICH_HANDOVERS);
}

/* One header of an output, the next one of the next. */
static void changed_headers(struct tools *t, enum rich rich)
{
	struct result *r = rich_result(t, rich);
	size_t tried = 0;
	for (size_t topic = 0; topic < ORACLE_REP_TOPIC_COUNT; topic++) {
		size_t n = r->in.output_counts[topic];
		for (size_t i = 0; topic != ORACLE_REP_DEAD_LETTERS && i < n; i += 2 * stride_of(n)) {
			const struct fnl_record *o = &r->in.outputs[topic][i];
			struct fnl_span v = o->headers[tried++ % o->header_count].value;
			uint8_t *byte = (uint8_t *)v.data + (v.len - 1);
			*byte ^= 1;
			refuse(t, r, "a changed header", output_topics[topic]);
			*byte ^= 1;
		}
	}
	assert_true(tried > 8);
	free_result(r);
}

static void test_changed_headers(void **state)
{
	changed_headers(*state, RICH_BY_EVENT);
	changed_headers(*state, RICH_HANDOVERS);
}

static void rows_missing_and_foreign(struct tools *t, enum rich rich)
{
	struct result *r = rich_result(t, rich);
	size_t n = r->in.row_count;
	for (size_t i = 0; i < n; i += stride_of(n)) {
		struct oracle_row kept = r->rows[i];
		r->rows[i] = r->rows[n - 1];
		r->in.row_count = n - 1;
		refuse(t, r, "a missing row", "");
		r->in.row_count = n;
		r->rows[i] = kept;
		r->rows[n] = kept;
		r->rows[n].key = FNL_SPAN_LIT("foreign");
		r->in.row_count = n + 1;
		refuse(t, r, "a foreign row", "");
		r->in.row_count = n;
		r->rows[i].deadline_ms = kept.deadline_ms == INT64_MAX ? 0 : INT64_MAX - 1;
		refuse(t, r, "another deadline", "deadline");
		r->rows[i] = kept;
	}
	free_result(r);
}

static void test_rows_missing_and_foreign(void **state)
{
	rows_missing_and_foreign(*state, RICH_BY_EVENT);
	rows_missing_and_foreign(*state, RICH_HANDOVERS);
}

/* Two outputs of one handover in another order; among them those of a gate. */
static void test_swapped_handovers(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t, RICH_HANDOVERS);
	struct fnl_record *all = r->of->records[ORACLE_REP_HANDOVERS];
	size_t swapped = 0, n = r->in.output_counts[ORACLE_REP_HANDOVERS];
	for (size_t i = 0; i < n; i += stride_of(n)) {
		for (size_t k = i + 1; k < n; k++) {
			if (fnl_span_eq(all[i].key, all[k].key) && all[i].partition == all[k].partition) {
				struct fnl_record kept = all[i];
				all[i] = all[k];
				all[k] = kept;
				refuse(t, r, "two outputs of a handover in another order", "handovers");
				all[k] = all[i];
				all[i] = kept;
				swapped++;
				break;
			}
		}
	}
	assert_true(swapped > 0);
	free_result(r);
}

/* All of a result's input but one record. */
struct without {
	const struct result *r;
	size_t skipped;
};

static void publish_without(void *context, struct fnl_bus *bus, uint64_t seed)
{
	const struct without *w = context;
	(void)seed;
	for (size_t i = 0; i < w->r->in.input_count; i++) {
		const struct fnl_record *in = &w->r->in.inputs[i];
		if (i != w->skipped) {
			assert_int_equal(
				bus->ops->publish(bus, "in", in->partition, in->key, in->value, in->headers, in->header_count), 0);
		}
	}
}

/* What the view holds when one of the last inputs was not applied to it. */
static void test_older_rows(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t, RICH_BY_EVENT);
	size_t older = 0;
	for (size_t n = r->in.input_count; n-- > 0 && older < 30;) {
		struct without w = {r, n};
		struct result *before = run_with(t, 3, FNL_CLOCK_EVENT, publish_without, &w);
		for (size_t i = 0; i < r->in.row_count; i++) {
			for (size_t k = 0; k < before->in.row_count; k++) {
				struct oracle_row *a = &r->rows[i], *b = &before->rows[k];
				if (a->partition == b->partition && a->table == b->table && fnl_span_eq(a->key, b->key) &&
				    !fnl_span_eq(a->value, b->value)) {
					struct oracle_row kept = *a;
					*a = *b;
					refuse(t, r, "an older row", "row ");
					*a = kept;
					older++;
				}
			}
		}
		free_result(before);
	}
	assert_true(older >= 10);
	free_result(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dropped_and_doubled),
		cmocka_unit_test(test_dropped_and_doubled_by_wall_clock),
		cmocka_unit_test(test_swapped),
		cmocka_unit_test(test_swapped_handovers),
		cmocka_unit_test(test_changed_bytes),
		cmocka_unit_test(test_changed_headers),
		cmocka_unit_test(test_rows_missing_and_foreign),
		cmocka_unit_test(test_older_rows),
	};
	return cmocka_run_group_tests_name("rep oracle, tampered", tests, open_tools, close_tools);
}
