#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "prospect_fixture.h"

/* What is done to a prospect against the company, and who edited it last. */

enum { WORDS_MAX = 16, IDS_MAX = 24, TEXT_BYTES = 1200 };

/* ---- inputs as text ---- */

static struct fnl_value words(char *text, const char *between)
{
	static struct fnl_value pool[8][IDS_MAX];
	static size_t next;
	struct fnl_value *items = pool[next++ % 8];
	size_t count = 0;
	char *rest = NULL;
	for (char *word = strtok_r(text, between, &rest); word; word = strtok_r(NULL, between, &rest)) {
		assert_true(count < IDS_MAX);
		items[count++] = (struct fnl_value){.set = true, .str = fnl_span_str(word)};
	}
	return (struct fnl_value){.set = true, .list = {items, count}};
}

static int symbol(const char *const *symbols, size_t count, const char *name)
{
	size_t i = 0;
	while (i < count && strcmp(symbols[i], name) != 0) {
		i++;
	}
	assert_true(i < count);
	return (int)i;
}

static void set_field(struct fnl_input *in, const char *name, char *value, char *cleared)
{
	int at = fnl_record_field_index(in->desc, fnl_span_str(name));
	assert_true(at >= 0);
	const struct fnl_field_desc *f = &in->desc->fields[at];
	if (strcmp(value, "-") == 0) {
		strcat(strcat(cleared, name), ",");
	} else if (f->kind == FNL_KIND_MONEY) {
		char *currency;
		int64_t minor = strtoll(value, &currency, 10);
		fnl_input_money(in, at, minor, currency);
	} else if (f->kind == FNL_KIND_LIST) {
		in->v[at] = words(value, ",");
	} else if (f->kind == FNL_KIND_ENUM) {
		fnl_input_i64(in, at, symbol(f->symbols, f->symbol_count, value));
	} else if (f->kind == FNL_KIND_STRING) {
		fnl_input_str(in, at, value);
	} else if (f->kind == FNL_KIND_TIMESTAMP) {
		fnl_input_i64(in, at, FNL_T0 + strtoll(value, NULL, 10));
	} else {
		fnl_input_i64(in, at, strtoll(value, NULL, 10));
	}
}

/* "actor_kind=REP actor_id=ann amount=500EUR": a ProspectChanged with these fields; "-" clears one, '_' is a space.
 * Its version is the next one, unless it says so. */
static void change(const char *text)
{
	static char copy[TEXT_BYTES], cleared[TEXT_BYTES];
	static char pieces[TEXT_BYTES];
	struct fnl_input in = fnl_input_changed(++w.version, 0);
	char *rest = NULL;
	snprintf(copy, sizeof(copy), "%s", text);
	cleared[0] = '\0';
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		char *value = strchr(word, '=');
		assert_non_null(value);
		*value++ = '\0';
		for (char *c = value; *c; c++) {
			*c = *c == '_' ? ' ' : *c;
		}
		set_field(&in, word, value, cleared);
	}
	snprintf(pieces, sizeof(pieces), "%s", cleared);
	in.v[C(CLEARED)] = words(pieces, ",");
	apply(in);
}

/* A prospect in BOTTOM that a program has made. */
static void born(void)
{
	fnl_world_clear(&w);
	w.version = 0;
	change("actor_kind=SYSTEM stage=Contract_Sent status=OPEN amount=1000EUR probability_bp=9000 "
	       "probability_source=MODEL owner_rep_id=ann contact_ids=p1,p2,p3");
	assert_int_equal(R(LAYER).i64, FNL_LAYER_BOTTOM);
	assert_int_equal(R(ADVERSE).list.count, 0);
}

/* ---- adverse changes as text ---- */

static void add_side(char *text, const struct fnl_value *amount, const struct fnl_value *bp,
                     const struct fnl_value *code)
{
	size_t len = strlen(text);
	if (amount->set) {
		snprintf(text + len, TEXT_BYTES - len, "%lld%s", (long long)amount->money.amount_minor, amount->money.currency);
	} else if (bp->set) {
		snprintf(text + len, TEXT_BYTES - len, "%lld", (long long)bp->i64);
	} else if (code->set) {
		snprintf(text + len, TEXT_BYTES - len, "%.*s", (int)code->str.len, (const char *)code->str.data);
	} else {
		strcat(text, "-");
	}
}

