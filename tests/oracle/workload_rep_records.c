/* One record: any of the topic, well made or not. */
#include "oracle_rep.h"
#include "workload_rep_internal.h"

#define MS_PER_HOUR INT64_C(3600000)
#define MS_PER_DAY (24 * MS_PER_HOUR)

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

/* About now; often at the very moment of a run. */
static int64_t occurred_at(struct workload_rep *w)
{
	static const int64_t about[] = {-1, 0, 1, -MS_PER_HOUR, MS_PER_HOUR, -1, 0, 1};
	if (w->as_of_ms && rep_one_in(w, 3)) {
		return w->as_of_ms + about[rep_below(w, 8)];
	}
	switch (rep_below(w, 8)) {
	case 0:
		return w->time_ms - (int64_t)rep_below(w, 100) * MS_PER_DAY;
	case 1:
		return w->time_ms - (int64_t)rep_below(w, 48) * MS_PER_HOUR;
	case 2:
		return w->time_ms + (int64_t)rep_below(w, 30) * MS_PER_DAY;
	default:
		return w->time_ms;
	}
}

static struct fnl_input input(struct workload_rep *w, const struct fnl_record_desc *desc)
{
	struct fnl_input in = {.desc = desc};
	set_text(&in, "source", rep_one_in(w, 6) ? "erp" : "crm");
	set_number(&in, "occurred_at", occurred_at(w));
	return in;
}

void rep_set_money(struct workload_rep *w, struct fnl_input *in, int at)
{
	static const char *const currencies[] = {"USD", "USD", "USD", "EUR", "JPY", "BHD"};
	static const int64_t amounts[] = {0, 1, -500, 3, 1000000000000000, -1000000000000000, 100000000, 200};
	int64_t amount = rep_one_in(w, 3) ? amounts[rep_below(w, 8)] : (int64_t)rep_below(w, 10000000) - 1000000;
	fnl_input_money(in, at, amount, currencies[rep_below(w, 6)]);
}

/* Around the days on which the known rules let a fiscal year begin; seldom anywhere. */
int64_t rep_close_date(struct workload_rep *w)
{
	static const int64_t starts[] = {19358, 19723, 20089, 19453, 19819, 20184, 19354, 19719, 20085};
	if (rep_one_in(w, 10)) {
		return (int64_t)rep_below(w, 84006);
	}
	return starts[rep_below(w, 9)] + (int64_t)rep_below(w, rep_one_in(w, 2) ? 3 : 90) - 1;
}

struct fnl_input rep_make_line(struct workload_rep *w, size_t prospect, size_t rep, int state)
{
	static const int in_funnel[] = {FNL_LAYER_TOP, FNL_LAYER_MIDDLE, FNL_LAYER_BOTTOM};
	static const int32_t weights[] = {2500, 5000, 7500, 0, 10000, 3333, 1};
	static const char *const words[] = {"a", "north", "\xe6\xbc\x8f\xe6\x96\x97", "x y", ""};
	struct fnl_input in = input(w, &fnl_desc_book_line);
	set_text(&in, "book", rep_load_book(w, rep));
	set_text(&in, "prospect_id", rep_load_prospect(w, prospect));
	set_number(&in, "sequence", w->sequences[prospect]);
	set_number(&in, "state", state);
	int layer = rep_one_in(w, 5) ? (int)rep_below(w, FNL_LAYER_COUNT) : in_funnel[rep_below(w, 3)];
	layer = rep_one_in(w, 6) ? FNL_LAYER_WON : layer;
	bool open = layer == FNL_LAYER_TOP || layer == FNL_LAYER_MIDDLE || layer == FNL_LAYER_BOTTOM;
	set_number(&in, "layer", layer);
	set_number(&in, "weight_bp", open ? weights[rep_below(w, 7)] : 0);
	set_number(&in, "rules_version", (int64_t)rep_below(w, 4));
	if (!rep_one_in(w, 8)) {
		rep_set_money(w, &in, FNL_BOOK_LINE_AMOUNT);
	}
	if (layer == FNL_LAYER_WON) {
		rep_add_win(w, &in, rep);
	}
	if (!rep_one_in(w, 8)) {
		set_number(&in, "expected_close_date", rep_close_date(w));
	}
	for (int i = FNL_BOOK_LINE_REGION; i <= FNL_BOOK_LINE_BUYER_ID; i++) {
		if (rep_one_in(w, 3)) {
			const char *word = words[rep_below(w, 5)];
			fnl_input_str(&in, i, *word || i != FNL_BOOK_LINE_BUYER_ID ? word : "b");
			if (i == FNL_BOOK_LINE_PIPELINE_ID) {
				fnl_input_str(&in, i, "cheese");
			}
		}
	}
	rep_add_cell(w, &in);
	rep_add_purchases(w, &in);
	rep_add_stalls(w, &in, prospect, state);
	rep_add_persons(w, &in, state);
	return in;
}

