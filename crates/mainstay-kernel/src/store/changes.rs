//! Reading what row triggers recorded. See `migrations/0004_change.sql` for what keeps it short.

use crate::changes::{Most, Reach, Token};
use crate::{Dialect, SeededBug, Statement};

/// Tells a PostgreSQL database from every other, and from itself before it was copied, restored or failed over: the
/// cluster, its timeline, the database in it and the table.
pub(super) const PLACE: &str = "md5(concat_ws(' ', (SELECT system_identifier FROM pg_control_system()), \
     left(pg_walfile_name(pg_current_wal_insert_lsn()), 8), \
     (SELECT oid FROM pg_database WHERE datname = current_database()), 'mainstay_change'::regclass::oid))";

/// The mark of a SQLite file: its epoch, and when it was last opened. Who gives a token of an earlier opening back must not
/// have seen more than there was at the next one: then the file goes on from what the token saw, and is no copy.
const RUN: &str = "(select id from mainstay_run order by rowid desc limit 1) || '-' || epoch";

/// How far a statement sees, and the mark of the database.
pub(crate) fn now(dialect: Dialect) -> Statement {
    match dialect {
        Dialect::Postgres => Statement::new(format!(
            "SELECT pg_current_snapshot()::text, md5(concat_ws(' ', system, epoch, {PLACE})) FROM mainstay_meta"
        )),
        Dialect::Sqlite => Statement::new(format!(
            "select cast(coalesce((select seq from sqlite_sequence where name = 'mainstay_change'), 0) as text), \
             {RUN} from mainstay_meta"
        )),
    }
}

/// What was committed since the token, at most so many changes: how far that reaches, the mark, whether the token is
/// this database's and whether all since then is kept; then model, stamp, size of all, before and after. Where there are
/// more bytes, or one change more than may be, there are no images. None for another store's token.
pub(crate) fn since(dialect: Dialect, token: &Token, most: Most) -> Option<Statement> {
    let (changes, bytes) = (i64::from(most.changes) + 1, i64::try_from(most.bytes).unwrap_or(i64::MAX));
    match (dialect, token.reach()) {
        (Dialect::Postgres, Reach::Ended { next, open }) => {
            let text = told_postgres(
                "SELECT *, sum(coalesce(pg_column_size(before), 0) + coalesce(pg_column_size(after), 0)) \
                   OVER ()::bigint AS bytes FROM (\
                   (SELECT model, xid AS stamp, before, after, seq FROM mainstay_change \
                    WHERE xid >= $2::text::xid8 ORDER BY xid LIMIT $4) UNION ALL \
                   (SELECT model, xid, before, after, seq FROM mainstay_change \
                    WHERE xid = ANY ($3::text::xid8[]) LIMIT $4)) AS found",
                "model, stamp, bytes, CASE WHEN bytes <= $5 THEN before END, CASE WHEN bytes <= $5 THEN after END",
                "seq",
            );
            Some(of_postgres(text, token, *next, open).bind(changes).bind(bytes))
        }
        (Dialect::Sqlite, Reach::Counted(last)) => {
            let text = told_sqlite(
                "select *, sum(coalesce(length(before), 0) + coalesce(length(after), 0)) over () as bytes \
                 from (select model, seq as stamp, before, after from mainstay_change \
                 where seq > ?2 order by seq limit ?3)",
                "model, stamp, bytes, case when bytes <= ?4 then before end, case when bytes <= ?4 then after end",
                "stamp",
            );
            Some(Statement::new(text).bind(token.mark()).bind(*last).bind(changes).bind(bytes))
        }
        (Dialect::Postgres, Reach::Counted(_)) | (Dialect::Sqlite, Reach::Ended { .. }) => None,
    }
}

/// As [`since`], of the models alone.
pub(crate) fn models_since(dialect: Dialect, token: &Token) -> Option<Statement> {
    match (dialect, token.reach()) {
        (Dialect::Postgres, Reach::Ended { next, open }) => {
            let text = told_postgres(
                "SELECT model FROM mainstay_change WHERE xid >= $2::text::xid8 UNION \
                 SELECT model FROM mainstay_change WHERE xid = ANY ($3::text::xid8[])",
                "model",
                "model",
            );
            Some(of_postgres(text, token, *next, open))
        }
        (Dialect::Sqlite, Reach::Counted(last)) => {
            let text =
                told_sqlite("select distinct model from mainstay_change where seq > ?2", "model", "model");
            Some(Statement::new(text).bind(token.mark()).bind(*last))
        }
        (Dialect::Postgres, Reach::Counted(_)) | (Dialect::Sqlite, Reach::Ended { .. }) => None,
    }
}

fn of_postgres(text: String, token: &Token, next: u64, open: &[u64]) -> Statement {
    let open = if SeededBug::LiveForgetsOpen.is_on() { &[] } else { open };
    let open = open.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    Statement::new(text).bind(token.mark()).bind(next.to_string()).bind(format!("{{{open}}}"))
}

/// A transaction that the token's snapshot does not see was open then, or had not begun. Of those, the statement's own
/// snapshot, which is the one that is told, shows what was committed since: no transaction is looked at twice, and none
/// that stays open makes anybody read what was read before.
///
/// The limit of one row is for the planner: a table that nobody has analysed counts as hundreds of rows, and joined with
/// the changes they would be so dear that the server compiled each look for half a second.
///
/// What was dropped is in the sight of the horizon, so whoever sees all that the horizon sees has missed nothing.
fn told_postgres(changed: &str, columns: &str, order: &str) -> String {
    format!(
        "WITH meta AS MATERIALIZED (\
           SELECT pg_current_snapshot() AS now, md5(concat_ws(' ', system, epoch, {PLACE})) AS mark, horizon \
           FROM mainstay_meta LIMIT 1), \
         told AS MATERIALIZED (\
           SELECT now::text AS now, mark, mark = $1 AND $2::text::xid8 <= pg_snapshot_xmax(now) AS ours, \
             horizon IS NULL OR (pg_snapshot_xmax(horizon) <= $2::text::xid8 AND NOT EXISTS (\
               SELECT FROM unnest($3::text::xid8[]) AS open WHERE pg_visible_in_snapshot(open, horizon))) AS kept \
           FROM meta) \
         SELECT now, mark, ours, kept, {columns} FROM told LEFT JOIN ({changed}) AS changed ON true ORDER BY {order}"
    )
}

fn told_sqlite(changed: &str, columns: &str, order: &str) -> String {
    format!(
        "with meta as materialized (\
           select coalesce((select seq from sqlite_sequence where name = 'mainstay_change'), 0) as now, \
             {RUN} as mark, epoch, horizon from mainstay_meta), \
         told as materialized (\
           select now, mark, horizon <= ?2 as kept, exists (select 1 from mainstay_run as run \
             where run.id || '-' || epoch = ?1 and run.after <= ?2 and ?2 <= coalesce(\
               (select min(later.after) from mainstay_run as later where later.rowid > run.rowid), now)) as ours \
           from meta) \
         select cast(now as text), mark, ours, kept, {columns} \
         from told left join ({changed}) on true order by {order}"
    )
}
