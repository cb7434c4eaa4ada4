/* What an input may say: ids are 1 to 128 bytes without controls and '|', other texts at most 256 bytes, times and days
 * lie in the years 1970 to 2199, versions begin at 1, amounts have at most 10^15 minor units. */
#include "oracle_internal.h"

enum { ID_BYTES_MAX = 128, TEXT_BYTES_MAX = 256, DAYS_END = 84006 };

static const char *check_id(const char *id, size_t len, size_t len_max, bool joined)
{
	if (len < 1 || len > len_max) {
		return "an id has 1 to 128 bytes, or what is made of one a few more";
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)id[i] < 0x20 || id[i] == 0x7f || (id[i] == '|' && !joined)) {
			return "an id has no controls and no '|'";
		}
	}
	return NULL;
}

const char *oracle_id_check(const char *id, size_t len)
{
	return check_id(id, len, ID_BYTES_MAX, false);
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);
	return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

static const char *check_code(const json_t *currency)
{
	const char *code = json_string_value(currency);
	bool ok = json_string_length(currency) == 3;
	for (size_t i = 0; ok && i < 3; i++) {
		ok = code[i] >= 'A' && code[i] <= 'Z';
	}
	return ok ? NULL : "a currency has three capital letters";
}

const char *oracle_currency_check(json_t *v)
{
	const char *why = NULL, *name;
	size_t i;
	json_t *item;
	if (json_is_array(v)) {
		json_array_foreach(v, i, item)
		{
			why = why ? why : oracle_currency_check(item);
		}
	}
	json_object_foreach(v, name, item)
	{
		why = why ? why : oracle_currency_check(item);
	}
	const json_t *currency = json_object_get(v, "currency");
	const char *no_code = json_is_string(currency) ? check_code(currency) : NULL;
	return no_code ? no_code : why;
}

static const char *check_amount(const json_t *v)
{
	int64_t amount = oracle_number(v, "amount_minor");
	if (amount > INT64_C(1000000000000000) || amount < -INT64_C(1000000000000000)) {
		return "an amount has at most 10^15 minor units";
	}
	return NULL;
}

/* logical: the Avro logical type, or "". */
static const char *check_number(const char *name, const char *logical, int64_t v)
{
	if ((strcmp(name, "version") == 0 || strcmp(name, "sequence") == 0) && v < 1) {
		return "a version is at least 1";
	}
	if ((strcmp(name, "prospect_count") == 0 || strcmp(name, "lost_count") == 0 ||
	     strcmp(name, "open_prospects") == 0) &&
	    v < 0) {
		return "a count is not negative";
	}
	if ((strcmp(name, "capacity_prospects") == 0 || strcmp(name, "rules_version") == 0) && v < 0) {
		return "a count is not negative";
	}
	if (strcmp(name, "fiscal_year") == 0 && (v < 1970 || v > 2199)) {
		return "a fiscal year lies in 1970 to 2199";
	}
	if ((strcmp(name, "probability_bp") == 0 || strcmp(name, "weight_bp") == 0) && (v < 0 || v > 10000)) {
		return "a probability has 0 to 10000 basis points";
	}
	if (strcmp(logical, "date") == 0 && (v < 0 || v >= DAYS_END)) {
		return "a day lies in the years 1970 to 2199";
	}
	if (strcmp(logical, "timestamp-millis") == 0 && (v < 0 || v >= DAYS_END * INT64_C(86400000))) {
		return "a time lies in the years 1970 to 2199";
	}
	return NULL;
}

/* type: as the .avsc has it. */
static const char *logical_of(const json_t *type)
{
	size_t i;
	const json_t *branch;
	json_array_foreach(type, i, branch)
	{
		const char *found = logical_of(branch);
		if (*found) {
			return found;
		}
	}
	const char *logical = json_string_value(json_object_get(type, "logicalType"));
	return logical ? logical : "";
}

static const char *check_fields(const json_t *record, const json_t *value);

/* The record that a type is, or has within; NULL: there is none here. */
static const json_t *record_of(const json_t *type)
{
	size_t i;
	const json_t *branch;
	json_array_foreach(type, i, branch)
	{
		const json_t *found = record_of(branch);
		if (found) {
			return found;
		}
	}
	const json_t *inner = json_object_get(type, "type");
	if (!json_is_object(type)) {
		return NULL;
	}
	if (oracle_is(type, "type", "record")) {
		return type;
	}
	return json_is_object(inner) || json_is_array(inner) ? record_of(inner) : record_of(json_object_get(type, "items"));
}

static const char *check_text(const char *name, const json_t *v)
{
	if (strcmp(name, "base_currency") == 0) {
		return check_code(v);
	}
	if (strcmp(name, "book") == 0) { /* looked at with the key */
		return NULL;
	}
	if (strcmp(name, "request_id") == 0) { /* a notice, '|', a number */
		return check_id(json_string_value(v), json_string_length(v), 150, true);
	}
	if (strcmp(name, "task_id") == 0) { /* a prospect, '#', a number */
		return check_id(json_string_value(v), json_string_length(v), 140, false);
	}
	if (ends_with(name, "_id") || ends_with(name, "_ids") || strcmp(name, "source") == 0 ||
	    strcmp(name, "rate_name") == 0) {
		return oracle_id_check(json_string_value(v), json_string_length(v));
	}
	return json_string_length(v) > TEXT_BYTES_MAX ? "a text has at most 256 bytes" : NULL;
}

static const char *check_value(const char *name, const json_t *type, const json_t *v)
{
	size_t i;
	const json_t *item, *record;
	const char *why = NULL;
	if (json_is_string(v)) {
		return check_text(name, v);
	}
	if (json_is_integer(v)) {
		return check_number(name, logical_of(type), json_integer_value(v));
	}
	if (json_is_object(v) && json_object_get(v, "currency")) {
		return check_amount(v);
	}
	json_array_foreach(v, i, item)
	{
		why = why ? why : check_value(name, type, item);
	}
	record = json_is_object(v) ? record_of(type) : NULL;
	return why || !record ? why : check_fields(record, v);
}

static const char *check_fields(const json_t *record, const json_t *value)
{
	size_t i;
	json_t *field;
	json_array_foreach(json_object_get(record, "fields"), i, field)
	{
		const char *name = json_string_value(json_object_get(field, "name"));
		const char *why = check_value(name, json_object_get(field, "type"), json_object_get(value, name));
		if (why) {
			return why;
		}
	}
	return NULL;
}

const char *oracle_limits(const struct oracle_schema *schema, const json_t *value)
{
	return check_fields(schema->avsc, value);
}
