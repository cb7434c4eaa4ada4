/* What is to be told, and the ids of what came. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_internal.h"

static struct rep_expected *expect(struct rep_fold *f, size_t topic, const struct rep_partition *p)
{
	if (f->expected_count == f->expected_room) {
		f->expected_room = f->expected_room ? f->expected_room * 2 : 256;
		f->expected = realloc(f->expected, f->expected_room * sizeof(*f->expected));
		if (!f->expected) {
			abort();
		}
	}
	struct rep_expected *x = &f->expected[f->expected_count++];
	*x = (struct rep_expected){.topic = topic, .partition = p->id, .at = p->place};
	return x;
}

/* A header to pass on: printable, at most 128 bytes; "" when there is none such. */
static void header_text(const struct fnl_record *r, const char *name, char ret[160])
{
	ret[0] = '\0';
	for (size_t i = r ? r->header_count : 0; i-- > 0;) { /* the last one of the name counts */
		const struct fnl_header *h = &r->headers[i];
		if (h->name.len != strlen(name) || memcmp(h->name.data, name, h->name.len) != 0) {
			continue;
		}
		bool fit = h->value.len >= 1 && h->value.len <= 128;
		for (size_t k = 0; fit && k < h->value.len; k++) {
			fit = h->value.data[k] > 0x20 && h->value.data[k] < 0x7f;
		}
		if (fit) {
			snprintf(ret, 160, "%.*s", (int)h->value.len, (const char *)h->value.data);
		}
		return;
	}
}

/* The id of an input that has none of its own: from source, record, entity, and version or own id. */
static void root_id(const struct rep_step *s, char ret[160])
{
	char name[2048], own[512], id[ORACLE_UUID_BYTES];
	const char *source = oracle_text(s->in, "source");
	const char *entity = oracle_text(s->in, oracle_has(s->in, "leaving_rep_id") ? "leaving_rep_id" : "rep_id");
	if (oracle_has(s->in, "answer_id")) {
		snprintf(own, sizeof(own), "%s", oracle_text(s->in, "answer_id"));
	} else if (oracle_has(s->in, "command_id")) {
		entity = entity ? entity : oracle_text(s->in, "org_id");
		snprintf(own, sizeof(own), "%s", oracle_text(s->in, "command_id"));
	} else if (oracle_has(s->in, "request_id")) {
		snprintf(own, sizeof(own), "%s", oracle_text(s->in, "request_id"));
	} else if (oracle_has(s->in, "rules_hash")) {
		snprintf(own, sizeof(own), "%s", oracle_text(s->in, "rules_hash"));
	} else if (oracle_has(s->in, "version")) {
		snprintf(own, sizeof(own), "%" PRId64, oracle_number(s->in, "version"));
	} else {
		snprintf(own, sizeof(own), "%" PRId64, oracle_number(s->in, "occurred_at"));
	}
	entity = entity ? entity : oracle_text(s->in, "book");
	int n = snprintf(name, sizeof(name), "%s\n%s\n%s\n%s", source, s->name, entity ? entity : source, own);
	oracle_uuid(name, (size_t)n, id);
	snprintf(ret, 160, "%s", id);
}

void rep_timer_cause(struct rep_step *s, const char *table, const char *key)
{
	char name[2 * REP_KEY_BYTES], id[ORACLE_UUID_BYTES];
	int n = snprintf(name, sizeof(name), "timer\nrep\n%s\n%s\n%" PRId64, table, key, s->deadline_ms);
	oracle_uuid(name, (size_t)n, id);
	snprintf(s->cause, sizeof(s->cause), "%s", id);
	snprintf(s->correlation, sizeof(s->correlation), "%s", id);
}

void rep_cause(struct rep_step *s)
{
	static const char *const outputs[] = {"BookLine",    "AnswerGiven", "SuccessorCandidates",
	                                      "OrgBaseRate", "BookMoves",   "QuotaMoved"};
	for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
		if (strcmp(s->name, outputs[i]) == 0) { /* an output itself: what matters is its own cause */
			header_text(s->record, "ce_causationid", s->cause);
		}
	}
	if (!s->cause[0]) {
		header_text(s->record, "ce_id", s->cause);
	}
	if (!s->cause[0]) {
		root_id(s, s->cause);
	}
	header_text(s->record, "ce_correlationid", s->correlation);
	if (!s->correlation[0]) {
		memcpy(s->correlation, s->cause, sizeof(s->correlation));
	}
}

struct kind {
	const char *record;
	const char *type;
	size_t topic;
	const char *key; /* the field that is the key */
};

