/* Copy on write for inspection sheets: what a line was when a sheet was made, or is due. */
#include "book_internal.h"
#include "funneld/core/inspection.h"

static const char sheet_prefix[] = "sheet|"; /* an id has no '|': no quota run is called so */
enum { SHEET_PREFIX_LEN = sizeof(sheet_prefix) - 1 };

#define NEVER INT64_MAX

static bool is_owned(const struct fnl_value *line)
{
	return line && line[FNL_LINE_STATE].i64 == FNL_LINE_STATE_OWNED;
}

/* As of when the next sheet will be, by what is known. */
static int64_t next_sheet(const struct fnl_value *inspection)
{
	const struct fnl_value *next = &inspection[FNL_INSPECTION_NEXT_SHEET_AT];
	const struct fnl_value *asked = &inspection[FNL_INSPECTION_ASKED_AT];
	int64_t at_ms = next->set ? next->i64 : NEVER;
	return asked->set && asked->i64 < at_ms ? asked->i64 : at_ms;
}

struct fnl_sheet_images fnl_sheet_images_of(const struct fnl_value *inspection, const struct fnl_value *from,
                                            const struct fnl_value *to)
{
	struct fnl_sheet_images s = {0};
	if (!inspection) {
		return s;
	}
	const struct fnl_value *after = &inspection[FNL_INSPECTION_AFTER];
	int64_t number = inspection[FNL_INSPECTION_SHEET_NUMBER].i64;
	bool to_come = inspection[FNL_INSPECTION_MAKING].i64 &&
	               (!after->set || fnl_span_cmp(to[FNL_LINE_PROSPECT_ID].str, after->str) > 0);
	s.oldest = to_come ? number - 1 : number; /* the pass compares with the sheet before */
	if (!is_owned(from) && !is_owned(to)) {
		return s; /* no sheet shows it, before or now */
	}
	if (number > 0) {
		s.wanted[s.wanted_count++] = number;
	}
	if (to[FNL_LINE_EFFECTIVE_AT].i64 > next_sheet(inspection)) {
		s.wanted[s.wanted_count++] = number + 1;
	}
	return s;
}

int64_t fnl_sheet_of_image(const struct fnl_value *image)
{
	struct fnl_span id = image[FNL_LINE_IMAGE_RUN_ID].str;
	int64_t number;
	bool is_sheet = id.len > SHEET_PREFIX_LEN && memcmp(id.data, sheet_prefix, SHEET_PREFIX_LEN) == 0 &&
	                fnl_parse_decimal(fnl_span_of(id.data + SHEET_PREFIX_LEN, id.len - SHEET_PREFIX_LEN), &number);
	return is_sheet ? number : 0;
}

static bool has_sheet(struct fnl_list images, int64_t number)
{
	for (size_t i = 0; i < images.count; i++) {
		if (fnl_sheet_of_image(images.items[i].list.items) == number) {
			return true;
		}
	}
	return false;
}

const struct fnl_value *fnl_sheet_image(const struct fnl_value *line, int64_t number)
{
	struct fnl_list images = line[FNL_LINE_IMAGES].list;
	for (size_t i = 0; i < images.count; i++) {
		const struct fnl_value *image = images.items[i].list.items;
		if (fnl_sheet_of_image(image) == number) {
			return image + FNL_LINE_IMAGE_STATE;
		}
	}
	return NULL;
}

/* Whether the line still says of a person that he is a contact, or was one until he was unlinked against the company.
 */
static bool is_known(const struct fnl_value *line, struct fnl_span person_id)
{
	struct fnl_list ids = line[FNL_LINE_CONTACT_IDS].list;
	struct fnl_list adverse = line[FNL_LINE_ADVERSE].list;
	for (size_t i = 0; i < ids.count; i++) {
		if (fnl_span_eq(ids.items[i].str, person_id)) {
			return true;
		}
	}
	for (size_t i = 0; i < adverse.count; i++) {
		const struct fnl_value *change = adverse.items[i].list.items;
		if (change[FNL_ADVERSE_CHANGE_KIND].i64 == FNL_ADVERSE_KIND_CONTACT_UNLINKED &&
		    change[FNL_ADVERSE_CHANGE_OLD_CODE].set &&
		    fnl_span_eq(change[FNL_ADVERSE_CHANGE_OLD_CODE].str, person_id)) {
			return true;
		}
	}
	return false;
}

