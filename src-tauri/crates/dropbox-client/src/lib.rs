//! dropbox-client
