/* Work over many rows: jobs that go through items, a page at a time, while other inputs make, change and delete them.
 * By the event clock a plain list tells what must come out; by the wall clock only the jobs' own sums can. */
#include <stdio.h>
#include <stdlib.h>

#include "paged_model.h"
#include "paged_operator.h"
#include "sim.h"

enum { TEXT_BYTES = 512 };

static const char *const outputs[] = {"out", "dead"};

static struct fnl_operator *open_operator(int32_t partition_count)
{
	(void)partition_count;
	return paged_operator_forwarding();
}
static void close_operator(struct fnl_operator *op)
{
	(void)op;
}

static void publish(struct fnl_bus *bus, const char *topic, int32_t partition_count, uint64_t seed,
                    int64_t wall_start_ms)
{
	static struct paged_inputs all;
	paged_inputs_make(&all, true, (unsigned)(seed ^ seed >> 32), 20 + (int)(seed % 70), partition_count, wall_start_ms);
	if (paged_inputs_publish(&all, bus, topic) != 0 || bus->ops->publish_flush(bus, 1000) != 0) {
		abort();
	}
}

/* ---- the oracle ---- */

static void text_of(struct fnl_span s, char ret[TEXT_BYTES])
{
	snprintf(ret, TEXT_BYTES, "%.*s", (int)s.len, (const char *)s.data);
}

static void inputs_of(const struct sim_result *r, struct paged_inputs *all, size_t *ret_dead)
{
	*all = (struct paged_inputs){.partition_count = r->partition_count, .forwarding = true};
	*ret_dead = 0;
	for (size_t i = 0; i < r->input_count && all->count < PAGED_INPUTS_MAX; i++) {
		struct paged_input *in = &all->at[all->count++];
		char text[TEXT_BYTES];
		text_of(r->inputs[i].value, text);
		snprintf(in->key, sizeof(in->key), "%.*s", (int)r->inputs[i].key.len, (const char *)r->inputs[i].key.data);
		in->partition = r->inputs[i].partition;
		sscanf(text, "%lld %7s %63s", &in->time_ms, in->what, in->argument);
		*ret_dead += strcmp(in->what, "poison") == 0;
		all->end_ms = in->time_ms > all->end_ms ? in->time_ms : all->end_ms;
	}
}

static int check_lines(const struct sim_result *r, const struct paged_inputs *all, char *why, size_t why_bytes)
{
	static struct stream_picture expected, found;
	paged_model_run(all, &expected);
	found.len = 0;
	for (size_t i = 0; i < r->output_counts[PAGED_OUT]; i++) {
		const struct fnl_record *o = &r->outputs[PAGED_OUT][i];
		if (o->value.len && o->value.data[0] != 'T') {
			found.len += (size_t)snprintf(found.text + found.len, STREAM_PICTURE_BYTES - found.len,
			                              "out@%d %.*s %.*s\n", (int)o->partition, (int)o->key.len,
			                              (const char *)o->key.data, (int)o->value.len, (const char *)o->value.data);
		}
		if (found.len >= STREAM_PICTURE_BYTES) {
			snprintf(why, why_bytes, "far too many outputs");
			return -1;
		}
	}
	found.text[found.len] = '\0';
	paged_lines_keep(&found, "out@");
	const char *a = expected.text, *b = found.text;
	while (*a && *b && strncmp(a, b, strcspn(a, "\n") + 1) == 0) {
		b += strcspn(a, "\n") + 1;
		a += strcspn(a, "\n") + 1;
	}
	if (*a || *b) {
		snprintf(why, why_bytes, "outputs: expected '%.*s', found '%.*s'", (int)strcspn(a, "\n"), a,
		         (int)strcspn(b, "\n"), b);
		return -1;
	}
	return 0;
}

