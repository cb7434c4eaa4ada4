/* Shapes shared by the files of the Redis adapter. */
#ifndef FUNNELD_REDIS_INTERNAL_H
#define FUNNELD_REDIS_INTERNAL_H

#include <hiredis/hiredis.h>

#include "funneld/adapters/redis.h"
#include "funneld/base/map.h"
#include "funneld/base/wire.h"

enum {
	REDIS_CHUNK_MAX = 3000,                              /* values in one command */
	REDIS_RUN_MAX = REDIS_CHUNK_MAX / 2,                 /* pairs of them */
	REDIS_BULK_KEYS_MAX = 200000,                        /* kept back by a restore, unless the settings say otherwise */
	REDIS_NAME_BYTES_MAX = 128,                          /* of prefix, stage and each table name */
	REDIS_KEY_BYTES_MAX = 3 * REDIS_NAME_BYTES_MAX + 64, /* of a key but a leaf's */
	REDIS_REQUEST_BYTES_MAX = 1 << 29,                   /* of one round trip; the server itself closes at 1 GiB */
	REDIS_SCRATCH_BYTES_MAX = 1 << 28,                   /* of the replies to one call, rows of a read aside */
	REDIS_INPUT_BYTES = 1 << 16,                         /* asked from the socket at once */
	REDIS_SCAN_ROWS = 1000                               /* of one step of a scan, about */
};

/* ---- url.c ---- */

struct fnl_redis_url {
	char *text;       /* the pieces below point into it */
	const char *host; /* NULL: path is set */
	const char *path;
	const char *user;     /* NULL: none */
	const char *password; /* NULL: no AUTH */
	int port;
	int database;
	bool tls;
	char endpoint[300]; /* for people: without user and password */
};

/* FNL_E_ARGUMENT with *why, which never quotes the URL. */
int fnl_redis_url_parse(const char *text, struct fnl_redis_url *ret, struct fnl_error *why) FNL_MUST_USE;
void fnl_redis_url_deinit(struct fnl_redis_url *url);

/* ---- request.c: commands in RESP, in a buffer that is kept ---- */

struct fnl_redis_request {
	uint8_t *data;
	size_t len;
	size_t capacity;
	int err; /* latched: FNL_E_NOMEM or FNL_E_ARGUMENT (too large) */
};

void fnl_redis_request_begin(struct fnl_redis_request *r, const char *command, size_t argc_after);
void fnl_redis_request_arg(struct fnl_redis_request *r, struct fnl_span arg);
void fnl_redis_request_text(struct fnl_redis_request *r, const char *arg);
void fnl_redis_request_number(struct fnl_redis_request *r, int64_t arg);
/* One argument: head, middle, tail in a row. */
void fnl_redis_request_joined(struct fnl_redis_request *r, struct fnl_span head, struct fnl_span middle,
                              struct fnl_span tail);
/* Decimal text into buffer (at least 24 bytes). */
struct fnl_span fnl_redis_decimal(char *buffer, int64_t v);

/* ---- reply.c: replies in an arena ---- */

enum fnl_redis_kind { REDIS_NIL, REDIS_STRING, REDIS_STATUS, REDIS_ERROR, REDIS_INTEGER, REDIS_ARRAY };

struct fnl_redis_reply {
	enum fnl_redis_kind kind;
	union {
		struct fnl_span text; /* STRING, STATUS, ERROR */
		int64_t integer;
		struct {
			struct fnl_redis_reply *items;
			size_t count;
		};
	};
};

struct fnl_redis_sink {
	struct fnl_arena *arena;
	bool full; /* the arena refused: not the server's fault */
};

/* Lets the reader of c build struct fnl_redis_reply in the sink's arena. functions and sink must outlive c. */
void fnl_redis_reply_install(redisContext *c, redisReplyObjectFunctions *functions, struct fnl_redis_sink *sink);
bool fnl_redis_reply_is_array(const struct fnl_redis_reply *reply, size_t count);
/* A string of decimal digits to a number, also in the ways that Redis prints whole scores. */
bool fnl_redis_reply_number(const struct fnl_redis_reply *reply, int64_t *ret);
/* What an error reply means to the engine (a status). */
int fnl_redis_reply_status(struct fnl_span text);

