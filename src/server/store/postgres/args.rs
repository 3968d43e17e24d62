//! Values of statements, with their types: a statement whose types are known takes one round trip and leaves nothing
//! behind on its connection, as a pooler in transaction mode needs it.

use tokio_postgres::types::{ToSql, Type};

/// A value and its type.
pub(super) type Arg<'a> = (&'a (dyn ToSql + Sync), Type);

/// A value of a statement.
pub(super) trait SqlValue: ToSql + Sync {
    fn sql_type(&self) -> Type;
}

macro_rules! sql_values {
    ($($rust:ty: $sql:ident),* $(,)?) => {
        $(impl SqlValue for $rust {
            fn sql_type(&self) -> Type {
                Type::$sql
            }
        })*
    };
}

sql_values! {
    bool: BOOL,
    i32: INT4,
    i64: INT8,
    f64: FLOAT8,
    Option<i64>: INT8,
    &str: TEXT,
    String: TEXT,
    Option<&str>: TEXT,
    Option<String>: TEXT,
    &[u8]: BYTEA,
    Vec<u8>: BYTEA,
    Option<Vec<u8>>: BYTEA,
    Vec<i32>: INT4_ARRAY,
    Vec<i64>: INT8_ARRAY,
    Vec<String>: TEXT_ARRAY,
    Vec<&str>: TEXT_ARRAY,
    Vec<Option<String>>: TEXT_ARRAY,
    Vec<Option<i64>>: INT8_ARRAY,
    Vec<Vec<u8>>: BYTEA_ARRAY,
    Vec<Option<Vec<u8>>>: BYTEA_ARRAY,
}

/// The values of a statement, in the order of its places.
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        &[$((&$value as &(dyn tokio_postgres::types::ToSql + Sync),
             $crate::server::store::postgres::args::SqlValue::sql_type(&$value))),*]
    };
}

pub(super) use args;

/// Values of a statement that is put together.
#[derive(Default)]
pub(super) struct SqlArgs(Vec<Box<dyn SqlValue + Send>>);

impl SqlArgs {
    /// Adds a value and returns its place, as `$1`.
    pub(super) fn place(&mut self, value: impl SqlValue + Send + 'static) -> String {
        self.0.push(Box::new(value));
        format!("${}", self.0.len())
    }

    pub(super) fn list(&self) -> Vec<Arg<'_>> {
        self.0.iter().map(|value| (value.as_ref() as &(dyn ToSql + Sync), value.sql_type())).collect()
    }
}
