/* Consumer groups: members in order of joining, generations, committed offsets.
 *
 * Any change of the members raises the generation at once. A member learns it at its next poll; until then it is a
 * zombie that holds the old generation, and what it sends with it is refused. */
#include <stdio.h>

#include "broker.h"

struct emb_group *fnl_emb_group_find(const struct fnl_embedded *e, const char *name)
{
	for (size_t i = 0; name && i < e->group_count; i++) {
		if (strcmp(e->groups[i]->name, name) == 0) {
			return e->groups[i];
		}
	}
	return NULL;
}

int fnl_emb_group(struct fnl_embedded *e, const char *name, struct emb_group **ret)
{
	struct emb_group *g = fnl_emb_group_find(e, name);
	if (!g) {
		if (e->group_count == EMB_GROUPS_MAX) {
			return FNL_E_LIMIT;
		}
		g = fnl_calloc(1, sizeof(*g));
		if (!g) {
			return FNL_E_NOMEM;
		}
		if (!fnl_emb_name(name, g->name)) {
			fnl_free(g);
			return FNL_E_ARGUMENT;
		}
		e->groups[e->group_count++] = g;
	}
	*ret = g;
	return 0;
}

struct emb_offset *fnl_emb_group_offset(struct emb_group *g, const struct emb_topic *t, int32_t partition)
{
	for (size_t i = 0; i < g->topic_count; i++) {
		if (g->topics[i]->topic == t) {
			return &g->topics[i]->offsets[partition];
		}
	}
	struct emb_group_topic *made = fnl_calloc(1, sizeof(*made));
	struct emb_offset *offsets = fnl_calloc((size_t)t->partition_count, sizeof(*offsets));
	if (!made || !offsets) {
		fnl_free(made);
		fnl_free(offsets);
		return NULL;
	}
	for (int32_t i = 0; i < t->partition_count; i++) {
		offsets[i].offset = -1;
	}
	*made = (struct emb_group_topic){t, offsets};
	g->topics[g->topic_count++] = made; /* there are no more topics than EMB_TOPICS_MAX */
	return &offsets[partition];
}

int fnl_emb_offset_set(struct emb_offset *at, int64_t offset, struct fnl_span metadata)
{
	char *copy = fnl_calloc(1, metadata.len + 1);
	if (!copy) {
		return FNL_E_NOMEM;
	}
	if (metadata.len) {
		memcpy(copy, metadata.data, metadata.len);
	}
	fnl_free(at->metadata);
	at->metadata = copy;
	at->metadata_bytes = metadata.len;
	at->offset = offset;
	return 0;
}

struct emb_member *fnl_emb_member(struct emb_group *g, uint64_t id)
{
	for (size_t i = 0; i < g->member_count; i++) {
		if (g->members[i].id == id) {
			return &g->members[i];
		}
	}
	return NULL;
}

bool fnl_emb_instance_taken(const struct emb_group *g, const char *instance, uint64_t by_other_than)
{
	for (size_t i = 0; instance[0] && i < g->member_count; i++) {
		if (strcmp(g->members[i].instance, instance) == 0) {
			return g->members[i].id != by_other_than;
		}
	}
	return false;
}

static void next_generation(struct fnl_embedded *e, struct emb_group *g)
{
	g->generation++;
	fnl_emb_changed(e);
}

int fnl_emb_join(struct fnl_embedded *e, struct emb_group *g, const struct emb_topic *t, const char *instance,
                 uint64_t *ret_id)
{
	for (size_t i = 0; instance[0] && i < g->member_count; i++) {
		struct emb_member *m = &g->members[i];
		if (strcmp(m->instance, instance) == 0) {
			/* The instance is back: same place, same share, so that the others need not notice. Its new member id
			 * fences whoever still believes to be this instance. */
			m->id = ++e->members_made;
			m->polled_ms = fnl_emb_now_ms(e);
			if (m->topic != t) {
				m->topic = t;
				next_generation(e, g);
			}
			*ret_id = m->id;
			return 0;
		}
	}
	if (g->member_count == EMB_MEMBERS_MAX) {
		return FNL_E_LIMIT;
	}
	int rc = fnl_emb_reserve(&g->members, &g->member_capacity, g->member_count + 1, sizeof(*g->members));
	if (rc != 0) {
		return rc;
	}
	struct emb_member *m = &g->members[g->member_count++];
	*m = (struct emb_member){.id = ++e->members_made, .topic = t, .polled_ms = fnl_emb_now_ms(e)};
	snprintf(m->instance, sizeof(m->instance), "%s", instance);
	next_generation(e, g);
	*ret_id = m->id;
	return 0;
}

void fnl_emb_leave(struct fnl_embedded *e, struct emb_group *g, uint64_t id)
{
	struct emb_member *m = fnl_emb_member(g, id);
	if (!m) {
		return;
	}
	size_t at = (size_t)(m - g->members);
	memmove(m, m + 1, (g->member_count - at - 1) * sizeof(*m));
	g->member_count--;
	next_generation(e, g);
}

int32_t fnl_emb_share(const struct emb_group *g, const struct emb_member *m, int32_t *ret_first)
{
	int32_t members = 0, at = 0;
	for (size_t i = 0; i < g->member_count; i++) {
		at = &g->members[i] == m ? members : at;
		members += g->members[i].topic == m->topic ? 1 : 0;
	}
	if (members == 0) {
		members = 1; /* cannot be: m itself is one */
	}
	int32_t each = m->topic->partition_count / members;
	int32_t more = m->topic->partition_count % members; /* the first so many have one more */
	*ret_first = at * each + (at < more ? at : more);
	return each + (at < more ? 1 : 0);
}

void fnl_emb_group_expire(struct fnl_embedded *e, int64_t now_ms)
{
	for (size_t i = 0; i < e->group_count; i++) {
		struct emb_group *g = e->groups[i];
		for (size_t k = g->member_count; k > 0; k--) {
			if (now_ms - g->members[k - 1].polled_ms >= e->settings.session_timeout_ms) {
				fnl_emb_leave(e, g, g->members[k - 1].id);
			}
		}
	}
}

void fnl_emb_group_free(struct emb_group *g)
{
	for (size_t i = 0; i < g->topic_count; i++) {
		for (int32_t k = 0; k < g->topics[i]->topic->partition_count; k++) {
			fnl_free(g->topics[i]->offsets[k].metadata);
		}
		fnl_free(g->topics[i]->offsets);
		fnl_free(g->topics[i]);
	}
	fnl_free(g->members);
	fnl_free(g);
}

void fnl_embedded_rebalance(struct fnl_embedded *e, const char *group)
{
	pthread_mutex_lock(&e->lock);
	struct emb_group *g = fnl_emb_group_find(e, group);
	if (g) {
		g->member_count = 0;
		next_generation(e, g);
	}
	pthread_mutex_unlock(&e->lock);
}
