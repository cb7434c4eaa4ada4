/* Nothing sits still unseen: when a prospect stalls, who hears of it, and why it may be. Pure: no clock, no I/O.
 *
 * The article: the manager goes through the funnel and asks of each prospect that does not move, why. Its causes by
 * layer: TOP, the buyer is undecided, or the rep is out of contact and the data inaccurate. MIDDLE, the buyer is in a
 * dilemma, or taken by a competitor already and does not say so. BOTTOM, inside the buyer: no consensus, funds not in
 * place, approval withheld.
 *
 * Only prospects in TOP, MIDDLE or BOTTOM are watched, and none when the rules say supervision.watch = no. There is one
 * stall of a kind at most; which of its conditions makes it is the one whose threshold passes first, of equals the
 * first in the enum's order. Times of a row are in milliseconds since 1970; thresholds are business days of the rules'
 * calendar, by layer, or by stage where the rules say so.
 *
 *   STUCK    IN_LAYER             since the layer's clock started (a return within supervision.return_within_bd
 *                                 continues it)                                                       [stuck]
 *            IN_LAYER_CUMULATIVE  the same and the business time of the clocks before it    [stuck_cumulative]
 *   SILENT   NO_CONTACT           since the last contact that reached the customer; never one: since it was created,
 *                                 else since the layer's clock started. Not before the end of the day of the next
 *                                 meeting. Only when its feed carries contacts.                      [silent]
 *   STALE    NO_EDIT              since anyone's last edit (edited_at, last_edit_at, the later one); never one: as
 *                                 SILENT                                                         [stale_edit]
 *            CLOSE_DATE_PAST      since the end of the expected close date                  [stale_close_date]
 *            AMOUNT_MISSING       since the layer's clock started                               [stale_amount]
 *   SLIPPED  PUSHED               more than [slipped] pushes: at once, with the last one
 *
 * NO_CONTACT and NO_EDIT do not start before reopened_at. While its feed is silent a prospect keeps its SILENT and
 * STALE as they are: none comes, goes or is told further. */
#ifndef FUNNELD_CORE_SUPERVISION_H
#define FUNNELD_CORE_SUPERVISION_H

#include "funneld/core/prospect.h"

enum { FNL_STALLS_MAX = FNL_STALL_KIND_COUNT, FNL_CANDIDATES_MAX = 4 };

/* One kind, as the row and the rules say: when it stalls, or has. */
struct fnl_watch {
	bool armed; /* false: it cannot stall so */
	int condition;
	int64_t since_ms;
	int64_t over_at_ms; /* its threshold is passed from here on */
	int64_t again_ms;   /* business time after which a load that was beyond it is told after all; 0: never */
};
/* kind: FNL_STALL_KIND_…; row: Prospect. The feed's silence is not looked at. */
struct fnl_watch fnl_supervision_watch(const struct fnl_value *row, int kind, struct fnl_feed_state feed,
                                       const struct fnl_rules *rules);

/* Why the row is looked at. */
enum fnl_supervision_cause {
	FNL_SUPERVISION_CHANGE, /* an input, a timer, a pass */
	/* a snapshot, a bulk edit, or an input older than supervision.quiet_after_hours: what is beyond its threshold by it
	 * is shown, but told only when as much time passes again */
	FNL_SUPERVISION_QUIET,
	FNL_SUPERVISION_NEW_OWNER /* a change of owner: what was told is shown, and told anew after the grace */
};

/* Brings row[stalls] (of a copy that the caller owns; items in the arena) to what holds at now_ms:
 *   - a stall whose kind is not armed, or not yet over by its present watch, goes;
 *   - one that goes on keeps its level, with the present condition, since and over_at;
 *   - a new one: alert_at = over_at, QUIET: now + again_ms of business time, or null; never before owner_since +
 * [grace];
 *   - one of level NONE whose since or condition has changed by another cause than QUIET: as a new one;
 *   - NEW_OWNER: level NONE, alert_at = owner_since + [grace] (null stays null), not before over_at;
 *   - alert_at <= now: level REP; [escalate_manager] business days after alert_at MANAGER, [escalate_next_level] after
 *     alert_at NEXT_LEVEL (0: never); several at once are one change. A level never goes down but by NEW_OWNER.
 * Outside TOP, MIDDLE, BOTTOM, or when nothing is watched, there are none, whatever the feed does.
 * *ret_changed: whether anything of it has. FNL_E_NOMEM. */
