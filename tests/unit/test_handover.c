/* Handovers as stories: golden/handover*.txt, to be read. The article's, and what can come in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "handover_world.h"

#define GOLDEN(name) FNL_SOURCE_DIR "/tests/unit/golden/" name

#define QUIET "2024-06-03 08:00 quiet"
#define TERSE "2024-06-03 09:00 terse"
/* A rep bo, his manager mia, and who can take over. */
#define BO QUIET, "2024-06-03 08:00 rep bo west manager_id=mia line_count=3", "2024-06-03 08:00 org ann NONE"
#define FUNNEL \
	BO, "2024-06-03 08:00 line bo p1 BOTTOM contact_ids=k1,k2,k3", "2024-06-03 08:00 line bo p2 MIDDLE", \
		"2024-06-03 08:00 line bo p3 TOP contact_ids=k1"
/* Told in full by the article; the other stories begin behind it. */
#define RESIGNS ALONE, TERSE
#define TOLD TERSE, ALONE
#define ALONE "2024-06-03 09:00 resign bo n1 5 last_day=2024-06-28 successor_id=ann new_employer_id=rival"

static void tell(struct fnl_golden *g, const char *title, const char *const *lines)
{
	struct fnl_hands w;
	fnl_golden_add(g, "== %s\n", title);
	fnl_hands_start(&w, g);
	fnl_hands_lines(&w, lines);
	fnl_hands_end(&w);
	fnl_golden_add(g, "\n");
}

#define TELL(g, title, ...) tell(g, title, (const char *const[]){__VA_ARGS__, NULL})

static void the_article(void **state)
{
	struct fnl_golden g = {0};
	(void)state;
	TELL(&g, "The article: from the nearest to the order upwards", FUNNEL, "2024-06-03 08:00 aloud", ALONE,
	     "2024-06-05 10:00 done bo n1 p1#1 channel=VISIT spoke_rep_ids=bo,ann informed_person_ids=k1,k2",
	     "2024-06-05 15:00 review bo n1 true",
	     "2024-06-06 11:00 done bo n1 p2#1 channel=PHONE spoke_rep_ids=bo,ann informed_person_ids=k1,k2 "
	     "next_meeting_on=2024-06-18",
	     "2024-06-06 11:30 line bo p1 BOTTOM state=WATCHED owner_rep_id=ann left_at=2024-06-06T11:30",
	     "2024-06-07 09:00 line bo p2 MIDDLE state=WATCHED owner_rep_id=ann left_at=2024-06-07T09:00",
	     "2024-06-10 14:00 done bo n1 p3#1 channel=PHONE spoke_rep_ids=ann informed_person_ids=k1 "
	     "next_meeting_on=2024-06-24",
	     "2024-06-11 09:00 line bo p3 TOP state=WATCHED owner_rep_id=ann left_at=2024-06-11T09:00",
	     "2024-06-28 17:00 left bo 6 2024-06-28 notice_id=n1", "2024-12-30 09:00 wait");
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("handover_article.txt")), 0);
}

/* ---- prospects ---- */

