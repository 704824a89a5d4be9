//! What a line is: skeletons, shapes, and templates by vote.
//!
//! One walk over a line splits it, masks what is a value by its looks, and hashes the rest: the *skeleton*. Skeletons
//! that are known are answered by one look-up. Only others are taken apart and compared with templates of their shape;
//! there a vote finds out which words are values, and a bridge leads to templates of other shapes.

pub(crate) mod bitmaps;
mod bridge;
mod byte;
mod cache;
mod groups;
mod kin;
mod lexer;
mod mask;
mod normal;
mod outline;
mod place;
mod reduce;
mod share;
mod template;
mod token;
mod vote;
mod weights;
pub(crate) mod words;

pub(crate) use cache::Cache;
pub use groups::Merge;
pub(crate) use groups::{Groups, Join};
pub(crate) use lexer::Lexer;
pub(crate) use normal::{Sentence, Spoken};
pub(crate) use place::Place;
pub(crate) use token::{Kind, Token, fold};
