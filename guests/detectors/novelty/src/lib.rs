//! Detector `novelty`: messages that are rare, slightly wrong, or say an unheard-of word.

mod novelty;

bellwether_sdk::export_detector!(novelty::Novelty);
