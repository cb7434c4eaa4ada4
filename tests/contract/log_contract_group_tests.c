/* The behaviours of a group's members. Included by log_contract.c, whose helpers they use. */

void log_contract_crashed_worker_is_followed(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *l = open_alone(&w);
	put(&w, 0, "a", "1");
	put(&w, 0, "b", "2");
	LOG_OK(l, start(l, 0, 0));
	assert_string_equal(take(&w, 0, 2), "0/0 a=1;0/1 b=2;");
	assert_int_equal(l->ops->input_end(l, 0), 2);
	assert_int_equal(l->ops->input_end(l, 7), -1);
	commit_pair(&w, l, 0, 1, "cl=0");
	struct fnl_commit pair = {0, 2, span("cl=1")};
	begin_with(&w, l, "b", "lost");
	LOG_OK(l, send_offsets(l, &pair, 1, w.c->deadline_ms));
	w.c->crash(w.c->context, l);
	l = open_as(&w, 0, 0);
	balance(&w, 1, (size_t[]){1});
	struct fnl_committed asked = {.partition = 0};
	assert_int_equal(fnl_status_class(l->ops->committed(l, &asked, 1, 300)), FNL_CLASS_RETRIABLE);
	LOG_OK(l, producer_reset(l, w.c->deadline_ms));
	expect_pair(&w, l, 0, 1, "cl=0");
	LOG_OK(l, start(l, 0, 1));
	assert_string_equal(take(&w, 0, 1), "0/1 b=2;");
	pair.offset = 2;
	begin_with(&w, l, "b", "done");
	LOG_OK(l, send_offsets(l, &pair, 1, w.c->deadline_ms));
	LOG_OK(l, txn_commit(l, w.c->deadline_ms));
	expect_seen(&w, w.out, "0/2 b=done;");
	expect_pair(&w, l, 0, 2, "cl=1");
	world_close(&w);
}

void log_contract_newer_instance_fences_the_older(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	struct fnl_log *old = open_alone(&w);
	struct fnl_log *new = open_as(&w, 1, 0);
	for (int i = 0; i < w.c->tries && !w.share[1].rebalances; i++) {
		may_retry(poll_some(&w, 1, 1));
	}
	assert_int_equal(w.share[1].count, 2);
	/* the older has not polled since: it does not know, and must not pass */
	struct fnl_commit pair = {0, 5, span("zombie")};
	LOG_OK(old, txn_begin(old));
	int rc = old->ops->send_offsets(old, &pair, 1, w.c->deadline_ms);
	assert_int_equal(fnl_status_class(rc), FNL_CLASS_ABORT);
	LOG_OK(old, txn_abort(old, w.c->deadline_ms));
	rc = 0;
	for (int i = 0; i < w.c->tries && rc != FNL_E_FENCED_INSTANCE; i++) {
		rc = poll_some(&w, 0, 1);
		assert_true(rc == FNL_E_FENCED_INSTANCE || rc == 0 || fnl_status_class(rc) == FNL_CLASS_RETRIABLE);
	}
	assert_int_equal(rc, FNL_E_FENCED_INSTANCE);
	assert_int_equal(poll_some(&w, 0, 1), FNL_E_FENCED_INSTANCE);
	expect_pair(&w, new, 0, -1, "");
	LOG_OK(new, producer_reset(new, w.c->deadline_ms));
	commit_pair(&w, new, 0, 1, "cl=1");
	expect_pair(&w, new, 0, 1, "cl=1");
	world_close(&w);
}

static void expect_disjoint(struct world *w)
{
	bool owned[PARTITIONS_MAX] = {false};
	for (size_t k = 0; k < WORKERS_MAX; k++) {
		for (size_t i = 0; w->logs[k] && i < w->share[k].count; i++) {
			assert_false(owned[w->share[k].partitions[i]]);
			owned[w->share[k].partitions[i]] = true;
		}
	}
	for (int32_t i = 0; i < w->partition_count; i++) {
		assert_true(owned[i]);
	}
}

