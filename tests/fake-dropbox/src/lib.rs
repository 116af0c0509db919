//! fake-dropbox
