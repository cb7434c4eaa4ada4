/* What an input does to a prospect, its stub and its feed. */
#include <stdlib.h>

#include "oracle_edit.h"

enum { VALUE_COUNT = 25 };

/* The fields with a version each, in the order of the row's field_versions. */
static const char *const value_names[VALUE_COUNT] = {
	"buyer_id",
	"owner_rep_id",
	"pipeline_id",
	"stage",
	"stage_entered_at",
	"status",
	"amount",
	"probability_bp",
	"probability_source",
	"expected_close_date",
	"closed_on",
	"won_amount",
	"lost_reason",
	"lost_to_id",
	"competitor_id",
	"blocker",
	"region",
	"industry",
	"planned_purchases",
	"next_meeting_on",
	"last_contact_at",
	"last_edit_at",
	"created_at",
	"contact_ids",
	"size_focus",
};

static int64_t version_at(const json_t *row, size_t i)
{
	return json_integer_value(json_array_get(json_object_get(row, "field_versions"), i));
}

/* A row to work on: the stored one, or a new one that joins the table. */
void oracle_edit_open_row(struct oracle_edit *e)
{
	e->before = e->row ? oracle_line_image(e->row) : NULL;
	e->holders = e->row ? oracle_line_holders(e->row) : json_object();
	e->old = e->row ? json_deep_copy(e->row) : NULL;
	if (e->row) {
		int64_t seen = oracle_number(e->row, "feed_gaps_seen");
		if (oracle_is(e->row, "source", e->source)) {
			e->feed_unknown = seen < e->gap_count;
		} else { /* told by another source: what was unknown stays so */
			e->feed_unknown = seen < 0 || (oracle_is(e->row, "layer", "UNKNOWN") && !oracle_has(e->row, "gap_id"));
		}
		return;
	}
	e->row = oracle_new_record(e->s->run->o, "Prospect");
	json_object_set_new(e->s->p->prospects, e->id, e->row);
	oracle_set(e->row, "prospect_id", json_string(e->id));
	oracle_set(e->row, "sequence", json_integer(0));
	oracle_set(e->row, "source", json_string(e->source));
	json_t *versions = json_array();
	for (size_t i = 0; i < VALUE_COUNT; i++) {
		json_array_append_new(versions, json_integer(0));
	}
	oracle_set(e->row, "field_versions", versions);
	oracle_set(e->row, "lifecycle", json_string("ALIVE"));
	oracle_set(e->row, "lifecycle_version", json_integer(0));
	oracle_set(e->row, "layer", json_string("NONE"));
	oracle_set(e->row, "layer_reason", json_string("NONE"));
	oracle_set(e->row, "layer_since", json_integer(e->occurred_at));
	oracle_set(e->row, "weight_bp", json_integer(0));
	oracle_set(e->row, "feed_gaps_seen", json_integer(e->gap_count));
	oracle_set(e->row, "contacts", json_array());
	oracle_set(e->row, "former_owners", json_array());
	oracle_set(e->row, "push_count", json_integer(0));
	oracle_set(e->row, "layer_times", json_array());
	oracle_set(e->row, "stalls", json_array());
	oracle_set(e->row, "adverse", json_array());
}

/* The prospect is its source's from now on. */
void oracle_edit_take_source(struct oracle_edit *e)
{
	if (!oracle_is(e->row, "source", e->source)) {
		oracle_set(e->row, "source", json_string(e->source));
		oracle_set(e->row, "feed_gaps_seen", json_integer(e->feed_unknown ? -1 : e->gap_count));
	}
}

static json_t *about(struct oracle_edit *e, const char *record, int64_t sequence)
{
	json_t *v = oracle_new_record(e->s->run->o, record);
	oracle_set(v, "prospect_id", json_string(e->id));
	oracle_set(v, "sequence", json_integer(sequence));
	oracle_set(v, "occurred_at", json_integer(e->occurred_at));
	oracle_set(v, "rules_version", json_integer(e->s->p->rules->text.version));
	return v;
}

static void take_all(json_t *v, const json_t *row, const char *const *names)
{
	for (; *names; names++) {
		oracle_take(v, *names, row, *names);
	}
}

