/* The behaviours. Included by log_contract.c, whose helpers they use. */

void log_contract_topics_are_created_once(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	struct fnl_bus *bus = w.c->bus;
	struct fnl_topic_spec same = {w.changelog, 2, FNL_CLEANUP_COMPACT, -1, 0};
	struct fnl_topic_spec wider = {w.changelog, 3, FNL_CLEANUP_COMPACT, -1, 0};
	struct fnl_topic_spec deleted = {w.changelog, 2, FNL_CLEANUP_DELETE, -1, 0};
	assert_int_equal(bus->ops->create_topic(bus, &same), 1);
	assert_int_equal(bus->ops->create_topic(bus, &wider), FNL_E_LAYOUT);
	assert_int_equal(bus->ops->create_topic(bus, &deleted), FNL_E_LAYOUT);
	struct fnl_topic_info info = {-1};
	BUS_OK(&w, describe_topic(bus, w.changelog, &info));
	assert_int_equal(info.partition_count, 2);
	BUS_OK(&w, describe_topic(bus, "there-is-no-such-topic", &info));
	assert_int_equal(info.partition_count, 0);
	const char *id = NULL, *again = NULL;
	BUS_OK(&w, cluster_id(bus, &id));
	BUS_OK(&w, cluster_id(bus, &again));
	assert_true(id && id[0]);
	assert_string_equal(id, again);
	world_close(&w);
}

/* What read_key has shown. */
struct of_key {
	struct fnl_span key;
	int32_t partition;
	size_t count;
};

static int check_partition(void *context, size_t at, const struct fnl_record *r)
{
	struct of_key *o = context;
	assert_int_equal(at, 0);
	assert_int_equal(r->partition, o->partition);
	o->count += fnl_span_eq(r->key, o->key);
	return 0;
}

/* The figures are those of org.apache.kafka.common.utils.Utils.murmur2. */
void log_contract_keys_find_their_partition_as_in_java(void **state)
{
	static const struct {
		const char *key;
		int32_t hash;
	} cases[] = {
		{"21", -973932308},
		{"foobar", -790332482},
		{"a-little-bit-long-string", -985981536},
		{"abc", 479470107},
	};
	enum { WIDE = 13 };
	struct world w;
	world_open(&w, state, 1);
	char wide[LOG_CONTRACT_NAME_MAX];
	w.c->name(w.c->context, "wide", wide);
	topic(&w, wide, WIDE, FNL_CLEANUP_DELETE);
	const char *outputs[] = {wide};
	struct log_contract_worker settings = {w.input, w.changelog, outputs, 1, w.group, w.ids[0]};
	struct fnl_log *l = w.logs[0] = w.c->open(w.c->context, &settings);
	LOG_OK(l, producer_reset(l, w.c->deadline_ms));
	for (size_t i = 0; i < 4; i++) {
		struct fnl_span key = span(cases[i].key);
		int32_t partition = (cases[i].hash & 0x7fffffff) % WIDE;
		struct fnl_partition_lag before[WIDE], after[WIDE];
		BUS_OK(&w, lag(w.c->bus, w.group, wide, before, WIDE));
		BUS_OK(&w, publish(w.c->bus, wide, -1, key, span("published"), NULL, 0));
		BUS_OK(&w, publish_flush(w.c->bus, w.c->deadline_ms));
		begin_with(&w, l, cases[i].key, "produced");
		LOG_OK(l, txn_commit(l, w.c->deadline_ms));
		for (int k = 0; k < w.c->tries; k++) {
			BUS_OK(&w, lag(w.c->bus, w.group, wide, after, WIDE));
			if (after[partition].end == before[partition].end + 3) {
				break; /* two records and a marker */
			}
		}
		assert_int_equal(after[partition].end, before[partition].end + 3);
		struct of_key o = {key, partition, 0};
		BUS_OK(&w, read_key(w.c->bus, wide, key, check_partition, &o));
		assert_int_equal(o.count, 2);
	}
	assert_int_equal(w.c->bus->ops->read_key(w.c->bus, "none-such", span("abc"), check_partition, NULL),
	                 FNL_E_NOT_FOUND);
	world_close(&w);
}

