/* What is told of who a rep is: to his organisation, and to everybody in the directory. */
#include "rep_internal.h"

/* "<book>|<sequence>" */
static struct fnl_span entry_name(const struct fnl_step *in, const struct fnl_value *entry)
{
	const struct fnl_rep_event *e = in->event;
	struct fnl_writer w = fnl_writer_of(in->arena);
	fnl_write_raw(&w, e->book);
	fnl_write_u8(&w, '|');
	fnl_write_decimal(&w, entry[FNL_REP_ENTRY_SEQUENCE].i64);
	return fnl_writer_span(&w);
}

/* A tombstone: the directory keeps nothing of the rep. */
static int forget(const struct fnl_step *in, const struct fnl_cause_id *cause, struct fnl_decision *d)
{
	const struct fnl_rep_event *e = in->event;
	if (d->output_count == FNL_STEP_OUTPUTS_MAX) {
		return FNL_E_INTERNAL;
	}
	struct fnl_output *out = &d->outputs[d->output_count++];
	*out = (struct fnl_output){.topic = FNL_REP_OUT_REP_DIRECTORY,
	                           .partition = FNL_PARTITION_BY_KEY,
	                           .key = fnl_book_rep_id(e->book),
	                           .value = FNL_SPAN_NONE};
	fnl_output_header(out, "ce_causationid", cause->id);
	fnl_output_header(out, "ce_correlationid", cause->correlation);
	return 0;
}

int fnl_rep_tell_directory(struct fnl_rep_operator *o, const struct fnl_step *in, const struct fnl_book_out *out,
                           int32_t rules_version, struct fnl_decision *d)
{
	struct fnl_cause_id cause;
	if (out->entry_count == 0 && !out->forgotten) {
		return 0;
	}
	int rc = fnl_rep_cause(o, in, &cause);
	for (size_t i = 0; i < out->entry_count && rc == 0; i++) {
		const struct fnl_event_out *entry = &out->entries[i];
		struct fnl_span key = fnl_org_key(entry->values[FNL_REP_ENTRY_ORG_ID].str, in->arena);
		rc = fnl_span_is_none(key) ? FNL_E_NOMEM
		                           : fnl_op_internal(&o->op, in, FNL_REP_OUT_ORG_INPUTS, key, entry, &cause, true, d);
	}
	if (rc || out->forgotten) {
		return rc ? rc : forget(in, &cause, d);
	}
	const struct fnl_event_out *last = &out->entries[out->entry_count - 1];
	struct fnl_derived derived = {
		.event = last, .cause = &cause, .rules_version = rules_version, .id_name = entry_name(in, last->values)};
	return fnl_span_is_none(derived.id_name) ? FNL_E_NOMEM : fnl_op_output(&o->op, in, &derived, d);
}
