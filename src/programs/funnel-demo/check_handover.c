/* Was one's leaving told as it must be: each prospect once, TOP behind the gate, and to nobody what is restricted? */
#include "check.h"

/* What nobody but HR's topic and funnel.reviews may have. */
struct secrets {
	enum fnl_topic topic;
	uint64_t employer_at_home;
	uint64_t employer_abroad;
	uint64_t reviews_at_home;
	uint64_t reviews_abroad;
};

static bool has_text(struct fnl_span s, const char *text)
{
	size_t n = strlen(text);
	const char *from = (const char *)s.data;
	for (size_t at = 0; from && at + n <= s.len; at++) {
		const char *next = memchr(from + at, text[0], s.len - n - at + 1);
		if (!next) {
			return false;
		}
		at = (size_t)(next - from);
		if (memcmp(next, text, n) == 0) {
			return true;
		}
	}
	return false;
}

static int on_any(void *context, size_t index, const struct fnl_record *r)
{
	struct secrets *s = context;
	bool employer = has_text(r->key, LEAVE_EMPLOYER) || has_text(r->value, LEAVE_EMPLOYER);
	bool review = false;
	(void)index;
	for (size_t i = 0; i < r->header_count; i++) {
		employer = employer || has_text(r->headers[i].value, LEAVE_EMPLOYER);
		review = review || has_text(r->headers[i].value, "funnel.review.");
	}
	s->employer_at_home += employer && s->topic == FNL_TOPIC_REP_CHANGES;
	s->employer_abroad += employer && s->topic != FNL_TOPIC_REP_CHANGES;
	s->reviews_at_home += review && s->topic == FNL_TOPIC_REVIEWS;
	s->reviews_abroad += review && s->topic != FNL_TOPIC_REVIEWS;
	return 0;
}

/* Every byte of every topic. */
static bool check_restricted(struct play *p, const struct fnl_canvas *c, struct fnl_error *why)
{
	struct secrets s = {.employer_at_home = 0};
	struct fnl_bus *bus = p->world->bus;
	for (int topic = 0; topic < FNL_TOPIC_COUNT; topic++) {
		struct fnl_topic_info info;
		const char *name = p->world->topics[topic];
		int status = bus->ops->describe_topic(bus, name, &info);
		if (status == 0 && info.partition_count == 0) {
			continue; /* there is none: nothing of the demo is sent there */
		}
		s.topic = (enum fnl_topic)topic;
		status = status < 0 ? status : bus->ops->read(bus, &name, 1, true, true, NULL, on_any, &s);
		if (status < 0) {
			fnl_fail(why, status, "%s: %s", name, bus->ops->explain(bus));
			return false;
		}
	}
	bool good = check_say(c, s.reviews_at_home > 0 && s.reviews_abroad == 0,
	                      "findings, and what else is restricted, beyond funnel.reviews", s.reviews_abroad, 0);
	return good & check_say(c, s.employer_at_home > 0 && s.employer_abroad == 0,
	                        "records with the new employer's id, beyond HR's own topic", s.employer_abroad, 0);
}

/* One task each, of the layer in which the changes themselves have it. */
static bool check_tasks(const struct play *p, const struct fnl_canvas *c, struct fnl_error *why)
{
	static const int task_layers[FNL_LAYER_COUNT] = {[FNL_LAYER_TOP] = FNL_TASK_LAYER_TOP,
	                                                 [FNL_LAYER_MIDDLE] = FNL_TASK_LAYER_MIDDLE,
	                                                 [FNL_LAYER_BOTTOM] = FNL_TASK_LAYER_BOTTOM};
	const struct leave *l = &p->leave;
	size_t reps = p->simulation->settings.reps;
	struct demo_truth_funnel *funnels = fnl_calloc(reps + 1, sizeof(*funnels));
	int64_t number = 0;
	uint64_t one_each = 0;
	uint64_t by_layer[DEMO_TRUTH_LAYERS] = {0};
	if (!funnels) {
		fnl_fail(why, FNL_E_NOMEM, "out of memory");
		return false;
	}
	fnl_parse_decimal(fnl_span_str(l->rep + 2), &number);
	demo_truth_funnels(&p->truth, funnels, reps);
	for (size_t i = 0; i < l->count; i++) {
		const struct leave_prospect *one = &l->prospects[i];
		bool known = one->layer <= FNL_LAYER_BOTTOM;
		one_each += one->tasks == 1 && (!known || one->task_layer == task_layers[one->layer]);
		if (known) {
			by_layer[one->layer - FNL_LAYER_TOP]++;
		}
	}
	bool good = check_same(c, "who leaves: prospects with one task told, of their layer", one_each, l->count);
	for (size_t i = 0; i < DEMO_TRUTH_LAYERS; i++) {
		static const char *const texts[] = {"his TOP, as the changes themselves say",
		                                    "his MIDDLE, as the changes themselves say",
		                                    "his BOTTOM, as the changes themselves say"};
		good &= check_same(c, texts[i], by_layer[i], funnels[number].count[i]);
	}
	fnl_free(funnels);
	return good;
}

