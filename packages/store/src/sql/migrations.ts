/** What brings the schema from one version to the next; the index in the list is the version that it starts from. */
export type Migrations = readonly string[];

/**
 * Append only: a released step is never changed. `test/sql/fixtures` has a database of every released version.
 *
 * Times are milliseconds since 1970 (UTC), durations milliseconds, flags 0 or 1. Lists and structures are JSON.
 */
export const migrations: Migrations = [
  `
  create table run (
    -- A number is never given twice: results of tests name the run by it for longer than its row is kept.
    no integer primary key autoincrement,
    id text not null unique,
    started_ms integer not null,
    duration_ms integer not null,
    status text not null,
    reason text,
    exit_code integer not null,
    is_finished integer not null,
    is_imported integer not null,
    run_mode text,
    environment text not null,
    inputs text,
    commit_id text,
    branch text,
    is_dirty integer,
    command text,
    resumes text,
    nodes integer not null,
    kept integer not null,
    total integer not null,
    passed integer not null,
    failed integer not null,
    skipped integer not null,
    flaky integer not null
  ) strict;
  create index run_by_time on run (started_ms);

  create table layer_result (
    run integer not null references run (no) on delete cascade,
    layer text not null,
    name text not null,
    status text not null,
    duration_ms integer not null,
    budget_ms integer,
    primary key (run, layer)
  ) strict, without rowid;

  create table node_result (
    run integer not null references run (no) on delete cascade,
    node text not null,
    layer text not null,
    category text not null,
    environment text not null,
    started_ms integer not null,
    status text not null,
    reason text,
    failure_class text,
    duration_ms integer not null,
    attempts integer not null,
    is_flaky integer not null,
    is_partial integer not null,
    is_kept integer not null,
    parts integer not null,
    offset_ms integer not null,
    total integer not null,
    passed integer not null,
    failed integer not null,
    skipped integer not null,
    flaky integer not null,
    exit_code integer,
    primary key (run, node)
  ) strict, without rowid;
  create index node_by_name on node_result (environment, node, started_ms);

  create table attempt_result (
    run integer not null references run (no) on delete cascade,
    node text not null,
    attempt integer not null,
    status text not null,
    reason text,
    duration_ms integer not null,
    total integer not null,
    passed integer not null,
    failed integer not null,
    skipped integer not null,
    primary key (run, node, attempt)
  ) strict, without rowid;

  create table test (
    no integer primary key,
    environment text not null,
    id text not null,
    category text not null,
    file text not null,
    titles text not null,
    occurrence integer not null,
    runs integer not null,
    passes integer not null,
    failures integer not null,
    last_status text not null,
    last_run text not null,
    last_ms integer not null,
    p50_ms real,
    p95_ms real,
    flaky_count integer not null,
    flaky_ms integer,
    last_pass_run text,
    last_pass_ms integer,
    first_failure_run text,
    first_failure_ms integer,
    first_failure_message text,
    recent text not null,
    unique (environment, category, file, titles, occurrence)
  ) strict;
  create index test_by_id on test (id);
  create index test_by_titles on test (environment, category, titles);
  create index test_by_p95 on test (environment, p95_ms);
  create index test_by_flaky on test (environment, flaky_ms) where flaky_ms is not null;
  create index test_failing on test (environment, first_failure_run) where first_failure_run is not null;

  create table open_category (
    environment text not null,
    category text not null,
    run text not null,
    at_ms integer not null,
    state text not null,
    primary key (environment, category)
  ) strict, without rowid;

  create table last_pass (
    environment text not null,
    category text not null,
    run text not null,
    at_ms integer not null,
    tests integer not null,
    command text not null,
    primary key (environment, category)
  ) strict, without rowid;
  `,
];
