//! The `mercure.*` directives in PHP: registered, read once when PHP starts, and hidden where they are secret.

use super::zend::Severity;
use super::{c_string, zend};
use crate::config::{Config, DIRECTIVES, Directive};
use ext_php_rs::ffi::{
    ext_php_rs_executor_globals, ext_php_rs_zend_string_release, php_output_write, zend_hash_str_del,
    zend_hash_str_find, zend_ini_entry, zend_ini_entry_def, zend_string,
};
use ext_php_rs::flags::IniEntryPermission;
use ext_php_rs::types::{ArrayKey, ZendHashTable, ZendStr};
use ext_php_rs::zend::IniEntryDef;
use std::collections::BTreeMap;
use std::ffi::{c_int, c_void};

const PREFIX: &str = "mercure.";

/// Registers the directives and makes a configuration of what they say.
///
/// # Errors
/// One line that names the directive, what is wrong with it and what to do.
pub fn load(module: i32) -> Result<Config, String> {
    refuse_unknown()?;
    register(module);
    let mut values = BTreeMap::new();
    for directive in DIRECTIVES {
        if let Some(value) = value(directive.name)? {
            values.insert(directive.name, value);
        }
        if directive.secret {
            forget(directive.name);
        }
    }
    let environment = environment()?;
    Config::load(|name| values.get(name).cloned(), |name| environment.get(name).cloned())
        .map_err(|error| error.to_string())
}

/// Environment variables that stand in for directives, by their names.
fn environment() -> Result<BTreeMap<&'static str, String>, String> {
    let mut values = BTreeMap::new();
    for name in DIRECTIVES.iter().filter_map(|directive| directive.env) {
        if let Some(value) = std::env::var_os(name) {
            let value = value.into_string();
            values.insert(
                name,
                value.map_err(|_| format!("the environment variable {name} is not valid UTF-8; write it in UTF-8"))?,
            );
        }
    }
    Ok(values)
}

fn register(module: i32) {
    // PHP reads the table for as long as the process lives.
    let mut table: Vec<zend_ini_entry_def> = DIRECTIVES.iter().map(definition).collect();
    table.push(IniEntryDef::end());
    IniEntryDef::register(table.leak(), module);
}

fn definition(directive: &Directive) -> zend_ini_entry_def {
    let name = Box::leak(c_string(&full_name(directive.name)).into_boxed_c_str());
    let default = Box::leak(c_string(directive.default).into_boxed_c_str());
    let mut definition = IniEntryDef::new(name, default, IniEntryPermission::System);
    definition.on_modify = Some(on_modify);
    if directive.secret {
        definition.displayer = Some(display_secret);
    }
    definition
}

fn full_name(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// Only PHP's start sets a directive. What comes later (an FPM pool, Apache's `php_admin_value`) is too late for the hub.
unsafe extern "C" fn on_modify(
    entry: *mut zend_ini_entry,
    _new_value: *mut zend_string,
    _: *mut c_void,
    _: *mut c_void,
    _: *mut c_void,
    stage: c_int,
) -> c_int {
    const STARTUP: c_int = 1 << 0;
    const SHUTDOWN: c_int = 1 << 1;
    if matches!(stage, STARTUP | SHUTDOWN) {
        return super::SUCCESS;
    }
    // SAFETY: PHP passes the entry whose value is to change; its name is a string of PHP's.
    let name = unsafe { String::from_utf8_lossy((*(*entry).name).as_bytes()).into_owned() };
    zend::log(
        Severity::Warning,
        &format!(
            "{name} cannot be set here and stays as it is: all pools and virtual hosts share one hub, which is configured \
             when PHP starts; set it in php.ini"
        ),
    );
    super::FAILURE
}

unsafe extern "C" fn display_secret(entry: *mut zend_ini_entry, _type: c_int) {
    // SAFETY: PHP passes the entry it wants to show.
    let name = unsafe { String::from_utf8_lossy((*(*entry).name).as_bytes()) };
    let is_set = super::state().is_some_and(|state| match name.strip_prefix(PREFIX) {
        Some("publisher_jwt_key") => state.config.publisher_key.is_some(),
        Some("subscriber_jwt_key") => state.config.subscriber_key.is_some(),
        _ => true,
    });
    let text = if is_set { "redacted" } else { "no value" };
    // SAFETY: PHP copies or writes the bytes at once.
    unsafe { php_output_write(text.as_ptr().cast(), text.len()) };
}

fn entry(name: &str) -> Option<&'static mut zend_ini_entry> {
    let name = full_name(name);
    // SAFETY: the table of directives lives as long as PHP, and holds nothing but pointers to entries. Called while PHP
    // starts, when nothing else refers to them.
    unsafe {
        let found = zend_hash_str_find(
            (*ext_php_rs_executor_globals()).ini_directives,
            name.as_ptr().cast(),
            name.len(),
        );
        found.as_ref()?.ptr::<zend_ini_entry>()?.as_mut()
    }
}