static const char *org(struct workload_rep *w)
{
	static const char *const orgs[] = {"east", "east", "west"};
	return orgs[rep_below(w, 3)];
}

static struct fnl_value texts(struct workload_rep *w, size_t n, bool reps)
{
	struct fnl_value *items = fnl_arena_calloc(&w->arena, n + 1, sizeof(*items));
	for (size_t i = 0; i < n; i++) {
		const char *text =
			reps ? rep_load_rep(w, rep_below(w, w->rep_count)) : rep_text(w, "code-%zu", rep_below(w, 9));
		items[i] = (struct fnl_value){.set = true, .str = fnl_span_str(text)};
	}
	return (struct fnl_value){.set = true, .list = {items, n}};
}

struct fnl_input rep_make_changed(struct workload_rep *w, size_t rep)
{
	struct fnl_input in = input(w, &fnl_desc_rep_changed);
	w->versions[rep] += 1 + (int64_t)rep_below(w, 2);
	int64_t older = 1 + (int64_t)rep_below(w, (size_t)w->versions[rep]);
	set_text(&in, "rep_id", rep_load_rep(w, rep));
	set_number(&in, "version", rep_one_in(w, 6) ? older : w->versions[rep]);
	set_number(&in, "active", !rep_one_in(w, 8));
	set_text(&in, "org_id", org(w));
	in.v[FNL_REP_CHANGED_REGIONS] = texts(w, rep_below(w, 3), false);
	in.v[FNL_REP_CHANGED_INDUSTRIES] = texts(w, rep_below(w, 3), false);
	if (!rep_one_in(w, 4)) {
		set_text(&in, "manager_id", rep_text(w, "boss-%zu", rep_below(w, 3)));
	}
	if (rep_one_in(w, 4)) {
		set_text(&in, "size_focus", "large");
		set_number(&in, "capacity_prospects", (int64_t)rep_below(w, 100));
		set_number(&in, "employed_from", 15000);
	}
	if (rep_one_in(w, 2)) {
		rep_add_absence(w, &in);
	}
	return in;
}

/* Soon, just gone, or such that it freezes within a minute from the start: after no time, an hour or a day. */
static int64_t as_of(struct workload_rep *w)
{
	int64_t second = 1000 * (int64_t)rep_below(w, 25);
	switch (rep_below(w, 9)) {
	case 0:
	case 1:
		return w->time_ms + (int64_t)rep_below(w, 2 * (size_t)MS_PER_HOUR);
	case 2:
		return w->time_ms - (int64_t)rep_below(w, (size_t)MS_PER_HOUR);
	case 3:
		return w->start_ms + second;
	case 4:
		return w->start_ms - MS_PER_HOUR + second;
	case 5:
	case 6:
		return w->start_ms - MS_PER_DAY + second;
	case 7:
		return (w->as_of_ms ? w->as_of_ms : w->start_ms) + (int64_t)rep_below(w, 3) * 24 * MS_PER_HOUR;
	default:
		return w->time_ms + (int64_t)rep_below(w, 40) * MS_PER_DAY;
	}
}