static int check_record(void *context, size_t at, const struct fnl_record *r)
{
	size_t *count = context;
	(void)at;
	bool is_first = (*count)++ == 0;
	assert_true(fnl_span_is_none(r->key) == is_first);
	assert_int_equal(r->key.len, 0);
	assert_true(fnl_span_is_none(r->value) == !is_first);
	assert_int_equal(r->value.len, 0);
	assert_int_equal(r->header_count, 3);
	struct fnl_span last = fnl_record_header(r, "twice"), none = fnl_record_header(r, "none");
	assert_int_equal(last.len, 6);
	assert_memory_equal(last.data, "second", 6);
	assert_true(fnl_span_is_none(none));
	assert_true(r->timestamp_ms > 0);
	return 0;
}

void log_contract_null_is_not_empty(void **state)
{
	const struct fnl_header headers[] = {
		{span("twice"), span("first")},
		{span("none"), FNL_SPAN_NONE},
		{span("twice"), span("second")},
	};
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *l = open_alone(&w);
	BUS_OK(&w, publish(w.c->bus, w.input, 0, FNL_SPAN_NONE, span(""), headers, 3));
	BUS_OK(&w, publish(w.c->bus, w.input, 0, span(""), FNL_SPAN_NONE, headers, 3));
	BUS_OK(&w, publish_flush(w.c->bus, w.c->deadline_ms));
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, produce(l, 0, FNL_PARTITION_BY_KEY, FNL_SPAN_NONE, span(""), headers, 3));
	LOG_OK(l, produce(l, 0, FNL_PARTITION_BY_KEY, span(""), FNL_SPAN_NONE, headers, 3));
	LOG_OK(l, txn_commit(l, w.c->deadline_ms));
	expect_seen(&w, w.out, "0/0 ~=;0/1 =~;");
	const char *out = w.out;
	size_t count = 0;
	BUS_OK(&w, read(w.c->bus, &out, 1, true, true, NULL, check_record, &count));
	assert_int_equal(count, 2);
	LOG_OK(l, start(l, 0, 0));
	count = 0;
	for (int i = 0; i < w.c->tries && count < 2; i++) {
		struct fnl_poll p = {0};
		may_retry(l->ops->poll(l, 2, 1 << 20, w.c->wait_ms, &p));
		for (size_t k = 0; k < p.record_count; k++) {
			check_record(&count, 0, &p.records[k]);
		}
	}
	assert_int_equal(count, 2);
	world_close(&w);
}

static int stop_at_second(void *context, size_t at, const struct fnl_record *r)
{
	struct world *w = context;
	(void)at;
	add_text(w, r);
	return w->taken == 2;
}

void log_contract_bus_reads_to_the_end_it_found(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	put(&w, 0, "a", "1");
	put(&w, 0, "b", "2");
	put(&w, 0, "c", "3");
	assert_string_equal(seen(&w, w.input), "0/0 a=1;0/1 b=2;0/2 c=3;");
	const char *input = w.input;
	forget(&w);
	BUS_OK(&w, read(w.c->bus, &input, 1, true, false, NULL, stop_at_second, &w));
	assert_string_equal(w.text, "0/0 a=1;0/1 b=2;");
	forget(&w);
	BUS_OK(&w, read(w.c->bus, &input, 1, false, true, NULL, add_visit, &w));
	assert_string_equal(w.text, "");
	world_close(&w);
}

void log_contract_committed_is_visible_only_after_commit(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *l = open_producer(&w, 0, 0);
	begin_with(&w, l, "a", "1");
	assert_string_equal(seen(&w, w.out), "");
	LOG_OK(l, txn_commit(l, w.c->deadline_ms));
	expect_seen(&w, w.out, "0/0 a=1;");
	world_close(&w);
}

void log_contract_aborted_is_never_visible(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *l = open_producer(&w, 0, 0);
	begin_with(&w, l, "a", "1");
	LOG_OK(l, txn_abort(l, w.c->deadline_ms));
	begin_with(&w, l, "b", "2");
	LOG_OK(l, txn_commit(l, w.c->deadline_ms));
	expect_seen(&w, w.out, "0/2 b=2;");
	/* nor is what was only queued when it was aborted */
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, produce(l, 0, FNL_PARTITION_BY_KEY, span("c"), span("3"), NULL, 0));
	LOG_OK(l, txn_abort(l, w.c->deadline_ms));
	assert_string_equal(seen(&w, w.out), "0/2 b=2;");
	world_close(&w);
}

