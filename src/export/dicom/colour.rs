//! Colours as DICOM recommends them for display: CIE L*a*b* in 16 bits (PS3.3 C.10.7.1.1).

use crate::bundle::Colour;

/// Of an sRGB colour. The white is D65, sRGB's own, which dcmtk, dcmqi and OHIF take back to sRGB without a shift.
pub fn cie_lab(Colour(rgb): Colour) -> [u16; 3] {
    let [r, g, b] = rgb.map(|channel| {
        let c = f64::from(channel) / 255.0;
        if c > 0.04045 { ((c + 0.055) / 1.055).powf(2.4) } else { c / 12.92 }
    });
    // IEC 61966-2-1.
    let x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505;
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.0890;
    let [x, y, z] = [x, y, z].map(|t| if t > 216.0 / 24_389.0 { t.cbrt() } else { t * 841.0 / 108.0 + 4.0 / 29.0 });
    let (l, a, b) = (116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z));
    // 0 to 100, and twice -128 to 127.
    let scaled = |value: f64, least: f64, range: f64| ((value - least) / range * 65_535.0).round().clamp(0.0, 65_535.0);
    [scaled(l, 0.0, 100.0), scaled(a, -128.0, 255.0), scaled(b, -128.0, 255.0)].map(|v| v as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours_have_their_known_values() {
        let lab = |rgb| {
            let [l, a, b] = cie_lab(Colour(rgb)).map(f64::from);
            [l / 655.35, a / 257.0 - 128.0, b / 257.0 - 128.0].map(|v| (v * 10.0).round() / 10.0)
        };
        // Published values under D65.
        assert_eq!(lab([255, 255, 255]), [100.0, 0.0, 0.0]);
        assert_eq!(lab([0, 0, 0]), [0.0, 0.0, 0.0]);
        assert_eq!(lab([255, 0, 0]), [53.2, 80.1, 67.2]);
        assert_eq!(lab([0, 0, 255]), [32.3, 79.2, -107.9]);
    }
}
