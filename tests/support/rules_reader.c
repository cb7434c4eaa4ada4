#include "rules_reader.h"

#include "funneld/adapters/settings.h"

static int read_rules(void *context, struct fnl_span text, struct fnl_arena *arena, const struct fnl_rules **ret,
                      struct fnl_error *why)
{
	return fnl_rules_parse(text, "rules", arena, ret, NULL, context, why);
}

const struct fnl_rules_reader *fnl_test_rules_reader(void)
{
	static const struct fnl_rules_reader reader = {NULL, read_rules};
	return &reader;
}
