/* One record: any of the topic, well made or not. */
#include "oracle.h"
#include "workload_internal.h"

static int field(const struct fnl_input *in, const char *name)
{
	return fnl_record_field_index(in->desc, fnl_span_str(name));
}

static void set_text(struct fnl_input *in, const char *name, const char *value)
{
	fnl_input_str(in, field(in, name), value);
}

static void set_number(struct fnl_input *in, const char *name, int64_t value)
{
	fnl_input_i64(in, field(in, name), value);
}

static void set_empty_list(struct fnl_input *in, const char *name)
{
	in->v[field(in, name)] = (struct fnl_value){.set = true};
}

static struct fnl_input lifecycle(struct workload_prospect *w, size_t prospect, const struct fnl_record_desc *desc)
{
	struct fnl_input in = workload_input(w, desc);
	set_text(&in, "prospect_id", workload_prospect_id(prospect));
	set_number(&in, "version", workload_version(w, prospect));
	if (desc == &fnl_desc_prospect_merged) {
		set_text(&in, "survivor_id", workload_prospect_id((prospect + 1) % WORKLOAD_PROSPECTS_MAX));
	}
	return in;
}

static struct fnl_input contact(struct workload_prospect *w, size_t prospect)
{
	struct fnl_input in = workload_input(w, &fnl_desc_contact_logged);
	set_text(&in, "prospect_id", workload_prospect_id(prospect));
	set_text(&in, "contact_id", workload_text(w, "contact-%zu", workload_below(w, workload_one_in(w, 2) ? 3 : 12)));
	set_text(&in, "rep_id", "rep-1");
	/* coarse, so that times are the same now and then */
	set_number(&in, "at", w->time_ms / 3600000 * 3600000 - (int64_t)workload_below(w, 20) * 3600000);
	set_number(&in, "channel", (int64_t)workload_below(w, FNL_CHANNEL_COUNT));
	set_number(&in, "reached", !workload_one_in(w, 3));
	set_empty_list(&in, "person_ids");
	set_number(&in, "retracted", workload_one_in(w, 5));
	if (workload_one_in(w, 3)) {
		set_number(&in, "next_meeting_on", workload_day(w));
	}
	return in;
}

static struct fnl_input contact_erased(struct workload_prospect *w, size_t prospect)
{
	struct fnl_input in = workload_input(w, &fnl_desc_contact_erased);
	set_text(&in, "prospect_id", workload_prospect_id(prospect));
	set_text(&in, "person_id", workload_text(w, "person-%zu", workload_below(w, 6)));
	return in;
}

static struct fnl_input answer(struct workload_prospect *w, size_t prospect)
{
	struct fnl_input in = workload_input(w, &fnl_desc_inspection_answered);
	static const char *const texts[] = {"sheet_id", "question_id", "by"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		set_text(&in, texts[i], "x1");
	}
	set_text(&in, "answer_id", workload_text(w, "answer-%zu", workload_below(w, 20)));
	set_text(&in, "sheet_rep_id", workload_text(w, "id-%zu", workload_below(w, 5)));
	if (workload_one_in(w, 3)) {
		set_text(&in, "next_step_code", "visit");
		set_number(&in, "next_step_on", workload_day(w));
	}
	if (workload_one_in(w, 4)) {
		set_text(&in, "competitor_id", "id-3");
	}
	set_text(&in, "prospect_id", workload_prospect_id(prospect));
	set_number(&in, "cause", (int64_t)workload_below(w, FNL_CAUSE_COUNT));
	set_number(&in, "confirmed", workload_one_in(w, 2));
	return in;
}

static struct fnl_input gap(struct workload_prospect *w, const char *prospect_id)
{
	struct fnl_input in = workload_input(w, &fnl_desc_feed_gap);
	w->gap_count += !workload_one_in(w, 6); /* seldom an id that was there */
	set_text(&in, "gap_id", workload_text(w, "gap-%zu", w->gap_count));
	if (prospect_id) {
		set_text(&in, "prospect_id", prospect_id);
	}
	if (w->gap_time_ms && workload_one_in(w, 6)) {
		set_number(&in, "occurred_at", w->gap_time_ms);
	}
	w->gap_time_ms = in.v[FNL_PROSPECT_CHANGED_OCCURRED_AT].i64;
	if (workload_one_in(w, 2)) {
		set_number(&in, "since", w->time_ms - 1000);
	}
	return in;
}

