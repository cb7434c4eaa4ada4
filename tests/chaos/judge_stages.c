/* Each stage against its oracle's fold of what it was given, the router against what it was given. */
#include <stdio.h>
#include <stdlib.h>

#include "judge.h"
#include "oracle_internal.h"
#include "oracle_rep.h"
#include "oracle_router.h"

enum { WHY_BYTES = 2000, CURRENCIES_MAX = 64 };

/* The same money three times. */
enum { OF_PROSPECTS, OF_LINES, OF_BOOKS, SIDES };
struct money {
	char currency[4]; /* "": no amount */
	int64_t count[SIDES];
	__int128 minor[SIDES];
};
struct sums {
	struct money at[CURRENCIES_MAX];
	size_t count;
};

/* ---- rows ---- */

static uint8_t table_of(struct fnl_span key, const char *const *names, uint8_t count, struct fnl_span *ret_rest)
{
	for (uint8_t i = 0; i < count; i++) {
		size_t len = strlen(names[i]);
		if (key.len > len && memcmp(key.data, names[i], len) == 0 && key.data[len] == '|') {
			*ret_rest = fnl_span_of(key.data + len + 1, key.len - len - 1);
			return i;
		}
	}
	judge_die("a row of no table", "in the changelog");
}

/* The latest value of each key of each partition, unless it is a tombstone. The caller frees them. */
static struct oracle_row *rows_of(struct judge *j, const struct pile *p, enum fnl_app_stage_id stage,
                                  const char *const *tables, uint8_t table_count, size_t *ret_count)
{
	struct fnl_operator *op;
	struct fnl_error why = {0};
	struct oracle_row *rows = calloc(p->count + 1, sizeof(*rows));
	size_t n = 0;
	if (!rows || fnl_app_operator(j->app, stage, &op, &why)) {
		judge_die("operator", why.text);
	}
	for (size_t i = 0; i < p->count; i++) {
		const struct fnl_record *r = &p->at[i], *next = i + 1 < p->count ? r + 1 : NULL;
		if (fnl_span_is_none(r->value) || (next && next->partition == r->partition && fnl_span_eq(next->key, r->key))) {
			continue;
		}
		struct oracle_row *row = &rows[n++];
		row->partition = r->partition;
		row->table = table_of(r->key, tables, table_count, &row->key);
		row->value = r->value;
		row->deadline_ms = op->ops->row_deadline(op, row->table, r->value);
	}
	*ret_count = n;
	return rows;
}

/* ---- records of one of those who share a topic ---- */

static struct pile those_with(const struct pile *all, const char *header, const char *value)
{
	struct pile some = {0};
	for (size_t i = 0; i < all->count; i++) {
		if (fnl_span_eq(fnl_record_header(&all->at[i], header), fnl_span_str(value))) {
			some.at = judge_grown(some.at, some.count, &some.room, sizeof(*some.at));
			some.at[some.count++] = all->at[i];
		}
	}
	return some;
}

static struct pile dead_letters_of(const struct judge *j, const char *stage)
{
	return those_with(&j->piles[ORACLE_DEAD_LETTERS], "__connect.errors.stage", stage);
}

static struct pile lines_of(const struct judge *j, struct oracle *o)
{
	struct pile some = {0};
	const struct pile *all = &j->piles[ORACLE_REP_INPUTS];
	for (size_t i = 0; i < all->count; i++) {
		if (oracle_sender_of(o, &all->at[i]) == ORACLE_FROM_PROSPECT) {
			some.at = judge_grown(some.at, some.count, &some.room, sizeof(*some.at));
			some.at[some.count++] = all->at[i];
		}
	}
	return some;
}

/* What the rep stage tells organisations; not how far its time has come, which nobody has in the same steps. */
static struct pile told_to_orgs(const struct judge *j, struct oracle *o)
{
	struct pile some = {0};
	const struct pile *all = &j->piles[PILE_ORG_INPUTS];
	for (size_t i = 0; i < all->count; i++) {
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		json_t *v = oracle_decode(o, &all->at[i], &schema, &why);
		if (!v || strcmp(schema->name, "StageTime") != 0) {
			some.at = judge_grown(some.at, some.count, &some.room, sizeof(*some.at));
			some.at[some.count++] = all->at[i];
		}
		json_decref(v);
	}
	return some;
}

static int32_t partitions_of(const struct judge *j, const char *topic)
{
	struct fnl_topic_info info;
	if (j->bus->ops->describe_topic(j->bus, topic, &info)) {
		judge_die("asking for", topic);
	}
	return info.partition_count;
}