static bool check_gate(const struct leave *l, const struct fnl_canvas *c)
{
	uint64_t top = leave_of_layer(l, FNL_TASK_LAYER_TOP);
	uint64_t once = 0;
	uint64_t released = 0;
	for (size_t i = 0; i < l->count; i++) {
		const struct leave_prospect *one = &l->prospects[i];
		once += one->closed == 1;
		released += one->released == (one->task_layer == FNL_TASK_LAYER_TOP);
	}
	bool good = check_same(c, "a report of TOP before its time, refused", l->told[LEAVE_TOLD_REFUSED].count, 1);
	good &= check_same(c, "released: each of TOP once, and no other", l->told[LEAVE_TOLD_RELEASED].count, top);
	good &= check_same(c, "prospects of which that is so", released, l->count);
	good &= check_same(c, "not closed before the first of TOP was released", l->at_gate, 0);
	bool order = l->told[LEAVE_TOLD_RELEASED].first > l->told[LEAVE_TOLD_BEFORE].last &&
	             l->told[LEAVE_TOLD_TOP].first > l->told[LEAVE_TOLD_RELEASED].last;
	good &= check_say(c, order, "on the log in this order: all before the gate, the releases, TOP", order, 1);
	return good & check_same(c, "tasks that were done, each once", once, l->count);
}

static bool check_end(const struct leave *l, const struct fnl_canvas *c)
{
	uint64_t asked = 0;
	for (size_t i = 0; i < l->count; i++) {
		asked += l->prospects[i].asked == 1;
	}
	bool good = check_same(c, "asked of the CRM: each to the successor, once", asked, l->count);
	good &= check_same(c, "moved by the CRM: the successor's in the end", l->owned_after, l->count);
	good &= check_same(c, "the amount that was lowered, found", l->lowered_findings, 1);
	good &= check_same(c, "findings, as many as the comparison says it has", l->told[LEAVE_TOLD_FINDING].count,
	                   l->compared_findings);
	good &= check_same(
		c, "opened, compared, completed: once each",
		l->told[LEAVE_TOLD_OPENED].count + l->told[LEAVE_TOLD_COMPARED].count + l->told[LEAVE_TOLD_COMPLETED].count, 3);
	good &=
		check_say(c, l->told[LEAVE_TOLD_COMPLETED].first_ms >= leave_at(LEAVE_SIGN_OFF) && l->done_count == l->count,
	              "completed when it was signed off, with so many done", l->done_count, l->count);
	return good & check_same(c, "told of it that nothing here has asked for", l->told[LEAVE_TOLD_OTHER].count, 0);
}

bool check_handover(struct play *p, const struct fnl_canvas *c, struct fnl_error *why)
{
	const struct leave *l = &p->leave;
	size_t prospects = p->simulation->settings.prospects;
	if (!l->found) {
		return check_say(c, prospects < CHECK_PROSPECTS_MIN, "nobody has customers enough to have his leaving told", 0,
		                 1);
	}
	bool good = check_tasks(p, c, why);
	good &= check_gate(l, c);
	good &= check_end(l, c);
	return good & check_restricted(p, c, why);
}
