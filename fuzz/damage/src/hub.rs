//! Hubs that misbehave: each way ends in an outcome that a user can act on, and the token goes to the Hub's server alone.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::child::Probe;
use crate::report::Report;
use crate::server::{Request, Server, etag, head};

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const TOKEN: &str = "hf_secretsecretsecret";
pub const ID: &str = "org/model";

/// A file of the model.
pub struct Blob {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    pub large: bool,
    pub etag: String,
}

/// The files of the model that the program has inside.
pub fn blobs(assets: &Path) -> Vec<Blob> {
    ["config.json", "tokenizer.json", "model.safetensors"]
        .into_iter()
        .map(|name| {
            let bytes = fs::read(assets.join(name)).unwrap();
            let large = name.ends_with("safetensors");
            Blob { name, etag: etag(&bytes, large), bytes, large }
        })
        .collect()
}

/// What a mode does to the weights, or to everything.
type Answer = fn(&Request, &mut TcpStream, &Blob, &Context) -> std::io::Result<()>;

/// What a mode may need.
pub struct Context {
    /// Another server, which has no business with the token.
    other: String,
    /// How often the weights were asked for.
    asked: Mutex<usize>,
}

/// A way to misbehave, and how it is to end: `None` well, else with an error that says this.
struct Mode {
    name: &'static str,
    answer: Answer,
    ends: Option<&'static [&'static str]>,
}

fn headers(blob: &Blob) -> Vec<(&'static str, String)> {
    vec![("ETag", format!("\"{}\"", blob.etag)), ("X-Repo-Commit", COMMIT.to_owned())]
}

