use serde_json::json;
use uuid::Uuid;

use super::trial::{Trial, sql};
use crate::{Date, EnumType, Fixed, IntoValue as _, Kind, Statement, Timestamp, Value, ValueRef};

static MOOD: EnumType = EnumType { name: "mood", variants: &["glad"] };

#[tokio::test]
async fn every_kind_of_value_comes_back_as_it_went() {
    Trial::run(async |trial| {
        let latest = Timestamp::from_micros(i64::MAX);
        let cases = [
            ("boolean", Value::Bool(true)),
            ("smallint", Value::Int(-32768)),
            ("integer", Value::Int(2_147_483_647)),
            ("bigint", Value::Int(i64::MIN)),
            ("oid", Value::Int(4_294_967_295)),
            ("real", Value::Float(1.5)),
            ("double precision", Value::Float(f64::MIN_POSITIVE)),
            ("text", Value::Text("ä\u{10ffff}".to_owned())),
            ("varchar(9)", Value::Text(String::new())),
            ("name", Value::Text("n".to_owned())),
            ("mood", Value::Text("glad".to_owned())),
            ("email", Value::Text("a@b".to_owned())),
            ("bytea", Value::Bytes(vec![0, 255])),
            ("uuid", Value::Uuid(Uuid::from_u128(7))),
            ("timestamptz", Value::Timestamp(latest)),
            ("timestamptz", Value::Timestamp(Timestamp::from_micros(i64::MIN))),
            ("timestamp", Value::Timestamp(Timestamp::from_micros(-1))),
            ("json", Value::Json(json!({"b": [1, null, "x"], "a": 1}))),
            ("jsonb", Value::Json(json!({"b": [1, null, "x"], "a": 9_007_199_254_740_993_i64}))),
            ("date", Value::Date(Date::from_days(i64::MAX))),
            ("date", Value::Date(Date::from_days(i64::MIN))),
            ("bigint", Value::Decimal(Fixed { units: -7, scale: 2 })),
            ("mood", Value::Enum(MOOD.at(0))),
        ];
        trial
            .batch("CREATE TYPE mood AS ENUM ('glad'); CREATE DOMAIN email AS text CHECK (value LIKE '%@%')")
            .await;
        for (ty, value) in cases {
            for value in [value, Value::Null] {
                // The type in the database tells most kinds; these two it does not.
                let kind = match ty {
                    "bigint" if matches!(value, Value::Decimal(_)) => Kind::Decimal(2),
                    "mood" if matches!(value, Value::Enum(_)) => Kind::Enum(&MOOD),
                    _ => Kind::Text,
                };
                let read = Statement::with(format!("SELECT $1::{ty}"), vec![value.clone()]);
                let row = trial.store.point(&read).await.unwrap().unwrap();
                assert_eq!(row.read(0, kind).unwrap().to_value(), value, "{ty}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn json_is_read_as_the_text_that_is_kept() {
    Trial::run(async |trial| {
        let row = trial.store.point(&sql("SELECT '{\"a\": 1}'::jsonb, '{ }'::json")).await.unwrap().unwrap();
        assert_eq!(row.read(0, Kind::Json).unwrap(), ValueRef::Json("{\"a\": 1}"));
        assert_eq!(row.read(1, Kind::Json).unwrap(), ValueRef::Json("{ }"));
    })
    .await;
}

#[tokio::test]
async fn infinite_times_are_held_at_the_edge() {
    Trial::run(async |trial| {
        let read = sql("SELECT 'infinity'::timestamptz, '-infinity'::timestamptz");
        let row = trial.store.point(&read).await.unwrap().unwrap();
        assert_eq!(row.at::<Timestamp>(0).unwrap(), Timestamp::from_micros(i64::MAX));
        assert_eq!(row.at::<Timestamp>(1).unwrap(), Timestamp::from_micros(i64::MIN));
    })
    .await;
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_refused_and_not_shown() {
    Trial::run(async |trial| {
        let cases = [
            ("integer", i64::MAX.into_value()),
            ("smallint", 40_000_i64.into_value()),
            ("uuid", "hush".into_value()),
            ("text", Value::Int(1)),
            ("boolean", Value::Int(1)),
            ("jsonb", "hush".into_value()),
            ("text", Value::Json(json!("hush"))),
            ("double precision", Value::Float(f64::NAN)),
            ("real", Value::Float(f64::INFINITY)),
            ("timestamptz", Value::Date(Date::EPOCH)),
            ("integer", Value::Decimal(Fixed { units: i64::MAX, scale: 2 })),
        ];
        for (ty, value) in cases {
            let read = Statement::with(format!("SELECT $1::{ty}"), vec![value]);
            let error = trial.store.point(&read).await.unwrap_err();
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
        let too_few = trial.store.point(&sql("SELECT $1::text")).await;
        assert!(too_few.is_err());
        let row = trial.store.point(&sql("SELECT 1.5::numeric")).await.unwrap().unwrap();
        assert!(row.read(0, Kind::Float).is_err(), "no numbers of arbitrary precision yet");
    })
    .await;
}
