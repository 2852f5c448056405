//! Codes for what models say. Classes of a model stand in no public scheme: they are ours.

use super::element::Code;
use crate::bundle::card::Class;

/// A class under its name in the card.
pub fn class_code(class: &Class) -> Code {
    Code::own(&class.name, &class.full_name())
}
