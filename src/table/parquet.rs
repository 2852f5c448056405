//! Rows as a Parquet file, in groups that go to the disk one after another: memory does not grow with the table.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, GzipLevel, LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriterImpl;
use parquet::data_type::{BoolType, ByteArrayType, DataType, DoubleType, FloatType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};
use serde_json::Value;

use super::Table;
use super::schema::{Column, ColumnType};
use super::shred::{self, Leaf, Values};

/// A group of rows goes to the disk once it holds so much text, or so many rows.
const GROUP_BYTES: usize = 16 << 20;
const GROUP_ROWS: usize = 1 << 16;

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

    /// As Parquet's own type, with the names that its specification asks for within lists.
    fn column(&self, name: &str) -> Result<TypePtr, ParquetError> {
        let (physical, logical) = match self {
            Self::Truth => (Physical::BOOLEAN, None),
            Self::Whole => (Physical::INT64, None),
            Self::Single => (Physical::FLOAT, None),
            Self::Number => (Physical::DOUBLE, None),
            Self::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Self::List(of) => {
                let repeated = group("list", Repetition::REPEATED, vec![of.column("element")?]).build()?;
                let list = group(name, Repetition::OPTIONAL, vec![Arc::new(repeated)]);
                return Ok(Arc::new(list.with_logical_type(Some(LogicalType::List)).build()?));
            }
            Self::Struct(fields) => {
                let fields = fields.iter().map(|field| field.kind.column(&field.name)).collect::<Result<_, _>>()?;
                return Ok(Arc::new(group(name, Repetition::OPTIONAL, fields).build()?));
            }
        };
        let column = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        Ok(Arc::new(column.with_logical_type(logical).build()?))
    }
}

fn group(name: &str, repetition: Repetition, fields: Vec<TypePtr>) -> parquet::schema::types::GroupTypeBuilder<'_> {
    Type::group_type_builder(name).with_repetition(repetition).with_fields(fields)
}

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("{0}")]
    Cell(String),
    #[error(transparent)]
    Parquet(#[from] ParquetError),
}

/// A Parquet file that grows by rows.
pub struct Writer<W: Write + Send> {
    file: SerializedFileWriter<W>,
    columns: Vec<Column>,
    /// The rows that are not in the file yet.
    leaves: Vec<Leaf>,
    rows: usize,
    bytes: usize,
}

impl<W: Write + Send> Writer<W> {
    /// A file of `columns` that goes to `out`, with `notes` about the whole of it in its footer.
    ///
    /// # Errors
    /// A place that cannot be written to.
    pub fn new(out: W, columns: Vec<Column>, notes: &[(&str, String)]) -> Result<Self, TableError> {
        let fields = columns.iter().map(|column| column.kind.column(&column.name)).collect::<Result<_, _>>()?;
        let schema = Arc::new(Type::group_type_builder("table").with_fields(fields).build()?);
        let notes = notes.iter().map(|(name, text)| KeyValue::new((*name).to_owned(), text.clone()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::GZIP(GzipLevel::default()))
            .set_created_by(format!("fovea {}", env!("CARGO_PKG_VERSION")))
            .set_key_value_metadata(Some(notes.collect()))
            .build();
        let file = SerializedFileWriter::new(out, schema, Arc::new(properties))?;
        let leaves = shred::leaves(&columns);
        Ok(Self { file, columns, leaves, rows: 0, bytes: 0 })
    }

    /// Adds a row, a cell for each column.
    ///
    /// # Errors
    /// A cell of another kind than its column, too few cells or too many, or a place that cannot be written to.
    pub fn push(&mut self, row: &[Value]) -> Result<(), TableError> {
        if row.len() != self.columns.len() {
            let reason = format!("a row of the table has {} cells in {} columns", row.len(), self.columns.len());
            return Err(TableError::Cell(reason));
        }
        shred::row(&self.columns, row, &mut self.leaves).map_err(TableError::Cell)?;
        self.rows += 1;
        self.bytes += row.iter().filter_map(Value::as_str).map(str::len).sum::<usize>();
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), TableError> {
        let leaves = std::mem::replace(&mut self.leaves, shred::leaves(&self.columns));
        (self.rows, self.bytes) = (0, 0);
        let mut group = self.file.next_row_group()?;
        for leaf in &leaves {
            match &leaf.values {
                Values::Truth(values) => put::<BoolType, W>(&mut group, values, leaf)?,
                Values::Whole(values) => put::<Int64Type, W>(&mut group, values, leaf)?,
                Values::Single(values) => put::<FloatType, W>(&mut group, values, leaf)?,
                Values::Number(values) => put::<DoubleType, W>(&mut group, values, leaf)?,
                Values::Text(values) => put::<ByteArrayType, W>(&mut group, values, leaf)?,
            }
        }
        group.close()?;
        Ok(())
    }

    /// Writes what is left and the file's end.
    ///
    /// # Errors
    /// A place that cannot be written to.
    pub fn finish(mut self) -> Result<W, TableError> {
        // A table without rows has a group without rows: some readers want one.
        if self.rows > 0 || self.file.flushed_row_groups().is_empty() {
            self.flush()?;
        }
        Ok(self.file.into_inner()?)
    }
}

fn put<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    leaf: &Leaf,
) -> Result<(), ParquetError> {
    if let Some(mut column) = group.next_column()? {
        let writer: &mut ColumnWriterImpl<'_, T> = column.typed::<T>();
        let repetitions = leaf.is_repeated.then_some(leaf.repetitions.as_slice());
        writer.write_batch(values, Some(&leaf.definitions), repetitions)?;
        column.close()?;
    }
    Ok(())
}

/// `table` as one file, each column of the kind that all its cells are.
pub fn written(table: &Table) -> Result<Vec<u8>, TableError> {
    if let Some(row) = table.rows.iter().position(|row| row.len() != table.columns.len()) {
        return Err(TableError::Cell(format!("row {row} of the table has {} cells", table.rows[row].len())));
    }
    let cells = |column: usize| table.rows.iter().map(move |row| &row[column]);
    let column = |(index, name): (usize, &String)| Column::new(name.clone(), ColumnType::of(cells(index)));
    let mut writer = Writer::new(Vec::new(), table.columns.iter().enumerate().map(column).collect(), &[])?;
    table.rows.iter().try_for_each(|row| writer.push(row))?;
    writer.finish()
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
