//! What the columns of a table are, also of one whose cells are lists or have fields of their own.

use std::borrow::Cow;

/// A column, or a field of a struct. Any cell may be empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: Cow<'static, str>,
    pub kind: ColumnType,
}

impl Column {
    pub fn new(name: impl Into<Cow<'static, str>>, kind: ColumnType) -> Self {
        Self { name: name.into(), kind }
    }
}

/// What all cells of a column are.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnType {
    Truth,
    /// i64
    Whole,
    /// f32
    Single,
    /// f64
    Number,
    Text,
    List(Box<ColumnType>),
    Struct(Vec<Column>),
}

impl ColumnType {
    pub fn list(of: Self) -> Self {
        Self::List(Box::new(of))
    }

    /// Of fields with a name and a kind each.
    pub fn record(fields: impl IntoIterator<Item = (&'static str, Self)>) -> Self {
        Self::Struct(fields.into_iter().map(|(name, kind)| Column::new(name, kind)).collect())
    }
}
