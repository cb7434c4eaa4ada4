/* What two runs over the same input said, side by side: a fact is a number that both may have said of one subject (a
 * prospect, a rep, a source) under one name. Names and subjects hold ids and the words of the records, nothing else. */
#ifndef FNL_PROGRAMS_REPLAY_FACTS_H
#define FNL_PROGRAMS_REPLAY_FACTS_H

#include "funneld/base/map.h"

enum fnl_replay_side { FNL_REPLAY_TODAY, FNL_REPLAY_WHAT_IF, FNL_REPLAY_SIDES };

/* COUNT: none is 0. LAYER: the layer's number plus 1. BP: basis points. MONEY: minor units of the fact's currency, E4:
 * 1/10000 of them. Of LAYER and BP there is no sum, only who differs. */
enum fnl_replay_unit { FNL_REPLAY_COUNT, FNL_REPLAY_LAYER, FNL_REPLAY_BP, FNL_REPLAY_MONEY, FNL_REPLAY_E4 };

/* X(NAME, key in JSON, heading, unit, all subjects in JSON: not only those that differ). In the order in which they
 * are shown. */
#define FNL_REPLAY_SECTIONS(X) \
	X(FUNNEL, "funnel", "Prospects at the end", COUNT, false) \
	X(AMOUNTS, "amounts", "Amounts, open and won", MONEY, false) \
	X(WEIGHTED, "weighted", "Weighted amounts, open", MONEY, false) \
	X(LAYERS, "layers", "Layer at the end", LAYER, false) \
	X(WEIGHTS, "weights", "Weight at the end", BP, false) \
	X(CHANGES, "layer_changes", "Layer changes", COUNT, false) \
	X(PARKED, "parked", "Parked, their stage being unknown", COUNT, false) \
	X(ALERTS, "alerts", "Alerts", COUNT, false) \
	X(SHEETS, "inspections", "Inspection sheets", COUNT, false) \
	X(QUOTAS, "quotas", "Quotas", MONEY, true) \
	X(LINES, "quota_lines", "Lines of quotas", E4, false) \
	X(LEFT_OUT, "quota_left_out", "Lines left out of quotas", COUNT, false) \
	X(OTHERS, "others", "What else was told", COUNT, false)

enum fnl_replay_section {
#define FNL_X(name, key, heading, unit, all) FNL_REPLAY_##name,
	FNL_REPLAY_SECTIONS(FNL_X)
#undef FNL_X
		FNL_REPLAY_SECTION_COUNT
};

struct fnl_replay_about {
	enum fnl_replay_section section;
	uint8_t rank;            /* names of a section are in the order of their rank, then of their bytes */
	struct fnl_span name;    /* "STUCK TOP REP" */
	struct fnl_span subject; /* absent: none */
	char currency[4];
};

struct fnl_replay_fact {
	struct fnl_map_node node;
	struct fnl_span order; /* section, rank, name, subject: facts are sorted by these bytes */
	struct fnl_span name;
	struct fnl_span subject;
	enum fnl_replay_section section;
	char currency[4];
	bool said[FNL_REPLAY_SIDES];
	__int128 n[FNL_REPLAY_SIDES];
};

/* A zeroed one is valid and empty. */
struct fnl_replay_facts {
	struct fnl_map map;
	struct fnl_replay_fact **sorted; /* after fnl_replay_sort: those that a side said in the end */
	size_t sorted_count;
};

const char *fnl_replay_section_key(enum fnl_replay_section s);
const char *fnl_replay_section_heading(enum fnl_replay_section s);
enum fnl_replay_unit fnl_replay_section_unit(enum fnl_replay_section s);
bool fnl_replay_section_shows_all(enum fnl_replay_section s);

/* Adds to what the side said, or replaces it. FNL_E_NOMEM; FNL_E_LIMIT for a name or a subject beyond 1 KiB. */
int fnl_replay_add(struct fnl_replay_facts *f, enum fnl_replay_side side, const struct fnl_replay_about *about,
                   __int128 n) FNL_MUST_USE;
int fnl_replay_set(struct fnl_replay_facts *f, enum fnl_replay_side side, const struct fnl_replay_about *about,
                   __int128 n) FNL_MUST_USE;
/* What is over, such as a draft that is frozen. */
void fnl_replay_unsay(struct fnl_replay_facts *f, enum fnl_replay_side side, const struct fnl_replay_about *about);

bool fnl_replay_differs(const struct fnl_replay_fact *fact);

/* Once, when all has been said. */
int fnl_replay_sort(struct fnl_replay_facts *f) FNL_MUST_USE;

/* All facts of one name. */
struct fnl_replay_group {
	enum fnl_replay_section section;
	struct fnl_span name;
	char currency[4];
	struct fnl_replay_fact *const *facts;
	size_t count;
	size_t differing;
	__int128 sum[FNL_REPLAY_SIDES];
};
/* The group that begins at *at, which moves behind it; false at the end. */
bool fnl_replay_next_group(const struct fnl_replay_facts *f, size_t *at, struct fnl_replay_group *ret);

void fnl_replay_facts_deinit(struct fnl_replay_facts *f);

#endif
