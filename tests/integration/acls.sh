#!/usr/bin/env bash
# What is restricted stays so with Kafka's ACLs, as the README gives them: a Kafka that knows its users and refuses whom
# nothing allows (StandardAuthorizer, SASL/PLAIN, on loopback). funneld has rights of its own and no more; dashboards may
# read what is told but for funnel.reviews, the dead letters and the rows, the board one topic; a stranger sees nothing.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../support/cluster.sh"
set -u

command -v kcat >/dev/null || { echo "kcat is not here"; exit 77; }
# The broker speaks to itself as a user, too. Its controller's listener knows no users, and no client speaks to it.
kafka_extra=$(mktemp) || exit 1
at_exit 'rm -f "$kafka_extra"'
cat >"$kafka_extra" <<'PROPERTIES'
listener.security.protocol.map=PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" password="broker-secret" user_broker="broker-secret" user_admin="admin-secret" user_funneld="funneld-secret" user_dashboards="dashboards-secret" user_board="board-secret" user_stranger="stranger-secret";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:broker;User:admin;User:ANONYMOUS
PROPERTIES
cluster_begin
cat >"$dir/admin.properties" <<'PROPERTIES'
security.protocol=SASL_PLAINTEXT
sasl.mechanism=PLAIN
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="admin-secret";
PROPERTIES

acl() { # ARGS…: of kafka-acls.sh
	java -Xmx128m -cp "$kafka_libs/*" -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
		org.apache.kafka.tools.AclCommand --bootstrap-server "127.0.0.1:$(cat "$dir/kafka.port")" \
		--command-config "$dir/admin.properties" --add "$@" >"$dir/acl" 2>&1 </dev/null ||
		fail "kafka-acls $*: $(tail -n 5 "$dir/acl")"
}
as() { # NAME USER [section.key=value…]: a deployment's settings as that user
	local name=$1 user=$2
	shift 2
	config "$name" kafka.security.protocol=sasl_plaintext kafka.sasl.mechanism=PLAIN "kafka.sasl.username=$user" \
		"kafka.sasl.password=$user-secret" "$@"
}
# reads USER TOPIC: its events into $dir/read, what is said of it into $dir/said; the exit code
reads() { ctl "$1" tail "leave.$2" --from-beginning --until-end --json >"$dir/read" 2>"$dir/said"; }
may_read() { # USER TOPIC TYPES…: these it finds there
	reads "$1" "$2" || fail "$1 may not read $2: exit code $?, $(cat "$dir/said")"
	jq -r .type "$dir/read" | LC_ALL=C sort | uniq -c | awk '{ print $1, $2 }' >"$dir/found"
	printf '%s\n' "${@:3}" | diff - "$dir/found" >"$dir/diff" || fail "$1 on $2: $(cat "$dir/diff")"
}
is_refused() { # USER TOPIC CODE WORDS
	local rc=0
	reads "$1" "$2" || rc=$?
	[ $rc = "$3" ] || fail "$1 on $2: exit code $rc, expected $3; $(cat "$dir/said")"
	[ ! -s "$dir/read" ] || fail "$1 reads $2: $(head -n 1 "$dir/read")"
	grep -q "$4" "$dir/said" || fail "$1 on $2: $(cat "$dir/said")"
}

# ---- rights ----------------------------------------------------------------------------------------------------------

as leave funneld clock=event
as dashboards dashboards
as board board
as stranger stranger
ctl leave topics create >"$dir/said" 2>&1 && fail "topics are created without a right to"
topics=()
for kind in leave.sales. leave.hr. leave.funnel; do
	topics+=(--topic "$kind")
done
acl --allow-principal User:funneld --resource-pattern-type prefixed "${topics[@]}" --operation Read --operation Write \
	--operation Create --operation DescribeConfigs
acl --allow-principal User:funneld --resource-pattern-type prefixed --group leave.funneld --operation Read
acl --allow-principal User:funneld --resource-pattern-type prefixed --transactional-id leave. --operation Write
acl --allow-principal User:dashboards --resource-pattern-type prefixed --topic leave.funnel. --operation Read
acl --deny-principal User:dashboards --topic leave.funnel.reviews --topic leave.funnel.dead-letters \
	--topic leave.funnel.reps --operation Read
