//! Proving that we know the password, in the way that the server asks for.

use super::answer::{OK, answered};
use super::fault::Fault;
use super::packets::Packets;
use super::wire::Wire;
use mysql_common::crypto;
use mysql_common::packets::AuthPlugin;

/// What the server's packets begin with.
const SWITCH: u8 = 0xfe;
const MORE: u8 = 0x01;
/// What `caching_sha2_password` says: it knew us; it has to see the password itself.
const KNOWN: u8 = 3;
const WHOLE: u8 = 4;
/// And what it is asked: for its public key.
const GIVE_KEY: u8 = 2;
/// The longest public key taken, bytes: one of 8,192 bits has 1,400. With a longer one it would take hours.
const LONGEST_KEY: usize = 4096;
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
        match answered(packets)? {
            [OK, ..] => return Ok(()),
            [SWITCH] => return Err(Fault::Plugin("mysql_old_password".into())),
            [SWITCH, wanted @ ..] => {
                proof = another(wanted)?;
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

/// The way the server wants it instead: the plugin's name, a zero, and a nonce.
fn another(wanted: &[u8]) -> Result<Proof<'static>, Fault> {
    let name = wanted.iter().position(|byte| *byte == 0);
    let name = name.ok_or_else(|| Fault::senseless("a wish for another plugin that breaks off"))?;
    let (plugin, nonce) = (AuthPlugin::from_bytes(&wanted[..name]).into_owned(), &wanted[name + 1..]);
    let nonce = match (&plugin, nonce) {
        // MariaDB sends 32 bytes of chance, the last of which may be zero.
        (AuthPlugin::Ed25519, nonce) => nonce,
        (AuthPlugin::MysqlNativePassword | AuthPlugin::CachingSha2Password, [nonce @ .., 0] | nonce) => nonce,
        // The others would give the password away, to whoever listens.
        _ => return Err(Fault::Plugin(String::from_utf8_lossy(plugin.as_bytes()).into_owned())),
    };
    Ok(Proof { plugin, nonce: nonce.to_vec() })
}

/// The password itself: as it is where nobody can listen, else under the server's public key.
fn show(packets: &mut Packets<Wire>, proof: &Proof<'_>, password: &str) -> Result<(), Fault> {
    let mut whole = [password.as_bytes(), &[0]].concat();
    if packets.stream.is_encrypted() {
        return packets.send(&whole);
    }
    packets.send(&[GIVE_KEY])?;
    let key = match answered(packets)? {
        [MORE, key @ ..] if key.len() <= LONGEST_KEY => key,
        _ => return Err(Fault::senseless("no public key")),
    };
    whole.iter_mut().zip(proof.nonce.iter().cycle()).for_each(|(byte, nonce)| *byte ^= nonce);
    let hidden = crypto::encrypt(&whole, key);
    packets.send(&hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce(plugin: &str, sent: &[u8]) -> usize {
        let wanted = [plugin.as_bytes(), &[0], sent].concat();
        another(&wanted).map_or(0, |proof| proof.nonce.len())
    }

    #[test]
    fn a_zero_at_the_end_of_a_nonce_is_a_part_of_it_for_ed25519_alone() {
        assert_eq!(nonce("client_ed25519", &[[7; 31].as_slice(), &[0]].concat()), 32);
        for plugin in ["mysql_native_password", "caching_sha2_password"] {
            assert_eq!(nonce(plugin, &[[7; 20].as_slice(), &[0]].concat()), 20);
            assert_eq!(nonce(plugin, &[7; 20]), 20);
        }
    }

    #[test]
    fn what_would_give_the_password_away_is_not_spoken() {
        for plugin in ["mysql_clear_password", "dialog", "sha256_password"] {
            let wanted = format!("{plugin}\0salt");
            assert!(matches!(another(wanted.as_bytes()), Err(Fault::Plugin(name)) if name == plugin));
        }
        assert!(matches!(another(b"no end"), Err(Fault::Senseless(_))));
    }
}
