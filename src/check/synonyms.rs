//! Other frameworks' words, answered with ours.

/// What a setting of another framework may be called here, and what to know about it. Which of them is meant depends on
/// what the layer has.
pub fn setting(word: &str) -> &'static [(&'static str, &'static str)] {
    match word {
        "units" | "num_units" => &[("hidden_size", "Keras says `units`"), ("out_features", "Keras says `units`")],
        "state_size" => &[("hidden_size", "Ludwig says `state_size`")],
        "hidden_features" => &[("hidden_size", "Flax says `hidden_features`")],
        "d_hidden" | "hidden_dim" | "hidden" | "cell_size" | "rnn_size" | "num_hidden" | "hidden_units" => {
            &[("hidden_size", "the width of the state")]
        }
        "size" | "dim" | "width" | "features" | "output_dim" | "output_size" | "out_dim" | "num_outputs"
        | "num_output" => &[
            ("hidden_size", "the width of the state"),
            ("out_features", "the width of the result"),
            ("embedding_dim", "the width of a token's vector"),
        ],
        "embedding_size" | "embed_dim" | "embed_size" | "emb_dim" | "embedding_width" => {
            &[("embedding_dim", "the width of a token's vector")]
        }
        "layers" | "depth" | "rnn_layers" | "num_rec_layers" | "n_layers" | "nlayers" => {
            &[("num_layers", "how many on top of each other")]
        }
        "p" | "prob" | "drop_prob" | "dropout_rate" => {
            &[("rate", "the share of elements that are dropped"), ("dropout", "acts between the layers of a stack")]
        }
        "go_backwards" | "backward" | "backwards" => &[("reverse", "reads the text from its end")],
        "activation" => &[("nonlinearity", "Keras says `activation`")],
        "merge_mode" => &[("merge", "Keras says `merge_mode`")],
        "recurrent_initializer" => &[("recurrent_init", "how the recurrent weights start")],
        "kernel_initializer" | "weights_initializer" | "initializer" | "init" | "embeddings_initializer" => {
            &[("weight_init", "how the weights start")]
        }
        "bias_initializer" => &[("bias_init", "how the bias starts")],
        "pretrained" | "weights" | "pretrained_embeddings" | "embeddings" => {
            &[("vectors", "a file in word2vec's text format")]
        }
        "learning_rate" | "eta" => &[("lr", "the learning rate")],
        "l2" | "L2" | "l2_reg" | "weight_penalty" => &[("weight_decay", "the L2 penalty")],
        "clipnorm" | "grad_clip" | "gradient_clip" | "max_grad_norm" | "clip" | "clip_grad_norm" => {
            &[("clip_norm", "the largest global norm of the gradients")]
        }
        "clipvalue" | "clip_grad_value" | "max_grad_value" => {
            &[("clip_value", "the largest size of a number in the gradients")]
        }
        "early_stop" | "early_stopping" => &[("patience", "epochs without a better value before training stops")],
        "num_epochs" | "n_epochs" | "max_epochs" | "epoch" => &[("epochs", "passes over the training data")],
        "batch" | "batchsize" | "bs" | "minibatch_size" => &[("batch_size", "examples a step")],
        "random_seed" | "random_state" => &[("seed", "where the random numbers start")],
        "metric" | "metric_for_best" | "validation_metric" => &[("monitor", "what decides the best epoch")],
        "lr_schedule" | "scheduler" | "lr_scheduler" => &[("schedule", "how the learning rate changes")],
        "dev" | "validation" | "val" | "eval" => &[("valid", "the validation data")],
        "training" => &[("train", "the training data")],
        "max_length" | "maxlen" | "sequence_length" | "max_sequence_length" => {
            &[("max_len", "tokens after which a text is cut"), ("bptt", "steps that are read on at a time")]
        }
        "seq_len" | "seq_length" | "block_size" | "context_length" | "num_steps" | "tbptt" | "truncated_bptt" => {
            &[("window", "steps of the pieces that a text is cut into"), ("bptt", "steps that are read on at a time")]
        }
        "vocab_size" | "max_words" | "num_words" | "most_common" => {
            &[("max_vocab", "entries of the vocabulary at most")]
        }
        "lower" | "lowercased" => &[("lowercase", "whether texts are lower-cased")],
        "min_freq" | "min_frequency" | "min_df" => &[("min_count", "occurrences a token needs for an entry")],
        "epsilon" => &[("eps", "added to the denominator")],
        _ => &[],
    }
}

