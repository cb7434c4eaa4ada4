#include "verify_sums.h"

#include "funneld_records.h"
#include "rows_table.h"

int fnl_share_read(struct fnl_codec *codec, struct fnl_span value, struct fnl_arena *arena, struct fnl_share *ret,
                   struct fnl_error *why)
{
	struct fnl_value values[FNL_PROSPECT_FIELD_COUNT];
	int rc = fnl_rows_decode_value(codec, value, &fnl_desc_prospect, arena, values, why);
	if (rc) {
		return rc;
	}
	const struct fnl_value *status = &values[FNL_PROSPECT_STATUS];
	const struct fnl_value *amount = &values[FNL_PROSPECT_AMOUNT];
	*ret = (struct fnl_share){.status = status->set ? (int)status->i64 : FNL_STATUS_UNKNOWN};
	if (amount->set) {
		ret->amount = amount->money;
	}
	return 0;
}

static struct fnl_sum *sum_of(struct fnl_sums *s, const struct fnl_share *share)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->at[i].status == share->status && memcmp(s->at[i].currency, share->amount.currency, 4) == 0) {
			return &s->at[i];
		}
	}
	if (s->count == FNL_SUMS_MAX) {
		s->overflow = true;
		return NULL;
	}
	struct fnl_sum *sum = &s->at[s->count++];
	memset(sum, 0, sizeof(*sum));
	sum->status = share->status;
	memcpy(sum->currency, share->amount.currency, 4);
	return sum;
}

void fnl_sums_add(struct fnl_sums *s, const struct fnl_share *share, int side)
{
	struct fnl_sum *sum = share->status < 0 ? NULL : sum_of(s, share);
	if (sum) {
		sum->count[side]++;
		sum->amount_minor[side] += share->amount.amount_minor;
	}
}
