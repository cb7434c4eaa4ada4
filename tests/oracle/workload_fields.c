/* Changes of prospects: any fields, any values. */
#include "workload_internal.h"

#define MS_PER_DAY INT64_C(86400000)

static const char *const stages[] = {
	"Qualification",
	"qualification",
	"Prospecting",
	"Needs Analysis",
	"Value Proposition",
	"Proposal Made",
	"Demo Scheduled",
	"contractSENT",
	"Perception Analysis",
	"Tasting",
	"Visit",
	"Nobody Knows",
	"",
};
static const char *const words[] = {"a", "B2", "north", "\xe6\xbc\x8f\xe6\x96\x97", "x y", "\xc3\xa9t\xc3\xa9", ""};

static struct fnl_value value_of(struct workload_prospect *w, int field, const struct fnl_field_desc *desc);

static struct fnl_value number(int64_t v)
{
	return (struct fnl_value){.set = true, .i64 = v};
}

static struct fnl_value text(const char *s)
{
	return (struct fnl_value){.set = true, .str = fnl_span_str(s)};
}

static struct fnl_value money(struct workload_prospect *w)
{
	static const char *const currencies[] = {"USD", "EUR", "JPY", "CNY"};
	static const int64_t amounts[] = {0, 1, -500, 100000000, 1000000000000000, -1000000000000000};
	struct fnl_value v = {.set = true};
	v.money.amount_minor = workload_one_in(w, 4) ? amounts[workload_below(w, 6)] : (int64_t)workload_below(w, 1000000);
	memcpy(v.money.currency, currencies[workload_below(w, w->mood == WORKLOAD_MANY_ADVERSE ? 2 : 4)], 4);
	return v;
}

static struct fnl_value list_of(struct workload_prospect *w, const struct fnl_field_desc *desc)
{
	size_t n = workload_one_in(w, 20) ? 20 : workload_below(w, 4);
	struct fnl_value *items = fnl_arena_calloc(&w->arena, n + 1, sizeof(*items));
	for (size_t i = 0; i < n; i++) {
		if (desc->item_kind == FNL_KIND_STRING) {
			items[i] = text(workload_text(w, "person-%zu", workload_below(w, 6)));
			continue;
		}
		struct fnl_value *fields = fnl_arena_calloc(&w->arena, FNL_PLANNED_PURCHASE_FIELD_COUNT, sizeof(*fields));
		fields[FNL_PLANNED_PURCHASE_ON] = number(19000 + (int64_t)workload_below(w, 900));
		if (!workload_one_in(w, 3)) {
			fields[FNL_PLANNED_PURCHASE_AMOUNT] = money(w);
		}
		items[i] = (struct fnl_value){.set = true, .list = {fields, FNL_PLANNED_PURCHASE_FIELD_COUNT}};
	}
	return (struct fnl_value){.set = true, .list = {items, n}};
}

static struct fnl_value string_of(struct workload_prospect *w, int field)
{
	static const char *const pipelines[] = {"cheese", "wine", "Cheese"};
	switch (field) {
	case FNL_PROSPECT_CHANGED_STAGE:
		return text(stages[workload_below(w, sizeof(stages) / sizeof(stages[0]))]);
	case FNL_PROSPECT_CHANGED_PIPELINE_ID:
		return text(pipelines[workload_below(w, 3)]);
	case FNL_PROSPECT_CHANGED_BUYER_ID:
	case FNL_PROSPECT_CHANGED_OWNER_REP_ID:
	case FNL_PROSPECT_CHANGED_LOST_TO_ID:
	case FNL_PROSPECT_CHANGED_COMPETITOR_ID:
		return text(workload_text(w, "id-%zu", workload_below(w, 5)));
	default:
		return text(words[workload_below(w, sizeof(words) / sizeof(words[0]))]);
	}
}

static struct fnl_value value_of(struct workload_prospect *w, int field, const struct fnl_field_desc *desc)
{
	switch (desc->kind) {
	case FNL_KIND_MONEY:
		return money(w);
	case FNL_KIND_LIST:
		return list_of(w, desc);
	case FNL_KIND_STRING:
		return string_of(w, field);
	case FNL_KIND_DATE:
		return number(workload_one_in(w, 4) ? 19000 + (int64_t)workload_below(w, 900) : workload_day(w));
	case FNL_KIND_TIMESTAMP: /* now and then after the event itself */
		return number(w->time_ms - (int64_t)workload_below(w, 30) * MS_PER_DAY / 4 +
		              (workload_one_in(w, 6) ? MS_PER_DAY : 0));
	case FNL_KIND_ENUM:
		if (field == FNL_PROSPECT_CHANGED_STATUS && w->mood == WORKLOAD_MANY_ADVERSE && workload_one_in(w, 3)) {
			return number(FNL_STATUS_LOST);
		}
		if (field == FNL_PROSPECT_CHANGED_STATUS && !workload_one_in(w, 3)) {
			return number(FNL_STATUS_OPEN);
		}
		return number((int64_t)workload_below(w, desc->symbol_count));
	case FNL_KIND_INT: {
		static const int64_t edges[] = {0, 1000, 1999, 2000, 3749, 3750, 5000, 5001, 6249, 6250, 9000, 10000};
		return number(workload_one_in(w, 2) ? edges[workload_below(w, 12)] : (int64_t)workload_below(w, 10001));
	}
	default:
		return number((int64_t)workload_below(w, 2));
	}
}

