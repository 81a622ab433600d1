//! The server at its sockets: frames, order, slow and hostile clients, crashes and the end.

#![cfg(test)]

mod client;
mod frames;
mod hostile;
mod life;
mod order;
mod slow;
