/* Between the parts of the simulated organisation: who is in it, and how changes are written down. */
#ifndef FNL_PROGRAMS_SIMULATE_INTERNAL_H
#define FNL_PROGRAMS_SIMULATE_INTERNAL_H

#include "simulate.h"

#define FNL_SIM_HOUR_MS INT64_C(3600000)
#define FNL_SIM_DAY_MS INT64_C(86400000)

enum { FNL_SIM_SOURCE_US, FNL_SIM_SOURCE_EU, FNL_SIM_SOURCE_HR };
enum { FNL_SIM_REGIONS_A_SIDE = 3, FNL_SIM_INDUSTRY_COUNT = 6, FNL_SIM_NOBODY = 0, FNL_SIM_BLOCKER_COUNT = 3 };

struct fnl_sim_rep {
	int64_t version;
	int64_t hired_ms;
	int64_t notice_ms; /* INT64_MAX: stays */
	int64_t away_from_ms;
	int64_t away_until_ms;
	int forgets; /* of 1000 prospects that he has just spoken of, so many, for a while */
	int manager;
	bool eu;
	int region;     /* the side's three, then the other's */
	int industries; /* bits */
};

#define FNL_SIM_NO_DATE INT64_MIN

struct fnl_sim_prospect {
	int64_t index; /* from 1 */
	bool eu;
	int rep; /* FNL_SIM_NOBODY: nobody's */
	int region;
	int industry;
	int stage; /* FNL_SIM_STAGE_STRANGE: one that no rules know */
	int status;
	int currency;
	int64_t amount; /* minor units; 0: not known */
	int64_t version;
	int64_t close_ms; /* expected; FNL_SIM_NO_DATE */
	int64_t born_ms;
	int64_t cycle_ms;       /* from need to order */
	int64_t manual;         /* percent; 0: none */
	int64_t hand_over_days; /* after its rep's notice */
	int64_t contacts;
	int64_t closed_on;
	int64_t lost_reason;
	int64_t care_ms;      /* when its rep means to look after it next */
	int64_t noted_ms;     /* when he last wrote something down */
	int64_t forgotten_ms; /* until then he does not think of it */
	bool image_due;       /* after the gap of its source */
};

struct fnl_sim_maker {
	uint64_t random;
	struct fnl_simulation *out;
	struct fnl_sim_rep *reps; /* number 1 is reps[0] */
	int64_t span_ms;
	int64_t gap_ms; /* the European feed loses something; INT64_MAX: never */
	int64_t contacts;
	bool failed;
};

/* The next number of the stream, from..to inclusive; true with so many of 1000. At most one of them between two
 * sequence points: C leaves the order of operands to the compiler. */
int64_t fnl_sim_between(struct fnl_sim_maker *m, int64_t from, int64_t to);
bool fnl_sim_chance(struct fnl_sim_maker *m, int permille);
/* From here on the numbers are those of one entity. */
void fnl_sim_stream(struct fnl_sim_maker *m, uint64_t kind, uint64_t index);

/* A change, the latest one: its cells follow. Points to a spare one when memory is out (m->failed). */
void fnl_sim_add(struct fnl_sim_maker *m, enum fnl_sim_event event, int source, int64_t at_ms, int64_t arrives_ms);
void fnl_sim_set(struct fnl_sim_maker *m, enum fnl_sim_column column, int64_t value);
/* Feeds deliver at least once: the latest change, perhaps, once more. */
void fnl_sim_maybe_again(struct fnl_sim_maker *m);

/* HR: everybody of the organisation, and what becomes of them. */
void fnl_sim_make_reps(struct fnl_sim_maker *m);
/* A rep of the side who is there at that time, or FNL_SIM_NOBODY. */
int fnl_sim_pick_rep(struct fnl_sim_maker *m, bool eu, int64_t at_ms);
/* What its CRM sends of a prospect: cells follow. */
void fnl_sim_change(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, enum fnl_sim_event event, int64_t at_ms,
                    int64_t arrives_ms);
/* Its rep speaks with the customer, or tries to. */
void fnl_sim_contact(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms, bool reached);
/* A later close date, from_ms or some time after it. */
void fnl_sim_push_date(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t at_ms, int64_t from_ms);
/* How its rep looks after it from the day of from_ms until until_ms. */
void fnl_sim_care(struct fnl_sim_maker *m, struct fnl_sim_prospect *p, int64_t from_ms, int64_t until_ms);
/* The prospect's whole life. */
void fnl_sim_make_prospect(struct fnl_sim_maker *m, size_t index);

#endif
