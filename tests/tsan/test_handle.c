/* ThreadSanitizer and librdkafka in one program: without the shim it crashes at the first handle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>

#include <stdatomic.h>

static void count_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *context)
{
	(void)handle;
	(void)context;
	if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		atomic_fetch_add((atomic_int *)message->_private, 1);
	}
}

/* A producer against librdkafka's in-process broker: its threads start, deliver and end. */
static void a_handle_lives_and_ends(void **state)
{
	(void)state;
	char why[256];
	atomic_int delivered = 0;
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	assert_int_equal(rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", why, sizeof(why)), RD_KAFKA_CONF_OK);
	rd_kafka_conf_set_dr_msg_cb(conf, count_delivery);
	rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	assert_non_null(handle);
	for (int i = 0; i < 100; i++) {
		rd_kafka_resp_err_t rc =
			rd_kafka_producev(handle, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_VALUE("x", 1), RD_KAFKA_V_OPAQUE(&delivered),
		                      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
		assert_int_equal(rc, RD_KAFKA_RESP_ERR_NO_ERROR);
	}
	assert_int_equal(rd_kafka_flush(handle, 20000), RD_KAFKA_RESP_ERR_NO_ERROR);
	assert_int_equal(atomic_load(&delivered), 100);
	rd_kafka_destroy(handle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_handle_lives_and_ends)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