static struct fnl_input rules(struct workload_prospect *w)
{
	struct fnl_input in = workload_input(w, &fnl_desc_rules_activated);
	bool in_order = w->mood == WORKLOAD_MANY_RULES && !workload_one_in(w, 4);
	if (w->mood == WORKLOAD_MANY_STALLS && w->rules_at == 0) {
		in_order = true; /* those that are hasty */
	}
	size_t at = in_order ? w->rules_at++ % WORKLOAD_RULES_MAX : workload_below(w, WORKLOAD_RULES_MAX);
	const struct oracle_rules_text *text = oracle_rules_known(w->rules_first + at);
	set_number(&in, "rules_version", text->version);
	set_text(&in, "rules_hash", text->hash);
	set_text(&in, "rules_text", text->text);
	return in;
}

static struct fnl_input heartbeat(struct workload_prospect *w)
{
	struct fnl_input in = workload_input(w, &fnl_desc_feed_heartbeat);
	if (!workload_one_in(w, 3)) {
		set_number(&in, "carries_contacts", !workload_one_in(w, w->mood == WORKLOAD_MANY_FEEDS ? 2 : 4));
	}
	return in;
}

/* For all partitions, or, as after a crash of who sent them, for one only. */
static void make_broadcast(struct workload_prospect *w, struct workload_record *ret)
{
	struct fnl_input in;
	size_t kind = workload_below(w, 5);
	if (w->mood == WORKLOAD_MANY_RULES && workload_one_in(w, 2)) {
		kind = 4;
	} else if (w->mood == WORKLOAD_MANY_FEEDS || w->mood == WORKLOAD_MANY_STALLS) {
		kind = workload_one_in(w, 2) ? 2 : kind;
	}
	switch (kind) {
	case 0:
	case 1:
		in = gap(w, NULL);
		break;
	case 2:
		in = heartbeat(w);
		break;
	case 3:
		in = workload_input(w, &fnl_desc_clock_tick);
		break;
	default:
		in = rules(w);
		break;
	}
	ret->broadcast = !workload_one_in(w, 6);
	ret->partition = (int32_t)workload_below(w, (size_t)w->partition_count);
	ret->key = workload_one_in(w, 2) ? FNL_SPAN_NONE : in.v[FNL_PROSPECT_CHANGED_SOURCE].str;
	ret->value = workload_encode(w, &in);
}

/* What a run has much of. */
static struct fnl_input by_mood(struct workload_prospect *w, size_t prospect)
{
	static const struct fnl_record_desc *const descs[] = {&fnl_desc_prospect_deleted, &fnl_desc_prospect_deleted,
	                                                      &fnl_desc_prospect_restored, &fnl_desc_prospect_merged};
	switch (w->mood) {
	case WORKLOAD_MANY_CONTACTS:
		return contact(w, prospect);
	case WORKLOAD_MANY_GAPS:
		return gap(w, workload_prospect_id(prospect));
	case WORKLOAD_MANY_LIVES:
		return lifecycle(w, prospect, descs[workload_below(w, 4)]);
	case WORKLOAD_MANY_ADVERSE:
		return workload_one_in(w, 4) ? contact_erased(w, prospect) : workload_changed(w, prospect);
	default:
		return workload_changed(w, prospect);
	}
}

