//! The arguments of a call, read as PHP's own functions read them: its weak and strict coercion, its messages.

use super::class::Class;
use super::exceptions;
use super::zend;
use ext_php_rs::boxed::ZBox;
use ext_php_rs::ffi::{
    _zend_expected_type, _zend_expected_type_Z_EXPECTED_ARRAY, _zend_expected_type_Z_EXPECTED_ARRAY_OR_STRING,
    _zend_expected_type_Z_EXPECTED_BOOL, _zend_expected_type_Z_EXPECTED_LONG_OR_NULL,
    _zend_expected_type_Z_EXPECTED_STRING, _zend_expected_type_Z_EXPECTED_STRING_OR_NULL, zend_object,
    zend_wrong_parameters_count_error,
};
use ext_php_rs::types::{ZendHashTable, ZendLong, Zval};
use ext_php_rs::zend::ExecuteData;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// A PHP exception is pending: return to PHP at once.
#[derive(Debug)]
pub struct Thrown;

/// Runs a handler's body. A panic becomes a PHP `Error`: it must not cross into C.
pub fn call<'a>(
    frame: &'a mut ExecuteData,
    retval: &mut Zval,
    body: impl FnOnce(&mut Args<'a>, &mut Zval) -> Result<(), Thrown>,
) {
    let mut args = Args::of(frame);
    if catch_unwind(AssertUnwindSafe(|| body(&mut args, retval))).is_err() {
        exceptions::internal_error();
    }
}

/// The frame of one call. Indexes count from 0; PHP's messages count from 1.
///
/// Values are coerced where they lie, in the frame, as PHP does it: PHP frees them after the call, whatever happens.
pub struct Args<'a> {
    first: *mut Zval,
    count: u32,
    this: *mut zend_object,
    frame: PhantomData<&'a mut ExecuteData>,
}

impl<'a> Args<'a> {
    fn of(frame: &'a mut ExecuteData) -> Self {
        // PHP lays the arguments out right behind the frame, which it pads to whole zvals.
        const FRAME_SLOTS: usize = size_of::<ExecuteData>().div_ceil(size_of::<Zval>());
        // SAFETY: `This` holds the argument count, and an object where the function is a method of one.
        unsafe {
            Self {
                count: frame.This.u2.num_args,
                this: if frame.This.is_object() {
                    frame.This.value.obj
                } else {
                    ptr::null_mut()
                },
                first: ptr::from_mut(frame).cast::<Zval>().add(FRAME_SLOTS),
                frame: PhantomData,
            }
        }
    }

    /// Checks how many arguments were given; the first thing every handler does.
    pub fn count(&self, min: u32, max: u32) -> Result<(), Thrown> {
        if (min..=max).contains(&self.count) {
            return Ok(());
        }
        // SAFETY: called inside a function's frame, whose name the message takes.
        unsafe { zend_wrong_parameters_count_error(min, max) };
        Err(Thrown)
    }

    /// `$this`. Methods that are not static always have one.
    pub fn this(&self) -> *mut zend_object {
        self.this
    }

    fn slot(&self, index: u32) -> Option<*mut Zval> {
        // SAFETY: within the arguments given, which stand one after the other.
        (index < self.count).then(|| unsafe { self.first.add(index as usize) })
    }

    fn nullable_slot(&self, index: u32) -> Option<*mut Zval> {
        // SAFETY: `slot` gives initialized zvals of this frame.
        self.slot(index).filter(|slot| unsafe { !(**slot).is_null() })
    }

