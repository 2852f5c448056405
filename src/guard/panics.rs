//! A panic as an answer: what it said and where, for whoever goes on without what panicked.
//!
//! Decoders, drivers and this program itself may hold a fault that a file finds. It ends that file's way alone, and it is
//! said once, with what is needed to mend it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Mutex;

/// The beginning of the names of threads whose panics come to whoever waits for them.
pub const POOL: &str = "fovea-pool";

/// Panics that nobody has asked for yet: message and place. A few, since several may be on their way at once.
static LATEST: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());
const MOST_KEPT: usize = 16;

thread_local! {
    static GUARDS: Cell<usize> = const { Cell::new(0) };
}

/// Does `work`; a panic in it becomes one line: what it said, and where in which source, once [`listen`] was called.
///
/// # Errors
/// That line.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    GUARDS.set(GUARDS.get() + 1);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDS.set(GUARDS.get() - 1);
    done.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it gave no reason");
        let mut latest = LATEST.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let place = latest.iter().rposition(|(said, _)| said == text).map(|at| latest.remove(at).1);
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        place.map_or_else(|| line.clone(), |place| format!("{line} (at {place})"))
    })
}

/// What is said of a picture that a panic ended, once, with all that is needed to mend it.
pub fn sentence(reason: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "a fault of fovea {version} ended this picture, the next one goes on; please report this line and what kind of \
         file it is, the file itself only if it tells nobody's name: {reason}"
    )
}

/// From now on panics that [`caught`] takes are kept for it with their place, and not printed.
pub fn listen() {
    let usual = take_hook();
    set_hook(Box::new(move |info| {
        let is_pools = std::thread::current().name().is_some_and(|name| name.starts_with(POOL));
        if GUARDS.get() == 0 && !is_pools {
            return usual(info);
        }
        let mut latest = LATEST.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if latest.len() >= MOST_KEPT {
            latest.remove(0);
        }
        latest.push((info.payload_as_str().unwrap_or("it gave no reason").to_owned(), place(info)));
    }));
}

/// File and line; of a file of another crate without the folders above that crate.
fn place(info: &PanicHookInfo<'_>) -> String {
    let Some(location) = info.location() else { return "an unknown place".to_owned() };
    let file = location.file().replace('\\', "/");
    let parts: Vec<&str> = file.split('/').collect();
    let from = parts.iter().rposition(|part| *part == "src").map_or(0, |src| src.saturating_sub(1));
    format!("{}:{}", parts[from..].join("/"), location.line())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_answer_with_its_place() {
        listen();
        assert_eq!(caught(|| 3), Ok(3));
        let said = caught(|| panic!("the sky\nfell")).unwrap_err();
        assert!(said.starts_with("the sky fell (at ") && said.contains("panics.rs:"), "{said}");
        assert!(caught(|| std::panic::panic_any(7)).unwrap_err().contains("no reason"));
    }
}
