//! `use`: files that import files, within the project.

use crate::command::{Folder, MODEL};

const LAYERS: &str =
    "/// Reads from the left.\nlayer reader(x: [T, E], hidden_size: H) -> [T, H] {\n  x |> lstm(hidden_size)\n}\n";

const TWICE: &str =
    "layer twice(x: [T, E], hidden_size: H) -> [T, H] {\n  x |> gru(hidden_size) |> gru(hidden_size)\n}\n";

#[test]
fn a_file_that_imports_is_trained_and_its_model_needs_no_file() {
    let folder = Folder::experiment();
    let model = format!("use \"lib/layers.rnn\"\n\n{}", MODEL.replace("lstm(8)", "reader(8)"));
    folder
        .file("m.rnn", model)
        .file("lib/layers.rnn", format!("use \"cells.rnn\"\n\n{}", LAYERS.replace("lstm", "twice")))
        .file("lib/cells.rnn", TWICE);
    folder.run(&["check", "m.rnn"]).stdout("m.rnn: no problems\n").status(0);
    folder.run(&["train", "m.rnn"]).any_output().status(0);

    let source = folder.run(&["inspect", "runs/m/model.safetensors", "--source"]).take_stdout();
    assert!(
        !source.contains("use ") && source.contains("layer reader(") && source.contains("layer twice("),
        "{source}"
    );
    assert!(source.contains("/// Reads from the left."), "{source}");
    // The source stands alone: it checks, and trains to the same weights.
    let alone = Folder::experiment();
    alone.file("m.rnn", &source);
    alone.run(&["check", "m.rnn"]).stdout("m.rnn: no problems\n").status(0);
    alone.run(&["train", "m.rnn"]).any_output().status(0);
    assert!(alone.read("runs/m/model.safetensors") == folder.read("runs/m/model.safetensors"));
    // And the model goes anywhere.
    let away = Folder::new();
    away.file("model.safetensors", folder.read("runs/m/model.safetensors"));
    away.run(&["predict", "model.safetensors", "good"]).any_output().status(0);
    away.run(&["summary", "model.safetensors"]).any_output().status(0);
}

/// The one error of `main.rnn`, in short form.
#[track_caller]
fn error(folder: &Folder, name: &str, expected: &str) {
    folder.run(&["check", name, "--format", "short"]).stdout(&format!("{expected}\n")).status(1);
}

#[test]
fn a_circle_and_a_missing_file_are_errors() {
    let folder = Folder::new();
    folder
        .file("a.rnn", "use \"b.rnn\"\n")
        .file("b.rnn", "use \"c.rnn\"\n")
        .file("c.rnn", "use \"a.rnn\"\n")
        .file("self.rnn", "use \"self.rnn\"\n");
    error(
        &folder,
        "a.rnn",
        "c.rnn:1:5: error[E0202]: files import each other in a circle: a.rnn → b.rnn → c.rnn → a.rnn",
    );
    error(&folder, "self.rnn", "self.rnn:1:5: error[E0202]: files import each other in a circle: self.rnn → self.rnn");
    folder.file("m.rnn", "use \"no.rnn\"\nuse \".\"\n");
    error(
        &folder,
        "m.rnn",
        "m.rnn:1:5: error[E0201]: cannot read the imported file \"no.rnn\": there is no such file\n\
         m.rnn:2:5: error[E0201]: cannot read the imported file \".\": {folder} is a folder; name a file in it",
    );
}

#[test]
fn a_file_outside_the_project_is_not_read() {
    let folder = Folder::new();
    folder
        .file("outside.rnn", LAYERS)
        .file(
            "project/inner/m.rnn",
            "use \"../top.rnn\"\nuse \"../../outside.rnn\"\nuse \"../../no.rnn\"\nuse \"/etc/passwd\"\n",
        )
        .file("project/top.rnn", LAYERS);
    let outside = |line: usize, path: &str| {
        format!("project/inner/m.rnn:{line}:5: error[E0203]: \"{path}\" lies outside the project")
    };
    // Without a project, the folder of the file is one.
    let all = [
        outside(1, "../top.rnn"),
        outside(2, "../../outside.rnn"),
        outside(3, "../../no.rnn"),
        outside(4, "/etc/passwd"),
    ];
    error(&folder, "project/inner/m.rnn", &all.join("\n"));
    // With a `.git` above, everything below it is inside.
    std::fs::create_dir(folder.path("project/.git")).unwrap();
    error(&folder, "project/inner/m.rnn", &all[1..].join("\n"));
    // A link does not lead out.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path("outside.rnn"), folder.path("project/link.rnn")).unwrap();
        std::os::unix::fs::symlink(folder.path("project/top.rnn"), folder.path("project/inner/within.rnn")).unwrap();
        folder.file("project/m.rnn", "use \"link.rnn\"\nuse \"inner/within.rnn\"\n");
        error(&folder, "project/m.rnn", "project/m.rnn:1:5: error[E0203]: \"link.rnn\" lies outside the project");
    }
}