struct fnl_input rep_make_command(struct workload_rep *w)
{
	static const char *const currencies[] = {"USD", "USD", "EUR", "JPY", "BHD"};
	struct fnl_input in = input(w, &fnl_desc_open_quota_year);
	int64_t at = as_of(w);
	at = at < 1 ? w->time_ms : at;
	int64_t issued_at = at - (rep_one_in(w, 3) ? 0 : (int64_t)rep_below(w, (size_t)MS_PER_HOUR));
	w->run_count++;
	set_text(&in, "command_id", rep_text(w, "command-%zu", w->run_count));
	set_text(&in, "issued_by", "chief");
	set_number(&in, "issued_at", rep_one_in(w, 12) ? at + 1 : issued_at);
	bool many = w->mood == REP_MOOD_MANY_RUNS && !rep_one_in(w, 5);
	set_text(&in, "org_id", many ? rep_text(w, "org-%zu", w->run_count) : org(w));
	set_number(&in, "fiscal_year",
	           rep_one_in(w, 3) ? 2022 + (int64_t)rep_below(w, 4) : 2023 + (int64_t)rep_below(w, 2));
	at += many && rep_one_in(w, 2) ? 3000 * MS_PER_DAY : 0;
	set_number(&in, "as_of", at);
	set_text(&in, "run_id", rep_text(w, "run-%zu", w->run_count));
	set_text(&in, "base_currency", currencies[rep_below(w, 5)]);
	in.v[FNL_OPEN_QUOTA_YEAR_REP_IDS] = texts(w, rep_one_in(w, 3) ? 1 + rep_below(w, 3) : 0, true);
	w->as_of_ms = many ? w->as_of_ms : at;
	rep_name_rates(w, &in);
	return in;
}

/* Mostly up to now, often just at a moment at which something is due. */
struct fnl_input rep_make_time(struct workload_rep *w)
{
	static const int64_t after[] = {0, 0, MS_PER_HOUR, 24 * MS_PER_HOUR, 1000, 48 * MS_PER_HOUR};
	struct fnl_input in = input(w, &fnl_desc_stage_time);
	bool at_run = w->as_of_ms && rep_one_in(w, 3);
	int64_t at = at_run ? w->as_of_ms + after[rep_below(w, 6)] - (int64_t)rep_one_in(w, 5) : w->time_ms;
	set_number(&in, "occurred_at", at);
	set_number(&in, "partition", (int64_t)rep_below(w, (size_t)w->upstream_count));
	set_number(&in, "partition_count", w->upstream_count);
	return in;
}

static struct fnl_input rules(struct workload_rep *w)
{
	struct fnl_input in = input(w, &fnl_desc_rules_activated);
	size_t count = 0;
	while (oracle_rep_rules_known(count)) {
		count++;
	}
	const struct oracle_rules_text *text = oracle_rep_rules_known(rep_below(w, count));
	set_number(&in, "rules_version", text->version);
	set_text(&in, "rules_hash", text->hash);
	set_text(&in, "rules_text", text->text);
	return in;
}

/* He has given notice, stays after all, is gone, or is to be forgotten: about as new as what else is said of him, and
 * around the day from which he is employed. */
static struct fnl_input leaves(struct workload_rep *w)
{
	static const struct fnl_record_desc *const descs[] = {&fnl_desc_rep_resigned, &fnl_desc_resignation_withdrawn,
	                                                      &fnl_desc_rep_left};
	bool erased = rep_one_in(w, 4);
	struct fnl_input in = input(w, erased ? &fnl_desc_rep_erased : descs[rep_below(w, 3)]);
	size_t rep = rep_below(w, w->rep_count);
	w->versions[rep] += (int64_t)rep_below(w, 2);
	int64_t older = (int64_t)rep_below(w, (size_t)w->versions[rep] + 1);
	set_text(&in, "rep_id", rep_load_rep(w, rep));
	set_number(&in, "version", rep_one_in(w, 6) ? older : w->versions[rep]);
	if (field(&in, "notice_id") >= 0) {
		set_text(&in, "notice_id", rep_text(w, "notice-%zu", rep_below(w, 3)));
	}
	if (in.desc == &fnl_desc_rep_resigned) {
		set_number(&in, "notice_at", w->time_ms);
		set_number(&in, "last_day", 14998 + (int64_t)rep_below(w, 4));
	} else if (in.desc == &fnl_desc_rep_left) {
		set_number(&in, "left_on", 14998 + (int64_t)rep_below(w, 4));
	}
	return in;
}