/// What PHP holds for a directive, its default included.
fn value(name: &str) -> Result<Option<String>, String> {
    let Some(entry) = entry(name) else {
        return Ok(None);
    };
    // SAFETY: an entry's value is null or a string of PHP's.
    let Some(value) = (unsafe { entry.value.as_ref() }) else {
        return Ok(None);
    };
    match std::str::from_utf8(value.as_bytes()) {
        Ok(value) => Ok(Some(value.to_owned())),
        Err(_) => Err(format!("{PREFIX}{name}: is not valid UTF-8; write it in UTF-8")),
    }
}

/// Takes a secret out of PHP's tables, so that neither `ini_get()` nor `get_cfg_var()` can tell it.
fn forget(name: &str) {
    if let Some(entry) = entry(name) {
        let old = std::mem::replace(&mut entry.value, ZendStr::new_interned("", true).into_raw());
        if !old.is_null() {
            // SAFETY: the entry owned this string and has another one now.
            unsafe { ext_php_rs_zend_string_release(old) };
        }
    }
    let name = full_name(name);
    // SAFETY: the table of php.ini's values exists while modules start; PHP frees what it deletes.
    unsafe {
        let table = zend::php_ini_get_configuration_hash();
        if !table.is_null() {
            zend_hash_str_del(table, name.as_ptr().cast(), name.len());
        }
    }
}

/// PHP itself ignores a directive that nobody registers; a misspelt `mercure.anonymuos` must not pass in silence.
fn refuse_unknown() -> Result<(), String> {
    // SAFETY: as in `forget`; only read here.
    let Some(table): Option<&ZendHashTable> = (unsafe { zend::php_ini_get_configuration_hash().as_ref() }) else {
        return Ok(());
    };
    for (key, value) in table {
        let key = match key {
            ArrayKey::Long(_) => continue,
            key => key.to_string(),
        };
        let Some(name) = strip_prefix_ignoring_case(&key, PREFIX) else {
            continue;
        };
        if !key.starts_with(PREFIX) || !DIRECTIVES.iter().any(|directive| directive.name == name) {
            return Err(match closest(&name.to_ascii_lowercase()) {
                Some(known) => format!("{key}: no such directive; did you mean {PREFIX}{known}?"),
                None => format!(
                    "{key}: no such directive; remove it, or update the extension if it is newer than version {}",
                    env!("CARGO_PKG_VERSION")
                ),
            });
        }
        if value.is_array() {
            return Err(format!("{key}: is an array; write one value, without []"));
        }
    }
    Ok(())
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The known directive that `name` most likely means.
fn closest(name: &str) -> Option<&'static str> {
    DIRECTIVES
        .iter()
        .map(|directive| (edits(name, directive.name), directive.name))
        .min_by_key(|(edits, _)| *edits)
        .filter(|(edits, known)| *edits <= 1 + known.len() / 5)
        .map(|(_, known)| known)
}

/// Levenshtein's distance in bytes.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
