//! Every cable, and every two cables, in `make test`; everything that can break, and all of it with peers: `make test-sites`.
//! What must hold whatever is cut.

use super::cuts::{CABLES, Cut, Fault, pairs, singles};
use super::network::SITES;
use super::outcome::Outcome;
use super::play::UNKNOWN;
use super::site::Peers;
use super::table;
use super::world::{World, index};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// So many worlds beside each other, which keep a third of a processor busy: they mostly wait.
const WORLDS: usize = 4;

in_a_world! {
    every_cable_and_every_two,
    #[ignore = "takes minutes: make test-sites"] every_single_cut,
    #[ignore = "takes minutes: make test-sites"] every_single_cut_with_peers,
    #[ignore = "takes minutes: make test-sites"] every_two_cables_with_peers,
}

fn every_cable_and_every_two() {
    let cables = CABLES.map(|cable| Cut::of(&[Fault::cut(cable)])).into_iter();
    let cuts: Vec<Cut> = cables.chain(pairs()).collect();
    play(Peers::None, &cuts);
}

fn every_single_cut() {
    play(Peers::None, &singles());
}

fn every_single_cut_with_peers() {
    play(Peers::Named, &singles());
}

fn every_two_cables_with_peers() {
    play(Peers::Named, &pairs());
}

/// Plays all, prints the table, and judges them.
fn play(peers: Peers, cuts: &[Cut]) {
    let next = Mutex::new(cuts.iter().enumerate());
    let outcomes = Mutex::new(Vec::new());
    let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
    thread::scope(|scope| {
        for _ in 0..WORLDS.min(cuts.len()) {
            scope.spawn(|| {
                let mut world = World::start(peers);
                while let Some((place, cut)) = take() {
                    let outcome = world.play(cut, UNKNOWN, UNKNOWN);
                    println!("{}", table::row(&outcome));
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner).push((place, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by_key(|(place, _)| *place);
    let told: Vec<Outcome> = outcomes.iter().map(|(_, outcome)| outcome.clone()).collect();
    table::print(peers, &told);
    let faults: Vec<String> =
        outcomes.iter().filter_map(|(place, o)| fault(peers, &cuts[*place], o)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What must not be, whatever was cut.
fn fault(peers: Peers, cut: &Cut, outcome: &Outcome) -> Option<String> {
    let name = &cut.name;
    for site in SITES {
        let cut_off = cut.touches(&["outside", &format!("router{site}-lan"), &format!("router{site}-int")]);
        if cut_off && outcome.during.claims[index(site)] {
            return Some(format!(
                "{name}: site {site} says that it is active, and none of its checkpoints answers"
            ));
        }
        if cut_off && site == 1 && outcome.after.claims[0] {
            return Some(format!(
                "{name}: site 1 is active again by itself, and the other one may have written"
            ));
        }
    }
    if peers == Peers::Named && outcome.after.claims == [true, true] {
        return Some(format!("{name}: both sites are active once it is mended, and hear each other"));
    }
    // A peer takes its own server's word for it that clients get there.
    let is_vouched_for = peers == Peers::Named && cut.faults.contains(&Fault::VirtualServer(1));
    if is_reachable(cut) && !is_vouched_for && outcome.during.written.is_none() {
        return Some(format!("{name}: a whole site is there, and clients are not led to it"));
    }
    (outcome.lost > 0).then(|| format!("{name}: {} acknowledged rows are lost", outcome.lost))
}

/// Clients can find and reach a site of which nothing is broken.
fn is_reachable(cut: &Cut) -> bool {
    let whole = |site: u8| {
        let own = ["db", "director"].map(|host| format!("{host}{site}"));
        let router = ["lan", "int"].map(|cable| format!("router{site}-{cable}"));
        let cables: Vec<&str> = own.iter().chain(&router).map(String::as_str).collect();
        let machines = [Fault::Server(site), Fault::Director(site), Fault::VirtualServer(site)];
        !cut.touches(&cables) && !machines.iter().any(|fault| cut.faults.contains(fault))
    };
    !cut.touches(&["dns", "outside"]) && SITES.into_iter().any(whole)
}
