/* The oracle itself, held against results that someone has tampered with: each must be refused. */
#include "oracle_run.h"

static void refuse(struct tools *t, struct result *r, const char *what, const char *expected)
{
	char why[2000] = "";
	if (oracle_check(t->oracle, &r->in, NULL, why, sizeof(why)) == 0) {
		fail_msg("%s was not noticed", what);
	}
	if (!strstr(why, expected)) {
		fail_msg("%s: '%s' does not say '%s'", what, why, expected);
	}
}

/* The first seed whose run has all that is tampered with. */
static struct result *rich_result(struct tools *t)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct result *r = run_seed(t, seed, FNL_CLOCK_EVENT);
		char why[2000];
		struct oracle_stats s;
		bool fine = oracle_check(t->oracle, &r->in, &s, why, sizeof(why)) == 0 && r->in.output_counts[0] > 10 &&
		            s.resync_requested > 2 && s.dead_letters > 2 && s.prospects > 3 && s.erased > 0 && s.timers > 0;
		size_t stalled = s.stalled[0] + s.stalled[1] + s.stalled[2] + s.stalled[3];
		if (fine && s.answers > 0 && s.silent > 0 && s.recovered > 0 && s.levels[1] > 0 && stalled > s.levels[0]) {
			return r;
		}
		free_result(r);
	}
	fail_msg("no seed gives a run to tamper with");
	return NULL;
}

static bool is_time(size_t topic, const struct fnl_record *r)
{
	return topic == ORACLE_REP_INPUTS && fnl_span_is_none(r->key);
}

/* Each output left out, and each there twice. */
static void test_dropped_and_doubled(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t);
	for (size_t topic = 0; topic < ORACLE_TOPIC_COUNT; topic++) {
		size_t n = r->in.output_counts[topic];
		struct fnl_record *changed = calloc(n + 1, sizeof(*changed));
		r->in.outputs[topic] = changed;
		for (size_t i = 0; i < n; i++) {
			if (is_time(topic, &r->records[topic][i])) {
				continue; /* how often a time is sent is left to the batches */
			}
			memcpy(changed, r->records[topic], i * sizeof(*changed));
			memcpy(changed + i, r->records[topic] + i + 1, (n - i - 1) * sizeof(*changed));
			r->in.output_counts[topic] = n - 1;
			refuse(t, r, "a dropped output", output_topics[topic]);
			memcpy(changed + i, r->records[topic] + i, (n - i) * sizeof(*changed));
			changed[n] = changed[i];
			r->in.output_counts[topic] = n + 1;
			refuse(t, r, "a doubled output", output_topics[topic]);
		}
		r->in.outputs[topic] = r->records[topic];
		r->in.output_counts[topic] = n;
		free(changed);
	}
	free_result(r);
}

/* The last time of each partition must have come, and none before the lines that belong before it. */
static void test_stage_times(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t);
	struct fnl_record *all = r->records[ORACLE_REP_INPUTS];
	size_t n = r->in.output_counts[ORACLE_REP_INPUTS], dropped = 0, early = 0;
	for (size_t i = n; i-- > 0 && dropped < PARTITIONS;) {
		if (is_time(ORACLE_REP_INPUTS, &all[i]) && all[i].partition == REP_PARTITIONS - 1) {
			struct fnl_record kept = all[i];
			all[i] = all[--r->in.output_counts[ORACLE_REP_INPUTS]];
			char why[2000];
			dropped += oracle_check(t->oracle, &r->in, NULL, why, sizeof(why)) != 0 && strstr(why, "StageTime");
			all[i] = kept;
			r->in.output_counts[ORACLE_REP_INPUTS] = n;
		}
	}
	for (size_t i = 0; i + 1 < n; i++) {
		struct fnl_record line = all[i], time = all[i + 1];
		if (!is_time(ORACLE_REP_INPUTS, &line) && is_time(ORACLE_REP_INPUTS, &time)) {
			char why[2000];
			all[i] = time;
			all[i + 1] = line;
			early += oracle_check(t->oracle, &r->in, NULL, why, sizeof(why)) != 0 && strstr(why, "after a StageTime");
			all[i] = line;
			all[i + 1] = time;
		}
	}
	assert_true(dropped > 0);
	assert_true(early > 0);
	free_result(r);
}

