//! Adapters of the Hub: their own files, and those of the base that they name.

use mlem_probe::hub::Weights;

use super::server::{Blob, COMMIT, Model, Server};
use super::{User, weights};

const ID: &str = "someone/adapter";
const BASE: &str = "org/base";

fn small(text: &str) -> Blob {
    Blob { bytes: text.as_bytes().to_vec(), large: false }
}

/// A server of an adapter and of its base.
fn serve(adapter: Model, base: Model) -> Server {
    Server::start(move |request| {
        let whose = if request.path.contains(&adapter.id) { &adapter } else { &base };
        whose.reply(request)
    })
}

fn adapter(config: &str) -> Model {
    let mut model = Model::new(ID, b"");
    model.files.clear();
    model.files.insert("adapter_config.json".to_owned(), small(config));
    let weights = Blob { bytes: b"adapter".to_vec(), large: true };
    model.files.insert("adapter_model.safetensors".to_owned(), weights);
    model
}

const CONFIG: &str = r#"{"peft_type": "LORA", "base_model_name_or_path": "org/base", "revision": "v1"}"#;

fn base() -> Model {
    let mut base = Model::new(BASE, b"base");
    base.revisions.insert("v1".to_owned(), COMMIT.replace('0', "f"));
    base.revisions.insert(COMMIT.replace('0', "f"), COMMIT.replace('0', "f"));
    base
}

#[test]
fn an_adapter_is_fetched_with_the_base_that_it_names() {
    let server = serve(adapter(CONFIG), base());
    let user = User::of(&server);
    let found = user.resolve(ID).unwrap();
    assert_eq!((found.id.as_str(), found.commit.as_deref()), (ID, Some(COMMIT)));
    let of = found.adapter.as_ref().unwrap();
    assert_eq!(
        (of.base.as_str(), of.base_revision.as_deref(), of.base_from),
        (BASE, Some("v1"), "adapter_config.json")
    );
    assert_eq!(of.base_commit.as_deref(), Some(COMMIT.replace('0', "f").as_str()));
    let Weights::Safetensors(paths) = &of.weights else { panic!("on disk") };
    assert_eq!(std::fs::read(&paths[0]).unwrap(), b"adapter");
    assert_eq!(weights(&found), b"base");
    // All of it is here now; only the branch of the base may have moved.
    let asked = server.requests().len();
    assert!(user.resolve(ID).unwrap().adapter.is_some());
    let again = server.requests()[asked..].to_vec();
    assert!(again.iter().all(|request| request.path.contains(BASE)), "{again:?}");
    drop(server);
    let mut offline = user;
    offline.hub.offline = true;
    assert!(offline.resolve(ID).unwrap().adapter.is_some());
}

#[test]
fn another_base_may_be_named() {
    let server = serve(adapter(r#"{"peft_type": "LORA"}"#), base());
    let mut user = User::of(&server);
    let (text, hint) = user.failure(ID);
    assert!(text.contains("names no base model") && hint.contains("--base"), "{text}: {hint}");
    user.hub.base = Some("org/base@v1".to_owned());
    let of = user.resolve(ID).unwrap().adapter.unwrap();
    assert_eq!((of.base.as_str(), of.base_revision.as_deref(), of.base_from), (BASE, Some("v1"), "--base"));
}

#[test]
fn an_adapter_beside_whole_weights_is_not_passed_over() {
    let mut both = Model::new(ID, b"whole");
    both.files.insert(
        "adapter_config.json".to_owned(),
        small(&CONFIG.replace("org/base", ID).replace("\"v1\"", "null")),
    );
    both.files.insert("adapter_model.bin".to_owned(), Blob { bytes: b"old".to_vec(), large: true });
    let server = serve(both, base());
    let mut user = User::of(&server);
    let found = user.resolve(ID).unwrap();
    assert!(matches!(&found.adapter.as_ref().unwrap().weights, Weights::Pytorch(_)));
    assert_eq!(weights(&found), b"whole");
    user.hub.no_adapter = true;
    assert!(user.resolve(ID).unwrap().adapter.is_none());
}

#[test]
fn what_cannot_be_merged_is_refused_before_the_base_is_fetched() {
    let server = serve(adapter(&CONFIG.replace("LORA", "IA3")), base());
    let user = User::of(&server);
    let (text, _) = user.failure(ID);
    assert!(text.contains("an adapter of the kind IA3"), "{text}");
    assert!(server.requests().iter().all(|request| !request.path.contains(BASE)));
}

#[test]
fn a_base_that_is_not_there_is_an_error_of_the_adapter() {
    let server = serve(adapter(&CONFIG.replace("org/base", "org/gone")), base());
    let user = User::of(&server);
    let (text, hint) = user.failure(ID);
    assert!(
        text.starts_with("the base of the adapter someone/adapter, org/gone (adapter_config.json): "),
        "{text}"
    );
    assert!(hint.contains("--base MODEL"), "{hint}");
    // Adapters of each other.
    let server = serve(adapter(&CONFIG.replace("org/base", ID).replace("\"v1\"", "\"main\"")), base());
    let (text, _) = User::of(&server).failure(ID);
    assert!(text.contains("is an adapter itself"), "{text}");
}
