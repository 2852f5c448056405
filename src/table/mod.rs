//! Tables for other programs: rows of values as CSV and as Parquet. Must not know what they are about.

mod parquet;
mod schema;
mod shred;

use serde_json::{Map, Value};

pub use self::parquet::{TableError, Writer};
pub use self::schema::{Column, ColumnType};

/// The rows of a table; a cell is `null`, a truth, a number or a text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

impl Table {
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    pub fn push(&mut self, row: impl IntoIterator<Item = Value>) {
        self.rows.push(row.into_iter().collect());
    }

    /// As CSV (RFC 4180): UTF-8, commas, one line of names. A text that a spreadsheet would take for a formula begins with
    /// an apostrophe.
    ///
    /// # Errors
    /// A row of another length than that of the names.
    pub fn csv(&self) -> Result<Vec<u8>, String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let write = |writer: &mut csv::Writer<Vec<u8>>| -> csv::Result<()> {
            writer.write_record(&self.columns)?;
            self.rows.iter().try_for_each(|row| writer.write_record(row.iter().map(cell)))
        };
        write(&mut writer).map_err(|error| error.to_string())?;
        writer.into_inner().map_err(|error| error.to_string())
    }

    /// As Parquet: each column with its own type (truth, whole number, number or text), `null` where a cell is empty.
    ///
    /// # Errors
    /// A row of another length than that of the names.
    pub fn parquet(&self) -> Result<Vec<u8>, String> {
        parquet::written(self).map_err(|error| error.to_string())
    }

    /// Each row as an object, by the columns' names.
    pub fn records(&self) -> Vec<Value> {
        let record =
            |row: &Vec<Value>| self.columns.iter().cloned().zip(row.iter().cloned()).collect::<Map<_, _>>().into();
        self.rows.iter().map(record).collect()
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
