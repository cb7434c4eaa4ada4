#!/usr/bin/env python3
"""What the cells of the sales set's reps must be, and what a proposal for its territories may say, told by a program
that shares nothing with funneld.

  territories_truth.py changes DATASET        the change log of quota_truth.py on standard output, with what this file
                                              adds
  territories_truth.py reps FILE              the reps' ids, a line each
  territories_truth.py quotas FILE DATE YEAR QUOTAS
                                              QUOTAS: a line of `show quota --json` for each rep
  territories_truth.py cells FILE DATE ROWS SHOWN
                                              ROWS: `tail funnel.orgs --json` from the beginning;
                                              SHOWN: `territories --json`
  territories_truth.py proposal FILE DATE ID EVENTS
                                              EVENTS: `tail funnel.territories --json`; ID: of the proposal

FILE: that change log; DATE: a Wednesday; everything up to its end counts, and it is the day after it. Exit 1 with the
first difference.

Added to the change log: of each rep the region of his office, the sectors that he sells to, and that he can carry 100
prospects. And, on 3 July 2017, what the set lacks, of deals open by then that never changed their rep, by CRC-32 c:
  probability  80 % by hand when c mod 7 is 3: a rep is that certain, so the deal is at the BOTTOM
  contact      when c mod 5 is 1: a phone call that reached the customer
"""
import csv
import datetime
import io
import json
import math
import os
import subprocess
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
LATER = '2017-07-03'
LAYER = {'Prospecting': 'TOP', 'Engaging': 'MIDDLE'}
BP = {'TOP': 2500, 'MIDDLE': 5000, 'BOTTOM': 7500}
CAPACITY = 100
COUNT_MAX = CAPACITY * 120 // 100
AGAIN_DAYS = 180
QUIET_BD = 10
ORG = 'US'


def fail(text):
    print(text)
    sys.exit(1)


def table(dataset, name):
    with open(os.path.join(dataset, name), newline='', encoding='utf-8') as f:
        return list(csv.DictReader(f))


# ---- the change log ----

def changes(dataset):
    text = subprocess.run([sys.executable, os.path.join(HERE, 'quota_truth.py'), 'changes', dataset], check=True,
                          capture_output=True, text=True).stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    offices = {row['sales_agent']: row['regional_office'] for row in table(dataset, 'sales_teams.csv')}
    sectors = {}
    for row in rows:
        if row['industry'] and row['owner_rep_id']:
            sectors.setdefault(row['owner_rep_id'], set()).add(row['industry'])
    for row in rows:
        if row['event'] == 'rep_changed':
            row.update(regions=offices[row['rep_id']], industries=';'.join(sorted(sectors[row['rep_id']])),
                       capacity_prospects=str(CAPACITY))
    rows += later(rows)
    columns = list(rows[0])
    columns += [c for row in rows for c in row if c not in columns]
    out = csv.DictWriter(sys.stdout, lineterminator='\n', restval='', fieldnames=list(dict.fromkeys(columns)))
    out.writeheader()
    out.writerows(sorted(rows, key=lambda row: row['occurred_at']))


def later(rows):
    extra = []
    for deal, d in deals_at(rows, '2017-07-02').items():
        c = zlib.crc32(deal.encode())
        if d['status'] != 'open' or d['moved_on']:
            continue
        if c % 7 == 3:
            extra.append(dict(event='changed', prospect_id=deal, occurred_at=LATER, probability='80%',
                              probability_source='MANUAL'))
        if c % 5 == 1:
            extra.append(dict(event='contact', prospect_id=deal, occurred_at=LATER, contact_id='call-' + deal, at=LATER,
                              channel='PHONE', reached='true', rep_id=d['owner_rep_id']))
    return extra


def deals_at(rows, date):
    """By id: its fields by then, moved_on: since when another rep has it, called_on: when it was last called."""
    deals = {}
    for row in rows:
        if row['event'] not in ('changed', 'contact') or row['occurred_at'] > date:
            continue
        deal = deals.setdefault(row['prospect_id'], {'moved_on': None, 'called_on': None})
        if row['event'] == 'contact':
            deal['called_on'] = row['at']
            continue
        owner = row.get('owner_rep_id')
        if owner and deal.get('owner_rep_id', owner) != owner:
            deal['moved_on'] = row['occurred_at']
        deal.update({k: v for k, v in row.items() if v})
    return deals


