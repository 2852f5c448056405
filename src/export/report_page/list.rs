//! A list of readings as a table over as many pages as it takes.

use super::sheet::{BOTTOM_MM, Sheet, WIDTH_MM};
use serde_json::Value;

use crate::export::ink::{Ink, PageTheme};
use crate::page::{Area, Block, Face, Fit, Page, TextStyle, fitted, wrapped};
use crate::reading::Contents;
use crate::reading::table::{self, TableOptions};
use crate::table::Table;

const ROW_MM: f32 = 5.2;
/// Left edges of the columns, and the right end of the last.
const COLUMNS_MM: [(&str, f32); 7] = [
    ("Patient", 0.0),
    ("Eye", 26.0),
    ("Picture", 33.0),
    ("Model", 78.0),
    ("Reader", 119.0),
    ("Flag", 153.0),
    ("", WIDTH_MM),
];

/// What a list says of one picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListRow {
    /// Stands on the page: whoever makes the list decides whether it may.
    pub patient: String,
    pub eye: String,
    pub file_name: String,
    /// The model's headline.
    pub model: String,
    pub reader: String,
    /// Flagged, ungradable, overruled: whatever asks for a second look.
    pub flag: String,
    /// Whether reader and model differ.
    pub differs: bool,
}

/// The cells of one row of a table, by the names of their columns.
struct Cells<'a> {
    table: &'a Table,
    row: usize,
}

impl Cells<'_> {
    fn value(&self, column: &str) -> &Value {
        let at = self.table.columns.iter().position(|name| *name == column);
        at.and_then(|at| self.table.rows[self.row].get(at)).unwrap_or(&Value::Null)
    }

    fn text(&self, column: &str) -> String {
        match self.value(column) {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    fn is(&self, column: &str) -> bool {
        *self.value(column) == Value::Bool(true)
    }

    fn list_row(&self) -> ListRow {
        let ungradable = self.is("ungradable");
        let reader = match (ungradable, self.text("grade_name"), self.text("revised_name")) {
            (true, ..) => "ungradable".to_owned(),
            (false, grade, revised) if revised.is_empty() => grade,
            (false, grade, revised) => format!("{grade}, then {revised}"),
        };
        let flags = [(self.is("flagged"), "flagged"), (self.text("judgement") == "overruled", "overruled")];
        let flags: Vec<&str> = flags.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        let (grade, answer) = (self.value("grade"), self.value("model_grade"));
        let differs = !ungradable && !self.is("refused") && !grade.is_null() && !answer.is_null() && grade != answer;
        let frame = self.value("frame").as_u64().filter(|frame| *frame > 1);
        ListRow {
            patient: self.text("patient"),
            eye: self.text("eye"),
            file_name: self.text("file") + &frame.map(|frame| format!(" [{frame}]")).unwrap_or_default(),
            model: self.text("headline"),
            reader,
            flag: flags.join(", "),
            differs,
        }
    }
}

/// A list with what stands above it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct List {
    pub title: String,
    /// Model, reader, date, counts: a sentence.
    pub summary: String,
    pub rows: Vec<ListRow>,
}

impl List {
    /// Of a whole file of readings; patients are called as `options` say.
    pub fn of(contents: &Contents, title: &str, options: TableOptions) -> Self {
        let (head, table) = (&contents.head, table::rows(contents, options));
        let rows: Vec<ListRow> = (0..table.rows.len()).map(|row| Cells { table: &table, row }.list_row()).collect();
        let count = |of: fn(&ListRow) -> bool| rows.iter().filter(|row| of(row)).count();
        let reader = if head.reader.is_empty() { String::new() } else { format!(", reader {}", head.reader) };
        let summary = format!(
            "{} pictures, {} read, {} where reader and model differ, {} with a flag; model {}{reader}",
            rows.len(),
            count(|row| !row.reader.is_empty()),
            count(|row| row.differs),
            count(|row| !row.flag.is_empty()),
            head.model,
        );
        Self { title: title.to_owned(), summary, rows }
    }
}

/// The pages of `list`: one at least, though it be empty.
pub fn list_pages(list: &List, theme: PageTheme) -> Vec<Page> {
    let ink = theme.ink();
    let top_mm = Sheet::begin("", "", "", ink).top_mm;
    let per_page = ((BOTTOM_MM - top_mm) / ROW_MM) as usize - 1;
    let chunks = if list.rows.is_empty() { vec![&[][..]] } else { list.rows.chunks(per_page).collect() };
    let page = |rows: &[ListRow]| {
        let mut sheet = Sheet::begin(&list.title, &list.summary, "", ink);
        sheet.put(table(rows, &ink));
        sheet.finish()
    };
    chunks.into_iter().map(page).collect()
}

fn table(rows: &[ListRow], ink: &Ink) -> Block {
    let mut block = Block::new(ROW_MM * (rows.len() + 1) as f32);
    let cell = |block: &mut Block, column: usize, top_mm: f32, face, how, colour, words: &str| {
        let (left_mm, right_mm) = (COLUMNS_MM[column].1, COLUMNS_MM[column + 1].1);
        let (size_pt, words) = fitted(face, 7.5, right_mm - left_mm - 2.0, how, words);
        block.text((left_mm + 0.8, top_mm + 3.6), TextStyle::new(face, size_pt, colour), words);
    };
    for (column, (name, _)) in COLUMNS_MM.iter().take(6).enumerate() {
        cell(&mut block, column, 0.0, Face::Regular, Fit::End, ink.quiet, name);
    }
    for (place, row) in rows.iter().enumerate() {
        let top_mm = ROW_MM * (place + 1) as f32;
        if place % 2 == 0 {
            block.fill(Area::new(0.0, top_mm, WIDTH_MM, ROW_MM), ink.raised);
        }
        let reader = if row.differs { (Face::Bold, ink.warning) } else { (Face::Regular, ink.text) };
        let plain = (Face::Regular, ink.text);
        let cells = [
            (&row.patient, Fit::Middle, plain),
            (&row.eye, Fit::End, plain),
            (&row.file_name, Fit::Middle, plain),
            (&row.model, Fit::End, plain),
            (&row.reader, Fit::End, reader),
            (&row.flag, Fit::End, (Face::Regular, ink.warning)),
        ];
        for (column, (words, how, (face, colour))) in cells.into_iter().enumerate() {
            cell(&mut block, column, top_mm, face, how, colour, words);
        }
    }
    if rows.is_empty() {
        let words = wrapped(Face::Regular, 9.0, WIDTH_MM, 1, "The list is empty.");
        block.text((0.8, ROW_MM + 4.0), TextStyle::new(Face::Regular, 9.0, ink.quiet), words.concat());
        block.height_mm += ROW_MM;
    }
    block
}
