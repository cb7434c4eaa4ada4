/* A prospect's line in the book of a rep who leaves, as the stages before would tell of it, with a memory of its own of
 * what was done against the company: what a reconciliation must find, and nothing else. Simple on purpose: it shares no
 * code with what it is held against. */
#ifndef FNL_TESTS_TAMPER_H
#define FNL_TESTS_TAMPER_H

#include "funneld/core/reconciliation.h"

enum { FNL_TAMPER_TRUTHS_MAX = 64, FNL_TAMPER_CONTACTS = 16 };

enum fnl_tamper_actor { FNL_BY_LEAVER, FNL_BY_OTHER, FNL_BY_UNKNOWN, FNL_BY_MANAGER, FNL_BY_PROGRAM };

/* What is done; value says to what. */
enum fnl_tamper_act {
	FNL_DO_AMOUNT,        /* minor units; -1: cleared */
	FNL_DO_BP,            /* -1: cleared */
	FNL_DO_LAYER,         /* by stage or status */
	FNL_DO_OWNER,         /* a number of fnl_tamper_reps; -1: nobody */
	FNL_DO_LOSE,          /* 1: with a reason */
	FNL_DO_UNLINK,        /* a contact's number */
	FNL_DO_LINK,          /* the same */
	FNL_DO_DELETE,        /* no source says by whom */
	FNL_DO_TOUCH,         /* something that no adverse change is about */
	FNL_DO_ERASE_CONTACT, /* by right, a contact's number; by nobody */
	FNL_DO_RULES,         /* other rules have it in another layer; by nobody */
	FNL_DO_COUNT
};

/* Leaver, another rep, the successor. */
extern const char *const fnl_tamper_reps[3];

struct fnl_tamper_truth {
	struct fnl_value change[FNL_ADVERSE_CHANGE_FIELD_COUNT];
	bool kept; /* in the line's list; of an edit: it is the last one of the line */
	bool late; /* came after a sheet of its own time or a later one */
	bool found;
};

struct fnl_tamper {
	struct fnl_arena *arena;
	int64_t notice_at_ms;
	int64_t sheet_at_ms; /* 0: none yet */
	struct fnl_value line[FNL_LINE_FIELD_COUNT];
	struct fnl_value copy[FNL_LINE_IMAGE_FIELD_COUNT]; /* the line at the sheet */
	bool has_changed;                                  /* since the sheet */
	struct fnl_tamper_truth truths[FNL_TAMPER_TRUTHS_MAX];
	size_t truth_count;
};

/* 1,000.00 USD, 7500 bp, BOTTOM, of the leaver, with contacts 0 to 5. */
void fnl_tamper_start(struct fnl_tamper *t, struct fnl_arena *arena, int64_t notice_at_ms);
/* A sheet as of then; the one before is forgotten. */
void fnl_tamper_sheet(struct fnl_tamper *t, int64_t at_ms);
/* The line after it, in the arena: it stays as it is then. */
const struct fnl_value *fnl_tamper_do(struct fnl_tamper *t, enum fnl_tamper_actor by, int64_t at_ms,
                                      enum fnl_tamper_act act, int64_t value);
const struct fnl_value *fnl_tamper_line(struct fnl_tamper *t);
/* AdverseChange values: the same change (an edit, whatever its values are); the same old and new values. */
bool fnl_tamper_same(const struct fnl_value *a, const struct fnl_value *b);
bool fnl_tamper_same_values(const struct fnl_value *a, const struct fnl_value *b);

#endif
