/* What an input does to a prospect, its stub and its feed. */
#include <stdlib.h>

#include "oracle_internal.h"

enum { VALUE_COUNT = 24 };

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
};

/* The prospect at hand. */
struct edit {
	struct oracle_step *s;
	const char *id;
	const char *source;
	int64_t occurred_at;
	json_t *feed; /* of the event's source, or NULL */
	int64_t gap_count;
	json_t *row;       /* in the partition's table; NULL: there is none yet */
	bool feed_unknown; /* its feed had a gap that no full image has closed */
	int64_t entered;   /* when the event says that its stage was entered; INT64_MIN: it does not */
	int64_t since;     /* when a layer that this event brings was entered */
	json_t *before;    /* the line's image before; NULL: there was no row */
	json_t *holders;   /* who had a line */
};

static int64_t version_at(const json_t *row, size_t i)
{
	return json_integer_value(json_array_get(json_object_get(row, "field_versions"), i));
}

/* A row to work on: the stored one, or a new one that joins the table. */
static void open_row(struct edit *e)
{
	e->before = e->row ? oracle_line_image(e->row) : NULL;
	e->holders = e->row ? oracle_line_holders(e->row) : json_object();
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
}

/* The prospect is its source's from now on. */
static void take_source(struct edit *e)
{
	if (!oracle_is(e->row, "source", e->source)) {
		oracle_set(e->row, "source", json_string(e->source));
		oracle_set(e->row, "feed_gaps_seen", json_integer(e->feed_unknown ? -1 : e->gap_count));
	}
}

static json_t *about(struct edit *e, const char *record, int64_t sequence)
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
static void tell_layer(struct edit *e, const json_t *from, const json_t *shown, struct oracle_layer to,
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

/* Counts the change, and tells of the layer that was decided and of the lines. */
static void take_layer(struct edit *e, struct oracle_layer to)
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
		oracle_set(row, "layer", json_string(to.layer));
		oracle_set(row, "layer_since", json_integer(e->since));
		bool parked = strcmp(to.layer, "UNCLASSIFIED") == 0;
		oracle_set(row, "parked_since", parked ? json_integer(e->since) : json_null());
	}
	oracle_set(row, "layer_reason", json_string(to.reason));
	oracle_set(row, "weight_bp", json_integer(to.weight_bp));
	oracle_set(row, "rules_version", json_integer(e->s->p->rules->text.version));
	oracle_lines_changed(e->s, row, e->before, e->holders, e->occurred_at);
	e->before = e->holders = NULL;
}

/* Counts the change and decides the layer anew. A row of which nothing but contacts is known has no layer yet. */
static void close_row(struct edit *e)
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

static void stale(struct edit *e)
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
static bool ends_gap(const struct edit *e, int64_t version)
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

static bool has_gap(const struct edit *e)
{
	return e->row && (oracle_has(e->row, "gap_id") || (oracle_is(e->row, "source", e->source) &&
	                                                   oracle_number(e->row, "feed_gaps_seen") < e->gap_count));
}

/* Which fields the event changes, a bit each; 0: none. */
static uint32_t fields_changed(const struct edit *e)
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

static void write_field(struct edit *e, size_t i)
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

static const char *changed(struct edit *e)
{
	const json_t *in = e->s->in;
	bool full = oracle_flag(in, "full");
	uint32_t bits = fields_changed(e);
	bool ends = full && ends_gap(e, oracle_number(in, "version"));
	if (bits == 0 && !(ends && has_gap(e))) {
		stale(e);
		return NULL;
	}
	open_row(e);
	for (size_t i = 0; i < VALUE_COUNT; i++) {
		if (bits & UINT32_C(1) << i) {
			write_field(e, i);
		}
	}
	take_source(e);
	json_t *gap_id = ends ? json_incref(json_object_get(e->row, "gap_id")) : json_null();
	if (ends) {
		oracle_set(e->row, "gap_id", json_null());
		oracle_set(e->row, "feed_gaps_seen", json_integer(e->gap_count));
		e->feed_unknown = false;
	}
	close_row(e);
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
	return NULL;
}

/* ---- the lifecycle ---- */

