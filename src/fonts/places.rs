//! Where fonts lie on this platform, and in which order they are asked.

use std::path::{Path, PathBuf};

/// More files than this are not looked through.
const MOST_FILES: usize = 20_000;

/// How the names of useful fonts begin, in lower case, those that bring most characters for few bytes first. All have
/// outlines: fonts of coloured pictures cannot be drawn here.
const KNOWN: [&str; 40] = [
    // Chinese, Japanese and Korean.
    "wqy-microhei",
    "droidsansfallback",
    "notosanscjk-regular",
    "notosanssc-regular",
    "notosanstc-regular",
    "notosansjp-regular",
    "notosanskr-regular",
    "sourcehansans",
    "wqy-zenhei",
    "uming",
    "vl-gothic",
    "ipag",
    "nanumgothic",
    "msyh.ttc",
    "msgothic.ttc",
    "yugothm.ttc",
    "malgun.ttf",
    "simsun.ttc",
    "arial unicode.ttf",
    "arialuni.ttf",
    "hiragino sans gb.ttc",
    "pingfang.ttc",
    "applesdgothicneo.ttc",
    "stheiti light.ttc",
    // Arabic, Hebrew, Indian and others.
    "segoeui.ttf",
    "tahoma.ttf",
    "nirmala",
    "leelawui.ttf",
    "geezapro.ttc",
    "notosansarabic-regular",
    "notonaskharabic-regular",
    "notosansdevanagari-regular",
    "dejavusans.ttf",
    "freesans",
    // Signs and emoji as line drawings.
    "seguisym.ttf",
    "notoemoji",
    "symbola",
    "notosanssymbols",
    "apple symbols.ttf",
    "unifont",
];

/// Folders of fonts, the system's before the user's.
pub fn folders() -> Vec<PathBuf> {
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    let of_home = |below: &str| home.as_ref().map(|home| home.join(below));
    let mut folders: Vec<PathBuf> = Vec::new();
    if cfg!(windows) {
        let windows = std::env::var_os("WINDIR").map_or_else(|| PathBuf::from(r"C:\Windows"), PathBuf::from);
        folders.push(windows.join("Fonts"));
        folders.extend(of_home(r"AppData\Local\Microsoft\Windows\Fonts"));
    } else if cfg!(target_os = "macos") {
        folders.extend(["/System/Library/Fonts", "/Library/Fonts"].map(PathBuf::from));
        folders.extend(of_home("Library/Fonts"));
    } else {
        let usual = ["/usr/share/fonts", "/usr/local/share/fonts", "/run/current-system/sw/share/X11/fonts"];
        folders.extend(usual.map(PathBuf::from));
        folders.extend([".local/share/fonts", ".fonts"].into_iter().filter_map(of_home));
    }
    folders
}

/// The useful fonts in `folders`, the best first.
pub fn fonts(folders: &[PathBuf]) -> Vec<PathBuf> {
    let files = folders.iter().flat_map(|folder| walkdir::WalkDir::new(folder).max_depth(6)).take(MOST_FILES);
    let mut found: Vec<(usize, PathBuf)> = files
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((rank(entry.path())?, entry.into_path()))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

/// The place of a font in the order; `None` of one that is of no use.
fn rank(path: &Path) -> Option<usize> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let is_font = [".ttf", ".ttc", ".otf", ".otc"].iter().any(|ending| name.ends_with(ending));
    let known = is_font.then(|| KNOWN.iter().position(|known| name.starts_with(known)))?;
    // What is left are the many scripts of Noto.
    known.or_else(|| (name.starts_with("notosans") && name.contains("-regular")).then_some(KNOWN.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_fonts_of_many_characters_come_first_and_others_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["NotoSansCJK-Regular.ttc", "NotoSansTamil-Regular.ttf", "wqy-microhei.ttc", "Comic.ttf", "msyh.txt"]
        {
            std::fs::create_dir_all(folder.path().join("deep")).unwrap();
            std::fs::write(folder.path().join("deep").join(name), "").unwrap();
        }
        let found = fonts(&[folder.path().to_owned(), folder.path().join("absent")]);
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_string_lossy()).collect();
        assert_eq!(names, ["wqy-microhei.ttc", "NotoSansCJK-Regular.ttc", "NotoSansTamil-Regular.ttf"]);
    }
}