/* from: the row with its old layer; shown: the row whose values may be told, or NULL. */
static void tell_layer(struct oracle_edit *e, const json_t *from, const json_t *shown, struct oracle_layer to,
                       int64_t sequence)
{
	static const char *const of_layer[] = {"source", "owner_rep_id", "pipeline_id",    "stage",
	                                       "status", "amount",       "probability_bp", NULL};
	static const char *const of_parked[] = {"source", "owner_rep_id", "pipeline_id", "stage", NULL};
	json_t *v = about(e, "LayerChanged", sequence);
	oracle_take(v, "from_layer", from, "layer");
	oracle_set(v, "to_layer", json_string(to.layer));
	oracle_set(v, "reason", json_string(to.reason));
	oracle_set(v, "since", json_integer(e->since));
	if (shown) {
		take_all(v, shown, of_layer);
	}
	if (strcmp(to.layer, "TOP") == 0 || strcmp(to.layer, "MIDDLE") == 0 || strcmp(to.layer, "BOTTOM") == 0) {
		oracle_set(v, "weight_bp", json_integer(to.weight_bp));
	}
	oracle_tell(e->s, "LayerChanged", v);
	if (oracle_has(from, "parked_since")) {
		v = about(e, "ProspectUnparked", sequence);
		oracle_set(v, "to_layer", json_string(to.layer));
		oracle_take(v, "parked_since", from, "parked_since");
		oracle_take(v, "owner_rep_id", shown, "owner_rep_id");
		oracle_tell(e->s, "ProspectUnparked", v);
	}
	if (strcmp(to.layer, "UNCLASSIFIED") == 0) {
		v = about(e, "ProspectParked", sequence);
		take_all(v, shown, of_parked);
		oracle_tell(e->s, "ProspectParked", v);
	}
}

static bool is_closed(const json_t *row)
{
	return oracle_is(row, "status", "WON") || oracle_is(row, "status", "LOST");
}

/* Why the row is looked at. */
static const char *cause_of(const struct oracle_edit *e, bool has_new_owner)
{
	const struct oracle_step *s = e->s;
	bool change = !s->of_rules && strcmp(s->name, "ProspectChanged") == 0;
	int64_t quiet_ms = s->p->rules->thresholds->quiet_after_hours * INT64_C(3600000);
	bool late = !s->of_rules && e->occurred_at < oracle_step_now(s) - quiet_ms;
	if (!s->of_rules && strcmp(s->name, "InspectionAnswered") == 0) {
		return "CHANGE";
	}
	if (has_new_owner) {
		return "NEW_OWNER";
	}
	return late || (change && (oracle_flag(s->in, "bulk") || oracle_flag(s->in, "snapshot"))) ? "QUIET" : "CHANGE";
}

/* What the row with its new layer is now: since when, whose, how it sits still. */
static void take_clocks(struct oracle_edit *e)
{
	json_t *row = e->row;
	bool returns = e->old && !oracle_is(e->old, "lifecycle", "ALIVE") && oracle_is(row, "lifecycle", "ALIVE");
	if (returns || (e->old && is_closed(e->old) && !is_closed(row))) {
		oracle_set(row, "reopened_at", json_integer(e->occurred_at));
		e->s->run->stats.reopened++;
	}
	bool has_new_owner = oracle_take_book(row, e->occurred_at);
	const char *cause = cause_of(e, has_new_owner);
	int64_t now_ms = oracle_step_now(e->s);
	now_ms = e->s->of_rules && e->occurred_at < now_ms ? e->occurred_at : now_ms;
	oracle_stalls_update(e->s, row, now_ms, cause);
	json_decref(e->old);
	e->old = NULL;
}

