/* One record: any of the topic, well made or not. */
#include "oracle_org.h"
#include "workload_org_internal.h"

#define MONTH_MS INT64_C(2629746000)
#define MS_PER_HOUR INT64_C(3600000)

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

/* Some begin with others: a page of one organisation must not have another's rows. */
static const char *org_id_of(size_t at)
{
	static const char *const ids[ORG_LOAD_ORGS] = {"o1", "o10", "\xe6\xbc\x8f o"};
	return ids[at];
}

const char *org_rep_id_of(struct workload_org *w, size_t at)
{
	static const char *const ids[] = {"r1", "r10", "r", "R1", "\xe6\xbc\x8f-6", "r 1"};
	return at < sizeof(ids) / sizeof(ids[0]) ? ids[at] : org_text(w, "rep-%zu", at);
}

/* Any, and now and then somebody whom nobody knows. */
static size_t any_rep(struct workload_org *w)
{
	return org_one_in(w, 15) ? ORG_LOAD_REPS + org_below(w, 3) : org_below(w, w->rep_count);
}

struct fnl_input org_input(struct workload_org *w, const struct fnl_record_desc *desc, size_t org)
{
	struct fnl_input in = {.desc = desc};
	set_text(&in, "source", org_one_in(w, 6) ? "other" : "funneld");
	set_number(&in, "occurred_at", org_one_in(w, 2) ? w->start_ms : w->time_ms);
	if (field(&in, "org_id") >= 0) {
		set_text(&in, "org_id", org_id_of(org));
	}
	return in;
}

static void set_codes(struct workload_org *w, struct fnl_input *in, int at, const char *const *codes, size_t count)
{
	struct fnl_value *items = fnl_arena_calloc(&w->arena, count + 1, sizeof(*items));
	size_t n = 0;
	for (size_t i = 0; i < count && !org_one_in(w, 3); i++) {
		if (!org_one_in(w, 3)) {
			items[n++] = (struct fnl_value){.set = true, .str = fnl_span_str(codes[i])};
		}
	}
	in->v[at] = (struct fnl_value){.set = true, .list = {items, n}};
}

/* The next of a row of images, seldom an older one, or the same again with another content. */
int64_t org_next_of(struct workload_org *w, int64_t *sequence)
{
	if (*sequence > 0 && org_one_in(w, 9)) {
		return *sequence - (int64_t)org_below(w, *sequence < 3 ? (size_t)*sequence : 3);
	}
	*sequence += 1 + (int64_t)org_below(w, 2);
	return *sequence;
}

static struct fnl_input make_entry(struct workload_org *w, size_t org)
{
	static const char *const regions[] = {"north", "south", "east"}, *const industries[] = {"cheese", "wine"};
	size_t rep = org_below(w, w->rep_count);
	struct fnl_input in = org_input(w, &fnl_desc_rep_entry, org);
	bool equals = w->mood == ORG_MOOD_EQUALS, one = w->mood == ORG_MOOD_ONE_REP;
	bool anywhere = equals || one || w->territorial;
	set_text(&in, "rep_id", org_rep_id_of(w, rep));
	set_number(&in, "sequence", org_next_of(w, &w->sequences[org][rep]));
	set_number(&in, "present", !org_one_in(w, 12));
	set_number(&in, "active", !org_one_in(w, 8));
	set_number(&in, "resigned", org_one_in(w, 8));
	if (org_one_in(w, 2)) {
		set_text(&in, "manager_id", org_rep_id_of(w, org_below(w, w->rep_count)));
	}
	set_codes(w, &in, FNL_REP_ENTRY_REGIONS, regions, anywhere ? 0 : 3);
	if (w->territorial && org_one_in(w, 3)) {
		set_codes(w, &in, FNL_REP_ENTRY_INDUSTRIES, &industries[org_below(w, 2)], 1);
	} else {
		set_codes(w, &in, FNL_REP_ENTRY_INDUSTRIES, industries, equals || one ? 0 : 2);
	}
	if (!org_one_in(w, 3)) {
		int64_t capacity = org_one_in(w, 12) ? 0 : 10 * (1 + (int64_t)org_below(w, equals ? 2 : 12));
		set_number(&in, "capacity_prospects", org_one_in(w, 30) ? INT32_MAX : capacity);
	}
	set_number(&in, "open_prospects", (int64_t)org_below(w, equals ? 2 : 60));
	if (one && rep == 0) { /* he often could */
		in.v[FNL_REP_ENTRY_CAPACITY_PROSPECTS].set = false;
		set_number(&in, "open_prospects", (int64_t)org_below(w, 3));
	}
	return in;
}

