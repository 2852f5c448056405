//! What survives a restart: drawing choices, window, recent files. A damaged file is set aside, never fatal.
//!
//! No picture, result or patient's data is kept here, only the paths of recent files.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::archive::is_sound;
use super::worklist::SortBy;
use crate::guard::regular;
use crate::guard::whole::{self, OutputSet};
use crate::layers::Style;
use crate::pacs::Connection;

const MOST_RECENT: usize = 12;
const MOST_CONNECTIONS: usize = 50;
const MOST_BYTES: u64 = 1 << 20;

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// Dark, for reading rooms.
    #[default]
    Dark,
    Light,
    /// Like the desktop.
    System,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::System];

    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "Dark",
            Self::Light => "Light",
            Self::System => "As the desktop",
        }
    }
}

/// The window's position and size in points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WindowPlace {
    pub width: f32,
    pub height: f32,
    pub maximised: bool,
}

/// Everything that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Preferences {
    pub theme: Theme,
    /// Scale of text and controls; 1 is the desktop's own size. Chosen by the screen's size if `None`.
    pub text_scale: Option<f32>,
    /// Whether the inspector shows everything.
    pub more: bool,
    pub read_first: bool,
    /// Who reads; stands in files of readings.
    pub reader: String,
    /// Whether zoom and class stay from picture to picture.
    pub keep_view: bool,
    pub probe_chart: bool,
    /// Whether a picture from a modality carries a scale bar.
    pub ruler: bool,
    pub sort: SortBy,
    pub sort_reversed: bool,
    /// Whether patients are shown by what DICOM files call them.
    pub show_names: bool,
    /// How this reader's files are named, where not in a usual way.
    pub name_pattern: String,
    /// Whether all pictures of a list are graded while nothing else is wanted.
    pub grade_all: bool,
    pub model: String,
    pub window: Option<WindowPlace>,
    pub export_folder: Option<PathBuf>,
    /// The newest first.
    pub recent: Vec<PathBuf>,
    /// Files of readings, the newest first.
    pub sessions: Vec<PathBuf>,
    /// Archives that can be searched, and the name of that which was searched last. Whom one searched for is not kept.
    pub connections: Vec<Connection>,
    pub connection: String,
    pub style: Style,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            text_scale: None,
            more: false,
            read_first: false,
            reader: String::new(),
            keep_view: false,
            probe_chart: false,
            ruler: true,
            sort: SortBy::default(),
            sort_reversed: false,
            show_names: false,
            name_pattern: String::new(),
            grade_all: true,
            model: "retina-dr".to_owned(),
            window: None,
            export_folder: None,
            recent: Vec::new(),
            sessions: Vec::new(),
            connections: Vec::new(),
            connection: String::new(),
            style: Style::default(),
        }
    }
}

/// Where the user's readings are kept, if the platform has a place for them.
pub fn user_sessions() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "fovea").map(|dirs| dirs.data_dir().join("readings"))
}

/// Where the user's preferences are kept, if the platform has a place for them.
pub fn user_file() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "fovea").map(|dirs| dirs.config_dir().join("settings.toml"))
}

impl Preferences {
    /// What the file says, unchecked; `None` where there is none.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(file: &Path) -> Result<Option<Self>, String> {
        let text = match regular::read_text(file, MOST_BYTES) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| error.to_string())?,
        };
        toml::from_str(&text).map(Some).map_err(|error| error.message().to_owned())
    }

    /// Reads the file. A damaged one is renamed, which the returned sentence says, and defaults are used.
    pub fn load(file: &Path) -> (Self, Option<String>) {
        file.parent().into_iter().for_each(whole::sweep);
        match Self::read(file) {
            Ok(Some(preferences)) => (preferences.checked(), None),
            Ok(None) => (Self::default(), None),
            Err(reason) => {
                let aside = file.with_extension("damaged.toml");
                let kept = match std::fs::rename(file, &aside) {
                    Ok(()) => format!("they were set aside as {}", aside.display()),
                    Err(error) => format!("and they could not be set aside: {error}"),
                };
                (Self::default(), Some(format!("The saved settings could not be read ({reason}); {kept}.")))
            }
        }
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// A place that cannot be written to.
    pub fn save(&self, file: &Path) -> std::io::Result<()> {
        let (folder, name) = (file.parent().unwrap_or(Path::new(".")), file.file_name().unwrap_or_default());
        let text = toml::to_string_pretty(&self.in_text()).map_err(std::io::Error::other)?;
        let mut set = OutputSet::new(folder, "settings", true);
        set.add_file(&name.to_string_lossy(), text.as_bytes()).map_err(std::io::Error::other)?;
        set.finish().map_err(std::io::Error::other)?;
        Ok(())
    }

    /// Without paths that a text file cannot hold: they must not keep the rest from being saved.
    fn in_text(&self) -> Self {
        let mut told = self.clone();
        let is_text = |path: &PathBuf| path.to_str().is_some();
        told.recent.retain(is_text);
        told.sessions.retain(is_text);
        told.connections.retain(|connection| connection.paths().all(|path| path.to_str().is_some()));
        told.export_folder = told.export_folder.filter(is_text);
        told
    }

    /// Puts `path` first among the recent files.
    pub fn remember(&mut self, path: &Path) {
        remember(&mut self.recent, path);
    }

    /// Puts `file` first among the recent files of readings.
    pub fn remember_session(&mut self, file: &Path) {
        remember(&mut self.sessions, file);
    }

    /// Values that a slider could not have given are brought back into range.
    fn checked(mut self) -> Self {
        let within = |value: f32, low: f32, high: f32, usual: f32| {
            if value.is_finite() { value.clamp(low, high) } else { usual }
        };
        self.text_scale = self.text_scale.map(|scale| within(scale, 0.7, 3.0, 1.0));
        let usual = Style::default();
        let (cam, clear) = (&mut self.style.cam, &mut self.style.clear);
        cam.opacity = within(cam.opacity, 0.0, 1.0, usual.cam.opacity);
        cam.threshold = within(cam.threshold, 0.0, 1.0, usual.cam.threshold);
        clear.opacity = within(clear.opacity, 0.0, 1.0, usual.clear.opacity);
        self.style.backdrop = within(self.style.backdrop, 0.0, 1.0, usual.backdrop);
        clear.gain = within(clear.gain, 0.1, 20.0, usual.clear.gain);
        // Which classes are off belongs to the picture on the screen, not to the next day.
        clear.enabled.clear();
        self.recent.truncate(MOST_RECENT);
        self.sessions.truncate(MOST_RECENT);
        self.connections.retain(is_sound);
        self.connections.truncate(MOST_CONNECTIONS);
        self
    }
}