/* Counts the change, and tells of the layer that was decided and of the lines. */
static void take_layer(struct oracle_edit *e, struct oracle_layer to)
{
	json_t *row = e->row;
	int64_t sequence = oracle_number(row, "sequence") + 1;
	oracle_set(row, "sequence", json_integer(sequence));
	oracle_set(row, "changed_at", json_integer(e->occurred_at));
	if (!oracle_is(row, "layer", to.layer)) {
		/* the stage's own time, when the stage decides, and unless that was before the last layer began */
		bool first = oracle_is(row, "layer", "NONE") || oracle_is(row, "layer", "UNKNOWN");
		if (strncmp(to.reason, "STAGE_", 6) == 0 && strcmp(to.reason, "STAGE_MISSING") != 0 &&
		    e->entered != INT64_MIN && (first || e->entered > oracle_number(row, "layer_since"))) {
			e->since = e->entered;
		}
		tell_layer(e, row, row, to, sequence);
		oracle_clock_of_layer(e->s->p->rules, row, oracle_text(row, "layer"), to.layer, e->since);
		oracle_set(row, "layer", json_string(to.layer));
		oracle_set(row, "won_by", json_null());
		if (strcmp(to.layer, "WON") == 0) {
			oracle_take(row, "won_by", row, "owner_rep_id");
		}
		oracle_set(row, "layer_since", json_integer(e->since));
		bool parked = strcmp(to.layer, "UNCLASSIFIED") == 0;
		oracle_set(row, "parked_since", parked ? json_integer(e->since) : json_null());
	}
	oracle_set(row, "layer_reason", json_string(to.reason));
	oracle_set(row, "weight_bp", json_integer(to.weight_bp));
	oracle_set(row, "rules_version", json_integer(e->s->p->rules->text.version));
	oracle_adverse(e);
	take_clocks(e);
	oracle_lines_changed(e->s, row, e->before, e->holders, e->occurred_at);
	e->before = e->holders = NULL;
}

/* Counts the change and decides the layer anew. A row of which nothing but contacts is known has no layer yet. */
void oracle_edit_close_row(struct oracle_edit *e)
{
	json_t *row = e->row;
	bool unknown = e->feed_unknown || oracle_has(row, "gap_id");
	bool image = !oracle_is(row, "lifecycle", "ALIVE") || unknown;
	for (size_t i = 0; i < VALUE_COUNT; i++) {
		image = image || version_at(row, i) > 0;
	}
	struct oracle_layer to = {"NONE", "NONE", 0};
	if (image) {
		to = oracle_layer_of(e->s->p->rules, row, unknown);
	}
	take_layer(e, to);
}

void oracle_edit_stale(struct oracle_edit *e)
{
	e->s->run->stats.stale++;
}

/* ---- ProspectChanged ---- */

static bool is_cleared(const json_t *in, const char *name)
{
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(in, "cleared"), i, item)
	{
		if (json_string_length(item) == strlen(name) && strcmp(json_string_value(item), name) == 0) {
			return true;
		}
	}
	return false;
}

/* A full image ends a gap, also one without anything new, when it is the newest that we have seen, and from after the
 * gap or asked for. */
static bool ends_gap(const struct oracle_edit *e, int64_t version)
{
	int64_t newest = 0;
	for (size_t i = 0; e->row && i < VALUE_COUNT; i++) {
		newest = version_at(e->row, i) > newest ? version_at(e->row, i) : newest;
	}
	if (!e->row || version < newest || oracle_flag(e->s->in, "snapshot")) {
		return !e->row || version >= newest;
	}
	if (oracle_has(e->row, "gap_id") && e->occurred_at < oracle_number(e->row, "gap_version")) {
		return false;
	}
	bool feed_gap = oracle_number(e->row, "feed_gaps_seen") < e->gap_count;
	return !feed_gap || e->occurred_at >= oracle_number(e->feed, "last_gap_at");
}

static bool has_gap(const struct oracle_edit *e)
{
	return e->row && (oracle_has(e->row, "gap_id") || (oracle_is(e->row, "source", e->source) &&
	                                                   oracle_number(e->row, "feed_gaps_seen") < e->gap_count));
}

/* Which fields the event changes, a bit each; 0: none. */
static uint32_t fields_changed(const struct oracle_edit *e)
{
	const json_t *in = e->s->in;
	uint32_t bits = 0;
	for (size_t i = 0; i < VALUE_COUNT; i++) {
		bool speaks = oracle_has(in, value_names[i]) || oracle_flag(in, "full") || is_cleared(in, value_names[i]);
		if (speaks && oracle_number(in, "version") > (e->row ? version_at(e->row, i) : 0)) {
			bits |= UINT32_C(1) << i;
		}
	}
	return bits;
}