/* Book, notice and request of somebody who leaves; the request is of this organisation alone. */
static size_t set_leaver(struct workload_org *w, struct fnl_input *in, size_t org)
{
	size_t rep = any_rep(w), notice = org_below(w, ORG_LOAD_NOTICES);
	const char *id = org_rep_id_of(w, rep), *notice_id = org_text(w, "n%zu-%s-%zu", org, id, notice);
	set_text(in, "book", org_text(w, "rep:%s", id));
	set_text(in, "notice_id", notice_id);
	if (field(in, "request_id") >= 0) {
		bool again = w->requests > 0 && org_one_in(w, 3);
		w->requests += !again;
		set_text(in, "request_id", org_text(w, "%s|%zu", notice_id, again ? org_below(w, 2) : w->requests));
	}
	return notice;
}

static struct fnl_input make_asked(struct workload_org *w, size_t org)
{
	struct fnl_input in = org_input(w, &fnl_desc_successor_asked, org);
	set_leaver(w, &in, org);
	if (org_one_in(w, w->mood == ORG_MOOD_ONE_REP ? 6 : 2)) {
		set_number(&in, "prospect_count", org_one_in(w, 20) ? INT64_MAX : (int64_t)org_below(w, 40));
	} else {
		size_t rep = w->mood == ORG_MOOD_ONE_REP && !org_one_in(w, 10) ? 0 : any_rep(w);
		set_text(&in, "successor_id", org_rep_id_of(w, rep));
		set_number(&in, "prospect_count", org_one_in(w, 20) ? INT64_MAX : (int64_t)org_below(w, 8));
	}
	if (org_one_in(w, 3)) {
		set_text(&in, "prospect_id", org_text(w, "p%zu", org_below(w, 3)));
	}
	return in;
}

static struct fnl_input make_base_rate(struct workload_org *w, size_t org)
{
	struct fnl_input in = org_input(w, &fnl_desc_base_rate_asked, org);
	set_leaver(w, &in, org);
	return in;
}

/* Often at the very edge of what counts. */
static struct fnl_input make_outcome(struct workload_org *w, size_t org)
{
	static const int64_t months[] = {1, 24, 120}, about[] = {-1, 0, 1};
	size_t rep = org_below(w, w->rep_count), notice = org_below(w, ORG_LOAD_NOTICES);
	struct fnl_input in = org_input(w, &fnl_desc_handover_outcome, org);
	const char *id = org_rep_id_of(w, rep);
	int64_t ago = org_one_in(w, 2) ? months[org_below(w, 3)] * MONTH_MS : (int64_t)org_below(w, 40) * MONTH_MS;
	set_text(&in, "book", org_text(w, "rep:%s", id));
	set_text(&in, "notice_id", org_text(w, "n%zu-%s-%zu", org, id, notice));
	set_number(&in, "sequence", org_next_of(w, &w->outcomes[org][rep][notice]));
	set_number(&in, "completed_at", w->start_ms - ago + about[org_below(w, 3)]);
	set_number(&in, "prospect_count", org_one_in(w, 30) ? INT64_MAX : (int64_t)org_below(w, 50));
	set_number(&in, "lost_count", org_one_in(w, 60) ? INT64_MAX : (int64_t)org_below(w, 10));
	return in;
}

