//! `meed completions` and `meed man`: made from the same definitions as the help.

use clap::CommandFactory;
use std::io::Write;

use super::args::{Arguments, CompletionsOptions, ManOptions};
use super::{Failure, Status};

pub(crate) fn completions(options: &CompletionsOptions, out: &mut dyn Write) -> Result<Status, Failure> {
    // Into a buffer first: the generator panics where a write fails, as on a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Arguments::command(), "meed", &mut script);
    out.write_all(&script)?;
    Ok(Status::Fine)
}

pub(crate) fn man(options: &ManOptions, out: &mut dyn Write) -> Result<Status, Failure> {
    match &options.folder {
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .and_then(|()| clap_mangen::generate_to(Arguments::command(), folder))
                .map_err(|error| Failure(format!("{}: {error}", folder.display())))?;
        }
        None => clap_mangen::Man::new(Arguments::command()).render(out)?,
    }
    Ok(Status::Fine)
}
