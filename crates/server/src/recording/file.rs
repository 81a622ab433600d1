//! The file of a recording. A block of it that fills at once goes to the disk past the page cache,
//! which takes a fraction of the processor time that copying it into fresh pages does.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use super::Queue;

/// Bytes that go to the disk at once.
const BLOCK_BYTES: usize = 1 << 20;

/// What memory, place and length of such a write must be multiples of, on any disk.
const ALIGNMENT: usize = 4096;

/// A file that is written from its begin to its end.
#[derive(Debug)]
pub(super) struct TraceFile {
    file: File,
    queue: Arc<Queue>,
    /// The block that is being filled, behind as many bytes as its alignment takes.
    memory: Vec<u8>,
    filled: usize,
    /// So many bytes of the block are in the file.
    written: usize,
    /// So many bytes are in the blocks before.
    before: u64,
    passing: Passing,
}

/// Whether writes pass by the page cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Passing {
    Yes,
    No,
    /// The file system does not let them.
    Never,
}

impl TraceFile {
    /// An empty file, written as `queue` fills.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn create(path: &Path, queue: Arc<Queue>) -> io::Result<Self> {
        let memory = vec![0; BLOCK_BYTES + ALIGNMENT];
        let file = File::create(path)?;
        Ok(Self { file, queue, memory, filled: 0, written: 0, before: 0, passing: Passing::No })
    }

    /// So many bytes can be read.
    pub(super) fn length(&self) -> u64 {
        self.before + self.written as u64
    }

    /// Writes what of the block is not in the file yet.
    fn put(&mut self, passing: Passing) -> io::Result<()> {
        self.pass(passing);
        let begin = self.memory.as_ptr().align_offset(ALIGNMENT);
        let rest = &self.memory[begin + self.written..begin + self.filled];
        if let Err(error) = self.file.write_all(rest) {
            if self.passing != Passing::Yes || error.kind() != io::ErrorKind::InvalidInput {
                return Err(error);
            }
            // The disk wants blocks of another size.
            set_passing(&self.file, false)?;
            self.passing = Passing::Never;
            self.file.seek(SeekFrom::Start(self.before + self.written as u64))?;
            self.file.write_all(rest)?;
        }
        self.written = self.filled;
        Ok(())
    }

    fn pass(&mut self, passing: Passing) {
        if self.passing != Passing::Never && self.passing != passing {
            let is_taken = set_passing(&self.file, passing == Passing::Yes).is_ok();
            self.passing = if is_taken { passing } else { Passing::Never };
        }
    }
}

impl Write for TraceFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let begin = self.memory.as_ptr().align_offset(ALIGNMENT);
        let count = bytes.len().min(BLOCK_BYTES - self.filled);
        self.memory[begin + self.filled..][..count].copy_from_slice(&bytes[..count]);
        self.filled += count;
        if self.filled == BLOCK_BYTES {
            // What the cache has begun it ends; and it takes what is too much for the disk.
            let is_whole = self.written == 0 && !self.queue.is_behind();
            self.put(if is_whole { Passing::Yes } else { Passing::No })?;
            self.before += BLOCK_BYTES as u64;
            (self.filled, self.written) = (0, 0);
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.written == self.filled { Ok(()) } else { self.put(Passing::No) }
    }
}

/// Sets whether writes pass by the page cache.
#[cfg(target_os = "linux")]
fn set_passing(file: &File, passing: bool) -> io::Result<()> {
    let mut flags = rustix::fs::fcntl_getfl(file)?;
    flags.set(rustix::fs::OFlags::DIRECT, passing);
    Ok(rustix::fs::fcntl_setfl(file, flags)?)
}

#[cfg(not(target_os = "linux"))]
fn set_passing(_: &File, _: bool) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks that fill at once, and such that were begun by a flush.
    #[test]
    fn what_is_written_can_be_read_after_each_flush() {
        let path = std::env::temp_dir().join(format!("fencepost-{}-file", std::process::id()));
        let mut file = TraceFile::create(&path, Arc::default()).unwrap();
        let mut expected = Vec::new();
        for (turn, length) in [3 * BLOCK_BYTES + 7, 1, 2 * BLOCK_BYTES, 0, 4096, BLOCK_BYTES - 4104]
            .into_iter()
            .enumerate()
        {
            let bytes: Vec<u8> = (0..length).map(|at| (at * 31 + turn) as u8).collect();
            file.write_all(&bytes).unwrap();
            expected.extend_from_slice(&bytes);
            file.flush().unwrap();
            assert_eq!(file.length(), expected.len() as u64);
            assert!(std::fs::read(&path).unwrap() == expected, "after {} bytes", expected.len());
        }
        assert_ne!(file.passing, Passing::Yes);
        std::fs::remove_file(&path).unwrap();
    }
}
