//! Requests: redirects followed by hand so that a token never leaves the server it is for, and failures sorted by what
//! can be done about them. Nothing here knows what a model is.

use std::io::{self, Read};
use std::time::Duration;

use ureq::http::{HeaderMap, Response, StatusCode, Uri, header};
use ureq::{Agent, Body};

use super::address::{is_loopback, is_web, join, origin};
use crate::hub::options::Hub;

/// As many as a browser follows.
const MAX_REDIRECTS: usize = 10;
/// More than any list of revisions takes.
const MAX_JSON_BYTES: u64 = 16 << 20;
/// Longest that a server's wish to be asked later is followed.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Why a request brought nothing.
#[derive(Debug)]
pub(in crate::hub) enum Failure {
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
pub(in crate::hub) struct Refusal {
    pub(in crate::hub) status: u16,
    /// The Hub's word for it: `RepoNotFound`, `GatedRepo`, `RevisionNotFound`, `EntryNotFound`.
    pub(in crate::hub) code: Option<String>,
    pub(in crate::hub) message: Option<String>,
}

/// What the server says of a file before sending it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::hub) struct Remote {
    pub(in crate::hub) commit: String,
    /// The file's hash, which is its name in the cache.
    pub(in crate::hub) etag: String,
    pub(in crate::hub) size: Option<u64>,
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

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask<'a> {
    Head,
    Get { range: Option<&'a str>, validator: Option<&'a str> },
}

/// Asks one server on behalf of one user.
pub(in crate::hub) struct Client {
    agent: Agent,
    endpoint: Uri,
    token: Option<String>,
}

impl Client {
    /// A client for the endpoint of `hub`, which must be an address of the web.
    pub(in crate::hub) fn new(hub: &Hub) -> Option<Self> {
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
    pub(in crate::hub) fn describe(&self, url: &str) -> Result<Remote, Failure> {
        let mut uri = parse(url)?;
        let (mut commit, mut linked_etag, mut linked_size) = (None, None, None);
        let mut ask = Ask::Head;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send(ask, &uri)?;
            // Some servers know no HEAD.
            if ask == Ask::Head && [405, 501].contains(&response.status().as_u16()) {
                ask = Ask::Get { range: Some("bytes=0-0"), validator: None };
                continue;
            }
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
            let etag = linked_etag.or_else(|| text(headers, "etag"));
            let size = linked_size.or_else(|| match response.status().as_u16() {
                206 => content_range(&text(headers, "content-range")?)?.1,
                200 => number(headers, "content-length"),
                _ => None,
            });
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
    pub(in crate::hub) fn json(&self, url: &str) -> Result<serde_json::Value, Failure> {
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
            let response = self.send(Ask::Get { range, validator }, &uri)?;
            match redirect(&uri, &response)? {
                Some(target) => uri = target,
                None => return accept(&response).map(|()| response),
            }
        }
        Err(Failure::Malformed(format!("more than {MAX_REDIRECTS} redirects")))
    }

    /// One request, one answer. The token goes to the endpoint alone.
    fn send(&self, ask: Ask<'_>, uri: &Uri) -> Result<Response<Body>, Failure> {
        let mut request = match ask {
            Ask::Head => self.agent.head(uri),
            Ask::Get { .. } => self.agent.get(uri),
        };
        if let Some(token) = self.token.as_ref().filter(|_| origin(uri) == origin(&self.endpoint)) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Ask::Get { range: Some(range), validator } = ask {
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
