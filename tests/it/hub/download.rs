//! Downloads that end well: fresh, resumed, restarted, and side by side.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mlem_probe::hub::Weights;
use mlem_probe::models::Tokenizer;

use crate::tokenizers::{GoldenCase, golden_case};

use super::server::{Blob, COMMIT, Model, Reply, Request, Server};
use super::{User, links_to, noise, weights};

const ID: &str = "org/name";
const FOLDER: &str = "models--org--name";
const WEIGHTS: &str = "model.safetensors";

/// A server of `model` whose n-th answer for the bytes of the weights passes through `spoil`.
fn spoiled(model: Model, spoil: impl Fn(usize, &Request, Reply) -> Reply + Send + Sync + 'static) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |request| {
        let reply = model.reply(request);
        if request.gets(WEIGHTS) {
            spoil(count.fetch_add(1, Ordering::SeqCst), request, reply)
        } else {
            reply
        }
    })
}

/// Cuts the first answer after `n` bytes.
fn cut_first(n: usize) -> impl Fn(usize, &Request, Reply) -> Reply {
    move |nth, _, reply| Reply { cut: (nth == 0).then_some(n), ..reply }
}

#[test]
fn a_model_is_fetched_once_into_the_layout_of_the_python_hub() {
    let model = Model::new(ID, &noise(700_000));
    let server = model.clone().serve();
    let user = User::of(&server);
    let checkpoint = user.resolve(ID).unwrap();
    assert_eq!((checkpoint.id.as_str(), checkpoint.commit.as_deref()), (ID, Some(COMMIT)));
    assert_eq!(checkpoint.config.as_bytes(), model.blob("config.json").bytes);
    // With the tokens of BERT's class.
    assert!(
        checkpoint
            .tokenizer
            .json
            .starts_with("{\"version\":\"1.0\",\"added_tokens\":[{\"id\":0,\"content\":\"[UNK]\"")
    );
    assert_eq!(weights(&checkpoint), model.blob(WEIGHTS).bytes);

    let repo = user.repo(FOLDER);
    assert_eq!(fs::read_to_string(repo.join("refs/main")).unwrap(), COMMIT);
    let snapshot = repo.join("snapshots").join(COMMIT);
    for file in ["config.json", "tokenizer.json", WEIGHTS] {
        assert_eq!(links_to(&snapshot.join(file)), format!("../../blobs/{}", model.blob(file).etag()));
    }
    assert_eq!(user.blobs(FOLDER).len(), 3, "only what is needed, and nothing half");

    // A HEAD and a GET for each file; and a HEAD for each that would change what it is or how it reads, and is not there.
    let requests = server.requests();
    let asked = requests.len();
    let mut heads: Vec<&str> = requests
        .iter()
        .filter(|one| one.method == "HEAD")
        .filter_map(|one| one.path.rsplit('/').next())
        .collect();
    heads.sort_unstable();
    let absent = [
        "adapter_config.json",
        "added_tokens.json",
        "modules.json",
        "special_tokens_map.json",
        "tokenizer_config.json",
    ];
    let mut expected = [absent.as_slice(), &["config.json", "tokenizer.json", WEIGHTS]].concat();
    expected.sort_unstable();
    assert_eq!((heads, asked), (expected, 11));
    assert_eq!(weights(&user.resolve(ID).unwrap()), model.blob(WEIGHTS).bytes);
    assert_eq!(server.requests().len(), asked, "the second time costs no request");

    let bars = user.seen.bars.lock().unwrap().clone();
    assert_eq!(bars.last().unwrap(), &(WEIGHTS.to_owned(), 700_000, 700_000));
    assert_eq!(user.seen.notes.lock().unwrap().as_slice(), ["org/name at commit 0123456"; 2]);
}

#[test]
fn an_alias_says_what_it_stands_for() {
    let server = Model::new("google-bert/bert-base-uncased", b"weights").serve();
    let user = User::of(&server);
    assert_eq!(user.resolve("bert-base").unwrap().id, "google-bert/bert-base-uncased");
    let notes = user.seen.notes.lock().unwrap();
    assert_eq!(notes.as_slice(), ["bert-base is google-bert/bert-base-uncased at commit 0123456"]);
}