static void prospects_move(void **state)
{
	struct fnl_golden g = {0};
	(void)state;
	TELL(&g, "A prospect moves to another layer", FUNNEL, RESIGNS, "2024-06-04 09:00 line bo p2 BOTTOM",
	     "2024-06-04 10:00 line bo p3 MIDDLE", "2024-06-04 11:00 line bo p1 TOP",
	     "2024-06-04 12:00 line bo p1 UNKNOWN");
	TELL(&g, "A prospect is won, another is lost, and comes back", FUNNEL, RESIGNS, "2024-06-04 09:00 line bo p1 WON",
	     "2024-06-04 10:00 line bo p2 LOST lost_reason=price", "2024-06-05 10:00 line bo p2 MIDDLE lost_reason=-");
	TELL(&g, "A prospect is deleted and restored, another is merged away, a third goes for good", FUNNEL, RESIGNS,
	     "2024-06-04 09:00 line bo p1 DELETED", "2024-06-04 10:00 line bo p2 MERGED",
	     "2024-06-05 09:00 line bo p1 BOTTOM", "2024-06-05 10:00 line bo p3 TOP state=GONE");
	TELL(&g, "A prospect is erased by right, open or done", FUNNEL, RESIGNS, "2024-06-04 09:00 right bo p1",
	     "2024-06-04 10:00 line bo p2 MIDDLE state=ERASED", "2024-06-04 11:00 line bo p1 BOTTOM state=ERASED");
	TELL(&g, "A prospect appears; another had left long before, a third the day before", FUNNEL,
	     "2024-06-03 08:00 line bo old BOTTOM state=WATCHED owner_rep_id=eve left_at=2024-05-20T08:00",
	     "2024-06-03 08:00 line bo new BOTTOM state=WATCHED owner_rep_id=eve left_at=2024-06-02T10:00", TOLD,
	     "2024-06-04 09:00 line bo p4 MIDDLE", "2024-06-04 10:00 line bo p5 TOP");
	TELL(&g, "The source has moved all to the successor before the notice comes", BO,
	     "2024-06-03 08:30 line bo p1 BOTTOM state=WATCHED owner_rep_id=ann left_at=2024-06-03T08:30",
	     "2024-06-03 08:30 line bo p3 TOP state=WATCHED owner_rep_id=ann left_at=2024-06-03T08:30", TOLD,
	     "2024-06-05 10:00 right bo p1", "2024-06-06 10:00 right bo p3", "2024-06-06 11:00 review bo n1 true");
	TELL(&g, "Nobody knows the layer: the manager decides, and TOP waits", BO, "2024-06-03 08:00 line bo p1 TOP",
	     "2024-06-03 08:00 line bo p2 UNKNOWN", "2024-06-03 08:00 line bo p3 UNCLASSIFIED known_layer=MIDDLE", TOLD,
	     "2024-06-04 09:00 right bo p3",
	     "2024-06-04 10:00 done bo n1 p2#1 channel=MAIL spoke_rep_ids=ann informed_person_ids=k1,k2",
	     "2024-06-04 11:00 done bo n1 p2#1 channel=MAIL spoke_rep_ids=mia informed_person_ids=k1,k2");
	TELL(&g, "A prospect changes while it is listed: before the cursor, and behind it", FUNNEL,
	     "2024-06-03 08:00 page 1", "2024-06-03 08:00 freeze", RESIGNS, "2024-06-03 09:01 fire bo",
	     "2024-06-03 09:02 line bo p1 WON", "2024-06-03 09:03 line bo p2 BOTTOM", "2024-06-03 09:04 line bo p0 TOP",
	     "2024-06-03 09:05 line bo p9 MIDDLE", "2024-06-03 09:06 thaw");
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("handover_prospects.txt")), 0);
}

/* ---- reports ---- */

