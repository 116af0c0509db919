//! What tests share: trees as literals, and temporary folders to put them in.
//!
//! Knows files and folders only; Dropbox, the engine and time belong to the tests that need them.
//! Helpers that prepare the disk panic when they cannot: a test without its scene proves nothing.
//!
//! Rule: nothing here is global. Each test has folders of its own and may run beside any other.
#![forbid(unsafe_code)]

pub mod temp_root;
pub mod tree;

pub use temp_root::TempRoot;
pub use tree::{Entry, Tree};

/// Writes a [`Tree`] as it looks: `tree! { "docs/" { "a.txt" => "one" }, "b.txt" => "two" }`.
///
/// A name with braces is a folder (its trailing slash is for the eye), a name with an arrow is a file
/// whose content is anything with bytes. A name may hold slashes; folders above it appear by themselves.
#[macro_export]
macro_rules! tree {
    ($($body:tt)*) => {{
        #[allow(unused_mut)]
        let mut tree = $crate::Tree::default();
        $crate::tree_into!(tree, "", $($body)*);
        tree
    }};
}

/// Fills a tree from the tokens of [`tree!`]; not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! tree_into {
    ($tree:ident, $above:expr, ) => {};
    ($tree:ident, $above:expr, , $($rest:tt)*) => {
        $crate::tree_into!($tree, $above, $($rest)*);
    };
    ($tree:ident, $above:expr, $name:literal => $content:expr) => {
        $tree.put_file(&format!("{}{}", $above, $name), $content);
    };
    ($tree:ident, $above:expr, $name:literal => $content:expr, $($rest:tt)*) => {
        $tree.put_file(&format!("{}{}", $above, $name), $content);
        $crate::tree_into!($tree, $above, $($rest)*);
    };
    ($tree:ident, $above:expr, $name:literal { $($inner:tt)* } $($rest:tt)*) => {
        let folder = format!("{}{}", $above, $name);
        $tree.put_folder(&folder);
        let _below = format!("{}/", folder.trim_end_matches('/'));
        $crate::tree_into!($tree, &_below, $($inner)*);
        $crate::tree_into!($tree, $above, $($rest)*);
    };
}
