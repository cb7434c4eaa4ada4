#include "rules_zone.h"

#include <stdio.h>
#include <stdlib.h>

#include "funneld/adapters/sys.h"
#include "funneld/base/wire.h"

/* 1 January of FNL_RULES_ZONE_FIRST_YEAR, and of the year after FNL_RULES_ZONE_LAST_YEAR */
static const int64_t FROM_MS = INT64_C(946684800000);
static const int64_t UNTIL_MS = INT64_C(2524608000000);

static void write_text(struct fnl_writer *w, const char *text)
{
	fnl_write_raw(w, fnl_span_str(text));
}

/* "2026-03-29T01:00:00Z = +02:00" */
static void write_line(struct fnl_writer *w, struct fnl_arena *arena, const struct fnl_zone_change *c)
{
	char offset[32];
	struct fnl_writer time = fnl_writer_of(arena);
	int minutes = abs((int)c->offset_s / 60);
	fnl_write_rfc3339(&time, c->from_ms);
	struct fnl_span text = fnl_writer_span(&time);
	snprintf(offset, sizeof(offset), "Z = %c%02d:%02d\n", c->offset_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
	fnl_write_raw(w, fnl_span_of(text.data, text.len < 19 ? text.len : 19)); /* without milliseconds */
	write_text(w, offset);
}

static int append(struct fnl_span text, const struct fnl_zone_change *changes, size_t count, struct fnl_arena *arena,
                  struct fnl_span *ret, struct fnl_error *why)
{
	struct fnl_writer w = fnl_writer_of(arena);
	fnl_write_raw(&w, text);
	write_text(&w, text.len && text.data[text.len - 1] != '\n' ? "\n[zone]\n" : "[zone]\n");
	for (size_t i = 0; i < count; i++) {
		write_line(&w, arena, &changes[i]);
	}
	struct fnl_span all = fnl_writer_span(&w);
	if (fnl_span_is_none(all)) {
		return fnl_fail(why, FNL_E_NOMEM, "%s", fnl_status_text(FNL_E_NOMEM));
	}
	*ret = all;
	return 0;
}

int fnl_rules_zone_append(struct fnl_span text, const struct fnl_rules *rules, const char *dir, struct fnl_arena *arena,
                          struct fnl_span *ret, struct fnl_error *why)
{
	struct fnl_zone_change changes[FNL_CALENDAR_OFFSETS_MAX];
	char zone[128];
	size_t count;
	if (fnl_span_is_none(rules->zone) || rules->calendar.offset_count) {
		*ret = text;
		return 0;
	}
	dir = dir ? dir : getenv("TZDIR");
	snprintf(zone, sizeof(zone), "%.*s", (int)rules->zone.len, (const char *)rules->zone.data);
	if (strncmp(zone, "right/", 6) == 0) {
		return fnl_fail(why, FNL_E_ARGUMENT, "the zone '%s' counts leap seconds, which nobody else here does", zone);
	}
	int rc = fnl_zone_read(dir && dir[0] == '/' ? dir : FNL_ZONEINFO_DIR, zone, FROM_MS, UNTIL_MS, changes,
	                       FNL_CALENDAR_OFFSETS_MAX, &count, why);
	if (rc) {
		return rc;
	}
	for (size_t i = 0; i < count; i++) {
		if (changes[i].offset_s % 60 || abs(changes[i].offset_s) > 50400) {
			return fnl_fail(why, FNL_E_ARGUMENT,
			                "the clock of the zone '%s' differs by %d s from UTC, expected whole minutes", zone,
			                (int)changes[i].offset_s);
		}
	}
	return append(text, changes, count, arena, ret, why);
}
