use std::error::Error as StdError;

use postgres_types::{FromSql, Kind, Type};
use uuid::Uuid;

use crate::{Date, Timestamp, ValueRef};

/// One value inside a row of PostgreSQL's, in its binary form.
pub(crate) struct Cell<'a>(pub(crate) ValueRef<'a>);

/// PostgreSQL counts microseconds from 2000-01-01T00:00:00Z.
pub(super) const EPOCH_OFFSET: i64 = 946_684_800_000_000;
/// And days.
pub(super) const EPOCH_DAYS: i32 = 10_957;

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(match *base(ty) {
            Type::BOOL => ValueRef::Bool(FromSql::from_sql(&Type::BOOL, raw)?),
            Type::INT2 => ValueRef::Int(i16::from_sql(&Type::INT2, raw)?.into()),
            Type::INT4 => ValueRef::Int(i32::from_sql(&Type::INT4, raw)?.into()),
            Type::OID => ValueRef::Int(u32::from_sql(&Type::OID, raw)?.into()),
            Type::INT8 | Type::XID8 => ValueRef::Int(i64::from_sql(&Type::INT8, raw)?),
            Type::FLOAT4 => ValueRef::Float(f32::from_sql(&Type::FLOAT4, raw)?.into()),
            Type::FLOAT8 => ValueRef::Float(FromSql::from_sql(&Type::FLOAT8, raw)?),
            Type::BYTEA => ValueRef::Bytes(raw),
            Type::UUID => ValueRef::Uuid(Uuid::from_slice(raw)?),
            // ±infinity are the ends of the range and become those of ours.
            Type::TIMESTAMPTZ | Type::TIMESTAMP => {
                let micros = i64::from_sql(&Type::INT8, raw)?;
                ValueRef::Timestamp(Timestamp::from_micros(micros.saturating_add(EPOCH_OFFSET)))
            }
            Type::DATE => {
                let days = i32::from_sql(&Type::INT4, raw)?;
                ValueRef::Date(Date::from_days(i64::from(days) + i64::from(EPOCH_DAYS)))
            }
            Type::JSON => ValueRef::Json(std::str::from_utf8(raw)?),
            Type::JSONB => match raw {
                [1, text @ ..] => ValueRef::Json(std::str::from_utf8(text)?),
                _ => return Err("jsonb of another version than 1".into()),
            },
            Type::VOID => ValueRef::Null,
            // Whatever else is accepted is text.
            _ => ValueRef::Text(std::str::from_utf8(raw)?),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(ValueRef::Null))
    }

    fn accepts(ty: &Type) -> bool {
        let ty = base(ty);
        let known = matches!(
            *ty,
            Type::BOOL
                | Type::INT2
                | Type::INT4
                | Type::INT8
                | Type::OID
                | Type::XID8
                | Type::FLOAT4
                | Type::FLOAT8
                | Type::BYTEA
                | Type::UUID
                | Type::TIMESTAMPTZ
                | Type::TIMESTAMP
                | Type::DATE
                | Type::JSON
                | Type::JSONB
                | Type::VOID
        );
        known || is_text(ty)
    }
}

/// The type that a domain restricts; any other type itself.
pub(super) fn base(ty: &Type) -> &Type {
    let mut ty = ty;
    while let Kind::Domain(inner) = ty.kind() {
        ty = inner;
    }
    ty
}

/// Whether a type's binary form is its text.
pub(super) fn is_text(ty: &Type) -> bool {
    matches!(*ty, Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN)
        || matches!(ty.kind(), Kind::Enum(_))
        || ty.name() == "citext"
}
