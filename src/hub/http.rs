//! Requests: redirects followed by hand so that a token never leaves the server it is for, and failures sorted by what
//! can be done about them. Nothing here knows what a model is.

use std::io::{self, Read};
use std::net::IpAddr;
use std::time::Duration;

use ureq::http::{HeaderMap, Response, StatusCode, Uri, header};
use ureq::{Agent, Body};

use super::options::Hub;

/// As many as a browser follows.
const MAX_REDIRECTS: usize = 10;
/// More than any list of revisions takes.
const MAX_JSON_BYTES: u64 = 16 << 20;
/// Longest that a server's wish to be asked later is followed.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Why a request brought nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection could be made: there is no network, or no such server.
    Unreachable(String),
    /// The connection broke, stalled, or the server is busy: worth another try, after a while if the server says so.
    Passing { what: String, wait: Option<Duration> },
    /// The server answered and said no.
    Refused(Refusal),
    /// The answer makes no sense.
    Malformed(String),
}

/// What the server said with its no.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// The Hub's word for it: `RepoNotFound`, `GatedRepo`, `RevisionNotFound`, `EntryNotFound`.
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
}

/// What the server says of a file before sending it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remote {
    pub(super) commit: String,
    /// The file's hash, which is its name in the cache.
    pub(super) etag: String,
    pub(super) size: Option<u64>,
}

/// The bytes of a file from some offset on.
pub(super) struct Stream {
    pub(super) reader: Box<dyn Read>,
    /// Where in the file the bytes begin: 0 when the server sends all of it.
    pub(super) offset: u64,
    /// The size of the whole file, if the answer says so.
    pub(super) size: Option<u64>,
    /// What tells this content from another under the same address.
    pub(super) validator: Option<String>,
}

/// Asks one server on behalf of one user.
pub(super) struct Client {
    agent: Agent,
    endpoint: Uri,
    token: Option<String>,
}

impl Client {
    /// A client for the endpoint of `hub`, which must be an address of the web.
    pub(super) fn new(hub: &Hub) -> Option<Self> {
        let endpoint: Uri = hub.endpoint.parse().ok().filter(is_web)?;
        let timeout = Some(hub.patience.timeout);
        let config = Agent::config_builder()
            // A proxy cannot reach this machine's own servers.
            .proxy(hub.proxy.clone().filter(|_| !is_loopback(&endpoint)))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_resolve(timeout)
            .timeout_connect(timeout)
            .timeout_recv_response(timeout)
            .timeout_per_read(timeout)
            .accept_encoding("identity")
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .build();
        Some(Self { agent: config.new_agent(), endpoint, token: hub.token.clone() })
    }

