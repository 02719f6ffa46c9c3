//! A session as a service of DNS-SD, and back.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use exchange_core::{
    SessionId,
    discovery::{PeerRecord, SERVICE_TYPE, host_name, instance_name, instance_session},
};
use mdns_sd::{ResolvedService, ScopedIp, ServiceInfo};

/// The name of a session's service, with its type.
pub(super) fn fullname(session: SessionId) -> String {
    format!("{}.{SERVICE_TYPE}", instance_name(session))
}

/// The service that announces a session.
pub(super) fn announced(record: &PeerRecord) -> mdns_sd::Result<ServiceInfo> {
    let (instance, host) = (instance_name(record.session), host_name(record.session));
    let addresses: Vec<IpAddr> =
        record.addresses.iter().map(SocketAddr::ip).filter(|ip| !ip.is_unspecified()).collect();
    let txt = record.to_txt();
    let mut service = ServiceInfo::new(SERVICE_TYPE, &instance, &host, &addresses[..], record.port, &txt[..])?;
    // The instance is named by a random id: to ask first whether somebody has that name would cost a second.
    service.set_requires_probe(false);
    Ok(if addresses.is_empty() { service.enable_addr_auto() } else { service })
}

/// The session that a service is, if it is one.
pub(super) fn found(service: &ResolvedService) -> Option<PeerRecord> {
    let txt = service.txt_properties.iter().map(|property| (property.key(), property.val().unwrap_or_default()));
    let mut record = PeerRecord::from_txt(txt, service.port)
        .inspect_err(|error| tracing::debug!(instance = service.fullname, %error, "not a session"))
        .ok()?;
    if instance_session(&service.fullname) != Some(record.session) {
        tracing::debug!(instance = service.fullname, session = %record.session, "announced under another's name");
        return None;
    }
    record.addresses = service.addresses.iter().map(|ip| address(ip, service.port)).collect();
    Some(record)
}

fn address(ip: &ScopedIp, port: u16) -> SocketAddr {
    match ip {
        // The same link-local address may exist on every network that this machine is in.
        ScopedIp::V6(ip) if ip.addr().is_unicast_link_local() => {
            SocketAddrV6::new(*ip.addr(), port, 0, ip.scope_id().index).into()
        }
        ip => SocketAddr::new(ip.to_ip_addr(), port),
    }
}
