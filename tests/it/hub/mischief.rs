//! Whatever a server does: no panic, nothing wrong in the cache, and a way back once it behaves.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mlem_probe::hub::Weights;
use proptest::prelude::*;
use ring::digest::{SHA256, digest};

use super::server::{Blob, Model, Reply, Server};
use super::{User, links_to, noise, weights};

/// What a server does to one of its answers.
#[derive(Debug, Clone)]
enum Mischief {
    None,
    Status(u16),
    Cut(usize),
    Flip(usize),
    Grow(usize),
    Drop(&'static str),
    Set(&'static str, String),
}

const HEADERS: [&str; 8] = [
    "ETag",
    "X-Repo-Commit",
    "Content-Range",
    "Content-Length",
    "Location",
    "X-Linked-Etag",
    "X-Linked-Size",
    "Content-Encoding",
];

fn mischief() -> impl Strategy<Value = Mischief> {
    let header = prop::sample::select(HEADERS.as_slice());
    let value = prop_oneof![
        "[ -~]{0,40}",
        "\"?[0-9a-f]{40}\"?",
        "[0-9]{1,22}",
        "bytes [0-9]{1,6}-[0-9]{1,6}/([0-9]{1,6}|\\*)",
        "(/|//|http://|\\.\\./)[a-z:/?#%.]{0,20}",
    ];
    prop_oneof![
        8 => Just(Mischief::None),
        2 => prop::sample::select([200, 204, 206, 301, 302, 304, 400, 401, 404, 416, 429, 500, 503].as_slice())
            .prop_map(Mischief::Status),
        2 => (0usize..60_000).prop_map(Mischief::Cut),
        2 => (0usize..60_000).prop_map(Mischief::Flip),
        1 => (1usize..1000).prop_map(Mischief::Grow),
        2 => header.clone().prop_map(Mischief::Drop),
        3 => (header, value).prop_map(|(name, value)| Mischief::Set(name, value)),
    ]
}

fn spoil(mut reply: Reply, mischief: &Mischief) -> Reply {
    let remove = |reply: &mut Reply, gone: &str| reply.headers.retain(|(name, _)| name != gone);
    match mischief {
        Mischief::None => {}
        Mischief::Status(status) => reply.status = *status,
        Mischief::Cut(at) => reply.cut = Some(*at),
        Mischief::Flip(at) => {
            let n = reply.body.len().max(1);
            reply.body.iter_mut().skip(at % n).take(1).for_each(|byte| *byte ^= 0x55);
        }
        Mischief::Grow(by) => reply.body.resize(reply.body.len() + by, 0),
        Mischief::Drop(name) => remove(&mut reply, name),
        Mischief::Set(name, value) => {
            remove(&mut reply, name);
            reply = reply.header(name, value);
        }
    }
    reply
}

/// Every file in the cache that is named by a hash has that hash.
fn assert_cache_is_sound(user: &User) {
    let folder = user.repo("models--org--name");
    for name in user.blobs("models--org--name") {
        let bytes = fs::read(folder.join("blobs").join(&name)).unwrap();
        // An ETag that is no hash may be as long as one.
        let is_hash = name.bytes().all(|byte| byte.is_ascii_hexdigit());
        match name.len() * usize::from(is_hash) {
            40 => assert_eq!(Blob { bytes, large: false }.etag(), name),
            64 => {
                assert_eq!(digest(&SHA256, &bytes).as_ref()[0], u8::from_str_radix(&name[..2], 16).unwrap());
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_server_that_misbehaves_never_gets_a_wrong_file_into_the_cache(deeds in prop::collection::vec(mischief(), 12)) {
        let mut model = Model::new("org/name", &noise(50_000));
        // Else a server that denies the one would have the other fetched in its place.
        model.files.remove("pytorch_model.bin");
        let (wanted, hash) = (model.blob("model.safetensors").bytes.clone(), model.blob("model.safetensors").etag());
        let asked = AtomicUsize::new(0);
        let server = Server::start(move |request| {
            let reply = model.reply(request);
            match deeds.get(asked.fetch_add(1, Ordering::SeqCst)) {
                Some(deed) => spoil(reply, deed),
                None => reply,
            }
        });
        let mut user = User::of(&server);
        user.hub.patience.pause = Duration::ZERO;
        user.hub.patience.timeout = Duration::from_secs(2);
        // It may fail a few times, for as long as the server has ideas.
        for _ in 0..13 {
            let found = user.resolve("org/name");
            assert_cache_is_sound(&user);
            match found {
                Ok(checkpoint) => {
                    let Weights::Safetensors(paths) = &checkpoint.weights else { unreachable!() };
                    // Where the server named the file by no hash, nobody can tell.
                    if links_to(&paths[0]).ends_with(&hash) {
                        prop_assert_eq!(weights(&checkpoint), wanted);
                    }
                    return Ok(());
                }
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
        prop_assert!(false, "no way back: {:?}", user.resolve("org/name").err());
    }
}
