//! Frames that are authentic one by one are no message unless all are there, once, in order, under
//! their own header and followed by nothing.

use sealdrop::message::AlgorithmSuite;

use crate::support::materials::{Parts, any_suite, data_key};
use crate::support::open_onto;

const PLAINTEXT: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const FRAME_LENGTH: u32 = 10;

fn parts(suite: AlgorithmSuite) -> Parts {
    Parts::of(suite, FRAME_LENGTH, PLAINTEXT)
}

fn refused(suite: AlgorithmSuite, message: &[u8], allowed: &[u8], reason: &str) {
    let mut released = Vec::new();
    let error = open_onto(message, data_key(suite), &any_suite(), &mut released).unwrap_err();
    assert!(
        error.to_string().contains(reason),
        "{suite:?}: {error}, expected {reason}"
    );
    assert_eq!(released, allowed, "{suite:?}: {error}");
}

#[test]
fn the_parts_themselves_are_a_message() {
    for suite in AlgorithmSuite::ALL {
        let mut opened = Vec::new();
        open_onto(&parts(suite).join(), data_key(suite), &any_suite(), &mut opened).unwrap();
        assert_eq!(opened, PLAINTEXT);
    }
}

#[test]
fn swapped_frames() {
    for suite in AlgorithmSuite::ALL {
        let mut parts = parts(suite);
        parts.frames.swap(1, 2);
        refused(
            suite,
            &parts.join(),
            b"0123456789",
            "expected frame 2, found frame 3",
        );
    }
}

#[test]
fn a_dropped_frame() {
    for suite in AlgorithmSuite::ALL {
        let mut parts = parts(suite);
        parts.frames.remove(0);
        refused(suite, &parts.join(), b"", "expected frame 1, found frame 2");
    }
}

#[test]
fn a_dropped_final_frame() {
    for suite in AlgorithmSuite::ALL {
        let mut parts = parts(suite);
        parts.frames.pop();
        parts.footer.clear();
        refused(
            suite,
            &parts.join(),
            &PLAINTEXT[..30],
            "found the end of the input",
        );
    }
}

#[test]
fn a_repeated_frame() {
    for suite in AlgorithmSuite::ALL {
        let mut parts = parts(suite);
        parts.frames.insert(1, parts.frames[0].clone());
        refused(
            suite,
            &parts.join(),
            b"0123456789",
            "expected frame 2, found frame 1",
        );
    }
}

#[test]
fn a_renumbered_frame() {
    for suite in AlgorithmSuite::ALL {
        let mut parts = parts(suite);
        let mut repeated = parts.frames[0].clone();
        repeated[..4].copy_from_slice(&2_u32.to_be_bytes());
        parts.frames[1] = repeated;
        refused(suite, &parts.join(), b"0123456789", "frame 2 is not authentic");
    }
}

#[test]
fn a_regular_frame_made_the_final_one() {
    for suite in AlgorithmSuite::ALL {
        let mut parts = parts(suite);
        let regular = parts.frames[2].clone();
        let (head, content) = regular.split_at(16);
        parts.frames[2] = [&[0xff; 4], head, &FRAME_LENGTH.to_be_bytes(), content].concat();
        parts.frames.truncate(3);
        refused(
            suite,
            &parts.join(),
            &PLAINTEXT[..20],
            "final frame 3 is not authentic",
        );
    }
}

#[test]
fn a_frame_of_another_message_under_the_same_data_key() {
    for suite in AlgorithmSuite::ALL {
        let (mut parts, other) = (parts(suite), parts(suite));
        parts.frames[1] = other.frames[1].clone();
        refused(suite, &parts.join(), b"0123456789", "frame 2 is not authentic");
    }
}

#[test]
fn a_body_under_another_header() {
    for suite in AlgorithmSuite::ALL {
        let (mut parts, other) = (parts(suite), parts(suite));
        parts.header = other.header;
        refused(suite, &parts.join(), b"", "frame 1 is not authentic");
    }
}

#[test]
fn a_final_frame_followed_by_more_frames() {
    for suite in AlgorithmSuite::ALL {
        let mut parts = parts(suite);
        let last = parts.frames[3].clone();
        parts.frames.push(last);
        // The last frame of a signed message waits for its signature, any other is released at once.
        let (allowed, reason) = match suite.signature() {
            Some(_) => (&PLAINTEXT[..30], "found the end of the input"),
            None => (PLAINTEXT, "expected the end of the input"),
        };
        refused(suite, &parts.join(), allowed, reason);
    }
}

#[test]
fn two_messages_joined() {
    for suite in AlgorithmSuite::ALL {
        let message = parts(suite).join();
        let allowed = if suite.signature().is_some() {
            &PLAINTEXT[..30]
        } else {
            PLAINTEXT
        };
        refused(
            suite,
            &message.repeat(2),
            allowed,
            "expected the end of the input",
        );
    }
}

#[test]
fn one_byte_after_the_message() {
    for suite in AlgorithmSuite::ALL {
        let mut message = parts(suite).join();
        message.push(0);
        let allowed = if suite.signature().is_some() {
            &PLAINTEXT[..30]
        } else {
            PLAINTEXT
        };
        refused(suite, &message, allowed, "expected the end of the input");
    }
}

#[test]
fn a_footer_of_another_message() {
    for suite in AlgorithmSuite::ALL
        .into_iter()
        .filter(|suite| suite.signature().is_some())
    {
        let (mut parts, other) = (parts(suite), parts(suite));
        parts.footer = other.footer;
        refused(
            suite,
            &parts.join(),
            &PLAINTEXT[..30],
            "cannot verify the signature",
        );
    }
}
