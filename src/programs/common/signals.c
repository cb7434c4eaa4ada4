#include "signals.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "exit_codes.h"

/* The only mutable global of the programs: a signal handler can reach nothing else. */
static volatile bool stop_asked;

static void on_signal(int number)
{
	(void)number;
	if (stop_asked) {
		_exit(FNL_EXIT_SECOND_SIGNAL);
	}
	stop_asked = true;
}

void fnl_signals_install(void)
{
	struct sigaction action;
	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = on_signal; /* without SA_RESTART: a blocked sleep or read ends */
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

const volatile bool *fnl_stop_flag(void)
{
	return &stop_asked;
}

void fnl_stop_ask(void)
{
	stop_asked = true;
}
