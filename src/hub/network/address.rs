//! Addresses of the web: what one means seen from another, and whose they are.

use std::net::IpAddr;

use ureq::http::Uri;

/// Whether `uri` is one that can be asked.
pub(super) fn is_web(uri: &Uri) -> bool {
    matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
}

/// Whether `uri` is of this machine.
pub(super) fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Scheme, host and port: what must agree for a token to be sent.
pub(super) fn origin(uri: &Uri) -> (String, String, u16) {
    let scheme = uri.scheme_str().unwrap_or_default().to_lowercase();
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    (scheme, uri.host().unwrap_or_default().to_lowercase(), port)
}

/// The address that `location` means, seen from `base` (RFC 3986, section 5, without dot segments).
pub(super) fn join(base: &Uri, location: &str) -> Option<Uri> {
    let location = location.split('#').next().unwrap_or_default();
    let scheme = base.scheme_str()?;
    let authority = base.authority()?;
    let path = base.path();
    let is_absolute = location.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    });
    let target = if location.is_empty() {
        return None;
    } else if is_absolute {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.starts_with('?') {
        format!("{scheme}://{authority}{path}{location}")
    } else {
        let folder = path.rfind('/').map_or("/", |slash| &path[..=slash]);
        format!("{scheme}://{authority}{folder}{location}")
    };
    target.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_location_is_joined() {
        let base: Uri = "http://hub.test:8080/org/name/resolve/main/config.json?x=1".parse().unwrap();
        let joined = |location: &str| join(&base, location).map(|uri| uri.to_string());
        assert_eq!(joined("https://cdn.test/a?b=c#d").unwrap(), "https://cdn.test/a?b=c");
        assert_eq!(joined("//cdn.test/a").unwrap(), "http://cdn.test/a");
        assert_eq!(joined("/api/cache/a:b").unwrap(), "http://hub.test:8080/api/cache/a:b");
        assert_eq!(joined("other.json").unwrap(), "http://hub.test:8080/org/name/resolve/main/other.json");
        assert_eq!(joined("?y=2").unwrap(), "http://hub.test:8080/org/name/resolve/main/config.json?y=2");
        assert_eq!(joined(""), None);
        assert!(!is_web(&join(&base, "file:///etc/passwd").unwrap_or_default()));
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let at = |url: &str| origin(&url.parse().unwrap());
        assert_eq!(at("https://Hub.test/a"), at("https://hub.test:443/b"));
        assert_ne!(at("https://hub.test"), at("http://hub.test"));
        assert_ne!(at("http://hub.test:1"), at("http://hub.test:2"));
        assert_ne!(at("https://hub.test"), at("https://hub.test.evil.test"));
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        let loopback = |url: &str| is_loopback(&url.parse().unwrap());
        assert!(["http://localhost:1", "http://127.0.0.1", "http://[::1]:9/x"].into_iter().all(loopback));
        assert!(!["https://huggingface.co", "http://127.0.0.1.test"].into_iter().any(loopback));
    }
}