fn remember(recent: &mut Vec<PathBuf>, path: &Path) {
    // A relative path means nothing at the next start.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    recent.retain(|known| *known != path);
    recent.insert(0, path);
    recent.truncate(MOST_RECENT);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/settings.toml");
        let mut preferences =
            Preferences { theme: Theme::Light, text_scale: Some(1.25), more: true, ..Preferences::default() };
        preferences.style.cam.opacity = 0.25;
        preferences.remember(Path::new("/a.jpg"));
        preferences.save(&file).unwrap();
        assert_eq!(Preferences::load(&file), (preferences, None));
    }

    #[test]
    fn connections_come_back_and_those_that_cannot_work_do_not() {
        use crate::pacs::{Archive, Peer, Retrieval, Tls, WebPeer};
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.toml");
        let peer = Peer {
            host: "pacs.example".to_owned(),
            port: 104,
            ae_title: "PACS".to_owned(),
            own_ae_title: "FOVEA".to_owned(),
            tls: Some(Tls { authorities: Some("ca.pem".into()), ..Tls::default() }),
        };
        let web = |url: &str| Archive::Web(WebPeer { url: url.to_owned(), ..WebPeer::default() });
        let named = |name: &str, archive| Connection { name: name.to_owned(), archive };
        let connections = vec![
            named("one", Archive::Dimse { peer: peer.clone(), retrieval: Retrieval::Get }),
            named("two", Archive::Dimse { peer, retrieval: Retrieval::Move { port: 11112 } }),
            named("three", web("https://pacs.example/dicom-web")),
        ];
        let mut preferences =
            Preferences { connections, connection: "two".to_owned(), theme: Theme::Light, ..Preferences::default() };
        preferences.save(&file).unwrap();
        assert_eq!(Preferences::load(&file), (preferences.clone(), None));
        let sound = preferences.connections.clone();
        preferences.connections.push(named("four", web("pacs.example")));
        preferences.save(&file).unwrap();
        assert_eq!(Preferences::load(&file).0.connections, sound);
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_text_keeps_nothing_else_from_being_kept() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.toml");
        let mut preferences = Preferences { text_scale: Some(1.5), ..Preferences::default() };
        preferences.remember(Path::new("/a.jpg"));
        preferences.remember(Path::new(std::ffi::OsStr::from_bytes(b"/\xff.jpg")));
        preferences.save(&file).unwrap();
        let (kept, _) = Preferences::load(&file);
        assert_eq!((kept.text_scale, kept.recent), (Some(1.5), vec![PathBuf::from("/a.jpg")]));
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.toml");
        std::fs::write(&file, "theme = [nonsense").unwrap();
        let (preferences, said) = Preferences::load(&file);
        assert_eq!(preferences, Preferences::default());
        assert!(said.unwrap().contains("set aside"));
        assert!(!file.exists() && folder.path().join("settings.damaged.toml").exists());
    }

    #[test]
    fn senseless_values_are_brought_into_range() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.toml");
        std::fs::write(
            &file,
            "text-scale = nan\n[style.clear]\nopacity = 7.0\ngain = -1.0\nenabled = [false]\non_black = false\n",
        )
        .unwrap();
        let (preferences, said) = Preferences::load(&file);
        assert_eq!(said, None);
        assert_eq!(
            (preferences.text_scale, preferences.style.clear.opacity, preferences.style.clear.gain),
            (Some(1.0), 1.0, 0.1)
        );
        assert!(preferences.style.clear.enabled.is_empty());
    }

    #[test]
    fn recent_files_are_few_and_the_newest_first() {
        let mut preferences = Preferences::default();
        for n in 0..20 {
            preferences.remember(&PathBuf::from(format!("/{}.jpg", n % 15)));
        }
        assert_eq!(preferences.recent.len(), MOST_RECENT);
        assert_eq!(preferences.recent[0], PathBuf::from("/4.jpg"));
    }
}
