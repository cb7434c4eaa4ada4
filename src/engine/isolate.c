/* An input that ends every process that looks at it would end them for ever. It is found by a note that the partition's
 * owners leave for one another: who begins for the third time at the same offset writes down each input before he looks
 * at it; the one that was in hand when the process ended is a suspect, and at its second death it is dead-lettered
 * unseen. Where nothing dies this costs two small calls at the start of a partition, and nothing for an input.
 *
 * kill -9 looks like such a death, but is not: it would have to come twice while the same input was in hand, in two
 * lives that had begun three times without getting on. A timer cannot be isolated: nothing but the row itself names
 * what it would do; then the process goes on dying, and its log says where. */
#include "internal.h"

enum { BEGUN_CAREFUL = 3, DEATHS_MAX = 2, NOTE_FIELDS = 5 };

/* The note is its fields as decimal numbers, each with a space behind it. Offsets: -1 none. */
struct note {
	int64_t offset; /* where its partition began */
	int64_t begun;  /* how often there */
	int64_t hand;   /* the input that is looked at */
	int64_t suspect;
	int64_t deaths; /* with the suspect in hand */
};

static void note_fields(struct note *n, int64_t *ret[NOTE_FIELDS])
{
	ret[0] = &n->offset;
	ret[1] = &n->begun;
	ret[2] = &n->hand;
	ret[3] = &n->suspect;
	ret[4] = &n->deaths;
}

/* What is not a note is none. */
static struct note note_read(struct fnl_span text)
{
	struct note n = {-1, 0, -1, -1, 0};
	struct note none = n;
	int64_t *fields[NOTE_FIELDS];
	note_fields(&n, fields);
	for (size_t i = 0; i < NOTE_FIELDS; i++) {
		const uint8_t *end = text.len ? memchr(text.data, ' ', text.len) : NULL;
		if (!end || !fnl_parse_decimal(fnl_span_of(text.data, (size_t)(end - text.data)), fields[i])) {
			return none;
		}
		size_t used = (size_t)(end - text.data) + 1;
		text = fnl_span_of(text.data + used, text.len - used);
	}
	return n;
}

static int note_put(struct fnl_stream *s, int32_t partition, struct note n)
{
	struct fnl_writer w = fnl_writer_of(&s->arena);
	int64_t *fields[NOTE_FIELDS];
	note_fields(&n, fields);
	for (size_t i = 0; i < NOTE_FIELDS; i++) {
		fnl_write_decimal(&w, *fields[i]);
		fnl_write_u8(&w, ' ');
	}
	struct fnl_span text = fnl_writer_span(&w);
	return fnl_span_is_none(text) ? FNL_E_NOMEM : s->ports.store->ops->note_put(s->ports.store, partition, text);
}

/* What the last one left, as the one who begins now sees it. */
static struct note begun_again(struct note n, int64_t offset)
{
	n.begun = n.offset == offset ? n.begun + 1 : 1;
	n.offset = offset;
	if (n.hand >= offset) {
		n.deaths = n.hand == n.suspect ? n.deaths + 1 : 1;
		n.suspect = n.hand;
	} else if (n.suspect < offset) {
		n.suspect = -1;
		n.deaths = 0;
	}
	n.hand = -1;
	return n;
}

static struct note note_of(const struct fnl_partition *p)
{
	const struct fnl_isolation *i = &p->isolation;
	return (struct note){i->offset, i->begun, i->hand, i->suspect, i->deaths};
}

int fnl_isolate_begin(struct fnl_stream *s, struct fnl_partition *p)
{
	struct fnl_span text = FNL_SPAN_NONE;
	if (!s->settings.isolates_crashes || p->isolation.known) {
		return 0;
	}
	int rc = s->ports.store->ops->note_get(s->ports.store, p->id, &s->arena, &text);
	struct note n = begun_again(note_read(text), p->offset);
	rc = rc ? rc : note_put(s, p->id, n);
	if (rc) {
		return rc;
	}
	p->isolation = (struct fnl_isolation){.known = true,
	                                      .careful = n.begun >= BEGUN_CAREFUL,
	                                      .offset = n.offset,
	                                      .begun = n.begun,
	                                      .hand = -1,
	                                      .suspect = n.suspect,
	                                      .deaths = n.deaths};
	if (p->isolation.careful) {
		fnl_log_line(
			s->ports.logger, FNL_WARN,
			"partition %d begins for the %lld. time at offset %lld: inputs are looked at with care, to find the "
			"one that ends the process",
			p->id, (long long)n.begun, (long long)n.offset);
	}
	return 0;
}

int fnl_isolate_hand(struct fnl_stream *s, struct fnl_partition *p, int64_t offset)
{
	struct note n = note_of(p);
	if (!p->isolation.careful || offset == n.hand) {
		return 0;
	}
	n.hand = offset;
	int rc = note_put(s, p->id, n);
	if (rc == 0) {
		p->isolation.hand = offset;
	}
	return rc;
}

bool fnl_isolate_is_deadly(const struct fnl_partition *p, int64_t offset)
{
	return p->isolation.deaths >= DEATHS_MAX && p->isolation.suspect == offset;
}

void fnl_isolate_rest(const struct fnl_stream *s, struct fnl_partition *p)
{
	/* beyond every input that a batch could have had in hand when the process ended */
	if (p->isolation.careful && p->offset - p->isolation.offset > (int64_t)s->settings.batch_records_max) {
		p->isolation.careful = false;
		fnl_log_line(s->ports.logger, FNL_INFO, "partition %d has got on; no more care is taken", p->id);
	}
}
