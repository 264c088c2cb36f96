//! What a user is told when there is no model to be had, and what is left behind.

use std::fs;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mlem_probe::hub;

use super::server::{COMMIT, Model, Reply, Server};
use super::{User, noise, weights};

const ID: &str = "org/name";
const FOLDER: &str = "models--org--name";
const WEIGHTS: &str = "model.safetensors";

#[test]
fn a_gated_model_says_where_to_accept_its_terms_and_how_to_show_a_token() {
    let server = Server::start(|_| {
        Reply::status(401)
            .header("X-Error-Code", "GatedRepo")
            .header("X-Error-Message", "Access is restricted.")
    });
    let (text, hint) = User::of(&server).failure("meta-llama/Llama-3.2-1B");
    assert_eq!(
        text,
        "HUB does not let an anonymous user read meta-llama/Llama-3.2-1B (401: Access is restricted.)"
    );
    assert!(hint.contains("HUB/meta-llama/Llama-3.2-1B") && hint.contains("HF_TOKEN"), "{hint}");

    let server = Server::start(|_| Reply::status(403).header("X-Error-Code", "GatedRepo"));
    let mut user = User::of(&server);
    user.hub.token = Some("hf_secret".to_owned());
    let (text, hint) = user.failure(ID);
    assert_eq!(text, "HUB does not let this token read org/name (403)");
    assert!(hint.contains("accept the model's terms at HUB/org/name with the account"), "{hint}");
    assert!(!format!("{text}{hint}").contains("hf_secret"));
}

#[test]
fn a_private_or_unknown_model_says_both() {
    let server = Server::start(|_| Reply::status(401).header("X-Error-Code", "RepoNotFound"));
    let (_, hint) = User::of(&server).failure("google-bert/bert-base-uncasedd");
    assert!(hint.starts_with("did you mean google-bert/bert-base-uncased"), "{hint}");
    assert!(hint.contains("private or gated, set HF_TOKEN"), "{hint}");
}

#[test]
fn an_unknown_model_has_near_names_and_the_way_to_a_folder() {
    for code in [Some("RepoNotFound"), None] {
        let server = Server::start(move |_| match code {
            Some(code) => Reply::status(404).header("X-Error-Code", code),
            None => Reply::status(404),
        });
        let user = User::of(&server);
        let (text, hint) = user.failure("bert-bsae");
        assert_eq!(text, "HUB has no model `bert-bsae`");
        assert!(hint.starts_with("did you mean bert-base") && hint.contains("--model ./DIR"), "{hint}");
        assert_eq!(user.blobs("models--bert-bsae"), [""; 0]);
    }
}

#[test]
fn an_unknown_revision_names_those_there_are() {
    let mut model = Model::new(ID, b"weights");
    for step in ["step1000", "step2000"] {
        model.revisions.insert(step.to_owned(), COMMIT.to_owned());
    }
    let server = model.serve();
    let mut user = User::of(&server);
    user.hub.revision = Some("step100".to_owned());
    let (text, hint) = user.failure(ID);
    assert_eq!(text, "org/name has no revision `step100`");
    assert!(hint.starts_with("did you mean step1000"), "{hint}");
    user.hub.revision = Some("zebra".to_owned());
    assert_eq!(user.failure(ID).1, "it has main, step1000 and step2000");
    user.hub.revision = Some("../../../etc".to_owned());
    assert!(user.failure(ID).0.contains("no branch, tag or commit"));
}

#[test]
fn a_repository_without_what_is_needed_says_what_it_has() {
    for (gone, words) in [
        ("config.json", "something other than a transformers model"),
        ("tokenizer.json", "fast tokenizer"),
        (WEIGHTS, "its weights are TensorFlow's (tf_model.h5)"),
    ] {
        let mut model = Model::new(ID, b"weights");
        let other = model.files.remove("pytorch_model.bin").unwrap();
        model.files.insert("tf_model.h5".to_owned(), other);
        model.files.remove(gone);
        let server = model.serve();
        let (text, hint) = User::of(&server).failure(ID);
        assert!(text.starts_with(&format!("org/name has no {gone} at revision")), "{text}");
        assert!(hint.contains(words), "{hint}");
    }
}

#[test]
fn damaged_files_are_reported_and_removed() {
    for file in ["config.json", WEIGHTS] {
        let model = Model::new(ID, &noise(100_000));
        let server = Server::start(move |request| {
            let mut reply = model.reply(request);
            if request.gets(file) {
                reply.body[10] ^= 1;
            }
            reply
        });
        let user = User::of(&server);
        let (text, hint) = user.failure(ID);
        assert!(text.contains(file) && text.contains("came damaged: its hash is"), "{text}");
        assert!(hint.contains("removed"), "{hint}");
        assert!(user.blobs(FOLDER).iter().all(|name| !name.ends_with(".incomplete")));
        assert!(!user.repo(FOLDER).join("snapshots").join(COMMIT).join(file).exists());
        assert_eq!(
            server.ranges(file),
            ["-"],
            "a server that sends the wrong bytes is not asked for them again"
        );
    }
}

