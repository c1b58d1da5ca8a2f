//! The cuts that two sites are made for: each comes to the end it should, and nothing is lost.

use super::cuts::{Cut, Fault};
use super::outcome::Outcome;
use super::play::Ending;
use super::site::Peers;
use super::table;
use super::world::{Picture, World};
use std::time::Duration;

in_a_world! {
    a_server_that_dies_is_replaced_by_the_other_site,
    a_director_that_dies_is_replaced_by_the_other_site,
    a_site_whose_virtual_server_is_gone_is_left_by_clients,
    a_site_that_is_cut_off_steps_down_and_does_not_come_back_by_itself,
    a_site_without_the_internet_steps_down_though_the_vpn_holds,
    a_second_site_that_is_cut_off_changes_nothing_for_clients,
    sites_that_lose_each_other_are_both_active_and_the_dns_keeps_clients_at_one,
    peers_keep_a_site_from_becoming_active_when_only_the_vpn_is_cut,
    a_director_that_comes_back_hears_from_its_peer_who_is_active,
    a_site_held_for_its_peer_s_word_becomes_active_by_force,
}

/// What clients and sites are to see.
fn all_at(picture: &Picture, site: u8) -> bool {
    picture.claims == [site == 1, site == 2] && is_led_to(picture, site)
}

fn is_led_to(picture: &Picture, site: u8) -> bool {
    picture.resolved == Some(site) && picture.written == Some(site)
}

const AT_1: Ending = Ending::that(|picture| all_at(picture, 1));
const AT_2: Ending = Ending::that(|picture| all_at(picture, 2));
const BOTH_CLAIM_AND_CLIENTS_ARE_AT_1: Ending =
    Ending::that(|picture| picture.claims == [true, true] && is_led_to(picture, 1));
const BOTH_CLAIM_AND_CLIENTS_ARE_AT_2: Ending =
    Ending::that(|picture| picture.claims == [true, true] && is_led_to(picture, 2));

#[track_caller]
fn play(peers: Peers, fault: Fault, ending: Ending, mended: Ending) -> Outcome {
    let outcome = World::start(peers).play(&Cut::of(&[fault]), ending, mended);
    table::print(peers, std::slice::from_ref(&outcome));
    assert_eq!(outcome.lost, 0, "acknowledged rows are on both servers in the end");
    outcome
}

/// So long both may be active while one takes over from the other. Generous: a busy machine is no fault.
const MOMENT: Duration = Duration::from_secs(15);

fn a_server_that_dies_is_replaced_by_the_other_site() {
    let outcome = play(Peers::None, Fault::Server(1), AT_2, AT_2);
    assert!(outcome.both + outcome.both_after < MOMENT, "{outcome:?}");
}

fn a_director_that_dies_is_replaced_by_the_other_site() {
    let outcome = play(Peers::None, Fault::Director(1), AT_2, BOTH_CLAIM_AND_CLIENTS_ARE_AT_1);
    assert!(outcome.both < MOMENT, "{outcome:?}");
}

fn a_site_whose_virtual_server_is_gone_is_left_by_clients() {
    let cut = Fault::VirtualServer(1);
    play(Peers::None, cut, BOTH_CLAIM_AND_CLIENTS_ARE_AT_2, BOTH_CLAIM_AND_CLIENTS_ARE_AT_1);
}

fn a_site_that_is_cut_off_steps_down_and_does_not_come_back_by_itself() {
    let outcome = play(Peers::None, Fault::cut("router1-lan"), AT_2, AT_2);
    assert!(outcome.both + outcome.both_after < MOMENT, "{outcome:?}");
}

fn a_site_without_the_internet_steps_down_though_the_vpn_holds() {
    let outcome = play(Peers::None, Fault::cut("router1-int"), AT_2, AT_2);
    assert!(outcome.both + outcome.both_after < MOMENT, "{outcome:?}");
}

fn a_second_site_that_is_cut_off_changes_nothing_for_clients() {
    let outcome = play(Peers::None, Fault::cut("router2-lan"), AT_1, AT_1);
    assert_eq!(outcome.both + outcome.both_after, Duration::ZERO, "{outcome:?}");
    assert!(outcome.silence.is_some_and(|silence| silence < MOMENT), "{outcome:?}");
}

fn sites_that_lose_each_other_are_both_active_and_the_dns_keeps_clients_at_one() {
    let both = BOTH_CLAIM_AND_CLIENTS_ARE_AT_1;
    let outcome = play(Peers::None, Fault::cut("router1-vpn"), both, both);
    assert_eq!(outcome.written[1], 0, "no client was led to site 2: {outcome:?}");
}

fn peers_keep_a_site_from_becoming_active_when_only_the_vpn_is_cut() {
    let outcome = play(Peers::Named, Fault::cut("router1-vpn"), AT_1, AT_1);
    assert_eq!(outcome.both + outcome.both_after, Duration::ZERO, "{outcome:?}");
}

fn a_director_that_comes_back_hears_from_its_peer_who_is_active() {
    let outcome = play(Peers::Named, Fault::Director(1), AT_2, AT_2);
    assert!(outcome.both + outcome.both_after < MOMENT, "{outcome:?}");
}

fn a_site_held_for_its_peer_s_word_becomes_active_by_force() {
    let mut world = World::start(Peers::Named);
    world.set(&[Fault::VirtualServer(1)]);
    let second = &world.sites[1].agent;
    second.wait_why("mpp switchover db --force");
    assert_eq!(second.active().as_deref(), Some("site1"), "site 1 sees its server answer, and says so");
    second.orders(&["switchover", "db", "--to", "site2", "--force"]);
    world.settle(BOTH_CLAIM_AND_CLIENTS_ARE_AT_2);
}
