/* What every program of funneld needs: settings, clock, ids, log lines, schemas, and the doors to Kafka and Redis, each
 * opened when it is first asked for. One thread, but for what is said to be for another. */
#ifndef FNL_PROGRAMS_APP_H
#define FNL_PROGRAMS_APP_H

#include "exit_codes.h"
#include "funneld/adapters/kafka.h"
#include "funneld/adapters/settings.h"
#include "funneld/engine/stream.h"
#include "funneld/operators/org.h"
#include "funneld/operators/rep.h"
#include "funneld/operators/router.h"
#include "funneld/ports/bus.h"
#include "funneld/ports/codec.h"
#include "funneld/ports/ids.h"
#include "funneld/ports/registry.h"
#include "funneld/ports/store.h"

#define FNL_VERSION "0.1.0"

/* X(name, default name, kind, what it carries). Kinds: INPUT, REFERENCE, INTERNAL, STATE, DERIVED, REVIEW, DEAD. */
#define FNL_TOPIC_TABLE(X) \
	X(PROSPECT_CHANGES, "sales.prospect-changes", INPUT, "changes of prospects, contacts, answers, feed signals") \
	X(REP_CHANGES, "hr.rep-changes", INPUT, "changes of reps, resignations") \
	X(COMMANDS, "sales.commands", INPUT, "commands of people") \
	X(FX_RATES, "sales.fx-rates", REFERENCE, "exchange rates") \
	X(TERRITORIES, "sales.territories", REFERENCE, "territories") \
	X(REP_INPUTS, "funneld.rep-inputs", INTERNAL, "input of the rep stage: lines of books, HR events, commands") \
	X(ORG_INPUTS, "funneld.org-inputs", INTERNAL, \
	  "input of the org stage: entries of reps, their cells and years, what handovers ask and end in, commands") \
	X(REP_DIRECTORY, "funneld.rep-directory", REFERENCE, "who is who among the reps, and what each carries") \
	X(PROSPECTS, "funnel.prospects", STATE, "rows of the prospect stage: the public current state") \
	X(REPS, "funnel.reps", STATE, "rows of the rep stage: the public current state") \
	X(ORGS, "funnel.orgs", STATE, "rows of the org stage: the public current state") \
	X(LAYER_CHANGES, "funnel.layer-changes", DERIVED, "a prospect changed its layer, was parked, was unparked") \
	X(ALERTS, "funnel.alerts", DERIVED, "stalls, silent feeds, asked and completed resyncs") \
	X(INSPECTIONS, "funnel.inspections", DERIVED, "inspection sheets and answers") \
	X(QUOTAS, "funnel.quotas", DERIVED, "quotas, their lines, the running potential") \
	X(HANDOVERS, "funnel.handovers", DERIVED, "handovers and their tasks") \
	X(REVIEWS, "funnel.reviews", REVIEW, "reconciliation and defection reviews; restricted") \
	X(REASSIGNMENTS, "funnel.reassignments", DERIVED, "prospects to be given to another rep") \
	X(DERIVED_TERRITORIES, "funnel.territories", DERIVED, "proposals for territories") \
	X(PERFORMANCE, "funnel.performance", DERIVED, "scores of reps") \
	X(REJECTIONS, "funnel.rejections", DERIVED, "commands that were refused") \
	X(DEAD_LETTERS, "funnel.dead-letters", DEAD, "what could not be processed, as it came")

enum fnl_topic {
#define FNL_X(name, text, kind, carries) FNL_TOPIC_##name,
	FNL_TOPIC_TABLE(FNL_X)
#undef FNL_X
		FNL_TOPIC_COUNT
};

/* In the order in which records pass them. */
enum fnl_app_stage_id { FNL_APP_STAGE_PROSPECT, FNL_APP_STAGE_REP, FNL_APP_STAGE_ORG, FNL_APP_STAGE_COUNT };
/* The router: one relay for each topic that it reads. */
enum fnl_app_relay_id {
	FNL_APP_RELAY_HR,
	FNL_APP_RELAY_COMMANDS,
	FNL_APP_RELAY_RATES,
	FNL_APP_RELAY_TERRITORIES,
	FNL_APP_RELAY_COUNT
};

enum { FNL_APP_OUTPUTS_MAX = 12 };

/* A stage as this deployment names it; lives as long as the app. */
struct fnl_app_stage {
	struct fnl_stage stage; /* name "prospect", input topic, tables, dead letters: for fnl_stream_create */
	enum fnl_topic input;
	enum fnl_topic changelog;
	enum fnl_topic outputs[FNL_APP_OUTPUTS_MAX];
	const char *input_topic;
	const char *changelog_topic;
	const char *output_topics[FNL_APP_OUTPUTS_MAX];
	size_t output_topic_count;
	const char *group;      /* "<topic.prefix>funneld-prospect" */
	fnl_paged_tables paged; /* tables whose keys the view keeps in order */
	const char *threads;    /* the setting that says how many stream threads it has */
};

/* A relay of the router, likewise. */
struct fnl_app_relay {
	const char *name; /* "router-hr": for threads, log lines, instance and transactional ids */
	enum fnl_topic input;
	const char *input_topic;
	const char *output_topics[FNL_ROUTER_OUT_COUNT];
	const char *group; /* "<topic.prefix>funneld-router-hr" */
};

