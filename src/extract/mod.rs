//! Extraction: stimuli and a model become activations.
