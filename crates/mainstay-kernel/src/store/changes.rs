//! Reading what row triggers recorded. See `migrations/0004_change.sql` for what keeps it short.

use crate::changes::{Reach, Token};
use crate::{Dialect, Statement};

/// Tells a PostgreSQL database from every other, and from itself before it was copied, restored or failed over: the
/// cluster, its timeline, the database in it and the table.
pub(super) const PLACE: &str = "md5(concat_ws(' ', (SELECT system_identifier FROM pg_control_system()), \
     left(pg_walfile_name(pg_current_wal_insert_lsn()), 8), \
     (SELECT oid FROM pg_database WHERE datname = current_database()), 'mainstay_change'::regclass::oid))";

/// How far a statement sees, and the mark of the database.
pub(crate) fn now(dialect: Dialect) -> Statement {
    match dialect {
        Dialect::Postgres => Statement::new(format!(
            "SELECT pg_current_snapshot()::text, md5(concat_ws(' ', system, epoch, {PLACE})) FROM mainstay_meta"
        )),
        Dialect::Sqlite => Statement::new(
            "select cast(coalesce((select seq from sqlite_sequence where name = 'mainstay_change'), 0) as text), \
             system || '-' || epoch from mainstay_meta",
        ),
    }
}

/// What was committed since the token, at most so many changes: how far that reaches, the mark, whether the token is
/// this database's and whether all since then is kept; then model, stamp, before and after. None for another store's.
pub(crate) fn since(dialect: Dialect, token: &Token, most: u64) -> Option<Statement> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    match (dialect, token.reach()) {
        (Dialect::Postgres, Reach::Ended { next, open }) => {
            let text = told_postgres(
                "(SELECT model, xid AS stamp, before, after, seq FROM mainstay_change \
                  WHERE xid >= $2::text::xid8 ORDER BY xid LIMIT $4) UNION ALL \
                 (SELECT model, xid, before, after, seq FROM mainstay_change \
                  WHERE xid = ANY ($3::text::xid8[]) LIMIT $4)",
                "model, stamp, before, after",
                "seq",
            );
            Some(of_postgres(text, token, *next, open).bind(most))
        }
        (Dialect::Sqlite, Reach::Counted(last)) => {
            let text = told_sqlite(
                "select model, seq as stamp, before, after from mainstay_change \
                 where seq > ?2 order by seq limit ?3",
                "model, stamp, before, after",
                "stamp",
            );
            Some(Statement::new(text).bind(token.mark()).bind(*last).bind(most))
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
             system || '-' || epoch as mark, horizon from mainstay_meta) \
         select cast(now as text), mark, mark = ?1 and ?2 <= now, horizon <= ?2, {columns} \
         from meta left join ({changed}) on true order by {order}"
    )
}
