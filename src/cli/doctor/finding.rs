//! What probes find: lines in sections, as text and as JSON.

use serde::Serialize;

use super::redact::Redaction;

/// How it is with what a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Fine,
    /// Something does without it; no fault.
    Missing,
    Fault,
}

/// One line.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    pub about: String,
    pub says: String,
    pub state: State,
}

impl Finding {
    pub fn fine(about: &str, says: impl Into<String>) -> Self {
        Self { about: about.to_owned(), says: says.into(), state: State::Fine }
    }

    pub fn missing(about: &str, says: impl Into<String>) -> Self {
        Self { state: State::Missing, ..Self::fine(about, says) }
    }

    pub fn fault(about: &str, says: impl Into<String>) -> Self {
        Self { state: State::Fault, ..Self::fine(about, says) }
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Section {
    pub name: &'static str,
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub sections: Vec<Section>,
}

impl Report {
    /// The same without personal words.
    pub fn without(mut self, redaction: &Redaction) -> Self {
        let findings = self.sections.iter_mut().flat_map(|section| &mut section.findings);
        findings.for_each(|finding| finding.says = redaction.of(&finding.says));
        self
    }

    pub fn faults(&self) -> usize {
        let findings = self.sections.iter().flat_map(|section| &section.findings);
        findings.filter(|finding| finding.state == State::Fault).count()
    }

    /// A section is its name and its lines; a fault is marked `!`, what is missing `-`.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for section in &self.sections {
            text += &format!("{}\n", section.name);
            for Finding { about, says, state } in &section.findings {
                let mark = match state {
                    State::Fine => ' ',
                    State::Missing => '-',
                    State::Fault => '!',
                };
                text += &format!("{mark} {about:<14} {says}\n");
            }
        }
        text
    }
}
