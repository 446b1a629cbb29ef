# `just` lists the recipes.

default:
    @{{just_executable()}} --list

# everything a change must pass
ci:
    .ci/run

# all tests
test *ARGS:
    cargo test {{ARGS}}

# clippy, warnings denied
lint:
    cargo clippy --all-targets -- -D warnings

# format the Rust code
fmt:
    cargo fmt

# the program, fast, in target/release/rnnc
build:
    cargo build --release

# write the tables and outputs of the pages anew
docs:
    UPDATE_DOCS=1 cargo test --test it docs

# the API pages
api:
    cargo doc --no-deps --open

# train the README's model
train FILE="models/textrnn.rnn" *ARGS="":
    cargo run --release -- train {{FILE}} {{ARGS}}

# every layer of a model timed on made-up texts
bench FILE="models/textrnn.rnn" *ARGS="": build
    target/release/rnnc bench {{FILE}} {{ARGS}}

# single layers beside PyTorch, a Markdown table; PYTHON has torch
bench-speed PYTHON="python3" *ARGS="": build
    {{PYTHON}} bench/speed/compare.py {{ARGS}}

# whole epochs beside PyTorch on ../shared/data; PYTHON has torch and uniseg
bench-epoch PYTHON="python3" *ARGS="": build
    {{PYTHON}} bench/speed/epoch.py {{ARGS}}

# the accuracy comparison: one network on one data set of ../shared/data (mr, trec, sst2)
bench-accuracy MODEL="textrnn" DATA="trec" SEED="1": build
    target/release/rnnc train bench/accuracy/{{MODEL}}.rnn --out runs/accuracy/{{MODEL}}-{{DATA}}-{{SEED}} --set train.seed={{SEED}} --set data.train=../shared/data/{{DATA}}/train.tsv --set data.valid=../shared/data/{{DATA}}/valid.tsv --set data.test=../shared/data/{{DATA}}/test.tsv

# the extension for VS Code, in editors/vscode/*.vsix; needs Node 20
vsix:
    cd editors/vscode && npm ci --ignore-scripts && npx --yes @vscode/vsce@3 package --allow-missing-repository --skip-license

# the TextMate grammar on its sample; needs Node 20
test-vscode:
    cd editors/vscode && npx --yes vscode-tmgrammar-test@0.1.3 -g syntaxes/rnn.tmLanguage.json "tests/*.rnn"

# Neovim without a window against the language server
test-nvim:
    cargo build
    RNNC=target/debug/rnnc nvim --headless -u NONE -c "luafile editors/nvim/test.lua"

# search for a text that breaks a target: parse, fmt or check; needs cargo-fuzz and a nightly toolchain
fuzz TARGET *ARGS:
    mkdir -p fuzz/corpus/{{TARGET}} && cp models/*.rnn stdlib/*.rnn tests/check/*.rnn fuzz/corpus/{{TARGET}}/
    cargo +nightly fuzz run {{TARGET}} {{ARGS}}

# how soon the language server answers, on a file of 500 lines
bench-lsp:
    cargo test --release --test it lsp_latency -- --ignored --nocapture
