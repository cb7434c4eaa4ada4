/* The moves of a layout, with the reason of each. */
#include "alignment_internal.h"

/* Of a rich group, to one receiver. */
static enum fnl_alignment_reason split_reason(const struct fnl_align_org *o, const uint32_t *at, uint32_t block,
                                              enum fnl_alignment_focus *ret_focus)
{
	const struct fnl_align_block *b = &o->blocks[block];
	const struct fnl_align_group *g = &o->groups[b->group];
	bool by_code = g->by_code;
	bool by_size = g->by_size;
	bool divided = by_code || by_size;
	for (uint32_t i = 0; i < o->block_count; i++) {
		const struct fnl_align_block *other = &o->blocks[i];
		if (other->group == b->group && at[i] == at[block]) {
			by_code = by_code && fnl_align_same_code(g, b, other);
			by_size = by_size && b->cell->size_band == other->cell->size_band;
		}
	}
	if (divided && !by_code && !by_size) {
		return FNL_ALIGNMENT_BALANCE;
	}
	if (by_code) {
		*ret_focus = g->reason == FNL_ALIGNMENT_SPLIT_REGION ? FNL_ALIGNMENT_BY_INDUSTRY : FNL_ALIGNMENT_BY_REGION;
	} else if (by_size) {
		*ret_focus = FNL_ALIGNMENT_BY_SIZE;
	}
	return g->reason;
}

/* Of a poor group: all that moves goes to one, and is all that its giver had. */
static enum fnl_alignment_reason merge_reason(const struct fnl_align_org *o, const uint32_t *at, uint32_t block)
{
	const struct fnl_align_block *b = &o->blocks[block];
	bool whole = true;
	for (uint32_t i = 0; whole && i < o->block_count; i++) {
		const struct fnl_align_block *other = &o->blocks[i];
		if (other->group == b->group) {
			bool stays = at[i] == other->rep;
			whole = stays ? other->rep != b->rep : at[i] == at[block];
		}
	}
	return whole ? o->groups[b->group].reason : FNL_ALIGNMENT_BALANCE;
}

static struct fnl_alignment_move move_of(const struct fnl_align_org *o, const uint32_t *at, uint32_t block)
{
	const struct fnl_align_block *b = &o->blocks[block];
	struct fnl_alignment_move m = {
		.cell = (uint32_t)(b->cell - o->in->cells),
		.to = o->reps[at[block]],
		.reason = FNL_ALIGNMENT_BALANCE,
		.focus = FNL_ALIGNMENT_BY_NOTHING,
	};
	if (b->group != FNL_ALIGN_NONE) {
		enum fnl_alignment_reason reason = o->groups[b->group].reason;
		bool is_rich = reason == FNL_ALIGNMENT_SPLIT_REGION || reason == FNL_ALIGNMENT_SPLIT_INDUSTRY;
		m.reason = is_rich ? split_reason(o, at, block, &m.focus) : merge_reason(o, at, block);
	}
	return m;
}

int fnl_align_moves(const struct fnl_align_org *o, const uint32_t *at, struct fnl_alignment *ret)
{
	struct fnl_alignment_move *moves = fnl_arena_calloc(o->arena, o->block_count, sizeof(*moves));
	if (!moves) {
		return FNL_E_NOMEM;
	}
	for (uint32_t i = 0; i < o->block_count; i++) {
		if (at[i] != o->blocks[i].rep) {
			moves[ret->move_count++] = move_of(o, at, i);
			ret->moved_count += o->blocks[i].cell->count;
		}
	}
	ret->moves = moves;
	return FNL_OK;
}