/* ---- conservation ---- */

static void add(struct sums *s, int side, const json_t *currency, int64_t count, int64_t minor)
{
	const char *code = json_is_string(currency) ? json_string_value(currency) : "";
	size_t i = 0;
	while (i < s->count && strcmp(s->at[i].currency, code) != 0) {
		i++;
	}
	if (i == CURRENCIES_MAX) {
		judge_die("conservation", "too many currencies");
	}
	if (i == s->count) {
		s->count++;
		snprintf(s->at[i].currency, sizeof(s->at[i].currency), "%s", code);
	}
	s->at[i].count[side] += count;
	s->at[i].minor[side] += minor;
}

static void add_amount(struct sums *s, int side, const json_t *row)
{
	const json_t *amount = json_object_get(row, "amount");
	bool there = json_is_object(amount);
	add(s, side, there ? json_object_get(amount, "currency") : NULL, 1,
	    there ? oracle_number(amount, "amount_minor") : 0);
}

static void add_prospects(struct sums *s, struct oracle *o, const struct oracle_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		json_t *row =
			rows[i].table == ORACLE_TABLE_PROSPECT ? oracle_decode_value(o, rows[i].value, &schema, &why) : NULL;
		if (row && oracle_has(row, "book")) {
			add_amount(s, OF_PROSPECTS, row);
		}
		json_decref(row);
	}
}

static void add_books(struct sums *s, struct oracle *o, const struct oracle_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct oracle_schema *schema = NULL;
		const char *why = NULL;
		json_t *row = oracle_decode_value(o, rows[i].value, &schema, &why), *total;
		size_t k;
		if (rows[i].table == ORACLE_REP_LINE && oracle_is(row, "state", "OWNED")) {
			add_amount(s, OF_LINES, row);
		}
		json_array_foreach(rows[i].table == ORACLE_REP_REP ? json_object_get(row, "totals") : NULL, k, total)
		{
			add(s, OF_BOOKS, json_object_get(total, "currency"), oracle_number(total, "count"),
			    oracle_number(total, "amount_minor"));
		}
		json_decref(row);
	}
}

/* I6: what prospects are worth, what lines say, what books sum up; by currency, and counted. */
static void judge_conservation(const struct sums *s)
{
	size_t prospects = 0;
	for (size_t i = 0; i < s->count; i++) {
		const struct money *m = &s->at[i];
		for (int side = OF_LINES; side < SIDES; side++) {
			if (m->count[side] != m->count[OF_PROSPECTS] || m->minor[side] != m->minor[OF_PROSPECTS]) {
				judge_die(side == OF_LINES ? "lines do not have the prospects' money in"
				                           : "books do not have the prospects' money in",
				          m->currency);
			}
		}
		prospects += (size_t)m->count[OF_PROSPECTS];
	}
	printf("%zu prospects, lines and books have the same money in %zu currencies\n", prospects, s->count);
}

/* ---- stage by stage; each returns how many dead letters are its own ---- */

static size_t judge_prospects(struct judge *j, struct oracle *o, struct sums *sums)
{
	char why[WHY_BYTES];
	struct oracle_stats s;
	struct pile dead = dead_letters_of(j, "prospect"), lines = lines_of(j, o);
	struct pile alerts = those_with(&j->piles[ORACLE_ALERTS], "ce_source", "funneld/prospect");
	struct oracle_input in = {.event_clock = true,
	                          .partition_count = partitions_of(j, j->topics[PILE_CHANGES]),
	                          .rep_partition_count = partitions_of(j, j->topics[ORACLE_REP_INPUTS]),
	                          .time_max_ms = fnl_settings_int(j->app->settings, "event_time.max"),
	                          .input_topic = j->topics[PILE_CHANGES],
	                          .inputs = j->piles[PILE_CHANGES].at,
	                          .input_count = j->piles[PILE_CHANGES].count};
	struct oracle_row *rows = rows_of(j, &j->piles[PILE_ROWS], FNL_APP_STAGE_PROSPECT, fnl_prospect_tables,
	                                  FNL_PROSPECT_TABLE_COUNT, &in.row_count);
	in.rows = rows;
	for (size_t i = 0; i < ORACLE_TOPIC_COUNT; i++) {
		const struct pile *p = i == ORACLE_DEAD_LETTERS ? &dead
		                       : i == ORACLE_REP_INPUTS ? &lines
		                       : i == ORACLE_ALERTS     ? &alerts
		                                                : &j->piles[i];
		in.outputs[i] = p->at;
		in.output_counts[i] = p->count;
	}
	if (oracle_check(o, &in, &s, why, sizeof(why)) != 0) {
		judge_die("prospect stage: not what follows from the input", why);
	}
	printf("prospect stage: %zu inputs; %zu layer changes, %zu alerts, %zu dead letters, %zu lines; %zu rows\n",
	       in.input_count, in.output_counts[ORACLE_LAYER_CHANGES], in.output_counts[ORACLE_ALERTS], dead.count, s.lines,
	       in.row_count);
	printf("  among them: %zu timers, %zu stale, %zu parked, %zu resyncs asked, %zu rules activated, %zu erased\n",
	       s.timers, s.stale, s.parked, s.resync_requested, s.rules_activated, s.erased);
	printf("  of supervision: %zu stalls came, %zu were told, %zu feeds fell silent, %zu answers\n",
	       s.stalled[0] + s.stalled[1] + s.stalled[2] + s.stalled[3], s.levels[0], s.silent, s.answers);
	add_prospects(sums, o, rows, in.row_count);
	free(rows);
	free(alerts.at);
	free(lines.at);
	free(dead.at);
	return in.output_counts[ORACLE_DEAD_LETTERS];
}

