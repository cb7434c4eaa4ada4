/* A book: its lines, their images for quota runs, and what is told of their sums. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle_rep_handover.h"

static const char *const layers[] = {"NONE", "TOP",  "MIDDLE",  "BOTTOM", "UNCLASSIFIED", "UNKNOWN",
                                     "WON",  "LOST", "DELETED", "MERGED", "ERASED"};
enum { LAYERS = sizeof(layers) / sizeof(layers[0]) };

const char *const rep_values[REP_VALUES] = {"state",       "layer",
                                            "weight_bp",   "rules_version",
                                            "amount",      "won_amount",
                                            "closed_on",   "expected_close_date",
                                            "region",      "industry",
                                            "pipeline_id", "stage",
                                            "buyer_id",    "stalls",
                                            "evidence",    "probability_bp",
                                            "lost_reason", "lost_to_id",
                                            "contact_ids", "owner_rep_id",
                                            "left_at",     "edit",
                                            "adverse",     "planned_purchases",
                                            "size_focus",  "last_contact_on",
                                            "owner_since", "won_by"};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **rep_sorted(const json_t *object, size_t *ret_count)
{
	const char **keys = calloc(json_object_size(object) + 1, sizeof(*keys));
	const char *key;
	json_t *v;
	size_t n = 0;
	json_object_foreach((json_t *)object, key, v)
	{
		keys[n++] = key;
	}
	qsort(keys, n, sizeof(*keys), by_name);
	*ret_count = n;
	return keys;
}

json_t *rep_of_book(struct rep_step *s, const char *book)
{
	json_t *rep = json_object_get(s->p->reps, book);
	if (rep) {
		return rep;
	}
	rep = oracle_new_record(s->fold->o, "Rep");
	oracle_set(rep, "book", json_string(book));
	oracle_set(rep, "rep_id", strncmp(book, "rep:", 4) == 0 ? json_string(book + 4) : json_null());
	oracle_set(rep, "version", json_integer(0));
	oracle_set(rep, "active", json_true());
	oracle_set(rep, "regions", json_array());
	oracle_set(rep, "industries", json_array());
	oracle_set(rep, "quota_years", json_array());
	oracle_set(rep, "won_years", json_array());
	oracle_set(rep, "won_sequence", json_integer(0));
	oracle_set(rep, "resigned", json_false());
	oracle_set(rep, "erased", json_false());
	oracle_set(rep, "directory_sequence", json_integer(0));
	json_object_set_new(s->p->reps, book, rep);
	return rep;
}

json_t *rep_lines_of(const struct rep_partition *p, const char *book)
{
	return json_object_get(p->lines, book);
}

/* ---- sums ---- */

static size_t layer_at(const json_t *line)
{
	size_t i = 0;
	while (i < LAYERS - 1 && !oracle_is(line, "layer", layers[i])) {
		i++;
	}
	return i;
}

static bool is_running(const json_t *line)
{
	size_t layer = layer_at(line);
	return oracle_is(line, "state", "OWNED") && layer >= 1 && layer <= 3;
}

static bool is_among(const json_t *years, int64_t year)
{
	size_t i;
	const json_t *one;
	json_array_foreach(years, i, one)
	{
		if (json_integer_value(one) == year) {
			return true;
		}
	}
	return !years;
}

json_t *rep_running(const struct rep_partition *p, const char *book, const json_t *years)
{
	static _Thread_local struct rep_sums sums, parts;
	const char *id;
	json_t *line;
	sums.count = 0;
	json_object_foreach(rep_lines_of(p, book), id, line)
	{
		parts.count = 0;
		if (is_running(line)) {
			rep_line_parts(line, oracle_number(line, "year_start"), json_object_get(line, "fiscal_year"), &parts);
		}
		for (size_t i = 0; i < parts.count; i++) {
			if (is_among(years, parts.at[i].by)) {
				rep_sums_merge(&sums, parts.at[i].by, &parts.at[i]);
			}
		}
	}
	return rep_sums_list(&sums, "fiscal_year", NULL);
}

