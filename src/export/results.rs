//! The files of one explained picture, the same for the window and the command line.

use anyhow::Result;
use serde::Serialize;

use super::report_page::{ReportCase, document, legend_page, picture_page};
use super::{PageTheme, Pictures, Profile, Record, dicom, npz};
use crate::bundle::Card;
use crate::guard::whole::OutputSet;

/// Which files are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// The picture of all layers beside each other.
    pub panel: bool,
    /// Each layer as a picture of its own.
    pub layers: bool,
    /// The values, as `.npz`.
    pub maps: bool,
    /// The JSON record.
    pub record: bool,
    /// Pages for print.
    pub pages: Pages,
    /// Objects for an archive, and what they say of the patient.
    pub dicom: Option<Profile>,
}

/// Which pages for print are wanted, and in which colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pages {
    /// The report as PDF.
    pub report_pdf: bool,
    /// The report as SVG.
    pub report_svg: bool,
    /// Colour bars and the colours of the classes alone.
    pub legend_pdf: bool,
    /// The legend alone as SVG.
    pub legend_svg: bool,
    /// Their colours.
    pub theme: PageTheme,
}

impl Pages {
    /// No page at all.
    pub const NONE: Self =
        Self { report_pdf: false, report_svg: false, legend_pdf: false, legend_svg: false, theme: PageTheme::Light };
    /// The ending of its file.
    pub const REPORT_PDF: &str = "report.pdf";
    /// The ending of its file.
    pub const REPORT_SVG: &str = "report.svg";
    /// The ending of its file.
    pub const LEGEND_PDF: &str = "legend.pdf";
    /// The ending of its file.
    pub const LEGEND_SVG: &str = "legend.svg";

    /// Each kind with its ending.
    fn listed(self) -> [(bool, &'static str); 4] {
        [
            (self.report_pdf, Self::REPORT_PDF),
            (self.report_svg, Self::REPORT_SVG),
            (self.legend_pdf, Self::LEGEND_PDF),
            (self.legend_svg, Self::LEGEND_SVG),
        ]
    }

    /// Those of both, in the colours of `others` where these have any.
    pub fn with(self, others: Self) -> Self {
        Self {
            report_pdf: self.report_pdf || others.report_pdf,
            report_svg: self.report_svg || others.report_svg,
            legend_pdf: self.legend_pdf || others.legend_pdf,
            legend_svg: self.legend_svg || others.legend_svg,
            theme: if others.any() { others.theme } else { self.theme },
        }
    }

    /// Whether one is wanted.
    pub fn any(self) -> bool {
        self.listed().iter().any(|(on, _)| *on)
    }
}

impl Parts {
    /// Everything but pages for print and objects for an archive, which somebody asks for.
    pub const ALL: Self = Self { panel: true, layers: true, maps: true, record: true, pages: Pages::NONE, dicom: None };

    /// The endings of the wanted files for a model of `card`, with those of two rules where they are compared.
    pub fn endings(self, card: &Card, comparing: bool) -> Vec<String> {
        let single = [(self.record, Record::ENDING), (self.maps, "npz"), (self.panel, "panel.png")];
        let single = single.into_iter().chain(self.pages.listed());
        let mut endings: Vec<String> = single.filter(|(on, _)| *on).map(|(_, end)| end.to_owned()).collect();
        if self.layers {
            endings.extend(Pictures::layer_endings(card, comparing));
        }
        if self.dicom.is_some() {
            endings.extend(dicom::endings(card.classes.iter().map(|class| class.name.as_str())));
        }
        endings
    }
}

/// Adds the wanted files to `files`, one after the other as they are made; none is in its place before
/// [`OutputSet::finish`]. `source` says what DICOM objects are of, where some are wanted. Gives the record back as it is
/// written, or would be.
///
/// # Errors
/// A picture that cannot be encoded or that no object can be made of, or a place that cannot be written to.
pub fn write(
    files: &mut OutputSet,
    parts: Parts,
    file_name: &str,
    pictures: &Pictures<'_>,
    record: Record,
    source: Option<&dicom::Source<'_>>,
) -> Result<Record> {
    let mut record = record.of_layers(pictures.layers(), &pictures.scene());
    let mut add = |ending: &str, bytes: &[u8]| {
        record.files.push(ending.to_owned());
        files.add(ending, bytes)
    };
    if parts.maps {
        add("npz", &npz(pictures.explanation)?)?;
    }
    if parts.panel {
        add("panel.png", &pictures.panel(file_name)?)?;
    }
    if parts.layers {
        pictures.each_layer(|ending, bytes| Ok(add(ending, bytes)?))?;
    }
    if parts.pages.any() {
        add_pages(files, parts.pages, file_name, pictures, &mut record)?;
    }
    if let Some(source) = source.filter(|_| parts.dicom.is_some()) {
        add_objects(files, pictures, &mut record, source)?;
    }
    if parts.record {
        files.add(Record::ENDING, serde_json::to_string_pretty(&record)?.as_bytes())?;
    }
    Ok(record)
}

fn add_objects(
    files: &mut OutputSet,
    pictures: &Pictures<'_>,
    record: &mut Record,
    source: &dicom::Source<'_>,
) -> Result<()> {
    let mut endings = Vec::new();
    dicom::each_object(pictures, record, source, |object| {
        files.add(&object.ending, &object.bytes)?;
        endings.push(object.ending);
        Ok(())
    })?;
    record.files.append(&mut endings);
    record.dicom_profile = Some(source.profile);
    Ok(())
}

fn add_pages(
    files: &mut OutputSet,
    wanted: Pages,
    file_name: &str,
    pictures: &Pictures<'_>,
    record: &mut Record,
) -> Result<()> {
    let case = ReportCase { file_name, pictures, record, eye: None };
    let mut made: Vec<(&str, Vec<u8>)> = Vec::new();
    if wanted.report_pdf || wanted.report_svg {
        let document = document(
            &format!("Report: {file_name}"),
            &record.date,
            vec![picture_page(&case, wanted.theme)?],
            wanted.theme,
        );
        let svg = || document.pages.first().map(|page| page.to_svg().into_bytes());
        made.extend(wanted.report_svg.then(svg).flatten().map(|svg| (Pages::REPORT_SVG, svg)));
        made.extend(wanted.report_pdf.then(|| document.to_pdf()).transpose()?.map(|pdf| (Pages::REPORT_PDF, pdf)));
    }
    if wanted.legend_pdf || wanted.legend_svg {
        let page = legend_page(&case, wanted.theme);
        made.extend(wanted.legend_svg.then(|| (Pages::LEGEND_SVG, page.to_svg().into_bytes())));
        let pdf = || document(&page.title.clone(), &record.date, vec![page], wanted.theme).to_pdf();
        made.extend(wanted.legend_pdf.then(pdf).transpose()?.map(|pdf| (Pages::LEGEND_PDF, pdf)));
    }
    for (ending, bytes) in made {
        record.files.push(ending.to_owned());
        files.add(ending, &bytes)?;
    }
    record.report_theme = Some(wanted.theme);
    Ok(())
}