static void reports(void **state)
{
	struct fnl_golden g = {0};
	(void)state;
	TELL(&g, "Reports that are refused, and taken when they are right", FUNNEL, RESIGNS,
	     "2024-06-05 10:00 done bo n9 p1#1 channel=VISIT spoke_rep_ids=bo,ann informed_person_ids=k1,k2",
	     "2024-06-05 10:00 done bo n1 p1#2 channel=VISIT spoke_rep_ids=bo,ann informed_person_ids=k1,k2",
	     "2024-06-05 10:00 done bo n1 nonsense",
	     "2024-06-05 10:00 done bo n1 p3#1 channel=PHONE spoke_rep_ids=ann informed_person_ids=k1 "
	     "next_meeting_on=2024-06-18",
	     "2024-06-05 10:00 done bo n1 p1#1 channel=VISIT spoke_rep_ids=bo,ann informed_person_ids=k1,k2 "
	     "done_at=2024-06-02T10:00",
	     "2024-06-05 10:00 done bo n1 p1#1 channel=PHONE spoke_rep_ids=bo,ann informed_person_ids=k1,k2",
	     "2024-06-05 10:00 done bo n1 p1#1 channel=VISIT spoke_rep_ids=ann informed_person_ids=k1,k2",
	     "2024-06-05 10:00 done bo n1 p1#1 channel=VISIT spoke_rep_ids=bo,ann informed_person_ids=k1,stranger",
	     "2024-06-05 10:00 done bo n1 p1#1 channel=VISIT spoke_rep_ids=bo,ann informed_person_ids=k1,k3",
	     "2024-06-05 11:00 done bo n1 p1#1 channel=VISIT spoke_rep_ids=bo,ann informed_person_ids=k1,k3",
	     "2024-06-05 12:00 done bo n1 p2#1 channel=MAIL spoke_rep_ids=bo,ann informed_person_ids=k1,k2 "
	     "next_meeting_on=2024-06-18",
	     "2024-06-05 12:00 done bo n1 p2#1 channel=VIDEO spoke_rep_ids=bo,ann informed_person_ids=k1,k2",
	     "2024-06-05 12:00 done bo n1 p2#1 channel=VIDEO spoke_rep_ids=bo,ann informed_person_ids=k1,k2 "
	     "next_meeting_on=2024-06-27",
	     "2024-06-05 12:00 done bo n1 p2#1 channel=VIDEO spoke_rep_ids=bo,ann informed_person_ids=k1,k2 "
	     "next_meeting_on=2024-06-04",
	     "2024-06-05 12:00 done bo n1 p2#1 channel=VIDEO spoke_rep_ids=bo,ann informed_person_ids=k1,k2 "
	     "next_meeting_on=2024-06-26",
	     "2024-06-06 09:00 done bo n1 p3#1 channel=PHONE spoke_rep_ids=ann informed_person_ids=k1 "
	     "next_meeting_on=2024-06-18 done_at=2024-06-05T10:00",
	     "2024-06-06 10:00 waive bo n1 p3#1 bo", "2024-06-06 11:00 waive bo n1 p3#1 mia",
	     "2024-06-06 12:00 waive bo n1 p3#1 mia");
	TELL(&g, "The same report twice, and one that comes before its notice", FUNNEL, "2024-06-03 08:00 terse",
	     "2024-06-03 08:30 done bo n1 p1#1 channel=VISIT", ALONE,
	     "2024-06-05 10:00 done bo n1 p1#1 channel=VISIT spoke_rep_ids=bo,ann informed_person_ids=k1,k2 command_id=x",
	     "2024-06-05 10:01 done bo n1 p1#1 channel=VISIT spoke_rep_ids=bo,ann informed_person_ids=k1,k2 command_id=x",
	     "2024-06-05 10:02 done bo n1 p1#1 channel=VISIT spoke_rep_ids=bo,ann informed_person_ids=k1,k2 command_id=y");
	TELL(&g, "The manager lets tasks go, before anybody is named and after", FUNNEL, TERSE,
	     "2024-06-03 09:00 resign bo n1 5 last_day=2024-06-28", "2024-06-04 09:00 waive bo n1 p1#1 mia",
	     "2024-06-04 10:00 name bo n1 ann", "2024-06-04 11:00 waive bo n1 p3#1 mia",
	     "2024-06-04 12:00 waive bo n1 p2#1 mia", "2024-06-04 13:00 review bo n1 false",
	     "2024-06-04 14:00 review bo n1 true", "2024-06-04 15:00 review bo n1 true");
	TELL(&g, "Nothing is done: it is told, and told again", FUNNEL, RESIGNS, "2024-06-21 09:00 wait",
	     "2024-07-05 09:00 wait");
	TELL(&g, "After an outage the highest level speaks", FUNNEL, RESIGNS, "2024-06-04 00:00 freeze",
	     "2024-07-15 09:00 thaw", "2024-07-15 10:00 wait");
	TELL(&g, "The source does not move the prospect in time, and then it does", FUNNEL, RESIGNS,
	     "2024-06-05 10:00 right bo p1", "2024-06-12 10:00 wait",
	     "2024-06-12 11:00 line bo p1 BOTTOM state=WATCHED owner_rep_id=ann left_at=2024-06-12T11:00");
	TELL(&g, "The manager resigns: the new one counts", FUNNEL, RESIGNS, "2024-06-05 09:00 rep bo west manager_id=max",
	     "2024-06-05 10:00 waive bo n1 p1#1 mia", "2024-06-05 11:00 waive bo n1 p1#1 max by=max",
	     "2024-06-06 10:00 wait");
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("handover_reports.txt")), 0);
}

/* ---- successors ---- */