    /// What the server knows of the file at `url`.
    pub(super) fn describe(&self, url: &str) -> Result<Remote, Failure> {
        let mut uri = parse(url)?;
        let (mut commit, mut linked_etag, mut linked_size) = (None, None, None);
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send(true, &uri, None, None)?;
            let headers = response.headers();
            commit = text(headers, "x-repo-commit").or(commit);
            linked_etag = text(headers, "x-linked-etag").or(linked_etag);
            linked_size = number(headers, "x-linked-size").or(linked_size);
            let target = redirect(&uri, &response)?;
            // A storage server knows neither commit nor hash: stop at its door once the Hub has told both.
            let told = commit.is_some() && linked_etag.is_some();
            if let Some(target) = target.filter(|target| !told || origin(target) == origin(&uri)) {
                uri = target;
                continue;
            }
            if !response.status().is_redirection() {
                accept(&response)?;
            }
            let whole = response.status().is_success();
            let etag = linked_etag.or_else(|| text(headers, "etag"));
            let size = linked_size.or_else(|| number(headers, "content-length").filter(|_| whole));
            let etag = etag.ok_or_else(|| Failure::Malformed("the answer has no ETag".to_owned()))?;
            let commit =
                commit.ok_or_else(|| Failure::Malformed("the answer has no X-Repo-Commit".to_owned()))?;
            return Ok(Remote { commit, etag: bare_etag(&etag).to_owned(), size });
        }
        Err(Failure::Malformed(format!("more than {MAX_REDIRECTS} redirects")))
    }

    /// The bytes of the file at `url` from `offset` on, provided that it is still the content of `validator`; else from
    /// its beginning.
    pub(super) fn open(&self, url: &str, offset: u64, validator: Option<&str>) -> Result<Stream, Failure> {
        let range = (offset > 0).then(|| format!("bytes={offset}-"));
        let response = self.get(url, range.as_deref(), validator)?;
        let headers = response.headers();
        if let Some(encoding) = text(headers, "content-encoding").filter(|encoding| encoding != "identity") {
            return Err(Failure::Malformed(format!(
                "the file comes encoded as {encoding}, which was not asked for"
            )));
        }
        let validator = text(headers, "etag").filter(|etag| etag.starts_with('"'));
        let (offset, size) = if response.status() == StatusCode::PARTIAL_CONTENT {
            let range = text(headers, "content-range").unwrap_or_default();
            let range = content_range(&range)
                .ok_or_else(|| Failure::Malformed(format!("`Content-Range: {range}` is no range")))?;
            if range.0 != offset {
                return Err(Failure::Malformed(format!(
                    "bytes from {offset} on were asked for, those from {} came",
                    range.0
                )));
            }
            range
        } else {
            (0, number(headers, "content-length"))
        };
        let reader = response.into_body().into_with_config().limit(u64::MAX).reader();
        Ok(Stream { reader: Box::new(reader), offset, size, validator })
    }

    /// The JSON at `url`.
    pub(super) fn json(&self, url: &str) -> Result<serde_json::Value, Failure> {
        let mut bytes = Vec::new();
        let response = self.get(url, None, None)?;
        let body =
            response.into_body().into_with_config().limit(MAX_JSON_BYTES).reader().read_to_end(&mut bytes);
        body.map_err(broken)?;
        serde_json::from_slice(&bytes).map_err(|error| Failure::Malformed(format!("not JSON: {error}")))
    }

    /// A successful answer to a GET, wherever redirects lead.
    fn get(
        &self,
        url: &str,
        range: Option<&str>,
        validator: Option<&str>,
    ) -> Result<Response<Body>, Failure> {
        let mut uri = parse(url)?;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send(false, &uri, range, validator)?;
            match redirect(&uri, &response)? {
                Some(target) => uri = target,
                None => return accept(&response).map(|()| response),
            }
        }
        Err(Failure::Malformed(format!("more than {MAX_REDIRECTS} redirects")))
    }

    /// One request, one answer. The token goes to the endpoint alone.
    fn send(
        &self,
        head: bool,
        uri: &Uri,
        range: Option<&str>,
        validator: Option<&str>,
    ) -> Result<Response<Body>, Failure> {
        let mut request = if head { self.agent.head(uri) } else { self.agent.get(uri) };
        if let Some(token) = self.token.as_ref().filter(|_| origin(uri) == origin(&self.endpoint)) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(range) = range {
            request = request.header(header::RANGE, range);
            if let Some(validator) = validator {
                request = request.header(header::IF_RANGE, validator);
            }
        }
        request.call().map_err(|error| sort(error, uri))
    }
}

/// The address that an answer sends on to, if it does.
fn redirect(from: &Uri, response: &Response<Body>) -> Result<Option<Uri>, Failure> {
    let status = response.status().as_u16();
    if ![301, 302, 303, 307, 308].contains(&status) {
        return Ok(None);
    }
    let location = text(response.headers(), "location")
        .ok_or_else(|| Failure::Malformed("a redirect that does not say where to".to_owned()))?;
    let target = join(from, &location).filter(is_web);
    target
        .map(Some)
        .ok_or_else(|| Failure::Malformed(format!("a redirect to `{}`", location.escape_default())))
}

