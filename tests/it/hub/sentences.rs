//! Models of sentence-transformers on a server, and repositories whose weights are in other forms.

use mlem_probe::hub::Weights;

use super::User;
use super::server::{Blob, Model};

const ID: &str = "org/sentences";

fn small(text: &str) -> Blob {
    Blob { bytes: text.as_bytes().to_vec(), large: false }
}

/// A model whose transformer is in a folder, and nothing of it above.
fn nested() -> Model {
    let mut model = Model::new(ID, b"weights of the transformer");
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        let blob = model.files.remove(file).unwrap();
        model.files.insert(format!("0_Transformer/{file}"), blob);
    }
    model.files.remove("pytorch_model.bin");
    let modules = r#"[{"idx": 0, "name": "0", "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]"#;
    model.files.insert("modules.json".to_owned(), small(modules));
    model.files.insert("1_Pooling/config.json".to_owned(), small(r#"{"pooling_mode_cls_token": true}"#));
    let prompts = r#"{"prompts": {"query": "query: "}, "default_prompt_name": "query"}"#;
    model.files.insert("config_sentence_transformers.json".to_owned(), small(prompts));
    model
}

#[test]
fn a_transformer_in_a_folder_is_fetched_with_what_the_model_says_of_itself() {
    let server = nested().serve();
    let user = User::of(&server);
    let found = user.resolve(ID).unwrap();
    let Weights::Safetensors(paths) = &found.weights else { panic!("on disk") };
    assert!(paths[0].ends_with("0_Transformer/model.safetensors"), "{paths:?}");
    assert_eq!(std::fs::read(&paths[0]).unwrap(), b"weights of the transformer");
    let own = found.sentences.unwrap();
    assert_eq!(own.pooling, ["cls"]);
    assert_eq!(own.prompts, [("query".to_owned(), "query: ".to_owned())]);
    let asked = server.requests().len();
    let again = user.resolve(ID).unwrap();
    assert_eq!(again.notes, found.notes);
    assert_eq!(server.requests().len(), asked, "all of it is in the cache");
    let notes = user.seen.notes.lock().unwrap().join("\n");
    assert!(notes.contains("0_Transformer") && notes.contains("its own pooling is cls"), "{notes}");
}

#[test]
fn a_model_that_is_whole_above_is_asked_for_its_pooling_too() {
    let mut model = Model::new(ID, b"weights");
    let modules = r#"[{"path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.sentence_transformer.modules.pooling.Pooling"},
        {"path": "2_Normalize", "type": "sentence_transformers.base.modules.normalize.Normalize"}]"#;
    model.files.insert("modules.json".to_owned(), small(modules));
    model.files.insert("1_Pooling/config.json".to_owned(), small(r#"{"pooling_mode": "lasttoken"}"#));
    let server = model.serve();
    let found = User::of(&server).resolve(ID).unwrap();
    let own = found.sentences.unwrap();
    assert_eq!((own.pooling, own.others), (vec!["lasttoken".to_owned()], vec!["Normalize".to_owned()]));
}

#[test]
fn weights_in_other_forms_are_called_what_they_are() {
    for (file, what) in [
        ("model-Q4_K_M.gguf", "GGUF"),
        ("tf_model.h5", "TensorFlow"),
        ("onnx/model.onnx", "ONNX"),
        ("model.fp16.safetensors", "variant"),
        ("consolidated.safetensors", "Mistral's"),
    ] {
        let mut model = Model::new(ID, b"weights");
        model.files.remove("model.safetensors");
        model.files.remove("pytorch_model.bin");
        model.files.insert(file.to_owned(), small("w"));
        let (text, hint) = User::of(&model.serve()).failure(ID);
        assert!(text.contains("has no model.safetensors") && hint.contains(what), "{file}: {text}: {hint}");
    }
    // Not even a configuration.
    let mut model = Model::new(ID, b"weights");
    model.files.clear();
    model.files.insert("params.json".to_owned(), small("{}"));
    model.files.insert("consolidated.00.pth".to_owned(), small("w"));
    let (text, hint) = User::of(&model.serve()).failure(ID);
    assert!(text.contains("no config.json") && hint.contains("Meta's own format"), "{text}: {hint}");
}

#[test]
fn a_list_of_modules_that_leads_out_of_the_repository_is_refused() {
    let mut model = nested();
    model
        .files
        .insert("modules.json".to_owned(), small(r#"[{"path": "../../other", "type": "x.Transformer"}]"#));
    let (text, _) = User::of(&model.serve()).failure(ID);
    assert!(text.contains("modules.json") && text.contains("inside this folder"), "{text}");
}
