/* A record as it lies in a log, and what is published to one. Spans are borrowed; each function says until when. */
#ifndef FUNNELD_PORTS_RECORD_H
#define FUNNELD_PORTS_RECORD_H

#include "funneld/base/span.h"

struct fnl_header {
	struct fnl_span name;  /* without NUL */
	struct fnl_span value; /* data == NULL: null */
};

struct fnl_record {
	int32_t partition;
	int64_t offset;
	int64_t timestamp_ms;  /* the log's own, wall time */
	struct fnl_span key;   /* data == NULL: null, which is not empty */
	struct fnl_span value; /* data == NULL: null, a tombstone in compacted topics */
	const struct fnl_header *headers;
	size_t header_count;
};

/* The value of the last header of that name, or FNL_SPAN_NONE. */
struct fnl_span fnl_record_header(const struct fnl_record *r, const char *name);

#endif
