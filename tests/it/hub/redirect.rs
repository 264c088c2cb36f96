//! Redirects: to a storage server, to a new name, and in circles; and where the token goes.

use std::sync::Arc;

use super::server::{COMMIT, Model, Reply, Request, Server};
use super::{User, noise, weights};

const ID: &str = "org/name";
const WEIGHTS: &str = "model.safetensors";

/// A Hub as it is: large files are on `storage`, and the Hub's answer names their hash and size.
fn hub_with_storage(model: Model, storage: String) -> Server {
    Server::start(move |request| {
        let reply = model.reply(request);
        if reply.status >= 300 || !request.path.ends_with(WEIGHTS) {
            return reply;
        }
        let blob = model.blob(WEIGHTS);
        Reply::status(302)
            .header("Location", format!("{storage}/bucket/{}?signature=1", blob.etag()))
            .header("X-Repo-Commit", COMMIT)
            .header("X-Linked-Etag", format!("\"{}\"", blob.etag()))
            .header("X-Linked-Size", blob.bytes.len())
            .header("ETag", "\"of the redirect itself\"")
    })
}

/// A storage server: it names content its own way, and answers no HEAD.
fn storage(model: &Model) -> Server {
    let blob = model.blob(WEIGHTS).clone();
    Server::start(move |request| {
        if request.method == "HEAD" {
            return Reply::status(403);
        }
        let plain = Request { headers: request.headers.clone(), ..request.clone() };
        let mut reply = blob.reply(&plain);
        reply.headers.retain(|(name, _)| name != "ETag");
        reply.header("ETag", "\"5f-storage\"")
    })
}

fn has_token(request: &Request) -> bool {
    request.header("authorization") == Some("Bearer hf_secret")
}

#[test]
fn large_files_come_from_the_storage_server_and_the_token_stays_behind() {
    let model = Model::new(ID, &noise(200_000));
    let storage = storage(&model);
    let server = hub_with_storage(model.clone(), storage.url());
    let mut user = User::of(&server);
    user.hub.token = Some("hf_secret".to_owned());
    assert_eq!(weights(&user.resolve(ID).unwrap()), model.blob(WEIGHTS).bytes);
    assert!(user.blobs("models--org--name").contains(&model.blob(WEIGHTS).etag()));
    assert!(server.requests().iter().all(has_token));
    let there = storage.requests();
    assert_eq!(there.len(), 1);
    assert!(there[0].path.ends_with("?signature=1") && !there[0].headers.contains_key("authorization"));
}

#[test]
fn a_cut_at_the_storage_server_is_resumed_through_the_hub() {
    let model = Model::new(ID, &noise(200_000));
    let blob = model.blob(WEIGHTS).clone();
    let cut = std::sync::atomic::AtomicBool::new(true);
    let storage = Server::start(move |request| {
        let first = cut.swap(false, std::sync::atomic::Ordering::SeqCst);
        let mut plain = request.clone();
        plain.headers.remove("if-range");
        Reply { cut: first.then_some(50_000), ..blob.reply(&plain) }
    });
    let server = hub_with_storage(model.clone(), storage.url());
    let user = User::of(&server);
    assert_eq!(weights(&user.resolve(ID).unwrap()), model.blob(WEIGHTS).bytes);
    let ranges: Vec<_> =
        storage.requests().iter().map(|request| request.header("range").map(str::to_owned)).collect();
    assert_eq!(ranges, [None, Some("bytes=50000-".to_owned())]);
    assert_eq!(server.ranges(WEIGHTS).len(), 2, "an address of the storage server may be good only once");
}

#[test]
fn a_model_that_was_renamed_is_found_under_its_new_name() {
    let model = Arc::new(Model::new("new-org/name", b"weights"));
    let server = Server::start(move |request| match request.path.strip_prefix("/old-name/") {
        Some(rest) => Reply::status(307).header("Location", format!("/new-org/name/{rest}")),
        None => model.reply(request),
    });
    let mut user = User::of(&server);
    user.hub.token = Some("hf_secret".to_owned());
    assert_eq!(weights(&user.resolve("old-name").unwrap()), b"weights");
    assert!(server.requests().iter().all(has_token), "the same server may see the token");
}

#[test]
fn relative_redirects_lead_to_the_right_file() {
    let model = Model::new(ID, b"weights");
    let server = Server::start(move |request| {
        // `cached-…` beside the file, as a path without a slash before it.
        let direct = Request { path: request.path.replace("cached-", ""), ..request.clone() };
        if direct.path == request.path {
            let file = request.path.rsplit('/').next().unwrap();
            let location = format!("cached-{file}#part");
            let known = model.files.contains_key(file);
            return if known {
                Reply::status(307).header("Location", location)
            } else {
                model.reply(request)
            };
        }
        model.reply(&direct)
    });
    assert_eq!(weights(&User::of(&server).resolve(ID).unwrap()), b"weights");
}

#[test]
fn a_mirror_may_send_on_to_another_hub() {
    let real = Model::new(ID, b"weights").serve();
    let to = real.url();
    let mirror =
        Server::start(move |request| Reply::status(308).header("Location", format!("{to}{}", request.path)));
    let mut user = User::of(&mirror);
    user.hub.token = Some("hf_secret".to_owned());
    assert_eq!(weights(&user.resolve(ID).unwrap()), b"weights");
    assert!(mirror.requests().iter().all(has_token));
    assert!(real.requests().iter().all(|request| !request.headers.contains_key("authorization")));
}

#[test]
fn redirects_in_a_circle_or_to_nowhere_end() {
    for location in ["/org/name/resolve/main/config.json", "file:///etc/passwd", "http://", ""] {
        let server = Server::start(move |_| Reply::status(302).header("Location", location));
        let (text, _) = User::of(&server).failure(ID);
        assert!(text.starts_with("cannot download HUB/org/name/resolve/main/config.json: "), "{text}");
        assert!(text.contains("redirect"), "{text}");
    }
}

#[test]
fn a_server_that_knows_no_head_is_asked_for_the_first_byte() {
    for status in [405, 501] {
        let model = Model::new(ID, &noise(200_000));
        let wanted = model.blob(WEIGHTS).bytes.clone();
        let server = Server::start(move |request| {
            if request.method == "HEAD" { Reply::status(status) } else { model.reply(request) }
        });
        assert_eq!(weights(&User::of(&server).resolve(ID).unwrap()), wanted);
        assert_eq!(server.ranges(WEIGHTS), ["bytes=0-0", "-"]);
    }
}
