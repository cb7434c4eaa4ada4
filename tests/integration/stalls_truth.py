#!/usr/bin/env python3
"""Which stalls must be told of the sales set, from its change log alone, by a program that shares nothing with funneld.

  stalls_truth.py changes DATASET       the change log on standard output, with what this file adds to it
  stalls_truth.py rules                 the rules file that both go by
  stalls_truth.py check DATASET END FILE
                                        FILE: `tail funnel.alerts --json`; exit 1 with the first differences

Added to the log of quota_truth.py, at a deal's birth, by its CRC-32 c, as long as the deal is open:
  contacts      of deals with c mod 5 = 0 every 9 days for 60 days, at 9:30 UTC; each third agrees on a meeting in 14 days
  pushes        of deals with c mod 11 = 3 that have an expected close date: after 30, 60, 61 and 90 days by 45 days
  the amount    of deals without one, when c mod 2 is 0, after 50 days
  heartbeats    every third day: the feed carries contacts
END: the day at whose beginning (UTC) the clock stops.
"""
import bisect
import collections
import csv
import datetime
import functools
import json
import sys
import zoneinfo

import quota_truth

ZONE = zoneinfo.ZoneInfo('Europe/Berlin')
HOLIDAYS = ['2016-10-03', '2016-12-26', '2017-01-02', '2017-04-14', '2017-04-17', '2017-05-01', '2017-05-25',
            '2017-06-05', '2017-10-03', '2017-12-25', '2017-12-26']
EXTRA = ['2017-05-06', '2017-11-18']
STUCK = {'TOP': 40, 'MIDDLE': 45}
CUMULATIVE = {'TOP': 120, 'MIDDLE': 90}
SILENT = {'TOP': 20, 'MIDDLE': 10}
NO_EDIT = {'TOP': 30, 'MIDDLE': 15}
CLOSE_DATE = {'TOP': 10, 'MIDDLE': 3}
AMOUNT = {'TOP': 30, 'MIDDLE': 10}
PUSHES = {'TOP': 3, 'MIDDLE': 2}
MANAGER = {'TOP': 10, 'MIDDLE': 5}
NEXT_LEVEL = {'TOP': 0, 'MIDDLE': 10}
GRACE = {'TOP': 15, 'MIDDLE': 10}
UTC = datetime.timezone.utc
DAY = datetime.timedelta(days=1)


def rules():
    print('[rules]\nversion = 1\n[stages]\nProspecting = TOP\nEngaging = MIDDLE')
    print('[stuck]\ntop = 40\n[feed]\nsilent_with_heartbeats_minutes = 10080')
    print('[calendar]\nzone = Europe/Berlin\nholidays = ' + ', '.join(HOLIDAYS))
    print('extra_working_days = ' + ', '.join(EXTRA))


def moment(text):
    if len(text) == 10:
        text += 'T00:00:00Z'
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


def added(row, closed):
    """What this file adds to the birth of a deal that is closed on a day, or never."""
    deal, born = row['prospect_id'], row['occurred_at']
    c = quota_truth.crc(deal)

    def later(days, at=''):
        return quota_truth.day_after(born, days) + at

    rows = []
    if c % 5 == 0:
        for n in range(1, 7):
            meeting = quota_truth.day_after(born, 9 * n + 14) if n % 3 == 0 else ''
            rows.append(dict(event='contact', prospect_id=deal, occurred_at=later(9 * n, 'T09:30:00Z'),
                             at=later(9 * n, 'T09:30:00Z'), contact_id=f'{deal}-{n}', channel='PHONE', reached='true',
                             next_meeting_on=meeting))
    if c % 11 == 3 and row.get('expected_close_date'):
        for n, days in enumerate((30, 60, 61, 90), 1):
            rows.append(dict(event='changed', prospect_id=deal, occurred_at=later(days, 'T10:00:00Z'),
                             expected_close_date=quota_truth.day_after(row['expected_close_date'], 45 * n)))
    if not row['amount'] and c % 2 == 0:
        rows.append(dict(event='changed', prospect_id=deal, occurred_at=later(50, 'T11:00:00Z'), amount='1000',
                         currency='USD'))
    return [r for r in rows if not closed or r['occurred_at'][:10] < closed]


