/* The view in Redis. Keys of a partition: {<prefix>:<stage>:<partition>}:<table> (hash: row key -> bytes),
 * …:applied (hash: cl, complete_as_of, paged), …:due (sorted set: "<table>|<row key>" by deadline ms),
 * …:<table>:keys of a paged table (sorted set of the first keys of leaves) and …:<table>:keys:<first key> (a leaf:
 * sorted set of at most 60 row keys), all with score 0, so in bytewise order; <prefix>:<stage>:layout. A view without
 * paged is half built: its indexes are still to come, and whoever finds it so begins anew. */
#ifndef FUNNELD_ADAPTERS_REDIS_H
#define FUNNELD_ADAPTERS_REDIS_H

#include "funneld/ports/logger.h"
#include "funneld/ports/store.h"

struct fnl_redis_settings {
	const char *url;         /* redis://[user:password@]host[:port][/db], rediss://…, unix:///path */
	const char *ca_location; /* rediss://: file or directory of certificates to trust; NULL: the system's.
	                          * OpenSSL writes to a server that has gone: by TLS the program must ignore SIGPIPE. */
	const char *prefix;      /* of the keys */
	const char *stage;
	const char *const *table_names;
	size_t table_count;
	fnl_paged_tables paged; /* a view that was kept with other indexes counts as absent, so it is rebuilt */
	size_t bulk_keys_max; /* a restore keeps so many keys and deadlines in memory, so that their indexes are written at
	                       * once; 0: as many as are kept by default */
	int connect_timeout_ms;
	int command_timeout_ms;
	const struct fnl_logger *logger;
};

/* Connects lazily: open only checks the URL. The first call connects, checks maxmemory-policy noeviction (FNL_E_STATE,
 * with the command that mends it in explain) and loads the script; after an error the next call connects again. */
int fnl_redis_store_open(const struct fnl_redis_settings *settings, struct fnl_store **ret,
                         struct fnl_error *why) FNL_MUST_USE;
/* One round trip now: 0, or RETRIABLE / STOP with *why. For the check at the start of a program. */
int fnl_redis_store_check(struct fnl_store *s, struct fnl_error *why) FNL_MUST_USE;

#endif
