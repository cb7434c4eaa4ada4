/* Port: schema ids to schema texts and back. One implementation reads a directory; one over HTTP has its place beside
 * it in src/adapters/registry. */
#ifndef FUNNELD_PORTS_REGISTRY_H
#define FUNNELD_PORTS_REGISTRY_H

#include "funneld/base/span.h"
#include "funneld/base/status.h"

struct fnl_registry;

struct fnl_registry_ops {
	/* The schema's JSON text, living as long as the registry. FNL_E_NOT_FOUND when the id is unknown, RETRIABLE when
	 * the registry does not answer. */
	int (*schema)(struct fnl_registry *r, uint32_t id, struct fnl_span *ret_text);
	/* The id under which the record's schema is registered; text is the .avsc byte for byte. FNL_E_NOT_FOUND. */
	int (*id_of)(struct fnl_registry *r, struct fnl_span full_name, struct fnl_span text, uint32_t *ret_id);
	const char *(*explain)(struct fnl_registry *r);
	void (*close)(struct fnl_registry *r);
};

struct fnl_registry {
	const struct fnl_registry_ops *ops;
};

#endif
