//! A table as one Parquet file: one row group, one column after another, each of the kind that all its cells are.

use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriterImpl;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};
use serde_json::Value;

use super::Table;

/// What all cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColumnType {
    Truth,
    Whole,
    Number,
    Text,
}

impl ColumnType {
    /// The narrowest that holds every cell; empty cells fit all, and a column of them is one of text.
    fn of<'a>(cells: impl Iterator<Item = &'a Value> + Clone) -> Self {
        let all = |is: fn(&Value) -> bool| cells.clone().all(|cell| cell.is_null() || is(cell));
        match () {
            () if cells.clone().all(Value::is_null) => Self::Text,
            () if all(Value::is_boolean) => Self::Truth,
            () if all(Value::is_i64) => Self::Whole,
            () if all(Value::is_number) => Self::Number,
            () => Self::Text,
        }
    }

    fn column(self, name: &str) -> Result<TypePtr, ParquetError> {
        let (physical, logical) = match self {
            Self::Truth => (Physical::BOOLEAN, None),
            Self::Whole => (Physical::INT64, None),
            Self::Number => (Physical::DOUBLE, None),
            Self::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let column = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        Ok(Arc::new(column.with_logical_type(logical).build()?))
    }
}

pub fn written(table: &Table) -> Result<Vec<u8>, String> {
    if let Some(row) = table.rows.iter().position(|row| row.len() != table.columns.len()) {
        return Err(format!("row {row} of the table has {} cells", table.rows[row].len()));
    }
    try_written(table).map_err(|error| error.to_string())
}

fn try_written(table: &Table) -> Result<Vec<u8>, ParquetError> {
    let cells = |column: usize| table.rows.iter().map(move |row| &row[column]);
    let kinds: Vec<ColumnType> = (0..table.columns.len()).map(|column| ColumnType::of(cells(column))).collect();
    let fields = table.columns.iter().zip(&kinds).map(|(name, kind)| kind.column(name)).collect::<Result<_, _>>()?;
    let schema = Arc::new(Type::group_type_builder("table").with_fields(fields).build()?);
    let properties = WriterProperties::builder().set_created_by(format!("fovea {}", env!("CARGO_PKG_VERSION"))).build();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for (column, kind) in kinds.into_iter().enumerate() {
        let cells = cells(column);
        match kind {
            ColumnType::Truth => put::<BoolType>(&mut group, cells, Value::as_bool)?,
            ColumnType::Whole => put::<Int64Type>(&mut group, cells, Value::as_i64)?,
            ColumnType::Number => put::<DoubleType>(&mut group, cells, Value::as_f64)?,
            ColumnType::Text => {
                put::<ByteArrayType>(&mut group, cells, |cell| Some(ByteArray::from(text(cell)?.as_str())))?
            }
        }
    }
    group.close()?;
    file.close()?;
    Ok(bytes)
}

fn put<'a, T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    cells: impl Iterator<Item = &'a Value>,
    value: impl Fn(&Value) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let cells: Vec<Option<T::T>> = cells.map(value).collect();
    // An empty cell has level 0 and no value.
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
    let values: Vec<T::T> = cells.into_iter().flatten().collect();
    if let Some(mut column) = group.next_column()? {
        let writer: &mut ColumnWriterImpl<'_, T> = column.typed::<T>();
        writer.write_batch(&values, Some(&levels), None)?;
        column.close()?;
    }
    Ok(())
}

fn text(cell: &Value) -> Option<String> {
    match cell {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        cell => Some(cell.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::SerializedFileReader;
    use parquet::record::{Field, Row};
    use serde_json::json;
    use std::io::Write;

    #[test]
    fn a_reader_gets_back_names_kinds_and_cells() {
        let mut table = Table::new(["name", "n", "value", "right", "mixed", "nothing"]);
        table.push([json!("Müller \"x\""), json!(3), json!(0.5), json!(true), json!(1), json!(null)]);
        table.push([json!(null), json!(null), json!(2), json!(null), json!("a"), json!(null)]);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&table.parquet().unwrap()).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let cells = |row: Row| row.get_column_iter().map(|(_, cell)| cell.clone()).collect::<Vec<Field>>();
        let rows: Vec<Vec<Field>> = reader.into_iter().map(|row| cells(row.unwrap())).collect();
        let text = |text: &str| Field::Str(text.to_owned());
        let first =
            [text("Müller \"x\""), Field::Long(3), Field::Double(0.5), Field::Bool(true), text("1"), Field::Null];
        let second = [Field::Null, Field::Null, Field::Double(2.0), Field::Null, text("a"), Field::Null];
        assert_eq!(rows, [first.to_vec(), second.to_vec()]);
    }

    #[test]
    fn a_row_that_is_too_short_is_refused() {
        let mut table = Table::new(["a", "b"]);
        assert!(table.parquet().is_ok(), "no rows are a table, too");
        table.push([json!(1)]);
        assert!(table.parquet().is_err() && table.csv().is_err());
    }
}
