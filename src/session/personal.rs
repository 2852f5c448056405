//! Whose picture it is, where a file says so and somebody asked.

/// What a file says of its patient, or why it could not be read.
#[derive(Clone)]
pub struct Personal(pub Result<Vec<(&'static str, String)>, String>);

impl std::fmt::Debug for Personal {
    /// A patient's name belongs in no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Personal(hidden)")
    }
}