/* Nobody may read it yet, and nobody is at the end. */
void log_contract_what_is_open_is_still_to_come(void **state)
{
	struct world w;
	struct fnl_partition_lag lag;
	world_open(&w, state, 1);
	struct fnl_log *l = open_producer(&w, 0, 0);
	BUS_OK(&w, lag(w.c->bus, "nobody", w.out, &lag, 1));
	assert_false(lag.behind);
	begin_with(&w, l, "a", "1");
	BUS_OK(&w, lag(w.c->bus, "nobody", w.out, &lag, 1));
	assert_true(lag.behind);
	assert_int_equal(lag.end, 0);
	LOG_OK(l, txn_abort(l, w.c->deadline_ms));
	lag.behind = true;
	for (int i = 0; i < w.c->tries && lag.behind; i++) {
		BUS_OK(&w, lag(w.c->bus, "nobody", w.out, &lag, 1));
	}
	assert_false(lag.behind);
	world_close(&w);
}

void log_contract_empty_transaction_commits(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *l = open_producer(&w, 0, 0);
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, flush(l, w.c->deadline_ms));
	LOG_OK(l, txn_commit(l, w.c->deadline_ms));
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, txn_abort(l, w.c->deadline_ms));
	world_close(&w);
}

void log_contract_outputs_go_where_they_are_sent(void **state)
{
	struct world w;
	world_open(&w, state, 3);
	struct fnl_log *l = open_producer(&w, 0, 0);
	struct fnl_header h = {span("to"), span("all")};
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, produce(l, 1, 2, span("k"), span("two"), NULL, 0));
	LOG_OK(l, produce(l, 1, FNL_PARTITION_EVERY, span("k"), span("all"), &h, 1));
	LOG_OK(l, produce(l, 0, FNL_PARTITION_EVERY, span("k"), span("one"), NULL, 0));
	LOG_OK(l, flush(l, w.c->deadline_ms));
	LOG_OK(l, txn_commit(l, w.c->deadline_ms));
	struct fnl_partition_lag lag[3];
	BUS_OK(&w, lag(w.c->bus, w.group, w.input, lag, 3));
	/* records and a marker each, which arrive when they like */
	for (int i = 0; i < w.c->tries && (lag[0].end < 2 || lag[1].end < 2 || lag[2].end < 3); i++) {
		w.c->pass(w.c->context, w.c->wait_ms);
		BUS_OK(&w, lag(w.c->bus, w.group, w.input, lag, 3));
	}
	assert_int_equal(lag[0].end, 2);
	assert_int_equal(lag[1].end, 2);
	assert_int_equal(lag[2].end, 3);
	seen(&w, w.input);
	assert_int_equal(w.taken, 4);
	assert_non_null(strstr(w.text, "0/0 k=all;"));
	assert_non_null(strstr(w.text, "1/0 k=all;"));
	assert_non_null(strstr(w.text, "2/0 k=two;2/1 k=all;"));
	expect_seen(&w, w.out, "0/0 k=one;");
	LOG_OK(l, txn_begin(l));
	assert_int_equal(l->ops->produce(l, 1, 3, span("k"), span("v"), NULL, 0), FNL_E_ARGUMENT);
	assert_int_equal(l->ops->produce(l, 1, -3, span("k"), span("v"), NULL, 0), FNL_E_ARGUMENT);
	LOG_OK(l, txn_abort(l, w.c->deadline_ms));
	world_close(&w);
}

