//! `Mercure\Exception\`: what the extension throws. Plain subclasses of SPL's, so that the engine fills in file, line and
//! trace.

use super::args::Thrown;
use super::class::Class;
use super::{c_string, zend};
use ext_php_rs::builders::ClassBuilder;
use ext_php_rs::error::Result;
use ext_php_rs::ffi::{zend_throw_error, zend_throw_exception};
use ext_php_rs::flags::ClassFlags;
use ext_php_rs::zend::{ClassEntry, ce};
use std::ptr;

static EXCEPTION_INTERFACE: Class = Class::new(c"Mercure\\Exception\\ExceptionInterface");

/// A value that no update or hub may have.
pub static INVALID_ARGUMENT: Class = Class::new(c"Mercure\\Exception\\InvalidArgumentException");

/// The update was not taken.
pub static PUBLISH: Class = Class::new(c"Mercure\\Exception\\PublishException");

/// It was not taken because no hub can be reached.
pub static HUB_UNAVAILABLE: Class = Class::new(c"Mercure\\Exception\\HubUnavailableException");

/// Registers the interface and the classes.
pub fn register() -> Result<()> {
    ClassBuilder::new(EXCEPTION_INTERFACE.name())
        .flags(ClassFlags::Interface)
        .implements((ce::throwable, "Throwable"))
        .registration(|entry, arg_info| EXCEPTION_INTERFACE.registered(entry, arg_info))
        .register()?;
    ClassBuilder::new(INVALID_ARGUMENT.name())
        .extends((spl_invalid_argument, "InvalidArgumentException"))
        .implements((|| EXCEPTION_INTERFACE.entry(), "Mercure\\Exception\\ExceptionInterface"))
        .registration(|entry, arg_info| INVALID_ARGUMENT.registered(entry, arg_info))
        .register()?;
    ClassBuilder::new(PUBLISH.name())
        .extends((spl_runtime, "RuntimeException"))
        .implements((|| EXCEPTION_INTERFACE.entry(), "Mercure\\Exception\\ExceptionInterface"))
        .registration(|entry, arg_info| PUBLISH.registered(entry, arg_info))
        .register()?;
    ClassBuilder::new(HUB_UNAVAILABLE.name())
        .extends((|| PUBLISH.entry(), "Mercure\\Exception\\PublishException"))
        .registration(|entry, arg_info| HUB_UNAVAILABLE.registered(entry, arg_info))
        .register()
}

fn spl_invalid_argument() -> &'static ClassEntry {
    // SAFETY: SPL is part of PHP and starts before every loaded extension.
    unsafe { &*zend::spl_ce_InvalidArgumentException }
}

fn spl_runtime() -> &'static ClassEntry {
    // SAFETY: as above.
    unsafe { &*zend::spl_ce_RuntimeException }
}

/// Throws an `Error` for what cannot happen: a panic, or an engine call that fails without a reason.
pub fn internal_error() -> Thrown {
    if !zend::exception_pending() {
        // SAFETY: the format takes nothing.
        unsafe { zend_throw_error(ptr::null_mut(), c"mercure: internal error; please report it".as_ptr()) };
    }
    Thrown
}

impl Class {
    /// Throws an exception of this class, which is one of the above.
    pub fn throw(&self, message: &str) -> Thrown {
        let message = c_string(message);
        // SAFETY: the entry is a registered Throwable, and PHP copies the message.
        unsafe { zend_throw_exception(ptr::from_ref(self.entry()).cast_mut(), message.as_ptr(), 0) };
        Thrown
    }
}