static void successors(void **state)
{
	struct fnl_golden g = {0};
	(void)state;
	TELL(&g, "Nobody is named: proposals, then somebody", FUNNEL, "2024-06-03 08:00 org eve NONE", TERSE,
	     "2024-06-03 09:00 resign bo n1 5 last_day=2024-06-28", "2024-06-07 09:00 wait", "2024-06-11 09:00 wait",
	     "2024-06-12 09:00 name bo n1 eve", "2024-06-12 10:00 name bo n1 eve");
	TELL(&g, "There is nobody at all, and the one who is named is not fit", FUNNEL, "2024-06-03 08:00 org ann INACTIVE",
	     TOLD, "2024-06-07 09:00 wait", "2024-06-07 10:00 name bo n1 carl", "2024-06-07 11:00 org carl OTHER_REGION",
	     "2024-06-07 12:00 name bo n1 carl", "2024-06-12 12:00 wait");
	TELL(&g, "The organisation answers late, when it was asked again: it is told once, at the higher level", FUNNEL,
	     "2024-06-03 08:00 hold", TERSE, "2024-06-03 09:00 resign bo n1 5 last_day=2024-06-28", "2024-06-11 09:00 wait",
	     "2024-06-11 10:00 answers");
	TELL(&g, "Somebody is named, and drops out, before it is answered who could be: that is asked again in time",
	     FUNNEL, "2024-06-03 08:00 hold", TERSE, "2024-06-03 09:00 resign bo n1 5 last_day=2024-06-28",
	     "2024-06-07 09:00 wait", "2024-06-07 10:00 name bo n1 ann", "2024-06-07 10:01 overtake",
	     "2024-06-07 11:00 unfit bo n1 ann RESIGNED", "2024-06-07 11:00 overtake", "2024-06-07 12:00 answers",
	     "2024-06-14 09:00 wait");
	TELL(&g, "HR has not said whose he is", "2024-06-03 08:00 line bo p1 BOTTOM", TOLD, "2024-06-10 09:00 wait");
	TELL(&g, "The successor resigns: undone tasks go back, done ones stay", FUNNEL, RESIGNS,
	     "2024-06-05 10:00 right bo p1", "2024-06-06 09:00 unfit bo n1 ann RESIGNED", "2024-06-06 10:00 right bo p2",
	     "2024-06-07 09:00 org eve NONE", "2024-06-07 10:00 name bo n1 eve", "2024-06-10 10:00 right bo p2",
	     "2024-06-11 10:00 right bo p3", "2024-06-11 11:00 review bo n1 true");
	TELL(&g, "The successor is inactive when his gate is open already", FUNNEL, RESIGNS, "2024-06-05 10:00 right bo p1",
	     "2024-06-05 11:00 right bo p2", "2024-06-06 09:00 unfit bo n1 ann INACTIVE",
	     "2024-06-06 10:00 unfit bo n1 ann INACTIVE", "2024-06-07 09:00 line bo p4 BOTTOM",
	     "2024-06-07 10:00 name bo n1 ann");
	TELL(&g, "Some prospects for one, the rest for another: two gates", FUNNEL, "2024-06-03 08:00 org eve NONE",
	     "2024-06-03 08:00 line bo p4 TOP", RESIGNS, "2024-06-04 09:00 name bo n1 eve prospect_id=p1",
	     "2024-06-04 10:00 name bo n1 eve prospect_id=p4", "2024-06-04 10:00 name bo n1 eve prospect_id=p7",
	     "2024-06-05 10:00 right bo p1", "2024-06-06 10:00 right bo p4", "2024-06-06 11:00 right bo p3",
	     "2024-06-07 10:00 right bo p2", "2024-06-07 11:00 right bo p3",
	     "2024-06-07 11:30 name bo n1 ann prospect_id=p3");
	TELL(&g, "An answer comes twice: that he has no room for more does not take what he has", FUNNEL, RESIGNS,
	     "2024-06-06 09:00 unfit bo n1 ann OVER_CAPACITY", "2024-06-06 10:00 right bo p1");
	TELL(&g, "Another one is named for all: what is undone goes to him", FUNNEL, "2024-06-03 08:00 org eve NONE",
	     RESIGNS, "2024-06-05 10:00 right bo p1", "2024-06-06 09:00 name bo n1 eve", "2024-06-06 10:00 right bo p2");
	TELL(&g, "He drops out while his tasks are being opened, and is named again", FUNNEL, "2024-06-03 08:00 page 1",
	     RESIGNS, "2024-06-03 10:00 freeze", "2024-06-03 10:00 org eve NONE", "2024-06-03 10:01 name bo n1 eve",
	     "2024-06-03 10:02 fire bo", "2024-06-03 10:03 unfit bo n1 eve RESIGNED", "2024-06-03 10:04 name bo n1 eve",
	     "2024-06-03 10:05 fire bo", "2024-06-03 10:06 right bo p1", "2024-06-03 10:07 right bo p3",
	     "2024-06-03 10:08 thaw");
	TELL(&g, "The answer comes before the listing is done, and after the handover is over", FUNNEL,
	     "2024-06-03 08:00 freeze", TOLD, "2024-06-03 09:01 thaw", "2024-06-03 10:00 org eve NONE",
	     "2024-06-03 10:00 hold", "2024-06-03 10:01 name bo n1 eve", "2024-06-03 10:02 withdraw bo n1 6",
	     "2024-06-03 10:03 answers");
	TELL(&g, "Two leave, and have one successor", FUNNEL, "2024-06-03 08:00 rep cat west manager_id=mia",
	     "2024-06-03 08:00 line cat q1 TOP", RESIGNS,
	     "2024-06-03 09:00 resign cat m1 3 last_day=2024-06-28 successor_id=ann", "2024-06-04 10:00 right cat q1",
	     "2024-06-05 09:00 unfit bo n1 ann RESIGNED", "2024-06-05 09:00 unfit cat m1 ann RESIGNED");
	TELL(&g, "Two leave, and are each other's successor", FUNNEL, "2024-06-03 08:00 rep cat west manager_id=mia",
	     "2024-06-03 08:00 org cat NONE", "2024-06-03 08:00 org bo RESIGNED", "2024-06-03 08:00 line cat q1 TOP", TERSE,
	     "2024-06-03 09:00 resign bo n1 5 last_day=2024-06-28 successor_id=cat", "2024-06-03 09:30 org cat RESIGNED",
	     "2024-06-03 09:30 resign cat m1 3 last_day=2024-06-28 successor_id=bo",
	     "2024-06-03 09:31 unfit bo n1 cat RESIGNED");
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("handover_successors.txt")), 0);
}

