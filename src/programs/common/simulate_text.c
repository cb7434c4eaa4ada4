/* The simulated changes as text: one table says how each column is written. */
#include <inttypes.h>
#include <time.h>

#include "simulate_internal.h"

enum format { WORD, WORDS, NUMBER, NUMBERED, PROSPECT_ID, REP_ID, TIME, DATE, MONEY };

const char *const fnl_sim_columns[FNL_SIM_COLUMN_COUNT] = {
#define FNL_X(name, column, format, words) column,
	FNL_SIM_COLUMN_TABLE(FNL_X)
#undef FNL_X
};
const char *const fnl_sim_events[FNL_SIM_EVENT_COUNT] = {"changed",     "contact",      "deleted", "restored",
                                                         "merged",      "erased",       "gap",     "heartbeat",
                                                         "rep_changed", "rep_resigned", "rep_left"};
const char *const fnl_sim_stages[] = {"Prospecting",          "Qualification",       "Needs Analysis",
                                      "Value Proposition",    "Id. Decision Makers", "Perception Analysis",
                                      "Proposal/Price Quote", "Negotiation/Review",  "Legal limbo",
                                      "Closed Won",           "Closed Lost"};
const char *const fnl_sim_currencies[FNL_SIM_CURRENCY_COUNT] = {"USD", "EUR", "JPY"};
const char *const fnl_sim_sources[] = {"crm-us", "crm-eu", "hr"};
static const char *const booleans[] = {"false", "true"};
static const char *const statuses[] = {"open", "won", "lost"};
static const char *const probability_sources[] = {"manual"};
static const char *const regions[2 * FNL_SIM_REGIONS_A_SIDE] = {"West", "East", "South", "DACH", "Nordics", "Iberia"};
static const char *const industries[FNL_SIM_INDUSTRY_COUNT] = {"retail",  "machinery", "health",
                                                               "finance", "energy",    "logistics"};
static const char *const reasons[] = {"price", "no budget", "competitor", "no decision"};
static const char *const blockers[FNL_SIM_BLOCKER_COUNT] = {"CONSENSUS", "FUNDS", "APPROVAL"};
static const char *const channels[] = {"visit", "phone", "video", "mail"};
static const char *const orgs[] = {FNL_SIM_ORG_ID};

const char fnl_sim_rules[] = "; for what `funnelctl simulate` sends\n"
							 "[rules]\n"
							 "version = 1\n"
							 "\n"
							 "[feed]\n"
							 "silent_with_heartbeats_minutes = 10080 ; a week: its heartbeats come every third day\n"
							 "\n"
							 "[stuck] ; business days in a layer: its deals take three months to two years\n"
							 "top = 140\n"
							 "middle = 110\n"
							 "bottom = 150\n"
							 "\n"
							 "[stuck_cumulative]\n"
							 "top = 200\n"
							 "middle = 160\n"
							 "bottom = 220\n"
							 "\n"
							 "[slipped] ; pushes of the close date\n"
							 "bottom = 2\n";

/* A table's third and fourth column, which are of different types. */
static const struct {
	enum format format;
	const void *dress;
} dresses[FNL_SIM_COLUMN_COUNT] = {
#define FNL_X(name, column, format, words) {format, words},
	FNL_SIM_COLUMN_TABLE(FNL_X)
#undef FNL_X
};

static void write_words(const char *const *words, int64_t bits, char ret[FNL_SIM_TEXT_BYTES])
{
	size_t at = 0;
	for (int i = 0; bits >> i && at < FNL_SIM_TEXT_BYTES; i++) {
		if (bits >> i & 1) {
			at += (size_t)snprintf(ret + at, FNL_SIM_TEXT_BYTES - at, "%s%s", at ? ";" : "", words[i]);
		}
	}
}

static void write_time(int64_t ms, bool day_only, char ret[FNL_SIM_TEXT_BYTES])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm t;
	gmtime_r(&seconds, &t);
	strftime(ret, FNL_SIM_TEXT_BYTES, day_only ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%SZ", &t);
}

static void write_money(int64_t minor, int64_t currency, char ret[FNL_SIM_TEXT_BYTES])
{
	if (currency == FNL_SIM_JPY || minor % 100 == 0) {
		snprintf(ret, FNL_SIM_TEXT_BYTES, "%" PRId64, currency == FNL_SIM_JPY ? minor : minor / 100);
	} else {
		snprintf(ret, FNL_SIM_TEXT_BYTES, "%" PRId64 ".%02" PRId64, minor / 100, minor % 100);
	}
}

static void write_cell(enum fnl_sim_column column, int64_t v, int64_t currency, char ret[FNL_SIM_TEXT_BYTES])
{
	const void *dress = dresses[column].dress;
	if (v == FNL_SIM_CLEARED) {
		snprintf(ret, FNL_SIM_TEXT_BYTES, "\\N");
		return;
	}
	switch (dresses[column].format) {
	case WORD:
		snprintf(ret, FNL_SIM_TEXT_BYTES, "%s", ((const char *const *)dress)[v]);
		break;
	case WORDS:
		write_words(dress, v, ret);
		break;
	case NUMBER:
		snprintf(ret, FNL_SIM_TEXT_BYTES, "%" PRId64, v);
		break;
	case NUMBERED:
		snprintf(ret, FNL_SIM_TEXT_BYTES, "%s%" PRId64, (const char *)dress, v);
		break;
	case PROSPECT_ID:
		snprintf(ret, FNL_SIM_TEXT_BYTES, "%s%04" PRId64, (const char *)dress, v);
		break;
	case REP_ID:
		snprintf(ret, FNL_SIM_TEXT_BYTES, "%s%02" PRId64, (const char *)dress, v);
		break;
	case TIME:
		write_time(v, false, ret);
		break;
	case DATE:
		write_time(v * FNL_SIM_DAY_MS, true, ret);
		break;
	case MONEY:
		write_money(v, currency, ret);
		break;
	}
}

void fnl_sim_texts(const struct fnl_simulation *s, const struct fnl_sim_change *c, struct fnl_sim_texts *ret)
{
	int64_t currency = FNL_SIM_USD;
	fnl_sim_value(s, c, FNL_SIM_CURRENCY, &currency);
	for (size_t i = 0; i < FNL_SIM_COLUMN_COUNT; i++) {
		ret->cells[i] = FNL_SPAN_LIT("");
	}
	for (size_t i = c->cell_from; i < c->cell_from + c->cell_count; i++) {
		enum fnl_sim_column column = (enum fnl_sim_column)s->cells[i].column;
		write_cell(column, s->cells[i].value, currency, ret->bytes[column]);
		ret->cells[column] = fnl_span_str(ret->bytes[column]);
	}
}

int fnl_sim_write_csv(const struct fnl_simulation *s, FILE *out)
{
	for (size_t i = 0; i < FNL_SIM_COLUMN_COUNT; i++) {
		fprintf(out, "%s%s", i ? "," : "", fnl_sim_columns[i]);
	}
	fputc('\n', out);
	for (size_t n = 0; n < s->change_count && !ferror(out); n++) {
		struct fnl_sim_texts texts;
		fnl_sim_texts(s, &s->changes[n], &texts);
		for (size_t i = 0; i < FNL_SIM_COLUMN_COUNT; i++) {
			fprintf(out, "%s%.*s", i ? "," : "", (int)texts.cells[i].len, (const char *)texts.cells[i].data);
		}
		fputc('\n', out);
	}
	return fflush(out) == 0 && !ferror(out) ? 0 : FNL_E_IO;
}
