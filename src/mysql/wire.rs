//! Bytes to and from a server, by a deadline that holds however slowly they come, encrypted or not.

use super::fault::Fault;
use crate::clock::now;
use crate::core::time::{Duration, Moment};
use rustls::{ClientConnection, Stream};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

/// A call may last so much longer than the deadline: so the socket's own timeout is set seldom.
const GRACE: Duration = Duration::from_millis(10);
/// The longest timeout of a socket: beyond it the kernel's timers are coarse, and late by up to an eighth of it.
const LONGEST: Duration = Duration::from_millis(200);

/// A connection.
pub(super) struct Wire {
    line: Timed,
    tls: Option<Box<ClientConnection>>,
}

/// A socket whose every call ends at the deadline.
struct Timed {
    socket: TcpStream,
    deadline: Moment,
    /// The timeout that the socket has.
    timeout: Duration,
}

impl Wire {
    pub(super) fn connect(address: SocketAddr, deadline: Moment) -> Result<Wire, Fault> {
        let left = left(deadline).map_err(Fault::Unreachable)?;
        let socket = TcpStream::connect_timeout(&address, left).map_err(Fault::Unreachable)?;
        socket.set_nodelay(true)?;
        Ok(Wire { line: Timed { socket, deadline, timeout: Duration::ZERO }, tls: None })
    }

    /// From now on everything has to be done by then.
    pub(super) fn by(&mut self, deadline: Moment) {
        self.line.deadline = deadline;
    }

    /// From now on what is said is encrypted. The handshake is done when it returns.
    pub(super) fn encrypt(&mut self, mut tls: ClientConnection) -> Result<(), Fault> {
        while tls.is_handshaking() {
            tls.complete_io(&mut self.line)?;
        }
        self.tls = Some(Box::new(tls));
        Ok(())
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.line.socket.as_fd()
    }
}

impl Read for Wire {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.line.read(bytes),
            Some(tls) => Stream::new(&mut **tls, &mut self.line).read(bytes),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.line.write(bytes),
            Some(tls) => Stream::new(&mut **tls, &mut self.line).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            None => Ok(()),
            Some(tls) => Stream::new(&mut **tls, &mut self.line).flush(),
        }
    }
}

impl Timed {
    /// Does it once, with a timeout that ends at the deadline.
    fn once<T>(&mut self, mut call: impl FnMut(&TcpStream) -> io::Result<T>) -> io::Result<T> {
        loop {
            let timeout = rounded(left(self.deadline)?);
            if timeout != self.timeout {
                self.socket.set_read_timeout(Some(timeout))?;
                self.socket.set_write_timeout(Some(timeout))?;
                self.timeout = timeout;
            }
            match call(&self.socket) {
                Err(e) if matches!(e.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
                result => return result,
            }
        }
    }
}

impl Read for Timed {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.once(|mut socket| socket.read(bytes))
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.once(|mut socket| socket.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is left. Errors: nothing.
fn left(deadline: Moment) -> io::Result<Duration> {
    let left = deadline.since(now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// Rounded up, and no longer than a socket waits well.
fn rounded(left: Duration) -> Duration {
    let left = left.min(LONGEST);
    let steps = left.as_nanos().div_ceil(GRACE.as_nanos());
    GRACE * u32::try_from(steps).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    fn wire(listener: &TcpListener, within: Duration) -> Wire {
        let address = listener.local_addr().expect("its address");
        Wire::connect(address, now() + within).expect("a connection")
    }

    #[test]
    fn one_byte_after_the_other_does_not_put_the_deadline_off() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let began = now();
        let mut wire = wire(&listener, Duration::from_millis(200));
        let (mut far, _) = listener.accept().expect("the other end");
        thread::spawn(move || {
            while far.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(5));
            }
        });
        let error = wire.read_exact(&mut [0; 1 << 20]).expect_err("an end");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(now().since(began) >= Duration::from_millis(200));
    }

    #[test]
    fn silence_lasts_until_the_deadline_however_short_the_sockets_own_timeouts_are() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let began = now();
        let mut wire = wire(&listener, LONGEST * 3);
        let _far = listener.accept().expect("the other end");
        assert_eq!(wire.read(&mut [0; 8]).expect_err("silence").kind(), ErrorKind::TimedOut);
        assert!(now().since(began) >= LONGEST * 3);
        let waits = [1, 10, 11, 195, 200, 3000].map(|ms| rounded(Duration::from_millis(ms)).as_millis());
        assert_eq!(waits, [10, 10, 20, 200, 200, 200]);
    }

    #[test]
    fn a_new_deadline_holds_for_the_next_call() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let mut wire = wire(&listener, Duration::from_millis(30));
        let (mut far, _) = listener.accept().expect("the other end");
        wire.read(&mut [0; 8]).expect_err("silence");
        wire.by(now() + Duration::from_secs(60));
        far.write_all(b"x").expect("a byte sent");
        assert_eq!(wire.read(&mut [0; 8]).expect("the byte"), 1);
    }

    #[test]
    fn who_does_not_read_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let mut wire = wire(&listener, Duration::from_millis(200));
        let _far = listener.accept().expect("the other end");
        wire.write_all(&vec![0; 64 << 20]).expect_err("it is full");
    }
}
