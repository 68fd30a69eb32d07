//! The mercure section of `phpinfo()`, `php -i` and `php --ri mercure`.

use super::c_string;
use super::zend::display_ini_entries;
use crate::config::Config;
use ext_php_rs::ffi::{php_info_print_table_end, php_info_print_table_row, php_info_print_table_start};
use ext_php_rs::zend::ModuleEntry;
use std::panic::catch_unwind;

/// Prints the section.
///
/// # Safety
/// PHP passes its own entry of this module.
pub unsafe extern "C" fn print(module: *mut ModuleEntry) {
    // A panic has already been reported on stderr; the page goes on without the rest of this table.
    let _ = catch_unwind(print_state);
    // SAFETY: the entry is the one that the directives were registered for.
    unsafe { display_ini_entries(module) };
}

fn print_state() {
    // SAFETY: PHP calls this while it prints a page.
    unsafe { php_info_print_table_start() };
    row("Mercure hub", "enabled");
    row("Version", env!("CARGO_PKG_VERSION"));
    row("Dialects", "0.x");
    if let Some(state) = super::state() {
        let status = state.local.status();
        match status.reachable {
            Ok(()) => row("Hub reachable", "yes"),
            Err(reason) => row("Hub reachable", &format!("no: {reason}")),
        }
        row("Public URL", &state.config.public_url);
        row("Listening addresses", &listen(&state.config));
        row("Transport", "memory");
        row("Publish socket", &status.socket.to_string_lossy());
    }
    // SAFETY: ends the table that was started above.
    unsafe { php_info_print_table_end() };
}

fn listen(config: &Config) -> String {
    let addresses: Vec<String> = config.listen.iter().map(ToString::to_string).collect();
    if addresses.is_empty() {
        return "none: this PHP starts no hub".to_owned();
    }
    addresses.join(", ")
}

fn row(name: &str, value: &str) {
    let (name, value) = (c_string(name), c_string(value));
    // SAFETY: two columns, two C strings, which PHP prints at once.
    unsafe { php_info_print_table_row(2, name.as_ptr(), value.as_ptr()) };
}
