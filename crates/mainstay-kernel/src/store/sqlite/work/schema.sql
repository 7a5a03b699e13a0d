create table mainstay_task (
  seq integer primary key autoincrement,
  id text not null unique,
  queue text not null,
  name text not null,
  key text,
  priority integer not null,
  body text not null,
  meta text not null,
  attempt integer not null default 0,
  errors text not null default '[]',
  owner text,
  -- Of a keyed task that waits for its next attempt, and keeps its place before the others of its key.
  due_at integer,
  created_at integer not null,
  started_at integer
) strict;
create index mainstay_task_ready on mainstay_task (queue, priority, seq) where owner is null and key is null;
create index mainstay_task_keyed on mainstay_task (queue, key, seq) where key is not null;
create index mainstay_task_owned on mainstay_task (owner) where owner is not null;

create table mainstay_schedule (
  id text primary key not null,
  queue text not null,
  name text not null,
  key text,
  priority integer not null,
  body text not null,
  meta text not null,
  attempt integer not null default 0,
  errors text not null default '[]',
  due_at integer not null,
  created_at integer not null
) strict;
create index mainstay_schedule_due on mainstay_schedule (due_at);

create table mainstay_dead (
  id text primary key not null,
  queue text not null,
  name text not null,
  key text,
  priority integer not null,
  body text not null,
  meta text not null,
  attempt integer not null,
  errors text not null,
  reason text not null,
  created_at integer not null,
  died_at integer not null
) strict;
create index mainstay_dead_died on mainstay_dead (died_at, id);

-- One row for each run of a cron: whoever inserts it runs it.
create table mainstay_tick (
  cron text not null,
  due_at integer not null,
  primary key (cron, due_at)
) strict, without rowid;

-- Which tasks are not to be doubled, and until when.
create table mainstay_unique (
  id text primary key not null,
  task text not null,
  until integer not null
) strict;
create index mainstay_unique_until on mainstay_unique (until);

-- What operators said of queues.
create table mainstay_queue (
  name text primary key not null,
  paused integer not null
) strict;
