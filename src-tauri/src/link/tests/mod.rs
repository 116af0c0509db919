mod fields;
mod limits;
mod ways;
