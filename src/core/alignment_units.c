/* What a search is over: units, and the layout that it starts from. */
#include "alignment_internal.h"

static void *of_reps(const struct fnl_align_org *o, size_t size)
{
	return fnl_arena_calloc(o->arena, o->rep_count, size);
}

static int allocate(struct fnl_align_search *s)
{
	const struct fnl_align_org *o = s->org;
	s->units = fnl_arena_calloc(o->arena, o->block_count, sizeof(*s->units));
	s->now.at = fnl_arena_calloc(o->arena, o->block_count, sizeof(*s->now.at));
	s->bucket_next = fnl_arena_calloc(o->arena, o->block_count, sizeof(*s->bucket_next));
	s->group_units = fnl_arena_calloc(o->arena, o->group_count, sizeof(*s->group_units));
	s->volume = of_reps(o, sizeof(*s->volume));
	s->count = of_reps(o, sizeof(*s->count));
	s->given = of_reps(o, sizeof(*s->given));
	s->received = of_reps(o, sizeof(*s->received));
	s->order = of_reps(o, sizeof(*s->order));
	s->bucket = of_reps(o, sizeof(*s->bucket));
	return s->units && s->now.at && s->bucket_next && s->group_units && s->volume && s->count && s->given &&
	               s->received && s->order && s->bucket
	           ? FNL_OK
	           : FNL_E_NOMEM;
}

/* Its unit is the one before of the same group, when that is poor and of the same rep: blocks come by rep. */
static uint32_t unit_for(struct fnl_align_search *s, const struct fnl_align_block *b, uint32_t group)
{
	uint32_t last = group == FNL_ALIGN_NONE ? FNL_ALIGN_NONE : s->group_units[group];
	enum fnl_alignment_reason reason = group == FNL_ALIGN_NONE ? FNL_ALIGNMENT_BALANCE : s->org->groups[group].reason;
	bool is_poor = reason == FNL_ALIGNMENT_MERGE_REGION || reason == FNL_ALIGNMENT_MERGE_INDUSTRY;
	if (is_poor && last != FNL_ALIGN_NONE && s->units[last].origin == b->rep) {
		return last;
	}
	struct fnl_align_unit *u = &s->units[s->unit_count];
	*u = (struct fnl_align_unit){
		.origin = b->rep, .block = FNL_ALIGN_NONE, .group = group, .next_of_group = FNL_ALIGN_NONE};
	if (group != FNL_ALIGN_NONE) {
		u->next_of_group = last;
		s->group_units[group] = s->unit_count;
	}
	return s->unit_count++;
}

static bool may_move(const struct fnl_align_search *s, uint32_t unit)
{
	const struct fnl_align_unit *u = &s->units[unit];
	const struct fnl_align_org *o = s->org;
	bool may = false;
	if (u->count > o->moved_max || u->count > o->in->limits.moved_per_rep_max) {
		return false;
	}
	for (uint32_t r = 0; !may && r < o->rep_count; r++) {
		may = r != u->origin && fnl_align_welcomes(s, unit, r);
	}
	return may;
}

int fnl_align_search_make(struct fnl_align_org *org, bool has_focus, struct fnl_align_search *ret)
{
	struct fnl_align_search s = {.org = org};
	int error = allocate(&s);
	if (error) {
		return error;
	}
	for (uint32_t g = 0; g < org->group_count; g++) {
		s.group_units[g] = FNL_ALIGN_NONE;
	}
	for (uint32_t i = 0; i < org->block_count; i++) {
		struct fnl_align_block *b = &org->blocks[i];
		uint32_t unit = unit_for(&s, b, has_focus ? b->group : FNL_ALIGN_NONE);
		b->next = s.units[unit].block;
		s.units[unit].block = i;
		s.units[unit].volume += b->cell->volume;
		s.units[unit].count += b->cell->count;
	}
	for (uint32_t i = 0; i < s.unit_count; i++) {
		s.units[i].may_move = may_move(&s, i);
	}
	*ret = s;
	return FNL_OK;
}

void fnl_align_search_start(struct fnl_align_search *s, const uint32_t *at_of_blocks)
{
	const struct fnl_align_org *o = s->org;
	s->now.squares = 0;
	s->now.moved = 0;
	for (uint32_t r = 0; r < o->rep_count; r++) {
		s->volume[r] = o->volume[r];
		s->count[r] = o->count[r];
		s->given[r] = 0;
		s->received[r] = 0;
		s->order[r] = r;
		s->now.squares += (__int128)o->volume[r] * o->volume[r];
	}
	for (uint32_t i = 0; i < s->unit_count; i++) {
		s->now.at[i] = s->units[i].origin;
		if (at_of_blocks && at_of_blocks[s->units[i].block] != s->units[i].origin) {
			fnl_align_shift(s, i, at_of_blocks[s->units[i].block]);
		}
	}
	fnl_align_keep_order(s);
}

void fnl_align_search_blocks(const struct fnl_align_search *s, uint32_t *ret_at_of_blocks)
{
	for (uint32_t i = 0; i < s->unit_count; i++) {
		for (uint32_t b = s->units[i].block; b != FNL_ALIGN_NONE; b = s->org->blocks[b].next) {
			ret_at_of_blocks[b] = s->now.at[i];
		}
	}
}
