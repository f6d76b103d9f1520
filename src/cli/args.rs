//! The arguments of every subcommand. The doc comments are the help text.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// The language for loyalty-points policies, and the engine that runs them.
///
/// Exit status: 0 all went well; 1 the policy or the command is at fault; 2 some input was refused.
#[derive(Debug, Parser)]
#[command(
    name = "meed",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a policy: every mistake in one run, with what to write instead
    Check(CheckOptions),
    /// Decide orders and listings: points by rule, what may be paid with points, badges
    Decide(DecideOptions),
    /// Replay events into accounts: balances, what is pending, what expires when
    Run(RunOptions),
    /// Explain an account, an order or a lot back to rules and events; or the page of an error code
    Explain(ExplainOptions),
    /// Run the scenarios beside policies, and compare their whole outcome with the accepted one
    Test(TestOptions),
    /// Print a completion script for a shell
    Completions(CompletionsOptions),
    /// Print the manual page (with a folder: write one for each subcommand)
    Man(ManOptions),
}

#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    /// The policy file, or - for standard input
    pub policy: String,
    /// Diagnostics as JSON
    #[arg(long)]
    pub json: bool,
    /// Let the policy use files in this folder, too; those in its own folder, and below it, it may always use
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(override_usage = "meed decide [OPTIONS] <POLICY> [CASES] [--events <FILE>...]")]
pub(crate) struct DecideOptions {
    /// The policy file
    pub policy: String,
    /// Cases, one JSON object a line; - for standard input
    #[arg(default_value = "-")]
    pub cases: String,
    /// A history, in files as for run (name POLICY and CASES before it): each case then names its account, and the
    /// answer is what the order would bring there, after all events up to its instant
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub events: Vec<String>,
    /// How the columns of CSV files become events (YAML)
    #[arg(long, value_name = "FILE", requires = "events")]
    pub mapping: Option<String>,
    /// One JSON decision a line
    #[arg(long)]
    pub json: bool,
    /// Also say why rules gave nothing, and what rounding and limits took
    #[arg(long)]
    pub explain: bool,
    /// Let the policy use files in this folder, too; those in its own folder, and below it, it may always use
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    /// The policy file
    pub policy: String,
    /// Files of events: .jsonl, .yaml, .csv (with --mapping), each also .gz; - for JSON Lines on standard input
    #[arg(required = true)]
    pub events: Vec<String>,
    /// Stand at this instant (RFC 3339); later events are not seen
    #[arg(long, value_name = "INSTANT")]
    pub at: Option<String>,
    /// Only this account, with its whole history
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// How the columns of CSV files become events (YAML)
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<String>,
    /// The input is sorted by instant: judge it as it streams by, with memory for accounts only (rows of CSV are still
    /// gathered into orders first)
    #[arg(long)]
    pub sorted: bool,
    /// The answer as JSON
    #[arg(long)]
    pub json: bool,
    /// Let the policy use files in this folder, too; those in its own folder, and below it, it may always use
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Write every entry of the ledger to this file, one JSON object a line (- for standard output, in place of the
    /// answer)
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainOptions {
    /// An error or refusal code, or a policy file
    #[arg(value_name = "CODE|POLICY")]
    pub subject: String,
    /// Files of events, as for run
    pub events: Vec<String>,
    /// The account
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// Only what belongs to this order
    #[arg(long, value_name = "NUMBER")]
    pub order: Option<String>,
    /// Only this lot (ORDER/LINE, or the granting event): where its points came from and went
    #[arg(long, value_name = "LOT")]
    pub lot: Option<String>,
    /// Stand at this instant (RFC 3339)
    #[arg(long, value_name = "INSTANT")]
    pub at: Option<String>,
    /// How the columns of CSV files become events (YAML)
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<String>,
    /// Entries as JSON, one object a line
    #[arg(long)]
    pub json: bool,
    /// Let the policy use files in this folder, too; those in its own folder, and below it, it may always use
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct TestOptions {
    /// A policy, a scenario, or a folder that holds them
    #[arg(default_value = "policies")]
    pub path: PathBuf,
    /// Accept the outcome as it is now
    #[arg(long)]
    pub update: bool,
    /// Let the policy use files in this folder, too; those in its own folder, and below it, it may always use
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsOptions {
    /// The shell
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManOptions {
    /// Write one page for each subcommand into this folder
    pub folder: Option<PathBuf>,
}
