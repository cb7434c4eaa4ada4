/* What the folds of many seeds came across, as text for whoever looks after the workload. */
#include <stdio.h>

#include "oracle_rep.h"

static void print_stats(const struct oracle_rep_stats *s)
{
	printf("%zu drafts, %zu frozen, %zu quota lines of which %zu left out, %zu recalculated, %zu rejected, %zu "
	       "dead letters, %zu stale, %zu images, %zu late changes, %zu erased, %zu refiled, %zu rules, %zu "
	       "moves of org, %zu long books, %zu books, %zu lines, %zu "
	       "doubtful moments, %zu runs not judged\n",
	       s->drafts, s->frozen, s->quota_lines, s->left_out, s->recalculated, s->rejected, s->dead_letters, s->stale,
	       s->images, s->late_changes, s->erased, s->refiled, s->rules_activated, s->org_moves, s->long_books, s->books,
	       s->lines, s->doubtful, s->unjudged);
	printf("%zu lines by a rate, %zu by planned purchases, %zu in a territory, %zu rates and territories\n",
	       s->converted, s->planned, s->in_territory, s->references);
	printf("%zu revised, %zu revisions refused, %zu times lines came, %zu quotas begun, %zu not added, %zu lines "
	       "went, %zu of them with %zu prospects that went by proposals\n",
	       s->revised, s->revisions_refused, s->lines_came, s->quotas_begun, s->not_added, s->lines_went,
	       s->lines_went_by_proposal, s->moves_recognised);
	printf("%zu stalled, %zu escalated, %zu cleared, %zu held, %zu returned, %zu sheets, %zu pages, %zu changed "
	       "lines, %zu questions, %zu answers of which %zu in place, %zu closed, %zu overdue, %zu entries of "
	       "which %zu absences, %zu reps and %zu persons forgotten\n",
	       s->stalled, s->escalated, s->cleared, s->held, s->returned, s->sheets, s->sheet_pages, s->changed_lines,
	       s->questions, s->answers, s->answered, s->closed, s->overdue, s->entries, s->absences, s->reps_forgotten,
	       s->forgotten);
	printf("cells: %zu lines went from one to another, %zu changed nothing, %zu reps told anew, %zu images of "
	       "which %zu absences, %zu sums held, %zu at the end; %zu asked for\n",
	       s->cells_moved, s->cells_same, s->cells_anew, s->cell_images, s->cell_absences, s->cells_held, s->cells,
	       s->moves_asked);
}

static void print_handovers(const struct oracle_rep_stats *s)
{
	printf("handovers: %zu notices, %zu corrected, %zu withdrawn, %zu left, %zu replaced, %zu cancelled, %zu "
	       "listed with %zu prospects of which %zu flipped, %zu completed; %zu asked, %zu named, %zu accepted, "
	       "%zu refused, %zu dropped out, %zu proposed, %zu commands refused, %zu signed off\n",
	       s->notices, s->corrected, s->withdrawn, s->left, s->replaced, s->cancelled, s->listed, s->listed_prospects,
	       s->flipped, s->completed, s->asked, s->named, s->accepted, s->refused, s->dropped_out, s->proposed,
	       s->commands_refused, s->reviewed);
	printf("tasks: %zu opened of which %zu block, %zu gates, %zu released, %zu done, %zu waived, %zu superseded, "
	       "%zu cancelled, %zu overdue, %zu unnamed, %zu needed later, %zu reports refused (%zu %zu %zu %zu %zu "
	       "%zu %zu %zu %zu %zu), %zu at risk\n",
	       s->tasks_opened, s->tasks_blocking, s->gates, s->tasks_released, s->tasks_done, s->tasks_waived,
	       s->tasks_superseded, s->tasks_cancelled, s->tasks_overdue, s->unnamed, s->needed_later, s->reports_refused,
	       s->refused_because[0], s->refused_because[1], s->refused_because[2], s->refused_because[3],
	       s->refused_because[4], s->refused_because[5], s->refused_because[6], s->refused_because[7],
	       s->refused_because[8], s->refused_because[9], s->at_risk);
	printf("%zu findings (%zu %zu %zu %zu %zu %zu %zu %zu), %zu of them pushed out; %zu reassigned, %zu overdue, "
	       "%zu moved; %zu partings of which %zu to the employer, %zu outcomes, %zu base rates, %zu defections, "
	       "%zu watches over\n",
	       s->findings, s->found[0], s->found[1], s->found[2], s->found[3], s->found[4], s->found[5], s->found[6],
	       s->found[7], s->pushed_out, s->reassigned, s->reassign_overdue, s->moved, s->partings, s->to_employer,
	       s->outcomes, s->base_rates, s->defections, s->watches_over);
}

static void print_credits(const struct oracle_rep_stats *s)
{
	printf("%zu wins credited, %zu taken back, %zu erased; %zu times told, %zu with a quota, %zu not all converted, "
	       "%zu in "
	       "pages; %zu images of which %zu absences\n",
	       s->credits, s->credits_back, s->credits_left, s->attained, s->attained_of_quota, s->attained_others,
	       s->attained_in_pages, s->year_images, s->year_absences);
}

void oracle_rep_stats_print(const struct oracle_rep_stats *s)
{
	print_stats(s);
	print_credits(s);
	print_handovers(s);
}
