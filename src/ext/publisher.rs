//! `Mercure\PublisherInterface` and `Mercure\Publisher`: a hub as a callable.

use super::args::{Thrown, call};
use super::class::{Class, declare_readonly, initialize, nullable_object_type, property};
use super::hub::{HUB, HUB_INTERFACE, publish_object, takes_update};
use super::update::UPDATE;
use super::zend::zend_call_method;
use ext_php_rs::args::Arg;
use ext_php_rs::builders::{ClassBuilder, FunctionBuilder};
use ext_php_rs::error::Result;
use ext_php_rs::flags::{ClassFlags, DataType, MethodFlags};
use ext_php_rs::types::Zval;
use ext_php_rs::zend::ExecuteData;
use std::ptr;

static PUBLISHER_INTERFACE: Class = Class::new(c"Mercure\\PublisherInterface");
static PUBLISHER: Class = Class::new(c"Mercure\\Publisher");

/// Registers the interface and the class.
pub fn register() -> Result<()> {
    ClassBuilder::new(PUBLISHER_INTERFACE.name())
        .flags(ClassFlags::Interface)
        .method(
            takes_update(FunctionBuilder::new_abstract("__invoke")),
            MethodFlags::Public | MethodFlags::Abstract,
        )
        .registration(|entry, arg_info| PUBLISHER_INTERFACE.registered(entry, arg_info))
        .register()?;
    ClassBuilder::new(PUBLISHER.name())
        .flags(ClassFlags::Final | ClassFlags::NoDynamicProperties | ClassFlags::NotSerializable)
        .implements((|| PUBLISHER_INTERFACE.entry(), "Mercure\\PublisherInterface"))
        .method(
            FunctionBuilder::constructor(construct)
                .not_required()
                .arg(Arg::new("hub", DataType::object("Mercure\\HubInterface")).allow_null()),
            MethodFlags::Public,
        )
        .method(
            takes_update(FunctionBuilder::new("__invoke", invoke)),
            MethodFlags::Public,
        )
        .registration(|entry, arg_info| {
            declare_readonly(entry, "hub", nullable_object_type(&HUB_INTERFACE));
            PUBLISHER.registered(entry, arg_info);
        })
        .register()
}

extern "C" fn construct(frame: &mut ExecuteData, retval: &mut Zval) {
    call(frame, retval, |args, _| {
        args.count(0, 1)?;
        let hub = args.nullable_object(0, &HUB_INTERFACE)?;
        let values = [hub.map_or_else(Zval::null, Zval::shallow_clone)];
        // SAFETY: PHP calls a constructor on an object of its class only.
        unsafe { initialize(args.this(), &PUBLISHER, c"hub", values) }
    });
}

extern "C" fn invoke(frame: &mut ExecuteData, retval: &mut Zval) {
    call(frame, retval, |args, retval| {
        args.count(1, 1)?;
        let update = args.object(0, &UPDATE)?;
        // SAFETY: a method of this class, which declares one property.
        let hub = unsafe { property(args.this(), 0) };
        if !hub.is_object() || HUB.accepts(hub) {
            return publish_object(update, retval);
        }
        publish_with(hub, update, retval)
    });
}

/// Calls the `publish()` of a hub that is a user's.
fn publish_with(hub: &Zval, update: &mut Zval, retval: &mut Zval) -> std::result::Result<(), Thrown> {
    const NAME: &[u8] = b"publish";
    // SAFETY: `hub` is an object whose interface declares the method with one parameter; the publisher's property and
    // the frame keep both alive. Nothing of Rust's is held across the call.
    unsafe {
        let object = hub.value.obj;
        zend_call_method(
            object,
            (*object).ce,
            ptr::null_mut(),
            NAME.as_ptr().cast(),
            NAME.len(),
            retval,
            1,
            update,
            ptr::null_mut(),
        );
    }
    Ok(())
}
