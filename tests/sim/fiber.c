/* Coroutines by ucontext. AddressSanitizer is told about each change of stacks. */
#include <stdlib.h>
#include <ucontext.h>

#include "sim.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define SWITCH_START(save, bottom, size) __sanitizer_start_switch_fiber(save, bottom, size)
#define SWITCH_END(fake, bottom, size) __sanitizer_finish_switch_fiber(fake, bottom, size)
#else
#define SWITCH_START(save, bottom, size) ((void)(save), (void)(bottom), (void)(size))
#define SWITCH_END(fake, bottom, size) ((void)(fake), (void)(bottom), (void)(size))
#endif

enum { STACK_BYTES = 1 << 20 };

struct sim_fiber {
	ucontext_t context;
	ucontext_t caller;
	const void *caller_bottom;
	size_t caller_bytes;
	void *fake;
	void (*body)(void *context);
	void *argument;
	bool ended;
	uint8_t *stack;
};

static void fiber_main(unsigned high, unsigned low)
{
	struct sim_fiber *f = (struct sim_fiber *)(((uintptr_t)high << 32) | low);
	SWITCH_END(NULL, &f->caller_bottom, &f->caller_bytes);
	f->body(f->argument);
	f->ended = true;
	SWITCH_START(NULL, f->caller_bottom, f->caller_bytes);
	swapcontext(&f->context, &f->caller);
}

static bool take_context(struct sim_fiber *f)
{
	return getcontext(&f->context) == 0;
}

struct sim_fiber *sim_fiber_open(void (*body)(void *context), void *context)
{
	struct sim_fiber *f = calloc(1, sizeof(*f));
	uint8_t *stack = f ? malloc(STACK_BYTES) : NULL;
	if (!stack || !take_context(f)) {
		free(stack);
		free(f);
		return NULL;
	}
	f->body = body;
	f->argument = context;
	f->stack = stack;
	f->context.uc_stack.ss_sp = stack;
	f->context.uc_stack.ss_size = STACK_BYTES;
	uintptr_t self = (uintptr_t)f;
	makecontext(&f->context, (void (*)(void))(uintptr_t)fiber_main, 2, (unsigned)(self >> 32), (unsigned)self);
	return f;
}

bool sim_fiber_resume(struct sim_fiber *f)
{
	if (!f->ended) {
		void *fake = NULL;
		SWITCH_START(&fake, f->stack, STACK_BYTES);
		swapcontext(&f->caller, &f->context);
		SWITCH_END(fake, NULL, NULL);
	}
	return !f->ended;
}

void sim_fiber_wait(struct sim_fiber *f)
{
	SWITCH_START(&f->fake, f->caller_bottom, f->caller_bytes);
	swapcontext(&f->context, &f->caller);
	SWITCH_END(f->fake, &f->caller_bottom, &f->caller_bytes);
}

struct sim_fiber *sim_fiber_close(struct sim_fiber *f)
{
	free(f->stack);
	free(f);
	return NULL;
}