void log_contract_two_members_share(void **state)
{
	struct world w;
	world_open(&w, state, 4);
	for (int32_t i = 0; i < 4; i++) {
		put(&w, i, "a", "1");
	}
	struct fnl_log *l = open_alone(&w);
	expect_nothing(&w, 0); /* nothing was started */
	LOG_OK(l, start(l, 3, 0));
	LOG_OK(l, start(l, 0, 0));
	take(&w, 0, 2);
	assert_true(strcmp(w.text, "0/0 a=1;3/0 a=1;") == 0 || strcmp(w.text, "3/0 a=1;0/0 a=1;") == 0);
	open_as(&w, 1, 1);
	balance(&w, 2, (size_t[]){2, 2});
	expect_disjoint(&w);
	put(&w, 0, "b", "2");
	put(&w, 3, "b", "2");
	expect_nothing(&w, 0); /* all of the new assignment is stopped, the old one is forgotten */
	expect_nothing(&w, 1);
	int32_t mine = w.share[1].partitions[0], other = w.share[0].partitions[0];
	LOG_OK(w.logs[1], start(w.logs[1], mine, 0));
	char text[32];
	snprintf(text, sizeof(text), "%d/0 a=1;", (int)mine);
	assert_string_equal(take(&w, 1, 1), text);
	assert_int_equal(w.logs[1]->ops->start(w.logs[1], other, 0), FNL_E_NOT_ASSIGNED);
	world_close(&w);
}

void log_contract_static_member_returns_unnoticed(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	open_as(&w, 0, 0);
	open_as(&w, 1, 1);
	balance(&w, 2, (size_t[]){1, 1});
	int rebalances = w.share[0].rebalances;
	int32_t mine = w.share[1].partitions[0];
	w.logs[1]->ops->close(w.logs[1]);
	expect_nothing(&w, 0);
	open_as(&w, 1, 1);
	balance(&w, 2, (size_t[]){1, 1});
	expect_nothing(&w, 0);
	assert_int_equal(w.share[1].partitions[0], mine);
	assert_int_equal(w.share[0].rebalances, rebalances);
	expect_disjoint(&w);
	world_close(&w);
}

void log_contract_silent_member_is_out(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	open_as(&w, 0, 0);
	open_as(&w, 1, 1);
	balance(&w, 2, (size_t[]){1, 1});
	w.logs[1]->ops->close(w.logs[1]); /* static: the group is told nothing */
	w.logs[1] = NULL;
	/* Half the time, so that the one that is left is heard of before it is over. */
	w.c->pass(w.c->context, w.c->session_timeout_ms / 2);
	may_retry(poll_some(&w, 0, 1));
	w.c->pass(w.c->context, w.c->session_timeout_ms / 2);
	balance(&w, 1, (size_t[]){2});
	world_close(&w);
}

void log_contract_lost_partition_takes_no_offsets(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	struct fnl_log *l = open_alone(&w);
	begin_with(&w, l, "a", "1"); /* begun under the old assignment */
	open_as(&w, 1, 1);
	balance(&w, 2, (size_t[]){1, 1});
	struct fnl_commit lost = {w.share[1].partitions[0], 1, span("cl=1")};
	int rc = l->ops->send_offsets(l, &lost, 1, w.c->deadline_ms);
	assert_int_equal(rc, FNL_E_NOT_ASSIGNED);
	assert_int_equal(fnl_status_class(rc), FNL_CLASS_ABORT);
	LOG_OK(l, txn_abort(l, w.c->deadline_ms));
	commit_pair(&w, l, w.share[0].partitions[0], 1, "cl=1");
	expect_pair(&w, l, w.share[0].partitions[0], 1, "cl=1");
	expect_pair(&w, l, w.share[1].partitions[0], -1, "");
	world_close(&w);
}

void log_contract_aborted_batch_is_delivered_again(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *l = open_alone(&w);
	put(&w, 0, "a", "1");
	put(&w, 0, "b", "2");
	put(&w, 0, "c", "3");
	LOG_OK(l, start(l, 0, 0));
	assert_string_equal(take(&w, 0, 2), "0/0 a=1;0/1 b=2;");
	begin_with(&w, l, "a", "1");
	LOG_OK(l, txn_abort(l, w.c->deadline_ms));
	LOG_OK(l, start(l, 0, 0));
	assert_string_equal(take(&w, 0, 3), "0/0 a=1;0/1 b=2;0/2 c=3;");
	world_close(&w);
}