static struct fnl_input any_of_prospect(struct workload_prospect *w, size_t prospect)
{
	if (workload_one_in(w, 3)) {
		return by_mood(w, prospect);
	}
	switch (workload_below(w, 40)) {
	case 0:
		return lifecycle(w, prospect, &fnl_desc_prospect_erased);
	case 1:
	case 2:
		return lifecycle(w, prospect, &fnl_desc_prospect_merged);
	case 3:
	case 4:
	case 5:
		return lifecycle(w, prospect, &fnl_desc_prospect_deleted);
	case 6:
	case 7:
		return lifecycle(w, prospect, &fnl_desc_prospect_restored);
	case 8:
		return contact_erased(w, prospect);
	case 9:
		return answer(w, prospect);
	case 10:
	case 11:
	case 12:
		return gap(w, workload_prospect_id(prospect));
	case 13:
	case 14:
	case 15:
	case 16:
	case 17:
	case 18:
	case 19:
		return contact(w, prospect);
	default:
		return workload_changed(w, prospect);
	}
}

static void take_key(struct workload_record *ret, const struct fnl_input *in)
{
	ret->key = in->v[field(in, "prospect_id")].str;
}

void workload_make(struct workload_prospect *w, struct workload_record *ret)
{
	if (workload_one_in(w, w->mood == WORKLOAD_MANY_RULES || w->mood == WORKLOAD_MANY_FEEDS ? 4 : 8)) {
		make_broadcast(w, ret);
		return;
	}
	struct fnl_input in = any_of_prospect(w, workload_below(w, w->prospect_count));
	take_key(ret, &in);
	ret->value = workload_encode(w, &in);
	if (workload_one_in(w, 15)) { /* the schema's id in the header instead of the frame */
		uint8_t *id = fnl_arena_alloc(&w->arena, 5);
		memcpy(id, ret->value.data, 5);
		bool framed = workload_one_in(w, 2);
		ret->headers[ret->header_count++] =
			(struct fnl_header){FNL_SPAN_LIT("__value_schema_id"), fnl_span_of(framed ? id : id + 1, framed ? 5 : 4)};
		ret->value = fnl_span_of(ret->value.data + 5, ret->value.len - 5);
	}
}

/* ---- wrong in one of its fields ---- */

static struct fnl_input wrong_value(struct workload_prospect *w, size_t kind)
{
	static const int64_t times[] = {-1, 7258118400000, WORKLOAD_TIME_MAX_MS + 1, INT64_MAX, INT64_MIN};
	size_t prospect = workload_below(w, w->prospect_count);
	struct fnl_input in = workload_changed(w, prospect);
	char *text = fnl_arena_calloc(&w->arena, 1, 400);
	memset(text, 'x', 300);
	switch (kind) {
	case 0:
		fnl_input_money(&in, FNL_PROSPECT_CHANGED_AMOUNT, 1000000000000001, "EUR");
		break;
	case 1:
		set_number(&in, "version", -(int64_t)workload_below(w, 2));
		break;
	case 2:
		set_number(&in, "probability_bp", workload_one_in(w, 2) ? 10001 : -1);
		break;
	case 3:
		set_number(&in, "expected_close_date", workload_one_in(w, 2) ? 84006 : -1);
		break;
	case 4:
		set_text(&in, "region", text); /* 300 bytes */
		break;
	case 5:
		set_text(&in, "buyer_id", workload_one_in(w, 2) ? "" : "a|b");
		break;
	case 6:
		set_text(&in, "source", workload_one_in(w, 2) ? text : "tab\there");
		break;
	case 7:
		set_number(&in, workload_one_in(w, 2) ? "created_at" : "occurred_at", times[workload_below(w, 5)]);
		break;
	case 8:
		in = lifecycle(w, prospect, &fnl_desc_prospect_merged);
		set_text(&in, "survivor_id", workload_prospect_id(prospect));
		break;
	case 9:
		set_text(&in, "prospect_id", workload_one_in(w, 2) ? "" : text);
		break;
	case 10: /* the year 2099: believed, so that timers far away fire */
		set_number(&in, "occurred_at", WORKLOAD_TIME_MAX_MS - 1);
		if (!workload_one_in(w, 10)) {
			set_number(&in, "occurred_at", WORKLOAD_TIME_MAX_MS + 1);
		}
		break;
	default:
		in = rules(w);
		if (workload_one_in(w, 4)) { /* the hash of another text, which was perhaps seen */
			set_text(&in, "rules_hash", oracle_rules_known(0)->hash);
		} else if (workload_one_in(w, 2)) {
			set_text(&in, "rules_text", "[rules]\nversion = many\n");
			set_text(&in, "rules_hash", "0000000000000000000000000000000000000000000000000000000000000000");
		} else {
			set_text(&in, "rules_hash", "short");
		}
		break;
	}
	return in;
}