static struct rep_record record_of(struct workload_rep *w, const struct fnl_input *in)
{
	struct rep_record r = {.partition = -1, .value = rep_encode(w, in)};
	int book = field(in, "book"), rep_id = field(in, "leaving_rep_id");
	rep_id = rep_id >= 0 ? rep_id : field(in, "rep_id");
	if (book >= 0) {
		r.key = in->v[book].str;
	} else if (rep_id >= 0) {
		r.key = fnl_span_str(rep_text(w, "rep:%.*s", (int)in->v[rep_id].str.len, (const char *)in->v[rep_id].str.data));
	} else { /* for all partitions, or, as after a crash of who sent them, for one only */
		r.key = rep_one_in(w, 2) ? FNL_SPAN_NONE : in->v[FNL_BOOK_LINE_SOURCE].str;
		r.broadcast = !rep_one_in(w, 12);
		r.partition = (int32_t)rep_below(w, (size_t)w->partition_count);
	}
	return r;
}

void rep_send_input(struct workload_rep *w, const struct fnl_input *in, size_t at)
{
	struct rep_record r = record_of(w, in);
	rep_keep_cell(w, in);
	if (rep_one_in(w, 25)) { /* the schema's id in the header instead of the frame */
		uint8_t *id = fnl_arena_alloc(&w->arena, 5);
		memcpy(id, r.value.data, 5);
		r.headers[r.header_count++] = (struct fnl_header){FNL_SPAN_LIT("__value_schema_id"), fnl_span_of(id + 1, 4)};
		r.value = fnl_span_of(r.value.data + 5, r.value.len - 5);
	}
	rep_send_new(w, &r, at);
}

/* ---- what a change of a prospect sends ---- */

static void change(struct workload_rep *w, size_t prospect, size_t at)
{
	struct fnl_input in;
	w->sequences[prospect] += 1 + (int64_t)rep_below(w, 3);
	size_t owner = w->owners[prospect];
	size_t kind = rep_below(w, 24);
	if (kind < 4) { /* another owner: the old one watches */
		w->owners[prospect] = rep_one_in(w, 8) ? REP_LOAD_REPS : rep_below(w, w->rep_count);
		in = rep_make_line(w, prospect, owner, FNL_LINE_STATE_WATCHED);
		rep_send_input(w, &in, at);
		fnl_input_i64(&in, FNL_BOOK_LINE_STATE, FNL_LINE_STATE_OWNED);
		fnl_input_str(&in, FNL_BOOK_LINE_BOOK, rep_load_book(w, w->owners[prospect]));
	} else if (kind < 7) {
		in = rep_make_line(w, prospect, rep_below(w, w->rep_count), FNL_LINE_STATE_GONE);
		/* deleted for good, perhaps: one that comes anew counts anew */
		w->sequences[prospect] = rep_one_in(w, 3) ? 0 : w->sequences[prospect];
	} else if (kind == 7) {
		in = rep_make_line(w, prospect, owner, FNL_LINE_STATE_ERASED);
		if (rep_one_in(w, 2)) { /* as it is sent: nothing is left of it */
			memset(&in.v[FNL_BOOK_LINE_AMOUNT], 0,
			       sizeof(in.v[0]) * (FNL_BOOK_LINE_ADVERSE - FNL_BOOK_LINE_AMOUNT + 1));
			in.v[FNL_BOOK_LINE_STALLS].set = true;
			in.v[FNL_BOOK_LINE_CONTACT_IDS].set = true;
			in.v[FNL_BOOK_LINE_ADVERSE].set = true;
		}
	} else {
		in = rep_make_line(w, prospect, owner, FNL_LINE_STATE_OWNED);
	}
	rep_send_input(w, &in, at);
}