    /// `string $x = ...`: a string, `None` where it was not given.
    pub fn string(&mut self, index: u32) -> Result<Option<&'a Zval>, Thrown> {
        self.slot(index)
            .map(|slot| Self::coerce_string(slot, index, _zend_expected_type_Z_EXPECTED_STRING))
            .transpose()
    }

    /// `?string $x = null`: a string, `None` for both null and absence.
    pub fn nullable_string(&mut self, index: u32) -> Result<Option<&'a Zval>, Thrown> {
        self.nullable_slot(index)
            .map(|slot| Self::coerce_string(slot, index, _zend_expected_type_Z_EXPECTED_STRING_OR_NULL))
            .transpose()
    }

    fn coerce_string(slot: *mut Zval, index: u32, expected: _zend_expected_type) -> Result<&'a Zval, Thrown> {
        // SAFETY: `slot` is an argument of this frame, alive for 'a; PHP coerces it in place.
        unsafe {
            let mut string = ptr::null_mut();
            if (*slot).is_string() || zend::zend_parse_arg_str_slow(slot, &raw mut string, index + 1) {
                return Ok(&*slot);
            }
        }
        Err(wrong_type(slot, index, expected))
    }

    /// `bool $x = false`.
    pub fn bool(&mut self, index: u32) -> Result<bool, Thrown> {
        let Some(slot) = self.slot(index) else {
            return Ok(false);
        };
        // SAFETY: `slot` is an argument of this frame.
        unsafe {
            if let Some(value) = (*slot).bool() {
                return Ok(value);
            }
            let mut value = false;
            if zend::zend_parse_arg_bool_slow(slot, &raw mut value, index + 1) {
                return Ok(value);
            }
        }
        Err(wrong_type(slot, index, _zend_expected_type_Z_EXPECTED_BOOL))
    }

    /// `?int $x = null`.
    pub fn nullable_long(&mut self, index: u32) -> Result<Option<ZendLong>, Thrown> {
        let Some(slot) = self.nullable_slot(index) else {
            return Ok(None);
        };
        // SAFETY: `slot` is an argument of this frame.
        unsafe {
            if (*slot).is_long() {
                return Ok(Some((*slot).value.lval));
            }
            let mut value = 0;
            if zend::zend_parse_arg_long_slow(slot, &raw mut value, index + 1) {
                return Ok(Some(value));
            }
        }
        Err(wrong_type(slot, index, _zend_expected_type_Z_EXPECTED_LONG_OR_NULL))
    }

    /// `array $x`.
    pub fn array(&mut self, index: u32) -> Result<&'a ZendHashTable, Thrown> {
        let Some(slot) = self.slot(index) else {
            return Err(Thrown);
        };
        // SAFETY: `slot` is an argument of this frame, which keeps the array alive for 'a.
        match unsafe { (*slot).array() } {
            Some(array) => Ok(array),
            None => Err(wrong_type(slot, index, _zend_expected_type_Z_EXPECTED_ARRAY)),
        }
    }

    /// An object of `class`, which is required.
    pub fn object(&mut self, index: u32, class: &Class) -> Result<&'a mut Zval, Thrown> {
        let Some(slot) = self.slot(index) else {
            return Err(Thrown);
        };
        // SAFETY: `slot` is an argument of this frame, lent out once.
        unsafe {
            if class.accepts(&*slot) {
                return Ok(&mut *slot);
            }
            zend::zend_wrong_parameter_class_error(index + 1, class.c_name(), slot);
        }
        Err(Thrown)
    }

    /// An object of `class` or null; `None` for both null and absence.
    pub fn nullable_object(&mut self, index: u32, class: &Class) -> Result<Option<&'a Zval>, Thrown> {
        let Some(slot) = self.nullable_slot(index) else {
            return Ok(None);
        };
        // SAFETY: `slot` is an argument of this frame.
        unsafe {
            if class.accepts(&*slot) {
                return Ok(Some(&*slot));
            }
            zend::zend_wrong_parameter_class_or_null_error(index + 1, class.c_name(), slot);
        }
        Err(Thrown)
    }

    /// `array|string $topics`: afterwards a string, or a list of nothing but strings.
    ///
    /// PHP has no type for an array's elements; they follow the rules of a `string` parameter, except that null is
    /// never one.
    pub fn topics(&mut self, index: u32) -> Result<&'a Zval, Thrown> {
        let Some(slot) = self.slot(index) else {
            return Err(Thrown);
        };
        // SAFETY: `slot` is an argument of this frame; nothing else refers to it while its array is replaced.
        unsafe {
            let Some(array) = (*slot).array() else {
                return Self::coerce_string(slot, index, _zend_expected_type_Z_EXPECTED_ARRAY_OR_STRING);
            };
            if !is_list_of_strings(array) {
                let list = string_list(array, index)?;
                (*slot).set_hashtable(list);
            }
            Ok(&*slot)
        }
    }
}

/// Whether `array` can be taken as a list of topics as it is.
pub fn is_list_of_strings(array: &ZendHashTable) -> bool {
    array.values().all(Zval::is_string) && array.has_sequential_keys()
}

fn string_list(array: &ZendHashTable, index: u32) -> Result<ZBox<ZendHashTable>, Thrown> {
    let mut list = ZendHashTable::with_capacity(u32::try_from(array.len()).unwrap_or(0));
    for (key, element) in array {
        let mut element = element.dereference().shallow_clone();
        let mut string = ptr::null_mut();
        // SAFETY: `element` is a copy of ours, coerced in place. A `__toString` may run and throw.
        let is_string = element.is_string()
            || (!element.is_null()
                && unsafe { zend::zend_parse_arg_str_slow(&raw mut element, &raw mut string, index + 1) });
        if !is_string {
            if !zend::exception_pending() {
                let key = super::c_string(&key.to_string());
                // SAFETY: the format takes two C strings, which outlive the call.
                unsafe {
                    zend::zend_argument_type_error(
                        index + 1,
                        c"must contain only strings, %s given at index %s".as_ptr(),
                        zend::zend_zval_type_name(&raw const element),
                        key.as_ptr(),
                    );
                }
            }
            return Err(Thrown);
        }
        if list.push(element).is_err() {
            return Err(exceptions::internal_error());
        }
    }
    Ok(list)
}

fn wrong_type(slot: *mut Zval, index: u32, expected: _zend_expected_type) -> Thrown {
    // SAFETY: `slot` is an argument of the current frame. PHP adds nothing where coercion has already thrown.
    unsafe { zend::zend_wrong_parameter_type_error(index + 1, expected, slot) };
    Thrown
}