static size_t judge_relay(struct judge *j, struct oracle *o, enum oracle_sender relay, const char *stage, size_t pile)
{
	char why[WHY_BYTES];
	struct oracle_router_stats s;
	struct pile dead = dead_letters_of(j, stage);
	struct oracle_router_input in = {.relay = relay,
	                                 .stage = stage,
	                                 .input_topic = j->topics[pile],
	                                 .rep_partition_count = partitions_of(j, j->topics[ORACLE_REP_INPUTS]),
	                                 .inputs = j->piles[pile].at,
	                                 .input_count = j->piles[pile].count,
	                                 .rep_inputs = j->piles[ORACLE_REP_INPUTS].at,
	                                 .rep_input_count = j->piles[ORACLE_REP_INPUTS].count,
	                                 .org_partition_count = partitions_of(j, j->topics[PILE_ORG_INPUTS]),
	                                 .org_inputs = j->piles[PILE_ORG_INPUTS].at,
	                                 .org_input_count = j->piles[PILE_ORG_INPUTS].count,
	                                 .dead_letters = dead.at,
	                                 .dead_letter_count = dead.count};
	if (oracle_router_check(o, &in, &s, why, sizeof(why)) != 0) {
		judge_die("router: not what it was given", why);
	}
	printf("%s: %zu inputs; %zu sent to books, %zu to every partition, %zu to organisations, %zu dead letters\n", stage,
	       in.input_count, s.keyed, s.for_all, s.for_org, dead.count);
	free(dead.at);
	return in.dead_letter_count;
}

/* What a run that reaches little would not show. */
static void expect_reached(const struct judge *j, const struct oracle_rep_stats *s)
{
	if (j->piles[PILE_COMMANDS].count > 20 && (!s->frozen || !s->recalculated || !s->rejected)) {
		judge_die("rep stage",
		          "with so many commands nothing was frozen, recalculated or refused: the load is no test");
	}
	/* A short run has some 60 notices and a handful of gates: by chance it could have none. */
	bool some = s->named && s->tasks_done && s->reports_refused && s->reassigned;
	bool all = some && s->cancelled && s->replaced && s->gates;
	if ((s->notices > 30 && !some) || (s->notices > 200 && !all)) {
		judge_die("rep stage", "with so many notices there was no whole handover: the load is no test");
	}
}

static void print_departures(const struct oracle_rep_stats *s)
{
	printf("  of departures: %zu notices, %zu corrected, %zu withdrawn, %zu left, %zu replaced, %zu cancelled, %zu "
	       "completed; %zu listed, %zu findings, %zu reviewed; %zu asked, %zu named, %zu accepted, %zu refused, %zu "
	       "dropped out\n",
	       s->notices, s->corrected, s->withdrawn, s->left, s->replaced, s->cancelled, s->completed,
	       s->listed_prospects, s->findings, s->reviewed, s->asked, s->named, s->accepted, s->refused, s->dropped_out);
	printf("  of tasks: %zu opened, %zu gates, %zu released, %zu done, %zu waived, %zu superseded, %zu cancelled, %zu "
	       "overdue, %zu reports refused; %zu moves asked for, %zu overdue, %zu moved; %zu base rates, %zu reviews\n",
	       s->tasks_opened, s->gates, s->tasks_released, s->tasks_done, s->tasks_waived, s->tasks_superseded,
	       s->tasks_cancelled, s->tasks_overdue, s->reports_refused, s->reassigned, s->reassign_overdue, s->moved,
	       s->base_rates, s->defections);
}

