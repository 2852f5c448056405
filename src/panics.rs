//! A panic as an answer: what it said, for whoever goes on without what panicked.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does `work`; a panic in it becomes its message.
///
/// # Errors
/// The message of the panic.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "it gave no reason".to_owned())
    })
}
