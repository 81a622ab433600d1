//! Answers that carry an error code without anybody having been asked.

mod level;
pub use level::Level;