def changes(dataset):
    log = quota_truth.changes(dataset)
    closed = {row['prospect_id']: row['occurred_at'] for row in log if row.get('status') in ('won', 'lost')}
    rows, seen = list(log), set()
    for row in log:
        deal = row.get('prospect_id')
        if deal and deal not in seen:
            seen.add(deal)
            rows += added(row, closed.get(deal))
    day = datetime.date(2016, 1, 1)
    while day < datetime.date(2018, 6, 1):
        rows.append(dict(event='heartbeat', occurred_at=day.isoformat(), carries_contacts='true'))
        day += 3 * DAY
    return sorted(rows, key=lambda row: moment(row['occurred_at']))


# ---- business time ----

@functools.lru_cache(None)
def business_days():
    """All business days of the years in question, in order."""
    day, days = datetime.date(2015, 1, 1), []
    while day.year < 2030:
        text = day.isoformat()
        if text in EXTRA or (day.weekday() < 5 and text not in HOLIDAYS):
            days.append(day)
        day += DAY
    return days


def local_midnight(day):
    return datetime.datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)


def after(start, count):
    """The moment at which `count` business days have passed since start: the same local time of day, or midnight."""
    days = business_days()
    local = start.astimezone(ZONE)
    at = bisect.bisect_left(days, local.date())
    inside = at < len(days) and days[at] == local.date()
    day = days[at + count]
    if not inside:
        return local_midnight(day)
    wall = datetime.datetime(day.year, day.month, day.day, local.hour, local.minute, local.second, tzinfo=ZONE)
    return wall.astimezone(UTC)


# ---- one deal ----

class Deal:
    def __init__(self, told):
        self.told = told  # Counter
        self.owner = self.layer = None
        self.entered = self.edited = self.contact = self.owner_since = None
        self.close_date = self.amount = self.meeting = self.pushed = None
        self.pushes = 0
        self.stalls = {}  # kind: [since, condition, alert_at, level]

    def watch(self, kind):
        """(over_at, condition, since) of a kind, or None."""
        layer = self.layer
        if layer is None:
            return None
        if kind == 'STUCK':  # deals enter a layer once: the cumulative clock is never the first
            return after(self.entered, STUCK[layer]), 'IN_LAYER', self.entered
        if kind == 'SILENT':
            since = self.contact or self.entered
            over = after(since, SILENT[layer])
            if self.meeting:
                over = max(over, local_midnight(self.meeting + DAY))
            return over, 'NO_CONTACT', since
        if kind == 'SLIPPED':
            return (self.pushed, 'PUSHED', self.pushed) if self.pushes > PUSHES[layer] else None
        ways = [(after(self.edited, NO_EDIT[layer]), 0, 'NO_EDIT', self.edited)]
        if self.close_date:
            since = local_midnight(self.close_date + DAY)
            ways.append((after(since, CLOSE_DATE[layer]), 1, 'CLOSE_DATE_PAST', since))
        if not self.amount:
            ways.append((after(self.entered, AMOUNT[layer]), 2, 'AMOUNT_MISSING', self.entered))
        over, _, condition, since = min(ways)
        return over, condition, since

    def grace_end(self):
        return after(self.owner_since, GRACE[self.layer]) if self.owner_since else None

    def tell(self, what, kind, level=None, layer=None):
        self.told[(what, self.owner, kind, level, layer)] += 1

    def update(self, now, new_owner=False):
        for kind in ('STUCK', 'SILENT', 'STALE', 'SLIPPED'):
            watch, stall = self.watch(kind), self.stalls.get(kind)
            if not watch or watch[0] > now:
                if stall:
                    if stall[3] and not new_owner:
                        self.tell('StallCleared', kind)
                    del self.stalls[kind]
                continue
            over, condition, since = watch
            fresh = max([over] + ([self.grace_end()] if self.owner_since else []))
            if stall is None:
                stall = self.stalls[kind] = [since, condition, fresh, 0]
            elif stall[3] == 0 and (stall[0], stall[1]) != (since, condition):
                stall[2] = fresh
            stall[0], stall[1] = since, condition
            if new_owner:
                stall[2:] = [fresh, 0]
            self.climb(kind, stall, now)

    def climb(self, kind, stall, now):
        level = 1 if stall[2] <= now else 0
        if level and MANAGER[self.layer] and after(stall[2], MANAGER[self.layer]) <= now:
            level = 2
        if level and NEXT_LEVEL[self.layer] and after(stall[2], NEXT_LEVEL[self.layer]) <= now:
            level = 3
        if level > stall[3]:
            self.tell('StallEscalated' if stall[3] else 'ProspectStalled', kind, level, self.layer)
            stall[3] = level

    def moments(self):
        """When something becomes due by itself."""
        for kind in ('STUCK', 'SILENT', 'STALE', 'SLIPPED'):
            watch, stall = self.watch(kind), self.stalls.get(kind)
            if watch and not stall:
                yield watch[0]
            elif watch and stall[3] == 0:
                yield stall[2]
            elif watch and stall[3] < 3:
                steps = (MANAGER[self.layer], NEXT_LEVEL[self.layer])[stall[3] - 1:]
                yield from (after(stall[2], days) for days in steps if days)

    def pass_time(self, last, until):
        while True:
            due = min((m for m in self.moments() if last < m <= until), default=None)
            if due is None:
                return
            self.update(due)
            last = due

    def clear_for_new_owner(self):
        for kind, stall in self.stalls.items():
            if stall[3]:
                self.tell('StallCleared', kind)

    def change(self, row, at):
        new_owner = False
        if row['event'] == 'contact':
            self.contact = max(at, self.contact or at)
            if row.get('next_meeting_on'):
                self.meeting = datetime.date.fromisoformat(row['next_meeting_on'])
            return new_owner
        self.edited = at
        if row.get('amount'):
            self.amount = row['amount']
        if row.get('expected_close_date'):
            day = datetime.date.fromisoformat(row['expected_close_date'])
            if self.close_date and day > self.close_date:
                if not self.pushed or self.pushed.astimezone(ZONE).date() != at.astimezone(ZONE).date():
                    self.pushes, self.pushed = self.pushes + 1, at
            self.close_date = day
        if row.get('owner_rep_id') and row['owner_rep_id'] != self.owner:
            new_owner = self.owner is not None
            if new_owner:
                self.clear_for_new_owner()
                self.owner_since = at
            self.owner = row['owner_rep_id']
        if row.get('status') in ('won', 'lost'):
            self.layer = None
        elif row.get('stage'):
            self.layer, self.entered = quota_truth.LAYER[row['stage']], at
        return new_owner