/* A stateless stage: offsets without metadata, and no changelog to ask for. */
void log_contract_a_changelog_need_not_be(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	const char *outputs[] = {w.out};
	struct log_contract_worker settings = {w.input, NULL, outputs, 1, w.group, w.ids[0]};
	struct fnl_log *l = w.logs[0] = w.c->open(w.c->context, &settings);
	balance(&w, 1, (size_t[]){2});
	LOG_OK(l, producer_reset(l, w.c->deadline_ms));
	struct fnl_commit pair = {1, 7, FNL_SPAN_NONE};
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, produce(l, 0, FNL_PARTITION_BY_KEY, span("k"), span("v"), NULL, 0));
	assert_int_equal(l->ops->produce_changelog(l, 0, span("k"), span("v")), FNL_E_ARGUMENT);
	LOG_OK(l, flush(l, w.c->deadline_ms));
	assert_int_equal(l->ops->changelog_next(l, 0), -1);
	LOG_OK(l, send_offsets(l, &pair, 1, w.c->deadline_ms));
	LOG_OK(l, txn_commit(l, w.c->deadline_ms));
	expect_pair(&w, l, 1, 7, "");
	expect_pair(&w, l, 0, -1, "");
	expect_seen(&w, w.out, "0/0 k=v;");
	int64_t start = 0, end = 0;
	assert_int_equal(l->ops->changelog_bounds(l, 0, &start, &end, w.c->deadline_ms), FNL_E_ARGUMENT);
	assert_int_equal(l->ops->restore_open(l, 0, 0), FNL_E_ARGUMENT);
	world_close(&w);
}

void log_contract_markers_take_offsets(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	struct fnl_log *l = open_producer(&w, 0, 0);
	LOG_OK(l, txn_begin(l));
	row(l, 0, "a", "1");
	row(l, 0, "b", "2");
	LOG_OK(l, flush(l, w.c->deadline_ms));
	assert_int_equal(l->ops->changelog_next(l, 0), 2);
	assert_int_equal(l->ops->changelog_next(l, 1), -1);
	LOG_OK(l, txn_commit(l, w.c->deadline_ms));
	expect_end(&w, l, 0, 3);
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, flush(l, w.c->deadline_ms));
	assert_int_equal(l->ops->changelog_next(l, 0), -1);
	row(l, 0, "c", "3");
	row(l, 1, "d", "4");
	LOG_OK(l, flush(l, w.c->deadline_ms));
	assert_int_equal(l->ops->changelog_next(l, 0), 4);
	assert_int_equal(l->ops->changelog_next(l, 1), 1);
	LOG_OK(l, txn_commit(l, w.c->deadline_ms));
	expect_end(&w, l, 0, 5);
	expect_end(&w, l, 1, 2);
	world_close(&w);
}

/* One of each, then runs. */
static int32_t partition_of_row(size_t i)
{
	return i < 2 ? (int32_t)i : i / 140 % 2 == 0;
}

/* Rows may be kept back until flush: none is lost or doubled, none of an aborted transaction comes with the next one,
 * and each partition has its own in their order. */
void log_contract_rows_wait_for_each_other(void **state)
{
	enum { ROWS = 300 };
	static char keys[ROWS][8];
	struct world w;
	world_open(&w, state, 2);
	struct fnl_log *l = open_producer(&w, 0, 0);
	LOG_OK(l, txn_begin(l));
	row(l, 0, "aborted", "row");
	LOG_OK(l, txn_abort(l, w.c->deadline_ms));
	LOG_OK(l, txn_begin(l));
	size_t count[2] = {0, 0};
	for (size_t i = 0; i < ROWS; i++) {
		int32_t partition = partition_of_row(i);
		snprintf(keys[i], sizeof(keys[i]), "%zu", i);
		row(l, partition, keys[i], "v");
		count[partition]++;
	}
	LOG_OK(l, flush(l, w.c->deadline_ms));
	int64_t next[2] = {l->ops->changelog_next(l, 0), l->ops->changelog_next(l, 1)};
	LOG_OK(l, txn_commit(l, w.c->deadline_ms));
	for (int32_t p = 0; p < 2; p++) {
		struct fnl_restore_chunk chunk = {.position = 0};
		size_t found = 0;
		size_t expected = 0;
		LOG_OK(l, restore_open(l, p, 0));
		for (int i = 0; i < w.c->tries && chunk.position < next[p]; i++) {
			may_retry(l->ops->restore_poll(l, ROWS, w.c->wait_ms, &chunk));
			for (size_t k = 0; k < chunk.record_count; k++, found++, expected++) {
				while (expected < ROWS && partition_of_row(expected) != p) {
					expected++;
				}
				assert_true(expected < ROWS);
				assert_int_equal(chunk.records[k].key.len, strlen(keys[expected]));
				assert_memory_equal(chunk.records[k].key.data, keys[expected], strlen(keys[expected]));
				assert_true(chunk.records[k].offset < next[p]);
			}
			chunk.record_count = 0;
		}
		l->ops->restore_close(l);
		assert_int_equal(found, count[p]);
	}
	world_close(&w);
}

