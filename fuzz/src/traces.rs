//! Files that say that they are traces.

use fencepost_trace::{Lines, Reader, Writer};

/// A trace: read to its end or its first fault. What is read can be written, and is read again.
pub(crate) fn trace(data: &[u8]) {
    let Ok(mut reader) = Reader::new(data) else { return };
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file, reader.header()).expect("memory takes it");
    let (mut turns, mut lines) = (Vec::new(), Lines::default());
    while let Ok(Some(turn)) = reader.turn() {
        lines.push(&turn);
        turns.push(turn);
    }
    writer.lines(&mut lines).expect("memory takes it");
    writer.finish().expect("memory takes it");
    let again: Result<Vec<_>, _> = Reader::new(&file[..]).expect("written in order").collect();
    assert_eq!(again.expect("written in order"), turns);
}
