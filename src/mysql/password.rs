//! Proving that we know the password, in the way that the server asks for.

use super::answer::{ERROR, OK, refusal};
use super::fault::Fault;
use super::packets::Packets;
use super::wire::Wire;
use mysql_common::crypto;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{AuthPlugin, AuthSwitchRequest};

/// What the server's packets begin with.
const SWITCH: u8 = 0xfe;
const MORE: u8 = 0x01;
/// What `caching_sha2_password` says: it knew us; it has to see the password itself.
const KNOWN: u8 = 3;
const WHOLE: u8 = 4;
/// And what it is asked: for its public key.
const GIVE_KEY: u8 = 2;
/// A server asks for less before it lets us in, or does not.
const MOST_PACKETS: usize = 8;

/// A way to prove it, and what the server wants it to be proved with.
pub(super) struct Proof<'a> {
    pub(super) plugin: AuthPlugin<'a>,
    pub(super) nonce: Vec<u8>,
}

impl Proof<'_> {
    /// What is sent for this password; empty where there is none.
    pub(super) fn of(&self, password: &str) -> Vec<u8> {
        self.plugin.gen_data(Some(password), &self.nonce).map_or(Vec::new(), |proof| proof.to_vec())
    }
}

/// Answers until the server lets us in. `proof` has been sent already.
pub(super) fn prove(
    packets: &mut Packets<Wire>,
    mut proof: Proof<'static>,
    password: &str,
) -> Result<(), Fault> {
    for _ in 0..MOST_PACKETS {
        match packets.next()? {
            [OK, ..] => return Ok(()),
            error @ [ERROR, ..] => return Err(refusal(error)),
            [SWITCH] => return Err(Fault::Plugin("mysql_old_password".into())),
            switch @ [SWITCH, ..] => {
                proof = another(switch)?;
                packets.send(&proof.of(password))?;
            }
            [MORE, KNOWN] => {}
            [MORE, WHOLE] if proof.plugin == AuthPlugin::CachingSha2Password => {
                show(packets, &proof, password)?
            }
            _ => break,
        }
    }
    Err(Fault::senseless("what comes is no end of a login"))
}

/// The way the server wants it instead.
fn another(packet: &[u8]) -> Result<Proof<'static>, Fault> {
    let request = ParseBuf(packet).parse::<AuthSwitchRequest>(());
    let request = request.map_err(|_| Fault::senseless("a wish for another plugin that breaks off"))?;
    let plugin = request.auth_plugin().into_owned();
    match plugin {
        AuthPlugin::MysqlNativePassword | AuthPlugin::CachingSha2Password | AuthPlugin::Ed25519 => {
            Ok(Proof { plugin, nonce: request.plugin_data().to_vec() })
        }
        // The others would give the password away, to whoever listens.
        _ => Err(Fault::Plugin(String::from_utf8_lossy(plugin.as_bytes()).into_owned())),
    }
}

/// The password itself: as it is where nobody can listen, else under the server's public key.
fn show(packets: &mut Packets<Wire>, proof: &Proof<'_>, password: &str) -> Result<(), Fault> {
    let mut whole = [password.as_bytes(), &[0]].concat();
    if packets.stream.is_encrypted() {
        return packets.send(&whole);
    }
    packets.send(&[GIVE_KEY])?;
    let [MORE, key @ ..] = packets.next()? else { return Err(Fault::senseless("no public key")) };
    whole.iter_mut().zip(proof.nonce.iter().cycle()).for_each(|(byte, nonce)| *byte ^= nonce);
    let hidden = crypto::encrypt(&whole, key);
    packets.send(&hidden)
}
