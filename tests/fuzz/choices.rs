//! What a case decides, drawn from its bytes. Where they are at an end every answer is the plainest one, so that a case
//! whose bytes are cut becomes simpler and never something else.

use arbitrary::Unstructured;

/// Numbers at which readers stumble.
const ODD: [u64; 22] = [
    0,
    1,
    2,
    3,
    7,
    8,
    16,
    17,
    255,
    256,
    0x7fff,
    0x8000,
    0xfffe,
    0xffff,
    0x1_0000,
    0xff_ffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    1 << 32,
    u64::MAX,
];

pub struct Choices<'a>(Unstructured<'a>);

impl<'a> Choices<'a> {
    pub fn new(case: &'a [u8]) -> Self {
        Self(Unstructured::new(case))
    }

    /// From 0 up to `count`, which is not reached.
    pub fn below(&mut self, count: usize) -> usize {
        self.0.int_in_range(0..=count.saturating_sub(1)).unwrap_or(0)
    }

    /// From `low` to `high`.
    pub fn within(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// Whether something happens that happens in one case of `count`.
    pub fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    pub fn of<'b, T: ?Sized>(&mut self, all: &'b [&'b T]) -> &'b T {
        all[self.below(all.len())]
    }

    pub fn one<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    pub fn byte(&mut self) -> u8 {
        self.0.arbitrary().unwrap_or(0)
    }

    pub fn number(&mut self) -> u64 {
        self.0.arbitrary().unwrap_or(0)
    }

    /// A number at which readers stumble, seldom any number.
    pub fn odd(&mut self) -> u64 {
        match self.below(8) {
            7 => self.number(),
            6 => self.byte().into(),
            5 => (1u64 << self.below(64)).wrapping_sub(1),
            _ => self.one(&ODD),
        }
    }

    /// A side of a picture: mostly small.
    pub fn side(&mut self) -> u32 {
        match self.below(24) {
            23 => self.one(&[0, 1, 4097, 16_383, 20_000, 65_535, 65_536, 0x7fff_ffff, 0xffff_ffff]),
            22 => self.one(&[100, 129, 255, 256, 257, 300]),
            _ => self.within(1, 40) as u32,
        }
    }

    /// Bytes of which the first are random and all others follow from them: cases stay short.
    pub fn noise(&mut self, count: usize) -> Vec<u8> {
        let mut state = self.0.arbitrary::<u32>().unwrap_or(0);
        let step = |state: &mut u32| {
            *state = state.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
            (*state >> 24) as u8
        };
        (0..count).map(|_| step(&mut state)).collect()
    }

    /// Changes `bytes` without knowing what they mean; `other` lends parts of itself.
    pub fn mangle(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let length = bytes.len();
        let at = self.below(length.max(1));
        let reach = (at + self.within(1, 24)).min(length);
        match self.below(10) {
            _ if length == 0 => *bytes = self.noise(9),
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes[at] = self.one(&[0, 1, 0x7f, 0x80, 0xfe, 0xff]),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..reach)),
            4 => {
                let count = self.within(1, 24);
                let new = self.noise(count);
                drop(bytes.splice(at..at, new));
            }
            5 => {
                let part = bytes[at..reach].repeat(self.one(&[1, 2, 7, 40]));
                drop(bytes.splice(at..at, part));
            }
            6 => {
                let from = self.below(other.len().max(1));
                bytes.truncate(at);
                bytes.extend(other.get(from..).unwrap_or_default());
            }
            7 => {
                let odd = self.odd().to_le_bytes();
                let width = self.one(&[2, 4, 8]).min(length - at);
                bytes[at..at + width].copy_from_slice(&odd[..width]);
            }
            8 => {
                let odd = self.odd().to_be_bytes();
                let width = self.one(&[2, 4, 8]).min(length - at);
                bytes[at..at + width].copy_from_slice(&odd[8 - width..]);
            }
            _ => bytes[at..reach].fill(0),
        }
    }

    /// As [`Self::mangle`], in one case of `count`, and then perhaps several times.
    pub fn perhaps_mangle(&mut self, count: usize, bytes: &mut Vec<u8>, other: &[u8]) {
        if self.once_in(count) {
            for _ in 0..self.within(1, 3) {
                self.mangle(bytes, other);
            }
        }
    }

    /// Drops, doubles and swaps members of a list; `new` makes one that was not there.
    pub fn rearrange<T: Clone>(&mut self, all: &mut Vec<T>, new: impl FnOnce(&mut Self) -> T) {
        let (a, b) = (self.below(all.len()), self.below(all.len()));
        match self.below(5) {
            _ if all.is_empty() => all.push(new(self)),
            0 => drop(all.remove(a)),
            1 => all.insert(b, all[a].clone()),
            2 => all.swap(a, b),
            _ => {
                let new = new(self);
                all.insert(a, new);
            }
        }
    }
}
