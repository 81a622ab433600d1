//! The recording of a run: turns go through a bounded queue to a thread that writes them. A disk
//! that is slower than the clients makes them wait; nothing is left out.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use fencepost_trace::{Header, Lines, TraceHash, Turn, WriteError, Writer};
use tracing::error;

/// Turns of that many bytes may wait to be written.
const QUEUED_BYTES_MAX: usize = 64 << 20;

/// With less than this the writer waits for more, in bytes.
const GATHERED_BYTES: usize = 1 << 20;

/// How long it waits, so that it need not be woken for each turn.
const GATHERING: Duration = Duration::from_millis(10);

/// A recording that goes on. Dropped, it ends without waiting for what is not written yet.
#[derive(Debug)]
pub(crate) struct Recording {
    path: PathBuf,
    queue: Arc<Queue>,
    thread: Option<JoinHandle<Result<TraceHash, WriteError>>>,
}

/// The file of a recording that goes on.
#[derive(Debug)]
pub(crate) struct RecordedFile {
    path: PathBuf,
    queue: Arc<Queue>,
}

impl RecordedFile {
    /// Waits until all turns so far are in the file, and opens it: so many bytes are whole lines.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn open(&self) -> io::Result<(File, u64)> {
        let mut state = self.queue.state();
        let taken = state.taken;
        while state.written < taken && !state.failed {
            state = self.queue.wait(state);
        }
        let length = state.length;
        drop(state);
        Ok((File::open(&self.path)?, length))
    }
}

#[derive(Default, Debug)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default, Debug)]
struct State {
    lines: Lines,
    /// The writer waits for the first turn.
    idle: bool,
    /// So many turns were handed over, and so many are in the file.
    taken: u64,
    written: u64,
    /// So many bytes of the file are whole lines.
    length: u64,
    /// No turn comes any more.
    ended: bool,
    /// Nothing can be written any more: turns are dropped.
    failed: bool,
}

impl Recording {
    /// Begins a file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn begin(path: &Path, header: &Header) -> Result<Self, WriteError> {
        let length = Arc::new(AtomicU64::new(0));
        let file = File::create(path)?;
        let mut writer = Writer::new(Counted { file, length: Arc::clone(&length) }, header)?;
        writer.flush()?;
        let queue = Arc::new(Queue::default());
        queue.state().length = length.load(Ordering::Relaxed);
        let own = Arc::clone(&queue);
        let thread = std::thread::Builder::new().name("recording".to_owned());
        let thread = thread.spawn(move || own.write(writer, &length))?;
        Ok(Self { path: path.to_owned(), queue, thread: Some(thread) })
    }

    /// Hands a turn over. While too much waits to be written, the caller waits too.
    pub(crate) fn put(&self, turn: &Turn) {
        let mut state = self.queue.state();
        while state.lines.bytes() >= QUEUED_BYTES_MAX && !state.failed {
            state = self.queue.wait(state);
        }
        if state.failed {
            return;
        }
        state.taken += 1;
        state.lines.push(turn);
        if state.idle {
            state.idle = false;
            drop(state);
            self.queue.changed.notify_all();
        }
    }

    /// Where it goes, and what is on its way there.
    pub(crate) fn file(&self) -> RecordedFile {
        RecordedFile { path: self.path.clone(), queue: Arc::clone(&self.queue) }
    }

    /// Writes all that waits and the last line.
    ///
    /// # Errors
    /// Something could not be written.
    pub(crate) fn finish(mut self) -> Result<TraceHash, WriteError> {
        self.end();
        let thread = self.thread.take().expect("only this takes it");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    fn end(&self) {
        self.queue.state().ended = true;
        self.queue.changed.notify_all();
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.end();
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the queue.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn write(
        &self,
        mut writer: Writer<Counted>,
        length: &AtomicU64,
    ) -> Result<TraceHash, WriteError> {
        let written = self.write_turns(&mut writer, length).and_then(|()| writer.finish());
        if let Err(error) = &written {
            error!("{error}: the rest of the run is not recorded");
            self.state().failed = true;
            self.changed.notify_all();
        }
        written
    }

    fn write_turns(
        &self,
        writer: &mut Writer<Counted>,
        length: &AtomicU64,
    ) -> Result<(), WriteError> {
        let mut lines = Lines::default();
        while self.next_lines(&mut lines) {
            let count = lines.turns();
            writer.lines(&mut lines)?;
            writer.flush()?;
            let mut state = self.state();
            state.written += count;
            state.length = length.load(Ordering::Relaxed);
            drop(state);
            self.changed.notify_all();
        }
        Ok(())
    }

    /// Exchanges no lines for what has gathered; false after the end.
    fn next_lines(&self, lines: &mut Lines) -> bool {
        let mut state = self.state();
        if state.lines.turns() == 0 {
            state.idle = true;
            while state.idle && !state.ended {
                state = self.wait(state);
            }
        }
        if state.lines.bytes() < GATHERED_BYTES && !state.ended {
            drop(state);
            std::thread::sleep(GATHERING);
            state = self.state();
        }
        let is_full = state.lines.bytes() >= QUEUED_BYTES_MAX;
        std::mem::swap(&mut state.lines, lines);
        drop(state);
        if is_full {
            self.changed.notify_all();
        }
        lines.turns() > 0
    }
}

/// A file that tells how many bytes it was given.
#[derive(Debug)]
struct Counted {
    file: File,
    length: Arc<AtomicU64>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.length.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