static size_t count_unknown(const struct fnl_value *image, const struct fnl_value *line)
{
	struct fnl_list ids = image[FNL_LINE_IMAGE_CONTACT_IDS].list;
	size_t count = 0;
	if (fnl_value_eq(&fnl_desc_line.fields[FNL_LINE_CONTACT_IDS], &image[FNL_LINE_IMAGE_CONTACT_IDS],
	                 &line[FNL_LINE_CONTACT_IDS])) {
		return 0;
	}
	for (size_t i = 0; i < ids.count; i++) {
		count += !is_known(line, ids.items[i].str);
	}
	return count;
}

/* The image (an item of a list) without the persons that the line does not know any more. */
static int forget(struct fnl_value *item, const struct fnl_value *line, struct fnl_arena *arena)
{
	struct fnl_list ids = item->list.items[FNL_LINE_IMAGE_CONTACT_IDS].list;
	size_t count = 0;
	if (count_unknown(item->list.items, line) == 0) {
		return FNL_OK;
	}
	struct fnl_value *image = fnl_values_copy(arena, item->list.items, FNL_LINE_IMAGE_FIELD_COUNT);
	struct fnl_value *left = fnl_arena_alloc(arena, ids.count * sizeof(*left));
	if (!image || !left) {
		return FNL_E_NOMEM;
	}
	for (size_t i = 0; i < ids.count; i++) {
		if (is_known(line, ids.items[i].str)) {
			left[count++] = ids.items[i];
		}
	}
	image[FNL_LINE_IMAGE_CONTACT_IDS] = fnl_value_list(left, count);
	*item = fnl_value_list(image, FNL_LINE_IMAGE_FIELD_COUNT);
	return FNL_OK;
}

bool fnl_sheet_images_stand(const struct fnl_sheet_images *s, struct fnl_list images, const struct fnl_value *to)
{
	for (size_t i = 0; i < images.count; i++) {
		int64_t number = fnl_sheet_of_image(images.items[i].list.items);
		if (number == 0 || number < s->oldest || count_unknown(images.items[i].list.items, to) > 0) {
			return false;
		}
	}
	for (size_t i = 0; i < s->wanted_count; i++) {
		if (!has_sheet(images, s->wanted[i])) {
			return false;
		}
	}
	return true;
}

int fnl_sheet_images_add(const struct fnl_sheet_images *s, const struct fnl_value *from, const struct fnl_value *to,
                         struct fnl_arena *arena, struct fnl_value *items, size_t *count)
{
	size_t first = *count;
	struct fnl_list old = from ? from[FNL_LINE_IMAGES].list : (struct fnl_list){NULL, 0};
	size_t room = FNL_INSPECT_IMAGES_MAX;
	for (size_t i = 0; i < old.count && room > 0; i++) {
		int64_t number = fnl_sheet_of_image(old.items[i].list.items);
		if (number > 0 && number >= s->oldest) {
			items[(*count)++] = old.items[i];
			room--;
		}
	}
	for (size_t i = 0; i < s->wanted_count && room > 0; i++) {
		if (has_sheet(old, s->wanted[i])) {
			continue;
		}
		struct fnl_writer w = fnl_writer_of(arena);
		fnl_write_raw(&w, fnl_span_of(sheet_prefix, SHEET_PREFIX_LEN));
		fnl_write_decimal(&w, s->wanted[i]);
		struct fnl_span id = fnl_writer_span(&w);
		struct fnl_value *image = fnl_span_is_none(id) ? NULL : fnl_line_image(arena, id, from);
		if (!image) {
			return FNL_E_NOMEM;
		}
		items[(*count)++] = fnl_value_list(image, FNL_LINE_IMAGE_FIELD_COUNT);
		room--;
	}
	int r = FNL_OK;
	for (size_t i = first; i < *count && r == FNL_OK; i++) {
		r = forget(&items[i], to, arena);
	}
	return r;
}