#[test]
fn shards_are_found_through_their_index() {
    let mut model = Model::new(ID, b"");
    model.files.remove(WEIGHTS);
    let index = r#"{"weight_map": {"b": "part-2.safetensors", "a": "part-1.safetensors", "c": "part-2.safetensors"}}"#;
    let small = |bytes: &[u8]| Blob { bytes: bytes.to_vec(), large: false };
    model.files.insert("model.safetensors.index.json".to_owned(), small(index.as_bytes()));
    model.files.insert("part-1.safetensors".to_owned(), small(b"one "));
    model.files.insert("part-2.safetensors".to_owned(), small(b"two"));
    model.files.insert("part-3.safetensors".to_owned(), small(b"not wanted"));
    let server = model.serve();
    let user = User::of(&server);
    assert_eq!(weights(&user.resolve(ID).unwrap()), b"one two");
    assert!(server.requests().iter().all(|request| !request.path.contains("part-3")));
}

#[test]
fn pytorchs_files_are_fetched_where_there_are_no_safetensors() {
    let mut model = Model::new(ID, b"");
    model.files.remove(WEIGHTS);
    let server = model.clone().serve();
    let user = User::of(&server);
    let found = user.resolve(ID).unwrap();
    assert!(matches!(found.weights, Weights::Pytorch(_)));
    assert_eq!(weights(&found), b"not wanted");
    let notes = user.seen.notes.lock().unwrap().join("; ");
    assert!(notes.contains("has no safetensors; looking for PyTorch's pytorch_model.bin"), "{notes}");

    let index = r#"{"weight_map": {"b": "part-2.bin", "a": "part-1.bin"}}"#;
    for (name, bytes) in
        [("pytorch_model.bin.index.json", index), ("part-1.bin", "one "), ("part-2.bin", "two")]
    {
        model.files.insert(name.to_owned(), Blob { bytes: bytes.as_bytes().to_vec(), large: false });
    }
    model.files.remove("pytorch_model.bin");
    let server = model.serve();
    assert_eq!(weights(&User::of(&server).resolve(ID).unwrap()), b"one two");
}

#[test]
fn the_files_of_a_vocabulary_are_fetched_where_there_is_no_tokenizer_json() {
    for case in ["bert", "gpt2", "roberta_map", "t5", "deberta_added", "m2m_100_bpe", "llama", "xlm_roberta"]
    {
        let GoldenCase { files, sentences } = golden_case(case);
        let mut model = Model::new(ID, b"weights");
        model.files.remove("tokenizer.json");
        // What the server of these tests has beside the model is no vocabulary.
        for (name, bytes) in &files {
            model.files.insert(name.clone(), Blob { bytes: bytes.clone(), large: name.ends_with("model") });
        }
        let server = model.serve();
        let user = User::of(&server);
        let found = user.resolve(ID).unwrap();
        let tokenizer = Tokenizer::of(case, &found.tokenizer).unwrap();
        for (sentence, expected) in &sentences {
            assert_eq!(&tokenizer.encode(sentence).unwrap().tokens, expected, "{case}: {sentence:?}");
        }
        let asked = server.requests();
        for name in files.keys() {
            assert_eq!(asked.iter().filter(|request| request.gets(name)).count(), 1, "{case}: {name}");
        }
        let again = user.resolve(ID).unwrap();
        assert_eq!((again.tokenizer, server.requests().len()), (found.tokenizer, asked.len()), "{case}");
    }
    let mut model = Model::new(ID, b"weights");
    model.files.remove("tokenizer.json");
    model.files.insert("vocab.json".to_owned(), Blob { bytes: b"{}".to_vec(), large: false });
    let error = User::of(&model.serve()).resolve(ID).unwrap_err();
    assert!(error.to_string().contains("tokenizer.json"), "{error}");
}

#[test]
fn a_download_that_is_cut_goes_on_where_it_stopped() {
    let model = Model::new(ID, &noise(900_000));
    let server = spoiled(model.clone(), |nth, _, reply| Reply {
        cut: [Some(300_000), Some(100_000), None].get(nth).copied().flatten(),
        ..reply
    });
    let mut user = User::of(&server);
    // Two requests in a row may bring nothing; three that bring something each are no reason to give up.
    user.hub.patience.attempts = 2;
    assert_eq!(weights(&user.resolve(ID).unwrap()), model.blob(WEIGHTS).bytes);
    assert_eq!(server.ranges(WEIGHTS), ["-", "bytes=300000-", "bytes=400000-"]);
    let bars = user.seen.bars.lock().unwrap().clone();
    let reached: Vec<u64> = bars.iter().filter(|bar| bar.0 == WEIGHTS).map(|bar| bar.2).collect();
    assert_eq!(reached, [300_000, 400_000, 900_000], "a bar begins where the last one ended");
}