static struct fnl_value volume(struct workload_org *w)
{
	static const char *const currencies[] = {"USD", "EUR", NULL};
	struct fnl_value *v = fnl_arena_calloc(&w->arena, FNL_CELL_VOLUME_FIELD_COUNT, sizeof(*v));
	const char *currency = currencies[org_below(w, 3)];
	int64_t amount = (int64_t)org_below(w, 1000000);
	for (size_t i = 0; i < FNL_CELL_VOLUME_FIELD_COUNT; i++) {
		v[i] = (struct fnl_value){.set = true};
	}
	v[FNL_CELL_VOLUME_LAYER].i64 = FNL_LAYER_TOP + (int64_t)org_below(w, 3);
	if (w->territorial && !org_one_in(w, 6)) {
		currency = "USD";
	}
	v[FNL_CELL_VOLUME_HELD_WEEK].i64 = org_one_in(w, 2) ? 0 : 2800 + (int64_t)org_below(w, 40);
	v[FNL_CELL_VOLUME_CURRENCY] =
		(struct fnl_value){.set = currency != NULL, .str = currency ? fnl_span_str(currency) : FNL_SPAN_NONE};
	v[FNL_CELL_VOLUME_COUNT].i64 = 1 + (int64_t)org_below(w, w->territorial ? 6 : 30);
	v[FNL_CELL_VOLUME_AMOUNT_MINOR].i64 = currency ? amount : 0;
	v[FNL_CELL_VOLUME_WEIGHTED_MINOR].i64 = currency ? amount / 4 : 0;
	v[FNL_CELL_VOLUME_WEIGHTED_E4].i64 = currency ? (amount % 4) * 2500 : 0;
	return (struct fnl_value){.set = true, .list = {v, FNL_CELL_VOLUME_FIELD_COUNT}};
}

/* Some have names that are nearly others'. */
static struct fnl_input make_cell(struct workload_org *w, size_t org)
{
	static const char *const codes[ORG_LOAD_CELLS][3] = {{"", "", ""},   {"n", "", ""},    {"", "n", ""},
	                                                     {"n|", "", ""}, {"%", "a b", ""}, {"north", "cheese", NULL}};
	size_t rep = org_below(w, w->rep_count), at = org_below(w, ORG_LOAD_CELLS), count = org_below(w, 4);
	struct fnl_input in = org_input(w, &fnl_desc_cell_image, org);
	struct fnl_value *items = fnl_arena_calloc(&w->arena, count + 1, sizeof(*items));
	char *text = fnl_arena_calloc(&w->arena, 1, 100);
	memset(text, 's', 65);
	set_text(&in, "rep_id", org_rep_id_of(w, rep));
	set_text(&in, "book", org_text(w, "rep:%s", org_rep_id_of(w, rep)));
	set_text(&in, "region", codes[at][0]);
	set_text(&in, "industry", codes[at][1]);
	set_text(&in, "size_focus", codes[at][2] ? codes[at][2] : text);
	set_number(&in, "sequence", org_next_of(w, &w->cells[org][rep][at]));
	set_number(&in, "present", !org_one_in(w, 5));
	for (size_t i = 0; i < count; i++) {
		items[i] = volume(w);
	}
	in.v[FNL_CELL_IMAGE_TOTALS] = (struct fnl_value){.set = true, .list = {items, count}};
	return in;
}

static struct fnl_input make_time(struct workload_org *w)
{
	struct fnl_input in = org_input(w, &fnl_desc_stage_time, 0);
	set_number(&in, "occurred_at", w->time_ms - (org_one_in(w, 6) ? (int64_t)org_below(w, 100000) : 0));
	set_number(&in, "partition", (int64_t)org_below(w, (size_t)w->upstream_count));
	set_number(&in, "partition_count", w->upstream_count);
	return in;
}

static struct fnl_input make_rules(struct workload_org *w)
{
	struct fnl_input in = org_input(w, &fnl_desc_rules_activated, 0);
	size_t count = 0;
	while (oracle_org_rules_known(count)) {
		count++;
	}
	const struct oracle_rules_text *rules = oracle_org_rules_known(org_below(w, count));
	const struct oracle_rules_text *other = oracle_org_rules_known(org_one_in(w, 20) ? 0 : org_below(w, count));
	set_number(&in, "occurred_at", w->time_ms);
	set_number(&in, "rules_version", rules->version);
	set_text(&in, "rules_hash", org_one_in(w, 15) ? other->hash : rules->hash);
	set_text(&in, "rules_text", org_one_in(w, 15) ? other->text : rules->text);
	return in;
}

/* ---- what comes next ---- */

static struct org_record record_of(struct workload_org *w, const struct fnl_input *in)
{
	struct org_record r = {.value = org_encode(w, in), .partition = -1};
	int org = field(in, "org_id");
	r.broadcast = org < 0;
	if (org >= 0) {
		r.key = fnl_span_str(org_text(w, "org:%.*s", (int)in->v[org].str.len, (const char *)in->v[org].str.data));
	}
	return r;
}

