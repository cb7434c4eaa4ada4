/* funnelctl tail: decoded events of any topics, one a line. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>

#include "command.h"
#include "funneld/adapters/avro.h"
#include "signals.h"
#include "view_event.h"

enum { TAIL_TOPICS_MAX = 64, ARENA_BYTES = 64 << 20 };

static const char usage[] = "funnelctl tail TOPIC... [--from-beginning] [--until-end]\n"
							"  TOPIC             a topic's name, or its default name in this deployment\n"
							"  --from-beginning  from the oldest record that is kept; else from now on\n"
							"  --until-end       stop at what is committed now; else wait for more\n"
							"Committed records only. With --json a line is {\"topic\", \"partition\", \"offset\", "
							"\"key\", \"headers\", \"type\", \"data\"}.\n";

struct tail {
	struct fnl_app *app;
	struct fnl_codec *codec;
	struct fnl_arena arena;
	struct fnl_canvas canvas;
	const char *topics[TAIL_TOPICS_MAX];
	size_t topic_count;
	bool from_beginning;
	bool until_end;
	bool write_failed;
};

static json_t *base64(struct fnl_span s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0;
	char *text = fnl_calloc(s.len / 3 * 4 + 5, 1);
	if (!text) {
		return NULL;
	}
	for (size_t i = 0; i < s.len; i += 3) {
		uint32_t three = (uint32_t)s.data[i] << 16 | (i + 1 < s.len ? (uint32_t)s.data[i + 1] << 8 : 0) |
		                 (i + 2 < s.len ? s.data[i + 2] : 0);
		text[n++] = digits[three >> 18];
		text[n++] = digits[three >> 12 & 63];
		text[n++] = i + 1 < s.len ? digits[three >> 6 & 63] : '=';
		text[n++] = i + 2 < s.len ? digits[three & 63] : '=';
	}
	json_t *o = json_pack("{s:s#}", "base64", text, (int)n);
	fnl_free(text);
	return o;
}

/* Text where it is text. */
static json_t *text_or_base64(struct fnl_span s)
{
	if (fnl_span_is_none(s)) {
		return json_null();
	}
	return fnl_span_utf8_valid(s) ? json_stringn((const char *)s.data, s.len) : base64(s);
}

static json_t *headers_of(const struct fnl_record *r)
{
	json_t *o = json_object();
	for (size_t i = 0; o && i < r->header_count; i++) {
		char name[256];
		const struct fnl_header *h = &r->headers[i];
		size_t len = h->name.len < sizeof(name) - 1 ? h->name.len : sizeof(name) - 1;
		memcpy(name, h->name.data, len);
		name[len] = '\0';
		json_object_set_new(o, name, text_or_base64(h->value));
	}
	return o;
}

static json_t *data_of(struct tail *t, const struct fnl_record *r, const struct fnl_decoded *d)
{
	struct fnl_span text;
	if (fnl_span_is_none(r->value)) {
		return json_null();
	}
	if (d->desc && fnl_record_to_json(d, &t->arena, &text) == 0) {
		json_t *o = json_loadb((const char *)text.data, text.len, 0, NULL);
		if (o) {
			return o;
		}
	}
	return base64(r->value);
}

static int line_json(struct tail *t, size_t topic, const struct fnl_record *r, const struct fnl_decoded *d,
                     const struct fnl_error *why)
{
	char at[FNL_TEXT_BYTES];
	fnl_text_rfc3339(r->timestamp_ms, at);
	json_t *o =
		json_pack("{s:s, s:i, s:I, s:o, s:o, s:s?, s:o, s:s}", "topic", t->topics[topic], "partition",
	              (int)r->partition, "offset", (json_int_t)r->offset, "key", text_or_base64(r->key), "headers",
	              headers_of(r), "type", d->desc ? d->desc->name : NULL, "data", data_of(t, r, d), "timestamp", at);
	if (o && !d->desc && !fnl_span_is_none(r->value)) {
		json_object_set_new(o, "error", json_string(why->text));
	}
	int failed = !o || json_dumpf(o, stdout, JSON_COMPACT) || fputc('\n', stdout) == EOF;
	json_decref(o);
	return failed;
}

static int line_text(struct tail *t, size_t topic, const struct fnl_record *r, const struct fnl_decoded *d,
                     const struct fnl_error *why)
{
	const struct fnl_canvas *c = &t->canvas;
	if (t->topic_count > 1) {
		fnl_text_cell(c, fnl_span_str(t->topics[topic]), 22);
		fputc(' ', c->out);
	}
	struct fnl_span key = fnl_span_is_none(r->key) ? FNL_SPAN_LIT("(no key)") : r->key;
	if (d->desc) {
		fnl_event_line(c, key, d);
	} else {
		char at[FNL_TEXT_BYTES];
		fnl_text_time(r->timestamp_ms, at);
		fprintf(c->out, "%s%s%s  ", fnl_style_on(c, FNL_DIM), at, fnl_style_off(c));
		fnl_text_cell(c, key, 14);
		if (fnl_span_is_none(r->value)) {
			fprintf(c->out, "  %stombstone%s", fnl_style_on(c, FNL_DIM), fnl_style_off(c));
		} else {
			fprintf(c->out, "  %s%zu bytes: %s%s", fnl_style_on(c, FNL_RED), r->value.len, why->text, fnl_style_off(c));
		}
	}
	return fputc('\n', c->out) == EOF;
}