static void clear_some(struct workload_prospect *w, struct fnl_input *in)
{
	size_t n = workload_below(w, 4);
	struct fnl_value *names = fnl_arena_calloc(&w->arena, n + 1, sizeof(*names));
	for (size_t i = 0; i < n; i++) {
		size_t at = FNL_PROSPECT_CHANGED_BUYER_ID + workload_below(w, 25);
		names[i] = text(workload_one_in(w, 8) ? "no_such_field" : in->desc->fields[at].name);
		names[i] = workload_one_in(w, 20) ? text("version") : names[i];
	}
	in->v[FNL_PROSPECT_CHANGED_CLEARED] = (struct fnl_value){.set = true, .list = {names, n}};
}

/* The latest full image once more, as an answer to a request for it: nothing is new but its time. */
static struct fnl_input image_again(struct workload_prospect *w, size_t prospect)
{
	struct fnl_input in = w->images[prospect];
	bool at_gap = w->gap_time_ms && workload_one_in(w, 4);
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_OCCURRED_AT, at_gap ? w->gap_time_ms : workload_occurred_at(w));
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_SNAPSHOT, 1);
	return in;
}

/* What a run has much of. */
static bool is_often(const struct workload_prospect *w, int field)
{
	switch (field) {
	case FNL_PROSPECT_CHANGED_STAGE:
	case FNL_PROSPECT_CHANGED_PROBABILITY_BP:
		return true;
	case FNL_PROSPECT_CHANGED_OWNER_REP_ID:
		return w->mood == WORKLOAD_MANY_OWNERS || w->mood == WORKLOAD_MANY_STALLS || w->mood == WORKLOAD_MANY_ADVERSE;
	case FNL_PROSPECT_CHANGED_EXPECTED_CLOSE_DATE:
		return w->mood == WORKLOAD_MANY_STALLS;
	case FNL_PROSPECT_CHANGED_AMOUNT:
	case FNL_PROSPECT_CHANGED_STATUS:
	case FNL_PROSPECT_CHANGED_CONTACT_IDS:
		return w->mood == WORKLOAD_MANY_ADVERSE;
	default:
		return false;
	}
}

/* Who does it; often nobody says so. */
static void add_actor(struct workload_prospect *w, struct fnl_input *in)
{
	if (workload_one_in(w, 2)) {
		return;
	}
	if (!workload_one_in(w, 5)) {
		fnl_input_str(in, FNL_PROSPECT_CHANGED_ACTOR_ID, workload_text(w, "id-%zu", workload_below(w, 5)));
	}
	if (!workload_one_in(w, 5)) {
		fnl_input_i64(in, FNL_PROSPECT_CHANGED_ACTOR_KIND, (int64_t)workload_below(w, FNL_ACTOR_KIND_COUNT));
	}
}

struct fnl_input workload_changed(struct workload_prospect *w, size_t prospect)
{
	if (w->images[prospect].desc && workload_one_in(w, 8)) {
		return image_again(w, prospect);
	}
	struct fnl_input in = workload_input(w, &fnl_desc_prospect_changed);
	fnl_input_str(&in, FNL_PROSPECT_CHANGED_PROSPECT_ID, workload_prospect_id(prospect));
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_VERSION, workload_version(w, prospect));
	bool full = workload_one_in(w, 3);
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_FULL, full);
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_BULK, workload_one_in(w, 8));
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_SNAPSHOT, workload_one_in(w, 8));
	for (int i = FNL_PROSPECT_CHANGED_BUYER_ID; i <= FNL_PROSPECT_CHANGED_SIZE_FOCUS; i++) {
		if (full ? !workload_one_in(w, 3) : workload_one_in(w, is_often(w, i) ? 2 : 7)) {
			in.v[i] = value_of(w, i, &in.desc->fields[i]);
		}
	}
	if (workload_one_in(w, 4)) {
		clear_some(w, &in);
	}
	add_actor(w, &in);
	if (full) {
		w->images[prospect] = in;
	}
	return in;
}
