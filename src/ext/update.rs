//! `Mercure\Update`: an immutable value in real `private readonly` properties, so that the engine itself clones, compares
//! and dumps it. What it holds is checked when it is published, its types when it is made.

use super::args::{Thrown, call, is_list_of_strings};
use super::class::{
    Class, MAY_BE_STRING, constructor_takes_array_or_string, declare_readonly, getter, initialize, is_undefined,
    property, scalar_type, update_parameters,
};
use super::exceptions::{self, INVALID_ARGUMENT};
use super::fields::Fields;
use ext_php_rs::args::Arg;
use ext_php_rs::builders::{ClassBuilder, FunctionBuilder};
use ext_php_rs::error::Result;
use ext_php_rs::ffi::{IS_ARRAY, IS_LONG, MAY_BE_BOOL, zend_object, zend_throw_error};
use ext_php_rs::flags::{ClassFlags, DataType, MethodFlags};
use ext_php_rs::types::{ZendHashTable, ZendObject, ZendStr, Zval};
use ext_php_rs::zend::ExecuteData;
use std::ffi::CStr;
use std::ptr;

/// The class.
pub static UPDATE: Class = Class::new(c"Mercure\\Update");

/// The properties in the order of their slots.
const PROPERTIES: [&CStr; 6] = [c"topics", c"data", c"private", c"id", c"type", c"retry"];
const TOPICS: usize = 0;
const DATA: usize = 1;
const PRIVATE: usize = 2;
const ID: usize = 3;
const TYPE: usize = 4;
const RETRY: usize = 5;

/// Registers the class.
pub fn register() -> Result<()> {
    let properties = || Arg::new("properties", DataType::Array);
    ClassBuilder::new(UPDATE.name())
        .flags(ClassFlags::Final | ClassFlags::NoDynamicProperties)
        .method(
            update_parameters(FunctionBuilder::constructor(construct)),
            MethodFlags::Public,
        )
        .method(
            getter("getTopics", get_topics, DataType::Array, false),
            MethodFlags::Public,
        )
        .method(
            getter("getData", get_data, DataType::String, false),
            MethodFlags::Public,
        )
        .method(
            getter("isPrivate", is_private, DataType::Bool, false),
            MethodFlags::Public,
        )
        .method(getter("getId", get_id, DataType::String, true), MethodFlags::Public)
        .method(getter("getType", get_type, DataType::String, true), MethodFlags::Public)
        .method(getter("getRetry", get_retry, DataType::Long, true), MethodFlags::Public)
        .method(
            getter("__serialize", serialize, DataType::Array, false),
            MethodFlags::Public,
        )
        .method(
            FunctionBuilder::new("__unserialize", unserialize)
                .arg(properties())
                .returns(DataType::Void, false, false),
            MethodFlags::Public,
        )
        .method(
            FunctionBuilder::new("__set_state", set_state)
                .arg(properties())
                .returns(DataType::object("Mercure\\Update"), false, false),
            MethodFlags::Public | MethodFlags::Static,
        )
        .registration(|entry, arg_info| {
            constructor_takes_array_or_string(entry);
            declare_readonly(entry, "topics", scalar_type(1 << IS_ARRAY, false));
            declare_readonly(entry, "data", scalar_type(MAY_BE_STRING, false));
            declare_readonly(entry, "private", scalar_type(MAY_BE_BOOL, false));
            declare_readonly(entry, "id", scalar_type(MAY_BE_STRING, true));
            declare_readonly(entry, "type", scalar_type(MAY_BE_STRING, true));
            declare_readonly(entry, "retry", scalar_type(1 << IS_LONG, true));
            UPDATE.registered(entry, arg_info);
        })
        .register()
}

extern "C" fn construct(frame: &mut ExecuteData, retval: &mut Zval) {
    call(frame, retval, |args, _| {
        args.count(1, 6)?;
        let topics = args.topics(0)?;
        let data = args.string(1)?;
        let private = args.bool(2)?;
        let id = args.nullable_string(3)?;
        let event_type = args.nullable_string(4)?;
        let retry = args.nullable_long(5)?;
        let topics = if topics.is_string() {
            let mut list = ZendHashTable::with_capacity(1);
            if list.push(topics.shallow_clone()).is_err() {
                return Err(exceptions::internal_error());
            }
            let mut topics = Zval::new();
            topics.set_hashtable(list);
            topics
        } else {
            topics.shallow_clone()
        };
        let mut values = [
            topics,
            data.map_or_else(Zval::null, Zval::shallow_clone),
            Zval::null(),
            id.map_or_else(Zval::null, Zval::shallow_clone),
            event_type.map_or_else(Zval::null, Zval::shallow_clone),
            Zval::null(),
        ];
        if data.is_none() {
            values[DATA].set_zend_string(ZendStr::new("", false));
        }
        values[PRIVATE].set_bool(private);
        if let Some(retry) = retry {
            values[RETRY].set_long(retry);
        }
        // SAFETY: PHP calls a constructor on an object of its class only.
        unsafe { initialize(args.this(), &UPDATE, PROPERTIES[TOPICS], values) }
    });
}

