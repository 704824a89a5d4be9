//! A detector that keeps book of every row it is shown, to prove that plugins change without a row lost or seen twice.

mod book;
mod ledger;

bellwether_sdk::export_detector!(ledger::Ledger);
