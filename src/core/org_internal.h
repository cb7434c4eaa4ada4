/* Shared by the files of the organisation. */
#ifndef FNL_CORE_ORG_INTERNAL_H
#define FNL_CORE_ORG_INTERNAL_H

#include "book_internal.h"
#include "funneld/core/org.h"

/* What comes back with an answer, as values of strings. */
struct fnl_org_request {
	struct fnl_value request_id;
	struct fnl_value book;
	struct fnl_value notice_id;
	struct fnl_value successor_id;
	struct fnl_value prospect_id;
};

/* --- org.c --- */
/* A SuccessorCandidates; candidates: its list. */
int fnl_org_candidates(const struct fnl_org_in *in, const struct fnl_org_request *request, struct fnl_value candidates,
                       struct fnl_event_out *ret);
/* A SuccessorAsked with a successor. */
int fnl_org_asked_about(const struct fnl_org_in *in, const struct fnl_org_rows *rows, const struct fnl_value *event,
                        struct fnl_org_asked_out *out);

#endif