#[test]
fn a_file_of_another_size_is_refused() {
    for change in [-1isize, 1] {
        let model = Model::new(ID, &noise(1000));
        let server = Server::start(move |request| {
            let mut reply = model.reply(request);
            if request.gets(WEIGHTS) {
                reply.body.resize(reply.body.len().wrapping_add_signed(change), 0);
            }
            reply
        });
        let (text, _) = User::of(&server).failure(ID);
        assert!(text.contains("the server promised 1000"), "{text}");
    }
}

#[test]
fn a_busy_server_is_asked_again_and_then_given_up() {
    for status in [429, 500, 502, 503, 504] {
        let model = Model::new(ID, b"weights");
        let asked = AtomicUsize::new(0);
        // Every other request fails, whatever it asks for.
        let server = Server::start(move |request| match asked.fetch_add(1, Ordering::SeqCst) % 2 {
            0 => Reply::status(status).header("Retry-After", 0),
            _ => model.reply(request),
        });
        assert_eq!(weights(&User::of(&server).resolve(ID).unwrap()), b"weights");
    }
    let server = Server::start(|_| Reply::status(503));
    let user = User::of(&server);
    let (text, hint) = user.failure(ID);
    assert!(text.contains("the server answers 503") && text.contains("(5 attempts)"), "{text}");
    assert!(hint.contains("try again later"), "{hint}");
    assert_eq!(server.requests().len(), 5);
    let server = Server::start(|_| Reply::status(429).header("Retry-After", 3600));
    let (text, _) = User::of(&server).failure(ID);
    assert!(text.contains("429") && text.contains("3600 s"), "{text}");
    assert_eq!(server.requests().len(), 1, "nobody waits an hour");
}

#[test]
fn a_busy_server_is_asked_again_for_the_bytes_too() {
    let model = Model::new(ID, b"weights");
    let server = Server::start(
        move |request| {
            if request.gets(WEIGHTS) { Reply::status(503) } else { model.reply(request) }
        },
    );
    let (text, _) = User::of(&server).failure(ID);
    assert!(text.contains("503") && text.contains("(5 attempts in a row)"), "{text}");
    assert_eq!(server.ranges(WEIGHTS).len(), 5);
}

#[test]
fn a_server_that_sends_nothing_is_not_waited_for_forever() {
    let model = Model::new(ID, &noise(100_000));
    let server = Server::start(move |request| {
        let reply = model.reply(request);
        if !request.gets(WEIGHTS) {
            return reply;
        }
        Reply { cut: Some(1000), delay: Duration::from_secs(60), ..reply }
    });
    let mut user = User::of(&server);
    // Long enough for a busy machine, far from the minute that the server takes.
    user.hub.patience.timeout = Duration::from_secs(2);
    user.hub.patience.attempts = 1;
    let begun = Instant::now();
    let (text, _) = user.failure(ID);
    assert!(text.contains("broke off after 1,000 bytes of 100,000"), "{text}");
    assert!(begun.elapsed() < Duration::from_secs(40));
}

#[test]
fn without_a_network_the_cache_serves_and_else_says_what_to_do() {
    let server = Model::new(ID, b"weights").serve();
    let mut user = User::of(&server);
    user.resolve(ID).unwrap();
    // Nobody listens here any more.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    user.hub.endpoint = format!("http://{closed}");
    assert_eq!(weights(&user.resolve(ID).unwrap()), b"weights");
    user.hub.revision = Some("main".to_owned());
    assert_eq!(weights(&user.resolve(ID).unwrap()), b"weights");
    assert!(user.seen.notes.lock().unwrap().iter().any(|note| note.contains("using what the cache has")));
    user.hub.revision = None;
    let (text, hint) = user.failure("bert-base");
    assert!(text.starts_with("cannot reach HUB for google-bert/bert-base-uncased: "), "{text}");
    for word in ["HTTPS_PROXY", "HF_HUB_OFFLINE", "--model ./DIR", "embedded"] {
        assert!(hint.contains(word), "{word}: {hint}");
    }
    assert!(!user.repo("models--google-bert--bert-base-uncased").exists());
    user.hub.endpoint = "http://no-such-host.invalid".to_owned();
    assert!(user.failure("bert-base").0.starts_with("cannot reach HUB"));
}

