#include "exit_codes.h"

#include "funneld/base/status.h"

int fnl_exit_code(int status)
{
	switch (status) {
	case FNL_OK:
		return FNL_EXIT_OK;
	case FNL_E_ARGUMENT:
		return FNL_EXIT_SETTINGS;
	case FNL_E_TIMEOUT:
	case FNL_E_DISCONNECTED:
	case FNL_E_NOT_FOUND:
	case FNL_E_UNSUPPORTED:
	case FNL_E_TXN_ABORTABLE:
	case FNL_E_TXN_UNKNOWN:
	case FNL_E_FENCED_PRODUCER:
	case FNL_E_NOT_ASSIGNED:
		return FNL_EXIT_KAFKA;
	case FNL_E_LAYOUT:
		return FNL_EXIT_LAYOUT;
	case FNL_E_STATE:
		return FNL_EXIT_STATE;
	case FNL_E_FENCED_INSTANCE:
		return FNL_EXIT_FENCED;
	default:
		return FNL_EXIT_INTERNAL;
	}
}

const char *fnl_exit_text(int code)
{
	switch (code) {
#define FNL_X(name, number, text) \
	case number: \
		return text;
		FNL_EXIT_TABLE(FNL_X)
#undef FNL_X
	default:
		return "unknown";
	}
}
