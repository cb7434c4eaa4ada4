#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "funneld/base/arena.h"
#include "funneld/base/sha256.h"

static void assert_hash(struct fnl_span text, const char *expected)
{
	char hex[FNL_SHA256_HEX_BYTES + 1];
	fnl_sha256_hex(text, hex);
	assert_string_equal(hex, expected);
}

/* FIPS 180-4's own examples, and both sides of a block's end. */
static void known_texts(void **state)
{
	(void)state;
	assert_hash(FNL_SPAN_LIT(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_hash(FNL_SPAN_LIT("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_hash(FNL_SPAN_LIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
	            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	uint8_t *many = fnl_calloc(1000000, 1);
	memset(many, 'a', 1000000);
	assert_hash(fnl_span_of(many, 55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
	assert_hash(fnl_span_of(many, 56), "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
	assert_hash(fnl_span_of(many, 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
	assert_hash(fnl_span_of(many, 1000000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	fnl_free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(known_texts)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
