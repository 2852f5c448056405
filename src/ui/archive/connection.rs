//! The form of a connection: what its archive is called here, where it is, and how studies come from it.

use std::path::PathBuf;

use egui::{Button, Grid, TextEdit, Ui};

use super::super::{App, theme};
use crate::pacs::{Archive, Connection, Peer, Retrieval, Tls, WebPeer};
use crate::session::ArchiveCommand;
use crate::session::archive::{USUAL_AE_TITLE, USUAL_PORT, fault_of};

/// The protocol of an archive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaks {
    Dimse,
    Web,
}

/// How a DIMSE archive sends a study.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Get,
    Move,
}

/// A connection being edited.
pub struct ConnectionForm {
    /// Its name in the settings; `None` for a new one.
    was: Option<String>,
    name: String,
    speaks: Speaks,
    host: String,
    port: String,
    ae_title: String,
    own_ae_title: String,
    by: By,
    own_port: String,
    url: String,
    user: String,
    secret: String,
    is_encrypted: bool,
    authorities: String,
    certificate: String,
    key: String,
    /// Whether deletion was requested once; a second time confirms.
    is_to_go: bool,
    /// Whether the first field is to have the keyboard.
    begins: bool,
}

impl ConnectionForm {
    pub fn new() -> Self {
        let peer = Peer {
            host: String::new(),
            port: 104,
            ae_title: String::new(),
            own_ae_title: USUAL_AE_TITLE.to_owned(),
            tls: None,
        };
        let archive = Archive::Dimse { peer, retrieval: Retrieval::Get };
        Self { was: None, ..Self::of(&Connection { name: String::new(), archive }) }
    }

    pub fn of(connection: &Connection) -> Self {
        let text = |path: &Option<PathBuf>| path.as_ref().map_or_else(String::new, |path| path.display().to_string());
        let tls = match &connection.archive {
            Archive::Dimse { peer, .. } => peer.tls.clone(),
            Archive::Web(peer) => peer.tls.clone(),
        };
        let files = tls.clone().unwrap_or_default();
        let form = Self {
            was: Some(connection.name.clone()),
            name: connection.name.clone(),
            speaks: Speaks::Dimse,
            host: String::new(),
            port: "104".to_owned(),
            ae_title: String::new(),
            own_ae_title: USUAL_AE_TITLE.to_owned(),
            by: By::Get,
            own_port: USUAL_PORT.to_string(),
            url: "https://".to_owned(),
            user: String::new(),
            secret: String::new(),
            is_encrypted: tls.is_some(),
            authorities: text(&files.authorities),
            certificate: text(&files.certificate),
            key: text(&files.key),
            is_to_go: false,
            begins: true,
        };
        match connection.archive.clone() {
            Archive::Dimse { peer, retrieval } => {
                let (by, own_port) = match retrieval {
                    Retrieval::Get => (By::Get, USUAL_PORT),
                    Retrieval::Move { port } => (By::Move, port),
                };
                let Peer { host, port, ae_title, own_ae_title, .. } = peer;
                let (port, own_port) = (port.to_string(), own_port.to_string());
                Self { host, port, ae_title, own_ae_title, by, own_port, ..form }
            }
            Archive::Web(peer) => {
                let secret = text(&peer.secret);
                Self { speaks: Speaks::Web, url: peer.url, user: peer.user, secret, ..form }
            }
        }
    }

