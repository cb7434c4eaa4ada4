/* The generator's own book: which status has each prospect, by the versions alone. */
#include "generate.h"

struct demo_truth_prospect {
	int64_t status_version;
	int64_t life_version;
	enum demo_status status;
	bool seen;
	bool gone; /* deleted or merged */
	bool erased;
};

int demo_truth_make(size_t prospects, struct fnl_arena *arena, struct demo_truth *ret)
{
	struct demo_truth_prospect *at = fnl_arena_calloc(arena, prospects, sizeof(*at));
	if (!at) {
		return FNL_E_NOMEM;
	}
	*ret = (struct demo_truth){at, prospects};
	return 0;
}

void demo_truth_take(struct demo_truth *t, const struct demo_change *c)
{
	if (c->prospect >= t->count) {
		return;
	}
	struct demo_truth_prospect *p = &t->at[c->prospect];
	switch (c->kind) {
	case DEMO_CHANGED:
		p->seen = true;
		if (c->status != DEMO_NO_STATUS && c->version > p->status_version) {
			p->status = c->status;
			p->status_version = c->version;
		}
		break;
	case DEMO_DELETED:
	case DEMO_MERGED:
	case DEMO_RESTORED:
		if (c->version > p->life_version) {
			p->gone = c->kind != DEMO_RESTORED;
			p->life_version = c->version;
		}
		break;
	case DEMO_ERASED:
		p->erased = true;
		break;
	case DEMO_CONTACT_LOGGED:
	case DEMO_FEED_GAP:
	case DEMO_KIND_COUNT:
		break;
	}
}

void demo_truth_counts(const struct demo_truth *t, uint64_t ret[DEMO_LOST + 1])
{
	memset(ret, 0, (DEMO_LOST + 1) * sizeof(*ret));
	for (size_t i = 0; i < t->count; i++) {
		const struct demo_truth_prospect *p = &t->at[i];
		if (p->seen && !p->gone && !p->erased) {
			ret[p->status]++;
		}
	}
}
