/* Conservation through the stages: what the prospects say, what the lines of the books say, and what the books' own
 * totals say must be the same, for each book, layer and currency: counts, amounts and exact weighted amounts. In TOP,
 * MIDDLE and BOTTOM so must be what its cells say, and, when they have been told, what its organisation has of them;
 * but for lines that are in no cell yet, since they were stored before there were any. */
#ifndef FUNNELCTL_VERIFY_BOOKS_H
#define FUNNELCTL_VERIFY_BOOKS_H

#include "funneld/base/map.h"
#include "funneld/ports/codec.h"

enum fnl_books_side {
	FNL_BOOKS_PROSPECTS,
	FNL_BOOKS_LINES,
	FNL_BOOKS_REPS,
	FNL_BOOKS_CELLS,
	FNL_BOOKS_ORGS,
	FNL_BOOKS_SIDES
};

/* Beside the layers: lines of former owners, which are counted and never summed. Prospects say nothing of them. And
 * what is no sum: that the book's rep has an organisation, that it has not been told of all cells. */
enum { FNL_BOOKS_WATCHED = 100, FNL_BOOKS_HOME, FNL_BOOKS_UNTOLD, FNL_BOOKS_PARTS_MAX = 260 };

struct fnl_books_sum {
	__int128 count;
	__int128 amount_minor;
	__int128 weighted; /* 1/10000 of a minor unit */
};

struct fnl_book_node {
	struct fnl_map_node node; /* key: the book's name */
	bool home;
	bool untold;
};

/* What a row gives to the sums. */
struct fnl_books_part {
	struct fnl_book_node *book;
	int layer;        /* FNL_LAYER_…, or FNL_BOOKS_WATCHED … */
	bool uncelled;    /* a line that is in no cell yet */
	char currency[4]; /* "": without an amount */
	struct fnl_books_sum sum;
};

struct fnl_books_entry {
	struct fnl_map_node node;
	struct fnl_books_part what; /* its sum is not used */
	struct fnl_books_sum side[FNL_BOOKS_SIDES];
	struct fnl_books_sum uncelled; /* of the lines */
};

/* A zeroed one is valid and empty once its arena is set; borrowed until deinit. */
struct fnl_books {
	struct fnl_arena *arena;
	struct fnl_map names;
	struct fnl_map entries;
	size_t unsent; /* prospects that have not sent a line yet */
};

/* What a row of a side gives; *ret_side: which. Rows of other records give none: *ret_count = 0. table: "prospect",
 * "line", "rep" or "cell" of the stage, or "org_cell". FNL_E_INVALID … with *why when it cannot be read or contradicts
 * itself. */
int fnl_books_read(struct fnl_books *b, struct fnl_codec *codec, const char *table, struct fnl_span value,
                   struct fnl_arena *scratch, struct fnl_books_part ret_parts[FNL_BOOKS_PARTS_MAX], size_t *ret_count,
                   bool *ret_unsent, struct fnl_error *why) FNL_MUST_USE;
int fnl_books_add(struct fnl_books *b, enum fnl_books_side side, const struct fnl_books_part *part) FNL_MUST_USE;
/* The side of a table; FNL_BOOKS_SIDES: none. */
enum fnl_books_side fnl_books_side_of(const char *table);
/* False, and *ret_text says how they differ. */
bool fnl_books_agree(const struct fnl_books_entry *e, char ret_text[160]);
const char *fnl_books_layer_text(int layer);
/* The maps; the rest lies in the arena. */
void fnl_books_deinit(struct fnl_books *b);

#endif