    /// What stands in it. A number that is none becomes 0, which no port is.
    fn connection(&self) -> Connection {
        let path = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(PathBuf::from);
        let (authorities, certificate, key) = (path(&self.authorities), path(&self.certificate), path(&self.key));
        let files = Tls { authorities, certificate, key };
        let port = |text: &str| text.trim().parse().unwrap_or(0);
        let plain = |text: &str| text.trim().to_owned();
        let archive = match self.speaks {
            Speaks::Dimse => Archive::Dimse {
                peer: Peer {
                    host: plain(&self.host),
                    port: port(&self.port),
                    ae_title: plain(&self.ae_title),
                    own_ae_title: plain(&self.own_ae_title),
                    tls: self.is_encrypted.then_some(files),
                },
                retrieval: match self.by {
                    By::Get => Retrieval::Get,
                    By::Move => Retrieval::Move { port: port(&self.own_port) },
                },
            },
            Speaks::Web => Archive::Web(WebPeer {
                url: plain(&self.url).trim_end_matches('/').to_owned(),
                user: plain(&self.user),
                secret: path(&self.secret),
                // Without files of one's own it is encrypted as the address says.
                tls: Some(files).filter(|files| *files != Tls::default()),
            }),
        };
        Connection { name: plain(&self.name), archive }
    }
}

/// The outcome of the form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Keep,
    Test,
    Delete,
    Back,
}

impl App {
    pub(super) fn connection_form(&mut self, ui: &mut Ui) {
        let Some(mut form) = self.archive.connection.take() else { return };
        let height = theme::dialog_height(ui.ctx(), 190.0);
        egui::ScrollArea::vertical().max_height(height).show(ui, |ui| fields(ui, &mut form));
        ui.separator();
        let connection = form.connection();
        let all = self.session.preferences.connections.iter().map(|known| known.name.as_str());
        let fault = fault_of(&connection, all.filter(|name| Some(*name) != form.was.as_deref()));
        match &fault {
            Some(fault) => _ = ui.label(fault),
            None => self.archive_line(ui, "Test asks whether the archive answers."),
        }
        let is_waiting = self.session.waiting_for_archive().is_some();
        match buttons(ui, &mut form, fault.is_none(), is_waiting) {
            Some(Does::Keep) => {
                self.commands.push(ArchiveCommand::Keep(form.was, Box::new(connection)).into());
                self.archive.begins = true;
            }
            Some(Does::Delete) => self.commands.extend(form.was.map(|name| ArchiveCommand::Delete(name).into())),
            Some(Does::Back) => {
                self.commands.push(ArchiveCommand::Stop.into());
                self.archive.begins = true;
            }
            does => {
                if does == Some(Does::Test) {
                    self.commands.push(ArchiveCommand::Test(Box::new(connection)).into());
                }
                self.archive.connection = Some(form);
            }
        }
    }
}

fn buttons(ui: &mut Ui, form: &mut ConnectionForm, is_whole: bool, is_waiting: bool) -> Option<Does> {
    let mut does = None;
    ui.horizontal(|ui| {
        if ui.add_enabled(is_whole, Button::new("Keep")).clicked() {
            does = Some(Does::Keep);
        }
        if ui.add_enabled(is_whole && !is_waiting, Button::new("Test")).clicked() {
            does = Some(Does::Test);
        }
        if form.was.is_some() {
            let says = if form.is_to_go { "Really delete it" } else { "Delete" };
            if ui.button(says).clicked() {
                does = form.is_to_go.then_some(Does::Delete);
                form.is_to_go = true;
            }
        }
        if ui.button("Back").clicked() {
            does = Some(Does::Back);
        }
    });
    does
}

