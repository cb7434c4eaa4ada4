#!/usr/bin/env python3
"""Finds the marks of erasure.sh byte by byte.

    redis SOCKET [--dump]               in all keys of Redis; --dump prints all that it holds instead, but for the
                                        engine's own counters
    topics LIST FOLDER rows|records     in what kcat printed of topics: in rows as compaction leaves them, or in all
                                        records of those that are not compacted

A mark is a text "zz-NAME." or an amount, as Avro writes it. A line out is: place, key, mark.
"""
import os
import re
import socket
import sys

TEXT = re.compile(rb"zz-[a-z0-9-]+\.")
AMOUNTS = {f"zz-amount-{n}.": minor for n, minor in enumerate((123456789123, 98765432198, 98765432197, 43215678901), 1)}


def long_bytes(value):
    """An Avro long: zigzag, then 7 bits a byte, the lowest first."""
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def marks(data):
    found = {m.decode() for m in TEXT.findall(data)}
    return found | {name for name, value in AMOUNTS.items() if long_bytes(value) in data}


def report(found):
    """found: (place, key, bytes) of all that there is."""
    lines = set()
    for place, key, data in found:
        name = key.decode("utf-8", "backslashreplace")
        lines |= {f"{place} {name} {mark}" for mark in marks(data)}
    print("".join(line + "\n" for line in sorted(lines)), end="")


class Redis:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def reply(self):
        line = self.file.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        if kind == b"-":
            sys.exit(f"redis: {rest.decode()}")
        return rest

    def ask(self, *words):
        words = [w if isinstance(w, bytes) else w.encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return self.reply()

    def keys(self):
        cursor, seen = b"0", set()
        while True:
            cursor, page = self.ask("SCAN", cursor, "COUNT", "1000")
            seen.update(page)
            if cursor == b"0":
                return sorted(seen)

    def parts(self, key):
        """Pairs of what a key holds: (name within it, bytes)."""
        kind = self.ask("TYPE", key)
        if kind == b"string":
            return [(b"", self.ask("GET", key))]
        flat = self.ask("HGETALL", key) if kind == b"hash" else self.ask("ZRANGE", key, "0", "-1", "WITHSCORES")
        return sorted(zip(flat[::2], flat[1::2]))


def shown(key):
    """{PREFIX:STAGE:PARTITION}:TABLE without prefix and partition."""
    stage = re.fullmatch(rb"\{[^:]*:([^:]*):[0-9]*\}:(.*)", key)
    return stage[1] + b" " + stage[2] if stage else key


def redis(path, dump):
    r = Redis(path)
    all_of_it = [(key, name, data) for key in r.keys() for name, data in r.parts(key)]
    if dump:
        for key, name, data in all_of_it:
            if not key.endswith((b":applied", b":note")):
                # an index names a row at its deadline or earlier; the row has the deadline
                print(key, name, b"" if key.endswith(b":due") else data)
        return
    report(("redis", shown(key) + b" " + name, key + b"\n" + name + b"\n" + data) for key, name, data in all_of_it)


def records(stream):
    """What `kcat -f '%p %K %S\\n%k%s'` prints: partition, length of key and of value (-1: null), then both."""
    while line := stream.readline():
        partition, key_length, length = (int(n) for n in line.split())
        key = stream.read(max(key_length, 0))
        yield partition, key, None if length < 0 else stream.read(length)


def topics(list_file, folder, what):
    found = []
    with open(list_file) as lines:
        policies = [line.split()[:2] for line in lines]
    for name, policy in policies:
        if (policy == "compact") != (what == "rows"):
            continue
        with open(os.path.join(folder, name), "rb") as stream:
            for (_, key), value in kept(records(stream), what):
                found.append((name, key if what == "rows" else b"-", key + b"\n" + (value or b"")))
    report(found)


def kept(all_of_it, what):
    pairs = [((partition, key), value) for partition, key, value in all_of_it]
    if what == "records":
        return pairs
    # The last of each key, and in the end no tombstone.
    return [(at, value) for at, value in dict(pairs).items() if value is not None]


if sys.argv[1] == "redis":
    redis(sys.argv[2], "--dump" in sys.argv[3:])
else:
    topics(*sys.argv[2:5])