void log_contract_bounds_count_uncommitted_records(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *l = open_producer(&w, 0, 0);
	expect_end(&w, l, 0, 0);
	LOG_OK(l, txn_begin(l));
	row(l, 0, "a", "1");
	LOG_OK(l, flush(l, w.c->deadline_ms));
	expect_end(&w, l, 0, 1);
	LOG_OK(l, restore_open(l, 0, 0));
	for (int i = 0; i < w.c->quiet_tries; i++) {
		struct fnl_restore_chunk chunk = {0};
		may_retry(l->ops->restore_poll(l, 10, w.c->wait_ms, &chunk));
		assert_int_equal(chunk.record_count, 0);
		assert_int_equal(chunk.position, 0);
	}
	l->ops->restore_close(l);
	LOG_OK(l, txn_abort(l, w.c->deadline_ms));
	expect_end(&w, l, 0, 2);
	world_close(&w);
}

void log_contract_restore_passes_markers_and_aborted_records(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	struct fnl_log *l = open_producer(&w, 0, 0);
	for (int i = 0; i < 4; i++) {
		LOG_OK(l, txn_begin(l));
		row(l, 0, i % 2 ? "aborted" : "a", "1");
		row(l, 0, i % 2 ? "aborted" : "b", i % 2 ? "2" : NULL);
		row(l, 1, "c", "3");
		LOG_OK(l, flush(l, w.c->deadline_ms));
		if (i % 2) {
			LOG_OK(l, txn_abort(l, w.c->deadline_ms));
		} else {
			LOG_OK(l, txn_commit(l, w.c->deadline_ms));
		}
	}
	assert_string_equal(restored(&w, l, 0, 0, 12, 100), "0/0 a=1;0/1 b=~;0/6 a=1;0/7 b=~;");
	assert_string_equal(restored(&w, l, 0, 1, 12, 1), "0/1 b=~;0/6 a=1;0/7 b=~;");
	assert_string_equal(restored(&w, l, 0, 9, 12, 100), "");
	LOG_OK(l, restore_open(l, 0, 0)); /* another open closes it */
	assert_string_equal(restored(&w, l, 1, 0, 8, 100), "1/0 c=3;1/4 c=3;");
	assert_string_equal(restored(&w, l, 1, 5, 5, 100), "");
	world_close(&w);
}

void log_contract_restore_passes_what_compaction_removed(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	if (!w.c->compact) {
		skip();
	}
	struct fnl_log *l = open_producer(&w, 0, 0);
	LOG_OK(l, txn_begin(l));
	row(l, 0, "a", "1");
	row(l, 0, "b", "1");
	row(l, 0, "a", "2");
	row(l, 0, "b", NULL);
	LOG_OK(l, txn_commit(l, w.c->deadline_ms));
	w.c->compact(w.c->context, w.changelog);
	assert_string_equal(restored(&w, l, 0, 0, 4, 100), "0/2 a=2;0/3 b=~;");
	LOG_OK(l, txn_begin(l));
	row(l, 0, "a", "open"); /* not decided: it must not remove the older one */
	LOG_OK(l, flush(l, w.c->deadline_ms));
	w.c->pass(w.c->context, w.c->txn_timeout_ms / 2);
	w.c->compact(w.c->context, w.changelog);
	LOG_OK(l, txn_abort(l, w.c->deadline_ms));
	expect_end(&w, l, 0, 7);
	w.c->pass(w.c->context, w.c->txn_timeout_ms / 2);
	w.c->compact(w.c->context, w.changelog); /* now the last marker is gone, too: nothing lies at the end */
	assert_string_equal(restored(&w, l, 0, 0, 4, 100), "0/2 a=2;");
	assert_string_equal(restored(&w, l, 0, 3, 7, 100), "");
	world_close(&w);
}

