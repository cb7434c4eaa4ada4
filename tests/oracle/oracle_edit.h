/* One input to one prospect, as the oracle's files hand it on. */
#ifndef FUNNELD_TESTS_ORACLE_EDIT_H
#define FUNNELD_TESTS_ORACLE_EDIT_H

#include "oracle_internal.h"

/* The prospect at hand. */
struct oracle_edit {
	struct oracle_step *s;
	const char *id;
	const char *source;
	int64_t occurred_at;
	json_t *feed; /* of the event's source, or NULL */
	int64_t gap_count;
	json_t *row;       /* in the partition's table; NULL: there is none yet */
	bool feed_unknown; /* its feed had a gap that no full image has closed */
	int64_t entered;   /* when the event says that its stage was entered; INT64_MIN: it does not */
	int64_t since;     /* when a layer that this event brings was entered */
	json_t *old;       /* the row as it was; NULL: there was none */
	json_t *before;    /* the line's image before; NULL: there was no row */
	json_t *holders;   /* who had a line */
	json_t *recovered; /* that the feed lives again, to be told; NULL: not so */
};

/* A row to work on: the stored one, or a new one that joins the table. */
void oracle_edit_open_row(struct oracle_edit *e);
/* The prospect is its source's from now on. */
void oracle_edit_take_source(struct oracle_edit *e);
/* Counts the change and decides the layer anew. */
void oracle_edit_close_row(struct oracle_edit *e);
void oracle_edit_stale(struct oracle_edit *e);

/* oracle_adverse.c */
/* By a ProspectChanged: whether a person did it. */
void oracle_edited(struct oracle_edit *e);
/* The row is complete: what of the change is against the company. */
void oracle_adverse(struct oracle_edit *e);
/* Its adverse changes but those that unlinked this person. New. */
json_t *oracle_adverse_without(const json_t *row, const char *person);

/* oracle_feeds.c */
/* Something came of the source: it lives. */
void oracle_feed_heard(struct oracle_edit *e);
void oracle_feed_gap(struct oracle_edit *e);
void oracle_feed_heartbeat(struct oracle_edit *e);

/* oracle_answers.c */
void oracle_answered(struct oracle_edit *e);

#endif
