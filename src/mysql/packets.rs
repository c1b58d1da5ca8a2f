//! One packet after the other: three bytes of length, a number that counts up, and what it says.

use super::fault::Fault;
use std::io::{ErrorKind, Read, Write};

/// The largest packet taken, bytes: many times a server's answer.
pub(super) const MAX_PACKET: usize = 1 << 20;
/// The most that is taken of an answer as a whole, bytes: some thousand variables, with their values.
const MAX_ANSWER: usize = 8 << 20;
/// Length and number.
const HEAD: usize = 4;
/// So much is asked for at a time, bytes: most answers come at once.
const CHUNK: usize = 8 << 10;

/// Packets to and from a server.
pub(super) struct Packets<S> {
    pub(super) stream: S,
    /// What has come; up to `at` it has been looked at. Empty between an answer and the next question: a thousand
    /// connections at rest need no memory for it.
    come: Vec<u8>,
    at: usize,
    /// The number of the next packet, in either direction.
    number: u8,
    /// What the answer has come to, bytes.
    taken: usize,
}

impl<S: Read + Write> Packets<S> {
    pub(super) fn on(stream: S) -> Packets<S> {
        Packets { stream, come: Vec::new(), at: 0, number: 0, taken: 0 }
    }

    /// A question, which begins to count anew.
    pub(super) fn ask(&mut self, command: u8, text: &[u8]) -> Result<(), Fault> {
        self.number = 0;
        self.taken = 0;
        self.send(&[&[command], text].concat())
    }

    /// Sends one. What we say is short.
    pub(super) fn send(&mut self, packet: &[u8]) -> Result<(), Fault> {
        let [a, b, c, ..] = packet.len().to_le_bytes();
        let head = [a, b, c, self.number];
        self.number = self.number.wrapping_add(1);
        self.stream.write_all(&[&head, packet].concat())?;
        Ok(self.stream.flush()?)
    }

    /// The next one. Errors: the connection's; or it is none, or too long.
    pub(super) fn next(&mut self) -> Result<&[u8], Fault> {
        self.have(HEAD)?;
        let &[a, b, c, number, ..] = &self.come[self.at..] else { unreachable!("{HEAD} bytes are there") };
        let length = u32::from_le_bytes([a, b, c, 0]) as usize;
        if number != self.number {
            return Err(Fault::senseless(format!("packet {number} where {} is due", self.number)));
        }
        self.taken += HEAD + length;
        if length > MAX_PACKET || self.taken > MAX_ANSWER {
            let bytes = self.taken.max(length);
            return Err(Fault::senseless(format!("an answer of {bytes} bytes or more")));
        }
        self.have(HEAD + length)?;
        self.number = self.number.wrapping_add(1);
        let from = self.at + HEAD;
        self.at = from + length;
        Ok(&self.come[from..self.at])
    }

    /// Whether all that has come has been looked at; what it took is given back then.
    pub(super) fn rest(&mut self) -> bool {
        let all = self.at == self.come.len();
        if all {
            (self.come, self.at) = (Vec::new(), 0);
        }
        all
    }

    /// Waits until so many bytes have come that have not been looked at.
    fn have(&mut self, bytes: usize) -> Result<(), Fault> {
        while self.come.len() - self.at < bytes {
            self.come.drain(..self.at);
            self.at = 0;
            let known = self.come.len();
            self.come.resize(known + CHUNK, 0);
            let read = self.stream.read(&mut self.come[known..]);
            self.come.truncate(known + *read.as_ref().unwrap_or(&0));
            if read? == 0 {
                return Err(Fault::Broken(ErrorKind::UnexpectedEof.into()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::io;

    /// Gives what a server sends, a byte a time if it is slow, and takes what is sent to it.
    struct Played {
        sends: VecDeque<u8>,
        slow: bool,
        heard: Vec<u8>,
    }

    impl Read for Played {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            let most = if self.slow { 1 } else { bytes.len() };
            self.sends.read(&mut bytes[..most])
        }
    }

    impl Write for Played {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.heard.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn played(sends: &[u8], slow: bool) -> Packets<Played> {
        Packets::on(Played { sends: sends.to_vec().into(), slow, heard: Vec::new() })
    }

    fn said(result: Result<&[u8], Fault>) -> String {
        match result {
            Ok(packet) => format!("{packet:?}"),
            Err(Fault::Broken(e)) => e.kind().to_string(),
            Err(fault) => format!("{fault:?}"),
        }
    }

    #[test]
    fn packets_come_whole_however_they_are_cut() {
        for slow in [false, true] {
            let mut packets = played(b"\x02\0\0\0ab\0\0\0\x01\x01\0\0\x02c\x05\0\0\x03dd", slow);
            assert_eq!(packets.next().expect("a packet"), b"ab");
            assert_eq!(packets.next().expect("an empty one"), b"");
            assert_eq!(packets.next().expect("a packet"), b"c");
            assert_eq!(said(packets.next()), "unexpected end of file");
            assert!(!packets.rest(), "half of one has come");
        }
    }

    #[test]
    fn a_packet_out_of_turn_or_too_long_makes_no_sense() {
        assert!(said(played(b"\x01\0\0\x01a", false).next()).contains("packet 1 where 0 is due"));
        assert!(said(played(b"\xff\xff\xff\0a", false).next()).contains("16777219 bytes or more"));
    }

    #[test]
    fn an_answer_without_end_is_not_kept() {
        let mut sends = Vec::new();
        for number in 0..=255 {
            sends.extend([0, 0, 1, number]);
            sends.resize(sends.len() + (1 << 16), 0);
        }
        let mut packets = played(&sends, false);
        let taken = (0..256).take_while(|_| packets.next().is_ok()).count();
        assert_eq!(taken, MAX_ANSWER / ((1 << 16) + HEAD));
    }

    #[test]
    fn a_question_begins_to_count_anew() {
        let mut packets = played(b"\x01\0\0\x01a", false);
        packets.ask(3, b"SELECT 1").expect("it is sent");
        assert_eq!(packets.stream.heard, b"\x09\0\0\0\x03SELECT 1");
        assert_eq!(packets.next().expect("its answer"), b"a");
        assert!(packets.rest());
    }
}
