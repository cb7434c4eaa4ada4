/* A prospect's state and what one input does to it. Pure: no clock, no I/O, memory from the arena only.
 *
 * Each field has its own version and the last writer wins, so that a late change of one field is not lost because a
 * newer change of another came first; any order and any number of duplicates of versioned inputs gives the same fields,
 * lifecycle and layer. `sequence`, `layer_since`, `changed_at` fold in order of arrival.
 *
 * Lines: each change that a book must hear of is a BookLine, an image of the prospect: OWNED for the book that has it,
 * WATCHED for former owners (the latest three, 400 days each), GONE and ERASED when a book has it no more. A sequence
 * grows with each.
 *
 * Adverse changes: what was done to it against the company (reconciliation.h), the latest 8 in order of arrival; the
 * books hear of each. Who edited it last goes along with its lines.
 *
 * An input of the same version as the stored one is stale (a duplicate). null means "not in this event"; under `full`
 * it means cleared; `cleared` names what is cleared. */
#ifndef FUNNELD_CORE_PROSPECT_H
#define FUNNELD_CORE_PROSPECT_H

#include "funneld/core/layer.h"

/* What a prospect must know of its feed. */
struct fnl_feed_state {
	bool carries_contacts;
	bool silent;
};

/* The state before and after. NULL row / erased / feed: there is none. Arrays of the records' values in their order;
 * borrowed, never changed. */
struct fnl_prospect_in {
	const struct fnl_value *row;    /* Prospect */
	const struct fnl_value *erased; /* Erased */
	const struct fnl_value *feed;   /* Feed of the event's source; of a timer, of the row's */
	const struct fnl_value *feeds;  /* PartitionFeeds */
	int64_t now_ms;
	const struct fnl_rules *rules;
	struct fnl_arena *arena;
};

enum {
	FNL_PROSPECT_EVENTS_MAX = 4,
	/* the owner's, the former owners', that of who has won it, and one who is dropped, or the answer for a sheet */
	FNL_PROSPECT_LINES_MAX = 6,
	FNL_PROSPECT_FORMER_OWNERS_MAX = 3,
	FNL_PROSPECT_FORMER_DAYS_MAX = 400
};

/* One derived event: which record, and its values in the order of its descriptor. */
struct fnl_event_out {
	const struct fnl_record_desc *desc;
	struct fnl_value *values;
};

enum fnl_row_change { FNL_ROW_KEEP, FNL_ROW_PUT, FNL_ROW_DELETE };

/* What follows. Values in the arena (strings may still be borrowed from the inputs). */
struct fnl_prospect_out {
	enum fnl_row_change row_change;
	struct fnl_value *row;             /* with FNL_ROW_PUT */
	enum fnl_row_change erased_change; /* KEEP or PUT */
	struct fnl_value *erased;
	enum fnl_row_change feed_change; /* KEEP or PUT */
	struct fnl_value *feed;
	enum fnl_row_change feeds_change; /* KEEP or PUT */
	struct fnl_value *feeds;
	bool pass_begins; /* over the open prospects, by `feeds`, whose cause_id and correlation_id the caller sets */
	struct fnl_event_out events[FNL_PROSPECT_EVENTS_MAX];
	size_t event_count;
	struct fnl_event_out lines[FNL_PROSPECT_LINES_MAX]; /* BookLine, and AnswerGiven; each for its book */
	size_t line_count;
	bool stale;             /* nothing changed because newer was known, or it was erased */
	size_t cleared_unknown; /* names in `cleared` that are no fields */
};

/* desc/values: the decoded input: ProspectChanged, ProspectDeleted, ProspectRestored, ProspectMerged, ProspectErased,
 * ContactErased, ContactLogged, FeedGap, FeedHeartbeat, InspectionAnswered. Others (ClockTick …) change nothing here.
 * All but the last one are signs of life of their source.
 * partition_is_first: this partition speaks for a broadcast input (one ResyncRequested for a gap of a whole source).
 * FNL_E_INVALID, FNL_E_LIMIT with *why (the record is poison, nothing of ret counts) or FNL_E_NOMEM. */
int fnl_prospect_apply(const struct fnl_prospect_in *in, const struct fnl_record_desc *desc,
                       const struct fnl_value *values, bool partition_is_first, struct fnl_prospect_out *ret,
                       struct fnl_error *why) FNL_MUST_USE;

/* The rules in->rules were activated at activated_at_ms, and the row was decided by older ones: its layer is decided
 * anew, as it would have been then. A row that they do not concern is stale; there is none: stale, too. */
int fnl_prospect_reevaluate(const struct fnl_prospect_in *in, int64_t activated_at_ms, struct fnl_prospect_out *ret,
                            struct fnl_error *why) FNL_MUST_USE;
/* Alive, neither won nor lost: only such rows may get another layer by other rules. */
bool fnl_prospect_is_open(const struct fnl_value *row);

/* The row's timer (next_deadline_at) fired at in->now_ms or before: a deleted row whose time of keeping is over goes,
 * or former owners do whose 400 days are over, or the row is looked at, because by now it stalls or somebody else must
 * hear of it. */
int fnl_prospect_timer(const struct fnl_prospect_in *in, struct fnl_prospect_out *ret,
                       struct fnl_error *why) FNL_MUST_USE;

/* The timer of in->feed fired: nothing was heard of it. A timer that fires more than five minutes late says that the
 * worker was away, and the feed gets its time anew. partition_is_first: tells FeedSilent for all. */
int fnl_prospect_feed_timer(const struct fnl_prospect_in *in, bool partition_is_first, struct fnl_prospect_out *ret,
                            struct fnl_error *why) FNL_MUST_USE;
/* The pass that began at at_ms comes by the row: a feed is heard again, or says that it carries contacts, or not. By
 * in->feeds it may be quiet. */
int fnl_prospect_feed_changed(const struct fnl_prospect_in *in, int64_t at_ms, struct fnl_prospect_out *ret,
                              struct fnl_error *why) FNL_MUST_USE;

#endif
