/* Shared by the files that make up the prospect's decisions. */
#ifndef FNL_CORE_PROSPECT_INTERNAL_H
#define FNL_CORE_PROSPECT_INTERNAL_H

#include "funneld/core/supervision.h"
#include "values_internal.h"

enum {
	/* the fields that ProspectChanged and the row have in common, in one order */
	FNL_PROSPECT_VALUE_COUNT = FNL_PROSPECT_SIZE_FOCUS - FNL_PROSPECT_BUYER_ID + 1,
	FNL_PROSPECT_CONTACTS_MAX = 8
};

/* One input on its way through: the row is copied once, at its first change. */
struct fnl_prospect_edit {
	const struct fnl_prospect_in *in;
	struct fnl_prospect_out *out;
	const struct fnl_value *values; /* of the input */
	struct fnl_error *why;
	struct fnl_span prospect_id; /* FNL_SPAN_NONE: not about one prospect */
	struct fnl_span source;
	int64_t occurred_at_ms;
	int64_t since_ms;   /* when a layer that this input brings was entered */
	bool entered;       /* the input says when its stage was entered: */
	int64_t entered_ms; /* not later than the input itself */
	int64_t feed_gap_count;
	bool feed_unknown; /* the feed had a gap that no full image has closed */
	bool partition_is_first;
	struct fnl_value *row; /* NULL until opened */
	int64_t now_ms;        /* of the supervision: the step's, or that of the rules */
	int64_t look_ms;       /* when the row must be looked at next; FNL_NO_SUPERVISION: not by itself */
	enum fnl_supervision_cause cause;
	const struct fnl_value *feeds;     /* PartitionFeeds as this input leaves it; NULL: none */
	const struct fnl_value *recovered; /* Feed before it was heard again; NULL: it was not silent */
	const struct fnl_value *evidence;  /* of the row after; NULL: not asked for yet */
	bool may_be_adverse;               /* of what the input does to the prospect is asked when its rep leaves */
	struct fnl_value actor_id;         /* who does it; null: not known */
};

/* The row to be changed: a copy of the stored one, or a new one. */
int fnl_prospect_edit_open(struct fnl_prospect_edit *e);
/* The row is from now on as the input's source tells it. */
void fnl_prospect_edit_take_source(struct fnl_prospect_edit *e);
/* Counts the change, decides the layer and adds what is to be told about it. */
int fnl_prospect_edit_close(struct fnl_prospect_edit *e);
/* The same with a layer that was decided elsewhere. */
int fnl_prospect_edit_decided(struct fnl_prospect_edit *e, struct fnl_layer_decision to);
/* One more derived event; NULL: no memory. */
struct fnl_value *fnl_prospect_add_event(struct fnl_prospect_edit *e, const struct fnl_record_desc *desc);
/* LayerChanged, and ProspectUnparked when the row was parked. to_row: the row after, or NULL when nothing of it may be
 * told. */
int fnl_prospect_tell_layer(struct fnl_prospect_edit *e, const struct fnl_value *from_row,
                            const struct fnl_value *to_row, struct fnl_layer_decision to, int64_t sequence);

/* Clocks that go by what was before the input and what is after: a return, another owner. */
void fnl_prospect_clocks(struct fnl_prospect_edit *e);
/* A row from before there were clocks: that of its layer starts with it, and what is beyond its threshold is old. */
int fnl_prospect_first_clock(struct fnl_prospect_edit *e);
/* The row's stalls as they are by now, and when to look at it next. */
int fnl_prospect_supervise(struct fnl_prospect_edit *e);
/* The same for a row of which nothing else is new; what differs is told. counted: the sequence has grown already. */
int fnl_prospect_look_again(struct fnl_prospect_edit *e, bool counted);
/* The stalls differ from those before, or while it stalls what a diagnosis goes by does. *ret: of two that stall. */
int fnl_prospect_stalls_differ(struct fnl_prospect_edit *e, bool *ret);
/* Evidence of e->row, made once. NULL: no memory. */
const struct fnl_value *fnl_prospect_evidence(struct fnl_prospect_edit *e);

/* By a ProspectChanged that is neither in bulk nor a snapshot: who edits, and whether what he does may be adverse. */
void fnl_prospect_edited(struct fnl_prospect_edit *e);
/* The row after the change is complete: what of it is against the company is kept. */
int fnl_prospect_adverse(struct fnl_prospect_edit *e);
/* The row's adverse changes but those that unlinked a person, who is to be forgotten. *ret_any: there were some. */
int fnl_prospect_adverse_without(const struct fnl_prospect_edit *e, struct fnl_span person_id, struct fnl_list *ret,
                                 bool *ret_any);

/* The row after a change is complete: what the books must hear of it, and the row's next date. */
int fnl_prospect_lines_changed(struct fnl_prospect_edit *e);
/* When the row's next date is: it goes for good, its oldest former owner does, or it is to be looked at. */
void fnl_prospect_set_deadline(const struct fnl_prospect_edit *e);
/* No book has a line of the row any more: GONE or ERASED. */
int fnl_prospect_lines_end(struct fnl_prospect_edit *e, const struct fnl_value *row, int state);
/* Former owners whose time is over at the edit's time. *ret_any: there were some. */
int fnl_prospect_formers_end(struct fnl_prospect_edit *e, bool *ret_any);

int fnl_prospect_changed(struct fnl_prospect_edit *e);
int fnl_prospect_deleted(struct fnl_prospect_edit *e);
int fnl_prospect_restored(struct fnl_prospect_edit *e);
int fnl_prospect_merged(struct fnl_prospect_edit *e);
int fnl_prospect_erased(struct fnl_prospect_edit *e);
int fnl_prospect_contact_logged(struct fnl_prospect_edit *e);
int fnl_prospect_contact_erased(struct fnl_prospect_edit *e);
int fnl_prospect_feed_gap(struct fnl_prospect_edit *e);
int fnl_prospect_feed_heartbeat(struct fnl_prospect_edit *e);
int fnl_prospect_answered(struct fnl_prospect_edit *e);

/* The input is a sign of life of its source. heartbeat: its values when it is one, else NULL. */
int fnl_prospect_heard(struct fnl_prospect_edit *e, const struct fnl_value *heartbeat);
/* FeedRecovered, when the input was the first sign of life. */
int fnl_prospect_tell_recovered(struct fnl_prospect_edit *e);
/* The feed's row to be changed: the one that this input changes already, a copy, or a new one. */
struct fnl_value *fnl_prospect_open_feed(struct fnl_prospect_edit *e);
/* What the partition's row says of a source. */
struct fnl_feed_state fnl_prospect_feed_state(const struct fnl_value *feeds, struct fnl_span source);
/* Has it say something else from now on; a pass follows when prospects are to be looked at for it. */
int fnl_prospect_set_feed_state(struct fnl_prospect_edit *e, struct fnl_span source, struct fnl_feed_state to);

/* `at` of the latest contact of the list that reached the customer; false: none. */
bool fnl_prospect_latest_reached(struct fnl_list contacts, int64_t *ret_at_ms);

static inline int fnl_prospect_stale(struct fnl_prospect_edit *e)
{
	e->out->stale = true;
	return FNL_OK;
}

#endif
