//! The server at its sockets: frames, order, slow and hostile clients, crashes, commands over HTTP and the end.

#![cfg(test)]

mod access;
mod answers;
mod client;
mod control;
mod frames;
mod gate;
mod hostile;
mod inspection;
mod life;
mod order;
mod recording;
mod slow;
mod time;
mod waiting;
mod watching;
