/* Shared by the files of the org stage's oracle. */
#ifndef FUNNELD_TESTS_ORACLE_ORG_INTERNAL_H
#define FUNNELD_TESTS_ORACLE_ORG_INTERNAL_H

#include "oracle_internal.h"
#include "oracle_org.h"

enum { ORG_KEY_BYTES = 600, ORG_BEST = 5, ORG_USES = 32 };

/* ---- rules, oracle_org_rules.c ---- */

struct org_rules {
	struct oracle_rules_text text;
	int64_t load_max_percent;
	int64_t capacity_default;
	int64_t base_months;
	int64_t moves_org_max_bp;
	int64_t moves_rep_max;
	bool move_bottom;
	int64_t improvement_min_bp;
	int64_t spread_max_bp;
	int64_t variation_max_bp;
	int64_t expires_days;
	int64_t comparable_min;
	int64_t quota_parts;
	int64_t bands[4]; /* in percent */
	int64_t fiscal_month;
};

const struct org_rules *org_rules_default(void);
/* By text; NULL: unknown, which counts as unreadable. */
const struct org_rules *org_rules_of(const json_t *text);

/* ---- the fold ---- */

struct org_expected {
	size_t topic;
	int32_t partition; /* of the input */
	int64_t at;        /* the input's offset, or that of the one that comes next */
	char *group;       /* the book, or the key; of dead letters partition and key */
	const struct fnl_record *dead;
	const char *why;
	json_t *body;
	const char *record;
	char cause[160];
	char correlation[160];
	char trace[160];
	const char *type; /* of what is told to the world; NULL: it is ours */
	char id[ORACLE_UUID_BYTES];
	int32_t rules_version;
	int64_t now_ms;
	bool matched;
	size_t next; /* of the same topic, group and partition, + 1; 0: it is the last */
};

struct org_partition {
	int32_t id;
	bool has_time;
	int64_t time_ms;
	int64_t place; /* the offset of the next input */
	json_t *times; /* PartitionTimes, or NULL */
	json_t *rules_row;
	const struct org_rules *rules;
	json_t *reps;      /* by row key */
	json_t *handovers; /* by row key */
	json_t *cells;     /* by row key */
	json_t *years;     /* by row key */
	json_t *questions; /* by row key; clock = event, as the next */
	json_t *proposals;
	json_t *scorings;
	/* clock = wall */
	json_t *lives;   /* by row key: what may have become of a question */
	json_t *changes; /* by organisation and table: how often its rows have changed */
	int64_t rules_changes;
};

struct org_fold {
	struct oracle *o;
	const struct oracle_org_input *in;
	struct oracle_org_stats stats;
	struct org_partition *partitions;
	size_t partition_count;
	struct org_expected *expected;
	size_t expected_count;
	size_t expected_room;
	json_t *found; /* clock = wall: "<book>|<request>" to the answers that came of questions through many rows */
	json_t *moves; /* clock = event: "<org>|<proposal id>" to the moves that were told of it, a list for each telling */
	char *why;     /* what no fold explains, such as an answer that no moments do */
	size_t why_bytes;
	bool failed;
};

/* One input, or one timer, at its place. */
struct org_step {
	struct org_fold *fold;
	struct org_partition *p;
	const struct fnl_record *record; /* NULL: a timer */
	const char *name;
	json_t *in;
	int64_t now_ms;
	char cause[160];
	char correlation[160];
};

int org_fold(struct org_fold *f);
void org_fold_free(struct org_fold *f);

/* oracle_org_rules.c: who could */

struct org_question {
	const struct org_rules *rules;
	const json_t *leaver; /* OrgRep; NULL: nobody knows him */
	const char *leaver_id;
	int64_t prospect_count;
};
/* Why he cannot ("NONE": he could); rep: NULL, nobody knows him. */
const char *org_refusal(const struct org_question *q, const json_t *rep);
/* The place of a refusal in the statistics. */
size_t org_refusal_at(const char *refusal);
/* A SuccessorCandidate of somebody who was asked about; new. rep_id is his. */
json_t *org_candidate(const struct org_question *q, const char *rep_id, const json_t *rep, const char *refusal,
                      bool with_load);