/// An answer as it should be, to a part of the file too.
pub fn well(request: &Request, stream: &mut TcpStream, blob: &Blob) -> std::io::Result<()> {
    let total = blob.bytes.len();
    let range = request.headers.get("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let mut headers = headers(blob);
    let (status, part) = match range {
        None => (200, &blob.bytes[..]),
        Some((first, last)) => {
            let first: usize = first.parse().unwrap_or(0);
            let last = last.parse().unwrap_or(total - 1).min(total - 1);
            if first >= total {
                return head(stream, 416, &headers);
            }
            headers.push(("Content-Range", format!("bytes {first}-{last}/{total}")));
            (206, &blob.bytes[first..=last])
        }
    };
    headers.push(("Content-Length", part.len().to_string()));
    head(stream, status, &headers)?;
    if request.method == "HEAD" { Ok(()) } else { stream.write_all(part) }
}

/// Whether these are the bytes of the weights.
fn weights(request: &Request, blob: &Blob) -> bool {
    request.method == "GET" && blob.large
}

/// As [`well`], but for the bytes of the weights, of which `what` says the headers beside the usual ones and the body.
fn body(stream: &mut TcpStream, blob: &Blob, more: &[(&'static str, String)], bytes: &[u8]) -> std::io::Result<()> {
    let mut all = headers(blob);
    all.extend(more.iter().cloned());
    head(stream, 200, &all)?;
    stream.write_all(bytes)
}

fn length(n: usize) -> [(&'static str, String); 1] {
    [("Content-Length", n.to_string())]
}

fn nth(context: &Context) -> usize {
    let mut asked = context.asked.lock().unwrap();
    *asked += 1;
    *asked
}

fn cut_at(request: &Request, stream: &mut TcpStream, blob: &Blob, at: usize) -> std::io::Result<()> {
    if !weights(request, blob) {
        return well(request, stream, blob);
    }
    let start: usize = request
        .headers
        .get("range")
        .and_then(|range| range.strip_prefix("bytes=")?.split('-').next()?.parse().ok())
        .unwrap_or(0);
    let total = blob.bytes.len();
    let mut all = headers(blob);
    all.push(("Content-Length", (total - start).to_string()));
    if start > 0 {
        all.push(("Content-Range", format!("bytes {start}-{}/{total}", total - 1)));
    }
    head(stream, if start > 0 { 206 } else { 200 }, &all)?;
    stream.write_all(&blob.bytes[start..(start + at).min(total)])
}

/// Stays silent until the other end is gone, for so long at most.
fn silence(seconds: u64) {
    thread::sleep(Duration::from_secs(seconds));
}

fn status(request: &Request, stream: &mut TcpStream, blob: &Blob, context: &Context, code: u16, after: &str, times: usize) -> std::io::Result<()> {
    if weights(request, blob) && nth(context) <= times {
        return head(stream, code, &[("Retry-After", after.to_owned()), ("Content-Length", "0".to_owned())]);
    }
    well(request, stream, blob)
}

const WRONG: &[&str] = &["hash", "bytes"];

#[rustfmt::skip]
const MODES: [Mode; 45] = [
    Mode { name: "as it should", ends: None, answer: |r, s, b, _| well(r, s, b) },
    Mode { name: "cut after each 1000 bytes of many", ends: None, answer: |r, s, b, _| cut_at(r, s, b, b.bytes.len() / 3 + 1) },
    Mode { name: "cut at the first byte", ends: Some(&["broke", "ended early"]), answer: |r, s, b, _| cut_at(r, s, b, 0) },
    Mode { name: "cut after a byte, always", ends: Some(&["broke", "ended early"]), answer: |r, s, b, _| cut_at(r, s, b, 1) },
    Mode { name: "cut once, then whole", ends: None, answer: |r, s, b, c| if weights(r, b) && nth(c) == 1 { cut_at(r, s, b, 5000) } else { well(r, s, b) } },
    Mode { name: "hangs up without an answer", ends: Some(&["broke", "connection"]), answer: |r, s, b, _| if weights(r, b) { Ok(()) } else { well(r, s, b) } },
    Mode { name: "hangs up at the first request", ends: Some(&["broke", "connection"]), answer: |_, _, _, _| Ok(()) },
    Mode { name: "stalls before the answer", ends: Some(&["sends nothing", "stopped", "time"]), answer: |r, s, b, _| { if weights(r, b) { silence(40); } well(r, s, b) } },
    Mode { name: "stalls in the middle", ends: Some(&["stopped", "nothing", "early", "broke"]), answer: |r, s, b, _| { if !weights(r, b) { return well(r, s, b); } body(s, b, &length(b.bytes.len()), &b.bytes[..3000])?; silence(40); Ok(()) } },
    Mode { name: "stalls once, then goes on", ends: None, answer: |r, s, b, c| { if weights(r, b) && nth(c) == 1 { body(s, b, &length(b.bytes.len()), &b.bytes[..3000])?; silence(40); return Ok(()); } well(r, s, b) } },
    Mode { name: "a byte a second", ends: Some(&["bytes a second", "slow"]), answer: |r, s, b, _| { if !weights(r, b) { return well(r, s, b); } body(s, b, &length(b.bytes.len()), &[])?; for byte in &b.bytes { s.write_all(&[*byte])?; silence(1); } Ok(()) } },
    Mode { name: "promises more than it sends", ends: Some(&["bytes", "early"]), answer: |r, s, b, _| if weights(r, b) { body(s, b, &length(b.bytes.len() + 100), &b.bytes) } else { well(r, s, b) } },
    Mode { name: "promises less than there is", ends: Some(WRONG), answer: |r, s, b, _| if weights(r, b) { body(s, b, &length(b.bytes.len() - 100), &b.bytes) } else { well(r, s, b) } },
    Mode { name: "sends more than it promised elsewhere", ends: Some(WRONG), answer: |r, s, b, _| if weights(r, b) { let more = [&b.bytes[..], b"more"].concat(); body(s, b, &length(more.len()), &more) } else { well(r, s, b) } },
    Mode { name: "a length that is no number", ends: Some(&[]), answer: |r, s, b, _| if weights(r, b) { body(s, b, &[("Content-Length", "many".to_owned())], &b.bytes) } else { well(r, s, b) } },
    Mode { name: "a length of 10^19", ends: Some(&[]), answer: |r, s, b, _| if weights(r, b) { body(s, b, &[("Content-Length", "10000000000000000000".to_owned())], &b.bytes) } else { well(r, s, b) } },
    Mode { name: "no size at all", ends: None, answer: |r, s, b, _| if weights(r, b) { body(s, b, &[], &b.bytes) } else { well(r, s, b) } },
    Mode { name: "no size in any answer", ends: None, answer: |r, s, b, _| { head(s, 200, &headers(b))?; if r.method == "HEAD" { Ok(()) } else { s.write_all(&b.bytes) } } },
    Mode { name: "chunked", ends: None, answer: |r, s, b, _| { if !weights(r, b) { return well(r, s, b); } body(s, b, &[("Transfer-Encoding", "chunked".to_owned())], &[])?; for part in b.bytes.chunks(4000) { s.write_all(format!("{:x}\r\n", part.len()).as_bytes())?; s.write_all(part)?; s.write_all(b"\r\n")?; } s.write_all(b"0\r\n\r\n") } },
    Mode { name: "chunked, cut in a chunk", ends: Some(&["broke", "early", "chunk", "connection", "disconnected"]), answer: |r, s, b, _| { if !weights(r, b) { return well(r, s, b); } body(s, b, &[("Transfer-Encoding", "chunked".to_owned())], b"ffff\r\nonly so much") } },
    Mode { name: "chunked, nonsense for a size", ends: Some(&[]), answer: |r, s, b, _| { if !weights(r, b) { return well(r, s, b); } body(s, b, &[("Transfer-Encoding", "chunked".to_owned())], b"zz\r\nx\r\n") } },
    Mode { name: "gzip that was not asked for", ends: Some(&["gzip"]), answer: |r, s, b, _| if weights(r, b) { body(s, b, &[("Content-Encoding", "gzip".to_owned()), ("Content-Length", b.bytes.len().to_string())], &b.bytes) } else { well(r, s, b) } },
    Mode { name: "other bytes of the same length", ends: Some(&["hash"]), answer: |r, s, b, _| if weights(r, b) { let other = vec![7; b.bytes.len()]; body(s, b, &length(other.len()), &other) } else { well(r, s, b) } },
    Mode { name: "one bit is another", ends: Some(&["hash"]), answer: |r, s, b, _| if weights(r, b) { let mut other = b.bytes.clone(); other[9000] ^= 1; body(s, b, &length(other.len()), &other) } else { well(r, s, b) } },
    Mode { name: "one bit is another in config.json", ends: Some(&["hash"]), answer: |r, s, b, _| if r.method == "GET" && b.name == "config.json" { let mut other = b.bytes.clone(); other[9] ^= 1; body(s, b, &length(other.len()), &other) } else { well(r, s, b) } },
    Mode { name: "wrong once, then right", ends: Some(&["hash"]), answer: |r, s, b, c| if weights(r, b) && nth(c) == 1 { body(s, b, &length(b.bytes.len()), &vec![7; b.bytes.len()]) } else { well(r, s, b) } },
    Mode { name: "a page of HTML in the place of weights", ends: Some(WRONG), answer: |r, s, b, _| if weights(r, b) { let page = b"<html>please log in</html>"; body(s, b, &length(page.len()), page) } else { well(r, s, b) } },
    Mode { name: "an ETag that is no hash", ends: None, answer: |r, s, b, _| { let blob = Blob { name: b.name, bytes: b.bytes.clone(), large: b.large, etag: "abc-7".to_owned() }; well(r, s, &blob) } },
    Mode { name: "no ETag", ends: Some(&["ETag"]), answer: |_, s, b, _| head(s, 200, &[("X-Repo-Commit", COMMIT.to_owned()), ("Content-Length", b.bytes.len().to_string())]) },
    Mode { name: "an ETag that is a path", ends: Some(&[]), answer: |r, s, b, _| { let blob = Blob { name: b.name, bytes: b.bytes.clone(), large: b.large, etag: "../../../pwned".to_owned() }; well(r, s, &blob) } },
    Mode { name: "no commit", ends: Some(&["Commit"]), answer: |_, s, b, _| head(s, 200, &[("ETag", format!("\"{}\"", b.etag)), ("Content-Length", b.bytes.len().to_string())]) },
    Mode { name: "a commit that is a path", ends: Some(&[]), answer: |_, s, b, _| head(s, 200, &[("ETag", format!("\"{}\"", b.etag)), ("X-Repo-Commit", "../../pwned".to_owned()), ("Content-Length", b.bytes.len().to_string())]) },
    Mode { name: "429 twice, to be asked again in a second", ends: None, answer: |r, s, b, c| status(r, s, b, c, 429, "1", 2) },
    Mode { name: "429 for ever", ends: Some(&["429"]), answer: |r, s, b, c| status(r, s, b, c, 429, "1", usize::MAX) },
    Mode { name: "429 for a day", ends: Some(&["429", "86400"]), answer: |r, s, b, c| status(r, s, b, c, 429, "86400", usize::MAX) },
    Mode { name: "503 twice", ends: None, answer: |r, s, b, c| status(r, s, b, c, 503, "1", 2) },
    Mode { name: "503 with a date", ends: None, answer: |r, s, b, c| status(r, s, b, c, 503, "Wed, 21 Oct 2099 07:28:00 GMT", 1) },
    Mode { name: "404", ends: Some(&["404", "no ", "not"]), answer: |_, s, _, _| head(s, 404, &[("X-Error-Code", "RepoNotFound".to_owned()), ("Content-Length", "0".to_owned())]) },
    Mode { name: "401", ends: Some(&["token", "HF_TOKEN", "access"]), answer: |_, s, _, _| head(s, 401, &[("X-Error-Code", "GatedRepo".to_owned()), ("Content-Length", "0".to_owned())]) },
    Mode { name: "an error with control characters", ends: Some(&[]), answer: |r, s, b, _| if weights(r, b) { head(s, 400, &[("X-Error-Message", "\u{1b}]0;x\u{7}\u{9b}2J".to_owned()), ("Content-Length", "0".to_owned())]) } else { well(r, s, b) } },
    Mode { name: "the weights are on another host", ends: None, answer: |r, s, b, c| if b.large { let mut all = headers(b); all.extend([("Location", format!("{}/elsewhere/{}", c.other, b.name)), ("X-Linked-ETag", format!("\"{}\"", b.etag)), ("X-Linked-Size", b.bytes.len().to_string()), ("Content-Length", "0".to_owned())]); head(s, 302, &all) } else { well(r, s, b) } },
    Mode { name: "everything is on another host", ends: None, answer: |_, s, b, c| head(s, 302, &[("Location", format!("{}/elsewhere/{}", c.other, b.name)), ("X-Repo-Commit", COMMIT.to_owned()), ("Content-Length", "0".to_owned())]) },
    Mode { name: "a redirect to itself", ends: Some(&["redirect"]), answer: |r, s, _, _| head(s, 302, &[("Location", r.path.clone()), ("Content-Length", "0".to_owned())]) },
    Mode { name: "a redirect to a file", ends: Some(&["redirect"]), answer: |_, s, _, _| head(s, 302, &[("Location", "file:///etc/passwd".to_owned()), ("Content-Length", "0".to_owned())]) },
    Mode { name: "no HTTP", ends: Some(&[]), answer: |_, s, _, _| s.write_all(b"SSH-2.0-OpenSSH_9.6\r\n") },
];

/// A Hub that holds the model, whose answers are `answer`'s.
pub fn serve(assets: &Path, answer: impl Fn(&Request, &mut TcpStream, &Blob) -> std::io::Result<()> + Send + Sync + 'static) -> Server {
    let blobs = blobs(assets);
    Server::start(move |request, stream| {
        let name = request.path.rsplit('/').next().unwrap_or_default();
        match blobs.iter().find(|blob| blob.name == name) {
            Some(blob) => answer(request, stream, blob),
            None => head(
                stream,
                404,
                &[("X-Error-Code", "EntryNotFound".to_owned()), ("X-Repo-Commit", COMMIT.to_owned()), ("Content-Length", "0".to_owned())],
            ),
        }
    })
}

pub fn run(probe: &Probe, assets: &Path, report: &Mutex<Report>) {
    let extract = |probe: &Probe| {
        let words = format!("extract t.csv --model {ID} -o {}/o.safetensors --no-cache --threads 1", probe.home.display());
        probe.run(&words.split(' ').collect::<Vec<_>>())
    };
    // What is right: the same model from its folder.
    let expected = {
        let outcome = probe.run(&"extract t.csv --model ./m -o o.npy --no-cache -q".split(' ').collect::<Vec<_>>());
        assert!(outcome.is_ok(), "{}", outcome.said());
        fs::read(probe.home.join("o.npy")).unwrap()
    };
    let expected = &expected;
    // Most of them wait: all at once.
    thread::scope(|scope| {
        for mode in &MODES {
            scope.spawn(move || {
                let home = probe.home.join(format!("hub-{}", mode.name.replace([' ', ',', '\'', '^'], "-")));
                fs::create_dir_all(&home).unwrap();
                fs::copy(probe.home.join("t.csv"), home.join("t.csv")).unwrap();
                let other = serve(assets, |request, stream, blob| well(request, stream, blob));
                let context = Arc::new(Context { other: other.url().replace("127.0.0.1", "localhost"), asked: Mutex::new(0) });
                let answer = mode.answer;
                let kept = Arc::clone(&context);
                let server = serve(assets, move |request, stream, blob| answer(request, stream, blob, &kept));
                let online = Probe { home: home.clone(), seconds: Some(600), ..probe.clone() }
                    .with("HF_ENDPOINT", &server.url())
                    .with("HF_HUB_OFFLINE", "0")
                    .with("HF_TOKEN", TOKEN)
                    .with("HF_HOME", &home.join("hf").display().to_string());
                let outcome = extract(&online);
                let said = outcome.said();
                let mut fault = outcome.fault();
                match mode.ends {
                    None if !outcome.is_ok() => fault = Some(format!("fails: {said}")),
                    Some(_) if outcome.is_ok() => fault = Some("goes well".to_owned()),
                    Some(words) if !words.is_empty() && !words.iter().any(|word| said.contains(word)) => {
                        fault = fault.or(Some(format!("does not say what: {said}")));
                    }
                    Some(_) if !said.contains("hint: ") => fault = fault.or(Some(format!("does not say what to do: {said}"))),
                    _ => {}
                }
                if said.contains(TOKEN) {
                    fault = Some("the token is shown".to_owned());
                }
                if other.requests().iter().any(|request| request.headers.contains_key("authorization")) {
                    fault = Some("the token went to another host".to_owned());
                }
                if !server.requests().iter().any(|request| request.headers.get("authorization").is_some_and(|value| value.contains(TOKEN))) {
                    fault = Some("the token did not go to the Hub".to_owned());
                }
                if probe.home.join("pwned").exists() || home.join("pwned").exists() {
                    fault = Some("a file is written outside of the cache".to_owned());
                }
                if outcome.is_ok() {
                    let npy = format!("extract t.csv --model {ID} -o {}/o.npy --no-cache -q", home.display());
                    let again = online.run(&npy.split(' ').collect::<Vec<_>>());
                    if fs::read(home.join("o.npy")).ok().as_ref() != Some(expected) {
                        fault = Some(format!("other numbers than from the folder: {}", again.said()));
                    }
                } else {
                    // When the server behaves again, all goes well.
                    let better = serve(assets, |request, stream, blob| well(request, stream, blob));
                    let again = extract(&online.with("HF_ENDPOINT", &better.url()));
                    if !again.is_ok() {
                        fault = Some(format!("a rerun with a good server fails: {}", again.said()));
                    }
                }
                let mut report = report.lock().unwrap();
                report.count("Hubs that misbehave", outcome.is_ok());
                report.time("Hubs that misbehave", outcome.time);
                if std::env::var_os("PROBE_DAMAGE_VERBOSE").is_some() {
                    println!("{}: {}\n{said}", mode.name, if outcome.is_ok() { "well" } else { "error" });
                }
                if let Some(fault) = fault {
                    report.fault("Hubs that misbehave", &format!("{}: {fault}", mode.name));
                }
            });
        }
    });
}