/// Sorts an answer by its status.
fn accept(response: &Response<Body>) -> Result<(), Failure> {
    let status = response.status();
    let headers = response.headers();
    match status.as_u16() {
        200 | 206 => Ok(()),
        408 | 429 | 500 | 502 | 503 | 504 => {
            let wait = number(headers, "retry-after").map(Duration::from_secs);
            let what = format!("the server answers {status}");
            match wait {
                Some(wait) if wait > MAX_WAIT => Err(Failure::Malformed(format!(
                    "{what} and asks to be left alone for {} s",
                    wait.as_secs()
                ))),
                _ => Err(Failure::Passing { what, wait }),
            }
        }
        _ => Err(Failure::Refused(Refusal {
            status: status.as_u16(),
            code: text(headers, "x-error-code"),
            message: text(headers, "x-error-message"),
        })),
    }
}

/// Sorts an error of the connection.
fn sort(error: ureq::Error, uri: &Uri) -> Failure {
    use ureq::Error as E;
    match error {
        E::HostNotFound => {
            Failure::Unreachable(format!("there is no host {}", uri.host().unwrap_or_default()))
        }
        E::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
            Failure::Unreachable("no connection in time".to_owned())
        }
        E::Timeout(_) => Failure::Passing { what: "the server sends nothing".to_owned(), wait: None },
        E::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::TimedOut
            | io::ErrorKind::WouldBlock
            | io::ErrorKind::Interrupted => {
                Failure::Passing { what: "the connection broke".to_owned(), wait: None }
            }
            _ => Failure::Unreachable(error.to_string()),
        },
        E::Protocol(_) | E::BadUri(_) | E::Http(_) | E::LargeResponseHeader(..) => {
            Failure::Malformed(error.to_string())
        }
        _ => Failure::Unreachable(error.to_string()),
    }
}

/// Sorts an error that comes up while a body is read.
pub(super) fn broken(error: io::Error) -> Failure {
    match ureq::Error::from(error) {
        ureq::Error::Timeout(_) => {
            Failure::Passing { what: "the server stopped sending".to_owned(), wait: None }
        }
        ureq::Error::Protocol(error) => Failure::Passing { what: error.to_string(), wait: None },
        ureq::Error::BodyExceedsLimit(limit) => {
            Failure::Malformed(format!("the answer is longer than {limit} bytes"))
        }
        _ => Failure::Passing { what: "the connection broke".to_owned(), wait: None },
    }
}

fn parse(url: &str) -> Result<Uri, Failure> {
    url.parse().map_err(|error| Failure::Malformed(format!("`{url}` is no address: {error}")))
}

fn is_web(uri: &Uri) -> bool {
    matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Scheme, host and port: what must agree for a token to be sent.
fn origin(uri: &Uri) -> (String, String, u16) {
    let scheme = uri.scheme_str().unwrap_or_default().to_lowercase();
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    (scheme, uri.host().unwrap_or_default().to_lowercase(), port)
}

/// The address that `location` means, seen from `base` (RFC 3986, section 5, without dot segments).
fn join(base: &Uri, location: &str) -> Option<Uri> {
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

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned()).filter(|value| !value.is_empty())
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.parse().ok()
}

/// `W/"hash"` and `"hash"` without their dress.
fn bare_etag(etag: &str) -> &str {
    etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"')
}

/// Start and total of `bytes 5-9/10`; no total for `bytes 5-9/*`.
fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = value.strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let (start, end): (u64, u64) = (start.trim().parse().ok()?, end.trim().parse().ok()?);
    let total = match total.trim() {
        "*" => None,
        total => Some(total.parse::<u64>().ok()?),
    };
    (start <= end && total.is_none_or(|total| end < total)).then_some((start, total))
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

    #[test]
    fn headers_are_read_with_suspicion() {
        assert_eq!(bare_etag("W/\"abc\""), "abc");
        assert_eq!(bare_etag("\"abc\""), "abc");
        assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(content_range("bytes 5-9/*"), Some((5, None)));
        for bad in ["", "bytes", "bytes 9-5/10", "bytes 5-10/10", "bytes -5/10", "bytes */10", "items 0-1/2"]
        {
            assert_eq!(content_range(bad), None, "{bad}");
        }
    }
}
