/* What other rules would have said: a table side by side, and the same as JSON. */
#ifndef FNL_PROGRAMS_VIEW_REPLAY_H
#define FNL_PROGRAMS_VIEW_REPLAY_H

#include "funneld/base/sha256.h"
#include "replay_facts.h"
#include "view_text.h"

enum { FNL_REPLAY_INPUTS = 5, FNL_REPLAY_RULES_MAX = 64 };

struct fnl_replay_rules {
	int32_t version;
	char hash[FNL_SHA256_HEX_BYTES + 1];
	int64_t at_ms;
};

/* What was replayed, and by which rules. */
struct fnl_replay_told {
	struct {
		const char *topic; /* its default name */
		uint64_t records;
	} inputs[FNL_REPLAY_INPUTS];
	uint64_t copies;   /* further copies of records that went to every partition */
	uint64_t too_late; /* of a time that nothing has yet: dead letters of the worker */
	int64_t first_ms;  /* of the input; INT64_MIN: there is none */
	int64_t end_ms;    /* the clocks' time at the end */
	int64_t from_ms;   /* what was told before is not counted; INT64_MIN: all is */
	struct fnl_replay_rules today[FNL_REPLAY_RULES_MAX];
	size_t today_count; /* those beyond the limit are counted, too; 0: the built-in ones */
	bool today_is_file; /* given, not found in the input */
	struct fnl_replay_rules what_if;
	uint64_t dropped; /* activations of the input that what_if stands in for */
};

/* limit: how many subjects are named below a line that differs. facts: sorted. */
void fnl_view_replay(const struct fnl_replay_told *told, const struct fnl_replay_facts *facts, size_t limit,
                     const struct fnl_canvas *c);
/* All of it, and nothing that another run over the same input would not say. FNL_E_NOMEM, FNL_E_IO. */
int fnl_view_replay_json(const struct fnl_replay_told *told, const struct fnl_replay_facts *facts,
                         FILE *out) FNL_MUST_USE;

#endif
