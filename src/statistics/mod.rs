//! Figures of merit from plain numbers, with what is known of how sure they are. Must not know models, pictures or files.

mod bootstrap;
mod confusion;
mod rank;

pub use self::bootstrap::{Figure, Unit, Units};
pub use self::confusion::{Confusion, Weights};
pub use self::rank::spearman;