static const char *adverse_of(struct fnl_list list)
{
	static char text[TEXT_BYTES];
	text[0] = '\0';
	for (size_t i = 0; i < list.count; i++) {
		const struct fnl_value *v = list.items[i].list.items;
		size_t len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%s%s ", i ? ", " : "",
		         fnl_symbols_adverse_kind[v[FNL_ADVERSE_CHANGE_KIND].i64]);
		add_side(text, &v[FNL_ADVERSE_CHANGE_OLD_AMOUNT], &v[FNL_ADVERSE_CHANGE_OLD_BP],
		         &v[FNL_ADVERSE_CHANGE_OLD_CODE]);
		strcat(text, ">");
		add_side(text, &v[FNL_ADVERSE_CHANGE_NEW_AMOUNT], &v[FNL_ADVERSE_CHANGE_NEW_BP],
		         &v[FNL_ADVERSE_CHANGE_NEW_CODE]);
		const struct fnl_value *by = &v[FNL_ADVERSE_CHANGE_BY];
		len = strlen(text);
		if (by->set) {
			snprintf(text + len, sizeof(text) - len, " by %.*s", (int)by->str.len, (const char *)by->str.data);
		}
	}
	return text;
}

static void expect(const char *what, const char *expected)
{
	const char *found = w.row ? adverse_of(R(ADVERSE).list) : "";
	if (strcmp(found, expected) != 0) {
		fail_msg("'%s': '%s', expected '%s'", what, found, expected);
	}
}

/* ---- tables ---- */

#define ANN "actor_kind=REP actor_id=ann "

