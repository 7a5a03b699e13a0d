create table mainstay_progress (
  id text primary key not null,
  name text not null,
  said text not null,
  expires_at integer not null
) strict;
create index mainstay_progress_expires on mainstay_progress (expires_at);

create table mainstay_report (
  id text primary key not null,
  name text not null,
  progress text,
  value text,
  ended_at integer not null,
  expires_at integer not null
) strict;
create index mainstay_report_expires on mainstay_report (expires_at);
