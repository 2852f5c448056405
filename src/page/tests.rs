//! Both writers put the same things on paper, and what they write stands by itself.

use super::*;

const INK: Rgb = [20, 30, 40];

pub fn page() -> Page {
    let mut block = Block::default();
    let style = TextStyle::new(Face::Bold, 14.0, INK);
    block.text((10.0, 20.0), style, "Referable: yes & <more> “2 Moderate” ≥ 78 %");
    block.text((200.0, 30.0), TextStyle::new(Face::Regular, 9.0, INK).aligned(Align::Right), "眼\u{202e}.jpg ×10⁻¹²");
    block.text((100.0, 40.0), TextStyle::new(Face::Regular, 9.0, INK).aligned(Align::Centre), "שלום العين");
    block.fill(Area::new(10.0, 50.0, 30.0, 5.0), [255, 0, 0]);
    block.stroke(Area::new(10.0, 60.0, 30.0, 5.0), [0, 0, 255], 0.3);
    block.gradient(
        Area::new(10.0, 70.0, 100.0, 3.0),
        vec![(0.0, [0; 3]), (0.5, [90, 0, 90]), (0.5, [255; 3]), (1.0, INK)],
    );
    let photograph = RgbImage::from_fn(64, 48, |x, y| image::Rgb([4 * x as u8, 5 * y as u8, 99]));
    block.picture(Area::new(10.0, 80.0, 40.0, 30.0), PagePicture::new(&photograph).unwrap());
    let mut page = Page::new("A page & more", A4_MM, [255; 3]);
    page.put(block, (0.0, 0.0));
    page
}

#[test]
fn an_svg_stands_by_itself() {
    let svg = page().to_svg();
    assert!(svg.contains("Referable: yes &amp; &lt;more&gt; “2 Moderate” ≥ 78 %"));
    assert!(svg.matches("@font-face").count() >= 2 && !svg.contains('\u{202e}'));
    for (at, _) in svg.match_indices("url(").chain(svg.match_indices("href=\"")) {
        let to = &svg[at..].trim_start_matches("url(").trim_start_matches("href=\"")[..5];
        assert!(to == "data:" || to.starts_with("#g"), "{to}");
    }
    assert_eq!(svg.matches("://").count(), 1, "only the name of the format");
}

#[test]
fn a_cut_typeface_still_has_its_letters_and_no_others() {
    use ab_glyph::{Font, FontVec};
    let letters = "Referable: ≥ 78 %é⁻".chars().collect();
    for face in [Face::Regular, Face::Bold] {
        let bytes = subset::subset(text::Typeface::BuiltIn(face), &letters).unwrap();
        assert!(bytes.len() < 20_000, "{}", bytes.len());
        let font = FontVec::try_from_vec(bytes).unwrap();
        assert!(letters.iter().all(|c| font.glyph_id(*c).0 != 0));
        assert!(font.glyph_id('Z').0 == 0 && font.outline(font.glyph_id('R')).is_some());
    }
}

#[test]
fn a_pdf_carries_typefaces_and_pictures_and_is_the_same_twice() {
    let document = Document {
        title: "A page & more".to_owned(),
        date: "2024-02-29T23:59:58Z".to_owned(),
        pages: vec![page(), page()],
        ..Document::default()
    };
    let pdf = document.to_pdf().unwrap();
    let has = |what: &[u8]| pdf.windows(what.len()).filter(|bytes| *bytes == what).count();
    assert!(pdf.starts_with(b"%PDF-1.") && has(b"/FontFile") >= 2 && has(b"/DCTDecode") == 1);
    assert!(has(b"/ToUnicode") >= 2 && has(b"D:20240229235958") >= 1);
    assert!(pdf.len() < 200_000 && pdf == document.to_pdf().unwrap());
}

#[test]
fn a_moved_block_keeps_its_distances() {
    let (mut inner, mut outer) = (Block::default(), Block::default());
    inner.fill(Area::new(1.0, 2.0, 3.0, 4.0), INK);
    outer.put(inner, (10.0, 20.0));
    let mut page = Page::new("", A4_MM, [255; 3]);
    page.put(outer, (100.0, 200.0));
    assert_eq!(page.items(), [PageItem::Filled { area: Area::new(111.0, 222.0, 3.0, 4.0), colour: INK }]);
}