static int on_record(void *context, size_t topic, const struct fnl_record *r)
{
	struct tail *t = context;
	struct fnl_decoded d = {0};
	struct fnl_error why = {0};
	fnl_arena_reset(&t->arena);
	if (!fnl_span_is_none(r->value) && t->codec->ops->decode(t->codec, r, &t->arena, &d, &why)) {
		d.desc = NULL;
	}
	int failed = t->app->json ? line_json(t, topic, r, &d, &why) : line_text(t, topic, r, &d, &why);
	if (!t->until_end) {
		failed |= fflush(stdout) != 0; /* a line is of use when it happens */
	}
	t->write_failed = failed || ferror(stdout);
	return t->write_failed;
}

/* A default name becomes this deployment's; anything else is taken as it is. */
static const char *resolve(const struct fnl_app *app, const char *name)
{
	for (int i = 0; i < FNL_TOPIC_COUNT; i++) {
		if (strcmp(fnl_topic_default((enum fnl_topic)i), name) == 0) {
			return fnl_app_topic(app, (enum fnl_topic)i);
		}
	}
	return name;
}

static int parse(struct tail *t, int argc, char **argv)
{
	static const struct option options[] = {
		{"from-beginning", no_argument, NULL, 'b'}, {"until-end", no_argument, NULL, 'e'}, {NULL, 0, NULL, 0}};
	int option;
	opterr = 0;
	optind = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'b' && option != 'e') {
			return fnl_usage_error(&fnl_cmd_tail, "that option is not known");
		}
		t->from_beginning |= option == 'b';
		t->until_end |= option == 'e';
	}
	if (optind == argc || argc - optind > TAIL_TOPICS_MAX) {
		return fnl_usage_error(&fnl_cmd_tail, "expected 1 to %d topics", TAIL_TOPICS_MAX);
	}
	for (int i = optind; i < argc; i++) {
		t->topics[t->topic_count++] = resolve(t->app, argv[i]);
	}
	return 0;
}

/* The first failure's errno is long overwritten, so it is asked for again. */
static bool reader_has_gone(void)
{
	clearerr(stdout);
	errno = 0;
	fputc('\n', stdout);
	return fflush(stdout) != 0 && errno == EPIPE;
}

static int read_topics(struct tail *t, struct fnl_bus *bus, struct fnl_error *why)
{
	for (size_t i = 0; i < t->topic_count; i++) {
		struct fnl_topic_info info = {0};
		int status = bus->ops->describe_topic(bus, t->topics[i], &info);
		if (status < 0) {
			return fnl_fail(why, status, "%s: %s", t->topics[i], bus->ops->explain(bus));
		}
		if (info.partition_count == 0) {
			return fnl_fail(why, FNL_E_DISCONNECTED, "there is no topic %s", t->topics[i]);
		}
	}
	int status =
		bus->ops->read(bus, t->topics, t->topic_count, t->from_beginning, t->until_end, fnl_stop_flag(), on_record, t);
	if (t->write_failed && reader_has_gone()) {
		return 0; /* who read it has seen enough */
	}
	if (t->write_failed) {
		return fnl_fail(why, FNL_E_IO, "standard output cannot be written");
	}
	return status < 0 ? fnl_fail(why, status, "%s", bus->ops->explain(bus)) : 0;
}

static int run(struct fnl_app *app, int argc, char **argv)
{
	struct tail t = {.app = app};
	struct fnl_error why = {0};
	struct fnl_bus *bus;
	int status = parse(&t, argc, argv);
	if (status) {
		return status;
	}
	status = fnl_app_codec(app, &t.codec, &why);
	if (status) {
		return fnl_app_fail(app, FNL_EXIT_SETTINGS, &why);
	}
	status = fnl_app_bus(app, &bus, &why);
	if (status == 0) {
		fnl_signals_install();
		fnl_arena_init(&t.arena, ARENA_BYTES);
		t.canvas = fnl_canvas_of(stdout, app->color);
		status = read_topics(&t, bus, &why);
		fnl_arena_deinit(&t.arena);
	}
	return status ? fnl_app_fail(app, fnl_exit_code(status), &why) : FNL_EXIT_OK;
}

const struct fnl_command fnl_cmd_tail = {"tail", "decoded events of topics, one a line", usage, run};
