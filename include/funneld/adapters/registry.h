/* Schema registries. */
#ifndef FUNNELD_ADAPTERS_REGISTRY_H
#define FUNNELD_ADAPTERS_REGISTRY_H

#include "funneld/ports/registry.h"

/* A directory with registry.json: [{"id": 1, "subject": "com.funneld.v1.ProspectChanged", "file":
 * "ProspectChanged.avsc"}, …]; several ids may have one subject (older and newer versions). All files are read and
 * checked at open. */
int fnl_registry_file_open(const char *directory, struct fnl_registry **ret, struct fnl_error *why) FNL_MUST_USE;

#endif
