//! The crate on a real disk, against programs and people that do what they like meanwhile.

mod bringing_back;
mod confined;
mod fixture;
mod limits;
mod looking;
mod moving;
mod publishing;
mod reading;
mod root;
mod trash;
mod watching;
