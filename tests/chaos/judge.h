/* Shared by the files of chaos_judge. */
#ifndef FUNNELD_TESTS_CHAOS_JUDGE_H
#define FUNNELD_TESTS_CHAOS_JUDGE_H

#include "app.h"
#include "oracle.h"

/* The topics: first those which the oracle of the prospect stage numbers, then others that the concurrent reader sees;
 * rows of the rep stage, which it sees, too, are not outputs; then what it does not look at. */
enum {
	PILE_QUOTAS = ORACLE_TOPIC_COUNT,
	PILE_REJECTIONS,
	PILE_INSPECTIONS,
	PILE_HANDOVERS,
	PILE_REVIEWS,
	PILE_REASSIGNMENTS,
	PILE_ORG_INPUTS,
	PILE_OUTPUTS, /* how many are outputs */
	PILE_REP_ROWS = PILE_OUTPUTS,
	PILE_WATCHED, /* how many are watched */
	PILE_ROWS = PILE_WATCHED,
	PILE_DIRECTORY, /* compacted, but not so soon */
	PILE_CHANGES,
	PILE_REP_CHANGES,
	PILE_COMMANDS,
	PILE_COUNT
};

struct pile {
	struct fnl_record *at; /* in order of partition and offset, of rows partition and key */
	size_t count;
	size_t room;
};

struct watched {
	int64_t arrival_ms;
	int64_t offset;
	int64_t timestamp_ms;
	uint64_t digest;
	size_t topic;
	int32_t partition;
};

struct judge {
	struct fnl_app *app;
	struct fnl_bus *bus;
	struct fnl_arena arena;
	const char *topics[PILE_COUNT];
	struct pile piles[PILE_COUNT];
	struct watched *watched;
	size_t watched_count;
	size_t watched_room;
	size_t output_count; /* of these */
};

_Noreturn void judge_die(const char *what, const char *why);
/* Room for one more. */
void *judge_grown(void *at, size_t count, size_t *room, size_t size);
/* Outputs and rows are what follows from the inputs; dies when they are not. */
void judge_stages(struct judge *j);

/* judge_org.c */
/* What the org stage was asked, and what it answered: each question once, in the name of its cause; nothing else. Dies
 * when it is not so. */
void judge_org(struct judge *j, struct oracle *o);

#endif