static const struct kind *kind_of(const char *record)
{
	static const struct kind kinds[] = {
		{"QuotaSet", "funnel.rep.quota-set.v1", ORACLE_REP_QUOTAS, "rep_id"},
		{"QuotaLine", "funnel.rep.quota-line.v1", ORACLE_REP_QUOTAS, "rep_id"},
		{"QuotaRecalculated", "funnel.rep.quota-recalculated.v1", ORACLE_REP_QUOTAS, "rep_id"},
		{"AttainmentChanged", "funnel.rep.attainment-changed.v1", ORACLE_REP_QUOTAS, "rep_id"},
		{"QuotaRevised", "funnel.rep.quota-revised.v1", ORACLE_REP_QUOTAS, "rep_id"},
		{"CommandRejected", "funnel.command.rejected.v1", ORACLE_REP_REJECTIONS, "org_id"},
		{"ProspectStalled", "funnel.prospect.stalled.v1", ORACLE_REP_ALERTS, "prospect_id"},
		{"StallEscalated", "funnel.prospect.stall-escalated.v1", ORACLE_REP_ALERTS, "prospect_id"},
		{"StallCleared", "funnel.prospect.stall-cleared.v1", ORACLE_REP_ALERTS, "prospect_id"},
		{"InspectionSheet", "funnel.inspection.sheet.v1", ORACLE_REP_INSPECTIONS, "rep_id"},
		{"SheetPage", "funnel.inspection.page.v1", ORACLE_REP_INSPECTIONS, "rep_id"},
		{"InspectionAnswerRecorded", "funnel.inspection.answer-recorded.v1", ORACLE_REP_INSPECTIONS, "rep_id"},
		{"InspectionOverdue", "funnel.inspection.overdue.v1", ORACLE_REP_INSPECTIONS, "rep_id"},
		{"HandoverOpened", "funnel.handover.opened.v1", ORACLE_REP_HANDOVERS, "leaving_rep_id"},
		{"SuccessorProposed", "funnel.handover.successor-proposed.v1", ORACLE_REP_HANDOVERS, "leaving_rep_id"},
		{"SuccessorRefused", "funnel.handover.successor-refused.v1", ORACLE_REP_HANDOVERS, "leaving_rep_id"},
		{"HandoverTaskOpened", "funnel.handover.task-opened.v1", ORACLE_REP_HANDOVERS, "leaving_rep_id"},
		{"HandoverTaskReleased", "funnel.handover.task-released.v1", ORACLE_REP_HANDOVERS, "leaving_rep_id"},
		{"HandoverTaskRefused", "funnel.handover.task-refused.v1", ORACLE_REP_HANDOVERS, "leaving_rep_id"},
		{"HandoverTaskSuperseded", "funnel.handover.task-superseded.v1", ORACLE_REP_HANDOVERS, "leaving_rep_id"},
		{"HandoverTaskOverdue", "funnel.handover.task-overdue.v1", ORACLE_REP_HANDOVERS, "leaving_rep_id"},
		{"HandoverTaskClosed", "funnel.handover.task-closed.v1", ORACLE_REP_HANDOVERS, "leaving_rep_id"},
		{"HandoverAtRisk", "funnel.handover.at-risk.v1", ORACLE_REP_HANDOVERS, "leaving_rep_id"},
		{"HandoverCancelled", "funnel.handover.cancelled.v1", ORACLE_REP_HANDOVERS, "leaving_rep_id"},
		{"HandoverCompleted", "funnel.handover.completed.v1", ORACLE_REP_HANDOVERS, "leaving_rep_id"},
		{"ReconciliationFinding", "funnel.review.finding.v1", ORACLE_REP_REVIEWS, "leaving_rep_id"},
		{"ReconciliationClosed", "funnel.review.reconciliation-closed.v1", ORACLE_REP_REVIEWS, "leaving_rep_id"},
		{"DefectionReview", "funnel.review.defection.v1", ORACLE_REP_REVIEWS, "leaving_rep_id"},
		{"ReassignmentRequested", "funnel.prospect.reassignment-requested.v1", ORACLE_REP_REASSIGNMENTS, "prospect_id"},
		{"ReassignmentOverdue", "funnel.prospect.reassignment-overdue.v1", ORACLE_REP_REASSIGNMENTS, "prospect_id"},
		{"RepEntry", "funnel.rep.entry.v1", ORACLE_REP_DIRECTORY, "rep_id"},
	};
	size_t i = 0;
	while (strcmp(kinds[i].record, record) != 0) {
		i++;
	}
	return &kinds[i];
}