/// What a layer of another framework is called here.
pub fn layer(word: &str) -> Option<(&'static str, &'static str)> {
    Some(match word {
        "linear" | "Linear" => ("dense", "PyTorch says `Linear`"),
        "Dense" | "fc" | "fully_connected" | "FullyConnected" | "affine" => ("dense", "fully connected"),
        "LSTM" | "LSTMCell" => ("lstm", "layers are written in lower case"),
        "GRU" | "GRUCell" => ("gru", "layers are written in lower case"),
        "RNN" | "SimpleRNN" | "simple_rnn" | "vanilla_rnn" | "elman" => ("rnn", "Keras says `SimpleRNN`"),
        "Embedding" | "embed" | "embeddings" | "lookup_table" => ("embedding", "layers are written in lower case"),
        "BiLSTM" | "blstm" | "bi_lstm" => ("bilstm", "layers are written in lower case"),
        "BiGRU" | "bi_gru" => ("bigru", "layers are written in lower case"),
        "BiRNN" | "bi_rnn" => ("birnn", "layers are written in lower case"),
        "Bidirectional" => ("bidirectional", "or `bilstm`, `bigru`, `birnn`"),
        "Dropout" => ("dropout", "layers are written in lower case"),
        "logistic" | "Sigmoid" => ("sigmoid", "the logistic function"),
        "Tanh" => ("tanh", "layers are written in lower case"),
        "ReLU" | "Relu" => ("relu", "layers are written in lower case"),
        "Softmax" => ("softmax", "layers are written in lower case"),
        "log_softmax" | "LogSoftmax" => ("softmax", "the loss works on the scores before it, so nothing is lost"),
        "GlobalMaxPooling1D" | "max_pool" | "maxpool" | "global_max_pool" | "max_pooling" | "MaxPool1d" => {
            ("max_over_time", "the true steps only")
        }
        "GlobalAveragePooling1D" | "mean_pool" | "avg_pool" | "average_pool" | "mean_pooling" => {
            ("mean_over_time", "the true steps only")
        }
        "Concatenate" | "concatenate" | "cat" | "merge" | "join" => ("concat", "on the last axis"),
        "Attention" | "attn" | "AdditiveAttention" | "AttentionLayer" | "BahdanauAttention" => {
            ("attention", "additive, over time")
        }
        "take_last" | "last_step" => ("last", "the value at the last step"),
        "rcnn" | "RCNN" | "RecurrentConv" => ("recurrent_conv", "Lai et al. 2015"),
        "chunk" => ("split", "into as many parts as names"),
        _ => return None,
    })
}

/// Layers of other frameworks that have no counterpart here, with what takes their place.
pub fn elsewhere(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "flatten" | "reshape" | "view" | "squeeze" | "unsqueeze" | "permute" | "transpose" => {
            "a text has its own length, so it is not laid out anew: `final`, `max_over_time`, `attention` … make one vector of it"
        }
        "masking" | "mask" | "pack_padded_sequence" | "pad_packed_sequence" => {
            "padding never reaches a result, so there is nothing to mask or to pack"
        }
        "crossentropyloss" | "cross_entropy" | "nllloss" | "loss" => {
            "the loss follows from the label: classes are trained with cross entropy"
        }
        "layernorm" | "layer_norm" | "batchnorm" | "batch_norm" | "batchnorm1d" | "batchnormalization" => {
            "no normalisation is built in; over features it is a `layer` of your own, with `mean` and `sqrt`"
        }
        "conv" | "conv1d" | "conv_1d" | "transformer" | "multiheadattention" => {
            "this language is for recurrent models: `recurrent_conv`, `bilstm`, `attention` …"
        }
        "left" | "right" | "sum_over_children" => {
            "the states of children are known in the equations of a tree cell, by the name of a state: `left(h)`"
        }
        _ => return None,
    })
}

/// Settings that other frameworks need and this language has no use for.
pub fn needless(word: &str) -> Option<&'static str> {
    Some(match word {
        "batch_first" | "time_major" => "a model is written for one example; there is no batch axis to place",
        "bidirectional" => "both directions are a layer of their own: `bilstm`, `bigru`, `birnn` or `bidirectional`",
        "input_size" | "in_features" | "input_shape" | "input_dim" => {
            "the width of the input is known from what comes before"
        }
        "num_embeddings" => "the size of the vocabulary is known from the data",
        "padding_idx" | "mask_zero" | "mask" | "masking" => {
            "padding never reaches a result, so there is nothing to mask"
        }
        "return_sequences" => {
            "a recurrent layer gives every step; `last`, `final`, `max_over_time` … take one value of them"
        }
        "return_state" | "stateful" => "a recurrent layer gives its first state after every step",
        "keep_prob" => "`rate` is the share that is dropped: 1 - keep_prob",
        "unit_forget_bias" => "the forget gate's bias is a number here: `forget_bias = 1.0`",
        "activation" | "recurrent_activation" | "gate_activation" => {
            "what squashes its gates belongs to its equations; with another one it is a `cell` of your own"
        }
        "bias_initializer" => "its biases start as in PyTorch; started otherwise, it is a `cell` of your own",
        "bias" | "use_bias" => "it always has one; without it, it is a layer or a `cell` of your own",
        "beta1" | "beta2" | "beta_1" | "beta_2" | "b1" | "b2" => "both together: `betas = [0.9, 0.999]`",
        "proj_size" | "peephole" | "peepholes" | "zoneout" | "layer_norm" => {
            "such a variant is a `cell` of your own: three or four equations"
        }
        "recurrent_dropout" => "dropout of the state is not built in; `dropout` of a stack acts between its layers",
        "cell_type" | "rnn_type" => "each cell is a layer of its own: `rnn`, `lstm`, `gru`",
        "num_classes" => "the number of classes is known from the label field: write `dense(label)`",
        "steps" | "max_steps" | "num_steps" => "training is counted in epochs: `epochs = 10`",
        "shuffle" => "training always shuffles, by the seed",
        "device" => "the device is an option of the command: `rnnc train --device`",
        "loss" => "the loss follows from the label: classes are trained with cross entropy",
        _ => return None,
    })
}
