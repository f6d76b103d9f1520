//! The command line: a thin shell. It reads arguments and files, calls the library, prints, and picks the exit
//! status: 0 all went well, 1 the policy or the command is at fault, 2 some input was refused. One file a subcommand.

#![allow(clippy::disallowed_methods, reason = "a shell is where input and output live")]

mod args;
mod check;
mod decide;
mod explain;
mod history;
mod input;
mod output;
mod quote;
mod run;
mod setup;
mod show;
mod statement;
mod table;
mod test;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

pub(crate) use args::{Arguments, Command};
use output::{Escapes, Output};

use crate::source::escaped;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// All went well.
    Fine,
    /// The policy or the command is at fault.
    Fault,
    /// Some input was refused, or a scenario differs.
    Refused,
}

/// Why a command could not do its work: already worded for people.
#[derive(Debug)]
pub(crate) struct Failure(pub String);

impl From<crate::eval::Refusal> for Failure {
    fn from(refusal: crate::eval::Refusal) -> Failure {
        Failure(refusal.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure(error.to_string())
    }
}

/// Runs the `meed` command on the process's arguments.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) => return misused(error, &words),
    };
    let mut out = Output::new(io::BufWriter::new(io::stdout().lock()), escapes(&arguments.command));
    let status = input::named_once(&arguments.command).and_then(|()| dispatch(&arguments, &mut out));
    let flushed = out.flush();
    match (status, flushed) {
        // Whoever read the answer has read enough, as `head` does: that is no fault of anyone.
        _ if out.closed => ExitCode::SUCCESS,
        (Ok(status), Ok(())) => ExitCode::from(match status {
            Status::Fine => 0,
            Status::Fault => 1,
            Status::Refused => 2,
        }),
        (Ok(_), Err(error)) => fail(&Failure::from(error)),
        (Err(failure), _) => fail(&failure),
    }
}

/// Help, version, or what is wrong with the arguments, which are shown with nothing in them that acts.
fn misused(error: clap::Error, words: &[OsString]) -> ExitCode {
    let shown = words.iter().map(|word| escaped(&word.to_string_lossy()).into_owned());
    let error = Arguments::try_parse_from(shown).err().unwrap_or(error);
    let _ = error.print();
    // Help and version are answers, everything else is a fault of the command.
    ExitCode::from(u8::from(error.use_stderr()))
}

/// What the command prints on the standard output.
fn escapes(command: &Command) -> Escapes {
    let json = match command {
        Command::Check(options) => options.json,
        Command::Decide(options) => options.json,
        Command::Run(options) => options.json || options.ledger.as_deref() == Some("-"),
        Command::Explain(options) => options.json,
        Command::Test(_) | Command::Completions(_) | Command::Man(_) => false,
    };
    match command {
        _ if json => Escapes::Json,
        // A report has escaped what it shows.
        Command::Check(_) if table::colour(&io::stdout()) => Escapes::Coloured,
        _ => Escapes::Text,
    }
}

fn fail(failure: &Failure) -> ExitCode {
    if !failure.0.is_empty() {
        let _ = writeln!(io::stderr(), "meed: {}", escaped(&failure.0));
    }
    ExitCode::from(1)
}

fn dispatch(arguments: &Arguments, out: &mut dyn Write) -> Result<Status, Failure> {
    match &arguments.command {
        Command::Check(options) => check::check(options, out),
        Command::Decide(options) => decide::decide(options, out),
        Command::Run(options) => run::run(options, out),
        Command::Explain(options) => explain::explain(options, out),
        Command::Test(options) => test::test(options, out),
        Command::Completions(options) => setup::completions(options, out),
        Command::Man(options) => setup::man(options, out),
    }
}
