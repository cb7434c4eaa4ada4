/* Rows that only other rows name. A batch asks its operator twice: with the rows as they were committed, to read what
 * they name in one round trip for all inputs; and before each step with the rows as the batch has made them, which
 * seldom names anything that is not there yet. */
#include "internal.h"

/* Every row that was named so far; NULL when one of them is not known (its partition went to repair). */
static bool rows_of(const struct fnl_partition *p, const struct fnl_prepared *prepared, bool committed,
                    struct fnl_span ret[FNL_STEP_ROWS_MAX])
{
	for (size_t i = 0; i < prepared->row_count; i++) {
		const struct fnl_entry *e = fnl_overlay_find(&p->overlay, prepared->rows[i]);
		if (!e || !e->known) {
			return false;
		}
		ret[i] = committed ? e->loaded : e->value;
	}
	return true;
}

static int ask(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_input *in, bool committed,
               struct fnl_prepared *prepared, struct fnl_error *why)
{
	struct fnl_span rows[FNL_STEP_ROWS_MAX];
	if (!rows_of(p, prepared, committed, rows)) {
		return fnl_fail(why, FNL_E_INTERNAL, "a row that stage %s needs was not loaded", s->stage.name);
	}
	return s->ports.op->ops->prepare_more(s->ports.op, in->record, rows, &s->arena, prepared, why);
}

int fnl_more_entries(struct fnl_stream *s, struct fnl_partition *p)
{
	for (const struct fnl_input *in = p->inputs; in && s->ports.op->ops->prepare_more; in = in->next) {
		struct fnl_prepared prepared = in->prepared;
		struct fnl_error story = {0};
		int rc = in->poison ? 0 : ask(s, p, in, true, &prepared, &story);
		if (rc == FNL_E_NOMEM) {
			return rc;
		}
		for (size_t i = in->prepared.row_count; rc == 0 && i < prepared.row_count; i++) {
			if (!fnl_batch_entry(s, p, prepared.rows[i])) {
				return FNL_E_NOMEM;
			}
		}
	}
	return 0;
}

int fnl_more_load(struct fnl_stream *s, struct fnl_partition *p, const struct fnl_input *in, struct fnl_prepared *ret,
                  struct fnl_error *why)
{
	size_t named = in->prepared.row_count;
	*ret = in->prepared;
	int rc = s->ports.op->ops->prepare_more ? ask(s, p, in, false, ret, why) : 0;
	return rc || ret->row_count == named ? rc : fnl_batch_load(s, p, ret->rows + named, ret->row_count - named);
}