#[test]
fn offline_uses_the_cache_and_asks_nobody() {
    let server = Model::new(ID, b"weights").serve();
    let mut user = User::of(&server);
    user.hub.offline = true;
    let (text, hint) = user.failure(ID);
    assert_eq!(text, "org/name is not in the cache HOME/hub, and HF_HUB_OFFLINE is set");
    assert!(hint.contains("unset HF_HUB_OFFLINE") && hint.contains("embedded"), "{hint}");
    assert_eq!(server.requests().len(), 0);
    user.hub.offline = false;
    user.resolve(ID).unwrap();
    let asked = server.requests().len();
    user.hub.offline = true;
    user.hub.revision = Some("main".to_owned());
    assert_eq!(weights(&user.resolve(ID).unwrap()), b"weights");
    user.hub.revision = Some("other".to_owned());
    assert!(user.resolve(ID).is_err());
    fs::remove_file(user.repo(FOLDER).join("snapshots").join(COMMIT).join("tokenizer.json")).unwrap();
    user.hub.revision = None;
    assert!(user.failure(ID).0.contains("(no tokenizer.json)"));
    assert_eq!(server.requests().len(), asked);
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let server = Model::new(ID, b"weights").serve();
    let mut user = User::of(&server);
    let file = user.home.path().join("file");
    fs::write(&file, "in the way").unwrap();
    user.hub.cache = Some(file.join("hub"));
    let (text, hint) = user.failure(ID);
    assert!(text.starts_with("cannot write to the model cache, HOME/file/hub/models--org--name"), "{text}");
    assert!(hint.contains("HF_HUB_CACHE"), "{hint}");
    user.hub.cache = None;
    assert!(user.failure(ID).1.contains("HF_HOME"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_and_left_as_it_was() {
    let model = Model::new(ID, &noise(100_000));
    let partial = format!("blobs/{}.incomplete", model.blob(WEIGHTS).etag());
    let server = model.serve();
    let user = User::of(&server);
    fs::create_dir_all(user.repo(FOLDER).join("blobs")).unwrap();
    let partial = user.repo(FOLDER).join(partial);
    std::os::unix::fs::symlink("/dev/full", &partial).unwrap();
    let (text, hint) = user.failure(ID);
    assert!(text.contains("No space left on device"), "{text}");
    assert!(hint.contains("free some space") && hint.contains("HF_HUB_CACHE"), "{hint}");
    assert!(!partial.is_symlink() && !user.repo(FOLDER).join("refs/main").exists());
}

#[test]
fn settings_that_make_no_sense_are_named_and_a_token_is_not_shown() {
    let mut user = User::at("huggingface.co");
    assert_eq!(user.failure(ID).0, "HF_ENDPOINT is `HUB`, which is no address (https://HOST)");
    user.hub.token = Some("hf_sécret".to_owned());
    let (text, _) = user.failure(ID);
    assert!(text.starts_with("HF_TOKEN") && !text.contains("cret"), "{text}");
}

#[test]
fn answers_that_make_no_sense_name_the_address() {
    let hash = "0".repeat(40);
    let whole = || {
        Reply::status(200).header("X-Repo-Commit", COMMIT).header("ETag", format!("\"{}\"", "0".repeat(40)))
    };
    let cases: Vec<(Reply, &str)> = vec![
        (Reply::status(200).header("X-Repo-Commit", COMMIT), "no ETag"),
        (Reply::status(200).header("ETag", &hash), "no X-Repo-Commit"),
        (Reply::status(200).header("ETag", "\"../../x\"").header("X-Repo-Commit", COMMIT), "is no ETag"),
        (Reply::status(200).header("ETag", &hash).header("X-Repo-Commit", "../x"), "is no X-Repo-Commit"),
        (whole().header("Content-Encoding", "gzip"), "encoded as gzip"),
        (Reply { status: 206, ..whole() }, "is no range"),
        (Reply::status(418), "answers 418"),
    ];
    for (reply, words) in cases {
        let server = Server::start(move |_| reply.clone());
        let user = User::of(&server);
        let (text, _) = user.failure(ID);
        assert!(text.contains(words) && text.contains("HUB/org/name/resolve/"), "{words}: {text}");
        assert_eq!(user.blobs(FOLDER), [""; 0]);
    }
}

#[test]
fn files_that_no_hash_tells_apart_are_kept_apart() {
    let model = Model::new(ID, &noise(3000));
    let kept = model.clone();
    let server = Server::start(move |request| {
        let mut reply = model.reply(request);
        for (name, value) in &mut reply.headers {
            if name == "ETag" {
                *value = "\"mirror-1\"".to_owned();
            }
        }
        reply
    });
    let user = User::of(&server);
    for _ in 0..2 {
        let checkpoint = user.resolve(ID).unwrap();
        assert_eq!(weights(&checkpoint), kept.blob(WEIGHTS).bytes);
        assert_eq!(checkpoint.config.as_bytes(), kept.blob("config.json").bytes);
        assert_eq!(hub::unverified(&checkpoint), ["config.json", WEIGHTS, "tokenizer.json"]);
    }
}

#[test]
fn a_server_that_cuts_after_each_byte_is_not_asked_for_ever() {
    let model = Model::new(ID, &noise(100_000));
    let server = Server::start(move |request| {
        let reply = model.reply(request);
        if request.gets(WEIGHTS) { Reply { cut: Some(1), ..reply } } else { reply }
    });
    let mut user = User::of(&server);
    user.hub.patience.slow = Duration::from_millis(40);
    let (text, hint) = user.failure(ID);
    assert!(
        text.contains("broke off after") && text.contains("less than 1024 bytes a second came"),
        "{text}"
    );
    assert!(hint.contains("run the same command again"), "{hint}");
}
