/* Rows that only other rows name. A batch asks its operator twice: with the rows as they were committed, to read what
 * they name in one round trip for all inputs; and, when the batch has changed one of them, before the step with the
 * rows as they are by then, which seldom names anything that is not there yet. */
#include "internal.h"

static bool is_naming(const struct fnl_prepared *prepared, size_t row)
{
	return prepared->naming >> row & 1;
}

/* What the rows say that name others; false when one of them is not known (its partition went to repair). */
static bool naming_rows(const struct fnl_input *in, bool committed, struct fnl_span ret[FNL_STEP_ROWS_MAX])
{
	for (size_t i = 0; i < in->named; i++) {
		const struct fnl_entry *e = in->entries[i];
		if (!e || !e->known) {
			return false;
		}
		ret[i] = !is_naming(&in->prepared, i) ? FNL_SPAN_NONE : committed ? e->loaded : e->value;
	}
	return true;
}

static int ask(struct fnl_stream *s, struct fnl_input *in, bool committed, struct fnl_error *why)
{
	struct fnl_span rows[FNL_STEP_ROWS_MAX];
	in->prepared.row_count = in->named;
	if (!naming_rows(in, committed, rows)) {
		return fnl_fail(why, FNL_E_INTERNAL, "a row that stage %s needs was not loaded", s->stage.name);
	}
	fnl_arena_reset(&s->scratch);
	int rc = s->ports.op->ops->prepare_more(s->ports.op, in->record, rows, &s->scratch, &in->prepared, why);
	for (size_t i = in->named; rc == 0 && i < in->prepared.row_count; i++) {
		rc = fnl_batch_keep(s, &in->prepared.rows[i].key) ? 0 : FNL_E_NOMEM;
	}
	if (rc) {
		in->prepared.row_count = in->named; /* what it named before it failed has no entries */
	}
	return rc;
}

int fnl_more_entries(struct fnl_stream *s, struct fnl_partition *p)
{
	for (struct fnl_input *in = p->inputs; in; in = in->next) {
		if (in->poison || !in->prepared.naming) {
			continue;
		}
		struct fnl_error story;
		fnl_error_clear(&story);
		int rc = ask(s, in, true, &story);
		if (rc == FNL_E_NOMEM) {
			return rc;
		}
		in->asked = rc == 0; /* what else is wrong is found again before the step, and told */
		for (size_t i = in->named; rc == 0 && i < in->prepared.row_count; i++) {
			in->entries[i] = fnl_batch_entry(s, p, in->prepared.rows[i]);
			if (!in->entries[i]) {
				return FNL_E_NOMEM;
			}
		}
	}
	return 0;
}

/* Whether the rows that name others are those that were committed: then so is what they name. */
static bool are_as_committed(const struct fnl_input *in)
{
	for (size_t i = 0; i < in->named; i++) {
		const struct fnl_entry *e = in->entries[i];
		if (is_naming(&in->prepared, i) && (e->value.data != e->loaded.data || e->value.len != e->loaded.len)) {
			return false;
		}
	}
	return true;
}

int fnl_more_load(struct fnl_stream *s, struct fnl_partition *p, struct fnl_input *in, struct fnl_error *why)
{
	struct fnl_prepared *prepared = &in->prepared;
	if (!prepared->naming || (in->asked && are_as_committed(in))) {
		return 0;
	}
	int rc = ask(s, in, false, why);
	return rc || prepared->row_count == in->named
	           ? rc
	           : fnl_batch_load(s, p, prepared->rows + in->named, prepared->row_count - in->named,
	                            in->entries + in->named);
}
