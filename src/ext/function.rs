//! `mercure_publish()`, which Symfony's and Laravel's integrations look for.

use super::args::call;
use super::class::{MAY_BE_STRING, update_parameters};
use super::fields::Fields;
use super::zend::zend_register_functions;
use ext_php_rs::builders::FunctionBuilder;
use ext_php_rs::error::{Error, Result};
use ext_php_rs::ffi::{MODULE_PERSISTENT, ext_php_rs_compiler_globals, zend_hash_str_find};
use ext_php_rs::flags::DataType;
use ext_php_rs::types::Zval;
use ext_php_rs::zend::{ExecuteData, FunctionEntry};
use std::ptr;

const NAME: &str = "mercure_publish";

/// Registers the function unless another extension (FrankenPHP) has brought its own.
pub fn register() -> Result<()> {
    // SAFETY: PHP's function table exists while modules start.
    let exists = unsafe {
        let table = (*ext_php_rs_compiler_globals()).function_table;
        !zend_hash_str_find(table, NAME.as_ptr().cast(), NAME.len()).is_null()
    };
    if exists {
        return Ok(());
    }
    let function = FunctionBuilder::new(NAME, mercure_publish).returns(DataType::String, false, false);
    let (entry, mut arg_info) = update_parameters(function).build()?;
    // `array|string`: a union that ext-php-rs cannot declare. Place 0 describes the function itself.
    if let Some(topics) = arg_info.get_mut(1) {
        topics.type_.type_mask |= MAY_BE_STRING;
    }
    // PHP reads the table of arguments for as long as the process lives.
    std::mem::forget(arg_info);
    let entries = [entry, FunctionEntry::end()];
    // SAFETY: a table with its end; PHP copies the entries and interns the name.
    let result = unsafe {
        zend_register_functions(
            ptr::null_mut(),
            entries.as_ptr(),
            ptr::null_mut(),
            MODULE_PERSISTENT as i32,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(Error::InvalidPointer)
    }
}

extern "C" fn mercure_publish(frame: &mut ExecuteData, retval: &mut Zval) {
    call(frame, retval, |args, retval| {
        args.count(1, 6)?;
        let fields = Fields {
            topics: args.topics(0)?,
            data: args.string(1)?,
            private: args.bool(2)?,
            id: args.nullable_string(3)?,
            event_type: args.nullable_string(4)?,
            retry: args.nullable_long(5)?,
        };
        super::publish(&fields.update()?, retval)
    });
}