/* The best ones of a list of OrgRep, the best first. New. */
json_t *org_best(const struct org_question *q, const json_t *reps);
/* Both can: they would be equally loaded. */
bool org_same_load(const struct org_question *q, const json_t *a, const json_t *b);

/* oracle_org_tell.c */
/* To its book; body is taken over. */
void org_tell(struct org_step *s, const char *record, json_t *body);
void org_dead_letter(struct org_fold *f, const struct org_partition *p, const struct fnl_record *r, const char *why);
/* ce_id and ce_correlationid of who is behind the record. */
void org_cause(struct org_step *s);
/* A header to pass on: printable, at most 128 bytes; "" when there is none such. */
void org_header_text(const struct fnl_record *r, const char *name, char ret[160]);
char *org_key(const char *a, const char *b, const char *c, char ret[ORG_KEY_BYTES]);

/* To the world: topic, key, and what makes its ce_id beside cause and type; body is taken over. */
void org_tell_world(struct org_step *s, size_t topic, const char *record, const char *type, const char *key,
                    const char *name, json_t *body);
/* Of a command: "ProposeTerritories". */
void org_reject(struct org_step *s, const char *command, const char *org_id, const char *command_id,
                const char *issued_by, const char *reason);
/* The first one counts. */
void org_fail(struct org_fold *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The time of a command, or of a RepYear: before there is one it is its own. */
int64_t org_dated_ms(const struct org_step *s);

/* oracle_org_proposal.c: clock = event */
/* Which moves were told. */
void org_moves_find(struct org_fold *f);
const char *org_propose(struct org_step *s);
const char *org_accept(struct org_step *s);
/* A Proposal's timer, all its pages at once. */
void org_proposal_fire(struct org_step *s, json_t *row);

/* oracle_org_plan.c */
/* What a proposal goes by, into its row: reps with their cells, the currency. false: nobody is there. */
bool org_collect(const struct org_step *s, json_t *row);
/* Which cells move, as it was told, into the row; against the limits. */
void org_take_moves(struct org_step *s, json_t *row, const json_t *told);
/* A TerritoryProposal by the row, without its head; new. */
json_t *org_spreads(struct org_step *s, const json_t *row);

/* oracle_org_told.c: clock = wall, what was told of proposals against itself. */
void org_told_check(struct org_fold *f);

/* oracle_org_scoring.c */
const char *org_year(struct org_step *s);
const char *org_score(struct org_step *s);
/* clock = event: a Scoring's timer, all of its first job at once. */
void org_scoring_fire(struct org_step *s, json_t *row);

/* oracle_org_questions.c: those that go through many rows */
/* The rep behind "rep:<id>". */
const char *org_leaver_id(const char *book);
struct org_question org_question_of(const struct org_partition *p, const json_t *row);
/* An OrgQuestion of the input. New. */
json_t *org_question_row(struct org_step *s);
/* The answer to a question, of the best ones (OrgRep), or by the sums in its row. New. */
json_t *org_answer(struct oracle *o, const struct org_partition *p, const json_t *row, const json_t *best,
                   int64_t now_ms, const char **ret_record);
/* Whether a handover counts for a question. */
bool org_counts(const struct org_partition *p, const json_t *row, const json_t *handover);
/* Adds it to the sums in the row; what a sum has no room for is its greatest value. */
void org_add(json_t *row, const json_t *handover);
/* clock = event: one question, all at once. */
void org_fire(struct org_step *s, json_t *row);
/* Keys of an object that begin with the organisation and are after another (NULL: all of them), in bytewise order; the
 * caller frees the list. */
const char **org_keys(const json_t *rows, const char *org_id, const char *after, size_t *ret_count);

/* oracle_org_wall.c: clock = wall */
/* Which answers came of such questions. */
void org_wall_find(struct org_fold *f);
/* Pages may have been read before the next input. */
void org_wall_pass(struct org_fold *f, struct org_partition *p);
/* A row of the organisation has changed. */
void org_wall_changed(struct org_step *s, const char *table);
/* The input asks. */
void org_wall_ask(struct org_step *s, const char *key);
void org_wall_end(struct org_fold *f, struct org_partition *p);
/* Whether an output is the answer of such a question. */
bool org_is_scan(const char *record, const json_t *body);

#endif
