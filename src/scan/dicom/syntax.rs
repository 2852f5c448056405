//! Transfer syntaxes: how the elements are written and how the pixels are packed.

use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};

use super::fault::{Fault, printable};
use super::walk::Encoding;

/// All transfer syntaxes that are read, those without loss and without codecs first.
pub const READ_SYNTAXES: [&str; 13] = [
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
];

/// Whether pictures in this transfer syntax are read.
pub fn is_read(uid: &str) -> bool {
    Syntax::of(uid).is_ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    Native,
    Rle,
    Jpeg,
    Jpeg2000,
    JpegLs,
}

/// A transfer syntax that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syntax {
    pub encoding: Encoding,
    pub packing: Packing,
    pub is_deflated: bool,
}

impl Syntax {
    pub fn native(encoding: Encoding) -> Self {
        Self { encoding, packing: Packing::Native, is_deflated: false }
    }

    /// # Errors
    /// A syntax that is not read, by name where it has one.
    pub fn of(uid: &str) -> Result<Self, Fault> {
        let packed = |packing| Self { packing, ..Self::native(Encoding::EXPLICIT_LITTLE) };
        Ok(match uid {
            "1.2.840.10008.1.2" => Self::native(Encoding::IMPLICIT_LITTLE),
            "1.2.840.10008.1.2.1" => Self::native(Encoding::EXPLICIT_LITTLE),
            "1.2.840.10008.1.2.1.99" => Self { is_deflated: true, ..Self::native(Encoding::EXPLICIT_LITTLE) },
            "1.2.840.10008.1.2.2" => Self::native(Encoding::EXPLICIT_BIG),
            "1.2.840.10008.1.2.4.50"
            | "1.2.840.10008.1.2.4.51"
            | "1.2.840.10008.1.2.4.57"
            | "1.2.840.10008.1.2.4.70" => packed(Packing::Jpeg),
            "1.2.840.10008.1.2.4.80" | "1.2.840.10008.1.2.4.81" => packed(Packing::JpegLs),
            "1.2.840.10008.1.2.4.90" | "1.2.840.10008.1.2.4.91" => packed(Packing::Jpeg2000),
            "1.2.840.10008.1.2.5" => packed(Packing::Rle),
            other => {
                let known = TransferSyntaxRegistry.get(other).map(|syntax| format!("{} ({other})", syntax.name()));
                return Err(Fault::Syntax(known.unwrap_or_else(|| printable(other))));
            }
        })
    }

    /// Some writers name one syntax and write the elements in another: the first element of `data` shows whether it
    /// has a VR.
    pub fn as_written(self, data: &[u8]) -> Self {
        let Some(vr) = data.get(4..6).filter(|_| !self.is_deflated && !self.encoding.big_endian) else { return self };
        // As the low half of a length these would be 16,705 and more, which no first element has.
        let explicit_vr = vr.iter().all(u8::is_ascii_uppercase);
        Self { encoding: Encoding { explicit_vr, ..self.encoding }, ..self }
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match (self.packing, self.is_deflated, self.encoding.big_endian) {
            (Packing::Native, true, _) => "deflated",
            (Packing::Native, false, false) => "uncompressed",
            (Packing::Native, false, true) => "uncompressed, big endian",
            (Packing::Rle, ..) => "RLE",
            (Packing::Jpeg, ..) => "JPEG",
            (Packing::Jpeg2000, ..) => "JPEG 2000",
            (Packing::JpegLs, ..) => "JPEG-LS",
        }
    }

    /// The UID under which `dicom-object` reads the bare elements.
    pub fn elements_uid(self) -> &'static str {
        match (self.encoding.explicit_vr, self.encoding.big_endian) {
            (false, _) => "1.2.840.10008.1.2",
            (true, false) => "1.2.840.10008.1.2.1",
            (true, true) => "1.2.840.10008.1.2.2",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_of_all_that_are_read() {
        let registered = TransferSyntaxRegistry.iter().map(|syntax| syntax.uid()).filter(|uid| is_read(uid));
        let registered: std::collections::BTreeSet<&str> = registered.collect();
        assert_eq!(registered, std::collections::BTreeSet::from(READ_SYNTAXES));
    }
}
