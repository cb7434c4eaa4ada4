/* "Classify + book", the job of the peer benchmark, as two stages of our engine: README.md. */
#ifndef FUNNELD_TESTS_PEER_H
#define FUNNELD_TESTS_PEER_H

#include <stdatomic.h>

#include "funneld/base/wire.h"
#include "funneld/engine/operator.h"

/* A value is 0x00, one of these as 32 bits, and the Avro body. */
enum peer_schema { PEER_PROSPECT_CHANGE = 1, PEER_LAYER_CHANGED, PEER_BOOK_DELTA, PEER_REP_BOOK };

enum { PEER_LAYERS = 3 }; /* top, middle, bottom; layer 0 is none */

static inline void peer_write_frame(struct fnl_writer *w, enum peer_schema schema)
{
	fnl_write_u8(w, 0);
	fnl_write_be32(w, schema);
}

static inline struct fnl_reader peer_read_frame(struct fnl_span value, enum peer_schema schema)
{
	struct fnl_reader r = fnl_reader_of(value);
	r.bad = fnl_read_u8(&r) != 0 || fnl_read_be32(&r) != (uint32_t)schema || r.bad;
	return r;
}

/* Output by the key, without headers. */
static inline void peer_output(struct fnl_decision *d, size_t topic, struct fnl_span key, struct fnl_span value)
{
	struct fnl_output *out = &d->outputs[d->output_count++];
	out->topic = topic;
	out->partition = FNL_PARTITION_BY_KEY;
	out->key = key;
	out->value = value;
	out->header_count = 0;
}

/* Stage 1, keyed by prospect: a change becomes the layer's change and what it adds to and takes from books. */
enum { PEER_CLASSIFY_LAYERS, PEER_CLASSIFY_DELTAS, PEER_CLASSIFY_DEAD, PEER_CLASSIFY_OUT_COUNT };
struct peer_classify {
	struct fnl_operator op;
	atomic_flag *begun; /* the first record of all sets it, and says when on stdout */
};
void peer_classify_init(struct peer_classify *c, atomic_flag *begun);

/* Stage 2, keyed by rep: the sums of his book, told once a batch. */
enum { PEER_BOOK_BOOKS, PEER_BOOK_DEAD, PEER_BOOK_OUT_COUNT };
struct fnl_operator *peer_book(void); /* stateless; static */

#endif
