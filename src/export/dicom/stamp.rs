//! When objects are made, on which clock, and what of that may be told.

use chrono::{DateTime, FixedOffset, Local, NaiveDateTime};
use dicom_dictionary_std::tags;

use super::Source;
use super::patient::{days_back, days_of, keyed};
use crate::export::date;
use crate::scan::dicom::Origin;

/// When the objects are made.
pub struct Stamp {
    /// On the clock of the picture's place.
    pub day: String,
    pub time: String,
    /// With its offset, where that may be told.
    pub at: String,
}

impl Stamp {
    /// At the moment `iso`, as ISO 8601 has it; `None` of what is none. `origin` is the picture's under the profile.
    pub fn new(source: &Source<'_>, origin: Option<&Origin>, iso: &str) -> Option<Self> {
        let clock = on_the_clock(iso, origin)?;
        let (day, time) = (clock.format("%Y%m%d").to_string(), clock.format("%H%M%S").to_string());
        if !source.is_hidden() {
            return Some(Self { day, time, at: on_the_clock(iso, None)?.format("%Y%m%d%H%M%S+0000").to_string() });
        }
        // A true date here would give those of the patient away.
        let days = match source.origin {
            Some(origin) => days_back(origin, source.secret),
            None => days_of(&keyed("dates", &[source.sha256], source.secret)),
        };
        let day = date::earlier(&day, days)?;
        Some(Self { at: format!("{day}{time}"), day, time })
    }
}

/// The moment that `iso` names, on the clock of the place: a photograph's is UTC, as its new study says; else the picture's
/// file says its zone, or it comes from where this program runs.
fn on_the_clock(iso: &str, origin: Option<&Origin>) -> Option<NaiveDateTime> {
    let moment = DateTime::parse_from_rfc3339(iso).ok()?;
    let Some(origin) = origin else { return Some(moment.naive_utc()) };
    let said = origin.text(tags::TIMEZONE_OFFSET_FROM_UTC).and_then(|zone| offset(&zone));
    let of_place = || moment.with_timezone(&Local).naive_local();
    Some(said.map_or_else(of_place, |zone| moment.with_timezone(&zone).naive_local()))
}

/// `+0530`.
fn offset(zone: &str) -> Option<FixedOffset> {
    let sign = match zone.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let number: i32 = zone.get(1..5).filter(|_| zone.len() == 5)?.parse().ok()?;
    FixedOffset::east_opt(sign * 60 * (number / 100 * 60 + number % 100))
}

#[cfg(test)]
mod tests {
    use dicom_core::VR;
    use dicom_object::InMemDicomObject;

    use super::super::element::row;
    use super::*;

    #[test]
    fn moments_are_in_the_zone_of_the_file() {
        let of = |zone: &str| {
            let object = InMemDicomObject::from_element_iter([row(tags::TIMEZONE_OFFSET_FROM_UTC, VR::SH, zone)]);
            on_the_clock("2024-02-29T23:10:05Z", Some(&Origin { object, frame: 0 })).unwrap()
        };
        let said = |zone: &str| of(zone).format("%Y%m%d%H%M%S").to_string();
        assert_eq!(said("+0530"), "20240301044005");
        assert_eq!(said("-0930"), "20240229134005");
        let here = DateTime::parse_from_rfc3339("2024-02-29T23:10:05Z").unwrap().with_timezone(&Local).naive_local();
        for none in ["nonsense", "+9999", "+05é", ""] {
            assert_eq!(of(none), here, "{none}");
        }
        let photograph = on_the_clock("2024-02-29T23:10:05Z", None).unwrap();
        assert_eq!(photograph.format("%Y%m%d %H%M%S").to_string(), "20240229 231005");
        assert_eq!(on_the_clock("yesterday", None), None);
    }
}