static void write_field(struct oracle_edit *e, size_t i)
{
	const json_t *in = e->s->in;
	const char *name = value_names[i];
	oracle_take(e->row, name, in, name);
	json_array_set_new(json_object_get(e->row, "field_versions"), i, json_integer(oracle_number(in, "version")));
	if (strcmp(name, "last_contact_at") == 0) { /* never behind a contact that was seen */
		int64_t at = oracle_contact_latest(json_object_get(e->row, "contacts"));
		if (at != INT64_MIN && (!oracle_has(e->row, name) || oracle_number(e->row, name) < at)) {
			oracle_set(e->row, name, json_integer(at));
		}
	}
	if (strcmp(name, "stage_entered_at") == 0 && oracle_has(in, name) && oracle_number(in, name) <= e->occurred_at) {
		e->entered = oracle_number(in, name);
	}
}

/* Whether anyone has cared for it, and what became of the day on which it is to be closed. */
static void take_edit(struct oracle_edit *e, uint32_t bits)
{
	const json_t *in = e->s->in;
	bool loaded = oracle_flag(in, "bulk") || oracle_flag(in, "snapshot");
	bool later = !oracle_has(e->row, "edited_at") || oracle_number(e->row, "edited_at") < e->occurred_at;
	if (!loaded && !oracle_is(in, "actor_kind", "SYSTEM") && later) {
		oracle_set(e->row, "edited_at", json_integer(e->occurred_at));
	}
	oracle_edited(e);
	for (size_t i = 0; i < VALUE_COUNT; i++) {
		if ((bits & UINT32_C(1) << i) && strcmp(value_names[i], "expected_close_date") == 0) {
			const json_t *before = e->old ? json_object_get(e->old, "expected_close_date") : NULL;
			int64_t pushes = oracle_number(e->row, "push_count");
			oracle_clock_of_close_date(e->s->p->rules, e->row, before, e->occurred_at, !loaded);
			e->s->run->stats.pushes += oracle_number(e->row, "push_count") > pushes;
		}
	}
}

static void changed(struct oracle_edit *e)
{
	const json_t *in = e->s->in;
	bool full = oracle_flag(in, "full");
	uint32_t bits = fields_changed(e);
	bool ends = full && ends_gap(e, oracle_number(in, "version"));
	if (bits == 0 && !(ends && has_gap(e))) {
		oracle_edit_stale(e);
		return;
	}
	oracle_edit_open_row(e);
	for (size_t i = 0; i < VALUE_COUNT; i++) {
		if (bits & UINT32_C(1) << i) {
			write_field(e, i);
		}
	}
	take_edit(e, bits);
	oracle_edit_take_source(e);
	json_t *gap_id = ends ? json_incref(json_object_get(e->row, "gap_id")) : json_null();
	if (ends) {
		oracle_set(e->row, "gap_id", json_null());
		oracle_set(e->row, "feed_gaps_seen", json_integer(e->gap_count));
		e->feed_unknown = false;
	}
	oracle_edit_close_row(e);
	if (json_is_string(gap_id)) {
		json_t *v = oracle_new_record(e->s->run->o, "ResyncCompleted");
		oracle_set(v, "source", json_string(e->source));
		oracle_set(v, "gap_id", json_incref(gap_id));
		oracle_set(v, "prospect_id", json_string(e->id));
		oracle_set(v, "occurred_at", json_integer(e->occurred_at));
		oracle_take(v, "sequence", e->row, "sequence");
		oracle_tell(e->s, "ResyncCompleted", v);
	}
	json_decref(gap_id);
}

/* ---- the lifecycle ---- */

static void lifecycle(struct oracle_edit *e)
{
	const json_t *in = e->s->in;
	const char *name = e->s->name;
	bool deleted = strcmp(name, "ProspectDeleted") == 0;
	bool merged = strcmp(name, "ProspectMerged") == 0;
	if (e->row && oracle_number(in, "version") <= oracle_number(e->row, "lifecycle_version")) {
		oracle_edit_stale(e);
		return;
	}
	oracle_edit_open_row(e);
	oracle_edit_take_source(e);
	oracle_set(e->row, "lifecycle", json_string(deleted ? "DELETED" : merged ? "MERGED" : "ALIVE"));
	oracle_take(e->row, "lifecycle_version", in, "version");
	oracle_set(e->row, "lifecycle_at", json_integer(e->occurred_at));
	oracle_take(e->row, "survivor_id", in, "survivor_id");
	int64_t keep_ms = e->s->p->rules->deleted_keep_days * INT64_C(86400000);
	int64_t due_ms = e->occurred_at + keep_ms;
	oracle_set(e->row, "keep_until", deleted ? json_integer(due_ms) : json_null());
	oracle_edit_close_row(e);
}

