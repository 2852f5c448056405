//! Nested cells taken apart into the flat columns that Parquet keeps, by the levels of Dremel (Melnik et al. 2010).
//!
//! A definition level says how much of the way to a value is there, a repetition level in which list a value goes on. Every
//! column, field and element may be empty, and so each adds one to the former; a list adds one more, and one to the latter.

use parquet::data_type::ByteArray;
use serde_json::Value;

use super::schema::{Column, ColumnType};

/// A flat column that waits to be written.
#[derive(Debug)]
pub struct Leaf {
    pub values: Values,
    pub definitions: Vec<i16>,
    pub repetitions: Vec<i16>,
    /// Whether a row may have several values.
    pub is_repeated: bool,
    /// The names on the way to it, for errors.
    path: String,
}

#[derive(Debug)]
pub enum Values {
    Truth(Vec<bool>),
    Whole(Vec<i64>),
    Single(Vec<f32>),
    Number(Vec<f64>),
    Text(Vec<ByteArray>),
}

/// Levels of a place in the tree: definition and repetition.
type Levels = (i16, i16);

/// The empty leaves of `columns`, in the order in which Parquet writes them.
pub fn leaves(columns: &[Column]) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    columns.iter().for_each(|column| add_leaves(&column.kind, &column.name, false, &mut leaves));
    leaves
}

fn add_leaves(kind: &ColumnType, path: &str, is_repeated: bool, leaves: &mut Vec<Leaf>) {
    let values = match kind {
        ColumnType::Truth => Values::Truth(Vec::new()),
        ColumnType::Whole => Values::Whole(Vec::new()),
        ColumnType::Single => Values::Single(Vec::new()),
        ColumnType::Number => Values::Number(Vec::new()),
        ColumnType::Text => Values::Text(Vec::new()),
        ColumnType::List(of) => return add_leaves(of, path, true, leaves),
        ColumnType::Struct(fields) => {
            let add = |field: &Column| add_leaves(&field.kind, &format!("{path}.{}", field.name), is_repeated, leaves);
            return fields.iter().for_each(add);
        }
    };
    leaves.push(Leaf { values, definitions: Vec::new(), repetitions: Vec::new(), is_repeated, path: path.to_owned() });
}

/// Adds one row to `leaves`, a cell for each of `columns`.
///
/// # Errors
/// A cell of another kind than its column.
pub fn row<'a>(
    columns: &[Column],
    cells: impl IntoIterator<Item = &'a Value>,
    mut leaves: &mut [Leaf],
) -> Result<(), String> {
    for (column, cell) in columns.iter().zip(cells) {
        leaves = put(&column.kind, cell, (0, 0), 0, leaves)?;
    }
    Ok(())
}

/// Puts `cell` into the first of `leaves`, as many as its kind has, and gives back the others. `depth` counts the lists
/// around it.
fn put<'l>(
    kind: &ColumnType,
    cell: &Value,
    levels: Levels,
    depth: i16,
    leaves: &'l mut [Leaf],
) -> Result<&'l mut [Leaf], String> {
    let (own, others) = leaves.split_at_mut(width(kind));
    let (definition, repetition) = levels;
    match (kind, cell) {
        (_, Value::Null) => own.iter_mut().for_each(|leaf| leaf.level(levels)),
        (ColumnType::Struct(fields), Value::Object(cells)) => {
            let mut rest = own;
            for field in fields {
                let cell = cells.get(&*field.name).unwrap_or(&Value::Null);
                rest = put(&field.kind, cell, (definition + 1, repetition), depth, rest)?;
            }
        }
        (ColumnType::List(_), Value::Array(cells)) if cells.is_empty() => {
            own.iter_mut().for_each(|leaf| leaf.level((definition + 1, repetition)));
        }
        (ColumnType::List(of), Value::Array(cells)) => {
            for (index, cell) in cells.iter().enumerate() {
                let repetition = if index == 0 { repetition } else { depth + 1 };
                put(of, cell, (definition + 2, repetition), depth + 1, own)?;
            }
        }
        _ => own.first_mut().map_or(Ok(()), |leaf| leaf.value(cell, (definition + 1, repetition)))?,
    }
    Ok(others)
}

/// How many leaves a column of `kind` has.
fn width(kind: &ColumnType) -> usize {
    match kind {
        ColumnType::List(of) => width(of),
        ColumnType::Struct(fields) => fields.iter().map(|field| width(&field.kind)).sum(),
        _ => 1,
    }
}

impl Leaf {
    fn level(&mut self, (definition, repetition): Levels) {
        self.definitions.push(definition);
        self.repetitions.push(repetition);
    }

    fn value(&mut self, cell: &Value, levels: Levels) -> Result<(), String> {
        let was_taken = match &mut self.values {
            Values::Truth(values) => take(values, cell.as_bool()),
            Values::Whole(values) => take(values, cell.as_i64()),
            // What was written as f32 is the nearest f32 again.
            Values::Single(values) => take(values, cell.as_f64().map(|value| value as f32)),
            Values::Number(values) => take(values, cell.as_f64()),
            Values::Text(values) => take(values, text(cell).map(|text| ByteArray::from(text.as_str()))),
        };
        if !was_taken {
            return Err(format!("column `{}` of the table cannot hold {cell}", self.path));
        }
        self.level(levels);
        Ok(())
    }
}

fn take<T>(values: &mut Vec<T>, value: Option<T>) -> bool {
    let is_there = value.is_some();
    values.extend(value);
    is_there
}

fn text(cell: &Value) -> Option<String> {
    match cell {
        Value::Array(_) | Value::Object(_) | Value::Null => None,
        Value::String(text) => Some(text.clone()),
        cell => Some(cell.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The first example of Dremel's paper, in small: what is missing, empty, and repeated at which depth.
    #[test]
    fn levels_are_dremels() {
        let names = ColumnType::list(ColumnType::record([
            ("codes", ColumnType::list(ColumnType::Text)),
            ("n", ColumnType::Whole),
        ]));
        let columns = [Column::new("names", names)];
        let mut leaves = leaves(&columns);
        let rows = [
            json!([{ "codes": ["a", "b"], "n": 1 }, { "codes": [] }, { "codes": ["c", null], "n": null }]),
            json!([]),
            json!(null),
        ];
        for cell in &rows {
            row(&columns, [cell], &mut leaves).unwrap();
        }
        let [codes, n] = leaves.as_slice() else { panic!("{leaves:?}") };
        // names 1, its list 2, the element 3, codes 4, its list 5, the element 6.
        assert_eq!(codes.definitions, [6, 6, 4, 6, 5, 1, 0]);
        assert_eq!(codes.repetitions, [0, 2, 1, 1, 2, 0, 0]);
        assert_eq!((&*n.definitions, &*n.repetitions), (&[4, 3, 3, 1, 0][..], &[0, 1, 1, 0, 0][..]));
        assert!(matches!(&n.values, Values::Whole(values) if *values == [1]));
        let wrong = row(&columns, [&json!([{ "n": "one" }])], &mut leaves).unwrap_err();
        assert!(wrong.contains("`names.n`"), "{wrong}");
    }
}
