//! Command sets (PS3.7 6.3.1 and annex E): requests and responses. They are flat, of one group, and without VRs, so a
//! parser of twenty lines suffices, bounded by the bytes that are there.

use std::collections::BTreeMap;

/// Longest command set accepted; the longest valid one has a comment of 64 characters.
pub const MOST_COMMAND_BYTES: usize = 16 << 10;

/// Command fields (PS3.7 E.1).
pub mod field {
    pub const C_STORE: u16 = 0x0001;
    pub const C_GET: u16 = 0x0010;
    pub const C_FIND: u16 = 0x0020;
    pub const C_MOVE: u16 = 0x0021;
    pub const C_ECHO: u16 = 0x0030;
    pub const N_EVENT_REPORT: u16 = 0x0100;
    pub const N_ACTION: u16 = 0x0130;
    pub const C_CANCEL: u16 = 0x0fff;
    /// Set in responses.
    pub const ANSWER: u16 = 0x8000;
}

/// Elements of group 0000.
pub mod element {
    pub const AFFECTED_CLASS: u16 = 0x0002;
    pub const REQUESTED_CLASS: u16 = 0x0003;
    pub const FIELD: u16 = 0x0100;
    pub const MESSAGE: u16 = 0x0110;
    pub const ANSWERED_MESSAGE: u16 = 0x0120;
    pub const MOVE_DESTINATION: u16 = 0x0600;
    pub const PRIORITY: u16 = 0x0700;
    pub const DATA_SET: u16 = 0x0800;
    pub const STATUS: u16 = 0x0900;
    pub const AFFECTED_INSTANCE: u16 = 0x1000;
    pub const REQUESTED_INSTANCE: u16 = 0x1001;
    pub const EVENT_TYPE: u16 = 0x1002;
    pub const ACTION_TYPE: u16 = 0x1008;
}

/// Means that no data set follows.
const NO_DATA_SET: u16 = 0x0101;

/// Status codes (PS3.7 annex C, PS3.4 B.2.3).
pub mod status {
    pub const SUCCESS: u16 = 0x0000;
    pub const FAILURE: u16 = 0x0110;
    pub const DUPLICATE_INSTANCE: u16 = 0x0111;
    pub const NO_SUCH_INSTANCE: u16 = 0x0112;
    pub const INVALID_INSTANCE: u16 = 0x0117;
    pub const NO_SUCH_CLASS: u16 = 0x0118;
    pub const CLASS_NOT_SUPPORTED: u16 = 0x0122;
    pub const NO_SUCH_ACTION: u16 = 0x0123;
    pub const UNRECOGNISED: u16 = 0x0211;
    pub const RESOURCE_LIMIT: u16 = 0x0213;
    pub const OUT_OF_RESOURCES: u16 = 0xa700;
    pub const NOT_OF_ITS_CLASS: u16 = 0xa900;
    pub const CANNOT_UNDERSTAND: u16 = 0xc000;
    pub const CANCEL: u16 = 0xfe00;

    /// More responses follow.
    pub fn is_pending(status: u16) -> bool {
        matches!(status, 0xff00 | 0xff01)
    }

    /// Success, perhaps with a warning.
    pub fn is_done(status: u16) -> bool {
        matches!(status, SUCCESS | 0x0001 | 0x0107 | 0x0116) || status >> 12 == 0xb
    }

    /// Whether the same request would fail again. A failure without a reason may be temporary.
    pub fn is_final(status: u16) -> bool {
        !(status >> 8 == 0xa7 || matches!(status, FAILURE | RESOURCE_LIMIT | CANCEL))
    }

