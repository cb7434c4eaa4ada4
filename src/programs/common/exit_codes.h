/* What the programs' exit codes mean: the same table for daemon and tools, and for the supervisor that reads them. */
#ifndef FNL_PROGRAMS_EXIT_CODES_H
#define FNL_PROGRAMS_EXIT_CODES_H

/* X(name, code, text) */
#define FNL_EXIT_TABLE(X) \
	X(OK, 0, "done") \
	X(INTERNAL, 1, "something unforeseen; the text on stderr says what") \
	X(USAGE, 2, "wrong use of the command line") \
	X(LEFT_OUT, 3, "import: some rows were left out; each is named on stderr") \
	X(DIFFERENCES, 4, "verify: differences were found; each is listed") \
	X(BEHIND, 5, "what was waited for did not come in time; the text says what is behind") \
	X(REFUSED, 6, "a command was refused; the text on stderr says why") \
	X(SETTINGS, 10, "a setting is missing or wrong") \
	X(RULES, 11, "the rules file is wrong") \
	X(KAFKA, 12, "Kafka is not reachable, or its topics are not fit") \
	X(REDIS, 13, "Redis is not reachable, or not fit") \
	X(LAYOUT, 14, "topics or partition counts are not those that the stored state was made for") \
	X(STATE, 15, "stored state contradicts itself: see funnelctl repair") \
	X(FENCED, 16, "a newer worker runs under the same instance.id; do not restart this one") \
	X(SECOND_SIGNAL, 17, "stopped at once by a second signal; nothing is lost")

enum fnl_exit {
#define FNL_X(name, code, text) FNL_EXIT_##name = (code),
	FNL_EXIT_TABLE(FNL_X)
#undef FNL_X
};

/* The exit code for a status (enum fnl_status) whose peer is Kafka or nobody; calls to Redis that fail are
 * FNL_EXIT_REDIS, which the caller knows. 0 gives 0. */
int fnl_exit_code(int status);

/* The table's text of a code, for --help. "unknown" for any other. */
const char *fnl_exit_text(int code);

#endif