fn fields(ui: &mut Ui, form: &mut ConnectionForm) {
    let width = (ui.available_width() - 190.0).clamp(80.0, 420.0);
    Grid::new("connection fields").num_columns(2).spacing([12.0, 8.0]).show(ui, |ui| {
        let begins = std::mem::take(&mut form.begins);
        let name = field(ui, "Name", &mut form.name, "Radiology", width);
        if begins {
            name.request_focus();
        }
        ui.label("Speaks");
        ui.horizontal_wrapped(|ui| {
            ui.radio_value(&mut form.speaks, Speaks::Dimse, "DICOM (DIMSE)");
            ui.radio_value(&mut form.speaks, Speaks::Web, "DICOMweb");
        });
        ui.end_row();
        match form.speaks {
            Speaks::Dimse => dimse_fields(ui, form, width),
            Speaks::Web => web_fields(ui, form, width),
        }
        if form.speaks == Speaks::Web || form.is_encrypted {
            let usual = if form.speaks == Speaks::Web { "those that the web trusts" } else { "authorities.pem" };
            field(ui, "Trusted certificates", &mut form.authorities, usual, width).on_hover_text("A PEM file");
            field(ui, "Own certificate", &mut form.certificate, "none", width).on_hover_text("A PEM file");
            field(ui, "Key of it", &mut form.key, "none", width).on_hover_text("A PEM file");
        }
    });
    let is_open = match form.speaks {
        Speaks::Dimse => !form.is_encrypted,
        Speaks::Web => form.url.trim().starts_with("http://"),
    };
    if is_open {
        ui.colored_label(
            theme::warning(ui.visuals()),
            "Not encrypted: only for a network where every user may read the traffic.",
        );
    }
}

fn dimse_fields(ui: &mut Ui, form: &mut ConnectionForm, width: f32) {
    field(ui, "Host", &mut form.host, "pacs.example", width);
    field(ui, "Port", &mut form.port, "104", 80.0);
    field(ui, "AE title of the archive", &mut form.ae_title, "PACS", width.min(200.0));
    field(ui, "Own AE title", &mut form.own_ae_title, USUAL_AE_TITLE, width.min(200.0))
        .on_hover_text("By which the archive knows this computer");
    ui.label("Studies come by");
    ui.horizontal_wrapped(|ui| {
        ui.radio_value(&mut form.by, By::Get, "C-GET").on_hover_text("Over the same connection");
        ui.radio_value(&mut form.by, By::Move, "C-MOVE")
            .on_hover_text("Over one that the archive opens to this computer");
    });
    ui.end_row();
    if form.by == By::Move {
        field(ui, "Own port", &mut form.own_port, "11112", 80.0)
            .on_hover_text("The archive has to know it, with the own AE title and this computer's address");
    }
    ui.label("Encryption");
    ui.checkbox(&mut form.is_encrypted, "TLS");
    ui.end_row();
}

fn web_fields(ui: &mut Ui, form: &mut ConnectionForm, width: f32) {
    field(ui, "Address", &mut form.url, "https://pacs.example/dicom-web", width);
    field(ui, "User", &mut form.user, "none", width.min(200.0));
    field(ui, "Secret file", &mut form.secret, "none", width)
        .on_hover_text("A file that holds the password, or a token where there is no user; it is not copied");
}

fn field(ui: &mut Ui, name: &str, text: &mut String, hint: &str, width: f32) -> egui::Response {
    let label = ui.label(name);
    let edit = ui.add(TextEdit::singleline(text).desired_width(width).hint_text(hint).char_limit(1000));
    ui.end_row();
    edit.labelled_by(label.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_gives_back_the_connection_that_it_was_made_of() {
        let tls = Tls { authorities: Some("ca.pem".into()), certificate: None, key: None };
        let peer = Peer {
            host: "pacs.example".to_owned(),
            port: 4242,
            ae_title: "ORTHANC".to_owned(),
            own_ae_title: "READER1".to_owned(),
            tls: Some(tls.clone()),
        };
        let web = WebPeer {
            url: "https://pacs.example/dicom-web".to_owned(),
            user: "reader".to_owned(),
            secret: Some("secret".into()),
            tls: Some(tls),
        };
        for archive in [
            Archive::Dimse { peer: peer.clone(), retrieval: Retrieval::Get },
            Archive::Dimse { peer: Peer { tls: None, ..peer }, retrieval: Retrieval::Move { port: 11113 } },
            Archive::Web(web),
            Archive::Web(WebPeer { url: "http://127.0.0.1:8042/dicom-web".to_owned(), ..WebPeer::default() }),
        ] {
            let connection = Connection { name: "Radiology".to_owned(), archive };
            assert!(ConnectionForm::of(&connection).connection() == connection);
        }
    }
}
