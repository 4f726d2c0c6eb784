#!/usr/bin/env python3
"""Fills a registry with devices that nobody will hear of, so that the cost of a large one can be measured.

    bench/ballast.py DATABASE GROUP COUNT

Writes the rows that COUNT enrolled devices of GROUP with one key each would have left behind, straight into the
database of a server that does not run. Keys and credentials are random bytes: they take the room of real ones,
and can't be opened. The devices have no account at the broker and no rows in the audit log.
"""
import os
import sqlite3
import sys
import time


def main() -> None:
    path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -262144")
    group, = db.execute("SELECT id FROM device_group WHERE name = ?", (name,)).fetchone()
    key, = db.execute("SELECT MIN(name) FROM key_spec WHERE group_id = ?", (group,)).fetchone()
    first, = db.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM device").fetchone()
    now = int(time.time())
    report = bytes.fromhex("8182") + bytes([0x60 + len(key)]) + key.encode() \
        + bytes.fromhex("8183010148") + bytes(8)
    db.execute("BEGIN")
    db.executemany(
        """INSERT INTO device (id, name, group_id, state, public_key, kid, credential, store,
               security_level, agent_version, created_at, last_seen, report, order_counter)
           VALUES (?, ?, ?, 2, ?, ?, ?, 0, 0, 'ballast', ?, ?, ?, 0)""",
        ((first + n, f"ballast-{n:07}", group, os.urandom(32), os.urandom(8), os.urandom(96),
          now, now, report) for n in range(count)),
    )
    # KeyState: 3 is active.
    db.executemany(
        """INSERT INTO device_key (device_id, name, epoch, state, sealed, thumbprint, created_at,
               changed_at) VALUES (?, ?, 1, 3, ?, ?, ?, ?)""",
        ((first + n, key, os.urandom(60), os.urandom(32), now, now) for n in range(count)),
    )
    # DeviceState: 2 is enrolled.
    db.execute(
        """INSERT INTO state_count (state, devices) VALUES (2, ?)
           ON CONFLICT (state) DO UPDATE SET devices = devices + excluded.devices""",
        (count,),
    )
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


if __name__ == "__main__":
    main()
