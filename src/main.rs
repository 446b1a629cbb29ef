fn main() {
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path).unwrap();
        let start = std::time::Instant::now();
        let checked = rnnc::check::check(&path, &text, &mut rnnc::check::NoFiles);
        eprintln!("{:?}", start.elapsed());
        for d in &checked.diagnostics {
            let p = checked.sources.start(d.primary.span);
            println!(
                "{}:{}:{} {} {} [{}] help: {:?}",
                checked.sources.file(d.primary.span.file).path,
                p.line,
                p.column,
                d.code.id,
                d.message,
                d.primary.message,
                d.help
            );
            for l in &d.labels {
                let p = checked.sources.start(l.span);
                println!("    {}:{}:{} {}", checked.sources.file(l.span.file).path, p.line, p.column, l.message);
            }
        }
        if let Some(p) = &checked.program {
            if let Some(m) = &p.model {
                for p in &m.graph.parameters {
                    println!("{} {:?}", p.name, p.shape.iter().map(|d| d.to_string()).collect::<Vec<_>>());
                }
            }
        }
    }
    for d in rnnc::check::check_library() {
        println!("LIB {} {:?}", d.message, d.primary);
    }
}
