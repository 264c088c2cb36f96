//! Log-probabilities of transformers in float32, which frozen.py made with transformers 5.24.0 and torch 2.15.0.
//!
//! Of each case what stands before the names of the base, the tensors of its head, and the log-probability of each token of the
//! frozen sequences that has one.

use super::Case;

pub const CASES: &[Case] = &[
    Case {
        name: "gpt2",
        before: "transformer.",
        keys: "{}",
        old: false,
        head: &[],
        logprobs: "-17.7917605 -0.8842912 -12.7163397 -5.2934725 -15.8245279 -15.7000600 -15.8794329 -11.2287078 -9.2445916 -10.3510558 \
            -23.0780039 -7.7392845 -13.1630358 -2.4529753",
    },
    Case {
        name: "gpt2_odd",
        before: "transformer.",
        keys: "{\"tie_word_embeddings\": false}",
        old: false,
        head: &[("lm_head.weight", &[60, 40], false)],
        logprobs: "-3.9908339 -4.9896800 -4.6229982 -3.7003286 -5.3094718 -4.7798967 -2.8675430 -4.0515436 -3.8067954 -2.7890527 \
            -3.5963042 -5.4826229 -5.4462969 -4.8004342",
    },
    Case {
        name: "llama",
        before: "model.",
        keys: "{}",
        old: false,
        head: &[("lm_head.weight", &[60, 32], false)],
        logprobs: "-5.4988992 -5.7956506 -2.1503502 -4.5727817 -4.9474864 -3.3492075 -5.5217550 -3.4842690 -6.5146555 -5.9128280 \
            -5.7734623 -3.0691493 -5.1081230 -7.0292458",
    },
    Case {
        name: "gemma2",
        before: "model.",
        keys: "{\"final_logit_softcapping\": 5.0}",
        old: false,
        head: &[],
        logprobs: "-13.1280481 -8.8216310 -3.1389327 -9.2424847 -3.9108529 -12.5159485 -2.8296794 -11.8344539 -13.1102921 -6.5952236 \
            -3.0670231 -3.8908179 -12.6017298 -12.2650335",
    },
    Case {
        name: "gpt_neox",
        before: "gpt_neox.",
        keys: "{}",
        old: false,
        head: &[("embed_out.weight", &[60, 32], false)],
        logprobs: "-4.0717987 -7.9344193 -4.7445791 -4.0939331 -7.1747867 -4.3524334 -3.2628827 -2.2998930 -7.7887071 -6.2593903 \
            -3.6100823 -4.3109255 -6.9850557 -5.9489784",
    },
    Case {
        name: "cohere",
        before: "model.",
        keys: "{\"logit_scale\": 0.3}",
        old: false,
        head: &[],
        logprobs: "-5.0757293 -2.9221770 -3.9577842 -3.5936557 -5.2124402 -4.2078712 -6.3564548 -3.6075728 -7.4039224 -5.0941130 \
            -4.2506011 -3.1835179 -7.0214643 -4.6270814",
    },
    Case {
        name: "granite",
        before: "model.",
        keys: "{\"logits_scaling\": 0.7}",
        old: false,
        head: &[("lm_head.weight", &[60, 32], false)],
        logprobs: "-1.9367541 -8.4632613 -8.7572945 -5.0565957 -7.8869931 -8.0256426 -4.6543551 -6.1013117 -5.6052085 -4.8859898 \
            -3.5649630 -5.8159742 -3.5091083 -5.4147728",
    },
    Case {
        name: "phi",
        before: "model.",
        keys: "{}",
        old: false,
        head: &[("lm_head.weight", &[60, 32], false), ("lm_head.bias", &[60], false)],
        logprobs: "-5.0929508 -5.8386892 -4.4205995 -2.9301568 -3.7806314 -4.4609121 -3.1435681 -7.1852427 -6.5484496 -5.6117591 \
            -4.3596548 -7.3968503 -4.6339143 -4.7022453",
    },
    Case {
        name: "mamba",
        before: "backbone.",
        keys: "{}",
        old: false,
        head: &[],
        logprobs: "-8.6214694 -12.3850305 -5.9376888 -9.2643308 -2.3488167 -9.2951573 -14.4798238 -10.3275916 -12.5317587 -9.3226271 \
            -14.6124844 -7.9329720 -23.4768192 -6.1239221",
    },
    Case {
        name: "bert",
        before: "bert.",
        keys: "{}",
        old: false,
        head: &[
            ("cls.predictions.transform.dense.weight", &[32, 32], false),
            ("cls.predictions.transform.dense.bias", &[32], false),
            ("cls.predictions.transform.LayerNorm.weight", &[32], true),
            ("cls.predictions.transform.LayerNorm.bias", &[32], false),
            ("cls.predictions.bias", &[60], false),
        ],
        logprobs: "-14.3895734 -15.5608901 -11.3586180 -23.9566254 -11.3073739 -30.3930224 -36.2037554 -11.8675684 -21.6570636 -17.5294240 \
            -11.1813402 -21.6338050 -19.7641316 -20.6914072 -24.6369688 -16.1785094 -19.2337069 -16.1082852",
    },
    Case {
        name: "bert_odd",
        before: "bert.",
        keys: "{}",
        old: true,
        head: &[
            ("cls.predictions.transform.dense.weight", &[40, 40], false),
            ("cls.predictions.transform.dense.bias", &[40], false),
            ("cls.predictions.transform.LayerNorm.weight", &[40], true),
            ("cls.predictions.transform.LayerNorm.bias", &[40], false),
            ("cls.predictions.decoder.weight", &[60, 40], false),
            ("cls.predictions.decoder.bias", &[60], false),
        ],
        logprobs: "-6.4805464 -6.7258435 -6.0613614 -3.1996512 -6.3691897 -5.7500223 -4.1410181 -4.6130925 -6.3083266 -5.7770617 \
            -6.5005454 -5.1213536 -5.6291389 -6.7897057 -2.9401637 -6.8492415 -6.8650980 -6.0178256",
    },
    Case {
        name: "roberta",
        before: "roberta.",
        keys: "{}",
        old: false,
        head: &[
            ("lm_head.dense.weight", &[32, 32], false),
            ("lm_head.dense.bias", &[32], false),
            ("lm_head.layer_norm.weight", &[32], true),
            ("lm_head.layer_norm.bias", &[32], false),
            ("lm_head.bias", &[60], false),
        ],
        logprobs: "-11.0957897 -24.8270338 -23.6765863 -23.5266784 -12.7971706 -14.2578009 -20.5287790 -13.6587981 -12.9686932 -21.3724831 \
            -14.7147179 -0.1134906 -22.7983848 -25.1291715 -13.0986405 -21.0966412 -16.7359823 -24.6590236",
    },
    Case {
        name: "modernbert",
        before: "model.",
        keys: "{}",
        old: false,
        head: &[
            ("head.dense.weight", &[32, 32], false),
            ("head.norm.weight", &[32], true),
            ("decoder.bias", &[60], false),
        ],
        logprobs: "-14.6198239 -12.4010497 -12.0036516 -7.8588511 -5.7971951 -25.9648924 -3.5127489 -17.3023770 -12.1533666 -7.0253189 \
            -22.8028393 -11.0249505 -6.7069824 -19.5122410 -12.4494984 -10.2915681 -24.6704879 -28.5665965",
    },
    Case {
        name: "distilbert",
        before: "distilbert.",
        keys: "{}",
        old: false,
        head: &[
            ("vocab_transform.weight", &[32, 32], false),
            ("vocab_transform.bias", &[32], false),
            ("vocab_layer_norm.weight", &[32], true),
            ("vocab_layer_norm.bias", &[32], false),
            ("vocab_projector.bias", &[60], false),
        ],
        logprobs: "-14.1114856 -12.6450827 -28.7019120 -18.0783581 -11.9854493 -27.6192836 -17.2062366 -42.3036427 -10.9532173 -0.0000192 \
            -0.0010399 -9.3130859 -9.5228861 -23.4913938 -19.0955275 -10.6652570 -15.0832372 -18.1094559",
    },
    Case {
        name: "albert",
        before: "albert.",
        keys: "{}",
        old: false,
        head: &[
            ("predictions.dense.weight", &[16, 32], false),
            ("predictions.dense.bias", &[16], false),
            ("predictions.LayerNorm.weight", &[16], true),
            ("predictions.LayerNorm.bias", &[16], false),
            ("predictions.bias", &[60], false),
        ],
        logprobs: "-17.3079876 -11.2590598 -8.4478773 -9.0088356 -9.4049496 -9.4086867 -14.0096810 -7.0244665 -12.9593927 -12.2241636 \
            -8.8062626 -9.0876266 -12.5837329 -11.8013414 -13.3159017 -5.8370950 -3.8031242 -2.0555783",
    },
    Case {
        name: "electra",
        before: "electra.",
        keys: "{}",
        old: false,
        head: &[
            ("generator_predictions.dense.weight", &[16, 32], false),
            ("generator_predictions.dense.bias", &[16], false),
            ("generator_predictions.LayerNorm.weight", &[16], true),
            ("generator_predictions.LayerNorm.bias", &[16], false),
            ("generator_lm_head.bias", &[60], false),
        ],
        logprobs: "-2.5097629 -8.5060858 -9.4458563 -3.9556227 -2.8634334 -2.7576336 -4.7574736 -15.4546810 -2.8521547 -13.9891221 \
            -4.6662336 -3.0554451 -7.8987701 -11.6314570 -10.0185131 -6.1426782 -6.2960322 -11.0664159",
    },
];
