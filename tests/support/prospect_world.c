#include "prospect_world.h"

#include <stdlib.h>

enum { ARENA_BYTES = 64 << 20 };

void fnl_world_start(struct fnl_world *w)
{
	*w = (struct fnl_world){.rules = fnl_rules_default(), .now_ms = FNL_T0};
	fnl_arena_init(&w->arena, ARENA_BYTES);
}

void fnl_world_end(struct fnl_world *w)
{
	fnl_arena_deinit(&w->arena);
}

void fnl_world_clear(struct fnl_world *w)
{
	w->row = NULL;
	w->erased = NULL;
	w->feed = NULL;
	w->feeds = NULL;
	w->now_ms = FNL_T0;
	w->version = 0;
	w->rows_put = 0;
	fnl_arena_reset(&w->arena);
}

/* As a store would give it back. A row that does not survive its own schema is a bug of the core. */
static const struct fnl_value *through_bytes(struct fnl_world *w, const struct fnl_record_desc *desc,
                                             const struct fnl_value *values, struct fnl_value *ret)
{
	struct fnl_writer writer = fnl_writer_of(&w->arena);
	if (fnl_record_encode(desc, values, &writer) != 0 ||
	    fnl_record_decode(desc, fnl_writer_span(&writer), &w->arena, ret, &w->why) != 0) {
		abort();
	}
	return ret;
}

static void take(struct fnl_world *w, enum fnl_row_change change, const struct fnl_record_desc *desc,
                 const struct fnl_value *values, struct fnl_value *kept, const struct fnl_value **ret)
{
	if (change == FNL_ROW_PUT) {
		*ret = through_bytes(w, desc, values, kept);
		w->rows_put++;
	} else if (change == FNL_ROW_DELETE) {
		*ret = NULL;
	}
}

static void take_all(struct fnl_world *w)
{
	take(w, w->out.row_change, &fnl_desc_prospect, w->out.row, w->row_values, &w->row);
	take(w, w->out.erased_change, &fnl_desc_erased, w->out.erased, w->erased_values, &w->erased);
	take(w, w->out.feed_change, &fnl_desc_feed, w->out.feed, w->feed_values, &w->feed);
	take(w, w->out.feeds_change, &fnl_desc_partition_feeds, w->out.feeds, w->feeds_values, &w->feeds);
	for (size_t i = 0; i < w->out.event_count; i++) {
		struct fnl_value back[FNL_RECORD_FIELDS_MAX];
		through_bytes(w, w->out.events[i].desc, w->out.events[i].values, back);
	}
	for (size_t i = 0; i < w->out.line_count; i++) {
		struct fnl_value back[FNL_RECORD_FIELDS_MAX];
		through_bytes(w, w->out.lines[i].desc, w->out.lines[i].values, back);
	}
}

static struct fnl_prospect_in state_at(struct fnl_world *w, int64_t now_ms)
{
	return (struct fnl_prospect_in){w->row, w->erased, w->feed, w->feeds, now_ms, w->rules, &w->arena};
}

int fnl_world_apply(struct fnl_world *w, const struct fnl_input *in)
{
	struct fnl_prospect_in state = state_at(w, w->now_ms);
	int r = fnl_prospect_apply(&state, in->desc, in->v, true, &w->out, &w->why);
	if (r == 0) {
		take_all(w);
	}
	return r;
}

int fnl_world_timer(struct fnl_world *w, int64_t now_ms)
{
	struct fnl_prospect_in state = state_at(w, now_ms);
	int r = fnl_prospect_timer(&state, &w->out, &w->why);
	if (r == 0) {
		take_all(w);
	}
	return r;
}

int fnl_world_feed_timer(struct fnl_world *w, int64_t now_ms)
{
	struct fnl_prospect_in state = state_at(w, now_ms);
	int r = fnl_prospect_feed_timer(&state, true, &w->out, &w->why);
	if (r == 0) {
		take_all(w);
	}
	return r;
}

int fnl_world_feed_changed(struct fnl_world *w, int64_t at_ms)
{
	struct fnl_prospect_in state = state_at(w, at_ms);
	int r = fnl_prospect_feed_changed(&state, at_ms, &w->out, &w->why);
	if (r == 0) {
		take_all(w);
	}
	return r;
}

int fnl_world_reevaluate(struct fnl_world *w, int64_t activated_at_ms)
{
	struct fnl_prospect_in state = state_at(w, activated_at_ms);
	int r = fnl_prospect_reevaluate(&state, activated_at_ms, &w->out, &w->why);
	if (r == 0) {
		take_all(w);
	}
	return r;
}