static void send_input(struct workload_org *w, const struct fnl_input *in, size_t at)
{
	struct org_record r = record_of(w, in);
	org_send_new(w, &r, at);
}

void org_make_reps(struct workload_org *w, size_t at)
{
	for (size_t i = 0; i < w->org_count * w->rep_count; i++) {
		size_t org = i / w->rep_count, rep = i % w->rep_count;
		struct fnl_input in = make_entry(w, org);
		set_text(&in, "rep_id", org_rep_id_of(w, rep));
		if (w->mood == ORG_MOOD_ONE_REP && rep == 0) {
			set_number(&in, "capacity_prospects", INT32_MAX);
		}
		set_number(&in, "sequence", ++w->sequences[org][rep]);
		set_number(&in, "present", 1);
		set_number(&in, "active", 1);
		set_number(&in, "resigned", 0);
		send_input(w, &in, at);
	}
}

void org_make_territorial_rules(struct workload_org *w, size_t at)
{
	struct fnl_input in = make_rules(w);
	int32_t version = org_one_in(w, 4) ? 6 : 4;
	size_t i = 0;
	while (oracle_org_rules_known(i)->version != version) {
		i++;
	}
	set_number(&in, "rules_version", version);
	set_text(&in, "rules_hash", oracle_org_rules_known(i)->hash);
	set_text(&in, "rules_text", oracle_org_rules_known(i)->text);
	send_input(w, &in, at);
	for (i = 0; i < 2 * w->rep_count; i++) {
		in = make_cell(w, 0);
		set_number(&in, "present", 1);
		send_input(w, &in, at);
	}
}

void org_make_times(struct workload_org *w, size_t at)
{
	for (int32_t p = 0; p < w->upstream_count; p++) {
		struct fnl_input in = make_time(w);
		set_number(&in, "partition", p);
		send_input(w, &in, at);
	}
}

static struct fnl_input any_of_org(struct workload_org *w)
{
	/* of 20: entries, questions, outcomes; the rest asks what is usual */
	static const size_t shares[ORG_MOOD_COUNT][3] = {{9, 6, 3}, {9, 6, 3}, {2, 16, 1}, {5, 3, 7}};
	const size_t *of = shares[w->mood];
	size_t org = org_below(w, w->org_count), kind = org_below(w, 20);
	if (kind < of[0]) {
		return make_entry(w, org);
	}
	if (kind < of[0] + of[1]) {
		return make_asked(w, org);
	}
	return kind < of[0] + of[1] + of[2] ? make_outcome(w, org) : make_base_rate(w, org);
}

void org_make(struct workload_org *w, size_t at)
{
	size_t kind = org_below(w, 24);
	struct fnl_gen apart = {w->gen.state ^ UINT64_C(0x5851f42d4c957f2d)}; /* so that other seeds do what they did */
	if (w->mood != ORG_MOOD_ONE_REP && fnl_gen_one_in(&apart, w->territorial ? 3 : 6)) {
		struct fnl_input of = make_cell(w, org_below(w, w->org_count));
		send_input(w, &of, at);
		return;
	}
	struct fnl_gen further = {w->gen.state ^ UINT64_C(0x9e3779b97f4a7c15)}; /* likewise */
	if (fnl_gen_one_in(&further, w->territorial ? 2 : 5)) {
		struct fnl_input of = org_make_command(w, org_below(w, w->org_count));
		send_input(w, &of, at);
		return;
	}
	struct fnl_input in = kind == 0 ? make_rules(w) : kind < 5 ? make_time(w) : any_of_org(w);
	send_input(w, &in, at);
}

/* ---- wrong in one of its fields ---- */

