import type { DatabaseKind } from "@netra-apex/store/sql";

/**
 * Append only: a released step is never changed.
 *
 * Times are milliseconds since 1970 (UTC). Structures are JSON.
 */
const migrations = [
  `
  create table task (
    id text not null primary key,
    category text not null,
    environment text not null,
    state text not null,
    priority integer not null,
    -- In the line: the number of the event that put it there.
    place integer not null unique,
    created_ms integer not null,
    queued_ms integer not null,
    changed_ms integer not null,
    not_before_ms integer,
    fence integer not null,
    spec text not null,
    origin text not null,
    -- What else its state has: attempts, lease, progress, result.
    life text not null,
    fingerprint text,
    env text
  ) strict;
  create index task_by_change on task (state, changed_ms, place);
  create index task_in_line on task (priority, place, queued_ms) where state = 'queued';
  create index task_held on task (place) where state in ('starting', 'running');
  create index task_due on task (not_before_ms) where state = 'retry-wait';
  create index task_open on task (category, environment)
    where state in ('queued', 'starting', 'running', 'retry-wait');
  create index task_by_fingerprint on task (fingerprint) where fingerprint is not null;

  -- How many there are: to count a hundred thousand rows takes longer than a person should wait for a status.
  create table tally (
    state text not null,
    category text not null,
    tasks integer not null,
    primary key (state, category)
  ) strict, without rowid;
  create trigger task_in after insert on task begin
    insert into tally (state, category, tasks) values (new.state, new.category, 1)
      on conflict do update set tasks = tasks + 1;
  end;
  create trigger task_moved after update of state on task when new.state <> old.state begin
    update tally set tasks = tasks - 1 where state = old.state and category = old.category;
    insert into tally (state, category, tasks) values (new.state, new.category, 1)
      on conflict do update set tasks = tasks + 1;
  end;
  create trigger task_out after delete on task begin
    update tally set tasks = tasks - 1 where state = old.state and category = old.category;
  end;

  create table idempotency (key text primary key, task text not null) strict, without rowid;
  create table environment (hash text primary key, variables text not null) strict, without rowid;

  create table event (
    -- A number is never given twice: who follows the events has seen all up to one.
    seq integer primary key autoincrement,
    at_ms integer not null,
    task text,
    type text not null,
    by text,
    fence integer,
    state text,
    reason text
  ) strict;

  create table pause (
    only integer primary key check (only = 1),
    by text not null,
    at_ms integer not null,
    reason text
  ) strict;

  create table daemon (
    only integer primary key check (only = 1),
    id text,
    process text,
    version text,
    started_ms integer,
    heartbeat_ms integer,
    stop text
  ) strict;
  -- Small facts about the queue and its worker, as JSON.
  create table fact (name text primary key, value text not null) strict, without rowid;
  `,
];

/** The queue's own database; its mark is "apxq" in ASCII. */
export const queueKind: DatabaseKind = {
  applicationId: 0x61707871,
  migrations,
  hints: {
    damaged:
      "move it away, with the files beside it whose names begin alike: apex starts an empty queue then; results of tasks that are over stay where they were written to",
    full: "free some space; what is in the queue is whole, and what was refused can be tried again",
  },
};
