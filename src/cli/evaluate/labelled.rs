//! Which pictures are measured, and what is true of each.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use super::{Arguments, note};
use crate::bundle::Card;
use crate::evaluate::{Truth, Truths};
use crate::guard::checksum::sha256_hex;
use crate::labels::{self, Label};
use crate::scan::idx::Digits;
use crate::scan::{self, Scan};

/// Names that are listed one by one; the rest are counted.
const LISTED: usize = 5;

/// Where a picture comes from.
pub enum Source {
    File(PathBuf),
    /// One of the pictures of an IDX file, as MNIST's are.
    Digit {
        scan: Scan,
        sha256: String,
    },
}

impl Source {
    /// What it is called in a sentence.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Digit { scan, .. } => scan.path.display().to_string(),
        }
    }

    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Digit { .. } => None,
        }
    }

    /// The picture itself.
    pub fn scan(&self) -> Result<Cow<'_, Scan>> {
        match self {
            Self::File(path) => Ok(Cow::Owned(scan::open(path).with_context(|| self.name())?)),
            Self::Digit { scan, .. } => Ok(Cow::Borrowed(scan)),
        }
    }
}

/// A picture with what its line says.
pub struct LabelledPicture {
    pub source: Source,
    pub label: Label,
    pub truth: Truth,
    /// One for each of [`Labelled::columns`].
    pub groups: Vec<String>,
}

/// All of them.
pub struct Labelled {
    pub pictures: Vec<LabelledPicture>,
    /// As the table writes them.
    pub columns: Vec<String>,
    /// What did not match, in sentences.
    pub left_out: Vec<String>,
}

impl Labelled {
    /// Brings pictures and lines together, and says what does not match; pairs of IDX files bring their labels along.
    pub fn find(arguments: &Arguments, card: &Card) -> Result<Self> {
        match (&arguments.labels, &arguments.idx) {
            (Some(labels), _) => Self::of_files(arguments, labels, card),
            (None, Some(part)) => Self::of_digits(arguments, part, card),
            (None, None) => bail!("give --labels, or --idx for MNIST's own files"),
        }
    }

    fn of_digits(arguments: &Arguments, part: &str, card: &Card) -> Result<Self> {
        if !arguments.groups.is_empty() {
            bail!("MNIST's files have no columns; --groups needs --labels");
        }
        let mut pictures = Vec::new();
        for folder in &arguments.paths {
            let digits = Digits::read(folder, part)?;
            for (index, (scan, digit)) in digits.scans().enumerate() {
                let label = Label { image: format!("{part}-{index:05}"), grade: digit.to_string(), ..Label::default() };
                let class = card.class_index(&label.grade);
                let class = class.with_context(|| format!("{} has no class `{digit}`", card.name))?;
                let sha256 = sha256_hex(scan.to_rgb8().as_raw());
                let (truth, groups) = (Truth::Class(class), Vec::new());
                pictures.push(LabelledPicture { source: Source::Digit { scan, sha256 }, label, truth, groups });
            }
        }
        Ok(Self { pictures, columns: Vec::new(), left_out: Vec::new() })
    }

    fn of_files(arguments: &Arguments, labels: &Path, card: &Card) -> Result<Self> {
        let table = labels::read_table(labels)?;
        let truths = Truths::new(card, &table).map_err(|reason| anyhow!(reason))?;
        let column = |name: &String| {
            let says = || anyhow!("{} has no column `{name}`; it has {}", table.path.display(), table.heads.join(", "));
            table.column(name).ok_or_else(says)
        };
        let columns = arguments.groups.iter().map(column).collect::<Result<Vec<_>>>()?;
        let found = scan::find::pictures(&arguments.paths)?;
        found.problems.iter().for_each(|problem| note(format_args!("left out: {problem}")));
        let matched = labels::matched(&found.pictures, &table.lines);
        let mut left_out = Vec::new();
        listed(&mut left_out, "label without a picture", "labels without a picture", &matched.without_picture);
        if matched.without_label > 0 {
            left_out.push(format!("{} of {} pictures have no label", matched.without_label, found.pictures.len()));
        }
        let missing: Vec<String> = truths.missing().map(str::to_owned).collect();
        listed(&mut left_out, "finding without a column", "findings without a column", &missing);
        let (mut pictures, mut unknown) = (Vec::new(), Vec::new());
        for (path, label) in matched.pictures {
            match truths.of(&label) {
                Ok(truth) => {
                    let groups = columns.iter().map(|column| label.cells[*column].clone()).collect();
                    pictures.push(LabelledPicture { source: Source::File(path), label, truth, groups });
                }
                Err(reason) => unknown.push(reason),
            }
        }
        listed(&mut left_out, "label that says nothing", "labels that say nothing", &unknown);
        left_out.iter().for_each(|says| note(format_args!("left out: {says}")));
        if pictures.is_empty() {
            bail!("no picture has a label: the names in {} must be those of the files", table.path.display());
        }
        let columns = columns.into_iter().map(|column| table.heads[column].clone()).collect();
        Ok(Self { pictures, columns, left_out })
    }
}

/// "3 labels without a picture (a, b, c)".
fn listed(sentences: &mut Vec<String>, one: &str, many: &str, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let first = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if names.len() > LISTED { ", …" } else { "" };
    sentences.push(format!("{} {} ({first}{more})", names.len(), if names.len() == 1 { one } else { many }));
}
