/* The router: HR events, commands, rates and territories from their topics to the rep stage's input, under its keys,
 * and what is about an organisation to the org stage's. Records go on byte for byte, with their headers; ce_id is added
 * where it was missing, since what follows from them names its cause. But a RepResigned that names a new employer is
 * written again, with the digest of it (fnl_employer_digest) in place of its id, which is restricted: no topic but HR's
 * own has it.
 *   RepChanged, RepResigned, ResignationWithdrawn, RepLeft, RepErased, InspectNow, ReviseQuota: to "rep:<rep id>"
 *   HandoverTaskDone, HandoverTaskWaived, SuccessorNamed, ReconciliationReviewed: to "rep:<leaving rep id>"
 *   OpenQuotaYear, FxRate, TerritoryDefined: to every partition, under the key that they came with
 *   ProposeTerritories, AcceptProposal, ScorePerformance: to "org:<org id>" of the org stage */
#ifndef FUNNELD_OPERATORS_ROUTER_H
#define FUNNELD_OPERATORS_ROUTER_H

#include "funneld/engine/relay.h"
#include "funneld/ports/codec.h"
#include "funneld/ports/ids.h"

enum { FNL_ROUTER_OUT_REP_INPUTS, FNL_ROUTER_OUT_DEAD_LETTERS, FNL_ROUTER_OUT_ORG_INPUTS, FNL_ROUTER_OUT_COUNT };

/* codec and ids are borrowed until close. One a thread. */
int fnl_router_open(struct fnl_codec *codec, const struct fnl_ids *ids, struct fnl_router **ret,
                    struct fnl_error *why) FNL_MUST_USE;
struct fnl_router *fnl_router_close(struct fnl_router *base);

#endif