void rep_sum_up(struct rep_partition *p)
{
	static _Thread_local struct rep_sums sums;
	const char *book, *id;
	json_t *rep, *line;
	json_object_foreach(p->reps, book, rep)
	{
		int64_t owned = 0, watched = 0;
		sums.count = 0;
		json_object_foreach(rep_lines_of(p, book), id, line)
		{
			watched += oracle_is(line, "state", "WATCHED");
			if (oracle_is(line, "state", "OWNED")) {
				owned++;
				rep_sums_add(&sums, (int64_t)layer_at(line), json_object_get(line, "amount"),
				             oracle_number(line, "weight_bp"));
			}
		}
		oracle_set(rep, "line_count", json_integer(owned));
		oracle_set(rep, "watched_count", json_integer(watched));
		oracle_set(rep, "totals", rep_sums_list(&sums, "layer", layers));
		oracle_set(rep, "running", rep_running(p, book, NULL));
	}
	rep_attain_sum_up(p);
}

/* ---- QuotaRecalculated ---- */

void rep_note_change(struct rep_step *s, const char *book, json_t *rep, json_t *before)
{
	json_t *after = rep_running(s->p, book, json_object_get(rep, "quota_years"));
	if (!json_equal(before, after) && !oracle_has(rep, "change_cause_id")) {
		oracle_set(rep, "change_cause_id", json_string(s->cause));
		oracle_set(rep, "change_correlation_id", json_string(s->correlation));
		int64_t at = s->now_ms + s->p->rules->conflation_seconds * 1000;
		int64_t told = oracle_number(rep, "told_at") + s->p->rules->conflation_seconds * 1000;
		at = oracle_has(rep, "told_at") && told > at ? told : at;
		oracle_set(rep, "recalculation_due_at", json_integer(at));
		rep_arm(rep);
		json_object_set_new(s->p->conflation, book, json_integer(s->p->rules->conflation_seconds));
	}
	json_decref(before);
	json_decref(after);
}

void rep_tell_recalculated(struct rep_step *s, const char *book, json_t *rep, const char *deadline)
{
	char subject[REP_KEY_BYTES];
	json_t *body = oracle_new_record(s->fold->o, "QuotaRecalculated");
	oracle_set(body, "occurred_at", json_integer(s->now_ms));
	oracle_take(body, "rep_id", rep, "rep_id");
	oracle_take(body, "org_id", rep, "org_id");
	oracle_take(body, "manager_id", rep, "manager_id");
	oracle_take(body, "fiscal_years", rep, "quota_years");
	oracle_set(body, "running", rep_running(s->p, book, json_object_get(rep, "quota_years")));
	oracle_set(body, "rules_version", json_integer(s->p->rules->text.version));
	snprintf(subject, sizeof(subject), "%s|%s", book, deadline ? deadline : "");
	struct rep_expected *x = rep_tell(s, "QuotaRecalculated", body, oracle_text(rep, "change_cause_id"),
	                                  oracle_text(rep, "change_correlation_id"), deadline ? subject : NULL);
	x->running_unknown = !s->fold->in->event_clock && s->p->refiled;
	oracle_set(rep, "told_at", json_integer(s->now_ms));
	oracle_set(rep, "change_cause_id", json_null());
	oracle_set(rep, "change_correlation_id", json_null());
	oracle_set(rep, "recalculation_due_at", json_null());
	rep_arm(rep);
	s->fold->stats.recalculated++;
}

/* ---- images ---- */

static json_t *image_of(const json_t *images, const char *run_id)
{
	size_t i;
	json_t *image;
	json_array_foreach(images, i, image)
	{
		if (oracle_is(image, "run_id", run_id)) {
			return image;
		}
	}
	return NULL;
}

static bool is_there(const json_t *line)
{
	return line && !oracle_is(line, "state", "GONE") && !oracle_is(line, "state", "ERASED");
}

