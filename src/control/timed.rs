//! Reading and writing with one bound for the whole of it, however it drips.

use crate::clock::now;
use crate::core::time::Moment;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A stream that is given up at a moment.
pub(super) struct Timed<'a> {
    stream: &'a mut UnixStream,
    until: Moment,
}

impl<'a> Timed<'a> {
    /// From now on, for so long.
    pub(super) fn new(stream: &'a mut UnixStream, patience: Duration) -> Timed<'a> {
        Timed { stream, until: now() + patience }
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.until.since(now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
