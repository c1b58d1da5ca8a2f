//! Reading a state: what is in it comes out, what is wrong with it is named, nothing panics.

mod state_support;

use std::sync::atomic::AtomicU64;

use mpp::state::layout::{header, key_hash};
use mpp::state::snapshot::words_of;
use mpp::state::{Image, NodeSpec, Role, Snapshot, StateFault, View, WriteError};
use proptest::prelude::*;
use state_support::{BOOT_ID, MEMORY_CAPACITY, record, spec};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/state/v1.state");

/// Two pools, everything published twice.
fn sample() -> Vec<u8> {
    let mut spec = spec(&[("db", 3), ("größe", 1), ("empty", 0)]);
    spec.pools[0].nodes[1].address = "[2001:db8::1]:3306".to_owned();
    bytes_of(&build(&spec, &[7, 8]))
}

fn build(spec: &mpp::state::FileSpec, publications: &[u64]) -> Vec<AtomicU64> {
    let (image, words) = Image::build(spec).expect("a state");
    for number in publications {
        for (pool, pool_spec) in spec.pools.iter().enumerate() {
            let record = record(*number, pool_spec.nodes.len());
            image.publish(&words, pool, &record).expect("published");
        }
    }
    image.heartbeat(&words, 1_000_000_000);
    words
}

fn bytes_of(words: &[AtomicU64]) -> Vec<u8> {
    let value = |word: &AtomicU64| word.load(std::sync::atomic::Ordering::Relaxed).to_ne_bytes();
    words.iter().flat_map(value).collect()
}

fn put(bytes: &mut [u8], at: u64, value: u64) {
    bytes[at as usize..][..8].copy_from_slice(&value.to_le_bytes());
}

fn check(bytes: &[u8]) -> Result<(), StateFault> {
    View::check(&words_of(bytes), bytes.len() as u64).map(|_| ())
}

fn find(bytes: &[u8], pool: &str, node: &str) -> Result<(u64, bool), StateFault> {
    let words = words_of(bytes);
    let view = View::check(&words, bytes.len() as u64)?;
    let found = view.find(pool.as_bytes(), node.as_bytes())?;
    Ok((found.position, view.verdict(&found, Role::Rw)?.up))
}

#[test]
fn what_was_published_last_is_what_is_read() {
    let snapshot = Snapshot::from_bytes(&sample()).expect("a state");
    assert_eq!(snapshot.header.boot_id, BOOT_ID);
    assert_eq!(snapshot.header.pid, 4711);
    assert_eq!(snapshot.header.heartbeat_ns, 1_000_000_000);
    assert_eq!(snapshot.daemon_version, "0.1.0");
    assert_eq!(snapshot.config_path, "/etc/mpp/mpp.yaml");
    for (pool, nodes) in [("db", 3), ("größe", 1), ("empty", 0)] {
        let pool = snapshot.pool(pool).expect("the pool");
        assert_eq!(pool.nodes.len(), nodes);
        assert_eq!(pool.record, record(8, nodes));
    }
}

#[test]
fn a_node_is_found_by_its_name_and_by_its_address() {
    let state = sample();
    // Publication 8 of three nodes: the third is the active one.
    assert_eq!(find(&state, "db", "db3"), Ok((2, true)));
    assert_eq!(find(&state, "db", "10.0.0.2:3306"), Ok((2, true)));
    assert_eq!(find(&state, "db", "[2001:db8::1]:3306"), Ok((1, false)));
    assert_eq!(find(&state, "größe", "db1"), Ok((0, true)));
}

#[test]
fn a_pool_or_node_that_is_not_there_is_told_apart() {
    let state = sample();
    assert_eq!(find(&state, "db", "db4"), Err(StateFault::NoSuchNode));
    assert_eq!(find(&state, "empty", "db1"), Err(StateFault::NoSuchNode));
    assert_eq!(find(&state, "dbx", "db1"), Err(StateFault::NoSuchPool));
    assert_eq!(find(&state, "", ""), Err(StateFault::NoSuchPool));
}

#[test]
fn nothing_published_is_a_fault() {
    let state = bytes_of(&build(&spec(&[("db", 2)]), &[]));
    assert_eq!(find(&state, "db", "db1"), Err(StateFault::NeverPublished));
}

