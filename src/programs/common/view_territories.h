/* How an organisation's open prospects are shared out among its reps: volume and count by rep and by cell (region and
 * industry, and as wanted size and layer), how unlike the reps are, what is rich or poor by the rules; and the latest
 * proposal, before and after. From the rows of the org stage. */
#ifndef FNL_PROGRAMS_VIEW_TERRITORIES_H
#define FNL_PROGRAMS_VIEW_TERRITORIES_H

#include "funneld/operators/prospect.h"
#include "rows_table.h"
#include "view_text.h"

enum { FNL_VIEW_NO_ORG = 1 };

struct fnl_territories_question {
	struct fnl_span org;
	struct fnl_span currency; /* of the volumes; absent: the proposal's, else the one that most volume is in */
	bool by_size;
	bool by_layer;
	bool picture;     /* bars: for a terminal */
	bool event_clock; /* what is now is what the events say */
	int64_t now_ms;   /* by the wall clock */
	const struct fnl_rules_reader *rules_reader;
};

/* The rows that an answer needs, of the org stage's changelog: for struct fnl_rows. context: the question. */
bool fnl_territories_wanted(void *context, struct fnl_span changelog_key);

/* 0; FNL_VIEW_NO_ORG: nobody is known of it; FNL_E_INVALID, FNL_E_LIMIT, FNL_E_NOMEM with *why. */
int fnl_view_territories(const struct fnl_rows *rows, const struct fnl_territories_question *q,
                         const struct fnl_canvas *c, struct fnl_error *why) FNL_MUST_USE;
/* {"org_id", "as_of", "rules_version", "currency", "not_converted_count", "limits": {…}, "volume", "count": {the fields
 * of Spread}, "reps": [{"rep_id", "compared", "volume_minor", "count"}], "cells": [{"region", "industry",
 * ("size_focus",)
 * ("layer",) "volume_minor", "count", "reps": […]}], "rich", "poor": [{"region" or "industry", "rep_id",
 * "volume_minor", "of_mean_bp"}], "proposal": null or the fields of Proposal but for "reps", and "partition", "offset",
 * "committed_at", "volume_before" …, "moved_count", "prospect_count", "reps": [the fields of RepShare], "moves": [those
 * of ProposalMove]}. What is null in a code is none. */
int fnl_view_territories_json(const struct fnl_rows *rows, const struct fnl_territories_question *q, FILE *out,
                              struct fnl_error *why) FNL_MUST_USE;

#endif
