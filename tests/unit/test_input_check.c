/* What inputs about a handover may say: ids that are longer than others, or made of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/core/handover.h"
#include "funneld_records.h"
#include "stall_values.h"

/* of the core's own header */
int fnl_input_check(const struct fnl_record_desc *desc, const struct fnl_value *values, struct fnl_error *why);

static char xs[256];

/* n times 'x', and what stands behind them, in one of a few buffers. */
static const char *xs_and(size_t n, const char *behind)
{
	static char texts[8][320];
	static size_t at;
	char *text = texts[at++ % 8];
	memset(text, 'x', n);
	strcpy(text + n, behind);
	return text;
}

/* A record with "i" in every id and 1 in every number, nothing where nothing is allowed. */
static void fill(const struct fnl_record_desc *d, struct fnl_value *values)
{
	for (size_t i = 0; i < d->field_count; i++) {
		const struct fnl_field_desc *f = &d->fields[i];
		values[i] = f->nullable                    ? fnl_v_null()
		            : f->kind == FNL_KIND_LIST     ? fnl_v_list(NULL, 0)
		            : strcmp(f->name, "book") == 0 ? fnl_v_text("rep:anna")
		            : f->kind == FNL_KIND_STRING   ? fnl_v_text("i")
		                                           : fnl_v_number(1);
	}
}

struct limit {
	const struct fnl_record_desc *desc;
	size_t field;
	struct fnl_value value;
	int code;
};

static void limits_of_what_names_others(void **state)
{
	(void)state;
	const struct limit cases[] = {
		{&fnl_desc_handover_task_done, FNL_HANDOVER_TASK_DONE_TASK_ID, fnl_v_text(xs_and(128, "#2147483647")), 0},
		{&fnl_desc_handover_task_done, FNL_HANDOVER_TASK_DONE_TASK_ID, fnl_v_text(xs_and(140, "")), 0},
		{&fnl_desc_handover_task_done, FNL_HANDOVER_TASK_DONE_TASK_ID, fnl_v_text(xs_and(141, "")), FNL_E_LIMIT},
		{&fnl_desc_handover_task_waived, FNL_HANDOVER_TASK_WAIVED_TASK_ID, fnl_v_text(xs_and(130, "#1")), 0},
		{&fnl_desc_handover_task_waived, FNL_HANDOVER_TASK_WAIVED_TASK_ID, fnl_v_text("p|1#1"), FNL_E_INVALID},
		{&fnl_desc_handover_task_waived, FNL_HANDOVER_TASK_WAIVED_TASK_ID, fnl_v_text(""), FNL_E_INVALID},
		{&fnl_desc_handover_task_done, FNL_HANDOVER_TASK_DONE_NOTICE_ID, fnl_v_text(xs_and(129, "")), FNL_E_LIMIT},
		{&fnl_desc_successor_named, FNL_SUCCESSOR_NAMED_SUCCESSOR_ID, fnl_v_text("a|b"), FNL_E_INVALID},
		{&fnl_desc_successor_candidates, FNL_SUCCESSOR_CANDIDATES_REQUEST_ID,
	     fnl_v_text(xs_and(128, "|9223372036854775807")), 0},
		{&fnl_desc_successor_candidates, FNL_SUCCESSOR_CANDIDATES_REQUEST_ID, fnl_v_text(xs_and(151, "")), FNL_E_LIMIT},
		{&fnl_desc_successor_candidates, FNL_SUCCESSOR_CANDIDATES_REQUEST_ID, fnl_v_text("n\n1"), FNL_E_INVALID},
		{&fnl_desc_successor_candidates, FNL_SUCCESSOR_CANDIDATES_BOOK, fnl_v_text("anna"), FNL_E_INVALID},
		{&fnl_desc_org_base_rate, FNL_ORG_BASE_RATE_REQUEST_ID, fnl_v_text("n-1|2"), 0},
		{&fnl_desc_org_base_rate, FNL_ORG_BASE_RATE_LOST_COUNT, fnl_v_number(-1), FNL_E_LIMIT},
		{&fnl_desc_org_base_rate, FNL_ORG_BASE_RATE_PROSPECT_COUNT, fnl_v_number(0), 0},
		{&fnl_desc_rep_resigned, FNL_REP_RESIGNED_LAST_DAY, fnl_v_number(-1), FNL_E_LIMIT},
		/* a digest is an id like any other */
		{&fnl_desc_rep_resigned, FNL_REP_RESIGNED_NEW_EMPLOYER_ID, fnl_v_text(xs_and(64, "")), 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fnl_value values[FNL_RECORD_FIELDS_MAX];
		struct fnl_error why = {0};
		fill(cases[i].desc, values);
		assert_int_equal(fnl_input_check(cases[i].desc, values, &why), 0);
		values[cases[i].field] = cases[i].value;
		assert_int_equal(fnl_input_check(cases[i].desc, values, &why), cases[i].code);
		assert_true(cases[i].code == 0 || strstr(why.text, cases[i].desc->fields[cases[i].field].name));
	}
}

static void ids_in_lists_are_ids(void **state)
{
	(void)state;
	static const size_t lists[] = {FNL_HANDOVER_TASK_DONE_SPOKE_REP_IDS, FNL_HANDOVER_TASK_DONE_INFORMED_PERSON_IDS};
	memset(xs, 'x', sizeof(xs) - 1);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct fnl_value values[FNL_RECORD_FIELDS_MAX];
		struct fnl_error why = {0};
		fill(&fnl_desc_handover_task_done, values);
		const struct fnl_value good[] = {fnl_v_text("a"), fnl_v_text("b")};
		const struct fnl_value bad[] = {fnl_v_text("a"), fnl_v_text("b|c")};
		const struct fnl_value large[] = {fnl_v_text(xs)};
		values[lists[i]] = fnl_v_list(good, 2);
		assert_int_equal(fnl_input_check(&fnl_desc_handover_task_done, values, &why), 0);
		values[lists[i]] = fnl_v_list(bad, 2);
		assert_int_equal(fnl_input_check(&fnl_desc_handover_task_done, values, &why), FNL_E_INVALID);
		values[lists[i]] = fnl_v_list(large, 1);
		assert_int_equal(fnl_input_check(&fnl_desc_handover_task_done, values, &why), FNL_E_LIMIT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_of_what_names_others),
		cmocka_unit_test(ids_in_lists_are_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