static const char *lifecycle(struct edit *e)
{
	const json_t *in = e->s->in;
	const char *name = e->s->name;
	bool deleted = strcmp(name, "ProspectDeleted") == 0;
	bool merged = strcmp(name, "ProspectMerged") == 0;
	if (e->row && oracle_number(in, "version") <= oracle_number(e->row, "lifecycle_version")) {
		stale(e);
		return NULL;
	}
	open_row(e);
	take_source(e);
	oracle_set(e->row, "lifecycle", json_string(deleted ? "DELETED" : merged ? "MERGED" : "ALIVE"));
	oracle_take(e->row, "lifecycle_version", in, "version");
	oracle_set(e->row, "lifecycle_at", json_integer(e->occurred_at));
	oracle_take(e->row, "survivor_id", in, "survivor_id");
	int64_t keep_ms = e->s->p->rules->deleted_keep_days * INT64_C(86400000);
	int64_t due_ms = e->occurred_at + keep_ms;
	oracle_set(e->row, "keep_until", deleted ? json_integer(due_ms) : json_null());
	close_row(e);
	return NULL;
}

/* A stub stays, and what was won, without identity. */
static const char *erased(struct edit *e)
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
	return NULL;
}

/* ---- contacts ---- */

/* last_contact_at after a contact, as JSON. */
static json_t *last_contact(const struct edit *e, const json_t *old, const json_t *contact, const json_t *all)
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

static const char *contact_logged(struct edit *e)
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
		stale(e);
		return NULL;
	}
	json_t *contact = json_object();
	static const char *const names[] = {"contact_id", "at", "occurred_at", "reached", "retracted", NULL};
	take_all(contact, in, names);
	bool kept, latest;
	json_t *all = oracle_contacts_with(list, id, contact, &kept, &latest);
	json_t *last = last_contact(e, old, contact, all);
	const json_t *before = e->row ? json_object_get(e->row, "last_contact_at") : NULL;
	if (!kept && (before ? json_equal(before, last) : json_is_null(last))) {
		stale(e); /* older than all that are kept */
		json_decref(last);
		json_decref(all);
	} else {
		open_row(e);
		oracle_set(e->row, "contacts", all);
		oracle_set(e->row, "last_contact_at", last);
		if (oracle_has(in, "next_meeting_on") && kept && latest && !oracle_flag(in, "retracted")) {
			oracle_take(e->row, "next_meeting_on", in, "next_meeting_on");
		}
		close_row(e);
	}
	json_decref(contact);
	return NULL;
}

static const char *contact_erased(struct edit *e)
{
	json_t *left = json_array();
	size_t i;
	json_t *id;
	json_t *ids = e->row ? json_object_get(e->row, "contact_ids") : NULL;
	json_array_foreach(ids, i, id)
	{
		if (strcmp(json_string_value(id), oracle_text(e->s->in, "person_id")) != 0) {
			json_array_append(left, id);
		}
	}
	if (json_array_size(left) == json_array_size(ids)) {
		stale(e);
		json_decref(left);
		return NULL;
	}
	open_row(e);
	oracle_set(e->row, "contact_ids", left);
	close_row(e);
	return NULL;
}

/* ---- the feed ---- */

static void request_resync(struct edit *e)
{
	static const char *const names[] = {"source", "gap_id", "prospect_id", "occurred_at", "since", NULL};
	json_t *v = oracle_new_record(e->s->run->o, "ResyncRequested");
	take_all(v, e->s->in, names);
	oracle_tell(e->s, "ResyncRequested", v);
}

static json_t *open_feed(struct edit *e)
{
	if (!e->feed) {
		e->feed = oracle_new_record(e->s->run->o, "Feed");
		oracle_set(e->feed, "source", json_string(e->source));
		oracle_set(e->feed, "gap_count", json_integer(0));
		json_object_set_new(e->s->p->feeds, e->source, e->feed);
	}
	return e->feed;
}

static const char *prospect_gap(struct edit *e)
{
	const char *gap_id = oracle_text(e->s->in, "gap_id");
	if (e->row) {
		bool open = oracle_has(e->row, "gap_id");
		bool any = oracle_has(e->row, "gap_version");
		int64_t last = oracle_number(e->row, "gap_version");
		bool smaller = open && strcmp(gap_id, oracle_text(e->row, "gap_id")) < 0;
		/* the open one again, one before the latest, or one of the same moment: closed since, or smaller */
		if (oracle_is(e->row, "gap_id", gap_id) ||
		    (any && (e->occurred_at < last || (e->occurred_at == last && (!open || smaller))))) {
			stale(e);
			return NULL;
		}
	}
	open_row(e);
	take_source(e);
	oracle_set(e->row, "gap_id", json_string(gap_id));
	oracle_set(e->row, "gap_version", json_integer(e->occurred_at));
	close_row(e);
	request_resync(e);
	return NULL;
}