/* ---- HR ---- */

static void notices(void **state)
{
	struct fnl_golden g = {0};
	(void)state;
	TELL(&g, "Taken back: what is undone is cancelled, what is done stays", FUNNEL, RESIGNS,
	     "2024-06-05 10:00 right bo p1", "2024-06-06 09:00 withdraw bo n1 6", "2024-06-06 10:00 right bo p2",
	     "2024-06-06 11:00 review bo n1 true", "2024-06-06 12:00 name bo n1 eve", "2024-06-06 13:00 line bo p9 BOTTOM");
	TELL(&g, "Taken back while it is listed", FUNNEL, "2024-06-03 08:00 page 1", "2024-06-03 08:00 freeze", RESIGNS,
	     "2024-06-03 09:01 fire bo", "2024-06-03 09:02 withdraw bo n1 6", "2024-06-03 09:03 thaw");
	TELL(&g, "Taken back before it comes; and it comes late", FUNNEL, "2024-06-03 08:30 terse",
	     "2024-06-03 08:30 withdraw bo n1 6", ALONE, "2024-06-04 09:00 name bo n1 ann");
	TELL(&g, "A second notice replaces the first", FUNNEL, RESIGNS, "2024-06-05 10:00 right bo p1",
	     "2024-06-06 09:00 resign bo n2 7 last_day=2024-07-31 successor_id=ann", "2024-06-06 10:00 right bo p1",
	     "2024-06-06 11:00 done bo n1 p2#1", "2024-06-06 12:00 resign bo n1 5 last_day=2024-06-28");
	TELL(&g, "A second notice, and a third while the rows go; the third is taken back", FUNNEL, RESIGNS,
	     "2024-06-05 09:00 freeze", "2024-06-05 09:00 resign bo n2 7 last_day=2024-07-31",
	     "2024-06-05 09:01 resign bo n3 8 last_day=2024-08-30", "2024-06-05 09:02 withdraw bo n3 9",
	     "2024-06-05 09:03 right bo p1", "2024-06-05 09:03 review bo n1 true", "2024-06-05 10:00 thaw");
	TELL(&g, "A notice that was replaced comes again, is taken back, and he leaves by it: it is over, and he leaves",
	     FUNNEL, RESIGNS, "2024-06-06 09:00 resign bo n2 7 last_day=2024-07-31 successor_id=ann",
	     "2024-06-06 10:00 resign bo n1 8 last_day=2024-06-28", "2024-06-06 11:00 withdraw bo n1 9",
	     "2024-06-07 09:00 left bo 10 2024-06-07 notice_id=n1", "2024-06-10 09:00 withdraw bo n2 11",
	     "2024-06-11 09:00 left bo 12 2024-06-11 notice_id=n2");
	TELL(&g, "HR corrects the notice: other days, another successor", FUNNEL, "2024-06-03 08:00 org eve NONE", RESIGNS,
	     "2024-06-04 09:00 resign bo n1 6 last_day=2024-07-31 available_until=2024-06-10 successor_id=eve",
	     "2024-06-04 10:00 resign bo n1 6 last_day=2024-07-31 successor_id=eve",
	     "2024-06-04 11:00 resign bo n1 5 last_day=2024-06-28");
	TELL(&g, "He is gone early: the manager speaks for him", FUNNEL, RESIGNS, "2024-06-05 09:00 left bo 6 2024-06-05",
	     "2024-06-05 10:00 done bo n1 p1#1 channel=VISIT spoke_rep_ids=bo,ann informed_person_ids=k1,k2",
	     "2024-06-05 11:00 done bo n1 p1#1 channel=VISIT spoke_rep_ids=mia,ann informed_person_ids=k1,k2",
	     "2024-06-06 12:00 line bo p4 BOTTOM", "2024-06-06 13:00 left bo 6 2024-06-05");
	TELL(&g, "He is gone without a notice; what HR had said before comes late", FUNNEL, TERSE,
	     "2024-06-05 09:00 left bo 6 2024-06-04", "2024-06-05 10:00 name bo left-6 ann",
	     "2024-06-05 11:00 resign bo n1 5 last_day=2024-06-28 successor_id=ann");
	TELL(&g, "He is gone by a notice that comes late: it is taken in", FUNNEL, TERSE,
	     "2024-06-05 09:00 left bo 6 2024-06-04 notice_id=n1",
	     "2024-06-05 10:00 resign bo n1 5 last_day=2024-06-28 successor_id=ann");
	TELL(&g, "No prospects at all", "2024-06-03 08:00 rep bo west manager_id=mia", "2024-06-03 08:00 org ann NONE",
	     TOLD, "2024-06-04 09:00 review bo n1 true", "2024-06-05 09:00 withdraw bo n1 6");
	TELL(&g, "Nobody signs off", "2024-06-03 08:00 rep bo west manager_id=mia", "2024-06-03 08:00 org ann NONE", TOLD,
	     "2024-06-10 09:00 wait", "2024-06-10 10:00 review bo n1 true");
	TELL(&g, "Employed again, and leaving again", "2024-06-03 08:00 rep bo west manager_id=mia",
	     "2024-06-03 08:00 org ann NONE", "2024-06-03 08:00 line bo p1 BOTTOM", RESIGNS, "2024-06-05 10:00 right bo p1",
	     "2024-06-05 11:00 review bo n1 true", "2024-06-28 17:00 left bo 6 2024-06-28",
	     "2024-09-02 08:00 line bo p8 MIDDLE", "2024-10-01 09:00 resign bo n2 12 last_day=2024-10-31 successor_id=ann",
	     "2024-10-01 10:00 left bo 6 2024-06-28", "2024-10-01 11:00 right bo p8",
	     "2025-06-10 09:00 left bo 20 2025-06-10");
	TELL(&g, "Forgotten: whose employee he is now goes, and a late notice does not bring it back", FUNNEL, RESIGNS,
	     "2024-06-04 09:00 forget bo 9", "2024-06-04 10:00 resign bo n1 8 last_day=2024-06-28 new_employer_id=rival",
	     "2024-06-05 09:00 forget cat 9");
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("handover_notices.txt")), 0);
}

