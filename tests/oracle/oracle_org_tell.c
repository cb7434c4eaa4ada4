/* What is to be told, and the ids of what came. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_org_internal.h"

static struct org_expected *expect(struct org_fold *f, size_t topic, const struct org_partition *p)
{
	if (f->expected_count == f->expected_room) {
		f->expected_room = f->expected_room ? f->expected_room * 2 : 256;
		f->expected = realloc(f->expected, f->expected_room * sizeof(*f->expected));
		if (!f->expected) {
			abort();
		}
	}
	struct org_expected *x = &f->expected[f->expected_count++];
	*x = (struct org_expected){.topic = topic, .partition = p->id, .at = p->place};
	return x;
}

void org_header_text(const struct fnl_record *r, const char *name, char ret[160])
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

/* From source, record, organisation, and what makes it itself. */
static void root_id(const struct org_step *s, char ret[160])
{
	char name[2048], own[512], id[ORACLE_UUID_BYTES];
	const char *source = oracle_text(s->in, "source");
	const char *entity = oracle_text(s->in, "org_id");
	if (oracle_has(s->in, "command_id")) {
		snprintf(own, sizeof(own), "%s", oracle_text(s->in, "command_id"));
	} else if (oracle_has(s->in, "request_id")) {
		snprintf(own, sizeof(own), "%s", oracle_text(s->in, "request_id"));
	} else if (oracle_has(s->in, "rules_hash")) {
		snprintf(own, sizeof(own), "%s", oracle_text(s->in, "rules_hash"));
	} else {
		snprintf(own, sizeof(own), "%" PRId64, oracle_number(s->in, "occurred_at"));
	}
	int n = snprintf(name, sizeof(name), "%s\n%s\n%s\n%s", source, s->name, entity ? entity : source, own);
	oracle_uuid(name, (size_t)n, id);
	snprintf(ret, 160, "%s", id);
}

void org_cause(struct org_step *s)
{
	/* what the rep stage sends is an output itself: what matters is its own cause */
	if (json_object_get(s->in, "org_id") && !json_object_get(s->in, "command_id")) {
		org_header_text(s->record, "ce_causationid", s->cause);
	}
	if (!s->cause[0]) {
		org_header_text(s->record, "ce_id", s->cause);
	}
	if (!s->cause[0]) {
		root_id(s, s->cause);
	}
	org_header_text(s->record, "ce_correlationid", s->correlation);
	if (!s->correlation[0]) {
		memcpy(s->correlation, s->cause, sizeof(s->correlation));
	}
}

void org_tell(struct org_step *s, const char *record, json_t *body)
{
	struct org_expected *x = expect(s->fold, ORACLE_ORG_REP_INPUTS, s->p);
	x->group = strdup(oracle_text(body, "book"));
	x->body = body;
	x->record = record;
	memcpy(x->cause, s->cause, sizeof(x->cause));
	memcpy(x->correlation, s->correlation, sizeof(x->correlation));
	org_header_text(s->record, "traceparent", x->trace);
}

void org_tell_world(struct org_step *s, size_t topic, const char *record, const char *type, const char *key,
                    const char *name, json_t *body)
{
	char text[2048];
	struct org_expected *x = expect(s->fold, topic, s->p);
	int n = snprintf(text, sizeof(text), "%s\n%s\n%s", s->cause, type, name);
	oracle_uuid(text, (size_t)n, x->id);
	x->group = strdup(key);
	x->body = body;
	x->record = record;
	x->type = type;
	x->rules_version = s->p->rules->text.version;
	x->now_ms = s->p->has_time ? s->now_ms : INT64_MIN;
	x->at = s->record ? s->record->offset : x->at;
	memcpy(x->cause, s->cause, sizeof(x->cause));
	memcpy(x->correlation, s->correlation, sizeof(x->correlation));
	org_header_text(s->record, "traceparent", x->trace);
}

void org_reject(struct org_step *s, const char *command, const char *org_id, const char *command_id,
                const char *issued_by, const char *reason)
{
	json_t *v = oracle_new_record(s->fold->o, "CommandRejected");
	oracle_set(v, "occurred_at", json_integer(s->now_ms));
	oracle_set(v, "command", json_string(command));
	oracle_set(v, "command_id", json_string(command_id));
	oracle_set(v, "org_id", json_string(org_id));
	oracle_set(v, "issued_by", json_string(issued_by));
	oracle_set(v, "reason", json_string(reason));
	org_tell_world(s, ORACLE_ORG_REJECTIONS, "CommandRejected", "funnel.command.rejected.v1", org_id, command_id, v);
}

void org_fail(struct org_fold *f, const char *fmt, ...)
{
	va_list args;
	if (f->failed) {
		return;
	}
	f->failed = true;
	va_start(args, fmt);
	vsnprintf(f->why, f->why_bytes, fmt, args);
	va_end(args);
}

int64_t org_dated_ms(const struct org_step *s)
{
	return s->p->has_time ? s->p->time_ms : oracle_number(s->in, "occurred_at");
}

void org_dead_letter(struct org_fold *f, const struct org_partition *p, const struct fnl_record *r, const char *why)
{
	char group[512];
	struct org_expected *x = expect(f, ORACLE_ORG_DEAD_LETTERS, p);
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

char *org_key(const char *a, const char *b, const char *c, char ret[ORG_KEY_BYTES])
{
	snprintf(ret, ORG_KEY_BYTES, "%s|%s%s%s", a, b, c ? "|" : "", c ? c : "");
	return ret;
}