    /// In words.
    pub fn meaning(status: u16) -> &'static str {
        match status {
            SUCCESS => "done",
            0x0105 => "no such attribute",
            0x0106 => "an attribute with a value that it must not have",
            FAILURE => "it failed to process that",
            DUPLICATE_INSTANCE => "it has that object already",
            NO_SUCH_INSTANCE => "it has no such object",
            INVALID_INSTANCE => "the object's UID is none",
            NO_SUCH_CLASS => "it knows no such class",
            0x0119 => "an object of another class",
            0x0120 => "an attribute is missing",
            0x0121 => "an attribute's value is missing",
            CLASS_NOT_SUPPORTED => "it does not take this class",
            NO_SUCH_ACTION => "it has no such action",
            0x0124 => "we are not allowed to",
            0x0210 => "it has had this message already",
            UNRECOGNISED => "it does not know this operation",
            0x0212 => "an argument of the wrong type",
            RESOURCE_LIMIT => "it has no resources left",
            0xa701 => "it cannot count the matches",
            0xa702 => "it cannot send the objects on",
            0xa801 => "it does not know where to send the objects: our AE title is not in its list",
            CANCEL => "it was called off",
            _ => match status >> 8 {
                0xa7 => "it has no resources left, or no space",
                0xa8 => "it refuses that",
                0xa9 => "what was sent does not fit its class",
                0xb0..=0xbf => "done, with a remark",
                0xc0..=0xcf => "it cannot process or understand that",
                _ => "a failure without a name",
            },
        }
    }
}

/// Whether `text` is a UID (PS3.5 9.1), so far as one can do harm: digits and dots, 64 of them at most.
pub fn is_uid(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// A command set.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandSet {
    elements: BTreeMap<u16, Vec<u8>>,
}

impl std::fmt::Debug for CommandSet {
    /// UIDs belong in no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Command({:#06x}, hidden)", self.field())
    }
}

impl CommandSet {
    /// A request with message id `message`.
    pub fn request(field: u16, message: u16) -> Self {
        let new = Self { elements: BTreeMap::new() };
        new.number(element::FIELD, field).number(element::MESSAGE, message).number(element::DATA_SET, NO_DATA_SET)
    }

    /// The response to `request`, with its class and instance.
    pub fn answer(request: &Self, status: u16) -> Self {
        let mut answer = Self { elements: BTreeMap::new() };
        let kept = [
            (element::AFFECTED_CLASS, element::AFFECTED_CLASS),
            (element::REQUESTED_CLASS, element::AFFECTED_CLASS),
            (element::AFFECTED_INSTANCE, element::AFFECTED_INSTANCE),
            (element::REQUESTED_INSTANCE, element::AFFECTED_INSTANCE),
            (element::EVENT_TYPE, element::EVENT_TYPE),
            (element::ACTION_TYPE, element::ACTION_TYPE),
        ];
        for (asked, answered) in kept {
            if let Some(value) = request.elements.get(&asked) {
                answer.elements.insert(answered, value.clone());
            }
        }
        answer
            .number(element::FIELD, request.field() | field::ANSWER)
            .number(element::ANSWERED_MESSAGE, request.value(element::MESSAGE).unwrap_or_default())
            .number(element::DATA_SET, NO_DATA_SET)
            .number(element::STATUS, status)
    }

    /// C-CANCEL for the request with message id `message` (PS3.7 9.3.2.3).
    pub fn cancel(message: u16) -> Self {
        let new = Self { elements: BTreeMap::new() };
        let asked = new.number(element::FIELD, field::C_CANCEL).number(element::ANSWERED_MESSAGE, message);
        asked.number(element::DATA_SET, NO_DATA_SET)
    }

    pub fn number(mut self, element: u16, value: u16) -> Self {
        self.elements.insert(element, value.to_le_bytes().to_vec());
        self
    }

    pub fn uid(mut self, element: u16, uid: &str) -> Self {
        let mut bytes = uid.as_bytes().to_vec();
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        self.elements.insert(element, bytes);
        self
    }

    pub fn text(mut self, element: u16, text: &str) -> Self {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(bytes.len().next_multiple_of(2), b' ');
        self.elements.insert(element, bytes);
        self
    }

    /// Announces that a data set follows.
    pub fn with_data_set(self) -> Self {
        self.number(element::DATA_SET, 0)
    }

