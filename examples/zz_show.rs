//! throwaway
fn main() {
    for f in std::env::args().skip(1) {
        let t = std::fs::read_to_string(&f).unwrap();
        let s = meed::source::Source::new(f.clone(), t);
        println!("=== {f}");
        let c = meed::check::load(&s);
        for d in &c.diagnostics {
            let (l, k) = s.position(d.primary.span.start);
            println!("{}[{}] {}:{} {}", d.severity().word(), d.code.name(), l, k, d.message);
            for x in std::iter::once(&d.primary).chain(&d.secondary) {
                println!("    `{}` {}", s.slice(x.span).replace('\n', " "), x.text);
            }
            if let Some(h) = &d.help {
                println!("    help: {h}");
            }
        }
        println!("policy: {}", c.policy.is_some());
    }
}