/* A time is told when all that was due at it has been sent. */
static int check_times(const struct sim_result *r, const struct paged_inputs *all, char *why, size_t why_bytes)
{
	long long times[PAGED_OUT_PARTITIONS] = {0};
	for (size_t i = 0; i < r->output_counts[PAGED_OUT]; i++) {
		const struct fnl_record *o = &r->outputs[PAGED_OUT][i];
		char text[TEXT_BYTES];
		text_of(o->value, text);
		const char *last = strrchr(text, ' ');
		long long time_ms = last ? atoll(last + 1) : 0;
		long long *told = &times[o->partition];
		if ((text[0] == 'P' && time_ms <= *told) || (text[0] == 'T' && time_ms < *told)) {
			snprintf(why, why_bytes, "'%s' came after %lld was told", text, *told);
			return -1;
		}
		*told = text[0] == 'T' ? time_ms : *told;
	}
	for (int p = 0; p < r->partition_count; p++) {
		if (times[p] != all->end_ms) {
			snprintf(why, why_bytes, "partition %d: %lld was told last, it has reached %lld", p, times[p], all->end_ms);
			return -1;
		}
	}
	return 0;
}

/* The pages of a job on their way: keys go up, and the sum in the end is theirs. */
struct run {
	char after[PAGED_NAME_BYTES];
	long long sum, items;
};

static bool take_page(struct run *run, const char *text)
{
	char key[PAGED_NAME_BYTES];
	long long n;
	int used = 0;
	const char *at = text + 2;
	while (sscanf(at, "%63[^= ]=%lld %n", key, &n, &used) == 2) {
		if (strcmp(key, run->after) <= 0) {
			return false;
		}
		snprintf(run->after, sizeof(run->after), "%s", key);
		run->sum += n;
		run->items++;
		at += used;
	}
	return true;
}

static int check_job(const struct sim_result *r, const char *job, char *why, size_t why_bytes)
{
	struct run run = {.sum = 0};
	bool open = false;
	for (size_t i = 0; i < r->output_counts[PAGED_OUT]; i++) {
		const struct fnl_record *o = &r->outputs[PAGED_OUT][i];
		char text[TEXT_BYTES], sum[TEXT_BYTES];
		text_of(o->value, text);
		if (o->partition != 0 || text[0] == 'T' || !fnl_span_eq(o->key, fnl_span_str(job))) {
			continue;
		}
		snprintf(sum, sizeof(sum), "J %lld %lld", run.sum, run.items);
		if (text[0] == 'P' ? !take_page(&run, text) : strcmp(text, sum) != 0) {
			snprintf(why, why_bytes, "job %s: '%s' after key '%s' and '%s'", job, text, run.after, sum);
			return -1;
		}
		open = text[0] == 'P';
		run = open ? run : (struct run){.sum = 0};
	}
	if (open) {
		snprintf(why, why_bytes, "job %s was not done", job);
		return -1;
	}
	return 0;
}

static int check(const struct sim_result *r, char *why, size_t why_bytes)
{
	static struct paged_inputs all;
	size_t dead = 0;
	inputs_of(r, &all, &dead);
	if (r->output_counts[PAGED_DEAD] != dead) {
		snprintf(why, why_bytes, "%zu dead letters, not %zu", r->output_counts[PAGED_DEAD], dead);
		return -1;
	}
	if (r->clock == FNL_CLOCK_EVENT) {
		int rc = check_lines(r, &all, why, why_bytes);
		return rc || r->partition_count > PAGED_OUT_PARTITIONS ? rc : check_times(r, &all, why, why_bytes);
	}
	for (size_t i = 0; i < r->row_count; i++) {
		if (r->rows[i].deadline_ms != INT64_MAX && r->rows[i].deadline_ms < r->end_ms - 5000) {
			snprintf(why, why_bytes, "a job that was due is still there");
			return -1;
		}
	}
	/* Jobs of other partitions have the same names; by the wall clock one that is armed again begins anew. */
	return r->partition_count == 1 ? check_job(r, "j9", why, why_bytes) : 0;
}

const struct sim_workload sim_paged = {
	.name = "paged",
	.tables = paged_tables,
	.table_count = PAGED_TABLE_COUNT,
	.outputs = outputs,
	.output_count = PAGED_OUT_COUNT,
	.dead_letter_topic = PAGED_DEAD,
	.wall_start_ms = INT64_C(1700000000000),
	.future_max_ms = INT64_C(86400000),
	.operator_open = open_operator,
	.operator_close = close_operator,
	.publish = publish,
	.check = check,
};
