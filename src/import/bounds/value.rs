//! What a pickled object takes in its reader's memory.

use super::tensor::{Called, Meaning};

/// The place of an object in a tuple, in a list that grows, and of a pair in a dictionary that grows.
pub const IN_TUPLE: u64 = 72;
pub const IN_LIST: u64 = 160;
pub const IN_DICT: u64 = 256;
/// What a list or dictionary takes besides when it is filled, however little with: it has places for four.
pub const FILLED: u64 = 150;
pub const IN_MEMO: u64 = 256;
/// A tensor with its sides, and what is noted of a storage; the key comes on top.
pub const TENSOR: u64 = 512;
pub const STORAGE: u64 = 256;
/// A number as the name of what it is the key of.
const NUMBER: u64 = 20;

/// What is known of an object.
#[derive(Clone, Debug)]
pub struct Value {
    pub kind: Meaning,
    /// Bytes that it takes beside its own place, with those of its tensors' names; a copy takes them again.
    pub weight: u64,
    /// Of that, what a module keeps when these are its attributes.
    pub kept: u64,
    /// As many tensors as may be in it.
    pub tensors: u64,
    /// Length of the longest string in it.
    pub longest: u64,
    /// Where the memo has a copy of it.
    pub memo: Option<u32>,
}

impl Value {
    pub fn new(kind: Meaning, weight: u64) -> Self {
        Self { kind, weight, kept: 0, tensors: 0, longest: 0, memo: None }
    }

    pub fn text(called: Called, length: u64) -> Self {
        Self { longest: length, ..Self::new(Meaning::Text(called), length.saturating_add(16)) }
    }

    /// Takes in `other`, which has a place of so many bytes here; says what that adds to the memory taken.
    pub fn take(&mut self, other: &Self, place: u64) -> u64 {
        self.weight = self.weight.saturating_add(other.weight).saturating_add(place);
        self.tensors = self.tensors.saturating_add(other.tensors);
        self.longest = self.longest.max(other.longest);
        place
    }

    /// Like [`Value::take`], under a key whose longest string is so long. The names of all tensors beneath become
    /// longer, and the reader has each of them twice.
    pub fn take_as(&mut self, longest: u64, other: &Self, place: u64) -> u64 {
        let names = other.tensors.saturating_mul(2).saturating_mul(longest.max(NUMBER) + 1);
        self.take(other, place.saturating_add(names))
    }
}
