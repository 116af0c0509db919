//! A drawing and a style become pixels.

use anyhow::Context;
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};

/// Draws a square SVG at this size, with this style sheet put on top of it.
pub fn draw(svg: &str, css: &str, size: u32) -> anyhow::Result<Pixmap> {
    let options = Options { style_sheet: Some(css.to_owned()), ..Options::default() };
    let tree = Tree::from_str(svg, &options)?;
    let mut pixels = Pixmap::new(size, size).context("an icon has a size")?;
    let scale = size as f32 / tree.size().width();
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    Ok(pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_badge_takes_its_own_colour_and_the_rest_the_bars() {
        let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2">
            <rect width="1" height="2" fill="currentColor"/>
            <rect class="b" x="1" width="1" height="2" fill="currentColor"/></svg>"#;
        let pixels = draw(svg, "svg { color: #00ff00 } .b { color: #0000ff }", 2).expect("renders");
        let colour = |x| {
            let p = pixels.pixel(x, 0).expect("inside");
            (p.red(), p.green(), p.blue())
        };
        assert_eq!((colour(0), colour(1)), ((0, 255, 0), (0, 0, 255)));
    }
}
