//! What the lines of a table of labels say in a model's own classes.

use super::Truth;
use crate::bundle::Card;
use crate::labels::{Label, LabelTable};

/// How a table says what is true.
#[derive(Debug, Clone, PartialEq)]
pub struct Truths<'a> {
    card: &'a Card,
    /// Of a model of findings: the column of each.
    columns: Vec<Option<usize>>,
}

impl<'a> Truths<'a> {
    /// # Errors
    /// A table that says nothing in the model's classes: no grades, or no column of any finding.
    pub fn new(card: &'a Card, table: &LabelTable) -> Result<Self, String> {
        if !card.output.has_findings() {
            let says =
                || format!("{} has no column `grade`; {} answers with one class", table.path.display(), card.name);
            return table.has_grades.then(|| Self { card, columns: Vec::new() }).ok_or_else(says);
        }
        let column =
            |class: &crate::bundle::card::Class| table.column(&class.name).or_else(|| table.column(&class.label));
        let columns: Vec<Option<usize>> = card.classes.iter().map(column).collect();
        if columns.iter().all(Option::is_none) {
            let names: Vec<&str> = card.classes.iter().map(|class| class.name.as_str()).collect();
            let path = table.path.display();
            return Err(format!("{path} has no column of a finding; {} has {}", card.name, names.join(", ")));
        }
        Ok(Self { card, columns })
    }

    /// The findings that the table says nothing of.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        let none = self.card.classes.iter().zip(&self.columns).filter(|(_, column)| column.is_none());
        none.map(|(class, _)| class.name.as_str())
    }

    /// What `label` says. Of a finding 1, 1.0, true and yes are there, 0, 0.0, false and no are not, and an empty cell or
    /// -1 (uncertain, as CheXpert has it) says nothing.
    ///
    /// # Errors
    /// A class that the model does not have, or a cell that is none of these.
    pub fn of(&self, label: &Label) -> Result<Truth, String> {
        if self.columns.is_empty() {
            let class = self.card.class_index(&label.grade).or_else(|| self.whole_number(&label.grade));
            let says = || format!("{}: {} has no class `{}`", label.image, self.card.name, label.grade);
            return class.map(Truth::Class).ok_or_else(says);
        }
        let truth = |column: &Option<usize>| {
            let cell = column.and_then(|column| label.cells.get(column)).map_or("", String::as_str);
            let says = || format!("{}: `{cell}` is neither 0 nor 1", label.image);
            is_there(cell).ok_or_else(says)
        };
        self.columns.iter().map(truth).collect::<Result<_, _>>().map(Truth::Findings)
    }

    /// A grade that a spreadsheet wrote as `2.0`.
    fn whole_number(&self, grade: &str) -> Option<usize> {
        self.card.class_index(grade.strip_suffix(".0")?)
    }
}

fn is_there(cell: &str) -> Option<Option<bool>> {
    match cell.to_lowercase().as_str() {
        "1" | "1.0" | "true" | "yes" => Some(Some(true)),
        "0" | "0.0" | "false" | "no" => Some(Some(false)),
        "" | "-1" | "-1.0" => Some(None),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Library;

    fn card(name: &str) -> Card {
        Library::open(&[]).unwrap().find(name).unwrap().card.unwrap()
    }

    fn table(text: &str) -> LabelTable {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        crate::labels::read_table(file.path()).unwrap()
    }

    #[test]
    fn grades_are_classes_by_name_or_label() {
        let card = card("retina-dr");
        let table = table("image,grade\na,2\nb,moderate\nc,3.0\nd,7\n");
        let truths = Truths::new(&card, &table).unwrap();
        let found: Vec<_> = table.lines.iter().map(|line| truths.of(line)).collect();
        assert_eq!(found[..3], [Ok(Truth::Class(2)), Ok(Truth::Class(2)), Ok(Truth::Class(3))]);
        assert!(found[3].as_ref().unwrap_err().contains("no class `7`"));
        assert!(Truths::new(&card, &self::table("image,edema\na,1\n")).is_err());
    }

    #[test]
    fn findings_have_a_column_each() {
        let card = card("chexnet");
        let table = table("image,Edema,Pleural_Thickening,age\na,1,0,4\nb,-1,yes,5\nc,2,0,6\n");
        let truths = Truths::new(&card, &table).unwrap();
        assert_eq!(truths.missing().count(), 12);
        let at = |name: &str| card.class_index(name).unwrap();
        let Truth::Findings(first) = truths.of(&table.lines[0]).unwrap() else { panic!("findings") };
        assert_eq!(
            (first[at("edema")], first[at("pleural-thickening")], first[at("mass")]),
            (Some(true), Some(false), None)
        );
        let Truth::Findings(second) = truths.of(&table.lines[1]).unwrap() else { panic!("findings") };
        assert_eq!((second[at("edema")], second[at("pleural-thickening")]), (None, Some(true)));
        assert!(truths.of(&table.lines[2]).is_err());
        assert!(Truths::new(&card, &self::table("image,sex\na,F\n")).is_err());
    }
}
