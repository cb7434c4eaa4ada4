/* What a log and a bus owe their callers, as tests that any pair of adapters must pass. A test program includes
 * log_contract.c, fills a struct log_contract in its group's setup and runs LOG_CONTRACT's list. */
#ifndef FUNNELD_TESTS_LOG_CONTRACT_H
#define FUNNELD_TESTS_LOG_CONTRACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "funneld/ports/bus.h"
#include "funneld/ports/log.h"

enum { LOG_CONTRACT_NAME_MAX = 96 };

struct log_contract_worker {
	const char *input_topic;
	const char *changelog_topic;
	const char *const *output_topics;
	size_t output_topic_count;
	const char *group;
	const char *id; /* group instance id and transactional id */
};

struct log_contract {
	void *context;
	struct fnl_bus *bus;
	int wait_ms;     /* of one poll */
	int tries;       /* polls until something that must come is given up */
	int quiet_tries; /* polls after which nothing is believed to come */
	int deadline_ms; /* of a call that must succeed */
	int session_timeout_ms;
	int txn_timeout_ms;
	struct fnl_log *(*open)(void *context, const struct log_contract_worker *settings);
	/* The worker is never heard of again (its broker session may live on for a while); the log is gone afterwards. */
	void (*crash)(void *context, struct fnl_log *l);
	void (*pass)(void *context, int ms); /* time goes by */
	/* A name that no other test and no earlier run has. */
	void (*name)(void *context, const char *base, char ret[LOG_CONTRACT_NAME_MAX]);
	void (*compact)(void *context, const char *topic); /* NULL: cannot be asked for */
};

#define LOG_CONTRACT(X) \
	X(topics_are_created_once) \
	X(keys_find_their_partition_as_in_java) \
	X(null_is_not_empty) \
	X(bus_reads_to_the_end_it_found) \
	X(committed_is_visible_only_after_commit) \
	X(aborted_is_never_visible) \
	X(what_is_open_is_still_to_come) \
	X(empty_transaction_commits) \
	X(outputs_go_where_they_are_sent) \
	X(a_changelog_need_not_be) \
	X(markers_take_offsets) \
	X(rows_wait_for_each_other) \
	X(bounds_count_uncommitted_records) \
	X(restore_passes_markers_and_aborted_records) \
	X(restore_passes_what_compaction_removed) \
	X(committed_pair_round_trips) \
	X(committed_waits_for_a_pending_transaction) \
	X(newer_producer_fences_the_older) \
	X(abandoned_transaction_times_out) \
	X(crashed_worker_is_followed) \
	X(newer_instance_fences_the_older) \
	X(two_members_share) \
	X(static_member_returns_unnoticed) \
	X(silent_member_is_out) \
	X(lost_partition_takes_no_offsets) \
	X(aborted_batch_is_delivered_again) \
	X(start_forgets_what_was_fetched) \
	X(stop_stops) \
	X(lag_does_not_count_markers) \
	X(offsets_are_set_by_hand)

#define LOG_CONTRACT_PROTOTYPE(name) void log_contract_##name(void **state);
LOG_CONTRACT(LOG_CONTRACT_PROTOTYPE)
#define LOG_CONTRACT_ENTRY(name) {#name, log_contract_##name, NULL, NULL, NULL},

#endif
