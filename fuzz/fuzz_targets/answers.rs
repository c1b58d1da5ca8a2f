//! A server that sends any bytes, on a real connection to the real client: no panic of ours, no poll without end, no
//! memory without bound; and what passes for facts goes through a pool.
//!
//! The first byte says how the rest is sent: see [`Script`]. A library's panic ends its poller, as in the daemon.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mpp::core::event::Event;
use mpp::core::observation::{Answer, Observation};
use mpp::core::pool::Pool;
use mpp::core::settings::{NodeSettings, PoolSettings};
use mpp::core::time::Moment;
use mpp::poll::{Poller, Target, Tls};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The poll's deadline. Most servers here hang up long before it.
const TIMEOUT: Duration = Duration::from_millis(40);
/// No poll takes so long, on however slow a machine.
const FOR_EVER: Duration = Duration::from_secs(8);
/// How many pollers may be lost: each leaves a sleeping thread and two descriptors behind.
const MOST_LOST: u32 = 5000;
/// What a poll may remember of one answer, bytes: some of it is published.
const REMEMBERED: usize = 8 << 20;

/// A greeting of protocol 10 with `mysql_native_password`, as MariaDB sends it, without its length.
const GREETING: &[u8] =
    b"\x0a5.5.5-10.11.6-MariaDB\x00\x01\x00\x00\x00abcdefgh\x00\xfe\xf7\x2d\x02\x00\xff\x81\x15\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00ijklmnopqrst\x00mysql_native_password\x00";
/// The login is good.
const GOOD: &[u8] = b"\x00\x00\x00\x02\x00\x00\x00";

/// The answer to the question for its version, which comes first: a column, a row, the end.
const VERSION: [&[u8]; 4] = [
    b"\x01",
    b"\x03def\x00\x00\x00\x07version\x00\x0c\x21\x00\x30\x00\x00\x00\xfd\x00\x00\x27\x00\x00",
    b"\x1010.11.6-MariaDB-",
    b"\xfe\x00\x00\x02\x00\x00\x00",
];

/// What a server does.
#[derive(Clone, Default)]
struct Script {
    bytes: Vec<u8>,
    /// It says no more, and does not hang up.
    silent: bool,
}

impl Script {
    /// First byte: 0 sends the bytes as they are; 1 frames them, from the greeting on; all others greet, let the
    /// client in and say their version first. 255 falls silent at the end. Framed: two bytes of length, then the packet. Packets are counted:
    /// 65535 begins anew, as servers do for each question, 65534 leaves a number to the client.
    fn of(data: &[u8]) -> Script {
        let Some((&how, data)) = data.split_first() else { return Script::default() };
        let mut wire = Wire::default();
        match how {
            0 => wire.bytes = data.to_vec(),
            1 => wire.packets(data),
            _ => {
                wire.packet(GREETING);
                wire.number = 2;
                wire.packet(GOOD);
                wire.number = 1;
                VERSION.iter().for_each(|packet| wire.packet(packet));
                wire.number = 1;
                wire.packets(data);
            }
        }
        Script { bytes: wire.bytes, silent: how == 255 }
    }
}

#[derive(Default)]
struct Wire {
    bytes: Vec<u8>,
    number: u8,
}

impl Wire {
    fn packet(&mut self, payload: &[u8]) {
        let length = u32::try_from(payload.len()).expect("short").to_le_bytes();
        self.bytes.extend_from_slice(&[length[0], length[1], length[2], self.number]);
        self.bytes.extend_from_slice(payload);
        self.number = self.number.wrapping_add(1);
    }