/* A run that freezes at once, and over several pages; what happened before its as_of comes too late for it. */
static void open_late(struct workload_rep *w, size_t at)
{
	struct fnl_input in = rep_make_changed(w, 0);
	set_number(&in, "version", ++w->versions[0]);
	set_text(&in, "org_id", "east");
	rep_send_input(w, &in, at);
	in = rep_make_command(w);
	w->as_of_ms = w->start_ms - MS_PER_DAY;
	set_text(&in, "org_id", "east");
	set_number(&in, "issued_at", w->as_of_ms);
	set_number(&in, "as_of", w->as_of_ms);
	in.v[FNL_OPEN_QUOTA_YEAR_REP_IDS] = texts(w, 0, true);
	rep_send_input(w, &in, at);
	w->late_left = 36;
}

static void change_late(struct workload_rep *w, size_t at)
{
	size_t prospect = 20 + rep_below(w, w->prospect_count - 20);
	w->late_left--;
	w->sequences[prospect]++;
	struct fnl_input in = rep_make_line(w, prospect, w->owners[prospect], FNL_LINE_STATE_OWNED);
	set_number(&in, "occurred_at", w->as_of_ms - 1);
	rep_send_input(w, &in, at);
}

/* Lines, books or runs beyond a page or the limit, all at once. */
static void fill(struct workload_rep *w, size_t at)
{
	struct fnl_input in;
	w->filled = true;
	if (w->mood == REP_MOOD_LONG_BOOK) {
		size_t count = 95 + rep_below(w, 120);
		for (size_t i = 20; i < 20 + count; i++) {
			w->sequences[i]++;
			w->owners[i] = rep_one_in(w, 12);
			in = rep_make_line(w, i, w->owners[i], FNL_LINE_STATE_OWNED);
			rep_send_input(w, &in, at);
		}
		w->prospect_count = rep_one_in(w, 2) ? 20 + count : w->prospect_count;
	}
	for (size_t i = 0; i < w->rep_count; i++) {
		in = rep_make_changed(w, i);
		rep_send_input(w, &in, at);
	}
	rep_send_references(w, at, 12);
	for (size_t i = 0; w->mood == REP_MOOD_MANY_RUNS && i < 68; i++) {
		in = rep_make_command(w);
		rep_send_input(w, &in, at);
	}
	if (w->prospect_count > 20) {
		open_late(w, at);
	}
}

void rep_make(struct workload_rep *w, size_t at)
{
	struct fnl_input in;
	if (!w->filled && rep_one_in(w, 6)) {
		fill(w, at);
		return;
	}
	if (w->late_left > 0 && rep_one_in(w, 2)) {
		change_late(w, at);
		return;
	}
	rep_send_references(w, at, 0);
	rep_send_revisions(w, at);
	switch (rep_below(w, 23)) {
	case 20:
		in = rep_make_inspect(w, rep_below(w, w->rep_count));
		break;
	case 21:
		rep_send_answers(w, at);
		return;
	case 0:
	case 1:
		in = rep_make_changed(w, rep_below(w, w->rep_count));
		break;
	case 2:
	case 3:
		in = rep_make_command(w);
		break;
	case 4:
		in = rep_one_in(w, 2) ? rules(w) : leaves(w);
		break;
	case 5:
	case 6:
	case 7:
	case 8:
	case 9:
		in = rep_make_time(w);
		break;
	default:
		change(w, rep_below(w, w->prospect_count), at);
		return;
	}
	rep_send_input(w, &in, at);
}

/* ---- wrong in one of its fields ---- */