acl --allow-principal User:board --topic leave.funnel.handovers --operation Read

ctl leave topics create >"$dir/said" 2>&1 || fail "topics: $(cat "$dir/said")"
ctl leave topics create >"$dir/said" 2>&1 || fail "topics, again: $(cat "$dir/said")"
(with_sets funneld leave --set instance.id=one --check) >"$dir/said" 2>&1 || fail "check: $(cat "$dir/said")"
note "funneld has its rights"

# ---- a rep leaves ----------------------------------------------------------------------------------------------------

printf '[rules]\nversion = 1\n[feed]\nsilent_hours = 0\n' >"$dir/rules.ini"
ctl leave rules apply "$dir/rules.ini" --at 2026-02-26 >"$dir/said" 2>&1 || fail "rules: $(cat "$dir/said")"
worker_start leave one
cat >"$dir/company.csv" <<-'CSV'
	event,rep_id,org_id,manager_id,active,occurred_at,prospect_id,stage,status,amount,currency,owner_rep_id,contact_ids,actor_id,actor_kind
	rep_changed,ann,emea,mia,true,2026-02-26T08:00:00Z,,,,,,,,,
	rep_changed,bob,emea,mia,true,2026-02-26T08:00:00Z,,,,,,,,,
	changed,,,,,2026-02-26T09:00:00Z,B-1,Negotiation/Review,open,1000,EUR,ann,c-1;c-2,ann,REP
	changed,,,,,2026-02-26T09:00:00Z,T-1,Prospecting,open,300,EUR,ann,c-3;c-4,ann,REP
	changed,,,,,2026-03-02T09:30:00Z,B-1,,,400,EUR,,,ann,REP
CSV
cat >"$dir/notice.csv" <<-'CSV'
	event,rep_id,version,occurred_at,notice_id,notice_at,last_day,successor_id,new_employer_id
	rep_resigned,ann,2,2026-03-02T10:00:00Z,n-1,2026-03-02T10:00:00Z,2026-03-31,bob,employer-acme-4711
CSV
printf 'event,occurred_at\nclock_tick,2026-03-02T10:01:00Z\n' >"$dir/tick.csv"
for file in company notice tick; do
	ctl leave import csv "$dir/$file.csv" 2>"$dir/said" || fail "import of $file: $(tail -n 3 "$dir/said")"
	caught_up leave >"$dir/said"
done
# It cannot be read, so it becomes a dead letter as it came.
kcat -P -b "127.0.0.1:$(cat "$dir/kafka.port")" -X security.protocol=sasl_plaintext -X sasl.mechanism=PLAIN \
	-X sasl.username=admin -X sasl.password=admin-secret -t leave.hr.rep-changes -k ann <<<'employer-acme-4711' ||
	fail "kcat"
caught_up leave >"$dir/said"

# ---- who may read of it ----------------------------------------------------------------------------------------------

may_read leave funnel.reviews '1 ReconciliationClosed' '1 ReconciliationFinding'
may_read dashboards funnel.handovers '1 HandoverOpened' '2 HandoverTaskOpened'
is_refused dashboards funnel.reviews 10 'authorization failed'
reads leave funnel.dead-letters && [ -s "$dir/read" ] || fail "no dead letter: $(cat "$dir/said")"
is_refused dashboards funnel.dead-letters 10 'authorization failed'
is_refused dashboards funnel.reps 10 'authorization failed'
may_read board funnel.handovers '1 HandoverOpened' '2 HandoverTaskOpened'
# What nobody allows is as if it were not there.
is_refused dashboards hr.rep-changes 12 'there is no topic'
is_refused board funnel.reviews 12 'there is no topic'
is_refused stranger funnel.reviews 12 'there is no topic'
is_refused stranger funnel.handovers 12 'there is no topic'
ctl leave verify >"$dir/said" 2>&1 || fail "verify: $(cat "$dir/said")"
worker_end one || fail "a clean end has exit code $?"
grep -i 'authorization' "$dir/worker-one.log" && fail "a right is missing"
note "funnel.reviews is read by whom it is for, funnel.handovers by more"