void log_contract_committed_pair_round_trips(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	struct fnl_log *l = open_alone(&w);
	expect_pair(&w, l, 0, -1, "");
	commit_pair(&w, l, 0, 7, "cl=12");
	expect_pair(&w, l, 0, 7, "cl=12");
	expect_pair(&w, l, 1, -1, "");
	commit_pair(&w, l, 0, 9, "");
	expect_pair(&w, l, 0, 9, "");
	struct fnl_commit undone = {0, 11, span("cl=99")};
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, send_offsets(l, &undone, 1, w.c->deadline_ms));
	LOG_OK(l, txn_abort(l, w.c->deadline_ms));
	expect_pair(&w, l, 0, 9, "");
	world_close(&w);
}

void log_contract_committed_waits_for_a_pending_transaction(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	struct fnl_log *l = open_alone(&w);
	struct fnl_log *other = open_as(&w, 1, 1);
	balance(&w, 2, (size_t[]){1, 1}); /* a member that waits to join cannot ask on a real broker */
	int32_t mine = w.share[0].partitions[0], free = w.share[1].partitions[0];
	commit_pair(&w, l, mine, 3, "cl=1");
	expect_pair(&w, other, mine, 3, "cl=1");
	struct fnl_commit pair = {mine, 5, span("cl=2")};
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, send_offsets(l, &pair, 1, w.c->deadline_ms));
	struct fnl_committed asked[2] = {{.partition = mine, .offset = 42}, {.partition = free}};
	int rc = other->ops->committed(other, asked, 2, 300);
	assert_true(rc < 0);
	assert_int_equal(fnl_status_class(rc), FNL_CLASS_RETRIABLE);
	assert_int_equal(asked[0].offset, 42);
	expect_pair(&w, other, free, -1, "");
	LOG_OK(l, txn_commit(l, w.c->deadline_ms));
	expect_pair(&w, other, mine, 5, "cl=2");
	world_close(&w);
}

/* A call of the old producer says that it is over; which one is the client's affair. */
static int write_on(struct world *w, struct fnl_log *l)
{
	int rc = l->ops->produce(l, 0, FNL_PARTITION_BY_KEY, span("old"), span("more"), NULL, 0);
	rc = rc ? rc : l->ops->flush(l, w->c->deadline_ms);
	return rc ? rc : l->ops->txn_commit(l, w->c->deadline_ms);
}

void log_contract_newer_producer_fences_the_older(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *old = open_producer(&w, 0, 0);
	begin_with(&w, old, "old", "1");
	struct fnl_log *new = open_producer(&w, 1, 0);
	begin_with(&w, new, "new", "1");
	int rc = write_on(&w, old);
	assert_true(rc < 0);
	assert_int_equal(fnl_status_class(rc), FNL_CLASS_UNKNOWN);
	LOG_OK(new, txn_commit(new, w.c->deadline_ms));
	expect_seen(&w, w.out, "0/2 new=1;");
	/* made anew, the old one is the newer one */
	LOG_OK(old, producer_reset(old, w.c->deadline_ms));
	begin_with(&w, old, "again", "2");
	LOG_OK(old, txn_commit(old, w.c->deadline_ms));
	expect_seen(&w, w.out, "0/2 new=1;0/4 again=2;");
	world_close(&w);
}

void log_contract_abandoned_transaction_times_out(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *old = open_producer(&w, 0, 0);
	begin_with(&w, old, "old", "1");
	struct fnl_log *other = open_producer(&w, 1, 1);
	begin_with(&w, other, "other", "2");
	LOG_OK(other, txn_commit(other, w.c->deadline_ms));
	assert_string_equal(seen(&w, w.out), ""); /* it waits behind the open one */
	w.c->pass(w.c->context, w.c->txn_timeout_ms);
	expect_seen(&w, w.out, "0/1 other=2;");
	int rc = write_on(&w, old);
	assert_true(rc < 0);
	assert_int_equal(fnl_status_class(rc), FNL_CLASS_UNKNOWN);
	LOG_OK(old, producer_reset(old, w.c->deadline_ms));
	begin_with(&w, old, "again", "3");
	LOG_OK(old, txn_commit(old, w.c->deadline_ms));
	world_close(&w);
}