static struct fnl_input wrong_stall(struct workload_rep *w, size_t prospect)
{
	struct fnl_input in = rep_make_line(w, prospect, 0, FNL_LINE_STATE_OWNED);
	struct fnl_value *stall = fnl_arena_calloc(&w->arena, FNL_STALL_FIELD_COUNT, sizeof(*stall));
	struct fnl_value *item = fnl_arena_calloc(&w->arena, 1, sizeof(*item));
	for (size_t i = 0; i < FNL_STALL_FIELD_COUNT; i++) {
		stall[i] = (struct fnl_value){.set = true, .i64 = 0};
	}
	stall[rep_one_in(w, 2) ? FNL_STALL_SINCE : FNL_STALL_OVER_AT].i64 = rep_one_in(w, 2) ? -1 : 7258118400000;
	*item = (struct fnl_value){.set = true, .list = {stall, FNL_STALL_FIELD_COUNT}};
	fnl_input_i64(&in, FNL_BOOK_LINE_SEQUENCE, w->sequences[prospect] + 1);
	in.v[FNL_BOOK_LINE_STALLS] = (struct fnl_value){.set = true, .list = {item, 1}};
	return in;
}

/* The same of what is not a line, or of what a line has within. */
static struct fnl_input wrong_other(struct workload_rep *w, size_t kind, size_t prospect)
{
	struct fnl_input in;
	switch (kind) {
	case 0:
		in = rep_make_changed(w, rep_below(w, w->rep_count));
		set_number(&in, rep_one_in(w, 2) ? "version" : "capacity_prospects", -1);
		break;
	case 1:
		in = rep_make_command(w);
		set_text(&in, "base_currency", rep_one_in(w, 2) ? "usd" : "US");
		break;
	case 2:
		in = rep_make_command(w);
		set_number(&in, rep_one_in(w, 2) ? "fiscal_year" : "as_of", rep_one_in(w, 2) ? 1969 : -1);
		break;
	case 3:
		in = rep_one_in(w, 2) ? rep_make_command(w) : rep_make_changed(w, 0);
		set_number(&in, "occurred_at", WORKLOAD_TIME_MAX_MS + (rep_one_in(w, 5) ? -1 : 1));
		break;
	case 4:
		in = rep_make_time(w);
		set_number(&in, rep_one_in(w, 2) ? "partition" : "partition_count", rep_one_in(w, 2) ? -1 : 300);
		break;
	case 5: /* some months ahead are believed, so that all timers fire; 2099, a sheet a week until then, is not */
		in = rep_make_time(w);
		set_number(&in, "occurred_at", rep_one_in(w, 5) ? w->time_ms + 90 * MS_PER_DAY : WORKLOAD_TIME_MAX_MS + 1);
		break;
	case 6: /* no question, no such rep, or nobody's key */
		in = rep_one_in(w, 2) ? rep_make_answer(w, 0, prospect, 1, 1) : rep_make_inspect(w, 0);
		set_text(&in,
		         in.desc == &fnl_desc_inspect_now ? "rep_id"
		         : rep_one_in(w, 2)               ? "book"
		                                          : "question_id",
		         rep_one_in(w, 2) ? "a|b" : "");
		break;
	case 7: /* a stall or its evidence out of range, or of another time */
		in = wrong_stall(w, prospect);
		break;
	default:
		in = rules(w);
		set_text(&in, rep_one_in(w, 2) ? "rules_text" : "rules_hash", "[rules]\nversion = many\n");
		break;
	}
	return in;
}

