//! `meed completions` and `meed man`: made from the same definitions as the help.

use clap::CommandFactory;
use std::io::Write;

use super::args::{Arguments, CompletionsOptions, ManOptions};
use super::{Failure, Status, output};

pub(crate) fn completions(options: &CompletionsOptions, out: &mut dyn Write) -> Result<Status, Failure> {
    // Into a buffer first: the generator panics where a write fails, as on a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Arguments::command(), "meed", &mut script);
    out.write_all(&script)?;
    Ok(Status::Fine)
}

pub(crate) fn man(options: &ManOptions, out: &mut dyn Write) -> Result<Status, Failure> {
    let Some(folder) = &options.folder else {
        clap_mangen::Man::new(Arguments::command()).render(out)?;
        return Ok(Status::Fine);
    };
    std::fs::create_dir_all(folder).map_err(|error| Failure(format!("{}: {error}", folder.display())))?;
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    for command in command.get_subcommands().chain([&command]) {
        let page = clap_mangen::Man::new(command.clone());
        output::write_file(&folder.join(page.get_filename()), |mut target| Ok(page.render(&mut target)?))?;
    }
    Ok(Status::Fine)
}