const struct fnl_value *fnl_world_line(const struct fnl_world *w, const char *book)
{
	for (size_t i = 0; i < w->out.line_count; i++) {
		if (fnl_span_eq(w->out.lines[i].values[FNL_BOOK_LINE_BOOK].str, fnl_span_str(book))) {
			return w->out.lines[i].values;
		}
	}
	return NULL;
}

const struct fnl_value *fnl_world_event(const struct fnl_world *w, const struct fnl_record_desc *desc)
{
	for (size_t i = 0; i < w->out.event_count; i++) {
		if (w->out.events[i].desc == desc) {
			return w->out.events[i].values;
		}
	}
	return NULL;
}

static struct fnl_input input_of(const struct fnl_record_desc *desc, int64_t at_ms)
{
	struct fnl_input in = {.desc = desc};
	for (size_t i = 0; i < desc->field_count; i++) {
		const struct fnl_field_desc *f = &desc->fields[i];
		if (f->has_default && !f->nullable) {
			in.v[i].set = true;
			if (f->kind != FNL_KIND_LIST) {
				in.v[i].i64 = f->default_i64;
			}
		}
	}
	fnl_input_str(&in, FNL_PROSPECT_CHANGED_SOURCE, "crm");
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_OCCURRED_AT, FNL_T0 + at_ms);
	return in;
}

struct fnl_input fnl_input_changed(int64_t version, int64_t at_ms)
{
	struct fnl_input in = fnl_input_life(&fnl_desc_prospect_changed, version, at_ms);
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_FULL, 0);
	return in;
}

struct fnl_input fnl_input_life(const struct fnl_record_desc *desc, int64_t version, int64_t at_ms)
{
	struct fnl_input in = input_of(desc, at_ms);
	fnl_input_str(&in, fnl_record_field_index(desc, FNL_SPAN_LIT("prospect_id")), "p1");
	fnl_input_i64(&in, fnl_record_field_index(desc, FNL_SPAN_LIT("version")), version);
	return in;
}

struct fnl_input fnl_input_contact(const char *contact_id, int64_t contact_at_ms, bool reached, int64_t at_ms)
{
	struct fnl_input in = input_of(&fnl_desc_contact_logged, at_ms);
	fnl_input_str(&in, FNL_CONTACT_LOGGED_CONTACT_ID, contact_id);
	fnl_input_str(&in, FNL_CONTACT_LOGGED_PROSPECT_ID, "p1");
	fnl_input_str(&in, FNL_CONTACT_LOGGED_REP_ID, "rep1");
	fnl_input_i64(&in, FNL_CONTACT_LOGGED_AT, FNL_T0 + contact_at_ms);
	fnl_input_i64(&in, FNL_CONTACT_LOGGED_CHANNEL, FNL_CHANNEL_PHONE);
	fnl_input_i64(&in, FNL_CONTACT_LOGGED_REACHED, reached);
	return in;
}

struct fnl_input fnl_input_gap(const char *gap_id, const char *prospect_id, int64_t at_ms)
{
	struct fnl_input in = input_of(&fnl_desc_feed_gap, at_ms);
	fnl_input_str(&in, FNL_FEED_GAP_GAP_ID, gap_id);
	if (prospect_id) {
		fnl_input_str(&in, FNL_FEED_GAP_PROSPECT_ID, prospect_id);
	}
	return in;
}

struct fnl_input fnl_input_heartbeat(int64_t at_ms)
{
	return input_of(&fnl_desc_feed_heartbeat, at_ms);
}

struct fnl_input fnl_input_contact_erased(const char *person_id, int64_t at_ms)
{
	struct fnl_input in = input_of(&fnl_desc_contact_erased, at_ms);
	fnl_input_str(&in, FNL_CONTACT_ERASED_PROSPECT_ID, "p1");
	fnl_input_str(&in, FNL_CONTACT_ERASED_PERSON_ID, person_id);
	return in;
}

struct fnl_input fnl_input_of(const struct fnl_record_desc *desc, int64_t at_ms)
{
	return input_of(desc, at_ms);
}

void fnl_input_str(struct fnl_input *in, int field, const char *text)
{
	in->v[field] = (struct fnl_value){.set = true, .str = fnl_span_str(text)};
}

void fnl_input_i64(struct fnl_input *in, int field, int64_t v)
{
	in->v[field] = (struct fnl_value){.set = true, .i64 = v};
}

void fnl_input_money(struct fnl_input *in, int field, int64_t amount_minor, const char *currency)
{
	in->v[field] = (struct fnl_value){.set = true, .money = {.amount_minor = amount_minor}};
	memcpy(in->v[field].money.currency, currency, 3);
}
