/* How the reps of an organisation stand in a fiscal year, on two axes side by side: how much each carries, and how much
 * of it he has won. They never become one number, and the reps stand by their ids, not by how they do. From the rows of
 * the org stage and what was last told of each on funnel.performance. */
#ifndef FNL_PROGRAMS_VIEW_PERFORMANCE_H
#define FNL_PROGRAMS_VIEW_PERFORMANCE_H

#include "funneld/operators/prospect.h"
#include "rows_table.h"
#include "view_text.h"

enum { FNL_VIEW_NO_YEAR = 1 };

struct fnl_performance_question {
	struct fnl_span org;
	int32_t year; /* 0: the latest that is known */
	bool event_clock;
	int64_t now_ms;
	const struct fnl_rules_reader *rules_reader;
};

/* The rows that an answer needs, of the org stage's changelog: for struct fnl_rows. context: the question. */
bool fnl_performance_wanted(void *context, struct fnl_span changelog_key);
/* The question's year, or the latest, when a rep has a row of it; else 0. */
int32_t fnl_performance_year(const struct fnl_rows *rows, const struct fnl_performance_question *q);

/* What was told of the reps: reads records one by one. Zeroed but for codec and org it is valid. */
struct fnl_scores {
	struct fnl_codec *codec;
	struct fnl_span org;
	struct fnl_error why; /* of a put that failed */
	struct fnl_arena scratch;
	struct fnl_arena arena;
	const struct fnl_value **latest; /* PerformanceScored, of each rep and year the latest */
	size_t count;
	size_t capacity;
};

/* One record of funnel.performance, in the order of its partition. FNL_E_INVALID …, FNL_E_NOMEM with scores->why. */
int fnl_scores_put(struct fnl_scores *scores, const struct fnl_record *r) FNL_MUST_USE;
void fnl_scores_deinit(struct fnl_scores *scores);

/* 0; FNL_VIEW_NO_YEAR: nothing is known of any rep's year; FNL_E_… with *why. */
int fnl_view_performance(const struct fnl_rows *rows, const struct fnl_scores *scores,
                         const struct fnl_performance_question *q, const struct fnl_canvas *c,
                         struct fnl_error *why) FNL_MUST_USE;
/* {"org_id", "fiscal_year", "rules_version", "comparable_min", "reps": [{"rep_id", "level": {"quota", "share_bp",
 * "level_part", "level_parts", "comparable_count"}, "attainment": {"part_bp", "due_minor", "won_minor",
 * "attainment_bp", "band", "not_converted_count"}, "as_of", "now": {"quota", "won_minor", "not_converted_count"}}]}.
 * level, attainment and as_of are null until he is scored, now when he has no row any more. */
int fnl_view_performance_json(const struct fnl_rows *rows, const struct fnl_scores *scores,
                              const struct fnl_performance_question *q, FILE *out, struct fnl_error *why) FNL_MUST_USE;

#endif
