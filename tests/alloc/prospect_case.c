#include "prospect_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "funneld/adapters/sys.h"
#include "funneld/operators/prospect.h"
#include "prospect_world.h"
#include "rules_reader.h"

enum { DAY_MS = 86400000 };

static struct fnl_registry *registry;
static struct fnl_codec *codec; /* of the inputs; each worker opens its own */
static struct fnl_codec *worker_codec;

static void publish(struct stream_world *w, int32_t partition, const char *key, struct fnl_span value)
{
	assert_int_equal(w->bus->ops->publish(w->bus, "in", partition, fnl_span_str(key), value, NULL, 0), 0);
}

/* An input of prospect "p1" to partition 0, or to each when it is about no prospect. */
static void put(struct stream_world *w, const struct fnl_input *in, bool all)
{
	struct fnl_arena arena;
	struct fnl_span value;
	fnl_arena_init(&arena, 1 << 20);
	assert_int_equal(codec->ops->encode(codec, in->desc, in->v, &arena, &value), 0);
	for (int32_t i = 0; i < (all ? STREAM_WORLD_PARTITIONS : 1); i++) {
		publish(w, i, all ? "crm" : "p1", value);
	}
	fnl_arena_deinit(&arena);
}

static void put_rules(struct stream_world *w)
{
	struct fnl_input in = fnl_input_heartbeat(30);
	in.desc = &fnl_desc_rules_activated;
	fnl_input_i64(&in, FNL_RULES_ACTIVATED_RULES_VERSION, 1);
	fnl_input_str(&in, FNL_RULES_ACTIVATED_RULES_HASH,
	              "c73faa24147f87eb10ae817ce44ee25485ce48892fd6e8ef2cc62bff7d983bde");
	fnl_input_str(
		&in, FNL_RULES_ACTIVATED_RULES_TEXT,
		"[rules]\nversion = 1\n[retention]\ndeleted_keep_days = 30\n[stages]\nSmall talk = TOP 5 %\n[stages P]\n"
		"Handshake = BOTTOM\n");
	put(w, &in, true);
}

static void put_answer(struct stream_world *w, int64_t at_ms)
{
	struct fnl_input in = fnl_input_of(&fnl_desc_inspection_answered, at_ms);
	fnl_input_str(&in, FNL_INSPECTION_ANSWERED_ANSWER_ID, "n1");
	fnl_input_str(&in, FNL_INSPECTION_ANSWERED_PROSPECT_ID, "p1");
	fnl_input_str(&in, FNL_INSPECTION_ANSWERED_SHEET_ID, "r1#1");
	fnl_input_str(&in, FNL_INSPECTION_ANSWERED_QUESTION_ID, "1");
	fnl_input_str(&in, FNL_INSPECTION_ANSWERED_SHEET_REP_ID, "r1");
	fnl_input_str(&in, FNL_INSPECTION_ANSWERED_BY, "r1");
	fnl_input_i64(&in, FNL_INSPECTION_ANSWERED_CAUSE, FNL_CAUSE_OTHER);
	fnl_input_i64(&in, FNL_INSPECTION_ANSWERED_CONFIRMED, 1);
	put(w, &in, false);
}

static struct fnl_input staged(int64_t version, int64_t at_ms, const char *stage)
{
	struct fnl_input in = fnl_input_changed(version, at_ms);
	static const char *const owners[] = {"r1", "r2"};
	fnl_input_str(&in, FNL_PROSPECT_CHANGED_STAGE, stage);
	fnl_input_str(&in, FNL_PROSPECT_CHANGED_OWNER_REP_ID, owners[version % 2]);
	static const struct fnl_value persons[] = {{.set = true, .str = FNL_SPAN_LIT("other")},
	                                           {.set = true, .str = FNL_SPAN_LIT("person")}};
	/* the second time he lowers the amount and unlinks a person, who is erased later */
	fnl_input_money(&in, FNL_PROSPECT_CHANGED_AMOUNT, 1000000 - 100000 * version, "EUR");
	fnl_input_str(&in, FNL_PROSPECT_CHANGED_ACTOR_ID, owners[version % 2]);
	in.v[FNL_PROSPECT_CHANGED_CONTACT_IDS] = (struct fnl_value){.set = true, .list = {persons, version == 1 ? 2 : 1}};
	return in;
}

