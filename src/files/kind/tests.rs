use super::*;
use std::io::Write as _;
use std::path::PathBuf;

/// A folder with these files, whose names may lead into folders; an empty text after a slash makes a folder alone.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::write(path, bytes).unwrap();
        }
    }
    folder
}

fn file(name: &str, bytes: &[u8]) -> Seen {
    let folder = folder(&[(name, bytes)]);
    what_is(&folder.path().join(name)).unwrap()
}

fn zipped(names: &[&str]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    for name in names {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(b"x").unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A file of `length` zero bytes but for these.
fn with(length: usize, parts: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; length];
    for (at, part) in parts {
        bytes[*at..at + part.len()].copy_from_slice(part);
    }
    bytes
}

#[test]
fn binary_files_are_told_by_their_bytes_whatever_they_are_called() {
    let safetensors = [&2u64.to_le_bytes(), b"{}".as_slice()].concat();
    let old_torch = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02".to_vec();
    let cases: Vec<(Vec<u8>, Kind)> = vec![
        (b"\x93NUMPY\x01\0v\0{'descr'".to_vec(), Kind::Npy),
        (safetensors, Kind::Safetensors),
        (old_torch, Kind::TorchOld),
        (b"\x80\x04\x95\x10\0\0\0\0\0\0\0}.".to_vec(), Kind::Pickle),
        (b"\x89HDF\r\n\x1a\n\0\0".to_vec(), Kind::Hdf5),
        (with(600, &[(0, b"user"), (512, b"\x89HDF\r\n\x1a\n")]), Kind::Hdf5),
        (with(600, &[(0, b"MATLAB 7.3 MAT-file"), (512, b"\x89HDF\r\n\x1a\n")]), Kind::MatlabHdf5),
        (with(200, &[(0, b"MATLAB 5.0 MAT-file"), (124, b"\0\x01IM")]), Kind::Matlab),
        (b"PAR1\x15\x04".to_vec(), Kind::Parquet),
        (b"ARROW1\0\0\xff\xff\xff\xff".to_vec(), Kind::Arrow),
        (b"FEA1\0\0\0\0".to_vec(), Kind::Arrow),
        (b"\xff\xff\xff\xff\x10\x01\0\0\x10\0\0\0".to_vec(), Kind::ArrowStream),
        (with(352, &[(0, &348i32.to_le_bytes()), (344, b"n+1\0")]), Kind::Nifti),
        (with(544, &[(0, &540i32.to_le_bytes()), (4, b"n+2\0\r\n\x1a\n")]), Kind::Nifti),
        (b"GGUF\x03\0\0\0".to_vec(), Kind::Gguf),
        (b"\x08\x08\x12\x07pytorch\x1a\x052.3.0:\x90".to_vec(), Kind::Onnx),
        (b"\x08\x01\x12\xf4\x05\n".to_vec(), Kind::SavedModel),
        (b"\n\x0e\n\x05<unk>\x15\0\0\0\0\x18\x02".to_vec(), Kind::SentencePiece),
        (b"\x81\xa6params\x82\xa7encoder".to_vec(), Kind::Flax),
        (with(60, &[(0, b"\x01k"), (52, b"\x57\xfb\x80\x8b\x24\x75\x47\xdb")]), Kind::TensorFlowIndex),
        (b"SQLite format 3\0".to_vec(), Kind::Sqlite),
        (with(300, &[(0, b"a.txt"), (257, b"ustar")]), Kind::Tar),
        (with(4096, &[]), Kind::Zeros),
        (Vec::new(), Kind::Empty),
        (b"\x01\x02\x03\xfe\xfd".to_vec(), Kind::Unknown),
    ];
    for (bytes, kind) in cases {
        let seen = file("something", &bytes);
        assert_eq!(seen.kind, kind, "{seen:?}");
        assert!(!seen.evidence.is_empty());
        // An ending that lies makes no difference.
        assert_eq!(file("something.csv", &bytes).kind, kind);
    }
}

#[test]
fn zips_are_told_by_the_names_in_them() {
    for (names, kind) in [
        (["arr_0.npy", "b.npy"], Kind::Npz),
        (["archive/data.pkl", "archive/data/0"], Kind::TorchZip),
        (["m/data.pkl", "m/code/__torch__.py"], Kind::TorchScript),
        (["[Content_Types].xml", "xl/workbook.xml"], Kind::Excel),
        (["config.json", "model.weights.h5"], Kind::Keras),
        (["a.csv", "b.npy"], Kind::Zip),
    ] {
        assert_eq!(file("f.bin", &zipped(&names)).kind, kind, "{names:?}");
    }
    let whole = zipped(&["archive/data.pkl", "archive/data/0"]);
    assert_eq!(
        file("cut.bin", &whole[..60]).kind,
        Kind::TorchZip,
        "the first name is there though the list is not"
    );
    assert_eq!(file("none.zip", &zipped(&[])).kind, Kind::Zip);
}

#[test]
fn what_is_inside_gzip_is_named() {
    let seen = file("a.nii.gz", &gzipped(&with(352, &[(344, b"n+1\0")])));
    assert_eq!((seen.kind, seen.inside), (Kind::Gzip, Some(Kind::Nifti)));
    assert_eq!(seen.to_string(), "a file compressed with gzip (inside: a NIfTI image)");
    assert_eq!(file("s.csv.gz", &gzipped(b"a,b\n1,2\n")).inside, Some(Kind::Csv));
    assert_eq!(file("d.rds", &gzipped(b"X\n\0\0\0\x03")).kind, Kind::R);
    let long = gzipped(&b"a\tb\n1\t2\n".repeat(100_000));
    assert_eq!(file("long.gz", &long).inside, Some(Kind::Tsv));
}

#[test]
fn texts_are_told_by_what_they_say() {
    for (name, text, kind) in [
        ("s.csv", "sentence,n\n\"A, b.\",1\n", Kind::Csv),
        ("s.csv", "sentence\tn\nA, b.\t1\n", Kind::Tsv),
        ("s.csv", "sentence;n\nA, b.;1\n", Kind::SemicolonTable),
        ("s.csv", "sentence\nA dog barks.\n", Kind::Csv),
        ("s", "a,b\n1,2\n", Kind::Csv),
        ("s.jsonl", "{\"sentence\": \"a\"}\n{\"sentence\": \"b\"}\n", Kind::JsonLines),
        ("s.json", "{\"sentence\": \"a\"}\n{\"sentence\": \"b\"}\n", Kind::JsonLines),
        ("s.json", "[{\"sentence\": \"a\"}]", Kind::JsonRecords),
        ("suite", "{\"meta\": {\"name\": \"x\"}, \"predictions\": [], \"items\": []}", Kind::SyntaxGym),
        ("c", "{\"architectures\": [\"BertModel\"], \"model_type\": \"bert\"}", Kind::ModelConfig),
        ("c", "{\"metadata\": {}, \"weight_map\": {}}", Kind::WeightIndex),
        ("x.json", "{\"a\": 1}", Kind::Json),
        (
            "u",
            "# sent_id = 1\n1\tA\ta\tDET\t_\t_\t2\tdet\t_\t_\n2\tb\tb\tNOUN\t_\t_\t0\troot\t_\t_\n",
            Kind::Conllu,
        ),
        (
            "g",
            "# a grammar\n[lexicon.n]\nwords = [{ form = \"a\" }]\n[slots]\nn = \"n\"\n",
            Kind::TomlGrammar,
        ),
        ("g.toml", "[slots]\nn = \"n\"\n[[template]]\ntext = \"a\"\n", Kind::TomlGrammar),
        ("g", "% start S\nS -> NP VP\nNP[NUM=sg] -> 'a'\n", Kind::Fcfg),
        ("g.txt", "S -> NP VP [1.0]\nNP -> 'a' [1.0]\n", Kind::Fcfg),
        ("p.toml", "name = \"x\"\ngrammars = [\"short_sentence\"]\n", Kind::SweepPlan),
        ("p.toml", "subj_number = \"Number\"\n", Kind::Toml),
        ("t.mrg", "( (S (NP (DT The)) (VP (VBZ is)))\n)\n", Kind::BracketedTrees),
        ("w", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n", Kind::LfsPointer),
        ("w", "/annex/objects/SHA256E-s1--00.bin\n", Kind::AnnexPointer),
        ("w.safetensors", "\n<!DOCTYPE html>\n<html>", Kind::Html),
        ("w.bin", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", Kind::Xml),
        ("n.txt", "The dog, it barks.\nThe cat, it meows.\n", Kind::Text),
        ("n.txt", " \n\n", Kind::Empty),
        ("b.csv", "\u{feff}sentence,n\na,1\n", Kind::Csv),
    ] {
        let seen = file(name, text.as_bytes());
        assert_eq!(seen.kind, kind, "{text:?}: {seen:?}");
    }
}

#[test]
fn a_text_in_another_encoding_is_told_with_its_place() {
    let utf16: Vec<u8> = "\u{feff}sentence,n\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(file("s.csv", &utf16).kind, Kind::ForeignText);
    assert_eq!(file("s.csv", &utf16[2..]).kind, Kind::ForeignText, "without the mark");
    let seen = file("s.csv", b"sentence,n\nle gar\xe7on,1\n");
    assert_eq!((seen.kind, seen.evidence.as_str()), (Kind::ForeignText, "byte 0xe7 in line 2 is not UTF-8"));
}

#[test]
fn a_long_text_is_told_by_its_beginning_even_where_a_character_is_cut() {
    for shift in 0..4 {
        let text = format!("sentence,n\n{}{}", "a".repeat(shift), "ä日,1\n".repeat(10_000));
        assert_eq!(file("s", text.as_bytes()).kind, Kind::Csv, "{shift}");
    }
    let records = format!("[{}]", vec!["{\"a\": \"ä\"}"; 5000].join(", "));
    assert_eq!(file("r", records.as_bytes()).kind, Kind::JsonRecords);
    let lines = format!("{{\"a\": \"{}\"}}\n", "b".repeat(3000)).repeat(20);
    assert_eq!(file("r", lines.as_bytes()).kind, Kind::JsonLines);
}

#[test]
fn folders_are_told_by_the_names_in_them() {
    let cases: &[(&[&str], Kind)] = &[
        (&[], Kind::EmptyFolder),
        (&["config.json", "model.safetensors", "tokenizer.json"], Kind::Checkpoint),
        (&["config.json"], Kind::Checkpoint),
        (&["adapter_config.json", "adapter_model.safetensors"], Kind::Adapter),
        (&["adapter_config.json", "adapter_model.safetensors", "config.json"], Kind::Adapter),
        (&["adapter_config.json", "config.json", "model.safetensors"], Kind::Checkpoint),
        (&["modules.json", "config.json", "model.safetensors"], Kind::SentenceTransformers),
        (&["modules.json", "0_Transformer/config.json"], Kind::SentenceTransformers),
        (&["params.json", "consolidated.safetensors", "tekken.json"], Kind::Consolidated),
        (&["params.json", "consolidated.00.pth"], Kind::Consolidated),
        (&["model_index.json", "unet/config.json"], Kind::Diffusers),
        (&["model.ckpt.index", "model.ckpt.data-00000-of-00001", "checkpoint"], Kind::TensorFlowCheckpoint),
        (&["saved_model.pb", "variables/"], Kind::SavedModelFolder),
        (&["__0_0.distcp", ".metadata"], Kind::Sharded),
        (&["model.safetensors"], Kind::WeightsAlone),
        (&["model-q4.gguf"], Kind::ForeignWeights),
        (&["tokenizer.json", "tokenizer_config.json"], Kind::TokenizerAlone),
        (&["checkpoint-500/config.json", "trainer_state.json"], Kind::Checkpoints),
        (&["snapshots/abc/config.json", "refs/main"], Kind::HubEntry),
        (&["run.json", "scores.csv"], Kind::RunDirectory),
        (&["sweep.json", "scores.csv"], Kind::SweepDirectory),
        (&["cells/a-1/cell.json"], Kind::SweepDirectory),
        (&["comparison.csv", "compare.html"], Kind::Comparison),
        (&[".zarray", "0.0"], Kind::Zarr),
        (&["dataset_dict.json", "train/data.arrow"], Kind::Dataset),
        (&["a.npy", "b.npy", "notes.txt", "more/"], Kind::Folder),
    ];
    for (names, kind) in cases {
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, b"{}".as_slice())).collect();
        let folder = folder(&files);
        let seen = what_is(folder.path()).unwrap();
        assert_eq!(seen.kind, *kind, "{names:?}: {seen:?}");
        if *kind == Kind::Folder {
            assert_eq!(seen.evidence, "2 .npy, 1 .txt, 1 folder");
        }
    }
}

#[test]
fn a_folder_may_be_more_than_one_thing() {
    let folder = folder(&[("modules.json", b"[]"), ("config.json", b"{}"), ("model.safetensors", b"")]);
    let seen = what_is(folder.path()).unwrap();
    assert!(seen.is(Kind::SentenceTransformers) && seen.is(Kind::Checkpoint) && !seen.is(Kind::Adapter));
}

#[test]
fn what_is_not_there_is_an_error_with_its_path() {
    let error = what_is(&PathBuf::from("no/such.csv")).unwrap_err();
    assert!(error.to_string().starts_with("cannot read no/such.csv"), "{error}");
}

#[test]
#[cfg(unix)]
fn nothing_is_read_from_a_device() {
    assert_eq!(what_is(Path::new("/dev/null")).unwrap().kind, Kind::Stream);
}

#[test]
fn bundled_grammars_are_grammars() {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("grammars")).unwrap() {
        let path = entry.unwrap().path();
        let kind = if path.extension().unwrap() == "fcfg" { Kind::Fcfg } else { Kind::TomlGrammar };
        assert_eq!(what_is(&path).unwrap().kind, kind, "{}", path.display());
    }
}