/* A stub stays, and what was won, without identity. */
static void erased(struct oracle_edit *e)
{
	json_t *stub = oracle_new_record(e->s->run->o, "Erased");
	oracle_set(stub, "prospect_id", json_string(e->id));
	oracle_take(stub, "version", e->s->in, "version");
	oracle_set(stub, "erased_at", json_integer(e->occurred_at));
	if (e->row && oracle_is(e->row, "status", "WON")) {
		oracle_take(stub, "won_amount", e->row, oracle_has(e->row, "won_amount") ? "won_amount" : "amount");
		oracle_take(stub, "closed_on", e->row, "closed_on");
	}
	json_object_set_new(e->s->p->erased, e->id, stub);
	if (e->row) {
		tell_layer(e, e->row, NULL, (struct oracle_layer){"ERASED", "ERASED", 0},
		           oracle_number(e->row, "sequence") + 1);
		oracle_lines_end(e->s, e->row, "ERASED", e->occurred_at);
		json_object_del(e->s->p->prospects, e->id);
	}
}

/* ---- contacts ---- */

/* last_contact_at after a contact, as JSON. */
static json_t *last_contact(const struct oracle_edit *e, const json_t *old, const json_t *contact, const json_t *all)
{
	bool has = e->row && oracle_has(e->row, "last_contact_at");
	int64_t last = has ? oracle_number(e->row, "last_contact_at") : 0;
	int64_t at = oracle_number(contact, "at");
	/* this very contact had set it, and says otherwise now */
	if (old && oracle_contact_counts(old) && has && last == oracle_number(old, "at") &&
	    (!oracle_contact_counts(contact) || at < last)) {
		int64_t other = oracle_contact_latest(all);
		return other == INT64_MIN ? json_null() : json_integer(other);
	}
	if (oracle_contact_counts(contact) && (!has || last < at)) {
		return json_integer(at);
	}
	return has ? json_integer(last) : json_null();
}

static void contact_logged(struct oracle_edit *e)
{
	const json_t *in = e->s->in;
	const char *id = oracle_text(in, "contact_id");
	json_t *list = e->row ? json_object_get(e->row, "contacts") : NULL;
	const json_t *old = NULL;
	size_t i;
	json_t *c;
	json_array_foreach(list, i, c)
	{
		old = oracle_is(c, "contact_id", id) ? c : old;
	}
	if (old && oracle_number(old, "occurred_at") >= e->occurred_at) {
		oracle_edit_stale(e);
		return;
	}
	json_t *contact = json_object();
	static const char *const names[] = {"contact_id", "at", "occurred_at", "reached", "retracted", NULL};
	take_all(contact, in, names);
	bool kept, latest;
	json_t *all = oracle_contacts_with(list, id, contact, &kept, &latest);
	json_t *last = last_contact(e, old, contact, all);
	const json_t *before = e->row ? json_object_get(e->row, "last_contact_at") : NULL;
	if (!kept && (before ? json_equal(before, last) : json_is_null(last))) {
		oracle_edit_stale(e); /* older than all that are kept */
		json_decref(last);
		json_decref(all);
	} else {
		oracle_edit_open_row(e);
		oracle_set(e->row, "contacts", all);
		oracle_set(e->row, "last_contact_at", last);
		if (oracle_has(in, "next_meeting_on") && kept && latest && !oracle_flag(in, "retracted")) {
			oracle_take(e->row, "next_meeting_on", in, "next_meeting_on");
		}
		oracle_edit_close_row(e);
	}
	json_decref(contact);
}

static void contact_erased(struct oracle_edit *e)
{
	json_t *left = json_array();
	size_t i;
	json_t *id;
	json_t *ids = e->row ? json_object_get(e->row, "contact_ids") : NULL;
	const char *person = oracle_text(e->s->in, "person_id");
	json_array_foreach(ids, i, id)
	{
		if (strcmp(json_string_value(id), person) != 0) {
			json_array_append(left, id);
		}
	}
	json_t *adverse = oracle_adverse_without(e->row, person);
	size_t forgotten = json_array_size(json_object_get(e->row, "adverse")) - json_array_size(adverse);
	if (json_array_size(left) == json_array_size(ids) && forgotten == 0) {
		oracle_edit_stale(e);
		json_decref(left);
		json_decref(adverse);
		return;
	}
	e->s->run->stats.forgotten += forgotten;
	oracle_edit_open_row(e);
	if (json_array_size(left) < json_array_size(ids)) {
		json_object_set(e->row, "contact_ids", left);
	}
	json_decref(left);
	oracle_set(e->row, "adverse", adverse);
	oracle_edit_close_row(e);
}

