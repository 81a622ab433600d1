//! Frames, headers, version ranges, and the guard against hostile lengths.