static void each_kind(void **state)
{
	(void)state;
	static const struct {
		const char *change;
		const char *kept;
	} cases[] = {
		/* the amount */
		{ANN "amount=999EUR", "AMOUNT_LOWERED 1000EUR>999EUR by ann"},
		{ANN "amount=-1EUR", "AMOUNT_LOWERED 1000EUR>-1EUR by ann"},
		{ANN "amount=-", "AMOUNT_LOWERED 1000EUR>- by ann"},
		{ANN "amount=1000EUR", ""},
		{ANN "amount=1001EUR", ""},
		{ANN "amount=1USD", ""}, /* another currency: nobody can say */
		/* the probability */
		{ANN "probability_bp=8999", "PROBABILITY_LOWERED 9000>8999 by ann"},
		{ANN "probability_bp=0", "PROBABILITY_LOWERED 9000>0 by ann"},
		{ANN "probability_bp=-", "PROBABILITY_LOWERED 9000>- by ann"},
		{ANN "probability_bp=9000", ""},
		{ANN "probability_bp=10000", ""},
		/* the layer */
		{ANN "stage=Value_Proposition", "MOVED_UP BOTTOM>MIDDLE by ann"},
		{ANN "stage=Prospecting", "MOVED_UP BOTTOM>TOP by ann"},
		{ANN "stage=Negotiation/Review", ""},
		{ANN "stage=Somewhere", ""}, /* nobody knows where that is */
		{ANN "probability_source=MANUAL probability_bp=9100", ""},
		{ANN "probability_source=MANUAL probability_bp=1000",
	     "PROBABILITY_LOWERED 9000>1000 by ann, MOVED_UP BOTTOM>TOP by ann"},
		/* the owner */
		{ANN "owner_rep_id=bob", "OWNER_MOVED ann>bob by ann"},
		{ANN "owner_rep_id=-", "OWNER_MOVED ann>- by ann"},
		{ANN "owner_rep_id=ann", ""},
		/* lost */
		{ANN "status=LOST", "LOST_WITHOUT_REASON BOTTOM>LOST by ann"},
		{ANN "status=LOST lost_reason=price", ""},
		{ANN "status=WON", ""},
		/* contacts */
		{ANN "contact_ids=p1,p3", "CONTACT_UNLINKED p2>- by ann"},
		{ANN "contact_ids=p4,p2", "CONTACT_UNLINKED p1>- by ann, CONTACT_UNLINKED p3>- by ann"},
		{ANN "contact_ids=-",
	     "CONTACT_UNLINKED p1>- by ann, CONTACT_UNLINKED p2>- by ann, CONTACT_UNLINKED p3>- by ann"},
		{ANN "contact_ids=p3,p2,p1,p4", ""},
		/* a full image clears what it lacks */
		{ANN "full=1 stage=Contract_Sent owner_rep_id=ann contact_ids=p1,p2,p3",
	     "AMOUNT_LOWERED 1000EUR>- by ann, PROBABILITY_LOWERED 9000>- by ann"},
		/* several at once */
		{ANN "contact_ids=p1,p2 amount=1EUR owner_rep_id=bob status=LOST",
	     "CONTACT_UNLINKED p3>- by ann, AMOUNT_LOWERED 1000EUR>1EUR by ann, OWNER_MOVED ann>bob by ann, "
	     "LOST_WITHOUT_REASON BOTTOM>LOST by ann"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		born();
		change(cases[i].change);
		expect(cases[i].change, cases[i].kept);
	}
}

/* edited: "-" nobody, "?" a person whom nobody names. */
static void by_whom(void **state)
{
	(void)state;
	static const struct {
		const char *who;
		bool is_kept;
		const char *edited;
	} cases[] = {
		{"actor_kind=REP actor_id=ann", true, "ann"},
		{"actor_kind=REP", true, "?"},
		{"actor_id=ann", true, "ann"},
		{"", true, "-"},
		{"actor_kind=UNKNOWN", true, "-"},
		{"actor_kind=UNKNOWN actor_id=ann", true, "ann"},
		{"actor_kind=MANAGER actor_id=boss", false, "boss"},
		{"actor_kind=MANAGER", false, "?"},
		{"actor_kind=SYSTEM actor_id=sync", false, "-"},
		{"actor_kind=REP actor_id=ann bulk=1", false, "-"},
		{"actor_kind=REP actor_id=ann snapshot=1", false, "-"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[200];
		born();
		snprintf(text, sizeof(text), "%s%samount=500EUR", cases[i].who, *cases[i].who ? " " : "");
		change(text);
		if ((R(ADVERSE).list.count > 0) != cases[i].is_kept) {
			fail_msg("'%s': '%s'", cases[i].who, adverse_of(R(ADVERSE).list));
		}
		struct fnl_value by = R(EDITED_BY);
		const char *expected = cases[i].edited;
		if (R(EDITED_BY_AT).set != (*expected != '-') || by.set != (*expected != '-' && *expected != '?') ||
		    (by.set && !fnl_span_eq(by.str, fnl_span_str(expected)))) {
			fail_msg("'%s' is not edited by '%s'", cases[i].who, expected);
		}
	}
}

static void the_first_image_changes_nothing(void **state)
{
	(void)state;
	struct fnl_input in = fnl_input_contact("c1", 1, true, 1);
	apply(in);
	change(ANN "status=LOST amount=1EUR owner_rep_id=ann");
	expect("the first image", "");
	fnl_world_clear(&w);
	in = fnl_input_life(&fnl_desc_prospect_deleted, 1, 1);
	apply(in);
	expect("deleted before it was known", "");
}

static void deleted(void **state)
{
	(void)state;
	born();
	struct fnl_input in = fnl_input_life(&fnl_desc_prospect_deleted, 1, 50);
	apply(in);
	expect("deleted", "DELETED BOTTOM>DELETED");
	assert_int_equal(R(ADVERSE).list.items[0].list.items[FNL_ADVERSE_CHANGE_AT].i64, FNL_T0 + 50);
	assert_false(R(EDITED_BY_AT).set);
	apply(in); /* a duplicate */
	in = fnl_input_life(&fnl_desc_prospect_deleted, 2, 60);
	apply(in); /* it was so already */
	expect("deleted again", "DELETED BOTTOM>DELETED");
	in = fnl_input_life(&fnl_desc_prospect_restored, 3, 70);
	apply(in);
	in = fnl_input_life(&fnl_desc_prospect_merged, 4, 80);
	fnl_input_str(&in, FNL_PROSPECT_MERGED_SURVIVOR_ID, "p9");
	apply(in);
	in = fnl_input_life(&fnl_desc_prospect_deleted, 5, 90);
	apply(in); /* it lives on elsewhere */
	expect("merged, then deleted", "DELETED BOTTOM>DELETED");
}

/* What comes late or twice is kept once, in the order in which it comes, with its own time. */
static void late_and_twice(void **state)
{
	(void)state;
	born();
	change(ANN "version=5 occurred_at=500 amount=500EUR");
	change(ANN "version=5 occurred_at=500 amount=500EUR");
	change(ANN "version=4 occurred_at=400 amount=1EUR");
	expect("a duplicate, and an older amount", "AMOUNT_LOWERED 1000EUR>500EUR by ann");
	change("actor_kind=REP actor_id=bob version=3 occurred_at=300 amount=2EUR owner_rep_id=bob");
	expect("late, but for what it brings", "AMOUNT_LOWERED 1000EUR>500EUR by ann, OWNER_MOVED ann>bob by bob");
	assert_int_equal(R(ADVERSE).list.items[1].list.items[FNL_ADVERSE_CHANGE_AT].i64, FNL_T0 + 300);
	assert_int_equal(R(EDITED_BY_AT).i64, FNL_T0 + 500);
	assert_true(fnl_span_eq(R(EDITED_BY).str, FNL_SPAN_LIT("ann")));
	change("actor_kind=MANAGER actor_id=boss version=6 occurred_at=600 region=north");
	assert_true(fnl_span_eq(R(EDITED_BY).str, FNL_SPAN_LIT("boss")));
	/* a reason that was there before the loss came */
	born();
	change(ANN "version=5 lost_reason=price");
	change(ANN "version=4 status=LOST");
	expect("the reason came first", "");
	change(ANN "version=6 lost_reason=-");
	expect("lost already", "");
}

static void the_latest_eight_are_kept(void **state)
{
	(void)state;
	born();
	change("actor_kind=SYSTEM contact_ids=a,b,c,d,e,f,g,h,i,j,k,k");
	change("amount=500EUR contact_ids=-");
	expect("many contacts do not push out the amount",
	       "CONTACT_UNLINKED e>-, CONTACT_UNLINKED f>-, CONTACT_UNLINKED g>-, CONTACT_UNLINKED h>-, "
	       "CONTACT_UNLINKED i>-, CONTACT_UNLINKED j>-, CONTACT_UNLINKED k>-, AMOUNT_LOWERED 1000EUR>500EUR");
	change("amount=400EUR probability_bp=100");
	expect("the oldest go", "CONTACT_UNLINKED g>-, CONTACT_UNLINKED h>-, CONTACT_UNLINKED i>-, CONTACT_UNLINKED j>-, "
	                        "CONTACT_UNLINKED k>-, AMOUNT_LOWERED 1000EUR>500EUR, AMOUNT_LOWERED 500EUR>400EUR, "
	                        "PROBABILITY_LOWERED 9000>100");
}

/* Rules that make another layer of the same stage, while the rep changes something else. */
static void rules_move_nobody_up(void **state)
{
	(void)state;
	static const char text[] = "[rules]\nversion = 2\n[stages wine]\nContract Sent = TOP\n";
	born();
	rules(text);
	change(ANN "region=north");
	change(ANN "pipeline_id=wine");
	expect("the stage map of the pipeline", "MOVED_UP BOTTOM>TOP by ann"); /* he chose the pipeline */
	born();
	w.rules = fnl_rules_default();
	change("actor_kind=SYSTEM pipeline_id=wine");
	rules(text);
	change(ANN "region=north");
	assert_int_equal(R(LAYER).i64, FNL_LAYER_TOP);
	expect("the rules alone", "");
}

/* ---- persons who are to be forgotten ---- */

static void erased_contacts(void **state)
{
	(void)state;
	born();
	change(ANN "contact_ids=p3 amount=1EUR");
	expect("unlinked",
	       "CONTACT_UNLINKED p1>- by ann, CONTACT_UNLINKED p2>- by ann, AMOUNT_LOWERED 1000EUR>1EUR by ann");
	int64_t sequence = R(SEQUENCE).i64;
	struct fnl_input in = fnl_input_contact_erased("p1", 10);
	apply(in);
	assert_false(w.out.stale);
	expect("one of them is erased", "CONTACT_UNLINKED p2>- by ann, AMOUNT_LOWERED 1000EUR>1EUR by ann");
	assert_int_equal(R(SEQUENCE).i64, sequence + 1);
	const struct fnl_value *line = fnl_world_line(&w, "rep:ann");
	assert_non_null(line); /* so that the books forget him, too */
	assert_string_equal(adverse_of(line[FNL_BOOK_LINE_ADVERSE].list),
	                    "CONTACT_UNLINKED p2>- by ann, AMOUNT_LOWERED 1000EUR>1EUR by ann");
	apply(in);
	assert_true(w.out.stale);
	in = fnl_input_contact_erased("p3", 20); /* one who is still there: no finding */
	apply(in);
	expect("another is erased", "CONTACT_UNLINKED p2>- by ann, AMOUNT_LOWERED 1000EUR>1EUR by ann");
	assert_int_equal(R(CONTACT_IDS).list.count, 0);
	change(ANN "contact_ids=-");
	expect("nobody is left to unlink", "CONTACT_UNLINKED p2>- by ann, AMOUNT_LOWERED 1000EUR>1EUR by ann");
	in = fnl_input_contact_erased("1000EUR", 30);
	apply(in);
	assert_true(w.out.stale);
}

/* An id is a contact's only where a contact was unlinked. */
static void an_owner_of_the_same_id_stays(void **state)
{
	(void)state;
	born();
	change(ANN "owner_rep_id=bob");
	struct fnl_input in = fnl_input_contact_erased("ann", 10);
	apply(in);
	assert_true(w.out.stale);
	expect("the owner", "OWNER_MOVED ann>bob by ann");
}

/* ---- what the books hear ---- */

static void the_books_hear_of_it(void **state)
{
	(void)state;
	born();
	change("actor_id=ann occurred_at=100 created_at=1");
	assert_int_equal(w.out.line_count, 0); /* an edit goes along, it is not told for its own sake */
	change(ANN "occurred_at=200 owner_rep_id=bob");
	const struct fnl_value *line = fnl_world_line(&w, "rep:ann");
	assert_int_equal(line[FNL_BOOK_LINE_STATE].i64, FNL_LINE_STATE_WATCHED);
	assert_int_equal(line[FNL_BOOK_LINE_LEFT_AT].i64, FNL_T0 + 200);
	assert_true(fnl_span_eq(line[FNL_BOOK_LINE_OWNER_REP_ID].str, FNL_SPAN_LIT("bob")));
	assert_int_equal(line[FNL_BOOK_LINE_PROBABILITY_BP].i64, 9000);
	assert_int_equal(line[FNL_BOOK_LINE_CONTACT_IDS].list.count, 3);
	assert_int_equal(line[FNL_BOOK_LINE_EDIT].list.items[FNL_LAST_EDIT_AT].i64, FNL_T0 + 200);
	assert_true(fnl_span_eq(line[FNL_BOOK_LINE_EDIT].list.items[FNL_LAST_EDIT_BY].str, FNL_SPAN_LIT("ann")));
	assert_string_equal(adverse_of(line[FNL_BOOK_LINE_ADVERSE].list), "OWNER_MOVED ann>bob by ann");
	line = fnl_world_line(&w, "rep:bob");
	assert_false(line[FNL_BOOK_LINE_LEFT_AT].set);
	assert_int_equal(line[FNL_BOOK_LINE_ADVERSE].list.count, 1);
	change("actor_kind=REP actor_id=bob occurred_at=300 status=LOST lost_reason=price lost_to_id=acme contact_ids=-");
	line = fnl_world_line(&w, "rep:ann");
	assert_int_equal(line[FNL_BOOK_LINE_LEFT_AT].i64, FNL_T0 + 200);
	assert_true(fnl_span_eq(line[FNL_BOOK_LINE_LOST_REASON].str, FNL_SPAN_LIT("price")));
	assert_true(fnl_span_eq(line[FNL_BOOK_LINE_LOST_TO_ID].str, FNL_SPAN_LIT("acme")));
	assert_true(line[FNL_BOOK_LINE_CONTACT_IDS].set);
	assert_int_equal(line[FNL_BOOK_LINE_CONTACT_IDS].list.count, 0);
}

/* What is deleted is lost, too: nothing but that is new to a line. */
static void a_line_for_it_alone(void **state)
{
	(void)state;
	born();
	struct fnl_input in = fnl_input_life(&fnl_desc_prospect_deleted, 1, 50);
	apply(in);
	change("actor_kind=MANAGER created_at=1");
	assert_int_equal(w.out.line_count, 0);
	change(ANN "status=LOST");
	const struct fnl_value *line = fnl_world_line(&w, "rep:ann");
	assert_non_null(line);
	assert_string_equal(adverse_of(line[FNL_BOOK_LINE_ADVERSE].list),
	                    "DELETED BOTTOM>DELETED, LOST_WITHOUT_REASON DELETED>LOST by ann");
}

/* Neither the same persons nor none in another way is news. */
static void the_same_persons_are_no_news(void **state)
{
	(void)state;
	born();
	change("actor_kind=SYSTEM probability_bp=- contact_ids=p1,p1,p2");
	change(ANN "contact_ids=p1,p1,p2");
	assert_int_equal(w.out.line_count, 0);
	change("actor_kind=SYSTEM contact_ids=-");
	struct fnl_input in = fnl_input_changed(++w.version, 0);
	in.v[C(CONTACT_IDS)] = (struct fnl_value){.set = true};
	apply(in);
	assert_int_equal(w.out.line_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_kind),
		T(by_whom),
		T(the_first_image_changes_nothing),
		T(deleted),
		T(late_and_twice),
		T(the_latest_eight_are_kept),
		T(rules_move_nobody_up),
		T(erased_contacts),
		T(an_owner_of_the_same_id_stays),
		T(the_books_hear_of_it),
		T(a_line_for_it_alone),
		T(the_same_persons_are_no_news),
	};
	return cmocka_run_group_tests(tests, prospect_start, prospect_end);
}
