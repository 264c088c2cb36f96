use super::*;
use crate::models::declarations::names::{Block, Mlp, Qkv, linear};

const BLOCK: Block = Block::new(
    Qkv::separate("h.{}.q", "h.{}.k", "h.{}.v", true),
    linear("h.{}.o"),
    Mlp::Plain { up: linear("h.{}.up"), down: linear("h.{}.down") },
);
const OF: Names = Names { prefixes: &["", "model."], ..Names::new("wte", BLOCK) };
const LAYERS: [&str; 6] = ["q", "k", "v", "o", "up", "down"];

fn block(prefix: &str, inside: &str) -> Vec<String> {
    LAYERS.iter().map(|layer| format!("{prefix}h.0.{inside}{layer}.weight")).collect()
}

fn model(prefix: &str) -> Vec<String> {
    [block(prefix, ""), vec![format!("{prefix}wte.weight")]].concat()
}

fn reading(names: &[String], tied: Tied) -> Reading {
    Layout::of(names, Vec::new()).read(names, &OF, tied)
}

fn found(prefix: &str) -> Reading {
    Reading::Found { prefix: prefix.to_owned(), tokens: "wte", table: None }
}

#[test]
fn any_beginning_that_all_names_share_is_found() {
    for prefix in
        ["", "model.", "module.", "_orig_mod.", "module._orig_mod.", "base_model.model.model.", "a.b-c.d_e."]
    {
        let bare = prefix.replace("_orig_mod.", "");
        assert_eq!(reading(&model(prefix), Tied::No), found(&bare), "{prefix}");
    }
    // What the family writes counts first; of others there may be one.
    assert_eq!(reading(&[model("teacher."), model("model.")].concat(), Tied::No), found("model."));
    assert_eq!(
        reading(&[model("doc."), model("query.")].concat(), Tied::No),
        Reading::Several(vec!["doc.".to_owned(), "query.".to_owned()])
    );
    // Another model of the same blocks without a table, or with other blocks, is not it.
    assert_eq!(reading(&[model("text."), block("vision.", "")].concat(), Tied::No), found("text."));
    assert_eq!(
        reading(&[model("text."), vec!["other.wte.weight".to_owned()]].concat(), Tied::No),
        found("text.")
    );
    assert_eq!(reading(&block("x.", "lora."), Tied::No), Reading::Missing);
    // Half a word is no beginning.
    assert_eq!(reading(&model("my_"), Tied::No), Reading::Missing);
}

#[test]
fn wrappers_inside_of_names_are_passed_over() {
    let mut names = block("_fsdp_wrapped_module.", "_checkpoint_wrapped_module.");
    names.push("_fsdp_wrapped_module.wte.weight".to_owned());
    let mut layout = Layout::of(&names, Vec::new());
    assert_eq!(layout.read(&names, &OF, Tied::No), found(""));
    assert_eq!(
        layout.stored("h.0.q.weight"),
        Some("_fsdp_wrapped_module.h.0._checkpoint_wrapped_module.q.weight")
    );
    // Two tensors that come to one name are none.
    let twice = ["_orig_mod.a", "_fsdp_wrapped_module.a", "b", "_orig_mod.b"].map(str::to_owned);
    let layout = Layout::of(&twice, Vec::new());
    assert_eq!((layout.stored("a"), layout.stored("b")), (None, None));
}

#[test]
fn a_shared_table_is_found_under_the_names_of_heads() {
    let with = |prefix: &str, head: &str| [block(prefix, ""), vec![format!("{head}.weight")]].concat();
    let table = |prefix: &str, name: &str| Reading::Found {
        prefix: prefix.to_owned(),
        tokens: "wte",
        table: Some(format!("{name}.weight")),
    };
    for (prefix, head) in [
        ("", "lm_head"),
        ("model.", "lm_head"),
        ("model.", "lm_head.decoder"),
        ("m.model.", "m.lm_head"),
        ("m.", "m.cls.predictions.decoder"),
    ] {
        assert_eq!(reading(&with(prefix, head), Tied::Yes), table(prefix, head), "{head}");
        assert_eq!(reading(&with(prefix, head), Tied::No), Reading::Untied(format!("{head}.weight")));
    }
    assert_eq!(reading(&with("m.", "n.lm_head"), Tied::Yes), Reading::Missing);
    // safetensors' own record of what it left out needs no tie.
    let names = with("", "lm_head");
    let mut layout = Layout::of(&names, vec![("wte.weight".to_owned(), "lm_head.weight".to_owned())]);
    assert_eq!(layout.read(&names, &OF, Tied::No), found(""));
    assert_eq!(layout.stored("wte.weight"), Some("lm_head.weight"));
    let odd = vec![("wte.weight".to_owned(), "nowhere".to_owned()), ("format".to_owned(), "pt".to_owned())];
    assert_eq!(Layout::of(&names, odd).stored("wte.weight"), None);
}

#[test]
fn an_encoder_saved_by_itself_is_one() {
    const ENCODER: Names = Names {
        prefixes: &["", "model."],
        ..Names::new(
            "shared",
            Block::new(
                Qkv::separate("encoder.h.{}.q", "encoder.h.{}.k", "encoder.h.{}.v", true),
                linear("encoder.h.{}.o"),
                Mlp::Plain { up: linear("encoder.h.{}.up"), down: linear("encoder.h.{}.down") },
            ),
        )
    };
    let names = [block("", ""), vec!["embed_tokens.weight".to_owned()]].concat();
    let mut layout = Layout::of(&names, Vec::new());
    let reading = layout.read(&names, &ENCODER, Tied::No);
    let table = Some("encoder.embed_tokens.weight".to_owned());
    assert_eq!(reading, Reading::Found { prefix: String::new(), tokens: "shared", table });
    assert_eq!(layout.stored("encoder.h.0.q.weight"), Some("h.0.q.weight"));
    // A decoder by itself is not.
    let cross = [names, vec!["h.0.encoder_attn.q.weight".to_owned()]].concat();
    assert_eq!(Layout::of(&cross, Vec::new()).read(&cross, &ENCODER, Tied::No), Reading::Missing);
    let decoder = [block("decoder.", ""), vec!["decoder.embed_tokens.weight".to_owned()]].concat();
    assert_eq!(Layout::of(&decoder, Vec::new()).read(&decoder, &ENCODER, Tied::No), Reading::Missing);
}

#[test]
fn beginnings_are_shown_with_how_many_names_have_them() {
    let names: Vec<String> = ["a.layers.0.q", "a.layers.1.q", "b.head", "w"].map(str::to_owned).into();
    assert_eq!(shown(&names), ["`a.layers.` (2)", "`b.` (1)", "`w` (1)"]);
    let many: Vec<String> = (0..9).map(|n| format!("part{n}.w")).collect();
    assert_eq!(shown(&many).last().unwrap(), "3 more");
}
