//! From the server's greeting to the moment it lets us in.

use super::answer::answered;
use super::fault::Fault;
use super::packets::{MAX_PACKET, Packets};
use super::password::{Proof, prove};
use super::wire::Wire;
use crate::config::Tls;
use mysql_common::constants::CapabilityFlags;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{AuthPlugin, HandshakePacket, HandshakeResponse, SslRequest};
use mysql_common::proto::MySerialize;
use rustls::ClientConnection;
use std::collections::HashMap;
use std::net::SocketAddr;

/// The protocol's version: the only one there is.
const PROTOCOL: u8 = 10;
/// From the end of the version to the length of the nonce, bytes: connection, half the nonce, capabilities, collation, status.
const TO_NONCE_LENGTH: usize = 21;
/// utf8mb4_general_ci, which every server knows.
const UTF8MB4: u8 = 45;
/// From it on there is utf8mb4.
const WITH_UTF8MB4: (u16, u16, u16) = (5, 5, 3);
/// What a server must offer; all have since 5.7.
const NEEDED: CapabilityFlags = CapabilityFlags::CLIENT_PROTOCOL_41
    .union(CapabilityFlags::CLIENT_SECURE_CONNECTION)
    .union(CapabilityFlags::CLIENT_PLUGIN_AUTH);
/// What else is asked for, of those that it offers. Not among it: sending files.
const WISHED: CapabilityFlags = CapabilityFlags::CLIENT_LONG_PASSWORD
    .union(CapabilityFlags::CLIENT_TRANSACTIONS)
    .union(CapabilityFlags::CLIENT_MULTI_STATEMENTS)
    .union(CapabilityFlags::CLIENT_MULTI_RESULTS)
    .union(CapabilityFlags::CLIENT_CONNECT_ATTRS);

/// Who logs in, where, and how.
pub(crate) struct Login<'a> {
    /// The server.
    pub(crate) address: SocketAddr,
    /// The account's name.
    pub(crate) user: &'a str,
    /// Its password.
    pub(crate) password: &'a str,
    /// How the connection is encrypted; `None`: not at all.
    pub(crate) tls: Option<&'a Tls>,
}

/// Logs in, over TLS where there is a session for it; the version that the server greeted with.
pub(super) fn log_in(
    packets: &mut Packets<Wire>,
    login: &Login<'_>,
    session: Option<ClientConnection>,
) -> Result<String, Fault> {
    let greeting = greeting(answered(packets)?)?;
    let mut capabilities = NEEDED | (WISHED & greeting.capabilities());
    if let Some(session) = session {
        if !greeting.capabilities().contains(CapabilityFlags::CLIENT_SSL) {
            return Err(Fault::NoTls);
        }
        capabilities |= CapabilityFlags::CLIENT_SSL;
        encrypt(packets, capabilities, session)?;
    }
    let proof = first(&greeting);
    packets.send(&response(login, capabilities, &proof))?;
    prove(packets, proof, login.password)?;
    Ok(greeting.server_version_str().into_owned())
}

fn greeting(packet: &[u8]) -> Result<HandshakePacket<'static>, Fault> {
    if packet.first() != Some(&PROTOCOL) {
        return Err(Fault::senseless("no greeting"));
    }
    // The library adds and subtracts there with seven bits.
    let version = packet.iter().position(|byte| *byte == 0);
    let nonce = version.and_then(|end| packet.get(end + TO_NONCE_LENGTH));
    if nonce.is_none_or(|length| *length > i8::MAX as u8) {
        return Err(Fault::senseless("a greeting that breaks off"));
    }
    let greeting = ParseBuf(packet).parse::<HandshakePacket>(());
    let greeting = greeting.map_err(|_| Fault::senseless("a greeting that breaks off"))?.into_owned();
    match greeting.capabilities().contains(NEEDED) {
        true => Ok(greeting),
        false => Err(Fault::senseless("a greeting of before MySQL 5.7")),
    }
}

fn encrypt(
    packets: &mut Packets<Wire>,
    capabilities: CapabilityFlags,
    session: ClientConnection,
) -> Result<(), Fault> {
    packets.send(&bytes(&SslRequest::new(capabilities, MAX_PACKET as u32, UTF8MB4)))?;
    if !packets.rest() {
        // Somebody in between could have said it, to be taken for the server later.
        return Err(Fault::senseless("more than a greeting before TLS"));
    }
    packets.stream.encrypt(session)
}

/// What it is proved with first: as the server would like it, unless it has a plugin that few accounts use.
fn first(greeting: &HandshakePacket<'static>) -> Proof<'static> {
    let plugin = match greeting.auth_plugin() {
        Some(AuthPlugin::CachingSha2Password) => AuthPlugin::CachingSha2Password,
        _ => AuthPlugin::MysqlNativePassword,
    };
    Proof { plugin, nonce: greeting.nonce() }
}

fn response(login: &Login<'_>, capabilities: CapabilityFlags, proof: &Proof<'_>) -> Vec<u8> {
    let attributes = capabilities.contains(CapabilityFlags::CLIENT_CONNECT_ATTRS).then(attributes);
    bytes(&HandshakeResponse::new(
        Some(proof.of(login.password)),
        WITH_UTF8MB4,
        Some(login.user.as_bytes()),
        None::<&[u8]>,
        Some(proof.plugin.borrow()),
        capabilities,
        attributes,
        MAX_PACKET as u32,
    ))
}

/// What stands in performance_schema.session_connect_attrs.
fn attributes() -> HashMap<String, String> {
    let attributes = [
        ("program_name", "mpp"),
        ("_client_name", "mpp"),
        ("_client_version", env!("CARGO_PKG_VERSION")),
        ("_pid", &std::process::id().to_string()),
    ];
    attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn bytes(packet: &impl MySerialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.serialize(&mut bytes);
    bytes
}
