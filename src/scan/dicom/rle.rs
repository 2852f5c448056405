//! RLE Lossless (PS3.5 annex G): PackBits segments, one for each byte of each sample, the high byte first.

/// The bytes of a frame, segment after segment; `None` where the fragment does not hold `segments` whole ones.
pub fn decode(fragment: &[u8], segments: usize, segment_bytes: usize) -> Option<Vec<u8>> {
    let word = |n: usize| {
        let bytes = fragment.get(4 * n..4 * n + 4)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    };
    if word(0)? != segments || segments > 15 {
        return None;
    }
    let mut out = Vec::with_capacity(segments * segment_bytes);
    for n in 1..=segments {
        let end = if n == segments { fragment.len() } else { word(n + 1)? };
        unpack(fragment.get(word(n)?..end)?, segment_bytes, &mut out)?;
    }
    Some(out)
}

fn unpack(mut packed: &[u8], wanted: usize, out: &mut Vec<u8>) -> Option<()> {
    let end = out.len() + wanted;
    while out.len() < end {
        let (head, rest) = packed.split_first()?;
        let (count, run) = match *head {
            n @ 0..=127 => (usize::from(n) + 1, false),
            128 => (0, true),
            n => (257 - usize::from(n), true),
        };
        // A run may be longer than what is left of the segment: some writers pad so.
        let kept = count.min(end - out.len());
        if *head == 128 {
            packed = rest;
        } else if run {
            let (value, rest) = rest.split_first()?;
            out.resize(out.len() + kept, *value);
            packed = rest;
        } else {
            out.extend_from_slice(rest.get(..kept)?);
            packed = rest.get(count.min(rest.len())..)?;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(segments: &[&[u8]]) -> Vec<u8> {
        let mut header = vec![segments.len() as u32];
        let mut at = 64;
        for segment in segments {
            header.push(at);
            at += segment.len() as u32;
        }
        header.resize(16, 0);
        header.iter().flat_map(|n| n.to_le_bytes()).chain(segments.concat()).collect()
    }

    #[test]
    fn runs_and_literals() {
        let one = fragment(&[&[2, 7, 8, 9, 128, 0xfe, 5], &[0xfb, 1]]);
        assert_eq!(decode(&one, 2, 6).unwrap(), [7, 8, 9, 5, 5, 5, 1, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn short_or_lying_fragments_are_refused() {
        let good = fragment(&[&[0xfb, 1]]);
        assert!(decode(&good, 1, 7).is_none(), "too few bytes");
        assert!(decode(&good, 2, 3).is_none(), "another number of segments");
        for cut in 0..good.len() {
            assert!(decode(&good[..cut], 1, 6).is_none(), "{cut} bytes");
        }
        let mut far = good.clone();
        far[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(decode(&far, 1, 6).is_none());
    }
}