void rep_group(size_t topic, const char *key, const json_t *body, char ret[512])
{
	const char *field = topic == ORACLE_REP_ALERTS          ? "rep_id"
	                    : topic == ORACLE_REP_REASSIGNMENTS ? "notice_id"
	                    : topic == ORACLE_REP_ORG_INPUTS    ? "book"
	                                                        : NULL;
	if (topic == ORACLE_REP_REASSIGNMENTS && !oracle_has(body, field)) { /* of a proposal */
		field = json_object_get(body, "from_rep_id") ? "from_rep_id" : "owner_rep_id";
	}
	if (topic == ORACLE_REP_ORG_INPUTS && json_object_get(body, "from_rep_id")) {
		field = "from_rep_id"; /* the book is the receiver's, and it comes of the giver's partition */
	}
	field = field && !json_object_get(body, field) ? "rep_id" : field;
	/* lines that go come from the giver's partition: `book` is where they go */
	bool going = topic == ORACLE_REP_ORG_INPUTS && json_object_get(body, "from_rep_id");
	const char *rep = going ? oracle_text(body, "from_rep_id") : field ? oracle_text(body, field) : NULL;
	int n = snprintf(ret, 512, "%s", oracle_printable(fnl_span_str(key)));
	if (rep && n < 512) {
		snprintf(ret + n, (size_t)(512 - n), " of %s%s", going ? "rep:" : "", oracle_printable(fnl_span_str(rep)));
	}
}

struct rep_expected *rep_tell(struct rep_step *s, const char *record, json_t *body, const char *cause,
                              const char *correlation, const char *subject)
{
	return rep_tell_keyed(s, record, body, cause, correlation, subject, oracle_text(body, kind_of(record)->key));
}

struct rep_expected *rep_tell_keyed(struct rep_step *s, const char *record, json_t *body, const char *cause,
                                    const char *correlation, const char *subject, const char *key)
{
	const struct kind *kind = kind_of(record);
	struct rep_expected *x = expect(s->fold, kind->topic, s->p);
	char group[512];
	x->at = s->record ? s->record->offset : s->p->place;
	x->key = strdup(key);
	rep_group(kind->topic, x->key, body, group);
	x->group = strdup(group);
	x->record = record;
	x->type = kind->type;
	x->place_unknown = s->place_unknown;
	x->time_unknown = s->record && !s->fold->in->event_clock;
	x->body = body;
	x->now_ms = s->record && !s->p->has_time ? INT64_MIN : s->now_ms;
	x->rules_version = s->p->rules->text.version;
	snprintf(x->cause, sizeof(x->cause), "%s", cause);
	snprintf(x->correlation, sizeof(x->correlation), "%s", correlation);
	header_text(s->record, "traceparent", x->trace);
	if (subject) {
		char name[2048];
		int n = snprintf(name, sizeof(name), "%s\n%s\n%s", cause, x->type, subject);
		oracle_uuid(name, (size_t)n, x->id);
	}
	return x;
}

static struct rep_expected *tell_light(struct rep_step *s, size_t topic, const char *record, const char *key,
                                       json_t *body)
{
	char group[512];
	struct rep_expected *x = expect(s->fold, topic, s->p);
	x->at = s->record ? s->record->offset : s->p->place;
	x->key = strdup(key);
	rep_group(topic, key, body, group);
	x->group = strdup(group);
	x->record = record;
	x->body = body;
	snprintf(x->cause, sizeof(x->cause), "%s", s->cause);
	snprintf(x->correlation, sizeof(x->correlation), "%s", s->correlation);
	return x;
}

struct rep_expected *rep_tell_internal(struct rep_step *s, const char *record, json_t *body)
{
	char key[REP_KEY_BYTES];
	snprintf(key, sizeof(key), "org:%s", oracle_text(body, "org_id"));
	struct rep_expected *x = tell_light(s, ORACLE_REP_ORG_INPUTS, record, key, body);
	x->internal = true;
	header_text(s->record, "traceparent", x->trace);
	return x;
}

void rep_tell_forgotten(struct rep_step *s, const char *rep_id)
{
	tell_light(s, ORACLE_REP_DIRECTORY, "RepEntry", rep_id, NULL)->forgotten = true;
}

void rep_dead_letter(struct rep_fold *f, const struct rep_partition *p, const struct fnl_record *r, const char *why)
{
	char group[512];
	struct rep_expected *x = expect(f, ORACLE_REP_DEAD_LETTERS, p);
	/* those without a key go anywhere, and have no order among them */
	int n = snprintf(group, sizeof(group), "%" PRId32 " %s", p->id, oracle_printable(r->key));
	if (r->key.len == 0) {
		snprintf(group + n, sizeof(group) - (size_t)n, "%" PRId64, r->offset);
	}
	x->group = strdup(group);
	x->at = r->offset;
	x->dead = r;
	x->why = why;
	f->stats.dead_letters++;
}