void log_contract_start_forgets_what_was_fetched(void **state)
{
	enum { COUNT = 40 };
	struct world w;
	world_open(&w, state, 1);
	struct fnl_log *l = open_alone(&w);
	for (int i = 0; i < COUNT; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%d", i);
		BUS_OK(&w, publish(w.c->bus, w.input, 0, span(key), span("v"), NULL, 0));
	}
	BUS_OK(&w, publish_flush(w.c->bus, w.c->deadline_ms));
	LOG_OK(l, start(l, 0, 0));
	for (int i = 0; i < 20; i++) {
		take(&w, 0, 3); /* the client has fetched more than these */
		int from = i * 7 % (COUNT - 3);
		LOG_OK(l, start(l, 0, from));
		char text[96];
		snprintf(text, sizeof(text), "0/%d %d=v;0/%d %d=v;", from, from, from + 1, from + 1);
		assert_string_equal(take(&w, 0, 2), text);
	}
	world_close(&w);
}

void log_contract_stop_stops(void **state)
{
	struct world w;
	world_open(&w, state, 2);
	struct fnl_log *l = open_alone(&w);
	for (int i = 0; i < 4; i++) {
		put(&w, 0, "a", "1");
	}
	LOG_OK(l, start(l, 0, 0));
	LOG_OK(l, start(l, 1, 0));
	assert_string_equal(take(&w, 0, 1), "0/0 a=1;");
	LOG_OK(l, stop(l, 0));
	put(&w, 0, "b", "2");
	expect_nothing(&w, 0);
	put(&w, 1, "c", "3");
	assert_string_equal(take(&w, 0, 1), "1/0 c=3;");
	assert_int_equal(w.share[0].rebalances, 1);
	LOG_OK(l, start(l, 0, 3));
	assert_string_equal(take(&w, 0, 2), "0/3 a=1;0/4 b=2;");
	world_close(&w);
}

static void expect_lag(struct world *w, int64_t committed, int64_t end, bool behind, const char *metadata)
{
	struct fnl_partition_lag lag = {0};
	for (int i = 0; i < w->c->tries; i++) {
		BUS_OK(w, lag(w->c->bus, w->group, w->input, &lag, 1));
		if (lag.end == end && lag.committed == committed) {
			break;
		}
	}
	assert_int_equal(lag.partition, 0);
	assert_int_equal(lag.committed, committed);
	assert_int_equal(lag.end, end);
	assert_int_equal(lag.behind, behind);
	assert_string_equal(lag.metadata, metadata);
}

void log_contract_lag_does_not_count_markers(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	expect_lag(&w, -1, 0, false, "");
	struct fnl_log *l = open_alone(&w);
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, produce(l, 1, FNL_PARTITION_BY_KEY, span("a"), span("1"), NULL, 0));
	LOG_OK(l, produce(l, 1, FNL_PARTITION_BY_KEY, span("b"), span("2"), NULL, 0));
	LOG_OK(l, txn_commit(l, w.c->deadline_ms));
	expect_lag(&w, -1, 3, true, "");
	commit_pair(&w, l, 0, 1, "cl=1");
	expect_lag(&w, 1, 3, true, "cl=1");
	commit_pair(&w, l, 0, 2, "cl=2");
	expect_lag(&w, 2, 3, false, "cl=2");
	LOG_OK(l, txn_begin(l));
	LOG_OK(l, produce(l, 1, FNL_PARTITION_BY_KEY, span("c"), span("3"), NULL, 0));
	LOG_OK(l, flush(l, w.c->deadline_ms));
	expect_lag(&w, 2, 3, true, "cl=2"); /* open: not there yet, but perhaps it comes */
	LOG_OK(l, txn_abort(l, w.c->deadline_ms));
	expect_lag(&w, 2, 5, false, "cl=2"); /* aborted: never there */
	put(&w, 0, "d", "4");
	expect_lag(&w, 2, 6, true, "cl=2");
	world_close(&w);
}

void log_contract_offsets_are_set_by_hand(void **state)
{
	struct world w;
	world_open(&w, state, 1);
	struct fnl_bus *bus = w.c->bus;
	BUS_OK(&w, set_committed(bus, w.group, w.input, 0, 3, "cl=8"));
	expect_lag(&w, 3, 0, false, "cl=8");
	struct fnl_log *l = open_alone(&w);
	expect_pair(&w, l, 0, 3, "cl=8");
	/* not below the feet of those who run */
	assert_true(bus->ops->set_committed(bus, w.group, w.input, 0, 1, "cl=9") < 0);
	expect_pair(&w, l, 0, 3, "cl=8");
	world_close(&w);
}