#[test]
fn a_later_run_goes_on_where_an_earlier_one_gave_up() {
    let model = Model::new(ID, &noise(500_000));
    let server = spoiled(model.clone(), cut_first(200_000));
    let mut user = User::of(&server);
    user.hub.patience.attempts = 1;
    let (text, hint) = user.failure(ID);
    assert!(text.contains("broke off after 200,000 bytes of 500,000"), "{text}");
    assert!(hint.contains("again"), "{hint}");
    assert!(!user.repo(FOLDER).join("refs/main").exists());
    assert_eq!(weights(&user.resolve(ID).unwrap()), model.blob(WEIGHTS).bytes);
    assert_eq!(server.ranges(WEIGHTS), ["-", "bytes=200000-"]);
    assert!(user.blobs(FOLDER).iter().all(|name| !name.ends_with(".incomplete")));
}

#[test]
fn a_server_without_ranges_starts_over() {
    let model = Model::new(ID, &noise(400_000));
    let whole = model.blob(WEIGHTS).bytes.clone();
    let server = spoiled(model.clone(), move |nth, _, _| Reply {
        cut: (nth == 0).then_some(150_000),
        body: whole.clone(),
        ..Reply::status(200)
    });
    let user = User::of(&server);
    assert_eq!(weights(&user.resolve(ID).unwrap()), model.blob(WEIGHTS).bytes);
    assert_eq!(server.ranges(WEIGHTS), ["-", "bytes=150000-"]);
}

#[test]
fn a_file_that_changes_between_the_pieces_is_fetched_anew() {
    let (before, after) = (Model::new(ID, &noise(300_000)), Model::new(ID, &vec![7; 300_000]));
    let cut = AtomicUsize::new(0);
    let wanted = after.blob(WEIGHTS).bytes.clone();
    let server = Server::start(move |request| {
        if cut.load(Ordering::SeqCst) > 0 {
            return after.reply(request);
        }
        let reply = before.reply(request);
        if request.gets(WEIGHTS) {
            cut.store(1, Ordering::SeqCst);
            return Reply { cut: Some(100_000), ..reply };
        }
        reply
    });
    let user = User::of(&server);
    assert_eq!(weights(&user.resolve(ID).unwrap()), wanted);
    let asked = server.requests();
    let resumed = asked.iter().find(|request| request.header("range").is_some()).unwrap();
    assert!(resumed.header("if-range").is_some(), "a piece must not be joined to another file's");
    assert!(user.seen.notes.lock().unwrap().iter().any(|note| note.contains("changed on the server")));
}

#[test]
fn what_an_earlier_run_left_is_checked_before_it_is_believed() {
    let model = Model::new(ID, &noise(300_000));
    let partial = format!("blobs/{}.incomplete", model.blob(WEIGHTS).etag());
    let wanted = model.blob(WEIGHTS).bytes.clone();
    let server = model.serve();
    for left in [vec![0; 100_000], vec![0; 300_000], vec![0; 400_000]] {
        let user = User::of(&server);
        fs::create_dir_all(user.repo(FOLDER).join("blobs")).unwrap();
        fs::write(user.repo(FOLDER).join(&partial), left).unwrap();
        assert_eq!(weights(&user.resolve(ID).unwrap()), wanted);
        assert!(!user.repo(FOLDER).join(&partial).exists());
    }
}

#[test]
fn a_file_that_is_whole_but_unnamed_is_not_fetched_again() {
    let model = Model::new(ID, &noise(300_000));
    let server = model.clone().serve();
    let user = User::of(&server);
    let blob = model.blob(WEIGHTS);
    fs::create_dir_all(user.repo(FOLDER).join("blobs")).unwrap();
    fs::write(user.repo(FOLDER).join(format!("blobs/{}.incomplete", blob.etag())), &blob.bytes).unwrap();
    assert_eq!(weights(&user.resolve(ID).unwrap()), blob.bytes);
    assert!(server.ranges(WEIGHTS).is_empty());
}

