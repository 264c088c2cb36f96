//! The kinds of files and folders, with the name that each has for people.

/// What a kind is used for: readers ask for a group, and name the kind where it is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Group {
    /// Rows of sentences, words or features.
    Table,
    /// Arrays of numbers: activations, recordings, distances.
    Array,
    /// The weights of a model in one file.
    Weights,
    /// A file that belongs to a model and is not its weights.
    ModelPart,
    /// A folder that holds a model, a part of one, or several.
    Model,
    /// Grammars and plans.
    Source,
    /// What this program wrote.
    Results,
    /// Other files inside one: compressed, or archives.
    Packed,
    /// What stands in the place of a file that was meant: a pointer, an error page, nothing.
    Stand,
    /// Anything else.
    Other,
}

macro_rules! kinds {
    ($($group:ident { $($kind:ident: $name:literal,)* })*) => {
        /// What a file or a folder is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[doc = concat!("It is ", $name, ".")] $kind,)*)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$($(Self::$kind,)*)*];

            /// What it is for people, with its article: `a NumPy array (.npy)`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $($(Self::$kind => $name,)*)*
                }
            }

            /// What it is used for.
            #[must_use]
            pub fn group(self) -> Group {
                match self {
                    $($(Self::$kind)|* => Group::$group,)*
                }
            }
        }
    };
}

kinds! {
    Table {
        Csv: "a table with commas between its columns (CSV)",
        Tsv: "a table with tabs between its columns (TSV)",
        SemicolonTable: "a table with semicolons between its columns",
        PipeTable: "a table with vertical bars between its columns",
        JsonLines: "JSON lines (JSONL)",
        JsonRecords: "a JSON list of records",
        SyntaxGym: "a SyntaxGym test suite (JSON)",
        Conllu: "a treebank in CoNLL-U",
        BracketedTrees: "a treebank of bracketed trees",
        Parquet: "a Parquet table",
        Arrow: "an Arrow (Feather) table",
        ArrowStream: "an Arrow stream",
        Excel: "an Excel workbook",
        Stata: "a Stata table (.dta)",
        Spss: "an SPSS table (.sav)",
        Sqlite: "an SQLite database",
    }
    Array {
        Npy: "a NumPy array (.npy)",
        Npz: "NumPy arrays in a zip (.npz)",
        Hdf5: "an HDF5 file",
        Matlab: "a MATLAB file (.mat)",
        MatlabHdf5: "a MATLAB file (.mat) of version 7.3, which is HDF5",
        Nifti: "a NIfTI image",
        Zarr: "a Zarr array or group",
        Fif: "a recording in FIF (MNE)",
        Edf: "a recording in EDF or BDF",
        BrainVision: "a BrainVision header (.vhdr)",
        R: "an R data file (.rds or .RData)",
    }
    Weights {
        Safetensors: "a safetensors file",
        TorchZip: "a file of PyTorch's (torch.save)",
        TorchOld: "a file of PyTorch's from before version 1.6 (torch.save)",
        TorchScript: "a TorchScript program",
        Pickle: "a Python pickle",
        Gguf: "a GGUF model (llama.cpp)",
        Ggml: "a GGML model, the format before GGUF",
        Onnx: "an ONNX model",
        SavedModel: "a TensorFlow SavedModel's graph (saved_model.pb)",
        TensorFlowIndex: "the index of a TensorFlow checkpoint",
        TensorFlowData: "the data of a TensorFlow checkpoint",
        Keras: "a Keras model (.keras)",
        Flax: "weights of Flax in msgpack",
    }
    ModelPart {
        ModelConfig: "the configuration of a model (config.json)",
        AdapterConfig: "the configuration of a PEFT adapter (adapter_config.json)",
        MistralConfig: "the configuration of a model in Mistral's or Meta's own format (params.json)",
        WeightIndex: "the index of a checkpoint's shards",
        Tokenizer: "a tokenizer (tokenizer.json)",
        SentencePiece: "a sentencepiece vocabulary",
    }
    Model {
        Checkpoint: "a checkpoint's folder",
        Adapter: "a PEFT adapter's folder",
        SentenceTransformers: "a sentence-transformers folder",
        Consolidated: "a model in Mistral's or Meta's own format (consolidated weights)",
        TensorFlowCheckpoint: "a TensorFlow checkpoint's folder",
        SavedModelFolder: "a TensorFlow SavedModel's folder",
        Diffusers: "a diffusers pipeline",
        Sharded: "a checkpoint saved in the parts of its processes (DeepSpeed, FSDP)",
        WeightsAlone: "a folder with weights but no configuration",
        TokenizerAlone: "a folder with a tokenizer but no model",
        ForeignWeights: "a folder with weights of another program (GGUF, ONNX)",
        Checkpoints: "a folder of several checkpoints",
        HubEntry: "a model's folder in the Hub's cache",
    }
    Source {
        TomlGrammar: "a grammar in TOML",
        Fcfg: "a feature grammar (.fcfg)",
        SweepPlan: "a plan of a sweep",
        Toml: "a TOML file",
    }
    Results {
        RunDirectory: "a run directory",
        SweepDirectory: "a sweep's directory",
        Comparison: "a comparison's directory",
        RunRecord: "the record of a run (run.json)",
    }
    Packed {
        Gzip: "a file compressed with gzip",
        Bzip2: "a file compressed with bzip2",
        Xz: "a file compressed with xz",
        Zstd: "a file compressed with zstd",
        Zip: "a zip archive",
        SevenZip: "a 7z archive",
        Tar: "a tar archive",
    }
    Stand {
        LfsPointer: "a Git LFS pointer, which stands for a file that was not fetched",
        AnnexPointer: "a git-annex pointer, which stands for a file that was not fetched",
        Html: "an HTML page",
        Xml: "an XML document",
        Empty: "an empty file",
        Zeros: "a file of zero bytes, as an interrupted download leaves it",
        EmptyFolder: "an empty folder",
        Stream: "a pipe or a device",
    }
    Other {
        Json: "a JSON file",
        Notebook: "a Jupyter notebook",
        Text: "a text",
        ForeignText: "a text that is not in UTF-8",
        Image: "a picture",
        Word: "a Word document",
        Presentation: "a PowerPoint presentation",
        OpenDocument: "an OpenDocument file (LibreOffice: .ods, .odt)",
        Rtf: "a text with formats (RTF)",
        Yaml: "a YAML file",
        Markdown: "a table in Markdown",
        Pdf: "a PDF",
        Dataset: "a dataset's folder (Hugging Face datasets)",
        Folder: "a folder",
        Unknown: "a binary file of an unknown kind",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_a_name_of_its_own_with_its_article() {
        let names: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
        let odd: Vec<&&str> = names.iter().filter(|name| !name.contains(' ')).collect();
        assert!(odd.is_empty(), "{odd:?}");
        assert_eq!(Kind::Npy.group(), Group::Array);
    }
}