    pub fn field(&self) -> u16 {
        self.value(element::FIELD).unwrap_or_default()
    }

    pub fn status(&self) -> Option<u16> {
        self.value(element::STATUS)
    }

    pub fn has_data_set(&self) -> bool {
        self.value(element::DATA_SET) != Some(NO_DATA_SET)
    }

    pub fn value(&self, element: u16) -> Option<u16> {
        Some(u16::from_le_bytes(*self.elements.get(&element)?.first_chunk()?))
    }

    /// A UID without its padding; `None` where it is none.
    pub fn uid_of(&self, element: u16) -> Option<&str> {
        let text = std::str::from_utf8(self.elements.get(&element)?).ok()?;
        Some(text.trim_end_matches(['\0', ' '])).filter(|uid| is_uid(uid))
    }

    /// Encoded: implicit VR, little endian, group length first.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (element, value) in &self.elements {
            bytes.extend([0, 0]);
            bytes.extend(element.to_le_bytes());
            bytes.extend((value.len() as u32).to_le_bytes());
            bytes.extend(value);
        }
        let length = (bytes.len() as u32).to_le_bytes();
        [&[0, 0, 0, 0, 4, 0, 0, 0], length.as_slice(), &bytes].concat()
    }

    /// `None` where the bytes are no command set.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (mut elements, mut rest) = (BTreeMap::new(), bytes);
        while let Some((head, after)) = rest.split_first_chunk::<8>() {
            let [g0, g1, e0, e1, length @ ..] = *head;
            let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
            if [g0, g1] != [0, 0] || length > after.len() {
                return None;
            }
            let (value, next) = after.split_at(length);
            elements.insert(u16::from_le_bytes([e0, e1]), value.to_vec());
            rest = next;
        }
        elements.remove(&0);
        (rest.is_empty() && elements.contains_key(&element::FIELD)).then_some(Self { elements })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_back() {
        let asked = CommandSet::request(field::C_STORE, 7)
            .uid(element::AFFECTED_CLASS, "1.2.3")
            .uid(element::AFFECTED_INSTANCE, "1.2.3.44")
            .with_data_set();
        let read = CommandSet::decode(&asked.encode()).unwrap();
        assert_eq!(read, asked);
        assert!(read.has_data_set());
        assert_eq!(read.uid_of(element::AFFECTED_CLASS), Some("1.2.3"));
        let answer = CommandSet::answer(&read, status::SUCCESS);
        assert_eq!(answer.field(), 0x8001);
        assert_eq!(answer.value(element::ANSWERED_MESSAGE), Some(7));
        assert_eq!(answer.uid_of(element::AFFECTED_INSTANCE), Some("1.2.3.44"));
        assert!(!answer.has_data_set());
    }

    #[test]
    fn what_is_cut_or_no_command_is_none() {
        let whole = CommandSet::request(field::C_ECHO, 1).encode();
        for cut in 1..whole.len() {
            // Between two elements the field may still be there: what is read then is shorter, and no more.
            if let Some(read) = CommandSet::decode(&whole[..cut]) {
                assert!(read.encode().len() <= whole.len());
            }
        }
        assert_eq!(CommandSet::decode(&[0, 0, 0, 1, 255, 255, 255, 255]), None);
        assert_eq!(CommandSet::decode(&[8, 0, 0, 1, 0, 0, 0, 0]), None);
        let long = CommandSet::request(1, 1).uid(element::AFFECTED_CLASS, &"1".repeat(65));
        assert_eq!(long.uid_of(element::AFFECTED_CLASS), None);
    }

    #[test]
    fn statuses_say_whether_to_try_again() {
        assert!(!status::is_final(0xa700) && !status::is_final(0xa7ff));
        assert!(status::is_final(0xa900) && status::is_final(0xc000) && status::is_final(0x0122));
        assert!(status::is_done(0) && status::is_done(0xb000) && status::is_done(0xb007) && !status::is_done(0xa700));
    }
}