/* Of the whole source: the prospects learn of it when they change next. One partition speaks for all. */
static const char *source_gap(struct edit *e)
{
	const char *gap_id = oracle_text(e->s->in, "gap_id");
	bool any = e->feed && oracle_has(e->feed, "last_gap_id");
	int order = any ? strcmp(gap_id, oracle_text(e->feed, "last_gap_id")) : 0;
	int64_t last = any ? oracle_number(e->feed, "last_gap_at") : 0;
	if (any && (order == 0 || e->occurred_at < last || (e->occurred_at == last && order < 0))) {
		stale(e);
		return NULL;
	}
	json_t *feed = open_feed(e);
	oracle_set(feed, "gap_count", json_integer(oracle_number(feed, "gap_count") + 1));
	oracle_set(feed, "last_gap_id", json_string(gap_id));
	oracle_set(feed, "last_gap_at", json_integer(e->occurred_at));
	if (e->s->p->id == 0) {
		request_resync(e);
	}
	return NULL;
}

static const char *heartbeat(struct edit *e)
{
	if (e->feed && oracle_has(e->feed, "last_heard_at") && oracle_number(e->feed, "last_heard_at") >= e->occurred_at) {
		stale(e);
	} else {
		oracle_set(open_feed(e), "last_heard_at", json_integer(e->occurred_at));
	}
	return NULL;
}

static const char *feed_gap(struct edit *e)
{
	return e->id ? prospect_gap(e) : source_gap(e);
}

static bool is_open(const json_t *row)
{
	return oracle_is(row, "lifecycle", "ALIVE") && !oracle_is(row, "status", "WON") &&
	       !oracle_is(row, "status", "LOST");
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
		if (!is_open(row)) {
			continue;
		}
		done++;
		struct oracle_layer to = {"NONE", "NONE", 0};
		if (!oracle_is(row, "layer", "NONE")) {
			to = oracle_layer_of(p->rules, row, oracle_is(row, "layer", "UNKNOWN"));
		}
		if (oracle_is(row, "layer", to.layer) && oracle_is(row, "layer_reason", to.reason) &&
		    oracle_number(row, "weight_bp") == to.weight_bp) {
			oracle_set(row, "rules_version", json_integer(version));
			continue;
		}
		struct edit e = {.s = s, .id = id, .source = oracle_text(row, "source"), .row = row, .entered = INT64_MIN};
		e.occurred_at = e.since = oracle_number(s->in, "occurred_at");
		open_row(&e);
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
		const char *(*apply)(struct edit *e);
	} handlers[] = {
		{"ProspectChanged", changed},      {"ProspectDeleted", lifecycle}, {"ProspectRestored", lifecycle},
		{"ProspectMerged", lifecycle},     {"ProspectErased", erased},     {"ContactErased", contact_erased},
		{"ContactLogged", contact_logged}, {"FeedGap", feed_gap},          {"FeedHeartbeat", heartbeat},
	};
	struct edit e = {.s = s, .id = oracle_text(s->in, "prospect_id"), .source = oracle_text(s->in, "source")};
	e.occurred_at = e.since = oracle_number(s->in, "occurred_at");
	e.entered = INT64_MIN;
	e.feed = json_object_get(s->p->feeds, e.source);
	e.gap_count = e.feed ? oracle_number(e.feed, "gap_count") : 0;
	e.row = e.id ? json_object_get(s->p->prospects, e.id) : NULL;
	bool gone = e.id && json_object_get(s->p->erased, e.id);
	if (!gone && strcmp(s->name, "ProspectMerged") == 0 && oracle_is(s->in, "survivor_id", e.id)) {
		return "merged into itself";
	}
	if (e.row) { /* whoever is touched is as the rules in force say; closed ones were left till now */
		oracle_set(e.row, "rules_version", json_integer(s->p->rules->text.version));
	}
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		if (strcmp(s->name, handlers[i].name) == 0) {
			if (gone) { /* what was erased stays so */
				stale(&e);
				return NULL;
			}
			return handlers[i].apply(&e);
		}
	}
	return NULL;
}
