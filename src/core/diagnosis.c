/* Why a prospect stalls: the causes that the article names for its layer, by what speaks for each. */
#include "supervision_internal.h"

struct signs {
	bool stalls[FNL_STALLS_MAX];
	bool competitor;
	struct fnl_span blocker;
};

static struct signs signs_of(struct fnl_list stalls, const struct fnl_value *evidence)
{
	struct signs s = {.blocker = FNL_SPAN_NONE};
	for (size_t i = 0; i < stalls.count; i++) {
		s.stalls[stalls.items[i].list.items[FNL_STALL_KIND].i64] = true;
	}
	if (evidence) {
		s.competitor = evidence[FNL_EVIDENCE_COMPETITOR_ID].set;
		s.blocker = evidence[FNL_EVIDENCE_BLOCKER].set ? evidence[FNL_EVIDENCE_BLOCKER].str : FNL_SPAN_NONE;
	}
	return s;
}

static void add(struct fnl_candidate ret[FNL_CANDIDATES_MAX], size_t *count, int cause)
{
	for (size_t i = 0; i < *count; i++) {
		if (ret[i].cause == cause) {
			return;
		}
	}
	ret[(*count)++] = (struct fnl_candidate){cause, false};
}

static void add_top(const struct signs *s, struct fnl_candidate ret[FNL_CANDIDATES_MAX], size_t *count)
{
	bool untended = s->stalls[FNL_STALL_KIND_SILENT] || s->stalls[FNL_STALL_KIND_STALE];
	if (untended) {
		add(ret, count, FNL_CAUSE_REP_OUT_OF_CONTACT);
	}
	if (!untended || s->stalls[FNL_STALL_KIND_STUCK] || s->stalls[FNL_STALL_KIND_SLIPPED]) {
		add(ret, count, FNL_CAUSE_BUYER_UNDECIDED);
	}
}

static void add_middle(const struct signs *s, struct fnl_candidate ret[FNL_CANDIDATES_MAX], size_t *count)
{
	if (s->competitor || s->stalls[FNL_STALL_KIND_SILENT]) {
		add(ret, count, FNL_CAUSE_TAKEN_BY_COMPETITOR);
	}
	if (!s->competitor || s->stalls[FNL_STALL_KIND_STUCK] || s->stalls[FNL_STALL_KIND_STALE] ||
	    s->stalls[FNL_STALL_KIND_SLIPPED]) {
		add(ret, count, FNL_CAUSE_BUYER_DILEMMA);
	}
}

static uint8_t upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

static bool has_word(struct fnl_span code, const char *word)
{
	size_t len = strlen(word);
	for (size_t from = 0; from + len <= code.len; from++) {
		size_t same = 0;
		while (same < len && upper(code.data[from + same]) == (uint8_t)word[same]) {
			same++;
		}
		if (same == len) {
			return true;
		}
	}
	return false;
}

static void add_bottom(const struct signs *s, struct fnl_candidate ret[FNL_CANDIDATES_MAX], size_t *count)
{
	static const struct {
		const char *word;
		const char *other_word;
		int cause;
	} blockers[] = {
		{"CONSENSUS", NULL, FNL_CAUSE_NO_CONSENSUS},
		{"FUNDS", "BUDGET", FNL_CAUSE_FUNDS_NOT_IN_PLACE},
		{"APPROVAL", NULL, FNL_CAUSE_APPROVAL_WITHHELD},
	};
	enum { BLOCKERS = sizeof(blockers) / sizeof(blockers[0]) };
	bool named[BLOCKERS];
	bool any = false;

	for (size_t i = 0; i < BLOCKERS; i++) {
		named[i] = has_word(s->blocker, blockers[i].word) ||
		           (blockers[i].other_word && has_word(s->blocker, blockers[i].other_word));
		any = any || named[i];
	}
	for (size_t i = 0; i < BLOCKERS; i++) {
		if (named[i] || !any) {
			add(ret, count, blockers[i].cause);
		}
	}
}

/* An answer of before the layer's clock started was about another situation. */
static const struct fnl_value *answer_that_counts(const struct fnl_value *evidence)
{
	if (!evidence || !evidence[FNL_EVIDENCE_ANSWER].set) {
		return NULL;
	}
	const struct fnl_value *answer = evidence[FNL_EVIDENCE_ANSWER].list.items;
	const struct fnl_value *since = &evidence[FNL_EVIDENCE_LAYER_SINCE];
	return since->set && answer[FNL_ANSWER_AT].i64 > since->i64 ? answer : NULL;
}

size_t fnl_diagnose(int layer, struct fnl_list stalls, const struct fnl_value *evidence,
                    struct fnl_candidate ret[FNL_CANDIDATES_MAX])
{
	struct signs s = signs_of(stalls, evidence);
	size_t count = 0;

	if (!fnl_layer_is_watched(layer)) {
		return 0;
	}
	const struct fnl_value *answer = answer_that_counts(evidence);
	if (answer) {
		add(ret, &count, (int)answer[FNL_ANSWER_CAUSE].i64);
		ret[0].confirmed = answer[FNL_ANSWER_CONFIRMED].i64 != 0;
	}
	if (layer == FNL_LAYER_TOP) {
		add_top(&s, ret, &count);
	} else if (layer == FNL_LAYER_MIDDLE) {
		add_middle(&s, ret, &count);
	} else {
		add_bottom(&s, ret, &count);
	}
	return count;
}

int fnl_diagnosis(int layer, struct fnl_list stalls, const struct fnl_value *evidence, const struct fnl_rules *rules,
                  struct fnl_arena *arena, struct fnl_value *ret)
{
	struct fnl_candidate candidates[FNL_CANDIDATES_MAX];
	size_t count = fnl_diagnose(layer, stalls, evidence, candidates);
	struct fnl_value *items = fnl_arena_calloc(arena, count, sizeof(*items));
	struct fnl_value *values = fnl_arena_calloc(arena, count * FNL_CANDIDATE_FIELD_COUNT, sizeof(*values));

	if (!items || !values) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		struct fnl_value *v = values + i * FNL_CANDIDATE_FIELD_COUNT;
		v[FNL_CANDIDATE_CAUSE] = fnl_value_i64(candidates[i].cause);
		v[FNL_CANDIDATE_CONFIRMED] = fnl_value_i64(candidates[i].confirmed);
		v[FNL_CANDIDATE_REMEDY] = fnl_value_str(rules->remedies[candidates[i].cause]);
		items[i] = fnl_value_list(v, FNL_CANDIDATE_FIELD_COUNT);
	}
	*ret = fnl_value_list(items, count);
	return FNL_OK;
}
