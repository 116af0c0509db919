//! A Dropbox that looks lived in: for the demo, and for whoever opens the service in a browser.
//!
//! The same content every time, so that two runs can be compared.

use crate::control::Control;

/// Pixels of a sample picture, each side.
const PICTURE: u32 = 96;

const TEXTS: &[(&str, &str)] = &[
    (
        "/Welcome.txt",
        "This folder is kept in step by Lockstep.\nEdit a file here or there and watch it travel.\n",
    ),
    ("/Documents/Letters/To the landlord.txt", "Dear Mr Brown,\n\nthe heating is out again.\n\nJane Doe\n"),
    ("/Documents/Letters/Zürich, Straße 12.txt", "Names with umlauts stay as they are.\n"),
    ("/Documents/Notes/Ideas.md", "# Ideas\n\n- sharpen the saw\n- count what can be counted\n"),
    ("/Documents/Notes/Reading list.md", "# Reading list\n\n1. The Mythical Man-Month\n2. Hopper's memoir\n"),
    ("/Documents/Budget.csv", "month,in,out\nJanuary,3200,2950\nFebruary,3200,3010\nMarch,3350,2890\n"),
    ("/Projects/garden/plan.txt", "Beans left, tomatoes right, mint in a pot.\n"),
    ("/Projects/garden/seeds.csv", "kind,packets\nbean,2\ntomato,1\n"),
    ("/Projects/website/index.html", "<!doctype html>\n<title>Jane Doe</title>\n<h1>Hello</h1>\n"),
    ("/Projects/website/style.css", "body { font: 16px/1.5 serif }\n"),
];

impl Control {
    /// Fills the account with some seventy files in a dozen folders; one of them has an older version.
    pub fn put_sample(&self) -> anyhow::Result<()> {
        for (path, text) in TEXTS {
            self.put(path, *text)?;
        }
        self.put(
            "/Documents/Notes/Ideas.md",
            "# Ideas\n\n- sharpen the saw\n- count what can be counted\n- rest\n",
        )?;
        for (number, name) in ["Beach", "Forest", "Harbour", "Mountain"].iter().enumerate() {
            self.put(&format!("/Photos/2025/{name}.bmp"), picture(number as u32))?;
        }
        for number in 1..=50 {
            let text = format!("Entry {number}\n\nNothing much happened on day {number}.\n");
            self.put(&format!("/Journal/2025/Day {number:03}.txt"), text)?;
        }
        self.put("/Projects/archive.bin", noise(6 * 1024 * 1024))?;
        self.mkdir("/Projects/empty for now")?;
        Ok(())
    }
}

/// Returns bytes that do not compress, from a fixed start.
fn noise(len: usize) -> Vec<u8> {
    let mut state: u32 = 0x9E37_79B9;
    std::iter::repeat_with(|| {
        // Xorshift: enough for bytes that nobody relies on.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    })
    .take(len)
    .collect()
}

/// Returns a picture in the simplest format that every viewer shows.
fn picture(hue: u32) -> Vec<u8> {
    let pixels = PICTURE * PICTURE * 3;
    let mut bytes = Vec::from(*b"BM");
    for field in [54 + pixels, 0, 54, 40, PICTURE, PICTURE] {
        bytes.extend(field.to_le_bytes());
    }
    // One plane, 24 bits a pixel, not compressed; then sizes that may be zero.
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    for y in 0..PICTURE {
        for x in 0..PICTURE {
            let channel = |n: u32| ((x * (n + 1) + y * (3 - n) + hue * 60 * n) % 256) as u8;
            bytes.extend([channel(0), channel(1), channel(2)]);
        }
    }
    bytes
}
