/* What people send while one of them leaves. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "funneld/core/money.h"
#include "leave.h"
#include "send.h"

enum { TEXT_BYTES = 40, LOWERED_TO_PERCENT = 10, LAST_DAYS_ON = 30, MEETING_DAYS_ON = 4, ROW_TEXTS = 12 };

#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)
#define FROM_MS INT64_C(1798761600000) /* 2027-01-01, a Friday */

/* The minutes are not those of anything else. */
int64_t leave_at(enum leave_act act)
{
	static const struct {
		int day; /* of January */
		int hour;
	} at[LEAVE_ACTS] = {
		[LEAVE_PREPARE] = {4, 7}, [LEAVE_TAMPER] = {5, 16},    [LEAVE_NOTICE] = {6, 9}, [LEAVE_EARLY] = {7, 10},
		[LEAVE_BOTTOM] = {8, 16}, [LEAVE_MIDDLE] = {11, 15},   [LEAVE_LAST] = {12, 11}, [LEAVE_MOVES] = {12, 17},
		[LEAVE_TOP] = {14, 15},   [LEAVE_SIGN_OFF] = {15, 10}, [LEAVE_REST] = {15, 17}, [LEAVE_END] = {19, 12},
	};
	return FROM_MS + (at[act].day - 1) * DAY_MS + at[act].hour * HOUR_MS + MINUTE_MS;
}

/* ---- a row of the import, column by column ---- */

struct row {
	const char *names[SEND_COLUMNS_MAX];
	const char *texts[SEND_COLUMNS_MAX];
	size_t count; /* beyond the room: send_row says so */
	char own[ROW_TEXTS][TEXT_BYTES];
	size_t own_count;
};

static void set(struct row *r, const char *name, const char *text)
{
	if (r->count < SEND_COLUMNS_MAX) {
		r->names[r->count] = name;
		r->texts[r->count] = text;
	}
	r->count++;
}

static void set_number(struct row *r, const char *name, int64_t n)
{
	char *text = r->own[r->own_count < ROW_TEXTS ? r->own_count++ : 0];
	snprintf(text, TEXT_BYTES, "%" PRId64, n);
	set(r, name, text);
}

static void set_date(struct row *r, const char *name, int64_t ms)
{
	char *text = r->own[r->own_count < ROW_TEXTS ? r->own_count++ : 0];
	time_t seconds = (time_t)(ms / 1000);
	struct tm t;
	gmtime_r(&seconds, &t);
	strftime(text, TEXT_BYTES, "%Y-%m-%d", &t);
	set(r, name, text);
}

static void set_money(struct row *r, int64_t minor, const char currency[4])
{
	char *text = r->own[r->own_count < ROW_TEXTS ? r->own_count++ : 0];
	int64_t unit = 1;
	int digits = fnl_currency_digits(currency);
	for (int i = 0; i < digits; i++) {
		unit *= 10;
	}
	snprintf(text, TEXT_BYTES, digits ? "%" PRId64 ".%0*" PRId64 : "%" PRId64, minor / unit, digits, minor % unit);
	set(r, "amount", text);
	set(r, "currency", currency);
}

/* In its place: some texts are the row's own. */
static void begin(struct row *r, const char *event, int64_t at_ms)
{
	*r = (struct row){.count = 0};
	set(r, "event", event);
	set_number(r, "occurred_at", at_ms);
}

/* ---- the CRM ---- */

static int send_change(struct world *w, struct leave *l, struct row *r, struct fnl_error *why)
{
	l->published++;
	l->by_event[FNL_SIM_CHANGED]++;
	return send_row(w, r->names, r->texts, r->count, why);
}

static void begin_change(struct row *r, struct leave_prospect *p, int64_t at_ms)
{
	begin(r, "changed", at_ms);
	set(r, "source", p->source);
	set(r, "prospect_id", p->id);
	set_number(r, "version", ++p->version);
}

/* It lives, and has nothing else to say. */
static int send_heartbeats(struct world *w, struct leave *l, int64_t at_ms, struct fnl_error *why)
{
	int status = 0;
	for (int i = 0; i < 2 && status == 0; i++) {
		struct row r;
		begin(&r, "heartbeat", at_ms);
		set(&r, "source", fnl_sim_sources[i]);
		set(&r, "carries_contacts", "true");
		l->published += WORLD_PARTITIONS;
		l->by_event[FNL_SIM_HEARTBEAT]++;
		status = send_row(w, r.names, r.texts, r.count, why);
	}
	return status;
}

