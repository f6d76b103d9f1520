//! The files of a policy: what `use "cards.meed"` brings in, and what that file brings in. How a file is read is the
//! caller's business; here its path is worked out, and each file is read once.

use super::ast::Text;
use super::parse::{MAX_BYTES, parse};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Source, Span};

/// The most files of one policy.
pub const MAX_FILES: usize = 64;
/// The most bytes of all files of a policy together.
pub const MAX_BYTES_TOGETHER: usize = 8 * MAX_BYTES;

/// All files of a policy in one source, the given one first, and what is wrong with how they bring each other in.
/// `read` gives the text of a file, or says in a few words why it cannot; a path is joined with the folder of the file
/// that uses it, and `..` leads out of that folder as far as `read` permits.
pub fn gather(
    source: &Source,
    read: &mut dyn FnMut(&str) -> Result<String, String>,
) -> (Source, Vec<Diagnostic>) {
    if source.files().len() != 1 {
        return (source.clone(), Vec::new());
    }
    let name = resolve("", source.name()).unwrap_or_else(|| source.name().to_owned());
    let mut gathered =
        Gathered { source: source.clone(), names: Vec::new(), open: Vec::new(), reports: Vec::new() };
    gathered.file(name, source.text(), 0, read);
    (gathered.source, gathered.reports)
}

struct Gathered {
    source: Source,
    /// The paths of all files.
    names: Vec<String>,
    /// The paths of the file being read and of those that lead to it.
    open: Vec<String>,
    reports: Vec<Diagnostic>,
}

impl Gathered {
    /// Brings in what a file uses; the file stands at `start`. The number of files bounds how deep this goes.
    fn file(
        &mut self,
        name: String,
        text: &str,
        start: usize,
        read: &mut dyn FnMut(&str) -> Result<String, String>,
    ) {
        self.names.push(name.clone());
        self.open.push(name.clone());
        for used in parse(&Source::new(name.as_str(), text)).file.uses {
            let place = Span::new(start + used.span.start, start + used.span.end);
            if let Err(report) = self.bring(&name, &used, place, read) {
                self.reports.push(report);
            }
        }
        self.open.pop();
    }

    fn bring(
        &mut self,
        user: &str,
        used: &Text,
        place: Span,
        read: &mut dyn FnMut(&str) -> Result<String, String>,
    ) -> Result<(), Diagnostic> {
        let folder =
            user.rsplit_once('/').map_or("", |(folder, _)| if folder.is_empty() { "/" } else { folder });
        let path = path_of(folder, &used.text).map_err(|why| missing(place, &used.text, why))?;
        if let Some(at) = self.open.iter().position(|open| *open == path) {
            return Err(cycle(place, self.open.get(at..).unwrap_or_default(), &path));
        }
        if self.names.contains(&path) {
            return Ok(());
        }
        if self.names.len() >= MAX_FILES {
            let message = format!("a policy has at most {MAX_FILES} files");
            return Err(Diagnostic::new(Code::FileTooLarge, place, message)
                .with_help("put declarations that belong together into one file"));
        }
        let text = read(&path).map_err(|why| missing(place, &path, &why))?;
        if self.source.text().len() + text.len() > MAX_BYTES_TOGETHER {
            let message = format!("with `{path}` the policy has more than {MAX_BYTES_TOGETHER} bytes");
            return Err(Diagnostic::new(Code::FileTooLarge, place, message)
                .with_help("keep data out of the policy: facts come with the events"));
        }
        let start = self.source.text().len() + 1;
        self.source = self.source.with_file(path.as_str(), &text);
        self.file(path, &text, start, read);
        Ok(())
    }
}

/// The path of a file as a `use` in a file of `folder` names it.
fn path_of(folder: &str, used: &str) -> Result<String, &'static str> {
    let drive = used.as_bytes().get(1) == Some(&b':');
    if used.is_empty() || used.ends_with('/') {
        return Err("this names no file");
    }
    if used.starts_with('/') || used.contains('\\') || drive {
        return Err("a path starts from the folder of the file that uses it, with `/` between its parts");
    }
    if used.chars().any(char::is_control) {
        return Err("a path has no control characters");
    }
    resolve(folder, used).ok_or("this path leads out of all folders")
}

/// `folder/path` without `.` and, as far as possible, without `..`.
fn resolve(folder: &str, path: &str) -> Option<String> {
    let absolute = folder.starts_with('/') || path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(last) if *last != ".." => {
                    parts.pop();
                }
                None if absolute => return None,
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    Some(format!("{}{}", if absolute { "/" } else { "" }, parts.join("/")))
}

fn missing(place: Span, path: &str, why: &str) -> Diagnostic {
    Diagnostic::new(Code::MissingFile, place, format!("`{path}` cannot be read: {why}"))
        .with_help("the path is read from the folder of the file that uses it: `use \"cards.meed\"`")
}

/// `files` use each other up to the last, which uses `path` again.
fn cycle(place: Span, files: &[String], path: &str) -> Diagnostic {
    let message = match files {
        [_] => format!("`{path}` uses itself"),
        _ => format!("`{path}` uses itself by way of other files"),
    };
    let chain: Vec<String> = files.iter().map(|file| format!("`{file}`")).collect();
    let help = match files {
        [_] => "leave this line out: a file sees its own declarations".to_owned(),
        _ => format!(
            "leave this line out: {} uses `{path}`, and all files of a policy see each other's declarations",
            chain.join(" uses ")
        ),
    };
    Diagnostic::new(Code::ImportCycle, place, message).with_help(help)
}
