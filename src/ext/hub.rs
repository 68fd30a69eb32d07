//! `Mercure\HubInterface` and `Mercure\Hub`, the local hub behind the interface of Symfony's.

use super::args::{Thrown, call};
use super::class::{
    Class, MAY_BE_STRING, declare_readonly, getter, initialize, nullable_object_type, property, scalar_type,
};
use super::exceptions::{HUB_UNAVAILABLE, INVALID_ARGUMENT};
use super::jwt::{TOKEN_FACTORY, TOKEN_PROVIDER};
use super::update::{UPDATE, fields};
use crate::config::{Config, Listen};
use ext_php_rs::args::Arg;
use ext_php_rs::builders::{ClassBuilder, FunctionBuilder};
use ext_php_rs::error::Result;
use ext_php_rs::ffi::zend_object;
use ext_php_rs::flags::{ClassFlags, DataType, MethodFlags};
use ext_php_rs::types::{ZendStr, Zval};
use ext_php_rs::zend::ExecuteData;
use std::net::{IpAddr, SocketAddr};

/// What a hub can do for its users.
pub static HUB_INTERFACE: Class = Class::new(c"Mercure\\HubInterface");

/// The local hub.
pub static HUB: Class = Class::new(c"Mercure\\Hub");

const FACTORY: DataType = DataType::object("Mercure\\Jwt\\TokenFactoryInterface");
const PROVIDER: DataType = DataType::object("Mercure\\Jwt\\TokenProviderInterface");

/// The properties in the order of their slots.
const URL: usize = 0;
const JWT_PROVIDER: usize = 1;
const JWT_FACTORY: usize = 2;
const PUBLIC_URL: usize = 3;

/// Registers the interface and the class.
pub fn register() -> Result<()> {
    ClassBuilder::new(HUB_INTERFACE.name())
        .flags(ClassFlags::Interface)
        .method(
            FunctionBuilder::new_abstract("getPublicUrl").returns(DataType::String, false, false),
            MethodFlags::Public | MethodFlags::Abstract,
        )
        .method(
            FunctionBuilder::new_abstract("getFactory").returns(FACTORY, false, true),
            MethodFlags::Public | MethodFlags::Abstract,
        )
        .method(
            takes_update(FunctionBuilder::new_abstract("publish")),
            MethodFlags::Public | MethodFlags::Abstract,
        )
        .registration(|entry, arg_info| HUB_INTERFACE.registered(entry, arg_info))
        .register()?;
    ClassBuilder::new(HUB.name())
        // A service, not a value: its provider may hold secrets, which no serialized form should carry along.
        .flags(ClassFlags::Final | ClassFlags::NoDynamicProperties | ClassFlags::NotSerializable)
        .implements((|| HUB_INTERFACE.entry(), "Mercure\\HubInterface"))
        .method(
            FunctionBuilder::constructor(construct)
                .not_required()
                .arg(Arg::new("url", DataType::String).allow_null())
                .arg(Arg::new("jwtProvider", PROVIDER).allow_null())
                .arg(Arg::new("jwtFactory", FACTORY).allow_null())
                .arg(Arg::new("publicUrl", DataType::String).allow_null()),
            MethodFlags::Public,
        )
        .method(getter("getUrl", get_url, DataType::String, false), MethodFlags::Public)
        .method(
            getter("getPublicUrl", get_public_url, DataType::String, false),
            MethodFlags::Public,
        )
        .method(getter("getProvider", get_provider, PROVIDER, true), MethodFlags::Public)
        .method(getter("getFactory", get_factory, FACTORY, true), MethodFlags::Public)
        .method(
            takes_update(FunctionBuilder::new("publish", publish)),
            MethodFlags::Public,
        )
        .registration(|entry, arg_info| {
            declare_readonly(entry, "url", scalar_type(MAY_BE_STRING, true));
            declare_readonly(entry, "jwtProvider", nullable_object_type(&TOKEN_PROVIDER));
            declare_readonly(entry, "jwtFactory", nullable_object_type(&TOKEN_FACTORY));
            declare_readonly(entry, "publicUrl", scalar_type(MAY_BE_STRING, true));
            HUB.registered(entry, arg_info);
        })
        .register()
}