static int send_contacts(struct world *w, struct leave *l, int64_t at_ms, struct fnl_error *why)
{
	int status = 0;
	for (size_t i = 0; i < l->count && status == 0; i++) {
		struct leave_prospect *p = &l->prospects[i];
		char contacts[2 * LEAVE_ID_BYTES + TEXT_BYTES];
		struct row r;
		snprintf(contacts, sizeof(contacts), "%s-buyer;%s-boss", p->id, p->id);
		begin_change(&r, p, at_ms);
		set(&r, "contact_ids", contacts);
		set(&r, "actor_kind", "SYSTEM");
		status = send_change(w, l, &r, why);
	}
	return status;
}

static int tamper(struct world *w, struct leave *l, int64_t at_ms, struct fnl_error *why)
{
	struct row r;
	const struct fnl_money *is = &l->tampered->amount.money;
	l->lowered_minor = is->amount_minor / 100 * LOWERED_TO_PERCENT;
	begin_change(&r, l->tampered, at_ms);
	set_money(&r, l->lowered_minor, is->currency);
	set(&r, "actor_id", l->rep);
	set(&r, "actor_kind", "REP");
	return send_change(w, l, &r, why);
}

/* All that it was asked for so far. */
static int move(struct world *w, struct leave *l, int64_t at_ms, struct fnl_error *why)
{
	int status = 0;
	for (size_t i = 0; i < l->count && status == 0; i++) {
		struct leave_prospect *p = &l->prospects[i];
		struct row r;
		if (p->moved || p->asked == 0) {
			continue;
		}
		begin_change(&r, p, at_ms);
		set(&r, "owner_rep_id", l->successor);
		set(&r, "actor_kind", "SYSTEM");
		p->moved = true;
		status = send_change(w, l, &r, why);
	}
	return status;
}

/* ---- HR ---- */

/* The whole of him: any region, any industry, and room for what comes. */
static int make_room(struct world *w, struct leave *l, int64_t at_ms, struct fnl_error *why)
{
	struct row r;
	begin(&r, "rep_changed", at_ms);
	set(&r, "source", "hr");
	set(&r, "rep_id", l->successor);
	set_number(&r, "version", l->successor_version + 1);
	set(&r, "active", "true");
	set(&r, "org_id", FNL_SIM_ORG_ID);
	set(&r, "manager_id", l->successor_manager);
	set_number(&r, "capacity_prospects", l->room);
	l->by_event[FNL_SIM_REP_CHANGED]++;
	return send_row(w, r.names, r.texts, r.count, why);
}

static int give_notice(struct world *w, struct leave *l, int64_t at_ms, struct fnl_error *why)
{
	struct row r;
	begin(&r, "rep_resigned", at_ms);
	set(&r, "source", "hr");
	set(&r, "rep_id", l->rep);
	set_number(&r, "version", l->rep_version + 1);
	set(&r, "notice_id", LEAVE_NOTICE_ID);
	set_number(&r, "notice_at", at_ms);
	set_date(&r, "last_day", at_ms + LAST_DAYS_ON * DAY_MS);
	set(&r, "successor_id", l->successor);
	set(&r, "new_employer_id", LEAVE_EMPLOYER);
	l->by_event[FNL_SIM_REP_RESIGNED]++;
	return send_row(w, r.names, r.texts, r.count, why);
}

static const char *channel_word(int channel)
{
	static const char *const words[FNL_CHANNEL_COUNT] = {[FNL_CHANNEL_VISIT] = "visit",
	                                                     [FNL_CHANNEL_PHONE] = "phone",
	                                                     [FNL_CHANNEL_VIDEO] = "video",
	                                                     [FNL_CHANNEL_MAIL] = "mail"};
	return channel >= 0 && channel < FNL_CHANNEL_COUNT && words[channel] ? words[channel] : "other";
}

/* A visit or a call is in the CRM, too, which knows nothing of tasks. */
static int log_contact(struct world *w, struct leave *l, const struct leave_prospect *p, int64_t at_ms,
                       struct fnl_error *why)
{
	struct row r;
	char id[2 * LEAVE_ID_BYTES];
	snprintf(id, sizeof(id), "C-%s", p->task_id);
	begin(&r, "contact", at_ms);
	set(&r, "source", p->source);
	set(&r, "prospect_id", p->id);
	set(&r, "rep_id", l->successor);
	set(&r, "contact_id", id);
	set(&r, "channel", channel_word(p->channel));
	set(&r, "reached", "true");
	l->published++;
	l->by_event[FNL_SIM_CONTACTED]++;
	return send_row(w, r.names, r.texts, r.count, why);
}