static void test_swapped(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t);
	size_t swapped = 0;
	for (size_t i = 0; i < r->in.output_counts[0]; i++) {
		for (size_t k = i + 1; k < r->in.output_counts[0]; k++) {
			struct fnl_record *a = &r->records[0][i], *b = &r->records[0][k];
			if (fnl_span_eq(a->key, b->key)) {
				struct fnl_record kept = *a;
				*a = *b;
				*b = kept;
				refuse(t, r, "two outputs of a key in another order", "layer-changes");
				*b = *a;
				*a = kept;
				swapped++;
				break;
			}
		}
	}
	assert_true(swapped > 3);
	free_result(r);
}

/* Any bit of an output's or a row's body is another value, or no value at all. */
static void test_changed_bytes(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t);
	for (size_t topic = 0; topic < ORACLE_TOPIC_COUNT; topic++) {
		for (size_t i = 0; i < r->in.output_counts[topic]; i++) {
			struct fnl_span v = r->records[topic][i].value;
			if (v.len) {
				uint8_t *byte = (uint8_t *)v.data + v.len - 1 - i % (v.len > 8 ? v.len - 6 : 1);
				*byte ^= 1;
				refuse(t, r, "a changed output", output_topics[topic]);
				*byte ^= 1;
			}
		}
	}
	for (size_t i = 0; i < r->in.row_count; i++) {
		struct fnl_span v = r->rows[i].value;
		uint8_t *byte = (uint8_t *)v.data + 5 + i % (v.len - 5);
		*byte ^= 1;
		refuse(t, r, "a changed row", "row ");
		*byte ^= 1;
	}
	free_result(r);
}

static void test_changed_headers(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t);
	static const size_t derived[] = {ORACLE_LAYER_CHANGES, ORACLE_ALERTS, ORACLE_REP_INPUTS};
	for (size_t d = 0; d < sizeof(derived) / sizeof(derived[0]); d++) {
		for (size_t i = 0; i < r->in.output_counts[derived[d]]; i++) {
			struct fnl_record *o = &r->records[derived[d]][i];
			for (size_t h = 0; h < o->header_count; h++) {
				struct fnl_span v = o->headers[h].value;
				uint8_t *byte = (uint8_t *)v.data + (v.len - 1);
				*byte ^= 1;
				refuse(t, r, "a changed header", output_topics[derived[d]]);
				*byte ^= 1;
			}
		}
	}
	free_result(r);
}

static void test_rows_missing_and_foreign(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t);
	size_t n = r->in.row_count;
	for (size_t i = 0; i < n; i++) {
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

/* What the view holds when the last input was not applied to it. */
static void test_older_rows(void **state)
{
	struct tools *t = *state;
	struct result *r = rich_result(t);
	size_t older = 0;
	for (size_t n = r->in.input_count; n-- > 0 && older < 30;) {
		struct world w;
		world_open(&w, FNL_CLOCK_EVENT);
		for (size_t i = 0; i < r->in.input_count; i++) {
			const struct fnl_record *in = &r->in.inputs[i];
			if (i != n) {
				assert_int_equal(
					w.bus->ops->publish(w.bus, "in", in->partition, in->key, in->value, in->headers, in->header_count),
					0);
			}
		}
		world_run(&w, t, 3);
		struct result *before = take_result(&w);
		world_close(&w);
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
		cmocka_unit_test(test_stage_times),
		cmocka_unit_test(test_swapped),
		cmocka_unit_test(test_changed_bytes),
		cmocka_unit_test(test_changed_headers),
		cmocka_unit_test(test_rows_missing_and_foreign),
		cmocka_unit_test(test_older_rows),
	};
	return cmocka_run_group_tests_name("oracle_tampered", tests, open_tools, close_tools);
}