int fnl_supervision_update(struct fnl_value *row, enum fnl_supervision_cause cause, struct fnl_feed_state feed,
                           int64_t now_ms, const struct fnl_rules *rules, struct fnl_arena *arena,
                           bool *ret_changed) FNL_MUST_USE;
/* When the row must be looked at next, given its stalls: FNL_NO_SUPERVISION: never by itself. */
#define FNL_NO_SUPERVISION INT64_MAX
int64_t fnl_supervision_deadline(const struct fnl_value *row, struct fnl_feed_state feed,
                                 const struct fnl_rules *rules);
/* Both in one go, which costs half: the update, and the deadline of the row after it. Nothing is allocated when nothing
 * changes. */
int fnl_supervision_look(struct fnl_value *row, enum fnl_supervision_cause cause, struct fnl_feed_state feed,
                         int64_t now_ms, const struct fnl_rules *rules, struct fnl_arena *arena, bool *ret_changed,
                         int64_t *ret_deadline_ms) FNL_MUST_USE;

/* ---- clocks of the row, kept as inputs come; each changes a copy that the caller owns ---- */

/* The layer changes from row[layer] to to_layer at at_ms: the clock of the one stops, that of the other starts or goes
 * on. Other layers than TOP, MIDDLE, BOTTOM have none. A row of before there were clocks: its layer's started at
 * layer_since. */
int fnl_supervision_layer(struct fnl_value *row, int to_layer, int64_t at_ms, const struct fnl_rules *rules,
                          struct fnl_arena *arena) FNL_MUST_USE;
/* The expected close date was `before` (null: none) and is row[expected_close_date] now. counts: not in bulk, not in a
 * snapshot. Keeps first_close_date, push_count, pushed_at. */
void fnl_supervision_close_date(struct fnl_value *row, struct fnl_value before, int64_t at_ms, bool counts,
                                const struct fnl_rules *rules);

/* Evidence record of the row in the arena (its values; lists and texts borrowed from it). NULL: no memory. */
struct fnl_value *fnl_supervision_evidence(const struct fnl_value *row, struct fnl_arena *arena);

/* ---- diagnosis ---- */

struct fnl_candidate {
	int cause; /* FNL_CAUSE_… of the enum Cause */
	bool confirmed;
};
/* The causes that come into question, the likeliest first; at least one for TOP, MIDDLE, BOTTOM, else none. An answer
 * counts when it was given after the layer's clock started: its cause comes first, and is confirmed if it says so.
 *   TOP     REP_OUT_OF_CONTACT for SILENT and STALE, BUYER_UNDECIDED for STUCK and SLIPPED; both, in this order, when
 *           both sorts stall
 *   MIDDLE  TAKEN_BY_COMPETITOR when a competitor is named or SILENT stalls; BUYER_DILEMMA when STUCK, STALE or SLIPPED
 *           stalls, or no competitor is named
 *   BOTTOM  what the blocker's code names (CONSENSUS, FUNDS or BUDGET, APPROVAL within it, whatever the case), else all
 *           three; in the article's order
 * stalls: list of Stall; evidence: Evidence values or NULL. */
size_t fnl_diagnose(int layer, struct fnl_list stalls, const struct fnl_value *evidence,
                    struct fnl_candidate ret[FNL_CANDIDATES_MAX]);
/* The same as a list of Candidate records with the rules' remedies, in the arena. */
int fnl_diagnosis(int layer, struct fnl_list stalls, const struct fnl_value *evidence, const struct fnl_rules *rules,
                  struct fnl_arena *arena, struct fnl_value *ret) FNL_MUST_USE;

#endif
