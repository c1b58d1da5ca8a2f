//! How often real servers are checked.

use std::time::Duration;

use crate::config::{Keepalived, VirtualServer};

/// What a director may fork in a second.
const CHECKS_A_SECOND: u64 = 200;
/// The shortest, which serves up to 50 real servers.
const SHORTEST: Duration = Duration::from_millis(250);
/// In these steps it grows.
const STEP: u64 = 50;

/// Between two checks of a real server of a virtual server.
pub(super) fn delay_loop(server: &VirtualServer, keepalived: &Keepalived) -> Duration {
    server.delay_loop.or(keepalived.delay_loop).unwrap_or_else(|| affordable(keepalived))
}

/// So that a director does not fork more than it should.
fn affordable(keepalived: &Keepalived) -> Duration {
    let checks =
        keepalived.virtual_servers.iter().map(|server| server.real_servers.len() as u64).sum::<u64>();
    let needed = (checks * 1000).div_ceil(CHECKS_A_SECOND);
    Duration::from_millis(needed.next_multiple_of(STEP)).max(SHORTEST)
}

/// In keepalived's form: seconds, with as many digits as it takes.
pub(super) fn seconds(duration: Duration) -> String {
    let (whole, millis) = (duration.as_secs(), duration.subsec_millis());
    let text = format!("{whole}.{millis:03}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_no_digit_too_many() {
        for (ms, text) in
            [(250, "0.25"), (50, "0.05"), (1000, "1"), (10_000, "10"), (1500, "1.5"), (205, "0.205")]
        {
            assert_eq!(seconds(Duration::from_millis(ms)), text);
        }
    }
}