static void publish_all(struct stream_world *w)
{
	struct fnl_input in = staged(1, 10, "Prospecting");
	put(w, &in, false);
	in = staged(2, 20, "Handshake");
	put(w, &in, false);
	put_rules(w);
	in = fnl_input_contact("c1", 35, true, 40);
	put(w, &in, false);
	publish(w, 1, "p9", FNL_SPAN_LIT("no record"));
	in = fnl_input_heartbeat(45);
	put(w, &in, true);
	fnl_input_i64(&in, FNL_FEED_HEARTBEAT_CARRIES_CONTACTS, 1); /* a pass */
	put(w, &in, true);
	put_answer(w, 46);
	in = fnl_input_gap("g1", NULL, 50);
	put(w, &in, true);
	in = fnl_input_gap("g2", "p1", 60);
	put(w, &in, false);
	in = staged(3, 70, "Handshake");
	fnl_input_str(&in, FNL_PROSPECT_CHANGED_PIPELINE_ID, "P");
	fnl_input_i64(&in, FNL_PROSPECT_CHANGED_FULL, 1);
	put(w, &in, false);
	in = fnl_input_contact_erased("person", 75);
	put(w, &in, false);
	in = fnl_input_life(&fnl_desc_prospect_deleted, 4, 80);
	put(w, &in, false);
	in = fnl_input_heartbeat(INT64_C(40) * DAY_MS); /* the deleted row's time is over */
	put(w, &in, true);
	in = fnl_input_heartbeat(INT64_C(40000) * DAY_MS); /* not believed */
	put(w, &in, true);
	in = staged(5, INT64_C(41) * DAY_MS, "Qualified");
	put(w, &in, false);
	in = fnl_input_life(&fnl_desc_prospect_erased, 6, INT64_C(42) * DAY_MS);
	put(w, &in, false);
}

int prospect_case_open(struct stream_case *c, struct fnl_error *why)
{
	int rc = fnl_codec_avro_open(registry, &worker_codec, why);
	return rc ? rc
	          : fnl_prospect_operator_open(worker_codec, fnl_sys_ids(), fnl_test_rules_reader(),
	                                       STREAM_WORLD_PARTITIONS, &c->op, why);
}

void prospect_case_close(struct stream_case *c)
{
	c->op = fnl_prospect_operator_close(c->op);
	if (worker_codec) {
		worker_codec->ops->close(worker_codec);
		worker_codec = NULL;
	}
}

/* How often a partition's time is sent on depends on batches; a line has a key, a time has none. */
static bool is_time(const struct fnl_record *output)
{
	return fnl_span_is_none(output->key) && output->header_count == 0;
}

void prospect_case_begin(struct stream_case *c)
{
	static const char *const outputs[FNL_PROSPECT_OUT_COUNT] = {"layers", "alerts", "dead", "rep-inputs"};
	struct fnl_error why = {0};
	if (fnl_registry_file_open(FNL_SOURCE_DIR "/schemas", &registry, &why) != 0 ||
	    fnl_codec_avro_open(registry, &codec, &why) != 0) {
		fail_msg("%s", why.text);
	}
	*c = (struct stream_case){
		.stage = {"prospect", "in", fnl_prospect_tables, FNL_PROSPECT_TABLE_COUNT, FNL_PROSPECT_OUT_DEAD_LETTERS},
		.outputs = outputs,
		.output_count = FNL_PROSPECT_OUT_COUNT,
		.publish = publish_all,
		.hides = is_time,
	};
}

void prospect_case_end(void)
{
	codec->ops->close(codec);
	registry->ops->close(registry);
}
