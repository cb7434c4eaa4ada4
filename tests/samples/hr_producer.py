#!/usr/bin/env python3
"""An HR system that tells funneld of its reps: to be copied and changed.

    hr_producer.py --brokers HOST:PORT --topic hr.rep-changes --schemas schemas/ [--partitions N] <events.jsonl

One event a line, as JSON: {"record": "RepResigned", "rep_id": "R-17", "version": 7, "notice_id": "n-1", ...}. Times are
RFC 3339, days are YYYY-MM-DD; a field that is left out is null, or has the schema's default.

What funneld wants of such a feed, and what can be seen here:
  - the value is Confluent's wire format: 0x00, the schema's id in 4 bytes, the Avro body. The ids are those of
    registry.json; the Avro encoder below is all that HR's records need of it.
  - the key is the rep's id. The topic is HR's own: it may have any number of partitions and any partitioner, as long as
    all events of one rep are in one partition, in their order. Here: the sum of the key's bytes.
  - `version` grows with each event of a rep, and the same event sent again has the same one, so that a feed which is
    doubled or late changes nothing. ce_id is the same then, too.
Python's standard library and kcat are all it needs.
"""
import argparse
import datetime
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import uuid

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def zigzag(n):
    n = (n << 1) ^ (n >> 63)
    out = bytearray()
    while n & ~0x7F:
        out.append((n & 0x7F) | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def milliseconds(text):
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if at.tzinfo is None:
        at = at.replace(tzinfo=datetime.timezone.utc)
    return (at - EPOCH) // datetime.timedelta(milliseconds=1)


def days(text):
    return (datetime.date.fromisoformat(text) - EPOCH.date()).days


def encode(schema, value):
    """Avro's binary form of the types that HR's records have."""
    if isinstance(schema, list):  # a union: its branch, then the value
        branch = next(i for i, s in enumerate(schema) if (s == "null") == (value is None))
        return zigzag(branch) + encode(schema[branch], value)
    kind = schema["type"] if isinstance(schema, dict) else schema
    logical = schema.get("logicalType") if isinstance(schema, dict) else None
    if kind == "null":
        return b""
    if kind == "boolean":
        return b"\x01" if value else b"\x00"
    if kind in ("int", "long"):
        if isinstance(value, str):
            value = {"timestamp-millis": milliseconds, "date": days}[logical](value)
        return zigzag(value)
    if kind == "string":
        data = value.encode()
        return zigzag(len(data)) + data
    if kind == "array":
        items = b"".join(encode(schema["items"], item) for item in value)
        return (zigzag(len(value)) + items if value else b"") + zigzag(0)
    if kind == "record":
        return b"".join(encode(f["type"], value.get(f["name"], f.get("default"))) for f in schema["fields"])
    raise ValueError(f"{kind} is not among the types of HR's records")


class Schemas:
    """The registry of a directory: the newest version of each record."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.entries = json.loads((self.directory / "registry.json").read_text())
        self.known = {}

    def of(self, record):
        if record not in self.known:
            ids = [e["id"] for e in self.entries if e["file"] == record + ".avsc"]
            schema = json.loads((self.directory / (record + ".avsc")).read_text())
            self.known[record] = (max(ids), schema)
        return self.known[record]


def frame(schemas, event):
    schema_id, schema = schemas.of(event["record"])
    names = {f["name"] for f in schema["fields"]}
    unknown = set(event) - names - {"record"}
    missing = [f["name"] for f in schema["fields"] if f["name"] not in event and "default" not in f]
    if unknown or missing:
        raise ValueError(f"{event['record']}: unknown {sorted(unknown)}, missing {missing}")
    return struct.pack(">bI", 0, schema_id) + encode(schema, event)


def main():
    parser = argparse.ArgumentParser(description="sends HR events, one JSON object a line of standard input")
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--topic", default="hr.rep-changes")
    parser.add_argument("--schemas", required=True, help="directory with the .avsc files and registry.json")
    parser.add_argument("--partitions", type=int, default=1, help="of the topic")
    parser.add_argument("--kcat", default="kcat", help="the program that speaks to Kafka")
    options = parser.parse_args()
    schemas = Schemas(options.schemas)
    sent = 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "value"
        for line in sys.stdin:
            if not line.strip():
                continue
            event = {"source": "hr", **json.loads(line)}
            key = event["rep_id"]
            path.write_bytes(frame(schemas, event))
            name = f"{event['source']}/{event['record']}/{key}/{event['version']}"
            subprocess.run(
                [options.kcat, "-P", "-b", options.brokers, "-t", options.topic, "-k", key,
                 "-p", str(sum(key.encode()) % options.partitions), "-X", "acks=all",
                 "-H", f"ce_id={uuid.uuid5(uuid.NAMESPACE_URL, name)}", "-H", "ce_specversion=1.0",
                 "-H", "ce_source=hr", "-H", f"ce_type=hr.{event['record']}.v1", str(path)],
                check=True)
            sent += 1
    print(f"{sent} events", file=sys.stderr)


if __name__ == "__main__":
    main()
