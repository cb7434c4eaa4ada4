#!/usr/bin/env python3
"""What reps' funnels and quotas must be for the sales set, told by a program that shares nothing with funneld.

  quota_truth.py changes DATASET            the change log on standard output, with what this file adds to it
  quota_truth.py funnel DATASET DATE FILE   FILE: funnel --by rep --json; exit 1 with the first difference
  quota_truth.py quotas DATASET DATE YEAR FILE
                                            FILE: a line of `show quota --json` for each rep
  quota_truth.py reps DATASET               the reps' ids, a line each

Added to the set's own change log, at a deal's birth, by its CRC-32 c:
  expected_close_date   the birth plus 90 + c mod 640 days: cycles of 3 months to 2 years; none when c mod 13 is 0
  amount                none when c mod 29 is 0
  currency              EUR instead of USD when c mod 31 is 1
  owner                 of deals with c mod 19 = 2 the next rep of the list, 40 days after the birth
and a rep_changed row for each of the reps, all of the organisation US.
DATE: everything up to the end of that day counts.
"""
import csv
import datetime
import io
import json
import os
import subprocess
import sys
import zlib

WEIGHT_BP = {'Prospecting': 2500, 'Engaging': 5000}
LAYER = {'Prospecting': 'TOP', 'Engaging': 'MIDDLE'}
COLUMNS = ('event prospect_id rep_id occurred_at version stage status amount currency owner_rep_id region industry '
           'expected_close_date active org_id manager_id').split()


def crc(text):
    return zlib.crc32(text.encode())


def day_after(day, days):
    return (datetime.date.fromisoformat(day) + datetime.timedelta(days=days)).isoformat()


def team(dataset):
    with open(os.path.join(dataset, 'sales_teams.csv'), newline='', encoding='utf-8') as f:
        return {row['sales_agent']: row['manager'] for row in csv.DictReader(f)}


def plain(dataset):
    text = subprocess.run([sys.executable, os.path.join(dataset, 'to_changes.py')], check=True, capture_output=True,
                          text=True).stdout
    return list(csv.DictReader(io.StringIO(text)))


def changes(dataset):
    """Rows with what the head of this file adds, in order of time."""
    reps = sorted({row['owner_rep_id'] for row in plain(dataset) if row['owner_rep_id']})
    managers = team(dataset)
    rows = [dict(event='rep_changed', rep_id=rep, occurred_at='2016-01-01', version='1', active='true', org_id='US',
                 manager_id=managers[rep]) for rep in reps]
    seen = set()
    for row in plain(dataset):
        row = dict(row)
        deal = row['prospect_id']
        c = crc(deal)
        if deal not in seen:
            seen.add(deal)
            if c % 13:
                row['expected_close_date'] = day_after(row['occurred_at'], 90 + c % 640)
            if c % 31 == 1:
                row['currency'] = 'EUR'
            if c % 29 == 0:
                row['amount'] = row['currency'] = ''
            rows.append(row)
            if c % 19 == 2:
                other = reps[(reps.index(row['owner_rep_id']) + 1) % len(reps)]
                rows.append(dict(event='changed', prospect_id=deal, occurred_at=day_after(row['occurred_at'], 40),
                                 owner_rep_id=other))
        else:
            rows.append(row)
    # to_changes.py orders by time; a stable sort keeps each deal's own order
    return sorted(rows, key=lambda row: row['occurred_at'])


def deals_at(dataset, date):
    deals = {}
    for row in changes(dataset):
        if row['event'] == 'changed' and row['occurred_at'] <= date:
            deal = deals.setdefault(row['prospect_id'], {})
            deal.update({k: v for k, v in row.items() if v})
    return deals


def minor(amount):
    return int(amount) * 100 if amount else None


def differ(text):
    print(text)
    sys.exit(1)


def check_funnel(dataset, date, path):
    expected = {}
    for deal in deals_at(dataset, date).values():
        key = (deal['owner_rep_id'], deal['status'])
        group = expected.setdefault(key, {'count': 0, 'sums': {}})
        group['count'] += 1
        if 'amount' in deal:
            sums = group['sums'].setdefault(deal['currency'], [0, 0])
            sums[0] += minor(deal['amount'])
            if deal['status'] == 'open':
                sums[1] += minor(deal['amount']) * WEIGHT_BP[deal['stage']]
    found = {}
    with open(path, encoding='utf-8') as f:
        for row in json.load(f)['rows']:
            sums = {a['currency']: [a['amount_minor'], a['weighted_minor']] for a in row['amounts']}
            found[(row['key'], row['status'])] = {'count': row['count'], 'sums': sums}
    for key in sorted(set(expected) | set(found)):
        a, b = expected.get(key), found.get(key)
        if not a or not b or a['count'] != b['count'] or sorted(a['sums']) != sorted(b['sums']):
            differ(f'funnel at {date}, {key}: expected {a}, found {b}')
        for currency, (amount, weighted) in a['sums'].items():
            # the open ones' weights: 25 % or 50 % of whole cents, so at most half a cent is rounded
            if amount != b['sums'][currency][0] or (key[1] == 'open' and
                                                    abs(weighted - b['sums'][currency][1] * 10000) > 5000):
                differ(f'funnel at {date}, {key} {currency}: expected {amount}, {weighted}/10000, found {b["sums"]}')
    print(f'{len({k[0] for k in expected})} reps, {len(expected)} groups as expected')


