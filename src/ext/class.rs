//! One of the extension's classes or interfaces: its entry in PHP's class table, and what is declared with it.

use super::args::Thrown;
use super::zend;
use ext_php_rs::args::{Arg, ArgInfoTables};
use ext_php_rs::builders::FunctionBuilder;
use ext_php_rs::ffi::{
    _ZEND_TYPE_NAME_BIT, _ZEND_TYPE_NULLABLE_BIT, IS_STRING, ZEND_ACC_PRIVATE, zend_object, zend_throw_error, zend_type,
};
use ext_php_rs::flags::DataType;
use ext_php_rs::types::{ZendStr, Zval};
use ext_php_rs::zend::{ClassEntry, ExecuteData};
use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The type mask bit of a string, PHP's `MAY_BE_STRING`.
pub const MAY_BE_STRING: u32 = 1 << IS_STRING;

/// A class that each start of the module registers anew; the entry of an earlier start is gone by then.
pub struct Class {
    name: &'static CStr,
    entry: AtomicPtr<ClassEntry>,
}

impl Class {
    /// A class that is not registered yet.
    pub const fn new(name: &'static CStr) -> Self {
        Self {
            name,
            entry: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Remembers what PHP registered. PHP reads the argument tables for as long as the process lives.
    pub fn registered(&self, entry: &'static mut ClassEntry, arg_info: ArgInfoTables) {
        std::mem::forget(arg_info);
        self.entry.store(entry, Ordering::Release);
    }

    /// The name, with its namespace.
    pub fn name(&self) -> &'static str {
        self.name.to_str().unwrap_or_default()
    }

    /// The same for C.
    pub fn c_name(&self) -> *const c_char {
        self.name.as_ptr()
    }

    /// PHP's class entry.
    pub fn entry(&self) -> &'static ClassEntry {
        // SAFETY: the module registers every class, in the order of their dependencies, before PHP runs any code; where
        // that fails the process ends.
        unsafe { &*self.entry.load(Ordering::Acquire) }
    }

    /// Whether `value` is an object of this class or of one that extends or implements it.
    pub fn accepts(&self, value: &Zval) -> bool {
        value.object().is_some_and(|object| object.instance_of(self.entry()))
    }
}

/// The type of a typed property that takes only what `mask` (PHP's `MAY_BE_*` bits) allows.
pub fn scalar_type(mask: u32, nullable: bool) -> zend_type {
    zend_type {
        ptr: ptr::null_mut(),
        type_mask: mask | if nullable { _ZEND_TYPE_NULLABLE_BIT } else { 0 },
    }
}

/// The type of a typed property that holds null or an object of `class`.
pub fn nullable_object_type(class: &Class) -> zend_type {
    zend_type {
        ptr: ZendStr::new_interned(class.name(), true).into_raw().cast(),
        type_mask: _ZEND_TYPE_NAME_BIT | _ZEND_TYPE_NULLABLE_BIT,
    }
}

/// Declares `private readonly <type> $<name>`: the engine then clones, compares and shows it like a userland one.
pub fn declare_readonly(entry: &mut ClassEntry, name: &str, type_: zend_type) {
    let name = ZendStr::new_interned(name, true).into_raw();
    // SAFETY: called while the module starts, with persistent interned names. All zero bytes are an undefined zval,
    // which a readonly property starts as.
    unsafe {
        let mut undefined = MaybeUninit::<Zval>::zeroed();
        zend::zend_declare_typed_property(
            entry,
            name,
            undefined.as_mut_ptr(),
            (ZEND_ACC_PRIVATE | zend::ZEND_ACC_READONLY) as i32,
            ptr::null_mut(),
            type_,
        );
    }
}

/// Makes the constructor's first parameter `array|string`, a union that ext-php-rs cannot declare.
pub fn constructor_takes_array_or_string(entry: &mut ClassEntry) {
    // SAFETY: the constructor was registered with arguments a moment ago; the engine's table of them is writable (its
    // own copy or the leaked one) and no code runs yet.
    unsafe {
        if let Some(constructor) = entry.constructor.as_mut() {
            (*constructor.internal_function.arg_info).type_.type_mask |= MAY_BE_STRING;
        }
    }
}

/// A declared property of `object`, by its place among those of its class.
///
/// # Safety
/// `object` must be alive and of a class of this module that declares more than `index` properties.
pub unsafe fn property<'a>(object: *mut zend_object, index: usize) -> &'a mut Zval {
    // SAFETY: the table lies at the end of the object, as long as the class declares; the caller vouches for both.
    unsafe { &mut *(&raw mut (*object).properties_table).cast::<Zval>().add(index) }
}

/// Gives a constructor's values to the readonly properties, in their order. A second time is refused as PHP itself does.
///
/// # Safety
/// As [`property`], for every one of `values`.
pub unsafe fn initialize<const N: usize>(
    object: *mut zend_object,
    class: &Class,
    first: &CStr,
    values: [Zval; N],
) -> Result<(), Thrown> {
    // SAFETY: the caller vouches for the object; the format takes two C strings that live.
    unsafe {
        if !is_undefined(property(object, 0)) {
            let format = c"Cannot modify readonly property %s::$%s".as_ptr();
            zend_throw_error(ptr::null_mut(), format, class.c_name(), first.as_ptr());
            return Err(Thrown);
        }
        for (index, value) in values.into_iter().enumerate() {
            // The old value is undefined, so that nothing has to be freed; its flags ("never initialized") go with it.
            ptr::write(property(object, index), value);
        }
    }
    Ok(())
}

/// Whether a property was never initialized (an object made without its constructor).
pub fn is_undefined(value: &Zval) -> bool {
    // SAFETY: the type byte is always initialized.
    unsafe { value.u1.v.type_ == 0 }
}

/// A method without parameters.
pub fn getter(
    name: &'static str,
    handler: extern "C" fn(&mut ExecuteData, &mut Zval),
    type_: DataType,
    nullable: bool,
) -> FunctionBuilder<'static> {
    FunctionBuilder::new(name, handler).returns(type_, false, nullable)
}

/// The parameters that `mercure_publish()` and `Update` have in common.
pub fn update_parameters(function: FunctionBuilder<'static>) -> FunctionBuilder<'static> {
    function
        .arg(Arg::new("topics", DataType::Array))
        .not_required()
        .arg(Arg::new("data", DataType::String).default("''"))
        .arg(Arg::new("private", DataType::Bool).default("false"))
        .arg(Arg::new("id", DataType::String).allow_null().default("null"))
        .arg(Arg::new("type", DataType::String).allow_null().default("null"))
        .arg(Arg::new("retry", DataType::Long).allow_null().default("null"))
}