#[test]
fn a_download_under_the_old_name_of_a_model_is_used() {
    let model = Model::new("openai-community/gpt2", &noise(1000));
    let server = model.serve();
    let user = User::of(&server);
    user.resolve("gpt2").unwrap();
    let asked = server.requests().len();
    fs::rename(user.repo("models--openai-community--gpt2"), user.repo("models--gpt2")).unwrap();
    assert_eq!(user.resolve("gpt2").unwrap().id, "openai-community/gpt2");
    assert_eq!(server.requests().len(), asked);
    // The part of it that is missing is fetched into the same place.
    fs::remove_file(user.repo("models--gpt2").join("snapshots").join(COMMIT).join("tokenizer.json")).unwrap();
    user.resolve("gpt2").unwrap();
    assert_eq!(server.ranges(WEIGHTS).len(), 1);
    assert!(!user.repo("models--openai-community--gpt2").exists());
}

#[test]
fn a_revision_is_a_branch_or_a_commit_and_a_branch_may_move() {
    let other = "f".repeat(40);
    let mut model = Model::new(ID, b"weights");
    model.revisions.insert("refs/pr/1".to_owned(), other.clone());
    model.revisions.insert(other.clone(), other.clone());
    let moved = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        let mut model = model.clone();
        // `main` moves once it has been asked for.
        if request.path.contains("/resolve/main/") && moved.fetch_add(1, Ordering::SeqCst) > 0 {
            model.revisions.insert("main".to_owned(), "f".repeat(40));
        }
        model.reply(request)
    });
    let mut user = User::of(&server);
    let at = |user: &mut User, revision: Option<&str>| {
        user.hub.revision = revision.map(str::to_owned);
        user.resolve(ID).unwrap().commit.unwrap()
    };
    assert_eq!(at(&mut user, None), COMMIT);
    assert_eq!(at(&mut user, Some("refs/pr/1")), other);
    assert_eq!(fs::read_to_string(user.repo(FOLDER).join("refs/refs/pr/1")).unwrap(), other);
    assert_eq!(server.ranges(WEIGHTS).len(), 1, "the same bytes at two commits are fetched once");
    assert_eq!(at(&mut user, None), COMMIT, "unasked, the cache decides");
    assert_eq!(at(&mut user, Some("main")), other, "asked, the server does");
    let asked = server.requests().len();
    assert_eq!(at(&mut user, Some(COMMIT)), COMMIT);
    assert_eq!(server.requests().len(), asked, "a commit in the cache costs no request");
}

/// Runs [`in_a_process_of_its_own`] against the cache of `user`.
fn spawn(user: &User) -> Child {
    let name = "hub::download::in_a_process_of_its_own";
    Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--ignored", "--nocapture"])
        .env("PROBE_TEST_ENDPOINT", &user.hub.endpoint)
        .env("PROBE_TEST_HOME", user.home.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "the other process of the tests that need two"]
fn in_a_process_of_its_own() {
    let (Ok(endpoint), Ok(home)) = (std::env::var("PROBE_TEST_ENDPOINT"), std::env::var("PROBE_TEST_HOME"))
    else {
        return;
    };
    let mut user = User::at(&endpoint);
    user.hub.cache = Some(std::path::Path::new(&home).join("hub"));
    user.resolve(ID).unwrap();
}

#[test]
fn two_processes_at_once_fetch_one_copy() {
    let model = Model::new(ID, &noise(2_000_000));
    let wanted = model.blob(WEIGHTS).bytes.clone();
    let server = spoiled(model, |_, _, reply| Reply { delay: Duration::from_millis(400), ..reply });
    let user = User::of(&server);
    let mut children = [spawn(&user), spawn(&user), spawn(&user)];
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert_eq!(server.ranges(WEIGHTS), ["-"]);
    assert_eq!(weights(&user.resolve(ID).unwrap()), wanted);
}

#[test]
fn a_process_that_is_killed_leaves_what_the_next_one_needs() {
    let model = Model::new(ID, &noise(600_000));
    let wanted = model.blob(WEIGHTS).bytes.clone();
    let partial = format!("{}.incomplete", model.blob(WEIGHTS).etag());
    let server = spoiled(model, |nth, _, reply| Reply {
        cut: (nth == 0).then_some(250_000),
        delay: if nth == 0 { Duration::from_secs(60) } else { Duration::ZERO },
        ..reply
    });
    let user = User::of(&server);
    let mut child = spawn(&user);
    let partial = user.repo(FOLDER).join("blobs").join(partial);
    let begun = Instant::now();
    while partial.metadata().map_or(0, |metadata| metadata.len()) < 250_000 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the download never got there");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(weights(&user.resolve(ID).unwrap()), wanted);
    assert_eq!(server.ranges(WEIGHTS), ["-", "bytes=250000-"]);
}
