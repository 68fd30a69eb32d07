//! The part of PHP's C API that ext-php-rs does not bind. Signatures as in Zend/zend_API.h, zend_ini.h and main/php_ini.h.

use super::c_string;
use ext_php_rs::ffi::{
    _zend_expected_type, HashTable, ext_php_rs_executor_globals, zend_class_entry, zend_function, zend_function_entry,
    zend_long, zend_module_entry, zend_object, zend_property_info, zend_string, zend_type, zval,
};
use std::ffi::{c_char, c_int};

/// Of a property: `readonly`.
pub const ZEND_ACC_READONLY: u32 = 1 << 7;

unsafe extern "C" {
    pub fn zend_parse_arg_str_slow(arg: *mut zval, dest: *mut *mut zend_string, arg_num: u32) -> bool;
    pub fn zend_parse_arg_bool_slow(arg: *mut zval, dest: *mut bool, arg_num: u32) -> bool;
    pub fn zend_parse_arg_long_slow(arg: *mut zval, dest: *mut zend_long, arg_num: u32) -> bool;
    pub fn zend_wrong_parameter_type_error(num: u32, expected: _zend_expected_type, arg: *mut zval);
    pub fn zend_wrong_parameter_class_error(num: u32, name: *const c_char, arg: *mut zval);
    pub fn zend_wrong_parameter_class_or_null_error(num: u32, name: *const c_char, arg: *mut zval);
    pub fn zend_argument_type_error(arg_num: u32, format: *const c_char, ...);
    pub fn zend_zval_type_name(arg: *const zval) -> *const c_char;
    pub fn zend_register_functions(
        scope: *mut zend_class_entry,
        functions: *const zend_function_entry,
        function_table: *mut HashTable,
        type_: c_int,
    ) -> c_int;
    pub fn zend_declare_typed_property(
        ce: *mut zend_class_entry,
        name: *mut zend_string,
        property: *mut zval,
        access_type: c_int,
        doc_comment: *mut zend_string,
        type_: zend_type,
    ) -> *mut zend_property_info;
    pub fn zend_call_method(
        object: *mut zend_object,
        class: *mut zend_class_entry,
        cached_function: *mut *mut zend_function,
        name: *const c_char,
        name_length: usize,
        retval: *mut zval,
        param_count: u32,
        arg1: *mut zval,
        arg2: *mut zval,
    ) -> *mut zval;
    pub fn zend_unregister_ini_entries(module_number: c_int);
    pub fn php_ini_get_configuration_hash() -> *mut HashTable;
    pub fn display_ini_entries(module: *mut zend_module_entry);
    fn php_log_err_with_severity(message: *const c_char, severity: c_int);
    pub static spl_ce_InvalidArgumentException: *mut zend_class_entry;
    pub static spl_ce_RuntimeException: *mut zend_class_entry;
}

/// Writes one line where PHP's own startup messages go: to `error_log`, else to the SAPI's log (stderr, FPM's log). Not
/// zend_error(), which shows the line a second time, in the middle of a script's output, where `display_errors` is on.
pub fn log(severity: Severity, message: &str) {
    let message = c_string(&format!("PHP {}:  {message}", severity.label()));
    // SAFETY: PHP copies or writes the message at once.
    unsafe { php_log_err_with_severity(message.as_ptr(), severity.syslog()) };
}

/// How bad it is.
#[derive(Clone, Copy)]
pub enum Severity {
    /// PHP goes on.
    Warning,
    /// PHP does not start.
    Fatal,
}

impl Severity {
    fn label(self) -> &'static str {
        match self {
            Self::Warning => "Warning",
            Self::Fatal => "Fatal error",
        }
    }

    fn syslog(self) -> c_int {
        match self {
            Self::Warning => libc::LOG_WARNING,
            Self::Fatal => libc::LOG_CRIT,
        }
    }
}

/// Whether an exception is on its way.
pub fn exception_pending() -> bool {
    // SAFETY: called on a PHP thread, where the executor's globals exist.
    unsafe { !(*ext_php_rs_executor_globals()).exception.is_null() }
}