bool oracle_is_open(const json_t *row)
{
	return oracle_is(row, "lifecycle", "ALIVE") && !is_closed(row);
}

/* Closed ones are left as they are; new rules change nothing about them. What made a row unknown is not known by rules,
 * and one without an image has no layer by any. */
void oracle_reevaluate(struct oracle_step *s)
{
	struct oracle_partition *p = s->p;
	int64_t version = p->rules->text.version, done = 0, changed = 0;
	const char *id;
	json_t *row;
	json_object_foreach(p->prospects, id, row)
	{
		if (!oracle_is_open(row)) {
			continue;
		}
		done++;
		struct oracle_layer to = {"NONE", "NONE", 0};
		if (!oracle_is(row, "layer", "NONE")) {
			to = oracle_layer_of(p->rules, row, oracle_is(row, "layer", "UNKNOWN"));
		}
		if (oracle_is(row, "layer", to.layer) && oracle_is(row, "layer_reason", to.reason) &&
		    oracle_number(row, "weight_bp") == to.weight_bp) {
			int64_t at = oracle_number(s->in, "occurred_at"), now_ms = oracle_step_now(s);
			oracle_set(row, "rules_version", json_integer(version));
			oracle_supervise_alone(s, row, at < now_ms ? at : now_ms, at, "CHANGE");
			continue;
		}
		struct oracle_edit e = {
			.s = s, .id = id, .source = oracle_text(row, "source"), .row = row, .entered = INT64_MIN};
		e.occurred_at = e.since = oracle_number(s->in, "occurred_at");
		oracle_edit_open_row(&e);
		take_layer(&e, to);
		changed++;
	}
	s->run->stats.reevaluated += (size_t)changed;
	oracle_set(p->rules_row, "pass_done", json_integer(done));
	oracle_set(p->rules_row, "pass_changed", json_integer(changed));
}

const char *oracle_apply(struct oracle_step *s)
{
	static const struct {
		const char *name;
		void (*apply)(struct oracle_edit *e);
	} handlers[] = {
		{"ProspectChanged", changed},
		{"ProspectDeleted", lifecycle},
		{"ProspectRestored", lifecycle},
		{"ProspectMerged", lifecycle},
		{"ProspectErased", erased},
		{"ContactErased", contact_erased},
		{"ContactLogged", contact_logged},
		{"FeedGap", oracle_feed_gap},
		{"FeedHeartbeat", oracle_feed_heartbeat},
		{"InspectionAnswered", oracle_answered},
	};
	struct oracle_edit e = {.s = s, .id = oracle_text(s->in, "prospect_id"), .source = oracle_text(s->in, "source")};
	e.occurred_at = e.since = oracle_number(s->in, "occurred_at");
	e.entered = INT64_MIN;
	bool gone = e.id && json_object_get(s->p->erased, e.id);
	if (!gone && strcmp(s->name, "ProspectMerged") == 0 && oracle_is(s->in, "survivor_id", e.id)) {
		return "merged into itself";
	}
	e.feed = json_object_get(s->p->feeds, e.source);
	if (strcmp(s->name, "InspectionAnswered") != 0 && strcmp(s->name, "ClockTick") != 0) {
		oracle_feed_heard(&e);
	}
	e.gap_count = e.feed ? oracle_number(e.feed, "gap_count") : 0;
	e.row = e.id ? json_object_get(s->p->prospects, e.id) : NULL;
	if (e.row) { /* whoever is touched is as the rules in force say; closed ones were left till now */
		oracle_set(e.row, "rules_version", json_integer(s->p->rules->text.version));
	}
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		/* what was erased stays so; but whoever asked hears of the answer */
		bool stays = gone && strcmp(s->name, "InspectionAnswered") != 0;
		if (strcmp(s->name, handlers[i].name) == 0) {
			(stays ? oracle_edit_stale : handlers[i].apply)(&e);
		}
	}
	if (e.recovered) {
		oracle_tell(s, "FeedRecovered", e.recovered);
	}
	return NULL;
}
