//! One question to one checkpoint: from its name to the sighting.

use super::names::Name;
use super::trouble::Trouble;
use super::web::Web;
use super::{icmp, tcp};
use crate::clock::now;
use crate::config::{Host, Probe, Protocol};
use crate::core::event::Sighting;
use crate::core::time::{Duration, Moment, Short};
use crate::mysql;
use crate::poll::failure::shorten;
use crate::poll::rescue::Crashed;
use crate::poll::thread::{Ask, Deliver, Poller};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Asks one checkpoint.
pub struct Inquirer {
    probe: Probe,
    /// The name it has to be found by, if any.
    name: Option<Arc<Name>>,
    /// What asks by HTTP; made when it is first needed, and anew after it has failed: the authority may be another one.
    web: Option<Web>,
    /// Which of a name's addresses is asked first: the one that answered last.
    turn: usize,
    /// The newest question could be asked.
    able: bool,
}

impl Inquirer {
    /// For this checkpoint. Its name, if it has one, is looked up from now on.
    ///
    /// # Errors
    /// No thread to be had.
    pub fn of(probe: Probe) -> io::Result<Inquirer> {
        let name = probe.name().map(Name::of).transpose()?;
        Ok(Inquirer { probe, name, web: None, turn: 0, able: true })
    }

    /// Asks from a thread of its own, as [`Poller::start`] does.
    ///
    /// # Errors
    /// No thread or no descriptor to be had.
    pub fn start(
        probe: Probe,
        first: Duration,
        every: Duration,
        deliver: Deliver<Sighting>,
        crashed: Crashed,
    ) -> io::Result<Poller> {
        let name = format!("see-{}", probe.host);
        Poller::of(&name, Inquirer::of(probe)?, first, every, deliver, crashed)
    }

    /// Asks once; takes at most the probe's timeout, and a little.
    pub fn see(&mut self) -> Sighting {
        let began = now();
        self.able = true;
        let result = self.inquire(began + self.probe.timeout).map_err(|why| shorten(&why));
        Sighting { began, result, able: self.able }
    }

    fn inquire(&mut self, deadline: Moment) -> Result<(), String> {
        match (&self.probe.host, self.name.clone()) {
            (Host::Name(_), Some(name)) => self.by_name(&name, deadline),
            (Host::Ip(ip), _) => self.at(*ip, deadline),
            (Host::Name(_), None) => Err("its name is not looked up".into()),
        }
    }

    /// Asks at one address after the other, in the time there is. Where one swallows what it is sent, the next one is first
    /// the next time.
    fn by_name(&mut self, name: &Name, deadline: Moment) -> Result<(), String> {
        let addresses = name.addresses(deadline)?;
        let mut words = String::new();
        for n in 0..addresses.len() {
            let turn = (self.turn + n) % addresses.len();
            match self.at(addresses[turn], deadline) {
                Ok(()) => {
                    self.turn = turn;
                    return Ok(());
                }
                Err(why) => words = format!("{why} ({})", addresses[turn]),
            }
            if now() >= deadline {
                break;
            }
        }
        self.turn = self.turn.wrapping_add(1);
        Err(match name.doubt() {
            Some(fault) => format!("{words}; its name is as it was before: {fault}"),
            None => words,
        })
    }

    fn at(&mut self, ip: IpAddr, deadline: Moment) -> Result<(), String> {
        self.ask_at(ip, deadline).map_err(|trouble| match trouble {
            Trouble::Said(words) => words,
            Trouble::Unable(words) => {
                self.able = false;
                words
            }
            Trouble::Late => format!("timeout after {}", Short(self.probe.timeout)),
        })
    }

    fn ask_at(&mut self, ip: IpAddr, deadline: Moment) -> Result<(), Trouble> {
        let at = |port| SocketAddr::new(ip, port);
        match &self.probe.protocol {
            Protocol::Simple(port) => tcp::knock(at(*port), deadline),
            Protocol::Tcp(port) => tcp::connect(at(*port), deadline),
            Protocol::Icmp => icmp::echo(ip, deadline),
            Protocol::Mysql(port) => Ok(mysql::hear(at(*port), deadline)?),
            Protocol::Http(http) => {
                let web = match self.web.take() {
                    Some(web) => web,
                    None => Web::of(&self.probe, http)?,
                };
                web.get(ip, http)?;
                self.web = Some(web);
                Ok(())
            }
        }
    }
}

impl Ask for Inquirer {
    type Answer = Sighting;

    fn ask(&mut self) -> Sighting {
        self.see()
    }
}