macro_rules! getters {
    ($($handler:ident => $slot:ident),*) => {$(
        extern "C" fn $handler(frame: &mut ExecuteData, retval: &mut Zval) {
            call(frame, retval, |args, retval| {
                args.count(0, 0)?;
                *retval = read(args.this(), $slot)?.shallow_clone();
                Ok(())
            });
        }
    )*};
}

getters!(get_topics => TOPICS, get_data => DATA, is_private => PRIVATE, get_id => ID, get_type => TYPE, get_retry => RETRY);

/// A property's value; throws for an object that was made without its constructor.
fn read<'a>(object: *mut zend_object, index: usize) -> std::result::Result<&'a Zval, Thrown> {
    // SAFETY: every caller has an object of this class, which declares as many properties as there are indexes.
    let value = unsafe { property(object, index) };
    if !is_undefined(value) {
        return Ok(value);
    }
    // SAFETY: the format takes two C strings that live.
    unsafe {
        zend_throw_error(
            ptr::null_mut(),
            c"Typed property %s::$%s must not be accessed before initialization".as_ptr(),
            UPDATE.c_name(),
            PROPERTIES[index].as_ptr(),
        );
    }
    Err(Thrown)
}

/// The fields of an object of this class.
pub fn fields<'a>(object: *mut zend_object) -> std::result::Result<Fields<'a>, Thrown> {
    Ok(Fields {
        topics: read(object, TOPICS)?,
        data: Some(read(object, DATA)?),
        private: read(object, PRIVATE)?.is_true(),
        id: given(read(object, ID)?),
        event_type: given(read(object, TYPE)?),
        retry: read(object, RETRY)?.long(),
    })
}

fn given(value: &Zval) -> Option<&Zval> {
    (!value.is_null()).then_some(value)
}

extern "C" fn serialize(frame: &mut ExecuteData, retval: &mut Zval) {
    call(frame, retval, |args, retval| {
        args.count(0, 0)?;
        let mut properties = ZendHashTable::with_capacity(PROPERTIES.len() as u32);
        for (index, name) in PROPERTIES.iter().enumerate() {
            let value = read(args.this(), index)?.shallow_clone();
            if properties.insert(name.to_str().unwrap_or_default(), value).is_err() {
                return Err(exceptions::internal_error());
            }
        }
        retval.set_hashtable(properties);
        Ok(())
    });
}

extern "C" fn unserialize(frame: &mut ExecuteData, retval: &mut Zval) {
    call(frame, retval, |args, _| {
        args.count(1, 1)?;
        let values = values(args.array(0)?)?;
        // SAFETY: PHP calls a method on an object of its class only.
        unsafe { initialize(args.this(), &UPDATE, PROPERTIES[TOPICS], values) }
    });
}

extern "C" fn set_state(frame: &mut ExecuteData, retval: &mut Zval) {
    call(frame, retval, |args, retval| {
        args.count(1, 1)?;
        let values = values(args.array(0)?)?;
        let mut object = ZendObject::new(UPDATE.entry());
        // SAFETY: an object of this class was made the line before.
        unsafe { initialize(&raw mut *object, &UPDATE, PROPERTIES[TOPICS], values)? };
        retval.set_object(&mut object);
        Ok(())
    });
}

/// The properties out of foreign data: nothing but what a constructor could have made.
fn values(properties: &ZendHashTable) -> std::result::Result<[Zval; 6], Thrown> {
    let value = |index: usize, valid: fn(&Zval) -> bool| {
        let name = PROPERTIES[index].to_str().unwrap_or_default();
        match properties.get(name).map(Zval::dereference) {
            Some(value) if valid(value) => Ok(value.shallow_clone()),
            _ => Err(INVALID_ARGUMENT.throw(&format!(
                "Invalid serialization data for Mercure\\Update: \"{name}\" is missing or of the wrong type"
            ))),
        }
    };
    Ok([
        value(TOPICS, |topics| topics.array().is_some_and(is_list_of_strings))?,
        value(DATA, Zval::is_string)?,
        value(PRIVATE, Zval::is_bool)?,
        value(ID, |id| id.is_null() || id.is_string())?,
        value(TYPE, |event_type| event_type.is_null() || event_type.is_string())?,
        value(RETRY, |retry| retry.is_null() || retry.is_long())?,
    ])
}
