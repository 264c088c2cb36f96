//! A web server on loopback, and on it a Hub that holds one model: enough of both to misbehave in every way wanted.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

/// What was asked. Header names are in lower case.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Whether this asks for the bytes of `file`.
    pub fn gets(&self, file: &str) -> bool {
        self.method == "GET" && self.path.ends_with(&format!("/{file}"))
    }
}

/// What is answered.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Break the connection after so many bytes of the body.
    pub cut: Option<usize>,
    /// Wait before the body, or before the cut if there is one.
    pub delay: Duration,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub fn header(mut self, name: &str, value: impl Display) -> Self {
        self.headers.push((name.to_owned(), format!("{value}")));
        self
    }
}

/// A server that answers with a function of the request, until it is dropped.
pub struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Vec<Request>>>,
    over: Arc<AtomicBool>,
}

impl Server {
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let (answer, thread_log, thread_over) = (Arc::new(answer), Arc::clone(&log), Arc::clone(&over));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if thread_over.load(Ordering::SeqCst) {
                    return;
                }
                let (answer, log, over) =
                    (Arc::clone(&answer), Arc::clone(&thread_log), Arc::clone(&thread_over));
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    if let Some(request) = read_request(&stream) {
                        log.lock().unwrap().push(request.clone());
                        // A client that hangs up is not this server's trouble.
                        let _ = write_reply(stream, request.method == "HEAD", &answer(&request), &over);
                    }
                });
            }
        });
        Self { address, log, over }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }

    /// The `Range` of each request for the bytes of `file`, `-` for none.
    pub fn ranges(&self, file: &str) -> Vec<String> {
        let requests = self.requests();
        let gets = requests.iter().filter(|request| request.gets(file));
        gets.map(|request| request.header("range").unwrap_or("-").to_owned()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    for line in lines {
        let line = line.ok()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    Some(Request { method, path, headers })
}

fn write_reply(mut stream: TcpStream, head: bool, reply: &Reply, over: &AtomicBool) -> std::io::Result<()> {
    let mut top = format!("HTTP/1.1 {} Whatever\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        top.extend([name, ": ", value, "\r\n"]);
    }
    if !reply.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
        top.extend(["Content-Length: ", &reply.body.len().to_string(), "\r\n"]);
    }
    stream.write_all((top + "\r\n").as_bytes())?;
    if head {
        return Ok(());
    }
    let sleep = || {
        let mut left = reply.delay;
        while !left.is_zero() && !over.load(Ordering::SeqCst) {
            let step = left.min(Duration::from_millis(10));
            thread::sleep(step);
            left -= step;
        }
    };
    let body = &reply.body[..reply.cut.unwrap_or(usize::MAX).min(reply.body.len())];
    if reply.cut.is_none() {
        sleep();
    }
    stream.write_all(body)?;
    stream.flush()?;
    if reply.cut.is_some() {
        sleep();
    }
    Ok(())
}

/// How a Hub keeps a file.
#[derive(Debug, Clone)]
pub struct Blob {
    pub bytes: Vec<u8>,
    /// Large files live on a storage server under their SHA-256.
    pub large: bool,
}

impl Blob {
    pub fn etag(&self) -> String {
        let hash = if self.large {
            digest(&SHA256, &self.bytes)
        } else {
            let framed = [format!("blob {}\0", self.bytes.len()).as_bytes(), &self.bytes].concat();
            digest(&SHA1_FOR_LEGACY_USE_ONLY, &framed)
        };
        let digits = hash.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
    }

    /// The bytes, or the part that was asked for.
    pub fn reply(&self, request: &Request) -> Reply {
        let total = self.bytes.len();
        let range = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
        let range = range.map(|(first, last)| (first.parse().unwrap(), last.parse().unwrap_or(total - 1)));
        let current = request.header("if-range").is_none_or(|etag| etag.trim_matches('"') == self.etag());
        let mut reply = match range {
            Some((first, _)) if first >= total => Reply::status(416),
            Some((first, last)) if current => {
                let range = format!("bytes {first}-{last}/{total}");
                let body = self.bytes[first..=last].to_vec();
                Reply { body, ..Reply::status(206).header("Content-Range", range) }
            }
            _ => Reply { body: self.bytes.clone(), ..Reply::status(200) },
        };
        reply.headers.push(("ETag".to_owned(), format!("\"{}\"", self.etag())));
        reply
    }
}

/// One model of a Hub.
#[derive(Debug, Clone)]
pub struct Model {
    pub id: String,
    /// Each branch, tag and commit by name, with the commit it stands at.
    pub revisions: BTreeMap<String, String>,
    pub files: BTreeMap<String, Blob>,
}

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

impl Model {
    /// A small model with `weights` in one file, and beside it what nobody needs.
    pub fn new(id: &str, weights: &[u8]) -> Self {
        let small = |text: &str| Blob { bytes: text.as_bytes().to_vec(), large: false };
        let large = |bytes: &[u8]| Blob { bytes: bytes.to_vec(), large: true };
        let files = [
            ("config.json", small("{\"model_type\": \"bert\"}")),
            ("tokenizer.json", small("{\"version\": \"1.0\"}")),
            ("model.safetensors", large(weights)),
            ("pytorch_model.bin", large(b"not wanted")),
            ("README.md", small("not wanted")),
        ];
        Self {
            id: id.to_owned(),
            revisions: [("main", COMMIT), (COMMIT, COMMIT)].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
            files: files.map(|(name, blob)| (name.to_owned(), blob)).into(),
        }
    }

    pub fn blob(&self, file: &str) -> &Blob {
        &self.files[file]
    }

    /// What the Hub answers: `/ID/resolve/REVISION/FILE`, `/api/models/ID/revision/REVISION` and `/api/models/ID/refs`.
    pub fn reply(&self, request: &Request) -> Reply {
        if request.path == format!("/api/models/{}/refs", self.id) {
            let named: Vec<_> = self.revisions.keys().filter(|name| name.len() != 40).collect();
            let branches: Vec<_> = named.iter().map(|name| serde_json::json!({"name": name})).collect();
            let body = serde_json::json!({"branches": branches, "tags": []}).to_string().into_bytes();
            return Reply { body, ..Reply::status(200) };
        }
        if request.path.starts_with(&format!("/api/models/{}/revision/", self.id)) {
            let files: Vec<_> =
                self.files.keys().map(|name| serde_json::json!({"rfilename": name})).collect();
            let body = serde_json::json!({"siblings": files}).to_string().into_bytes();
            return Reply { body, ..Reply::status(200) };
        }
        let Some(rest) = request.path.strip_prefix(&format!("/{}/resolve/", self.id)) else {
            return Reply::status(404).header("X-Error-Code", "RepoNotFound");
        };
        let (revision, file) = rest.split_once('/').unwrap();
        let Some(commit) = self.revisions.get(&revision.replace("%2F", "/")) else {
            return Reply::status(404).header("X-Error-Code", "RevisionNotFound");
        };
        let Some(blob) = self.files.get(file) else {
            return Reply::status(404)
                .header("X-Error-Code", "EntryNotFound")
                .header("X-Repo-Commit", commit);
        };
        blob.reply(request).header("X-Repo-Commit", commit)
    }

    /// A server that behaves.
    pub fn serve(self) -> Server {
        Server::start(move |request| self.reply(request))
    }
}