struct fnl_app_options {
	const char *config_path; /* NULL: none */
	const char *const *sets; /* "key=value" */
	size_t set_count;
	bool json;
	bool color;
};

struct fnl_app {
	struct fnl_settings *settings;
	const struct fnl_clock *clock;
	const struct fnl_ids *ids;
	struct fnl_logger logger; /* to stderr, from log.level on */
	bool json;                /* --json: machines read stdout */
	bool color;               /* stdout is a terminal and nobody said --no-color */
	struct fnl_app_private *private;
};

/* Settings only; nothing is connected. FNL_E_ARGUMENT (exit code 10) or FNL_E_NOMEM. */
int fnl_app_open(const struct fnl_app_options *options, struct fnl_app **ret, struct fnl_error *why) FNL_MUST_USE;
/* Closes whatever was opened through it. NULL is fine; returns NULL. */
struct fnl_app *fnl_app_close(struct fnl_app *app);

/* The name of a topic in this deployment: topic.prefix and the default, or the setting topic.<default name> as it is.
 */
const char *fnl_app_topic(const struct fnl_app *app, enum fnl_topic topic);
/* Its default name, "sales.prospect-changes". */
const char *fnl_topic_default(enum fnl_topic topic);
/* How it is to be created: partitions (those of topic.partitions; state as many as the input), cleanup, retention. */
struct fnl_topic_spec fnl_app_topic_spec(const struct fnl_app *app, enum fnl_topic topic);

const struct fnl_app_stage *fnl_app_stage(const struct fnl_app *app, enum fnl_app_stage_id stage);
/* The stage of a name such as "rep"; false when there is none. */
bool fnl_app_stage_find(const struct fnl_app *app, const char *name, enum fnl_app_stage_id *ret);
const struct fnl_app_relay *fnl_app_relay(const struct fnl_app *app, enum fnl_app_relay_id relay);

/* Each is opened at the first call and belongs to the app. On failure *why says what, where and how to mend it. */
int fnl_app_registry(struct fnl_app *app, struct fnl_registry **ret, struct fnl_error *why) FNL_MUST_USE; /* exit 10 */
int fnl_app_codec(struct fnl_app *app, struct fnl_codec **ret, struct fnl_error *why) FNL_MUST_USE;       /* exit 10 */
/* Waits up to 10 s for Kafka. */
int fnl_app_bus(struct fnl_app *app, struct fnl_bus **ret, struct fnl_error *why) FNL_MUST_USE; /* exit fnl_exit_code */
/* Connected and checked once; later calls of the store may fail again. */
int fnl_app_store(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_store **ret,
                  struct fnl_error *why) FNL_MUST_USE; /* exit 13 */
/* The operator of the stage, for what it knows of its rows: row_deadline, time_of. */
int fnl_app_operator(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_operator **ret,
                     struct fnl_error *why) FNL_MUST_USE;

/* New ones, for a stream thread; the caller closes them before the app. */
int fnl_app_codec_new(struct fnl_app *app, struct fnl_codec **ret, struct fnl_error *why) FNL_MUST_USE;
int fnl_app_store_new(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_store **ret,
                      struct fnl_error *why) FNL_MUST_USE;
int fnl_app_log_new(struct fnl_app *app, enum fnl_app_stage_id stage, size_t thread, struct fnl_log **ret,
                    struct fnl_error *why) FNL_MUST_USE;
/* The operator of a stage; partitions: of its input. codec is borrowed until it is closed. */
int fnl_app_operator_new(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_codec *codec, int32_t partitions,
                         struct fnl_operator **ret, struct fnl_error *why) FNL_MUST_USE;
struct fnl_operator *fnl_app_operator_close(enum fnl_app_stage_id stage, struct fnl_operator *op);
int fnl_app_relay_log_new(struct fnl_app *app, enum fnl_app_relay_id relay, struct fnl_log **ret,
                          struct fnl_error *why) FNL_MUST_USE;
/* A connection of a tool that only asks, under a group of its own, so that it disturbs no worker. */
int fnl_app_reader_new(struct fnl_app *app, enum fnl_app_stage_id stage, struct fnl_log **ret,
                       struct fnl_error *why) FNL_MUST_USE;
/* partitions: of the stage's input, which its threads share. */
struct fnl_stream_settings fnl_app_stream_settings(const struct fnl_app *app, enum fnl_app_stage_id stage,
                                                   int32_t partitions);
struct fnl_relay_settings fnl_app_relay_settings(const struct fnl_app *app, enum fnl_app_relay_id relay);
/* Reads the rules of a RulesActivated; static. */
const struct fnl_rules_reader *fnl_app_rules_reader(void);

/* Closes what fnl_app_bus and fnl_app_store opened: a daemon needs them only for its checks at the start. */
void fnl_app_disconnect(struct fnl_app *app);

/* Partition count of an existing topic. FNL_E_NOT_FOUND names the command that creates it (exit 12). */
int fnl_app_partitions(struct fnl_app *app, enum fnl_topic topic, int32_t *ret, struct fnl_error *why) FNL_MUST_USE;

/* "<program>: what" on stderr; returns exit_code. */
int fnl_app_fail(const struct fnl_app *app, int exit_code, const struct fnl_error *why);

#endif
