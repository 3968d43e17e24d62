//! Hosts that are reached without a proxy: `NO_PROXY`.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::domain::BaseUrl;

/// Whether one of `exceptions` is for this server. They are parted by commas or blanks: a name with all below it (`corp`,
/// `.corp` and `*.corp` are the same), an address, a network (`10.0.0.0/8`), each with a port or without, or `*` for every
/// host. As curl reads it, and besides it what other programs allow (`*.corp`, ports).
pub(crate) fn excepts(exceptions: &str, base: &BaseUrl) -> bool {
    let (name, port) = (plain(base.name()), base.port());
    let mut exceptions = exceptions.split(|c: char| c == ',' || c.is_whitespace()).filter(|text| !text.is_empty());
    match name.parse::<IpAddr>() {
        Ok(address) => exceptions.any(|exception| is_for_address(exception, address, port)),
        Err(_) => exceptions.any(|exception| is_for_name(exception, &name, port)),
    }
}

fn is_for_address(exception: &str, address: IpAddr, port: u16) -> bool {
    if exception == "*" || exception.parse::<IpNet>().is_ok_and(|network| network.contains(&address)) {
        return true;
    }
    // An IPv6 address has colons of its own: with a port it is in brackets.
    if plain(exception).parse() == Ok(address) {
        return true;
    }
    with_port(exception).is_some_and(|(host, its)| its == port && plain(host).parse() == Ok(address))
}

fn is_for_name(exception: &str, name: &str, port: u16) -> bool {
    let (host, its) = with_port(exception).map_or((exception, port), |(host, its)| (host, its));
    let host = plain(host);
    let host = host.strip_prefix('*').unwrap_or(&host);
    let host = host.strip_prefix('.').unwrap_or(host);
    let is_below = || name.strip_suffix(host).is_some_and(|rest| rest.ends_with('.'));
    its == port && (exception.starts_with('*') && host.is_empty() || !host.is_empty() && (name == host || is_below()))
}

fn with_port(exception: &str) -> Option<(&str, u16)> {
    let (host, port) = exception.rsplit_once(':')?;
    Some((host, port.parse().ok()?))
}

/// In small letters, without the brackets of IPv6 and without the dot of a full name.
fn plain(host: &str) -> String {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_counts() {
        for (exceptions, base, is_excepted) in [
            ("keys.corp", "https://keys.corp", true),
            ("KEYS.Corp.", "https://keys.corp", true),
            ("corp", "https://keys.corp", true),
            (".corp", "https://keys.corp", true),
            ("*.corp", "https://keys.corp", true),
            ("*.corp", "https://keys.corp.example", false),
            ("corp", "https://keys.mycorp", false),
            ("*", "https://keys.corp", true),
            ("*:8443", "https://keys.corp", false),
            ("other,keys.corp", "https://keys.corp", true),
            ("other keys.corp", "https://keys.corp", true),
            (" other ,\tkeys.corp ", "https://keys.corp", true),
            ("keys.corp:443", "https://keys.corp", true),
            ("keys.corp:8443", "https://keys.corp:8443", true),
            ("keys.corp:8443", "https://keys.corp", false),
            ("*.corp:8443", "https://keys.corp:8443", true),
            ("keys.corp", "https://keys.corp:8443", true),
            ("192.0.2.7", "https://192.0.2.7", true),
            ("192.0.2.7:443", "https://192.0.2.7", true),
            ("192.0.2.7:444", "https://192.0.2.7", false),
            ("192.0.2.0/24", "https://192.0.2.7", true),
            ("192.0.2.0/24", "https://192.0.3.7", false),
            ("0.2.7", "https://192.0.2.7", false),
            ("2001:db8::7", "https://[2001:db8::7]", true),
            ("[2001:db8::7]", "https://[2001:db8::7]:8443", true),
            ("[2001:DB8:0::7]:8443", "https://[2001:db8::7]:8443", true),
            ("[2001:db8::7]:8443", "https://[2001:db8::7]", false),
            ("2001:db8::/32", "https://[2001:db8::7]", true),
            ("fe80::/10", "https://[2001:db8::7]", false),
            ("*", "https://192.0.2.7", true),
            ("", "https://keys.corp", false),
            (".", "https://keys.corp", false),
            (",, ", "https://keys.corp", false),
        ] {
            let server = BaseUrl::parse(base).unwrap().0;
            assert_eq!(excepts(exceptions, &server), is_excepted, "{exceptions:?} {base}");
        }
    }
}
