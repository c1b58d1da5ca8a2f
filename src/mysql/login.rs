//! From the server's greeting to the moment it lets us in.

use super::fault::Fault;
use super::greeting::greeting;
use super::packets::{MAX_PACKET, Packets};
use super::password::{Proof, prove};
use super::wire::Wire;
use crate::config::Tls;
use mysql_common::constants::CapabilityFlags;
use mysql_common::packets::{AuthPlugin, HandshakePacket, HandshakeResponse, SslRequest};
use mysql_common::proto::MySerialize;
use rustls::ClientConnection;
use std::collections::HashMap;
use std::net::SocketAddr;

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
    let greeting = greeting(packets)?;
    if !greeting.capabilities().contains(NEEDED) {
        return Err(Fault::senseless("a greeting of before MySQL 5.7"));
    }
    enter(packets, &greeting, login, session)?;
    Ok(greeting.server_version_str().into_owned())
}

/// The same, once it has greeted.
pub(super) fn enter(
    packets: &mut Packets<Wire>,
    greeting: &HandshakePacket<'static>,
    login: &Login<'_>,
    session: Option<ClientConnection>,
) -> Result<(), Fault> {
    let mut capabilities = NEEDED | (WISHED & greeting.capabilities());
    if let Some(session) = session {
        if !greeting.capabilities().contains(CapabilityFlags::CLIENT_SSL) {
            return Err(Fault::NoTls);
        }
        capabilities |= CapabilityFlags::CLIENT_SSL;
        encrypt(packets, capabilities, session)?;
    }
    let proof = first(greeting);
    packets.send(&response(login, capabilities, &proof))?;
    prove(packets, proof, login.password)
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
