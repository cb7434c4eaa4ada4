/* SIGTERM and SIGINT ask the program to end; the second one ends it at once with FNL_EXIT_SECOND_SIGNAL. */
#ifndef FNL_PROGRAMS_SIGNALS_H
#define FNL_PROGRAMS_SIGNALS_H

#include <stdbool.h>

/* SIGPIPE is ignored from here on: a write to a closed pipe returns its error. */
void fnl_signals_install(void);

/* Becomes true at the first signal (or fnl_stop_ask); static. */
const volatile bool *fnl_stop_flag(void);

/* The program itself asks all its loops to end, as the first signal would. */
void fnl_stop_ask(void);

#endif