#[test]
fn a_long_message_is_cut_at_a_character() {
    let spec = spec(&[("db", 1)]);
    let (image, words) = Image::build(&spec).expect("a state");
    let mut record = record(1, 1);
    record.nodes[0].message = "x".to_owned() + &"ä".repeat(100);
    image.publish(&words, 0, &record).expect("published");
    let snapshot = Snapshot::from_bytes(&bytes_of(&words)).expect("a state");
    assert_eq!(snapshot.pools[0].record.nodes[0].message, "x".to_owned() + &"ä".repeat(79));
}

#[test]
fn a_truncated_state_is_a_fault_at_every_length() {
    let state = sample();
    for len in 0..state.len() {
        assert!(check(&state[..len]).is_err(), "{len}");
    }
}

#[test]
fn every_fault_of_the_header_has_its_name() {
    let state = sample();
    let len = state.len() as u64;
    let with = |at, value| {
        let mut state = state.clone();
        put(&mut state, at, value);
        check(&state)
    };
    assert_eq!(check(&[]), Err(StateFault::TooShort { has: 0 }));
    assert_eq!(with(header::MAGIC, 1), Err(StateFault::NotAState));
    assert_eq!(with(header::VERSION, 0), Err(StateFault::Version { found: 0 }));
    assert_eq!(with(header::VERSION, 2), Err(StateFault::Version { found: 2 }));
    assert_eq!(with(header::SIZE, len + 8), Err(StateFault::Size { says: len + 8, has: len }));
    for at in (header::CHECK..mpp::state::layout::STATIC_LEN).step_by(8) {
        let fault = with(at, u64::MAX).expect_err("damaged");
        assert!(matches!(fault, StateFault::Damaged { .. }), "{at}: {fault}");
    }
}

#[test]
fn another_version_is_refused_by_its_number() {
    let text = StateFault::Version { found: 9 }.to_string();
    assert!(text.contains("version 9") && text.contains("1 to 1"), "{text}");
}

#[test]
fn an_index_without_an_end_is_given_up() {
    let mut state = sample();
    let words = words_of(&state);
    let header = |at: u64| words[at as usize / 8].load(std::sync::atomic::Ordering::Relaxed);
    let (at, slots) = (header(header::INDEX_AT), header(header::INDEX_SLOTS));
    let hash = key_hash(b"db", b"nobody");
    for slot in 0..slots {
        put(&mut state, at + slot * 8, !hash << 32);
    }
    let fault = find(&state, "db", "nobody").expect_err("damaged");
    assert!(matches!(fault, StateFault::Damaged { what: "the index", .. }), "{fault}");
}

#[test]
fn ten_thousand_nodes_are_found_each_by_its_name_in_one_pool_and_in_many() {
    let many: Vec<String> = (0..1000).map(|pool| format!("pool{pool}")).collect();
    let many: Vec<(&str, usize)> = many.iter().map(|pool| (pool.as_str(), 10)).collect();
    for pools in [vec![("db", 10_000)], many] {
        let spec = spec(&pools);
        let words = build(&spec, &[1]);
        let view = View::check(&words, words.len() as u64 * 8).expect("a state");
        for pool in &spec.pools {
            for (place, NodeSpec { name, address }) in pool.nodes.iter().enumerate() {
                for key in [name, address] {
                    let found = view.find(pool.name.as_bytes(), key.as_bytes()).expect("found");
                    assert_eq!(found.position, place as u64);
                }
            }
        }
    }
}

#[test]
fn a_state_that_could_not_be_read_back_is_not_made() {
    let refused = |change: fn(&mut mpp::state::FileSpec)| {
        let mut spec = spec(&[("db", 2), ("dc", 2)]);
        change(&mut spec);
        Image::build(&spec).expect_err("refused").to_string()
    };
    let text = refused(|spec| spec.pools[0].nodes[0].address = "h".repeat(265));
    assert!(
        text.starts_with("the address `hhh") && text.ends_with("265 bytes; 1 to 264 are allowed"),
        "{text}"
    );
    assert!(refused(|spec| spec.pools[0].name.clear()).contains("the pool name `` has 0 bytes"));
    assert!(refused(|spec| spec.pools[0].nodes[0].name = "n".repeat(65)).contains("65 bytes"));
    assert!(refused(|spec| spec.pools[1].name = "db".to_owned()).contains("`db` is the name"));
    let text = refused(|spec| spec.pools[0].nodes[0].name = "10.0.0.1:3306".to_owned());
    assert!(text.contains("`10.0.0.1:3306` is the name or address of two"), "{text}");
    let text = refused(|spec| spec.pools[0].memory_capacity = usize::MAX);
    assert!(text.contains("too much memory"), "{text}");
}

