//! Fills an empty data folder with made-up keys, to try the program with many:
//! `cargo run --release --example fill -- FOLDER KEYS`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool of the benchmarks")]

#[path = "../all/support/fill.rs"]
mod fill;

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(folder), Some(keys)) = (arguments.next(), arguments.next()) else {
        return Err("give a data folder and a number of keys".into());
    };
    let (folder, keys) = (PathBuf::from(folder), keys.to_string_lossy().parse()?);
    let mut told = 0;
    fill::fill(&folder, keys, &mut |done| {
        if done == keys || done >= told + 50_000 {
            told = done;
            println!("{done} of {keys} keys");
        }
    })?;
    println!("View them with: latchkey --data {}", folder.display());
    Ok(())
}
