//! Names the build for the handshake between PHP and the hub.
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
}
