"""The tables of a spool: what a bridge remembers of presses, alarms, routes, devices and other bridges.

No table holds a position, a name or an address in clear: items are sealed containers; presses as they came, what a
route must still send and what was refused are sealed to the bridge's own box key before they get here.

States of a press: *taken*, and its evidence, statements and dispatches are still to be made from `raw` and `remaining`;
*unsealed*, made but for the evidence, which no reader could open; *done*. A statement that is *making* keeps the place
of what will be said of a press, before everything else about the same alarm; one that is *kept* holds nobody up.
"""

from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS press (
  n INTEGER PRIMARY KEY AUTOINCREMENT, identity TEXT NOT NULL UNIQUE, alarm TEXT, pressed BLOB NOT NULL,
  taken_ms INTEGER NOT NULL, state TEXT NOT NULL, remaining BLOB, raw BLOB, item TEXT);
CREATE INDEX IF NOT EXISTS press_of_alarm ON press (alarm, n);
CREATE INDEX IF NOT EXISTS press_taken ON press (n) WHERE state = 'taken';
CREATE INDEX IF NOT EXISTS press_unsealed ON press (n) WHERE state = 'unsealed';
CREATE INDEX IF NOT EXISTS press_raw ON press (taken_ms) WHERE raw IS NOT NULL;
CREATE INDEX IF NOT EXISTS press_of_item ON press (item) WHERE raw IS NOT NULL;
CREATE TABLE IF NOT EXISTS elsewhere (press TEXT PRIMARY KEY, alarm TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS covered (press TEXT PRIMARY KEY, alarm TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS newest_press (
  device TEXT PRIMARY KEY, boot INTEGER NOT NULL, counter INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS newest_position (
  device TEXT PRIMARY KEY, boot INTEGER NOT NULL, counter INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarm (
  n INTEGER PRIMARY KEY AUTOINCREMENT, alarm TEXT NOT NULL UNIQUE, device TEXT NOT NULL, sort TEXT NOT NULL,
  is_open INTEGER NOT NULL, document BLOB NOT NULL, generation INTEGER NOT NULL DEFAULT 0,
  orphan INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS orphan ON alarm (n) WHERE orphan;
CREATE INDEX IF NOT EXISTS folded_alarm ON alarm (n) WHERE generation = -1;
CREATE INDEX IF NOT EXISTS open_alarm ON alarm (device, sort) WHERE is_open;
CREATE INDEX IF NOT EXISTS alarm_of_device ON alarm (device, n);
CREATE INDEX IF NOT EXISTS closed_alarm ON alarm (device, sort, generation, alarm) WHERE NOT is_open;
CREATE TABLE IF NOT EXISTS news (
  n INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL,
  at_ms INTEGER NOT NULL, UNIQUE (kind, key));
CREATE TABLE IF NOT EXISTS peer (
  url TEXT PRIMARY KEY, spool TEXT NOT NULL, heard INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spool_id (id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS mark (id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS blind (since_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS item (
  n INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL UNIQUE, alarm TEXT NOT NULL, sha256 TEXT NOT NULL,
  container BLOB NOT NULL, dropped INTEGER NOT NULL DEFAULT 0, boot INTEGER NOT NULL DEFAULT 0,
  counter INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS item_of_alarm ON item (alarm, n);
CREATE INDEX IF NOT EXISTS item_kept ON item (n) WHERE NOT dropped;
CREATE TABLE IF NOT EXISTS statement (
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, alarm TEXT NOT NULL, item TEXT,
  dsse BLOB NOT NULL, state TEXT NOT NULL DEFAULT 'waiting', detail TEXT NOT NULL DEFAULT '',
  queued_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS statement_waiting ON statement (n) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS statement_of_item ON statement (item) WHERE item IS NOT NULL;
CREATE INDEX IF NOT EXISTS statement_early ON statement (n) WHERE state = 'early';
CREATE INDEX IF NOT EXISTS statement_making ON statement (alarm) WHERE state = 'making';
CREATE TABLE IF NOT EXISTS outbox (
  n INTEGER PRIMARY KEY AUTOINCREMENT, alarm TEXT NOT NULL, route TEXT NOT NULL, sealed BLOB NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting', due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  withdraws INTEGER NOT NULL DEFAULT 0, press TEXT);
CREATE INDEX IF NOT EXISTS outbox_of_press ON outbox (press) WHERE press IS NOT NULL;
CREATE INDEX IF NOT EXISTS outbox_of_alarm ON outbox (alarm, route);
CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (route, due_ms) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS outbox_yielded ON outbox (due_ms) WHERE state = 'yielded';
CREATE TABLE IF NOT EXISTS held (
  n INTEGER PRIMARY KEY AUTOINCREMENT, alarm TEXT NOT NULL, route TEXT NOT NULL, stage INTEGER NOT NULL,
  instead_of TEXT NOT NULL, sealed BLOB NOT NULL, due_ms INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'held',
  press TEXT);
CREATE INDEX IF NOT EXISTS held_of_press ON held (press) WHERE press IS NOT NULL;
CREATE INDEX IF NOT EXISTS held_of_alarm ON held (alarm, stage);
CREATE INDEX IF NOT EXISTS held_due ON held (due_ms) WHERE state = 'held' AND stage = 0;
CREATE TABLE IF NOT EXISTS deadline (alarm TEXT PRIMARY KEY, due_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deadline_due ON deadline (due_ms);
CREATE TABLE IF NOT EXISTS promise (
  press TEXT PRIMARY KEY, device TEXT NOT NULL, due_ms INTEGER, since_ms INTEGER NOT NULL,
  document BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS promise_of_device ON promise (device);
CREATE INDEX IF NOT EXISTS promise_due ON promise (due_ms) WHERE due_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS quarantine (
  n INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, at TEXT NOT NULL, topic TEXT NOT NULL,
  reason TEXT NOT NULL, sealed BLOB NOT NULL, authentic INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS quarantine_authentic ON quarantine (n) WHERE authentic;
CREATE TABLE IF NOT EXISTS device_heard (
  device TEXT PRIMARY KEY, since_ms INTEGER NOT NULL, heard_ms INTEGER, battery INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS newest_sign (
  device TEXT PRIMARY KEY, boot INTEGER, counter INTEGER, ahead_boot INTEGER, ahead_counter INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS device_test (device TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS device_history (
  n INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, at_ms INTEGER NOT NULL, reasons TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS history_of_device ON device_history (device, n);
CREATE TABLE IF NOT EXISTS route_history (
  n INTEGER PRIMARY KEY AUTOINCREMENT, route TEXT NOT NULL, at_ms INTEGER NOT NULL, up INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS test_window (device TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
"""