/// `(Mercure\Update $update): string`, the shape of everything that publishes one.
pub fn takes_update(method: FunctionBuilder<'static>) -> FunctionBuilder<'static> {
    method
        .arg(Arg::new("update", DataType::object("Mercure\\Update")))
        .returns(DataType::String, false, false)
}

extern "C" fn construct(frame: &mut ExecuteData, retval: &mut Zval) {
    call(frame, retval, |args, _| {
        args.count(0, 4)?;
        let url = args.nullable_string(0)?;
        let provider = args.nullable_object(1, &TOKEN_PROVIDER)?;
        let factory = args.nullable_object(2, &TOKEN_FACTORY)?;
        let public_url = args.nullable_string(3)?;
        if let Some(url) = url {
            let config = config()?;
            if !url.str().is_some_and(|url| is_local(url, config)) {
                return Err(INVALID_ARGUMENT.throw(&format!(
                    "Mercure\\Hub publishes to the local hub only: $url must be null or \"{}\"; \
                     for a remote hub use Symfony\\Component\\Mercure\\Hub (composer require symfony/mercure)",
                    local_url(config)
                )));
            }
        }
        let values = [
            url.map_or_else(Zval::null, Zval::shallow_clone),
            provider.map_or_else(Zval::null, Zval::shallow_clone),
            factory.map_or_else(Zval::null, Zval::shallow_clone),
            public_url.map_or_else(Zval::null, Zval::shallow_clone),
        ];
        // SAFETY: PHP calls a constructor on an object of its class only.
        unsafe { initialize(args.this(), &HUB, c"url", values) }
    });
}

extern "C" fn get_url(frame: &mut ExecuteData, retval: &mut Zval) {
    call(frame, retval, |args, retval| {
        args.count(0, 0)?;
        given_or(args.this(), URL, retval, local_url)
    });
}

extern "C" fn get_public_url(frame: &mut ExecuteData, retval: &mut Zval) {
    call(frame, retval, |args, retval| {
        args.count(0, 0)?;
        given_or(args.this(), PUBLIC_URL, retval, |config| config.public_url.clone())
    });
}

extern "C" fn get_provider(frame: &mut ExecuteData, retval: &mut Zval) {
    call(frame, retval, |args, retval| {
        args.count(0, 0)?;
        *retval = own(args.this(), JWT_PROVIDER).map_or_else(Zval::null, Zval::shallow_clone);
        Ok(())
    });
}

extern "C" fn get_factory(frame: &mut ExecuteData, retval: &mut Zval) {
    call(frame, retval, |args, retval| {
        args.count(0, 0)?;
        *retval = own(args.this(), JWT_FACTORY).map_or_else(Zval::null, Zval::shallow_clone);
        Ok(())
    });
}

extern "C" fn publish(frame: &mut ExecuteData, retval: &mut Zval) {
    call(frame, retval, |args, retval| {
        args.count(1, 1)?;
        publish_object(args.object(0, &UPDATE)?, retval)
    });
}

/// Publishes an object of `Mercure\Update` to the local hub.
pub fn publish_object(update: &Zval, retval: &mut Zval) -> std::result::Result<(), Thrown> {
    // SAFETY: the caller has checked that it holds an object, and of that class.
    let object = unsafe { update.value.obj };
    super::publish(&fields(object)?.update()?, retval)
}

/// What the constructor was given for a property; nothing too where it never ran.
fn own<'a>(object: *mut zend_object, index: usize) -> Option<&'a Zval> {
    // SAFETY: every caller is a method of this class, which declares four properties.
    let value = unsafe { property(object, index) };
    (value.is_object() || value.is_string()).then_some(value)
}

fn given_or(
    object: *mut zend_object,
    index: usize,
    retval: &mut Zval,
    default: impl FnOnce(&Config) -> String,
) -> std::result::Result<(), Thrown> {
    match own(object, index) {
        Some(value) => *retval = value.shallow_clone(),
        None => retval.set_zend_string(ZendStr::new(default(config()?), false)),
    }
    Ok(())
}

fn config() -> std::result::Result<&'static Config, Thrown> {
    match super::state() {
        Some(state) => Ok(&state.config),
        None => Err(HUB_UNAVAILABLE.throw("mercure has not been started in this process")),
    }
}

/// Where PHP itself would reach the hub over HTTP.
fn local_url(config: &Config) -> String {
    let tcp = config.listen.iter().find_map(|listen| match listen {
        Listen::Tcp(addr) if addr.ip().is_unspecified() => Some(format!("127.0.0.1:{}", addr.port())),
        Listen::Tcp(addr) => Some(addr.to_string()),
        Listen::Unix(_) => None,
    });
    match tcp {
        Some(authority) => format!("http://{authority}{PATH}"),
        None => config.public_url.clone(),
    }
}

const PATH: &str = "/.well-known/mercure";

/// Whether `url` names the hub of `config`, as browsers or as this machine sees it.
fn is_local(url: &str, config: &Config) -> bool {
    if url == config.public_url {
        return true;
    }
    let Some(authority) = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix(PATH)) else {
        return false;
    };
    let (host, port) = match authority.rsplit_once(':') {
        // The colon of `[::1]` is no port's.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse::<u16>().ok()),
        _ => (authority, Some(80)),
    };
    let ip = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
        .ok();
    let Some(port) = port else {
        return false;
    };
    config.listen.iter().any(|listen| match listen {
        Listen::Tcp(addr) if addr.port() != port => false,
        Listen::Tcp(addr) => match ip {
            Some(ip) => SocketAddr::new(ip, port) == *addr || (addr.ip().is_unspecified() && ip.is_loopback()),
            None => host == "localhost" && (addr.ip().is_loopback() || addr.ip().is_unspecified()),
        },
        Listen::Unix(_) => false,
    })
}