def read(path):
    with open(path, newline='', encoding='utf-8') as f:
        return list(csv.DictReader(f))


# ---- what follows from it ----

def layer_of(deal):
    return 'BOTTOM' if deal.get('probability_source') == 'MANUAL' else LAYER[deal['stage']]


def day_number(day):
    return (day - datetime.date(1970, 1, 1)).days


def held_until(deal):
    """The first day on which a proposal may move it; None: it always might."""
    days = []
    if deal['moved_on']:
        days.append(datetime.date.fromisoformat(deal['moved_on']) + datetime.timedelta(days=AGAIN_DAYS))
    if deal['called_on'] and layer_of(deal) == 'MIDDLE':
        day, left = datetime.date.fromisoformat(deal['called_on']), QUIET_BD
        while left:
            day += datetime.timedelta(days=1)
            left -= day.weekday() < 5
        days.append(day + datetime.timedelta(days=1))
    return max(days) if days else None


def may_move(deal, today):
    """By whole weeks of the epoch: from the first one on that begins on or after that day. On any day but their first,
    a Thursday, it also depends on whether the line has changed since: so look on Thursdays."""
    day = held_until(deal)
    return not day or -(-day_number(day) // 7) <= day_number(today) // 7


def volumes(deals, today):
    """(rep, region, sector) -> (layer, currency) -> [count, amount, weighted e-4; what may move: count, weighted]"""
    cells = {}
    for deal in deals.values():
        if deal['status'] != 'open':
            continue
        layer = layer_of(deal)
        cell = cells.setdefault((deal['owner_rep_id'], deal['region'], deal['industry']), {})
        v = cell.setdefault((layer, deal.get('currency') or None), [0, 0, 0, 0, 0])
        amount = int(deal['amount']) * 100 if deal.get('amount') else 0
        moves = may_move(deal, today)
        v[0] += 1
        v[1] += amount
        v[2] += amount * BP[layer]
        if moves:
            v[3] += 1
            v[4] += amount * BP[layer]
    return cells


def day_after(date):
    return datetime.date.fromisoformat(date) + datetime.timedelta(days=1)


def found_cells(path, today):
    rows = {}
    with open(path, encoding='utf-8') as f:
        for text in f:
            e = json.loads(text)
            if e['key'].startswith('cell|'):
                rows[e['key']] = e['data']
    cells = {}
    for key, row in rows.items():
        if not row:
            continue
        if row['org_id'] != ORG or row['book'] != 'rep:' + row['rep_id'] or row['size_focus'] != '':
            fail(f'{key}: {row["org_id"]} {row["book"]} {row["size_focus"]}')
        cell = cells.setdefault((row['rep_id'], row['region'], row['industry']), {})
        for t in row['totals']:
            v = cell.setdefault((t['layer'], t['currency']), [0, 0, 0, 0, 0])
            weighted = t['weighted_minor'] * 10000 + t['weighted_e4']
            moves = t['held_week'] <= day_number(today) // 7
            for i, n in enumerate((t['count'], t['amount_minor'], weighted, t['count'] * moves, weighted * moves)):
                v[i] += n
    return cells


def check_cells(rows, date, path, shown):
    today = day_after(date)
    expected, found = volumes(deals_at(rows, date), today), found_cells(path, today)
    for key in sorted(set(expected) | set(found)):
        a, b = expected.get(key), found.get(key)
        if a != b:
            fail(f'cell {key} at {date}: expected {a}, found {b}')
    totals = [v for cell in expected.values() for v in cell.values()]
    print(f'{len({k[0] for k in expected})} reps, {len(expected)} cells, {len(totals)} sums of '
          f'{sum(v[0] for v in totals)} prospects, {sum(v[3] for v in totals)} of them may move')
    with open(shown, encoding='utf-8') as f:
        view = json.load(f)
    for i, name in enumerate(('volume', 'count')):
        s = spread([share[i] for share in shares(expected).values()])
        if view[name] != s:
            fail(f'spread by {name} at {date}: expected {s}, shown {view[name]}')
        print(f'by {name}: {tell(s)}')


# ---- quotas ----

def check_quotas(rows, date, year, path):
    deals = deals_at(rows, date)
    reps, expected, exact = reps_of(rows), {}, {}
    for deal in deals.values():
        day = deal.get('expected_close_date')
        if deal['status'] == 'open' and day and int(day[:4]) == year and deal.get('currency') == 'USD':
            rep, weighted = deal['owner_rep_id'], int(deal['amount']) * 100 * BP[layer_of(deal)]
            key = (rep, deal['region'], deal['industry'])
            expected[key] = expected.get(key, 0) + weighted
            exact[rep] = exact.get(rep, 0) + weighted
    found, total = {}, 0
    with open(path, encoding='utf-8') as f:
        quotas = {q['rep_id']: q for q in map(json.loads, f)}
    for rep in reps:
        quota = quotas.get(rep) or fail(f'{rep}: no quota')
        for line in quota['lines']:
            deal = deals[line['prospect_id']]
            key = (rep, deal['region'], deal['industry'])
            found[key] = found.get(key, 0) + line['weighted_minor'] * 10000 + line['weighted_e4']
        dollars, rest = divmod(exact.get(rep, 0), 1000000)
        dollars += rest > 500000 or (rest == 500000 and dollars % 2)
        if quota['quota_minor'] != dollars * 100 or quota['state'] != 'FROZEN':
            fail(f'quota of {rep} for {year}: expected {dollars}, found {quota["quota_minor"]} {quota["state"]}')
        total += dollars
    for key in sorted(set(expected) | set(found)):
        if expected.get(key) != found.get(key):
            fail(f'quota of {key} for {year}: expected {expected.get(key)}, found {found.get(key)}')
    print(f'{len(reps)} reps and {len(expected)} of their cells, quotas of {total:,} USD')


def reps_of(rows):
    return sorted({row['rep_id'] for row in rows if row['event'] == 'rep_changed'})


# ---- the proposal ----

def shares(cells):
    """rep -> [volume in cents of USD, count]"""
    reps = {}
    for (rep, _, _), cell in cells.items():
        share = reps.setdefault(rep, [0, 0])
        for (_, currency), v in cell.items():
            share[0] += v[2] // 10000 if currency == 'USD' else 0
            share[1] += v[0]
    return reps


def root_up(numerator, denominator):
    """The least n with n * n >= numerator / denominator."""
    n = math.isqrt(numerator // denominator)
    while n * n * denominator < numerator:
        n += 1
    return n


def spread(values):
    """Rounded up, in basis points; of the whole, not of a sample."""
    total, low, high = sum(values), min(values), max(values)
    unlike = len(values) * sum(v * v for v in values) - total * total
    return {'min': low, 'max': high, 'total': total, 'max_min_bp': -(-high * 10000 // low) if low else 0,
            'variation_bp': root_up(unlike * 10 ** 8, total * total) if total else 0}


def tell(s):
    return f'max/min {s["max_min_bp"] / 10000:.2f}, CV {s["variation_bp"] / 10000:.4f}'


def told(path, proposal_id):
    moves, ends = [], []
    with open(path, encoding='utf-8') as f:
        for text in f:
            e = json.loads(text)
            if e['data'].get('proposal_id') == proposal_id:
                {'ProposalMove': moves, 'TerritoryProposal': ends}.get(e['type'], []).append(e['data'])
    if len(ends) != 1 or ends[0]['move_count'] != len(moves) or [m['number'] for m in moves] != list(
            range(1, len(moves) + 1)):
        fail(f'{proposal_id}: {len(ends)} ends, moves {[m["number"] for m in moves]}')
    return moves, ends[0]


def check_move(m, cells, works):
    """(prospects, volume) that it moves"""
    cell = cells.get((m['from_rep_id'], m['region'], m['industry']), {})
    parts = {currency: v for (layer, currency), v in cell.items() if layer == m['layer']}
    count = sum(v[3] for v in parts.values())
    volume = parts['USD'][4] // 10000 if 'USD' in parts else 0
    to = works[m['to_rep_id']]
    if m['layer'] not in ('TOP', 'MIDDLE') or m['size_focus'] is not None or m['from_rep_id'] == m['to_rep_id']:
        fail(f'{m}: nobody may move that')
    if (m['prospect_count'], m['volume_minor']) != (count, volume) or not count:
        fail(f'{m}: expected {count} prospects of {volume}')
    if m['region'] not in to['regions'].split(';') or m['industry'] not in to['industries'].split(';'):
        fail(f'{m}: {m["to_rep_id"]} does not work there')
    return count, volume


def check_proposal(rows, date, proposal_id, path):
    today = day_after(date)
    cells = volumes(deals_at(rows, date), today)
    moves, end = told(path, proposal_id)
    works = {row['rep_id']: row for row in rows if row['event'] == 'rep_changed'}
    before = {rep: shares(cells).get(rep, [0, 0]) for rep in works}
    after = {rep: list(share) for rep, share in before.items()}
    given, got, seen = {}, {}, set()
    for m in moves:
        count, volume = check_move(m, cells, works)
        for rep, sign, limit in ((m['from_rep_id'], -1, given), (m['to_rep_id'], 1, got)):
            after[rep][0] += sign * volume
            after[rep][1] += sign * count
            limit[rep] = limit.get(rep, 0) + count
        what = (m['from_rep_id'], m['region'], m['industry'], m['layer'])
        if what in seen:
            fail(f'{what} is moved twice')
        seen.add(what)
    total = sum(share[1] for share in before.values())
    moved = sum(given.values())
    if moved > total // 10 or max([0, *given.values(), *got.values()]) > 20:
        fail(f'{moved} of {total} move; given {given}, got {got}')
    if [rep for rep in got if after[rep][1] > COUNT_MAX]:
        fail(f'more than anybody can carry: {after}')
    others = sum(v[0] for cell in cells.values() for (_, currency), v in cell.items() if currency not in ('USD', None))
    expected = {'base_currency': 'USD', 'org_id': ORG, 'moved_count': moved, 'not_converted_count': others}
    for i, name in enumerate(('volume', 'count')):
        expected[name + '_before'] = spread([share[i] for share in before.values()])
        expected[name + '_after'] = spread([share[i] for share in after.values()])
    expected['reps'] = [{'rep_id': rep, 'volume_before_minor': before[rep][0], 'volume_after_minor': after[rep][0],
                         'count_before': before[rep][1], 'count_after': after[rep][1]} for rep in sorted(works)]
    a, b = expected['volume_before'], expected['volume_after']
    expected['is_worth_it'] = is_better_by_a_tenth(before, after)
    expected['is_on_target'] = b['variation_bp'] <= 2500 and 0 < b['max_min_bp'] <= 15000
    for name, value in expected.items():
        if end[name] != value:
            fail(f'{proposal_id}, {name}: expected {value}, found {end[name]}')
    if b['variation_bp'] > a['variation_bp'] or (not moves and a != b):
        fail(f'{proposal_id}: worse than before')
    print(f'{len(moves)} moves of {moved} prospects of {total}, at most {max([0, *given.values()])} from one rep and '
          f'{max([0, *got.values()])} to one; {"worth it" if end["is_worth_it"] else "not worth it"}')
    for name in ('volume', 'count'):
        print(f'by {name} before: {tell(expected[name + "_before"])}; after: {tell(expected[name + "_after"])}')


def is_better_by_a_tenth(before, after):
    """Exactly: the mean stays, so the coefficients go as the roots of the variances."""
    def unlike(shares_of):
        values = [share[0] for share in shares_of.values()]
        return len(values) * sum(v * v for v in values) - sum(values) ** 2
    return unlike(after) < unlike(before) and 100 * unlike(after) <= 81 * unlike(before)


def main(argv):
    command, path = argv[1], argv[2]
    if command == 'changes':
        changes(path)
    elif command == 'reps':
        print('\n'.join(reps_of(read(path))))
    elif command == 'quotas':
        check_quotas(read(path), argv[3], int(argv[4]), argv[5])
    elif command == 'cells':
        check_cells(read(path), *argv[3:6])
    elif command == 'proposal':
        check_proposal(read(path), argv[3], argv[4], argv[5])
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main(sys.argv)
