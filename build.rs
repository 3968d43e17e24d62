//! Links the unwinder into the program, so that it needs no shared library but libc's.
//!
//! Rust's standard library asks the linker for `libgcc_s.so`, which belongs to the compiler, not to libc. A
//! linker script of that name, found first, gives the static archive of the same code that GCC ships beside it.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|set| set == value);
    if is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && let Some(folder) = env::var_os("OUT_DIR")
        && fs::write(Path::new(&folder).join("libgcc_s.so"), "INPUT(-lgcc_eh -lgcc)\n").is_ok()
    {
        println!("cargo:rustc-link-search=native={}", Path::new(&folder).display());
    }
}
