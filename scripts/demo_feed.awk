# A CRM's change log of the year 2025, always the same: awk -v prospects=N -f demo_feed.awk
function random(n)
{
	seed = (seed * 16807) % 2147483647
	return seed % n
}
# Day n of 2025 (0 = 1 January) as a date.
function day(n,   m)
{
	for (m = 1; n >= days[m]; m++)
		n -= days[m]
	return sprintf("2025-%02d-%02d", m, n + 1)
}
# Sorted by its first column, which is cut off again.
function row(d, id, stage, status, amount, owner, region, close_date)
{
	printf "%05d,changed,%s,%s,%s,%s,%s,%s,%s,%s,%s\n", d, id, day(d), stage, status, amount,
		amount == "" ? "" : "USD", owner, region, close_date | "LC_ALL=C sort | cut -d, -f2-"
}
BEGIN {
	print "event,prospect_id,occurred_at,stage,status,amount,currency,owner_rep_id,region,expected_close_date"
	fflush()
	seed = 20250101
	split("31 28 31 30 31 30 31 31 30 31 30 31", days, " ")
	stages = split("Prospecting|Qualification|Value Proposition|Id. Decision Makers|Proposal/Price Quote|Negotiation/Review", stage, "|")
	reps = split("rep-ana rep-bo rep-chen rep-dara rep-eli", rep, " ")
	regions = split("north south west", region, " ")
	for (p = 1; p <= prospects; p++) {
		id = sprintf("P-%04d", p)
		d = random(300)
		row(d, id, stage[1], "open", (1 + random(400)) * 2500 ".00", rep[1 + random(reps)], region[1 + random(regions)],
			day(364))
		for (s = 2; s <= stages && random(100) < 70; s++) {
			d += 1 + random(25)
			if (d > 360)
				break
			row(d, id, stage[s], "", random(4) ? "" : (1 + random(400)) * 2500 ".00", "", "", "")
		}
		if (s > stages && d < 350) {
			won = random(4) > 0
			row(d + 1 + random(10), id, won ? "Closed Won" : "Closed Lost", won ? "won" : "lost", "", "", "", "")
		}
	}
}