    fn packets(&mut self, mut data: &[u8]) {
        while let [low, high, rest @ ..] = data {
            let length = usize::from(u16::from_le_bytes([*low, *high]));
            if length >= 65534 {
                self.number = if length == 65535 { 1 } else { self.number.wrapping_add(1) };
                data = rest;
                continue;
            }
            let (payload, rest) = rest.split_at(length.min(rest.len()));
            self.packet(payload);
            data = rest;
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let stage = Stage::get();
    *stage.script.lock().unwrap_or_else(PoisonError::into_inner) = Script::of(data);
    let began = Instant::now();
    assert!(
        stage.lost.load(Ordering::Relaxed) < MOST_LOST,
        "too many inputs make a library panic: look into it"
    );
    let observation = stage.poll();
    assert!(began.elapsed() < FOR_EVER, "a poll of {:?}", began.elapsed());
    if let Some(observation) = observation {
        through_a_pool(observation);
    }
});

/// What does not change from one input to the next.
struct Stage {
    script: Mutex<Script>,
    server: OnceLock<SocketAddr>,
    lost: AtomicU32,
}

impl Stage {
    fn get() -> &'static Stage {
        static STAGE: OnceLock<Stage> = OnceLock::new();
        let fresh = || {
            keep_panics_of_libraries_to_their_pollers();
            raise_limits();
            let lost = AtomicU32::new(0);
            Stage { script: Mutex::default(), server: OnceLock::new(), lost }
        };
        let stage: &'static Stage = STAGE.get_or_init(fresh);
        stage.server.get_or_init(|| {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
            let address = listener.local_addr().expect("its address");
            // A lost poller never hangs up: nobody waits for it.
            let serve = move |client| _ = std::thread::spawn(move || serve(client, stage));
            std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
            address
        });
        stage
    }

    /// One poll by a poller of its own; `None`: a library panicked.
    fn poll(&self) -> Option<Observation> {
        let (answers, observations): (Sender<Option<Observation>>, Receiver<_>) = channel();
        let target = Target {
            name: "db".into(),
            address: *self.server.get().expect("listening"),
            user: "mpp".into(),
            tls: Tls::Disabled,
            timeout: TIMEOUT,
            reconnect_every: Duration::from_secs(60),
            password: Box::new(|| Ok("secret".into())),
        };
        let lost = answers.clone();
        let deliver = Box::new(move |observation, _| answers.send(Some(observation)).is_ok());
        let crashed = Box::new(move |_| _ = lost.send(None));
        let every = Duration::from_secs(3600);
        let poller = Poller::start(target, Duration::ZERO, every, deliver, crashed).expect("a thread");
        let answer = observations.recv_timeout(FOR_EVER);
        drop(poller);
        let answer = answer.ok().flatten();
        self.lost.fetch_add(u32::from(answer.is_none()), Ordering::Relaxed);
        answer
    }
}

fn serve(mut client: TcpStream, stage: &Stage) {
    let script = stage.script.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let soon = Some(TIMEOUT * 2);
    _ = client.set_read_timeout(soon).and(client.set_write_timeout(soon));
    // Whatever fails here: the other end has enough.
    _ = client.write_all(&script.bytes);
    if !script.silent {
        _ = client.shutdown(Shutdown::Write);
    }
    let mut said = [0; 4096];
    while client.read(&mut said).is_ok_and(|n| n > 0) {}
}

/// A panic in a library's files costs the thread it happens in, as in the daemon; one in ours is what is looked for.
fn keep_panics_of_libraries_to_their_pollers() {
    let fatal = std::panic::take_hook();
    mpp::poll::keep_panics_to_their_pollers();
    let rescue = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let foreign = panic.location().is_some_and(|l| l.file().contains("/registry/src/"));
        if foreign { rescue(panic) } else { fatal(panic) }
    }));
}

/// As many descriptors as may be.
fn raise_limits() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel reads and writes `limit`, which lives here.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
    }
}

fn through_a_pool(observation: Observation) {
    let mut settings = PoolSettings::named("db");
    settings.nodes =
        vec![NodeSettings::at("db1", "10.0.0.1", 3306), NodeSettings::at("db2", "10.0.0.2", 3306)];
    if let Answer::Offline(offline) = &observation.answer {
        assert!(offline.reason.len() < 4096 && !offline.reason.contains('\n'), "{}", offline.reason);
    }
    let mut pool = Pool::new(settings, Moment(0));
    for node in [0, 1, 0, 1, 0] {
        let now = observation.ended;
        let again = Observation { began: now, ..observation.clone() };
        pool.handle(Event::Polled(node, again), now);
    }
    pool.handle(Event::Tick, pool.deadline(observation.ended));
    let memory = serde_json::to_string(pool.memory()).expect("a memory is JSON");
    assert!(memory.len() < REMEMBERED, "{} bytes", memory.len());
    assert_eq!(
        serde_json::from_str::<mpp::core::pool::Memory>(&memory).expect("it reads back"),
        *pool.memory()
    );
}
