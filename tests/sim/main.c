/* sim: runs seeds. Exit 0: all held; 1: one did not (its number is printed); 2: usage. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim.h"

static const struct sim_workload *const workloads[] = {&sim_counter, &sim_prospect, &sim_paged, &sim_rep, &sim_org};
enum { WORKLOADS = sizeof(workloads) / sizeof(workloads[0]), SEED_SECONDS_MAX = 60, JOBS_MAX = 64 };

struct task {
	uint64_t from, count;
	int jobs;
	const char *workload; /* NULL: in turns */
	bool aged;
	bool trace;
	bool quiet; /* a failure is not told step by step */
};

struct totals {
	uint64_t seeds, calls, faults[SIM_FAULT_COUNT], failed, failed_seed;
	int64_t time_ms;
	struct fnl_stream_stats stats;
};

static const struct sim_workload *workload_of(const struct task *t, uint64_t seed)
{
	for (size_t i = 0; t->workload && i < WORKLOADS; i++) {
		if (strcmp(workloads[i]->name, t->workload) == 0) {
			return workloads[i];
		}
	}
	return workloads[seed % WORKLOADS];
}

static volatile uint64_t seed_at_hand; /* for the handler alone */

static void on_signal(int number)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "FAILED seed %llu: signal %d\n", (unsigned long long)seed_at_hand, number);
	(void)!write(STDERR_FILENO, text, (size_t)n);
	_exit(1);
}

static void add(struct totals *t, const struct sim_outcome *o)
{
	t->seeds++;
	t->calls += o->calls;
	t->time_ms += o->time_ms;
	for (int i = 0; i < SIM_FAULT_COUNT; i++) {
		t->faults[i] += o->faults[i];
	}
	t->stats.transactions += o->stats.transactions;
	t->stats.aborts += o->stats.aborts;
	t->stats.repairs += o->stats.repairs;
	t->stats.producer_resets += o->stats.producer_resets;
	t->stats.restored_records += o->stats.restored_records;
	t->stats.timers += o->stats.timers;
}

/* Seeds first, first + step, … ; ends at the first that fails. */
static struct totals run_seeds(const struct task *t, uint64_t first, uint64_t step)
{
	struct totals sum = {0};
	for (uint64_t seed = first; seed < t->from + t->count; seed += step) {
		struct sim_outcome out;
		seed_at_hand = seed;
		alarm(SEED_SECONDS_MAX);
		sim_run(workload_of(t, seed), seed, t->aged, t->trace, &out);
		add(&sum, &out);
		if (out.failed) {
			fprintf(stderr, "FAILED seed %llu (%s): %s\n", (unsigned long long)seed, workload_of(t, seed)->name,
			        out.why);
			sum.failed = 1;
			sum.failed_seed = seed;
			if (!t->trace && !t->quiet) {
				sim_run(workload_of(t, seed), seed, t->aged, true, &out);
			}
			break;
		}
	}
	alarm(0);
	return sum;
}

static void merge(struct totals *into, const struct totals *t)
{
	struct sim_outcome o = {.calls = t->calls, .time_ms = t->time_ms, .stats = t->stats};
	memcpy(o.faults, t->faults, sizeof(o.faults));
	add(into, &o);
	into->seeds += t->seeds - 1;
	if (t->failed && (!into->failed || t->failed_seed < into->failed_seed)) {
		into->failed_seed = t->failed_seed;
	}
	into->failed += t->failed;
}

