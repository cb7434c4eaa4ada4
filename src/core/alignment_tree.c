/* Branch and bound over the units that may move, the largest first: the optimum of small organisations. */
#include "alignment_internal.h"

/* The units that are decided, and what the reps have by them and by all that cannot move. */
struct tree {
	const struct fnl_align_search *s;
	uint32_t units[FNL_ALIGNMENT_TREE_UNITS_MAX];
	int64_t rest[FNL_ALIGNMENT_TREE_UNITS_MAX + 1]; /* volume of the undecided ones from here on */
	uint32_t choice[FNL_ALIGNMENT_TREE_UNITS_MAX];  /* how many reps were tried */
	uint32_t unit_count;
	uint32_t rep_count;
	uint32_t *at; /* of all units */
	int64_t volume[FNL_ALIGNMENT_TREE_REPS_MAX];
	int64_t count[FNL_ALIGNMENT_TREE_REPS_MAX];
	int64_t given[FNL_ALIGNMENT_TREE_REPS_MAX];
	int64_t received[FNL_ALIGNMENT_TREE_REPS_MAX];
	int64_t moved;
};

bool fnl_align_is_small(const struct fnl_align_search *s)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < s->unit_count; i++) {
		n += s->units[i].may_move;
	}
	return n <= FNL_ALIGNMENT_TREE_UNITS_MAX && s->org->rep_count <= FNL_ALIGNMENT_TREE_REPS_MAX;
}

static void plant(struct tree *t, const struct fnl_align_search *s)
{
	memset(t, 0, sizeof(*t));
	t->s = s;
	t->rep_count = s->org->rep_count;
	t->at = s->now.at; /* what it says is not needed any more */
	memcpy(t->volume, s->org->volume, t->rep_count * sizeof(t->volume[0]));
	memcpy(t->count, s->org->count, t->rep_count * sizeof(t->count[0]));
	for (uint32_t i = 0; i < s->unit_count; i++) {
		const struct fnl_align_unit *u = &s->units[i];
		t->at[i] = u->origin;
		if (u->may_move) {
			uint32_t at = t->unit_count++;
			for (; at > 0 && s->units[t->units[at - 1]].volume < u->volume; at--) {
				t->units[at] = t->units[at - 1];
			}
			t->units[at] = i;
			t->volume[u->origin] -= u->volume;
			t->count[u->origin] -= u->count;
		}
	}
	for (uint32_t i = t->unit_count; i-- > 0;) {
		t->rest[i] = t->rest[i + 1] + s->units[t->units[i]].volume;
	}
}

/* The least sum of squares when the undecided volume is poured over the lightest, as if it could be divided. */
static __int128 bound(const struct tree *t, int64_t rest)
{
	int64_t sorted[FNL_ALIGNMENT_TREE_REPS_MAX] = {0};
	__int128 squares = 0;
	uint32_t wet = 1;
	for (uint32_t i = 0; i < t->rep_count; i++) {
		uint32_t j = i;
		for (; j > 0 && sorted[j - 1] > t->volume[i]; j--) {
			sorted[j] = sorted[j - 1];
		}
		sorted[j] = t->volume[i];
	}
	int64_t sum = sorted[0] + rest;
	for (; wet < t->rep_count && sum > sorted[wet] * (__int128)wet; wet++) {
		sum += sorted[wet];
	}
	for (uint32_t i = wet; i < t->rep_count; i++) {
		squares += (__int128)sorted[i] * sorted[i];
	}
	int64_t level = sum / wet;
	int64_t over = sum % wet;
	return squares + (__int128)level * level * (wet - over) + (__int128)(level + 1) * (level + 1) * over;
}

static void put(struct tree *t, uint32_t unit, uint32_t rep, int64_t sign)
{
	const struct fnl_align_unit *u = &t->s->units[unit];
	t->volume[rep] += sign * u->volume;
	t->count[rep] += sign * u->count;
	t->at[unit] = sign > 0 ? rep : u->origin;
	if (rep != u->origin) {
		t->given[u->origin] += sign * u->count;
		t->received[rep] += sign * u->count;
		t->moved += sign * u->count;
	}
}

/* What is decided only grows: so does whatever is beyond a limit. */
static bool is_within(const struct tree *t, uint32_t unit, uint32_t rep)
{
	const struct fnl_align_org *o = t->s->org;
	const struct fnl_align_unit *u = &t->s->units[unit];
	int64_t max = o->in->limits.moved_per_rep_max;
	if (t->received[rep] > 0 && !fnl_align_has_room(o, rep, t->count[rep])) {
		return false;
	}
	return rep == u->origin || (t->moved <= o->moved_max && t->given[u->origin] <= max && t->received[rep] <= max &&
	                            fnl_align_welcomes(t->s, unit, rep) && fnl_align_keeps_focus(t->s, t->at, unit));
}

/* Home first, then the others in their order. */
static uint32_t rep_of_choice(const struct tree *t, uint32_t unit, uint32_t choice)
{
	uint32_t origin = t->s->units[unit].origin;
	return choice == 0 ? origin : choice - (choice <= origin);
}

static void keep(const struct tree *t, struct fnl_align_layout *best, __int128 squares)
{
	best->squares = squares;
	best->moved = t->moved;
	memcpy(best->at, t->at, t->s->unit_count * sizeof(*best->at));
}

bool fnl_align_tree(const struct fnl_align_search *s, struct fnl_align_layout *best, int64_t *nodes)
{
	struct tree t;
	uint32_t depth = 0;
	int64_t left = FNL_ALIGNMENT_NODES_MAX;
	plant(&t, s);
	while (t.unit_count > 0) {
		uint32_t unit = t.units[depth];
		if (t.choice[depth] > 0) {
			put(&t, unit, rep_of_choice(&t, unit, t.choice[depth] - 1), -1);
		}
		if (t.choice[depth] == t.rep_count || left == 0) {
			t.choice[depth] = 0;
			if (depth == 0) {
				break;
			}
			depth--;
			continue;
		}
		uint32_t rep = rep_of_choice(&t, unit, t.choice[depth]++);
		left--;
		put(&t, unit, rep, 1);
		if (!is_within(&t, unit, rep)) {
			continue;
		}
		__int128 least = bound(&t, t.rest[depth + 1]);
		if (least > best->squares || (least == best->squares && t.moved >= best->moved)) {
			continue;
		}
		if (depth + 1 == t.unit_count) {
			keep(&t, best, least);
		} else {
			depth++;
		}
	}
	*nodes += FNL_ALIGNMENT_NODES_MAX - left;
	return left > 0;
}