/* ---- the two reps, the manager ---- */

static void begin_command(struct row *r, const struct leave *l, const char *event, const char *id, const char *by,
                          int64_t at_ms)
{
	begin(r, event, at_ms);
	set(r, "source", "desk");
	set(r, "command_id", id);
	set(r, "issued_by", by);
	set_number(r, "issued_at", at_ms);
	set(r, "leaving_rep_id", l->rep);
	set(r, "notice_id", LEAVE_NOTICE_ID);
	set(r, "by", by);
}

/* As the task asks for it. */
static int report(struct world *w, struct leave *l, const struct leave_prospect *p, enum leave_act act,
                  struct fnl_error *why)
{
	int64_t at_ms = leave_at(act);
	char id[2 * LEAVE_ID_BYTES];
	struct row r;
	snprintf(id, sizeof(id), "%s-%d", p->task_id, (int)act);
	begin_command(&r, l, "handover_task_done", id, l->successor, at_ms);
	set(&r, "task_id", p->task_id);
	set_number(&r, "done_at", at_ms);
	set(&r, "channel", channel_word(p->channel));
	set(&r, "spoke_rep_ids", p->speakers);
	set(&r, "informed_person_ids", p->contacts);
	set_date(&r, "next_meeting_on", at_ms + MEETING_DAYS_ON * DAY_MS);
	return send_row(w, r.names, r.texts, r.count, why);
}

static bool is_of(const struct leave *l, const struct leave_prospect *p, enum leave_act act)
{
	bool last = p == l->last;
	switch (act) {
	case LEAVE_BOTTOM:
		return p->task_layer == FNL_TASK_LAYER_BOTTOM && !last;
	case LEAVE_MIDDLE:
		return (p->task_layer == FNL_TASK_LAYER_MIDDLE || p->task_layer == FNL_TASK_LAYER_UNDECIDED) && !last;
	case LEAVE_LAST:
		return last;
	default:
		return p->task_layer == FNL_TASK_LAYER_TOP;
	}
}

static int report_all(struct world *w, struct leave *l, enum leave_act act, struct fnl_error *why)
{
	int status = 0;
	bool one = act == LEAVE_EARLY;
	for (size_t i = 0; i < l->count && status == 0; i++) {
		const struct leave_prospect *p = &l->prospects[i];
		if (p->tasks == 0 || !is_of(l, p, act)) {
			continue;
		}
		status = report(w, l, p, act, why);
		if (one) {
			break; /* and nothing of it is in the CRM */
		}
		status = status ? status : log_contact(w, l, p, leave_at(act), why);
	}
	return status;
}

static int sign_off(struct world *w, struct leave *l, int64_t at_ms, struct fnl_error *why)
{
	struct row r;
	begin_command(&r, l, "reconciliation_reviewed", LEAVE_NOTICE_ID "-review", l->manager, at_ms);
	set(&r, "accepted", "true");
	return send_row(w, r.names, r.texts, r.count, why);
}

int leave_do(struct world *w, struct leave *l, enum leave_act act, struct fnl_error *why)
{
	int64_t at_ms = leave_at(act);
	int status = send_heartbeats(w, l, at_ms, why);
	switch (act) {
	case LEAVE_PREPARE:
		status = status ? status : send_contacts(w, l, at_ms, why);
		return status ? status : make_room(w, l, at_ms, why);
	case LEAVE_TAMPER:
		return status ? status : tamper(w, l, at_ms, why);
	case LEAVE_NOTICE:
		return status ? status : give_notice(w, l, at_ms, why);
	case LEAVE_EARLY:
	case LEAVE_BOTTOM:
	case LEAVE_MIDDLE:
	case LEAVE_LAST:
	case LEAVE_TOP:
		return status ? status : report_all(w, l, act, why);
	case LEAVE_MOVES:
	case LEAVE_REST:
		return status ? status : move(w, l, at_ms, why);
	case LEAVE_SIGN_OFF:
		return status ? status : sign_off(w, l, at_ms, why);
	case LEAVE_END:
	case LEAVE_ACTS:
		break;
	}
	return status;
}