#[test]
fn a_record_that_does_not_fit_changes_nothing() {
    let spec = spec(&[("db", 2)]);
    let words = build(&spec, &[1]);
    let image = Image::plan(&spec).expect("a plan");
    let before = bytes_of(&words);
    let mut too_big = record(2, 2);
    too_big.memory = vec![1; MEMORY_CAPACITY + 1];
    let fault = image.publish(&words, 0, &too_big).expect_err("refused");
    assert!(matches!(fault, WriteError::MemoryTooBig { needed: 513, capacity: 512 }), "{fault}");
    let mut no_such_active = record(2, 2);
    no_such_active.active = Some(2);
    for (pool, record) in [(0, &record(2, 3)), (0, &no_such_active), (1, &record(2, 2))] {
        assert!(image.publish(&words, pool, record).is_err());
    }
    assert_eq!(bytes_of(&words), before);
}

/// Every future reader must read this file. `MPP_WRITE_GOLDEN=1` writes it, once per layout.
#[test]
fn the_state_written_by_the_first_layout_is_read() {
    if std::env::var_os("MPP_WRITE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, sample()).expect("written");
    }
    let golden = std::fs::read(GOLDEN).expect("the golden state");
    let snapshot = Snapshot::from_bytes(&golden).expect("a state");
    assert_eq!(snapshot.header.version, 1);
    assert_eq!(snapshot.pool("db").expect("the pool").record, record(8, 3));
    assert_eq!(find(&golden, "db", "[2001:db8::1]:3306"), Ok((1, false)));
    assert!(golden == sample(), "layout 1 is written another way than it was");
}

/// Reads everything there is to read; what it says does not matter, that it returns does.
fn read_all(bytes: &[u8]) {
    let _ = Snapshot::from_bytes(bytes).map_err(|fault| fault.to_string());
    for (pool, node) in [("db", "db1"), ("db", "10.0.0.2:3306"), ("größe", "x"), ("x", "db1")] {
        let _ = find(bytes, pool, node);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        read_all(&bytes);
    }

    #[test]
    fn a_damaged_state_never_makes_a_reader_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u64>()), 1..8),
        len in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut state = sample();
        for (place, value) in changes {
            let places = state.len() / 8;
            put(&mut state, place.index(places) as u64 * 8, value);
        }
        if is_cut {
            state.truncate(len.index(state.len()));
        }
        read_all(&state);
    }

    /// Damage can take a verdict away. It can't turn one node's UP into another's.
    #[test]
    fn one_damaged_word_never_makes_another_node_up(place in any::<prop::sample::Index>(), value in any::<u64>()) {
        // Both copies name the third node: a turned generation leads to the older one.
        let mut state = bytes_of(&build(&spec(&[("db", 3)]), &[5, 8]));
        let places = state.len() / 8;
        put(&mut state, place.index(places) as u64 * 8, value);
        for node in ["db1", "db2"] {
            prop_assert_ne!(find(&state, "db", node).map(|(_, up)| up), Ok(true));
        }
    }

    #[test]
    fn any_publication_is_read_as_it_was_written(number in any::<u64>(), nodes in 0_usize..12) {
        let words = build(&spec(&[("db", nodes)]), &[1, number]);
        let snapshot = Snapshot::from_bytes(&bytes_of(&words)).expect("a state");
        let mut wanted = record(number, nodes);
        for node in &mut wanted.nodes {
            node.message.truncate(node.message.floor_char_boundary(160));
        }
        prop_assert_eq!(&snapshot.pools[0].record, &wanted);
    }
}