/* Images need no adverse changes, and those of runs no persons. */
static json_t *leave_out(json_t *image)
{
	oracle_set(image, "adverse", json_array());
	if (!rep_is_of_sheet(image) || json_is_null(json_object_get(image, "contact_ids"))) {
		oracle_set(image, "contact_ids", json_array());
	}
	return image;
}

/* As the line is. One that is not there has the values of none. */
json_t *rep_new_image(const char *run_id, const json_t *line)
{
	json_t *image = json_object();
	oracle_set(image, "run_id", json_string(run_id));
	oracle_set(image, "existed", json_boolean(is_there(line)));
	for (size_t i = 0; i < REP_VALUES; i++) {
		oracle_take(image, rep_values[i], is_there(line) ? line : NULL, rep_values[i]);
	}
	if (!is_there(line)) {
		oracle_set(image, "state", json_string("GONE"));
		oracle_set(image, "layer", json_string("NONE"));
		oracle_set(image, "weight_bp", json_integer(0));
		oracle_set(image, "rules_version", json_integer(0));
		oracle_set(image, "stalls", json_array());
	}
	return leave_out(image);
}

/* A late change changes the image in the fields that it changes. A line that was not there comes into being only when
 * the change makes it the book's. */
static void change_image(json_t *image, const json_t *line, const json_t *event)
{
	bool existed = oracle_flag(image, "existed");
	bool comes = !existed && oracle_is(event, "state", "OWNED") && !oracle_is(line, "state", "OWNED");
	for (size_t i = 0; i < REP_VALUES; i++) {
		bool changed = !json_equal(json_object_get(line, rep_values[i]), json_object_get(event, rep_values[i]));
		if (comes || (changed && existed)) {
			oracle_take(image, rep_values[i], event, rep_values[i]);
		}
	}
	oracle_set(image, "existed", json_boolean(existed || comes));
	leave_out(image);
}

/* The run has not gone over the book's lines yet. */
static bool awaits(const struct rep_partition *p, const json_t *run, const char *book)
{
	char done[2 * REP_KEY_BYTES];
	snprintf(done, sizeof(done), "%s|%s", run ? oracle_text(run, "run_id") : "", book);
	return run && !oracle_is(run, "state", "FROZEN") && !json_object_get(p->done, done);
}

static const json_t *run_by_id(const struct rep_partition *p, const char *run_id)
{
	size_t i;
	json_t *run;
	json_array_foreach(p->jobs ? json_object_get(p->jobs, "runs") : NULL, i, run)
	{
		if (oracle_is(run, "run_id", run_id)) {
			return run;
		}
	}
	return NULL;
}

/* What the runs that wait need of the line as it was before the event. line: NULL: there is none. New; NULL: there are
 * too many. */
static json_t *images_after(struct rep_step *s, const char *book, const json_t *rep, const json_t *line)
{
	size_t i;
	json_t *run, *images = json_array(), *image;
	json_array_foreach(json_object_get(line, "images"), i, image)
	{
		if (!rep_is_of_sheet(image) && awaits(s->p, run_by_id(s->p, oracle_text(image, "run_id")), book)) {
			json_array_append_new(images, json_deep_copy(image));
		}
	}
	json_array_foreach(s->p->jobs ? json_object_get(s->p->jobs, "runs") : NULL, i, run)
	{
		const char *run_id = oracle_text(run, "run_id");
		if (!rep || !rep_run_concerns(run, rep) || !awaits(s->p, run, book)) {
			continue;
		}
		bool freezing = oracle_is(run, "state", "FREEZING");
		bool after = oracle_number(s->in, "occurred_at") > oracle_number(run, "as_of");
		image = image_of(images, run_id);
		if (!after && !freezing) {
			char late[2 * REP_KEY_BYTES];
			snprintf(late, sizeof(late), "%s|%s", run_id, book);
			json_object_set_new(s->p->late, late, json_integer(s->p->place));
		}
		if (!image && (after || freezing)) {
			json_array_append_new(images, rep_new_image(run_id, line));
			s->fold->stats.images++;
		} else if (image && !after && !freezing) {
			change_image(image, line, s->in);
			s->fold->stats.late_changes++;
		}
	}
	return images;
}