static struct fnl_input wrong_value(struct workload_rep *w, size_t kind)
{
	size_t prospect = rep_below(w, w->prospect_count);
	struct fnl_input in = rep_make_line(w, prospect, rep_below(w, w->rep_count), FNL_LINE_STATE_OWNED);
	fnl_input_i64(&in, FNL_BOOK_LINE_SEQUENCE, w->sequences[prospect] + 1);
	char *text = fnl_arena_calloc(&w->arena, 1, 400);
	memset(text, 'x', 300);
	switch (kind) {
	case 0:
		fnl_input_money(&in, FNL_BOOK_LINE_AMOUNT, 1000000000000001, "EUR");
		break;
	case 1:
		set_number(&in, "sequence", -(int64_t)rep_below(w, 2));
		break;
	case 2:
		set_number(&in, "weight_bp", rep_one_in(w, 2) ? 10001 : -1);
		break;
	case 3:
		set_number(&in, "expected_close_date", rep_one_in(w, 2) ? 84006 : -1);
		break;
	case 4:
		set_text(&in, "region", text); /* 300 bytes */
		break;
	case 5:
		set_text(&in, rep_one_in(w, 2) ? "prospect_id" : "buyer_id", rep_one_in(w, 2) ? "" : "a|b");
		break;
	case 6:
		set_text(&in, "book", rep_one_in(w, 3) ? "pool:OTHER" : rep_one_in(w, 2) ? "rep:" : "rep:a|b");
		break;
	case 7:
		set_number(&in, "occurred_at", rep_one_in(w, 2) ? -1 : 7258118400000);
		break;
	default:
		in = wrong_other(w, kind - 8, prospect);
		break;
	}
	return in;
}

/* ---- wrong in its bytes ---- */

enum { YEARS_AT = 14 }; /* after the frame, a source of three letters, and five bytes of the time */

static void break_bytes(struct workload_rep *w, struct rep_record *r, size_t kind)
{
	uint8_t *copy = fnl_arena_calloc(&w->arena, 1, r->value.len + 8);
	size_t len = r->value.len, at;
	memcpy(copy, r->value.data, len);
	switch (kind) {
	case 0: /* cut, also within the frame */
		len = rep_below(w, len);
		break;
	case 1: /* an id that nobody knows, or that of another record */
		copy[rep_one_in(w, 2) ? 1 : 4] ^= (uint8_t)(1 + rep_below(w, 255));
		break;
	case 2: /* something is left at the end */
		len += 1 + rep_below(w, 3);
		break;
	default:
		at = 5 + rep_below(w, len - 5);
		/* not the years of occurred_at, by which the first sheet is due before there is a time: one a week since then
		 */
		copy[at == YEARS_AT ? at - 1 : at] ^= (uint8_t)(1U << rep_below(w, 8));
		break;
	}
	r->value = fnl_span_of(copy, len);
}

static void break_frame(struct workload_rep *w, struct rep_record *r, size_t kind)
{
	struct fnl_input in;
	switch (kind) {
	case 0:
		r->key = FNL_SPAN_NONE;
		r->partition = (int32_t)rep_below(w, (size_t)w->partition_count);
		break;
	case 1:
		r->key = FNL_SPAN_LIT("rep:somebody else");
		break;
	case 2:
		r->value = FNL_SPAN_NONE;
		break;
	default: /* of another topic */
		in = input(w, &fnl_desc_clock_tick);
		r->value = rep_encode(w, &in);
		break;
	}
}

void rep_make_malformed(struct workload_rep *w, size_t at)
{
	enum { VALUES = 17, BYTES = 5, FRAMES = 4 };
	size_t kind = rep_below(w, VALUES + BYTES + FRAMES);
	if (kind < VALUES) {
		struct fnl_input in = wrong_value(w, kind);
		struct rep_record r = record_of(w, &in);
		rep_send_new(w, &r, at);
		return;
	}
	size_t prospect = rep_below(w, w->prospect_count);
	struct fnl_input in = rep_make_line(w, prospect, w->owners[prospect], FNL_LINE_STATE_OWNED);
	fnl_input_i64(&in, FNL_BOOK_LINE_SEQUENCE, w->sequences[prospect] + 1);
	struct rep_record r = record_of(w, &in);
	if (kind < VALUES + BYTES) {
		break_bytes(w, &r, kind - VALUES);
	} else {
		break_frame(w, &r, kind - VALUES - BYTES);
	}
	rep_send_new(w, &r, at);
}
