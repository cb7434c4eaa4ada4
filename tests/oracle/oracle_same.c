/* Found against expected: headers, bytes, records. */
#include "oracle_same.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

int oracle_differ(struct oracle_report *to, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(to->why, to->why_bytes, fmt, args);
	va_end(args);
	return -1;
}

struct fnl_span oracle_header(const struct fnl_record *r, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = r->header_count; i-- > 0;) {
		if (r->headers[i].name.len == len && memcmp(r->headers[i].name.data, name, len) == 0) {
			return r->headers[i].value;
		}
	}
	return (struct fnl_span){NULL, 0};
}

int oracle_same_header(struct oracle_report *to, const char *where, const struct fnl_record *found, const char *name,
                       const char *expected)
{
	struct fnl_span v = oracle_header(found, name);
	bool same = v.data ? v.len == strlen(expected) && memcmp(v.data, expected, v.len) == 0 : !*expected;
	return same ? 0
	            : oracle_differ(to, "%s: header %s: expected '%s', found '%s'", where, name, expected,
	                            oracle_printable(v));
}

int oracle_same_number_header(struct oracle_report *to, const char *where, const struct fnl_record *found,
                              const char *name, int64_t expected)
{
	char text[24];
	snprintf(text, sizeof(text), "%" PRId64, expected);
	return oracle_same_header(to, where, found, name, text);
}

static char *json_text(const json_t *v, char *text, size_t bytes)
{
	size_t n = v ? json_dumpb(v, text, bytes - 1, JSON_COMPACT | JSON_ENCODE_ANY) : 0;
	snprintf(text + (n < bytes ? n : bytes - 1), n < bytes ? bytes - n : 1, "%s", v ? "" : "(no such field)");
	return text;
}

int oracle_same_record(struct oracle_report *to, const char *where, const char *what, const json_t *expected,
                       const json_t *found, const char *but)
{
	char a[600], b[600];
	const char *field;
	json_t *v;
	json_object_foreach((json_t *)expected, field, v)
	{
		const json_t *w = json_object_get(found, field);
		if (!w || (!json_equal(v, w) && (!but || strcmp(but, field) != 0))) {
			return oracle_differ(to, "%s: %s.%s: expected %s, found %s", where, what, field, json_text(v, a, sizeof(a)),
			                     json_text(w, b, sizeof(b)));
		}
	}
	bool same = json_object_size(expected) == json_object_size(found);
	return same ? 0 : oracle_differ(to, "%s: %s has other fields", where, what);
}

int oracle_same_value(struct oracle *o, struct oracle_report *to, const char *where, const char *record,
                      const json_t *expected, struct fnl_span found, const char *but)
{
	const struct oracle_schema *schema = NULL;
	const char *why = NULL;
	json_t *v = oracle_decode_value(o, found, &schema, &why);
	int rc = 0;
	if (!v) {
		return oracle_differ(to, "%s: expected a %s, found bytes that cannot be read: %s", where, record, why);
	}
	if (strcmp(schema->name, record) != 0) {
		rc = oracle_differ(to, "%s: expected a %s, found a %s", where, record, schema->name);
	}
	rc = rc ? rc : oracle_same_record(to, where, record, expected, v, but);
	json_decref(v);
	return rc;
}

static bool same_bytes(struct fnl_span a, struct fnl_span b)
{
	return (a.data == NULL) == (b.data == NULL) && a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int oracle_same_dead_letter(struct oracle_report *to, const char *where, const char *stage, const char *input_topic,
                            const struct fnl_record *r, const struct fnl_record *found)
{
	int rc = oracle_same_number_header(to, where, found, "__connect.errors.partition", r->partition);
	rc = rc ? rc : oracle_same_number_header(to, where, found, "__connect.errors.offset", r->offset);
	rc = rc ? rc : oracle_same_number_header(to, where, found, "__connect.errors.timestamp", r->timestamp_ms);
	rc = rc ? rc : oracle_same_header(to, where, found, "__connect.errors.topic", input_topic);
	rc = rc ? rc : oracle_same_header(to, where, found, "__connect.errors.stage", stage);
	if (rc) {
		return rc;
	}
	if (!same_bytes(r->key, found->key) || !same_bytes(r->value, found->value)) {
		return oracle_differ(to, "%s: the bytes are not those that came", where);
	}
	if (oracle_header(found, "__connect.errors.class.name").len == 0 ||
	    oracle_header(found, "__connect.errors.exception.message").len == 0) {
		return oracle_differ(to, "%s: it does not say why", where);
	}
	for (size_t i = 0; i < r->header_count; i++) {
		if (i >= found->header_count || !same_bytes(r->headers[i].name, found->headers[i].name) ||
		    !same_bytes(r->headers[i].value, found->headers[i].value)) {
			return oracle_differ(to, "%s: header %s did not stay", where, oracle_printable(r->headers[i].name));
		}
	}
	return 0;
}

/* By the days of Howard Hinnant's civil_from_days. */
void oracle_rfc3339(int64_t ms, char ret[64])
{
	int64_t days = ms / 86400000, rest = ms % 86400000;
	int64_t z = days + 719468;
	int64_t era = z / 146097, doe = z % 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;
	int64_t year = yoe + era * 400 + (month <= 2);
	snprintf(ret, 64, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year, (int)month, (int)(doy - (153 * mp + 2) / 5 + 1),
	         (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60), (int)(rest % 1000));
}