def truth(dataset, end):
    told = collections.Counter()
    rows = collections.defaultdict(list)
    for row in changes(dataset):
        if row.get('prospect_id') and moment(row['occurred_at']) < end:
            rows[row['prospect_id']].append(row)
    for mine in rows.values():
        deal, last = Deal(told), moment('2015-06-01')
        for row in mine:
            at = moment(row['occurred_at'])
            deal.pass_time(last, at)
            deal.update(at, deal.change(row, at))
            last = at
        deal.pass_time(last, end)
    return told


LEVEL = {'REP': 1, 'MANAGER': 2, 'NEXT_LEVEL': 3}


def said(path):
    told = collections.Counter()
    with open(path, encoding='utf-8') as f:
        for line in f:
            event = json.loads(line)
            data, what = event['data'], event['type']
            if what == 'StallCleared':
                told[(what, data['rep_id'], data['kind'], None, None)] += 1
            elif what in ('ProspectStalled', 'StallEscalated'):
                told[(what, data['rep_id'], data['kind'], LEVEL[data['level']], data['layer'])] += 1
            else:
                told[(what, None, None, None, None)] += 1
    return told


def check(dataset, end, path):
    expected, found = truth(dataset, moment(end)), said(path)
    differences = [f'{key}: expected {expected[key]}, found {found[key]}' for key in sorted(set(expected) | set(found), key=str)
                   if expected[key] != found[key]]
    if differences:
        print(f'{len(differences)} of {len(expected)} counts differ')
        print('\n'.join(differences[:12]))
        return 1
    by = collections.Counter()
    for key, count in expected.items():
        by[(key[0], key[2])] += count
    print(f'{len(expected)} counts are equal: ' + ', '.join(f'{n} {what} {kind}' for (what, kind), n in sorted(by.items())))
    return 0


def main():
    if sys.argv[1] == 'rules':
        return rules()
    if sys.argv[1] == 'changes':
        out = csv.DictWriter(sys.stdout, lineterminator='\n', restval='', fieldnames=quota_truth.COLUMNS + [
            'at', 'contact_id', 'channel', 'reached', 'next_meeting_on', 'carries_contacts'])
        out.writeheader()
        out.writerows(changes(sys.argv[2]))
        return 0
    return check(*sys.argv[2:5])


if __name__ == '__main__':
    sys.exit(main())
