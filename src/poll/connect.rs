//! A fresh connection, with or without TLS, within the poll's deadline.

use super::failure::{Failure, Phase};
use super::target::{Target, Tls};
use crate::core::time::Moment;
use crate::mysql::{Connection, Fault, Login};

/// Logs in. `plain` is what is remembered of a server under [`Tls::Preferred`]: that it does no TLS.
pub(crate) fn open(target: &mut Target, plain: &mut bool, deadline: Moment) -> Result<Connection, Failure> {
    let password = (target.password)().map_err(Failure::NoPassword)?;
    let encrypt = match target.tls {
        Tls::Disabled => false,
        Tls::Preferred => !*plain,
        Tls::Required | Tls::Verify { .. } => true,
    };
    let log_in = |encrypt: bool| {
        let tls = encrypt.then_some(&target.tls);
        Connection::open(
            &Login { address: target.address, user: &target.user, password: &password, tls },
            deadline,
        )
    };
    match log_in(encrypt) {
        Err(Fault::NoTls) if target.tls == Tls::Preferred => {
            *plain = true;
            log_in(false)
        }
        result => result,
    }
    .map_err(|fault| Failure::Client(Phase::Login, fault))
}