void rep_drop_images(struct rep_partition *p, const char *run_id, const char *only_book)
{
	/* those that no run awaits any more go, too, when a run comes by */
	const char *book, *id;
	json_t *lines, *line, *image;
	void *next, *next_line;
	size_t i;
	json_object_foreach_safe(p->lines, next, book, lines)
	{
		if (only_book && strcmp(only_book, book) != 0) {
			continue;
		}
		json_object_foreach_safe(lines, next_line, id, line)
		{
			json_t *images = json_object_get(line, "images");
			for (i = json_array_size(images); i-- > 0;) {
				image = json_array_get(images, i);
				const json_t *run = run_by_id(p, oracle_text(image, "run_id"));
				bool left = only_book && !rep_is_of_sheet(image) && !awaits(p, run, book);
				if (oracle_is(image, "run_id", run_id) || left) {
					json_array_remove(images, i);
				}
			}
			if (!is_there(line) && json_array_size(images) == 0 && !oracle_has(line, "credit")) {
				json_object_del(lines, id);
			}
		}
	}
}

/* ---- a line ---- */

static bool in_funnel(const json_t *line)
{
	return oracle_is(line, "layer", "TOP") || oracle_is(line, "layer", "MIDDLE") || oracle_is(line, "layer", "BOTTOM");
}

/* before: NULL: there was none. */
static json_t *new_line(struct rep_step *s, const json_t *before, json_t *images)
{
	json_t *line = oracle_new_record(s->fold->o, "Line");
	static const char *const same[] = {"book", "prospect_id", "sequence"};
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		oracle_take(line, same[i], s->in, same[i]);
	}
	oracle_take(line, "effective_at", s->in, "occurred_at");
	for (size_t i = 0; i < REP_VALUES; i++) {
		oracle_take(line, rep_values[i], s->in, rep_values[i]);
	}
	oracle_set(line, "fiscal_year", rep_fiscal_year(s->p->rules, json_object_get(s->in, "expected_close_date")));
	oracle_set(line, "year_start", json_integer(rep_year_start(s->p->rules)));
	oracle_set(line, "credit", rep_credit_of(oracle_text(s->in, "book"), line, rep_year_start(s->p->rules)));
	oracle_set(line, "images", images);
	oracle_set(line, "known_layer", json_string("NONE"));
	if (before && oracle_is(s->in, "state", "OWNED")) {
		oracle_take(line, "asked", before, "asked");
	}
	if (is_there(line) && in_funnel(line)) {
		oracle_take(line, "known_layer", line, "layer");
	} else if (is_there(line) && is_there(before)) {
		oracle_take(line, "known_layer", before, "known_layer");
	}
	return line;
}

/* Nothing of it may stay, not in the quotas either. */
static void erase(struct rep_step *s, const char *book, const json_t *rep, const char *prospect)
{
	char key[REP_KEY_BYTES];
	size_t i;
	json_t *year;
	json_array_foreach(json_object_get(rep, "quota_years"), i, year)
	{
		snprintf(key, sizeof(key), "%s|%" PRId64 "|%s", book, (int64_t)json_integer_value(year), prospect);
		json_object_del(s->p->quota_lines, key);
	}
	s->fold->stats.erased++;
}

/* Sums, and what is told of it. images: taken over. */
static void change_line(struct rep_step *s, const char *book, json_t *rep, json_t *images)
{
	const char *prospect = oracle_text(s->in, "prospect_id");
	json_t *lines = rep_lines_of(s->p, book);
	bool erased = oracle_is(s->in, "state", "ERASED");
	json_t *credit = rep_credit_of(book, s->in, rep_year_start(s->p->rules));
	bool goes = erased || (oracle_is(s->in, "state", "GONE") && json_is_null(credit));
	json_decref(credit);
	if (!lines) {
		lines = json_object();
		json_object_set_new(s->p->lines, book, lines);
	}
	json_t *sums = rep_running(s->p, book, json_object_get(rep, "quota_years"));
	json_t *before = json_incref(json_object_get(lines, prospect));
	if (goes && json_array_size(images) == 0) {
		json_object_del(lines, prospect);
		json_decref(images);
	} else {
		json_object_set_new(lines, prospect, new_line(s, before, images));
	}
	if (erased) {
		rep_attain_left(s, book, json_object_get(before, "credit"));
	} else {
		rep_attain_credit(s, rep, json_object_get(before, "credit"),
		                  json_object_get(json_object_get(lines, prospect), "credit"));
	}
	rep_cells_line(s, book, rep, before, json_object_get(lines, prospect));
	rep_alerts_of_line(s, rep, before, json_object_get(lines, prospect));
	json_decref(before);
	rep_note_change(s, book, rep, sums);
	rep_directory(s, book, rep, rep);
}