/* ---- the store ---- */

struct fnl_redis_table {
	char name[REDIS_NAME_BYTES_MAX + 1];
	char due_head[REDIS_NAME_BYTES_MAX + 2];   /* "<name>|" */
	char index_name[REDIS_NAME_BYTES_MAX + 8]; /* "<name>:keys"; "": the table is not paged */
	struct fnl_span due_head_span;
};

struct fnl_redis_lane;

struct fnl_redis_place {
	size_t lane;
	size_t member;
};

/* A restore whose view is half built: its indexes are still to come. One at a time. */
struct fnl_redis_bulk {
	int32_t partition;
	struct fnl_applied at; /* what it wrote last; absent: nothing yet */
	struct fnl_map keys[FNL_STORE_TABLES_MAX];
	struct fnl_arena arena;              /* the keys, of what is paged or has a deadline, and all below */
	const struct fnl_store_apply *apply; /* which one of the call at hand goes on with it; NULL: none */
	bool ends;                           /* after that one the indexes are written: */
	struct fnl_redis_lane *lanes;        /* what they will be; NULL: not yet sorted */
	size_t lane_count;
	struct fnl_redis_place from; /* the slice that is written now */
	struct fnl_redis_place until;
	bool last; /* it is the last */
};

struct fnl_redis {
	struct fnl_store store;
	struct fnl_redis_url url;
	char key_head[2 * REDIS_NAME_BYTES_MAX + 4]; /* "{<prefix>:<stage>:" */
	char layout_key[2 * REDIS_NAME_BYTES_MAX + 16];
	struct fnl_redis_table tables[FNL_STORE_TABLES_MAX];
	size_t table_count;
	char paged[32]; /* the bits of paged tables as decimal digits, and how indexes are made; or "" for none */
	int connect_timeout_ms;
	int command_timeout_ms;
	const struct fnl_logger *logger;

	redisContext *context; /* NULL: connect at the next call */
	void *tls;
	redisReplyObjectFunctions functions;
	struct fnl_redis_sink sink;
	struct fnl_arena scratch; /* replies of the call at hand */
	struct fnl_redis_request request;
	struct fnl_redis_bulk bulk;
	size_t bulk_keys_max;
	bool policy_warned;
	struct fnl_error error;
	char input[REDIS_INPUT_BYTES];
};

/* "{<prefix>:<stage>:<partition>}:<name>" as an argument of the request. */
void fnl_redis_request_key(struct fnl_redis *s, int32_t partition, const char *name);
/* "{<prefix>:<stage>:<partition>}:<index>:<first>", the same. */
void fnl_redis_request_leaf(struct fnl_redis *s, int32_t partition, const char *index, struct fnl_span first);

/* ---- connection.c ---- */

/* Begins a call: scratch and request are empty, the connection is up and checked. */
int fnl_redis_begin(struct fnl_redis *s) FNL_MUST_USE;
/* Sends what the request holds and empties it. */
int fnl_redis_send(struct fnl_redis *s) FNL_MUST_USE;
/* The next reply, built in the arena. An error reply is a reply. */
int fnl_redis_receive(struct fnl_redis *s, struct fnl_arena *arena, struct fnl_redis_reply **ret) FNL_MUST_USE;
/* Send, one reply; an error reply ends the call. */
int fnl_redis_round_trip(struct fnl_redis *s, struct fnl_redis_reply **ret) FNL_MUST_USE;
/* Ends a call in failure: drops the connection (replies may be under way), tells why, returns code. */
int fnl_redis_drop(struct fnl_redis *s, int code, const char *fmt, ...) FNL_PRINTF(3, 4);
/* The same for an error reply or one of a wrong shape. */
int fnl_redis_drop_reply(struct fnl_redis *s, const struct fnl_redis_reply *reply, const char *doing);
void fnl_redis_disconnect(struct fnl_redis *s);

