#include "rep_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "funneld/adapters/avro.h"
#include "funneld/adapters/registry.h"
#include "funneld/adapters/sys.h"
#include "rules_reader.h"

static const char *const topics[FNL_REP_OUT_COUNT] = {"quotas",      "rejections",   "dead",      "alerts",
                                                      "inspections", "org-inputs",   "directory", "handovers",
                                                      "reviews",     "reassignments"};

void rep_stage_open(struct rep_stage *s, const char *schema_directory)
{
	struct fnl_error why;
	fnl_books_start(&s->books);
	assert_int_equal(fnl_registry_file_open(schema_directory, &s->registry, &why), 0);
	assert_int_equal(fnl_codec_avro_open(s->registry, &s->codec, &why), 0);
	assert_int_equal(fnl_rep_operator_open(s->codec, fnl_sys_ids(), fnl_test_rules_reader(), 0, &s->op, &why), 0);
}

void rep_stage_close(struct rep_stage *s)
{
	fnl_rep_operator_close(s->op);
	s->codec->ops->close(s->codec);
	s->registry->ops->close(s->registry);
	fnl_books_end(&s->books);
}

struct stage_result *rep_stage_run(struct rep_stage *s, const struct stage_run *r)
{
	struct stage_run all = *r;
	all.stage = (struct fnl_stage){"rep", "in", fnl_rep_tables, FNL_REP_TABLE_COUNT, FNL_REP_OUT_DEAD_LETTERS};
	all.outputs = topics;
	all.output_count = FNL_REP_OUT_COUNT;
	all.op = s->op;
	all.future_max_ms = 400 * FNL_DAY;
	all.event_time_max_ms = FNL_T0 + 400 * FNL_DAY;
	all.context = s;
	fnl_books_clear(&s->books);
	return stage_run(&all);
}

void rep_stage_publish(struct rep_stage *s, struct fnl_bus *bus, int32_t partition, const char *key,
                       const struct fnl_input *in, size_t cause)
{
	struct fnl_span value;
	char id[32];
	snprintf(id, sizeof(id), "cause-%zu", cause);
	const struct fnl_header headers[] = {{FNL_SPAN_LIT("ce_causationid"), fnl_span_str(id)},
	                                     {FNL_SPAN_LIT("ce_id"), fnl_span_str(id)}};
	assert_int_equal(s->codec->ops->encode(s->codec, in->desc, in->v, &s->books.arena, &value), 0);
	assert_int_equal(bus->ops->publish(bus, "in", partition, fnl_span_str(key), value, headers, 2), 0);
}

const struct fnl_value *rep_stage_decode(struct rep_stage *s, struct fnl_span value, const struct fnl_record_desc **ret)
{
	const struct fnl_record r = {.value = value};
	struct fnl_decoded d;
	struct fnl_error why;
	assert_int_equal(s->codec->ops->decode(s->codec, &r, &s->books.arena, &d, &why), 0);
	*ret = d.desc;
	return d.values;
}
