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
	const char *entity = oracle_text(s->in, "rep_id");
	if (oracle_has(s->in, "command_id")) {
		entity = oracle_text(s->in, "org_id");
		snprintf(own, sizeof(own), "%s", oracle_text(s->in, "command_id"));
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

void rep_cause(struct rep_step *s)
{
	if (strcmp(s->name, "BookLine") == 0) { /* an output itself: what matters is its own cause */
		header_text(s->record, "ce_causationid", s->cause);
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

static const char *type_of(const char *record)
{
	static const char *const types[][2] = {{"QuotaSet", "funnel.rep.quota-set.v1"},
	                                       {"QuotaLine", "funnel.rep.quota-line.v1"},
	                                       {"QuotaRecalculated", "funnel.rep.quota-recalculated.v1"},
	                                       {"CommandRejected", "funnel.command.rejected.v1"}};
	size_t i = 0;
	while (strcmp(types[i][0], record) != 0) {
		i++;
	}
	return types[i][1];
}

struct rep_expected *rep_tell(struct rep_step *s, const char *record, json_t *body, const char *cause,
                              const char *correlation, const char *subject)
{
	bool rejection = strcmp(record, "CommandRejected") == 0;
	struct rep_expected *x = expect(s->fold, rejection ? ORACLE_REP_REJECTIONS : ORACLE_REP_QUOTAS, s->p);
	x->at = s->record ? s->record->offset : s->p->place;
	x->key = strdup(oracle_text(body, rejection ? "org_id" : "rep_id"));
	x->group = strdup(oracle_printable(fnl_span_str(x->key)));
	x->record = record;
	x->type = type_of(record);
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
