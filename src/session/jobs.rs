//! Work of a moment that needs no network: deriving what is shown, drawing the report picture, writing files.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::message::{Event, PanelUse};
use super::shown::Shown;
use super::{Look, Picture, Session};
use crate::bundle::{Assessment, Card};
use crate::explain::Explanation;
use crate::export::{self, Parts, Pictures, ReaderRecord, Record, Style};
use crate::guard::whole::{self, OutputSet, WriteError};
use crate::scan::GreyDisplay;

/// All that pictures and files of the explanation on the screen are made from.
struct Result {
    picture: Arc<Picture>,
    card: Arc<Card>,
    sha256: String,
    explanation: Explanation,
    /// By the rule that is compared with.
    compared: Option<Explanation>,
    style: Style,
    reader: Option<ReaderRecord>,
    display: Option<GreyDisplay>,
    warning: Option<String>,
    assessed: Option<Assessment>,
}

impl Session {
    /// Works out what is shown from the look at hand, one at a time; while one is under way the newest choices wait.
    pub(super) fn derive(&mut self) {
        let Some(settings) = self.settings() else { return };
        let Some(look) = self.current.as_ref().and_then(|current| current.look.clone()) else { return };
        if std::mem::replace(&mut self.deriving, true) {
            self.derive_again = true;
            return;
        }
        self.voice.later(move || {
            let shown = Box::new(Shown::new(&look, &settings));
            Some(Event::Derived { look, shown })
        });
    }

    pub(super) fn derived(&mut self, look: &Arc<Look>, mut shown: Shown) {
        self.deriving = false;
        let class = self.choices.class;
        if let Some(current) = &mut self.current
            && current.look.as_ref().is_some_and(|known| Arc::ptr_eq(known, look))
        {
            if shown.explanation.settings.class != class {
                shown.explanation.show_class(class, &shown.smoothed);
            }
            current.shown = Some(shown);
        } else {
            self.derive_again = true;
        }
        if std::mem::take(&mut self.derive_again) {
            self.derive();
        }
    }

    fn result(&self) -> Option<Result> {
        let (current, model, shown) = (self.current.as_ref()?, self.model.as_ref()?, self.shown()?);
        let reader = self.read_first.reading(&current.path).map(|reading| ReaderRecord {
            class: model.card.classes[reading.class].name.clone(),
            seconds: reading.seconds,
        });
        Some(Result {
            picture: Arc::clone(&current.picture),
            card: Arc::clone(&model.card),
            sha256: model.sha256.clone(),
            explanation: shown.explanation.clone(),
            compared: self.compared().map(|other| other.explanation.clone()),
            style: self.preferences.style.clone(),
            reader,
            warning: self.advice.as_ref().map(|advice| advice.text.clone()),
            assessed: self.assessed.clone(),
            display: current.grey.as_ref().map(|grey| grey.display.clone()),
        })
    }

    /// Has the report picture drawn as the screen shows it; it comes to [`Session::panels`].
    pub fn draw_panel(&mut self, use_for: PanelUse) {
        let Some(result) = self.result() else {
            return self.notice("There is no explanation to draw yet.".to_owned(), false, None);
        };
        self.voice.later(move || {
            let scan = &result.picture.scan;
            let name = scan.path.file_name().unwrap_or_default().to_string_lossy();
            let picture = scan.to_rgb8_under(result.display.as_ref());
            let pictures = Pictures::new(&picture, &result.card, &result.explanation, &result.style)
                .with_warning(result.warning.as_deref())
                .with_quality(result.assessed.as_ref())
                .compared_with(result.compared.as_ref());
            Some(Event::Panel { use_for, panel: pictures.panel_picture(&name) })
        });
    }

    /// Writes what the screen shows to `folder/name.…`, apart from this thread.
    pub fn export(&mut self, folder: &Path, name: &str, parts: Parts, replace: bool) {
        let Some(result) = self.result() else {
            return self.notice("There is no explanation to write yet.".to_owned(), false, None);
        };
        self.exporting = Some(Instant::now());
        self.preferences.export_folder = Some(folder.to_owned());
        let (files, folder) = (OutputSet::new(folder, name, replace), folder.to_owned());
        self.voice.later(move || {
            whole::sweep(&folder);
            Some(Event::Exported(result.write(files, parts).map_err(|error| advice(&error))))
        });
    }
}

impl Result {
    fn write(&self, mut files: OutputSet, parts: Parts) -> anyhow::Result<Vec<std::path::PathBuf>> {
        files.check(parts.endings(&self.card, self.compared.is_some()).iter().map(String::as_str))?;
        let scan = &self.picture.scan;
        let (file, decode_ms) = (scan.path.to_string_lossy().into_owned(), self.picture.decode_ms);
        let record = Record::new(file, &self.card, &self.sha256, &self.explanation, &self.style, decode_ms);
        let record = record.of_scan(scan, self.display.as_ref()).with_quality(self.assessed.as_ref());
        let warnings = self.warning.iter().cloned().collect();
        let record = Record { reader: self.reader.clone(), warnings, ..record };
        let picture = scan.to_rgb8_under(self.display.as_ref());
        let pictures = Pictures::new(&picture, &self.card, &self.explanation, &self.style)
            .with_warning(self.warning.as_deref())
            .with_quality(self.assessed.as_ref())
            .compared_with(self.compared.as_ref());
        let name = scan.path.file_name().unwrap_or_default().to_string_lossy();
        export::write(&mut files, parts, &name, &pictures, record)?;
        Ok(files.finish()?)
    }
}

fn advice(error: &anyhow::Error) -> String {
    match error.downcast_ref() {
        Some(WriteError::Exists(_)) => {
            format!("{error}; choose “Replace files that exist”, or another folder or name")
        }
        _ => format!("{error:#}"),
    }
}