def half_even(value, unit):
    low = value // unit * unit
    rest = value - low
    if rest * 2 > unit or (rest * 2 == unit and low // unit % 2):
        low += unit
    return low


def quota_of(deals, rep, year):
    """(counted and left out lines by deal, the quota in cents, rounding in 1/10000 cent)"""
    lines, left_out, exact = {}, {}, 0
    for deal_id, deal in deals.items():
        if deal['owner_rep_id'] != rep or deal['status'] != 'open':
            continue
        date = deal.get('expected_close_date')
        amount = minor(deal.get('amount'))
        weighted = 0 if amount is None else amount * WEIGHT_BP[deal['stage']]
        line = (LAYER[deal['stage']], WEIGHT_BP[deal['stage']], amount, weighted, date)
        if not date:
            left_out[deal_id] = ('NO_CLOSE_DATE',) + line
        elif int(date[:4]) != year:
            continue
        elif amount is None:
            left_out[deal_id] = ('AMOUNT_UNKNOWN',) + line
        elif deal['currency'] != 'USD':
            left_out[deal_id] = ('NOT_CONVERTIBLE',) + line
        else:
            lines[deal_id] = ('COUNTED',) + line
            exact += weighted
    # rounded once to whole dollars, half to even
    quota = half_even(exact, 100 * 10000)
    return lines, left_out, quota // 10000, quota - exact


def line_found(line):
    money = line['amount']
    return (line['reason'], line['layer'], line['weight_bp'], money['amount_minor'] if money else None,
            line['weighted_minor'] * 10000 + line['weighted_e4'], line['expected_close_date'])


def check_quotas(dataset, date, year, path):
    deals = deals_at(dataset, date)
    reps = sorted({d['owner_rep_id'] for d in deals.values()})
    total = lines_total = left_total = 0
    found = {}
    with open(path, encoding='utf-8') as f:
        for text in f:
            quota = json.loads(text)
            found[quota['rep_id']] = quota
    for rep in reps:
        lines, left_out, quota, rounding = quota_of(deals, rep, year)
        q = found.get(rep) or differ(f'{rep}: no quota')
        if q['state'] != 'FROZEN' or q['org_id'] != 'US' or q['fiscal_year'] != year:
            differ(f'{rep}: {q["state"]} {q["org_id"]} {q["fiscal_year"]}')
        for name, expected in (('lines', lines), ('left_out', left_out)):
            got = {line['prospect_id']: line_found(line) for line in q[name]}
            for deal in sorted(set(expected) | set(got)):
                if expected.get(deal) != got.get(deal):
                    differ(f'{rep} {name} {deal}: expected {expected.get(deal)}, found {got.get(deal)}')
        if q['quota']['amount_minor'] != quota or q['rounding_minor'] * 10000 + q['rounding_e4'] != rounding:
            differ(f'{rep}: expected {quota} and rounding {rounding}, found {q["quota"]} {q["rounding_minor"]} '
                   f'{q["rounding_e4"]}')
        if sum(line[4] for line in lines.values()) + rounding != quota * 10000:
            differ(f'{rep}: lines + rounding are not the quota')
        total += quota
        lines_total += len(lines)
        left_total += len(left_out)
    print(f'{len(reps)} reps, {lines_total} lines, {left_total} left out, quotas of {total / 100:,.2f} USD as expected')


def main(argv):
    command, dataset = argv[1], argv[2]
    if command == 'changes':
        out = csv.DictWriter(sys.stdout, lineterminator='\n', restval='', fieldnames=COLUMNS)
        out.writeheader()
        out.writerows(changes(dataset))
    elif command == 'reps':
        print('\n'.join(sorted({row['owner_rep_id'] for row in plain(dataset) if row['owner_rep_id']})))
    elif command == 'funnel':
        check_funnel(dataset, argv[3], argv[4])
    elif command == 'quotas':
        check_quotas(dataset, argv[3], int(argv[4]), argv[5])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
