//! Gives the extension the name it is installed under, which is what `ldd`, `perf` and core dumps then call it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,mercure.so");
    }
}
