//! `Mercure\Jwt\`: the interfaces of what makes and provides tokens. Implementations are PHP's users'.

use super::class::Class;
use ext_php_rs::args::Arg;
use ext_php_rs::builders::{ClassBuilder, FunctionBuilder};
use ext_php_rs::error::Result;
use ext_php_rs::flags::{ClassFlags, DataType, MethodFlags};

/// Makes tokens for given topics.
pub static TOKEN_FACTORY: Class = Class::new(c"Mercure\\Jwt\\TokenFactoryInterface");

/// Provides the token to publish with.
pub static TOKEN_PROVIDER: Class = Class::new(c"Mercure\\Jwt\\TokenProviderInterface");

/// Registers the interfaces.
pub fn register() -> Result<()> {
    ClassBuilder::new(TOKEN_FACTORY.name())
        .flags(ClassFlags::Interface)
        .method(
            FunctionBuilder::new_abstract("create")
                .not_required()
                .arg(Arg::new("subscribe", DataType::Array).allow_null().default("[]"))
                .arg(Arg::new("publish", DataType::Array).allow_null().default("[]"))
                .arg(Arg::new("additionalClaims", DataType::Array).default("[]"))
                .returns(DataType::String, false, false),
            MethodFlags::Public | MethodFlags::Abstract,
        )
        .registration(|entry, arg_info| TOKEN_FACTORY.registered(entry, arg_info))
        .register()?;
    ClassBuilder::new(TOKEN_PROVIDER.name())
        .flags(ClassFlags::Interface)
        .method(
            FunctionBuilder::new_abstract("getJwt").returns(DataType::String, false, false),
            MethodFlags::Public | MethodFlags::Abstract,
        )
        .registration(|entry, arg_info| TOKEN_PROVIDER.registered(entry, arg_info))
        .register()
}