const char *rep_book_line(struct rep_step *s)
{
	const char *book = oracle_text(s->in, "book"), *prospect = oracle_text(s->in, "prospect_id");
	json_t *lines = rep_lines_of(s->p, book), *rep = json_object_get(s->p->reps, book);
	json_t *line = json_object_get(lines, prospect);
	bool erased = oracle_is(s->in, "state", "ERASED"), gone = oracle_is(s->in, "state", "GONE");
	/* a line that is gone is there for its images only: its sequence may begin anew; but not while it is a win */
	bool there = line && !oracle_is(line, "state", "GONE"), known = there || oracle_has(line, "credit");
	bool older = known && oracle_number(s->in, "sequence") <= oracle_number(line, "sequence");
	json_t *credit = rep_credit_of(book, s->in, rep_year_start(s->p->rules));
	gone = gone && json_is_null(credit);
	json_decref(credit);
	if (erased && rep) {
		erase(s, book, rep, prospect);
	}
	if ((older && !erased) || (erased && !line) || (gone && !known)) {
		s->fold->stats.stale += !erased;
		if (erased) {
			rep_handover_line(s, NULL);
		}
		return NULL;
	}
	json_t *before = there ? json_incref(line) : NULL;
	json_t *images = erased ? json_array() : images_after(s, book, rep, line);
	if (!erased) {
		rep_sheet_images(s, book, line, images);
	}
	change_line(s, book, rep_of_book(s, book), images);
	rep_inspect_line(s, book);
	rep_moves_line(s, before);
	rep_handover_line(s, before);
	json_decref(before);
	return NULL;
}

/* ---- HR ---- */

const char *rep_changed(struct rep_step *s)
{
	static const char *const fields[] = {
		"version",      "active",  "org_id",     "manager_id", "deputy_id",          "absent_from",
		"absent_until", "regions", "industries", "size_focus", "capacity_prospects", "employed_from"};
	char book[REP_KEY_BYTES];
	snprintf(book, sizeof(book), "rep:%s", oracle_text(s->in, "rep_id"));
	json_t *rep = json_object_get(s->p->reps, book);
	if (rep && oracle_number(s->in, "version") <= oracle_number(rep, "version")) {
		s->fold->stats.stale++;
		return NULL;
	}
	json_t *before = json_deep_copy(rep);
	rep = rep_of_book(s, book);
	bool moves = !json_equal(json_object_get(rep, "org_id"), json_object_get(s->in, "org_id"));
	s->fold->stats.org_moves += moves && oracle_has(rep, "org_id");
	size_t k;
	json_t *run;
	json_array_foreach(moves && s->p->jobs ? json_object_get(s->p->jobs, "runs") : NULL, k, run)
	{
		char moved[2 * REP_KEY_BYTES];
		snprintf(moved, sizeof(moved), "moved %s|%s", oracle_text(run, "run_id"), book);
		json_object_set_new(s->p->done, moved, json_true());
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		oracle_take(rep, fields[i], s->in, fields[i]);
	}
	oracle_set(rep, "erased", json_false());
	rep_cells_rep(s, book, rep, before);
	rep_attain_rep(s, rep, before);
	rep_directory(s, book, rep, before);
	rep_inspect_rep(s, book, before, rep);
	json_decref(before);
	return NULL;
}