static struct fnl_input wrong_value(struct workload_org *w, size_t kind)
{
	size_t org = org_below(w, w->org_count);
	struct fnl_input in = kind < 3    ? make_entry(w, org)
	                      : kind < 7  ? make_asked(w, org)
	                      : kind < 9  ? make_outcome(w, org)
	                      : kind < 11 ? make_time(w)
	                                  : make_rules(w);
	char *text = fnl_arena_calloc(&w->arena, 1, 400);
	memset(text, 'x', 300);
	switch (kind) {
	case 0:
		set_number(&in, org_one_in(w, 2) ? "sequence" : "open_prospects", -1);
		break;
	case 1:
		set_number(&in, "capacity_prospects", -1);
		break;
	case 2:
		set_text(&in, org_one_in(w, 2) ? "rep_id" : "manager_id", org_one_in(w, 2) ? "" : "a|b");
		break;
	case 3:
		set_text(&in, "book", org_one_in(w, 3) ? "pool:UNASSIGNED" : org_one_in(w, 2) ? "rep:" : "rep:a|b");
		break;
	case 4:
		set_text(&in, org_one_in(w, 2) ? "successor_id" : "notice_id", org_one_in(w, 2) ? text : "a|b");
		break;
	case 5:
		set_text(&in, "request_id", org_one_in(w, 2) ? text : "");
		break;
	case 6:
		set_number(&in, org_one_in(w, 2) ? "prospect_count" : "occurred_at", -1);
		break;
	case 7:
		set_number(&in, org_one_in(w, 2) ? "lost_count" : "sequence", -1);
		break;
	case 8:
		set_number(&in, "completed_at", org_one_in(w, 2) ? -1 : INT64_C(7258118400000));
		break;
	case 9:
		set_number(&in, org_one_in(w, 2) ? "partition" : "partition_count", org_one_in(w, 2) ? -1 : 300);
		break;
	case 13:
		in = make_cell(w, org);
		set_text(&in,
		         org_one_in(w, 2)   ? "region"
		         : org_one_in(w, 2) ? "rep_id"
		                            : "book",
		         org_one_in(w, 2) ? text : "rep:x");
		break;
	case 14:
		in = org_make_wrong_command(w, org);
		break;
	case 11:
		set_text(&in, org_one_in(w, 2) ? "rules_text" : "rules_hash", "[rules]\nversion = many\n");
		break;
	default: /* too far ahead, or just not */
		set_number(&in, "occurred_at", WORKLOAD_TIME_MAX_MS + (org_one_in(w, 8) ? 0 : 1));
		break;
	}
	return in;
}

/* ---- wrong in its bytes ---- */

static void break_bytes(struct workload_org *w, struct org_record *r, size_t kind)
{
	uint8_t *copy = fnl_arena_calloc(&w->arena, 1, r->value.len + 8);
	size_t len = r->value.len;
	memcpy(copy, r->value.data, len);
	switch (kind) {
	case 0: /* cut, also within the frame */
		len = org_below(w, len);
		break;
	case 1: /* an id that nobody knows, or that of another record */
		copy[org_one_in(w, 2) ? 1 : 4] ^= (uint8_t)(1 + org_below(w, 255));
		break;
	case 2: /* something is left at the end */
		len += 1 + org_below(w, 3);
		break;
	default: /* an entry has nothing that must not be anything else */
		copy[5 + org_below(w, len - 5)] ^= (uint8_t)(1U << org_below(w, 8));
		break;
	}
	r->value = fnl_span_of(copy, len);
}

static void break_frame(struct workload_org *w, struct org_record *r, size_t kind)
{
	struct fnl_input in;
	switch (kind) {
	case 0:
		r->key = FNL_SPAN_NONE;
		r->partition = (int32_t)org_below(w, (size_t)w->partition_count);
		break;
	case 1:
		r->key = FNL_SPAN_LIT("org:somebody else");
		break;
	case 2:
		r->value = FNL_SPAN_NONE;
		break;
	default: /* of another topic */
		in = org_input(w, &fnl_desc_clock_tick, 0);
		r->value = org_encode(w, &in);
		break;
	}
}

void org_make_malformed(struct workload_org *w, size_t at)
{
	enum { VALUES = 15, BYTES = 4, FRAMES = 4 };
	size_t kind = org_below(w, VALUES + BYTES + FRAMES), org = org_below(w, w->org_count);
	if (kind < VALUES) {
		struct fnl_input in = wrong_value(w, kind);
		send_input(w, &in, at);
		return;
	}
	struct fnl_input in = org_one_in(w, 2) ? make_entry(w, org) : make_asked(w, org);
	struct org_record r = record_of(w, &in);
	if (kind < VALUES + BYTES) {
		break_bytes(w, &r, kind - VALUES);
	} else {
		break_frame(w, &r, kind - VALUES - BYTES);
	}
	org_send_new(w, &r, at);
}