/* ---- other rules ---- */

#define RULE(key, value) "2024-06-03 08:00 rule handover " key " " value

static void other_rules(void **state)
{
	struct fnl_golden g = {0};
	(void)state;
	TELL(&g,
	     "Nobody is named: after 2 business days, and 4 more; signed off after 1; the last day is near at 7, and at 1",
	     FUNNEL, RULE("review_due_bd", "1"), RULE("successor_named_bd", "2"), RULE("successor_next_level_bd", "4"),
	     RULE("at_risk_first_bd", "7"), RULE("at_risk_second_bd", "1"), TERSE,
	     "2024-06-03 09:00 resign bo n1 5 last_day=2024-06-28", "2024-06-04 09:00 wait", "2024-06-05 08:00 wait",
	     "2024-06-05 09:00 wait", "2024-06-11 09:00 wait", "2024-06-19 00:00 wait", "2024-06-20 00:00 wait",
	     "2024-06-27 00:00 wait", "2024-06-28 00:00 wait");
	TELL(
		&g,
		"Tasks are due 4 business days before the last day; overdue, the manager hears of it after 2, the next after 6",
		FUNNEL, "2024-06-03 08:00 rule handover_due middle 100", "2024-06-03 08:00 rule handover_due bottom 3",
		RULE("task_latest_bd", "4"), RULE("overdue_manager_bd", "2"), RULE("overdue_next_level_bd", "6"), TERSE, ALONE,
		"2024-06-06 09:00 wait", "2024-06-10 09:00 wait", "2024-06-14 09:00 wait", "2024-06-24 00:00 wait",
		"2024-06-26 00:00 wait");
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("handover_rules.txt")), 0);
}

