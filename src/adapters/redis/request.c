#include "internal.h"

static bool need(struct fnl_redis_request *r, size_t bytes)
{
	if (r->err != 0) {
		return false;
	}
	if (bytes > REDIS_REQUEST_BYTES_MAX - r->len) {
		r->err = FNL_E_ARGUMENT;
		return false;
	}
	size_t wanted = r->len + bytes;
	if (wanted <= r->capacity) {
		return true;
	}
	size_t capacity = r->capacity ? r->capacity : 4096;
	while (capacity < wanted) {
		capacity *= 2;
	}
	uint8_t *grown = fnl_reallocarray(r->data, capacity, 1);
	if (!grown) {
		r->err = FNL_E_NOMEM;
		return false;
	}
	r->data = grown;
	r->capacity = capacity;
	return true;
}

static void put(struct fnl_redis_request *r, const void *data, size_t len)
{
	if (len) {
		memcpy(r->data + r->len, data, len);
		r->len += len;
	}
}

struct fnl_span fnl_redis_decimal(char *buffer, int64_t v)
{
	char digits[24];
	size_t n = 0;
	uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	do {
		digits[n++] = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (v < 0) {
		digits[n++] = '-';
	}
	for (size_t i = 0; i < n; i++) {
		buffer[i] = digits[n - 1 - i];
	}
	return fnl_span_of(buffer, n);
}

/* "<mark><n>\r\n"; room for it was asked for. */
static void put_header(struct fnl_redis_request *r, char mark, size_t n)
{
	char digits[24];
	struct fnl_span text = fnl_redis_decimal(digits, (int64_t)n);
	put(r, &mark, 1);
	put(r, text.data, text.len);
	put(r, "\r\n", 2);
}

void fnl_redis_request_joined(struct fnl_redis_request *r, struct fnl_span head, struct fnl_span middle,
                              struct fnl_span tail)
{
	size_t len = head.len + middle.len + tail.len;
	if (!need(r, len + 32)) {
		return;
	}
	put_header(r, '$', len);
	put(r, head.data, head.len);
	put(r, middle.data, middle.len);
	put(r, tail.data, tail.len);
	put(r, "\r\n", 2);
}

void fnl_redis_request_arg(struct fnl_redis_request *r, struct fnl_span arg)
{
	fnl_redis_request_joined(r, arg, FNL_SPAN_NONE, FNL_SPAN_NONE);
}

void fnl_redis_request_text(struct fnl_redis_request *r, const char *arg)
{
	fnl_redis_request_arg(r, fnl_span_str(arg));
}

void fnl_redis_request_number(struct fnl_redis_request *r, int64_t arg)
{
	char digits[24];
	fnl_redis_request_arg(r, fnl_redis_decimal(digits, arg));
}

void fnl_redis_request_begin(struct fnl_redis_request *r, const char *command, size_t argc_after)
{
	if (need(r, 32)) {
		put_header(r, '*', argc_after + 1);
		fnl_redis_request_text(r, command);
	}
}

/* "{<prefix>:<stage>:<partition>}:<name>"; ret has REDIS_KEY_BYTES_MAX. */
static size_t key_text(const struct fnl_redis *s, int32_t partition, const char *name, char *ret)
{
	char digits[24];
	struct fnl_span number = fnl_redis_decimal(digits, partition);
	size_t len = strlen(s->key_head);
	memcpy(ret, s->key_head, len);
	memcpy(ret + len, number.data, number.len);
	len += number.len;
	memcpy(ret + len, "}:", 2);
	len += 2;
	memcpy(ret + len, name, strlen(name));
	return len + strlen(name);
}

void fnl_redis_request_key(struct fnl_redis *s, int32_t partition, const char *name)
{
	char text[REDIS_KEY_BYTES_MAX];
	fnl_redis_request_arg(&s->request, fnl_span_of(text, key_text(s, partition, name, text)));
}

void fnl_redis_request_leaf(struct fnl_redis *s, int32_t partition, const char *index, struct fnl_span first)
{
	char text[REDIS_KEY_BYTES_MAX];
	struct fnl_span head = fnl_span_of(text, key_text(s, partition, index, text));
	fnl_redis_request_joined(&s->request, head, FNL_SPAN_LIT(":"), first);
}