/* ---- wrong in its bytes ---- */

static uint8_t *copy_of(struct workload_prospect *w, struct fnl_span s, size_t more)
{
	uint8_t *copy = fnl_arena_calloc(&w->arena, 1, s.len + more + 1);
	memcpy(copy, s.data, s.len);
	return copy;
}

static void break_bytes(struct workload_prospect *w, struct workload_record *ret, size_t kind)
{
	struct fnl_span v = ret->value;
	uint8_t *copy = copy_of(w, v, 300);
	size_t len = v.len;
	switch (kind) {
	case 0: /* cut, also within the frame */
		len = workload_below(w, v.len);
		break;
	case 1:
		copy[0] = 1;
		break;
	case 2: /* an id that nobody knows, or that of another record */
		copy[workload_one_in(w, 2) ? 1 : 4] ^= (uint8_t)(1 + workload_below(w, 255));
		break;
	case 3: /* something is left at the end */
		len += 1 + workload_below(w, 3);
		break;
	case 4: /* a byte that no UTF-8 has, if it hits a text */
		copy[5 + workload_below(w, v.len - 5)] = 0xff;
		break;
	default:
		copy[5 + workload_below(w, v.len - 5)] ^= (uint8_t)(1U << workload_below(w, 8));
		break;
	}
	ret->value = fnl_span_of(copy, len);
}

static void break_frame(struct workload_prospect *w, struct workload_record *ret, size_t kind)
{
	static const uint8_t guid[17] = {1, 2, 3};
	struct fnl_input in;
	switch (kind) {
	case 0:
		ret->key = FNL_SPAN_LIT("");
		break;
	case 1:
		ret->key = FNL_SPAN_NONE;
		ret->partition = (int32_t)workload_below(w, (size_t)w->partition_count);
		break;
	case 2:
		ret->key = FNL_SPAN_LIT("somebody else");
		break;
	case 3:
		ret->value = FNL_SPAN_NONE;
		break;
	case 4:
		ret->value = FNL_SPAN_LIT("");
		break;
	case 5:
		ret->headers[ret->header_count++] =
			(struct fnl_header){FNL_SPAN_LIT("__value_schema_id"), fnl_span_of(guid, sizeof(guid))};
		break;
	default: /* of another topic */
		in = lifecycle(w, 0, &fnl_desc_prospect_deleted);
		in.desc = &fnl_desc_rep_erased; /* rep_id and version, at the same places */
		ret->value = workload_encode(w, &in);
		break;
	}
}

void workload_make_malformed(struct workload_prospect *w, struct workload_record *ret)
{
	enum { VALUES = 12, BYTES = 8, FRAMES = 7 };
	size_t kind = workload_below(w, VALUES + BYTES + FRAMES);
	if (kind < VALUES) {
		struct fnl_input in = wrong_value(w, kind);
		int at = field(&in, "prospect_id");
		ret->key = at >= 0 ? in.v[at].str : FNL_SPAN_NONE;
		ret->partition = ret->key.len ? -1 : (int32_t)workload_below(w, (size_t)w->partition_count);
		ret->value = workload_encode(w, &in);
		return;
	}
	struct fnl_input in = any_of_prospect(w, workload_below(w, w->prospect_count));
	take_key(ret, &in);
	ret->value = workload_encode(w, &in);
	if (kind < VALUES + BYTES) {
		break_bytes(w, ret, kind - VALUES);
	} else {
		break_frame(w, ret, kind - VALUES - BYTES);
	}
}
