//! A filter with a grain of sand in it: rows of one template are dropped, those of another kill it.

mod sieve;

bellwether_sdk::export_filter!(sieve::Sieve);