static size_t judge_reps(struct judge *j, struct oracle *o, struct sums *sums)
{
	char why[WHY_BYTES];
	struct oracle_rep_stats s;
	struct pile dead = dead_letters_of(j, "rep");
	struct pile alerts = those_with(&j->piles[ORACLE_ALERTS], "ce_source", "funneld/rep");
	struct pile orgs = told_to_orgs(j, o);
	struct oracle_rep_input in = {.event_clock = true,
	                              .time_max_ms = fnl_settings_int(j->app->settings, "event_time.max"),
	                              .input_topic = j->topics[ORACLE_REP_INPUTS],
	                              .inputs = j->piles[ORACLE_REP_INPUTS].at,
	                              .input_count = j->piles[ORACLE_REP_INPUTS].count};
	const struct pile *const outputs[ORACLE_REP_TOPIC_COUNT] = {
		[ORACLE_REP_QUOTAS] = &j->piles[PILE_QUOTAS],
		[ORACLE_REP_REJECTIONS] = &j->piles[PILE_REJECTIONS],
		[ORACLE_REP_DEAD_LETTERS] = &dead,
		[ORACLE_REP_ALERTS] = &alerts,
		[ORACLE_REP_INSPECTIONS] = &j->piles[PILE_INSPECTIONS],
		[ORACLE_REP_HANDOVERS] = &j->piles[PILE_HANDOVERS],
		[ORACLE_REP_REVIEWS] = &j->piles[PILE_REVIEWS],
		[ORACLE_REP_REASSIGNMENTS] = &j->piles[PILE_REASSIGNMENTS],
		[ORACLE_REP_ORG_INPUTS] = &orgs,
		[ORACLE_REP_DIRECTORY] = &j->piles[PILE_DIRECTORY],
	};
	struct oracle_row *rows =
		rows_of(j, &j->piles[PILE_REP_ROWS], FNL_APP_STAGE_REP, fnl_rep_tables, FNL_REP_TABLE_COUNT, &in.row_count);
	in.rows = rows;
	for (size_t i = 0; i < ORACLE_REP_TOPIC_COUNT; i++) {
		in.outputs[i] = outputs[i]->at;
		in.output_counts[i] = outputs[i]->count;
	}
	if (oracle_rep_check(o, &in, &s, why, sizeof(why)) != 0) {
		judge_die("rep stage: not what follows from its input", why);
	}
	printf("rep stage: %zu inputs; %zu outputs: %zu drafts, %zu frozen, %zu lines of quotas, %zu recalculated; %zu "
	       "refusals, %zu dead letters; %zu rows\n",
	       in.input_count, in.output_counts[ORACLE_REP_QUOTAS], s.drafts, s.frozen, s.quota_lines, s.recalculated,
	       in.output_counts[ORACLE_REP_REJECTIONS], dead.count, in.row_count);
	printf(
		"  among them: %zu stale, %zu images, %zu late changes, %zu refiled, %zu rules activated, %zu moves to another "
		"organisation, %zu books, %zu lines\n",
		s.stale, s.images, s.late_changes, s.refiled, s.rules_activated, s.org_moves, s.books, s.lines);
	printf("  of supervision: %zu stalled, %zu escalated, %zu cleared, %zu sheets, %zu questions, %zu answers\n",
	       s.stalled, s.escalated, s.cleared, s.sheets, s.questions, s.answers);
	print_departures(&s);
	expect_reached(j, &s);
	add_books(sums, o, rows, in.row_count);
	free(rows);
	free(alerts.at);
	free(orgs.at);
	free(dead.at);
	return in.output_counts[ORACLE_REP_DEAD_LETTERS];
}

void judge_stages(struct judge *j)
{
	char why[WHY_BYTES];
	struct oracle *o = oracle_open(FNL_SOURCE_DIR "/schemas", why, sizeof(why));
	if (!o) {
		judge_die("oracle", why);
	}
	static struct sums sums;
	size_t dead = judge_prospects(j, o, &sums);
	dead += judge_relay(j, o, ORACLE_FROM_ROUTER_HR, "router-hr", PILE_REP_CHANGES);
	dead += judge_relay(j, o, ORACLE_FROM_ROUTER_COMMANDS, "router-commands", PILE_COMMANDS);
	dead += judge_reps(j, o, &sums);
	judge_org(j, o);
	if (dead != j->piles[ORACLE_DEAD_LETTERS].count) {
		judge_die("dead letters", "there are some of no stage");
	}
	judge_conservation(&sums);
	oracle_close(o);
}
