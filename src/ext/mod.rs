//! The PHP binding: the only place that knows ext-php-rs. What PHP starts, calls and shows, and nothing else.
//!
//! Handlers are raw (no ext-php-rs macros), so that PHP's own coercion rules and messages hold; see [`args`].

mod args;
mod class;
mod exceptions;
mod fields;
mod function;
mod hub;
mod info;
mod ini;
mod jwt;
mod publisher;
mod update;
mod zend;

use crate::config::Config;
use crate::publisher::{Local, PublishError};
use crate::update::Update;
use args::Thrown;
use ext_php_rs::builders::ModuleBuilder;
use ext_php_rs::ffi::{MODULE_TEMPORARY, ext_php_rs_sapi_module};
use ext_php_rs::php_module;
use ext_php_rs::types::{ZendStr, Zval};
use std::ffi::{CStr, CString};
use std::panic::catch_unwind;
use std::sync::{Arc, PoisonError, RwLock};
use zend::Severity;

/// What PHP's start has made of the configuration. Replaced when PHP starts the module again in one process (Apache's
/// graceful restart); the old one is leaked, because a reference to it may be in use.
struct State {
    config: Arc<Config>,
    local: Local,
}

static STATE: RwLock<Option<&'static State>> = RwLock::new(None);

fn state() -> Option<&'static State> {
    *STATE.read().unwrap_or_else(PoisonError::into_inner)
}

#[php_module]
#[doc(hidden)]
fn module(module: ModuleBuilder) -> ModuleBuilder {
    module
        .startup_function(startup)
        .shutdown_function(shutdown)
        .info_function(info::print)
}

const SUCCESS: i32 = 0;
const FAILURE: i32 = -1;

unsafe extern "C" fn startup(kind: i32, module: i32) -> i32 {
    if kind == MODULE_TEMPORARY as i32 {
        zend::log(
            Severity::Warning,
            "mercure cannot be loaded with dl(); write extension=mercure to php.ini",
        );
        return FAILURE;
    }
    match catch_unwind(|| start(module)) {
        Ok(Ok(())) => SUCCESS,
        Ok(Err(message)) => fatal(&message),
        Err(_) => fatal("mercure: internal error while starting; please report it with the lines above"),
    }
}

fn start(module: i32) -> Result<(), String> {
    let config = Arc::new(ini::load(module)?);
    register().map_err(|error| format!("mercure: {error}"))?;
    let local = crate::supervisor::start(&config, &sapi());
    if let Some(warning) = local.warning() {
        zend::log(Severity::Warning, &format!("mercure: {warning}"));
    }
    let state: &'static State = Box::leak(Box::new(State { config, local }));
    *STATE.write().unwrap_or_else(PoisonError::into_inner) = Some(state);
    Ok(())
}

fn register() -> ext_php_rs::error::Result<()> {
    exceptions::register()?;
    jwt::register()?;
    update::register()?;
    hub::register()?;
    publisher::register()?;
    function::register()
}

/// One line, and PHP does not start. Returning FAILURE instead would add PHP's own "Unable to initialize module", which
/// exits in the same way.
fn fatal(message: &str) -> ! {
    zend::log(Severity::Fatal, message);
    std::process::exit(254)
}

unsafe extern "C" fn shutdown(_kind: i32, module: i32) -> i32 {
    // SAFETY: called by PHP on its thread, once for each startup. The hub is not ours to stop here: this also runs in
    // every recycled worker.
    unsafe { zend::zend_unregister_ini_entries(module) };
    SUCCESS
}

fn sapi() -> String {
    // SAFETY: PHP sets its SAPI, whose name is a C string, before it starts any module.
    unsafe {
        let name = (*ext_php_rs_sapi_module()).name;
        if name.is_null() {
            return String::new();
        }
        CStr::from_ptr(name).to_string_lossy().into_owned()
    }
}

/// Publishes and returns the id to PHP.
fn publish(update: &Update, retval: &mut Zval) -> Result<(), Thrown> {
    let Some(state) = state() else {
        return Err(exceptions::HUB_UNAVAILABLE.throw("mercure has not been started in this process"));
    };
    // Made before the update is sent: PHP's allocator may give up on the whole request, and then nothing was published.
    let id = ZendStr::new(update.id(), false);
    match state.local.publish(update) {
        Ok(()) => {
            retval.set_zend_string(id);
            Ok(())
        }
        Err(PublishError::Unavailable(message)) => Err(exceptions::HUB_UNAVAILABLE.throw(&message)),
        Err(PublishError::Refused(message)) => Err(exceptions::PUBLISH.throw(&message)),
    }
}

/// A C string of `text`, up to its first NUL if it has one.
fn c_string(text: &str) -> CString {
    let text = text.split('\0').next().unwrap_or_default();
    CString::new(text).unwrap_or_default()
}
