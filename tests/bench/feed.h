/* What the modes of bench_feed share. */
#ifndef FNL_BENCH_FEED_H
#define FNL_BENCH_FEED_H

#include "app.h"
#include "options.h"

struct feed {
	struct fnl_app *app;
	struct fnl_bus *bus;
	struct fnl_codec *codec;
	struct fnl_arena arena;
	const char *topic; /* of the prospects' changes */
	struct fnl_value values[FNL_PROSPECT_CHANGED_FIELD_COUNT];
};

void feed_die(const char *what, const struct fnl_error *why);
void feed_open(struct feed *f, const struct fnl_options *options);
void feed_close(struct feed *f);
/* partition -1: by the key */
void feed_send(struct feed *f, const char *topic, const struct fnl_record_desc *desc, const struct fnl_value *values,
               struct fnl_span key, int32_t partition);
struct fnl_value feed_text(struct fnl_span s);
struct fnl_value feed_number(int64_t n);
int64_t feed_now(const struct feed *f);
const char *feed_stage(uint32_t i); /* one of four, they go round */

/* company LEAVERS PROSPECTS: reps with so many prospects each, and as many whose hands are empty. */
int feed_company(struct feed *f, uint32_t leavers, uint32_t prospects);
/* departures LEAVERS PROSPECTS PACE: each leaver of that company gives notice, one every PACE ms, by intended times,
 * and names who takes over. Reads funnel.handovers (read_committed) and prints how long it took from there until the
 * handover was told, and until its last task was. */
int feed_departures(struct feed *f, const struct fnl_options *options, uint32_t leavers, uint32_t prospects,
                    int64_t pace_ms);

/* Of the first leaver of that company, for tests; each waits until all is acknowledged.
 * notice: he gives notice, and names who takes over.
 * reports FROM TO near|top|all ROUND: tasks of so many of his prospects are done, as they are to be; near: BOTTOM and
 * MIDDLE. ROUND is a part of the commands' ids; some come twice.
 * moves PROSPECTS: the source gives them to who takes over. */
struct feed_some {
	uint32_t from;
	uint32_t to;
	bool near;
	bool top;
};
int feed_notice(struct feed *f);
int feed_reports(struct feed *f, const struct feed_some *some, const char *round);
int feed_moves(struct feed *f, uint32_t prospects);

/* cells-load PROSPECTS: 50 reps of 4 organisations, each with 20 cells; so many prospects, evenly; and the probes.
 * cells RATE SECONDS WARMUP PROSPECTS CONFLATION: changes of them at intended times, each with another amount, one in
 * fifty of a probe. Reads the reps' lines, what organisations are told and their rows (read_committed), and prints how
 * long probes took from the intended time on, without the CONFLATION (ms) that is waited on purpose; and whether in the
 * end the rows of all cells have what was sent. */
struct feed_cells {
	int64_t rate;
	int64_t seconds;
	int64_t warmup;
	uint32_t prospects;
	int64_t conflation_ms;
};
int feed_cells_load(struct feed *f, uint32_t prospects);
int feed_cells(struct feed *f, const struct fnl_options *options, const struct feed_cells *p);

#endif