/* ---- the watch ---- */

#define EIGHT(what) what("p1") what("p2") what("p3") what("p4") what("p5") what("p6") what("p7") what("p8")
#define BOTTOM(id) "2024-06-03 08:00 line bo " id " BOTTOM",
#define RIGHT(id) "2024-06-05 10:00 right bo " id,
#define MOVED(id) "2024-06-05 11:00 line bo " id " BOTTOM state=WATCHED owner_rep_id=ann left_at=2024-06-05T11:00",
/* Eight were handed over, and the source has moved them. */
#define HANDED_OVER \
	BO, EIGHT(BOTTOM) ALONE, EIGHT(RIGHT) EIGHT(MOVED) "2024-06-05 12:00 terse", "2024-06-05 12:00 review bo n1 true"
#define LOSES(day, id, to) "2024-07-" day " 09:00 line bo " id " LOST lost_to_id=" to

static void watch(void **state)
{
	struct fnl_golden g = {0};
	(void)state;
	TELL(&g, "More are lost than is usual", HANDED_OVER, LOSES("01", "p1", "other"), LOSES("02", "p2", "other"),
	     "2024-07-03 09:00 line bo p3 BOTTOM silent=true", LOSES("04", "p4", "other"), LOSES("05", "p5", "other"),
	     LOSES("09", "p6", "other"), "2024-07-10 09:00 line bo p3 BOTTOM silent=false", LOSES("11", "p7", "other"),
	     "2024-07-12 09:00 line bo p5 LOST state=ERASED");
	TELL(&g, "It is as usual here: nobody is troubled", HANDED_OVER, "2024-06-05 12:00 usual 100 40",
	     LOSES("01", "p1", "other"), LOSES("02", "p2", "other"), LOSES("03", "p3", "other"), LOSES("04", "p4", "other"),
	     LOSES("05", "p5", "other"), LOSES("09", "p6", "other"));
	TELL(&g, "Lost to his new employer; when the notice is taken back nobody looks any more", HANDED_OVER,
	     LOSES("01", "p1", "rival"), LOSES("02", "p2", "rival"), LOSES("03", "p3", "rival"), LOSES("04", "p4", "rival"),
	     LOSES("05", "p5", "rival"), "2024-07-08 09:00 withdraw bo n1 9", LOSES("09", "p6", "rival"));
	TELL(&g, "Lost while the rest is still handed over: it counts, and is told when all is done", BO,
	     EIGHT(BOTTOM) ALONE, EIGHT(RIGHT) "2024-06-05 11:00 terse",
	     "2024-06-06 09:00 line bo p1 LOST lost_to_id=rival", "2024-06-06 09:30 line bo p2 LOST",
	     "2024-06-06 09:31 line bo p2 BOTTOM", "2024-06-06 10:00 review bo n1 true");
	TELL(&g, "When the window is over nothing counts any more", HANDED_OVER,
	     "2024-12-28 09:00 line bo p1 LOST lost_to_id=rival", "2024-12-28 09:00 line bo p2 LOST lost_to_id=rival",
	     "2024-12-28 09:00 line bo p3 LOST lost_to_id=rival");
	assert_int_equal(fnl_golden_compare(&g, GOLDEN("handover_watch.txt")), 0);
}

