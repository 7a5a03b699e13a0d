use std::error::Error as StdError;

use bytes::{BufMut as _, BytesMut};
use postgres_types::{IsNull, ToSql, Type, to_sql_checked};

use super::cell::{EPOCH_DAYS, EPOCH_OFFSET, base, is_text};
use crate::{Value, ValueRef};

/// One value on its way to PostgreSQL, written as the type that the statement expects there.
#[derive(Debug)]
pub(super) enum Bind<'a> {
    Value(&'a Value),
    Ref(ValueRef<'a>),
    Text(String),
}

impl ToSql for Bind<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        let ty = base(ty);
        match self {
            Self::Value(Value::Json(json)) => {
                json_head(ty, out)?;
                serde_json::to_writer(out.writer(), json)?;
                Ok(IsNull::No)
            }
            Self::Value(value) => write(borrow(value), ty, out),
            Self::Ref(value) => write(*value, ty, out),
            Self::Text(text) => write(ValueRef::Text(text), ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn borrow(value: &Value) -> ValueRef<'_> {
    match value {
        // JSON is written straight from its tree.
        Value::Null | Value::Json(_) => ValueRef::Null,
        Value::Bool(it) => ValueRef::Bool(*it),
        Value::Int(it) => ValueRef::Int(*it),
        Value::Float(it) => ValueRef::Float(*it),
        Value::Text(it) => ValueRef::Text(it),
        Value::Bytes(it) => ValueRef::Bytes(it),
        Value::Uuid(it) => ValueRef::Uuid(*it),
        Value::Timestamp(it) => ValueRef::Timestamp(*it),
        Value::Decimal(it) => ValueRef::Decimal(*it),
        Value::Date(it) => ValueRef::Date(*it),
        Value::Enum(it) => ValueRef::Enum(*it),
    }
}

fn write(
    value: ValueRef<'_>,
    ty: &Type,
    out: &mut BytesMut,
) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
    match value {
        ValueRef::Null => return Ok(IsNull::Yes),
        ValueRef::Bool(it) if *ty == Type::BOOL => out.put_u8(it.into()),
        ValueRef::Int(it) => write_int(it, ty, out)?,
        ValueRef::Float(it) if !it.is_finite() => {
            return Err(format!("the float {it} cannot be stored: it is not finite").into());
        }
        ValueRef::Float(it) if *ty == Type::FLOAT8 => out.put_f64(it),
        #[expect(clippy::cast_possible_truncation, reason = "the column is a float4")]
        ValueRef::Float(it) if *ty == Type::FLOAT4 => out.put_f32(it as f32),
        ValueRef::Text(it) if is_text(ty) => out.put_slice(it.as_bytes()),
        ValueRef::Bytes(it) if *ty == Type::BYTEA => out.put_slice(it),
        ValueRef::Uuid(it) if *ty == Type::UUID => out.put_slice(it.as_bytes()),
        ValueRef::Timestamp(it) if matches!(*ty, Type::TIMESTAMPTZ | Type::TIMESTAMP) => {
            out.put_i64(it.as_micros() - EPOCH_OFFSET);
        }
        ValueRef::Decimal(it) => write_int(it.units, ty, out)?,
        ValueRef::Date(it) if *ty == Type::DATE => out.put_i32(it.as_days() - EPOCH_DAYS),
        ValueRef::Enum(it) if is_text(ty) => out.put_slice(it.name().as_bytes()),
        ValueRef::Json(it) => {
            json_head(ty, out)?;
            out.put_slice(it.as_bytes());
        }
        ValueRef::Bool(_)
        | ValueRef::Float(_)
        | ValueRef::Text(_)
        | ValueRef::Bytes(_)
        | ValueRef::Uuid(_)
        | ValueRef::Timestamp(_)
        | ValueRef::Date(_)
        | ValueRef::Enum(_) => return Err(misfit(&value, ty)),
    }
    Ok(IsNull::No)
}

fn write_int(it: i64, ty: &Type, out: &mut BytesMut) -> Result<(), Box<dyn StdError + Sync + Send>> {
    match *ty {
        Type::INT8 | Type::XID8 => out.put_i64(it),
        Type::INT4 => out.put_i32(it.try_into()?),
        Type::INT2 => out.put_i16(it.try_into()?),
        Type::OID => out.put_u32(it.try_into()?),
        #[expect(clippy::cast_precision_loss, reason = "it is compared with a float column")]
        Type::FLOAT8 => out.put_f64(it as f64),
        _ => return Err(misfit(&ValueRef::Int(it), ty)),
    }
    Ok(())
}

fn json_head(ty: &Type, out: &mut BytesMut) -> Result<(), Box<dyn StdError + Sync + Send>> {
    match *ty {
        Type::JSONB => out.put_u8(1),
        Type::JSON => {}
        _ => return Err(misfit(&ValueRef::Json(""), ty)),
    }
    Ok(())
}

/// Names the kinds alone: the value may be a secret.
fn misfit(value: &ValueRef<'_>, ty: &Type) -> Box<dyn StdError + Sync + Send> {
    let kind = match value {
        ValueRef::Null => "null",
        ValueRef::Bool(_) => "bool",
        ValueRef::Int(_) => "int",
        ValueRef::Float(_) => "float",
        ValueRef::Text(_) => "text",
        ValueRef::Bytes(_) => "bytes",
        ValueRef::Uuid(_) => "uuid",
        ValueRef::Timestamp(_) => "timestamp",
        ValueRef::Json(_) => "json",
        ValueRef::Decimal(_) => "decimal",
        ValueRef::Date(_) => "date",
        ValueRef::Enum(_) => "enum",
    };
    format!("a value of kind {kind} was bound where the statement takes {ty}").into()
}