/* ---- tls.c ---- */

/* FNL_E_ARGUMENT where hiredis has no TLS, or no certificates are at ca_location. */
int fnl_redis_tls_open(struct fnl_redis *s, const char *ca_location, struct fnl_error *why) FNL_MUST_USE;
int fnl_redis_tls_start(struct fnl_redis *s) FNL_MUST_USE;
void fnl_redis_tls_close(struct fnl_redis *s);

/* ---- read.c, apply.c, scan.c: the port's operations ---- */

int fnl_redis_store_read(struct fnl_store *store, struct fnl_store_read *reads, size_t count, struct fnl_arena *arena);
int fnl_redis_store_apply(struct fnl_store *store, struct fnl_store_apply *applies, size_t count);
int fnl_redis_store_wipe(struct fnl_store *store, int32_t partition, struct fnl_applied expected,
                         enum fnl_apply_outcome *ret_outcome);
int fnl_redis_store_scan(struct fnl_store *store, int32_t partition, fnl_store_visit visit, void *context);

/* Appends the question what a partition stands at. */
void fnl_redis_append_applied(struct fnl_redis *s, int32_t partition);
/* Its answer; false when that is no such state. A view whose rows somebody has written without keeping the indexes
 * that we need stands nowhere; but at half, unless NULL, it has to be without them. */
bool fnl_redis_take_applied(const struct fnl_redis *s, const struct fnl_redis_reply *answer,
                            const struct fnl_applied *half, struct fnl_applied *ret);

/* ---- script.c, index.c: the ordered indexes of paged tables ---- */

extern const char fnl_redis_index_script[];
extern const char fnl_redis_index_drop_script[];

/* Appends what an apply does to the index of a table; returns how many commands. */
size_t fnl_redis_append_index(struct fnl_redis *s, const struct fnl_store_apply *apply, size_t table);

/* Before a call: which apply goes on with the bulk, and what it keeps back. */
int fnl_redis_bulk_prepare(struct fnl_redis *s, const struct fnl_store_apply *applies, size_t count) FNL_MUST_USE;
/* After it, whatever has come of it: whether the indexes are to be written now, slice by slice, and then the bulk is to
 * be ended. */
bool fnl_redis_bulk_ends(struct fnl_redis *s, int err) FNL_MUST_USE;
int fnl_redis_bulk_sort(struct fnl_redis *s) FNL_MUST_USE;
/* The next slice goes with `part`, an apply without rows; true: it is the last one, which makes the view a whole one.
 */
bool fnl_redis_bulk_slice(struct fnl_redis *s, const struct fnl_store_apply *part, bool first) FNL_MUST_USE;
/* Forgets what was kept back; also when there is nothing. */
void fnl_redis_bulk_end(struct fnl_redis *s);

/* What an apply is to the bulk. Before the last slice the view must count as absent. */
enum fnl_redis_part { REDIS_NO_PART, REDIS_ROWS, REDIS_SLICE, REDIS_LAST_SLICE };

enum fnl_redis_part fnl_redis_bulk_part(const struct fnl_redis *s, const struct fnl_store_apply *apply);
/* Returns how many commands. */
size_t fnl_redis_append_slice(struct fnl_redis *s);
/* Where the half-built view stands that an apply goes on with; NULL: it wants a whole one. */
const struct fnl_applied *fnl_redis_bulk_at(const struct fnl_redis *s, const struct fnl_store_apply *apply);

/* ---- page.c ---- */

/* Appends the command that answers with the keys of the read's page and their values. */
void fnl_redis_append_page(struct fnl_redis *s, const struct fnl_store_read *read);
/* false when the answer has not the agreed shape, or (*ret_full) does not fit into the arena. */
bool fnl_redis_take_page(const struct fnl_redis_reply *answer, struct fnl_arena *arena, struct fnl_store_read *read,
                         bool *ret_full);
bool fnl_redis_page_fits(const struct fnl_redis *s, const struct fnl_store_read *read);

#endif