/* ---- pages ---- */

static const char *const long_story[] = {FUNNEL,
                                         "2024-06-03 08:00 org eve NONE",
                                         "2024-06-03 08:00 line bo p4 TOP",
                                         "2024-06-03 08:00 line bo p5 UNKNOWN",
                                         TERSE,
                                         ALONE,
                                         "2024-06-04 09:00 name bo n1 eve prospect_id=p2",
                                         "2024-06-04 10:00 right bo p1",
                                         "2024-06-04 11:00 right bo p5",
                                         "2024-06-05 09:00 line bo p3 BOTTOM",
                                         "2024-06-05 10:00 unfit bo n1 ann RESIGNED",
                                         "2024-06-06 09:00 name bo n1 eve",
                                         "2024-06-06 10:00 right bo p2",
                                         "2024-06-06 11:00 right bo p3",
                                         "2024-06-06 12:00 right bo p4",
                                         "2024-06-07 09:00 resign bo n2 9 last_day=2024-07-31 successor_id=ann",
                                         "2024-06-10 09:00 withdraw bo n2 10",
                                         NULL};

/* How many rows a page has is nothing that anybody hears of. */
static void pages_of_any_size(void **state)
{
	char *expected = NULL;
	(void)state;
	for (size_t page = 0; page < 5; page++) {
		struct fnl_golden g = {0};
		struct fnl_hands w;
		fnl_hands_start(&w, &g);
		w.page = page;
		fnl_hands_lines(&w, long_story);
		fnl_hands_end(&w);
		if (!expected) {
			expected = g.text;
			continue;
		}
		assert_string_equal(g.text, expected);
		free(g.text);
	}
	free(expected);
}

/* ---- many ---- */

static void many_prospects(void **state)
{
	enum { MANY = 5000 };
	static const char *const layers[] = {"TOP", "MIDDLE", "BOTTOM", "UNKNOWN"};
	struct fnl_hands w;
	(void)state;
	fnl_hands_start(&w, NULL);
	fnl_hands_line(&w, "2024-06-03 08:00 rep bo west manager_id=mia");
	fnl_hands_line(&w, "2024-06-03 08:00 org ann NONE");
	for (int i = 0; i < MANY; i++) {
		fnl_hands_say(&w, "2024-06-03 08:00 line bo p%04d %s", i, layers[i % 4]);
	}
	fnl_hands_line(&w, ALONE);
	assert_int_equal(w.counts[FNL_HANDS_OPENED], 1);
	assert_int_equal(w.counts[FNL_HANDS_TASKS], MANY);
	for (int i = 0; i < MANY; i++) {
		if (i % 4 != 0) {
			fnl_hands_say(&w, "2024-06-04 10:00 right bo p%04d", i);
		}
	}
	assert_int_equal(w.counts[FNL_HANDS_RELEASED], MANY / 4);
	for (int i = 0; i < MANY; i += 4) {
		fnl_hands_say(&w, "2024-06-05 10:00 right bo p%04d", i);
	}
	assert_int_equal(w.counts[FNL_HANDS_CLOSED], MANY);
	fnl_hands_line(&w, "2024-06-05 11:00 review bo n1 true");
	assert_int_equal(w.counts[FNL_HANDS_COMPLETED], 1);
	fnl_hands_end(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_article), cmocka_unit_test(prospects_move),    cmocka_unit_test(reports),
		cmocka_unit_test(successors),  cmocka_unit_test(notices),           cmocka_unit_test(watch),
		cmocka_unit_test(other_rules), cmocka_unit_test(pages_of_any_size), cmocka_unit_test(many_prospects)};
	return cmocka_run_group_tests_name("handovers", tests, NULL, NULL);
}