static struct totals run_jobs(const struct task *t)
{
	struct totals sum = {0};
	int pipes[JOBS_MAX][2];
	for (int i = 0; i < t->jobs; i++) {
		if (pipe(pipes[i]) != 0) {
			exit(2);
		}
		pid_t pid = fork();
		if (pid == 0) {
			struct totals part = run_seeds(t, t->from + (uint64_t)i, (uint64_t)t->jobs);
			_exit(write(pipes[i][1], &part, sizeof(part)) == sizeof(part) ? 0 : 1);
		}
		close(pipes[i][1]);
	}
	for (int i = 0; i < t->jobs; i++) {
		struct totals part = {.failed = 1, .failed_seed = UINT64_MAX};
		if (read(pipes[i][0], &part, sizeof(part)) != sizeof(part)) {
			part = (struct totals){.failed = 1, .failed_seed = UINT64_MAX}; /* a signal ended it and said so */
		}
		merge(&sum, &part);
		close(pipes[i][0]);
	}
	while (wait(NULL) > 0) {
	}
	return sum;
}

static void report(const struct totals *t, double seconds)
{
	printf("%llu seeds, %.1f h of virtual time, %llu port calls in %.1f s\n", (unsigned long long)t->seeds,
	       (double)t->time_ms / 3600000.0, (unsigned long long)t->calls, seconds);
	printf("transactions %llu, aborts %llu, repairs %llu, producer resets %llu, restored records %llu, timers %llu\n",
	       (unsigned long long)t->stats.transactions, (unsigned long long)t->stats.aborts,
	       (unsigned long long)t->stats.repairs, (unsigned long long)t->stats.producer_resets,
	       (unsigned long long)t->stats.restored_records, (unsigned long long)t->stats.timers);
	printf("faults:");
	for (int i = 0; i < SIM_FAULT_COUNT; i++) {
		printf("%s %s %llu", i ? "," : "", sim_fault_names[i], (unsigned long long)t->faults[i]);
	}
	printf("\n");
}

static int usage(void)
{
	fprintf(
		stderr,
		"usage: sim [--seeds N] [--from S] [--jobs N] [--workload NAME] [--aged] [--quiet]   runs seeds S .. S+N-1\n"
		"       sim --seed S [--trace] [--workload NAME] [--aged]                runs one, told step by step\n");
	return 2;
}

static bool parse(int argc, char **argv, struct task *t)
{
	static const struct option options[] = {{"seed", 1, NULL, 's'}, {"seeds", 1, NULL, 'n'},    {"from", 1, NULL, 'f'},
	                                        {"jobs", 1, NULL, 'j'}, {"workload", 1, NULL, 'w'}, {"trace", 0, NULL, 't'},
	                                        {"aged", 0, NULL, 'a'}, {"quiet", 0, NULL, 'q'},    {NULL, 0, NULL, 0}};
	int c;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			t->from = strtoull(optarg, NULL, 10);
			t->count = 1;
			t->jobs = 1;
			break;
		case 'n':
			t->count = strtoull(optarg, NULL, 10);
			break;
		case 'f':
			t->from = strtoull(optarg, NULL, 10);
			break;
		case 'j':
			t->jobs = atoi(optarg);
			break;
		case 'w':
			t->workload = optarg;
			break;
		case 'q':
			t->quiet = true;
			break;
		case 'a':
			t->aged = true;
			break;
		case 't':
			t->trace = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc && t->jobs >= 1 && t->jobs <= JOBS_MAX && t->count > 0;
}

int main(int argc, char **argv)
{
	struct task t = {.from = 1, .count = 1000, .jobs = 2};
	if (!parse(argc, argv, &t)) {
		return usage();
	}
	static const int signals[] = {SIGSEGV, SIGABRT, SIGALRM, SIGBUS, SIGFPE};
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		signal(signals[i], on_signal);
	}
	struct timespec a, b;
	clock_gettime(CLOCK_MONOTONIC, &a);
	fflush(NULL);
	struct totals sum = t.jobs == 1 ? run_seeds(&t, t.from, 1) : run_jobs(&t);
	clock_gettime(CLOCK_MONOTONIC, &b);
	report(&sum, (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
	if (sum.failed) {
		printf("replay: ./run sim --seed %llu%s%s%s --trace\n", (unsigned long long)sum.failed_seed,
		       t.aged ? " --aged" : "", t.workload ? " --workload " : "", t.workload ? t.workload : "");
	}
	return sum.failed ? 1 : 0;
}
