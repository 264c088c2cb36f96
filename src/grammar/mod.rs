//! Grammars: a controlled set of sentences with labelled features, from a file that a linguist can write.
