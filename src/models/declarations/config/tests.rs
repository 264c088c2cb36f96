use super::*;

#[test]
fn sizes_have_another_name_which_counts_where_both_are_there() {
    let gpt2 = |more: &str| Config::parse("x", &format!(r#"{{"model_type": "gpt2", {more}}}"#)).unwrap();
    let size = |config: &Config| config.count("n_embd").unwrap();
    for (more, notes) in [
        (r#""hidden_size": 6"#, 0),
        (r#""hidden_size": 6, "n_embd": 6"#, 0),
        (r#""hidden_size": null, "n_embd": 6"#, 0),
        (r#""n_embd": 3, "hidden_size": 6"#, 1),
    ] {
        let config = gpt2(more);
        assert_eq!((size(&config), config.notes().len()), (6, notes), "{more}");
        config.finish().unwrap();
    }
    // The key is called what it is called in the file.
    let error = gpt2(r#""hidden_size": "six""#).count("n_embd").unwrap_err().to_string();
    assert!(error.contains("`hidden_size` is \"six\""), "{error}");
    let bart = |more: &str| Config::parse("x", &format!(r#"{{"model_type": "bart", {more}}}"#));
    assert_eq!(bart(r#""num_hidden_layers": 2"#).unwrap().layers("encoder_layers").unwrap(), 2);
    let error = bart(r#""num_hidden_layers": 2, "encoder_layers": 3"#).unwrap_err().to_string();
    assert!(error.contains("encoder_layers") && error.contains("num_hidden_layers"), "{error}");
}

#[test]
fn pythons_infinity_is_a_number_in_a_list() {
    let text = r#"{"limits": [0.0, Infinity], "text": "\" Infinity", "\\": Infinity}"#;
    let config = Config::parse("x", text).unwrap();
    assert_eq!(config.numbers("limits").unwrap(), Some(vec![0.0, f64::INFINITY]));
    let newer = Config::parse("x", r#"{"limits": [{"__float__": "Infinity"}]}"#).unwrap();
    assert_eq!(newer.numbers("limits").unwrap(), Some(vec![f64::INFINITY]));
    assert_eq!(config.string("text").unwrap(), "\" Infinity");
    assert!(Config::parse("x", "{Infinity").is_err());
}
